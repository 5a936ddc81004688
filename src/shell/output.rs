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
use civi_ingress::visible::composed;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

/// Writes lines to stderr, with nothing in them that steers a terminal or a CI; a closed stderr is nobody's loss.
pub(super) fn say(text: &str) {
    let _ = io::stderr().write_all(composed(text).as_bytes());
}

/// Shows on a terminal how far a run is, in the place of what was shown before.
pub(super) fn show_progress(done: usize, all: usize) {
    let end = if done == all { "\r\u{1b}[K" } else { "" };
    let _ = write!(io::stderr(), "\r{done} of {all}{end}");
}

/// Says whether a person reads stdout.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Says whether a person reads stderr.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Says whether stdout was closed when the program started: Rust then opens /dev/null for reading and writing
/// in its place, which no shell does (library/std/src/sys/pal/unix/mod.rs).
pub(super) fn stdout_is_closed() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let null = fs::metadata("/dev/null").map(|metadata| metadata.rdev());
    let Ok(file) = io::stdout().as_fd().try_clone_to_owned().map(File::from) else {
        return true;
    };
    let is_null = file
        .metadata()
        .is_ok_and(|metadata| Some(metadata.rdev()) == null.ok());
    is_null
        && rustix::fs::fcntl_getfl(&file)
            .is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
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
    // Without a slash at the end, which would follow a link.
    let directory = &directory.components().collect::<PathBuf>();
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

/// Writes files into a directory: all of them at once where it is new.
pub(super) fn write_directory(
    directory: &Path,
    files: &[NewFile],
    force: bool,
) -> Result<(), Failure> {
    check_directory(directory, force)?;
    if directory.exists() {
        write_over(directory, files)
    } else {
        write_fresh(directory, files)
    }
}

/// Says whether anything has this path.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes new files into a directory beside what is there; the directory is made where it does not exist.
pub(super) fn write_new(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    for file in files {
        refuse_odd_target(&directory.join(&file.path), false)?;
    }
    if directory.exists() {
        write_over(directory, files)
    } else {
        write_directory(directory, files, false)
    }
}

/// Says whether `kubectl apply -f DIR` would take the file for a manifest of ours.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml")
}

/// Names the YAML files of a directory that were not written with the others: `kubectl apply -f` takes them too.
pub(super) fn strangers(directory: &Path, files: &[NewFile]) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_yaml(Path::new(name)) && !files.iter().any(|file| file.path == *name))
        .collect();
    names.sort_unstable();
    names
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
    if !files.iter().any(|file| file.is_secret) {
        fs::set_permissions(staging.path(), Permissions::from_mode(0o755)).with_context(whole)?;
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
        for folder in path
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != directory)
        {
            if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(would_lose(
                    format!("{} is a symbolic link", folder.display()),
                    "name the directory itself",
                ));
            }
        }
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

/// A file that a user asked for by its own path, beside the manifests or PEM files.
pub(super) struct SideFile<'a> {
    pub(super) path: &'a Path,
    pub(super) content: Zeroizing<String>,
    pub(super) is_secret: bool,
}

/// Refuses paths that side files cannot go to, before any key is drawn.
pub(super) fn check_beside(paths: &[(&'static str, &Path)], force: bool) -> Result<(), Failure> {
    for (_, path) in paths {
        refuse_odd_target(path, force)?;
    }
    Ok(())
}

/// Writes by `write`, and files beside it: each is flushed to disk before, and gets its name only after
/// that went well. Those that belong into `directory` are handed to `write` with the rest.
pub(super) fn write_beside(
    beside: Vec<SideFile<'_>>,
    directory: Option<&Path>,
    force: bool,
    write: impl FnOnce(Vec<NewFile>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut inside = Vec::new();
    let mut staged = Vec::new();
    for file in beside {
        refuse_odd_target(file.path, force)?;
        let name = file.path.file_name().and_then(|name| name.to_str());
        let is_inside = directory.is_some() && file.path.parent() == directory;
        if let Some(name) = name.filter(|_| is_inside) {
            inside.push(NewFile {
                path: name.to_owned(),
                content: file.content,
                is_secret: file.is_secret,
            });
        } else {
            let mode = if file.is_secret { 0o600 } else { 0o644 };
            staged.push((stage(file.path, &file.content, mode)?, file.path));
        }
    }
    write(inside)?;
    for (file, path) in staged {
        let persisted = if force {
            file.persist(path)
        } else {
            file.persist_noclobber(path)
        };
        persisted
            .map_err(|error| error.error)
            .with_context(|| format!("cannot write {}", path.display()))?;
        sync_directory(parent(path)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
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
