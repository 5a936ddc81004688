//! Family 1: what Traefik trusts of an httpd, and whether the httpd's certificate fits.

use super::certificates::{Chain, chain, outside_constraints};
use super::finding::Finding;
use super::items;
use super::model::{Class, Model, Object, is_true};
use super::predict::Here;
use super::routes::{Use, uses};
use super::rules::{
    CI101, CI102, CI103, CI104, CI105, CI106, CI107, CI108, CI110, CI111, CI112, CI113, CI114,
    CI202, CI203,
};
use super::secrets::{Cert, Content, Entry, Secret};
use crate::pki::SubjectAltName;
use crate::yaml::{At, Node};
use rayon::prelude::*;
use std::collections::BTreeMap;

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let uses = uses(model);
    let mut by_transport: BTreeMap<usize, &Use<'_>> = BTreeMap::new();
    for used in &uses {
        if let Some(number) = used.transport.filter(|_| used.is_https) {
            by_transport.entry(number).or_insert(used);
        }
    }
    let mut findings: Vec<Finding> = model
        .numbers(Class::ServersTransport)
        .par_iter()
        .flat_map_iter(|number| {
            let object = &model.objects[*number];
            let mut findings = Vec::new();
            let roots = settings(model, object, object.spec(), "spec", &mut findings);
            if let Some(used) = by_transport.get(number) {
                httpd(model, object, used, &roots, &mut findings);
            }
            findings
        })
        .collect();
    for object in model.of(Class::ServersTransportTcp) {
        if let Some(tls) = object.spec().get("tls") {
            settings(model, object, tls, "spec.tls", &mut findings);
        }
    }
    for object in model.of(Class::TlsOption) {
        client_authorities(model, object, &mut findings);
    }
    findings
}

/// A reference to a CA.
struct Root<'a> {
    class: Class,
    name: &'a str,
    at: At,
    field: String,
}

/// What is trusted, as far as the input shows it.
struct Roots<'m> {
    /// Whether all of it could be read.
    is_complete: bool,
    certificates: Vec<&'m Cert>,
    /// Where the first of them is named.
    first: Option<(At, String)>,
}

fn roots_of<'a>(
    object: &Object<'a>,
    node: &'a Node,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Vec<Root<'a>> {
    let mut roots = Vec::new();
    for (index, item) in items(node, "rootCAs") {
        let field = format!("{path}.rootCAs[{index}]");
        let named = [("secret", Class::Secret), ("configMap", Class::ConfigMap)]
            .map(|(key, class)| Some((key, class, item.get(key)?)));
        let named: Vec<_> = named.into_iter().flatten().collect();
        if let [(key, class, value)] = named[..] {
            if let Some(name) = value.text() {
                let field = format!("{field}.{key}");
                roots.push(Root {
                    class,
                    name,
                    at: value.at,
                    field,
                });
            }
        } else {
            let found = if named.is_empty() { "neither" } else { "both" };
            let message = format!("the entry names {found} `secret` and `configMap`")
                .replace("neither `secret` and", "neither `secret` nor");
            findings.push(object.finding(&CI108, item.at, &field, message));
        }
    }
    for (index, item) in items(node, "rootCAsSecrets") {
        if let Some(name) = item.text() {
            let field = format!("{path}.rootCAsSecrets[{index}]");
            roots.push(Root {
                class: Class::Secret,
                name,
                at: item.at,
                field,
            });
        }
    }
    roots
}

/// Checks the TLS settings of a transport, and gives what it trusts.
fn settings<'m, 'a>(
    model: &'m Model<'a>,
    object: &Object<'a>,
    node: &'a Node,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Roots<'m> {
    if let Some(skip) = node
        .get("insecureSkipVerify")
        .filter(|node| is_true(Some(node)))
    {
        let field = format!("{path}.insecureSkipVerify");
        let message = "Traefik does not verify httpd's certificate";
        findings.push(object.finding(&CI113, skip.at, &field, message));
    }
    for (index, item) in items(node, "certificatesSecrets") {
        let Some(name) = item.text() else { continue };
        let field = format!("{path}.certificatesSecrets[{index}]");
        if let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) {
            if let Some(missing) = missing_of_pair(data) {
                let message = format!(
                    "Secret {} has no `{missing}`, which Traefik shows to httpd",
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
    let named = roots_of(object, node, path, findings);
    let mut roots = Roots {
        is_complete: true,
        certificates: Vec::new(),
        first: named.first().map(|root| (root.at, root.field.clone())),
    };
    for root in &named {
        match model.secret(root.class, object.namespace, root.name) {
            Some((secret, data)) => {
                invisible(secret, findings);
                match authority(model, root.class, secret, data, findings) {
                    Some(entry) if !entry.is_opaque() => {
                        roots.certificates.extend(&entry.certificates)
                    }
                    _ => roots.is_complete = false,
                }
            }
            None => {
                roots.is_complete = false;
                elsewhere(
                    model,
                    object,
                    root.class,
                    root.name,
                    root.at,
                    &root.field,
                    findings,
                );
            }
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
    if let Some(namespace) = model
        .other_namespaces(class, object.namespace, name)
        .first()
    {
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

/// Gives the first key of a pair that is missing or empty.
pub(super) fn missing_of_pair(data: &Secret<'_>) -> Option<&'static str> {
    if !data.is_complete {
        return None;
    }
    ["tls.crt", "tls.key"]
        .into_iter()
        .find(|key| data.get(key).is_none_or(Entry::is_empty))
}

/// Gives the entry that Traefik reads as CA (`loadCASecret`, Traefik 2.5 to 3.7), and checks it.
fn authority<'m, 'a>(
    model: &Model<'a>,
    class: Class,
    object: &Object<'a>,
    data: &'m Secret<'a>,
    findings: &mut Vec<Finding>,
) -> Option<&'m Entry<'a>> {
    let usual = data.get("tls.ca").or_else(|| data.get("ca.crt"));
    let entry = match (usual, &data.entries[..], class) {
        (Some(entry), ..) => entry,
        (None, _, _) if !data.is_complete => return None,
        (None, _, Class::ConfigMap) => {
            let message = format!(
                "ConfigMap {} has neither `tls.ca` nor `ca.crt`",
                object.shown()
            );
            findings.push(object.finding(&CI110, object.node.at, "data", message));
            return None;
        }
        (None, [only], _) => {
            let message = format!("Traefik reads `{}` for being the only key", only.key);
            findings.push(object.finding(&CI103, only.at, &only.field(), message));
            only
        }
        (None, all, _) => {
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
fn pem(model: &Model<'_>, object: &Object<'_>, entry: &Entry<'_>, findings: &mut Vec<Finding>) {
    let field = entry.field();
    if entry
        .text()
        .is_some_and(|text| text.contains("PRIVATE KEY-----"))
    {
        let message = format!("`{}` holds a private key too", entry.key);
        findings.push(object.finding(&CI106, entry.at, &field, message));
    }
    let is_readable = matches!(entry.content, Content::Text(_) | Content::Binary);
    if is_readable && entry.certificates.is_empty() && entry.damaged.is_none() {
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
        // Go takes a certificate of version 1 for a CA (crypto/x509, CheckSignatureFrom).
        if !cert.details.is_ca && cert.details.version == 3 {
            let message = format!("`{}` is no CA", cert.name());
            findings.push(object.finding(&CI104, entry.at, &field, message));
        }
    }
}

fn client_authorities(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.spec().get("clientAuth") else {
        return;
    };
    for (index, item) in items(node, "secretNames") {
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

/// Compares httpd's certificate with what Traefik trusts and expects.
fn httpd(
    model: &Model<'_>,
    transport: &Object<'_>,
    used: &Use<'_>,
    roots: &Roots<'_>,
    findings: &mut Vec<Finding>,
) {
    let spec = transport.spec();
    let Some((at, field)) = roots
        .first
        .as_ref()
        .filter(|_| roots.is_complete && !roots.certificates.is_empty())
    else {
        return;
    };
    if is_true(spec.get("insecureSkipVerify")) {
        return;
    }
    let server_name = spec.get("serverName");
    let expected = server_name
        .and_then(Node::text)
        .and_then(|text| SubjectAltName::parse(text).ok());
    let leaves = leaves(model, transport.namespace);
    let judged: Vec<(&Leaf<'_, '_>, Chain)> = leaves
        .iter()
        .map(|leaf| {
            (
                leaf,
                chain(
                    &roots.certificates,
                    &leaf.entry.certificates,
                    model.options.now,
                ),
            )
        })
        .collect();
    let has_name = |leaf: &Leaf<'_, '_>| {
        let details = &leaf.cert().details;
        expected.as_ref().is_some_and(|name| {
            details.covers(name)
                || (details.subject_alt_names.is_empty()
                    && details.common_name.as_deref() == Some(&name.to_string()))
        })
    };
    let by_key: Vec<_> = judged
        .iter()
        .filter(|(leaf, _)| leaf.entry.key == SERVED)
        .collect();
    let considered = if by_key.is_empty() {
        let fits = judged
            .iter()
            .filter(|(leaf, chain)| *chain == Chain::Good || has_name(leaf));
        fits.collect()
    } else {
        by_key
    };
    let is_good = |(leaf, chain): &(&Leaf<'_, '_>, Chain)| {
        *chain == Chain::Good
            && expected
                .as_ref()
                .is_some_and(|name| leaf.cert().details.covers(name))
    };
    if considered.iter().any(|judged| is_good(judged)) {
        return;
    }
    let here = Here {
        namespace: transport.namespace,
        host: used.hosts.first().map_or("", String::as_str),
        server_name: server_name.and_then(Node::text).unwrap_or_default(),
        ..Here::default()
    };
    let release = model.knowledge.release;
    let Some((leaf, verdict)) = considered.first() else {
        return;
    };
    let (cert, name) = (
        leaf.cert(),
        format!("`{}` of Secret {}", leaf.entry.key, leaf.object.shown()),
    );
    match verdict {
        Chain::Unknown => {
            let issuers: Vec<String> = roots
                .certificates
                .iter()
                .map(|root| format!("`{}`", root.name()))
                .collect();
            let message = format!(
                "{name} is signed by `{}`, and Traefik trusts {}",
                cert.details.issuer,
                issuers.join(", ")
            );
            findings.push(
                transport
                    .finding(&CI105, *at, field, message)
                    .predicted(release, here),
            );
        }
        Chain::Constraints => findings.push(outside_constraints(leaf.object, leaf.entry)),
        Chain::Good | Chain::Other => {}
    }
    let Some(expected) = expected else { return };
    if cert.details.subject_alt_names.is_empty() {
        let message = format!(
            "{name} has no subject alternative name, only its subject `{}`",
            cert.details.subject
        );
        findings.push(
            leaf.object
                .finding(&CI203, leaf.entry.at, &leaf.entry.field(), message)
                .predicted(release, here),
        );
    } else if !cert.details.covers(&expected) {
        let names = cert.details.subject_alt_names.join(", ");
        let message = format!("{name} is for {names}, not for `{expected}`");
        let here = Here {
            host: &names,
            ..here
        };
        let at = server_name.map_or(*at, |node| node.at);
        findings.push(
            transport
                .finding(&CI202, at, "spec.serverName", message)
                .predicted(release, here),
        );
    }
}

/// The key under which the Civiparoisse chart keeps what httpd serves.
const SERVED: &str = "externcert";

/// A certificate that httpd may serve.
struct Leaf<'m, 'a> {
    object: &'m Object<'a>,
    entry: &'m Entry<'a>,
}

impl Leaf<'_, '_> {
    fn cert(&self) -> &Cert {
        &self.entry.certificates[0]
    }
}

fn leaves<'m, 'a>(model: &'m Model<'a>, namespace: &str) -> Vec<Leaf<'m, 'a>> {
    let mut leaves = Vec::new();
    for number in model.within(Class::Secret, namespace) {
        let Some(secret) = model.secrets.get(&number) else {
            continue;
        };
        let entries = secret.entries.iter().filter(|entry| {
            entry
                .certificates
                .first()
                .is_some_and(|cert| !cert.details.is_ca)
        });
        leaves.extend(entries.map(|entry| Leaf {
            object: &model.objects[number],
            entry,
        }));
    }
    leaves
}
