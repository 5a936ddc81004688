//! `gitops status`: which certificates of the tree end when.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::live::LiveHosts;
use super::super::status::{StatusReport, of_paths};
use super::fleet::read_fleet;
use super::place::Named;
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
    /// Directory of the tree [default: that of the fleet file, or the fleet's tree elsewhere in the repository]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) report: StatusReport,
}

pub(super) fn run(run: &Run, arguments: &Status) -> Result<(), Failure> {
    let report = &arguments.report;
    let hosts = LiveHosts::default();
    if let Some(tree) = &arguments.output_dir {
        let paths = std::slice::from_ref(tree);
        return of_paths(run, paths, &hosts, report.fleet.as_deref(), report);
    }
    let named = Named::new(report.fleet.as_deref(), None)?;
    // What is wrong with the fleet file is reported below; the certificates are looked at all the same.
    let fleet = read_fleet(&named.file).ok();
    let tree = named.tree(run, fleet.as_ref())?;
    let paths = std::slice::from_ref(&tree);
    let is_needed = fleet.is_some() || report.fleet.is_some();
    let fleet = is_needed.then_some(named.file.as_path());
    of_paths(run, paths, &hosts, fleet, report)
}
