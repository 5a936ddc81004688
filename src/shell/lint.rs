//! `lint`.

use super::Run;
use super::configuration::ConfigurationFile;
use super::error::{Failure, Kind};
use super::examples::examples;
use super::listed;
use super::output::{self, print_or_end, warn};
use super::paths::check_stdin;
use super::report_format::ReportArguments;
use super::traefik_release::release;
use super::world;
use super::writing::{SideFile, Writing};
use civi_ingress::chart::ChartMajor;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::lint::baseline::{self, Baseline};
use civi_ingress::lint::configuration::{Configuration, FILE};
use civi_ingress::lint::{
    self, Configured, Options, Report, Severity, Source, explain, report, rules,
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
    /// Files, directories with YAML or JSON files, or - for stdin [default: those of the configuration file]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: ReportArguments<LintFormat>,
    /// List all rules: code, severity, name and what is wrong
    #[arg(long, conflicts_with_all = ["paths", "traefik", "chart", "host", "expires_within", "strict_references", "level", "fail_on", "baseline", "write_baseline", "config", "no_config", "root"])]
    pub(super) list: bool,
    /// Explain what a rule looks for, what would happen, and what to do; the rule's code or name
    #[arg(long, value_name = "RULE", value_parser = listed::RULES, hide_possible_values = true, conflicts_with = "paths", exclusive = true)]
    pub(super) explain: Option<String>,
    /// Read this configuration file [default: .civi-ingress.toml beside the first PATH or in the working directory, or the
    /// nearest above within the Git repository]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,
    /// Directory that is applied to a cluster of its own, with what its kustomizations include [repeatable] [default: found
    /// out]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) root: Vec<PathBuf>,
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
    /// Show findings of this level and above [default: warning]
    #[arg(long, value_name = "LEVEL")]
    pub(super) level: Option<FailLevel>,
    /// Exit with 1 for findings of this level and above [default: warning]
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailLevel>,
    /// Leave out the findings that this file accepts [repeatable]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Vec<PathBuf>,
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
    /// JUnit XML, which GitLab, Jenkins and others show as tests
    Junit,
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
        return print_or_end(listed_rules(arguments.report.format)?.as_bytes());
    }
    let mut options = options(run, arguments)?;
    check_stdin(
        arguments
            .paths
            .iter()
            .chain(&arguments.baseline)
            .chain(&arguments.config)
            .map(PathBuf::as_path),
    )?;
    let configuration = configuration(arguments)?;
    let configuration = configuration.as_ref();
    if let Some(file) = configuration {
        configure(&mut options, file);
    }
    options.roots.extend(roots(arguments, configuration));
    let level = level_of(arguments.level, configuration, |says| says.level);
    let threshold = level_of(arguments.fail_on, configuration, |says| says.fail_on);
    let paths = paths(arguments, configuration)?;
    let writing = match &arguments.write_baseline {
        Some(path) => {
            let file = ("--write-baseline", path.as_path());
            let inputs = paths.iter();
            Some(Writing::of_report(file, inputs, arguments.force)?)
        }
        None => None,
    };
    let accepted = accepted(arguments, configuration)?;
    // What the command line names is read wherever it leads.
    let within = configuration.filter(|_| arguments.paths.is_empty());
    let mut sources = sources(run, &paths, within)?;
    place(&mut sources, arguments, configuration);
    let mut found = lint::lint(&mut sources, &options)?;
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
    for entry in &found.ignored_in_vain {
        let entry = &options.ignored[*entry];
        let (place, code) = (&entry.place, entry.rule.code);
        run.note(&format!("{place}: {code} is ignored and finds nothing"));
    }
    let text = match arguments.report.format {
        LintFormat::Text => {
            read_again(&mut sources, &found, level);
            report::text(&found, &sources, level, output::paint())
        }
        LintFormat::Json => report::json(&found, &sources, level),
        LintFormat::Yaml => yaml(&report::json(&found, &sources, level)),
        LintFormat::Sarif => report::sarif(&found, &sources, level),
        LintFormat::Github => report::annotations(&found, &sources, level),
        LintFormat::Junit => {
            read_again(&mut sources, &found, level);
            report::junit(&found, &sources, level, threshold)
        }
    };
    print_or_end(text.as_bytes())?;
    say_what_was_passed_over(&found, &sources, &paths);
    run.note(&report::what_was_read(&found, &sources));
    run.note(&report::what_was_found(&found));
    // They are cleared, because they may hold keys, which takes as long as reading them.
    let length = sources.iter().map(|source| source.text.len()).sum();
    with_threads(length, || discard(sources));
    if found.fails(threshold) {
        return Err(Failure::found());
    }
    Ok(())
}

fn listed_rules(format: LintFormat) -> Result<String, Fault> {
    match format {
        LintFormat::Text => Ok(report::list()),
        LintFormat::Json => Ok(report::list_json()),
        LintFormat::Yaml => Ok(yaml(&report::list_json())),
        LintFormat::Sarif | LintFormat::Github | LintFormat::Junit => {
            let what = "this format is for findings, not for the list of rules";
            Err(Fault::new(what)
                .help("use `text`, `json` or `yaml`")
                .argument("--format"))
        }
    }
}

fn rule(text: &str) -> Result<&'static lint::Rule, Fault> {
    rules::named(text).map_err(|fault| fault.argument("--explain"))
}

/// Returns the configuration file that holds, if there is one.
fn configuration(arguments: &Lint) -> Result<Option<ConfigurationFile>, Failure> {
    if arguments.no_config {
        return Ok(None);
    }
    if let Some(file) = &arguments.config {
        return ConfigurationFile::named(file).map(Some);
    }
    let first = arguments.paths.first();
    let first = first.filter(|path| !world::is_stdin(path));
    ConfigurationFile::nearest(first.map_or(Path::new("."), PathBuf::as_path))
}

/// Takes from a configuration file what the command line does not say.
fn configure(options: &mut Options, file: &ConfigurationFile) {
    let says = &file.says;
    options.configured = Configured {
        file: Some(file.name.clone()),
        traefik: options.traefik.is_none(),
        chart: options.chart.is_none(),
    };
    options.traefik = options.traefik.or(says.traefik);
    options.chart = options.chart.or(says.chart);
    if options.hosts.is_empty() {
        options.hosts.clone_from(&says.hosts);
    }
    let within = says.expires_within.map(|days| Duration::days(days.into()));
    options.expires_within = options.expires_within.or(within);
    options.strict_references |= says.strict_references;
    options.ignored.clone_from(&says.ignored);
}

/// Returns the directories that are applied to a cluster each, from where [`place`] names the files.
fn roots(arguments: &Lint, configuration: Option<&ConfigurationFile>) -> Vec<String> {
    if arguments.root.is_empty() {
        let roots = configuration.map(|file| &file.says.roots);
        let roots = roots.into_iter().flatten();
        return roots.map(|root| root.path.clone()).collect();
    }
    let base = base(configuration);
    let root = |root: &PathBuf| {
        let root = world::relative(root, &base).unwrap_or_else(|| root.clone());
        root.display().to_string()
    };
    arguments.root.iter().map(root).collect()
}

/// Returns the directory from where roots, ignored rules and baselines name files.
fn base(configuration: Option<&ConfigurationFile>) -> PathBuf {
    match configuration {
        Some(file) => file.folder().to_owned(),
        None => world::resolved(Path::new(".")),
    }
}

/// Names the files as roots, ignored rules and baselines do, where that may differ from their names.
fn place(sources: &mut [Source], arguments: &Lint, configuration: Option<&ConfigurationFile>) {
    if configuration.is_none() && arguments.root.is_empty() {
        return;
    }
    let base = base(configuration);
    for source in sources {
        let place = world::relative(Path::new(&*source.name), &base);
        source.place = place.map(|place| place.display().to_string());
    }
}

fn level_of(
    argument: Option<FailLevel>,
    configuration: Option<&ConfigurationFile>,
    says: fn(&Configuration) -> Option<Severity>,
) -> Severity {
    let configured = || configuration.and_then(|file| says(&file.says));
    let level = argument.map(severity).or_else(configured);
    level.unwrap_or(Severity::Warning)
}

/// Returns what is read.
fn paths(
    arguments: &Lint,
    configuration: Option<&ConfigurationFile>,
) -> Result<Vec<PathBuf>, Failure> {
    if !arguments.paths.is_empty() {
        return Ok(arguments.paths.clone());
    }
    let fault = match configuration {
        Some(file) if !file.says.paths.is_empty() => {
            let paths = file.says.paths.iter();
            return Ok(paths.map(|path| file.seen_from_here(path)).collect());
        }
        Some(file) => {
            let what = format!("no PATH is given, and {} has no `paths`", file.name);
            Fault::new(what).help("name files or directories, or add `paths = [\".\"]` to it")
        }
        None => {
            let what = if arguments.no_config {
                "no PATH is given".to_owned()
            } else {
                format!("no PATH is given, and there is no {FILE} here or above in the repository")
            };
            Fault::new(what).help("name files or directories, such as `civi-ingress lint .`")
        }
    };
    Err(Failure::usage(vec![fault]))
}

/// Reads the baselines; those of the configuration file do not count for one that is being written.
fn accepted(
    arguments: &Lint,
    configuration: Option<&ConfigurationFile>,
) -> Result<Option<Baseline>, Failure> {
    let paths: Vec<PathBuf> = match configuration {
        _ if arguments.write_baseline.is_some() => Vec::new(),
        Some(file) if arguments.baseline.is_empty() => {
            let baselines = file.says.baselines.iter();
            baselines.map(|path| file.seen_from_here(path)).collect()
        }
        _ => arguments.baseline.clone(),
    };
    if paths.is_empty() {
        return Ok(None);
    }
    let mut all = Baseline::default();
    for path in paths {
        let text = world::read(&path)?;
        all.extend(Baseline::parse(&text.content, &text.name)?);
    }
    Ok(Some(all))
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

/// Reads all files, and says all that cannot be read at once. Links out of the repository of `within` are left out.
fn sources(
    run: &Run,
    paths: &[PathBuf],
    within: Option<&ConfigurationFile>,
) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if world::is_stdin(path) || !world::is_directory(path) {
            files.push(path.clone());
            continue;
        }
        let mut tree = world::tree(path)?;
        if let Some(repository) = within {
            let is_out = |path: &mut PathBuf| repository.leads_out(path);
            let out = tree.files.extract_if(.., is_out);
            let out = out.map(|path| format!("{}: a link out of the repository", path.display()));
            tree.left_out.extend(out);
        }
        for left_out in tree.left_out {
            run.note(&format!("left out {left_out}"));
        }
        if tree.files.is_empty() {
            warn(&format!("{} contains no YAML or JSON file", path.display()));
        }
        files.extend(tree.files);
    }
    let read = |path: &PathBuf| {
        let (text, undecodable) = world::read_any_stream(path)?;
        if world::is_stdin(path) && text.content.trim().is_empty() {
            let help = "the command before the pipe may have failed";
            return Err(Fault::new("there are no manifests")
                .help(help)
                .file(&text.name)
                .into());
        }
        Ok((text, undecodable))
    };
    // How much they hold shows when they are read.
    let length = files.len() * OPENED;
    let texts: Vec<Result<_, Failure>> = with_threads(length, || each(&files, read));
    let mut sources = Vec::with_capacity(texts.len());
    let mut known = BTreeSet::new();
    let mut unreadable: Option<Failure> = None;
    for text in texts {
        match text {
            // A file that is named twice holds its objects once.
            Ok((text, _))
                if text
                    .identity
                    .is_some_and(|identity| !known.insert(identity)) => {}
            Ok((text, undecodable)) => {
                let source = if text.can_be_read_again {
                    Source::of_file(text.name, text.content)
                } else {
                    Source::new(text.name, text.content)
                };
                sources.push(source.undecodable(undecodable));
            }
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
            && let Ok((text, _)) = world::read_any_stream(Path::new(&*source.name))
        {
            source.take_again(text.content);
        }
    }
}

/// Warns where a check that found nothing looked at nothing: at all, or in a file that was named.
fn say_what_was_passed_over(found: &Report, sources: &[Source], paths: &[PathBuf]) {
    let is_broken = |file: usize| found.findings.iter().any(|finding| finding.file == file);
    let passed_over = found.passed_over.iter().map(|file| &*sources[*file].name);
    let is_named = |name: &str| {
        let mut paths = paths.iter();
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
        let paths = paths.iter().map(|path| path.display().to_string());
        let paths = paths.collect::<Vec<_>>().join(", ");
        warn(&format!(
            "{paths}: nothing is checked: no file has a Kubernetes object, or values of the charts of Traefik or Civiparoisse"
        ));
    }
}
