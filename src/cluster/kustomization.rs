//! What a `kustomization.yaml` takes, and the namespace that it gives to it.

use super::file_paths::{below, directory};
use crate::yaml::Node;

/// Returns whether a file is Kustomize's by its name (`konfig.RecognizedKustomizationFileNames`).
#[must_use]
pub fn is_by_name(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name)
}

/// Returns whether a document is one of Kustomize's, by its kind, else by the name of its file.
#[must_use]
pub fn is_one(document: &Node, file: &str) -> bool {
    match document.text_of("kind") {
        Some(kind) => matches!(kind, "Kustomization" | "Component"),
        None => is_by_name(file),
    }
}

/// Returns whether an object is of Flux, whose Kustomizations say what is applied.
#[must_use]
pub fn is_of_flux(document: &Node) -> bool {
    let version = document.text_of("apiVersion").unwrap_or_default();
    version.starts_with("kustomize.toolkit.fluxcd.io/")
}

/// Returns the directory of a kustomization, and the namespace that it gives to all below, if it gives one.
#[must_use]
pub fn namespace(document: &Node, file: &str) -> Option<(String, String)> {
    let namespace = document.text_of("namespace")?.to_owned();
    let directory = directory(file).unwrap_or_default().to_owned();
    Some((directory, namespace))
}

/// Returns the files and directories that the kustomization of a file takes.
pub fn taken<'a>(document: &'a Node, file: &'a str) -> impl Iterator<Item = String> {
    let folder = directory(file).unwrap_or_default();
    ["resources", "bases", "components"]
        .into_iter()
        .flat_map(|key| document.items_of(key))
        .filter_map(Node::text)
        .map(move |path| below(folder, path))
}
