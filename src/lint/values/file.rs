//! A values file and the chart that reads it.

use crate::chart::ChartMajor;
use crate::lint::finding::Finding;
use crate::lint::model::Values;
use crate::lint::rule::Rule;
use crate::yaml::{At, Node};

/// A values file and the chart that reads it.
pub(super) struct File<'m, 'a> {
    pub(super) values: &'m Values<'a>,
    pub(super) chart: ChartMajor,
    /// Whether nothing says so.
    pub(super) is_assumed: bool,
}

impl<'a> File<'_, 'a> {
    pub(super) fn get(&self, path: &[&str]) -> Option<&'a Node> {
        self.values.node.at_path(path)
    }

    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        at: At,
        field: &str,
        message: String,
    ) -> Finding {
        self.values.finding(rule, at, field, message)
    }
}
