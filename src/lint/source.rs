//! What is read.

use zeroize::Zeroizing;

/// Most characters of a line that a report shows: longer ones hold data, perhaps of a key.
pub(super) const LINE_LIMIT: usize = 200;

/// A text and the name by which a report calls it.
#[derive(Debug)]
pub struct Source {
    /// Its name, such as a path.
    pub name: String,
    /// The text; it may hold private keys.
    pub text: Zeroizing<String>,
}

/// Stands for the rest of a line that is too long to be shown; no YAML has it.
pub(super) const CUT: char = '\u{1a}';

impl Source {
    /// Cuts long lines off behind the key that they begin with.
    pub(super) fn shorten(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_too_long_to_be_shown_the_key_stays() {
        let limit = "y".repeat(LINE_LIMIT);
        let long = "é".repeat(LINE_LIMIT + 1);
        let mut source = Source {
            name: "x".to_owned(),
            text: Zeroizing::new(format!("a: 1\n  b: {long}\n\n{limit}\n{long}: c")),
        };
        source.shorten();
        assert_eq!(*source.text, format!("a: 1\n  b:{CUT}\n\n{limit}\n{CUT}"));
        let before = source.text.clone();
        source.shorten();
        assert_eq!(source.text, before);
    }
}
