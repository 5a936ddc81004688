//! Whether Go compiles a regular expression (`regexp/syntax`, `parse.go`, with the flags of `regexp.Compile`).
//!
//! Only what makes it refuse one is read; what an expression matches is not looked at.

/// Most repetitions that a count may ask for (`maxSize` apart, `repeat`: 1,000).
const COUNT_LIMIT: u32 = 1000;
/// Deepest nesting (`maxHeight` of `parse.go`).
const DEPTH_LIMIT: usize = 1000;

/// Checks an expression.
///
/// # Errors
/// What Go finds wrong with it, in its words.
pub fn check(pattern: &str) -> Result<(), String> {
    let mut reader = Reader {
        rest: pattern,
        depth: 0,
    };
    reader.alternatives()?;
    match reader.rest {
        "" => Ok(()),
        _ => Err("unexpected )".to_owned()),
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut all = self.rest.chars();
        let first = all.next();
        self.rest = all.as_str();
        first
    }

    fn takes(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads up to the end, or to a parenthesis that closes.
    fn alternatives(&mut self) -> Result<(), String> {
        // Whether there is something to repeat, and whether it is repeated already.
        let (mut has_operand, mut is_repeated) = (false, false);
        while let Some(first) = self.peek() {
            if first == ')' {
                return Ok(());
            }
            let before = self.rest;
            if self.repetition()? {
                let operator = &before[..before.len() - self.rest.len()];
                if !has_operand {
                    return Err(format!(
                        "missing argument to repetition operator: `{operator}`"
                    ));
                }
                if is_repeated {
                    return Err(format!("invalid nested repetition operator: `{operator}`"));
                }
                is_repeated = true;
                continue;
            }
            self.next();
            let before_flags = has_operand;
            is_repeated = false;
            has_operand = first != '|';
            match first {
                // Flags alone leave what is before them to be repeated.
                '(' => has_operand = self.group()? || before_flags,
                '[' => self.class()?,
                '\\' => self.escape()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a repetition operator, the mark of a lazy one included.
    fn repetition(&mut self) -> Result<bool, String> {
        if !(self.takes("*") || self.takes("+") || self.takes("?")) {
            let Some((least, most, rest)) = count(self.rest) else {
                return Ok(false);
            };
            let shown = &self.rest[..self.rest.len() - rest.len()];
            if least > COUNT_LIMIT || most.is_some_and(|most| most > COUNT_LIMIT || most < least) {
                return Err(format!("invalid repeat count: `{shown}`"));
            }
            self.rest = rest;
        }
        self.takes("?");
        Ok(true)
    }

    /// Reads what follows an opening parenthesis; returns whether it can be repeated.
    fn group(&mut self) -> Result<bool, String> {
        let before = self.rest;
        if self.takes("?") {
            let is_named = self.takes("P<") || self.takes("<");
            if is_named && !matches!(self.peek(), Some('=' | '!')) {
                let end = self.rest.find('>');
                let name = end.map_or("", |end| &self.rest[..end]);
                let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
                if name.is_empty() || !name.chars().all(is_word) {
                    return Err("invalid named capture".to_owned());
                }
                self.rest = &self.rest[name.len() + 1..];
            } else if is_named {
                return Err(perl(before));
            } else {
                loop {
                    match self.next() {
                        Some('i' | 'm' | 's' | 'U' | '-') => {}
                        Some(':') => break,
                        Some(')') => return Ok(false),
                        Some(_) => return Err(perl(before)),
                        None => return Err("missing argument to repetition operator: `?`".into()),
                    }
                }
            }
        }
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err("expression nests too deeply".to_owned());
        }
        self.alternatives()?;
        self.depth -= 1;
        if self.takes(")") {
            Ok(true)
        } else {
            Err("missing closing )".to_owned())
        }
    }

    /// Reads what follows an opening bracket.
    fn class(&mut self) -> Result<(), String> {
        let missing = || "missing closing ]".to_owned();
        self.takes("^");
        let mut is_first = true;
        loop {
            if self.rest.starts_with("[:") && self.rest.contains(":]") {
                let end = self.rest.find(":]").map_or(0, |end| end + 2);
                let (name, rest) = self.rest.split_at(end);
                let inner = name.trim_matches(['[', ':', ']']).trim_start_matches('^');
                if !CLASSES.contains(&inner) {
                    return Err(format!("invalid character class range: `{name}`"));
                }
                self.rest = rest;
                is_first = false;
                continue;
            }
            let before = self.rest;
            let Some(low) = self.next() else {
                return Err(missing());
            };
            if low == ']' && !is_first {
                return Ok(());
            }
            is_first = false;
            let low = self.in_class(low)?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                continue;
            }
            self.takes("-");
            let Some(high) = self.next() else {
                return Err(missing());
            };
            let high = self.in_class(high)?;
            if let (Some(low), Some(high)) = (low, high)
                && high < low
            {
                let shown = &before[..before.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{shown}`"));
            }
        }
    }

    /// Returns the character of a class that one stands for, if it is one.
    fn in_class(&mut self, first: char) -> Result<Option<char>, String> {
        if first != '\\' {
            return Ok(Some(first));
        }
        let escaped = self.peek();
        if let Some(edge @ ('A' | 'B' | 'b' | 'z' | 'Q')) = escaped {
            return Err(format!("invalid escape sequence: `\\{edge}`"));
        }
        self.escape()?;
        Ok(escaped.filter(|c| !c.is_ascii_alphanumeric()))
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<(), String> {
        let Some(escaped) = self.next() else {
            return Err("trailing backslash at end of expression".to_owned());
        };
        let refused = || format!("invalid escape sequence: `\\{escaped}`");
        match escaped {
            'Q' => {
                let end = self.rest.find("\\E");
                self.rest = end.map_or("", |end| &self.rest[end + 2..]);
            }
            'p' | 'P' => {
                if self.takes("{") {
                    let end = self.rest.find('}');
                    let end = end.ok_or_else(|| "invalid character class range".to_owned())?;
                    self.rest = &self.rest[end + 1..];
                } else if self.next().is_none() {
                    return Err(refused());
                }
            }
            'x' => {
                let digits = if self.takes("{") {
                    let end = self.rest.find('}').ok_or_else(refused)?;
                    let digits = &self.rest[..end];
                    self.rest = &self.rest[end + 1..];
                    digits
                } else {
                    let digits = self.rest.get(..2).ok_or_else(refused)?;
                    self.rest = &self.rest[2..];
                    digits
                };
                if u32::from_str_radix(digits, 16).is_err() {
                    return Err(refused());
                }
            }
            // Octal; a single digit other than 0 would be a backreference.
            '1'..='7' if !self.rest.starts_with(|c: char| ('0'..='7').contains(&c)) => {
                return Err(refused());
            }
            '0'..='7'
            | 'a'
            | 'f'
            | 'n'
            | 'r'
            | 't'
            | 'v'
            | 'A'
            | 'b'
            | 'B'
            | 'z'
            | 'd'
            | 'D'
            | 's'
            | 'S'
            | 'w'
            | 'W' => {}
            other if other.is_ascii_alphanumeric() || !other.is_ascii() => return Err(refused()),
            _ => {}
        }
        Ok(())
    }
}

/// Names between `[:` and `:]`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Reads `{2}`, `{2,}` or `{2,3}`; anything else after a brace is text.
fn count(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (inner, rest) = text.strip_prefix('{')?.split_once('}')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u32::MAX))
    };
    match inner.split_once(',') {
        None => number(inner).map(|count| (count, Some(count), rest)),
        Some((least, "")) => number(least).map(|least| (least, None, rest)),
        Some((least, most)) => Some((number(least)?, Some(number(most)?), rest)),
    }
}

fn perl(after: &str) -> String {
    let length = if after.starts_with("?<") { 3 } else { 2 };
    let shown: String = after.chars().take(length).collect();
    format!("invalid or unsupported Perl syntax: `({shown}`")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_go_compiles_is_taken() {
        for pattern in [
            "",
            r"^.+\.example\.org$",
            "a|b|",
            "(a|b)*c+?d{2,3}?",
            "(?i)a(?:b)(?P<name>c)(?<other>d)",
            r"[^a-z\d\].-]+",
            "[]a]",
            "[[:alpha:]_-]",
            r"\p{Greek}\pL\x41\x{10FFFF}\Q(((\E",
            "{host:.+}",
            "a{,2}b{x}c{",
            r"\012\/\-\_",
            "(|a)*",
            "^*",
        ] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        for (pattern, why) in [
            (r"^(.+\.example\.org$", "missing closing )"),
            ("a)", "unexpected )"),
            ("[a-z", "missing closing ]"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(?:+)", "missing argument to repetition operator: `+`"),
            ("a**", "invalid nested repetition operator: `*`"),
            ("a{2}{3}", "invalid nested repetition operator: `{3}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{3,2}", "invalid repeat count: `{3,2}`"),
            ("a(?!b)", "invalid or unsupported Perl syntax: `(?!`"),
            ("(?<=a)b", "invalid or unsupported Perl syntax: `(?<=`"),
            (r"(a)\1", r"invalid escape sequence: `\1`"),
            (r"\h", r"invalid escape sequence: `\h`"),
            ("a\\", "trailing backslash at end of expression"),
            ("(?P<>a)", "invalid named capture"),
            (
                "[[:letter:]]",
                "invalid character class range: `[:letter:]`",
            ),
        ] {
            assert_eq!(check(pattern), Err(why.to_owned()), "{pattern}");
        }
    }
}
