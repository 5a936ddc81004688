//! JSON for programs. `version` changes when a field goes or means something else; new fields may come at any time.

use super::{Instance, Leg, Report, Row, Trust, Urgency};
use crate::find::Origin;
use crate::pki::validity::format_instant;
use serde::Serialize;

/// The version of the schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    now: String,
    counts: Counts,
    damaged: usize,
    certificates: Vec<CertificateEntry<'a>>,
    instances: Vec<InstanceEntry<'a>>,
}

/// Certificates of each state.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    expired: usize,
    not_yet_valid: usize,
    due: usize,
    soon: usize,
    fine: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateEntry<'a> {
    state: &'static str,
    days_left: i64,
    not_before: String,
    not_after: String,
    renewal_due: String,
    subject: &'a str,
    common_name: Option<&'a str>,
    subject_alt_names: &'a [String],
    issuer: &'a str,
    is_ca: bool,
    serial: &'a str,
    sha256: &'a str,
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "kind")]
enum Place<'a> {
    #[serde(rename_all = "camelCase")]
    File { path: &'a str, number: usize },
    #[serde(rename_all = "camelCase")]
    Endpoint { address: &'a str, number: usize },
    #[serde(untagged)]
    Object {
        kind: &'static str,
        namespace: Option<&'a str>,
        name: &'a str,
        key: &'a str,
        number: usize,
        file: &'a str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceEntry<'a> {
    namespace: Option<&'a str>,
    hosts: &'a [String],
    state: Option<&'static str>,
    legs: Vec<LegEntry<'a>>,
}

/// Certificates are named by their SHA-256.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LegEntry<'a> {
    from: &'static str,
    to: &'static str,
    name: &'a str,
    certificate: Option<&'a str>,
    trust: Vec<&'a str>,
    verdict: &'static str,
}

pub(super) fn write(report: &Report) -> String {
    let [expired, not_yet_valid, due, soon, fine] =
        Urgency::ALL.map(|urgency| report.count(urgency));
    let document = Document {
        version: VERSION,
        now: format_instant(report.now),
        counts: Counts {
            expired,
            not_yet_valid,
            due,
            soon,
            fine,
        },
        damaged: report.damaged,
        certificates: report.rows.iter().map(certificate).collect(),
        instances: report
            .instances
            .iter()
            .map(|entry| instance(entry, &report.rows))
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("plain data can be written");
    text.push('\n');
    text
}

fn key(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::NotYetValid => "notYetValid",
        other => other.as_str(),
    }
}

fn certificate(row: &Row) -> CertificateEntry<'_> {
    let details = &row.details;
    CertificateEntry {
        state: key(row.urgency),
        days_left: row.days_left,
        not_before: format_instant(details.validity.not_before),
        not_after: format_instant(details.validity.not_after),
        renewal_due: format_instant(details.validity.due_at()),
        subject: &details.subject,
        common_name: details.common_name.as_deref(),
        subject_alt_names: &details.subject_alt_names,
        issuer: &details.issuer,
        is_ca: details.is_ca,
        serial: &details.serial,
        sha256: &details.sha256,
        places: row.origins.iter().map(place).collect(),
    }
}

fn place(origin: &Origin) -> Place<'_> {
    match origin {
        Origin::File { path, number } => Place::File {
            path,
            number: *number,
        },
        Origin::Endpoint { address, number } => Place::Endpoint {
            address,
            number: *number,
        },
        Origin::Object(object) => Place::Object {
            kind: object.kind.as_str(),
            namespace: object.namespace.as_deref(),
            name: &object.name,
            key: &object.key,
            number: object.number,
            file: &object.file,
        },
    }
}

fn instance<'a>(instance: &'a Instance, rows: &'a [Row]) -> InstanceEntry<'a> {
    let leg = |from, to, leg: &'a Leg| LegEntry {
        from,
        to,
        name: &leg.name,
        certificate: leg.certificate.map(|row| rows[row].details.sha256.as_str()),
        trust: leg
            .trust
            .iter()
            .map(|row| rows[*row].details.sha256.as_str())
            .collect(),
        verdict: match leg.verdict {
            Trust::Unknown => "unknown",
            Trust::Signed => "signed",
            Trust::NotSigned => "notSigned",
            Trust::OtherName => "otherName",
        },
    };
    let mut legs = vec![
        leg("browser", "traefik", &instance.browser),
        leg("traefik", "httpd", &instance.backend),
    ];
    legs.extend(
        instance
            .database
            .as_ref()
            .map(|database| leg("httpd", "database", database)),
    );
    InstanceEntry {
        namespace: instance.namespace.as_deref(),
        hosts: &instance.hosts,
        state: instance.urgency.map(key),
        legs,
    }
}
