//! `templates`.

use super::cli::Templates;
use super::error::Failure;
use super::output::{NewFile, write_directory};
use super::print_or_end;
use civi_ingress::template::BUILT_IN;
use zeroize::Zeroizing;

pub(super) fn run(command: &Templates) -> Result<(), Failure> {
    match command {
        Templates::List => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            print_or_end((names.join("\n") + "\n").as_bytes())
        }
        Templates::Export { output_dir, force } => {
            let file = |(name, source): &(&str, &str)| NewFile {
                path: (*name).to_owned(),
                content: Zeroizing::new((*source).to_owned()),
                is_secret: false,
            };
            let files: Vec<NewFile> = BUILT_IN.iter().map(file).collect();
            write_directory(output_dir, &files, *force)
        }
    }
}
