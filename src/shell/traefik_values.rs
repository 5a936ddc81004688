//! `traefik-values`.

use super::arrival::ArrivalArguments;
use super::error::Failure;
use super::examples::examples;
use super::listed;
use super::output::print_or_end;
use super::parsed::{all, one};
use super::templates::own_templates;
use civi_ingress::chart::{
    self, AccessLog, ChartMajor, Exposure, LogFormat, LogLevel, ReadTimeout,
};
use civi_ingress::chart::{TrafficPolicy, UpdateStrategy, ValuesRequest, Workload};
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::name::Namespace;
use clap::{Args, ValueEnum, ValueHint};
use std::num::NonZeroU16;
use std::path::PathBuf;

/// Charts 20 to 22 get what the Civiparoisse Traefik notes set; later ones get safer defaults.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Install Traefik with host ports on every node
    civi-ingress traefik-values |
      helm upgrade --install traefik traefik/traefik --namespace traefik \\
      --create-namespace -f -

  Install it behind a load balancer
    civi-ingress traefik-values --load-balancer --replicas 2 \\
      > values.yaml

  Install it behind Octavia, which says where browsers are
    civi-ingress traefik-values --topology tcp-proxy \\
      --load-balancer openstack --trusted 10.0.0.0/20 > values.yaml"))]
pub(super) struct TraefikValues {
    /// Major version of the Traefik Helm chart, 20 to 41
    #[arg(
        long,
        value_name = "MAJOR",
        default_value = "41",
        allow_hyphen_values = true
    )]
    pub(super) chart: String,
    /// Run a Deployment of this many pods instead of a DaemonSet
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(super) replicas: Option<NonZeroU16>,
    /// Bind ports 80 and 443 in the nodes' network, as root, instead of using host ports
    #[arg(long)]
    pub(super) host_network: bool,
    /// Expose a Service of type LoadBalancer instead of host ports: for this kind of load balancer, or with this traffic policy
    #[arg(long, value_name = "KIND|POLICY", value_parser = listed::EXPOSURES, num_args = 0..=1, default_missing_value = "Local", conflicts_with = "host_network", help_heading = "Way in")]
    pub(super) load_balancer: Option<String>,
    #[command(flatten)]
    pub(super) arrival: ArrivalArguments,
    /// Replace pods one after another, or when they are deleted
    #[arg(long, value_name = "STRATEGY", default_value = "RollingUpdate", value_parser = listed::UPDATE_STRATEGIES)]
    pub(super) update_strategy: String,
    /// Log this level and above
    #[arg(long, value_name = "LEVEL", default_value = "INFO", value_parser = listed::LOG_LEVELS)]
    pub(super) log_level: String,
    /// Format of Traefik's log [default: json; charts 20 to 22: common]
    #[arg(long, value_name = "FORM", value_parser = listed::LOG_FORMATS)]
    pub(super) log_format: Option<String>,
    /// Format of the access log [default: json; charts 20 to 22: common]
    #[arg(long, value_name = "FORM", value_parser = listed::ACCESS_LOGS)]
    pub(super) access_log: Option<String>,
    /// Serve metrics for Prometheus on port 9100
    #[arg(long)]
    pub(super) prometheus: bool,
    /// Use Traefik's fast proxy, experimental, which waits as long as dialTimeout for the TLS handshake with a busy httpd,
    /// not 10 s
    #[arg(long)]
    pub(super) fast_proxy: bool,
    /// Serve objects of the Gateway API too, at a Gateway of `civi-ingress gateway`
    #[arg(long)]
    pub(super) gateway_api: bool,
    /// Serve Ingresses of the class traefik too, as cert-manager makes them to answer a CA at port 80
    #[arg(long)]
    pub(super) ingresses: bool,
    /// Redirect http to https: on, off [default: on; charts 20 to 22: off]
    #[arg(long, value_name = "ON|OFF")]
    pub(super) redirect: Option<OnOff>,
    /// Trust the PROXY protocol header of these peers [repeatable]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(super) proxy_protocol_from: Vec<String>,
    /// Trust the X-Forwarded headers of these peers [repeatable]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(super) forwarded_headers_from: Vec<String>,
    /// Serve only routes of this namespace; name the TLSStore's too [repeatable] [default: all]
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',')]
    pub(super) watch_namespace: Vec<String>,
    /// Cut off requests that take longer to arrive; 0s for no limit [default: 600s; charts 20 to 22: none]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) read_timeout: Option<String>,
    /// Use the templates in this directory in place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnOff {
    /// Yes
    On,
    /// No
    Off,
}

pub(super) fn run(arguments: &TraefikValues) -> Result<(), Failure> {
    let templates = own_templates(arguments.templates.as_deref())?;
    let values = chart::render(&request(arguments)?, &templates)?;
    print_or_end(values.as_bytes())
}

fn request(arguments: &TraefikValues) -> Result<ValuesRequest, Vec<Fault>> {
    let mut faults = Faults::default();
    let chart =
        faults.keep(ChartMajor::parse(&arguments.chart).map_err(|fault| fault.argument("--chart")));
    let mut request = chart.map(ValuesRequest::for_chart);
    if let Some(request) = &mut request {
        fill(request, arguments, &mut faults);
    }
    faults.finish(request)
}

fn fill(request: &mut ValuesRequest, arguments: &TraefikValues, faults: &mut Faults) {
    if let Some(replicas) = arguments.replicas {
        request.workload = Workload::Deployment(replicas);
    }
    if arguments.host_network {
        request.exposure = Exposure::HostNetwork;
    }
    receive(request, arguments, faults);
    request.ingresses = arguments.ingresses;
    if let Some(strategy) = one(
        Some(&arguments.update_strategy),
        "--update-strategy",
        UpdateStrategy::parse,
        faults,
    ) {
        request.update_strategy = strategy;
    }
    if let Some(level) = one(
        Some(&arguments.log_level),
        "--log-level",
        LogLevel::parse,
        faults,
    ) {
        request.log_level = level;
    }
    request.log_format = one(
        arguments.log_format.as_deref(),
        "--log-format",
        LogFormat::parse,
        faults,
    );
    request.access_log = one(
        arguments.access_log.as_deref(),
        "--access-log",
        AccessLog::parse,
        faults,
    );
    request.read_timeout = one(
        arguments.read_timeout.as_deref(),
        "--read-timeout",
        ReadTimeout::parse,
        faults,
    );
    request.prometheus = arguments.prometheus;
    request.fast_proxy = arguments.fast_proxy;
    request.gateway_api = arguments.gateway_api;
    request.redirect = arguments.redirect.map(|switch| switch == OnOff::On);
    if request.is_plain && request.redirect == Some(true) {
        let fault = Fault::new("a load balancer that ends TLS sends all requests as http");
        let help = "leave it out, and have the load balancer redirect";
        faults.push(fault.help(help).argument("--redirect"));
    }
    let peers = all(
        &arguments.proxy_protocol_from,
        "--proxy-protocol-from",
        Cidr::parse,
        faults,
    );
    request.proxy_protocol_from.extend(peers);
    let peers = all(
        &arguments.forwarded_headers_from,
        "--forwarded-headers-from",
        Cidr::parse,
        faults,
    );
    request.forwarded_headers_from.extend(peers);
    request.watch_namespaces = all(
        &arguments.watch_namespace,
        "--watch-namespace",
        Namespace::parse,
        faults,
    );
}

/// Fills in how requests get to Traefik.
fn receive(request: &mut ValuesRequest, arguments: &TraefikValues, faults: &mut Faults) {
    let kind = arguments.load_balancer.as_deref();
    // Without any option of the way in, a Service of type LoadBalancer is all that is asked for.
    let policy = kind.and_then(|text| TrafficPolicy::parse(text).ok());
    if let (Some(policy), false) = (policy, arguments.arrival.is_given()) {
        request.exposure = Exposure::LoadBalancer(policy);
        return;
    }
    if let Some(arrival) = arguments.arrival.arrival(kind, faults) {
        request.receive(&arrival);
    }
}
