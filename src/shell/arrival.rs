//! Options that say how requests get to Traefik.

use super::error::Failure;
use super::listed;
use super::paths::Named;
use super::world;
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::load_balancer::{self, BalancerKind, LoadBalancer};
use civi_ingress::name::ObjectName;
use civi_ingress::path::arrival::{Arrival, Aspect, Refusal};
use civi_ingress::path::expand::{Topology, TopologyName};
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::pki::client_authorities::ClientAuthorities;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;
use std::sync::Arc;

/// The option with the CA of the clients that are let in.
const CLIENTS_CA: &str = "--clients-ca";

/// The way that requests take, but for the kind of the load balancer.
#[derive(Debug, Args)]
pub(super) struct ArrivalArguments {
    /// Way that requests take to an instance [default: direct]
    #[arg(long, value_name = "TOPOLOGY", value_parser = topologies(), help_heading = "Way in")]
    pub(super) topology: Option<TopologyName>,
    #[command(flatten)]
    peers: PeerArguments,
}

/// What is told of a load balancer, but for its kind.
#[derive(Debug, Args)]
pub(super) struct PeerArguments {
    /// Believe the load balancer at these addresses where a browser is [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        value_delimiter = ',',
        help_heading = "Way in"
    )]
    trusted: Vec<String>,
    /// Version of the PROXY protocol, wherever the topology has it [default: 2]
    #[arg(long, value_name = "VERSION", help_heading = "Way in")]
    proxy_protocol: Option<ProxyArgument>,
    /// Address of the load balancer, where it is to keep one
    #[arg(long, value_name = "ADDRESS", help_heading = "Way in")]
    load_balancer_address: Option<String>,
}

/// A version of the PROXY protocol, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProxyArgument {
    /// A line of text
    #[value(name = "1")]
    V1,
    /// A binary block
    #[value(name = "2")]
    V2,
    /// Not to an httpd to which TLS is passed on
    None,
}

impl ProxyArgument {
    /// Returns the version.
    pub(super) fn version(self) -> Option<ProxyVersion> {
        match self {
            Self::V1 => Some(ProxyVersion::V1),
            Self::V2 => Some(ProxyVersion::V2),
            Self::None => None,
        }
    }
}

/// The kind of the load balancer.
#[derive(Debug, Args)]
pub(super) struct BalancerArgument {
    /// Kind of the load balancer before Traefik
    #[arg(long, value_name = "KIND", value_parser = listed::BALANCERS, help_heading = "Way in")]
    pub(super) load_balancer: Option<String>,
}

/// The way that requests take to an instance, all of it.
#[derive(Debug, Args)]
pub(super) struct WayArguments {
    #[command(flatten)]
    arrival: ArrivalArguments,
    #[command(flatten)]
    balancer: BalancerArgument,
    #[command(flatten)]
    certificate: CertificateArgument,
    #[command(flatten)]
    pub(super) clients: ClientsArgument,
}

/// What httpd shows to browsers.
#[derive(Debug, Args)]
pub(super) struct CertificateArgument {
    /// Secret with the certificate that httpd shows to browsers, for passthrough
    #[arg(long, value_name = "SECRET", help_heading = "Way in")]
    public_certificate: Option<String>,
}

impl CertificateArgument {
    /// Returns the Secret, if one is named; where httpd shows browsers nothing, `instead` says what to do.
    ///
    /// # Errors
    /// A name that no Secret can have; one where httpd shows browsers nothing.
    pub(super) fn secret(
        &self,
        is_shown: bool,
        instead: &str,
    ) -> Result<Option<ObjectName>, Fault> {
        let option = |fault: Fault| fault.argument("--public-certificate");
        let Some(text) = &self.public_certificate else {
            return Ok(None);
        };
        let name = ObjectName::parse(text).map_err(option)?;
        if is_shown {
            return Ok(Some(name));
        }
        let fault = Fault::new(
            "httpd shows a certificate to browsers only where their TLS is passed on to it",
        );
        Err(option(fault.help(instead)))
    }
}

/// Refuses a topology whose httpd shows browsers a certificate that nothing names.
pub(super) fn check_certificate(topology: TopologyName, is_named: bool) -> Result<(), Fault> {
    topology.check_certificate(is_named).map_err(|fault| {
        fault.help("name its Secret, of type kubernetes.io/tls: `--public-certificate SECRET`")
    })
}

/// Who is let in.
#[derive(Debug, Args)]
pub(super) struct ClientsArgument {
    /// Let in only clients with a certificate of the CA in this file, wherever their TLS ends in the cluster
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Way in")]
    clients_ca: Option<PathBuf>,
}

impl ClientsArgument {
    /// Returns the file with the CA of the clients that are let in, by its option.
    pub(super) fn path(&self) -> Option<Named<'_>> {
        self.clients_ca.as_deref().map(|path| (CLIENTS_CA, path))
    }

    /// Reads the CA of the clients that are let in.
    pub(super) fn read(&self) -> Result<Option<Arc<ClientAuthorities>>, Failure> {
        let Some(path) = &self.clients_ca else {
            return Ok(None);
        };
        let text = world::read(path)?;
        let found = ClientAuthorities::parse(&text.content).map_err(|faults| {
            let faults = faults.into_iter().map(|fault| fault.file(&text.name));
            Failure::from(faults.collect::<Vec<_>>())
        })?;
        Ok(Some(Arc::new(found)))
    }

    /// Refuses the option where nothing in the cluster can ask for a certificate, and its absence where something must.
    pub(super) fn check(&self, topology: Topology) -> Result<(), Fault> {
        let checked = topology.check_clients(self.clients_ca.is_some());
        checked.map_err(|fault| {
            let fault = match self.clients_ca {
                Some(_) => fault,
                None => fault.help("name the file with that CA"),
            };
            fault.argument(CLIENTS_CA)
        })
    }
}

impl WayArguments {
    /// Returns whether any of its options is given.
    pub(super) fn is_given(&self) -> bool {
        self.arrival.is_given()
            || self.balancer.load_balancer.is_some()
            || self.certificate.public_certificate.is_some()
            || self.clients.clients_ca.is_some()
    }

    /// Returns the topology, and how requests arrive.
    pub(super) fn way(&self, faults: &mut Faults) -> Option<(Topology, Arrival)> {
        let topology = self.arrival.topology(faults);
        let kind = self.balancer.load_balancer.as_deref();
        let arrival = self.arrival.arrival(kind, faults);
        if let Some(topology) = topology {
            faults.keep(self.clients.check(topology));
        }
        topology.zip(arrival)
    }

    /// Returns whether TLS is passed on to the httpd.
    pub(super) fn is_passed(&self) -> bool {
        self.arrival.name().is_passed()
    }

    /// Returns whether browsers see the certificate of the httpd.
    pub(super) fn shows_httpd(&self) -> bool {
        self.arrival.name() == TopologyName::Passthrough
    }

    /// Refuses the absence of the certificate that httpd is to show to browsers.
    pub(super) fn check_certificate(&self) -> Result<(), Fault> {
        let is_named = self.certificate.public_certificate.is_some();
        check_certificate(self.arrival.name(), is_named)
    }

    /// Returns the Secret with the certificate that httpd shows to browsers, if one is named.
    ///
    /// # Errors
    /// As [`CertificateArgument::secret`].
    pub(super) fn public_certificate(&self) -> Result<Option<ObjectName>, Fault> {
        let instead = "add `--topology passthrough`, or leave this out";
        self.certificate.secret(self.shows_httpd(), instead)
    }
}

impl ArrivalArguments {
    /// Returns the name of the topology.
    pub(super) fn name(&self) -> TopologyName {
        self.topology.unwrap_or(TopologyName::Direct)
    }

    /// Returns whether any option of the way in is given.
    pub(super) fn is_given(&self) -> bool {
        self.topology.is_some() || self.peers.is_given()
    }

    /// Returns the topology.
    pub(super) fn topology(&self, faults: &mut Faults) -> Option<Topology> {
        faults.keep(self.peers.topology(self.name()))
    }

    /// Returns how requests arrive, through a load balancer of this kind if there is one.
    pub(super) fn arrival(&self, kind: Option<&str>, faults: &mut Faults) -> Option<Arrival> {
        let balancer = faults.keep_all(self.peers.balancer(self.name(), kind))?;
        let arrival = Arrival::new(self.name(), balancer.as_ref());
        let option = if self.topology.is_some() {
            "--topology"
        } else {
            "--load-balancer"
        };
        faults.keep(arrival.map_err(|refusal| refused(refusal, option)))
    }
}

/// Returns the fault of options that cannot be had together; `topology` is the one that names a topology.
pub(super) fn refused(refusal: Refusal, topology: &str) -> Fault {
    let option = match refusal.aspect {
        Aspect::Topology => topology,
        Aspect::Trusted => "--trusted",
        Aspect::ProxyProtocol => "--proxy-protocol",
    };
    Fault::from(refusal).argument(option)
}

impl PeerArguments {
    /// Returns whether any of its options is given.
    pub(super) fn is_given(&self) -> bool {
        !self.trusted.is_empty()
            || self.proxy_protocol.is_some()
            || self.load_balancer_address.is_some()
    }

    /// Returns the topology of a name.
    ///
    /// # Errors
    /// A PROXY protocol where none is sent.
    pub(super) fn topology(&self, name: TopologyName) -> Result<Topology, Fault> {
        let asked = self.proxy_protocol.map(ProxyArgument::version);
        let proxy = if name.is_passed() {
            asked.unwrap_or(Topology::TO_HTTPD)
        } else {
            asked.flatten()
        };
        Topology::of(name, proxy).map_err(|fault| fault.argument("--proxy-protocol"))
    }

    /// Returns the load balancer of this kind, if there is one.
    ///
    /// # Errors
    /// All that is wrong with what is told of it.
    pub(super) fn balancer(
        &self,
        name: TopologyName,
        kind: Option<&str>,
    ) -> Result<Option<LoadBalancer>, Vec<Fault>> {
        let mut faults = Faults::default();
        if name == TopologyName::TcpProxy && self.proxy_protocol == Some(ProxyArgument::None) {
            let fault = Fault::new(
                "without the PROXY protocol `tcp-proxy` hides the addresses of browsers",
            );
            faults.push(fault.help("use 1 or 2").argument("--proxy-protocol"));
        }
        let named = kind.and_then(|text| {
            let kind = BalancerKind::parse(text);
            faults.keep(kind.map_err(|fault| fault.argument("--load-balancer")))
        });
        let trusted = self.trusted.iter().filter_map(|text| {
            faults.keep(Cidr::parse(text).map_err(|fault| fault.argument("--trusted")))
        });
        let trusted: Vec<Cidr> = trusted.collect();
        let address = self.load_balancer_address.as_ref().and_then(|text| {
            let address = load_balancer::address(text);
            faults.keep(address.map_err(|fault| fault.argument("--load-balancer-address")))
        });
        if kind.is_none() {
            for (is_given, option) in [
                (!trusted.is_empty(), "--trusted"),
                (address.is_some(), "--load-balancer-address"),
            ] {
                if is_given {
                    let fault = Fault::new("there is no load balancer that this could be about");
                    let help = "name its kind with `--load-balancer KIND`";
                    faults.push(fault.help(help).argument(option));
                }
            }
        }
        faults.finish(Some(named.map(|kind| {
            LoadBalancer {
                kind,
                trusted,
                // Elsewhere it is what Traefik tells the httpd, or refused with the topology.
                proxy_protocol: self
                    .proxy_protocol
                    .filter(|_| matches!(name, TopologyName::TcpProxy | TopologyName::Passthrough))
                    .and_then(ProxyArgument::version),
                address,
                // They are asked for where its file is rendered.
                nodes: Vec::new(),
            }
        })))
    }
}

/// Parses the name of a topology.
pub(super) fn topologies() -> impl TypedValueParser<Value = TopologyName> {
    let values = TopologyName::ALL
        .iter()
        .map(|name| PossibleValue::new(name.as_str()).help(name.short()));
    PossibleValuesParser::new(values).map(|text| TopologyName::of(&text).expect("a possible value"))
}
