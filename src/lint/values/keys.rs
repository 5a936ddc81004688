//! Which chart reads which keys.

use super::file::File;
use super::rules::{CI501, CI502};
use crate::chart::taken::{Why, refuses_others, untaken};
use crate::lint::finding::Finding;
use crate::lint::rule::{Rule, Severity};
use crate::yaml::{At, Node, Value};

/// From this chart on all fields of the Service are below `service.spec`.
const SERVICE_SPEC: u8 = 40;

/// A key that not all charts take: where it stands (`*` for any port), the first and the last chart that read
/// it, and what others read instead.
struct Moved {
    path: &'static [&'static str],
    first: u8,
    last: u8,
    instead: &'static str,
    /// Whether only a value of this kind is meant.
    only: Option<ValueKind>,
    /// The chart before which the key above it is not read either.
    since: u8,
    /// Whether a chart fails on it even before it has a strict schema.
    fails: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Map,
    Text,
    Bool,
}

const fn moved(path: &'static [&'static str], first: u8, last: u8, instead: &'static str) -> Moved {
    Moved {
        path,
        first,
        last,
        instead,
        only: None,
        since: 0,
        fails: false,
    }
}

const fn nested(
    path: &'static [&'static str],
    since: u8,
    first: u8,
    instead: &'static str,
) -> Moved {
    Moved {
        path,
        first,
        last: u8::MAX,
        instead,
        only: None,
        since,
        fails: false,
    }
}

const fn failing(
    path: &'static [&'static str],
    first: u8,
    last: u8,
    instead: &'static str,
    only: ValueKind,
) -> Moved {
    Moved {
        path,
        first,
        last,
        instead,
        only: Some(only),
        since: 0,
        fails: true,
    }
}

static MOVED: [Moved; 18] = [
    moved(
        &["globalArguments"],
        0,
        35,
        "`global.checkNewVersion` and `global.sendAnonymousUsage`",
    ),
    moved(&["logs"], 0, 40, "`log` and `accessLog`"),
    moved(&["log"], 41, 255, "`logs.general`"),
    moved(&["accessLog"], 41, 255, "`logs.access`"),
    moved(&["certResolvers"], 0, 32, "`certificatesResolvers`"),
    moved(&["ports", "*", "tls"], 0, 38, "`http.tls` of the port"),
    moved(
        &["ports", "*", "http"],
        38,
        255,
        "`tls`, `redirections` and `middlewares` of the port",
    ),
    nested(&["ports", "*", "http", "tls"], 38, 39, "`tls` of the port"),
    nested(
        &["ports", "*", "http", "redirections"],
        38,
        39,
        "`redirections` of the port",
    ),
    nested(
        &["ports", "*", "http", "middlewares"],
        38,
        39,
        "`middlewares` of the port",
    ),
    moved(
        &["ports", "*", "redirections"],
        34,
        38,
        "`http.redirections` of the port from 39 on, `redirectTo` before 34",
    ),
    failing(
        &["ports", "*", "redirectTo"],
        0,
        24,
        "`redirectTo.port` from 25 on, `redirections` from 34 on, `http.redirections` from 39 on",
        ValueKind::Text,
    ),
    failing(
        &["ports", "*", "redirectTo"],
        25,
        33,
        "a name as `redirectTo` before 25, `redirections` from 34 on, `http.redirections` from 39 on",
        ValueKind::Map,
    ),
    failing(
        &["ports", "*", "expose"],
        0,
        26,
        "`expose.default`",
        ValueKind::Bool,
    ),
    moved(
        &["ports", "*", "transport", "respondingTimeouts"],
        28,
        255,
        "`additionalArguments`: `--entrypoints.websecure.transport.respondingtimeouts.readtimeout=600s`",
    ),
    moved(&["service", "type"], 0, 39, "`service.spec.type`"),
    moved(
        &["core", "strictTLSOptions"],
        41,
        255,
        "`additionalArguments`",
    ),
    moved(
        &["providers", "kubernetesCRD", "safeNaming"],
        41,
        255,
        "`additionalArguments`",
    ),
];

impl<'a> File<'_, 'a> {
    pub(super) fn keys(&self, findings: &mut Vec<Finding>) {
        let number = self.chart.number();
        let mut said: Vec<String> = Vec::new();
        for moved in &MOVED {
            for (node, at, field) in self.places(moved.path) {
                // A chart leaves out what is null.
                if node.value == Value::Null || moved.only.is_some_and(|kind| kind != kind_of(node))
                {
                    continue;
                }
                if number < moved.since || (moved.first..=moved.last).contains(&number) {
                    continue;
                }
                let is_refused =
                    refuses_others(moved.path, self.chart) || moved.fails && number >= moved.last;
                let (rule, verb) = if is_refused {
                    (&CI501, "refuses")
                } else {
                    (&CI502, "ignores")
                };
                let message = format!("chart {number} {verb} `{field}`");
                let help = format!("Use {}.", moved.instead);
                let finding = self.finding(rule, at, &field, message).with_help(help);
                findings.push(self.settled(finding));
                said.push(field);
            }
        }
        for one in untaken(self.values.node, self.chart) {
            let is_below = |field: &String| {
                let rest = one.field.strip_prefix(field.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            // `proxyProtocol` that trusts nobody is found by what it lacks, and `enabled` beside what it trusts means no harm.
            if said.iter().any(is_below) || one.field.ends_with(".proxyProtocol.enabled") {
                continue;
            }
            let rule: &'static Rule = if one.is_refused { &CI501 } else { &CI502 };
            let shown = one.field.escape_debug();
            let message = match &one.why {
                Why::Key(_) => format!("chart {number} does not have `{shown}`"),
                Why::Type(wanted) => format!(
                    "`{shown}` is {}, and chart {number} wants {wanted}",
                    one.node.kind()
                ),
                Why::Values(values) => format!(
                    "`{shown}` is none of those that chart {number} takes: {}",
                    values.join(", ")
                ),
            };
            let at = match one.why {
                Why::Key(_) => one.at,
                Why::Type(_) | Why::Values(_) => one.node.at,
            };
            let finding = self.settled(self.finding(rule, at, &one.field, message));
            findings.push(match one.why {
                Why::Key(Some(meant)) => finding.with_help(format!("Write `{meant}`.")),
                Why::Key(None) if one.field.starts_with("service.") && number >= SERVICE_SPEC => {
                    finding.with_help("Move it below `service.spec`.")
                }
                _ => finding,
            });
        }
    }

    /// Makes a finding milder where the chart is assumed: another one may take the key.
    fn settled(&self, finding: Finding) -> Finding {
        if !self.is_assumed {
            return finding;
        }
        let chart = self.chart;
        let severity = if finding.rule == &CI501 {
            Severity::Warning
        } else {
            Severity::Info
        };
        let message = format!("{} (chart {chart} is assumed)", finding.message);
        Finding {
            message,
            ..finding.with_severity(severity)
        }
    }

    /// Returns the values at a path, each with the place of its key.
    fn places(&self, path: &[&str]) -> Vec<(&'a Node, At, String)> {
        let mut found = vec![(self.values.node, self.values.node.at, String::new())];
        for step in path {
            found = found
                .into_iter()
                .flat_map(|(node, _, field)| {
                    node.entries()
                        .iter()
                        .filter(|(key, _)| *step == "*" || key.text == *step)
                        .map(move |(key, node)| {
                            let dot = if field.is_empty() { "" } else { "." };
                            (node, key.at, format!("{field}{dot}{}", key.text))
                        })
                })
                .collect();
        }
        found
    }
}

fn kind_of(node: &Node) -> ValueKind {
    match node.value {
        Value::Map(_) => ValueKind::Map,
        Value::Bool(_) => ValueKind::Bool,
        _ => ValueKind::Text,
    }
}
