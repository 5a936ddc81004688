//! Family 2: from the rule of a route to the Service behind it.

use super::finding::Finding;
use super::items;
use super::matcher::{self, Matcher};
use super::model::{Class, Model, Object, is_true, may_be_same, scalar};
use super::predict::Here;
use super::rules::{
    CI201, CI204, CI205, CI206, CI207, CI208, CI209, CI210, CI211, CI212, CI213, CI214, CI215,
    CI216, CI217, CI218, CI219, CI220, CI221, CI222, CI223, CI224, CI225, CI226, Severity,
};
use crate::name::DnsName;
use crate::release::Release;
use crate::yaml::{At, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A Service of a route, and how it is spoken to.
pub(super) struct Use<'a> {
    pub(super) hosts: Vec<String>,
    /// The index of its ServersTransport.
    pub(super) transport: Option<usize>,
    pub(super) is_https: bool,
    at: At,
    field: String,
    route: usize,
    service: &'a Node,
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
        for (index, node) in items(model.objects[*number].spec(), "routes") {
            let text = node.get("match").and_then(Node::text).unwrap_or_default();
            let matchers = matcher::read(text).unwrap_or_default();
            let hosts = matcher::hosts(&matchers);
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

/// Gives all Services of all http routes.
pub(super) fn uses<'a>(model: &Model<'a>) -> Vec<Use<'a>> {
    let mut uses = Vec::new();
    for rule in rules(model, Class::IngressRoute) {
        for (index, service) in items(rule.node, "services") {
            let object = &model.objects[rule.object];
            let namespace = service
                .get("namespace")
                .and_then(Node::text)
                .unwrap_or(object.namespace);
            let transport = service.get("serversTransport").and_then(Node::text);
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
    if let Some(text) = service.get("scheme").and_then(Node::text) {
        return match text {
            "https" => Scheme::Https,
            "http" | "h2c" => Scheme::Http,
            other => Scheme::Other(other.to_owned()),
        };
    }
    let wanted = service.get("port").and_then(scalar).unwrap_or_default();
    let is_https = |port: &str, name: &str| port == "443" || name.starts_with("https");
    let guessed = match ports(model, service, namespace) {
        Some(ports) => ports
            .iter()
            .any(|(port, name)| (*port == wanted || *name == wanted) && is_https(port, name)),
        None => is_https(&wanted, &wanted),
    };
    if guessed { Scheme::Https } else { Scheme::Http }
}

/// Gives the ports of the Service with their names, where it is in the input.
fn ports(model: &Model<'_>, service: &Node, namespace: &str) -> Option<Vec<(String, String)>> {
    let name = service.get("name")?.text()?;
    let found = &model.objects[model.find(Class::Service, namespace, name)?];
    let ports = items(found.spec(), "ports").map(|(_, port)| {
        let text = |key: &str| port.get(key).and_then(scalar).unwrap_or_default();
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
    for rule in rules(model, Class::IngressRouteTcp) {
        rule.check_tcp(model, &mut findings);
    }
    for number in model.numbers(Class::IngressRoute) {
        check_route(model, &model.objects[*number], &mut findings);
    }
    for used in uses(model) {
        used.check(model, &mut findings);
    }
    for object in model.of(Class::ServersTransport) {
        server_name(object, &mut findings);
    }
    clear_text(model, &http, &mut findings);
    same_rules(model, &http, &mut findings);
    collisions(model, &mut findings);
    wanted_hosts(model, &http, &mut findings);
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

/// Matchers that take one argument in Traefik 3 (`pkg/muxer/http/matcher.go`, `pkg/muxer/tcp/matcher.go`).
const OF_ONE: [&str; 10] = [
    "Host",
    "HostRegexp",
    "Path",
    "PathPrefix",
    "PathRegexp",
    "Method",
    "ClientIP",
    "HostSNI",
    "HostSNIRegexp",
    "ALPN",
];
/// Matchers of http.
const OF_HTTP: [&str; 12] = [
    "Host",
    "HostHeader",
    "HostRegexp",
    "Path",
    "PathPrefix",
    "PathRegexp",
    "Method",
    "Header",
    "Headers",
    "Query",
    "HeaderRegexp",
    "QueryRegexp",
];

impl Rule<'_> {
    fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.check_match(model, findings);
        let object = &model.objects[self.object];
        for (index, node) in items(self.node, "middlewares") {
            let field = format!("spec.routes[{}].middlewares[{index}]", self.index);
            reference(model, object, node, &field, findings);
        }
    }

    fn at(&self) -> At {
        self.node.get("match").map_or(self.node.at, |node| node.at)
    }

    fn field(&self) -> String {
        format!("spec.routes[{}].match", self.index)
    }

    fn check_match(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.object];
        let (at, field) = (self.at(), self.field());
        let text = self
            .node
            .get("match")
            .and_then(Node::text)
            .unwrap_or_default();
        if let Err(why) = matcher::read(text) {
            findings.push(object.finding(
                &CI214,
                at,
                &field,
                format!("the rule cannot be read: {why}"),
            ));
            return;
        }
        let release = model.knowledge.release;
        let is_v2 = self.node.get("syntax").and_then(Node::text) == Some("v2");
        let several = self
            .matchers
            .iter()
            .find(|matcher| OF_ONE.contains(&matcher.name.as_str()) && matcher.arguments.len() > 1);
        if let Some(matcher) = several.filter(|_| release >= Release::exactly(3, 0, 0) && !is_v2) {
            let message = format!(
                "`{}` has {} arguments, and Traefik {release} takes one",
                matcher.name,
                matcher.arguments.len()
            );
            let finding = object.finding(&CI211, at, &field, message);
            findings.push(if model.knowledge.is_certain() {
                finding
            } else {
                finding.with_severity(Severity::Warning)
            });
        }
        for host in &self.hosts {
            if !host.is_ascii() {
                let ascii = DnsName::parse(host).ok();
                let finding = object.finding(
                    &CI212,
                    at,
                    &field,
                    format!("`{}` is not in ASCII", host.escape_debug()),
                );
                findings.push(match ascii {
                    Some(ascii) => finding.with_help(format!("Write it as `{ascii}`.")),
                    None => finding,
                });
            } else if host.contains('*') && host != "*" && release < Release::exactly(3, 7, 0) {
                let message =
                    format!("`{host}` has a wildcard, which Traefik {release} does not know");
                findings.push(object.finding(&CI213, at, &field, message));
            }
        }
    }

    /// TLS that is passed through meets httpd, not Traefik.
    fn passed_through(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.object];
        let Some(tls) = object.spec().get("tls") else {
            return;
        };
        if !is_true(tls.get("passthrough")) {
            return;
        }
        for key in ["secretName", "certResolver"] {
            if let Some(node) = tls.get(key).filter(|_| self.index == 0) {
                let message = format!("`{key}` stands beside `passthrough`");
                findings.push(object.finding(&CI226, node.at, &format!("spec.tls.{key}"), message));
            }
        }
        for (index, service) in items(self.node, "services") {
            let namespace = service.get("namespace").and_then(Node::text);
            let namespace = namespace.unwrap_or(object.namespace);
            let Some(port) = service.get("port") else {
                continue;
            };
            let wanted = scalar(port).unwrap_or_default();
            let is_plain = |number: &str, name: &str| number == "80" || name == "http";
            let known = ports(model, service, namespace).unwrap_or_default();
            let found = known
                .iter()
                .find(|(number, name)| *number == wanted || *name == wanted);
            let is_http = match found {
                Some((number, name)) => is_plain(number, name),
                None => is_plain(&wanted, &wanted),
            };
            if is_http {
                let field = format!("spec.routes[{}].services[{index}].port", self.index);
                let message = format!("port `{}` speaks plain http", wanted.escape_debug());
                findings.push(object.finding(&CI225, port.at, &field, message));
            }
        }
    }

    fn check_tcp(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.passed_through(model, findings);
        let object = &model.objects[self.object];
        let (at, field) = (self.at(), self.field());
        if let Some(matcher) = self
            .matchers
            .iter()
            .find(|matcher| OF_HTTP.contains(&matcher.name.as_str()))
        {
            let message = format!("`{}` is a matcher of http", matcher.name);
            findings.push(object.finding(&CI220, at, &field, message));
            return;
        }
        self.check_match(model, findings);
        if object.spec().get("tls").is_none()
            && let Some(host) = self.hosts.iter().find(|host| *host != "*")
        {
            let message = format!(
                "`{}` can be compared with a TLS server name only",
                host.escape_debug()
            );
            findings.push(object.finding(&CI219, at, &field, message));
        }
        for (index, service) in items(self.node, "services") {
            let Some(node) = service.get("serversTransport") else {
                continue;
            };
            let Some(name) = node.text() else { continue };
            let field = format!(
                "spec.routes[{}].services[{index}].serversTransport",
                self.index
            );
            let namespace = service
                .get("namespace")
                .and_then(Node::text)
                .unwrap_or(object.namespace);
            provider_suffix(model, object, node, &field, findings);
            if model
                .find(Class::ServersTransportTcp, namespace, name)
                .is_none()
                && model
                    .find(Class::ServersTransport, namespace, name)
                    .is_some()
            {
                let message = format!("`{name}` is a ServersTransport, and this is a TCP route");
                findings.push(object.finding(&CI223, node.at, &field, message));
            }
        }
    }
}

impl Use<'_> {
    fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.route];
        reference(model, object, self.service, &self.field, findings);
        let namespace = self
            .service
            .get("namespace")
            .and_then(Node::text)
            .unwrap_or(object.namespace);
        let name = self
            .service
            .get("name")
            .and_then(Node::text)
            .unwrap_or_default();
        let is_service = self
            .service
            .get("kind")
            .and_then(Node::text)
            .unwrap_or("Service")
            == "Service";
        let field = |key: &str| format!("{}.{key}", self.field);
        let at = |key: &str| self.service.get(key).map_or(self.at, |node| node.at);
        if let Scheme::Other(text) = scheme(model, self.service, namespace) {
            let message = format!("`{}` is no scheme", text.escape_debug());
            findings.push(object.finding(&CI207, at("scheme"), &field("scheme"), message));
        }
        let service = model
            .find(Class::Service, namespace, name)
            .map(|number| &model.objects[number]);
        let is_external = service.is_some_and(|service| {
            service.spec().get("type").and_then(Node::text) == Some("ExternalName")
        });
        if is_external && is_service && !model.provider.allow_external_name_services {
            let message = format!("Service `{name}` is of type ExternalName");
            let finding = object.finding(&CI221, at("name"), &field("name"), message);
            findings.push(if model.provider.is_known {
                finding
            } else {
                finding.with_severity(Severity::Info)
            });
        }
        if let Some(ports) =
            ports(model, self.service, namespace).filter(|ports| is_service && !ports.is_empty())
        {
            let wanted = self.service.get("port").and_then(scalar);
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
                findings.push(object.finding(&CI210, self.at, &field, message));
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
                    format!("`{name}` is a ServersTransportTCP, and this is a route of http");
                findings.push(object.finding(&CI223, node.at, &field, message));
            }
            return;
        };
        let transport = &model.objects[number];
        let spec = transport.spec();
        if is_true(spec.get("insecureSkipVerify")) {
            return;
        }
        let expected = spec
            .get("serverName")
            .and_then(Node::text)
            .filter(|name| !name.is_empty());
        let trusts = ["rootCAs", "rootCAsSecrets"]
            .iter()
            .any(|key| spec.get(key).is_some());
        if !self.is_https {
            if expected.is_some() || trusts {
                let message = format!(
                    "ServersTransport `{name}` verifies TLS, and this Service is spoken to in plain http"
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
                    "ServersTransport `{name}` verifies the certificate of httpd, and has no `serverName`"
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
                    "`{}` is none of the route's hosts: {}",
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
    let message = format!("`{}` is no DNS name: {refused}", text.escape_debug());
    findings.push(object.finding(&CI204, node.at, "spec.serverName", message));
}

/// Finds hosts that are served with TLS, and without it too.
fn clear_text(model: &Model<'_>, rules: &[Rule<'_>], findings: &mut Vec<Finding>) {
    if model.provider.redirects {
        return;
    }
    let entry_points = |rule: &Rule<'_>| -> Vec<&str> {
        items(model.objects[rule.object].spec(), "entryPoints")
            .filter_map(|(_, node)| node.text())
            .collect()
    };
    let with_tls: BTreeSet<&String> = rules
        .iter()
        .filter(|rule| model.objects[rule.object].spec().get("tls").is_some())
        .flat_map(|rule| &rule.hosts)
        .collect();
    for rule in rules {
        let object = &model.objects[rule.object];
        if object.spec().get("tls").is_some() || !entry_points(rule).contains(&"web") {
            continue;
        }
        // A middleware that is not in the input may redirect.
        let may_redirect = items(rule.node, "middlewares").any(|(_, node)| {
            let namespace = node
                .get("namespace")
                .and_then(Node::text)
                .unwrap_or(object.namespace);
            let name = node.get("name").and_then(Node::text).unwrap_or_default();
            model
                .find(Class::Middleware, namespace, name)
                .is_none_or(|number| {
                    let spec = model.objects[number].spec();
                    ["redirectScheme", "redirectRegex", "chain", "plugin"]
                        .iter()
                        .any(|key| spec.get(key).is_some())
                })
        });
        if let Some(host) = rule
            .hosts
            .iter()
            .find(|host| with_tls.contains(host))
            .filter(|_| !may_redirect)
        {
            let message = format!(
                "`{}` is served with TLS, and here without",
                host.escape_debug()
            );
            findings.push(object.finding(&CI216, rule.at(), &rule.field(), message));
        }
    }
}

fn same_rules(model: &Model<'_>, rules: &[Rule<'_>], findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<_, &Rule<'_>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| !rule.hosts.is_empty()) {
        let object = &model.objects[rule.object];
        let text = rule
            .node
            .get("match")
            .and_then(Node::text)
            .unwrap_or_default();
        let text: String = text.split_whitespace().collect();
        let mut points: Vec<&str> = items(object.spec(), "entryPoints")
            .filter_map(|(_, node)| node.text())
            .collect();
        points.sort_unstable();
        let has_tls = object.spec().get("tls").is_some();
        let priority = rule.node.get("priority").and_then(scalar);
        let first = known
            .entry((text, points, has_tls, priority))
            .or_insert(rule);
        let other = &model.objects[first.object];
        let is_twice = std::ptr::eq(*first, rule)
            || (object.kind, object.namespace, object.name) == (other.kind, other.namespace, other.name) && first.object != rule.object
            // Overlays of one base, each for a namespace of its own.
            || object.namespace.is_empty() && object.file != other.file;
        if !is_twice {
            let message = format!("{} has the same rule", other.shown());
            findings.push(object.finding(&CI217, rule.at(), &rule.field(), message));
        }
    }
}

/// Finds objects whose names are the same once Traefik has joined them (`makeID`, `Normalize`).
fn collisions(model: &Model<'_>, findings: &mut Vec<Finding>) {
    if model.provider.safe_naming {
        return;
    }
    for class in [
        Class::ServersTransport,
        Class::Middleware,
        Class::TlsOption,
        Class::TraefikService,
    ] {
        let mut known: BTreeMap<String, &Object<'_>> = BTreeMap::new();
        for object in model
            .of(class)
            .filter(|object| !object.namespace.is_empty())
        {
            let joined: String = format!("{}-{}", object.namespace, object.name)
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '-' })
                .collect();
            let first = known.entry(joined).or_insert(object);
            if (first.namespace, first.name) != (object.namespace, object.name) {
                let message = format!(
                    "for Traefik {} and {} have one name",
                    first.shown(),
                    object.shown()
                );
                findings.push(object.finding(&CI222, object.node.at, "metadata.name", message));
            }
        }
    }
}

fn wanted_hosts(model: &Model<'_>, rules: &[Rule<'_>], findings: &mut Vec<Finding>) {
    let answers = |host: &str| {
        rules.iter().any(|rule| {
            // A rule by expression or without a host may match any.
            rule.hosts.is_empty()
                || rule
                    .matchers
                    .iter()
                    .any(|matcher| matcher.name == "HostRegexp")
                || rule.hosts.iter().any(|known| {
                    known == host
                        || known.strip_prefix("*.").is_some_and(|domain| {
                            host.split_once('.')
                                .is_some_and(|(_, parent)| parent == domain)
                        })
                })
        })
    };
    for host in model
        .options
        .hosts
        .iter()
        .filter(|host| !answers(host.as_str()))
    {
        let Some(object) = rules
            .first()
            .map(|rule| &model.objects[rule.object])
            .or(model.objects.first())
        else {
            continue;
        };
        let mut finding = object.finding(
            &CI224,
            At::default(),
            "",
            format!("no route answers for `{host}`"),
        );
        (finding.object, finding.at) = (None, At::default());
        findings.push(finding);
    }
}
