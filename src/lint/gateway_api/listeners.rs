//! Listeners: what each needs by itself, and beside the others.

use super::link::{CrossReference, Grants};
use super::rules::{CI811, CI814, CI820, CI822, CI825};
use crate::cluster::data::Cert;
use crate::kinds::gateway_api::{Gateway, Listener};
use crate::lint::facts::certificate::not_covered;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said};
use crate::lint::rule::Severity;
use crate::path::gateways::front;
use crate::path::hop::FrontKind;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    model: &Model<'_>,
    grants: &Grants<'_>,
    gateway: &Said<'_, '_, Gateway>,
    findings: &mut Vec<Finding>,
) {
    let Said { object, says, .. } = gateway;
    let is_traefik = front(model.cluster, says) == FrontKind::Traefik;
    for (index, listener) in says.listeners.iter().enumerate() {
        let field = format!("spec.listeners[{index}]");
        tls(object, listener, &field, is_traefik, findings);
        let shown = certificates(model, grants, gateway, (listener, &field), findings);
        if let Some(host) = &listener.host {
            let place = (host.at, format!("{field}.hostname"));
            let shown = shown.as_deref().unwrap_or_default();
            findings.extend(not_covered(object, &host.value, shown, place));
        }
    }
    collisions(object, &says.listeners, is_traefik, findings);
    if is_traefik {
        entry_points(model, object, &says.listeners, findings);
        for key in &says.tls {
            let message = format!("Traefik has no code for `tls.{}` of a Gateway", key.value);
            let field = format!("spec.tls.{}", key.value);
            findings.push(object.finding(&CI811, key.at, &field, message));
        }
    }
}

fn tls(
    gateway: &Object<'_>,
    listener: &Listener,
    field: &str,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let protocol = listener.protocol.as_str();
    let Some(tls) = &listener.tls else {
        // Other implementations have certificates of their own.
        if listener.is_of_tls() {
            let severity = if is_traefik || protocol == "TLS" {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = format!("protocol {protocol} and no `tls`");
            let finding = gateway.finding(&CI814, listener.at, &format!("{field}.tls"), message);
            findings.push(finding.with_severity(severity));
        }
        return;
    };
    let has_certificates = !tls.certificates.is_empty();
    let (severity, message) = if matches!(protocol, "HTTP" | "TCP" | "UDP") {
        (Severity::Error, format!("protocol {protocol} has no TLS"))
    } else if tls.passes_through && protocol == "HTTPS" {
        let message = "protocol HTTPS cannot pass TLS through; protocol TLS can";
        (Severity::Error, message.to_owned())
    } else if tls.passes_through && has_certificates {
        let message = "TLS is passed through, and the certificate is not used";
        (Severity::Warning, message.to_owned())
    } else if !tls.passes_through
        && listener.is_of_tls()
        && !has_certificates
        && (is_traefik || !tls.has_options)
    {
        let message = "TLS is terminated without a certificate";
        (Severity::Error, message.to_owned())
    } else {
        return;
    };
    let finding = gateway.finding(&CI814, tls.at, &format!("{field}.tls"), message);
    findings.push(finding.with_severity(severity));
}

/// What a listener shows, where all of it is in the input.
pub(super) fn certificates<'m>(
    model: &'m Model<'_>,
    grants: &Grants<'_>,
    gateway: &Said<'m, '_, Gateway>,
    (listener, field): (&'m Listener, &str),
    findings: &mut Vec<Finding>,
) -> Option<Vec<&'m Cert>> {
    let Said { object, says, .. } = gateway;
    let tls = listener.tls.as_ref().filter(|tls| !tls.passes_through)?;
    let mut found = Some(Vec::new());
    for (index, named) in tls.certificates.iter().enumerate() {
        let field = format!("{field}.tls.certificateRefs[{index}]");
        if !named.may_be_core("Secret") {
            let message = "a certificate must be a core Secret, not what is named here";
            let finding = object.finding(&CI820, named.at, &field, message);
            // Other implementations may take it.
            findings.push(finding.with_severity(match front(model.cluster, says) {
                FrontKind::Traefik => Severity::Error,
                FrontKind::Istio | FrontKind::Gateway => Severity::Warning,
            }));
            found = None;
            continue;
        }
        let Some(link) = CrossReference::new(object, Class::Secret, named, format!("{field}.name"))
        else {
            continue;
        };
        let number = link.follow(model, grants, object, findings);
        let Some(secret) = number.and_then(|number| model.secrets.get(&number)) else {
            found = None;
            continue;
        };
        if let Some(missing) = secret.missing_of_pair() {
            let message = format!("Secret `{}` has no `{missing}`", link.name.escape_debug());
            findings.push(object.finding(&CI820, link.at, &link.field, message));
        }
        let first = secret.get("tls.crt").and_then(|entry| entry.certs().next());
        found = found.zip(first).map(|(mut all, first)| {
            all.push(first);
            all
        });
    }
    found.filter(|all| !all.is_empty())
}

/// An entry point of Traefik has both plain text and TLS.
fn collisions(
    gateway: &Object<'_>,
    all: &[Listener],
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) {
    let mut names = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut protocols = BTreeMap::new();
    for (index, listener) in all.iter().enumerate() {
        let port = listener.port.as_ref().map(|port| &port.value);
        let place = (port, listener.protocol.as_str(), listener.host());
        let is_of_tls = listener.is_of_tls();
        let message = if !names.insert(listener.name.as_str()) {
            format!("the name `{}` appears twice", listener.name.escape_debug())
        } else if !places.insert(place) {
            "another listener has the same port, protocol and host".to_owned()
        } else if !is_traefik && *protocols.entry(port).or_insert(is_of_tls) != is_of_tls {
            let port = listener.shown_port();
            format!("on port {port} there is both plain text and TLS")
        } else {
            continue;
        };
        let field = format!("spec.listeners[{index}]");
        findings.push(gateway.finding(&CI822, listener.at, &field, message));
    }
}

/// Compares the ports with the entry points of Traefik's chart (`entryPointName`: the address must end with the
/// listener's port; `ports` of the chart's values).
fn entry_points(
    model: &Model<'_>,
    gateway: &Object<'_>,
    all: &[Listener],
    findings: &mut Vec<Finding>,
) {
    let known = &model.provider.chart_ports;
    if known.is_empty() {
        return;
    }
    for (index, listener) in all.iter().enumerate() {
        let port = listener.shown_port();
        if !known.contains(&port) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let known = known.join(", ");
            let message = format!("the entry points have the ports {known}, not {port}");
            let at = listener.port.as_ref().map_or(listener.at, |port| port.at);
            let field = format!("spec.listeners[{index}].port");
            findings.push(gateway.finding(&CI825, at, &field, message));
        }
    }
}
