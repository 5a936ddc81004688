//! PKCS#12 (RFC 7292), as OpenSSL, Windows, browsers and Java write it: certificates and keys behind one password.
//!
//! Where a file has a MAC, nothing of it is used before that is verified; without one, only what is in clear text is
//! read, as of PEM. The encoding is BER, because Firefox and Bouncy Castle do not write DER.

use super::Certificate;
use super::pem::to_pem;
use crate::fault::Fault;
use aes::cipher::{Block, BlockDecrypt, KeyInit};
use aws_lc_rs::{digest, hmac, pbkdf2};
use pki_types::CertificateDer;
use std::num::NonZeroU32;
use x509_parser::asn1_rs::{Any, Class, FromBer, Oid, oid};
use zeroize::{Zeroize, Zeroizing};

/// Longest file that is read, in bytes. Java's file of all public authorities has a sixth of it.
pub const LIMIT: usize = 1 << 20;

/// Most rounds of hashing that a file may ask for, in all its parts: what Java takes for one part (OpenJDK's
/// `PKCS12KeyStore.MAX_ITERATION_COUNT`). OpenSSL writes 2,048 a part, Java 10,000, Firefox 600,000.
/// libFuzzer, which would look for files that ask for many, is allowed a few.
const ROUNDS: u32 = if cfg!(fuzzing) { 16 } else { 5_000_000 };

/// How deep the pieces of one string may be nested.
const DEPTH: usize = 8;

// RFC 2315 section 14.
const DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.1);
const SIGNED: &[u8] = &oid!(raw 1.2.840.113549.1.7.2);
const ENVELOPED: &[u8] = &oid!(raw 1.2.840.113549.1.7.3);
const ENCRYPTED: &[u8] = &oid!(raw 1.2.840.113549.1.7.6);

// RFC 7292 appendix D.
const KEY: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.1);
const SHROUDED_KEY: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.2);
const CERTIFICATE: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.3);
const REVOCATIONS: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.4);
const OTHER_SECRET: &[u8] = &oid!(raw 1.2.840.113549.1.12.10.1.5);
const X509: &[u8] = &oid!(raw 1.2.840.113549.1.9.22.1);

// Ways to encrypt: RFC 7292 appendix C, RFC 8018 appendices A and B, RFC 3565.
const BY_SHA1_3DES: &[u8] = &oid!(raw 1.2.840.113549.1.12.1.3);
const PBES2: &[u8] = &oid!(raw 1.2.840.113549.1.5.13);
const PBKDF2: &[u8] = &oid!(raw 1.2.840.113549.1.5.12);
const AES_128_CBC: &[u8] = &oid!(raw 2.16.840.1.101.3.4.1.2);
const AES_192_CBC: &[u8] = &oid!(raw 2.16.840.1.101.3.4.1.22);
const AES_256_CBC: &[u8] = &oid!(raw 2.16.840.1.101.3.4.1.42);
const TRIPLE_DES_CBC: &[u8] = &oid!(raw 1.2.840.113549.3.7);

/// What a password is hashed with to a key (RFC 8018 appendix B.1.2).
const BY_PRF: [(&[u8], pbkdf2::Algorithm); 4] = [
    (&oid!(raw 1.2.840.113549.2.7), pbkdf2::PBKDF2_HMAC_SHA1),
    (&oid!(raw 1.2.840.113549.2.9), pbkdf2::PBKDF2_HMAC_SHA256),
    (&oid!(raw 1.2.840.113549.2.10), pbkdf2::PBKDF2_HMAC_SHA384),
    (&oid!(raw 1.2.840.113549.2.11), pbkdf2::PBKDF2_HMAC_SHA512),
];

/// What a MAC is made with.
const BY_DIGEST: [(&[u8], hmac::Algorithm); 4] = [
    (
        &oid!(raw 1.3.14.3.2.26),
        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    ),
    (&oid!(raw 2.16.840.1.101.3.4.2.1), hmac::HMAC_SHA256),
    (&oid!(raw 2.16.840.1.101.3.4.2.2), hmac::HMAC_SHA384),
    (&oid!(raw 2.16.840.1.101.3.4.2.3), hmac::HMAC_SHA512),
];

const PBMAC1: &[u8] = &oid!(raw 1.2.840.113549.1.5.14);

/// Names of what is not read.
const UNREAD: [(&[u8], &str); 7] = [
    (&oid!(raw 1.2.840.113549.1.12.1.1), "128-bit RC4"),
    (&oid!(raw 1.2.840.113549.1.12.1.2), "40-bit RC4"),
    (&oid!(raw 1.2.840.113549.1.12.1.4), "3DES with two keys"),
    (&oid!(raw 1.2.840.113549.1.12.1.5), "128-bit RC2"),
    (&oid!(raw 1.2.840.113549.1.12.1.6), "40-bit RC2"),
    (PBMAC1, "PBMAC1"),
    (&oid!(raw 1.3.6.1.4.1.11591.4.11), "scrypt"),
];

/// The password of a file.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the first line of a text, as OpenSSL's `-passin file:` does.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let line = text.lines().next().unwrap_or_default();
        Self(Zeroizing::new(line.to_owned()))
    }
}

/// What was in a file, in its order.
pub struct Contents {
    /// The certificates.
    pub certificates: Vec<Certificate>,
    /// The private keys as PEM blocks, if they were asked for.
    pub keys: Vec<Zeroizing<String>>,
}

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Certificates; keys stay encrypted.
    Certificates,
    /// Both.
    CertificatesAndKeys,
}

/// Returns whether bytes begin as a file of this form: a sequence of the number 3 and another sequence.
#[must_use]
pub fn is_pkcs12(bytes: &[u8]) -> bool {
    let head = match bytes {
        [0x30, 0..=0x80, ..] => 2,
        [0x30, length @ 0x81..=0x84, ..] => 2 + usize::from(length & 0x7f),
        _ => return false,
    };
    bytes
        .get(head..)
        .is_some_and(|rest| rest.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

/// Reads a file. Without a password the empty one is tried.
///
/// # Errors
/// A password that is missing or wrong; a file that is not whole, too long, asks for more than five million rounds of
/// hashing, is signed or encrypted in a way that is not read, or has encrypted parts but no MAC.
pub fn read(bytes: &[u8], password: Option<&Password>, wanted: Wanted) -> Result<Contents, Fault> {
    if bytes.len() > LIMIT {
        let fault = Fault::new(format!("the PKCS#12 file has more than {LIMIT} bytes"));
        return Err(fault.help("export only what is needed"));
    }
    let mut pfx = DerValues(bytes).sequence()?;
    pfx.number()?;
    let (kind, mut content) = pfx.sequence()?.identified()?;
    if kind == SIGNED {
        let fault = Fault::new("the PKCS#12 file is protected by a signature");
        return Err(fault.help("export it with a password"));
    }
    if kind != DATA {
        return Err(damaged());
    }
    let parts = content.explicit()?.octets()?;
    let mut opening = Opening {
        password: None,
        rounds: ROUNDS,
    };
    if !pfx.is_empty() {
        opening.verify(pfx.sequence()?, &parts, password)?;
    }
    let mut contents = Contents {
        certificates: Vec::new(),
        keys: Vec::new(),
    };
    let mut parts = DerValues(&parts).sequence()?;
    while !parts.is_empty() {
        let (kind, mut content) = parts.sequence()?.identified()?;
        let bags = match kind {
            DATA => content.explicit()?.octets()?,
            ENCRYPTED => {
                let mut data = content.explicit()?.sequence()?;
                data.number()?;
                let mut data = data.sequence()?;
                data.take(UNIVERSAL, OBJECT_IDENTIFIER)?;
                let algorithm = data.sequence()?;
                let encrypted = data.implicit_octets()?;
                opening.decrypt(algorithm, encrypted)?
            }
            ENVELOPED => {
                let fault = Fault::new("the PKCS#12 file is encrypted for a certificate");
                return Err(fault.help("export it with a password"));
            }
            _ => return Err(damaged()),
        };
        opening.bags(&bags, wanted, &mut contents)?;
    }
    Ok(contents)
}

/// The state of reading a file.
struct Opening {
    /// The password, once the MAC has shown that it is right.
    password: Option<Forms>,
    /// How many rounds of hashing are left.
    rounds: u32,
}

/// A password as the two ways to encrypt take it.
struct Forms {
    /// Big-endian UTF-16 with a zero at its end (RFC 7292 appendix B.1).
    wide: Zeroizing<Vec<u8>>,
    /// UTF-8.
    text: Zeroizing<String>,
}

impl Forms {
    fn of(password: &str) -> Self {
        let mut wide = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
        let units = password.encode_utf16().chain([0]);
        wide.extend(units.flat_map(u16::to_be_bytes));
        Self {
            wide,
            text: Zeroizing::new(password.to_owned()),
        }
    }
}

impl Opening {
    /// Verifies the MAC of a file (RFC 7292 section 4), and keeps the password with which it is right.
    fn verify(
        &mut self,
        mut mac: DerValues<'_>,
        parts: &[u8],
        password: Option<&Password>,
    ) -> Result<(), Fault> {
        let mut info = mac.sequence()?;
        let (id, _) = info.sequence()?.identified()?;
        let expected = info.octets()?;
        let salt = mac.octets()?;
        let rounds = if mac.is_empty() { 1 } else { mac.number()? };
        let algorithm = find(&BY_DIGEST, id).ok_or_else(|| unread("its MAC is made", id))?;
        let given = password.map_or("", |password| &password.0);
        let mut candidates = vec![Forms::of(given)];
        if given.is_empty() {
            // Windows and OpenSSL before 3.0 make it of no bytes at all.
            candidates.push(Forms {
                wide: Zeroizing::new(Vec::new()),
                text: Zeroizing::new(String::new()),
            });
        }
        for candidate in candidates {
            let rounds = self.spend(rounds)?;
            let digest = algorithm.digest_algorithm();
            let length = digest.output_len();
            let key = derive(digest, 3, &candidate.wide, &salt, rounds, length);
            if hmac::verify(&hmac::Key::new(algorithm, &key), parts, &expected).is_ok() {
                self.password = Some(candidate);
                return Ok(());
            }
        }
        Err(match password {
            Some(_) => Fault::new("the password does not open the PKCS#12 file").help(
                "the first line of the password file must be the one that it was exported with",
            ),
            None => Fault::new("the PKCS#12 file is protected by a password")
                .help("pass the password with `--pkcs12-password-file FILE`"),
        })
    }

    /// Takes rounds of hashing from those that are left.
    fn spend(&mut self, rounds: u64) -> Result<NonZeroU32, Fault> {
        let wanted = u32::try_from(rounds).unwrap_or(u32::MAX);
        let Some(left) = self.rounds.checked_sub(wanted) else {
            let what = format!("the PKCS#12 file asks for more than {ROUNDS} rounds of hashing");
            return Err(Fault::new(what).help("export it with fewer iterations"));
        };
        self.rounds = left;
        NonZeroU32::new(wanted).ok_or_else(damaged)
    }

    /// Takes the certificates and keys of a part (RFC 7292 section 4.2).
    fn bags(&mut self, bags: &[u8], wanted: Wanted, contents: &mut Contents) -> Result<(), Fault> {
        let mut bags = DerValues(bags).sequence()?;
        while !bags.is_empty() {
            let (kind, mut bag) = bags.sequence()?.identified()?;
            let mut bag = bag.explicit()?;
            match kind {
                CERTIFICATE => {
                    let (kind, mut certificate) = bag.sequence()?.identified()?;
                    if kind != X509 {
                        return Err(Fault::new("a certificate is not X.509"));
                    }
                    let der = certificate.explicit()?.octets()?;
                    let certificate = Certificate::from_der(CertificateDer::from(der.to_vec()))?;
                    contents.certificates.push(certificate);
                }
                KEY | SHROUDED_KEY if wanted == Wanted::Certificates => {}
                KEY => contents.keys.push(pem(bag.0)),
                SHROUDED_KEY => {
                    let mut shrouded = bag.sequence()?;
                    let algorithm = shrouded.sequence()?;
                    let encrypted = shrouded.octets()?;
                    contents
                        .keys
                        .push(pem(&self.decrypt(algorithm, encrypted)?));
                }
                // Symmetric keys of Java are the second.
                REVOCATIONS | OTHER_SECRET => {}
                _ => return Err(unread("a part of it is kept", kind)),
            }
        }
        Ok(())
    }

    /// Decrypts with the key that an algorithm makes of the password.
    fn decrypt(
        &mut self,
        algorithm: DerValues<'_>,
        mut data: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let Some(password) = self.password.take() else {
            return Err(Fault::new(
                "the PKCS#12 file has encrypted parts but no MAC, so that nothing shows whether they are whole",
            )
            .help("export it with a MAC: leave out `-nomac`"));
        };
        let (id, mut parameters) = algorithm.identified()?;
        let mut parameters = parameters.sequence()?;
        let length = match id {
            BY_SHA1_3DES => {
                let salt = parameters.octets()?;
                let rounds = self.spend(parameters.number()?)?;
                let of = |purpose, length| {
                    let digest = &digest::SHA1_FOR_LEGACY_USE_ONLY;
                    derive(digest, purpose, &password.wide, &salt, rounds, length)
                };
                decrypt_cbc::<des::TdesEde3>(&of(1, 24), &of(2, 8), &mut data)
            }
            PBES2 => {
                let (by, mut derivation) = parameters.sequence()?.identified()?;
                if by != PBKDF2 {
                    return Err(unread("its key is made", by));
                }
                let (cipher, mut cipher_parameters) = parameters.sequence()?.identified()?;
                let (length, decrypt): (usize, Decrypt) = match cipher {
                    AES_128_CBC => (16, decrypt_cbc::<aes::Aes128>),
                    AES_192_CBC => (24, decrypt_cbc::<aes::Aes192>),
                    AES_256_CBC => (32, decrypt_cbc::<aes::Aes256>),
                    TRIPLE_DES_CBC => (24, decrypt_cbc::<des::TdesEde3>),
                    other => return Err(unread("a part of it is encrypted", other)),
                };
                let mut derivation = derivation.sequence()?;
                let salt = derivation.octets()?;
                let rounds = self.spend(derivation.number()?)?;
                if derivation.next_is(UNIVERSAL, INTEGER) && derivation.number()? != length as u64 {
                    return Err(damaged());
                }
                let prf = if derivation.is_empty() {
                    pbkdf2::PBKDF2_HMAC_SHA1
                } else {
                    let (id, _) = derivation.sequence()?.identified()?;
                    find(&BY_PRF, id).ok_or_else(|| unread("its key is made", id))?
                };
                let mut key = Zeroizing::new(vec![0; length]);
                pbkdf2::derive(prf, rounds, &salt, password.text.as_bytes(), &mut key);
                decrypt(&key, &cipher_parameters.octets()?, &mut data)
            }
            other => return Err(unread("a part of it is encrypted", other)),
        };
        self.password = Some(password);
        let length = length.ok_or_else(|| {
            Fault::new("a part of the PKCS#12 file does not open with the password of the file")
                .help("export it again, with one password for all of it")
        })?;
        data[length..].zeroize();
        data.truncate(length);
        Ok(data)
    }
}

/// Returns what an object identifier stands for.
fn find<T: Copy>(table: &[(&[u8], T)], id: &[u8]) -> Option<T> {
    let found = table.iter().find(|(known, _)| *known == id)?;
    Some(found.1)
}

fn pem(der: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(to_pem("PRIVATE KEY", der))
}

/// A function that decrypts in place and returns how many bytes are left without the padding.
type Decrypt = fn(&[u8], &[u8], &mut [u8]) -> Option<usize>;

/// Decrypts blocks that were chained (CBC), and returns their length without the padding of RFC 8018 section 6.1.1;
/// nothing where the lengths do not fit or the padding is wrong.
fn decrypt_cbc<C: BlockDecrypt + KeyInit>(
    key: &[u8],
    start: &[u8],
    data: &mut [u8],
) -> Option<usize> {
    let size = C::block_size();
    if start.len() != size || data.is_empty() || !data.len().is_multiple_of(size) {
        return None;
    }
    let cipher = C::new_from_slice(key).ok()?;
    let mut previous = start.to_vec();
    for block in data.chunks_exact_mut(size) {
        let encrypted = block.to_vec();
        cipher.decrypt_block(Block::<C>::from_mut_slice(block));
        block
            .iter_mut()
            .zip(&previous)
            .for_each(|(byte, other)| *byte ^= other);
        previous = encrypted;
    }
    let padding = usize::from(*data.last()?);
    let length = data.len().checked_sub(padding)?;
    let is_padding = (1..=size).contains(&padding)
        && data[length..]
            .iter()
            .all(|byte| usize::from(*byte) == padding);
    is_padding.then_some(length)
}

/// Derives bytes from a password (RFC 7292 appendix B.2); `purpose` is 1 for a key, 2 for the start of a chain, 3 for a MAC.
fn derive(
    algorithm: &'static digest::Algorithm,
    purpose: u8,
    password: &[u8],
    salt: &[u8],
    rounds: NonZeroU32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = algorithm.block_len();
    let filled = |bytes: &[u8]| bytes.len().next_multiple_of(block);
    let mut input = Zeroizing::new(Vec::with_capacity(filled(salt) + filled(password)));
    for bytes in [salt, password] {
        input.extend(bytes.iter().cycle().take(filled(bytes)));
    }
    let mut derived = Zeroizing::new(Vec::with_capacity(length + algorithm.output_len()));
    loop {
        let mut first = digest::Context::new(algorithm);
        first.update(&vec![purpose; block]);
        first.update(&input);
        let mut hash = first.finish();
        for _ in 1..rounds.get() {
            hash = digest::digest(algorithm, hash.as_ref());
        }
        derived.extend_from_slice(hash.as_ref());
        if derived.len() >= length {
            derived[length..].zeroize();
            derived.truncate(length);
            return derived;
        }
        let added = hash.as_ref().iter().cycle().take(block);
        let added = Zeroizing::new(added.copied().collect::<Vec<u8>>());
        for piece in input.chunks_exact_mut(block) {
            let mut carry = 1;
            for (byte, added) in piece.iter_mut().zip(&*added).rev() {
                let [high, low] = (u16::from(*byte) + u16::from(*added) + carry).to_be_bytes();
                (*byte, carry) = (low, u16::from(high));
            }
        }
    }
}

fn damaged() -> Fault {
    Fault::new("the PKCS#12 file is damaged").help("copy it again, as a binary file")
}

fn unread(what: &str, id: &[u8]) -> Fault {
    // One that is longer says nothing to anyone.
    let name = match UNREAD.iter().find(|(known, _)| *known == id) {
        Some((_, name)) => (*name).to_owned(),
        None if id.len() <= 32 => Oid::new(id.into()).to_id_string(),
        None => "an unknown algorithm".to_owned(),
    };
    let how = if id == PBMAC1 {
        " with OpenSSL 3.4 or later"
    } else {
        ""
    };
    Fault::new(format!("the PKCS#12 file is not read: {what} with {name}")).help(format!(
        "turn it into PEM{how}: `umask 077; openssl pkcs12 -legacy -in FILE -nodes -out PLAIN`"
    ))
}

const UNIVERSAL: Class = Class::Universal;
const INTEGER: u32 = 2;
const OCTET_STRING: u32 = 4;
const OBJECT_IDENTIFIER: u32 = 6;
const SEQUENCE: u32 = 16;

/// The values of an encoding, of which each method takes the next one.
struct DerValues<'a>(&'a [u8]);

impl<'a> DerValues<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next_is(&self, class: Class, tag: u32) -> bool {
        let next = Any::from_ber(self.0);
        next.is_ok_and(|(_, value)| value.class() == class && value.tag().0 == tag)
    }

    fn take(&mut self, class: Class, tag: u32) -> Result<Any<'a>, Fault> {
        let (rest, value) = Any::from_ber(self.0).map_err(|_| damaged())?;
        if value.class() != class || value.tag().0 != tag {
            return Err(damaged());
        }
        self.0 = rest;
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Self, Fault> {
        Ok(Self(self.take(UNIVERSAL, SEQUENCE)?.data))
    }

    /// Takes what is tagged `[0] EXPLICIT`.
    fn explicit(&mut self) -> Result<Self, Fault> {
        Ok(Self(self.take(Class::ContextSpecific, 0)?.data))
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let value = self.take(UNIVERSAL, INTEGER)?;
        value.as_u64().map_err(|_| damaged())
    }

    /// Returns the object identifier that begins a sequence, and what follows it.
    fn identified(mut self) -> Result<(&'a [u8], Self), Fault> {
        let id = self.take(UNIVERSAL, OBJECT_IDENTIFIER)?;
        Ok((id.data, self))
    }

    fn octets(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let value = self.take(UNIVERSAL, OCTET_STRING)?;
        joined(&value)
    }

    /// Takes a string of bytes that is tagged `[0] IMPLICIT`.
    fn implicit_octets(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let value = self.take(Class::ContextSpecific, 0)?;
        joined(&value)
    }
}

/// Returns a string of bytes in one piece.
fn joined(value: &Any<'_>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    fn join(value: &Any<'_>, depth: usize, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        if !value.header.constructed() {
            bytes.extend_from_slice(value.data);
            return Ok(());
        }
        let mut pieces = DerValues(value.data);
        while !pieces.is_empty() {
            let piece = pieces.take(UNIVERSAL, OCTET_STRING)?;
            join(&piece, depth.checked_sub(1).ok_or_else(damaged)?, bytes)?;
        }
        Ok(())
    }
    // With room for all of it, no copy of a key is left behind where it outgrew its place.
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.data.len()));
    join(value, DEPTH, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
