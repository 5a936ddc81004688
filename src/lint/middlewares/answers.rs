//! Middlewares that Traefik makes, and that let no request through.

use crate::release::Release;
use crate::yaml::{Node, Value};
use std::collections::BTreeSet;

/// Returns the field and the reason why settings of a kind let no request for a host through.
pub(super) fn check(
    kind: &str,
    node: &Node,
    hosts: Option<&BTreeSet<String>>,
    release: Release,
) -> Option<(&'static str, String)> {
    match kind {
        "inFlightReq" => nothing_in_flight(node),
        "forwardAuth" => nobody_to_ask(node),
        "redirectRegex" => empty_pattern(node).or_else(|| {
            let mut hosts = hosts?.iter();
            hosts.find_map(|host| cut_out(node, host).or_else(|| in_circles(node, host)))
        }),
        "replacePath" => given_path(node, release),
        "replacePathRegex" => replaced_path(node, release),
        "redirectScheme" => odd_scheme(node),
        "headers" => odd_headers(node).or_else(|| other_hosts(node, hosts?)),
        _ => None,
    }
}

/// As many requests as `amount` may be under way, and there is no default (`pkg/middlewares/inflightreq`, v2.11.53 to
/// v3.7.9; `acquire` in `connlimit/connlimit.go` of `github.com/vulcand/oxy/v2`, v2.1.0).
fn nothing_in_flight(node: &Node) -> Option<(&'static str, String)> {
    let amount = match node.get("amount").map(|node| &node.value) {
        None | Some(Value::Null) => 0,
        Some(Value::Int(amount)) => *amount,
        // Of another type `definitions` speaks.
        Some(_) => return None,
    };
    let why = format!("`{amount}` requests may be under way at once: each gets 429");
    (amount <= 0).then_some(("amount", why))
}

/// The address is parsed at each request (`forwardAuth.ServeHTTP` in `pkg/middlewares/auth/forward.go`, v2.11.53 to v3.7.9).
fn nobody_to_ask(node: &Node) -> Option<(&'static str, String)> {
    let address = node.text_of("address").filter(|text| !text.is_empty())?;
    let why = not_asked(address)?;
    let why = format!("`{}` {why}: each request gets 500", address.escape_debug());
    Some(("address", why))
}

/// Returns why Go's http client sends nothing to an address (`url.Parse`, `Client.send` and `Transport.roundTrip`).
fn not_asked(address: &str) -> Option<&'static str> {
    if address.bytes().any(|byte| byte.is_ascii_control()) {
        return Some("has a control character");
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return Some("has no scheme");
    };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Some("has a scheme other than `http` and `https`");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host.is_empty() || host.starts_with(':') {
        return Some("has no host");
    }
    // What `url.Parse` takes in a host without an escape.
    let is_taken = |byte: u8| {
        !byte.is_ascii()
            || byte.is_ascii_alphanumeric()
            || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    (!host.bytes().all(is_taken)).then_some("has a host with a character that no name has")
}

/// An empty expression matches between all letters, and each place gets the replacement.
fn empty_pattern(node: &Node) -> Option<(&'static str, String)> {
    let is_empty = |key: &str| node.text_of(key).is_none_or(str::is_empty);
    (is_empty("regex") && !is_empty("replacement")).then(|| {
        let why = "an empty expression matches everywhere, and nothing is left of the address";
        ("regex", why.to_owned())
    })
}

/// What becomes of the path of the first page (`ServeHTTP` in `pkg/middlewares/replacepathregex/replace_path_regex.go`,
/// v2.11.53 to v3.7.13). Since 2.11.52, 3.6.23 and 3.7.7 one that is not clean is refused. One without a slash in front goes
/// on as it is, and httpd refuses it (seen with 3.0.4, 3.4.3 and 3.7.15); behind 2.11.53 the page comes.
fn replaced_path(node: &Node, release: Release) -> Option<(&'static str, String)> {
    let text = |key: &str| node.text_of(key).unwrap_or_default().trim();
    let pattern = regex_lite::Regex::new(text("regex")).ok()?;
    let path = pattern.replace_all("/", text("replacement"));
    let is_compared = release.has_since(&[(2, 11, 52), (3, 6, 23), (3, 7, 7)]);
    let why = unread(&path, release)
        .or_else(|| (is_compared && !is_clean(&path)).then_some("is refused with 400"))?;
    let why = format!("`/` becomes `{}`, which {why}", path.escape_debug());
    Some(("replacement", why))
}

/// The path that all requests get, which is compared with nothing (`ServeHTTP` in
/// `pkg/middlewares/replacepath/replace_path.go`, v2.11.53 to v3.7.13).
fn given_path(node: &Node, release: Release) -> Option<(&'static str, String)> {
    let path = node.text_of("path")?;
    let why = unread(path, release)?;
    Some(("path", format!("`{}` {why}", path.escape_debug())))
}

/// Returns why nothing is served for a path that replaces another one.
fn unread(path: &str, release: Release) -> Option<&'static str> {
    let is_bare = !path.is_empty() && !path.starts_with('/');
    if !is_escaped(path) {
        Some("has an escape that cannot be read: it gets 500")
    } else if is_bare && release >= Release::exactly(3, 0, 0) {
        Some("has no slash in front: httpd refuses it with 400")
    } else {
        None
    }
}

/// Returns whether each percent sign of a path begins an escape (Go's `url.PathUnescape`).
fn is_escaped(path: &str) -> bool {
    let mut parts = path.split('%').skip(1);
    parts.all(|part| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Returns whether a path is as Go's `path.Clean` leaves it, but for a slash at its end.
fn is_clean(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.is_empty() || !path.split('/').any(|part| ["", ".", ".."].contains(&part))
}

/// A scheme in capitals is never that of the request, so that it is redirected again (`redirectScheme` in
/// `pkg/middlewares/redirect`, v2.11.53 to v3.7.9); one of something else no browser follows, nor a port that is not a number.
fn odd_scheme(node: &Node) -> Option<(&'static str, String)> {
    let scheme = node.text_of("scheme").filter(|scheme| !scheme.is_empty())?;
    let shown = scheme.escape_debug();
    if scheme.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(("scheme", format!("`{shown}` leads to itself without end")));
    }
    if !["http", "https"].contains(&scheme) {
        return Some(("scheme", format!("browsers do not follow to `{shown}`")));
    }
    let port = node.text_of("port").filter(|port| !port.is_empty())?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let why = format!("`{}` is not the number of a port", port.escape_debug());
    (!is_port).then_some(("port", why))
}

/// Headers that Go does not send (`httpguts.ValidHeaderFieldName` and `ValidHeaderFieldValue` in `Transport.roundTrip`), and a
/// length of the answer that is not its own.
fn odd_headers(node: &Node) -> Option<(&'static str, String)> {
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_value = |text: &str| {
        !text
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
    };
    let headers = |key: &str| node.get(key).map(Node::entries).unwrap_or_default();
    for (name, value) in headers("customRequestHeaders") {
        let shown = name.text.escape_debug();
        let is_sent = !name.text.is_empty() && name.text.bytes().all(is_mark);
        // Without a value the header is taken away.
        let Some(value) = value.text().filter(|text| !text.is_empty()) else {
            continue;
        };
        if !is_sent || !is_value(value) {
            let why =
                format!("Go does not send a header `{shown}` like that: each request gets 500");
            return Some(("customRequestHeaders", why));
        }
    }
    let mut answered = headers("customResponseHeaders").iter();
    answered
        .any(|(name, value)| {
            let is_set = value.text().is_some_and(|text| !text.is_empty());
            is_set && name.text.eq_ignore_ascii_case("Content-Length")
        })
        .then(|| {
            let why = "the length of each answer is another: browsers break the connection off";
            ("customResponseHeaders", why.to_owned())
        })
}

/// A host that is not among those that are allowed gets 500 (`github.com/unrolled/secure`), unless it is another header that
/// says it.
fn other_hosts(node: &Node, hosts: &BTreeSet<String>) -> Option<(&'static str, String)> {
    let allowed = node.items_of("allowedHosts");
    if allowed.is_empty() || node.is_true("isDevelopment") {
        return None;
    }
    if !node.items_of("hostsProxyHeaders").is_empty() {
        return None;
    }
    let mut allowed = allowed.iter().filter_map(Node::text);
    let is_allowed = |host: &String| {
        allowed
            .clone()
            .any(|other| other.eq_ignore_ascii_case(host))
    };
    let host = hosts.iter().find(|host| !is_allowed(host))?;
    allowed.next()?;
    let why = format!(
        "`{}` is not among the hosts: it gets 500",
        host.escape_debug()
    );
    Some(("allowedHosts", why))
}

/// Without a replacement the part that matches is cut out of the address (`redirect.ServeHTTP` in
/// `pkg/middlewares/redirect/redirect.go`, v2.11.53 to v3.7.9). What is left leads on only where it is a domain above the
/// host.
fn cut_out(node: &Node, host: &str) -> Option<(&'static str, String)> {
    let is_empty = match node.get("replacement").map(|node| &node.value) {
        None | Some(Value::Null) => true,
        Some(Value::Text(text)) => text.is_empty(),
        Some(_) => false,
    };
    let pattern = node.text_of("regex").filter(|_| is_empty)?;
    let pattern = regex_lite::Regex::new(pattern).ok()?;
    let asked = format!("https://{host}/");
    let left = pattern.replace_all(&asked, "");
    let leads_on = ["http://", "https://"].iter().any(|scheme| {
        let name = left.strip_prefix(scheme);
        let name = name.map(|rest| rest.trim_end_matches('/'));
        let below = name.and_then(|name| host.strip_suffix(name));
        name.is_some_and(|name| !name.is_empty()) && below.is_some_and(|label| label.ends_with('.'))
    });
    (left != asked && !leads_on).then(|| {
        let (asked, left) = (asked.escape_debug(), left.escape_debug());
        let why = format!("there is no replacement: `{asked}` leads to `{left}`");
        ("replacement", why)
    })
}

/// A path alone is that of the same host, where the request is redirected again (`redirect.ServeHTTP`).
fn in_circles(node: &Node, host: &str) -> Option<(&'static str, String)> {
    let replacement = node
        .text_of("replacement")
        .filter(|text| text.starts_with('/'))?;
    let pattern = regex_lite::Regex::new(node.text_of("regex")?).ok()?;
    let asked = format!("https://{host}/");
    let path = pattern.replace_all(&asked, replacement);
    (format!("https://{host}{path}") == asked).then(|| {
        let why = format!("`{}` leads to itself without end", asked.escape_debug());
        ("replacement", why)
    })
}

#[cfg(test)]
mod tests {
    use super::not_asked;

    #[test]
    fn an_address_is_asked_where_gos_client_sends_a_request() {
        for address in [
            "http://auth/",
            "https://auth.example.org:8443/check?a b",
            "HTTP://10.0.0.1",
            "http://user@auth/",
            "http://[::1]:80",
        ] {
            assert_eq!(not_asked(address), None, "{address}");
        }
        for address in [
            "not a url",
            "auth:80",
            "/check",
            "//auth/",
            "ftp://auth/",
            "http:///check",
            "http://:80/",
            "http://a b/",
            "http://auth/\n",
        ] {
            assert!(not_asked(address).is_some(), "{address}");
        }
    }
}
