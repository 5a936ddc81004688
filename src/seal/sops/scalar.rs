//! What a scalar in clear text counts as in the message authentication code over all values.

use granit_parser::ScalarStyle;

/// What `sops` makes of a scalar in clear text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clear<'a> {
    /// Nothing: it is left out.
    Null,
    /// These bytes, and whether they are a string.
    Bytes(&'a str, bool),
    /// A number or date in a form that is not its only one; what go-yaml makes of it is not told here.
    Unsure,
}

/// Returns what a scalar in clear text counts as (sops `sops.go`, `ToBytes`; go-yaml v3 `resolve.go`).
pub(super) fn clear(text: &str, style: ScalarStyle) -> Clear<'_> {
    if style != ScalarStyle::Plain {
        return Clear::Bytes(text, true);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Clear::Null,
        "true" | "True" | "TRUE" => return Clear::Bytes("True", false),
        "false" | "False" | "FALSE" => return Clear::Bytes("False", false),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_decimal = digits == "0"
        || (digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0'));
    if is_decimal && digits != text && digits == "0" {
        return Clear::Unsure;
    }
    if is_decimal && text.parse::<i64>().is_ok() {
        return Clear::Bytes(text, false);
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || b"+-.".contains(&first)) {
        return Clear::Bytes(text, true);
    }
    if may_be_a_number(text) || may_be_a_date(text) {
        return Clear::Unsure;
    }
    Clear::Bytes(text, true)
}

/// Returns whether a text is a number in some base or notation, infinite or not one at all.
fn may_be_a_number(text: &str) -> bool {
    let bare = text.replace('_', "").to_ascii_lowercase();
    let unsigned = bare.trim_start_matches(['+', '-']);
    let in_a_base = ["0x", "0o", "0b"].iter().any(|prefix| {
        unsigned
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    in_a_base || matches!(unsigned, ".inf" | ".nan") || unsigned.parse::<f64>().is_ok()
}

/// Returns whether a text may be a date or an instant (go-yaml v3 `resolve.go`, `parseTimestamp`): four digits, a hyphen,
/// and no letter but those between day and time and of the zone.
fn may_be_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[5..]
            .iter()
            .all(|byte| byte.is_ascii_digit() || b"-:.+tTzZ ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_count_as_go_yaml_types_them() {
        for (text, expected) in [
            ("true", Clear::Bytes("True", false)),
            ("~", Clear::Null),
            ("", Clear::Null),
            ("42", Clear::Bytes("42", false)),
            ("-7", Clear::Bytes("-7", false)),
            ("0", Clear::Bytes("0", false)),
            ("Opaque", Clear::Bytes("Opaque", true)),
            ("yes", Clear::Bytes("yes", true)),
            ("10.0.0.1", Clear::Bytes("10.0.0.1", true)),
            ("3d", Clear::Bytes("3d", true)),
            ("2026-ca.key", Clear::Bytes("2026-ca.key", true)),
            ("-----BEGIN", Clear::Bytes("-----BEGIN", true)),
        ] {
            assert_eq!(clear(text, ScalarStyle::Plain), expected, "{text}");
        }
        for text in [
            "017",
            "-0",
            "+1",
            "1.5",
            "1e3",
            "0x1f",
            "1_000",
            ".inf",
            "2026-11-21",
            "99999999999999999999",
        ] {
            assert_eq!(clear(text, ScalarStyle::Plain), Clear::Unsure, "{text}");
            assert_eq!(
                clear(text, ScalarStyle::DoubleQuoted),
                Clear::Bytes(text, true),
                "{text}"
            );
        }
    }
}
