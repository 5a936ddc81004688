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
    if named.is_empty() {
        return BTreeSet::new();
    }
    let is_named = |source: &Source| named.contains(&normal(&source.name));
    let numbered = sources.iter().enumerate();
    numbered
        .filter(|(_, source)| is_named(source))
        .map(|(file, _)| file)
        .collect()
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
