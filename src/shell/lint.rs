//! `lint`.

use super::Run;
use super::error::{Failure, Kind};
use super::examples::examples;
use super::listed;
use super::output::{self, print_or_end, warn};
use super::paths::check_stdin;
use super::traefik_release::release;
use super::world::{self, Text};
use super::writing::{SideFile, Writing};
use civi_ingress::chart::ChartMajor;
use civi_ingress::fault::{Fault, Faults, did_you_mean};
use civi_ingress::lint::baseline::{self, Baseline};
use civi_ingress::lint::{
    self, KnownFrom, Options, Report, Severity, Source, explain, report, rules,
};
use civi_ingress::name::DnsName;
use civi_ingress::pki::validity::LifeEnd;
use civi_ingress::report::yaml;
use civi_ingress::threads::{OPENED, discard, each, with_threads};
use clap::{Args, ValueEnum, ValueHint};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use time::Duration;
use zeroize::Zeroizing;

/// Reads Kubernetes manifests and values files of Traefik's chart. docs/lint.md lists the rules. A comment
/// `# civi-ingress: allow CI103 REASON` suppresses a finding on its line or the next.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Look at the manifests of a directory
    civi-ingress lint manifests

  Say more about a finding
    civi-ingress lint --explain CI103"))]
pub(super) struct Lint {
    /// Files, directories with YAML or JSON files, or - for stdin
    #[arg(value_name = "PATH", required_unless_present_any = ["explain", "list"], value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Format of the report
    #[arg(
        short = 'o',
        long = "format",
        visible_alias = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(super) format: LintFormat,
    /// List all rules: code, severity, name and what is wrong
    #[arg(long, conflicts_with_all = ["paths", "traefik", "chart", "host", "expires_within", "strict_references", "level", "fail_on", "baseline", "write_baseline"])]
    pub(super) list: bool,
    /// Explain what a rule looks for, what would happen, and what to do; the rule's code or name
    #[arg(long, value_name = "RULE", value_parser = listed::RULES, hide_possible_values = true, conflicts_with = "paths", exclusive = true)]
    pub(super) explain: Option<String>,
    /// Traefik release that reads the manifests [default: detected, else 3.7]
    #[arg(long, value_name = "VERSION")]
    pub(super) traefik: Option<String>,
    /// Version of Traefik's Helm chart that reads the values files [default: the newest that fits]
    #[arg(long, value_name = "VERSION")]
    pub(super) chart: Option<String>,
    /// Host that a route must answer for [repeatable]
    #[arg(long)]
    pub(super) host: Vec<String>,
    /// Find certificates that expire within this many days [default: 30, or a third of a shorter lifetime]
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true)]
    pub(super) expires_within: Option<String>,
    /// Treat references to objects outside the input as errors
    #[arg(long)]
    pub(super) strict_references: bool,
    /// Show findings of this level and above
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(super) level: FailLevel,
    /// Exit with 1 for findings of this level and above
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(super) fail_on: FailLevel,
    /// Leave out the findings that this file accepts
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,
    /// Write the findings to this file, to accept them from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline", value_hint = ValueHint::FilePath)]
    pub(super) write_baseline: Option<PathBuf>,
    /// Overwrite an existing baseline
    #[arg(long, requires = "write_baseline")]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    /// For people
    #[value(alias = "table")]
    Text,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
    /// SARIF 2.1.0, for code forges
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailLevel {
    /// Worth knowing
    Info,
    /// Works by luck, or for a while
    Warning,
    /// Fails in production
    Error,
}

pub(super) fn run(run: &Run, arguments: &Lint) -> Result<(), Failure> {
    if let Some(code) = &arguments.explain {
        return print_or_end(explain(rule(code)?).as_bytes());
    }
    if arguments.list {
        return print_or_end(listed_rules(arguments.format)?.as_bytes());
    }
    let options = options(run, arguments)?;
    check_stdin(
        arguments
            .paths
            .iter()
            .chain(&arguments.baseline)
            .map(PathBuf::as_path),
    )?;
    let writing = match &arguments.write_baseline {
        Some(path) => {
            let file = ("--write-baseline", path.as_path());
            let inputs = arguments.paths.iter();
            Some(Writing::of_report(file, inputs, arguments.force)?)
        }
        None => None,
    };
    let accepted = arguments.baseline.as_deref().map(|path| {
        let text = world::read(path)?;
        Ok::<_, Failure>(Baseline::parse(&text.content, &text.name)?)
    });
    let accepted = accepted.transpose()?;
    let mut sources = sources(run, &arguments.paths)?;
    let mut found = lint::lint(&mut sources, &options)?;
    output::explain(|| {
        let why = match found.traefik.from {
            KnownFrom::Option => "`--traefik` says so",
            KnownFrom::Image => "the tag of an image says so",
            KnownFrom::Fields => "only such releases take what the manifests have",
            KnownFrom::Default => "nothing says which one, and it is the newest that is known",
        };
        format!(
            "Traefik {} reads the manifests: {why}",
            found.traefik.release
        )
    });
    if let (Some(path), Some(writing)) = (&arguments.write_baseline, writing) {
        let (content, count) = baseline::write(&found, &sources);
        let content = Zeroizing::new(content.into_bytes());
        let file = SideFile {
            path,
            content,
            is_secret: false,
        };
        writing.write(Vec::new(), vec![file], || Ok(()))?;
        let findings = if count == 1 { "finding" } else { "findings" };
        run.note(&format!("wrote {count} {findings} to {}", path.display()));
        let broken = found.count(Severity::Error) + found.count(Severity::Warning) - count;
        if broken > 0 {
            warn(&format!(
                "a baseline cannot accept a document that is not YAML: left out {broken}"
            ));
        }
        return Ok(());
    }
    if let Some(accepted) = accepted {
        let stale = accepted.apply(&mut found, &sources);
        if stale > 0 {
            run.note(&format!(
                "{stale} findings of the baseline are gone: write it again"
            ));
        }
    }
    let level = severity(arguments.level);
    let text = match arguments.format {
        LintFormat::Text => {
            read_again(&mut sources, &found, level);
            report::text(&found, &sources, level, output::paint())
        }
        LintFormat::Json => report::json(&found, &sources, level),
        LintFormat::Yaml => yaml(&report::json(&found, &sources, level)),
        LintFormat::Sarif => report::sarif(&found, &sources, level),
        LintFormat::Github => report::annotations(&found, &sources, level),
    };
    print_or_end(text.as_bytes())?;
    say_what_was_passed_over(&found, &sources, arguments);
    run.note(&summary(&found, sources.len()));
    // They are cleared, because they may hold keys, which takes as long as reading them.
    let length = sources.iter().map(|source| source.text.len()).sum();
    with_threads(length, || discard(sources));
    if found.fails(severity(arguments.fail_on)) {
        return Err(Failure::found());
    }
    Ok(())
}

fn listed_rules(format: LintFormat) -> Result<String, Fault> {
    match format {
        LintFormat::Text => Ok(report::list()),
        LintFormat::Json => Ok(report::list_json()),
        LintFormat::Yaml => Ok(yaml(&report::list_json())),
        LintFormat::Sarif | LintFormat::Github => {
            let what = "this format is for findings, not for the list of rules";
            Err(Fault::new(what)
                .help("use `text`, `json` or `yaml`")
                .argument("--format"))
        }
    }
}

fn rule(text: &str) -> Result<&'static lint::Rule, Fault> {
    rules::find(text).ok_or_else(|| {
        let fault = Fault::new(format!("there is no rule `{}`", text.escape_debug()));
        let known = rules::ALL.iter().flat_map(|rule| [rule.code, rule.name]);
        let near = did_you_mean(text, known);
        match near {
            Some(near) => fault.help(format!("perhaps `{near}`; `--list` lists all")),
            None => fault.help("`--list` lists all"),
        }
        .argument("--explain")
    })
}

fn severity(level: FailLevel) -> Severity {
    match level {
        FailLevel::Info => Severity::Info,
        FailLevel::Warning => Severity::Warning,
        FailLevel::Error => Severity::Error,
    }
}

fn options(run: &Run, arguments: &Lint) -> Result<Options, Failure> {
    let mut faults = Faults::default();
    let mut options = Options::at(run.now);
    options.strict_references = arguments.strict_references;
    options.traefik = arguments
        .traefik
        .as_deref()
        .and_then(|text| release(text, &mut faults));
    options.chart = arguments.chart.as_deref().and_then(|text| {
        faults.keep(ChartMajor::parse(text).map_err(|fault| fault.argument("--chart")))
    });
    options.hosts = arguments
        .host
        .iter()
        .filter_map(|text| {
            faults.keep(DnsName::parse(text).map_err(|fault| fault.argument("--host")))
        })
        .collect();
    let days = |text: &str| match LifeEnd::parse(text) {
        Ok(LifeEnd::Days(days)) => Ok(Duration::days(i64::from(days))),
        Ok(LifeEnd::At(_)) | Err(_) => {
            let fault = Fault::new(format!("`{}` is not a number of days", text.escape_debug()));
            Err(fault
                .help("use a number such as `30d`")
                .argument("--expires-within"))
        }
    };
    let within = arguments.expires_within.as_deref();
    options.expires_within = within.and_then(|text| faults.keep(days(text)));
    Ok(faults.finish(Some(options))?)
}

/// Reads all files, and says all that cannot be read at once.
fn sources(run: &Run, paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if world::is_stdin(path) || !world::is_directory(path) {
            files.push(path.clone());
            continue;
        }
        let tree = world::tree(path)?;
        for left_out in tree.left_out {
            run.note(&format!("left out {left_out}"));
        }
        if tree.files.is_empty() {
            warn(&format!("{} contains no YAML or JSON file", path.display()));
        }
        files.extend(tree.files);
    }
    let read = |path: &PathBuf| {
        let text = world::read_stream(path)?;
        if world::is_stdin(path) && text.content.trim().is_empty() {
            let help = "the command before the pipe may have failed";
            return Err(Fault::new("there are no manifests")
                .help(help)
                .file(&text.name)
                .into());
        }
        Ok(text)
    };
    // How much they hold shows when they are read.
    let length = files.len() * OPENED;
    let texts: Vec<Result<Text, Failure>> = with_threads(length, || each(&files, read));
    let mut sources = Vec::with_capacity(texts.len());
    let mut known = BTreeSet::new();
    let mut unreadable: Option<Failure> = None;
    for text in texts {
        match text {
            // A file that is named twice holds its objects once.
            Ok(text)
                if text
                    .identity
                    .is_some_and(|identity| !known.insert(identity)) => {}
            Ok(text) => sources.push(if text.can_be_read_again {
                Source::of_file(text.name, text.content)
            } else {
                Source::new(text.name, text.content)
            }),
            Err(failure) => match &mut unreadable {
                None => unreadable = Some(failure),
                Some(first) => {
                    if failure.kind == Kind::Refused {
                        first.kind = Kind::Refused;
                    }
                    first.faults.extend(failure.faults);
                }
            },
        }
    }
    unreadable.map_or(Ok(sources), Err)
}

/// Reads the files again whose lines the report shows. Of one that cannot be read any more, or has changed, it shows none.
fn read_again(sources: &mut [Source], found: &Report, level: Severity) {
    let shown = found.findings.iter();
    let shown = shown.filter(|finding| finding.severity >= level && finding.at.line > 0);
    let files: BTreeSet<usize> = shown.map(|finding| finding.file).collect();
    for file in files {
        if let Some(source) = sources.get_mut(file).filter(|source| source.is_gone())
            && let Ok(text) = world::read_stream(Path::new(&*source.name))
        {
            source.take_again(text.content);
        }
    }
}

/// Warns where a check that found nothing looked at nothing: at all, or in a file that was named.
fn say_what_was_passed_over(found: &Report, sources: &[Source], arguments: &Lint) {
    let is_broken = |file: usize| found.findings.iter().any(|finding| finding.file == file);
    let passed_over = found.passed_over.iter().map(|file| &*sources[*file].name);
    let is_named = |name: &str| {
        let mut paths = arguments.paths.iter();
        paths.any(|path| world::is_stdin(path) || path.as_os_str() == name)
    };
    let what = "nothing in it is checked: it has no Kubernetes object, and no values of the charts of Traefik or Civiparoisse";
    for name in passed_over.filter(|name| is_named(name)) {
        warn(&format!("{name}: {what}"));
    }
    let is_nothing = found.passed_over.len() == sources.len();
    let is_named = |file: usize| is_named(&sources[file].name);
    if is_nothing
        && !sources.is_empty()
        && !(0..sources.len()).any(|file| is_named(file) || is_broken(file))
    {
        let paths = arguments
            .paths
            .iter()
            .map(|path| path.display().to_string());
        let paths = paths.collect::<Vec<_>>().join(", ");
        warn(&format!(
            "{paths}: nothing is checked: no file has a Kubernetes object, or values of the charts of Traefik or Civiparoisse"
        ));
    }
}

fn summary(found: &Report, files: usize) -> String {
    let count = |number: usize, what: &str| {
        let end = if number == 1 { "" } else { "s" };
        format!("{number} {what}{end}")
    };
    let mut parts = vec![
        count(found.count(Severity::Error), "error"),
        count(found.count(Severity::Warning), "warning"),
    ];
    if found.suppressed > 0 {
        parts.push(format!("{} suppressed", found.suppressed));
    }
    if found.accepted > 0 {
        parts.push(format!("{} accepted", found.accepted));
    }
    format!(
        "{} in {} of {}, for Traefik {}",
        parts.join(", "),
        count(found.objects, "object"),
        count(files, "file"),
        found.traefik.release
    )
}
