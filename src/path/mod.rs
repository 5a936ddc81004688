//! The path of a request: which hops it passes, what each of them is spoken to and what it speaks.
//!
//! [`read`] follows the objects of a [`Cluster`] to the paths that they make. What a hop shows and trusts is named here and
//! judged nowhere: `status`, `probe` and `lint` ask these paths.
//!
//! | I want to … | open … |
//! |---|---|
//! | know what a hop is | [`hop`] |
//! | see how Traefik's objects become paths | [`traefik`] |
//! | know which of its routes takes a request | [`choose`], [`fit`]; [`please`] finds a request that one takes |
//! | know at which entry points it answers, and where it speaks TLS there | [`entrances`] |
//! | see how an Ingress does | `ingress` |
//! | see how those of the Gateway API and of Istio do | [`gateways`] |
//! | see how the files of a Traefik outside of a cluster do | [`files`] |
//! | know which path an instance is to have | [`expand`]; how requests get to the ingress: [`arrival`]; of a Gateway: [`shared_gateway`], [`shared_istio`] |
//! | know in which order hops change from one path to another | [`moving`] |
//! | ask whether the hops of a path fit | [`check`]; what its httpd may show: [`served`] |
//! | know where a gateway of Istio reads a Secret | [`pods`] |
//! | add a way in | a file beside these, and its line in [`read`] |

pub mod arrival;
pub mod check;
pub mod choose;
pub mod entrances;
pub mod expand;
pub mod files;
pub mod fit;
pub mod gateways;
pub mod hop;
mod ingress;
pub mod moving;
pub mod please;
pub mod pods;
pub mod request;
pub mod secrets;
pub mod served;
pub mod shared_gateway;
pub mod shared_istio;
pub mod traefik;

use crate::cluster::naming::Naming;
use crate::cluster::{Cluster, Object};
use crate::yaml::At;
use entrances::Entrances;
use hop::{Front, Httpd, Inward, Known, Outward, ProxyVersion};
use traefik::Reached;

/// The path of the requests for some hosts to one Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The hosts, in lower case; none if the rule names none.
    pub hosts: Vec<String>,
    /// What answers browsers, or passes them on.
    pub front: Front,
    /// What comes in there.
    pub inward: Inward,
    /// What goes out.
    pub outward: Outward,
    /// The version of the PROXY protocol that goes before it.
    pub proxy: Option<ProxyVersion>,
    /// Where it ends; nothing if the rule leads to no Service.
    pub httpd: Option<Httpd>,
}

/// A path, and the objects that make it.
#[derive(Debug, Clone)]
pub struct Routed<'a> {
    /// The path.
    pub path: Path,
    /// The kind of route.
    pub way_in: WayIn,
    /// The route.
    pub route: &'a Object,
    /// Which of its rules it is, from 0.
    pub rule: usize,
    /// Where it says for which hosts.
    pub matched: Field,
    /// The object that names the Service, and where; a TraefikService may be between.
    pub named: Option<(&'a Object, Field)>,
    /// How one of Traefik's own kinds names the Service.
    pub reached: Option<Reached<'a>>,
    /// What says how the httpd is verified, such as a ServersTransport; nothing if the route names none.
    pub transport: Known<Option<&'a Object>>,
}

/// A way in, by the kind of object that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayIn {
    /// Traefik's route for http.
    IngressRoute,
    /// Traefik's route for TCP.
    IngressRouteTcp,
    /// Ingress of Kubernetes, where Traefik serves it.
    Ingress,
    /// HTTPRoute of the Gateway API.
    HttpRoute,
    /// TLSRoute of the Gateway API.
    TlsRoute,
    /// Istio's VirtualService.
    VirtualService,
}

impl WayIn {
    /// Returns whether it is of Traefik's own kinds, or of Ingress.
    #[must_use]
    pub fn is_of_traefik(self) -> bool {
        match self {
            Self::IngressRoute | Self::IngressRouteTcp | Self::Ingress => true,
            Self::HttpRoute | Self::TlsRoute | Self::VirtualService => false,
        }
    }
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it is in the file.
    pub at: At,
    /// Its path, such as `spec.routes[0].match`.
    pub path: String,
}

/// Follows all routes of the objects, in their order, as a Traefik of these names and entry points does.
#[must_use]
pub fn read<'a>(cluster: &'a Cluster, naming: Naming, entrances: &Entrances) -> Vec<Routed<'a>> {
    let mut paths = traefik::read(cluster, naming, entrances);
    paths.extend(ingress::read(cluster, naming));
    paths.extend(gateways::read(cluster));
    paths
}
