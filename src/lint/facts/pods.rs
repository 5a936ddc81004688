//! The pods behind a Service.

use crate::lint::model::{Class, Model, Object};
use crate::yaml::{Key, Node};

/// Returns whether a Service selects the pods of a workload.
pub(in crate::lint) fn selects(service: &Object<'_>, workload: &Object<'_>) -> bool {
    let selector = service.spec().get("selector");
    let selector = selector.map(Node::entries).unwrap_or_default();
    let labels = workload.at(&["spec", "template", "metadata", "labels"]);
    let has = |(key, value): &(Key, Node)| {
        labels.and_then(|labels| labels.text_of(&key.text)) == value.text()
    };
    !selector.is_empty() && selector.iter().all(has)
}

/// Returns the indexes of the workloads that a Service selects.
pub(in crate::lint) fn selected(model: &Model<'_>, namespace: &str, service: usize) -> Vec<usize> {
    let is_selected = |number: &usize| selects(&model.objects[service], &model.objects[*number]);
    model
        .within(Class::Workload, namespace)
        .filter(is_selected)
        .collect()
}

/// Returns the pods' port behind a port of a Service; nothing if it has only a name.
pub(in crate::lint) fn target(model: &Model<'_>, service: usize, wanted: &str) -> Option<String> {
    let port = model.objects[service]
        .spec()
        .items_of("ports")
        .iter()
        .find(|port| {
            let is = |key: &str| port.get(key).and_then(Node::scalar).as_deref() == Some(wanted);
            is("port") || is("name")
        })?;
    let number = |key: &str| {
        let text = port.get(key).and_then(Node::scalar)?;
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(text)
    };
    match port.get("targetPort") {
        Some(_) => number("targetPort"),
        None => number("port"),
    }
}

/// Returns the name of a Service that a route names, and its index.
pub(in crate::lint) fn service<'a>(
    model: &Model<'a>,
    node: &'a Node,
    namespace: &'a str,
) -> Option<(&'a str, usize)> {
    let namespace = node.text_of("namespace").unwrap_or(namespace);
    let number = model.find(Class::Service, namespace, node.text_of("name")?)?;
    Some((model.objects[number].namespace, number))
}
