//! How many certificates a public CA issues.

use crate::instant;
use crate::name::ObjectName;
use time::{Duration, OffsetDateTime};

/// How many certificates with names that it has not seen together Let's Encrypt issues for one registered domain in seven
/// days (letsencrypt.org/docs/rate-limits, "New Certificates per Registered Domain"). Renewals do not count.
const NEW_CERTIFICATES_A_WEEK: usize = 50;

/// Annotation of a Certificate that says since when its names are asked for.
pub const ASKED_SINCE: &str = "civi-ingress.uepal.fr/asked-since";

/// The seven days.
const WEEK: Duration = Duration::days(7);

/// When the turn of an instance comes to have its certificate asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It has come; since when, where somebody wrote that down.
    Asked(Option<OffsetDateTime>),
    /// Others come first; this `ClusterIssuer` is asked meanwhile.
    Waits(ObjectName),
}

/// The new certificates of the last seven days.
#[derive(Debug)]
pub struct Week {
    now: OffsetDateTime,
    /// When each was asked for, the earliest first.
    asked: Vec<OffsetDateTime>,
}

/// When those who wait come to their turn.
#[derive(Debug, PartialEq, Eq)]
pub struct Rest {
    /// What makes them wait.
    pub limit: String,
    /// When the first of them may ask.
    pub next: OffsetDateTime,
    /// When the last of them may.
    pub last: OffsetDateTime,
}

/// Takes from the instants at which certificates were asked for those of the seven days before `now`.
pub fn week_of(asked: impl Iterator<Item = OffsetDateTime>, now: OffsetDateTime) -> Week {
    let begin = instant::earlier(now, WEEK);
    let mut asked: Vec<OffsetDateTime> = asked.filter(|since| *since > begin).collect();
    asked.sort_unstable();
    Week { now, asked }
}

impl Week {
    /// Asks for one more now, if the CA issues it.
    pub fn takes_one(&mut self) -> bool {
        let may = self.asked.len() < NEW_CERTIFICATES_A_WEEK;
        if may {
            self.asked.push(self.now);
        }
        may
    }

    /// Returns when so many more may be asked for, if there are any.
    #[must_use]
    pub fn rest(&self, waiting: usize) -> Option<Rest> {
        let last = waiting.checked_sub(1)?;
        let freed = |place: usize| {
            let past = place / NEW_CERTIFICATES_A_WEEK;
            let weeks = i32::try_from(past).unwrap_or(i32::MAX).saturating_add(1);
            let ended = self.asked.len().saturating_sub(NEW_CERTIFICATES_A_WEEK);
            let first = self.asked.get(ended + place % NEW_CERTIFICATES_A_WEEK);
            instant::later(*first.unwrap_or(&self.now), WEEK.saturating_mul(weeks))
        };
        Some(Rest {
            limit: format!(
                "Let's Encrypt issues {NEW_CERTIFICATES_A_WEEK} new certificates of a registered domain a week"
            ),
            next: freed(0),
            last: freed(last),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-12-01 10:00 UTC);

    fn week(asked: &[OffsetDateTime]) -> (Week, usize) {
        let mut week = week_of(asked.iter().copied(), NOW);
        let mut taken = 0;
        while week.takes_one() {
            taken += 1;
        }
        (week, taken)
    }

    #[test]
    fn fifty_are_asked_for_at_once_and_fifty_more_each_week_after() {
        let (week, taken) = week(&[]);
        assert_eq!(taken, 50);
        assert_eq!(week.rest(0), None);
        let last = |waiting| week.rest(waiting).unwrap().last;
        assert_eq!(
            week.rest(250).unwrap().next,
            datetime!(2026-12-08 10:00 UTC)
        );
        assert_eq!(last(50), datetime!(2026-12-08 10:00 UTC));
        assert_eq!(last(51), datetime!(2026-12-15 10:00 UTC));
        // Three hundred take six weeks, of which the first one is this.
        assert_eq!(last(250), datetime!(2027-01-05 10:00 UTC));
    }

    #[test]
    fn what_was_asked_for_in_the_last_seven_days_counts_and_nothing_before() {
        let early = vec![datetime!(2026-11-24 10:00 UTC); 70];
        assert_eq!(week(&early).1, 50);
        let late = vec![datetime!(2026-11-26 10:00 UTC); 48];
        let (week, taken) = week(&[early, late].concat());
        assert_eq!(taken, 2);
        let rest = week.rest(50).unwrap();
        assert_eq!(rest.next, datetime!(2026-12-03 10:00 UTC));
        assert_eq!(rest.last, datetime!(2026-12-08 10:00 UTC));
    }
}
