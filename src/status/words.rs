//! The path of an instance in words, for the page and the diagrams.

use super::path::{FrontKind, Instance, Leg, Stop, Trust, Wire};

/// Names what a request passes.
pub(super) fn title(stop: Stop, instance: &Instance) -> &'static str {
    match stop {
        Stop::Browser => "Browser",
        Stop::Balancer => "Load balancer",
        Stop::Front => instance.front.kind.title(),
        Stop::Httpd => "httpd",
        Stop::Database => "Database",
    }
}

/// Describes what is known of it, apart from certificates.
pub(super) fn notes(stop: Stop, instance: &Instance) -> Vec<String> {
    let mut notes = Vec::new();
    match stop {
        Stop::Browser | Stop::Database => {}
        Stop::Balancer => balancer(instance, &mut notes),
        Stop::Front => {
            let gateway = instance.front.gateway.as_ref();
            notes.extend(gateway.map(|gateway| format!("Gateway {gateway}")));
            let said = match instance.browser.wire {
                _ if instance.passes_through() => Some("passes TLS through unopened"),
                Wire::Plain => Some("plain http: nothing is encrypted"),
                Wire::Unknown if gateway.is_some() => {
                    Some("not among the manifests; whether TLS ends here is unknown")
                }
                Wire::Unknown => {
                    Some("the route has no tls: plain http, unless its entry point adds TLS")
                }
                Wire::Tls | Wire::PassedThrough | Wire::Mesh => None,
            };
            notes.extend(said.map(str::to_owned));
        }
        Stop::Httpd => {
            let said = match instance.backend.wire {
                Wire::Plain => Some("plain http: nothing is encrypted"),
                Wire::Mesh => Some("the mesh's own TLS on both sides"),
                Wire::Unknown => Some("the manifests do not say whether this leg is TLS"),
                Wire::PassedThrough => Some("the browser's TLS ends here"),
                Wire::Tls => None,
            };
            notes.extend(said.map(str::to_owned));
        }
    }
    notes
}

fn balancer(instance: &Instance, notes: &mut Vec<String>) {
    let Some(balancer) = &instance.balancer else {
        notes.push("if any: passes TLS through".to_owned());
        return;
    };
    if balancer.addresses.is_empty() {
        notes.push("no address yet".to_owned());
    } else {
        notes.push(balancer.addresses.join(", "));
    }
    let namespace = balancer.home.namespace.as_ref();
    let namespace = namespace.map_or_else(String::new, |namespace| format!("{namespace}/"));
    notes.push(format!("Service {namespace}{}", balancer.name));
    if let Some(version) = &balancer.proxy_protocol {
        let version = if version == "true" { "" } else { version };
        notes.push(format!("PROXY protocol {version}").trim_end().to_owned());
    }
    if balancer.ends_tls.is_some() {
        notes.push("ends TLS itself, with a certificate that no manifest holds".to_owned());
    }
}

/// Describes what goes over a leg and what its client makes of it.
pub(super) fn arrow(leg: &Leg) -> &'static str {
    match (leg.wire, leg.verdict) {
        (Wire::Plain, _) => "NOT ENCRYPTED",
        (Wire::Mesh, _) => "mesh TLS",
        (Wire::Unknown, _) => "TLS?",
        (_, Trust::Unknown) => "TLS",
        (_, Trust::Signed) => "TLS, CA trusted",
        (_, Trust::NotSigned) => "TLS, CA NOT TRUSTED",
        (_, Trust::OtherName) => "TLS, WRONG NAME",
        (_, Trust::Unchecked) => "TLS, NOT VERIFIED",
    }
}

/// Returns whether there is something to tell of a leg's certificate: which it is, or that it is missing.
pub(super) fn tells_certificate(leg: &Leg) -> bool {
    match leg.wire {
        Wire::Plain | Wire::Mesh => false,
        Wire::Unknown => leg.certificate.is_some(),
        Wire::Tls | Wire::PassedThrough => true,
    }
}

/// Names the client of what a request passes.
pub(super) fn client(stop: Stop, instance: &Instance) -> &'static str {
    match stop {
        Stop::Httpd if !instance.passes_through() => match instance.front.kind {
            FrontKind::Gateway => "the gateway",
            kind => kind.title(),
        },
        Stop::Database => "httpd",
        _ => "the browser",
    }
}
