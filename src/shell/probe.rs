//! `probe`: arguments and manifests to a plan, the plan to connections, what was seen to a report.

use super::cli::{Probe, ProxyProtocol, ReportFormat};
use super::dial::{self, Bounded};
use super::error::Failure;
use super::tls::{self, Handshake};
use super::{Run, check_stdin, print_or_end, warn, world};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::probe::behind::{self, Behind};
use civi_ingress::probe::judge::{self, Circumstances, Front};
use civi_ingress::probe::proxy::Version;
use civi_ingress::probe::report::{LegReport, Report};
use civi_ingress::probe::route::Manifests;
use civi_ingress::probe::seen::{Broken, Seen, Tls};
use civi_ingress::probe::target::{self, Endpoint, HTTP, HTTPS, Peer, RequestPath, Target};
use civi_ingress::probe::transport::{HANDSHAKE_TIMEOUT, Transport};
use civi_ingress::probe::trust::{ExpectedName, Origin, Trust};
use civi_ingress::probe::{Check, Finding, Verdict};
use rustls::sign::CertifiedKey;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// HTTP/2 is offered to see whether it is chosen; what is asked is asked in HTTP/1.1.
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const ONLY_HTTP_1: &[&[u8]] = &[b"http/1.1"];

/// What shall be looked at, parsed.
struct Plan {
    target: Target,
    front: Endpoint,
    plain: Option<Endpoint>,
    backend: Option<Endpoint>,
    path: RequestPath,
    proxy: Option<Version>,
    timeout: Duration,
    http_timeout: Duration,
    within: time::Duration,
}

pub(super) fn run(run: &Run, arguments: &Probe) -> Result<(), Failure> {
    let plan = plan(arguments)?;
    let files = [
        &arguments.ca,
        &arguments.backend_ca,
        &arguments.cert,
        &arguments.key,
    ];
    let files = files.into_iter().flatten().chain(&arguments.manifest);
    check_stdin(files.map(PathBuf::as_path))?;
    let manifests = manifests(arguments)?;
    let transport = transport(arguments, &plan, manifests.as_ref())?;
    let client = client(arguments)?;
    let front_trust = front_trust(arguments, &plan, manifests.as_ref())?;

    let around = Circumstances {
        target: &plan.target,
        now: run.now,
        within: plan.within,
        insecure_continue: arguments.insecure_continue,
    };
    let mut front = front(&plan, &around, &front_trust, client.as_ref());
    front
        .findings
        .splice(0..0, manifests.as_ref().and_then(Manifests::stores));
    let mut legs = vec![front];
    if let Some((endpoint, transport)) = plan.backend.as_ref().zip(transport) {
        // Traefik shows what its ServersTransport names, and nothing else.
        let client = client.filter(|_| manifests.is_none());
        legs.push(backend(&plan, &around, endpoint, &transport, client)?);
    }
    let report = Report {
        target: plan.target.clone(),
        legs,
    };
    let text = match arguments.format {
        ReportFormat::Text => report.as_text(),
        ReportFormat::Json => report.as_json(),
    };
    print_or_end(text.as_bytes())?;
    if report.verdict() >= Verdict::Warning {
        return Err(Failure::found());
    }
    Ok(())
}

fn plan(arguments: &Probe) -> Result<Plan, Vec<Fault>> {
    let mut faults = Faults::default();
    let target =
        faults.keep(Target::parse(&arguments.host).map_err(|fault| fault.argument("HOST")));
    let mut endpoint = |text: &Option<String>, port, option| {
        let text = text.as_deref()?;
        faults.keep(Endpoint::parse(text, port).map_err(|fault| fault.argument(option)))
    };
    let port = target.as_ref().map_or(HTTPS, |target| target.port);
    let connect = endpoint(&arguments.connect, port, "--connect");
    let backend = endpoint(&arguments.backend, HTTPS, "--backend");
    let http = arguments.http.clone().filter(|text| !text.is_empty());
    let plain = endpoint(&http, HTTP, "--http");
    let path =
        faults.keep(RequestPath::parse(&arguments.path).map_err(|fault| fault.argument("--path")));
    let mut patience = |text: &str, option| {
        faults.keep(target::patience(text).map_err(|fault| fault.argument(option)))
    };
    let timeout = patience(&arguments.timeout, "--timeout");
    let http_timeout = patience(&arguments.http_timeout, "--http-timeout");
    let within = target::horizon(&arguments.expires_within);
    let within = faults.keep(within.map_err(|fault| fault.argument("--expires-within")));
    if arguments.backend.is_some()
        && arguments.manifest.is_empty()
        && arguments.backend_ca.is_none()
    {
        let help = "give `--manifest FILE` with the IngressRoute, its ServersTransport and their Secrets, or `--backend-ca FILE`";
        faults.push(
            Fault::new("nothing says which CA Traefik trusts")
                .help(help)
                .argument("--backend"),
        );
    }
    let parsed = || {
        let target = target?;
        let front = connect.unwrap_or_else(|| Endpoint {
            peer: Peer::Name(target.host.clone()),
            port,
        });
        let plain = arguments.http.as_ref().map(|_| {
            plain.unwrap_or_else(|| Endpoint {
                peer: front.peer.clone(),
                port: HTTP,
            })
        });
        Some(Plan {
            front,
            plain,
            backend,
            path: path?,
            proxy: arguments.proxy_protocol.map(|version| match version {
                ProxyProtocol::V1 => Version::V1,
                ProxyProtocol::V2 => Version::V2,
            }),
            timeout: timeout?,
            http_timeout: http_timeout?,
            within: within?,
            target,
        })
    };
    let parsed = parsed();
    faults.finish(parsed)
}

fn manifests(arguments: &Probe) -> Result<Option<Manifests>, Failure> {
    if arguments.manifest.is_empty() {
        return Ok(None);
    }
    let mut texts = Vec::new();
    for path in &arguments.manifest {
        texts.push(world::read_manifests(path)?);
    }
    let sources: Vec<(&str, &str)> = texts
        .iter()
        .map(|text| (text.name.as_str(), text.content.as_str()))
        .collect();
    Ok(Some(Manifests::read(&sources)?))
}

/// Settles how Traefik speaks to the httpd, where that leg is to be looked at.
fn transport(
    arguments: &Probe,
    plan: &Plan,
    manifests: Option<&Manifests>,
) -> Result<Option<Transport>, Failure> {
    if plan.backend.is_none() {
        return Ok(None);
    }
    if let Some(manifests) = manifests {
        return Ok(Some(
            manifests.transport(&plan.target.host, plan.path.as_str())?,
        ));
    }
    let Some(path) = &arguments.backend_ca else {
        return Ok(None);
    };
    let name = ExpectedName::Host(plan.target.host.clone());
    Ok(Some(Transport::plain(Some(name), Some(trust_file(path)?))))
}

fn trust_file(path: &std::path::Path) -> Result<Trust, Failure> {
    let text = world::read(path)?;
    Ok(Trust::from_file(&text.content, &text.name)?)
}

fn system_trust() -> Result<Trust, Failure> {
    Ok(Trust {
        anchors: world::system_roots()?,
        origin: Origin::System,
    })
}

fn front_trust(
    arguments: &Probe,
    plan: &Plan,
    manifests: Option<&Manifests>,
) -> Result<Trust, Failure> {
    let host = &plan.target.host;
    match (
        &arguments.ca,
        manifests.and_then(|manifests| manifests.front_trust(host)),
    ) {
        (Some(path), _) => trust_file(path),
        (None, Some(trust)) => Ok(trust),
        (None, None) => system_trust(),
    }
}

fn client(arguments: &Probe) -> Result<Option<Arc<CertifiedKey>>, Failure> {
    let Some((certificate, key_path)) = arguments.cert.as_ref().zip(arguments.key.as_ref()) else {
        return Ok(None);
    };
    let (certificate, key) = (world::read(certificate)?, world::read(key_path)?);
    if let Some(warning) = world::warn_if_readable_by_others(key_path) {
        warn(&warning);
    }
    let pair = tls::client_pair(&certificate.content, &key.content);
    Ok(Some(pair.map_err(|fault| fault.file(&key.name))?))
}

fn front(
    plan: &Plan,
    around: &Circumstances<'_>,
    trust: &Trust,
    client: Option<&Arc<CertifiedKey>>,
) -> LegReport {
    let name = ExpectedName::Host(plan.target.host.clone());
    let how = Handshake {
        name: &name,
        trust,
        now: around.now,
        protocols: BOTH,
        client: client.cloned(),
        insecure: around.insecure_continue,
        patience: plan.timeout,
    };
    let mut seen = Seen::default();
    let line = Line {
        endpoint: &plan.front,
        proxy: plan.proxy,
        timeout: plan.timeout,
        answer: plan.http_timeout,
    };
    look(plan, &line, Some(&how), &mut seen);
    if let Some(endpoint) = &plan.plain {
        let line = Line { endpoint, ..line };
        seen.plain = Some(plain(plan, &line));
    }
    let front = Front {
        endpoint: &plan.front,
        trust,
        proxy: plan.proxy,
        has_certificate: client.is_some(),
    };
    judge::front(&front, around, &seen)
}

fn backend(
    plan: &Plan,
    around: &Circumstances<'_>,
    endpoint: &Endpoint,
    transport: &Transport,
    client: Option<Arc<CertifiedKey>>,
) -> Result<LegReport, Failure> {
    let trust = match &transport.trust {
        Some(trust) => trust.clone(),
        None => system_trust()?,
    };
    let mut client = client;
    let mut unusable = None;
    if let Some(pair) = &transport.client {
        match tls::client_pair(&pair.certificate, &pair.key) {
            Ok(pair) => client = Some(pair),
            Err(fault) => unusable = Some(format!("{}: {fault}", pair.origin)),
        }
    }
    let has_certificate = client.is_some();
    let mut seen = Seen::default();
    let line = Line {
        endpoint,
        proxy: None,
        timeout: plan.timeout.min(transport.dial_timeout),
        answer: match transport.response_header_timeout {
            Some(limit) => plan.http_timeout.min(limit),
            None => plan.http_timeout,
        },
    };
    let addresses = dial::resolve(endpoint, plan.timeout);
    // Without a serverName Go verifies the address that it connects to.
    let name = match (&transport.server_name, &addresses) {
        (Some(name), _) => name.clone(),
        (None, Ok(addresses)) if !addresses.is_empty() => ExpectedName::Address(addresses[0].ip()),
        (None, _) => ExpectedName::Host(plan.target.host.clone()),
    };
    let how = Handshake {
        name: &name,
        trust: &trust,
        now: around.now,
        protocols: if transport.disable_http2 {
            ONLY_HTTP_1
        } else {
            BOTH
        },
        client,
        insecure: around.insecure_continue || transport.skip_verify,
        patience: plan.timeout.min(HANDSHAKE_TIMEOUT),
    };
    look(plan, &line, transport.is_https.then_some(&how), &mut seen);
    let mut report = behind::backend(
        &Behind {
            endpoint,
            transport,
            name: &name,
            trust: &trust,
            has_certificate,
        },
        around,
        &seen,
    );
    if let Some(why) = unusable {
        let finding = Finding::new(Check::Objects, Verdict::Broken, why);
        report
            .findings
            .insert(0, finding.mend("put a certificate and its own key there"));
    }
    Ok(report)
}

/// How a connection is opened.
#[derive(Clone, Copy)]
struct Line<'a> {
    endpoint: &'a Endpoint,
    proxy: Option<Version>,
    timeout: Duration,
    /// How long an answer may take.
    answer: Duration,
}

impl Line<'_> {
    fn open(&self, seen: &mut Seen) -> Option<TcpStream> {
        let addresses = match dial::resolve(self.endpoint, self.timeout) {
            Ok(addresses) => addresses,
            Err(why) => {
                seen.unresolved = Some(why);
                return None;
            }
        };
        let (attempts, stream) = dial::connect(&addresses, self.timeout);
        seen.attempts = attempts;
        match self.introduced(stream?) {
            Ok(stream) => Some(stream),
            Err(fault) => {
                seen.answer = Some(Err(fault));
                None
            }
        }
    }

    fn introduced(&self, mut stream: TcpStream) -> Result<TcpStream, Broken> {
        let sent = dial::introduce(&mut stream, self.proxy);
        sent.map_err(|error| dial::fault(&error, self.timeout))?;
        Ok(stream)
    }

    /// Opens a second connection to where the first one went.
    fn again(&self, seen: &Seen) -> Result<TcpStream, Broken> {
        let address: Vec<_> = seen.address().into_iter().collect();
        let (mut attempts, stream) = dial::connect(&address, self.timeout);
        match (stream, attempts.pop().map(|attempt| attempt.result)) {
            (Some(stream), _) => self.introduced(stream),
            (None, Some(Err(fault))) => Err(fault),
            (None, _) => Err(Broken::Closed),
        }
    }
}

/// Connects, shakes hands where `how` is given, and asks for the page.
fn look(plan: &Plan, line: &Line<'_>, how: Option<&Handshake<'_>>, seen: &mut Seen) {
    let Some(stream) = line.open(seen) else {
        return;
    };
    let authority = plan.target.authority();
    let path = plan.path.as_str();
    let Some(how) = how else {
        let mut stream = Bounded::new(stream, line.answer);
        let head = dial::ask(&mut stream, &authority, path);
        seen.answer = Some(head.map_err(|error| dial::fault(&error, line.answer)));
        return;
    };
    let (tls, connection) = tls::handshake(stream, how);
    let is_http_2 = tls.alpn.as_deref() == Some("h2");
    seen.tls = Some(tls);
    let Some(connection) = connection else {
        return;
    };
    let connection = if is_http_2 {
        drop(connection);
        second(line, how, seen)
    } else {
        Ok(connection)
    };
    seen.answer = Some(connection.and_then(|mut connection| {
        connection.sock.extend(line.answer);
        dial::ask(&mut connection, &authority, path)
            .map_err(|error| tls::fault(&error, line.answer))
    }));
}

/// Connects once more, without offering HTTP/2.
fn second(line: &Line<'_>, how: &Handshake<'_>, seen: &Seen) -> Result<tls::Connection, Broken> {
    let how = Handshake {
        protocols: ONLY_HTTP_1,
        client: how.client.clone(),
        ..*how
    };
    let (tls, connection): (Tls, _) = tls::handshake(line.again(seen)?, &how);
    match (connection, tls.result) {
        (Some(connection), _) => Ok(connection),
        (None, Err(fault)) => Err(fault),
        (None, Ok(())) => Err(Broken::Closed),
    }
}

/// Asks port 80.
fn plain(plan: &Plan, line: &Line<'_>) -> Result<Vec<u8>, Broken> {
    let mut seen = Seen::default();
    let Some(stream) = line.open(&mut seen) else {
        let refused = seen.attempts.pop().and_then(|attempt| attempt.result.err());
        let unsent = seen.answer.and_then(Result::err);
        let unresolved = || Broken::Other(seen.unresolved.unwrap_or_default());
        return Err(unsent.or(refused).unwrap_or_else(unresolved));
    };
    let mut stream = Bounded::new(stream, line.answer);
    dial::ask(&mut stream, plan.target.host.as_str(), plan.path.as_str())
        .map_err(|error| dial::fault(&error, line.answer))
}
