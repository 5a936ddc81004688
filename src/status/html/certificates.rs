//! The table of all certificates.

use super::page::{Breakable, Page, PageText, mark};
use crate::status::report::Report;
use crate::status::row::Row;
use crate::status::words::Language;
use std::fmt;

/// So many rows at most: a browser lays out a table as a whole.
const LIMIT: usize = 2_000;
/// A table of more rows is folded away.
const OPEN: usize = 300;

pub(super) fn add(page: &mut Page, report: &Report) {
    let language = page.language;
    let number = report.rows.len();
    let open = if number > OPEN { "" } else { " open" };
    page.add(format_args!(
        "<section id=\"all\"><details{open}><summary><h2>{}</h2> <small>{}</small></summary>\n<div class=\"scroll\">\
         <table><thead><tr><th scope=\"col\" aria-sort=\"ascending\">{}<th scope=\"col\">{}<th scope=\"col\">{}\
         <th scope=\"col\">{}<th scope=\"col\" class=\"r\">{}<th scope=\"col\">{}<th scope=\"col\">{}</thead><tbody>\n",
        language.all_certificates(),
        language.most_urgent_first(number),
        language.state(),
        language.names(),
        language.place(),
        language.ends(),
        language.days_left_heading(),
        language.renewal_due(),
        language.issuer()
    ));
    for row in report.rows.iter().take(LIMIT) {
        let class = mark(row.urgency).0;
        page.add(format_args!(
            "<tr class=\"{class}\"><td><em>{}</em><td>{}<td>{}<td>{}<td class=\"r\">{}\
             <td>{}<td>{}\n",
            language.urgency(row.urgency),
            Breakable(&row.short_names()),
            Places(row.places(), Live(language, row)),
            language.day(row.details.validity.not_after),
            row.days_left,
            language.day(row.due),
            PageText(row.issuer())
        ));
    }
    page.add(format_args!("</tbody></table></div>\n"));
    if number > LIMIT {
        page.add(format_args!(
            "<p class=\"note\">{}</p>\n",
            language.left_out(number - LIMIT)
        ));
    }
    page.add(format_args!("</details></section>\n"));
}

/// One line a place, and one for each that is wrong with what a live host shows.
struct Places<'a>(Vec<String>, Live<'a>);

/// What is wrong where live hosts show a certificate.
struct Live<'a>(Language, &'a Row);

impl fmt::Display for Live<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(language, row) = self;
        for (place, fault) in &row.live_faults {
            let (place, fault) = (row.origins[*place].short(), language.live_fault(*fault));
            write!(f, "<br>{} <em>{fault}</em>", PageText(&place))?;
        }
        Ok(())
    }
}

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "<br>" };
            write!(f, "{line}{}", PageText(place))?;
        }
        self.1.fmt(f)
    }
}
