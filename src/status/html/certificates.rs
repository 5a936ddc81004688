//! The table of all certificates.

use super::{Breakable, Day, Page, Text, mark};
use crate::status::Report;
use std::fmt;

/// So many rows at most: a browser lays out a table as a whole.
const LIMIT: usize = 2_000;
/// A table of more rows is folded away.
const OPEN: usize = 300;

pub(super) fn add(page: &mut Page, report: &Report) {
    let number = report.rows.len();
    let open = if number > OPEN { "" } else { " open" };
    page.add(format_args!(
        "<section id=\"all\"><details{open}><summary><h2>All certificates</h2> <small>{number}, most urgent first</small>\
         </summary>\n<div class=\"scroll\"><table><thead><tr><th aria-sort=\"ascending\">State<th>Names<th>Place<th>Ends\
         <th class=\"r\">Days left<th>Renewal due<th>Issuer</thead><tbody>\n"
    ));
    for row in report.rows.iter().take(LIMIT) {
        let class = mark(row.urgency).0;
        let validity = row.details.validity;
        page.add(format_args!(
            "<tr class=\"{class}\"><td><em>{}</em><td>{}<td>{}<td>{}<td class=\"r\">{}\
             <td>{}<td>{}\n",
            row.urgency.as_str(),
            Breakable(&row.short_names()),
            Places(row.places()),
            Day(validity.not_after),
            row.days_left,
            Day(row.due),
            Text(row.issuer())
        ));
    }
    page.add(format_args!("</tbody></table></div>\n"));
    if number > LIMIT {
        let rest = number - LIMIT;
        page.add(format_args!(
            "<p class=\"note\">{rest} more that are less urgent are left out; <code>--format json</code> has all.</p>\n"
        ));
    }
    page.add(format_args!("</details></section>\n"));
}

/// One line a place.
struct Places(Vec<String>);

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "<br>" };
            write!(f, "{line}{}", Text(place))?;
        }
        Ok(())
    }
}
