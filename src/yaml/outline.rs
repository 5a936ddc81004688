//! Reads a rendered document back without building a tree of it: all of it is parsed, little is kept.

use granit_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;

/// What a manifest says it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outline<'a> {
    /// `apiVersion`.
    pub api_version: Option<String>,
    /// `kind`.
    pub kind: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `data` of a Secret or ConfigMap.
    pub data: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// A mapping or sequence that is being read.
struct OutlineLevel<'a> {
    /// The keys so far; nothing in a sequence.
    keys: Option<Vec<Cow<'a, str>>>,
    /// Whether the next node of a mapping is a value.
    expects_value: bool,
}

/// Reads the outline of one document.
///
/// # Errors
/// The line, from 1, of the first fault: broken syntax, a key that appears twice in its mapping, a second
/// document. The text is not quoted, because it may hold private keys.
pub fn read(text: &str) -> Result<Outline<'_>, usize> {
    let mut outline = Outline::default();
    let mut levels: Vec<OutlineLevel<'_>> = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.marker().line())?;
        let line = span.start.line();
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(line);
                }
            }
            Event::Scalar(value, style, ..) => {
                scalar(&mut levels, &mut outline, value, style).map_err(|()| line)?;
            }
            Event::MappingStart(..) => levels.push(OutlineLevel {
                keys: Some(Vec::new()),
                expects_value: false,
            }),
            Event::SequenceStart(..) => levels.push(OutlineLevel {
                keys: None,
                expects_value: false,
            }),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                node_ends(&mut levels);
            }
            Event::Alias(_) => node_ends(&mut levels),
            _ => {}
        }
    }
    Ok(outline)
}

/// Takes a scalar for a key or a value, whichever its place is.
fn scalar<'a>(
    levels: &mut [OutlineLevel<'a>],
    outline: &mut Outline<'a>,
    value: Cow<'a, str>,
    style: ScalarStyle,
) -> Result<(), ()> {
    if let Some(level) = levels.last_mut()
        && let Some(keys) = &mut level.keys
        && !level.expects_value
    {
        if keys.contains(&value) {
            return Err(());
        }
        keys.push(value);
        level.expects_value = true;
        return Ok(());
    }
    let key =
        |level: &'_ OutlineLevel<'a>| level.keys.as_ref().and_then(|keys| keys.last()).cloned();
    let place = match levels {
        [top] => match key(top).as_deref() {
            Some("apiVersion") => Some(&mut outline.api_version),
            Some("kind") => Some(&mut outline.kind),
            _ => None,
        },
        [top, below] if key(top).as_deref() == Some("data") => {
            outline
                .data
                .extend(key(below).map(|key| (key, value.clone())));
            None
        }
        [top, below] if key(top).as_deref() == Some("metadata") => match key(below).as_deref() {
            Some("name") => Some(&mut outline.name),
            Some("namespace") => Some(&mut outline.namespace),
            _ => None,
        },
        _ => None,
    };
    if let Some(place) = place {
        // What some reader takes for a number or a boolean names nothing.
        let is_string = style != ScalarStyle::Plain || super::scalar::is_plain(&value);
        *place = is_string.then(|| value.into_owned());
    }
    node_ends(levels);
    Ok(())
}

/// After a value comes a key. A key that is not a scalar counts as a value too: no manifest has one.
fn node_ends(levels: &mut [OutlineLevel<'_>]) {
    if let Some(level) = levels.last_mut() {
        level.expects_value = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_of_a_manifest_is_found_among_everything_else() {
        let text = "apiVersion: v1\nspec:\n  kind: Inner\n  list: [{name: x}, {name: y}]\nkind: \"Secret\"\n\
                    metadata:\n  labels: {name: z}\n  name: a\n  namespace: b\ndata: {k: v}\n";
        let expected = Outline {
            api_version: Some("v1".into()),
            kind: Some("Secret".into()),
            name: Some("a".into()),
            namespace: Some("b".into()),
            data: vec![("k".into(), "v".into())],
        };
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn a_name_that_is_not_a_string_names_nothing() {
        for name in ["12", "on", "null", "1e3"] {
            let text = format!("metadata:\n  name: {name}\n");
            assert_eq!(read(&text).unwrap().name, None, "{name}");
        }
    }

    #[test]
    fn faults_are_given_by_their_line() {
        for (text, line) in [
            ("a: 1\nb: 2\na: 3\n", 3),
            ("a:\n  b: 1\n  c: {d: 1, d: 2}\n", 3),
            ("a: 1\n---\nb: 1\n", 2),
            ("a: [\n", 1),
            ("a: 1\n b: 2\n", 2),
        ] {
            assert_eq!(read(text), Err(line), "{text:?}");
        }
    }

    #[test]
    fn equal_keys_of_different_mappings_are_not_faults() {
        assert!(read("a: {x: 1}\nb: {x: 1}\nc:\n  - x: 1\n  - x: 1\n").is_ok());
    }
}
