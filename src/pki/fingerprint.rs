//! Checksums of certificates and public keys.

use super::key::hex;
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt;

/// A SHA-256; shown in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut sum = Self::default();
        sum.0.copy_from_slice(digest(&SHA256, bytes).as_ref());
        sum
    }

    /// Returns whether these are its digits, in lower-case hexadecimal.
    pub(super) fn is(&self, digits: &str) -> bool {
        let digits = digits.as_bytes().chunks_exact(2);
        digits.len() == self.0.len()
            && digits.zip(self.0).all(|(pair, byte)| {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 0xf)];
                pair == [digit(byte >> 4), digit(byte)]
            })
    }

    /// Returns its first eight digits; nothing if it is not known.
    #[must_use]
    pub fn short(&self) -> String {
        if self.is_known() {
            hex(&self.0[..4])
        } else {
            String::new()
        }
    }

    /// Returns whether it is one: a certificate that is only announced has none.
    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
