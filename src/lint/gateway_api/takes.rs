//! Which routes a listener takes.

use super::gateway::Listener;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::yaml::Node;

pub(super) fn takes_kind(listener: &Listener<'_>, route: &Object<'_>) -> bool {
    let is_fit = match listener.protocol {
        "HTTP" | "HTTPS" => route.class == Class::HttpRoute,
        "TLS" => route.class == Class::TlsRoute,
        "TCP" | "UDP" => false,
        // Those of single implementations.
        _ => true,
    };
    let kinds = listener
        .node
        .at_path(&["allowedRoutes", "kinds"])
        .map(Node::items);
    let kinds = kinds.unwrap_or_default();
    is_fit
        && (kinds.is_empty()
            || kinds
                .iter()
                .any(|node| node.text_of("kind") == Some(route.kind)))
}

pub(super) fn takes_namespace(
    model: &Model<'_>,
    gateway: &Object<'_>,
    listener: &Listener<'_>,
    namespace: &str,
) -> bool {
    let allowed = listener.node.at_path(&["allowedRoutes", "namespaces"]);
    match allowed.and_then(|node| node.text_of("from")) {
        None | Some("Same") => may_be_same(gateway.namespace, namespace),
        Some("Selector") => {
            let selector = allowed.and_then(|node| node.get("selector"));
            let Some(labels) = selector.and_then(|node| node.get("matchLabels")) else {
                return true;
            };
            let object = model
                .find(Class::Namespace, "", namespace)
                .map(|number| &model.objects[number]);
            labels
                .entries()
                .iter()
                .all(|(key, value)| match (key.text.as_str(), object) {
                    ("kubernetes.io/metadata.name", _) => {
                        value.text().is_none_or(|name| may_be_same(name, namespace))
                    }
                    (key, Some(object)) => object.label(key) == value.text(),
                    (_, None) => true,
                })
        }
        Some(_) => true,
    }
}
