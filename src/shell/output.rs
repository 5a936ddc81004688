//! What goes out: stdout, files, notes on stderr.
//!
//! Files are written aside, flushed to disk and renamed into place, so that a reader sees the old
//! file or the new one and a failure leaves nothing behind.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door through which everything leaves"
)]

use super::error::{Failure, Kind};
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

/// Writes a line to stderr; a closed stderr is nobody's loss.
pub(super) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Says whether a person reads stdout.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Gives the mode of the file behind stdout when others can read it.
pub(super) fn stdout_readable_by_others() -> Option<u32> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    Some(metadata.permissions().mode() & 0o777).filter(|mode| mode & 0o077 != 0)
}

/// Writes the pieces of a text to stdout.
///
/// A closed pipe is an error: keys that were printed exist nowhere else.
pub(super) fn print<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = pieces
        .into_iter()
        .try_for_each(|piece| stdout.write_all(piece.as_bytes()))
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::new(
            Kind::ClosedPipe,
            Fault::new("the reader of stdout ended before everything was written")
                .help("what was printed is incomplete: run the command again"),
        )),
        Err(error) => Err(anyhow::Error::new(error)
            .context("cannot write to stdout")
            .into()),
    }
}

/// A file to be written.
pub(super) struct NewFile {
    /// Its path below the directory.
    pub(super) path: String,
    pub(super) content: Zeroizing<String>,
    /// Whether only the owner may read it.
    pub(super) is_secret: bool,
}

impl NewFile {
    fn mode(&self) -> u32 {
        if self.is_secret { 0o600 } else { 0o644 }
    }
}

fn would_lose(what: String, help: &str) -> Failure {
    Failure::new(Kind::WouldLose, Fault::new(what).help(help))
}

/// Refuses a directory that files cannot go into, before any key is drawn.
pub(super) fn check_directory(directory: &Path, force: bool) -> Result<(), Failure> {
    let shown = directory.display();
    let metadata = match fs::symlink_metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = parent(directory);
            let found = fs::metadata(parent)
                .with_context(|| format!("cannot use the directory {}", parent.display()))?;
            return if found.is_dir() {
                Ok(())
            } else {
                Err(anyhow::anyhow!("{} is no directory", parent.display()).into())
            };
        }
        result => result.with_context(|| format!("cannot use the directory {shown}"))?,
    };
    if metadata.is_symlink() {
        return Err(would_lose(
            format!("{shown} is a symbolic link"),
            "name the directory itself",
        ));
    }
    if !metadata.is_dir() {
        return Err(would_lose(
            format!("{shown} exists and is no directory"),
            "name a new directory",
        ));
    }
    let mut entries =
        fs::read_dir(directory).with_context(|| format!("cannot read the directory {shown}"))?;
    if entries.next().is_some() && !force {
        return Err(would_lose(
            format!("the directory {shown} is not empty"),
            "name a new or empty directory, or overwrite with `--force`; keep keys with `--reuse`",
        ));
    }
    Ok(())
}

/// Writes files into a directory: all of them at once where it is new or empty.
pub(super) fn write_directory(
    directory: &Path,
    files: &[NewFile],
    force: bool,
) -> Result<(), Failure> {
    check_directory(directory, force)?;
    let is_fresh = fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if is_fresh {
        write_fresh(directory, files)
    } else {
        write_over(directory, files)
    }
}

/// Fills a directory beside the final one and renames it.
fn write_fresh(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let parent = parent(directory);
    let whole = || format!("cannot write the directory {}", directory.display());
    let staging = Builder::new()
        .prefix(".civi-ingress-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .with_context(whole)?;
    for file in files {
        let path = staging.path().join(&file.path);
        fs::create_dir_all(self::parent(&path)).with_context(whole)?;
        let mut open = File::options();
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, file.mode());
        let mut written = open
            .write(true)
            .create_new(true)
            .open(&path)
            .with_context(whole)?;
        written
            .set_permissions(Permissions::from_mode(file.mode()))
            .with_context(whole)?;
        written
            .write_all(file.content.as_bytes())
            .and_then(|()| written.sync_all())
            .with_context(whole)?;
    }
    sync_directory(staging.path()).with_context(whole)?;
    fs::rename(staging.path(), directory).with_context(whole)?;
    // What the name meant is the finished directory now; there is nothing left to clean up.
    let _ = staging.keep();
    sync_directory(parent).with_context(whole)?;
    Ok(())
}

/// Writes every file aside first, then renames them one after the other.
fn write_over(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let mut staged = Vec::with_capacity(files.len());
    for file in files {
        let path = directory.join(&file.path);
        refuse_odd_target(&path, true)?;
        fs::create_dir_all(parent(&path))
            .with_context(|| format!("cannot make {}", parent(&path).display()))?;
        staged.push((stage(&path, &file.content, file.mode())?, path));
    }
    for (file, path) in staged {
        file.persist(&path)
            .map_err(|error| error.error)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    sync_directory(directory).with_context(|| format!("cannot write {}", directory.display()))?;
    Ok(())
}

/// Refuses a path that a file cannot go to, before any key is drawn.
pub(super) fn refuse_odd_target(path: &Path, force: bool) -> Result<(), Failure> {
    let shown = path.display();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(anyhow::Error::new(error)
            .context(format!("cannot use {shown}"))
            .into()),
        Ok(metadata) if metadata.is_symlink() => Err(would_lose(
            format!("{shown} is a symbolic link"),
            "name the file itself",
        )),
        Ok(metadata) if !metadata.is_file() => Err(would_lose(
            format!("{shown} is no regular file"),
            "name a new file",
        )),
        Ok(_) if force => Ok(()),
        Ok(_) => Err(would_lose(
            format!("{shown} exists"),
            "name a new file, or overwrite with `--force`",
        )),
    }
}

/// A file that was written outside a directory, and is taken back unless all else succeeds.
#[must_use]
pub(super) struct Written(Option<PathBuf>);

impl Written {
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Lets the file stay.
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes one file; an existing one only with `force`, and that is not taken back.
pub(super) fn write_file(
    path: &Path,
    content: &str,
    is_secret: bool,
    force: bool,
) -> Result<Written, Failure> {
    refuse_odd_target(path, force)?;
    let mode = if is_secret { 0o600 } else { 0o644 };
    let staged = stage(path, content, mode)?;
    let persisted = if force {
        staged.persist(path)
    } else {
        staged.persist_noclobber(path)
    };
    persisted
        .map_err(|error| error.error)
        .with_context(|| format!("cannot write {}", path.display()))?;
    sync_directory(parent(path)).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Written(Some(path.to_owned()).filter(|_| !force)))
}

fn stage(path: &Path, content: &str, mode: u32) -> Result<NamedTempFile, Failure> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = Builder::new()
        .prefix(".civi-ingress-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(parent(path))
        .with_context(failed)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(mode))
        .with_context(failed)?;
    file.write_all(content.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .with_context(failed)?;
    Ok(file)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
