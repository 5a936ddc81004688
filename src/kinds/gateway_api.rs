//! The Gateway API (gateway-api.sigs.k8s.io, v1 and the versions before it).

use super::{Placed, Reference, text, texts};
use crate::yaml::{At, Node, Value};

/// A Gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateway {
    /// `gatewayClassName`.
    pub class: String,
    /// `listeners`.
    pub listeners: Vec<Listener>,
}

/// A port of a gateway: a listener of a Gateway, or a server of Istio's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: Option<String>,
    /// The hosts that it is for; all, if there are none.
    pub hosts: Vec<String>,
    /// What it does with TLS.
    pub tls: ListenerTls,
}

/// What a port of a gateway does with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerTls {
    /// TLS ends here, with the certificate of one of these Secrets.
    Ends(Vec<Reference>),
    /// It passes.
    PassesThrough,
    /// There is none.
    Plain,
}

/// An HTTPRoute or a TLSRoute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRoute {
    /// `hostnames`.
    pub hosts: Vec<String>,
    /// Where they stand, or `spec`.
    pub hosts_at: At,
    /// `parentRefs`.
    pub parents: Vec<Attachment>,
    /// The backends of each rule.
    pub rules: Vec<Vec<Backend>>,
}

/// A gateway that a route is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The gateway.
    pub gateway: Reference,
    /// The one listener that is meant; all, if none is named.
    pub listener: Option<String>,
}

/// A Service that a rule leads to, of the Gateway API or of Istio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The Service.
    pub service: Reference,
    /// Its port.
    pub port: Option<i64>,
}

/// A BackendTLSPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackendTlsPolicy {
    /// The Services that it is for.
    pub services: Vec<Reference>,
    /// `validation.hostname`.
    pub server_name: Option<Placed<String>>,
    /// `validation.caCertificateRefs`, each with its kind; what the gateway has of itself, if there are none.
    pub authorities: Vec<PolicyAuthority>,
}

/// An object that holds the CA of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAuthority {
    /// Whether it is a Secret; else a ConfigMap.
    pub is_secret: bool,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: At,
}

pub(super) fn port(node: Option<&Node>, key: &str) -> Option<i64> {
    match node?.get(key)?.value {
        Value::Int(port) => Some(port),
        _ => None,
    }
}

impl Gateway {
    pub(crate) fn of(spec: &Node) -> Self {
        Self {
            class: text(spec, "gatewayClassName").unwrap_or_default(),
            listeners: spec.items_of("listeners").iter().map(listener).collect(),
        }
    }
}

fn listener(listener: &Node) -> Listener {
    let tls = listener.get("tls");
    let is_tls = matches!(listener.text_of("protocol"), Some("HTTPS" | "TLS"));
    let mode = tls.and_then(|tls| tls.text_of("mode"));
    let tls = if !is_tls {
        ListenerTls::Plain
    } else if mode == Some("Passthrough") {
        ListenerTls::PassesThrough
    } else {
        let named = tls.map(|tls| Reference::all(tls, "certificateRefs"));
        ListenerTls::Ends(named.unwrap_or_default())
    };
    Listener {
        name: text(listener, "name"),
        hosts: text(listener, "hostname").into_iter().collect(),
        tls,
    }
}

impl GatewayRoute {
    pub(crate) fn of(spec: &Node) -> Self {
        let attachment = |node: &Node| {
            Some(Attachment {
                gateway: Reference::of(node)?,
                listener: text(node, "sectionName"),
            })
        };
        let backend = |node: &Node| {
            Some(Backend {
                service: Reference::of(node)?,
                port: port(Some(node), "port"),
            })
        };
        let rule = |rule: &Node| {
            let backends = rule.items_of("backendRefs").iter();
            backends.filter_map(backend).collect()
        };
        let parents = spec.items_of("parentRefs").iter();
        Self {
            hosts: texts(spec, "hostnames"),
            hosts_at: spec.get("hostnames").unwrap_or(spec).at,
            parents: parents.filter_map(attachment).collect(),
            rules: spec.items_of("rules").iter().map(rule).collect(),
        }
    }
}

impl BackendTlsPolicy {
    pub(crate) fn of(spec: &Node) -> Self {
        let validation = spec.get("validation");
        let authority = |node: &Node| {
            Some(PolicyAuthority {
                is_secret: node.text_of("kind") == Some("Secret"),
                name: text(node, "name")?,
                at: node.at,
            })
        };
        let named = validation.map(|validation| validation.items_of("caCertificateRefs"));
        // v1alpha2 named one target.
        let targets = spec.items_of("targetRefs").iter();
        let targets = targets.chain(spec.get("targetRef"));
        Self {
            services: targets.filter_map(Reference::of).collect(),
            server_name: validation.and_then(|validation| Placed::of(validation, "hostname")),
            authorities: named
                .unwrap_or_default()
                .iter()
                .filter_map(authority)
                .collect(),
        }
    }
}
