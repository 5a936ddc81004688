//! Kinds and versions that an API group does not have.

use super::outline::OUTLINE;
use crate::fault::did_you_mean;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Object};
use crate::lint::rules::CI318;

/// Kinds of the groups that every cluster has (Kubernetes 1.34, `kubectl api-resources`), for misspellings.
const OF_EVERY_CLUSTER: [(&str, &[&str]); 5] = [
    (
        "",
        &[
            "Binding",
            "ComponentStatus",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "List",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    (
        "apps",
        &[
            "ControllerRevision",
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
        ],
    ),
    ("batch", &["CronJob", "Job"]),
    (
        "networking.k8s.io",
        &[
            "IPAddress",
            "Ingress",
            "IngressClass",
            "NetworkPolicy",
            "ServiceCIDR",
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    ),
];

/// Finds an object whose kind, or whose version of Traefik's group, is not served.
pub(super) fn check(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let of_traefik = object.is_of_traefik();
    let is_list = object.kind.ends_with("List");
    if object.class != Class::Other && !of_traefik || is_list {
        return;
    }
    let known: Vec<&str> = if of_traefik {
        OUTLINE.kinds("traefik.io").map(|kind| kind.name).collect()
    } else {
        let group = OF_EVERY_CLUSTER
            .iter()
            .find(|(group, _)| *group == object.group);
        group.map(|(_, kinds)| kinds.to_vec()).unwrap_or_default()
    };
    let at = |key: &str| object.node.get(key).map_or(object.node.at, |node| node.at);
    let api_version = object.api_version();
    if known.contains(&object.kind) {
        if of_traefik && !api_version.ends_with("/v1alpha1") {
            let message = format!("`{}` has no version but `v1alpha1`", object.group);
            let finding = object.finding(&CI318, at("apiVersion"), "apiVersion", message);
            let help = format!("Write `{}/v1alpha1`.", object.group);
            findings.push(finding.with_help(help));
        }
        return;
    }
    let meant = did_you_mean(object.kind, known.iter().copied());
    if !of_traefik && meant.is_none() {
        return;
    }
    let kind = object.kind.escape_debug();
    let message = format!("`{}` has no kind `{kind}`", api_version.escape_debug());
    let finding = object.finding(&CI318, at("kind"), "kind", message);
    findings.push(match meant {
        Some(meant) => finding.with_help(format!("Write `{meant}`.")),
        None => finding,
    });
}
