//! Reads streams of manifests fast: one document at a time, each with the places of its values.
//!
//! A stream is cut first, so that its documents can be read side by side, and a broken one does not hide the faults
//! of the others.

use super::budget::{self, Budget, Exceeded, Spent};
use super::{At, Key, Node, Value, Word};
use crate::fault::Fault;
use crate::threads::{each, with_threads};
use granit_parser::{Event, Parser, ScalarStyle};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest nesting taken. Kubernetes objects nest some 15 levels.
const DEPTH_LIMIT: usize = 64;
/// Longest key taken, in bytes: YAML ends keys that are not announced by `?` at 1024 characters (YAML 1.2.2, section
/// 7.4).
const KEY_LIMIT: usize = 4096;

/// A document's text, and how many lines are before it in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The text, its `---` included.
    pub text: &'a str,
    /// Lines before it.
    pub lines_before: usize,
}

/// What is wrong with a document, and where in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The place.
    pub at: At,
    /// What is wrong. The text is not quoted, because it may hold private keys.
    pub what: String,
}

impl Broken {
    /// Returns the fault of documents that together have more than there is a budget for.
    #[must_use]
    pub fn of_all(at: At) -> Self {
        Self::new(at, TOO_MANY_IN_ALL)
    }

    /// Reports it for a file.
    #[must_use]
    pub fn fault(self, file: &str) -> Fault {
        let help = match self.what.as_str() {
            what if what.starts_with(TWICE) => Some("keep one of the two"),
            TOO_MANY_ALIASES | TOO_MANY_IN_ALL => Some("write it without aliases"),
            TOO_MANY_VALUES | TOO_MANY_VALUES_IN_ALL | TOO_DEEP => Some("divide the file"),
            _ => None,
        };
        let fault = Fault::new(self.what).at(self.at.place(file));
        match help {
            Some(help) => fault.help(help),
            None => fault,
        }
    }

    fn new(at: At, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { at, what }
    }

    /// Returns whether aliases stand for more than any file needs, whatever the file is.
    #[must_use]
    pub fn is_of_aliases(&self) -> bool {
        self.what == TOO_MANY_ALIASES
    }

    /// Returns whether it is a fault of all documents together.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        [TOO_MANY_IN_ALL, TOO_MANY_VALUES_IN_ALL].contains(&self.what.as_str())
    }
}

/// How the fault of a key that appears twice begins.
pub const TWICE: &str = "duplicate mapping key";
/// The fault of a tag of a program.
pub const UNKNOWN_TAG: &str = "a tag is of no type that a manifest has";
const TOO_MANY_ALIASES: &str = "the aliases expand to more than any such file needs";
const TOO_MANY_IN_ALL: &str =
    "the aliases of all documents together expand to more than any such files need";
const TOO_MANY_VALUES: &str = "there are more values than any such file needs";
const TOO_MANY_VALUES_IN_ALL: &str =
    "all documents together have more values than any such files need";
const TOO_DEEP: &str = "the values nest deeper than those of any such file";

/// Cuts a stream before each line that begins with `---`: such a line begins a document wherever it stands
/// (YAML 1.2.2, section 9.1.2, `c-forbidden`). A part may still hold several documents, parted by `...`.
#[must_use]
pub fn cut(text: &str) -> Vec<Cut<'_>> {
    let mut cuts = Vec::new();
    let (mut start, mut lines_before) = (0, 0);
    let ends = |rest: &str| rest.bytes().next().is_none_or(|b| b.is_ascii_whitespace());
    let mut from = 0;
    while let Some(found) = memchr(b'\n', &text.as_bytes()[from..]) {
        let at = from + found + 1;
        from = at;
        if text[at..].strip_prefix("---").is_some_and(ends) {
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

fn newlines(text: &str) -> usize {
    memchr_iter(b'\n', text.as_bytes()).count()
}

/// The documents of a part, or what is wrong with it.
pub type Part = Result<Vec<Node>, Broken>;

/// Reads the parts of a stream, or of several, side by side, each with what is wrong with it.
///
/// # Errors
/// The number of the part at which the budget that all share is spent, and where.
pub fn read_all(
    cuts: &[Cut<'_>],
    budget: impl Fn() -> Budget,
) -> Result<Vec<Part>, (usize, Broken)> {
    let shared = budget();
    let read_one = |cut: &Cut<'_>| read(*cut, &shared);
    let parts: Vec<Part> = match cuts {
        [] | [_] => cuts.iter().map(read_one).collect(),
        several => {
            let length = several.iter().map(|cut| cut.text.len()).sum();
            with_threads(length, || each(several, read_one))
        }
    };
    let is_spent = |part: &Result<_, Broken>| part.as_ref().is_err_and(Broken::is_of_all);
    if !parts.iter().any(is_spent) {
        return Ok(parts);
    }
    drop(parts);
    // Side by side, chance says at which part that shows; one after the other the text does.
    let again = budget();
    let place = cuts.iter().enumerate().find_map(|(number, cut)| {
        let broken = read(*cut, &again).err().filter(Broken::is_of_all)?;
        Some((number, broken))
    });
    Err(place.unwrap_or((0, Broken::of_all(At::default()))))
}

/// Reads the documents of a part; those of nothing are left out.
///
/// Aliases and merge keys (`<<`) are resolved. A value's place is that of the value itself.
///
/// # Errors
/// The first fault: broken syntax, a key that appears twice in its mapping or is not a scalar, a tag of a
/// program, nesting beyond 64 levels, more values than the budget has, aliases that stand for more than
/// [`budget::DOCUMENT_BYTES`].
pub fn read(cut: Cut<'_>, budget: &Budget) -> Part {
    read_counted(cut, budget).0
}

/// What the parser says of a quoted scalar whose next line stands no deeper than what it belongs to. That is against the
/// letter of YAML 1.2.2 (section 7.3), and libyaml and go-yaml, which kubectl reads with, take it.
const LESS_INDENT: &str = "invalid indentation in multiline quoted scalar";
/// Most such lines of a document.
const LESS_INDENT_LIMIT: usize = 64;

/// Returns a text in which a fault does not occur.
type Fix = fn(&str) -> String;

/// Reads the documents of a part as [`read`] does, and returns what it took of the budget.
pub fn read_counted(cut: Cut<'_>, budget: &Budget) -> (Part, Spent) {
    let (mut read, mut spent) = read_strictly(cut, budget);
    let mut text = Cow::Borrowed(cut.text);
    let fixes: [(&str, Fix); 2] = [(UNKNOWN_ANCHOR, apart), (LESS_INDENT, deepened)];
    for (fault, fixed) in fixes {
        if read.as_ref().is_err_and(|broken| broken.what == fault) {
            text = Cow::Owned(fixed(&text));
            let cut = Cut { text: &text, ..cut };
            (read, spent) = read_strictly(cut, budget);
        }
    }
    for _ in 0..LESS_INDENT_LIMIT {
        let line = match &read {
            Err(broken) if broken.what == LESS_INDENT => broken.at.line,
            _ => break,
        };
        // White space before such a line does not belong to the scalar.
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        let Some(at) = line_start(&text, line.saturating_sub(cut.lines_before)) else {
            break;
        };
        text.to_mut().insert_str(at, &" ".repeat(DEPTH_LIMIT));
        let cut = Cut { text: &text, ..cut };
        (read, spent) = read_strictly(cut, budget);
    }
    (read, spent)
}

/// What the parser says of an alias without its anchor. YAML 1.2.2 (section 7.1) takes a colon for a part of its name;
/// libyaml and go-yaml do not, and `*app:` is a key to them.
const UNKNOWN_ANCHOR: &str = "while parsing node, found unknown anchor";

/// Returns a text in which a space is between an alias that is a key and its colon.
fn apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let begin = line.len() - line.trim_start_matches([' ', '-']).len();
        let colon = line[begin..].strip_prefix('*').and_then(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))?;
            let after = rest[end..].strip_prefix(':')?;
            (end > 0 && after.starts_with(char::is_whitespace)).then_some(begin + 1 + end)
        });
        let (head, tail) = line.split_at(colon.unwrap_or(0));
        apart.push_str(head);
        if colon.is_some() {
            apart.push(' ');
        }
        apart.push_str(tail);
    }
    apart
}

/// Returns a text in which the further lines of quoted scalars are deeper than any value, as far as they can be told
/// from the lines alone: those of block scalars stay.
fn deepened(text: &str) -> String {
    let mut deep = String::with_capacity(text.len() + text.len() / 4);
    let mut open: Option<char> = None;
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        if let Some(quote) = open {
            deep.push_str(&" ".repeat(DEPTH_LIMIT));
            deep.push_str(line);
            if closes(line, quote) {
                open = None;
            }
            continue;
        }
        deep.push_str(line);
        let content = line.trim_start_matches([' ', '-']);
        let column = line.len() - content.len();
        if content.trim_end().is_empty() || block.is_some_and(|above| column > above) {
            continue;
        }
        block = None;
        let value = match content.split_once(": ") {
            Some((key, value)) if !key.starts_with(['"', '\'', '#']) => value.trim_start(),
            _ => content,
        };
        let end = value.trim_end();
        if end.starts_with(['|', '>']) && end.len() < 4 {
            block = Some(column);
        } else if let Some(quote) = end.chars().next().filter(|c| matches!(c, '"' | '\''))
            && !closes(&value[1..], quote)
        {
            open = Some(quote);
        }
    }
    deep
}

/// Returns whether a quoted scalar ends in a part of a line.
fn closes(text: &str, quote: char) -> bool {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quote == '"' => {
                chars.next();
            }
            c if c == quote => match chars.peek() {
                Some('\'') if quote == '\'' => {
                    chars.next();
                }
                _ => return true,
            },
            _ => {}
        }
    }
    false
}

/// Returns where a line begins, counted from 1.
fn line_start(text: &str, line: usize) -> Option<usize> {
    let ends = line.checked_sub(2)?;
    let end = text.match_indices('\n').nth(ends)?.0;
    Some(end + 1)
}

/// Reads a part as kubectl and Helm do, which take the last of two values with one key; returns each such key, too.
pub fn read_leniently(cut: Cut<'_>, budget: &Budget) -> (Part, Vec<Broken>) {
    let (read, _, repeated) = read_with(cut, budget, true);
    (read, repeated)
}

fn read_strictly(cut: Cut<'_>, budget: &Budget) -> (Part, Spent) {
    let (read, spent, _) = read_with(cut, budget, false);
    (read, spent)
}

fn read_with(cut: Cut<'_>, budget: &Budget, is_lenient: bool) -> (Part, Spent, Vec<Broken>) {
    let mut reader = StreamReader {
        lines_before: cut.lines_before,
        most_values: budget.values(),
        budget,
        levels: Vec::new(),
        entries: Vec::new(),
        items: Vec::new(),
        anchors: BTreeMap::new(),
        brought: 0,
        values: 0,
        documents: Vec::new(),
        is_lenient,
        repeated: Vec::new(),
    };
    let read = reader.read(cut.text);
    let spent = Spent {
        bytes: reader.brought,
        values: if read.is_ok() { reader.values } else { 0 },
    };
    (read.map(|()| reader.documents), spent, reader.repeated)
}

/// A mapping or sequence that is being read.
struct StreamLevel {
    at: At,
    anchor: usize,
    /// Where its part of the entries or items begins that the reader holds.
    start: usize,
    kind: StreamKind,
}

enum StreamKind {
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

/// From so many keys on, a set tells whether one appears twice.
const FEW_KEYS: usize = 32;

struct StreamReader<'a> {
    lines_before: usize,
    budget: &'a Budget,
    /// Most values of the document.
    most_values: usize,
    levels: Vec<StreamLevel>,
    /// The entries of all mappings that are open, the innermost last: so each gets its place once, when its size
    /// is known.
    entries: Vec<(Key, Node)>,
    /// The items of all sequences that are open.
    items: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    /// Bytes that anchors and aliases brought in.
    brought: usize,
    values: usize,
    documents: Vec<Node>,
    /// Whether a key may appear twice in a mapping.
    is_lenient: bool,
    /// Keys that do.
    repeated: Vec<Broken>,
}

impl StreamReader<'_> {
    fn read(&mut self, text: &str) -> Result<(), Broken> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event
                .map_err(|error| Broken::new(self.at(error.marker()), error.info().clone()))?;
            self.take(event, span)?;
        }
        let end = self.documents.last().map_or(At::default(), |node| node.at);
        self.budget
            .take_values(self.values)
            .map_err(|Exceeded| Broken::new(end, TOO_MANY_VALUES_IN_ALL))
    }

    fn at(&self, marker: &granit_parser::Marker) -> At {
        At::new(marker.line() + self.lines_before, marker.col() + 1)
    }

    fn take(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Broken> {
        let at = self.at(&span.start);
        match event {
            Event::Scalar(value, _, 0, None)
                if self.expects_key()
                    && let Some(text) = Word::known(&value) =>
            {
                self.count(at)?;
                self.take_key(Key { text, at }, false)
            }
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
            Event::MappingStart(_, anchor, _) => self.open(
                at,
                anchor,
                self.entries.len(),
                StreamKind::Map(Open::default()),
            ),
            Event::SequenceStart(_, anchor, _) => {
                self.open(at, anchor, self.items.len(), StreamKind::List)
            }
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(weight) = self.anchors.get(&anchor).map(budget::weight) else {
                    return Err(Broken::new(at, "an alias refers to nothing"));
                };
                self.bring(weight, at)?;
                let node = self.anchors[&anchor].clone();
                self.put(node, 0, false)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Counts what an anchor or alias is about to copy.
    fn bring(&mut self, weight: usize, at: At) -> Result<(), Broken> {
        self.brought += weight;
        if self.brought > budget::DOCUMENT_BYTES {
            return Err(Broken::new(at, TOO_MANY_ALIASES));
        }
        self.budget
            .take_bytes(weight)
            .map_err(|Exceeded| Broken::new(at, TOO_MANY_IN_ALL))
    }

    fn open(
        &mut self,
        at: At,
        anchor: usize,
        start: usize,
        kind: StreamKind,
    ) -> Result<(), Broken> {
        if self.levels.len() >= DEPTH_LIMIT {
            return Err(Broken::new(at, TOO_DEEP));
        }
        self.levels.push(StreamLevel {
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
            StreamKind::List => Value::List(self.items.drain(level.start..).collect()),
            StreamKind::Map(open) => {
                let mut entries: Vec<_> = self.entries.drain(level.start..).collect();
                if !open.merged.is_empty() {
                    merge(&mut entries, open.merged);
                }
                Value::Map(entries)
            }
        };
        let at = level.at;
        self.put(Node { value, at }, level.anchor, false)
    }

    fn count(&mut self, at: At) -> Result<(), Broken> {
        self.values += 1;
        if self.values > self.most_values {
            return Err(Broken::new(at, TOO_MANY_VALUES));
        }
        Ok(())
    }

    /// Returns whether the next value is the key of a mapping.
    fn expects_key(&self) -> bool {
        let kind = self.levels.last().map(|level| &level.kind);
        matches!(kind, Some(StreamKind::Map(Open { waiting: None, .. })))
    }

    fn take_key(&mut self, key: Key, merges: bool) -> Result<(), Broken> {
        if let Some(level) = self.levels.last_mut()
            && let StreamKind::Map(open) = &mut level.kind
        {
            let refused = open.refuse_twice(&self.entries[level.start..], &key);
            if let Err(repeated) = refused {
                if !self.is_lenient {
                    return Err(repeated);
                }
                self.repeated.push(repeated);
                let (start, entries) = (level.start, &mut self.entries);
                let first = entries[start..]
                    .iter()
                    .position(|(known, _)| known.text == key.text);
                if let Some(first) = first {
                    entries.remove(start + first);
                }
            }
            open.waiting = Some((key, merges));
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, node: Node, anchor: usize, is_plain: bool) -> Result<(), Broken> {
        self.count(node.at)?;
        if anchor != 0 {
            self.bring(budget::weight(&node), node.at)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(level) = self.levels.last_mut() else {
            if node.value != Value::Null {
                self.documents.push(node);
            }
            return Ok(());
        };
        let StreamKind::Map(open) = &mut level.kind else {
            self.items.push(node);
            return Ok(());
        };
        match open.waiting.take() {
            Some((_, true)) => open.merged.push(node),
            Some((key, false)) => self.entries.push((key, node)),
            None => {
                let key = key(node)?;
                // Only a plain one merges.
                let merges = is_plain && key.text == "<<";
                return self.take_key(key, merges);
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
                let known = entries.iter().map(|(known, _)| known.text.to_string());
                self.keys = known.collect();
            }
            !self.keys.insert(key.text.to_string())
        };
        if is_known {
            let what = format!("{TWICE}: {}", shown(&key.text));
            return Err(Broken::new(key.at, what));
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
            return Err(Broken::new(node.at, "a key of a mapping is not a scalar"));
        }
    };
    if text.len() > KEY_LIMIT {
        return Err(Broken::new(
            node.at,
            format!("a key has more than {KEY_LIMIT} bytes"),
        ));
    }
    Ok(Key {
        text: text.into(),
        at: node.at,
    })
}

/// Adds the entries of `more`, and of the mappings in its lists, whose keys are not there.
fn merge(entries: &mut Vec<(Key, Node)>, more: Vec<Node>) {
    let mut known: BTreeSet<String> = entries
        .iter()
        .map(|(key, _)| key.text.to_string())
        .collect();
    let mut pending = more;
    pending.reverse();
    while let Some(node) = pending.pop() {
        match node.value {
            Value::Map(more) => {
                let is_new = |entry: &(Key, Node)| known.insert(entry.0.text.to_string());
                entries.extend(more.into_iter().filter(is_new));
            }
            Value::List(items) => pending.extend(items.into_iter().rev()),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Ambiguous(_) => {}
        }
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
        "merge",
        "value",
        "set",
        "omap",
        "pairs",
    ];
    let name = tag
        .strip_prefix("tag:yaml.org,2002:")
        .or_else(|| tag.strip_prefix("!!"))
        .unwrap_or(tag.trim_start_matches('!'));
    tag == "!" || names.contains(&name)
}

fn unknown_tag(at: At) -> Broken {
    Broken::new(at, UNKNOWN_TAG)
}

/// Settles what a plain scalar means (YAML 1.2.2 section 10.3.2, core schema).
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
    use std::fmt::Write as _;

    fn all(text: &str) -> Result<Vec<Node>, Broken> {
        let mut documents = Vec::new();
        let budget = Budget::of_manifests(text.len());
        for part in cut(text) {
            documents.extend(read(part, &budget)?);
        }
        Ok(documents)
    }

    #[test]
    fn a_stream_is_cut_where_documents_begin_and_nowhere_else() {
        let text = "# c\n---\na: |\n  ---\n  x\n--- # two\nb: 1\n---x\n: 2\n---";
        let starts: Vec<(usize, &str)> = cut(text)
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
        let lines: Vec<u32> = documents.iter().map(|node| node.at.line).collect();
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
    fn what_kubectl_takes_is_taken() {
        let text =
            "a:\n  b: \"one\n  two\n\n three\"\n  c: 'x\ny'\nd: &d {e: 1}\nf:\n  !!merge <<: *d\n";
        let documents = all(text).unwrap();
        let at = |path: &[&str]| documents[0].at_path(path).unwrap().clone();
        assert_eq!(at(&["a", "b"]).text(), Some("one two\nthree"));
        assert_eq!(at(&["a", "c"]).text(), Some("x y"));
        assert_eq!(at(&["f", "e"]).value, Value::Int(1));
        assert_eq!(at(&["d"]).at.line, 8);
    }

    #[test]
    fn a_quoted_scalar_goes_on_with_less_indent_where_lines_alone_do_not_tell_it() {
        for text in [
            "a:\n  \"b\": \"one\n two\"\n",
            "a:\n  b: !!str \"one\n two\"\n",
            "a:\n  b: &c \"one\n two\"\n",
        ] {
            let documents = all(text).unwrap();
            let value = documents[0].at_path(&["a", "b"]).and_then(Node::text);
            assert_eq!(value, Some("one two"), "{text}");
        }
    }

    #[test]
    fn the_last_of_two_values_with_one_key_is_taken_where_that_is_asked_for() {
        let text = "a: 1\nb: {c: 1, c: 2}\na: 3\n";
        let cut = cut(text)[0];
        let budget = Budget::of_manifests(text.len());
        let (read, repeated) = read_leniently(cut, &budget);
        let document = &read.unwrap()[0];
        assert_eq!(document.get("a").unwrap().value, Value::Int(3));
        assert_eq!(document.at_path(&["b", "c"]).unwrap().value, Value::Int(2));
        let places: Vec<_> = repeated
            .iter()
            .map(|it| (it.at.line, it.what.as_str()))
            .collect();
        let what = |key| format!("{TWICE}: {key}");
        assert_eq!(places, [(2, &*what("c")), (3, &*what("a"))]);
    }

    /// Short texts that stand for long ones, each in its own way.
    fn bombs() -> Vec<String> {
        let mut lists = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (previous, next) in ('a'..'i').zip('b'..='i') {
            let list = vec![format!("*{previous}"); 9].join(",");
            lists.extend([format!("{next}: &{next} [{list}]\n")]);
        }
        let text = "x".repeat(100_000);
        let scalar = format!("a: &a {text}\nb: [{}]\n", "*a,".repeat(20_000));
        let mut merged = format!("a: &a {{k: {text}}}\n");
        for number in 0..20_000 {
            writeln!(merged, "b{number}: {{<<: *a}}").unwrap();
        }
        let anchors = format!("{}{text}{}", "&a [".repeat(60), "]".repeat(60));
        let key = format!(
            "- &a {{\"{}\": 1}}\n{}",
            &text[..1000],
            "- *a\n".repeat(20_000)
        );
        vec![lists, scalar, merged, anchors, key]
    }

    #[test]
    fn a_bomb_is_refused_before_it_costs_more_than_its_budget() {
        for text in bombs() {
            let budget = Budget::of_manifests(text.len());
            let before = budget.bytes();
            let cut = Cut {
                text: &text,
                lines_before: 0,
            };
            let broken = read(cut, &budget).unwrap_err();
            assert_eq!(broken.what, TOO_MANY_ALIASES, "{text:.40}");
            assert!(broken.at.line > 0, "{text:.40}");
            let spent = before - budget.bytes();
            assert!(spent <= budget::DOCUMENT_BYTES, "{text:.40}: {spent}");
        }
    }

    #[test]
    fn many_small_bombs_are_refused_together_at_the_same_document_each_time() {
        let text = format!(
            "x: &x \"{}\"\ny: [{}]\n---\n",
            "x".repeat(900),
            "*x,".repeat(300)
        )
        .repeat(200);
        let cuts = cut(&text);
        let places: Vec<_> = (0..5)
            .map(|_| read_all(&cuts, || Budget::of_manifests(text.len())).unwrap_err())
            .collect();
        assert_eq!(places[0].1.what, TOO_MANY_IN_ALL);
        assert!(places.iter().all(|place| *place == places[0]));
        let faults = crate::yaml::read_all(&text, "s.yaml").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].place, Some(places[0].1.at.place("s.yaml")),);
    }

    #[test]
    fn more_values_than_any_file_has_are_refused() {
        let budget = Budget::of_settings(0);
        let text = "- \n".repeat(budget.values());
        let cut = Cut {
            text: &text,
            lines_before: 0,
        };
        assert_eq!(read(cut, &budget).unwrap_err().what, TOO_MANY_VALUES);
        let text = format!("? {}\n: 1\n", "k".repeat(KEY_LIMIT + 1));
        let cut = Cut {
            text: &text,
            lines_before: 0,
        };
        assert!(read(cut, &budget).is_err());
    }

    #[test]
    fn what_is_merged_later_does_not_replace_what_is_there() {
        let documents =
            all("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], c: 5}\n").unwrap();
        let z = documents[0].get("z").unwrap();
        let found = ["a", "b", "c"].map(|key| z.get(key).unwrap().value.clone());
        assert_eq!(found, [1, 2, 5].map(Value::Int));
    }

    #[test]
    fn deep_nesting_and_tags_of_programs_are_refused_at_once() {
        for text in [
            &*"[".repeat(300_000),
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
