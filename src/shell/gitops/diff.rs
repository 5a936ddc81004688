//! `gitops diff`: what rendering would change, line by line.

use super::super::colour::painted_difference;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::output::{print_or_end, warn};
use super::super::tree::{Access, Tree};
use super::super::writing::{SideFile, Writing};
use super::super::{Run, output};
use super::fleet::{FleetArguments, read};
use super::job::{Job, Told};
use super::moves::settle;
use super::review;
use super::survey::{Survey, windows};
use civi_ingress::gitops::compose::TreeFile;
use civi_ingress::gitops::decide::Depth;
use civi_ingress::visible::{
    self,
    redacted::{Known, redacted},
};
use clap::{Args, ValueHint};
use similar::TextDiff;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Lines around a change, as `diff -u` has them.
const CONTEXT: usize = 3;

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
    let told = Told::default().of_all(writing.is_some());
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
    let mut pieces = job.for_each(&changed, |renderer, seen| {
        let mut out = String::new();
        let Some(unit) = job.unit(seen.member)? else {
            return Ok(out);
        };
        let (_, composed, lives) = job.compose(renderer, &unit, seen, &survey.others)?;
        let known = Known::of(lives.source().texts().chain(lives.at_home.texts()));
        let difference =
            |out: &mut String, path: &str, before: Option<&str>, after: Option<&str>| {
                difference(out, path, before, after, Some(&known));
            };
        let old: Vec<_> = lives
            .at_home
            .current
            .iter()
            .chain(&lives.at_home.staged)
            .collect();
        for file in &composed.files {
            let before = old.iter().find(|(path, _)| *path == file.path);
            difference(
                &mut out,
                &file.path,
                before.map(|(_, text)| text.as_str()),
                Some(&file.text),
            );
        }
        for path in &seen.left_behind {
            let before = tree.read(path)?;
            difference(
                &mut out,
                path,
                before.as_ref().map(civi_ingress::guarded::Guarded::as_str),
                None,
            );
        }
        for (path, text) in old {
            if !composed.files.iter().any(|file| file.path == *path) {
                difference(&mut out, path, Some(text), None);
            }
        }
        Ok(out)
    })?;
    pieces.push(of_the_whole(&tree, &survey)?);
    if !run.quiet {
        for consequence in standing.consequences(&inputs.fleet, &survey.left) {
            output::say(&format!("note: {}\n", consequence.line()));
        }
    }
    standing.advise(false);
    if let Some(warning) = windows(tree.with_carriage_returns()) {
        warn(&warning);
    }
    let text = pieces.concat();
    if text.is_empty() {
        return Ok(());
    }
    if output::stdout_has_colours() {
        print_or_end(painted_difference(&text).as_bytes())?;
    } else {
        print_or_end(text.as_bytes())?;
    }
    Err(Failure::found())
}

/// Returns how the files differ that belong to no single unit.
fn of_the_whole(tree: &Tree, survey: &Survey) -> Result<String, Failure> {
    let mut rest = String::new();
    for TreeFile { path, text, .. } in &survey.fleet_files {
        let before = tree.read(path)?;
        difference(
            &mut rest,
            path,
            before.as_ref().map(civi_ingress::guarded::Guarded::as_str),
            Some(text),
            None,
        );
    }
    for path in &survey.report.stale {
        let before = tree.read(path)?;
        difference(
            &mut rest,
            path,
            before.as_ref().map(civi_ingress::guarded::Guarded::as_str),
            None,
            None,
        );
    }
    Ok(rest)
}

/// Writes how a file differs; certificates that are not among the `known` ones, where there are such, are still to be
/// issued.
fn difference(
    out: &mut String,
    path: &str,
    before: Option<&str>,
    after: Option<&str>,
    known: Option<&Known>,
) {
    if before == after {
        return;
    }
    let shown_path = visible::line(path);
    let header = |side: &str, is_there: bool| {
        if is_there {
            format!("{side}/{shown_path}")
        } else {
            "/dev/null".to_owned()
        }
    };
    let (a, b) = (header("a", before.is_some()), header("b", after.is_some()));
    let side = |text: Option<&str>, known| {
        text.map_or(Some(String::new()), |text| shown(path, text, known))
    };
    let (old, new) = (side(before, None), side(after, known));
    let why = match (&old, &new) {
        (None, _) => format!("{a} cannot be read as YAML"),
        (_, None) => format!("{b} cannot be read as YAML"),
        (Some(old), Some(new)) if old == new => "in comments or notation only".to_owned(),
        (Some(old), Some(new)) => {
            let diff = TextDiff::from_lines(old.as_str(), new.as_str());
            let mut unified = diff.unified_diff();
            unified.context_radius(CONTEXT).header(&a, &b);
            let unified = unified.to_string();
            out.push_str(&visible::composed(&unified));
            return;
        }
    };
    writeln!(out, "Files {a} and {b} differ: {why}").expect("writing to a String cannot fail");
}

/// Returns a file as it may be shown; nothing if it cannot be read.
fn shown(path: &str, text: &str, known: Option<&Known>) -> Option<String> {
    let end = Path::new(path).extension();
    if end.is_some_and(|end| end == "yaml" || end == "yml") {
        return redacted(text, known);
    }
    let lines = text.lines().map(|line| visible::line(line) + "\n");
    Some(lines.collect())
}
