//! The table for people.

use super::{Report, Row};
use crate::visible;
use std::fmt::Write as _;

const HEAD: [&str; 7] = [
    "STATE",
    "PLACE",
    "NAMES",
    "NOT AFTER",
    "DAYS LEFT",
    "RENEWAL DUE",
    "ISSUER",
];

pub(super) fn write(report: &Report) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    for row in &report.rows {
        lines.push(cells(row));
        for place in row.places().iter().skip(1) {
            let mut line: [String; 7] = Default::default();
            line[1] = format!("  also {}", visible::line(place));
            lines.push(line);
        }
    }
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            write!(text, "{cell:<width$}  ").expect("writing to a String cannot fail");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

fn cells(row: &Row) -> [String; 7] {
    let validity = row.details.validity;
    [
        row.urgency.as_str().to_owned(),
        visible::line(&row.place()).into_owned(),
        visible::line(&row.short_names()).into_owned(),
        validity.not_after.date().to_string(),
        row.days_left.to_string(),
        row.due.date().to_string(),
        visible::line(row.issuer()).into_owned(),
    ]
}
