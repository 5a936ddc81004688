//! The leg from Traefik to the httpd, judged, and the object to mend.

use super::chain::Expected;
use super::judge::{Circumstances, answer, certificates};
use super::link::{broken, connection, handshake};
use super::report::LegReport;
use super::seen::Seen;
use super::target::Endpoint;
use super::transport::Transport;
use super::trust::{ExpectedName, Origin, Trust};
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
    pub trust: &'a Trust,
    /// Whether a client certificate was at hand.
    pub has_certificate: bool,
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
    } = behind;
    let roots = transport.is_https.then_some(*trust);
    let mut report = LegReport::new(Leg::Backend, endpoint, name, roots, seen);
    report.transport = transport.object.as_ref().map(ToString::to_string);
    report.findings.clone_from(&transport.findings);
    let dial = Some(transport.dial_timeout);
    connection(seen, Leg::Backend, dial, &mut report.findings);
    if !transport.is_https {
        let what = "the route speaks plain http to the httpd (scheme, or a port other than 443)";
        let finding = Finding::new(Check::Tls, Verdict::Warning, what);
        report
            .findings
            .push(finding.mend("set `scheme: https` in the IngressRoute's service"));
    }
    if let Some(tls) = &seen.tls {
        handshake(tls, Leg::Backend, None, &mut report.findings);
        let before = report.findings.len();
        let expected = behind.expected(around, seen);
        certificates(tls, &expected, around, *has_certificate, &mut report);
        peer_uri(transport, &mut report);
        if transport.skip_verify {
            behind.unverified(before, &mut report);
        }
    }
    let limit = transport.response_header_timeout;
    answer(seen, Leg::Backend, limit, &mut report);
    report
}

impl Behind<'_> {
    /// Says what is expected of the httpd's certificate, and which object to mend where it is not met.
    fn expected(&self, around: &Circumstances<'_>, seen: &Seen) -> Expected<'_> {
        let Self {
            transport,
            name,
            trust,
            ..
        } = self;
        let host = &around.target.host;
        let object = transport.object.as_ref();
        let namespace = object.map_or("NAMESPACE", |name| name.namespace.as_str());
        let renew = format!(
            "`kubectl get secret -n {namespace} selfcert externca -o yaml | civi-ingress new-instance {namespace} --host {host} --reuse - | kubectl apply -f -`"
        );
        let restart =
            format!("`kubectl -n {namespace} rollout restart statefulset/paroisse-set-httpd`");
        let stale = self.stale(seen).map(|secret| {
            format!("the httpd serves another certificate than {secret}: make it take that one with {restart}")
        });
        let mend_trust = match (&trust.origin, &stale) {
            (_, Some(stale)) => stale.clone(),
            (Origin::System, None) => {
                format!(
                    "name the CA's Secret in rootCAs of {}: {renew}",
                    self.object()
                )
            }
            (Origin::File(file), None) => {
                format!("{file} is not the CA of the httpd's certificate")
            }
            (Origin::Objects(_), None) => format!(
                "{} does not contain the issuer of the httpd's certificate: run {renew}, then {restart}",
                trust.origin
            ),
        };
        let mend_name = match (&transport.server_name, object) {
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
            (Some(_), _) => format!("set `serverName: {host}` in {}", self.object()),
        };
        Expected {
            leg: Leg::Backend,
            name,
            trust,
            now: around.now,
            within: around.within,
            is_verified: !transport.skip_verify,
            mend_trust,
            mend_name,
            mend_dates: stale.unwrap_or_else(|| format!("renew it: {renew}, then {restart}")),
        }
    }

    fn object(&self) -> String {
        let object = self.transport.object.as_ref();
        object.map_or_else(
            || "the route".to_owned(),
            |name| format!("ServersTransport {name}"),
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
            "insecureSkipVerify in {object}: Traefik takes any certificate, and anybody in between can read along"
        );
        let finding = Finding::new(Check::Trust, Verdict::Warning, what);
        let mend = format!("remove insecureSkipVerify from {object}");
        report.findings.push(finding.mend(mend));
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
            broken(Check::Name, what).mend(
                "remove peerCertURI from the ServersTransport, or issue a certificate with it",
            ),
        );
    }
}
