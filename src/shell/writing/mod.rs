//! Writes what a run makes into a directory and into files beside it, so that no reader, no failure and no kill sees a
//! part of it.
//!
//! All is staged under names that begin with `.civi-ingress-`, flushed to disk, and then put into place:
//!
//! - a new directory by one renaming, one that exists by one exchange with a copy in which what else is in it are hard
//!   links. Where that cannot be (there are folders in it, it is mounted, the shell is in it), it is staged inside
//!   and declared ready by one renaming; then its files are renamed into place, and the next run goes on where a killed
//!   one stopped;
//! - a file beside a directory is made ready before it and gets its name after it. Ready files carry the number of the
//!   directory that they belong to, by which the next run knows whether they are to be put into place or thrown away;
//! - a file with a key beside stdout gets its name before anything is printed, and loses it when printing fails.
//!
//! A directory is locked itself, or, if it is new, as it is staged; a file beside it by the file that it is staged in.

mod beside;
mod directory;
mod files;
mod keys;

pub(super) use directory::finish;
pub(super) use files::{NewFile, Overwrite, SideFile, locked, side_file};

use super::error::{Failure, Kind};
use super::folder::{self};
use super::paths::{Named, Paths};
use super::{unfinished, world};
use beside::{Loose, print_between};
use civi_ingress::fault::Fault;
use directory::Directory;
use files::{failed, old_file, read_in, would_lose};
use keys::KeysAtRisk;
use std::path::{Path, PathBuf};

/// What a run is going to write, claimed: locked, cleared of what a killed run left, and free to be written.
pub(super) struct Writing<'a> {
    directory: Option<Directory>,
    loose: Vec<Loose<'a>>,
    /// Paths of files that lie in the directory.
    inside: Vec<&'a Path>,
    overwrite: Overwrite,
    /// The private keys that a run may let go: it was given them.
    given: KeysAtRisk,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        unfinished::undo();
    }
}

impl<'a> Writing<'a> {
    /// Claims the one file of a report, which none of its inputs may be.
    ///
    /// # Errors
    /// Those of [`Self::begin`].
    pub(super) fn of_report(
        file: Named<'a>,
        inputs: impl Iterator<Item = &'a PathBuf>,
        force: bool,
    ) -> Result<Self, Failure> {
        let paths = Paths {
            directory: None,
            beside: vec![file],
            inputs: inputs.map(|path| ("an input", path.as_path())).collect(),
        };
        Self::begin(&paths, Overwrite::of(force, false))
    }

    /// Claims the paths of a run, before any key is drawn.
    ///
    /// # Errors
    /// Paths that are one file; something in the way; another run.
    pub(super) fn begin(paths: &Paths<'a>, overwrite: Overwrite) -> Result<Self, Failure> {
        paths.check()?;
        let mut writing = Self {
            directory: None,
            loose: Vec::new(),
            inside: Vec::new(),
            overwrite,
            given: KeysAtRisk::default(),
        };
        if paths.directory.is_none() && paths.beside.is_empty() {
            return Ok(writing);
        }
        unfinished::watch();
        if let Some((path, _)) = paths.directory {
            writing.directory = Some(Directory::claim(path)?);
        }
        for (option, path) in &paths.beside {
            let lies_inside = paths.directory.is_some_and(|(directory, _)| {
                world::resolved(path).parent() == Some(&world::resolved(directory))
            });
            if lies_inside {
                writing.inside.push(path);
            } else {
                let directory = writing.directory.as_ref();
                let settled = directory.map(Directory::settled);
                let loose = Loose::claim(option, path, &writing.loose, settled)?;
                writing.loose.push(loose);
            }
        }
        if let Some(directory) = &mut writing.directory {
            directory.sweep()?;
            directory.refuse_full(overwrite)?;
        }
        for loose in &writing.loose {
            loose.refuse_taken(overwrite)?;
        }
        Ok(writing)
    }

    /// Takes a text whose keys the run was given to keep or to renew.
    pub(super) fn may_let_go(&mut self, text: &str) {
        self.given.add(text.as_bytes());
    }

    /// Writes all, or nothing; `print` writes to stdout what does not go into a directory.
    ///
    /// # Errors
    /// A private key that would be lost; what the system refuses.
    pub(super) fn write(
        mut self,
        mut files: Vec<NewFile>,
        beside: Vec<SideFile<'a>>,
        print: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut pieces = Vec::new();
        for file in beside {
            if let Some(name) = file
                .path
                .file_name()
                .filter(|_| self.inside.contains(&file.path))
            {
                files.push(NewFile {
                    path: name.to_string_lossy().into_owned(),
                    content: file.content,
                    is_secret: file.is_secret,
                });
            } else {
                pieces.push(file);
            }
        }
        self.refuse_taken(&files)?;
        self.refuse_lost_keys(&files, &pieces)?;
        let staged = match &mut self.directory {
            Some(directory) => directory.stage(&files)?,
            None => None,
        };
        let mut loose = Vec::new();
        for mut place in std::mem::take(&mut self.loose) {
            match pieces.iter().find(|file| file.path == place.path) {
                Some(file) => {
                    place.fill(file)?;
                    loose.push(place);
                }
                None => folder::remove(&place.folder, &place.aside).map_err(failed(place.path))?,
            }
        }
        // Keys before what depends on them.
        loose.sort_by_key(|place| !place.is_secret);
        let late = match (&self.directory, staged) {
            (Some(directory), Some(staged)) => directory.commit(&staged, &loose)?,
            _ => print_between(&loose, print)?,
        };
        match late {
            None => Ok(()),
            // Nothing is lost unless the machine fails now; only a run that was flushed is reported as such.
            Some(error) => {
                let what = "everything is written, but could not be flushed to the disk or cleaned up afterwards";
                Err(anyhow::Error::new(error).context(what).into())
            }
        }
    }

    /// Refuses files that exist, where there may be others.
    fn refuse_taken(&self, files: &[NewFile]) -> Result<(), Failure> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let Some(existing) = directory
            .existing()
            .filter(|_| !self.overwrite.is_allowed())
        else {
            return Ok(());
        };
        for file in files {
            let path = directory.shown.join(&file.path);
            if old_file(existing, &file.path, &path)?.is_some() {
                return Err(would_lose(
                    format!("{} exists", path.display()),
                    "go on with that file, or name another directory",
                ));
            }
        }
        Ok(())
    }

    fn refuse_lost_keys(&self, files: &[NewFile], beside: &[SideFile<'_>]) -> Result<(), Failure> {
        let mut kept = self.given.clone();
        let contents = files.iter().map(|file| &file.content);
        for content in contents.chain(beside.iter().map(|file| &file.content)) {
            kept.add(content);
        }
        let mut lost = Vec::new();
        if let Some(directory) = &self.directory
            && let Some(existing) = directory.existing()
        {
            for file in files {
                let path = directory.shown.join(&file.path);
                if let Some(old) = old_file(existing, &file.path, &path)?
                    && kept.would_lose(&old.content, &file.content, file.is_secret)
                {
                    lost.push(path);
                }
            }
        }
        for place in self.loose.iter().filter(|place| !place.is_unconfirmed) {
            let file = beside.iter().find(|file| file.path == place.path);
            if let (Some(file), Some(old)) =
                (file, read_in(&place.folder, &place.name, place.path)?)
                && kept.would_lose(&old.content, &file.content, file.is_secret)
            {
                lost.push(place.path.to_owned());
            }
        }
        if lost.is_empty() || self.overwrite == Overwrite::Keys {
            return Ok(());
        }
        let fault = |path: &PathBuf| {
            Fault::new(format!("{} holds a private key that would be lost", path.display())).help(
                "move the file away or name another; `--replace-keys`, where a command has it, overwrites keys, and `--reuse` keeps them",
            )
        };
        Err(Failure {
            kind: Kind::WouldLose,
            faults: lost.iter().map(fault).collect(),
        })
    }
}
