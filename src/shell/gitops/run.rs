//! `gitops render` and `gitops check`: one look at every unit, then, if nothing forbids it, the writing.

use super::super::cli::{
    Annotations, FailOnWaiting, FleetArguments, GitopsCheck, GitopsRender, PhaseArgument,
    ReportArguments, Summary,
};
use super::super::error::Failure;
use super::super::tree::{Access, Tree};
use super::super::{Run, output, print_or_end};
use super::fleet::read;
use super::job::{Job, Told};
use super::moves::settle;
use super::{git, known};
use civi_ingress::gitops::annotation::{self, Annotation};
use civi_ingress::gitops::decide::Depth;
use civi_ingress::gitops::plan::{Phase, Sealer};
use civi_ingress::gitops::report::Report;

pub(super) fn render(run: &Run, arguments: &GitopsRender) -> Result<(), Failure> {
    annotated(
        try_render(run, arguments),
        &arguments.report,
        &arguments.fleet,
    )
}

fn try_render(run: &Run, arguments: &GitopsRender) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet)?;
    let tree_path = &arguments.fleet.output_dir;
    if matches!(inputs.sealer, Sealer::Plain) && !arguments.allow_plain_in_git {
        git::guard(&inputs.fleet, tree_path)?;
    }
    let (fleet, file) = (&inputs.fleet, &arguments.fleet.fleet);
    known::refuse_another(tree_path, fleet, file, arguments.fleet.max_issues)?;
    let tree = Tree::open(tree_path, Access::Write)?;
    let standing = settle(&mut inputs, &tree)?;
    let depth = if arguments.verify {
        Depth::Whole
    } else {
        Depth::Glance
    };
    let told = Told::for_report(&arguments.report);
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, depth, told);
    let job = job.adopting(arguments.adopt);
    job.sweep()?;
    let survey = job.survey()?;
    survey.refuse_conflicts(arguments.adopt)?;
    standing.refuse_unmarked(&inputs.fleet, &survey.left)?;
    survey.refuse_to_issue_much(arguments.fleet.max_issues)?;
    let removed = if arguments.prune {
        survey.removed_instances
    } else {
        standing.removed_instances()
    };
    survey.refuse_to_lose_much(&inputs.fleet, removed, arguments.prune_max)?;
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let mut report = job.write(survey, arguments.prune)?;
    report.cluster = consequences;
    report.changes = job.told.into_rows();
    let has_written = !report.is_up_to_date() || report.pruned;
    if has_written && !arguments.no_sync {
        tree.sync()?;
    }
    let is_blocked = report.actions.blocked > 0;
    let fails = is_blocked && arguments.fail_on == FailOnWaiting::Blocked;
    report.exit_code = u8::from(fails);
    publish(run, &report, &arguments.report, &arguments.fleet, "wrote")?;
    standing.advise(true);
    if fails {
        return Err(Failure::found());
    }
    Ok(())
}

pub(super) fn check(run: &Run, arguments: &GitopsCheck) -> Result<(), Failure> {
    annotated(
        try_check(run, arguments),
        &arguments.report,
        &arguments.fleet,
    )
}

/// Prints as annotations, where they are asked for, why a run failed: a refused fleet file is what a pull request
/// most needs to show.
fn annotated(
    result: Result<(), Failure>,
    how: &ReportArguments,
    arguments: &FleetArguments,
) -> Result<(), Failure> {
    if let (Err(failure), Some(form)) = (&result, how.annotations)
        && !failure.faults.is_empty()
    {
        let annotations: Vec<Annotation<'_>> =
            failure.faults.iter().map(Annotation::from).collect();
        print_or_end(write_annotations(form, &annotations, arguments).as_bytes())?;
    }
    result
}

fn write_annotations(
    form: Annotations,
    annotations: &[Annotation<'_>],
    arguments: &FleetArguments,
) -> String {
    let file = arguments.fleet.display().to_string();
    match form {
        Annotations::Github => annotation::github(annotations, &file),
        Annotations::Gitlab => annotation::gitlab(annotations, &file),
    }
}

fn try_check(run: &Run, arguments: &GitopsCheck) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet)?;
    let tree = Tree::open(&arguments.fleet.output_dir, Access::Read)?;
    let standing = settle(&mut inputs, &tree)?;
    let told = Told::for_report(&arguments.report);
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, Depth::Whole, told);
    let survey = job.survey()?;
    let in_the_way: Vec<String> = survey.in_the_way().cloned().collect();
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let refused = survey.refuse_to_issue_much(arguments.fleet.max_issues);
    let mut report = survey.report;
    if let Err(failure) = refused {
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
    publish(
        run,
        &report,
        &arguments.report,
        &arguments.fleet,
        "would write",
    )?;
    standing.advise(false);
    if found {
        return Err(Failure::found());
    }
    Ok(())
}

/// Prints a report where and as it is wanted: on stdout for programs, on stderr for people.
pub(super) fn publish(
    run: &Run,
    report: &Report,
    how: &ReportArguments,
    arguments: &FleetArguments,
    verb: &str,
) -> Result<(), Failure> {
    let text = match (how.summary, how.annotations) {
        (Some(Summary::Json), _) => Some(report.as_json()),
        (None, Some(form)) => Some(write_annotations(form, &report.annotations(), arguments)),
        (None, None) => None,
    };
    output::say(&report.as_text(verb, !run.quiet));
    match text {
        Some(text) => print_or_end(text.as_bytes()),
        None => Ok(()),
    }
}

impl From<PhaseArgument> for Phase {
    fn from(phase: PhaseArgument) -> Self {
        match phase {
            PhaseArgument::All => Self::All,
            PhaseArgument::Trust => Self::Trust,
            PhaseArgument::Leaf => Self::Leaf,
            PhaseArgument::Shrink => Self::Shrink,
        }
    }
}
