//! A second reader of what leaves: two programs that share no line must find the same in it.
//!
//! Ours reads with `granit-parser`; the other is `serde_yaml`, a translation of libyaml, as is the reader of `kubectl`,
//! `sops` and the controllers (go.yaml.in/yaml). It reads only what this program has just written, never input: of two
//! equal keys it takes the last where it fills a type, and its aliases have no bound.

use super::{Node, Value, read_all};
use crate::fault::Fault;
use serde::de::Deserialize as _;

/// Reads a text by both readers and holds what they find against each other; gives its documents.
///
/// # Errors
/// A text that either does not read, or that they read differently; without any value.
pub fn agree(text: &str, file: &str) -> Result<Vec<Node>, Fault> {
    let ours = read_all(text, file).map_err(|mut faults| faults.swap_remove(0))?;
    // The other one's message may repeat a value.
    let theirs: Result<Vec<serde_yaml::Value>, _> = serde_yaml::Deserializer::from_str(text)
        .map(serde_yaml::Value::deserialize)
        .collect();
    let theirs = theirs.unwrap_or_default();
    let theirs: Vec<&serde_yaml::Value> = theirs.iter().filter(|value| !value.is_null()).collect();
    let is_same = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|(ours, theirs)| same(ours, theirs));
    if is_same {
        return Ok(ours);
    }
    Err(Fault::new("two YAML readers disagree about its content").file(file))
}

fn same(ours: &Node, theirs: &serde_yaml::Value) -> bool {
    match &ours.value {
        Value::Null => theirs.is_null(),
        Value::Bool(flag) => theirs.as_bool() == Some(*flag),
        Value::Int(number) => theirs.as_i64() == Some(*number),
        Value::Float(number) => theirs.as_f64() == Some(*number),
        Value::Text(text) => theirs.as_str() == Some(text),
        // What readers take differently is never written.
        Value::Ambiguous(_) => false,
        Value::List(items) => theirs.as_sequence().is_some_and(|other| {
            items.len() == other.len() && items.iter().zip(other).all(|(a, b)| same(a, b))
        }),
        Value::Map(entries) => theirs.as_mapping().is_some_and(|other| {
            entries.len() == other.len()
                && entries.iter().all(|(key, node)| {
                    let found = other.get(key.text.as_str());
                    found.is_some_and(|other| same(node, other))
                })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_both_read_alike_pass() {
        for text in [
            "",
            "a: b\n",
            "---\na: {b: [1, true, \"no\"]}\n---\nc: |\n  d\n",
        ] {
            agree(text, "f").expect(text);
        }
    }

    #[test]
    fn what_readers_take_differently_is_named_without_its_value() {
        for text in ["a: 1\na: 2\n", "a: no\n", "a: 0o17\nb: 017\n", "a: [\n"] {
            let fault = agree(text, "f").expect_err(text);
            assert!(!fault.what.contains("017"), "{}", fault.what);
        }
    }
}
