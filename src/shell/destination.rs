//! Where the manifests of a run go: stdout, or a directory.

use super::error::Failure;
use super::output::{self, warn};
use super::paths::{DirectoryContents, Named, Paths};
use super::templates::own_templates;
use super::writing::{NewFile, Overwrite, SideFile, Writing};
use super::{Run, gitops, world};
use civi_ingress::fault::Fault;
use civi_ingress::manifest::{Manifest, Object, PrivateKeys, stream};
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where manifests go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputDestination {
    /// Write one file per object into this new or empty directory instead of stdout
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys too: the old ones are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
    /// Use the templates in this directory in place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
    /// Show private keys even if stdout is a terminal
    #[arg(long)]
    pub(super) show_secrets: bool,
}

impl OutputDestination {
    /// Claims what the manifests and the files beside them go to, before any key is drawn.
    ///
    /// `beside` are the files that other options name for writing, `inputs` those that are read.
    pub(super) fn claim<'a>(
        &'a self,
        beside: &[Named<'a>],
        inputs: Vec<Named<'a>>,
    ) -> Result<Writing<'a>, Failure> {
        if self.output_dir.is_none() && output::stdout_is_closed() {
            return Err(output::closed_stdout());
        }
        if let (true, Some((option, _))) = (self.is_preview(), beside.first()) {
            let fault =
                Fault::new("on a terminal there is only a preview, and its keys are thrown away");
            let help = "pipe the output into `kubectl apply -f -`, or pass --output-dir DIR or --show-secrets";
            return Err(fault.help(help).argument(option).into());
        }
        let directory = self.output_dir.as_deref();
        let paths = Paths {
            directory: directory.map(|directory| (directory, DirectoryContents::Manifests)),
            beside: beside.to_vec(),
            inputs,
        };
        Writing::begin(&paths, Overwrite::of(self.force, self.replace_keys))
    }

    /// Returns whether private keys are hidden, for a person reads the output.
    fn is_preview(&self) -> bool {
        self.output_dir.is_none() && !self.show_secrets && output::stdout_is_terminal()
    }

    /// Renders objects and writes them with the files beside, all or nothing.
    pub(super) fn emit<'a>(
        &'a self,
        run: &Run,
        writing: Writing<'a>,
        objects: &[Object],
        beside: Vec<SideFile<'a>>,
    ) -> Result<(), Failure> {
        let templates = own_templates(self.templates.as_deref())?;
        let preview = self.is_preview();
        let private_keys = if preview {
            PrivateKeys::Hidden
        } else {
            PrivateKeys::Written
        };
        let manifests = templates.render(objects, private_keys)?;
        if let Some(directory) = &self.output_dir {
            let files = files(manifests);
            let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            let strangers = world::other_manifests(directory, &names);
            let count = files.len();
            let keys = secret_files(directory, &files, &beside);
            writing.write(files, beside, || Ok(()))?;
            gitops::git::warn_of(&keys);
            let files = if count == 1 { "file" } else { "files" };
            run.note(&format!("wrote {count} {files} to {}", directory.display()));
            if !strangers.is_empty() {
                let names = strangers.join(", ");
                warn(&format!(
                    "{} also holds {names}, which `kubectl apply -f` would apply too",
                    directory.display()
                ));
            }
        } else {
            let keys = secret_files(Path::new(""), &[], &beside);
            writing.write(Vec::new(), beside, || print_stream(&manifests))?;
            gitops::git::warn_of(&keys);
        }
        if preview
            && objects
                .iter()
                .any(|object| object.template == "secret.yaml")
        {
            run.note(
                "private keys are not shown on a terminal: pipe this into `kubectl apply -f -`, \
                 or pass --output-dir DIR or --show-secrets",
            );
        }
        Ok(())
    }
}

/// Returns the paths of the files with private keys, in a directory and beside it.
pub(super) fn secret_files(
    directory: &Path,
    files: &[NewFile],
    beside: &[SideFile<'_>],
) -> Vec<PathBuf> {
    let inside = files.iter().filter(|file| file.is_secret);
    let beside = beside.iter().filter(|file| file.is_secret);
    let beside = beside.map(|file| file.path.to_owned());
    let inside = inside.map(|file| directory.join(&file.path));
    beside.chain(inside).collect()
}

fn print_stream(manifests: &[Manifest]) -> Result<(), Failure> {
    let holds_private_key = manifests.iter().any(|manifest| manifest.holds_private_key);
    if let Some(mode) = output::stdout_readable_by_others().filter(|_| holds_private_key) {
        warn(&format!(
            "stdout is a file of mode {mode:03o} and gets private keys; `--output-dir` makes files that only you can read"
        ));
    }
    output::print(stream(manifests))
}

fn files(manifests: Vec<Manifest>) -> Vec<NewFile> {
    let file = |manifest: Manifest| NewFile {
        path: manifest.identity.file_name(),
        is_secret: manifest.holds_private_key,
        content: Zeroizing::new(["---\n", manifest.yaml.as_str()].concat().into_bytes()),
    };
    manifests.into_iter().map(file).collect()
}
