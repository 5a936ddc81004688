//! One page for a browser: complete in one file, readable on a phone and on paper, light and dark. A few lines of script
//! filter its rows; without them all else works.
//!
//! Its policy lets the browser load nothing, and apply this one style sheet and this one script, so that a name in a
//! certificate could do no harm even if it were not escaped. Positions are attributes of SVG, which such a policy does not touch.

mod certificates;
mod page;
mod path;
mod scale;
mod timeline;

use super::path::InstancePath;
use super::report::Report;
use super::row::Urgency;
use super::words::Language;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use page::{Page, PageText, mark};
use std::collections::BTreeSet;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn write(report: &Report, language: Language) -> String {
    // A phone has no room for the headings of the table: they go before the values.
    let style = STYLE
        .replace("$ends", &language.ends().to_lowercase())
        .replace("$left", &language.days_left_heading().to_lowercase())
        .replace("$due", &language.renewal_due().to_lowercase())
        .replace("$issuer", &language.issuer().to_lowercase());
    let hash = |text: &str| {
        let hash = digest(&SHA256, text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(hash.as_ref())
    };
    let (style_hash, script_hash) = (hash(&style), hash(SCRIPT));
    let mut page = Page {
        language,
        text: String::new(),
    };
    page.add(format_args!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'sha256-{style_hash}';\
         script-src 'sha256-{script_hash}';base-uri 'none';form-action 'none'\">\n\
         <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n",
        language.tag(),
        title(report, language)
    ));
    head(&mut page, report);
    timeline::add(&mut page, report);
    certificates::add(&mut page, report);
    page.add(format_args!(
        "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    ));
    page.text
}

/// Names whose certificates these are.
fn subject(report: &Report, language: Language) -> String {
    match &report.fleet {
        Some(fleet) => language.certificates_of(PageText(fleet)),
        None => language.certificates(),
    }
}

/// Names whose certificates these are and how many of them are urgent.
fn title(report: &Report, language: Language) -> String {
    let urgent: Vec<String> = Urgency::ALL
        .into_iter()
        .filter(|urgency| urgency.is_urgent())
        .map(|urgency| (report.count(urgency), urgency))
        .filter(|(number, _)| *number > 0)
        .map(|(number, urgency)| language.count(number, urgency))
        .collect();
    let subject = subject(report, language);
    if urgent.is_empty() {
        language.all_fine(subject)
    } else {
        language.some_urgent(subject, urgent.join(", "))
    }
}

fn head(page: &mut Page, report: &Report) {
    let language = page.language;
    let certificates = match report.rows.len() {
        1 => language.one_certificate(),
        number => language.count_of_certificates(number),
    };
    page.add(format_args!(
        "<header><h1>{}</h1><p>{certificates}, {} · {}, {:02}:{:02} UTC</p>",
        subject(report, language),
        language.instances(report.instances.len()),
        language.day(report.now),
        report.now.hour(),
        report.now.minute()
    ));
    next_to_end(page, report);
    page.add(format_args!("</header>\n"));
    tiles(page, report);
    if report.damaged > 0 {
        page.add(format_args!(
            "<p class=\"note\">{}</p>\n",
            language.unreadable(report.damaged)
        ));
    }
}

/// Names the certificate that ends next, and whose it is.
fn next_to_end(page: &mut Page, report: &Report) {
    let language = page.language;
    let is_valid = |urgency| urgency > Urgency::NotYetValid && urgency != Urgency::Replaced;
    let rows = report.rows.iter().enumerate();
    let valid = rows.filter(|(_, row)| is_valid(row.urgency));
    // Of those that end together a leaf says more than its CA.
    let next = valid.min_by_key(|(_, row)| {
        let details = &row.details;
        (details.validity.not_after, details.is_ca, &row.origins)
    });
    let Some((index, row)) = next else {
        return;
    };
    page.add(format_args!(
        "<p>{} <b>{}</b>",
        language.next_to_end(),
        PageText(&row.short_names())
    ));
    let mut whose = report
        .instances
        .iter()
        .filter(|instance| instance.needs(&report.rows).contains(&index))
        .map(|instance| instance.home.as_str());
    if let Some(first) = whose.next() {
        let others: BTreeSet<&str> = whose.filter(|home| *home != first).collect();
        let of = match others.len() {
            0 => language.of_instance(PageText(first)),
            more => language.of_more_instances(PageText(first), more),
        };
        page.add(format_args!(" {of}"));
    }
    page.add(format_args!(
        ", {}, {}, {}</p>",
        language.in_place(PageText(&row.place())),
        language.on_day(language.day(row.details.validity.not_after)),
        language.left(row)
    ));
}

/// Adds a tile for each urgency, which leads to its group.
fn tiles(page: &mut Page, report: &Report) {
    let language = page.language;
    page.add(format_args!(
        "<nav class=\"tiles\" aria-label=\"{}\">",
        language.summary()
    ));
    for urgency in Urgency::ALL {
        let (class, sign) = mark(urgency);
        let of_urgency = |instance: &&InstancePath| instance.urgency == Some(urgency);
        let (certificates, instances) = (
            report.count(urgency),
            report.instances.iter().filter(of_urgency).count(),
        );
        let below = match urgency {
            Urgency::Replaced if certificates == 0 => continue,
            Urgency::Replaced => language.trusted_still(),
            _ => language.instances(instances),
        };
        let none = if certificates == 0 { " none" } else { "" };
        page.add(format_args!(
            "<a class=\"tile {class}{none}\" href=\"#{}\"><i aria-hidden=\"true\">{sign}</i><b>{certificates}</b>\
             <span>{}<small>{below}</small></span></a>",
            if instances > 0 { class } else { "all" },
            language.group(urgency),
        ));
    }
    page.add(format_args!("</nav>\n"));
}
