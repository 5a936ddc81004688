//! CAs whose time is over: after a renewal the previous CA stays in the trust bundle until its certificates have ended, so
//! that nothing depends on when a server is restarted. Nobody has to renew it.

use super::row::Row;
use crate::find::{ObjectOrigin, Origin};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the CAs that are in bundles only, sign nothing that was found, and have a neighbour there that does.
pub(super) fn find(rows: &[Row]) -> BTreeSet<usize> {
    let mut issuers: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.details.self_issued) {
        let key = row.details.authority_key_id.as_deref();
        issuers.entry(&row.details.issuer).or_default().push(key);
    }
    let signs = |row: &Row| {
        let own = row.details.subject_key_id.as_deref();
        let named = issuers.get(row.details.subject.as_str());
        named.is_some_and(|keys| {
            let mut keys = keys.iter();
            keys.any(|key| key.is_none() || own.is_none() || *key == own)
        })
    };
    let mut bundles: BTreeMap<Bundle<'_>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for bundle in row.origins.iter().filter_map(bundle) {
            bundles.entry(bundle).or_default().push(index);
        }
    }
    let has_successor = |index: usize, origin: &Origin| {
        let neighbours = bundle(origin).and_then(|bundle| bundles.get(&bundle));
        let mut neighbours = neighbours.into_iter().flatten();
        neighbours
            .any(|other| *other != index && rows[*other].details.is_ca && signs(&rows[*other]))
    };
    let is_replaced = |(index, row): &(usize, &Row)| {
        let mut origins = row.origins.iter();
        row.details.is_ca && !signs(row) && origins.all(|origin| has_successor(*index, origin))
    };
    let all = rows.iter().enumerate();
    all.filter(is_replaced).map(|(index, _)| index).collect()
}

/// Namespace, name and key of an object that holds several certificates, and its file.
type Bundle<'a> = (Option<&'a str>, &'a str, &'a str, &'a str);

fn bundle(origin: &Origin) -> Option<Bundle<'_>> {
    match origin {
        Origin::Object(ObjectOrigin {
            namespace,
            name,
            key,
            number: 1..,
            file,
            ..
        }) => Some((namespace.as_deref(), name, key, file)),
        _ => None,
    }
}
