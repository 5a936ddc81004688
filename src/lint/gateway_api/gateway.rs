//! A Gateway and its listeners.

use crate::lint::model::{Class, Model, Object};
use crate::yaml::Node;

/// Returns whether a Gateway is Traefik's: by the controller of its class, else by the name of the class.
pub(super) fn is_traefiks(model: &Model<'_>, gateway: &Object<'_>) -> bool {
    let class = gateway
        .spec()
        .text_of("gatewayClassName")
        .unwrap_or_default();
    match model.find(Class::GatewayKind, "", class) {
        Some(number) => {
            let controller = model.objects[number].spec().text_of("controllerName");
            controller == Some("traefik.io/gateway-controller")
        }
        None => class.contains("traefik"),
    }
}

/// A listener of a Gateway.
pub(super) struct Listener<'a> {
    pub(super) index: usize,
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    pub(super) port: String,
    pub(super) protocol: &'a str,
    pub(super) host: &'a str,
    pub(super) is_passed_through: bool,
}

impl Listener<'_> {
    pub(super) fn field(&self) -> String {
        format!("spec.listeners[{}]", self.index)
    }

    pub(super) fn is_of_tls(&self) -> bool {
        matches!(self.protocol, "HTTPS" | "TLS")
    }
}

pub(super) fn listeners<'a>(gateway: &Object<'a>) -> Vec<Listener<'a>> {
    let listener = |(index, node): (usize, &'a Node)| Listener {
        index,
        node,
        name: node.text_of("name").unwrap_or_default(),
        port: node.get("port").and_then(Node::scalar).unwrap_or_default(),
        protocol: node.text_of("protocol").unwrap_or_default(),
        host: node.text_of("hostname").unwrap_or_default(),
        is_passed_through: node.get("tls").and_then(|tls| tls.text_of("mode"))
            == Some("Passthrough"),
    };
    gateway
        .spec()
        .items_of("listeners")
        .iter()
        .enumerate()
        .map(listener)
        .collect()
}
