//! Reports for people and for programs.

mod contents;
mod github;
mod json;
mod sarif;
mod text;

pub use contents::Report;
pub use github::annotations;
#[cfg(test)]
pub(crate) use json::Document;
pub use json::json;
pub use sarif::sarif;
pub use text::text;
