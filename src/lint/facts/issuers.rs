//! cert-manager's issuers.

use crate::cluster::Resource;
use crate::kinds::cert_manager::{Announced, Issuer};
use crate::lint::model::{Class, Model, Said};
use crate::yaml::At;

/// The group of cert-manager's own kinds.
pub(in crate::lint) const GROUP: &str = "cert-manager.io";

/// Returns the issuer of a Certificate, if it is in the input.
pub(in crate::lint) fn issuer_of<'m, 'a>(
    model: &'m Model<'a>,
    certificate: &Said<'m, 'a, Announced>,
) -> Option<Said<'m, 'a, Issuer>> {
    let named = certificate.says.issuer.as_ref()?;
    let name = &named.name.as_ref()?.value;
    let number = match named.kind.as_deref() {
        Some("ClusterIssuer") => model.find(Class::ClusterIssuer, "", name),
        _ => model.find(Class::Issuer, certificate.object.namespace, name),
    };
    model.said_by(number?, Resource::issuer)
}

/// Returns the http01 solvers of an issuer that are not for another ingress controller.
pub(in crate::lint) fn http01(issuer: &Issuer) -> impl Iterator<Item = (At, String)> {
    let solvers = issuer.solvers.iter().enumerate();
    solvers.filter_map(|(index, solver)| {
        let ingress = solver.http.as_ref()?.ingress.as_ref()?;
        let class = ingress.class.as_ref();
        let is_traefiks = class.is_none_or(|class| class.contains("traefik"));
        is_traefiks.then(|| (ingress.at, format!("spec.acme.solvers[{index}].http01")))
    })
}
