//! What is before the cluster and not in it: files for machines of one's own, and for a cloud that no Service asks.
//!
//! A new one is a module beside this one, and an arm in [`files`].

mod haproxy;
pub mod terraform;
pub mod traefik;

use crate::load_balancer::{BalancerKind, LoadBalancer};
use crate::manifest::Field;
use crate::path::arrival::{Arrival, Onward};
use crate::path::hop::ProxyVersion;
use serde_json::Value;
use traefik::FileText;

/// A file that is not for the cluster.
#[derive(Debug)]
pub struct OutsideFile {
    /// Its path below the folder of such files.
    pub path: String,
    /// What it says.
    pub text: Text,
}

/// What a file says.
#[derive(Debug)]
pub enum Text {
    /// A template and what it places.
    Template(&'static str, Vec<(&'static str, Field)>),
    /// The same of YAML.
    Yaml(FileText),
    /// A mapping in JSON.
    Json(Value),
}

/// What a load balancer does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It passes it on, behind a header of the PROXY protocol.
    Passed(ProxyVersion),
    /// It ends its TLS.
    Ended {
        /// What it speaks from there on.
        onward: Onward,
        /// Whether it has a certificate to show to the next hop.
        shows: bool,
    },
}

impl Link {
    /// Returns what is done as requests arrive, and by which load balancer; nothing where connections stay as they are.
    fn of(arrival: &Arrival, is_asked: bool) -> Option<(&LoadBalancer, Self)> {
        match arrival {
            Arrival::Passed { balancer, proxy } => Some((balancer, Self::Passed((*proxy)?))),
            Arrival::Ended { balancer, onward } => {
                let onward = *onward;
                let shows = is_asked && onward != Onward::Plain;
                Some((balancer, Self::Ended { onward, shows }))
            }
            Arrival::Direct => None,
        }
    }
}

/// Returns the files of what is before the cluster of a fleet, where a person and no Service sets it up; `is_asked` says
/// whether an instance asks its clients for a certificate.
#[must_use]
pub fn files(fleet: &str, arrival: &Arrival, is_asked: bool) -> Vec<OutsideFile> {
    let Some((balancer, link)) = Link::of(arrival, is_asked) else {
        return Vec::new();
    };
    match balancer.kind {
        BalancerKind::HaProxy => vec![match link {
            Link::Passed(version) => haproxy::passing(balancer, version),
            Link::Ended { onward, shows } => haproxy::ending(balancer, onward, shows),
        }],
        BalancerKind::Terraform => vec![terraform::file(fleet, balancer, link)],
        BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => Vec::new(),
    }
}

/// Returns what a load balancer that no Service asks for is set to, in the words of its file: each key with its value.
#[must_use]
pub fn settings(arrival: &Arrival) -> Vec<(&'static str, &'static str)> {
    let Some((balancer, link)) = Link::of(arrival, false) else {
        return Vec::new();
    };
    match (balancer.kind, link) {
        (_, Link::Ended { .. }) => FORWARDED.into(),
        (BalancerKind::HaProxy, Link::Passed(version)) => {
            vec![("server", haproxy::sends(version))]
        }
        (BalancerKind::Terraform, Link::Passed(version)) => vec![(
            "openstack_lb_pool_v2.protocol",
            terraform::pool_protocol(version),
        )],
        (BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb, _) => Vec::new(),
    }
}

/// What a load balancer that ends TLS says of a request.
const FORWARDED: [(&str, &str); 3] = [
    ("X-Forwarded-For", "the address of the browser"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Port", "443"),
];
