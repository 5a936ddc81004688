//! When certificates begin and end, and when they are due for renewal.

use crate::fault::Fault;
use crate::instant::{earlier, writable};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

/// A certificate begins this long before it is issued, for clocks that run late
/// (kubeadm backdates its CA by as much).
pub(super) const BACKDATING: Duration = Duration::HOUR;
/// RFC 5280 section 4.1.2.5 ends at the year 9999; longer lives are typing errors.
const LIMIT_DAYS: i64 = 36_525;

/// The instants between which a certificate is valid, both included, whole seconds in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// `notBefore`.
    pub not_before: OffsetDateTime,
    /// `notAfter`.
    pub not_after: OffsetDateTime,
}

/// When a certificate is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeEnd {
    /// This many days after it is issued.
    Days(u32),
    /// At this instant.
    At(OffsetDateTime),
}

impl LifeEnd {
    /// Parses a number of days (`365`, `365d`) or an RFC 3339 instant (`2027-11-21T00:00:00Z`).
    ///
    /// # Errors
    /// Anything else, no day, or more than a hundred years.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(days) = text.strip_suffix('d').unwrap_or(text).parse::<u32>() {
            if days == 0 || i64::from(days) > LIMIT_DAYS {
                return Err(
                    Fault::new(format!("a lifetime of {days} days is out of range"))
                        .help(format!("use 1 to {LIMIT_DAYS} days")),
                );
            }
            return Ok(Self::Days(days));
        }
        parse_instant(text).map(Self::At).map_err(|_| {
            Fault::new(format!("`{}` is not a lifetime", text.escape_debug())).help(
                "use a number of days such as `365`, or an instant such as `2027-11-21T00:00:00Z`",
            )
        })
    }

    fn after(self, now: OffsetDateTime) -> Result<OffsetDateTime, Fault> {
        match self {
            Self::Days(days) => now
                .checked_add(Duration::days(i64::from(days)))
                .ok_or_else(|| {
                    Fault::new("the end is after the year 9999").help("use an earlier end")
                }),
            Self::At(instant) => Ok(instant),
        }
    }
}

/// Parses an RFC 3339 instant and brings it to UTC and whole seconds.
///
/// # Errors
/// Anything else, and instants outside the years 1970 to 9999: certificates hold no later ones (RFC 5280
/// section 4.1.2.5), and webpki reads no earlier ones.
pub fn parse_instant(text: &str) -> Result<OffsetDateTime, Fault> {
    let help = "use an RFC 3339 instant such as `2027-11-21T00:00:00Z`";
    let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        Fault::new(format!(
            "`{}` is not an RFC 3339 instant",
            text.escape_debug()
        ))
        .help(help)
    })?;
    // In UTC it may lie beyond the last year.
    let utc = instant.checked_to_offset(UtcOffset::UTC);
    let utc = utc.filter(|utc| (1970..=9999).contains(&utc.year()));
    let utc = utc.ok_or_else(|| {
        let what =
            format!("`{text}` is not between the years 1970 and 9999, as a certificate's are");
        Fault::new(what).help(help)
    })?;
    Ok(whole_seconds(utc))
}

/// Writes an instant as RFC 3339 in UTC.
#[must_use]
pub fn format_instant(instant: OffsetDateTime) -> String {
    writable(instant)
        .to_offset(UtcOffset::UTC)
        .format(&Rfc3339)
        .expect("it is an instant that can be written")
}

/// Cuts off the fraction of a second, which certificates do not hold.
#[must_use]
pub fn whole_seconds(instant: OffsetDateTime) -> OffsetDateTime {
    instant
        .replace_nanosecond(0)
        .expect("zero nanoseconds are always valid")
}

impl Validity {
    /// Settles the validity of a certificate issued at `now`.
    ///
    /// # Errors
    /// An end that does not lie after the beginning, or after `now`.
    pub fn new(
        now: OffsetDateTime,
        not_before: Option<OffsetDateTime>,
        end: LifeEnd,
    ) -> Result<Self, Fault> {
        let begin =
            not_before.unwrap_or_else(|| earlier(now, BACKDATING).max(OffsetDateTime::UNIX_EPOCH));
        let validity = Self {
            not_before: whole_seconds(begin),
            not_after: whole_seconds(end.after(now)?),
        };
        let end = format_instant(validity.not_after);
        if validity.not_after <= validity.not_before {
            let what = format!(
                "the end {end} is not after the beginning {}",
                format_instant(validity.not_before)
            );
            return Err(Fault::new(what).help("use a later end or an earlier `--not-before`"));
        }
        if validity.not_after <= now {
            return Err(
                Fault::new(format!("the end {end} has already passed")).help("use a later end")
            );
        }
        Ok(validity)
    }

    /// Shortens this validity so that it lies inside `outer`; says whether that changed it.
    #[must_use]
    pub fn clamped_to(self, outer: Self) -> (Self, bool) {
        let inner = Self {
            not_before: self.not_before.max(outer.not_before),
            not_after: self.not_after.min(outer.not_after),
        };
        (inner, inner != self)
    }

    /// Returns when a certificate is due for renewal: when a third of its life is left, or half of it
    /// where the whole is less than ten days (certbot's rule, `renewal.py`; a third is cert-manager's).
    #[must_use]
    pub fn due_at(self) -> OffsetDateTime {
        let life = self.not_after - self.not_before;
        let left = if life < Duration::days(10) {
            life / 2
        } else {
            life / 3
        };
        earlier(self.not_after, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00:00.5 UTC);

    #[test]
    fn a_validity_begins_an_hour_early_and_has_whole_seconds() {
        let validity = Validity::new(NOW, None, LifeEnd::Days(365)).unwrap();
        assert_eq!(validity.not_before, datetime!(2026-11-21 09:00:00 UTC));
        assert_eq!(validity.not_after, datetime!(2027-11-21 10:00:00 UTC));
    }

    #[test]
    fn ends_are_days_or_instants() {
        assert_eq!(LifeEnd::parse("365").unwrap(), LifeEnd::Days(365));
        assert_eq!(LifeEnd::parse("90d").unwrap(), LifeEnd::Days(90));
        let instant = LifeEnd::parse("2027-01-01T01:00:00+01:00").unwrap();
        assert_eq!(instant, LifeEnd::At(datetime!(2027-01-01 00:00:00 UTC)));
        for text in [
            "0",
            "-1",
            "1y",
            "36526",
            "99999999999",
            "",
            "2027-13-01T00:00:00Z",
            "2027-01-01",
        ] {
            assert!(LifeEnd::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_in_the_past_or_before_the_beginning_is_refused() {
        let past = LifeEnd::At(datetime!(2026-01-01 00:00:00 UTC));
        assert!(Validity::new(NOW, None, past).is_err());
        assert!(
            Validity::new(
                NOW,
                Some(datetime!(2028-01-01 00:00:00 UTC)),
                LifeEnd::Days(365)
            )
            .is_err()
        );
        assert!(Validity::new(NOW, Some(datetime!(2025-01-01 00:00:00 UTC)), past).is_err());
    }

    #[test]
    fn a_leaf_is_clamped_to_its_issuer() {
        let ca = Validity::new(NOW, None, LifeEnd::Days(30)).unwrap();
        let leaf = Validity::new(NOW, None, LifeEnd::Days(365)).unwrap();
        assert_eq!(leaf.clamped_to(ca), (ca, true));
        assert_eq!(ca.clamped_to(leaf), (ca, false));
    }

    #[test]
    fn renewal_is_due_when_a_third_is_left_or_half_of_a_short_life() {
        let at = |days| Validity {
            not_before: datetime!(2026-01-01 00:00:00 UTC),
            not_after: datetime!(2026-01-01 00:00:00 UTC) + Duration::days(days),
        };
        assert_eq!(at(90).due_at(), datetime!(2026-03-02 00:00:00 UTC));
        assert_eq!(at(8).due_at(), datetime!(2026-01-05 00:00:00 UTC));
    }
}
