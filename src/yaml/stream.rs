//! Reads streams of manifests fast: one document at a time, each with the places of its values.
//!
//! A stream is cut first, so that its documents can be read side by side, and a broken one does not hide the faults
//! of the others.

use super::{At, Key, Node, Value};
use crate::fault::Fault;
use granit_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest nesting taken. Kubernetes objects nest some 15 levels.
const DEPTH_LIMIT: usize = 64;
/// Most nodes that the aliases of one document may stand for.
const ALIAS_LIMIT: usize = 20_000;

/// A document's text, and how many lines stand before it in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The text, its `---` included.
    pub text: &'a str,
    /// Lines before it.
    pub lines_before: u64,
}

/// What is wrong with a document, and where in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The place.
    pub at: At,
    /// What is wrong. The text is not quoted, for it may hold private keys.
    pub what: String,
}

impl Broken {
    /// Says so of a file.
    #[must_use]
    pub fn fault(self, file: &str) -> Fault {
        let is_twice = self.what.starts_with("duplicate mapping key");
        let fault = Fault::new(self.what).at(self.at.place(file));
        if is_twice {
            fault.help("keep one of the two")
        } else {
            fault
        }
    }
}

/// Cuts a stream before each line that begins with `---`: such a line begins a document wherever it stands
/// (YAML 1.2.2, section 9.1.2, `c-forbidden`). A part may still hold several documents, parted by `...`.
#[must_use]
pub fn cut(text: &str) -> Vec<Cut<'_>> {
    let mut cuts = Vec::new();
    let (mut start, mut lines_before) = (0, 0);
    let mut from = 0;
    while let Some(found) = text[from..].find("\n---") {
        let at = from + found + 1;
        from = at;
        let next = text.as_bytes().get(at + 3);
        if next.is_none_or(u8::is_ascii_whitespace) {
            let part = &text[start..at];
            // A part of directives belongs to the document after it.
            if !is_directives(part) {
                cuts.push(Cut {
                    text: part,
                    lines_before,
                });
                lines_before += newlines(part);
                start = at;
            }
        }
    }
    cuts.push(Cut {
        text: &text[start..],
        lines_before,
    });
    cuts
}

fn is_directives(part: &str) -> bool {
    part.starts_with('%')
        && part
            .lines()
            .all(|line| line.is_empty() || line.starts_with(['%', '#']))
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Reads the documents of a part; those of nothing are left out.
///
/// Aliases and merge keys (`<<`) are resolved. A value's place is that of the value itself.
///
/// # Errors
/// The first fault: broken syntax, a key that stands twice in its mapping or is no scalar, a tag of a
/// program, nesting beyond 64 levels, aliases that stand for more than 20,000 values.
pub fn read(cut: Cut<'_>) -> Result<Vec<Node>, Broken> {
    let mut reader = Reader {
        lines_before: cut.lines_before,
        ..Reader::default()
    };
    for event in Parser::new_from_str(cut.text) {
        let (event, span) = event.map_err(|error| Broken {
            at: reader.at(error.marker()),
            what: error.info().clone(),
        })?;
        reader.take(event, span)?;
    }
    Ok(reader.documents)
}

/// A mapping or sequence that is being read.
struct Level {
    at: At,
    anchor: usize,
    /// Where its part of the entries or items begins that the reader holds.
    start: usize,
    kind: Kind,
}

enum Kind {
    List,
    Map(Open),
}

/// What is to be known of a mapping until its end.
#[derive(Default)]
struct Open {
    /// The key that waits for its value, and whether it merges.
    waiting: Option<(Key, bool)>,
    /// What `<<` brings, after the entries of the mapping itself.
    merged: Vec<Node>,
    /// The keys, once they are too many to look through.
    keys: BTreeSet<String>,
}

/// From so many keys on, a set tells whether one stands twice.
const FEW_KEYS: usize = 32;

#[derive(Default)]
struct Reader {
    lines_before: u64,
    levels: Vec<Level>,
    /// The entries of all mappings that are open, the innermost last: so each gets its place once, when its size
    /// is known.
    entries: Vec<(Key, Node)>,
    /// The items of all sequences that are open.
    items: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    replayed: usize,
    documents: Vec<Node>,
}

impl Reader {
    fn at(&self, marker: &granit_parser::Marker) -> At {
        At {
            line: marker.line() as u64 + self.lines_before,
            column: marker.col() as u64 + 1,
        }
    }

    fn take(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Broken> {
        let at = self.at(&span.start);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let kind = tag.as_deref().map(ToString::to_string);
                let value = scalar(value, style, kind.as_deref(), at)?;
                self.put(Node { value, at }, anchor, style == ScalarStyle::Plain)
            }
            Event::MappingStart(_, _, tag) | Event::SequenceStart(_, _, tag)
                if tag.as_deref().is_some_and(|tag| !is_core(&tag.to_string())) =>
            {
                Err(unknown_tag(at))
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(at, anchor, self.entries.len(), Kind::Map(Open::default()))
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(at, anchor, self.items.len(), Kind::List)
            }
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Broken {
                        at,
                        what: "an alias stands for nothing".to_owned(),
                    });
                };
                self.replayed += size(&node);
                if self.replayed > ALIAS_LIMIT {
                    return Err(Broken {
                        at,
                        what: "the aliases stand for more than any manifest needs".to_owned(),
                    });
                }
                self.put(node, 0, false)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, at: At, anchor: usize, start: usize, kind: Kind) -> Result<(), Broken> {
        if self.levels.len() >= DEPTH_LIMIT {
            return Err(Broken {
                at,
                what: "the values nest deeper than those of any manifest".to_owned(),
            });
        }
        self.levels.push(Level {
            at,
            anchor,
            start,
            kind,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Broken> {
        let Some(level) = self.levels.pop() else {
            return Ok(());
        };
        let value = match level.kind {
            Kind::List => Value::List(self.items.drain(level.start..).collect()),
            Kind::Map(open) => {
                let mut entries: Vec<_> = self.entries.drain(level.start..).collect();
                for node in open.merged {
                    merge(&mut entries, node);
                }
                Value::Map(entries)
            }
        };
        let at = level.at;
        self.put(Node { value, at }, level.anchor, false)
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, node: Node, anchor: usize, is_plain: bool) -> Result<(), Broken> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(level) = self.levels.last_mut() else {
            if node.value != Value::Null {
                self.documents.push(node);
            }
            return Ok(());
        };
        let Kind::Map(open) = &mut level.kind else {
            self.items.push(node);
            return Ok(());
        };
        match open.waiting.take() {
            Some((_, true)) => open.merged.push(node),
            Some((key, false)) => self.entries.push((key, node)),
            None => {
                let key = key(node)?;
                open.refuse_twice(&self.entries[level.start..], &key)?;
                // Only a plain one merges.
                let merges = is_plain && key.text == "<<";
                open.waiting = Some((key, merges));
            }
        }
        Ok(())
    }
}

impl Open {
    /// Refuses a key that the mapping has already.
    fn refuse_twice(&mut self, entries: &[(Key, Node)], key: &Key) -> Result<(), Broken> {
        let is_known = if entries.len() < FEW_KEYS {
            entries.iter().any(|(known, _)| known.text == key.text)
        } else {
            if self.keys.is_empty() {
                let known = entries.iter().map(|(known, _)| known.text.clone());
                self.keys = known.collect();
            }
            !self.keys.insert(key.text.clone())
        };
        if is_known {
            return Err(Broken {
                at: key.at,
                what: format!("duplicate mapping key: {}", shown(&key.text)),
            });
        }
        Ok(())
    }
}

fn scalar(
    value: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&str>,
    at: At,
) -> Result<Value, Broken> {
    match tag {
        Some(tag) if !is_core(tag) => Err(unknown_tag(at)),
        Some(tag) if tag.ends_with("str") => Ok(Value::Text(value.into_owned())),
        _ if style == ScalarStyle::Plain => Ok(plain(value)),
        _ => Ok(Value::Text(value.into_owned())),
    }
}

/// A key as an error may show it: a broken Secret could have its value there.
fn shown(key: &str) -> String {
    if key.len() > 60 {
        "…".to_owned()
    } else {
        key.escape_debug().to_string()
    }
}

fn key(node: Node) -> Result<Key, Broken> {
    let text = match node.value {
        Value::Text(text) | Value::Ambiguous(text) => text,
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Null => String::new(),
        Value::List(_) | Value::Map(_) => {
            return Err(Broken {
                at: node.at,
                what: "a key of a mapping is no scalar".to_owned(),
            });
        }
    };
    Ok(Key { text, at: node.at })
}

fn merge(entries: &mut Vec<(Key, Node)>, node: Node) {
    match node.value {
        Value::Map(more) => {
            for (key, value) in more {
                if !entries.iter().any(|(known, _)| known.text == key.text) {
                    entries.push((key, value));
                }
            }
        }
        Value::List(items) => items.into_iter().for_each(|item| merge(entries, item)),
        _ => {}
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| 1 + size(node)).sum(),
        _ => 0,
    }
}

fn is_core(tag: &str) -> bool {
    let names = [
        "str",
        "int",
        "float",
        "bool",
        "null",
        "map",
        "seq",
        "binary",
        "timestamp",
    ];
    let name = tag
        .strip_prefix("tag:yaml.org,2002:")
        .or_else(|| tag.strip_prefix("!!"))
        .unwrap_or(tag.trim_start_matches('!'));
    tag == "!" || names.contains(&name)
}

fn unknown_tag(at: At) -> Broken {
    Broken {
        at,
        what: "a tag is of no type that a manifest has".to_owned(),
    }
}

/// Settles what a plain scalar means (YAML 1.2 core schema), as [`super::read`] does.
fn plain(text: Cow<'_, str>) -> Value {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let first = text.as_bytes()[0];
    let may_be_number = first.is_ascii_digit() || b"+-.".contains(&first);
    // Longer ones are text: base64 begins with a digit often enough.
    if may_be_number && text.len() < 40 {
        if super::is_ambiguous(&text) {
            return Value::Ambiguous(text.into_owned());
        }
        if let Ok(number) = text.parse::<i64>() {
            return Value::Int(number);
        }
        let of_a_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        if text.bytes().all(of_a_number)
            && let Ok(number) = text.parse::<f64>()
        {
            return Value::Float(number);
        }
    } else if text.len() <= 3 && super::is_ambiguous(&text) {
        return Value::Ambiguous(text.into_owned());
    }
    Value::Text(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Node>, Broken> {
        let mut documents = Vec::new();
        for part in cut(text) {
            documents.extend(read(part)?);
        }
        Ok(documents)
    }

    #[test]
    fn a_stream_is_cut_where_documents_begin_and_nowhere_else() {
        let text = "# c\n---\na: |\n  ---\n  x\n--- # two\nb: 1\n---x\n: 2\n---";
        let starts: Vec<(u64, &str)> = cut(text)
            .iter()
            .map(|cut| (cut.lines_before, cut.text.lines().next().unwrap_or("")))
            .collect();
        assert_eq!(
            starts,
            [(0, "# c"), (1, "---"), (5, "--- # two"), (9, "---")]
        );
        let directives = cut("%YAML 1.2\n---\na: 1\n---\nb: 2\n");
        assert_eq!(directives.len(), 2);
        assert!(directives[0].text.starts_with("%YAML"));
    }

    #[test]
    fn it_reads_what_the_careful_reader_reads_with_the_same_places() {
        let text = "a: 1\nb:\n  c: [x, \"y\", 017, on, 1.5, ~]\n  d: {e: 'f', g: true}\nk: |\n  text\n  more\nl: >-\n  folded\n  lines\nm: 60s\nn: -3\n";
        let careful = super::super::read(text, "-").unwrap();
        assert_eq!(all(text).unwrap(), [careful]);
    }

    #[test]
    fn lines_are_counted_over_the_whole_stream() {
        let documents = all("a: 1\n---\n\nb:\n  c: 2\n...\nd: 3\n").unwrap();
        let lines: Vec<u64> = documents.iter().map(|node| node.at.line).collect();
        assert_eq!(lines, [1, 4, 7]);
        assert_eq!(documents[1].get("b").unwrap().get("c").unwrap().at.line, 5);
        let broken = all("a: 1\n---\nb: 1\nb: 2\n").unwrap_err();
        assert_eq!((broken.at.line, broken.at.column), (4, 1));
        assert_eq!(broken.what, "duplicate mapping key: b");
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let documents =
            all("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: *x\nw: {\"<<\": 1}\n").unwrap();
        let y = documents[0].get("y").unwrap();
        assert_eq!(y.get("a").unwrap().value, Value::Int(1));
        assert_eq!(y.get("b").unwrap().value, Value::Int(3));
        assert_eq!(
            documents[0].get("z").unwrap().get("b").unwrap().value,
            Value::Int(2)
        );
    }

    #[test]
    fn bombs_deep_nesting_and_tags_of_programs_are_refused_at_once() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (previous, next) in ('a'..'i').zip('b'..='i') {
            let list = vec![format!("*{previous}"); 9].join(",");
            bomb.extend([format!("{next}: &{next} [{list}]\n")]);
        }
        for text in [
            &bomb,
            &"[".repeat(300_000),
            "a: !!python/object:x {}\n",
            "a: !include x\n",
            "? [a]\n: b\n",
            "a: [1\n",
            "a: 1\n b: 2\n",
        ] {
            assert!(all(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
    }
}
