//! Routes: whether they attach to a listener, and what is behind them.

use super::link::{CrossReference, Grants};
use super::listeners::certificates;
use super::rules::{CI812, CI813, CI817, CI818, CI819, CI823, CI824};
use crate::cluster::unfilled::is_unfilled;
use crate::cluster::{Kind, Resource};
use crate::kinds::ObjectRef;
use crate::kinds::gateway_api::{AllowedNamespaces, GatewayRoute, GatewayRule};
use crate::lint::facts::certificate::not_covered;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said, may_be_same};
use crate::path::gateways::{Taken, front, taken};
use crate::path::hop::FrontKind;
use crate::yaml::At;
use std::collections::BTreeMap;

/// Fields of a rule that Traefik 3.7.9 has no code for (`httproute.go`).
const UNREAD: [&str; 3] = ["timeouts", "retry", "sessionPersistence"];

/// Who answers for a host and what else a rule matches at the listeners of a Gateway, or at any.
type Known<'m, 'a> =
    BTreeMap<(&'m str, Option<usize>, &'m str, Vec<&'m str>, &'m str), &'m Object<'a>>;

pub(super) fn check(
    model: &Model<'_>,
    grants: &Grants<'_>,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let mut known = Known::new();
    for kind in [Kind::HttpRoute, Kind::TlsRoute] {
        for said in model.said(kind, Resource::gateway_route) {
            // Routes inside of a mesh have rules of their own.
            let mut parents = said.says.parents.iter();
            if parents.any(|parent| parent.kind.as_deref() == Some("Service")) {
                continue;
            }
            let route = RouteCheck {
                model,
                object: said.object,
                hosts: said
                    .says
                    .hosts
                    .iter()
                    .map(|host| host.value.as_str())
                    .collect(),
                said,
                grants,
            };
            route.check(is_traefik, &mut known, findings);
        }
    }
}

struct RouteCheck<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    said: Said<'m, 'a, GatewayRoute>,
    hosts: Vec<&'m str>,
    grants: &'m Grants<'m>,
}

/// Where a route is attached, as far as the input shows it.
#[derive(Default)]
struct Attached {
    is_traefiks: bool,
    gateway: Option<usize>,
}

impl<'m, 'a> RouteCheck<'m, 'a> {
    fn check(&self, is_traefik: bool, known: &mut Known<'m, 'a>, findings: &mut Vec<Finding>) {
        let mut attached = Attached::default();
        let says = self.said.says;
        for (index, parent) in says.parents.iter().enumerate() {
            if parent.may_be("Gateway") {
                self.attach(index, parent, &mut attached, findings);
            }
        }
        if attached.gateway.is_none() {
            attached.is_traefiks = is_traefik;
        }
        let is_http = self.object.class == Class::HttpRoute;
        for (index, rule) in says.rules.iter().enumerate() {
            let path = format!("spec.rules[{index}]");
            for key in &rule.fields {
                if is_http && attached.is_traefiks && UNREAD.contains(&key.value.as_str()) {
                    let message = format!("Traefik does not read `{}`", key.value);
                    let field = format!("{path}.{}", key.value);
                    findings.push(self.object.finding(&CI812, key.at, &field, message));
                }
            }
            for (number, backend) in rule.backends.iter().enumerate() {
                let path = format!("{path}.backendRefs[{number}]");
                self.backend(backend, &path, &attached, findings);
            }
            self.same(rule, &path, attached.gateway, known, findings);
        }
    }

    /// Returns where its hosts are, or another place.
    fn hosts_at(&self, otherwise: At) -> At {
        self.said.says.hosts_at.unwrap_or(otherwise)
    }

    fn attach(
        &self,
        index: usize,
        parent: &ObjectRef,
        attached: &mut Attached,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let name = parent.name();
        let namespace = parent.namespace.as_deref().unwrap_or(object.namespace);
        let path = format!("spec.parentRefs[{index}]");
        let Some(number) = model.find_gateway(object, namespace, name) else {
            if let Some(other) = model.elsewhere(Class::Gateway, namespace, name) {
                let message =
                    format!("Gateway `{name}` is in namespace `{other}`, not in `{namespace}`");
                let field = format!("{path}.name");
                findings.push(object.finding(&CI817, parent.at, &field, message));
            }
            return;
        };
        let Some(gateway) = model.said_by(number, Resource::gateway) else {
            return;
        };
        attached.gateway = Some(number);
        attached.is_traefiks |= front(model.cluster, gateway.says) == FrontKind::Traefik;
        let shown = gateway.object.shown();
        let mut find = |rule, at: Option<At>, key: &str, message: String| {
            let at = at.unwrap_or(parent.at);
            findings.push(object.finding(rule, at, &format!("{path}.{key}"), message));
        };
        let name_at = parent.name.as_ref().map(|name| name.at);
        let route = (self.said.typed.kind(), self.hosts.as_slice());
        let takes = |namespaces: &AllowedNamespaces| match namespaces {
            AllowedNamespaces::Own => may_be_same(gateway.object.namespace, object.namespace),
            AllowedNamespaces::Labelled(labels) => self.has_labels(labels),
            AllowedNamespaces::Any => true,
        };
        match taken(gateway.says, parent, route, &takes) {
            Taken::NoneNamed => {
                let (at, key) = match (&parent.section, &parent.port) {
                    (Some(section), _) => (Some(section.at), "sectionName"),
                    (None, port) => (port.as_ref().map(|port| port.at), "port"),
                };
                let all = gateway.says.listeners.iter();
                let names: Vec<&str> = all.map(|listener| listener.name.as_str()).collect();
                let names = names.join(", ");
                find(
                    &CI817,
                    at,
                    key,
                    format!("Gateway {shown} has the listeners {names}"),
                );
            }
            Taken::OtherKind => {
                let kind = object.kind;
                let message = format!(
                    "no listener of Gateway {shown} that the route refers to accepts a {kind}"
                );
                find(&CI813, name_at, "name", message);
            }
            Taken::OtherNamespace => {
                let message = format!(
                    "no listener of Gateway {shown} accepts routes from `{}`",
                    object.namespace
                );
                find(&CI818, name_at, "name", message);
            }
            Taken::OtherHost(left) => {
                let hosts: Vec<&str> = left.iter().filter_map(|listener| listener.host()).collect();
                if hosts
                    .iter()
                    .chain(&self.hosts)
                    .any(|host| is_unfilled(host))
                {
                    return;
                }
                let message = format!(
                    "the listeners of Gateway {shown} are for {}",
                    hosts.join(", ")
                );
                let at = self.hosts_at(parent.at);
                findings.push(object.finding(&CI819, at, "spec.hostnames", message));
            }
            Taken::By(listeners) => {
                for listener in listeners {
                    if listener.host.is_some() {
                        continue;
                    }
                    // What is wrong with the certificate itself is found at the Gateway.
                    let shown = certificates(
                        model,
                        self.grants,
                        &gateway,
                        (listener, ""),
                        &mut Vec::new(),
                    );
                    let shown = shown.as_deref().unwrap_or_default();
                    findings.extend(self.hosts.iter().filter_map(|host| {
                        let at = self.hosts_at(object.node.at);
                        let place = (at, "spec.hostnames".to_owned());
                        not_covered(object, host, shown, place)
                    }));
                }
            }
        }
    }

    /// Returns whether its namespace has labels, as far as the input shows it.
    fn has_labels(&self, labels: &[(String, Option<String>)]) -> bool {
        let namespace = self.object.namespace;
        let found = self.model.find(Class::Namespace, "", namespace);
        let found = found.map(|number| &self.model.objects[number]);
        labels.iter().all(|(key, value)| {
            let value = value.as_deref();
            match (key.as_str(), found) {
                ("kubernetes.io/metadata.name", _) => {
                    value.is_none_or(|name| may_be_same(name, namespace))
                }
                (key, Some(found)) => found.label(key) == value,
                (_, None) => true,
            }
        })
    }

    fn backend(
        &self,
        backend: &ObjectRef,
        path: &str,
        attached: &Attached,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let Some(link) =
            CrossReference::new(object, Class::Service, backend, format!("{path}.name"))
                .filter(|_| backend.may_be_core("Service"))
        else {
            return;
        };
        let number = link.follow(model, self.grants, object, findings);
        let service = number.and_then(|number| model.service(number));
        if backend.port.is_none() {
            let message = "a reference to a Service needs a port".to_owned();
            let field = format!("{path}.port");
            findings.push(object.finding(&CI824, backend.at, &field, message));
        } else if attached.is_traefiks && service.is_some_and(|service| service.is_external) {
            let message = "Traefik accepts no Service of type ExternalName here".to_owned();
            findings.push(object.finding(&CI824, link.at, &link.field, message));
        }
    }

    /// Finds the same host and match in two namespaces.
    fn same(
        &self,
        rule: &'m GatewayRule,
        path: &str,
        gateway: Option<usize>,
        known: &mut Known<'m, 'a>,
        findings: &mut Vec<Finding>,
    ) {
        let object = self.object;
        let parents = self.said.says.parents.iter();
        let sections: Vec<&str> = parents
            .filter_map(|parent| Some(parent.section.as_ref()?.value.as_str()))
            .collect();
        for host in &self.hosts {
            let key = (
                object.kind,
                gateway,
                *host,
                sections.clone(),
                rule.matches.as_str(),
            );
            let first = *known.entry(key).or_insert(object);
            if !may_be_same(first.namespace, object.namespace) {
                let at = self.hosts_at(rule.at);
                let message = format!(
                    "`{}` is also the host of {} {}",
                    host.escape_debug(),
                    first.kind,
                    first.shown()
                );
                let finding = object.finding(&CI823, at, path, message);
                // At a Gateway that is not in the input they may be at two.
                findings.push(finding.warning_unless(gateway.is_some()));
            }
        }
    }
}
