//! Network policies that shut out Traefik, a solver of ACME or the jobs of a database.

pub(super) mod rules;

use crate::cluster::{Kind, Resource};
use crate::kinds::cert_manager::{SOLVER, SOLVER_PORT};
use crate::kinds::service::ServicePort;
use crate::kinds::traefik::Port;
use crate::lint::facts::issuers::{http01, issuer_of};
use crate::lint::facts::pods::End;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::traefik::containers;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{Node, Value};
use rules::{CI701, CI723, CI724, CI725};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 7,
    title: "Network policies",
    rules: rules::RULES,
    classes: &[
        Class::NetworkPolicy,
        Class::IngressRoute,
        Class::Service,
        Class::Workload,
        Class::CronJob,
        Class::Secret,
        Class::Issuer,
        Class::ClusterIssuer,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut policies: Policies<'_, '_> = BTreeMap::new();
    for object in model.of(Class::NetworkPolicy) {
        of_host_network(model, object, &mut findings);
        if let Some(policy) = Policy::of(object) {
            policies.entry(object.namespace).or_default().push(policy);
        }
    }
    if !policies.is_empty() {
        solvers(model, &policies, &mut findings);
        shut_out(model, &policies, &mut findings);
        jobs(model, &policies, &mut findings);
    }
    findings
}

/// The policies of each namespace.
type Policies<'m, 'a> = BTreeMap<&'a str, Vec<Policy<'m, 'a>>>;

/// A NetworkPolicy that says who may come in.
struct Policy<'m, 'a> {
    object: &'m Object<'a>,
    /// The labels it selects pods by.
    labels: Vec<(&'a str, &'a str)>,
}

impl<'m, 'a> Policy<'m, 'a> {
    /// Reads one; nothing if it is for the way out only, or selects by expressions.
    fn of(object: &'m Object<'a>) -> Option<Self> {
        let spec = object.spec();
        let types = spec.items_of("policyTypes");
        let is_ingress =
            types.is_empty() || types.iter().any(|node| node.text() == Some("Ingress"));
        let selector = spec.get("podSelector")?;
        if !is_ingress || selector.get("matchExpressions").is_some() {
            return None;
        }
        let labels = selector
            .get("matchLabels")
            .map(Node::entries)
            .unwrap_or_default();
        let labels = labels
            .iter()
            .map(|(key, value)| Some((key.text.as_str(), value.text()?)));
        Some(Self {
            object,
            labels: labels.collect::<Option<_>>()?,
        })
    }

    fn selects(&self, labels: Option<&Node>) -> bool {
        self.labels
            .iter()
            .all(|(key, value)| labels.and_then(|labels| labels.text_of(key)) == Some(value))
    }

    /// Returns whether it may let in pods of its own namespace with these labels.
    fn admits(&self, labels: Option<&Node>, port: Option<i64>) -> bool {
        self.object.spec().items_of("ingress").iter().any(|rule| {
            let peers = rule.items_of("from");
            let is_met = |peer: &Node| {
                let wanted = peer.at_path(&["podSelector", "matchLabels"]);
                let mut wanted = wanted.map(Node::entries).unwrap_or_default().iter();
                peer.get("ipBlock").is_some()
                    || peer.get("namespaceSelector").is_some()
                    || peer.at_path(&["podSelector", "matchExpressions"]).is_some()
                    || wanted.all(|(key, value)| {
                        labels.and_then(|labels| labels.text_of(&key.text)) == value.text()
                    })
            };
            (peers.is_empty() || peers.iter().any(is_met)) && has_port(rule, port)
        })
    }

    /// Returns whether it may let in somebody from outside the namespace, or Traefik.
    fn may_admit(&self, port: Option<i64>) -> bool {
        self.object.spec().items_of("ingress").iter().any(|rule| {
            let peers = rule.items_of("from");
            let is_outside = |peer: &Node| {
                let labels = peer.at_path(&["podSelector", "matchLabels"]);
                let mut labels = labels.map(Node::entries).unwrap_or_default().iter();
                peer.get("ipBlock").is_some()
                    || peer.get("namespaceSelector").is_some()
                    || peer.at_path(&["podSelector", "matchExpressions"]).is_some()
                    || labels
                        .any(|(_, value)| value.text().is_some_and(|text| text.contains("traefik")))
            };
            (peers.is_empty() || peers.iter().any(is_outside)) && has_port(rule, port)
        })
    }
}

/// The port of the database (`3306/tcp`).
const DATABASE: i64 = 3306;

/// Finds CronJobs that the policies of a database do not let in: their pods often have no labels.
fn jobs(model: &Model<'_>, policies: &Policies<'_, '_>, findings: &mut Vec<Finding>) {
    for (number, service) in model
        .numbers(Class::Service)
        .iter()
        .map(|n| (*n, &model.objects[*n]))
    {
        let Some(policies) = policies.get(service.namespace) else {
            continue;
        };
        let labels = service.spec().get("selector");
        let port = model.service(number);
        let port = port.and_then(|service| service.port(&Port::Number(DATABASE)));
        let target = port.and_then(ServicePort::of_pods);
        let selecting: Vec<_> = policies
            .iter()
            .filter(|policy| policy.selects(labels))
            .collect();
        if labels.is_none() || target.is_none() || selecting.is_empty() {
            continue;
        }
        let lets_in = |pod: Option<&Node>| {
            let mut all = selecting.iter();
            all.any(|policy| policy.admits(pod, target))
        };
        let mut images = BTreeSet::new();
        for number in model.within(Class::Workload, service.namespace) {
            let pod = model.objects[number].at(&["spec", "template"]);
            if let Some(pod) = pod.filter(|pod| lets_in(pod.at_path(&["metadata", "labels"]))) {
                images.extend(images_of(pod));
            }
        }
        for number in model.within(Class::CronJob, service.namespace) {
            let job = &model.objects[number];
            let Some(pod) = job.at(&["spec", "jobTemplate", "spec", "template"]) else {
                continue;
            };
            let uses =
                images_of(pod).any(|image| images.contains(image)) || mentions(pod, service.name);
            if uses && !lets_in(pod.at_path(&["metadata", "labels"])) {
                let message = format!(
                    "policy {} does not let these pods reach Service `{}`",
                    selecting[0].object.shown(),
                    service.name
                );
                let field = "spec.jobTemplate.spec.template.metadata.labels";
                findings.push(job.finding(&CI725, pod.at, field, message));
            }
        }
    }
}

fn images_of(pod: &Node) -> impl Iterator<Item = &str> {
    let containers = pod.at_path(&["spec", "containers"]);
    let containers = containers.map(Node::items).unwrap_or_default().iter();
    containers.filter_map(|container| container.text_of("image"))
}

/// Returns whether a text of a node has the name in it.
fn mentions(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::Text(text) => text.contains(name),
        Value::List(items) => items.iter().any(|item| mentions(item, name)),
        Value::Map(entries) => entries.iter().any(|(_, node)| mentions(node, name)),
        _ => false,
    }
}

/// Returns whether a rule may be for a port; all are where it names none, and names may stand for any.
fn has_port(rule: &Node, port: Option<i64>) -> bool {
    let all = rule.items_of("ports");
    let Some(wanted) = port.filter(|_| !all.is_empty()) else {
        return true;
    };
    all.iter().any(|node| {
        match (
            node.get("port").map(|node| &node.value),
            node.get("endPort").map(|node| &node.value),
        ) {
            (Some(Value::Int(first)), Some(Value::Int(last))) => (*first..=*last).contains(&wanted),
            (Some(Value::Int(only)), _) => *only == wanted,
            _ => true,
        }
    })
}

/// Finds policies that shut out the pods which answer for HTTP-01.
fn solvers(model: &Model<'_>, policies: &Policies<'_, '_>, findings: &mut Vec<Finding>) {
    let mut asking: BTreeSet<&str> = BTreeSet::new();
    for certificate in model.said(Kind::Certificate, Resource::certificate) {
        let issuer = issuer_of(model, &certificate);
        if issuer.is_some_and(|issuer| http01(issuer.says).next().is_some()) {
            asking.insert(certificate.object.namespace);
        }
    }
    for namespace in asking {
        let all = policies
            .get(namespace)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut shut = all.iter().filter(|policy| policy.labels.is_empty());
        let may_answer = all.iter().any(|policy| {
            let is_of_solver = policy.labels.iter().all(|(key, _)| *key == SOLVER);
            is_of_solver && policy.may_admit(Some(SOLVER_PORT))
        });
        if let Some(policy) = shut.next().filter(|_| !may_answer) {
            let message = format!(
                "no policy lets Traefik reach port {SOLVER_PORT} of cert-manager's solver in `{namespace}`"
            );
            let at = policy.object.node.at;
            findings.push(policy.object.finding(&CI723, at, "spec.ingress", message));
        }
    }
}

/// Finds policies that let nobody from outside the namespace reach an httpd behind a route.
fn shut_out(model: &Model<'_>, policies: &Policies<'_, '_>, findings: &mut Vec<Finding>) {
    let homes: BTreeSet<&str> = model
        .of(Class::Workload)
        .filter(|object| containers(object).next().is_some())
        .map(|object| object.namespace)
        .collect();
    let mut said = BTreeSet::new();
    for routed in model
        .paths
        .iter()
        .filter(|routed| routed.way_in.is_of_traefik())
    {
        let Some(End { service, port }) = End::of(model, routed) else {
            continue;
        };
        let namespace = model.objects[service].namespace;
        let at_home = homes.contains(namespace)
            || homes.is_empty() && matches!(namespace, "" | "default" | "kube-system" | "traefik");
        let Some(policies) = policies.get(namespace).filter(|_| !at_home) else {
            continue;
        };
        let labels = model.objects[service].spec().get("selector");
        let mut selecting = policies
            .iter()
            .filter(|policy| policy.selects(labels))
            .peekable();
        let Some(first) = selecting.peek().map(|policy| policy.object) else {
            continue;
        };
        if labels.is_none()
            || selecting.any(|policy| policy.may_admit(port))
            || !said.insert(service)
        {
            continue;
        }
        let message = format!(
            "no policy lets Traefik reach the pods of Service `{}`",
            model.objects[service].name
        );
        findings.push(first.finding(&CI724, first.node.at, "spec.ingress", message));
    }
}

/// Finds policies that select Traefik's pods while these have the addresses of their nodes.
fn of_host_network(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
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
