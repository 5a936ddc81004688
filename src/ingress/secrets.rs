//! The Secrets.

use super::credentials::Credentials;
use super::object::{chart_object, own_object};
use crate::civiparoisse::CLIENTS_SECRET;
use crate::instance::{Credential, Instance};
use crate::makers::external_secrets::Store;
use crate::manifest::{Identity, Object, SecretData, secret_data};
use crate::name::{DataKey, Namespace, ObjectName};
use crate::pki::client_authorities::ClientAuthorities;
use crate::pki::{Certificate, PrivateKey};
use crate::values::SecretKeyRef;
use std::collections::BTreeMap;

/// A Secret that is not issued in the cluster.
struct Shape {
    name: ObjectName,
    secret_type: &'static str,
    /// Whether the chart has it, too.
    is_chart: bool,
    keys: BTreeMap<DataKey, Credential>,
}

/// The Secrets of an instance: those that httpd and database mount (one, `selfcert`, unless the values name
/// several), then the trust bundle, then those of a client certificate.
fn shapes(instance: &Instance, places: Vec<(Credential, SecretKeyRef)>) -> Vec<Shape> {
    let settings = &instance.settings;
    let mut shapes: Vec<(u8, Shape)> = Vec::new();
    for (credential, SecretKeyRef { secret, key }) in places {
        if let Some((_, shape)) = shapes.iter_mut().find(|(_, shape)| shape.name == secret) {
            shape.keys.insert(key, credential);
            continue;
        }
        let (rank, is_chart, secret_type) = match &secret {
            // The chart's type, for the type of a Secret cannot be changed in place.
            name if *name == settings.trust_bundle.secret => (1, true, "tls"),
            name if *name == settings.client_secret => (2, false, "kubernetes.io/tls"),
            name if *name == settings.client_ca_secret => (3, false, "Opaque"),
            _ => (0, true, "Opaque"),
        };
        let shape = Shape {
            name: secret,
            secret_type,
            is_chart,
            keys: BTreeMap::from([(key, credential)]),
        };
        shapes.push((rank, shape));
    }
    shapes.sort_by(|(a, left), (b, right)| (a, &left.name).cmp(&(b, &right.name)));
    shapes.into_iter().map(|(_, shape)| shape).collect()
}

/// Returns the Secrets that hold what this program makes.
pub(super) fn secrets(instance: &Instance, credentials: &Credentials) -> Vec<Object> {
    let mut objects = Vec::new();
    for shape in shapes(instance, instance.placements()) {
        let data = shape.keys.into_iter().filter_map(|(key, credential)| {
            let data = credentials.get(credential)?;
            Some((key, data.clone()))
        });
        let data: Vec<_> = data.collect();
        if data.is_empty() {
            continue;
        }
        let make = if shape.is_chart {
            chart_object
        } else {
            own_object
        };
        let mut object = make(instance, "v1", "Secret", &shape.name, "secret.yaml");
        object.fields = vec![
            ("type", shape.secret_type.into()),
            ("data", secret_data(data)),
        ];
        objects.push(object);
    }
    objects
}

/// Returns what fetches the same Secrets from a store, without the keys of CAs, by which nothing is signed in the cluster.
pub(super) fn external(instance: &Instance, store: &Store) -> Vec<Object> {
    let places = instance.places().into_iter();
    let needed = places.filter(|(credential, _)| !credential.is_ca_key());
    let shapes = shapes(instance, needed.collect()).into_iter();
    let object = |shape: Shape| {
        let keys = shape.keys.keys();
        store.external_secret(&instance.namespace, &shape.name, shape.secret_type, keys)
    };
    shapes.map(object).collect()
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
