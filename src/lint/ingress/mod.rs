//! Objects of kind Ingress that Traefik serves, and its annotations on them and on Services.
//!
//! `pkg/provider/kubernetes/ingress/annotations.go` of Traefik 3.7: `router.…` is read on an Ingress, `service.…`
//! on a Service, in any case, and an option that is not known ends the reading.

pub(super) mod rules;

use crate::cluster::unfilled::is_unfilled;
use crate::cluster::{Kind, Resource};
use crate::fault::did_you_mean;
use crate::kinds::ingress::PREFIX;
use crate::lint::facts::spelling::Spellings;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::references::rules::{CI901, CI902};
use crate::lint::routes::rules::CI217;
use crate::lint::rule::Severity;
use crate::yaml::{At, Node};
use rules::{CI238, CI239, CI240, CI253};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 2,
    title: "Ingresses",
    rules: rules::RULES,
    classes: &[
        Class::Ingress,
        Class::IngressRoute,
        Class::ServersTransport,
        Class::Middleware,
        Class::TlsOption,
        Class::Service,
    ],
    check,
};

const ROUTER: [&str; 7] = [
    "pathmatcher",
    "entrypoints",
    "middlewares",
    "priority",
    "rulesyntax",
    "tls",
    "observability",
];
const SERVICE: [&str; 7] = [
    "serversscheme",
    "serverstransport",
    "passhostheader",
    "middlewares",
    "sticky",
    "nativelb",
    "nodeportlb",
];
const TLS: [&str; 3] = ["certresolver", "domains", "options"];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = IngressNames::default();
    for object in model.of(Class::Ingress) {
        annotations(model, object, "router.", &ROUTER, &mut names, &mut findings);
        of_nginx(object, &mut findings);
    }
    same_rules(model, &mut findings);
    // A route of Traefik's own kind has fields instead.
    for object in model.of(Class::IngressRoute) {
        annotations(model, object, "?", &[], &mut names, &mut findings);
    }
    for object in model.of(Class::Service) {
        annotations(
            model,
            object,
            "service.",
            &SERVICE,
            &mut names,
            &mut findings,
        );
    }
    findings
}

/// Finds the same host and path in two namespaces.
fn same_rules(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(&str, &str), &Object<'_>> = BTreeMap::new();
    for typed in model.cluster.of(Kind::Ingress) {
        let Resource::Ingress(ingress) = &typed.resource else {
            continue;
        };
        let object = &model.objects[typed.number];
        for backend in ingress.backends.iter().filter(|_| ingress.is_of_traefik) {
            let Some(host) = &backend.host else { continue };
            let first = *known.entry((host, &backend.path)).or_insert(object);
            if !may_be_same(first.namespace, object.namespace) {
                let field = backend.field.replace(".backend.service", ".path");
                let message = format!("{} has the same rule", first.shown());
                findings.push(object.finding_in(&CI217, &field, message));
            }
        }
    }
}

/// Finds annotations of ingress-nginx on an Ingress whose class is Traefik's: its provider for them reads those of the
/// class `nginx`.
fn of_nginx(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let class = object.spec().get("ingressClassName");
    let class = class.or_else(|| object.annotation("kubernetes.io/ingress.class"));
    if class.and_then(Node::text) != Some("traefik") {
        return;
    }
    let annotations = object.at(&["metadata", "annotations"]);
    let mut all = annotations.map(Node::entries).unwrap_or_default().iter();
    if let Some((key, _)) = all.find(|(key, _)| key.text.starts_with(NGINX)) {
        let name = key.text.escape_debug();
        let message = format!("`{name}` is one of ingress-nginx, and Traefik serves this Ingress");
        let field = format!("metadata.annotations.{}", key.text);
        findings.push(object.finding(&CI253, key.at, &field, message));
    }
}

/// How annotations of ingress-nginx begin.
const NGINX: &str = "nginx.ingress.kubernetes.io/";

fn annotations<'a>(
    model: &Model<'a>,
    object: &Object<'_>,
    section: &str,
    known: &'static [&'static str],
    names: &mut IngressNames<'a>,
    findings: &mut Vec<Finding>,
) {
    let Some(all) = object.at(&["metadata", "annotations"]) else {
        return;
    };
    for (key, node) in all.entries() {
        let Some(name) = key.text.strip_prefix(PREFIX) else {
            continue;
        };
        let field = format!("metadata.annotations.{}", key.text);
        let lower = name.to_ascii_lowercase();
        let Some(option) = lower.strip_prefix(section) else {
            let kind = object.kind;
            let message = format!(
                "`{}` is not read on an object of kind {kind}",
                name.escape_debug()
            );
            findings.push(object.finding(&CI239, key.at, &field, message));
            continue;
        };
        let (first, rest) = option.split_once('.').unwrap_or((option, ""));
        let below = rest.split('.').next().unwrap_or_default();
        let is_known =
            known.contains(&first) && (first != "tls" || below.is_empty() || TLS.contains(&below));
        if !is_known {
            let message = format!("Traefik does not have `{}`", name.escape_debug());
            let finding = object.finding(&CI238, key.at, &field, message);
            let meant = did_you_mean(option, known.iter().copied());
            findings.push(match meant {
                Some(meant) => finding.with_help(format!("Write `{PREFIX}{section}{meant}`.")),
                None => finding,
            });
            continue;
        }
        let class = match option {
            "serverstransport" => Class::ServersTransport,
            "middlewares" => Class::Middleware,
            "tls.options" => Class::TlsOption,
            _ => continue,
        };
        let text = node.text().unwrap_or_default();
        for wanted in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let place = Place {
                object,
                at: node.at,
                field: &field,
            };
            // Of a Service's annotations only the provider of Ingresses takes notice.
            let is_read = object.class != Class::Service
                || model
                    .within(Class::Ingress, object.namespace)
                    .next()
                    .is_some();
            let found = names.check(model, class, wanted, &place);
            findings.extend(found.map(|finding| finding.warning_unless(is_read)));
        }
    }
}

struct Place<'m, 'a> {
    object: &'m Object<'a>,
    at: At,
    field: &'m str,
}

/// Objects by the name that other providers call them by: `namespace-name`.
#[derive(Default)]
struct IngressNames<'a> {
    by_class: BTreeMap<Class, Joined<'a>>,
}

/// The objects of a class.
struct Joined<'a> {
    names: BTreeSet<String>,
    /// What is between namespace and name.
    separator: char,
    /// The first of them for the name of an object itself.
    by_own: BTreeMap<&'a str, String>,
    spellings: Spellings,
}

impl<'a> Joined<'a> {
    fn of(model: &Model<'a>, class: Class) -> Self {
        let joined = |object: &Object<'_>| {
            let naming = model.naming;
            let key = naming.key(object.kind, object.namespace, object.name);
            if !object.namespace.is_empty() {
                return key;
            }
            let separator = naming.separator();
            format!("{separator}{}", key.trim_start_matches(separator))
        };
        let mut by_own = BTreeMap::new();
        for object in model.of(class) {
            let joined = joined(object);
            let first = by_own.entry(object.name).or_insert_with(|| joined.clone());
            if joined < *first {
                *first = joined;
            }
        }
        let names: BTreeSet<String> = model.of(class).map(joined).collect();
        Self {
            by_own,
            spellings: Spellings::of(names.iter().map(String::as_str)),
            names,
            separator: model.naming.separator(),
        }
    }

    /// Returns whether one has the name; objects without a namespace may be meant for any.
    fn has(&self, name: &str) -> bool {
        let mut separators = name.match_indices(self.separator);
        self.names.contains(name) || separators.any(|(at, _)| self.names.contains(&name[at..]))
    }
}

impl<'a> IngressNames<'a> {
    fn check(
        &mut self,
        model: &Model<'a>,
        class: Class,
        wanted: &str,
        place: &Place<'_, '_>,
    ) -> Option<Finding> {
        let known = self.by_class.entry(class);
        let known = known.or_insert_with(|| Joined::of(model, class));
        let shown = wanted.escape_debug();
        let of = |name: &str| {
            let joined = known.by_own.get(name);
            joined.map(|joined| format!("Write `{joined}@kubernetescrd`."))
        };
        if is_unfilled(wanted) {
            return None;
        }
        let Some((name, provider)) = wanted.split_once('@') else {
            // The default TLS options belong to no provider.
            if class == Class::TlsOption && wanted == "default" {
                return None;
            }
            let message = format!("`{shown}` names no provider");
            let finding = place.object.finding(&CI240, place.at, place.field, message);
            return Some(match of(wanted) {
                Some(help) => finding.with_help(help),
                None => finding,
            });
        };
        if provider != "kubernetescrd" || known.has(name) {
            return None;
        }
        if let Some(help) = of(name) {
            let message = format!("`{shown}` lacks the namespace");
            return Some(
                place
                    .object
                    .finding(&CI240, place.at, place.field, message)
                    .with_help(help),
            );
        }
        if let Some(meant) = known.spellings.nearest(name) {
            let message = format!("there is no `{shown}`");
            let finding = place.object.finding(&CI902, place.at, place.field, message);
            return Some(finding.with_help(format!("Write `{meant}@kubernetescrd`.")));
        }
        let message = format!("`{shown}` is not in the input");
        let finding = place.object.finding(&CI901, place.at, place.field, message);
        Some(if model.options.strict_references {
            finding.with_severity(Severity::Error)
        } else {
            finding
        })
    }
}
