//! Patches of Kustomize: parts of objects, which say nothing by themselves.

use super::documents::Document;
use crate::cluster::file_paths::{below, directory, normal};
use crate::cluster::kustomization;
use crate::lint::source::Source;
use crate::yaml::Node;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Returns the indexes of the sources that a Kustomization of the input names as patches.
pub(in crate::lint) fn patches(documents: &[Document], sources: &[Source]) -> BTreeSet<usize> {
    let named: BTreeSet<String> = documents
        .iter()
        .filter(|document| document.is_of_roots)
        .filter(|document| kustomization::is_one(&document.node, &sources[document.file].name))
        .flat_map(|document| {
            let folder = folder(&sources[document.file].name);
            paths(&document.node).map(move |path| below(folder, path))
        })
        .collect();
    let taken = LazyCell::new(|| -> BTreeSet<String> {
        let all = documents.iter().filter(|document| document.is_of_roots);
        let all = all.map(|document| (&document.node, &*sources[document.file].name));
        all.filter(|(node, name)| kustomization::is_one(node, name))
            .flat_map(|(node, name)| kustomization::taken(node, name))
            .collect()
    });
    // What is called a patch is one, for a kustomization that is generated or a script, unless it is taken as a whole.
    let is_named = |source: &Source| {
        if named.is_empty() && !is_called_patch(&source.name) {
            return false;
        }
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
    names: &'a [&'a str],
    /// Each with its file.
    all: Vec<(usize, &'a Node)>,
    /// Those that take a file or a directory, by its path.
    takers: OnceLock<BTreeMap<String, Vec<usize>>>,
    /// Whether all files are in one directory.
    is_one_folder: OnceLock<bool>,
}

impl<'a> Kustomizations<'a> {
    pub(super) fn of(documents: &[&'a Document], names: &'a [&'a str]) -> Self {
        let all = documents
            .iter()
            .filter(|document| document.is_of_roots)
            .filter(|document| kustomization::is_one(&document.node, names[document.file]))
            .map(|document| (document.file, &document.node));
        Self {
            all: all.collect(),
            names,
            takers: OnceLock::new(),
            is_one_folder: OnceLock::new(),
        }
    }

    /// Returns whether two files are applied together for certain: one kustomization takes both, itself or by others.
    /// Without any, all of one directory are.
    pub(in crate::lint) fn are_together(&self, one: usize, other: usize) -> bool {
        if self.all.is_empty() {
            return *self.is_one_folder.get_or_init(|| {
                let home = folder(self.names[one]);
                self.names.iter().all(|name| folder(name) == home)
            });
        }
        let above = self.above(one);
        self.above(other).iter().any(|taker| above.contains(taker))
    }

    /// Returns the directory of a file.
    pub(super) fn folder(&self, file: usize) -> &'a str {
        folder(self.names[file])
    }

    /// Returns the kustomizations that take a file, themselves or by others.
    fn above(&self, file: usize) -> BTreeSet<usize> {
        let takers = self.takers.get_or_init(|| self.takers());
        let mut found = BTreeSet::new();
        let mut pending = vec![normal(self.names[file])];
        while let Some(path) = pending.pop() {
            for number in takers.get(&path).into_iter().flatten() {
                if found.insert(*number) {
                    pending.push(normal(folder(self.names[self.all[*number].0])));
                }
            }
        }
        found
    }

    fn takers(&self) -> BTreeMap<String, Vec<usize>> {
        let mut takers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, (file, node)) in self.all.iter().enumerate() {
            for path in kustomization::taken(node, self.names[*file]) {
                takers.entry(path).or_default().push(number);
            }
        }
        takers
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
    directory(name).unwrap_or_default()
}
