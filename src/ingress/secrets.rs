//! The Secrets.

use super::credentials::Credentials;
use super::object::{chart_object, own_object};
use crate::civiparoisse::CLIENTS_SECRET;
use crate::instance::Instance;
use crate::manifest::{Identity, Object, SecretData, secret_data};
use crate::name::{DataKey, Namespace, ObjectName};
use crate::pki::client_authorities::ClientAuthorities;
use crate::pki::{Certificate, PrivateKey};
use crate::values::SecretKeyRef;
use std::collections::BTreeMap;

/// The Secrets of an instance: those that httpd and database mount (one, `selfcert`, unless the values name
/// several), then the trust bundle, then those of a client certificate.
pub(super) fn secrets(instance: &Instance, credentials: &Credentials) -> Vec<Object> {
    let mut by_secret: Vec<(ObjectName, BTreeMap<DataKey, SecretData>)> = Vec::new();
    for (credential, SecretKeyRef { secret, key }) in instance.placements() {
        let Some(data) = credentials.get(credential) else {
            continue;
        };
        match by_secret.iter_mut().find(|(name, _)| *name == secret) {
            Some((_, entries)) => {
                entries.insert(key, data.clone());
            }
            None => by_secret.push((secret, BTreeMap::from([(key, data.clone())]))),
        }
    }
    let settings = &instance.settings;
    let rank = |name: &ObjectName| match name {
        name if *name == settings.trust_bundle.secret => 1,
        name if *name == settings.client_secret => 2,
        name if *name == settings.client_ca_secret => 3,
        _ => 0,
    };
    by_secret.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    by_secret
        .into_iter()
        .map(|(name, data)| {
            let (is_chart, secret_type) = match rank(&name) {
                0 => (true, "Opaque"),
                // The chart's type, for the type of a Secret cannot be changed in place.
                1 => (true, "tls"),
                2 => (false, "kubernetes.io/tls"),
                _ => (false, "Opaque"),
            };
            let make = if is_chart { chart_object } else { own_object };
            let mut object = make(instance, "v1", "Secret", &name, "secret.yaml");
            object.fields = vec![("type", secret_type.into()), ("data", secret_data(data))];
            object
        })
        .collect()
}

/// Returns the Secret by which Traefik knows the CA of the certificates that clients must show.
pub(super) fn clients_secret(instance: &Instance, clients: &ClientAuthorities) -> Object {
    let name = ObjectName::parse(CLIENTS_SECRET).expect("the name is valid");
    let key = DataKey::parse("ca.crt").expect("the key is valid");
    let data = [(key, SecretData::certificates(&clients.text()))];
    let mut object = own_object(instance, "v1", "Secret", &name, "secret.yaml");
    object.fields = vec![("type", "Opaque".into()), ("data", secret_data(data))];
    object
}

/// Returns the `kubernetes.io/tls` Secret of a certificate, its intermediates and its key; with its CA, where
/// clients do not have that already, under `ca.crt`, as cert-manager does, and the CA's key, if it is kept there,
/// under `ca.key`.
#[must_use]
pub fn tls_secret(
    namespace: &Namespace,
    name: &ObjectName,
    certificates: &[Certificate],
    key: &PrivateKey,
    authority: Option<(&Certificate, Option<&PrivateKey>)>,
) -> Object {
    let chain = certificates.iter().collect();
    let data_key =
        |text| DataKey::parse(text).expect("the keys of a kubernetes.io/tls Secret are valid");
    let (authority, authority_key) = authority.unzip();
    let authority = authority.map(|authority| {
        let data = SecretData::certificates(&authority.into());
        (data_key("ca.crt"), data)
    });
    let authority_key = authority_key.flatten().map(|key| {
        let data = SecretData::private(key.pem());
        (data_key("ca.key"), data)
    });
    let pair = [
        (data_key("tls.crt"), SecretData::certificates(&chain)),
        (data_key("tls.key"), SecretData::private(key.pem())),
    ];
    let data = authority.into_iter().chain(authority_key).chain(pair);
    let identity = Identity {
        api_version: "v1",
        kind: "Secret",
        namespace: Some(namespace.clone()),
        name: name.clone(),
    };
    let mut object = Object::new(identity, "secret.yaml");
    object.fields = vec![
        ("type", "kubernetes.io/tls".into()),
        ("data", secret_data(data)),
    ];
    object
}
