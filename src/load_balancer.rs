//! Load balancers before the ingress: which there are, what each can do, and what Kubernetes is to ask of it.
//!
//! A new kind is a variant here; the compiler names every `match` that misses it.

use crate::cidr::Cidr;
use crate::fault::{Fault, did_you_mean};
use crate::kinds::balancer::{METALLB_ADDRESS, OPENSTACK};
use crate::path::hop::ProxyVersion;
use std::net::IpAddr;

/// Declares the kinds: each with its name.
macro_rules! kinds {
    ($($(#[$about:meta])* $variant:ident = $name:literal;)*) => {
        /// What answers browsers before the ingress.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum BalancerKind {
            $($(#[$about])* $variant,)*
        }

        impl BalancerKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// Their names.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Returns the name by which users call it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// Octavia, asked by the cloud controller of OpenStack for a Service of type `LoadBalancer`.
    OpenStack = "openstack";
    /// Octavia of OVHcloud's managed Kubernetes.
    OvhMks = "ovh-mks";
    /// MetalLB, which leads an address to the nodes and passes packets on as they are.
    MetalLb = "metallb";
    /// HAProxy on a machine of one's own.
    HaProxy = "haproxy";
    /// Octavia, set up by Terraform.
    Terraform = "terraform";
}

impl BalancerKind {
    /// Names it for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenStack => "OpenStack Octavia",
            Self::OvhMks => "OVHcloud Octavia",
            Self::MetalLb => "MetalLB",
            Self::HaProxy => "HAProxy",
            Self::Terraform => "Octavia by Terraform",
        }
    }

    /// Parses a name.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let what = format!("`{}` is not a kind of load balancer", text.escape_debug());
            let help = match did_you_mean(text, Self::NAMES.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("use one of {}", Self::NAMES.join(", ")),
            };
            Fault::new(what).help(help)
        })
    }

    /// Returns the versions of the PROXY protocol that it can send, the one to take first; empty if it does not send a header.
    ///
    /// Octavia's cloud controller sends either (`pkg/openstack/loadbalancer.go`; `v1` and `v2` since 1.31, `true` is 1
    /// in all), OVHcloud's guide "Migrating from NGINX to Traefik on MKS" takes 2, MetalLB does not proxy, and HAProxy
    /// sends either (`send-proxy-v2`, `send-proxy`).
    #[must_use]
    pub fn proxy_versions(self) -> &'static [ProxyVersion] {
        match self {
            Self::OpenStack | Self::OvhMks | Self::HaProxy | Self::Terraform => {
                &[ProxyVersion::V2, ProxyVersion::V1]
            }
            Self::MetalLb => &[],
        }
    }

    /// Returns whether a Service of the cluster asks for it; else a person sets it up, with a file that is rendered.
    #[must_use]
    pub fn is_asked_for_by_service(self) -> bool {
        match self {
            Self::OpenStack | Self::OvhMks | Self::MetalLb => true,
            Self::HaProxy | Self::Terraform => false,
        }
    }

    /// Returns whether it ends TLS as a person sets it up here.
    ///
    /// A Service of OpenStack gets `X-Forwarded-For` with plain http behind it and no `X-Forwarded-Proto`
    /// (cloud-provider-openstack 1.36, `pkg/openstack/loadbalancer.go`; #3038), OVHcloud refuses
    /// `default-tls-container-ref` and `x-forwarded-for` (its guide on load balancers of MKS).
    ///
    /// # Errors
    /// Why it does not.
    pub fn ends_tls(self) -> Result<(), &'static str> {
        match self {
            Self::OpenStack => Err(
                "a Service of OpenStack cannot have its load balancer say that a browser came by TLS, nor verify Traefik",
            ),
            Self::OvhMks => Err("the load balancer of a Service of OVHcloud does not end TLS"),
            Self::MetalLb => Err("MetalLB does not end TLS: it passes packets on"),
            Self::HaProxy | Self::Terraform => Ok(()),
        }
    }

    /// Returns whether it can change what it does with connections, while those that are open go on.
    ///
    /// HAProxy's old process serves them to their end (`-sf`); Octavia makes another listener or pool for another
    /// protocol (both are immutable in its API, `listeners.inc` and `pools.inc`).
    #[must_use]
    pub fn turns_without_loss(self) -> bool {
        match self {
            Self::HaProxy => true,
            Self::OpenStack | Self::OvhMks | Self::MetalLb | Self::Terraform => false,
        }
    }

    /// Returns where the addresses are read from which its connections come.
    ///
    /// For OVHcloud: its guide on MKS, and ovh/public-cloud-roadmap#603 for networks that are public throughout.
    #[must_use]
    pub fn peers(self) -> &'static str {
        match self {
            Self::OpenStack | Self::Terraform => {
                "the subnet of the load balancer: `openstack loadbalancer show NAME -c vip_subnet_id`, then `openstack subnet show ID -c cidr`"
            }
            Self::OvhMks => {
                "the subnet of the private network; on a public one the annotation `lb.k8s.ovh.net/egress-ips` of Traefik's Service, or the public address of the gateway"
            }
            Self::MetalLb => "none: Traefik sees the addresses of browsers itself",
            Self::HaProxy => {
                "the addresses of its machine towards the nodes: `ip route get NODE` there says which (`src`)"
            }
        }
    }
}

/// A load balancer, as the user describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its kind.
    pub kind: BalancerKind,
    /// Where its connections come from: whose word on a browser's address counts.
    pub trusted: Vec<Cidr>,
    /// The version of the PROXY protocol that it is to send; without one, that of [`BalancerKind::proxy_versions`].
    pub proxy_protocol: Option<ProxyVersion>,
    /// The address at which browsers find it, where it is to keep one.
    pub address: Option<IpAddr>,
    /// The nodes that run Traefik, where it must be told.
    pub nodes: Vec<IpAddr>,
}

/// Parses the address of a load balancer.
///
/// # Errors
/// Anything but an IP address.
pub fn address(text: &str) -> Result<IpAddr, Fault> {
    text.parse().map_err(|_| {
        let what = format!("`{}` is not an IP address", text.escape_debug());
        Fault::new(what).help("write one such as `192.0.2.10` or `2001:db8::1`")
    })
}

/// What Traefik's Service says to get its load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceRequest {
    /// Annotations, in order.
    pub annotations: Vec<(String, String)>,
    /// `spec.loadBalancerIP`.
    pub address: Option<IpAddr>,
}

impl ServiceRequest {
    /// Asks for a load balancer that sends a version of the PROXY protocol, or none; nothing where no Service asks for it.
    ///
    /// Octavia needs a health monitor where only nodes with a pod of Traefik are to get connections: with the policy
    /// `Local` its cloud controller has it ask `/healthz` at the Service's `healthCheckNodePort`. The controller takes a
    /// floating IP that exists from `loadBalancerIP`; one that it created itself goes with the Service, unless
    /// `keep-floatingip` is true (cloud-provider-openstack 1.36.0, `pkg/openstack/loadbalancer.go`,
    /// `buildMonitorCreateOpts`, `ensureFloatingIP`, `ensureLoadBalancerDeleted`). MetalLB reads the address from an annotation.
    #[must_use]
    pub fn new(balancer: &LoadBalancer, proxy: Option<ProxyVersion>) -> Option<Self> {
        let of = |key: &str, value: &str| (format!("{OPENSTACK}{key}"), value.to_owned());
        match balancer.kind {
            BalancerKind::OpenStack | BalancerKind::OvhMks => {
                let mut annotations = Vec::new();
                annotations.extend(proxy.map(|version| match version {
                    ProxyVersion::V1 => of("proxy-protocol", "true"),
                    ProxyVersion::V2 => of("proxy-protocol", "v2"),
                }));
                annotations.push(of("enable-health-monitor", "true"));
                annotations.push(of("keep-floatingip", "true"));
                Some(Self {
                    annotations,
                    address: balancer.address,
                })
            }
            BalancerKind::MetalLb => {
                let address = balancer.address.map(|address| address.to_string());
                let annotation = address.map(|address| (METALLB_ADDRESS.to_owned(), address));
                Some(Self {
                    annotations: annotation.into_iter().collect(),
                    address: None,
                })
            }
            BalancerKind::HaProxy | BalancerKind::Terraform => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name_and_a_misspelt_one_is_guessed() {
        for kind in BalancerKind::ALL {
            assert_eq!(BalancerKind::parse(kind.name()).unwrap(), *kind);
        }
        let fault = BalancerKind::parse("ovhmks").unwrap_err();
        assert_eq!(fault.what, "`ovhmks` is not a kind of load balancer");
        assert_eq!(fault.help.as_deref(), Some("did you mean `ovh-mks`?"));
    }

    #[test]
    fn octavia_is_asked_for_the_version_in_the_words_of_its_controller() {
        let balancer = LoadBalancer {
            kind: BalancerKind::OvhMks,
            trusted: Vec::new(),
            proxy_protocol: None,
            address: "192.0.2.10".parse().ok(),
            nodes: Vec::new(),
        };
        for (version, value) in [(ProxyVersion::V1, "true"), (ProxyVersion::V2, "v2")] {
            let request = ServiceRequest::new(&balancer, Some(version)).unwrap();
            let first = request.annotations.first().unwrap();
            assert_eq!(first.0, "loadbalancer.openstack.org/proxy-protocol");
            assert_eq!(first.1, value);
            assert_eq!(request.address, balancer.address);
        }
    }
}
