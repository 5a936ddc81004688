//! The files that a glob pattern matches.
//!
//! `*`, `?` and `[…]` match within a name, `**` any number of folders; none of them matches a name that begins with
//! a dot. A link to a folder is entered where the pattern names it, not where a wildcard does: it may lead in a circle.
#![expect(
    clippy::disallowed_methods,
    reason = "this is a part of the door through which files come in"
)]

use super::error::Failure;
use super::output::warn;
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use glob::{MatchOptions, Pattern};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most folders that are looked into.
const FOLDERS_LIMIT: usize = 100_000;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What a part of a pattern, between two `/`, matches.
enum GlobPart {
    /// One name.
    Name(String),
    /// Names.
    Names(Pattern),
    /// Any number of folders: `**`.
    Folders,
}

/// Finds what a pattern matches, relative to `folder`, sorted bytewise.
///
/// # Errors
/// An invalid pattern; a folder that cannot be read; more than 100,000 folders.
pub(super) fn find(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let parts = parts(pattern)?;
    let start = if pattern.starts_with('/') {
        PathBuf::from("/")
    } else {
        folder.to_owned()
    };
    let mut found = BTreeSet::new();
    let mut links = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![(start, 0, true)];
    while let Some((path, at, is_named)) = pending.pop() {
        let Some(part) = parts.get(at) else {
            found.insert(path);
            continue;
        };
        if at > 0 && !is_folder(&path, is_named, &mut links) {
            continue;
        }
        if !seen.insert((path.clone(), at)) {
            continue;
        }
        if seen.len() > FOLDERS_LIMIT {
            let what = format!("`{pattern}` matches in more than {FOLDERS_LIMIT} folders");
            return Err(Fault::new(what).help("start it with a folder").into());
        }
        match part {
            GlobPart::Name(name) => {
                let below = path.join(name);
                // What is named and is not there matches nothing.
                if std::fs::symlink_metadata(&below).is_ok() {
                    pending.push((below, at + 1, is_named));
                }
            }
            GlobPart::Names(names) => {
                for name in entries(&path)? {
                    if names.matches_with(&name, OPTIONS) {
                        pending.push((path.join(name), at + 1, false));
                    }
                }
            }
            GlobPart::Folders => {
                // At the end of a pattern it matches folders only, and those are not read.
                if at + 1 < parts.len() {
                    for name in entries(&path)? {
                        let below = path.join(&name);
                        if !name.starts_with('.') && is_folder(&below, false, &mut links) {
                            pending.push((below, at, false));
                        }
                    }
                    pending.push((path, at + 1, is_named));
                }
            }
        }
    }
    for link in links {
        warn(&format!(
            "left out {}: a link to a directory, which a pattern does not follow",
            link.display()
        ));
    }
    Ok(found.into_iter().collect())
}

fn parts(pattern: &str) -> Result<Vec<GlobPart>, Fault> {
    let refused = |error: glob::PatternError| {
        Fault::new(format!(
            "`{}` is not a valid glob pattern: {error}",
            pattern.escape_debug()
        ))
        .help("write it as `parishes/*.yaml`")
    };
    Pattern::new(pattern).map_err(refused)?;
    let mut parts = Vec::new();
    for part in pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == "**" {
            // One after the other they match what one matches.
            if !matches!(parts.last(), Some(GlobPart::Folders)) {
                parts.push(GlobPart::Folders);
            }
        } else if part.contains(['*', '?', '[']) {
            parts.push(GlobPart::Names(Pattern::new(part).map_err(refused)?));
        } else {
            parts.push(GlobPart::Name(part.to_owned()));
        }
    }
    Ok(parts)
}

/// Returns whether a path leads to a folder. A link to one is noted, unless the pattern names it.
fn is_folder(path: &Path, is_named: bool, links: &mut BTreeSet<PathBuf>) -> bool {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let is_folder = path.is_dir();
    if is_folder && is_link && !is_named {
        links.insert(path.to_owned());
        return false;
    }
    is_folder
}

/// Returns the names in a folder; one that is not text matches no pattern.
fn entries(folder: &Path) -> Result<Vec<String>, Failure> {
    // The present folder has no name of its own.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let failed = || format!("cannot read {}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        names.extend(entry.with_context(failed)?.file_name().into_string());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(folder: &Path, pattern: &str) -> Vec<String> {
        let found = find(folder, pattern).unwrap();
        let below = found.iter().map(|path| path.strip_prefix(folder).unwrap());
        below.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn wildcards_match_names_and_two_stars_any_number_of_folders() {
        let files = [
            "a.yaml",
            "b.txt",
            "x/c.yaml",
            "x/y/d.yaml",
            ".h.yaml",
            "x/.g/e.yaml",
        ];
        let tree = tree(&files);
        let tree = tree.path();
        assert_eq!(found(tree, "*.yaml"), ["a.yaml"]);
        assert_eq!(found(tree, "./x/[a-c].yaml"), ["x/c.yaml"]);
        assert_eq!(found(tree, "*/?.yaml"), ["x/c.yaml"]);
        assert_eq!(
            found(tree, "**/*.yaml"),
            ["a.yaml", "x/c.yaml", "x/y/d.yaml"]
        );
        assert_eq!(found(tree, "x/**/**/d.yaml"), ["x/y/d.yaml"]);
        assert_eq!(found(tree, "x/../a.yaml"), ["x/../a.yaml"]);
        assert_eq!(found(tree, "**"), [""; 0]);
        assert_eq!(found(tree, "none/*.yaml"), [""; 0]);
        assert_eq!(found(tree, "a.yaml/*.yaml"), [""; 0]);
        let absolute = format!("{}/x/*.yaml", tree.display());
        assert_eq!(found(tree, &absolute), ["x/c.yaml"]);
        assert!(find(tree, "a[.yaml").is_err());
    }

    #[test]
    fn links_in_a_circle_are_left_out_and_a_link_that_is_named_is_followed() {
        let tree = tree(&["x/c.yaml"]);
        let tree = tree.path();
        for name in ["x/loop", "x/again", "y"] {
            symlink(tree.join("x"), tree.join(name)).unwrap();
        }
        symlink(tree.join("x/c.yaml"), tree.join("x/link.yaml")).unwrap();
        assert_eq!(found(tree, "**/c.yaml"), ["x/c.yaml"]);
        assert_eq!(found(tree, "*/*/*/*/*/c.yaml"), [""; 0]);
        assert_eq!(found(tree, "y/*.yaml"), ["y/c.yaml", "y/link.yaml"]);
    }
}
