//! Family 7: what is around Traefik and httpd: network policies, DNS, ACME, idle connections.

use super::cert_manager::issuer_of;
use super::finding::Finding;
use super::model::{Class, Model, Object};
use super::rules::{CI701, CI706, CI707, CI708, CI710, CI711};
use crate::yaml::Node;

/// Apache's default for `KeepAliveTimeout`, in seconds.
const KEEP_ALIVE: u64 = 5;

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        match object.class {
            Class::NetworkPolicy => policy(model, object, &mut findings),
            Class::ConfigMap => config_map(object, &mut findings),
            Class::IngressRoute => external_dns(object, &mut findings),
            Class::ServersTransport => idle(object, &mut findings),
            Class::Secret if object.kind == "Certificate" => acme(model, object, &mut findings),
            _ => {}
        }
    }
    findings
}

fn policy(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    if !model.provider.host_network {
        return;
    }
    for (rule, node) in object.spec().items_of("ingress").iter().enumerate() {
        for (index, peer) in node.items_of("from").iter().enumerate() {
            let labels = peer
                .get("podSelector")
                .and_then(|node| node.get("matchLabels"));
            let of_traefik = labels
                .map(Node::entries)
                .unwrap_or_default()
                .iter()
                .any(|(_, value)| value.text() == Some("traefik"));
            let has_ranges = node
                .items_of("from")
                .iter()
                .any(|peer| peer.get("ipBlock").is_some());
            if of_traefik && !has_ranges {
                let message =
                    "the policy selects Traefik's pods, which have their nodes' addresses";
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

fn config_map(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.at(&["data", "LISTEN_BACKLOG"]) else {
        return;
    };
    let number = node.scalar().and_then(|text| text.parse::<i64>().ok());
    if number.is_none_or(|number| number < 1) {
        let message = "`LISTEN_BACKLOG` is not a number from 1 up";
        findings.push(object.finding(&CI706, node.at, "data.LISTEN_BACKLOG", message));
    }
}

fn external_dns(object: &Object<'_>, findings: &mut Vec<Finding>) {
    // The default up to external-dns 0.21, and from 0.22 on: one release reads one of the two.
    let prefixes = [
        "external-dns.alpha.kubernetes.io/",
        "external-dns.kubernetes.io/",
    ];
    let Some(annotations) = object.at(&["metadata", "annotations"]) else {
        return;
    };
    for prefix in prefixes {
        let mut all = annotations.entries().iter();
        let first = all.find(|(key, _)| key.text.starts_with(prefix));
        let target = format!("{prefix}target");
        if let Some((key, _)) = first.filter(|_| annotations.get(&target).is_none()) {
            let message = format!("there is no annotation `{target}`");
            let field = format!("metadata.annotations.{}", key.text);
            findings.push(object.finding(&CI707, key.at, &field, message));
        }
    }
}

fn idle(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec.get("maxIdleConnsPerHost").is_none() {
        let message = "two idle connections are kept";
        findings.push(object.finding(&CI711, spec.at, "spec.maxIdleConnsPerHost", message));
    }
    let node = spec.at_path(&["forwardingTimeouts", "idleConnTimeout"]);
    // 90 seconds is Traefik's default.
    let seconds = node.map_or(Some(90), |node| seconds(&node.scalar()?));
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

/// Returns the whole seconds of a duration with one unit.
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
    let Some(issuer) = issuer_of(model, object) else {
        return;
    };
    let Some(acme) = issuer.spec().get("acme") else {
        return;
    };
    if acme
        .items_of("solvers")
        .iter()
        .any(|solver| solver.get("dns01").is_some())
    {
        return;
    }
    for (index, node) in object.spec().items_of("dnsNames").iter().enumerate() {
        if let Some(host) = node.text().filter(|host| host.starts_with("*.")) {
            let message = format!(
                "`{}`, and issuer `{}` has no dns01 solver",
                host.escape_debug(),
                issuer.name
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
