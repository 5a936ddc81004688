//! Whether anything is behind the Services that Traefik's routes name.
//!
//! Traefik drops a route whose Service has no endpoint (`allowEmptyServices` is off by default): 404.

use super::rules::CI260;
use crate::cluster::Kind;
use crate::kinds::traefik::Port;
use crate::lint::facts::pods::selected;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::path::hop::Httpd;
use crate::path::{Routed, WayIn};
use crate::release::Release;
use crate::yaml::{Node, Value};

/// The label by which an `EndpointSlice` is of a Service.
const OF_SERVICE: &str = "kubernetes.io/service-name";

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    // What selects no pod of the input may select others.
    if !model.options.strict_references {
        return;
    }
    for routed in &model.paths {
        if routed.way_in.is_of_traefik() {
            findings.extend(empty(model, routed));
        }
    }
}

fn empty(model: &Model<'_>, routed: &Routed<'_>) -> Option<Finding> {
    let httpd = routed.path.httpd.as_ref()?;
    let (by, named) = routed.named.as_ref()?;
    let place = &httpd.service;
    let typed = model
        .cluster
        .find(Kind::Service, &place.scope, &place.name)?;
    let service = typed.resource.service()?;
    if service.is_external {
        return None;
    }
    let object = &model.objects[typed.number];
    let port = service.port(httpd.port.as_ref()?)?;
    let selector = object.spec().get("selector").map(Node::entries);
    let why = if selector.unwrap_or_default().is_empty() {
        by_hand(model, object, &port.name, routed.way_in)
    } else {
        of_pods(model, object, typed.number, httpd)
    }?;
    let message = format!("Service `{}` {why}", place.name.escape_debug());
    let by = &model.objects[by.number];
    Some(by.finding(&CI260, named.at, &named.path, message))
}

/// Returns why a Service without selector leads nowhere: nobody wrote where it leads.
fn by_hand(model: &Model<'_>, service: &Object<'_>, port: &str, way_in: WayIn) -> Option<String> {
    let mut is_any = false;
    for object in &model.objects {
        if object.namespace != service.namespace {
            continue;
        }
        let release = model.knowledge.release;
        let lists: Vec<&Node> = match object.kind {
            // Until 3.1 Traefik reads Endpoints alone (`loadServers` in
            // `pkg/provider/kubernetes/crd/kubernetes_http.go`).
            "EndpointSlice" if release < Release::exactly(3, 1, 0) => continue,
            "EndpointSlice" if object.label(OF_SERVICE) == Some(service.name) => {
                let all = object.node.items_of("endpoints").iter();
                if all
                    .clone()
                    .any(|endpoint| is_serving(endpoint, release, way_in))
                {
                    vec![object.node]
                } else {
                    Vec::new()
                }
            }
            "Endpoints" if object.name == service.name => {
                let subsets = object.node.items_of("subsets").iter();
                // Of those that are not ready the controller that mirrors Endpoints says no more than that.
                let is_any =
                    release >= Release::exactly(3, 7, 0) && way_in != WayIn::IngressRouteTcp;
                let is_ready = |subset: &&Node| {
                    let has = |key: &str| !subset.items_of(key).is_empty();
                    has("addresses") || is_any && has("notReadyAddresses")
                };
                subsets.filter(is_ready).collect()
            }
            _ => continue,
        };
        is_any = true;
        let ports = lists.into_iter().flat_map(|list| list.items_of("ports"));
        let mut names = ports.map(|port| port.text_of("name").unwrap_or_default());
        if names.any(|name| name == port) {
            return None;
        }
    }
    Some(if is_any {
        format!("has no endpoint for its port `{port}` that is ready")
    } else {
        let kind = if model.knowledge.release < Release::exactly(3, 1, 0) {
            "Endpoints"
        } else {
            "EndpointSlice"
        };
        format!("has no selector, and no {kind}")
    })
}

/// Returns whether Traefik sends requests to an endpoint of an EndpointSlice (`loadServers` in
/// `pkg/provider/kubernetes/crd/kubernetes_http.go`, v3.4.3 and v3.7.13); to one that terminates only those of a session.
/// Bytes go to those that are ready (`loadTCPServers` in `kubernetes_tcp.go`).
fn is_serving(endpoint: &Node, release: Release, way_in: WayIn) -> bool {
    let conditions = endpoint.get("conditions");
    let says = |key: &str| match conditions?.get(key)?.value {
        Value::Bool(is) => Some(is),
        _ => None,
    };
    if way_in == WayIn::IngressRouteTcp {
        return says("ready") == Some(true);
    }
    let is_up = if release >= Release::exactly(3, 7, 0) {
        says("serving") != Some(false)
    } else {
        says("ready") == Some(true) || says("serving") == Some(true)
    };
    is_up && says("terminating") != Some(true)
}

/// Returns why a Service leads to none of the pods of the input.
fn of_pods(
    model: &Model<'_>,
    service: &Object<'_>,
    number: usize,
    httpd: &Httpd,
) -> Option<String> {
    let pods = selected(model, service.namespace, number);
    if pods.is_empty() {
        return Some("selects no pod".to_owned());
    }
    let idle: Vec<String> = pods.iter().filter_map(|pod| idle(model, *pod)).collect();
    if idle.len() == pods.len() {
        return idle.into_iter().next();
    }
    let wanted = httpd.port.as_ref()?;
    let ports = service.spec().items_of("ports").iter();
    let mut ports = ports.filter(|port| match wanted {
        Port::Number(number) => port.get("port").and_then(Node::scalar) == Some(number.to_string()),
        Port::Name(name) => port.text_of("name") == Some(name),
    });
    let target = ports.next()?.get("targetPort")?.text()?;
    let has = |pod: &usize| {
        let spec = model.objects[*pod].at(&["spec", "template", "spec"]);
        let containers = spec.map(|spec| spec.items_of("containers"));
        let mut ports = containers
            .into_iter()
            .flatten()
            .flat_map(|one| one.items_of("ports"));
        ports.any(|port| port.text_of("name") == Some(target))
    };
    (!pods.iter().any(has)).then(|| {
        let shown = target.escape_debug();
        format!("leads to port `{shown}`, which none of its pods names")
    })
}

/// Returns why none of the pods of a workload starts: there are to be none, or what they mount is missing (a pod waits for
/// it with `MountVolume.SetUp failed`).
fn idle(model: &Model<'_>, workload: usize) -> Option<String> {
    let object = &model.objects[workload];
    let shown = object.shown();
    let replicas = object.spec().get("replicas").and_then(Node::scalar);
    if replicas.as_deref() == Some("0") {
        return Some(format!(
            "leads to {} {shown}, which has 0 replicas",
            object.kind
        ));
    }
    let volumes = object
        .at(&["spec", "template", "spec"])?
        .items_of("volumes");
    let mut missing = volumes.iter().filter_map(|volume| {
        let (class, node, key) = match (volume.get("secret"), volume.get("configMap")) {
            (Some(secret), _) => (Class::Secret, secret, "secretName"),
            (None, Some(map)) => (Class::ConfigMap, map, "name"),
            (None, None) => return None,
        };
        let name = node.text_of(key).filter(|_| !node.is_true("optional"))?;
        let is_here = model.find(class, object.namespace, name).is_some();
        (!is_here).then(|| format!("{} `{}`", class.kinds()[0], name.escape_debug()))
    });
    let missing = missing.next()?;
    Some(format!(
        "leads to {} {shown}, which mounts {missing}, and that is not in the input",
        object.kind
    ))
}
