//! Where the pods of gateways run, and the Secrets that they read there.

use crate::cluster::data::Data;
use crate::kinds::istio::IstioGateway;
use crate::lint::model::{Class, Model, Object};
use crate::path::gateways::ISTIO_NAMESPACES;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Pods by their labels.
pub(super) struct Pods<'a> {
    by_label: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

/// The label and value by which Istio's own ingress gateway is selected.
const INGRESS: (&str, &str) = ("istio", "ingressgateway");

impl<'a> Pods<'a> {
    pub(super) fn of(model: &Model<'a>) -> Self {
        let mut by_label: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for object in model.of(Class::Workload) {
            let labels = object.at(&["spec", "template", "metadata", "labels"]);
            for (key, value) in labels.map(Node::entries).unwrap_or_default() {
                if let Some(value) = value.text().filter(|_| !object.namespace.is_empty()) {
                    let namespaces = by_label.entry((key.text.as_str(), value)).or_default();
                    namespaces.insert(object.namespace);
                }
            }
        }
        Self { by_label }
    }

    /// Returns the namespaces in which there are pods for a Gateway's selector; none if the input shows none.
    pub(super) fn of_gateway(&self, gateway: &IstioGateway) -> Where<'a> {
        let mut namespaces: Option<BTreeSet<&str>> = None;
        let mut is_ingress = false;
        for (key, value) in &gateway.selector {
            let label = (key.as_str(), value.as_str());
            is_ingress |= label == INGRESS;
            let met = self.by_label.get(&label).cloned().unwrap_or_default();
            namespaces = Some(match namespaces {
                None => met,
                Some(known) => known.intersection(&met).copied().collect(),
            });
        }
        Where {
            namespaces: namespaces.unwrap_or_default(),
            is_ingress,
        }
    }
}

/// Where the pods of gateways run.
#[derive(Default)]
pub(super) struct Where<'a> {
    pub(super) namespaces: BTreeSet<&'a str>,
    /// Whether the pods are those of Istio's own ingress gateway, and not in the input.
    pub(super) is_ingress: bool,
}

/// What a credential stands for.
pub(super) enum PodSecret<'m, 'a> {
    Found(&'m Object<'a>, &'m Data),
    /// In another namespace than the pods; certain or not.
    Elsewhere(&'a str, bool),
    Unknown,
}

impl<'a> Where<'a> {
    /// Finds a Secret where the pods read it: in their own namespace (`ParseResourceName`).
    pub(super) fn find<'m>(&self, model: &'m Model<'a>, name: &str) -> PodSecret<'m, 'a> {
        let found = |namespace: &str| match model.secret(Class::Secret, namespace, name) {
            Some((object, secret)) => PodSecret::Found(object, secret),
            None => PodSecret::Unknown,
        };
        let is_in = |namespace: &&str| model.find(Class::Secret, namespace, name).is_some();
        if let Some(namespace) = self.namespaces.iter().find(|it| is_in(it)) {
            return found(namespace);
        }
        let mut holders = model.holders(Class::Secret, name);
        let Some(first) = holders.next() else {
            return found("");
        };
        if !self.namespaces.is_empty() {
            return PodSecret::Elsewhere(first, true);
        }
        match ISTIO_NAMESPACES.into_iter().find(is_in) {
            Some(namespace) => found(namespace),
            None if first.starts_with("istio") => found(first),
            None if self.is_ingress => PodSecret::Elsewhere(first, false),
            // If there is exactly one, it is the one that is meant.
            None => found(""),
        }
    }

    pub(super) fn shown(&self) -> String {
        if self.namespaces.is_empty() {
            return "those of `istio: ingressgateway` usually run in istio-system or istio-ingress"
                .to_owned();
        }
        let names: Vec<String> = self
            .namespaces
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        format!("the pods run in {}", names.join(", "))
    }
}
