//! All rules, a line or an object for each.

use crate::lint::rules::ALL;
use crate::report;
use serde::Serialize;
use std::fmt::Write as _;

/// The form of the list. A new field does not change it; a field that goes or means something else does.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintRules"))]
pub(crate) struct List {
    version: u32,
    rules: Vec<ListRow>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "lintRule"))]
struct ListRow {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    title: &'static str,
}

/// Lists the rules for people: code, severity, name and title, one a line.
#[must_use]
pub fn list() -> String {
    let names = ALL.iter().map(|rule| rule.name.len());
    let width = names.max().unwrap_or_default();
    let mut out = String::new();
    for rule in ALL.iter() {
        writeln!(
            out,
            "{}  {:7}  {:width$}  {}",
            rule.code,
            rule.severity.name(),
            rule.name,
            rule.title
        )
        .expect("writing to a String cannot fail");
    }
    out
}

/// Lists the rules for programs.
#[must_use]
pub fn list_json() -> String {
    let rules = ALL.iter().map(|rule| ListRow {
        code: rule.code,
        name: rule.name,
        severity: rule.severity.name(),
        title: rule.title,
    });
    report::json(&List {
        version: VERSION,
        rules: rules.collect(),
    })
}
