//! The Gateway API (gateway-api.sigs.k8s.io, v1 and the versions before it).

use super::traefik::Port;
use super::{ObjectRef, Placed, port, shape, text};
use crate::yaml::{At, Node};

/// A `GatewayClass`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GatewayClass {
    /// `controllerName`.
    pub controller: String,
}

/// A Gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateway {
    /// `gatewayClassName`.
    pub class: Option<Placed<String>>,
    /// `listeners`.
    pub listeners: Vec<Listener>,
    /// The fields of `tls`, each with the place of its value.
    pub tls: Vec<Placed<String>>,
}

/// A listener of a Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where it stands.
    pub at: At,
    /// `name`; empty if there is none.
    pub name: String,
    /// `port`.
    pub port: Option<Placed<Port>>,
    /// `protocol`; empty if there is none.
    pub protocol: String,
    /// `hostname`; without one it is for all hosts.
    pub host: Option<Placed<String>>,
    /// `tls`.
    pub tls: Option<ListenerTls>,
    /// The kinds of `allowedRoutes.kinds`; those of the protocol, if there are none.
    pub kinds: Vec<String>,
    /// `allowedRoutes.namespaces`.
    pub namespaces: AllowedNamespaces,
}

impl Listener {
    /// Returns its host, if it is for one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_ref().map(|host| host.value.as_str())
    }

    /// Returns its port as it is written; empty if there is none.
    #[must_use]
    pub fn shown_port(&self) -> String {
        let port = self.port.as_ref();
        port.map(|port| port.value.shown()).unwrap_or_default()
    }

    /// Returns whether its protocol has TLS.
    #[must_use]
    pub fn is_of_tls(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS")
    }

    /// Returns whether it passes TLS through.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.passes_through)
    }
}

/// `tls` of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerTls {
    /// Where it stands.
    pub at: At,
    /// `mode: Passthrough`.
    pub passes_through: bool,
    /// `certificateRefs`.
    pub certificates: Vec<ObjectRef>,
    /// Whether there are `options`, by which implementations find certificates of their own.
    pub has_options: bool,
}

/// The namespaces from which a listener takes routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedNamespaces {
    /// That of the Gateway.
    Own,
    /// Those with all of these labels: key and value.
    Labelled(Vec<(String, Option<String>)>),
    /// All, or those that other terms select.
    Any,
}

/// An HTTPRoute or a TLSRoute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRoute {
    /// Where `spec` stands.
    pub at: At,
    /// `hostnames`.
    pub hosts: Vec<Placed<String>>,
    /// Where they stand.
    pub hosts_at: Option<At>,
    /// `parentRefs`.
    pub parents: Vec<ObjectRef>,
    /// `rules`.
    pub rules: Vec<GatewayRule>,
}

/// A rule of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRule {
    /// Where it stands.
    pub at: At,
    /// Its fields, each with the place of its key.
    pub fields: Vec<Placed<String>>,
    /// `matches`, without places: equal where they are.
    pub matches: String,
    /// `backendRefs`.
    pub backends: Vec<ObjectRef>,
}

/// A BackendTLSPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackendTlsPolicy {
    /// `targetRefs`.
    pub targets: Vec<ObjectRef>,
    /// `targetRef`, the only one of v1alpha2.
    pub old_target: Option<ObjectRef>,
    /// Where `validation` stands, or `spec`.
    pub at: At,
    /// `validation.hostname`; empty if it is not text.
    pub server_name: Option<Placed<String>>,
    /// `validation.caCertificateRefs`.
    pub authorities: Vec<ObjectRef>,
    /// Where they stand.
    pub authorities_at: Option<At>,
    /// `validation.wellKnownCACertificates`.
    pub trusts_well_known: bool,
    /// `validation.subjectAltNames`: the host of each, nothing of one of another type.
    pub names: Option<Placed<Vec<Option<Placed<String>>>>>,
}

/// A ReferenceGrant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceGrant {
    /// `from`: group, kind and namespace of who may name something.
    pub from: Vec<[String; 3]>,
    /// `to`: kind and name of what may be named; an empty name is for all.
    pub to: Vec<[String; 2]>,
}

impl GatewayClass {
    pub(crate) fn of(spec: &Node) -> Self {
        Self {
            controller: text(spec, "controllerName").unwrap_or_default(),
        }
    }
}

impl Gateway {
    pub(crate) fn of(spec: &Node) -> Self {
        let tls = spec.get("tls").map(Node::entries).unwrap_or_default();
        Self {
            class: Placed::of(spec, "gatewayClassName"),
            listeners: spec
                .items_of("listeners")
                .iter()
                .map(Listener::of)
                .collect(),
            tls: tls
                .iter()
                .map(|(key, node)| Placed {
                    value: key.text.to_string(),
                    at: node.at,
                })
                .collect(),
        }
    }
}

impl Listener {
    fn of(node: &Node) -> Self {
        let kinds = node.at_path(&["allowedRoutes", "kinds"]);
        let kinds = kinds.map(Node::items).unwrap_or_default().iter();
        Self {
            at: node.at,
            name: text(node, "name").unwrap_or_default(),
            port: port(node, "port"),
            protocol: text(node, "protocol").unwrap_or_default(),
            host: Placed::of(node, "hostname"),
            tls: node.get("tls").map(ListenerTls::of),
            kinds: kinds
                .map(|kind| text(kind, "kind").unwrap_or_default())
                .collect(),
            namespaces: AllowedNamespaces::of(node.at_path(&["allowedRoutes", "namespaces"])),
        }
    }
}

impl ListenerTls {
    fn of(node: &Node) -> Self {
        Self {
            at: node.at,
            passes_through: node.text_of("mode") == Some("Passthrough"),
            certificates: ObjectRef::all(node, "certificateRefs"),
            has_options: node.get("options").is_some(),
        }
    }
}

impl AllowedNamespaces {
    fn of(node: Option<&Node>) -> Self {
        match node.and_then(|node| node.text_of("from")) {
            None | Some("Same") => Self::Own,
            Some("Selector") => {
                let labels = node.and_then(|node| node.at_path(&["selector", "matchLabels"]));
                labels.map_or(Self::Any, |labels| {
                    let labels = labels.entries().iter();
                    let label = |(key, value): &(crate::yaml::Key, Node)| {
                        (key.text.to_string(), value.text().map(str::to_owned))
                    };
                    Self::Labelled(labels.map(label).collect())
                })
            }
            Some(_) => Self::Any,
        }
    }
}

impl GatewayRoute {
    pub(crate) fn of(spec: &Node) -> Self {
        let rule = |rule: &Node| GatewayRule {
            at: rule.at,
            fields: rule
                .entries()
                .iter()
                .map(|(key, _)| Placed {
                    value: key.text.to_string(),
                    at: key.at,
                })
                .collect(),
            matches: shape(rule.get("matches")),
            backends: ObjectRef::all(rule, "backendRefs"),
        };
        Self {
            at: spec.at,
            hosts: Placed::all(spec, "hostnames"),
            hosts_at: spec.get("hostnames").map(|node| node.at),
            parents: ObjectRef::all(spec, "parentRefs"),
            rules: spec.items_of("rules").iter().map(rule).collect(),
        }
    }
}

impl BackendTlsPolicy {
    pub(crate) fn of(spec: &Node) -> Self {
        let validation = spec.get("validation");
        let field = |key| validation.and_then(|validation| validation.get(key));
        let authorities = |validation| ObjectRef::all(validation, "caCertificateRefs");
        Self {
            targets: ObjectRef::all(spec, "targetRefs"),
            old_target: spec.get("targetRef").map(ObjectRef::of),
            at: validation.unwrap_or(spec).at,
            server_name: field("hostname").map(|node| Placed {
                value: node.text().unwrap_or_default().to_owned(),
                at: node.at,
            }),
            authorities: validation.map(authorities).unwrap_or_default(),
            authorities_at: field("caCertificateRefs").map(|node| node.at),
            trusts_well_known: field("wellKnownCACertificates")
                .and_then(Node::text)
                .is_some_and(|text| !text.is_empty()),
            names: field("subjectAltNames").map(|node| Placed {
                value: node
                    .items()
                    .iter()
                    .map(|name| {
                        let host = text(name, "hostname")?;
                        Some(Placed {
                            value: host,
                            at: name.at,
                        })
                    })
                    .collect(),
                at: node.at,
            }),
        }
    }
}

impl ReferenceGrant {
    pub(crate) fn of(spec: &Node) -> Self {
        let one = |node: &Node, key: &str| text(node, key).unwrap_or_default();
        let from = |node: &Node| ["group", "kind", "namespace"].map(|key| one(node, key));
        let to = |node: &Node| ["kind", "name"].map(|key| one(node, key));
        Self {
            from: spec.items_of("from").iter().map(from).collect(),
            to: spec.items_of("to").iter().map(to).collect(),
        }
    }
}
