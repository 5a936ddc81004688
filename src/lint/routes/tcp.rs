//! What only TCP routes have: TLS that is passed through, TLS and the PROXY protocol towards httpd.

use super::reference::{leave_open, reference};
use super::rules::{CI208, CI226, CI227, CI228, CI230, CI231, CI234, CI235};
use crate::cluster::{self, Kind};
use crate::kinds::traefik::{ServersTransport, ServiceRef};
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::path::traefik::Name;
use crate::release::{Release, TransportTcp};
use std::collections::BTreeMap;

pub(super) fn check(
    model: &Model<'_>,
    tcp: &[Rule<'_, '_>],
    http: &[Rule<'_, '_>],
    findings: &mut Vec<Finding>,
) {
    if tcp.is_empty() {
        return;
    }
    let mut terminated: BTreeMap<&str, Vec<&Rule<'_, '_>>> = BTreeMap::new();
    for rule in http.iter().filter(|rule| rule.spec.tls.is_some()) {
        for host in &rule.hosts {
            terminated.entry(host).or_default().push(rule);
        }
    }
    for rule in tcp {
        middlewares(model, rule, findings);
        let is_passed = rule.spec.tls.as_ref().is_some_and(|tls| tls.passthrough);
        for service in &rule.route.services {
            let place = Place {
                object: rule.object,
                service,
                transport: transport(model, rule, service),
            };
            place.tls(is_passed, findings);
            if model.knowledge.release.transport_tcp() == TransportTcp::SendsProxyProtocol {
                place.proxy(findings);
            }
        }
        if is_passed {
            passed_through(rule, &terminated, findings);
        }
    }
}

fn passed_through(
    rule: &Rule<'_, '_>,
    terminated: &BTreeMap<&str, Vec<&Rule<'_, '_>>>,
    findings: &mut Vec<Finding>,
) {
    let object = rule.object;
    let tls = rule.spec.tls.as_ref().filter(|_| rule.index == 0);
    let secret = tls
        .and_then(|tls| tls.secret.as_ref())
        .map(|secret| secret.field.as_str());
    let resolver = tls
        .filter(|tls| tls.has_resolver)
        .map(|_| "spec.tls.certResolver");
    for field in secret.into_iter().chain(resolver) {
        let key = field.rsplit('.').next().unwrap_or_default();
        let message = format!("`{key}` is set together with `passthrough`");
        findings.push(object.finding_in(&CI226, field, message));
    }
    if rule.route.is_wide() {
        let message = "every name without its own route is passed through to this Service";
        findings.push(object.finding(&CI231, rule.route.match_at, &rule.field(), message));
    }
    for host in &rule.hosts {
        let mut others = terminated.get(host.as_str()).into_iter().flatten();
        if let Some(other) = others.find(|other| rule.spec.meets(other.spec)) {
            let message = format!(
                "`{}` is passed through here, and terminated by IngressRoute {}",
                host.escape_debug(),
                other.object.shown()
            );
            findings.push(object.finding(&CI227, rule.route.match_at, &rule.field(), message));
        }
    }
}

/// Finds middlewares of http at a TCP route.
fn middlewares(model: &Model<'_>, rule: &Rule<'_, '_>, findings: &mut Vec<Finding>) {
    let object = rule.object;
    for (index, named) in rule.route.middlewares.iter().enumerate() {
        let by = (named.name.as_str(), named.namespace.as_deref());
        let field = format!("spec.routes[{}].middlewares[{index}]", rule.index);
        let before = findings.len();
        reference(model, object, by, &field, findings);
        // From 3.0 on until names are resolved in one place Traefik takes the key (`makeMiddlewareTCPKeys`, v3.0.4 and v3.4.3).
        let release = model.knowledge.release;
        let takes_key = release >= Release::exactly(3, 0, 0) && !release.resolves_in_one_place();
        let is_it = |key: &str| {
            let mut all = model.of(Class::MiddlewareTcp);
            all.any(|door| format!("{}-{}", door.namespace, door.name) == key)
        };
        if takes_key && matches!(Name::of(&named.name), Name::Key(key) if is_it(key)) {
            leave_open(&[&CI208], findings[before..].iter_mut());
        }
        let namespace = named.namespace.as_deref().unwrap_or(object.namespace);
        let is_there = |class| model.find(class, namespace, &named.name).is_some();
        if !is_there(Class::MiddlewareTcp) && is_there(Class::Middleware) {
            let field = format!("spec.routes[{}].middlewares[{index}].name", rule.index);
            let message = format!("`{}` is a Middleware, but this is a TCP route", named.name);
            findings.push(object.finding_in(&CI228, &field, message));
        }
    }
}

fn transport<'m>(
    model: &'m Model<'_>,
    rule: &Rule<'m, '_>,
    service: &ServiceRef,
) -> Option<(&'m cluster::Object, &'m ServersTransport)> {
    let route = model.cluster.numbered(rule.number)?;
    let name = &service.transport.as_ref()?.value;
    let kind = Kind::ServersTransportTcp;
    let object = model.cluster.find(kind, &route.scope, name)?;
    Some((object, object.resource.servers_transport()?))
}

/// A Service of a TCP route.
struct Place<'m, 'a> {
    object: &'m Object<'a>,
    service: &'m ServiceRef,
    transport: Option<(&'m cluster::Object, &'m ServersTransport)>,
}

impl Place<'_, '_> {
    /// Finds a transport whose TLS the Service does not ask for.
    fn tls(&self, is_passed: bool, findings: &mut Vec<Finding>) {
        let transport = self.transport.filter(|(_, settings)| settings.has_tls);
        if let Some((transport, _)) = transport.filter(|_| !self.service.tls) {
            let message = format!(
                "ServersTransportTCP `{}` has `tls`, and the Service has no `tls: true`",
                transport.name
            );
            let field = format!("{}.serversTransport", self.service.field);
            let finding = self.object.finding_in(&CI230, &field, message);
            findings.push(if is_passed {
                finding.with_severity(Severity::Info)
            } else {
                finding
            });
        }
    }

    fn proxy(&self, findings: &mut Vec<Finding>) {
        let Some(said) = self.service.proxy_protocol else {
            return;
        };
        let field = format!("{}.proxyProtocol", self.service.field);
        findings.push(match self.transport {
            Some((transport, settings)) if settings.proxy_protocol.is_none() => {
                let message = format!(
                    "ServersTransportTCP `{}` has no `proxyProtocol`, and the Service's is not read",
                    transport.name
                );
                self.object.finding(&CI235, said.at, &field, message)
            }
            _ => {
                let message = "`proxyProtocol` of the Service is deprecated";
                self.object.finding(&CI234, said.at, &field, message)
            }
        });
    }
}
