//! The Service of a route: its port, its scheme, its ServersTransport.

use super::reference::{provider_suffix, reference};
use super::rules::{CI201, CI205, CI206, CI207, CI210, CI218, CI221, CI223};
use crate::lint::facts::routes::{Scheme, Use, named_ports, scheme};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::rule::Severity;
use crate::yaml::Node;

impl Use<'_> {
    pub(super) fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.route];
        reference(model, object, self.service, &self.field, findings);
        let namespace = self
            .service
            .text_of("namespace")
            .unwrap_or(object.namespace);
        let name = self.service.text_of("name").unwrap_or_default();
        let is_service = self.service.text_of("kind").unwrap_or("Service") == "Service";
        let field = |key: &str| format!("{}.{key}", self.field);
        let at = |key: &str| self.service.get(key).map_or(self.at, |node| node.at);
        if let Scheme::Other(text) = scheme(model, self.service, namespace) {
            let message = format!("`{}` is not a valid scheme", text.escape_debug());
            findings.push(object.finding(&CI207, at("scheme"), &field("scheme"), message));
        }
        let service = model
            .find(Class::Service, namespace, name)
            .map(|number| &model.objects[number]);
        let is_external =
            service.is_some_and(|service| service.spec().text_of("type") == Some("ExternalName"));
        if is_external && is_service && !model.provider.allow_external_name_services {
            let message = format!("Service `{name}` is of type ExternalName");
            let finding = object.finding(&CI221, at("name"), &field("name"), message);
            findings.push(if model.provider.is_known {
                finding
            } else {
                finding.with_severity(Severity::Info)
            });
        }
        if let Some(ports) = named_ports(model, self.service, namespace)
            .filter(|ports| is_service && !ports.is_empty())
        {
            let wanted = self.service.get("port").and_then(Node::scalar);
            if let Some(wanted) = wanted.filter(|wanted| {
                !ports
                    .iter()
                    .any(|(port, name)| port == wanted || name == wanted)
            }) {
                let known: Vec<&str> = ports.iter().map(|(port, _)| port.as_str()).collect();
                let message = format!(
                    "Service `{name}` has no port `{}`, only {}",
                    wanted.escape_debug(),
                    known.join(", ")
                );
                findings.push(object.finding(&CI218, at("port"), &field("port"), message));
            }
        }
        self.transport(
            model,
            object,
            namespace,
            is_external || !is_service,
            findings,
        );
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
