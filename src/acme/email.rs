//! Whom a CA writes to.

use crate::fault::Fault;
use crate::name::DnsName;

/// The address of a contact, as a CA takes it for its account (RFC 8555 section 7.3): one mailbox of RFC 5321 section 4.1.2
/// with a dot-string before the `@`, and a domain of at least two labels behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// The domains that Let's Encrypt refuses, which documents use (RFC 2606; boulder `policy/pa.go`, forbidden domains).
const FORBIDDEN: [&str; 3] = ["example.com", "example.net", "example.org"];

impl Email {
    /// Parses an address.
    ///
    /// # Errors
    /// What is not an address, or one of a domain that no CA takes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = || {
            let what = format!("`{}` is not a valid e-mail address", text.escape_debug());
            Fault::new(what).help("write it bare, such as `admin@parish.fr`")
        };
        // Atoms of RFC 5322 section 3.2.3, without the backtick and the characters that URIs forbid.
        let is_of_atom =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-/=?_~".contains(&byte);
        let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_of_atom);
        let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
        let is_local = local.len() <= 64 && local.split('.').all(is_atom);
        let domain = DnsName::parse_public(domain).map_err(|_| refused())?;
        if !is_local || !domain.as_str().contains('.') {
            return Err(refused());
        }
        if FORBIDDEN.contains(&domain.as_str()) {
            let what = format!("no CA takes an address of `{domain}`, which is for examples");
            return Err(Fault::new(what).help("write your own, or leave it out"));
        }
        Ok(Self(format!("{local}@{domain}")))
    }

    /// Returns the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_its_domain_in_lower_case() {
        for (text, kept) in [
            ("admin@parish.fr", "admin@parish.fr"),
            (
                "First.Last+acme@Mail.Parish.FR",
                "First.Last+acme@mail.parish.fr",
            ),
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_a_ca_would_refuse_is_refused() {
        for text in [
            "",
            "admin",
            "@parish.fr",
            "admin@",
            "admin@localhost",
            "a..b@parish.fr",
            "Admin <admin@parish.fr>",
            "mailto:admin@parish.fr",
            "a@b@parish.fr",
            "admin@example.org",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
