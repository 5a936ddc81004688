//! One rule in full.

use super::recorded::NEGATIVES;
use crate::lint::rule::Rule;
use std::fmt::Write as _;

/// Writes what a rule looks for, what would happen, what real Traefiks answered, and the way out.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let mut out = format!(
        "{}[{}]: {}\nName: {}\n\nIn production: {}\n",
        rule.severity, rule.code, rule.title, rule.name, rule.consequence
    );
    if let Some(fault) = rule.recorded {
        out.push_str("\nRecorded with real Traefiks:\n");
        for negative in NEGATIVES.iter().filter(|negative| negative.fault == fault) {
            let releases = negative.releases.join(", ");
            writeln!(out, "  {releases}: {}", negative.seen)
                .expect("writing to a String cannot fail");
            for line in negative.said {
                writeln!(out, "    {line}").expect("writing to a String cannot fail");
            }
        }
    }
    writeln!(out, "\nWhat to do: {}", rule.help).expect("writing to a String cannot fail");
    out
}
