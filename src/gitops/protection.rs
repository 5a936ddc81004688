//! What keeps a controller from deleting an object that has left the tree, or has moved within it.
//!
//! A controller deletes what it once applied and no longer finds. With a Namespace go the volumes of a parish, with a
//! Secret its keys: those are never to be deleted by a controller. All other objects carry the same words only while
//! they pass from one part of the fleet to another ([`super::moves`]), because otherwise a route that is taken out of
//! the tree would stay in the cluster.

use crate::manifest::Object;
use crate::yaml::Node;

/// Read by Argo CD (`docs/user-guide/sync-options.md`, "No Prune Resources" and "Resource deletion").
const ARGO_CD: (&str, &str) = (
    "argocd.argoproj.io/sync-options",
    "Delete=false,Prune=false",
);
/// Read by Flux, in the cluster and not in the tree (kustomize-controller 1.9.6, `deleteObjects`: the objects that it
/// excludes are told by the annotations that they have there).
const FLUX: (&str, &str) = ("kustomize.toolkit.fluxcd.io/prune", "disabled");

/// Marks an object so that neither Flux nor Argo CD deletes it.
pub fn protect(object: &mut Object) {
    let marks = [ARGO_CD, FLUX].map(|(key, value)| (key.to_owned(), value.to_owned()));
    object.annotations.splice(0..0, marks);
}

/// Returns whether an object of a tree is marked so.
#[must_use]
pub fn is_kept(document: &Node) -> bool {
    let annotations = document
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    let text = |key| annotations.and_then(|annotations| annotations.get(key)?.text());
    let (argo_cd, flux) = (text(ARGO_CD.0).unwrap_or_default(), text(FLUX.0));
    let options: Vec<&str> = argo_cd.split(',').map(str::trim).collect();
    flux == Some(FLUX.1) && ARGO_CD.1.split(',').all(|wanted| options.contains(&wanted))
}
