//! `gitops diff`: what rendering would change, line by line.

use super::super::colour::painted_difference;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::output::{print_or_end, warn};
use super::super::report_format::{ReportArguments, ReportFormat};
use super::super::tree::{Access, Tree};
use super::super::writing::{SideFile, Writing};
use super::super::{Run, output};
use super::fleet::{FleetArguments, read};
use super::job::{Job, Told};
use super::moves::settle;
use super::survey::{Survey, windows};
use super::{review, rollout};
use civi_ingress::gitops::compose::TreeFile;
use civi_ingress::gitops::difference::{self, Difference};
use civi_ingress::guarded::Guarded;
use civi_ingress::pki::reuse::Depth;
use civi_ingress::report::yaml;
use civi_ingress::visible::redacted::KnownKeys;
use clap::{Args, ValueHint};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Show what rendering would change; private keys as fingerprints
///
/// Exit status 1: there are differences, or nothing was rendered yet.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show the lines that would change
    civi-ingress gitops diff -f fleet.yaml --output-dir clusters/prod"))]
pub(super) struct Diff {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
    #[command(flatten)]
    pub(super) report: ReportArguments,
    /// Write what rendering would do to this file, to be reviewed and then carried out with gitops render --plan
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) plan: Option<PathBuf>,
    /// Overwrite that file
    #[arg(long, requires = "plan")]
    pub(super) force: bool,
}

pub(super) fn run(run: &Run, arguments: &Diff) -> Result<(), Failure> {
    let named = arguments.fleet.place.named()?;
    let writing = match &arguments.plan {
        Some(path) => {
            let read = std::iter::once(&named.file).chain(&arguments.fleet.identity);
            Some((
                path,
                Writing::of_report(("--plan", path), read, arguments.force)?,
            ))
        }
        None => None,
    };
    let mut inputs = read(run, &arguments.fleet, &named)?;
    let tree = Tree::open(&inputs.tree, Access::Read)?;
    let standing = settle(&mut inputs, &tree)?;
    rollout::stage(&mut inputs, &tree, run.now)?;
    let told = Told::default().of_all(writing.is_some());
    let format = arguments.report.format;
    let arguments = &arguments.fleet;
    let mut job = Job::new(run, &inputs, &tree, arguments, Depth::Glance, told);
    job.adopts = true;
    let survey = job.survey()?;
    if let Some((path, writing)) = writing {
        let plan = review::of(&inputs, &job, &survey)?.as_json();
        let file = SideFile {
            path,
            content: Zeroizing::new(plan.into_bytes()),
            is_secret: false,
        };
        writing.write(Vec::new(), vec![file], || Ok(()))?;
    }
    let changed: Vec<_> = survey.units.iter().filter(|unit| unit.is_changed).collect();
    let found = job.for_each(&changed, |renderer, seen| {
        let mut found = Vec::new();
        let Some(unit) = job.unit(seen.member)? else {
            return Ok(found);
        };
        let (_, composed, lives) = job.compose(renderer, &unit, seen, &survey.others)?;
        let known = KnownKeys::of(lives.source().texts().chain(lives.at_home.texts()));
        let mut compare = |path: &str, before: Option<&str>, after: Option<&str>| {
            let difference = Difference::of(path, before, after, Some(&known));
            found.extend(difference.map(|difference| difference.of_instance(unit.id())));
        };
        let old: Vec<_> = lives
            .at_home
            .current
            .iter()
            .chain(&lives.at_home.staged)
            .collect();
        for file in &composed.files {
            let before = old.iter().find(|(path, _)| *path == file.path);
            let before = before.map(|(_, text)| text.as_str());
            compare(&file.path, before, Some(&file.text));
        }
        for path in &seen.left_behind {
            let before = tree.read(path)?;
            compare(path, before.as_ref().map(Guarded::as_str), None);
        }
        for (path, text) in old {
            if !composed.files.iter().any(|file| file.path == *path) {
                compare(path, Some(text), None);
            }
        }
        Ok(found)
    })?;
    let mut found: Vec<Difference> = found.into_iter().flatten().collect();
    found.extend(of_the_whole(&tree, &survey)?);
    if !run.quiet {
        for consequence in standing.consequences(&inputs.fleet, &survey.left) {
            output::say(&format!("note: {}\n", consequence.line()));
        }
    }
    standing.advise(false);
    if let Some(warning) = windows(tree.with_carriage_returns()) {
        warn(&warning);
    }
    match format {
        ReportFormat::Text => {
            let text: String = found.iter().map(Difference::as_text).collect();
            if output::stdout_has_colours() {
                print_or_end(painted_difference(&text).as_bytes())?;
            } else {
                print_or_end(text.as_bytes())?;
            }
        }
        ReportFormat::Json => print_or_end(difference::as_json(&found).as_bytes())?,
        ReportFormat::Yaml => print_or_end(yaml(&difference::as_json(&found)).as_bytes())?,
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::found())
    }
}

/// Returns how the files differ that belong to no single unit.
fn of_the_whole(tree: &Tree, survey: &Survey) -> Result<Vec<Difference>, Failure> {
    let written = survey.fleet_files.iter();
    let written = written.map(|TreeFile { path, text, .. }| (path, Some(text.as_str())));
    let removed = survey.report.stale.iter().map(|path| (path, None));
    let mut found = Vec::new();
    for (path, after) in written.chain(removed) {
        let before = tree.read(path)?;
        let before = before.as_ref().map(Guarded::as_str);
        found.extend(Difference::of(path, before, after, None));
    }
    Ok(found)
}
