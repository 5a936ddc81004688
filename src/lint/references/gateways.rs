//! What objects of the Gateway API, Istio and cert-manager name.

use super::seeker::Seeker;
use crate::lint::facts::istio::{Destination, credentials, destination};
use crate::lint::model::{Class, Model};
use crate::yaml::Node;
use std::collections::BTreeSet;

impl<'a> Seeker<'_, 'a> {
    /// Collects the references of an object of these kinds.
    pub(super) fn of_gateways(&mut self, model: &Model<'a>, entries: &BTreeSet<&str>) {
        let object = self.object;
        let spec = object.spec();
        match object.class {
            Class::Gateway => {
                let class = spec.get("gatewayClassName");
                self.add(
                    Class::GatewayKind,
                    Some(""),
                    class,
                    "spec.gatewayClassName".to_owned(),
                );
                for (index, listener) in spec.items_of("listeners").iter().enumerate() {
                    let refs = listener
                        .get("tls")
                        .into_iter()
                        .flat_map(|tls| tls.items_of("certificateRefs").iter().enumerate());
                    for (number, node) in refs {
                        let field =
                            format!("spec.listeners[{index}].tls.certificateRefs[{number}].name");
                        self.one(Class::Secret, "Secret", node, field);
                    }
                }
            }
            Class::HttpRoute | Class::TlsRoute => {
                for (index, node) in spec.items_of("parentRefs").iter().enumerate() {
                    self.one(
                        Class::Gateway,
                        "Gateway",
                        node,
                        format!("spec.parentRefs[{index}].name"),
                    );
                }
                for (index, rule) in spec.items_of("rules").iter().enumerate() {
                    for (number, node) in rule.items_of("backendRefs").iter().enumerate() {
                        let field = format!("spec.rules[{index}].backendRefs[{number}].name");
                        self.one(Class::Service, "Service", node, field);
                    }
                }
            }
            Class::BackendTlsPolicy => {
                for (index, node) in spec.items_of("targetRefs").iter().enumerate() {
                    self.one(
                        Class::Service,
                        "Service",
                        node,
                        format!("spec.targetRefs[{index}].name"),
                    );
                }
                let validation = spec.get("validation").unwrap_or(spec);
                for (index, node) in validation.items_of("caCertificateRefs").iter().enumerate() {
                    let field = format!("spec.validation.caCertificateRefs[{index}].name");
                    match node.text_of("kind") {
                        Some("Secret") => self.one(Class::Secret, "Secret", node, field),
                        _ => self.one(Class::ConfigMap, "ConfigMap", node, field),
                    }
                }
            }
            Class::IstioGateway => {
                for (name, node, field) in credentials(object) {
                    // The namespace is that of the pods: another rule asks for it.
                    if model.holders(Class::Secret, name).next().is_none() && !name.contains('/') {
                        self.push(Class::Secret, "", name, node, field);
                    }
                }
            }
            Class::VirtualService => self.virtual_service(entries),
            Class::DestinationRule => {
                if let Some((host, node)) =
                    spec.get("host").and_then(|node| Some((node.text()?, node)))
                {
                    self.host(entries, host, node, "spec.host".to_owned());
                }
            }
            Class::Issuer => {
                let secret = spec.at_path(&["ca", "secretName"]);
                self.add(Class::Secret, None, secret, "spec.ca.secretName".to_owned());
            }
            Class::Secret if object.kind == "Certificate" => {
                let reference = spec.get("issuerRef");
                let group = reference
                    .and_then(|node| node.text_of("group"))
                    .unwrap_or("cert-manager.io");
                let (class, namespace) = match reference.and_then(|node| node.text_of("kind")) {
                    Some("ClusterIssuer") => (Class::ClusterIssuer, Some("")),
                    None | Some("Issuer") => (Class::Issuer, None),
                    Some(_) => return,
                };
                // Of another kind: another rule says so.
                let name = reference.and_then(|node| node.get("name"));
                let is_other = name.and_then(Node::text).is_some_and(|name| match class {
                    Class::Issuer => model.find(Class::ClusterIssuer, "", name).is_some(),
                    _ => model.find(Class::Issuer, object.namespace, name).is_some(),
                });
                if group == "cert-manager.io" && !is_other {
                    self.add(class, namespace, name, "spec.issuerRef.name".to_owned());
                }
            }
            _ => {}
        }
    }

    /// Adds `{name, namespace}`, if it is of the kind or says none.
    fn one(&mut self, class: Class, kind: &str, node: &'a Node, field: String) {
        if node.text_of("kind").is_none_or(|named| named == kind) {
            self.add(class, node.text_of("namespace"), node.get("name"), field);
        }
    }

    fn virtual_service(&mut self, entries: &BTreeSet<&str>) {
        let spec = self.object.spec();
        for (index, node) in spec.items_of("gateways").iter().enumerate() {
            let Some(named) = node
                .text()
                .filter(|named| *named != "mesh" && !named.contains('.'))
            else {
                continue;
            };
            let (namespace, name) = named
                .split_once('/')
                .unwrap_or((self.object.namespace, named));
            self.push(
                Class::IstioGateway,
                namespace,
                name,
                node,
                format!("spec.gateways[{index}]"),
            );
        }
        for kind in ["http", "tls", "tcp"] {
            for (index, rule) in spec.items_of(kind).iter().enumerate() {
                for (number, route) in rule.items_of("route").iter().enumerate() {
                    let host = route.at_path(&["destination", "host"]);
                    if let Some((host, node)) = host.and_then(|node| Some((node.text()?, node))) {
                        let field =
                            format!("spec.{kind}[{index}].route[{number}].destination.host");
                        self.host(entries, host, node, field);
                    }
                }
            }
        }
    }

    fn host(&mut self, entries: &BTreeSet<&str>, host: &'a str, node: &'a Node, field: String) {
        if let Destination::Service { namespace, name } = destination(host, self.object.namespace)
            && !entries.contains(host)
        {
            self.push(Class::Service, namespace, name, node, field);
        }
    }
}

/// Returns the hosts for which there are ServiceEntries.
pub(super) fn service_entries<'a>(model: &Model<'a>) -> BTreeSet<&'a str> {
    let hosts = model
        .of(Class::ServiceEntry)
        .flat_map(|entry| entry.spec().items_of("hosts"));
    hosts.filter_map(Node::text).collect()
}
