//! Which authorities a client trusts, and where that is written.

use crate::fault::Fault;
use crate::name::DnsName;
use crate::pki::Certificate;
use std::fmt;
use std::net::IpAddr;

/// The authorities that a client trusts.
#[derive(Debug, Clone)]
pub struct TrustedRoots {
    /// Their certificates. None means that no certificate is trusted.
    pub anchors: Vec<Certificate>,
    /// Where they come from.
    pub origin: RootOrigin,
}

/// Where trust comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootOrigin {
    /// The machine's own store.
    System,
    /// A file by its name.
    File(String),
    /// Data of a Secret or ConfigMap, such as `Secret paroisse-a/externca key ca.crt`.
    Objects(Vec<String>),
}

impl fmt::Display for RootOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("the system's roots"),
            Self::File(name) => f.write_str(name),
            Self::Objects(objects) => f.write_str(&objects.join(", ")),
        }
    }
}

impl TrustedRoots {
    /// Trusts nobody: for a leg without certificates.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            anchors: Vec::new(),
            origin: RootOrigin::System,
        }
    }

    /// Reads authorities from a PEM file.
    ///
    /// # Errors
    /// No certificate, or a damaged one.
    pub fn from_file(text: &str, file: &str) -> Result<Self, Fault> {
        let anchors = Certificate::all_from_pem(text).map_err(|fault| fault.file(file))?;
        if anchors.is_empty() {
            return Err(Fault::new("there is no certificate")
                .help("a PEM file of the authorities to trust is needed")
                .file(file));
        }
        Ok(Self {
            anchors,
            origin: RootOrigin::File(file.to_owned()),
        })
    }
}

/// The name that a certificate must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedName {
    /// A host.
    Host(DnsName),
    /// An address: Go checks it where a ServersTransport has no `serverName`.
    Address(IpAddr),
}

impl fmt::Display for ExpectedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => write!(f, "{name}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}
