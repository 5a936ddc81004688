//! All families of rules.

use super::family::Family;
use super::{
    acme_dns, apache, balancers, cert_manager, certificates, definitions, documents, gateway_api,
    ingress, istio, middlewares, network_policies, references, routes, tls_store, trust, values,
    versions,
};

/// The families, in the order of their numbers.
pub static FAMILIES: [Family; 18] = [
    documents::FAMILY,
    trust::FAMILY,
    routes::FAMILY,
    middlewares::FAMILY,
    ingress::FAMILY,
    versions::FAMILY,
    definitions::FAMILY,
    tls_store::FAMILY,
    values::FAMILY,
    certificates::FAMILY,
    balancers::FAMILY,
    apache::FAMILY,
    network_policies::FAMILY,
    acme_dns::FAMILY,
    gateway_api::FAMILY,
    istio::FAMILY,
    cert_manager::FAMILY,
    references::FAMILY,
];
