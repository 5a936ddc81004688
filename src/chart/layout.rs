//! How each release of the chart lays out its values.

use super::options::LogLevel;
use crate::fault::Fault;
use crate::release::Release;
use std::fmt;
use std::ops::RangeInclusive;

/// A major version of Traefik's Helm chart that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartMajor {
    number: u8,
    layout: &'static ChartLayout,
}

/// How the charts of one range lay out what differs between charts. A `&str` is the chart's own key,
/// by which the template tells the ranges apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChartLayout {
    charts: RangeInclusive<u8>,
    pub(super) defaults: Defaults,
    /// The most verbose level of the log.
    lowest_level: LogLevel,
    pub(super) read_timeout: ReadTimeoutForm,
    /// The redirect from http to https below `ports.web`. In `redirectTo.port`'s charts a string as
    /// `redirectTo` fails.
    pub(super) redirect: &'static str,
    /// Where the requests to Traefik's makers are turned off.
    pub(super) global: &'static str,
    /// Where the type of the Service stands. The charts with `service.spec.type` accept `service.type`
    /// silently and do nothing with it.
    pub(super) service: &'static str,
    /// Where the log is set; beside `log` stands `accessLog`.
    pub(super) logs: &'static str,
}

/// What is rendered by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defaults {
    /// What the Civiparoisse Traefik notes set and nothing else.
    ///
    /// The notes were written for these charts. Whoever installed Traefik by them must be able to get the
    /// same file again, so the safer defaults, each of which adds a key, begin with the charts after them.
    Notes,
    /// What keeps a public entry point safe and its logs readable by programs.
    Safe,
}

/// How the time for reading a request is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadTimeoutForm {
    /// As an argument of Traefik: the chart has no key for it.
    Argument,
    /// `ports.websecure.transport.respondingTimeouts.readTimeout`.
    Key,
}

/// The profiles, oldest first, without a gap. Taken from the charts' `values.yaml`, templates and
/// `values.schema.json` at the first and the last release of every major version from 20.1.1 to 41.3.0.
/// A chart before 39 ignores a key that it does not know; from 39 its schema refuses it.
#[rustfmt::skip]
static LAYOUTS: [ChartLayout; 10] = {
    use {Defaults::{Notes, Safe}, LogLevel::{Debug, Trace}, ReadTimeoutForm::{Argument, Key}};
    [
        // Traefik 2.9 to 2.11
        ChartLayout { charts: 20..=22, defaults: Notes, lowest_level: Debug, read_timeout: Argument, redirect: "redirectTo",        global: "globalArguments", service: "service.type",      logs: "logs" },
        ChartLayout { charts: 23..=24, defaults: Safe,  lowest_level: Debug, read_timeout: Argument, redirect: "redirectTo",        global: "globalArguments", service: "service.type",      logs: "logs" },
        ChartLayout { charts: 25..=27, defaults: Safe,  lowest_level: Debug, read_timeout: Argument, redirect: "redirectTo.port",   global: "globalArguments", service: "service.type",      logs: "logs" },
        // Traefik 3.0 to 3.7
        ChartLayout { charts: 28..=32, defaults: Safe,  lowest_level: Debug, read_timeout: Key,      redirect: "redirectTo.port",   global: "globalArguments", service: "service.type",      logs: "logs" },
        ChartLayout { charts: 33..=33, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "redirectTo.port",   global: "globalArguments", service: "service.type",      logs: "logs" },
        ChartLayout { charts: 34..=35, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "redirections",      global: "globalArguments", service: "service.type",      logs: "logs" },
        ChartLayout { charts: 36..=38, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "redirections",      global: "global",          service: "service.type",      logs: "logs" },
        ChartLayout { charts: 39..=39, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "http.redirections", global: "global",          service: "service.type",      logs: "logs" },
        ChartLayout { charts: 40..=40, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "http.redirections", global: "global",          service: "service.spec.type", logs: "logs" },
        ChartLayout { charts: 41..=41, defaults: Safe,  lowest_level: Trace, read_timeout: Key,      redirect: "http.redirections", global: "global",          service: "service.spec.type", logs: "log" },
    ]
};

impl ChartMajor {
    /// Returns all known charts, oldest first.
    #[must_use = "an iterator does nothing by itself"]
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        LAYOUTS.iter().flat_map(|layout| {
            layout
                .charts
                .clone()
                .map(move |number| Self { number, layout })
        })
    }

    /// Returns the key below `ports.web` that redirects http to https.
    #[must_use]
    pub fn redirect_key(self) -> &'static str {
        let key = self.layout.redirect;
        key.strip_suffix(".port").unwrap_or(key)
    }

    /// Parses a major version (`41`, `v41`) or takes it from a whole version (`41.3.0`).
    ///
    /// # Errors
    /// What is not a version, and charts that this program does not know.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (oldest, newest) = (LAYOUTS[0].charts.start(), Self::default());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let well_formed = parts
            .clone()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        let major = parts.next().filter(|_| well_formed && parts.count() <= 2);
        let Some(major) = major else {
            return Err(Fault::new(format!(
                "`{}` is not a version of Traefik's Helm chart",
                text.escape_debug()
            ))
            .help(format!(
                "use a major version from {oldest} to {newest}, for example `{newest}`"
            )));
        };
        let number = major.parse().ok();
        if let Some(known) = Self::all().find(|known| Some(known.number) == number) {
            return Ok(known);
        }
        let help = if number.is_some_and(|number| number < *oldest) {
            format!(
                "upgrade to a chart from {oldest} to {newest}: older charts install a Traefik older than 2.9.4"
            )
        } else {
            format!(
                "use `--chart {newest}`, and check the chart's changelog for keys that moved since"
            )
        };
        Err(Fault::new(format!("Traefik's Helm chart {major} is unknown")).help(help))
    }

    /// Returns the chart of which a range asks for versions and of no other: `39.x`, `^39.1.0`, `~39.1`, `>=39.0.0 <40.0.0`.
    #[must_use]
    pub fn of_range(text: &str) -> Option<Self> {
        let mut bounds = text.split([' ', ',']).filter(|bound| !bound.is_empty());
        let first = bounds.next()?;
        let major = |bound: &str| {
            let bound = bound.trim_start_matches(['^', '~', '=', '>', '<', 'v']);
            let (major, rest) = bound.split_once('.').unwrap_or((bound, ""));
            let is_plain = |byte: u8| byte.is_ascii_digit() || b".xX*".contains(&byte);
            let number = major.parse::<u8>().ok()?;
            rest.bytes().all(is_plain).then_some(number)
        };
        let number = major(first)?;
        let is_one = match bounds.next() {
            None => !first.starts_with(['<', '>']),
            Some(bound) => {
                let least = first.starts_with(">=");
                let below = bound.starts_with('<') && !bound.starts_with("<=");
                let end = major(bound)?;
                least && (below && end == number + 1 || bound.starts_with("<=") && end == number)
            }
        };
        let chart = Self::all().find(|chart| chart.number == number);
        chart.filter(|_| is_one && bounds.next().is_none())
    }

    /// Returns the number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.number
    }

    pub(super) fn layout(self) -> &'static ChartLayout {
        self.layout
    }

    /// Checks that the chart has `experimental.fastProxy`: Traefik 3.2 brought it, chart 34 its key (`values.txt`).
    ///
    /// # Errors
    /// An older chart.
    pub fn check_fast_proxy(self) -> Result<(), Fault> {
        const FIRST: u8 = 34;
        if self.number >= FIRST {
            return Ok(());
        }
        let fault = Fault::new(format!("chart {self} does not have the fast proxy"));
        Err(fault.help(format!("use chart {FIRST} or newer")))
    }

    /// Returns the line of Traefik that the chart installs, as far as it matters to the Gateway API: 3.6 by charts 38 and 39, 3.7 by
    /// later ones, and what is older by those before (`appVersion` of each).
    #[must_use]
    pub fn traefik_at_gateway(self) -> Release {
        match self.number {
            ..38 => Release::line(3, 5),
            38 | 39 => Release::line(3, 6),
            40.. => Release::line(3, 7),
        }
    }

    pub(super) fn has_level(self, level: LogLevel) -> bool {
        level >= self.layout.lowest_level
    }
}

impl Default for ChartMajor {
    /// The newest one.
    fn default() -> Self {
        let layout = &LAYOUTS[LAYOUTS.len() - 1];
        Self {
            number: *layout.charts.end(),
            layout,
        }
    }
}

impl fmt::Display for ChartMajor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_from_20_to_41_has_exactly_one_layout() {
        let numbers: Vec<u8> = ChartMajor::all().map(ChartMajor::number).collect();
        assert_eq!(numbers, (20..=41).collect::<Vec<u8>>());
        assert_eq!(ChartMajor::default().number(), 41);
    }

    #[test]
    fn a_chart_is_named_by_its_major_or_by_a_whole_version() {
        for (text, number) in [
            ("41", 41),
            ("v41", 41),
            ("20", 20),
            ("41.3.0", 41),
            ("v39.0.9", 39),
            ("28.3", 28),
        ] {
            assert_eq!(ChartMajor::parse(text).unwrap().number(), number, "{text}");
        }
    }

    #[test]
    fn a_range_within_one_major_names_its_chart() {
        for (text, number) in [
            ("39.x", Some(39)),
            ("^39.1.0", Some(39)),
            ("~39.1", Some(39)),
            ("39.*", Some(39)),
            ("39.0.2", Some(39)),
            (">=39.0.0 <40.0.0", Some(39)),
            (">=39.0.0, <40", Some(39)),
            (">=39.0.0 <41.0.0", None),
            (">=39.0.0", None),
            ("*", None),
            ("", None),
        ] {
            let chart = ChartMajor::of_range(text);
            assert_eq!(chart.map(ChartMajor::number), number, "{text}");
        }
    }

    #[test]
    fn an_unknown_chart_is_refused_with_the_range_or_the_nearest_one() {
        let refusal = |text: &str| {
            let fault = ChartMajor::parse(text).expect_err(text);
            (fault.what, fault.help.expect("a hint"))
        };
        let (what, help) = refusal("19");
        assert_eq!(what, "Traefik's Helm chart 19 is unknown");
        assert!(
            help.starts_with("upgrade to a chart from 20 to 41"),
            "{help}"
        );
        for newer in ["42", "42.0.0", "256", "99999999999999999999"] {
            assert!(refusal(newer).1.starts_with("use `--chart 41`"), "{newer}");
        }
        for text in [
            "", "v", "latest", "41.", ".41", "41.x", "+41", "-1", "41.1.1.1", "4 1", "vv41",
            "３９", "41\n",
        ] {
            let (what, help) = refusal(text);
            assert!(
                what.ends_with("is not a version of Traefik's Helm chart"),
                "{what}"
            );
            assert_eq!(help, "use a major version from 20 to 41, for example `41`");
        }
    }
}
