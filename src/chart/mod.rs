//! The values file for Traefik's Helm chart (`traefik/traefik`), laid out as each of its releases reads it.

pub(crate) mod found;
mod layout;
mod options;
mod request;
pub(crate) mod taken;

pub use layout::ChartMajor;
pub use options::{AccessLog, LogFormat, LogLevel, TrafficPolicy, UpdateStrategy};
pub use request::{Exposure, ReadTimeout, ValuesRequest, Workload};

use crate::cidr::Cidr;
use crate::fault::Fault;
use crate::load_balancer::ServiceRequest;
use crate::manifest::Field;
use crate::name::Namespace;
use crate::path::entrances::PLAIN;
use crate::path::shared_gateway::ApiRelease;
use crate::template::Templates;
use layout::{Defaults, ReadTimeoutForm};

/// Renders the values file.
///
/// Where the request leaves the choice, http is redirected to https, both logs are JSON and
/// [`ReadTimeout::DEFAULT`] limits the reading of a request. No usage is reported, no new version asked
/// for, only Traefik's own resources are served, and nothing listens for Prometheus unless it is wanted.
/// With [`Exposure::HostPort`] and [`Exposure::HostNetwork`] the Service is a `ClusterIP`, so that no
/// cloud load balancer is paid for and none waits for an address.
///
/// Charts 20 to 22 are those of the Civiparoisse Traefik notes, and the file is theirs: with
/// [`Exposure::HostNetwork`], [`UpdateStrategy::OnDelete`] and [`LogLevel::Debug`] it has the keys and
/// values of the notes and no others. Hence the redirect, JSON and the read timeout only come when asked
/// for there, and none of the other defaults above is added, not even the root user that
/// [`Exposure::HostNetwork`] needs on most nodes: a comment in the file says so.
///
/// # Errors
/// All options that the chart or Kubernetes cannot express, or what is wrong with a user's template.
pub fn render(request: &ValuesRequest, templates: &Templates) -> Result<String, Vec<Fault>> {
    let faults = refusals(request);
    if !faults.is_empty() {
        return Err(faults);
    }
    templates
        .render_values("traefik/values.yaml", &fields(request))
        .map_err(|fault| vec![fault])
}

fn refusals(request: &ValuesRequest) -> Vec<Fault> {
    let mut faults = Vec::new();
    let level = request.log_level;
    if !request.chart.has_level(level) {
        let able = ChartMajor::all()
            .find(|chart| chart.has_level(level))
            .unwrap_or_default();
        faults.push(
            Fault::new(format!(
                "chart {} does not have the level {}",
                request.chart,
                level.name()
            ))
            .help(format!(
                "use chart {able} or newer, or a less verbose level"
            ))
            .argument("--log-level"),
        );
    }
    if let (true, Err(fault)) = (request.fast_proxy, request.chart.check_fast_proxy()) {
        faults.push(fault.argument("--fast-proxy"));
    }
    let of_gateway = ApiRelease::default().check_reader(request.chart.traefik_at_gateway(), false);
    if let (true, Err(fault)) = (request.gateway_api, of_gateway) {
        faults.push(fault.argument("--gateway-api"));
    }
    if let (Workload::Deployment(_), UpdateStrategy::OnDelete) =
        (request.workload, request.update_strategy)
    {
        // Kubernetes API, DeploymentStrategy: `Recreate` or `RollingUpdate`.
        faults.push(
            Fault::new("Kubernetes has no update strategy OnDelete for a Deployment")
                .help("leave out `--replicas` for a DaemonSet, or use RollingUpdate")
                .argument("--update-strategy"),
        );
    }
    faults
}

type Fields = Vec<(&'static str, Field)>;

fn fields(request: &ValuesRequest) -> Fields {
    let mut fields = vec![("notes", Field::Bool(follows_notes(request)))];
    fields.extend(pods(request));
    fields.extend(entry_points(request));
    fields.extend(logs(request));
    fields.extend(surroundings(request));
    fields
}

fn follows_notes(request: &ValuesRequest) -> bool {
    request.chart.layout().defaults == Defaults::Notes
}

fn pods(request: &ValuesRequest) -> Fields {
    let (kind, replicas) = match request.workload {
        Workload::DaemonSet => ("DaemonSet", None),
        Workload::Deployment(replicas) => ("Deployment", Some(i64::from(replicas.get()))),
    };
    let rolling = rolling_update(request);
    vec![
        ("kind", kind.into()),
        ("replicas", replicas.map(Field::Number).into()),
        ("update_strategy", request.update_strategy.name().into()),
        (
            "max_unavailable",
            rolling.map(|it| Field::Number(it.0)).into(),
        ),
        ("max_surge", rolling.map(|it| Field::Number(it.1)).into()),
    ]
}

fn entry_points(request: &ValuesRequest) -> Fields {
    let layout = request.chart.layout();
    let notes = follows_notes(request);
    let is_plain = request.is_plain;
    let redirect = request.redirect.unwrap_or(!notes && !is_plain);
    let trusted = trusted(request);
    let host_port = request.exposure == Exposure::HostPort;
    let web = !notes || host_port || redirect || is_plain || !trusted.is_empty();
    let default_timeout = (!notes).then_some(ReadTimeout::DEFAULT);
    let timeout = request.read_timeout.or(default_timeout);
    let (key, argument) = match layout.read_timeout {
        ReadTimeoutForm::Key => (timeout, None),
        ReadTimeoutForm::Argument => (None, timeout),
    };
    let port = if is_plain { PLAIN } else { "websecure" };
    let key = key.map(|time| time.to_string());
    let (on_web, on_websecure) = if is_plain { (key, None) } else { (None, key) };
    vec![
        (
            "host_network",
            Field::Bool(request.exposure == Exposure::HostNetwork),
        ),
        ("host_port", Field::Bool(host_port)),
        ("web", Field::Bool(web)),
        ("redirect", redirect.then_some(layout.redirect).into()),
        ("trusted", Field::Map(trusted)),
        ("read_timeout_on_web", on_web.into()),
        ("read_timeout", on_websecure.into()),
        (
            "read_timeout_argument",
            argument
                .map(|time| {
                    format!("--entrypoints.{port}.transport.respondingtimeouts.readtimeout={time}")
                })
                .into(),
        ),
    ]
}

/// Text is Traefik's default format; its name is not the same in the schemas of all charts.
fn logs(request: &ValuesRequest) -> Fields {
    let (format, access) = match request.chart.layout().defaults {
        Defaults::Notes => (LogFormat::Common, AccessLog::Common),
        Defaults::Safe => (LogFormat::Json, AccessLog::Json),
    };
    let format = request.log_format.unwrap_or(format);
    let access = request.access_log.unwrap_or(access);
    vec![
        ("logs", request.chart.layout().logs.into()),
        ("log_level", request.log_level.name().into()),
        ("log_json", Field::Bool(format == LogFormat::Json)),
        ("access_log", Field::Bool(access != AccessLog::Off)),
        ("access_log_json", Field::Bool(access == AccessLog::Json)),
    ]
}

fn surroundings(request: &ValuesRequest) -> Fields {
    let layout = request.chart.layout();
    let (service_type, traffic_policy) = match request.exposure {
        Exposure::LoadBalancer(policy) => (Some("LoadBalancer"), Some(policy.name())),
        Exposure::HostPort | Exposure::HostNetwork if follows_notes(request) => (None, None),
        Exposure::HostPort | Exposure::HostNetwork => (Some("ClusterIP"), None),
    };
    let namespaces = request.watch_namespaces.iter();
    let ServiceRequest {
        annotations,
        address,
    } = &request.service;
    let annotations = annotations.iter();
    let annotations = annotations.map(|(key, value)| (key.clone(), value.as_str().into()));
    vec![
        ("prometheus", Field::Bool(request.prometheus)),
        ("fast_proxy", Field::Bool(request.fast_proxy)),
        ("global", layout.global.into()),
        ("namespaces", namespaces.map(Namespace::as_str).collect()),
        ("ingresses", Field::Bool(request.ingresses)),
        ("gateway_api", Field::Bool(request.gateway_api)),
        ("service", layout.service.into()),
        ("service_annotations", Field::Map(annotations.collect())),
        ("service_type", service_type.into()),
        ("traffic_policy", traffic_policy.into()),
        ("address", address.map(|address| address.to_string()).into()),
    ]
}

/// Returns `maxUnavailable` and `maxSurge`.
///
/// A pod that holds ports of its node must go before the next one can start, and a `DaemonSet` may not have
/// both numbers above zero (Kubernetes validation of `DaemonSet`). The chart's defaults are 0 and 1.
fn rolling_update(request: &ValuesRequest) -> Option<(i64, i64)> {
    match (request.update_strategy, request.workload, request.exposure) {
        (UpdateStrategy::OnDelete, _, _) => None,
        (UpdateStrategy::RollingUpdate, Workload::Deployment(_), Exposure::LoadBalancer(_)) => {
            Some((0, 1))
        }
        (UpdateStrategy::RollingUpdate, _, _) => Some((1, 0)),
    }
}

/// Returns the ranges that `web` and `websecure` trust, by key. Always for both: trust on one port only
/// means wrong client addresses on the other, and Traefik logs nothing about it.
fn trusted(request: &ValuesRequest) -> Vec<(String, Field)> {
    let keys = [
        ("forwardedHeaders", &request.forwarded_headers_from),
        ("proxyProtocol", &request.proxy_protocol_from),
    ];
    let stated = keys.into_iter().filter(|(_, ranges)| !ranges.is_empty());
    stated
        .map(|(key, ranges)| (key.to_owned(), ranges.iter().map(Cidr::to_string).collect()))
        .collect()
}

#[cfg(test)]
mod tests;
