//! The files that are written, and those that are there.

use crate::shell::error::{Failure, Kind};
use crate::shell::folder::{self, Number};
use crate::shell::lexical::parent;
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use rustix::fs::{FileType, Mode, OFlags, openat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is looked through for keys, in bytes.
const FILE_LIMIT: usize = 16 << 20;

/// A file of the directory.
pub(in crate::shell) struct NewFile {
    /// Its path below the directory.
    pub(in crate::shell) path: String,
    pub(in crate::shell) content: Zeroizing<Vec<u8>>,
    /// Whether only the owner may read it.
    pub(in crate::shell) is_secret: bool,
}

impl NewFile {
    pub(in crate::shell) fn new(path: &str, text: &str, is_secret: bool) -> Self {
        Self {
            path: path.to_owned(),
            content: Zeroizing::new(text.as_bytes().to_vec()),
            is_secret,
        }
    }
}

/// A file that a user asked for by its own path.
pub(in crate::shell) struct SideFile<'a> {
    pub(in crate::shell) path: &'a Path,
    pub(in crate::shell) content: Zeroizing<Vec<u8>>,
    pub(in crate::shell) is_secret: bool,
}

pub(super) fn mode(is_secret: bool) -> u32 {
    if is_secret { 0o600 } else { 0o644 }
}

/// What may be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Overwrite {
    /// Nothing: a directory must be new or empty.
    Nothing,
    /// Nothing, but the directory may hold other files.
    NothingBesideOthers,
    /// Files, but no private keys that would be lost.
    Files,
    /// Private keys too.
    Keys,
}

impl Overwrite {
    /// Takes `--force` and, if there is such an option, `--replace-keys`.
    pub(in crate::shell) fn of(force: bool, replace_keys: bool) -> Self {
        match (force, replace_keys) {
            (_, true) => Self::Keys,
            (true, false) => Self::Files,
            (false, false) => Self::Nothing,
        }
    }

    pub(super) fn is_allowed(self) -> bool {
        matches!(self, Self::Files | Self::Keys)
    }
}

pub(super) fn would_lose(what: String, help: &str) -> Failure {
    Failure::new(Kind::WouldLose, Fault::new(what).help(help))
}

/// Reports that another run is at work.
pub(in crate::shell) fn locked(path: &Path) -> Failure {
    let fault = Fault::new(format!("another run has locked {}", path.display()));
    Failure::new(Kind::Locked, fault.help("wait until it has ended"))
}

pub(super) fn failed(path: &Path) -> impl Fn(Errno) -> Failure + '_ {
    |error| {
        anyhow::Error::new(error)
            .context(format!("cannot write {}", path.display()))
            .into()
    }
}

pub(super) fn joined(before: &str, name: &OsStr) -> OsString {
    let mut joined = OsString::from(before);
    joined.push(name);
    joined
}

/// Refuses what is not a regular file.
pub(super) fn refuse_odd(path: &Path, kind: FileType) -> Result<(), Failure> {
    let shown = path.display();
    match kind {
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err(would_lose(
            format!("{shown} is a symbolic link"),
            "name the file itself",
        )),
        _ => Err(would_lose(
            format!("{shown} is not a regular file"),
            "name a new file",
        )),
    }
}

pub(super) fn number_of(handle: &OwnedFd) -> Result<Number, Errno> {
    rustix::fs::fstat(handle).map(|found| folder::number(&found))
}

pub(super) fn fill(file: &mut File, content: &[u8], is_secret: bool) -> Result<(), std::io::Error> {
    rustix::fs::fchmod(&*file, Mode::from_raw_mode(mode(is_secret)))?;
    file.write_all(content)?;
    file.sync_all()
}

/// A file that is there.
pub(super) struct Old {
    pub(super) content: Zeroizing<Vec<u8>>,
    pub(super) mode: u32,
}

/// Reads what a file below the directory holds; nothing if there is none.
pub(super) fn old_file(
    folder: &OwnedFd,
    below: &str,
    shown: &Path,
) -> Result<Option<Old>, Failure> {
    let mut parts: Vec<&str> = below.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let mut handle = None;
    for part in parts {
        match folder::open_in(handle.as_ref().unwrap_or(folder), part.as_ref()) {
            Ok(inner) => handle = Some(inner),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                return Err(would_lose(
                    format!("{} is not a directory", parent(shown).display()),
                    "a symbolic link or file cannot take the place of a folder",
                ));
            }
            Err(error) => return Err(failed(shown)(error)),
        }
    }
    read_in(handle.as_ref().unwrap_or(folder), name.as_ref(), shown)
}

pub(super) fn read_in(
    folder: &OwnedFd,
    name: &OsStr,
    shown: &Path,
) -> Result<Option<Old>, Failure> {
    let cannot = || format!("cannot read {}", shown.display());
    let Some(found) = folder::look(folder, name).with_context(cannot)? else {
        return Ok(None);
    };
    refuse_odd(shown, folder::kind(&found))?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(folder, name, flags, Mode::empty()).with_context(cannot)?;
    let mut content = Zeroizing::new(Vec::new());
    let size = usize::try_from(found.st_size).unwrap_or_default();
    content.reserve_exact(size.min(FILE_LIMIT) + 1);
    File::from(file)
        .take(FILE_LIMIT as u64)
        .read_to_end(&mut content)
        .with_context(cannot)?;
    Ok(Some(Old {
        content,
        mode: found.st_mode & 0o777,
    }))
}

/// Returns the file for a PEM text, if one was asked for.
pub(in crate::shell) fn side_file<'a>(
    path: Option<&'a PathBuf>,
    content: &str,
    is_secret: bool,
) -> Option<SideFile<'a>> {
    let content = Zeroizing::new(content.as_bytes().to_vec());
    path.map(|path| SideFile {
        path,
        content,
        is_secret,
    })
}
