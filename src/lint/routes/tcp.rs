//! What only TCP routes have: TLS that is passed through, TLS and the PROXY protocol towards httpd.

use super::entry_points::{entry_points, meet};
use super::rules::{CI227, CI228, CI229, CI230, CI231, CI234, CI235};
use crate::lint::facts::proxy::PROXY_BY_TRANSPORT;
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::yaml::Node;
use std::collections::BTreeMap;

pub(super) fn check(
    model: &Model<'_>,
    tcp: &[Rule<'_>],
    http: &[Rule<'_>],
    findings: &mut Vec<Finding>,
) {
    if tcp.is_empty() {
        return;
    }
    let mut terminated: BTreeMap<&str, Vec<&Rule<'_>>> = BTreeMap::new();
    for rule in http {
        if model.objects[rule.object].spec().get("tls").is_some() {
            for host in &rule.hosts {
                terminated.entry(host).or_default().push(rule);
            }
        }
    }
    for rule in tcp {
        let object = &model.objects[rule.object];
        middlewares(model, object, rule, findings);
        let is_passed = object
            .spec()
            .get("tls")
            .and_then(|tls| tls.get("passthrough"))
            .is_some_and(Node::says_true);
        for (index, service) in rule.node.items_of("services").iter().enumerate() {
            let place = Place {
                model,
                object,
                service,
                field: format!("spec.routes[{}].services[{index}]", rule.index),
            };
            place.tls(is_passed, findings);
            place.proxy(findings);
        }
        if !is_passed {
            continue;
        }
        if rule.hosts.iter().any(|host| host == "*") && rule.matchers.len() == 1 {
            let message = "every name without its own route is passed through to this Service";
            findings.push(object.finding(&CI231, rule.at(), &rule.field(), message));
        }
        for host in &rule.hosts {
            let points = entry_points(object);
            let other = terminated
                .get(host.as_str())
                .into_iter()
                .flatten()
                .map(|other| &model.objects[other.object])
                .find(|other| meet(&points, &entry_points(other)));
            if let Some(other) = other {
                let message = format!(
                    "`{}` is passed through here, and terminated by IngressRoute {}",
                    host.escape_debug(),
                    other.shown()
                );
                findings.push(object.finding(&CI227, rule.at(), &rule.field(), message));
            }
        }
    }
}

/// Finds middlewares of http at a TCP route.
fn middlewares(
    model: &Model<'_>,
    object: &Object<'_>,
    rule: &Rule<'_>,
    findings: &mut Vec<Finding>,
) {
    for (index, node) in rule.node.items_of("middlewares").iter().enumerate() {
        let (Some(at), Some(name)) = (node.get("name"), node.text_of("name")) else {
            continue;
        };
        let namespace = node.text_of("namespace");
        let namespace = namespace.unwrap_or(object.namespace);
        if model.find(Class::MiddlewareTcp, namespace, name).is_none()
            && model.find(Class::Middleware, namespace, name).is_some()
        {
            let field = format!("spec.routes[{}].middlewares[{index}].name", rule.index);
            let message = format!("`{name}` is a Middleware, but this is a TCP route");
            findings.push(object.finding(&CI228, at.at, &field, message));
        }
    }
}

/// A Service of a TCP route.
struct Place<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    service: &'a Node,
    field: String,
}

impl<'a> Place<'_, 'a> {
    fn transport(&self) -> Option<(&'a Node, &Object<'a>)> {
        let node = self.service.get("serversTransport")?;
        let class = Class::ServersTransportTcp;
        let number = self
            .model
            .find(class, self.object.namespace, node.text()?)?;
        Some((node, &self.model.objects[number]))
    }

    fn tls(&self, is_passed: bool, findings: &mut Vec<Finding>) {
        let tls = self.service.get("tls").filter(|node| node.says_true());
        if let Some(node) = tls.filter(|_| is_passed) {
            let message = "the browser's TLS is passed through, and `tls: true` wraps it again";
            let field = format!("{}.tls", self.field);
            findings.push(self.object.finding(&CI229, node.at, &field, message));
        }
        if let Some((node, transport)) = self.transport().filter(|_| tls.is_none())
            && transport.spec().get("tls").is_some()
        {
            let name = transport.name;
            let message = format!(
                "ServersTransportTCP `{name}` has `tls`, and the Service has no `tls: true`"
            );
            let field = format!("{}.serversTransport", self.field);
            let finding = self.object.finding(&CI230, node.at, &field, message);
            findings.push(if is_passed {
                finding.with_severity(Severity::Info)
            } else {
                finding
            });
        }
    }

    fn proxy(&self, findings: &mut Vec<Finding>) {
        let Some(node) = self.service.get("proxyProtocol") else {
            return;
        };
        if self.model.knowledge.release < PROXY_BY_TRANSPORT {
            return;
        }
        let field = format!("{}.proxyProtocol", self.field);
        match self.transport() {
            Some((_, transport)) if transport.spec().get("proxyProtocol").is_none() => {
                let name = transport.name;
                let message = format!(
                    "ServersTransportTCP `{name}` has no `proxyProtocol`, and the Service's is not read"
                );
                findings.push(self.object.finding(&CI235, node.at, &field, message));
            }
            _ => {
                let message = "`proxyProtocol` of the Service is deprecated";
                findings.push(self.object.finding(&CI234, node.at, &field, message));
            }
        }
    }
}
