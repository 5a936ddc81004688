//! Load balancers in front of Traefik: annotations of Services, and the same in the chart's values.
//!
//! What the cloud controller of OpenStack does is read in its source (`pkg/openstack/loadbalancer.go`, v1.36) and
//! its guide `expose-applications-using-loadbalancer-type-service.md`.

pub(super) mod rules;

use crate::kinds::balancer::{OPENSTACK, SendsProxy};
use crate::kinds::static_options::StaticOptions;
use crate::lint::facts::pods::selected;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::traefik::containers;
use crate::lint::model::{Class, Model, Object, Values};
use crate::lint::rule::Rule;
use crate::yaml::{At, Node, Value};
use rules::{CI703, CI704, CI705, CI709, CI718, CI719, CI720, CI721};

pub(super) const FAMILY: Family = Family {
    number: 7,
    title: "Load balancers",
    rules: rules::RULES,
    classes: &[
        Class::Service,
        Class::Workload,
        Class::IngressRoute,
        Class::Secret,
        Class::ConfigMap,
    ],
    check,
};

const OVH: &str = "loadbalancer.ovhcloud.com/";
/// What OVHcloud's managed Kubernetes does not have (its guide on load balancers, commits 01d41b04 and 73a76c77).
const NOT_AT_OVH: [&str; 8] = [
    "x-forwarded-for",
    "default-tls-container-ref",
    "floating-network-id",
    "floating-subnet",
    "floating-subnet-id",
    "floating-subnet-tags",
    "class",
    "availability-zone",
];
/// What the guide calls "not supported when `lb-provider=ovn` is configured".
const NOT_WITH_OVN: [&str; 9] = [
    "proxy-protocol",
    "x-forwarded-for",
    "timeout-client-data",
    "timeout-member-connect",
    "timeout-member-data",
    "timeout-tcp-inspect",
    "flavor-id",
    "availability-zone",
    "default-tls-container-ref",
];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut all: Vec<CheckedBalancer<'_, '_>> = Vec::new();
    for object in model.of(Class::Service) {
        if let Some(annotations) = object.at(&["metadata", "annotations"]) {
            all.push(CheckedBalancer {
                annotations,
                spec: object.spec(),
                owner: BalancerOwner::Service(object),
            });
        }
    }
    for values in &model.values {
        if let Some(service) = values.node.get("service")
            && let Some(annotations) = service.get("annotations")
        {
            all.push(CheckedBalancer {
                annotations,
                spec: service.get("spec").unwrap_or(service),
                owner: BalancerOwner::Values(values),
            });
        }
    }
    all.retain(CheckedBalancer::is_meant);
    if all.is_empty() {
        return findings;
    }
    let is_ovn = is_ovn(model);
    for balancer in all {
        balancer.check(is_ovn, &mut findings);
        balancer.plain(model, &mut findings);
        balancer.expected(model, &mut findings);
    }
    findings
}

/// Returns whether a configuration of the cloud controller in the input chooses Octavia's provider `ovn`.
fn is_ovn(model: &Model<'_>) -> bool {
    let mut texts = model.secrets.values().flat_map(|held| &held.entries);
    texts.any(|entry| {
        let text = entry.text().filter(|text| text.contains("[LoadBalancer]"));
        text.is_some_and(|text| {
            text.lines().any(|line| {
                line.split_once('=').is_some_and(|(key, value)| {
                    key.trim() == "lb-provider" && value.trim().trim_matches('"') == "ovn"
                })
            })
        })
    })
}

enum BalancerOwner<'m, 'a> {
    Service(&'m Object<'a>),
    Values(&'m Values<'a>),
}

/// What is asked of a load balancer.
struct CheckedBalancer<'m, 'a> {
    annotations: &'a Node,
    spec: &'a Node,
    owner: BalancerOwner<'m, 'a>,
}

impl<'a> CheckedBalancer<'_, 'a> {
    fn has(&self, prefix: &str) -> bool {
        let mut all = self.annotations.entries().iter();
        all.any(|(key, _)| key.text.starts_with(prefix))
    }

    fn is_meant(&self) -> bool {
        self.has(OPENSTACK) || self.has(OVH) || self.sends().is_some()
    }

    fn sends(&self) -> Option<SendsProxy> {
        SendsProxy::of(self.annotations)
    }

    fn of(&self, name: &str) -> Option<&'a Node> {
        self.annotations.get(&format!("{OPENSTACK}{name}"))
    }

    fn finding(
        &self,
        rule: &'static Rule,
        at: At,
        field: &str,
        message: impl Into<String>,
    ) -> Finding {
        match &self.owner {
            BalancerOwner::Service(object) => object.finding(rule, at, field, message),
            BalancerOwner::Values(values) => {
                let field = field.strip_prefix("metadata.").unwrap_or(field);
                values.finding(rule, at, &format!("service.{field}"), message)
            }
        }
    }

    fn at_annotation(
        &self,
        rule: &'static Rule,
        name: &str,
        message: impl Into<String>,
    ) -> Finding {
        let at = self.of(name).map_or(self.annotations.at, |node| node.at);
        self.finding(
            rule,
            at,
            &format!("metadata.annotations.{OPENSTACK}{name}"),
            message,
        )
    }

    /// Returns whether the PROXY protocol is asked for, in the words that the cloud controller takes.
    fn sends_proxy(&self) -> bool {
        let text = self.of("proxy-protocol").and_then(Node::scalar);
        matches!(text.as_deref(), Some("true" | "v1" | "v2"))
    }

    fn check(&self, is_ovn: bool, findings: &mut Vec<Finding>) {
        let is_forwarding = self.of("x-forwarded-for").is_some_and(Node::says_true);
        if self.sends_proxy() && is_forwarding {
            let message = "both `proxy-protocol` and `x-forwarded-for` are set";
            findings.push(self.at_annotation(&CI704, "x-forwarded-for", message));
        }
        if self.has(OVH) {
            for name in NOT_AT_OVH.iter().filter(|name| self.of(name).is_some()) {
                let message = format!("OVHcloud does not have `{name}`");
                findings.push(self.at_annotation(&CI705, name, message));
            }
        }
        if is_ovn {
            let is_set = |name: &&&str| {
                let node = self.of(name);
                node.is_some_and(|node| node.scalar().as_deref() != Some("false"))
            };
            for name in NOT_WITH_OVN.iter().filter(is_set) {
                let message = format!("`lb-provider=ovn` does not have `{name}`");
                findings.push(self.at_annotation(&CI721, name, message));
            }
        }
        let policy = self.spec.get("externalTrafficPolicy");
        if let Some(node) = policy.filter(|node| node.text() == Some("Local"))
            && self.has(OPENSTACK)
            && !self
                .of("enable-health-monitor")
                .is_some_and(Node::says_true)
        {
            let message = "`Local`, and no health monitor";
            findings.push(self.finding(&CI703, node.at, "spec.externalTrafficPolicy", message));
        }
        let Some(value) = self.of("proxy-protocol").and_then(Node::scalar) else {
            return;
        };
        match value.as_str() {
            "true" | "false" => {}
            "v1" | "v2" => {
                let message = format!("`{value}` came with release 1.31 of the cloud controller");
                findings.push(self.at_annotation(&CI719, "proxy-protocol", message));
            }
            other => {
                let message = format!(
                    "`{}` is not one of `true`, `v1`, `v2`, `false`",
                    other.escape_debug()
                );
                findings.push(self.at_annotation(&CI720, "proxy-protocol", message));
            }
        }
    }

    /// Either annotation makes the pool one of plain http, whatever the port.
    fn plain(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        // There the annotation is refused or ignored.
        if self.has(OVH) || self.sends_proxy() {
            return;
        }
        let name = if self.of("default-tls-container-ref").is_some() {
            "default-tls-container-ref"
        } else if self.of("x-forwarded-for").is_some_and(Node::says_true) {
            "x-forwarded-for"
        } else {
            return;
        };
        let is_tls = match &self.owner {
            BalancerOwner::Service(_) => {
                let takes_plain = model.of(Class::IngressRoute).any(|route| {
                    let mut points = route.spec().items_of("entryPoints").iter();
                    route.spec().get("tls").is_none()
                        && points.any(|node| node.text() == Some("websecure"))
                });
                let mut ports = self.spec.items_of("ports").iter();
                !takes_plain
                    && ports.any(|port| {
                        let target = port.get("targetPort").or_else(|| port.get("port"));
                        let target = target.and_then(Node::scalar);
                        matches!(target.as_deref(), Some("websecure" | "8443" | "443"))
                    })
            }
            BalancerOwner::Values(values) => {
                let port = values.node.at_path(&["ports", "websecure"]);
                let off = |path: &[&str]| {
                    let node = port.and_then(|port| port.at_path(path));
                    node.is_some_and(|node| node.value == Value::Bool(false))
                };
                !(port.is_some_and(|port| port.value == Value::Null)
                    || off(&["expose"])
                    || off(&["expose", "default"])
                    || off(&["tls", "enabled"])
                    || off(&["http", "tls", "enabled"]))
            }
        };
        if is_tls {
            let message = format!(
                "with `{name}` the load balancer speaks plain http to Traefik's port for TLS"
            );
            findings.push(self.at_annotation(&CI718, name, message));
        }
    }

    /// Compares what is sent with what Traefik's entry points take.
    fn expected(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let Some(sends) = self.sends() else { return };
        let deaf = match &self.owner {
            BalancerOwner::Values(values) => {
                let options = StaticOptions::of_values(values.node);
                is_deaf(&options, "websecure").then(|| "websecure".to_owned())
            }
            BalancerOwner::Service(object) => deaf(model, object),
        };
        if let Some(point) = deaf {
            let message = format!(
                "the load balancer sends the PROXY protocol, and entry point `{point}` trusts no peer"
            );
            let field = format!("metadata.annotations.{}", sends.key);
            findings.push(self.finding(&CI709, sends.at, &field, message));
        }
    }
}

/// Returns whether an entry point takes no peer's PROXY protocol.
fn is_deaf(options: &StaticOptions, point: &str) -> bool {
    let point = options.entry_point(point);
    point.is_none_or(|point| !point.takes_proxy)
}

/// Returns an entry point behind a Service of its own that takes no PROXY header, where the input shows Traefik's
/// options.
fn deaf(model: &Model<'_>, service: &Object<'_>) -> Option<String> {
    let number = model.find(Class::Service, service.namespace, service.name)?;
    let says = model.service(number)?;
    let ports = says.ports.iter();
    let targets: Vec<String> = ports
        .filter_map(|port| match &port.target {
            Some(target) => Some(target.shown()),
            None => port.number.map(|number| number.to_string()),
        })
        .collect();
    for pod in selected(model, service.namespace, number) {
        let Some(container) = containers(&model.objects[pod]).next() else {
            continue;
        };
        let options = StaticOptions::of_container(container);
        let options = match &model.provider.files[..] {
            _ if options.is_partial => return None,
            [file] if options.is_in_file => file.clone(),
            _ if options.is_in_file => return None,
            _ => options,
        };
        let number_of = |name: &str| {
            let mut ports = container.items_of("ports").iter();
            ports
                .find(|port| port.text_of("name") == Some(name))
                .and_then(|port| port.get("containerPort")?.scalar())
        };
        return targets.iter().find_map(|target| {
            let port = number_of(target).unwrap_or_else(|| target.clone());
            let mut points = options.entry_points.iter();
            let point = points.find(|point| point.port.as_ref() == Some(&port));
            let point = point.filter(|point| !point.takes_proxy)?;
            Some(point.name.clone())
        });
    }
    let mut labels = says.selector.iter();
    let is_of_chart =
        labels.any(|(key, value)| key == "app.kubernetes.io/name" && value == "traefik");
    let [values] = &model.values[..] else {
        return None;
    };
    let options = StaticOptions::of_values(values.node);
    ["websecure", "web"]
        .into_iter()
        .find(|point| {
            is_of_chart && targets.iter().any(|target| target == point) && is_deaf(&options, point)
        })
        .map(ToOwned::to_owned)
}
