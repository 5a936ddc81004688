//! Traefik's rule language, as far as the names in it go.

/// One matcher of a rule: `Host(`a`, `b`)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

/// Reads the matchers of a rule, in their order.
///
/// Strings are in backticks, or in double quotes with `\` before a quote, as in Go, whose parser Traefik uses
/// (`github.com/vulcand/predicate`).
///
/// # Errors
/// What cannot be read.
pub(super) fn read(rule: &str) -> Result<Vec<Matcher>, String> {
    let mut matchers = Vec::new();
    let mut rest = rule.trim();
    let mut depth = 0_usize;
    while let Some(first) = rest.chars().next() {
        match first {
            '!' | '&' | '|' => rest = &rest[1..],
            '(' => {
                depth += 1;
                rest = &rest[1..];
            }
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a parenthesis closes that is not open")?;
                rest = &rest[1..];
            }
            c if c.is_whitespace() => rest = rest.trim_start(),
            c if c.is_ascii_alphabetic() => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric())
                    .unwrap_or(rest.len());
                let name = rest[..end].to_owned();
                let after = rest[end..].trim_start();
                let Some(inside) = after.strip_prefix('(') else {
                    return Err(format!("`{name}` has no arguments"));
                };
                let (arguments, after) = arguments(inside)?;
                matchers.push(Matcher { name, arguments });
                rest = after;
            }
            other => {
                return Err(format!(
                    "`{}` stands where a matcher is expected",
                    other.escape_debug()
                ));
            }
        }
    }
    if depth > 0 {
        return Err("a parenthesis is not closed".to_owned());
    }
    if matchers.is_empty() {
        return Err("there is no matcher".to_owned());
    }
    Ok(matchers)
}

fn arguments(mut rest: &str) -> Result<(Vec<String>, &str), String> {
    let mut arguments = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        match rest.chars().next() {
            Some(')') => return Ok((arguments, &rest[1..])),
            Some('`') => {
                let end = rest[1..].find('`').ok_or("a backtick is not closed")?;
                arguments.push(rest[1..=end].to_owned());
                rest = &rest[end + 2..];
            }
            Some('"') => {
                let mut text = String::new();
                let mut escaped = false;
                let mut end = None;
                for (at, c) in rest.char_indices().skip(1) {
                    match c {
                        _ if escaped => {
                            text.push(c);
                            escaped = false;
                        }
                        '\\' => escaped = true,
                        '"' => {
                            end = Some(at);
                            break;
                        }
                        c => text.push(c),
                    }
                }
                rest = &rest[end.ok_or("a quote is not closed")? + 1..];
                arguments.push(text);
            }
            Some(other) => {
                return Err(format!(
                    "`{}` stands where a name in backticks is expected",
                    other.escape_debug()
                ));
            }
            None => return Err("a parenthesis is not closed".to_owned()),
        }
    }
}

/// Gives the hosts of a rule, in lower case.
pub(super) fn hosts(matchers: &[Matcher]) -> Vec<String> {
    matchers
        .iter()
        .filter(|matcher| matches!(matcher.name.as_str(), "Host" | "HostSNI" | "HostHeader"))
        .flat_map(|matcher| &matcher.arguments)
        .map(|host| host.to_ascii_lowercase())
        .collect()
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
            assert_eq!(hosts(&read(rule).unwrap()), expected, "{rule}");
        }
    }

    #[test]
    fn what_traefik_cannot_read_is_refused() {
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
        ] {
            assert!(read(rule).is_err(), "{rule}");
        }
    }
}
