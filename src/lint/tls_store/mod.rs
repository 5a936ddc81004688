//! The certificate that browsers see.

pub(super) mod rules;

use crate::cluster::data::Cert;
use crate::lint::facts::ingress::is_of_traefik;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::trust::rules::CI112;
use crate::pki::SubjectAltName;
use crate::release::Release;
use crate::rule as language;
use crate::yaml::Node;
use rules::{CI401, CI402, CI403, CI404, CI405, CI406, CI407, CI408, CI409, CI410};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 4,
    title: "The certificate that browsers see",
    rules: rules::RULES,
    classes: &[
        Class::TlsStore,
        Class::TlsOption,
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::Ingress,
        Class::Secret,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    singletons(model, &mut findings);
    let strict = model
        .of(Class::TlsOption)
        .any(|object| object.spec().get("sniStrict").is_some_and(Node::says_true));
    let mut stores = Vec::new();
    for object in model.of(Class::TlsStore) {
        if object.name != "default" && !object.name.is_empty() {
            let at = object
                .at(&["metadata", "name"])
                .map_or(object.node.at, |node| node.at);
            let message = format!("`{}` is not `default`", object.name.escape_debug());
            findings.push(object.finding(&CI403, at, "metadata.name", message));
        }
        stores.push(store(model, object, strict, &mut findings));
    }
    let mut shown: BTreeSet<usize> = stores
        .iter()
        .flat_map(|store| &store.secrets)
        .copied()
        .collect();
    for class in [Class::IngressRoute, Class::IngressRouteTcp] {
        for object in model.of(class) {
            let name = object.at(&["spec", "tls", "secretName"]);
            shown.extend(
                name.and_then(|name| {
                    pair(model, object, name, "spec.tls.secretName", &mut findings)
                }),
            );
        }
    }
    for object in model
        .of(Class::Ingress)
        .filter(|object| is_of_traefik(object))
    {
        for (index, node) in object.spec().items_of("tls").iter().enumerate() {
            let name = node.get("secretName");
            let field = format!("spec.tls[{index}].secretName");
            shown.extend(name.and_then(|name| pair(model, object, name, &field, &mut findings)));
        }
    }
    for object in model.of(Class::TlsOption) {
        option(model, object, &mut findings);
    }
    same_names(model, &shown, &mut findings);
    let store = match &stores[..] {
        [store] => Some(store),
        _ => None,
    };
    coverage(model, store, &shown, &mut findings);
    findings
}

fn singletons(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (class, rule) in [(Class::TlsStore, &CI401), (Class::TlsOption, &CI402)] {
        let all: Vec<&Object<'_>> = model
            .of(class)
            .filter(|object| object.name == "default")
            .collect();
        let namespaces: BTreeSet<&str> = all.iter().map(|object| object.namespace).collect();
        // Without a namespace, it may be the same one again.
        let stated: Vec<&str> = namespaces
            .into_iter()
            .filter(|namespace| !namespace.is_empty())
            .collect();
        if stated.len() < 2 {
            continue;
        }
        for object in all {
            let message = format!(
                "there is a {} `default` in each of {}",
                object.kind,
                stated.join(", ")
            );
            let here = Here::default();
            let finding = object.finding(rule, object.node.at, "metadata.name", message);
            let finding = finding.predicted(model.knowledge.release, here);
            let named = stated.join(" ");
            let consequence = finding
                .consequence
                .as_ref()
                .map(|text| text.replace("<namespace> <namespace>-2", &named));
            findings.push(Finding {
                consequence,
                ..finding
            });
        }
    }
}

/// What one TLSStore shows.
struct Store {
    secrets: Vec<usize>,
    /// Whether all its certificates are in the input.
    is_complete: bool,
}

fn store(
    model: &Model<'_>,
    object: &Object<'_>,
    strict: bool,
    findings: &mut Vec<Finding>,
) -> Store {
    let spec = object.spec();
    let mut store = Store {
        secrets: Vec::new(),
        is_complete: spec.get("defaultGeneratedCert").is_none(),
    };
    let default = spec
        .get("defaultCertificate")
        .and_then(|node| node.get("secretName"));
    let listed = spec
        .items_of("certificates")
        .iter()
        .enumerate()
        .map(|(index, node)| {
            (
                node.get("secretName"),
                format!("spec.certificates[{index}].secretName"),
            )
        });
    let all =
        std::iter::once((default, "spec.defaultCertificate.secretName".to_owned())).chain(listed);
    for (node, field) in all {
        let Some(node) = node else { continue };
        match pair(model, object, node, &field, findings) {
            Some(number) => store.secrets.push(number),
            None => store.is_complete = false,
        }
    }
    let is_listed = |name: &str| {
        spec.items_of("certificates")
            .iter()
            .any(|node| node.text_of("secretName") == Some(name))
    };
    if let Some(node) =
        default.filter(|node| strict && node.text().is_some_and(|name| !is_listed(name)))
    {
        let message = "a TLSOption has `sniStrict`, and this certificate is only the default";
        findings.push(object.finding(
            &CI406,
            node.at,
            "spec.defaultCertificate.secretName",
            message,
        ));
    }
    store
}

/// Returns the Secret of a pair, and checks it.
fn pair(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) -> Option<usize> {
    let name = node.text()?;
    let Some(number) = model.find(Class::Secret, object.namespace, name) else {
        if let Some(namespace) = model.elsewhere(Class::Secret, object.namespace, name) {
            let message = format!(
                "Secret `{name}` is in namespace `{namespace}`, the {} in `{}`",
                object.kind, object.namespace
            );
            findings.push(object.finding(&CI404, node.at, field, message));
        }
        return None;
    };
    let secret = &model.objects[number];
    let data = model.secrets.get(&number)?;
    if secret.label("owner") == Some("helm") {
        let at = secret
            .at(&["metadata", "labels", "owner"])
            .map_or(secret.node.at, |node| node.at);
        let message = format!("Traefik does not see Secret {}", secret.shown());
        findings.push(secret.finding(&CI112, at, "metadata.labels.owner", message));
    }
    if let Some(missing) = data.missing_of_pair() {
        let message = format!("Secret {} has no `{missing}`", secret.shown());
        findings.push(object.finding(&CI405, node.at, field, message));
    }
    Some(number)
}

fn option(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if let Some(client) = spec.get("clientAuth")
        && client
            .get("secretNames")
            .is_some_and(|names| !names.items().is_empty())
        && client.get("clientAuthType").is_none()
    {
        let message = "`secretNames` without `clientAuthType`";
        findings.push(object.finding(&CI409, client.at, "spec.clientAuth", message));
    }
    if spec.get("minVersion").is_none() && model.knowledge.release < Release::exactly(2, 11, 0) {
        let message = format!("Traefik {} accepts TLS 1.0 here", model.knowledge.release);
        findings.push(object.finding(&CI410, spec.at, "spec.minVersion", message));
    }
}

/// Finds two Secrets that Traefik shows for the same names.
fn same_names(model: &Model<'_>, shown: &BTreeSet<usize>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for number in shown {
        let Some(cert) = certificate(model, *number) else {
            continue;
        };
        let mut names: Vec<&str> = cert
            .details
            .subject_alt_names
            .iter()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        if names.is_empty() {
            continue;
        }
        let first = *known.entry(names).or_insert(*number);
        // The same certificate twice hides nothing.
        let is_other = certificate(model, first)
            .is_some_and(|other| other.details.sha256 != cert.details.sha256);
        if first != *number && is_other {
            let (object, other) = (&model.objects[*number], &model.objects[first]);
            let message = format!(
                "Secret {} has another certificate for {}",
                other.shown(),
                cert.details.subject_alt_names.join(", ")
            );
            findings.push(object.finding(&CI407, object.node.at, "data.tls.crt", message));
        }
    }
}

fn certificate<'m>(model: &'m Model<'_>, number: usize) -> Option<&'m Cert> {
    model.secrets.get(&number)?.get("tls.crt")?.certs().next()
}

/// Most names that a message lists.
const LISTED: usize = 5;

/// Compares the hosts of routes with the certificates that Traefik may choose from.
///
/// Without a TLSStore in the input its certificates are not known: then only routes with a Secret of their own
/// are compared.
fn coverage(
    model: &Model<'_>,
    store: Option<&Store>,
    shown: &BTreeSet<usize>,
    findings: &mut Vec<Finding>,
) {
    let certificates: Option<Vec<&Cert>> = shown
        .iter()
        .map(|number| certificate(model, *number))
        .collect();
    let Some(certificates) = certificates.filter(|all| !all.is_empty()) else {
        return;
    };
    let names: BTreeSet<String> = certificates
        .iter()
        .flat_map(|cert| &cert.details.subject_alt_names)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let is_covered = |host: &str| {
        let wildcard = host
            .split_once('.')
            .map(|(_, parent)| format!("*.{parent}"));
        names.contains(host) || wildcard.is_some_and(|name| names.contains(&name))
    };
    let uncovered = |host: &str| {
        let some: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
        let more = if names.len() > LISTED { ", …" } else { "" };
        format!(
            "`{host}` is not covered by any of {}{more}",
            some.join(", ")
        )
    };
    for object in model.of(Class::IngressRoute) {
        let Some(tls) = object.spec().get("tls") else {
            continue;
        };
        let own = tls.text_of("secretName");
        let is_here = |name: &str| model.find(Class::Secret, object.namespace, name).is_some();
        let is_known = match own {
            Some(name) => is_here(name),
            None => store.is_some_and(|store| store.is_complete),
        };
        // A resolver asks for the certificate.
        if tls.get("certResolver").is_some() || !is_known {
            continue;
        }
        for (index, rule) in object.spec().items_of("routes").iter().enumerate() {
            let Some(node) = rule.get("match") else {
                continue;
            };
            let matchers = language::matchers(node.text().unwrap_or_default()).unwrap_or_default();
            let hosts = language::hosts(&matchers);
            let is_name = |host: &&String| SubjectAltName::parse(host).is_ok();
            for host in hosts
                .iter()
                .filter(is_name)
                .filter(|host| !is_covered(host))
            {
                let field = format!("spec.routes[{index}].match");
                findings.push(object.finding(&CI408, node.at, &field, uncovered(host)));
            }
        }
    }
    for object in model
        .of(Class::Ingress)
        .filter(|object| is_of_traefik(object))
    {
        let is_here = |node: &Node| {
            let name = node.text_of("secretName");
            name.is_some_and(|name| model.find(Class::Secret, object.namespace, name).is_some())
        };
        for (index, node) in object
            .spec()
            .items_of("tls")
            .iter()
            .enumerate()
            .filter(|(_, node)| is_here(node))
        {
            for (number, host) in node.items_of("hosts").iter().enumerate() {
                let name = host.text().map(str::to_ascii_lowercase);
                let name = name.filter(|name| SubjectAltName::parse(name).is_ok());
                if let Some(name) = name.filter(|name| !is_covered(name)) {
                    let field = format!("spec.tls[{index}].hosts[{number}]");
                    findings.push(object.finding(&CI408, host.at, &field, uncovered(&name)));
                }
            }
        }
    }
}
