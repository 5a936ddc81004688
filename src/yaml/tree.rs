//! Reads documents into trees and goes on after a fault, where [`super::read`] ends at the first.
//!
//! All keys that appear twice are found, each with both places. What a file like a fleet's has no need of is refused:
//! tags and merge keys.

use super::budget::{self, DOCUMENT_BYTES};
use super::{At, Key, Node, Value, is_ambiguous};
use crate::fault::Fault;
use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::BTreeMap;

/// Largest file taken, in bytes: some hundred thousand instances.
pub const LIMIT: usize = 16 << 20;
/// How deep mappings and sequences may lie in each other.
const DEPTH_LIMIT: usize = 32;
/// How many values a file may hold: two hundred for each of ten thousand instances.
const VALUE_LIMIT: usize = 2_000_000;
/// How many values may be named with `&`.
const ANCHOR_LIMIT: usize = 200;

/// Reads the documents of `text`; empty ones are left out.
///
/// Returns nothing if the syntax is broken, because then nothing can be told about what is there. Of a key that
/// appears twice the first value counts, so that the reader can go on.
pub fn read(text: &str, file: &str, faults: &mut Vec<Fault>) -> Option<Vec<Node>> {
    if text.len() > LIMIT {
        let what = format!("{} bytes are more than the limit of {LIMIT}", text.len());
        faults.push(Fault::new(what).file(file));
        return None;
    }
    let mut builder = Builder {
        file,
        faults,
        levels: Vec::new(),
        documents: Vec::new(),
        anchors: BTreeMap::new(),
        values: 0,
        brought: 0,
    };
    for event in Parser::new_from_str(text) {
        let result = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let mark = error.marker();
                let fault = Fault::new(error.info().trim_end_matches('.').to_owned());
                Err(fault.at(place(mark.line(), mark.col()).place(file)))
            }
        };
        if let Err(fault) = result {
            builder.faults.push(fault);
            return None;
        }
    }
    Some(builder.documents)
}

/// A mapping or sequence that is being read.
struct TreeLevel {
    at: At,
    anchor: usize,
    content: NodeContent,
}

enum NodeContent {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        key: Option<Key>,
    },
}

struct Builder<'a> {
    file: &'a str,
    faults: &'a mut Vec<Fault>,
    levels: Vec<TreeLevel>,
    documents: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
    /// Bytes that anchors and aliases brought in.
    brought: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = place(span.start.line(), span.start.col());
        let content = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at)?;
                if self.expects_key() {
                    return self.key(&text, style, at);
                }
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                return self.value(Node { value, at }, anchor);
            }
            Event::Alias(anchor) => {
                let node = self.replay(anchor, at)?;
                return self.value(node, 0);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let level = self.levels.pop();
                return level.map_or(Ok(()), |level| {
                    let node = self.finished(level.content, level.at);
                    self.value(node, level.anchor)
                });
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                return Ok(());
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at)?;
                (NodeContent::List(Vec::new()), anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), at)?;
                let entries = Vec::new();
                (NodeContent::Map { entries, key: None }, anchor)
            }
            _ => return Ok(()),
        };
        if self.expects_key() {
            return Err(self.fault("a key must be a string", at));
        }
        if self.levels.len() == DEPTH_LIMIT {
            return Err(self.too_much(at));
        }
        let (content, anchor) = content;
        self.levels.push(TreeLevel {
            at,
            anchor,
            content,
        });
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.levels.last(),
            Some(TreeLevel {
                content: NodeContent::Map { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: &str, style: ScalarStyle, at: At) -> Result<(), Fault> {
        if style == ScalarStyle::Plain {
            if text == "<<" {
                let fault = self.fault("merge keys are not read here", at);
                return Err(fault.help("put what several share into `defaults` or a profile"));
            }
            if matches!(
                plain(text),
                Value::Ambiguous(_) | Value::Null | Value::Bool(_)
            ) {
                let what = format!(
                    "the key `{}` is not a string to every YAML reader",
                    text.escape_debug()
                );
                let fault = self.fault(what, at);
                self.faults.push(fault.help("put it in quotes"));
            }
        }
        if let Some(TreeLevel {
            content: NodeContent::Map { key, .. },
            ..
        }) = self.levels.last_mut()
        {
            *key = Some(Key {
                text: text.into(),
                at,
            });
        }
        Ok(())
    }

    /// Puts a value that is complete where it belongs.
    fn value(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.values += 1;
        if self.values > VALUE_LIMIT {
            return Err(self.too_much(node.at));
        }
        if anchor != 0 {
            if self.anchors.len() == ANCHOR_LIMIT {
                return Err(self.too_much(node.at));
            }
            self.bring(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.levels.last_mut().map(|level| &mut level.content) {
            Some(NodeContent::List(items)) => items.push(node),
            Some(NodeContent::Map { entries, key }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => return Err(self.fault("a key must be a string", node.at)),
            },
            None if node.value == Value::Null => {}
            None => self.documents.push(node),
        }
        Ok(())
    }

    fn finished(&mut self, content: NodeContent, at: At) -> Node {
        let value = match content {
            NodeContent::List(mut items) => {
                items.shrink_to_fit();
                Value::List(items)
            }
            NodeContent::Map { mut entries, .. } => {
                self.drop_duplicates(&mut entries);
                entries.shrink_to_fit();
                Value::Map(entries)
            }
        };
        Node { value, at }
    }

    fn drop_duplicates(&mut self, entries: &mut Vec<(Key, Node)>) {
        let mut first: BTreeMap<&str, At> = BTreeMap::new();
        let mut repeated = Vec::new();
        for (index, (key, _)) in entries.iter().enumerate() {
            if let Some(at) = first.get(key.text.as_str()) {
                let what = format!(
                    "the key `{}` appears here again; it is first at {}",
                    key.text.escape_debug(),
                    at.place(self.file)
                );
                let fault = Fault::new(what).help("keep one of the two");
                self.faults.push(fault.at(key.at.place(self.file)));
                repeated.push(index);
            } else {
                first.insert(&key.text, key.at);
            }
        }
        if !repeated.is_empty() {
            let mut index = 0;
            entries.retain(|_| {
                index += 1;
                repeated.binary_search(&(index - 1)).is_err()
            });
        }
    }

    /// Returns what an alias stands for, at the alias's own place.
    fn replay(&mut self, anchor: usize, at: At) -> Result<Node, Fault> {
        // A value may name itself: then it is not complete yet.
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.fault("the alias is inside what it refers to", at));
        };
        self.brought += budget::weight(node);
        if self.brought > DOCUMENT_BYTES || self.levels.len() + depth(node) > DEPTH_LIMIT {
            return Err(self.too_much(at));
        }
        let value = node.value.clone();
        Ok(Node { value, at })
    }

    /// Counts what an anchor is about to keep.
    fn bring(&mut self, node: &Node) -> Result<(), Fault> {
        self.brought += budget::weight(node);
        if self.brought > DOCUMENT_BYTES {
            return Err(self.too_much(node.at));
        }
        Ok(())
    }

    fn refuse_tag(&self, has_tag: bool, at: At) -> Result<(), Fault> {
        if !has_tag {
            return Ok(());
        }
        let fault = self.fault("tags are not read here", at);
        Err(fault.help("leave it out; a string goes in quotes"))
    }

    fn too_much(&self, at: At) -> Fault {
        self.fault(
            "the YAML nests or expands beyond what any such file needs",
            at,
        )
        .help("divide the file, and write it without aliases")
    }

    fn fault(&self, what: impl Into<String>, at: At) -> Fault {
        Fault::new(what).at(at.place(self.file))
    }
}

fn place(line: usize, column: usize) -> At {
    At::new(line, column + 1)
}

/// Counts the levels of a tree.
fn depth(node: &Node) -> usize {
    let below = match &node.value {
        Value::List(items) => items.iter().map(depth).max(),
        Value::Map(entries) => entries.iter().map(|(_, node)| depth(node)).max(),
        _ => return 0,
    };
    1 + below.unwrap_or(0)
}

/// Settles what a plain scalar is (YAML 1.2.2 section 10.3.2, core schema).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ if is_ambiguous(text) => return Value::Ambiguous(text.to_owned()),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return Value::Float(f64::NAN);
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !unsigned.bytes().any(|byte| byte.is_ascii_digit())
    {
        return Value::Text(text.to_owned());
    }
    if let Ok(number) = text.parse() {
        return Value::Int(number);
    }
    match text.parse() {
        Ok(number) => Value::Float(number),
        Err(_) => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome(text: &str) -> (Option<Vec<Node>>, Vec<String>) {
        let mut faults = Vec::new();
        let documents = read(text, "f.yaml", &mut faults);
        (documents, faults.iter().map(ToString::to_string).collect())
    }

    fn good(text: &str) -> Vec<Node> {
        let (documents, faults) = outcome(text);
        assert_eq!(faults, [""; 0]);
        documents.unwrap()
    }

    #[test]
    fn every_key_that_appears_twice_is_reported_with_both_places() {
        let (documents, faults) = outcome("a: 1\nb: {x: 1, z: 2, x: 3}\na: 2\nc: 4\na: 3\n");
        assert_eq!(
            faults,
            [
                "f.yaml:2:17: the key `x` appears here again; it is first at f.yaml:2:5",
                "f.yaml:3:1: the key `a` appears here again; it is first at f.yaml:1:1",
                "f.yaml:5:1: the key `a` appears here again; it is first at f.yaml:1:1",
            ]
        );
        let documents = documents.unwrap();
        assert_eq!(documents[0].get("a").unwrap().value, Value::Int(1));
        assert_eq!(documents[0].get("c").unwrap().value, Value::Int(4));
    }

    #[test]
    fn a_stream_gives_its_documents_without_the_empty_ones() {
        assert_eq!(good("---\na: 1\n---\n---\nb: 2\n").len(), 2);
        assert_eq!(good("").len(), 0);
    }

    #[test]
    fn an_alias_stands_for_the_value_with_a_place_of_its_own() {
        let documents = good("a: &x {k: on}\nb: *x\n");
        let b = documents[0].get("b").unwrap();
        assert_eq!((b.at.line, b.at.column), (2, 4));
        assert_eq!(b.get("k").unwrap().value, Value::Ambiguous("on".into()));
    }

    #[test]
    fn keys_that_some_reader_takes_for_another_type_are_refused() {
        for key in ["on", "007", "0x1", "null", "true", "~", "1_0", "y"] {
            let (documents, faults) = outcome(&format!("{key}: 1\n"));
            assert_eq!(faults.len(), 1, "{key}");
            assert!(documents.is_some(), "{key}");
        }
        assert_eq!(good("67000: 1\n\"on\": 2\n1e3: 3\n").len(), 1);
    }

    #[test]
    fn what_is_hostile_is_refused_at_once() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (previous, next) in ('a'..'i').zip('b'..='i') {
            let list = vec![format!("*{previous}"); 9].join(",");
            bomb.extend([format!("{next}: &{next} [{list}]\n")]);
        }
        let nested: String = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
            format!("{text}a{n}: &a{n} [*a{}]\n", n - 1)
        });
        for text in [
            bomb.as_str(),
            &nested,
            "a: !!python/object:x {}\n",
            "a: !!str 1\n",
            "a: &a [*a]\n",
            "a: &a 1\n? [x]\n: 2\n",
            "<<: {a: 1}\n",
            "a: *b\n",
            "a: 1\n b: 2\n",
            "a: [\n",
            "\u{0}",
            &"[".repeat(300_000),
            &"{a: ".repeat(300_000),
            &" ".repeat(LIMIT + 1),
            &"- \n".repeat(VALUE_LIMIT + 1),
        ] {
            let (documents, faults) = outcome(text);
            assert_eq!((documents, faults.len()), (None, 1), "{text:.40}");
        }
    }

    proptest! {
        #[test]
        fn a_scalar_is_what_the_other_reader_takes_it_for(text in "[-+0-9a-fxoOXntruelyNf_.:~ ]{0,8}|[ -~]{0,6}") {
            let document = format!("- {text}\n");
            if let Ok(theirs) = crate::yaml::read(&document, "f.yaml")
                && !text.contains(['!', '<'])
                // A key that readers disagree on is refused here and not there.
                && !matches!(theirs.items().first().map(|item| &item.value), Some(Value::Map(_)))
            {
                let ours = good(&document);
                prop_assert_eq!(format!("{:?}", ours.first()), format!("{:?}", Some(&theirs)));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "([a-c]: |- |\\[|\\]|\\{|\\}|\n|  |&a |\\*a |x|\"|'|#|\\||>|,|\\? |: ){0,40}") {
            let (documents, faults) = outcome(&text);
            prop_assert!(documents.is_some() || !faults.is_empty());
        }
    }
}
