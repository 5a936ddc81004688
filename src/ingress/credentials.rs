//! The certificates and keys of an instance or of the cluster, and the chains that they make.

use crate::instance::Credential;
use crate::manifest::SecretData;
use crate::pki::{Certificate, Chain};
use std::collections::BTreeMap;
use std::fmt;

/// The certificates and keys of one instance or of the cluster, as Secrets hold them.
///
/// Some may be ciphertext that was carried over: only their owner can say that they belong together.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<Credential, SecretData>);

/// A chain in one of the parts that an instance has for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What the httpd serves to the ingress.
    Httpd,
    /// What the database serves to the instance.
    Database,
    /// What the ingress shows to an httpd that asks for it.
    Client,
    /// What the ingress serves to browsers.
    Public,
}

/// The credentials of a chain, by what they are in it.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// The CA's certificate, or a bundle that begins with it.
    pub ca: Credential,
    /// The CA's key.
    pub ca_key: Credential,
    /// The leaf's certificate.
    pub leaf: Credential,
    /// The leaf's key.
    pub leaf_key: Credential,
}

impl Role {
    /// Returns the credentials that the chain of this role is made of.
    #[must_use]
    pub fn parts(self) -> Parts {
        match self {
            Self::Httpd => Parts {
                ca: Credential::CaCert,
                ca_key: Credential::CaKey,
                leaf: Credential::ServerCert,
                leaf_key: Credential::ServerKey,
            },
            Self::Database => Parts {
                ca: Credential::DbCaCert,
                ca_key: Credential::DbCaKey,
                leaf: Credential::DbServerCert,
                leaf_key: Credential::DbServerKey,
            },
            Self::Client => Parts {
                ca: Credential::ClientTrustBundle,
                ca_key: Credential::ClientCaKey,
                leaf: Credential::ClientCert,
                leaf_key: Credential::ClientKey,
            },
            Self::Public => Parts {
                ca: Credential::PublicCa,
                ca_key: Credential::PublicCaKey,
                leaf: Credential::PublicCert,
                leaf_key: Credential::PublicKey,
            },
        }
    }

    /// Returns the credential by which this chain is trusted: the present CA, and those before and after it while that
    /// matters. Nothing for what browsers trust, which people import.
    #[must_use]
    pub fn trust_bundle(self) -> Option<Credential> {
        match self {
            Self::Httpd => Some(Credential::TrustBundle),
            Self::Database => Some(Credential::DbCaCert),
            Self::Client => Some(Credential::ClientTrustBundle),
            Self::Public => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Httpd => "httpd",
            Self::Database => "database",
            Self::Client => "Traefik to httpd",
            Self::Public => "wildcard",
        })
    }
}

impl Credentials {
    /// Puts in the four texts of a chain.
    pub fn add_chain(&mut self, role: Role, chain: &Chain) {
        let parts = role.parts();
        let authorities = std::iter::once(&chain.ca).chain(&chain.above).collect();
        self.add(parts.ca, SecretData::certificates(&authorities));
        if let Some(key) = &chain.ca_key {
            self.add(parts.ca_key, SecretData::private(key.pem()));
        }
        let served = chain.served().collect();
        self.add(parts.leaf, SecretData::certificates(&served));
        self.add(parts.leaf_key, SecretData::private(chain.leaf_key.pem()));
    }

    /// Puts in a bundle of certificates, in place of what was there.
    pub fn add_bundle(&mut self, credential: Credential, certificates: &[Certificate]) {
        let text = certificates.iter().collect();
        self.add(credential, SecretData::certificates(&text));
    }

    /// Puts in one text, in place of what was there.
    pub fn add(&mut self, credential: Credential, data: SecretData) {
        self.0.insert(credential, data);
    }

    /// Returns one text.
    #[must_use]
    pub fn get(&self, credential: Credential) -> Option<&SecretData> {
        self.0.get(&credential)
    }
}
