//! The SealedSecret from which the controller makes a Secret.

use crate::fault::Fault;
use crate::gitops::found::{SEALED_WITH, decode};
use crate::manifest::{Field, Object, PrivateKeys, SecretData};
use crate::name::DataKey;
use crate::seal::sealed;
use std::collections::BTreeMap;

/// Makes the SealedSecret from which the controller makes the Secret.
pub(super) fn sealed_object(
    object: &Object,
    entries: Vec<(DataKey, SecretData)>,
    private_keys: &[&DataKey],
    fresh: &BTreeMap<DataKey, String>,
    with: Option<String>,
    scope: sealed::SealingScope,
) -> Result<Object, Fault> {
    let mut encrypted = Vec::new();
    let mut clear = Vec::new();
    for (key, data) in entries {
        if let Some(value) = fresh.get(&key) {
            encrypted.push((key.to_string(), value.as_str().into()));
        } else if private_keys.contains(&&key) {
            encrypted.push((key.to_string(), data.expose(PrivateKeys::Written).into()));
        } else {
            let text = decode(data.expose(PrivateKeys::Written), true)
                .ok_or_else(|| Fault::new(format!("`{key}` is not base64 text")))?;
            clear.push((key.to_string(), text.as_str().into()));
        }
    }
    let secret_type = object
        .fields
        .iter()
        .find(|(name, _)| *name == "type")
        .map(|(_, field)| field.clone());
    let scope: Vec<(String, String)> = scope
        .annotation()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let pairs = |pairs: &[(String, String)]| {
        Field::Map(
            pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().into()))
                .collect(),
        )
    };
    let mut sealed = object.clone();
    sealed.identity.api_version = "bitnami.com/v1alpha1";
    sealed.identity.kind = "SealedSecret";
    sealed.template = "gitops/sealedsecret.yaml";
    sealed.annotations.extend(scope.iter().cloned());
    sealed
        .annotations
        .extend(with.map(|with| (SEALED_WITH.to_owned(), with)));
    sealed.fields = vec![
        ("type", secret_type.unwrap_or(Field::Nothing)),
        ("encrypted", Field::Map(encrypted)),
        ("data", Field::Map(clear)),
        ("secret_labels", pairs(&object.labels)),
        ("secret_annotations", pairs(&scope)),
    ];
    Ok(sealed)
}
