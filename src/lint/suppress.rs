//! Comments that say: this is known, and why.
//!
//! `# civi-ingress: allow CI103, CI603 reason` holds for its own line, or on a line of its own for the next
//! line that is not a comment.

use super::finding::Finding;
use super::source::Source;
use crate::lint::documents::rules::{CI001, CI002, CI003};
use crate::lint::rule::Rule;
use crate::lint::rules::{self};
use crate::yaml::At;
use rayon::prelude::*;

const MARK: &str = "# civi-ingress: allow";

/// A comment, and whether it was needed.
struct Comment<'a> {
    file: usize,
    at: At,
    /// The line that it is about.
    line: u64,
    codes: Vec<(&'a str, bool)>,
    has_reason: bool,
}

/// Takes out what comments allow, adds what is wrong with the comments, and counts what was taken out.
pub(super) fn apply(sources: &[Source], findings: &mut Vec<Finding>) -> usize {
    let mut comments: Vec<Comment<'_>> = sources
        .par_iter()
        .enumerate()
        .filter(|(_, source)| source.text.contains(MARK))
        .flat_map_iter(|(file, source)| read(file, &source.text))
        .collect();
    let before = findings.len();
    findings.retain(|finding| {
        let mut is_allowed = false;
        for comment in &mut comments {
            if comment.file == finding.file && comment.line == finding.at.line {
                for (code, used) in &mut comment.codes {
                    if finding.rule.code.eq_ignore_ascii_case(code) {
                        (*used, is_allowed) = (true, true);
                    }
                }
            }
        }
        !is_allowed
    });
    let suppressed = before - findings.len();
    for comment in &comments {
        let mut find = |rule, message: String| findings.push(comment.finding(rule, message));
        if !comment.has_reason {
            find(&CI001, "the comment has no reason".to_owned());
        }
        if comment.codes.is_empty() {
            find(&CI003, "the comment names no rule".to_owned());
        }
        for (code, used) in &comment.codes {
            if rules::find(code).is_none() {
                find(&CI003, format!("there is no rule `{code}`"));
            } else if !used {
                find(&CI002, format!("`{code}` finds nothing here"));
            }
        }
    }
    suppressed
}

impl Comment<'_> {
    fn finding(&self, rule: &'static Rule, message: String) -> Finding {
        Finding::of_file(rule, self.file, self.at, message)
    }
}

fn read(file: usize, text: &str) -> Vec<Comment<'_>> {
    let mut comments: Vec<Comment<'_>> = Vec::new();
    // Those that wait for a line that is not a comment.
    let mut waiting: Vec<usize> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_comment = line.trim_start().starts_with('#');
        if !is_comment && !line.trim().is_empty() {
            for index in waiting.drain(..) {
                comments[index].line = number;
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
        let (codes, reason) = codes(rest);
        if is_comment {
            waiting.push(comments.len());
        }
        comments.push(Comment {
            file,
            at: At {
                line: number,
                column: line[..start].chars().count() as u64 + 1,
            },
            line: number,
            codes: codes.into_iter().map(|code| (code, false)).collect(),
            has_reason: reason.chars().any(char::is_alphanumeric),
        });
    }
    comments
}

/// Splits codes from the reason behind them.
fn codes(text: &str) -> (Vec<&str>, &str) {
    let mut codes = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let is_code = word.len() > 2
            && word
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case("CI"))
            && word[2..].bytes().all(|byte| byte.is_ascii_digit());
        if !is_code {
            return (codes, rest);
        }
        codes.push(word);
        rest = rest[end..].trim_start_matches([' ', '\t', ',']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_end_where_the_reason_begins() {
        assert_eq!(
            codes(" CI103, ci603 the chart does so"),
            (vec!["CI103", "ci603"], "the chart does so")
        );
        assert_eq!(codes(" CI103"), (vec!["CI103"], ""));
        assert_eq!(codes(" CITY hall"), (vec![], "CITY hall"));
    }

    #[test]
    fn a_comment_is_about_its_own_line_or_the_next_that_is_not_a_comment() {
        let text = "a: 1 # civi-ingress: allow CI101 x\n# civi-ingress: allow CI102 y\n# more\n\nb: 2\nc: \"#civi-ingress: allow CI103 z\"\n";
        let lines: Vec<u64> = read(0, text).iter().map(|comment| comment.line).collect();
        assert_eq!(lines, [1, 5]);
    }
}
