//! `gitops move`: the steps by which the keys of a fleet move between its tree and cert-manager.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::output::print_or_end;
use super::super::report_format::{ReportArguments, ReportFormat};
use super::fleet::{PlaceArguments, read_fleet};
use civi_ingress::fault::Fault;
use civi_ingress::report::yaml;
use civi_ingress::topology::moving::{Goal, KeysMove};
use clap::Args;
use clap::builder::PossibleValuesParser;

/// Print the steps by which the keys of a fleet move between its tree and cert-manager
///
/// In their order, and of each: what to write into the fleet file, what to run, what to wait for and how to go back. Nothing is
/// changed by this command, and a fleet that is on its way gets the steps that are left.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Have cert-manager make the keys of a fleet
    civi-ingress gitops move -f fleet.yaml --to cert-manager"))]
pub(super) struct MoveKeys {
    /// Who is to make keys: cert-manager, or this program in the tree
    #[arg(long, value_name = "MODE", value_parser = PossibleValuesParser::new(Goal::NAMES))]
    to: String,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    report: ReportArguments,
}

pub(super) fn run(run: &Run, arguments: &MoveKeys) -> Result<(), Failure> {
    let named = arguments.place.named()?;
    let fleet = read_fleet(&named.file)?;
    let tree = named.tree(run, Some(&fleet))?.display().to_string();
    let tree = match tree.trim_end_matches('/') {
        "" | "." => String::new(),
        tree => format!("{tree}/"),
    };
    let goal = Goal::of(&arguments.to).ok_or_else(|| anyhow::anyhow!("clap knows the names"))?;
    let moved = KeysMove {
        fleet: &fleet,
        file: named.file.display().to_string(),
        tree,
        goal,
    };
    let document = moved.document().map_err(|faults| {
        let in_file = |fault: Fault| match fault.place {
            Some(_) => fault,
            None => fault.file(&moved.file),
        };
        faults.into_iter().map(in_file).collect::<Vec<_>>()
    })?;
    let report = match arguments.report.format {
        ReportFormat::Text => document.text(),
        ReportFormat::Json => document.json(),
        ReportFormat::Yaml => yaml(&document.json()),
    };
    print_or_end(report.as_bytes())
}
