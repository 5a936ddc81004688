//! The order in which the hops of a path change from one topology to another, so that no request is lost.
//!
//! Three parts may differ: how requests arrive, the httpd, and the route by which the ingress takes them to it.
//! [`order`] takes the parts in a sequence after each of which all hops fit, and writes each out as changes of one hop
//! at a time: what receives is made ready for both before what sends is turned, and gives up the old only when
//! nothing comes by it any more. A new topology needs nothing here but what [`misfit`] has to know of it.

use super::arrival::{Arrival, Onward};
use super::expand::{Topology, expand};
use super::hop::{Inward, Outward, ProxyVersion};
use crate::cidr::Cidr;
use crate::fault::Fault;
use crate::instance::Instance;
use crate::load_balancer::LoadBalancer;
use crate::values::SecretKeyRef;

/// What the hops of an instance are at one end of a move, or between two parts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How requests arrive.
    pub arrival: Arrival,
    /// How the ingress takes them.
    pub route: Route,
    /// What the httpd is.
    pub httpd: Manner,
}

/// How the ingress takes the requests for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// It ends their TLS, and begins another in which it trusts the CA of the instance: an IngressRoute.
    Ended,
    /// It takes plain http, and begins the same TLS: an IngressRoute too, at the entry point `web`.
    Plain,
    /// It passes their TLS on by the name that is asked for, behind this version of the PROXY protocol: an
    /// IngressRouteTCP.
    Passed(Option<ProxyVersion>),
}

/// What an httpd is when it has started; another manner needs a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// Where the certificate is that it shows.
    pub certificate: SecretKeyRef,
    /// Whether browsers know the CA of that; else the ingress trusts it.
    pub is_public: bool,
    /// Whether the PROXY protocol must go before each connection: version 1 or 2 (`RemoteIPProxyProtocol`).
    pub takes_proxy: bool,
    /// Whether it asks whoever connects for a certificate (`SSLVerifyClient require`).
    pub asks: bool,
    /// Whose `X-Forwarded-For` Drupal believes.
    pub believes: Believed,
}

/// Whose `X-Forwarded-For` Drupal believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Believed {
    /// That of whoever connects to httpd, as the chart's init script has it.
    Peer,
    /// The same, and that of a load balancer at these addresses.
    Balancer(Vec<Cidr>),
    /// Nobody's.
    Nobody,
}

/// A change of one hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The ingress believes both load balancers, and listens for both ways.
    Believe,
    /// The load balancer to come is set up; browsers do not know it yet.
    SetUp,
    /// The load balancer trusts both what the ingress shows and what the httpd shows, and shows its own certificate to
    /// either; one that does not change without loss is followed by another one that does.
    Trust,
    /// The load balancer does what it is to do; one that does not change without loss is followed by another one that does.
    Turn,
    /// Browsers are led to the new address, until none comes by the old one.
    Lead,
    /// The ingress, and what is before it, give up what only the old way needed.
    Settle,
    /// Drupal believes other load balancers.
    Acquaint,
    /// A copy of the httpd starts beside it, behind a Service of its own.
    Double,
    /// The route leads to the copy, until nothing comes to the httpd.
    Divert,
    /// The httpd restarts as it is to be.
    Rework,
    /// The route leads to the httpd again, until nothing comes to the copy.
    Return,
    /// The old route is there under a second name, too: the new one is of the same kind, and takes its name.
    Keep,
    /// The new route is there, beside the old one.
    Open,
    /// The old route leaves new connections to the new one, and goes on answering on those that are open.
    Yield,
    /// The old route goes, when nothing comes by it any more.
    Close,
    /// The copy goes.
    Dismiss,
}

/// A change, and what the hops are before and after the part that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// The number of its part, from 0.
    pub part: usize,
    /// Before its part.
    pub before: Standing,
    /// After its part.
    pub after: Standing,
}

impl Standing {
    /// Returns what the hops of an instance are in a topology.
    #[must_use]
    pub fn new(topology: Topology, arrival: &Arrival, instance: &Instance) -> Self {
        let path = expand(topology, instance, None);
        let route = match (&path.inward, &path.outward) {
            (Inward::PassedThrough, _) | (_, Outward::PassedThrough) => Route::Passed(path.proxy),
            (Inward::Plain, _) => Route::Plain,
            _ => Route::Ended,
        };
        let is_passed = matches!(route, Route::Passed(_));
        let believes = match arrival.ending() {
            [] if is_passed => Believed::Nobody,
            [] => Believed::Peer,
            ranges => Believed::Balancer(ranges.to_vec()),
        };
        Self {
            arrival: arrival.clone(),
            route,
            httpd: Manner {
                certificate: instance.shown().server_cert,
                is_public: instance.extras.public_certificate.is_some(),
                takes_proxy: path.proxy.is_some(),
                asks: is_passed && instance.extras.clients.is_some(),
                believes,
            },
        }
    }

    fn with(&self, part: Part, to: &Self) -> Self {
        let mut changed = self.clone();
        if part == Part::Known {
            changed.httpd.believes = self.httpd.believes.with(&to.httpd.believes);
        }
        if matches!(part, Part::Arrival | Part::Way | Part::All) {
            changed.arrival.clone_from(&to.arrival);
        }
        if matches!(part, Part::Httpd | Part::Inside | Part::All) {
            changed.httpd.clone_from(&to.httpd);
        }
        if matches!(part, Part::Route | Part::Inside | Part::Way | Part::All) {
            changed.route = to.route;
        }
        changed
    }
}

impl Believed {
    /// Returns the load balancers of both; what there was, where one of the two has none.
    fn with(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Balancer(known), Self::Balancer(further)) => {
                let further = further.iter().filter(|range| !known.contains(range));
                Self::Balancer(known.iter().chain(further).copied().collect())
            }
            _ => self.clone(),
        }
    }
}

impl Manner {
    /// Returns whether it becomes the other one without a restart: Drupal reads which load balancers there are at each
    /// request. What is mounted into an httpd that asks for a certificate does not change while it runs (`subPath`).
    fn differs_in_balancers_alone(&self, other: &Self) -> bool {
        let is_told = |manner: &Self| matches!(manner.believes, Believed::Balancer(_));
        let alike = Self {
            believes: other.believes.clone(),
            ..self.clone()
        };
        is_told(self) && is_told(other) && !self.asks && alike == *other
    }
}

/// What changes from one standing to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Arrival,
    /// Drupal believes the load balancers of both ends.
    Known,
    Httpd,
    Route,
    /// The httpd and the route at once: a copy of the httpd answers by the old route meanwhile.
    Inside,
    /// The arrival and the route at once: the two routes listen at different entry points.
    Way,
    /// All of it at once, likewise.
    All,
}

/// The sequences to try, the shortest first.
const SEQUENCES: [&[Part]; 11] = [
    &[Part::Arrival, Part::Inside],
    &[Part::Inside, Part::Arrival],
    &[Part::Httpd, Part::Arrival, Part::Route],
    &[Part::Route, Part::Arrival, Part::Httpd],
    &[Part::Arrival, Part::Httpd, Part::Route],
    &[Part::Arrival, Part::Route, Part::Httpd],
    &[Part::Httpd, Part::Way],
    &[Part::Way, Part::Httpd],
    &[Part::Known, Part::Arrival, Part::Httpd],
    &[Part::Known, Part::Way, Part::Httpd],
    &[Part::All],
];

/// Returns the changes from one standing to another, in their order; none if they are the same.
///
/// # Errors
/// A move that loses requests, with the way round.
pub fn order(from: &Standing, to: &Standing) -> Result<Vec<Step>, Fault> {
    if let Some(why) = misfit(&to.arrival, to.route, &to.httpd) {
        return Err(Fault::new(why));
    }
    let mut corners = Err(
        Fault::new("no order of steps keeps all hops fitting on this way")
            .help("move to `direct` first, and from there to where you want"),
    );
    for sequence in SEQUENCES {
        corners = corners.or_else(|fault| walk(from, to, sequence).ok_or(fault));
    }
    let mut steps = Vec::new();
    for (part, (before, after)) in corners?.into_iter().enumerate() {
        let changes = if before.arrival == after.arrival {
            inside(&before, &after)
        } else if before.route == after.route {
            arriving(&before.arrival, &after.arrival)
        } else if are_apart(before.route, after.route) {
            at_once(&before, &after)
        } else {
            Ok(onward(&before, &after))
        };
        let step = |change| Step {
            change,
            part,
            before: before.clone(),
            after: after.clone(),
        };
        steps.extend(changes?.into_iter().map(step));
    }
    Ok(steps)
}

/// Returns how requests arrive where a move has to stop on its way.
///
/// To and from a load balancer that speaks TLS to the httpd a move goes by the same one speaking TLS to the ingress, or plain
/// http where that is the other end.
#[must_use]
pub fn stop(from: &Arrival, to: &Arrival) -> Option<Arrival> {
    let (balancer, other) = match (from, to) {
        (Arrival::Ended { onward, .. }, Arrival::Ended { onward: next, .. }) if onward == next => {
            return None;
        }
        (
            Arrival::Ended {
                balancer,
                onward: Onward::ToHttpd,
            },
            other,
        )
        | (
            other,
            Arrival::Ended {
                balancer,
                onward: Onward::ToHttpd,
            },
        ) => (balancer, other),
        _ => return None,
    };
    let stop = Arrival::Ended {
        balancer: balancer.clone(),
        onward: Onward::Tls,
    };
    let is_there = matches!(same_balancer(other, &stop), Ok(Some(Stay::AsItIs)));
    (!other.is_plain() && !is_there).then_some(stop)
}

/// Follows a sequence; what does not differ is left out. Nothing if hops would not fit on the way.
fn walk(from: &Standing, to: &Standing, sequence: &[Part]) -> Option<Vec<(Standing, Standing)>> {
    let mut corners = Vec::new();
    let mut here = from.clone();
    for part in sequence {
        let next = here.with(*part, to);
        if next != here {
            let is_at_once = matches!(part, Part::Way | Part::All);
            let can_be = !is_at_once
                || are_apart(here.route, next.route)
                || is_turned_onward(&here.arrival, &next.arrival);
            if !can_be || misfit(&next.arrival, next.route, &next.httpd).is_some() {
                return None;
            }
            corners.push((here, next.clone()));
        }
        here = next;
    }
    Some(corners)
}

/// Returns whether a load balancer that comes from where it came from speaks TLS to the ingress at one end and to the httpd at
/// the other.
fn is_turned_onward(from: &Arrival, to: &Arrival) -> bool {
    let is_between = from.meets_httpd() != to.meets_httpd() && !from.is_plain() && !to.is_plain();
    is_between && from.ending() == to.ending() && are_at_one_place(from, to)
}

/// Returns whether the load balancers are of one kind, and browsers find both at one address.
fn are_at_one_place(from: &Arrival, to: &Arrival) -> bool {
    let (Some(old), Some(new)) = (from.balancer(), to.balancer()) else {
        return false;
    };
    let is_moved = old.address.is_some() && new.address.is_some() && old.address != new.address;
    old.kind == new.kind && !is_moved
}

/// Explains why hops do not fit, if they do not.
#[must_use]
pub fn misfit(arrival: &Arrival, route: Route, httpd: &Manner) -> Option<&'static str> {
    let is_passed = matches!(route, Route::Passed(_));
    if arrival.is_plain() != (route == Route::Plain) {
        return Some("Traefik takes plain http at one entry point, and TLS at another");
    }
    let balancers = arrival.ending();
    if !balancers.is_empty() && is_passed != arrival.meets_httpd() {
        return Some(if is_passed {
            "the load balancer ends TLS, and verifies Traefik: it cannot meet the httpd"
        } else {
            "the load balancer ends TLS, and verifies httpd: it cannot meet Traefik"
        });
    }
    let meets_browsers = is_passed && balancers.is_empty();
    if meets_browsers != httpd.is_public {
        return Some(if meets_browsers {
            "browsers do not know the CA of the certificate that httpd shows"
        } else {
            "whoever connects to httpd does not trust the CA of the certificate that it shows"
        });
    }
    if matches!(route, Route::Passed(Some(_))) != httpd.takes_proxy {
        return Some("httpd waits for the PROXY protocol, and nobody sends it, or the reverse");
    }
    if httpd.asks && !is_passed {
        return Some("httpd asks for a certificate that Traefik does not have");
    }
    if is_passed && !balancers.is_empty() && !httpd.asks {
        return Some("whoever reaches httpd passes for the load balancer");
    }
    match (&httpd.believes, meets_browsers) {
        (Believed::Nobody, true) => None,
        (Believed::Nobody, false) => Some("Drupal takes every request for one of Traefik's"),
        (_, true) => Some("Drupal believes what browsers write into `X-Forwarded-For`"),
        (Believed::Peer, false) if balancers.is_empty() => None,
        (Believed::Balancer(known), false) if covers(known, balancers) => None,
        (Believed::Peer | Believed::Balancer(_), false) => {
            Some("Drupal takes every request for one of the load balancer's")
        }
    }
}

/// Returns whether all ranges are among those that are known.
fn covers(known: &[Cidr], ranges: &[Cidr]) -> bool {
    ranges.iter().all(|range| known.contains(range))
}

/// Returns whether an ingress that is set for one arrival also takes another.
#[must_use]
pub fn takes(set: &Arrival, coming: &Arrival) -> bool {
    covers(set.announcing(), coming.announcing())
        && covers(set.forwarding(), coming.forwarding())
        && set.service() == coming.service()
        // Elsewhere the port of plain http redirects to https.
        && (set.is_plain() || !coming.is_plain())
}

/// Returns whether two routes listen at different entry points.
fn are_apart(one: Route, other: Route) -> bool {
    (one == Route::Plain) != (other == Route::Plain)
}

/// Returns the changes of how requests arrive.
fn arriving(from: &Arrival, to: &Arrival) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    if !takes(from, to) {
        changes.push(Change::Believe);
    }
    let is_rendered = |arrival: &Arrival| {
        let balancer = arrival.balancer();
        balancer.is_some_and(|balancer| !balancer.kind.is_asked_for_by_service())
    };
    match same_balancer(from, to)? {
        Some(Stay::Turned) => changes.push(Change::Turn),
        Some(Stay::AsItIs) => {}
        None => {
            if is_rendered(to) {
                changes.push(Change::SetUp);
            }
            changes.push(Change::Lead);
        }
    }
    let is_left = left(from, to).is_some() && is_rendered(from);
    if !takes(to, from) || is_left {
        changes.push(Change::Settle);
    }
    Ok(changes)
}

/// Returns the load balancer by which requests come no more, if there is one.
#[must_use]
pub fn left<'a>(from: &'a Arrival, to: &Arrival) -> Option<&'a LoadBalancer> {
    let is_left = matches!(same_balancer(from, to), Ok(None)) && !is_turned_onward(from, to);
    from.balancer().filter(|_| is_left)
}

/// What becomes of a load balancer that stays.
enum Stay {
    AsItIs,
    Turned,
}

/// Returns what becomes of the load balancer, if it is the same one at both ends.
fn same_balancer(from: &Arrival, to: &Arrival) -> Result<Option<Stay>, Fault> {
    let (Some(old), Some(new)) = (from.balancer(), to.balancer()) else {
        return Ok(None);
    };
    if !are_at_one_place(from, to) {
        return Ok(None);
    }
    let link = |arrival: &Arrival| match arrival {
        Arrival::Direct => (None, None),
        Arrival::Passed { proxy, .. } => (*proxy, None),
        Arrival::Ended { onward, .. } => (None, Some(*onward)),
    };
    if link(from) == link(to) {
        return Ok(Some(Stay::AsItIs));
    }
    if old.kind.turns_without_loss() {
        return Ok(Some(Stay::Turned));
    }
    if old.kind.is_asked_for_by_service() {
        let what = format!(
            "{} drops what is open when it changes what it sends, and Traefik's Service asks for one load balancer",
            old.kind.title()
        );
        let help = "keep the version of the PROXY protocol, or move to `direct` first";
        return Err(Fault::new(what).help(help));
    }
    // Another one is set up, and browsers are led to it.
    let Some(address) = old.address.filter(|_| new.address.is_some()) else {
        return Ok(None);
    };
    let what = format!(
        "{} changes what it sends by a second load balancer, and `{address}` can lead to one of the two alone",
        old.kind.title()
    );
    let help = "name the address of the second one: `--load-balancer-address ADDRESS`, with `--load-balancer` and `--trusted`";
    Err(Fault::new(what).help(help))
}

/// Returns the changes of the httpd and of the route to it.
fn inside(from: &Standing, to: &Standing) -> Result<Vec<Change>, Fault> {
    let is_rerouted = from.route != to.route;
    if !is_rerouted && from.httpd.differs_in_balancers_alone(&to.httpd) {
        return Ok(vec![Change::Acquaint]);
    }
    let is_reworked = from.httpd != to.httpd;
    let is_renamed = matches!((from.route, to.route), (Route::Passed(_), Route::Passed(_)));
    if is_reworked && is_rerouted && is_renamed {
        let what = "the route sends the PROXY protocol from one moment on, and httpd waits for it from another";
        let help = "move to `direct` first, and from there back with the other `--proxy-protocol`";
        return Err(Fault::new(what).help(help));
    }
    let mut changes = Vec::new();
    if is_reworked {
        changes.extend([Change::Double, Change::Divert, Change::Rework]);
    }
    match (from.route, to.route) {
        (Route::Ended, Route::Passed(_)) => {
            changes.extend([Change::Open, Change::Yield, Change::Close]);
        }
        (Route::Passed(_), Route::Ended) => changes.extend([Change::Open, Change::Close]),
        (Route::Passed(_), Route::Passed(_)) if is_rerouted => changes.push(Change::Open),
        _ => changes.push(Change::Return),
    }
    if is_reworked {
        changes.push(Change::Dismiss);
    }
    Ok(changes)
}

/// Returns the changes of the arrival, the route and, if it differs, the httpd at once.
fn at_once(from: &Standing, to: &Standing) -> Result<Vec<Change>, Fault> {
    let is_reworked = from.httpd != to.httpd;
    let mut changes = Vec::new();
    if is_reworked {
        changes.extend([Change::Double, Change::Divert, Change::Rework]);
    }
    let is_passed = [from, to].map(|end| matches!(end.route, Route::Passed(_)));
    if is_passed == [false, false] {
        changes.push(Change::Keep);
    }
    changes.push(Change::Open);
    changes.extend(arriving(&from.arrival, &to.arrival)?);
    changes.push(Change::Close);
    if is_reworked {
        changes.push(Change::Dismiss);
    }
    Ok(changes)
}

/// Returns the changes where a load balancer comes to speak TLS to the httpd and not to the ingress, or the reverse.
///
/// It keeps connections and asks on them again: once the new route takes new ones, it is followed by a new process, or by a new
/// load balancer, which has none.
fn onward(from: &Standing, to: &Standing) -> Vec<Change> {
    let mut changes = Vec::new();
    if !takes(&from.arrival, &to.arrival) {
        changes.push(Change::Believe);
    }
    changes.extend([
        Change::Double,
        Change::Divert,
        Change::Rework,
        Change::Trust,
        Change::Open,
    ]);
    if from.route == Route::Ended {
        changes.push(Change::Yield);
    }
    changes.extend([Change::Turn, Change::Close, Change::Dismiss]);
    if !takes(&to.arrival, &from.arrival) {
        changes.push(Change::Settle);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Extras;
    use crate::load_balancer::BalancerKind;
    use crate::name::{DnsName, Namespace, ObjectName};
    use crate::path::check::wants;
    use crate::path::expand::TopologyName;
    use crate::path::served::Wants;
    use crate::pki::client_authorities::ClientAuthorities;
    use crate::values::Settings;
    use Change::{
        Acquaint, Believe, Close, Dismiss, Divert, Double, Keep, Lead, Open, Return, Rework, SetUp,
        Settle, Trust, Turn, Yield,
    };
    use std::sync::Arc;

    /// The whole of a cluster between two changes, as far as requests pass it.
    #[derive(Debug, Clone)]
    struct Point {
        /// By which arrivals requests may come.
        coming: Vec<Coming>,
        /// For which the ingress is set.
        set_for: Vec<Arrival>,
        routes: Vec<Way>,
        httpd: Manner,
        copy: Option<Manner>,
    }

    /// How requests may come: either way, while a load balancer trusts both what the ingress shows and what the httpd shows.
    type Coming = Vec<Arrival>;

    /// A route, and where it leads.
    #[derive(Debug, Clone, PartialEq)]
    struct Way {
        route: Route,
        names_host: bool,
        to_copy: bool,
        /// Whether all connections have been opened since it takes none.
        is_left: bool,
    }

    impl Point {
        fn of(standing: &Standing) -> Self {
            let way = Way {
                route: standing.route,
                names_host: true,
                to_copy: false,
                is_left: false,
            };
            Self {
                coming: vec![vec![standing.arrival.clone()]],
                set_for: vec![standing.arrival.clone()],
                routes: vec![way],
                httpd: standing.httpd.clone(),
                copy: None,
            }
        }

        /// The route that takes a new connection of any that may come: an IngressRoute that names the host is asked first.
        fn taking(&self) -> Route {
            if self.coming.iter().flatten().all(Arrival::is_plain) {
                return Route::Plain;
            }
            let ended = |way: &&Way| way.route == Route::Ended && way.names_host;
            let passed = |way: &&Way| matches!(way.route, Route::Passed(_));
            let first = self.routes.iter().find(ended);
            let first = first.or_else(|| self.routes.iter().find(passed));
            first.unwrap_or(&self.routes[0]).route
        }

        fn after(&self, step: &Step) -> Self {
            let mut next = self.clone();
            let (before, after) = (&step.before, &step.after);
            match step.change {
                Change::Believe => next.set_for.push(after.arrival.clone()),
                Change::SetUp | Change::Keep => {}
                Change::Trust => {
                    next.coming = vec![vec![before.arrival.clone(), after.arrival.clone()]];
                }
                Change::Turn | Change::Lead => {
                    next.coming = vec![vec![after.arrival.clone()]];
                    let taking = next.taking();
                    for way in &mut next.routes {
                        way.is_left = way.route != taking;
                    }
                }
                Change::Acquaint => next.httpd = after.httpd.clone(),
                Change::Settle => next.set_for = vec![after.arrival.clone()],
                Change::Double => next.copy = Some(before.httpd.clone()),
                Change::Divert => next.routes[0].to_copy = true,
                Change::Rework => {
                    assert!(self.routes.iter().all(|way| way.to_copy));
                    next.httpd = after.httpd.clone();
                }
                Change::Return => next.routes[0].to_copy = false,
                Change::Open => {
                    let way = Way {
                        route: after.route,
                        names_host: true,
                        to_copy: false,
                        is_left: false,
                    };
                    next.routes.push(way);
                }
                Change::Yield => next.routes[0].names_host = false,
                Change::Close => {
                    assert_ne!(self.taking(), before.route);
                    next.routes.remove(0);
                }
                Change::Dismiss => {
                    assert!(self.routes.iter().all(|way| !way.to_copy));
                    next.copy = None;
                }
            }
            next
        }

        /// Asks of each request that may come, on a new connection or one that is open, whether it is answered.
        fn check(&self, title: &str, coming: &[Coming], instances: &[(Topology, Instance)]) {
            for arrivals in coming {
                let is_plain = arrivals.iter().all(Arrival::is_plain);
                let reached = self.routes.iter();
                let reached: Vec<&Way> = reached
                    .filter(|way| !way.is_left && (way.route == Route::Plain) == is_plain)
                    .collect();
                assert!(!reached.is_empty(), "{self:#?}");
                for way in reached {
                    let httpd = match &self.copy {
                        Some(copy) if way.to_copy => copy,
                        _ => &self.httpd,
                    };
                    let why = |arrival: &&Arrival| misfit(arrival, way.route, httpd);
                    let fitting = arrivals.iter().find(|arrival| why(arrival).is_none());
                    let found: Vec<_> = arrivals.iter().map(|arrival| why(&arrival)).collect();
                    let arrival = fitting.unwrap_or_else(|| {
                        panic!("{title}: {found:?}: {arrivals:?}, {way:?}, {httpd:?}")
                    });
                    assert!(self.set_for.iter().any(|set| takes(set, arrival)));
                    // The same of the PROXY protocol by the checker of manifests.
                    let (topology, instance) = instances
                        .iter()
                        .find(|(topology, instance)| {
                            let standing = Standing::new(*topology, &Arrival::Direct, instance);
                            standing.route == way.route
                        })
                        .unwrap();
                    let wanted = Wants {
                        proxy: Some(httpd.takes_proxy),
                        certificate: false,
                    };
                    let path = expand(*topology, instance, None);
                    assert!(wants(&path, wanted).is_empty(), "{self:#?}");
                }
            }
        }
    }

    fn instance(topology: TopologyName) -> Instance {
        let public = (topology == TopologyName::Passthrough).then(|| ObjectName::parse("web-tls"));
        let clients = (topology == TopologyName::Inspect).then(|| {
            Arc::new(
                ClientAuthorities::parse(include_str!("../../tests/fixtures/root.crt")).unwrap(),
            )
        });
        let extras = Extras {
            public_certificate: public.transpose().unwrap(),
            clients,
            ..Extras::default()
        };
        let host = DnsName::parse("a.example.org").ok();
        let namespace = Namespace::parse("a").unwrap();
        Instance::new(namespace, host, Vec::new(), Settings::default(), extras).unwrap()
    }

    /// Each word with each load balancer that it can be had with, each of two addresses and ranges.
    fn ends() -> Vec<(String, Standing, (Topology, Instance))> {
        let mut ends = Vec::new();
        for name in TopologyName::ALL {
            let kinds = BalancerKind::ALL.iter().map(|kind| Some(*kind));
            for kind in std::iter::once(None).chain(kinds) {
                let trusted: &[&str] = match kind {
                    Some(BalancerKind::MetalLb) | None => &[],
                    Some(BalancerKind::HaProxy) => &["10.0.0.7"],
                    Some(_) => &["10.0.0.0/20"],
                };
                let balancer = kind.map(|kind| LoadBalancer {
                    kind,
                    trusted: trusted.iter().flat_map(|text| Cidr::parse(text)).collect(),
                    proxy_protocol: None,
                    address: None,
                    nodes: Vec::new(),
                });
                let Ok(arrival) = Arrival::new(*name, balancer.as_ref()) else {
                    continue;
                };
                let topology = name.with(Topology::TO_HTTPD);
                let instance = instance(*name);
                let standing = Standing::new(topology, &arrival, &instance);
                let kind = kind.map_or("none", BalancerKind::name);
                let title = format!("{} {kind}", name.as_str());
                ends.push((title, standing, (topology, instance)));
            }
        }
        ends
    }

    #[test]
    fn between_any_two_steps_each_leg_takes_what_the_one_before_it_sends() {
        let ends = ends();
        let instances: Vec<(Topology, Instance)> = ends
            .iter()
            .map(|(_, _, instance)| instance.clone())
            .collect();
        for (old, from, _) in &ends {
            for (new, to, _) in &ends {
                let steps = match order(from, to) {
                    Ok(steps) => steps,
                    // By another topology.
                    Err(fault) => {
                        let is_stopped = stop(&from.arrival, &to.arrival).is_some();
                        assert!(is_stopped, "{old} -> {new}: {fault}");
                        assert!(fault.help.is_some());
                        continue;
                    }
                };
                assert_eq!(steps.is_empty(), from == to, "{old} -> {new}");
                let title = format!("{old} -> {new}");
                assert_eq!(stop(&from.arrival, &to.arrival), None, "{title}");
                let mut point = Point::of(from);
                point.check(&title, &point.coming, &instances);
                for step in &steps {
                    let next = point.after(step);
                    // While a step is taken, requests may come as before it and as after it, at what is not changed yet
                    // and at what is.
                    if matches!(step.change, Turn | Lead) {
                        // What comes as after it is new, and goes by the route that takes new connections.
                        point.check(&title, &point.coming, &instances);
                        let new = Point {
                            set_for: point.set_for.clone(),
                            ..next.clone()
                        };
                        new.check(&title, &next.coming, &instances);
                    } else {
                        let coming: Vec<Coming> =
                            point.coming.iter().chain(&next.coming).cloned().collect();
                        point.check(&title, &coming, &instances);
                        next.check(&title, &coming, &instances);
                    }
                    point = next;
                }
                let end = Point::of(to);
                assert_eq!(point.routes, end.routes, "{old} -> {new}");
                assert_eq!(point.httpd, end.httpd, "{old} -> {new}");
                assert_eq!((point.copy, point.coming), (None, end.coming));
                // The ingress takes no more than it is to.
                assert!(point.set_for.iter().all(|set| takes(&to.arrival, set)));
            }
        }
    }

    #[test]
    fn what_differs_decides_which_steps_there_are() {
        let ends = ends();
        let find = |title: &str| &ends.iter().find(|(name, ..)| name == title).unwrap().1;
        let changes = |from: &str, to: &str| -> Vec<Change> {
            let steps = order(find(from), find(to)).unwrap();
            steps.iter().map(|step| step.change).collect()
        };
        let arrive = [Believe, SetUp, Lead];
        assert_eq!(changes("direct none", "tcp-proxy haproxy"), arrive);
        assert_eq!(changes("tcp-proxy haproxy", "direct none"), [Lead, Settle]);
        assert_eq!(
            changes("direct none", "tcp-proxy openstack"),
            [Believe, Lead, Settle]
        );
        let pass = [Double, Divert, Rework, Open, Yield, Close, Dismiss];
        assert_eq!(changes("tcp-proxy haproxy", "passthrough haproxy"), pass);
        assert_eq!(
            changes("passthrough haproxy", "tcp-proxy haproxy"),
            [Double, Divert, Rework, Open, Close, Dismiss]
        );
        assert_eq!(
            changes("direct none", "passthrough haproxy"),
            [&arrive[..], &pass].concat()
        );
        let rework = [Double, Divert, Rework, Return, Dismiss];
        assert_eq!(
            changes("tcp-proxy haproxy", "inspect-twice haproxy"),
            [&rework[..], &[Believe, Turn, Settle]].concat()
        );
        assert_eq!(
            changes("inspect-twice haproxy", "tcp-proxy haproxy"),
            [&[Believe, Turn, Settle], &rework[..]].concat()
        );
        assert_eq!(
            changes("inspect-twice terraform", "tcp-proxy terraform")[..3],
            [Believe, SetUp, Lead]
        );
        assert_eq!(
            changes("inspect-twice haproxy", "offload haproxy"),
            [Keep, Open, Believe, Turn, Close]
        );
        assert_eq!(
            changes("inspect-twice haproxy", "inspect haproxy"),
            [
                Double, Divert, Rework, Trust, Open, Yield, Turn, Close, Dismiss, Settle
            ]
        );
        assert_eq!(
            changes("inspect-twice terraform", "inspect terraform"),
            changes("inspect-twice haproxy", "inspect haproxy")
        );
        assert_eq!(
            changes("inspect haproxy", "inspect-twice haproxy"),
            [
                Believe, Double, Divert, Rework, Trust, Open, Turn, Close, Dismiss
            ]
        );
        assert_eq!(
            changes("inspect-twice haproxy", "inspect-twice terraform"),
            [Acquaint, Believe, SetUp, Lead, Settle, Acquaint]
        );
        assert_eq!(
            changes("offload terraform", "inspect haproxy"),
            [
                Double, Divert, Rework, Open, SetUp, Lead, Settle, Close, Dismiss
            ]
        );
        assert_eq!(
            changes("offload haproxy", "passthrough haproxy"),
            [
                Double, Divert, Rework, Open, Believe, Turn, Settle, Close, Dismiss
            ]
        );
    }

    #[test]
    fn a_move_to_and_from_inspect_stops_where_the_load_balancer_speaks_tls_to_traefik() {
        let ends = ends();
        let find = |title: &str| &ends.iter().find(|(name, ..)| name == title).unwrap().1;
        let stop = |from: &str, to: &str| {
            let stop = stop(&find(from).arrival, &find(to).arrival);
            stop.map(|arrival| {
                let mut named = ends.iter().filter(|(_, end, _)| end.arrival == arrival);
                named.next().unwrap().0.clone()
            })
        };
        let haproxy = Some("inspect-twice haproxy".to_owned());
        assert_eq!(stop("direct none", "inspect haproxy"), haproxy);
        assert_eq!(stop("inspect haproxy", "passthrough openstack"), haproxy);
        assert_eq!(stop("inspect-twice terraform", "inspect haproxy"), haproxy);
        assert_eq!(stop("inspect haproxy", "inspect-twice haproxy"), None);
        assert_eq!(stop("offload haproxy", "inspect haproxy"), None);
        assert_eq!(stop("inspect haproxy", "inspect terraform"), None);
        assert_eq!(stop("direct none", "tcp-proxy haproxy"), None);
        // Each part of the way is in order.
        for (old, from, _) in &ends {
            for (new, to, _) in &ends {
                let Some(arrival) = super::stop(&from.arrival, &to.arrival) else {
                    continue;
                };
                let mut named = ends.iter().filter(|(_, end, _)| end.arrival == arrival);
                let between = &named.next().unwrap().1;
                for (here, there) in [(from, between), (between, to)] {
                    assert!(order(here, there).is_ok(), "{old} -> {new}");
                }
            }
        }
    }

    #[test]
    fn a_second_load_balancer_needs_an_address_of_its_own() {
        let ends = ends();
        let at = |title: &str, address: &str| {
            let found = ends.iter().find(|(name, ..)| name == title);
            let mut standing = found.unwrap().1.clone();
            match &mut standing.arrival {
                Arrival::Passed { balancer, .. } | Arrival::Ended { balancer, .. } => {
                    balancer.address = address.parse().ok();
                }
                Arrival::Direct => panic!("no load balancer"),
            }
            standing
        };
        let moved = |kind: &str, address: &str| {
            let from = at(&format!("tcp-proxy {kind}"), "192.0.2.10");
            order(&from, &at(&format!("offload {kind}"), address))
        };
        let fault = moved("terraform", "192.0.2.10").unwrap_err();
        assert!(fault.what.contains("`192.0.2.10`") && fault.help.is_some());
        assert!(moved("terraform", "192.0.2.11").is_ok());
        assert!(moved("haproxy", "192.0.2.10").is_ok());
        // Here the first one is gone when the last one comes.
        let from = at("inspect-twice terraform", "192.0.2.10");
        assert!(order(&from, &at("inspect terraform", "192.0.2.10")).is_ok());
    }
}
