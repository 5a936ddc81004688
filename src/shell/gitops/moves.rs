//! Looks what a tree says about who applies which unit, and lets nothing move that is not marked in the cluster yet.

use super::super::error::{Failure, Kind};
use super::super::output::warn;
use super::super::tree::{EntryKind, Tree};
use super::fleet::Inputs;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::fleet_files::TREE_FILE;
use civi_ingress::gitops::layout::{CLUSTER, Home, INSTANCES, Owner, SHARDS, is_applied, owner};
use civi_ingress::gitops::moves::{Consequence, LeftBehind, Move, Recorded};
use civi_ingress::gitops::unit::Unit;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;

/// What becomes of units that are to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// They are marked, and stay for now.
    Mark,
    /// They move.
    Move,
}

/// Who applies what, as the tree has it and as this run leaves it.
pub(super) struct TreeStanding {
    moves: Vec<(String, Move)>,
    step: Step,
    /// Whether a controller is told of the tree.
    has_controller: bool,
    /// The units that a controller applies and the fleet has no more.
    gone: BTreeSet<String>,
}

/// Divides the fleet as the tree is divided. Where units are to move whose objects are not marked yet, the fleet
/// becomes what the tree is, with their marks.
///
/// # Errors
/// A controller that would delete what it applied, and that can no longer be told otherwise.
pub(super) fn settle(inputs: &mut Inputs, tree: &Tree) -> Result<TreeStanding, Failure> {
    let mut recorded = Recorded::read(&inputs.fleet, &fleet_files(tree)?);
    take_renamed(&inputs.fleet, tree, &mut recorded)?;
    inputs.fleet.divide(&recorded.division);
    let fleet: &Fleet = &inputs.fleet;
    let moves = recorded.moves(fleet);
    let has_controller = recorded.has_controller();
    let named = moves.iter().map(|unit| (id(fleet, unit), unit.clone()));
    let mut standing = TreeStanding {
        moves: named.collect(),
        step: Step::Move,
        has_controller,
        gone: recorded.gone(fleet).map(str::to_owned).collect(),
    };
    if recorded.has_cluster() && fleet.front.is_none() {
        standing.gone.insert(CLUSTER.to_owned());
    }
    let deleting = recorded.deleting(fleet);
    if !has_controller || moves.is_empty() && deleting.is_empty() {
        return Ok(standing);
    }
    let held = recorded.hold(fleet, &moves);
    if deleting.is_empty() && are_marked(&held, &moves, tree, &recorded)? {
        return Ok(standing);
    }
    let still = recorded.deleting(&held);
    if !still.is_empty() {
        return Err(would_delete(&still));
    }
    standing.step = Step::Mark;
    inputs.fleet = ManuallyDrop::new(held);
    Ok(standing)
}

fn id(fleet: &Fleet, unit: &Move) -> String {
    unit.member.map_or_else(
        || CLUSTER.to_owned(),
        |index| fleet.members[index].id.to_string(),
    )
}

fn would_delete(files: &[String]) -> Failure {
    let fault = |path: &String| {
        Fault::new("its controller would delete what it applied: this program had not yet marked those objects to be kept")
            .help("render once with the fleet file as it was, commit, let the controller apply that, then change the fleet file")
            .file(path)
    };
    Failure {
        kind: Kind::WouldLose,
        faults: files.iter().map(fault).collect(),
    }
}

/// Reads the files that say who applies what.
fn fleet_files(tree: &Tree) -> Result<Vec<(String, String)>, Failure> {
    let mut paths = vec![
        TREE_FILE.to_owned(),
        "kustomization.yaml".to_owned(),
        format!("{INSTANCES}/kustomization.yaml"),
        "argocd/applicationset.yaml".to_owned(),
    ];
    for entry in tree.list(SHARDS)? {
        if entry.kind == EntryKind::Folder {
            paths.push(format!("{SHARDS}/{}/kustomization.yaml", entry.name));
        }
    }
    for entry in tree.list("flux")? {
        if entry.kind == EntryKind::File {
            paths.push(format!("flux/{}", entry.name));
        }
    }
    let mut files = Vec::new();
    for path in paths {
        if let Some(text) = tree.read(&path)? {
            let text = text.to_string();
            files.push((path, text));
        }
    }
    Ok(files)
}

/// Lets an instance that was renamed stay in its part: what it has in the cluster is still the same.
fn take_renamed(fleet: &Fleet, tree: &Tree, recorded: &mut Recorded) -> Result<(), Failure> {
    let gone: Vec<String> = recorded.gone(fleet).map(str::to_owned).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let by_namespace: BTreeMap<&str, &str> = fleet
        .members
        .iter()
        .map(|member| (member.namespace.as_str(), member.id.as_str()))
        .collect();
    for id in gone {
        let texts = texts(fleet, tree, &recorded.home(&id))?;
        let left = LeftBehind::find(texts.iter().map(String::as_str), None);
        for namespace in &left.namespaces {
            if let Some(renamed) = by_namespace.get(namespace.as_str()) {
                recorded.rename(&id, renamed);
            }
        }
    }
    Ok(())
}

/// Returns the texts of a unit's files that are applied.
fn texts(fleet: &Fleet, tree: &Tree, home: &Home) -> Result<Vec<String>, Failure> {
    let found = tree.read_unit(home)?.files.current;
    let is_applied = |(path, text): &(String, _)| {
        let text: &civi_ingress::guarded::Guarded = text;
        is_applied(path) && owner(fleet, text) == Owner::Ours
    };
    let applied = found.into_iter().filter(is_applied);
    Ok(applied.map(|(_, text)| text.to_string()).collect())
}

/// Returns whether all objects of the units that move are marked in the tree.
fn are_marked(
    held: &Fleet,
    moves: &[Move],
    tree: &Tree,
    recorded: &Recorded,
) -> Result<bool, Failure> {
    for unit in moves {
        let home = match unit.member {
            Some(index) => Home::of_member(held, &held.members[index]),
            None => match Unit::cluster(held) {
                Some(unit) => unit.home(),
                None => continue,
            },
        };
        let texts = texts(held, tree, &home)?;
        if !texts.iter().all(|text| recorded.is_protected(text)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What units leave in the cluster, with the id of each and whether it is gone as a whole.
pub(super) type Left = Vec<(String, LeftBehind, bool)>;

impl TreeStanding {
    /// Returns whether units pass to another part or controller.
    pub(super) fn moves_units(&self) -> bool {
        !self.moves.is_empty() || self.step == Step::Mark
    }

    /// Counts the instances that a controller removes from the cluster, whatever becomes of their files.
    pub(super) fn removed_instances(&self) -> usize {
        let instances = self.gone.iter().filter(|id| *id != CLUSTER);
        if self.has_controller {
            instances.count()
        } else {
            0
        }
    }

    /// Refuses to take from the tree what a controller would then delete with its data and keys.
    pub(super) fn refuse_unmarked(&self, fleet: &Fleet, left: &Left) -> Result<(), Failure> {
        if !self.has_controller {
            return Ok(());
        }
        let in_use = namespaces(fleet);
        let lost = left.iter().filter(|(id, left, is_gone)| {
            if *is_gone && !self.gone.contains(id) {
                return false; // no controller has it any more
            }
            let leaves = left
                .namespaces
                .iter()
                .any(|name| !in_use.contains(name.as_str()));
            leaves && !left.is_protected()
        });
        let fault = |(id, left, _): &(String, LeftBehind, bool)| {
            let names: Vec<&str> = left.namespaces.iter().map(String::as_str).collect();
            let names = names.join(", ");
            Fault::new(format!(
                "the controller would delete what `{id}` has in namespace {names}, with its data and keys: its files are not marked yet"
            ))
            .help("render once with the fleet file as it was, commit, let the controller apply that, then change the fleet file")
        };
        let faults: Vec<Fault> = lost.map(fault).collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Failure {
            kind: Kind::WouldLose,
            faults,
        })
    }

    /// Returns what this means for the cluster.
    pub(super) fn consequences(&self, fleet: &Fleet, left: &Left) -> Vec<Consequence> {
        let what = match self.step {
            Step::Mark => "prepared",
            Step::Move => "moved",
        };
        let moves = self.moves.iter().map(|(id, unit)| Consequence {
            id: id.clone(),
            what,
            from: unit.from.clone(),
            to: Some(unit.to.clone()),
            commands: Vec::new(),
        });
        let in_use = namespaces(fleet);
        let left = left.iter().filter_map(|(id, left, _)| {
            let names = left.namespaces.iter().map(String::as_str);
            let names: Vec<&str> = names.filter(|name| !in_use.contains(name)).collect();
            (!names.is_empty()).then(|| Consequence {
                id: id.clone(),
                what: "left",
                from: names.join(", "),
                to: None,
                commands: left.commands(&in_use),
            })
        });
        moves.chain(left).collect()
    }

    /// Tells a person what is to be done about moves, however quiet the run is.
    pub(super) fn advise(&self, has_written: bool) {
        if let Some(advice) = self.advice(has_written) {
            warn(&advice);
        }
    }

    /// Describes what is to be done about moves; nothing if nothing moves. `has_written` tells a run that writes from
    /// one that only looks.
    fn advice(&self, has_written: bool) -> Option<String> {
        let count = match self.moves.len() {
            0 if self.step == Step::Move => return None,
            0 => "what a controller applied passes".to_owned(),
            1 => "one unit passes".to_owned(),
            count => format!("{count} units pass"),
        };
        Some(match (self.step, has_written) {
            (Step::Mark, true) => format!(
                "{count} to another controller, which must not delete anything: the objects are now marked and nothing has moved yet; commit this, let the controller apply it, then render again"
            ),
            (Step::Mark, false) => format!(
                "{count} to another controller, which must not delete anything: the next `gitops render` marks the objects and moves nothing; the one after it, once the controller has applied the marks, moves them"
            ),
            (Step::Move, _) if !self.has_controller => format!(
                "{count} to another part of the tree: with `kubectl apply`, apply every part without `--prune` before any with it"
            ),
            (Step::Move, _) => format!(
                "{count} to another controller; the objects are marked in the tree: this is safe once the controller has applied that"
            ),
        })
    }
}

fn namespaces(fleet: &Fleet) -> BTreeSet<&str> {
    let members = fleet.members.iter();
    let members = members.map(|member| member.namespace.as_str());
    let wildcard = fleet.front.iter();
    members
        .chain(wildcard.map(|wildcard| wildcard.namespace.as_str()))
        .collect()
}
