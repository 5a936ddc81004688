//! Findings about a certificate that do not depend on where it is.

use crate::civiparoisse as chart;
use crate::cluster::data::{Cert, Entry};
use crate::lint::certificates::rules::{CI607, CI624, CI625, CI626};
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::CI821;
use crate::lint::model::Object;
use crate::pki::SubjectAltName;
use crate::pki::refusals::{Refusal, RefusalRule as Refused};
use crate::yaml::At;

/// Keys of all certificates that Traefik, httpd and the database read.
pub(in crate::lint) const KEYS: [&str; 9] = [
    "tls.ca",
    "ca.crt",
    "tls.crt",
    chart::CA_CERT,
    chart::HTTPD_CERT,
    chart::DATABASE_CA_CERT,
    chart::DATABASE_CERT,
    chart::MAIL_CERT,
    chart::MAIL_CA_CERT,
];

/// Makes the finding for a name that the CA may not sign.
pub(in crate::lint) fn outside_constraints(object: &Object<'_>, entry: &Entry) -> Finding {
    let names = entry
        .certificates
        .first()
        .map(|cert| cert.details.subject_alt_names.join(", "))
        .unwrap_or_default();
    let message = format!("not all of {names} are within what its CA may sign");
    object.finding(&CI607, entry.at, &entry.field(), message)
}

/// Makes the findings for what is wrong with a certificate wherever clients of Traefik, httpd or the database meet it.
pub(in crate::lint) fn unusable(
    object: &Object<'_>,
    entry: &Entry,
    cert: &Cert,
    refusals: &[Refusal],
    findings: &mut Vec<Finding>,
) {
    let mut find = |rule, message: String| {
        findings.push(object.finding(rule, entry.at, &entry.field(), message));
    };
    let name = cert.name();
    let mut missing = Vec::new();
    for Refusal { rule, what, by, .. } in refusals {
        match rule {
            Refused::NegativeSerial
            | Refused::RepeatedExtension
            | Refused::UnknownCritical
            | Refused::TwoAlgorithms
            | Refused::NotForSigning => {
                find(&CI624, format!("`{name}` {what}: {by} refuse it"));
            }
            Refused::AuthorityNotForServers => find(&CI625, format!("`{name}` {what}")),
            Refused::ZeroSerial
            | Refused::OldVersion
            | Refused::UncriticalConstraints
            | Refused::NoKeyUsage
            | Refused::NamelessAuthority
            | Refused::NoSubjectKeyId
            | Refused::UncriticalNames
            | Refused::NoAuthorityKeyId => missing.push(what.as_str()),
            // Found with rules of their own.
            Refused::WeakSignature
            | Refused::WeakKey
            | Refused::NoAuthority
            | Refused::NotForServers
            | Refused::AuthorityAsServer
            | Refused::NoNames => {}
        }
    }
    if !missing.is_empty() {
        find(&CI626, format!("`{name}` {}", missing.join(", and ")));
    }
}

/// Finds a host that none of the certificates covers which a gateway shows; without any nothing is known.
pub(in crate::lint) fn not_covered(
    object: &Object<'_>,
    host: &str,
    shown: &[&Cert],
    (at, field): (At, String),
) -> Option<Finding> {
    let name = SubjectAltName::parse(host).ok()?;
    if shown.is_empty() || shown.iter().any(|cert| cert.details.covers(&name)) {
        return None;
    }
    let names = names_of(shown);
    let message = format!("`{host}` is not covered: the certificate is for {names}");
    Some(object.finding(&CI821, at, &field, message))
}

/// Lists the names of certificates for a message.
pub(in crate::lint) fn names_of(certificates: &[&Cert]) -> String {
    let names: Vec<&str> = certificates
        .iter()
        .flat_map(|cert| &cert.details.subject_alt_names)
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        return "no name at all".to_owned();
    }
    names.join(", ")
}
