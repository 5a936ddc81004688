//! Annotations of GitHub Actions (workflow commands `error`, `warning`, `notice`).

use super::Report;
use crate::lint::rule::Severity;
use crate::lint::source::Source;
use crate::visible::line;
use std::fmt::Write as _;

/// Writes the findings from `level` on, one line each.
#[must_use]
pub fn annotations(report: &Report, sources: &[Source], level: Severity) -> String {
    let mut out = String::new();
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.severity >= level)
    {
        let command = match finding.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let place = if finding.at.line > 0 {
            format!(",line={},col={}", finding.at.line, finding.at.column)
        } else {
            String::new()
        };
        let text = format!(
            "{}\nIn production: {}\nHelp: {}",
            line(&finding.message),
            line(finding.consequence()),
            line(finding.help())
        );
        writeln!(
            out,
            "::{command} file={}{place},title={}::{}",
            property(&line(finding.file_name(sources))),
            property(finding.rule.code),
            data(&text)
        )
        .expect("writing to a String cannot fail");
    }
    out
}

/// What is behind the second `::` (`toolkit/packages/core/src/command.ts`, `escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What is behind a `=` (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
