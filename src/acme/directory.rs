//! Where an ACME server answers.

use crate::fault::Fault;
use crate::name::{DnsName, ObjectName};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Let's Encrypt's server for trials: its certificates are known to no browser, and its limits are wide
/// (letsencrypt.org/docs/staging-environment).
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// Let's Encrypt's server (letsencrypt.org/docs/acme-protocol-updates).
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The directory of an ACME server (RFC 8555 section 7.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directory {
    /// Let's Encrypt for trials.
    Staging,
    /// Let's Encrypt.
    Production,
    /// Another one, by its URL.
    Other(String),
}

impl Directory {
    /// Parses `staging`, `production`, or a URL that begins with `https://`.
    ///
    /// # Errors
    /// Another word; a URL that is not https, has no host, or has something that no URL may have.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "staging" | STAGING => return Ok(Self::Staging),
            "production" | PRODUCTION => return Ok(Self::Production),
            _ => {}
        }
        let refused = || {
            let what = format!("`{}` is not an ACME server", text.escape_debug());
            Fault::new(what).help(
                "write `staging` or `production` for Let's Encrypt, or the `https://` URL of another server's directory",
            )
        };
        let rest = text.strip_prefix("https://").ok_or_else(refused)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Unreserved, percent-encoded and sub-delimiters of a path or query (RFC 3986 section 3.3), without what YAML or a
        // shell might take for its own.
        let is_of_path =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%/:@=&?+,".contains(&byte);
        if !is_authority(authority) || !path.bytes().all(is_of_path) {
            return Err(refused());
        }
        Ok(Self::Other(text.to_owned()))
    }

    /// Returns its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::Staging => STAGING,
            Self::Production => PRODUCTION,
            Self::Other(url) => url,
        }
    }

    /// Returns the name that its `ClusterIssuer` has unless another one is given.
    ///
    /// # Panics
    /// Never: the names are valid.
    #[must_use]
    pub fn issuer_name(&self) -> ObjectName {
        let name = match self {
            Self::Staging => "letsencrypt-staging",
            Self::Production => "letsencrypt-production",
            Self::Other(_) => "acme",
        };
        ObjectName::parse(name).expect("the names are valid")
    }
}

/// Returns whether a text is a host, with or without a port (RFC 3986 section 3.2, without user information).
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let inside = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inside {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok() || DnsName::parse(host).is_ok(),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_a_word_or_by_its_url() {
        assert_eq!(Directory::parse("staging"), Ok(Directory::Staging));
        assert_eq!(Directory::parse(PRODUCTION), Ok(Directory::Production));
        for url in [
            "https://acme.zerossl.com/v2/DV90",
            "https://ca.internal:9000/acme/acme/directory",
            "https://[fd00::1]:14000/dir",
            "https://10.0.0.1",
        ] {
            let directory = Directory::parse(url);
            assert_eq!(directory, Ok(Directory::Other(url.to_owned())));
        }
    }

    #[test]
    fn what_is_not_a_server_is_refused() {
        for text in [
            "",
            "Staging",
            "letsencrypt",
            "http://acme.example.org/directory",
            "https://",
            "https:///directory",
            "https://user@acme.example.org/",
            "https://acme.example.org:0/",
            "https://acme.example.org:99999/",
            "https://acme.example.org/a b",
            "https://acme.example.org/\n",
            "https://acme.example.org/#x",
            "https://[fd00::1/dir",
        ] {
            assert!(Directory::parse(text).is_err(), "{text:?}");
        }
    }
}
