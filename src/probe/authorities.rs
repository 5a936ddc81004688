//! Authorities and certificates in the Secrets and ConfigMaps of manifests.

use super::objects::{in_words, missing};
use super::route::Way;
use super::transport::Transport;
use super::trust::{RootOrigin, TrustedRoots};
use super::{Check, Finding, Verdict};
use crate::cluster::data::{Cert, Entry, Lock, Read};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::fault::{Fault, Faults};
use crate::kinds::traefik::{Authority, NotOne, RootCa, ServersTransport};
use crate::lint::rules::{CI101, CI102, CI108, CI110, CI401};
use crate::name::DnsName;
use crate::path::hop::Place;
use crate::path::served::default_stores;
use crate::pki::{Certificate, SubjectAltName, verify};

/// Reports that a value cannot be read, and how to give it.
pub(super) fn locked(origin: &str, lock: Lock, place: &Place) -> Fault {
    let why = in_words(lock);
    Fault::new(format!("{origin} {why}, so it cannot be read here")).help(format!(
        "pass the Secret as the cluster has it: `kubectl get secret {} -n {} -o yaml`; or, for SOPS, `sops decrypt FILE | civi-ingress probe … --manifest -`",
        place.name,
        place.scope.label()
    ))
}

fn certificates(entry: &Entry) -> impl Iterator<Item = Certificate> {
    entry.certs().map(|cert| cert.certificate.clone())
}

/// Returns the authorities of the certificate that browsers see, and what there is to report about them.
///
/// Where TLS ends at Traefik it is `ca.crt` beside the certificate, in the Secret that the route or the TLSStore
/// `default` names; where it is passed through, the authority of the httpd's own. Nothing if there is none.
#[must_use]
pub fn front_trust(
    cluster: &Cluster,
    way: Option<&Way<'_>>,
) -> (Option<TrustedRoots>, Vec<Finding>) {
    if let Some(way) = way.filter(|way| !way.ends_at_traefik()) {
        let trust = extern_trust(cluster, &way.object().scope, way.host());
        let finding = trust.as_ref().map(|trust| {
            let what = format!("browsers see the httpd's own certificate here, from a private CA ({}): they refuse it unless they have imported that CA", trust.origin);
            Finding::new(Check::Trust, Verdict::Note, what)
        });
        return (trust, finding.into_iter().collect());
    }
    let own = way.map_or(&[][..], Way::secrets).iter().cloned();
    let stores = default_stores(cluster).filter_map(|(object, store)| {
        Some(Place {
            scope: object.scope.clone(),
            name: store.default_certificate.as_ref()?.name.clone(),
        })
    });
    let (mut anchors, mut origins, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for secret in own.chain(stores) {
        let data = cluster.data(Kind::Secret, &secret.scope, &secret.name);
        let Some(entry) = data.and_then(|data| data.get("ca.crt")) else {
            continue;
        };
        let origin = format!("Secret {secret} key ca.crt");
        if let Some(lock) = entry.lock() {
            let what = format!("{origin} {}, so it cannot be read here", in_words(lock));
            findings.push(
                Finding::new(Check::Objects, Verdict::Note, what)
                    .fix("pass the CA of the front with `--ca FILE`"),
            );
        } else {
            anchors.extend(certificates(entry));
            origins.push(origin);
        }
    }
    let trust = (!anchors.is_empty()).then_some(TrustedRoots {
        anchors,
        origin: RootOrigin::Objects(origins),
    });
    (trust, findings)
}

/// Reports when there is more than one TLSStore `default`: Traefik drops them all.
#[must_use]
pub fn stores(cluster: &Cluster) -> Option<Finding> {
    let stores: Vec<String> = default_stores(cluster)
        .map(|(store, _)| Place::of(store).to_string())
        .collect();
    let is_broken = stores.len() > 1;
    // What browsers see shows on the connection.
    is_broken.then(|| Finding::of_rule(&CI401, Verdict::Warning, stores.join(", ")))
}

/// Reads `rootCAs` and `rootCAsSecrets` as Traefik does: what cannot be used is passed over.
pub(super) fn root_cas(
    cluster: &Cluster,
    object: &Object,
    settings: &ServersTransport,
    out: &mut Transport,
    faults: &mut Faults,
) {
    let (mut anchors, mut origins) = (Vec::new(), Vec::new());
    let (mut absent, before_all) = (Vec::new(), out.findings.len());
    for root in &settings.root_cas {
        let (kind, name) = match &root.named {
            Ok(Authority::Secret(name)) => (Kind::Secret, name),
            Ok(Authority::ConfigMap(name)) => (Kind::ConfigMap, name),
            Err(why) => {
                out.findings.extend(not_one(object, root, *why));
                continue;
            }
        };
        let place = Place {
            scope: object.scope.clone(),
            name: name.clone(),
        };
        let Some(data) = cluster.data(kind, &place.scope, name) else {
            absent.push((kind, place, root.entry));
            continue;
        };
        let shown = kind.as_str();
        let entry = match data.traefik_authority(kind == Kind::Secret) {
            Read::Usual(entry) | Read::Only(entry) => entry,
            Read::Nothing => {
                let rule = if kind == Kind::Secret { &CI101 } else { &CI110 };
                let keys = data.entries.iter().map(|entry| format!("`{}`", entry.key));
                let keys: Vec<String> = keys.collect();
                let subject = format!("{shown} {place} has {}", keys.join(" and "));
                let finding = Finding::of_rule(rule, Verdict::Broken, subject);
                out.findings.push(finding);
                continue;
            }
            Read::Unknown => {
                let what = format!(
                    "{shown} {place} contains neither tls.ca nor ca.crt: Traefik ignores it and trusts its system's roots"
                );
                let fix = format!("put the CA under the key ca.crt of {shown} {place}");
                let finding = Finding::new(Check::Objects, Verdict::Broken, what);
                out.findings.push(finding.fix(fix));
                continue;
            }
        };
        let origin = format!("{shown} {place} key {}", entry.key);
        if let Some(lock) = entry.lock() {
            faults.push(object.fault(locked(&origin, lock, &place), root.entry));
            continue;
        }
        let before = anchors.len();
        anchors.extend(certificates(entry));
        if anchors.len() == before {
            let finding = Finding::of_rule(&CI102, Verdict::Broken, &origin);
            out.findings.push(finding);
        }
        origins.push(origin);
    }
    // Traefik trusts those that it finds.
    let is_enough = !anchors.is_empty();
    for finding in &mut out.findings[before_all..] {
        if is_enough && finding.verdict == Verdict::Broken {
            finding.verdict = Verdict::Warning;
        }
    }
    for (kind, place, at) in absent {
        if is_enough {
            let what = format!(
                "the manifests do not contain {} {place}, which {object} names: Traefik trusts the others if there is none",
                kind.as_str()
            );
            let fix = format!("pass it too, or take it out of {object}");
            out.findings
                .push(Finding::new(Check::Objects, Verdict::Warning, what).fix(fix));
        } else {
            faults.push(object.fault(missing(kind, &place), at));
        }
    }
    if !origins.is_empty() {
        out.trust = Some(TrustedRoots {
            anchors,
            origin: RootOrigin::Objects(origins),
        });
    }
}

/// Reports an entry of `rootCAs` that does not name exactly one object.
fn not_one(object: &Object, root: &RootCa, why: NotOne) -> Option<Finding> {
    let names = match why {
        NotOne::Both => "names both",
        NotOne::Neither => "names neither",
        NotOne::NotText => return None,
    };
    let subject = format!("{object}, {} {names}", root.field);
    Some(Finding::of_rule(&CI108, Verdict::Broken, subject))
}

/// Finds the authorities of a namespace's Secrets that signed a certificate for `host` beside them.
pub(super) fn extern_trust(
    cluster: &Cluster,
    scope: &Scope,
    host: &DnsName,
) -> Option<TrustedRoots> {
    let mut all: Vec<(&Cert, String)> = held(cluster, scope).collect();
    // The Secret that is there for its CA goes before one that holds it too.
    all.sort_by_key(|(_, origin)| !origin.ends_with(" key ca.crt"));
    let leaves: Vec<&Cert> = all
        .iter()
        .map(|(cert, _)| *cert)
        .filter(|cert| is_leaf_for(cert, host))
        .collect();
    let (mut anchors, mut origins) = (Vec::<Certificate>::new(), Vec::new());
    for (cert, origin) in &all {
        let anchor = &cert.certificate;
        let signed = leaves
            .iter()
            .any(|leaf| verify::signed_by(&leaf.certificate, anchor).is_ok());
        if signed && !anchors.contains(anchor) {
            anchors.push(anchor.clone());
            origins.push(origin.clone());
        }
    }
    (!anchors.is_empty()).then_some(TrustedRoots {
        anchors,
        origin: RootOrigin::Objects(origins),
    })
}

/// Returns the certificates that the httpd of a route should serve, and their Secrets.
#[must_use]
pub fn expected(way: &Way<'_>) -> Vec<(Certificate, String)> {
    let scope = &way.object().scope;
    let trust = extern_trust(way.cluster(), scope, way.host());
    kept(way.cluster(), scope, way.host(), trust.as_ref())
}

/// Finds the leaves for `host` in the Secrets of a namespace that one of the authorities signed.
pub(super) fn kept(
    cluster: &Cluster,
    scope: &Scope,
    host: &DnsName,
    trust: Option<&TrustedRoots>,
) -> Vec<(Certificate, String)> {
    let is_signed = |leaf: &Certificate| {
        let mut anchors = trust.iter().flat_map(|trust| &trust.anchors);
        anchors.any(|anchor| verify::signed_by(leaf, anchor).is_ok())
    };
    held(cluster, scope)
        .filter(|(cert, _)| is_leaf_for(cert, host) && is_signed(&cert.certificate))
        .map(|(cert, origin)| (cert.certificate.clone(), origin))
        .collect()
}

/// Returns the certificates in the Secrets of a namespace, by key, and where each of them stands.
fn held<'a>(cluster: &'a Cluster, scope: &'a Scope) -> impl Iterator<Item = (&'a Cert, String)> {
    entries(cluster, scope).flat_map(|(secret, entry)| {
        let origin = format!("{} key {}", secret, entry.key);
        entry.certs().map(move |cert| (cert, origin.clone()))
    })
}

/// Returns what the Secrets of a namespace hold, by key.
pub(super) fn entries<'a>(
    cluster: &'a Cluster,
    scope: &'a Scope,
) -> impl Iterator<Item = (&'a Object, &'a Entry)> {
    let secrets = cluster.of(Kind::Secret);
    let here = secrets.filter(move |secret| secret.scope == *scope);
    here.flat_map(|secret| {
        let mut entries: Vec<&Entry> = match &secret.resource {
            Resource::Secret(data) => data.entries.iter().collect(),
            _ => Vec::new(),
        };
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        entries.into_iter().map(move |entry| (secret, entry))
    })
}

fn is_leaf_for(cert: &Cert, host: &DnsName) -> bool {
    !cert.details.is_ca && cert.details.covers(&SubjectAltName::Dns(host.clone()))
}
