//! What a run over a fleet did or would do: for people, for programs, and for the pages of a CI.

use super::annotation::{Annotation, Level};
use super::decide::Action;
use super::moves::Consequence;
use super::plan::Plan;
use crate::fault::Place;
use crate::pki::validity::format_instant;
use crate::visible;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use time::OffsetDateTime;

/// Version of the form for programs; it changes when a field is removed or changes its meaning.
const FORM: u32 = 1;
/// Most units that are named for people; the others are counted.
pub const SHOWN: usize = 20;

/// Most certificates that are listed in Markdown: GitHub shows 1 MiB a step.
const MARKDOWN_ROWS: usize = 200;

/// Days before its end from which a certificate whose renewal waits for its turn is warned of.
const SOON_DAYS: i64 = 30;

/// How much a line for people weighs; the heaviest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A certificate has ended and is not renewed.
    Error,
    /// Somebody has to do something; reported even with `--quiet`.
    Warning,
    /// What was or would be done.
    Note,
}

impl Weight {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What became of one chain.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "gitopsCertificate")
)]
#[serde(rename_all = "camelCase")]
pub struct CertificateRow {
    /// Which chain.
    pub role: String,
    /// What becomes of it: keep, issue, renew, reseal, stage, promote, defer or blocked.
    pub action: &'static str,
    /// Why, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// When its leaf ends (RFC 3339); after the run, if it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Whole days until then; negative once it is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// When it is due (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// What became of one unit.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitopsUnit"))]
#[serde(rename_all = "camelCase")]
pub struct UnitRow {
    /// The instance's name, or `cluster`.
    pub id: String,
    /// Namespace of its Secrets.
    pub namespace: String,
    /// Where the instance is in the fleet file or in a file that it includes; nothing for the cluster.
    #[serde(skip)]
    pub place: Option<Place>,
    /// Its chains.
    pub certificates: Vec<CertificateRow>,
    /// Paths of the files that were or would be written; a folder where new certificates would be, for which of its
    /// files change is known once they are made.
    pub written: Vec<String>,
    /// Paths of the files that were or would be removed.
    pub removed: Vec<String>,
    /// The instance of the tree that it was until it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// Whether files that were not this fleet's were or would be taken over with their keys.
    #[serde(skip)]
    pub is_adopted: bool,
    /// The command that makes its programs take what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
}

/// A run over a fleet.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitops"))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// Name of the fleet.
    pub fleet: String,
    /// The present of the run (RFC 3339).
    pub now: String,
    /// How many units were looked at.
    pub units: usize,
    /// How many of them stay as they are.
    pub unchanged: usize,
    /// Chains by what becomes of them.
    pub actions: Actions,
    /// How many units do not stay as they are, or have something to report.
    #[serde(skip)]
    pub told: usize,
    /// How many files of units were or would be written.
    #[serde(skip)]
    pub written: usize,
    /// How many folders of units would be written, in files that are not known yet.
    #[serde(skip)]
    pub folders: usize,
    /// How many files of units were or would be removed.
    #[serde(skip)]
    pub removed: usize,
    /// These units; for people the first [`SHOWN`].
    pub changes: Vec<UnitRow>,
    /// Files of the fleet as a whole that were or would be written.
    pub fleet_files: Vec<String>,
    /// Files of this fleet that are no longer needed.
    pub stale: Vec<String>,
    /// Whether the stale files were removed.
    pub pruned: bool,
    /// Files in the tree that are not this fleet's; they are never touched.
    pub foreign: Vec<String>,
    /// Files that are not this fleet's and are where its own would be: nothing is written before they are adopted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_the_way: Vec<String>,
    /// Those of the foreign files that seem to hold a Secret of this fleet, by path, with its name: no key is taken from there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_taken: BTreeMap<String, String>,
    /// What a controller makes of this, and what stays in the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<Consequence>,
    /// Why else rendering is refused.
    pub refused: Vec<String>,
    /// What somebody should know.
    pub warnings: Vec<String>,
    /// Status of the run.
    pub exit_code: u8,
}

/// Chains by what becomes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "gitopsActions"))]
pub struct Actions {
    /// Stay.
    pub keep: usize,
    /// Are made.
    pub issue: usize,
    /// Are reissued.
    pub renew: usize,
    /// Are encrypted again.
    pub reseal: usize,
    /// Get a successor that waits.
    pub stage: usize,
    /// Give way to their successor.
    pub promote: usize,
    /// Wait for their turn.
    pub defer: usize,
    /// Lack something.
    pub blocked: usize,
}

impl Actions {
    /// Counts the chains of a plan.
    pub fn count(&mut self, plan: &Plan) {
        for role in &plan.roles {
            let counter = match role.action {
                Action::Keep => &mut self.keep,
                Action::Issue => &mut self.issue,
                Action::Renew(_) => &mut self.renew,
                Action::Reseal(_) => &mut self.reseal,
                Action::Stage(_) => &mut self.stage,
                Action::Promote => &mut self.promote,
                Action::Defer(_) => &mut self.defer,
                Action::Blocked(..) => &mut self.blocked,
            };
            *counter += 1;
        }
    }

    /// Adds the counts of others.
    pub fn add(&mut self, other: &Self) {
        self.keep += other.keep;
        self.issue += other.issue;
        self.renew += other.renew;
        self.reseal += other.reseal;
        self.stage += other.stage;
        self.promote += other.promote;
        self.defer += other.defer;
        self.blocked += other.blocked;
    }
}

/// Returns the rows of a plan.
#[must_use]
pub fn rows(
    plan: &Plan,
    made: &[(crate::ingress::Role, crate::pki::Certificate)],
    now: OffsetDateTime,
) -> Vec<CertificateRow> {
    plan.roles
        .iter()
        .map(|role| {
            let is_current = !role.action.makes_keys() || matches!(role.action, Action::Stage(_));
            let fresh = made
                .iter()
                .find(|(other, _)| *other == role.role)
                .map(|(_, leaf)| leaf.validity().not_after);
            let old = role
                .chain
                .as_ref()
                .map(|chain| chain.leaf.validity.not_after);
            let end = if is_current { old } else { fresh.or(old) };
            let (reason, explanation) = match (&role.action, role.action.reason()) {
                (Action::Blocked(reason, need), _) => {
                    (Some(reason.code()), Some(need.sentence(reason)))
                }
                (_, Some(reason)) => (Some(reason.code()), Some(reason.to_string())),
                (Action::Issue, None) => (Some("missing"), None),
                (_, None) => (None, None),
            };
            CertificateRow {
                role: role.role.to_string(),
                action: role.action.word(),
                reason,
                explanation,
                not_after: end.map(format_instant),
                days_left: end.map(|end| (end - now).whole_days()),
                due: role.due.filter(|_| is_current).map(format_instant),
            }
        })
        .collect()
}

impl CertificateRow {
    /// Describes what becomes of the chain and why, in one line.
    #[must_use]
    pub fn decision(&self) -> String {
        let why = match (&self.explanation, &self.not_after, &self.due) {
            (Some(why), ..) => why.clone(),
            (None, Some(end), Some(due)) => format!("it ends at {end} and is due at {due}"),
            (None, Some(end), None) => format!("it ends at {end}"),
            (None, None, _) => "there is none".to_owned(),
        };
        format!("{}: {}: {why}", self.role, self.action)
    }

    /// Writes what becomes of the chain and why: `httpd: renew: it ends at … and is due`.
    fn sentence(&self) -> String {
        let why = self.explanation.as_ref();
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        format!("{}: {}{why}", self.role, self.action)
    }

    /// Returns how much it weighs that the chain waits, if it does.
    fn weight(&self) -> Weight {
        let waits = matches!(self.action, "blocked" | "defer");
        let ends_soon = self.days_left.is_some_and(|days| days < SOON_DAYS);
        if !waits {
            Weight::Note
        } else if self.reason == Some("expired") {
            Weight::Error
        } else if self.action == "blocked" || ends_soon {
            Weight::Warning
        } else {
            Weight::Note
        }
    }
}

impl UnitRow {
    /// Returns the weight of the heaviest thing to report about it.
    #[must_use]
    pub fn weight(&self) -> Weight {
        let rows = self.certificates.iter().map(CertificateRow::weight);
        rows.min().unwrap_or(Weight::Note)
    }

    /// Returns whether there is something to report about its certificates.
    fn has_news(&self) -> bool {
        self.certificates.iter().any(|row| row.action != "keep")
    }

    /// Names the files that were or would be written, and those removed.
    fn files(&self, verb: &str) -> Option<String> {
        let named = |verb: &str, paths: &[String]| {
            first_of(paths.iter()).map(|paths| format!("{verb} {paths}"))
        };
        let written = named(verb, &self.written);
        let removed = named(&removing(verb), &self.removed);
        let both: Vec<String> = written.into_iter().chain(removed).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }
}

/// Names the first of some paths, and how many others there are.
fn first_of<'a>(mut paths: impl Iterator<Item = &'a String>) -> Option<String> {
    let first = paths.next()?;
    Some(match paths.count() {
        0 => first.clone(),
        more => format!("{first} and {more} more"),
    })
}

/// Returns the word for removing that goes with one for writing.
fn removing(verb: &str) -> String {
    verb.replace("write", "remove").replace("wrote", "removed")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

impl Report {
    /// Begins the report of a run.
    #[must_use]
    pub fn new(fleet: &str, now: OffsetDateTime) -> Self {
        Self {
            version: FORM,
            fleet: fleet.to_owned(),
            now: format_instant(now),
            units: 0,
            unchanged: 0,
            actions: Actions::default(),
            told: 0,
            written: 0,
            folders: 0,
            removed: 0,
            changes: Vec::new(),
            fleet_files: Vec::new(),
            stale: Vec::new(),
            pruned: false,
            foreign: Vec::new(),
            in_the_way: Vec::new(),
            not_taken: BTreeMap::new(),
            cluster: Vec::new(),
            refused: Vec::new(),
            warnings: Vec::new(),
            exit_code: 0,
        }
    }

    /// Returns whether the tree is what the fleet file asks for.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.written + self.folders + self.removed == 0
            && self.fleet_files.is_empty()
            && self.in_the_way.is_empty()
            && self.refused.is_empty()
            && (self.stale.is_empty() || self.pruned)
    }

    /// Writes the report for programs.
    ///
    /// # Panics
    /// Never: everything in it can be written.
    #[must_use]
    pub fn as_json(&self) -> String {
        crate::report::json(self)
    }

    /// Writes the report for people: totals, then the first changes. `verb` says whether things were done
    /// (`wrote`) or would be (`would write`). Without notes only what waits, has ended or is refused is reported.
    #[must_use]
    pub fn as_text(&self, verb: &str, with_notes: bool) -> String {
        let mut lines: Vec<(Weight, String)> = Vec::new();
        let mut waiting = 0;
        for unit in self.changes.iter().take(SHOWN) {
            for row in unit.certificates.iter().filter(|row| row.action != "keep") {
                waiting += usize::from(row.action == "blocked");
                let text = format!("{}: {}", unit.id, row.sentence());
                lines.push((row.weight(), text));
            }
            if !unit.has_news()
                && let Some(files) = unit.files(verb)
            {
                let kept = match &unit.moved_from {
                    Some(old) => format!("renamed from `{old}`, keys kept, "),
                    None if unit.is_adopted => "keys kept, ".to_owned(),
                    None => String::new(),
                };
                lines.push((Weight::Note, format!("{}: {kept}{files}", unit.id)));
            }
            if let Some(restart) = &unit.restart {
                lines.push((Weight::Note, format!("{}: then: {restart}", unit.id)));
            }
        }
        if self.told > SHOWN {
            lines.push((Weight::Note, format!("and {} more", self.told - SHOWN)));
        }
        let untold = self.actions.blocked.saturating_sub(waiting);
        if untold > 0 {
            let certificates = counted(untold, "certificate");
            lines.push((Weight::Warning, format!("and {certificates} more blocked")));
        }
        let warnings = self.warnings.iter().cloned();
        lines.extend(warnings.map(|warning| (Weight::Warning, warning)));
        let refused = self.refused.iter();
        lines.extend(refused.map(|why| (Weight::Warning, format!("rendering is refused: {why}"))));
        let stale = if self.pruned {
            "removed"
        } else {
            "stale, `--prune` removes it"
        };
        let in_the_way =
            "not this fleet's and in the way, so rendering is refused; `--adopt` takes it over";
        for (weight, paths, what) in [
            (Weight::Warning, &self.in_the_way, in_the_way),
            (Weight::Note, &self.foreign, "not this fleet's, left alone"),
            (Weight::Note, &self.stale, stale),
        ] {
            let shown = paths.iter().take(SHOWN);
            lines.extend(shown.map(|path| {
                let text = match self.not_taken.get(path) {
                    Some(name) => {
                        format!("{path}: {what}; no key is taken from the Secret `{name}` in it")
                    }
                    None => format!("{path}: {what}"),
                };
                (weight, text)
            }));
            if paths.len() > SHOWN {
                let more = paths.len() - SHOWN;
                lines.push((weight, format!("and {more} more: {what}")));
            }
        }
        let shown = self.cluster.iter().take(SHOWN);
        lines.extend(shown.map(|consequence| (Weight::Note, consequence.line())));
        if self.cluster.len() > SHOWN {
            let more = self.cluster.len() - SHOWN;
            let text = format!("and {more} more that move or stay in the cluster");
            lines.push((Weight::Note, text));
        }
        lines.push((Weight::Note, self.total(verb)));
        let told = lines
            .iter()
            .filter(|(weight, _)| with_notes || *weight != Weight::Note);
        told.fold(String::new(), |mut out, (weight, line)| {
            writeln!(out, "{}: {}", weight.word(), visible::line(line))
                .expect("a String takes all");
            out
        })
    }

    /// Writes the report in Markdown, for the page of a CI: the totals, and a table of what changes or waits.
    #[must_use]
    pub fn as_markdown(&self, verb: &str) -> String {
        let cell = |text: &str| {
            let text = visible::line(text)
                .replace('&', "&amp;")
                .replace('<', "&lt;");
            text.replace('|', "\\|").replace('`', "\\`")
        };
        let mut out = format!("### Fleet {}\n\n{}\n", cell(&self.fleet), self.total(verb));
        let rows: Vec<(&UnitRow, &CertificateRow)> = self
            .changes
            .iter()
            .flat_map(|unit| unit.certificates.iter().map(move |row| (unit, row)))
            .filter(|(_, row)| row.action != "keep")
            .collect();
        if !rows.is_empty() {
            out.push_str(
                "\n| instance | certificate | action | why | ends |\n|---|---|---|---|---|\n",
            );
        }
        for (unit, row) in rows.iter().take(MARKDOWN_ROWS) {
            let why = row.explanation.as_deref().unwrap_or_default();
            let end = row.not_after.as_deref().unwrap_or_default();
            let end = end.split('T').next().unwrap_or_default();
            let cells = [&unit.id, &row.role, row.action, why, end].map(cell);
            writeln!(out, "| {} |", cells.join(" | ")).expect("a String takes all");
        }
        if let Some(more) = rows.len().checked_sub(MARKDOWN_ROWS + 1) {
            writeln!(out, "\nand {} more", more + 1).expect("a String takes all");
        }
        let restarts = self.changes.iter().filter_map(|unit| unit.restart.as_ref());
        let restarts: Vec<&String> = restarts.take(MARKDOWN_ROWS).collect();
        if !restarts.is_empty() {
            out.push_str("\nThen, once it is applied:\n\n```sh\n");
            for restart in restarts {
                writeln!(out, "{restart}").expect("a String takes all");
            }
            out.push_str("```\n");
        }
        for warning in self.warnings.iter().chain(&self.refused) {
            writeln!(out, "\n- {}", cell(warning)).expect("a String takes all");
        }
        out + "\n"
    }

    /// Sums up what was or would be done.
    fn total(&self, verb: &str) -> String {
        let counts = [
            (self.actions.issue, "issued"),
            (self.actions.renew, "renewed"),
            (self.actions.reseal, "re-encrypted"),
            (self.actions.stage, "staged"),
            (self.actions.promote, "promoted"),
            (self.actions.defer, "deferred"),
            (self.actions.blocked, "blocked"),
        ];
        let mut total = format!(
            "{} of {} unchanged, {verb} {}",
            self.unchanged,
            self.units,
            self.written()
        );
        let pruned = if self.pruned { self.stale.len() } else { 0 };
        if self.removed + pruned > 0 {
            let files = counted(self.removed + pruned, "file");
            write!(total, ", {} {files}", removing(verb)).expect("a String takes all");
        }
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let certificates = counted(count, "certificate");
            write!(total, ", {certificates} {what}").expect("a String takes all");
        }
        total
    }

    /// Counts the files that were or would be written, and the folders of which it is not known yet which.
    fn written(&self) -> String {
        match (self.written + self.fleet_files.len(), self.folders) {
            (files, 0) => counted(files, "file"),
            (0, folders) => format!("into {}", counted(folders, "folder")),
            (files, folders) => format!(
                "{} and into {}",
                counted(files, "file"),
                counted(folders, "folder")
            ),
        }
    }

    /// Returns what a CI should show beside the fleet file.
    #[must_use]
    pub fn annotations(&self) -> Vec<Annotation<'_>> {
        let mut found = Vec::new();
        let note = |level, text, place| Annotation { level, text, place };
        for unit in &self.changes {
            if !unit.has_news()
                && let Some(files) = first_of(unit.written.iter().chain(&unit.removed))
            {
                let text = format!("{}: differs from the fleet file: {files}", unit.id);
                found.push(note(Level::Warning, text, unit.place.as_ref()));
            }
            let changing = || unit.certificates.iter().filter(|row| row.action != "keep");
            if changing().next().is_some() {
                let level = if changing().any(|row| row.action == "blocked") {
                    Level::Error
                } else {
                    Level::Warning
                };
                let rows: Vec<String> = changing().map(CertificateRow::sentence).collect();
                let text = format!("{}: {}", unit.id, rows.join("\n"));
                found.push(note(level, text, unit.place.as_ref()));
            }
        }
        let not_as_said = |path: &String| {
            let text = format!("{}: differs from the fleet file", visible::line(path));
            note(Level::Warning, text, None)
        };
        found.extend(self.fleet_files.iter().map(not_as_said));
        let in_the_way = |path: &String| {
            let text = format!("{}: not this fleet's and in the way", visible::line(path));
            note(Level::Error, text, None)
        };
        found.extend(self.in_the_way.iter().map(in_the_way));
        let warning = |text: &String| note(Level::Warning, visible::line(text).to_string(), None);
        found.extend(self.warnings.iter().map(warning));
        let refused = |why: &String| note(Level::Error, visible::line(why).to_string(), None);
        found.extend(self.refused.iter().map(refused));
        let stale = |path: &String| {
            note(
                Level::Warning,
                format!("{} is stale", visible::line(path)),
                None,
            )
        };
        found.extend(self.stale.iter().map(stale));
        found
    }
}
