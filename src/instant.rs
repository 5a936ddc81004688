//! Sums of instants and spans of time that never leave the years that can be written.
//!
//! `+` and `-` panic where the result has a year beyond 9999, and beside an end in that year (RFC 5280 section 4.1.2.5:
//! "no well-defined expiration date") almost every span leads there.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The first instant of RFC 3339 and of `GeneralizedTime`.
const FIRST: OffsetDateTime = datetime!(0000-01-01 00:00:00 UTC);
/// The last one.
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

/// Returns the instant a span later, or the nearest that can be written.
#[must_use]
pub fn later(instant: OffsetDateTime, span: Duration) -> OffsetDateTime {
    writable(instant.saturating_add(span))
}

/// Returns the instant a span earlier, or the nearest that can be written.
#[must_use]
pub fn earlier(instant: OffsetDateTime, span: Duration) -> OffsetDateTime {
    writable(instant.saturating_sub(span))
}

/// Returns the nearest instant that RFC 3339 can write.
#[must_use]
pub fn writable(instant: OffsetDateTime) -> OffsetDateTime {
    instant.clamp(FIRST, LAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::validity::format_instant;

    #[test]
    fn no_sum_leaves_the_years_that_can_be_written() {
        for instant in [
            FIRST,
            LAST,
            OffsetDateTime::UNIX_EPOCH,
            OffsetDateTime::from_unix_timestamp(-377_705_116_800).unwrap(),
        ] {
            for span in [Duration::MIN, Duration::MAX, Duration::DAY, Duration::ZERO] {
                for found in [later(instant, span), earlier(instant, span)] {
                    assert!((FIRST..=LAST).contains(&found), "{instant} {span}");
                    assert!(!format_instant(instant).is_empty());
                }
            }
        }
        assert_eq!(
            later(FIRST, Duration::DAY),
            datetime!(0000-01-02 00:00:00 UTC)
        );
        assert_eq!(
            earlier(LAST, Duration::DAY),
            datetime!(9999-12-30 23:59:59 UTC)
        );
    }
}
