//! Kills and fails a run at points that are spread over its system calls, and judges what is left each time.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::judge::{Judge, Tree};
use crate::program::{Injection, Outcome, count_calls, run, run_injected, run_under};
use crate::scenario::Scenario;
use crate::totals::{Totals, Wrong};

/// Errors that calls are made to give, as a full, broken, read-only or crowded file system gives them.
const ERRORS: [&str; 8] = [
    "ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE", "EINTR", "EXDEV", "EINVAL",
];
/// Points of a case, unless `CIVI_INGRESS_POINTS` says otherwise: above 200 of each kind in all.
const POINTS: usize = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SIGKILL in place of a call.
    Kill,
    /// An error in place of a call.
    Fault,
}

impl Kind {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Kill => "no_kill_harms",
            Self::Fault => "no_fault_harms",
        }
    }
}

/// Takes the points of a scenario.
pub(crate) fn take(scenario: &Scenario, kind: Kind, totals: &Totals) {
    let origin = TempDir::new().expect("a directory");
    scenario.set_up(origin.path());
    let reference = copy(origin.path());
    let calls = count_calls(
        reference.path(),
        scenario.also,
        &scenario.arguments(),
        "fleet.yaml\"",
    );
    let judge = Judge::new(
        scenario,
        Tree::read(&origin.path().join("tree")),
        Tree::read(&reference.path().join("tree")),
    );
    let all = injections(kind, scenario.also, &calls);
    let mut found: Vec<(Wrong, String)> = Vec::new();
    let mut taken = 0;
    for (index, injection) in spread(all).into_iter().enumerate() {
        let umask = if index % 2 == 0 { "000" } else { "022" };
        let place = copy(origin.path());
        let (outcome, took_place) =
            run_injected(place.path(), umask, &injection, &scenario.arguments());
        if !took_place {
            continue;
        }
        taken += 1;
        let mut wrong = judge.left(&Tree::read(&place.path().join("tree")));
        wrong.extend(judge_status(scenario, &place, &outcome));
        wrong.extend(judge_next(scenario, &judge, &place, umask));
        let what = format!(
            "{} {} of {}",
            injection.effect, injection.at, injection.call
        );
        found.extend(wrong.into_iter().map(|(wrong, where_)| {
            let stderr = outcome.stderr.lines().next().unwrap_or_default();
            (
                wrong,
                format!("{what}: {where_} (status {:?}, {stderr})", outcome.status),
            )
        }));
    }
    let (kills, faults) = if kind == Kind::Kill {
        (taken, 0)
    } else {
        (0, taken)
    };
    totals.add(kills, faults, found.iter().map(|(wrong, _)| *wrong));
    assert!(taken > 0, "no point was reached");
    assert!(
        found.is_empty(),
        "{} of {taken} points: {:#?}",
        found.len(),
        found.iter().take(12).collect::<Vec<_>>()
    );
}

pub(crate) fn injections(
    kind: Kind,
    also: Option<&'static str>,
    calls: &[(&'static str, usize, usize)],
) -> Vec<Vec<Injection>> {
    let is_free = |call: &str| also.is_none_or(|also| also.split(':').next() != Some(call));
    calls
        .iter()
        .filter(|(call, ..)| is_free(call))
        .map(|(call, early, count)| {
            (early + 1..=*count)
                .enumerate()
                .map(|(index, at)| Injection {
                    call,
                    at,
                    effect: match kind {
                        Kind::Kill => "signal=SIGKILL".to_owned(),
                        Kind::Fault => {
                            format!("error={}", ERRORS[(index + call.len()) % ERRORS.len()])
                        }
                    },
                    also,
                })
                .collect()
        })
        .collect()
}

/// Takes as many points as are wanted, evenly over each call; calls that are rare are taken whole first.
pub(crate) fn spread(mut calls: Vec<Vec<Injection>>) -> Vec<Injection> {
    let wanted = match std::env::var("CIVI_INGRESS_POINTS").ok() {
        None => POINTS,
        Some(text) if text == "all" => usize::MAX,
        Some(text) => text
            .parse()
            .expect("CIVI_INGRESS_POINTS is a number or `all`"),
    };
    calls.retain(|points| !points.is_empty());
    calls.sort_by_key(Vec::len);
    let mut taken = Vec::new();
    let mut kinds = calls.len();
    for points in calls {
        let share = (wanted.saturating_sub(taken.len()) / kinds)
            .max(1)
            .min(points.len());
        kinds -= 1;
        let count = points.len();
        // Every n-th, beginning in the middle of the first stretch.
        taken.extend((0..share).map(|n| points[(2 * n + 1) * count / (2 * share)].clone()));
    }
    taken
}

fn judge_status(scenario: &Scenario, place: &TempDir, outcome: &Outcome) -> Vec<(Wrong, String)> {
    let mut wrong = Vec::new();
    if matches!(outcome.status, Some(101 | 134)) {
        wrong.push((Wrong::Status, outcome.stderr.clone()));
    }
    if outcome.status == Some(0)
        && let Err(why) = check(scenario, place)
    {
        wrong.push((Wrong::Status, format!("status 0, but: {why}")));
    }
    if let Some(text) = printed_key(outcome) {
        wrong.push((Wrong::Printed, text));
    }
    wrong
}

/// Checks that a tree is what the fleet file says, but for what only `--prune` removes.
fn check(scenario: &Scenario, place: &TempDir) -> Result<(), String> {
    let check = run(place.path(), &scenario.check());
    let report: serde_json::Value =
        serde_json::from_str(&check.stdout).map_err(|_| check.stderr)?;
    let is_empty = |key: &str| report[key].as_array().is_some_and(Vec::is_empty);
    let status = i32::from(!is_empty("stale"));
    let is_good = report["units"] == report["unchanged"]
        && is_empty("changes")
        && is_empty("fleetFiles")
        && (is_empty("stale") || !scenario.prunes())
        && check.status == Some(status);
    if is_good { Ok(()) } else { Err(check.stdout) }
}

/// Finds what looks like a private key in what a run printed.
pub(crate) fn printed_key(outcome: &Outcome) -> Option<String> {
    // "-----BEGIN PRIVATE KEY" and "-----BEGIN EC PRIVATE", in base64 too.
    let marks = [
        "PRIVATE KEY-",
        "LS0tLS1CRUdJTiBQUklWQVRF",
        "LS0tLS1CRUdJTiBFQyBQUklWQVRF",
    ];
    [&outcome.stdout, &outcome.stderr]
        .into_iter()
        .flat_map(|text| text.lines())
        .find(|line| marks.iter().any(|mark| line.contains(mark)))
        .map(str::to_owned)
}

/// Lets a run go over what is left, and judges the outcome.
fn judge_next(
    scenario: &Scenario,
    judge: &Judge<'_>,
    place: &TempDir,
    umask: &str,
) -> Vec<(Wrong, String)> {
    let diverging = |what: String| vec![(Wrong::Diverging, what)];
    let next = run_under(place.path(), umask, &scenario.arguments());
    if next.status != Some(0) {
        return diverging(format!("the next run: {}", next.stderr));
    }
    if let Err(why) = check(scenario, place) {
        return diverging(format!("the check: {why}"));
    }
    let mut wrong = judge.done(&Tree::read(&place.path().join("tree")));
    wrong.extend(printed_key(&next).map(|text| (Wrong::Printed, text)));
    wrong
}

/// Copies a directory with all that is in it.
pub(crate) fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().expect("a directory");
    copy_into(from, to.path());
    to
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("readable").is_dir() {
            fs::create_dir(&target).expect("writable");
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("writable");
        }
    }
}
