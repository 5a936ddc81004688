//! Issuers and the solvers of their challenges.

use super::rules::{CI882, CI883, CI894};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::Node;

pub(super) fn check(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    let is_cluster = object.class == Class::ClusterIssuer;
    if is_cluster && let Some(node) = object.at(&["metadata", "namespace"]) {
        let message = "a ClusterIssuer applies to the whole cluster";
        findings.push(object.finding(&CI882, node.at, "metadata.namespace", message));
    }
    let kinds = ["acme", "ca", "selfSigned", "vault", "venafi"].map(|key| spec.get(key));
    if kinds.iter().flatten().count() > 1 {
        let message = "it is of several kinds";
        findings.push(object.finding(&CI883, spec.at, "spec", message));
    }
    let secret = spec.at_path(&["ca", "secretName"]);
    if let Some((name, node)) = secret.and_then(|node| Some((node.text()?, node))) {
        let mut places = model.holders(Class::Secret, name);
        let elsewhere = if is_cluster {
            let places: Vec<&str> = places.collect();
            // That of cert-manager may have another name.
            let is_there = places.iter().any(|place| place.contains("cert-manager"));
            places.first().copied().filter(|_| !is_there)
        } else if model.find(Class::Secret, object.namespace, name).is_none() {
            places.next().filter(|_| !object.namespace.is_empty())
        } else {
            None
        };
        if let Some(place) = elsewhere {
            let message = format!("Secret `{name}` is in `{place}`");
            findings.push(object.finding(&CI894, node.at, "spec.ca.secretName", message));
        }
    }
    for (index, solver) in spec
        .get("acme")
        .into_iter()
        .flat_map(|acme| acme.items_of("solvers").iter().enumerate())
    {
        let path = format!("spec.acme.solvers[{index}]");
        let mut find = |node: &Node, field: &str, message: &str| {
            findings.push(object.finding(&CI883, node.at, &format!("{path}{field}"), message));
        };
        if solver.get("http01").is_some() && solver.get("dns01").is_some() {
            find(solver, "", "one solver has both `http01` and `dns01`");
        }
        let Some(http) = solver.get("http01") else {
            continue;
        };
        if http.get("ingress").is_some() && http.get("gatewayHTTPRoute").is_some() {
            find(
                http,
                ".http01",
                "one solver has both `ingress` and `gatewayHTTPRoute`",
            );
        }
        if let Some(ingress) = http.get("ingress") {
            let named = ["class", "ingressClassName", "name"].map(|key| ingress.get(key));
            if named.iter().flatten().count() > 1 {
                let message = "more than one of `ingressClassName`, `class` and `name` is set";
                find(ingress, ".http01.ingress", message);
            }
        }
    }
}
