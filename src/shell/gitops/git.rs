//! Keeps private keys that stand in clear out of Git.

use super::super::error::{Failure, Kind};
use super::super::world;
use civi_ingress::fault::Fault;
use std::path::Path;

/// Refuses a tree with keys in clear inside a Git work tree, unless Git ignores it.
pub(super) fn guard(tree: &Path) -> Result<(), Failure> {
    if !world::is_in_git(tree)? || world::git_ignores(tree)? {
        return Ok(());
    }
    let what = format!(
        "{} is in a Git work tree, and private keys would stand there in clear",
        tree.display()
    );
    let help = "set `spec.secrets.mode` to `sops` or `sealed`, have Git ignore the directory, or give `--allow-plain-in-git`";
    Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
}
