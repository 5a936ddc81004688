//! Connections between Traefik and httpd: how many wait, and how long one is kept.

use super::rules::{CI706, CI710, CI711};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};

/// Apache's default for `KeepAliveTimeout`, in seconds.
const KEEP_ALIVE: u64 = 5;

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for object in model.of(Class::ConfigMap) {
        backlog(object, findings);
    }
    for object in model.of(Class::ServersTransport) {
        idle(object, findings);
    }
}

fn backlog(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.at(&["data", "LISTEN_BACKLOG"]) else {
        return;
    };
    let number = node.scalar().and_then(|text| text.parse::<i64>().ok());
    if number.is_none_or(|number| number < 1) {
        let message = "`LISTEN_BACKLOG` is not a number from 1 up";
        findings.push(object.finding(&CI706, node.at, "data.LISTEN_BACKLOG", message));
    }
}

fn idle(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.spec();
    if spec.get("maxIdleConnsPerHost").is_none() {
        let message = "two idle connections are kept";
        findings.push(object.finding(&CI711, spec.at, "spec.maxIdleConnsPerHost", message));
    }
    let node = spec.at_path(&["forwardingTimeouts", "idleConnTimeout"]);
    // 90 seconds is Traefik's default.
    let seconds = node.map_or(Some(90), |node| seconds(&node.scalar()?));
    if seconds.is_some_and(|seconds| seconds >= KEEP_ALIVE) {
        let at = node.map_or(spec.at, |node| node.at);
        let message = "idle connections are kept for 5 seconds or longer";
        findings.push(object.finding(
            &CI710,
            at,
            "spec.forwardingTimeouts.idleConnTimeout",
            message,
        ));
    }
}

/// Returns the whole seconds of a duration with one unit.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "" | "s" => Some(number),
        "ms" => Some(number / 1000),
        "m" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    }
}
