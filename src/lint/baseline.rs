//! What was found before and is accepted for now: a file of findings that no longer count.
//!
//! A finding is known again by its rule, its object (without one: its file) and its field, not by its line.

use super::report::Report;
use super::rules;
use super::source::Source;
use crate::fault::{Fault, Place};
use crate::lint::documents::rules::CI009;
use crate::lint::rule::Severity;
use crate::report;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of the file.
const VERSION: u32 = 1;

/// A baseline that was read.
#[derive(Debug, Default)]
pub struct Baseline {
    entries: Vec<BaselineEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineEntry {
    /// The code of its rule; its name is read too.
    code: String,
    /// The object, such as `Secret paroisse-a/externca`, else the file.
    of: String,
    field: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    findings: Vec<BaselineEntry>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What [`write()`] did not write.
    pub fn parse(text: &str, file: &str) -> Result<Self, Fault> {
        let refused =
            |what: String| Fault::new(what).help("write it again with `--write-baseline`");
        let read: BaselineFile = serde_json::from_str(text).map_err(|error| {
            refused("the text is not a baseline".to_owned()).at(Place::Position {
                file: file.to_owned(),
                line: error.line() as u64,
                column: error.column() as u64,
            })
        })?;
        if read.version != VERSION {
            let what = format!("baseline version {} is unknown", read.version);
            return Err(refused(what).file(file));
        }
        let mut entries = read.findings;
        for entry in &mut entries {
            if let Some(rule) = rules::find(&entry.code) {
                rule.code.clone_into(&mut entry.code);
            }
        }
        Ok(Self { entries })
    }

    /// Accepts what another baseline accepts, too.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Takes out the findings that are accepted, each entry once, and says how many entries met none.
    pub fn apply(&self, report: &mut Report, sources: &[Source]) -> usize {
        let mut left: BTreeMap<&BaselineEntry, usize> = BTreeMap::new();
        for entry in &self.entries {
            *left.entry(entry).or_default() += 1;
        }
        let before = report.findings.len();
        report
            .findings
            .retain(|finding| match left.get_mut(&entry(finding, sources)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            });
        report.accepted = before - report.findings.len();
        left.values().sum()
    }
}

fn entry(finding: &super::Finding, sources: &[Source]) -> BaselineEntry {
    BaselineEntry {
        code: finding.rule.code.to_owned(),
        of: finding.object.as_ref().map_or_else(
            || {
                let source = sources.get(finding.file);
                source.map_or("", Source::place).to_owned()
            },
            ToString::to_string,
        ),
        field: finding.field.clone(),
    }
}

/// Writes the warnings and errors of a report as a baseline, and counts them; what is not YAML cannot be accepted.
#[must_use]
pub fn write(report: &Report, sources: &[Source]) -> (String, usize) {
    let mut findings: Vec<BaselineEntry> = report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        // Accepted, it would hide whatever else is wrong there.
        .filter(|finding| finding.rule != &CI009)
        .map(|finding| entry(finding, sources))
        .collect();
    findings.sort_unstable();
    let count = findings.len();
    let text = report::json(&BaselineFile {
        version: VERSION,
        findings,
    });
    (text, count)
}
