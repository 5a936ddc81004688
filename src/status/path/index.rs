//! Finds certificates and objects by where they stand.

use super::group::{Group, Groups};
use super::way::{Answer, Trusting, Way};
use super::{FrontKind, Instance, Leg, SERVER_KEY, Trust, Wire, signed};
use crate::find::{ObjectOrigin, Origin};
use crate::name::DnsName;
use crate::pki::SubjectAltName;
use crate::routing::{Balancer, Gateway, Policy, Routing, Transport};
use crate::status::Row;
use std::collections::BTreeMap;

/// The chart's key for the database's certificate.
const DATABASE_KEY: &str = "dbservercert";
/// The chart's key for the database's CA.
const DATABASE_CA_KEY: &str = "dbcacert";
/// The chart's Service of the database.
const DATABASE_SERVICE: &str = "civicrmdb";
/// The keys under which a CA is looked for: Traefik's two, in its order (`pkg/provider/kubernetes/crd/kubernetes.go`,
/// 3.7), and Istio's (`pilot/pkg/credentials/kube/secrets.go`).
const CA_KEYS: [&str; 3] = ["tls.ca", "ca.crt", "cacert"];

/// A certificate in an object.
pub(super) struct Place<'a> {
    pub(super) origin: &'a ObjectOrigin,
    pub(super) row: usize,
}

pub(super) struct Index<'a> {
    rows: &'a [Row],
    routing: &'a Routing,
    pub(super) groups: Groups,
    pub(super) places: BTreeMap<Group, Vec<Place<'a>>>,
    /// Leaves of a kubernetes.io/tls pair, by each name that they are for.
    pairs: BTreeMap<&'a str, Vec<usize>>,
    /// Leaves that live hosts served, by host.
    served: BTreeMap<&'a str, usize>,
    transports: BTreeMap<(Group, &'a str, bool), &'a Transport>,
    gateways: BTreeMap<(Group, &'a str, bool), &'a Gateway>,
    /// By the Service that they are for.
    policies: BTreeMap<(Group, &'a str), &'a Policy>,
}

impl<'a> Index<'a> {
    pub(super) fn new(rows: &'a [Row], routing: &'a Routing) -> Self {
        let groups = Groups::of(rows, routing);
        let mut places: BTreeMap<_, Vec<Place<'a>>> = BTreeMap::new();
        let mut pairs: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut served = BTreeMap::new();
        for (row, content) in rows.iter().enumerate() {
            for origin in &content.origins {
                let origin = match origin {
                    Origin::Object(origin) => origin,
                    Origin::Endpoint {
                        address,
                        number: 0 | 1,
                    } => {
                        let host = address
                            .split_once(':')
                            .map_or(&address[..], |(host, _)| host);
                        served.insert(host, row);
                        continue;
                    }
                    Origin::Endpoint { .. } | Origin::File { .. } => continue,
                };
                let group = groups.find(origin.namespace.as_deref(), &origin.file);
                places.entry(group).or_default().push(Place { origin, row });
                if origin.key == "tls.crt" && !content.details.is_ca {
                    for name in &content.details.subject_alt_names {
                        pairs.entry(name.as_str()).or_default().push(row);
                    }
                }
            }
        }
        let transports = routing.transports.iter().map(|transport| {
            let group = groups.of_home(&transport.home);
            (
                (group, transport.name.as_str(), transport.is_tcp),
                transport,
            )
        });
        let gateways = routing.gateways.iter().map(|gateway| {
            let group = groups.of_home(&gateway.home);
            let is_istio = gateway.class == "istio";
            ((group, gateway.name.as_str(), is_istio), gateway)
        });
        let policies = routing.policies.iter().map(|policy| {
            let group = match &policy.service.namespace {
                Some(namespace) => Group::Namespace(namespace.clone()),
                None => groups.of_home(&policy.home),
            };
            ((group, policy.service.name.as_str()), policy)
        });
        Self {
            transports: transports.collect(),
            gateways: gateways.collect(),
            policies: policies.collect(),
            rows,
            routing,
            groups,
            places,
            pairs,
            served,
        }
    }

    pub(super) fn transport(
        &self,
        group: &Group,
        name: &str,
        is_tcp: bool,
    ) -> Option<&'a Transport> {
        self.transports.get(&(group.clone(), name, is_tcp)).copied()
    }

    /// Finds a Gateway. The class `istio` of the Gateway API is Istio's too.
    pub(super) fn gateway(
        &self,
        group: &Group,
        name: &'a str,
        is_istio: bool,
    ) -> Option<&'a Gateway> {
        let kinds = if is_istio {
            &[true][..]
        } else {
            &[false, true]
        };
        let find = |is_istio: &bool| {
            self.gateways
                .get(&(group.clone(), name, *is_istio))
                .copied()
        };
        kinds.iter().find_map(find)
    }

    pub(super) fn policy(&self, group: &Group, service: &str) -> Option<&'a Policy> {
        self.policies.get(&(group.clone(), service)).copied()
    }

    pub(super) fn instance(&self, way: Way) -> Instance {
        let host = way.hosts.first().cloned().unwrap_or_default();
        let passes_through = way.wire == Wire::PassedThrough;
        let browser = (!passes_through).then(|| self.browser(&way, &host));
        let known = browser.as_ref().and_then(|leg| leg.certificate);
        let mut backend = self.backend(&way, &host, known);
        let browser = browser.unwrap_or_else(|| {
            // It is the browser that meets httpd, asks for the host and trusts what it trusts.
            let certificate = backend.certificate.take();
            backend.verdict = Trust::Unknown;
            backend.trust.clear();
            let served = self.served.get(host.as_str()).copied();
            self.leg(&host, served.or(certificate), Vec::new())
        });
        let mut instance = Instance {
            namespace: way.group.namespace().map(str::to_owned),
            home: way.group.label().to_owned(),
            database: self.database(&way.group),
            hosts: way.hosts,
            urgency: None,
            balancer: self.balancer(way.front.kind).cloned(),
            front: way.front,
            browser,
            backend,
        };
        let needs = instance.needs(self.rows);
        instance.urgency = needs.iter().map(|row| self.rows[*row].urgency).min();
        instance
    }

    /// Finds the Service before a front: one that bears its name, else the only one that there is, where it bears none
    /// of another.
    fn balancer(&self, kind: FrontKind) -> Option<&'a Balancer> {
        let all = &self.routing.balancers;
        let bears = |balancer: &&Balancer, kind: FrontKind| balancer.marks.contains(kind.as_str());
        let named = all.iter().find(|balancer| bears(balancer, kind));
        let of_other = |balancer: &&Balancer| {
            let kinds = [FrontKind::Traefik, FrontKind::Istio];
            kinds.into_iter().any(|kind| bears(balancer, kind))
        };
        named.or(match all.as_slice() {
            [only] if !of_other(&only) => Some(only),
            _ => None,
        })
    }

    /// What browsers see: what the live host served, else the route's own Secret, else one of the default store, else
    /// any pair for the host.
    fn browser(&self, way: &Way, host: &str) -> Leg {
        if let Some(served) = self.served.get(host) {
            return self.leg(host, Some(*served), Vec::new());
        }
        let in_secret = |group: &Group, secret: &str| -> Option<usize> {
            let mut rows = self
                .in_object(group, secret)
                .filter(|place| matches!(place.origin.key.as_str(), "tls.crt" | "cert"))
                .map(|place| place.row);
            rows.find(|row| !self.rows[*row].details.is_ca)
        };
        let best = |rows: Vec<usize>| {
            let covering = rows.iter().copied().find(|row| self.covers(*row, host));
            covering.or_else(|| rows.first().copied())
        };
        let certificate = match &way.answer {
            Answer::Secrets(secrets) => {
                let rows = secrets.iter();
                best(
                    rows.filter_map(|(group, name)| in_secret(group, name))
                        .collect(),
                )
            }
            // An entry point that adds TLS takes the store, too.
            Answer::Unknown if way.front.gateway.is_some() => None,
            Answer::Store | Answer::Unknown => {
                let mut stored = Vec::new();
                for store in &self.routing.stores {
                    let group = self.groups.of_home(&store.home);
                    let secrets = store.secrets.iter();
                    stored.extend(secrets.filter_map(|secret| in_secret(&group, secret)));
                }
                // A store's default certificate answers for hosts that no certificate covers.
                best(stored).or_else(|| self.pair_for(host))
            }
            Answer::Plain => None,
        };
        let mut leg = self.leg(host, certificate, Vec::new());
        leg.wire = match way.answer {
            Answer::Plain => Wire::Plain,
            Answer::Unknown => Wire::Unknown,
            Answer::Secrets(_) | Answer::Store => Wire::Tls,
        };
        leg
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
    fn backend(&self, way: &Way, host: &str, browser: Option<usize>) -> Leg {
        let name = way.server_name.as_deref().unwrap_or(host);
        if matches!(way.wire, Wire::Plain | Wire::Mesh) {
            return Leg {
                wire: way.wire,
                ..self.leg(name, None, Vec::new())
            };
        }
        let leaves = self.leaves(&way.group);
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
        let objects = match &way.trusting {
            Trusting::Objects(objects) => &objects[..],
            Trusting::Elsewhere | Trusting::Anything => &[],
        };
        let mut trust = Vec::new();
        for (group, object) in objects {
            let places: Vec<&Place<'_>> = self.in_object(group, object).collect();
            let key = CA_KEYS
                .into_iter()
                .find(|key| places.iter().any(|place| place.origin.key == *key));
            let counts = |place: &&&Place<'_>| key.is_none_or(|key| place.origin.key == key);
            trust.extend(places.iter().filter(counts).map(|place| place.row));
        }
        let mut leg = self.leg(name, certificate, trust);
        leg.wire = way.wire;
        if matches!(way.trusting, Trusting::Anything) {
            leg.verdict = Trust::Unchecked;
        }
        leg
    }

    fn database(&self, group: &Group) -> Option<Leg> {
        let is_for_database = |row: &Row| {
            let names = row.details.subject_alt_names.iter();
            let mut names = names.chain(&row.details.common_name);
            names.any(|name| name == DATABASE_SERVICE)
        };
        let leaves = self.leaves(group);
        let certificate = leaves
            .clone()
            .filter(|place| place.origin.key == DATABASE_KEY)
            .chain(leaves.filter(|place| is_for_database(&self.rows[place.row])))
            .map(|place| place.row)
            .next()?;
        let places = self.places.get(group)?.iter();
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
            wire: Wire::Tls,
            certificate,
            trust,
            verdict,
        }
    }

    fn signature(&self, certificate: Option<usize>, trust: &[usize]) -> Trust {
        match certificate.map(|leaf| &self.rows[leaf]) {
            // What a Certificate announces has no issuer's name to compare.
            Some(leaf) if !trust.is_empty() && !leaf.details.sha256.is_empty() => {
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
        group: &Group,
    ) -> impl Iterator<Item = &'s Place<'s>> + Clone + use<'s> {
        let places = self.places.get(group).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(|place| !self.rows[place.row].details.is_ca)
    }

    fn in_object<'s>(&'s self, group: &Group, name: &str) -> impl Iterator<Item = &'s Place<'s>> {
        let places = self.places.get(group).map(Vec::as_slice);
        let places = places.unwrap_or_default().iter();
        places.filter(move |place| place.origin.name == name)
    }
}
