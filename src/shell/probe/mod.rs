//! `probe`: arguments and manifests to a plan, the plan to connections, what was seen to a report.

mod database;
mod look;
mod plan;

use super::cluster::ClusterArguments;
use super::error::Failure;
use super::examples::examples;
use super::output::{self, print_or_end};
use super::paths::check_stdin;
use super::pkcs12_password::Pkcs12Password;
use super::report_format::{ReportArguments, ReportFormat};
use super::tls::{self, Handshake};
use super::{Run, dial};
use civi_ingress::cluster::Cluster as Objects;
use civi_ingress::path::request::Request;
use civi_ingress::probe::behind::{self, Behind};
use civi_ingress::probe::database::Database;
use civi_ingress::probe::expect::ClientOptions;
use civi_ingress::probe::judge::{self, Circumstances, Holder, JudgedFront};
use civi_ingress::probe::redirect::{Trail, Url};
use civi_ingress::probe::report::{LegReport, Report};
use civi_ingress::probe::route::Way;
use civi_ingress::probe::seen::Seen;
use civi_ingress::probe::target::{Endpoint, Peer};
use civi_ingress::probe::transport::{HANDSHAKE_TIMEOUT, Speech, Transport, Versions};
use civi_ingress::probe::trust::{ExpectedName, TrustedRoots};
use civi_ingress::probe::{Check, Finding, Verdict, authorities, servers_transport};
use civi_ingress::report::yaml;
use clap::{Args, ValueEnum, ValueHint};
use look::{ProbeLine, follow, look, nameless, older, outcome};
use plan::{BOTH, ONLY_HTTP_1, ProbePlan, plan, system_trust, trust_file};
use rustls::sign::CertifiedKey;
use std::path::PathBuf;
use std::sync::Arc;

/// Opens connections, requests one page and changes nothing. Exit status: 0 all is well, 1 something is broken or
/// soon will be; an unreachable host is a finding too.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Look at a host as a browser does that has imported the CA
    civi-ingress probe a.example.org --ca ca.crt

  Look at the leg from Traefik to the httpd too
    kubectl port-forward -n paroisse-a service/civicrmhttpd 8443:443 &
    civi-ingress probe a.example.org --cluster --backend 127.0.0.1:8443

  Look at the leg from the httpd to its database too
    kubectl port-forward -n paroisse-a service/civicrmdb 3306:3306 &
    civi-ingress probe a.example.org --cluster --database 127.0.0.1"))]
pub(super) struct Probe {
    /// Host that browsers ask for
    #[arg(value_name = "HOST[:PORT]")]
    pub(super) host: String,
    /// Trust this CA as browsers do (PEM, DER, a Secret) [default: that of the manifests' TLSStore, else the system's roots]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca: Option<PathBuf>,
    /// Read Traefik's configuration from these manifests (file, directory, - for stdin) [repeatable]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) manifest: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: ReportArguments,
    /// Connect to this address instead of what DNS returns
    #[arg(long, value_name = "ADDR[:PORT]")]
    pub(super) connect: Option<String>,
    /// Request this path [default: / or one that the manifests' route takes]
    #[arg(long, value_name = "PATH")]
    pub(super) path: Option<String>,
    /// Check whether port 80 redirects to https too
    #[arg(long, value_name = "ADDR[:PORT]", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(super) http: Option<String>,
    /// Warn of certificates that expire within this time
    #[arg(
        long,
        value_name = "DAYS",
        default_value = "30d",
        allow_hyphen_values = true
    )]
    pub(super) expires_within: String,
    /// Check the leg from Traefik to the httpd too, at this address
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = "Behind Traefik")]
    pub(super) backend: Option<String>,
    /// If the route has several services, check this one
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Behind Traefik",
        requires = "backend"
    )]
    pub(super) service: Option<String>,
    /// Trust this CA on that leg, if no manifests name one (PEM, DER, a Secret)
    #[arg(long, value_name = "FILE", help_heading = "Behind Traefik", requires = "backend", conflicts_with_all = ["manifest", "cluster"], value_hint = ValueHint::FilePath)]
    pub(super) backend_ca: Option<PathBuf>,
    /// Check the leg from the httpd to its database too, at this address (MySQL, MariaDB; port 3306)
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = "Behind Traefik")]
    pub(super) database: Option<String>,
    /// Trust this CA on that leg, if no manifests hold one (PEM, DER, a Secret)
    #[arg(long, value_name = "FILE", help_heading = "Behind Traefik", requires = "database", conflicts_with_all = ["manifest", "cluster"], value_hint = ValueHint::FilePath)]
    pub(super) database_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    /// Send this header first, as a load balancer does
    #[arg(long, value_name = "VERSION", help_heading = "Connections")]
    pub(super) proxy_protocol: Option<ProxyProtocolArgument>,
    /// Present this certificate to a server that asks for one (PEM, DER, PKCS#12, a Secret)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Connections")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of that certificate (PEM, DER, PKCS#12, a Secret) [default: in the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath, help_heading = "Connections")]
    pub(super) key: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Connections")]
    pub(super) password: Pkcs12Password,
    /// Wait this long for DNS, for each connection and for each TLS handshake
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        help_heading = "Connections",
        allow_hyphen_values = true
    )]
    pub(super) timeout: String,
    /// Wait this long for an answer
    #[arg(
        long,
        value_name = "TIME",
        default_value = "30s",
        help_heading = "Connections",
        allow_hyphen_values = true
    )]
    pub(super) http_timeout: String,
    /// Request the page even if the certificate is refused; the report says so
    #[arg(long, help_heading = "Connections")]
    pub(super) insecure_continue: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProxyProtocolArgument {
    /// A line of text
    V1,
    /// A binary block
    V2,
}

pub(super) fn run(run: &Run, arguments: &Probe) -> Result<(), Failure> {
    let plan = plan(arguments)?;
    let files = [
        &arguments.ca,
        &arguments.backend_ca,
        &arguments.database_ca,
        &arguments.cert,
        &arguments.key,
    ];
    let files = files.into_iter().flatten().chain(&arguments.manifest);
    let password = arguments.password.paths().into_iter().map(|(_, path)| path);
    check_stdin(files.map(PathBuf::as_path).chain(password))?;
    let manifests = plan::manifests(arguments)?;
    let mut findings: Vec<Finding> = manifests.iter().filter_map(authorities::stores).collect();
    let way = way(&plan, manifests.as_ref(), &mut findings)?;
    let client = plan::client(arguments)?;
    let trust = front_trust(arguments, manifests.as_ref(), way.as_ref(), &mut findings)?;
    let behind = transport(arguments, &plan, way.as_ref(), &trust)?;
    let database = expected_database(arguments, &plan, way.as_ref())?;

    let around = Circumstances {
        target: &plan.target,
        now: run.now,
        within: plan.within,
        insecure_continue: arguments.insecure_continue,
    };
    let unled = Request::new(plan.path.clone().unwrap_or_default());
    let request = way.as_ref().map_or(&unled, |way| &way.request);
    let mut front = front(
        &plan,
        &around,
        &trust,
        client.as_ref(),
        way.as_ref(),
        request,
    );
    front.findings.splice(0..0, findings);
    let mut legs = vec![front];
    if let Some((endpoint, transport)) = plan.backend.as_ref().zip(behind) {
        // Traefik shows what its ServersTransport names, and nothing else.
        let is_ours = manifests.is_none() || transport.speech == Speech::Passthrough;
        let namespace = way.as_ref().map_or("NAMESPACE", Way::namespace);
        let leg = BackendArguments {
            endpoint,
            transport: &transport,
            client: client.filter(|_| is_ours),
            namespace,
        };
        legs.push(leg.look(&plan, &around, request)?);
    }
    if let [front, behind, ..] = legs.as_mut_slice() {
        judge::weigh(front, behind);
    }
    if let Some(way) = way.as_ref().filter(|way| !way.ends_at_traefik()) {
        let (front, behind) = legs.split_at_mut(1);
        let behind = behind.first();
        judge::same_certificate(
            &mut front[0],
            behind,
            &authorities::expected(way),
            &way.name(),
        );
    }
    if let Some((endpoint, database)) = plan.database.as_ref().zip(database) {
        legs.push(database::look(&database, endpoint, &plan, &around));
    }
    let report = Report {
        target: plan.target.clone(),
        legs,
    };
    let text = match arguments.report.format {
        ReportFormat::Text => report.as_text(output::paint()),
        ReportFormat::Json => report.as_json(),
        ReportFormat::Yaml => yaml(&report.as_json()),
    };
    print_or_end(text.as_bytes())?;
    if report.verdict() >= Verdict::Warning {
        return Err(Failure::found());
    }
    Ok(())
}

/// Finds the route of the host. Where only the front is looked at, manifests without one are good for their CA.
fn way<'a>(
    plan: &ProbePlan,
    manifests: Option<&'a Objects>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Way<'a>>, Failure> {
    let Some(manifests) = manifests else {
        return Ok(None);
    };
    match Way::find(manifests, &plan.target.host, plan.path.as_ref()) {
        Ok(mut way) => {
            findings.append(&mut way.findings);
            Ok(Some(way))
        }
        Err(fault) if plan.backend.is_none() && plan.database.is_none() => {
            findings.push(Finding::new(Check::Objects, Verdict::Note, fault.what));
            Ok(None)
        }
        Err(fault) => Err(vec![fault].into()),
    }
}

/// Settles how Traefik speaks to the httpd, where that leg is to be looked at.
fn transport(
    arguments: &Probe,
    plan: &ProbePlan,
    way: Option<&Way<'_>>,
    front: &TrustedRoots,
) -> Result<Option<Transport>, Failure> {
    if plan.backend.is_none() {
        return Ok(None);
    }
    if let Some(way) = way {
        let mut transport = servers_transport::transport(way, arguments.service.as_deref())?;
        if transport.speech == Speech::Passthrough {
            // It is the browser's TLS on both legs.
            transport.trust = Some(front.clone());
        }
        return Ok(Some(transport));
    }
    let Some(path) = &arguments.backend_ca else {
        return Ok(None);
    };
    let name = ExpectedName::Host(plan.target.host.clone());
    Ok(Some(Transport::plain(Some(name), Some(trust_file(path)?))))
}

/// Settles what the httpd expects of its database, where that leg is to be looked at.
fn expected_database(
    arguments: &Probe,
    plan: &ProbePlan,
    way: Option<&Way<'_>>,
) -> Result<Option<Database>, Failure> {
    if plan.database.is_none() {
        return Ok(None);
    }
    if let Some(way) = way {
        return Ok(Some(Database::find(way)?));
    }
    let trust = arguments.database_ca.as_deref().map(trust_file);
    Ok(trust.transpose()?.map(Database::trusting))
}

fn front_trust(
    arguments: &Probe,
    manifests: Option<&Objects>,
    way: Option<&Way<'_>>,
    findings: &mut Vec<Finding>,
) -> Result<TrustedRoots, Failure> {
    if let Some(path) = &arguments.ca {
        return trust_file(path);
    }
    let (trust, mut said) = manifests
        .map(|manifests| authorities::front_trust(manifests, way))
        .unwrap_or_default();
    findings.append(&mut said);
    match trust {
        Some(trust) => Ok(trust),
        None => system_trust(),
    }
}

fn front(
    plan: &ProbePlan,
    around: &Circumstances<'_>,
    trust: &TrustedRoots,
    client: Option<&Arc<CertifiedKey>>,
    way: Option<&Way<'_>>,
    request: &Request,
) -> LegReport {
    let name = ExpectedName::Host(plan.target.host.clone());
    let how = Handshake {
        name: &name,
        is_name_sent: true,
        trust,
        now: around.now,
        protocols: BOTH,
        versions: Versions::Both,
        client: client.cloned(),
        insecure: around.insecure_continue,
        patience: plan.timeout,
    };
    let line = ProbeLine {
        endpoint: &plan.front,
        proxy: plan.proxy,
        timeout: plan.timeout,
        answer: plan.http_timeout,
    };
    let text = request.text(&plan.target.authority());
    let mut seen = Seen::default();
    look(&text, &line, Some(&how), &mut seen);
    let options = way.and_then(|way| way.options.as_ref());
    if options.is_some_and(ClientOptions::asks_for_tls_1_3) {
        older(&line, &how, &mut seen);
    }
    nameless(&line, &how, &mut seen);
    let page = Url::https(&plan.target, request.path());
    if let Some(Ok(answer)) = &seen.answer {
        let trail = Trail::new(page.clone(), answer.clone(), None);
        let trail = follow(plan, request, &line, &how, trail);
        seen.trails.push(trail);
    }
    if let Some(endpoint) = &plan.plain {
        let line = ProbeLine { endpoint, ..line };
        let mut of_port = Seen::default();
        let text = request.text(plan.target.host.as_str());
        look(&text, &line, None, &mut of_port);
        let answer = outcome(of_port);
        if let Ok(answer) = &answer {
            let first = Url::http(&plan.target, request.path());
            let trail = Trail::new(first, answer.clone(), Some(page));
            let trail = follow(plan, request, &line, &how, trail);
            seen.trails.push(trail);
        }
        seen.plain = Some(answer);
    }
    let secret = way.and_then(|way| way.secrets().first());
    let holder = match (way, secret) {
        (Some(way), _) if !way.ends_at_traefik() => Holder::Httpd(way.namespace().to_owned()),
        (_, Some(secret)) => Holder::Secret(secret.clone()),
        _ => Holder::Store,
    };
    let front = JudgedFront {
        endpoint: &plan.front,
        trust,
        proxy: plan.proxy,
        has_certificate: client.is_some(),
        holder,
        is_tcp: way.is_some_and(Way::is_tcp),
        options,
        hsts: way.and_then(|way| way.hsts.as_ref()),
    };
    let mut report = judge::front(&front, around, &seen);
    for address in seen.other_addresses() {
        let endpoint = Endpoint {
            peer: Peer::Address(address.ip()),
            port: address.port(),
        };
        let line = ProbeLine {
            endpoint: &endpoint,
            ..line
        };
        let mut seen = Seen::default();
        look(&text, &line, Some(&how), &mut seen);
        let differences = judge::other_address(&front, around, &report, &seen);
        report.findings.extend(differences);
    }
    report
}

/// The leg to the httpd.
struct BackendArguments<'a> {
    endpoint: &'a Endpoint,
    transport: &'a Transport,
    client: Option<Arc<CertifiedKey>>,
    namespace: &'a str,
}

impl BackendArguments<'_> {
    fn look(
        self,
        plan: &ProbePlan,
        around: &Circumstances<'_>,
        request: &Request,
    ) -> Result<LegReport, Failure> {
        let Self {
            endpoint,
            transport,
            mut client,
            namespace,
        } = self;
        let trust = match &transport.trust {
            Some(trust) => trust.clone(),
            None if !transport.speech.is_tls() => TrustedRoots::nobody(),
            None => system_trust()?,
        };
        let mut unusable = None;
        if let Some(pair) = &transport.client {
            match tls::client_pair(&pair.certificate, &pair.key) {
                Ok(pair) => client = Some(pair),
                Err(fault) => unusable = Some(format!("{}: {fault}", pair.origin)),
            }
        }
        let has_certificate = client.is_some();
        let mut seen = Seen::default();
        let line = ProbeLine {
            endpoint,
            proxy: transport.proxy.as_ref().map(|(version, _)| *version),
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
            (None, Ok(addresses)) if !addresses.is_empty() => {
                ExpectedName::Address(addresses[0].ip())
            }
            (None, _) => ExpectedName::Host(plan.target.host.clone()),
        };
        let how = Handshake {
            name: &name,
            is_name_sent: true,
            trust: &trust,
            now: around.now,
            protocols: match transport.speech {
                // Traefik offers nothing on a connection of which it knows no protocol.
                Speech::Tls => &[],
                _ if transport.disable_http2 => ONLY_HTTP_1,
                _ => BOTH,
            },
            versions: transport.versions,
            client,
            insecure: around.insecure_continue || transport.skip_verify,
            patience: if transport.speech == Speech::Https {
                plan.timeout.min(HANDSHAKE_TIMEOUT)
            } else {
                plan.timeout
            },
        };
        let is_tls = transport.speech.is_tls();
        let text = request.text(&plan.target.authority());
        look(&text, &line, is_tls.then_some(&how), &mut seen);
        let behind = Behind {
            endpoint,
            transport,
            name: &name,
            trust: &trust,
            has_certificate,
            namespace,
        };
        let mut report = behind::backend(&behind, around, &seen);
        if let Some(why) = unusable {
            let finding = Finding::new(Check::Objects, Verdict::Broken, why);
            report.findings.insert(
                0,
                finding.fix("use a certificate together with its own key"),
            );
        }
        Ok(report)
    }
}
