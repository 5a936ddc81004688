//! Whether the API server takes an object, by the definition of its kind.
//!
//! `definitions.txt` holds them in short, Traefik's of four releases; `.ci/schemas/definitions` writes it, and says
//! how it is to be read.

mod bounds;
mod core;
mod dead;
mod kinds;
mod retired;
pub(super) mod rules;
mod service;

use crate::fault::did_you_mean;
use crate::lint::facts::servers_transport::is_known;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::{Rule, Severity};
use crate::release::Release;
use crate::schema::{Field, Shape, ShortSchema};
use crate::yaml::{At, Key, Node, Value, is_boolean_word};
use kinds::TRAEFIK;
use rules::{CI311, CI314, CI315, CI316, CI317};
use std::fmt;
use std::sync::LazyLock;

pub(super) const FAMILY: Family = Family {
    number: 3,
    title: "What the definition of a kind takes",
    rules: rules::RULES,
    classes: &[],
    check,
};

/// All kinds.
static KINDS: LazyLock<ShortSchema> =
    LazyLock::new(|| ShortSchema::parse(include_str!("definitions.txt")));

/// The Traefik releases whose definitions are known, in the order of their numbers there.
const RELEASES: [Release; 4] = [
    Release::exactly(2, 11, 53),
    Release::exactly(3, 0, 4),
    Release::exactly(3, 4, 3),
    Release::exactly(3, 7, 9),
];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        let of_traefik = object.is_of_traefik();
        // The definitions of Traefik's older group are those of the present one.
        let group = if of_traefik { TRAEFIK } else { object.group };
        let kind = KINDS.kinds(group).find(|kind| kind.name == object.kind);
        kinds::check(object, kind.is_some(), &mut findings);
        dead::check(object, &mut findings);
        retired::check(object, &mut findings);
        core::check(model, object, &mut findings);
        if of_traefik {
            bounds::check(model, object, &mut findings);
        }
        if of_traefik && kind.is_some() {
            top(object, &mut findings);
        }
        let Some((kind, spec)) = kind.zip(object.node.get("spec")) else {
            continue;
        };
        let release = model.knowledge.release;
        let mut reader = ObjectReader {
            object,
            kind,
            neighbours: neighbours(release),
            of_traefik,
            is_newer: release > Release::line(3, 7),
            release: model.knowledge.is_certain().then_some(release),
            findings: &mut findings,
        };
        reader.value(spec, kind, kind.shape, &FieldPath::Spec);
    }
    findings
}

/// Checks what is beside `spec`, which every definition of Traefik's requires.
fn top(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let spec = object.node.get("spec");
    if spec.is_none_or(|spec| spec.value == Value::Null) {
        findings.push(object.finding(&CI317, object.node.at, "spec", "there is no `spec`"));
    }
    let known = ["apiVersion", "kind", "metadata", "spec"];
    let mut others = object.node.entries().iter();
    let is_known = |key: &str| known.contains(&key) || core::is_of_sops(object.node, key);
    if let Some((key, _)) = others.find(|(key, _)| !is_known(&key.text)) {
        let shown = key.text.escape_debug();
        let message = format!("`{shown}` is not a field");
        findings.push(object.finding(&CI314, key.at, &key.text, message));
    }
}

/// Returns the numbers of the releases next to one: what neither of the two has, nor has it.
fn neighbours(release: Release) -> [usize; 2] {
    let above = RELEASES.iter().position(|known| *known >= release);
    let last = RELEASES.len() - 1;
    let above = above.unwrap_or(last);
    let is_known = RELEASES[above] <= release;
    [
        if is_known {
            above
        } else {
            above.saturating_sub(1)
        },
        above,
    ]
}

/// Where a value stands; written out only where something is wrong with it.
enum FieldPath<'p> {
    Spec,
    Field(&'p FieldPath<'p>, &'p str),
    Item(&'p FieldPath<'p>, usize),
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec => f.write_str("spec"),
            Self::Field(above, name) => write!(f, "{above}.{name}"),
            Self::Item(above, number) => write!(f, "{above}[{number}]"),
        }
    }
}

/// Reads one object with the definition of its kind.
struct ObjectReader<'m, 'a> {
    object: &'m Object<'a>,
    kind: Field,
    neighbours: [usize; 2],
    /// Of others only one version is known, and a field or a value may be of another.
    of_traefik: bool,
    /// Whether the release may have fields that none of ours has.
    is_newer: bool,
    /// The release, if one is given: else a newer one may read the object.
    release: Option<Release>,
    findings: &'m mut Vec<Finding>,
}

impl ObjectReader<'_, '_> {
    fn value(&mut self, node: &Node, field: Field, shape: Shape, path: &FieldPath<'_>) {
        match (shape, &node.value) {
            (Shape::List(inner), Value::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let path = FieldPath::Item(path, index);
                    // In a list it is not as if it were absent.
                    if item.value == Value::Null && inner.shape() != Shape::Any {
                        let message =
                            format!("`{path}` is null, and must be {}", inner.shape().name());
                        self.find(&CI315, item.at, &path, message, None);
                    }
                    self.value(item, field, inner.shape(), &path);
                }
            }
            (Shape::Map(inner), Value::Map(entries)) => {
                for (key, item) in entries {
                    self.value(
                        item,
                        field,
                        inner.shape(),
                        &FieldPath::Field(path, &key.text),
                    );
                }
            }
            (Shape::Object, Value::Map(_)) => self.object(node, field, path),
            (Shape::String, Value::Text(text)) => self.text(text, node.at, field, path),
            (shape, value) if takes(shape, value) => {}
            _ => {
                let found = match &node.value {
                    Value::Ambiguous(_) => "a boolean to kubectl",
                    _ => node.kind(),
                };
                let message = format!("`{path}` is {found}, and must be {}", shape.name());
                self.find(&CI315, node.at, path, message, None);
            }
        }
    }

    fn text(&mut self, text: &str, at: At, field: Field, path: &FieldPath<'_>) {
        let is_counted = field.values().next().is_some();
        if !is_counted || field.values().any(|value| value == text) {
            return;
        }
        let meant = did_you_mean(text, field.values());
        // Another version of others, or another channel, may count more.
        if meant.is_some() || self.of_traefik {
            let values: Vec<String> = field.values().map(|value| format!("`{value}`")).collect();
            let message = format!(
                "`{}` is not one of {}",
                text.escape_debug(),
                values.join(", ")
            );
            self.find(&CI316, at, path, message, meant);
        }
    }

    fn object(&mut self, node: &Node, field: Field, path: &FieldPath<'_>) {
        // Which release brought which of these is known better; see `versions`.
        let is_exact =
            self.object.class == Class::ServersTransport && matches!(path, FieldPath::Spec);
        let mut misspelt = Vec::new();
        for (key, value) in node.entries() {
            let path = FieldPath::Field(path, &key.text);
            match field.children().find(|child| child.name == key.text) {
                Some(child) => {
                    if !is_exact {
                        self.release(child, key.at, &path);
                    }
                    self.value(value, child, child.shape, &path);
                }
                None => misspelt.extend(self.unknown(key, node, field, &path, is_exact)),
            }
        }
        // An older version of others may do without.
        if !self.of_traefik && self.object.api_version().contains("alpha") {
            return;
        }
        for child in field.children().filter(|child| child.is_required) {
            let value = node.get(child.name);
            let is_missing = value.is_none_or(|node| node.value == Value::Null);
            if is_missing && !misspelt.contains(&child.name) {
                let (path, message) = (
                    FieldPath::Field(path, child.name),
                    format!("there is no `{}`", child.name),
                );
                self.find(&CI317, node.at, &path, message, None);
            }
        }
    }

    /// Reports that another release has the field.
    fn release(&mut self, child: Field, at: At, path: &FieldPath<'_>) {
        let Some(release) = self.release.filter(|_| self.of_traefik) else {
            return;
        };
        if self.neighbours.iter().any(|number| child.is_in(*number)) {
            return;
        }
        let other = (0..RELEASES.len()).find(|number| child.is_in(*number));
        let other = other.map_or_else(Release::default, |number| RELEASES[number]);
        let message = format!(
            "Traefik {release} does not have `{}`, but {other} does",
            child.name
        );
        self.find(&CI314, at, path, message, None);
    }

    /// Reports that there is no such field, and returns the one that was probably meant.
    fn unknown(
        &mut self,
        key: &Key,
        node: &Node,
        field: Field,
        path: &FieldPath<'_>,
        is_exact: bool,
    ) -> Option<&'static str> {
        let shown = key.text.escape_debug();
        let names = field.children().map(|child| child.name);
        // Nobody writes a field twice.
        let free = names.filter(|name| node.get(name).is_none());
        let meant = did_you_mean(&key.text, free);
        let is_of_another = !self.of_traefik || self.is_newer || is_exact && is_known(&key.text);
        if meant.is_some() {
            let message = format!("`{shown}` is not a field");
            self.find(&CI311, key.at, path, message, meant);
        } else if !is_of_another {
            let message = format!("`{shown}` is not a field here");
            let mut finding = self
                .object
                .finding(&CI314, key.at, &path.to_string(), message);
            if let Some(elsewhere) = self.kind.only_place_of(&key.text) {
                finding = finding.with_help(format!("Move it to `spec{elsewhere}`."));
            }
            // A release that nobody has told us may be newer than all that we know.
            self.findings.push(match self.release {
                Some(_) => finding,
                None => finding.with_severity(Severity::Warning),
            });
        }
        meant
    }

    fn find(
        &mut self,
        rule: &'static Rule,
        at: At,
        path: &FieldPath<'_>,
        message: String,
        meant: Option<&str>,
    ) {
        let finding = self.object.finding(rule, at, &path.to_string(), message);
        self.findings.push(match meant {
            Some(meant) => finding.with_help(format!("Write `{meant}`.")),
            None => finding,
        });
    }
}

/// Returns whether a value that holds no others is of the type. What is null counts as absent to the API server.
fn takes(shape: Shape, value: &Value) -> bool {
    let is_of_type = match value {
        Value::Null => true,
        Value::Ambiguous(text) if is_boolean_word(text) => shape == Shape::Boolean,
        // Another number to some readers, and of a type to all.
        Value::Ambiguous(_) => !matches!(
            shape,
            Shape::Boolean | Shape::Object | Shape::List(_) | Shape::Map(_)
        ),
        Value::Bool(_) => shape == Shape::Boolean,
        Value::Int(_) => matches!(shape, Shape::Integer | Shape::Number | Shape::IntOrString),
        Value::Float(_) => shape == Shape::Number,
        Value::Text(_) => shape == Shape::IntOrString,
        Value::List(_) | Value::Map(_) => false,
    };
    is_of_type || shape == Shape::Any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_between_those_whose_definitions_are_known() {
        for (release, numbers) in [
            (Release::exactly(2, 9, 0), [0, 0]),
            (Release::line(2, 11), [0, 1]),
            (Release::exactly(3, 0, 4), [1, 1]),
            (Release::exactly(3, 2, 0), [1, 2]),
            (Release::line(3, 7), [3, 3]),
            (Release::line(3, 9), [3, 3]),
        ] {
            assert_eq!(neighbours(release), numbers, "{release}");
        }
    }
}
