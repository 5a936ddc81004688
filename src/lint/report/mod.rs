//! Reports for people and for programs.

mod github;
mod json;
mod sarif;
mod text;

pub use github::annotations;
pub use json::json;
pub use sarif::sarif;
pub use text::text;

use super::{Finding, Source};
use crate::visible;
use serde::Serialize;

/// Returns the name of a finding's file.
pub(super) fn name_of<'a>(finding: &Finding, sources: &'a [Source]) -> &'a str {
    sources
        .get(finding.file)
        .map_or("", |source| source.name.as_str())
}

/// Writes indented JSON with a line end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data can be written");
    text.push('\n');
    visible::json(text)
}
