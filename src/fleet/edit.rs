//! Edits the text of a fleet file where an instance is written, and leaves every other byte as it is.
//!
//! An edit is made at the places that the reader reports, and its result is read again: it must be the same document
//! with the one change. Where it is not, as with an anchor that others use, nothing is changed and the place is named.

use super::csv::Rows;
use super::{Source, file};
use crate::fault::{self, Fault, Place};
use crate::name::{DnsName, InstanceName};
use crate::record::{PartReader, Syntax};
use crate::yaml::{At, Key, Node, Value, scalar, tree};

/// An instance to be written into a fleet file.
#[derive(Debug)]
pub struct Addition<'a> {
    /// Its name.
    pub id: &'a InstanceName,
    /// Its host, if it is not the one that `externalHost` of the defaults makes.
    pub host: Option<&'a DnsName>,
    /// Its profile.
    pub profile: Option<&'a str>,
}

impl Addition<'_> {
    /// Writes the instance as an entry of `instances`: `paroisse-a: {externalHost: a.example.org}`.
    fn entry(&self) -> String {
        let host = self.host.map(|host| ("externalHost", host.as_str()));
        let profile = self.profile.map(|profile| ("profile", profile));
        let settings: Vec<String> = host
            .into_iter()
            .chain(profile)
            .map(|(key, value)| format!("{key}: {}", in_flow(value)))
            .collect();
        format!("{}: {{{}}}", in_flow(self.id.as_str()), settings.join(", "))
    }

    /// Returns the settings as they are read.
    fn node(&self) -> Node {
        let at = At::default();
        let text = |key: &str, value: &str| {
            let text = key.into();
            let value = Value::Text(value.to_owned());
            (Key { text, at }, Node { value, at })
        };
        let host = self.host.map(|host| text("externalHost", host.as_str()));
        let profile = self.profile.map(|profile| text("profile", profile));
        let value = Value::Map(host.into_iter().chain(profile).collect());
        Node { value, at }
    }
}

/// Writes a string as a scalar that is one in a flow mapping too.
fn in_flow(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) {
        return serde_json::Value::from(text).to_string();
    }
    scalar::to_string(text)
}

/// Returns the text of a fleet file with one more instance, the last in a block of lines and the first in braces.
///
/// # Errors
/// What is wrong with the file; that the instance is in it already; a place where no line can be added.
pub fn add(source: &Source, addition: &Addition<'_>) -> Result<String, Vec<Fault>> {
    let id = addition.id.as_str();
    let text = file::text(source);
    let old = document(text, &source.name)?;
    let Some((spec_key, spec)) = entry(&old, "spec") else {
        return Err(vec![Fault::new("`spec` is missing").file(&source.name)]);
    };
    let instances = entry(spec, "instances");
    let mut expected = old.clone();
    let entries = instances.map_or(&[][..], |(_, node)| map(node));
    if let Some((key, _)) = entries.iter().find(|(key, _)| key.text == id) {
        let fault = Fault::new(format!("the instance `{id}` is there already"));
        let fault = fault.at(key.at.place(&source.name));
        return Err(vec![fault.with_source(text)]);
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let is_flow = |node: &Node| starts_with(text, node.at, '{');
    let (place, addition_text) = match instances {
        Some((_, node)) if is_flow(node) => {
            let comma = if entries.is_empty() { "" } else { ", " };
            let place = offset(text, node.at).map(|at| at + 1);
            (place, format!("{}{comma}", addition.entry()))
        }
        Some((key, node)) => {
            let first = map(node).first().map(|(key, _)| key.at.column);
            let indent = first.unwrap_or(key.at.column + 2);
            let place = block_end(text, key.at);
            let line = line(indent, &addition.entry(), line_end);
            (place, beginning_a_line(text, place, line, line_end))
        }
        None => {
            let indent = map(spec)
                .first()
                .map_or(spec_key.at.column + 2, |(key, _)| key.at.column);
            let place = block_end(text, spec_key.at).filter(|_| !is_flow(spec));
            let lines = line(indent, "instances:", line_end)
                + &line(indent + 2, &addition.entry(), line_end);
            (place, beginning_a_line(text, place, lines, line_end))
        }
    };
    let at = instances.map_or(spec_key.at, |(key, _)| key.at);
    let Some(entries) = instances_of(&mut expected) else {
        return Err(vec![refused(source, at, &by_hand(addition))]);
    };
    let key = Key {
        text: id.into(),
        at,
    };
    let index = match instances {
        Some((_, node)) if is_flow(node) => 0,
        _ => entries.len(),
    };
    entries.insert(index, (key, addition.node()));
    let edited = place.map(|place| [&text[..place], &addition_text, &text[place..]].concat());
    let edited = edited.filter(|edited| is_document(edited, &expected));
    match edited {
        Some(edited) => Ok(with_mark_of(source, edited)),
        None => Err(vec![refused(source, at, &by_hand(addition))]),
    }
}

/// Returns what to write where no edit can be made.
fn by_hand(addition: &Addition<'_>) -> String {
    format!(
        "write `{}` under `spec.instances` by hand",
        addition.entry()
    )
}

/// Returns the text of a fleet file without an instance; comments above it stay.
///
/// # Errors
/// What is wrong with the file; that the instance is not in it; a place where nothing can be taken out, as where
/// others use an anchor of it.
pub fn remove(source: &Source, id: &str) -> Result<String, Vec<Fault>> {
    let text = file::text(source);
    let mut expected = document(text, &source.name)?;
    let entries = instances_of(&mut expected);
    let found = entries.and_then(|entries| {
        let index = entries.iter().position(|(key, _)| key.text == id)?;
        let is_last = index + 1 == entries.len();
        Some((entries.remove(index).0.at, is_last))
    });
    let Some((at, is_last)) = found else {
        let fault = Fault::new(format!("there is no instance `{id}` in this file"));
        return Err(vec![fault.file(&source.name)]);
    };
    let edited = offset(text, at).and_then(|begin| {
        let line_begin = text[..begin].rfind('\n').map_or(0, |end| end + 1);
        let range = if text[line_begin..begin].trim().is_empty() && !is_in_flow(text, at) {
            line_begin..block_end(text, at)?
        } else {
            flow_range(text, begin, is_last)?
        };
        Some([&text[..range.start], &text[range.end..]].concat())
    });
    let edited = edited.filter(|edited| is_document(edited, &expected));
    match edited {
        Some(edited) => Ok(with_mark_of(source, edited)),
        None => Err(vec![refused(source, at, "take it out by hand")]),
    }
}

/// Returns the text of a table without the row of an instance.
///
/// # Errors
/// What is wrong with the table; that the instance is not in it; a row of several lines.
pub fn remove_row(source: &Source, id: &str) -> Result<String, Vec<Fault>> {
    let text = file::text(source);
    file::table(source)?;
    let mut expected = rows(text);
    let Some(index) = expected.iter().position(|(name, ..)| name == id) else {
        let fault = Fault::new(format!("there is no instance `{id}` in this file"));
        return Err(vec![fault.file(&source.name)]);
    };
    let (_, at, _) = expected.remove(index);
    let first = At { column: 1, ..at };
    let next = At {
        line: at.line + 1,
        column: 1,
    };
    let edited = offset(text, first).map(|begin| {
        let end = offset(text, next).unwrap_or(text.len());
        [&text[..begin], &text[end..]].concat()
    });
    let is_expected = |edited: &String| {
        let found = rows(edited);
        found.len() == expected.len()
            && found
                .iter()
                .zip(&expected)
                .all(|(one, other)| one.0 == other.0 && same(&one.2, &other.2))
    };
    match edited.filter(is_expected) {
        Some(edited) => Ok(with_mark_of(source, edited)),
        None => Err(vec![refused(source, at, "take its row out by hand")]),
    }
}

/// Reads a table as far as it can be read.
fn rows(text: &str) -> Vec<(String, At, Node)> {
    let mut reader = PartReader::default();
    reader.begin("");
    reader.syntax = Syntax::Strings;
    let mut found = Vec::new();
    if let Some(mut rows) = Rows::new(text, &mut reader) {
        while let Some(row) = rows.next(&mut reader) {
            found.push((row.id, row.at, row.settings));
        }
    }
    found
}

/// Refuses an edit whose result would be another document than the one that is meant.
fn refused(source: &Source, at: At, help: &str) -> Fault {
    let fault = Fault::new("this place cannot be edited without changing anything else");
    let fault = fault.help(help).at(at.place(&source.name));
    fault.with_source(file::text(source))
}

fn document(text: &str, name: &str) -> Result<Node, Vec<Fault>> {
    let mut faults = Vec::new();
    let documents = tree::read(text, name, &mut faults).unwrap_or_default();
    match <[Node; 1]>::try_from(documents) {
        Ok([document]) if faults.is_empty() => Ok(document),
        _ if faults.is_empty() => Err(vec![Fault::new("a fleet file is one document").file(name)]),
        _ => Err(fault::with_source(faults, text)),
    }
}

fn map(node: &Node) -> &[(Key, Node)] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<(&'n Key, &'n Node)> {
    let found = map(node).iter().find(|(key, _)| key.text == name);
    found.map(|(key, node)| (key, node))
}

/// Returns the entries of `spec.instances`, which are there afterwards; nothing if there is something else in its
/// place.
fn instances_of(document: &mut Node) -> Option<&mut Vec<(Key, Node)>> {
    let Value::Map(entries) = &mut document.value else {
        return None;
    };
    let spec = entries.iter_mut().find(|(key, _)| key.text == "spec")?;
    let Value::Map(entries) = &mut spec.1.value else {
        return None;
    };
    let at = At::default();
    if !entries.iter().any(|(key, _)| key.text == "instances") {
        let text = "instances".into();
        let value = Value::Null;
        entries.push((Key { text, at }, Node { value, at }));
    }
    let (_, instances) = entries
        .iter_mut()
        .find(|(key, _)| key.text == "instances")?;
    if instances.value == Value::Null {
        instances.value = Value::Map(Vec::new());
    }
    match &mut instances.value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}

/// Returns whether a text is one document with these values, wherever they stand.
fn is_document(text: &str, expected: &Node) -> bool {
    document(text, "").is_ok_and(|mut found| {
        // A mapping that has lost its last line is `null`.
        instances_of(&mut found);
        same(&found, expected)
    })
}

fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(one), Value::Map(other)) => {
            let pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs
                    .into_iter()
                    .all(|(one, other)| one.0.text == other.0.text && same(&one.1, &other.1))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (one, other) => one == other,
    }
}

/// Returns the byte at which a place lies; nothing if the text has no such place.
fn offset(text: &str, at: At) -> Option<usize> {
    let index = usize::try_from(at.line.checked_sub(1)?).ok()?;
    let column = usize::try_from(at.column.checked_sub(1)?).ok()?;
    let mut begin = 0;
    let mut lines = text.split_inclusive('\n');
    for _ in 0..index {
        begin += lines.next()?.len();
    }
    let line = lines.next().unwrap_or_default();
    let mut places = line
        .char_indices()
        .map(|(place, _)| place)
        .chain([line.len()]);
    Some(begin + places.nth(column)?)
}

fn starts_with(text: &str, at: At, character: char) -> bool {
    offset(text, at).is_some_and(|at| text[at..].starts_with(character))
}

/// Returns the end of what a key of a block mapping holds: behind the last line that is indented deeper than the key.
fn block_end(text: &str, key: At) -> Option<usize> {
    let mut place = offset(text, At { column: 1, ..key })?;
    let indent = usize::try_from(key.column).ok()? - 1;
    let mut lines = text[place..].split_inclusive('\n');
    place += lines.next()?.len();
    let mut end = place;
    for line in lines {
        place += line.len();
        let content = line.trim_start_matches(' ');
        let is_deeper = line.len() - content.len() > indent;
        let content = content.trim_end();
        if is_deeper && !content.is_empty() {
            end = place;
        } else if !content.is_empty() && !content.starts_with('#') {
            break;
        }
    }
    Some(end)
}

/// Writes a line whose text begins at a column, from 1.
fn line(column: u32, text: &str, line_end: &str) -> String {
    let indent = usize::try_from(column).unwrap_or(1) - 1;
    format!("{}{text}{line_end}", " ".repeat(indent))
}

/// Lets lines begin one where the last line of the text does not end.
fn beginning_a_line(text: &str, place: Option<usize>, lines: String, line_end: &str) -> String {
    let before = place.map_or("", |place| &text[..place]);
    if before.is_empty() || before.ends_with('\n') {
        return lines;
    }
    format!("{line_end}{}", lines.trim_end_matches(['\r', '\n']))
}

/// Returns whether a key is in braces: what comes before it is an open one, or a comma.
fn is_in_flow(text: &str, key: At) -> bool {
    let Some(at) = offset(text, key) else {
        return false;
    };
    let before = text[..at].trim_end();
    before.ends_with(['{', ','])
}

/// Returns the part of a flow mapping that an entry takes with its comma.
fn flow_range(text: &str, begin: usize, is_last: bool) -> Option<std::ops::Range<usize>> {
    let end = begin + flow_end(&text[begin..])?;
    if text[end..].starts_with(',') {
        let after = end + 1;
        let spaces = text[after..].len() - text[after..].trim_start_matches(' ').len();
        return Some(begin..after + spaces);
    }
    let before = text[..begin].trim_end();
    let begin = if is_last && before.ends_with(',') {
        before.len() - 1
    } else {
        begin
    };
    Some(begin..begin + text[begin..end].trim_end().len())
}

/// Returns the place of the comma or bracket that ends an entry of a flow mapping.
fn flow_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    let mut before = ' ';
    let mut in_comment = false;
    for (place, character) in text.char_indices() {
        match (quote, character) {
            _ if in_comment => in_comment = character != '\n',
            (Some('"'), _) if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '#') if before.is_whitespace() => in_comment = true,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(character),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']' | ',') if depth == 0 => return Some(place),
            (None, '}' | ']') => depth -= 1,
            _ => {}
        }
        before = character;
    }
    None
}

/// Puts back the mark that Windows editors put in front.
fn with_mark_of(source: &Source, text: String) -> String {
    if source.text.starts_with('\u{feff}') {
        return format!("\u{feff}{text}");
    }
    text
}

/// Returns the name of the table that a place is in; nothing for another file.
#[must_use]
pub fn table_of(place: &Place) -> Option<&str> {
    let (Place::Position { file, .. } | Place::File(file)) = place else {
        return None;
    };
    let (_, end) = file.rsplit_once('.')?;
    end.eq_ignore_ascii_case("csv").then_some(file)
}

/// Returns whether a place is in the file of this name.
#[must_use]
pub fn is_in(place: &Place, name: &str) -> bool {
    matches!(place, Place::Position { file, .. } | Place::File(file) if file == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "# A fleet.\napiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f} # it\nspec:\n  domain: example.org\n";

    fn source(text: &str) -> Source {
        Source {
            name: "fleet.yaml".to_owned(),
            text: text.to_owned(),
        }
    }

    fn added(text: &str, id: &str) -> Result<String, String> {
        let id = InstanceName::parse(id).unwrap();
        let addition = Addition {
            id: &id,
            host: None,
            profile: None,
        };
        add(&source(text), &addition).map_err(|faults| faults[0].to_string())
    }

    fn removed(text: &str, id: &str) -> Result<String, String> {
        remove(&source(text), id).map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn an_instance_is_added_after_the_last_and_every_other_byte_stays() {
        let tails = [
            "",
            "\n# the end\n",
            "  # wildcard: false\n  shards: 2\n# end\n",
        ];
        for (before, after) in [
            ("  instances:\n    a: {}\n", "    x: {}\n"),
            ("  instances:\n    # a: {}\n", "    x: {}\n"),
            ("  instances:\n", "    x: {}\n"),
            (
                "  instances:\n\n    a:\n      # host\n      profile: p\n    # c: {}\n",
                "    x: {}\n",
            ),
            (
                "  instances:\n        a: {aliases: [b,\n          c]}   # why\n",
                "        x: {}\n",
            ),
            ("  instances:\r\n    a: {}\r\n", "    x: {}\r\n"),
            (
                "  instances:\n    a:\n      helmValues:\n        note: |-\n          # no comment\n",
                "    x: {}\n",
            ),
        ] {
            for tail in tails {
                let text = format!("{HEAD}{before}{tail}");
                let expected = format!("{HEAD}{before}{after}{tail}");
                assert_eq!(added(&text, "x").as_ref(), Ok(&expected));
                assert_eq!(removed(&expected, "x").as_ref(), Ok(&text));
            }
        }
        for (before, after) in [
            ("  instances:\n    a: {}", "\n    x: {}"),
            ("  traefik: {}\n\n# end\n", "  instances:\n    x: {}\n"),
        ] {
            let text = format!("{HEAD}{before}");
            let place = before.find("\n# end").unwrap_or(before.len());
            let (before, end) = before.split_at(place);
            assert_eq!(added(&text, "x"), Ok(format!("{HEAD}{before}{after}{end}")));
        }
    }

    #[test]
    fn an_instance_in_braces_is_added_first() {
        for (before, after) in [
            ("  instances: {}\n", "  instances: {x: {}}\n"),
            (
                "  instances: {a: {}, b: {}}\n",
                "  instances: {x: {}, a: {}, b: {}}\n",
            ),
        ] {
            let text = format!("{HEAD}{before}");
            let expected = format!("{HEAD}{after}");
            assert_eq!(added(&text, "x").as_ref(), Ok(&expected));
            assert_eq!(removed(&expected, "x").as_ref(), Ok(&text));
        }
    }

    #[test]
    fn an_instance_is_taken_out_with_its_lines_and_comments_around_it_stay() {
        let text = format!(
            "{HEAD}  instances:\n    # above a\n    a:\n      # in a\n      aliases:\n      - b.example.org\n\n    # above b\n    b: {{}} # of b\n    'c': {{aliases: [d, \"e, f\"]}}\n  # after\n"
        );
        let without = |part: &str| Ok(text.replace(part, ""));
        assert_eq!(
            removed(&text, "a"),
            without("    a:\n      # in a\n      aliases:\n      - b.example.org\n")
        );
        assert_eq!(removed(&text, "b"), without("    b: {} # of b\n"));
        assert_eq!(
            removed(&text, "c"),
            without("    'c': {aliases: [d, \"e, f\"]}\n")
        );
        let flow = format!(
            "{HEAD}  instances: {{a: {{aliases: [x, y]}}, 'b': {{}},\n    c: {{profile: \"p}}\"}}}}\n"
        );
        let without = |part: &str| Ok(flow.replace(part, ""));
        assert_eq!(removed(&flow, "a"), without("a: {aliases: [x, y]}, "));
        assert_eq!(removed(&flow, "b"), without("'b': {},"));
        assert_eq!(removed(&flow, "c"), without(",\n    c: {profile: \"p}\"}"));
    }

    #[test]
    fn the_settings_of_a_new_instance_are_read_as_they_were_given() {
        let id = InstanceName::parse("no").unwrap();
        let host = DnsName::parse("a.example.org").unwrap();
        let addition = Addition {
            id: &id,
            host: Some(&host),
            profile: Some("big, {red}"),
        };
        let text = add(&source(&format!("{HEAD}  instances:\n")), &addition).unwrap();
        assert!(
            text.ends_with(
                "\n    \"no\": {externalHost: a.example.org, profile: \"big, {red}\"}\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_be_edited_alone_is_refused_with_its_place() {
        let at = "fleet.yaml:7:3: this place cannot be edited without changing anything else";
        for text in [
            "  instances: null\n",
            "  instances: &a\n    b: {}\n  x: *a\n",
            "  instances: [a]\n",
        ] {
            assert_eq!(
                added(&format!("{HEAD}{text}"), "x"),
                Err(at.to_owned()),
                "{text}"
            );
        }
        let anchors = format!("{HEAD}  instances:\n    a: &a {{}}\n    b: *a\n");
        assert_eq!(
            removed(&anchors, "a"),
            Err(
                "fleet.yaml:8:5: this place cannot be edited without changing anything else"
                    .to_owned()
            )
        );
        assert_eq!(
            removed(&anchors, "c"),
            Err("fleet.yaml: there is no instance `c` in this file".to_owned())
        );
        assert_eq!(
            added(&anchors, "a"),
            Err("fleet.yaml:8:5: the instance `a` is there already".to_owned())
        );
    }

    #[test]
    fn a_row_is_taken_out_of_a_table_unless_it_has_several_lines() {
        let table = |text: &str| Source {
            name: "more.csv".to_owned(),
            text: text.to_owned(),
        };
        let text = "\u{feff}id;profile\r\na;big\r\n\"b\";\r\nc;\"x\r\ny\"\r\n";
        let without = remove_row(&table(text), "b").unwrap();
        assert_eq!(without, text.replace("\"b\";\r\n", ""));
        let faults = remove_row(&table(text), "c").unwrap_err();
        assert_eq!(
            faults[0].to_string(),
            "more.csv:4:1: this place cannot be edited without changing anything else"
        );
        let faults = remove_row(&table(text), "d").unwrap_err();
        assert_eq!(
            faults[0].to_string(),
            "more.csv: there is no instance `d` in this file"
        );
    }

    proptest! {
        #[test]
        fn an_edit_changes_one_instance_or_nothing(
            body in "(    [a-d]: |      profile: |\\{\\}|\\{profile: p\\}|[a-d]: \\{\\}|, |\n|# c|&a |\\*a|  instances:|  shards: 2|\"|'|\\||-| ){0,14}"
        ) {
            let text = format!("{HEAD}  instances:\n{body}\n");
            if let Ok(before) = document(&text, "") {
                if let Ok(after) = added(&text, "x") {
                    let mut expected = before.clone();
                    let entries = instances_of(&mut expected).unwrap();
                    let at = At::default();
                    let node = Node { value: Value::Map(Vec::new()), at };
                    entries.push((Key { text: "x".into(), at }, node));
                    prop_assert!(is_document(&after, &expected));
                }
                for id in ["a", "b"] {
                    if let Ok(after) = removed(&text, id) {
                        let mut expected = before.clone();
                        instances_of(&mut expected).unwrap().retain(|(key, _)| key.text != id);
                        prop_assert!(is_document(&after, &expected));
                        prop_assert!(after.len() < text.len());
                    }
                }
            }
        }
    }
}
