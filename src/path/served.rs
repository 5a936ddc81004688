//! What an httpd may show, and how it stands to what is trusted.

use super::Path;
use super::hop::{Httpd, Inward, Known, Place};
use super::pods::Pods;
use super::secrets::Secrets;
use super::traefik::named_scope;
use crate::civiparoisse::{CA_KEY, CLIENTS_KEY, HTTPD_CERT, HTTPD_INGRESS};
use crate::cluster::data::{Cert, Entry};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::Named;
use crate::kinds::istio::Server;
use crate::kinds::traefik::{Port, TlsStore};
use crate::pki::SubjectAltName;
use crate::pki::refusals::may_sign;
use crate::pki::verify::{self, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;

/// What paths are judged by.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// What they name.
    pub(super) cluster: &'a Cluster,
    pub(super) now: OffsetDateTime,
    by_scope: BTreeMap<&'a Scope, Vec<&'a Object>>,
    /// The Secrets, and those that a controller makes.
    pub secrets: Secrets<'a>,
    /// The Secrets whose certificates browsers see: an httpd serves another one.
    for_browsers: BTreeSet<(&'a Scope, &'a str)>,
    /// What an httpd wants at a port of its Service.
    wants: BTreeMap<(Place, Option<Port>), Wants>,
    shown: OnceLock<ShownNames>,
}

/// The names of the certificates among which Traefik chooses.
#[derive(Debug, Default)]
struct ShownNames {
    all: BTreeSet<String>,
    /// Those that several certificates have.
    shared: BTreeSet<String>,
    /// Two at most of the Secrets whose certificates cannot be read.
    unread: Vec<(Scope, String)>,
}

/// What an httpd wants of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// Whether the PROXY protocol must go before it, where that is known.
    pub proxy: Option<bool>,
    /// Whether the client must show a certificate.
    pub certificate: bool,
}

/// A certificate that an httpd may show.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// The Secret.
    pub object: &'a Object,
    /// Its key.
    pub entry: &'a Entry,
}

impl<'a> Leaf<'a> {
    /// Reads the certificate of a key, if there is one that is not a CA.
    fn of(object: &'a Object, entry: &'a Entry) -> Option<Self> {
        let first = entry.certificates.first()?;
        (!first.details.is_ca).then_some(Self { object, entry })
    }

    /// Returns the certificate.
    #[must_use]
    pub fn cert(&self) -> &'a Cert {
        &self.entry.certificates[0]
    }

    /// Returns whether it is meant for a name, were it only in its subject.
    fn is_for(&self, name: &SubjectAltName) -> bool {
        let details = &self.cert().details;
        details.covers(name)
            || details.subject_alt_names.is_empty()
                && details.common_name.as_deref() == Some(&name.to_string())
    }
}

impl<'a> Grounds<'a> {
    /// Puts in order what paths are judged by.
    #[must_use]
    pub fn new(cluster: &'a Cluster, now: OffsetDateTime) -> Self {
        let mut by_scope: BTreeMap<&Scope, Vec<&Object>> = BTreeMap::new();
        for secret in cluster.of(Kind::Secret) {
            by_scope.entry(&secret.scope).or_default().push(secret);
        }
        Self {
            cluster,
            now,
            by_scope,
            secrets: Secrets::of(cluster),
            for_browsers: named_for_browsers(cluster)
                .into_iter()
                .filter_map(|(scope, name)| cluster.find(Kind::Secret, &scope, name))
                .map(|secret| (&secret.scope, secret.name.as_str()))
                .collect(),
            wants: BTreeMap::new(),
            shown: OnceLock::new(),
        }
    }

    /// Adds what an httpd wants.
    pub fn want(&mut self, httpd: &Httpd, wants: Wants) {
        let key = (httpd.service.clone(), httpd.port.clone());
        self.wants.insert(key, wants);
    }

    /// Returns what an httpd wants, as far as it is known.
    pub(super) fn wants(&self, httpd: &Httpd) -> Wants {
        let key = (httpd.service.clone(), httpd.port.clone());
        self.wants.get(&key).copied().unwrap_or_default()
    }

    /// Returns whether browsers see the certificate of a Secret.
    #[must_use]
    pub fn is_for_browsers(&self, secret: &Object) -> bool {
        let key = (&secret.scope, secret.name.as_str());
        self.for_browsers.contains(&key)
    }

    /// Returns the Secrets of a scope.
    #[must_use]
    pub fn secrets(&self, scope: &Scope) -> &[&'a Object] {
        self.by_scope
            .get(scope)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Returns the certificates of a scope under the key of what its httpd shows.
    pub fn stated(&self, scope: &Scope) -> impl Iterator<Item = Leaf<'a>> {
        let leaves = self.secrets(scope).iter().flat_map(|secret| leaves(secret));
        leaves.filter(|leaf| leaf.entry.key == HTTPD_CERT)
    }

    /// Returns the certificates that the httpd of a scope may show, and how each stands to what is trusted: that of the
    /// chart's key, else those that are signed by what is trusted or are for the expected name.
    #[must_use]
    pub fn served(
        &self,
        scope: &Scope,
        trusted: &[Arc<Cert>],
        expected: Option<&SubjectAltName>,
    ) -> Vec<(Leaf<'a>, Standing)> {
        let secrets = self.secrets(scope).iter();
        // A route may name that of httpd by mistake: the chart's key tells whose it is.
        let is_of_httpd = |secret: &Object| leaves(secret).any(|leaf| leaf.entry.key == HTTPD_CERT);
        let secrets = secrets.filter(|secret| !self.is_for_browsers(secret) || is_of_httpd(secret));
        let mut leaves: Vec<Leaf<'a>> = secrets.flat_map(|secret| leaves(secret)).collect();
        let is_stated = leaves.iter().any(|leaf| leaf.entry.key == HTTPD_CERT);
        if is_stated {
            leaves.retain(|leaf| leaf.entry.key == HTTPD_CERT);
        }
        let trusted: Vec<&Cert> = trusted.iter().map(Arc::as_ref).collect();
        let judged = leaves.into_iter().map(|leaf| {
            let standing = standing(&trusted, &leaf.entry.certificates, self.now);
            (leaf, standing)
        });
        judged
            .filter(|(leaf, standing)| {
                let is_for = |name| leaf.is_for(name);
                is_stated || *standing == Standing::Signed || expected.is_some_and(is_for)
            })
            .collect()
    }
}

/// A certificate behind a host whose TLS is passed through.
#[derive(Debug, Clone, Copy)]
pub struct Passed<'a, 'p> {
    /// The certificate.
    pub leaf: Leaf<'a>,
    /// The host.
    pub host: &'p str,
    /// The Service of the httpd.
    pub service: &'p Place,
}

impl<'a> Grounds<'a> {
    /// Returns what browsers see where TLS is passed through: among the Secrets beside the Service the certificate under the
    /// chart's key, or one that covers the host.
    #[must_use]
    pub fn passed<'p>(&self, path: &'p Path) -> Option<Passed<'a, 'p>> {
        let service = &path.httpd.as_ref()?.service;
        let host = path
            .hosts
            .first()
            .filter(|_| path.inward == Inward::PassedThrough)?;
        let expected = SubjectAltName::parse(host).ok()?;
        let secrets = self.secrets(&service.scope).iter();
        let leaves = secrets.flat_map(|secret| leaves(secret));
        let mut found = None;
        for leaf in leaves.filter(|leaf| leaf.cert().details.covers(&expected)) {
            let is_stated = leaf.entry.key == HTTPD_CERT;
            let is_pair = leaf.entry.key == "tls.crt" && !self.is_for_browsers(leaf.object);
            if is_stated || is_pair && found.is_none() {
                found = Some(leaf);
            }
        }
        let host = host.as_str();
        found.map(|leaf| Passed {
            leaf,
            host,
            service,
        })
    }

    /// Returns whether the httpd of a scope is told to ask clients for a certificate, by the ConfigMap that this program
    /// writes.
    pub(super) fn lets_in_few(&self, scope: &Scope) -> bool {
        let found = self.cluster.data(Kind::ConfigMap, scope, HTTPD_INGRESS);
        found.is_some_and(|data| data.get(CLIENTS_KEY).is_some())
    }

    /// Returns whether a CA beside a certificate signed it, and whether that CA is nobody else's: its key is there, or what
    /// it may sign is limited.
    pub(super) fn private(&self, leaf: Leaf<'a>) -> Option<bool> {
        let mut roots: Vec<&Cert> = Vec::new();
        let mut is_own = false;
        for secret in self.secrets(&leaf.object.scope) {
            let Resource::Secret(data) = &secret.resource else {
                continue;
            };
            for entry in &data.entries {
                let before = roots.len();
                roots.extend(entry.certs().filter(|cert| {
                    let details = &cert.details;
                    details.self_issued && (details.is_ca || details.version == 1)
                }));
                let found = &roots[before..];
                let is_limited = || found.iter().any(|cert| cert.details.permitted.is_some());
                let has_key = || [CA_KEY, "ca.key"].iter().any(|key| data.get(key).is_some());
                is_own |= !found.is_empty() && (has_key() || is_limited());
            }
        }
        let certificates = &leaf.entry.certificates;
        (standing(&roots, certificates, self.now) == Standing::Signed).then_some(is_own)
    }

    /// Returns the names of all certificates among which Traefik chooses, whichever route names them: nothing if one of
    /// them cannot be read.
    #[must_use]
    pub fn names(&self) -> Option<&BTreeSet<String>> {
        self.all_names().filter(|names| !names.is_empty())
    }

    /// Returns the same, empty where there is no certificate at all.
    #[must_use]
    pub fn all_names(&self) -> Option<&BTreeSet<String>> {
        let shown = self.shown();
        shown.unread.is_empty().then_some(&shown.all)
    }

    /// Returns whether the certificates among which Traefik chooses cover hosts, as if one of the Secrets were not there.
    #[must_use]
    pub fn cover(&self, hosts: &[String], without: Option<(&Scope, &str)>) -> bool {
        let shown = self.shown();
        let is_without = |(scope, name): &(Scope, String)| without == Some((scope, name));
        if !shown.unread.iter().all(is_without) {
            return false;
        }
        let own = without.and_then(|(scope, name)| self.names_of(scope, name));
        let own = own.unwrap_or_default();
        let has = |name: &str| {
            shown.all.contains(name) && (!own.contains(name) || shown.shared.contains(name))
        };
        hosts.iter().all(|host| covers_by(host, has))
    }

    fn shown(&self) -> &ShownNames {
        self.shown.get_or_init(|| {
            let mut shown = ShownNames::default();
            let places: BTreeSet<_> = shown_by_traefik(self.cluster).into_iter().collect();
            for (scope, secret) in places {
                match self.names_of(scope, secret) {
                    Some(names) => {
                        for name in names {
                            if let Some(name) = shown.all.replace(name) {
                                shown.shared.insert(name);
                            }
                        }
                    }
                    None if shown.unread.len() < 2 => {
                        shown.unread.push((scope.clone(), secret.to_owned()));
                    }
                    None => {}
                }
            }
            shown
        })
    }

    /// Returns the names of a Secret's certificate, none if Traefik does not load it; nothing if it cannot be read.
    fn names_of(&self, scope: &Scope, name: &str) -> Option<BTreeSet<String>> {
        let secret = match self.secrets.find(scope, name) {
            Known::Here(secret) => secret,
            Known::Missing => return Some(BTreeSet::new()),
            Known::Locked(_) | Known::Useless | Known::Outside => return None,
        };
        let Resource::Secret(data) = &secret.resource else {
            return None;
        };
        // Traefik goes on without what it cannot load.
        if data.missing_of_pair().is_some() {
            return Some(BTreeSet::new());
        }
        let entry = data.get("tls.crt")?;
        let Some(cert) = entry.certs().next() else {
            let is_readable = entry.lock().is_none();
            return is_readable.then(BTreeSet::new);
        };
        let names = cert.details.subject_alt_names.iter();
        Some(names.map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Returns the Secrets that the default TLSStores name.
    pub(super) fn store(&self) -> impl Iterator<Item = (&'a Scope, &'a str)> {
        default_stores(self.cluster).flat_map(|(object, store)| {
            let names = store.secrets().map(|named| named.name.as_str());
            names.map(|name| (&object.scope, name))
        })
    }

    /// Returns whether all certificates of the only TLSStore are at hand.
    #[must_use]
    pub fn knows_store(&self) -> bool {
        let mut stores = self.cluster.of(Kind::TlsStore);
        let first = stores.next();
        let Some((object, store)) =
            first.and_then(|object| Some((object, object.resource.tls_store()?)))
        else {
            return false;
        };
        let mut named = store.secrets();
        let is_here = |named: &Named| {
            matches!(
                self.secrets.find(&object.scope, &named.name),
                Known::Here(_) | Known::Locked(_)
            )
        };
        stores.next().is_none() && !store.has_generated && named.all(is_here)
    }
}

/// Returns the TLSStores that Traefik uses: it uses none of another name (`pkg/tls/tlsmanager.go`, 2.9 to 3.7).
pub fn default_stores(cluster: &Cluster) -> impl Iterator<Item = (&Object, &TlsStore)> {
    let stores = cluster.of(Kind::TlsStore);
    let stores = stores.filter(|store| store.name == "default");
    stores.filter_map(|object| Some((object, object.resource.tls_store()?)))
}

/// Returns the Secrets that TLSStores, routes and Ingresses of Traefik name.
fn shown_by_traefik(cluster: &Cluster) -> Vec<(&Scope, &str)> {
    let mut found = Vec::new();
    for object in cluster.objects() {
        let scope = &object.scope;
        match &object.resource {
            Resource::IngressRoute(route) | Resource::IngressRouteTcp(route) => {
                let secret = route.tls.as_ref().and_then(|tls| tls.secret.as_ref());
                found.extend(secret.map(|named| (scope, named.name.as_str())));
            }
            Resource::Ingress(ingress) if ingress.is_of_traefik => {
                found.extend(ingress.secrets().map(|named| (scope, named.name.as_str())));
            }
            Resource::TlsStore(store) => {
                found.extend(store.secrets().map(|named| (scope, named.name.as_str())));
            }
            _ => {}
        }
    }
    found
}

/// Returns whether a certificate covers a host, where `has` tells whether it has a name; what cannot be the name of a
/// certificate is not compared.
pub(super) fn covers_by(host: &str, has: impl Fn(&str) -> bool) -> bool {
    let Ok(name) = SubjectAltName::parse(host) else {
        return true;
    };
    let wildcard = match &name {
        SubjectAltName::Dns(host) => host.wildcard(),
        SubjectAltName::Wildcard(_) | SubjectAltName::Ip(_) => None,
    };
    has(host) || wildcard.is_some_and(|name| has(&name))
}

/// Returns the certificates of a Secret that are not CAs.
fn leaves(secret: &Object) -> impl Iterator<Item = Leaf<'_>> {
    let data = match &secret.resource {
        Resource::Secret(data) => data.entries.as_slice(),
        _ => &[],
    };
    data.iter().filter_map(|entry| Leaf::of(secret, entry))
}

/// Returns how the first of these certificates stands to the roots; the others may be intermediates. A root that may not
/// sign is trusted as a certificate by itself, and signs nothing (`CheckSignatureFrom` of Go's `crypto/x509`).
#[must_use]
pub fn standing(roots: &[&Cert], certificates: &[Arc<Cert>], now: OffsetDateTime) -> Standing {
    let [leaf, above @ ..] = certificates else {
        return Standing::Broken;
    };
    let is_trusted =
        |root: &&&Cert| may_sign(&root.details) || root.certificate.der() == leaf.certificate.der();
    let roots = roots.iter().filter(is_trusted);
    // Go counts the CAs below a root, too (`isValid` of its `crypto/x509`).
    let below = |root: &Cert| {
        let mut issuers = certificates.iter().map(|cert| &cert.details.issuer);
        issuers.position(|issuer| *issuer == root.details.subject)
    };
    let is_long_enough = |root: &&&Cert| {
        let most = root.details.path_len.map(|most| most as usize);
        most.is_none_or(|most| below(root).is_none_or(|below| below <= most))
    };
    let roots = roots.filter(is_long_enough);
    let roots: Vec<_> = roots.map(|root| &root.certificate).collect();
    let above: Vec<_> = above.iter().map(|cert| &cert.certificate).collect();
    verify::standing(&roots, &above, &leaf.certificate, now)
}

/// Returns the Secrets that are named because Traefik, or a gateway, shows their certificates to browsers.
#[must_use]
pub fn named_for_browsers(cluster: &Cluster) -> Vec<(Scope, &str)> {
    let mut found: Vec<(Scope, &str)> = Vec::new();
    let (pods, secrets) = (Pods::of(cluster), Secrets::of(cluster));
    let of_traefik = shown_by_traefik(cluster).into_iter();
    found.extend(of_traefik.map(|(scope, name)| (scope.clone(), name)));
    for object in cluster.objects() {
        let scope = &object.scope;
        match &object.resource {
            Resource::Ingress(ingress) if !ingress.is_of_traefik => {
                let names = ingress.secrets().map(|named| named.name.as_str());
                found.extend(names.map(|name| (scope.clone(), name)));
            }
            Resource::Gateway(gateway) => {
                let tls = gateway.listeners.iter().flat_map(|listener| &listener.tls);
                let all = tls.flat_map(|tls| &tls.certificates);
                found.extend(all.map(|named| {
                    let scope = named_scope(scope, named.namespace.as_deref());
                    (scope, named.name())
                }));
            }
            Resource::IstioGateway(gateway) => {
                let pods = pods.of_gateway(object, gateway);
                for secret in gateway.servers.iter().flat_map(Server::secrets) {
                    let scope = match secret.namespace {
                        Some(namespace) => Scope::Namespace(namespace.to_owned()),
                        None => pods.scope(&secrets, secret.name),
                    };
                    found.push((scope, secret.name));
                }
            }
            _ => {}
        }
    }
    found
}
