//! `templates`, and the templates that a run renders with.

use super::error::Failure;
use super::examples::examples;
use super::writing::{NewFile, Overwrite, Writing};
use super::{output::print_or_end, paths, world};
use civi_ingress::template::{BUILT_IN, Templates};
use clap::{Args, Subcommand, ValueHint};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show which templates there are
    civi-ingress templates list"))]
pub(super) struct TemplatesArguments {
    #[command(subcommand)]
    pub(super) command: TemplatesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum TemplatesCommand {
    /// List the built-in templates by name
    #[command(after_long_help = examples!("
  Show which templates there are
    civi-ingress templates list"))]
    List,
    /// Write the built-in templates into a new or empty directory, to change and pass to --templates
    #[command(after_long_help = examples!("
  Render with templates of your own
    civi-ingress templates export --output-dir templates
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --templates templates --output-dir paroisse-a"))]
    Export {
        /// Directory for the files
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output_dir: PathBuf,
        /// Overwrite files that exist
        #[arg(long)]
        force: bool,
    },
}

pub(super) fn run(command: &TemplatesCommand) -> Result<(), Failure> {
    match command {
        TemplatesCommand::List => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            print_or_end((names.join("\n") + "\n").as_bytes())
        }
        TemplatesCommand::Export { output_dir, force } => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let paths = paths::Paths {
                directory: Some((output_dir, paths::DirectoryContents::Files(&names))),
                ..paths::Paths::default()
            };
            let writing = Writing::begin(&paths, Overwrite::of(*force, false))?;
            let files = BUILT_IN
                .iter()
                .map(|(name, source)| NewFile::new(name, source, false));
            writing.write(files.collect(), Vec::new(), || Ok(()))
        }
    }
}

/// Returns the templates, with a user's own in place of built-in ones.
pub(super) fn own_templates(directory: Option<&Path>) -> Result<Templates, Failure> {
    let Some(directory) = directory else {
        return Ok(Templates::default());
    };
    let sources = world::read_templates(directory)?;
    Ok(Templates::with_own(
        &directory.display().to_string(),
        sources,
    )?)
}
