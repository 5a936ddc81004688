//! What was seen of a leg, judged.

use super::chain::{self, Expected, Sent};
use super::expect::{ClientOptions, Hsts};
use super::http;
use super::link::{ObjectLink, broken, client_refused, connection, handshake};
use super::report::LegReport;
use super::seen::{Broken, Seen, Tls, Verification, seconds};
use super::target::{Endpoint, Target};
use super::trust::{ExpectedName, RootOrigin, TrustedRoots};
use super::{Check, Finding, Leg, Verdict};
use crate::civiparoisse::{KEYS_SECRET, TRUST_SECRET};
use crate::ingress::{self, Role};
use crate::name::DnsName;
use crate::path::hop::{Place, ProxyVersion};
use crate::pki::Certificate;
use crate::pki::certificate::Details;
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

/// Where the httpd's certificates belong, leaf first.
pub(super) const HTTPD_FILE: &str = "the file that SSLCertificateFile of the httpd names";

/// Who holds the certificate that browsers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The Secret that the TLSStore `default` names.
    Store,
    /// The Secret that the route names.
    Secret(Place),
    /// The httpd of this namespace, for the front passes TLS through.
    Httpd(String),
}

/// The leg from a browser to Traefik.
#[derive(Debug)]
pub struct JudgedFront<'a> {
    /// Where the connection goes.
    pub endpoint: &'a Endpoint,
    /// The authorities that the browser trusts.
    pub trust: &'a TrustedRoots,
    /// The PROXY protocol header that was sent before all else.
    pub proxy: Option<ProxyVersion>,
    /// Whether a client certificate was at hand.
    pub has_certificate: bool,
    /// Who holds the certificate.
    pub holder: Holder,
    /// Whether a TCP route takes the connection.
    pub is_tcp: bool,
    /// The TLSOption that holds.
    pub options: Option<&'a ClientOptions>,
    /// What the answer must say of HSTS.
    pub hsts: Option<&'a Hsts>,
}

/// Judges the leg from a browser to Traefik.
#[must_use]
pub fn front(front: &JudgedFront<'_>, around: &Circumstances<'_>, seen: &Seen) -> LegReport {
    let host = &around.target.host;
    let name = ExpectedName::Host(host.clone());
    let expected = front.expected(&name, around);
    let mut report = LegReport::new(Leg::Front, front.endpoint, &name, Some(front.trust), seen);
    report.is_tcp = front.is_tcp;
    let link = ObjectLink::front(front.proxy);
    let before = front
        .options
        .and_then(|options| options.before(front.has_certificate));
    report.findings.extend(before);
    connection(seen, link, &mut report.findings);
    if let Some(tls) = &seen.tls {
        handshake(tls, link, &mut report.findings);
        certificates(tls, &expected, around, front.has_certificate, &mut report);
        if let Some(options) = front.options {
            let is_broken = |finding: &Finding| {
                (finding.check, finding.verdict) == (Check::Name, Verdict::Broken)
            };
            let is_other = report.findings.iter().any(is_broken)
                || report.chain.first().is_some_and(chain::is_traefik_default);
            let met = options.after(tls, seen.older.as_ref(), is_other);
            report.findings.extend(met);
        }
    }
    answer(seen, link, front.hsts, &mut report);
    if report.suffers() && front.is_tcp {
        fix_last(
            &mut report,
            "Traefik closes the connection of a TCP route if it does not reach the httpd: check that leg with `--backend ADDR:PORT`; or it expects the PROXY protocol: try `--proxy-protocol v1`",
        );
    }
    match &seen.plain {
        Some(Ok(bytes)) => match http::read(bytes) {
            Ok(Some(head)) => report.findings.push(http::redirect(&head, host.as_str())),
            Ok(None) => report.findings.push(broken(
                Check::Redirect,
                "port 80 closed the connection within its answer",
            )),
            Err(why) => report.findings.push(broken(Check::Redirect, why)),
        },
        Some(Err(fault)) => report
            .findings
            .push(broken(Check::Redirect, format!("port 80: {fault}"))),
        None => {}
    }
    for trail in &seen.trails {
        report.findings.extend(trail.findings(around.target.port));
    }
    if let Some(tls) = &seen.nameless {
        report.findings.push(nameless(tls, &report.chain));
    }
    report
}

/// Describes what a client sees that sends no name (SNI), such as a health check of a load balancer.
fn nameless(tls: &Tls, shown: &[Details]) -> Finding {
    let finding = |verdict, what: String| Finding::new(Check::Sni, verdict, what);
    let sent = Sent::read(&tls.chain);
    let Some((_, leaf)) = sent.certificates.first() else {
        let why = match &tls.result {
            Err(fault) => fault.to_string(),
            Ok(()) => "no certificate is shown".to_owned(),
        };
        let what = format!("a client that sends no name (SNI) gets no certificate: {why}");
        return finding(Verdict::Note, what);
    };
    if shown
        .first()
        .is_some_and(|shown| shown.sha256 == leaf.sha256)
    {
        let what = "a client that sends no name (SNI) is shown the same certificate";
        return finding(Verdict::Good, what.to_owned());
    }
    let whose = if chain::is_traefik_default(leaf) {
        "Traefik's own `TRAEFIK DEFAULT CERT`".to_owned()
    } else {
        let names = leaf.subject_alt_names.join(", ");
        format!(
            "a certificate for {}",
            if names.is_empty() {
                &leaf.subject
            } else {
                &names
            }
        )
    };
    let what = format!(
        "a client that sends no name (SNI), such as a health check or an old program, is shown {whose}"
    );
    finding(Verdict::Note, what)
}

/// Judges what another address of the name shows, and reports where it differs from the first.
#[must_use]
pub fn other_address(
    front: &JudgedFront<'_>,
    around: &Circumstances<'_>,
    first: &LegReport,
    seen: &Seen,
) -> Vec<Finding> {
    let address = seen.address().map(|address| address.to_string());
    let other = self::front(front, around, seen);
    let told = |report: &LegReport, check: Check| -> Vec<(Verdict, String)> {
        let findings = report
            .findings
            .iter()
            .filter(|finding| finding.check == check);
        // What the handshake took differs from one to the next.
        let words = |finding: &Finding| match (check, finding.verdict) {
            (Check::Tls, Verdict::Good) => String::new(),
            _ => finding.what.clone(),
        };
        findings
            .map(|finding| (finding.verdict, words(finding)))
            .collect()
    };
    let leaf = |report: &LegReport| report.chain.first().map(|leaf| leaf.sha256);
    let is_other_leaf = leaf(first) != leaf(&other) && leaf(&other).is_some();
    let checks = [
        Check::Tls,
        Check::Client,
        Check::Chain,
        Check::Dates,
        Check::Name,
        Check::Trust,
        Check::Http,
    ];
    let mut findings = Vec::new();
    for check in checks {
        let is_shown = is_other_leaf && check == Check::Chain;
        if is_shown || told(first, check) != told(&other, check) {
            let other = other.findings.iter();
            findings.extend(other.filter(|finding| finding.check == check).cloned());
        }
    }
    if findings.is_empty() {
        let what = "shows the same certificate and answers alike";
        findings.push(Finding::new(Check::Addresses, Verdict::Good, what));
    } else {
        let what = if is_other_leaf {
            "another certificate is shown here than at the first address"
        } else {
            "the connection goes another way here than at the first address"
        };
        findings.insert(0, Finding::new(Check::Addresses, Verdict::Note, what));
    }
    for finding in &mut findings {
        finding.address.clone_from(&address);
    }
    findings
}

impl JudgedFront<'_> {
    /// Returns what is expected of the certificate, and which object to fix where it is not met.
    fn expected<'a>(&'a self, name: &'a ExpectedName, around: &Circumstances<'_>) -> Expected<'a> {
        let host = &around.target.host;
        let (holder, renew) = match &self.holder {
            Holder::Store => (
                "the Secret that the TLSStore `default` names".to_owned(),
                wildcard(host),
            ),
            Holder::Secret(secret) => (format!("Secret {secret}"), wildcard(host)),
            Holder::Httpd(namespace) => ("the httpd".to_owned(), renewal(namespace, host)),
        };
        let fix_trust = match (&self.trust.origin, &self.holder) {
            (RootOrigin::System, _) => {
                "import its CA into the browsers, and pass it here with `--ca FILE`".to_owned()
            }
            (origin, Holder::Httpd(namespace)) => format!(
                "browsers should meet a certificate of {origin} here: check whether the IngressRouteTCP is applied, and make the httpd load its certificate with {}",
                restart(namespace)
            ),
            (origin, _) => format!(
                "import the new CA in place of {origin}, or put the old certificate back into {holder}"
            ),
        };
        Expected {
            leg: Leg::Front,
            name,
            trust: self.trust,
            now: around.now,
            within: around.within,
            is_verified: true,
            follows: "",
            holder: Some(match &self.holder {
                Holder::Store | Holder::Secret(_) => format!("tls.crt of {holder}"),
                Holder::Httpd(_) => HTTPD_FILE.to_owned(),
            }),
            fix_trust,
            fix_name: format!("{holder} needs a certificate for it: {renew}"),
            fix_dates: format!("put a new certificate into {holder}: {renew}"),
        }
    }
}

/// Adds what to do about the one thing that is broken on a leg.
fn fix_last(report: &mut LegReport, fix: &str) {
    let is_broken = |finding: &&mut Finding| finding.verdict == Verdict::Broken;
    if let Some(finding) = report.findings.iter_mut().find(is_broken) {
        finding.fix = Some(fix.to_owned());
    }
}

/// Tells a front that answers as if the leg behind it were broken what is left to do, now that the leg is known.
pub fn weigh(front: &mut LegReport, behind: &LegReport) {
    if !front.suffers() {
        return;
    }
    if behind.verdict() != Verdict::Broken {
        fix_last(
            front,
            "from here the leg behind is good: check in Traefik's log whether it has loaded the objects, and whether it reaches the pod",
        );
    } else if front.is_tcp {
        fix_last(
            front,
            "Traefik closes the connection of a TCP route if it does not reach the httpd: fix the leg behind first",
        );
    }
}

/// Holds the certificate at a front that passes TLS through against that of the httpd: as it was seen on the other leg,
/// or else as the Secrets have it.
pub fn same_certificate(
    front: &mut LegReport,
    behind: Option<&LegReport>,
    kept: &[(Certificate, String)],
    route: &str,
) {
    let Some(shown) = front.chain.first().map(|leaf| leaf.sha256) else {
        return;
    };
    let seen = behind.and_then(|leg| leg.chain.first());
    let whose = match (seen, kept) {
        (Some(leaf), _) if leaf.sha256 == shown => return,
        (Some(_), _) => "the httpd",
        (None, []) => return,
        (None, kept) => {
            let is_it = |(certificate, _): &(Certificate, String)| {
                certificate
                    .details()
                    .is_ok_and(|details| details.sha256 == shown)
            };
            if kept.iter().any(is_it) {
                return;
            }
            &kept[0].1
        }
    };
    let what = format!(
        "the front shows a certificate other than {whose}: TLS is not passed through to it"
    );
    front.findings.push(broken(Check::Chain, what).fix(format!(
        "check in Traefik's log whether {route} is applied, and whether an http route names the host, which goes first"
    )));
}

/// The commands that renew an instance's certificate and make its httpd take it.
pub(super) fn renewal(namespace: &str, host: &DnsName) -> String {
    renewed(namespace, host, &restart(namespace))
}

/// The commands that renew an instance's certificates and then run `restart`.
pub(super) fn renewed(namespace: &str, host: &DnsName, restart: &str) -> String {
    format!(
        "`kubectl get secret -n {namespace} {KEYS_SECRET} {TRUST_SECRET} -o yaml | civi-ingress new-instance {namespace} --host {host} --reuse - | kubectl apply -f -`, then {restart}"
    )
}

pub(super) fn restart(namespace: &str) -> String {
    let command = ingress::restart(namespace, &[Role::Httpd], &[]);
    format!("`{}`", command.unwrap_or_default())
}

fn wildcard(host: &DnsName) -> String {
    match host.as_str().split_once('.') {
        Some((_, domain)) if domain.contains('.') => {
            format!("`civi-ingress wildcard-secret --domain {domain}`")
        }
        _ => "`civi-ingress wildcard-secret`".to_owned(),
    }
}

pub(super) fn certificates(
    tls: &Tls,
    expected: &Expected<'_>,
    around: &Circumstances<'_>,
    has_certificate: bool,
    report: &mut LegReport,
) {
    let sent = Sent::read(&tls.chain);
    let findings = chain::examine(&sent, expected);
    // A certificate that Go takes for being in the pool itself has been warned of.
    let explained = findings.iter().any(|finding| {
        finding.verdict == Verdict::Broken
            || (finding.check, finding.verdict) == (Check::Trust, Verdict::Warning)
    });
    report.findings.extend(findings);
    if let Some(Verification::Refused(words)) = &tls.verification {
        if !explained {
            let finding = broken(
                Check::Trust,
                format!("the verifier refuses the certificate: {words}"),
            );
            report.findings.push(finding.fix(&expected.fix_trust));
        }
        if around.insecure_continue && tls.result.is_ok() {
            let what =
                "--insecure-continue: the page was requested although the certificate is refused";
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

pub(super) fn answer(
    seen: &Seen,
    link: ObjectLink<'_>,
    promised: Option<&Hsts>,
    report: &mut LegReport,
) {
    let leg = link.leg();
    let asked = seen
        .tls
        .as_ref()
        .is_some_and(|tls| tls.asked_for_certificate);
    let mut say = |what: &str| report.findings.push(broken(Check::Http, what));
    match &seen.answer {
        None => {}
        Some(Ok(bytes)) => match http::read(bytes) {
            Ok(Some(head)) => {
                let status = http::status(&head, leg);
                // What Traefik answers by itself has not been through the route's Middlewares.
                let is_through = status.verdict != Verdict::Broken;
                let missed = promised
                    .filter(|_| is_through)
                    .and_then(|promised| promised.missed(&head));
                report.findings.push(status);
                if leg == Leg::Front {
                    let hsts = missed.unwrap_or_else(|| http::hsts(&head, report.is_tcp));
                    report.findings.push(hsts);
                }
                report.status = Some(head.status);
            }
            Ok(None) if bytes.len() >= http::HEAD_LIMIT => say(&format!(
                "the head of the answer has more than {} bytes",
                http::HEAD_LIMIT
            )),
            Ok(None) if bytes.is_empty() => say("the connection was closed without an answer"),
            Ok(None) => say("the connection was closed within the head of the answer"),
            Err(why) => say(&why),
        },
        Some(Err(fault @ (Broken::Alert(_) | Broken::Closed))) if asked => {
            report
                .findings
                .push(client_refused(&fault.to_string(), leg));
        }
        Some(Err(Broken::TimedOut(wait))) => {
            let http = link
                .transport
                .filter(|transport| !transport.speech.is_tcp());
            let then = match http.map(|transport| transport.response_header_timeout) {
                None => String::new(),
                Some(Some(limit)) => format!(
                    "; Traefik waits {} (responseHeaderTimeout), then answers 504",
                    seconds(limit)
                ),
                Some(None) => "; Traefik waits forever (responseHeaderTimeout 0)".to_owned(),
            };
            let what = format!("no answer within {}{then}", seconds(*wait));
            report.findings.push(
                broken(Check::Http, what)
                    .fix("check what the httpd is doing, or wait longer with `--http-timeout`"),
            );
        }
        Some(Err(fault)) => say(&fault.to_string()),
    }
}
