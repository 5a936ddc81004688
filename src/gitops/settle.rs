//! What should become of one chain as it was found, whatever the phase.

use super::context::{Context, Sealer};
use super::decide::{Action, Need, Reason};
use super::found::{SecretLock, Stored};
use super::plan::RolePlan;
use super::secrets::UnitSecrets;
use super::secrets::obstacle;
use super::unit::Unit;
use crate::fleet::CaCustody;
use crate::guarded::Guarded;
use crate::ingress::Role;
use crate::instance::Credential;
use crate::pki::reuse::{Cause, ChainKeys, LeafTerms, Serving, examine};
use crate::pki::{Certificate, authorities, verify};
use crate::seal::Recipient;
use std::collections::BTreeSet;

/// Settles what should become of a chain, whatever the phase.
pub(super) fn settle(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
    leaf: &LeafTerms,
) -> RolePlan {
    let mut plan = RolePlan {
        role,
        action: Action::Keep,
        chain: None,
        due: None,
        new_ca: true,
    };
    let custody = unit.custody(role);
    let intermediate = stored_intermediate(unit, current, role);
    let mut ends_with_ca = false;
    let reason = match found_chain(context, unit, current, role, leaf) {
        Err(reason) => {
            // A stored CA may outlive its leaf; `make` looks whether it has.
            let may_stay =
                intermediate.is_some() || matches!(reason, Reason::Chain(Cause::Expired(_)));
            plan.new_ca = custody != CaCustody::Stored || !may_stay;
            Some(reason)
        }
        Ok(serving) => {
            let ca_is_due = serving.due.ca.is_some_and(|due| context.now >= due);
            plan.due = Some(serving.due.first());
            ends_with_ca = serving.ends_with_ca;
            let reason = serving.cause.map(Reason::Chain);
            let reason = reason.or_else(|| lock_reason(context, unit, current, role));
            plan.new_ca = match custody {
                CaCustody::Ephemeral => true,
                CaCustody::External => reason == Some(Cause::CaChanged.into()),
                CaCustody::Stored => {
                    ca_is_due
                        || reason == Some(Cause::CaKeyMissing.into())
                        || context.rekey
                            && intermediate.is_none()
                            && reason.as_ref().is_some_and(Reason::concerns_lock_only)
                }
            };
            plan.chain = Some(serving.chain);
            reason
        }
    };
    if let Some(obstacle) = obstacle(context, unit, current, role) {
        plan.action = Action::Blocked(obstacle, Need::Person);
        return plan;
    }
    let Some(reason) = reason else { return plan };
    // Another leaf would end no later.
    let gains_nothing = ends_with_ca && reason.is_due();
    plan.action = way_out(context, unit, current, role, reason, gains_nothing);
    if let (Action::Issue | Action::Renew(_), Some((ca, above))) = (&plan.action, intermediate)
        && (gains_nothing || verify::issuing_path(&ca, &above, context.now).is_err())
    {
        let reason = plan.action.reason().cloned().unwrap_or(Reason::MISSING);
        plan.action = Action::Blocked(reason, Need::OtherIntermediate);
    }
    plan
}

/// Finds the intermediate that signs for a chain, with those above it, where its key is stored beside.
fn stored_intermediate(
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
) -> Option<(Certificate, Vec<Certificate>)> {
    if unit.custody(role) != CaCustody::Stored || !holds_ca_key(unit, current, role) {
        return None;
    }
    authorities::intermediate(&public_text(unit, current, role.parts().ca)?)
}

/// Returns what can be done about a reason.
fn way_out(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
    reason: Reason,
    gains_nothing: bool,
) -> Action {
    let custody = unit.custody(role);
    let opens = unit
        .secrets_of(role)
        .iter()
        .all(|name| current.can_open(name, context.identities));
    let holds_ca_key = holds_ca_key(unit, current, role);
    let drops_ca_key = reason == Cause::CaKeyStored.into();
    if (reason.concerns_lock_only() && !context.rekey || drops_ca_key) && opens {
        return Action::Reseal(reason);
    }
    match &reason {
        Reason::Closed(need) => return Action::Blocked(reason.clone(), *need),
        Reason::LockedOtherwise => return Action::Blocked(reason, context.identity()),
        _ => {}
    }
    let locked_for_us = unit.secrets_of(role).iter().any(|name| {
        let secret = current.get(name.as_str());
        secret.is_some_and(|secret| matches!(secret.lock, SecretLock::Sops { .. }))
    });
    if reason.concerns_lock_only() && !context.rekey && locked_for_us {
        return Action::Blocked(reason, context.identity());
    }
    match custody {
        CaCustody::External if context.given_ca.is_none() => Action::Blocked(reason, Need::CaKey),
        CaCustody::External if gains_nothing => Action::Blocked(reason, Need::OtherCa),
        // What is stored is worth keeping: without the key to it nothing is made in its place unasked.
        CaCustody::Stored if !opens && (reason.can_wait() || holds_ca_key) => {
            Action::Blocked(reason, context.identity())
        }
        _ if reason == Reason::MISSING => Action::Issue,
        _ => Action::Renew(reason),
    }
}

/// Returns whether the key of the chain's CA is kept.
fn holds_ca_key(unit: &Unit<'_>, current: &UnitSecrets<'_>, role: Role) -> bool {
    unit.ca_key_place(role)
        .is_some_and(|place| current.value(place).is_some())
}

/// Returns whether the private key of a chain's leaf was found.
pub(super) fn has_key(unit: &Unit<'_>, current: &UnitSecrets<'_>, role: Role) -> bool {
    let place = unit.place_of(role.parts().leaf_key);
    place.is_some_and(|place| current.value(place).is_some())
}

/// Returns a text that is not private, as it was found.
fn public_text(
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    credential: Credential,
) -> Option<Guarded> {
    current.value(unit.place_of(credential)?)?.clear_text(false)
}

/// Returns the certificate of a chain's leaf and those behind it, as they were found.
pub(super) fn found_leaf(
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
) -> Option<Vec<Certificate>> {
    Certificate::all_from_pem(&public_text(unit, current, role.parts().leaf)?).ok()
}

/// Returns why what is private of a chain is locked in another way than it should be.
pub(super) fn lock_reason(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
) -> Option<Reason> {
    unit.secrets_of(role).iter().find_map(|name| {
        let lock = current.get(name.as_str()).map(|secret| &secret.lock)?;
        match (context.sealer, lock) {
            (Sealer::Plain, SecretLock::Open) => None,
            (Sealer::Sops(_), SecretLock::Sops { block, .. }) => {
                let found: BTreeSet<&str> = block.recipients().iter().map(AsRef::as_ref).collect();
                let wanted = current
                    .readers(name)
                    .iter()
                    .map(Recipient::as_str)
                    .collect();
                if found != wanted {
                    return Some(Reason::RecipientsChanged);
                }
                let fits = current.may_be_rendered_again(name, context.sealer, unit.placements());
                (!fits).then_some(Reason::LockedOtherwise)
            }
            (
                Sealer::Sealed { certificate, scope },
                SecretLock::Sealed {
                    with,
                    scope: found_scope,
                },
            ) => {
                if with.as_deref() == Some(certificate.fingerprint()) {
                    (scope != found_scope).then_some(Reason::ScopeChanged)
                } else {
                    Some(Reason::SealingKeyChanged)
                }
            }
            _ => Some(Reason::ModeChanged),
        }
    })
}

/// Examines the chain of a role as it is found.
pub(super) fn found_chain(
    context: &Context<'_>,
    unit: &Unit<'_>,
    secrets: &UnitSecrets<'_>,
    role: Role,
    leaf_terms: &LeafTerms,
) -> Result<Serving, Reason> {
    let text = |credential| match secrets.value(unit.place_of(credential)?)? {
        Stored::Sops(_) => Some(Err(Reason::Closed(Need::Identity))),
        Stored::Sealed(_) => Some(Err(Reason::Closed(Need::Person))),
        value => value.clear_text(false).map(Ok),
    };
    let text = |credential| text(credential).transpose();
    let parts = role.parts();
    let (ca, leaf) = (text(parts.ca)?, text(parts.leaf)?);
    let keys = ChainKeys::Seen {
        ca: holds_ca_key(unit, secrets, role),
        leaf: has_key(unit, secrets, role),
    };
    let terms = unit.terms_of(role, leaf_terms, context.given_ca);
    let texts = (ca.as_deref(), leaf.as_deref());
    Ok(examine(texts, keys, &terms, context.depth, context.now)?)
}
