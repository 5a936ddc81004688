//! Reports for people and for programs.

mod github;
mod json;
mod sarif;
mod text;

pub use github::annotations;
#[cfg(test)]
pub(crate) use json::Document;
pub use json::json;
pub use sarif::sarif;
pub use text::text;

use super::{Finding, Source};

/// Returns the name of a finding's file.
pub(super) fn name_of<'a>(finding: &Finding, sources: &'a [Source]) -> &'a str {
    sources
        .get(finding.file)
        .map_or("", |source| source.name.as_str())
}
