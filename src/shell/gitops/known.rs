//! What is known of a tree beside the files that are there: its paths in Git's index, and other trees of the fleet.

use super::super::error::{Failure, Kind};
use super::super::output::warn;
use super::super::world;
use super::git::WorkTree;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::fleet_files::TREE_FILE;
use civi_ingress::gitops::layout::{Owner, owner};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Returns the paths below a tree that are in Git's index, checked out or not; none outside Git.
///
/// # Errors
/// A path that cannot be resolved.
pub(super) fn indexed(tree: &Path) -> Result<BTreeSet<String>, Failure> {
    let Some(work_tree) = WorkTree::of(tree)? else {
        return Ok(BTreeSet::new());
    };
    let Ok(paths) = work_tree.tracked() else {
        warn(&format!(
            "Git does not say which files of {} it has: files that are not checked out count as missing",
            tree.display()
        ));
        return Ok(BTreeSet::new());
    };
    let paths = paths.iter().map(|path| path.display().to_string());
    Ok(paths.collect())
}

/// Returns whether a directory is the tree of a fleet.
pub(super) fn is_tree(directory: &Path, fleet: &Fleet) -> bool {
    let file = directory.join(TREE_FILE);
    let text = world::is_file(&file)
        .is_ok_and(|is_file| is_file)
        .then(|| world::read(&file).ok())
        .flatten();
    text.is_some_and(|text| owner(fleet, &text.content) == Owner::Ours)
}

/// Finds other trees of a fleet: where its file stands, or among what Git has there or around the tree that is named.
pub(super) fn others(tree: &Path, fleet: &Fleet, file: &Path) -> Result<Vec<PathBuf>, Failure> {
    let tree = world::absolute(tree)?;
    let mut places = vec![tree.clone()];
    if !world::is_stdin(file) {
        let file = world::absolute(file)?;
        let folder = file.parent().unwrap_or(Path::new("/"));
        if folder != tree && is_tree(folder, fleet) {
            return Ok(vec![folder.to_path_buf()]);
        }
        places.push(folder.to_path_buf());
    }
    for place in places {
        let Some(work_tree) = WorkTree::of(&place)? else {
            continue;
        };
        let top = work_tree.top();
        let all = WorkTree::of(top)?.and_then(|all| all.tracked().ok());
        let marks = all.into_iter().flatten();
        let folders = marks
            .filter(|path| path.file_name().is_some_and(|name| name == TREE_FILE))
            .filter_map(|path| Some(top.join(path.parent()?)));
        let is_another = |folder: &PathBuf| *folder != tree && is_tree(folder, fleet);
        let found: Vec<PathBuf> = folders.filter(is_another).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Refuses to begin a tree where the fleet has another one already: with a typing error in its name all keys would be
/// made again. `allowed` is the number of instances that may get keys.
///
/// # Errors
/// [`Kind::WouldLose`].
pub(super) fn refuse_another(
    tree: &Path,
    fleet: &Fleet,
    file: &Path,
    allowed: Option<usize>,
) -> Result<(), Failure> {
    let count = fleet.members.len() + usize::from(fleet.front.is_some());
    if count == 0 || allowed.is_some_and(|allowed| allowed >= count) || is_tree(tree, fleet) {
        return Ok(());
    }
    if !indexed(tree)?.is_empty() {
        return Ok(());
    }
    let Some(found) = others(tree, fleet, file)?.into_iter().next() else {
        return Ok(());
    };
    let what = format!(
        "{} contains nothing of the fleet `{}`, which has a tree in {}: all its keys would be reissued",
        tree.display(),
        fleet.name,
        found.display()
    );
    let help = format!(
        "name that directory with `--output-dir`; to start another tree with its own keys, pass `--max-issues {count}`"
    );
    Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
}
