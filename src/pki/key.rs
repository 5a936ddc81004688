//! Private keys: their types, reading them from PEM, and keeping them out of logs.

use super::pem;
use crate::fault::Fault;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair,
};
use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject;
use rcgen::{KeyPair, PublicKeyData, RsaKeySize};
use std::fmt;
use std::str::FromStr;
use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};
use zeroize::{Zeroize, Zeroizing};

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyType {
    /// ECDSA on P-256: what every TLS client accepts, made in microseconds.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA with 2048 bits, as the chart's `genSignedCert` makes.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
}

impl KeyType {
    /// All types, in the order of the help text.
    pub const ALL: [Self; 5] = [
        Self::P256,
        Self::P384,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// Returns the name used on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
        }
    }

    /// Returns the algorithm and the size in bits, as cert-manager calls them (`spec.privateKey` of a Certificate).
    #[must_use]
    pub fn algorithm(self) -> (&'static str, i64) {
        match self {
            Self::P256 => ("ECDSA", 256),
            Self::P384 => ("ECDSA", 384),
            Self::Rsa2048 => ("RSA", 2048),
            Self::Rsa3072 => ("RSA", 3072),
            Self::Rsa4096 => ("RSA", 4096),
        }
    }

    /// Returns the RSA size, or nothing for an elliptic curve.
    #[must_use]
    pub fn rsa_size(self) -> Option<RsaKeySize> {
        match self {
            Self::P256 | Self::P384 => None,
            Self::Rsa2048 => Some(RsaKeySize::_2048),
            Self::Rsa3072 => Some(RsaKeySize::_3072),
            Self::Rsa4096 => Some(RsaKeySize::_4096),
        }
    }

    /// Returns the algorithm that signs with such a key.
    #[must_use]
    pub fn signature_algorithm(self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl FromStr for KeyType {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        if text.eq_ignore_ascii_case("ed25519") {
            return Err(Fault::new("Ed25519 keys are not offered").help(
                "Chromium, Firefox and Java's and Python's default policies refuse them, \
                     and Apache httpd with OpenSSL before 3.5 cannot read the key; use `p256`",
            ));
        }
        let names = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|key_type| key_type.name() == text)
            .ok_or_else(|| {
                let fault = Fault::new(format!("`{}` is not a key type", text.escape_debug()));
                fault.help(format!("use one of {}", names.join(", ")))
            })
    }
}

/// A private key. Prints as `[private key]`, and its memory is cleared when it is dropped.
pub struct PrivateKey {
    pair: KeyPair,
    pem: Zeroizing<String>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private key]")
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.pair.zeroize();
    }
}

impl From<KeyPair> for PrivateKey {
    /// Takes a key that was just generated; its PEM form is PKCS#8.
    fn from(pair: KeyPair) -> Self {
        let pem = pkcs8_pem(pair.serialized_der());
        Self { pair, pem }
    }
}

impl PrivateKey {
    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1 or SEC1.
    ///
    /// Its block is kept, without what is around it. See [`PrivateKey::into_pkcs8`].
    ///
    /// # Errors
    /// No key, an encrypted one, or one that is neither RSA of 2048 to 8192 bits nor ECDSA on P-256 or P-384.
    pub fn from_pem(text: &str) -> Result<Self, Fault> {
        if is_encrypted(text) {
            return Err(Fault::new("the private key is encrypted").help(
                "decrypt it first: `openssl pkey -in FILE -out PLAIN` asks for the passphrase (keep PLAIN at mode 0600)",
            ));
        }
        let blocks = pem::private_keys(text)?;
        let unreadable = || {
            Fault::new("there is no readable private key")
                .help("a PEM block `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY` is needed")
        };
        let pem = blocks.first().ok_or_else(unreadable)?.alone();
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable())?;
        let pair = KeyType::ALL[..3].iter().find_map(|key_type| {
            KeyPair::from_der_and_sign_algo(&der, key_type.signature_algorithm()).ok()
        });
        let Some(pair) = pair else {
            return Err(
                Fault::new("the private key is of a kind that cannot be used here")
                    .help("use RSA with at least 2048 bits, or ECDSA on P-256 or P-384"),
            );
        };
        Ok(Self { pair, pem })
    }

    /// Brings the PEM text to PKCS#8 version 1, which every server reads.
    ///
    /// # Errors
    /// A key that the cryptographic library does not write again; none is known.
    pub fn into_pkcs8(mut self) -> Result<Self, Fault> {
        let der = self.pair.serialized_der();
        let unwritable = |_| Fault::new("the private key cannot be written as PKCS#8");
        let pkcs8 = if self.pair.algorithm() == &rcgen::PKCS_RSA_SHA256 {
            let pair = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
            let pair = pair.map_err(|_| Fault::new("the private key cannot be read again"))?;
            let document: Pkcs8V1Der<'_> = pair.as_der().map_err(unwritable)?;
            Zeroizing::new(document.as_ref().to_vec())
        } else {
            let algorithm = if self.pair.algorithm() == &rcgen::PKCS_ECDSA_P256_SHA256 {
                &ECDSA_P256_SHA256_ASN1_SIGNING
            } else {
                &ECDSA_P384_SHA384_ASN1_SIGNING
            };
            let pair = EcdsaKeyPair::from_private_key_der(algorithm, der)
                .map_err(|_| Fault::new("the private key cannot be read again"))?;
            Zeroizing::new(pair.to_pkcs8v1().map_err(unwritable)?.as_ref().to_vec())
        };
        self.pem = pkcs8_pem(&pkcs8);
        Ok(self)
    }

    /// Returns the PEM text.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the public half as it is in a certificate (`SubjectPublicKeyInfo`, DER).
    #[must_use]
    pub fn public_key_info(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// Returns the bits of the public key, without the algorithm around them.
    #[must_use]
    pub fn public_key_bits(&self) -> &[u8] {
        self.pair.public_key_raw()
    }

    pub(super) fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

/// Returns whether the first private key of a PEM text belongs to the certificate; nothing if there is no key
/// that can be read.
///
/// A key that holds the public half, as most do, is compared by it: computing it costs a hundred times as much.
#[must_use]
pub fn is_of(text: &str, certificate: &super::Certificate) -> Option<bool> {
    let info = certificate.public_key_info();
    let block = pem::private_keys(text).ok()?.first()?.alone();
    let der = PrivateKeyDer::from_pem_slice(block.as_bytes()).ok()?;
    let bits = certificate.public_key_bits()?;
    if held_public_half(&der) == Some(&bits[..]) {
        return Some(true);
    }
    let key = PrivateKey::from_pem(text).ok()?;
    Some(key.public_key_info() == info)
}

/// Returns the public half that an ECDSA key holds (RFC 5915 section 3), alone or in PKCS#8 (RFC 5208 section 5); nothing if
/// it holds none, or is not such a key from its first byte to its last.
fn held_public_half<'a>(key: &'a PrivateKeyDer<'_>) -> Option<&'a [u8]> {
    let is_public = |field: &Any<'_>| field.class() == Class::ContextSpecific && field.tag().0 == 1;
    let key = match key {
        PrivateKeyDer::Pkcs8(document) => match &fields(document.secret_pkcs8_der())?[..] {
            [version, _, key, ..] if version.tag() == Tag::Integer => octets(key)?,
            _ => return None,
        },
        PrivateKeyDer::Sec1(key) => key.secret_sec1_der(),
        _ => return None,
    };
    let fields = fields(key)?;
    let [version, scalar, optional @ ..] = &fields[..] else {
        return None;
    };
    if version.tag() != Tag::Integer || version.data != [1] {
        return None;
    }
    octets(scalar)?;
    let public = optional.iter().find(|field| is_public(field))?;
    let (rest, bits) = Any::from_der(public.data).ok()?;
    // The first octet of a BIT STRING counts the bits of the last one that are not used.
    let bits = bits
        .data
        .strip_prefix(&[0])
        .filter(|_| bits.tag() == Tag::BitString);
    bits.filter(|_| rest.is_empty())
}

/// Returns what a SEQUENCE holds, if the bytes are one and nothing more.
fn fields(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (rest, sequence) = Any::from_der(der).ok()?;
    if !rest.is_empty() || sequence.tag() != Tag::Sequence {
        return None;
    }
    let mut rest = sequence.data;
    let mut fields = Vec::with_capacity(4);
    while !rest.is_empty() {
        let (after, field) = Any::from_der(rest).ok()?;
        fields.push(field);
        rest = after;
    }
    Some(fields)
}

fn octets<'a>(field: &Any<'a>) -> Option<&'a [u8]> {
    (field.tag() == Tag::OctetString).then_some(field.data)
}

/// Returns whether Go and OpenSSL pass over every private key of a PEM text: they look for the first line of a block at the
/// beginning of a line, where no byte order mark and no space is before it.
#[must_use]
pub fn is_passed_over(text: &str) -> bool {
    let keys = pem::private_keys(text).unwrap_or_default();
    !keys.is_empty() && !keys.iter().any(|block| block.is_plain)
}

/// Returns as [`is_of`] does whether a server that shows the certificate has its key, as Go and OpenSSL read it.
#[must_use]
pub fn is_served_with(text: &str, certificate: &super::Certificate) -> Option<bool> {
    if is_passed_over(text) {
        return Some(false);
    }
    is_of(text, certificate)
}

/// Returns whether a PEM text holds an encrypted key, in PKCS#8 or in OpenSSL's older form.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.contains("Proc-Type: 4,ENCRYPTED") || text.contains("BEGIN ENCRYPTED PRIVATE KEY")
}

fn pkcs8_pem(der: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(pem::to_pem("PRIVATE KEY", der))
}

/// Returns the lower-case hexadecimal form of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 0xf)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::Certificate;

    /// A certificate, and its key in PKCS#8.
    fn pair() -> (Certificate, Vec<u8>) {
        let certificate = include_str!("../../tests/fixtures/issuing.crt");
        let key = include_str!("../../tests/fixtures/issuing.key");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let certificate = Certificate::from_pem(certificate).unwrap();
        (certificate, key.secret_der().to_vec())
    }

    #[test]
    fn a_key_is_known_by_the_public_half_that_it_holds_in_either_form() {
        let (certificate, der) = pair();
        let pkcs8 = PrivateKeyDer::try_from(der.as_slice()).unwrap();
        let inner = match &fields(&der).unwrap()[..] {
            [_, _, key] => octets(key).unwrap().to_vec(),
            _ => panic!("three fields"),
        };
        let sec1 = PrivateKeyDer::Sec1(inner.into());
        let bits = certificate.public_key_bits();
        for key in [pkcs8, sec1] {
            assert_eq!(held_public_half(&key).map(<[u8]>::to_vec), bits);
        }
    }

    #[test]
    fn a_key_of_which_bytes_are_missing_is_not_known_by_its_end() {
        let (certificate, der) = pair();
        for (label, bytes) in [
            ("EC PRIVATE KEY", &der[20..]),
            ("EC PRIVATE KEY", &der[30..]),
            ("PRIVATE KEY", &der[1..]),
            ("PRIVATE KEY", &der[..der.len() - 1]),
        ] {
            let text = pem::to_pem(label, bytes);
            assert_ne!(is_of(&text, &certificate), Some(true), "{label}");
        }
        let whole = pem::to_pem("PRIVATE KEY", &der);
        assert_eq!(is_of(&whole, &certificate), Some(true));
    }
}
