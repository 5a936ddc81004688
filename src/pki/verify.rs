//! Checks a chain as a TLS client does, and more strictly where clients differ.

use super::certificate::{Certificate, Details};
use super::key::PrivateKey;
use super::refusals::{self, Use};
use super::validity::format_instant;
use super::{LeafUse, SubjectAltName};
use crate::fault::Fault;
use pki_types::{ServerName, UnixTime};
use std::time::Duration;
use time::OffsetDateTime;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Checks that `certificate` is a CA that `key` belongs to and that signed itself.
///
/// # Errors
/// The first rule it breaks.
pub fn ca(certificate: &Certificate, key: &PrivateKey) -> Result<(), Fault> {
    if !certificate.is_ca() {
        return Err(
            Fault::new("the certificate is not a CA (basic constraints without cA)")
                .help("make one with `civi-ingress ca`"),
        );
    }
    belongs(certificate, key)?;
    let signs_itself = certificate.subject() == certificate.issuer();
    // Of a root whose algorithm is not verified here, as of most old ones with SHA-1, nobody verifies the signature.
    if signs_itself && signature(certificate, certificate) == Signature::Wrong {
        return Err(Fault::new("the CA's signature is not its own"));
    }
    Ok(())
}

/// Checks that an existing CA can sign at `now` where its leaves are served with the certificates `above` it, each the
/// issuer of the one before and the last a root: [`ca`] and [`issuing_path`].
///
/// # Errors
/// The first rule it breaks.
pub fn usable_issuer(
    certificate: &Certificate,
    key: &PrivateKey,
    above: &[Certificate],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    ca(certificate, key)?;
    issuing_path(certificate, above, now)
}

/// Checks that a CA and the certificates `above` it, each the issuer of the one before and the last a root, can be
/// above a new leaf at `now`: each is valid, Go refuses it for nothing ([`refusals`]), and its key is not published.
///
/// # Errors
/// The first rule that one of them breaks; a certificate that did not sign the one before it, a chain without its
/// root, or a path length that the chain exceeds.
pub fn issuing_path(
    certificate: &Certificate,
    above: &[Certificate],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let details = certificate.details()?;
    trustworthy(&details, "the CA", now)?;
    let mut below = (certificate, details);
    for (index, certificate) in above.iter().enumerate() {
        let details = certificate.details()?;
        let name = details.name().to_owned();
        if !below.0.names_as_issuer(certificate)
            || signature(below.0, certificate) == Signature::Wrong
        {
            let what = format!("`{name}` did not sign `{}`", below.1.name());
            return Err(Fault::new(what)
                .help("put the CA first, then each certificate's issuer, up to the root"));
        }
        trustworthy(&details, &format!("the CA `{name}` above it"), now)?;
        if details
            .path_len
            .is_some_and(|most| usize::try_from(most).is_ok_and(|most| most <= index))
        {
            return Err(Fault::new(format!(
                "the CA `{name}` permits no chain as long as this (path length {})",
                details.path_len.unwrap_or_default()
            )));
        }
        below = (certificate, details);
    }
    if below.1.self_issued {
        return Ok(());
    }
    let what = if above.is_empty() {
        format!("the CA is an intermediate: `{}` signed it", below.1.issuer)
    } else {
        format!(
            "the chain above the CA ends at `{}`, which `{}` signed",
            below.1.name(),
            below.1.issuer
        )
    };
    Err(Fault::new(what).help(
        "put the certificates above it into the same file, up to the root: leaves are served with them, and `ca.crt` is the root",
    ))
}

fn trustworthy(details: &Details, what: &str, now: OffsetDateTime) -> Result<(), Fault> {
    if !details.is_valid_at(now) {
        let (from, to) = (
            format_instant(details.validity.not_before),
            format_instant(details.validity.not_after),
        );
        return Err(
            Fault::new(format!("{what} is valid from {from} to {to} only"))
                .help("use a CA that is valid now"),
        );
    }
    let mut refusals = refusals::of(details, Use::Authority).into_iter();
    if let Some(refusal) = refusals.find(|refusal| refusal.is_fatal) {
        let what = format!("{what} {}: {} refuse it", refusal.what, refusal.by);
        return Err(Fault::new(what).help(refusal.help));
    }
    match details.published_as {
        Some(name) => Err(Fault::new(format!(
            "the private key of {what} is published on the internet (SELFKEYS `{name}`)"
        ))
        .help("make a new CA with `civi-ingress ca`")),
        None => Ok(()),
    }
}

/// Checks that `key` is the key of `certificate`.
///
/// # Errors
/// Another key.
pub fn belongs(certificate: &Certificate, key: &PrivateKey) -> Result<(), Fault> {
    if certificate.public_key_info() == key.public_key_info() {
        return Ok(());
    }
    if certificate.public_key_bits().as_deref() == Some(key.public_key_bits()) {
        return Err(
            Fault::new("the certificate describes its curve by explicit parameters").help(
                "clients need a named curve: ask for a new certificate with a key that names it",
            ),
        );
    }
    Err(
        Fault::new("the private key does not belong to the certificate")
            .help("use the key that the certificate was requested with"),
    )
}

/// How the signature of a certificate stands to the key of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// The key made it.
    Good,
    /// The key did not make it.
    Wrong,
    /// Its algorithm is none that is verified here: SHA-1, RSA below 2048 bits, RSA-PSS with a key for that alone.
    Unverified,
}

/// Returns whether the key of `issuer` signed `certificate`.
#[must_use]
pub fn signature(certificate: &Certificate, issuer: &Certificate) -> Signature {
    let Ok(issuer) = EndEntityCert::try_from(issuer.der()) else {
        return Signature::Unverified;
    };
    // The DER of an algorithm identifier is tag and length, then the object identifier.
    let fits = |id: &[u8]| {
        id.get(2..)
            .is_some_and(|oid| oid.starts_with(certificate.algorithm()))
    };
    let mut result = Signature::Unverified;
    for algorithm in ALL_VERIFICATION_ALGS {
        if !fits(algorithm.signature_alg_id().as_ref()) {
            continue;
        }
        match issuer.verify_signature(*algorithm, certificate.signed(), certificate.signature()) {
            Ok(()) => return Signature::Good,
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => result = Signature::Wrong,
        }
    }
    result
}

/// Checks that the key of `issuer` signed `certificate`.
///
/// # Errors
/// A wrong signature, or one whose algorithm is not verified here.
pub fn signed_by(certificate: &Certificate, issuer: &Certificate) -> Result<(), Fault> {
    match signature(certificate, issuer) {
        Signature::Good => Ok(()),
        Signature::Wrong => Err(Fault::new("the signature is not the issuer's")),
        Signature::Unverified => Err(Fault::new(
            "the signature uses an algorithm that is not verified here",
        )),
    }
}

/// Checks that `leaf` is signed by `ca`, has `key`, has its use, covers every name and is valid at `at`.
///
/// The path rules are those of RFC 5280 as rustls-webpki enforces them, the anchor's name constraints
/// included. On top: equal bytes of issuer and subject, and equal key identifiers, for other clients want them.
///
/// # Errors
/// The first rule that is broken.
pub fn chain(
    ca: &Certificate,
    leaf: &Certificate,
    key: &PrivateKey,
    leaf_use: LeafUse,
    names: &[SubjectAltName],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    belongs(leaf, key)?;
    names_issuer(leaf.issuer(), ca.subject())?;
    if ca.validity().not_after < leaf.validity().not_after {
        return Err(Fault::new("the leaf outlives its CA"));
    }
    path(ca, leaf, leaf_use, names, at)
}

/// Checks that the issuer of a leaf is, byte for byte, the subject of a CA.
///
/// # Errors
/// Other bytes.
pub fn names_issuer(issuer: &[u8], subject: &[u8]) -> Result<(), Fault> {
    if issuer == subject {
        return Ok(());
    }
    Err(
        Fault::new("the leaf's issuer is not, byte for byte, the CA's subject")
            .help("put the CA that signed the leaf next to it, or reissue both"),
    )
}

/// Checks the path from `leaf` to `ca` for its use and every name at the instant `at`.
///
/// # Errors
/// The first rule of RFC 5280 or RFC 6125 that is broken.
pub fn path(
    ca: &Certificate,
    leaf: &Certificate,
    leaf_use: LeafUse,
    names: &[SubjectAltName],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    path_through(ca, &[], leaf, leaf_use, names, at)
}

/// Checks the path from `leaf` through intermediates to `root`, as [`path`] does.
///
/// # Errors
/// As [`path`].
pub fn path_through(
    root: &Certificate,
    intermediates: &[Certificate],
    leaf: &Certificate,
    leaf_use: LeafUse,
    names: &[SubjectAltName],
    at: OffsetDateTime,
) -> Result<(), Fault> {
    let anchor = anchor_from_trusted_cert(root.der()).map_err(|error| refused(&error))?;
    let intermediates: Vec<_> = intermediates
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let end_entity = EndEntityCert::try_from(leaf.der()).map_err(|error| refused(&error))?;
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let anchors = [anchor];
    let usages: &[fn() -> KeyUsage] = match leaf_use {
        LeafUse::Server => &[KeyUsage::server_auth],
        LeafUse::Client => &[KeyUsage::client_auth],
        LeafUse::ServerAndClient => &[KeyUsage::server_auth, KeyUsage::client_auth],
    };
    for usage in usages {
        end_entity
            .verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &anchors,
                &intermediates,
                at,
                usage(),
                None,
                None,
            )
            .map_err(|error| refused(&error))?;
    }
    uncovered(leaf, names).map_or(Ok(()), |name| {
        Err(Fault::new(format!(
            "no subject alternative name covers `{name}`"
        )))
    })
}

/// Returns the first of `names` that no subject alternative name of a leaf covers.
#[must_use]
pub fn uncovered<'n>(
    leaf: &Certificate,
    names: &'n [SubjectAltName],
) -> Option<&'n SubjectAltName> {
    let end_entity = EndEntityCert::try_from(leaf.der()).ok();
    names.iter().find(|name| {
        let text = match name {
            // Any one label stands for the asterisk.
            SubjectAltName::Wildcard(domain) => format!("a.{domain}"),
            other => other.to_string(),
        };
        let is_covered = |end_entity: &EndEntityCert<'_>, server| {
            end_entity.verify_is_valid_for_subject_name(&server).is_ok()
        };
        !end_entity
            .as_ref()
            .zip(ServerName::try_from(text).ok())
            .is_some_and(|(end_entity, server)| is_covered(end_entity, server))
    })
}

/// How a leaf stands to the CAs that are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One of them signed it, directly or through the intermediates.
    Signed,
    /// None of them did.
    Unknown,
    /// One did, and its name constraints exclude a name of the leaf.
    OutsideConstraints,
    /// Another rule of RFC 5280 is broken: the algorithm, the use, a CA as a leaf.
    Broken,
}

/// Returns how `leaf` stands to `roots`, whatever its dates: the path is checked at an instant of its own validity.
///
/// A leaf that is itself among the roots is trusted, as Go does it (`crypto/x509`, `Certificate.Verify`).
#[must_use]
pub fn standing(
    roots: &[&Certificate],
    intermediates: &[&Certificate],
    leaf: &Certificate,
    now: OffsetDateTime,
) -> Standing {
    if roots.iter().any(|root| root.der() == leaf.der()) {
        return Standing::Signed;
    }
    let anchors: Vec<_> = roots
        .iter()
        .filter_map(|root| anchor_from_trusted_cert(root.der()).ok())
        .collect();
    let intermediates: Vec<_> = intermediates
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let Ok(end_entity) = EndEntityCert::try_from(leaf.der()) else {
        return Standing::Broken;
    };
    let validity = leaf.validity();
    let at = now.clamp(
        validity.not_before,
        validity.not_after.max(validity.not_before),
    );
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    let verified = end_entity.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &intermediates,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        KeyUsage::server_auth(),
        None,
        None,
    );
    match verified {
        Ok(_) => Standing::Signed,
        Err(webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey) => {
            Standing::Unknown
        }
        Err(webpki::Error::NameConstraintViolation) => Standing::OutsideConstraints,
        Err(_) => Standing::Broken,
    }
}

fn refused(error: &webpki::Error) -> Fault {
    let why = match error {
        webpki::Error::CertExpired { .. } => "the certificate has expired".to_owned(),
        webpki::Error::CertNotValidYet { .. } => "the certificate is not valid yet".to_owned(),
        webpki::Error::UnknownIssuer => "the issuer is not the given CA".to_owned(),
        webpki::Error::InvalidSignatureForPublicKey => "the signature is not the CA's".to_owned(),
        webpki::Error::NameConstraintViolation => {
            "a name is outside the CA's name constraints".to_owned()
        }
        webpki::Error::CaUsedAsEndEntity => {
            "a CA certificate cannot be a server certificate".to_owned()
        }
        webpki::Error::UnsupportedSignatureAlgorithmContext(_) => {
            "the signature algorithm is too weak or unknown".to_owned()
        }
        other => format!("path validation: {other:?}"),
    };
    match error {
        webpki::Error::NameConstraintViolation => {
            Fault::new(why).help("see `civi-ingress inspect` for the names that the CA permits; make another CA for others")
        }
        _ => Fault::new(why),
    }
}
