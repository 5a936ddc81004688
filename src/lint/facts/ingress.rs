//! Ingresses that Traefik serves, and the Services behind them.

use crate::lint::model::Object;
use crate::yaml::Node;

/// How the annotations begin that Traefik reads.
pub(in crate::lint) const PREFIX: &str = "traefik.ingress.kubernetes.io/";

/// Returns whether Traefik serves an Ingress, as far as it says so itself.
pub(in crate::lint) fn is_of_traefik(object: &Object<'_>) -> bool {
    let class = object
        .spec()
        .get("ingressClassName")
        .or_else(|| object.annotation("kubernetes.io/ingress.class"));
    let annotations = object.at(&["metadata", "annotations"]);
    let mut annotations = annotations.map(Node::entries).unwrap_or_default().iter();
    class
        .and_then(Node::text)
        .is_some_and(|class| class.contains("traefik"))
        || annotations.any(|(key, _)| key.text.starts_with(PREFIX))
}

/// Returns the Services of an Ingress, each with its field.
pub(in crate::lint) fn backends<'a>(object: &Object<'a>) -> Vec<(&'a Node, String)> {
    let spec = object.spec();
    let default = spec
        .get("defaultBackend")
        .and_then(|node| node.get("service"));
    let mut found: Vec<(&Node, String)> = default
        .map(|node| (node, "spec.defaultBackend.service".to_owned()))
        .into_iter()
        .collect();
    for (rule, node) in spec.items_of("rules").iter().enumerate() {
        let Some(http) = node.get("http") else {
            continue;
        };
        for (path, node) in http.items_of("paths").iter().enumerate() {
            if let Some(node) = node.get("backend").and_then(|node| node.get("service")) {
                let field = format!("spec.rules[{rule}].http.paths[{path}].backend.service");
                found.push((node, field));
            }
        }
    }
    found
}
