//! HAProxy's configuration (2.4 and later: `send-proxy-v2`, `bind … v4v6`; where it ends TLS 2.6 and later:
//! `idle-close-on-response`, without which a reload closes connections on which browsers are about to ask).

use super::{OutsideFile, Text};
use crate::chart::ReadTimeout;
use crate::load_balancer::LoadBalancer;
use crate::manifest::Field;
use crate::path::arrival::Onward;
use crate::path::hop::ProxyVersion;
use std::net::IpAddr;

/// Returns the configuration that passes TCP on.
pub(super) fn passing(balancer: &LoadBalancer, version: ProxyVersion) -> OutsideFile {
    let mut fields = fields(balancer);
    fields.push(("send", sends(version).into()));
    file("outside/haproxy.cfg", fields)
}

/// Returns the configuration that ends TLS.
pub(super) fn ending(balancer: &LoadBalancer, onward: Onward, shows: bool) -> OutsideFile {
    let mut fields = fields(balancer);
    let (peer, authority) = match onward {
        Onward::Plain => (None, None),
        Onward::Tls => (Some("Traefik"), Some("traefik-ca.crt")),
        Onward::ToHttpd => (Some("httpd"), Some("httpd-ca.crt")),
    };
    fields.push(("peer", peer.into()));
    fields.push(("authority", authority.into()));
    fields.push(("shows", Field::Bool(shows)));
    file("outside/haproxy-tls.cfg", fields)
}

fn file(template: &'static str, fields: Vec<(&'static str, Field)>) -> OutsideFile {
    OutsideFile {
        path: "haproxy/haproxy.cfg".to_owned(),
        text: Text::Template(template, fields),
    }
}

fn fields(balancer: &LoadBalancer) -> Vec<(&'static str, Field)> {
    let nodes = balancer.nodes.iter().zip(1..);
    let nodes = nodes.map(|(node, number)| (format!("node{number}"), in_brackets(*node).into()));
    vec![
        ("silence", ReadTimeout::DEFAULT.to_string().into()),
        ("bind", balancer.address.map(in_brackets).into()),
        ("nodes", Field::Map(nodes.collect())),
    ]
}

/// Returns the word by which a server of HAProxy gets the PROXY protocol.
pub(super) fn sends(version: ProxyVersion) -> &'static str {
    match version {
        ProxyVersion::V1 => "send-proxy",
        ProxyVersion::V2 => "send-proxy-v2",
    }
}

/// Writes an address as it is written before the port.
fn in_brackets(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
