//! `gateway`, and the options that name the Gateway of an instance.

use super::Run;
use super::destination::OutputDestination;
use super::error::Failure;
use super::examples::examples;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::{Ingress, gateway_api};
use civi_ingress::instance::Extras;
use civi_ingress::name::{DnsName, Namespace, ObjectName};
use civi_ingress::path::expand::Topology;
use civi_ingress::path::shared_gateway::{ApiRelease, Listening, SharedGateway, Unsayable};
use civi_ingress::release::Release;
use clap::{Args, ValueEnum};
use std::sync::Arc;

/// By which objects requests are led to an instance.
#[derive(Debug, Args)]
pub(super) struct IngressArguments {
    /// Objects that lead requests to the instance [default: traefik]
    #[arg(long, value_name = "KIND", help_heading = "Way in")]
    ingress: Option<IngressArgument>,
    /// Gateway that the route is attached to, for gateway-api [default: traefik/web]
    #[arg(long, value_name = "NAMESPACE/NAME", help_heading = "Way in")]
    gateway: Option<String>,
    /// Release of the Gateway API in the cluster, 1.4 to 1.7, for gateway-api [default: 1.6]
    #[arg(long, value_name = "VERSION", help_heading = "Way in")]
    gateway_api: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum IngressArgument {
    /// Traefik, by its custom resources
    Traefik,
    /// Traefik, by the objects of the Gateway API
    GatewayApi,
}

impl IngressArguments {
    /// Returns whether any of the options is given.
    pub(super) fn is_given(&self) -> bool {
        self.ingress.is_some() || self.gateway.is_some() || self.gateway_api.is_some()
    }

    /// Returns whether the objects are those of the Gateway API.
    pub(super) fn is_gateway_api(&self) -> bool {
        self.ingress == Some(IngressArgument::GatewayApi)
    }

    /// Returns the Gateway, where the objects are those of the Gateway API.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub(super) fn gateway(&self) -> Result<Option<Arc<SharedGateway>>, Vec<Fault>> {
        let mut faults = Faults::default();
        if !self.is_gateway_api() {
            for (is_given, option) in [
                (self.gateway.is_some(), "--gateway"),
                (self.gateway_api.is_some(), "--gateway-api"),
            ] {
                if is_given {
                    let fault = Fault::new("Traefik's own objects are attached to no Gateway");
                    let help = "leave it out, or add `--ingress gateway-api`";
                    faults.push(fault.help(help).argument(option));
                }
            }
            return faults.finish(Some(None));
        }
        let release = self.gateway_api.as_deref().map(|text| {
            let release = ApiRelease::parse(text);
            faults.keep(release.map_err(|fault| fault.argument("--gateway-api")))
        });
        let mut shared = SharedGateway::usual(release.flatten().unwrap_or_default());
        if let Some(text) = &self.gateway {
            let named = place(text).map_err(|fault| fault.argument("--gateway"));
            if let Some((namespace, name)) = faults.keep(named) {
                (shared.namespace, shared.name) = (namespace, name);
            }
        }
        faults.finish(Some(Some(Arc::new(shared))))
    }

    /// Returns what is before the instance.
    pub(super) fn ingress(
        &self,
        release: Release,
        is_passed: bool,
        faults: &mut Faults,
    ) -> Option<Ingress> {
        Some(match faults.keep_all(self.gateway())? {
            Some(gateway) => {
                let checked = gateway.release.check_reader(release, is_passed);
                faults.keep(checked.map_err(|fault| fault.argument("--gateway-api")));
                Ingress::GatewayApi(gateway)
            }
            None => Ingress::Traefik(release),
        })
    }
}

/// Refuses what the objects of the Gateway API cannot express of an instance.
pub(super) fn check(
    (gateway, topology): (Option<&SharedGateway>, Topology),
    extras: &Extras,
    asks_clients: bool,
    faults: &mut Faults,
) {
    let Some(gateway) = gateway else {
        return;
    };
    let option = match topology {
        Topology::Passthrough { proxy: Some(_) } => "--proxy-protocol",
        _ => "--topology",
    };
    let checked = gateway.check_topology(topology);
    faults.keep(checked.map_err(|fault| fault.argument(option)));
    if topology.name().is_passed() {
        return;
    }
    for (is_wanted, unsayable, option) in [
        (extras.retry_attempts.is_some(), Unsayable::Retry, "--retry"),
        (extras.client_auth, Unsayable::ClientAuth, "--client-auth"),
        (asks_clients, Unsayable::Clients, "--clients-ca"),
    ] {
        if is_wanted {
            faults.push(unsayable.fault().argument(option));
        }
    }
}

fn place(text: &str) -> Result<(Namespace, ObjectName), Fault> {
    let Some((namespace, name)) = text.split_once('/') else {
        let fault = Fault::new(format!(
            "`{}` does not name a namespace",
            text.escape_debug()
        ));
        return Err(fault.help("write it as `traefik/web`"));
    };
    Ok((Namespace::parse(namespace)?, ObjectName::parse(name)?))
}

/// Its listeners take the routes of all namespaces. The Secret of the certificate is in its namespace.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Render the Gateway for the hosts below a domain
    civi-ingress gateway example.org | kubectl apply -f -

  Pass the TLS of one host on, and end that of the others
    civi-ingress gateway example.org --passthrough a.example.org"))]
pub(super) struct GatewayArguments {
    /// Domain that the hosts of the instances are below
    domain: String,
    /// Take the domain itself too
    #[arg(long)]
    apex: bool,
    /// Pass the TLS of this host on to its httpd [repeatable]
    #[arg(long, value_name = "HOST")]
    passthrough: Vec<String>,
    /// Pass the TLS of all hosts on, wherever they are
    #[arg(long, conflicts_with_all = ["apex", "passthrough"])]
    passthrough_all: bool,
    /// Namespace of the Gateway
    #[arg(short, long, default_value = "traefik")]
    namespace: String,
    /// Name of the Gateway
    #[arg(long, default_value = "web")]
    name: String,
    /// GatewayClass of Traefik
    #[arg(long, value_name = "CLASS", default_value = SharedGateway::USUAL_CLASS)]
    class: String,
    /// Port of the entry point of Traefik, in its pods
    #[arg(long, default_value_t = SharedGateway::USUAL_PORT)]
    port: u16,
    #[command(flatten)]
    destination: OutputDestination,
}

pub(super) fn run(run: &Run, arguments: &GatewayArguments) -> Result<(), Failure> {
    let writing = arguments.destination.claim(&[], Vec::new())?;
    let mut faults = Faults::default();
    let domain = DnsName::parse_public(&arguments.domain).map_err(|fault| fault.argument("DOMAIN"));
    let domain = faults.keep(domain);
    let hosts = arguments.passthrough.iter().filter_map(|text| {
        faults.keep(DnsName::parse_public(text).map_err(|fault| fault.argument("--passthrough")))
    });
    let hosts: Vec<DnsName> = hosts.collect();
    let namespace = Namespace::parse(&arguments.namespace);
    let namespace = faults.keep(namespace.map_err(|fault| fault.argument("--namespace")));
    let name = ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("--name"));
    let name = faults.keep(name);
    let class = ObjectName::parse(&arguments.class);
    let class = class.and_then(|class| SharedGateway::check_class(&class).map(|()| class));
    let class = faults.keep(class.map_err(|fault| fault.argument("--class")));
    let listeners = domain.and_then(|domain| {
        let listening = Listening {
            domain: Some(&domain),
            apex: arguments.apex,
            ends: !arguments.passthrough_all,
        };
        faults.keep(listening.listeners(hosts.iter()))
    });
    let named = namespace.zip(name).zip(class).zip(listeners);
    let (((namespace, name), class), listeners) = faults.finish(named)?;
    let shared = SharedGateway {
        release: ApiRelease::default(),
        namespace,
        name,
        class,
        port: arguments.port,
    };
    let gateway = gateway_api::gateway(&shared, &listeners);
    arguments
        .destination
        .emit(run, writing, &[gateway], Vec::new())
}
