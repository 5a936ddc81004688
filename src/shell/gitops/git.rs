//! Asks Git what it has of a directory, and keeps private keys that are in clear text out of it.
//!
//! The repository may be anybody's: Git is run so that nothing of its configuration starts a program, and without the
//! variables `GIT_*` of the environment, which would name another repository than the one that the files are in.

use super::super::error::{Failure, Kind};
use super::super::output::warn;
use super::super::world;
use anyhow::{Context as _, anyhow};
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::unit::Unit;
use rustix::fs::{MemfdFlags, memfd_create};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Largest file of the index that is looked at, in bytes: no key is near as long.
const BLOB_LIMIT: usize = 16 << 20;
/// How many files of the index are asked about at once.
const BLOBS_AT_ONCE: usize = 1000;

/// A file of Git's index.
pub(super) struct Blob {
    /// Its path below the top of the work tree.
    pub(super) path: PathBuf,
    is_file: bool,
    /// The name of its content.
    id: String,
}

/// A directory that is in a Git work tree, or will be made in one.
#[derive(Clone)]
pub(in super::super) struct WorkTree {
    /// The top of the work tree, where `.git` is, without symbolic links.
    top: PathBuf,
    /// The directory, below the top; empty if it is the top itself.
    below: PathBuf,
}

impl WorkTree {
    /// Finds the work tree of a directory, which need not exist; nothing if there is none.
    ///
    /// What cannot be seen counts as one: Git is asked then, and says why it cannot answer.
    pub(in super::super) fn of(directory: &Path) -> Result<Option<Self>, Failure> {
        let directory = real(directory)?;
        let has_git = |folder: &&Path| folder.join(".git").try_exists().unwrap_or(true);
        let Some(top) = directory.ancestors().find(has_git) else {
            return Ok(None);
        };
        let below = directory.strip_prefix(top).unwrap_or(Path::new(""));
        Ok(Some(Self {
            top: top.to_owned(),
            below: below.to_owned(),
        }))
    }

    /// Finds the work tree of a directory as [`Self::of`] does, and remembers it for those below.
    fn of_known(
        directory: &Path,
        known: &mut BTreeMap<OsString, Option<Self>>,
    ) -> Result<Option<Self>, Failure> {
        if let Some(found) = known.get(directory.as_os_str()) {
            return Ok(found.clone());
        }
        let inherits = match std::fs::symlink_metadata(directory) {
            Ok(found) if found.is_dir() => matches!(directory.join(".git").try_exists(), Ok(false)),
            // In place of a file, and below it, there is no directory and will be none: the tree refuses it.
            Ok(found) => found.is_file(),
            Err(error) => matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ),
        };
        let found = match (inherits, directory.parent(), directory.file_name()) {
            (true, Some(parent), Some(name)) if !parent.as_os_str().is_empty() => {
                let above = Self::of_known(parent, known)?;
                above.map(|Self { top, below }| Self {
                    top,
                    below: below.join(name),
                })
            }
            _ => Self::of(directory)?,
        };
        known.insert(directory.as_os_str().to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the top of the work tree.
    pub(in super::super) fn top(&self) -> &Path {
        &self.top
    }

    /// Returns the files below the directory that are in Git's index, by their paths below it, whether they are on the
    /// disk or not (a sparse checkout).
    pub(in super::super) fn tracked(&self) -> Result<BTreeSet<PathBuf>, Failure> {
        let mut arguments: Vec<&OsStr> =
            ["--literal-pathspecs", "ls-files", "--cached", "-z", "--"]
                .map(OsStr::new)
                .into();
        // No path at all means all of them.
        arguments.extend(Some(self.below.as_os_str()).filter(|below| !below.is_empty()));
        let listed = self.ask(&arguments, &[])?;
        let paths = parts(&listed).map(|path| Path::new(OsStr::from_bytes(path)));
        let below = paths.filter_map(|path| path.strip_prefix(&self.below).ok());
        Ok(below.map(Path::to_owned).collect())
    }

    /// Returns those of the paths, below the directory, that Git ignores by its patterns.
    fn ignored(&self, paths: &[&Path]) -> Result<BTreeSet<PathBuf>, Failure> {
        let mut asked = Vec::new();
        for path in paths {
            // So that no name begins as magic of Git's does.
            let path = Path::new(".").join(&self.below).join(path);
            asked.extend_from_slice(path.as_os_str().as_bytes());
            asked.push(0);
        }
        let arguments = [
            "check-ignore",
            "--no-index",
            "--verbose",
            "--non-matching",
            "-z",
            "--stdin",
        ];
        let told = self.ask(&arguments.map(OsStr::new), &asked)?;
        // For each path its source, line, pattern and the path itself (git-check-ignore(1), "Output").
        let told: Vec<&[u8]> = told.split(|byte| *byte == 0).collect();
        let ignored = told.chunks_exact(4).filter(|answer| {
            let pattern = answer[2];
            !pattern.is_empty() && !pattern.starts_with(b"!")
        });
        let paths = ignored.map(|answer| Path::new(OsStr::from_bytes(answer[3])));
        let own = Path::new(".").join(&self.below);
        let below = paths.filter_map(|path| path.strip_prefix(&own).ok());
        Ok(below.map(Path::to_owned).collect())
    }

    /// Lists the files of Git's index with what they hold: those that differ from the last commit, or all.
    ///
    /// While `git commit` runs a hook, its index may be another one than the repository's (githooks(5),
    /// `GIT_INDEX_FILE`).
    pub(super) fn staged_blobs(&self, all: bool) -> Result<Vec<Blob>, Failure> {
        let differing = [
            "diff-index",
            "--cached",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--diff-filter=AMT",
            "-z",
            self.last_commit()?,
            "--",
        ];
        let arguments = if all {
            vec!["ls-files", "--stage", "-z"]
        } else {
            differing.into()
        };
        let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
        let listed = self.ask_of_index(&arguments, &[])?;
        let blob = |mode: &str, id: &str, path: &[u8]| Blob {
            path: PathBuf::from(OsStr::from_bytes(path)),
            // A link is what it names, and a commit of another repository is not here (git-fast-import(1), "filemodify").
            is_file: mode.starts_with("100") || mode.starts_with("120"),
            id: id.to_owned(),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut blobs = Vec::new();
        let mut listed = parts(&listed);
        while let Some(part) = listed.next() {
            if all {
                // `MODE ID STAGE<TAB>PATH`
                let Some(tab) = part.iter().position(|byte| *byte == b'\t') else {
                    continue;
                };
                let (head, path) = (text(&part[..tab]), &part[tab + 1..]);
                let mut words = head.split(' ');
                if let (Some(mode), Some(id)) = (words.next(), words.next()) {
                    blobs.push(blob(mode, id, path));
                }
            } else {
                // `:MODE MODE ID ID STATUS`, then the path.
                let head = text(part);
                let words: Vec<&str> = head.split(' ').collect();
                let Some(path) = listed.next() else { break };
                if let [_, mode, _, id, _] = words[..] {
                    blobs.push(blob(mode, id, path));
                }
            }
        }
        blobs.retain(|blob| blob.is_file);
        Ok(blobs)
    }

    /// Returns the last commit, or the empty tree where there is none yet (its name is the same in every repository
    /// with SHA-1; others have theirs from Git).
    fn last_commit(&self) -> Result<&'static str, Failure> {
        let verify = ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"];
        let found = self.ask(&verify.map(OsStr::new), &[])?;
        Ok(if found.is_empty() {
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        } else {
            "HEAD"
        })
    }

    /// Reads what files of the index hold, one after another; one that is larger than [`BLOB_LIMIT`] is named without.
    pub(super) fn read_blobs(
        &self,
        blobs: &[Blob],
        take: &mut dyn FnMut(&Blob, Option<&[u8]>),
    ) -> Result<(), Failure> {
        for some in blobs.chunks(BLOBS_AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|blob| blob.id.as_str()).collect();
            let ids = ids.join("\n") + "\n";
            let check = ["cat-file", "--batch-check=%(objectsize)"].map(OsStr::new);
            let sizes = self.ask(&check, ids.as_bytes())?;
            let sizes = String::from_utf8_lossy(&sizes).into_owned();
            let sizes = sizes.lines().map(|size| size.parse::<usize>().ok());
            for (blob, size) in some.iter().zip(sizes) {
                if size.is_none_or(|size| size > BLOB_LIMIT) {
                    take(blob, None);
                    continue;
                }
                let show = ["cat-file", "blob", blob.id.as_str()].map(OsStr::new);
                take(blob, Some(&self.ask(&show, &[])?));
            }
        }
        Ok(())
    }

    /// Runs Git at the top of the work tree.
    fn ask(&self, arguments: &[&OsStr], stdin: &[u8]) -> Result<Vec<u8>, Failure> {
        self.ask_with(arguments, stdin, &[])
    }

    /// Runs Git with the index that a commit in progress has.
    fn ask_of_index(&self, arguments: &[&OsStr], stdin: &[u8]) -> Result<Vec<u8>, Failure> {
        self.ask_with(arguments, stdin, &["GIT_INDEX_FILE"])
    }

    /// Runs Git without the variables `GIT_*`, but for those that are `kept`.
    fn ask_with(
        &self,
        arguments: &[&OsStr],
        stdin: &[u8],
        kept: &[&str],
    ) -> Result<Vec<u8>, Failure> {
        let failed = || format!("cannot ask Git about {}", self.top.display());
        // A file in memory instead of a pipe: Git may answer before it has read all.
        let input = memfd_create("civi-ingress", MemfdFlags::CLOEXEC).with_context(failed)?;
        let mut input = File::from(input);
        input.write_all(stdin).with_context(failed)?;
        input.rewind().with_context(failed)?;
        let mut git = Command::new("git");
        let names = std::env::vars_os().map(|(name, _)| name);
        let is_foreign = |name: &std::ffi::OsString| {
            name.as_bytes().starts_with(b"GIT_") && !kept.iter().any(|kept| name == kept)
        };
        for name in names.filter(is_foreign) {
            git.env_remove(name);
        }
        // Messages as they are known; no lock, and no fetch of what a partial clone lacks.
        git.env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1")
            .arg("-C")
            .arg(&self.top)
            .arg("--no-pager")
            .args(["-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null"])
            .args(arguments)
            .stdin(Stdio::from(input));
        let output = git.output().with_context(failed)?;
        // `check-ignore` ends with 1 where none is ignored.
        if matches!(output.status.code(), Some(0 | 1)) {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().next().unwrap_or("it was killed by a signal");
        Err(anyhow!("{}: {why}", failed()).into())
    }
}

/// Returns the pieces that end with NUL.
fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
}

/// Returns a path without symbolic links in the part of it that exists.
fn real(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = world::absolute(path)?;
    for existing in absolute.ancestors() {
        match existing.canonicalize() {
            Ok(real) => {
                let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
                return Ok(if rest.as_os_str().is_empty() {
                    real
                } else {
                    real.join(rest)
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let what = format!("cannot use {}", path.display());
                return Err(anyhow::Error::new(error).context(what).into());
            }
        }
    }
    Ok(absolute)
}

/// A file that `git add --all` would put into the index.
pub(in super::super) struct StagedFiles {
    /// Its path, as it was given.
    pub(in super::super) path: PathBuf,
    /// Whether it is there already, so that no pattern keeps it out.
    pub(in super::super) is_tracked: bool,
}

/// Returns those of the files, which need not exist, that `git add --all` would stage; none if there is no work tree.
pub(in super::super) fn would_stage(paths: &[PathBuf]) -> Result<Vec<StagedFiles>, Failure> {
    // A folder below may be a work tree of its own, which another Git answers for.
    let mut folders: BTreeMap<&OsStr, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        let folder = path.parent().unwrap_or(Path::new("."));
        folders.entry(folder.as_os_str()).or_default().push(path);
    }
    let mut known = BTreeMap::new();
    let mut by_tree: BTreeMap<PathBuf, Vec<(PathBuf, &Path)>> = BTreeMap::new();
    for (folder, paths) in folders {
        let folder = Path::new(if folder.is_empty() {
            OsStr::new(".")
        } else {
            folder
        });
        let Some(tree) = WorkTree::of_known(folder, &mut known)? else {
            continue;
        };
        let files = paths.into_iter().map(|path| {
            let name = path.file_name().map_or(Path::new(""), Path::new);
            (tree.below.join(name), path)
        });
        let files: Vec<_> = files.collect();
        by_tree.entry(tree.top).or_default().extend(files);
    }
    let mut staged = Vec::new();
    for (top, files) in by_tree {
        let tree = WorkTree {
            top,
            below: PathBuf::new(),
        };
        let asked: Vec<&Path> = files.iter().map(|(below, _)| below.as_path()).collect();
        let (tracked, ignored) = (tree.tracked()?, tree.ignored(&asked)?);
        staged.extend(files.iter().filter_map(|(below, path)| {
            let is_tracked = tracked.contains(below);
            (is_tracked || !ignored.contains(below)).then(|| StagedFiles {
                path: (*path).to_owned(),
                is_tracked,
            })
        }));
    }
    Ok(staged)
}

/// Refuses a tree in which `git add --all` would stage private keys in clear text.
pub(super) fn guard(fleet: &Fleet, directory: &Path) -> Result<(), Failure> {
    let mut files = Vec::new();
    for member in &fleet.members {
        files.extend(Unit::member(fleet, member)?.key_files());
    }
    files.extend(Unit::cluster(fleet).iter().flat_map(Unit::key_files));
    let files: Vec<PathBuf> = files.iter().map(|file| directory.join(file)).collect();
    let would_lose = |faults| Failure {
        kind: Kind::WouldLose,
        faults,
    };
    let or = "or set `spec.secrets.mode` to `sops` or `sealed`, or pass `--allow-plain-in-git`";
    let staged = would_stage(&files).map_err(|failure| {
        let unanswered = failure.faults.into_iter().map(|fault| {
            let help =
                format!("private keys would be there in clear text: make `git` work there, {or}");
            fault.help(help)
        });
        would_lose(unanswered.collect())
    })?;
    let (tracked, new): (Vec<StagedFiles>, Vec<StagedFiles>) =
        staged.into_iter().partition(|file| file.is_tracked);
    let mut faults = Vec::new();
    if !new.is_empty() {
        let what = format!(
            "`git add` would stage private keys in clear text: {}",
            named(&new)
        );
        faults.push(Fault::new(what).help(format!("have Git ignore these files, {or}")));
    }
    if !tracked.is_empty() {
        let what = format!(
            "Git tracks files that would contain private keys in clear text: {}",
            named(&tracked)
        );
        let help = format!(
            "`git rm --cached` takes a file out of the index (a key that was committed stays in the history: replace it), {or}"
        );
        faults.push(Fault::new(what).help(help));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(would_lose(faults))
    }
}

/// Names the first of some files.
fn named(files: &[StagedFiles]) -> String {
    const SHOWN: usize = 3;
    let names = files.iter().take(SHOWN);
    let names: Vec<String> = names.map(|file| file.path.display().to_string()).collect();
    let names = names.join(", ");
    match files.len().saturating_sub(SHOWN) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// Warns of files with private keys that `git add --all` would stage.
pub(in super::super) fn warn_of(files: &[PathBuf]) {
    match would_stage(files) {
        Ok(staged) => {
            for StagedFiles { path, is_tracked } in staged {
                let why = if is_tracked {
                    "tracks it"
                } else {
                    "does not ignore it"
                };
                warn(&format!(
                    "{} holds a private key in a Git work tree, and Git {why}: `git add` would stage it",
                    path.display()
                ));
            }
        }
        Err(failure) => {
            for fault in failure.faults {
                warn(&format!(
                    "{fault}: make sure that no private key is committed"
                ));
            }
        }
    }
}
