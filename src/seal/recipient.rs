//! Who can open a SOPS file: age recipients (public) and identities (private), X25519 only.

use crate::fault::Fault;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use std::fmt;
use std::io::{Read as _, Write as _};
use std::str::FromStr;
use zeroize::Zeroizing;

/// Length of a SOPS data key: AES-256.
pub(super) const DATA_KEY_LEN: usize = 32;

/// The key that all values of one SOPS file are encrypted with.
pub(super) type FileKey = Zeroizing<[u8; DATA_KEY_LEN]>;

/// An X25519 recipient (`age1…`): a public key.
#[derive(Clone)]
pub struct Recipient {
    key: age::x25519::Recipient,
    text: String,
}

impl Recipient {
    /// Parses a recipient.
    ///
    /// # Errors
    /// Anything but an X25519 recipient of age (C2SP, age.md, section "The X25519 recipient type"). A private
    /// identity in its place is not repeated in the error.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(key) = age::x25519::Recipient::from_str(text) {
            if !is_usable(text) {
                return Err(Fault::new(format!("`{text}` is no public key of anybody"))
                    .help("`age-keygen -y FILE` prints the recipient of an identity"));
            }
            return Ok(Self {
                text: key.to_string(),
                key,
            });
        }
        let upper = text.to_ascii_uppercase();
        if upper.contains("SECRET-KEY")
            || upper.contains("PRIVATE KEY")
            || upper.contains("AGE-PLUGIN")
        {
            return Err(
                Fault::new("this is a private age identity, not a recipient").help(
                    "`age-keygen -y FILE` prints its recipient; make a new identity if this one was committed",
                ),
            );
        }
        let x25519 =
            "use an X25519 recipient, as `age-keygen` makes: `age1` and 58 more characters";
        let after = text.strip_prefix("age1").unwrap_or_default();
        let what = if text.starts_with("ssh-") {
            "SSH keys are not taken as recipients".to_owned()
        } else if after.starts_with("pq1") {
            "post-quantum recipients (`age1pq1…`) are not taken".to_owned()
        } else if let Some((plugin, _)) = after.split_once('1') {
            format!(
                "recipients of the age plugin `{}` are not taken",
                plugin.escape_debug()
            )
        } else if text.starts_with("age1") {
            format!("`{}` is not an age recipient", text.escape_debug())
        } else {
            // It may be part of a private identity: not repeated.
            "this is not an age recipient".to_owned()
        };
        Err(Fault::new(what).help(x25519))
    }

    /// Gives the text form, `age1…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Says whether an X25519 recipient can be agreed with: the few points of low order give everybody the same secret
/// (RFC 7748 section 6.1), and nobody has their private key.
fn is_usable(text: &str) -> bool {
    let Ok((_, bytes)) = bech32::decode(text) else {
        return false;
    };
    // Any private key shows it.
    let key = PrivateKey::from_private_key(&X25519, &[1; 32]).expect("any 32 bytes are a key");
    let theirs = UnparsedPublicKey::new(&X25519, bytes);
    agree(&key, theirs, (), |_| Ok(())).is_ok()
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl PartialOrd for Recipient {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Recipient {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

/// An X25519 identity (`AGE-SECRET-KEY-1…`): a private key. Prints as `[identity]`, and its memory is cleared
/// when it is dropped.
pub struct Identity {
    key: age::x25519::Identity,
    recipient: Recipient,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identity]")
    }
}

impl Identity {
    /// Reads all identities of an age key file: one a line, with empty lines and `#` comments between them.
    ///
    /// # Errors
    /// No identity, and the first line that is none, by its number alone.
    pub fn all_from_text(text: &str) -> Result<Vec<Self>, Fault> {
        let mut identities = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key =
                age::x25519::Identity::from_str(line).map_err(|_| refused(line, index + 1))?;
            let recipient = Recipient::parse(&key.to_public().to_string())?;
            identities.push(Self { key, recipient });
        }
        if identities.is_empty() {
            return Err(Fault::new("there is no age identity")
                .help("a line `AGE-SECRET-KEY-1…` is needed, as `age-keygen` writes"));
        }
        Ok(identities)
    }

    /// Gives the recipient that this identity opens for.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }
}

/// Says what a line is that holds no X25519 identity, without repeating it.
fn refused(line: &str, number: usize) -> Fault {
    let keep = "keep the lines `AGE-SECRET-KEY-1…` only";
    let (what, help) = if line.starts_with("age1") {
        ("holds a recipient, which opens nothing", keep)
    } else if line.starts_with("AGE-SECRET-KEY-PQ-") {
        ("holds a post-quantum identity, which is not taken", keep)
    } else if line.starts_with("AGE-PLUGIN-") {
        (
            "holds the identity of an age plugin, which is not taken",
            keep,
        )
    } else if line.starts_with("-----BEGIN AGE ENCRYPTED FILE")
        || line.starts_with("age-encryption.org/")
    {
        (
            "begins an encrypted file",
            "decrypt the identities first: `age --decrypt`",
        )
    } else if line.starts_with("-----BEGIN") {
        ("begins a key that is not age's", keep)
    } else {
        (
            "is no age identity",
            "a line `AGE-SECRET-KEY-1…` is needed, as `age-keygen` writes",
        )
    };
    Fault::new(format!("line {number} {what}")).help(help)
}

/// Encrypts the key of a file for one recipient: an armoured age file, ending with a newline.
pub(super) fn wrap(recipient: &Recipient, key: &FileKey) -> Result<String, Fault> {
    let refused = || Fault::new(format!("`{recipient}` cannot be encrypted for"));
    let recipients = std::iter::once(&recipient.key as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|_| refused())?;
    let armoured = || -> std::io::Result<Vec<u8>> {
        let armour = ArmoredWriter::wrap_output(Vec::with_capacity(512), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armour)?;
        writer.write_all(key.as_slice())?;
        writer.finish()?.finish()
    };
    let bytes = armoured().map_err(|_| refused())?;
    String::from_utf8(bytes).map_err(|_| refused())
}

/// Opens the key of a file with the first identity that fits, and says which one that was.
///
/// # Errors
/// An age file that is damaged, or whose content is no key. Nothing when no identity fits.
pub(super) fn unwrap<'a>(
    armoured: &str,
    identities: &'a [Identity],
) -> Result<Option<(FileKey, &'a Identity)>, Fault> {
    let damaged = || Fault::new("the encrypted data key is damaged");
    for identity in identities {
        let decryptor =
            age::Decryptor::new(ArmoredReader::new(armoured.as_bytes())).map_err(|_| damaged())?;
        let mut reader =
            match decryptor.decrypt(std::iter::once(&identity.key as &dyn age::Identity)) {
                Ok(reader) => reader,
                Err(age::DecryptError::NoMatchingKeys) => continue,
                Err(_) => return Err(damaged()),
            };
        let mut key = FileKey::default();
        reader
            .read_exact(key.as_mut_slice())
            .map_err(|_| damaged())?;
        if reader.read(&mut [0]).map_err(|_| damaged())? != 0 {
            return Err(damaged());
        }
        return Ok(Some((key, identity)));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: &str =
        "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
    const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

    #[test]
    fn an_identity_file_may_hold_comments_and_several_identities() {
        let other = age::x25519::Identity::generate();
        let other = age::secrecy::ExposeSecret::expose_secret(&other.to_string()).to_owned();
        let text = format!(
            "# created: 2026-11-21\r\n# public key: {RECIPIENT}\r\n{IDENTITY}\r\n\n  {other}\n"
        );
        let identities = Identity::all_from_text(&text).unwrap();
        assert_eq!(identities.len(), 2);
        assert_eq!(identities[0].recipient().as_str(), RECIPIENT);
        assert_eq!(format!("{:?}", identities[0]), "[identity]");
    }

    #[test]
    fn a_line_that_is_no_identity_is_named_by_its_number_and_never_repeated() {
        let canary = "CANARY7";
        for (line, what) in [
            (
                format!("AGE-SECRET-KEY-1{canary}"),
                "line 2 is no age identity",
            ),
            (
                format!("AGE-SECRET-KEY-PQ-1{canary}"),
                "line 2 holds a post-quantum identity, which is not taken",
            ),
            (
                format!("AGE-PLUGIN-YUBIKEY-1{canary}"),
                "line 2 holds the identity of an age plugin, which is not taken",
            ),
            (
                format!("-----BEGIN OPENSSH PRIVATE KEY-----{canary}"),
                "line 2 begins a key that is not age's",
            ),
            (
                "-----BEGIN AGE ENCRYPTED FILE-----".to_owned(),
                "line 2 begins an encrypted file",
            ),
            (
                RECIPIENT.to_owned(),
                "line 2 holds a recipient, which opens nothing",
            ),
        ] {
            let fault = Identity::all_from_text(&format!("# x\n{line}\n")).unwrap_err();
            assert_eq!(fault.what, what);
            assert!(!format!("{fault:?}").contains(canary), "{fault:?}");
        }
        let fault = Identity::all_from_text("# nothing\n").unwrap_err();
        assert_eq!(fault.what, "there is no age identity");
    }

    #[test]
    fn recipients_of_other_kinds_are_refused_with_their_kind() {
        for (text, what) in [
            (
                "age1pq1qqqq",
                "post-quantum recipients (`age1pq1…`) are not taken",
            ),
            (
                "age1yubikey1qqq",
                "recipients of the age plugin `yubikey` are not taken",
            ),
            ("ssh-ed25519 AAAA", "SSH keys are not taken as recipients"),
            ("age188kwn", "`age188kwn` is not an age recipient"),
            ("", "this is not an age recipient"),
        ] {
            let fault = Recipient::parse(text).unwrap_err();
            assert_eq!(fault.what, what);
            assert!(fault.help.is_some());
        }
    }

    #[test]
    fn an_identity_in_the_place_of_a_recipient_is_not_repeated() {
        for text in [
            IDENTITY.to_owned(),
            IDENTITY.to_lowercase(),
            format!(" {IDENTITY}"),
        ] {
            let fault = Recipient::parse(&text).unwrap_err();
            assert_eq!(
                fault.what,
                "this is a private age identity, not a recipient"
            );
            assert!(
                !format!("{fault:?}").to_uppercase().contains("ZJZMGH6KZ0"),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_point_of_low_order_is_no_recipient() {
        // 0, 1, the two of order 8, p - 1, p and p + 1: https://cr.yp.to/ecdh.html, "How do I validate".
        let mut points = [[0; 32]; 7];
        points[1][0] = 1;
        points[2] = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ];
        points[3] = [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ];
        for (point, lowest) in points[4..].iter_mut().zip([0xec, 0xed, 0xee]) {
            *point = [0xff; 32];
            (point[0], point[31]) = (lowest, 0x7f);
        }
        let prefix = bech32::Hrp::parse("age").unwrap();
        for point in points {
            let text = bech32::encode::<bech32::Bech32>(prefix, &point).unwrap();
            let fault = Recipient::parse(&text).unwrap_err();
            assert_eq!(fault.what, format!("`{text}` is no public key of anybody"));
        }
    }

    #[test]
    fn recipients_are_equal_and_ordered_by_their_text() {
        let recipient = Recipient::parse(RECIPIENT).unwrap();
        assert_eq!(recipient.to_string(), RECIPIENT);
        assert_eq!(recipient, recipient.clone());
        let other = age::x25519::Identity::generate().to_public().to_string();
        let other = Recipient::parse(&other).unwrap();
        assert_eq!(recipient < other, recipient.as_str() < other.as_str());
    }
}
