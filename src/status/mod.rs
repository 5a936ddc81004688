//! What expires when: the certificates of a fleet by urgency, and the path of each instance.
//!
//! [`report`] takes what [`crate::find`] found, or what a live host served ([`Origin::Endpoint`]), and
//! [`Report::write`] writes it; each form has a file beside this one.

mod diagram;
mod html;
mod json;
mod path;
mod prometheus;
mod renewal;
mod replaced;
mod table;
mod words;

#[cfg(test)]
pub(crate) use json::Document;
pub use path::{Front, FrontKind, Instance, Leg, Stop, Trust, Wire};
pub use renewal::Renewer;
pub use words::Language;

use crate::fault::{Fault, Faults};
use crate::find::{Found, Origin};
use crate::fleet::Fleet;
use crate::instant::later;
use crate::pki::Certificate;
use crate::pki::certificate::Details;
use crate::pki::validity::Validity;
use crate::routing::Routing;
use crate::tone::{self, Paint, Tone};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// A certificate is soon due when its renewal is no farther away than this.
const SOON: Duration = Duration::days(30);

/// How urgent a certificate is; the most urgent comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Its end is past.
    Expired,
    /// Its beginning lies ahead.
    NotYetValid,
    /// Its renewal is due ([`Row::due`]).
    Due,
    /// Its renewal falls due within 30 days.
    Soon,
    /// None of these.
    Fine,
    /// It is a CA that is trusted still, and another of its bundle signs in its place: it may end.
    Replaced,
}

impl Urgency {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::NotYetValid,
        Self::Due,
        Self::Soon,
        Self::Fine,
        Self::Replaced,
    ];

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::Due => "due",
            Self::Soon => "soon",
            Self::Fine => "fine",
            Self::Replaced => "replaced",
        }
    }

    /// Returns what it means to its reader.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Expired => Tone::Bad,
            Self::NotYetValid | Self::Due => Tone::Warning,
            Self::Soon => Tone::Note,
            Self::Fine => Tone::Good,
            Self::Replaced => Tone::Quiet,
        }
    }

    fn of(validity: Validity, due: OffsetDateTime, now: OffsetDateTime) -> Self {
        if now > validity.not_after {
            Self::Expired
        } else if now < validity.not_before {
            Self::NotYetValid
        } else if now >= due {
            Self::Due
        } else if later(now, SOON) >= due {
            Self::Soon
        } else {
            Self::Fine
        }
    }
}

/// So many places of a certificate are listed for people; JSON and metrics have all. Every namespace of a cluster
/// holds its CA.
const PLACES: usize = 4;

/// One certificate, and all places where it stands.
#[derive(Debug)]
pub struct Row {
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it says.
    pub details: Details,
    /// Where it stands, sorted, each place once.
    pub origins: Vec<Origin>,
    /// Whole days until its end; negative once that is past.
    pub days_left: i64,
    /// When its renewal is due.
    pub due: OffsetDateTime,
    /// Who says so.
    pub renewed_by: Renewer,
    /// Why it is not renewed, where cert-manager says so.
    pub failure: Option<String>,
}

impl Row {
    fn new(details: Details, origins: BTreeSet<Origin>, now: OffsetDateTime) -> Self {
        let due = details.validity.due_at();
        Self {
            urgency: Urgency::of(details.validity, due, now),
            days_left: (details.validity.not_after - now).whole_days(),
            due,
            renewed_by: Renewer::Nobody,
            failure: None,
            details,
            origins: origins.into_iter().collect(),
        }
    }

    /// Names whom it is for: its subject alternative names, else its common name, else its subject.
    #[must_use]
    pub fn names(&self) -> String {
        let details = &self.details;
        if !details.subject_alt_names.is_empty() {
            return details.subject_alt_names.join(", ");
        }
        let name = details.common_name.as_ref();
        name.unwrap_or(&details.subject).clone()
    }

    /// Names the first of [`Row::names`], and counts the others.
    #[must_use]
    pub fn short_names(&self) -> String {
        match self.details.subject_alt_names.as_slice() {
            [first, _, ..] => {
                let others = self.details.subject_alt_names.len() - 1;
                format!("{first} +{others}")
            }
            _ => self.names(),
        }
    }

    /// Names its issuer: the common name, else the whole.
    #[must_use]
    pub fn issuer(&self) -> &str {
        let details = &self.details;
        let name = details.issuer_common_name.as_ref();
        name.unwrap_or(&details.issuer)
    }

    /// The first place where it stands.
    fn place(&self) -> String {
        self.origins.first().map_or_else(String::new, Origin::short)
    }

    /// The first places where it stands, and how many others there are.
    fn places(&self) -> Vec<String> {
        let mut places: Vec<String> = self
            .origins
            .iter()
            .take(PLACES)
            .map(Origin::short)
            .collect();
        if let Some(more) = self.origins.len().checked_sub(PLACES + 1) {
            places.push(format!("{} more", more + 1));
        }
        places
    }
}

/// The state of a fleet at an instant.
#[derive(Debug)]
pub struct Report {
    /// The instant.
    pub now: OffsetDateTime,
    /// The name of the fleet, where its file is at hand.
    pub fleet: Option<String>,
    /// Its certificates, the most urgent first, equal ones by the day of their renewal and of their end, then by place.
    pub rows: Vec<Row>,
    /// Its instances, the most urgent first; their legs point into `rows`.
    pub instances: Vec<Instance>,
    /// How many values or files should hold certificates and could not be read.
    pub damaged: usize,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Table,
    /// JSON for programs.
    Json,
    /// The same as YAML.
    Yaml,
    /// The text format of Prometheus.
    Prometheus,
    /// One page for a browser.
    Html,
    /// A Mermaid flowchart of the paths.
    Mermaid,
    /// The same for Graphviz.
    Dot,
}

/// How a report is shown.
pub struct Presentation<'a> {
    /// The language of the page and the diagrams; the other forms are for administrators and programs, in English.
    pub language: Language,
    /// The columns that the table may have; as many as it takes, where nothing is given.
    pub width: Option<usize>,
    /// How pieces of the table are shown.
    pub paint: Paint<'a>,
}

impl Default for Presentation<'_> {
    /// In English, whole and plain.
    fn default() -> Self {
        Self {
            language: Language::default(),
            width: None,
            paint: &tone::plain,
        }
    }
}

/// Settles how urgent each certificate is and which instance it serves. A certificate that is in several places
/// becomes one row.
///
/// # Errors
/// Certificates whose extensions do not parse, with their place.
pub fn report(
    found: Vec<Found>,
    routing: &Routing,
    now: OffsetDateTime,
) -> Result<Report, Vec<Fault>> {
    let mut faults = Faults::default();
    let report = lenient(found, routing, None, now, &mut faults);
    faults.finish(Some(report))
}

/// As [`report`], but leaves out the certificates that do not parse and notes them in `faults`, beside what could not
/// be read before; all of them are counted. With a fleet its certificates are due when it renews them.
pub fn lenient(
    found: Vec<Found>,
    routing: &Routing,
    fleet: Option<&Fleet>,
    now: OffsetDateTime,
    faults: &mut Faults,
) -> Report {
    let mut by_der: BTreeMap<Vec<u8>, (Certificate, BTreeSet<Origin>)> = BTreeMap::new();
    for Found {
        origin,
        certificate,
    } in found
    {
        let der = certificate.der().to_vec();
        let (_, origins) = by_der
            .entry(der)
            .or_insert_with(|| (certificate, BTreeSet::new()));
        origins.insert(origin);
    }
    let mut rows: Vec<Row> = Vec::with_capacity(by_der.len());
    for (certificate, origins) in by_der.into_values() {
        match certificate.details() {
            Ok(details) => rows.push(Row::new(details, origins, now)),
            Err(fault) => {
                for origin in origins {
                    faults.push(fault.clone().file(&origin.to_string()));
                }
            }
        }
    }
    renewal::announce(&mut rows, &routing.announced, now);
    if let Some(fleet) = fleet {
        renewal::plan(&mut rows, fleet, faults);
    }
    let replaced = replaced::find(&rows);
    for (index, row) in rows.iter_mut().enumerate() {
        row.urgency = if replaced.contains(&index) {
            Urgency::Replaced
        } else {
            Urgency::of(row.details.validity, row.due, now)
        };
    }
    rows.sort_unstable_by(|a, b| {
        // What was made within one day belongs together, and is found by its name.
        let key = |row: &Row| {
            let end = row.details.validity.not_after;
            (row.urgency, row.due.date(), end.date())
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.origins.cmp(&b.origins))
            .then_with(|| a.details.sha256.cmp(&b.details.sha256))
    });
    let instances = path::instances(&rows, routing);
    Report {
        now,
        fleet: fleet.map(|fleet| fleet.name.to_string()),
        rows,
        instances,
        damaged: faults.len(),
    }
}

impl Report {
    /// Writes it.
    #[must_use]
    pub fn write(&self, format: Format, presentation: &Presentation<'_>) -> String {
        let language = presentation.language;
        match format {
            Format::Table => table::write(self, presentation),
            Format::Json => json::write(self),
            Format::Yaml => crate::report::yaml(&json::write(self)),
            Format::Prometheus => prometheus::write(self),
            Format::Html => html::write(self, language),
            Format::Mermaid => diagram::mermaid(self, language),
            Format::Dot => diagram::dot(self, language),
        }
    }

    /// Counts the certificates of this urgency.
    #[must_use]
    pub fn count(&self, urgency: Urgency) -> usize {
        self.rows
            .iter()
            .filter(|row| row.urgency == urgency)
            .count()
    }

    /// Returns the certificates that end within this time or have ended, but for those that are replaced.
    pub fn ending(&self, within: Within) -> impl Iterator<Item = &Row> {
        let limit = self.now.checked_add(within.0);
        let ends =
            move |row: &&Row| limit.is_none_or(|limit| row.details.validity.not_after <= limit);
        let is_needed = |row: &&Row| row.urgency != Urgency::Replaced;
        self.rows.iter().filter(is_needed).filter(ends)
    }
}

/// A span of time from now on, for `--fail-within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within(Duration);

impl FromStr for Within {
    type Err = Fault;

    /// Parses a whole number with the unit `h`, `d` or `w`, or a bare number of days.
    ///
    /// # Errors
    /// Anything else, and more than a hundred years.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let (number, hours) = match text.char_indices().next_back() {
            Some((at, 'h')) => (&text[..at], 1),
            Some((at, 'd')) => (&text[..at], 24),
            Some((at, 'w')) => (&text[..at], 7 * 24),
            _ => (text, 24),
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let hours = number
            .parse::<i64>()
            .ok()
            .and_then(|n| n.checked_mul(hours));
        hours
            .filter(|hours| is_number && *hours <= 36_525 * 24)
            .map(|hours| Self(Duration::hours(hours)))
            .ok_or_else(|| {
                Fault::new(format!("`{}` is not a time span", text.escape_debug()))
                    .help("use a whole number with a unit, such as `30d`, `12h` or `4w`")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_of_hours_days_or_weeks() {
        for (text, hours) in [
            ("12h", 12),
            ("30d", 720),
            ("30", 720),
            ("4w", 672),
            ("0d", 0),
        ] {
            assert_eq!(text.parse(), Ok(Within(Duration::hours(hours))), "{text}");
        }
        for text in [
            "",
            "d",
            "-1d",
            "+1d",
            "1.5d",
            "1m",
            "1y",
            "36526d",
            "99999999999999999999w",
        ] {
            assert!(text.parse::<Within>().is_err(), "{text}");
        }
    }
}
