//! BackendTLSPolicies: what is verified of httpd.

use super::rules::{CI802, CI803, CI804, CI805, CI808, CI809, CI826};
use super::{Readers, fronts};
use crate::cluster::data::{Cert, Content, Read};
use crate::cluster::{Kind, Resource};
use crate::kinds::gateway_api::BackendTlsPolicy;
use crate::kinds::{ObjectRef, Placed};
use crate::lint::facts::verified::Verified;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said};
use crate::name::DnsName;
use crate::release::Release;
use crate::threads::each;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn check(model: &Model<'_>, readers: Readers, findings: &mut Vec<Finding>) {
    let all: Vec<Said<'_, '_, BackendTlsPolicy>> = model
        .said(Kind::BackendTlsPolicy, Resource::backend_tls_policy)
        .collect();
    let mut known: BTreeMap<(&str, &str, &str), &Object<'_>> = BTreeMap::new();
    for Said { object, says, .. } in &all {
        for (index, target) in says.targets.iter().enumerate() {
            let Some(name) = &target.name else { continue };
            if target.kind.as_deref() != Some("Service") {
                continue;
            }
            let field = format!("spec.targetRefs[{index}]");
            service(model, object, target, name, &field, findings);
            let section = target.section.as_ref().map_or("", |section| &section.value);
            let first = *known
                .entry((object.namespace, &name.value, section))
                .or_insert(object);
            if !std::ptr::eq(first, *object) && !object.namespace.is_empty() {
                let message = format!(
                    "BackendTLSPolicy {} applies to the same port",
                    first.shown()
                );
                findings.push(object.finding(&CI809, target.at, &field, message));
            }
        }
    }
    // Signatures are verified: all processors help.
    let fronts = fronts(model);
    let found = each(&all, |policy| {
        let mut found = Vec::new();
        let targets = policy.says.targets.iter().chain(&policy.says.old_target);
        let services = targets.map(|target| (policy.object.namespace, target.name()));
        let readers = readers.of_services(&fronts, services);
        validation(model, policy, readers, &mut found);
        found
    });
    findings.extend(found.into_iter().flatten());
}

/// Compares the Service that a policy is for, and its port.
fn service(
    model: &Model<'_>,
    object: &Object<'_>,
    target: &ObjectRef,
    name: &Placed<String>,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    let Placed { value: name, at } = name;
    let Some(number) = model.find(Class::Service, object.namespace, name) else {
        if let Some(other) = model.elsewhere(Class::Service, object.namespace, name) {
            let message = format!(
                "Service `{name}` is in namespace `{other}`, the policy in `{}`",
                object.namespace
            );
            findings.push(object.finding(&CI803, *at, &format!("{field}.name"), message));
        }
        return;
    };
    let ports = model.service(number).map(|service| &service.ports[..]);
    let ports = ports.unwrap_or_default();
    let Some(Placed { value: wanted, at }) = &target.section else {
        return;
    };
    if !ports.is_empty() && !ports.iter().any(|port| port.name == *wanted) {
        let wanted = wanted.escape_debug();
        let message = format!("Service `{name}` has no port named `{wanted}`");
        findings.push(object.finding(&CI802, *at, &format!("{field}.sectionName"), message));
    }
}

fn validation(
    model: &Model<'_>,
    Said {
        object,
        typed,
        says,
    }: &Said<'_, '_, BackendTlsPolicy>,
    readers: Readers,
    findings: &mut Vec<Finding>,
) {
    let is_traefik = readers.is_traefik;
    let find = |rule, at, field: &str, message: &str| {
        object.finding(rule, at, &format!("spec.validation{field}"), message)
    };
    let name = says.server_name.as_ref();
    let is_name = |name: &&Placed<String>| DnsName::parse(&name.value).is_ok();
    // Where there is none, the API server has refused it.
    if let Some(name) = name.filter(|name| !is_name(name)) {
        let message = "`hostname` is not a valid DNS name";
        findings.push(find(&CI804, name.at, ".hostname", message));
    }
    if says.authorities.is_empty() != says.trusts_well_known {
        let message = if says.trusts_well_known {
            "both `caCertificateRefs` and `wellKnownCACertificates` are set"
        } else {
            "neither `caCertificateRefs` nor `wellKnownCACertificates` is set"
        };
        findings.push(find(&CI804, says.at, "", message));
    }
    let ignored = is_traefik && model.knowledge.release < Release::exactly(3, 8, 0);
    let unread = says
        .names
        .as_ref()
        .filter(|names| ignored && !lists(names, name));
    if let Some(names) = unread {
        let message = format!(
            "Traefik {} verifies `hostname` anyway",
            model.knowledge.release
        );
        findings.push(find(&CI808, names.at, ".subjectAltNames", &message));
    }
    if let Some(name) = name.filter(|_| readers.is_istio && says.names.is_none()) {
        let message = "`subjectAltNames` is missing";
        findings.push(find(&CI826, name.at, ".hostname", message));
    }
    let Some(trusted) = trusted(model, object, says, is_traefik, findings) else {
        return;
    };
    let names = match &says.names {
        // Where they are read, they are verified instead (GEP-1897).
        Some(names) if !ignored => {
            let hosts: Option<Vec<&Placed<String>>> =
                names.value.iter().map(Option::as_ref).collect();
            let field = "spec.validation.subjectAltNames";
            let hosts = hosts.unwrap_or_default().into_iter();
            hosts
                .map(|host| (host.value.as_str(), host.at, field.to_owned()))
                .collect()
        }
        _ => {
            let field = "spec.validation.hostname".to_owned();
            // Istio alone verifies none.
            let is_verified = is_traefik || !readers.is_istio;
            let name = name.filter(is_name).filter(|_| is_verified);
            name.map(|name| (name.value.as_str(), name.at, field))
                .into_iter()
                .collect()
        }
    };
    let check = Verified {
        model,
        object,
        at: says.authorities_at.unwrap_or(says.at),
        field: "spec.validation.caCertificateRefs".to_owned(),
        scope: &typed.scope,
        trusted,
        names,
    };
    check.check(findings);
}

/// Returns whether a name is among those that are listed: then it does not matter which of them are verified.
fn lists(names: &Placed<Vec<Option<Placed<String>>>>, name: Option<&Placed<String>>) -> bool {
    let listed = names.value.iter().flatten();
    let mut listed = listed.map(|name| &name.value);
    name.is_some_and(|name| listed.any(|listed| *listed == name.value))
}

/// Returns what is trusted, where all of it is in the input.
fn trusted(
    model: &Model<'_>,
    object: &Object<'_>,
    policy: &BackendTlsPolicy,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Arc<Cert>>> {
    let mut all = Some(Vec::new());
    for (index, named) in policy.authorities.iter().enumerate() {
        let field = format!("spec.validation.caCertificateRefs[{index}]");
        let kind = named.kind.as_deref().unwrap_or_default();
        let name = named.name();
        let class = match kind {
            "Secret" => Class::Secret,
            _ => Class::ConfigMap,
        };
        let mut find = |message: String| {
            findings.push(object.finding(&CI805, named.at, &field, message));
        };
        let takes_secrets = !is_traefik || model.knowledge.release >= Release::exactly(3, 7, 0);
        if !["ConfigMap", "Secret"].contains(&kind) || kind == "Secret" && !takes_secrets {
            find(format!(
                "`{}` cannot hold a CA; ConfigMap can",
                kind.escape_debug()
            ));
            return None;
        }
        let Some((source, data)) = model.secret(class, object.namespace, name) else {
            if let Some(other) = model.elsewhere(class, object.namespace, name) {
                find(format!(
                    "{kind} `{name}` is in namespace `{other}`, the policy in `{}`",
                    object.namespace
                ));
            }
            all = None;
            continue;
        };
        let read = data.gateway_authority();
        if matches!(read, Read::Nothing) {
            find(format!("{kind} {} has no `ca.crt`", source.shown()));
        }
        let Some(entry) = read.entry() else {
            all = None;
            continue;
        };
        if entry.certificates.is_empty() {
            let is_text = matches!(entry.content, Content::Text(_) | Content::Binary);
            if is_text && entry.damaged.is_empty() {
                find(format!(
                    "`ca.crt` of {kind} {} holds no PEM certificate",
                    source.shown()
                ));
            }
            all = None;
            continue;
        }
        if let Some(all) = &mut all {
            all.extend(entry.certificates.iter().cloned());
        }
    }
    all.filter(|all| !all.is_empty())
}
