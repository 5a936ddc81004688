//! Reads the objects that say which way a request goes and where TLS begins and ends: those of Traefik, of the Gateway
//! API and of Istio, Services of load balancers, and cert-manager's Certificates.

mod cert_manager;
mod gateway_api;
mod istio;
mod service;
mod traefik;

pub use cert_manager::Announced;
pub use service::Balancer;

use crate::yaml::Node;

/// What the objects of a fleet say about TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Every route that names a host.
    pub routes: Vec<Route>,
    /// Every TLSStore named `default`: Traefik uses no other (`pkg/tls/tlsmanager.go`, 2.9 to 3.7).
    pub stores: Vec<Store>,
    /// Every ServersTransport and ServersTransportTCP.
    pub transports: Vec<Transport>,
    /// Every Gateway, of the Gateway API and of Istio.
    pub gateways: Vec<Gateway>,
    /// What declares the TLS of Services: every BackendTLSPolicy and DestinationRule.
    pub policies: Vec<Policy>,
    /// Every Service of type LoadBalancer.
    pub balancers: Vec<Balancer>,
    /// Every Certificate of cert-manager.
    pub announced: Vec<Announced>,
}

/// Where an object belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    /// `metadata.namespace`, if it is given.
    pub namespace: Option<String>,
    /// The file of its manifest.
    pub file: String,
}

/// A name and the namespace before it, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The namespace; nothing means that of the object that names it.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// A kind of route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteKind {
    /// Traefik's IngressRoute.
    Http,
    /// Traefik's IngressRouteTCP.
    Tcp,
    /// HTTPRoute of the Gateway API.
    GatewayHttp,
    /// TLSRoute of the Gateway API.
    GatewayTls,
    /// VirtualService of Istio whose routes are for http.
    IstioHttp,
    /// VirtualService of Istio whose routes are for TLS that passes through.
    IstioTls,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Where it belongs.
    pub home: Home,
    /// Its kind.
    pub kind: RouteKind,
    /// `metadata.name`.
    pub name: String,
    /// The hosts of its rules, each once, in their order.
    pub hosts: Vec<String>,
    /// What it says about the TLS of browsers.
    pub front: FrontTls,
    /// The first service that it leads to.
    pub target: Option<Target>,
}

/// What a route says about the TLS of browsers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrontTls {
    /// It ends here, with the certificate of this Secret; of the default store, if none is named.
    Ends(Option<String>),
    /// It ends behind.
    PassesThrough,
    /// Nothing is declared.
    Unsaid,
    /// These Gateways know.
    Gateways(Vec<Attachment>),
}

/// A Gateway that a route is attached to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// The Gateway.
    pub gateway: Named,
    /// The one listener that is meant; all, if none is named.
    pub listener: Option<String>,
}

/// A service that a route leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Its name.
    pub service: Named,
    /// Its port, a number or a name.
    pub port: Option<String>,
    /// `scheme` of Traefik's; of a service behind an IngressRouteTCP `tls`, if it is true.
    pub scheme: Option<String>,
    /// `serversTransport` of Traefik's.
    pub transport: Option<String>,
}

/// A TLSStore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Where it belongs.
    pub home: Home,
    /// The Secrets of `certificates`, then that of `defaultCertificate`.
    pub secrets: Vec<String>,
}

/// A ServersTransport or ServersTransportTCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// Where it belongs.
    pub home: Home,
    /// `metadata.name`.
    pub name: String,
    /// Whether it is for TCP.
    pub is_tcp: bool,
    /// The name that Traefik expects in the certificate.
    pub server_name: Option<String>,
    /// The objects that `rootCAs` and `rootCAsSecrets` name: Secrets, or each a ConfigMap.
    pub root_cas: Vec<String>,
    /// `insecureSkipVerify`.
    pub verifies_nothing: bool,
}

/// A Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Where it belongs.
    pub home: Home,
    /// `metadata.name`.
    pub name: String,
    /// `gatewayClassName`; of Istio's own kind `istio`.
    pub class: String,
    /// Its listeners, or servers.
    pub listeners: Vec<Listener>,
}

/// A port of a Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: Option<String>,
    /// The hosts that it is for; all, if there are none.
    pub hosts: Vec<String>,
    /// What it does with TLS.
    pub tls: ListenerTls,
}

/// What a port of a Gateway does with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerTls {
    /// TLS ends here, with the certificate of one of these Secrets.
    Ends(Vec<Named>),
    /// It passes.
    PassesThrough,
    /// There is none.
    Plain,
}

/// What is declared about the TLS of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Where it belongs.
    pub home: Home,
    /// The Service.
    pub service: Named,
    /// The name expected in the certificate.
    pub server_name: Option<String>,
    /// What is trusted.
    pub trust: PolicyTrust,
}

/// What a policy trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyTrust {
    /// The CAs in these Secrets or ConfigMaps, beside the policy.
    Objects(Vec<String>),
    /// The CA of this Secret, beside the gateway.
    Credential(String),
    /// What the gateway has of itself, such as the roots of its system.
    System,
    /// Any certificate.
    Anything,
    /// The mesh's own certificates on both sides.
    Mesh,
    /// There is no TLS.
    Plain,
}

impl Routing {
    /// Takes an object of this file, if it is one of those that are asked for.
    pub fn read(&mut self, object: &Node, file: &str) {
        let metadata = |key| text(object.get("metadata"), key);
        let Some(name) = metadata("name") else {
            return;
        };
        let home = Home {
            namespace: metadata("namespace"),
            file: file.to_owned(),
        };
        let version = object.get("apiVersion").and_then(Node::text).unwrap_or("");
        let kind = object.get("kind").and_then(Node::text).unwrap_or("");
        let Some(spec) = object.get("spec") else {
            return;
        };
        match version.split_once('/').map_or("", |(group, _)| group) {
            "traefik.io" | "traefik.containo.us" => traefik::read(self, kind, spec, home, name),
            "gateway.networking.k8s.io" => gateway_api::read(self, kind, spec, home, name),
            "networking.istio.io" => istio::read(self, kind, spec, home, name),
            "cert-manager.io" if kind == "Certificate" => {
                let announced = cert_manager::read(object, spec, home, name);
                self.announced.extend(announced);
            }
            "" if kind == "Service" => {
                self.balancers
                    .extend(service::read(object, spec, home, name));
            }
            _ => {}
        }
    }

    /// Takes over what another source says.
    pub fn append(&mut self, mut other: Self) {
        self.routes.append(&mut other.routes);
        self.stores.append(&mut other.stores);
        self.transports.append(&mut other.transports);
        self.gateways.append(&mut other.gateways);
        self.policies.append(&mut other.policies);
        self.balancers.append(&mut other.balancers);
        self.announced.append(&mut other.announced);
    }

    /// Returns where each object belongs, to be changed.
    pub fn homes_mut(&mut self) -> impl Iterator<Item = &mut Home> {
        let routes = self.routes.iter_mut().map(|route| &mut route.home);
        let stores = self.stores.iter_mut().map(|store| &mut store.home);
        let transports = self.transports.iter_mut();
        let gateways = self.gateways.iter_mut().map(|gateway| &mut gateway.home);
        let policies = self.policies.iter_mut().map(|policy| &mut policy.home);
        let announced = self.announced.iter_mut().map(|entry| &mut entry.home);
        let balancers = self.balancers.iter_mut().map(|entry| &mut entry.home);
        routes
            .chain(stores)
            .chain(transports.map(|transport| &mut transport.home))
            .chain(gateways)
            .chain(policies)
            .chain(announced)
            .chain(balancers)
    }

    /// Keeps a route that names a host.
    fn add(&mut self, route: Route) {
        if !route.hosts.is_empty() {
            self.routes.push(route);
        }
    }
}

fn text(node: Option<&Node>, key: &str) -> Option<String> {
    node?.get(key)?.text().map(str::to_owned)
}

/// Returns a number or a text as text.
fn word(node: Option<&Node>, key: &str) -> Option<String> {
    let node = node?.get(key)?;
    match &node.value {
        crate::yaml::Value::Int(number) => Some(number.to_string()),
        _ => node.text().map(str::to_owned),
    }
}

fn is_true(node: Option<&Node>, key: &str) -> bool {
    let found = node.and_then(|node| node.get(key));
    found.is_some_and(|node| node.value == crate::yaml::Value::Bool(true))
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
    node.get(key).map(Node::items).unwrap_or_default().iter()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let texts = items(node, key).filter_map(Node::text);
    texts.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn routing(text: &str) -> Routing {
        let mut routing = Routing::default();
        for document in yaml::read_all(text, "-").unwrap() {
            routing.read(&document, "-");
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
        assert_eq!(traefik::hosts_of("XHost(`a`)"), [""; 0]);
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
