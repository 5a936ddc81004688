//! Listeners: what each needs by itself, and beside the others.

use super::gateway::{Listener, is_traefiks, listeners};
use super::link::{Grants, Link};
use super::rules::{CI811, CI814, CI820, CI821, CI822, CI825};
use crate::cluster::data::Cert;
use crate::lint::facts::certificate::names_of;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::pki::SubjectAltName;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    model: &Model<'_>,
    grants: &Grants<'_>,
    gateway: &Object<'_>,
    findings: &mut Vec<Finding>,
) {
    let is_traefik = is_traefiks(model, gateway);
    let all = listeners(gateway);
    for listener in &all {
        tls(gateway, listener, is_traefik, findings);
        let certificates = certificates(model, grants, gateway, listener, findings);
        if !listener.host.is_empty() {
            let certificates = certificates.as_deref();
            covers(gateway, listener.host, listener, certificates, findings);
        }
    }
    collisions(gateway, &all, is_traefik, findings);
    if is_traefik {
        entry_points(model, gateway, &all, findings);
        for (key, node) in gateway
            .spec()
            .get("tls")
            .map(Node::entries)
            .unwrap_or_default()
        {
            let message = format!("Traefik has no code for `tls.{}` of a Gateway", key.text);
            let field = format!("spec.tls.{}", key.text);
            findings.push(gateway.finding(&CI811, node.at, &field, message));
        }
    }
}

fn tls(
    gateway: &Object<'_>,
    listener: &Listener<'_>,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let field = format!("{}.tls", listener.field());
    let mut find = |severity, at, message: String| {
        let finding = gateway.finding(&CI814, at, &field, message);
        findings.push(finding.with_severity(severity));
    };
    let Some(tls) = listener.node.get("tls") else {
        // Other implementations have certificates of their own.
        if listener.is_of_tls() {
            let severity = if is_traefik || listener.protocol == "TLS" {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!("protocol {} and no `tls`", listener.protocol);
            find(severity, listener.node.at, message);
        }
        return;
    };
    let has_certificates = !tls.items_of("certificateRefs").is_empty();
    if matches!(listener.protocol, "HTTP" | "TCP" | "UDP") {
        find(
            Severity::Error,
            tls.at,
            format!("protocol {} has no TLS", listener.protocol),
        );
    } else if listener.is_passed_through && listener.protocol == "HTTPS" {
        let message = "protocol HTTPS cannot pass TLS through; protocol TLS can";
        find(Severity::Error, tls.at, message.to_owned());
    } else if listener.is_passed_through && has_certificates {
        let message = "TLS is passed through, and the certificate is not used";
        find(Severity::Warning, tls.at, message.to_owned());
    } else if !listener.is_passed_through
        && listener.is_of_tls()
        && !has_certificates
        && (is_traefik || tls.get("options").is_none())
    {
        find(
            Severity::Error,
            tls.at,
            "TLS is terminated without a certificate".to_owned(),
        );
    }
}

/// What a listener shows, where all of it is in the input.
pub(super) fn certificates<'m>(
    model: &'m Model<'_>,
    grants: &Grants<'_>,
    gateway: &Object<'_>,
    listener: &Listener<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<&'m Cert>> {
    let tls = listener
        .node
        .get("tls")
        .filter(|_| !listener.is_passed_through)?;
    let mut found = Some(Vec::new());
    for (index, node) in tls.items_of("certificateRefs").iter().enumerate() {
        let field = format!("{}.tls.certificateRefs[{index}]", listener.field());
        let kind = node.text_of("kind").unwrap_or("Secret");
        if kind != "Secret"
            || node
                .text_of("group")
                .is_some_and(|group| !matches!(group, "" | "core"))
        {
            let message = "a certificate must be a core Secret, not what is named here";
            let finding = gateway.finding(&CI820, node.at, &field, message);
            // Other implementations may take it.
            findings.push(finding.with_severity(if is_traefiks(model, gateway) {
                Severity::Error
            } else {
                Severity::Warning
            }));
            found = None;
            continue;
        }
        let Some(link) = Link::new(gateway, Class::Secret, node, format!("{field}.name")) else {
            continue;
        };
        let number = link.follow(model, grants, gateway, findings);
        let Some(secret) = number.and_then(|number| model.secrets.get(&number)) else {
            found = None;
            continue;
        };
        if let Some(missing) = secret.missing_of_pair() {
            let message = format!("Secret `{}` has no `{missing}`", link.name.escape_debug());
            findings.push(gateway.finding(&CI820, link.at, &link.field, message));
        }
        let first = secret.get("tls.crt").and_then(|entry| entry.certs().next());
        found = found.zip(first).map(|(mut all, first)| {
            all.push(first);
            all
        });
    }
    found.filter(|all| !all.is_empty())
}

/// Finds a host that none of the certificates covers.
pub(super) fn covers(
    object: &Object<'_>,
    host: &str,
    listener: &Listener<'_>,
    certificates: Option<&[&Cert]>,
    findings: &mut Vec<Finding>,
) {
    let (Some(certificates), Ok(name)) = (certificates, SubjectAltName::parse(host)) else {
        return;
    };
    if certificates.iter().any(|cert| cert.details.covers(&name)) {
        return;
    }
    let message = format!(
        "`{host}` is not covered: the certificate is for {}",
        names_of(certificates)
    );
    let (at, field) = if object.class == Class::Gateway {
        let at = listener
            .node
            .get("hostname")
            .map_or(listener.node.at, |node| node.at);
        (at, format!("{}.hostname", listener.field()))
    } else {
        let node = object.spec().get("hostnames");
        (
            node.map_or(object.node.at, |node| node.at),
            "spec.hostnames".to_owned(),
        )
    };
    findings.push(object.finding(&CI821, at, &field, message));
}

/// An entry point of Traefik has both plain text and TLS.
fn collisions(
    gateway: &Object<'_>,
    all: &[Listener<'_>],
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let mut names = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut protocols: BTreeMap<&str, bool> = BTreeMap::new();
    for listener in all {
        let place = (listener.port.as_str(), listener.protocol, listener.host);
        let message = if !names.insert(listener.name) {
            format!("the name `{}` appears twice", listener.name.escape_debug())
        } else if !places.insert(place) {
            "another listener has the same port, protocol and host".to_owned()
        } else if !is_traefik
            && *protocols
                .entry(&listener.port)
                .or_insert(listener.is_of_tls())
                != listener.is_of_tls()
        {
            format!("on port {} there is both plain text and TLS", listener.port)
        } else {
            continue;
        };
        findings.push(gateway.finding(&CI822, listener.node.at, &listener.field(), message));
    }
}

/// Compares the ports with the entry points of Traefik's chart (`entryPointName`: the address must end with the
/// listener's port; `ports` of the chart's values).
fn entry_points(
    model: &Model<'_>,
    gateway: &Object<'_>,
    all: &[Listener<'_>],
    findings: &mut Vec<Finding>,
) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for values in &model.values {
        let arguments = values.node.get("additionalArguments").map(Node::items);
        let is_own = |node: &Node| {
            node.text()
                .is_some_and(|text| text.to_lowercase().contains("entrypoints."))
        };
        if arguments.unwrap_or_default().iter().any(is_own) {
            return;
        }
        for (name, default) in [("web", "8000"), ("websecure", "8443")] {
            let port = values
                .node
                .at_path(&["ports", name, "port"])
                .and_then(Node::scalar);
            known.insert(port.unwrap_or_else(|| default.to_owned()));
        }
        let ports = values
            .node
            .get("ports")
            .map(Node::entries)
            .unwrap_or_default();
        known.extend(
            ports
                .iter()
                .filter_map(|(_, node)| node.get("port")?.scalar()),
        );
    }
    for listener in all.iter().filter(|_| !known.is_empty()) {
        if !known.contains(&listener.port) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!(
                "the entry points have the ports {}, not {}",
                known.join(", "),
                listener.port
            );
            let at = listener
                .node
                .get("port")
                .map_or(listener.node.at, |node| node.at);
            let field = format!("{}.port", listener.field());
            findings.push(gateway.finding(&CI825, at, &field, message));
        }
    }
}
