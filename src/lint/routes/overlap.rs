//! Routes of different namespaces that answer for one host by different rules.
//!
//! Without a `priority` Traefik tries the longest rule first (`pkg/muxer/http`, `GetRulePriority`: the length of
//! the text).

use super::rules::{CI236, CI237};
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::may_be_same;
use std::collections::BTreeMap;

pub(super) fn check(rules: &[Rule<'_, '_>], findings: &mut Vec<Finding>) {
    let plain: Vec<&Rule<'_, '_>> = rules.iter().filter(|rule| is_of_hosts(rule)).collect();
    let mut by_host: BTreeMap<&str, &Rule<'_, '_>> = BTreeMap::new();
    for rule in &plain {
        // Two rules are compared once, however many hosts they share.
        let mut compared: Option<(&Rule<'_, '_>, bool)> = None;
        for host in &rule.hosts {
            let first = *by_host.entry(host).or_insert(rule);
            let is_rival = match compared {
                Some((other, is_rival)) if std::ptr::eq(other, first) => is_rival,
                _ => are_rivals(first, rule) && !are_same(first, rule),
            };
            compared = Some((first, is_rival));
            if !is_rival {
                continue;
            }
            let (winner, loser) = if text(first).len() >= text(rule).len() {
                (first, *rule)
            } else {
                (*rule, first)
            };
            let why = if text(winner).len() == text(loser).len() {
                "is as long"
            } else {
                "is longer"
            };
            let (object, other) = (loser.object, winner.object);
            let (host, other) = (host.escape_debug(), other.shown());
            let message = format!("{other} answers for `{host}` too, and its rule {why}");
            findings.push(object.finding(&CI236, loser.route.match_at, &loser.field(), message));
        }
    }
    // The hosts of each domain, for expressions that take all of them.
    let mut by_domain: BTreeMap<&str, Vec<(&str, &Rule<'_, '_>)>> = BTreeMap::new();
    for (host, rule) in &by_host {
        if let Some((_, domain)) = host.split_once('.') {
            by_domain.entry(domain).or_default().push((host, rule));
        }
    }
    for rule in rules {
        let Some(domain) = domain_of(rule) else {
            continue;
        };
        let rivals = by_domain.get(domain.as_str()).into_iter().flatten();
        let beaten: Vec<_> = rivals
            .filter(|(_, other)| text(other).len() < text(rule).len() && are_rivals(rule, other))
            .collect();
        if let Some((host, other)) = beaten.first() {
            let more = match beaten.len() {
                1 => String::new(),
                count => format!(", and {} more hosts", count - 1),
            };
            let message = format!(
                "this rule is longer than that of `{}` in {}{more}",
                host.escape_debug(),
                other.object.shown()
            );
            findings.push(
                rule.object
                    .finding(&CI237, rule.route.match_at, &rule.field(), message),
            );
        }
    }
}

fn text<'m>(rule: &Rule<'m, '_>) -> &'m str {
    &rule.route.text
}

/// Returns whether two rules are the same but for white space, which CI217 finds.
fn are_same(one: &Rule<'_, '_>, other: &Rule<'_, '_>) -> bool {
    let words = |rule| text(rule).split_whitespace().flat_map(str::chars);
    words(one).eq(words(other))
}

fn has_no_priority(rule: &Rule<'_, '_>) -> bool {
    rule.route.priority.is_none()
}

/// Returns whether a rule names hosts and nothing else.
fn is_of_hosts(rule: &Rule<'_, '_>) -> bool {
    !rule.hosts.is_empty()
        && rule.matchers.iter().all(|matcher| matcher.name == "Host")
        && !text(rule).contains(['&', '!'])
        && has_no_priority(rule)
}

/// Returns whether two routes of different namespaces meet on an entry point, with TLS or without.
fn are_rivals(one: &Rule<'_, '_>, other: &Rule<'_, '_>) -> bool {
    !may_be_same(one.object.namespace, other.object.namespace)
        && one.spec.tls.is_some() == other.spec.tls.is_some()
        && one.spec.meets(other.spec)
}

/// Returns the domain of a rule that is one expression for all hosts directly under it.
fn domain_of(rule: &Rule<'_, '_>) -> Option<String> {
    let [matcher] = &rule.matchers[..] else {
        return None;
    };
    let [expression] = &matcher.arguments[..] else {
        return None;
    };
    let is_alone = matcher.name == "HostRegexp" && !text(rule).contains('!');
    if !is_alone || !has_no_priority(rule) {
        return None;
    }
    domain_of_expression(expression)
}

/// Reads expressions such as `^.+\.example\.org$`; others are not understood.
fn domain_of_expression(expression: &str) -> Option<String> {
    /// What stands for any one label.
    const ANY: [&str; 10] = [
        ".+",
        ".*",
        "[^.]+",
        "[^\\.]+",
        "\\w+",
        "[a-z]+",
        "[a-z0-9]+",
        "[a-z0-9-]+",
        "[a-zA-Z0-9-]+",
        "[-a-z0-9]+",
    ];
    let inside = expression.strip_prefix('^').unwrap_or(expression);
    let inside = inside.strip_suffix('$')?;
    let domain = ANY.iter().find_map(|any| {
        let rest = inside.strip_prefix(any)?;
        rest.strip_prefix("\\.")
            .or_else(|| rest.strip_prefix("[.]"))
    })?;
    let domain = domain
        .replace("\\.", ".")
        .replace("[.]", ".")
        .replace("\\-", "-");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    domain.chars().all(is_plain).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_for_all_hosts_of_a_domain_are_understood_and_others_are_left_alone() {
        for (expression, expected) in [
            (r"^.+\.example\.org$", Some("example.org")),
            (r"^[a-z0-9-]+\.example\.org$", Some("example.org")),
            (r"[^.]+[.]a-b[.]org$", Some("a-b.org")),
            (r"^.+\.example\.org", None),
            (r"^(a|b)\.example\.org$", None),
            (r"^.+\.example.(org|com)$", None),
        ] {
            assert_eq!(
                domain_of_expression(expression).as_deref(),
                expected,
                "{expression}"
            );
        }
    }
}
