//! `gitops status`: when the certificates of the tree expire.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::live::LiveHosts;
use super::super::status::{Sources, StatusReport, of_sources};
use super::fleet::read_fleet;
use super::place::NamedFleet;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// Show when the tree's certificates expire
///
/// Certificates are in clear text in every mode, so no identity is needed.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show the certificates that end first
    civi-ingress gitops status --output-dir clusters/prod"))]
pub(super) struct TreeStatus {
    /// Directory of the tree [default: that of the fleet file, or the fleet's tree elsewhere in the repository]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) report: StatusReport,
}

pub(super) fn run(run: &Run, arguments: &TreeStatus) -> Result<(), Failure> {
    let report = &arguments.report;
    let hosts = LiveHosts::default();
    let of_tree = |tree: &PathBuf, fleet: Option<&Path>| {
        let sources = Sources {
            paths: std::slice::from_ref(tree),
            cluster: None,
            hosts: &hosts,
            fleet,
            password: None,
        };
        of_sources(run, &sources, report)
    };
    if let Some(tree) = &arguments.output_dir {
        return of_tree(tree, report.fleet.as_deref());
    }
    let named = NamedFleet::new(report.fleet.as_deref(), None)?;
    // What is wrong with the fleet file is reported below; the certificates are looked at all the same.
    let fleet = read_fleet(&named.file).ok();
    let tree = named.tree(run, fleet.as_ref())?;
    let is_needed = fleet.is_some() || report.fleet.is_some();
    of_tree(&tree, is_needed.then_some(named.file.as_path()))
}
