//! The names that go into certificates and manifests, each parsed once into a type that cannot be wrong.

use crate::fault::Fault;
use crate::visible::is_visible;
use std::fmt;
use std::net::IpAddr;

/// Longest DNS name in presentation form without the trailing dot (RFC 1035 section 2.3.4: 255 octets on the wire).
const DNS_NAME_LIMIT: usize = 253;
/// Longest label of a DNS name (RFC 1035 section 2.3.4).
const LABEL_LIMIT: usize = 63;

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// Returns the name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

/// A DNS host name: RFC 1123 labels in lower case, internationalised labels as A-labels, no trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);
text_type!(DnsName);

impl DnsName {
    /// Parses a host name; upper case, a trailing dot and Unicode (UTS 46) are brought to the normal form.
    ///
    /// # Errors
    /// An IP address, a wildcard, a character outside letters, digits and hyphens, an empty or too long
    /// label (63) or name (253), a numeric last label (a URL parser would take the name for an IPv4 address,
    /// WHATWG URL section 3.5), an A-label that does not decode.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let shown = ShownName(text);
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(
                Fault::new("a host name is empty").help("use a DNS name such as `a.example.org`")
            );
        }
        if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Err(
                Fault::new(format!("`{address}` is an IP address, not a host name")).help(
                    "use a DNS name; an IP address can only be a SAN of `civi-ingress cert --ip`",
                ),
            );
        }
        if name.contains("://") {
            return Err(Fault::new(format!("{shown} is a URL, not a host name"))
                .help("use only the host name"));
        }
        if name.contains('*') {
            return Err(Fault::new(format!(
                "{shown} is a wildcard; one exact host name is needed here"
            ))
            .help("wildcards are for `civi-ingress wildcard-secret --domain`"));
        }
        check_characters(name, shown)?;
        check_visible(name)?;
        let ascii = to_ascii(name, shown)?;
        check_labels(&ascii, shown)?;
        Ok(Self(ascii))
    }

    /// Parses a host name of at least two labels, as a browser reaches it.
    ///
    /// # Errors
    /// As [`DnsName::parse`], and a name without a dot.
    pub fn parse_public(text: &str) -> Result<Self, Fault> {
        let name = Self::parse(text)?;
        if name.0.contains('.') {
            return Ok(name);
        }
        Err(Fault::new(format!("`{name}` has no domain"))
            .help(format!("use a full name such as `{name}.example.org`")))
    }

    /// Returns the wildcard that covers it: an asterisk stands for exactly one label (RFC 6125 section 6.4.3).
    #[must_use]
    pub fn wildcard(&self) -> Option<String> {
        let (_, parent) = self.0.split_once('.')?;
        Some(format!("*.{parent}"))
    }

    /// Returns whether it is this domain, or below it.
    #[must_use]
    pub fn is_at_or_below(&self, domain: &Self) -> bool {
        let above = self.0.strip_suffix(domain.as_str());
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }

    /// Returns whether it is this name, in lower case, or one label below this wildcard.
    #[must_use]
    pub fn is_covered_by(&self, name: &str) -> bool {
        match name.strip_prefix("*.") {
            Some(domain) => self
                .0
                .split_once('.')
                .is_some_and(|(_, parent)| parent == domain),
            None => self.0 == name,
        }
    }
}

/// A text of the user in backticks, at most a hundred characters of it; control characters must not reach a
/// terminal raw.
#[derive(Clone, Copy)]
struct ShownName<'a>(&'a str);

impl fmt::Display for ShownName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for character in self.0.chars().take(100) {
            if is_visible(character) {
                write!(f, "{character}")?;
            } else {
                write!(f, "{}", character.escape_default())?;
            }
        }
        let dots = if self.0.chars().nth(100).is_some() {
            "…"
        } else {
            ""
        };
        write!(f, "{dots}`")
    }
}

fn check_characters(name: &str, shown: ShownName<'_>) -> Result<(), Fault> {
    for (position, character) in name.chars().enumerate() {
        if character.is_ascii_alphanumeric()
            || character == '-'
            || character == '.'
            || is_international(character)
        {
            continue;
        }
        let at = position + 1;
        if character == '_' {
            return Err(Fault::new(format!("character `_` at position {at} of {shown} is not allowed in a host name"))
                .help("RFC 1123 allows letters, digits and hyphens; Java and Python refuse a certificate for such a name"));
        }
        let printed = if is_visible(character) {
            character.to_string()
        } else {
            character.escape_default().to_string()
        };
        let help = if "\"'“”„‟‘’‚‛«»‹›".contains(character) {
            "leave out the quotation marks"
        } else {
            "use letters, digits, hyphens and dots, for example `a.example.org`"
        };
        return Err(Fault::new(format!(
            "character `{printed}` at position {at} is not allowed in a host name"
        ))
        .help(help));
    }
    Ok(())
}

/// Returns whether a character outside ASCII may be part of a name: a letter, a digit, a mark on one, or one of the few
/// signs of RFC 5892 appendix A and the dots of UTS 46 section 2.3. UTS 46 takes quotation marks and symbols too, which
/// RFC 5892 does not.
fn is_international(character: char) -> bool {
    // What is joined to the character before it is escaped for debugging, and so is what cannot be seen.
    let is_mark = character.escape_debug().len() > 1;
    !character.is_ascii()
        && (character.is_alphanumeric() || is_mark || "·͵׳״・。．｡".contains(character))
}

/// UTS 46 drops these silently, and the host would not be the one that was pasted.
fn check_visible(name: &str) -> Result<(), Fault> {
    let invisible = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}'];
    match name
        .chars()
        .position(|character| invisible.contains(&character))
    {
        Some(position) => {
            let what = format!(
                "there is an invisible character at position {} of the host name",
                position + 1
            );
            Err(Fault::new(what).help("type the name by hand instead of pasting it"))
        }
        None => Ok(()),
    }
}

fn to_ascii(name: &str, shown: ShownName<'_>) -> Result<String, Fault> {
    let lower = name.to_ascii_lowercase();
    let has_a_label = lower.split('.').any(|label| label.starts_with("xn--"));
    if lower.is_ascii() && !has_a_label {
        return Ok(lower);
    }
    let (unicode, valid) = idna::domain_to_unicode(&lower);
    let ascii = idna::domain_to_ascii_strict(&lower);
    match ascii {
        Ok(ascii) if valid.is_ok() && !unicode.is_empty() => {
            Ok(ascii.trim_end_matches('.').to_owned())
        }
        _ => Err(Fault::new(format!(
            "{shown} is not a valid internationalised host name"
        ))
        .help("check the spelling, or use the name in its ASCII form (`xn--…`)")),
    }
}

fn check_labels(ascii: &str, shown: ShownName<'_>) -> Result<(), Fault> {
    if ascii.len() > DNS_NAME_LIMIT {
        let what = format!(
            "{shown} has {} characters, a host name has at most {DNS_NAME_LIMIT}",
            ascii.len()
        );
        return Err(Fault::new(what).help("shorten the name"));
    }
    for label in ascii.split('.') {
        if label.is_empty() {
            return Err(
                Fault::new(format!("{shown} has an empty label")).help("remove the extra dot")
            );
        }
        if label.len() > LABEL_LIMIT {
            let what = format!(
                "label `{label}` has {} characters, at most {LABEL_LIMIT} are allowed",
                label.len()
            );
            return Err(Fault::new(what).help("shorten the label"));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(Fault::new(format!(
                "label `{label}` of {shown} starts or ends with a hyphen"
            ))
            .help("RFC 1123 section 2.1 requires a letter or digit there"));
        }
        if label.as_bytes().get(2..4) == Some(b"--") && !label.starts_with("xn--") {
            return Err(Fault::new(format!(
                "label `{label}` of {shown} has hyphens at positions 3 and 4"
            ))
            .help("such labels are reserved (RFC 5890 section 2.3.1)"));
        }
    }
    let last = ascii.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if last.bytes().all(|byte| byte.is_ascii_digit()) || hexadecimal {
        return Err(Fault::new(format!("the last label of {shown} is a number"))
            .help("browsers read such a name as an IPv4 address"));
    }
    Ok(())
}

macro_rules! label_type {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);
        text_type!($name);
    };
}

label_type!(
    /// An instance's name: an RFC 1123 label, because it also names the namespace.
    InstanceName,
    "instance"
);
label_type!(
    /// A Kubernetes namespace that is not one of the cluster's own.
    Namespace,
    "namespace"
);
label_type!(
    /// The name of a Kubernetes object: an RFC 1123 subdomain.
    ObjectName,
    "object"
);
label_type!(
    /// A data key of a Secret or ConfigMap.
    DataKey,
    "data key"
);

fn check_label(text: &str, what: &str) -> Result<(), Fault> {
    let help = "use lower-case letters, digits and hyphens, at most 63 characters, for example `paroisse-a`";
    if text.is_empty() {
        return Err(Fault::new(format!("the {what} is empty")).help(help));
    }
    if text.len() > LABEL_LIMIT {
        let what = format!(
            "the {what} {} has {} characters, at most {LABEL_LIMIT} are allowed",
            ShownName(text),
            text.len()
        );
        return Err(Fault::new(what).help(help));
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.bytes().all(allowed) || text.starts_with('-') || text.ends_with('-') {
        return Err(Fault::new(format!(
            "the {what} {} is not an RFC 1123 label",
            ShownName(text)
        ))
        .help(help));
    }
    Ok(())
}

impl InstanceName {
    /// Parses an instance's name.
    ///
    /// # Errors
    /// Anything but a lower-case RFC 1123 label of at most 63 characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        check_label(text, "instance name")?;
        Ok(Self(text.to_owned()))
    }
}

impl Namespace {
    /// Parses a namespace.
    ///
    /// # Errors
    /// Anything but a lower-case RFC 1123 label of at most 63 characters, and the prefix `kube-`,
    /// which Kubernetes keeps for itself (concepts/overview/working-with-objects/namespaces).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        check_label(text, "namespace")?;
        if text.starts_with("kube-") {
            return Err(
                Fault::new(format!("the namespace `{text}` is reserved for Kubernetes"))
                    .help("choose a name that does not start with `kube-`"),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl ObjectName {
    /// Parses an object's name.
    ///
    /// # Errors
    /// Anything but a lower-case RFC 1123 subdomain of at most 253 characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let help = "use lower-case letters, digits, hyphens and dots";
        let well_formed = text.split('.').all(|label| {
            let allowed =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty()
                && label.bytes().all(allowed)
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
        if !well_formed || text.len() > DNS_NAME_LIMIT {
            return Err(Fault::new(format!(
                "{} is not a name for a Kubernetes object",
                ShownName(text)
            ))
            .help(help));
        }
        Ok(Self(text.to_owned()))
    }
}

impl DataKey {
    /// Parses a data key.
    ///
    /// # Errors
    /// Anything but 1 to 253 letters, digits, `-`, `_` or `.` (`IsConfigMapKey`, Kubernetes
    /// apimachinery `pkg/util/validation`), and the names `.` and those that start with `..`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let empty = text.is_empty() || text == "." || text.starts_with("..");
        if empty || text.len() > DNS_NAME_LIMIT || !text.bytes().all(allowed) {
            return Err(
                Fault::new(format!("{} is not a data key of a Secret", ShownName(text)))
                    .help("use letters, digits, hyphens, underscores and dots"),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// A label of a Kubernetes object, as a selector names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The key, with its prefix.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Label {
    /// Parses `key=value`.
    ///
    /// # Errors
    /// What the API server refuses (`IsQualifiedName` and `IsValidLabelValue`, Kubernetes apimachinery
    /// `pkg/util/validation`).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let part = |text: &str| {
            let edge =
                |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric());
            let inner = text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            text.len() <= LABEL_LIMIT
                && inner
                && edge(text.chars().next())
                && edge(text.chars().last())
        };
        let qualified = |key: &str| match key.split_once('/') {
            Some((prefix, name)) => ObjectName::parse(prefix).is_ok() && part(name),
            None => part(key),
        };
        match text.split_once('=') {
            Some((key, value)) if qualified(key) && (value.is_empty() || part(value)) => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => {
                Err(Fault::new(format!("{} is not a label", ShownName(text)))
                    .help("write `key=value`"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> String {
        DnsName::parse(text).unwrap().to_string()
    }

    #[test]
    fn a_wildcard_covers_exactly_one_label() {
        let host = DnsName::parse("a.b.example.org").unwrap();
        assert!(host.is_covered_by("a.b.example.org"));
        assert!(host.is_covered_by("*.b.example.org"));
        for other in ["*.example.org", "*", "b.example.org", "*.a.b.example.org"] {
            assert!(!host.is_covered_by(other), "{other}");
        }
        assert_eq!(host.wildcard().as_deref(), Some("*.b.example.org"));
        assert_eq!(DnsName::parse("org").unwrap().wildcard(), None);
    }

    #[test]
    fn hosts_are_brought_to_lower_case_a_labels_without_a_trailing_dot() {
        assert_eq!(host("A.Example.ORG"), "a.example.org");
        assert_eq!(host("a.example.org."), "a.example.org");
        assert_eq!(host("église.example.org"), "xn--glise-9ra.example.org");
        assert_eq!(host("ÉGLISE.example.org"), "xn--glise-9ra.example.org");
        assert_eq!(
            host("xn--glise-9ra.example.org"),
            "xn--glise-9ra.example.org"
        );
        assert_eq!(host("straße.example.org"), "xn--strae-oqa.example.org");
        assert_eq!(host("civicrmdb"), "civicrmdb");
    }

    #[test]
    fn the_longest_label_and_name_are_taken_and_one_more_is_refused() {
        let label = "a".repeat(63);
        let name = format!("{label}.{label}.{label}.{}", "b".repeat(61));
        assert_eq!(name.len(), 253);
        assert_eq!(host(&name), name);
        assert!(DnsName::parse(&format!("{name}c")).is_err());
        assert!(DnsName::parse(&format!("{label}a.org")).is_err());
    }

    #[test]
    fn hostile_and_malformed_hosts_are_refused() {
        for text in [
            "",
            ".",
            "a..b",
            ".a.b",
            "-a.b",
            "a-.b",
            "a b",
            "a`b",
            "a\nb",
            "a\0b",
            "a.b/c",
            "https://a.b",
            "a.b:443",
            "_dmarc.a.b",
            "*.a.b",
            "*",
            "a.*.b",
            "127.0.0.1",
            "::1",
            "[::1]",
            "1.2.3",
            "a.0x7f",
            "a.1",
            "xn--a.b",
            "xn--zzzzzz9.b",
            "ab--c.de",
            "a\u{202e}.b",
            "a,b.c",
            "'a'.b",
            "a.b\u{85}",
            "{{a}}.b",
            "$(x).b",
            "a@b.c",
        ] {
            let fault = DnsName::parse(text).expect_err(text);
            assert!(fault.help.is_some(), "{text:?} must come with a hint");
            assert!(
                !fault.what.contains(['\n', '\0', '\u{85}']),
                "{text:?} must not reach the terminal raw"
            );
        }
    }

    #[test]
    fn a_backtick_is_named_with_its_position() {
        let fault = DnsName::parse("b.example.org`) || Host(`evil").unwrap_err();
        assert_eq!(
            fault.what,
            "character ``` at position 14 is not allowed in a host name"
        );
    }

    #[test]
    fn namespaces_are_labels_and_not_the_clusters_own() {
        assert!(Namespace::parse("paroisse-a").is_ok());
        assert!(Namespace::parse("default").is_ok());
        let long = "a".repeat(64);
        for text in [
            "",
            "A",
            "a.b",
            "-a",
            "a-",
            "kube-system",
            "kube-public",
            "../x",
            "a b",
            &long,
        ] {
            assert!(Namespace::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn labels_are_a_key_with_an_optional_prefix_and_a_value() {
        for text in ["app.kubernetes.io/name=traefik", "a=b", "a="] {
            assert!(Label::parse(text).is_ok(), "{text}");
        }
        for text in [
            "", "a", "=b", "a b=c", "A/b/c=d", "a=b=c", "/a=b", "-a=b", "a=b-",
        ] {
            assert!(Label::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn object_names_and_data_keys_follow_kubernetes() {
        assert!(ObjectName::parse("transport-selfsigned").is_ok());
        assert!(ObjectName::parse("a.b").is_ok());
        assert!(ObjectName::parse("a..b").is_err());
        assert!(ObjectName::parse("A").is_err());
        assert!(DataKey::parse("ca.crt").is_ok());
        assert!(DataKey::parse("dbCert_1").is_ok());
        for text in ["", ".", "..", "..a", "a/b", "a b"] {
            assert!(DataKey::parse(text).is_err(), "{text:?}");
        }
    }
}
