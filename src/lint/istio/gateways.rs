//! Gateways: their servers and certificates.

use super::credentials::{AUTHORITY, PAIRS, has_pair, value};
use super::pods::{Place, Pods, Where};
use super::rules::{CI851, CI852, CI853, CI854, CI855, CI857};
use crate::cluster::data::Data;
use crate::lint::facts::certificate::names_of;
use crate::lint::facts::istio::{Server, names, servers};
use crate::lint::facts::shape::shape;
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::CI821;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::pki::SubjectAltName;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Files of certificates, and what takes their place.
const SOURCES: [&str; 6] = [
    "credentialName",
    "credentialNames",
    "tlsCertificates",
    "serverCertificate",
    "privateKey",
    "caCertificates",
];

/// Servers by selector, port, bind and host; protocols by selector, port and bind.
#[derive(Default)]
struct Known<'m, 'a> {
    hosts: BTreeMap<(String, String, &'a str, String), &'m Object<'a>>,
    ports: BTreeMap<(String, String, &'a str), bool>,
}

pub(super) fn check(model: &Model<'_>, pods: &Pods<'_>, findings: &mut Vec<Finding>) {
    let mut known = Known::default();
    for gateway in model.of(Class::IstioGateway) {
        let place = pods.of_gateway(gateway);
        let all = servers(gateway);
        for server in &all {
            settings(gateway, server, findings);
            if let Some(tls) = server.tls.filter(|_| !server.is_passed_through()) {
                certificates(model, gateway, server, tls, &place, findings);
            }
        }
        collisions(gateway, &all, &mut known, findings);
    }
}

fn settings(gateway: &Object<'_>, server: &Server<'_>, findings: &mut Vec<Finding>) {
    let path = format!("spec.servers[{}]", server.index);
    let mut find = |rule, at, field: &str, message: String| {
        findings.push(gateway.finding(rule, at, &format!("{path}{field}"), message));
    };
    if server.protocol.is_empty() || server.node.at_path(&["port", "name"]).is_none() {
        find(
            &CI851,
            server.node.at,
            ".port",
            "the port needs a name and a protocol".to_owned(),
        );
    }
    let Some(tls) = server.tls else {
        if server.is_tls() {
            let message = format!("protocol {} and no `tls`", server.protocol);
            find(&CI851, server.node.at, ".tls", message);
        }
        return;
    };
    let has = |key: &str| tls.get(key).is_some_and(|node| node.text() != Some(""));
    let first = SOURCES.iter().find(|key| has(key));
    if server.is_http() && !matches!(server.mode, "" | "PASSTHROUGH") {
        let message = format!("protocol {} has no TLS mode", server.protocol);
        find(&CI851, tls.at, ".tls", message);
    } else if let Some(key) = first.filter(|_| server.is_passed_through()) {
        let is_said = !server.mode.is_empty();
        let message = if is_said {
            format!("TLS is passed through, and `{key}` is not used")
        } else {
            "there is no `mode`, and without it TLS is passed through".to_owned()
        };
        find(&CI852, tls.at, ".tls", message);
        // Where it is set explicitly, it is at least intended.
        if let Some(last) = findings.last_mut().filter(|_| is_said) {
            last.severity = Severity::Warning;
        }
        return;
    } else if matches!(server.mode, "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL") {
        let sources = usize::from(has("credentialName"))
            + usize::from(has("credentialNames"))
            + usize::from(has("tlsCertificates"))
            + usize::from(has("serverCertificate") && has("privateKey"));
        if sources != 1 {
            let message = if sources == 0 {
                format!("mode {} and no certificate", server.mode)
            } else {
                "several sources of certificates".to_owned()
            };
            find(&CI851, tls.at, ".tls", message);
        } else if server.mode != "SIMPLE"
            && !has("credentialName")
            && !has("credentialNames")
            && !has("caCertificates")
        {
            find(
                &CI851,
                tls.at,
                ".tls",
                format!("mode {} and no `caCertificates`", server.mode),
            );
        }
    } else if let Some(key) = first.filter(|_| server.mode == "ISTIO_MUTUAL") {
        find(
            &CI851,
            tls.at,
            ".tls",
            format!("mode ISTIO_MUTUAL does not allow `{key}`"),
        );
    }
    if let Some(node) = tls
        .get("httpsRedirect")
        .filter(|node| node.says_true() && !server.is_http())
    {
        let message = format!("protocol {} is not redirected", server.protocol);
        find(&CI853, node.at, ".tls.httpsRedirect", message);
    }
}

fn certificates(
    model: &Model<'_>,
    gateway: &Object<'_>,
    server: &Server<'_>,
    tls: &Node,
    place: &Where<'_>,
    findings: &mut Vec<Finding>,
) {
    let field = format!("spec.servers[{}].tls.credentialName", server.index);
    let mut shown = Some(Vec::new());
    for (name, node) in names(tls) {
        let find = |rule, message: String| gateway.finding(rule, node.at, &field, message);
        if let Some((namespace, _)) = name.split_once('/') {
            shown = None;
            if !place.namespaces.is_empty() && !place.namespaces.contains(namespace) {
                let message = format!("the Secret is in `{namespace}`; {}", place.shown());
                findings.push(find(&CI854, message));
            }
            continue;
        }
        let (object, secret) = match place.find(model, name) {
            Place::Found(object, secret) => (object, secret),
            Place::Elsewhere(namespace, is_certain) => {
                let message = format!("Secret `{name}` is in `{namespace}`; {}", place.shown());
                let finding = find(&CI854, message);
                findings.push(if is_certain {
                    finding
                } else {
                    finding.with_severity(Severity::Warning)
                });
                shown = None;
                continue;
            }
            Place::Unknown => {
                shown = None;
                continue;
            }
        };
        if secret.is_complete && !has_pair(secret) {
            let message = format!(
                "Secret {} has neither `tls.crt` and `tls.key` nor `cert` and `key`",
                object.shown()
            );
            findings.push(find(&CI855, message));
        }
        if server.mode != "SIMPLE" && tls.get("caCertCredentialName").is_none() {
            client_authority(
                model,
                place,
                name,
                secret,
                |message| find(&CI855, message),
                findings,
            );
        }
        let first = value(secret, PAIRS.map(|[certificate, _]| certificate));
        let first = first.and_then(|entry| entry.certs().next());
        shown = shown.zip(first).map(|(mut all, first)| {
            all.push(first);
            all
        });
    }
    for (_, host) in server.hosts(gateway) {
        let (Some(all), Ok(wanted)) = (&shown, SubjectAltName::parse(host)) else {
            continue;
        };
        if !all.is_empty() && !all.iter().any(|cert| cert.details.covers(&wanted)) {
            let message = format!(
                "`{host}` is not covered: the certificate is for {}",
                names_of(all)
            );
            let at = server
                .node
                .get("hosts")
                .map_or(server.node.at, |node| node.at);
            let field = format!("spec.servers[{}].hosts", server.index);
            findings.push(gateway.finding(&CI821, at, &field, message));
        }
    }
}

/// The CA by which browsers are verified is in the same Secret, or in `NAME-cacert`.
fn client_authority(
    model: &Model<'_>,
    place: &Where<'_>,
    name: &str,
    secret: &Data,
    mut find: impl FnMut(String) -> Finding,
    findings: &mut Vec<Finding>,
) {
    let is_here = value(secret, AUTHORITY).is_some() || !secret.is_complete;
    let further = format!("{name}-cacert");
    let (is_good, is_certain) = match place.find(model, &further) {
        Place::Found(_, secret) => (
            value(secret, AUTHORITY).is_some() || !secret.is_complete,
            true,
        ),
        _ => (false, false),
    };
    if !is_here && !is_good {
        let message = format!("neither Secret `{name}` nor `{further}` has `ca.crt` or `cacert`");
        let finding = find(message);
        findings.push(if is_certain {
            finding
        } else {
            finding.with_severity(Severity::Warning)
        });
    }
}

fn collisions<'m, 'a>(
    gateway: &'m Object<'a>,
    all: &[Server<'a>],
    known: &mut Known<'m, 'a>,
    findings: &mut Vec<Finding>,
) {
    let mut names = BTreeSet::new();
    let selector = gateway
        .spec()
        .get("selector")
        .map(|node| shape(&node.value));
    let selector = selector.unwrap_or_default();
    for server in all {
        let path = format!("spec.servers[{}]", server.index);
        let mut find = |field: &str, message: String| {
            findings.push(gateway.finding(
                &CI857,
                server.node.at,
                &format!("{path}{field}"),
                message,
            ));
        };
        let name = server
            .node
            .at_path(&["port", "name"])
            .and_then(Node::scalar);
        if let Some(name) = name.filter(|name| !names.insert(name.clone())) {
            find(
                ".port.name",
                format!("the port name `{}` appears twice", name.escape_debug()),
            );
            continue;
        }
        let bind = server.node.text_of("bind").unwrap_or_default();
        let place = (selector.clone(), server.port.clone(), bind);
        if *known.ports.entry(place).or_insert(server.is_tls()) != server.is_tls() {
            find(
                ".port",
                format!("on port {} there is both plain text and TLS", server.port),
            );
            continue;
        }
        if !server.is_tls() {
            continue;
        }
        for (namespace, host) in server.hosts(gateway) {
            let host = format!("{}/{host}", namespace.unwrap_or("*"));
            let key = (selector.clone(), server.port.clone(), bind, host.clone());
            let before = known.hosts.insert(key, gateway);
            // Overlays of one base, each for a namespace of its own.
            let is_twice =
                |first: &&Object<'_>| !gateway.namespace.is_empty() || first.file == gateway.file;
            if let Some(first) = before.filter(is_twice) {
                let host = host.trim_start_matches("*/").escape_debug().to_string();
                let message = format!(
                    "port {} for `{host}` is also in Gateway {}",
                    server.port,
                    first.shown()
                );
                find(".hosts", message);
            }
        }
    }
}
