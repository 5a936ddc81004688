//! Values files.

use crate::yaml::Node;

/// A values file.
pub(in crate::lint) struct Values<'a> {
    pub(in crate::lint) file: usize,
    pub(in crate::lint) document: usize,
    pub(in crate::lint) prefix: String,
    pub(in crate::lint) node: &'a Node,
    /// The chart's version, if it is beside the values.
    pub(in crate::lint) chart: Option<&'a str>,
}

/// Returns whether a document is a values file of Traefik's chart: it has no kind, and at least one key that
/// says so.
pub(super) fn is_traefik_values(node: &Node) -> bool {
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
