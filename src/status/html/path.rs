//! The path of an instance: browser, load balancer, Traefik, httpd, database, and the certificate of each leg.

use super::{Breakable, Day, Page, Text, left, mark};
use crate::status::{Instance, Leg, Report, Stop, Trust, Urgency, Wire, words};

pub(super) fn add(page: &mut Page, report: &Report, instance: &Instance) {
    page.add(format_args!("<ol class=\"path\">"));
    for (stop, leg) in instance.stops() {
        let title = words::title(stop, instance);
        let row = leg.and_then(|leg| leg.certificate);
        let row = row.map(|row| &report.rows[row]);
        // The arrow to the load balancer is the beginning of the first leg.
        let first = &instance.browser;
        let arrow = match (stop, leg) {
            (Stop::Browser, _) => "",
            (_, Some(leg)) => wire(leg),
            (_, None) => wire(first),
        };
        let class = match (row, leg) {
            (Some(row), _) => mark(row.urgency).0,
            (None, Some(leg)) if words::tells_certificate(leg) => "u",
            _ if stop == Stop::Balancer && instance.balancer.is_none() => "p maybe",
            _ => "p",
        };
        page.add(format_args!(
            "<li class=\"hop {class}{arrow}\"><b>{title}</b>"
        ));
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
        if let Some(leg) = leg.filter(|leg| words::tells_certificate(leg)) {
            certificate(page, report, leg);
            trust(page, report, leg, words::client(stop, instance));
        }
    }
    page.add(format_args!("</ol>"));
}

/// Returns the class of an arrow: whether the leg is good, broken, unencrypted or unknown.
fn wire(leg: &Leg) -> &'static str {
    match (leg.wire, leg.verdict) {
        (Wire::Plain, _) => " clear",
        (Wire::Unknown, _) => " maybe-tls",
        (_, Trust::NotSigned | Trust::OtherName | Trust::Unchecked) => " broken",
        _ => "",
    }
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
    page.add(format_args!(
        "<em>{}</em><span>{}</span><small>issuer {}<br>ends {}<br>{}</small>",
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
    let cas = || leg.trust.iter().map(|row| &report.rows[*row]);
    match leg.verdict {
        Trust::Unknown => {}
        Trust::Signed => {
            let mut others = cas();
            let issuer = leg.certificate.and_then(|leaf| {
                let issuer = &report.rows[leaf].details.issuer;
                others.find(|ca| ca.details.subject == *issuer)
            });
            // The issuer's name is above.
            match issuer {
                Some(ca) if ca.urgency == Urgency::Expired => page.add(format_args!(
                    "<small class=\"bad\">✕ {client} trusted it until {}",
                    Day(ca.details.validity.not_after)
                )),
                Some(ca) => page.add(format_args!(
                    "<small class=\"ok\">✓ {client} trusts it until {}",
                    Day(ca.details.validity.not_after)
                )),
                None => page.add(format_args!(
                    "<small class=\"ok\">✓ {client} trusts its issuer"
                )),
            }
            let more = leg.trust.len() - 1;
            if more > 0 {
                let cas = if more == 1 { "CA" } else { "CAs" };
                page.add(format_args!(", and {more} more {cas}"));
            }
            page.add(format_args!("</small>"));
        }
        Trust::NotSigned => {
            page.add(format_args!("<small class=\"bad\">✕ {client} trusts only "));
            for (index, ca) in cas().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let end = Day(ca.details.validity.not_after);
                page.add(format_args!("{comma}{} (ends {end})", Text(&ca.names())));
            }
            page.add(format_args!("</small>"));
        }
        Trust::OtherName => page.add(format_args!(
            "<small class=\"bad\">✕ is not for {}</small>",
            Text(&leg.name)
        )),
        Trust::Unchecked => page.add(format_args!(
            "<small class=\"bad\">✕ {client} accepts any certificate</small>"
        )),
    }
}
