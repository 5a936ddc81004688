//! TOML in: a tree that knows where each value stands, of the same form as that of YAML.

use crate::fault::{self, Fault};
use crate::yaml::{At, Key, Node, Value};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use std::cell::Cell;
use std::ops::Range;

/// Largest file taken, in bytes: a hundred times what a person writes.
const LIMIT: usize = 1 << 18;

/// Reads a text.
///
/// # Errors
/// Every place at which it is not TOML, and every date, which has no counterpart in a tree; a text that is too long.
pub(crate) fn read(text: &str, file: &str) -> Result<Node, Vec<Fault>> {
    if text.len() > LIMIT {
        let fault = Fault::new(format!("there are more than {LIMIT} bytes"));
        return Err(vec![fault.file(file)]);
    }
    let mut reading = Reading {
        text,
        file,
        starts: std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect(),
        last: Cell::new((0, 1)),
        faults: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        reading.refuse(
            &span,
            format!("this is not TOML: {}", error.message()),
            None,
        );
    }
    let node = Node {
        value: reading.table(table.into_inner()),
        at: At { line: 1, column: 1 },
    };
    if reading.faults.is_empty() {
        Ok(node)
    } else {
        Err(fault::with_source(reading.faults, text))
    }
}

struct Reading<'a> {
    text: &'a str,
    file: &'a str,
    /// The offsets at which lines begin.
    starts: Vec<usize>,
    /// Offset and column of the place that was looked at last: most are looked at in their order, all on one line perhaps.
    last: Cell<(usize, usize)>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn at(&self, span: &Range<usize>) -> At {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let start = self.starts[line - 1];
        let (from, column) = match self.last.get() {
            (last, column) if (start..=span.start).contains(&last) => (last, column),
            _ => (start, 1),
        };
        let between = self.text.get(from..span.start).unwrap_or_default();
        let column = column + between.chars().count();
        self.last.set((span.start, column));
        At::new(line, column)
    }

    fn refuse(&mut self, span: &Range<usize>, what: String, help: Option<&str>) {
        let fault = Fault::new(what).at(self.at(span).place(self.file));
        let fault = match help {
            Some(help) => fault.help(help),
            None => fault,
        };
        self.faults.push(fault);
    }

    fn table(&mut self, table: DeTable<'_>) -> Value {
        let entries = table.into_iter().map(|(key, value)| {
            let key = Key {
                at: self.at(&key.span()),
                text: key.into_inner().into_owned().into(),
            };
            (key, self.node(value))
        });
        Value::Map(entries.collect())
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>) -> Node {
        let span = value.span();
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Boolean(flag) => Value::Bool(flag),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Int(number),
                    Err(_) => Value::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
                }
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Datetime(_) => {
                let help = "put it in quotes if it is meant as text";
                self.refuse(&span, "no key takes a date".to_owned(), Some(help));
                Value::Null
            }
            DeValue::Array(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => self.table(table),
        };
        Node {
            value,
            at: self.at(&span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_its_place_in_lines_and_characters() {
        let node = read(
            "\"é\" = \"ü\"\n[a]\n  b = [1, 0x1f, 2.5, true]\n[[c]]\nd.e = 'x'\n",
            "f",
        );
        let node = node.unwrap();
        let at = |path: &[&str]| node.at_path(path).unwrap().at;
        assert_eq!(at(&["é"]), At { line: 1, column: 7 });
        assert_eq!(at(&["a", "b"]), At { line: 3, column: 7 });
        let items = node.at_path(&["a", "b"]).unwrap().items();
        let values: Vec<&Value> = items.iter().map(|item| &item.value).collect();
        let expected = [
            Value::Int(1),
            Value::Int(31),
            Value::Float(2.5),
            Value::Bool(true),
        ];
        assert_eq!(values, expected.iter().collect::<Vec<_>>());
        let nested = node.get("c").unwrap().items()[0].at_path(&["d", "e"]);
        assert_eq!(nested.unwrap().at, At { line: 5, column: 7 });
        let Value::Map(entries) = &node.value else {
            panic!("a mapping");
        };
        let place = entries
            .iter()
            .find(|(key, _)| key.text == "a")
            .unwrap()
            .0
            .at;
        assert_eq!(place, At { line: 2, column: 2 });
    }

    #[test]
    fn all_places_at_which_a_text_is_not_toml_are_named() {
        let faults = read("a = \nb = 1\nb = 2\nc = 2026-11-30\nd = [1,\n", "f.toml").unwrap_err();
        let places: Vec<String> = faults
            .iter()
            .map(|fault| fault.place.as_ref().unwrap().to_string())
            .collect();
        assert!(places.len() >= 3, "{places:?}");
        for place in ["f.toml:1:5", "f.toml:3:1", "f.toml:4:5"] {
            assert!(places.contains(&place.to_owned()), "{places:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        let long = format!("a = \"{}\"", "x".repeat(LIMIT));
        assert_eq!(read(&long, "f").unwrap_err().len(), 1);
        let deep = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(!read(&deep, "f").unwrap_err().is_empty());
        let wide = read("a = 99999999999999999999", "f").unwrap();
        assert_eq!(wide.get("a").unwrap().value, Value::Float(1e20));
    }
}
