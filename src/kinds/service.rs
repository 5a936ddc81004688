//! Services of Kubernetes, and load balancers that they ask for.

use super::ingress::ServiceOptions;
use super::text;
use super::traefik::Port;
use crate::cluster::unfilled::is_unfilled;
use crate::kinds::balancer::METALLB_ADDRESS;
use crate::yaml::{Node, Value};
use std::borrow::Cow;

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Whether it only stands for a name of the DNS: type `ExternalName`.
    pub is_external: bool,
    /// Whether it has no address of its own: `clusterIP: None`. It alone may have no ports, but for one that is external
    /// (`ValidateService` in `pkg/apis/core/validation` of Kubernetes 1.34).
    pub is_headless: bool,
    /// `selector`: labels of its pods, key and value.
    pub selector: Vec<(String, String)>,
    /// `ports`.
    pub ports: Vec<ServicePort>,
    /// What is before the cluster, of a Service of type LoadBalancer.
    pub balancer: Option<Balancer>,
    /// What Traefik's annotations say of it.
    pub options: ServiceOptions,
}

/// The name that the guide of Traefik's chart gives a release, and so the chart its Service.
pub(crate) const RELEASE: &str = "traefik";

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// `port`, where it is a number.
    pub number: Option<i64>,
    /// `name`; empty if there is none.
    pub name: String,
    /// `appProtocol`, if it is not empty.
    pub protocol: Option<String>,
    /// `targetPort`, the port of its pods.
    pub target: Option<Port>,
    /// Whether `port` has yet to be filled in.
    pub is_open: bool,
}

/// What makes pods: a Deployment, a DaemonSet or a StatefulSet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// The labels of its pods, key and value.
    pub labels: Vec<(String, String)>,
}

impl Workload {
    pub(crate) fn of(spec: &Node) -> Self {
        Self {
            labels: labels(spec.at_path(&["template", "metadata", "labels"])),
        }
    }
}

impl ServicePort {
    /// Makes up the port of a Service that is not at hand.
    #[must_use]
    pub fn supposed(wanted: &Port) -> Self {
        let (number, name) = match wanted {
            Port::Number(number) => (Some(*number), String::new()),
            Port::Name(name) => (None, name.clone()),
        };
        Self {
            number,
            name,
            protocol: None,
            target: None,
            is_open: false,
        }
    }

    /// Returns the port of the pods behind it; nothing if that has only a name.
    #[must_use]
    pub fn of_pods(&self) -> Option<i64> {
        match &self.target {
            None => self.number,
            Some(Port::Number(number)) => Some(*number),
            Some(Port::Name(name)) => name.parse().ok(),
        }
    }

    /// Returns whether TLS is spoken there, as Traefik guesses it for the Gateway API (`getHTTPServiceProtocol`, 3.2 to
    /// 3.7).
    #[must_use]
    pub fn is_tls(&self) -> bool {
        match self.protocol.as_deref() {
            None => is_https_port(self.number, &self.name),
            Some(protocol) => ["https", "kubernetes.io/wss", "tls"].contains(&protocol),
        }
    }

    /// Returns whether plain http is spoken there and nothing else, by its protocol, else by its number and name.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        match &self.protocol {
            None => {
                self.number == Some(80) || self.name == "http" || self.name.starts_with("http-")
            }
            Some(protocol) => protocol == "http",
        }
    }

    /// Returns whether this is the port that a route means.
    #[must_use]
    pub fn is(&self, wanted: &Port) -> bool {
        match wanted {
            Port::Number(number) => self.is_open || self.number == Some(*number),
            Port::Name(name) => self.name == *name,
        }
    }
}

/// Returns whether Traefik speaks TLS to a port without a `scheme`: 443, and ports whose names begin with https
/// (`parseServiceProtocol` in `pkg/provider/kubernetes/crd/kubernetes_http.go`, 2.9 to 3.7).
#[must_use]
pub fn is_https_port(number: Option<i64>, name: &str) -> bool {
    number == Some(443) || name.starts_with("https")
}

/// The load balancer of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// The namespace of the Service, as far as it is known.
    pub namespace: Option<String>,
    /// Its `metadata.name`.
    pub name: String,
    /// Its addresses and names, as far as they are known.
    pub addresses: Vec<String>,
    /// The version of the PROXY protocol that it is told to speak, as written.
    pub proxy_protocol: Option<String>,
    /// The annotation by which it is told to end TLS itself, and its value.
    pub ends_tls: Option<(String, String)>,
    /// Name, labels and selector, by which it is known whose it is.
    pub(crate) marks: String,
}

/// Annotations by which a load balancer ends TLS itself, with a certificate that is kept outside the cluster.
const ENDS_TLS: [&str; 3] = [
    "loadbalancer.openstack.org/default-tls-container-ref",
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
];

impl Service {
    /// Returns the port that a route means.
    #[must_use]
    pub fn port(&self, wanted: &Port) -> Option<&ServicePort> {
        self.ports.iter().find(|port| port.is(wanted))
    }

    /// Returns the number of its port, if it has a single one.
    #[must_use]
    pub fn only_port(&self) -> Option<Port> {
        match self.ports.as_slice() {
            [only] => only.number.map(Port::Number),
            _ => None,
        }
    }

    /// Returns whether it selects the pods of a workload.
    #[must_use]
    pub fn selects(&self, workload: &Workload) -> bool {
        let is_there = |label| workload.labels.contains(label);
        !self.selector.is_empty() && self.selector.iter().all(is_there)
    }

    pub(crate) fn of(object: &Node, spec: &Node, name: &str) -> Self {
        let of_type = |wanted| spec.text_of("type") == Some(wanted);
        let port = |node: &Node| ServicePort {
            number: match node.get("port").map(|port| &port.value) {
                Some(Value::Int(number)) => Some(*number),
                _ => None,
            },
            name: text(node, "name").unwrap_or_default(),
            protocol: text(node, "appProtocol"),
            // Zero and nothing stand for the port itself (`SetDefaults_Service` in `pkg/apis/core/v1/defaults.go` of
            // Kubernetes 1.34).
            target: super::port(node, "targetPort")
                .map(|port| port.value)
                .filter(|port| ![Port::Number(0), Port::Name(String::new())].contains(port)),
            is_open: text(node, "port").is_some_and(|port| is_unfilled(&port)),
        };
        Self {
            is_external: of_type("ExternalName"),
            is_headless: spec.text_of("clusterIP") == Some("None"),
            selector: labels(spec.get("selector")),
            ports: spec.items_of("ports").iter().map(port).collect(),
            options: ServiceOptions::of(object),
            balancer: of_type("LoadBalancer").then(|| Balancer::of(object, spec, name)),
        }
    }

    /// Takes the Service that Traefik's chart makes of its values, as far as it concerns a load balancer.
    #[must_use]
    pub fn of_chart_values(annotations: Option<&Node>, spec: Option<&Node>) -> Self {
        let mut balancer = Balancer {
            namespace: None,
            name: RELEASE.to_owned(),
            marks: RELEASE.to_owned(),
            addresses: Vec::new(),
            proxy_protocol: None,
            ends_tls: None,
        };
        balancer.ask(annotations, spec);
        Self {
            balancer: Some(balancer),
            ..Self::default()
        }
    }
}

/// Returns the port of a Service that is meant, made up where the Service is not at hand. Nothing: it has no such port.
#[must_use]
pub fn port<'a>(service: Option<&'a Service>, wanted: &Port) -> Option<Cow<'a, ServicePort>> {
    match service {
        Some(service) => service.port(wanted).map(Cow::Borrowed),
        None => Some(Cow::Owned(ServicePort::supposed(wanted))),
    }
}

impl Balancer {
    fn of(object: &Node, spec: &Node, name: &str) -> Self {
        let status = object.at_path(&["status", "loadBalancer"]);
        let given = status.map(|status| status.items_of("ingress"));
        let addresses = given
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| text(entry, "ip").or_else(|| text(entry, "hostname")));
        let labels = texts_by_key(object.at_path(&["metadata", "labels"]));
        let selector = texts_by_key(spec.get("selector"));
        let marks = labels.iter().chain(&selector).map(|(_, value)| *value);
        let marks: Vec<&str> = std::iter::once(name).chain(marks).collect();
        let namespace = object
            .get("metadata")
            .and_then(|metadata| text(metadata, "namespace"));
        let mut balancer = Self {
            namespace,
            name: name.to_owned(),
            marks: marks.join(" "),
            addresses: addresses.collect(),
            proxy_protocol: None,
            ends_tls: None,
        };
        let annotations = object.at_path(&["metadata", "annotations"]);
        balancer.ask(annotations, Some(spec));
        balancer
    }

    /// Notes what is asked of it.
    fn ask(&mut self, annotations: Option<&Node>, spec: Option<&Node>) {
        let annotations = texts_by_key(annotations);
        if self.addresses.is_empty() {
            let address = spec.and_then(|spec| text(spec, "loadBalancerIP"));
            let named = annotations.iter().find(|(key, _)| *key == METALLB_ADDRESS);
            let named = named.map(|(_, address)| (*address).to_owned());
            self.addresses.extend(address.or(named));
        }
        let proxy = annotations
            .iter()
            .find(|(key, value)| key.ends_with("proxy-protocol") && *value != "false");
        let ends_tls = annotations
            .iter()
            .find(|(key, value)| ENDS_TLS.contains(key) && !value.is_empty());
        self.proxy_protocol = proxy.map(|(_, value)| (*value).to_owned());
        self.ends_tls = ends_tls.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    }
}

fn labels(node: Option<&Node>) -> Vec<(String, String)> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    texts_by_key(node).into_iter().map(owned).collect()
}

fn texts_by_key(node: Option<&Node>) -> Vec<(&str, &str)> {
    let entries = node.map(Node::entries).unwrap_or_default().iter();
    entries
        .filter_map(|(key, value)| Some((key.text.as_str(), value.text()?)))
        .collect()
}
