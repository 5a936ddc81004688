//! `gitops`: a fleet as a tree of files in Git.

mod ca;
mod check;
mod diff;
mod edit;
pub(super) mod fleet;
pub(super) mod git;
mod guard;
mod import;
mod init;
mod job;
mod known;
mod lives;
mod move_keys;
mod moves;
pub(super) mod place;
mod render;
mod report;
mod review;
mod rollout;
mod selection;
mod status;
mod strangers;
mod survey;
mod units;
mod write;

use super::Run;
use super::error::Failure;
use super::examples::examples;
use ca::PrintCa;
use check::CheckArguments;
use clap::{Args, Subcommand};
use diff::Diff;
use edit::{Add, Remove};
use guard::Guard;
use import::Import;
use init::Start;
use move_keys::MoveKeys;
use render::Render;
use status::TreeStatus;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Start a fleet, and render it
    civi-ingress gitops init --output-dir infra --domain example.org
    civi-ingress gitops render -f infra/fleet.yaml --output-dir infra"))]
pub(super) struct Gitops {
    #[command(subcommand)]
    command: GitopsCommand,
}

#[derive(Debug, Subcommand)]
enum GitopsCommand {
    Init(Start),
    Add(Add),
    Remove(Remove),
    Render(Render),
    Check(CheckArguments),
    Diff(Diff),
    Status(TreeStatus),
    Guard(Guard),
    Ca(PrintCa),
    Import(Import),
    Move(MoveKeys),
}

impl Gitops {
    /// Returns whether the command may issue a certificate.
    pub(super) fn issues(&self) -> bool {
        matches!(self.command, GitopsCommand::Render(_))
    }

    /// Returns whether the command draws random numbers.
    pub(super) fn draws(&self) -> bool {
        matches!(
            self.command,
            GitopsCommand::Render(_) | GitopsCommand::Diff(_) | GitopsCommand::Import(_)
        )
    }
}

pub(super) fn run(run: &Run, arguments: &Gitops) -> Result<(), Failure> {
    match &arguments.command {
        GitopsCommand::Init(arguments) => init::run(run, arguments),
        GitopsCommand::Add(arguments) => edit::add(run, arguments),
        GitopsCommand::Remove(arguments) => edit::remove(run, arguments),
        GitopsCommand::Guard(arguments) => guard::run(run, arguments),
        GitopsCommand::Ca(arguments) => ca::run(run, arguments),
        GitopsCommand::Render(arguments) => render::run(run, arguments),
        GitopsCommand::Check(arguments) => check::run(run, arguments),
        GitopsCommand::Diff(arguments) => diff::run(run, arguments),
        GitopsCommand::Status(arguments) => status::run(run, arguments),
        GitopsCommand::Import(arguments) => import::run(run, arguments),
        GitopsCommand::Move(arguments) => move_keys::run(run, arguments),
    }
}
