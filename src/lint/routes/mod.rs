//! From the rule of a route to the Service behind it.

mod across;
mod endpoints;
mod entrances;
mod overlap;
mod private;
mod reference;
mod rule;
pub(super) mod rules;
mod service;
mod tcp;

pub(super) use across::keep_unanswered;
pub(super) use reference::{leave_open, ruled_out};

use crate::cluster::Kind;
use crate::kinds::traefik::IngressRoute;
use crate::lint::facts::routes::rules;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::legs;
use crate::lint::model::{Class, Model, Object};
use crate::name::DnsName;
use crate::threads::both;
use reference::reference;
use rules::{CI204, CI215};
use std::net::IpAddr;

pub(super) const FAMILY: Family = Family {
    number: 2,
    title: "Routes and Services",
    rules: rules::RULES,
    classes: &[
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::Ingress,
        Class::ServersTransport,
        Class::ServersTransportTcp,
        Class::HttpRoute,
        Class::TlsRoute,
        Class::VirtualService,
        Class::DestinationRule,
        Class::Middleware,
        Class::MiddlewareTcp,
        Class::TlsOption,
        Class::TraefikService,
        Class::Service,
        Class::Secret,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let (mut findings, of_routes) = both(|| legs::check(model), || check_routes(model));
    findings.extend(of_routes);
    findings
}

fn check_routes(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let http = rules(model, Kind::IngressRoute);
    for rule in &http {
        rule.check(model, &mut findings);
    }
    let tcp = rules(model, Kind::IngressRouteTcp);
    for rule in &tcp {
        rule.check_tcp(model, &mut findings);
    }
    tcp::check(model, &tcp, &http, &mut findings);
    private::check(model, &mut findings);
    for route in model.cluster.of(Kind::IngressRoute) {
        if let Some(spec) = route.resource.ingress_route() {
            check_route(model, &model.objects[route.number], spec, &mut findings);
        }
    }
    service::check(model, &mut findings);
    entrances::check(model, &mut findings);
    endpoints::check(model, &mut findings);
    for object in model.of(Class::ServersTransport) {
        server_name(object, &mut findings);
    }
    across::check(model, &http, &tcp, &mut findings);
    across::same_rules(&tcp, &mut findings);
    overlap::check(&http, &mut findings);
    findings
}

fn check_route(
    model: &Model<'_>,
    object: &Object<'_>,
    spec: &IngressRoute,
    findings: &mut Vec<Finding>,
) {
    if spec.entry_points.is_empty() {
        let message = "the route is served on all default entry points";
        findings.push(object.finding(&CI215, object.spec().at, "spec.entryPoints", message));
    }
    for (index, named) in spec.parents.iter().enumerate() {
        let by = (named.name.as_str(), named.namespace.as_deref());
        let field = format!("spec.parentRefs[{index}]");
        reference(model, object, by, &field, findings);
    }
    let Some(tls) = &spec.tls else { return };
    // No release reads `store`.
    if let Some(named) = &tls.options {
        let by = (named.name.as_str(), named.namespace.as_deref());
        reference(model, object, by, "spec.tls.options", findings);
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
