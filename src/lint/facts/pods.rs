//! The pods behind a Service.

use crate::cluster::Kind;
use crate::kinds::traefik::Port;
use crate::lint::model::{Class, Model, Object};
use crate::path::Routed;
use crate::path::hop::Place;
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

/// The Service where a path ends, and the port of its pods.
pub(in crate::lint) struct End {
    pub(in crate::lint) service: usize,
    pub(in crate::lint) port: Option<String>,
}

impl End {
    pub(in crate::lint) fn of(model: &Model<'_>, routed: &Routed<'_>) -> Option<Self> {
        let httpd = routed.path.httpd.as_ref()?;
        let Place { scope, name } = &httpd.service;
        let service = model.cluster.find(Kind::Service, scope, name)?.number;
        let port = httpd.port.as_ref().map(Port::shown).unwrap_or_default();
        Some(Self {
            service,
            port: target(model, service, &port),
        })
    }

    pub(in crate::lint) fn pods(&self, model: &Model<'_>) -> Vec<usize> {
        selected(model, model.objects[self.service].namespace, self.service)
    }
}
