//! What all reports for programs have in common: JSON with a version, the same as YAML, and one JSON Schema.

use crate::visible;
use crate::yaml::{At, Key, Node, Value, tree_text};
use serde::Serialize;

/// The JSON Schema (draft 2020-12) of all reports, a definition for each, as `docs/report.schema.json` has it.
pub const SCHEMA: &str = include_str!("../docs/report.schema.json");

/// Writes a report as indented JSON with a line end, of which nothing steers a terminal or a CI.
///
/// # Panics
/// Never: strings, numbers and booleans can always be written.
#[must_use]
pub fn json(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("plain data can be written");
    text.push('\n');
    visible::json(text)
}

/// Writes a report that [`json()`] has written as YAML, with the same fields in the same order.
///
/// # Panics
/// Where `json` is not JSON.
#[must_use]
pub fn yaml(json: &str) -> String {
    let value: serde_yaml::Value = serde_json::from_str(json).expect("a report is JSON");
    let mut text = String::new();
    tree_text(&node(value), &mut text);
    // Within quotes, for a `#` never stands without; see `visible::json`.
    text.replace("##", "#\\u0023")
}

fn node(value: serde_yaml::Value) -> Node {
    let value = match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(flag) => Value::Bool(flag),
        serde_yaml::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_yaml::Value::String(text) => Value::Text(text),
        serde_yaml::Value::Sequence(items) => Value::List(items.into_iter().map(node).collect()),
        serde_yaml::Value::Mapping(entries) => Value::Map(
            entries
                .into_iter()
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value)))
                .map(|(text, value)| {
                    (
                        Key {
                            text: text.into(),
                            at: At::default(),
                        },
                        node(value),
                    )
                })
                .collect(),
        ),
        serde_yaml::Value::Tagged(tagged) => return node(tagged.value),
    };
    Node {
        value,
        at: At::default(),
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the published file is compared with the types"
)]
mod tests {
    use super::*;
    use schemars::generate::SchemaSettings;
    use schemars::json_schema;

    /// Returns the schema of every report, by the command that prints it.
    fn generated() -> String {
        let mut generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator();
        let reports = [
            generator.subschema_for::<crate::inspect::Document>(),
            generator.subschema_for::<crate::lint::report::Document>(),
            generator.subschema_for::<crate::lint::report::List>(),
            generator.subschema_for::<crate::status::Document>(),
            generator.subschema_for::<crate::probe::report::Document>(),
            generator.subschema_for::<crate::gitops::report::Report>(),
            generator.subschema_for::<crate::gitops::difference::Document>(),
            generator.subschema_for::<crate::topology::Document>(),
            generator.subschema_for::<crate::topology::moving::Document>(),
        ];
        let schema = json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Reports of civi-ingress",
            "description": "`version` changes when a field is removed or changes its meaning; new fields may be added at any time.",
            "anyOf": reports,
            "$defs": generator.take_definitions(true),
        });
        format!(
            "{:#}\n",
            serde_json::to_value(schema).expect("a schema is JSON")
        )
    }

    #[test]
    fn the_published_schema_of_reports_is_that_of_the_types() {
        let text = generated();
        if std::env::var_os("CIVI_INGRESS_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
            return std::fs::write(path, &text).expect("writable");
        }
        assert!(
            text == SCHEMA,
            "docs/report.schema.json is out of date: CIVI_INGRESS_UPDATE=1 cargo test published_schema"
        );
    }

    #[test]
    fn yaml_has_the_fields_of_json_in_their_order() {
        let json = r###"{"version": 1, "b": [], "a": [{"no": "no", "n": -1}, null], "f": 1.5, "t": "##[x]\u001b"}"###;
        let expected = "version: 1\nb: []\na:\n  -\n    \"no\": \"no\"\n    \"n\": -1\n  - null\nf: 1.5\n\
                        t: \"#\\u0023[x]\\u001B\"\n";
        assert_eq!(yaml(json), expected);
    }
}
