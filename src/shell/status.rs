//! `status`.

use super::cluster::{self, ClusterArguments};
use super::error::{Failure, Kind};
use super::examples::examples;
use super::gitops::fleet::read_fleet;
use super::live::{self, LiveHosts};
use super::output::{self, print_or_end, warn};
use super::paths::{check_stdin, refuse_addresses};
use super::pkcs12_password::Pkcs12Password;
use super::writing::{SideFile, Writing};
use super::{Run, world};
use civi_ingress::cluster::Cluster;
use civi_ingress::cluster::naming::Naming;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::find::{self, Findings};
use civi_ingress::fleet::Fleet;
use civi_ingress::path::{self, entrances::Entrances};
use civi_ingress::pki::pkcs12::Password;
use civi_ingress::status::{self, Format, Language, Presentation, Report, Selection, Within};
use civi_ingress::tone;
use clap::{Args, ValueEnum, ValueHint};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Reads Secrets, ConfigMaps and certificate files, and looks at live hosts where they are named. Nothing is asked of
/// them, and nothing verified. Exit status: 0 whatever is found, unless --fail-within is given.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show when the certificates of a cluster end
    civi-ingress status --cluster

  Show what has failed or is due
    civi-ingress status --cluster --failed

  Exit with 1 when a certificate of a tree ends within 30 days
    civi-ingress status clusters/prod --fail-within 30d"))]
pub(super) struct Status {
    /// Manifests, PEM, DER or PKCS#12 file, directory of them, or - for stdin
    #[arg(value_name = "PATH", required_unless_present_any = ["connect", "connect_file", "cluster"], value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: StatusReport,
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    #[command(flatten)]
    pub(super) hosts: LiveHosts,
    #[command(flatten)]
    pub(super) password: Pkcs12Password,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LanguageArgument {
    /// English
    En,
    /// French
    Fr,
}

impl From<LanguageArgument> for Language {
    fn from(argument: LanguageArgument) -> Self {
        match argument {
            LanguageArgument::En => Self::English,
            LanguageArgument::Fr => Self::French,
        }
    }
}

/// How a report on certificates is written.
#[derive(Debug, Args)]
pub(super) struct StatusReport {
    /// Take the renewal dates from this fleet file [default: fleet.yaml in a directory that is read]
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
    /// Format of the report
    #[arg(
        short = 'o',
        long = "format",
        visible_alias = "output",
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub(super) format: StatusFormat,
    /// Language of the page and the diagrams [default: that of the locale]
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) lang: Option<LanguageArgument>,
    /// Show this instance only: its name in the fleet file, or its namespace [repeatable]
    #[arg(long, value_name = "INSTANCE")]
    pub(super) instance: Vec<String>,
    /// Show only what has failed: certificates that are not valid or due, and instances with one, or with one that is not
    /// trusted
    #[arg(long)]
    pub(super) failed: bool,
    /// Exit with 1 when a certificate expires within this time (30d, 12h, 4w), has expired, or cannot be read; without
    /// this option the exit status is 0 whatever is found
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) fail_within: Option<String>,
    /// Write the report to this file instead of stdout, all of it or nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output_file: Option<PathBuf>,
    /// Overwrite that file
    #[arg(long, requires = "output_file")]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StatusFormat {
    /// A table, the most urgent certificate first
    #[value(alias = "text")]
    Table,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
    /// Text format of Prometheus, for the textfile collector
    Prometheus,
    /// A page for the browser, complete in one file
    Html,
    /// A Mermaid flowchart of each instance's path
    Mermaid,
    /// The same for Graphviz
    Dot,
}

pub(super) fn run(run: &Run, arguments: &Status) -> Result<(), Failure> {
    let cluster = arguments.cluster.cluster.then_some(&arguments.cluster);
    let inputs = arguments.paths.iter().map(PathBuf::as_path);
    let password = arguments.password.paths().into_iter().map(|(_, path)| path);
    check_stdin(inputs.chain(password))?;
    let password = arguments.password.read()?;
    let sources = Sources {
        paths: &arguments.paths,
        cluster,
        hosts: &arguments.hosts,
        fleet: arguments.report.fleet.as_deref(),
        password: password.as_ref(),
    };
    of_sources(run, &sources, &arguments.report)
}

/// Where certificates are looked for.
pub(super) struct Sources<'a> {
    /// Files and directories.
    pub(super) paths: &'a [PathBuf],
    /// The cluster, where it is asked.
    pub(super) cluster: Option<&'a ClusterArguments>,
    /// Live hosts.
    pub(super) hosts: &'a LiveHosts,
    /// The fleet file that says when certificates are renewed.
    pub(super) fleet: Option<&'a Path>,
    /// The password of PKCS#12 files.
    pub(super) password: Option<&'a Password>,
}

/// Reports on the certificates of files, directories, a cluster and live hosts.
pub(super) fn of_sources(
    run: &Run,
    sources: &Sources<'_>,
    arguments: &StatusReport,
) -> Result<(), Failure> {
    let Sources {
        paths,
        cluster,
        hosts,
        fleet: fleet_file,
        password,
    } = *sources;
    let stdin = paths
        .iter()
        .chain(&hosts.connect_file)
        .map(PathBuf::as_path);
    check_stdin(stdin.chain(fleet_file))?;
    refuse_addresses(
        paths.iter().map(PathBuf::as_path),
        "`--connect HOST` looks at a live host",
    )?;
    let within = match &arguments.fail_within {
        Some(text) => Some(
            text.parse::<Within>()
                .map_err(|fault| fault.argument("--fail-within"))?,
        ),
        None => None,
    };
    let writing = match &arguments.output_file {
        Some(path) => {
            let inputs = paths
                .iter()
                .chain(&hosts.connect_file)
                .chain(&arguments.fleet);
            let file = ("--output-file", path.as_path());
            Some(Writing::of_report(file, inputs, arguments.force)?)
        }
        None => None,
    };
    let mut faults = Faults::default();
    let mut findings = Findings::default();
    let mut live = live::hosts(hosts)?;
    let fleet = fleet(paths, fleet_file, &mut faults)?;
    for path in paths {
        findings.append(read(path, password, &mut faults)?);
    }
    if let Some(cluster) = cluster {
        let kinds = cluster::PATHS.iter().copied().flatten();
        let text = cluster.all(cluster::CERTIFICATES.iter().chain(kinds).copied())?;
        findings.append(find::read(&text.content, &text.name)?);
    }
    let objects = findings.take_cluster();
    let routes = path::read(&objects, Naming::default(), &Entrances::default());
    if let Some(address) = &hosts.connect_routes {
        live.extend(live::of_routes(&routes, address));
    }
    findings.found.extend(live::look(live, &mut faults)?);
    for fault in findings.damaged {
        faults.push(fault);
    }
    let report = status::lenient(
        findings.found,
        (&objects, routes),
        fleet.as_ref(),
        run.now,
        &mut faults,
    );
    for fault in faults.iter() {
        warn(&fault.to_string());
    }
    note_encrypted(run, &findings.encrypted);
    let made = note_made(run, &objects);
    if report.rows.is_empty() && faults.is_empty() && made == 0 {
        let fault = Fault::new("there is no certificate")
            .help("pass manifests with Secrets, PEM files or directories of them");
        return Err(fault.file(&names(paths, cluster)).into());
    }
    let selection = Selection {
        instances: &arguments.instance,
        failed: arguments.failed,
    };
    let report = report.select(selection, fleet.as_ref())?;
    if arguments.failed && report.rows.is_empty() {
        run.note("nothing has failed");
    }
    let language = arguments.lang.map_or_else(world::language, Language::from);
    let is_printed = arguments.output_file.is_none();
    let presentation = Presentation {
        language,
        width: is_printed.then(output::width).flatten(),
        paint: if is_printed {
            output::paint()
        } else {
            &tone::plain
        },
    };
    let text = report.write(format(arguments.format), &presentation);
    write(writing, arguments, &text)?;
    within.map_or(Ok(()), |within| check(&report, within, arguments))
}

/// Notes how many Secrets are made in the cluster of which nothing is at hand, and returns their number.
fn note_made(run: &Run, objects: &Cluster) -> usize {
    let made = status::made(objects);
    if made > 0 {
        let secrets = if made == 1 {
            "1 Secret is".to_owned()
        } else {
            format!("{made} Secrets are")
        };
        run.note(&format!(
            "{secrets} made in the cluster, and there alone: `civi-ingress status --cluster` looks at what is there"
        ));
    }
    made
}

/// Reads the fleet file that says when certificates are renewed: the one that is named, else one in a directory that
/// is read.
fn fleet(
    paths: &[PathBuf],
    named: Option<&Path>,
    faults: &mut Faults,
) -> Result<Option<Fleet>, Failure> {
    if let Some(path) = named {
        return read_fleet(path).map(Some);
    }
    let mut beside = paths.iter().map(|path| path.join("fleet.yaml"));
    let Some(path) = beside.find(|path| world::is_file(path).is_ok_and(|is| is)) else {
        output::explain(|| {
            "no fleet file says when certificates are renewed: a renewal is due when a third of the life is left"
                .to_owned()
        });
        return Ok(None);
    };
    output::explain(|| format!("{} says when certificates are renewed", path.display()));
    match read_fleet(&path) {
        Ok(fleet) => Ok(Some(fleet)),
        Err(failure) => {
            failure
                .faults
                .into_iter()
                .for_each(|fault| faults.push(fault));
            Ok(None)
        }
    }
}

/// Reads a file or stdin, which must be readable, or a tree, whose unreadable files are noted in `faults`.
fn read(
    path: &Path,
    password: Option<&Password>,
    faults: &mut Faults,
) -> Result<Findings, Failure> {
    if world::is_stdin(path) || !path.is_dir() {
        let bytes = world::read_bytes(path)?;
        return Ok(find::read_bytes(
            &bytes,
            &world::name_of(path),
            false,
            password,
        )?);
    }
    let mut findings = Findings::default();
    for path in world::certificate_files(path)? {
        let name = path.display().to_string();
        let read = world::read_bytes(&path)
            .and_then(|bytes| Ok(find::read_bytes(&bytes, &name, true, password)?));
        match read {
            Ok(read) => findings.append(read),
            Err(failure) => failure
                .faults
                .into_iter()
                .for_each(|fault| faults.push(fault)),
        }
    }
    Ok(findings)
}

/// Notes how many encrypted values are certificates by their key. Keys are meant to be encrypted; certificates could
/// be read, were they in clear text.
fn note_encrypted(run: &Run, encrypted: &[String]) {
    let is_certificate = |name: &&String| {
        let name = name.to_ascii_lowercase();
        ["cert", ".crt"].iter().any(|end| name.ends_with(end))
    };
    let number = encrypted.iter().filter(is_certificate).count();
    if number > 0 {
        run.note(&format!(
            "{number} encrypted values are certificates by their key; the report is without them"
        ));
    }
}

fn write<'a>(
    writing: Option<Writing<'a>>,
    arguments: &'a StatusReport,
    text: &str,
) -> Result<(), Failure> {
    let (Some(path), Some(writing)) = (&arguments.output_file, writing) else {
        return print_or_end(text.as_bytes());
    };
    let file = SideFile {
        path,
        content: Zeroizing::new(text.as_bytes().to_vec()),
        is_secret: false,
    };
    writing.write(Vec::new(), vec![file], || Ok(()))
}

/// Ends the run with status 1 when something ends too soon, or could not be read.
fn check(report: &Report, within: Within, arguments: &StatusReport) -> Result<(), Failure> {
    let ending = report.ending(within).count();
    let span = arguments.fail_within.as_deref().unwrap_or_default();
    let mut what = Vec::new();
    if ending > 0 {
        let all = report.rows.len();
        what.push(format!(
            "{ending} of {all} certificates expire within {span} or have expired"
        ));
    }
    if report.damaged > 0 {
        what.push(format!(
            "{} values or files could not be read",
            report.damaged
        ));
    }
    if what.is_empty() {
        return Ok(());
    }
    Err(Failure {
        kind: Kind::Found,
        faults: what.into_iter().map(Fault::new).collect(),
    })
}

fn names(paths: &[PathBuf], cluster: Option<&ClusterArguments>) -> String {
    let names = paths.iter().map(|path| match path {
        path if world::is_stdin(path) => "standard input".to_owned(),
        path => path.display().to_string(),
    });
    let cluster = cluster.map(|_| "the cluster".to_owned());
    names.chain(cluster).collect::<Vec<_>>().join(", ")
}

fn format(format: StatusFormat) -> Format {
    match format {
        StatusFormat::Table => Format::Table,
        StatusFormat::Json => Format::Json,
        StatusFormat::Yaml => Format::Yaml,
        StatusFormat::Prometheus => Format::Prometheus,
        StatusFormat::Html => Format::Html,
        StatusFormat::Mermaid => Format::Mermaid,
        StatusFormat::Dot => Format::Dot,
    }
}
