//! What is left of a tree when a run over it is killed or the system fails it, at one system call after another.
//!
//! Needs `strace`, which ends or fails the calls (`apt-get install strace`); then
//!
//! ```text
//! cargo test --features reliability --test reliability             all of it
//! cargo test --features reliability --test reliability -- flat     the cases with this in their name
//! ```
//!
//! `CIVI_INGRESS_POINTS` sets how many points a case takes, evenly spread over its calls; `all` takes every one.
#![expect(
    clippy::disallowed_methods,
    reason = "tests touch files and the environment"
)]

mod attacks;
mod judge;
mod oneshot;
mod points;
mod program;
mod scenario;
mod totals;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use scenario::Scenario;
use totals::Totals;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if !program::strace_is_there() {
        let text = "error: `strace` is missing\nget it with: apt-get install strace\n";
        // Nothing is left to do when standard error is closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
        return ExitCode::FAILURE;
    }
    let totals = Arc::new(Totals::default());
    let mut trials = Vec::new();
    for scenario in Scenario::all() {
        let scenario = Arc::new(scenario);
        for kind in [points::Kind::Kill, points::Kind::Fault] {
            let (scenario, totals) = (Arc::clone(&scenario), Arc::clone(&totals));
            let name = format!("{}_{}", kind.sentence(), scenario.name);
            trials.push(Trial::test(name, move || {
                points::take(&scenario, kind, &totals);
                Ok(())
            }));
        }
    }
    for case in oneshot::OneShot::all() {
        let case = Arc::new(case);
        for kind in [points::Kind::Kill, points::Kind::Fault] {
            let (case, totals) = (Arc::clone(&case), Arc::clone(&totals));
            let name = format!("{}_the_one_shot_run_of_{}", kind.sentence(), case.name);
            trials.push(Trial::test(name, move || {
                oneshot::take(&case, kind, &totals);
                Ok(())
            }));
        }
    }
    for (name, case) in attacks::CASES {
        trials.push(Trial::test(*name, move || {
            case();
            Ok(())
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let _ = std::io::stderr().write_all(totals.table().as_bytes());
    conclusion.exit_code()
}
