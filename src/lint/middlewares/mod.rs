//! What Traefik makes of a Middleware.
//!
//! A middleware that it cannot make takes every route down that names it (`BuildMiddlewareChain` in
//! `pkg/server/middleware/middlewares.go`, 2.11 to 3.7); one that no route names does no harm.

mod answers;
mod expression;
mod kinds;
pub(super) mod rules;
mod tcp;

use crate::cluster::Resource;
use crate::cluster::data::Entry;
use crate::kinds::Reference;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{Node, Value};
use kinds::{KINDS, MiddlewareKind, Refusal};
use rules::{CI270, CI271, CI272, CI273, CI274};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 2,
    title: "Middlewares",
    rules: rules::RULES,
    classes: &[Class::Middleware, Class::MiddlewareTcp, Class::Secret],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let used = used(model);
    for number in model.numbers(Class::Middleware) {
        let object = &model.objects[*number];
        let mut found = Vec::new();
        let hosts = used.get(number);
        one(model, object, hosts, &mut found);
        let is_used = hosts.is_some();
        // Perhaps a route that is not in the input names it.
        let as_used = |finding: Finding| finding.warning_unless(is_used);
        findings.extend(found.into_iter().map(as_used));
    }
    tcp::check(model, &mut findings);
    findings
}

/// So many hosts of one Middleware are looked at: what is wrong for one is wrong for most.
const HOSTS_LIMIT: usize = 64;

/// Returns the Middlewares that routes name, themselves or through a chain, each with the hosts of those routes.
fn used(model: &Model<'_>) -> BTreeMap<usize, BTreeSet<String>> {
    let mut used: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut open: Vec<(usize, Vec<String>)> = Vec::new();
    let find = |object: &Object<'_>, named: &Reference| {
        let namespace = named.namespace.as_deref().unwrap_or(object.namespace);
        model.find_as_traefik(Class::Middleware, namespace, &named.name)
    };
    for typed in model.cluster.objects() {
        let Some(spec) = typed.resource.ingress_route() else {
            continue;
        };
        let object = &model.objects[typed.number];
        for route in &spec.routes {
            let of_services = route.services.iter().flat_map(|it| &it.middlewares);
            let mut named = route.middlewares.iter().chain(of_services).peekable();
            if named.peek().is_none() {
                continue;
            }
            let hosts = route.hosts();
            open.extend(named.filter_map(|named| Some((find(object, named)?, hosts.clone()))));
        }
    }
    while let Some((number, hosts)) = open.pop() {
        let is_new = !used.contains_key(&number);
        let known = used.entry(number).or_default();
        let before = known.len();
        let free = HOSTS_LIMIT.saturating_sub(before);
        known.extend(hosts.iter().take(free).cloned());
        if !is_new && known.len() == before {
            continue;
        }
        let object = &model.objects[number];
        let typed = model.cluster.numbered(number).map(|typed| &typed.resource);
        if let Some(Resource::Middleware(spec)) = typed {
            let chained = spec.chain.iter().filter_map(|named| find(object, named));
            open.extend(chained.map(|number| (number, hosts.clone())));
        }
    }
    used
}

/// Checks one; `hosts` are those of the routes that name it, and nothing where none does.
fn one(
    model: &Model<'_>,
    object: &Object<'_>,
    hosts: Option<&BTreeSet<String>>,
    findings: &mut Vec<Finding>,
) {
    let spec = object.spec();
    let is_set = |key: &str| spec.get(key).is_some_and(|node| node.value != Value::Null);
    let set: Vec<&MiddlewareKind> = KINDS.iter().filter(|kind| is_set(kind.field)).collect();
    match set.as_slice() {
        [] => {
            // A field of another name is found by `definitions`.
            if spec
                .entries()
                .iter()
                .all(|(_, node)| node.value == Value::Null)
            {
                let message = "`spec` has no settings";
                findings.push(object.finding_in(&CI270, "spec", message));
            }
        }
        [kind] => {
            let node = spec.get(kind.field).expect("it is set");
            let below = format!("spec.{}", kind.field);
            if let Some(Refusal { field, why }) = (kind.refuses)(node, model.knowledge.release) {
                let field = if field.is_empty() {
                    below.clone()
                } else {
                    format!("{below}.{field}")
                };
                findings.push(object.finding_in(&CI272, &field, why));
            }
            if let Some((key, why)) =
                answers::check(kind.field, node, hosts, model.knowledge.release)
            {
                findings.push(object.finding_in(&CI274, &format!("{below}.{key}"), why));
            }
            match kind.field {
                "chain" => circle(model, object, findings),
                "plugin" => plugin(model, object, node, findings),
                "ipAllowList" | "ipWhiteList" => {
                    unknown_clients(model, object, node, &below, findings);
                }
                _ => {}
            }
            if ["basicAuth", "digestAuth"].contains(&kind.field) {
                users(model, object, node, kind.field, findings);
            }
        }
        [first, second, ..] => {
            let field = format!("spec.{}", second.field);
            let message = format!("it has `{}` and `{}`", first.field, second.field);
            findings.push(object.finding_in(&CI271, &field, message));
        }
    }
}

/// Finds a plugin that Traefik does not have: its own options name each (`buildConstructor` in
/// `pkg/server/middleware/middlewares.go`).
fn plugin(model: &Model<'_>, object: &Object<'_>, node: &Node, findings: &mut Vec<Finding>) {
    let [(name, _)] = node.entries() else { return };
    let wanted = name.text.to_ascii_lowercase();
    let options = &model.provider.options;
    if model.has_certain_options() && !options.plugins.contains(&wanted) {
        let message = format!(
            "Traefik has no plugin `{}`, as far as the input shows its options",
            name.text.escape_debug()
        );
        findings.push(object.finding(&CI272, name.at, "spec.plugin", message));
    }
}

/// Finds a list of addresses for clients by what `X-Forwarded-For` says, which Traefik takes away from requests of peers
/// that it is not told to believe: of no client the address is then known, and each gets 403 (`IsAuthorized` in
/// `pkg/ip/checker.go`).
fn unknown_clients(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    below: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(strategy) = node.get("ipStrategy") else {
        return;
    };
    let depth = strategy.get("depth").map(|node| &node.value);
    let is_deep = matches!(depth, Some(Value::Int(depth)) if *depth > 0);
    let is_asked = is_deep || !strategy.items_of("excludedIPs").is_empty();
    if is_asked && model.has_certain_options() && !model.provider.options.trusts_forwarded {
        let message = "`X-Forwarded-For` says who the client is, and no entry point believes it: each request gets 403";
        findings.push(object.finding_in(&CI274, &format!("{below}.ipStrategy"), message));
    }
}

/// Finds a chain that leads to itself (`CheckRecursion` in `pkg/server/recursion`).
fn circle(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let find = |namespace: &str, name: &str| model.find(Class::Middleware, namespace, name);
    let Some(first) = find(object.namespace, object.name) else {
        return;
    };
    let mut seen = BTreeSet::new();
    let mut open = vec![first];
    while let Some(number) = open.pop() {
        let typed = model.cluster.numbered(number).map(|typed| &typed.resource);
        let Some(Resource::Middleware(spec)) = typed else {
            continue;
        };
        for named in &spec.chain {
            let from = model.objects[number].namespace;
            let namespace = named.namespace.as_deref().unwrap_or(from);
            let Some(next) = find(namespace, &named.name) else {
                continue;
            };
            if next == first {
                let message = "the chain leads to itself";
                findings.push(object.finding_in(&CI272, "spec.chain.middlewares", message));
                return;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
}

/// Returns why the lines of a Secret are not users: `name:hash`, or `name:realm:hash` (`basicUserParser`, `digestUserParser`
/// in `pkg/middlewares/auth`, v2.11.53 to v3.7.9).
fn unreadable(only: &Entry, kind: &str) -> Option<String> {
    let key = &only.key;
    if only.is_empty() {
        return Some(format!("has nothing under `{key}`"));
    }
    let parts = if kind == "basicAuth" { 2 } else { 3 };
    let is_user = |line: &str| line.split(':').count() == parts;
    let lines = || only.text().into_iter().flat_map(str::lines);
    let mut users = lines().filter(|line| !line.is_empty());
    let is_other = !only.certificates.is_empty() || !users.all(is_user);
    is_other.then(|| format!("has lines under `{key}` that are not users"))
}

/// Checks the Secret with the users (`loadBasicAuthCredentials`, `loadAuthCredentials` in
/// `pkg/provider/kubernetes/crd/kubernetes.go`).
fn users(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    kind: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = node.text_of("secret").filter(|name| !name.is_empty()) else {
        return;
    };
    let Some((secret, data)) = model.secret(Class::Secret, object.namespace, name) else {
        return;
    };
    // What is empty somebody else fills in.
    let is_bare = data.entries.is_empty() && secret.kind == "Secret";
    let is_known = data.is_complete || is_bare && model.options.strict_references;
    if !is_known {
        return;
    }
    let field = format!("spec.{kind}.secret");
    let is_pair =
        kind == "basicAuth" && secret.node.text_of("type") == Some("kubernetes.io/basic-auth");
    let why = if is_pair {
        let missing = ["username", "password"]
            .into_iter()
            .find(|key| data.get(key).is_none());
        missing.map(|key| format!("has no `{key}`"))
    } else if let [only] = data.entries.as_slice() {
        unreadable(only, kind)
    } else {
        Some(format!(
            "has {} keys, and must have one",
            data.entries.len()
        ))
    };
    if let Some(why) = why {
        let message = format!("Secret {} {why}", secret.shown());
        findings.push(object.finding_in(&CI273, &field, message));
    }
}
