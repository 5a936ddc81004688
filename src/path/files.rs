//! The paths that a file makes for a Traefik that is told everything by files (`pkg/config/dynamic`, v2.11.53 and v3.7.13).

use super::Path;
use super::hop::{
    Authority, Client, Front, FrontKind, Inward, Keys, Outward, Place, ProxyVersion, Shown, Trust,
};
use crate::cluster::scope::Scope;
use crate::release::{Release, TransportTcp};
use crate::rule::{self, Rule};
use crate::yaml::{Key, Node, Value};

/// A path, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath {
    /// The path; of the httpd it knows nothing.
    pub path: Path,
    /// Host and port of the httpd.
    pub address: String,
}

/// Follows the routers of a file to their httpds. A file with a value of a Secret stands for that Secret
/// ([`secret_file_name`](crate::outside::traefik::secret_file_name)).
#[must_use]
pub fn read(file: &Node, release: Release) -> Vec<FilePath> {
    let ended = entries(file, &["http", "routers"]).iter();
    let ended = ended.filter_map(|(_, router)| ended_path(file, router));
    let passed = entries(file, &["tcp", "routers"]).iter();
    let passed = passed.filter_map(|(_, router)| passed_path(file, router, release));
    ended.chain(passed).collect()
}

fn entries<'a>(file: &'a Node, path: &[&str]) -> &'a [(Key, Node)] {
    file.at_path(path).map(Node::entries).unwrap_or_default()
}

fn ended_path(file: &Node, router: &Node) -> Option<FilePath> {
    let service = load_balancer(file, "http", router)?;
    let url = service.items_of("servers").first()?.text_of("url")?;
    let (scheme, address) = url.split_once("://")?;
    let outward = if scheme == "https" {
        Outward::Tls(client(transport(file, "http", service)))
    } else {
        Outward::Plain
    };
    let inward = match router.get("tls") {
        Some(_) => Inward::Tls(shown(file)),
        None => Inward::Plain,
    };
    Some(found(router, (inward, outward), None, address))
}

fn passed_path(file: &Node, router: &Node, release: Release) -> Option<FilePath> {
    let service = load_balancer(file, "tcp", router)?;
    let address = service.items_of("servers").first()?.text_of("address")?;
    let is_passed = router.at_path(&["tls", "passthrough"]);
    let both = if is_passed.is_some_and(Node::says_true) {
        (Inward::PassedThrough, Outward::PassedThrough)
    } else {
        (Inward::Tls(shown(file)), Outward::Plain)
    };
    // Beside a transport that may send it, what the service says does not count.
    let sends = release.transport_tcp() == TransportTcp::SendsProxyProtocol;
    let transport = transport(file, "tcp", service).filter(|_| sends);
    let version = transport.unwrap_or(service);
    let version = version.at_path(&["proxyProtocol", "version"]);
    let proxy = match version.map(|version| &version.value) {
        Some(Value::Int(number)) => ProxyVersion::of(*number),
        _ => None,
    };
    Some(found(router, both, proxy, address))
}

fn found(
    router: &Node,
    (inward, outward): (Inward, Outward),
    proxy: Option<ProxyVersion>,
    address: &str,
) -> FilePath {
    FilePath {
        path: Path {
            hosts: hosts(router.text_of("rule").unwrap_or_default()),
            front: Front {
                kind: FrontKind::Traefik,
                gateway: None,
            },
            inward,
            outward,
            proxy,
            httpd: None,
        },
        address: address.to_owned(),
    }
}

/// Returns the hosts that a rule names, each once; none if it cannot be read.
fn hosts(text: &str) -> Vec<String> {
    let rule = Rule::parse(text);
    let matchers = rule.as_ref().map(Rule::matchers).unwrap_or_default();
    let mut hosts: Vec<String> = Vec::new();
    for host in rule::hosts(matchers) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

fn load_balancer<'a>(file: &'a Node, protocol: &str, router: &Node) -> Option<&'a Node> {
    let name = router.text_of("service")?;
    file.at_path(&[protocol, "services", name, "loadBalancer"])
}

fn transport<'a>(file: &'a Node, protocol: &str, service: &Node) -> Option<&'a Node> {
    let name = service.text_of("serversTransport")?;
    file.at_path(&[protocol, "serversTransports", name])
}

/// Returns the Secret of which a file has a value.
fn place(path: &str) -> Option<Place> {
    let mut parts = path.rsplit('/').next()?.splitn(3, '_');
    let (namespace, name) = (parts.next()?, parts.next()?);
    parts.next()?;
    Some(Place {
        scope: Scope::Namespace(namespace.to_owned()),
        name: name.to_owned(),
    })
}

/// Returns the Secrets of the pairs of a list; nothing if one is of something else.
fn pairs(list: &[Node]) -> Option<Vec<Place>> {
    let pairs = list.iter().map(|pair| place(pair.text_of("certFile")?));
    pairs.collect()
}

fn shown(file: &Node) -> Shown {
    let own = file.at_path(&["tls", "certificates"]);
    match own.map(Node::items).unwrap_or_default() {
        [] => Shown::Store,
        own => pairs(own).map_or(Shown::Unknown, Shown::Secrets),
    }
}

fn client(transport: Option<&Node>) -> Client {
    let expects = transport.and_then(|transport| transport.text_of("serverName"));
    let roots = transport.map(|transport| transport.items_of("rootCAs"));
    let roots = roots.unwrap_or_default();
    let authority = |node: &Node| {
        Some(Authority {
            is_secret: true,
            place: place(node.text()?)?,
            keys: Keys::Traefik,
        })
    };
    let skips = transport.and_then(|transport| transport.get("insecureSkipVerify"));
    let trusts = if skips.is_some_and(Node::says_true) {
        Trust::Anything
    } else if roots.is_empty() {
        Trust::System
    } else {
        let authorities: Option<Vec<Authority>> = roots.iter().map(authority).collect();
        authorities.map_or(Trust::Unknown, Trust::Authorities)
    };
    let shows = transport.map(|transport| transport.items_of("certificates"));
    Client {
        expects: expects.map(str::to_owned),
        trusts,
        shows: shows
            .and_then(pairs)
            .and_then(|places| places.into_iter().next()),
    }
}
