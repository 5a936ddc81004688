//! What each matcher takes: by the protocol of its route, and by the syntax that is read.
//!
//! `pkg/muxer/http/matcher.go` and `matcher_v2.go`, `pkg/muxer/tcp/matcher.go` and `matcher_v2.go` of Traefik 3.7.9;
//! Traefik 2 (`pkg/muxer/http/mux.go` of 2.11.53) takes what syntax `v2` takes.

use super::{Matcher, Rule, regexp};
use std::net::IpAddr;

/// What kind of route a rule is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// An IngressRoute.
    Http,
    /// An IngressRouteTCP.
    Tcp,
}

/// Whose rules are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Those of Traefik 2.
    V2,
    /// Those of Traefik 3.
    V3,
}

/// Why Traefik does not do with a matcher what is meant by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatcherFault {
    /// There is no such matcher; it may have another name in this syntax, or be one of the other protocol.
    Unknown {
        /// The name that is meant.
        meant: Option<&'static str>,
    },
    /// It has too many arguments.
    Several,
    /// It has too few arguments, or an empty one.
    Few,
    /// An argument is refused: which one, and why.
    Refused(String, String),
    /// An argument is taken, and nothing that Traefik compares with it is ever like that: which one, and why.
    Never(String, &'static str),
}

/// What the arguments of a matcher are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Any,
    Host,
    Sni,
    Path,
    Regexp,
    HostRegexp,
    Address,
    Alpn,
    /// A name, and a value.
    Pair,
    /// A name, and an expression.
    PairRegexp,
    /// `name=value`.
    Assignment,
}

use Grammar::{
    Address, Alpn, Any, Assignment, Host, HostRegexp, Pair, PairRegexp, Path, Regexp, Sni,
};

/// Name, least and most arguments, what they are.
type Row = (&'static str, usize, usize, Grammar);

const HTTP: [Row; 11] = [
    ("ClientIP", 1, 1, Address),
    ("Method", 1, 1, Any),
    ("Host", 1, 1, Host),
    ("HostRegexp", 1, 1, HostRegexp),
    ("Path", 1, 1, Path),
    ("PathRegexp", 1, 1, Regexp),
    ("PathPrefix", 1, 1, Path),
    ("Header", 2, 2, Pair),
    ("HeaderRegexp", 2, 2, PairRegexp),
    ("Query", 1, 2, Pair),
    ("QueryRegexp", 1, 2, PairRegexp),
];
const TCP: [Row; 4] = [
    ("ALPN", 1, 1, Alpn),
    ("ClientIP", 1, 1, Address),
    ("HostSNI", 1, 1, Sni),
    ("HostSNIRegexp", 1, 1, HostRegexp),
];
const MANY: usize = usize::MAX;
const HTTP_V2: [Row; 10] = [
    ("Host", 1, MANY, Host),
    ("HostHeader", 1, MANY, Host),
    ("HostRegexp", 1, MANY, HostRegexp),
    ("ClientIP", 1, MANY, Address),
    ("Path", 1, MANY, Path),
    ("PathPrefix", 1, MANY, Path),
    ("Method", 1, MANY, Any),
    ("Headers", 2, MANY, Pair),
    ("HeadersRegexp", 2, MANY, PairRegexp),
    ("Query", 1, MANY, Assignment),
];
const TCP_V2: [Row; 4] = [
    ("ALPN", 1, MANY, Alpn),
    ("ClientIP", 1, MANY, Address),
    ("HostSNI", 1, MANY, Sni),
    ("HostSNIRegexp", 1, MANY, HostRegexp),
];
/// What is called otherwise in the other syntax.
const RENAMED: [(&str, &str); 3] = [
    ("HostHeader", "Host"),
    ("Headers", "Header"),
    ("HeadersRegexp", "HeaderRegexp"),
];
/// The protocol of TLS-ALPN-01, which Traefik keeps for itself.
const ACME: &str = "acme-tls/1";

fn table(protocol: Protocol, syntax: Syntax) -> &'static [Row] {
    match (protocol, syntax) {
        (Protocol::Http, Syntax::V3) => &HTTP,
        (Protocol::Http, Syntax::V2) => &HTTP_V2,
        (Protocol::Tcp, Syntax::V3) => &TCP,
        (Protocol::Tcp, Syntax::V2) => &TCP_V2,
    }
}

/// Returns the name of a matcher as Traefik's table has it. It takes a name as it is there, in lower case, in upper case,
/// and with only its first letter in upper case (`pkg/rules/parser.go`).
#[must_use]
pub fn canonical(name: &str) -> Option<&'static str> {
    let tables: [&[Row]; 4] = [&HTTP, &TCP, &HTTP_V2, &TCP_V2];
    let mut names = tables.into_iter().flatten().map(|row| row.0);
    let known = names.find(|known| known.eq_ignore_ascii_case(name))?;
    let is_spelt = known == name
        || !name.bytes().any(|byte| byte.is_ascii_lowercase())
        || !name.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    is_spelt.then_some(known)
}

/// Returns whether a matcher is one of http alone.
#[must_use]
pub fn is_of_http(name: &str) -> bool {
    let has =
        |table: &[Row]| canonical(name).is_some_and(|name| table.iter().any(|row| row.0 == name));
    (has(&HTTP) || has(&HTTP_V2)) && !has(&TCP)
}

/// Returns the first fault of each matcher of a rule.
#[must_use]
pub fn faults(rule: &Rule, protocol: Protocol, syntax: Syntax) -> Vec<(&Matcher, MatcherFault)> {
    let all = rule.matchers().into_iter();
    all.filter_map(|matcher| Some((matcher, fault(matcher, protocol, syntax)?)))
        .collect()
}

fn fault(matcher: &Matcher, protocol: Protocol, syntax: Syntax) -> Option<MatcherFault> {
    let name = canonical(&matcher.name);
    let find = |name: &str| table(protocol, syntax).iter().find(|row| row.0 == name);
    let Some((_, least, most, grammar)) = name.and_then(find) else {
        return Some(MatcherFault::Unknown {
            meant: name.and_then(|name| renamed(name, protocol, syntax)),
        });
    };
    let arguments = &matcher.arguments;
    let is_empty = |argument: &String| argument.is_empty();
    let is_odd =
        syntax == Syntax::V2 && matches!(grammar, Pair | PairRegexp) && arguments.len() % 2 == 1;
    if arguments.len() < *least || arguments.iter().any(is_empty) || is_odd {
        return Some(MatcherFault::Few);
    }
    if arguments.len() > *most {
        return Some(MatcherFault::Several);
    }
    let judged = match grammar {
        Pair | PairRegexp => &arguments[1..],
        Any | Host | Sni | Path | Regexp | HostRegexp | Address | Alpn | Assignment => {
            &arguments[..]
        }
    };
    // Go keeps it apart from all others (`readRequest` in `net/http/request.go`).
    let is_of_headers = name.is_some_and(|name| name.starts_with("Header"));
    if is_of_headers && arguments[0].eq_ignore_ascii_case("Host") {
        let why = "Go keeps the host apart from the headers";
        return Some(MatcherFault::Never(arguments[0].clone(), why));
    }
    judged.iter().find_map(|argument| {
        refused(argument, *grammar, syntax)
            .map(|why| MatcherFault::Refused(argument.clone(), why))
            .or_else(|| {
                let why = never(argument, *grammar, syntax)?;
                Some(MatcherFault::Never(argument.clone(), why))
            })
    })
}

fn renamed(name: &str, protocol: Protocol, syntax: Syntax) -> Option<&'static str> {
    let pairs = RENAMED.iter();
    let meant = match (protocol, syntax) {
        (Protocol::Http, _) if name == "HostSNI" => Some("Host"),
        (Protocol::Http, _) if name == "HostSNIRegexp" => Some("HostRegexp"),
        (Protocol::Tcp, _) if ["Host", "HostHeader"].contains(&name) => Some("HostSNI"),
        (Protocol::Tcp, _) if name == "HostRegexp" => Some("HostSNIRegexp"),
        (_, Syntax::V3) => pairs.clone().find(|(old, _)| *old == name).map(|it| it.1),
        (_, Syntax::V2) => pairs.clone().find(|(_, new)| *new == name).map(|it| it.0),
    };
    meant.filter(|meant| *meant != name)
}

/// Explains why Traefik refuses an argument.
fn refused(argument: &str, grammar: Grammar, syntax: Syntax) -> Option<String> {
    let is_new = syntax == Syntax::V3;
    match grammar {
        // Of a host that is not in ASCII another rule speaks.
        Any | Host | Pair => None,
        Sni => {
            let bare = argument.strip_prefix("*.").unwrap_or(argument);
            let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric() || ".-:".contains(c);
            let is_name = argument == "*" || !bare.is_empty() && bare.chars().all(is_word);
            // Of a wildcard in an older release another rule speaks, and of what is not in ASCII.
            (!is_name && argument.is_ascii()).then(|| "it is not a host name".to_owned())
        }
        Path if !argument.starts_with('/') => Some("it does not begin with a slash".to_owned()),
        Path if is_new => None,
        HostRegexp if !argument.is_ascii() => Some("it is not in ASCII".to_owned()),
        Regexp | HostRegexp | PairRegexp if is_new => regexp::check(argument).err(),
        PairRegexp => regexp::check(argument).err(),
        Path | Regexp | HostRegexp => template(argument).err(),
        Address => {
            (!is_address(argument)).then(|| "it is neither an address nor a range".to_owned())
        }
        Alpn => (argument == ACME).then(|| "Traefik keeps it for itself".to_owned()),
        Assignment => (!argument.contains('=')).then(|| "it is not `name=value`".to_owned()),
    }
}

/// Returns whether a text is an address or a range (Go's `net.ParseIP` and `net.ParseCIDR`).
fn is_address(text: &str) -> bool {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let bits = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|prefix| prefix <= bits))
}

/// Explains why no request is ever what an argument says.
fn never(argument: &str, grammar: Grammar, syntax: Syntax) -> Option<&'static str> {
    let is_pattern = |text: &str| text.contains(['^', '$', '(', '[', '\\', '+', '*']);
    match (grammar, syntax) {
        (Path | HostRegexp, Syntax::V3) if has_template(argument) => {
            Some("Traefik 3 does not read braces as a template")
        }
        (Path, _) if without_templates(argument).contains(['*', '|']) => {
            Some("outside of templates Traefik compares a path letter by letter")
        }
        (Path, _) if argument.split('/').any(|part| [".", ".."].contains(&part)) => {
            Some("browsers ask for what is left of a path without `.` and `..`")
        }
        (HostRegexp, Syntax::V2) if is_pattern(&without_templates(argument)) => {
            Some("Traefik 2 reads an expression in braces, with a name")
        }
        (Host, _) if argument.contains("://") || argument.contains('/') => {
            Some("a host has no scheme and no path")
        }
        // The port is taken off before hosts are compared; an IPv6 address has several colons.
        (Host, _) if argument.matches(':').count() == 1 => {
            Some("Traefik compares hosts without their port")
        }
        (Host, Syntax::V2) if argument == "*" => Some("a host is compared letter by letter"),
        (Host, _) if argument.contains(char::is_whitespace) => Some("a host has no white space"),
        (Host | Sni, Syntax::V3)
            if argument.trim_start_matches("*.").contains('*') && argument != "*" =>
        {
            Some("an asterisk is the whole first label, or none")
        }
        _ => None,
    }
}

/// Returns whether a text has a template of Traefik 2, such as `{id:[0-9]+}`.
#[must_use]
pub fn has_template(text: &str) -> bool {
    let mut before = "";
    for (number, part) in text.split('{').enumerate() {
        // `\p{Greek}` is a class.
        let is_class = before.ends_with("\\p") || before.ends_with("\\P");
        let begins = part.starts_with(|c: char| c.is_ascii_alphabetic());
        if number > 0 && begins && part.contains('}') && !is_class {
            return true;
        }
        before = part;
    }
    false
}

/// Returns what a text has outside of braces.
fn without_templates(text: &str) -> String {
    let mut level = 0_usize;
    let is_outside = |c: &char| {
        match c {
            '{' => level += 1,
            '}' => level = level.saturating_sub(1),
            _ => {}
        }
        level == 0
    };
    text.chars().filter(is_outside).collect()
}

/// Checks a template of Traefik 2: braces in pairs, each with a name, and an expression behind a colon
/// (`newRouteRegexp` of its router).
fn template(text: &str) -> Result<(), String> {
    let (mut level, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => {
                level += 1;
                if level == 1 {
                    start = at + 1;
                }
            }
            '}' => {
                level = level.checked_sub(1).ok_or("its braces are not in pairs")?;
                if level == 0 {
                    let inner = &text[start..at];
                    let (name, pattern) = inner.split_once(':').unwrap_or((inner, "x"));
                    if name.is_empty() || pattern.is_empty() {
                        return Err(format!("`{{{inner}}}` lacks a name or an expression"));
                    }
                    regexp::check(pattern)?;
                }
            }
            _ => {}
        }
    }
    if level == 0 {
        Ok(())
    } else {
        Err("its braces are not in pairs".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(rule: &str, protocol: Protocol, syntax: Syntax) -> Option<MatcherFault> {
        let rule = Rule::parse(rule).unwrap();
        let first = faults(&rule, protocol, syntax).into_iter().next();
        first.map(|(_, fault)| fault)
    }

    #[test]
    fn names_are_taken_in_four_spellings() {
        for name in ["HostRegexp", "hostregexp", "HOSTREGEXP", "Hostregexp"] {
            assert_eq!(canonical(name), Some("HostRegexp"), "{name}");
        }
        for name in ["hostRegexp", "HostRegExp", "Hosts", ""] {
            assert_eq!(canonical(name), None, "{name}");
        }
    }

    #[test]
    fn what_traefik_takes_has_no_fault() {
        use {
            Protocol::{Http, Tcp},
            Syntax::{V2, V3},
        };
        for (rule, protocol, syntax) in [
            ("host(`a.example.org`) && !PATHPREFIX(`/a`)", Http, V3),
            ("Host(`*`) || HostRegexp(`^.+\\.example\\.org$`)", Http, V3),
            ("Header(`X-A`, `b`) && HeaderRegexp(`X-A`, `b.*`)", Http, V3),
            (
                "Query(`a`) && Query(`a`, `b`) && QueryRegexp(`a`, `^b`)",
                Http,
                V3,
            ),
            (
                "ClientIP(`10.0.0.0/8`) || ClientIP(`::1`) || ClientIP(`0.0.0.0/0`)",
                Http,
                V3,
            ),
            ("PathRegexp(`/a{2}`) && Method(`GET`)", Http, V3),
            (
                "Host(`a`, `b`) && Headers(`X-A`, `b`) && Query(`a=b`)",
                Http,
                V2,
            ),
            (
                "HostRegexp(`{host:.+}`) && Path(`/a/{id:[0-9]{1,3}}`)",
                Http,
                V2,
            ),
            ("HostHeader(`a`) && ClientIP(`10.0.0.1`, `::1`)", Http, V2),
            ("HostSNI(`*`) && ALPN(`h2`)", Tcp, V3),
            ("HostSNI(`*.example.org`) && ClientIP(`10.0.0.1`)", Tcp, V3),
            ("HostSNIRegexp(`^\\p{Greek}+$`)", Tcp, V3),
            ("HostSNI(`a`, `b`)", Tcp, V2),
        ] {
            assert_eq!(fault_of(rule, protocol, syntax), None, "{rule}");
        }
    }

    #[test]
    fn what_traefik_does_not_take_has_its_fault() {
        use MatcherFault::{Few, Several, Unknown};
        use {
            Protocol::{Http, Tcp},
            Syntax::{V2, V3},
        };
        let unknown = |meant| Unknown { meant };
        for (rule, protocol, syntax, fault) in [
            ("Headers(`X-A`, `b`)", Http, V3, unknown(Some("Header"))),
            (
                "HeadersRegexp(`X-A`, `b`)",
                Http,
                V3,
                unknown(Some("HeaderRegexp")),
            ),
            ("HostHeader(`a`)", Http, V3, unknown(Some("Host"))),
            ("HostSNI(`a`)", Http, V3, unknown(Some("Host"))),
            ("Hosts(`a`)", Http, V3, unknown(None)),
            ("Header(`X-A`, `b`)", Http, V2, unknown(Some("Headers"))),
            ("PathRegexp(`/a`)", Http, V2, unknown(None)),
            ("Host(`a`)", Tcp, V3, unknown(Some("HostSNI"))),
            ("Host(`a`, `b`)", Http, V3, Several),
            ("Header(`X-A`, `b`, `c`)", Http, V3, Several),
            ("Header(`X-A`)", Http, V3, Few),
            ("Host()", Http, V3, Few),
            ("Host(``)", Http, V2, Few),
            ("Headers(`a`, `b`, `c`)", Http, V2, Few),
        ] {
            assert_eq!(fault_of(rule, protocol, syntax), Some(fault), "{rule}");
        }
    }

    #[test]
    fn what_is_refused_has_its_reason() {
        use MatcherFault::Refused;
        use {
            Protocol::{Http, Tcp},
            Syntax::{V2, V3},
        };
        let refused = |argument: &str, why: &str| Refused(argument.into(), why.into());
        for (rule, protocol, syntax, fault) in [
            (
                "Path(`a`)",
                Http,
                V3,
                refused("a", "it does not begin with a slash"),
            ),
            (
                "PathPrefix(`a`)",
                Http,
                V2,
                refused("a", "it does not begin with a slash"),
            ),
            (
                "HostRegexp(`^(a`)",
                Http,
                V3,
                refused("^(a", "missing closing )"),
            ),
            (
                "PathRegexp(`a**`)",
                Http,
                V3,
                refused("a**", "invalid nested repetition operator: `*`"),
            ),
            (
                "HostRegexp(`{a`)",
                Http,
                V2,
                refused("{a", "its braces are not in pairs"),
            ),
            (
                "HostRegexp(`{:a}`)",
                Http,
                V2,
                refused("{:a}", "`{:a}` lacks a name or an expression"),
            ),
            (
                "Query(`a`)",
                Http,
                V2,
                refused("a", "it is not `name=value`"),
            ),
            (
                "ClientIP(`10.0.0`)",
                Http,
                V3,
                refused("10.0.0", "it is neither an address nor a range"),
            ),
            (
                "ALPN(`acme-tls/1`)",
                Tcp,
                V3,
                refused("acme-tls/1", "Traefik keeps it for itself"),
            ),
            (
                "HostSNI(`a/b`)",
                Tcp,
                V3,
                refused("a/b", "it is not a host name"),
            ),
        ] {
            assert_eq!(fault_of(rule, protocol, syntax), Some(fault), "{rule}");
        }
    }

    #[test]
    fn what_never_matches_has_its_reason() {
        use {
            Protocol::Http,
            Syntax::{V2, V3},
        };
        let never = |argument: &str, why| MatcherFault::Never(argument.into(), why);
        for (rule, protocol, syntax, fault) in [
            (
                "HostRegexp(`{host:.+}`)",
                Http,
                V3,
                never("{host:.+}", "Traefik 3 does not read braces as a template"),
            ),
            (
                "Host(`a:8443`)",
                Http,
                V3,
                never("a:8443", "Traefik compares hosts without their port"),
            ),
            (
                "Host(`https://a`)",
                Http,
                V2,
                never("https://a", "a host has no scheme and no path"),
            ),
            (
                "Host(`a.*.org`)",
                Http,
                V3,
                never("a.*.org", "an asterisk is the whole first label, or none"),
            ),
            (
                "PathPrefix(`/a/{id}`)",
                Http,
                V3,
                never("/a/{id}", "Traefik 3 does not read braces as a template"),
            ),
            (
                "HostRegexp(`^.+\\.a$`)",
                Http,
                V2,
                never(
                    "^.+\\.a$",
                    "Traefik 2 reads an expression in braces, with a name",
                ),
            ),
        ] {
            assert_eq!(fault_of(rule, protocol, syntax), Some(fault), "{rule}");
        }
    }
}
