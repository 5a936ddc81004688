//! Values files of the chart that others wrote.

use crate::yaml::{Node, Value};

/// Returns whether a document is a values file of this chart: it has no kind, and at least one key that
/// says so.
pub(crate) fn is_values(node: &Node) -> bool {
    if node.get("kind").is_some() || node.get("externalhost").is_some() {
        return false;
    }
    let has = |path: &[&str]| node.at_path(path).is_some();
    has(&["ports", "websecure"])
        || has(&["ports", "web"])
        || ["kubernetesCRD", "kubernetesIngress", "kubernetesGateway"]
            .iter()
            .any(|provider| has(&["providers", provider]))
        || has(&["ingressRoute", "dashboard"])
        || has(&["globalArguments"])
        || has(&["tlsStore"])
        || has(&["tlsOptions"])
        || has(&["logs", "general"])
        || has(&["logs", "access"])
        || (has(&["deployment", "kind"]) && (has(&["updateStrategy"]) || has(&["hostNetwork"])))
}

/// Returns what the values say of the chart's Service, where that is of type `LoadBalancer`: its annotations, and its `spec`.
///
/// That is the type by default, which charts before 40 read from `service.type` and later ones from `service.spec.type`
/// (`values.yaml` and `templates/service.yaml`, 20.1.1 to 41.3.0).
pub(crate) fn balancer(values: &Node) -> Option<(Option<&Node>, Option<&Node>)> {
    let service = values.get("service");
    let of = |path: &[&str]| service.and_then(|service| service.at_path(path));
    if of(&["enabled"]).is_some_and(|node| node.value == Value::Bool(false)) {
        return None;
    }
    let kind = of(&["spec", "type"]).or_else(|| of(&["type"]));
    let kind = kind.and_then(Node::text).unwrap_or("LoadBalancer");
    (kind == "LoadBalancer").then(|| (of(&["annotations"]), of(&["spec"])))
}
