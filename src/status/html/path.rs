//! The path of an instance: browser, load balancer, Traefik, httpd, database, and the certificate of each leg.

use super::{Breakable, Day, Page, Text, left, mark};
use crate::status::{Instance, Leg, Report, Stop, Trust, words};

pub(super) fn add(page: &mut Page, report: &Report, instance: &Instance) {
    page.add(format_args!("<ol class=\"path\">"));
    for (stop, leg) in instance.stops() {
        let title = words::title(stop, instance);
        let row = leg.and_then(|leg| leg.certificate);
        let row = row.map(|row| &report.rows[row]);
        let class = match (row, leg) {
            (Some(row), _) => mark(row.urgency).0,
            (None, Some(leg)) if words::wants_certificate(leg) => "u",
            _ if stop == Stop::Balancer && instance.balancer.is_none() => "p maybe",
            _ => "p",
        };
        page.add(format_args!("<li class=\"hop {class}\"><b>{title}</b>"));
        if stop == Stop::Browser {
            let hosts = instance.hosts.join(", ");
            page.add(format_args!(
                "<small>asks for {}</small>",
                Breakable(&hosts)
            ));
        }
        for note in words::notes(stop, instance) {
            page.add(format_args!("<small>{}</small>", Text(&note)));
        }
        if let Some(leg) = leg.filter(|leg| words::wants_certificate(leg)) {
            certificate(page, report, leg);
            trust(page, report, leg, words::client(stop, instance));
        }
    }
    page.add(format_args!("</ol>"));
}

/// Adds the certificate that answers on a leg.
fn certificate(page: &mut Page, report: &Report, leg: &Leg) {
    let Some(row) = leg.certificate.map(|row| &report.rows[row]) else {
        page.add(format_args!(
            "<em>no certificate found</em><small>expects {}</small>",
            Text(&leg.name)
        ));
        return;
    };
    let (_, sign, _) = mark(row.urgency);
    page.add(format_args!(
        "<em><i aria-hidden=\"true\">{sign}</i> {}</em><span>{}</span><small>issuer {}<br>ends {}<br>{}</small>",
        left(row),
        Breakable(&row.short_names()),
        Text(row.issuer()),
        Day(row.details.validity.not_after),
        Text(&row.place())
    ));
    if let Some(failure) = &row.failure {
        page.add(format_args!(
            "<small class=\"bad\">✕ cert-manager: {}</small>",
            Text(failure)
        ));
    }
}

/// Adds what the client of a leg makes of its certificate.
fn trust(page: &mut Page, report: &Report, leg: &Leg, client: &str) {
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
        Trust::Unchecked => {
            page.add(format_args!(
                "<small class=\"bad\">✕ {client} takes any certificate</small>"
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
