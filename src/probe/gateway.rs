//! How the objects of the Gateway API and of Istio lead the connections for a host.

use super::authorities::{extern_trust, kept, locked};
use super::objects::missing;
use super::route::Way;
use super::servers_transport::client_pair;
use super::transport::{Speech, Transport};
use super::trust::{ExpectedName, RootOrigin, TrustedRoots};
use super::{Check, Finding, Verdict};
use crate::cluster::{Cluster, Kind, Object};
use crate::fault::{Fault, Faults};
use crate::lint::rules::{CI805, CI855};
use crate::name::DnsName;
use crate::path::Routed;
use crate::path::gateways::{self, meets};
use crate::path::hop::{Authority, Client, FrontKind, Keys, Known, Outward, Place, Trust};

/// Returns the path of the route for a host, the one that names it before those for many.
pub(super) fn find<'a>(cluster: &'a Cluster, host: &DnsName) -> Option<Routed<'a>> {
    let is_led = |routed: &Routed<'_>| {
        !routed.way_in.is_of_traefik()
            && routed
                .path
                .hosts
                .iter()
                .any(|named| meets(named, host.as_str()))
    };
    let found = gateways::read(cluster).into_iter().filter(is_led);
    let names = |routed: &Routed<'_>| routed.path.hosts.iter().any(|named| named == host.as_str());
    found.min_by_key(|routed| !names(routed))
}

/// Returns how the Service of a route is reached.
///
/// # Errors
/// A route without a Service; a ConfigMap that the manifests do not hold, or that cannot be read.
pub(super) fn transport(way: &Way<'_>, routed: &Routed<'_>) -> Result<Transport, Vec<Fault>> {
    let (cluster, host, route) = (way.cluster(), way.host(), routed.route);
    let Some(httpd) = &routed.path.httpd else {
        let fault = Fault::new(format!("the route for `{host}` leads to no Service"));
        return Err(vec![route.fault(fault, routed.matched.at)]);
    };
    let scope = &httpd.service.scope;
    let mut transport = Transport::plain(None, None);
    let port = httpd.port.as_ref();
    let port = port.map_or_else(String::new, |port| format!(" port {}", port.shown()));
    transport.service = Some(format!("{}{port}", httpd.service));
    let policy = match routed.transport {
        Known::Here(policy) => policy,
        _ => None,
    };
    transport.object = policy.map(|object| (object.kind().as_str(), Place::of(object)));
    let by = policy.unwrap_or(route);
    transport.proxy = routed.path.proxy.map(|version| (version, by.to_string()));
    match (&routed.path.outward, policy) {
        (Outward::PassedThrough, _) => {
            transport.speech = Speech::Passthrough;
            transport.server_name = Some(ExpectedName::Host(host.clone()));
            transport.trust = extern_trust(cluster, scope, host);
        }
        (Outward::Tls(client), Some(policy)) => verified(cluster, policy, client, &mut transport)?,
        (Outward::Plain, _) => transport.speech = Speech::Http,
        _ => {
            let (kind, then) = match routed.path.front.kind {
                FrontKind::Istio => ("DestinationRule with TLS", "Istio speaks as its mesh does"),
                FrontKind::Traefik | FrontKind::Gateway => (
                    "BackendTLSPolicy",
                    "Traefik trusts its system's roots and expects the pod's address",
                ),
            };
            let what = format!("no {kind} is for the Service {}: {then}", httpd.service);
            let fix = format!("add a {kind} in the namespace {}", scope.label());
            transport.find(Verdict::Warning, what, fix);
        }
    }
    transport.kept = kept(cluster, scope, host, transport.trust.as_ref());
    Ok(transport)
}

/// Takes the name and the CAs of a policy.
fn verified(
    cluster: &Cluster,
    policy: &Object,
    client: &Client,
    out: &mut Transport,
) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    if let Some(name) = &client.expects {
        out.server_name = faults.keep(DnsName::parse(name)).map(ExpectedName::Host);
    }
    let authorities: &[Authority] = match &client.trusts {
        Trust::Authorities(authorities) => authorities,
        Trust::System | Trust::Anything | Trust::Unknown => &[],
    };
    let (mut anchors, mut origins) = (Vec::new(), Vec::new());
    for authority in authorities {
        let Authority {
            place, is_secret, ..
        } = authority;
        let kind = if *is_secret {
            Kind::Secret
        } else {
            Kind::ConfigMap
        };
        let Some(data) = cluster.data(kind, &place.scope, &place.name) else {
            faults.push(missing(kind, place).file("--manifest"));
            continue;
        };
        let shown = kind.as_str();
        let Some(entry) = authority.read(data).entry() else {
            let subject = format!("{policy}: {shown} {place} has no `ca.crt`");
            let rule = match authority.keys {
                Keys::Istio => &CI855,
                Keys::GatewayApi | Keys::Traefik => &CI805,
            };
            out.findings
                .push(Finding::of_rule(rule, Verdict::Broken, subject));
            continue;
        };
        let origin = format!("{shown} {place} key {}", entry.key);
        if let Some(lock) = entry.lock() {
            faults.push(locked(&origin, lock, place));
            continue;
        }
        anchors.extend(entry.certs().map(|cert| cert.certificate.clone()));
        origins.push(origin);
    }
    if let Some(secret) = &client.shows {
        client_pair(cluster, policy, secret, out);
    }
    if !authorities.is_empty() {
        out.trust = Some(TrustedRoots {
            anchors,
            origin: RootOrigin::Objects(origins),
        });
    }
    faults.finish(Some(()))
}

/// Reports that the route takes the host.
pub(super) fn taken(routed: &Routed<'_>, host: &DnsName) -> Finding {
    let ends = match routed.path.outward {
        Outward::PassedThrough => ", and passes its TLS through to the httpd",
        _ => "",
    };
    let gateway = routed.path.front.gateway.as_deref().unwrap_or("unknown");
    let what = format!(
        "{} takes the host `{host}` at Gateway {gateway}{ends}",
        routed.route
    );
    Finding::new(Check::Objects, Verdict::Good, what)
}
