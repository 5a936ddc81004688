//! Values files of Traefik's Helm chart.
//!
//! Taken from the charts' `values.yaml`, templates and `values.schema.json`, as `src/chart/layout.rs` is.

mod file;
mod keys;
mod providers;
mod redirects;
pub(super) mod rules;

use crate::chart::ChartMajor;
use crate::cidr::Cidr;
use crate::fault::Place;
use crate::kinds::static_options;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::traefik::containers;
use crate::lint::model::{ChartFrom, ChartKnowledge, Class, Model, Values};
use crate::lint::options::Options;
use crate::lint::rule::Severity;
use crate::values::Layers;
use crate::yaml::{At, Node, Value};
use file::File;
use rules::{CI503, CI504, CI505, CI506, CI507, CI508, CI509, CI510, CI511, CI512};

pub(super) const FAMILY: Family = Family {
    number: 5,
    title: "Values files of Traefik's Helm chart",
    rules: rules::RULES,
    classes: &[
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::TlsStore,
        Class::Workload,
        Class::Ingress,
        Class::GatewayKind,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (values, known) in model.values.iter().zip(&model.charts) {
        let file = File {
            values,
            chart: known.chart,
            is_assumed: known.from.is_assumed(),
        };
        file.keys(&mut findings);
        file.pods(&mut findings);
        file.ports(&mut findings);
        file.trust(&mut findings);
        file.redirects(&mut findings);
    }
    providers::check(model, &mut findings);
    redirects::of_workloads(model, &mut findings);
    watched(model, &mut findings);
    arguments(model, &mut findings);
    for values in &model.instances {
        instance(values, &mut findings);
    }
    findings
}

/// Finds what `new-instance -f` would refuse.
fn instance(values: &Values<'_>, findings: &mut Vec<Finding>) {
    let mut layers = Layers::default();
    let settings = layers
        .add_file("", values.node)
        .map_err(|fault| vec![fault])
        .and_then(|()| layers.settings());
    for fault in settings.err().into_iter().flatten() {
        let at = match fault.place {
            Some(Place::Position { line, column, .. }) => At::new(line, column),
            _ => At::default(),
        };
        let field = path_of(values.node, at).unwrap_or_default();
        let found = values.finding(&CI512, at, &field, fault.what);
        findings.push(match fault.help {
            Some(help) => found.with_help(help),
            None => found,
        });
    }
}

/// Returns the path of the key at a place.
fn path_of(node: &Node, at: At) -> Option<String> {
    node.entries().iter().find_map(|(key, node)| {
        if key.at == at {
            return Some(key.text.to_string());
        }
        path_of(node, at).map(|path| format!("{}.{path}", key.text))
    })
}

/// Finds out the chart that reads values.
pub(super) fn chart_of(values: &Values<'_>, options: &Options) -> ChartKnowledge {
    let of_release = || values.chart.and_then(ChartMajor::of_range);
    let (chart, from) = if let Some(chart) = options.chart {
        let from = if options.configured.chart {
            ChartFrom::Configuration
        } else {
            ChartFrom::Option
        };
        (chart, from)
    } else if let Some(chart) = of_release() {
        (chart, ChartFrom::Release)
    } else {
        let chart = newest_that_fits(values);
        let is_newest = chart == ChartMajor::default();
        let from = if is_newest {
            ChartFrom::Default
        } else {
            ChartFrom::Keys
        };
        (chart, from)
    };
    ChartKnowledge {
        chart,
        from,
        file: values.file,
    }
}

/// Finds out the chart: the newest of those that take most of the keys.
fn newest_that_fits(values: &Values<'_>) -> ChartMajor {
    let findings = |chart: &ChartMajor| {
        let (mut findings, chart) = (Vec::new(), *chart);
        let is_assumed = true;
        let file = File {
            values,
            chart,
            is_assumed,
        };
        file.keys(&mut findings);
        findings.len()
    };
    let newest_first = ChartMajor::all().rev();
    newest_first.min_by_key(findings).unwrap_or_default()
}

impl File<'_, '_> {
    fn uses_node_ports(&self) -> bool {
        let ports = self.get(&["ports"]).map(Node::entries).unwrap_or_default();
        self.get(&["hostNetwork"]).is_some_and(Node::says_true)
            || ports.iter().any(|(_, port)| {
                port.get("hostPort")
                    .is_some_and(|node| node.value != Value::Null)
            })
    }

    fn pods(&self, findings: &mut Vec<Finding>) {
        let strategy = self.get(&["updateStrategy"]);
        let kind = self
            .get(&["updateStrategy", "type"])
            .and_then(Node::text)
            .unwrap_or("RollingUpdate");
        if kind != "RollingUpdate" {
            return;
        }
        let is_daemon_set =
            self.get(&["deployment", "kind"]).and_then(Node::text) == Some("DaemonSet");
        let node = |key: &str| self.get(&["updateStrategy", "rollingUpdate", key]);
        // The chart's defaults are 0 and 1.
        let is_zero = |key: &str, default: bool| match node(key).and_then(Node::scalar) {
            Some(text) => matches!(text.trim_end_matches('%'), "0"),
            None => default,
        };
        let (keeps_all, no_surge) = (is_zero("maxUnavailable", true), is_zero("maxSurge", false));
        let place = |key: &str| {
            let at = node(key)
                .or(strategy)
                .map_or(self.values.node.at, |node| node.at);
            (at, format!("updateStrategy.rollingUpdate.{key}"))
        };
        let host_network = self.get(&["hostNetwork"]).is_some_and(Node::says_true);
        if is_daemon_set && host_network && keeps_all {
            let (at, field) = place("maxUnavailable");
            let message = "`maxUnavailable` is 0, and the pods use ports of their nodes".to_owned();
            findings.push(self.finding(&CI503, at, &field, message));
        } else if is_daemon_set && !keeps_all && !no_surge {
            let (at, field) = place("maxSurge");
            let what = if node("maxSurge").is_some() {
                "is set"
            } else {
                "is 1 by default"
            };
            let message = format!("`maxUnavailable` is set, and `maxSurge` {what}");
            findings.push(self.finding(&CI504, at, &field, message));
        } else if self.uses_node_ports() && !no_surge {
            let (at, field) = place("maxSurge");
            let message = "`maxSurge` is not 0, and the pods use ports of their nodes".to_owned();
            findings.push(self.finding(&CI505, at, &field, message));
        }
    }

    fn ports(&self, findings: &mut Vec<Finding>) {
        if !self.get(&["hostNetwork"]).is_some_and(Node::says_true) {
            return;
        }
        let is_root = ["securityContext", "podSecurityContext"]
            .iter()
            .any(|context| {
                self.get(&[context, "runAsUser"])
                    .is_some_and(|node| node.value == Value::Int(0))
            });
        for (name, port) in self.get(&["ports"]).map(Node::entries).unwrap_or_default() {
            let number = |key: &str| match port.get(key)?.value {
                Value::Int(number) => Some(number),
                _ => None,
            };
            let at = |key: &str| port.get(key).map_or(port.at, |node| node.at);
            let default = match name.text.as_str() {
                "web" => Some(8000),
                "websecure" => Some(8443),
                "traefik" => Some(if self.chart.number() < 33 { 9000 } else { 8080 }),
                "metrics" => Some(9100),
                _ => None,
            };
            let own = number("port").or(default);
            if let Some(low) = own.filter(|number| *number < 1024 && !is_root) {
                let message = format!(
                    "port {low} of `{}` on the nodes' network, and Traefik is not root",
                    name.text
                );
                let finding = self.finding(
                    &CI506,
                    at("port"),
                    &format!("ports.{}.port", name.text),
                    message,
                );
                // The Civiparoisse Traefik notes rely on nodes that let anybody bind it, as minikube's do.
                findings.push(if self.chart.number() <= 22 {
                    finding.with_severity(Severity::Info)
                } else {
                    finding
                });
            }
            if let (Some(host), Some(own)) = (number("hostPort"), own)
                && host != own
            {
                let message = format!("`hostPort` is {host}, and the port is {own}");
                findings.push(self.finding(
                    &CI507,
                    at("hostPort"),
                    &format!("ports.{}.hostPort", name.text),
                    message,
                ));
            }
        }
    }

    fn trust(&self, findings: &mut Vec<Finding>) {
        for key in ["proxyProtocol", "forwardedHeaders"] {
            let ranges = |port: &str| {
                self.get(&["ports", port, key, "trustedIPs"])
                    .map(Node::items)
                    .unwrap_or_default()
            };
            let (web, secure) = (ranges("web"), ranges("websecure"));
            let is_off = |port: &str| {
                self.get(&["ports", port])
                    .is_some_and(|node| node.value == Value::Null)
            };
            let trusted = [
                ("web", web, secure, "websecure"),
                ("websecure", secure, web, "web"),
            ];
            for (port, own, other, name) in trusted {
                if !own.is_empty() && other.is_empty() && !is_off(name) {
                    let message =
                        format!("`{key}.trustedIPs` is set on `{port}` and not on `{name}`");
                    findings.push(self.finding(
                        &CI508,
                        own[0].at,
                        &format!("ports.{port}.{key}.trustedIPs"),
                        message,
                    ));
                }
            }
            for (name, port) in self.get(&["ports"]).map(Node::entries).unwrap_or_default() {
                if let Some(node) = port.get(key) {
                    self.trusted(node, &format!("ports.{}.{key}", name.text), key, findings);
                }
            }
        }
    }

    fn trusted(&self, node: &Node, field: &str, key: &str, findings: &mut Vec<Finding>) {
        let insecure = node.get("insecure").filter(|node| node.says_true());
        if let Some(insecure) = insecure {
            let message = format!("`{key}.insecure` trusts every peer");
            findings.push(self.finding(&CI509, insecure.at, &format!("{field}.insecure"), message));
        }
        let ranges = node.items_of("trustedIPs");
        for (index, range) in ranges.iter().enumerate() {
            let Some(text) = range.text() else { continue };
            if text.ends_with("/0") && Cidr::parse(text).is_err() {
                let message = format!("`{}` covers every address", text.escape_debug());
                findings.push(self.finding(
                    &CI509,
                    range.at,
                    &format!("{field}.trustedIPs[{index}]"),
                    message,
                ));
            }
        }
        // The charts' own values have an empty list: nothing is meant by that.
        let names_no_one = match &node.value {
            Value::Map(keys) => !keys.is_empty() && node.get("trustedIPs").is_none(),
            Value::Bool(is_on) => *is_on,
            _ => false,
        };
        if key == "proxyProtocol" && names_no_one && node.get("insecure").is_none() {
            let message = "`proxyProtocol` is set, but no peer is trusted".to_owned();
            findings.push(self.finding(&CI510, node.at, field, message));
        }
    }
}

/// Finds arguments of Traefik that trust everyone, of its containers and in the chart's values.
fn arguments(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for values in &model.values {
        for (index, node) in values
            .node
            .items_of("additionalArguments")
            .iter()
            .enumerate()
        {
            if let Some(message) = trusts_everyone(node) {
                let field = format!("additionalArguments[{index}]");
                findings.push(values.finding(&CI509, node.at, &field, message));
            }
        }
    }
    for object in model.of(Class::Workload) {
        for container in containers(object) {
            for (index, node) in container.items_of("args").iter().enumerate() {
                if let Some(message) = trusts_everyone(node) {
                    let field = format!("spec.template.spec.containers.args[{index}]");
                    findings.push(object.finding(&CI509, node.at, &field, message));
                }
            }
        }
    }
}

fn trusts_everyone(node: &Node) -> Option<String> {
    let (name, value) = static_options::arguments(std::slice::from_ref(node)).next()?;
    let rest = name.strip_prefix("entrypoints.")?;
    let (_, option) = rest.split_once('.')?;
    let is_all = |range: &str| range.trim().ends_with("/0");
    match option {
        "proxyprotocol.insecure" | "forwardedheaders.insecure" if value == "true" => {
            Some(format!("`{option}` trusts every peer"))
        }
        "proxyprotocol.trustedips" | "forwardedheaders.trustedips" => value
            .split(',')
            .find(|range| is_all(range))
            .map(|range| format!("`{}` covers every address", range.trim().escape_debug())),
        _ => None,
    }
}

/// Finds routes in namespaces that Traefik does not watch.
fn watched(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let namespaces = &model.provider.options.namespaces;
    if namespaces.is_empty() {
        return;
    }
    for class in [Class::IngressRoute, Class::IngressRouteTcp, Class::TlsStore] {
        for object in model.of(class) {
            if !object.namespace.is_empty()
                && !namespaces.iter().any(|name| name == object.namespace)
            {
                let at = object
                    .at(&["metadata", "namespace"])
                    .map_or(object.node.at, |node| node.at);
                let message = format!("Traefik watches {} only", namespaces.join(", "));
                findings.push(object.finding(&CI511, at, "metadata.namespace", message));
            }
        }
    }
}
