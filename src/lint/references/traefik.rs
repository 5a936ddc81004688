//! What objects of Traefik, and Ingresses, name.

use super::seeker::Seeker;
use crate::lint::facts::ingress::backends;
use crate::lint::model::Class;
use crate::yaml::Node;

impl<'a> Seeker<'_, 'a> {
    pub(super) fn route(&mut self, [transport, middleware]: [Class; 2]) {
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

    pub(super) fn transport(&mut self, node: &'a Node, path: &str) {
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

    pub(super) fn store(&mut self) {
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
    pub(super) fn shares(&mut self) {
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

    pub(super) fn ingress(&mut self) {
        for (node, field) in backends(self.object) {
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

    pub(super) fn chain(&mut self) {
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
