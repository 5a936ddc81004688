//! The leg from the httpd to its database, judged, and the object to fix.
//!
//! The clients of the Civiparoisse chart trust the CA under `dbcacert` and look at the signature alone (`VERIFY_CA`); so
//! what they refuse is broken, and a name that is missing is a warning: `VERIFY_IDENTITY` would refuse it.

use super::authorities::{entries, locked};
use super::chain::Expected;
use super::greeting::{self, Greeting};
use super::judge::{Circumstances, certificates};
use super::link::{ObjectLink, broken, connection, handshake};
use super::report::LegReport;
use super::route::Way;
use super::seen::{Broken, Seen, seconds};
use super::target::Endpoint;
use super::trust::{ExpectedName, RootOrigin, TrustedRoots};
use super::{Check, Finding, Leg, Verdict};
use crate::civiparoisse::{DATABASE_CA_CERT, DATABASE_CERT, DATABASE_SERVICE, KEYS_SECRET};
use crate::fault::{Fault, Faults};
use crate::ingress::{self, Role};
use crate::name::DnsName;
use crate::path::hop::Place;
use crate::pki::Certificate;

/// Errors with which a server refuses whoever connects (MySQL's and MariaDB's `errmsg`).
const TOO_MANY_CONNECTIONS: u16 = 1040;
const HOST_IS_BLOCKED: u16 = 1129;
const HOST_NOT_PRIVILEGED: u16 = 1130;

/// What the httpd expects of its database.
#[derive(Debug)]
pub struct Database {
    /// The authorities that it trusts.
    pub trust: TrustedRoots,
    /// The namespace of the instance, or a word for it.
    pub namespace: String,
    /// The certificate that the database should serve, and which Secret holds it.
    kept: Vec<(Certificate, String)>,
}

impl Database {
    /// Returns what is known where no manifests are at hand.
    #[must_use]
    pub fn trusting(trust: TrustedRoots) -> Self {
        Self {
            trust,
            namespace: "NAMESPACE".to_owned(),
            kept: Vec::new(),
        }
    }

    /// Finds what the Secrets of an instance say: the CA under `dbcacert`, the certificate under `dbservercert`.
    ///
    /// # Errors
    /// No such CA in the namespace, or one that is encrypted.
    pub fn find(way: &Way<'_>) -> Result<Self, Vec<Fault>> {
        let (cluster, scope) = (way.cluster(), &way.object().scope);
        let mut faults = Faults::default();
        let (mut anchors, mut origins, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (secret, entry) in entries(cluster, scope) {
            let origin = format!("{secret} key {}", entry.key);
            let certificates = entry.certs().map(|cert| cert.certificate.clone());
            if entry.key == DATABASE_CERT {
                kept.extend(certificates.take(1).map(|leaf| (leaf, origin.clone())));
            } else if entry.key == DATABASE_CA_CERT {
                if let Some(lock) = entry.lock() {
                    faults.push(locked(&origin, lock, &Place::of(secret)));
                } else {
                    anchors.extend(certificates);
                    origins.push(origin);
                }
            }
        }
        let namespace = scope.label().to_owned();
        if anchors.is_empty() && faults.is_empty() {
            let what = format!("no Secret of namespace {namespace} holds the CA of its database");
            let help = format!(
                "pass Secret {KEYS_SECRET} with the key {DATABASE_CA_CERT}, or leave the manifests out and pass `--database-ca FILE`"
            );
            faults.push(Fault::new(what).help(help).argument("--database"));
        }
        let trust = TrustedRoots {
            anchors,
            origin: RootOrigin::Objects(origins),
        };
        faults.finish(Some(Self {
            trust,
            namespace,
            kept,
        }))
    }

    /// Returns the name that the certificate must have: that of the chart's Service.
    #[must_use]
    pub fn name() -> ExpectedName {
        ExpectedName::Host(DnsName::parse(DATABASE_SERVICE).expect("a constant"))
    }

    /// Judges the leg from the httpd to its database.
    #[must_use]
    pub fn judge(&self, endpoint: &Endpoint, around: &Circumstances<'_>, seen: &Seen) -> LegReport {
        let name = Self::name();
        let mut report = LegReport::new(Leg::Database, endpoint, &name, Some(&self.trust), seen);
        connection(seen, ObjectLink::database(), &mut report.findings);
        if let Some(greeting) = &seen.greeting {
            report.findings.push(self.greeting(greeting));
        }
        if let Some(tls) = &seen.tls {
            handshake(tls, ObjectLink::database(), &mut report.findings);
            let expected = self.expected(&name, around, seen);
            certificates(tls, &expected, around, false, &mut report);
            // A server that has ssl-ca asks every client for a certificate, and goes on without one.
            let is_asked = |finding: &Finding| {
                (finding.check, finding.verdict) == (Check::Client, Verdict::Note)
            };
            report.findings.retain(|finding| !is_asked(finding));
            let of_name = report.findings.iter_mut();
            for finding in of_name.filter(|finding| finding.check == Check::Name) {
                if finding.verdict == Verdict::Broken {
                    finding.verdict = Verdict::Warning;
                    finding.what.push_str(
                        "; the chart's clients look at the signature alone, those that verify the name refuse it",
                    );
                }
            }
        }
        report
    }

    /// Describes what the server said first.
    fn greeting(&self, seen: &Result<Vec<u8>, Broken>) -> Finding {
        let bytes = match seen {
            Ok(bytes) => bytes,
            Err(Broken::TimedOut(wait)) => {
                let what = format!(
                    "no greeting within {}: MySQL and MariaDB speak first, so another protocol is spoken on this port, or the server is stuck",
                    seconds(*wait)
                );
                let fix = "check the port, 3306 by default, and the database's log; where it looks its clients' names up, `skip-name-resolve` saves it from a DNS that does not answer";
                return broken(Check::Greeting, what).fix(fix);
            }
            Err(fault) => {
                let what = format!("no greeting: {fault}");
                return broken(Check::Greeting, what).fix(self.pods());
            }
        };
        match greeting::read(bytes) {
            Ok(Some(Greeting::Welcome {
                version,
                offers_tls: true,
            })) => Finding::new(
                Check::Greeting,
                Verdict::Good,
                format!("{version} offers TLS"),
            ),
            Ok(Some(Greeting::Welcome {
                version,
                offers_tls: false,
            })) => {
                let what = format!(
                    "{version} offers no TLS: clients that require it give up, others send everything in clear text"
                );
                broken(Check::Greeting, what).fix(format!(
                    "give it ssl-ca, ssl-cert and ssl-key ({DATABASE_CA_CERT}, {DATABASE_CERT} and dbserverkey of Secret {}/{KEYS_SECRET}), and read its log: a server that cannot read them starts without TLS",
                    self.namespace
                ))
            }
            Ok(Some(Greeting::Refusal { code, words })) => {
                let what = format!("the server refuses the connection: error {code}, {words}");
                broken(Check::Greeting, what).fix(refusal(code))
            }
            Ok(None) if bytes.is_empty() => {
                let what = "the connection was closed without a greeting";
                broken(Check::Greeting, what).fix(self.pods())
            }
            Ok(None) => {
                let what = "the connection was closed within the greeting";
                broken(Check::Greeting, what).fix(self.pods())
            }
            Err(why) => broken(Check::Greeting, why).fix(
                "pass the address and port of the database, 3306 by default: `--database ADDR:PORT`",
            ),
        }
    }

    fn pods(&self) -> String {
        format!(
            "check the database's pod and its log: `kubectl -n {} logs statefulset/{}`",
            self.namespace,
            crate::civiparoisse::DATABASE_SET
        )
    }

    /// Returns what is expected of the certificate, and which object to fix where it is not met.
    fn expected<'a>(
        &'a self,
        name: &'a ExpectedName,
        around: &Circumstances<'_>,
        seen: &Seen,
    ) -> Expected<'a> {
        let namespace = &self.namespace;
        let restart = ingress::restart(namespace, &[Role::Database], &[]);
        let restart = format!("`{}`", restart.unwrap_or_default());
        let renew = super::judge::renewed(namespace, &around.target.host, &restart);
        let stale = self.stale(seen).map(|secret| {
            format!("the database serves a certificate other than {secret}: make it load that one with {restart}")
        });
        let fix_trust = match (&self.trust.origin, &stale) {
            (_, Some(stale)) => stale.clone(),
            (RootOrigin::File(file), None) => {
                format!("{file} is not the CA of the database's certificate")
            }
            (origin, None) => format!(
                "{origin} does not contain the issuer of the database's certificate: run {renew}"
            ),
        };
        let holder = stale
            .is_none()
            .then(|| format!("{DATABASE_CERT} of Secret {namespace}/{KEYS_SECRET}"));
        let renewed = stale.unwrap_or_else(|| format!("renew it: {renew}"));
        Expected {
            // Its clients use OpenSSL and others, not Go.
            leg: Leg::Database,
            name,
            trust: &self.trust,
            now: around.now,
            within: around.within,
            is_verified: true,
            follows: "",
            holder,
            fix_trust,
            fix_name: renewed.clone(),
            fix_dates: renewed,
        }
    }

    /// Names the Secret whose certificate the database should serve, where it serves another one.
    fn stale(&self, seen: &Seen) -> Option<&str> {
        let served = seen.tls.as_ref()?.chain.first()?;
        let is_served =
            |(kept, _): &(Certificate, String)| kept.der().as_ref() == served.as_slice();
        let (_, secret) = self.kept.first()?;
        (!self.kept.iter().any(is_served)).then_some(secret)
    }
}

fn refusal(code: u16) -> &'static str {
    match code {
        TOO_MANY_CONNECTIONS => {
            "try again later, or raise max_connections: the sites wait for connections, too"
        }
        HOST_IS_BLOCKED => {
            "`mariadb-admin flush-hosts` or `FLUSH HOSTS` lets this address in again; then find out who breaks its connections off, and raise max_connect_errors"
        }
        HOST_NOT_PRIVILEGED => {
            "no user may log in from here; look from where the httpd does, or through `kubectl port-forward`"
        }
        _ => "read the database's log",
    }
}
