//! The path of each instance: what a request passes, which certificate answers on which leg, and whether the next one
//! trusts it.

mod index;

pub use crate::path::hop::{Front, FrontKind};

use super::{Row, Urgency};
use crate::civiparoisse::HTTPD_CERT;
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind};
use crate::fleet::Fleet;
use crate::kinds::service::Balancer;
use crate::path::Routed;
use crate::path::arrival::Arrival;
use crate::path::hop::{Httpd, Known};
use index::{Approach, Index};
use std::collections::{BTreeMap, BTreeSet};

/// An instance behind Traefik or another gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstancePath {
    /// Its namespace, if it is given.
    pub namespace: Option<String>,
    /// Its namespace, else the directory or file of its manifests.
    pub home: String,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// How urgent the most urgent of its own certificates is; nothing if none was found. The certificate of a
    /// gateway does not count: it serves the whole fleet and has a row of its own.
    pub urgency: Option<Urgency>,
    /// The load balancer before the cluster, as far as it is known.
    pub balancer: Option<Before>,
    /// What answers browsers, or passes them on.
    pub front: Front,
    /// From the browser, or the load balancer that ends its TLS, to where TLS ends.
    pub browser: JudgedLeg,
    /// From the front to httpd.
    pub backend: JudgedLeg,
    /// Instance to database, where a certificate of it was found.
    pub database: Option<JudgedLeg>,
}

/// A load balancer before the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Namespace of the Service that asks for it, as far as it is known.
    pub namespace: Option<String>,
    /// Name of that Service, or its kind where the fleet file tells of it and no Service asks for it.
    pub name: String,
    /// Whether a Service asks for it.
    pub is_service: bool,
    /// Its addresses and names, as far as they are known.
    pub addresses: Vec<String>,
    /// The version of the PROXY protocol that it speaks, as written.
    pub proxy_protocol: Option<String>,
    /// Whether it ends the TLS of browsers.
    pub ends_tls: bool,
}

impl From<&Balancer> for Before {
    fn from(balancer: &Balancer) -> Self {
        Self {
            namespace: balancer.namespace.clone(),
            name: balancer.name.clone(),
            is_service: true,
            addresses: balancer.addresses.clone(),
            proxy_protocol: balancer.proxy_protocol.clone(),
            ends_tls: balancer.ends_tls.is_some(),
        }
    }
}

impl Before {
    /// Returns the load balancer of a fleet, if it has one.
    fn of(fleet: &Fleet) -> Option<Self> {
        let balancer = fleet.arrival.balancer()?;
        let proxy = match &fleet.arrival {
            Arrival::Passed { proxy, .. } => *proxy,
            Arrival::Direct | Arrival::Ended { .. } => None,
        };
        Some(Self {
            namespace: None,
            name: balancer.kind.name().to_owned(),
            is_service: false,
            addresses: balancer.address.iter().map(ToString::to_string).collect(),
            proxy_protocol: proxy.map(|version| format!("v{}", version.number())),
            ends_tls: !fleet.arrival.ending().is_empty(),
        })
    }
}

/// What goes over a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// TLS that begins and ends with it.
    Tls,
    /// TLS of the leg before, unopened.
    PassedThrough,
    /// Nothing that is encrypted.
    Plain,
    /// The mesh's own TLS, with certificates that no manifest holds.
    Mesh,
    /// The manifests do not say.
    Unknown,
}

impl Wire {
    /// Returns the word for it in reports for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::PassedThrough => "passthrough",
            Self::Plain => "plain",
            Self::Mesh => "mesh",
            Self::Unknown => "unknown",
        }
    }
}

/// One connection; the numbers are those of [`Report::rows`](super::Report::rows).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLeg {
    /// The name that the client expects.
    pub name: String,
    /// What goes over it.
    pub wire: Wire,
    /// The certificate that answers, if it was found.
    pub certificate: Option<usize>,
    /// What the client trusts, as far as it was found.
    pub trust: Vec<usize>,
    /// Whether that is enough.
    pub verdict: LegVerdict,
}

/// What the client of a leg makes of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegVerdict {
    /// The certificate or what signed it was not found.
    Unknown,
    /// A CA that the client trusts has the name and key identifier of the certificate's issuer.
    Signed,
    /// No CA that the client trusts is the certificate's issuer.
    NotSigned,
    /// The certificate is not for the expected name.
    OtherName,
    /// The client takes any certificate.
    Unchecked,
}

/// What a request passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The browser.
    Browser,
    /// The load balancer.
    Balancer,
    /// The front.
    Front,
    /// The instance's httpd.
    Httpd,
    /// Its database.
    Database,
}

impl InstancePath {
    /// Names it: its home and its first host.
    #[must_use]
    pub fn title(&self) -> String {
        let host = self.hosts.first().map_or("", String::as_str);
        match (self.home.as_str(), host) {
            ("", name) | (name, "") => name.to_owned(),
            (home, host) => format!("{home} · {host}"),
        }
    }

    /// Returns whether the TLS of browsers ends at the load balancer.
    #[must_use]
    pub fn ends_before(&self) -> bool {
        self.balancer.as_ref().is_some_and(|before| before.ends_tls)
    }

    /// Returns whether TLS that comes to the front ends at httpd.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.backend.wire == Wire::PassedThrough
    }

    /// Returns what a request passes, each with the leg that it answers.
    #[must_use]
    pub fn stops(&self) -> Vec<(Stop, Option<&JudgedLeg>)> {
        let (front, httpd) = if self.passes_through() {
            (None, &self.browser)
        } else {
            (Some(&self.browser), &self.backend)
        };
        let mut stops = vec![
            (Stop::Browser, None),
            (Stop::Balancer, None),
            (Stop::Front, front),
            (Stop::Httpd, Some(httpd)),
        ];
        let database = self.database.as_ref();
        stops.extend(database.map(|leg| (Stop::Database, Some(leg))));
        stops
    }

    /// Returns its legs with both ends: where TLS begins and where it ends.
    #[must_use]
    pub fn legs(&self) -> Vec<(Stop, Stop, &JudgedLeg)> {
        let first = if self.ends_before() {
            Stop::Balancer
        } else {
            Stop::Browser
        };
        let mut legs = if self.passes_through() {
            vec![(first, Stop::Httpd, &self.browser)]
        } else {
            vec![
                (first, Stop::Front, &self.browser),
                (Stop::Front, Stop::Httpd, &self.backend),
            ]
        };
        let database = self.database.as_ref();
        legs.extend(database.map(|leg| (Stop::Httpd, Stop::Database, leg)));
        legs
    }

    /// Returns the numbers of its own certificates that have to be good: leaves, and the CAs that signed them.
    pub(super) fn needs(&self, rows: &[Row]) -> Vec<usize> {
        let own = if self.passes_through() {
            &self.browser
        } else {
            &self.backend
        };
        let mut needs = Vec::new();
        for leg in [Some(own), self.database.as_ref()].into_iter().flatten() {
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

/// What makes paths one instance: the object that makes them, and the Service that they end at.
type Common<'a> = (Scope, Kind, &'a str, &'a Scope, Option<Httpd>);

/// Finds the instances: one for each Service that a route of some hosts leads to, and one for each scope that has the
/// chart's server certificate and no route.
pub(super) fn instances(
    rows: &[Row],
    cluster: &Cluster,
    paths: Vec<Routed<'_>>,
    fleet: Option<&Fleet>,
) -> Vec<InstancePath> {
    let index = Index::new(rows, cluster, fleet.and_then(Before::of));
    let mut ways: BTreeMap<Common<'_>, Approach> = BTreeMap::new();
    for routed in paths {
        if routed.path.hosts.is_empty() {
            continue;
        }
        let Routed {
            mut path,
            route,
            transport,
            ..
        } = routed;
        let httpd = path.httpd.clone();
        let scope = httpd
            .as_ref()
            .map_or(&route.scope, |httpd| &httpd.service.scope)
            .clone();
        let hosts = std::mem::take(&mut path.hosts);
        let key = (
            scope.clone(),
            route.kind(),
            route.name.as_str(),
            &route.scope,
            httpd,
        );
        let way = ways.entry(key).or_insert_with(|| Approach {
            scope,
            path,
            lacks_transport: matches!(transport, Known::Missing),
        });
        for host in hosts {
            if !way.path.hosts.contains(&host) {
                way.path.hosts.push(host);
            }
        }
    }
    let has_route: BTreeSet<Scope> = ways.keys().map(|(scope, ..)| scope.clone()).collect();
    let mut instances: Vec<InstancePath> =
        ways.into_values().map(|way| index.instance(way)).collect();
    for (scope, held) in &index.held {
        let server = held
            .iter()
            .find(|held| held.origin.key == HTTPD_CERT && !rows[held.row].details.is_ca);
        if let Some(held) = server.filter(|_| !has_route.contains(scope)) {
            let hosts = rows[held.row].details.subject_alt_names.clone();
            instances.push(index.instance(Approach::without_route(scope, hosts)));
        }
    }
    // Rows are sorted by urgency: so are instances by their first one, those without any at the end.
    let mut sorted: BTreeMap<(usize, String), Vec<InstancePath>> = BTreeMap::new();
    for instance in instances {
        let first = instance.needs(rows).first().copied();
        let key = (first.unwrap_or(usize::MAX), instance.title());
        sorted.entry(key).or_default().push(instance);
    }
    sorted.into_values().flatten().collect()
}

/// Returns whether `ca` has the name and, where both tell it, the key identifier of the leaf's issuer
/// (RFC 5280 sections 4.1.2.4 and 4.2.1.1).
fn signed(leaf: &Row, ca: &Row) -> bool {
    let (leaf, ca) = (&leaf.details, &ca.details);
    let same_key = match (&leaf.authority_key_id, &ca.subject_key_id) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => true,
    };
    ca.is_ca && leaf.issuer == ca.subject && same_key
}
