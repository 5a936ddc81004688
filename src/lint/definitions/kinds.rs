//! Kinds and versions that an API group does not have.

use super::KINDS;
use super::rules::CI318;
use crate::fault::did_you_mean;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Object};

/// The group of Traefik's definitions.
pub(super) const TRAEFIK: &str = "traefik.io";

/// What the documentation of Kubernetes calls the group without a name; `apiVersion` never has it.
const CORE: &str = "core";

/// Kinds of the groups that every cluster has (Kubernetes 1.34, `kubectl api-resources`), for misspellings.
const OF_EVERY_CLUSTER: [(&str, &[&str]); 5] = [
    (
        "",
        &[
            "Binding",
            "ComponentStatus",
            // A kubeconfig, which is for clients.
            "Config",
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

/// Finds an object whose kind its group does not have, or whose version Traefik's group does not have. `is_known`:
/// the definitions have its kind.
pub(super) fn check(object: &Object<'_>, is_known: bool, findings: &mut Vec<Finding>) {
    let at = |key: &str| object.node.get(key).map_or(object.node.at, |node| node.at);
    let of_traefik = object.is_of_traefik();
    let api_version = object.api_version();
    let is_v1 = ["Secret", "ConfigMap", "Service"].contains(&object.kind);
    if is_v1
        && (object.group.is_empty() && api_version != "v1" && !api_version.is_empty()
            || object.group == CORE
            || OF_EVERY_CLUSTER[1..]
                .iter()
                .any(|(group, _)| *group == object.group))
    {
        let message = format!(
            "`{}` has no kind `{}`",
            api_version.escape_debug(),
            object.kind
        );
        let finding = object.finding(&CI318, at("apiVersion"), "apiVersion", message);
        findings.push(finding.with_help("Write `v1`."));
        return;
    }
    if is_known {
        if of_traefik && !api_version.ends_with("/v1alpha1") {
            let message = format!("`{}` has no version but `v1alpha1`", object.group);
            let finding = object.finding(&CI318, at("apiVersion"), "apiVersion", message);
            let help = format!("Write `{}/v1alpha1`.", object.group);
            findings.push(finding.with_help(help));
        }
        return;
    }
    if object.class != Class::Other && !of_traefik || object.kind.ends_with("List") {
        return;
    }
    let meant = if of_traefik {
        let known = KINDS.kinds(TRAEFIK).map(|kind| kind.name);
        did_you_mean(object.kind, known)
    } else {
        let group = OF_EVERY_CLUSTER
            .iter()
            .find(|(group, _)| *group == object.group);
        let known = group.map(|(_, kinds)| *kinds).unwrap_or_default();
        if known.contains(&object.kind) {
            return;
        }
        did_you_mean(object.kind, known.iter().copied())
    };
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
