//! `man`: the manual pages, made from the table of options.

use super::error::{Failure, STATUSES};
use super::examples::examples;
use super::output::print_or_end;
use super::paths::{DirectoryContents, Paths};
use super::writing::{NewFile, Overwrite, Writing};
use clap::{Args, Command, ValueHint};
use clap_mangen::roff::{Roff, bold, roman};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Read the manual page
    civi-ingress man > civi-ingress.1 && man ./civi-ingress.1

  Write a page for each command
    civi-ingress man --output-dir man1"))]
pub(super) struct Man {
    /// Write a page for the program and for each command, nested ones too, into this new or empty directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(long, requires = "output_dir")]
    pub(super) force: bool,
}

/// Writes the pages of the program, whose table of options this is.
pub(super) fn run(arguments: &Man, program: Command) -> Result<(), Failure> {
    // The pages of `help` would say what the others say.
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let Some(directory) = &arguments.output_dir else {
        return print_or_end(page(&program)?.as_bytes());
    };
    let mut files = Vec::new();
    add_pages(&program, &mut files)?;
    let names: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let paths = Paths {
        directory: Some((directory, DirectoryContents::Files(&names))),
        ..Paths::default()
    };
    let writing = Writing::begin(&paths, Overwrite::of(arguments.force, false))?;
    writing.write(files, Vec::new(), || Ok(()))
}

/// Adds the page of a command and those of the commands below it.
fn add_pages(command: &Command, files: &mut Vec<NewFile>) -> Result<(), Failure> {
    let file = format!("{}.1", name(command));
    files.push(NewFile::new(&file, &page(command)?, false));
    command
        .get_subcommands()
        .try_for_each(|command| add_pages(command, files))
}

/// Names a command as its page is called, such as `civi-ingress-gitops-render`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

/// Writes the page of a command with the sections of man-pages(7): what clap_mangen makes of the table of options, then
/// the examples of its help, the exit statuses, and the pages of its subcommands and of the program.
fn page(command: &Command) -> Result<String, Failure> {
    let version = env!("CIVI_INGRESS_VERSION");
    let date = version
        .rsplit_once(", ")
        .map(|(_, date)| date.trim_end_matches(')'));
    let man = clap_mangen::Man::new(command.clone())
        .title(name(command).to_uppercase())
        .date(date.unwrap_or_default())
        .source(format!("civi-ingress {}", env!("CARGO_PKG_VERSION")))
        .manual("Manual of civi-ingress");
    let mut page = Vec::new();
    let mut write = || -> std::io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        Ok(())
    };
    write().map_err(anyhow::Error::new)?;
    // clap_mangen parts a list of values from the text before it by two breaks around an empty line, which is one space.
    let mut page = String::from_utf8_lossy(&page).replace(".br\n\n.br\n", ".sp\n");
    let mut rest = Roff::new();
    add_examples(&mut rest, command);
    rest.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in STATUSES {
        rest.control("TP", ["5"]);
        rest.text([bold(status.to_string())]);
        rest.text([roman(meaning)]);
    }
    add_see_also(&mut rest, command);
    page.push_str(&rest.to_roff());
    Ok(page)
}

/// Adds what the help has below `Examples:`: a line of two spaces says what an example does, one of four is typed.
fn add_examples(page: &mut Roff, command: &Command) {
    let help = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let Some((_, examples)) = help.split_once("Examples:\n") else {
        return;
    };
    page.control("SH", ["EXAMPLES"]);
    let mut is_typed = false;
    let mut is_first = true;
    for line in examples.lines().filter(|line| !line.is_empty()) {
        if let Some(typed) = line.strip_prefix("    ") {
            if !is_typed {
                page.control("RS", ["4"]);
                page.control("EX", []);
            }
            is_typed = true;
            page.text([roman(typed)]);
            continue;
        }
        if is_typed {
            page.control("EE", []);
            page.control("RE", []);
            is_typed = false;
        }
        let Some(what) = line.strip_prefix("  ") else {
            break;
        };
        if !is_first {
            page.control("PP", []);
        }
        is_first = false;
        page.text([roman(what)]);
    }
    if is_typed {
        page.control("EE", []);
        page.control("RE", []);
    }
}

/// Adds the page of the program, and those of the commands beside it or below.
fn add_see_also(page: &mut Roff, command: &Command) {
    let own = name(command);
    let mut pages: Vec<String> = command
        .get_subcommands()
        .map(|command| name(command).to_owned())
        .collect();
    // Of `civi-ingress gitops render` the pages of `civi-ingress gitops` and `civi-ingress`.
    let above: Vec<&str> = command.get_bin_name().unwrap_or(own).split(' ').collect();
    pages.extend(
        (1..above.len())
            .rev()
            .map(|number| above[..number].join("-")),
    );
    if pages.is_empty() {
        return;
    }
    page.control("SH", ["SEE ALSO"]);
    let last = pages.len() - 1;
    for (number, name) in pages.iter().enumerate() {
        let comma = if number == last { "(1)" } else { "(1), " };
        page.text([bold(name), roman(comma)]);
    }
}
