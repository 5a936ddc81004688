//! HTTP-01: whether the authority reaches the solver.

use super::rules::{CI891, CI892};
use crate::cluster::{Kind, Resource};
use crate::kinds::cert_manager::{Announced, Issuer, Solver};
use crate::kinds::istio::Server;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Said};
use crate::path::gateways::meets;
use crate::yaml::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether HTTP-01 gets through to the solver of a Certificate.
pub(super) fn challenges(
    model: &Model<'_>,
    redirects: &Redirects<'_>,
    Said { object, says, .. }: &Said<'_, '_, Announced>,
    issuer: &Issuer,
    findings: &mut Vec<Finding>,
) {
    // With several, which is taken depends on labels and zones.
    let [
        Solver {
            http: Some(http), ..
        },
    ] = issuer.solvers.as_slice()
    else {
        return;
    };
    let at = says.dns_names_at.unwrap_or(object.node.at);
    let mut find = |rule, message: String| {
        findings.push(object.finding(rule, at, "spec.dnsNames", message));
    };
    let names = says.dns_names.iter().map(|name| name.value.as_str());
    let hosts: Vec<&str> = names.filter(|host| !host.starts_with('*')).collect();
    if let Some(parents) = &http.gateways {
        for parent in parents {
            let namespace = parent.namespace.as_deref().unwrap_or(object.namespace);
            let Some(number) = model.find(Class::Gateway, namespace, parent.name()) else {
                continue;
            };
            let Some(gateway) = model.said_by(number, Resource::gateway) else {
                continue;
            };
            let is_open = |host: &str| {
                let mut listeners = gateway.says.listeners.iter();
                listeners.any(|listener| {
                    listener.protocol == "HTTP"
                        && listener.host().is_none_or(|own| meets(own, host))
                })
            };
            if let Some(host) = hosts.iter().find(|host| !is_open(host)) {
                let gateway = gateway.object.shown();
                find(
                    &CI891,
                    format!("Gateway {gateway} has no HTTP listener for `{host}`"),
                );
            }
        }
        return;
    }
    let Some(ingress) = &http.ingress else {
        return;
    };
    let class = ingress.class.as_deref().unwrap_or_default();
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
    if !class.is_empty() && !is_of_traefik(model, class) {
        let served = hosts.iter().find(|host| is_served(model, host));
        if let Some(host) = served {
            find(
                &CI891,
                format!(
                    "Traefik answers for `{host}`, and the solver's Ingress is of class `{class}`"
                ),
            );
        }
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

/// Returns whether Traefik reads the Ingresses of a class, by its name or its object.
fn is_of_traefik(model: &Model<'_>, class: &str) -> bool {
    let mut classes = model.objects.iter().filter(|object| {
        (object.group, object.kind, object.name) == ("networking.k8s.io", "IngressClass", class)
    });
    classes.next().map_or(class.contains("traefik"), |object| {
        let controller = object.spec().text_of("controller");
        controller.is_some_and(|controller| controller.contains("traefik"))
    })
}

/// Returns whether a route of Traefik names a host.
fn is_served(model: &Model<'_>, host: &str) -> bool {
    let mut paths = model
        .paths
        .iter()
        .filter(|path| path.way_in.is_of_traefik());
    paths.any(|path| path.path.hosts.iter().any(|own| own == host))
}

/// Hosts that Istio Gateways redirect to https, and the certificates that they show there.
pub(super) struct Redirects<'a> {
    /// By Gateway: hosts, and domains of hosts.
    hosts: Vec<(BTreeSet<&'a str>, Vec<&'a str>)>,
    /// The Gateways by the names of their Secrets.
    by_secret: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Redirects<'a> {
    pub(super) fn of(model: &'a Model<'_>) -> Self {
        let mut hosts = Vec::new();
        let mut by_secret: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for gateway in model.said(Kind::IstioGateway, Resource::istio_gateway) {
            let servers = &gateway.says.servers;
            let redirects = |server: &&Server| {
                let tls = server.tls.as_ref();
                tls.is_some_and(|tls| tls.redirects.is_some())
            };
            let (wide, exact): (Vec<&str>, Vec<&str>) = servers
                .iter()
                .filter(redirects)
                .flat_map(|server| &server.hosts)
                .map(|host| host.host.as_str())
                .partition(|host| host.starts_with('*'));
            for secret in servers.iter().flat_map(Server::secrets) {
                by_secret.entry(secret.name).or_default().push(hosts.len());
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
