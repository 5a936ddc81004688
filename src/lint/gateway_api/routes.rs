//! Routes: whether they attach to a listener, and what is behind them.

use super::gateway::{Listener, is_traefiks, listeners};
use super::link::{Grants, Link};
use super::listeners::{certificates, covers};
use super::policies::Policies;
use super::rules::{CI810, CI812, CI813, CI817, CI818, CI819, CI823, CI824};
use super::takes::{takes_kind, takes_namespace};
use crate::lint::facts::hosts::meets;
use crate::lint::facts::ports::port;
use crate::lint::facts::shape::shape;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::routes::rules::CI225;
use crate::lint::rule::Severity;
use crate::yaml::Node;
use std::collections::BTreeMap;

/// Fields of a rule that Traefik 3.7.9 has no code for (`httproute.go`).
const UNREAD: [&str; 3] = ["timeouts", "retry", "sessionPersistence"];

/// Who answers for a host and a path at a Gateway, or at any.
type Known<'m, 'a> = BTreeMap<(Option<usize>, &'a str, String), &'m Object<'a>>;

pub(super) fn check(
    model: &Model<'_>,
    grants: &Grants<'_>,
    policies: &Policies<'_>,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let mut known = Known::new();
    for class in [Class::HttpRoute, Class::TlsRoute] {
        for object in model.of(class) {
            // Routes inside of a mesh have rules of their own.
            if object
                .spec()
                .items_of("parentRefs")
                .iter()
                .any(|node| node.text_of("kind") == Some("Service"))
            {
                continue;
            }
            let route = Route {
                model,
                object,
                grants,
                policies,
            };
            route.check(is_traefik, &mut known, findings);
        }
    }
}

struct Route<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    grants: &'m Grants<'m>,
    policies: &'m Policies<'m>,
}

/// Where a route is attached, as far as the input shows it.
#[derive(Default)]
struct Attached {
    is_traefiks: bool,
    is_passed_through: bool,
    gateway: Option<usize>,
}

impl<'m, 'a> Route<'m, 'a> {
    fn check(&self, is_traefik: bool, known: &mut Known<'m, 'a>, findings: &mut Vec<Finding>) {
        let mut attached = Attached::default();
        for (index, node) in self.object.spec().items_of("parentRefs").iter().enumerate() {
            self.attach(index, node, &mut attached, findings);
        }
        if attached.gateway.is_none() {
            attached.is_traefiks = is_traefik;
        }
        let is_http = self.object.class == Class::HttpRoute;
        for (index, rule) in self.object.spec().items_of("rules").iter().enumerate() {
            let path = format!("spec.rules[{index}]");
            for (key, _) in rule.entries() {
                if is_http && attached.is_traefiks && UNREAD.contains(&key.text.as_str()) {
                    let message = format!("Traefik does not read `{}`", key.text);
                    let field = format!("{path}.{}", key.text);
                    findings.push(self.object.finding(&CI812, key.at, &field, message));
                }
            }
            for (number, node) in rule.items_of("backendRefs").iter().enumerate() {
                let path = format!("{path}.backendRefs[{number}]");
                self.backend(node, &path, &attached, findings);
            }
            if is_http {
                self.same(rule, index, attached.gateway, known, findings);
            }
        }
    }

    fn hosts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.object
            .spec()
            .items_of("hostnames")
            .iter()
            .filter_map(Node::text)
    }

    fn attach(
        &self,
        index: usize,
        node: &'a Node,
        attached: &mut Attached,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let name = node.text_of("name").unwrap_or_default();
        let namespace = node.text_of("namespace").unwrap_or(object.namespace);
        if node.text_of("kind").is_some_and(|kind| kind != "Gateway") {
            return;
        }
        let Some(number) = model.find(Class::Gateway, namespace, name) else {
            if let Some(other) = model.elsewhere(Class::Gateway, namespace, name) {
                let message =
                    format!("Gateway `{name}` is in namespace `{other}`, not in `{namespace}`");
                let field = format!("spec.parentRefs[{index}].name");
                findings.push(object.finding(&CI817, node.at, &field, message));
            }
            return;
        };
        let gateway = &model.objects[number];
        attached.gateway = Some(number);
        attached.is_traefiks |= is_traefiks(model, gateway);
        let path = format!("spec.parentRefs[{index}]");
        let all = listeners(gateway);
        let mut find = |rule, key: &str, message: String| {
            let at = node.get(key).map_or(node.at, |node| node.at);
            findings.push(object.finding(rule, at, &format!("{path}.{key}"), message));
        };
        let shown = gateway.shown();
        let wanted = |key: &str| node.get(key).and_then(Node::scalar);
        let (section, port) = (wanted("sectionName"), wanted("port"));
        let is_named = |listener: &&Listener<'_>| {
            section.as_ref().is_none_or(|name| name == listener.name)
                && port.as_ref().is_none_or(|port| *port == listener.port)
        };
        let left: Vec<&Listener<'_>> = all.iter().filter(is_named).collect();
        if left.is_empty() {
            let key = if section.is_some() {
                "sectionName"
            } else {
                "port"
            };
            let names: Vec<&str> = all.iter().map(|listener| listener.name).collect();
            return find(
                &CI817,
                key,
                format!("Gateway {shown} has the listeners {}", names.join(", ")),
            );
        }
        let left: Vec<&Listener<'_>> = left
            .into_iter()
            .filter(|it| takes_kind(it, object))
            .collect();
        if left.is_empty() {
            let kind = object.kind;
            return find(
                &CI813,
                "name",
                format!("no listener of Gateway {shown} that the route refers to accepts a {kind}"),
            );
        }
        let is_allowed = |it: &&Listener<'_>| takes_namespace(model, gateway, it, object.namespace);
        let left: Vec<&Listener<'_>> = left.into_iter().filter(is_allowed).collect();
        if left.is_empty() {
            let message = format!(
                "no listener of Gateway {shown} accepts routes from `{}`",
                object.namespace
            );
            return find(&CI818, "name", message);
        }
        let is_met = |it: &&Listener<'_>| {
            let mut hosts = self.hosts().peekable();
            it.host.is_empty() || hosts.peek().is_none() || hosts.any(|host| meets(it.host, host))
        };
        let hosted: Vec<&Listener<'_>> = left.iter().copied().filter(is_met).collect();
        if hosted.is_empty() {
            let hosts: Vec<&str> = left.iter().map(|listener| listener.host).collect();
            let message = format!(
                "the listeners of Gateway {shown} are for {}",
                hosts.join(", ")
            );
            let at = object
                .spec()
                .get("hostnames")
                .map_or(node.at, |node| node.at);
            findings.push(object.finding(&CI819, at, "spec.hostnames", message));
            return;
        }
        for listener in hosted {
            attached.is_passed_through |= listener.is_passed_through;
            if listener.host.is_empty() {
                // What is wrong with the certificate itself is found at the Gateway.
                let shown = certificates(model, self.grants, gateway, listener, &mut Vec::new());
                for host in self.hosts() {
                    covers(object, host, listener, shown.as_deref(), findings);
                }
            }
        }
    }

    fn backend(
        &self,
        node: &'a Node,
        path: &str,
        attached: &Attached,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let is_service = node.text_of("kind").is_none_or(|kind| kind == "Service");
        let is_core = node
            .text_of("group")
            .is_none_or(|group| group.is_empty() || group == "core");
        let Some(link) = Link::new(object, Class::Service, node, format!("{path}.name"))
            .filter(|_| is_service && is_core)
        else {
            return;
        };
        let number = link.follow(model, self.grants, object, findings);
        let service = number.map(|number| &model.objects[number]);
        let field = format!("{path}.port");
        let Some(wanted) = node.get("port") else {
            let message = "a reference to a Service needs a port".to_owned();
            findings.push(object.finding(&CI824, node.at, &field, message));
            return;
        };
        let shown = wanted.scalar().unwrap_or_default();
        let is_external =
            service.is_some_and(|it| it.spec().text_of("type") == Some("ExternalName"));
        if is_external {
            if attached.is_traefiks {
                let message = "Traefik accepts no Service of type ExternalName here".to_owned();
                findings.push(object.finding(&CI824, link.at, &link.field, message));
            }
            return;
        }
        let Some(port) = port(service, &shown) else {
            let message = format!("Service `{}` has no port {shown}", link.name.escape_debug());
            findings.push(object.finding(&CI824, wanted.at, &field, message));
            return;
        };
        if object.class == Class::HttpRoute {
            let has_policy = self.policies.is_for(link.namespace, link.name);
            if port.is_tls()
                && !has_policy
                && !(attached.is_traefiks && model.provider.own_transport)
            {
                let message = format!(
                    "Service `{}` speaks TLS on port {shown}",
                    link.name.escape_debug()
                );
                findings.push(object.finding(&CI810, wanted.at, &field, message));
            }
        // Of a Gateway that is not in the input nothing is known: a TLSRoute is there to pass TLS through.
        } else if port.is_plain() && (attached.is_passed_through || attached.gateway.is_none()) {
            let message = format!("port `{shown}` speaks plain http");
            findings.push(object.finding(&CI225, wanted.at, &field, message));
        }
    }

    /// Finds the same host and match in two namespaces.
    fn same(
        &self,
        rule: &'a Node,
        index: usize,
        gateway: Option<usize>,
        known: &mut Known<'m, 'a>,
        findings: &mut Vec<Finding>,
    ) {
        let object = self.object;
        let sections: Vec<&str> = object
            .spec()
            .items_of("parentRefs")
            .iter()
            .filter_map(|node| node.text_of("sectionName"))
            .collect();
        let matches = rule
            .get("matches")
            .map(|node| shape(&node.value))
            .unwrap_or_default();
        for host in self.hosts() {
            let key = (gateway, host, format!("{sections:?}{matches}"));
            let first = *known.entry(key).or_insert(object);
            if !may_be_same(first.namespace, object.namespace) {
                let at = object
                    .spec()
                    .get("hostnames")
                    .map_or(rule.at, |node| node.at);
                let message = format!(
                    "`{}` is also the host of {} {}",
                    host.escape_debug(),
                    first.kind,
                    first.shown()
                );
                let finding = object.finding(&CI823, at, &format!("spec.rules[{index}]"), message);
                // At a Gateway that is not in the input they may be at two.
                findings.push(if gateway.is_some() {
                    finding
                } else {
                    finding.with_severity(Severity::Warning)
                });
            }
        }
    }
}
