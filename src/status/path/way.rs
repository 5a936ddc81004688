//! What the objects say of the way to an instance, before any certificate is looked for.

use super::group::Group;
use super::index::Index;
use super::{Front, FrontKind, Wire};
use crate::routing::{
    Attachment, FrontTls, Gateway, Listener, ListenerTls, Named, Policy, PolicyTrust, Route,
    RouteKind, Target,
};

/// The chart's Secret of what Traefik trusts.
const TRUST_SECRET: &str = "externca";
/// Where Istio's gateways run, by its own charts.
const ISTIO_NAMESPACES: [&str; 2] = ["istio-system", "istio-ingress"];

/// The way to an instance.
pub(super) struct Way {
    pub(super) group: Group,
    pub(super) hosts: Vec<String>,
    pub(super) front: Front,
    pub(super) answer: Answer,
    pub(super) wire: Wire,
    /// The name that the front expects; the host by default.
    pub(super) server_name: Option<String>,
    pub(super) trusting: Trusting,
}

/// What answers browsers.
pub(super) enum Answer {
    /// A pair of one of these Secrets.
    Secrets(Vec<(Group, String)>),
    /// A pair of the default store, else any for the host.
    Store,
    /// There is no TLS.
    Plain,
    /// The manifests do not say.
    Unknown,
}

/// What the front trusts.
pub(super) enum Trusting {
    /// What these objects hold.
    Objects(Vec<(Group, String)>),
    /// Something that the manifests do not hold.
    Elsewhere,
    /// Any certificate.
    Anything,
}

impl Way {
    /// The way by the chart's names.
    pub(super) fn without_route(group: &Group, hosts: Vec<String>) -> Self {
        Self {
            group: group.clone(),
            hosts,
            front: Front {
                kind: FrontKind::Traefik,
                gateway: None,
            },
            answer: Answer::Store,
            wire: Wire::Tls,
            server_name: None,
            trusting: Trusting::Objects(vec![(group.clone(), TRUST_SECRET.to_owned())]),
        }
    }
}

pub(super) fn of_route<'a>(index: &Index<'a>, group: &Group, route: &'a Route) -> Way {
    match &route.front {
        FrontTls::Gateways(gateways) => by_gateways(index, group, route, gateways),
        front => by_traefik(index, group, route, front),
    }
}

fn by_traefik<'a>(index: &Index<'a>, group: &Group, route: &'a Route, front: &'a FrontTls) -> Way {
    let is_tcp = route.kind == RouteKind::Tcp;
    let answer = match front {
        FrontTls::Ends(Some(secret)) => Answer::Secrets(vec![(group.clone(), secret.clone())]),
        // An entry point may add TLS to routes that say nothing.
        FrontTls::Unsaid if is_tcp => Answer::Plain,
        FrontTls::Unsaid => Answer::Unknown,
        _ => Answer::Store,
    };
    let target = route.target.as_ref();
    let wire = match front {
        FrontTls::PassesThrough => Wire::PassedThrough,
        _ if is_tcp => match target.and_then(|target| target.scheme.as_ref()) {
            Some(_) => Wire::Tls,
            None => Wire::Plain,
        },
        _ => target.map_or(Wire::Unknown, wire_of_http),
    };
    let transport = target
        .and_then(|target| target.transport.as_deref())
        .and_then(|name| {
            // Across providers the name is NAMESPACE-NAME@kubernetescrd.
            let name = name.strip_suffix("@kubernetescrd").map_or(name, |whole| {
                let prefix = format!("{}-", group.namespace().unwrap_or("default"));
                whole.strip_prefix(&prefix).unwrap_or(whole)
            });
            index.transport(group, name, is_tcp)
        });
    let mut way = Way::without_route(group, route.hosts.clone());
    way.answer = answer;
    way.wire = wire;
    if let Some(transport) = transport {
        let objects = transport.root_cas.iter();
        way.server_name.clone_from(&transport.server_name);
        way.trusting = if transport.verifies_nothing {
            Trusting::Anything
        } else {
            Trusting::Objects(objects.map(|name| (group.clone(), name.clone())).collect())
        };
    }
    way
}

/// Returns what Traefik speaks to a service (`parseServiceProtocol` in `pkg/provider/kubernetes/crd/kubernetes_http.go`,
/// 2.9 to 3.7): its scheme, else https for port 443 and for names of ports that begin so. A name alone may be that of
/// port 443.
fn wire_of_http(target: &Target) -> Wire {
    match (target.scheme.as_deref(), target.port.as_deref()) {
        (Some("https"), _) | (None, Some("443")) => Wire::Tls,
        (None, Some(port)) if port.starts_with("https") => Wire::Tls,
        (Some("http" | "h2c"), _) => Wire::Plain,
        (None, Some(port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Wire::Plain,
        _ => Wire::Unknown,
    }
}

fn by_gateways<'a>(
    index: &Index<'a>,
    group: &Group,
    route: &'a Route,
    attached: &'a [Attachment],
) -> Way {
    let is_istio = matches!(route.kind, RouteKind::IstioHttp | RouteKind::IstioTls);
    let group_of = |named: &Named| match &named.namespace {
        Some(namespace) => Group::Namespace(namespace.clone()),
        None => group.clone(),
    };
    let gateway = attached.first().map(|attachment| &attachment.gateway);
    let found = attached.iter().find_map(|attachment| {
        let Named { name, .. } = &attachment.gateway;
        let group = group_of(&attachment.gateway);
        let gateway = index.gateway(&group, name, is_istio)?;
        Some((group, gateway, attachment.listener.as_ref()))
    });
    let passes = matches!(route.kind, RouteKind::GatewayTls | RouteKind::IstioTls);
    let section = found.as_ref().and_then(|(_, _, section)| *section);
    let listeners = found
        .as_ref()
        .map_or(&[][..], |(_, gateway, _)| &gateway.listeners);
    let listeners: Vec<&Listener> = listeners
        .iter()
        .filter(|listener| match section {
            Some(name) => listener.name.as_ref() == Some(name),
            None => serves(listener, &route.hosts),
        })
        .collect();
    // A TLSRoute is attached to what passes TLS through, if there is such a thing.
    let secure = listeners
        .iter()
        .find(|listener| passes && listener.tls == ListenerTls::PassesThrough)
        .or_else(|| {
            let mut listeners = listeners.iter();
            listeners.find(|listener| listener.tls != ListenerTls::Plain)
        });
    let mut way = Way::without_route(group, route.hosts.clone());
    if way.hosts.is_empty() {
        way.hosts = listeners
            .iter()
            .flat_map(|listener| listener.hosts.clone())
            .collect();
        way.hosts.dedup();
    }
    way.front = Front {
        kind: kind_of(is_istio, found.as_ref().map(|(_, gateway, _)| *gateway)),
        gateway: gateway.map(|named| {
            let group = found
                .as_ref()
                .map_or_else(|| group_of(named), |(group, ..)| group.clone());
            let namespace = group.namespace();
            namespace.map_or_else(|| named.name.clone(), |ns| format!("{ns}/{}", named.name))
        }),
    };
    way.answer = match (secure.map(|listener| &listener.tls), &found) {
        (Some(ListenerTls::Ends(secrets)), Some((group, ..))) => {
            Answer::Secrets(secrets_of(secrets, group, is_istio))
        }
        (None, Some(_)) => Answer::Plain,
        _ => Answer::Unknown,
    };
    let ends = matches!(way.answer, Answer::Secrets(_));
    let policy = route.target.as_ref().and_then(|target| {
        let group = group_of(&target.service);
        index.policy(&group, &target.service.name)
    });
    way.wire = match (policy.map(|policy| &policy.trust), route.target.as_ref()) {
        _ if passes && !ends => Wire::PassedThrough,
        (Some(PolicyTrust::Plain), _) => Wire::Plain,
        (Some(PolicyTrust::Mesh), _) => Wire::Mesh,
        (Some(_), _) => Wire::Tls,
        // Where nothing is declared for port 443, gateways differ; and a mesh may have TLS of its own.
        (None, Some(target)) if target.port.as_deref() == Some("443") => Wire::Unknown,
        (None, Some(_)) if !is_istio => Wire::Plain,
        _ => Wire::Unknown,
    };
    let front_group = found.map_or_else(|| group.clone(), |(group, ..)| group);
    way.server_name = policy.and_then(|policy| policy.server_name.clone());
    way.trusting = trusting(index, policy, &front_group);
    way
}

fn trusting(index: &Index<'_>, policy: Option<&Policy>, front: &Group) -> Trusting {
    let Some(policy) = policy else {
        return Trusting::Elsewhere;
    };
    match &policy.trust {
        PolicyTrust::Objects(names) => {
            let group = index.groups.of_home(&policy.home);
            let objects = names.iter().map(|name| (group.clone(), name.clone()));
            Trusting::Objects(objects.collect())
        }
        PolicyTrust::Credential(name) => {
            // The CA is in the Secret itself or in one beside it (`pilot/pkg/credentials/kube/secrets.go`).
            let names = [name.clone(), format!("{name}-cacert")];
            let groups = beside_istio(front);
            let objects = groups.iter().flat_map(|group| {
                let of_group = |name: &String| (group.clone(), name.clone());
                names.iter().map(of_group).collect::<Vec<_>>()
            });
            Trusting::Objects(objects.collect())
        }
        PolicyTrust::Anything => Trusting::Anything,
        PolicyTrust::System | PolicyTrust::Mesh | PolicyTrust::Plain => Trusting::Elsewhere,
    }
}

/// A gateway of Istio takes its Secrets from the namespace of its pods, which its Gateway need not share.
fn beside_istio(group: &Group) -> Vec<Group> {
    let usual = ISTIO_NAMESPACES.map(|name| Group::Namespace(name.to_owned()));
    std::iter::once(group.clone()).chain(usual).collect()
}

fn secrets_of(secrets: &[Named], gateway: &Group, is_istio: bool) -> Vec<(Group, String)> {
    let groups = if is_istio {
        beside_istio(gateway)
    } else {
        vec![gateway.clone()]
    };
    let mut found = Vec::new();
    for secret in secrets {
        match &secret.namespace {
            Some(namespace) => {
                found.push((Group::Namespace(namespace.clone()), secret.name.clone()));
            }
            None => found.extend(
                groups
                    .iter()
                    .map(|group| (group.clone(), secret.name.clone())),
            ),
        }
    }
    found
}

fn kind_of(is_istio: bool, gateway: Option<&Gateway>) -> FrontKind {
    let class = gateway.map_or("", |gateway| gateway.class.as_str());
    if is_istio || class.contains("istio") {
        FrontKind::Istio
    } else if class.contains("traefik") {
        FrontKind::Traefik
    } else {
        FrontKind::Gateway
    }
}

/// Returns whether a listener is for one of these hosts.
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
