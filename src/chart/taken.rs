//! What each major version of the chart takes as values.
//!
//! `values.txt` holds it in short; `.ci/schemas/values` writes it from the charts, and says how it is to be read.

use super::ChartMajor;
use crate::fault::did_you_mean;
use crate::schema::{Field, Shape, ShortSchema};
use crate::yaml::{At, Node, Value};
use std::sync::LazyLock;

static VALUES: LazyLock<ShortSchema> =
    LazyLock::new(|| ShortSchema::parse(include_str!("values.txt")));

/// The first chart, whose number in `values.txt` is 0.
const FIRST: u8 = 20;
/// From here on the chart's schema names every key; before, some were only in its templates.
const COMPLETE: u8 = 38;
/// From here on the chart has a schema, which refuses values of another type.
const TYPED: u8 = 31;

/// A value that a chart does not take.
pub(crate) struct Untaken<'n> {
    /// Its path, with dots.
    pub(crate) field: String,
    /// Where its key stands.
    pub(crate) at: At,
    /// Its value.
    pub(crate) node: &'n Node,
    /// Why.
    pub(crate) why: Why,
    /// Whether the chart refuses it, and does not only ignore it.
    pub(crate) is_refused: bool,
}

/// Why a chart does not take a value.
pub(crate) enum Why {
    /// It does not have the key; one that it has may be meant.
    Key(Option<&'static str>),
    /// The value must be something else.
    Type(&'static str),
    /// The value is not one of these.
    Values(Vec<&'static str>),
}

/// Returns what a chart does not take of values; a key that is null is left out by Helm.
pub(crate) fn untaken(values: &Node, chart: ChartMajor) -> Vec<Untaken<'_>> {
    let mut found = Vec::new();
    if let Some(top) = VALUES.top() {
        let walk = Walk {
            number: usize::from(chart.number() - FIRST),
            chart: chart.number(),
        };
        walk.level(values, top, "", &mut found);
    }
    found
}

/// Returns whether a chart refuses what it does not know beside the key at a path.
pub(crate) fn refuses_others(path: &[&str], chart: ChartMajor) -> bool {
    let number = usize::from(chart.number() - FIRST);
    let (_, above) = path.split_last().unwrap_or((&"", &[]));
    let level = above.iter().try_fold(VALUES.top(), |field, step| {
        Some(field.and_then(|field| child(field, step)))
    });
    level
        .flatten()
        .is_some_and(|level| level.is_closed_in(number))
}

/// Returns the key below another, by its name or one that stands for any.
fn child(field: Field, name: &str) -> Option<Field> {
    let mut below = field.children();
    below.find(|child| child.name == name || child.name == "*")
}

struct Walk {
    number: usize,
    chart: u8,
}

impl Walk {
    fn level<'n>(&self, node: &'n Node, level: Field, path: &str, found: &mut Vec<Untaken<'n>>) {
        for (key, value) in node.entries() {
            if value.value == Value::Null {
                continue;
            }
            let dot = if path.is_empty() { "" } else { "." };
            let field = format!("{path}{dot}{}", key.text);
            let add = |why, is_refused| Untaken {
                field: field.clone(),
                at: key.at,
                node: value,
                why,
                is_refused,
            };
            let known = child(level, &key.text);
            if let Some(known) = known.filter(|known| known.is_in(self.number)) {
                match self.of_other_type(value, known) {
                    Some(why) => found.push(add(why, true)),
                    None if known.shape == Shape::Object => self.level(value, known, &field, found),
                    None => {}
                }
                continue;
            }
            let here = level.children().filter(|child| child.is_in(self.number));
            let names = here.map(|child| child.name).filter(|name| *name != "*");
            let names: Vec<&str> = names.collect();
            let meant = did_you_mean(&key.text, names.iter().copied());
            let is_refused = level.is_closed_in(self.number);
            // A key at the top may be an anchor for others, and one that no chart has may be read by a template.
            let is_sure =
                known.is_some() || self.chart >= COMPLETE && !path.is_empty() && !names.is_empty();
            if is_refused || is_sure || meant.is_some() {
                found.push(add(Why::Key(meant), is_refused));
            }
        }
    }

    fn of_other_type(&self, node: &Node, field: Field) -> Option<Why> {
        if self.chart < TYPED {
            return None;
        }
        let is_of_type = match (&node.value, field.shape) {
            (_, Shape::Any) | (Value::Null, _) => true,
            (Value::Map(_), shape) => matches!(shape, Shape::Object | Shape::Map(_)),
            (Value::List(_), shape) => matches!(shape, Shape::List(_)),
            (Value::Bool(_), shape) => shape == Shape::Boolean,
            (Value::Int(_), shape) => {
                matches!(shape, Shape::Integer | Shape::Number | Shape::IntOrString)
            }
            (Value::Float(_), shape) => shape == Shape::Number,
            (Value::Text(_), shape) => matches!(shape, Shape::String | Shape::IntOrString),
            // Other readers take it for something else.
            (Value::Ambiguous(_), shape) => !matches!(shape, Shape::Object | Shape::List(_)),
        };
        if !is_of_type {
            return Some(Why::Type(field.shape.name()));
        }
        let text = node.text()?;
        let mut values = field.values().peekable();
        let is_counted = values.peek().is_some();
        let values: Vec<&str> = values.collect();
        (is_counted && !values.contains(&text)).then_some(Why::Values(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn said(chart: &str, text: &str) -> Vec<(String, bool)> {
        let values = yaml::read(text, "-").unwrap();
        let chart = ChartMajor::parse(chart).unwrap();
        let found = untaken(&values, chart).into_iter();
        found.map(|one| (one.field, one.is_refused)).collect()
    }

    #[test]
    fn a_key_is_refused_ignored_or_taken_by_each_chart() {
        let endpoint =
            "providers: {kubernetesIngress: {ingressEndpoint: {useDefaultPublishedService: true}}}";
        let name = "ports: {postgres: {name: postgres, port: 5432}}";
        let policy = "service: {externalTrafficPolicy: Local}";
        for (chart, text, expected) in [
            ("41", endpoint, Some(true)),
            ("41", name, Some(true)),
            ("39", name, Some(true)),
            ("38", name, Some(true)),
            ("41", policy, Some(false)),
            (
                "41",
                "service: {spec: {externalTrafficPolicy: Local}}",
                None,
            ),
            ("41", "service: {type: NodePort}", Some(false)),
            ("39", "service: {type: NodePort}", None),
            ("41", "ports: {web: {port: '8000'}}", Some(true)),
            ("41", "log: {level: debug}", Some(true)),
            ("41", "log: {level: DEBUG}", None),
            (
                "38",
                "ingressRoute: {dashboard: {enabled: yes please}}",
                Some(true),
            ),
            (
                "41",
                "podSecurityContext: {whatever: 1}\nglobal: {mine: 1}",
                None,
            ),
            ("41", "ports: {web: null}\nlogs: null", None),
            ("25", "anchors: {mine: 1}", None),
            ("25", "deploymentt: {kind: DaemonSet}", Some(false)),
        ] {
            let found = said(chart, text);
            let first = found.first().map(|(_, is_refused)| *is_refused);
            assert_eq!(first, expected, "{chart}: {text}: {found:?}");
        }
    }

    #[test]
    fn each_chart_takes_what_is_rendered_for_it() {
        for chart in ChartMajor::all() {
            let request = crate::chart::ValuesRequest::for_chart(chart);
            let text = crate::chart::render(&request, &crate::template::Templates::default());
            let found = said(&chart.to_string(), &text.unwrap());
            assert!(found.is_empty(), "chart {chart}: {found:?}");
        }
    }
}
