//! `status`.

use super::cli::{Status, StatusFormat, StatusReport};
use super::error::{Failure, Kind};
use super::output::{self, SideFile};
use super::tls::presented_chain;
use super::{Run, check_stdin, print_or_end, warn, world};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::find::{self, Findings, Found, Origin};
use civi_ingress::name::DnsName;
use civi_ingress::probe::target::Endpoint;
use civi_ingress::status::{self, Format, Report, Within};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Patience with a live host, for its name, its connection and its handshake each.
const PATIENCE: Duration = Duration::from_secs(10);
const HTTPS_PORT: u16 = 443;

pub(super) fn run(run: &Run, arguments: &Status) -> Result<(), Failure> {
    of_paths(run, &arguments.paths, &arguments.connect, &arguments.report)
}

/// Reports on the certificates of files, directories and live hosts.
pub(super) fn of_paths(
    run: &Run,
    paths: &[PathBuf],
    hosts: &[String],
    arguments: &StatusReport,
) -> Result<(), Failure> {
    check_stdin(paths.iter().map(PathBuf::as_path))?;
    let within = match &arguments.fail_within {
        Some(text) => Some(
            text.parse::<Within>()
                .map_err(|fault| fault.argument("--fail-within"))?,
        ),
        None => None,
    };
    if let Some(path) = &arguments.output {
        output::check_beside(&[("--output", path)], arguments.force)?;
    }
    let mut faults = Faults::default();
    let mut findings = Findings::default();
    let endpoints = endpoints(hosts)?;
    for path in paths {
        findings.append(read(path, &mut faults)?);
    }
    for endpoint in &endpoints {
        match presented(endpoint) {
            Ok(found) => findings.found.extend(found),
            Err(why) => faults.push(Fault::new(why).file(&endpoint.shown)),
        }
    }
    for fault in findings.damaged {
        faults.push(fault);
    }
    let report = status::lenient(findings.found, &findings.routing, run.now, &mut faults);
    for fault in faults.iter() {
        warn(&fault.to_string());
    }
    note_encrypted(run, &findings.encrypted);
    if report.rows.is_empty() && faults.is_empty() {
        let fault = Fault::new("there is no certificate")
            .help("give manifests with Secrets, PEM files or directories of them");
        return Err(fault.file(&names(paths)).into());
    }
    write(arguments, &report.write(format(arguments.format)))?;
    within.map_or(Ok(()), |within| check(&report, within, arguments))
}

/// A live host to look at.
struct Live {
    shown: String,
    host: DnsName,
    endpoint: Endpoint,
}

fn endpoints(hosts: &[String]) -> Result<Vec<Live>, Failure> {
    let mut faults = Faults::default();
    let mut live = Vec::new();
    for text in hosts {
        let (name, address) = match text.split_once('=') {
            Some((name, address)) => (name, address),
            None => (text.as_str(), text.as_str()),
        };
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        let host = faults.keep(DnsName::parse(host).map_err(|fault| fault.argument("--connect")));
        let endpoint = faults.keep(
            Endpoint::parse(address, HTTPS_PORT).map_err(|fault| fault.argument("--connect")),
        );
        if let (Some(host), Some(endpoint)) = (host, endpoint) {
            live.push(Live {
                shown: name.to_owned(),
                host,
                endpoint,
            });
        }
    }
    Ok(faults.finish(Some(live))?)
}

/// Gives the certificates that a live host presents.
fn presented(live: &Live) -> Result<Vec<Found>, String> {
    let chain = presented_chain(&live.endpoint, &live.host, PATIENCE)?;
    let is_one = chain.len() == 1;
    let found = chain
        .into_iter()
        .enumerate()
        .map(|(index, certificate)| Found {
            origin: Origin::Endpoint {
                address: live.shown.clone(),
                number: if is_one { 0 } else { index + 1 },
            },
            certificate,
        });
    Ok(found.collect())
}

/// Reads a file or stdin, which must be readable, or a tree, whose unreadable files are noted in `faults`.
fn read(path: &Path, faults: &mut Faults) -> Result<Findings, Failure> {
    if !path.is_dir() {
        let text = world::read(path)?;
        return Ok(find::read(&text.content, &text.name)?);
    }
    let mut findings = Findings::default();
    for text in world::read_tree(path)? {
        match text {
            Ok(text) if find::is_worth_reading(&text.content) => {
                let read = faults.keep(find::read(&text.content, &text.name));
                findings.append(read.unwrap_or_default());
            }
            Ok(_) => {}
            Err(failure) => failure
                .faults
                .into_iter()
                .for_each(|fault| faults.push(fault)),
        }
    }
    Ok(findings)
}

/// Says how many encrypted values are certificates by their key. Keys are meant to be encrypted; certificates could
/// be read, were they in clear.
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

fn write(arguments: &StatusReport, text: &str) -> Result<(), Failure> {
    let Some(path) = &arguments.output else {
        return print_or_end(text.as_bytes());
    };
    let file = SideFile {
        path,
        content: Zeroizing::new(text.to_owned()),
        is_secret: false,
    };
    output::write_beside(vec![file], None, arguments.force, |_| Ok(()))
}

/// Ends the run with status 1 when something ends too soon, or could not be read.
fn check(report: &Report, within: Within, arguments: &StatusReport) -> Result<(), Failure> {
    let ending = report.ending(within).count();
    let span = arguments.fail_within.as_deref().unwrap_or_default();
    let mut what = Vec::new();
    if ending > 0 {
        let all = report.rows.len();
        what.push(format!(
            "{ending} of {all} certificates end within {span} or have ended"
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

fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().map(|path| match path {
        path if world::is_stdin(path) => "standard input".to_owned(),
        path => path.display().to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn format(format: StatusFormat) -> Format {
    match format {
        StatusFormat::Table => Format::Table,
        StatusFormat::Json => Format::Json,
        StatusFormat::Prometheus => Format::Prometheus,
        StatusFormat::Html => Format::Html,
        StatusFormat::Mermaid => Format::Mermaid,
        StatusFormat::Dot => Format::Dot,
    }
}
