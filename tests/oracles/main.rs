//! What we encrypt, judged by the programs that others open it with: the real `sops`, `age` and `kubeseal`.
//!
//! `tests/oracles/install` builds them; then
//!
//! ```text
//! cargo test --features oracles --test oracles              all of it
//! cargo test --features oracles --test oracles -- tampered  the cases with this in their name
//! ```
//!
//! A program that is missing ends the run with its name; no case is skipped.
#![expect(
    clippy::disallowed_methods,
    reason = "tests touch files, the environment and random numbers"
)]

mod age;
mod kubeseal;
mod programs;
mod secret;
mod sops;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use programs::Programs;

/// A case: its name is the sentence it proves.
type Case = (&'static str, fn(&Programs));

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let programs = match Programs::find() {
        Ok(programs) => Arc::new(programs),
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let cases = [sops::CASES, age::CASES, kubeseal::CASES];
    let trials = cases.into_iter().flatten().map(|(name, case)| {
        let programs = Arc::clone(&programs);
        Trial::test(*name, move || {
            case(&programs);
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
