//! The text format of Prometheus (its exposition formats, version 0.0.4), with the
//! names and labels of enix/x509-certificate-exporter 4 (`docs/metrics.md`), so that its alerts and dashboards work.
//!
//! A label without a value is left out, which Prometheus takes for an empty one. Certificates whose labels are all
//! equal are told apart by `discriminator`, as there.

use super::report::Report;
use super::row::Row;
use crate::find::{ObjectKind, Origin};
use crate::visible;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Name, meaning and value of one metric.
type Metric = (&'static str, &'static str, fn(&Row, &Report) -> i64);

const METRICS: [Metric; 5] = [
    (
        "x509_cert_not_before",
        "Start of the validity, in seconds since 1970.",
        |row, _| row.details.validity.not_before.unix_timestamp(),
    ),
    (
        "x509_cert_not_after",
        "End of the validity, in seconds since 1970.",
        |row, _| row.details.validity.not_after.unix_timestamp(),
    ),
    (
        "x509_cert_expired",
        "1 when the end is past, else 0.",
        |row, report| i64::from(report.now > row.details.validity.not_after),
    ),
    (
        "x509_cert_expires_in_seconds",
        "Seconds until the end; negative once that is past.",
        |row, report| (row.details.validity.not_after - report.now).whole_seconds(),
    ),
    (
        "x509_cert_valid_since_seconds",
        "Seconds since the start; negative while that is in the future.",
        |row, report| (report.now - row.details.validity.not_before).whole_seconds(),
    ),
];

pub(super) fn write(report: &Report) -> String {
    let mut series: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &report.rows {
        for origin in &row.origins {
            let same = series.entry(labels(row, origin)).or_default();
            // One object in two files is one object.
            if !same.iter().any(|known| std::ptr::eq(*known, row)) {
                same.push(row);
            }
        }
    }
    let mut out = String::new();
    for (name, help, value) in METRICS {
        head(&mut out, name, help);
        for (labels, rows) in &series {
            for row in rows {
                let discriminator = if rows.len() > 1 {
                    format!(",discriminator=\"{}\"", row.details.sha256.short())
                } else {
                    String::new()
                };
                let value = value(row, report);
                line(
                    &mut out,
                    &format!("{name}{{{labels}{discriminator}}} {value}"),
                );
            }
        }
    }
    live(&mut out, report);
    let help = "Values that looked like certificates and could not be read.";
    head(&mut out, "x509_read_errors", help);
    line(&mut out, &format!("x509_read_errors {}", report.damaged));
    out
}

/// Writes what is wrong with what live hosts show; one that is good has none of these.
fn live(out: &mut String, report: &Report) {
    if !report.rows.iter().any(Row::is_live) {
        return;
    }
    let help =
        "1 for a live host that shows a certificate for another name, or without its intermediate.";
    head(out, "civi_ingress_live_fault", help);
    for row in &report.rows {
        for (place, fault) in &row.live_faults {
            let labels = labels(row, &row.origins[*place]);
            let fault = fault.as_str().replace(' ', "_");
            line(
                out,
                &format!("civi_ingress_live_fault{{{labels},fault=\"{fault}\"}} 1"),
            );
        }
    }
}

fn head(out: &mut String, name: &str, help: &str) {
    line(out, &format!("# HELP {name} {help}"));
    line(out, &format!("# TYPE {name} gauge"));
}

fn line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn labels(row: &Row, origin: &Origin) -> String {
    let details = &row.details;
    let common_name = |name: &Option<String>| name.clone().unwrap_or_default();
    let mut labels = vec![
        ("serial_number", details.serial_decimal()),
        ("subject_CN", common_name(&details.common_name)),
        ("issuer_CN", common_name(&details.issuer_common_name)),
    ];
    match origin {
        Origin::Object(object) => {
            let [namespace, name, key] = match object.kind {
                ObjectKind::Secret | ObjectKind::SealedSecret | ObjectKind::Announced => {
                    ["secret_namespace", "secret_name", "secret_key"]
                }
                ObjectKind::ConfigMap => ["configmap_namespace", "configmap_name", "configmap_key"],
            };
            labels.push((namespace, object.namespace.clone().unwrap_or_default()));
            labels.push((name, object.name.clone()));
            labels.push((key, object.key.clone()));
        }
        Origin::File { path, .. } => {
            let name = path.rsplit('/').next().unwrap_or_default();
            labels.push(("filename", name.to_owned()));
            labels.push(("filepath", path.clone()));
        }
        Origin::Endpoint { host, at, .. } => {
            labels.push(("endpoint", host.clone()));
            labels.push(("address", at.clone().unwrap_or_default()));
        }
    }
    let mut text = String::new();
    for (name, value) in labels.into_iter().filter(|(_, value)| !value.is_empty()) {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}{name}=\"{}\"", escaped(&value))
            .expect("writing to a String cannot fail");
    }
    text
}

/// Writes a label's value as the text format has it, of what can be shown; it has a notation of its own for line ends.
fn escaped(value: &str) -> String {
    let lines: Vec<String> = value
        .split('\n')
        .map(|line| {
            visible::line(line)
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
        })
        .collect();
    lines.join("\\n")
}
