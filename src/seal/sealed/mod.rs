//! SealedSecrets: values that the controller of one cluster alone opens.
//!
//! Source of the format: sealed-secrets 0.40.0, `pkg/crypto/crypto.go` (`HybridEncrypt`) and
//! `pkg/apis/sealedsecrets/v1alpha1` (labels, annotations).

use super::Random;
use crate::fault::Fault;
use crate::manifest::{PrivateKeys, SecretData};
use crate::name::{DataKey, Namespace, ObjectName};
use crate::pki::Certificate;
use crate::pki::key::hex;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Under which name and namespace a value may be unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SealingScope {
    /// In this namespace and under this name only.
    #[default]
    Strict,
    /// In this namespace, under any name.
    NamespaceWide,
    /// Anywhere in the cluster.
    ClusterWide,
}

impl SealingScope {
    /// All scopes, in the order of the help text.
    pub const ALL: [Self; 3] = [Self::Strict, Self::NamespaceWide, Self::ClusterWide];

    /// Returns the name that kubeseal's `--scope` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        }
    }

    /// Returns the annotation that the SealedSecret and its template must both carry.
    #[must_use]
    pub fn annotation(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some(("sealedsecrets.bitnami.com/namespace-wide", "true")),
            Self::ClusterWide => Some(("sealedsecrets.bitnami.com/cluster-wide", "true")),
        }
    }

    /// Returns the scope that an annotation with this name stands for.
    #[must_use]
    pub fn of_annotation(name: &str) -> Option<Self> {
        let is_its = |scope: &Self| scope.annotation().is_some_and(|(key, _)| key == name);
        Self::ALL.into_iter().find(is_its)
    }

    /// Returns what a value is bound to: the label of RSA-OAEP.
    fn label(self, namespace: &Namespace, name: &ObjectName) -> String {
        match self {
            Self::Strict => format!("{namespace}/{name}"),
            Self::NamespaceWide => namespace.to_string(),
            Self::ClusterWide => String::new(),
        }
    }
}

impl fmt::Display for SealingScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SealingScope {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| {
                let fault = Fault::new(format!(
                    "`{}` is not a scope of a SealedSecret",
                    text.escape_debug()
                ));
                fault.help(format!(
                    "use one of {}",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }
}

/// The certificate that a controller publishes: what it holds the key of, it can unseal.
pub struct SealingCertificate {
    key: OaepPublicEncryptingKey,
    fingerprint: String,
    not_after: OffsetDateTime,
}

impl fmt::Debug for SealingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[sealing certificate {}]", self.fingerprint)
    }
}

impl SealingCertificate {
    /// Reads the first certificate of a PEM text, as kubeseal does (`ParseKey`).
    ///
    /// # Errors
    /// No certificate, one that has expired at `now`, and a key that is not RSA of 2048 to 8192 bits.
    pub fn from_pem(text: &str, now: OffsetDateTime) -> Result<Self, Fault> {
        let fetch = "`kubeseal --fetch-cert` prints the controller's newest";
        let certificates = Certificate::all_from_pem(text)?;
        let certificate = certificates
            .first()
            .ok_or_else(|| Fault::new("there is no certificate").help(fetch))?;
        let not_after = certificate.validity().not_after;
        if not_after < now {
            let what = format!("the sealing certificate expired on {}", not_after.date());
            return Err(Fault::new(what).help(fetch));
        }
        let info = certificate.public_key_info();
        let key = PublicEncryptingKey::from_der(info)
            .ok()
            .and_then(|key| OaepPublicEncryptingKey::new(key).ok())
            .ok_or_else(|| {
                Fault::new("the sealing certificate has no RSA key of 2048 to 8192 bits")
                    .help(fetch)
            })?;
        let fingerprint = hex(digest(&SHA256, info).as_ref());
        Ok(Self {
            key,
            fingerprint,
            not_after,
        })
    }

    /// Returns the SHA-256 of the public key (`SubjectPublicKeyInfo`, DER), in lower-case hexadecimal. It stays when
    /// the controller puts the same key into a new certificate.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the last instant of its validity.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Encrypts one value: a session key by RSA-OAEP, the value by AES-256-GCM under it.
    fn seal(&self, label: &str, value: &[u8], random: &mut Random<'_>) -> Result<String, Fault> {
        let refused = |_| Fault::new("the cryptographic library does not seal the value");
        let mut session_key = Zeroizing::new([0; 32]);
        random(session_key.as_mut_slice())?;
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let wrapped = self
            .key
            .encrypt(
                &OAEP_SHA256_MGF1SHA256,
                session_key.as_slice(),
                &mut wrapped,
                Some(label.as_bytes()),
            )
            .map_err(refused)?;
        let cipher = LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, session_key.as_slice()).map_err(refused)?,
        );
        let mut data = Zeroizing::new(value.to_vec());
        // The session key is used once, so its nonce may be fixed (`crypto.go`: `zeroNonce`).
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = cipher
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut data)
            .map_err(refused)?;
        let length =
            u16::try_from(wrapped.len()).expect("an RSA key of 8192 bits gives 1024 bytes");
        Ok(STANDARD.encode([&length.to_be_bytes()[..], wrapped, &data, tag.as_ref()].concat()))
    }
}

/// Returns whether a text has the form of a sealed value: base64 of a length, a session key that RSA of 2,048 to 8,192 bits
/// encrypted, and a ciphertext with its tag (`crypto.go` of sealed-secrets, `HybridDecrypt`). Whether it opens, only its
/// controller knows.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    let Ok(bytes) = STANDARD.decode(text) else {
        return false;
    };
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return false;
    };
    let wrapped = usize::from(u16::from_be_bytes(*length));
    (256..=1024).contains(&wrapped) && rest.len() > wrapped + AES_256_GCM.tag_len()
}

/// Encrypts the private values of one Secret; each stands by its key in `spec.encryptedData`.
///
/// Encrypted are the bytes of the value, not their base64 text. Takes 32 random bytes for each; `aws-lc-rs` draws
/// the seed of RSA-OAEP itself.
///
/// # Errors
/// No value, one that was encrypted already, or a failure of `random`.
pub fn seal(
    namespace: &Namespace,
    name: &ObjectName,
    scope: SealingScope,
    private: &[(DataKey, SecretData)],
    certificate: &SealingCertificate,
    random: &mut Random<'_>,
) -> Result<BTreeMap<DataKey, String>, Fault> {
    if private.is_empty() {
        return Err(Fault::new("the Secret has no private value to encrypt"));
    }
    let label = scope.label(namespace, name);
    let mut sealed = BTreeMap::new();
    for (key, data) in private {
        let value = STANDARD
            .decode(data.expose(PrivateKeys::Written))
            .map(Zeroizing::new)
            .map_err(|_| Fault::new(format!("the value of `{key}` is not base64 text")))?;
        sealed.insert(key.clone(), certificate.seal(&label, &value, random)?);
    }
    Ok(sealed)
}

#[cfg(test)]
mod tests;
