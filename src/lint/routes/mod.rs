//! From the rule of a route to the Service behind it.

mod across;
mod entry_points;
mod overlap;
mod private;
mod reference;
mod rule;
pub(super) mod rules;
mod service;
mod tcp;

use crate::lint::facts::routes::{rules, uses};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::name::DnsName;
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
        Class::ServersTransport,
        Class::ServersTransportTcp,
        Class::TlsRoute,
        Class::VirtualService,
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
    private::check(model, &mut findings);
    for number in model.numbers(Class::IngressRoute) {
        check_route(model, &model.objects[*number], &mut findings);
    }
    for used in uses(model) {
        used.check(model, &mut findings);
    }
    service::elsewhere(model, &mut findings);
    for object in model.of(Class::ServersTransport) {
        server_name(object, &mut findings);
    }
    across::check(model, &http, &mut findings);
    across::same_rules(model, &tcp, &mut findings);
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
