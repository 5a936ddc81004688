//! Durations as Traefik's custom resources accept them.

use crate::fault::Fault;
use std::fmt;

/// Units of Go's `time.ParseDuration`, in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration in the one form that every Traefik release accepts: whole numbers with units, such as `60s`.
///
/// The schemas from Traefik 3.4 on refuse fractions and signs (`forwardingTimeouts` in
/// `kubernetes-crd-definition-v1.yml`), and a bare number means seconds, which few readers expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraefikDuration(String);

impl TraefikDuration {
    /// Makes a duration of whole seconds.
    #[must_use]
    pub fn from_seconds(seconds: u32) -> Self {
        Self(format!("{seconds}s"))
    }

    /// Parses a Go duration (`60s`, `1m30s`, `1.5s`) or a bare number of seconds.
    ///
    /// A fraction is brought to the largest unit that holds it whole (`1.5s` becomes `1500ms`).
    ///
    /// # Errors
    /// A sign, an unknown or missing unit, more than 292 years (Go's limit), less than a nanosecond.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Fault::new(format!("`{}` is not a duration", text.escape_debug()))
                .help("use whole numbers with a unit, such as `60s`, `1m30s` or `500ms`")
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::from_seconds).map_err(|_| refused());
        }
        let nanoseconds = nanoseconds(text).ok_or_else(refused)?;
        if !text.contains('.') {
            return Ok(Self(text.replace(['µ', 'μ'], "u")));
        }
        let (unit, size) = [
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ]
        .into_iter()
        .find(|(_, size)| nanoseconds % size == 0)
        .ok_or_else(refused)?;
        Ok(Self(format!("{}{unit}", nanoseconds / size)))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the length.
    #[must_use]
    pub fn length(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(nanoseconds(&self.0).expect("the text was parsed before"))
    }
}

impl fmt::Display for TraefikDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the length of a Go duration, such as `2160h` or `1h30m`; nothing if it is not one.
#[must_use]
pub fn of_go(text: &str) -> Option<std::time::Duration> {
    nanoseconds(text).map(std::time::Duration::from_nanos)
}

fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || fraction.len() > 9 {
            return None;
        }
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        total = total.checked_add(whole.checked_mul(*size)?)?;
        if !fraction.is_empty() {
            let scale = 10u64.pow(u32::try_from(fraction.len()).ok()?);
            let part: u64 = fraction.parse().ok()?;
            total = total.checked_add(
                u64::try_from(u128::from(part) * u128::from(*size) / u128::from(scale)).ok()?,
            )?;
        }
        rest = tail;
    }
    (!text.is_empty() && i64::try_from(total).is_ok()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_their_form_or_lose_their_fraction() {
        for (text, written) in [
            ("60s", "60s"),
            ("1m30s", "1m30s"),
            ("0", "0s"),
            ("90", "90s"),
            ("1.5s", "1500ms"),
            ("0.5m", "30s"),
            (".5s", "500ms"),
            ("2µs", "2us"),
            ("1.5h", "5400s"),
        ] {
            assert_eq!(TraefikDuration::parse(text).unwrap().as_str(), written);
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "-1s",
            "+1s",
            "1",
            "s",
            "1x",
            "1s ",
            "1d",
            "1..5s",
            "1.5",
            "300000000h",
            "1.0000000001s",
            ".",
        ] {
            let result = TraefikDuration::parse(text);
            assert_eq!(result.is_ok(), text == "1", "{text}");
        }
    }
}
