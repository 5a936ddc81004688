//! A family of rules.

use super::finding::Finding;
use super::model::{Class, Model};
use super::rule::Rule;

/// Rules about one subject, and how what they look for is found.
pub struct Family {
    /// The hundred of its rules' codes; several families may share one.
    pub number: u8,
    /// What it is about.
    pub title: &'static str,
    /// What is looked for, in the order of the codes.
    pub rules: &'static [&'static Rule],
    /// What it looks at; empty for objects of all kinds.
    pub(super) classes: &'static [Class],
    pub(super) check: fn(&Model<'_>) -> Vec<Finding>,
}

impl Family {
    /// Returns the kinds of the objects that it looks at; none for all kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.classes.iter().flat_map(|class| class.kinds()).copied()
    }

    /// Returns whether it looks at objects of a kind.
    #[must_use]
    pub fn reads(&self, kind: &str) -> bool {
        self.classes.is_empty()
            || self.classes.contains(&Class::Other)
            || self.kinds().any(|known| known == kind)
    }
}
