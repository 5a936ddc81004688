//! What was read and how much was found, in a line each.

use super::Report;
use crate::lint::model::{ChartFrom, ChartKnowledge};
use crate::lint::model::{Knowledge, KnownFrom};
use crate::lint::rule::Severity;
use crate::lint::source::Source;

/// Most releases, and most charts, that a line lists.
const LISTED: usize = 3;

/// Returns what was read: how many objects and values files, for which Traefik and which charts, and how these are known.
#[must_use]
pub fn what_was_read(report: &Report, sources: &[Source]) -> String {
    let configuration = report.configuration.as_deref().unwrap_or_default();
    let mut read = count(report.objects, "object");
    if report.values > 0 {
        read = format!("{read} and {}", count(report.values, "values file"));
    }
    let releases = report
        .releases
        .iter()
        .map(|known| release(known, sources, configuration));
    let mut readers = vec![format!("Traefik {}", listed(releases))];
    let charts = charts(&report.charts, sources, configuration);
    if !charts.is_empty() {
        let chart = if charts.len() == 1 { "chart" } else { "charts" };
        readers.push(format!("{chart} {}", listed(charts.into_iter())));
    }
    let by = match &report.configuration {
        Some(file) => format!(", by {file}"),
        None => String::new(),
    };
    format!(
        "read {read} in {}{by}, for {}",
        count(sources.len(), "file"),
        readers.join(" and ")
    )
}

/// Counts what was found.
#[must_use]
pub fn what_was_found(report: &Report) -> String {
    let mut parts = vec![
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
    ];
    for (number, what) in [
        (report.suppressed, "suppressed"),
        (report.accepted, "accepted"),
        (report.ignored, "ignored"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    parts.join(", ")
}

fn count(number: usize, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {what}{end}")
}

fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(LISTED);
    let mut shown: Vec<String> = all.take(LISTED).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

fn name(file: Option<usize>, sources: &[Source]) -> &str {
    let source = file.and_then(|file| sources.get(file));
    source.map_or("", |source| &source.name)
}

fn release(known: &Knowledge, sources: &[Source], configuration: &str) -> String {
    let file = name(known.file, sources);
    let how = match known.from {
        KnownFrom::Option => "--traefik".to_owned(),
        KnownFrom::Configuration => configuration.to_owned(),
        KnownFrom::Image => format!("by the image in {file}"),
        KnownFrom::Fields => format!("by the fields in {file}"),
        KnownFrom::Default => "assumed".to_owned(),
    };
    format!("{} ({how})", known.release)
}

/// Returns each chart once, with the files that name it.
fn charts(known: &[ChartKnowledge], sources: &[Source], configuration: &str) -> Vec<String> {
    let mut groups: Vec<(ChartKnowledge, usize)> = Vec::new();
    for new in known {
        let same = |(first, _): &&mut (ChartKnowledge, usize)| {
            (first.chart, first.from) == (new.chart, new.from)
        };
        match groups.iter_mut().find(same) {
            Some((_, more)) => *more += 1,
            None => groups.push((*new, 0)),
        }
    }
    let group = |(first, more): (ChartKnowledge, usize)| {
        let mut file = name(Some(first.file), sources).to_owned();
        if more > 0 {
            file = format!("{file} and {more} more");
        }
        let how = match first.from {
            ChartFrom::Option => "--chart".to_owned(),
            ChartFrom::Configuration => configuration.to_owned(),
            ChartFrom::Release => format!("by the release in {file}"),
            ChartFrom::Keys => format!("by the keys in {file}"),
            ChartFrom::Default => "assumed".to_owned(),
        };
        format!("{} ({how})", first.chart)
    };
    groups.into_iter().map(group).collect()
}
