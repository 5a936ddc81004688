//! Family 7: what stands around Traefik and httpd: load balancer, network policies, probes, DNS, ACME.

use super::finding::Finding;
use super::items;
use super::model::{Class, Model, Object, at_path, entries, is_true, scalar};
use super::rules::{CI701, CI702, CI703, CI704, CI705, CI706, CI707, CI708, CI709, CI710, CI711};
use super::values;
use crate::yaml::Node;
use std::collections::BTreeSet;

/// Apache's default for `KeepAliveTimeout`, in seconds.
const KEEP_ALIVE: u64 = 5;

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        match object.class {
            Class::NetworkPolicy => policy(model, object, &mut findings),
            Class::Service => service(object, &mut findings),
            Class::ConfigMap => config_map(object, &mut findings),
            Class::IngressRoute => external_dns(object, &mut findings),
            Class::ServersTransport => idle(object, &mut findings),
            Class::Secret if object.kind == "Certificate" => acme(model, object, &mut findings),
            _ => {}
        }
    }
    probes(model, &mut findings);
    balancer(model, &mut findings);
    findings
}

fn policy(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    if !model.provider.host_network {
        return;
    }
    for (rule, node) in items(object.spec(), "ingress") {
        for (index, peer) in items(node, "from") {
            let labels = peer
                .get("podSelector")
                .and_then(|node| node.get("matchLabels"));
            let of_traefik = labels
                .map(entries)
                .unwrap_or_default()
                .iter()
                .any(|(_, value)| value.text() == Some("traefik"));
            let has_ranges = items(node, "from").any(|(_, peer)| peer.get("ipBlock").is_some());
            if of_traefik && !has_ranges {
                let message =
                    "the policy selects Traefik's pods, which have the addresses of their nodes";
                findings.push(object.finding(
                    &CI701,
                    peer.at,
                    &format!("spec.ingress[{rule}].from[{index}]"),
                    message,
                ));
            }
        }
    }
}

const OPENSTACK: &str = "loadbalancer.openstack.org/";
const OVH: &str = "loadbalancer.ovhcloud.com/";
/// What OVHcloud's managed Kubernetes does not have (its guide on load balancers, commits 01d41b04 and 73a76c77).
const NOT_AT_OVH: [&str; 6] = [
    "x-forwarded-for",
    "default-tls-container-ref",
    "floating-network-id",
    "floating-subnet-id",
    "class",
    "availability-zone",
];

fn service(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(annotations) = object.at(&["metadata", "annotations"]) else {
        return;
    };
    let of = |name: &str| annotations.get(&format!("{OPENSTACK}{name}"));
    let has = |prefix: &str| {
        entries(annotations)
            .iter()
            .any(|(key, _)| key.text.starts_with(prefix))
    };
    let field = |name: &str| format!("metadata.annotations.{OPENSTACK}{name}");
    let proxy = of("proxy-protocol").filter(|node| node.text() != Some("false"));
    if let (Some(_), Some(node)) = (
        proxy,
        of("x-forwarded-for").filter(|node| is_true(Some(node))),
    ) {
        let message = "both `proxy-protocol` and `x-forwarded-for` are set";
        findings.push(object.finding(&CI704, node.at, &field("x-forwarded-for"), message));
    }
    if has(OVH) {
        for name in NOT_AT_OVH {
            if let Some(node) = of(name) {
                let message = format!("OVHcloud does not have `{name}`");
                findings.push(object.finding(&CI705, node.at, &field(name), message));
            }
        }
    }
    let policy = object.spec().get("externalTrafficPolicy");
    if let Some(node) = policy.filter(|node| node.text() == Some("Local") && has(OPENSTACK))
        && !is_true(of("enable-health-monitor"))
    {
        let message = "`Local`, and no health monitor";
        findings.push(object.finding(&CI703, node.at, "spec.externalTrafficPolicy", message));
    }
}

fn config_map(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.at(&["data", "LISTEN_BACKLOG"]) else {
        return;
    };
    let number = scalar(node).and_then(|text| text.parse::<i64>().ok());
    if number.is_none_or(|number| number < 1) {
        let message = "`LISTEN_BACKLOG` is no number from 1 on";
        findings.push(object.finding(&CI706, node.at, "data.LISTEN_BACKLOG", message));
    }
}

fn external_dns(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let prefixes = [
        "external-dns.alpha.kubernetes.io/",
        "external-dns.kubernetes.io/",
    ];
    let has = |name: &str| {
        prefixes
            .iter()
            .any(|prefix| object.annotation(&format!("{prefix}{name}")).is_some())
    };
    let Some(annotations) = object.at(&["metadata", "annotations"]) else {
        return;
    };
    let first = entries(annotations)
        .iter()
        .find(|(key, _)| prefixes.iter().any(|prefix| key.text.starts_with(prefix)));
    if let Some((key, _)) = first.filter(|_| !has("target")) {
        let message = "there is no annotation `target`";
        findings.push(object.finding(
            &CI707,
            key.at,
            &format!("metadata.annotations.{}", key.text),
            message,
        ));
    }
}

fn idle(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec.get("maxIdleConnsPerHost").is_none() {
        let message = "two idle connections are kept";
        findings.push(object.finding(&CI711, spec.at, "spec.maxIdleConnsPerHost", message));
    }
    let node = at_path(spec, &["forwardingTimeouts", "idleConnTimeout"]);
    // 90 seconds is Traefik's default.
    let seconds = node.map_or(Some(90), |node| seconds(&scalar(node)?));
    if seconds.is_some_and(|seconds| seconds >= KEEP_ALIVE) {
        let at = node.map_or(spec.at, |node| node.at);
        let message = "idle connections are kept for 5 seconds or longer";
        findings.push(object.finding(
            &CI710,
            at,
            "spec.forwardingTimeouts.idleConnTimeout",
            message,
        ));
    }
}

/// Gives the whole seconds of a duration with one unit.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "" | "s" => Some(number),
        "ms" => Some(number / 1000),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    }
}

fn acme(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let issuer = object.at(&["spec", "issuerRef"]);
    let name = issuer
        .and_then(|node| node.get("name")?.text())
        .unwrap_or_default();
    let is_cluster = issuer.and_then(|node| node.get("kind")?.text()) == Some("ClusterIssuer");
    let (class, namespace) = if is_cluster {
        (Class::ClusterIssuer, "")
    } else {
        (Class::Issuer, object.namespace)
    };
    let Some(number) = model.find(class, namespace, name) else {
        return;
    };
    let Some(acme) = model.objects[number].spec().get("acme") else {
        return;
    };
    if items(acme, "solvers").any(|(_, solver)| solver.get("dns01").is_some()) {
        return;
    }
    for (index, node) in items(object.spec(), "dnsNames") {
        if let Some(host) = node.text().filter(|host| host.starts_with("*.")) {
            let message = format!(
                "`{}`, and issuer `{name}` has no dns01 solver",
                host.escape_debug()
            );
            findings.push(object.finding(
                &CI708,
                node.at,
                &format!("spec.dnsNames[{index}]"),
                message,
            ));
        }
    }
}

/// Finds HTTP probes of pods whose Service gets the PROXY protocol.
fn probes(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut wanted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for object in model.of(Class::IngressRouteTcp) {
        for (_, rule) in items(object.spec(), "routes") {
            for (_, node) in items(rule, "services") {
                let namespace = node
                    .get("namespace")
                    .and_then(Node::text)
                    .unwrap_or(object.namespace);
                let transport = node.get("serversTransport").and_then(Node::text);
                let transport = transport
                    .and_then(|name| model.find(Class::ServersTransportTcp, namespace, name));
                let sends = node.get("proxyProtocol").is_some()
                    || transport.is_some_and(|number| {
                        model.objects[number].spec().get("proxyProtocol").is_some()
                    });
                if let Some(name) = node.get("name").and_then(Node::text).filter(|_| sends) {
                    wanted.insert((namespace, name));
                }
            }
        }
    }
    for (namespace, name) in wanted {
        let Some(number) = model.find(Class::Service, namespace, name) else {
            continue;
        };
        let selector = model.objects[number]
            .spec()
            .get("selector")
            .map(entries)
            .unwrap_or_default();
        for number in model.within(Class::Workload, namespace) {
            let object = &model.objects[number];
            let labels = object.at(&["spec", "template", "metadata", "labels"]);
            let is_selected = !selector.is_empty()
                && selector.iter().all(|(key, value)| {
                    labels.and_then(|labels| labels.get(&key.text)?.text()) == value.text()
                });
            if is_selected {
                http_probes(object, findings);
            }
        }
    }
}

fn http_probes(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(pod) = object.at(&["spec", "template", "spec"]) else {
        return;
    };
    for (index, container) in items(pod, "containers") {
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            if let Some(node) = container.get(probe).and_then(|probe| probe.get("httpGet")) {
                let field = format!("spec.template.spec.containers[{index}].{probe}.httpGet");
                let message =
                    format!("`{probe}` speaks http, and the Service gets the PROXY protocol");
                findings.push(object.finding(&CI702, node.at, &field, message));
            }
        }
    }
}

/// Compares the load balancer's annotations in the chart's values with the entry points beside them.
fn balancer(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for values in &model.values {
        let key = format!("{OPENSTACK}proxy-protocol");
        let Some(node) =
            at_path(values.node, &["service", "annotations"]).and_then(|node| node.get(&key))
        else {
            continue;
        };
        if scalar(node).is_some_and(|text| text == "false") {
            continue;
        }
        let expects = |port: &str| {
            let node = at_path(values.node, &["ports", port, "proxyProtocol"]);
            let ranges = node.and_then(|node| node.get("trustedIPs"));
            let has_ranges = ranges.is_some_and(|ranges| !ranges.items().is_empty());
            has_ranges || is_true(node.and_then(|node| node.get("insecure")))
        };
        let by_argument = values
            .node
            .get("additionalArguments")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .any(|node| {
                node.text()
                    .is_some_and(|text| text.to_ascii_lowercase().contains("proxyprotocol"))
            });
        if !expects("websecure") && !by_argument {
            let message =
                "the load balancer sends the PROXY protocol, and `ports.websecure` trusts no peer"
                    .to_owned();
            findings.push(values::finding(
                values,
                &CI709,
                node.at,
                &format!("service.annotations.{key}"),
                message,
            ));
        }
    }
}
