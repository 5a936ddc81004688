//! What is wrong with an input: one sentence, its place and the way out.

use crate::visible;
use std::fmt;

/// Where in the input a fault lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An option or argument of the command line, as the user typed its name (`--host`).
    Argument(String),
    /// A whole file, by the name the user gave it (`-` reads as `standard input`).
    File(String),
    /// A position in a text file; line and column count from 1.
    Position {
        /// The file's name.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
    },
}

impl fmt::Display for Place {
    /// Writes it as it can be shown: files are named by strangers, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) | Self::File(name) => f.write_str(&visible::line(name)),
            Self::Position { file, line, column } => {
                write!(f, "{}:{line}:{column}", visible::line(file))
            }
        }
    }
}

/// One thing that is wrong with an input.
///
/// Printed as `PLACE: WHAT`. The help is kept apart, so that the shell prints it on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is, once an outer layer knows.
    pub place: Option<Place>,
    /// What is wrong, lower case, the value in backticks.
    pub what: String,
    /// What to type or change instead.
    pub help: Option<String>,
    /// The line where it is, once an outer layer has shown the source.
    pub snippet: Option<Box<Snippet>>,
}

impl Fault {
    /// Makes a fault whose place is not known yet. Of the text is kept what can be shown: see [`visible::line`].
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            place: None,
            what: visible::owned(what.into()),
            help: None,
            snippet: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(visible::owned(help.into()));
        self
    }

    /// Sets its place, unless an inner layer has set a more exact one.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// Quotes the line of `source` at which it is, unless it has no position, or this line or the one before it, of
    /// which it may be the short last line, may hold a private key. Goes through the text: see [`with_source`].
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        let Some(Place::Position { line, column, .. }) = self.place else {
            return self;
        };
        let Some(before) = usize::try_from(line)
            .ok()
            .and_then(|line| line.checked_sub(1))
        else {
            return self;
        };
        let mut near = source.lines().skip(before.saturating_sub(1));
        let before = if before > 0 { near.next() } else { None };
        if before.is_some_and(visible::may_hold_key) {
            return self;
        }
        self.snippet = near
            .next()
            .and_then(|text| Snippet::new(text, line, column))
            .map(Box::new);
        self
    }

    /// Sets the command line option that carries the value as its place.
    #[must_use]
    pub fn argument(self, name: &str) -> Self {
        self.at(Place::Argument(name.to_owned()))
    }

    /// Sets the file that carries the value as its place.
    #[must_use]
    pub fn file(self, name: &str) -> Self {
        self.at(Place::File(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for Fault {}

/// Most faults of a run that are shown: what is beyond is counted.
pub const SHOWN: usize = 50;

/// Quotes the lines of `source` at which the first faults are, as many as are shown: a text may have as many faults as
/// lines, and all of them on one.
#[must_use]
pub fn with_source(faults: Vec<Fault>, source: &str) -> Vec<Fault> {
    with_sources(faults.into_iter().map(|fault| (fault, source)))
}

/// Quotes as [`with_source`] does, of each fault the source that is given with it.
#[must_use]
pub fn with_sources<'a>(faults: impl IntoIterator<Item = (Fault, &'a str)>) -> Vec<Fault> {
    let quoted = |(number, (fault, source)): (usize, (Fault, &str))| match number {
        0..SHOWN => fault.with_source(source),
        _ => fault,
    };
    faults.into_iter().enumerate().map(quoted).collect()
}

/// A line of a source with a mark below the character that is meant, as compilers show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The line's number, from 1.
    number: u64,
    /// The line or the part of it around the mark, without a character that could steer a terminal.
    text: String,
    /// How many characters are before the mark.
    before: usize,
}

impl Snippet {
    /// Most characters shown of a line.
    const WIDTH: usize = 100;
    /// Most characters shown before the mark, where the line is too long.
    const BEFORE: usize = 40;

    /// Quotes a line, `column` counting from 1; nothing if the line has no such column, or may hold a private key.
    fn new(line: &str, number: u64, column: u64) -> Option<Self> {
        let column = usize::try_from(column).ok()?.checked_sub(1)?;
        let length = line.chars().count();
        if column > length || visible::may_hold_key(line) {
            return None;
        }
        let start = if length > Self::WIDTH {
            column.saturating_sub(Self::BEFORE)
        } else {
            0
        };
        let shown: String = line.chars().skip(start).take(Self::WIDTH).collect();
        let mut text = visible::in_columns(&shown);
        if start > 0 {
            text.insert(0, '…');
        }
        if start + Self::WIDTH < length {
            text.push('…');
        }
        let before = column - start + usize::from(start > 0);
        Some(Self {
            number,
            text,
            before,
        })
    }
}

impl fmt::Display for Snippet {
    /// Writes three lines: an empty one, the source's, and the mark.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.to_string();
        let margin = number.len();
        writeln!(f, "{:margin$} |", "")?;
        writeln!(f, "{number} | {}", self.text.trim_end())?;
        writeln!(f, "{:margin$} | {:before$}^", "", "", before = self.before)
    }
}

/// Collects faults, so that a user sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Takes note of one fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Returns whether nothing was wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts what was wrong so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns what was wrong so far.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Keeps the value of `result`, or notes its fault and goes on.
    pub fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Keeps the value of `result`, or notes all its faults and goes on.
    pub fn keep_all<T>(&mut self, result: Result<T, Vec<Fault>>) -> Option<T> {
        result.map_err(|faults| self.0.extend(faults)).ok()
    }

    /// Returns `value` when nothing was wrong.
    ///
    /// # Errors
    /// All faults noted so far.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ if self.0.is_empty() => Err(vec![Fault::new(
                "a value is missing and no error explains why; please report this",
            )]),
            _ => Err(self.0),
        }
    }
}

/// Names the candidate that `word` was probably meant to be.
///
/// A candidate counts when at most a third of its characters, and at most three, are typed
/// wrongly (optimal string alignment distance, case ignored).
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    candidates
        .into_iter()
        // The difference in length is the least that is typed wrongly: of a long word nothing need be compared.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= 3)
        .map(|candidate| {
            (
                strsim::osa_distance(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= 3.min(candidate.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_prints_its_place_and_what_is_wrong_on_one_line() {
        let fault = Fault::new("unknown key `dialTimout`").at(Place::Position {
            file: "values.yaml".into(),
            line: 3,
            column: 5,
        });
        assert_eq!(
            fault.to_string(),
            "values.yaml:3:5: unknown key `dialTimout`"
        );
    }

    fn at(line: u64, column: u64) -> Fault {
        Fault::new("x").at(Place::Position {
            file: "f.yaml".into(),
            line,
            column,
        })
    }

    #[test]
    fn a_snippet_shows_the_line_and_marks_the_column() {
        let snippet = at(2, 3).with_source("a: 1\n  b: 2\r\n").snippet.unwrap();
        assert_eq!(snippet.to_string(), "  |\n2 |   b: 2\n  |   ^\n");
    }

    #[test]
    fn a_snippet_of_a_long_line_shows_what_is_around_the_mark() {
        let line = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let text = at(1, 501).with_source(&line).snippet.unwrap().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            format!("1 | …{}!{}…", "a".repeat(40), "b".repeat(59))
        );
        assert_eq!(lines[2], format!("  | {}^", " ".repeat(41)));
    }

    #[test]
    fn a_snippet_shows_neither_keys_nor_characters_that_steer_a_terminal() {
        let text = at(1, 1)
            .with_source("a\u{1b}[2J\tb\u{202e}c")
            .snippet
            .unwrap();
        assert!(text.to_string().contains("a\u{fffd}[2J b\u{fffd}c"));
        let key = "k: \"-----BEGIN PRIVATE KEY-----\\nMC4C\"";
        assert_eq!(at(1, 1).with_source(key).snippet, None);
    }

    #[test]
    fn of_a_source_with_many_faults_those_that_are_shown_are_quoted() {
        let faults = (1..=60).map(|line| at(line, 1)).collect();
        let quoted = with_source(faults, &"a\n".repeat(60));
        let with_snippet = quoted.iter().take_while(|fault| fault.snippet.is_some());
        assert_eq!((quoted.len(), with_snippet.count()), (60, SHOWN));
    }

    #[test]
    fn a_fault_outside_its_source_has_no_snippet() {
        for fault in [at(3, 1), at(1, 9), at(0, 0), Fault::new("x").file("f")] {
            assert_eq!(fault.with_source("a: 1\n").snippet, None);
        }
    }

    #[test]
    fn an_inner_place_wins_over_an_outer_one() {
        let fault = Fault::new("x").argument("--host").file("values.yaml");
        assert_eq!(fault.place, Some(Place::Argument("--host".into())));
    }

    #[test]
    fn a_word_is_matched_with_the_nearest_candidate_only_when_it_is_near() {
        let keys = ["externalhost", "servername", "httpd"];
        assert_eq!(did_you_mean("externalHots", keys), Some("externalhost"));
        assert_eq!(did_you_mean("serverName", keys), Some("servername"));
        assert_eq!(did_you_mean("replicas", keys), None);
        assert_eq!(did_you_mean("db", ["http"]), None);
    }
}
