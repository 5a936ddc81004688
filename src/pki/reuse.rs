//! Decides for an existing chain: keep it byte for byte, or make it anew as one.

use super::certificate::Certificate;
use super::key::PrivateKey;
use super::validity::format_instant;
use super::{Chain, SubjectAltName, verify};
use crate::fault::Fault;
use time::OffsetDateTime;

/// Most certificates in a trust bundle: the current CA and the one before it.
const BUNDLE_LIMIT: usize = 2;

/// The four PEM texts of a chain as they were found; any may be missing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found<'a> {
    /// The CA's certificate.
    pub ca: Option<&'a str>,
    /// The CA's key.
    pub ca_key: Option<&'a str>,
    /// The leaf's certificate.
    pub leaf: Option<&'a str>,
    /// The leaf's key.
    pub leaf_key: Option<&'a str>,
}

/// What shall become of the CA's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Custody {
    /// It is written beside the leaf's key, as the chart does.
    #[default]
    Stored,
    /// It is forgotten once it has signed; a renewal makes a new CA.
    Dropped,
}

/// Takes a found chain when it is complete, belongs together, covers `names` and is not due.
///
/// # Errors
/// The reason why it cannot stay; never a part of the chain.
pub fn keep(
    found: Found<'_>,
    names: &[SubjectAltName],
    custody: Custody,
    now: OffsetDateTime,
) -> Result<Chain, Fault> {
    let missing = |what: &str| Fault::new(format!("its {what} is missing"));
    let ca = Certificate::from_pem(found.ca.ok_or_else(|| missing("CA certificate"))?)?;
    let leaf = Certificate::from_pem(found.leaf.ok_or_else(|| missing("certificate"))?)?;
    let leaf_key = PrivateKey::from_pem(found.leaf_key.ok_or_else(|| missing("private key"))?)?;
    let ca_key = match (custody, found.ca_key) {
        (Custody::Dropped, _) => None,
        (Custody::Stored, None) => return Err(missing("CA key")),
        (Custody::Stored, Some(text)) => Some(PrivateKey::from_pem(text)?),
    };
    for certificate in [&ca, &leaf] {
        if let Some(published) = certificate.details()?.published_as {
            return Err(Fault::new(format!(
                "its private key `{published}` is published on the internet"
            )));
        }
    }
    if let Some(key) = &ca_key {
        verify::ca(&ca, key)?;
    }
    verify::belongs(&leaf, &leaf_key)?;
    verify::path(&ca, &leaf, names, now)?;
    for (certificate, what) in [(&leaf, "certificate"), (&ca, "CA certificate")] {
        let validity = certificate.validity();
        if now >= validity.due_at() {
            return Err(Fault::new(format!(
                "its {what} ends at {} and is due",
                format_instant(validity.not_after)
            )));
        }
    }
    Ok(Chain {
        ca,
        ca_key,
        leaf,
        leaf_key,
    })
}

/// Settles what Traefik trusts.
///
/// Where the chain was kept, that is the bundle found with it, as long as it begins with the chain's CA.
/// Where it was made anew, the CA before it stays in the bundle until it ends, for the httpd serves its old
/// leaf until it is restarted. Expired certificates and a third generation are left out.
#[must_use]
pub fn trust_bundle(
    ca: &Certificate,
    found_bundle: Option<&str>,
    found_ca: Option<&str>,
    now: OffsetDateTime,
) -> Vec<Certificate> {
    let previous = found_bundle
        .into_iter()
        .chain(found_ca)
        .flat_map(|text| Certificate::all_from_pem(text).unwrap_or_default());
    let mut bundle = vec![ca.clone()];
    for certificate in previous {
        let alive = certificate
            .details()
            .is_ok_and(|details| details.is_ca && details.validity.not_after >= now);
        let known = bundle.iter().any(|other| other.der() == certificate.der());
        if alive && !known && bundle.len() < BUNDLE_LIMIT {
            bundle.push(certificate);
        }
    }
    bundle
}
