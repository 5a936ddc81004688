//! The paths of a run, compared before anything is drawn or written: no two outputs may be one file, and no output
//! may be an input.

use super::error::Failure;
use super::world;
use civi_ingress::fault::{Fault, Faults};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// How the names of what is being written begin. What a killed run left under such a name is removed by the next.
pub(super) const ASIDE: &str = ".civi-ingress-";

/// A path, with the option that names it.
pub(super) type Named<'a> = (&'static str, &'a Path);

/// What a run puts into the directory of `--output-dir`.
#[derive(Debug, Clone, Copy)]
pub(super) enum DirectoryContents<'a> {
    /// Files of these names.
    Files(&'a [&'a str]),
    /// One manifest an object, all with names that end in `.yaml`.
    Manifests,
}

impl DirectoryContents<'_> {
    /// Returns whether a file of this name beside them would be one of them, or be taken for one.
    fn has(self, name: &OsStr) -> bool {
        let lower = name.to_string_lossy().to_lowercase();
        match self {
            Self::Files(own) => own.contains(&lower.as_str()),
            // What `kubectl apply -f DIR` reads (k8s.io/cli-runtime, pkg/resource/builder.go, FileExtensions).
            Self::Manifests => [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| lower.ends_with(end)),
        }
    }

    /// Returns whether a file of this name may be written over.
    fn may_write(self, name: &OsStr) -> bool {
        let is_numbered = |name: &str| {
            let (number, rest) = name.split_at_checked(2).unwrap_or_default();
            number.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with('-')
        };
        match self {
            Self::Files(_) => self.has(name),
            Self::Manifests => self.has(name) && is_numbered(&name.to_string_lossy()),
        }
    }
}

/// All paths of a run.
#[derive(Debug, Default)]
pub(super) struct Paths<'a> {
    /// The directory of `--output-dir`, and what goes into it.
    pub(super) directory: Option<(&'a Path, DirectoryContents<'a>)>,
    /// Files that other options name for writing.
    pub(super) beside: Vec<Named<'a>>,
    /// Files that are read.
    pub(super) inputs: Vec<Named<'a>>,
}

/// A path as it is, however it is spelt.
struct ClaimedPath {
    /// Without links, `.` and `..`, as far as it exists.
    path: PathBuf,
    identity: Option<world::FileIdentity>,
}

impl ClaimedPath {
    fn of(path: &Path) -> Self {
        Self {
            path: world::resolved(path),
            identity: world::identity(path),
        }
    }

    /// Returns whether both are one file, or would be where case does not count.
    fn is(&self, other: &Self) -> bool {
        let folded = |path: &Path| path.to_string_lossy().to_lowercase();
        self.path == other.path
            || self.identity.is_some() && self.identity == other.identity
            || self.path.parent() == other.path.parent()
                && self.path.file_name().map(|name| folded(name.as_ref()))
                    == other.path.file_name().map(|name| folded(name.as_ref()))
    }
}

impl Paths<'_> {
    /// Refuses two outputs that are one file, and an output that is an input.
    ///
    /// # Errors
    /// All such pairs, each with both options.
    pub(super) fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::default();
        let directory = self
            .directory
            .map(|(path, contents)| (ClaimedPath::of(path), contents));
        let outputs: Vec<(&str, &Path, ClaimedPath)> = self
            .beside
            .iter()
            .map(|(option, path)| (*option, *path, ClaimedPath::of(path)))
            .collect();
        for (index, (option, path, place)) in outputs.iter().enumerate() {
            let shown = path.display();
            let refused =
                |what: String| Fault::new(what).help("name another file").argument(option);
            if world::is_stdin(path) {
                let fault = Fault::new("stdout is for manifests only").help("name a file");
                faults.push(fault.argument(option));
                continue;
            }
            let name = path.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(ASIDE.as_bytes()) {
                faults.push(refused(format!(
                    "`{shown}` starts with `{ASIDE}`, as the names of unfinished files do"
                )));
            }
            if let Some((other, ..)) = outputs[..index].iter().find(|(.., other)| other.is(place)) {
                faults.push(refused(format!("`{shown}` is also the file of {other}")));
            }
            if let Some((directory, contents)) = &directory {
                let name = place.path.file_name().unwrap_or_default();
                if directory.path.starts_with(&place.path) {
                    faults.push(refused(format!(
                        "`{shown}` is also the directory of --output-dir, or one above it"
                    )));
                } else if place.path.parent() == Some(&directory.path) && contents.has(name) {
                    faults.push(refused(format!(
                        "`{shown}` is, or would be mistaken for, a file that goes into --output-dir"
                    )));
                }
            }
            for (input, read) in &self.inputs {
                if !world::is_stdin(read) && ClaimedPath::of(read).is(place) {
                    faults.push(refused(format!("`{shown}` is also read, as {input}")));
                }
            }
        }
        if let Some((directory, contents)) = &directory {
            // Manifests that are reused come back as they are, or renewed.
            let inputs = self.inputs.iter().filter(|(input, _)| *input != "--reuse");
            for (input, read) in inputs {
                let read_from = ClaimedPath::of(read).path;
                let name = read_from.file_name().unwrap_or_default();
                if read_from.parent() == Some(&directory.path) && contents.may_write(name) {
                    let what = format!(
                        "`{}`, which is read as {input}, would be overwritten",
                        read.display()
                    );
                    let fault = Fault::new(what).help("name another directory");
                    faults.push(fault.argument("--output-dir"));
                }
            }
        }
        faults.finish(Some(()))
    }
}

/// Returns the paths that options name, each with its option.
pub(super) fn side_paths<'a, const N: usize>(
    paths: [(&'static str, Option<&'a PathBuf>); N],
) -> Vec<Named<'a>> {
    paths
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?.as_path())))
        .collect()
}

/// Refuses a web address where a file is wanted; `help` says what looks at one.
pub(super) fn refuse_addresses<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
    help: &str,
) -> Result<(), Fault> {
    let is_address = |path: &&Path| {
        let text = path.to_string_lossy().to_lowercase();
        text.starts_with("https://") || text.starts_with("http://")
    };
    let Some(path) = paths.into_iter().find(is_address) else {
        return Ok(());
    };
    let what = format!("`{}` is an address, not a file", path.display());
    Err(Fault::new(what).help(help).argument("FILE"))
}

/// Refuses to read stdin twice.
pub(super) fn check_stdin<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    if paths
        .into_iter()
        .filter(|path| world::is_stdin(path))
        .count()
        <= 1
    {
        return Ok(());
    }
    let fault = Fault::new("`-` is given twice")
        .help("standard input can be read only once; name a file for the other");
    Err(Failure::usage(vec![fault]))
}
