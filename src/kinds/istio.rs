//! Istio's kinds (`networking.istio.io`, v1 and the versions before it).

use super::traefik::Port;
use super::{Placed, flag, port, shape, text};
use crate::yaml::{At, Node};

/// A Gateway of Istio.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IstioGateway {
    /// `selector`: labels of the pods that it is for, key and value.
    pub selector: Vec<(String, String)>,
    /// `servers`.
    pub servers: Vec<Server>,
}

/// A server of a Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it stands.
    pub at: At,
    /// `port.number`.
    pub port: Option<Placed<Port>>,
    /// `port.name`.
    pub port_name: Option<String>,
    /// `port.protocol`, in upper case; empty if there is none.
    pub protocol: String,
    /// `bind`; empty if there is none.
    pub bind: String,
    /// `hosts`.
    pub hosts: Vec<ServerHost>,
    /// Where they stand.
    pub hosts_at: Option<At>,
    /// `tls`.
    pub tls: Option<ServerTls>,
}

/// A host of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHost {
    /// The namespace before it, whose VirtualServices alone may use it; `.` is that of the Gateway.
    pub namespace: Option<String>,
    /// The host, which may begin with an asterisk.
    pub host: String,
}

/// `tls` of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    /// Where it stands.
    pub at: At,
    /// `mode`; empty if there is none.
    pub mode: String,
    /// `credentialName`, then `credentialNames`.
    pub credentials: Vec<Placed<String>>,
    /// Which fields of [`SOURCES`] are set.
    pub sources: Vec<&'static str>,
    /// Whether there is a `caCertCredentialName`.
    pub has_authority: bool,
    /// Where `httpsRedirect` stands, if it is true.
    pub redirects: Option<At>,
}

/// A Secret that a server names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerSecret<'a> {
    /// The namespace; nothing means that of the gateway's pods.
    pub namespace: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// Where it stands.
    pub at: At,
}

/// The fields of a server's `tls` that name certificates.
pub const SOURCES: [&str; 6] = [
    "credentialName",
    "credentialNames",
    "tlsCertificates",
    "serverCertificate",
    "privateKey",
    "caCertificates",
];

/// Which routes of a VirtualService a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// Those of `http`.
    Http,
    /// Those of `tls`.
    Tls,
    /// Those of `tcp`.
    Tcp,
}

/// A VirtualService.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualService {
    /// Where `spec` stands.
    pub at: At,
    /// `hosts`.
    pub hosts: Vec<Placed<String>>,
    /// Where they stand.
    pub hosts_at: Option<At>,
    /// `gateways`; without any it is for calls within the mesh.
    pub gateways: Vec<Placed<String>>,
    /// `http`.
    pub http: Vec<VirtualRule>,
    /// `tls`, for TLS that passes through.
    pub tls: Vec<VirtualRule>,
    /// `tcp`.
    pub tcp: Vec<VirtualRule>,
}

/// A rule of a VirtualService.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualRule {
    /// `match`, without places: equal where they are.
    pub matches: String,
    /// `route`: the destination of each, if it has one.
    pub route: Vec<Option<RouteDestination>>,
    /// Whether it answers itself, by `redirect` or `directResponse`.
    pub answers: bool,
}

/// A destination of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDestination {
    /// `host`.
    pub host: Placed<String>,
    /// `subset`.
    pub subset: Option<String>,
    /// `port.number`.
    pub port: Option<Placed<Port>>,
}

/// What the host of a destination stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A Service.
    Service {
        /// Its namespace; nothing means that of the object that names it.
        namespace: Option<&'a str>,
        /// Its name.
        name: &'a str,
    },
    /// What looks like the name of a Service, in a form that Istio does not complete.
    Half {
        /// The namespace that may be meant.
        namespace: &'a str,
        /// The name that may be meant.
        name: &'a str,
    },
    /// A host outside of the cluster, or many hosts.
    Other,
}

impl<'a> Host<'a> {
    /// Reads a host as Istio does (`ResolveShortnameToFQDN` in `pkg/config/model`): only a name without dots is completed.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let mut parts = text.splitn(4, '.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            _ if text.contains('*') || text.is_empty() => Self::Other,
            (Some(name), None, ..) => Self::Service {
                namespace: None,
                name,
            },
            (Some(name), Some(namespace), Some("svc"), Some(_)) => Self::Service {
                namespace: Some(namespace),
                name,
            },
            (Some(name), Some(namespace), None | Some("svc"), None) => {
                Self::Half { namespace, name }
            }
            _ => Self::Other,
        }
    }
}

/// A DestinationRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRule {
    /// `host`.
    pub host: Option<Placed<String>>,
    /// `trafficPolicy`, and that of each of `subsets`.
    pub policies: Vec<TrafficPolicy>,
    /// Whether it is for some pods only: `workloadSelector`.
    pub is_for_workloads: bool,
    /// The version of the PROXY protocol that goes before it: `trafficPolicy.proxyProtocol`, V1 if it names none.
    pub proxy_protocol: Option<i64>,
}

/// What a DestinationRule says about connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficPolicy {
    /// The name of the subset that it is of; nothing if it is for all.
    pub subset: Option<String>,
    /// `tls`.
    pub tls: Option<DestinationTls>,
    /// `portLevelSettings`, each in place of all of the above.
    pub ports: Vec<PortSettings>,
}

/// What a DestinationRule says about one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortSettings {
    /// Where it stands.
    pub at: At,
    /// `port.number`.
    pub port: Option<Port>,
    /// `tls`.
    pub tls: Option<DestinationTls>,
    /// The field of `tls`.
    pub field: String,
}

/// The TLS to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationTls {
    /// Where it stands.
    pub at: At,
    /// Its field.
    pub field: String,
    /// `mode`.
    pub mode: DestinationMode,
    /// `credentialName`.
    pub credential: Option<Placed<String>>,
    /// Which of `clientCertificate`, `privateKey`, `caCertificates` and `caCrl` are set, files in the gateway's pods.
    pub files: Vec<&'static str>,
    /// Where `insecureSkipVerify` stands, if it is true.
    pub skips_verification: Option<At>,
    /// `subjectAltNames`.
    pub names: Vec<Placed<String>>,
    /// `sni`.
    pub sni: Option<Placed<String>>,
}

/// Which TLS is spoken to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationMode {
    /// None: `DISABLE`, the first one of the enumeration, holds without a mode too (`networking/v1/destination_rule.proto`).
    Disabled,
    /// `SIMPLE`.
    Simple,
    /// `MUTUAL`: a certificate is shown.
    Mutual,
    /// `ISTIO_MUTUAL`: the mesh's own certificates on both sides.
    Mesh,
    /// No mode of Istio's.
    Unknown,
}

/// A `ServiceEntry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEntry {
    /// `hosts`.
    pub hosts: Vec<String>,
}

/// Returns which of the fields are set, and not to an empty text.
fn set<const N: usize>(node: &Node, fields: [&'static str; N]) -> Vec<&'static str> {
    let is_set = |field: &&str| {
        let value = node.get(field);
        value.is_some_and(|value| value.text() != Some(""))
    };
    fields.into_iter().filter(is_set).collect()
}

impl IstioGateway {
    pub(crate) fn of(spec: &Node) -> Self {
        let selector = spec.get("selector").map(Node::entries).unwrap_or_default();
        let label = |(key, value): &(crate::yaml::Key, Node)| {
            let value = value.text().unwrap_or_default();
            (key.text.to_string(), value.to_owned())
        };
        Self {
            selector: selector.iter().map(label).collect(),
            servers: spec.items_of("servers").iter().map(Server::of).collect(),
        }
    }
}

impl Server {
    fn of(node: &Node) -> Self {
        let of_port = node.get("port");
        let scalar = |key: &str| of_port?.get(key)?.scalar();
        let hosts = node.items_of("hosts").iter().filter_map(Node::text);
        Self {
            at: node.at,
            port: of_port.and_then(|of_port| port(of_port, "number")),
            port_name: scalar("name"),
            protocol: scalar("protocol").unwrap_or_default().to_uppercase(),
            bind: text(node, "bind").unwrap_or_default(),
            hosts: hosts.map(ServerHost::of).collect(),
            hosts_at: node.get("hosts").map(|hosts| hosts.at),
            tls: node.get("tls").map(ServerTls::of),
        }
    }

    /// Returns whether its protocol is http without TLS.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(
            self.protocol.as_str(),
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB"
        )
    }

    /// Returns whether its protocol has TLS.
    #[must_use]
    pub fn is_of_tls(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS")
    }

    /// Returns its TLS. A port of plain http has none, whatever else is there, such as `httpsRedirect` (`IsTLSServer` in
    /// Istio's `pkg/config/gateway`).
    #[must_use]
    pub fn spoken_tls(&self) -> Option<&ServerTls> {
        self.tls.as_ref().filter(|_| !self.is_http())
    }

    /// Returns whether it passes TLS through. Without a mode it does: PASSTHROUGH is the first one of the enumeration
    /// (`networking/v1/gateway.proto`); `AUTO_PASSTHROUGH` is for other clusters of a mesh.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.spoken_tls()
            .is_some_and(|tls| matches!(tls.mode.as_str(), "" | "PASSTHROUGH" | "AUTO_PASSTHROUGH"))
    }

    /// Returns the Secrets of the certificates that it shows.
    pub fn secrets(&self) -> impl Iterator<Item = ServerSecret<'_>> {
        let tls = self.tls.iter().filter(|_| !self.passes_through());
        tls.flat_map(ServerTls::secrets)
    }

    /// Returns which routes it takes.
    #[must_use]
    pub fn takes(&self) -> RouteKind {
        if self.passes_through() {
            RouteKind::Tls
        } else if self.is_http() || self.protocol == "HTTPS" {
            RouteKind::Http
        } else {
            RouteKind::Tcp
        }
    }
}

impl ServerHost {
    fn of(text: &str) -> Self {
        let (namespace, host) = match text.split_once('/') {
            None => (None, text),
            Some(("*", host)) => (None, host),
            Some((namespace, host)) => (Some(namespace.to_owned()), host),
        };
        Self {
            namespace,
            host: host.to_owned(),
        }
    }

    /// Returns the namespace that alone may use it, if only one may; `own` is that of the Gateway.
    #[must_use]
    pub fn only<'a>(&'a self, own: Option<&'a str>) -> Option<&'a str> {
        match self.namespace.as_deref() {
            Some(".") => own,
            namespace => namespace,
        }
    }
}

impl ServerTls {
    fn of(node: &Node) -> Self {
        let mut credentials: Vec<Placed<String>> =
            Placed::of(node, "credentialName").into_iter().collect();
        credentials.extend(Placed::all(node, "credentialNames"));
        Self {
            at: node.at,
            mode: text(node, "mode").unwrap_or_default(),
            credentials,
            sources: set(node, SOURCES),
            has_authority: node.get("caCertCredentialName").is_some(),
            redirects: flag(node, "httpsRedirect"),
        }
    }

    /// Returns the Secrets that it names; a credential may be of another kind (`ParseResourceName` in Istio's
    /// `pilot/pkg/model/credentials`).
    fn secrets(&self) -> impl Iterator<Item = ServerSecret<'_>> {
        self.credentials.iter().filter_map(|credential| {
            let name = credential.value.as_str();
            let name = name.strip_prefix("kubernetes://").unwrap_or(name);
            if name.is_empty() || name.contains("://") {
                return None;
            }
            let (namespace, name) = match name.split_once('/') {
                Some((namespace, name)) => (Some(namespace), name),
                None => (None, name),
            };
            Some(ServerSecret {
                namespace,
                name,
                at: credential.at,
            })
        })
    }
}

/// Returns namespace and name of the Gateway that a VirtualService names; nothing if it names the mesh itself.
#[must_use]
pub fn named_gateway(text: &str) -> Option<(Option<&str>, &str)> {
    match text.split_once('/') {
        _ if text == "mesh" => None,
        Some((namespace, name)) => Some((Some(namespace), name)),
        None => Some((None, text)),
    }
}

impl VirtualService {
    pub(crate) fn of(spec: &Node) -> Self {
        let rules = |key| spec.items_of(key).iter().map(VirtualRule::of).collect();
        Self {
            at: spec.at,
            hosts: Placed::all(spec, "hosts"),
            hosts_at: spec.get("hosts").map(|hosts| hosts.at),
            gateways: Placed::all(spec, "gateways"),
            http: rules("http"),
            tls: rules("tls"),
            tcp: rules("tcp"),
        }
    }

    /// Returns whether it is for requests that come in by a Gateway.
    #[must_use]
    pub fn is_at_gateway(&self) -> bool {
        self.gateways.iter().any(|named| named.value != "mesh")
    }

    /// Returns its rules of a kind.
    #[must_use]
    pub fn rules(&self, kind: RouteKind) -> &[VirtualRule] {
        match kind {
            RouteKind::Http => &self.http,
            RouteKind::Tls => &self.tls,
            RouteKind::Tcp => &self.tcp,
        }
    }

    /// Returns all its destinations, each with the kind of its rule and its field.
    pub fn destinations(&self) -> impl Iterator<Item = (RouteKind, String, &RouteDestination)> {
        [RouteKind::Http, RouteKind::Tls, RouteKind::Tcp]
            .into_iter()
            .flat_map(|kind| {
                let rules = self.rules(kind).iter().enumerate();
                rules.flat_map(move |(rule, content)| {
                    let all = content.route.iter().enumerate();
                    all.filter_map(move |(number, destination)| {
                        let field = kind.field(rule, number);
                        Some((kind, field, destination.as_ref()?))
                    })
                })
            })
    }
}

impl RouteKind {
    /// Returns the field of a destination.
    #[must_use]
    pub fn field(self, rule: usize, number: usize) -> String {
        let kind = match self {
            Self::Http => "http",
            Self::Tls => "tls",
            Self::Tcp => "tcp",
        };
        format!("spec.{kind}[{rule}].route[{number}].destination")
    }
}

impl VirtualRule {
    fn of(node: &Node) -> Self {
        let destination = |route: &Node| {
            let destination = route.get("destination")?;
            Some(RouteDestination {
                host: Placed::of(destination, "host")?,
                subset: text(destination, "subset"),
                port: destination.get("port").and_then(|of| port(of, "number")),
            })
        };
        Self {
            matches: shape(node.get("match")),
            route: node.items_of("route").iter().map(destination).collect(),
            answers: node.get("redirect").is_some() || node.get("directResponse").is_some(),
        }
    }
}

impl DestinationRule {
    pub(crate) fn of(spec: &Node) -> Self {
        let mut policies: Vec<TrafficPolicy> = Vec::new();
        policies.extend(TrafficPolicy::of(spec, "spec", None));
        for (index, subset) in spec.items_of("subsets").iter().enumerate() {
            let field = format!("spec.subsets[{index}]");
            let name = text(subset, "name").unwrap_or_default();
            policies.extend(TrafficPolicy::of(subset, &field, Some(name)));
        }
        let proxy = spec.at_path(&["trafficPolicy", "proxyProtocol"]);
        Self {
            host: Placed::of(spec, "host"),
            policies,
            is_for_workloads: spec.get("workloadSelector").is_some(),
            proxy_protocol: proxy.map(|proxy| match proxy.text_of("version") {
                Some("V2") => 2,
                _ => 1,
            }),
        }
    }

    /// Returns whether it has TLS spoken to some port.
    #[must_use]
    pub fn is_on(&self) -> bool {
        let is_on = |tls: &Option<DestinationTls>| tls.as_ref().is_some_and(DestinationTls::is_on);
        self.policies
            .iter()
            .any(|policy| is_on(&policy.tls) || policy.ports.iter().any(|port| is_on(&port.tls)))
    }

    /// Returns the TLS that is spoken to a subset and a port, or to a port of which nothing is known. What is set for a
    /// subset holds in place of what is set for all.
    #[must_use]
    pub fn tls(&self, subset: Option<&str>, port: Option<&Port>) -> Option<&DestinationTls> {
        let of = |subset: Option<&str>| {
            let mut policies = self.policies.iter();
            policies.find(|policy| policy.subset.as_deref() == subset)
        };
        let own = subset.and_then(|subset| of(Some(subset)));
        let own = own.filter(|policy| policy.tls.is_some() || !policy.ports.is_empty());
        let policy = own.or_else(|| of(None))?;
        let mut ports = policy.ports.iter();
        match ports.find(|settings| port.is_some() && settings.port.as_ref() == port) {
            Some(settings) => settings.tls.as_ref(),
            None => policy.tls.as_ref(),
        }
    }
}

impl TrafficPolicy {
    fn of(node: &Node, path: &str, subset: Option<String>) -> Option<Self> {
        let node = node.get("trafficPolicy")?;
        let field = format!("{path}.trafficPolicy");
        let ports = node.items_of("portLevelSettings").iter();
        let settings = |(index, node): (usize, &Node)| {
            let field = format!("{field}.portLevelSettings[{index}].tls");
            PortSettings {
                at: node.at,
                port: node
                    .get("port")
                    .and_then(|of| port(of, "number"))
                    .map(|port| port.value),
                tls: DestinationTls::of(node, &field),
                field,
            }
        };
        Some(Self {
            subset,
            tls: DestinationTls::of(node, &format!("{field}.tls")),
            ports: ports.enumerate().map(settings).collect(),
        })
    }
}

impl DestinationTls {
    fn of(policy: &Node, field: &str) -> Option<Self> {
        let node = policy.get("tls")?;
        let files = ["clientCertificate", "privateKey", "caCertificates", "caCrl"];
        Some(Self {
            at: node.at,
            field: field.to_owned(),
            mode: match node.text_of("mode") {
                None | Some("" | "DISABLE") => DestinationMode::Disabled,
                Some("SIMPLE") => DestinationMode::Simple,
                Some("MUTUAL") => DestinationMode::Mutual,
                Some("ISTIO_MUTUAL") => DestinationMode::Mesh,
                Some(_) => DestinationMode::Unknown,
            },
            credential: Placed::of(node, "credentialName"),
            files: set(node, files),
            skips_verification: flag(node, "insecureSkipVerify"),
            names: Placed::all(node, "subjectAltNames"),
            sni: Placed::of(node, "sni"),
        })
    }

    /// Returns whether TLS is spoken, the mesh's own or another.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mode != DestinationMode::Disabled
    }

    /// Returns whether the gateway begins TLS that other programs understand.
    #[must_use]
    pub fn originates(&self) -> bool {
        matches!(self.mode, DestinationMode::Simple | DestinationMode::Mutual)
    }

    /// Returns whether a file is named.
    #[must_use]
    pub fn has_file(&self, field: &str) -> bool {
        self.files.contains(&field)
    }
}

impl ServiceEntry {
    pub(crate) fn of(spec: &Node) -> Self {
        let hosts = spec.items_of("hosts").iter().filter_map(Node::text);
        Self {
            hosts: hosts.map(str::to_owned).collect(),
        }
    }
}
