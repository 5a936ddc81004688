//! Family 8: objects of Istio, as 1.31 reads them (`pkg/config/validation`, `pilot/pkg/networking/core`,
//! `pilot/pkg/credentials/kube/secrets.go`).

mod destinations;
mod gateways;
mod offers;
mod pods;
mod policies;
mod services;
mod topology;

pub(super) use gateways::credentials;
use pods::{Place, Pods, Where};

use super::finding::Finding;
use super::model::{Class, Model, Object};
use super::rules::CI875;
use super::secrets::{Cert, Entry, Secret};
use crate::yaml::Node;

const CLASSES: [Class; 4] = [
    Class::IstioGateway,
    Class::VirtualService,
    Class::DestinationRule,
    Class::ServiceEntry,
];

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    topology::check(model, &mut findings);
    if CLASSES.iter().all(|class| model.numbers(*class).is_empty()) {
        return findings;
    }
    for object in CLASSES.iter().flat_map(|class| model.of(*class)) {
        let node = object.at(&["apiVersion"]).unwrap_or(object.node);
        let version = node.text().and_then(|text| text.split_once('/'));
        if !version.is_some_and(|(_, version)| ["v1", "v1beta1", "v1alpha3"].contains(&version)) {
            let message = format!("`{}` is not served", node.text().unwrap_or_default());
            findings.push(object.finding(&CI875, node.at, "apiVersion", message));
        }
    }
    let pods = Pods::of(model);
    gateways::check(model, &pods, &mut findings);
    let rules = policies::rules(model);
    let routed = services::check(model, &rules, &mut findings);
    destinations::check(model, &pods, &routed, &mut findings);
    findings
}

/// A server of a Gateway.
struct Server<'a> {
    index: usize,
    node: &'a Node,
    port: String,
    protocol: String,
    tls: Option<&'a Node>,
    mode: &'a str,
}

/// Which routes of a VirtualService a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Http,
    Tls,
    Tcp,
}

impl<'a> Server<'a> {
    fn is_http(&self) -> bool {
        matches!(
            self.protocol.as_str(),
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB"
        )
    }

    fn is_tls(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS")
    }

    /// Without a mode TLS is passed through: PASSTHROUGH is the first value of the enumeration.
    fn is_passed_through(&self) -> bool {
        self.is_tls()
            && self.tls.is_some()
            && matches!(self.mode, "" | "PASSTHROUGH" | "AUTO_PASSTHROUGH")
    }

    fn takes(&self) -> Takes {
        if self.is_http() {
            Takes::Http
        } else if self.is_passed_through() {
            Takes::Tls
        } else if self.protocol == "HTTPS" {
            Takes::Http
        } else {
            Takes::Tcp
        }
    }

    /// Its hosts, each with the namespace that may use it, if only one may.
    fn hosts(&self, gateway: &Object<'a>) -> Vec<(Option<&'a str>, &'a str)> {
        self.node
            .items_of("hosts")
            .iter()
            .filter_map(Node::text)
            .map(|host| match host.split_once('/') {
                None | Some(("*", _)) => (None, host.rsplit('/').next().unwrap_or(host)),
                Some((".", host)) => (Some(gateway.namespace), host),
                Some((namespace, host)) => (Some(namespace), host),
            })
            .collect()
    }
}

fn servers<'a>(gateway: &Object<'a>) -> Vec<Server<'a>> {
    let server = |(index, node): (usize, &'a Node)| {
        let of_port = |key: &str| node.at_path(&["port", key]).and_then(Node::scalar);
        let tls = node.get("tls");
        Server {
            index,
            node,
            port: of_port("number").unwrap_or_default(),
            protocol: of_port("protocol").unwrap_or_default().to_uppercase(),
            tls,
            mode: tls.and_then(|tls| tls.text_of("mode")).unwrap_or_default(),
        }
    };
    gateway
        .spec()
        .items_of("servers")
        .iter()
        .enumerate()
        .map(server)
        .collect()
}

/// Returns what Istio reads of a pair (`ExtractCertInfo`) or of a CA (`ExtractRoot`).
fn value<'m, 'a>(secret: &'m Secret<'a>, keys: [&str; 2]) -> Option<&'m Entry<'a>> {
    keys.into_iter()
        .filter_map(|key| secret.get(key))
        .find(|entry| !entry.is_empty())
}

const PAIRS: [[&str; 2]; 2] = [["cert", "key"], ["tls.crt", "tls.key"]];
const AUTHORITY: [&str; 2] = ["cacert", "ca.crt"];

fn has_pair(secret: &Secret<'_>) -> bool {
    let has = |key: &&str| secret.get(key).is_some_and(|entry| !entry.is_empty());
    PAIRS.iter().any(|pair| pair.iter().all(has))
}

/// The CA that is in a Secret, if it can be read.
fn authority<'m>(secret: &'m Secret<'_>) -> Option<Vec<&'m Cert>> {
    let entry = value(secret, AUTHORITY)?;
    let all: Vec<&Cert> = entry.certs().collect();
    (!all.is_empty()).then_some(all)
}

/// What a destination's host stands for.
pub(super) enum Destination<'a> {
    Service {
        namespace: &'a str,
        name: &'a str,
    },
    /// Like the name of a Service, in a form that Istio does not complete.
    Half {
        namespace: &'a str,
        name: &'a str,
    },
    Other,
}

/// Reads a host as Istio does (`ResolveShortnameToFQDN`): only a name without dots is completed.
pub(super) fn destination<'a>(host: &'a str, namespace: &'a str) -> Destination<'a> {
    let mut parts = host.splitn(4, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        _ if host.contains('*') || host.is_empty() => Destination::Other,
        (Some(name), None, ..) => Destination::Service { namespace, name },
        (Some(name), Some(namespace), Some("svc"), Some(_)) => {
            Destination::Service { namespace, name }
        }
        (Some(name), Some(namespace), None | Some("svc"), None) => {
            Destination::Half { namespace, name }
        }
        _ => Destination::Other,
    }
}
