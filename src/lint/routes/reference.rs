//! References of routes to other objects.

use super::rules::{CI208, CI209};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::rule::Severity;

/// Checks a reference to an object by name and, perhaps, namespace.
pub(super) fn reference(
    model: &Model<'_>,
    object: &Object<'_>,
    (name, namespace): (&str, Option<&str>),
    field: &str,
    findings: &mut Vec<Finding>,
) {
    provider_suffix(model, object, name, &format!("{field}.name"), findings);
    let Some(namespace) = namespace else { return };
    if may_be_same(namespace, object.namespace) || model.provider.options.allow_cross_namespace {
        return;
    }
    let what = match object.class {
        Class::IngressRoute | Class::IngressRouteTcp => "route",
        _ => object.kind,
    };
    let message = format!(
        "the {what} in `{}` refers to `{namespace}`",
        object.namespace
    );
    let finding = object.finding_in(&CI209, &format!("{field}.namespace"), message);
    // Without Traefik's options in the input, they may allow it.
    findings.push(finding.warning_unless(model.has_certain_options()));
}

pub(super) fn provider_suffix(
    model: &Model<'_>,
    object: &Object<'_>,
    name: &str,
    field: &str,
    findings: &mut Vec<Finding>,
) {
    if name.ends_with("@kubernetescrd") && !model.provider.options.allow_cross_namespace {
        let message = format!("`{}` names its provider", name.escape_debug());
        findings.push(object.finding_in(&CI208, field, message));
    }
}

/// Makes what is found of references to other namespaces no more than worth knowing.
pub(in crate::lint) fn leave_open<'f>(findings: impl Iterator<Item = &'f mut Finding>) {
    for finding in findings {
        if finding.rule == &CI208 || finding.rule == &CI209 {
            finding.severity = Severity::Info;
        }
    }
}
