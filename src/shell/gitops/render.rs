//! `gitops render`: one look at every unit, then, if nothing forbids it, the writing.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::tree::{Access, Tree};
use super::fleet::{FleetArguments, read};
use super::job::{Job, Told};
use super::moves::settle;
use super::place::NamedFleet;
use super::report::{ReportArguments, annotated, publish};
use super::{git, known, review, rollout};
use civi_ingress::gitops::context::Sealer;
use civi_ingress::pki::reuse::Depth;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Bring the tree in line with the fleet file: make, keep and renew certificates, write what has changed
///
/// The tree is the state: a second run changes nothing until something is due or the fleet file changes.
/// Where instances move from one Flux Kustomization or Argo CD Application to another (`shards`, the source), the
/// first run marks their objects so that no controller deletes them, and the next run, once that has been applied, moves them.
/// Exit status 1: a renewal is due and something is needed for it.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Bring the tree to what the fleet file says
    civi-ingress gitops render -f fleet.yaml --output-dir clusters/prod

  Remove what has left the fleet file, too
    civi-ingress gitops render -f fleet.yaml \\
      --output-dir clusters/prod --prune"))]
pub(super) struct Render {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
    /// Remove files of this fleet that are no longer needed
    #[arg(long, help_heading = "Writing", conflicts_with = "instance")]
    pub(super) prune: bool,
    /// Remove at most this many instances, or give them other namespaces [default: 10, and no more than a fifth of all]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Writing",
        allow_hyphen_values = true
    )]
    pub(super) prune_max: Option<usize>,
    /// Take over files in the way that are not this fleet's
    #[arg(long, help_heading = "Writing")]
    pub(super) adopt: bool,
    /// Keep private keys in clear text even in a Git work tree that does not ignore them
    #[arg(long, help_heading = "Writing")]
    pub(super) allow_plain_in_git: bool,
    /// Verify every signature and private value first, as `gitops check` does; reissue chains that do not hold, and
    /// leave damaged files as they are
    #[arg(long, help_heading = "Writing")]
    pub(super) verify: bool,
    /// Do what this plan of gitops diff says, with what it removes and takes over, or nothing: where anything else would
    /// be done, the exit status is 5
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Writing",
        conflicts_with_all = ["verify", "adopt", "prune"]
    )]
    pub(super) plan: Option<PathBuf>,
    /// Do not wait until everything is on disk
    #[arg(long, help_heading = "Writing")]
    pub(super) no_sync: bool,
    /// Exit with 1 when everything is written but a certificate is blocked, or never
    #[arg(long, value_enum, default_value = "blocked", help_heading = "Writing")]
    pub(super) fail_on: FailOnWaiting,
    #[command(flatten)]
    pub(super) report: ReportArguments,
}

/// What of a run that has written all makes it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOnWaiting {
    /// A certificate that lacks something
    Blocked,
    /// Nothing
    Never,
}

pub(super) fn run(run: &Run, arguments: &Render) -> Result<(), Failure> {
    let named = arguments.fleet.place.named()?;
    let result = try_render(run, arguments, &named);
    annotated(result, &arguments.report, &named.file)
}

fn try_render(run: &Run, arguments: &Render, named: &NamedFleet) -> Result<(), Failure> {
    let plan = match &arguments.plan {
        Some(path) => Some(review::read(path)?),
        None => None,
    };
    // What a plan removes and takes over was reviewed with it.
    let adopts = arguments.adopt || plan.is_some();
    let prunes = arguments.prune || plan.is_some();
    let mut inputs = read(run, &arguments.fleet, named)?;
    let tree_path = &inputs.tree;
    if matches!(inputs.sealer, Sealer::Plain) && !arguments.allow_plain_in_git {
        git::guard(&inputs.fleet, tree_path)?;
    }
    let max_issues = arguments.fleet.max_issues;
    known::refuse_another(tree_path, &inputs.fleet, &named.file, max_issues)?;
    let tree = Tree::open(tree_path, Access::Write)?;
    let standing = settle(&mut inputs, &tree)?;
    rollout::stage(&mut inputs, &tree, run.now)?;
    let depth = if arguments.verify {
        Depth::Whole
    } else {
        Depth::Glance
    };
    let told = Told::for_report(&arguments.report).of_all(plan.is_some());
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, depth, told);
    let job = job.adopting(adopts);
    job.sweep()?;
    let survey = job.survey()?;
    if let Some(plan) = &plan {
        review::refuse_another(plan, &review::of(&inputs, &job, &survey)?)?;
    }
    job.refuse_partial(&survey, &standing)?;
    survey.refuse_conflicts(adopts)?;
    standing.refuse_unmarked(&inputs.fleet, &survey.left)?;
    survey.refuse_to_strand(&inputs.fleet, arguments.fleet.rekey)?;
    survey.refuse_to_issue_much(max_issues)?;
    let removed = if prunes {
        survey.removed_instances
    } else {
        standing.removed_instances()
    };
    survey.refuse_to_lose_much(&inputs.fleet, removed, arguments.prune_max)?;
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let mut report = job.write(survey, prunes)?;
    report.cluster = consequences;
    report.changes = job.told.into_rows();
    let has_written = !report.is_up_to_date() || report.pruned;
    if has_written && !arguments.no_sync {
        tree.sync()?;
    }
    let is_blocked = report.actions.blocked > 0;
    let fails = is_blocked && arguments.fail_on == FailOnWaiting::Blocked;
    report.exit_code = u8::from(fails);
    publish(run, &report, &arguments.report, &named.file, "wrote")?;
    standing.advise(true);
    if fails {
        return Err(Failure::found());
    }
    Ok(())
}
