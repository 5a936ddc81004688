//! Bounds of values in Traefik's definitions: numbers, and forms of texts.
//!
//! `bounds.txt` holds them by release; `.ci/schemas/definitions` writes it.

use super::neighbours;
use super::rules::CI319;
use crate::lint::facts::durations::is_duration;
use crate::lint::finding::Finding;
use crate::lint::model::{Model, Object};
use crate::yaml::{Node, Value};
use std::sync::LazyLock;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| parse(include_str!("bounds.txt")));

/// The bounds of a kind.
struct Kind {
    name: &'static str,
    bounds: Vec<Bound>,
}

/// What some releases ask of a field.
struct Bound {
    /// Such as `spec.routes[].priority`.
    path: &'static str,
    asked: Asked,
    /// The numbers of the releases, in digits.
    releases: &'static str,
}

#[derive(Clone, Copy)]
enum Asked {
    AtLeast(i64),
    AtMost(i64),
    /// Whole numbers with units, if it is a text.
    Duration,
    /// Status codes and ranges of them.
    Statuses,
    /// A text that begins with `/`.
    Absolute,
    /// One of these, with `|` between them.
    OneOf(&'static str),
}

fn parse(text: &'static str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for line in text.lines() {
        let Some(line) = line.strip_prefix(' ') else {
            let bounds = Vec::new();
            kinds.push(Kind { name: line, bounds });
            continue;
        };
        let words: Vec<&str> = line.split(' ').collect();
        let number = |text: &str| text.parse().expect("bounds.txt: a number");
        let (path, asked, releases) = match words.as_slice() {
            [path, ">=", least, releases] => (path, Asked::AtLeast(number(least)), releases),
            [path, "<=", most, releases] => (path, Asked::AtMost(number(most)), releases),
            [path, "in", values, releases] => (path, Asked::OneOf(values), releases),
            [path, "duration", releases] => (path, Asked::Duration, releases),
            [path, "statuses", releases] => (path, Asked::Statuses, releases),
            [path, "absolute", releases] => (path, Asked::Absolute, releases),
            _ => panic!("bounds.txt: `{line}`"),
        };
        let kind = kinds.last_mut().expect("bounds.txt: a kind comes first");
        kind.bounds.push(Bound {
            path,
            asked,
            releases: releases.trim_start_matches('@'),
        });
    }
    kinds
}

impl Bound {
    /// Returns whether the release with this number asks for it.
    fn is_in(&self, number: usize) -> bool {
        let digit = |byte: u8| usize::from(byte - b'0') == number;
        self.releases.bytes().any(digit)
    }
}

impl Asked {
    /// Returns what is wrong with a value; its type is checked in `super`.
    fn refuses(self, value: &Value) -> Option<String> {
        let text = match value {
            Value::Text(text) | Value::Ambiguous(text) => text.as_str(),
            Value::Int(number) => {
                return match self {
                    Self::AtLeast(least) if *number < least => {
                        Some(format!("`{number}` is less than {least}"))
                    }
                    Self::AtMost(most) if *number > most => {
                        Some(format!("`{number}` is more than {most}"))
                    }
                    _ => None,
                };
            }
            _ => return None,
        };
        let (is_taken, wanted) = match self {
            Self::AtLeast(_) | Self::AtMost(_) => return None,
            Self::Duration => (
                is_duration(text),
                "is not a duration of whole numbers with units",
            ),
            Self::Statuses => (
                is_statuses(text),
                "is neither a status code nor a range of them",
            ),
            Self::Absolute => (text.starts_with('/'), "does not begin with `/`"),
            Self::OneOf(values) => (
                values.split('|').any(|value| value == text),
                "is not one of the values that the definition lists",
            ),
        };
        (!is_taken).then(|| format!("`{}` {wanted}", text.escape_debug()))
    }
}

/// `^([1-5][0-9]{2}[,-]?)+$`, the pattern of the definition.
fn is_statuses(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [
                b'1'..=b'5',
                b'0'..=b'9',
                b'0'..=b'9',
                b',' | b'-',
                rest @ ..,
            ]
            | [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', rest @ ..] => rest,
            _ => return false,
        };
        if rest.is_empty() {
            return true;
        }
    }
}

/// Finds values that both releases next to the one that reads the object refuse.
pub(super) fn check(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == object.kind) else {
        return;
    };
    let neighbours = neighbours(model.knowledge.release);
    let mut from = 0;
    while let Some(first) = kind.bounds.get(from) {
        let of_field = kind.bounds[from..].iter();
        let of_field = of_field.take_while(|bound| bound.path == first.path);
        let bounds = &kind.bounds[from..from + of_field.count()];
        from += bounds.len();
        // Of the durations of a ServersTransport CI306 speaks, and of priorities CI254, for every release.
        if first.path.starts_with("spec.forwardingTimeouts.")
            || first.path == "spec.routes[].priority"
        {
            continue;
        }
        let refuses = |number: usize, value: &Value| {
            let mut asked = bounds.iter().filter(|bound| bound.is_in(number));
            asked.find_map(|bound| bound.asked.refuses(value))
        };
        let steps: Vec<&str> = first.path.split('.').skip(1).collect();
        let mut found = |node: &Node, field: String| {
            let mut why = neighbours.map(|number| refuses(number, &node.value));
            if let (true, Some(why)) = (why.iter().all(Option::is_some), why[1].take()) {
                findings.push(object.finding(&CI319, node.at, &field, why));
            }
        };
        each(object.spec(), &steps, "spec".to_owned(), &mut found);
    }
}

/// Calls for each value at the end of a path, and its field.
fn each(node: &Node, steps: &[&str], field: String, found: &mut impl FnMut(&Node, String)) {
    let Some((step, rest)) = steps.split_first() else {
        return found(node, field);
    };
    let (name, is_list) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (*step, false),
    };
    let Some(node) = node.get(name) else { return };
    let field = format!("{field}.{name}");
    if !is_list {
        return each(node, rest, field, found);
    }
    for (index, item) in node.items().iter().enumerate() {
        each(item, rest, format!("{field}[{index}]"), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_be_read_and_fields_stand_together() {
        for kind in KINDS.iter() {
            assert!(!kind.bounds.is_empty(), "{}", kind.name);
            let paths: Vec<&str> = kind.bounds.iter().map(|bound| bound.path).collect();
            assert!(paths.is_sorted(), "{}", kind.name);
        }
    }

    #[test]
    fn status_codes_are_those_of_the_pattern() {
        for (text, is) in [
            ("500", true),
            ("500-599", true),
            ("500,502-504", true),
            ("500500", true),
            ("500-", true),
            ("600", false),
            ("50", false),
            ("", false),
            ("500--599", false),
            ("x", false),
        ] {
            assert_eq!(is_statuses(text), is, "{text}");
        }
    }
}
