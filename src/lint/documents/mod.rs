//! What any Kubernetes object must be.

pub(super) mod rules;

use crate::cluster::data::Content;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::documents::{Broken, Claim, HEADLESS};
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::yaml::stream::{TWICE, UNKNOWN_TAG};
use crate::yaml::{Node, Value, is_boolean_word};
use rules::{CI005, CI006, CI007, CI008, CI009, CI010};
use std::collections::BTreeMap;

pub(super) const FAMILY: Family = Family {
    number: 0,
    title: "Documents",
    rules: rules::RULES,
    classes: &[],
    check,
};

/// Makes the finding for a document that is not YAML.
pub(super) fn broken(document: Broken) -> Finding {
    if document.what == HEADLESS {
        return Finding::of_file(&CI010, document.file, document.at, document.what);
    }
    let is_twice = document.what.starts_with(TWICE);
    let is_of_tag = document.what == UNKNOWN_TAG;
    let finding = Finding::of_file(&CI009, document.file, document.at, document.what);
    let finding = match document.help {
        Some(help) => finding.with_help(help),
        None => finding,
    };
    match document.claim {
        // kubectl takes a tag that it does not know for none.
        Claim::Manifest if is_of_tag => finding.with_severity(Severity::Info),
        Claim::Manifest if is_twice => finding.with_severity(Severity::Warning).then(
            "kubectl takes the last of the two, and says nothing; Kustomize, Flux and Argo CD refuse the file.",
        ),
        Claim::Manifest => finding,
        Claim::Template | Claim::Nothing => finding.with_severity(Severity::Info).then(
            "It is not looked at: it is a template, or no manifest.",
        ),
    }
}

/// Maps whose values are strings.
const OF_TEXT: [&[&str]; 4] = [
    &["metadata", "annotations"],
    &["metadata", "labels"],
    &["stringData"],
    &["data"],
];

/// Finds values that YAML makes numbers or booleans where only strings are taken.
fn texts(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let of_data = [Class::Secret, Class::ConfigMap];
    for path in OF_TEXT {
        if path[0] != "metadata" && !of_data.contains(&object.class) {
            continue;
        }
        for (key, node) in object.at(path).map(Node::entries).unwrap_or_default() {
            // Of the values of `data` that are not base64, another rule speaks.
            let is_base64 = path[0] == "data" && object.class == Class::Secret;
            let is_other = match &node.value {
                Value::Bool(_) | Value::Float(_) | Value::Ambiguous(_) if is_base64 => false,
                Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
                Value::Ambiguous(text) => is_boolean_word(text),
                _ => false,
            };
            if is_other {
                let message = format!("`{}` is {}", key.text.escape_debug(), node.kind());
                let field = format!("{}.{}", path.join("."), key.text);
                let finding = object.finding(&CI008, node.at, &field, message);
                let finding = finding.with_help("Put it in quotes.");
                findings.extend(rewritten(model, object, path.last(), node, finding));
            }
        }
    }
}

/// Returns what is left of a finding about a value of labels or annotations that Kustomize reads first. It writes
/// annotations as strings (`SetAnnotations` of `kyaml/yaml/rnode.go`), and of labels words such as `yes`; other labels it leaves.
/// Flux drops all labels of an object where one is not a string (`SetOwnerLabels` of `fluxcd/pkg/ssa`, which asks
/// `GetLabels` of `unstructured.go`).
fn rewritten(
    model: &Model<'_>,
    object: &Object<'_>,
    section: Option<&&str>,
    node: &Node,
    finding: Finding,
) -> Option<Finding> {
    let is_of_labels = section == Some(&"labels");
    let is_of_metadata = is_of_labels || section == Some(&"annotations");
    if !is_of_metadata || !model.kustomize.rewrites(object.file) {
        return Some(finding);
    }
    if !is_of_labels || matches!(node.value, Value::Ambiguous(_)) {
        return None;
    }
    Some(if model.kustomize.is_of_flux() {
        let finding = finding.with_severity(Severity::Warning);
        finding.then("Flux drops all labels of the object; kubectl and Argo CD refuse it.")
    } else {
        finding
    })
}

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        texts(model, object, &mut findings);
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
                let message = format!("the value of `{}` is not base64", entry.key.escape_debug());
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

/// Finds objects that appear twice among those of which the model cannot tell it by their name alone.
fn twice(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known = BTreeMap::new();
    for object in &model.objects {
        if object.name.is_empty() || object.class == Class::Other || !model.may_be_twice(object) {
            continue;
        }
        // Of namespaces that have yet to be filled in two that are written alike are the same.
        let written = || object.at(&["metadata", "namespace"]).and_then(Node::text);
        let namespace = match object.namespace {
            "" => written().unwrap_or_default(),
            namespace => namespace,
        };
        let key = (object.group, object.kind, namespace, object.name);
        let first = known.entry(key).or_insert(object);
        // Without namespaces, two files may be meant for two of them.
        let is_same = !object.namespace.is_empty() || first.file == object.file;
        if !std::ptr::eq(*first, object) && is_same {
            let message = format!(
                "{} {} appears here for the second time",
                object.kind,
                object.shown()
            );
            let finding = object.finding(&CI005, object.node.at, "metadata.name", message);
            // Two files may be meant for two clusters, or one of them for another day.
            let is_together =
                first.file == object.file || model.kustomize.are_together(first.file, object.file);
            findings.push(if is_together {
                finding
            } else {
                finding.with_severity(Severity::Info)
            });
        }
    }
}
