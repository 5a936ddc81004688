//! What may make objects that the input does not show.

use super::object::{Class, Object};
use crate::cluster::unfilled::is_unfilled;
use crate::yaml::Node;
use std::collections::BTreeSet;

/// Charts, and operators' own kinds: they may make Services of any name.
#[derive(Debug, Default)]
pub(in crate::lint) struct Makers<'a> {
    /// Whether one of them may make objects in any namespace.
    is_anywhere: bool,
    /// The namespaces that they make objects in.
    namespaces: BTreeSet<&'a str>,
}

impl<'a> Makers<'a> {
    pub(super) fn of(objects: &[Object<'a>]) -> Self {
        let mut makers = Self::default();
        for target in objects.iter().filter_map(target) {
            if target.is_empty() || is_unfilled(target) {
                makers.is_anywhere = true;
            } else {
                makers.namespaces.insert(target);
            }
        }
        makers
    }

    /// Returns whether one of them may make objects in a namespace.
    pub(in crate::lint) fn may_make_in(&self, namespace: &str) -> bool {
        namespace.is_empty() || self.is_anywhere || self.namespaces.contains(namespace)
    }
}

/// Returns the namespace in which an object makes others, empty if it is not said; nothing if it makes none.
fn target<'a>(object: &Object<'a>) -> Option<&'a str> {
    if object.class != Class::Other {
        return None;
    }
    let own = object.namespace;
    match (object.group, object.kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") | ("helm.cattle.io", "HelmChart") => {
            let target = object.spec().get("targetNamespace").and_then(Node::text);
            Some(target.unwrap_or(own))
        }
        ("argoproj.io", "Application" | "ApplicationSet") => {
            let path = ["spec", "template", "spec", "destination", "namespace"];
            let target = object.at(&["spec", "destination", "namespace"]);
            let target = target.or_else(|| object.at(&path)).and_then(Node::text);
            Some(target.unwrap_or_default())
        }
        (group, _) => (!OF_KUBERNETES.contains(&group) && !object.is_of_traefik()).then_some(own),
    }
}

/// Groups whose objects make no Services.
const OF_KUBERNETES: [&str; 8] = [
    "",
    "apps",
    "batch",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "policy",
    "kustomize.config.k8s.io",
    "gateway.networking.k8s.io",
];
