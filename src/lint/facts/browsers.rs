//! The certificates that browsers see.

use super::istio::credentials;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::Node;
use std::collections::BTreeSet;

/// Returns the Secrets whose certificates Traefik, or a Gateway, shows to browsers.
pub(in crate::lint) fn for_browsers(model: &Model<'_>) -> BTreeSet<usize> {
    let mut names = Vec::new();
    for class in [Class::IngressRoute, Class::IngressRouteTcp] {
        for object in model.of(class) {
            let secret = object.at(&["spec", "tls", "secretName"]);
            names.push((object.namespace, secret));
        }
    }
    for object in model.of(Class::Ingress) {
        for item in object.spec().items_of("tls") {
            names.push((object.namespace, item.get("secretName")));
        }
    }
    for object in model.of(Class::Gateway) {
        names.extend(certificate_names(object));
    }
    for object in model.of(Class::IstioGateway) {
        // Wherever its pods run.
        names.extend(credentials(object).map(|(_, node, _)| ("", Some(node))));
    }
    for object in model.of(Class::TlsStore) {
        let default = object.at(&["spec", "defaultCertificate", "secretName"]);
        names.push((object.namespace, default));
        for item in object.spec().items_of("certificates") {
            names.push((object.namespace, item.get("secretName")));
        }
    }
    names
        .into_iter()
        .filter_map(|(namespace, name)| {
            model.find(Class::Secret, namespace, name.and_then(Node::text)?)
        })
        .collect()
}

/// Returns the Secrets of all listeners that terminate TLS: namespace and name.
fn certificate_names<'a>(
    gateway: &Object<'a>,
) -> impl Iterator<Item = (&'a str, Option<&'a Node>)> {
    let own = gateway.namespace;
    gateway
        .spec()
        .items_of("listeners")
        .iter()
        .filter_map(|node| node.get("tls"))
        .flat_map(|tls| tls.items_of("certificateRefs"))
        .map(move |node| (node.text_of("namespace").unwrap_or(own), node.get("name")))
}
