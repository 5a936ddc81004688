//! Reports for people and for programs.

mod contents;
mod github;
mod json;
mod junit;
mod list;
mod sarif;
mod summary;
mod text;

pub use contents::Report;
pub use github::annotations;
#[cfg(test)]
pub(crate) use json::Document;
pub use json::json;
pub use junit::junit;
#[cfg(test)]
pub(crate) use list::List;
pub use list::{list, list_json};
pub use sarif::sarif;
pub use summary::{what_was_found, what_was_read};
pub use text::text;
