//! A Kubernetes object, and how its values are reached.

use super::documents::Document;
use super::kustomize::Given;
use crate::cluster::naming::is_joined;
use crate::cluster::unfilled::is_unfilled;
use crate::kinds::SECRET_NAME;
use crate::yaml::{At, Node, Value};

/// What kind of object it is, as far as the rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::lint) enum Class {
    /// A Secret, or what makes one: SealedSecret, ExternalSecret, Certificate.
    Secret,
    ConfigMap,
    Service,
    Namespace,
    NetworkPolicy,
    /// Deployment, DaemonSet, StatefulSet.
    Workload,
    CronJob,
    Ingress,
    Issuer,
    ClusterIssuer,
    IngressRoute,
    IngressRouteTcp,
    ServersTransport,
    ServersTransportTcp,
    Middleware,
    MiddlewareTcp,
    TlsStore,
    TlsOption,
    TraefikService,
    GatewayKind,
    Gateway,
    HttpRoute,
    TlsRoute,
    BackendTlsPolicy,
    ReferenceGrant,
    IstioGateway,
    VirtualService,
    DestinationRule,
    ServiceEntry,
    Other,
}

impl Class {
    /// Returns whether other objects name it by a key that Traefik makes of its namespace and name.
    pub(in crate::lint) fn has_joined_key(self) -> bool {
        self.kinds().iter().any(|kind| is_joined(kind))
    }

    fn of(group: &str, kind: &str) -> Self {
        let traefik = is_of_traefik(group);
        match (group, kind) {
            ("", "Secret")
            | ("bitnami.com", "SealedSecret")
            | ("external-secrets.io", "ExternalSecret")
            | ("cert-manager.io", "Certificate") => Self::Secret,
            ("", "ConfigMap") => Self::ConfigMap,
            ("", "Service") => Self::Service,
            ("", "Namespace") => Self::Namespace,
            ("networking.k8s.io", "NetworkPolicy") => Self::NetworkPolicy,
            ("batch", "CronJob") => Self::CronJob,
            ("networking.k8s.io", "Ingress") => Self::Ingress,
            ("apps", "Deployment" | "DaemonSet" | "StatefulSet") => Self::Workload,
            ("cert-manager.io", "Issuer") => Self::Issuer,
            ("cert-manager.io", "ClusterIssuer") => Self::ClusterIssuer,
            (_, "IngressRoute") if traefik => Self::IngressRoute,
            (_, "IngressRouteTCP") if traefik => Self::IngressRouteTcp,
            (_, "ServersTransport") if traefik => Self::ServersTransport,
            (_, "ServersTransportTCP") if traefik => Self::ServersTransportTcp,
            (_, "Middleware") if traefik => Self::Middleware,
            (_, "MiddlewareTCP") if traefik => Self::MiddlewareTcp,
            (_, "TLSStore") if traefik => Self::TlsStore,
            (_, "TLSOption") if traefik => Self::TlsOption,
            (_, "TraefikService") if traefik => Self::TraefikService,
            ("gateway.networking.k8s.io", kind) => match kind {
                "GatewayClass" => Self::GatewayKind,
                "Gateway" => Self::Gateway,
                "HTTPRoute" => Self::HttpRoute,
                "TLSRoute" => Self::TlsRoute,
                "BackendTLSPolicy" => Self::BackendTlsPolicy,
                "ReferenceGrant" => Self::ReferenceGrant,
                _ => Self::Other,
            },
            ("networking.istio.io", kind) => match kind {
                "Gateway" => Self::IstioGateway,
                "VirtualService" => Self::VirtualService,
                "DestinationRule" => Self::DestinationRule,
                "ServiceEntry" => Self::ServiceEntry,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
    /// Returns the kinds of its objects, the one that references mean first.
    pub(in crate::lint) fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Secret => &["Secret", "SealedSecret", "ExternalSecret", "Certificate"],
            Self::ConfigMap => &["ConfigMap"],
            Self::Service => &["Service"],
            Self::Namespace => &["Namespace"],
            Self::NetworkPolicy => &["NetworkPolicy"],
            Self::Workload => &["Deployment", "DaemonSet", "StatefulSet"],
            Self::CronJob => &["CronJob"],
            Self::Ingress => &["Ingress"],
            Self::Issuer => &["Issuer"],
            Self::ClusterIssuer => &["ClusterIssuer"],
            Self::IngressRoute => &["IngressRoute"],
            Self::IngressRouteTcp => &["IngressRouteTCP"],
            Self::ServersTransport => &["ServersTransport"],
            Self::ServersTransportTcp => &["ServersTransportTCP"],
            Self::Middleware => &["Middleware"],
            Self::MiddlewareTcp => &["MiddlewareTCP"],
            Self::TlsStore => &["TLSStore"],
            Self::TlsOption => &["TLSOption"],
            Self::TraefikService => &["TraefikService"],
            Self::GatewayKind => &["GatewayClass"],
            Self::Gateway | Self::IstioGateway => &["Gateway"],
            Self::HttpRoute => &["HTTPRoute"],
            Self::TlsRoute => &["TLSRoute"],
            Self::BackendTlsPolicy => &["BackendTLSPolicy"],
            Self::ReferenceGrant => &["ReferenceGrant"],
            Self::VirtualService => &["VirtualService"],
            Self::DestinationRule => &["DestinationRule"],
            Self::ServiceEntry => &["ServiceEntry"],
            Self::Other => &[],
        }
    }
}

/// Returns whether a group is Traefik's: the present one, or that of Traefik 2.
fn is_of_traefik(group: &str) -> bool {
    matches!(group, "traefik.io" | "traefik.containo.us")
}

/// A Kubernetes object.
pub(in crate::lint) struct Object<'a> {
    pub(in crate::lint) file: usize,
    pub(in crate::lint) document: usize,
    /// Its path in a `List`, with a dot at the end.
    pub(in crate::lint) prefix: String,
    pub(in crate::lint) node: &'a Node,
    pub(in crate::lint) class: Class,
    pub(in crate::lint) group: &'a str,
    pub(in crate::lint) kind: &'a str,
    /// Empty if none is given: kubectl then takes that of its context.
    pub(in crate::lint) namespace: &'a str,
    /// Empty if none is given.
    pub(in crate::lint) name: &'a str,
    /// What the object is asked for by: the Secret's name of a Certificate, elsewhere its own.
    pub(in crate::lint) provides: &'a str,
}

impl<'a> Object<'a> {
    pub(super) fn new(document: &'a Document, prefix: String, node: &'a Node) -> Option<Self> {
        // To kubectl an empty version is none.
        let api_version = node.text_of("apiVersion").filter(|text| !text.is_empty())?;
        let kind = node.text_of("kind")?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let text = |path: &[&str]| node.at_path(path).and_then(Node::text);
        let name = text(&["metadata", "name"]).unwrap_or_default();
        let provided = match kind {
            "Certificate" => text(&["spec", SECRET_NAME]),
            "ExternalSecret" => text(&["spec", "target", "name"]),
            _ => None,
        };
        Some(Self {
            file: document.file,
            document: document.number,
            prefix,
            node,
            class: Class::of(group, kind),
            group,
            kind,
            // One that is yet to be filled in may be any.
            namespace: text(&["metadata", "namespace"])
                .filter(|namespace| !is_unfilled(namespace))
                .unwrap_or_default(),
            name,
            provides: provided.unwrap_or(name),
        })
    }

    /// Returns whether it is of a kind that has a namespace, and names one, or is a Namespace.
    pub(super) fn names_namespace(&self) -> bool {
        match self.class {
            Class::ClusterIssuer | Class::GatewayKind | Class::Other => false,
            Class::Namespace => true,
            _ => !self.namespace.is_empty(),
        }
    }

    /// Takes the namespace that kustomizations give.
    pub(super) fn take_namespace(&mut self, given: Given<'a>) {
        let namespace = match given {
            Given::Own => return,
            Given::One(namespace) => namespace,
            Given::Open => "",
        };
        if self.class == Class::Namespace {
            (self.name, self.provides) = (namespace, namespace);
        } else {
            self.namespace = namespace;
        }
    }

    /// Returns `spec`, or an empty node.
    pub(in crate::lint) fn spec(&self) -> &'a Node {
        self.node.get("spec").unwrap_or(&NOTHING)
    }

    /// Returns whether it is of one of Traefik's groups.
    pub(in crate::lint) fn is_of_traefik(&self) -> bool {
        is_of_traefik(self.group)
    }

    /// Returns `apiVersion`, group and version.
    pub(in crate::lint) fn api_version(&self) -> &'a str {
        let node = self.node.text_of("apiVersion");
        node.unwrap_or_default()
    }

    /// Returns the value at a path below the object.
    pub(in crate::lint) fn at(&self, path: &[&str]) -> Option<&'a Node> {
        self.node.at_path(path)
    }

    /// Returns the value of a field such as `spec.routes[0].match`, or the nearest one around where it would be.
    pub(in crate::lint) fn node_in(&self, field: &str) -> &'a Node {
        self.field(field).0
    }

    /// Returns whether it has a field.
    pub(in crate::lint) fn has(&self, field: &str) -> bool {
        self.field(field).1
    }

    fn field(&self, field: &str) -> (&'a Node, bool) {
        node_in(self.node, field)
    }

    pub(in crate::lint) fn label(&self, key: &str) -> Option<&'a str> {
        self.at(&["metadata", "labels"])?.text_of(key)
    }

    pub(in crate::lint) fn annotation(&self, key: &str) -> Option<&'a Node> {
        self.at(&["metadata", "annotations"])?.get(key)
    }

    /// `namespace/name`, as Traefik writes it.
    pub(in crate::lint) fn shown(&self) -> String {
        if self.namespace.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }
}

static NOTHING: Node = Node {
    value: Value::Null,
    at: At { line: 0, column: 0 },
};

/// Returns the value of a field such as `spec.routes[0].match` below a node and whether it is there, else the nearest
/// one around it.
pub(in crate::lint) fn node_in<'n>(node: &'n Node, field: &str) -> (&'n Node, bool) {
    let mut node = node;
    for part in field.split(['.', '[']) {
        let index = part.strip_suffix(']').and_then(|index| index.parse().ok());
        let next = match index {
            Some(index) => node.items().get::<usize>(index),
            None => node.get(part),
        };
        let Some(next) = next else {
            return (node, false);
        };
        node = next;
    }
    (node, true)
}

/// Returns whether two namespaces may be the same; one that is not given may be any.
pub(in crate::lint) fn may_be_same(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}
