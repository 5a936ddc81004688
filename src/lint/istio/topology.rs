//! Load balancer and ingress pods: who writes the client's address, and who believes it.

use super::rules::{CI873, CI874};
use crate::kinds::balancer::OPENSTACK;
use crate::lint::facts::pods::selects;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{self, Node};

const CONFIG: &str = "proxy.istio.io/config";

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for workload in model.numbers(Class::Workload).iter().copied() {
        let object = &model.objects[workload];
        let metadata = |key: &str| object.at(&["spec", "template", "metadata", key]);
        let Some(labels) = metadata("labels") else {
            continue;
        };
        let annotation = metadata("annotations").and_then(|node| node.get(CONFIG));
        let is_gateway = labels
            .text_of("istio")
            .is_some_and(|name| name.contains("gateway"));
        if annotation.is_none() && !is_gateway {
            continue;
        }
        let config = annotation.and_then(|node| yaml::read(node.text()?, "").ok());
        for number in model.within(Class::Service, object.namespace) {
            if selects(model, number, workload) {
                let service = &model.objects[number];
                compare(
                    model,
                    object,
                    annotation,
                    config.as_ref(),
                    service,
                    findings,
                );
            }
        }
    }
}

fn compare(
    model: &Model<'_>,
    pods: &Object<'_>,
    annotation: Option<&Node>,
    config: Option<&Node>,
    service: &Object<'_>,
    findings: &mut Vec<Finding>,
) {
    let annotations = service
        .at(&["metadata", "annotations"])
        .map(Node::entries)
        .unwrap_or_default();
    // Of other load balancers nothing is known.
    if !annotations
        .iter()
        .any(|(key, _)| key.text.starts_with(OPENSTACK))
    {
        return;
    }
    let of = |name: &str| service.annotation(&format!("{OPENSTACK}{name}"));
    let sends =
        of("proxy-protocol").filter(|node| node.scalar().is_some_and(|text| text != "false"));
    let topology = config.and_then(|config| config.at_path(&["gatewayTopology"]));
    let expects = topology.and_then(|node| node.get("proxyProtocol"));
    let field = format!("spec.template.metadata.annotations.{CONFIG}");
    let at = annotation.map_or(pods.node.at, |node| node.at);
    match (sends, expects) {
        // A filter, or the configuration of the mesh, may say so instead.
        (Some(node), None) if !is_set_elsewhere(model) => {
            let message =
                "the load balancer sends the PROXY protocol, but the ingress pods do not expect it";
            let field = format!("metadata.annotations.{OPENSTACK}proxy-protocol");
            findings.push(service.finding(&CI873, node.at, &field, message));
        }
        (None, Some(_)) => {
            let message = format!(
                "the pods expect the PROXY protocol, but Service {} does not request it",
                service.shown()
            );
            findings.push(pods.finding(&CI873, at, &field, message));
        }
        _ => {}
    }
    let hops = topology
        .and_then(|node| node.get("numTrustedProxies"))
        .and_then(Node::scalar);
    let is_written = of("x-forwarded-for").is_some_and(Node::says_true);
    if hops.is_some_and(|hops| hops != "0") && sends.is_some() && !is_written {
        let message = "`numTrustedProxies` is set, and the load balancer is a TCP one";
        findings.push(pods.finding(&CI874, at, &field, message));
    }
}

fn is_set_elsewhere(model: &Model<'_>) -> bool {
    model.objects.iter().any(|object| {
        object.kind == "EnvoyFilter"
            || object.class == Class::ConfigMap
                && object
                    .at(&["data", "mesh"])
                    .and_then(Node::text)
                    .is_some_and(|text| text.contains("proxyProtocol"))
    })
}
