//! The paths that Traefik's own objects make.
//!
//! The rules are those of its provider (`pkg/provider/kubernetes/crd`, v2.11.53 and v3.7.9): a ServersTransport is looked
//! up in the Service's namespace, a ServersTransportTCP in the route's.

use super::entrances::Entrances;
use super::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Known, Outward, Place, ProxyVersion,
    Shown, Trust,
};
use super::{Field, Path, Routed, WayIn};
use crate::cluster::naming::{INTERNAL, Naming, is_internal};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::service::{Service, is_https_port};
use crate::kinds::traefik::{self as kinds, IngressRoute, Port, Route, RouteTls, ServiceRef};
use crate::release::{Release, TransportTcp};

/// Most services that are followed for one route: a few objects that name each other twice would make millions.
const SERVICES_LIMIT: usize = 1000;

pub(super) fn read<'a>(
    cluster: &'a Cluster,
    naming: Naming,
    entrances: &Entrances,
) -> Vec<Routed<'a>> {
    let release = naming.release;
    let mut paths = Vec::new();
    for object in cluster.objects() {
        let Some(route) = object.resource.ingress_route() else {
            continue;
        };
        let is_tcp = object.kind() == Kind::IngressRouteTcp;
        for (rule, content) in route.routes.iter().enumerate() {
            let hosts = content.hosts();
            let inward = inward(object, route, content, entrances);
            let services = services(cluster, naming, object, &content.services).reached;
            let ends = services.iter().map(Some);
            let none = services.is_empty().then_some(None);
            for service in ends.chain(none) {
                let transport = service.map_or(Known::Here(None), |service| {
                    transport(cluster, naming, object, service, is_tcp)
                });
                let named = service.map(|service| {
                    let at = service.named.at;
                    let path = service.named.field.clone();
                    (service.by, Field { at, path })
                });
                paths.push(Routed {
                    matched: Field {
                        at: content.match_at,
                        path: format!("spec.routes[{rule}].match"),
                    },
                    named,
                    reached: service.cloned(),
                    path: Path {
                        hosts: hosts.clone(),
                        front: Front {
                            kind: FrontKind::Traefik,
                            gateway: None,
                        },
                        outward: outward(cluster, &inward, service, transport, is_tcp, release),
                        inward: inward.clone(),
                        proxy: service
                            .filter(|_| is_tcp)
                            .and_then(|service| proxy(service, transport, release)),
                        httpd: service.map(Reached::httpd),
                    },
                    way_in: if is_tcp {
                        WayIn::IngressRouteTcp
                    } else {
                        WayIn::IngressRoute
                    },
                    route: object,
                    rule,
                    transport,
                });
            }
        }
    }
    paths
}

/// Where the services of a route lead.
#[derive(Debug, Default)]
pub struct Services<'a> {
    /// The Services of Kubernetes, in their order.
    pub reached: Vec<Reached<'a>>,
    /// What leads to none.
    pub lost: Vec<Lost<'a>>,
}

/// A Service of Kubernetes at the end of each TraefikService between.
#[derive(Debug, Clone)]
pub struct Reached<'a> {
    /// The object that names it, a route or a TraefikService.
    pub by: &'a Object,
    /// How it is named.
    pub named: &'a ServiceRef,
    /// Where it is looked up.
    pub scope: Scope,
    /// The product of the weights; 0 where it is a spare.
    pub share: i64,
}

impl Reached<'_> {
    fn httpd(&self) -> Httpd {
        Httpd {
            service: Place {
                scope: self.scope.clone(),
                name: self.named.name.clone(),
            },
            port: self.named.port.clone(),
            share: self.share,
        }
    }
}

/// A service that leads to none of Kubernetes.
#[derive(Debug, Clone)]
pub struct Lost<'a> {
    /// The object that names it, a route or a TraefikService.
    pub by: &'a Object,
    /// How it is named.
    pub named: &'a ServiceRef,
    /// Why it leads nowhere.
    pub why: Loss<'a>,
}

/// Why a service leads nowhere.
#[derive(Debug, Clone, Copy)]
pub enum Loss<'a> {
    /// The TraefikService is not at hand, or is of another provider.
    NotFound,
    /// This TraefikService leads to itself.
    Circle(&'a Object),
    /// So many services were followed before it that no route can mean them.
    TooMany,
}

/// Follows the services that an object names to those of Kubernetes.
#[must_use]
pub fn services<'a>(
    cluster: &'a Cluster,
    naming: Naming,
    object: &'a Object,
    named: &'a [ServiceRef],
) -> Services<'a> {
    let mut walk = Walk {
        cluster,
        naming,
        found: Services::default(),
        above: Vec::new(),
        left: SERVICES_LIMIT,
    };
    for service in named {
        walk.follow(object, service, 1);
    }
    walk.found
}

struct Walk<'a> {
    cluster: &'a Cluster,
    naming: Naming,
    found: Services<'a>,
    /// Each TraefikService on the way here.
    above: Vec<&'a Object>,
    /// How many services may still be followed.
    left: usize,
}

impl<'a> Walk<'a> {
    fn follow(&mut self, by: &'a Object, named: &'a ServiceRef, share: i64) {
        let scope = named_scope(&by.scope, named.namespace.as_deref());
        let share = share.saturating_mul(named.weight);
        if self.left == 0 {
            // One tells it of all.
            let is_told =
                matches!(self.found.lost.last(), Some(lost) if matches!(lost.why, Loss::TooMany));
            if !is_told {
                self.lose(by, named, Loss::TooMany);
            }
            return;
        }
        self.left -= 1;
        let is_outside = matches!(Name::of(&named.name), Name::Outside(_));
        if !named.is_traefik_service && !is_outside {
            self.found.reached.push(Reached {
                by,
                named,
                scope,
                share,
            });
            return;
        }
        let kind = Kind::TraefikService;
        let next = look_up(self.cluster, self.naming, kind, &scope, &named.name);
        let Known::Here(object) = next else {
            return self.lose(by, named, Loss::NotFound);
        };
        let Resource::TraefikService(service) = &object.resource else {
            return self.lose(by, named, Loss::NotFound);
        };
        if self.above.iter().any(|above| std::ptr::eq(*above, object)) {
            return self.lose(by, named, Loss::Circle(object));
        }
        self.above.push(object);
        for inner in &service.services {
            self.follow(object, inner, share);
        }
        if let Some(fallback) = &service.fallback {
            self.follow(object, fallback, 0);
        }
        self.above.pop();
    }

    fn lose(&mut self, by: &'a Object, named: &'a ServiceRef, why: Loss<'a>) {
        self.found.lost.push(Lost { by, named, why });
    }
}

/// Returns the scope of what an object of another scope names.
#[must_use]
pub fn named_scope(from: &Scope, namespace: Option<&str>) -> Scope {
    match namespace {
        Some(namespace) => Scope::Namespace(namespace.to_owned()),
        None => from.clone(),
    }
}

/// The name by which one object of Traefik names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// An object of the namespace.
    Object(&'a str),
    /// `NAMESPACE-NAME@kubernetescrd`, Traefik's own key of an object ([`Naming`]). It takes it with `allowCrossNamespace` only.
    Key(&'a str),
    /// What another provider has, and which.
    Outside(&'a str),
}

impl<'a> Name<'a> {
    /// Takes a name apart.
    #[must_use]
    pub fn of(name: &'a str) -> Self {
        match name.rsplit_once('@') {
            None => Self::Object(name),
            Some((key, "kubernetescrd")) => Self::Key(key),
            Some((_, provider)) => Self::Outside(provider),
        }
    }
}

/// Finds the object that a name of Traefik's stands for.
#[must_use]
pub fn look_up<'a>(
    cluster: &'a Cluster,
    naming: Naming,
    kind: Kind,
    scope: &Scope,
    name: &str,
) -> Known<&'a Object> {
    let found = match Name::of(name) {
        Name::Object(name) => cluster.find_as_traefik(naming, kind, scope, name),
        Name::Key(key) if naming.cuts_provider_off(kind.as_str()) => {
            cluster.find_as_traefik(naming, kind, scope, key)
        }
        Name::Key(key) => naming.wanted(kind.as_str(), key).and_then(|wanted| {
            cluster.of(kind).find(|object| {
                let namespace = object.scope.namespace().unwrap_or("default");
                naming.key(kind.as_str(), namespace, &object.name) == wanted
            })
        }),
        Name::Outside(_) => return Known::Outside,
    };
    found.map_or(Known::Missing, Known::Here)
}

/// Returns what comes in by one of the rules of a route. Without `tls` a TCP route takes bytes as they are, and only
/// ``HostSNI(`*`)`` can match: Traefik drops a rule that names a host (`addTCPRouters` in `pkg/server/router/tcp/manager.go`,
/// 2.11 to 3.7). Without `tls` an http route takes what its entry points take.
#[must_use]
pub fn inward(
    object: &Object,
    route: &IngressRoute,
    rule: &Route,
    entrances: &Entrances,
) -> Inward {
    let is_tcp = object.kind() == Kind::IngressRouteTcp;
    let shown = |tls: &RouteTls| match &tls.secret {
        Some(secret) => Shown::Secrets(vec![Place {
            scope: object.scope.clone(),
            name: secret.name.clone(),
        }]),
        None => Shown::Store,
    };
    match &route.tls {
        Some(tls) if is_tcp && tls.passthrough => Inward::PassedThrough,
        Some(tls) => Inward::Tls(shown(tls)),
        None if is_tcp && rule.is_wide() => Inward::Raw,
        None if is_tcp => Inward::Plain,
        None if entrances.are_plain(&route.entry_points) => Inward::Plain,
        // An entry point may add TLS to routes that say nothing.
        None => Inward::Unsaid(Shown::Store),
    }
}

fn outward(
    cluster: &Cluster,
    inward: &Inward,
    service: Option<&Reached<'_>>,
    transport: Known<Option<&Object>>,
    is_tcp: bool,
    release: Release,
) -> Outward {
    let speaks_tls = match service {
        Some(service) if is_tcp => Some(service.named.tls && release.speaks_tls_to_tcp()),
        Some(service) => speaks_https(cluster, service),
        None => None,
    };
    match (speaks_tls, inward) {
        // TLS that is passed through is then put into another one.
        (Some(true), _) => Outward::Tls(client(transport)),
        (_, Inward::PassedThrough) => Outward::PassedThrough,
        (_, Inward::Raw) => Outward::Raw,
        (Some(false), _) => Outward::Plain,
        (None, _) if service.is_none() => Outward::Unsaid(unknown()),
        (None, _) => Outward::Unsaid(client(transport)),
    }
}

/// Returns whether Traefik speaks TLS to a service of an IngressRoute; see [`speaks_https_to`].
#[must_use]
pub fn speaks_https(cluster: &Cluster, service: &Reached<'_>) -> Option<bool> {
    let found = cluster.find(Kind::Service, &service.scope, &service.named.name);
    let found = found.and_then(|object| object.resource.service());
    let (scheme, port) = (&service.named.scheme, &service.named.port);
    speaks_https_to(scheme.as_deref(), port.as_ref(), found)
}

/// Returns whether Traefik speaks TLS to a port of a Service: by the `scheme` that is set, else by the number and the name
/// of the port, as the Service has them (`parseServiceProtocol` in `pkg/provider/kubernetes/crd/kubernetes_http.go` and
/// `getProtocol` in `pkg/provider/kubernetes/ingress/kubernetes.go`, 2.9 to 3.7). Nothing: that is for the Service to say,
/// and it is not at hand; or Traefik takes no such scheme.
#[must_use]
pub fn speaks_https_to(
    scheme: Option<&str>,
    port: Option<&Port>,
    service: Option<&Service>,
) -> Option<bool> {
    match scheme {
        Some("https") => return Some(true),
        Some("http" | "h2c") => return Some(false),
        Some(_) => return None,
        None => {}
    }
    let wanted = port?;
    let mut ports = service.into_iter().flat_map(|service| &service.ports);
    if let Some(port) = ports.find(|port| port.is(wanted)) {
        return Some(is_https_port(port.number, &port.name));
    }
    let is_external = service.is_some_and(|service| service.is_external);
    match wanted {
        // A port that it does not list has no name (`getServicePort`).
        Port::Number(number) if is_external => Some(is_https_port(Some(*number), "")),
        Port::Number(443) => Some(true),
        Port::Number(80) => Some(false),
        // Of any other one the name may begin so, and a name may be that of port 443.
        Port::Number(_) => None,
        Port::Name(name) => is_https_port(None, name).then_some(true),
    }
}

/// Finds the ServersTransport or ServersTransportTCP of a service; nothing if it names none.
#[must_use]
pub fn transport<'a>(
    cluster: &'a Cluster,
    naming: Naming,
    route: &Object,
    service: &Reached<'_>,
    is_tcp: bool,
) -> Known<Option<&'a Object>> {
    let (kind, scope) = transport_home(route, service, is_tcp);
    let name = service.named.transport.as_ref().map(|name| &name.value);
    match name {
        None => Known::Here(None),
        Some(name) if Name::of(name) == Name::Outside(INTERNAL) => {
            // Traefik's own transport has no settings.
            let is_there = is_internal(kind.as_str(), name);
            if is_there {
                Known::Here(None)
            } else {
                Known::Missing
            }
        }
        Some(name) => match look_up(cluster, naming, kind, scope, name) {
            Known::Here(object) => Known::Here(Some(object)),
            Known::Outside => Known::Outside,
            _ => Known::Missing,
        },
    }
}

/// Returns the PROXY protocol before a connection to a TCP service. What the service says counts where no
/// ServersTransportTCP is named, and before a release in which one could send it (`DialerManager.Build` in
/// `pkg/tcp/dialer.go`, v3.7.9); without a version it is 2 there, and none in a ServersTransportTCP.
#[must_use]
pub fn proxy(
    service: &Reached<'_>,
    transport: Known<Option<&Object>>,
    release: Release,
) -> Option<ProxyVersion> {
    let is_old = release.transport_tcp() != TransportTcp::SendsProxyProtocol;
    match transport {
        Known::Here(Some(object)) if !is_old || service.named.proxy_protocol.is_none() => {
            let own = object.resource.servers_transport()?.proxy_protocol?;
            own.version.and_then(ProxyVersion::of).filter(|_| !is_old)
        }
        _ => {
            let said = service.named.proxy_protocol?;
            // Zero is as none (seen with 2.11.53 and 3.0.4); later definitions refuse it.
            let version = said.version.filter(|version| *version != 0);
            ProxyVersion::of(version.unwrap_or(2))
        }
    }
}

/// Returns of which kind the transport of a service is, and where it is looked up.
#[must_use]
pub fn transport_home<'a>(
    route: &'a Object,
    service: &'a Reached<'_>,
    is_tcp: bool,
) -> (Kind, &'a Scope) {
    if is_tcp {
        (Kind::ServersTransportTcp, &route.scope)
    } else {
        (Kind::ServersTransport, &service.scope)
    }
}

fn unknown() -> Client {
    Client {
        expects: None,
        trusts: Trust::Unknown,
        shows: None,
    }
}

/// Returns how a transport verifies; one that is not named trusts the roots of the system.
#[must_use]
pub fn client(transport: Known<Option<&Object>>) -> Client {
    match transport {
        Known::Here(None) => Client {
            trusts: Trust::System,
            ..unknown()
        },
        Known::Here(Some(object)) => match &object.resource {
            Resource::ServersTransport(settings) | Resource::ServersTransportTcp(settings) => {
                Client {
                    expects: settings.server_name.as_ref().map(|name| name.value.clone()),
                    trusts: trust(object, settings),
                    shows: settings.certificates.first().map(|secret| Place {
                        scope: object.scope.clone(),
                        name: secret.value.clone(),
                    }),
                }
            }
            _ => unknown(),
        },
        _ => unknown(),
    }
}

/// Returns what a ServersTransport or ServersTransportTCP trusts.
#[must_use]
pub fn trust(transport: &Object, settings: &kinds::ServersTransport) -> Trust {
    if settings.skips_verification {
        return Trust::Anything;
    }
    let named = settings
        .root_cas
        .iter()
        .filter_map(|root| root.named.as_ref().ok());
    let authorities: Vec<Authority> = named
        .map(|authority| {
            let (is_secret, name) = match authority {
                kinds::Authority::Secret(name) => (true, name),
                kinds::Authority::ConfigMap(name) => (false, name),
            };
            Authority {
                is_secret,
                place: Place {
                    scope: transport.scope.clone(),
                    name: name.clone(),
                },
                keys: Keys::Traefik,
            }
        })
        .collect();
    if authorities.is_empty() {
        return Trust::System;
    }
    Trust::Authorities(authorities)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the services of the only IngressRoute.
    fn followed(cluster: &Cluster) -> Services<'_> {
        let object = cluster.of(Kind::IngressRoute).next().unwrap();
        let route = object.resource.ingress_route().unwrap();
        services(
            cluster,
            Naming::default(),
            object,
            &route.routes[0].services,
        )
    }

    fn route(services: &str, further: &str) -> String {
        format!(
            "kind: IngressRoute\nmetadata: {{name: r, namespace: ns}}\nspec:\n  routes:\n  - services:\n{services}---\n{further}"
        )
    }

    const TO_T: &str = "    - {kind: TraefikService, name: t}\n";

    fn traefik_service(name: &str, spec: &str) -> String {
        format!(
            "kind: TraefikService\nmetadata: {{name: {name}, namespace: ns}}\nspec: {{{spec}}}\n---\n"
        )
    }

    #[test]
    fn services_behind_traefik_services_are_found_with_their_weights() {
        let services = format!("{TO_T}    - {{name: last, port: 443}}\n");
        let inner = "weighted: {services: [{name: a, port: 443, weight: 3}, {name: ns-u@kubernetescrd, kind: TraefikService, weight: 2}]}";
        let failover =
            "failover: {service: {name: b, namespace: m, port: https}, fallback: {name: c}}";
        let further = traefik_service("t", inner) + &traefik_service("u", failover);
        let cluster = Cluster::of_text(&route(&services, &further));
        let found = followed(&cluster);
        assert!(found.lost.is_empty());
        let reached: Vec<_> = found
            .reached
            .iter()
            .map(|end| {
                (
                    end.scope.label(),
                    end.named.name.as_str(),
                    end.share,
                    end.by.name.as_str(),
                )
            })
            .collect();
        assert_eq!(
            reached,
            [
                ("ns", "a", 3, "t"),
                ("m", "b", 2, "u"),
                ("ns", "c", 0, "u"),
                ("ns", "last", 1, "r")
            ]
        );
    }

    #[test]
    fn what_leads_nowhere_or_to_itself_is_told_with_who_names_it() {
        let circle = "weighted: {services: [{name: a}, {kind: TraefikService, name: t}, {kind: TraefikService, name: gone}, {name: x@file}]}";
        let cluster = Cluster::of_text(&route(TO_T, &traefik_service("t", circle)));
        let found = followed(&cluster);
        assert_eq!(found.reached.len(), 1);
        let lost: Vec<_> = found
            .lost
            .iter()
            .map(|lost| {
                let is_circle = matches!(lost.why, Loss::Circle(object) if object.name == "t");
                (lost.by.name.as_str(), lost.named.name.as_str(), is_circle)
            })
            .collect();
        assert_eq!(
            lost,
            [
                ("t", "t", true),
                ("t", "gone", false),
                ("t", "x@file", false)
            ]
        );
    }

    #[test]
    fn traefik_services_that_double_at_every_step_end_and_are_told_once() {
        let mut further = String::new();
        for number in 0..40 {
            let next = format!("{{kind: TraefikService, name: t{}}}", number + 1);
            let spec = format!("weighted: {{services: [{next}, {next}]}}");
            further += &traefik_service(&format!("t{number}"), &spec);
        }
        further += &traefik_service("t40", "weighted: {services: [{name: a}]}");
        let cluster = Cluster::of_text(&route(&TO_T.replace("name: t", "name: t0"), &further));
        let found = followed(&cluster);
        assert!(found.reached.len() <= SERVICES_LIMIT);
        assert!(matches!(
            found.lost[..],
            [Lost {
                why: Loss::TooMany,
                ..
            }]
        ));
    }

    #[test]
    fn a_key_of_traefiks_own_finds_the_object_of_any_namespace() {
        let further = "kind: ServersTransport\nmetadata: {name: my.t, namespace: far}\n";
        let cluster = Cluster::of_text(&route(TO_T, further));
        let scope = Scope::Namespace("ns".to_owned());
        let naming = Naming::default();
        let found = |name| look_up(&cluster, naming, Kind::ServersTransport, &scope, name);
        assert!(
            matches!(found("far-my-t@kubernetescrd"), Known::Here(object) if object.name == "my.t")
        );
        assert!(matches!(found("my.t"), Known::Missing));
        assert!(matches!(found("ns-my-t@kubernetescrd"), Known::Missing));
        assert!(matches!(found("my-t@file"), Known::Outside));
    }

    #[test]
    fn the_name_of_a_port_says_whether_it_speaks_tls() {
        let service = |ports: &str| {
            format!(
                "kind: Service\nmetadata: {{name: s, namespace: ns}}\nspec: {{ports: [{ports}]}}\n"
            )
        };
        for (named, ports, speaks) in [
            ("port: 8443", "", None),
            ("port: 443", "", Some(true)),
            ("port: 80", "", Some(false)),
            ("port: https-web", "", Some(true)),
            ("port: web", "", None),
            ("port: 8443", "{name: https, port: 8443}", Some(true)),
            ("port: 8443", "{name: web, port: 8443}", Some(false)),
            ("port: web", "{name: web, port: 443}", Some(true)),
            (
                "port: 8443, scheme: http",
                "{name: https, port: 8443}",
                Some(false),
            ),
            ("port: 80, scheme: https", "", Some(true)),
            ("port: 443, scheme: gopher", "", None),
        ] {
            let further = if ports.is_empty() {
                String::new()
            } else {
                service(ports)
            };
            let cluster =
                Cluster::of_text(&route(&format!("    - {{name: s, {named}}}\n"), &further));
            let found = followed(&cluster);
            assert_eq!(
                speaks_https(&cluster, &found.reached[0]),
                speaks,
                "{named} {ports}"
            );
        }
    }

    #[test]
    fn a_port_that_a_name_of_the_dns_does_not_list_has_no_name() {
        let service = "kind: Service\nmetadata: {name: s, namespace: ns}\nspec: {type: ExternalName, ports: [{name: https, port: 8443}]}\n";
        for (port, speaks) in [(8443, true), (9443, false), (443, true)] {
            let service_of_route = format!("    - {{name: s, port: {port}}}\n");
            let cluster = Cluster::of_text(&route(&service_of_route, service));
            let found = followed(&cluster);
            assert_eq!(speaks_https(&cluster, &found.reached[0]), Some(speaks));
        }
    }
}
