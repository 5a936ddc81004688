//! The paths that objects of kind Ingress make, where Traefik serves them.

use super::hop::{Front, FrontKind, Httpd, Inward, Known, Outward, Place, Shown};
use super::traefik::{client, look_up, speaks_https_to};
use super::{Field, Path, Routed, WayIn};
use crate::cluster::naming::Naming;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::ingress::{Ingress, IngressBackend};
use crate::kinds::service::Service;

pub(super) fn read(cluster: &Cluster, naming: Naming) -> Vec<Routed<'_>> {
    let objects = cluster.of(Kind::Ingress);
    let of_traefik = objects.filter_map(|object| match &object.resource {
        Resource::Ingress(ingress) if ingress.is_of_traefik => Some((object, ingress)),
        _ => None,
    });
    of_traefik
        .flat_map(|(object, ingress)| {
            let backends = ingress.backends.iter().enumerate();
            backends
                .map(move |(rule, backend)| path((cluster, naming), object, ingress, rule, backend))
        })
        .collect()
}

fn path<'a>(
    (cluster, naming): (&'a Cluster, Naming),
    object: &'a Object,
    ingress: &Ingress,
    rule: usize,
    backend: &IngressBackend,
) -> Routed<'a> {
    let place = |name: &str| Place {
        scope: object.scope.clone(),
        name: name.to_owned(),
    };
    // The Secrets give certificates alone: TLS is asked for by the annotation, or by the entry point.
    let secrets: Vec<Place> = ingress.secrets().map(|named| place(&named.name)).collect();
    let shown = if secrets.is_empty() {
        Shown::Store
    } else {
        Shown::Secrets(secrets)
    };
    let found = cluster.find(Kind::Service, &object.scope, &backend.service);
    let service = found.and_then(|object| object.resource.service());
    let transport = transport(cluster, naming, object, service);
    let scheme = service.and_then(|service| service.options.scheme.as_deref());
    let field = Field {
        at: backend.at,
        path: backend.field.clone(),
    };
    let outward = match speaks_https_to(scheme, backend.port.as_ref(), service) {
        Some(true) => Outward::Tls(client(transport)),
        Some(false) => Outward::Plain,
        None => Outward::Unsaid(client(transport)),
    };
    Routed {
        path: Path {
            hosts: backend.host.iter().cloned().collect(),
            front: Front {
                kind: FrontKind::Traefik,
                gateway: None,
            },
            inward: if ingress.asks_for_tls {
                Inward::Tls(shown)
            } else {
                Inward::Unsaid(shown)
            },
            outward,
            proxy: None,
            httpd: Some(Httpd {
                service: place(&backend.service),
                port: backend.port.clone(),
                share: 1,
            }),
        },
        way_in: WayIn::Ingress,
        route: object,
        rule,
        matched: field.clone(),
        named: Some((object, field)),
        reached: None,
        transport,
    }
}

/// Finds the ServersTransport that the Service names by an annotation.
fn transport<'a>(
    cluster: &'a Cluster,
    naming: Naming,
    object: &Object,
    service: Option<&Service>,
) -> Known<Option<&'a Object>> {
    let Some(service) = service else {
        return Known::Missing;
    };
    match &service.options.transport {
        None => Known::Here(None),
        Some(name) => {
            let kind = Kind::ServersTransport;
            match look_up(cluster, naming, kind, &object.scope, &name.value) {
                Known::Here(object) => Known::Here(Some(object)),
                Known::Outside => Known::Outside,
                _ => Known::Missing,
            }
        }
    }
}
