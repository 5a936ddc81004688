//! Certificates: issuing, reading, checking.
//!
//! Nothing here draws a random number or asks the clock: keys, serials and instants are passed in.

pub mod authorities;
pub mod bundle;
pub mod certificate;
pub mod client_authorities;
pub mod fingerprint;
pub mod forms;
pub mod issue;
pub mod key;
pub mod pem;
pub mod pkcs12;
mod published;
pub mod refusals;
pub mod reuse;
pub mod trust_bundle;
pub mod validity;
pub mod verify;

pub use certificate::Certificate;
pub use key::{KeyType, PrivateKey};
pub use pem::CertificateText;

use crate::fault::Fault;
use crate::name::DnsName;
use std::fmt;
use std::net::IpAddr;

/// A CA and the one leaf that it signed, taken or made as one value, never field by field.
#[derive(Debug)]
pub struct Chain {
    /// The CA's certificate.
    pub ca: Certificate,
    /// Its issuer, and so on to a root; none if it is one.
    pub above: Vec<Certificate>,
    /// The CA's key, if it is kept.
    pub ca_key: Option<PrivateKey>,
    /// The leaf's certificate.
    pub leaf: Certificate,
    /// The leaf's key.
    pub leaf_key: PrivateKey,
}

impl Chain {
    /// Returns the root, which clients trust.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        self.above.last().unwrap_or(&self.ca)
    }

    /// Returns what a server sends: the leaf, and what is between it and the root.
    pub fn served(&self) -> impl Iterator<Item = &Certificate> {
        let between = issue::below_root(&self.ca, &self.above);
        std::iter::once(&self.leaf).chain(between)
    }
}

/// What a leaf may identify (extended key usage, RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafUse {
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
    /// Both.
    ServerAndClient,
}

/// A subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectAltName {
    /// An exact host name (`dNSName`).
    Dns(DnsName),
    /// `*.` before a domain of at least two labels (`dNSName`): every name one label below it.
    Wildcard(DnsName),
    /// An address (`iPAddress`).
    Ip(IpAddr),
}

impl SubjectAltName {
    /// Parses a host name, a wildcard of at least two labels below the asterisk, or an IP address.
    ///
    /// # Errors
    /// What [`DnsName::parse`] refuses; a wildcard directly under a top-level domain, which browsers,
    /// OpenSSL and GnuTLS refuse; an asterisk elsewhere than as the whole first label (RFC 6125 section 6.4.3).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        match text.strip_prefix("*.") {
            Some(domain) => Self::wildcard(&DnsName::parse(domain)?),
            None => DnsName::parse(text).map(Self::Dns),
        }
    }

    /// Makes the wildcard of `domain`.
    ///
    /// # Errors
    /// A domain of one label, or of more than 251 characters: with `*.` before it, it is not a DNS name.
    pub fn wildcard(domain: &DnsName) -> Result<Self, Fault> {
        if domain.as_str().len() > 251 {
            return Err(
                Fault::new(format!("`*.{domain}` has more than 253 characters"))
                    .help("shorten the domain"),
            );
        }
        if domain.as_str().contains('.') {
            return Ok(Self::Wildcard(domain.clone()));
        }
        Err(Fault::new(format!("`*.{domain}` is a wildcard directly under a top-level domain"))
            .help("Chromium, Firefox, OpenSSL and GnuTLS refuse such a certificate; use a domain of two labels"))
    }
}

impl fmt::Display for SubjectAltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "{name}"),
            Self::Wildcard(domain) => write!(f, "*.{domain}"),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}
