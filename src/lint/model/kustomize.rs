//! Patches of Kustomize: parts of objects, which say nothing by themselves.

use super::documents::Document;
use crate::cluster::kustomization;
use crate::cluster::roots::normal;
use crate::lint::source::Source;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the indexes of the sources that a Kustomization of the input names as patches.
pub(in crate::lint) fn patches(documents: &[Document], sources: &[Source]) -> BTreeSet<usize> {
    let named: BTreeSet<String> = documents
        .iter()
        .filter(|document| document.is_of_roots)
        .filter(|document| kustomization::is_one(&document.node, &sources[document.file].name))
        .flat_map(|document| {
            let folder = folder(&sources[document.file].name);
            paths(&document.node).map(move |path| normal(&format!("{folder}/{path}")))
        })
        .collect();
    let taken: BTreeSet<String> = documents
        .iter()
        .filter(|document| kustomization::is_one(&document.node, &sources[document.file].name))
        .flat_map(|document| {
            let folder = folder(&sources[document.file].name);
            let included = kustomization::included(&document.node);
            included.map(move |path| normal(&format!("{folder}/{path}")))
        })
        .collect();
    // What is called a patch is one, for a kustomization that is generated or a script, unless it is taken as a whole.
    let is_named = |source: &Source| {
        let name = normal(&source.name);
        named.contains(&name) || is_called_patch(&name) && !taken.contains(&name)
    };
    let numbered = sources.iter().enumerate();
    numbered
        .filter(|(_, source)| is_named(source))
        .map(|(file, _)| file)
        .collect()
}

/// Returns whether a file is called a patch, or is in a directory of patches.
fn is_called_patch(name: &str) -> bool {
    let mut parts = name.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let words = file.split(['-', '_', '.']);
    words.into_iter().any(|word| word == "patch") || parts.any(|folder| folder == "patches")
}

/// Returns the namespaces that Kustomizations give to what they take, by their folder.
pub(in crate::lint) fn namespaces(
    documents: &[&Document],
    names: &[&str],
) -> BTreeMap<String, String> {
    let documents = documents.iter().filter(|document| document.is_of_roots);
    let said = documents.filter_map(|document| {
        let (node, name) = (&document.node, names[document.file]);
        kustomization::namespace(node, name).filter(|_| kustomization::is_one(node, name))
    });
    said.collect()
}

/// The kustomizations of the input, for what they take together.
pub(in crate::lint) struct Kustomizations<'a> {
    names: Vec<&'a str>,
    /// Each with its file.
    all: Vec<(usize, &'a Node)>,
}

impl<'a> Kustomizations<'a> {
    pub(super) fn of(documents: &[&'a Document], names: &[&'a str]) -> Self {
        let all = documents
            .iter()
            .filter(|document| kustomization::is_one(&document.node, names[document.file]))
            .map(|document| (document.file, &document.node));
        Self {
            all: all.collect(),
            names: names.to_vec(),
        }
    }

    /// Returns whether two files are applied together for certain: one kustomization takes both, itself or by others.
    /// Without any, all of one directory are.
    pub(in crate::lint) fn are_together(&self, one: usize, other: usize) -> bool {
        if self.all.is_empty() {
            let home = folder(self.names[one]);
            return self.names.iter().all(|name| folder(name) == home);
        }
        let above = self.above(one);
        self.above(other).iter().any(|taker| above.contains(taker))
    }

    /// Returns whether two files are in one directory.
    pub(in crate::lint) fn are_beside(&self, one: usize, other: usize) -> bool {
        folder(self.names[one]) == folder(self.names[other])
    }

    /// Returns the kustomizations that take a file, themselves or by others.
    fn above(&self, file: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut pending = vec![normal(self.names[file])];
        while let Some(path) = pending.pop() {
            for (number, (of, node)) in self.all.iter().enumerate() {
                let folder = folder(self.names[*of]);
                let mut included = kustomization::included(node);
                let is_taken = included.any(|named| normal(&format!("{folder}/{named}")) == path);
                if is_taken && found.insert(number) {
                    pending.push(normal(folder));
                }
            }
        }
        found
    }
}

fn paths(node: &Node) -> impl Iterator<Item = &str> {
    let with_path = ["patches", "patchesJson6902"]
        .into_iter()
        .flat_map(|key| node.items_of(key))
        .filter_map(|patch| patch.text_of("path"));
    let bare = node
        .items_of("patchesStrategicMerge")
        .iter()
        .filter_map(Node::text);
    with_path.chain(bare)
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or(".", |(folder, _)| folder)
}
