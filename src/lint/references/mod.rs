//! Whether what an object names is there.

mod gateways;
pub(super) mod rules;
mod seeker;
mod traefik;

use crate::fault::did_you_mean;
use crate::lint::facts::spelling::is_numbered;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model};
use crate::lint::predict::Here;
use crate::lint::rule::Severity;
use crate::lint::trust::rules::CI107;
use gateways::service_entries;
use rules::{CI901, CI902};
use seeker::{Reference, Seeker};
use std::collections::BTreeSet;

pub(super) const FAMILY: Family = Family {
    number: 9,
    title: "References",
    rules: rules::RULES,
    classes: &[],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let references = all(model);
    let met: BTreeSet<usize> = references
        .iter()
        .filter_map(|reference| model.find(reference.class, reference.namespace, reference.name))
        .collect();
    let mut findings: Vec<Finding> = references
        .iter()
        .filter_map(|reference| reference.check(model, &met))
        .collect();
    namespaces(model, &mut findings);
    findings
}

impl Reference<'_> {
    fn check(&self, model: &Model<'_>, met: &BTreeSet<usize>) -> Option<Finding> {
        if self.name.is_empty()
            || self.name.contains('@')
            || model.find(self.class, self.namespace, self.name).is_some()
        {
            return None;
        }
        let object = &model.objects[self.object];
        let elsewhere = model.elsewhere(self.class, self.namespace, self.name);
        if let Some(namespace) = elsewhere
            && self.is_authority
            && object.class == Class::ServersTransportTcp
        {
            let kind = kind(self.class);
            let message = format!(
                "{kind} `{}` is in namespace `{namespace}`, the ServersTransportTCP in `{}`",
                self.name.escape_debug(),
                object.namespace
            );
            return Some(object.finding(&CI107, self.at, &self.field, message));
        }
        // Found in another namespace, or of another kind: another rule says so.
        let other = match self.class {
            Class::ServersTransport => Class::ServersTransportTcp,
            Class::ServersTransportTcp => Class::ServersTransport,
            class => class,
        };
        let is_said = matches!(self.class, Class::Secret | Class::ConfigMap)
            || object.group.ends_with("gateway.networking.k8s.io")
            || object.group == "networking.istio.io";
        if elsewhere.is_some() && is_said || model.find(other, self.namespace, self.name).is_some()
        {
            return None;
        }
        let (kind, name) = (kind(self.class), self.name.escape_debug());
        // One that nothing else names, and that is called almost the same.
        let free: Vec<&str> = model
            .within(self.class, self.namespace)
            .filter(|number| !met.contains(number))
            .map(|number| model.objects[number].provides)
            .collect();
        let near = did_you_mean(self.name, free).filter(|meant| !is_numbered(self.name, meant));
        let near = near.filter(|_| elsewhere.is_none());
        if let Some(meant) = near {
            let message = format!("there is no {kind} `{name}`, and nothing refers to `{meant}`");
            let here = Here {
                namespace: self.namespace,
                secret: self.name,
                ..Here::default()
            };
            let finding = object
                .finding(&CI902, self.at, &self.field, message)
                .with_help(format!("Write `{meant}`."));
            return Some(if self.is_authority {
                finding.predicted(model.knowledge.release, here)
            } else {
                finding
            });
        }
        let within = if self.namespace.is_empty() {
            String::new()
        } else {
            format!(" in namespace `{}`", self.namespace)
        };
        let only = elsewhere.map_or_else(String::new, |other| format!(", only in `{other}`"));
        let message = format!("{kind} `{name}`{within} is not in the input{only}");
        let finding = object.finding(&CI901, self.at, &self.field, message);
        Some(if model.options.strict_references {
            finding.with_severity(Severity::Error)
        } else {
            finding
        })
    }
}

fn kind(class: Class) -> &'static str {
    class.kinds().first().unwrap_or(&"object")
}

fn all<'m>(model: &'m Model<'_>) -> Vec<Reference<'m>> {
    let mut found = Vec::new();
    for typed in model.cluster.objects() {
        let mut seeker = Seeker {
            number: typed.number,
            object: &model.objects[typed.number],
            found: &mut found,
        };
        seeker.of_traefik(typed);
    }
    let entries = service_entries(model);
    for (number, object) in model.objects.iter().enumerate() {
        let mut seeker = Seeker {
            number,
            object,
            found: &mut found,
        };
        seeker.of_gateways(model, &entries);
    }
    found
}

/// Where namespaces are part of the input, each that is used should be.
fn namespaces(model: &Model<'_>, findings: &mut Vec<Finding>) {
    if model.numbers(Class::Namespace).is_empty() {
        return;
    }
    let known: BTreeSet<&str> = model
        .of(Class::Namespace)
        .map(|object| object.name)
        .collect();
    let mut said = BTreeSet::new();
    for object in &model.objects {
        let namespace = object.namespace;
        if !namespace.is_empty()
            && namespace != "default"
            && !known.contains(namespace)
            && said.insert(namespace)
        {
            let at = object
                .at(&["metadata", "namespace"])
                .map_or(object.node.at, |node| node.at);
            let message = format!(
                "Namespace `{}` is not in the input",
                namespace.escape_debug()
            );
            let finding = object.finding(&CI901, at, "metadata.namespace", message);
            findings.push(if model.options.strict_references {
                finding.with_severity(Severity::Error)
            } else {
                finding
            });
        }
    }
}
