//! The certificates of a CA's text: one, and beside it those above it and, during a roll-over, other CAs.

use super::certificate::Certificate;
use super::{issue, verify};
use time::OffsetDateTime;

/// Reads the certificates of a CA's text: one, and during a roll-over others beside it. One alone keeps its text;
/// what cannot be read is left out.
#[must_use]
pub fn read(text: &str) -> Vec<Certificate> {
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
    let all = read(text);
    let is_topmost = |ca: &&Certificate| above(ca, &all).is_empty();
    all.iter().filter(is_topmost).cloned().collect()
}

/// Finds the intermediate among the certificates of a CA's text, with those above it: nothing if all are roots.
#[must_use]
pub fn intermediate(text: &str) -> Option<(Certificate, Vec<Certificate>)> {
    let all = read(text);
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
