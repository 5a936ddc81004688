//! What DestinationRules say of ports, and for which Services.

use crate::lint::facts::istio::{Destination, destination};
use crate::lint::model::{Class, Model, Object};
use crate::yaml::Node;
use std::collections::BTreeSet;

/// The Services for which there is a DestinationRule with TLS.
pub(super) struct Rules<'a> {
    targets: BTreeSet<(&'a str, &'a str)>,
    /// Whether one is for many hosts.
    has_wildcard: bool,
}

impl Rules<'_> {
    pub(super) fn may_speak_tls(&self, namespace: &str, name: &str) -> bool {
        self.has_wildcard
            || self.targets.contains(&(namespace, name))
            || self.targets.contains(&("", name))
    }
}

pub(super) fn rules<'a>(model: &Model<'a>) -> Rules<'a> {
    let mut rules = Rules {
        targets: BTreeSet::new(),
        has_wildcard: false,
    };
    for object in model.of(Class::DestinationRule) {
        let host = object.spec().text_of("host").unwrap_or_default();
        let has_tls = settings(object).iter().any(|one| {
            one.tls
                .is_some_and(|tls| tls.text_of("mode") != Some("DISABLE"))
        });
        match destination(host, object.namespace) {
            Destination::Service { namespace, name } if has_tls => {
                rules.targets.insert((namespace, name));
            }
            Destination::Other => rules.has_wildcard |= has_tls && host.contains('*'),
            _ => {}
        }
    }
    rules
}

/// What a DestinationRule says of one port, or of all.
pub(super) struct Setting<'a> {
    pub(super) node: &'a Node,
    pub(super) tls: Option<&'a Node>,
    pub(super) port: Option<String>,
    /// Whether TLS is set for all ports beside it.
    pub(super) is_beside_tls: bool,
    pub(super) field: String,
}

pub(super) fn settings<'a>(object: &Object<'a>) -> Vec<Setting<'a>> {
    let mut found = Vec::new();
    let subsets = object
        .spec()
        .items_of("subsets")
        .iter()
        .enumerate()
        .map(|(index, node)| (node, format!("spec.subsets[{index}].")));
    for (node, path) in std::iter::once((object.spec(), "spec.".to_owned())).chain(subsets) {
        let Some(policy) = node.get("trafficPolicy") else {
            continue;
        };
        let field = format!("{path}trafficPolicy");
        let tls = policy.get("tls");
        for (index, node) in policy.items_of("portLevelSettings").iter().enumerate() {
            found.push(Setting {
                node,
                tls: node.get("tls"),
                port: node.at_path(&["port", "number"]).and_then(Node::scalar),
                is_beside_tls: tls.is_some_and(originates),
                field: format!("{field}.portLevelSettings[{index}]"),
            });
        }
        found.push(Setting {
            node: policy,
            tls,
            port: None,
            is_beside_tls: false,
            field,
        });
    }
    found
}

pub(super) fn originates(tls: &Node) -> bool {
    matches!(tls.text_of("mode"), Some("SIMPLE" | "MUTUAL"))
}
