//! Objects of the Gateway API (1.6), as Traefik 3.7.9 (`pkg/provider/kubernetes/gateway`) and Istio 1.31
//! (`pilot/pkg/config/kube/gateway`) read them.

mod link;
mod listeners;
mod policies;
mod routes;
pub(super) mod rules;

use crate::cluster::{Kind, Resource};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::path::WayIn;
use crate::path::gateways::front;
use crate::path::hop::{FrontKind, Place};
use crate::release::Release;
use link::Grants;
use rules::CI801;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 8,
    title: "Gateway API",
    rules: rules::RULES,
    classes: &[
        Class::GatewayKind,
        Class::Gateway,
        Class::HttpRoute,
        Class::TlsRoute,
        Class::BackendTlsPolicy,
        Class::ReferenceGrant,
        Class::Namespace,
        Class::Service,
        Class::Secret,
        Class::ConfigMap,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let readers = Readers::of(model);
    let is_traefik = readers.is_traefik;
    for class in [
        Class::GatewayKind,
        Class::Gateway,
        Class::HttpRoute,
        Class::TlsRoute,
        Class::BackendTlsPolicy,
        Class::ReferenceGrant,
    ] {
        for object in model.of(class) {
            findings.extend(version(model, object, is_traefik));
        }
    }
    let grants = Grants::of(model);
    for gateway in model.said(Kind::Gateway, Resource::gateway) {
        listeners::check(model, &grants, &gateway, &mut findings);
    }
    policies::check(model, readers, &mut findings);
    routes::check(model, &grants, is_traefik, &mut findings);
    findings
}

/// Who reads the objects, as far as it is known.
#[derive(Debug, Clone, Copy)]
struct Readers {
    /// A Gateway is Traefik's, or there is none and a Traefik was named.
    is_traefik: bool,
    /// A Gateway is Istio's.
    is_istio: bool,
}

impl Readers {
    fn of(model: &Model<'_>) -> Self {
        let gateways: Vec<_> = model.said(Kind::Gateway, Resource::gateway).collect();
        let is_there = |kind| {
            let mut gateways = gateways.iter();
            gateways.any(|gateway| front(model.cluster, gateway.says) == kind)
        };
        let has_none = model.numbers(Class::Gateway).is_empty();
        Self {
            is_traefik: is_there(FrontKind::Traefik) || has_none && model.knowledge.is_certain(),
            is_istio: is_there(FrontKind::Istio),
        }
    }

    /// Returns who reads a policy for these Services: whoever serves the Gateways of the routes that lead to them, as far as that is
    /// known.
    fn of_services<'s>(
        self,
        fronts: &BTreeMap<(&str, &str), BTreeSet<FrontKind>>,
        services: impl Iterator<Item = (&'s str, &'s str)>,
    ) -> Self {
        let found: BTreeSet<FrontKind> = services
            .filter_map(|service| fronts.get(&service))
            .flatten()
            .copied()
            .collect();
        let own = Self {
            is_traefik: found.contains(&FrontKind::Traefik),
            is_istio: found.contains(&FrontKind::Istio),
        };
        if own.is_traefik || own.is_istio {
            own
        } else {
            self
        }
    }
}

/// Returns who serves the Gateways of the routes that lead to each Service, by its namespace and name.
fn fronts<'m>(model: &'m Model<'_>) -> BTreeMap<(&'m str, &'m str), BTreeSet<FrontKind>> {
    let mut fronts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for routed in &model.paths {
        if !matches!(routed.way_in, WayIn::HttpRoute | WayIn::TlsRoute) {
            continue;
        }
        if let Some(httpd) = &routed.path.httpd {
            let Place { scope, name } = &httpd.service;
            let service = (scope.namespace().unwrap_or_default(), name.as_str());
            fronts
                .entry(service)
                .or_default()
                .insert(routed.path.front.kind);
        }
    }
    fronts
}

/// Compares the version with those that are read: `go.mod` and `client.go` of Traefik 2.11, 3.0 to 3.7; served by
/// the definitions of Gateway API 1.0 to 1.6 (standard channel).
fn version(model: &Model<'_>, object: &Object<'_>, is_traefik: bool) -> Option<Finding> {
    let node = object.at(&["apiVersion"])?;
    let (_, version) = node.text()?.split_once('/')?;
    let release = model.knowledge.release;
    let since = |minor| release >= Release::exactly(3, minor, 0);
    let read: &[&str] = match object.class {
        _ if is_traefik && !since(0) => &["v1alpha2"],
        Class::BackendTlsPolicy if is_traefik && !since(2) => &[],
        Class::BackendTlsPolicy if is_traefik && !since(6) => &["v1alpha3"],
        Class::TlsRoute if is_traefik && !since(7) => &["v1alpha2"],
        Class::BackendTlsPolicy | Class::TlsRoute => &["v1"],
        _ => &["v1", "v1beta1"],
    };
    if read.contains(&version) {
        return None;
    }
    let kind = object.kind;
    // Both channels of 1.7.0 (`config/crd`).
    let may_be_served = !is_traefik
        && match object.class {
            Class::BackendTlsPolicy => version == "v1alpha3",
            Class::TlsRoute => ["v1alpha2", "v1alpha3"].contains(&version),
            _ => false,
        };
    let message = match (is_traefik, read.first()) {
        (true, None) => format!("Traefik {release} reads no {kind}"),
        (true, Some(read)) => format!("Traefik {release} reads {kind} {read}, not {version}"),
        (false, _) if may_be_served => {
            format!("{kind} {version} is served by the experimental channel only")
        }
        (false, _) => format!("{kind} {version} is no longer served"),
    };
    let finding = object.finding(&CI801, node.at, "apiVersion", message);
    Some(if may_be_served {
        finding.with_severity(Severity::Info)
    } else {
        finding
    })
}
