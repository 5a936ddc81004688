//! Text that may hold a private key.

use std::fmt;
use std::ops::Deref;
use zeroize::Zeroize as _;

/// A text whose memory is cleared when it is dropped, if it holds a private key. Clearing costs as much as reading
/// the text twice, which a fleet of files without a key in clear text need not pay.
#[derive(Clone, Default)]
pub struct Guarded {
    text: String,
    is_private: bool,
}

impl Guarded {
    /// Takes a text that anyone may read.
    #[must_use]
    pub fn public(text: String) -> Self {
        Self::new(text, false)
    }

    /// Takes a text that holds a private key.
    #[must_use]
    pub fn private(text: String) -> Self {
        Self::new(text, true)
    }

    /// Takes a text, and whether it holds a private key.
    #[must_use]
    pub fn new(text: String, is_private: bool) -> Self {
        Self { text, is_private }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it holds a private key.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }
}

impl PartialEq for Guarded {
    /// Compares the texts.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Guarded {}

impl Deref for Guarded {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_private {
            return f.write_str("[private]");
        }
        self.text.fmt(f)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.is_private {
            self.text.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_text_is_not_shown_for_debugging() {
        assert_eq!(
            format!("{:?}", Guarded::private("key".to_owned())),
            "[private]"
        );
        assert_eq!(format!("{:?}", Guarded::public("a".to_owned())), "\"a\"");
    }
}
