//! What DNS and ACME need of the objects around Traefik.

mod external_dns;
mod proxied;
pub(super) mod rules;

use crate::cluster::{Kind, Resource};
use crate::kinds::cert_manager::Announced;
use crate::lint::facts::issuers::{http01, issuer_of};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::traefik::containers;
use crate::lint::model::{Class, Model, Said};
use crate::yaml::{Node, Value};
use rules::{CI708, CI722};

pub(super) const FAMILY: Family = Family {
    number: 7,
    title: "ACME and DNS",
    rules: rules::RULES,
    classes: &[
        Class::IngressRoute,
        Class::Secret,
        Class::Issuer,
        Class::ClusterIssuer,
        Class::Service,
        Class::Workload,
        Class::Ingress,
        Class::Other,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in model.of(Class::IngressRoute) {
        external_dns::target(object, &mut findings);
    }
    for certificate in model.said(Kind::Certificate, Resource::certificate) {
        wildcards(model, &certificate, &mut findings);
    }
    challenges(model, &mut findings);
    proxied::check(model, &mut findings);
    external_dns::check(model, &mut findings);
    findings
}

fn wildcards(
    model: &Model<'_>,
    certificate: &Said<'_, '_, Announced>,
    findings: &mut Vec<Finding>,
) {
    let Some(issuer) = issuer_of(model, certificate) else {
        return;
    };
    if !issuer.says.is("acme") || issuer.says.solvers.iter().any(|solver| solver.has_dns) {
        return;
    }
    for (index, name) in certificate.says.dns_names.iter().enumerate() {
        if name.value.starts_with("*.") {
            let message = format!(
                "`{}`, and issuer `{}` has no dns01 solver",
                name.value.escape_debug(),
                issuer.object.name
            );
            let field = format!("spec.dnsNames[{index}]");
            findings.push(certificate.object.finding(&CI708, name.at, &field, message));
        }
    }
}

/// ACME asks on port 80 (RFC 8555 section 8.3).
fn challenges(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let issuers = [Kind::Issuer, Kind::ClusterIssuer].into_iter();
    let solving: Vec<_> = issuers
        .flat_map(|kind| model.said(kind, Resource::issuer))
        .filter_map(|issuer| Some((issuer.object, http01(issuer.says).next()?)))
        .collect();
    if solving.is_empty() {
        return;
    }
    let Some(why) = closed(model) else { return };
    for (issuer, (at, field)) in solving {
        findings.push(issuer.finding(&CI722, at, &field, why.clone()));
    }
}

/// Explains why nothing answers on port 80, where the input shows that.
fn closed(model: &Model<'_>) -> Option<String> {
    for values in &model.values {
        let Some(web) = values.node.at_path(&["ports", "web"]) else {
            continue;
        };
        if web.value == Value::Null {
            return Some("the values of Traefik's chart remove `ports.web`".to_owned());
        }
        let is_off = |path: &[&str]| {
            web.at_path(path)
                .is_some_and(|node| node.value == Value::Bool(false))
        };
        if (is_off(&["expose"]) || is_off(&["expose", "default"])) && web.get("hostPort").is_none()
        {
            return Some("the values of Traefik's chart do not expose `ports.web`".to_owned());
        }
    }
    let mut balancers = model
        .of(Class::Service)
        .filter(|object| {
            let labels = object
                .spec()
                .get("selector")
                .map(Node::entries)
                .unwrap_or_default();
            let is_traefik = labels
                .iter()
                .any(|(_, value)| value.text() == Some("traefik"));
            is_traefik && object.spec().text_of("type") == Some("LoadBalancer")
        })
        .peekable();
    let first = balancers.peek()?.shown();
    let is_80 = |port: &Node| port.get("port").and_then(Node::scalar).as_deref() == Some("80");
    let is_open = balancers.any(|object| object.spec().items_of("ports").iter().any(is_80));
    // Beside the Service, a pod may hold the port of its node.
    let is_held = model.of(Class::Workload).any(|object| {
        let mut all = containers(object);
        all.any(|container| {
            container
                .items_of("ports")
                .iter()
                .any(|port| port.get("hostPort").and_then(Node::scalar).as_deref() == Some("80"))
        })
    });
    (!is_open && !is_held).then(|| format!("Service {first} of Traefik has no port 80"))
}
