//! `completions`: a script for a shell, made from the table of options.

use super::cli::table;
use super::error::Failure;
use super::examples::examples;
use super::output::print_or_end;
use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Complete in Bash
    civi-ingress completions bash > civi-ingress.bash
    source civi-ingress.bash"))]
pub(super) struct Completions {
    /// Shell to complete for
    pub(super) shell: Shell,
}

pub(super) fn run(arguments: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut table(None),
        "civi-ingress",
        &mut script,
    );
    print_or_end(&script)
}
