//! `templates`.

use super::cli::Templates;
use super::error::Failure;
use super::writing::{NewFile, Overwrite, Writing};
use super::{paths, print_or_end};
use civi_ingress::template::BUILT_IN;

pub(super) fn run(command: &Templates) -> Result<(), Failure> {
    match command {
        Templates::List => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            print_or_end((names.join("\n") + "\n").as_bytes())
        }
        Templates::Export { output_dir, force } => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let paths = paths::Paths {
                directory: Some((output_dir, paths::Contents::Files(&names))),
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
