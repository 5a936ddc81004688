//! `gitops`: a fleet as a tree of files in Git.

mod diff;
pub(super) mod fleet;
pub(super) mod git;
mod import;
mod init;
mod job;
mod known;
mod lives;
mod moves;
mod run;
mod strangers;
mod survey;
mod write;

use super::Run;
use super::cli::{Gitops, GitopsCommand, LiveHosts};
use super::error::Failure;

pub(super) fn run(run: &Run, arguments: &Gitops) -> Result<(), Failure> {
    match &arguments.command {
        GitopsCommand::Init(arguments) => init::run(run, arguments),
        GitopsCommand::Render(arguments) => run::render(run, arguments),
        GitopsCommand::Check(arguments) => run::check(run, arguments),
        GitopsCommand::Diff(arguments) => diff::run(run, arguments),
        GitopsCommand::Status(arguments) => super::status::of_paths(
            run,
            std::slice::from_ref(&arguments.output_dir),
            &LiveHosts::default(),
            &arguments.report,
        ),
        GitopsCommand::Import(arguments) => import::run(run, arguments),
    }
}
