//! The Gateway API (gateway-api.sigs.k8s.io, v1 and the versions before it).

use super::{
    Attachment, FrontTls, Gateway, Home, Listener, ListenerTls, Named, Policy, PolicyTrust, Route,
    RouteKind, Routing, Target, items, text, texts, word,
};
use crate::yaml::Node;

pub(super) fn read(routing: &mut Routing, kind: &str, spec: &Node, home: Home, name: String) {
    match kind {
        "Gateway" => routing.gateways.push(Gateway {
            home,
            name,
            class: text(Some(spec), "gatewayClassName").unwrap_or_default(),
            listeners: items(spec, "listeners").map(listener).collect(),
        }),
        "HTTPRoute" => routing
            .routes
            .push(route(spec, RouteKind::GatewayHttp, home, name)),
        "TLSRoute" => routing
            .routes
            .push(route(spec, RouteKind::GatewayTls, home, name)),
        "BackendTLSPolicy" => policies(routing, spec, &home),
        _ => {}
    }
}

fn listener(listener: &Node) -> Listener {
    let tls = listener.get("tls");
    let is_tls =
        text(Some(listener), "protocol").is_some_and(|name| name == "HTTPS" || name == "TLS");
    let tls = if !is_tls {
        ListenerTls::Plain
    } else if text(tls, "mode").as_deref() == Some("Passthrough") {
        ListenerTls::PassesThrough
    } else {
        let named = tls
            .into_iter()
            .flat_map(|tls| items(tls, "certificateRefs"));
        ListenerTls::Ends(named.filter_map(named_object).collect())
    };
    Listener {
        name: text(Some(listener), "name"),
        hosts: text(Some(listener), "hostname").into_iter().collect(),
        tls,
    }
}

fn named_object(node: &Node) -> Option<Named> {
    Some(Named {
        namespace: text(Some(node), "namespace"),
        name: text(Some(node), "name")?,
    })
}

fn route(spec: &Node, kind: RouteKind, home: Home, name: String) -> Route {
    let services = items(spec, "rules").flat_map(|rule| items(rule, "backendRefs"));
    let mut targets = services.filter_map(|service| {
        Some(Target {
            service: named_object(service)?,
            port: word(Some(service), "port"),
            scheme: None,
            transport: None,
        })
    });
    let parents = items(spec, "parentRefs").filter_map(|parent| {
        Some(Attachment {
            gateway: named_object(parent)?,
            listener: text(Some(parent), "sectionName"),
        })
    });
    Route {
        home,
        kind,
        name,
        hosts: texts(spec, "hostnames"),
        front: FrontTls::Gateways(parents.collect()),
        target: targets.next(),
    }
}

fn policies(routing: &mut Routing, spec: &Node, home: &Home) {
    let validation = spec.get("validation");
    let named = validation
        .into_iter()
        .flat_map(|validation| items(validation, "caCertificateRefs"));
    let objects: Vec<String> = named.filter_map(|node| text(Some(node), "name")).collect();
    let trust = if objects.is_empty() {
        PolicyTrust::System
    } else {
        PolicyTrust::Objects(objects)
    };
    // v1alpha2 named one.
    let targets = items(spec, "targetRefs").chain(spec.get("targetRef"));
    for service in targets.filter_map(named_object) {
        routing.policies.push(Policy {
            home: home.clone(),
            service,
            server_name: text(validation, "hostname"),
            trust: trust.clone(),
        });
    }
}
