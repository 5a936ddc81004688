//! Traefik's own kinds.

use super::{
    FrontTls, Home, Named, Route, RouteKind, Routing, Store, Target, Transport, is_true, items,
    text, word,
};
use crate::rule;
use crate::yaml::Node;

pub(super) fn read(routing: &mut Routing, kind: &str, spec: &Node, home: Home, name: String) {
    match kind {
        "IngressRoute" => routing.add(route(spec, RouteKind::Http, home, name)),
        "IngressRouteTCP" => routing.add(route(spec, RouteKind::Tcp, home, name)),
        "TLSStore" if name == "default" => {
            let certificates = items(spec, "certificates");
            let named = certificates.chain(spec.get("defaultCertificate"));
            let secrets = named.filter_map(|node| text(Some(node), "secretName"));
            routing.stores.push(Store {
                home,
                secrets: secrets.collect(),
            });
        }
        "ServersTransport" => {
            let transport = transport(spec, home, name, false);
            routing.transports.push(transport);
        }
        "ServersTransportTCP" => {
            // Without `tls` it says nothing about certificates.
            if let Some(tls) = spec.get("tls") {
                routing.transports.push(transport(tls, home, name, true));
            }
        }
        _ => {}
    }
}

fn transport(spec: &Node, home: Home, name: String, is_tcp: bool) -> Transport {
    let older = items(spec, "rootCAsSecrets").filter_map(Node::text);
    let newer = items(spec, "rootCAs").filter_map(|node| {
        let source = node.get("secret").or_else(|| node.get("configMap"))?;
        source.text()
    });
    Transport {
        home,
        name,
        is_tcp,
        server_name: text(Some(spec), "serverName"),
        root_cas: newer.chain(older).map(str::to_owned).collect(),
        verifies_nothing: is_true(Some(spec), "insecureSkipVerify"),
    }
}

fn route(spec: &Node, kind: RouteKind, home: Home, name: String) -> Route {
    let mut hosts = Vec::new();
    for rule in items(spec, "routes").filter_map(|route| route.get("match")?.text()) {
        for host in hosts_of(rule) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    let tls = spec.get("tls");
    let front = match tls {
        None => FrontTls::Unsaid,
        tls if is_true(tls, "passthrough") => FrontTls::PassesThrough,
        tls => FrontTls::Ends(text(tls, "secretName")),
    };
    let services: Vec<&Node> = items(spec, "routes")
        .flat_map(|route| items(route, "services"))
        .collect();
    let with_transport = services
        .iter()
        .find(|service| service.get("serversTransport").is_some());
    let service = with_transport.or(services.first()).copied();
    Route {
        home,
        kind,
        name,
        hosts,
        front,
        target: service.and_then(|service| target(service, kind)),
    }
}

fn target(service: &Node, kind: RouteKind) -> Option<Target> {
    let service = Some(service);
    let scheme = match kind {
        RouteKind::Tcp if is_true(service, "tls") => Some("https".to_owned()),
        RouteKind::Tcp => None,
        _ => text(service, "scheme"),
    };
    Some(Target {
        service: Named {
            namespace: text(service, "namespace"),
            name: text(service, "name")?,
        },
        port: word(service, "port"),
        scheme,
        transport: text(service, "serversTransport"),
    })
}

/// Returns the hosts that a rule names, in lower case; none if it cannot be read, and `*` is none.
pub(super) fn hosts_of(text: &str) -> Vec<String> {
    let mut hosts = rule::hosts(&rule::matchers(text).unwrap_or_default());
    hosts.retain(|host| host != "*");
    hosts
}
