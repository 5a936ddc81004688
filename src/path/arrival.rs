//! How requests get from browsers to the ingress: the hop before it, and what the ingress must know of that hop.

use super::expand::TopologyName;
use super::hop::ProxyVersion;
use crate::cidr::Cidr;
use crate::fault::Fault;
use crate::load_balancer::{BalancerKind, LoadBalancer, ServiceRequest};

/// How requests get from browsers to the ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// From browsers themselves.
    Direct,
    /// Through a load balancer that passes connections on without opening them.
    Passed {
        /// The load balancer.
        balancer: LoadBalancer,
        /// The version of the PROXY protocol by which it says where a connection comes from; none where the ingress sees
        /// that itself.
        proxy: Option<ProxyVersion>,
    },
    /// Through a load balancer that ends the TLS of browsers, and says in `X-Forwarded-For` where they are.
    Ended {
        /// The load balancer.
        balancer: LoadBalancer,
        /// What it speaks from there on.
        onward: Onward,
    },
}

/// What a load balancer that ends the TLS of browsers speaks from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onward {
    /// Plain http to the ingress.
    Plain,
    /// TLS to the ingress, whose certificate it verifies.
    Tls,
    /// TLS to the httpd, whose certificate it verifies and which asks it for one; the ingress passes it on.
    ToHttpd,
}

/// Which of the words about an arrival is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// The topology, with this load balancer or without one.
    Topology,
    /// The peers that are trusted.
    Trusted,
    /// The version of the PROXY protocol.
    ProxyProtocol,
}

/// Why a topology cannot be had with a load balancer, and what can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What of it is wrong.
    pub aspect: Aspect,
    /// Why not.
    pub why: String,
    /// What to do instead.
    pub instead: String,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.why).help(refusal.instead)
    }
}

impl Arrival {
    /// Returns how requests arrive in a topology, through a load balancer if there is one.
    ///
    /// # Errors
    /// What the load balancer cannot do, or must not.
    pub fn new(topology: TopologyName, balancer: Option<&LoadBalancer>) -> Result<Self, Refusal> {
        let Some(balancer) = balancer else {
            return match topology {
                TopologyName::Direct | TopologyName::Passthrough => Ok(Self::Direct),
                TopologyName::TcpProxy
                | TopologyName::Offload
                | TopologyName::Inspect
                | TopologyName::InspectTwice => Err(Refusal {
                    aspect: Aspect::Topology,
                    why: format!(
                        "`{}` has a load balancer before Traefik, and none is named",
                        topology.as_str()
                    ),
                    instead: format!("name its kind: {}; or use `direct`", kinds(topology)),
                }),
            };
        };
        can(topology, balancer.kind)?;
        match topology {
            TopologyName::Offload => return Self::ended(balancer, Onward::Plain),
            TopologyName::Inspect => return Self::ended(balancer, Onward::ToHttpd),
            TopologyName::InspectTwice => return Self::ended(balancer, Onward::Tls),
            TopologyName::Direct | TopologyName::TcpProxy | TopologyName::Passthrough => {}
        }
        let proxy = proxy(balancer)?;
        if proxy.is_some() && balancer.trusted.is_empty() {
            return Err(Refusal {
                aspect: Aspect::Trusted,
                why: format!(
                    "nothing says which peers the PROXY header of {} is to be believed from",
                    balancer.kind.title()
                ),
                instead: format!("name {}", balancer.kind.peers()),
            });
        }
        if proxy.is_none() && !balancer.trusted.is_empty() {
            return Err(Refusal {
                aspect: Aspect::Trusted,
                why: format!(
                    "{} sends nothing that is to be believed",
                    balancer.kind.title()
                ),
                instead: "leave out the trusted addresses: Traefik sees those of browsers itself"
                    .to_owned(),
            });
        }
        Ok(Self::Passed {
            balancer: balancer.clone(),
            proxy,
        })
    }

    fn ended(balancer: &LoadBalancer, onward: Onward) -> Result<Self, Refusal> {
        let title = balancer.kind.title();
        if balancer.proxy_protocol.is_some() {
            return Err(Refusal {
                aspect: Aspect::ProxyProtocol,
                why: format!(
                    "{title} says in `X-Forwarded-For` where a browser is, as it ends TLS"
                ),
                instead: "leave it out".to_owned(),
            });
        }
        if balancer.trusted.is_empty() {
            return Err(Refusal {
                aspect: Aspect::Trusted,
                why: format!(
                    "nothing says which peers the `X-Forwarded-For` of {title} is to be believed from"
                ),
                instead: format!("name {}", balancer.kind.peers()),
            });
        }
        Ok(Self::Ended {
            balancer: balancer.clone(),
            onward,
        })
    }

    /// Returns the load balancer, if there is one.
    #[must_use]
    pub fn balancer(&self) -> Option<&LoadBalancer> {
        match self {
            Self::Direct => None,
            Self::Passed { balancer, .. } | Self::Ended { balancer, .. } => Some(balancer),
        }
    }

    /// Refuses to have cert-manager ask for the certificate that browsers see where a load balancer shows them its own.
    ///
    /// # Errors
    /// Why nobody would see it.
    pub fn check_asked(&self) -> Result<(), Fault> {
        let Self::Ended { balancer, .. } = self else {
            return Ok(());
        };
        let fault = Fault::new(format!(
            "{} shows its certificate to browsers, and reads no Secret of the cluster",
            balancer.kind.title()
        ));
        Err(fault.help("use a topology in which TLS ends in the cluster, or `mode: own`"))
    }

    /// Returns whose PROXY header the ingress believes.
    #[must_use]
    pub fn announcing(&self) -> &[Cidr] {
        match self {
            Self::Passed {
                balancer,
                proxy: Some(_),
            } => &balancer.trusted,
            Self::Direct | Self::Passed { .. } | Self::Ended { .. } => &[],
        }
    }

    /// Returns whose `X-Forwarded-*` the ingress believes.
    #[must_use]
    pub fn forwarding(&self) -> &[Cidr] {
        match self {
            Self::Ended {
                balancer,
                onward: Onward::Plain | Onward::Tls,
            } => &balancer.trusted,
            Self::Direct | Self::Passed { .. } | Self::Ended { .. } => &[],
        }
    }

    /// Returns where the connections of a load balancer come from that ends TLS.
    #[must_use]
    pub fn ending(&self) -> &[Cidr] {
        match self {
            Self::Ended { balancer, .. } => &balancer.trusted,
            Self::Direct | Self::Passed { .. } => &[],
        }
    }

    /// Returns whether requests come to the ingress without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Ended {
                onward: Onward::Plain,
                ..
            }
        )
    }

    /// Returns whether a load balancer ends the TLS of browsers and begins another to the httpd.
    #[must_use]
    pub fn meets_httpd(&self) -> bool {
        matches!(
            self,
            Self::Ended {
                onward: Onward::ToHttpd,
                ..
            }
        )
    }

    /// Returns whose word on a browser's address the ingress believes, by whatever says it.
    pub fn trusted(&self) -> impl Iterator<Item = &Cidr> {
        self.announcing().iter().chain(self.forwarding())
    }

    /// Returns what the Service of the ingress says, where that asks for the load balancer.
    #[must_use]
    pub fn service(&self) -> Option<ServiceRequest> {
        match self {
            Self::Direct | Self::Ended { .. } => None,
            Self::Passed { balancer, proxy } => ServiceRequest::new(balancer, *proxy),
        }
    }
}

/// Returns whether a kind of load balancer can do what a topology needs of it.
///
/// # Errors
/// Why it cannot.
pub fn can(topology: TopologyName, kind: BalancerKind) -> Result<(), Refusal> {
    let sends = !kind.proxy_versions().is_empty();
    match topology {
        TopologyName::Direct if sends => Err(Refusal {
            aspect: Aspect::Topology,
            why: format!(
                "without the PROXY protocol {} would hide the addresses of browsers from Traefik",
                kind.title()
            ),
            instead: "use `tcp-proxy`".to_owned(),
        }),
        TopologyName::TcpProxy if !sends => Err(Refusal {
            aspect: Aspect::Topology,
            why: format!(
                "{} does not send the PROXY protocol: it passes packets on, and Traefik sees the addresses of browsers itself",
                kind.title()
            ),
            instead: "use `direct` with it".to_owned(),
        }),
        TopologyName::Direct | TopologyName::TcpProxy | TopologyName::Passthrough => Ok(()),
        TopologyName::Offload | TopologyName::Inspect | TopologyName::InspectTwice => {
            kind.ends_tls().map_err(|why| Refusal {
                aspect: Aspect::Topology,
                why: why.to_owned(),
                instead: format!(
                    "use one that does: {}",
                    named(|kind| kind.ends_tls().is_ok())
                ),
            })
        }
    }
}

/// Returns the version of the PROXY protocol that a load balancer sends.
fn proxy(balancer: &LoadBalancer) -> Result<Option<ProxyVersion>, Refusal> {
    let able = balancer.kind.proxy_versions();
    match balancer.proxy_protocol {
        None => Ok(able.first().copied()),
        Some(version) if able.contains(&version) => Ok(Some(version)),
        Some(version) => Err(Refusal {
            aspect: Aspect::ProxyProtocol,
            why: format!(
                "{} does not send version {} of the PROXY protocol",
                balancer.kind.title(),
                version.number()
            ),
            instead: "leave it out".to_owned(),
        }),
    }
}

/// Lists the kinds of load balancers with which a topology can be had.
#[must_use]
pub fn kinds(topology: TopologyName) -> String {
    named(|kind| can(topology, kind).is_ok())
}

/// Lists the kinds that are able to do something.
fn named(is_able: impl Fn(BalancerKind) -> bool) -> String {
    let able = BalancerKind::ALL.iter().filter(|kind| is_able(**kind));
    let names: Vec<String> = able.map(|kind| format!("`{}`", kind.name())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balancer(kind: BalancerKind, trusted: &[&str]) -> LoadBalancer {
        LoadBalancer {
            kind,
            trusted: trusted
                .iter()
                .map(|text| Cidr::parse(text).unwrap())
                .collect(),
            proxy_protocol: None,
            address: None,
            nodes: Vec::new(),
        }
    }

    #[test]
    fn each_topology_is_had_with_each_load_balancer_or_refused_with_the_way_out() {
        let mut lines = Vec::new();
        for topology in TopologyName::ALL {
            let kinds = BalancerKind::ALL.iter().map(|kind| Some(*kind));
            for kind in std::iter::once(None).chain(kinds) {
                let trusted: &[&str] = match kind {
                    Some(BalancerKind::MetalLb) | None => &[],
                    Some(_) => &["10.0.0.0/20"],
                };
                let balancer = kind.map(|kind| balancer(kind, trusted));
                let arrival = Arrival::new(*topology, balancer.as_ref());
                let said = match arrival {
                    Ok(Arrival::Direct) => "from browsers".to_owned(),
                    Ok(Arrival::Ended { onward, .. }) => format!("ended, {onward:?}"),
                    Ok(Arrival::Passed { proxy, .. }) => {
                        format!("PROXY {:?}", proxy.map(ProxyVersion::number))
                    }
                    Err(refusal) => {
                        assert!(!refusal.instead.is_empty());
                        format!("no: {:?}", refusal.aspect)
                    }
                };
                let kind = kind.map_or("none", BalancerKind::name);
                lines.push(format!("{} {kind}: {said}", topology.as_str()));
            }
        }
        assert_eq!(
            lines,
            [
                "direct none: from browsers",
                "direct openstack: no: Topology",
                "direct ovh-mks: no: Topology",
                "direct metallb: PROXY None",
                "direct haproxy: no: Topology",
                "direct terraform: no: Topology",
                "tcp-proxy none: no: Topology",
                "tcp-proxy openstack: PROXY Some(2)",
                "tcp-proxy ovh-mks: PROXY Some(2)",
                "tcp-proxy metallb: no: Topology",
                "tcp-proxy haproxy: PROXY Some(2)",
                "tcp-proxy terraform: PROXY Some(2)",
                "passthrough none: from browsers",
                "passthrough openstack: PROXY Some(2)",
                "passthrough ovh-mks: PROXY Some(2)",
                "passthrough metallb: PROXY None",
                "passthrough haproxy: PROXY Some(2)",
                "passthrough terraform: PROXY Some(2)",
                "offload none: no: Topology",
                "offload openstack: no: Topology",
                "offload ovh-mks: no: Topology",
                "offload metallb: no: Topology",
                "offload haproxy: ended, Plain",
                "offload terraform: ended, Plain",
                "inspect none: no: Topology",
                "inspect openstack: no: Topology",
                "inspect ovh-mks: no: Topology",
                "inspect metallb: no: Topology",
                "inspect haproxy: ended, ToHttpd",
                "inspect terraform: ended, ToHttpd",
                "inspect-twice none: no: Topology",
                "inspect-twice openstack: no: Topology",
                "inspect-twice ovh-mks: no: Topology",
                "inspect-twice metallb: no: Topology",
                "inspect-twice haproxy: ended, Tls",
                "inspect-twice terraform: ended, Tls",
            ]
        );
    }

    #[test]
    fn a_proxy_header_that_nobody_is_trusted_for_is_refused() {
        let nobody = balancer(BalancerKind::OpenStack, &[]);
        let refusal = Arrival::new(TopologyName::TcpProxy, Some(&nobody)).unwrap_err();
        assert_eq!(refusal.aspect, Aspect::Trusted);
        assert!(
            refusal.instead.contains("openstack subnet show"),
            "{refusal:?}"
        );
        let trusting = balancer(BalancerKind::MetalLb, &["10.0.0.0/20"]);
        let refusal = Arrival::new(TopologyName::Direct, Some(&trusting)).unwrap_err();
        assert_eq!(refusal.aspect, Aspect::Trusted);
    }

    #[test]
    fn what_is_trusted_is_what_the_load_balancer_sends_from() {
        let octavia = balancer(BalancerKind::OpenStack, &["10.0.0.0/20", "2001:db8::/64"]);
        let arrival = Arrival::new(TopologyName::TcpProxy, Some(&octavia)).unwrap();
        assert_eq!(arrival.announcing(), octavia.trusted);
        let metallb = balancer(BalancerKind::MetalLb, &[]);
        let arrival = Arrival::new(TopologyName::Direct, Some(&metallb)).unwrap();
        assert_eq!(arrival.trusted().count(), 0);
    }
}
