//! Files beside a directory or beside stdout.

use super::files::{
    Overwrite, SideFile, failed, fill, joined, locked, number_of, refuse_odd, would_lose,
};
use crate::shell::error::Failure;
use crate::shell::folder::{self, Number};
use crate::shell::lexical::parent;
use crate::shell::paths::ASIDE;
use crate::shell::unfinished::{self, Undo};
use crate::shell::world;
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, linkat, openat, renameat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// What became of the folders that killed runs staged a directory in.
#[derive(Clone, Copy)]
pub(super) struct Settled<'a> {
    pub(super) in_place: &'a [Number],
    pub(super) given_up: &'a [Number],
}

/// A file beside the directory, or beside stdout, that is claimed.
pub(super) struct Loose<'a> {
    pub(super) path: &'a Path,
    pub(super) folder: Arc<OwnedFd>,
    pub(super) name: OsString,
    pub(super) aside: OsString,
    /// What it is staged in, locked.
    file: File,
    pub(super) is_secret: bool,
    /// Whether it is there from a run that was killed while it printed what belongs to it.
    pub(super) is_unconfirmed: bool,
}

impl<'a> Loose<'a> {
    pub(super) fn claim(
        option: &str,
        path: &'a Path,
        others: &[Self],
        settled: Option<Settled<'_>>,
    ) -> Result<Self, Failure> {
        let cannot = || format!("cannot use {}", path.display());
        let Some(name) = path.file_name() else {
            let fault = Fault::new(format!("`{}` does not name a file", path.display()));
            return Err(fault.help("name a file").argument(option).into());
        };
        let above = world::resolved(parent(path));
        let handle = Arc::new(folder::open(&above).with_context(cannot)?);
        let aside = joined(ASIDE, name);
        let _step = unfinished::step();
        let file = match folder::create(&handle, &aside, 0o600) {
            Err(Errno::EXIST) => {
                take_over(&handle, &aside, path, others)?;
                folder::create(&handle, &aside, 0o600)
            }
            created => created,
        };
        let file = match file {
            Err(Errno::EXIST) => return Err(locked(path)),
            file => file.with_context(cannot)?,
        };
        let is_ours = folder::lock(&file, FlockOperation::NonBlockingLockExclusive)
            .and_then(|is_ours| Ok(is_ours && folder::leads_to(&handle, &aside, &file)?))
            .with_context(cannot)?;
        if !is_ours {
            return Err(locked(path));
        }
        unfinished::note(Undo::Remove(Arc::clone(&handle), aside.clone()));
        let mut loose = Self {
            path,
            folder: handle,
            name: name.to_owned(),
            aside,
            file,
            is_secret: false,
            is_unconfirmed: false,
        };
        loose.go_on(settled)?;
        Ok(loose)
    }

    fn old(&self) -> OsString {
        joined(".civi-ingress-old-", &self.name)
    }

    fn printing(&self) -> OsString {
        joined(".civi-ingress-printing-", &self.name)
    }

    /// Its name while it waits for the directory of this number.
    pub(super) fn ready(&self, number: Number) -> OsString {
        joined(&format!(".civi-ingress-ready-{}-", number.1), &self.name)
    }

    /// Finds out how far a killed run came: puts a ready file into place with its directory, or throws it away.
    fn go_on(&mut self, settled: Option<Settled<'_>>) -> Result<(), Failure> {
        let write = failed(self.path);
        let same = |one: &OsStr, other: &OsStr| -> Result<bool, Failure> {
            let number =
                |name| Ok(folder::look(&self.folder, name)?.map(|found| folder::number(&found)));
            let (one, other) = (number(one).map_err(&write)?, number(other).map_err(&write)?);
            Ok(one.is_some() && one == other)
        };
        let (old, printing) = (self.old(), self.printing());
        let mut is_unconfirmed = same(&printing, &self.name)?;
        if is_unconfirmed && folder::look(&self.folder, &old).map_err(&write)?.is_some() {
            renameat(&*self.folder, &old, &*self.folder, &self.name).map_err(&write)?;
            is_unconfirmed = false;
        }
        if !is_unconfirmed {
            folder::remove(&self.folder, &printing).map_err(&write)?;
        }
        for name in folder::names(&self.folder).map_err(&write)? {
            let text = name.to_string_lossy();
            let number = text
                .strip_prefix(".civi-ingress-ready-")
                .and_then(|rest| rest.split_once('-'))
                .filter(|(_, rest)| *rest == self.name.to_string_lossy())
                .and_then(|(number, _)| number.parse::<u64>().ok());
            let Some(number) = number else {
                continue;
            };
            let is_among = |numbers: &[Number]| numbers.iter().any(|(_, found)| *found == number);
            match settled {
                Some(settled) if is_among(settled.in_place) => {
                    renameat(&*self.folder, &name, &*self.folder, &self.name).map_err(&write)?;
                }
                Some(settled) if is_among(settled.given_up) => {
                    folder::remove(&self.folder, &name).map_err(&write)?;
                }
                Some(_) | None => {
                    let left = parent(self.path).join(&name);
                    return Err(would_lose(
                        format!(
                            "an interrupted run left {}, which may hold a key",
                            left.display()
                        ),
                        "run its command again, which finishes what it began, or move the file away",
                    ));
                }
            }
        }
        folder::remove(&self.folder, &old).map_err(&write)?;
        self.is_unconfirmed = is_unconfirmed;
        Ok(())
    }

    pub(super) fn refuse_taken(&self, overwrite: Overwrite) -> Result<(), Failure> {
        let found = folder::look(&self.folder, &self.name);
        let found = found.with_context(|| format!("cannot use {}", self.path.display()))?;
        let Some(found) = found else {
            return Ok(());
        };
        refuse_odd(self.path, folder::kind(&found))?;
        if self.is_unconfirmed || overwrite.is_allowed() {
            return Ok(());
        }
        Err(would_lose(
            format!("{} exists", self.path.display()),
            "name a new file, or overwrite with `--force`",
        ))
    }

    pub(super) fn fill(&mut self, file: &SideFile<'_>) -> Result<(), Failure> {
        self.is_secret = file.is_secret;
        fill(&mut self.file, &file.content, file.is_secret)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(())
    }

    /// Puts the file in its place, so that this can be undone.
    pub(super) fn install(&self, from: &OsStr) -> Result<(), Failure> {
        let write = failed(self.path);
        if folder::look(&self.folder, &self.name)
            .map_err(&write)?
            .is_none()
        {
            folder::rename_new(&self.folder, from, &self.name).map_err(&write)?;
            unfinished::note(Undo::Remove(Arc::clone(&self.folder), self.name.clone()));
            return Ok(());
        }
        let old = self.old();
        let linked = linkat(
            &*self.folder,
            &self.name,
            &*self.folder,
            &old,
            AtFlags::empty(),
        );
        if linked.is_ok() {
            unfinished::note(Undo::Rename(
                Arc::clone(&self.folder),
                old,
                self.name.clone(),
            ));
        }
        renameat(&*self.folder, from, &*self.folder, &self.name).map_err(&write)
    }

    /// Removes what an installation needed.
    pub(super) fn clear(&self) -> Result<(), Errno> {
        folder::remove(&self.folder, &self.old())?;
        folder::remove(&self.folder, &self.printing())
    }
}

/// Removes the file that a killed run staged something in.
fn take_over(
    folder: &OwnedFd,
    aside: &OsStr,
    path: &Path,
    others: &[Loose<'_>],
) -> Result<(), Failure> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let left = match openat(folder, aside, flags, Mode::empty()) {
        Ok(left) => left,
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::LOOP) => return folder::remove(folder, aside).map_err(failed(path)),
        Err(error) => return Err(failed(path)(error)),
    };
    let number = number_of(&left).map_err(failed(path))?;
    for other in others {
        let found = rustix::fs::fstat(&other.file).map_err(failed(path))?;
        if folder::number(&found) == number {
            let what = format!(
                "`{}` and `{}` are one file",
                path.display(),
                other.path.display()
            );
            return Err(Fault::new(what).help("name another file").into());
        }
    }
    let is_ours = folder::lock(&left, FlockOperation::NonBlockingLockExclusive)
        .and_then(|is_ours| Ok(is_ours && folder::leads_to(folder, aside, &left)?))
        .map_err(failed(path))?;
    if !is_ours {
        return Err(locked(path));
    }
    folder::remove(folder, aside).map_err(failed(path))
}

/// Puts files with keys in their places, prints, and then puts the others in theirs.
pub(super) fn print_between(
    loose: &[Loose<'_>],
    print: impl FnOnce() -> Result<(), Failure>,
) -> Result<Option<Errno>, Failure> {
    let mut late = None;
    let (secret, public): (Vec<_>, Vec<_>) = loose.iter().partition(|place| place.is_secret);
    {
        let _step = unfinished::step();
        for place in &secret {
            let mark = place.printing();
            folder::remove(&place.folder, &mark).map_err(failed(place.path))?;
            // Without links a killed run's file is in the way of the next, which says so.
            if linkat(
                &*place.folder,
                &place.aside,
                &*place.folder,
                &mark,
                AtFlags::empty(),
            )
            .is_ok()
            {
                unfinished::note(Undo::Remove(Arc::clone(&place.folder), mark));
            }
            place.install(&place.aside)?;
            late = folder::sync(&place.folder).err().or(late);
        }
    }
    print()?;
    let _step = unfinished::step();
    // What was printed cannot be taken back.
    unfinished::settle();
    for place in &public {
        unfinished::note(Undo::Remove(Arc::clone(&place.folder), place.aside.clone()));
    }
    for place in &public {
        renameat(&*place.folder, &place.aside, &*place.folder, &place.name)
            .map_err(failed(place.path))?;
        late = folder::sync(&place.folder).err().or(late);
    }
    unfinished::settle();
    for place in loose {
        late = place.clear().err().or(late);
    }
    Ok(late)
}
