//! What is read.

use crate::yaml::encoding::Undecodable;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Most characters of a line that a report shows: longer ones hold data, perhaps of a key.
pub(super) const LINE_LIMIT: usize = 200;

/// A text and the name by which a report calls it.
#[derive(Debug)]
pub struct Source {
    /// Its name, such as a path.
    pub name: Arc<str>,
    /// The text; it may hold private keys.
    pub text: Zeroizing<String>,
    /// Its path from where roots, ignored rules and baselines name files, if its name is from elsewhere.
    pub place: Option<String>,
    /// Why its bytes are not a text.
    pub(super) undecodable: Option<Undecodable>,
    kept: Kept,
}

/// What of a text is kept once it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The lines that a report may show.
    Lines,
    /// Nothing: it can be read again.
    Nothing,
    /// Nothing was kept of the text with this sum.
    Gone(u64),
}

/// Stands for the rest of a line that is too long to be shown; no YAML has it.
pub(super) const CUT: char = '\u{1a}';

impl Source {
    /// Returns a source whose lines stay for the report.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: Zeroizing<String>) -> Self {
        Self {
            name: name.into(),
            text,
            place: None,
            undecodable: None,
            kept: Kept::Lines,
        }
    }

    /// Returns a source that can be read again for the report: nothing of it is kept until then.
    #[must_use]
    pub fn of_file(name: impl Into<Arc<str>>, text: Zeroizing<String>) -> Self {
        Self {
            kept: Kept::Nothing,
            ..Self::new(name, text)
        }
    }

    /// Notes why its bytes are not a text; it has U+FFFD for what they are not.
    #[must_use]
    pub fn undecodable(self, why: Option<Undecodable>) -> Self {
        Self {
            undecodable: why,
            ..self
        }
    }

    /// Returns the path by which roots, ignored rules and baselines know it.
    pub(super) fn place(&self) -> &str {
        self.place.as_deref().unwrap_or(&self.name)
    }

    /// Returns whether its text is gone, and needed where a report shows lines of it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.kept, Kept::Gone(_))
    }

    /// Takes the text that was read again, if it is the same.
    pub fn take_again(&mut self, text: Zeroizing<String>) {
        if self.kept == Kept::Gone(sum(&text)) {
            self.text = text;
        }
    }

    /// Lets of a text that was read all go that no report shows.
    pub(super) fn let_go(&mut self) {
        match self.kept {
            Kept::Nothing => {
                self.kept = Kept::Gone(sum(&self.text));
                self.text = Zeroizing::default();
            }
            Kept::Lines => self.shorten(),
            Kept::Gone(_) => {}
        }
    }

    /// Cuts long lines off behind the key that they begin with.
    fn shorten(&mut self) {
        let mut long = Vec::new();
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let whole = line.strip_suffix('\n').unwrap_or(line);
            // Few bytes are few characters.
            if whole.len() > LINE_LIMIT && whole.chars().nth(LINE_LIMIT).is_some() {
                let key = whole.char_indices().take(LINE_LIMIT);
                let mut key = key.filter(|(_, character)| *character == ':');
                let kept = key.next().map_or(0, |(colon, _)| colon + 1);
                long.push(start + kept..start + whole.len());
            }
            start += line.len();
        }
        if long.is_empty() {
            return;
        }
        let cut: usize = long.iter().map(ExactSizeIterator::len).sum();
        let mut short = Zeroizing::new(String::new());
        short.reserve_exact(self.text.len() - cut + long.len());
        let mut from = 0;
        for cut in long {
            short.push_str(&self.text[from..cut.start]);
            short.push(CUT);
            from = cut.end;
        }
        short.push_str(&self.text[from..]);
        self.text = short;
    }
}

/// Returns a sum by which a text is known again. It is a file's own text, so that nobody gains by another of the same sum.
fn sum(text: &str) -> u64 {
    // The multiplier spreads each bit over all those above it.
    let add = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let sum = words.iter().fold(text.len() as u64, |sum, word| {
        add(sum, u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(sum, |sum, byte| add(sum, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_too_long_to_be_shown_the_key_stays() {
        let limit = "y".repeat(LINE_LIMIT);
        let long = "é".repeat(LINE_LIMIT + 1);
        let text = format!("a: 1\n  b: {long}\n\n{limit}\n{long}: c");
        let mut source = Source::new("x", Zeroizing::new(text));
        source.let_go();
        assert_eq!(*source.text, format!("a: 1\n  b:{CUT}\n\n{limit}\n{CUT}"));
        let before = source.text.clone();
        source.let_go();
        assert_eq!(source.text, before);
    }

    #[test]
    fn only_the_same_text_is_taken_again() {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let mut source = Source::of_file("x", text("a: 1"));
        source.let_go();
        assert!(source.is_gone() && source.text.is_empty());
        source.take_again(text("a: 2"));
        assert!(source.text.is_empty());
        source.take_again(text("a: 1"));
        assert_eq!(*source.text, *"a: 1");
    }
}
