//! Redirects to an entry point, by which browsers are told its own port, and not that of the load balancer
//! (`pkg/provider/traefik/internal.go`: the port of the entry point's address, unless it is that of the scheme).

use super::file::File;
use super::rules::CI514;
use crate::kinds::static_options::{StaticOptions, arguments};
use crate::lint::finding::Finding;
use crate::lint::model::traefik::containers;
use crate::lint::model::{Class, Model};
use crate::yaml::{Node, Value};

impl File<'_, '_> {
    /// Finds arguments that redirect to an entry point by its name: the chart's own keys give the port that is exposed.
    pub(super) fn redirects(&self, findings: &mut Vec<Finding>) {
        if self.get(&["hostNetwork"]).is_some_and(Node::says_true) {
            return;
        }
        for key in ["additionalArguments", "globalArguments"] {
            let all = self.get(&[key]).map(Node::items).unwrap_or_default();
            for (index, node) in all.iter().enumerate() {
                let Some(point) = target(node) else { continue };
                let number = |key: &str| match self.get(&["ports", point, key])?.value {
                    Value::Int(number) => Some(number),
                    _ => None,
                };
                let (own, outside) = match point {
                    "web" => (8000, 80),
                    "websecure" => (8443, 443),
                    _ => (0, 0),
                };
                let own = number("port").unwrap_or(own);
                let outside = number("exposedPort").unwrap_or(outside);
                if own == outside || own == 0 || number("hostPort") == Some(own) {
                    continue;
                }
                let message = format!(
                    "browsers are sent to port {own} of `{point}`, and the Service exposes {outside}"
                );
                let field = format!("{key}[{index}]");
                let finding = self.finding(&CI514, node.at, &field, message);
                findings.push(finding.with_help(format!(
                    "Write `:{outside}` in place of the name, or use the chart's key for redirects."
                )));
            }
        }
    }
}

/// Returns the entry point that an argument redirects to by its name.
fn target(node: &Node) -> Option<&str> {
    let (name, value) = arguments(std::slice::from_ref(node)).next()?;
    let is_redirect = name.starts_with("entrypoints.")
        && name.ends_with(".http.redirections.entrypoint.to")
        && !value.starts_with(':');
    is_redirect.then_some(value)
}

/// Finds the same of workloads, where a Service of the input has another port for the entry point.
pub(super) fn of_workloads(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for object in model.of(Class::Workload) {
        let network = object.at(&["spec", "template", "spec", "hostNetwork"]);
        if network.is_some_and(Node::says_true) {
            continue;
        }
        for container in containers(object) {
            let options = StaticOptions::of_container(container);
            if options.is_in_file || options.is_partial {
                continue;
            }
            for (index, node) in container.items_of("args").iter().enumerate() {
                let Some(name) = target(node) else { continue };
                let point = options.entry_point(name);
                let Some(own_port) = point.and_then(|point| point.port.as_ref()) else {
                    continue;
                };
                let ports = container.items_of("ports").iter();
                let own = ports.clone().find(|port| {
                    port.get("containerPort").and_then(Node::scalar).as_ref() == Some(own_port)
                });
                let is_held = own.is_some_and(|port| port.get("hostPort").is_some());
                let own_name = own.and_then(|port| port.text_of("name"));
                let outside = model.of(Class::Service).find_map(|service| {
                    let mut ports = service.spec().items_of("ports").iter();
                    let is_traefiks = service
                        .spec()
                        .get("selector")
                        .map(Node::entries)
                        .unwrap_or_default()
                        .iter()
                        .any(|(_, value)| value.text() == Some("traefik"));
                    let port = ports.find(|port| {
                        let target = port.get("targetPort").and_then(Node::scalar);
                        is_traefiks
                            && target.is_some_and(|target| {
                                target == *own_port || Some(target.as_str()) == own_name
                            })
                    })?;
                    port.get("port").and_then(Node::scalar)
                });
                if let Some(outside) = outside.filter(|outside| outside != own_port && !is_held) {
                    let message = format!(
                        "browsers are sent to port {own_port} of `{name}`, and its Service has {outside}"
                    );
                    let field = format!("spec.template.spec.containers.args[{index}]");
                    let finding = object.finding(&CI514, node.at, &field, message);
                    findings.push(
                        finding.with_help(format!("Write `:{outside}` in place of the name.")),
                    );
                }
            }
        }
    }
}
