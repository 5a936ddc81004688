//! How the files of a tree differ from what rendering makes of them, with fingerprints in place of private keys.

use crate::report;
use crate::visible::redacted::{KnownKeys, redacted};
use crate::visible::{composed, line};
use serde::Serialize;
use similar::TextDiff;
use std::path::Path;

/// Version of the form for programs; it changes when a field is removed or changes its meaning.
const FORM: u32 = 1;
/// Lines around a change, as `diff -u` has them.
const CONTEXT: usize = 3;

/// How one file differs.
#[derive(Debug, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "gitopsDifference")
)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Its path in the tree.
    path: String,
    /// The instance that it belongs to, or `cluster`, as in other reports; nothing of a file of the whole fleet.
    instance: Option<String>,
    /// What becomes of it.
    change: Change,
    /// What differs, as `diff -u` shows it; nothing where no line can be shown.
    lines: Option<String>,
    /// Why no line can be shown.
    reason: Option<NotShown>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitopsChange"))]
#[serde(rename_all = "camelCase")]
enum Change {
    Added,
    Changed,
    Removed,
}

/// Why no line of a file can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitopsReason"))]
#[serde(rename_all = "camelCase")]
enum NotShown {
    /// The file in the tree is not YAML.
    Unreadable,
    /// The file that would be written is not YAML.
    UnreadableNew,
    /// They differ in comments or notation only.
    Notation,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitopsDiff"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    version: u32,
    files: &'a [Difference],
}

/// Writes differences for programs.
#[must_use]
pub fn as_json(differences: &[Difference]) -> String {
    report::json(&Document {
        version: FORM,
        files: differences,
    })
}

impl Difference {
    /// Compares a file before and after a run, where it is there; nothing if it stays as it is. Certificates that are
    /// not among the `known` ones, where there are such, are still to be issued.
    #[must_use]
    pub fn of(
        path: &str,
        before: Option<&str>,
        after: Option<&str>,
        known: Option<&KnownKeys>,
    ) -> Option<Self> {
        let change = match (before, after) {
            (before, after) if before == after => return None,
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let mut this = Self {
            path: path.to_owned(),
            instance: None,
            change,
            lines: None,
            reason: None,
        };
        let side = |text: Option<&str>, known| {
            text.map_or(Some(String::new()), |text| shown(path, text, known))
        };
        match (side(before, None), side(after, known)) {
            (None, _) => this.reason = Some(NotShown::Unreadable),
            (_, None) => this.reason = Some(NotShown::UnreadableNew),
            (Some(old), Some(new)) if old == new => this.reason = Some(NotShown::Notation),
            (Some(old), Some(new)) => {
                let (a, b) = this.sides();
                let diff = TextDiff::from_lines(old.as_str(), new.as_str());
                let mut unified = diff.unified_diff();
                unified.context_radius(CONTEXT).header(&a, &b);
                this.lines = Some(composed(&unified.to_string()).into_owned());
            }
        }
        Some(this)
    }

    /// Sets the instance that it belongs to.
    #[must_use]
    pub fn of_instance(mut self, name: &str) -> Self {
        self.instance = Some(name.to_owned());
        self
    }

    /// Returns the names of both sides, as `diff -u` and Git show them.
    fn sides(&self) -> (String, String) {
        let name = |side: &str, absent: Change| {
            if self.change == absent {
                "/dev/null".to_owned()
            } else {
                format!("{side}/{}", line(&self.path))
            }
        };
        (name("a", Change::Added), name("b", Change::Removed))
    }

    /// Writes it for people.
    #[must_use]
    pub fn as_text(&self) -> String {
        let (a, b) = self.sides();
        let why = match (&self.lines, self.reason) {
            (Some(lines), _) => return lines.clone(),
            (None, Some(NotShown::Unreadable)) => format!("{a} cannot be read as YAML"),
            (None, Some(NotShown::UnreadableNew)) => format!("{b} cannot be read as YAML"),
            (None, Some(NotShown::Notation) | None) => "in comments or notation only".to_owned(),
        };
        format!("Files {a} and {b} differ: {why}\n")
    }
}

/// Returns a file as it may be shown; nothing if it cannot be read.
fn shown(path: &str, text: &str, known: Option<&KnownKeys>) -> Option<String> {
    let end = Path::new(path).extension();
    if end.is_some_and(|end| end == "yaml" || end == "yml") {
        return redacted(text, known);
    }
    let lines = text.lines().map(|text| line(text).into_owned() + "\n");
    Some(lines.collect())
}
