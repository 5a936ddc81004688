//! Objects of Istio, as 1.31 reads them (`pkg/config/validation`, `pilot/pkg/networking/core`,
//! `pilot/pkg/credentials/kube/secrets.go`).

mod destinations;
mod gateways;
pub(super) mod rules;
mod services;
mod topology;

use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model};
use crate::path::pods::Pods;
use rules::CI875;

pub(super) const FAMILY: Family = Family {
    number: 8,
    title: "Istio",
    rules: rules::RULES,
    classes: &[
        Class::IstioGateway,
        Class::VirtualService,
        Class::DestinationRule,
        Class::ServiceEntry,
        Class::Workload,
        Class::Service,
        Class::Secret,
        Class::ConfigMap,
    ],
    check,
};

const CLASSES: [Class; 4] = [
    Class::IstioGateway,
    Class::VirtualService,
    Class::DestinationRule,
    Class::ServiceEntry,
];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    topology::check(model, &mut findings);
    if CLASSES.iter().all(|class| model.numbers(*class).is_empty()) {
        return findings;
    }
    for object in CLASSES.iter().flat_map(|class| model.of(*class)) {
        let node = object.at(&["apiVersion"]).unwrap_or(object.node);
        let version = node.text().and_then(|text| text.split_once('/'));
        if !version.is_some_and(|(_, version)| ["v1", "v1beta1", "v1alpha3"].contains(&version)) {
            let message = format!("`{}` is not served", node.text().unwrap_or_default());
            findings.push(object.finding(&CI875, node.at, "apiVersion", message));
        }
    }
    let pods = Pods::of(model.cluster);
    gateways::check(model, &pods, &mut findings);
    services::check(model, &mut findings);
    destinations::check(model, &pods, &mut findings);
    findings
}
