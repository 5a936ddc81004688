//! When each chain of a fleet will be renewed, by the rules that decide whether it is.

use super::unit::Unit;
use crate::fault::Fault;
use crate::fleet::{CaCustody, Fleet, Secrets};
use crate::instance::Credential;
use crate::name::ObjectName;
use crate::pki::validity::Validity;
use crate::values::SecretKeyRef;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// When a certificate will be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRenewal {
    /// Namespace of its Secret.
    pub namespace: String,
    /// Its Secret.
    pub secret: String,
    /// Its key there.
    pub key: String,
    /// Then.
    pub at: OffsetDateTime,
}

/// What decides when a certificate is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedCertificate {
    /// When it is valid.
    pub validity: Validity,
    /// Whether it is its own issuer.
    pub is_root: bool,
}

/// Lets chains that share an encrypted file be due with the first of them: the file has one data key, which nobody
/// without an identity knows.
pub(super) fn share(dates: &mut [(BTreeSet<ObjectName>, OffsetDateTime)]) {
    loop {
        let before = dates.to_vec();
        for (names, at) in dates.iter_mut() {
            let neighbours = before.iter().filter(|(other, _)| !other.is_disjoint(names));
            *at = neighbours.map(|(_, at)| *at).min().unwrap_or(*at);
        }
        if *dates == *before {
            return;
        }
    }
}

/// Returns when the certificates of a fleet will be renewed, where `find` knows what is in a namespace's Secret under
/// a key.
///
/// It is the first instant at which a run without an identity, brake or phase would do so; for stored CAs, with it.
///
/// # Errors
/// As [`Fleet::instance`].
pub fn dates(
    fleet: &Fleet,
    find: impl Fn(&str, &SecretKeyRef) -> Option<DatedCertificate>,
) -> Result<Vec<PlannedRenewal>, Vec<Fault>> {
    let mut renewals = Vec::new();
    for unit in Unit::cluster(fleet).map(Ok).into_iter().chain(
        fleet
            .members
            .iter()
            .map(|member| Unit::member(fleet, member)),
    ) {
        add(&unit?, &find, &mut renewals);
    }
    Ok(renewals)
}

fn add(
    unit: &Unit<'_>,
    find: &impl Fn(&str, &SecretKeyRef) -> Option<DatedCertificate>,
    renewals: &mut Vec<PlannedRenewal>,
) {
    let placements = unit.placements();
    let place = |credential: Credential| {
        let mut found = placements.iter();
        let (_, place) = found.find(|(found, _)| *found == credential)?;
        Some((place, find(unit.namespace(), place)?))
    };
    let mut chains = Vec::new();
    let mut dates = Vec::new();
    for (role, leaf_terms) in unit.roles() {
        let parts = role.parts();
        let (Some(leaf), Some(ca)) = (place(parts.leaf), place(parts.ca)) else {
            continue;
        };
        let terms = unit.terms_of(*role, leaf_terms, None);
        let due = terms.due(leaf.1.validity, ca.1.validity, ca.1.is_root);
        dates.push((unit.secrets_of(*role), due.first()));
        chains.push((unit.custody(*role), leaf.0, (ca.0, due.ca)));
    }
    let is_shared = matches!(unit.fleet().keys.here(), Some(Secrets::Sops { .. }));
    // A stored CA needs the identity, and with it neighbours keep their keys.
    if is_shared && unit.terms().ca != CaCustody::Stored {
        share(&mut dates);
    }
    for ((custody, leaf, (ca, ca_due)), (_, at)) in chains.into_iter().zip(dates) {
        let mut note = |place: &SecretKeyRef, at| {
            renewals.push(PlannedRenewal {
                namespace: unit.namespace().to_owned(),
                secret: place.secret.as_str().to_owned(),
                key: place.key.as_str().to_owned(),
                at,
            });
        };
        note(leaf, at);
        // Whoever gives a CA renews it.
        let ca_at = match custody {
            CaCustody::Ephemeral => Some(at),
            CaCustody::Stored | CaCustody::External => ca_due,
        };
        if let Some(at) = ca_at {
            note(ca, at);
        }
    }
}
