//! Versions of Kubernetes' own kinds that it no longer serves (`kubernetes.io/docs/reference/using-api/deprecation-guide`).

use super::rules::CI330;
use crate::lint::finding::Finding;
use crate::lint::model::Object;

/// Group and version, the kinds (all that it had, if none is named), the first release that does not serve them, and what
/// does.
type Row = (&'static str, &'static [&'static str], u8, &'static str);

#[rustfmt::skip]
const DEAD: [Row; 33] = [
    ("extensions/v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], 16, "apps/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], 16, ""),
    ("apps/v1beta1", &[], 16, "apps/v1"),
    ("apps/v1beta2", &[], 16, "apps/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], 25, ""),
    ("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    ("batch/v2alpha1", &["CronJob"], 21, "batch/v1"),
    ("autoscaling/v2beta1", &[], 25, "autoscaling/v2"),
    ("autoscaling/v2beta2", &[], 26, "autoscaling/v2"),
    ("rbac.authorization.k8s.io/v1beta1", &[], 22, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1alpha1", &[], 22, "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", &[], 22, "apiextensions.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], 22, "admissionregistration.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", &[], 22, "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], 22, "authentication.k8s.io/v1"),
    ("authorization.k8s.io/v1beta1", &[], 22, "authorization.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &[], 25, "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    ("scheduling.k8s.io/v1alpha1", &["PriorityClass"], 17, "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[], 26, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[], 29, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], 32, "flowcontrol.apiserver.k8s.io/v1"),
    ("settings.k8s.io/v1alpha1", &["PodPreset"], 20, ""),
];

/// Finds an object that Kubernetes no longer takes.
pub(super) fn check(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let version = object.api_version();
    // Nearly all of a tree end here.
    if !version.contains("alpha") && !version.contains("beta") {
        return;
    }
    let row = DEAD.iter().find(|(known, kinds, ..)| {
        *known == version && (kinds.is_empty() || kinds.contains(&object.kind))
    });
    let Some((_, _, since, instead)) = row else {
        return;
    };
    let at = object
        .at(&["apiVersion"])
        .map_or(object.node.at, |node| node.at);
    let kind = object.kind.escape_debug();
    let message = format!("Kubernetes 1.{since} and later do not serve {kind} of `{version}`");
    let finding = object.finding(&CI330, at, "apiVersion", message);
    findings.push(if instead.is_empty() {
        finding.with_help("Remove it; nothing takes its place under this name.")
    } else {
        finding.with_help(format!("Write `{instead}`."))
    });
}
