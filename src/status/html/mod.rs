//! One page for a browser: complete in one file, readable on a phone and on paper, light and dark. A few lines of script
//! filter its rows; without them all else works.
//!
//! Its policy lets the browser load nothing, and apply this one style sheet and this one script, so that a name in a
//! certificate could do no harm even if it were not escaped. Positions are attributes of SVG, which such a policy does not touch.

mod certificates;
mod path;
mod scale;
mod timeline;

use super::{Instance, Report, Row, Urgency};
use crate::visible;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use std::collections::BTreeSet;
use std::fmt;
use time::OffsetDateTime;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn write(report: &Report) -> String {
    let hash = |text: &str| {
        let hash = digest(&SHA256, text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(hash.as_ref())
    };
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    let mut page = Page::default();
    page.add(format_args!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'sha256-{style}';\
         script-src 'sha256-{script}';base-uri 'none';form-action 'none'\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Text(&title(report))
    ));
    head(&mut page, report);
    timeline::add(&mut page, report);
    certificates::add(&mut page, report);
    page.add(format_args!(
        "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    ));
    page.0
}

/// The page as far as it is written.
#[derive(Default)]
struct Page(String);

impl Page {
    fn add(&mut self, arguments: fmt::Arguments<'_>) {
        fmt::Write::write_fmt(&mut self.0, arguments).expect("writing to a String cannot fail");
    }
}

/// A text as HTML, in an element or in a quoted attribute.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in visible::line(self.0).chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// A name that may go on in the next line after a dot.
struct Breakable<'a>(&'a str);

impl fmt::Display for Breakable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('.').enumerate() {
            let dot = if index == 0 { "" } else { ".<wbr>" };
            write!(f, "{dot}{}", Text(part))?;
        }
        Ok(())
    }
}

/// A day as `24 Nov 2026`.
struct Day(OffsetDateTime);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month = &self.0.month().to_string()[..3];
        write!(f, "{} {month} {}", self.0.day(), self.0.year())
    }
}

/// The class, the sign and the name of an urgency: colour is never the only mark.
fn mark(urgency: Urgency) -> (&'static str, &'static str, &'static str) {
    match urgency {
        Urgency::Expired => ("x", "✕", "Expired"),
        Urgency::NotYetValid => ("n", "◷", "Not yet valid"),
        Urgency::Due => ("d", "!", "Renewal due"),
        Urgency::Soon => ("s", "◔", "Due within 30 days"),
        Urgency::Fine => ("f", "✓", "Fine"),
        Urgency::Replaced => ("r", "↷", "Replaced"),
    }
}

/// Describes how long a certificate has left.
fn left(row: &Row) -> String {
    let days = |days: i64| format!("{days} {}", if days == 1 { "day" } else { "days" });
    match row.urgency {
        Urgency::Expired if row.days_left == 0 => "ended today".to_owned(),
        Urgency::Expired => format!("ended {} ago", days(-row.days_left)),
        Urgency::NotYetValid => format!("begins {}", Day(row.details.validity.not_before)),
        Urgency::Replaced => "replaced".to_owned(),
        _ => format!("{} left", days(row.days_left)),
    }
}

fn title(report: &Report) -> String {
    let urgent: Vec<String> = [Urgency::Expired, Urgency::NotYetValid, Urgency::Due]
        .into_iter()
        .filter(|urgency| report.count(*urgency) > 0)
        .map(|urgency| format!("{} {}", report.count(urgency), urgency.as_str()))
        .collect();
    if urgent.is_empty() {
        "Certificates: all fine".to_owned()
    } else {
        format!("Certificates: {}", urgent.join(", "))
    }
}

fn head(page: &mut Page, report: &Report) {
    let (rows, instances) = (report.rows.len(), report.instances.len());
    page.add(format_args!(
        "<header><h1>Certificates</h1><p>{rows} certificates, {} · {}, {:02}:{:02} UTC</p>",
        of_instances(instances),
        Day(report.now),
        report.now.hour(),
        report.now.minute()
    ));
    let valid = report
        .rows
        .iter()
        .filter(|row| row.urgency > Urgency::NotYetValid && row.urgency != Urgency::Replaced);
    // Of those that end together a leaf says more than its CA.
    let next = valid.min_by_key(|row| {
        let details = &row.details;
        (details.validity.not_after, details.is_ca, &row.origins)
    });
    if let Some(row) = next {
        let end = Day(row.details.validity.not_after);
        page.add(format_args!(
            "<p>Next to end: <b>{}</b> in {}, on {end}, {}</p>",
            Text(&row.short_names()),
            Text(&row.place()),
            left(row)
        ));
    }
    page.add(format_args!("</header>\n"));
    page.add(format_args!("<nav class=\"tiles\" aria-label=\"Summary\">"));
    for urgency in Urgency::ALL {
        let (class, sign, name) = mark(urgency);
        let of_urgency = |instance: &&Instance| instance.urgency == Some(urgency);
        let (certificates, instances) = (
            report.count(urgency),
            report.instances.iter().filter(of_urgency).count(),
        );
        let below = match urgency {
            Urgency::Replaced if certificates == 0 => continue,
            Urgency::Replaced => "still trusted, and may end".to_owned(),
            _ => of_instances(instances),
        };
        let none = if certificates == 0 { " none" } else { "" };
        page.add(format_args!(
            "<a class=\"tile {class}{none}\" href=\"#{}\"><i aria-hidden=\"true\">{sign}</i><b>{certificates}</b>\
             <span>{name}<small>{}</small></span></a>",
            if instances > 0 { class } else { "all" },
            below,
        ));
    }
    page.add(format_args!("</nav>\n"));
    if report.damaged > 0 {
        let damaged = report.damaged;
        page.add(format_args!(
            "<p class=\"note\">{damaged} values or files could not be read and are not on this page.</p>\n"
        ));
    }
}

fn of_instances(number: usize) -> String {
    match number {
        0 => "no instance".to_owned(),
        1 => "1 instance".to_owned(),
        number => format!("{number} instances"),
    }
}

/// Returns the certificates that belong to no instance: shared ones, and those of others.
fn others(report: &Report) -> Vec<usize> {
    let mut own = BTreeSet::new();
    for instance in &report.instances {
        own.extend(instance.needs(&report.rows));
        own.extend(&instance.backend.trust);
        own.extend(instance.database.iter().flat_map(|leg| &leg.trust));
    }
    (0..report.rows.len())
        .filter(|row| !own.contains(row))
        .collect()
}
