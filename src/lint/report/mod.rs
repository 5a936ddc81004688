//! Reports for people and for programs.

mod contents;
mod github;
mod json;
mod list;
mod sarif;
mod text;

pub use contents::Report;
pub use github::annotations;
#[cfg(test)]
pub(crate) use json::Document;
pub use json::json;
#[cfg(test)]
pub(crate) use list::List;
pub use list::{list, list_json};
pub use sarif::sarif;
pub use text::text;
