//! What Traefik makes of a MiddlewareTCP (`buildConstructor` in `pkg/server/middleware/tcp/middlewares.go` and
//! `pkg/middlewares/tcp`, v2.11.53 to v3.7.13).

use super::kinds::{Refusal, ranges};
use super::rules::{CI270, CI272, CI274};
use crate::cluster::Kind;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{Node, Value};
use std::collections::BTreeSet;

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let used = used(model);
    for number in model.numbers(Class::MiddlewareTcp) {
        let finding = one(model, &model.objects[*number]);
        // Perhaps a route that is not in the input names it.
        findings.extend(finding.map(|it| it.warning_unless(used.contains(number))));
    }
}

/// Returns those that routes name.
fn used(model: &Model<'_>) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    for typed in model.cluster.of(Kind::IngressRouteTcp) {
        let spec = typed.resource.ingress_route();
        let from = model.objects[typed.number].namespace;
        let routes = spec.into_iter().flat_map(|spec| &spec.routes);
        for named in routes.flat_map(|route| &route.middlewares) {
            let namespace = named.namespace.as_deref().unwrap_or(from);
            used.extend(model.find_as_traefik(Class::MiddlewareTcp, namespace, &named.name));
        }
    }
    used
}

/// Finds what is wrong with one; where it has several settings, a list of addresses counts.
fn one(model: &Model<'_>, object: &Object<'_>) -> Option<Finding> {
    let spec = object.spec();
    let set = |key: &str| spec.get(key).filter(|node| node.value != Value::Null);
    let lists = ["ipAllowList", "ipWhiteList"];
    let list = lists.into_iter().find_map(|key| Some((key, set(key)?)));
    if let Some((key, node)) = list {
        let Refusal { field, why } = ranges(node, model.knowledge.release)?;
        return Some(object.finding_in(&CI272, &format!("spec.{key}.{field}"), why));
    }
    let Some(node) = set("inFlightConn") else {
        let is_empty = |(_, node): &(_, Node)| node.value == Value::Null;
        // A field of another name is found by `definitions`.
        let message = "`spec` has no settings";
        let finding = || object.finding_in(&CI270, "spec", message);
        return spec.entries().iter().all(is_empty).then(finding);
    };
    let amount = match node.get("amount").map(|node| &node.value) {
        None | Some(Value::Null) => 0,
        Some(Value::Int(amount)) => *amount,
        Some(_) => return None,
    };
    let why = format!("`{amount}` connections may be open at once: each is closed");
    let finding = || object.finding_in(&CI274, "spec.inFlightConn.amount", why);
    (amount <= 0).then(finding)
}
