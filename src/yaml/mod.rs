//! YAML in and out: [`read`](fn@read) gives a tree that knows where each value stands, [`scalar`] writes one
//! value, [`outline`] reads our own output back, [`tree`] reads a file all of whose faults are to be known, [`stream`]
//! reads manifests, [`budget`] says what any of them may cost, and [`second_reader`] reads what
//! leaves once more.

pub mod budget;
pub mod encoding;
pub mod outline;
pub mod scalar;
pub mod second_reader;
pub mod stream;
pub mod tree;
mod word;

use crate::fault::{Fault, Place};
use budget::Budget;
use std::fmt::Write as _;

pub use word::Word;

/// Largest values file taken, in bytes: a hundred times the chart's own.
pub const VALUES_LIMIT: usize = 4 << 20;
/// Largest stream of manifests taken, in bytes: the objects of some 15,000 instances.
pub const MANIFESTS_LIMIT: usize = 128 << 20;

/// A value and its place in the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place; line and column are 0 for a value that was not read from a file.
    pub at: At,
}

/// A position in a source, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What is at a place in a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A plain `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or exponent, or too large for [`Value::Int`].
    Float(f64),
    /// A string.
    Text(String),
    /// A plain scalar that YAML 1.1 and 1.2 readers take for different values (`on`, `017`, `1_000`, `12:30`).
    Ambiguous(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the source.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: Word,
    /// Its place.
    pub at: At,
}

impl At {
    /// Returns the position of a line and a column; of what is beyond all that is read the last one.
    #[must_use]
    pub fn new(line: impl TryInto<u32>, column: impl TryInto<u32>) -> Self {
        Self {
            line: line.try_into().unwrap_or(u32::MAX),
            column: column.try_into().unwrap_or(u32::MAX),
        }
    }

    /// Returns the place in `file`.
    #[must_use]
    pub fn place(self, file: &str) -> Place {
        if self.line == 0 {
            return Place::File(file.to_owned());
        }
        Place::Position {
            file: file.to_owned(),
            line: self.line.into(),
            column: self.column.into(),
        }
    }
}

impl Node {
    /// Looks up `key` in a mapping; nothing if this is not a mapping or has no such key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(k, _)| k.text == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Looks up `key` in a mapping, to change its value.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let mut entries = self.entries_mut().iter_mut();
        let (_, node) = entries.find(|(k, _)| k.text == key)?;
        Some(node)
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items of a sequence; none if this is not a sequence.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the items of a sequence, to change them.
    #[must_use]
    pub fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.value {
            Value::List(items) => items,
            _ => &mut [],
        }
    }

    /// Returns the entries of a mapping, to change their values.
    #[must_use]
    pub fn entries_mut(&mut self) -> &mut [(Key, Self)] {
        match &mut self.value {
            Value::Map(entries) => entries,
            _ => &mut [],
        }
    }

    /// Returns the entries of a mapping; none if this is not a mapping.
    #[must_use]
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Looks up a path of keys, each in the mapping that the one before leads to.
    #[must_use]
    pub fn at_path(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of the string under `key`.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Returns the items of the sequence under `key`; none if there is no such sequence.
    #[must_use]
    pub fn items_of(&self, key: &str) -> &[Self] {
        self.get(key).map(Self::items).unwrap_or_default()
    }

    /// Returns a scalar as text, numbers and booleans included.
    #[must_use]
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Ambiguous(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Returns whether the value under `key` is the boolean `true`.
    #[must_use]
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|node| node.value == Value::Bool(true))
    }

    /// Returns whether this is `true`, as a boolean or, in any case, as a string.
    #[must_use]
    pub fn says_true(&self) -> bool {
        match &self.value {
            Value::Bool(value) => *value,
            Value::Text(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// Describes what kind of value this is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::Ambiguous(_) => "an ambiguous value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads one document; an empty text holds nothing.
///
/// # Errors
/// The first fault of [`stream::read`], or a second document, with its place.
pub fn read(text: &str, file: &str) -> Result<Node, Fault> {
    too_large(text, file, VALUES_LIMIT)?;
    let whole = stream::Cut {
        text,
        lines_before: 0,
    };
    let budget = Budget::of_settings(text.len());
    let documents = stream::read(whole, &budget).map_err(|broken| broken.fault(file))?;
    if let Some(second) = documents.get(1) {
        return Err(Fault::new("there is more than one document")
            .help("keep one; `---` begins a new one")
            .at(second.at.place(file)));
    }
    Ok(documents.into_iter().next().unwrap_or(Node {
        value: Value::Null,
        at: At { line: 1, column: 1 },
    }))
}

/// Reads a stream of manifests; empty documents are left out.
///
/// # Errors
/// A stream that is too long, aliases that stand for too much, or all documents that cannot be read, as
/// [`stream::read`] says.
pub fn read_all(text: &str, file: &str) -> Result<Vec<Node>, Vec<Fault>> {
    too_large(text, file, MANIFESTS_LIMIT).map_err(|fault| vec![fault])?;
    let parts = stream::read_all(&stream::cut(text), || Budget::of_manifests(text.len()))
        .map_err(|(_, broken)| vec![broken.fault(file)])?;
    let mut documents = Vec::new();
    let mut faults = Vec::new();
    for part in parts {
        match part {
            Ok(nodes) => documents.extend(nodes),
            Err(broken) => faults.push(broken.fault(file)),
        }
    }
    if faults.is_empty() {
        Ok(documents)
    } else {
        Err(faults)
    }
}

/// Writes a tree as a block of YAML that every reader takes for the same values.
pub fn tree_text(node: &Node, out: &mut String) {
    write_node(node, 0, out);
}

/// Returns a tree on one line of YAML that every reader takes for the same values.
#[must_use]
pub fn flow_text(node: &Node) -> String {
    let mut out = String::new();
    write_flow(node, &mut out);
    out
}

fn write_flow(node: &Node, out: &mut String) {
    match &node.value {
        Value::Text(text) | Value::Ambiguous(text) => {
            scalar::write(out, text).expect("writing to a String cannot fail");
        }
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_flow(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, child)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                scalar::write(out, &key.text).expect("writing to a String cannot fail");
                out.push_str(": ");
                write_flow(child, out);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            write_node(node, 0, out);
            out.truncate(out.trim_end().len());
        }
    }
}

fn write_node(node: &Node, indent: usize, out: &mut String) {
    let push = |out: &mut String, text: &str| {
        scalar::write(out, text).expect("writing to a String cannot fail");
    };
    let value = |child: &Node, indent: usize, out: &mut String| match &child.value {
        Value::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            write_node(child, indent, out);
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            write_node(child, indent, out);
        }
        _ => {
            out.push(' ');
            write_node(child, indent, out);
        }
    };
    match &node.value {
        Value::Null => out.push_str("null\n"),
        Value::Bool(flag) => out.push_str(if *flag { "true\n" } else { "false\n" }),
        Value::Int(number) => writeln!(out, "{number}").expect("a String takes all"),
        // The shortest text that reads back as the same number; JSON's form, which YAML takes too.
        Value::Float(number) => writeln!(out, "{number:?}").expect("a String takes all"),
        Value::Text(text) | Value::Ambiguous(text) => {
            push(out, text);
            out.push('\n');
        }
        Value::List(items) if items.is_empty() => out.push_str("[]\n"),
        Value::Map(entries) if entries.is_empty() => out.push_str("{}\n"),
        Value::List(items) => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push('-');
                value(item, indent + 2, out);
            }
        }
        Value::Map(entries) => {
            for (key, child) in entries {
                out.push_str(&" ".repeat(indent));
                push(out, &key.text);
                out.push(':');
                value(child, indent + 2, out);
            }
        }
    }
}

fn too_large(text: &str, file: &str, limit: usize) -> Result<(), Fault> {
    if text.len() <= limit {
        return Ok(());
    }
    let what = format!("{} bytes are more than the limit of {limit}", text.len());
    Err(Fault::new(what).file(file))
}

/// Returns whether a plain scalar is a boolean to kubectl, which reads YAML 1.1, and a string to YAML 1.2.
pub(crate) fn is_boolean_word(written: &str) -> bool {
    let words = ["yes", "no", "on", "off"];
    words.iter().any(|word| written.eq_ignore_ascii_case(word))
}

/// Returns whether a plain scalar means one thing to a YAML 1.1 reader (Helm, kubectl) and another to a 1.2 reader.
fn is_ambiguous(written: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = ["y", "n"]
        .iter()
        .any(|word| written.eq_ignore_ascii_case(word));
    if is_letter || is_boolean_word(written) {
        return true;
    }
    let unsigned = written.trim_start_matches(['-', '+']);
    let octal = unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned);
    let prefixed = ["0o", "0O", "0b", "0B", "0x", "0X"].iter().any(|prefix| {
        unsigned.starts_with(prefix)
            && unsigned
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    let grouped = unsigned.contains('_')
        && unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"_.".contains(&byte));
    let sexagesimal = unsigned.contains(':') && unsigned.split(':').all(digits);
    octal || prefixed || grouped || sexagesimal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        read(&format!("k: {text}\n"), "v.yaml")
            .unwrap()
            .get("k")
            .unwrap()
            .value
            .clone()
    }

    #[test]
    fn every_value_knows_its_line_and_column() {
        let tree = read("a: 1\nb:\n  c: [x, y1]\n", "v.yaml").unwrap();
        let items = tree.get("b").unwrap().get("c").unwrap().items();
        assert_eq!((items[1].at.line, items[1].at.column), (3, 10));
        let Value::Map(entries) = &tree.value else {
            panic!("a mapping")
        };
        assert_eq!((entries[1].0.at.line, entries[1].0.at.column), (2, 1));
    }

    #[test]
    fn a_plain_scalar_that_readers_disagree_on_is_called_ambiguous() {
        for text in [
            "on", "No", "y", "017", "0o17", "1_000", "12:30", "0x1f", "-010",
        ] {
            assert_eq!(value(text), Value::Ambiguous(text.into()), "{text}");
        }
        for text in ["\"on\"", "'017'", "\"12:30\""] {
            assert!(matches!(value(text), Value::Text(_)), "{text}");
        }
    }

    #[test]
    fn scalars_have_their_core_schema_types() {
        assert_eq!(value("true"), Value::Bool(true));
        assert_eq!(value("~"), Value::Null);
        assert_eq!(value("60"), Value::Int(60));
        assert_eq!(value("1.5"), Value::Float(1.5));
        assert_eq!(value("60s"), Value::Text("60s".into()));
    }

    #[test]
    fn an_alias_keeps_the_type_of_what_it_stands_for() {
        let tree = read("a: &x on\nb: *x\nc: &y \"on\"\nd: *y\n", "v.yaml").unwrap();
        assert!(matches!(tree.get("b").unwrap().value, Value::Ambiguous(_)));
        assert_eq!(tree.get("d").unwrap().value, Value::Text("on".into()));
    }

    #[test]
    fn a_duplicate_key_is_refused_at_the_second_one() {
        let fault = read("a: 1\nb: 2\na: 3\n", "v.yaml").unwrap_err();
        assert_eq!(fault.to_string(), "v.yaml:3:1: duplicate mapping key: a");
    }

    #[test]
    fn a_syntax_error_names_its_place_once() {
        let fault = read("a: 1\n b: 2\n", "v.yaml").unwrap_err();
        let text = fault.to_string();
        assert!(text.starts_with("v.yaml:2:"), "{text}");
        assert!(!text.contains("line 2"), "{text}");
    }

    #[test]
    fn bombs_tags_and_second_documents_are_refused() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (previous, next) in ('a'..'i').zip('b'..='i') {
            let list = vec![format!("*{previous}"); 9].join(",");
            bomb.extend([format!("{next}: &{next} [{list}]\n")]);
        }
        for text in [
            &bomb,
            "--- 1\n--- 2\n",
            "a: !!python/object:x {}\n",
            &"[".repeat(300_000),
        ] {
            assert!(read(text, "v.yaml").is_err());
        }
    }

    #[test]
    fn every_broken_document_of_a_stream_is_named_with_its_place() {
        let faults = read_all("a: 1\na: 2\n---\nb: 1\n---\nc: [\n", "s.yaml").unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "s.yaml:2:1: duplicate mapping key: a",
                "s.yaml:6:4: unclosed bracket '['"
            ]
        );
        assert_eq!(faults[0].help.as_deref(), Some("keep one of the two"));
    }

    #[test]
    fn a_stream_gives_its_documents_without_the_empty_ones() {
        let documents = read_all("---\na: 1\n---\n---\nb: 2\n", "-").unwrap();
        assert_eq!(documents.len(), 2);
    }
}
