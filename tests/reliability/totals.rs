//! What was tried, and what was found.

use std::fmt::Write as _;
use std::sync::Mutex;

/// What may be wrong after a run that was killed or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// A file is neither what it was nor what it should be.
    Partial,
    /// An instance has old files beside new ones, or a leaf that its trust bundle does not cover.
    Mixed,
    /// A credential is gone, or a key without its certificate is left.
    Lost,
    /// A key in clear text can be read by others.
    Exposed,
    /// Status 0 with an incomplete tree, or a panic.
    Status,
    /// A key, or a part of one, in what was printed.
    Printed,
    /// The next run does not bring the tree to what it should be.
    Diverging,
}

impl Wrong {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Partial, "partial files"),
        (Self::Mixed, "mixed instances"),
        (Self::Lost, "lost credentials"),
        (Self::Exposed, "keys that others can read"),
        (Self::Status, "wrong exit statuses"),
        (Self::Printed, "keys printed"),
        (Self::Diverging, "trees not brought right by the next run"),
    ];
}

/// The counts of all cases.
#[derive(Default)]
pub(crate) struct Totals(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    kills: usize,
    faults: usize,
    wrong: Vec<Wrong>,
}

impl Totals {
    /// Adds what one case saw.
    pub(crate) fn add(&self, kills: usize, faults: usize, wrong: impl Iterator<Item = Wrong>) {
        let mut counts = self.0.lock().expect("no case panics while it counts");
        counts.kills += kills;
        counts.faults += faults;
        counts.wrong.extend(wrong);
    }

    /// Writes the counts as a table.
    pub(crate) fn table(&self) -> String {
        let counts = self.0.lock().expect("no case panics while it counts");
        let mut out = format!(
            "{:>6} kill points\n{:>6} injected faults\n",
            counts.kills, counts.faults
        );
        for (wrong, what) in Wrong::ALL {
            let count = counts.wrong.iter().filter(|found| **found == wrong).count();
            writeln!(out, "{count:>6} {what}").expect("writing to a String cannot fail");
        }
        out
    }
}
