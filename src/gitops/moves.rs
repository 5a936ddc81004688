//! Which unit moves from one controller to another, and what is left behind in the cluster.
//!
//! A controller deletes what its part of the tree no longer names, whether or not another one has taken it over: with
//! Flux 1.9.6 up to three of ten Namespaces were lost when parts became three of two. What an object says in the
//! *cluster* keeps it, so all objects that move are marked in a commit before the one that moves them; the tree as it
//! is found shows that this has been done.

use super::fleet_files::{TREE_FILE, directories};
use super::layout::{CLUSTER, Home, INSTANCES, Owner, SHARDS, owner, part_name, shard_folder};
use super::protection;
use crate::fleet::{Division, Fleet, Layout};
use crate::name::{InstanceName, Namespace, ObjectName};
use crate::yaml::{self, Node};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

/// A part of the tree that is applied as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MovedPart {
    /// The whole tree.
    All,
    /// What exists once per cluster.
    Cluster,
    /// Some of the instances.
    Shard(u16),
}

impl MovedPart {
    /// Returns its folder as people read it.
    fn folder(self) -> String {
        match self {
            Self::All => "the whole tree".to_owned(),
            Self::Cluster => CLUSTER.to_owned(),
            Self::Shard(shard) => shard_folder(shard),
        }
    }

    /// Returns the name that a Kustomization of Flux has for it.
    fn name(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Cluster => CLUSTER.to_owned(),
            Self::Shard(shard) => part_name(shard),
        }
    }
}

/// A Kustomization of Flux, as the tree has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kustomization {
    namespace: String,
    source_kind: String,
    source: String,
    path: String,
    /// Whether what it applied stays when it goes.
    orphans: bool,
}

/// An `ApplicationSet`, as the tree has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ApplicationSet {
    namespace: String,
    directories: Vec<String>,
    /// Whether what its Applications applied stays when they go.
    preserves: bool,
}

/// What a tree says about who applies which unit.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// How the instances are divided.
    pub division: Division,
    layout: Option<Layout>,
    instances: BTreeMap<String, BTreeSet<MovedPart>>,
    cluster: BTreeSet<MovedPart>,
    /// By the part that each applies.
    kustomizations: BTreeMap<String, Kustomization>,
    application_set: Option<ApplicationSet>,
}

/// A unit that passes from one part to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Its place among the members; none for the cluster.
    pub member: Option<usize>,
    /// Who applies it.
    pub from: String,
    /// Who is to apply it.
    pub to: String,
}

impl Recorded {
    /// Reads it from the fleet's own files in a tree: their paths and texts.
    #[must_use]
    pub fn read(fleet: &Fleet, files: &[(String, String)]) -> Self {
        let mut recorded = Self::default();
        let mut shards = None;
        let mut most = 0;
        for (path, text) in files {
            if owner(fleet, text) == Owner::Foreign {
                continue;
            }
            let parts: Vec<&str> = path.split('/').collect();
            match parts.as_slice() {
                [TREE_FILE] => {
                    let count = text.lines().find_map(|line| line.strip_prefix("shards: "));
                    shards = count.and_then(|count| count.trim().parse().ok());
                }
                ["kustomization.yaml"] | [INSTANCES, "kustomization.yaml"] => {
                    recorded.take_entries(text, MovedPart::All);
                }
                [SHARDS, shard, "kustomization.yaml"] => {
                    if let Ok(shard) = shard.parse::<u16>() {
                        most = most.max(shard.saturating_add(1));
                        recorded.take_entries(text, MovedPart::Shard(shard));
                    }
                }
                ["flux", name] => recorded.take_kustomization(name, text),
                ["argocd", "applicationset.yaml"] => recorded.take_application_set(text),
                _ => {}
            }
        }
        if recorded.kustomizations.contains_key(CLUSTER) || most > 0 {
            recorded.cluster.insert(MovedPart::Cluster);
        }
        recorded.division.shards = match shards {
            Some(shards) => shards,
            None if most > 0 => recorded.former_count(fleet, most),
            None => 0,
        };
        for (id, parts) in &recorded.instances {
            let shard = parts.iter().find_map(|part| match part {
                MovedPart::Shard(shard) if *shard < recorded.division.shards => Some(*shard),
                _ => None,
            });
            recorded
                .division
                .of
                .extend(shard.map(|shard| (id.clone(), shard)));
        }
        recorded
    }

    /// Finds out of how many parts a tree was made that does not say so: the program before this one left out parts
    /// that were empty, and gave each instance the part of the remainder of its hash.
    fn former_count(&self, fleet: &Fleet, most: u16) -> u16 {
        let agrees = |count: &u16| {
            self.instances.iter().all(|(id, parts)| {
                let hash = super::decide::spread(fleet.name.as_str(), id);
                let part = u16::try_from(hash % u32::from(*count)).unwrap_or_default();
                parts.contains(&MovedPart::Shard(part))
            })
        };
        let wanted = fleet.shards.map(u16::from).filter(|count| *count >= most);
        let mut counts = wanted.into_iter().chain(most..=most.saturating_add(1_000));
        counts.find(agrees).or(wanted).unwrap_or(most)
    }

    /// Takes what a kustomization names, however it is written.
    fn take_entries(&mut self, text: &str, part: MovedPart) {
        let is_between = |character: char| {
            character.is_whitespace() || matches!(character, '"' | '\'' | ',' | '[' | ']')
        };
        let lines = text
            .lines()
            .map(|line| line.split_once('#').map_or(line, |(before, _)| before));
        for entry in lines.flat_map(|line| line.split(is_between)) {
            let entry = entry.trim_start_matches("./").trim_end_matches('/');
            let (id, layout) = match entry.rsplit_once("instances/") {
                Some((_, rest)) => (rest.split('/').next().unwrap_or(rest), Layout::Instance),
                None if entry == CLUSTER => {
                    self.cluster.insert(part);
                    continue;
                }
                None => match entry.strip_suffix(".yaml").filter(|_| !entry.contains('/')) {
                    Some(name) => (name.split('.').next().unwrap_or(name), Layout::Flat),
                    None => continue,
                },
            };
            if InstanceName::parse(id).is_ok() && id != "kustomization" {
                self.layout = Some(layout);
                self.instances
                    .entry(id.to_owned())
                    .or_default()
                    .insert(part);
            }
        }
    }

    fn take_kustomization(&mut self, name: &str, text: &str) {
        let part = name
            .strip_prefix("kustomization-")
            .and_then(|name| name.strip_suffix(".yaml"));
        let Some((part, document)) = part.zip(single(text)) else {
            return;
        };
        let text = |path: &[&str]| text_at(&document, path).unwrap_or_default();
        let kustomization = Kustomization {
            namespace: text(&["metadata", "namespace"]),
            source_kind: text(&["spec", "sourceRef", "kind"]),
            source: text(&["spec", "sourceRef", "name"]),
            path: text(&["spec", "path"]),
            orphans: text(&["spec", "deletionPolicy"]) == "Orphan",
        };
        self.kustomizations.insert(part.to_owned(), kustomization);
    }

    fn take_application_set(&mut self, text: &str) {
        let Some(document) = single(text) else { return };
        let spec = document.get("spec");
        let generators = spec.and_then(|spec| spec.get("generators"));
        let directories = generators
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|generator| generator.get("git")?.get("directories"))
            .flat_map(Node::items)
            .filter_map(|directory| text_at(directory, &["path"]));
        let preserves = spec
            .and_then(|spec| spec.get("syncPolicy")?.get("preserveResourcesOnDeletion"))
            .is_some_and(|value| matches!(value.value, yaml::Value::Bool(true)));
        self.application_set = Some(ApplicationSet {
            namespace: text_at(&document, &["metadata", "namespace"]).unwrap_or_default(),
            directories: directories.collect(),
            preserves,
        });
    }

    /// Returns whether a controller is told of the tree.
    #[must_use]
    pub fn has_controller(&self) -> bool {
        !self.kustomizations.is_empty() || self.application_set.is_some()
    }

    /// Returns whether the tree has something that exists once per cluster.
    #[must_use]
    pub fn has_cluster(&self) -> bool {
        self.cluster.iter().any(|part| *part != MovedPart::Cluster)
            || self.kustomizations.contains_key(CLUSTER)
    }

    /// Returns the instances that the tree has and the fleet has not.
    pub fn gone<'a>(&'a self, fleet: &'a Fleet) -> impl Iterator<Item = &'a str> {
        let is_member = |id: &str| {
            let found = fleet
                .members
                .binary_search_by(|member| member.id.as_str().cmp(id));
            found.is_ok()
        };
        self.instances
            .keys()
            .map(String::as_str)
            .filter(move |id| !is_member(id))
    }

    /// Returns the home of an instance that the tree has.
    #[must_use]
    pub fn home(&self, id: &str) -> Home {
        match (self.layout, self.division.of.get(id)) {
            (Some(Layout::Flat), Some(shard)) => Home::shared(&shard_folder(*shard), id),
            (Some(Layout::Flat), None) => Home::shared(INSTANCES, id),
            (Some(Layout::Instance) | None, _) => Home::own(id),
        }
    }

    /// Identifies an instance with another that has its namespace: in a cluster the two are the same objects.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(parts) = self.instances.get(from).cloned() {
            self.instances.entry(to.to_owned()).or_insert(parts);
        }
        if let Some(shard) = self.division.of.get(from).copied() {
            self.division.of.entry(to.to_owned()).or_insert(shard);
        }
    }

    /// Returns the units that `fleet` gives to a controller other than the tree's.
    #[must_use]
    pub fn moves(&self, fleet: &Fleet) -> Vec<Move> {
        let mut moves = Vec::new();
        let applications = self.other_applications(fleet);
        let cluster = fleet
            .front
            .iter()
            .map(|_| (None, Some(&self.cluster), wanted_part(fleet, None)));
        let members = fleet.members.iter().enumerate().map(|(index, member)| {
            let found = self.instances.get(member.id.as_str());
            (Some(index), found, wanted_part(fleet, Some(index)))
        });
        for (member, found, wanted) in cluster.chain(members) {
            let Some(first) = found.and_then(|parts| parts.first()) else {
                continue; // it is new
            };
            let is_kept = found.is_some_and(|parts| parts.contains(&wanted));
            let (from, to) = if is_kept {
                match self
                    .other_source(fleet, wanted)
                    .or_else(|| applications.clone())
                {
                    Some(change) => change,
                    None => continue,
                }
            } else {
                (first.folder(), wanted.folder())
            };
            moves.push(Move { member, from, to });
        }
        moves
    }

    /// Returns the old and the new value of where the Kustomization of a part reads the tree, if that changes.
    fn other_source(&self, fleet: &Fleet, part: MovedPart) -> Option<(String, String)> {
        let found = self.kustomizations.get(&part.name())?;
        let flux = fleet.flux.as_ref()?;
        let path = flux_path(&flux.path, part);
        let is_same = found.namespace == flux.namespace.as_str()
            && found.source_kind == flux.source_kind
            && found.source == flux.source.as_str()
            && found.path == path;
        let shown = |kind: &str, namespace: &str, name: &str, path: &str| {
            format!("{kind} {namespace}/{name} {path}")
        };
        (!is_same).then(|| {
            (
                shown(
                    &found.source_kind,
                    &found.namespace,
                    &found.source,
                    &found.path,
                ),
                shown(
                    &flux.source_kind,
                    flux.namespace.as_str(),
                    flux.source.as_str(),
                    &path,
                ),
            )
        })
    }

    /// Returns the old and the new name of the Applications that apply the instances, if they change.
    fn other_applications(&self, fleet: &Fleet) -> Option<(String, String)> {
        let found = self.application_set.as_ref()?;
        let argo_cd = fleet.argo_cd.as_ref()?;
        let wanted = directories(fleet, argo_cd);
        let (was, is) = (found.directories.first()?, wanted.first()?);
        let shown = |namespace: &str, path: &str| format!("Applications in {namespace} of {path}");
        (was != is || found.namespace != argo_cd.namespace.as_str()).then(|| {
            (
                shown(&found.namespace, was),
                shown(argo_cd.namespace.as_str(), is),
            )
        })
    }

    /// Names the controllers that would take what they applied along when `fleet` ends them: they were told before
    /// this program said otherwise.
    #[must_use]
    pub fn deleting(&self, fleet: &Fleet) -> Vec<String> {
        let mut deleting = Vec::new();
        let mut wanted: BTreeSet<String> = (0..fleet.members.len())
            .map(|index| wanted_part(fleet, Some(index)).name())
            .collect();
        wanted.extend(fleet.front.iter().map(|_| wanted_part(fleet, None).name()));
        for (part, found) in &self.kustomizations {
            let stays = fleet.flux.as_ref().is_some_and(|flux| {
                wanted.contains(part) && flux.namespace.as_str() == found.namespace
            });
            if !stays && !found.orphans {
                deleting.push(format!("flux/kustomization-{part}.yaml"));
            }
        }
        if let Some(found) = self.application_set.as_ref().filter(|set| !set.preserves) {
            let stays = fleet.argo_cd.as_ref().is_some_and(|argo_cd| {
                argo_cd.namespace.as_str() == found.namespace
                    && found.directories == directories(fleet, argo_cd)
            });
            let loses_one = self.gone(fleet).next().is_some();
            if !stays || loses_one {
                deleting.push("argocd/applicationset.yaml".to_owned());
            }
        }
        deleting
    }

    /// Returns whether all objects in a file of the tree are kept by the controllers that are told of it.
    #[must_use]
    pub fn is_protected(&self, text: &str) -> bool {
        let documents = yaml::read_all(text, "").unwrap_or_default();
        documents
            .iter()
            .filter(|document| is_object(document))
            .all(protection::is_kept)
    }

    /// Returns the fleet as the tree has it divided, with all that moves marked.
    #[must_use]
    pub fn hold(&self, fleet: &Fleet, moves: &[Move]) -> Fleet {
        let mut held = fleet.clone();
        held.is_held = true;
        held.layout = self.layout.unwrap_or(held.layout);
        held.shards = NonZeroU16::new(self.division.shards);
        for member in &mut held.members {
            if held.shards.is_none() || self.division.of.contains_key(member.id.as_str()) {
                member.is_pinned = false;
                member.shard = None;
            }
        }
        held.divide(&self.division);
        if let (Some(flux), Some((part, found))) =
            (&mut held.flux, self.kustomizations.iter().next())
            && let (Ok(namespace), Ok(source)) = (
                Namespace::parse(&found.namespace),
                ObjectName::parse(&found.source),
            )
        {
            flux.namespace = namespace;
            flux.source = source;
            flux.source_kind.clone_from(&found.source_kind);
            let folder = match part.as_str() {
                "all" => String::new(),
                CLUSTER => format!("/{CLUSTER}"),
                shard => format!("/{SHARDS}/{shard}"),
            };
            let base = found.path.trim_end_matches('/');
            base.strip_suffix(&folder)
                .unwrap_or(base)
                .clone_into(&mut flux.path);
        }
        if let (Some(argo_cd), Some(found)) = (&mut held.argo_cd, &self.application_set) {
            if let Ok(namespace) = Namespace::parse(&found.namespace) {
                argo_cd.namespace = namespace;
            }
            let first = found.directories.first().map_or("", String::as_str);
            let base = first.trim_end_matches("/*");
            let base = [INSTANCES, SHARDS]
                .iter()
                .find_map(|folder| base.strip_suffix(folder))
                .unwrap_or(base);
            base.trim_end_matches('/').clone_into(&mut argo_cd.path);
        }
        for moving in moves {
            match (moving.member, &mut held.front) {
                (Some(index), _) => held.members[index].is_moving = true,
                (None, Some(front)) => front.is_moving = true,
                (None, None) => {}
            }
        }
        // What is new has been put beside what is there, and will move with it.
        for index in 0..fleet.members.len() {
            if wanted_part(fleet, Some(index)) != wanted_part(&held, Some(index)) {
                held.members[index].is_moving = true;
            }
        }
        held
    }
}

/// Returns the part that a unit belongs to.
fn wanted_part(fleet: &Fleet, member: Option<usize>) -> MovedPart {
    match (fleet.shards, member) {
        (None, _) => MovedPart::All,
        (Some(_), None) => MovedPart::Cluster,
        (Some(_), Some(index)) => MovedPart::Shard(fleet.members[index].shard.unwrap_or_default()),
    }
}

/// Returns the path that a Kustomization of Flux has for a part.
fn flux_path(base: &str, part: MovedPart) -> String {
    let folder = match part {
        MovedPart::All => String::new(),
        MovedPart::Cluster | MovedPart::Shard(_) => part.folder(),
    };
    format!("./{}", super::fleet_files::below(base, &folder))
}

fn single(text: &str) -> Option<Node> {
    yaml::read_all(text, "").ok()?.into_iter().next()
}

fn text_at(node: &Node, path: &[&str]) -> Option<String> {
    let mut node = node;
    for key in path {
        node = node.get(key)?;
    }
    node.text().map(str::to_owned)
}

/// Returns whether a document is applied as it stands: what Kustomize reads itself is not.
fn is_object(document: &Node) -> bool {
    let group = text_at(document, &["apiVersion"]).unwrap_or_default();
    text_at(document, &["kind"]).is_some()
        && text_at(document, &["metadata", "name"]).is_some()
        && !group.starts_with("kustomize.config.k8s.io/")
        && !group.starts_with("viaduct.ai/")
}

/// What of a unit a cluster keeps when its files are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its namespaces.
    pub namespaces: BTreeSet<String>,
    /// Those of them that are its own.
    own: BTreeSet<String>,
    /// Secrets with keys: namespace, kind and name.
    secrets: BTreeSet<(String, String, String)>,
    /// Whether a Namespace is not marked.
    has_unmarked: bool,
}

impl LeftBehind {
    /// Finds it in the files of a unit as they were; `now` is the unit's namespace from now on, if it has one.
    #[must_use]
    pub fn find<'a>(texts: impl Iterator<Item = &'a str>, now: Option<&str>) -> Self {
        let mut left = Self::default();
        for text in texts {
            left.add(text, now);
        }
        left
    }

    /// Adds what is in one file.
    pub fn add(&mut self, text: &str, now: Option<&str>) {
        for document in yaml::read_all(text, "").unwrap_or_default() {
            if !is_object(&document) {
                continue;
            }
            let kind = text_at(&document, &["kind"]).unwrap_or_default();
            let name = text_at(&document, &["metadata", "name"]).unwrap_or_default();
            let namespace = match kind.as_str() {
                "Namespace" => name.clone(),
                _ => text_at(&document, &["metadata", "namespace"]).unwrap_or_default(),
            };
            if namespace.is_empty() || Some(namespace.as_str()) == now {
                continue;
            }
            self.namespaces.insert(namespace.clone());
            let is_kept = protection::is_kept(&document);
            match kind.as_str() {
                "Namespace" => {
                    self.own.insert(namespace);
                    self.has_unmarked |= !is_kept;
                }
                "Secret" | "SealedSecret" if is_kept => {
                    let kind = kind.to_ascii_lowercase();
                    self.secrets.insert((namespace, kind, name));
                }
                _ => {}
            }
        }
    }

    /// Returns whether no controller deletes the Namespaces and the Secrets with keys.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        !self.has_unmarked && !self.secrets.is_empty()
    }

    /// Returns the commands that take it away, for when it is not needed any more; `in_use` are namespaces that others
    /// have.
    #[must_use]
    pub fn commands(&self, in_use: &BTreeSet<&str>) -> Vec<String> {
        let own = self.own.iter();
        let own = own.filter(|namespace| !in_use.contains(namespace.as_str()));
        let mut commands: Vec<String> = own
            .map(|namespace| format!("kubectl delete namespace {namespace}"))
            .collect();
        for (namespace, kind, name) in &self.secrets {
            if !self.own.contains(namespace) && !in_use.contains(namespace.as_str()) {
                commands.push(format!("kubectl -n {namespace} delete {kind} {name}"));
            }
        }
        commands
    }
}

/// Returns whether files of a unit name another namespace than it has.
#[must_use]
pub fn names_another_namespace(text: &str, namespace: &str) -> bool {
    let quoted = yaml::scalar::to_string(namespace);
    text.lines()
        .filter_map(|line| line.strip_prefix("  namespace: "))
        .any(|found| found != quoted && found != namespace)
}

/// What a change of the tree means for a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "gitopsConsequence")
)]
#[serde(rename_all = "camelCase")]
pub struct Consequence {
    /// The instance's name, or `cluster`.
    pub id: String,
    /// `prepared`: its objects are marked, because it is to move; `moved`: another controller applies it; `left`: it stays
    /// in the cluster without a file.
    pub what: &'static str,
    /// Who applied it, or the namespace that is left.
    pub from: String,
    /// Who is to apply it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What takes away what is left, once it is not needed any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl Consequence {
    /// Describes it in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { id, from, .. } = self;
        match &self.to {
            Some(to) if self.what == "prepared" => format!("{id}: to move from {from} to {to}"),
            Some(to) => format!("{id}: moves from {from} to {to}"),
            None if self.commands.is_empty() => format!("{id}: leaves namespace {from}"),
            None => format!(
                "{id}: namespace {from} stays in the cluster, with its data and keys; when they are not needed any more: {}",
                self.commands.join("; ")
            ),
        }
    }
}
