//! Reads the objects by which Traefik takes certificates into use: IngressRoute, TLSStore, ServersTransport.

use crate::rule;
use crate::yaml::Node;

/// What the objects of a fleet say about TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Every IngressRoute that names a host.
    pub routes: Vec<Route>,
    /// Every TLSStore named `default`: Traefik uses no other (`pkg/tls/tlsmanager.go`, 2.9 to 3.7).
    pub stores: Vec<Store>,
    /// Every ServersTransport.
    pub transports: Vec<Transport>,
}

/// An IngressRoute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `metadata.namespace`, where it is given.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The hosts of its rules, each once, in their order.
    pub hosts: Vec<String>,
    /// `tls.secretName`: a certificate of its own.
    pub tls_secret: Option<String>,
    /// `serversTransport` of the first service that has one.
    pub transport: Option<String>,
}

/// A TLSStore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `metadata.namespace`, where it is given.
    pub namespace: Option<String>,
    /// The Secrets of `certificates`, then that of `defaultCertificate`.
    pub secrets: Vec<String>,
}

/// A ServersTransport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// `metadata.namespace`, where it is given.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The name that Traefik expects in the certificate.
    pub server_name: Option<String>,
    /// The objects that `rootCAs` and `rootCAsSecrets` name: Secrets, or each a ConfigMap.
    pub root_cas: Vec<String>,
}

impl Routing {
    /// Takes an object, where it is one of those that are asked for.
    pub fn read(&mut self, object: &Node) {
        let group = object.get("apiVersion").and_then(Node::text).unwrap_or("");
        if !(group.starts_with("traefik.io/") || group.starts_with("traefik.containo.us/")) {
            return;
        }
        let metadata = |key| text(object.get("metadata"), key);
        let (namespace, Some(name)) = (metadata("namespace"), metadata("name")) else {
            return;
        };
        let Some(spec) = object.get("spec") else {
            return;
        };
        match object.get("kind").and_then(Node::text) {
            Some("IngressRoute") => {
                let route = route(spec, namespace, name);
                if !route.hosts.is_empty() {
                    self.routes.push(route);
                }
            }
            Some("TLSStore") if name == "default" => {
                let certificates = items(spec, "certificates");
                let named = certificates.chain(spec.get("defaultCertificate"));
                self.stores.push(Store {
                    namespace,
                    secrets: named
                        .filter_map(|node| text(Some(node), "secretName"))
                        .collect(),
                });
            }
            Some("ServersTransport") => {
                let older = items(spec, "rootCAsSecrets").filter_map(Node::text);
                let newer = items(spec, "rootCAs").filter_map(|node| {
                    let source = node.get("secret").or_else(|| node.get("configMap"))?;
                    source.text()
                });
                self.transports.push(Transport {
                    namespace,
                    name,
                    server_name: text(Some(spec), "serverName"),
                    root_cas: newer.chain(older).map(str::to_owned).collect(),
                });
            }
            _ => {}
        }
    }

    /// Takes over what another source says.
    pub fn append(&mut self, mut other: Self) {
        self.routes.append(&mut other.routes);
        self.stores.append(&mut other.stores);
        self.transports.append(&mut other.transports);
    }
}

fn route(spec: &Node, namespace: Option<String>, name: String) -> Route {
    let mut hosts = Vec::new();
    for rule in items(spec, "routes").filter_map(|route| route.get("match")?.text()) {
        for host in hosts_of(rule) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    let services = items(spec, "routes").flat_map(|route| items(route, "services"));
    let mut transports = services.filter_map(|service| text(Some(service), "serversTransport"));
    Route {
        namespace,
        name,
        hosts,
        tls_secret: spec
            .get("tls")
            .and_then(|tls| text(Some(tls), "secretName")),
        transport: transports.next(),
    }
}

/// Gives the hosts that a rule names, in lower case; none where it cannot be read.
fn hosts_of(rule: &str) -> Vec<String> {
    rule::hosts(&rule::matchers(rule).unwrap_or_default())
}

fn text(node: Option<&Node>, key: &str) -> Option<String> {
    node?.get(key)?.text().map(str::to_owned)
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
    node.get(key).map(Node::items).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn routing(text: &str) -> Routing {
        let mut routing = Routing::default();
        for document in yaml::read_all(text, "-").unwrap() {
            routing.read(&document);
        }
        routing
    }

    #[test]
    fn every_host_of_a_rule_is_found_once() {
        for (rule, hosts) in [
            ("Host(`a.example.org`)", vec!["a.example.org"]),
            (
                "Host(`A.example.org`) || (Host(`b.example.org`) && PathPrefix(`/x`)) || Host(`a.example.org`)",
                vec!["a.example.org", "b.example.org"],
            ),
            (
                "Host(`a.example.org`, \"b.example.org\")",
                vec!["a.example.org", "b.example.org"],
            ),
            ("PathPrefix(`/`)", vec![]),
            ("Host(`a", vec![]),
        ] {
            let object = format!(
                "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r}}\nspec:\n  routes:\n    - match: {}\n",
                serde_json::to_string(rule).unwrap()
            );
            let found: Vec<String> = routing(&object)
                .routes
                .into_iter()
                .flat_map(|route| route.hosts)
                .collect();
            assert_eq!(found, hosts, "{rule}");
        }
        assert_eq!(hosts_of("XHost(`a`)"), [""; 0]);
    }

    #[test]
    fn a_transport_names_its_trust_in_the_old_and_the_new_form() {
        for field in [
            "rootCAsSecrets: [externca]",
            "rootCAs: [{secret: externca}]",
            "rootCAs: [{configMap: externca}]",
        ] {
            let found = routing(&format!(
                "apiVersion: traefik.containo.us/v1alpha1\nkind: ServersTransport\nmetadata: {{name: t, namespace: n}}\n\
                 spec:\n  serverName: a.example.org\n  {field}\n"
            ));
            assert_eq!(found.transports[0].root_cas, ["externca"], "{field}");
            assert_eq!(
                found.transports[0].server_name.as_deref(),
                Some("a.example.org")
            );
        }
    }

    #[test]
    fn objects_of_other_groups_and_stores_of_other_names_say_nothing() {
        let text = "apiVersion: example.org/v1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {routes: [{match: Host(`a.b`)}]}\n---\n\
                    apiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: mine}\nspec: {defaultCertificate: {secretName: w}}\n";
        assert_eq!(routing(text), Routing::default());
    }
}
