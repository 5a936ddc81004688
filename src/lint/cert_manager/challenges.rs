//! HTTP-01: whether the authority reaches the solver.

use super::rules::{CI891, CI892};
use crate::lint::facts::hosts::meets;
use crate::lint::facts::istio::credentials;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Whether HTTP-01 gets through to the solver of a Certificate.
pub(super) fn challenges(
    model: &Model<'_>,
    redirects: &Redirects<'_>,
    object: &Object<'_>,
    issuer: &Object<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(acme) = issuer.spec().get("acme") else {
        return;
    };
    let all: Vec<&Node> = acme.items_of("solvers").iter().collect();
    // With several, which is taken depends on labels and zones.
    let [solver] = all[..] else { return };
    let Some(http) = solver.get("http01") else {
        return;
    };
    let at = object
        .spec()
        .get("dnsNames")
        .map_or(object.node.at, |node| node.at);
    let mut find = |rule, message: String| {
        findings.push(object.finding(rule, at, "spec.dnsNames", message));
    };
    let hosts: Vec<&str> = object
        .spec()
        .items_of("dnsNames")
        .iter()
        .filter_map(Node::text)
        .filter(|host| !host.starts_with('*'))
        .collect();
    if let Some(route) = http.get("gatewayHTTPRoute") {
        for parent in route.items_of("parentRefs") {
            let namespace = parent.text_of("namespace").unwrap_or(object.namespace);
            let name = parent.text_of("name").unwrap_or_default();
            let Some(number) = model.find(Class::Gateway, namespace, name) else {
                continue;
            };
            let gateway = &model.objects[number];
            let closed = hosts.iter().find(|host| {
                !gateway.spec().items_of("listeners").iter().any(|listener| {
                    let host_of = listener.text_of("hostname").unwrap_or_default();
                    listener.text_of("protocol") == Some("HTTP")
                        && (host_of.is_empty() || meets(host_of, host))
                })
            });
            if let Some(host) = closed {
                find(
                    &CI891,
                    format!(
                        "Gateway {} has no HTTP listener for `{host}`",
                        gateway.shown()
                    ),
                );
            }
        }
        return;
    }
    let Some(ingress) = http.get("ingress") else {
        return;
    };
    let class = ingress
        .text_of("ingressClassName")
        .or(ingress.text_of("class"))
        .unwrap_or_default();
    if class == "istio" {
        let is_met = |host: &&&str| redirects.answer(object.provides, host);
        if let Some(host) = hosts.iter().find(is_met) {
            find(
                &CI891,
                format!(
                    "a Gateway redirects `{host}` to https, with the certificate that has yet to be issued"
                ),
            );
        }
        return;
    }
    if !class.is_empty() && !class.contains("traefik") {
        return;
    }
    // Of a closed port of Traefik speaks `reach`.
    for values in &model.values {
        let off = |path: &[&str]| {
            values
                .node
                .at_path(path)
                .is_some_and(|node| node.value == Value::Bool(false))
        };
        if off(&["providers", "kubernetesIngress", "enabled"]) {
            find(
                &CI892,
                "the values turn `providers.kubernetesIngress` off".to_owned(),
            );
        }
    }
}

/// Hosts that Istio Gateways redirect to https, and the certificates that they show there.
pub(super) struct Redirects<'a> {
    /// By Gateway: hosts, and domains of hosts.
    hosts: Vec<(BTreeSet<&'a str>, Vec<&'a str>)>,
    /// The Gateways by the names of their Secrets.
    by_secret: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Redirects<'a> {
    pub(super) fn of(model: &Model<'a>) -> Self {
        let mut hosts = Vec::new();
        let mut by_secret: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for gateway in model.of(Class::IstioGateway) {
            let (wide, exact): (Vec<&str>, Vec<&str>) = gateway
                .spec()
                .items_of("servers")
                .iter()
                .filter(|server| {
                    server
                        .at_path(&["tls", "httpsRedirect"])
                        .is_some_and(Node::says_true)
                })
                .flat_map(|server| server.items_of("hosts"))
                .filter_map(Node::text)
                .map(|host| host.rsplit('/').next().unwrap_or(host))
                .partition(|host| host.starts_with('*'));
            for (name, ..) in credentials(gateway) {
                by_secret.entry(name).or_default().push(hosts.len());
            }
            hosts.push((exact.into_iter().collect(), wide));
        }
        Self { hosts, by_secret }
    }

    /// Returns whether a host is redirected by a Gateway that shows the certificate of a Secret.
    fn answer(&self, secret: &str, host: &str) -> bool {
        let gateways = self.by_secret.get(secret).into_iter().flatten();
        gateways
            .map(|number| &self.hosts[*number])
            .any(|(exact, wide)| {
                exact.contains(host) || wide.iter().any(|domain| meets(domain, host))
            })
    }
}
