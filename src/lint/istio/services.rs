//! VirtualServices: the Gateway in front and the Service behind.

use super::rules::{CI858, CI859, CI860, CI862};
use crate::cluster::{Kind, Resource};
use crate::kinds::istio::{
    Host, RouteDestination, RouteKind, Server, VirtualService, named_gateway,
};
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::CI823;
use crate::lint::legs::Spot;
use crate::lint::model::{Class, Model, Object, Said, may_be_same};
use crate::path::gateways::Offers;
use crate::path::hop::{Httpd, Place};
use crate::path::traefik::named_scope;
use crate::path::{WayIn, check};
use std::collections::{BTreeMap, BTreeSet};

/// Who answers for a host and a match at a Gateway.
type Known<'m, 'a> = BTreeMap<(&'m str, &'m str, &'m str, &'m str), &'m Object<'a>>;

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known = Known::new();
    let all = || model.said(Kind::VirtualService, Resource::virtual_service);
    let mut gateways = BTreeMap::new();
    let mut offered = BTreeSet::new();
    for number in model.numbers(Class::IstioGateway) {
        let Some(gateway) = model.said_by(*number, Resource::istio_gateway) else {
            continue;
        };
        gateways.insert(*number, Offers::of(gateway.typed, gateway.says));
        let hosts = gateway.says.servers.iter().flat_map(|server| &server.hosts);
        let hosts = hosts.map(|host| host.host.as_str());
        offered.extend(hosts.filter(|host| !host.contains('*')));
    }
    let bound = all().filter(|service| !service.says.gateways.is_empty());
    for host in bound.flat_map(|service| &service.says.hosts) {
        offered.remove(host.value.as_str());
    }
    for Said {
        object,
        typed,
        says,
    } in all()
    {
        let one = VirtualServiceCheck {
            model,
            object,
            typed,
            says,
            gateways: &gateways,
            is_at_gateway: says.is_at_gateway(),
        };
        let mut hosts = says.hosts.iter();
        if !one.is_at_gateway
            && let Some(host) = hosts.find(|host| offered.contains(host.value.as_str()))
        {
            let message = format!(
                "a Gateway has `{}`, but no VirtualService for it names a Gateway",
                host.value
            );
            let finding = object.finding(&CI858, says.at, "spec.gateways", message);
            findings.push(finding.warning_unless(false));
        }
        one.bound(findings);
        one.same(&mut known, findings);
        for (kind, path, destination) in says.destinations() {
            one.destination(kind, destination, &path, findings);
        }
    }
}

struct VirtualServiceCheck<'o, 'm, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    typed: &'m crate::cluster::Object,
    says: &'m VirtualService,
    gateways: &'o BTreeMap<usize, Offers<'m>>,
    is_at_gateway: bool,
}

impl<'m, 'a> VirtualServiceCheck<'_, 'm, 'a> {
    /// Compares its hosts and routes with the servers of its Gateways.
    fn bound(&self, findings: &mut Vec<Finding>) {
        let (model, object) = (self.model, self.object);
        let mut is_known = self.is_at_gateway;
        let mut all: Vec<&Offers<'_>> = Vec::new();
        for (index, named) in self.says.gateways.iter().enumerate() {
            let Some((namespace, name)) = named_gateway(&named.value) else {
                continue;
            };
            let namespace = namespace.unwrap_or(object.namespace);
            let found = model.find(Class::IstioGateway, namespace, name);
            if let Some(offers) = found.and_then(|number| self.gateways.get(&number)) {
                all.push(offers);
                continue;
            }
            is_known = false;
            let other = model.elsewhere(Class::IstioGateway, namespace, name);
            if let Some(other) = other {
                let message = format!("Gateway `{name}` is in `{other}`, not in `{namespace}`");
                let field = format!("spec.gateways[{index}]");
                let finding = object.finding(&CI859, named.at, &field, message);
                findings.push(finding.with_help(format!("Write `{other}/{name}`.")));
            }
        }
        if !is_known || all.is_empty() {
            return;
        }
        for (index, host) in self.says.hosts.iter().enumerate() {
            let met: Vec<RouteKind> = all
                .iter()
                .flat_map(|offers| offers.to(&host.value, self.typed.scope.namespace()))
                .map(Server::takes)
                .collect();
            let has_rules = |takes: &RouteKind| !self.says.rules(*takes).is_empty();
            if met.iter().any(has_rules) {
                continue;
            }
            let shown = host.value.escape_debug();
            let (rule, message) = if met.is_empty() {
                let message = format!("none of its Gateways has a server for `{shown}`");
                (&CI858, message)
            } else if met.contains(&RouteKind::Tls) {
                let message =
                    format!("TLS is passed through for `{shown}`, and there is no `tls` route");
                (&CI860, message)
            } else if met.contains(&RouteKind::Http) {
                let message =
                    format!("TLS is terminated for `{shown}`, and there is no `http` route");
                (&CI860, message)
            } else {
                let message = format!("the server for `{shown}` accepts only `tcp` routes");
                (&CI860, message)
            };
            let field = format!("spec.hosts[{index}]");
            findings.push(object.finding(rule, host.at, &field, message));
            if !met.is_empty() {
                return;
            }
        }
    }

    /// Finds the same host and match of another namespace at the same Gateway.
    fn same(&self, known: &mut Known<'m, 'a>, findings: &mut Vec<Finding>) {
        let object = self.object;
        let gateways = self.says.gateways.iter();
        for gateway in gateways.filter(|named| named.value.contains('/')) {
            for (index, host) in self.says.hosts.iter().enumerate() {
                let http = self.says.http.iter().map(|rule| ("http", rule));
                let tls = self.says.tls.iter().map(|rule| ("tls", rule));
                for (kind, rule) in http.chain(tls) {
                    let key = (
                        kind,
                        gateway.value.as_str(),
                        host.value.as_str(),
                        rule.matches.as_str(),
                    );
                    let first = *known.entry(key).or_insert(object);
                    if !may_be_same(first.namespace, object.namespace) {
                        let message = format!(
                            "`{}` is also the host of {}",
                            host.value.escape_debug(),
                            first.shown()
                        );
                        let field = format!("spec.hosts[{index}]");
                        findings.push(object.finding(&CI823, host.at, &field, message));
                    }
                }
            }
        }
    }

    fn destination(
        &self,
        kind: RouteKind,
        destination: &RouteDestination,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let host = &destination.host;
        let field = format!("{path}.host");
        let half = |message: String, namespace: &str, name: &str| {
            let finding = object.finding(&CI862, host.at, &field, message);
            finding.with_help(format!("Write `{name}.{namespace}.svc.cluster.local`."))
        };
        let (own, name) = match Host::of(&host.value) {
            Host::Service { namespace, name } => (namespace, name),
            Host::Half { namespace, name } => {
                if model.find(Class::Service, namespace, name).is_some() && !namespace.is_empty() {
                    let message = format!("nothing completes `{}`", host.value);
                    findings.push(half(message, namespace, name));
                }
                return;
            }
            Host::Other => return,
        };
        let namespace = own.unwrap_or(object.namespace);
        if model.find(Class::Service, namespace, name).is_none()
            && let Some(other) = model.elsewhere(Class::Service, namespace, name)
        {
            let message = format!(
                "Service `{name}` is in `{other}`, and `{}` means that of `{namespace}`",
                host.value
            );
            findings.push(half(message, other, name));
            return;
        }
        // Those that requests take on their way in are asked with their paths.
        if self.is_at_gateway && kind != RouteKind::Tcp {
            return;
        }
        let httpd = Httpd {
            service: Place {
                scope: named_scope(&self.typed.scope, own),
                name: name.to_owned(),
            },
            port: destination.port.as_ref().map(|port| port.value.clone()),
            share: 1,
        };
        let clash = check::port(&httpd, &model.grounds);
        let spot = Spot::named(model, self.typed, &field).on(WayIn::VirtualService);
        findings.extend(clash.and_then(|clash| spot.finding(&clash)));
    }
}
