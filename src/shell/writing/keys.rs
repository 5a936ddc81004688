//! Private keys in what would be written over.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Private keys of texts, by the hashes of their PEM bodies without line ends.
#[derive(Default, Clone)]
pub(super) struct KeysAtRisk(BTreeSet<Vec<u8>>);

impl KeysAtRisk {
    pub(super) fn add(&mut self, content: &[u8]) {
        let text = Zeroizing::new(String::from_utf8_lossy(content).into_owned());
        self.add_blocks(&text);
        let is_base64 = |char: char| char.is_ascii_alphanumeric() || "+/=".contains(char);
        for value in text.split(|char| !is_base64(char)) {
            // `-----BEGIN` in base64.
            if let Some(start) = value.find("LS0tLS1CRUdJTi") {
                let value = value[start..].trim_end_matches('=');
                let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
                let whole = value.len() - usize::from(value.len() % 4 == 1);
                if let Ok(decoded) = engine.decode(&value[..whole]).map(Zeroizing::new) {
                    self.add_blocks(&Zeroizing::new(
                        String::from_utf8_lossy(&decoded).into_owned(),
                    ));
                }
            }
        }
    }

    fn add_blocks(&mut self, text: &str) {
        for (at, _) in text.match_indices("PRIVATE KEY-----") {
            let is_end = text[..at]
                .rfind("-----")
                .is_some_and(|dashes| text[dashes..].starts_with("-----END"));
            if is_end {
                continue;
            }
            let body = &text[at + "PRIVATE KEY-----".len()..];
            let body = body.split("-----").next().unwrap_or_default();
            let body: String = body.chars().filter(|char| !char.is_whitespace()).collect();
            let body = Zeroizing::new(body);
            self.0
                .insert(digest(&SHA256, body.as_bytes()).as_ref().to_vec());
        }
    }

    /// Returns whether writing over `old` would lose a key that is not among these. What is in place of a key and
    /// is not understood counts as one.
    pub(super) fn would_lose(&self, old: &[u8], new: &[u8], is_secret: bool) -> bool {
        if old == new || old.is_empty() {
            return false;
        }
        let mut found = Self::default();
        found.add(old);
        is_secret && found.0.is_empty() || !found.0.is_subset(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\nByqGSM49\n-----END PRIVATE KEY-----\n";
    const OTHER: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n";

    fn keys(texts: &[&str]) -> KeysAtRisk {
        let mut keys = KeysAtRisk::default();
        for text in texts {
            keys.add(text.as_bytes());
        }
        keys
    }

    fn manifest(pem: &str) -> String {
        let value = base64::engine::general_purpose::STANDARD.encode(pem);
        format!("kind: Secret\ndata:\n  tls.key: \"{value}\"\n")
    }

    #[test]
    fn a_key_is_kept_in_whatever_form_it_is_written_again() {
        let kept = keys(&[&manifest(ONE)]);
        for old in [ONE.to_owned(), ONE.replace('\n', "\r\n"), manifest(ONE)] {
            assert!(!kept.would_lose(old.as_bytes(), b"new", true), "{old}");
        }
        for old in [OTHER.to_owned(), manifest(OTHER), format!("{ONE}{OTHER}")] {
            assert!(kept.would_lose(old.as_bytes(), b"new", false), "{old}");
        }
    }

    #[test]
    fn what_is_in_place_of_a_key_and_is_not_understood_counts_as_one() {
        let kept = keys(&[ONE]);
        assert!(kept.would_lose(b"\x30\x82", b"new", true));
        assert!(!kept.would_lose(b"kind: TLSStore", b"new", false));
        assert!(!kept.would_lose(b"", b"new", true));
    }
}
