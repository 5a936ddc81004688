//! The table for people.

use super::report::Report;
use super::row::Row;
use crate::tone::{Paint, Tone};
use crate::visible;

const HEAD: [&str; 8] = [
    "STATE",
    "PLACE",
    "LIVE",
    "NAMES",
    "NOT AFTER",
    "DAYS LEFT",
    "RENEWAL DUE",
    "ISSUER",
];

/// The columns that a narrow terminal does without, the least useful first: the issuer is the same for most, the days
/// follow from the date, and the place tells which certificate it is.
const DROPPED: [usize; 4] = [7, 5, 3, 6];

/// What is wrong with what a live host shows; there is none without live hosts.
const LIVE: usize = 2;

/// What stands between two columns.
const GAP: usize = 2;

/// A line with the tone of its first cell.
struct TableLine {
    cells: [String; 8],
    tone: Option<Tone>,
    /// Whether a live host shows the certificate wrongly.
    is_faulty: bool,
}

pub(super) fn write(report: &Report, width: Option<usize>, paint: Paint<'_>) -> String {
    let mut lines = vec![TableLine {
        cells: HEAD.map(str::to_owned),
        tone: None,
        is_faulty: false,
    }];
    for row in &report.rows {
        lines.push(TableLine {
            cells: cells(row),
            tone: Some(row.urgency.tone()),
            is_faulty: !row.live_faults.is_empty(),
        });
        for place in row.places().iter().skip(1) {
            let mut cells: [String; 8] = Default::default();
            cells[1] = format!("  also {}", visible::line(place));
            lines.push(TableLine {
                cells,
                tone: None,
                is_faulty: false,
            });
        }
    }
    let widest = |column: usize| {
        let widths = lines.iter().map(|line| line.cells[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(widest).collect();
    let is_live = report.rows.iter().any(Row::is_live);
    let columns = fitting(&widths, width, is_live);
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        let last = columns
            .iter()
            .rposition(|column| !line.cells[*column].is_empty());
        for (place, column) in columns
            .iter()
            .enumerate()
            .take(last.map_or(0, |last| last + 1))
        {
            let cell = &line.cells[*column];
            let tone = match line.tone {
                _ if number == 0 => Some(Tone::Heading),
                _ if *column == LIVE && line.is_faulty => Some(Tone::Bad),
                tone => tone.filter(|_| *column == 0),
            };
            match tone {
                Some(tone) => out.push_str(&paint(tone, cell)),
                None => out.push_str(cell),
            }
            if Some(place) != last {
                let rest = widths[*column] - cell.chars().count() + GAP;
                out.extend(std::iter::repeat_n(' ', rest));
            }
        }
        out.push('\n');
    }
    out
}

/// Chooses the columns that fit into a width.
fn fitting(widths: &[usize], width: Option<usize>, is_live: bool) -> Vec<usize> {
    let mut columns: Vec<usize> = (0..widths.len()).collect();
    columns.retain(|column| is_live || *column != LIVE);
    let Some(width) = width else {
        return columns;
    };
    for dropped in DROPPED {
        let needed: usize = columns.iter().map(|column| widths[*column] + GAP).sum();
        if needed <= width + GAP {
            break;
        }
        columns.retain(|column| *column != dropped);
    }
    columns
}

fn cells(row: &Row) -> [String; 8] {
    let validity = row.details.validity;
    [
        row.urgency.as_str().to_owned(),
        visible::line(&row.place()).into_owned(),
        visible::line(&row.live()).into_owned(),
        visible::line(&row.short_names()).into_owned(),
        validity.not_after.date().to_string(),
        row.days_left.to_string(),
        row.due.date().to_string(),
        visible::line(row.issuer()).into_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_in_their_order_until_the_rest_fits() {
        let widths = [7, 30, 10, 20, 10, 9, 11, 40];
        for (width, columns) in [
            (None, &[0, 1, 3, 4, 5, 6, 7][..]),
            (Some(139), &[0, 1, 3, 4, 5, 6, 7]),
            (Some(138), &[0, 1, 3, 4, 5, 6]),
            (Some(96), &[0, 1, 3, 4, 6]),
            (Some(80), &[0, 1, 4, 6]),
            (Some(60), &[0, 1, 4]),
            (Some(1), &[0, 1, 4]),
        ] {
            assert_eq!(fitting(&widths, width, false), columns, "{width:?}");
        }
        assert_eq!(fitting(&widths, Some(1), true), [0, 1, 2, 4]);
        assert_eq!(fitting(&widths, None, true), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
