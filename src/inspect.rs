//! Shows what certificates say, wherever [`find`] finds them.

use crate::fault::{Fault, Faults};
use crate::find;
use crate::pki;
use crate::pki::certificate::Details;
use crate::pki::pkcs12::Password;
use crate::pki::validity::format_instant;
use crate::report;
use crate::tone::{Paint, Tone};
use crate::visible::line;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use time::OffsetDateTime;

/// A certificate and where it was found.
#[derive(Debug)]
pub struct FoundDetails {
    /// File, and in a manifest the object and its data key.
    pub place: String,
    /// What it says.
    pub details: Details,
    /// The certificate itself.
    pub certificate: pki::Certificate,
}

/// Finds all certificates of a file: PEM blocks, one in DER, those of PKCS#12, which `password` opens, or objects in YAML
/// or JSON manifests.
///
/// # Errors
/// A file without any certificate, or with a damaged one.
pub fn read(
    bytes: impl AsRef<[u8]>,
    file: &str,
    password: Option<&Password>,
) -> Result<Vec<FoundDetails>, Vec<Fault>> {
    let mut faults = Faults::default();
    let found = find::certificates(bytes.as_ref(), file, password)?;
    let findings = found.into_iter().filter_map(|found| {
        let place = found.origin.to_string();
        let details = found
            .certificate
            .details()
            .map_err(|fault| fault.file(&place));
        let details = faults.keep(details)?;
        let certificate = found.certificate;
        Some(FoundDetails {
            place,
            details,
            certificate,
        })
    });
    let findings = findings.collect();
    faults.finish(Some(findings))
}

/// Writes findings for a person.
#[must_use]
pub fn as_text(findings: &[FoundDetails], now: OffsetDateTime, paint: Paint<'_>) -> String {
    let mut out = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let FoundDetails { place, details, .. } = finding;
        if index > 0 {
            out.push('\n');
        }
        let validity = details.validity;
        let (tone, state) = if details.is_valid_at(now) {
            let days = (validity.not_after - now).whole_days();
            if now >= validity.due_at() {
                (Tone::Warning, format!("{days} days left, renewal due"))
            } else {
                (Tone::Good, format!("{days} days left"))
            }
        } else if now > validity.not_after {
            (Tone::Bad, "EXPIRED".to_owned())
        } else {
            (Tone::Warning, "not valid yet".to_owned())
        };
        let path_len = details
            .path_len
            .map_or(String::new(), |length| format!(", path length {length}"));
        let key = match details.weak_key {
            Some(why) => format!("{} (weak: {why})", details.key),
            None => details.key.to_string(),
        };
        let published = details
            .published_as
            .map(|name| format!("PUBLISHED on the internet as `{name}`"));
        let lines = [
            ("subject", some(&details.subject)),
            ("issuer", some(&details.issuer)),
            (
                "kind",
                Some(if details.is_ca {
                    format!("CA{path_len}")
                } else {
                    "leaf".to_owned()
                }),
            ),
            (
                "subject alternative names",
                some(&details.subject_alt_names.join(", ")),
            ),
            ("not before", Some(format_instant(validity.not_before))),
            (
                "not after",
                Some(format!("{} ({state})", format_instant(validity.not_after))),
            ),
            ("key", Some(key)),
            ("private key", published),
            ("signature", Some(details.signature_algorithm.to_owned())),
            (
                "key usage",
                details.key_usages.as_ref().map(|usages| usages.join(", ")),
            ),
            (
                "extended key usage",
                details
                    .extended_key_usages
                    .as_ref()
                    .map(|usages| usages.join(", ")),
            ),
            (
                "permitted names",
                details.permitted.as_ref().map(|names| names.join(", ")),
            ),
            ("excluded names", some(&details.excluded.join(", "))),
            ("serial", Some(details.serial.clone())),
            ("subject key id", details.subject_key_id.clone()),
            ("authority key id", details.authority_key_id.clone()),
            ("SHA-256", Some(details.sha256.to_string())),
            ("key SHA-256", Some(details.key_sha256.to_string())),
        ];
        out.push_str(&paint(Tone::Heading, &line(place)));
        out.push('\n');
        for (label, value) in lines {
            if let Some(value) = value {
                let value = match label {
                    "not after" => line(&value).replace(&state, &paint(tone, &state)),
                    _ => line(&value).into_owned(),
                };
                writeln!(out, "  {:<27}{value}", format!("{label}:"))
                    .expect("writing to a String cannot fail");
            }
        }
    }
    out
}

/// Writes the certificates as PEM, each once, in the order in which they were found.
#[must_use]
pub fn as_pem(findings: &[FoundDetails]) -> String {
    let mut seen = BTreeSet::new();
    let certificates = findings.iter().map(|finding| &finding.certificate);
    let once = certificates.filter(|certificate| seen.insert(certificate.der().to_vec()));
    once.map(pki::Certificate::pem).collect()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Version of the report; it changes when a field is removed or changes its meaning.
const VERSION: u32 = 1;

/// The report of `inspect`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "inspect"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    /// Version of the report.
    version: u32,
    /// The present of the run (RFC 3339).
    now: String,
    /// The certificates, in the order in which they were found.
    certificates: Vec<InspectedCertificate<'a>>,
}

/// A certificate.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "inspectCertificate")
)]
#[serde(rename_all = "camelCase")]
struct InspectedCertificate<'a> {
    place: &'a str,
    subject: &'a str,
    common_name: Option<&'a str>,
    issuer: &'a str,
    serial: &'a str,
    version: u32,
    is_ca: bool,
    path_len: Option<u32>,
    subject_alt_names: &'a [String],
    not_before: String,
    not_after: String,
    renewal_due: String,
    valid: bool,
    key: &'a str,
    weak_key: Option<&'a str>,
    published_as: Option<&'a str>,
    signature_algorithm: &'a str,
    key_usages: Option<&'a [&'static str]>,
    extended_key_usages: Option<&'a [Cow<'static, str>]>,
    permitted_names: Option<&'a [String]>,
    excluded_names: &'a [String],
    subject_key_id: Option<&'a str>,
    authority_key_id: Option<&'a str>,
    sha256: String,
    key_sha256: String,
}

/// Writes findings as JSON for programs.
#[must_use]
pub fn as_json(findings: &[FoundDetails], now: OffsetDateTime) -> String {
    let certificates = findings
        .iter()
        .map(|FoundDetails { place, details, .. }| InspectedCertificate {
            place,
            subject: &details.subject,
            common_name: details.common_name.as_deref(),
            issuer: &details.issuer,
            serial: &details.serial,
            version: details.version,
            is_ca: details.is_ca,
            path_len: details.path_len,
            subject_alt_names: &details.subject_alt_names,
            not_before: format_instant(details.validity.not_before),
            not_after: format_instant(details.validity.not_after),
            renewal_due: format_instant(details.validity.due_at()),
            valid: details.is_valid_at(now),
            key: &details.key,
            weak_key: details.weak_key,
            published_as: details.published_as,
            signature_algorithm: details.signature_algorithm,
            key_usages: details.key_usages.as_deref(),
            extended_key_usages: details.extended_key_usages.as_deref(),
            permitted_names: details.permitted.as_deref(),
            excluded_names: &details.excluded,
            subject_key_id: details.subject_key_id.as_deref(),
            authority_key_id: details.authority_key_id.as_deref(),
            sha256: details.sha256.to_string(),
            key_sha256: details.key_sha256.to_string(),
        })
        .collect();
    report::json(&Document {
        version: VERSION,
        now: format_instant(now),
        certificates,
    })
}
