//! `completions` and `man`, which are made from the table of options, and `schema`.

use super::cli::{Completions, Man, Schema, SchemaKind, table};
use super::error::Failure;
use super::paths::{Contents, Paths};
use super::print_or_end;
use super::writing::{NewFile, Overwrite, Writing};

pub(super) fn completions(arguments: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut table(None),
        "civi-ingress",
        &mut script,
    );
    print_or_end(&script)
}

pub(super) fn schema(arguments: &Schema) -> Result<(), Failure> {
    let text = match arguments.kind {
        SchemaKind::Fleet => civi_ingress::fleet::SCHEMA,
    };
    print_or_end(text.as_bytes())
}

pub(super) fn man(arguments: &Man) -> Result<(), Failure> {
    let mut program = table(None);
    program.build();
    let Some(directory) = &arguments.output_dir else {
        return print_or_end(page(program)?.as_bytes());
    };
    let mut files = Vec::new();
    let subcommands: Vec<clap::Command> = program.get_subcommands().cloned().collect();
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
