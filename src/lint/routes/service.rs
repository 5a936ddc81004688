//! The Service of a route: its port, its scheme, its ServersTransport.

use super::reference::{provider_suffix, reference};
use super::rules::{CI201, CI205, CI206, CI207, CI210, CI218, CI221, CI223};
use crate::lint::facts::routes::{Use, named_ports};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::rule::Severity;
use crate::yaml::Node;

/// Checks what a route, a TraefikService or a Middleware names as a Service: its namespace, its type, its port. Returns
/// whether it is something else than a Service of pods.
pub(super) fn named(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) -> bool {
    reference(model, object, node, field, findings);
    if node.text_of("kind").unwrap_or("Service") != "Service" {
        return true;
    }
    let namespace = node.text_of("namespace").unwrap_or(object.namespace);
    let name = node.text_of("name").unwrap_or_default();
    let below = |key: &str| format!("{field}.{key}");
    let at = |key: &str| node.get(key).map_or(node.at, |node| node.at);
    let service = model
        .find(Class::Service, namespace, name)
        .map(|number| &model.objects[number]);
    let is_external =
        service.is_some_and(|service| service.spec().text_of("type") == Some("ExternalName"));
    if is_external && !model.provider.allow_external_name_services {
        let message = format!("Service `{name}` is of type ExternalName");
        let finding = object.finding(&CI221, at("name"), &below("name"), message);
        findings.push(if model.provider.is_known {
            finding
        } else {
            finding.with_severity(Severity::Info)
        });
    }
    let ports = named_ports(model, node, namespace).unwrap_or_default();
    let wanted = node.get("port").and_then(Node::scalar);
    let is_known = |wanted: &String| {
        let is = |(port, name): &(String, String)| port == wanted || name == wanted;
        ports.iter().any(is)
    };
    if let Some(wanted) = wanted.filter(|wanted| !ports.is_empty() && !is_known(wanted)) {
        let known: Vec<&str> = ports.iter().map(|(port, _)| port.as_str()).collect();
        let message = format!(
            "Service `{name}` has no port `{}`, only {}",
            wanted.escape_debug(),
            known.join(", ")
        );
        findings.push(object.finding(&CI218, at("port"), &below("port"), message));
    }
    is_external
}

/// Checks the Services that are named elsewhere than in an IngressRoute.
pub(super) fn elsewhere(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for object in model.of(Class::IngressRouteTcp) {
        for (index, route) in object.spec().items_of("routes").iter().enumerate() {
            for (number, node) in route.items_of("services").iter().enumerate() {
                let field = format!("spec.routes[{index}].services[{number}]");
                named(model, object, node, &field, findings);
            }
        }
    }
    for object in model.of(Class::TraefikService) {
        let spec = object.spec();
        for list in ["weighted", "highestRandomWeight"] {
            let services = spec.get(list).map(|spec| spec.items_of("services"));
            for (number, node) in services.unwrap_or_default().iter().enumerate() {
                let field = format!("spec.{list}.services[{number}]");
                named(model, object, node, &field, findings);
            }
        }
        if let Some(main) = spec.get("mirroring") {
            named(model, object, main, "spec.mirroring", findings);
            for (number, node) in main.items_of("mirrors").iter().enumerate() {
                let field = format!("spec.mirroring.mirrors[{number}]");
                named(model, object, node, &field, findings);
            }
        }
    }
    for object in model.of(Class::Middleware) {
        if let Some(node) = object.spec().at_path(&["errors", "service"]) {
            named(model, object, node, "spec.errors.service", findings);
        }
    }
}

impl Use<'_> {
    pub(super) fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.route];
        let namespace = self
            .service
            .text_of("namespace")
            .unwrap_or(object.namespace);
        let known = ["http", "https", "h2c"];
        if let Some(node) = self.service.get("scheme")
            && let Some(text) = node.text().filter(|text| !known.contains(text))
        {
            let message = format!("`{}` is not a valid scheme", text.escape_debug());
            let field = format!("{}.scheme", self.field);
            findings.push(object.finding(&CI207, node.at, &field, message));
        }
        let is_other = named(model, object, self.service, &self.field, findings);
        self.transport(model, object, namespace, is_other, findings);
    }

    fn transport(
        &self,
        model: &Model<'_>,
        object: &Object<'_>,
        namespace: &str,
        is_other: bool,
        findings: &mut Vec<Finding>,
    ) {
        let field = format!("{}.serversTransport", self.field);
        let Some(node) = self.service.get("serversTransport") else {
            if self.is_https && !is_other && !model.provider.own_transport {
                let message = "Traefik speaks https to this Service, and nothing names its CA";
                let finding = object.finding(&CI210, self.at, &field, message);
                // Whoever speaks https on the port of http knows more of that Service than the input shows.
                let is_odd =
                    self.service.get("port").and_then(Node::scalar).as_deref() == Some("80");
                findings.push(if is_odd {
                    finding.with_severity(Severity::Info)
                } else {
                    finding
                });
            }
            return;
        };
        provider_suffix(model, object, node, &field, findings);
        let name = node.text().unwrap_or_default();
        let Some(number) = self.transport else {
            if model
                .find(Class::ServersTransportTcp, namespace, name)
                .is_some()
            {
                let message =
                    format!("`{name}` is a ServersTransportTCP, but this is an http route");
                findings.push(object.finding(&CI223, node.at, &field, message));
            }
            return;
        };
        let transport = &model.objects[number];
        let spec = transport.spec();
        if spec.get("insecureSkipVerify").is_some_and(Node::says_true) {
            return;
        }
        let expected = spec.text_of("serverName").filter(|name| !name.is_empty());
        let trusts = ["rootCAs", "rootCAsSecrets"]
            .iter()
            .any(|key| spec.get(key).is_some());
        if !self.is_https {
            if expected.is_some() || trusts {
                let message = format!(
                    "ServersTransport `{name}` verifies TLS, but the route speaks plain http to this Service"
                );
                findings.push(object.finding(&CI206, self.at, &field, message));
            }
            return;
        }
        match expected {
            None => {
                let here = Here {
                    namespace: transport.namespace,
                    ..Here::default()
                };
                let message = format!(
                    "ServersTransport `{name}` verifies httpd's certificate, but has no `serverName`"
                );
                findings.push(
                    transport
                        .finding(&CI201, spec.at, "spec.serverName", message)
                        .predicted(model.knowledge.release, here),
                );
            }
            Some(expected)
                if !self.hosts.is_empty() && !self.hosts.iter().any(|host| host == expected) =>
            {
                let message = format!(
                    "`{}` is not one of the route's hosts: {}",
                    expected.escape_debug(),
                    self.hosts.join(", ")
                );
                let at = spec.get("serverName").map_or(spec.at, |node| node.at);
                findings.push(transport.finding(&CI205, at, "spec.serverName", message));
            }
            Some(_) => {}
        }
    }
}
