//! The path that an instance is to have.

use super::Path;
use super::entrances::PLAIN;
use super::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Outward, Place, ProxyVersion, Shown,
    Trust,
};
use super::shared_istio::AnyGateway;
use crate::cluster::scope::Scope;
use crate::fault::Fault;
use crate::instance::Instance;
use crate::kinds::traefik::Port;
use crate::values::Settings;

/// A way in from browsers to an httpd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// The ingress ends the TLS of browsers with the wildcard certificate and begins its own, which trusts the CA of the
    /// instance.
    Direct,
    /// The same behind a load balancer that passes the TLS of browsers on and says where they are.
    TcpProxy,
    /// The ingress passes the TLS of browsers on to the httpd, by the name that they ask for.
    Passthrough {
        /// What tells the httpd where a connection comes from.
        proxy: Option<ProxyVersion>,
    },
    /// A load balancer ends the TLS of browsers and begins another to the httpd, which the ingress passes on and in which
    /// the httpd asks it for a certificate.
    Inspect {
        /// What tells the httpd where a connection comes from.
        proxy: Option<ProxyVersion>,
    },
    /// A load balancer ends the TLS of browsers and speaks plain http to the ingress, which goes on as in `Direct`.
    Offload,
    /// A load balancer ends the TLS of browsers and begins another to the ingress, which does as in `Direct`.
    InspectTwice,
}

/// Declares the names of the topologies: each with what it is, in short and in full.
macro_rules! topologies {
    ($($variant:ident = $name:literal, $short:literal, $full:literal;)*) => {
        /// A topology by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum TopologyName {
            $(#[doc = $full] $variant,)*
        }

        impl TopologyName {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// Their names.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Returns the name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the topology of a name.
            #[must_use]
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|topology| topology.as_str() == name)
            }

            /// Returns what it is, in a few words.
            #[must_use]
            pub fn short(self) -> &'static str {
                match self {
                    $(Self::$variant => $short,)*
                }
            }

            /// Returns what it is.
            #[must_use]
            pub fn full(self) -> &'static str {
                match self {
                    $(Self::$variant => $full,)*
                }
            }
        }
    };
}

topologies! {
    Direct = "direct", "Traefik ends TLS",
        "Traefik ends the TLS of browsers and begins another to httpd";
    TcpProxy = "tcp-proxy", "a load balancer passes TLS on to Traefik, which ends it",
        "a load balancer passes the TLS of browsers on to Traefik, unopened, with their addresses by the PROXY protocol; Traefik ends it and begins another to httpd";
    Passthrough = "passthrough", "Traefik passes TLS on",
        "Traefik passes the TLS of browsers on to httpd, unopened";
    Offload = "offload", "a load balancer ends TLS and speaks plain http to Traefik",
        "a load balancer ends the TLS of browsers and speaks plain http to Traefik, which begins TLS to httpd";
    Inspect = "inspect", "a load balancer ends TLS and begins another to httpd, which Traefik passes on",
        "a load balancer ends the TLS of browsers and begins another to httpd, which Traefik passes on, unopened, and in which httpd asks for a certificate";
    InspectTwice = "inspect-twice", "a load balancer ends TLS and begins another to Traefik, which ends it",
        "a load balancer ends the TLS of browsers and begins another to Traefik, which ends it and begins a third to httpd";
}

impl TopologyName {
    /// Returns whether the ingress passes TLS on to the httpd.
    #[must_use]
    pub fn is_passed(self) -> bool {
        match self {
            Self::Passthrough | Self::Inspect => true,
            Self::Direct | Self::TcpProxy | Self::Offload | Self::InspectTwice => false,
        }
    }

    /// Refuses to pass the TLS of browsers on to an httpd of which nothing says what it shows to them.
    ///
    /// # Errors
    /// That its certificate is not named.
    pub fn check_certificate(self, is_named: bool) -> Result<(), Fault> {
        if is_named || self != Self::Passthrough {
            return Ok(());
        }
        Err(Fault::new(
            "TLS is passed on to the httpd, and nothing names the certificate that it shows to browsers",
        ))
    }

    /// Refuses a CA that is discarded after signing where a load balancer trusts it.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn check_custody(self, is_discarded: bool) -> Result<(), Fault> {
        if self != Self::Inspect || !is_discarded {
            return Ok(());
        }
        Err(Fault::new(
            "a CA that is discarded after signing is another one at each renewal, and the load balancer would have to learn of it first",
        ))
    }

    /// Refuses answers to a CA at port 80 where requests at that port get to the httpd in the end.
    ///
    /// # Errors
    /// Why the CA gets none.
    pub fn check_answers(self, is_by_http: bool) -> Result<(), Fault> {
        if !is_by_http || !self.is_passed() {
            return Ok(());
        }
        let fault = Fault::new(
            "no CA gets an answer at port 80 of this instance: Traefik sends it on to https, and that to the httpd",
        );
        Err(fault.help("use `challenge: dns-01` under `spec.publicCertificate.acme`"))
    }

    /// Returns the topology; `proxy` tells the httpd where a connection comes from, if TLS is passed on to it.
    #[must_use]
    pub fn with(self, proxy: Option<ProxyVersion>) -> Topology {
        match self {
            Self::Direct => Topology::Direct,
            Self::TcpProxy => Topology::TcpProxy,
            Self::Passthrough => Topology::Passthrough { proxy },
            Self::Offload => Topology::Offload,
            Self::Inspect => Topology::Inspect { proxy },
            Self::InspectTwice => Topology::InspectTwice,
        }
    }
}

impl Topology {
    /// What tells an httpd, to which TLS is passed on, where a connection comes from, unless something else is asked for.
    pub const TO_HTTPD: Option<ProxyVersion> = Some(ProxyVersion::V2);

    /// Returns the topology of a name, with what tells the next hop where a connection comes from.
    ///
    /// # Errors
    /// A PROXY protocol where none is sent.
    pub fn of(name: TopologyName, proxy: Option<ProxyVersion>) -> Result<Self, Fault> {
        let what = match (name, proxy) {
            (TopologyName::Direct, Some(_)) => {
                "where browsers reach Traefik and it ends TLS, nothing sends the PROXY protocol"
            }
            (TopologyName::Offload | TopologyName::InspectTwice, Some(_)) => {
                "where a load balancer ends TLS, it says in `X-Forwarded-For` where a browser is"
            }
            (_, None)
            | (
                TopologyName::TcpProxy | TopologyName::Passthrough | TopologyName::Inspect,
                Some(_),
            ) => {
                return Ok(name.with(proxy));
            }
        };
        Err(Fault::new(what).help("leave it out, or use another topology"))
    }

    /// Refuses to ask clients for a certificate where nothing in the cluster ends TLS, and not to ask where anyone could
    /// pass for the load balancer.
    ///
    /// # Errors
    /// Why nothing can ask for one, or must.
    pub fn check_clients(self, is_asked: bool) -> Result<(), Fault> {
        match self {
            Self::Direct | Self::TcpProxy | Self::Passthrough { .. } | Self::InspectTwice => Ok(()),
            Self::Inspect { .. } if is_asked => Ok(()),
            Self::Inspect { .. } => Err(Fault::new(
                "nothing says which CA signs the certificate that the load balancer shows to httpd: without one, whoever reaches httpd passes for the load balancer",
            )),
            Self::Offload if !is_asked => Ok(()),
            Self::Offload => {
                let fault = Fault::new(
                    "nothing in the cluster can ask clients for a certificate: the load balancer speaks plain http to Traefik",
                );
                Err(fault.help("have the load balancer ask, or use `inspect-twice`"))
            }
        }
    }

    /// Refuses entry points that are chosen where only one answers.
    ///
    /// # Errors
    /// Why they cannot be chosen.
    pub fn check_entry_points(self, names: &[String]) -> Result<(), Fault> {
        let is_chosen = names != Settings::default().entry_points && names != [PLAIN];
        if self != Self::Offload || !is_chosen {
            return Ok(());
        }
        let what = format!(
            "entry points cannot be chosen with `offload`: the load balancer speaks plain http to `{PLAIN}`"
        );
        Err(Fault::new(what).help("leave out `entryPoints`"))
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> TopologyName {
        match self {
            Self::Direct => TopologyName::Direct,
            Self::TcpProxy => TopologyName::TcpProxy,
            Self::Passthrough { .. } => TopologyName::Passthrough,
            Self::Offload => TopologyName::Offload,
            Self::Inspect { .. } => TopologyName::Inspect,
            Self::InspectTwice => TopologyName::InspectTwice,
        }
    }
}

/// Returns the path of an instance: by Traefik's own objects, or at the gateway that instances share.
#[must_use]
pub fn expand(topology: Topology, instance: &Instance, gateway: Option<&AnyGateway>) -> Path {
    let settings = &instance.settings;
    let place = |name: &str| Place {
        scope: Scope::Namespace(instance.namespace.to_string()),
        name: name.to_owned(),
    };
    let (inward, outward, proxy) = match topology {
        Topology::Direct | Topology::TcpProxy | Topology::Offload | Topology::InspectTwice => {
            let inward = match topology {
                Topology::Offload => Inward::Plain,
                _ => Inward::Tls(match (&instance.extras.asked, gateway) {
                    (_, Some(gateway)) => Shown::Secrets(vec![gateway.certificate()]),
                    (Some(asked), None) => Shown::Secrets(vec![place(asked.secret.as_str())]),
                    (None, None) => Shown::Store,
                }),
            };
            let authorities = instance.trusted().into_iter().map(|at| {
                let own = place(at.secret.as_str());
                let (is_secret, place, keys) = match gateway {
                    None => (true, own, Keys::Traefik),
                    Some(AnyGateway::Api(_)) => (false, own, Keys::GatewayApi),
                    Some(AnyGateway::Istio(istio)) => (true, istio.secret(instance), Keys::Istio),
                };
                Authority {
                    is_secret,
                    place,
                    keys,
                }
            });
            let client = Client {
                // Without a name Go checks the certificate against the pod's address.
                expects: Some(instance.host().to_string()),
                trusts: Trust::Authorities(authorities.collect()),
                shows: instance.extras.client_auth.then(|| match gateway {
                    Some(AnyGateway::Istio(istio)) => istio.secret(instance),
                    _ => place(settings.client_secret.as_str()),
                }),
            };
            (inward, Outward::Tls(client), None)
        }
        Topology::Passthrough { proxy } | Topology::Inspect { proxy } => {
            (Inward::PassedThrough, Outward::PassedThrough, proxy)
        }
    };
    Path {
        hosts: instance.hosts.iter().map(ToString::to_string).collect(),
        front: Front {
            kind: match gateway {
                Some(AnyGateway::Istio(_)) => FrontKind::Istio,
                Some(AnyGateway::Api(_)) | None => FrontKind::Traefik,
            },
            gateway: gateway.map(|gateway| gateway.place().to_string()),
        },
        inward,
        outward,
        proxy,
        httpd: Some(Httpd {
            service: place(settings.names.service.as_str()),
            port: Some(Port::Number(settings.port.into())),
            share: 1,
        }),
    }
}
