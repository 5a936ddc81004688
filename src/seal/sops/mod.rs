//! SOPS files: written for age recipients, read without any key, opened with an identity.
//!
//! What we write is one Secret of which the private values alone are encrypted (`encrypted_regex`), under a
//! message authentication code over these alone (`mac_only_encrypted`). So everything else may be rendered again
//! around the untouched values, and a reader of the certificates needs no key. `sops` 3.9.0 is the first that
//! reads this, so the file says `version: 3.9.0`.
//!
//! Source of the format: sops 3.13.3, `sops.go`, `aes/cipher.go`, `stores/stores.go`, `stores/yaml/store.go`.

mod block;
mod document;
mod open;
mod rule;
mod scalar;
mod tree;
mod value;

pub use block::Block;
pub use document::{Document, read};
pub use open::open;

use super::Random;
use super::recipient::{FileKey, Recipient, wrap};
use crate::fault::Fault;
use crate::manifest::{PrivateKeys, SecretData};
use crate::name::DataKey;
use crate::yaml::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The oldest release that reads `mac_only_encrypted` (sops, CHANGELOG.md, 3.9.0).
const VERSION: &str = "3.9.0";

/// Keys of a Secret's manifest. SOPS holds its rule against every key on the way to a value, so a data key of
/// such a name would have these encrypted too.
const RESERVED: [&str; 11] = [
    "annotations",
    "apiVersion",
    "data",
    "immutable",
    "kind",
    "labels",
    "metadata",
    "name",
    "namespace",
    "stringData",
    "type",
];

/// The encrypted part of a Secret.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// What is under `data` in place of each private value: `ENC[AES256_GCM,…]`.
    pub values: BTreeMap<DataKey, String>,
    /// The block `sops:`, which goes behind the manifest.
    pub block: Block<'static>,
}

/// Encrypts the private values of one Secret under a new data key.
///
/// `private` are those that must not be read, in the order in which they are in the document: the message
/// authentication code goes over them in that order. Encrypted is the base64 text, which is what is there.
/// `now` is written as `lastmodified`, in whole seconds. Takes 32 random bytes for the data key, 32 for each
/// value, 32 for the code and 64 for each recipient.
///
/// # Errors
/// No value, no recipient, a key that a Secret's manifest uses itself, or a failure of `random`.
pub fn seal(
    private: &[(DataKey, SecretData)],
    recipients: &[Recipient],
    now: OffsetDateTime,
    random: &mut Random<'_>,
) -> Result<Sealed, Fault> {
    if private.is_empty() {
        return Err(Fault::new("the Secret has no private value to encrypt"));
    }
    if recipients.is_empty() {
        return Err(Fault::new("there is no recipient to encrypt for")
            .help("name at least one age recipient (`age1…`); `age-keygen` makes one"));
    }
    let mut key = FileKey::default();
    random(key.as_mut_slice())?;
    let cipher = value::Cipher::new(&key);
    let mut mac = value::Mac::over_encrypted_only();
    let mut values = BTreeMap::new();
    for (name, data) in private {
        if RESERVED.contains(&name.as_str()) {
            let what = format!(
                "the data key `{name}` cannot be encrypted: SOPS would mistake the manifest's own `{name}` for it"
            );
            return Err(Fault::new(what).help("give the data key another name"));
        }
        let plaintext = data.expose(PrivateKeys::Written).as_bytes();
        mac.update(plaintext);
        let encrypted =
            cipher.encrypt(plaintext, &value::path_aad(["data", name.as_str()]), random)?;
        values.insert(name.clone(), encrypted);
    }
    let last_modified = rfc3339(now)?;
    let mac = cipher.encrypt(mac.finish().as_bytes(), &last_modified, random)?;
    let mut age = Vec::new();
    for (index, recipient) in recipients.iter().enumerate() {
        if recipients[..index].contains(recipient) {
            continue;
        }
        let entry = vec![
            ("recipient", Value::Text(recipient.to_string())),
            ("enc", Value::Text(wrap(recipient, &key, random)?)),
        ];
        age.push(block::node(block::map(entry)));
    }
    let rule = block::own_rule(private.iter().map(|(name, _)| name.as_str()));
    let fields = vec![
        ("age", Value::List(age)),
        ("lastmodified", Value::Text(last_modified)),
        ("mac", Value::Text(mac)),
        ("encrypted_regex", Value::Text(rule)),
        ("mac_only_encrypted", Value::Bool(true)),
        ("version", Value::Text(VERSION.to_owned())),
    ];
    let block = Block::from_node(&block::node(block::map(fields)));
    Ok(Sealed { values, block })
}

/// Returns whether a text is an encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, each part of it whole.
#[must_use]
pub fn is_encrypted(text: &str) -> bool {
    value::parse(text).is_some()
}

/// Reads an instant as SOPS does: RFC 3339 with upper-case letters (Go's `time.RFC3339`).
fn instant(text: &str) -> Option<OffsetDateTime> {
    let is_strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('z');
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .filter(|_| is_strict)
}

/// Writes an instant as SOPS does: RFC 3339 in whole seconds.
fn rfc3339(instant: OffsetDateTime) -> Result<String, Fault> {
    let whole = instant.replace_nanosecond(0).expect("0 is a nanosecond");
    whole
        .format(&Rfc3339)
        .map_err(|_| Fault::new(format!("{instant} cannot be written as RFC 3339")))
}

#[cfg(test)]
mod tests;
