//! The path of each instance as a diagram: Mermaid (mermaid.js.org/syntax/flowchart) and Graphviz.

use super::path::{InstancePath, JudgedLeg, Stop};
use super::report::Report;
use super::row::{Row, Urgency};
use super::words::{self, Language};
use crate::visible;

/// What a request passes, and the leg that it answers.
struct Hop<'a> {
    id: &'static str,
    stop: Stop,
    leg: Option<&'a JudgedLeg>,
}

fn hops(instance: &InstancePath) -> Vec<Hop<'_>> {
    let id = |stop| match stop {
        Stop::Browser => "browser",
        Stop::Balancer => "balancer",
        Stop::Front => instance.front.kind.as_str(),
        Stop::Httpd => "httpd",
        Stop::Database => "database",
    };
    let stops = instance.stops().into_iter();
    stops
        .map(|(stop, leg)| Hop {
            id: id(stop),
            stop,
            leg,
        })
        .collect()
}

/// The lines of a hop: what it is, and the certificate that it answers with.
fn lines(hop: &Hop<'_>, instance: &InstancePath, rows: &[Row], language: Language) -> Vec<String> {
    let mut lines = vec![language.title(hop.stop, instance)];
    lines.extend(language.notes(hop.stop, instance));
    if let Some(leg) = hop.leg.filter(|leg| words::tells_certificate(leg)) {
        if let Some(row) = leg.certificate.map(|row| &rows[row]) {
            lines.push(row.short_names());
            lines.push(language.issuer_is(row.issuer()));
            let end = row.details.validity.not_after.date();
            lines.push(language.ends_in_state(end, language.urgency(row.urgency)));
        } else {
            lines.push(language.certificate_not_found());
        }
    }
    lines
        .iter()
        .map(|line| visible::line(line).into_owned())
        .collect()
}

fn urgency(hop: &Hop<'_>, rows: &[Row]) -> Option<Urgency> {
    hop.leg?.certificate.map(|row| rows[row].urgency)
}

/// Colours of border and ground.
fn colours(urgency: Urgency) -> (&'static str, &'static str) {
    match urgency {
        Urgency::Expired | Urgency::NotYetValid => ("#b3261e", "#fbe4e2"),
        Urgency::Due => ("#a15c00", "#fdeeda"),
        Urgency::Soon => ("#7a6a00", "#fbf6d3"),
        Urgency::Fine => ("#1b7a4b", "#e2f4ea"),
        Urgency::Replaced => ("#5a6573", "#eef0f3"),
    }
}

fn class(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::NotYetValid => "notyet",
        other => other.as_str(),
    }
}

pub(super) fn mermaid(report: &Report, language: Language) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, instance) in report.instances.iter().enumerate() {
        let title = visible::mermaid(&visible::line(&instance.title()));
        add(&mut out, &format!("  subgraph i{number}[\"{title}\"]"));
        let hops = hops(instance);
        for hop in &hops {
            let lines: Vec<String> = lines(hop, instance, &report.rows, language)
                .iter()
                .map(|line| visible::mermaid(line))
                .collect();
            let class = urgency(hop, &report.rows)
                .map_or_else(String::new, |urgency| format!(":::{}", class(urgency)));
            let (id, text) = (hop.id, lines.join("<br/>"));
            add(&mut out, &format!("    i{number}{id}[\"{text}\"]{class}"));
        }
        for pair in hops.windows(2) {
            let (from, to) = (pair[0].id, pair[1].id);
            let arrow = pair[1]
                .leg
                .map_or_else(String::new, |leg| format!("|\"{}\"|", language.arrow(leg)));
            add(
                &mut out,
                &format!("    i{number}{from} -->{arrow} i{number}{to}"),
            );
        }
        add(&mut out, "  end");
    }
    for urgency in Urgency::ALL {
        let (border, ground) = colours(urgency);
        let class = class(urgency);
        add(
            &mut out,
            &format!("  classDef {class} fill:{ground},stroke:{border},color:#1c1b1f"),
        );
    }
    out
}

pub(super) fn dot(report: &Report, language: Language) -> String {
    let mut out = String::from(
        "digraph status {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", \
         fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n",
    );
    for (number, instance) in report.instances.iter().enumerate() {
        let title = dot_text(&visible::line(&instance.title()));
        add(&mut out, &format!("  subgraph cluster_{number} {{"));
        add(&mut out, &format!("    label=\"{title}\";"));
        let hops = hops(instance);
        for hop in &hops {
            let lines: Vec<String> = lines(hop, instance, &report.rows, language)
                .iter()
                .map(|line| dot_text(line))
                .collect();
            let style = urgency(hop, &report.rows).map_or_else(String::new, |urgency| {
                let (border, ground) = colours(urgency);
                format!(", color=\"{border}\", fillcolor=\"{ground}\"")
            });
            let (id, text) = (hop.id, lines.join("\\n"));
            add(
                &mut out,
                &format!("    i{number}{id} [label=\"{text}\"{style}];"),
            );
        }
        for pair in hops.windows(2) {
            let (from, to) = (pair[0].id, pair[1].id);
            let label = pair[1].leg.map_or_else(String::new, |leg| {
                format!(" [label=\"{}\"]", language.arrow(leg))
            });
            add(
                &mut out,
                &format!("    i{number}{from} -> i{number}{to}{label};"),
            );
        }
        add(&mut out, "  }");
    }
    out.push_str("}\n");
    out
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn add(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}
