//! `gitops`: a fleet as a tree of files in Git.

mod check;
mod diff;
pub(super) mod fleet;
pub(super) mod git;
mod import;
mod init;
mod job;
mod known;
mod lives;
mod moves;
mod render;
mod report;
mod status;
mod strangers;
mod survey;
mod write;

use super::Run;
use super::error::Failure;
use check::Check;
use clap::{Args, Subcommand};
use diff::Diff;
use import::Import;
use init::Init;
use render::Render;
use status::Status;

#[derive(Debug, Args)]
pub(super) struct Gitops {
    #[command(subcommand)]
    command: GitopsCommand,
}

#[derive(Debug, Subcommand)]
enum GitopsCommand {
    /// Write a starting fleet file into a directory
    Init(Init),
    /// Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed
    Render(Render),
    /// Check that the tree matches the fleet file and nothing is due; write nothing
    Check(Check),
    /// Show what rendering would change; private keys as fingerprints
    Diff(Diff),
    /// Show when the tree's certificates end
    Status(Status),
    /// Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table
    Import(Import),
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
            GitopsCommand::Render(_) | GitopsCommand::Import(_)
        )
    }
}

pub(super) fn run(run: &Run, arguments: &Gitops) -> Result<(), Failure> {
    match &arguments.command {
        GitopsCommand::Init(arguments) => init::run(run, arguments),
        GitopsCommand::Render(arguments) => render::run(run, arguments),
        GitopsCommand::Check(arguments) => check::run(run, arguments),
        GitopsCommand::Diff(arguments) => diff::run(run, arguments),
        GitopsCommand::Status(arguments) => status::run(run, arguments),
        GitopsCommand::Import(arguments) => import::run(run, arguments),
    }
}
