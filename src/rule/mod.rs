//! Traefik's rule language: which requests and connections a route takes.
//!
//! It is Go's grammar of expressions, cut down to calls with strings, `!`, `&&`, `||` and parentheses
//! (`github.com/vulcand/predicate`, used by pkg/rules/parser.go, v3.7.9).

pub mod matchers;
pub mod regexp;

/// Deepest nesting of parentheses and `!` that is read.
const DEPTH_LIMIT: usize = 64;

/// One matcher of a rule: `Host(`a`, `b`)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// Its name, as it is written.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// One matcher.
    Matcher(Matcher),
    /// `!`.
    Not(Box<Rule>),
    /// `&&`, two or more.
    All(Vec<Rule>),
    /// `||`, two or more.
    Any(Vec<Rule>),
}

impl Rule {
    /// Reads a rule.
    ///
    /// Strings are in backticks, or in double quotes with `\` before a quote.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = RuleReader {
            rest: text.trim(),
            depth: 0,
        };
        if reader.rest.is_empty() {
            return Err("there is no matcher".to_owned());
        }
        let rule = reader.any()?;
        match reader.next() {
            None => Ok(rule),
            Some(')') => Err("a parenthesis is closed that was never opened".to_owned()),
            Some(other) => Err(unexpected(other, "`&&`, `||` or the end")),
        }
    }

    /// Returns its matchers in their order, those behind a `!` too.
    pub(crate) fn matchers(&self) -> Vec<&Matcher> {
        match self {
            Self::Matcher(matcher) => vec![matcher],
            Self::Not(rule) => rule.matchers(),
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::matchers).collect(),
        }
    }
}

/// Returns the hosts that matchers name, in lower case.
pub(crate) fn hosts<'a>(all: impl IntoIterator<Item = &'a Matcher>) -> Vec<String> {
    all.into_iter()
        .filter(|matcher| {
            let name = matchers::canonical(&matcher.name);
            matches!(name, Some("Host" | "HostSNI" | "HostHeader"))
        })
        .flat_map(|matcher| &matcher.arguments)
        .map(|host| host.to_ascii_lowercase())
        .collect()
}

fn unexpected(found: char, wanted: &str) -> String {
    format!(
        "found `{}` where {wanted} is expected",
        found.escape_debug()
    )
}

struct RuleReader<'a> {
    rest: &'a str,
    depth: usize,
}

impl RuleReader<'_> {
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn takes(&mut self, token: &str) -> bool {
        self.next();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> Result<Rule, String> {
        let mut rules = vec![self.all()?];
        while self.takes("||") {
            rules.push(self.all()?);
        }
        Ok(one_or(rules, Rule::Any))
    }

    /// Passes over what is behind an operand: Go, whose grammar rules have, ends the expression at the end of its line, and
    /// reads no further than a comment (`go/scanner`, `go/parser.ParseExpr`).
    fn end_of_operand(&mut self) -> Result<(), String> {
        let rest = self.rest.trim_start_matches([' ', '\t', '\r']);
        let is_comment = rest.starts_with("//");
        let Some(line) = rest.find('\n').or(is_comment.then_some(rest.len())) else {
            return Ok(());
        };
        if !is_comment && !rest[..line].is_empty() {
            return Ok(());
        }
        let next = &rest[line..];
        self.rest = next;
        match self.next() {
            None => Ok(()),
            Some(')') => Err("a line ends before the parenthesis is closed".to_owned()),
            Some(_) if self.rest.starts_with("//") => self.end_of_operand(),
            Some(other) => Err(unexpected(other, "the end behind the line")),
        }
    }

    fn all(&mut self) -> Result<Rule, String> {
        let mut rules = vec![self.unary()?];
        while self.takes("&&") {
            rules.push(self.unary()?);
        }
        Ok(one_or(rules, Rule::All))
    }

    fn unary(&mut self) -> Result<Rule, String> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(format!(
                "more than {DEPTH_LIMIT} parentheses are open at once"
            ));
        }
        let rule = if self.takes("!") {
            Rule::Not(Box::new(self.unary()?))
        } else if self.takes("(") {
            let rule = self.any()?;
            if !self.takes(")") {
                return Err(match self.next() {
                    None => "a parenthesis is not closed".to_owned(),
                    Some(other) => unexpected(other, "`)`"),
                });
            }
            rule
        } else {
            Rule::Matcher(self.matcher()?)
        };
        self.depth -= 1;
        self.end_of_operand()?;
        Ok(rule)
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        match self.next() {
            None => return Err("the rule ends where a matcher is expected".to_owned()),
            Some(c) if !c.is_ascii_alphabetic() => return Err(unexpected(c, "a matcher")),
            Some(_) => {}
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if !self.takes("(") {
            return Err(format!("`{name}` has no arguments"));
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(self.string()?);
            if !self.takes(",") && self.next() != Some(')') {
                return Err(match self.next() {
                    None => "a parenthesis is not closed".to_owned(),
                    Some(other) => unexpected(other, "`,` or `)`"),
                });
            }
        }
        Ok(Matcher {
            name: name.to_owned(),
            arguments,
        })
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = match self.next() {
            Some(quote @ ('`' | '"')) => quote,
            Some(other) => return Err(unexpected(other, "a name in backticks")),
            None => return Err("a parenthesis is not closed".to_owned()),
        };
        let (mut text, mut escaped) = (String::new(), false);
        for (at, c) in self.rest.char_indices().skip(1) {
            if c == '\\' && quote == '"' && !escaped {
                escaped = true;
            } else if c == quote && !escaped {
                self.rest = &self.rest[at + 1..];
                return Ok(text);
            } else {
                text.push(c);
                escaped = false;
            }
        }
        let quote = if quote == '`' { "backtick" } else { "quote" };
        Err(format!("a {quote} is not closed"))
    }
}

fn one_or(mut rules: Vec<Rule>, several: fn(Vec<Rule>) -> Rule) -> Rule {
    match rules.len() {
        1 => rules.remove(0),
        _ => several(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_rules_of_both_traefiks() {
        for (rule, expected) in [
            ("Host(`a`)", vec!["a"]),
            ("Host(`a`, `B`)", vec!["a", "b"]),
            (
                "(Host(`a`) || Host(\"b\\\"c\")) && !PathPrefix(`/x(y)`)",
                vec!["a", "b\"c"],
            ),
            ("PathPrefix(`/Host(x)`)", vec![]),
            ("HostSNI(`*`)", vec!["*"]),
            ("Host(`a`)&&ClientIP(`10.0.0.0/8`,`::1`)", vec!["a"]),
        ] {
            let parsed = Rule::parse(rule).unwrap();
            assert_eq!(hosts(parsed.matchers()), expected, "{rule}");
        }
    }

    #[test]
    fn not_binds_before_and_and_and_before_or() {
        let rule = |text: &str| Rule::parse(text).unwrap();
        assert_eq!(
            rule("!A(`a`) && B(`b`) || C(`c`)"),
            rule("((!(A(`a`))) && B(`b`)) || C(`c`)")
        );
        assert_ne!(
            rule("A(`a`) && B(`b`) || C(`c`)"),
            rule("A(`a`) && (B(`b`) || C(`c`))")
        );
    }

    #[test]
    fn what_traefik_cannot_read_is_refused() {
        let deep = format!("{}Host(`a`){}", "(".repeat(100), ")".repeat(100));
        for rule in [
            "",
            "Host",
            "Host(`a`",
            "Host(a.example.org)",
            "Host(`a)",
            "(Host(`a`)",
            "Host(`a`))",
            "Host('a')",
            "Host(\"a)",
            "; Host(`a`)",
            "é",
            "Host(`a`) Path(`/b`)",
            "Host(`a` `b`)",
            "Host(`a`) &&",
            "Host(`a`) & Path(`/b`)",
            "!",
            &deep,
        ] {
            assert!(Rule::parse(rule).is_err(), "{rule}");
        }
    }
}
