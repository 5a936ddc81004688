//! Family 9: whether what an object names is there.

use super::finding::Finding;
use super::model::{Class, Model, Object};
use super::predict::Here;
use super::rules::{CI107, CI901, CI902, Severity};
use super::{ingress, named};
use crate::fault::did_you_mean;
use crate::yaml::{At, Node};
use std::collections::BTreeSet;

/// A name that stands for another object.
struct Reference<'a> {
    object: usize,
    class: Class,
    namespace: &'a str,
    name: &'a str,
    at: At,
    field: String,
    is_authority: bool,
}

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let references = all(model);
    let met: BTreeSet<usize> = references
        .iter()
        .filter_map(|reference| model.find(reference.class, reference.namespace, reference.name))
        .collect();
    let mut findings: Vec<Finding> = references
        .iter()
        .filter_map(|reference| reference.check(model, &met))
        .collect();
    namespaces(model, &mut findings);
    findings
}

impl Reference<'_> {
    fn check(&self, model: &Model<'_>, met: &BTreeSet<usize>) -> Option<Finding> {
        if self.name.is_empty()
            || self.name.contains('@')
            || model.find(self.class, self.namespace, self.name).is_some()
        {
            return None;
        }
        let object = &model.objects[self.object];
        let elsewhere = model.elsewhere(self.class, self.namespace, self.name);
        if let Some(namespace) = elsewhere
            && self.is_authority
            && object.class == Class::ServersTransportTcp
        {
            let kind = kind(self.class);
            let message = format!(
                "{kind} `{}` is in namespace `{namespace}`, the ServersTransportTCP in `{}`",
                self.name.escape_debug(),
                object.namespace
            );
            return Some(object.finding(&CI107, self.at, &self.field, message));
        }
        // Found in another namespace, or of another kind: another rule says so.
        let other = match self.class {
            Class::ServersTransport => Class::ServersTransportTcp,
            Class::ServersTransportTcp => Class::ServersTransport,
            class => class,
        };
        if elsewhere.is_some() || model.find(other, self.namespace, self.name).is_some() {
            return None;
        }
        let (kind, name) = (kind(self.class), self.name.escape_debug());
        // One that nothing else names, and that is called almost the same.
        let free: Vec<&str> = model
            .within(self.class, self.namespace)
            .filter(|number| !met.contains(number))
            .map(|number| model.objects[number].provides)
            .collect();
        let near = did_you_mean(self.name, free).filter(|meant| !is_numbered(self.name, meant));
        if let Some(meant) = near {
            let message = format!("there is no {kind} `{name}`, and nothing refers to `{meant}`");
            let here = Here {
                namespace: self.namespace,
                secret: self.name,
                ..Here::default()
            };
            let finding = object
                .finding(&CI902, self.at, &self.field, message)
                .with_help(format!("Write `{meant}`."));
            return Some(if self.is_authority {
                finding.predicted(model.knowledge.release, here)
            } else {
                finding
            });
        }
        let within = if self.namespace.is_empty() {
            String::new()
        } else {
            format!(" in namespace `{}`", self.namespace)
        };
        let finding = object.finding(
            &CI901,
            self.at,
            &self.field,
            format!("{kind} `{name}`{within} is not in the input"),
        );
        Some(if model.options.strict_references {
            finding.with_severity(Severity::Error)
        } else {
            finding
        })
    }
}

/// Returns whether two names differ as members of a row do: `wrr1` and `wrr2`, `roots-a` and `roots-b`.
pub(super) fn is_numbered(one: &str, other: &str) -> bool {
    let stem = |name: &str| -> String {
        name.split(['-', '.'])
            .map(|part| match part.len() {
                1 => "",
                _ => part.trim_end_matches(|c: char| c.is_ascii_digit()),
            })
            .collect::<Vec<_>>()
            .join("-")
    };
    stem(one) == stem(other)
}

fn kind(class: Class) -> &'static str {
    match class {
        Class::Secret => "Secret",
        Class::ConfigMap => "ConfigMap",
        Class::Service => "Service",
        Class::ServersTransport => "ServersTransport",
        Class::ServersTransportTcp => "ServersTransportTCP",
        Class::Middleware => "Middleware",
        Class::MiddlewareTcp => "MiddlewareTCP",
        Class::TlsOption => "TLSOption",
        Class::TlsStore => "TLSStore",
        Class::TraefikService => "TraefikService",
        Class::GatewayKind => "GatewayClass",
        Class::Gateway | Class::IstioGateway => "Gateway",
        Class::Issuer => "Issuer",
        Class::ClusterIssuer => "ClusterIssuer",
        _ => "object",
    }
}

fn all<'a>(model: &Model<'a>) -> Vec<Reference<'a>> {
    let mut found = Vec::new();
    let entries = named::service_entries(model);
    for (number, object) in model.objects.iter().enumerate() {
        let mut seeker = Seeker {
            number,
            object,
            found: &mut found,
        };
        match object.class {
            Class::IngressRoute => seeker.route([Class::ServersTransport, Class::Middleware]),
            Class::IngressRouteTcp => {
                seeker.route([Class::ServersTransportTcp, Class::MiddlewareTcp]);
            }
            Class::ServersTransport => seeker.transport(object.spec(), "spec"),
            Class::ServersTransportTcp => {
                if let Some(tls) = object.spec().get("tls") {
                    seeker.transport(tls, "spec.tls");
                }
            }
            Class::TlsStore => seeker.store(),
            Class::TlsOption => {
                if let Some(node) = object.spec().get("clientAuth") {
                    seeker.names(node, "secretNames", "spec.clientAuth", Class::Secret, false);
                }
            }
            Class::Ingress => seeker.ingress(),
            Class::Middleware => seeker.chain(),
            Class::TraefikService => seeker.shares(),
            _ => seeker.of_gateways(model, &entries),
        }
    }
    found
}

/// Collects the references of one object.
pub(super) struct Seeker<'m, 'a> {
    number: usize,
    pub(super) object: &'m Object<'a>,
    found: &'m mut Vec<Reference<'a>>,
}

impl<'a> Seeker<'_, 'a> {
    pub(super) fn add(
        &mut self,
        class: Class,
        namespace: Option<&'a str>,
        node: Option<&'a Node>,
        field: String,
    ) {
        if let Some((name, node)) = node.and_then(|node| Some((node.text()?, node))) {
            let namespace = namespace.unwrap_or(self.object.namespace);
            self.push(class, namespace, name, node, field);
        }
    }

    pub(super) fn push(
        &mut self,
        class: Class,
        namespace: &'a str,
        name: &'a str,
        node: &'a Node,
        field: String,
    ) {
        self.found.push(Reference {
            object: self.number,
            class,
            namespace,
            name,
            at: node.at,
            field,
            is_authority: false,
        });
    }

    fn names(&mut self, node: &'a Node, key: &str, path: &str, class: Class, is_authority: bool) {
        for (index, item) in node.items_of(key).iter().enumerate() {
            self.add(class, None, Some(item), format!("{path}.{key}[{index}]"));
            if let Some(last) = self.found.last_mut() {
                last.is_authority = is_authority;
            }
        }
    }

    fn route(&mut self, [transport, middleware]: [Class; 2]) {
        let spec = self.object.spec();
        for (route, rule) in spec.items_of("routes").iter().enumerate() {
            for (index, node) in rule.items_of("services").iter().enumerate() {
                let namespace = node.text_of("namespace");
                let field = format!("spec.routes[{route}].services[{index}]");
                let class = match node.text_of("kind") {
                    Some("TraefikService") => Class::TraefikService,
                    _ => Class::Service,
                };
                self.add(class, namespace, node.get("name"), format!("{field}.name"));
                // For TCP Traefik looks beside the route (`makeTCPServersTransportKey`).
                let beside = match transport {
                    Class::ServersTransportTcp => None,
                    _ => namespace,
                };
                self.add(
                    transport,
                    beside,
                    node.get("serversTransport"),
                    format!("{field}.serversTransport"),
                );
            }
            for (index, node) in rule.items_of("middlewares").iter().enumerate() {
                let namespace = node.text_of("namespace");
                self.add(
                    middleware,
                    namespace,
                    node.get("name"),
                    format!("spec.routes[{route}].middlewares[{index}].name"),
                );
            }
        }
        if let Some(tls) = spec.get("tls") {
            self.add(
                Class::Secret,
                None,
                tls.get("secretName"),
                "spec.tls.secretName".to_owned(),
            );
            for (key, class) in [("options", Class::TlsOption), ("store", Class::TlsStore)] {
                if let Some(node) = tls.get(key) {
                    let namespace = node.text_of("namespace");
                    // The default ones are there without being defined.
                    let name = node
                        .get("name")
                        .filter(|name| name.text() != Some("default"));
                    self.add(class, namespace, name, format!("spec.tls.{key}.name"));
                }
            }
        }
    }

    fn transport(&mut self, node: &'a Node, path: &str) {
        for (index, item) in node.items_of("rootCAs").iter().enumerate() {
            for (key, class) in [("secret", Class::Secret), ("configMap", Class::ConfigMap)] {
                let before = self.found.len();
                self.add(
                    class,
                    None,
                    item.get(key),
                    format!("{path}.rootCAs[{index}].{key}"),
                );
                self.found[before..]
                    .iter_mut()
                    .for_each(|reference| reference.is_authority = true);
            }
        }
        self.names(node, "rootCAsSecrets", path, Class::Secret, true);
        self.names(node, "certificatesSecrets", path, Class::Secret, false);
    }

    fn store(&mut self) {
        let spec = self.object.spec();
        let default = spec
            .get("defaultCertificate")
            .and_then(|node| node.get("secretName"));
        self.add(
            Class::Secret,
            None,
            default,
            "spec.defaultCertificate.secretName".to_owned(),
        );
        for (index, node) in spec.items_of("certificates").iter().enumerate() {
            self.add(
                Class::Secret,
                None,
                node.get("secretName"),
                format!("spec.certificates[{index}].secretName"),
            );
        }
    }

    /// The Services among which a TraefikService shares its requests.
    fn shares(&mut self) {
        let spec = self.object.spec();
        let weighted = spec
            .get("weighted")
            .map(|node| node.items_of("services").iter().enumerate());
        let mirrors = spec
            .get("mirroring")
            .map(|node| node.items_of("mirrors").iter().enumerate());
        let weighted = weighted
            .into_iter()
            .flatten()
            .map(|it| ("weighted.services", it));
        let mirrors = mirrors
            .into_iter()
            .flatten()
            .map(|it| ("mirroring.mirrors", it));
        let itself = spec.get("mirroring").map(|node| ("mirroring", (0, node)));
        for (path, (index, node)) in weighted.chain(mirrors).chain(itself) {
            let namespace = node.text_of("namespace");
            let class = match node.text_of("kind") {
                Some("TraefikService") => Class::TraefikService,
                _ => Class::Service,
            };
            let field = if path == "mirroring" {
                format!("spec.{path}")
            } else {
                format!("spec.{path}[{index}]")
            };
            self.add(class, namespace, node.get("name"), format!("{field}.name"));
            let transport = node.get("serversTransport");
            let (class, field) = (Class::ServersTransport, format!("{field}.serversTransport"));
            self.add(class, namespace, transport, field);
        }
    }

    fn ingress(&mut self) {
        for (node, field) in ingress::backends(self.object) {
            self.add(
                Class::Service,
                None,
                node.get("name"),
                format!("{field}.name"),
            );
        }
        // cert-manager makes the Secrets of an Ingress that names an issuer.
        let is_made = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"]
            .iter()
            .any(|key| self.object.annotation(key).is_some());
        for (index, node) in self
            .object
            .spec()
            .items_of("tls")
            .iter()
            .enumerate()
            .filter(|_| !is_made)
        {
            let field = format!("spec.tls[{index}].secretName");
            self.add(Class::Secret, None, node.get("secretName"), field);
        }
    }

    fn chain(&mut self) {
        let Some(chain) = self.object.spec().get("chain") else {
            return;
        };
        for (index, node) in chain.items_of("middlewares").iter().enumerate() {
            let namespace = node.text_of("namespace");
            self.add(
                Class::Middleware,
                namespace,
                node.get("name"),
                format!("spec.chain.middlewares[{index}].name"),
            );
        }
    }
}

/// Where namespaces are part of the input, each that is used should be.
fn namespaces(model: &Model<'_>, findings: &mut Vec<Finding>) {
    if model.numbers(Class::Namespace).is_empty() {
        return;
    }
    let known: BTreeSet<&str> = model
        .of(Class::Namespace)
        .map(|object| object.name)
        .collect();
    let mut said = BTreeSet::new();
    for object in &model.objects {
        let namespace = object.namespace;
        if !namespace.is_empty()
            && namespace != "default"
            && !known.contains(namespace)
            && said.insert(namespace)
        {
            let at = object
                .at(&["metadata", "namespace"])
                .map_or(object.node.at, |node| node.at);
            let message = format!(
                "Namespace `{}` is not in the input",
                namespace.escape_debug()
            );
            let finding = object.finding(&CI901, at, "metadata.namespace", message);
            findings.push(if model.options.strict_references {
                finding.with_severity(Severity::Error)
            } else {
                finding
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_row_are_not_misspellings_of_each_other() {
        assert!(is_numbered("wrr1", "wrr2"));
        assert!(is_numbered("roots-a", "roots-b"));
        assert!(is_numbered("transport-1", "transport-12"));
        assert!(!is_numbered("externca", "externcas"));
        assert!(!is_numbered("transport-selfsinged", "transport-selfsigned"));
    }
}
