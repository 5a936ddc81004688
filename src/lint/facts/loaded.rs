//! Which certificates Traefik loads for browsers, and whether it needs one of them.

use crate::cluster::Resource;
use crate::cluster::data::{Cert, Content, Data};
use crate::cluster::scope::Scope;
use crate::kinds::Named;
use crate::kinds::traefik::TlsStore;
use crate::lint::model::{Class, Model};
use crate::path::hop::Inward;
use crate::path::served::default_stores;
use crate::path::{Routed, WayIn};
use crate::pki::{SubjectAltName, key};
use crate::release::Release;
use std::collections::BTreeSet;

/// All certificates that Traefik loads, where nothing outside the input may be relied on.
pub(in crate::lint) struct Loaded<'m, 'a> {
    model: &'m Model<'a>,
    pairs: Vec<LoadedPair<'m>>,
}

/// A Secret with a pair.
struct LoadedPair<'m> {
    /// The index of its object.
    secret: usize,
    cert: &'m Cert,
    /// Whether it is the default certificate and nothing else, which `sniStrict` does not count.
    is_default: bool,
}

/// What Traefik makes of the Secret of a pair.
enum Pair<'m> {
    /// It is not there, or lacks a key (`getCertificateBlocks` in `pkg/provider/kubernetes/crd/kubernetes.go`).
    Missing,
    /// It is there, and not a pair: it is passed over (`pkg/tls/certificate.go`).
    Broken,
    Usable(usize, &'m Cert),
}

impl<'m, 'a> Loaded<'m, 'a> {
    /// Reads them, as `buildTLSStores` and `getTLSHTTP` of `pkg/provider/kubernetes/crd` do (v2.11.53 to v3.7.9); nothing
    /// where a Secret cannot be read, or others may be elsewhere.
    pub(in crate::lint) fn of(model: &'m Model<'a>) -> Option<Self> {
        if !model.options.strict_references {
            return None;
        }
        let mut loaded = Self {
            model,
            pairs: Vec::new(),
        };
        for typed in model.cluster.objects() {
            let named: Vec<&Named> = match &typed.resource {
                Resource::IngressRoute(spec) | Resource::IngressRouteTcp(spec) => {
                    let tls = spec.tls.iter();
                    tls.filter_map(|tls| tls.secret.as_ref()).collect()
                }
                Resource::Ingress(spec) if spec.is_of_traefik => spec.secrets().collect(),
                _ => continue,
            };
            for named in named {
                loaded.add(&typed.scope, named, false)?;
            }
        }
        let stores: Vec<_> = default_stores(model.cluster).collect();
        for (object, store) in &stores {
            loaded.add_store(&object.scope, store, stores.len() > 1)?;
        }
        Some(loaded)
    }

    /// Returns the certificates.
    pub(in crate::lint) fn certs(&self) -> impl Iterator<Item = &'m Cert> {
        self.pairs.iter().map(|pair| pair.cert)
    }

    fn add_store(&mut self, scope: &'m Scope, store: &'m TlsStore, is_dropped: bool) -> Option<()> {
        let default = store.default_certificate.as_ref();
        if let Some(named) = default
            && matches!(self.pair(scope, &named.name)?, Pair::Missing)
        {
            return Some(());
        }
        // From 3.7 on a certificate that is missing drops no other (`buildCertificates`).
        let is_strict = self.model.knowledge.release < Release::exactly(3, 7, 0);
        for named in &store.certificates {
            let is_missing = matches!(self.pair(scope, &named.name)?, Pair::Missing);
            if is_missing && is_strict {
                return Some(());
            }
            self.add(scope, named, false)?;
        }
        match default.filter(|_| !is_dropped) {
            Some(named) => self.add(scope, named, true),
            None => Some(()),
        }
    }

    fn add(&mut self, scope: &Scope, named: &Named, is_default: bool) -> Option<()> {
        if let Pair::Usable(secret, cert) = self.pair(scope, &named.name)? {
            let is_known = self.pairs.iter().any(|pair| pair.secret == secret);
            if !is_known {
                self.pairs.push(LoadedPair {
                    secret,
                    cert,
                    is_default,
                });
            }
        }
        Some(())
    }

    fn pair(&self, scope: &Scope, name: &str) -> Option<Pair<'m>> {
        let model = self.model;
        let namespace = scope.namespace().unwrap_or_default();
        let Some(number) = model.find(Class::Secret, namespace, name) else {
            return Some(Pair::Missing);
        };
        let object = &model.objects[number];
        let data: &'m Data = model.secrets.get(&number)?;
        // Traefik does not see what is of Helm (CI112).
        if object.label("owner") == Some("helm") || data.missing_of_pair().is_some() {
            return Some(Pair::Missing);
        }
        let (certificate, private) = data.get("tls.crt").zip(data.get("tls.key"))?;
        if certificate.lock().is_some() {
            return None;
        }
        let Some(cert) = certificate.certificates.first() else {
            return Some(Pair::Broken);
        };
        let is_key = match &private.content {
            Content::Text(text) => match key::is_served_with(text, &cert.certificate) {
                Some(is) => is,
                None => text.contains("PRIVATE KEY-----"),
            },
            Content::Gone | Content::Binary | Content::Broken => false,
            Content::Locked(_) | Content::Placeholder(_) => true,
        };
        Some(if is_key {
            Pair::Usable(number, cert)
        } else {
            Pair::Broken
        })
    }

    /// Returns whether they cover every host whose TLS Traefik ends: none of those that it lacks is needed.
    pub(in crate::lint) fn cover_all(&self) -> bool {
        self.hosts().all(|host| self.covers(host, |_| true))
    }

    /// Returns whether one covers a host.
    pub(in crate::lint) fn covers_host(&self, host: &str) -> bool {
        self.covers(host, |_| true)
    }

    /// Returns whether one has a host among its names as it is, and not by a wildcard.
    pub(in crate::lint) fn is_named(&self, host: &str) -> bool {
        let mut names = self
            .certs()
            .flat_map(|cert| &cert.details.subject_alt_names);
        names.any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Returns whether one other than the default certificate does.
    pub(in crate::lint) fn covers_strictly(&self, host: &str) -> bool {
        self.covers(host, |pair| !pair.is_default)
    }

    /// Returns whether a Secret's certificate is shown for none of the hosts: each that it covers has one that names it
    /// (`GetBestCertificate` in `pkg/tls/certificate_store.go`: the longest name wins).
    pub(in crate::lint) fn is_idle(&self, secret: usize) -> bool {
        let Some(own) = self.pairs.iter().find(|pair| pair.secret == secret) else {
            return true;
        };
        self.hosts().all(|host| {
            let others = self.pairs.iter().filter(|pair| pair.secret != secret);
            let mut names = others.flat_map(|pair| &pair.cert.details.subject_alt_names);
            !covers(own, host) || names.any(|name| name.eq_ignore_ascii_case(host))
        })
    }

    fn covers(&self, host: &str, counts: impl Fn(&LoadedPair<'m>) -> bool) -> bool {
        let mut pairs = self.pairs.iter().filter(|pair| counts(pair));
        pairs.any(|pair| covers(pair, host))
    }

    /// The hosts whose TLS ends in Traefik.
    fn hosts(&self) -> impl Iterator<Item = &'m str> {
        let ended = self.model.paths.iter().filter(|routed| is_ended(routed));
        let hosts = ended.flat_map(|routed| &routed.path.hosts);
        let all: BTreeSet<&str> = hosts.map(String::as_str).collect();
        all.into_iter()
    }
}

/// Returns whether Traefik ends TLS on a path.
pub(in crate::lint) fn is_ended(routed: &Routed<'_>) -> bool {
    let is_ours = [WayIn::IngressRoute, WayIn::IngressRouteTcp, WayIn::Ingress];
    is_ours.contains(&routed.way_in) && matches!(routed.path.inward, Inward::Tls(_))
}

fn covers(pair: &LoadedPair<'_>, host: &str) -> bool {
    let name = SubjectAltName::parse(host).ok();
    name.is_none_or(|name| pair.cert.details.covers(&name))
}

/// Returns whether Traefik does without whatever is wrong with the certificates of TLSStores and routes.
pub(in crate::lint) fn are_all_covered(model: &Model<'_>) -> bool {
    Loaded::of(model).is_some_and(|loaded| loaded.cover_all())
}
