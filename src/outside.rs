//! What is before the cluster and not in it: files for machines of one's own.
//!
//! A new one is a template below `templates/outside`, and an arm in [`files`].

use crate::chart::ReadTimeout;
use crate::load_balancer::{BalancerKind, LoadBalancer};
use crate::manifest::Field;
use crate::path::arrival::Arrival;
use crate::path::hop::ProxyVersion;
use std::net::IpAddr;

/// A file for a machine before the cluster.
#[derive(Debug)]
pub struct OutsideFile {
    /// Its path below the folder of such files.
    pub path: &'static str,
    /// Its template.
    pub template: &'static str,
    /// What the template places.
    pub fields: Vec<(&'static str, Field)>,
}

/// Returns the files of what is before the cluster, where a person and no Service sets it up.
#[must_use]
pub fn files(arrival: &Arrival) -> Vec<OutsideFile> {
    match arrival {
        Arrival::Passed { balancer, proxy } => match (balancer.kind, proxy) {
            (BalancerKind::HaProxy, Some(version)) => vec![haproxy(balancer, *version)],
            _ => Vec::new(),
        },
        Arrival::Direct => Vec::new(),
    }
}

/// Returns the configuration of HAProxy (2.4 and later: `option tcplog`, `send-proxy-v2`, `bind … v4v6`).
fn haproxy(balancer: &LoadBalancer, version: ProxyVersion) -> OutsideFile {
    let nodes = balancer.nodes.iter().zip(1..);
    let nodes = nodes.map(|(node, number)| (format!("node{number}"), in_brackets(*node).into()));
    OutsideFile {
        path: "haproxy/haproxy.cfg",
        template: "outside/haproxy.cfg",
        fields: vec![
            ("silence", ReadTimeout::DEFAULT.to_string().into()),
            ("bind", balancer.address.map(in_brackets).into()),
            ("nodes", Field::Map(nodes.collect())),
            ("send", sends(version).into()),
        ],
    }
}

/// Returns the word by which a server of HAProxy gets the PROXY protocol.
#[must_use]
pub fn sends(version: ProxyVersion) -> &'static str {
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
