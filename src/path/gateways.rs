//! The paths that the objects of the Gateway API and of Istio make.

use super::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Known, Outward, Place, ProxyVersion,
    Shown, Trust,
};
use super::traefik::named_scope;
use super::{Field, Path, Routed, WayIn};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::Reference;
use crate::kinds::gateway_api::{Attachment, Backend, BackendTlsPolicy, Listener, ListenerTls};
use crate::kinds::istio::{DestinationRule, DestinationTls, DestinationTrust};
use crate::kinds::traefik::Port;
use crate::yaml::At;
use std::collections::BTreeMap;

/// Where Istio's gateways run, by its own charts.
const ISTIO_NAMESPACES: [&str; 2] = ["istio-system", "istio-ingress"];

/// A route of either of them.
struct Route<'a> {
    object: &'a Object,
    way_in: WayIn,
    is_istio: bool,
    /// Whether it is for TLS that passes through.
    passes: bool,
    hosts: &'a [String],
    hosts_at: At,
    gateways: &'a [Attachment],
    rules: &'a [Vec<Backend>],
}

impl<'a> Route<'a> {
    fn of(object: &'a Object) -> Option<Self> {
        Some(match &object.resource {
            Resource::HttpRoute(route) | Resource::TlsRoute(route) => Self {
                object,
                way_in: if object.kind() == Kind::TlsRoute {
                    WayIn::TlsRoute
                } else {
                    WayIn::HttpRoute
                },
                is_istio: false,
                passes: object.kind() == Kind::TlsRoute,
                hosts: &route.hosts,
                hosts_at: route.hosts_at,
                gateways: &route.parents,
                rules: &route.rules,
            },
            // Without a gateway it is for calls within the mesh.
            Resource::VirtualService(service) if !service.gateways.is_empty() => Self {
                object,
                way_in: WayIn::VirtualService,
                is_istio: true,
                passes: service.is_tls,
                hosts: &service.hosts,
                hosts_at: service.hosts_at,
                gateways: &service.gateways,
                rules: &service.rules,
            },
            _ => return None,
        })
    }
}

impl Route<'_> {
    /// Returns the field of a backend of one of its rules.
    fn field(&self, rule: usize, backend: usize) -> String {
        match (self.is_istio, self.passes) {
            (false, _) => format!("spec.rules[{rule}].backendRefs[{backend}]"),
            (true, false) => format!("spec.http[{rule}].route[{backend}].destination.host"),
            (true, true) => format!("spec.tls[{rule}].route[{backend}].destination.host"),
        }
    }
}

/// What is declared about the TLS of a Service.
#[derive(Clone, Copy)]
enum Policy<'a> {
    BackendTls(&'a Object, &'a BackendTlsPolicy),
    Destination(&'a Object, &'a DestinationRule),
}

type Policies<'a> = BTreeMap<(Scope, &'a str), Policy<'a>>;

pub(super) fn read(cluster: &Cluster) -> Vec<Routed<'_>> {
    let (mut backend_tls, mut destinations) = (Policies::new(), Policies::new());
    for object in cluster.objects() {
        match &object.resource {
            Resource::BackendTlsPolicy(policy) => {
                for service in &policy.services {
                    let scope = named_scope(&object.scope, service.namespace.as_deref());
                    let policy = Policy::BackendTls(object, policy);
                    backend_tls.insert((scope, service.name.as_str()), policy);
                }
            }
            Resource::DestinationRule(rule) => {
                if let Some(service) = &rule.service {
                    let scope = named_scope(&object.scope, service.namespace.as_deref());
                    let policy = Policy::Destination(object, rule);
                    destinations.insert((scope, service.name.as_str()), policy);
                }
            }
            _ => {}
        }
    }
    let routes = cluster.objects().iter().filter_map(Route::of);
    routes
        .flat_map(|route| paths(cluster, &route, &backend_tls, &destinations))
        .collect()
}

/// The gateway of a route, as far as it is at hand.
struct Attached<'a> {
    scope: Scope,
    class: &'a str,
    /// The listeners that serve the route.
    listeners: Vec<&'a Listener>,
}

fn attached<'a>(cluster: &'a Cluster, route: &Route<'a>) -> Option<Attached<'a>> {
    let kind = if route.is_istio {
        Kind::IstioGateway
    } else {
        Kind::Gateway
    };
    route.gateways.iter().find_map(|attachment| {
        let Reference {
            namespace, name, ..
        } = &attachment.gateway;
        let scope = named_scope(&route.object.scope, namespace.as_deref());
        let found = cluster.find(kind, &scope, name)?;
        let (class, listeners) = match &found.resource {
            Resource::Gateway(gateway) => (gateway.class.as_str(), &gateway.listeners),
            Resource::IstioGateway(gateway) => ("istio", &gateway.servers),
            _ => return None,
        };
        let is_meant = |listener: &&Listener| match &attachment.listener {
            Some(name) => listener.name.as_ref() == Some(name),
            None => serves(listener, route.hosts),
        };
        Some(Attached {
            scope: found.scope.clone(),
            class,
            listeners: listeners.iter().filter(is_meant).collect(),
        })
    })
}

fn paths<'a>(
    cluster: &'a Cluster,
    route: &Route<'a>,
    backend_tls: &Policies<'a>,
    destinations: &Policies<'a>,
) -> Vec<Routed<'a>> {
    let attached = attached(cluster, route);
    let listeners = attached.as_ref().map_or(&[][..], |found| &found.listeners);
    let mut hosts = route.hosts.to_vec();
    if hosts.is_empty() {
        for host in listeners.iter().flat_map(|listener| &listener.hosts) {
            if !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
    }
    let class = attached.as_ref().map_or("", |found| found.class);
    let kind = if route.is_istio || class.contains("istio") {
        FrontKind::Istio
    } else if class.contains("traefik") {
        FrontKind::Traefik
    } else {
        FrontKind::Gateway
    };
    let front = Front {
        kind,
        gateway: route.gateways.first().map(|attachment| {
            let Reference {
                namespace, name, ..
            } = &attachment.gateway;
            let scope = attached.as_ref().map_or_else(
                || named_scope(&route.object.scope, namespace.as_deref()),
                |found| found.scope.clone(),
            );
            let namespace = scope.namespace();
            namespace.map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}"))
        }),
    };
    let inward = inward(route, attached.as_ref(), listeners);
    let path = |rule: usize, backend: Option<(usize, &Backend)>| {
        let named = backend.map(|(number, backend)| {
            let path = route.field(rule, number);
            let at = backend.service.at;
            (route.object, Field { at, path })
        });
        let backend = backend.map(|(_, backend)| backend);
        let scope = backend
            .map(|backend| named_scope(&route.object.scope, backend.service.namespace.as_deref()));
        let policy = backend.zip(scope.as_ref()).and_then(|(backend, scope)| {
            let key = (scope.clone(), backend.service.name.as_str());
            let of_istio = (kind == FrontKind::Istio)
                .then(|| destinations.get(&key))
                .flatten();
            of_istio.or_else(|| backend_tls.get(&key)).copied()
        });
        let gateway = attached
            .as_ref()
            .map_or(&route.object.scope, |found| &found.scope);
        Routed {
            path: Path {
                hosts: hosts.clone(),
                front: front.clone(),
                outward: outward(route, &inward, policy, backend, gateway),
                proxy: match policy {
                    Some(Policy::Destination(_, rule)) => {
                        rule.proxy_protocol.and_then(ProxyVersion::of)
                    }
                    _ => None,
                },
                inward: inward.clone(),
                httpd: backend.zip(scope).map(|(backend, scope)| Httpd {
                    service: Place {
                        scope,
                        name: backend.service.name.clone(),
                    },
                    port: backend.port.map(Port::Number),
                    share: 1,
                }),
            },
            way_in: route.way_in,
            route: route.object,
            rule,
            matched: Field {
                at: route.hosts_at,
                path: if route.is_istio {
                    "spec.hosts".to_owned()
                } else {
                    "spec.hostnames".to_owned()
                },
            },
            named,
            reached: None,
            transport: Known::Here(policy.map(|policy| match policy {
                Policy::BackendTls(object, _) | Policy::Destination(object, _) => object,
            })),
        }
    };
    let mut paths = Vec::new();
    for (number, backends) in route.rules.iter().enumerate() {
        if backends.is_empty() {
            paths.push(path(number, None));
        }
        let backends = backends.iter().enumerate();
        paths.extend(backends.map(|backend| path(number, Some(backend))));
    }
    paths
}

fn inward(route: &Route<'_>, attached: Option<&Attached<'_>>, listeners: &[&Listener]) -> Inward {
    // A route for what passes through is attached to a listener that does so, if there is one.
    let passing = listeners
        .iter()
        .find(|listener| route.passes && listener.tls == ListenerTls::PassesThrough);
    let secure = passing.or_else(|| {
        let mut listeners = listeners.iter();
        listeners.find(|listener| listener.tls != ListenerTls::Plain)
    });
    match (secure.map(|listener| &listener.tls), attached) {
        (Some(ListenerTls::Ends(secrets)), Some(found)) => Inward::Tls(Shown::Secrets(places(
            secrets,
            &found.scope,
            route.is_istio,
        ))),
        _ if route.passes => Inward::PassedThrough,
        (None, Some(_)) => Inward::Plain,
        _ => Inward::Unsaid(Shown::Unknown),
    }
}

fn outward(
    route: &Route<'_>,
    inward: &Inward,
    policy: Option<Policy<'_>>,
    backend: Option<&Backend>,
    gateway: &Scope,
) -> Outward {
    if *inward == Inward::PassedThrough {
        return Outward::PassedThrough;
    }
    match (policy, backend) {
        (Some(Policy::Destination(_, DestinationRule { tls: Some(tls), .. })), _) => {
            match tls.trust {
                DestinationTrust::Plain => Outward::Plain,
                DestinationTrust::Mesh => Outward::Mesh,
                _ => Outward::Tls(Client {
                    expects: tls.server_name.clone(),
                    trusts: trust_of_destination(tls, gateway),
                    shows: None,
                }),
            }
        }
        (Some(Policy::BackendTls(object, policy)), _) => Outward::Tls(Client {
            expects: policy.server_name.as_ref().map(|name| name.value.clone()),
            trusts: trust_of_policy(object, policy),
            shows: None,
        }),
        // Where nothing is declared for port 443, gateways differ; and a mesh may have TLS of its own.
        (_, Some(backend)) if !route.is_istio && backend.port != Some(443) => Outward::Plain,
        (_, _) => Outward::Unsaid(Client {
            expects: None,
            trusts: Trust::Unknown,
            shows: None,
        }),
    }
}

fn trust_of_policy(object: &Object, policy: &BackendTlsPolicy) -> Trust {
    if policy.authorities.is_empty() {
        return Trust::System;
    }
    let authorities = policy.authorities.iter().map(|named| Authority {
        is_secret: named.is_secret,
        place: Place {
            scope: object.scope.clone(),
            name: named.name.clone(),
        },
        keys: Keys::GatewayApi,
    });
    Trust::Authorities(authorities.collect())
}

fn trust_of_destination(tls: &DestinationTls, gateway: &Scope) -> Trust {
    match &tls.trust {
        DestinationTrust::Anything => Trust::Anything,
        DestinationTrust::Unsaid => Trust::System,
        DestinationTrust::Files | DestinationTrust::Plain | DestinationTrust::Mesh => {
            Trust::Unknown
        }
        DestinationTrust::Credential(name) => {
            // The CA is in the Secret itself or in one beside it (`pilot/pkg/credentials/kube/secrets.go`).
            let names = [name.clone(), format!("{name}-cacert")];
            let scopes = beside_istio(gateway);
            let all = scopes.iter().flat_map(|scope| {
                let authority = |name: &String| Authority {
                    is_secret: true,
                    place: Place {
                        scope: scope.clone(),
                        name: name.clone(),
                    },
                    keys: Keys::Istio,
                };
                names.iter().map(authority).collect::<Vec<_>>()
            });
            Trust::Authorities(all.collect())
        }
    }
}

/// A gateway of Istio takes its Secrets from the namespace of its pods, which its Gateway need not share.
fn beside_istio(scope: &Scope) -> Vec<Scope> {
    let usual = ISTIO_NAMESPACES.map(|name| Scope::Namespace(name.to_owned()));
    std::iter::once(scope.clone()).chain(usual).collect()
}

fn places(secrets: &[Reference], gateway: &Scope, is_istio: bool) -> Vec<Place> {
    let beside = if is_istio {
        beside_istio(gateway)
    } else {
        vec![gateway.clone()]
    };
    let mut found = Vec::new();
    for secret in secrets {
        let place = |scope: Scope| Place {
            scope,
            name: secret.name.clone(),
        };
        match &secret.namespace {
            Some(namespace) => found.push(place(Scope::Namespace(namespace.clone()))),
            None => found.extend(beside.iter().cloned().map(place)),
        }
    }
    found
}

/// Returns whether a listener is for one of these hosts: a pattern with an asterisk in front covers any number of labels,
/// in the Gateway API as in Istio.
fn serves(listener: &Listener, hosts: &[String]) -> bool {
    let covers = |pattern: &String, host: &String| match pattern.strip_prefix('*') {
        Some(parent) => host.ends_with(parent),
        None => pattern == host,
    };
    listener.hosts.is_empty()
        || hosts.is_empty()
        || listener.hosts.iter().any(|pattern| {
            hosts
                .iter()
                .any(|host| covers(pattern, host) || covers(host, pattern))
        })
}
