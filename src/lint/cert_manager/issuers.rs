//! Issuers and the solvers of their challenges.

use super::rules::{CI882, CI883, CI894};
use crate::kinds::cert_manager::Issuer;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said};
use crate::yaml::At;

pub(super) fn check(
    model: &Model<'_>,
    Said { object, says, .. }: &Said<'_, '_, Issuer>,
    findings: &mut Vec<Finding>,
) {
    let is_cluster = object.class == Class::ClusterIssuer;
    if is_cluster && let Some(node) = object.at(&["metadata", "namespace"]) {
        let message = "a ClusterIssuer applies to the whole cluster";
        findings.push(object.finding(&CI882, node.at, "metadata.namespace", message));
    }
    if says.kinds.len() > 1 {
        findings.push(object.finding(&CI883, says.at, "spec", "it is of several kinds"));
    }
    if let Some(secret) = &says.authority
        && let Some(place) = elsewhere(model, object, &secret.value)
    {
        let message = format!("Secret `{}` is in `{place}`", secret.value);
        findings.push(object.finding(&CI894, secret.at, "spec.ca.secretName", message));
    }
    for (index, solver) in says.solvers.iter().enumerate() {
        let path = format!("spec.acme.solvers[{index}]");
        let mut find = |at: At, field: &str, message: &str| {
            findings.push(object.finding(&CI883, at, &format!("{path}{field}"), message));
        };
        let Some(http) = &solver.http else { continue };
        if solver.has_dns {
            find(solver.at, "", "one solver has both `http01` and `dns01`");
        }
        let Some(ingress) = &http.ingress else {
            continue;
        };
        if http.gateways.is_some() {
            let message = "one solver has both `ingress` and `gatewayHTTPRoute`";
            find(http.at, ".http01", message);
        }
        if ingress.settings > 1 {
            let message = "more than one of `ingressClassName`, `class` and `name` is set";
            find(ingress.at, ".http01.ingress", message);
        }
    }
}

/// Returns a namespace that has the Secret of an issuer, if it is not the one where it is read.
fn elsewhere<'a>(model: &Model<'a>, issuer: &Object<'_>, secret: &str) -> Option<&'a str> {
    let mut places = model.holders(Class::Secret, secret);
    if issuer.class == Class::ClusterIssuer {
        let places: Vec<&str> = places.collect();
        // That of cert-manager may have another name.
        let is_there = places.iter().any(|place| place.contains("cert-manager"));
        places.first().copied().filter(|_| !is_there)
    } else {
        let found = model.find(Class::Secret, issuer.namespace, secret);
        let is_elsewhere = found.is_none() && !issuer.namespace.is_empty();
        places.next().filter(|_| is_elsewhere)
    }
}
