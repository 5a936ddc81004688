//! `gateway`, and the options that name the Gateway of an instance.

use super::Run;
use super::destination::OutputDestination;
use super::error::Failure;
use super::examples::examples;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::{Ingress, gateway_api, istio};
use civi_ingress::instance::{Instance, TraefikSource};
use civi_ingress::manifest::Object;
use civi_ingress::name::{DnsName, Label, Namespace, ObjectName};
use civi_ingress::outside::traefik::{FilesHome, TraefikFiles};
use civi_ingress::path::expand::Topology;
use civi_ingress::path::shared_gateway::{ApiRelease, Listening, SharedGateway, Unsayable};
use civi_ingress::path::shared_istio::{AnyGateway, IstioRelease, SharedIstio};
use civi_ingress::release::Release;
use clap::{Args, ValueEnum};
use std::sync::Arc;

/// By which objects requests are led to an instance.
#[derive(Debug, Args)]
pub(super) struct IngressArguments {
    /// Objects that lead requests to the instance [default: traefik]
    #[arg(long, value_name = "KIND", help_heading = "Way in")]
    ingress: Option<IngressArgument>,
    /// Gateway that the route is attached to [default: traefik/web for gateway-api, istio-ingress/web for istio]
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
    /// Istio, by its own objects
    Istio,
    /// Traefik outside of the cluster, by files
    TraefikFile,
}

impl IngressArguments {
    /// Returns whether any of the options is given.
    pub(super) fn is_given(&self) -> bool {
        self.ingress.is_some() || self.gateway.is_some() || self.gateway_api.is_some()
    }

    /// Returns whether Traefik is told by files.
    pub(super) fn are_files(&self) -> bool {
        self.ingress == Some(IngressArgument::TraefikFile)
    }

    /// Returns the gateway, where the objects are attached to one.
    ///
    /// # Errors
    /// All that is wrong with the options.
    pub(super) fn gateway(&self) -> Result<Option<AnyGateway>, Vec<Fault>> {
        let mut faults = Faults::default();
        let kind = self.ingress.unwrap_or(IngressArgument::Traefik);
        if self.gateway_api.is_some() && kind != IngressArgument::GatewayApi {
            let fault = Fault::new("the objects are not those of the Gateway API");
            let help = "leave it out, or add `--ingress gateway-api`";
            faults.push(fault.help(help).argument("--gateway-api"));
        }
        let named = self.gateway.as_ref().and_then(|text| {
            let named = place(text).map_err(|fault| fault.argument("--gateway"));
            faults.keep(named)
        });
        let gateway = match kind {
            IngressArgument::Traefik | IngressArgument::TraefikFile => {
                if self.gateway.is_some() {
                    let fault = Fault::new("Traefik's own routes are attached to no Gateway");
                    let help = "leave it out, or add `--ingress gateway-api`";
                    faults.push(fault.help(help).argument("--gateway"));
                }
                None
            }
            IngressArgument::GatewayApi => {
                let release = self.gateway_api.as_deref().map(|text| {
                    let release = ApiRelease::parse(text);
                    faults.keep(release.map_err(|fault| fault.argument("--gateway-api")))
                });
                let mut shared = SharedGateway::usual(release.flatten().unwrap_or_default());
                if let Some((namespace, name)) = named {
                    (shared.namespace, shared.name) = (namespace, name);
                }
                Some(AnyGateway::Api(Arc::new(shared)))
            }
            IngressArgument::Istio => {
                let mut shared = SharedIstio::usual(IstioRelease::default());
                if let Some((namespace, name)) = named {
                    let checked = SharedIstio::check_name(&name);
                    faults.keep(checked.map_err(|fault| fault.argument("--gateway")));
                    (shared.namespace, shared.name) = (namespace, name);
                }
                Some(AnyGateway::Istio(Arc::new(shared)))
            }
        };
        faults.finish(Some(gateway))
    }

    /// Returns what is before the instance.
    pub(super) fn ingress(
        &self,
        release: Release,
        is_passed: bool,
        home: FilesHome,
        faults: &mut Faults,
    ) -> Option<Ingress> {
        Some(match faults.keep_all(self.gateway())? {
            Some(AnyGateway::Api(gateway)) => {
                let checked = gateway.release.check_reader(release, is_passed);
                faults.keep(checked.map_err(|fault| fault.argument("--gateway-api")));
                Ingress::GatewayApi(gateway)
            }
            Some(AnyGateway::Istio(gateway)) => Ingress::Istio(gateway),
            None if self.are_files() => {
                Ingress::TraefikFile(Arc::new(TraefikFiles { release, home }))
            }
            None => Ingress::Traefik(release),
        })
    }
}

/// Refuses what the objects that are attached to a gateway cannot express of an instance.
pub(super) fn check(
    (gateway, topology): (Option<&AnyGateway>, Topology),
    instance: &Instance,
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
    if matches!(gateway, AnyGateway::Istio(_)) {
        faults.keep(SharedIstio::check_names(&instance.settings));
    }
    if topology.name().is_passed() {
        return;
    }
    let extras = &instance.extras;
    for (is_wanted, unsayable, option) in [
        (extras.retry_attempts.is_some(), Unsayable::Retry, "--retry"),
        (extras.client_auth, Unsayable::ClientAuth, "--client-auth"),
        (asks_clients, Unsayable::Clients, "--clients-ca"),
    ] {
        if let (true, Some(fault)) = (is_wanted, gateway.refusal(unsayable)) {
            faults.push(fault.argument(option));
        }
    }
}

/// Lets the pods of Istio's gateway reach the httpd where no option names who may.
pub(super) fn admit(gateway: Option<&AnyGateway>, instance: &mut Instance) {
    let (Some(AnyGateway::Istio(istio)), Some(source)) = (gateway, &instance.extras.http_from)
    else {
        return;
    };
    let usual = Namespace::parse("traefik").map(|name| TraefikSource::pods(name, Vec::new()));
    if usual.is_ok_and(|usual| *source == usual) {
        let own = TraefikSource::pods(istio.namespace.clone(), istio.selector.clone());
        instance.extras.http_from = Some(own);
    }
}

fn place(text: &str) -> Result<(Namespace, ObjectName), Fault> {
    let Some((namespace, name)) = text.split_once('/') else {
        let fault = Fault::new(format!(
            "`{}` does not name a namespace",
            text.escape_debug()
        ));
        return Err(fault.help("write it as `NAMESPACE/NAME`"));
    };
    Ok((Namespace::parse(namespace)?, ObjectName::parse(name)?))
}

/// It takes the routes of all namespaces. The Secret of the certificate is in its namespace, with Istio that of its pods. Istio has
/// a second Gateway, for port 80, from which each instance sends browsers to https.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Render the Gateway for the hosts below a domain
    civi-ingress gateway example.org | kubectl apply -f -

  Pass the TLS of one host on, and end that of the others
    civi-ingress gateway example.org --passthrough a.example.org

  Render the Gateways of Istio
    civi-ingress gateway example.org --kind istio"))]
pub(super) struct GatewayArguments {
    /// Domain that the hosts of the instances are below
    domain: String,
    /// Whose Gateway it is
    #[arg(long, value_name = "KIND", default_value = "gateway-api")]
    kind: GatewayKind,
    /// Take the domain itself too
    #[arg(long)]
    apex: bool,
    /// Pass the TLS of this host on to its httpd [repeatable]
    #[arg(long, value_name = "HOST")]
    passthrough: Vec<String>,
    /// Pass the TLS of all hosts on, wherever they are
    #[arg(long, conflicts_with_all = ["apex", "passthrough"])]
    passthrough_all: bool,
    /// Namespace of the Gateway [default: traefik, for istio istio-ingress]
    #[arg(short, long)]
    namespace: Option<String>,
    /// Name of the Gateway
    #[arg(long, default_value = "web")]
    name: String,
    /// GatewayClass of Traefik, for gateway-api [default: traefik]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Port of the entry point of Traefik, in its pods, for gateway-api [default: 8443]
    #[arg(long)]
    port: Option<u16>,
    /// Label of the pods of the gateway, for istio [default: istio=ingressgateway] [repeatable]
    #[arg(long, value_name = "KEY=VALUE")]
    selector: Vec<String>,
    #[command(flatten)]
    destination: OutputDestination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GatewayKind {
    /// The Gateway API, served by Traefik
    GatewayApi,
    /// Istio
    Istio,
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
    let listening = Listening {
        domain: domain.as_ref(),
        apex: arguments.apex,
        ends: !arguments.passthrough_all,
    };
    let objects = match arguments.kind {
        GatewayKind::GatewayApi => {
            let shared = of_api(arguments, &mut faults);
            let listeners = faults.keep(listening.listeners(hosts.iter()));
            let shared = shared.zip(listeners);
            shared.map(|(shared, listeners)| vec![gateway_api::gateway(&shared, &listeners)])
        }
        GatewayKind::Istio => {
            let servers = listening.istio_servers(hosts.iter());
            let shared = of_istio(arguments, &mut faults);
            shared.map(|shared| istio::gateways(&shared, &servers).into())
        }
    };
    let objects: Vec<Object> = faults.finish(objects)?;
    arguments
        .destination
        .emit(run, writing, &objects, Vec::new())
}

fn of_api(arguments: &GatewayArguments, faults: &mut Faults) -> Option<SharedGateway> {
    let usual = SharedGateway::usual(ApiRelease::default());
    if !arguments.selector.is_empty() {
        let fault = Fault::new("a Gateway of the Gateway API selects no pods");
        faults.push(fault.help("leave it out").argument("--selector"));
    }
    let (namespace, name) = place_of(arguments, usual.namespace, faults)?;
    let class = arguments.class.as_ref().map_or(Ok(usual.class), |class| {
        let class = ObjectName::parse(class)?;
        SharedGateway::check_class(&class).map(|()| class)
    });
    let class = faults.keep(class.map_err(|fault| fault.argument("--class")))?;
    Some(SharedGateway {
        namespace,
        name,
        class,
        port: arguments.port.unwrap_or(usual.port),
        release: usual.release,
    })
}

fn of_istio(arguments: &GatewayArguments, faults: &mut Faults) -> Option<SharedIstio> {
    let usual = SharedIstio::usual(IstioRelease::default());
    let strangers = [
        (arguments.class.is_some(), "--class"),
        (arguments.port.is_some(), "--port"),
    ];
    for (_, option) in strangers.into_iter().filter(|(is_given, _)| *is_given) {
        let fault = Fault::new("a Gateway of Istio has neither a class nor a port to choose");
        faults.push(fault.help("leave it out").argument(option));
    }
    let labels = arguments.selector.iter().filter_map(|text| {
        faults.keep(Label::parse(text).map_err(|fault| fault.argument("--selector")))
    });
    let labels: Vec<Label> = labels.collect();
    let (namespace, name) = place_of(arguments, usual.namespace, faults)?;
    let checked = SharedIstio::check_name(&name);
    faults.keep(checked.map_err(|fault| fault.argument("--name")));
    Some(SharedIstio {
        namespace,
        name,
        selector: if labels.is_empty() {
            usual.selector
        } else {
            labels
        },
        release: usual.release,
    })
}

fn place_of(
    arguments: &GatewayArguments,
    usual: Namespace,
    faults: &mut Faults,
) -> Option<(Namespace, ObjectName)> {
    let namespace = arguments.namespace.as_ref();
    let namespace = namespace.map_or(Ok(usual), |text| Namespace::parse(text));
    let namespace = faults.keep(namespace.map_err(|fault| fault.argument("--namespace")));
    let name = ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("--name"));
    namespace.zip(faults.keep(name))
}
