//! What Istio reads of hosts, servers and credentials.

use crate::lint::model::Object;
use crate::yaml::Node;

/// A server of a Gateway.
pub(in crate::lint) struct Server<'a> {
    pub(in crate::lint) index: usize,
    pub(in crate::lint) node: &'a Node,
    pub(in crate::lint) port: String,
    pub(in crate::lint) protocol: String,
    pub(in crate::lint) tls: Option<&'a Node>,
    pub(in crate::lint) mode: &'a str,
}

/// Which routes of a VirtualService a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Takes {
    Http,
    Tls,
    Tcp,
}

impl<'a> Server<'a> {
    pub(in crate::lint) fn is_http(&self) -> bool {
        matches!(
            self.protocol.as_str(),
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB"
        )
    }

    pub(in crate::lint) fn is_tls(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS")
    }

    /// Without a mode TLS is passed through: PASSTHROUGH is the first value of the enumeration.
    pub(in crate::lint) fn is_passed_through(&self) -> bool {
        self.is_tls()
            && self.tls.is_some()
            && matches!(self.mode, "" | "PASSTHROUGH" | "AUTO_PASSTHROUGH")
    }

    pub(in crate::lint) fn takes(&self) -> Takes {
        if self.is_http() {
            Takes::Http
        } else if self.is_passed_through() {
            Takes::Tls
        } else if self.protocol == "HTTPS" {
            Takes::Http
        } else {
            Takes::Tcp
        }
    }

    /// Its hosts, each with the namespace that may use it, if only one may.
    pub(in crate::lint) fn hosts(&self, gateway: &Object<'a>) -> Vec<(Option<&'a str>, &'a str)> {
        self.node
            .items_of("hosts")
            .iter()
            .filter_map(Node::text)
            .map(|host| match host.split_once('/') {
                None | Some(("*", _)) => (None, host.rsplit('/').next().unwrap_or(host)),
                Some((".", host)) => (Some(gateway.namespace), host),
                Some((namespace, host)) => (Some(namespace), host),
            })
            .collect()
    }
}

pub(in crate::lint) fn servers<'a>(gateway: &Object<'a>) -> Vec<Server<'a>> {
    let server = |(index, node): (usize, &'a Node)| {
        let of_port = |key: &str| node.at_path(&["port", key]).and_then(Node::scalar);
        let tls = node.get("tls");
        Server {
            index,
            node,
            port: of_port("number").unwrap_or_default(),
            protocol: of_port("protocol").unwrap_or_default().to_uppercase(),
            tls,
            mode: tls.and_then(|tls| tls.text_of("mode")).unwrap_or_default(),
        }
    };
    gateway
        .spec()
        .items_of("servers")
        .iter()
        .enumerate()
        .map(server)
        .collect()
}

/// What a destination's host stands for.
pub(in crate::lint) enum Destination<'a> {
    Service {
        namespace: &'a str,
        name: &'a str,
    },
    /// Like the name of a Service, in a form that Istio does not complete.
    Half {
        namespace: &'a str,
        name: &'a str,
    },
    Other,
}

/// Reads a host as Istio does (`ResolveShortnameToFQDN`): only a name without dots is completed.
pub(in crate::lint) fn destination<'a>(host: &'a str, namespace: &'a str) -> Destination<'a> {
    let mut parts = host.splitn(4, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        _ if host.contains('*') || host.is_empty() => Destination::Other,
        (Some(name), None, ..) => Destination::Service { namespace, name },
        (Some(name), Some(namespace), Some("svc"), Some(_)) => {
            Destination::Service { namespace, name }
        }
        (Some(name), Some(namespace), None | Some("svc"), None) => {
            Destination::Half { namespace, name }
        }
        _ => Destination::Other,
    }
}

/// Returns the credentials of a server: the names of Secrets, each with its place.
pub(in crate::lint) fn names(tls: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let one = tls.get("credentialName").into_iter();
    let all = tls.items_of("credentialNames");
    one.chain(all).filter_map(|node| {
        let name = node.text()?;
        let name = name.strip_prefix("kubernetes://").unwrap_or(name);
        (!name.is_empty() && !name.contains("://")).then_some((name, node))
    })
}

/// Returns the names of the Secrets of all servers of a Gateway that terminate TLS, each with its place and field.
pub(in crate::lint) fn credentials<'a>(
    gateway: &Object<'a>,
) -> impl Iterator<Item = (&'a str, &'a Node, String)> + use<'a> {
    servers(gateway).into_iter().flat_map(|server| {
        let tls = server.tls.filter(|_| !server.is_passed_through());
        let field = format!("spec.servers[{}].tls.credentialName", server.index);
        tls.into_iter()
            .flat_map(names)
            .map(move |(name, node)| (name, node, field.clone()))
    })
}
