//! What is before the cluster and not in it: files for machines of one's own, and for a cloud that no Service asks.
//!
//! A new one is a module beside this one, and an arm in [`files`].

mod haproxy;
mod terraform;

use crate::load_balancer::BalancerKind;
use crate::manifest::Field;
use crate::path::arrival::Arrival;
use crate::path::hop::ProxyVersion;
use serde_json::Value;

/// A file that is not for the cluster.
#[derive(Debug)]
pub struct OutsideFile {
    /// Its path below the folder of such files.
    pub path: &'static str,
    /// What it says.
    pub text: Text,
}

/// What a file says.
#[derive(Debug)]
pub enum Text {
    /// A template and what it places.
    Template(&'static str, Vec<(&'static str, Field)>),
    /// A mapping in JSON.
    Json(Value),
}

/// Returns the files of what is before the cluster of a fleet, where a person and no Service sets it up.
#[must_use]
pub fn files(fleet: &str, arrival: &Arrival) -> Vec<OutsideFile> {
    let (balancer, link) = match arrival {
        Arrival::Passed {
            balancer,
            proxy: Some(version),
        } => (balancer, Link::Passed(*version)),
        Arrival::Ended { balancer } => (balancer, Link::Ended),
        Arrival::Direct | Arrival::Passed { proxy: None, .. } => return Vec::new(),
    };
    match balancer.kind {
        BalancerKind::HaProxy => vec![match link {
            Link::Passed(version) => haproxy::passing(balancer, version),
            Link::Ended => haproxy::ending(balancer),
        }],
        BalancerKind::Terraform => vec![terraform::file(fleet, balancer, link)],
        BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => Vec::new(),
    }
}

/// What a load balancer does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It passes it on, behind a header of the PROXY protocol.
    Passed(ProxyVersion),
    /// It ends its TLS, and begins another.
    Ended,
}

/// Returns what a load balancer that no Service asks for is set to, in the words of its file: each key with its value.
#[must_use]
pub fn settings(arrival: &Arrival) -> Vec<(&'static str, &'static str)> {
    match arrival {
        Arrival::Passed {
            balancer,
            proxy: Some(version),
        } => match balancer.kind {
            BalancerKind::HaProxy => vec![("server", haproxy::sends(*version))],
            BalancerKind::Terraform => vec![(
                "openstack_lb_pool_v2.protocol",
                terraform::pool_protocol(*version),
            )],
            BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => Vec::new(),
        },
        Arrival::Ended { .. } => FORWARDED.into(),
        Arrival::Direct | Arrival::Passed { proxy: None, .. } => Vec::new(),
    }
}

/// What a load balancer that ends TLS says of a request.
const FORWARDED: [(&str, &str); 3] = [
    ("X-Forwarded-For", "the address of the browser"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Port", "443"),
];
