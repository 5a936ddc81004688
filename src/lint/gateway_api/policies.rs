//! BackendTLSPolicies: what is verified of httpd.

use super::rules::{CI802, CI803, CI804, CI805, CI808, CI809};
use crate::cluster::data::{Cert, Content};
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::ports::ports;
use crate::lint::facts::verified::Verified;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::name::DnsName;
use crate::release::Release;
use crate::threads::each;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// The Services for which there is a policy: namespace and name.
#[derive(Default)]
pub(super) struct Policies<'a> {
    targets: BTreeSet<(&'a str, &'a str)>,
    names: BTreeSet<&'a str>,
}

impl Policies<'_> {
    /// Returns whether one may be for a Service; one without a namespace may be for any.
    pub(super) fn is_for(&self, namespace: &str, name: &str) -> bool {
        self.targets.contains(&(namespace, name))
            || self.targets.contains(&("", name))
            || namespace.is_empty() && self.names.contains(name)
    }
}

pub(super) fn check<'a>(
    model: &Model<'a>,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) -> Policies<'a> {
    let mut known: BTreeMap<(&str, &str, &str), &Object<'_>> = BTreeMap::new();
    let mut targets = BTreeSet::new();
    if model.numbers(Class::BackendTlsPolicy).is_empty() {
        return Policies::default();
    }
    let for_browsers = for_browsers(model);
    for object in model.of(Class::BackendTlsPolicy) {
        for (index, node) in object.spec().items_of("targetRefs").iter().enumerate() {
            let Some(name) = node
                .text_of("name")
                .filter(|_| node.text_of("kind") == Some("Service"))
            else {
                continue;
            };
            targets.insert((object.namespace, name));
            let field = format!("spec.targetRefs[{index}]");
            target(model, object, node, name, &field, findings);
            let section = node.text_of("sectionName").unwrap_or_default();
            let first = *known
                .entry((object.namespace, name, section))
                .or_insert(object);
            if !std::ptr::eq(first, object) && !object.namespace.is_empty() {
                let message = format!(
                    "BackendTLSPolicy {} applies to the same port",
                    first.shown()
                );
                findings.push(object.finding(&CI809, node.at, &field, message));
            }
        }
    }
    // Signatures are verified: all processors help.
    let found = each(model.numbers(Class::BackendTlsPolicy), |number| {
        let mut found = Vec::new();
        let object = &model.objects[*number];
        validation(model, object, is_traefik, &for_browsers, &mut found);
        found
    });
    findings.extend(found.into_iter().flatten());
    let names = targets.iter().map(|(_, name)| *name).collect();
    Policies { targets, names }
}

fn target(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    name: &str,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(number) = model.find(Class::Service, object.namespace, name) else {
        if let Some(other) = model.elsewhere(Class::Service, object.namespace, name) {
            let message = format!(
                "Service `{name}` is in namespace `{other}`, the policy in `{}`",
                object.namespace
            );
            let at = node.get("name").map_or(node.at, |node| node.at);
            findings.push(object.finding(&CI803, at, &format!("{field}.name"), message));
        }
        return;
    };
    let Some(section) = node.get("sectionName") else {
        return;
    };
    let ports = ports(&model.objects[number]);
    let wanted = section.text().unwrap_or_default();
    if !ports.is_empty() && !ports.iter().any(|port| port.name == wanted) {
        let message = format!(
            "Service `{name}` has no port named `{}`",
            wanted.escape_debug()
        );
        findings.push(object.finding(&CI802, section.at, &format!("{field}.sectionName"), message));
    }
}

fn validation(
    model: &Model<'_>,
    object: &Object<'_>,
    is_traefik: bool,
    for_browsers: &BTreeSet<usize>,
    findings: &mut Vec<Finding>,
) {
    let spec = object.spec();
    let node = spec.get("validation").unwrap_or(spec);
    let find = |rule, at, field: &str, message: &str| {
        object.finding(rule, at, &format!("spec.validation{field}"), message)
    };
    let host = node.get("hostname");
    let name = host
        .and_then(Node::text)
        .filter(|host| DnsName::parse(host).is_ok());
    // Where there is none, the API server has refused it.
    if let Some(host) = host.filter(|_| name.is_none()) {
        findings.push(find(
            &CI804,
            host.at,
            ".hostname",
            "`hostname` is not a valid DNS name",
        ));
    }
    let has_references = !node.items_of("caCertificateRefs").is_empty();
    let well_known = node
        .text_of("wellKnownCACertificates")
        .is_some_and(|text| !text.is_empty());
    if has_references == well_known {
        let message = if well_known {
            "both `caCertificateRefs` and `wellKnownCACertificates` are set"
        } else {
            "neither `caCertificateRefs` nor `wellKnownCACertificates` is set"
        };
        findings.push(find(&CI804, node.at, "", message));
    }
    let names = node.get("subjectAltNames");
    let ignored = is_traefik && model.knowledge.release < Release::exactly(3, 8, 0);
    if let Some(names) = names.filter(|_| ignored) {
        let message = format!(
            "Traefik {} verifies `hostname` anyway",
            model.knowledge.release
        );
        findings.push(find(&CI808, names.at, ".subjectAltNames", &message));
    }
    let Some(roots) = roots(model, object, node, is_traefik, findings) else {
        return;
    };
    let mut verified: Vec<_> = name
        .zip(host)
        .map(|(name, host)| (name, host.at, "spec.validation.hostname".to_owned()))
        .into_iter()
        .collect();
    // Where they are read, they are verified instead (GEP-1897).
    if !ignored && let Some(names) = names {
        let dns: Vec<_> = names
            .items()
            .iter()
            .filter_map(|node| {
                Some((
                    node.text_of("hostname")?,
                    node.at,
                    "spec.validation.subjectAltNames".to_owned(),
                ))
            })
            .collect();
        if dns.len() == names.items().len() {
            verified = dns;
        } else {
            verified.clear();
        }
    }
    let of_certificates = node.get("caCertificateRefs").unwrap_or(node);
    let check = Verified {
        model,
        object,
        at: of_certificates.at,
        field: "spec.validation.caCertificateRefs".to_owned(),
        namespace: object.namespace,
        roots,
        names: verified,
        for_browsers,
    };
    check.check(findings);
}

/// Returns what is trusted, where all of it is in the input.
fn roots<'m>(
    model: &'m Model<'_>,
    object: &Object<'_>,
    node: &Node,
    is_traefik: bool,
    findings: &mut Vec<Finding>,
) -> Option<Vec<&'m Cert>> {
    let mut roots = Some(Vec::new());
    for (index, node) in node.items_of("caCertificateRefs").iter().enumerate() {
        let field = format!("spec.validation.caCertificateRefs[{index}]");
        let (kind, name) = (
            node.text_of("kind").unwrap_or_default(),
            node.text_of("name").unwrap_or_default(),
        );
        let class = match kind {
            "Secret" => Class::Secret,
            _ => Class::ConfigMap,
        };
        let mut find = |message: String| {
            findings.push(object.finding(&CI805, node.at, &field, message));
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
            roots = None;
            continue;
        };
        let Some(entry) = data.get("ca.crt") else {
            if data.is_complete {
                find(format!("{kind} {} has no `ca.crt`", source.shown()));
            }
            roots = None;
            continue;
        };
        let is_text = matches!(entry.content, Content::Text(_) | Content::Binary);
        if entry.certificates.is_empty() {
            if is_text && entry.damaged.is_empty() {
                find(format!(
                    "`ca.crt` of {kind} {} holds no PEM certificate",
                    source.shown()
                ));
            }
            roots = None;
            continue;
        }
        roots = roots.map(|mut all| {
            all.extend(entry.certs());
            all
        });
    }
    roots.filter(|all| !all.is_empty())
}
