//! Istio's kinds (`networking.istio.io`, v1 and the versions before it).

use super::gateway_api::{Attachment, Backend, Listener, ListenerTls, port};
use super::{Reference, text, texts};
use crate::yaml::{At, Node};

/// A Gateway of Istio.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IstioGateway {
    /// `servers`.
    pub servers: Vec<Listener>,
}

/// A VirtualService.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualService {
    /// `hosts`, but for `*`.
    pub hosts: Vec<String>,
    /// Where they stand, or `spec`.
    pub hosts_at: At,
    /// `gateways`, but for the mesh itself; without any it is for calls within the mesh.
    pub gateways: Vec<Attachment>,
    /// Whether its routes are for TLS that passes through.
    pub is_tls: bool,
    /// The destinations of each rule.
    pub rules: Vec<Vec<Backend>>,
}

/// A DestinationRule with what it says about TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationRule {
    /// The Service; nothing if it is for a host outside, or for a half of a name.
    pub service: Option<Reference>,
    /// The TLS to it, if it says something about that.
    pub tls: Option<DestinationTls>,
    /// The version of the PROXY protocol that goes before it: `trafficPolicy.proxyProtocol`, V1 if it names none.
    pub proxy_protocol: Option<i64>,
}

/// The TLS to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationTls {
    /// `sni`, else the last of `subjectAltNames`.
    pub server_name: Option<String>,
    /// What is trusted.
    pub trust: DestinationTrust,
}

/// What a DestinationRule trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationTrust {
    /// The CA of this Secret, beside the gateway.
    Credential(String),
    /// The files of `caCertificates`, in the gateway's pods.
    Files,
    /// What the mesh's configuration says: without a CA Istio warns of it (message IST0129).
    Unsaid,
    /// Any certificate: `insecureSkipVerify`.
    Anything,
    /// The mesh's own certificates on both sides: mode `ISTIO_MUTUAL`.
    Mesh,
    /// There is no TLS: mode `DISABLE`.
    Plain,
}

impl IstioGateway {
    pub(crate) fn of(spec: &Node) -> Self {
        Self {
            servers: spec.items_of("servers").iter().map(server).collect(),
        }
    }
}

fn server(server: &Node) -> Listener {
    // A port of plain http has no TLS, whatever else is there, such as `httpsRedirect` (`IsTLSServer` in Istio's
    // `pkg/config/gateway`).
    let protocol = server.at_path(&["port", "protocol"]).and_then(Node::text);
    let is_http = protocol.is_some_and(|protocol| {
        let plain = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"];
        plain.iter().any(|name| protocol.eq_ignore_ascii_case(name))
    });
    let tls = server.get("tls").filter(|_| !is_http);
    let tls = match (tls, tls.and_then(|tls| tls.text_of("mode"))) {
        (None, _) => ListenerTls::Plain,
        // Without a mode it is the first one of the enumeration, PASSTHROUGH (`networking/v1/gateway.proto`); AUTO_PASSTHROUGH
        // is for other clusters of a mesh.
        (Some(_), None | Some("PASSTHROUGH" | "AUTO_PASSTHROUGH")) => ListenerTls::PassesThrough,
        (Some(tls), Some(_)) => {
            let more = tls.items_of("credentialNames").iter();
            let named = tls.get("credentialName").into_iter().chain(more);
            let secrets = named.filter_map(|node| {
                Some(Reference {
                    namespace: None,
                    name: node.text().filter(|name| !name.is_empty())?.to_owned(),
                    at: node.at,
                })
            });
            ListenerTls::Ends(secrets.collect())
        }
    };
    // A host may have the namespace of its VirtualServices before it.
    let hosts = texts(server, "hosts").into_iter();
    let hosts = hosts.map(|host| match host.split_once('/') {
        Some((_, host)) => host.to_owned(),
        None => host,
    });
    Listener {
        name: text(server, "name"),
        hosts: hosts.filter(|host| host != "*").collect(),
        tls,
    }
}

/// Returns the Service that a host stands for: only a name without dots is completed with the namespace of the object
/// (`ResolveShortnameToFQDN` in Istio's `pkg/config/model`); `NAME.NAMESPACE.svc` and what follows is whole.
fn service(node: &Node) -> Option<Reference> {
    let host = node.text().filter(|host| !host.is_empty())?;
    let mut parts = host.split('.');
    let name = parts.next().unwrap_or_default().to_owned();
    let namespace = match (parts.next(), parts.next()) {
        (None, _) => None,
        (Some(namespace), Some("svc")) => Some(namespace.to_owned()),
        (Some(_), _) => return None,
    };
    Some(Reference {
        namespace,
        name,
        at: node.at,
    })
}

impl VirtualService {
    pub(crate) fn of(spec: &Node) -> Self {
        let attachment = |node: &Node| {
            let named = node.text().filter(|name| *name != "mesh")?;
            let (namespace, name) = match named.split_once('/') {
                Some((namespace, name)) => (Some(namespace.to_owned()), name),
                None => (None, named),
            };
            Some(Attachment {
                gateway: Reference {
                    namespace,
                    name: name.to_owned(),
                    at: node.at,
                },
                listener: None,
            })
        };
        let is_tls = spec.get("tls").is_some() && spec.get("http").is_none();
        let backend = |route: &Node| {
            let destination = route.get("destination")?;
            Some(Backend {
                service: service(destination.get("host")?)?,
                port: port(destination.get("port"), "number"),
            })
        };
        let rule = |rule: &Node| {
            let routes = rule.items_of("route").iter();
            routes.filter_map(backend).collect()
        };
        let rules = spec.items_of(if is_tls { "tls" } else { "http" });
        let hosts = texts(spec, "hosts").into_iter();
        let gateways = spec.items_of("gateways").iter();
        Self {
            hosts: hosts.filter(|host| host != "*").collect(),
            hosts_at: spec.get("hosts").unwrap_or(spec).at,
            gateways: gateways.filter_map(attachment).collect(),
            is_tls,
            rules: rules.iter().map(rule).collect(),
        }
    }
}

impl DestinationRule {
    pub(crate) fn of(spec: &Node) -> Self {
        let policy = spec.get("trafficPolicy");
        let of_ports = policy
            .map(|policy| policy.items_of("portLevelSettings"))
            .unwrap_or_default();
        let mut all = of_ports
            .iter()
            .chain(policy)
            .filter_map(|settings| settings.get("tls"));
        Self {
            service: spec.get("host").and_then(service),
            tls: all.next().map(DestinationTls::of),
            proxy_protocol: policy
                .and_then(|policy| policy.get("proxyProtocol"))
                .map(|proxy| match proxy.text_of("version") {
                    Some("V2") => 2,
                    _ => 1,
                }),
        }
    }
}

impl DestinationTls {
    fn of(tls: &Node) -> Self {
        let trust = match (tls.text_of("mode"), text(tls, "credentialName")) {
            (Some("DISABLE"), _) => DestinationTrust::Plain,
            (Some("ISTIO_MUTUAL"), _) => DestinationTrust::Mesh,
            _ if tls.is_true("insecureSkipVerify") => DestinationTrust::Anything,
            (_, Some(name)) => DestinationTrust::Credential(name),
            (_, None) if tls.get("caCertificates").is_none() => DestinationTrust::Unsaid,
            (_, None) => DestinationTrust::Files,
        };
        Self {
            server_name: text(tls, "sni").or(texts(tls, "subjectAltNames").pop()),
            trust,
        }
    }
}
