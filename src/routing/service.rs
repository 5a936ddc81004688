//! Services of type LoadBalancer: what is before the cluster.

use super::{Home, text};
use crate::yaml::{Node, Value};

/// A Service of type LoadBalancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// Where it belongs.
    pub home: Home,
    /// `metadata.name`.
    pub name: String,
    /// Its addresses and names, as far as they are known.
    pub addresses: Vec<String>,
    /// The version of the PROXY protocol that it is told to speak, as written.
    pub proxy_protocol: Option<String>,
    /// The annotation by which it is told to end TLS itself, and its value.
    pub ends_tls: Option<(String, String)>,
    /// Name, labels and selector, by which it is known whose it is.
    pub(crate) marks: String,
}

/// Annotations by which a load balancer ends TLS itself, with a certificate that is kept outside the cluster.
const ENDS_TLS: [&str; 3] = [
    "loadbalancer.openstack.org/default-tls-container-ref",
    "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
];

pub(super) fn read(object: &Node, spec: &Node, home: Home, name: String) -> Option<Balancer> {
    if text(Some(spec), "type").as_deref() != Some("LoadBalancer") {
        return None;
    }
    let metadata = object.get("metadata");
    let annotations = entries(metadata.and_then(|metadata| metadata.get("annotations")));
    let status = object
        .get("status")
        .and_then(|status| status.get("loadBalancer"));
    let given = status
        .and_then(|status| status.get("ingress"))
        .map(Node::items);
    let given = given.unwrap_or_default().iter();
    let mut addresses: Vec<String> = given
        .filter_map(|entry| text(Some(entry), "ip").or_else(|| text(Some(entry), "hostname")))
        .collect();
    if addresses.is_empty() {
        addresses.extend(text(Some(spec), "loadBalancerIP"));
    }
    let proxy = annotations
        .iter()
        .find(|(key, value)| key.ends_with("proxy-protocol") && *value != "false");
    let ends_tls = annotations
        .iter()
        .find(|(key, value)| ENDS_TLS.contains(key) && !value.is_empty());
    let labels = entries(metadata.and_then(|metadata| metadata.get("labels")));
    let selector = entries(spec.get("selector"));
    let marks = labels.iter().chain(&selector).map(|(_, value)| *value);
    let marks: Vec<&str> = std::iter::once(name.as_str()).chain(marks).collect();
    Some(Balancer {
        home,
        marks: marks.join(" "),
        addresses,
        proxy_protocol: proxy.map(|(_, value)| (*value).to_owned()),
        ends_tls: ends_tls.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        name,
    })
}

fn entries(node: Option<&Node>) -> Vec<(&str, &str)> {
    let Some(Value::Map(entries)) = node.map(|node| &node.value) else {
        return Vec::new();
    };
    let entries = entries.iter();
    entries
        .filter_map(|(key, value)| Some((key.text.as_str(), value.text()?)))
        .collect()
}
