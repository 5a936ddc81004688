//! `gitops check`: one look at every unit, and nothing written.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::tree::{Access, Tree};
use super::fleet::{FleetArguments, read};
use super::job::{Job, Told};
use super::moves::settle;
use super::place::NamedFleet;
use super::report::{ReportArguments, annotated, publish};
use super::rollout;
use civi_ingress::pki::reuse::Depth;
use clap::Args;

/// Check that the tree matches the fleet file and nothing is due; write nothing
///
/// Verifies every chain as TLS clients do. Exit status 1: the tree is out of date or was not
/// rendered yet, or something is due.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Say in a pull request what would be written
    civi-ingress gitops check -f fleet.yaml --output-dir clusters/prod"))]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
    #[command(flatten)]
    pub(super) report: ReportArguments,
}

pub(super) fn run(run: &Run, arguments: &CheckArguments) -> Result<(), Failure> {
    let named = arguments.fleet.place.named()?;
    let result = try_check(run, arguments, &named);
    annotated(result, &arguments.report, &named.file)
}

fn try_check(run: &Run, arguments: &CheckArguments, named: &NamedFleet) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet, named)?;
    let tree = Tree::open(&inputs.tree, Access::Read)?;
    let standing = settle(&mut inputs, &tree)?;
    rollout::stage(&mut inputs, &tree, run.now)?;
    let told = Told::for_report(&arguments.report);
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, Depth::Whole, told);
    let survey = job.survey()?;
    let in_the_way: Vec<String> = survey.in_the_way().cloned().collect();
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let refused = [
        survey.refuse_to_strand(&inputs.fleet, arguments.fleet.rekey),
        survey.refuse_to_issue_much(arguments.fleet.max_issues),
    ];
    let mut report = survey.report;
    for failure in refused.into_iter().filter_map(Result::err) {
        let whys = failure.faults.into_iter();
        report.refused.extend(whys.map(|fault| match fault.help {
            Some(help) => format!("{} ({help})", fault.what),
            None => fault.what,
        }));
    }
    report.in_the_way = in_the_way;
    report.cluster = consequences;
    report.changes = job.told.into_rows();
    let waits = report.actions.defer + report.actions.blocked > 0;
    let found = waits || !report.is_up_to_date();
    report.exit_code = u8::from(found);
    publish(run, &report, &arguments.report, &named.file, "would write")?;
    standing.advise(false);
    if found {
        return Err(Failure::found());
    }
    Ok(())
}
