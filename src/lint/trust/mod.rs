//! What Traefik trusts of an httpd.

pub(super) mod rules;

use crate::cluster::data::{Content, Data, Entry, Read};
use crate::cluster::{self, Kind, Resource};
use crate::kinds::traefik::{Authority, NotOne, ServersTransport, tls_version};
use crate::lint::facts::authorities::trusts_another;
use crate::lint::facts::certificate::{KEYS, unusable};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::legs::Spot;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::rule::Severity;
use crate::path::check::{Clash, verification};
use crate::path::hop::{Known, Outward};
use crate::path::served::Leaf;
use crate::path::traefik::client;
use crate::pki::SubjectAltName;
use crate::pki::refusals::{self, Refusal};
use crate::pki::verify::Standing;
use crate::release::Release;
use crate::yaml::{At, Value};
use rules::{
    CI101, CI102, CI103, CI104, CI106, CI107, CI108, CI110, CI111, CI112, CI114, CI116, CI117,
    CI118,
};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    let transports = model.paths.iter().filter_map(|routed| {
        let transport = routed.transport.here().flatten()?;
        let speaks_tls = matches!(routed.path.outward, Outward::Tls(_));
        Some((transport.number, speaks_tls))
    });
    let mut used: BTreeMap<usize, bool> = BTreeMap::new();
    for (number, speaks_tls) in transports {
        *used.entry(number).or_default() |= speaks_tls;
    }
    let mut findings = Vec::new();
    for kind in [Kind::ServersTransport, Kind::ServersTransportTcp] {
        for transport in model.cluster.of(kind) {
            let used = used.get(&transport.number).copied();
            one(model, transport, used, &mut findings);
        }
    }
    for option in model.cluster.of(Kind::TlsOption) {
        client_authorities(model, option, &mut findings);
    }
    findings
}

/// Checks a transport; `used` says whether a path with TLS uses it, and nothing where none uses it at all.
fn one(
    model: &Model<'_>,
    transport: &cluster::Object,
    used: Option<bool>,
    findings: &mut Vec<Finding>,
) {
    let Some(settings) = transport.resource.servers_transport() else {
        return;
    };
    references(model, transport, settings, findings);
    let before = findings.len();
    demands(model, transport, settings, findings);
    // Without TLS it asks for nothing.
    if used == Some(false) && settings.path != "spec" {
        for finding in &mut findings[before..] {
            finding.severity = Severity::Info;
        }
    }
    version(model, transport, settings, findings);
    let spot = Spot::unused(model, transport);
    // What a path says of it is found there.
    if settings.skips_verification && used != Some(true) {
        findings.extend(spot.finding(&Clash::AnythingTrusted));
    }
    if used.is_none() && settings.has_tls {
        let client = client(Known::Here(Some(transport)));
        let clashes = verification(&client, &transport.scope, &model.grounds).into_iter();
        findings.extend(clashes.filter_map(|clash| spot.finding(&clash)));
    }
}

/// Checks what a transport requires beyond a CA and a name.
fn demands(
    model: &Model<'_>,
    transport: &cluster::Object,
    settings: &ServersTransport,
    findings: &mut Vec<Finding>,
) {
    let object = &model.objects[transport.number];
    let path = settings.path;
    let spiffe = object.node_in(&format!("{path}.spiffe"));
    let has_spiffe = object.has(&format!("{path}.spiffe")) && spiffe.value != Value::Null;
    let has_tls = settings.server_name.is_some()
        || settings.skips_verification
        || !settings.root_cas.is_empty()
        || !settings.certificates.is_empty()
        || settings.peer_cert_uri.is_some();
    // What a ServersTransportTCP makes of it was not seen.
    if has_spiffe && has_tls && transport.kind() == Kind::ServersTransport {
        let message = "`spiffe` is set, and so are `serverName` or CAs";
        findings.push(object.finding_in(&CI117, &format!("{path}.spiffe"), message));
    }
    let Some(wanted) = settings
        .peer_cert_uri
        .as_deref()
        .filter(|uri| !uri.is_empty())
    else {
        return;
    };
    let expected = settings.server_name.as_ref();
    let expected = expected.and_then(|name| SubjectAltName::parse(&name.value).ok());
    let served = model
        .grounds
        .served(&transport.scope, &[], expected.as_ref());
    let has = |(leaf, _): &(Leaf<'_>, Standing)| {
        let mut names = leaf.cert().details.subject_alt_names.iter();
        names.any(|name| {
            let name = name.to_ascii_lowercase();
            name.strip_prefix("uri:") == Some(&wanted.to_ascii_lowercase())
        })
    };
    if !served.is_empty() && !served.iter().any(has) {
        let message = format!(
            "httpd's certificate does not have `{}`",
            wanted.escape_debug()
        );
        findings.push(object.finding_in(&CI116, &format!("{path}.peerCertURI"), message));
    }
}

/// Checks the newest TLS that a transport speaks, from 3.7.0 on (`createTLSConfig` in `pkg/server/service/transport.go`).
/// Go's least version is 1.2 where none is set (`supportedVersions` in `crypto/tls/common.go`, 1.22 to 1.27); OpenSSL 3 speaks
/// none below it, but at security level 0 (`SSL_CTX_set_security_level`(3)).
fn version(
    model: &Model<'_>,
    transport: &cluster::Object,
    settings: &ServersTransport,
    findings: &mut Vec<Finding>,
) {
    let is_read = model.knowledge.release >= Release::exactly(3, 7, 0);
    let number = |name: &Option<String>| name.as_deref().and_then(tls_version);
    let Some(most) = number(&settings.max_version).filter(|most| is_read && *most < 2) else {
        return;
    };
    let least = number(&settings.min_version);
    // Of a least version that is not below, CI305 speaks.
    if least.is_some_and(|least| least >= most) || settings.min_version.is_some() && least.is_none()
    {
        return;
    }
    let mut texts = model.of(Class::ConfigMap).filter_map(|object| {
        let number = model.find(Class::ConfigMap, object.namespace, object.name)?;
        model.secrets.get(&number)
    });
    let is_lowered = |data: &Arc<Data>| {
        let mut texts = data.entries.iter().filter_map(Entry::text);
        texts.any(|text| text.contains("SECLEVEL=0"))
    };
    let is_certain = least.is_none() || !texts.any(is_lowered);
    let object = &model.objects[transport.number];
    let message = match least {
        None => format!(
            "TLS 1.{most} at most, and Go speaks none below 1.2 unless `minVersion` says so"
        ),
        Some(_) => format!("TLS 1.{most} at most, and OpenSSL 3 speaks none below 1.2"),
    };
    let finding = object.finding_in(&CI118, &format!("{}.maxVersion", settings.path), message);
    findings.push(finding.warning_unless(is_certain));
}

/// Checks what a transport names: the Secrets that Traefik shows, and those that it trusts.
fn references(
    model: &Model<'_>,
    transport: &cluster::Object,
    settings: &ServersTransport,
    findings: &mut Vec<Finding>,
) {
    let object = &model.objects[transport.number];
    let path = settings.path;
    for (index, shown) in settings.certificates.iter().enumerate() {
        let field = format!("{path}.certificatesSecrets[{index}]");
        let name = &shown.value;
        if let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) {
            if let Some(missing) = data.missing_of_pair() {
                let message = format!(
                    "Secret {} has no `{missing}`, which Traefik presents to httpd",
                    secret.shown()
                );
                findings.push(object.finding(&CI114, shown.at, &field, message));
            }
            invisible(secret, findings);
        } else {
            let class = Class::Secret;
            let before = findings.len();
            elsewhere(model, object, class, name, shown.at, &field, findings);
            // An httpd that asks for no certificate answers all the same.
            for finding in &mut findings[before..] {
                finding.severity = Severity::Warning;
            }
        }
    }
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
        let number = model.find(class, object.namespace, name);
        let (mut found, namespace) = (Vec::new(), object.namespace);
        let is_needed = !settings.skips_verification
            && !trusts_another(model, namespace, &settings.root_cas, number);
        if let Some((secret, data)) = model.secret(class, namespace, name) {
            // ConfigMaps are watched whatever their labels (`WatchAll` in `pkg/provider/kubernetes/crd/client.go`).
            if class == Class::Secret {
                invisible(secret, &mut found);
            }
            authority(model, class, secret, data, &mut found);
        } else {
            elsewhere(model, object, class, name, root.at, &field, &mut found);
        }
        findings.extend(found.into_iter().map(|finding| {
            // That a key lies there harms whatever else is trusted.
            let is_lasting = finding.rule == &CI106;
            finding.warning_unless(is_needed || is_lasting)
        }));
    }
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

/// Checks the entry that Traefik reads as CA.
fn authority(
    model: &Model<'_>,
    class: Class,
    object: &Object<'_>,
    data: &Data,
    findings: &mut Vec<Finding>,
) {
    let entry = match (data.traefik_authority(class == Class::Secret), class) {
        (Read::Usual(entry), _) => entry,
        // What is empty somebody else fills in.
        (Read::Unknown, _) if !(data.entries.is_empty() && model.options.strict_references) => {
            return;
        }
        (Read::Nothing | Read::Unknown, Class::ConfigMap) => {
            let message = format!(
                "ConfigMap {} has neither `tls.ca` nor `ca.crt`",
                object.shown()
            );
            findings.push(object.finding(&CI110, object.node.at, "data", message));
            return;
        }
        (Read::Only(only), _) => {
            let message = format!("Traefik reads `{}` because it is the only key", only.key);
            findings.push(object.finding(&CI103, only.at, &only.field(), message));
            only
        }
        (Read::Nothing | Read::Unknown, _) => {
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
            return;
        }
    };
    pem(model, object, entry, findings);
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
        let no_authority = |refusal: &&Refusal| refusal.rule == refusals::RefusalRule::NoAuthority;
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

fn client_authorities(model: &Model<'_>, option: &cluster::Object, findings: &mut Vec<Finding>) {
    let Resource::TlsOption(settings) = &option.resource else {
        return;
    };
    let object = &model.objects[option.number];
    for (index, named) in settings.client_authorities.iter().enumerate() {
        let (name, at) = (&named.value, named.at);
        let field = format!("spec.clientAuth.secretNames[{index}]");
        let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) else {
            let class = Class::Secret;
            elsewhere(model, object, class, name, at, &field, findings);
            continue;
        };
        invisible(secret, findings);
        match data.client_authority() {
            Read::Usual(entry) | Read::Only(entry) => pem(model, secret, entry, findings),
            Read::Nothing => {
                let message = format!(
                    "Secret {} has neither `tls.ca` nor `ca.crt`",
                    secret.shown()
                );
                findings.push(object.finding(&CI111, at, &field, message));
            }
            Read::Unknown => {}
        }
    }
}
