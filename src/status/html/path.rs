//! The path of an instance: browser, load balancer, Traefik, httpd, database, and the certificate of each leg.

use super::{Breakable, Day, Page, Text, left, mark};
use crate::status::{Instance, Leg, Report, Trust};

pub(super) fn add(page: &mut Page, report: &Report, instance: &Instance) {
    page.add(format_args!(
        "<ol class=\"path\"><li class=\"hop p\"><b>Browser</b><small>asks for {}</small>\
         <li class=\"hop p maybe\"><b>Load balancer</b><small>if any: passes TLS through</small>",
        Breakable(&instance.hosts.join(", "))
    ));
    hop(page, report, ["browser", "Traefik"], &instance.browser);
    hop(page, report, ["Traefik", "httpd"], &instance.backend);
    if let Some(leg) = &instance.database {
        hop(page, report, ["httpd", "Database"], leg);
    }
    page.add(format_args!("</ol>"));
}

/// Adds what answers on a leg, and what its client makes of it.
fn hop(page: &mut Page, report: &Report, [client, title]: [&str; 2], leg: &Leg) {
    let row = leg.certificate.map(|row| &report.rows[row]);
    let class = row.map_or("u", |row| mark(row.urgency).0);
    page.add(format_args!("<li class=\"hop {class}\"><b>{title}</b>"));
    if let Some(row) = row {
        let (_, sign, _) = mark(row.urgency);
        page.add(format_args!(
            "<em><i aria-hidden=\"true\">{sign}</i> {}</em><span>{}</span><small>issuer {}<br>ends {}<br>{}</small>",
            left(row),
            Breakable(&row.short_names()),
            Text(row.issuer()),
            Day(row.details.validity.not_after),
            Text(&row.place())
        ));
    } else {
        page.add(format_args!(
            "<em>no certificate found</em><small>expects {}</small>",
            Text(&leg.name)
        ));
    }
    let (class, sign, only) = match leg.verdict {
        Trust::Unknown => return,
        Trust::Signed => ("ok", "✓", ""),
        Trust::NotSigned => ("bad", "✕", " only"),
        Trust::OtherName => {
            let name = Text(&leg.name);
            page.add(format_args!(
                "<small class=\"bad\">✕ is not for {name}</small>"
            ));
            return;
        }
    };
    page.add(format_args!(
        "<small class=\"{class}\">{sign} {client} trusts{only} "
    ));
    for (index, ca) in leg.trust.iter().map(|row| &report.rows[*row]).enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let end = Day(ca.details.validity.not_after);
        page.add(format_args!("{comma}{} (ends {end})", Text(&ca.names())));
    }
    page.add(format_args!("</small>"));
}
