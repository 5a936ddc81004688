//! JSON for programs. `version` changes when a field is removed or changes its meaning; new fields may be added at any time.

use super::live::LiveFault;
use super::path::{InstancePath, JudgedLeg, LegVerdict, Stop};
use super::report::Report;
use super::row::{Row, Urgency};
use crate::find::Origin;
use crate::pki::certificate::Details;
use crate::pki::validity::format_instant;
use crate::report;
use serde::Serialize;

/// The version of the schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "status"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    version: u32,
    now: String,
    counts: Counts,
    damaged: usize,
    certificates: Vec<CertificateEntry<'a>>,
    instances: Vec<InstanceEntry<'a>>,
}

/// Certificates of each state.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "statusCounts"))]
#[serde(rename_all = "camelCase")]
struct Counts {
    expired: usize,
    not_yet_valid: usize,
    due: usize,
    soon: usize,
    fine: usize,
    replaced: usize,
}

#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "statusCertificate")
)]
#[serde(rename_all = "camelCase")]
struct CertificateEntry<'a> {
    state: &'static str,
    days_left: i64,
    not_before: String,
    not_after: String,
    renewal_due: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_failure: Option<&'a str>,
    subject: &'a str,
    common_name: Option<&'a str>,
    subject_alt_names: &'a [String],
    issuer: &'a str,
    is_ca: bool,
    /// Nothing of a certificate that cert-manager announces and that is not at hand.
    serial: Option<&'a str>,
    sha256: Option<String>,
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "statusPlace"))]
#[serde(tag = "kind")]
enum Place<'a> {
    #[serde(rename_all = "camelCase")]
    File { path: &'a str, number: usize },
    #[serde(rename_all = "camelCase")]
    Endpoint {
        /// The host, perhaps with its port.
        address: &'a str,
        /// Where the connection went, if the host was looked at in several places.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<&'a str>,
        number: usize,
        /// What is wrong: `otherName`, `noIntermediate`.
        faults: Vec<&'static str>,
    },
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
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "statusInstance")
)]
#[serde(rename_all = "camelCase")]
struct InstanceEntry<'a> {
    namespace: Option<&'a str>,
    /// The namespace, else the directory or file of its manifests.
    home: &'a str,
    hosts: &'a [String],
    state: Option<&'static str>,
    load_balancer: Option<BalancerEntry<'a>>,
    front: &'static str,
    gateway: Option<&'a str>,
    legs: Vec<LegEntry<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "statusLoadBalancer")
)]
#[serde(rename_all = "camelCase")]
struct BalancerEntry<'a> {
    namespace: Option<&'a str>,
    name: &'a str,
    addresses: &'a [String],
    proxy_protocol: Option<&'a str>,
    ends_tls: bool,
}

/// Certificates are named by their SHA-256.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "statusLeg"))]
#[serde(rename_all = "camelCase")]
struct LegEntry<'a> {
    from: &'static str,
    to: &'static str,
    wire: &'static str,
    name: &'a str,
    certificate: Option<String>,
    trust: Vec<String>,
    verdict: &'static str,
}

pub(super) fn write(report: &Report) -> String {
    let [expired, not_yet_valid, due, soon, fine, replaced] =
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
            replaced,
        },
        damaged: report.damaged,
        certificates: report.rows.iter().map(certificate).collect(),
        instances: report
            .instances
            .iter()
            .map(|entry| instance(entry, &report.rows))
            .collect(),
    };
    report::json(&document)
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
        renewal_due: format_instant(row.due),
        renewed_by: row.renewed_by.as_str(),
        renewal_failure: row.failure.as_deref(),
        subject: &details.subject,
        common_name: details.common_name.as_deref(),
        subject_alt_names: &details.subject_alt_names,
        issuer: &details.issuer,
        is_ca: details.is_ca,
        serial: known(&details.serial),
        sha256: hash(details),
        places: (0..row.origins.len()).map(|at| place(row, at)).collect(),
    }
}

fn place(row: &Row, place: usize) -> Place<'_> {
    match &row.origins[place] {
        Origin::File { path, number } => Place::File {
            path,
            number: *number,
        },
        Origin::Endpoint { host, at, number } => Place::Endpoint {
            address: host,
            at: at.as_deref(),
            number: *number,
            faults: row.faults_at(place).map(LiveFault::key).collect(),
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

fn hash(details: &Details) -> Option<String> {
    let sha256 = details.sha256;
    sha256.is_known().then(|| sha256.to_string())
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn instance<'a>(instance: &'a InstancePath, rows: &'a [Row]) -> InstanceEntry<'a> {
    let word = |stop| match stop {
        Stop::Browser => "browser",
        Stop::Balancer => "balancer",
        Stop::Front => instance.front.kind.as_str(),
        Stop::Httpd => "httpd",
        Stop::Database => "database",
    };
    let hash = |row: usize| hash(&rows[row].details);
    let leg = |(from, to, leg): (Stop, Stop, &'a JudgedLeg)| LegEntry {
        from: word(from),
        to: word(to),
        wire: leg.wire.as_str(),
        name: &leg.name,
        certificate: leg.certificate.and_then(hash),
        trust: leg.trust.iter().filter_map(|row| hash(*row)).collect(),
        verdict: match leg.verdict {
            LegVerdict::Unknown => "unknown",
            LegVerdict::Signed => "signed",
            LegVerdict::NotSigned => "notSigned",
            LegVerdict::OtherName => "otherName",
            LegVerdict::Unchecked => "unchecked",
        },
    };
    let balancer = instance.balancer.as_ref().map(|balancer| BalancerEntry {
        namespace: balancer.namespace.as_deref(),
        name: &balancer.name,
        addresses: &balancer.addresses,
        proxy_protocol: balancer.proxy_protocol.as_deref(),
        ends_tls: balancer.ends_tls,
    });
    InstanceEntry {
        namespace: instance.namespace.as_deref(),
        home: &instance.home,
        hosts: &instance.hosts,
        state: instance.urgency.map(key),
        load_balancer: balancer,
        front: instance.front.kind.as_str(),
        gateway: instance.front.gateway.as_deref(),
        legs: instance.legs().into_iter().map(leg).collect(),
    }
}
