//! The age file that holds the key of a SOPS file: one X25519 recipient, one chunk of 32 bytes, armoured.
//!
//! Source of the format: C2SP, age.md (`age-encryption.org/v1`). Stanzas of other types (post-quantum, SSH,
//! passphrase, plugins, grease) are skipped when a file is read. All cryptography is that of aws-lc-rs; the random
//! numbers are passed in.

use super::Random;
use crate::fault::Fault;
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

/// Length of what is encrypted, of an X25519 key (RFC 7748), of a derived key and of a header's code.
pub(super) const KEY_LEN: usize = 32;
/// Length of the key that the recipient's stanza wraps.
const FILE_KEY_LEN: usize = 16;
/// Length of the nonce in front of the payload.
const PAYLOAD_NONCE_LEN: usize = 16;
/// Length of a ChaCha20-Poly1305 tag (RFC 8439).
const TAG_LEN: usize = 16;

const VERSION: &str = "age-encryption.org/v1\n";
const X25519_TAG: &str = "X25519";
const X25519_INFO: &str = "age-encryption.org/v1/X25519";
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
/// Columns of the armour, and of a stanza's body.
const COLUMNS: usize = 64;

/// The longest armoured file that is read, in bytes; one recipient takes some 400. Every further stanza costs an
/// agreement before anything is authenticated.
const LONGEST: usize = 16 * 1024;

/// A public X25519 key.
pub(super) type PublicKey = [u8; KEY_LEN];
/// A secret of 32 bytes, cleared when it is dropped.
pub(super) type Secret = Zeroizing<[u8; KEY_LEN]>;

/// A private X25519 key with its public one. aws-lc clears it when it is freed.
pub(super) struct KeyPair {
    private: PrivateKey,
    pub(super) public: PublicKey,
}

impl KeyPair {
    /// Makes the pair of a private key; any 32 bytes are one (RFC 7748 section 5).
    pub(super) fn new(private: &Secret) -> Self {
        let private = PrivateKey::from_private_key(&X25519, private.as_slice())
            .expect("any 32 bytes are a private key");
        let public = private.compute_public_key().expect("every key has one");
        let public = public.as_ref().try_into().expect("32 bytes");
        Self { private, public }
    }

    /// Returns the key that a recipient's stanza wraps the file key with. `theirs` is the other side's public key.
    ///
    /// None if `theirs` is one of the few points that give everybody the same secret (RFC 7748 section 6.1).
    fn wrapping_key(
        &self,
        theirs: &PublicKey,
        share: &PublicKey,
        recipient: &PublicKey,
    ) -> Option<Secret> {
        let salt = [share.as_slice(), recipient].concat();
        agree(
            &self.private,
            UnparsedPublicKey::new(&X25519, theirs),
            (),
            |shared| Ok(derive(shared, &salt, X25519_INFO)),
        )
        .ok()
    }
}

/// Returns whether a public key can be agreed with; any private key shows it.
pub(super) fn is_usable(public: &PublicKey) -> bool {
    let pair = KeyPair::new(&Zeroizing::new([1; KEY_LEN]));
    pair.wrapping_key(public, public, public).is_some()
}

/// Encrypts 32 bytes for one recipient; ends with a newline. Takes 32, 16 and 16 random bytes: for the ephemeral
/// key, the file key and the nonce of the payload.
///
/// # Errors
/// A failure of `random`, and a recipient that is not usable.
pub(super) fn encrypt(
    recipient: &PublicKey,
    content: &Secret,
    random: &mut Random<'_>,
) -> Result<String, Fault> {
    let mut ephemeral = Secret::default();
    random(ephemeral.as_mut_slice())?;
    let mut file_key = Zeroizing::new([0; FILE_KEY_LEN]);
    random(file_key.as_mut_slice())?;
    let mut nonce = [0; PAYLOAD_NONCE_LEN];
    random(&mut nonce)?;

    let ephemeral = KeyPair::new(&ephemeral);
    let share = &ephemeral.public;
    let key = ephemeral
        .wrapping_key(recipient, share, recipient)
        .ok_or_else(|| Fault::new("the recipient is not a public key that anybody holds"))?;
    let body = seal(&key, WRAPPING_NONCE, file_key.as_slice());
    let mut file = format!(
        "{VERSION}-> {X25519_TAG} {}\n{}\n---",
        STANDARD_NO_PAD.encode(share),
        STANDARD_NO_PAD.encode(body)
    );
    let code = hmac::sign(&header_key(&file_key), file.as_bytes());
    file.push(' ');
    STANDARD_NO_PAD.encode_string(code, &mut file);
    file.push('\n');
    let mut file = file.into_bytes();
    file.extend_from_slice(&nonce);
    file.extend(seal(
        &derive(file_key.as_slice(), &nonce, "payload"),
        LAST_CHUNK,
        content.as_slice(),
    ));
    Ok(armour(&file))
}

/// An age file that was read and not yet opened.
pub(super) struct AgeFile {
    /// For each stanza of an X25519 recipient the ephemeral share and the wrapped file key.
    stanzas: Vec<(PublicKey, [u8; FILE_KEY_LEN + TAG_LEN])>,
    /// What the code authenticates: the header as far as `---`.
    header: Vec<u8>,
    code: [u8; KEY_LEN],
    nonce: [u8; PAYLOAD_NONCE_LEN],
    chunk: [u8; KEY_LEN + TAG_LEN],
}

/// The file was changed, or another program's fault made it.
#[derive(Debug)]
pub(super) struct Damaged;

impl AgeFile {
    /// Reads an armoured age file. None if it is not one, or its content is not 32 bytes.
    pub(super) fn parse(armoured: &str) -> Option<Self> {
        let file = dearmour(armoured)?;
        let mut rest = file.strip_prefix(VERSION.as_bytes())?;
        let mut stanzas = Vec::new();
        let mut has_stanza = false;
        loop {
            let before = file.len() - rest.len();
            let head = line(&mut rest)?;
            if let Some(code) = head.strip_prefix("--- ") {
                return has_stanza.then_some(Self {
                    stanzas,
                    code: decode(code)?,
                    nonce: *rest.first_chunk()?,
                    chunk: rest[PAYLOAD_NONCE_LEN..].try_into().ok()?,
                    header: file[..before + "---".len()].to_vec(),
                });
            }
            let mut arguments = head.strip_prefix("-> ")?.split(' ');
            let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            if !arguments
                .clone()
                .all(|text| !text.is_empty() && is_visible(text))
            {
                return None;
            }
            has_stanza = true;
            let body = body(&mut rest)?;
            if arguments.next()? == X25519_TAG {
                let share = decode(arguments.next()?)?;
                if arguments.next().is_some() {
                    return None;
                }
                stanzas.push((share, body.try_into().ok()?));
            }
        }
    }

    /// Decrypts the 32 bytes, or nothing if the file is not for this key.
    ///
    /// # Errors
    /// The file is for this key, and it was changed.
    pub(super) fn open(&self, identity: &KeyPair) -> Result<Option<Secret>, Damaged> {
        for (share, wrapped) in &self.stanzas {
            let key = identity
                .wrapping_key(share, share, &identity.public)
                .ok_or(Damaged)?;
            let Some(file_key) = open::<FILE_KEY_LEN>(&key, WRAPPING_NONCE, wrapped) else {
                continue;
            };
            hmac::verify(&header_key(&file_key), &self.header, &self.code).map_err(|_| Damaged)?;
            let key = derive(file_key.as_slice(), &self.nonce, "payload");
            return open(&key, LAST_CHUNK, &self.chunk).map(Some).ok_or(Damaged);
        }
        Ok(None)
    }
}

/// Takes a line and its newline from the front.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&rest[..end]).ok()?;
    *rest = &rest[end + 1..];
    Some(line)
}

/// Takes a stanza's body from the front: full lines, and one that is shorter, perhaps empty.
fn body(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut text = String::new();
    loop {
        let line = line(rest)?;
        text.push_str(line);
        if line.len() < COLUMNS {
            return STANDARD_NO_PAD.decode(text).ok();
        }
        if line.len() > COLUMNS {
            return None;
        }
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn armour(file: &[u8]) -> String {
    let base64 = STANDARD.encode(file);
    let mut text = format!("{BEGIN}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + END + "\n"
}

/// Undoes the armour. White space may be around it, and lines may end as on Windows; nothing else is lenient, so
/// that a file has one form.
fn dearmour(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let inner = text.strip_prefix(BEGIN)?.strip_suffix(END)?;
    if text.len() > LONGEST || !inner.ends_with('\n') {
        return None;
    }
    let mut lines = inner.lines();
    if lines.next() != Some("") {
        return None;
    }
    let mut base64 = String::with_capacity(inner.len());
    while let Some(line) = lines.next() {
        let is_last = lines.clone().next().is_none();
        if line.is_empty() || line.len() > COLUMNS || (line.len() < COLUMNS && !is_last) {
            return None;
        }
        base64.push_str(line);
    }
    STANDARD.decode(base64).ok()
}

fn header_key(file_key: &Zeroizing<[u8; FILE_KEY_LEN]>) -> hmac::Key {
    let key = derive(file_key.as_slice(), &[], "header");
    hmac::Key::new(hmac::HMAC_SHA256, key.as_slice())
}

/// HKDF with SHA-256 (RFC 5869).
fn derive(secret: &[u8], salt: &[u8], info: &str) -> Secret {
    let mut key = Secret::default();
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info.as_bytes()], HKDF_SHA256)
        .and_then(|derived| derived.fill(key.as_mut_slice()))
        .expect("32 bytes are not too many");
    key
}

/// The nonce under a wrapping key, which is used once.
const WRAPPING_NONCE: [u8; 12] = [0; 12];
/// The nonce of the first chunk of a payload when it is also the last: a counter, and 1 for the last.
const LAST_CHUNK: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn cipher(key: &Secret) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).expect("32 bytes");
    LessSafeKey::new(key)
}

fn seal(key: &Secret, nonce: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
    // The tag does not make the buffer grow, which would leave the plaintext behind.
    let mut text = Vec::with_capacity(plaintext.len() + TAG_LEN);
    text.extend_from_slice(plaintext);
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
        .expect("a few bytes are not too many");
    text
}

fn open<const N: usize>(
    key: &Secret,
    nonce: [u8; 12],
    sealed: &[u8],
) -> Option<Zeroizing<[u8; N]>> {
    let mut text = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let opened = cipher(key)
        .open_in_place(nonce, Aad::empty(), &mut text)
        .ok()?;
    let mut plaintext = Zeroizing::new([0; N]);
    if opened.len() != N {
        return None;
    }
    plaintext.copy_from_slice(opened);
    Some(plaintext)
}

#[cfg(test)]
mod tests;
