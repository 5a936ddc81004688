//! Whether a rule takes a request.
//!
//! The matchers are those of pkg/muxer/http/matcher.go and pkg/muxer/tcp/matcher.go (v3.7.9) and of their
//! forerunners in Traefik 2 (pkg/muxer/http/mux.go, v2.11.53). What only Traefik knows, such as the address that it
//! sees, stays undecided.

use super::request::{Request, RequestPath};
use crate::name::DnsName;
use crate::rule::{Matcher, Rule};

/// What a client offers by ALPN.
const OFFERED: [&str; 2] = ["h2", "http/1.1"];
/// Whether a rule takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does not.
    No,
    /// It depends on what cannot be known here.
    Undecided,
    /// It does.
    Yes,
}

impl Fit {
    fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }

    fn all(fits: &[Self]) -> Self {
        let worst = [Self::No, Self::Undecided];
        let found = worst.into_iter().find(|fit| fits.contains(fit));
        found.unwrap_or(Self::Yes)
    }

    fn any(fits: &[Self]) -> Self {
        let best = [Self::Yes, Self::Undecided];
        let found = best.into_iter().find(|fit| fits.contains(fit));
        found.unwrap_or(Self::No)
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Undecided => Self::Undecided,
            Self::Yes => Self::No,
        }
    }
}

/// Returns whether a rule takes a request for a host.
#[must_use]
pub fn fit(rule: &Rule, host: &DnsName, request: &Request) -> Fit {
    let each = |rules: &[Rule]| -> Vec<Fit> {
        rules.iter().map(|rule| fit(rule, host, request)).collect()
    };
    match rule {
        Rule::Matcher(matcher) => takes(matcher, host, request),
        Rule::Not(rule) => fit(rule, host, request).not(),
        Rule::All(rules) => Fit::all(&each(rules)),
        Rule::Any(rules) => Fit::any(&each(rules)),
    }
}

/// Returns whether a rule takes any request for a host.
#[must_use]
pub fn may_take(rule: &Rule, host: &DnsName) -> bool {
    fn of_host(rule: &Rule, host: &DnsName) -> Fit {
        let each =
            |rules: &[Rule]| -> Vec<Fit> { rules.iter().map(|rule| of_host(rule, host)).collect() };
        match rule {
            Rule::Matcher(matcher) => {
                let name = matcher.name.to_ascii_lowercase();
                if name.starts_with("host") {
                    takes(matcher, host, &Request::new(RequestPath::default()))
                } else {
                    Fit::Undecided
                }
            }
            Rule::Not(rule) => of_host(rule, host).not(),
            Rule::All(rules) => Fit::all(&each(rules)),
            Rule::Any(rules) => Fit::any(&each(rules)),
        }
    }
    of_host(rule, host) != Fit::No
}

/// Returns the matchers of a rule that cannot be decided, as they are written.
#[must_use]
pub fn undecided(rule: &Rule, host: &DnsName, request: &Request) -> String {
    let open = |matcher: &&Matcher| takes(matcher, host, request) == Fit::Undecided;
    let matchers = rule.matchers().into_iter().filter(open);
    let texts: Vec<String> = matchers
        .map(|matcher| format!("{}({})", matcher.name, matcher.arguments.join(", ")))
        .collect();
    texts.join(" and ")
}

/// Returns whether one matcher takes a request.
pub(super) fn takes(matcher: &Matcher, host: &DnsName, request: &Request) -> Fit {
    let arguments = &matcher.arguments;
    let any = |takes: &dyn Fn(&str) -> Fit| {
        let fits: Vec<Fit> = arguments.iter().map(|argument| takes(argument)).collect();
        Fit::any(&fits)
    };
    let (path, query) = request
        .path()
        .as_str()
        .split_once('?')
        .unwrap_or((request.path().as_str(), ""));
    let path = unescaped(path);
    match matcher.name.to_ascii_lowercase().as_str() {
        "host" | "hostheader" | "hostsni" => any(&|name| Fit::of(covers(name, host))),
        "hostregexp" | "hostsniregexp" => any(&|pattern| matches(pattern, host.as_str())),
        "path" => any(&|wanted| {
            if is_template(wanted) {
                Fit::Undecided
            } else {
                Fit::of(path == wanted)
            }
        }),
        "pathprefix" => any(&|wanted| {
            if is_template(wanted) {
                Fit::Undecided
            } else {
                Fit::of(path.starts_with(wanted))
            }
        }),
        "pathregexp" => any(&|pattern| matches(pattern, &path)),
        "method" => any(&|method| Fit::of(method.eq_ignore_ascii_case("GET"))),
        "alpn" => any(&|protocol| Fit::of(OFFERED.contains(&protocol))),
        "header" | "headers" => field(arguments, request, |value, wanted| Fit::of(value == wanted)),
        "headerregexp" | "headersregexp" => {
            field(arguments, request, |value, pattern| matches(pattern, value))
        }
        "query" => {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            pair(&arguments).map_or(Fit::Undecided, |(name, value)| {
                Fit::of(query.split('&').any(|part| {
                    let (key, found) = part.split_once('=').unwrap_or((part, ""));
                    !part.is_empty() && unescaped(key) == name && unescaped(found) == value
                }))
            })
        }
        _ => Fit::Undecided,
    }
}

/// Returns whether a matcher's host is this one, or a wildcard of it (from Traefik 3.7.0).
#[must_use]
pub fn covers(argument: &str, host: &DnsName) -> bool {
    let argument = argument.to_ascii_lowercase();
    let argument = argument.strip_suffix('.').unwrap_or(&argument);
    argument == "*" || host.is_covered_by(argument)
}

fn field(arguments: &[String], request: &Request, takes: impl Fn(&str, &str) -> Fit) -> Fit {
    match arguments {
        [name, wanted] => request
            .field(name)
            .map_or(Fit::No, |value| takes(value, wanted)),
        _ => Fit::Undecided,
    }
}

/// Returns name and value of a query matcher: two arguments, one without a value, or `name=value` as in Traefik 2.
pub(super) fn pair<'a>(arguments: &[&'a str]) -> Option<(&'a str, &'a str)> {
    match arguments {
        [name, value] => Some((name, value)),
        [one] => Some(one.split_once('=').unwrap_or((one, ""))),
        _ => None,
    }
}

fn matches(pattern: &str, text: &str) -> Fit {
    if is_template(pattern) {
        return Fit::Undecided;
    }
    regex_lite::Regex::new(pattern)
        .map_or(Fit::Undecided, |pattern| Fit::of(pattern.is_match(text)))
}

/// Whether it is a template of Traefik 2, such as `{id:[0-9]+}`.
fn is_template(text: &str) -> bool {
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
    text.split('{').skip(1).any(begins)
}

/// Reads percent escapes; what is no such escape stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::request::RequestPath;

    fn host() -> DnsName {
        DnsName::parse("a.example.org").unwrap()
    }

    fn request(path: &str) -> Request {
        Request::new(RequestPath::parse(path).unwrap())
    }

    #[test]
    fn a_rule_takes_a_request_as_traefik_does() {
        use Fit::{No, Undecided, Yes};
        for (rule, path, expected) in [
            ("Host(`a.example.org`)", "/", Yes),
            ("Host(`A.example.org.`)", "/", Yes),
            ("Host(`*.example.org`)", "/", Yes),
            ("Host(`*.org`)", "/", No),
            ("Host(`b.x`, `a.example.org`)", "/", Yes),
            ("!Host(`a.example.org`)", "/", No),
            ("HostRegexp(`^[a-c]\\.example\\.org$`)", "/", Yes),
            ("HostRegexp(`{name:[a-z]+}.example.org`)", "/", Undecided),
            ("Host(`a.example.org`) && PathPrefix(`/p`)", "/p/q?x", Yes),
            ("Host(`a.example.org`) && PathPrefix(`/p`)", "/P", No),
            ("Host(`a.example.org`) && Path(`/p`)", "/p/", No),
            ("Host(`a.example.org`) && Path(`/p q`)", "/p%20q", Yes),
            ("PathPrefix(`/p`) || Host(`a.example.org`)", "/", Yes),
            (
                "Host(`a.example.org`) && ClientIP(`10.0.0.0/8`)",
                "/",
                Undecided,
            ),
            ("Host(`b.example.org`) && ClientIP(`10.0.0.0/8`)", "/", No),
            ("Host(`a.example.org`) && !Method(`GET`)", "/", No),
            ("Host(`a.example.org`) && Header(`X-A`, `b`)", "/", No),
            ("HeaderRegexp(`User-Agent`, `^civi`)", "/", Yes),
            ("Query(`a`, `b`)", "/?x&a=b", Yes),
            ("Query(`a=b`)", "/?a=b", Yes),
            ("Query(`a`)", "/?a=b", No),
            ("HostSNI(`*`) && ALPN(`h2`)", "/", Yes),
        ] {
            let parsed = Rule::parse(rule).unwrap();
            assert_eq!(
                fit(&parsed, &host(), &request(path)),
                expected,
                "{rule} for {path}"
            );
        }
        let rule = Rule::parse("Host(`a.example.org`) && ClientIP(`10.0.0.0/8`)").unwrap();
        assert_eq!(
            undecided(&rule, &host(), &request("/")),
            "ClientIP(10.0.0.0/8)"
        );
    }
}
