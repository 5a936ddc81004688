//! The state of a fleet at an instant.

use super::path::InstancePath;
use super::row::{Row, Urgency};
use crate::fault::Fault;
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// The state of a fleet at an instant.
#[derive(Debug)]
pub struct Report {
    /// The instant.
    pub now: OffsetDateTime,
    /// The name of the fleet, where its file is at hand.
    pub fleet: Option<String>,
    /// Its certificates, the most urgent first, equal ones by the day of their renewal and of their end, then by place.
    pub rows: Vec<Row>,
    /// Its instances, the most urgent first; their legs point into `rows`.
    pub instances: Vec<InstancePath>,
    /// How many values or files should hold certificates and could not be read.
    pub damaged: usize,
}

impl Report {
    /// Counts the certificates of this urgency.
    #[must_use]
    pub fn count(&self, urgency: Urgency) -> usize {
        self.rows
            .iter()
            .filter(|row| row.urgency == urgency)
            .count()
    }

    /// Returns the certificates that end within this time or have ended, but for those that are replaced.
    pub fn ending(&self, within: Within) -> impl Iterator<Item = &Row> {
        let limit = self.now.checked_add(within.0);
        let ends =
            move |row: &&Row| limit.is_none_or(|limit| row.details.validity.not_after <= limit);
        let is_needed = |row: &&Row| row.urgency != Urgency::Replaced;
        self.rows.iter().filter(is_needed).filter(ends)
    }
}

/// A span of time from now on, for `--fail-within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within(Duration);

impl FromStr for Within {
    type Err = Fault;

    /// Parses a whole number with the unit `h`, `d` or `w`, or a bare number of days.
    ///
    /// # Errors
    /// Anything else, and more than a hundred years.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let (number, hours) = match text.char_indices().next_back() {
            Some((at, 'h')) => (&text[..at], 1),
            Some((at, 'd')) => (&text[..at], 24),
            Some((at, 'w')) => (&text[..at], 7 * 24),
            _ => (text, 24),
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let hours = number
            .parse::<i64>()
            .ok()
            .and_then(|n| n.checked_mul(hours));
        hours
            .filter(|hours| is_number && *hours <= 36_525 * 24)
            .map(|hours| Self(Duration::hours(hours)))
            .ok_or_else(|| {
                Fault::new(format!("`{}` is not a time span", text.escape_debug()))
                    .help("use a whole number with a unit, such as `30d`, `12h` or `4w`")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_of_hours_days_or_weeks() {
        for (text, hours) in [
            ("12h", 12),
            ("30d", 720),
            ("30", 720),
            ("4w", 672),
            ("0d", 0),
        ] {
            assert_eq!(text.parse(), Ok(Within(Duration::hours(hours))), "{text}");
        }
        for text in [
            "",
            "d",
            "-1d",
            "+1d",
            "1.5d",
            "1m",
            "1y",
            "36526d",
            "99999999999999999999w",
        ] {
            assert!(text.parse::<Within>().is_err(), "{text}");
        }
    }
}
