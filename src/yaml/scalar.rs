//! Writes one YAML scalar so that every reader takes it for the same string.

use std::fmt::{self, Write};

/// Words that some YAML 1.1 or 1.2 reader takes for a boolean or null, whatever their case
/// (YAML 1.1 types bool and null; `PyYAML` and go-yaml take different subsets).
const TYPED_WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Writes `text` to `out` as a YAML scalar: plain where every reader agrees that it is this string,
/// in double quotes elsewhere.
///
/// Holds for a block mapping's key and value. The double-quoted form escapes all control, format and
/// non-character code points, so that neither line folding nor a byte order mark can change them.
///
/// # Errors
/// Only those of `out`.
pub fn write(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_plain(text) {
        return out.write_str(text);
    }
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'..='\u{ffff}' => write!(out, "\\u{:04X}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}

/// Returns `text` as [`write()`] writes it.
#[must_use]
pub fn to_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write(&mut out, text).expect("writing to a String cannot fail");
    out
}

/// Returns whether `text` may stand without quotes.
///
/// Deliberately narrower than the specification: ASCII, no indicator at the start, nothing that
/// could be a number, a date, a boolean or null in YAML 1.1 or 1.2.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((&first, &last)) = bytes.first().zip(bytes.last()) else {
        return false;
    };
    let starts_well =
        first.is_ascii_alphabetic() || first == b'/' || first == b'_' || first.is_ascii_digit();
    if !starts_well || last == b' ' || last == b':' {
        return false;
    }
    if first.is_ascii_digit() && !cannot_be_a_number(bytes) {
        return false;
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+=:()`|@~* ".contains(&byte);
    if !bytes.iter().all(|&byte| allowed(byte)) {
        return false;
    }
    if bytes.windows(2).any(|pair| pair == b": " || pair == b"  ") {
        return false;
    }
    !TYPED_WORDS
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// Numbers and dates of all YAML versions use digits, `a`-`f`, `x`, `o`, `t` and `z` only
/// (hexadecimal, octal, binary, exponents, time stamps); any other letter settles that it is a string.
fn cannot_be_a_number(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .any(|byte| byte.is_ascii_alphabetic() && !b"abcdefxotzABCDEFXOTZ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_person_would_write_plain_stays_plain() {
        for text in [
            "a.example.org",
            "60s",
            "1m30s",
            "transport-selfsigned",
            "Host(`a.example.org`) || Host(`b.example.org`)",
            "kubernetes.io/tls",
            "traefik.io/v1alpha1",
            "/var/run/secrets/KEYS/extern.x509",
            "LS0tLS1CRUdJTi+/=",
            "2.example.org",
        ] {
            assert_eq!(to_string(text), text);
        }
    }

    #[test]
    fn what_some_reader_takes_for_another_type_is_quoted() {
        for text in [
            "",
            " ",
            "no",
            "No",
            "ON",
            "y",
            "off",
            "null",
            "True",
            "~",
            "1",
            "017",
            "0o17",
            "0x1F",
            "1e3",
            "1_000",
            "12:30:45",
            "2026-11-21",
            "2026-11-21T00:00:00Z",
            ".5",
            ".inf",
            "+1",
            "-1",
            "<<",
            "=",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "{{ a }}",
            "[a]",
            "a:",
            "%a",
            "@a",
            "`a`",
            "---",
            "...",
            "a\nb",
            "é",
            "10.0.0.0/8",
            "0b1",
        ] {
            assert!(to_string(text).starts_with('"'), "{text:?} must be quoted");
        }
    }

    #[test]
    fn control_and_format_characters_are_escaped() {
        assert_eq!(
            to_string("a\u{0}\u{85}\u{2028}\u{feff}\"\\"),
            r#""a\u0000\u0085\u2028\uFEFF\"\\""#
        );
    }

    fn read_by_libyaml(document: &str) -> serde_yaml::Value {
        serde_yaml::from_str(document).expect("libyaml reads what we write")
    }

    proptest! {
        #[test]
        fn any_string_comes_back_from_two_independent_readers(text in "\\PC*|[\\x00-\\x7f]{0,12}|[0-9a-fxobtz_:.eE+-]{1,8}") {
            let expected_key = format!("k{text}");
            let document = format!("{}: {}\n", to_string(&expected_key), to_string(&text));
            let value = read_by_libyaml(&document);
            let (key, value) = value.as_mapping().unwrap().iter().next().unwrap();
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
            prop_assert_eq!(key.as_str(), Some(expected_key.as_str()));
            let ours = crate::yaml::read(&document, "-").unwrap();
            prop_assert_eq!(ours.get(&expected_key).and_then(crate::yaml::Node::text), Some(text.as_str()));
        }
    }
}
