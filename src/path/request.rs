//! What is asked for once the connection stands.

use crate::fault::Fault;
use std::fmt::Write as _;

/// Fields of which the connection depends; no route's rule puts one of them into the request.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The path of a request: it begins with `/` and holds printable ASCII without spaces, so that nothing can be
/// smuggled into the request line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath(String);

impl Default for RequestPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl RequestPath {
    /// Parses a path.
    ///
    /// # Errors
    /// A path that does not begin with `/`, or holds another character than RFC 3986 lets into a path and query.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let shown = text.escape_debug();
        if !text.starts_with('/') {
            return Err(
                Fault::new(format!("the path `{shown}` does not begin with `/`"))
                    .help("such as `/` or `/user/login`"),
            );
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        {
            let help = "write other characters as percent escapes, such as `%20`";
            return Err(Fault::new(format!(
                "the path `{shown}` contains a character that is not allowed in a URL"
            ))
            .help(help));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A GET request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    path: RequestPath,
    fields: Vec<(String, String)>,
}

impl Request {
    /// Makes a request for a path.
    #[must_use]
    pub fn new(path: RequestPath) -> Self {
        let agent = format!("civi-ingress/{}", env!("CARGO_PKG_VERSION"));
        Self {
            path,
            fields: vec![
                ("User-Agent".to_owned(), agent),
                ("Accept".to_owned(), "*/*".to_owned()),
            ],
        }
    }

    /// Returns the path and query.
    #[must_use]
    pub fn path(&self) -> &RequestPath {
        &self.path
    }

    /// Asks for another path.
    #[must_use]
    pub fn with_path(&self, path: RequestPath) -> Self {
        Self {
            path,
            fields: self.fields.clone(),
        }
    }

    /// Adds a field; nothing if its name or value is none that could be sent (RFC 9110 section 5), or the
    /// connection depends on it.
    #[must_use]
    pub(super) fn with_field(&self, name: &str, value: &str) -> Option<Self> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = !name.is_empty() && name.bytes().all(is_token);
        let is_value =
            value.trim() == value && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let is_free = !OF_THE_CONNECTION.contains(&name.to_ascii_lowercase().as_str());
        let mut changed = self.clone();
        changed
            .fields
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        changed.fields.push((name.to_owned(), value.to_owned()));
        (is_name && is_value && is_free).then_some(changed)
    }

    /// Returns the value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let field = self
            .fields
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// Describes what it asks for, and with which fields that another request has not: `` `/x` with `X-A: b` ``.
    #[must_use]
    pub(crate) fn in_words(&self, plain: &Self) -> String {
        let mut words = format!("`{}`", self.path.as_str());
        for (index, (name, value)) in self
            .fields
            .iter()
            .filter(|field| !plain.fields.contains(field))
            .enumerate()
        {
            let before = if index == 0 { "with" } else { "and" };
            write!(words, " {before} `{name}: {value}`").expect("writing to a String cannot fail");
        }
        words
    }

    /// Returns the text that goes over the connection, in HTTP/1.1 (RFC 9112 section 2.1).
    #[must_use]
    pub fn text(&self, authority: &str) -> String {
        let mut text = format!(
            "GET {} HTTP/1.1\r\nHost: {authority}\r\n",
            self.path.as_str()
        );
        for (name, value) in &self.fields {
            write!(text, "{name}: {value}\r\n").expect("writing to a String cannot fail");
        }
        text.push_str("Connection: close\r\n\r\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_end_the_request_line() {
        assert!(RequestPath::parse("/user/login?x=%20").is_ok());
        for refused in ["", "user", "/a b", "/a\r\nX: y", "/é", "/a#b"] {
            assert!(RequestPath::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_field_of_a_rule_is_sent_unless_it_could_change_the_request() {
        let request = Request::new(RequestPath::parse("/x").unwrap());
        let with = request.with_field("X-A", "b c").unwrap();
        assert!(
            with.text("a.example.org")
                .starts_with("GET /x HTTP/1.1\r\nHost: a.example.org\r\nUser-Agent: civi-ingress/")
        );
        assert!(
            with.text("a")
                .ends_with("\r\nX-A: b c\r\nConnection: close\r\n\r\n")
        );
        assert_eq!(with.in_words(&request), "`/x` with `X-A: b c`");
        for (name, value) in [
            ("X", "a\r\nY: z"),
            ("", "x"),
            ("X Y", "x"),
            ("Host", "b"),
            ("content-length", "9"),
            ("X", "é"),
        ] {
            assert_eq!(request.with_field(name, value), None, "{name}: {value}");
        }
    }
}
