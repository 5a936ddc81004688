//! Redirects, followed as a browser does: to the same host only, a bounded number of them, each answer noted.

use super::http::{self, Head};
use super::seen::Broken;
use super::target::{HTTP, HTTPS, Target};
use super::{Check, Finding, Leg, Verdict};
use crate::path::request::RequestPath;
use std::fmt::{self, Write as _};

/// Most redirects that are followed. Browsers follow 20 (Fetch standard, "HTTP-redirect fetch"); nobody means so many.
const LIMIT: usize = 10;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    is_https: bool,
    host: String,
    port: u16,
    path: RequestPath,
}

impl Url {
    /// Returns what a browser asks that comes by https.
    #[must_use]
    pub fn https(target: &Target, path: &RequestPath) -> Self {
        Self {
            is_https: true,
            host: target.host.to_string(),
            port: target.port,
            path: path.clone(),
        }
    }

    /// Returns what a browser asks on port 80.
    #[must_use]
    pub fn http(target: &Target, path: &RequestPath) -> Self {
        Self {
            is_https: false,
            port: HTTP,
            ..Self::https(target, path)
        }
    }

    /// Whether it is asked for over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its path and query.
    #[must_use]
    pub fn path(&self) -> &RequestPath {
        &self.path
    }

    /// Returns the value of the `Host` field: with the port where it is not the scheme's own (RFC 9110 section 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        let own = if self.is_https { HTTPS } else { HTTP };
        if self.port == own {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Resolves a reference (RFC 3986 section 5.2), such as the value of `Location`, without its fragment.
    fn resolve(&self, reference: &[u8]) -> Option<Self> {
        let text = encoded(reference);
        let text = text.split('#').next().unwrap_or_default();
        let (is_https, rest) = match text.split_once(':') {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
                let is_https = scheme.eq_ignore_ascii_case("https");
                if !is_https && !scheme.eq_ignore_ascii_case("http") {
                    return None;
                }
                (is_https, rest)
            }
            _ => (self.is_https, text),
        };
        let Some(rest) = rest.strip_prefix("//") else {
            let path = self.merged(rest);
            return Some(Self {
                path: RequestPath::parse(&path).ok()?,
                ..self.clone()
            });
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or_default();
        let own = if is_https { HTTPS } else { HTTP };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, "")) => (host, own),
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (host, own),
        };
        let path = match path {
            "" => "/".to_owned(),
            query if query.starts_with('?') => format!("/{query}"),
            path => path.to_owned(),
        };
        (!host.is_empty() && port != 0).then_some(Self {
            is_https,
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port,
            path: RequestPath::parse(&path).ok()?,
        })
    }

    /// Returns the path of a reference that has no host.
    fn merged(&self, reference: &str) -> String {
        let own = self.path.as_str();
        let without_query = own.split('?').next().unwrap_or_default();
        let whole = match reference {
            "" => own.to_owned(),
            query if query.starts_with('?') => format!("{without_query}{query}"),
            path if path.starts_with('/') => path.to_owned(),
            path => {
                let folder = without_query
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                format!("{folder}/{path}")
            }
        };
        let (path, query) = match whole.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (whole.as_str(), String::new()),
        };
        let mut segments: Vec<&str> = Vec::new();
        for segment in path.split('/').skip(1) {
            match segment {
                ".." => {
                    segments.pop();
                }
                "." => {}
                segment => segments.push(segment),
            }
        }
        if path.ends_with("/.") || path.ends_with("/..") {
            segments.push("");
        }
        format!("/{}{query}", segments.join("/"))
    }
}

/// Writes bytes that a URL may not contain as percent escapes, as browsers do.
fn encoded(reference: &[u8]) -> String {
    let mut text = String::new();
    for byte in reference {
        if byte.is_ascii_graphic() {
            text.push(char::from(*byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    text
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = self.path.as_str();
        write!(f, "{scheme}://{}", self.authority())?;
        f.write_str(&http::shortened(path.as_bytes()))
    }
}

/// What came back for a URL.
type Answer = Result<Vec<u8>, Broken>;

/// Where an answer leads.
enum Lead {
    /// Nowhere: it is not a redirect, or nothing came back.
    Ends,
    /// Here, and it is to be asked.
    To(Url),
    /// Here, and what it answers is known.
    Known,
    /// To where the trail has been; the answers on the way set a cookie or not.
    Around(Url, bool),
    /// To another host.
    Away(Url),
    /// To a port of which nobody said where it is.
    Unasked(Url),
    /// Farther than is followed.
    TooFar,
    /// To what is not the URL of a page.
    Nonsense,
}

/// The answers from one redirect to the next.
#[derive(Debug)]
pub struct Trail {
    hops: Vec<(Url, Answer)>,
    /// What is known to answer already.
    known: Option<Url>,
    /// What was not asked, for nobody said where its port is.
    unasked: Option<Url>,
}

impl Trail {
    /// Begins with an answer.
    #[must_use]
    pub fn new(url: Url, answer: Vec<u8>, known: Option<Url>) -> Self {
        Self {
            hops: vec![(url, Ok(answer))],
            known,
            unasked: None,
        }
    }

    /// Returns what is to be asked next, if anything is.
    #[must_use]
    pub fn next(&self) -> Option<Url> {
        let Lead::To(url) = self.lead() else {
            return None;
        };
        Some(url)
    }

    /// Notes what came back for [`Trail::next`].
    pub fn push(&mut self, url: Url, answer: Answer) {
        self.hops.push((url, answer));
    }

    /// Ends the trail before [`Trail::next`]: nobody said where its port is.
    pub fn leave(&mut self, url: Url) {
        self.unasked = Some(url);
    }

    fn lead(&self) -> Lead {
        if let Some(url) = &self.unasked {
            return Lead::Unasked(url.clone());
        }
        let Some((url, Ok(bytes))) = self.hops.last() else {
            return Lead::Ends;
        };
        let Some(head) = http::read(bytes).ok().flatten().filter(is_redirect) else {
            return Lead::Ends;
        };
        let Some(next) = head.location.as_ref().and_then(|to| url.resolve(to)) else {
            return Lead::Nonsense;
        };
        let mut visited = self.hops.iter().map(|(url, _)| url);
        if next.host != url.host {
            Lead::Away(next)
        } else if visited.any(|url| *url == next) {
            Lead::Around(next, self.sets_cookie())
        } else if self.known.as_ref() == Some(&next) {
            Lead::Known
        } else if self.hops.len() > LIMIT {
            Lead::TooFar
        } else {
            Lead::To(next)
        }
    }

    fn sets_cookie(&self) -> bool {
        let answers = self
            .hops
            .iter()
            .filter_map(|(_, answer)| answer.as_ref().ok());
        answers
            .filter_map(|bytes| http::read(bytes).ok().flatten())
            .any(|head| head.sets_cookie)
    }

    /// Reports each answer after the first, and where the trail ends; `port` is the one that browsers use.
    #[must_use]
    pub fn findings(&self, port: u16) -> Vec<Finding> {
        let hops = self.hops.iter().skip(1);
        let mut findings: Vec<Finding> = hops.map(|(url, answer)| hop(url, answer, port)).collect();
        let finding = |verdict, what: String| Finding::new(Check::Redirect, verdict, what);
        findings.extend(match self.lead() {
            Lead::Ends | Lead::To(_) | Lead::Known => None,
            Lead::Around(url, true) => {
                let what = format!(
                    "{url} was asked before: the redirects go round, unless the cookie that is set on the way ends them (none is sent here)"
                );
                Some(finding(Verdict::Warning, what).fix(LOOP))
            }
            Lead::Around(url, false) => {
                let what = format!("{url} was asked before: the redirects go round, and browsers give up");
                Some(finding(Verdict::Broken, what).fix(LOOP))
            }
            Lead::Away(url) => {
                let what = format!("{url} is another host: it is not followed there");
                Some(finding(Verdict::Note, what))
            }
            Lead::Unasked(url) if is_strange(&url, port) => {
                let what = format!("{url} is another port than {port}, and `--connect` says only where that one is");
                Some(finding(Verdict::Warning, what).fix(inner_port(&url, port)))
            }
            Lead::Unasked(url) => {
                let what = format!("{url} is not asked, for `--connect` says only where port {port} is");
                Some(finding(Verdict::Note, what).fix("pass where port 80 is: `--http=ADDR:PORT`"))
            }
            Lead::TooFar => {
                let what = format!("more than {LIMIT} redirects follow one another");
                Some(finding(Verdict::Broken, what).fix(LOOP))
            }
            Lead::Nonsense => {
                let what = "the redirect has no Location, or one that is not the URL of a page";
                Some(finding(Verdict::Broken, what.to_owned()).fix("correct the redirect of the route's Middleware or of the application"))
            }
        });
        findings
    }
}

/// What makes redirects go round behind Traefik.
const LOOP: &str = "often the application does not know that the browser came by https, and sends it there again: make it trust X-Forwarded-Proto; else look for two redirects that undo each other, in the Middlewares of the route and in the application";

/// Whether browsers have another port of this scheme.
fn is_strange(url: &Url, port: u16) -> bool {
    url.port != if url.is_https { port } else { HTTP }
}

fn inner_port(url: &Url, port: u16) -> String {
    format!(
        "browsers reach this host on port {port}; {} looks like the port of an entry point inside the pod: redirect to the port outside, with `to: \":{port}\"` under redirections of the entry point, or `port: \"{port}\"` in the Middleware's redirectScheme",
        url.port
    )
}

fn is_redirect(head: &Head) -> bool {
    matches!(head.status, 301 | 302 | 303 | 307 | 308)
}

/// Describes what a redirect led to.
fn hop(url: &Url, answer: &Answer, port: u16) -> Finding {
    let finding = |verdict, what: String| Finding::new(Check::Redirect, verdict, what);
    let is_strange = is_strange(url, port);
    let read = match answer {
        Ok(bytes) if bytes.is_empty() => {
            Err("the connection was closed without an answer".to_owned())
        }
        Ok(bytes) => http::read(bytes)
            .and_then(|head| head.ok_or_else(|| "the answer is not whole".to_owned())),
        Err(fault) => Err(fault.to_string()),
    };
    let head = match read {
        Ok(head) => head,
        Err(why) => {
            let broken = finding(Verdict::Broken, format!("{url}: {why}"));
            return if is_strange {
                broken.fix(inner_port(url, port))
            } else {
                broken
            };
        }
    };
    if is_redirect(&head) {
        let location = head.shown_location();
        return finding(
            Verdict::Good,
            format!("{url} answers {} to {location}", head.status),
        );
    }
    let status = http::status(&head, Leg::Front);
    let mut what = format!(
        "{url} answers {}",
        status.what.trim_start_matches("status ")
    );
    let mut verdict = status.verdict;
    if is_strange && verdict <= Verdict::Note {
        verdict = Verdict::Note;
        what = format!("{what}; it is another port than {port}");
    }
    Finding {
        fix: status.fix,
        ..finding(verdict, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        let target = Target::parse("a.example.org").unwrap();
        Url::https(&target, &RequestPath::parse(path).unwrap())
    }

    fn redirect(location: &str) -> Vec<u8> {
        format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n").into_bytes()
    }

    #[test]
    fn a_location_is_resolved_as_browsers_do() {
        for (location, resolved) in [
            ("https://a.example.org", "https://a.example.org/"),
            ("HTTP://A.example.org:80/x", "http://a.example.org/x"),
            (
                "https://a.example.org.:8443?q=1#part",
                "https://a.example.org:8443/?q=1",
            ),
            ("//b.example.org/x", "https://b.example.org/x"),
            ("https://user@b.example.org:/", "https://b.example.org/"),
            ("/user", "https://a.example.org/user"),
            (
                "login?next=/x:y",
                "https://a.example.org/one/login?next=/x:y",
            ),
            ("../up/./here/..", "https://a.example.org/up/"),
            ("?page=2", "https://a.example.org/one/two?page=2"),
            ("#top", "https://a.example.org/one/two?page=1"),
            (
                "/caf\u{e9} au lait",
                "https://a.example.org/caf%C3%A9%20au%20lait",
            ),
        ] {
            let found = url("/one/two?page=1").resolve(location.as_bytes());
            assert_eq!(
                found.map(|url| url.to_string()).as_deref(),
                Some(resolved),
                "{location}"
            );
        }
        for nonsense in [
            "mailto:a@example.org",
            "https://",
            "https:///x",
            "https://a:99999/",
            "javascript:alert(1)",
        ] {
            assert_eq!(url("/").resolve(nonsense.as_bytes()), None, "{nonsense}");
        }
    }

    /// Follows a trail through a site that answers each path by a rule.
    fn trail(site: impl Fn(&Url) -> Vec<u8>) -> (usize, Vec<Finding>) {
        let first = url("/");
        let answer = site(&first);
        let mut trail = Trail::new(first, answer, None);
        while let Some(next) = trail.next() {
            let answer = site(&next);
            trail.push(next, Ok(answer));
        }
        (trail.hops.len(), trail.findings(443))
    }

    #[test]
    fn each_answer_is_told_until_a_page_comes() {
        let (hops, findings) = trail(|url| match url.path().as_str() {
            "/" => redirect("/a"),
            "/a" => redirect("https://a.example.org/b"),
            _ => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        });
        let told: Vec<&str> = findings
            .iter()
            .map(|finding| finding.what.as_str())
            .collect();
        assert_eq!(hops, 3);
        assert_eq!(
            told,
            [
                "https://a.example.org/a answers 302 to https://a.example.org/b",
                "https://a.example.org/b answers 200"
            ]
        );
    }

    #[test]
    fn a_circle_ends_and_a_cookie_may_end_it() {
        let (hops, findings) = trail(|_| redirect("/"));
        assert_eq!(hops, 1);
        assert_eq!(
            findings.last().map(|finding| finding.verdict),
            Some(Verdict::Broken)
        );
        let cookie = b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: a=b\r\n\r\n";
        let (_, findings) = trail(|_| cookie.to_vec());
        assert_eq!(
            findings.last().map(|finding| finding.verdict),
            Some(Verdict::Warning)
        );
    }

    #[test]
    fn an_endless_trail_is_left() {
        let (hops, findings) = trail(|url| redirect(&format!("{}x", url.path().as_str())));
        assert_eq!(hops, LIMIT + 1);
        assert_eq!(
            findings.last().map(|finding| finding.what.as_str()),
            Some("more than 10 redirects follow one another")
        );
    }

    #[test]
    fn another_host_is_named_and_not_asked() {
        let (hops, findings) = trail(|_| redirect("https://b.example.org/login"));
        assert_eq!(hops, 1);
        assert_eq!(
            findings[0].what,
            "https://b.example.org/login is another host: it is not followed there"
        );
        assert_eq!(findings[0].verdict, Verdict::Note);
    }
}
