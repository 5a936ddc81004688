//! stub
use super::Report;
pub(super) fn write(report: &Report) -> String { format!("{}", report.rows.len()) }
