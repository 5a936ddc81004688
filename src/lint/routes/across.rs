//! What only all routes together show: the same rule twice, a host without TLS, names that are one.

use super::rules::{CI216, CI217, CI222, CI224};
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::name::DnsName;
use crate::path::fit::may_take;
use crate::yaml::At;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    model: &Model<'_>,
    rules: &[Rule<'_, '_>],
    tcp: &[Rule<'_, '_>],
    findings: &mut Vec<Finding>,
) {
    clear_text(model, rules, findings);
    same_rules(rules, findings);
    collisions(model, findings);
    wanted_hosts(model, rules, tcp, findings);
}

/// Finds hosts that are served with TLS, and without it too.
fn clear_text(model: &Model<'_>, rules: &[Rule<'_, '_>], findings: &mut Vec<Finding>) {
    if model.provider.redirects() {
        return;
    }
    let with_tls: BTreeSet<&String> = rules
        .iter()
        .filter(|rule| rule.spec.tls.is_some())
        .flat_map(|rule| &rule.hosts)
        .collect();
    for rule in rules {
        let is_web = rule.spec.entry_points.iter().any(|point| point == "web");
        if rule.spec.tls.is_some() || !is_web {
            continue;
        }
        // A middleware that is not in the input may redirect.
        let may_redirect = rule.route.middlewares.iter().any(|named| {
            let namespace = named.namespace.as_deref().unwrap_or(rule.object.namespace);
            let number = model.find(Class::Middleware, namespace, &named.name);
            number.is_none_or(|number| {
                let spec = model.objects[number].spec();
                ["redirectScheme", "redirectRegex", "chain", "plugin"]
                    .iter()
                    .any(|key| spec.get(key).is_some())
            })
        });
        if let Some(host) = rule
            .hosts
            .iter()
            .find(|host| with_tls.contains(host))
            .filter(|_| !may_redirect)
        {
            let message = format!(
                "`{}` is served with TLS, but here without it",
                host.escape_debug()
            );
            findings.push(
                rule.object
                    .finding(&CI216, rule.route.match_at, &rule.field(), message),
            );
        }
    }
}

/// Finds rules that two routes have, word for word.
pub(super) fn same_rules(rules: &[Rule<'_, '_>], findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<_, &Rule<'_, '_>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| !rule.hosts.is_empty()) {
        let text: String = rule.route.text.split_whitespace().collect();
        let mut points: Vec<&String> = rule.spec.entry_points.iter().collect();
        points.sort_unstable();
        let key = (text, points, rule.spec.tls.is_some(), rule.route.priority);
        let first = known.entry(key).or_insert(rule);
        let (object, other) = (rule.object, first.object);
        let is_twice = std::ptr::eq(*first, rule)
            || (object.kind, object.namespace, object.name) == (other.kind, other.namespace, other.name) && first.number != rule.number
            // Overlays of one base, each for a namespace of its own.
            || object.namespace.is_empty() && object.file != other.file;
        if !is_twice {
            let message = format!("{} has the same rule", other.shown());
            findings.push(object.finding(&CI217, rule.route.match_at, &rule.field(), message));
        }
    }
}

/// Finds objects of which Traefik makes one key.
fn collisions(model: &Model<'_>, findings: &mut Vec<Finding>) {
    if model.naming.is_safe {
        return;
    }
    for class in [
        Class::ServersTransport,
        Class::Middleware,
        Class::TlsOption,
        Class::TraefikService,
    ] {
        let mut known: BTreeMap<String, &Object<'_>> = BTreeMap::new();
        for object in model
            .of(class)
            .filter(|object| !object.namespace.is_empty())
        {
            let key = model.naming.key(object.kind, object.namespace, object.name);
            let first = known.entry(key).or_insert(object);
            if (first.namespace, first.name) != (object.namespace, object.name) {
                let message = format!(
                    "{} and {} have the same name to Traefik",
                    first.shown(),
                    object.shown()
                );
                findings.push(object.finding(&CI222, object.node.at, "metadata.name", message));
            }
        }
    }
}

/// Of the hosts that no route answers for, keeps those that none of the roots has a route for, each once.
pub(in crate::lint) fn keep_unanswered(mut roots: Vec<&mut Vec<Finding>>) {
    let unanswered = |findings: &[Finding]| -> BTreeSet<String> {
        let found = findings.iter().filter(|finding| finding.rule == &CI224);
        found.map(|finding| finding.message.clone()).collect()
    };
    let of_roots = roots.iter().map(|findings| unanswered(findings));
    let mut left = of_roots
        .reduce(|one, other| one.intersection(&other).cloned().collect())
        .unwrap_or_default();
    for findings in &mut roots {
        findings.retain(|finding| finding.rule != &CI224 || left.remove(&finding.message));
    }
}

fn wanted_hosts(
    model: &Model<'_>,
    rules: &[Rule<'_, '_>],
    tcp: &[Rule<'_, '_>],
    findings: &mut Vec<Finding>,
) {
    let answers = |host: &DnsName| {
        let mut rules = rules.iter().chain(tcp).map(|rule| &rule.route.rule);
        // One that cannot be read is found by itself.
        rules.any(|rule| rule.as_ref().map_or(true, |rule| may_take(rule, host)))
    };
    for host in model.options.hosts.iter().filter(|host| !answers(host)) {
        let Some(object) = rules
            .first()
            .map(|rule| rule.object)
            .or(model.objects.first())
        else {
            continue;
        };
        let mut finding = object.finding(
            &CI224,
            At::default(),
            "",
            format!("no route answers for `{host}`"),
        );
        (finding.object, finding.at) = (None, At::default());
        findings.push(finding);
    }
}
