//! Fields of a Service that only some Services have, and their values (`ValidateService` in
//! `pkg/apis/core/validation/validation.go` of Kubernetes 1.34).

use super::core::{is_label_value, is_open, is_part, is_qualified};
use super::rules::{CI316, CI319};
use crate::cidr::Cidr;
use crate::lint::finding::Finding;
use crate::lint::model::Object;
use crate::yaml::{Node, Value};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The longest time in which a client is kept with one pod, in seconds: a day (`MaxClientIPServiceAffinitySeconds`).
const MAX_AFFINITY: i64 = 86_400;

/// Checks the spec of a Service beyond its ports and the types of its fields.
pub(super) fn check(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    let mut find = |rule, node: &Node, field: &str, message: String| {
        findings.push(object.finding(rule, node.at, &format!("spec.{field}"), message));
    };
    let is_set = |node: &&Node| node.value != Value::Null;
    let balanced = spec.text_of("type") == Some("LoadBalancer");
    for field in [
        "allocateLoadBalancerNodePorts",
        "loadBalancerClass",
        "loadBalancerSourceRanges",
    ] {
        let node = spec.get(field).filter(is_set);
        let is_empty = |node: &Node| matches!(&node.value, Value::List(items) if items.is_empty());
        if let Some(node) = node.filter(|node| !balanced && !is_empty(node)) {
            let message = "only Services of type LoadBalancer have it".to_owned();
            find(&CI319, node, field, message);
        }
    }
    if let Some(node) = spec.get("clusterIP")
        && node.text() == Some("None")
        && let Some(other) = spec
            .text_of("type")
            .filter(|text| ["NodePort", "LoadBalancer"].contains(text))
    {
        let message = format!("a Service of type {other} cannot be headless");
        find(&CI319, node, "clusterIP", message);
    }
    let is_local = spec.text_of("externalTrafficPolicy") == Some("Local");
    if let Some(node) = spec.get("healthCheckNodePort")
        && matches!(node.value, Value::Int(number) if number != 0)
        && !(balanced && is_local)
    {
        let message =
            "only Services of type LoadBalancer with `externalTrafficPolicy: Local` have it";
        find(&CI319, node, "healthCheckNodePort", message.to_owned());
    }
    if let Some(node) = spec.get("clusterIPs")
        && !node.items().is_empty()
        && spec.text_of("clusterIP").is_none_or(str::is_empty)
    {
        let message = "it is set without `clusterIP`".to_owned();
        find(&CI319, node, "clusterIPs", message);
    }
    for (field, others) in [("clusterIPs", &["None", ""][..]), ("externalIPs", &[])] {
        for (index, node) in spec.items_of(field).iter().enumerate() {
            let text = node.text().filter(|text| !is_open(text));
            let is_address = |text: &str| others.contains(&text) || text.parse::<IpAddr>().is_ok();
            if let Some(text) = text.filter(|text| !is_address(text)) {
                let message = format!("`{}` is not an address", text.escape_debug());
                find(&CI319, node, &format!("{field}[{index}]"), message);
            }
        }
    }
    for (index, node) in spec.items_of("loadBalancerSourceRanges").iter().enumerate() {
        let text = node.text().filter(|text| !is_open(text));
        if let Some(text) = text.filter(|text| Cidr::parse(text.trim()).is_err()) {
            let message = format!("`{}` is not a range of addresses", text.escape_debug());
            let field = format!("loadBalancerSourceRanges[{index}]");
            find(&CI319, node, &field, message);
        }
    }
    for (index, node) in spec.items_of("ipFamilies").iter().enumerate() {
        let text = node.text().filter(|text| !is_open(text));
        if let Some(text) = text.filter(|text| !["IPv4", "IPv6"].contains(text)) {
            let message = format!("`{}` is not one of `IPv4`, `IPv6`", text.escape_debug());
            find(&CI316, node, &format!("ipFamilies[{index}]"), message);
        }
    }
    let is_single = spec
        .text_of("ipFamilyPolicy")
        .is_none_or(|policy| policy == "SingleStack");
    if let Some(node) = spec.get("ipFamilies").filter(|_| is_single)
        && node.items().len() > 1
    {
        let message = "two of them need `ipFamilyPolicy: PreferDualStack`".to_owned();
        find(&CI319, node, "ipFamilies", message);
    }
    if spec.text_of("type") == Some("ExternalName")
        && let Some(node) = spec.get("externalName")
        && let Some(text) = node.text().filter(|text| !is_open(text))
    {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_name = name.len() <= 253 && name.split('.').all(is_part);
        if !name.is_empty() && !is_name {
            let message = format!("`{}` is not a valid DNS name", text.escape_debug());
            find(&CI319, node, "externalName", message);
        }
    }
    addresses_of_a_name(object, findings);
    affinity(object, findings);
    selector(object, findings);
    ports(object, findings);
}

/// Finds addresses of a Service that stands for a name of the DNS.
fn addresses_of_a_name(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec.text_of("type") != Some("ExternalName") {
        return;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let node = spec.get(field).filter(|node| node.value != Value::Null);
        let is_empty =
            |node: &&Node| node.items().is_empty() && node.text().is_none_or(str::is_empty);
        if let Some(node) = node.filter(|node| !is_empty(node)) {
            let message = "a Service of type ExternalName has none".to_owned();
            findings.push(object.finding(&CI319, node.at, &format!("spec.{field}"), message));
        }
    }
}

/// Finds a time of affinity out of its bounds.
fn affinity(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec.text_of("sessionAffinity") == Some("ClientIP")
        && let Some(node) = spec.at_path(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"])
        && matches!(node.value, Value::Int(seconds) if !(1..=MAX_AFFINITY).contains(&seconds))
    {
        let message = format!("it is from 1 to {MAX_AFFINITY}");
        let field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
        findings.push(object.finding(&CI319, node.at, field, message));
    }
}

fn selector(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let labels = object.spec().get("selector").map(Node::entries);
    for (key, node) in labels.unwrap_or_default() {
        let is_bad = !is_open(&key.text) && !is_qualified(&key.text);
        let value = node.text().filter(|text| !is_open(text));
        if is_bad || value.is_some_and(|text| !is_label_value(text)) {
            let message = format!(
                "`{}: {}` cannot be a label",
                key.text.escape_debug(),
                value.unwrap_or_default().escape_debug()
            );
            let field = format!("spec.selector.{}", key.text);
            findings.push(object.finding(&CI319, node.at, &field, message));
        }
    }
}

fn ports(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let mut known = BTreeSet::new();
    for (index, port) in object.spec().items_of("ports").iter().enumerate() {
        let field = |key: &str| format!("spec.ports[{index}].{key}");
        let protocol = port.text_of("protocol").filter(|text| !text.is_empty());
        let number = port.get("port").and_then(Node::scalar);
        let key = (number, protocol.unwrap_or("TCP"));
        if let (Some(number), _) = &key {
            let message = format!("port `{number}` is there twice");
            if !known.insert(key.clone()) {
                findings.push(object.finding(&CI319, port.at, &field("port"), message));
            }
        }
        if let Some(node) = port.get("appProtocol")
            && let Some(text) = node.text()
            && !is_open(text)
            && !is_qualified(text)
        {
            let message = format!("`{}` is not a valid `appProtocol`", text.escape_debug());
            findings.push(object.finding(&CI319, node.at, &field("appProtocol"), message));
        }
    }
}
