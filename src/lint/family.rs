//! A family of rules.

use super::finding::Finding;
use super::model::Model;
use super::rule::Rule;

/// Rules about one subject, and how what they look for is found.
pub struct Family {
    /// The hundred of its rules' codes; several families may share one.
    pub number: u8,
    /// What it is about.
    pub title: &'static str,
    /// What is looked for, in the order of the codes.
    pub rules: &'static [&'static Rule],
    pub(super) check: fn(&Model<'_>) -> Vec<Finding>,
}
