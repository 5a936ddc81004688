//! cert-manager's issuers.

use crate::lint::model::{Class, Model, Object};
use crate::yaml::{At, Node};

/// The group of cert-manager's own kinds.
pub(in crate::lint) const GROUP: &str = "cert-manager.io";

/// Returns the issuer of a Certificate, if it is in the input.
pub(in crate::lint) fn issuer_of<'m, 'a>(
    model: &'m Model<'a>,
    object: &Object<'a>,
) -> Option<&'m Object<'a>> {
    let reference = object.spec().get("issuerRef")?;
    let name = reference.text_of("name")?;
    let number = match reference.text_of("kind") {
        Some("ClusterIssuer") => model.find(Class::ClusterIssuer, "", name),
        _ => model.find(Class::Issuer, object.namespace, name),
    };
    Some(&model.objects[number?])
}

/// Returns the http01 solvers of an issuer that are not for another ingress controller.
pub(in crate::lint) fn http01(issuer: &Object<'_>) -> Vec<(At, String)> {
    let Some(acme) = issuer.spec().get("acme") else {
        return Vec::new();
    };
    acme.items_of("solvers")
        .iter()
        .enumerate()
        .filter_map(|(index, solver)| Some((index, solver.at_path(&["http01", "ingress"])?)))
        .filter(|(_, node)| {
            let class = node.get("ingressClassName").or_else(|| node.get("class"));
            class
                .and_then(Node::text)
                .is_none_or(|class| class.contains("traefik"))
        })
        .map(|(index, node)| (node.at, format!("spec.acme.solvers[{index}].http01")))
        .collect()
}
