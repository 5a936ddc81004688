//! Paths as texts: nothing is asked of the file system.

use std::path::{Component, Path, PathBuf};

/// Returns whether `kubectl apply -f DIR` would take the file for a manifest of ours.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml")
}

/// Returns the directory that a path lies in.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Takes `.` and `..` out of a path that does not exist.
pub(super) fn without_dots(base: PathBuf, rest: &Path) -> PathBuf {
    rest.components().fold(base, |mut path, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => path.push(part),
        }
        path
    })
}
