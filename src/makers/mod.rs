//! Who makes the keys and certificates of an instance, or those that browsers see: this program, or a controller in the
//! cluster, and then no key is in what this program renders.

pub mod cert_manager;
pub mod external_secrets;

use self::cert_manager::OwnCas;
use self::external_secrets::Store;
use std::sync::Arc;

/// Who makes keys and certificates.
#[derive(Debug, Clone, Default)]
pub enum Makers {
    /// This program: they are in Secrets that it renders.
    #[default]
    Here,
    /// cert-manager.
    CertManager(OwnCas),
    /// Somebody else: the External Secrets Operator fetches them from a store.
    ExternalSecrets(Arc<Store>),
    /// Both this program and cert-manager, while httpds move from one to the other.
    Both {
        /// What cert-manager is asked for.
        cas: OwnCas,
        /// Whose certificates are shown.
        shown: Side,
    },
}

/// One of two that make certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This program.
    Here,
    /// cert-manager.
    CertManager,
}

impl Makers {
    /// Returns whether this program makes some.
    #[must_use]
    pub fn are_here(&self) -> bool {
        matches!(self, Self::Here | Self::Both { .. })
    }

    /// Returns what cert-manager is asked for.
    #[must_use]
    pub fn asked(&self) -> Option<&OwnCas> {
        match self {
            Self::CertManager(cas) | Self::Both { cas, .. } => Some(cas),
            Self::Here | Self::ExternalSecrets(_) => None,
        }
    }

    /// Returns whether the certificates of cert-manager are shown.
    #[must_use]
    pub fn show_asked(&self) -> bool {
        match self {
            Self::CertManager(_) => true,
            Self::Both { shown, .. } => *shown == Side::CertManager,
            Self::Here | Self::ExternalSecrets(_) => false,
        }
    }
}
