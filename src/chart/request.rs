//! What the values file is to say, parsed once from text.

use super::layout::ChartMajor;
use super::options::{AccessLog, LogFormat, LogLevel, TrafficPolicy, UpdateStrategy};
use crate::cidr::Cidr;
use crate::fault::Fault;
use crate::load_balancer::ServiceRequest;
use crate::name::Namespace;
use crate::path::arrival::Arrival;
use std::fmt;
use std::num::NonZeroU16;

/// What the values file is to say. `None` takes the chart's default, which [`super::render`] documents.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that Traefik does or leaves"
)]
pub struct ValuesRequest {
    /// The chart that reads the file.
    pub chart: ChartMajor,
    /// How Traefik's pods are run.
    pub workload: Workload,
    /// How clients reach them.
    pub exposure: Exposure,
    /// What their Service says beside that.
    pub service: ServiceRequest,
    /// How they are replaced.
    pub update_strategy: UpdateStrategy,
    /// The lowest level of Traefik's own log.
    pub log_level: LogLevel,
    /// The format of Traefik's own log.
    pub log_format: Option<LogFormat>,
    /// The access log.
    pub access_log: Option<AccessLog>,
    /// Whether metrics are served for Prometheus.
    pub prometheus: bool,
    /// Whether requests come without TLS, to `web`.
    pub is_plain: bool,
    /// Whether Ingresses are served too, as cert-manager makes them for a challenge at port 80.
    pub ingresses: bool,
    /// Whether objects of the Gateway API are served too, at a Gateway that is not the chart's.
    pub gateway_api: bool,
    /// Whether the proxy is the fast one, which bounds the TLS handshake with httpd by the `dialTimeout` of its
    /// ServersTransport where HTTP/2 is off (`pkg/proxy/fast/dialer.go`, v3.7.9); the other one gives up after 10 seconds
    /// (`pkg/server/service/transport.go`).
    pub fast_proxy: bool,
    /// Whether http is redirected to https.
    pub redirect: Option<bool>,
    /// Peers whose PROXY protocol header is believed.
    pub proxy_protocol_from: Vec<Cidr>,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub forwarded_headers_from: Vec<Cidr>,
    /// The only namespaces whose routes are served; empty for all.
    pub watch_namespaces: Vec<Namespace>,
    /// The longest time for reading one request where instances are served: on `websecure`, or on `web` without TLS.
    pub read_timeout: Option<ReadTimeout>,
}

impl ValuesRequest {
    /// Asks for a chart's defaults.
    #[must_use]
    pub fn for_chart(chart: ChartMajor) -> Self {
        Self {
            chart,
            workload: Workload::DaemonSet,
            exposure: Exposure::HostPort,
            service: ServiceRequest::default(),
            update_strategy: UpdateStrategy::RollingUpdate,
            log_level: LogLevel::Info,
            log_format: None,
            access_log: None,
            prometheus: false,
            is_plain: false,
            ingresses: false,
            gateway_api: false,
            fast_proxy: false,
            redirect: None,
            proxy_protocol_from: Vec::new(),
            forwarded_headers_from: Vec::new(),
            watch_namespaces: Vec::new(),
            read_timeout: None,
        }
    }

    /// Asks for what requests need to arrive: the Service of a load balancer, and trust in what that says of browsers.
    ///
    /// Only nodes with a pod of Traefik get connections: others would pass them on with their own address, which is not
    /// among those that are trusted.
    pub fn receive(&mut self, arrival: &Arrival) {
        if let Some(service) = arrival.service() {
            self.exposure = Exposure::LoadBalancer(TrafficPolicy::Local);
            self.service = service;
        }
        self.proxy_protocol_from.extend(arrival.announcing());
        self.forwarded_headers_from.extend(arrival.forwarding());
        self.is_plain = arrival.is_plain();
    }
}

/// How Traefik's pods are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// One pod on every node.
    DaemonSet,
    /// This many pods, wherever there is room.
    Deployment(NonZeroU16),
}

/// How clients reach Traefik's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Ports 80 and 443 of the node lead to the pod on it, which sees the client's address.
    HostPort,
    /// The pod has the node's network and binds ports 80 and 443 itself, for which it must run as root.
    HostNetwork,
    /// A Service of type `LoadBalancer`.
    LoadBalancer(TrafficPolicy),
}

/// The longest time for reading one request with its body, in whole seconds; zero for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadTimeout(u32);

impl ReadTimeout {
    /// Ten minutes: an upload of 100 MB at 1.4 Mbit/s. Traefik's own default is 60 s since 2.11.2 and 3.0
    /// and none before; it cuts slower requests off with status 499.
    pub const DEFAULT: Self = Self(600);

    /// Parses a number of seconds, minutes or hours: `600s`, `10m`, `1h`; `0s` lifts the limit.
    ///
    /// # Errors
    /// Anything else, and more than a day.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Fault::new(format!(
                "`{}` is not a valid read timeout",
                text.escape_debug()
            ))
            .help("use seconds, minutes or hours up to a day, for example `600s`, `10m` or `1h`")
        };
        let (digits, seconds) = [("s", 1), ("m", 60), ("h", 3600)]
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
            .ok_or_else(refused)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let number: u32 = digits.parse().map_err(|_| refused())?;
        number
            .checked_mul(seconds)
            .filter(|seconds| *seconds <= 86_400)
            .map(Self)
            .ok_or_else(refused)
    }
}

impl fmt::Display for ReadTimeout {
    /// Writes it as every Traefik reads it, in seconds with their unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_reading_come_out_in_seconds() {
        for (text, expected) in [
            ("600s", "600s"),
            ("10m", "600s"),
            ("1h", "3600s"),
            ("24h", "86400s"),
            ("0s", "0s"),
        ] {
            assert_eq!(ReadTimeout::parse(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            "s",
            "600",
            "1.5s",
            "-1s",
            "+1s",
            "25h",
            "86401s",
            "1m30s",
            "10 m",
            "600ms",
            "4294967296s",
            "1193047h",
        ] {
            assert!(
                ReadTimeout::parse(text).unwrap_err().help.is_some(),
                "{text:?}"
            );
        }
    }
}
