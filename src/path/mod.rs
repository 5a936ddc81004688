//! The path of a request: which hops it passes, what each of them is spoken to and what it speaks.
//!
//! [`read`] follows the objects of a [`Cluster`] to the paths that they make. What a hop shows and trusts is named here and
//! judged nowhere: `status`, `probe` and `lint` ask these paths.
//!
//! | I want to … | open … |
//! |---|---|
//! | know what a hop is | [`hop`] |
//! | see how Traefik's objects become paths | `traefik` |
//! | see how those of the Gateway API and of Istio do | `gateways` |
//! | add a way in | a file beside these two, and its line in [`read`] |

mod gateways;
pub mod hop;
pub mod traefik;

use crate::cluster::{Cluster, Object};
use hop::{Front, Hop, Httpd};

/// The path of the requests for some hosts to one Service.
#[derive(Debug, Clone)]
pub struct Path<'a> {
    /// The object that says so.
    pub route: &'a Object,
    /// Which of its rules it is, from 0.
    pub rule: usize,
    /// The hosts, in lower case; none if the rule names none.
    pub hosts: Vec<String>,
    /// What answers browsers, or passes them on.
    pub front: Front,
    /// What comes in there, and what goes out.
    pub hop: Hop<'a>,
    /// Where it ends; nothing if the rule leads to no Service.
    pub httpd: Option<Httpd>,
}

/// Follows all routes of the objects, in their order.
#[must_use]
pub fn read(cluster: &Cluster) -> Vec<Path<'_>> {
    let mut paths = traefik::read(cluster);
    paths.extend(gateways::read(cluster));
    paths
}
