//! One encrypted value, and the message authentication code over all of them.

use super::super::Random;
use super::super::recipient::FileKey;
use crate::fault::Fault;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aead::generic_array::typenum::U32;
use aes_gcm::{AeadInPlace as _, AesGcm, KeyInit as _};
use aws_lc_rs::digest::{Context, SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Length of a nonce: 32 bytes, not the usual 12 (sops `aes/cipher.go`, `nonceSize`).
const NONCE_LEN: usize = 32;
/// Length of a tag.
const TAG_LEN: usize = 16;

/// What a code over the encrypted values alone begins with, so that it never equals one over all values
/// (sops `sops.go`, `MACOnlyEncryptedInitialization`).
const ENCRYPTED_ONLY: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// What every encrypted value begins with.
const OPENING: &str = "ENC[AES256_GCM,data:";

/// Returns the additional authenticated data of a value: the keys on the way to it, each with a colon behind.
pub(super) fn path_aad<'a>(path: impl IntoIterator<Item = &'a str>) -> String {
    path.into_iter().flat_map(|key| [key, ":"]).collect()
}

/// The parts of `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encrypted<'a> {
    data: &'a str,
    nonce: &'a str,
    tag: &'a str,
    /// What the plaintext is: `str`, `int`, `float`, `bytes`, `bool`, `time`, `comment`. Nothing protects it.
    pub(super) kind: &'a str,
}

/// What a plaintext can be (sops `aes/cipher.go`, `Decrypt`).
const KINDS: [&str; 7] = ["str", "int", "float", "bytes", "bool", "time", "comment"];

/// Returns how many bytes a base64 text stands for; nothing if it is not base64, or not padded.
fn decoded_len(text: &str) -> Option<usize> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let is_whole = text.len().is_multiple_of(4) && padding <= 2 && body.bytes().all(is_base64);
    is_whole.then(|| text.len() / 4 * 3 - padding)
}

/// Returns whether a text is meant to be an encrypted value.
pub(super) fn looks_encrypted(text: &str) -> bool {
    text.starts_with("ENC[")
}

/// Takes an encrypted value apart; nothing if it is not one, or one of its parts has a form or length that no
/// cipher gives.
pub(super) fn parse(text: &str) -> Option<Encrypted<'_>> {
    let rest = text.strip_prefix(OPENING)?.strip_suffix(']')?;
    let (data, rest) = rest.split_once(",iv:")?;
    let (nonce, rest) = rest.split_once(",tag:")?;
    let (tag, kind) = rest.split_once(",type:")?;
    let is_well_formed = !data.is_empty()
        && decoded_len(data).is_some()
        && decoded_len(nonce) == Some(NONCE_LEN)
        && decoded_len(tag) == Some(TAG_LEN)
        && KINDS.contains(&kind);
    is_well_formed.then_some(Encrypted {
        data,
        nonce,
        tag,
        kind,
    })
}

/// The cipher under the data key of one file.
pub(super) struct Cipher(AesGcm<aes::Aes256, U32>);

impl Cipher {
    pub(super) fn new(key: &FileKey) -> Self {
        Self(AesGcm::new(GenericArray::from_slice(key.as_slice())))
    }

    /// Encrypts a text. An empty one stays empty, as `sops` has it.
    pub(super) fn encrypt(
        &self,
        plaintext: &[u8],
        aad: &str,
        random: &mut Random<'_>,
    ) -> Result<String, Fault> {
        if plaintext.is_empty() {
            return Ok(String::new());
        }
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        let mut data = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .0
            .encrypt_in_place_detached(GenericArray::from_slice(&nonce), aad.as_bytes(), &mut data)
            .map_err(|_| Fault::new("the value is too long to be encrypted"))?;
        let mut text = String::with_capacity(OPENING.len() + data.len() / 3 * 4 + 110);
        text.push_str(OPENING);
        STANDARD.encode_string(&*data, &mut text);
        text.push_str(",iv:");
        STANDARD.encode_string(nonce, &mut text);
        text.push_str(",tag:");
        STANDARD.encode_string(tag, &mut text);
        text.push_str(",type:str]");
        Ok(text)
    }

    /// Decrypts a value; nothing if a part of it, its key's name or the data key is not what it was.
    pub(super) fn decrypt(&self, value: Encrypted<'_>, aad: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut nonce = [0; NONCE_LEN];
        let mut tag = [0; TAG_LEN];
        for (text, bytes) in [(value.nonce, nonce.as_mut_slice()), (value.tag, &mut tag)] {
            let decoded = STANDARD.decode(text).ok()?;
            if decoded.len() != bytes.len() {
                return None;
            }
            bytes.copy_from_slice(&decoded);
        }
        let mut data = Zeroizing::new(STANDARD.decode(value.data).ok()?);
        let (nonce, tag) = (
            GenericArray::from_slice(&nonce),
            GenericArray::from_slice(&tag),
        );
        self.0
            .decrypt_in_place_detached(nonce, aad.as_bytes(), &mut data, tag)
            .ok()?;
        Some(data)
    }
}

/// The message authentication code of a file: SHA-512 over its values in the order of the document.
pub(super) struct Mac(Context);

impl Mac {
    /// Begins a code over the encrypted values alone (`mac_only_encrypted: true`).
    pub(super) fn over_encrypted_only() -> Self {
        let mut context = Context::new(&SHA512);
        context.update(&ENCRYPTED_ONLY);
        Self(context)
    }

    /// Begins a code over all values.
    pub(super) fn over_all() -> Self {
        Self(Context::new(&SHA512))
    }

    pub(super) fn update(&mut self, value: &[u8]) {
        self.0.update(value);
    }

    /// Returns the code as it is encrypted: upper-case hexadecimal.
    pub(super) fn finish(self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(128));
        for byte in self.0.finish().as_ref() {
            write!(text, "{byte:02X}").expect("a String takes all");
        }
        text
    }
}
