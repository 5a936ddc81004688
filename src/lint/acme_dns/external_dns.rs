//! Whether external-dns reads what the objects tell it, and is told what to do.

use super::rules::{CI707, CI728, CI729};
use crate::dns::external_dns::ExternalDnsRelease;
use crate::lint::finding::Finding;
use crate::lint::model::{Model, Object};
use crate::yaml::{At, Node};

/// Finds a route of Traefik of which external-dns cannot tell where it leads.
pub(super) fn target(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(annotations) = object.at(&["metadata", "annotations"]) else {
        return;
    };
    for prefix in ExternalDnsRelease::PREFIXES {
        let mut all = annotations.entries().iter();
        let first = all.find(|(key, _)| key.text.starts_with(prefix));
        let target = format!("{prefix}target");
        if let Some((key, _)) = first.filter(|_| annotations.get(&target).is_none()) {
            let message = format!("there is no annotation `{target}`");
            let field = format!("metadata.annotations.{}", key.text);
            findings.push(object.finding(&CI707, key.at, &field, message));
        }
    }
}

/// external-dns, as the input has it.
struct ExternalDns<'m, 'a> {
    object: &'m Object<'a>,
    release: ExternalDnsRelease,
    at: At,
    field: String,
    has_policy: bool,
    /// The prefixes that it is told to read; none for the default.
    prefixes: Vec<&'a str>,
    reads_old: bool,
}

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let all: Vec<ExternalDns<'_, '_>> = model
        .objects
        .iter()
        .flat_map(|object| of_workload(object).into_iter().chain(of_release(object)))
        .collect();
    for one in all
        .iter()
        .filter(|one| one.release.needs_policy() && !one.has_policy)
    {
        let message = format!("external-dns {} has no `policy`", one.release);
        findings.push(one.object.finding(&CI728, one.at, &one.field, message));
    }
    // With several, each may be for some objects.
    let [one] = &all[..] else { return };
    if !one.prefixes.is_empty() {
        return;
    }
    let (read, other) = one.release.prefixes();
    if ExternalDnsRelease::is_old(other) && one.reads_old {
        return;
    }
    for object in &model.objects {
        let annotations = object.at(&["metadata", "annotations"]);
        let annotations = annotations.map(Node::entries).unwrap_or_default();
        let has = |prefix: &str| {
            annotations
                .iter()
                .find(|(key, _)| key.text.starts_with(prefix))
        };
        if let Some((key, _)) = has(other).filter(|_| has(read).is_none()) {
            let message = format!(
                "external-dns {} reads `{read}…`, and not `{other}…`",
                one.release
            );
            let field = format!("metadata.annotations.{}", key.text);
            findings.push(object.finding(&CI729, key.at, &field, message));
        }
    }
}

/// Reads a workload of external-dns.
fn of_workload<'m, 'a>(object: &'m Object<'a>) -> Option<ExternalDns<'m, 'a>> {
    let containers = object.at(&["spec", "template", "spec", "containers"])?;
    let mut containers = containers.items().iter();
    let (container, image) = containers.find_map(|container| {
        let image = container.text_of("image")?;
        image
            .contains("/external-dns:")
            .then_some((container, image))
    })?;
    let tag = image.split('@').next()?.rsplit_once(':')?.1;
    let release = ExternalDnsRelease::of_tag(tag)?;
    let arguments = container.items_of("args").iter().filter_map(Node::text);
    let value = |name: &str| {
        let mut arguments = arguments.clone();
        arguments.find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))
    };
    let is_set = |name: &str| arguments.clone().any(|argument| argument.starts_with(name));
    // An option may be in the environment, too.
    let env = container.items_of("env").iter();
    let env: Vec<&str> = env.filter_map(|node| node.text_of("name")).collect();
    Some(ExternalDns {
        object,
        release,
        at: container.at,
        field: "spec.template.spec.containers".to_owned(),
        has_policy: is_set("--policy")
            || env.contains(&"EXTERNAL_DNS_POLICY")
            || container.get("envFrom").is_some(),
        prefixes: value("--annotation-prefix").into_iter().collect(),
        reads_old: is_set("--enable-legacy-annotation-prefix"),
    })
}

/// Reads a `HelmRelease` or an Application with its chart.
fn of_release<'m, 'a>(object: &'m Object<'a>) -> Option<ExternalDns<'m, 'a>> {
    let (chart, version, values, field) = match object.kind {
        "HelmRelease" => {
            let chart = object.at(&["spec", "chart", "spec"])?;
            let values = object.at(&["spec", "values"]);
            (
                chart.get("chart")?,
                chart.text_of("version")?,
                values,
                "spec.values",
            )
        }
        "Application" => {
            let source = object.at(&["spec", "source"])?;
            let values = source.at_path(&["helm", "valuesObject"]);
            let version = source.text_of("targetRevision")?;
            (source.get("chart")?, version, values, "spec.source")
        }
        _ => return None,
    };
    // Values that are elsewhere may say anything.
    let is_whole = object.at(&["spec", "valuesFrom"]).is_none()
        && object.at(&["spec", "source", "helm", "values"]).is_none()
        && object
            .at(&["spec", "source", "helm", "parameters"])
            .is_none()
        && object
            .at(&["spec", "source", "helm", "valueFiles"])
            .is_none();
    if chart.text() != Some("external-dns") {
        return None;
    }
    let release = ExternalDnsRelease::of_chart(version)?;
    let arguments = values
        .map(|values| values.items_of("extraArgs"))
        .unwrap_or_default();
    let arguments = arguments.iter().filter_map(Node::text);
    let is_set = |name: &str| arguments.clone().any(|argument| argument.starts_with(name));
    let prefix = values.and_then(|values| values.text_of("annotationPrefix"));
    let by_argument = arguments
        .clone()
        .find_map(|argument| argument.strip_prefix("--annotation-prefix="));
    // Where the arguments are a mapping, or there are others, nobody knows.
    let is_mapping = values
        .and_then(|values| values.get("extraArgs"))
        .is_some_and(|node| !node.entries().is_empty());
    Some(ExternalDns {
        object,
        release,
        at: values.map_or(chart.at, |values| values.at),
        field: field.to_owned(),
        has_policy: !is_whole
            || is_mapping
            || values.is_some_and(|values| values.get("policy").is_some())
            || is_set("--policy"),
        prefixes: prefix.into_iter().chain(by_argument).collect(),
        reads_old: !is_whole || is_mapping || is_set("--enable-legacy-annotation-prefix"),
    })
}
