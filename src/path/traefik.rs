//! The paths that Traefik's own objects make.
//!
//! The rules are those of its provider (`pkg/provider/kubernetes/crd`, v2.11.53 and v3.7.9): a ServersTransport is looked
//! up in the Service's namespace, a ServersTransportTCP in the route's.

use super::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Known, Outward, Place, ProxyVersion,
    Shown, Trust,
};
use super::{Path, Routed};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::service::{Service, is_https_port};
use crate::kinds::traefik::{self as kinds, IngressRoute, Port, RouteTls, ServiceRef};

/// Deepest chain of `TraefikService`s that is followed.
const DEPTH_LIMIT: usize = 32;

pub(super) fn read(cluster: &Cluster) -> Vec<Routed<'_>> {
    let mut paths = Vec::new();
    for object in cluster.objects() {
        let (route, is_tcp) = match &object.resource {
            Resource::IngressRoute(route) => (route, false),
            Resource::IngressRouteTcp(route) => (route, true),
            _ => continue,
        };
        for (rule, content) in route.routes.iter().enumerate() {
            let hosts = content.hosts();
            let services = services(cluster, &object.scope, &content.services);
            let ends = services.iter().map(Some);
            let none = services.is_empty().then_some(None);
            for service in ends.chain(none) {
                let transport = service.map_or(Known::Here(None), |service| {
                    transport(cluster, object, service, is_tcp)
                });
                paths.push(Routed {
                    path: Path {
                        hosts: hosts.clone(),
                        front: Front {
                            kind: FrontKind::Traefik,
                            gateway: None,
                        },
                        inward: inward(object, route, is_tcp),
                        outward: outward(cluster, route, service, transport, is_tcp),
                        proxy: service
                            .filter(|_| is_tcp)
                            .and_then(|service| proxy(service, transport)),
                        httpd: service.map(Reached::httpd),
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

/// A Service of Kubernetes at the end of each TraefikService between.
#[derive(Debug, Clone)]
pub struct Reached<'a> {
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

/// Follows the services that an object of a scope names to those of Kubernetes; what leads nowhere, to itself or to
/// another provider is left out.
#[must_use]
pub fn services<'a>(
    cluster: &'a Cluster,
    scope: &Scope,
    named: &'a [ServiceRef],
) -> Vec<Reached<'a>> {
    let mut found = Vec::new();
    for service in named {
        follow(cluster, scope, service, 1, 0, &mut found);
    }
    found
}

fn follow<'a>(
    cluster: &'a Cluster,
    from: &Scope,
    named: &'a ServiceRef,
    share: i64,
    depth: usize,
    found: &mut Vec<Reached<'a>>,
) {
    let scope = named_scope(from, named.namespace.as_deref());
    let share = share.saturating_mul(named.weight);
    let is_outside = matches!(Name::of(&named.name), Name::Outside(_));
    if !named.is_traefik_service && !is_outside {
        found.push(Reached {
            named,
            scope,
            share,
        });
        return;
    }
    let next = look_up(cluster, Kind::TraefikService, &scope, &named.name);
    let Known::Here(object) = next else { return };
    let Resource::TraefikService(service) = &object.resource else {
        return;
    };
    if depth == DEPTH_LIMIT {
        return;
    }
    for inner in &service.services {
        follow(cluster, &object.scope, inner, share, depth + 1, found);
    }
    if let Some(fallback) = &service.fallback {
        follow(cluster, &object.scope, fallback, 0, depth + 1, found);
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
    /// `NAMESPACE-NAME@kubernetescrd`, Traefik's own key of an object. It takes it with `allowCrossNamespace` only.
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
    kind: Kind,
    scope: &Scope,
    name: &str,
) -> Known<&'a Object> {
    let found = match Name::of(name) {
        Name::Object(name) => cluster.find(kind, scope, name),
        Name::Key(key) => {
            let wanted = normal(key);
            cluster.of(kind).find(|object| {
                let namespace = object.scope.namespace().unwrap_or("default");
                normal(&format!("{namespace}-{}", object.name)) == wanted
            })
        }
        Name::Outside(_) => return Known::Outside,
    };
    found.map_or(Known::Missing, Known::Here)
}

/// Writes a key as Traefik does: `-` for all that is not a letter or digit (`provider.Normalize`).
fn normal(key: &str) -> String {
    let parts: Vec<&str> = key
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

fn inward(object: &Object, route: &IngressRoute, is_tcp: bool) -> Inward {
    let shown = |tls: &RouteTls| match &tls.secret {
        Some(secret) => Shown::Secrets(vec![Place {
            scope: object.scope.clone(),
            name: secret.value.clone(),
        }]),
        None => Shown::Store,
    };
    match &route.tls {
        Some(tls) if is_tcp && tls.passthrough => Inward::PassedThrough,
        Some(tls) => Inward::Tls(shown(tls)),
        None if is_tcp => Inward::Plain,
        // An entry point may add TLS to routes that say nothing.
        None => Inward::Unsaid(Shown::Store),
    }
}

fn outward(
    cluster: &Cluster,
    route: &IngressRoute,
    service: Option<&Reached<'_>>,
    transport: Known<Option<&Object>>,
    is_tcp: bool,
) -> Outward {
    if is_tcp && route.tls.as_ref().is_some_and(|tls| tls.passthrough) {
        return Outward::PassedThrough;
    }
    let Some(service) = service else {
        return Outward::Unsaid(unknown());
    };
    let speaks_tls = if is_tcp {
        Some(service.named.tls)
    } else {
        speaks_https(cluster, service)
    };
    match speaks_tls {
        Some(true) => Outward::Tls(client(transport)),
        Some(false) => Outward::Plain,
        None => Outward::Unsaid(client(transport)),
    }
}

/// Returns whether Traefik speaks TLS to a service of an IngressRoute; see [`speaks_https_to`].
#[must_use]
pub fn speaks_https(cluster: &Cluster, service: &Reached<'_>) -> Option<bool> {
    let found = cluster.find(Kind::Service, &service.scope, &service.named.name);
    let found = match found.map(|object| &object.resource) {
        Some(Resource::Service(found)) => Some(found),
        _ => None,
    };
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
    match wanted {
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
    route: &Object,
    service: &Reached<'_>,
    is_tcp: bool,
) -> Known<Option<&'a Object>> {
    let (kind, scope) = if is_tcp {
        (Kind::ServersTransportTcp, &route.scope)
    } else {
        (Kind::ServersTransport, &service.scope)
    };
    let name = service.named.transport.as_ref().map(|name| &name.value);
    match name {
        // The provider's own transport has no settings.
        Some(name) if Name::of(name) != Name::Outside("internal") => {
            match look_up(cluster, kind, scope, name) {
                Known::Here(object) => Known::Here(Some(object)),
                Known::Outside => Known::Outside,
                _ => Known::Missing,
            }
        }
        _ => Known::Here(None),
    }
}

/// Returns the PROXY protocol before a connection to a TCP service. What the service says counts where no
/// ServersTransportTCP is named (`DialerManager.Build` in `pkg/tcp/dialer.go`, v3.7.9); without a version it is 2 there, and
/// none in a ServersTransportTCP.
#[must_use]
pub fn proxy(service: &Reached<'_>, transport: Known<Option<&Object>>) -> Option<ProxyVersion> {
    if let Known::Here(Some(object)) = transport {
        let Resource::ServersTransportTcp(settings) = &object.resource else {
            return None;
        };
        let own = settings.proxy_protocol?;
        return own.version.and_then(ProxyVersion::of);
    }
    let said = service.named.proxy_protocol?;
    ProxyVersion::of(said.version.unwrap_or(2))
}

fn unknown() -> Client {
    Client {
        expects: None,
        trusts: Trust::Unknown,
        shows: None,
    }
}

pub(super) fn client(transport: Known<Option<&Object>>) -> Client {
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
        .filter_map(|root| root.named.as_ref());
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
