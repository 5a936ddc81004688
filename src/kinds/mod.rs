//! Typed resources: what the fields of a Kubernetes object say, each with its place. Looks nothing up and judges
//! nothing; what a value cannot be is left for the rules about definitions.
//!
//! | I want to … | open … |
//! |---|---|
//! | know what a field of a Traefik object says | [`traefik`] |
//! | know which port of a Service speaks TLS | [`service`] |
//! | follow an Ingress | [`ingress`] |
//! | follow the Gateway API or Istio | [`gateway_api`], [`istio`] |
//! | know what cert-manager will make | [`cert_manager`] |

pub mod cert_manager;
pub mod gateway_api;
pub mod ingress;
pub mod istio;
pub mod service;
pub mod traefik;

use crate::yaml::{At, Node};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: At,
}

impl Placed<String> {
    /// Returns the string under a key, if it is not empty.
    fn of(node: &Node, key: &str) -> Option<Self> {
        let node = node.get(key)?;
        let value = node.text().filter(|text| !text.is_empty())?.to_owned();
        Some(Self { value, at: node.at })
    }

    /// Returns the strings of the list under a key.
    fn all(node: &Node, key: &str) -> Vec<Self> {
        let items = node.items_of(key).iter();
        items
            .filter_map(|node| {
                let value = node.text()?.to_owned();
                Some(Self { value, at: node.at })
            })
            .collect()
    }
}

/// The name of an object, with its namespace where one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The namespace; nothing means that of the object that names it.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Where it stands.
    pub at: At,
}

impl Reference {
    /// Reads `{name, namespace}`.
    fn of(node: &Node) -> Option<Self> {
        Some(Self {
            namespace: text(node, "namespace"),
            name: text(node, "name")?,
            at: node.at,
        })
    }

    /// Reads a list of them.
    fn all(node: &Node, key: &str) -> Vec<Self> {
        node.items_of(key).iter().filter_map(Self::of).collect()
    }
}

/// Returns the string under a key, if it is not empty.
fn text(node: &Node, key: &str) -> Option<String> {
    let text = node.text_of(key).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// Returns the strings of the list under a key, in lower case.
fn texts(node: &Node, key: &str) -> Vec<String> {
    let texts = node.items_of(key).iter().filter_map(Node::text);
    texts.map(str::to_lowercase).collect()
}
