//! Where the files of a unit live, or lived under another layout or another name.

use super::super::error::{Failure, Kind};
use super::super::tree::{EntryKind, folders};
use super::job::Job;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Layout;
use civi_ingress::gitops::compose::{Composed, paths};
use civi_ingress::gitops::context::{Reading, Sealer, UnitFiles};
use civi_ingress::gitops::layout::{
    Home, INSTANCES, Owner, SHARDS, has_merge_markers, names_secret, owner,
};
use civi_ingress::gitops::secrets::{FoundUnit, namespaces};
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use std::collections::{BTreeMap, BTreeSet};

/// A file of somebody else, and the Secret of a unit that it seems to hold.
pub(super) type Stranger = (String, Option<String>);

/// Where else instances may live or have lived, by what is in the tree.
#[derive(Default)]
pub(super) struct OtherHomes {
    /// The instances with a folder of their own.
    pub(super) own: BTreeSet<String>,
    /// The folders that hold files of an instance among those of others.
    pub(super) shared: BTreeMap<String, BTreeSet<String>>,
    /// Of instances that were renamed, the names by which the tree knows them.
    pub(super) renamed: BTreeMap<String, Vec<String>>,
}

impl OtherHomes {
    /// Returns the homes of an instance besides the one that it is to have.
    pub(super) fn of(&self, id: &str, home: &Home) -> Vec<Home> {
        let homes = self.all(id).into_iter();
        homes.filter(|other| other != home).collect()
    }

    /// Returns the homes of an instance, also of one that is not in the fleet file any more.
    pub(super) fn all(&self, id: &str) -> Vec<Home> {
        let own = self.own.contains(id).then(|| Home::own(id));
        let shared = self.shared.get(id).into_iter().flatten();
        own.into_iter()
            .chain(shared.map(|folder| Home::shared(folder, id)))
            .collect()
    }
}

/// The files of a unit, where it lives and where it lived.
#[derive(Default)]
pub(super) struct Lives {
    /// Those of this fleet.
    pub(super) at_home: UnitFiles,
    /// Files of others with names that this program gives, and the Secret of the unit that one seems to hold.
    pub(super) strangers: Vec<Stranger>,
    /// Files of others with any other name, likewise.
    pub(super) others: Vec<Stranger>,
    /// Read only where there is no Secret at home.
    pub(super) elsewhere: UnitFiles,
    /// The name of the instance whose files those are.
    pub(super) renamed_from: Option<String>,
    /// Files under an old name, whose keys are at home or go there.
    pub(super) left_behind: Vec<String>,
    pub(super) duplicate: Option<String>,
}

impl Lives {
    /// Parts the files of others into those that are where a file of the unit would, and those that are left alone.
    pub(super) fn strangers(
        &self,
        unit: &Unit<'_>,
        composed: Option<&Composed>,
        sealer: &Sealer,
    ) -> (Vec<String>, Vec<Stranger>) {
        let wanted = match composed {
            _ if self.strangers.is_empty() => BTreeSet::new(),
            Some(composed) => {
                let files = composed.files.iter();
                files.map(|file| file.path.clone()).collect()
            }
            // Not all of it is composed yet; where it will be is known.
            None => paths(unit, sealer),
        };
        let all = self.strangers.iter().cloned();
        let (conflicts, left_alone): (Vec<_>, Vec<_>) =
            all.partition(|(path, _)| wanted.contains(path));
        let conflicts = conflicts.into_iter().map(|(path, _)| path);
        let left_alone = left_alone.into_iter().chain(self.others.iter().cloned());
        (conflicts.collect(), left_alone.collect())
    }

    /// Returns the files that its credentials are read from.
    pub(super) fn source(&self) -> &UnitFiles {
        if holds_secret(&self.at_home) || !holds_secret(&self.elsewhere) {
            &self.at_home
        } else {
            &self.elsewhere
        }
    }
}

impl Job<'_> {
    /// Finds the homes that instances may have had in another layout; none in nearly every tree.
    pub(super) fn other_homes(&self) -> Result<OtherHomes, Failure> {
        let mut others = OtherHomes::default();
        let shards = folders(self.tree.list(SHARDS)?).map(|shard| format!("{SHARDS}/{shard}"));
        let is_flat = self.fleet().layout == Layout::Flat;
        for folder in std::iter::once(INSTANCES.to_owned()).chain(shards) {
            for entry in self.tree.list(&folder)? {
                let owner = entry.name.split_once('.').map(|(id, _)| id.to_owned());
                match owner {
                    _ if entry.kind == EntryKind::Folder && folder == INSTANCES && is_flat => {
                        others.own.insert(entry.name);
                    }
                    _ if entry.kind == EntryKind::Folder
                        && folder == INSTANCES
                        && !self.has_member(&entry.name) =>
                    {
                        others.own.insert(entry.name);
                    }
                    // In the layout with folders this is where an instance lives now.
                    _ if entry.kind != EntryKind::File => {}
                    Some(id) if entry.name != "kustomization.yaml" => {
                        others.shared.entry(id).or_default().insert(folder.clone());
                    }
                    _ => {}
                }
            }
        }
        self.find_renamed(&mut others)?;
        Ok(others)
    }

    /// Finds instances of the tree that are in the fleet file under another name: of the same namespace and host.
    pub(super) fn find_renamed(&self, others: &mut OtherHomes) -> Result<(), Failure> {
        let ids: BTreeSet<String> = others
            .own
            .iter()
            .chain(others.shared.keys())
            .cloned()
            .collect();
        let gone: Vec<String> = ids.into_iter().filter(|id| !self.has_member(id)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let members = self.fleet().members.iter().enumerate();
        let by_namespace: BTreeMap<&str, usize> = members
            .map(|(index, member)| (member.namespace.as_str(), index))
            .collect();
        for old in gone {
            let mut files = UnitFiles::default();
            for home in others.all(&old) {
                self.read_owned(&home, &mut files)?;
            }
            for namespace in namespaces(&files) {
                let index = by_namespace.get(namespace.as_str()).copied();
                let Some(unit) = self.unit(index)?.filter(|_| index.is_some()) else {
                    continue;
                };
                let found = FoundUnit::read(&self.context(), &unit, &files, Reading::Yaml);
                if found.is_ok_and(|found| found.own_leaf(&unit).is_some()) {
                    let renamed = others.renamed.entry(unit.id().to_owned()).or_default();
                    renamed.push(old.clone());
                }
            }
        }
        Ok(())
    }

    /// Reads the files of a home that are this fleet's.
    pub(super) fn read_owned(&self, home: &Home, files: &mut UnitFiles) -> Result<(), Failure> {
        let UnitFiles {
            current, staged, ..
        } = self.tree.read_unit(home)?.files;
        let is_ours = |(_, text): &(String, Guarded)| owner(self.fleet(), text) == Owner::Ours;
        files.current.extend(current.into_iter().filter(is_ours));
        files.staged.extend(staged.into_iter().filter(is_ours));
        Ok(())
    }

    /// Takes the files of an instance under its old name: as the ones that its credentials are read from, where there
    /// are none at home, and as left behind once they are there.
    pub(super) fn take_renamed(
        &self,
        unit: &Unit<'_>,
        others: &OtherHomes,
        lives: &mut Lives,
    ) -> Result<(), Failure> {
        let Some(renamed) = others.renamed.get(unit.id()) else {
            return Ok(());
        };
        let is_home = holds_secret(&lives.at_home);
        let own_leaf = |files: &UnitFiles| {
            let found = FoundUnit::read(&self.context(), unit, files, Reading::Yaml).ok()?;
            found.own_leaf(unit)
        };
        let leaf = own_leaf(&lives.at_home);
        if let ([first, second, ..], false) = (&renamed[..], is_home) {
            let what = format!(
                "`{first}` and `{second}` in the tree both hold keys of the namespace `{}` and the host of `{}`",
                unit.namespace(),
                unit.id()
            );
            let help = "remove the one whose certificate is not in the cluster; the other's keys are then kept";
            return Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)));
        }
        for old in renamed {
            let mut files = UnitFiles::default();
            for home in others.all(old) {
                self.read_owned(&home, &mut files)?;
            }
            if is_home && own_leaf(&files) != leaf {
                lives.duplicate = Some(format!(
                    "{}: `{old}` in the tree holds other keys of the same namespace and host: remove the one that is not in the cluster",
                    unit.id()
                ));
                continue;
            }
            let paths = files.current.iter().chain(&files.staged);
            lives
                .left_behind
                .extend(paths.map(|(path, _)| path.clone()));
            if !is_home {
                lives.renamed_from = Some(old.clone());
                lives.elsewhere.current.append(&mut files.current);
                lives.elsewhere.staged.append(&mut files.staged);
            }
        }
        Ok(())
    }

    /// Reads the files of a unit where it lives, or else where it may have lived. What bears no mark of this fleet is
    /// a stranger's: no key is taken from there, unless it is in the way and is adopted.
    pub(super) fn files(
        &self,
        unit: &Unit<'_>,
        home: &Home,
        others: &OtherHomes,
    ) -> Result<Lives, Failure> {
        let found = self.tree.read_unit(home)?;
        let mut lives = Lives::default();
        let is_ours = |(_, text): &(String, Guarded)| owner(unit.fleet(), text) == Owner::Ours;
        let all = found.files.current.iter().chain(&found.files.staged);
        refuse_unfinished_merges(all)?;
        let (current, strangers) = found.files.current.into_iter().partition(is_ours);
        let (staged, more_strangers): (_, Vec<_>) =
            found.files.staged.into_iter().partition(is_ours);
        lives.at_home.current = current;
        lives.at_home.staged = staged;
        let mut strangers: Vec<(String, Guarded)> = strangers;
        strangers.extend(more_strangers);
        let names_one = |text: &str| {
            let secrets = unit.placements().iter().map(|(_, place)| &place.secret);
            let named = secrets
                .clone()
                .find(|name| names_secret(text, name.as_str()));
            named.map(ToString::to_string)
        };
        for (path, text) in &strangers {
            lives.strangers.push((path.clone(), names_one(text)));
        }
        for (path, text) in found.others {
            let named = text.as_ref().and_then(|text| names_one(text));
            lives.others.push((path, named));
        }
        if self.adopts {
            lives.at_home.adopted = strangers;
        }
        self.take_renamed(unit, others, &mut lives)?;
        if unit.as_member().is_none() || holds_secret(&lives.at_home) {
            return Ok(lives);
        }
        for other in others.of(unit.id(), home) {
            self.read_owned(&other, &mut lives.elsewhere)?;
        }
        Ok(lives)
    }
}

/// Returns whether a Secret is among the files.
pub(super) fn holds_secret(files: &UnitFiles) -> bool {
    let mut all = files.current.iter().chain(&files.adopted);
    all.any(|(path, _)| path.contains("secret-"))
}

/// Refuses files in which a merge was left unfinished, all of them at once: what is in them is not missing.
pub(super) fn refuse_unfinished_merges<'f>(
    files: impl Iterator<Item = &'f (String, Guarded)>,
) -> Result<(), Failure> {
    let unfinished = files.filter(|(_, text)| has_merge_markers(text));
    let faults: Vec<Fault> = unfinished
        .map(|(path, _)| {
            Fault::new("the file has the markers of a merge that was not finished")
                .help("keep one side's file (`git checkout --ours FILE`, or `--theirs`), then render again")
                .file(path)
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.into())
    }
}
