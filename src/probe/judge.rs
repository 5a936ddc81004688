//! What was seen of a leg, judged.

use super::chain::{self, Expected, Sent};
use super::http;
use super::link::{broken, client_refused, connection, handshake, in_words, seconds};
use super::proxy::Version;
use super::report::LegReport;
use super::seen::{Broken, Seen, Tls, Verification};
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
        is_verified: true,
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

pub(super) fn answer(
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
        None => {}
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
