//! Who can open a SOPS file: age recipients (public) and identities (private), X25519 only.

use super::Random;
use super::age::{self, KEY_LEN, KeyPair, PublicKey, Secret};
use crate::fault::Fault;
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use std::fmt;
use zeroize::Zeroizing;

/// The key that all values of one SOPS file are encrypted with: AES-256.
pub(super) type FileKey = Secret;

/// What an X25519 recipient begins with, before a `1` (C2SP, age.md, section "The X25519 recipient type").
const RECIPIENT: Hrp = Hrp::parse_unchecked("age");
/// What an X25519 identity begins with, likewise.
const IDENTITY: Hrp = Hrp::parse_unchecked("AGE-SECRET-KEY-");

/// Returns the 32 bytes of a key in Bech32 (BIP 173) with this prefix.
fn key_bytes(text: &str, prefix: Hrp) -> Option<Secret> {
    let encoded = CheckedHrpstring::new::<Bech32>(text).ok()?;
    let is_well_formed = encoded.hrp() == prefix && encoded.validate_segwit_padding().is_ok();
    let mut key = Zeroizing::new([0; KEY_LEN]);
    let mut bytes = encoded.byte_iter();
    if !is_well_formed || bytes.len() != KEY_LEN {
        return None;
    }
    key.fill_with(|| bytes.next().unwrap_or_default());
    Some(key)
}

/// An X25519 recipient (`age1…`): a public key.
#[derive(Clone)]
pub struct Recipient {
    key: PublicKey,
    text: String,
}

impl Recipient {
    /// Parses a recipient.
    ///
    /// # Errors
    /// Anything but an X25519 recipient of age (C2SP, age.md, section "The X25519 recipient type"). A private
    /// identity in its place is not repeated in the error.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(key) = key_bytes(text, RECIPIENT) {
            if !age::is_usable(&key) {
                return Err(Fault::new(format!("`{text}` is nobody's public key"))
                    .help("`age-keygen -y FILE` prints the recipient of an identity"));
            }
            return Ok(Self::of(*key));
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
        let is_separator = |char: char| char == ',' || char.is_whitespace();
        let mut parts = text.split(is_separator).filter(|part| !part.is_empty());
        if parts.clone().count() > 1 && parts.all(|part| key_bytes(part, RECIPIENT).is_some()) {
            return Err(Fault::new("one string has several recipients")
                .help("write each as an item of its own: `[age1…, age1…]`"));
        }
        let what = if text.starts_with("ssh-") {
            "SSH keys are not supported as recipients".to_owned()
        } else if after.starts_with("pq1") {
            "post-quantum recipients (`age1pq1…`) are not supported".to_owned()
        } else if let Some((plugin, _)) = after.split_once('1') {
            format!(
                "recipients of the age plugin `{}` are not supported",
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

    fn of(key: PublicKey) -> Self {
        let text = bech32::encode::<Bech32>(RECIPIENT, &key).expect("32 bytes are not too many");
        Self { key, text }
    }

    /// Returns the text form, `age1…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
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
    key: KeyPair,
    recipient: Recipient,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identity]")
    }
}

impl Identity {
    /// Reads all identities of an age key file: one a line, with empty lines and `#` comments between them. Those of
    /// plugins and post-quantum ones open nothing here, and are passed over where there is another.
    ///
    /// # Errors
    /// No identity, and the first line that is not one, by its number alone.
    pub fn all_from_text(text: &str) -> Result<Vec<Self>, Fault> {
        let mut identities = Vec::new();
        let mut passed_over = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with("AGE-PLUGIN-") || line.starts_with("AGE-SECRET-KEY-PQ-") {
                passed_over = passed_over.or_else(|| Some(refused(line, index + 1)));
                continue;
            }
            let key = key_bytes(line, IDENTITY).ok_or_else(|| refused(line, index + 1))?;
            let key = KeyPair::new(&key);
            let recipient = Recipient::of(key.public);
            identities.push(Self { key, recipient });
        }
        if identities.is_empty() {
            return Err(passed_over.unwrap_or_else(|| {
                Fault::new("there is no age identity")
                    .help("a line `AGE-SECRET-KEY-1…` is needed, as `age-keygen` writes")
            }));
        }
        Ok(identities)
    }

    /// Returns the recipient that this identity opens for.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }
}

/// Describes what a line is that holds no X25519 identity, without repeating it.
fn refused(line: &str, number: usize) -> Fault {
    let keep = "keep only the lines `AGE-SECRET-KEY-1…`";
    let (what, help) = if line.starts_with("age1") {
        ("holds a recipient, which opens nothing", keep)
    } else if line.starts_with("AGE-SECRET-KEY-PQ-") {
        (
            "holds a post-quantum identity, which is not supported",
            keep,
        )
    } else if line.starts_with("AGE-PLUGIN-") {
        (
            "holds the identity of an age plugin, which is not supported",
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
            "is not an age identity",
            "a line `AGE-SECRET-KEY-1…` is needed, as `age-keygen` writes",
        )
    };
    Fault::new(format!("line {number} {what}")).help(help)
}

/// Encrypts the key of a file for one recipient: an armoured age file, ending with a newline.
pub(super) fn wrap(
    recipient: &Recipient,
    key: &FileKey,
    random: &mut Random<'_>,
) -> Result<String, Fault> {
    age::encrypt(&recipient.key, key, random)
}

/// Opens the key of a file with the first identity that fits, and says which one that was.
///
/// # Errors
/// An age file that is damaged, or whose content is not a key. Nothing when no identity fits.
pub(super) fn unwrap<'a>(
    armoured: &str,
    identities: &'a [Identity],
) -> Result<Option<(FileKey, &'a Identity)>, Fault> {
    let damaged = || Fault::new("the encrypted data key is damaged");
    let file = age::AgeFile::parse(armoured).ok_or_else(damaged)?;
    for identity in identities {
        if let Some(key) = file.open(&identity.key).map_err(|_| damaged())? {
            return Ok(Some((key, identity)));
        }
    }
    Ok(None)
}

/// The text of an identity that only tests know, another one for each number.
#[cfg(test)]
pub(super) fn identity_text(number: u8) -> String {
    bech32::encode_upper::<Bech32>(IDENTITY, &[number; KEY_LEN]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
    const ITS_RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

    #[test]
    fn an_identity_file_may_hold_comments_and_several_identities() {
        let other = identity_text(1);
        let text = format!(
            "# created: 2026-11-21\r\n# public key: {ITS_RECIPIENT}\r\n{ONE}\r\n\n  {other}\n"
        );
        let identities = Identity::all_from_text(&text).unwrap();
        assert_eq!(identities.len(), 2);
        assert_eq!(identities[0].recipient().as_str(), ITS_RECIPIENT);
        assert_eq!(format!("{:?}", identities[0]), "[identity]");
    }

    #[test]
    fn a_line_that_is_not_an_identity_is_named_by_its_number_and_never_repeated() {
        let canary = "CANARY7";
        for (line, what) in [
            (
                format!("AGE-SECRET-KEY-1{canary}"),
                "line 2 is not an age identity",
            ),
            (
                format!("AGE-SECRET-KEY-PQ-1{canary}"),
                "line 2 holds a post-quantum identity, which is not supported",
            ),
            (
                format!("AGE-PLUGIN-YUBIKEY-1{canary}"),
                "line 2 holds the identity of an age plugin, which is not supported",
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
                ITS_RECIPIENT.to_owned(),
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
    fn identities_that_open_nothing_here_are_passed_over_where_there_is_another() {
        let text = format!("AGE-PLUGIN-YUBIKEY-1QQQ\n{ONE}\nAGE-SECRET-KEY-PQ-1QQQ\n");
        let identities = Identity::all_from_text(&text).unwrap();
        assert_eq!(identities.len(), 1);
        assert_eq!(identities[0].recipient().as_str(), ITS_RECIPIENT);
    }

    #[test]
    fn recipients_of_other_kinds_are_refused_with_their_kind() {
        for (text, what) in [
            (
                "age1pq1qqqq",
                "post-quantum recipients (`age1pq1…`) are not supported",
            ),
            (
                "age1yubikey1qqq",
                "recipients of the age plugin `yubikey` are not supported",
            ),
            (
                "ssh-ed25519 AAAA",
                "SSH keys are not supported as recipients",
            ),
            (
                &format!("{ITS_RECIPIENT}, {ITS_RECIPIENT}"),
                "one string has several recipients",
            ),
            ("age188kwn", "`age188kwn` is not an age recipient"),
            ("", "this is not an age recipient"),
        ] {
            let fault = Recipient::parse(text).unwrap_err();
            assert_eq!(fault.what, what);
            assert!(fault.help.is_some());
        }
    }

    #[test]
    fn an_identity_in_place_of_a_recipient_is_not_repeated() {
        for text in [ONE.to_owned(), ONE.to_lowercase(), format!(" {ONE}")] {
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
    fn a_point_of_low_order_is_not_a_recipient() {
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
        for point in points {
            let text = Recipient::of(point).to_string();
            let fault = Recipient::parse(&text).unwrap_err();
            assert_eq!(fault.what, format!("`{text}` is nobody's public key"));
        }
    }

    #[test]
    fn recipients_are_equal_and_ordered_by_their_text() {
        let recipient = Recipient::parse(ITS_RECIPIENT).unwrap();
        assert_eq!(recipient.to_string(), ITS_RECIPIENT);
        assert_eq!(recipient, recipient.clone());
        let other = Identity::all_from_text(&identity_text(1)).unwrap();
        let other = other[0].recipient();
        assert_eq!(recipient < *other, recipient.as_str() < other.as_str());
    }
}
