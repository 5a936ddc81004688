//! The path of each instance: which certificate answers on which leg, and whether the next one trusts it.

use super::{Row, Urgency};
use crate::find::{ObjectOrigin, Origin};
use crate::name::DnsName;
use crate::pki::SubjectAltName;
use crate::routing::{Route, Routing, Transport};
use std::collections::{BTreeMap, BTreeSet};

/// The chart's key for the httpd's certificate (fr.uepalparoisse.helm 0.1.1, `templates/secret_keys.yaml`).
const SERVER_KEY: &str = "externcert";
/// The chart's Secret of what Traefik trusts.
const TRUST_SECRET: &str = "externca";
/// The chart's key for the database's certificate.
const DATABASE_KEY: &str = "dbservercert";
/// The chart's key for the database's CA.
const DATABASE_CA_KEY: &str = "dbcacert";
/// The chart's Service of the database.
const DATABASE_SERVICE: &str = "civicrmdb";
/// The keys under which Traefik looks for a CA, in its order (`pkg/provider/kubernetes/crd/kubernetes.go`, 3.7).
const CA_KEYS: [&str; 2] = ["tls.ca", "ca.crt"];

/// An instance behind Traefik.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its namespace, where it is given.
    pub namespace: Option<String>,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// How urgent the most urgent of its own certificates is; nothing where none was found. The browser's leg does
    /// not count: its certificate serves the whole fleet and has a row of its own.
    pub urgency: Option<Urgency>,
    /// Browser to Traefik.
    pub browser: Leg,
    /// Traefik to httpd.
    pub backend: Leg,
    /// Instance to database, where a certificate of it was found.
    pub database: Option<Leg>,
}

/// One TLS connection; the numbers are those of [`Report::rows`](super::Report::rows).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The name that the client expects.
    pub name: String,
    /// The certificate that answers, where it was found.
    pub certificate: Option<usize>,
    /// What the client trusts, as far as it was found.
    pub trust: Vec<usize>,
    /// Whether that is enough.
    pub verdict: Trust,
}

/// What the client of a leg makes of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The certificate or what signed it was not found.
    Unknown,
    /// A CA that the client trusts has the name and key identifier of the certificate's issuer.
    Signed,
    /// No CA that the client trusts is the certificate's issuer.
    NotSigned,
    /// The certificate is not for the expected name.
    OtherName,
}

impl Instance {
    /// Names it: `NAMESPACE` and its first host.
    #[must_use]
    pub fn title(&self) -> String {
        let host = self.hosts.first().map_or("", String::as_str);
        self.namespace.as_ref().map_or_else(
            || host.to_owned(),
            |namespace| format!("{namespace} · {host}"),
        )
    }

    /// Gives the numbers of its own certificates that have to be good: leaves, and the CAs that signed them.
    pub(super) fn needs(&self, rows: &[Row]) -> Vec<usize> {
        let legs = [Some(&self.backend), self.database.as_ref()];
        let mut needs = Vec::new();
        for leg in legs.into_iter().flatten() {
            needs.extend(leg.certificate);
            let leaf = leg.certificate.map(|leaf| &rows[leaf]);
            let issuers = leg.trust.iter().copied();
            needs.extend(issuers.filter(|ca| leaf.is_none_or(|leaf| signed(leaf, &rows[*ca]))));
        }
        needs.sort_unstable();
        needs.dedup();
        needs
    }
}

/// Finds the instances: one for each IngressRoute, and one for each namespace that has the chart's server
/// certificate and no route.
pub(super) fn instances(rows: &[Row], routing: &Routing) -> Vec<Instance> {
    let index = Index::new(rows, routing);
    // The same manifest may be given twice.
    let mut routes: BTreeSet<&Route> = BTreeSet::new();
    let mut has_route: BTreeSet<Option<&str>> = BTreeSet::new();
    let mut instances = Vec::new();
    for route in &routing.routes {
        if routes.insert(route) {
            has_route.insert(route.namespace.as_deref());
            instances.push(index.of_route(route));
        }
    }
    for (namespace, places) in &index.places {
        let server = places
            .iter()
            .find(|place| place.origin.key == SERVER_KEY && !rows[place.row].details.is_ca);
        if let Some(place) = server.filter(|_| !has_route.contains(namespace)) {
            let hosts = rows[place.row].details.subject_alt_names.clone();
            instances.push(index.instance(*namespace, hosts, None, None));
        }
    }
    // Rows are sorted by urgency: so are instances by their first one, those without any at the end.
    let mut sorted: BTreeMap<(usize, String), Vec<Instance>> = BTreeMap::new();
    for instance in instances {
        let first = instance.needs(rows).first().copied();
        let key = (first.unwrap_or(usize::MAX), instance.title());
        sorted.entry(key).or_default().push(instance);
    }
    sorted.into_values().flatten().collect()
}

/// A certificate in an object.
struct Place<'a> {
    origin: &'a ObjectOrigin,
    row: usize,
}

struct Index<'a> {
    rows: &'a [Row],
    routing: &'a Routing,
    /// By namespace.
    places: BTreeMap<Option<&'a str>, Vec<Place<'a>>>,
    /// Leaves of a kubernetes.io/tls pair, by each name that they are for.
    pairs: BTreeMap<&'a str, Vec<usize>>,
    transports: BTreeMap<(Option<&'a str>, &'a str), &'a Transport>,
}

impl<'a> Index<'a> {
    fn new(rows: &'a [Row], routing: &'a Routing) -> Self {
        let mut places: BTreeMap<_, Vec<Place<'a>>> = BTreeMap::new();
        let mut pairs: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (row, content) in rows.iter().enumerate() {
            for origin in &content.origins {
                let Origin::Object(origin) = origin else {
                    continue;
                };
                let namespace = origin.namespace.as_deref();
                places
                    .entry(namespace)
                    .or_default()
                    .push(Place { origin, row });
                if origin.key == "tls.crt" && !content.details.is_ca {
                    for name in &content.details.subject_alt_names {
                        pairs.entry(name.as_str()).or_default().push(row);
                    }
                }
            }
        }
        let mut transports = BTreeMap::new();
        for transport in &routing.transports {
            let key = (transport.namespace.as_deref(), transport.name.as_str());
            transports.insert(key, transport);
        }
        Self {
            rows,
            routing,
            places,
            pairs,
            transports,
        }
    }

    fn of_route(&self, route: &Route) -> Instance {
        let namespace = route.namespace.as_deref();
        let transport = route.transport.as_deref().and_then(|name| {
            // Across providers the name is NAMESPACE-NAME@kubernetescrd.
            let name = name.strip_suffix("@kubernetescrd").map_or(name, |whole| {
                let prefix = format!("{}-", namespace.unwrap_or("default"));
                whole.strip_prefix(&prefix).unwrap_or(whole)
            });
            self.transports.get(&(namespace, name)).copied()
        });
        let tls_secret = route.tls_secret.as_deref();
        self.instance(namespace, route.hosts.clone(), transport, tls_secret)
    }

    fn instance(
        &self,
        namespace: Option<&str>,
        hosts: Vec<String>,
        transport: Option<&Transport>,
        tls_secret: Option<&str>,
    ) -> Instance {
        let host = hosts.first().cloned().unwrap_or_default();
        let browser = self.browser(namespace, &host, tls_secret);
        let backend = self.backend(namespace, &host, transport, browser.certificate);
        let mut instance = Instance {
            namespace: namespace.map(str::to_owned),
            database: self.database(namespace),
            hosts,
            urgency: None,
            browser,
            backend,
        };
        let needs = instance.needs(self.rows);
        instance.urgency = needs.iter().map(|row| self.rows[*row].urgency).min();
        instance
    }

    /// What browsers see: the route's own Secret, else one of the default store, else any pair for the host.
    fn browser(&self, namespace: Option<&str>, host: &str, tls_secret: Option<&str>) -> Leg {
        let in_secret = |namespace: Option<&str>, secret: &str| -> Option<usize> {
            let mut rows = self
                .in_object(namespace, secret)
                .filter(|place| place.origin.key == "tls.crt")
                .map(|place| place.row);
            rows.find(|row| !self.rows[*row].details.is_ca)
        };
        let certificate = if let Some(secret) = tls_secret {
            in_secret(namespace, secret)
        } else {
            let mut stored = Vec::new();
            for store in &self.routing.stores {
                let secrets = store.secrets.iter();
                stored.extend(
                    secrets.filter_map(|secret| in_secret(store.namespace.as_deref(), secret)),
                );
            }
            let covering = stored.iter().copied().find(|row| self.covers(*row, host));
            // A store's default certificate answers for hosts that no certificate covers.
            covering
                .or_else(|| stored.first().copied())
                .or_else(|| self.pair_for(host))
        };
        self.leg(host, certificate, Vec::new())
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
    fn backend(
        &self,
        namespace: Option<&str>,
        host: &str,
        transport: Option<&Transport>,
        browser: Option<usize>,
    ) -> Leg {
        let name = transport
            .and_then(|transport| transport.server_name.as_deref())
            .unwrap_or(host);
        let leaves = self.leaves(namespace);
        let end = |row: &usize| self.rows[*row].details.validity.not_after;
        let certificate = leaves
            .clone()
            .filter(|place| place.origin.key == SERVER_KEY)
            .map(|place| place.row)
            .max_by_key(|row| (self.covers(*row, name), end(row)))
            .or_else(|| {
                leaves
                    .map(|place| place.row)
                    .filter(|row| Some(*row) != browser && self.covers(*row, name))
                    .max_by_key(end)
            });
        let named: Vec<&str> = match transport {
            Some(transport) => transport.root_cas.iter().map(String::as_str).collect(),
            None => vec![TRUST_SECRET],
        };
        let mut trust = Vec::new();
        for object in named {
            let places: Vec<&Place<'_>> = self.in_object(namespace, object).collect();
            let key = CA_KEYS
                .into_iter()
                .find(|key| places.iter().any(|place| place.origin.key == *key));
            let counts = |place: &&&Place<'_>| key.is_none_or(|key| place.origin.key == key);
            trust.extend(places.iter().filter(counts).map(|place| place.row));
        }
        self.leg(name, certificate, trust)
    }

    fn database(&self, namespace: Option<&str>) -> Option<Leg> {
        let is_for_database = |row: &Row| {
            let names = row.details.subject_alt_names.iter();
            let mut names = names.chain(&row.details.common_name);
            names.any(|name| name == DATABASE_SERVICE)
        };
        let leaves = self.leaves(namespace);
        let certificate = leaves
            .clone()
            .filter(|place| place.origin.key == DATABASE_KEY)
            .chain(leaves.filter(|place| is_for_database(&self.rows[place.row])))
            .map(|place| place.row)
            .next()?;
        let places = self.places.get(&namespace)?.iter();
        let trust = places
            .filter(|place| place.origin.key == DATABASE_CA_KEY)
            .map(|place| place.row);
        let mut leg = self.leg(DATABASE_SERVICE, Some(certificate), trust.collect());
        // MySQL Router checks the signature alone (VERIFY_CA), and the chart's certificate has no such name.
        if leg.verdict == Trust::OtherName {
            leg.verdict = self.signature(Some(certificate), &leg.trust);
        }
        Some(leg)
    }

    fn leg(&self, name: &str, certificate: Option<usize>, mut trust: Vec<usize>) -> Leg {
        trust.sort_unstable();
        trust.dedup();
        let verdict = match certificate {
            Some(row) if !self.covers(row, name) => Trust::OtherName,
            _ => self.signature(certificate, &trust),
        };
        Leg {
            name: name.to_owned(),
            certificate,
            trust,
            verdict,
        }
    }

    fn signature(&self, certificate: Option<usize>, trust: &[usize]) -> Trust {
        match certificate {
            Some(leaf) if !trust.is_empty() => {
                let leaf = &self.rows[leaf];
                if trust.iter().any(|ca| signed(leaf, &self.rows[*ca])) {
                    Trust::Signed
                } else {
                    Trust::NotSigned
                }
            }
            _ => Trust::Unknown,
        }
    }

    fn covers(&self, row: usize, name: &str) -> bool {
        let details = &self.rows[row].details;
        DnsName::parse(name).is_ok_and(|name| details.covers(&SubjectAltName::Dns(name)))
    }

    fn leaves<'s>(
        &'s self,
        namespace: Option<&'s str>,
    ) -> impl Iterator<Item = &'s Place<'s>> + Clone {
        let places = self.places.get(&namespace).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(|place| !self.rows[place.row].details.is_ca)
    }

    fn in_object<'s>(
        &'s self,
        namespace: Option<&'s str>,
        name: &'s str,
    ) -> impl Iterator<Item = &'s Place<'s>> {
        let places = self.places.get(&namespace).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(move |place| place.origin.name == name)
    }
}

/// Says whether `ca` has the name and, where both tell it, the key identifier of the leaf's issuer
/// (RFC 5280 sections 4.1.2.4 and 4.2.1.1).
fn signed(leaf: &Row, ca: &Row) -> bool {
    let (leaf, ca) = (&leaf.details, &ca.details);
    let same_key = match (&leaf.authority_key_id, &ca.subject_key_id) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => true,
    };
    ca.is_ca && leaf.issuer == ca.subject && same_key
}
