//! Which values of a file are encrypted: the one rule that its `sops:` block names.

use crate::fault::Fault;
use regex_lite::Regex;

/// The rule of a file. Each is held against every key on the way to a value (sops `sops.go`,
/// `shouldBeEncrypted`).
#[derive(Debug)]
pub(super) enum EncryptionRule {
    /// `encrypted_regex`.
    Encrypted(Regex),
    /// `unencrypted_regex`.
    Unencrypted(Regex),
    /// `encrypted_suffix`.
    EncryptedSuffix(String),
    /// `unencrypted_suffix`.
    UnencryptedSuffix(String),
    /// `encrypted_comment_regex` or `unencrypted_comment_regex`: comments are not looked at here.
    Comments,
}

impl Default for EncryptionRule {
    /// What holds where a file names no rule (sops `sops.go`, `DefaultUnencryptedSuffix`).
    fn default() -> Self {
        Self::UnencryptedSuffix("_unencrypted".to_owned())
    }
}

impl EncryptionRule {
    /// The fields that name a rule.
    pub(super) const FIELDS: [&'static str; 6] = [
        "encrypted_regex",
        "unencrypted_regex",
        "encrypted_suffix",
        "unencrypted_suffix",
        "encrypted_comment_regex",
        "unencrypted_comment_regex",
    ];

    /// Makes the rule that the field `name` of [`EncryptionRule::FIELDS`] gives.
    ///
    /// # Errors
    /// A regular expression that does not parse.
    pub(super) fn new(name: &str, value: &str) -> Result<Self, Fault> {
        let regex = || {
            Regex::new(value).map_err(|error| {
                let what = format!("`{name}` is not a regular expression: {error}");
                Fault::new(what).help("use RE2 syntax with ASCII classes")
            })
        };
        Ok(match name {
            "encrypted_regex" => Self::Encrypted(regex()?),
            "unencrypted_regex" => Self::Unencrypted(regex()?),
            "encrypted_suffix" => Self::EncryptedSuffix(value.to_owned()),
            "unencrypted_suffix" => Self::UnencryptedSuffix(value.to_owned()),
            _ => Self::Comments,
        })
    }

    /// Returns whether the value at the end of `path` is encrypted; nothing if comments decide.
    pub(super) fn encrypts<'a>(&self, mut path: impl Iterator<Item = &'a str>) -> Option<bool> {
        Some(match self {
            Self::Encrypted(regex) => path.any(|key| regex.is_match(key)),
            Self::Unencrypted(regex) => !path.any(|key| regex.is_match(key)),
            Self::EncryptedSuffix(suffix) => path.any(|key| key.ends_with(suffix.as_str())),
            Self::UnencryptedSuffix(suffix) => !path.any(|key| key.ends_with(suffix.as_str())),
            Self::Comments => return None,
        })
    }
}
