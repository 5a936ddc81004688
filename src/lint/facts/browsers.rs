//! The certificates that browsers see.

use crate::lint::model::{Class, Model};
use crate::path::served::named_for_browsers;
use std::collections::BTreeSet;

/// Returns the Secrets whose certificates Traefik, or a gateway, shows to browsers, and what makes such a Secret.
pub(in crate::lint) fn for_browsers(model: &Model<'_>) -> BTreeSet<usize> {
    let named = named_for_browsers(model.cluster).into_iter();
    named
        .filter_map(|(scope, name)| {
            model.find(Class::Secret, scope.namespace().unwrap_or_default(), name)
        })
        .collect()
}
