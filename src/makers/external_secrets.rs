//! Secrets that the External Secrets Operator fetches from a store outside the cluster (`external-secrets.io/v1`, from release
//! 0.16 on: `config/crds/bases/external-secrets.io_externalsecrets.yaml`).

use crate::manifest::{Field, Identity, Object};
use crate::name::{DataKey, Namespace, ObjectName};

/// Where Secrets are fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its name.
    pub name: ObjectName,
    /// `ClusterSecretStore` or `SecretStore`.
    pub kind: &'static str,
    /// How it calls a Secret: a text in which `{namespace}` and `{secret}` stand for both names.
    pub remote_key: String,
    /// How often it is asked, a Go duration.
    pub refresh_interval: String,
}

impl Store {
    /// How a store calls a Secret, by default.
    pub const REMOTE_KEY: &'static str = "{namespace}/{secret}";

    /// Returns the `ExternalSecret` that fetches a Secret of this type, each of its keys as a property of its own.
    ///
    /// The Secret stays when the store has lost it (`deletionPolicy: Retain`): an instance goes on with what it has.
    #[must_use]
    pub fn external_secret<'k>(
        &self,
        namespace: &Namespace,
        secret: &ObjectName,
        secret_type: &'static str,
        keys: impl Iterator<Item = &'k DataKey>,
    ) -> Object {
        let identity = Identity {
            api_version: "external-secrets.io/v1",
            kind: "ExternalSecret",
            namespace: Some(namespace.clone()),
            name: secret.clone(),
        };
        let remote_key = self
            .remote_key
            .replace("{namespace}", namespace.as_str())
            .replace("{secret}", secret.as_str());
        let keys = keys.map(DataKey::as_str);
        let mut object = Object::new(identity, "external-secrets/externalsecret.yaml");
        object.fields = vec![
            ("refresh_interval", self.refresh_interval.as_str().into()),
            ("store_kind", self.kind.into()),
            ("store", self.name.as_str().into()),
            ("type", secret_type.into()),
            ("remote_key", remote_key.into()),
            ("keys", keys.collect::<Field>()),
        ];
        object
    }
}
