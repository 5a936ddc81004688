//! Finds certificates by where they stand, for the hops of a path.

use super::{Before, FrontKind, InstancePath, JudgedLeg, LegVerdict, Wire, signed};
use crate::civiparoisse::{
    DATABASE_CA_CERT, DATABASE_CERT, DATABASE_SERVICE, HTTPD_CERT, TRUST_SECRET,
};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Resource};
use crate::find::{ObjectKind, ObjectOrigin, Origin};
use crate::kinds::service::Balancer;
use crate::name::DnsName;
use crate::path::Path;
use crate::path::hop::{
    self, Authority, Client, Front, Inward, Keys, Known, Outward, Place, Shown,
};
use crate::path::served::default_stores;
use crate::pki::SubjectAltName;
use crate::pki::fingerprint::Fingerprint;
use crate::status::Row;
use std::collections::BTreeMap;

/// A certificate in an object.
pub(super) struct Held<'a> {
    pub(super) origin: &'a ObjectOrigin,
    pub(super) row: usize,
}

/// What is between a browser and an instance.
pub(super) struct Approach {
    pub(super) scope: Scope,
    pub(super) path: Path,
    /// Whether a ServersTransport is named that is not at hand.
    pub(super) lacks_transport: bool,
}

impl Approach {
    /// The way by the chart's names.
    pub(super) fn without_route(scope: &Scope, hosts: Vec<String>) -> Self {
        Self {
            scope: scope.clone(),
            path: Path {
                hosts,
                front: Front {
                    kind: FrontKind::Traefik,
                    gateway: None,
                },
                inward: Inward::Tls(Shown::Store),
                outward: Outward::Tls(Client {
                    expects: None,
                    trusts: hop::Trust::Unknown,
                    shows: None,
                }),
                proxy: None,
                httpd: None,
            },
            lacks_transport: true,
        }
    }
}

pub(super) struct Index<'a> {
    rows: &'a [Row],
    cluster: &'a Cluster,
    pub(super) held: BTreeMap<Scope, Vec<Held<'a>>>,
    /// Rows by the fingerprint of their certificate.
    by_fingerprint: BTreeMap<Fingerprint, usize>,
    /// Leaves of a kubernetes.io/tls pair, by each name that they are for.
    pairs: BTreeMap<&'a str, Vec<usize>>,
    /// Leaves that live hosts served, by host.
    served: BTreeMap<&'a str, usize>,
    /// The load balancer that the fleet file tells of.
    told: Option<Before>,
}

impl<'a> Index<'a> {
    pub(super) fn new(rows: &'a [Row], cluster: &'a Cluster, told: Option<Before>) -> Self {
        let mut held: BTreeMap<_, Vec<Held<'a>>> = BTreeMap::new();
        let mut by_fingerprint = BTreeMap::new();
        let mut pairs: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut served = BTreeMap::new();
        for (row, content) in rows.iter().enumerate() {
            by_fingerprint.insert(content.details.sha256, row);
            for origin in &content.origins {
                let origin = match origin {
                    Origin::Object(origin) => origin,
                    Origin::Endpoint {
                        host,
                        number: 0 | 1,
                        ..
                    } => {
                        let name = host.split_once(':').map_or(&host[..], |(name, _)| name);
                        // Of several addresses the most urgent counts; it comes first.
                        served.entry(name).or_insert(row);
                        continue;
                    }
                    Origin::Endpoint { .. } | Origin::File { .. } => continue,
                };
                let scope = cluster.scope(origin.namespace.as_deref(), &origin.file);
                held.entry(scope).or_default().push(Held { origin, row });
                if origin.key == "tls.crt" && !content.details.is_ca {
                    for name in &content.details.subject_alt_names {
                        pairs.entry(name.as_str()).or_default().push(row);
                    }
                }
            }
        }
        Self {
            rows,
            cluster,
            held,
            by_fingerprint,
            pairs,
            served,
            told,
        }
    }

    pub(super) fn instance(&self, way: Approach) -> InstancePath {
        let host = way.path.hosts.first().cloned().unwrap_or_default();
        let passes_through = matches!(way.path.outward, Outward::PassedThrough | Outward::Raw);
        let browser = (!passes_through).then(|| self.browser(&way, &host));
        let known = browser.as_ref().and_then(|leg| leg.certificate);
        let mut backend = self.backend(&way, &host, known);
        let browser = browser.unwrap_or_else(|| {
            // It is the browser that meets httpd, asks for the host and trusts what it trusts.
            let certificate = backend.certificate.take();
            backend.verdict = LegVerdict::Unknown;
            backend.trust.clear();
            let served = self.served.get(host.as_str()).copied();
            self.leg(&host, served.or(certificate), Vec::new())
        });
        let mut instance = InstancePath {
            namespace: way.scope.namespace().map(str::to_owned),
            home: way.scope.label().to_owned(),
            database: self.database(&way.scope),
            hosts: way.path.hosts,
            urgency: None,
            balancer: self.before(way.path.front.kind),
            front: way.path.front,
            browser,
            backend,
        };
        let needs = instance.needs(self.rows);
        instance.urgency = needs.iter().map(|row| self.rows[*row].urgency).min();
        instance
    }

    /// Returns what is before a front: by a Service, else by the fleet file, which speaks of Traefik's.
    fn before(&self, kind: FrontKind) -> Option<Before> {
        let told = self.told.as_ref().filter(|_| kind == FrontKind::Traefik);
        let found = self.balancer(kind).map(Before::from);
        found.or_else(|| told.cloned())
    }

    /// Finds the Service before a front: one that bears its name, else the only one that there is, where it bears none
    /// of another.
    fn balancer(&self, kind: FrontKind) -> Option<&'a Balancer> {
        let services = self.cluster.of(Kind::Service);
        let all: Vec<&Balancer> = services
            .filter_map(|object| match &object.resource {
                Resource::Service(service) => service.balancer.as_ref(),
                _ => None,
            })
            .collect();
        let bears = |balancer: &&Balancer, kind: FrontKind| balancer.marks.contains(kind.as_str());
        // A Service of the cluster says more than the values that it was made of.
        let named = all.iter().copied().filter(|balancer| bears(balancer, kind));
        let named = named.min_by_key(|balancer| balancer.namespace.is_none());
        let of_other = |balancer: &&Balancer| {
            let kinds = [FrontKind::Traefik, FrontKind::Istio];
            kinds.into_iter().any(|kind| bears(balancer, kind))
        };
        named.or(match all.as_slice() {
            [only] if !of_other(only) => Some(only),
            _ => None,
        })
    }

    /// What browsers see: what the live host served, else the route's own Secret, else one of the default store, else
    /// any pair for the host.
    fn browser(&self, way: &Approach, host: &str) -> JudgedLeg {
        if let Some(served) = self.served.get(host) {
            return self.leg(host, Some(*served), Vec::new());
        }
        let certificate = match &way.path.inward {
            Inward::Tls(shown) | Inward::Unsaid(shown) => self.shown(shown, host),
            Inward::Plain | Inward::PassedThrough | Inward::Raw => None,
        };
        let mut leg = self.leg(host, certificate, Vec::new());
        leg.wire = match way.path.inward {
            Inward::Plain => Wire::Plain,
            Inward::Unsaid(_) => Wire::Unknown,
            Inward::Tls(_) | Inward::PassedThrough | Inward::Raw => Wire::Tls,
        };
        leg
    }

    fn shown(&self, shown: &Shown, host: &str) -> Option<usize> {
        let in_secret = |scope: &Scope, secret: &str| -> Option<usize> {
            let mut rows = self
                .in_object(scope, secret)
                .filter(|held| matches!(held.origin.key.as_str(), "tls.crt" | "cert"))
                .map(|held| held.row);
            rows.find(|row| !self.rows[*row].details.is_ca)
        };
        let best = |rows: Vec<usize>| {
            let covering = rows.iter().copied().find(|row| self.covers(*row, host));
            covering.or_else(|| rows.first().copied())
        };
        match shown {
            Shown::Secrets(places) => {
                let rows = places.iter();
                best(
                    rows.filter_map(|place| in_secret(&place.scope, &place.name))
                        .collect(),
                )
            }
            Shown::Store => {
                let stores = default_stores(self.cluster);
                let kept = stores.flat_map(|(object, store)| {
                    let secrets = store.secrets();
                    secrets.filter_map(|secret| in_secret(&object.scope, &secret.name))
                });
                // A store's default certificate answers for hosts that no certificate covers.
                best(kept.collect()).or_else(|| self.pair_for(host))
            }
            Shown::Unknown => None,
        }
    }

    fn pair_for(&self, host: &str) -> Option<usize> {
        let wildcard = host
            .split_once('.')
            .map(|(_, parent)| format!("*.{parent}"));
        let names = [Some(host), wildcard.as_deref()].into_iter().flatten();
        names
            .filter_map(|name| self.pairs.get(name))
            .flatten()
            .copied()
            .max_by_key(|row| self.rows[*row].details.validity.not_after)
    }

    /// What httpd serves: the chart's key, else the pair for the name in the namespace that ends last.
    fn backend(&self, way: &Approach, host: &str, browser: Option<usize>) -> JudgedLeg {
        let client = way.path.outward.client();
        let name = client.and_then(|client| client.expects.as_deref());
        let name = name.unwrap_or(host);
        let wire = match way.path.outward {
            Outward::Tls(_) => Wire::Tls,
            Outward::PassedThrough | Outward::Raw => Wire::PassedThrough,
            Outward::Plain => Wire::Plain,
            Outward::Mesh => Wire::Mesh,
            Outward::Unsaid(_) => Wire::Unknown,
        };
        if matches!(wire, Wire::Plain | Wire::Mesh) {
            return JudgedLeg {
                wire,
                ..self.leg(name, None, Vec::new())
            };
        }
        let leaves = self.leaves(&way.scope);
        let end = |row: &usize| self.rows[*row].details.validity.not_after;
        let certificate = leaves
            .clone()
            .filter(|held| held.origin.key == HTTPD_CERT)
            .map(|held| held.row)
            .max_by_key(|row| (self.covers(*row, name), end(row)))
            .or_else(|| {
                leaves
                    .map(|held| held.row)
                    .filter(|row| Some(*row) != browser && self.covers(*row, name))
                    .max_by_key(end)
            });
        let trust = client.map(|client| self.trusted(way, client));
        let mut leg = self.leg(name, certificate, trust.unwrap_or_default());
        leg.wire = wire;
        if client.is_some_and(|client| matches!(client.trusts, hop::Trust::Anything)) {
            leg.verdict = LegVerdict::Unchecked;
        }
        leg
    }

    fn trusted(&self, way: &Approach, client: &Client) -> Vec<usize> {
        match &client.trusts {
            hop::Trust::Authorities(authorities) => {
                let rows = authorities.iter();
                rows.flat_map(|authority| self.authority(authority))
                    .collect()
            }
            // Who says what is trusted is not at hand: by the chart's names it would be this.
            hop::Trust::Unknown
                if way.path.front.kind == FrontKind::Traefik && way.lacks_transport =>
            {
                self.authority(&Authority {
                    is_secret: true,
                    place: Place {
                        scope: way.scope.clone(),
                        name: TRUST_SECRET.to_owned(),
                    },
                    keys: Keys::Traefik,
                })
            }
            hop::Trust::Unknown | hop::Trust::System | hop::Trust::Anything => Vec::new(),
        }
    }

    fn authority(&self, authority: &Authority) -> Vec<usize> {
        match authority.content(self.cluster) {
            Known::Here((_, certs)) => {
                let rows = certs.iter();
                rows.filter_map(|cert| self.by_fingerprint.get(&cert.details.sha256))
                    .copied()
                    .collect()
            }
            // cert-manager fills the Secret in.
            Known::Missing => {
                let Place { scope, name } = &authority.place;
                self.in_object(scope, name)
                    .filter(|held| held.origin.kind == ObjectKind::Announced)
                    .map(|held| held.row)
                    .collect()
            }
            Known::Locked(_) | Known::Useless | Known::Outside => Vec::new(),
        }
    }

    fn database(&self, scope: &Scope) -> Option<JudgedLeg> {
        let is_for_database = |row: &Row| {
            let names = row.details.subject_alt_names.iter();
            let mut names = names.chain(&row.details.common_name);
            names.any(|name| name == DATABASE_SERVICE)
        };
        let leaves = self.leaves(scope);
        let leaf = leaves
            .clone()
            .filter(|held| held.origin.key == DATABASE_CERT)
            .chain(leaves.filter(|held| is_for_database(&self.rows[held.row])))
            .next()?;
        let certificate = leaf.row;
        let places = self.held.get(scope)?.iter();
        // cert-manager puts the CA beside what it signed.
        let is_beside =
            |place: &ObjectOrigin| place.name == leaf.origin.name && place.key == "ca.crt";
        let trust = places
            .filter(|place| place.origin.key == DATABASE_CA_CERT || is_beside(place.origin))
            .map(|place| place.row);
        let mut leg = self.leg(DATABASE_SERVICE, Some(certificate), trust.collect());
        // MySQL Router checks the signature alone (VERIFY_CA), and the chart's certificate has no such name.
        if leg.verdict == LegVerdict::OtherName {
            leg.verdict = self.signature(Some(certificate), &leg.trust);
        }
        Some(leg)
    }

    fn leg(&self, name: &str, certificate: Option<usize>, mut trust: Vec<usize>) -> JudgedLeg {
        trust.sort_unstable();
        trust.dedup();
        let verdict = match certificate {
            Some(row) if !self.covers(row, name) => LegVerdict::OtherName,
            _ => self.signature(certificate, &trust),
        };
        JudgedLeg {
            name: name.to_owned(),
            wire: Wire::Tls,
            certificate,
            trust,
            verdict,
        }
    }

    fn signature(&self, certificate: Option<usize>, trust: &[usize]) -> LegVerdict {
        match certificate.map(|leaf| &self.rows[leaf]) {
            // What a Certificate announces has no issuer's name to compare.
            Some(leaf) if !trust.is_empty() && leaf.details.sha256.is_known() => {
                if trust.iter().any(|ca| signed(leaf, &self.rows[*ca])) {
                    LegVerdict::Signed
                } else {
                    LegVerdict::NotSigned
                }
            }
            _ => LegVerdict::Unknown,
        }
    }

    fn covers(&self, row: usize, name: &str) -> bool {
        let details = &self.rows[row].details;
        DnsName::parse(name).is_ok_and(|name| details.covers(&SubjectAltName::Dns(name)))
    }

    fn leaves<'s>(&'s self, scope: &Scope) -> impl Iterator<Item = &'s Held<'s>> + Clone + use<'s> {
        let places = self.held.get(scope).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(|place| !self.rows[place.row].details.is_ca)
    }

    fn in_object<'s>(&'s self, scope: &Scope, name: &str) -> impl Iterator<Item = &'s Held<'s>> {
        let places = self.held.get(scope).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(move |place| place.origin.name == name)
    }
}
