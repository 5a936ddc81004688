//! One certificate of a report.

use super::live::LiveFault;
use crate::find::Origin;
use crate::instant::later;
use crate::pki::certificate::Details;
use crate::pki::validity::Validity;
use crate::tone::Tone;
use std::collections::BTreeSet;
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

    /// Returns whether somebody has to act: it is not valid, or its renewal is due.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        self <= Self::Due
    }

    pub(super) fn of(validity: Validity, due: OffsetDateTime, now: OffsetDateTime) -> Self {
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

/// Who says when a certificate is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewer {
    /// Nobody that is known: it counts as due when a third of its life is left
    /// ([`Validity::due_at`](crate::pki::validity::Validity::due_at)).
    Nobody,
    /// The fleet file.
    Fleet,
    /// cert-manager.
    CertManager,
}

impl Renewer {
    /// Returns the word for it in reports for programs.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::Fleet => Some("fleet"),
            Self::CertManager => Some("cert-manager"),
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
    /// What is wrong with it where a live host shows it, by the number of the place among [`Row::origins`].
    pub live_faults: Vec<(usize, LiveFault)>,
}

impl Row {
    pub(super) fn new(details: Details, origins: BTreeSet<Origin>, now: OffsetDateTime) -> Self {
        let due = details.validity.due_at();
        Self {
            urgency: Urgency::of(details.validity, due, now),
            days_left: (details.validity.not_after - now).whole_days(),
            due,
            renewed_by: Renewer::Nobody,
            failure: None,
            live_faults: Vec::new(),
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

    /// Whether a live host shows it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let mut origins = self.origins.iter();
        origins.any(|origin| matches!(origin, Origin::Endpoint { .. }))
    }

    /// Returns what is wrong with it in one of its places.
    pub(super) fn faults_at(&self, place: usize) -> impl Iterator<Item = LiveFault> {
        let faults = self.live_faults.iter();
        faults
            .filter(move |(at, _)| *at == place)
            .map(|(_, fault)| *fault)
    }

    /// Describes what is wrong where live hosts show it, and names the place if it was found in several.
    pub(super) fn live(&self) -> String {
        if !self.is_live() {
            return String::new();
        }
        if self.live_faults.is_empty() {
            return "ok".to_owned();
        }
        let told = self.live_faults.iter().map(|(place, fault)| {
            let fault = fault.as_str();
            match self.origins.len() {
                1 => fault.to_owned(),
                _ => format!("{fault} ({})", self.origins[*place].short()),
            }
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// The first place where it stands.
    pub(super) fn place(&self) -> String {
        self.origins.first().map_or_else(String::new, Origin::short)
    }

    /// The first places where it stands, and how many others there are.
    pub(super) fn places(&self) -> Vec<String> {
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
