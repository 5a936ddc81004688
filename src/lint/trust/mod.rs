//! What Traefik trusts of an httpd.

mod leg;
pub(super) mod rules;

use crate::cluster::data::{Content, Data, Entry, Read};
use crate::kinds::traefik::{Authority, NotOne, ServersTransport};
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::certificate::{KEYS, unusable};
use crate::lint::facts::routes::{Use, uses};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::pki::refusals::{self, Refusal};
use crate::threads::each;
use crate::yaml::{At, Node};
use leg::{Leg, Roots};
use rules::{CI101, CI102, CI103, CI104, CI106, CI107, CI108, CI110, CI111, CI112, CI113, CI114};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 1,
    title: "What Traefik trusts of an httpd",
    rules: rules::RULES,
    classes: &[
        Class::ServersTransport,
        Class::ServersTransportTcp,
        Class::TlsOption,
        Class::IngressRoute,
        Class::Service,
        Class::Secret,
        Class::ConfigMap,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let legs = uses(model);
    let for_browsers = for_browsers(model);
    let mut by_transport: BTreeMap<usize, &Use<'_>> = BTreeMap::new();
    for used in &legs {
        if let Some(number) = used.transport.filter(|_| used.is_https) {
            by_transport.entry(number).or_insert(used);
        }
    }
    let used_at_all: BTreeSet<usize> = legs.iter().filter_map(|used| used.transport).collect();
    let found = each(model.numbers(Class::ServersTransport), |number| {
        let object = &model.objects[*number];
        let mut findings = Vec::new();
        let roots = settings(
            model,
            object,
            model.transport(*number),
            object.spec(),
            "spec",
            &mut findings,
        );
        // With plain http its certificate is not looked at.
        let used = by_transport.get(number).copied();
        if used.is_some() || !used_at_all.contains(number) {
            let leg = Leg {
                model,
                transport: object,
                used,
                roots: &roots,
                for_browsers: &for_browsers,
            };
            leg.check(&mut findings);
        }
        findings
    });
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    for number in model.numbers(Class::ServersTransportTcp) {
        let object = &model.objects[*number];
        if let Some(tls) = object.spec().get("tls") {
            let typed = model.transport(*number);
            settings(model, object, typed, tls, "spec.tls", &mut findings);
        }
    }
    for object in model.of(Class::TlsOption) {
        client_authorities(model, object, &mut findings);
    }
    findings
}

/// A reference to a CA.
struct Root<'m> {
    class: Class,
    name: &'m str,
    at: At,
    field: String,
}

fn roots_of<'m>(
    object: &Object<'_>,
    settings: &'m ServersTransport,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Vec<Root<'m>> {
    let mut roots = Vec::new();
    for root in &settings.root_cas {
        let field = format!("{path}.{}", root.field);
        let (class, name) = match &root.named {
            Ok(Authority::Secret(name)) => (Class::Secret, name),
            Ok(Authority::ConfigMap(name)) => (Class::ConfigMap, name),
            // The rules about definitions find a name that is not a string.
            Err(NotOne::NotText) => continue,
            Err(why) => {
                findings.push(object.finding(&CI108, root.at, &field, why.as_str()));
                continue;
            }
        };
        roots.push(Root {
            class,
            name,
            at: root.at,
            field,
        });
    }
    roots
}

/// Checks the TLS settings of a transport, and gives what it trusts.
fn settings<'m, 'a>(
    model: &'m Model<'a>,
    object: &Object<'a>,
    typed: Option<&'m ServersTransport>,
    node: &'a Node,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Roots<'m> {
    if let Some(skip) = node
        .get("insecureSkipVerify")
        .filter(|node| node.says_true())
    {
        let field = format!("{path}.insecureSkipVerify");
        let message = "Traefik does not verify httpd's certificate";
        findings.push(object.finding(&CI113, skip.at, &field, message));
    }
    for (index, item) in node.items_of("certificatesSecrets").iter().enumerate() {
        let Some(name) = item.text() else { continue };
        let field = format!("{path}.certificatesSecrets[{index}]");
        if let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) {
            if let Some(missing) = data.missing_of_pair() {
                let message = format!(
                    "Secret {} has no `{missing}`, which Traefik presents to httpd",
                    secret.shown()
                );
                findings.push(object.finding(&CI114, item.at, &field, message));
            }
            invisible(secret, findings);
        } else {
            elsewhere(
                model,
                object,
                Class::Secret,
                name,
                item.at,
                &field,
                findings,
            );
        }
    }
    let named = match typed {
        Some(typed) => roots_of(object, typed, path, findings),
        None => Vec::new(),
    };
    let mut roots = Roots {
        is_complete: true,
        certificates: Vec::new(),
        first: named.first().map(|root| (root.at, root.field.clone())),
    };
    for root in &named {
        let found = model.secret(root.class, object.namespace, root.name);
        let Some((secret, data)) = found else {
            roots.is_complete = false;
            let (class, name) = (root.class, root.name);
            elsewhere(model, object, class, name, root.at, &root.field, findings);
            continue;
        };
        invisible(secret, findings);
        match authority(model, root.class, secret, data, findings) {
            Some(entry) if entry.lock().is_none() => {
                roots.certificates.extend(entry.certs());
            }
            _ => roots.is_complete = false,
        }
    }
    roots
}

/// Finds a reference that only an object of another namespace meets.
fn elsewhere(
    model: &Model<'_>,
    object: &Object<'_>,
    class: Class,
    name: &str,
    at: At,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    if let Some(namespace) = model.elsewhere(class, object.namespace, name) {
        let message = format!(
            "`{name}` is in namespace `{namespace}`, the {} in `{}`",
            object.kind, object.namespace
        );
        findings.push(object.finding(&CI107, at, field, message));
    }
}

fn invisible(secret: &Object<'_>, findings: &mut Vec<Finding>) {
    if secret.label("owner") == Some("helm") {
        let at = secret
            .at(&["metadata", "labels", "owner"])
            .map_or(secret.node.at, |node| node.at);
        let message = format!("Traefik does not see Secret {}", secret.shown());
        findings.push(secret.finding(&CI112, at, "metadata.labels.owner", message));
    }
}

/// Returns the entry that Traefik reads as CA, and checks it.
fn authority<'m, 'a>(
    model: &Model<'a>,
    class: Class,
    object: &Object<'a>,
    data: &'m Data,
    findings: &mut Vec<Finding>,
) -> Option<&'m Entry> {
    let entry = match (data.traefik_authority(class == Class::Secret), class) {
        (Read::Usual(entry), _) => entry,
        (Read::Unknown, _) => return None,
        (Read::Nothing, Class::ConfigMap) => {
            let message = format!(
                "ConfigMap {} has neither `tls.ca` nor `ca.crt`",
                object.shown()
            );
            findings.push(object.finding(&CI110, object.node.at, "data", message));
            return None;
        }
        (Read::Only(only), _) => {
            let message = format!("Traefik reads `{}` because it is the only key", only.key);
            findings.push(object.finding(&CI103, only.at, &only.field(), message));
            only
        }
        (Read::Nothing, _) => {
            let all = &data.entries;
            let keys: Vec<String> = all.iter().map(|entry| format!("`{}`", entry.key)).collect();
            let message = format!(
                "Secret {} has {}, and neither `tls.ca` nor `ca.crt`",
                object.shown(),
                if keys.is_empty() {
                    "no keys".to_owned()
                } else {
                    format!("the keys {}", keys.join(", "))
                }
            );
            let at = all.first().map_or(object.node.at, |entry| entry.at);
            let here = Here {
                namespace: object.namespace,
                secret: object.name,
                ..Here::default()
            };
            findings.push(
                object
                    .finding(&CI101, at, "data", message)
                    .predicted(model.knowledge.release, here),
            );
            return None;
        }
    };
    pem(model, object, entry, findings);
    Some(entry)
}

/// Checks the text of a CA value.
fn pem(model: &Model<'_>, object: &Object<'_>, entry: &Entry, findings: &mut Vec<Finding>) {
    let field = entry.field();
    if entry
        .text()
        .is_some_and(|text| text.contains("PRIVATE KEY-----"))
    {
        let message = format!("`{}` holds a private key too", entry.key);
        findings.push(object.finding(&CI106, entry.at, &field, message));
    }
    let is_readable = matches!(entry.content, Content::Text(_) | Content::Binary);
    // What is damaged under a usual key is found as such (CI615).
    let is_found = !entry.damaged.is_empty() && KEYS.contains(&entry.key.as_str());
    if is_readable && entry.certificates.is_empty() && !is_found {
        let message = format!("`{}` holds no PEM certificate", entry.key);
        let here = Here {
            namespace: object.namespace,
            secret: object.name,
            ..Here::default()
        };
        findings.push(
            object
                .finding(&CI102, entry.at, &field, message)
                .predicted(model.knowledge.release, here),
        );
    }
    for cert in &entry.certificates {
        let refusals = refusals::of(&cert.details, refusals::Use::Authority);
        let no_authority = |refusal: &&Refusal| refusal.rule == refusals::Rule::NoAuthority;
        if let Some(refusal) = refusals.iter().find(no_authority) {
            let message = format!("`{}` {}", cert.name(), refusal.what);
            findings.push(object.finding(&CI104, entry.at, &field, message));
        }
        // Under a usual key it is found with all others.
        if !KEYS.contains(&entry.key.as_str()) && cert.details.is_ca {
            unusable(object, entry, cert, &refusals, findings);
        }
    }
}

fn client_authorities(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.spec().get("clientAuth") else {
        return;
    };
    for (index, item) in node.items_of("secretNames").iter().enumerate() {
        let Some(name) = item.text() else { continue };
        let field = format!("spec.clientAuth.secretNames[{index}]");
        let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) else {
            elsewhere(
                model,
                object,
                Class::Secret,
                name,
                item.at,
                &field,
                findings,
            );
            continue;
        };
        invisible(secret, findings);
        match data.get("tls.ca").or_else(|| data.get("ca.crt")) {
            Some(entry) => pem(model, secret, entry, findings),
            None if data.is_complete => {
                let message = format!(
                    "Secret {} has neither `tls.ca` nor `ca.crt`",
                    secret.shown()
                );
                findings.push(object.finding(&CI111, item.at, &field, message));
            }
            None => {}
        }
    }
}
