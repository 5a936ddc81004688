//! What only TCP routes have: TLS that is passed through, TLS and the PROXY protocol towards httpd.

use super::entry_points::{entry_points, meet};
use super::rules::{CI227, CI228, CI229, CI230, CI231, CI232, CI233, CI234, CI235};
use crate::cluster::data::{Cert, Entry};
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::chain::{Chain, chain};
use crate::lint::facts::proxy::PROXY_BY_TRANSPORT;
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::pki::SubjectAltName;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    model: &Model<'_>,
    tcp: &[Rule<'_>],
    http: &[Rule<'_>],
    findings: &mut Vec<Finding>,
) {
    if tcp.is_empty() {
        return;
    }
    let for_browsers = for_browsers(model);
    let mut terminated: BTreeMap<&str, Vec<&Rule<'_>>> = BTreeMap::new();
    for rule in http {
        if model.objects[rule.object].spec().get("tls").is_some() {
            for host in &rule.hosts {
                terminated.entry(host).or_default().push(rule);
            }
        }
    }
    let mut shared = Shared::default();
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
        if let Some(served) = Served::of(model, object, rule, &for_browsers) {
            served.private(model, rule, findings);
            shared.add(model, rule, &served, findings);
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

/// The certificate that browsers meet behind a route that passes TLS through.
struct Served<'m, 'a> {
    object: &'m Object<'a>,
    entry: &'m Entry,
    host: &'m str,
    service: (&'a str, &'a str),
}

impl<'m, 'a> Served<'m, 'a> {
    /// Finds it among the Secrets of the namespace: that of the chart's key, or one that covers the host.
    fn of(
        model: &'m Model<'a>,
        route: &'m Object<'a>,
        rule: &'m Rule<'a>,
        for_browsers: &BTreeSet<usize>,
    ) -> Option<Self> {
        let node = rule.node.items_of("services").first()?;
        let name = node.text_of("name")?;
        let namespace = node.text_of("namespace");
        let namespace = namespace.unwrap_or(route.namespace);
        let host = rule.hosts.first()?;
        let expected = SubjectAltName::parse(host).ok()?;
        let covers = |entry: &&Entry| {
            let first = entry.certificates.first();
            first.is_some_and(|cert| !cert.details.is_ca && cert.details.covers(&expected))
        };
        let mut found = None;
        for number in model.within(Class::Secret, namespace) {
            let Some(secret) = model.secrets.get(&number) else {
                continue;
            };
            for entry in secret.entries.iter().filter(covers) {
                let is_stated = entry.key == "externcert";
                let is_pair = entry.key == "tls.crt" && !for_browsers.contains(&number);
                if is_stated || is_pair && found.is_none() {
                    found = Some((&model.objects[number], entry));
                }
            }
        }
        let (object, entry) = found?;
        Some(Self {
            object,
            entry,
            host,
            service: (namespace, name),
        })
    }

    /// Finds whether a CA of the namespace signed it, and whether that CA is nobody else's.
    fn private(&self, model: &Model<'_>, rule: &Rule<'_>, findings: &mut Vec<Finding>) {
        let mut own = false;
        let mut roots: Vec<&Cert> = Vec::new();
        for number in model.within(Class::Secret, self.object.namespace) {
            let Some(secret) = model.secrets.get(&number) else {
                continue;
            };
            for entry in &secret.entries {
                let authorities = entry
                    .certs()
                    .filter(|cert| cert.details.self_issued)
                    .filter(|cert| cert.details.is_ca || cert.details.version == 1);
                let before = roots.len();
                roots.extend(authorities);
                own |= roots.len() > before
                    && (secret.get("cakey").is_some()
                        || secret.get("ca.key").is_some()
                        || roots[before..]
                            .iter()
                            .any(|cert| cert.details.permitted.is_some()));
            }
        }
        let certificates = &self.entry.certificates;
        if roots.is_empty() || chain(&roots, certificates, model.options.now) != Chain::Good {
            return;
        }
        let message = format!(
            "browsers of `{}` see `{}` of Secret {}, which `{}` signed",
            self.host.escape_debug(),
            self.entry.key,
            self.object.shown(),
            certificates[0].details.issuer
        );
        let route = &model.objects[rule.object];
        let finding = route.finding(&CI232, rule.at(), &rule.field(), message);
        // A CA whose key and constraints are not here may be one that browsers know.
        findings.push(if own {
            finding
        } else {
            finding.with_severity(Severity::Info)
        });
    }
}

/// Certificates behind passed-through hosts, by their names.
#[derive(Default)]
struct Shared<'m, 'a> {
    known: BTreeMap<Vec<&'m str>, (&'m str, (&'a str, &'a str))>,
}

impl<'m, 'a> Shared<'m, 'a> {
    fn add(
        &mut self,
        model: &Model<'_>,
        rule: &Rule<'_>,
        served: &Served<'m, 'a>,
        findings: &mut Vec<Finding>,
    ) {
        let details = &served.entry.certificates[0].details;
        let mut names: Vec<&str> = details
            .subject_alt_names
            .iter()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        let here = (served.host, served.service);
        let (host, service) = *self.known.entry(names).or_insert(here);
        let is_covered = SubjectAltName::parse(host).is_ok_and(|host| details.covers(&host));
        if service != served.service && host != served.host && is_covered {
            let message = format!(
                "the certificate behind `{}` covers `{}` too, which another httpd serves",
                served.host.escape_debug(),
                host.escape_debug()
            );
            let route = &model.objects[rule.object];
            findings.push(route.finding(&CI233, rule.at(), &rule.field(), message));
        }
    }
}
