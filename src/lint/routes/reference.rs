//! References of routes to other objects.

use super::rules::{CI208, CI209};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::rule::Severity;
use crate::yaml::Node;

/// Checks a reference of the form `{name, namespace}`.
pub(super) fn reference(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    if let Some(name) = node.get("name") {
        provider_suffix(model, object, name, &format!("{field}.name"), findings);
    }
    let Some(namespace) = node.get("namespace") else {
        return;
    };
    let Some(text) = namespace.text() else { return };
    if may_be_same(text, object.namespace) || model.provider.allow_cross_namespace {
        return;
    }
    let what = match object.class {
        Class::IngressRoute | Class::IngressRouteTcp => "route",
        _ => object.kind,
    };
    let message = format!("the {what} in `{}` refers to `{text}`", object.namespace);
    let finding = object.finding(&CI209, namespace.at, &format!("{field}.namespace"), message);
    // Without Traefik's options in the input, they may allow it.
    findings.push(if model.provider.is_known {
        finding
    } else {
        finding.with_severity(Severity::Warning)
    });
}

pub(super) fn provider_suffix(
    model: &Model<'_>,
    object: &Object<'_>,
    node: &Node,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = node.text().filter(|name| name.ends_with("@kubernetescrd")) else {
        return;
    };
    if !model.provider.allow_cross_namespace {
        let message = format!("`{}` names its provider", name.escape_debug());
        findings.push(object.finding(&CI208, node.at, field, message));
    }
}
