//! Files of the tree that belong to no unit and to no list of fleet files.

use super::super::error::Failure;
use super::super::tree::{EntryKind, TreeEntry};
use super::job::Job;
use civi_ingress::fleet::Layout;
use civi_ingress::gitops::layout::{
    CLUSTER, FOLDERS, Home, INSTANCES, Owner, SHARDS, is_marked, owner,
};
use civi_ingress::gitops::moves::LeftBehind;
use civi_ingress::gitops::report::Report;
use civi_ingress::guarded::Guarded;
use std::collections::{BTreeMap, BTreeSet};

impl Job<'_> {
    pub(super) fn has_member(&self, id: &str) -> bool {
        let members = &self.fleet().members;
        let found = members.binary_search_by(|member| member.id.as_str().cmp(id));
        found.is_ok()
    }

    /// Finds files that belong to no unit and no list of fleet files: stale where they are this fleet's, or those of any
    /// fleet when that is adopted, foreign elsewhere. Gives the units that the stale ones make up, and what each has in the cluster.
    pub(super) fn find_strangers(
        &self,
        wanted: &BTreeSet<String>,
        moved: &BTreeSet<String>,
        report: &mut Report,
    ) -> Result<BTreeMap<String, LeftBehind>, Failure> {
        let fleet = self.fleet();
        // In the layout with folders a home is known by its name.
        let shared_homes: BTreeSet<(String, String)> = match fleet.layout {
            Layout::Instance => BTreeSet::new(),
            Layout::Flat => fleet
                .members
                .iter()
                .map(|member| Home::of_member(fleet, member))
                .map(|home| (home.folder, home.prefix))
                .collect(),
        };
        let has_member = |id: &str| self.has_member(id);
        let mut gone: BTreeMap<String, LeftBehind> = BTreeMap::new();
        let mut pending: Vec<String> = FOLDERS.map(str::to_owned).into();
        self.judge("kustomization.yaml", wanted, report)?;
        let is_no_folder = |entry: &TreeEntry| entry.kind != EntryKind::Folder;
        let root = self.tree.list("")?.into_iter().filter(is_no_folder);
        let taken = root.filter(|entry| pending.contains(&entry.name));
        report.foreign.extend(taken.map(|entry| entry.name));
        while let Some(folder) = pending.pop() {
            if folder == CLUSTER && fleet.front.is_some() {
                continue;
            }
            let holds_homes = folder == INSTANCES && fleet.layout == Layout::Instance;
            for entry in self.tree.list(&folder)? {
                let is_folder = entry.kind == EntryKind::Folder;
                if is_folder && holds_homes && has_member(&entry.name) {
                    continue;
                }
                let path = format!("{folder}/{}", entry.name);
                if is_folder {
                    pending.push(path);
                    continue;
                }
                let prefix = entry
                    .name
                    .split_once('.')
                    .map(|(id, _)| format!("{id}."))
                    .unwrap_or_default();
                let is_members = shared_homes.contains(&(folder.clone(), prefix.clone()));
                if wanted.contains(&path) || moved.contains(&path) || is_members {
                    continue;
                }
                if entry.kind == EntryKind::Other {
                    report.foreign.push(path);
                    continue;
                }
                if let Some(text) = self.judge(&path, wanted, report)? {
                    let id = unit_of(&folder, &prefix).filter(|id| !has_member(id));
                    if let Some(id) = id {
                        gone.entry(id).or_default().add(&text, None);
                    }
                }
            }
        }
        report.stale.sort_unstable();
        report.foreign.sort_unstable();
        Ok(gone)
    }

    /// Notes a file that belongs to nothing; gives its text where it is this fleet's.
    pub(super) fn judge(
        &self,
        path: &str,
        wanted: &BTreeSet<String>,
        report: &mut Report,
    ) -> Result<Option<Guarded>, Failure> {
        let text = match self.tree.read(path) {
            Err(failure) if !wanted.contains(path) && self.tree.is_strangers(path, &failure) => {
                report.foreign.push(path.to_owned());
                return Ok(None);
            }
            text => text?,
        };
        let Some(text) = text else {
            return Ok(None);
        };
        let owner = match owner(self.fleet(), &text) {
            // What the fleet had when it had another name.
            Owner::Foreign if self.adopts && is_marked(text.as_bytes()) => Owner::Ours,
            owner => owner,
        };
        if !wanted.contains(path) {
            match owner {
                Owner::Ours => report.stale.push(path.to_owned()),
                Owner::Foreign => report.foreign.push(path.to_owned()),
            }
        }
        Ok((owner == Owner::Ours).then_some(text))
    }
}

/// Returns the name of the instance that a stale file was of, or the cluster's; nothing for the files of the fleet.
fn unit_of(folder: &str, prefix: &str) -> Option<String> {
    if folder == CLUSTER {
        return Some(CLUSTER.to_owned());
    }
    let is_below = |all: &str| folder == all || folder.starts_with(&format!("{all}/"));
    if !is_below(INSTANCES) && !is_below(SHARDS) {
        return None;
    }
    let of_folder = folder
        .strip_prefix(&format!("{INSTANCES}/"))
        .and_then(|rest| rest.split('/').next())
        .map(str::to_owned);
    let of_prefix = prefix
        .strip_suffix('.')
        .filter(|id| *id != "kustomization")
        .map(str::to_owned);
    of_folder.or(of_prefix)
}
