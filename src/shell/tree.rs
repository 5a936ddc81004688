//! The tree of a fleet on disk: reading it, and changing it so that no reader and no kill sees half a change.
//!
//! Every access goes through handles of directories, and none follows a symbolic link. An instance's folder is
//! filled beside the old one and exchanged with it in one call; a file among others is written aside and renamed.
//! One lock, on the tree's own directory, keeps two runs apart, and leaves no file behind.

use super::error::{Failure, Kind};
use super::paths::ASIDE;
use super::{folder, unfinished, writing};
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use civi_ingress::gitops::compose::TreeFile;
use civi_ingress::gitops::context::UnitFiles;
use civi_ingress::gitops::layout::{Home, is_marked};
use civi_ingress::guarded::Guarded;
use rustix::fs::{
    Access as RequestedAccess, AtFlags, FileType, FlockOperation, Mode, OFlags, RawDir,
    ResolveFlags, Stat, accessat, fchmod, mkdirat, openat, openat2, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes for the entries of a folder that are read at once: some hundred.
const ENTRIES_BUFFER: usize = 8 << 10;
/// Largest file of a tree that is read, in bytes.
const FILE_LIMIT: u64 = 4 << 20;

/// A tree that is locked.
pub(super) struct Tree {
    root: OwnedFd,
    shown: PathBuf,
    access: Access,
    /// Its directory and those above it, as far as this run has made them.
    _made: Made,
    /// The files with the ends of lines of Windows, as they were met.
    with_carriage_returns: Mutex<BTreeSet<String>>,
}

/// Directories that a run has made, each below the one before it.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a directory, and those above it that are missing.
    fn add(&mut self, path: &Path) -> std::io::Result<()> {
        let missing_above = match std::fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let above = path.parent().filter(|above| *above != Path::new(""));
                above.ok_or(error)?
            }
            made => {
                made?;
                self.0.push(path.to_owned());
                return Ok(());
            }
        };
        self.add(missing_above)?;
        std::fs::create_dir(path)?;
        self.0.push(path.to_owned());
        Ok(())
    }
}

impl Drop for Made {
    /// A run that is refused leaves no directory behind.
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            // One with something in it stays (rmdir(2), ENOTEMPTY).
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// What a run is going to do with a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read it.
    Read,
    /// Change it.
    Write,
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TreeEntry {
    pub(super) name: String,
    pub(super) kind: EntryKind,
}

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, a pipe, a socket, a device, or anything with a name that is not text.
    Other,
}

/// Returns the names of the folders among entries.
pub(super) fn folders(entries: Vec<TreeEntry>) -> impl Iterator<Item = String> {
    entries
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Folder)
        .map(|entry| entry.name)
}

/// The files found in the home of a unit.
#[derive(Default)]
pub(super) struct FoundFiles {
    pub(super) files: UnitFiles,
    /// Files with names that this program gives to none; the text of those that can be read.
    pub(super) others: Vec<(String, Option<Guarded>)>,
}

impl Tree {
    /// Opens and locks a tree; for writing it is made where it does not exist. For reading, one that does not exist
    /// is a finding: nothing was rendered yet.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, Failure> {
        let path: PathBuf = path.components().collect();
        let cannot = || format!("cannot use the directory {}", path.display());
        let mut made = Made::default();
        if access == Access::Write {
            unfinished::watch();
            made.add(&path).with_context(cannot)?;
        }
        let root = match folder::open(&path) {
            Err(Errno::LOOP | Errno::NOTDIR)
                if std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) =>
            {
                let fault = Fault::new(format!("{} is a symbolic link", path.display()))
                    .help("name the directory itself");
                return Err(Failure::new(Kind::WouldLose, fault));
            }
            Err(Errno::NOENT) => {
                let fault = Fault::new(format!(
                    "{} does not exist: nothing was rendered yet",
                    path.display()
                ))
                .help("render it with `civi-ingress gitops render`, or name the directory of the tree");
                return Err(Failure::new(Kind::Found, fault));
            }
            result => result.with_context(cannot)?,
        };
        let operation = match access {
            Access::Read => FlockOperation::NonBlockingLockShared,
            Access::Write => FlockOperation::NonBlockingLockExclusive,
        };
        if !folder::lock(&root, operation).with_context(cannot)? {
            return Err(writing::locked(&path));
        }
        if access == Access::Write {
            writing::finish(&root).with_context(cannot)?;
        }
        Ok(Self {
            root,
            shown: path,
            access,
            _made: made,
            with_carriage_returns: Mutex::default(),
        })
    }

    /// Counts the files that were read whose lines all end as on Windows.
    pub(super) fn with_carriage_returns(&self) -> usize {
        let files = self.with_carriage_returns.lock();
        files.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes the ends of lines of Windows out of a file with our mark: Git puts them in (`core.autocrlf`) where nobody
    /// tells it not to, and they change nothing.
    fn without_carriage_returns(&self, text: String, path: &str) -> String {
        let first = text.split_once('\n').map_or("", |(first, _)| first);
        let is_of_windows = first.ends_with('\r')
            && is_marked(text.as_bytes())
            && text.matches('\n').count() == text.matches("\r\n").count();
        if !is_of_windows {
            return text;
        }
        let files = self.with_carriage_returns.lock();
        let mut files = files.unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned());
        let text = zeroize::Zeroizing::new(text);
        text.replace("\r\n", "\n")
    }

    fn failed(&self, what: &str, path: &str) -> String {
        format!("cannot {what} {}", self.shown.join(path).display())
    }

    /// Opens a folder; nothing if there is none.
    fn folder(&self, path: &str) -> Result<Option<OwnedFd>, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path_or_root = if path.is_empty() { "." } else { path };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = match openat2(&self.root, path_or_root, flags, Mode::empty(), resolve) {
            // A kernel before 5.6, or one that forbids the call (openat2(2)).
            Err(Errno::NOSYS | Errno::PERM) => self.folder_by_parts(path_or_root, flags),
            opened => opened,
        };
        match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(self.odd_folder(path)),
            Err(error) => Err(anyhow::Error::new(error)
                .context(self.failed("read", path))
                .into()),
        }
    }

    fn folder_by_parts(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut parts = path.split('/');
        let first = parts.next().unwrap_or(".");
        let mut handle = openat(&self.root, first, flags, Mode::empty())?;
        for part in parts {
            handle = openat(&handle, part, flags, Mode::empty())?;
        }
        Ok(handle)
    }

    /// Returns whether a file that is there may be read by others than its owner.
    pub(super) fn is_exposed(&self, path: &str) -> Result<bool, Failure> {
        let (parent, name) = split(path);
        let Some(folder) = self.folder(parent)? else {
            return Ok(false);
        };
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(stat.st_mode & 0o077 != 0),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(anyhow::Error::new(error)
                .context(self.failed("read", path))
                .into()),
        }
    }

    fn odd_folder(&self, path: &str) -> Failure {
        let shown = self.shown.join(path);
        let fault = Fault::new(format!("{} is not a directory", shown.display()))
            .help("a symbolic link or file cannot take the place of a folder of the tree");
        Failure::new(Kind::WouldLose, fault)
    }

    /// Opens a folder, and makes it if there is none.
    fn make_folder(&self, path: &str) -> Result<OwnedFd, Failure> {
        let mut made = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let parent = self
                .folder(&made)?
                .ok_or_else(|| anyhow::anyhow!("{made} has disappeared"))?;
            match mkdirat(&parent, part, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => {
                    return Err(anyhow::Error::new(error)
                        .context(self.failed("make", path))
                        .into());
                }
            }
            if !made.is_empty() {
                made.push('/');
            }
            made.push_str(part);
        }
        self.folder(path)?
            .ok_or_else(|| anyhow::anyhow!("{path} has disappeared").into())
    }

    /// Lists a folder, sorted; nothing if there is none, or something else in its place. What a killed run left
    /// is not listed.
    pub(super) fn list(&self, path: &str) -> Result<Vec<TreeEntry>, Failure> {
        match self.folder_or_stranger(path)? {
            Some(folder) => Ok(self.entries(&folder, path)?.0),
            None => Ok(Vec::new()),
        }
    }

    /// Opens a folder; nothing if there is none, or something else in its place: nothing of ours is below that.
    fn folder_or_stranger(&self, path: &str) -> Result<Option<OwnedFd>, Failure> {
        match self.folder(path) {
            Err(failure) if failure.kind == Kind::WouldLose => Ok(None),
            folder => folder,
        }
    }

    /// Returns the entries of a folder, and whether a killed run left something there.
    fn entries(&self, folder: &OwnedFd, path: &str) -> Result<(Vec<TreeEntry>, bool), Failure> {
        let read = |error: Errno| anyhow::Error::new(error).context(self.failed("read", path));
        let mut entries = Vec::new();
        let mut has_left = false;
        let mut buffer = Vec::with_capacity(ENTRIES_BUFFER);
        let mut listing = RawDir::new(folder, buffer.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = entry.map_err(read)?;
            let Ok(name) = entry.file_name().to_str() else {
                // A name that is not text is a stranger's.
                entries.push(TreeEntry {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    kind: EntryKind::Other,
                });
                continue;
            };
            has_left |= name.starts_with(ASIDE);
            if name == "." || name == ".." || name.starts_with(ASIDE) {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(read)?;
                    FileType::from_raw_mode(found.st_mode)
                }
                kind => kind,
            };
            let kind = match kind {
                FileType::Directory => EntryKind::Folder,
                FileType::RegularFile => EntryKind::File,
                _ => EntryKind::Other,
            };
            let name = name.to_owned();
            entries.push(TreeEntry { name, kind });
        }
        entries.sort_unstable();
        Ok((entries, has_left))
    }

    /// Reads a file; nothing if there is none.
    pub(super) fn read(&self, path: &str) -> Result<Option<Guarded>, Failure> {
        let (folder, name) = split(path);
        match self.folder(folder)? {
            Some(handle) => self.read_in(&handle, name, path),
            None => Ok(None),
        }
    }

    /// Returns, for a file that could not be read, whether that is so because it is a stranger's: a link, a directory, no
    /// text, or nothing that this user may read. A file of ours may be behind any other failure of the system.
    pub(super) fn is_strangers(&self, path: &str, failure: &Failure) -> bool {
        let (folder, name) = split(path);
        let is_forbidden = |folder: OwnedFd| {
            accessat(&folder, name, RequestedAccess::READ_OK, AtFlags::empty())
                == Err(Errno::ACCESS)
        };
        failure.kind != Kind::InputOutput
            || self.folder(folder).ok().flatten().is_some_and(is_forbidden)
    }

    fn read_in(
        &self,
        folder: &OwnedFd,
        name: &str,
        path: &str,
    ) -> Result<Option<Guarded>, Failure> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(folder, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            // A socket cannot be opened (open(2), ENXIO).
            Err(Errno::NXIO) => return Err(self.no_file(path, "is not a regular file")),
            Err(Errno::LOOP) => return Err(self.no_file(path, "is a symbolic link")),
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(self.failed("read", path))
                    .into());
            }
        };
        let metadata = file.metadata().with_context(|| self.failed("read", path))?;
        if metadata.is_dir() {
            return Err(self.no_file(path, "is a directory"));
        }
        if !metadata.is_file() {
            return Err(self.no_file(path, "is not a regular file"));
        }
        let size = usize::try_from(metadata.len().min(FILE_LIMIT)).unwrap_or_default();
        // Keys in clear text are in files that only their owner can read.
        let is_private = Mode::from_raw_mode(metadata.mode())
            .intersection(Mode::RWXG | Mode::RWXO)
            .is_empty();
        let mut bytes = Vec::with_capacity(size + 1);
        file.take(FILE_LIMIT)
            .read_to_end(&mut bytes)
            .with_context(|| self.failed("read", path))?;
        if metadata.len() > FILE_LIMIT && is_marked(&bytes) {
            return Err(Fault::new(format!(
                "the file has {} bytes, more than any file that this program writes",
                metadata.len()
            ))
            .file(&self.shown.join(path).display().to_string())
            .into());
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text = self.without_carriage_returns(text, path);
                Ok(Some(Guarded::new(text, is_private)))
            }
            Err(error) if is_marked(error.as_bytes()) => Err(Fault::new("the file is not text")
                .file(&self.shown.join(path).display().to_string())
                .into()),
            // A picture, say: whatever it is, it is not ours.
            Err(error) => Ok(Some(Guarded::new(
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                is_private,
            ))),
        }
    }

    /// Refuses what is in place of a file.
    fn no_file(&self, path: &str, what: &str) -> Failure {
        let shown = self.shown.join(path);
        let fault = Fault::new(format!("{} {what}", shown.display()))
            .help("put a file or nothing in its place");
        Failure::new(Kind::WouldLose, fault)
    }

    /// Reads all files of a unit: those with names that this program gives, and of the others what can be read.
    ///
    /// # Errors
    /// Besides those of reading: a link, a folder or a pipe where a file of the unit would be.
    pub(super) fn read_unit(&self, home: &Home) -> Result<FoundFiles, Failure> {
        let mut found = FoundFiles::default();
        let Some(folder) = self.folder(&home.folder)? else {
            return Ok(found);
        };
        // In a folder of its own a unit is looked at by one thread, so nothing of another's is swept away.
        let sweeps = self.access == Access::Write && home.is_own();
        let (entries, has_left) = self.entries(&folder, &home.folder)?;
        if sweeps && has_left {
            self.sweep_folder(&home.folder)?;
        }
        for entry in entries {
            let path = format!("{}/{}", home.folder, entry.name);
            let is_next = home.staged_folder().as_deref() == Some(&path);
            if entry.kind == EntryKind::Folder && is_next {
                if sweeps {
                    self.sweep_folder(&path)?;
                }
                for inner in self.list(&path)? {
                    let path = format!("{path}/{}", inner.name);
                    self.take(home, path, inner.kind, &mut found)?;
                }
            } else if home.has(&entry.name) || home.is_own() {
                self.take(home, path, entry.kind, &mut found)?;
            }
        }
        Ok(found)
    }

    /// Takes an entry of the home of a unit to where it belongs.
    fn take(
        &self,
        home: &Home,
        path: String,
        kind: EntryKind,
        found: &mut FoundFiles,
    ) -> Result<(), Failure> {
        if !home.may_write(&path) {
            // Whatever it is, it ends no run.
            let text = match kind {
                EntryKind::File => match self.read(&path) {
                    Err(failure) if self.is_strangers(&path, &failure) => None,
                    text => text?,
                },
                EntryKind::Folder | EntryKind::Other => None,
            };
            found.others.push((path, text));
        } else if let Some(text) = self.read(&path)? {
            let list = if home.is_staged(&path) {
                &mut found.files.staged
            } else {
                &mut found.files.current
            };
            list.push((path, text));
        }
        Ok(())
    }

    /// Brings the home of a unit to `files`; `old` are the paths of what it owns there now. Where it has a folder
    /// of its own and nothing else is in it, that is exchanged as a whole.
    pub(super) fn write_unit(
        &self,
        home: &Home,
        files: &[TreeFile],
        old: &[String],
        shares_folder: bool,
    ) -> Result<(), Failure> {
        let _step = unfinished::step();
        if home.is_own() && !shares_folder {
            return self.exchange(home, files, old);
        }
        self.write_one_by_one(files)?;
        for path in old {
            if !files.iter().any(|file| file.path == *path) {
                self.remove_file(path)?;
            }
        }
        Ok(())
    }

    fn exchange(&self, home: &Home, files: &[TreeFile], old: &[String]) -> Result<(), Failure> {
        let (parent, name) = split(&home.folder);
        let parent_handle = self.make_folder(parent)?;
        let aside = format!("{ASIDE}{name}");
        let write =
            |error: Errno| anyhow::Error::new(error).context(self.failed("write", &home.folder));
        let aside_name = OsStr::new(&aside);
        let folder = match folder::make(&parent_handle, aside_name, 0o777) {
            Err(Errno::EXIST) => {
                folder::remove(&parent_handle, aside_name).map_err(write)?;
                folder::make(&parent_handle, aside_name, 0o777)
            }
            made => made,
        };
        let folder = folder.map_err(write)?;
        // Whoever runs this, who may enter the folder and change it stays the same.
        let before = match old {
            [] => None,
            _ => folder::look(&parent_handle, name.as_ref()).map_err(write)?,
        };
        let mut folders = BTreeSet::new();
        for file in files {
            let inner = file.path.strip_prefix(&format!("{}/", home.folder));
            let inner = inner.ok_or_else(|| anyhow::anyhow!("{} is somewhere else", file.path))?;
            if let Some((sub, _)) = inner.split_once('/')
                && folders.insert(sub.to_owned())
            {
                let sub = folder::make(&folder, sub.as_ref(), 0o777).map_err(write)?;
                if let Some(before) = &before {
                    folder::give(&sub, before).map_err(write)?;
                }
            }
            self.create(&folder, inner, file, before.as_ref())?;
        }
        if let Some(before) = &before {
            folder::give(&folder, before).map_err(write)?;
            let mode = Mode::from_raw_mode(before.st_mode & 0o7777);
            fchmod(&folder, mode).map_err(write)?;
        }
        match folder::exchange(&parent_handle, aside_name, name.as_ref()) {
            Ok(true) => Ok(folder::remove(&parent_handle, aside_name).map_err(write)?),
            Err(Errno::NOENT) => {
                renameat(&parent_handle, &aside, &parent_handle, name).map_err(write)?;
                Ok(())
            }
            // Where folders cannot be exchanged: file by file, each whole.
            Ok(false) => {
                folder::remove(&parent_handle, aside_name).map_err(write)?;
                self.write_one_by_one(files)?;
                let kept: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
                for path in old.iter().filter(|path| !kept.contains(path.as_str())) {
                    self.remove_file(path)?;
                }
                Ok(())
            }
            Err(error) => Err(write(error).into()),
        }
    }

    /// Writes the files of a unit, those with its keys last: the trust bundle, which covers the certificate before and
    /// the new one, is there before the new one is.
    fn write_one_by_one(&self, files: &[TreeFile]) -> Result<(), Failure> {
        let (with_keys, others): (Vec<_>, Vec<_>) =
            files.iter().partition(|file| file.holds_keys());
        for file in others.into_iter().chain(with_keys) {
            self.write_file(file)?;
        }
        Ok(())
    }

    /// Creates a file, for the owner of what was there before.
    fn create(
        &self,
        folder: &OwnedFd,
        name: &str,
        file: &TreeFile,
        before: Option<&Stat>,
    ) -> Result<(), Failure> {
        let mode = if file.is_secret() { 0o600 } else { 0o666 };
        let failed = || self.failed("write", &file.path);
        let mut created = folder::create(folder, name.as_ref(), mode).with_context(failed)?;
        created
            .write_all(file.text.as_bytes())
            .with_context(failed)?;
        if let Some(before) = before {
            folder::give(&created, before).with_context(failed)?;
        }
        Ok(())
    }

    /// Writes one file aside and renames it into its place.
    pub(super) fn write(&self, file: &TreeFile) -> Result<(), Failure> {
        let _step = unfinished::step();
        self.write_file(file)
    }

    fn write_file(&self, file: &TreeFile) -> Result<(), Failure> {
        let (folder, name) = split(&file.path);
        let handle = self.make_folder(folder)?;
        let aside = format!("{ASIDE}{name}");
        let failed = || self.failed("write", &file.path);
        match unlinkat(&handle, &aside, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(anyhow::Error::new(error).context(failed()).into()),
        }
        let before = folder::look(&handle, name.as_ref()).with_context(failed)?;
        self.create(&handle, &aside, file, before.as_ref())?;
        match renameat(&handle, &aside, &handle, name) {
            Ok(()) => Ok(()),
            Err(Errno::ISDIR) => Err(self.no_file(&file.path, "is a directory")),
            Err(error) => Err(anyhow::Error::new(error).context(failed()).into()),
        }
    }

    /// Removes files. A folder in which nothing else is goes at once.
    pub(super) fn remove_all(&self, paths: &[String]) -> Result<(), Failure> {
        let _step = unfinished::step();
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (folder, name) in paths.iter().map(|path| split(path)) {
            folders.entry(folder).or_default().insert(name);
        }
        // Backwards, so that a folder comes after those in it.
        for (folder, names) in folders.into_iter().rev() {
            let is_gone = |entry: &TreeEntry| {
                entry.kind != EntryKind::Folder && names.contains(entry.name.as_str())
            };
            let is_whole = !folder.is_empty() && self.list(folder)?.iter().all(is_gone);
            if !is_whole || !self.remove_at_once(folder)? {
                for name in names {
                    self.remove_file(&join(folder, name))?;
                }
            }
        }
        Ok(())
    }

    /// Removes a folder with all that is in it; says whether that was possible, which it is not where it is mounted.
    fn remove_at_once(&self, path: &str) -> Result<bool, Failure> {
        let (parent, name) = split(path);
        let Some(handle) = self.folder(parent)? else {
            return Ok(true);
        };
        let aside = format!("{ASIDE}{name}");
        match renameat(&handle, name, &handle, &aside) {
            Ok(()) => folder::remove(&handle, aside.as_ref())
                .with_context(|| self.failed("remove", path))?,
            Err(Errno::NOENT) => {}
            Err(Errno::BUSY | Errno::XDEV) => return Ok(false),
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(self.failed("remove", path))
                    .into());
            }
        }
        self.remove_if_empty(parent)?;
        Ok(true)
    }

    /// Removes a file, and its folder where that is left empty.
    fn remove_file(&self, path: &str) -> Result<(), Failure> {
        let (folder, name) = split(path);
        let Some(handle) = self.folder(folder)? else {
            return Ok(());
        };
        match unlinkat(&handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(self.failed("remove", path))
                    .into());
            }
        }
        self.remove_if_empty(folder)
    }

    fn remove_if_empty(&self, path: &str) -> Result<(), Failure> {
        if path.is_empty() {
            return Ok(());
        }
        let (parent, name) = split(path);
        let Some(handle) = self.folder(parent)? else {
            return Ok(());
        };
        match unlinkat(&handle, name, AtFlags::REMOVEDIR) {
            Ok(()) => self.remove_if_empty(parent),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::BUSY) => Ok(()),
            Err(error) => Err(anyhow::Error::new(error)
                .context(self.failed("remove", path))
                .into()),
        }
    }

    /// Removes what a killed run left under a name of its own in a folder.
    pub(super) fn sweep(&self, path: &str) -> Result<(), Failure> {
        let _step = unfinished::step();
        self.sweep_folder(path)
    }

    fn sweep_folder(&self, path: &str) -> Result<(), Failure> {
        let Some(folder) = self.folder_or_stranger(path)? else {
            return Ok(());
        };
        let read = |error: Errno| anyhow::Error::new(error).context(self.failed("read", path));
        for name in folder::names(&folder).map_err(read)? {
            if name.as_encoded_bytes().starts_with(ASIDE.as_bytes()) {
                folder::remove(&folder, &name).map_err(read)?;
            }
        }
        Ok(())
    }

    /// Brings all that was written to the disk (syncfs(2)).
    pub(super) fn sync(&self) -> Result<(), Failure> {
        rustix::fs::syncfs(&self.root).with_context(|| self.failed("flush", ""))?;
        Ok(())
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
