//! `gitops add` and `gitops remove`: an instance of the fleet file, and nothing else in it.

use super::super::error::Failure;
use super::super::examples::examples;
use super::super::writing::{SideFile, Writing};
use super::super::{Run, world};
use super::fleet::parse;
use super::place::NamedFleet;
use super::units::unknown;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::fleet::Source;
use civi_ingress::fleet::edit::{self, Addition};
use civi_ingress::name::{DnsName, InstanceName};
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Add an instance to the fleet file
///
/// Every other byte of the file stays: comments, order, notation.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Add an instance
    civi-ingress gitops add paroisse-b --host b.example.org \\
      -f fleet.yaml"))]
pub(super) struct Add {
    /// Name of the instance
    pub(super) name: String,
    /// Host that browsers ask for [default: as `externalHost` of the fleet file's defaults has it]
    #[arg(long)]
    pub(super) host: Option<String>,
    /// Profile of the fleet file
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Fleet file [default: the nearest fleet.yaml, here or above]
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
}

/// Remove an instance from the fleet file
///
/// Its files stay in the tree until gitops render --prune. Every other byte of the fleet file stays.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Remove an instance
    civi-ingress gitops remove paroisse-a -f fleet.yaml"))]
pub(super) struct Remove {
    /// Name of the instance
    #[arg(value_name = "INSTANCE")]
    pub(super) name: String,
    /// Fleet file [default: the nearest fleet.yaml, here or above]
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
}

pub(super) fn add(run: &Run, arguments: &Add) -> Result<(), Failure> {
    let mut faults = Faults::default();
    let id = InstanceName::parse(&arguments.name).map_err(|fault| fault.argument("NAME"));
    let host = arguments.host.as_deref().map(DnsName::parse_public);
    let host = host.transpose().map_err(|fault| fault.argument("--host"));
    let (id, host) = (faults.keep(id), faults.keep(host));
    let (id, host) = faults.finish(id.zip(host))?;
    let (file, main) = main_file(arguments.fleet.as_deref())?;
    let addition = Addition {
        id: &id,
        host: host.as_ref(),
        profile: arguments.profile.as_deref(),
    };
    let text = edit::add(&main, &addition)?;
    let edited = Source { text, ..main };
    let fleet = parse(&edited, &file, None, &mut |_| ())?;
    let hosts = fleet.members.iter().find(|member| member.id == id);
    let host = hosts.and_then(|member| member.hosts.first());
    let host = host.map_or_else(String::new, |host| format!(" ({host})"));
    write(&file, &edited.text)?;
    run.note(&format!(
        "added `{id}`{host} to {}; next: civi-ingress gitops render{}",
        file.display(),
        option(arguments.fleet.as_deref())
    ));
    Ok(())
}

pub(super) fn remove(run: &Run, arguments: &Remove) -> Result<(), Failure> {
    let (file, main) = main_file(arguments.fleet.as_deref())?;
    let fleet = parse(&main, &file, None, &mut |_| ())?;
    let name = &arguments.name;
    let Some(member) = fleet
        .members
        .iter()
        .find(|member| member.id.as_str() == name)
    else {
        return Err(unknown(&fleet, name).file(&main.name).into());
    };
    let place = &member.place;
    if edit::is_in(place, &main.name) {
        let text = edit::remove(&main, name)?;
        let edited = Source { text, ..main };
        parse(&edited, &file, None, &mut |_| ())?;
        write(&file, &edited.text)?;
    } else {
        let table = edit::table_of(place).ok_or_else(|| {
            Fault::new(format!("the instance `{name}` has a document of its own here"))
                .help("remove the file, or the document where there are others, then: civi-ingress gitops render --prune")
                .at(place.clone())
        })?;
        let file = PathBuf::from(table);
        let read = world::read_as_it_is(&file)?;
        let table = Source {
            name: read.name,
            text: read.content.to_string(),
        };
        let text = edit::remove_row(&table, name)?;
        let edited = Source { text, ..table };
        parse(
            &main,
            &main_path(arguments.fleet.as_deref())?,
            Some(&edited),
            &mut |_| (),
        )?;
        write(&file, &edited.text)?;
    }
    run.note(&format!(
        "removed `{name}` from {place}; its files stay in the tree until: civi-ingress gitops render --prune{}",
        option(arguments.fleet.as_deref())
    ));
    Ok(())
}

/// Returns the option that names the fleet file to another command.
fn option(fleet: Option<&Path>) -> String {
    fleet.map_or_else(String::new, |file| format!(" -f {}", file.display()))
}

fn main_path(fleet: Option<&Path>) -> Result<PathBuf, Failure> {
    let file = NamedFleet::new(fleet, None)?.file;
    if world::is_stdin(&file) {
        let fault = Fault::new("standard input cannot be edited").help("name a file");
        return Err(fault.argument("--fleet").into());
    }
    Ok(file)
}

/// Reads the fleet file, without those that it includes.
fn main_file(fleet: Option<&Path>) -> Result<(PathBuf, Source), Failure> {
    let file = main_path(fleet)?;
    let read = world::read_as_it_is(&file)?;
    let text = read.content.to_string();
    Ok((
        file,
        Source {
            name: read.name,
            text,
        },
    ))
}

/// Writes a file over, all of it or nothing.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let writing = Writing::of_report(("--fleet", path), std::iter::empty(), true)?;
    let file = SideFile {
        path,
        content: Zeroizing::new(text.as_bytes().to_vec()),
        is_secret: false,
    };
    writing.write(Vec::new(), vec![file], || Ok(()))
}
