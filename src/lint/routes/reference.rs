//! References of routes to other objects.

use super::rules::{CI208, CI209, CI210, CI216, CI221, CI222, CI244, CI246, CI247, CI248};
use crate::lint::finding::Finding;
use crate::lint::model::traefik::Provider;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::rule::{Rule, Severity};

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

/// Returns the rules whose findings Traefik's own options may rule out: in a part of a repository that does not have them,
/// those of another part may hold.
pub(in crate::lint) fn ruled_out(provider: &Provider) -> Vec<&'static Rule> {
    let options = &provider.options;
    let entrances = &provider.entrances;
    let rows: [(bool, &[&'static Rule]); 8] = [
        (options.allow_cross_namespace, &[&CI208, &CI209]),
        (options.own_transport, &[&CI210]),
        (options.allow_external_name_services, &[&CI221]),
        (options.safe_naming, &[&CI222]),
        (provider.redirects(), &[&CI216]),
        (entrances.has_others(), &[&CI244]),
        (entrances.any_has_tls(), &[&CI246, &CI247]),
        (entrances.names_a_class(), &[&CI248]),
    ];
    let said = rows.iter().filter(|(is_said, _)| *is_said);
    said.flat_map(|(_, rules)| rules.iter().copied()).collect()
}

/// Makes what is found by some rules no more than worth knowing.
pub(in crate::lint) fn leave_open<'f>(
    rules: &[&'static Rule],
    findings: impl Iterator<Item = &'f mut Finding>,
) {
    for finding in findings.filter(|finding| rules.contains(&finding.rule)) {
        finding.severity = Severity::Info;
    }
}
