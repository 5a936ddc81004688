//! `man`: the manual pages, made from the table of options.

use super::cli::table;
use super::error::Failure;
use super::examples::examples;
use super::output::print_or_end;
use super::paths::{Contents, Paths};
use super::writing::{NewFile, Overwrite, Writing};
use clap::{Args, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Read the manual page
    civi-ingress man > civi-ingress.1 && man ./civi-ingress.1

  Write a page for each command
    civi-ingress man --output-dir man1"))]
pub(super) struct Man {
    /// Write a page for the program and for each subcommand into this new or empty directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(long, requires = "output_dir")]
    pub(super) force: bool,
}

pub(super) fn run(arguments: &Man) -> Result<(), Failure> {
    let mut program = table(None);
    program.build();
    let Some(directory) = &arguments.output_dir else {
        return print_or_end(page(program)?.as_bytes());
    };
    let mut files = Vec::new();
    let subcommands = program.get_subcommands();
    let subcommands = subcommands.filter(|command| command.get_name() != "help");
    let subcommands: Vec<clap::Command> = subcommands.cloned().collect();
    for command in std::iter::once(program).chain(subcommands) {
        let name = command
            .get_display_name()
            .unwrap_or(command.get_name())
            .to_owned();
        files.push(NewFile::new(&format!("{name}.1"), &page(command)?, false));
    }
    let names: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let paths = Paths {
        directory: Some((directory, Contents::Files(&names))),
        ..Paths::default()
    };
    let writing = Writing::begin(&paths, Overwrite::of(arguments.force, false))?;
    writing.write(files, Vec::new(), || Ok(()))
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(anyhow::Error::new)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
