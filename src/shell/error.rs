//! How a run ends when it does not end well.

use civi_ingress::fault::{Fault, Place, SHOWN};
use std::fmt::{Display, Write as _};
use std::process::ExitCode;

/// What each exit status says. An unknown one is a failure.
pub(super) const STATUSES: [(u8, &str); 12] = [
    (0, "All is done, and nothing was found."),
    (1, "A check found something; its report says what."),
    (2, "The command line is wrong."),
    (3, "An input is refused."),
    (4, "Reading or writing failed."),
    (
        5,
        "Something that belongs to others, or a private key, would be overwritten.",
    ),
    (6, "Another run has locked what this one needs."),
    (70, "The program has a fault."),
    (129, "SIGHUP ended the run; what was unfinished is undone."),
    (130, "SIGINT ended the run; what was unfinished is undone."),
    (
        141,
        "The reader of standard output ended before everything was written.",
    ),
    (143, "SIGTERM ended the run; what was unfinished is undone."),
];

/// What kind of failure it is. The kind alone decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A check found something; its report says what.
    Found,
    /// An option or argument has a value that is refused.
    Usage,
    /// An input is refused.
    Refused,
    /// Reading or writing failed.
    InputOutput,
    /// Something that is not ours, or a credential, would be lost.
    WouldLose,
    /// Another run has locked what this one needs.
    Locked,
    /// The reader of stdout is gone, and with it what was printed.
    ClosedPipe,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Found => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::InputOutput => 4,
            Self::WouldLose => 5,
            Self::Locked => 6,
            Self::ClosedPipe => 141,
        }
    }
}

/// Why a run failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) faults: Vec<Fault>,
}

impl Failure {
    pub(super) fn new(kind: Kind, fault: Fault) -> Self {
        Self {
            kind,
            faults: vec![fault],
        }
    }

    /// Refuses what the command line alone says.
    pub(super) fn usage(faults: Vec<Fault>) -> Self {
        Self {
            kind: Kind::Usage,
            ..Self::from(faults)
        }
    }

    /// Ends a run whose report has been printed.
    pub(super) fn found() -> Self {
        Self {
            kind: Kind::Found,
            faults: Vec::new(),
        }
    }

    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    /// Returns the text for stderr: one `error:` line for each fault, below it the line of the source and its `help:`.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for fault in self.faults.iter().take(SHOWN) {
            writeln!(out, "error: {fault}").expect("writing to a String cannot fail");
            if let Some(snippet) = &fault.snippet {
                write!(out, "{snippet}").expect("writing to a String cannot fail");
            }
            if let Some(help) = &fault.help {
                writeln!(out, "help: {help}").expect("writing to a String cannot fail");
            }
        }
        if self.faults.len() > SHOWN {
            writeln!(out, "error: and {} more", self.faults.len() - SHOWN)
                .expect("writing to a String cannot fail");
        }
        out
    }
}

/// Returns the kind of a failure that faults make: of the command line alone, or of what was read.
fn kind_of(faults: &[Fault]) -> Kind {
    let is_argument = |fault: &Fault| matches!(fault.place, Some(Place::Argument(_)));
    if !faults.is_empty() && faults.iter().all(is_argument) {
        Kind::Usage
    } else {
        Kind::Refused
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        vec![fault].into()
    }
}

impl From<Vec<Fault>> for Failure {
    fn from(mut faults: Vec<Fault>) -> Self {
        // One option may be read for two certificates.
        faults.dedup();
        Self {
            kind: kind_of(&faults),
            faults,
        }
    }
}

impl From<anyhow::Error> for Failure {
    /// Takes a failure of the operating system with its causes.
    fn from(error: anyhow::Error) -> Self {
        let causes: Vec<String> = error.chain().map(words).collect();
        Self::new(Kind::InputOutput, Fault::new(causes.join(": ")))
    }
}

/// Returns what an error of the system says, without the number that Rust puts behind it (` (os error 2)`).
pub(super) fn words(error: impl Display) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, number)) if number.trim_start_matches(|c: char| c.is_ascii_digit()) == ")" => {
            words.to_owned()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_status_is_explained() {
        let kinds = [
            Kind::Found,
            Kind::Refused,
            Kind::InputOutput,
            Kind::WouldLose,
            Kind::Locked,
            Kind::ClosedPipe,
        ];
        for kind in kinds {
            assert!(
                STATUSES.iter().any(|(status, _)| *status == kind.code()),
                "{kind:?}"
            );
        }
    }
}
