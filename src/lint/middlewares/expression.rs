//! Expressions of `circuitBreaker` and of `buffering`: Go's grammar, cut down to calls, comparisons, `&&` and `||`
//! (`github.com/vulcand/predicate`, with the functions of `github.com/vulcand/oxy/v2/cbreaker` and `buffer`).

/// Deepest nesting of parentheses that is read.
const DEPTH_LIMIT: usize = 64;

/// Which functions there are.
#[derive(Clone, Copy)]
pub(super) enum Vocabulary {
    CircuitBreaker,
    Retry,
}

impl Vocabulary {
    /// Returns the functions with the number of their arguments, and whether they are conditions by themselves.
    fn functions(self) -> &'static [(&'static str, usize, bool)] {
        match self {
            Self::CircuitBreaker => &[
                ("LatencyAtQuantileMS", 1, false),
                ("NetworkErrorRatio", 0, false),
                ("ResponseCodeRatio", 4, false),
            ],
            Self::Retry => &[
                ("RequestMethod", 0, false),
                ("IsNetworkError", 0, true),
                ("Attempts", 0, false),
                ("ResponseCode", 0, false),
            ],
        }
    }
}

/// Reads an expression.
///
/// # Errors
/// What cannot be read.
pub(super) fn check(text: &str, vocabulary: Vocabulary) -> Result<(), String> {
    let mut reader = Reader {
        rest: text,
        vocabulary,
        depth: 0,
    };
    reader.any()?;
    match reader.peek() {
        None => Ok(()),
        Some(found) => Err(format!("`{}` is unexpected", found.escape_debug())),
    }
}

struct Reader<'a> {
    rest: &'a str,
    vocabulary: Vocabulary,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn takes(&mut self, token: &str) -> bool {
        self.peek();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> Result<(), String> {
        self.all()?;
        while self.takes("||") {
            self.all()?;
        }
        Ok(())
    }

    fn all(&mut self) -> Result<(), String> {
        self.condition()?;
        while self.takes("&&") {
            self.condition()?;
        }
        Ok(())
    }

    fn condition(&mut self) -> Result<(), String> {
        if self.takes("(") {
            self.depth += 1;
            if self.depth > DEPTH_LIMIT {
                return Err("too many parentheses are open at once".to_owned());
            }
            self.any()?;
            self.depth -= 1;
            return self.expect(")");
        }
        let is_condition = self.call()?;
        let operators = ["==", "!=", ">=", "<=", ">", "<"];
        if operators.iter().any(|operator| self.takes(operator)) {
            return self.literal();
        }
        if is_condition {
            Ok(())
        } else {
            Err("a comparison is missing".to_owned())
        }
    }

    /// Reads a call, and returns whether it is a condition.
    fn call(&mut self) -> Result<bool, String> {
        self.peek();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let known = self.vocabulary.functions().iter();
        let Some((_, count, is_condition)) = known.copied().find(|(known, _, _)| *known == name)
        else {
            return Err(match name {
                "" => "a function is missing".to_owned(),
                _ => format!("there is no function `{name}`"),
            });
        };
        self.rest = rest;
        self.expect("(")?;
        for index in 0..count {
            if index > 0 {
                self.expect(",")?;
            }
            self.literal()?;
        }
        self.expect(")")?;
        Ok(is_condition)
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) {
            Ok(())
        } else {
            Err(format!("`{token}` is missing"))
        }
    }

    /// Reads a number or a string.
    fn literal(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(quote @ ('"' | '`')) => {
                let rest = &self.rest[1..];
                let end = rest.find(quote).ok_or("a quote is not closed")?;
                self.rest = &rest[end + 1..];
                Ok(())
            }
            Some(digit) if digit.is_ascii_digit() || digit == '.' => {
                let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.');
                self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
                Ok(())
            }
            _ => Err("a number is missing".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expressions_of_the_documentation_are_read() {
        for text in [
            "NetworkErrorRatio() > 0.5",
            "LatencyAtQuantileMS(50.0) > 100",
            "ResponseCodeRatio(500, 600, 0, 600) > 0.25",
            "(NetworkErrorRatio() > 0.1) && LatencyAtQuantileMS(99) >= 100 || NetworkErrorRatio() == 1",
        ] {
            assert_eq!(check(text, Vocabulary::CircuitBreaker), Ok(()), "{text}");
        }
        let text = "IsNetworkError() && Attempts() < 2 && RequestMethod() == \"GET\"";
        assert_eq!(check(text, Vocabulary::Retry), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "nonsense",
            "NetworkErrorRatio()",
            "NetworkErrorRatio > 1",
            "NetworkErrorRatio() > ",
            "LatencyAtQuantileMS() > 1",
            "NetworkErrorRatio() > 0.5 &&",
            "(NetworkErrorRatio() > 0.5",
            "NetworkErrorRatio() > 0.5)",
            "IsNetworkError()",
        ] {
            assert!(check(text, Vocabulary::CircuitBreaker).is_err(), "{text}");
        }
    }
}
