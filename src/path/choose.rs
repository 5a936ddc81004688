//! The routes of Traefik in the order in which it tries them.
//!
//! Among routes of one kind the highest priority goes first, by default the length of the rule; ``HostSNI(`*`)`` goes last.

use super::entrances::Entrances;
use super::fit::covers;
use crate::cluster::{Cluster, Kind, Object};
use crate::kinds::traefik::{IngressRoute, Route};
use crate::name::DnsName;
use crate::rule::Rule;

/// The routes of a kind.
#[derive(Debug, Default)]
pub struct Candidates<'a> {
    /// Those that may be on an entry point of TLS, first those that Traefik tries first.
    pub tried: Vec<Candidate<'a>>,
    /// Those that are on entry points of plain http alone, likewise.
    pub plain: Vec<Candidate<'a>>,
    /// Those that it drops, because it cannot read their rules.
    pub dropped: Vec<Dropped<'a>>,
}

/// A route, and how Traefik ranks it.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The object that it is of.
    pub object: &'a Object,
    /// What the object says.
    pub spec: &'a IngressRoute,
    /// The route.
    pub route: &'a Route,
    /// Its rule.
    pub rule: &'a Rule,
    /// Its priority, as it is written or by the length of the rule.
    pub priority: i64,
}

/// A route whose rule cannot be read.
#[derive(Debug, Clone)]
pub struct Dropped<'a> {
    /// The object that it is of.
    pub object: &'a Object,
    /// The route.
    pub route: &'a Route,
    /// What is wrong with the rule.
    pub why: &'a str,
}

impl Candidate<'_> {
    /// Returns whether it names a host, itself or by a wildcard.
    #[must_use]
    pub fn names(&self, host: &DnsName) -> bool {
        self.route.hosts().iter().any(|name| covers(name, host))
    }

    /// Returns whether it is ``HostSNI(`*`)``, which Traefik tries last.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.route.is_wide()
    }

    /// Returns whether it is of a TCP route that passes TLS on without ending it.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.spec.tls.as_ref().is_some_and(|tls| tls.passthrough)
    }

    /// Returns whether both may listen on one entry point.
    #[must_use]
    pub fn meets(&self, other: &Candidate<'_>) -> bool {
        self.spec.meets(other.spec)
    }
}

/// Returns how Traefik ranks a route: by its `priority`, else by the length of its rule.
#[must_use]
pub fn priority(route: &Route) -> i64 {
    let by_length = || i64::try_from(route.text.len()).unwrap_or(i64::MAX);
    let by_default = || if route.is_wide() { -1 } else { by_length() };
    route.priority.unwrap_or_else(by_default)
}

/// Returns the routes of a kind, IngressRoute or IngressRouteTCP, of a Traefik whose options are not known.
#[must_use]
pub fn candidates(cluster: &Cluster, kind: Kind) -> Candidates<'_> {
    let entrances = Entrances::default();
    let mut found = Candidates::default();
    for object in cluster.of(kind) {
        let Some(spec) = object.resource.ingress_route() else {
            continue;
        };
        let is_plain = spec.tls.is_none() && entrances.are_plain(&spec.entry_points);
        for route in &spec.routes {
            let rule = match &route.rule {
                Ok(rule) => rule,
                Err(_) if is_plain => continue,
                Err(why) => {
                    found.dropped.push(Dropped { object, route, why });
                    continue;
                }
            };
            let ranked = if is_plain {
                &mut found.plain
            } else {
                &mut found.tried
            };
            ranked.push(Candidate {
                object,
                spec,
                route,
                rule,
                priority: priority(route),
            });
        }
    }
    for ranked in [&mut found.tried, &mut found.plain] {
        ranked.sort_by_key(|candidate| std::cmp::Reverse(candidate.priority));
    }
    found
}
