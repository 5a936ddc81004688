//! Expressions of `circuitBreaker` and of `buffering`: Go's grammar, cut down to calls, comparisons, `&&` and `||`
//! (`github.com/vulcand/predicate`, with the functions of `github.com/vulcand/oxy/v2/cbreaker` and `buffer`).

/// Deepest nesting of parentheses that is read.
const DEPTH_LIMIT: usize = 64;

/// What a value is: Go compares no fraction with a whole number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Whole,
    Fraction,
    Text,
    Condition,
}

/// Which functions there are.
#[derive(Clone, Copy)]
pub(super) enum Vocabulary {
    CircuitBreaker,
    Retry,
}

impl Vocabulary {
    /// Returns the functions with their arguments and what they give.
    fn functions(self) -> &'static [(&'static str, &'static [Type], Type)] {
        use Type::{Condition, Fraction, Text, Whole};
        match self {
            Self::CircuitBreaker => &[
                ("LatencyAtQuantileMS", &[Fraction], Whole),
                ("NetworkErrorRatio", &[], Fraction),
                ("ResponseCodeRatio", &[Whole; 4], Fraction),
            ],
            Self::Retry => &[
                ("RequestMethod", &[], Text),
                ("IsNetworkError", &[], Condition),
                ("Attempts", &[], Whole),
                ("ResponseCode", &[], Whole),
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
        let given = self.call()?;
        let operators = ["==", "!=", ">=", "<=", ">", "<"];
        if operators.iter().any(|operator| self.takes(operator)) {
            return self.literal(given);
        }
        if given == Type::Condition {
            Ok(())
        } else {
            Err("a comparison is missing".to_owned())
        }
    }

    /// Reads a call, and returns what it gives.
    fn call(&mut self) -> Result<Type, String> {
        self.peek();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let known = self.vocabulary.functions().iter();
        let Some((_, arguments, given)) = known.copied().find(|(known, _, _)| *known == name)
        else {
            return Err(match name {
                "" => "a function is missing".to_owned(),
                _ => format!("there is no function `{name}`"),
            });
        };
        self.rest = rest;
        self.expect("(")?;
        for (index, wanted) in arguments.iter().enumerate() {
            if index > 0 {
                self.expect(",")?;
            }
            self.literal(*wanted)?;
        }
        self.expect(")")?;
        Ok(given)
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) {
            Ok(())
        } else {
            Err(format!("`{token}` is missing"))
        }
    }

    /// Reads a number or a string.
    fn literal(&mut self, wanted: Type) -> Result<(), String> {
        let found = match self.peek() {
            Some(quote @ ('"' | '`')) => {
                let rest = &self.rest[1..];
                let end = rest.find(quote).ok_or("a quote is not closed")?;
                self.rest = &rest[end + 1..];
                Type::Text
            }
            Some(digit) if digit.is_ascii_digit() || digit == '.' => {
                let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.');
                let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                if number.contains('.') {
                    Type::Fraction
                } else {
                    Type::Whole
                }
            }
            _ => return Err("a number is missing".to_owned()),
        };
        match (found == wanted, wanted) {
            (true, _) => Ok(()),
            (false, Type::Fraction) => Err("a number with a point is missing".to_owned()),
            (false, Type::Text) => Err("a string is missing".to_owned()),
            (false, Type::Whole | Type::Condition) => Err("a whole number is missing".to_owned()),
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
            "(NetworkErrorRatio() > 0.1) && LatencyAtQuantileMS(99.0) >= 100 || NetworkErrorRatio() == 1.0",
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
            "NetworkErrorRatio() > 1",
            "LatencyAtQuantileMS(50) > 100",
            "(NetworkErrorRatio() > 0.5",
            "NetworkErrorRatio() > 0.5)",
            "IsNetworkError()",
        ] {
            assert!(check(text, Vocabulary::CircuitBreaker).is_err(), "{text}");
        }
    }
}
