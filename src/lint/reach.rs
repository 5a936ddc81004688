//! Family 7: who can reach whom: HTTP-01 on port 80, network policies that shut Traefik out.

use super::cert_manager::issuer_of;
use super::finding::Finding;
use super::model::{Class, Model, Object};
use super::rules::{CI722, CI723, CI724, CI725};
use super::{backend, provider, routes};
use crate::yaml::{At, Node, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    challenges(model, &mut findings);
    let mut policies: Policies<'_, '_> = BTreeMap::new();
    for object in model.of(Class::NetworkPolicy) {
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

/// Returns the http01 solvers of an issuer that are not for another ingress controller.
fn http01(issuer: &Object<'_>) -> Vec<(At, String)> {
    let Some(acme) = issuer.spec().get("acme") else {
        return Vec::new();
    };
    acme.items_of("solvers")
        .iter()
        .enumerate()
        .filter_map(|(index, solver)| Some((index, solver.at_path(&["http01", "ingress"])?)))
        .filter(|(_, node)| {
            let class = node.get("ingressClassName").or_else(|| node.get("class"));
            class
                .and_then(Node::text)
                .is_none_or(|class| class.contains("traefik"))
        })
        .map(|(index, node)| (node.at, format!("spec.acme.solvers[{index}].http01")))
        .collect()
}

/// ACME asks on port 80 (RFC 8555 section 8.3).
fn challenges(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let issuers = [Class::Issuer, Class::ClusterIssuer];
    let solving: Vec<_> = issuers
        .iter()
        .flat_map(|class| model.of(*class))
        .filter_map(|issuer| Some((issuer, http01(issuer).into_iter().next()?)))
        .collect();
    if solving.is_empty() {
        return;
    }
    let Some(why) = closed(model) else { return };
    for (issuer, (at, field)) in solving {
        findings.push(issuer.finding(&CI722, at, &field, why.clone()));
    }
}

/// Explains why nothing answers on port 80, where the input shows that.
fn closed(model: &Model<'_>) -> Option<String> {
    for values in &model.values {
        let Some(web) = values.node.at_path(&["ports", "web"]) else {
            continue;
        };
        if web.value == Value::Null {
            return Some("the values of Traefik's chart remove `ports.web`".to_owned());
        }
        let is_off = |path: &[&str]| {
            web.at_path(path)
                .is_some_and(|node| node.value == Value::Bool(false))
        };
        if (is_off(&["expose"]) || is_off(&["expose", "default"])) && web.get("hostPort").is_none()
        {
            return Some("the values of Traefik's chart do not expose `ports.web`".to_owned());
        }
    }
    let mut balancers = model
        .of(Class::Service)
        .filter(|object| {
            let labels = object
                .spec()
                .get("selector")
                .map(Node::entries)
                .unwrap_or_default();
            let is_traefik = labels
                .iter()
                .any(|(_, value)| value.text() == Some("traefik"));
            is_traefik && object.spec().text_of("type") == Some("LoadBalancer")
        })
        .peekable();
    let first = balancers.peek()?.shown();
    let is_80 = |port: &Node| port.get("port").and_then(Node::scalar).as_deref() == Some("80");
    let is_open = balancers.any(|object| object.spec().items_of("ports").iter().any(is_80));
    // Beside the Service, a pod may hold the port of its node.
    let is_held = model.of(Class::Workload).any(|object| {
        let mut all = provider::containers(object);
        all.any(|container| {
            container
                .items_of("ports")
                .iter()
                .any(|port| port.get("hostPort").and_then(Node::scalar).as_deref() == Some("80"))
        })
    });
    (!is_open && !is_held).then(|| format!("Service {first} of Traefik has no port 80"))
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
    fn admits(&self, labels: Option<&Node>, port: Option<&str>) -> bool {
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
    fn may_admit(&self, port: Option<&str>) -> bool {
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
const DATABASE: &str = "3306";

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
        let target = backend::target(model, number, DATABASE);
        let selecting: Vec<_> = policies
            .iter()
            .filter(|policy| policy.selects(labels))
            .collect();
        if labels.is_none() || target.is_none() || selecting.is_empty() {
            continue;
        }
        let lets_in = |pod: Option<&Node>| {
            let mut all = selecting.iter();
            all.any(|policy| policy.admits(pod, target.as_deref()))
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
fn has_port(rule: &Node, port: Option<&str>) -> bool {
    let all = rule.items_of("ports");
    let Some(wanted) = port
        .and_then(|port| port.parse::<i64>().ok())
        .filter(|_| !all.is_empty())
    else {
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

/// Label and port of cert-manager's solver pods (`pkg/issuer/acme/http/pod.go`).
const SOLVER: &str = "acme.cert-manager.io/http01-solver";
const SOLVER_PORT: &str = "8089";

/// Finds policies that shut out the pods which answer for HTTP-01.
fn solvers(model: &Model<'_>, policies: &Policies<'_, '_>, findings: &mut Vec<Finding>) {
    let mut asking: BTreeSet<&str> = BTreeSet::new();
    for object in model
        .of(Class::Secret)
        .filter(|object| object.kind == "Certificate")
    {
        if issuer_of(model, object).is_some_and(|issuer| !http01(issuer).is_empty()) {
            asking.insert(object.namespace);
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
        .filter(|object| provider::containers(object).next().is_some())
        .map(|object| object.namespace)
        .collect();
    let mut said = BTreeSet::new();
    for used in routes::uses(model) {
        let route = &model.objects[used.route];
        let Some((namespace, service)) = backend::service(model, used.service, route.namespace)
        else {
            continue;
        };
        let at_home = homes.contains(namespace)
            || homes.is_empty() && matches!(namespace, "" | "default" | "kube-system" | "traefik");
        let Some(policies) = policies.get(namespace).filter(|_| !at_home) else {
            continue;
        };
        let labels = model.objects[service].spec().get("selector");
        let port = used
            .service
            .get("port")
            .and_then(Node::scalar)
            .unwrap_or_default();
        let port = backend::target(model, service, &port);
        let mut selecting = policies
            .iter()
            .filter(|policy| policy.selects(labels))
            .peekable();
        let Some(first) = selecting.peek().map(|policy| policy.object) else {
            continue;
        };
        if labels.is_none()
            || selecting.any(|policy| policy.may_admit(port.as_deref()))
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
