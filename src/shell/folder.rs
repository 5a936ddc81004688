//! What trees and single directories are written with: handles of folders, of which no access follows a link.

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Gid, Mode, OFlags, RenameFlags, Stat, StatxAttributes,
    StatxFlags, Uid, fchown, flock, mkdirat, openat, renameat_with, statat, statx, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// How folders are opened.
pub(super) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Device and number of a file or folder.
pub(super) type Number = (u64, u64);

/// Opens a folder by its path; the last part must be no link.
pub(super) fn open(path: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::open(path, FOLDER, Mode::empty())
}

/// Opens a folder in a folder.
pub(super) fn open_in(folder: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat(folder, name, FOLDER, Mode::empty())
}

/// Makes and opens a folder in a folder.
pub(super) fn make(folder: &OwnedFd, name: &OsStr, mode: u32) -> Result<OwnedFd, Errno> {
    mkdirat(folder, name, Mode::from_raw_mode(mode))?;
    open_in(folder, name).inspect_err(|_| {
        // What nobody has a handle of is nobody's to fill.
        let _ = unlinkat(folder, name, AtFlags::REMOVEDIR);
    })
}

/// Takes a lock without waiting; says whether it was to be had.
pub(super) fn lock(handle: impl AsFd, operation: FlockOperation) -> Result<bool, Errno> {
    match flock(handle, operation) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Creates a file that is not there.
pub(super) fn create(folder: &OwnedFd, name: &OsStr, mode: u32) -> Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::from_raw_mode(mode)).map(File::from)
}

/// Looks at an entry itself, be it a link; nothing if there is none.
pub(super) fn look(folder: &OwnedFd, name: &OsStr) -> Result<Option<Stat>, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns what an entry is.
pub(super) fn kind(found: &Stat) -> FileType {
    FileType::from_raw_mode(found.st_mode)
}

/// Returns device and number.
pub(super) fn number(found: &Stat) -> Number {
    (found.st_dev, found.st_ino)
}

/// Returns whether an entry is what a handle was opened on.
pub(super) fn leads_to(folder: &OwnedFd, name: &OsStr, handle: impl AsFd) -> Result<bool, Errno> {
    let opened = rustix::fs::fstat(handle)?;
    Ok(look(folder, name)?.is_some_and(|found| number(&found) == number(&opened)))
}

/// Returns whether a folder is known to be mounted in its place, be it from the same file system (statx(2),
/// `STATX_ATTR_MOUNT_ROOT`, since Linux 5.8).
pub(super) fn is_mounted(folder: &OwnedFd) -> bool {
    statx(folder, "", AtFlags::EMPTY_PATH, StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Returns the names in a folder, sorted.
pub(super) fn names(folder: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes an entry, a folder with all that is in it; what is not there is removed already.
pub(super) fn remove(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    let inner = open_in(folder, name)?;
    for name in names(&inner)? {
        remove(&inner, &name)?;
    }
    unlinkat(folder, name, AtFlags::REMOVEDIR)
}

/// Exchanges two entries of a folder; says whether the file system can (renameat2(2), EINVAL), which it cannot where
/// one of them is mounted either.
pub(super) fn exchange(folder: &OwnedFd, one: &OsStr, other: &OsStr) -> Result<bool, Errno> {
    match renameat_with(folder, one, folder, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::BUSY | Errno::XDEV) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Renames an entry to a name that nothing has.
pub(super) fn rename_new(folder: &OwnedFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        // A file system that cannot say so (renameat2(2), EINVAL).
        Err(Errno::INVAL | Errno::NOSYS) => match look(folder, to)? {
            Some(_) => Err(Errno::EXIST),
            None => rustix::fs::renameat(folder, from, folder, to),
        },
        result => result,
    }
}

/// Makes the owner and the group of `like` those of a file or folder. Only root can give away what is its own; others keep
/// the group where they belong to it, too.
pub(super) fn give(handle: impl AsFd, like: &Stat) -> Result<(), Errno> {
    let own = rustix::fs::fstat(&handle)?;
    if (own.st_uid, own.st_gid) == (like.st_uid, like.st_gid) {
        return Ok(());
    }
    let (owner, group) = (Uid::from_raw(like.st_uid), Gid::from_raw(like.st_gid));
    if fchown(&handle, Some(owner), Some(group)).is_err() {
        // What cannot be given stays with who has made it.
        let _ = fchown(&handle, None, Some(group));
    }
    Ok(())
}

/// Brings a folder's entries to the disk; a file system that has no such call needs none (fsync(2), EINVAL).
pub(super) fn sync(folder: &OwnedFd) -> Result<(), Errno> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        result => result,
    }
}
