//! One rule in full.

use super::recorded::{NEGATIVES, Seen};
use super::rules::Rule;
use std::fmt::Write as _;

/// Writes what a rule looks for, what would happen, what real Traefiks answered, and the way out.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let mut out = format!(
        "{}[{}]: {}\n\nIn production: {}\n",
        rule.severity, rule.code, rule.title, rule.consequence
    );
    if let Some(fault) = rule.recorded {
        out.push_str("\nRecorded with real Traefiks:\n");
        for negative in NEGATIVES.iter().filter(|negative| negative.fault == fault) {
            let releases = negative.releases.join(", ");
            writeln!(out, "  {releases}: {}", seen(negative.seen))
                .expect("writing to a String cannot fail");
            for line in negative.said {
                writeln!(out, "    {line}").expect("writing to a String cannot fail");
            }
        }
    }
    writeln!(out, "\nWhat to do: {}", rule.help).expect("writing to a String cannot fail");
    out
}

/// Describes what a user sees.
pub(super) fn seen(seen: Seen) -> String {
    match seen {
        Seen::Refused => "kubectl refuses the manifest".to_owned(),
        Seen::Status(status) => format!("the browser gets {status}"),
        Seen::GeneratedCertificate => "the browser gets Traefik's own certificate".to_owned(),
    }
}
