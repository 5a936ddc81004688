//! SARIF 2.1.0 (OASIS standard, March 2020), which code forges show beside the lines.

use super::Report;
use crate::lint::finding::Finding;
use crate::lint::rule::Severity;
use crate::lint::rules::ALL;
use crate::lint::source::Source;
use crate::report;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: &'static str,
    short_description: Message<'static>,
    full_description: Message<'static>,
    help: Message<'static>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct SarifText {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: SarifText,
    locations: [Location<'a>; 1],
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "civiIngress/v1")]
    first: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    name: &'a str,
    fully_qualified_name: String,
}

/// Writes the findings from `level` on.
#[must_use]
pub fn sarif(report: &Report, sources: &[Source], level: Severity) -> String {
    let rules = ALL.iter().map(|rule| Descriptor {
        id: rule.code,
        name: rule.name,
        short_description: Message { text: rule.title },
        full_description: Message {
            text: rule.consequence,
        },
        help: Message { text: rule.help },
        default_configuration: Configuration {
            level: name(rule.severity),
        },
    });
    let shown = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= level);
    report::json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [SarifRun {
            tool: Tool {
                driver: Driver {
                    name: "civi-ingress",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: rules.collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: shown.map(|finding| outcome(finding, sources)).collect(),
        }],
    })
}

/// Returns the level of a severity (section 3.27.10).
fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn outcome<'a>(finding: &'a Finding, sources: &[Source]) -> Outcome<'a> {
    let file = finding.file_name(sources);
    let object = finding.object.as_ref().map(ToString::to_string);
    let first = format!(
        "{} {} {}",
        finding.rule.code,
        object.as_deref().unwrap_or(file),
        finding.field
    );
    let text = format!(
        "{}. In production: {} {}",
        finding.message,
        finding.consequence(),
        finding.help()
    );
    let logical = finding.object.as_ref().map(|object| Logical {
        name: &object.name,
        fully_qualified_name: format!("{object} {}", finding.field).trim_end().to_owned(),
    });
    Outcome {
        rule_id: finding.rule.code,
        rule_index: ALL
            .iter()
            .position(|rule| *rule == finding.rule)
            .unwrap_or_default(),
        level: name(finding.severity),
        message: SarifText { text },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact { uri: uri(file) },
                region: (finding.at.line > 0).then_some(Region {
                    start_line: finding.at.line,
                    start_column: finding.at.column,
                }),
            },
            logical_locations: logical.into_iter().collect(),
        }],
        partial_fingerprints: Fingerprints { first },
    }
}

/// What a file's path has unescaped besides letters and digits.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Writes a path as a relative or `file:` URI (RFC 3986).
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let path = path.strip_prefix("./").unwrap_or(path);
    format!("{scheme}{}", utf8_percent_encode(path, IN_PATHS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a/b c.yaml"), "a/b%20c.yaml");
        assert_eq!(uri("./é:1.yaml"), "%C3%A9%3A1.yaml");
        assert_eq!(uri("/x.yaml"), "file:///x.yaml");
    }
}
