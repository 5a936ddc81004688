//! Durations as Traefik's definitions take them, and as Go does.

use crate::duration::TraefikDuration;

/// Whether Go's `time.ParseDuration` takes a text, or it is of digits alone: seconds to Traefik.
pub(in crate::lint) fn is_go_duration(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    text == "0" || !text.contains(' ') && TraefikDuration::parse(text).is_ok()
}

/// `^([0-9]+(ns|us|µs|ms|s|m|h)?)+$`, the pattern of the definition from Traefik 3.4 on.
pub(in crate::lint) fn is_duration(text: &str) -> bool {
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        rest = &rest[digits..];
        if let Some(unit) = ["ns", "us", "µs", "ms", "s", "m", "h"]
            .iter()
            .find(|unit| rest.starts_with(**unit))
        {
            rest = &rest[unit.len()..];
        }
        if rest.is_empty() {
            return true;
        }
    }
}
