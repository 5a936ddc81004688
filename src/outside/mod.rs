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
    let Arrival::Passed {
        balancer,
        proxy: Some(version),
    } = arrival
    else {
        return Vec::new();
    };
    match balancer.kind {
        BalancerKind::HaProxy => vec![haproxy::file(balancer, *version)],
        BalancerKind::Terraform => vec![terraform::file(fleet, balancer, *version)],
        BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => Vec::new(),
    }
}

/// Returns what a load balancer that no Service asks for is set to so that it sends a version of the PROXY protocol: the
/// key and its value.
#[must_use]
pub fn proxy_setting(
    kind: BalancerKind,
    version: ProxyVersion,
) -> Option<(&'static str, &'static str)> {
    match kind {
        BalancerKind::HaProxy => Some(("server", haproxy::sends(version))),
        BalancerKind::Terraform => Some((
            "openstack_lb_pool_v2.protocol",
            terraform::pool_protocol(version),
        )),
        BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => None,
    }
}
