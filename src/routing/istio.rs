//! Istio's kinds (`networking.istio.io`, v1 and the versions before it).

use super::{
    Attachment, FrontTls, Gateway, Home, Listener, ListenerTls, Named, Policy, PolicyTrust, Route,
    RouteKind, Routing, Target, is_true, items, text, texts, word,
};
use crate::yaml::Node;

pub(super) fn read(routing: &mut Routing, kind: &str, spec: &Node, home: Home, name: String) {
    match kind {
        "Gateway" => routing.gateways.push(Gateway {
            home,
            name,
            class: "istio".to_owned(),
            listeners: items(spec, "servers").map(server).collect(),
        }),
        "VirtualService" => routing.add(virtual_service(spec, home, name)),
        "DestinationRule" => routing.policies.extend(destination_rule(spec, home)),
        _ => {}
    }
}

fn server(server: &Node) -> Listener {
    let tls = server.get("tls");
    let tls = match text(tls, "mode").as_deref() {
        Some("PASSTHROUGH" | "AUTO_PASSTHROUGH") => ListenerTls::PassesThrough,
        Some(_) => {
            let one = text(tls, "credentialName");
            let more = tls
                .into_iter()
                .flat_map(|tls| items(tls, "credentialNames"));
            let names = one
                .into_iter()
                .chain(more.filter_map(|node| Some(node.text()?.to_owned())));
            let secrets = names.map(|name| Named {
                namespace: None,
                name,
            });
            ListenerTls::Ends(secrets.collect())
        }
        None => ListenerTls::Plain,
    };
    // A host may have the namespace of its VirtualServices before it.
    let hosts = texts(server, "hosts").into_iter();
    let hosts = hosts.map(|host| match host.split_once('/') {
        Some((_, host)) => host.to_owned(),
        None => host,
    });
    Listener {
        name: text(Some(server), "name"),
        hosts: hosts.filter(|host| host != "*").collect(),
        tls,
    }
}

fn virtual_service(spec: &Node, home: Home, name: String) -> Route {
    let gateways = texts(spec, "gateways").into_iter();
    let gateways = gateways.filter(|name| name != "mesh").map(|name| {
        let (namespace, name) = match name.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
            None => (None, name),
        };
        Attachment {
            gateway: Named { namespace, name },
            listener: None,
        }
    });
    let gateways: Vec<Attachment> = gateways.collect();
    let is_tls = spec.get("tls").is_some() && spec.get("http").is_none();
    let (kind, section) = if is_tls {
        (RouteKind::IstioTls, "tls")
    } else {
        (RouteKind::IstioHttp, "http")
    };
    let routes = items(spec, section).flat_map(|rule| items(rule, "route"));
    let mut targets = routes.filter_map(|route| {
        let destination = route.get("destination")?;
        Some(Target {
            service: service(&text(Some(destination), "host")?),
            port: word(destination.get("port"), "number"),
            scheme: None,
            transport: None,
        })
    });
    // Without a Gateway it is for calls within the mesh.
    let hosts = if gateways.is_empty() {
        Vec::new()
    } else {
        texts(spec, "hosts")
            .into_iter()
            .filter(|host| host != "*")
            .collect()
    };
    Route {
        home,
        kind,
        name,
        hosts,
        front: FrontTls::Gateways(gateways),
        target: targets.next(),
    }
}

/// Takes `NAME`, `NAME.NAMESPACE.svc.cluster.local` and what lies between apart.
fn service(host: &str) -> Named {
    let mut parts = host.split('.');
    Named {
        name: parts.next().unwrap_or_default().to_owned(),
        namespace: parts.next().map(str::to_owned),
    }
}

fn destination_rule(spec: &Node, home: Home) -> Option<Policy> {
    let policy = spec.get("trafficPolicy")?;
    let ports = items(policy, "portLevelSettings").filter_map(|port| port.get("tls"));
    let tls = ports.chain(policy.get("tls")).next()?;
    let credential = text(Some(tls), "credentialName");
    let trust = match (text(Some(tls), "mode").as_deref(), credential) {
        (Some("DISABLE"), _) => PolicyTrust::Plain,
        (Some("ISTIO_MUTUAL"), _) => PolicyTrust::Mesh,
        _ if is_true(Some(tls), "insecureSkipVerify") => PolicyTrust::Anything,
        (_, Some(name)) => PolicyTrust::Credential(name),
        // Without a CA it is for the mesh's configuration to say what counts (Istio's message IST0129).
        (_, None) if tls.get("caCertificates").is_none() => PolicyTrust::System,
        (_, None) => PolicyTrust::Objects(Vec::new()),
    };
    let names = texts(tls, "subjectAltNames").into_iter();
    Some(Policy {
        home,
        service: service(&text(Some(spec), "host")?),
        server_name: text(Some(tls), "sni").or(names.last()),
        trust,
    })
}
