//! The syntax of Helm's `--set`.
//!
//! `a.b=c,d=e` sets two paths; `\` takes the next character as it is; `{x,y}` is a list; `a[0]=x` sets an
//! element of a list; `true`, `false`, `null` and whole numbers have their types (`helm.sh/docs/intro/using_helm`).

use crate::fault::{Fault, Place};
use crate::yaml::{At, Node, Value};

/// Most keys of a path; the chart's longest has 3.
const DEPTH_LIMIT: usize = 32;

/// How values are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// `--set`: booleans, null and whole numbers are recognised.
    Inferred,
    /// `--set-string`: everything is a string.
    Text,
}

impl Typing {
    fn option(self) -> &'static str {
        match self {
            Self::Inferred => "--set",
            Self::Text => "--set-string",
        }
    }
}

/// Returns the place of a value that is in `argument`.
#[must_use]
pub fn place(argument: &str, typing: Typing) -> Place {
    Place::Argument(format!("{} `{}`", typing.option(), argument.escape_debug()))
}

/// Parses one `--set` argument into paths and values, in order.
///
/// # Errors
/// A part without `=` or without a path, a list that is not closed, an index, which no key read here has.
pub fn parse(argument: &str, typing: Typing) -> Result<Vec<(String, Value)>, Fault> {
    let mut rest = argument.chars().peekable();
    let mut pairs = Vec::new();
    let wrong = |what: String| {
        Fault::new(what)
            .help("write `key=value` or `a.b=x,c=y`; `\\,` stands for a comma inside a value")
            .at(place(argument, typing))
    };
    loop {
        let path = path(&mut rest).map_err(wrong)?;
        if rest.peek() == Some(&'{') {
            rest.next();
            pairs.push((path, list(&mut rest, typing).map_err(wrong)?));
        } else {
            let (text, _) = take(&mut rest, &[',']);
            pairs.push((path, typed(text, typing)));
        }
        match rest.next() {
            None => return Ok(pairs),
            Some(',') if rest.peek().is_none() => return Ok(pairs),
            Some(',') => {}
            Some(other) => return Err(wrong(format!("`{other}` follows a list"))),
        }
    }
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Takes characters up to one of `ends`, which stays; a backslash takes the next character as it is.
fn take(rest: &mut Characters<'_>, ends: &[char]) -> (String, Option<char>) {
    let mut text = String::new();
    while let Some(&character) = rest.peek() {
        if ends.contains(&character) {
            return (text, Some(character));
        }
        rest.next();
        match character {
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
    (text, None)
}

fn path(rest: &mut Characters<'_>) -> Result<String, String> {
    let mut parts: Vec<String> = Vec::new();
    loop {
        let (part, end) = take(rest, &['.', '=', ',', '[']);
        if part.is_empty() {
            return Err("a key is empty".to_owned());
        }
        if parts.len() == DEPTH_LIMIT {
            return Err(format!("a path has more than {DEPTH_LIMIT} keys"));
        }
        // As in `Layers`: a dot inside a key is not a separator.
        parts.push(part.replace('.', "\\."));
        match end {
            Some('.') => {
                rest.next();
            }
            Some('=') => {
                rest.next();
                return Ok(parts.join("."));
            }
            Some('[') => {
                return Err(format!(
                    "`{}` has an index; set the whole list as `{{x,y}}`",
                    parts.join(".")
                ));
            }
            _ => return Err(format!("`{}` has no value", parts.join("."))),
        }
    }
}

fn list(rest: &mut Characters<'_>, typing: Typing) -> Result<Value, String> {
    let mut items = Vec::new();
    loop {
        let (text, end) = take(rest, &[',', '}']);
        if !(text.is_empty() && end == Some('}') && items.is_empty()) {
            items.push(Node {
                value: typed(text, typing),
                at: At::default(),
            });
        }
        match (end, rest.next()) {
            (Some(','), _) => {}
            (Some(_), _) => return Ok(Value::List(items)),
            (None, _) => return Err("a list is not closed by `}`".to_owned()),
        }
    }
}

fn typed(text: String, typing: Typing) -> Value {
    if typing == Typing::Text {
        return Value::Text(text);
    }
    match text.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        // Helm keeps a number with a leading zero as a string.
        number if number == "0" || !number.starts_with(['0', '+']) => number
            .parse()
            .map_or_else(|_| Value::Text(text.clone()), Value::Int),
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(argument: &str) -> Vec<(String, Value)> {
        parse(argument, Typing::Inferred).unwrap()
    }

    fn words(items: &[&str]) -> Value {
        let node = |text: &&str| Node {
            value: Value::Text((*text).into()),
            at: At::default(),
        };
        Value::List(items.iter().map(node).collect())
    }

    #[test]
    fn pairs_paths_types_and_lists_are_read_as_helm_reads_them() {
        assert_eq!(
            inferred("a.b=c,d=1"),
            [
                ("a.b".into(), Value::Text("c".into())),
                ("d".into(), Value::Int(1))
            ]
        );
        assert_eq!(
            inferred("a=true,b=null,c=007,d=0,e="),
            [
                ("a".into(), Value::Bool(true)),
                ("b".into(), Value::Null),
                ("c".into(), Value::Text("007".into())),
                ("d".into(), Value::Int(0)),
                ("e".into(), Value::Text(String::new())),
            ]
        );
        assert_eq!(
            inferred("a={x,y},b=z"),
            [
                ("a".into(), words(&["x", "y"])),
                ("b".into(), Value::Text("z".into()))
            ]
        );
        assert_eq!(inferred("a={}"), [("a".into(), Value::List(vec![]))]);
        assert_eq!(inferred("a=x=y"), [("a".into(), Value::Text("x=y".into()))]);
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        assert_eq!(
            inferred(r"a=x\,y,b\.c=z"),
            [
                ("a".into(), Value::Text("x,y".into())),
                (r"b\.c".into(), Value::Text("z".into())),
            ]
        );
    }

    #[test]
    fn set_string_keeps_every_value_a_string() {
        assert_eq!(
            parse("a=1,b=true", Typing::Text).unwrap(),
            [
                ("a".into(), Value::Text("1".into())),
                ("b".into(), Value::Text("true".into())),
            ]
        );
    }

    #[test]
    fn malformed_arguments_are_refused_with_the_argument_as_their_place() {
        for argument in [
            &"a.".repeat(100_000),
            "",
            "a",
            "=x",
            "a.=x",
            "a={x",
            "a[0]=x",
            "a={x}y",
            "a=x,,b=y",
            ",a=x",
        ] {
            let fault = parse(argument, Typing::Inferred).expect_err(argument);
            assert!(matches!(fault.place, Some(Place::Argument(_))));
        }
    }
}
