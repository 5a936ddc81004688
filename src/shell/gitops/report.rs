//! How a run over a fleet is reported: to people, to programs, to a CI.

use super::super::error::Failure;
use super::super::output::print_or_end;
use super::super::{Run, output};
use civi_ingress::gitops::annotation::{self, Annotation};
use civi_ingress::gitops::report::Report;
use civi_ingress::report::yaml;
use clap::{Args, ValueEnum, ValueHint};
use std::path::{Path, PathBuf};

/// How a run is reported. Notes for people go to stderr, unless --quiet.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct ReportArguments {
    /// Print a report for programs on stdout
    #[arg(long, value_enum, conflicts_with = "annotations")]
    pub(super) summary: Option<Summary>,
    /// Print on stdout what a CI shows beside the fleet file
    #[arg(long, value_enum)]
    pub(super) annotations: Option<Annotations>,
    /// Append a summary in Markdown to this file, as GitHub Actions shows it: $GITHUB_STEP_SUMMARY
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) step_summary: Option<PathBuf>,
}

impl ReportArguments {
    /// Returns whether every unit with news is reported, and not only the first.
    pub(super) fn needs_all(&self) -> bool {
        self.summary.is_some() || self.annotations.is_some() || self.step_summary.is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Summary {
    /// JSON, whose field `version` changes with its form
    Json,
    /// The same as YAML
    Yaml,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Annotations {
    /// Workflow commands of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

/// Prints as annotations, if they are asked for, why a run failed: a refused fleet file is what a pull request
/// most needs to show.
pub(super) fn annotated(
    result: Result<(), Failure>,
    how: &ReportArguments,
    fleet: &Path,
) -> Result<(), Failure> {
    if let (Err(failure), Some(form)) = (&result, how.annotations)
        && !failure.faults.is_empty()
    {
        let annotations: Vec<Annotation<'_>> =
            failure.faults.iter().map(Annotation::from).collect();
        print_or_end(write_annotations(form, &annotations, fleet).as_bytes())?;
    }
    result
}

fn write_annotations(form: Annotations, annotations: &[Annotation<'_>], fleet: &Path) -> String {
    let file = fleet.display().to_string();
    match form {
        Annotations::Github => annotation::github(annotations, &file),
        Annotations::Gitlab => annotation::gitlab(annotations, &file),
    }
}

/// Prints a report where and as it is wanted: on stdout for programs, on stderr for people.
pub(super) fn publish(
    run: &Run,
    report: &Report,
    how: &ReportArguments,
    fleet: &Path,
    verb: &str,
) -> Result<(), Failure> {
    let text = match (how.summary, how.annotations) {
        (Some(Summary::Json), _) => Some(report.as_json()),
        (Some(Summary::Yaml), _) => Some(yaml(&report.as_json())),
        (None, Some(form)) => Some(write_annotations(form, &report.annotations(), fleet)),
        (None, None) => None,
    };
    output::say(&report.as_text(verb, !run.quiet));
    if let Some(path) = &how.step_summary {
        output::append(path, &report.as_markdown(verb))?;
    }
    match text {
        Some(text) => print_or_end(text.as_bytes()),
        None => Ok(()),
    }
}
