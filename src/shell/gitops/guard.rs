//! `gitops guard`: no private key in clear text goes into a commit.

use super::super::error::{Failure, Kind};
use super::super::examples::examples;
use super::super::output::warn;
use super::super::{Run, world};
use super::git::{Blob, WorkTree};
use civi_ingress::fault::{Fault, Place};
use civi_ingress::guard;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// Refuse a commit with a private key in clear text: for a pre-commit hook
///
/// Reads what Git's index has, not the files beside it: PEM, DER, base64 of either, age identities, and Secrets in any
/// spelling. Exit status 1: there is a key.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Look at what is about to be committed
    civi-ingress gitops guard

  Look at all that a repository has
    civi-ingress gitops guard --all"))]
pub(super) struct Guard {
    /// Look at these files only [default: all that differ from the last commit]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Look at every file of the index, and not only at what is about to be committed
    #[arg(long, conflicts_with = "paths")]
    pub(super) all: bool,
}

pub(super) fn run(run: &Run, arguments: &Guard) -> Result<(), Failure> {
    let here = Path::new(".");
    let Some(tree) = WorkTree::of(here)? else {
        let fault = Fault::new("the working directory is not in a Git work tree");
        return Err(fault
            .help("run it in one, for example as a pre-commit hook")
            .into());
    };
    let mut blobs = tree.staged_blobs(arguments.all)?;
    if !arguments.paths.is_empty() {
        let wanted: Vec<PathBuf> = arguments
            .paths
            .iter()
            .map(|path| world::resolved(path))
            .collect();
        blobs.retain(|blob| {
            let path = tree.top().join(&blob.path);
            wanted.iter().any(|wanted| path.starts_with(wanted))
        });
    }
    let mut faults = Vec::new();
    let mut count = 0;
    let mut too_large = Vec::new();
    tree.read_blobs(&blobs, &mut |blob: &Blob, content: Option<&[u8]>| {
        let shown = world::from_here(&tree.top().join(&blob.path))
            .display()
            .to_string();
        let Some(content) = content else {
            too_large.push(shown);
            return;
        };
        count += 1;
        faults.extend(guard::keys(content).into_iter().map(|key| {
            let fault = Fault::new(format!("{} in clear text would be committed", key.what));
            match key.line {
                0 => fault.file(&shown),
                line => fault.at(Place::Position {
                    file: shown.clone(),
                    line,
                    column: 1,
                }),
            }
        }));
    })?;
    for path in too_large {
        warn(&format!("{path} is too large to be looked at"));
    }
    let Some(last) = faults.pop() else {
        let files = if count == 1 { "file" } else { "files" };
        run.note(&format!("{count} {files}, no private key in clear text"));
        return Ok(());
    };
    let help = "take the file out of the commit with `git restore --staged FILE`, and encrypt the key; one that was pushed before must be replaced";
    faults.push(last.help(help));
    Err(Failure {
        kind: Kind::Found,
        faults,
    })
}
