//! What was found, told to a person or to a program.

use super::seen::Seen;
use super::target::{Endpoint, Target};
use super::trust::{ExpectedName, TrustedRoots};
use super::{Check, Finding, Leg, Verdict};
use crate::pki::certificate::Details;
use crate::pki::validity::format_instant;
use crate::report;
use crate::tone::{Paint, Tone};
use crate::visible;
use serde::Serialize;
use std::fmt::Write as _;

/// Version of the report for programs; it changes when a field is removed or changes its meaning.
const VERSION: u32 = 1;

/// One leg, judged.
#[derive(Debug)]
pub struct LegReport {
    /// Which one.
    pub leg: Leg,
    /// Where the connection was to go.
    pub endpoint: String,
    /// Where it went.
    pub address: Option<String>,
    /// The ServersTransport that was followed, by its kind and name.
    pub transport: Option<(&'static str, String)>,
    /// The service that was followed.
    pub service: Option<String>,
    /// The name that the certificate must have.
    pub name: String,
    /// Where the trusted authorities come from, and how many they are; nothing for plain http.
    pub roots: Option<(String, usize)>,
    /// The TLS version.
    pub version: Option<String>,
    /// The cipher suite.
    pub cipher: Option<String>,
    /// The application protocol that the server chose.
    pub alpn: Option<String>,
    /// What was sent, leaf first.
    pub chain: Vec<Details>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// All that was found.
    pub findings: Vec<Finding>,
    /// Whether Traefik knows nothing of http on it.
    pub is_tcp: bool,
    /// Whether the other side took the connection and closed it without an answer.
    pub was_closed: bool,
}

impl LegReport {
    /// Begins a report without findings.
    #[must_use]
    pub fn new(
        leg: Leg,
        endpoint: &Endpoint,
        name: &ExpectedName,
        trust: Option<&TrustedRoots>,
        seen: &Seen,
    ) -> Self {
        let tls = seen.tls.as_ref();
        Self {
            leg,
            endpoint: endpoint.to_string(),
            address: seen.address().map(|address| address.to_string()),
            transport: None,
            service: None,
            name: name.to_string(),
            roots: trust.map(|trust| (trust.origin.to_string(), trust.anchors.len())),
            version: tls.and_then(|tls| tls.version.clone()),
            cipher: tls.and_then(|tls| tls.cipher.clone()),
            alpn: tls.and_then(|tls| tls.alpn.clone()),
            chain: Vec::new(),
            status: None,
            findings: Vec::new(),
            is_tcp: false,
            was_closed: seen.was_closed(),
        }
    }

    /// Whether nothing is wrong with it but how Traefik answers where the leg behind is broken.
    #[must_use]
    pub fn suffers(&self) -> bool {
        let mut worst = self
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Broken);
        let is_answer = |check| match check {
            Check::Http => self.status >= Some(500) || (self.is_tcp && self.was_closed),
            Check::Tls => self.is_tcp && self.was_closed,
            _ => false,
        };
        worst.next().is_some_and(|finding| is_answer(finding.check)) && worst.next().is_none()
    }

    /// Returns the worst of its findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let worst = self.findings.iter().map(|finding| finding.verdict).max();
        worst.unwrap_or(Verdict::Good)
    }
}

/// All legs of a host.
#[derive(Debug)]
pub struct Report {
    /// The host that browsers ask for.
    pub target: Target,
    /// The legs that were looked at, front first.
    pub legs: Vec<LegReport>,
}

impl Report {
    /// Returns the worst of its legs.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let worst = self.legs.iter().map(LegReport::verdict).max();
        worst.unwrap_or(Verdict::Good)
    }

    /// Describes in one sentence how things stand, and which leg to fix first.
    ///
    /// A front that answers 500 because the leg behind it is broken is fixed there.
    #[must_use]
    pub fn summary(&self) -> String {
        let host = &self.target.host;
        let of = |verdict: Verdict| -> Vec<&str> {
            let legs = self.legs.iter().filter(|leg| leg.verdict() == verdict);
            legs.map(|leg| leg.leg.name()).collect()
        };
        let (broken, warned) = (of(Verdict::Broken), of(Verdict::Warning));
        let behind = self
            .legs
            .iter()
            .any(|leg| leg.leg == Leg::Backend && leg.verdict() == Verdict::Broken);
        let front = self.legs.iter().find(|leg| leg.leg == Leg::Front);
        if behind && front.is_some_and(LegReport::suffers) {
            return format!(
                "{host}: the leg {} is broken, and that is why the front answers like this",
                Leg::Backend.name()
            );
        }
        match (broken.is_empty(), warned.is_empty()) {
            (false, _) => format!("{host}: broken: {}", broken.join(" and ")),
            (true, false) => format!("{host}: works, with warnings: {}", warned.join(" and ")),
            (true, true) if self.legs.len() == 1 => {
                format!("{host}: all is well as far as a browser can see")
            }
            (true, true) if self.legs.len() == 2 => format!("{host}: all is well on both legs"),
            (true, true) => format!("{host}: all is well on all three legs"),
        }
    }

    /// Writes the report for a person.
    #[must_use]
    pub fn as_text(&self, paint: Paint<'_>) -> String {
        let mut out = String::new();
        for leg in &self.legs {
            let address = match &leg.address {
                Some(address) if *address != leg.endpoint => format!(" ({address})"),
                _ => String::new(),
            };
            let transport = leg
                .transport
                .as_ref()
                .map_or_else(String::new, |(kind, name)| {
                    format!(" as {kind} {name} says")
                });
            let heading = format!("{}: {}{address}{transport}", leg.leg.name(), leg.endpoint);
            add(&mut out, &paint(Tone::Heading, &visible::line(&heading)));
            if let Some((origin, count)) = &leg.roots {
                let what = format!(
                    "expects a certificate for {}, trusts {origin} ({count})",
                    leg.name
                );
                line(&mut out, &format!("  {what}"));
            }
            for finding in &leg.findings {
                let verdict = match finding.verdict {
                    Verdict::Good => "ok",
                    Verdict::Note => "note",
                    Verdict::Warning => "warning",
                    Verdict::Broken => "BROKEN",
                };
                let verdict = paint(finding.verdict.tone(), &format!("{verdict:<8}"));
                let address = finding.address.as_ref();
                let address = address.map(|address| format!("{address}: "));
                let rule = finding.rule.map(|code| format!("[{code}] "));
                let what = format!(
                    "{:<9} {}{}{}",
                    finding.check.name(),
                    rule.unwrap_or_default(),
                    address.unwrap_or_default(),
                    finding.what
                );
                add(&mut out, &format!("  {verdict}{}", visible::line(&what)));
                if let Some(fix) = &finding.fix {
                    line(&mut out, &format!("  {:<8}{:<9} {fix}", "", "fix:"));
                }
            }
        }
        let summary = self.summary();
        add(
            &mut out,
            &paint(self.verdict().tone(), &visible::line(&summary)),
        );
        out
    }

    /// Writes the report as one JSON object for programs.
    #[must_use]
    pub fn as_json(&self) -> String {
        let legs = self.legs.iter().map(JsonLeg::from).collect();
        report::json(&Document {
            version: VERSION,
            host: self.target.host.as_str(),
            port: self.target.port,
            verdict: self.verdict(),
            summary: self.summary(),
            legs,
        })
    }
}

/// Writes one line. Much of it is a stranger's text.
fn line(out: &mut String, text: &str) {
    add(out, &visible::line(text));
}

/// Writes one line of what can be shown.
fn add(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a String cannot fail");
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "probe"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    version: u32,
    host: &'a str,
    port: u16,
    verdict: Verdict,
    summary: String,
    legs: Vec<JsonLeg<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "probeLeg"))]
#[serde(rename_all = "camelCase")]
struct JsonLeg<'a> {
    leg: &'static str,
    verdict: Verdict,
    endpoint: &'a str,
    address: Option<&'a str>,
    servers_transport: Option<&'a str>,
    servers_transport_kind: Option<&'static str>,
    service: Option<&'a str>,
    name: &'a str,
    roots: Option<&'a str>,
    tls_version: Option<&'a str>,
    cipher_suite: Option<&'a str>,
    alpn: Option<&'a str>,
    status: Option<u16>,
    chain: Vec<JsonCertificate<'a>>,
    findings: &'a [Finding],
}

#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "probeCertificate")
)]
#[serde(rename_all = "camelCase")]
struct JsonCertificate<'a> {
    subject: &'a str,
    issuer: &'a str,
    subject_alt_names: &'a [String],
    not_before: String,
    not_after: String,
    sha256: String,
}

impl<'a> From<&'a LegReport> for JsonLeg<'a> {
    fn from(leg: &'a LegReport) -> Self {
        let certificate = |details: &'a Details| JsonCertificate {
            subject: &details.subject,
            issuer: &details.issuer,
            subject_alt_names: &details.subject_alt_names,
            not_before: format_instant(details.validity.not_before),
            not_after: format_instant(details.validity.not_after),
            sha256: details.sha256.to_string(),
        };
        Self {
            leg: match leg.leg {
                Leg::Front => "front",
                Leg::Backend => "backend",
                Leg::Database => "database",
            },
            verdict: leg.verdict(),
            endpoint: &leg.endpoint,
            address: leg.address.as_deref(),
            servers_transport: leg.transport.as_ref().map(|(_, name)| name.as_str()),
            servers_transport_kind: leg.transport.as_ref().map(|(kind, _)| *kind),
            service: leg.service.as_deref(),
            name: &leg.name,
            roots: leg.roots.as_ref().map(|(origin, _)| origin.as_str()),
            tls_version: leg.version.as_deref(),
            cipher_suite: leg.cipher.as_deref(),
            alpn: leg.alpn.as_deref(),
            status: leg.status,
            chain: leg.chain.iter().map(certificate).collect(),
            findings: &leg.findings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_cannot_steer_the_terminal() {
        let mut out = String::new();
        line(&mut out, "O=\u{1b}[2J\u{202e}evil\u{9b}\nok");
        assert_eq!(out, "O=\\u{1b}[2J\\u{202e}evil\\u{9b}\\nok\n");
    }

    #[test]
    fn a_front_that_suffers_from_the_leg_behind_it_is_not_blamed() {
        let target = Target::parse("a.example.org").unwrap();
        let endpoint = Endpoint::parse("192.0.2.7", 443).unwrap();
        let name = ExpectedName::Host(target.host.clone());
        let leg = |leg, check, status| {
            let mut report = LegReport::new(leg, &endpoint, &name, None, &Seen::default());
            report.status = status;
            report.findings = vec![Finding::new(check, Verdict::Broken, "x")];
            report
        };
        let legs = vec![
            leg(Leg::Front, Check::Http, Some(500)),
            leg(Leg::Backend, Check::Trust, None),
        ];
        let report = Report {
            target: target.clone(),
            legs,
        };
        assert_eq!(
            report.summary(),
            "a.example.org: the leg front -> httpd is broken, and that is why the front answers like this"
        );
        let legs = vec![
            leg(Leg::Front, Check::Trust, None),
            leg(Leg::Backend, Check::Trust, None),
        ];
        let report = Report { target, legs };
        assert_eq!(
            report.summary(),
            "a.example.org: broken: browser -> front and front -> httpd"
        );
    }
}
