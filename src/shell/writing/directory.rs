//! The directory that a run writes: claimed, staged, put into place.

use super::beside::{Loose, Settled};
use super::files::{
    NewFile, Overwrite, failed, fill, joined, locked, mode, number_of, old_file, would_lose,
};
use crate::shell::error::Failure;
use crate::shell::folder::{self, Number};
use crate::shell::lexical::parent;
use crate::shell::paths::ASIDE;
use crate::shell::unfinished::{self, Undo};
use crate::shell::world;
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use rustix::fs::{Access, AtFlags, FileType, FlockOperation, Mode, linkat, renameat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of what is staged in the directory itself.
const STAGED: &str = ".civi-ingress-staged";
/// Its name once it is complete.
const READY: &str = ".civi-ingress-ready";

/// A directory that is claimed.
pub(super) struct Directory {
    pub(super) shown: PathBuf,
    resolved: PathBuf,
    parent: Arc<OwnedFd>,
    name: OsString,
    aside: OsString,
    state: State,
    /// What a killed run left beside it, and its lock.
    left: Option<(Number, OwnedFd)>,
    /// The numbers of directories that are in place: what belongs to them is put into place, too.
    in_place: Vec<Number>,
    /// The numbers of directories that never came into place.
    given_up: Vec<Number>,
}

enum State {
    /// It does not exist; this is where it is staged.
    New(Arc<OwnedFd>),
    Existing(Arc<OwnedFd>),
}

/// A directory that is staged.
pub(super) struct Staged {
    number: Number,
    way: Arrival,
    /// Its lock, if it has one of its own.
    _lock: Option<OwnedFd>,
}

/// How a directory that is staged comes into place.
enum Arrival {
    Rename,
    /// With what else is in it.
    Exchange(Vec<OsString>),
    Drain,
}

impl Directory {
    /// Returns what became of the folders that killed runs staged it in.
    pub(super) fn settled(&self) -> Settled<'_> {
        Settled {
            in_place: &self.in_place,
            given_up: &self.given_up,
        }
    }

    pub(super) fn claim(path: &Path) -> Result<Self, Failure> {
        // Without a slash at the end, which would follow a link.
        let shown: PathBuf = path.components().collect();
        let cannot = |path: &Path| format!("cannot use the directory {}", path.display());
        let found = world::look(&shown).with_context(|| cannot(&shown))?;
        match found {
            Some(FileType::Symlink) => {
                return Err(would_lose(
                    format!("{} is a symbolic link", shown.display()),
                    "name the directory itself",
                ));
            }
            None | Some(FileType::Directory) => {}
            Some(_) => {
                return Err(would_lose(
                    format!("{} exists and is not a directory", shown.display()),
                    "name a new directory",
                ));
            }
        }
        let resolved = world::resolved(&shown);
        let (Some(above), Some(name)) = (resolved.parent(), resolved.file_name()) else {
            return Err(Fault::new(format!("{} cannot hold them", shown.display()))
                .help("name a directory of its own")
                .argument("--output-dir")
                .into());
        };
        let handle = open_or_make(above).with_context(|| cannot(parent(&shown)))?;
        let handle = Arc::new(handle);
        let name = name.to_owned();
        let aside = joined(ASIDE, &name);
        let _step = unfinished::step();
        let (state, left) = match folder::open_in(&handle, &name) {
            Ok(existing) => {
                let is_ours = folder::lock(&existing, FlockOperation::NonBlockingLockExclusive)
                    .and_then(|is_ours| Ok(is_ours && folder::leads_to(&handle, &name, &existing)?))
                    .with_context(|| cannot(&shown))?;
                if !is_ours {
                    return Err(locked(&shown));
                }
                let left = claim_left(&handle, &aside, &shown)?;
                (State::Existing(Arc::new(existing)), left)
            }
            Err(Errno::NOENT) => {
                let left = claim_left(&handle, &aside, &shown)?;
                let staged = if let Some((_, left)) = &left {
                    left.try_clone().context("cannot copy a handle")?
                } else {
                    let made = match folder::make(&handle, &aside, 0o700) {
                        Err(Errno::EXIST) => return Err(locked(&shown)),
                        made => made.map_err(failed(&shown))?,
                    };
                    note_staged(&handle, &aside, &made, &shown)?;
                    made
                };
                (State::New(Arc::new(staged)), left)
            }
            Err(error) => return Err(anyhow::Error::new(error).context(cannot(&shown)).into()),
        };
        let mut directory = Self {
            shown,
            resolved: resolved.clone(),
            parent: handle,
            name,
            aside,
            state,
            left,
            in_place: Vec::new(),
            given_up: Vec::new(),
        };
        directory.go_on()?;
        Ok(directory)
    }

    /// Finds out how far a killed run came, and puts into place what it had declared ready.
    fn go_on(&mut self) -> Result<(), Failure> {
        self.given_up
            .extend(self.left.as_ref().map(|(number, _)| *number));
        let State::Existing(existing) = &self.state else {
            return Ok(());
        };
        let number = number_of(existing).map_err(failed(&self.shown))?;
        self.in_place.push(number);
        if let Ok(ready) = folder::open_in(existing, READY.as_ref()) {
            self.in_place
                .push(number_of(&ready).map_err(failed(&self.shown))?);
            drain(&ready, existing).map_err(failed(&self.shown))?;
        }
        if let Ok(staged) = folder::open_in(existing, STAGED.as_ref()) {
            self.given_up
                .push(number_of(&staged).map_err(failed(&self.shown))?);
        }
        Ok(())
    }

    /// Removes what a killed run left.
    pub(super) fn sweep(&mut self) -> Result<(), Failure> {
        let _step = unfinished::step();
        match &self.state {
            State::Existing(existing) => {
                for name in [READY, STAGED] {
                    folder::remove(existing, name.as_ref()).map_err(failed(&self.shown))?;
                }
                if self.left.is_some() {
                    folder::remove(&self.parent, &self.aside).map_err(failed(&self.shown))?;
                }
            }
            State::New(staged) => {
                if self.left.is_some() {
                    let aside = self.aside.clone();
                    unfinished::note(Undo::Remove(Arc::clone(&self.parent), aside));
                }
                for name in folder::names(staged).map_err(failed(&self.shown))? {
                    folder::remove(staged, &name).map_err(failed(&self.shown))?;
                }
            }
        }
        self.left = None;
        Ok(())
    }

    pub(super) fn refuse_full(&self, overwrite: Overwrite) -> Result<(), Failure> {
        let State::Existing(existing) = &self.state else {
            return Ok(());
        };
        let is_empty = folder::names(existing)
            .with_context(|| format!("cannot read the directory {}", self.shown.display()))?
            .is_empty();
        if is_empty || overwrite != Overwrite::Nothing {
            return Ok(());
        }
        Err(would_lose(
            format!("the directory {} is not empty", self.shown.display()),
            "name a new or empty directory, or overwrite with `--force`; keep keys with `--reuse`",
        ))
    }

    /// Stages all files; nothing if they are there already.
    pub(super) fn stage(&self, files: &[NewFile]) -> Result<Option<Staged>, Failure> {
        let write = failed(&self.shown);
        let existing = match &self.state {
            State::New(staged) => {
                put_all(staged, files, &self.shown)?;
                let is_private = files.iter().any(|file| file.is_secret);
                let mode = Mode::from_raw_mode(if is_private { 0o700 } else { 0o755 });
                rustix::fs::fchmod(staged, mode).map_err(&write)?;
                folder::sync(staged).map_err(&write)?;
                return Ok(Some(Staged {
                    number: number_of(staged).map_err(&write)?,
                    way: Arrival::Rename,
                    _lock: None,
                }));
            }
            State::Existing(existing) => existing,
        };
        let mut has_changed = false;
        for file in files {
            let old = old_file(existing, &file.path, &self.shown.join(&file.path))?;
            has_changed |= old.is_none_or(|old| {
                *old.content != *file.content || old.mode != mode(file.is_secret)
            });
        }
        if !has_changed {
            return Ok(None);
        }
        if let Some(staged) = self.stage_copy(existing, files)? {
            return Ok(Some(staged));
        }
        let staged = {
            let _step = unfinished::step();
            let staged = folder::make(existing, STAGED.as_ref(), 0o700).map_err(&write)?;
            unfinished::note(Undo::Remove(Arc::clone(existing), STAGED.into()));
            staged
        };
        put_all(&staged, files, &self.shown)?;
        folder::sync(&staged).map_err(&write)?;
        Ok(Some(Staged {
            number: number_of(&staged).map_err(&write)?,
            way: Arrival::Drain,
            _lock: None,
        }))
    }

    /// Stages the directory as it is to be, with what else is in it; nothing if it cannot be exchanged.
    fn stage_copy(
        &self,
        existing: &Arc<OwnedFd>,
        files: &[NewFile],
    ) -> Result<Option<Staged>, Failure> {
        let write = failed(&self.shown);
        let names = folder::names(existing).map_err(&write)?;
        if !self.may_exchange(existing, &names).map_err(&write)? {
            return Ok(None);
        }
        let step = unfinished::step();
        let staged = match folder::make(&self.parent, &self.aside, 0o700) {
            Ok(staged) => staged,
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => return Ok(None),
            Err(error) => return Err(write(error)),
        };
        note_staged(&self.parent, &self.aside, &staged, &self.shown)?;
        drop(step);
        let is_ours = |name: &OsString| files.iter().any(|file| *name == *file.path);
        let others: Vec<OsString> = names.into_iter().filter(|name| !is_ours(name)).collect();
        for name in &others {
            let _step = unfinished::step();
            // Some file systems have no hard links, and some links are forbidden (proc(5), protected_hardlinks).
            if linkat(&**existing, name, &staged, name, AtFlags::empty()).is_err() {
                folder::remove(&self.parent, &self.aside).map_err(&write)?;
                return Ok(None);
            }
        }
        put_all(&staged, files, &self.shown)?;
        let like = rustix::fs::fstat(existing).map_err(&write)?;
        let own = rustix::fs::fstat(&staged).map_err(&write)?;
        if (like.st_uid, like.st_gid) != (own.st_uid, own.st_gid) {
            let owner = rustix::fs::Uid::from_raw(like.st_uid);
            let group = rustix::fs::Gid::from_raw(like.st_gid);
            if rustix::fs::fchown(&staged, Some(owner), Some(group)).is_err() {
                folder::remove(&self.parent, &self.aside).map_err(&write)?;
                return Ok(None);
            }
        }
        let mode = Mode::from_raw_mode(like.st_mode & 0o7777);
        rustix::fs::fchmod(&staged, mode).map_err(&write)?;
        folder::sync(&staged).map_err(&write)?;
        Ok(Some(Staged {
            number: number_of(&staged).map_err(&write)?,
            way: Arrival::Exchange(others),
            _lock: Some(staged),
        }))
    }

    /// Returns whether the directory can be exchanged with a copy: there are only files in it, it may be written, nobody is
    /// known to be in it, it is not mounted, and has no access list of its own.
    fn may_exchange(&self, existing: &OwnedFd, names: &[OsString]) -> Result<bool, Errno> {
        for name in names {
            if let Some(found) = folder::look(existing, name)?
                && folder::kind(&found) == FileType::Directory
            {
                return Ok(false);
            }
        }
        let access = Access::WRITE_OK | Access::EXEC_OK;
        if rustix::fs::accessat(existing, ".", access, AtFlags::empty()).is_err() {
            return Ok(false);
        }
        let is_mounted =
            folder::is_mounted(existing) || number_of(existing)?.0 != number_of(&self.parent)?.0;
        let mut attributes = [0_u8; 4096];
        let length = rustix::fs::flistxattr(existing, &mut attributes[..]).unwrap_or_default();
        // Those of security modules are given to what is new as to what was there.
        let has_list = attributes[..length]
            .split(|byte| *byte == 0)
            .any(|name| !name.is_empty() && !name.starts_with(b"security."));
        Ok(!is_mounted && !has_list && !world::working_directory_is_in(&self.resolved))
    }

    /// Puts all into place: first the directory, then the files beside it, or nothing. Gives the error of a flush or of
    /// a removal that failed when all stood.
    pub(super) fn commit(
        &self,
        staged: &Staged,
        loose: &[Loose<'_>],
    ) -> Result<Option<Errno>, Failure> {
        let _step = unfinished::step();
        let write = failed(&self.shown);
        let mut late = None;
        for place in loose {
            let ready = place.ready(staged.number);
            renameat(&*place.folder, &place.aside, &*place.folder, &ready)
                .map_err(failed(place.path))?;
            unfinished::note(Undo::Remove(Arc::clone(&place.folder), ready));
            late = folder::sync(&place.folder).err().or(late);
        }
        let ready_inside = match &staged.way {
            Arrival::Rename => {
                match folder::rename_new(&self.parent, &self.aside, &self.name) {
                    Err(Errno::EXIST | Errno::NOTEMPTY) => {
                        return Err(would_lose(
                            format!("{} has been created in the meantime", self.shown.display()),
                            "name a new directory",
                        ));
                    }
                    result => result.map_err(&write)?,
                }
                let (name, aside) = (self.name.clone(), self.aside.clone());
                unfinished::note(Undo::Rename(Arc::clone(&self.parent), name, aside));
                None
            }
            Arrival::Exchange(_) => {
                if folder::exchange(&self.parent, &self.aside, &self.name).map_err(&write)? {
                    let (name, aside) = (self.name.clone(), self.aside.clone());
                    unfinished::note(Undo::Exchange(Arc::clone(&self.parent), aside, name));
                    None
                } else {
                    Some((&*self.parent, self.aside.as_os_str()))
                }
            }
            Arrival::Drain => self.existing().map(|existing| (existing, STAGED.as_ref())),
        };
        if let (Some((folder, staged)), Some(existing)) = (ready_inside, self.existing()) {
            renameat(folder, staged, existing, READY).map_err(&write)?;
            // From here on there is only forward, for this run or the next.
            unfinished::settle();
            let ready = folder::open_in(existing, READY.as_ref()).map_err(&write)?;
            late = folder::sync(existing).err().or(late);
            drain(&ready, existing).map_err(&write)?;
        }
        late = folder::sync(&self.parent).err().or(late);
        for place in loose {
            place.install(&place.ready(staged.number))?;
            if ready_inside.is_some() {
                unfinished::settle();
            }
            late = folder::sync(&place.folder).err().or(late);
        }
        unfinished::settle();
        for place in loose {
            late = place.clear().err().or(late);
        }
        let cleared = match (&staged.way, ready_inside, self.existing()) {
            (_, Some(_), Some(existing)) => folder::remove(existing, READY.as_ref()),
            (Arrival::Exchange(others), None, _) => self.clear(others),
            (Arrival::Rename | Arrival::Exchange(_) | Arrival::Drain, ..) => Ok(()),
        };
        Ok(cleared.err().or(late))
    }

    pub(super) fn existing(&self) -> Option<&OwnedFd> {
        match &self.state {
            State::Existing(existing) => Some(existing),
            State::New(_) => None,
        }
    }

    /// Removes the directory as it was, but for what others put into it meanwhile.
    fn clear(&self, others: &[OsString]) -> Result<(), Errno> {
        let old = folder::open_in(&self.parent, &self.aside)?;
        let new = folder::open_in(&self.parent, &self.name)?;
        for name in folder::names(&old)? {
            let (Some(found), now) = (folder::look(&old, &name)?, folder::look(&new, &name)?)
            else {
                continue;
            };
            let is_foreign = now.is_none() || others.contains(&name);
            if is_foreign && now.is_none_or(|now| folder::number(&now) != folder::number(&found)) {
                renameat(&old, &name, &new, &name)?;
            }
        }
        drop(old);
        folder::remove(&self.parent, &self.aside)
    }
}

/// Claims what a killed run left beside a directory; nothing if it left nothing.
fn claim_left(
    parent: &OwnedFd,
    aside: &OsStr,
    shown: &Path,
) -> Result<Option<(Number, OwnedFd)>, Failure> {
    match folder::open_in(parent, aside) {
        Ok(left) => {
            lock_staged(parent, aside, &left, shown)?;
            Ok(Some((number_of(&left).map_err(failed(shown))?, left)))
        }
        Err(Errno::NOENT) => Ok(None),
        // A file or a link under a name of our own.
        Err(Errno::NOTDIR | Errno::LOOP) => {
            folder::remove(parent, aside).map_err(failed(shown))?;
            Ok(None)
        }
        Err(error) => Err(failed(shown)(error)),
    }
}

/// Locks a folder that this run has made, and sees to it that it goes when the run fails. Until it is locked, another
/// run may take it for one that was left: then it is that one's, and stays.
fn note_staged(
    parent: &Arc<OwnedFd>,
    aside: &OsStr,
    staged: &OwnedFd,
    shown: &Path,
) -> Result<(), Failure> {
    lock_staged(parent, aside, staged, shown)?;
    unfinished::note(Undo::Remove(Arc::clone(parent), aside.to_owned()));
    Ok(())
}

fn lock_staged(
    parent: &OwnedFd,
    aside: &OsStr,
    staged: &OwnedFd,
    shown: &Path,
) -> Result<(), Failure> {
    let is_ours = folder::lock(staged, FlockOperation::NonBlockingLockExclusive)
        .and_then(|is_ours| Ok(is_ours && folder::leads_to(parent, aside, staged)?))
        .map_err(failed(shown))?;
    if is_ours { Ok(()) } else { Err(locked(shown)) }
}

/// Opens a folder, and makes it and those above it that are missing; what was made goes when the run fails.
fn open_or_make(path: &Path) -> Result<OwnedFd, Errno> {
    match folder::open(path) {
        Err(Errno::NOENT) => {}
        opened => return opened,
    }
    let (above, name) = path.parent().zip(path.file_name()).ok_or(Errno::NOENT)?;
    let above = Arc::new(open_or_make(above)?);
    let _step = unfinished::step();
    match folder::make(&above, name, 0o755) {
        Err(Errno::EXIST) => folder::open_in(&above, name),
        Err(error) => Err(error),
        Ok(made) => {
            unfinished::note(Undo::RemoveEmpty(Arc::clone(&above), name.to_owned()));
            folder::sync(&above)?;
            Ok(made)
        }
    }
}

/// Writes files below a folder, each flushed to disk.
fn put_all(folder: &OwnedFd, files: &[NewFile], shown: &Path) -> Result<(), Failure> {
    let mut made = BTreeSet::new();
    for file in files {
        let step = unfinished::step();
        let path = shown.join(&file.path);
        let write = failed(&path);
        let mut handle = None;
        let mut parts: Vec<&str> = file.path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        for part in parts {
            let above = handle.as_ref().unwrap_or(folder);
            let below = match folder::make(above, part.as_ref(), 0o755) {
                Err(Errno::EXIST) => folder::open_in(above, part.as_ref()),
                made => made,
            };
            handle = Some(below.map_err(&write)?);
        }
        let above = handle.as_ref().unwrap_or(folder);
        if !made.insert(file.path.to_lowercase()) {
            return Err(
                Fault::new(format!("{} would be written twice", path.display()))
                    .help("name another file")
                    .into(),
            );
        }
        let mut created =
            folder::create(above, name.as_ref(), mode(file.is_secret)).map_err(&write)?;
        drop(step);
        fill(&mut created, &file.content, file.is_secret)
            .with_context(|| format!("cannot write {}", path.display()))?;
        folder::sync(above).map_err(&write)?;
    }
    Ok(())
}

/// Puts into place what a killed run declared ready in a directory, which is locked.
pub(in crate::shell) fn finish(directory: &OwnedFd) -> Result<(), Errno> {
    match folder::open_in(directory, READY.as_ref()) {
        Ok(ready) => {
            drain(&ready, directory)?;
            folder::remove(directory, READY.as_ref())
        }
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Moves all that is in a folder to another: folders first, files that only their owner can read last.
fn drain(from: &OwnedFd, to: &OwnedFd) -> Result<(), Errno> {
    let mut entries = Vec::new();
    for name in folder::names(from)? {
        let Some(found) = folder::look(from, &name)? else {
            continue;
        };
        let is_folder = folder::kind(&found) == FileType::Directory;
        entries.push((
            !is_folder,
            found.st_mode.trailing_zeros() >= 6,
            name,
            is_folder,
        ));
    }
    entries.sort_unstable();
    for (.., name, is_folder) in entries {
        if is_folder && folder::look(to, &name)?.is_some() {
            drain(&folder::open_in(from, &name)?, &folder::open_in(to, &name)?)?;
            folder::remove(from, &name)?;
        } else {
            renameat(from, &name, to, &name)?;
        }
    }
    folder::sync(to)
}
