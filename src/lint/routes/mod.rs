//! Family 2: from the rule of a route to the Service behind it.

mod across;
mod overlap;
mod rule;
mod service;
pub(super) mod tcp;

use super::finding::Finding;
use super::model::{Class, Model, Object, may_be_same};
use super::rules::{CI204, CI208, CI209, CI215, Severity};
use crate::name::DnsName;
use crate::rule::{self as language, Matcher};
use crate::yaml::{At, Node, Value};
use std::net::IpAddr;

/// A Service of a route, and how it is spoken to.
pub(super) struct Use<'a> {
    pub(super) hosts: Vec<String>,
    /// The index of its ServersTransport.
    pub(super) transport: Option<usize>,
    pub(super) is_https: bool,
    pub(super) at: At,
    pub(super) field: String,
    pub(super) route: usize,
    pub(super) service: &'a Node,
}

/// One rule of an IngressRoute.
struct Rule<'a> {
    object: usize,
    index: usize,
    node: &'a Node,
    matchers: Vec<Matcher>,
    hosts: Vec<String>,
}

fn rules<'a>(model: &Model<'a>, class: Class) -> Vec<Rule<'a>> {
    let mut rules = Vec::new();
    for number in model.numbers(class) {
        let all = model.objects[*number]
            .spec()
            .items_of("routes")
            .iter()
            .enumerate();
        for (index, node) in all.filter(|(_, node)| matches!(node.value, Value::Map(_))) {
            let text = node.text_of("match").unwrap_or_default();
            let matchers = language::matchers(text).unwrap_or_default();
            let hosts = language::hosts(&matchers);
            rules.push(Rule {
                object: *number,
                index,
                node,
                matchers,
                hosts,
            });
        }
    }
    rules
}

/// Returns all Services of all http routes.
pub(super) fn uses<'a>(model: &Model<'a>) -> Vec<Use<'a>> {
    let mut uses = Vec::new();
    for rule in rules(model, Class::IngressRoute) {
        for (index, service) in rule.node.items_of("services").iter().enumerate() {
            let object = &model.objects[rule.object];
            let namespace = service.text_of("namespace").unwrap_or(object.namespace);
            let transport = service.text_of("serversTransport");
            uses.push(Use {
                hosts: rule.hosts.clone(),
                transport: transport
                    .and_then(|name| model.find(Class::ServersTransport, namespace, name)),
                is_https: scheme(model, service, namespace) == Scheme::Https,
                at: service.at,
                field: format!("spec.routes[{}].services[{index}]", rule.index),
                route: rule.object,
                service,
            });
        }
    }
    uses
}

#[derive(Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    /// What Traefik does not take.
    Other(String),
}

/// Settles the scheme as Traefik does (`parseServiceProtocol`, since 2.4).
fn scheme(model: &Model<'_>, service: &Node, namespace: &str) -> Scheme {
    if let Some(text) = service.text_of("scheme") {
        return match text {
            "https" => Scheme::Https,
            "http" | "h2c" => Scheme::Http,
            other => Scheme::Other(other.to_owned()),
        };
    }
    let wanted = service
        .get("port")
        .and_then(Node::scalar)
        .unwrap_or_default();
    let is_https = |port: &str, name: &str| port == "443" || name.starts_with("https");
    let guessed = match ports(model, service, namespace) {
        Some(ports) => ports
            .iter()
            .any(|(port, name)| (*port == wanted || *name == wanted) && is_https(port, name)),
        None => is_https(&wanted, &wanted),
    };
    if guessed { Scheme::Https } else { Scheme::Http }
}

/// Returns the ports of the Service with their names, if it is in the input.
fn ports(model: &Model<'_>, service: &Node, namespace: &str) -> Option<Vec<(String, String)>> {
    let name = service.text_of("name")?;
    let found = &model.objects[model.find(Class::Service, namespace, name)?];
    let ports = found.spec().items_of("ports").iter().map(|port| {
        let text = |key: &str| port.get(key).and_then(Node::scalar).unwrap_or_default();
        (text("port"), text("name"))
    });
    Some(ports.collect())
}

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let http = rules(model, Class::IngressRoute);
    for rule in &http {
        rule.check(model, &mut findings);
    }
    let tcp = rules(model, Class::IngressRouteTcp);
    for rule in &tcp {
        rule.check_tcp(model, &mut findings);
    }
    tcp::check(model, &tcp, &http, &mut findings);
    for number in model.numbers(Class::IngressRoute) {
        check_route(model, &model.objects[*number], &mut findings);
    }
    for used in uses(model) {
        used.check(model, &mut findings);
    }
    for object in model.of(Class::ServersTransport) {
        server_name(object, &mut findings);
    }
    across::check(model, &http, &mut findings);
    overlap::check(model, &http, &mut findings);
    findings
}

fn check_route(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec
        .get("entryPoints")
        .is_none_or(|node| node.items().is_empty())
    {
        let message = "the route is served on all default entry points";
        findings.push(object.finding(&CI215, spec.at, "spec.entryPoints", message));
    }
    for key in ["options", "store"] {
        if let Some(node) = spec.get("tls").and_then(|tls| tls.get(key)) {
            reference(model, object, node, &format!("spec.tls.{key}"), findings);
        }
    }
}

/// Checks a reference of the form `{name, namespace}`.
fn reference(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    if let Some(name) = node.get("name") {
        provider_suffix(model, object, name, &format!("{field}.name"), findings);
    }
    let Some(namespace) = node.get("namespace") else {
        return;
    };
    let Some(text) = namespace.text() else { return };
    if may_be_same(text, object.namespace) || model.provider.allow_cross_namespace {
        return;
    }
    let message = format!("the route in `{}` refers to `{text}`", object.namespace);
    let finding = object.finding(&CI209, namespace.at, &format!("{field}.namespace"), message);
    // Without Traefik's options in the input, they may allow it.
    findings.push(if model.provider.is_known {
        finding
    } else {
        finding.with_severity(Severity::Warning)
    });
}

fn provider_suffix(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = node.text().filter(|name| name.ends_with("@kubernetescrd")) else {
        return;
    };
    if !model.provider.allow_cross_namespace {
        let message = format!("`{}` names its provider", name.escape_debug());
        findings.push(object.finding(&CI208, node.at, field, message));
    }
}

fn server_name(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.spec().get("serverName") else {
        return;
    };
    let Some(text) = node.text().filter(|text| !text.is_empty()) else {
        return;
    };
    if text.parse::<IpAddr>().is_ok() {
        return;
    }
    let refused = match DnsName::parse(text) {
        // Traefik does not bring it to the normal form.
        Ok(_) if !text.is_ascii() => "it is not in ASCII".to_owned(),
        Ok(_) => return,
        Err(fault) => fault.what,
    };
    let message = format!(
        "`{}` is not a valid DNS name: {refused}",
        text.escape_debug()
    );
    findings.push(object.finding(&CI204, node.at, "spec.serverName", message));
}
