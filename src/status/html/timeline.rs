//! The timeline: a row for each instance, and for each certificate that belongs to none.

use super::page::{Page, PageText, mark, others};
use super::path;
use super::scale::{Percent, Scale};
use crate::status::path::InstancePath;
use crate::status::report::Report;
use crate::status::row::{Renewer, Row, Urgency};
use time::{Month, OffsetDateTime};

/// A group of more rows than this shows only so many, and the others on request: a large fleet stays readable.
const OPEN: usize = 60;
const SHOWN: usize = 20;

pub(super) fn add(page: &mut Page, report: &Report) {
    let language = page.language;
    let scale = Scale::of(report);
    page.add(format_args!(
        "<section class=\"time\"><h2>{}</h2>\n<form id=\"find\" role=\"search\" hidden><input id=\"q\" type=\"search\" \
         placeholder=\"{}\" aria-label=\"{}\" autocomplete=\"off\">\
         <output id=\"n\" for=\"q\" data-of=\" {} \"></output></form>\n",
        language.timeline(),
        language.filter_hint(),
        language.filter(),
        language.of()
    ));
    legend(page, report);
    symbols(page, &scale, report);
    axis(page, &scale, report);
    months(page, &scale, report);
    // What is shared and urgent concerns all instances, and comes before them.
    let others = others(report);
    let is_urgent = others
        .first()
        .is_some_and(|row| report.rows[*row].urgency < Urgency::Fine);
    let shared = |page: &mut Page, others: &[usize]| {
        if others.is_empty() {
            return;
        }
        let number = language.most_urgent_first(others.len());
        let title = ("o", "◇", &*language.shared());
        group(page, title, &number, others, |page, row| {
            row_of_certificate(page, &scale, &report.rows[*row]);
        });
    };
    if is_urgent {
        shared(page, &others);
    }
    let groups = Urgency::ALL.map(Some).into_iter().chain([None]);
    for urgency in groups {
        let instances = report.instances.iter();
        let instances: Vec<&InstancePath> = instances
            .filter(|instance| instance.urgency == urgency)
            .collect();
        if instances.is_empty() {
            continue;
        }
        let (class, sign) = urgency.map_or(("u", "?"), mark);
        let name = urgency.map_or_else(
            || language.no_certificate(),
            |urgency| language.group(urgency).to_owned(),
        );
        let number = language.instances(instances.len());
        group(
            page,
            (class, sign, &name),
            &number,
            &instances,
            |page, instance| {
                row_of_instance(page, report, &scale, instance);
            },
        );
    }
    if !is_urgent {
        shared(page, &others);
    }
    page.add(format_args!("</section>\n"));
}

/// Adds a group of rows: class, sign and name, how many there are, and the rows.
fn group<T>(
    page: &mut Page,
    (class, sign, name): (&str, &str, &str),
    number: &str,
    rows: &[T],
    mut add: impl FnMut(&mut Page, &T),
) {
    page.add(format_args!(
        "<details class=\"group {class}\" id=\"{class}\" open><summary><i aria-hidden=\"true\">{sign}</i> {name} \
         <small>{number}</small></summary>\n"
    ));
    let shown = if rows.len() > OPEN { SHOWN } else { rows.len() };
    let (first, rest) = rows.split_at(shown);
    for row in first {
        add(page, row);
    }
    if !rest.is_empty() {
        page.add(format_args!(
            "<details class=\"rest\"><summary>{}</summary>\n",
            page.language.and_more(rest.len())
        ));
        for row in rest {
            add(page, row);
        }
        page.add(format_args!("</details>\n"));
    }
    page.add(format_args!("</details>\n"));
}

fn legend(page: &mut Page, report: &Report) {
    let is_planned = report
        .rows
        .iter()
        .any(|row| row.renewed_by == Renewer::Fleet);
    let language = page.language;
    let planned = if is_planned {
        format!("<span>{}</span>", language.planned())
    } else {
        String::new()
    };
    page.add(format_args!(
        "<p class=\"legend\"><span><svg class=\"key f\"><rect class=\"v\" y=\"3\" width=\"60%\" height=\"8\"/>\
         <rect class=\"w\" x=\"60%\" y=\"3\" width=\"40%\" height=\"8\"/><rect class=\"m\" x=\"58%\" width=\"2\" height=\"14\"/>\
         </svg> {}</span>\
         <span><svg class=\"key k\"><line class=\"t\" x1=\"50%\" x2=\"50%\" y2=\"100%\"/></svg> {}</span>\
         <span>{}</span>{planned}</p>\n",
        language.legend_bar(),
        language.today(),
        language.legend_open()
    ));
}

/// What each row repeats: the lines of the months and of today.
fn symbols(page: &mut Page, scale: &Scale, report: &Report) {
    page.add(format_args!(
        "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"h\" width=\"5\" height=\"5\" \
         patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"5\"/></pattern>\
         <symbol id=\"g\">"
    ));
    for month in scale.months() {
        let x = scale.place(month);
        page.add(format_args!("<line x1=\"{x}\" x2=\"{x}\" y2=\"100%\"/>"));
    }
    let x = scale.place(report.now);
    page.add(format_args!(
        "<line class=\"t\" x1=\"{x}\" x2=\"{x}\" y2=\"100%\"/></symbol></defs></svg>\n"
    ));
}

fn axis(page: &mut Page, scale: &Scale, report: &Report) {
    page.add(format_args!(
        "<div class=\"row axis\" aria-hidden=\"true\"><span></span><svg>"
    ));
    let months = scale.months();
    let january = months
        .iter()
        .position(|month| month.month() == Month::January);
    let january = january.unwrap_or_default();
    for (index, month) in months.iter().enumerate() {
        let x = scale.place(*month);
        let is_inside = Percent(2.5) <= x && x <= Percent(96.5);
        if is_inside && month.month() == Month::January {
            let year = month.year();
            page.add(format_args!(
                "<text class=\"y\" x=\"{x}\" y=\"30\">{year}</text>"
            ));
        } else if is_inside {
            // A phone has room for every other month.
            let class = if index % 2 == january % 2 {
                ""
            } else {
                " class=\"z\""
            };
            page.add(format_args!(
                "<text{class} x=\"{x}\" y=\"30\">{}</text>",
                page.language.month(month.month())
            ));
        }
    }
    let x = scale.place(report.now);
    page.add(format_args!(
        "<text class=\"now\" x=\"{x}\" y=\"14\">{}</text><use href=\"#g\" y=\"34\" height=\"6\"/></svg><span></span></div>\n",
        page.language.today()
    ));
}

/// Writes a number in little room: `1.2k`.
fn short(number: u32) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{}.{}k", number / 1_000, number % 1_000 / 100)
    }
}

/// Shows how many certificates fall due and end in each month: the work that comes.
fn months(page: &mut Page, scale: &Scale, report: &Report) {
    let edges = scale.edges();
    let count = |at: fn(&Row) -> OffsetDateTime| {
        let last = edges.len() - 1;
        let mut counts = vec![0; last];
        let needed = report
            .rows
            .iter()
            .filter(|row| row.urgency != Urgency::Replaced);
        for instant in needed.map(at).filter(|at| scale.holds(*at)) {
            let month = edges.partition_point(|edge| *edge <= instant);
            // The last edge belongs to the last month.
            counts[month.clamp(1, last) - 1] += 1;
        }
        counts
    };
    let due: Vec<u32> = count(|row| row.due);
    let ends: Vec<u32> = count(|row| row.details.validity.not_after);
    let most = due.iter().chain(&ends).copied().max().unwrap_or(0).max(1);
    page.add(format_args!(
        "<div class=\"row months\"><span class=\"who\"><b>{}</b><small>{}</small></span>\
         <svg aria-hidden=\"true\">",
        page.language.each_month(),
        page.language.each_month_what()
    ));
    for (index, pair) in edges.windows(2).enumerate() {
        let (from, to) = (scale.place(pair[0]).0, scale.place(pair[1]).0);
        let width = (to - from) * 0.36;
        for (class, number, part) in [("w", due[index], 0.12), ("v", ends[index], 0.52)] {
            if number == 0 {
                continue;
            }
            let height = (44 * number / most).max(2);
            let (left, top) = (from + (to - from) * part, 60 - height);
            page.add(format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text>",
                Percent(left),
                Percent(width),
                Percent(left + width / 2.0),
                top - 4,
                short(number)
            ));
        }
    }
    let sum = |counts: &[u32]| counts.iter().sum::<u32>();
    page.add(format_args!(
        "<use href=\"#g\"/></svg><span class=\"left\"><b>{}</b><small>{}</small></span></div>\n",
        page.language.fall_due(sum(&due)),
        page.language.end_too(sum(&ends))
    ));
}

fn row_of_instance(page: &mut Page, report: &Report, scale: &Scale, instance: &InstancePath) {
    let needs = instance.needs(&report.rows);
    let needs: Vec<&Row> = needs.iter().map(|row| &report.rows[*row]).collect();
    // Rows are sorted: the first is the most urgent.
    let first = needs.first().copied();
    let class = first.map_or("u", |row| mark(row.urgency).0);
    let host = instance.hosts.first().map_or("", String::as_str);
    let more = match instance.hosts.len() {
        0 | 1 => String::new(),
        number => format!(" +{}", number - 1),
    };
    page.add(format_args!(
        "<details class=\"item {class}\"><summary class=\"row\"><span class=\"who\"><b>{}{more}</b><small>{}</small></span>",
        PageText(host),
        PageText(&instance.home)
    ));
    let is_shown = |row: &&Row| !row.details.is_ca || scale.holds(row.details.validity.not_after);
    let mut shown: Vec<&Row> = needs.iter().copied().filter(is_shown).collect();
    // Certificates made together have one bar.
    shown.dedup_by_key(|row| row.details.validity.not_after.date());
    shown.truncate(2);
    bars(page, scale, &shown);
    until(page, first);
    page.add(format_args!("</summary>"));
    path::add(page, report, instance);
    page.add(format_args!("</details>\n"));
}

fn row_of_certificate(page: &mut Page, scale: &Scale, row: &Row) {
    let class = mark(row.urgency).0;
    page.add(format_args!(
        "<div class=\"row item {class}\"><span class=\"who\"><b>{}</b><small>{}</small></span>",
        PageText(&row.short_names()),
        PageText(&row.place())
    ));
    bars(page, scale, &[row]);
    until(page, Some(row));
    page.add(format_args!("</div>\n"));
}

fn until(page: &mut Page, row: Option<&Row>) {
    let language = page.language;
    let Some(row) = row else {
        page.add(format_args!(
            "<span class=\"left\">{}</span>",
            language.unknown()
        ));
        return;
    };
    let (due, end) = (
        language.day(row.due),
        language.day(row.details.validity.not_after),
    );
    let note = match row.urgency {
        Urgency::Expired => language.on_day(end),
        Urgency::NotYetValid => language.until_day(end),
        Urgency::Due => language.due_since(due),
        Urgency::Soon | Urgency::Fine => language.renew_on(due),
        Urgency::Replaced => language.ends_on(end),
    };
    let by = match (&row.failure, row.renewed_by) {
        (Some(_), _) => language.fails(),
        (None, Renewer::CertManager) => language.by_cert_manager(),
        (None, Renewer::Fleet | Renewer::Nobody) => String::new(),
    };
    page.add(format_args!(
        "<span class=\"left\"><b>{}</b><small>{note}{by}</small></span>",
        language.left(row)
    ));
}

fn bars(page: &mut Page, scale: &Scale, rows: &[&Row]) {
    page.add(format_args!("<svg aria-hidden=\"true\">"));
    let (height, tops): (u32, &[u32]) = if rows.len() > 1 {
        (8, &[9, 21])
    } else {
        (10, &[14])
    };
    for (row, top) in rows.iter().zip(tops) {
        let validity = row.details.validity;
        let [begin, due, end] = [
            validity.not_before,
            row.due.min(validity.not_after),
            validity.not_after,
        ]
        .map(|at| scale.place(at));
        let class = mark(row.urgency).0;
        page.add(format_args!("<g class=\"{class}\">"));
        for (class, from, to) in [("v", begin, due), ("w", due, end)] {
            if from < to {
                let width = Percent(to.0 - from.0);
                page.add(format_args!(
                    "<rect class=\"{class}\" x=\"{from}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
                ));
            }
        }
        if scale.holds(row.due) {
            let (top, height) = (top - 3, height + 6);
            page.add(format_args!(
                "<rect class=\"m\" x=\"{due}\" y=\"{top}\" width=\"2\" height=\"{height}\"/>"
            ));
        }
        if scale.holds(validity.not_after) {
            let (top, height) = (top - 3, height + 6);
            page.add(format_args!(
                "<rect class=\"e\" x=\"{end}\" y=\"{top}\" width=\"3\" height=\"{height}\"/>"
            ));
        } else if end == Percent(100.0) {
            let y = top + height;
            page.add(format_args!(
                "<text class=\"a\" x=\"100%\" dx=\"2\" y=\"{y}\">›</text>"
            ));
        }
        page.add(format_args!("</g>"));
    }
    page.add(format_args!("<use href=\"#g\"/></svg>"));
}
