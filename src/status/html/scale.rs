//! Time as a place on the page.

use crate::instant::{earlier, later};
use crate::status::report::Report;
use std::fmt;
use time::{Date, Duration, Month, OffsetDateTime};

/// The farthest that the timeline looks back and ahead: a CA of ten years would leave no room for the rest.
const BACK: Duration = Duration::days(150);
const AHEAD: Duration = Duration::days(430);

/// The span of time that is shown.
pub(super) struct Scale {
    start: OffsetDateTime,
    end: OffsetDateTime,
}

/// A place on the scale, in percent of its width.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Percent(pub(super) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        write!(f, "{}%", text.strip_suffix(".0").unwrap_or(&text))
    }
}

impl Scale {
    /// Shows all ends that are not too far away.
    pub(super) fn of(report: &Report) -> Self {
        let ends = || report.rows.iter().map(|row| row.details.validity.not_after);
        let now = report.now;
        let shown = earlier(now, BACK)..=later(now, AHEAD);
        let first = ends().filter(|end| shown.contains(end)).min();
        let last = ends().filter(|end| shown.contains(end)).max();
        Self {
            start: earlier(
                first.unwrap_or(now).min(earlier(now, Duration::days(45))),
                Duration::days(10),
            ),
            end: later(
                last.unwrap_or(now).max(later(now, Duration::days(90))),
                Duration::days(10),
            ),
        }
    }

    pub(super) fn place(&self, instant: OffsetDateTime) -> Percent {
        let whole = (self.end - self.start).as_seconds_f64();
        let part = (instant - self.start).as_seconds_f64();
        Percent((100.0 * part / whole).clamp(0.0, 100.0))
    }

    pub(super) fn holds(&self, instant: OffsetDateTime) -> bool {
        (self.start..=self.end).contains(&instant)
    }

    /// Returns both ends of the scale and the beginnings of the months between them.
    pub(super) fn edges(&self) -> Vec<OffsetDateTime> {
        let inner = self.months();
        let inner = inner.into_iter().filter(|month| *month < self.end);
        let start = std::iter::once(self.start);
        start.chain(inner).chain([self.end]).collect()
    }

    /// Returns the beginnings of the months that lie on the scale.
    pub(super) fn months(&self) -> Vec<OffsetDateTime> {
        let mut months = Vec::new();
        let (mut year, mut month) = (self.start.year(), self.start.month());
        loop {
            month = month.next();
            if month == Month::January {
                year += 1;
            }
            let Ok(day) = Date::from_calendar_date(year, month, 1) else {
                return months;
            };
            let instant = day.midnight().assume_utc();
            if instant > self.end {
                return months;
            }
            months.push(instant);
        }
    }
}
