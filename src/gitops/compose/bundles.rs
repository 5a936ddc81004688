//! The trust bundles of a unit.

use super::chains::carried;
use super::work::Work;
use crate::fault::Fault;
use crate::fleet::CaCustody;
use crate::gitops::context::Phase;
use crate::gitops::decide::{Action, Need};
use crate::gitops::found::{Stored, decode};
use crate::gitops::plan::{Plan, RolePlan};
use crate::guarded::Guarded;
use crate::ingress::{Credentials, Role};
use crate::instance::Credential;
use crate::instant::later;
use crate::manifest::{PrivateKeys, SecretData};
use crate::pki::reuse::PublicChain;
use crate::pki::trust_bundle::{Retention, trust_bundle};
use crate::pki::{Certificate, authorities};
use time::Duration;

impl Work<'_> {
    /// Settles the trust bundles: the CA in use, the one of a successor that waits, and those before while their
    /// leaves may be served.
    pub(super) fn bundles(
        &self,
        plan: &Plan,
        in_use: &mut Credentials,
        waiting: &mut Credentials,
    ) -> Result<(), Fault> {
        for role in &plan.roles {
            let Some(bundle) = role.role.trust_bundle() else {
                continue;
            };
            let parts = role.role.parts();
            let stages = matches!(role.action, Action::Stage(_));
            let next = self.successor(role, waiting);
            if let (Action::Blocked(_, Need::Person), Some(value)) =
                (&role.action, self.found(bundle).next())
            {
                in_use.add(bundle, carried(value, bundle)?);
                continue;
            }
            // Most bundles hold the one CA, and stay.
            let is_alone = |chain: &PublicChain| !chain.is_one_of_several;
            if let (Some(value), None, Action::Keep, true) = (
                self.found(bundle).next(),
                &next,
                &role.action,
                role.chain.as_ref().is_some_and(is_alone),
            ) && in_use.get(parts.ca).is_some_and(|ca| is_same(value, ca))
            {
                in_use.add(bundle, carried(value, bundle)?);
                continue;
            }
            let Some(present) = anchor(
                role.role,
                clear_text(in_use, parts.ca).as_deref(),
                clear_text(in_use, parts.leaf).as_deref(),
            ) else {
                // What cannot be judged stays as it was found.
                if let (Some(value), None) = (self.found(bundle).next(), in_use.get(bundle)) {
                    in_use.add(bundle, carried(value, bundle)?);
                }
                continue;
            };
            let signing: Vec<&Certificate> = std::iter::once(&present).chain(&next).collect();
            let texts = |credential| {
                let found = self.found(credential);
                found.filter_map(|value| value.clear_text(false))
            };
            let in_chain = texts(parts.ca).flat_map(|text| {
                if bundle == parts.ca {
                    authorities::read(&text)
                } else {
                    authorities::topmost(&text)
                }
            });
            let before = texts(bundle)
                .flat_map(|text| authorities::read(&text))
                .chain(in_chain);
            let trusted = trust_bundle(&signing, before, self.retention(role), self.context.now);
            if let (Some(next), true) = (next, stages && bundle == parts.ca) {
                let rest = trusted.iter().filter(|ca| **ca != next).cloned();
                let certificates: Vec<Certificate> =
                    std::iter::once(next.clone()).chain(rest).collect();
                waiting.add_bundle(bundle, &certificates);
            }
            in_use.add_bundle(bundle, &trusted);
        }
        Ok(())
    }

    /// Returns the CA of the successor that waits or is made to wait.
    fn successor(&self, role: &RolePlan, waiting: &Credentials) -> Option<Certificate> {
        let parts = role.role.parts();
        if matches!(role.action, Action::Stage(_)) {
            return anchor(
                role.role,
                clear_text(waiting, parts.ca).as_deref(),
                clear_text(waiting, parts.leaf).as_deref(),
            );
        }
        let waits = role.action != Action::Promote && !role.action.makes_keys();
        let text = |credential: Credential| {
            let places = self.placements.iter();
            let mut found = places.filter(|(found, _)| *found == credential);
            found.find_map(|(_, place)| self.staged.value(place)?.clear_text(false))
        };
        // Most have none, and nothing is looked up for them.
        if !waits || self.staged.is_empty() {
            return None;
        }
        anchor(
            role.role,
            text(parts.ca).as_deref(),
            text(parts.leaf).as_deref(),
        )
    }

    /// Returns what was found of a credential, in each of its places.
    fn found(&self, credential: Credential) -> impl Iterator<Item = &Stored<'_>> {
        let places = self.placements.iter();
        places
            .filter(move |(found, _)| *found == credential)
            .filter_map(|(_, place)| self.current.value(place))
    }

    /// Returns how long the previous CAs stay trusted.
    fn retention(&self, role: &RolePlan) -> Retention {
        if self.context.phase == Phase::Shrink {
            return Retention::Nothing;
        }
        let terms = self.unit.terms();
        let stays = matches!(
            role.action,
            Action::Keep | Action::Defer(_) | Action::Blocked(..)
        );
        if let (Some(overlap), Some(chain), true) = (terms.overlap_days, &role.chain, stays)
            && self.context.now
                >= later(
                    chain.leaf.validity.not_before,
                    Duration::days(overlap.into()),
                )
        {
            return Retention::Nothing;
        }
        match self.unit.custody(role.role) {
            CaCustody::External => Retention::UntilEnd,
            CaCustody::Ephemeral | CaCustody::Stored => Retention::WhileServed {
                life: Duration::days(terms.days.into()),
            },
        }
    }
}

/// Returns the text of a credential that is in clear text.
fn clear_text(credentials: &Credentials, credential: Credential) -> Option<Guarded> {
    let data = credentials.get(credential)?;
    decode(data.expose(PrivateKeys::Written), true)
}

/// Finds what must be trusted for a leaf, in the texts of its CAs and its own: the CA that signed it, or the root above
/// that where the bundle that clients read is not the text of the CAs itself.
fn anchor(role: Role, texts: Option<&str>, leaf: Option<&str>) -> Option<Certificate> {
    let leaf = Certificate::each_from_pem(leaf?).next()?.ok()?;
    let all = authorities::read(texts?);
    let issuer = authorities::signer(&all, &leaf)?;
    let above = if role.trust_bundle() == Some(role.parts().ca) {
        Vec::new()
    } else {
        authorities::above(issuer, &all)
    };
    Some(above.last().unwrap_or(issuer).clone())
}

/// Returns whether a value that was found is, letter for letter, another one.
fn is_same(found: &Stored<'_>, data: &SecretData) -> bool {
    matches!(found, Stored::Base64(text) if text == data.expose(PrivateKeys::Written))
}
