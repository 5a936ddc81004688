//! For people: the finding, the line it is on, what would happen, and what to do.

use super::Report;
use crate::lint::documents::rules::CI009;
use crate::lint::finding::Finding;
use crate::lint::rule::Severity;
use crate::lint::source::{CUT, LINE_LIMIT, Source};
use crate::tone::{Paint, Tone};
use crate::visible::{in_columns, line, may_hold_key};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Writes the findings from `level` on.
#[must_use]
pub fn text(report: &Report, sources: &[Source], level: Severity, paint: Paint<'_>) -> String {
    let mut out = String::new();
    let mut lines = Lines::of(sources);
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.severity >= level)
    {
        if !out.is_empty() {
            out.push('\n');
        }
        one(finding, sources, &mut lines, paint, &mut out);
    }
    out
}

/// Adds one finding.
pub(super) fn one(
    finding: &Finding,
    sources: &[Source],
    lines: &mut Lines<'_>,
    paint: Paint<'_>,
    out: &mut String,
) {
    let mut place = line(finding.file_name(sources)).into_owned();
    if finding.at.line > 0 {
        write!(place, ":{}:{}", finding.at.line, finding.at.column)
            .expect("writing to a String cannot fail");
    }
    let mut whose = Vec::new();
    if finding.document > 0 {
        whose.push(format!("document {}", finding.document));
    }
    whose.extend(finding.object.as_ref().map(ToString::to_string));
    if !finding.field.is_empty() {
        whose.push(finding.field.clone());
    }
    let whose = whose.join(", ");
    let whose = line(&whose);
    let whose = if whose.is_empty() {
        String::new()
    } else {
        format!(" ({whose})")
    };
    let mut add = |line: String| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    add(format!(
        "{}: {}",
        paint(
            finding.severity.tone(),
            &format!("{}[{}]", finding.severity, finding.rule.code)
        ),
        line(&finding.message)
    ));
    let width = finding.at.line.to_string().len();
    let margin = " ".repeat(width);
    add(format!(
        "{margin}{} {place}{whose}",
        paint(Tone::Quiet, "-->")
    ));
    if let Some((shown, column)) = lines.excerpt(finding) {
        add(format!("{margin} |"));
        add(format!("{} | {shown}", finding.at.line));
        let caret = paint(finding.severity.tone(), "^");
        add(format!("{margin} | {}{caret}", " ".repeat(column)));
    }
    add(format!(
        "{margin} = {} {}",
        paint(Tone::Heading, "in production:"),
        line(finding.consequence())
    ));
    let help = paint(Tone::Note, "help:");
    add(format!("{margin} = {help} {}", line(finding.help())));
}

/// The lines of the sources; where they begin is looked up once a source.
pub(super) struct Lines<'a> {
    sources: &'a [Source],
    starts: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(sources: &'a [Source]) -> Self {
        Self {
            sources,
            starts: BTreeMap::new(),
        }
    }

    /// Returns the line of a finding and the column to point at, from 0.
    ///
    /// Of data of a Secret only the key is shown, and nothing of a long line: it may hold the whole of a key.
    fn excerpt(&mut self, finding: &Finding) -> Option<(String, usize)> {
        // What is where a document is broken may be data too.
        if finding.rule == &CI009 {
            return None;
        }
        let text = &self.sources.get(finding.file)?.text;
        let starts = self.starts.entry(finding.file).or_insert_with(|| {
            std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect()
        });
        let number = usize::try_from(finding.at.line).ok()?.checked_sub(1)?;
        let line = text[*starts.get(number)?..].lines().next()?;
        let column = usize::try_from(finding.at.column).ok()?.checked_sub(1)?;
        let kind = finding
            .object
            .as_ref()
            .map_or("", |object| object.kind.as_str());
        let is_data = kind == "SealedSecret" || kind == "Secret" || kind == "SecretList";
        let line = if is_data {
            // As far as the key goes; flow style shows nothing.
            let (key, _) = line
                .split_once(':')
                .filter(|(key, _)| !key.contains(['{', '[']))?;
            let is_plain = finding.field.starts_with("metadata.") || finding.field.is_empty();
            if is_plain {
                line.to_owned()
            } else {
                format!("{key}: …")
            }
        } else {
            line.to_owned()
        };
        let count = line.chars().count();
        if line.ends_with(CUT) || count > LINE_LIMIT || may_hold_key(&line) {
            return None;
        }
        Some((in_columns(&line), column.min(count)))
    }
}
