//! Decides for an existing chain: keep it byte for byte, or reissue it as a whole.

use super::certificate::{Certificate, Details};
use super::issue::{self, Ca};
use super::key::PrivateKey;
use super::refusals::{self, Use};
use super::validity::{BACKDATING, format_instant};
use super::{Chain, LeafUse, SubjectAltName, verify};
use crate::fault::Fault;
use time::{Duration, OffsetDateTime};

/// No leaf is served for longer, unless its terms say so: Apple's clients refuse one of more days under any root
/// (support.apple.com/103769).
const LONGEST_LEAF: Duration = Duration::days(825);

/// The four PEM texts of a chain as they were found; any may be missing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found<'a> {
    /// The CA's certificate; during a roll-over with others beside it, in any order.
    pub ca: Option<&'a str>,
    /// The CA's key.
    pub ca_key: Option<&'a str>,
    /// The leaf's certificate.
    pub leaf: Option<&'a str>,
    /// The leaf's key.
    pub leaf_key: Option<&'a str>,
}

/// What is to become of the CA's key.
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
    /// Whether a common name counts as the first of them if the leaf has no subject alternative names. The chart's
    /// database certificate is like that, and its clients do not check names (`VERIFY_CA` of `MySQL` Router).
    pub common_name_does: bool,
    /// What becomes of its CA's key.
    pub custody: Custody,
    /// The CA that a user gave to sign with, if there is one.
    pub given_ca: Option<&'a Certificate>,
}

/// Takes a found chain when it is complete, belongs together, is what `terms` say and is not due.
///
/// Under a given CA, or an intermediate whose key is kept, the CA is never due, for only its owner can move its end, and
/// neither is a leaf that ends with it: a new one would end no later.
///
/// # Errors
/// The reason why it cannot stay; never a part of the chain.
pub fn keep(found: Found<'_>, terms: &Terms<'_>, now: OffsetDateTime) -> Result<Chain, Fault> {
    let missing = |what: &str| Fault::new(format!("its {what} is missing"));
    let authorities = authorities(found.ca.ok_or_else(|| missing("CA certificate"))?);
    let leaf = found.leaf.ok_or_else(|| missing("certificate"))?;
    // Behind it, what is between it and the root.
    let leaf = match Certificate::each_from_pem(leaf).next() {
        Some(first) => first?,
        None => Certificate::from_pem(leaf)?,
    };
    let ca = signer(&authorities, &leaf)
        .ok_or_else(|| Fault::new("there is no readable CA certificate"))?
        .clone();
    let above = above(&ca, &authorities);
    if terms.given_ca.is_some_and(|given| given.der() != ca.der()) {
        return Err(Fault::new("a different CA is given to sign with"));
    }
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
    let names = if terms.common_name_does && is_named_by_common_name(&leaf, terms.names)? {
        &[]
    } else {
        terms.names
    };
    verify::path(&ca, &leaf, terms.leaf_use, names, now)?;
    let is_given = terms.given_ca.is_some() || ca_key.is_some() && !ca.names_as_issuer(&ca);
    let ends_with_given_ca = is_given && leaf.validity().not_after >= path_end(&ca, &above);
    let is_due = |certificate: &Certificate| now >= certificate.validity().due_at();
    let due = match (
        is_due(&leaf) && !ends_with_given_ca,
        is_due(&ca) && !is_given,
    ) {
        (true, _) => Some((&leaf, "certificate")),
        (false, true) => Some((&ca, "CA certificate")),
        (false, false) => None,
    };
    if let Some((certificate, what)) = due {
        let end = format_instant(certificate.validity().not_after);
        return Err(Fault::new(format!(
            "its {what} expires at {end} and is due"
        )));
    }
    Ok(Chain {
        ca,
        above,
        ca_key,
        leaf,
        leaf_key,
    })
}

fn is_named_by_common_name(leaf: &Certificate, names: &[SubjectAltName]) -> Result<bool, Fault> {
    let details = leaf.details()?;
    let first = names.first().map(ToString::to_string);
    Ok(details.subject_alt_names.is_empty() && details.common_name == first)
}

/// Reads the certificates of a CA's text: one, and during a roll-over others beside it. One alone keeps its text;
/// what cannot be read is left out.
#[must_use]
pub fn authorities(text: &str) -> Vec<Certificate> {
    match Certificate::from_pem(text) {
        Ok(one) => vec![one],
        Err(_) => Certificate::each_from_pem(text).flatten().collect(),
    }
}

/// Finds the CA that signed a leaf, wherever it is: by its signature, because the chart's CAs all have one name; or
/// else by its name, or else the first, which then is not the issuer.
#[must_use]
pub fn signer<'a>(authorities: &'a [Certificate], leaf: &Certificate) -> Option<&'a Certificate> {
    let by_signature = || {
        let mut all = authorities.iter();
        all.find(|ca| verify::signed_by(leaf, ca).is_ok())
    };
    match authorities {
        [] | [_] => authorities.first(),
        [first, ..] => by_signature()
            .or_else(|| authorities.iter().find(|ca| leaf.names_as_issuer(ca)))
            .or(Some(first)),
    }
}

/// Returns the certificates above a CA, each the issuer of the one before, out of those that are beside it.
#[must_use]
pub fn above(ca: &Certificate, authorities: &[Certificate]) -> Vec<Certificate> {
    issue::take_above(ca, &mut authorities.to_vec())
}

/// Reads the CAs of a text that no other of them signed: those above a CA that is not a root are beside it, and
/// clients trust only the last of them.
#[must_use]
pub fn topmost(text: &str) -> Vec<Certificate> {
    let all = authorities(text);
    let is_topmost = |ca: &&Certificate| above(ca, &all).is_empty();
    all.iter().filter(is_topmost).cloned().collect()
}

/// Finds the intermediate among the certificates of a CA's text, with those above it: nothing if all are roots.
#[must_use]
pub fn intermediate(text: &str) -> Option<(Certificate, Vec<Certificate>)> {
    let all = authorities(text);
    let is_lowest = |ca: &&Certificate| {
        !ca.names_as_issuer(ca) && !all.iter().any(|other| other.names_as_issuer(ca))
    };
    let lowest = all.iter().find(is_lowest)?;
    Some((lowest.clone(), above(lowest, &all)))
}

/// Returns the first end among a CA and those above it.
#[must_use]
pub fn path_end(ca: &Certificate, above: &[Certificate]) -> OffsetDateTime {
    let end = |certificate: &Certificate| certificate.validity().not_after;
    above.iter().map(end).fold(end(ca), OffsetDateTime::min)
}

/// Takes the CA of a found chain, to sign another leaf; nothing if its key is not there, or where it is a root that
/// cannot sign or is due itself, in whose place another can be made.
///
/// For a chain whose trust cannot be changed without a restart, a new leaf under the same CA is better than a
/// new CA. An intermediate was given by its owner, and signs until it ends.
///
/// # Errors
/// An intermediate that cannot sign: only its owner has another.
pub fn issuer(found: Found<'_>, now: OffsetDateTime) -> Result<Option<Ca>, Fault> {
    let key = found
        .ca_key
        .and_then(|text| PrivateKey::from_pem(text).ok());
    let (Some(text), Some(key)) = (found.ca, key) else {
        return Ok(None);
    };
    let all = authorities(text);
    let mut refused = None;
    for ca in all.iter().filter(|ca| verify::belongs(ca, &key).is_ok()) {
        let is_root = ca.names_as_issuer(ca);
        let above = above(ca, &all);
        match verify::usable_issuer(ca, &key, &above, now) {
            Ok(()) if !is_root || now < ca.validity().due_at() => {
                return Ok(Some(Ca::below(ca.clone(), key, above)));
            }
            Err(fault) if !is_root => refused = refused.or(Some(fault)),
            Ok(()) | Err(_) => {}
        }
    }
    refused.map_or(Ok(None), Err)
}

/// How long a CA stays trusted once another signs in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// While a leaf of it may be served: until it ends, and at most for the life of a leaf (this, or the longest
    /// that clients take) after the next CA began, which was made to sign in its place.
    WhileServed {
        /// How long a leaf lives.
        life: Duration,
    },
    /// Until it ends: CAs that are given may be much older than their use.
    UntilEnd,
    /// No longer.
    Nothing,
}

/// Settles what is trusted.
///
/// That is what signs, `in_use`, and every CA from `before` whose leaf may still be served: a program serves its
/// old leaf until it is restarted, and nobody knows when that is. Left out are CAs that have ended, that Go refuses
/// ([`refusals`]), or whose keys are published on the internet.
#[must_use]
pub fn trust_bundle(
    in_use: &[&Certificate],
    before: impl IntoIterator<Item = Certificate>,
    retention: Retention,
    now: OffsetDateTime,
) -> Vec<Certificate> {
    let mut bundle: Vec<Certificate> = Vec::new();
    let known = |bundle: &[Certificate], certificate: &Certificate| {
        bundle.iter().any(|other| other == certificate)
    };
    for certificate in in_use {
        if !known(&bundle, certificate) {
            bundle.push((*certificate).clone());
        }
    }
    let signing = bundle.len();
    for certificate in before {
        let details = certificate.details();
        if !known(&bundle, &certificate)
            && details.is_ok_and(|details| may_be_trusted(&details, now))
        {
            bundle.push(certificate);
        }
    }
    let births: Vec<OffsetDateTime> = bundle.iter().map(|ca| ca.validity().not_before).collect();
    let is_retained = |ca: &Certificate| match retention {
        Retention::Nothing => false,
        Retention::UntilEnd => true,
        Retention::WhileServed { life } => {
            let life = LONGEST_LEAF.max(life) + BACKDATING;
            let later = births.iter().filter(|at| **at > ca.validity().not_before);
            later.min().is_none_or(|next| now <= *next + life)
        }
    };
    let mut place = 0;
    bundle.retain(|ca| {
        place += 1;
        place <= signing || is_retained(ca)
    });
    bundle
}

fn may_be_trusted(details: &Details, now: OffsetDateTime) -> bool {
    let refusals = refusals::of(details, Use::Authority);
    details.is_ca
        && details.validity.not_after >= now
        && details.published_as.is_none()
        && !refusals.iter().any(|refusal| refusal.is_fatal)
}
