//! The paths that the objects of the Gateway API and of Istio make.

use super::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Known, Outward, Place, ProxyVersion,
    Shown, Trust,
};
use super::pods::{GatewayPods, PodSecret, Pods};
use super::secrets::Secrets;
use super::traefik::named_scope;
use super::{Field, Path, Routed, WayIn};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::ObjectRef;
use crate::kinds::gateway_api::{
    AllowedNamespaces, BackendTlsPolicy, Gateway, GatewayRoute, Listener,
};
use crate::kinds::istio::{
    DestinationMode, DestinationRule, DestinationTls, Host, IstioGateway, RouteDestination,
    RouteKind, Server, VirtualService, named_gateway,
};
use crate::kinds::traefik::Port;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Returns which program serves a Gateway: by the controller of its class, else by the name of the class.
#[must_use]
pub fn front(cluster: &Cluster, gateway: &Gateway) -> FrontKind {
    let class = gateway.class.as_ref().map_or("", |class| &class.value);
    let found = cluster.find_anywhere(Kind::GatewayClass, class);
    let says = match found.and_then(|found| found.resource.gateway_class()) {
        Some(class) if class.controller == "traefik.io/gateway-controller" => "traefik",
        Some(class) if class.controller.starts_with("istio.io/") => "istio",
        Some(_) => "",
        None => class,
    };
    if says.contains("istio") {
        FrontKind::Istio
    } else if says.contains("traefik") {
        FrontKind::Traefik
    } else {
        FrontKind::Gateway
    }
}

/// Which listeners of a Gateway take a route, or why none does.
#[derive(Debug)]
pub enum Taken<'a> {
    /// These do.
    By(Vec<&'a Listener>),
    /// None has the name and port that the route asks for.
    NoneNamed,
    /// Those that are meant take routes of other kinds.
    OtherKind,
    /// They take routes of other namespaces.
    OtherNamespace,
    /// These are for other hosts.
    OtherHost(Vec<&'a Listener>),
}

/// Returns which listeners of a Gateway take a route that names it in one of its `parentRefs`; `takes` tells whether the
/// namespace of the route is among those that a listener takes routes of.
pub fn taken<'a>(
    gateway: &'a Gateway,
    parent: &ObjectRef,
    (kind, hosts): (Kind, &[&str]),
    takes: &dyn Fn(&AllowedNamespaces) -> bool,
) -> Taken<'a> {
    let is_named = |listener: &&Listener| {
        let port = listener.port.as_ref().map(|port| &port.value);
        let named = parent.section.as_ref();
        named.is_none_or(|name| name.value == listener.name)
            && (parent.port.as_ref()).is_none_or(|wanted| Some(&wanted.value) == port)
    };
    let mut left: Vec<&Listener> = gateway.listeners.iter().filter(is_named).collect();
    if left.is_empty() {
        return Taken::NoneNamed;
    }
    left.retain(|listener| takes_kind(listener, kind));
    if left.is_empty() {
        return Taken::OtherKind;
    }
    left.retain(|listener| takes(&listener.namespaces));
    if left.is_empty() {
        return Taken::OtherNamespace;
    }
    let is_met = |listener: &&Listener| {
        let own = listener.host();
        hosts.is_empty() || own.is_none_or(|own| hosts.iter().any(|host| meets(own, host)))
    };
    let met: Vec<&Listener> = left.iter().copied().filter(is_met).collect();
    if met.is_empty() {
        Taken::OtherHost(left)
    } else {
        Taken::By(met)
    }
}

fn takes_kind(listener: &Listener, kind: Kind) -> bool {
    let is_fit = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => kind == Kind::HttpRoute,
        "TLS" => kind == Kind::TlsRoute,
        "TCP" | "UDP" => false,
        // Those of single implementations.
        _ => true,
    };
    let kinds = &listener.kinds;
    is_fit && (kinds.is_empty() || kinds.iter().any(|name| name == kind.as_str()))
}

/// Returns whether a host with an asterisk in front, or without, and another one meet: in the Gateway API as in Istio the
/// asterisk stands for any number of labels.
#[must_use]
pub fn meets(one: &str, other: &str) -> bool {
    let covers = |pattern: &str, host: &str| {
        pattern
            .strip_prefix('*')
            .is_some_and(|tail| host.len() > tail.len() && host.ends_with(tail))
    };
    one == other || covers(one, other) || covers(other, one)
}

/// What the servers of a Gateway of Istio are for, by host; those for many hosts apart.
#[derive(Debug)]
pub struct Offers<'a> {
    exact: BTreeMap<&'a str, Vec<Offer<'a>>>,
    wide: Vec<(&'a str, Offer<'a>)>,
}

/// A server, and the only namespace of the VirtualServices that may use it for a host.
#[derive(Debug, Clone, Copy)]
struct Offer<'a> {
    only: Option<&'a str>,
    server: &'a Server,
}

impl<'a> Offers<'a> {
    /// Takes the servers of a Gateway.
    #[must_use]
    pub fn of(object: &'a Object, gateway: &'a IstioGateway) -> Self {
        let (mut exact, mut wide) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for server in &gateway.servers {
            for host in &server.hosts {
                let only = host.only(object.scope.namespace());
                let (host, offer) = (host.host.as_str(), Offer { only, server });
                if host.starts_with('*') {
                    wide.push((host, offer));
                } else {
                    exact.entry(host).or_default().push(offer);
                }
            }
        }
        Self { exact, wide }
    }

    /// Returns the servers for a host of a VirtualService in a namespace, or in any.
    #[must_use]
    pub fn to(&self, host: &str, namespace: Option<&str>) -> Vec<&'a Server> {
        let wide = self.wide.iter().filter(|(wide, _)| meets(wide, host));
        let mut found: Vec<Offer<'a>> = wide.map(|(_, offer)| *offer).collect();
        if host.starts_with('*') {
            let met = self.exact.iter().filter(|(exact, _)| meets(exact, host));
            found.extend(met.flat_map(|(_, offers)| offers));
        } else {
            found.extend(self.exact.get(host).into_iter().flatten());
        }
        found.retain(|offer| {
            let only = offer.only;
            only.is_none_or(|only| namespace.is_none_or(|own| own == only))
        });
        found.into_iter().map(|offer| offer.server).collect()
    }
}

/// What the Gateways of Istio offer, by scope and name.
type AllOffers<'a> = BTreeMap<(&'a Scope, &'a str), Offers<'a>>;

fn offers(cluster: &Cluster) -> AllOffers<'_> {
    let gateways = cluster.of(Kind::IstioGateway);
    let offers = gateways.filter_map(|object| {
        let gateway = object.resource.istio_gateway()?;
        let key = (&object.scope, object.name.as_str());
        Some((key, Offers::of(object, gateway)))
    });
    offers.collect()
}

/// A route of either of them.
struct AnyRoute<'a> {
    object: &'a Object,
    way_in: WayIn,
    is_istio: bool,
    /// Its hosts, as they are written.
    asked: Vec<&'a str>,
    matched: Field,
    gateways: Vec<Parent<'a>>,
    rules: Vec<AnyRule<'a>>,
}

/// A gateway that a route names.
struct Parent<'a> {
    namespace: Option<&'a str>,
    name: &'a str,
    /// The entry of a route of the Gateway API.
    entry: Option<&'a ObjectRef>,
}

/// A rule, and the Services that it leads to.
struct AnyRule<'a> {
    /// Whether it is for TLS that passes through.
    passes: bool,
    backends: Vec<AnyBackend<'a>>,
}

struct AnyBackend<'a> {
    scope: Scope,
    name: &'a str,
    port: Option<Port>,
    /// That of a destination of Istio.
    subset: Option<&'a str>,
    field: Field,
}

impl<'a> AnyRoute<'a> {
    fn of(cluster: &Cluster, object: &'a Object) -> Option<Self> {
        match &object.resource {
            Resource::HttpRoute(route) | Resource::TlsRoute(route) => {
                // One that is attached to a Service is for calls within a mesh.
                let of_service = |parent: &ObjectRef| parent.kind.as_deref() == Some("Service");
                let is_within = route.parents.iter().any(of_service);
                (!is_within).then(|| Self::of_gateway_api(object, route))
            }
            // Without a gateway it is for calls within the mesh.
            Resource::VirtualService(service) => service
                .is_at_gateway()
                .then(|| Self::of_istio(cluster, object, service)),
            _ => None,
        }
    }

    fn of_gateway_api(object: &'a Object, route: &'a GatewayRoute) -> Self {
        let (way_in, passes) = match object.kind() {
            Kind::TlsRoute => (WayIn::TlsRoute, true),
            _ => (WayIn::HttpRoute, false),
        };
        let parents = route.parents.iter();
        let rules = route.rules.iter().enumerate().map(|(number, rule)| {
            let backends = rule.backends.iter().enumerate();
            let backend = |(index, backend)| {
                let field = format!("spec.rules[{number}].backendRefs[{index}]");
                AnyBackend::of(object, backend, field)
            };
            AnyRule {
                passes,
                backends: backends.filter_map(backend).collect(),
            }
        });
        Self {
            object,
            way_in,
            is_istio: false,
            asked: route.hosts.iter().map(|host| host.value.as_str()).collect(),
            matched: Field {
                at: route.hosts_at.unwrap_or(route.at),
                path: "spec.hostnames".to_owned(),
            },
            gateways: parents
                .filter(|parent| parent.may_be("Gateway"))
                .map(|parent| Parent {
                    namespace: parent.namespace.as_deref(),
                    name: parent.name(),
                    entry: Some(parent),
                })
                .collect(),
            rules: rules.collect(),
        }
    }

    fn of_istio(cluster: &Cluster, object: &'a Object, service: &'a VirtualService) -> Self {
        let mut rules = Vec::new();
        for kind in [RouteKind::Http, RouteKind::Tls] {
            let all = service.rules(kind).iter().enumerate();
            for (number, rule) in all.filter(|(_, rule)| !rule.answers) {
                let all = rule.route.iter().enumerate();
                let backends = all.filter_map(|(index, destination)| {
                    let destination = destination.as_ref()?;
                    let field = format!("{}.host", kind.field(number, index));
                    AnyBackend::of_istio(cluster, object, destination, field)
                });
                rules.push(AnyRule {
                    passes: kind == RouteKind::Tls,
                    backends: backends.collect(),
                });
            }
        }
        let named = service.gateways.iter();
        Self {
            object,
            way_in: WayIn::VirtualService,
            is_istio: true,
            asked: service
                .hosts
                .iter()
                .map(|host| host.value.as_str())
                .collect(),
            matched: Field {
                at: service.hosts_at.unwrap_or(service.at),
                path: "spec.hosts".to_owned(),
            },
            gateways: named
                .filter_map(|named| named_gateway(&named.value))
                .map(|(namespace, name)| Parent {
                    namespace,
                    name,
                    entry: None,
                })
                .collect(),
            rules,
        }
    }
}

/// Returns hosts in lower case, but for the one that stands for all.
fn lower<'a>(hosts: impl Iterator<Item = &'a str>) -> Vec<String> {
    hosts
        .filter(|host| *host != "*")
        .map(str::to_lowercase)
        .collect()
}

impl<'a> AnyBackend<'a> {
    fn of(object: &Object, backend: &'a ObjectRef, path: String) -> Option<Self> {
        let at = backend.at;
        Some(Self {
            scope: named_scope(&object.scope, backend.namespace.as_deref()),
            name: &backend.name.as_ref()?.value,
            port: backend.port.as_ref().map(|port| port.value.clone()),
            subset: None,
            field: Field { at, path },
        })
    }

    fn of_istio(
        cluster: &Cluster,
        object: &Object,
        destination: &'a RouteDestination,
        path: String,
    ) -> Option<Self> {
        let at = destination.host.at;
        let (scope, name) = destined(object, &destination.host.value)?;
        let port = destination.port.as_ref().map(|port| port.value.clone());
        Some(Self {
            port: port.or_else(|| only_port(cluster, &scope, name)),
            scope,
            name,
            subset: destination.subset.as_deref(),
            field: Field { at, path },
        })
    }
}

/// Returns the Service that a host stands for to an object of Istio.
fn destined<'a>(object: &Object, host: &'a str) -> Option<(Scope, &'a str)> {
    match Host::of(host) {
        Host::Service { namespace, name } => Some((named_scope(&object.scope, namespace), name)),
        Host::Half { .. } | Host::Other => None,
    }
}

/// Returns the port of a Service that has one only: a destination of Istio need not name it.
fn only_port(cluster: &Cluster, scope: &Scope, name: &str) -> Option<Port> {
    let found = cluster.find(Kind::Service, scope, name)?;
    found.resource.service()?.only_port()
}

/// What is declared about the TLS of a Service.
#[derive(Clone, Copy)]
enum AnyPolicy<'a> {
    BackendTls(&'a Object, &'a BackendTlsPolicy),
    Destination(&'a Object, &'a DestinationRule),
}

type ByScope<'a> = BTreeMap<Scope, AnyPolicy<'a>>;

/// What is declared about the TLS of Services, by their names.
#[derive(Default)]
struct Policies<'a> {
    backend_tls: BTreeMap<&'a str, ByScope<'a>>,
    destinations: BTreeMap<&'a str, ByScope<'a>>,
    /// DestinationRules for many hosts.
    wide: Vec<(&'a str, AnyPolicy<'a>)>,
}

impl<'a> Policies<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        let mut policies = Self::default();
        for object in cluster.of(Kind::BackendTlsPolicy) {
            let Some(content) = object.resource.backend_tls_policy() else {
                continue;
            };
            let targets = content.targets.iter().chain(&content.old_target);
            for service in targets.filter(|target| target.may_be("Service")) {
                let scope = named_scope(&object.scope, service.namespace.as_deref());
                let known = policies.backend_tls.entry(service.name()).or_default();
                known.insert(scope, AnyPolicy::BackendTls(object, content));
            }
        }
        for object in cluster.of(Kind::DestinationRule) {
            let Some(rule) = object.resource.destination_rule() else {
                continue;
            };
            let Some(host) = &rule.host else { continue };
            let policy = AnyPolicy::Destination(object, rule);
            if host.value.contains('*') {
                policies.wide.push((&host.value, policy));
            } else if let Some((scope, name)) = destined(object, &host.value) {
                let known = policies.destinations.entry(name).or_default();
                known.insert(scope, policy);
            }
        }
        // The most special one holds.
        policies.wide.sort_by_key(|(host, _)| Reverse(host.len()));
        policies
    }

    /// Returns what a kind of front reads of a Service, if it is known which that is.
    fn find(&self, front: FrontKind, scope: &Scope, name: &str) -> Known<Option<AnyPolicy<'a>>> {
        if front == FrontKind::Istio
            && let found @ (Known::Here(Some(_)) | Known::Missing) = self.destination(scope, name)
        {
            return found;
        }
        self.backend_tls
            .get(name)
            .map_or(Known::Here(None), |all| one_of(all, scope))
    }

    fn destination(&self, scope: &Scope, name: &str) -> Known<Option<AnyPolicy<'a>>> {
        if let Some(found) = self.destinations.get(name)
            && let found @ (Known::Here(Some(_)) | Known::Missing) = one_of(found, scope)
        {
            return found;
        }
        // Of a namespace that is not known, each may be meant.
        let host = match scope.namespace() {
            Some(namespace) => format!("{name}.{namespace}.svc.cluster.local"),
            None => "*.svc.cluster.local".to_owned(),
        };
        let mut wide = self.wide.iter();
        let found = wide.find(|(pattern, _)| meets(pattern, &host));
        Known::Here(found.map(|(_, policy)| *policy))
    }
}

/// Returns what is declared in a scope; it is missing where something else may be meant.
fn one_of<'a>(all: &ByScope<'a>, scope: &Scope) -> Known<Option<AnyPolicy<'a>>> {
    if let Some(policy) = all.get(scope) {
        return Known::Here(Some(*policy));
    }
    // Those whose namespace is not known come last.
    match all.last_key_value() {
        Some((last, _)) if !last.differs_from(scope) => Known::Missing,
        _ => Known::Here(None),
    }
}

/// Follows the routes of the Gateway API and of Istio, in their order.
pub(crate) fn read(cluster: &Cluster) -> Vec<Routed<'_>> {
    let kinds = [Kind::HttpRoute, Kind::TlsRoute, Kind::VirtualService];
    if kinds.iter().all(|kind| cluster.of(*kind).next().is_none()) {
        return Vec::new();
    }
    let policies = Policies::of(cluster);
    let offers = offers(cluster);
    let (pods, secrets) = (Pods::of(cluster), Secrets::of(cluster));
    let ground = Ground {
        cluster,
        offers,
        pods,
        secrets,
    };
    let routes = cluster.objects().iter();
    routes
        .filter_map(|object| AnyRoute::of(cluster, object))
        .flat_map(|route| paths(&ground, &route, &policies))
        .collect()
}

/// Where gateways, their pods and their Secrets are looked up.
struct Ground<'a> {
    cluster: &'a Cluster,
    offers: AllOffers<'a>,
    pods: Pods<'a>,
    secrets: Secrets<'a>,
}

/// The gateway of a route, as far as it is at hand.
struct Attached<'a> {
    scope: &'a Scope,
    kind: FrontKind,
    pods: GatewayPods<'a>,
    /// What of it serves the route.
    doors: Vec<Door>,
}

/// A listener or a server, as a route meets it.
struct Door {
    hosts: Vec<String>,
    tls: DoorTls,
}

/// What a listener or a server does with TLS.
enum DoorTls {
    Ends(Vec<Place>),
    PassesThrough,
    Plain,
}

fn attached<'a>(ground: &Ground<'a>, route: &AnyRoute<'_>) -> Option<Attached<'a>> {
    let cluster = ground.cluster;
    let kind = if route.is_istio {
        Kind::IstioGateway
    } else {
        Kind::Gateway
    };
    route.gateways.iter().find_map(|parent| {
        let scope = named_scope(&route.object.scope, parent.namespace);
        let found = cluster.find(kind, &scope, parent.name)?;
        let mut pods = GatewayPods::beside(&found.scope);
        let (kind, doors) = match (&found.resource, parent.entry) {
            (Resource::Gateway(gateway), Some(entry)) => {
                let route = (route.object.kind(), route.asked.as_slice());
                // What is shown, were the route taken from its namespace.
                let doors = match taken(gateway, entry, route, &|_| true) {
                    Taken::By(listeners) => listeners,
                    _ => Vec::new(),
                };
                let doors = doors.into_iter().map(|door| listener(found, door));
                (front(cluster, gateway), doors.collect())
            }
            (Resource::IstioGateway(gateway), _) => {
                pods = ground.pods.of_gateway(found, gateway);
                let offers = ground.offers.get(&(&found.scope, found.name.as_str()))?;
                let hosts = route.asked.iter();
                let mut servers: Vec<&Server> =
                    hosts.flat_map(|host| offers.to(host, None)).collect();
                servers.sort_by_key(|server| (server.at.line, server.at.column));
                servers.dedup_by_key(|server| server.at);
                let doors = servers.into_iter();
                let doors = doors.map(|door| server(&pods, &ground.secrets, door));
                (FrontKind::Istio, doors.collect())
            }
            _ => return None,
        };
        Some(Attached {
            scope: &found.scope,
            kind,
            pods,
            doors,
        })
    })
}

fn listener(gateway: &Object, listener: &Listener) -> Door {
    let tls = match &listener.tls {
        _ if !listener.is_of_tls() => DoorTls::Plain,
        Some(tls) if tls.passes_through => DoorTls::PassesThrough,
        tls => {
            let named = tls.iter().flat_map(|tls| &tls.certificates);
            let place = |named: &ObjectRef| {
                Some(Place {
                    scope: named_scope(&gateway.scope, named.namespace.as_deref()),
                    name: named.name.as_ref()?.value.clone(),
                })
            };
            DoorTls::Ends(named.filter_map(place).collect())
        }
    };
    Door {
        hosts: lower(listener.host().into_iter()),
        tls,
    }
}

fn server<'a>(pods: &GatewayPods<'a>, secrets: &Secrets<'a>, server: &Server) -> Door {
    let tls = if server.spoken_tls().is_none() {
        DoorTls::Plain
    } else if server.passes_through() {
        DoorTls::PassesThrough
    } else {
        let places = server.secrets().flat_map(|secret| {
            let scopes = match secret.namespace {
                Some(namespace) => vec![Scope::Namespace(namespace.to_owned())],
                None => pods.scopes(secrets, secret.name),
            };
            let place = |scope| Place {
                scope,
                name: secret.name.to_owned(),
            };
            scopes.into_iter().map(place).collect::<Vec<_>>()
        });
        DoorTls::Ends(places.collect())
    };
    Door {
        hosts: lower(server.hosts.iter().map(|host| host.host.as_str())),
        tls,
    }
}

fn paths<'a>(
    ground: &Ground<'a>,
    route: &AnyRoute<'a>,
    policies: &Policies<'a>,
) -> Vec<Routed<'a>> {
    let attached = attached(ground, route);
    let doors = attached.as_ref().map_or(&[][..], |found| &found.doors);
    let mut hosts = lower(route.asked.iter().copied());
    if hosts.is_empty() {
        for host in doors.iter().flat_map(|door| &door.hosts) {
            if !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
    }
    let kind = match &attached {
        Some(attached) => attached.kind,
        None if route.is_istio => FrontKind::Istio,
        None => FrontKind::Gateway,
    };
    let front = Front {
        kind,
        gateway: route.gateways.first().map(|parent| {
            let place = Place {
                scope: attached.as_ref().map_or_else(
                    || named_scope(&route.object.scope, parent.namespace),
                    |found| found.scope.clone(),
                ),
                name: parent.name.to_owned(),
            };
            place.to_string()
        }),
    };
    let beside = GatewayPods::beside(&route.object.scope);
    let pods = attached.as_ref().map_or(&beside, |found| &found.pods);
    let path = |rule: (usize, &AnyRule<'a>), backend: Option<&AnyBackend<'a>>| {
        let inward = if route.is_istio && rule.1.passes {
            // A server that ends TLS does not take it.
            Inward::PassedThrough
        } else {
            inward(rule.1, doors)
        };
        let found = backend.map_or(Known::Here(None), |backend| {
            policies.find(kind, &backend.scope, backend.name)
        });
        let policy = found.here().flatten();
        Routed {
            path: Path {
                hosts: hosts.clone(),
                front: front.clone(),
                outward: outward(route, &inward, policy, backend, (pods, &ground.secrets)),
                proxy: match policy {
                    Some(AnyPolicy::Destination(_, rule)) => {
                        rule.proxy_protocol.and_then(ProxyVersion::of)
                    }
                    _ => None,
                },
                inward,
                httpd: backend.map(|backend| Httpd {
                    service: Place {
                        scope: backend.scope.clone(),
                        name: backend.name.to_owned(),
                    },
                    port: backend.port.clone(),
                    share: 1,
                }),
            },
            way_in: route.way_in,
            route: route.object,
            rule: rule.0,
            matched: route.matched.clone(),
            named: backend.map(|backend| (route.object, backend.field.clone())),
            reached: None,
            transport: match found {
                Known::Here(policy) => Known::Here(policy.map(|policy| match policy {
                    AnyPolicy::BackendTls(object, _) | AnyPolicy::Destination(object, _) => object,
                })),
                _ => Known::Missing,
            },
        }
    };
    let mut paths = Vec::new();
    for rule in route.rules.iter().enumerate() {
        if rule.1.backends.is_empty() {
            paths.push(path(rule, None));
        }
        paths.extend(
            rule.1
                .backends
                .iter()
                .map(|backend| path(rule, Some(backend))),
        );
    }
    paths
}

fn inward(rule: &AnyRule<'_>, doors: &[Door]) -> Inward {
    // A route for what passes through is attached to a listener that does so, if there is one; no other route is.
    let passing = |door: &&Door| rule.passes && matches!(door.tls, DoorTls::PassesThrough);
    let ending = |door: &&Door| matches!(door.tls, DoorTls::Ends(_));
    let door = doors.iter().find(passing).or(doors.iter().find(ending));
    let is_plain = |door: &Door| matches!(door.tls, DoorTls::Plain);
    match door.map(|door| &door.tls) {
        Some(DoorTls::Ends(secrets)) => Inward::Tls(Shown::Secrets(secrets.clone())),
        _ if rule.passes => Inward::PassedThrough,
        _ if doors.iter().any(is_plain) => Inward::Plain,
        _ => Inward::Unsaid(Shown::Unknown),
    }
}

fn outward(
    route: &AnyRoute<'_>,
    inward: &Inward,
    policy: Option<AnyPolicy<'_>>,
    backend: Option<&AnyBackend<'_>>,
    of_gateway: (&GatewayPods<'_>, &Secrets<'_>),
) -> Outward {
    let port = backend.and_then(|backend| backend.port.as_ref());
    let tls = match policy {
        Some(AnyPolicy::Destination(_, rule)) => {
            let subset = backend.and_then(|backend| backend.subset);
            rule.tls(subset, port)
        }
        _ => None,
    };
    // What a DestinationRule says holds for TLS that is passed through too; a BackendTLSPolicy is not read for it.
    let is_wrapped = tls.is_some_and(DestinationTls::originates);
    if *inward == Inward::PassedThrough && !is_wrapped {
        return Outward::PassedThrough;
    }
    match (policy, tls, backend) {
        (_, Some(tls), _) => match tls.mode {
            DestinationMode::Disabled => Outward::Plain,
            DestinationMode::Mesh => Outward::Mesh,
            DestinationMode::Simple | DestinationMode::Mutual | DestinationMode::Unknown => {
                Outward::Tls(Client {
                    expects: expected(tls).map(str::to_owned),
                    trusts: trust_of_destination(tls, of_gateway),
                    shows: shown_to_destination(tls, of_gateway),
                })
            }
        },
        (Some(AnyPolicy::BackendTls(object, policy)), ..) => Outward::Tls(Client {
            expects: policy
                .server_name
                .as_ref()
                .map(|name| name.value.clone())
                .filter(|name| !name.is_empty()),
            trusts: trust_of_policy(object, policy),
            shows: None,
        }),
        // Where nothing is declared for port 443, gateways differ; and a mesh may have TLS of its own.
        (_, _, Some(_)) if !route.is_istio && port != Some(&Port::Number(443)) => Outward::Plain,
        _ => Outward::Unsaid(Client {
            expects: None,
            trusts: Trust::Unknown,
            shows: None,
        }),
    }
}

/// Returns the name that is asked for, else the last one that is verified.
fn expected(tls: &DestinationTls) -> Option<&str> {
    let name = tls.sni.as_ref().or(tls.names.last());
    name.map(|name| name.value.as_str())
}

fn trust_of_policy(object: &Object, policy: &BackendTlsPolicy) -> Trust {
    if policy.authorities.is_empty() {
        return Trust::System;
    }
    let authorities = policy.authorities.iter().filter_map(|named| {
        Some(Authority {
            is_secret: named.kind.as_deref() == Some("Secret"),
            place: Place {
                scope: object.scope.clone(),
                name: named.name.as_ref()?.value.clone(),
            },
            keys: Keys::GatewayApi,
        })
    });
    Trust::Authorities(authorities.collect())
}

/// Returns the Secret of the pair that a destination is shown: the same as that of the CA (`pilot/pkg/xds/sds.go`).
fn shown_to_destination<'a>(
    tls: &DestinationTls,
    (pods, secrets): (&GatewayPods<'a>, &Secrets<'a>),
) -> Option<Place> {
    let credential = tls.credential.as_ref()?;
    (tls.mode == DestinationMode::Mutual).then(|| Place {
        scope: pods.scope(secrets, &credential.value),
        name: credential.value.clone(),
    })
}

fn trust_of_destination<'a>(
    tls: &DestinationTls,
    (pods, secrets): (&GatewayPods<'a>, &Secrets<'a>),
) -> Trust {
    match &tls.credential {
        _ if tls.skips_verification.is_some() => Trust::Anything,
        None if tls.has_file("caCertificates") => Trust::Unknown,
        // What the mesh's configuration says: without a CA Istio warns of it (message IST0129).
        None => Trust::System,
        Some(credential) => {
            let name = &credential.value;
            // The CA is in one beside the Secret, or else in itself (`GetCaCert` in `pilot/pkg/credentials/kube/secrets.go`).
            let names = [name.clone(), format!("{name}-cacert")];
            let is_there = |name: &String| {
                let found = pods.find(secrets, name);
                matches!(found, PodSecret::Found(_) | PodSecret::Made(_))
            };
            let meant = match names.iter().rposition(is_there) {
                Some(index) => &names[index..=index],
                None => &names[..],
            };
            let all = meant.iter().flat_map(|name| {
                let scopes = pods.scopes(secrets, name).into_iter();
                scopes.map(|scope| Authority {
                    is_secret: true,
                    place: Place {
                        scope,
                        name: name.clone(),
                    },
                    keys: Keys::Istio,
                })
            });
            Trust::Authorities(all.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn istio(kind: &str, name: &str, namespace: &str, spec: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: '{namespace}'}}\nspec: {spec}\n---\n"
        )
    }

    #[test]
    fn a_virtual_service_with_http_and_tls_routes_has_the_paths_of_both() {
        let gateway = "{servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: [a.b]}, {port: {number: 443, name: t, protocol: TLS}, hosts: [a.b], tls: {}}]}";
        let service = "{gateways: [g], hosts: [a.b], http: [{route: [{destination: {host: one}}]}], tls: [{route: [{destination: {host: two}}]}]}";
        let text =
            istio("Gateway", "g", "n", gateway) + &istio("VirtualService", "v", "n", service);
        let cluster = Cluster::of_text(&text);
        let found: Vec<_> = read(&cluster)
            .into_iter()
            .map(|routed| (routed.path.inward, routed.path.httpd.unwrap().service.name))
            .collect();
        let expected = [
            (Inward::Plain, "one".to_owned()),
            (Inward::PassedThrough, "two".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_host_that_istio_does_not_complete_leads_to_no_service() {
        for (host, service) in [
            ("s", Some("n/s")),
            ("s.m.svc.cluster.local", Some("m/s")),
            ("s.m", None),
            ("s.m.svc", None),
            ("www.example.org", None),
        ] {
            let spec = format!(
                "{{gateways: [g], hosts: [a.b], http: [{{route: [{{destination: {{host: {host}}}}}]}}]}}"
            );
            let cluster = Cluster::of_text(&istio("VirtualService", "v", "n", &spec));
            let paths = read(&cluster);
            let found = paths[0]
                .path
                .httpd
                .as_ref()
                .map(|httpd| httpd.service.to_string());
            assert_eq!(found.as_deref(), service, "{host}");
        }
    }

    #[test]
    fn a_destination_rule_that_may_be_for_another_namespace_is_not_taken_for_known() {
        let service = "{gateways: [g], hosts: [a.b], http: [{route: [{destination: {host: s}}]}]}";
        let of = |namespace: &str| {
            let rule = "{host: s, trafficPolicy: {tls: {mode: SIMPLE}}}";
            let text = istio("VirtualService", "v", "n", service)
                + &istio("DestinationRule", "d", namespace, rule);
            let cluster = Cluster::of_text(&text);
            let paths = read(&cluster);
            (
                matches!(paths[0].path.outward, Outward::Tls(_)),
                paths[0].transport.here().is_some(),
            )
        };
        assert_eq!(of("n"), (true, true));
        assert_eq!(of("m"), (false, true));
        assert_eq!(of(""), (false, false));
    }

    #[test]
    fn hosts_meet_where_one_covers_the_other() {
        for (one, other) in [
            ("a.example.org", "a.example.org"),
            ("*.example.org", "a.example.org"),
            ("a.b.example.org", "*.example.org"),
            ("*.b.example.org", "*.example.org"),
            ("*", "a.example.org"),
        ] {
            assert!(meets(one, other), "{one} {other}");
        }
        assert!(!meets("*.example.org", "example.org"));
        assert!(!meets("*.example.org", "a.example.net"));
        assert!(!meets("a.example.org", "b.example.org"));
    }
}
