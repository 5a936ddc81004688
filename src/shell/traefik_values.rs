//! `traefik-values`.

use super::cli::{Switch, TraefikValues};
use super::error::Failure;
use super::{own_templates, print_or_end};
use civi_ingress::chart::{
    self, AccessLog, ChartMajor, Exposure, LogFormat, LogLevel, ReadTimeout,
};
use civi_ingress::chart::{TrafficPolicy, UpdateStrategy, ValuesRequest, Workload};
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::name::Namespace;

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
    if let Some(policy) = one(
        arguments.load_balancer.as_deref(),
        "--load-balancer",
        TrafficPolicy::parse,
        faults,
    ) {
        request.exposure = Exposure::LoadBalancer(policy);
    }
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
    request.redirect = arguments.redirect.map(|switch| switch == Switch::On);
    request.proxy_protocol_from = all(
        &arguments.proxy_protocol_from,
        "--proxy-protocol-from",
        Cidr::parse,
        faults,
    );
    request.forwarded_headers_from = all(
        &arguments.forwarded_headers_from,
        "--forwarded-headers-from",
        Cidr::parse,
        faults,
    );
    request.watch_namespaces = all(
        &arguments.watch_namespace,
        "--watch-namespace",
        Namespace::parse,
        faults,
    );
}

type Parse<T> = fn(&str) -> Result<T, Fault>;

fn one<T>(text: Option<&str>, option: &str, parse: Parse<T>, faults: &mut Faults) -> Option<T> {
    faults.keep(parse(text?).map_err(|fault| fault.argument(option)))
}

fn all<T>(texts: &[String], option: &str, parse: Parse<T>, faults: &mut Faults) -> Vec<T> {
    texts
        .iter()
        .filter_map(|text| one(Some(text), option, parse, faults))
        .collect()
}
