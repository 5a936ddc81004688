//! Options that say how requests get to Traefik.

use super::error::Failure;
use super::listed;
use super::paths::Named;
use super::world;
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::load_balancer::{self, BalancerKind, LoadBalancer};
use civi_ingress::name::ObjectName;
use civi_ingress::path::arrival::{Arrival, Aspect};
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
    pub(super) proxy_protocol: Option<ProxyArgument>,
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
    /// Secret with the certificate that httpd shows to browsers, for passthrough
    #[arg(long, value_name = "SECRET", help_heading = "Way in")]
    public_certificate: Option<String>,
    /// Let in only clients with a certificate of the CA in this file, wherever their TLS ends in the cluster
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Way in")]
    clients_ca: Option<PathBuf>,
}

impl WayArguments {
    /// Returns whether any of its options is given.
    pub(super) fn is_given(&self) -> bool {
        self.arrival.is_given()
            || self.balancer.load_balancer.is_some()
            || self.public_certificate.is_some()
            || self.clients_ca.is_some()
    }

    /// Returns the file with the CA of the clients that are let in, by its option.
    pub(super) fn clients_path(&self) -> Option<Named<'_>> {
        self.clients_ca.as_deref().map(|path| (CLIENTS_CA, path))
    }

    /// Reads the CA of the clients that are let in.
    pub(super) fn clients(&self) -> Result<Option<Arc<ClientAuthorities>>, Failure> {
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

    /// Returns the topology, and how requests arrive.
    pub(super) fn way(&self, faults: &mut Faults) -> Option<(Topology, Arrival)> {
        let topology = self.arrival.topology(faults);
        let kind = self.balancer.load_balancer.as_deref();
        let arrival = self.arrival.arrival(kind, faults);
        if let (Some(topology), true) = (topology, self.clients_ca.is_some()) {
            let checked = topology.check_clients();
            faults.keep(checked.map_err(|fault| fault.argument(CLIENTS_CA)));
        }
        topology.zip(arrival)
    }

    /// Returns whether TLS is passed on to the httpd.
    pub(super) fn is_passed(&self) -> bool {
        self.arrival.name() == TopologyName::Passthrough
    }

    /// Returns whether it names the certificate that httpd shows to browsers.
    pub(super) fn names_certificate(&self) -> bool {
        self.public_certificate.is_some()
    }

    /// Returns the Secret with the certificate that httpd shows to browsers, if one is named.
    ///
    /// # Errors
    /// A name that no Secret can have; one where Traefik ends TLS.
    pub(super) fn public_certificate(&self) -> Result<Option<ObjectName>, Fault> {
        let option = |fault: Fault| fault.argument("--public-certificate");
        let Some(text) = &self.public_certificate else {
            return Ok(None);
        };
        let name = ObjectName::parse(text).map_err(option)?;
        if self.is_passed() {
            return Ok(Some(name));
        }
        let fault =
            Fault::new("httpd shows a certificate to browsers only where TLS is passed on to it");
        Err(option(
            fault.help("add `--topology passthrough`, or leave this out"),
        ))
    }
}

impl ArrivalArguments {
    /// Returns the name of the topology.
    pub(super) fn name(&self) -> TopologyName {
        self.topology.unwrap_or(TopologyName::Direct)
    }

    /// Returns whether any option of the way in is given.
    pub(super) fn is_given(&self) -> bool {
        self.topology.is_some()
            || !self.trusted.is_empty()
            || self.proxy_protocol.is_some()
            || self.load_balancer_address.is_some()
    }

    /// Returns the topology.
    pub(super) fn topology(&self, faults: &mut Faults) -> Option<Topology> {
        let name = self.name();
        let asked = self.proxy_protocol.map(ProxyArgument::version);
        let proxy = if name == TopologyName::Passthrough {
            asked.unwrap_or(Topology::TO_HTTPD)
        } else {
            asked.flatten()
        };
        let topology = Topology::of(name, proxy);
        faults.keep(topology.map_err(|fault| fault.argument("--proxy-protocol")))
    }

    /// Returns how requests arrive, through a load balancer of this kind if there is one.
    pub(super) fn arrival(&self, kind: Option<&str>, faults: &mut Faults) -> Option<Arrival> {
        if self.name() == TopologyName::TcpProxy && self.proxy_protocol == Some(ProxyArgument::None)
        {
            let fault = Fault::new(
                "without the PROXY protocol `tcp-proxy` hides the addresses of browsers",
            );
            faults.push(fault.help("use 1 or 2").argument("--proxy-protocol"));
        }
        let kind = match kind {
            None => None,
            Some(text) => {
                let kind = BalancerKind::parse(text);
                Some(faults.keep(kind.map_err(|fault| fault.argument("--load-balancer"))))
            }
        };
        let trusted = self.trusted.iter().filter_map(|text| {
            faults.keep(Cidr::parse(text).map_err(|fault| fault.argument("--trusted")))
        });
        let trusted: Vec<Cidr> = trusted.collect();
        let address = match &self.load_balancer_address {
            None => None,
            Some(text) => {
                let address = load_balancer::address(text);
                let address = address.map_err(|fault| fault.argument("--load-balancer-address"));
                Some(faults.keep(address))
            }
        };
        let failed = matches!(kind, Some(None)) || matches!(address, Some(None));
        if failed || trusted.len() < self.trusted.len() {
            return None;
        }
        let address = address.flatten();
        let Some(kind) = kind.flatten() else {
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
            return faults.keep(self.judge(None));
        };
        let balancer = LoadBalancer {
            kind,
            trusted,
            proxy_protocol: self.proxy_protocol.and_then(ProxyArgument::version),
            address,
            // They are asked for where its file is rendered.
            nodes: Vec::new(),
        };
        faults.keep(self.judge(Some(&balancer)))
    }

    fn judge(&self, balancer: Option<&LoadBalancer>) -> Result<Arrival, Fault> {
        Arrival::new(self.name(), balancer).map_err(|refusal| {
            let option = match refusal.aspect {
                Aspect::Topology if self.topology.is_some() => "--topology",
                Aspect::Topology => "--load-balancer",
                Aspect::Trusted => "--trusted",
                Aspect::ProxyProtocol => "--proxy-protocol",
            };
            Fault::from(refusal).argument(option)
        })
    }
}

/// Parses the name of a topology.
pub(super) fn topologies() -> impl TypedValueParser<Value = TopologyName> {
    let values = TopologyName::ALL
        .iter()
        .map(|name| PossibleValue::new(name.as_str()).help(name.short()));
    PossibleValuesParser::new(values).map(|text| TopologyName::of(&text).expect("a possible value"))
}
