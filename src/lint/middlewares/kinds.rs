//! What each kind of middleware refuses: the constructors of `pkg/middlewares`, v2.11.53, v3.0.4, v3.4.3 and v3.7.13.

use super::expression::{self, Vocabulary};
use crate::lint::facts::durations::is_go_duration;
use crate::release::Release;
use crate::rule::regexp;
use crate::yaml::{Node, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A kind of middleware.
pub(super) struct MiddlewareKind {
    /// Its field of `spec`.
    pub(super) field: &'static str,
    /// Returns why Traefik does not make one of these settings.
    pub(super) refuses: fn(&Node, Release) -> Option<Refusal>,
}

/// Why Traefik does not make a middleware.
pub(super) struct Refusal {
    /// The field below those of the kind; empty for all of it.
    pub(super) field: String,
    pub(super) why: String,
}

impl Refusal {
    fn at(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
        }
    }
}

/// All kinds.
pub(super) const KINDS: [MiddlewareKind; 26] = [
    kind("addPrefix", |node, _| non_empty(node, "prefix")),
    kind("basicAuth", |node, _| non_empty(node, "secret")),
    kind("buffering", |node, _| {
        sizes(node).or_else(|| predicate(node, "retryExpression", Vocabulary::Retry))
    }),
    kind("chain", |_, _| None),
    kind("circuitBreaker", circuit_breaker),
    kind("compress", compress),
    kind("contentType", |_, _| None),
    kind("digestAuth", |node, _| non_empty(node, "secret")),
    kind("encodedCharacters", |_, _| None),
    kind("errors", errors),
    kind("forwardAuth", |node, _| non_empty(node, "address")),
    kind("grpcWeb", |_, _| None),
    kind("headers", headers),
    kind("inFlightReq", |node, _| source(node)),
    kind("ipAllowList", ranges),
    kind("ipWhiteList", ranges),
    kind("passTLSClientCert", |_, _| None),
    kind("plugin", |node, _| match node.entries().len() {
        0 => Some(Refusal::at("", "no plugin is named")),
        1 => None,
        number => Some(Refusal::at(
            "",
            format!("{number} plugins are named, and one may be"),
        )),
    }),
    kind("rateLimit", |node, _| period(node).or_else(|| source(node))),
    kind("redirectRegex", |node, _| regexp(node, "regex")),
    kind("redirectScheme", |node, _| non_empty(node, "scheme")),
    kind("replacePath", |_, _| None),
    kind("replacePathRegex", |node, _| regexp(node, "regex")),
    kind("retry", retry),
    kind("stripPrefix", |_, _| None),
    kind("stripPrefixRegex", |node, _| regexps(node, "regex")),
];

const fn kind(
    field: &'static str,
    refuses: fn(&Node, Release) -> Option<Refusal>,
) -> MiddlewareKind {
    MiddlewareKind { field, refuses }
}

fn non_empty(node: &Node, key: &str) -> Option<Refusal> {
    let is_empty = match node.get(key).map(|node| &node.value) {
        None | Some(Value::Null) => true,
        Some(Value::Text(text)) => text.is_empty(),
        // Of another type `definitions` speaks.
        Some(_) => false,
    };
    is_empty.then(|| Refusal::at(key, format!("`{key}` is empty")))
}

fn retry(node: &Node, _: Release) -> Option<Refusal> {
    let attempts = match node.get("attempts").map(|node| &node.value) {
        None | Some(Value::Null) => 0,
        Some(Value::Int(attempts)) => *attempts,
        Some(_) => return None,
    };
    if attempts <= 0 {
        return Some(Refusal::at(
            "attempts",
            format!("`{attempts}` is not a number of attempts"),
        ));
    }
    let never = node.is_true("disableRetryOnNetworkError") && node.items_of("status").is_empty();
    if never {
        let why = "there is no status to retry on, and network errors are left out";
        return Some(Refusal::at("disableRetryOnNetworkError", why));
    }
    statuses(node).or_else(|| duration(node, "initialInterval"))
}

/// Without a service Traefik looks for one whose name is empty, and does not find it (`createErrorPageMiddleware` in
/// `pkg/provider/kubernetes/crd/kubernetes.go`, v2.11.53 to v3.7.9).
fn errors(node: &Node, _: Release) -> Option<Refusal> {
    let service = node.get("service");
    if service.is_none_or(|service| service.value == Value::Null) {
        return Some(Refusal::at("service", "no service is named"));
    }
    // From 3.4 on (`New` in `pkg/middlewares/customerrors/custom_errors.go`).
    let rewrites = node.get("statusRewrites").map(Node::entries);
    let mut rewrites = rewrites.unwrap_or_default().iter();
    if let Some((key, _)) = rewrites.find(|(key, _)| !is_range(&key.text)) {
        let why = format!(
            "`{}` is not a range of status codes",
            key.text.escape_debug()
        );
        return Some(Refusal::at("statusRewrites", why));
    }
    statuses(node)
}

/// Status codes and ranges of them, without commas (`NewHTTPCodeRanges`).
fn statuses(node: &Node) -> Option<Refusal> {
    for (index, item) in node.items_of("status").iter().enumerate() {
        let Some(text) = item.text() else { continue };
        if !is_range(text) {
            let why = format!("`{}` is not a range of status codes", text.escape_debug());
            return Some(Refusal::at(format!("status[{index}]"), why));
        }
    }
    None
}

fn is_range(text: &str) -> bool {
    let mut codes = text.split('-');
    let is_number = |code: Option<&str>| code.is_none_or(|code| code.parse::<i64>().is_ok());
    is_number(codes.next()) && is_number(codes.next())
}

fn compress(node: &Node, release: Release) -> Option<Refusal> {
    let (excluded, included) = ("excludedContentTypes", "includedContentTypes");
    let is_set = |key: &str| !node.items_of(key).is_empty();
    if is_set(excluded) && is_set(included) {
        let why = format!("`{excluded}` and `{included}` exclude each other");
        return Some(Refusal::at(included, why));
    }
    for key in [excluded, included] {
        for (index, item) in node.items_of(key).iter().enumerate() {
            if let Some(text) = item.text().filter(|text| !is_media_type(text)) {
                let why = format!("`{}` is not a media type", text.escape_debug());
                return Some(Refusal::at(format!("{key}[{index}]"), why));
            }
        }
    }
    if release < Release::exactly(3, 1, 0) {
        return None;
    }
    let known = ["gzip", "br", "zstd"];
    let encodings = node
        .get("encodings")
        .filter(|node| node.value != Value::Null);
    let Some(encodings) = encodings else {
        let default = node
            .text_of("defaultEncoding")
            .filter(|text| !text.is_empty());
        let default = default.filter(|text| !known.contains(text));
        return default.map(|text| unknown_encoding("defaultEncoding", text));
    };
    let named: Vec<&str> = encodings.items().iter().filter_map(Node::text).collect();
    if encodings.items().is_empty() {
        return Some(Refusal::at("encodings", "there is no encoding"));
    }
    if let Some(text) = named.iter().find(|text| !known.contains(text)) {
        return Some(unknown_encoding("encodings", text));
    }
    let default = node
        .text_of("defaultEncoding")
        .filter(|text| !text.is_empty());
    let default = default.filter(|text| !named.contains(text));
    default.map(|text| unknown_encoding("defaultEncoding", text))
}

fn unknown_encoding(field: &str, text: &str) -> Refusal {
    let why = format!("`{}` is not one of the encodings", text.escape_debug());
    Refusal::at(field, why)
}

/// Go's `mime.ParseMediaType`, as far as it refuses: a token, perhaps a slash and a token, perhaps parameters.
fn is_media_type(text: &str) -> bool {
    let end = text.find(';').unwrap_or(text.len());
    let (base, parameters) = text.split_at(end);
    let is_token = |part: &str| !part.is_empty() && token(part).len() == part.len();
    base.trim().splitn(2, '/').all(is_token) && are_parameters(parameters)
}

/// Returns what a text has of a token at its beginning (`isTokenChar` in Go's `mime`).
fn token(text: &str) -> &str {
    let is_mark = |c: char| "()<>@,;:\\\"/[]?=".contains(c);
    let end = text.find(|c: char| !c.is_ascii_graphic() || is_mark(c));
    &text[..end.unwrap_or(text.len())]
}

/// Returns whether a text is parameters of a media type, each `; NAME=VALUE`; a semicolon may follow (`consumeMediaParam`).
fn are_parameters(mut text: &str) -> bool {
    let mut known = BTreeMap::new();
    loop {
        text = text.trim_start();
        let Some(rest) = text.strip_prefix(';').map(str::trim_start) else {
            return text.is_empty();
        };
        let name = token(rest);
        if name.is_empty() {
            return rest.is_empty();
        }
        let Some(rest) = rest[name.len()..].trim_start().strip_prefix('=') else {
            return false;
        };
        let rest = rest.trim_start();
        let end = match rest.strip_prefix('"') {
            Some(quoted) => quoted.find('"').map(|end| end + 2),
            None => Some(token(rest).len()).filter(|end| *end > 0),
        };
        let Some(end) = end else { return false };
        let (value, rest) = rest.split_at(end);
        let first = *known.entry(name.to_ascii_lowercase()).or_insert(value);
        if first != value {
            return false;
        }
        text = rest;
    }
}

/// The numbers among the headers, and from which release on 0 is not the same as none.
const ZERO_COUNTS: [(&str, Release); 2] = [
    ("stsSeconds", Release::exactly(3, 6, 10)),
    ("accessControlMaxAge", Release::exactly(3, 7, 6)),
];

/// What makes settings of headers valid, by type: `Has…HeadersDefined` in `pkg/config/dynamic/middlewares.go`.
fn headers(node: &Node, release: Release) -> Option<Refusal> {
    if let Some(refusal) = regexps(node, "accessControlAllowOriginListRegex") {
        return Some(refusal);
    }
    let is_defined = |(key, node): &(crate::yaml::Key, Node)| match &node.value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Text(text) => !text.is_empty(),
        Value::List(_) => !node.items().is_empty(),
        // The API server takes away what is null.
        Value::Map(all) => all.iter().any(|(_, node)| node.value != Value::Null),
        Value::Int(number) => {
            let mut known = ZERO_COUNTS.iter();
            let since = known.find(|(known, _)| *known == key.text);
            since.is_some_and(|(_, since)| *number != 0 || release >= *since)
        }
        Value::Float(_) | Value::Ambiguous(_) => true,
    };
    let is_valid = node.entries().iter().any(is_defined);
    (!is_valid).then(|| Refusal::at("", "no header is set"))
}

/// Returns why a list of addresses is refused.
pub(super) fn ranges(node: &Node, _: Release) -> Option<Refusal> {
    let ranges = node.items_of("sourceRange");
    if ranges.is_empty() {
        return Some(Refusal::at("sourceRange", "`sourceRange` is empty"));
    }
    if let Some(status) = node.get("rejectStatusCode")
        && let Value::Int(number) = status.value
        && number != 0
        && !is_status(number)
    {
        let why = format!("`{number}` is not a status code");
        return Some(Refusal::at("rejectStatusCode", why));
    }
    addresses(ranges, "sourceRange").or_else(|| strategy(node.get("ipStrategy")?, "ipStrategy"))
}

/// The codes that Go's `http.StatusText` has a text for.
fn is_status(number: i64) -> bool {
    matches!(number, 100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308
        | 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 500..=508 | 510 | 511)
}

fn addresses(nodes: &[Node], field: &str) -> Option<Refusal> {
    nodes.iter().enumerate().find_map(|(index, node)| {
        let text = node.text()?;
        let is_range = || {
            let (address, length) = text.split_once('/')?;
            let most = match address.parse::<IpAddr>().ok()? {
                IpAddr::V4(_) => 32,
                IpAddr::V6(_) => 128,
            };
            let is_digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let length = length.parse::<u32>().ok().filter(|_| is_digits)?;
            (length <= most).then_some(())
        };
        if text.parse::<IpAddr>().is_ok() || is_range().is_some() {
            return None;
        }
        let why = format!("`{}` is not a range of addresses", text.escape_debug());
        Some(Refusal::at(format!("{field}[{index}]"), why))
    })
}

fn strategy(node: &Node, field: &str) -> Option<Refusal> {
    let depth = match node.get("depth").map(|node| &node.value) {
        Some(Value::Int(depth)) => *depth,
        _ => 0,
    };
    if depth <= 0
        && let found @ Some(_) = addresses(
            node.items_of("excludedIPs"),
            &format!("{field}.excludedIPs"),
        )
    {
        return found;
    }
    match node.get("ipv6Subnet").map(|node| &node.value) {
        Some(Value::Int(length)) if !(1..=128).contains(length) => {
            let why = format!("`{length}` is not the length of a prefix");
            Some(Refusal::at(format!("{field}.ipv6Subnet"), why))
        }
        _ => None,
    }
}

/// Sizes of bodies below zero (`MaxRequestBodyBytes` and its like in `buffer/options.go` of `github.com/vulcand/oxy/v2`,
/// v2.1.0).
fn sizes(node: &Node) -> Option<Refusal> {
    let keys = ["maxRequestBodyBytes", "memRequestBodyBytes"];
    let mut keys = keys
        .into_iter()
        .chain(["maxResponseBodyBytes", "memResponseBodyBytes"]);
    keys.find_map(|key| match node.get(key)?.value {
        Value::Int(size) if size < 0 => Some(Refusal::at(key, format!("`{size}` is less than 0"))),
        _ => None,
    })
}

/// What Go reads as a duration, or seconds (`createRateLimitMiddleware` in `pkg/provider/kubernetes/crd/kubernetes.go`,
/// v2.11.53 to v3.7.9).
fn period(node: &Node) -> Option<Refusal> {
    let is_negative = match node.get("period").map(|node| &node.value) {
        Some(Value::Text(text)) => text.starts_with('-'),
        Some(Value::Int(seconds)) => *seconds < 0,
        _ => false,
    };
    if is_negative {
        return Some(Refusal::at("period", "the period is below zero"));
    }
    duration(node, "period")
}

fn duration(node: &Node, key: &str) -> Option<Refusal> {
    let text = node.text_of(key).filter(|text| !is_go_duration(text))?;
    let why = format!("`{}` is not a duration", text.escape_debug());
    Some(Refusal::at(key, why))
}

/// What tells the clients of a limit apart (`GetSourceExtractor` in `pkg/middlewares/extractor.go`).
fn source(node: &Node) -> Option<Refusal> {
    let criterion = node.get("sourceCriterion")?;
    let by_address = criterion
        .get("ipStrategy")
        .is_some_and(|node| node.value != Value::Null);
    let by_header = criterion
        .text_of("requestHeaderName")
        .is_some_and(|name| !name.is_empty());
    let by_host = criterion.is_true("requestHost");
    let several = [by_address, by_header, by_host];
    if several.iter().filter(|is| **is).count() > 1 {
        let why = "`ipStrategy`, `requestHeaderName` and `requestHost` exclude each other";
        return Some(Refusal::at("sourceCriterion", why));
    }
    strategy(criterion.get("ipStrategy")?, "sourceCriterion.ipStrategy")
}

fn circuit_breaker(node: &Node, _: Release) -> Option<Refusal> {
    let mut durations = ["checkPeriod", "fallbackDuration", "recoveryDuration"].into_iter();
    non_empty(node, "expression")
        .or_else(|| predicate(node, "expression", Vocabulary::CircuitBreaker))
        .or_else(|| durations.find_map(|key| duration(node, key)))
}

fn predicate(node: &Node, key: &str, vocabulary: Vocabulary) -> Option<Refusal> {
    let text = node.text_of(key).filter(|text| !text.is_empty())?;
    let why = expression::check(text, vocabulary).err()?;
    Some(Refusal::at(
        key,
        format!("the expression cannot be read: {why}"),
    ))
}

fn regexp(node: &Node, key: &str) -> Option<Refusal> {
    broken(node.text_of(key)?, key)
}

fn regexps(node: &Node, key: &str) -> Option<Refusal> {
    let all = node.items_of(key).iter().enumerate();
    all.filter_map(|(index, item)| Some((index, item.text()?)))
        .find_map(|(index, text)| broken(text, &format!("{key}[{index}]")))
}

fn broken(pattern: &str, field: &str) -> Option<Refusal> {
    let why = regexp::check(pattern.trim()).err()?;
    let why = format!(
        "`{}` is not a regular expression: {why}",
        pattern.escape_debug()
    );
    Some(Refusal::at(field, why))
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn a_media_type_is_read_as_go_does() {
        for good in [
            "text/html",
            "TEXT/html ",
            "text",
            "text/html;",
            "text/html; charset=utf-8",
            "a/b; c=\"d e\"; f=g ;",
            "a/b; c=d; C=d",
        ] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in [
            "",
            "not a type",
            "a/b/c",
            "text/html; charset",
            "text/html; charset=",
            "a/b; c=\"d",
            "a/b; c=d; c=e",
            "a/b c=d",
            "a/b;; c=d",
        ] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
