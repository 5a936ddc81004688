//! The configuration file of a repository: where it is, and what it may name.
//!
//! It is data of the repository, which may be a stranger's: nothing that it names is outside of that.

use super::error::Failure;
use super::gitops::git::WorkTree;
use super::lexical::parent;
use super::world;
use civi_ingress::fault::{self, Fault};
use civi_ingress::lint::configuration::{Configuration, FILE, NamedPath};
use std::path::{Path, PathBuf};

/// A configuration file that was read.
pub(super) struct ConfigurationFile {
    /// Its name in messages.
    pub(super) name: String,
    /// What it says.
    pub(super) says: Configuration,
    /// Its directory, without links, `.` and `..`.
    folder: PathBuf,
    /// The top of its repository; its directory if it is in none.
    top: PathBuf,
}

impl ConfigurationFile {
    /// Reads a file that an option names.
    ///
    /// # Errors
    /// What cannot be read, and all that is wrong with it.
    pub(super) fn named(file: &Path) -> Result<Self, Failure> {
        let folder = world::resolved(parent(file));
        let top = top(&folder)?;
        Self::read(file, folder, top)
    }

    /// Finds the nearest file from a path upwards, no farther than the top of its repository; where there is no
    /// repository, in its directory alone.
    ///
    /// # Errors
    /// As [`Self::named`], and a file that leads out of the repository.
    pub(super) fn nearest(path: &Path) -> Result<Option<Self>, Failure> {
        let mut begin = world::resolved(path);
        while !world::is_directory(&begin) && begin.pop() {}
        let top = top(&begin)?;
        for folder in begin.ancestors() {
            let file = folder.join(FILE);
            if world::is_file(&file)? {
                let shown = world::from_here(folder).join(FILE);
                let shown = shown.strip_prefix(".").unwrap_or(&shown).to_owned();
                if !world::resolved(&file).starts_with(&top) {
                    let fault =
                        Fault::new("the configuration file is a link out of its repository");
                    let help = "pass `--config FILE` to use it, or `--no-config`";
                    return Err(fault.help(help).file(&shown.display().to_string()).into());
                }
                return Self::read(&shown, folder.to_owned(), top).map(Some);
            }
            if folder == top {
                break;
            }
        }
        Ok(None)
    }

    fn read(file: &Path, folder: PathBuf, top: PathBuf) -> Result<Self, Failure> {
        let text = world::read(file)?;
        let says = Configuration::parse(&text.content, &text.name)?;
        let read = Self {
            name: text.name,
            says,
            folder,
            top,
        };
        let ignored = read.says.ignored.iter().flat_map(|entry| &entry.paths);
        let says = &read.says;
        let named = says.paths.iter().chain(&says.roots).chain(&says.baselines);
        let mut faults = Vec::new();
        for path in named.chain(ignored) {
            if let Some(fault) = read.refused(path) {
                faults.push(fault.at(path.place.clone()));
            }
        }
        if faults.is_empty() {
            return Ok(read);
        }
        Err(fault::with_source(faults, &text.content).into())
    }

    /// Returns why a path is refused, if it is. What is outside is not looked at.
    fn refused(&self, named: &NamedPath) -> Option<Fault> {
        let path = self.folder.join(&named.path);
        let shown = named.path.escape_debug();
        if !world::resolved(&path).starts_with(&self.top) {
            let what = format!("`{shown}` is outside of the repository");
            let help = "a configuration file names only what is in its repository; name the rest on the command line";
            return Some(Fault::new(what).help(help));
        }
        if world::identity(&path).is_none() {
            let fault = Fault::new(format!("`{shown}` does not exist"));
            return Some(fault.help("paths are relative to the directory of this file"));
        }
        None
    }

    /// Returns a path of the file as it is typed in the working directory.
    pub(super) fn seen_from_here(&self, named: &NamedPath) -> PathBuf {
        let path = world::from_here(&self.folder.join(&named.path));
        if world::is_stdin(&path) {
            Path::new(".").join(path)
        } else {
            path
        }
    }

    /// Returns its directory, from which paths are relative.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns whether a path is a link out of the repository.
    pub(super) fn leads_out(&self, path: &Path) -> bool {
        world::is_link(path) && !world::resolved(path).starts_with(&self.top)
    }
}

/// Returns the top of the repository that a directory is in; itself if it is in none.
fn top(folder: &Path) -> Result<PathBuf, Failure> {
    let tree = WorkTree::of(folder)?;
    Ok(tree.map_or_else(|| folder.to_owned(), |tree| tree.top().to_owned()))
}
