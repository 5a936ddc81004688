//! The leg from Traefik to the httpd, judged, and the object to fix.

use super::chain::Expected;
use super::judge::{Circumstances, HTTPD_FILE, answer, certificates, renewal, restart};
use super::link::{ObjectLink, broken, connection, follows, handshake};
use super::report::LegReport;
use super::seen::Seen;
use super::target::Endpoint;
use super::transport::{Speech, Transport};
use super::trust::{ExpectedName, RootOrigin, TrustedRoots};
use super::{Check, Finding, Leg, Verdict};

/// The leg from Traefik to the httpd.
#[derive(Debug)]
pub struct Behind<'a> {
    /// Where the connection goes.
    pub endpoint: &'a Endpoint,
    /// What Traefik is told.
    pub transport: &'a Transport,
    /// The name that this comes down to.
    pub name: &'a ExpectedName,
    /// The authorities that this comes down to.
    pub trust: &'a TrustedRoots,
    /// Whether a client certificate was at hand.
    pub has_certificate: bool,
    /// Namespace of the httpd, or a word for it.
    pub namespace: &'a str,
}

/// Judges the leg from Traefik to the httpd.
#[must_use]
pub fn backend(behind: &Behind<'_>, around: &Circumstances<'_>, seen: &Seen) -> LegReport {
    let Behind {
        endpoint,
        transport,
        name,
        trust,
        has_certificate,
        ..
    } = behind;
    let speech = transport.speech;
    let roots = speech.is_tls().then_some(*trust);
    let mut report = LegReport::new(Leg::Backend, endpoint, name, roots, seen);
    let object = transport.object.as_ref();
    report.transport = object.map(|(kind, name)| (*kind, name.to_string()));
    report.service.clone_from(&transport.service);
    report.findings.clone_from(&transport.findings);
    let link = ObjectLink::behind(transport);
    if let Some((version, object)) = &transport.proxy {
        let number = version.number();
        let what =
            format!("a PROXY protocol header of version {number} is sent first, as {object} says");
        let finding = Finding::new(Check::Tcp, Verdict::Note, what);
        report.findings.push(finding);
    }
    connection(seen, link, &mut report.findings);
    report.findings.extend(unencrypted(speech));
    if let Some(tls) = &seen.tls {
        handshake(tls, link, &mut report.findings);
        let before = report.findings.len();
        let expected = behind.expected(around, seen);
        certificates(tls, &expected, around, *has_certificate, &mut report);
        peer_uri(transport, &mut report);
        if transport.skip_verify {
            behind.unverified(before, &mut report);
        }
    }
    answer(seen, link, None, &mut report);
    report
}

/// Reports where there is no TLS to the httpd.
fn unencrypted(speech: Speech) -> Option<Finding> {
    let (what, fix) = match speech {
        Speech::Http => (
            "the route speaks plain http to the httpd (scheme, or a port other than 443)",
            "set `scheme: https` in the IngressRoute's service",
        ),
        Speech::Tcp => (
            "the TLS of browsers ends at Traefik, and the connection from there to the httpd is not encrypted",
            "set `passthrough: true` under `tls` of the IngressRouteTCP, or `tls: true` and a serversTransport at its service",
        ),
        _ => return None,
    };
    Some(Finding::new(Check::Tls, Verdict::Warning, what).fix(fix))
}

impl Behind<'_> {
    /// Returns what is expected of the httpd's certificate, and which object to fix where it is not met.
    fn expected(&self, around: &Circumstances<'_>, seen: &Seen) -> Expected<'_> {
        let Self {
            transport,
            name,
            trust,
            ..
        } = self;
        let host = &around.target.host;
        let object = transport.object.as_ref();
        let (renew, restart) = (renewal(self.namespace, host), restart(self.namespace));
        let stale = self.stale(seen).map(|secret| {
            format!("the httpd serves a certificate other than {secret}: make it load that one with {restart}")
        });
        let fix_trust = match (&trust.origin, &stale) {
            (_, Some(stale)) => stale.clone(),
            (RootOrigin::System, None) if transport.speech == Speech::Passthrough => {
                "import its CA into the browsers, and pass it here with `--ca FILE`".to_owned()
            }
            (RootOrigin::System, None) => {
                format!(
                    "name the CA's Secret in rootCAs of {}: {renew}",
                    self.object()
                )
            }
            (RootOrigin::File(file), None) => {
                format!("{file} is not the CA of the httpd's certificate")
            }
            (RootOrigin::Objects(_), None) => format!(
                "{} does not contain the issuer of the httpd's certificate: run {renew}",
                trust.origin
            ),
        };
        let fix_name = match (&transport.server_name, object) {
            (None, Some((kind, object))) => format!(
                "set `serverName: {host}` in {kind} {object}: without it Go checks the certificate against the pod's address"
            ),
            (None, None) => {
                "name a ServersTransport with `serverName` in the IngressRoute's service".to_owned()
            }
            (Some(name), _) if *name == ExpectedName::Host(host.clone()) => stale
                .clone()
                .unwrap_or_else(|| format!("the httpd needs a certificate for it: {renew}")),
            (Some(_), _) => format!("set `serverName: {host}` in {}", self.object()),
        };
        Expected {
            // What is passed through is looked at by browsers, not by Go.
            leg: if transport.speech == Speech::Passthrough {
                Leg::Front
            } else {
                Leg::Backend
            },
            name,
            trust,
            now: around.now,
            within: around.within,
            is_verified: !transport.skip_verify,
            follows: follows(transport, "answers 500"),
            holder: stale.is_none().then(|| HTTPD_FILE.to_owned()),
            fix_trust,
            fix_name,
            fix_dates: stale.unwrap_or_else(|| format!("renew it: {renew}")),
        }
    }

    fn object(&self) -> String {
        let object = self.transport.object.as_ref();
        object.map_or_else(
            || "the route".to_owned(),
            |(kind, name)| format!("{kind} {name}"),
        )
    }

    /// Names the Secret whose certificate the httpd should serve, where it serves another one.
    fn stale(&self, seen: &Seen) -> Option<&str> {
        let served = seen.tls.as_ref()?.chain.first()?;
        let kept = &self.transport.kept;
        let is_kept = kept
            .iter()
            .any(|(kept, _)| kept.der().as_ref() == served.as_slice());
        let (_, secret) = kept.first().filter(|_| !is_kept)?;
        Some(secret)
    }

    /// Softens what Traefik does not look at, and says so.
    fn unverified(&self, before: usize, report: &mut LegReport) {
        for finding in &mut report.findings[before..] {
            if finding.check != Check::Client {
                finding.verdict = finding.verdict.min(Verdict::Warning);
            }
        }
        let object = self.object();
        let what = format!(
            "insecureSkipVerify in {object}: Traefik accepts any certificate, and anyone in between can read the traffic"
        );
        let finding = Finding::new(Check::Trust, Verdict::Warning, what);
        let fix = format!("remove insecureSkipVerify from {object}");
        report.findings.push(finding.fix(fix));
    }
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
            broken(Check::Name, what).fix(
                "remove peerCertURI from the ServersTransport, or issue a certificate with it",
            ),
        );
    }
}
