//! What an httpd may show, and how it stands to what is trusted.

use crate::cluster::data::{Cert, Entry};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::istio::Server;
use crate::path::traefik::named_scope;
use crate::pki::SubjectAltName;
use crate::pki::verify::{self, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use time::OffsetDateTime;

/// The key under which the Civiparoisse chart keeps what httpd serves.
const SERVED: &str = "externcert";

/// What paths are judged by.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// What they name.
    pub(super) cluster: &'a Cluster,
    pub(super) now: OffsetDateTime,
    secrets: BTreeMap<&'a Scope, Vec<&'a Object>>,
    /// The Secrets whose certificates browsers see: an httpd serves another one.
    for_browsers: BTreeSet<(&'a Scope, &'a str)>,
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
        let mut secrets: BTreeMap<&Scope, Vec<&Object>> = BTreeMap::new();
        for secret in cluster.of(Kind::Secret) {
            secrets.entry(&secret.scope).or_default().push(secret);
        }
        let for_browsers = for_browsers(cluster);
        Self {
            cluster,
            now,
            secrets,
            for_browsers,
        }
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
        self.secrets
            .get(scope)
            .map(Vec::as_slice)
            .unwrap_or_default()
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
        let secrets = secrets.filter(|secret| !self.is_for_browsers(secret));
        let mut leaves: Vec<Leaf<'a>> = secrets.flat_map(|secret| leaves(secret)).collect();
        let is_stated = leaves.iter().any(|leaf| leaf.entry.key == SERVED);
        if is_stated {
            leaves.retain(|leaf| leaf.entry.key == SERVED);
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

/// Returns the certificates of a Secret that are not CAs.
fn leaves(secret: &Object) -> impl Iterator<Item = Leaf<'_>> {
    let data = match &secret.resource {
        Resource::Secret(data) => data.entries.as_slice(),
        _ => &[],
    };
    data.iter().filter_map(|entry| Leaf::of(secret, entry))
}

/// Returns how the first of these certificates stands to the roots; the others may be intermediates.
#[must_use]
pub fn standing(roots: &[&Cert], certificates: &[Arc<Cert>], now: OffsetDateTime) -> Standing {
    let [leaf, above @ ..] = certificates else {
        return Standing::Broken;
    };
    let roots: Vec<_> = roots.iter().map(|root| &root.certificate).collect();
    let above: Vec<_> = above.iter().map(|cert| &cert.certificate).collect();
    verify::standing(&roots, &above, &leaf.certificate, now)
}

/// Returns the Secrets whose certificates Traefik, or a gateway, shows to browsers.
fn for_browsers(cluster: &Cluster) -> BTreeSet<(&Scope, &str)> {
    let mut found = BTreeSet::new();
    let mut add = |scope: &Scope, name: &str| {
        let secret = cluster.find(Kind::Secret, scope, name);
        found.extend(secret.map(|secret| (&secret.scope, secret.name.as_str())));
    };
    for object in cluster.objects() {
        let scope = &object.scope;
        match &object.resource {
            Resource::IngressRoute(route) | Resource::IngressRouteTcp(route) => {
                if let Some(name) = route.tls.as_ref().and_then(|tls| tls.secret.as_ref()) {
                    add(scope, &name.value);
                }
            }
            Resource::Ingress(ingress) => ingress.secrets.iter().for_each(|name| add(scope, name)),
            Resource::TlsStore(store) => {
                let names = store.certificates.iter().chain(&store.default_certificate);
                names.for_each(|name| add(scope, name));
            }
            Resource::Gateway(gateway) => {
                let tls = gateway.listeners.iter().flat_map(|listener| &listener.tls);
                for named in tls.flat_map(|tls| &tls.certificates) {
                    add(
                        &named_scope(scope, named.namespace.as_deref()),
                        named.name(),
                    );
                }
            }
            Resource::IstioGateway(gateway) => {
                // Without a namespace, wherever its pods run.
                let anywhere = Scope::Beside(String::new());
                for secret in gateway.servers.iter().flat_map(Server::secrets) {
                    add(&named_scope(&anywhere, secret.namespace), secret.name);
                }
            }
            _ => {}
        }
    }
    found
}
