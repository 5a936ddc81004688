//! Whether Traefik looks at a route, and serves it where browsers ask.

use super::rules::{CI243, CI244, CI246, CI247, CI248};
use crate::cluster::{self, Kind};
use crate::kinds::traefik::IngressRoute;
use crate::lint::finding::Finding;
use crate::lint::model::{Model, Object};
use crate::lint::rule::Severity;
use crate::yaml::{At, Node};

/// Entry points that speak plain http, by the names that the chart gives them.
const PLAIN: [&str; 3] = ["web", "traefik", "metrics"];
/// The entry point of https, by the name that the chart gives it.
const SECURE: &str = "websecure";
/// The annotation that gives a class, before Traefik 3.7 the only way.
const CLASS: &str = "kubernetes.io/ingress.class";

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for kind in [Kind::IngressRoute, Kind::IngressRouteTcp] {
        for typed in model.cluster.of(kind) {
            if let Some(spec) = typed.resource.ingress_route() {
                let object = &model.objects[typed.number];
                class(model, object, findings);
                services(model, typed, object, spec, findings);
                points(model, object, spec, findings);
                if kind == Kind::IngressRoute {
                    without_tls(model, object, spec, findings);
                }
            }
        }
    }
}

/// Finds a class that is not Traefik's (`shouldProcessIngress` in `pkg/provider/kubernetes/crd/kubernetes.go`).
fn class(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let by_field = object.spec().get("ingressClassName");
    let (class, field) = if let Some(class) = by_field.and_then(Node::text) {
        (class, "spec.ingressClassName".to_owned())
    } else {
        let class = object.annotation(CLASS).and_then(Node::text);
        let field = format!("metadata.annotations.{CLASS}");
        (class.unwrap_or_default(), field)
    };
    let looks_at = |wanted: &str| wanted == class || wanted.is_empty() && class == "traefik";
    let at = match by_field {
        Some(node) => node.at,
        None => object
            .at(&["metadata", "annotations", CLASS])
            .map_or(At::default(), |node| node.at),
    };
    let shown = class.escape_debug();
    if let Some(classes) = model.provider.entrances.classes() {
        if !classes.iter().any(|wanted| looks_at(wanted)) {
            let wanted: Vec<&str> = classes.iter().map(String::as_str).collect();
            let message = if class.is_empty() {
                format!(
                    "it has no class, and Traefik looks at `{}` only",
                    wanted.join("`, `")
                )
            } else {
                format!("its class is `{shown}`")
            };
            findings.push(object.finding(&CI248, at, &field, message));
        }
        return;
    }
    if class.is_empty() || class == "traefik" {
        return;
    }
    let finding = object.finding(&CI248, at, &field, format!("its class is `{shown}`"));
    // One of several Traefiks may look at such a class.
    let may_be_ours = class.contains("traefik") && !model.options.strict_references;
    findings.push(if may_be_ours {
        finding.with_severity(Severity::Info)
    } else {
        finding
    });
}

/// Finds rules without a service; one that is the parent of others needs none.
fn services(
    model: &Model<'_>,
    typed: &cluster::Object,
    object: &Object<'_>,
    spec: &IngressRoute,
    findings: &mut Vec<Finding>,
) {
    let is_parent = || {
        model.cluster.of(Kind::IngressRoute).any(|other| {
            let parents = model.objects[other.number].spec().items_of("parentRefs");
            parents.iter().any(|parent| {
                let is_near = match parent.text_of("namespace") {
                    Some(namespace) => Some(namespace) == typed.scope.namespace(),
                    None => other.scope == typed.scope,
                };
                is_near && parent.text_of("name") == Some(&typed.name)
            })
        })
    };
    for (index, route) in spec.routes.iter().enumerate() {
        if route.services.is_empty() && !is_parent() {
            let field = format!("spec.routes[{index}].services");
            // Of another type `definitions` speaks.
            if object.node_in(&field).items().is_empty() {
                let message = "there is no service";
                findings.push(object.finding(&CI243, route.at, &field, message));
            }
        }
    }
}

fn points(
    model: &Model<'_>,
    object: &Object<'_>,
    spec: &IngressRoute,
    findings: &mut Vec<Finding>,
) {
    let entrances = &model.provider.entrances;
    let names = &spec.entry_points;
    if entrances.are_known() || model.options.strict_references {
        let is_served = names.iter().any(|name| entrances.has(name));
        let unknown = names.iter().enumerate();
        for (index, name) in unknown.filter(|(_, name)| !entrances.has(name)) {
            let field = format!("spec.entryPoints[{index}]");
            let message = format!("there is no entry point `{}`", name.escape_debug());
            let finding = object.finding_in(&CI244, &field, message);
            findings.push(finding.warning_unless(!is_served));
        }
    }
    let is_plain =
        |name: &&String| PLAIN.contains(&name.as_str()) && entrances.has_tls(name) != Some(true);
    let is_here = |name: &&String| !model.options.strict_references || entrances.has(name);
    let here: Vec<&String> = names.iter().filter(is_here).collect();
    if spec.tls.is_some() && !here.is_empty() && here.iter().all(is_plain) {
        let message = format!(
            "`tls` is set, and the route is on `{}` only",
            names.join("`, `")
        );
        let finding = object.finding_in(&CI246, "spec.entryPoints", message);
        findings.push(finding.warning_unless(model.has_certain_options()));
    }
}

/// Finds a route on the entry point of https that takes plain http there.
fn without_tls(
    model: &Model<'_>,
    object: &Object<'_>,
    spec: &IngressRoute,
    findings: &mut Vec<Finding>,
) {
    let names = &spec.entry_points;
    if spec.tls.is_some() || !(names.is_empty() || names.iter().any(|name| name == SECURE)) {
        return;
    }
    let is_certain = match model.provider.entrances.has_tls(SECURE) {
        Some(has_tls) => !has_tls && !names.is_empty(),
        None => model.options.strict_references,
    };
    if is_certain {
        let message =
            "the route has no `tls`, and nothing in the input says that its entry point has";
        findings.push(object.finding_in(&CI247, "spec", message));
    }
}
