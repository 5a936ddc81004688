//! The values of a document, each with the keys on the way to it, and where its `sops:` block stands.

use crate::fault::Fault;
use crate::yaml::At;
use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The deepest nesting taken; a Secret's is 4.
const DEPTH_LIMIT: usize = 32;

/// Most events that the aliases of one document may stand for, and most bytes of their scalars.
const REPLAY_LIMIT: (usize, usize) = (20_000, 1 << 20);

/// The key of SOPS' own block.
pub(super) const SOPS: &str = "sops";

/// One scalar of a document.
#[derive(Debug)]
pub(super) struct SopsLeaf<'a> {
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

impl SopsLeaf<'_> {
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map(AsRef::as_ref)
    }
}

/// A document with a `sops:` block.
#[derive(Debug)]
pub(super) struct SopsTree<'a> {
    /// All scalars, in the order of the document; those of the block too.
    pub(super) leaves: Vec<SopsLeaf<'a>>,
    /// Where the block stands.
    pub(super) at: At,
}

/// A mapping or sequence that is being read.
struct SopsLevel<'a> {
    /// The keys so far; nothing in a sequence.
    keys: Option<BTreeSet<Cow<'a, str>>>,
    /// Whether the next node of a mapping is a value.
    expects_value: bool,
    /// How many items of a sequence came before.
    items: usize,
}

#[derive(Default)]
struct SopsReader<'a> {
    levels: Vec<SopsLevel<'a>>,
    path: Vec<Cow<'a, str>>,
    leaves: Vec<SopsLeaf<'a>>,
    /// How many documents have something in them.
    documents: usize,
    /// Where the key `sops` stands.
    sops: Option<Span>,
    /// The first thing that no SOPS file of one Secret has; it is not a fault in a file that is not one.
    odd: Option<(&'static str, At)>,
}

/// Reads a document; nothing if it has no `sops:` block. Aliases are taken for what they stand for.
///
/// # Errors
/// Broken syntax and deep nesting. In a document with a block also several documents, tags other than `!!str`, keys
/// that are not strings or appear twice, and merge keys.
pub(super) fn read<'a>(text: &'a str, file: &str) -> Result<Option<SopsTree<'a>>, Fault> {
    // Most files are none, and a text without the word cannot be one: an escape in a key is nobody's.
    if !text.contains(SOPS) {
        return Ok(None);
    }
    let mut reader = SopsReader::default();
    let mut anchors = Anchors::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            // The parser's own words may quote the text.
            let at = At::new(error.marker().line(), error.marker().col() + 1);
            Fault::new("this is not valid YAML").at(at.place(file))
        })?;
        let failed = |fault: Fault| fault.at(at(span).place(file));
        for event in anchors.resolve(event).map_err(failed)? {
            reader.take(event, span).map_err(failed)?;
        }
    }
    let Some(span) = reader.sops else {
        return Ok(None);
    };
    if let Some((what, at)) = reader.odd {
        return Err(Fault::new(format!("in a SOPS file, {what}"))
            .help("keep one Secret per file and each key once, as `sops` writes it")
            .at(at.place(file)));
    }
    Ok(Some(SopsTree {
        leaves: reader.leaves,
        at: at(span),
    }))
}

/// Returns whether a tag changes nothing: a scalar that is a string with or without it.
fn is_string(tag: &str, style: ScalarStyle) -> bool {
    let names_strings = tag == "!" || tag == "!!str" || tag == "tag:yaml.org,2002:str";
    names_strings && style != ScalarStyle::Plain
}

fn at(span: Span) -> At {
    At::new(span.start.line(), span.start.col() + 1)
}

/// What the anchors of a document stand for.
#[derive(Default)]
struct Anchors<'a> {
    known: BTreeMap<usize, Vec<Event<'a>>>,
    /// Those whose node has not ended yet: the anchor, how many collections are open in it, its events so far.
    open: Vec<(usize, usize, Vec<Event<'a>>)>,
    /// What aliases stood for so far: events, and bytes of their scalars.
    replayed: (usize, usize),
}

impl<'a> Anchors<'a> {
    /// Returns the events that one stands for: itself, or those of the node that an alias names.
    fn resolve(&mut self, event: Event<'a>) -> Result<Vec<Event<'a>>, Fault> {
        let events = match event {
            Event::Alias(anchor) => {
                let known = self.known.get(&anchor);
                let known = known.ok_or_else(|| Fault::new("an alias refers to nothing"))?;
                let size: usize = known
                    .iter()
                    .map(|event| match event {
                        Event::Scalar(text, ..) => text.len(),
                        _ => 0,
                    })
                    .sum();
                self.replayed.0 += known.len();
                self.replayed.1 += size;
                if self.replayed.0 > REPLAY_LIMIT.0 || self.replayed.1 > REPLAY_LIMIT.1 {
                    return Err(Fault::new(
                        "the aliases expand to more than any such file needs",
                    ));
                }
                known.clone()
            }
            event => {
                if let Some(anchor) = event.anchor_id() {
                    self.open.push((anchor, 0, Vec::new()));
                }
                vec![event]
            }
        };
        for event in &events {
            for (_, depth, recorded) in &mut self.open {
                match event {
                    Event::MappingStart(..) | Event::SequenceStart(..) => *depth += 1,
                    Event::MappingEnd | Event::SequenceEnd => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                recorded.push(event.clone());
            }
        }
        while let Some((anchor, _, recorded)) = self.open.pop_if(|(_, depth, _)| *depth == 0) {
            self.known.insert(anchor, recorded);
        }
        Ok(events)
    }
}

impl<'a> SopsReader<'a> {
    fn odd(&mut self, what: &'static str, span: Span) {
        self.odd.get_or_insert((what, at(span)));
    }

    fn take(&mut self, event: Event<'a>, span: Span) -> Result<(), Fault> {
        if let Event::Scalar(.., Some(tag))
        | Event::MappingStart(.., Some(tag))
        | Event::SequenceStart(.., Some(tag)) = &event
            && !matches!(&event, Event::Scalar(_, style, ..) if is_string(&tag.to_string(), *style))
        {
            self.odd("there is a tag", span);
        }
        if self.levels.is_empty() {
            let is_node = match &event {
                Event::Scalar(text, style, ..) => {
                    super::scalar::clear(text, *style) != super::scalar::Clear::Null
                }
                Event::MappingStart(..) | Event::SequenceStart(..) => true,
                _ => false,
            };
            self.documents += usize::from(is_node);
            if is_node && self.documents == 2 {
                self.odd("there is more than one document", span);
            }
        }
        match event {
            Event::Scalar(text, style, ..) => self.scalar(text, style, span),
            Event::MappingStart(..) => self.open(Some(BTreeSet::new()), span)?,
            Event::SequenceStart(..) => self.open(None, span)?,
            Event::MappingEnd | Event::SequenceEnd => {
                self.levels.pop();
                self.node_ends();
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, keys: Option<BTreeSet<Cow<'a, str>>>, span: Span) -> Result<(), Fault> {
        if self.levels.len() == DEPTH_LIMIT {
            return Err(Fault::new("the YAML nests beyond what any such file needs"));
        }
        if self.is_at_a_key() {
            self.odd("there is a key that is not a string", span);
        }
        self.levels.push(SopsLevel {
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
                self.odd("there is a key that is not a string", span);
            }
            if self.levels.len() == 1 && text == SOPS {
                self.sops.get_or_insert(span);
            }
            let level = self.levels.last_mut().expect("a key is in a mapping");
            level.expects_value = true;
            self.path.push(text.clone());
            if !level.keys.as_mut().is_some_and(|keys| keys.insert(text)) {
                self.odd("a key appears twice in its mapping", span);
            }
            return;
        }
        let sequence = self.levels.iter().rev().find(|level| level.keys.is_none());
        let item = sequence.map(|level| level.items);
        self.leaves.push(SopsLeaf {
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
            Some(SopsLevel {
                keys: None, items, ..
            }) => *items += 1,
            Some(level) if level.expects_value => {
                level.expects_value = false;
                self.path.pop();
            }
            Some(level) => {
                // A key that is not a scalar ends here.
                level.expects_value = true;
                self.path.push(Cow::Borrowed(""));
            }
            None => {}
        }
    }
}
