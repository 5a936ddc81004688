//! What a controller in the cluster is asked for in place of Secrets.

use super::secrets;
use crate::civiparoisse::{DATABASE_CA_SECRET, DATABASE_TLS_SECRET, HTTPD_TLS_SECRET};
use crate::instance::Instance;
use crate::makers::Makers;
use crate::makers::cert_manager::{KeptLeaf, OwnCas};
use crate::manifest::Object;
use crate::name::{DnsName, ObjectName};
use crate::pki::{LeafUse, SubjectAltName};

/// Returns what cert-manager or the External Secrets Operator are asked for.
pub(super) fn made(instance: &Instance) -> Vec<Object> {
    match &instance.extras.makers {
        Makers::Here => Vec::new(),
        Makers::CertManager(cas) | Makers::Both { cas, .. } => kept(instance, cas),
        Makers::ExternalSecrets(store) => secrets::external(instance, store),
    }
}

/// Returns what cert-manager is asked for: of the httpd, unless it shows a certificate of others, of the database, and of the
/// ingress, if the httpd asks for one.
fn kept(instance: &Instance, cas: &OwnCas) -> Vec<Object> {
    let [httpd, database, database_ca] =
        [HTTPD_TLS_SECRET, DATABASE_TLS_SECRET, DATABASE_CA_SECRET]
            .map(|name| ObjectName::parse(name).expect("the names are valid"));
    let settings = &instance.settings;
    let names = |names: &[DnsName]| names.iter().cloned().map(SubjectAltName::Dns).collect();
    let texts = |names: &[DnsName]| names.iter().map(ToString::to_string).collect();
    let mut leaves = Vec::new();
    let namespace = &instance.namespace;
    if instance.extras.public_certificate.is_none() {
        leaves.push(KeptLeaf {
            namespace,
            secret: &httpd,
            cas: &cas.names,
            names: names(&instance.hosts),
            leaf_use: LeafUse::Server,
            // Aliases come and go.
            permitted: Vec::new(),
        });
    }
    leaves.push(KeptLeaf {
        namespace,
        secret: &database,
        cas: std::slice::from_ref(&database_ca),
        names: names(&instance.db_hosts),
        leaf_use: LeafUse::Server,
        permitted: texts(&instance.db_hosts),
    });
    if let (true, Ok(name)) = (instance.extras.client_auth, instance.client_name()) {
        leaves.push(KeptLeaf {
            namespace,
            secret: &settings.client_secret,
            cas: std::slice::from_ref(&settings.client_ca_secret),
            names: names(std::slice::from_ref(&name)),
            leaf_use: LeafUse::Client,
            permitted: vec![name.to_string()],
        });
    }
    cas.objects(&leaves)
}
