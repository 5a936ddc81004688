//! What was seen of a leg, judged.

use super::chain::{self, Expected, Sent};
use super::http;
use super::proxy::Version;
use super::report::LegReport;
use super::route::{HANDSHAKE_TIMEOUT, Transport};
use super::seen::{Attempt, Broken, Seen, Tls, Verification};
use super::target::{Endpoint, Target};
use super::trust::{ExpectedName, Origin, Trust};
use super::{Check, Finding, Leg, Verdict};
use crate::name::DnsName;
use std::time::Duration;
use time::OffsetDateTime;

/// What holds for both legs.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The host that browsers ask for.
    pub target: &'a Target,
    /// The present.
    pub now: OffsetDateTime,
    /// From how long before its end a certificate is reported.
    pub within: time::Duration,
    /// Whether the page is asked for even where the certificate is refused.
    pub insecure_continue: bool,
}

/// The leg from a browser to Traefik.
#[derive(Debug)]
pub struct Front<'a> {
    /// Where the connection goes.
    pub endpoint: &'a Endpoint,
    /// The authorities that the browser trusts.
    pub trust: &'a Trust,
    /// The PROXY protocol header that was sent before all else.
    pub proxy: Option<Version>,
    /// Whether a client certificate was at hand.
    pub has_certificate: bool,
}

/// Judges the leg from a browser to Traefik.
#[must_use]
pub fn front(front: &Front<'_>, around: &Circumstances<'_>, seen: &Seen) -> LegReport {
    let host = &around.target.host;
    let name = ExpectedName::Host(host.clone());
    let expected = Expected {
        leg: Leg::Front,
        name: &name,
        trust: front.trust,
        now: around.now,
        within: around.within,
        mend_trust: match &front.trust.origin {
            Origin::System => {
                "import its CA into the browsers, and give it here with `--ca FILE`".to_owned()
            }
            origin => format!(
                "import the new CA in the place of {origin}, or put the old certificate back into the Secret that the TLSStore `default` names"
            ),
        },
        mend_name: format!(
            "the Secret that the TLSStore `default` names needs a certificate for it: {}",
            wildcard(host)
        ),
        mend_dates: format!(
            "put a new certificate into the Secret that the TLSStore `default` names: {}",
            wildcard(host)
        ),
    };
    let mut report = LegReport::new(Leg::Front, front.endpoint, &name, Some(front.trust), seen);
    connection(seen, Leg::Front, None, &mut report.findings);
    if let Some(tls) = &seen.tls {
        handshake(tls, Leg::Front, front.proxy, &mut report.findings);
        certificates(tls, &expected, around, front.has_certificate, &mut report);
    }
    answer(seen, Leg::Front, None, &mut report);
    match &seen.plain {
        Some(Ok(bytes)) => match http::read(bytes) {
            Ok(Some(head)) => report.findings.push(http::redirect(&head, host.as_str())),
            Ok(None) => report.findings.push(broken(
                Check::Redirect,
                "port 80 closed the connection within its answer",
            )),
            Err(why) => report.findings.push(broken(Check::Redirect, why)),
        },
        Some(Err(fault)) => report.findings.push(broken(
            Check::Redirect,
            format!("port 80: {}", in_words(fault)),
        )),
        None => {}
    }
    report
}

fn wildcard(host: &DnsName) -> String {
    match host.as_str().split_once('.') {
        Some((_, domain)) if domain.contains('.') => {
            format!("`civi-ingress wildcard-secret --domain {domain}`")
        }
        _ => "`civi-ingress wildcard-secret`".to_owned(),
    }
}

/// Judges the leg from Traefik to the httpd. `name` and `trust` are what the transport comes down to.
#[must_use]
pub fn backend(
    endpoint: &Endpoint,
    transport: &Transport,
    name: &ExpectedName,
    trust: &Trust,
    around: &Circumstances<'_>,
    seen: &Seen,
) -> LegReport {
    let host = &around.target.host;
    let namespace = transport
        .object
        .as_ref()
        .map_or("NAMESPACE", |name| name.namespace.as_str());
    let renew = format!(
        "`kubectl get secret -n {namespace} selfcert externca -o yaml | civi-ingress new-instance {namespace} --host {host} --reuse - | kubectl apply -f -`"
    );
    let restart =
        format!("`kubectl -n {namespace} rollout restart statefulset/paroisse-set-httpd`");
    let of_transport = transport.object.as_ref().map_or_else(
        || "the route".to_owned(),
        |name| format!("ServersTransport {name}"),
    );
    let served = seen.tls.as_ref().and_then(|tls| tls.chain.first());
    let stale = transport.kept.first().filter(|_| {
        served.is_some_and(|served| {
            !transport
                .kept
                .iter()
                .any(|(kept, _)| kept.der().as_ref() == served.as_slice())
        })
    });
    let stale = stale.map(|(_, secret)| format!("the httpd serves another certificate than {secret}: make it take that one with {restart}"));
    let mend_trust = match (&trust.origin, &stale) {
        (_, Some(stale)) => stale.clone(),
        (Origin::System, None) => {
            format!("name the CA's Secret in rootCAs of {of_transport}: {renew}")
        }
        (Origin::File(file), None) => format!("{file} is not the CA of the httpd's certificate"),
        (Origin::Objects(_), None) => {
            format!(
                "{} does not contain the issuer of the httpd's certificate: run {renew}, then {restart}",
                trust.origin
            )
        }
    };
    let mend_name = match (&transport.server_name, &transport.object) {
        (None, Some(object)) => format!(
            "set `serverName: {host}` in ServersTransport {object}: without it Go checks the certificate against the pod's address"
        ),
        (None, None) => {
            "name a ServersTransport with `serverName` in the IngressRoute's service".to_owned()
        }
        (Some(name), _) if *name == ExpectedName::Host(host.clone()) => {
            stale.clone().unwrap_or_else(|| {
                format!("the httpd needs a certificate for it: {renew}, then {restart}")
            })
        }
        (Some(_), _) => format!("set `serverName: {host}` in {of_transport}"),
    };
    let expected = Expected {
        leg: Leg::Backend,
        name,
        trust,
        now: around.now,
        within: around.within,
        mend_trust,
        mend_name,
        mend_dates: stale.unwrap_or_else(|| format!("renew it: {renew}, then {restart}")),
    };
    let mut report = LegReport::new(
        Leg::Backend,
        endpoint,
        name,
        transport.is_https.then_some(trust),
        seen,
    );
    report
        .transport
        .clone_from(&transport.object.as_ref().map(ToString::to_string));
    report.findings.clone_from(&transport.findings);
    connection(
        seen,
        Leg::Backend,
        Some(transport.dial_timeout),
        &mut report.findings,
    );
    if !transport.is_https {
        let what = "the route speaks plain http to the httpd (scheme, or a port other than 443)";
        report.findings.push(
            Finding::new(Check::Tls, Verdict::Warning, what)
                .mend("set `scheme: https` in the IngressRoute's service"),
        );
    }
    if let Some(tls) = &seen.tls {
        handshake(tls, Leg::Backend, None, &mut report.findings);
        let before = report.findings.len();
        certificates(
            tls,
            &expected,
            around,
            transport.client.is_some(),
            &mut report,
        );
        peer_uri(transport, &mut report);
        if transport.skip_verify {
            for finding in &mut report.findings[before..] {
                if finding.check != Check::Client {
                    finding.verdict = finding.verdict.min(Verdict::Warning);
                }
            }
            let what = format!(
                "insecureSkipVerify: Traefik takes any certificate, of {of_transport}, so that anybody in between can read along"
            );
            report.findings.push(
                Finding::new(Check::Trust, Verdict::Warning, what)
                    .mend(format!("remove insecureSkipVerify from {of_transport}")),
            );
        }
    }
    answer(
        seen,
        Leg::Backend,
        transport.response_header_timeout,
        &mut report,
    );
    report
}

fn broken(check: Check, what: impl Into<String>) -> Finding {
    Finding::new(check, Verdict::Broken, what)
}

/// Says how a connection failed, in words.
fn in_words(fault: &Broken) -> String {
    match fault {
        Broken::Refused => "nobody listens there (connection refused)".to_owned(),
        Broken::TimedOut(wait) => format!("nothing came within {}", seconds(*wait)),
        Broken::NoRoute => "this machine has no way there".to_owned(),
        Broken::Closed => "the other side closed the connection without a word".to_owned(),
        Broken::Alert(alert) => format!("the other side refused with the TLS alert {alert}"),
        Broken::NotTls => {
            "what came back is not TLS: another protocol is spoken on this port".to_owned()
        }
        Broken::Certificate => "the certificate is refused, so nothing was asked".to_owned(),
        Broken::Incompatible(what) => format!("no version or cipher suite in common: {what}"),
        Broken::Other(what) => what.clone(),
    }
}

fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_secs_f64())
}

fn connection(seen: &Seen, leg: Leg, dial_timeout: Option<Duration>, findings: &mut Vec<Finding>) {
    if let Some(why) = &seen.unresolved {
        let mend = "make the DNS record, or give the address with `--connect ADDR:PORT`";
        findings.push(broken(Check::Dns, format!("the name has no address: {why}")).mend(mend));
        return;
    }
    let reached = seen.address();
    for Attempt { address, result } in &seen.attempts {
        let finding = match result {
            Ok(took) => Finding::new(
                Check::Tcp,
                Verdict::Good,
                format!("{address} connected in {} ms", took.as_millis()),
            ),
            Err(Broken::NoRoute) if reached.is_some() => Finding::new(
                Check::Tcp,
                Verdict::Note,
                format!("{address}: this machine has no way there"),
            ),
            Err(fault) => {
                let mut what = format!("{address}: {}", in_words(fault));
                if let (Broken::TimedOut(_), Some(dial)) = (fault, dial_timeout) {
                    what = format!(
                        "{what}; Traefik waits {} (dialTimeout), then answers 504",
                        seconds(dial)
                    );
                } else if leg == Leg::Backend {
                    what.push_str("; Traefik answers 502");
                }
                let verdict = if reached.is_some() {
                    Verdict::Warning
                } else {
                    Verdict::Broken
                };
                let mend = match (leg, reached.is_some()) {
                    (_, true) => {
                        "clients that try this address first wait for it: mend it, or take it out of DNS"
                    }
                    (Leg::Front, false) => {
                        "look at the load balancer, the firewall and Traefik's ports: host ports, or its Service"
                    }
                    (Leg::Backend, false) => {
                        "look at the httpd's pod, its port, and NetworkPolicies between Traefik and it"
                    }
                };
                Finding::new(Check::Tcp, verdict, what).mend(mend)
            }
        };
        findings.push(finding);
    }
}

fn handshake(tls: &Tls, leg: Leg, proxy: Option<Version>, findings: &mut Vec<Finding>) {
    let known: Vec<&str> = [&tls.version, &tls.cipher]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let alpn = tls
        .alpn
        .as_ref()
        .map_or_else(|| "no ALPN".to_owned(), |alpn| format!("ALPN {alpn}"));
    match &tls.result {
        Ok(()) | Err(Broken::Certificate) => {
            let what = format!(
                "{}, {alpn}, in {} ms",
                known.join(", "),
                tls.took.as_millis()
            );
            findings.push(Finding::new(Check::Tls, Verdict::Good, what));
        }
        Err(fault) => findings.push(handshake_fault(
            fault,
            leg,
            proxy,
            tls.asked_for_certificate,
        )),
    }
}

fn handshake_fault(fault: &Broken, leg: Leg, proxy: Option<Version>, asked: bool) -> Finding {
    let finding = broken(
        Check::Tls,
        format!("the handshake failed: {}", in_words(fault)),
    );
    match (fault, leg) {
        (Broken::Alert(_) | Broken::Closed, _) if asked => {
            let mut finding = client_refused(&in_words(fault), leg);
            finding.check = Check::Client;
            finding
        }
        (Broken::TimedOut(wait), Leg::Backend) => {
            let what = format!(
                "no handshake within {}; Traefik waits {} for one, which no option changes, then answers 504",
                seconds(*wait),
                seconds(HANDSHAKE_TIMEOUT)
            );
            broken(Check::Tls, what).mend("the httpd is busy: render with `--retry`, set ListenBacklog 1, give it more workers")
        }
        (Broken::Closed | Broken::TimedOut(_) | Broken::NotTls | Broken::Alert(_), Leg::Front)
            if proxy.is_some() => {
            finding.mend("the front may not expect the PROXY protocol, or not from here: leave `--proxy-protocol` out, or add this machine to its trusted addresses")
        }
        (Broken::Closed | Broken::TimedOut(_), Leg::Front) => {
            finding.mend("a front that expects the PROXY protocol does so: try `--proxy-protocol v1`")
        }
        (Broken::Alert(alert), Leg::Front) if alert == "UnrecognisedName" => {
            finding.mend("the front has no certificate for this name (sniStrict): list the wildcard under `certificates` of the TLSStore `default`")
        }
        (Broken::NotTls, Leg::Backend) => {
            finding.mend("the httpd speaks plain http here: `SSLEngine on`, or the port of its TLS listener")
        }
        (Broken::Incompatible(_), _) => finding.mend("TLS 1.2 or 1.3 is needed"),
        _ => finding,
    }
}

fn client_refused(why: &str, leg: Leg) -> Finding {
    let mend = match leg {
        Leg::Front => "give a certificate that the front takes: `--cert FILE --key FILE`",
        Leg::Backend => {
            "name Traefik's pair in certificatesSecrets of the ServersTransport: `civi-ingress new-instance --client-auth`, with ca.crt of Secret externclientca as SSLCACertificateFile"
        }
    };
    broken(
        Check::Client,
        format!("the server asks for a client certificate: {why}"),
    )
    .mend(mend)
}

fn certificates(
    tls: &Tls,
    expected: &Expected<'_>,
    around: &Circumstances<'_>,
    has_certificate: bool,
    report: &mut LegReport,
) {
    let sent = Sent::read(&tls.chain);
    let findings = chain::examine(&sent, expected);
    let explained = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Broken);
    report.findings.extend(findings);
    if let Some(Verification::Refused(words)) = &tls.verification {
        if !explained {
            let finding = broken(
                Check::Trust,
                format!("the verifier refuses the certificate: {words}"),
            );
            report.findings.push(finding.mend(&expected.mend_trust));
        }
        if around.insecure_continue && tls.result.is_ok() {
            let what =
                "--insecure-continue: the page was asked for although the certificate is refused";
            report
                .findings
                .push(Finding::new(Check::Trust, Verdict::Warning, what));
        }
    }
    if tls.asked_for_certificate && tls.result.is_ok() {
        let what = if has_certificate {
            "the server asked for a client certificate and got ours"
        } else {
            "the server asks for a client certificate; none was given"
        };
        report
            .findings
            .push(Finding::new(Check::Client, Verdict::Note, what));
    }
    report.chain = sent
        .certificates
        .into_iter()
        .map(|(_, details)| details)
        .collect();
}

fn peer_uri(transport: &Transport, report: &mut LegReport) {
    let (Some(uri), Some(leaf)) = (&transport.peer_cert_uri, report.chain.first()) else {
        return;
    };
    let wanted = format!("uri:{uri}");
    if !leaf
        .subject_alt_names
        .iter()
        .any(|name| name.eq_ignore_ascii_case(&wanted))
    {
        let what = format!("the certificate lacks the URI `{uri}` that peerCertURI asks for");
        report.findings.push(
            broken(Check::Name, what).mend(
                "remove peerCertURI from the ServersTransport, or issue a certificate with it",
            ),
        );
    }
}

fn answer(
    seen: &Seen,
    leg: Leg,
    response_header_timeout: Option<Duration>,
    report: &mut LegReport,
) {
    let asked = seen
        .tls
        .as_ref()
        .is_some_and(|tls| tls.asked_for_certificate);
    match &seen.answer {
        None | Some(Err(Broken::Certificate)) => {}
        Some(Ok(bytes)) => match http::read(bytes) {
            Ok(Some(head)) => {
                report.findings.push(http::status(&head, leg));
                if leg == Leg::Front {
                    report.findings.push(http::hsts(&head));
                }
                report.status = Some(head.status);
            }
            Ok(None) if bytes.len() >= http::HEAD_LIMIT => {
                report.findings.push(broken(
                    Check::Http,
                    format!(
                        "the head of the answer has more than {} bytes",
                        http::HEAD_LIMIT
                    ),
                ));
            }
            Ok(None) if bytes.is_empty() => report.findings.push(broken(
                Check::Http,
                "the connection was closed without an answer",
            )),
            Ok(None) => report.findings.push(broken(
                Check::Http,
                "the connection was closed within the head of the answer",
            )),
            Err(why) => report.findings.push(broken(Check::Http, why)),
        },
        Some(Err(fault @ (Broken::Alert(_) | Broken::Closed))) if asked => {
            report.findings.push(client_refused(&in_words(fault), leg));
        }
        Some(Err(Broken::TimedOut(wait))) => {
            let what = match (leg, response_header_timeout) {
                (Leg::Front, _) => format!("no answer within {}", seconds(*wait)),
                (Leg::Backend, Some(limit)) => format!(
                    "no answer within {}; Traefik waits {} (responseHeaderTimeout), then answers 504",
                    seconds(*wait),
                    seconds(limit)
                ),
                (Leg::Backend, None) => format!(
                    "no answer within {}; Traefik waits without end (responseHeaderTimeout 0)",
                    seconds(*wait)
                ),
            };
            report.findings.push(
                broken(Check::Http, what)
                    .mend("look at what the httpd is doing, or wait longer with `--http-timeout`"),
            );
        }
        Some(Err(fault)) => report.findings.push(broken(Check::Http, in_words(fault))),
    }
}
