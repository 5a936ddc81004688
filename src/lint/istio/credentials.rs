//! The keys that Istio reads of a Secret.

use crate::cluster::data::{Cert, Data, Entry};

/// Returns what Istio reads of a pair (`ExtractCertInfo`) or of a CA (`ExtractRoot`).
pub(super) fn value<'m>(secret: &'m Data, keys: [&str; 2]) -> Option<&'m Entry> {
    keys.into_iter()
        .filter_map(|key| secret.get(key))
        .find(|entry| !entry.is_empty())
}

pub(super) const PAIRS: [[&str; 2]; 2] = [["cert", "key"], ["tls.crt", "tls.key"]];
pub(super) const AUTHORITY: [&str; 2] = ["cacert", "ca.crt"];

pub(super) fn has_pair(secret: &Data) -> bool {
    let has = |key: &&str| secret.get(key).is_some_and(|entry| !entry.is_empty());
    PAIRS.iter().any(|pair| pair.iter().all(has))
}

/// The CA that is in a Secret, if it can be read.
pub(super) fn authority(secret: &Data) -> Option<Vec<&Cert>> {
    let entry = value(secret, AUTHORITY)?;
    let all: Vec<&Cert> = entry.certs().collect();
    (!all.is_empty()).then_some(all)
}
