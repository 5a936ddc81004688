//! Family 0: what any Kubernetes object must be.

use super::finding::Finding;
use super::model::{Class, Model};
use super::rules::{CI005, CI006, CI007};
use super::secrets::Content;
use crate::yaml::Value;
use std::collections::BTreeMap;

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        if object.name.is_empty() && object.class != Class::Other {
            // Elsewhere stands another kind of value, as in `name: [...]` of documentation.
            let name = object.at(&["metadata", "name"]);
            let is_missing = name.is_none_or(|name| {
                name.value == Value::Null || name.text().is_some_and(str::is_empty)
            });
            let is_generated = object.at(&["metadata", "generateName"]).is_some();
            if is_missing && !is_generated {
                let message = format!("a {} has no name", object.kind);
                findings.push(object.finding(&CI007, object.node.at, "metadata.name", message));
            }
        }
    }
    twice(model, &mut findings);
    for (number, secret) in &model.secrets {
        for entry in &secret.entries {
            if matches!(entry.content, Content::Broken) {
                let message = format!("the value of `{}` is no base64", entry.key.escape_debug());
                findings.push(model.objects[*number].finding(
                    &CI006,
                    entry.at,
                    &entry.field(),
                    message,
                ));
            }
        }
    }
    findings
}

/// Finds objects that stand twice among those of which the model cannot tell it by their name alone.
fn twice(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known = BTreeMap::new();
    for object in &model.objects {
        if object.name.is_empty() || object.class == Class::Other || !model.may_be_twice(object) {
            continue;
        }
        let key = (object.group, object.kind, object.namespace, object.name);
        let first = known.entry(key).or_insert(object);
        // Without namespaces, two files may be meant for two of them.
        let is_same = !object.namespace.is_empty() || first.file == object.file;
        if !std::ptr::eq(*first, object) && is_same {
            let message = format!(
                "{} {} stands here for the second time",
                object.kind,
                object.shown()
            );
            findings.push(object.finding(&CI005, object.node.at, "metadata.name", message));
        }
    }
}
