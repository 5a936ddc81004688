//! What is wrong with an input: one sentence, its place and the way out.

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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) | Self::File(name) => f.write_str(name),
            Self::Position { file, line, column } => write!(f, "{file}:{line}:{column}"),
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
}

impl Fault {
    /// Makes a fault whose place is not known yet.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            place: None,
            what: what.into(),
            help: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where it is, unless an inner layer said so more exactly.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// Says which command line option carries the value.
    #[must_use]
    pub fn argument(self, name: &str) -> Self {
        self.at(Place::Argument(name.to_owned()))
    }

    /// Says which file carries the value.
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

/// Collects faults, so that a user sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Takes note of one fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Says whether nothing was wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts what was wrong so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives what was wrong so far.
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

    /// Gives `value` when nothing was wrong.
    ///
    /// # Errors
    /// All faults noted so far.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ if self.0.is_empty() => Err(vec![Fault::new(
                "a value is missing and no fault says why; please report this",
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
    candidates
        .into_iter()
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
