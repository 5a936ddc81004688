//! Typed resources: what the fields of a Kubernetes object say, each with its place. Looks nothing up and judges
//! nothing; what a value cannot be is left for the rules about definitions.
//!
//! | I want to … | open … |
//! |---|---|
//! | know what a field of a Traefik object says | [`traefik`] |
//! | know which port of a Service speaks TLS | [`service`] |
//! | know what Traefik's own options say | [`static_options`] |
//! | know what a cloud's load balancer is asked for | [`balancer`] |
//! | follow an Ingress | [`ingress`] |
//! | follow the Gateway API or Istio | [`gateway_api`], [`istio`] |
//! | know what cert-manager will make | [`cert_manager`] |
//! | know which Secret is fetched from a store | [`external_secrets`] |

pub mod balancer;
pub mod cert_manager;
pub mod external_secrets;
pub mod gateway_api;
pub mod ingress;
pub mod istio;
pub mod service;
pub mod static_options;
pub mod traefik;

use crate::yaml::{At, Node, Value};
use traefik::Port;

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

    /// Returns the scalar under a key as text.
    fn scalar(node: &Node, key: &str) -> Option<Self> {
        let node = node.get(key)?;
        let value = node.scalar()?;
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

/// The field by which most kinds name a Secret.
pub(crate) const SECRET_NAME: &str = "secretName";

/// The name of a Secret or of a host, and the field that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub at: At,
    /// The field.
    pub field: String,
}

impl Named {
    /// Reads a name at a path below `spec`.
    fn at_path(spec: &Node, path: &[&str]) -> Option<Self> {
        let named = spec.at_path(path)?;
        Some(Self {
            name: named.text().filter(|name| !name.is_empty())?.to_owned(),
            at: named.at,
            field: format!("spec.{}", path.join(".")),
        })
    }

    /// Reads the same where an empty name counts, too: Traefik looks for it.
    fn secret_or_empty(node: &Node, below: &str) -> Option<Self> {
        let named = node.get(SECRET_NAME)?;
        Some(Self {
            name: named.text()?.to_owned(),
            at: named.at,
            field: format!("{below}.{SECRET_NAME}"),
        })
    }

    /// Reads the name of a Secret below a node, whose field is `below`.
    fn secret(node: &Node, below: &str) -> Option<Self> {
        let named = node.get(SECRET_NAME)?;
        Some(Self {
            name: named.text().filter(|name| !name.is_empty())?.to_owned(),
            at: named.at,
            field: format!("{below}.{SECRET_NAME}"),
        })
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

    /// Reads a list of them, in which an entry without a name counts, too: Traefik looks for the empty name.
    fn all(node: &Node, key: &str) -> Vec<Self> {
        let entry = |node: &Node| Self {
            namespace: text(node, "namespace"),
            name: text(node, "name").unwrap_or_default(),
            at: node.at,
        };
        node.items_of(key).iter().map(entry).collect()
    }
}

/// An entry that names an object, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Where it stands.
    pub at: At,
    /// `group`.
    pub group: Option<String>,
    /// `kind`.
    pub kind: Option<String>,
    /// `namespace`; nothing means that of the object that names it.
    pub namespace: Option<String>,
    /// `name`.
    pub name: Option<Placed<String>>,
    /// `sectionName`.
    pub section: Option<Placed<String>>,
    /// `port`.
    pub port: Option<Placed<Port>>,
}

impl ObjectRef {
    /// Returns whether it is of a kind, or says none.
    #[must_use]
    pub fn may_be(&self, kind: &str) -> bool {
        self.kind.as_ref().is_none_or(|named| named == kind)
    }

    /// Returns whether it is of a kind of the core group, or says neither.
    #[must_use]
    pub fn may_be_core(&self, kind: &str) -> bool {
        let group = self.group.as_deref();
        self.may_be(kind) && matches!(group, None | Some("core"))
    }

    /// Returns the name; empty if there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("", |name| &name.value)
    }

    fn of(node: &Node) -> Self {
        Self {
            at: node.at,
            group: text(node, "group"),
            kind: text(node, "kind"),
            namespace: text(node, "namespace"),
            name: Placed::of(node, "name"),
            section: Placed::scalar(node, "sectionName"),
            port: port(node, "port"),
        }
    }

    fn all(node: &Node, key: &str) -> Vec<Self> {
        node.items_of(key).iter().map(Self::of).collect()
    }
}

/// Reads a port, a number or whatever is there.
fn port(node: &Node, key: &str) -> Option<Placed<Port>> {
    let node = node.get(key)?;
    let value = match node.value {
        Value::Int(number) => Port::Number(number),
        _ => Port::Name(node.scalar().unwrap_or_default()),
    };
    Some(Placed { value, at: node.at })
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

/// Returns a value without its places; empty if there is none.
fn shape(node: Option<&Node>) -> String {
    let mut out = String::new();
    if let Some(node) = node {
        write_shape(&node.value, &mut out);
    }
    out
}

fn write_shape(value: &Value, out: &mut String) {
    match value {
        Value::List(items) => items.iter().for_each(|item| write_shape(&item.value, out)),
        Value::Map(entries) => {
            for (key, node) in entries {
                out.push_str(&key.text);
                out.push(':');
                write_shape(&node.value, out);
            }
        }
        Value::Text(text) | Value::Ambiguous(text) => out.push_str(text),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Bool(true) => out.push('+'),
        Value::Bool(false) | Value::Float(_) | Value::Null => {}
    }
    out.push(',');
}

/// Returns where a flag stands that is true.
fn flag(node: &Node, key: &str) -> Option<At> {
    let node = node.get(key)?;
    node.says_true().then_some(node.at)
}
