//! What a CI shows beside a line of the fleet file: what a run found, or why an input is refused.

use crate::fault::{Fault, Place};
use crate::pki::key::hex;
use crate::visible;
use aws_lc_rs::digest::{SHA256, digest};

/// How much an annotation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The run ends with 1 for it, and another run may fix it.
    Warning,
    /// Somebody has to do something.
    Error,
}

/// A text and where it belongs.
#[derive(Debug)]
pub struct Annotation<'a> {
    /// How much it weighs.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// Where it belongs; the beginning of the fleet file where that is unknown.
    pub place: Option<&'a Place>,
}

impl<'a> From<&'a Fault> for Annotation<'a> {
    /// Takes what is wrong with an input, and below it what to do.
    fn from(fault: &'a Fault) -> Self {
        let help = fault
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!("\nHelp: {help}"));
        // A place that is not a file has no line to show this at.
        let text = match &fault.place {
            Some(place @ Place::Argument(_)) => format!("{place}: {}{help}", fault.what),
            _ => format!("{}{help}", fault.what),
        };
        Self {
            level: Level::Error,
            text,
            place: fault.place.as_ref(),
        }
    }
}

impl Annotation<'_> {
    /// Returns its file, line and column; without a line those of the whole file.
    fn position<'s>(&'s self, fleet: &'s str) -> (&'s str, u64, Option<u64>) {
        match self.place {
            Some(Place::Position { file, line, column }) => (file, *line, Some(*column)),
            Some(Place::File(file)) => (file, 1, None),
            Some(Place::Argument(_)) | None => (fleet, 1, None),
        }
    }
}

/// Writes workflow commands of GitHub Actions (`::warning file=…::…`), escaped as `toolkit/packages/core/src/command.ts`
/// says.
#[must_use]
pub fn github(annotations: &[Annotation<'_>], fleet: &str) -> String {
    let escaped = |text: &str| {
        visible::composed(text)
            .replace('%', "%25")
            .replace('\n', "%0A")
    };
    let property = |text: &str| escaped(text).replace(':', "%3A").replace(',', "%2C");
    let line = |annotation: &Annotation<'_>| {
        let (file, line, column) = annotation.position(fleet);
        let (file, text) = (property(file), escaped(&annotation.text));
        let level = match annotation.level {
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let column = column.map_or_else(String::new, |column| format!(",col={column}"));
        format!("::{level} file={file},line={line}{column}::{text}\n")
    };
    annotations.iter().map(line).collect()
}

/// Writes a code quality report of GitLab.
///
/// # Panics
/// Never: everything in it can be written.
#[must_use]
pub fn gitlab(annotations: &[Annotation<'_>], fleet: &str) -> String {
    let issue = |annotation: &Annotation<'_>| {
        let (file, line, _) = annotation.position(fleet);
        let text = &annotation.text;
        let severity = match annotation.level {
            Level::Warning => "minor",
            Level::Error => "major",
        };
        serde_json::json!({
            "description": text,
            "check_name": "civi-ingress",
            "fingerprint": hex(digest(&SHA256, text.as_bytes()).as_ref()),
            "severity": severity,
            "location": { "path": file, "lines": { "begin": line } },
        })
    };
    let issues: Vec<serde_json::Value> = annotations.iter().map(issue).collect();
    visible::json(serde_json::to_string_pretty(&issues).expect("a report can be written") + "\n")
}
