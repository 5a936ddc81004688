//! Comments that say: this is known, and why.
//!
//! `# civi-ingress: allow CI103, weak-key reason` holds for its own line, or on a line of its own for the next
//! line that is not a comment. Codes and names stand for rules.

use super::finding::Finding;
use crate::lint::documents::rules::{CI001, CI002, CI003};
use crate::lint::rule::Rule;
use crate::lint::rules::{self};
use crate::yaml::At;

const MARK: &str = "# civi-ingress: allow";

/// A comment, and whether it was needed.
pub(super) struct Comment {
    at: At,
    /// The line that it is about.
    line: u32,
    /// Each as it is written, with its rule and whether it was needed.
    rules: Vec<(String, Option<&'static Rule>, bool)>,
    has_reason: bool,
}

/// Takes out what the comments of each file allow, adds what is wrong with them, and counts what was taken out.
pub(super) fn apply(files: &mut [Vec<Comment>], findings: &mut Vec<Finding>) -> usize {
    let before = findings.len();
    findings.retain(|finding| {
        let mut is_allowed = false;
        for comment in files.get_mut(finding.file).into_iter().flatten() {
            if comment.line == finding.at.line {
                for (_, rule, used) in &mut comment.rules {
                    if *rule == Some(finding.rule) {
                        (*used, is_allowed) = (true, true);
                    }
                }
            }
        }
        !is_allowed
    });
    let suppressed = before - findings.len();
    let comments = files.iter().enumerate();
    let comments = comments.flat_map(|(file, all)| all.iter().map(move |comment| (file, comment)));
    for (file, comment) in comments {
        let mut find = |rule, message: String| {
            findings.push(Finding::of_file(rule, file, comment.at, message));
        };
        if !comment.has_reason {
            find(&CI001, "the comment has no reason".to_owned());
        }
        if comment.rules.is_empty() {
            find(&CI003, "the comment names no rule".to_owned());
        }
        for (word, rule, used) in &comment.rules {
            if rule.is_none() {
                find(&CI003, format!("there is no rule `{word}`"));
            } else if !used {
                find(&CI002, format!("`{word}` finds nothing here"));
            }
        }
    }
    suppressed
}

/// Reads the comments of a text.
pub(super) fn read(text: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    if !text.contains(MARK) {
        return comments;
    }
    // Those that wait for a line that is not a comment.
    let mut waiting: Vec<usize> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_comment = line.trim_start().starts_with('#');
        if !is_comment && !line.trim().is_empty() {
            for index in waiting.drain(..) {
                comments[index].line = At::new(number, 1).line;
            }
        }
        let Some(start) = line.find(MARK) else {
            continue;
        };
        let is_own_word = line[..start].ends_with(char::is_whitespace) || start == 0;
        let rest = &line[start + MARK.len()..];
        if !is_own_word || !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let (rules, reason) = named(rest);
        let at = At::new(number, line[..start].chars().count() + 1);
        if is_comment {
            waiting.push(comments.len());
        }
        comments.push(Comment {
            at,
            line: at.line,
            rules: rules
                .into_iter()
                .map(|(word, rule)| (word.to_owned(), rule, false))
                .collect(),
            has_reason: reason.chars().any(char::is_alphanumeric),
        });
    }
    comments
}

/// Splits codes and names of rules from the reason behind them.
fn named(text: &str) -> (Vec<(&str, Option<&'static Rule>)>, &str) {
    let mut named = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len());
        let word = rest[..end].trim_end_matches('-');
        let rule = rules::find(word);
        // A word with hyphens that is not a name may begin the reason; in the first place it is meant for a name.
        let is_misspelt = is_code(word) || named.is_empty() && is_like_a_name(word);
        if rule.is_none() && !is_misspelt {
            return (named, rest);
        }
        named.push((word, rule));
        rest = rest[word.len()..].trim_start_matches([' ', '\t', ',']);
    }
}

fn is_code(word: &str) -> bool {
    let digits = word
        .split_at_checked(2)
        .filter(|(start, _)| start.eq_ignore_ascii_case("CI"));
    digits.is_some_and(|(_, digits)| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_like_a_name(word: &str) -> bool {
    word.trim_matches('-').contains('-')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_end_where_the_reason_begins() {
        for (text, words, reason) in [
            (
                " CI103, ci603 the chart does so",
                &["CI103", "ci603"][..],
                "the chart does so",
            ),
            (
                " weak-key CI103 well-known to us",
                &["weak-key", "CI103"],
                "well-known to us",
            ),
            (" CI103", &["CI103"], ""),
            (" CITY hall", &[], "CITY hall"),
            (" weak-kye old", &["weak-kye"], "old"),
            (" - by design", &[], "- by design"),
        ] {
            let (found, rest) = named(text);
            let found: Vec<&str> = found.into_iter().map(|(word, _)| word).collect();
            assert_eq!((&found[..], rest), (words, reason), "{text}");
        }
    }

    #[test]
    fn a_comment_is_about_its_own_line_or_the_next_that_is_not_a_comment() {
        let text = "a: 1 # civi-ingress: allow CI101 x\n# civi-ingress: allow CI102 y\n# more\n\nb: 2\nc: \"#civi-ingress: allow CI103 z\"\n";
        let lines: Vec<u32> = read(text).iter().map(|comment| comment.line).collect();
        assert_eq!(lines, [1, 5]);
    }
}
