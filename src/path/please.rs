//! A request that a rule takes.

use super::fit::{Fit, fit, pair, takes};
use super::request::{Request, RequestPath};
use crate::name::DnsName;
use crate::rule::{Matcher, Rule};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Most requests that are tried to please one rule.
const CANDIDATES_LIMIT: usize = 64;

/// Finds a request that a rule takes, changing as little as possible of one that it does not take.
#[must_use]
pub fn please(rule: &Rule, host: &DnsName, request: &Request) -> Option<Request> {
    let candidates = wanted(rule, true, host, vec![request.clone()]);
    let of = |wanted: Fit| {
        candidates
            .iter()
            .find(|request| fit(rule, host, request) == wanted)
            .cloned()
    };
    of(Fit::Yes).or_else(|| of(Fit::Undecided))
}

fn wanted(rule: &Rule, is_wanted: bool, host: &DnsName, requests: Vec<Request>) -> Vec<Request> {
    let mut found = match (rule, is_wanted) {
        (Rule::Not(rule), _) => wanted(rule, !is_wanted, host, requests),
        (Rule::All(rules), true) | (Rule::Any(rules), false) => {
            rules.iter().fold(requests, |requests, rule| {
                wanted(rule, is_wanted, host, requests)
            })
        }
        (Rule::Any(rules), true) | (Rule::All(rules), false) => rules
            .iter()
            .flat_map(|rule| wanted(rule, is_wanted, host, requests.clone()))
            .collect(),
        (Rule::Matcher(matcher), _) => {
            let change = |request: Request| {
                let fits = takes(matcher, host, &request);
                let fits = if is_wanted { fits } else { fits.not() };
                match fits {
                    Fit::Yes | Fit::Undecided => Some(request),
                    Fit::No if is_wanted => changed(matcher, &request),
                    Fit::No => None,
                }
            };
            requests.into_iter().filter_map(change).collect()
        }
    };
    found.truncate(CANDIDATES_LIMIT);
    found
}

/// Changes a request so that one matcher takes it.
fn changed(matcher: &Matcher, request: &Request) -> Option<Request> {
    let arguments: Vec<&str> = matcher.arguments.iter().map(String::as_str).collect();
    match (
        matcher.name.to_ascii_lowercase().as_str(),
        arguments.as_slice(),
    ) {
        ("path" | "pathprefix", [path, ..]) => {
            let query = request
                .path()
                .as_str()
                .split_once('?')
                .map_or_else(String::new, |(_, query)| format!("?{query}"));
            let path = RequestPath::parse(&format!("{}{query}", escaped(path))).ok()?;
            Some(request.with_path(path))
        }
        ("header" | "headers", [name, value]) => request.with_field(name, value),
        ("query", arguments) => {
            let (name, value) = pair(arguments)?;
            let (path, mark) = (
                request.path().as_str(),
                if request.path().as_str().contains('?') {
                    '&'
                } else {
                    '?'
                },
            );
            let path = format!("{path}{mark}{}={}", escaped(name), escaped(value));
            Some(request.with_path(RequestPath::parse(&path).ok()?))
        }
        _ => None,
    }
}

/// What a path has unescaped (RFC 3986 section 3.3) besides letters and digits.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// Writes what no URL's path has as percent escapes.
fn escaped(text: &str) -> String {
    utf8_percent_encode(text, IN_PATHS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_changed_until_the_rule_takes_it() {
        let host = DnsName::parse("a.example.org").unwrap();
        for (rule, expected) in [
            (
                "Host(`a.example.org`) && PathPrefix(`/p q`)",
                Some("`/p%20q`"),
            ),
            (
                "Host(`b.example.org`) || Host(`a.example.org`) && Path(`/x`)",
                Some("`/x`"),
            ),
            (
                "Host(`a.example.org`) && Header(`X-A`, `b`) && Query(`c`, `d`)",
                Some("`/?c=d` with `X-A: b`"),
            ),
            ("Host(`a.example.org`) && !(Path(`/`) || Path(`/x`))", None),
            (
                "Host(`a.example.org`) && Path(`/`) && PathPrefix(`/p`)",
                None,
            ),
            ("Host(`a.example.org`) && Method(`POST`)", None),
            (
                "Host(`a.example.org`) && (ClientIP(`::1`) && Path(`/x`))",
                Some("`/x`"),
            ),
            ("Host(`b.example.org`)", None),
        ] {
            let plain = Request::new(RequestPath::default());
            let pleased = please(&Rule::parse(rule).unwrap(), &host, &plain);
            let words = pleased.map(|request| request.in_words(&plain));
            assert_eq!(words.as_deref(), expected, "{rule}");
        }
    }
}
