//! The path of an instance: browser, load balancer, Traefik, httpd, database, and the certificate of each leg.

use super::page::{Breakable, Page, PageText, mark};
use crate::status::path::{InstancePath, JudgedLeg, LegVerdict, Stop, Wire};
use crate::status::report::Report;
use crate::status::row::{Row, Urgency};
use crate::status::words;

pub(super) fn add(page: &mut Page, report: &Report, instance: &InstancePath) {
    let language = page.language;
    page.add(format_args!("<ol class=\"path\">"));
    for (stop, leg) in instance.stops() {
        let title = language.title(stop, instance);
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
                "<small>{}</small>",
                language.asks_for(Breakable(&hosts))
            ));
        }
        for note in language.notes(stop, instance) {
            page.add(format_args!("<small>{}</small>", PageText(&note)));
        }
        if let Some(leg) = leg.filter(|leg| words::tells_certificate(leg)) {
            certificate(page, report, leg);
            trust(page, report, leg, &language.client(stop, instance));
        }
    }
    page.add(format_args!("</ol>"));
}

/// Returns the class of an arrow: whether the leg is good, broken, unencrypted or unknown.
fn wire(leg: &JudgedLeg) -> &'static str {
    match (leg.wire, leg.verdict) {
        (Wire::Plain, _) => " clear",
        (Wire::Unknown, _) => " maybe-tls",
        (_, LegVerdict::NotSigned | LegVerdict::OtherName | LegVerdict::Unchecked) => " broken",
        _ => "",
    }
}

/// Adds the certificate that answers on a leg.
fn certificate(page: &mut Page, report: &Report, leg: &JudgedLeg) {
    let language = page.language;
    let Some(row) = leg.certificate.map(|row| &report.rows[row]) else {
        page.add(format_args!(
            "<em>{}</em><small>{}</small>",
            language.no_certificate_on_leg(),
            language.expects(PageText(&leg.name))
        ));
        return;
    };
    page.add(format_args!(
        "<em>{}</em><span>{}</span><small>{}<br>{}<br>{}</small>",
        language.left(row),
        Breakable(&row.short_names()),
        language.issuer_is(PageText(row.issuer())),
        language.ends_on(language.day(row.details.validity.not_after)),
        PageText(&row.place())
    ));
    if let Some(failure) = &row.failure {
        page.add(format_args!(
            "<small class=\"bad\">✕ cert-manager: {}</small>",
            PageText(failure)
        ));
    }
}

/// Adds what the client of a leg makes of its certificate.
fn trust(page: &mut Page, report: &Report, leg: &JudgedLeg, client: &str) {
    let language = page.language;
    let cas = || leg.trust.iter().map(|row| &report.rows[*row]);
    let end = |ca: &Row| language.day(ca.details.validity.not_after);
    let (class, sign, text) = match leg.verdict {
        LegVerdict::Unknown => return,
        LegVerdict::Signed => {
            let mut others = cas();
            let issuer = leg.certificate.and_then(|leaf| {
                let issuer = &report.rows[leaf].details.issuer;
                others.find(|ca| ca.details.subject == *issuer)
            });
            // The issuer's name is above.
            let (class, sign, text) = match issuer {
                Some(ca) if ca.urgency == Urgency::Expired => {
                    ("bad", "✕", language.trusted_until(client, end(ca)))
                }
                Some(ca) => ("ok", "✓", language.trusts_until(client, end(ca))),
                None => ("ok", "✓", language.trusts_issuer(client)),
            };
            let more = match leg.trust.len() - 1 {
                0 => String::new(),
                1 => language.one_more_ca(),
                more => language.more_cas(more),
            };
            (class, sign, text + &more)
        }
        LegVerdict::NotSigned => {
            let cas = cas().map(|ca| language.ca_ends(PageText(&ca.names()), end(ca)));
            let cas: Vec<String> = cas.collect();
            ("bad", "✕", language.trusts_only(client) + &cas.join(", "))
        }
        LegVerdict::OtherName => ("bad", "✕", language.is_not_for(PageText(&leg.name))),
        LegVerdict::Unchecked => ("bad", "✕", language.takes_any(client)),
    };
    page.add(format_args!(
        "<small class=\"{class}\">{sign} {text}</small>"
    ));
}
