//! The values of a document, each with the keys on the way to it, and where its `sops:` block stands.

use crate::fault::Fault;
use crate::yaml::At;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The deepest nesting taken; a Secret's is 4.
const DEPTH_LIMIT: usize = 32;

/// The key of SOPS' own block.
pub(super) const SOPS: &str = "sops";

/// One scalar of a document.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    /// The keys on the way to it; a place in a sequence is none.
    pub(super) path: Vec<Cow<'a, str>>,
    /// Its place in the innermost sequence around it, from 0; nothing outside of sequences.
    pub(super) item: Option<usize>,
    /// The text.
    pub(super) text: Cow<'a, str>,
    /// How it is written.
    pub(super) style: ScalarStyle,
    /// Where it stands.
    pub(super) at: At,
}

impl Leaf<'_> {
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map(AsRef::as_ref)
    }
}

/// A document with a `sops:` block.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// All scalars, in the order of the document; those of the block too.
    pub(super) leaves: Vec<Leaf<'a>>,
    /// The block, word for word.
    pub(super) block: &'a str,
    /// Where the block stands.
    pub(super) at: At,
}

/// A mapping or sequence that is being read.
struct Level<'a> {
    /// The keys so far; nothing in a sequence.
    keys: Option<BTreeSet<Cow<'a, str>>>,
    /// Whether the next node of a mapping is a value.
    expects_value: bool,
    /// How many items of a sequence came before.
    items: usize,
}

#[derive(Default)]
struct Reader<'a> {
    levels: Vec<Level<'a>>,
    path: Vec<Cow<'a, str>>,
    leaves: Vec<Leaf<'a>>,
    /// Where the key `sops` stands.
    sops: Option<Span>,
    /// The first thing that no SOPS file of one Secret has; it is no fault of a file that is none.
    odd: Option<(&'static str, At)>,
}

/// Reads a document; nothing where it has no `sops:` block.
///
/// # Errors
/// Broken syntax and deep nesting. In a document with a block also several documents, anchors and tags, keys that
/// are no strings or stand twice, and flow style around the block.
pub(super) fn read<'a>(text: &'a str, file: &str) -> Result<Option<Tree<'a>>, Fault> {
    // Most files are none, and a text without the word cannot be one: an escape in a key is nobody's.
    if !text.contains(SOPS) {
        return Ok(None);
    }
    let mut reader = Reader::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            // The parser's own words may quote the text.
            let at = At {
                line: error.marker().line() as u64,
                column: error.marker().col() as u64 + 1,
            };
            Fault::new("this is no valid YAML").at(at.place(file))
        })?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents == 2 {
                reader.odd("there is more than one document", span);
            }
        }
        reader
            .take(event, span)
            .map_err(|fault| fault.at(at(span).place(file)))?;
    }
    let Some(span) = reader.sops else {
        return Ok(None);
    };
    if let Some((what, at)) = reader.odd {
        return Err(Fault::new(format!("in a SOPS file, {what}"))
            .help("one Secret a file, each key once, in block style, as `sops` writes it")
            .at(at.place(file)));
    }
    let block = block(text, span.start.byte_offset().unwrap_or_default());
    Ok(Some(Tree {
        leaves: reader.leaves,
        block,
        at: at(span),
    }))
}

fn at(span: Span) -> At {
    At {
        line: span.start.line() as u64,
        column: span.start.col() as u64 + 1,
    }
}

/// Gives the line at `start` and those below to the last one that is indented.
fn block(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let mut end = 0;
    let mut length = 0;
    for line in rest.split_inclusive('\n') {
        // Of no meaning to YAML: empty lines and comments.
        let is_idle = line.trim().is_empty() || line.starts_with('#');
        if length > 0 && !is_idle && !line.starts_with(' ') {
            break;
        }
        length += line.len();
        if !is_idle {
            end = length;
        }
    }
    &rest[..end]
}

impl<'a> Reader<'a> {
    fn odd(&mut self, what: &'static str, span: Span) {
        self.odd.get_or_insert((what, at(span)));
    }

    fn take(&mut self, event: Event<'a>, span: Span) -> Result<(), Fault> {
        if event.anchor_id().is_some() || matches!(event, Event::Alias(_)) {
            self.odd("there is an anchor or an alias", span);
        }
        if let Event::Scalar(.., Some(_))
        | Event::MappingStart(.., Some(_))
        | Event::SequenceStart(.., Some(_)) = event
        {
            self.odd("there is a tag", span);
        }
        match event {
            Event::Scalar(text, style, ..) => self.scalar(text, style, span),
            Event::MappingStart(style, ..) => {
                let is_around_or_in_the_block = self.levels.is_empty()
                    || (self.levels.len() == 1 && self.path.last().is_some_and(|key| key == SOPS));
                if is_around_or_in_the_block && style == StructureStyle::Flow {
                    self.odd("there is flow style around the block `sops`", span);
                }
                self.open(Some(BTreeSet::new()), span)?;
            }
            Event::SequenceStart(..) => self.open(None, span)?,
            Event::MappingEnd | Event::SequenceEnd => {
                self.levels.pop();
                self.node_ends();
            }
            Event::Alias(_) => self.node_ends(),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, keys: Option<BTreeSet<Cow<'a, str>>>, span: Span) -> Result<(), Fault> {
        if self.levels.len() == DEPTH_LIMIT {
            return Err(Fault::new("the YAML nests beyond what any such file needs"));
        }
        if self.is_at_a_key() {
            self.odd("there is a key that is no string", span);
        }
        self.levels.push(Level {
            keys,
            expects_value: false,
            items: 0,
        });
        Ok(())
    }

    fn is_at_a_key(&self) -> bool {
        self.levels
            .last()
            .is_some_and(|level| level.keys.is_some() && !level.expects_value)
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, span: Span) {
        if self.is_at_a_key() {
            let is_string = matches!(
                super::scalar::clear(&text, style),
                super::scalar::Clear::Bytes(_, true)
            );
            if !is_string || (style == ScalarStyle::Plain && text == "<<") {
                self.odd("there is a key that is no string", span);
            }
            if self.levels.len() == 1 && text == SOPS {
                self.sops.get_or_insert(span);
                if span.start.col() != 0 {
                    self.odd("the block `sops` is indented", span);
                }
            }
            let level = self.levels.last_mut().expect("a key is in a mapping");
            level.expects_value = true;
            self.path.push(text.clone());
            if !level.keys.as_mut().is_some_and(|keys| keys.insert(text)) {
                self.odd("a key stands twice in its mapping", span);
            }
            return;
        }
        let sequence = self.levels.iter().rev().find(|level| level.keys.is_none());
        let item = sequence.map(|level| level.items);
        self.leaves.push(Leaf {
            path: self.path.clone(),
            item,
            text,
            style,
            at: at(span),
        });
        self.node_ends();
    }

    /// After a value comes a key, after an item the next one.
    fn node_ends(&mut self) {
        match self.levels.last_mut() {
            Some(Level {
                keys: None, items, ..
            }) => *items += 1,
            Some(level) if level.expects_value => {
                level.expects_value = false;
                self.path.pop();
            }
            Some(level) => {
                // A key that is no scalar ends here.
                level.expects_value = true;
                self.path.push(Cow::Borrowed(""));
            }
            None => {}
        }
    }
}
