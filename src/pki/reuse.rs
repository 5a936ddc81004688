//! Decides for an existing chain: keep it byte for byte, or make it anew as one.

use super::certificate::{Certificate, Details};
use super::issue::Ca;
use super::key::PrivateKey;
use super::validity::format_instant;
use super::{Chain, LeafUse, SubjectAltName, verify};
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

/// What a chain must be to stay.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// What its leaf must identify.
    pub leaf_use: LeafUse,
    /// The names that its leaf must cover.
    pub names: &'a [SubjectAltName],
    /// What becomes of its CA's key.
    pub custody: Custody,
    /// The CA that a user gave to sign with, where there is one.
    pub given_ca: Option<&'a Certificate>,
}

/// Takes a found chain when it is complete, belongs together, is what `terms` say and is not due.
///
/// Under a given CA, whose own end only its owner can move, the CA is never due, and neither is a leaf that ends
/// with it: a new one would end no later.
///
/// # Errors
/// The reason why it cannot stay; never a part of the chain.
pub fn keep(found: Found<'_>, terms: &Terms<'_>, now: OffsetDateTime) -> Result<Chain, Fault> {
    let missing = |what: &str| Fault::new(format!("its {what} is missing"));
    let ca = Certificate::from_pem(found.ca.ok_or_else(|| missing("CA certificate"))?)?;
    if terms.given_ca.is_some_and(|given| given.der() != ca.der()) {
        return Err(Fault::new("another CA is given to sign with"));
    }
    let leaf = Certificate::from_pem(found.leaf.ok_or_else(|| missing("certificate"))?)?;
    let leaf_key = PrivateKey::from_pem(found.leaf_key.ok_or_else(|| missing("private key"))?)?;
    let ca_key = match (terms.custody, found.ca_key) {
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
    verify::path(&ca, &leaf, terms.leaf_use, terms.names, now)?;
    let ends_with_given_ca =
        terms.given_ca.is_some() && leaf.validity().not_after >= ca.validity().not_after;
    let is_due = |certificate: &Certificate| now >= certificate.validity().due_at();
    let due = match (
        is_due(&leaf) && !ends_with_given_ca,
        is_due(&ca) && terms.given_ca.is_none(),
    ) {
        (true, _) => Some((&leaf, "certificate")),
        (false, true) => Some((&ca, "CA certificate")),
        (false, false) => None,
    };
    if let Some((certificate, what)) = due {
        let end = format_instant(certificate.validity().not_after);
        return Err(Fault::new(format!("its {what} ends at {end} and is due")));
    }
    Ok(Chain {
        ca,
        ca_key,
        leaf,
        leaf_key,
    })
}

/// Takes the CA of a found chain, to sign another leaf: it can sign, and is not due itself.
///
/// For a chain whose trust cannot be changed without a restart, a new leaf under the same CA is better than a
/// new CA.
#[must_use]
pub fn issuer(found: Found<'_>, now: OffsetDateTime) -> Option<Ca> {
    let certificate = Certificate::from_pem(found.ca?).ok()?;
    let key = PrivateKey::from_pem(found.ca_key?).ok()?;
    verify::usable_ca(&certificate, &key, now).ok()?;
    (now < certificate.validity().due_at()).then(|| Ca::existing(certificate, key))
}

/// Settles what is trusted.
///
/// That is the chain's CA, and the one before it, from the bundle found or of the chain found, until it ends:
/// the httpd serves its old leaf until it is restarted. Left out are a third generation, and CAs that are
/// expired, weak or whose keys are published on the internet.
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
            .is_ok_and(|details| may_be_trusted(&details, now));
        let known = bundle.iter().any(|other| other.der() == certificate.der());
        if alive && !known && bundle.len() < BUNDLE_LIMIT {
            bundle.push(certificate);
        }
    }
    bundle
}

fn may_be_trusted(details: &Details, now: OffsetDateTime) -> bool {
    details.is_ca
        && details.validity.not_after >= now
        && details.published_as.is_none()
        && details.weak_key.is_none()
        && !details.weak_signature
}
