//! The few placeholders that strings of the fleet file take: `{id}`, `{domain}`, `{namespace}`, `{externalHost}`.
//!
//! `{{` and `}}` stand for the braces themselves. There is no other template language, and no environment.

use crate::fault::{Fault, did_you_mean};
use crate::yaml::{Node, Value};
use std::borrow::Cow;

/// The placeholders, in the order in which they are settled: one may use those before it.
pub(super) const NAMES: [&str; 4] = ["id", "domain", "namespace", "externalHost"];

/// What the placeholders stand for, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaceholderNames<'a>(pub(super) [&'a str; 4]);

/// A piece of a text.
enum PatternPiece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Cuts the first piece off; nothing if a brace has no partner.
fn piece(text: &str) -> Option<(PatternPiece<'_>, &str)> {
    let Some(brace) = text.find(['{', '}']) else {
        return Some((PatternPiece::Text(text), ""));
    };
    if brace > 0 {
        let (before, rest) = text.split_at(brace);
        return Some((PatternPiece::Text(before), rest));
    }
    for escaped in ["{{", "}}"] {
        if let Some(rest) = text.strip_prefix(escaped) {
            return Some((PatternPiece::Text(&escaped[1..]), rest));
        }
    }
    let (name, rest) = text.strip_prefix('{')?.split_once('}')?;
    Some((PatternPiece::Placeholder(name), rest))
}

/// Returns whether there is anything to put in.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(['{', '}'])
}

/// Refuses placeholders that are not in `known`.
///
/// # Errors
/// The first unknown placeholder, or a brace without its partner.
pub(super) fn check(text: &str, known: &[&str]) -> Result<(), Fault> {
    let mut rest = text;
    while !rest.is_empty() {
        let Some((piece, tail)) = piece(rest) else {
            return Err(Fault::new("there is a single brace")
                .help("write `{{` or `}}` for a brace, `{id}` for a placeholder"));
        };
        if let PatternPiece::Placeholder(name) = piece
            && !known.contains(&name)
        {
            return Err(unknown(name, known));
        }
        rest = tail;
    }
    Ok(())
}

fn unknown(name: &str, known: &[&str]) -> Fault {
    let shown: String = name.chars().take(40).collect();
    if NAMES.contains(&name) {
        return Fault::new(format!("`{{{name}}}` is not available yet here"))
            .help(format!("use {}", listed(known)));
    }
    let fault = Fault::new(format!(
        "unknown placeholder `{{{}}}`",
        shown.escape_debug()
    ));
    match did_you_mean(name, known.iter().copied()) {
        Some(meant) => fault.help(format!("did you mean `{{{meant}}}`?")),
        None => fault.help(format!(
            "use {}; `{{{{` and `}}}}` mean literal braces",
            listed(known)
        )),
    }
}

fn listed(known: &[&str]) -> String {
    let names: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
    names.join(", ")
}

/// Puts the names in; `text` must have passed [`check`].
pub(super) fn expand<'a>(text: &'a str, names: PlaceholderNames<'_>) -> Cow<'a, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((piece, tail)) = piece(rest).filter(|_| !rest.is_empty()) {
        match piece {
            PatternPiece::Text(text) => out.push_str(text),
            PatternPiece::Placeholder(name) => {
                let index = NAMES.iter().position(|known| *known == name);
                out.push_str(index.map_or("", |index| names.0[index]));
            }
        }
        rest = tail;
    }
    Cow::Owned(out)
}

/// Puts the names into all strings of a tree.
pub(super) fn expand_tree(node: &mut Node, names: PlaceholderNames<'_>) {
    match &mut node.value {
        Value::Text(text) => {
            if let Cow::Owned(expanded) = expand(text, names) {
                *text = expanded;
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| expand_tree(item, names)),
        Value::Map(entries) => {
            for (_, child) in entries {
                expand_tree(child, names);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: PlaceholderNames<'_> = PlaceholderNames(["a", "b.org", "n", "a.b.org"]);

    #[test]
    fn placeholders_are_put_in_and_doubled_braces_are_braces() {
        for (text, expanded) in [
            ("{id}.{domain}", "a.b.org"),
            ("www.{externalHost}", "www.a.b.org"),
            ("{{id}}", "{id}"),
            ("{{{id}}}", "{a}"),
            ("é{namespace}é", "éné"),
            ("", ""),
            ("^{id}$", "^a$"),
        ] {
            check(text, &NAMES).unwrap();
            assert_eq!(expand(text, A), expanded);
        }
    }

    #[test]
    fn unknown_placeholders_and_lone_braces_are_refused() {
        for text in [
            "{", "}", "{id", "id}", "{id}}", "{ID}", "{}", "{ id }", "{id}{", "${HOME}",
        ] {
            assert!(check(text, &NAMES).is_err(), "{text}");
        }
        let fault = check("{externalhost}", &NAMES).unwrap_err();
        assert_eq!(fault.help.unwrap(), "did you mean `{externalHost}`?");
        let fault = check("{namespace}", &NAMES[..2]).unwrap_err();
        assert_eq!(fault.to_string(), "`{namespace}` is not available yet here");
    }

    proptest! {
        #[test]
        fn any_text_with_its_braces_doubled_comes_back(text in "\\PC{0,12}|[{}a]{0,8}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(check(&doubled, &[]), Ok(()));
            prop_assert_eq!(expand(&doubled, A), text);
        }

        #[test]
        fn what_passes_the_check_loses_no_text(text in "([{}]|id|x|\\{id\\}){0,8}") {
            if check(&text, &NAMES).is_ok() {
                let count = text.matches('x').count();
                prop_assert_eq!(expand(&text, A).matches('x').count(), count);
            }
        }
    }
}
