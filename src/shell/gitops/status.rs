//! `gitops status`: which certificates of the tree end when.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::live::LiveHosts;
use super::super::status::{StatusReport, of_paths};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Show when the tree's certificates end
///
/// Certificates are in clear text in every mode, so no identity is needed.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show the certificates that end first
    civi-ingress gitops status --output-dir clusters/prod"))]
pub(super) struct Status {
    /// Directory of the tree
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    #[command(flatten)]
    pub(super) report: StatusReport,
}

pub(super) fn run(run: &Run, arguments: &Status) -> Result<(), Failure> {
    of_paths(
        run,
        std::slice::from_ref(&arguments.output_dir),
        &LiveHosts::default(),
        &arguments.report,
    )
}
