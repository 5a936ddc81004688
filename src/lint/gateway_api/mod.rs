//! Family 8: objects of the Gateway API (1.6), as Traefik 3.7.9 (`pkg/provider/kubernetes/gateway`) and Istio 1.31
//! (`pilot/pkg/config/kube/gateway`) read them.

mod listeners;
mod policies;
mod routes;
mod takes;

pub(super) use listeners::certificate_names;
pub(super) use takes::shape;

use super::finding::Finding;
use super::model::{Class, Model, Object, may_be_same};
use super::rules::{CI801, CI816, Severity};
use crate::release::Release;
use crate::yaml::{At, Node};
use std::collections::BTreeSet;

const GROUP: &str = "gateway.networking.k8s.io";

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_traefik = reads(model);
    for class in [
        Class::GatewayKind,
        Class::Gateway,
        Class::HttpRoute,
        Class::TlsRoute,
        Class::BackendTlsPolicy,
        Class::ReferenceGrant,
    ] {
        for object in model.of(class) {
            findings.extend(version(model, object, is_traefik));
        }
    }
    let grants = Grants::of(model);
    for object in model.of(Class::Gateway) {
        listeners::check(model, &grants, object, &mut findings);
    }
    let policies = policies::check(model, is_traefik, &mut findings);
    routes::check(model, &grants, &policies, is_traefik, &mut findings);
    findings
}

/// Returns whether a Gateway is Traefik's: by the controller of its class, else by the name of the class.
fn is_traefiks(model: &Model<'_>, gateway: &Object<'_>) -> bool {
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

/// Returns whether Traefik reads the objects: a Gateway is its own, or there is none and a Traefik was named.
fn reads(model: &Model<'_>) -> bool {
    if model.numbers(Class::Gateway).is_empty() {
        return model.knowledge.is_certain();
    }
    model
        .of(Class::Gateway)
        .any(|gateway| is_traefiks(model, gateway))
}

/// Compares the version with those that are read: `go.mod` and `client.go` of Traefik 2.11, 3.0 to 3.7; served by
/// the definitions of Gateway API 1.0 to 1.6 (standard channel).
fn version(model: &Model<'_>, object: &Object<'_>, is_traefik: bool) -> Option<Finding> {
    let node = object.at(&["apiVersion"])?;
    let (_, version) = node.text()?.split_once('/')?;
    let release = model.knowledge.release;
    let since = |minor| release >= Release::exactly(3, minor, 0);
    let read: &[&str] = match object.class {
        _ if is_traefik && !since(0) => &["v1alpha2"],
        Class::BackendTlsPolicy if is_traefik && !since(2) => &[],
        Class::BackendTlsPolicy if is_traefik && !since(6) => &["v1alpha3"],
        Class::TlsRoute if is_traefik && !since(7) => &["v1alpha2"],
        Class::BackendTlsPolicy | Class::TlsRoute => &["v1"],
        _ => &["v1", "v1beta1"],
    };
    if read.contains(&version) {
        return None;
    }
    let kind = object.kind;
    let message = match (is_traefik, read.first()) {
        (true, None) => format!("Traefik {release} reads no {kind}"),
        (true, Some(read)) => format!("Traefik {release} reads {kind} {read}, not {version}"),
        (false, _) => format!("{kind} {version} is no longer served"),
    };
    let finding = object.finding(&CI801, node.at, "apiVersion", message);
    // Definitions of the time may still be installed.
    let may_be_served =
        !is_traefik && matches!(object.class, Class::BackendTlsPolicy | Class::TlsRoute);
    Some(if may_be_served {
        finding.with_severity(Severity::Warning)
    } else {
        finding
    })
}

/// A listener of a Gateway.
struct Listener<'a> {
    index: usize,
    node: &'a Node,
    name: &'a str,
    port: String,
    protocol: &'a str,
    host: &'a str,
    is_passed_through: bool,
}

impl Listener<'_> {
    fn field(&self) -> String {
        format!("spec.listeners[{}]", self.index)
    }

    fn is_of_tls(&self) -> bool {
        matches!(self.protocol, "HTTPS" | "TLS")
    }
}

fn listeners<'a>(gateway: &Object<'a>) -> Vec<Listener<'a>> {
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

/// A reference that may lead to another namespace.
struct Link<'a> {
    class: Class,
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    at: At,
    field: String,
}

impl<'a> Link<'a> {
    /// Reads `{name, namespace}`.
    fn new(object: &Object<'a>, class: Class, node: &'a Node, field: String) -> Option<Self> {
        let name = node.get("name")?;
        Some(Self {
            class,
            kind: if class == Class::Secret {
                "Secret"
            } else {
                "Service"
            },
            namespace: node.text_of("namespace").unwrap_or(object.namespace),
            name: name.text()?,
            at: name.at,
            field,
        })
    }

    /// Finds its object, and a way over a border of namespaces that nothing permits.
    fn follow(
        &self,
        model: &Model<'_>,
        grants: &Grants<'_>,
        object: &Object<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<usize> {
        let found = model.find(self.class, self.namespace, self.name);
        let (kind, name) = (self.kind, self.name);
        if found.is_none()
            && let Some(other) = model.elsewhere(self.class, self.namespace, name)
        {
            let message = format!(
                "{kind} `{name}` is in namespace `{other}`, not in `{}`",
                self.namespace
            );
            findings.push(object.finding(&CI816, self.at, &self.field, message));
        } else if !may_be_same(self.namespace, object.namespace) && !grants.permit(object, self) {
            let (from, to) = (object.namespace, self.namespace);
            let message = format!(
                "no ReferenceGrant in `{to}` lets a {} from `{from}` refer to {kind} `{name}`",
                object.kind
            );
            let finding = object.finding(&CI816, self.at, &self.field, message);
            // Where the target is elsewhere, so may be its grant.
            findings.push(if found.is_some() {
                finding
            } else {
                finding.with_severity(Severity::Warning)
            });
        }
        found
    }
}

/// What ReferenceGrants permit: the namespace of the target, kind and namespace of who may name it, kind and name
/// of the target; no name for all.
struct Grants<'a>(BTreeSet<(&'a str, &'a str, &'a str, &'a str, &'a str)>);

impl<'a> Grants<'a> {
    fn of(model: &Model<'a>) -> Self {
        let mut grants = BTreeSet::new();
        for object in model.of(Class::ReferenceGrant) {
            let of = |node: &'a Node, key| node.text_of(key).unwrap_or_default();
            for from in object
                .spec()
                .items_of("from")
                .iter()
                .filter(|from| of(from, "group") == GROUP)
            {
                for to in object.spec().items_of("to") {
                    grants.insert((
                        object.namespace,
                        of(from, "kind"),
                        of(from, "namespace"),
                        of(to, "kind"),
                        of(to, "name"),
                    ));
                }
            }
        }
        Self(grants)
    }

    fn permit(&self, object: &Object<'_>, link: &Link<'_>) -> bool {
        [link.namespace, ""].into_iter().any(|place| {
            let has = |name| {
                self.0
                    .contains(&(place, object.kind, object.namespace, link.kind, name))
            };
            has("") || has(link.name)
        })
    }
}
