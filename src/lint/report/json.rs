//! For programs.

use super::Report;
use crate::lint::finding::{Finding, Identity};
use crate::lint::model::ChartFrom;
use crate::lint::model::KnownFrom;
use crate::lint::rule::Severity;
use crate::lint::source::Source;
use crate::report;
use serde::Serialize;

/// The form of the report. A new field does not change it; a field that goes or means something else does.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lint"))]
pub(crate) struct Document<'a> {
    version: u32,
    /// The configuration file that was used.
    configuration: Option<&'a str>,
    traefik: Traefik,
    /// Which Traefiks were assumed, each once: clusters may have one each.
    releases: Vec<ReleaseRow<'a>>,
    /// Which chart each values file was read for.
    charts: Vec<ChartRow<'a>>,
    files: usize,
    documents: usize,
    objects: usize,
    /// Values files of known charts, and values that objects carry.
    values: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    suppressed: usize,
    accepted: usize,
    /// Findings of rules that the configuration file ignores.
    ignored: usize,
    findings: Vec<FindingRow<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintTraefik"))]
struct Traefik {
    release: String,
    /// `option`, `configuration`, `image`, `fields`, `default`.
    from: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintRelease"))]
struct ReleaseRow<'a> {
    release: String,
    /// `option`, `configuration`, `image`, `fields`, `default`.
    from: &'static str,
    /// The file that says so; nothing if it is given or assumed.
    file: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintChart"))]
struct ChartRow<'a> {
    chart: u8,
    /// `option`, `configuration`, `release`, `keys`, `default`.
    from: &'static str,
    /// The file with the values.
    file: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintFinding"))]
struct FindingRow<'a> {
    code: &'static str,
    /// The name of the rule, which stands for it as its code does.
    name: &'static str,
    severity: &'static str,
    title: &'static str,
    message: &'a str,
    file: &'a str,
    /// From 1; nothing if only the file is known.
    line: Option<u64>,
    /// From 1, in characters.
    column: Option<u64>,
    /// The document's number in its file, from 1.
    document: Option<usize>,
    object: Option<Object<'a>>,
    field: &'a str,
    consequence: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintObject"))]
struct Object<'a> {
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

/// Writes the findings from `level` on.
#[must_use]
pub fn json(report: &Report, sources: &[Source], level: Severity) -> String {
    let name = |file: usize| sources.get(file).map_or("", |source| &*source.name);
    let shown = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= level);
    report::json(&Document {
        version: VERSION,
        configuration: report.configuration.as_deref(),
        traefik: Traefik {
            release: report.traefik.release.to_string(),
            from: known_from(report.traefik.from),
        },
        releases: report
            .releases
            .iter()
            .map(|known| ReleaseRow {
                release: known.release.to_string(),
                from: known_from(known.from),
                file: known.file.map(name),
            })
            .collect(),
        charts: report
            .charts
            .iter()
            .map(|known| ChartRow {
                chart: known.chart.number(),
                from: chart_from(known.from),
                file: name(known.file),
            })
            .collect(),
        files: sources.len(),
        documents: report.documents,
        objects: report.objects,
        values: report.values,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
        suppressed: report.suppressed,
        accepted: report.accepted,
        ignored: report.ignored,
        findings: shown.map(|finding| row(finding, sources)).collect(),
    })
}

fn known_from(from: KnownFrom) -> &'static str {
    match from {
        KnownFrom::Option => "option",
        KnownFrom::Configuration => "configuration",
        KnownFrom::Image => "image",
        KnownFrom::Fields => "fields",
        KnownFrom::Default => "default",
    }
}

fn chart_from(from: ChartFrom) -> &'static str {
    match from {
        ChartFrom::Option => "option",
        ChartFrom::Configuration => "configuration",
        ChartFrom::Release => "release",
        ChartFrom::Keys => "keys",
        ChartFrom::Default => "default",
    }
}

fn row<'a>(finding: &'a Finding, sources: &'a [Source]) -> FindingRow<'a> {
    let has_place = finding.at.line > 0;
    FindingRow {
        code: finding.rule.code,
        name: finding.rule.name,
        severity: finding.severity.name(),
        title: finding.rule.title,
        message: &finding.message,
        file: finding.file_name(sources),
        line: has_place.then_some(finding.at.line.into()),
        column: has_place.then_some(finding.at.column.into()),
        document: (finding.document > 0).then_some(finding.document),
        object: finding.object.as_ref().map(object),
        field: &finding.field,
        consequence: finding.consequence(),
        help: finding.help(),
    }
}

fn object(identity: &Identity) -> Object<'_> {
    Object {
        kind: &identity.kind,
        namespace: Some(identity.namespace.as_str()).filter(|namespace| !namespace.is_empty()),
        name: &identity.name,
    }
}
