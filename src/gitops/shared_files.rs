//! Chains that share an encrypted file: it has one data key, so that they are due, wait and are written together.

use super::context::{Context, Sealer};
use super::decide::{Action, Need, Reason};
use super::plan::RolePlan;
use super::renewal::share;
use super::secrets::UnitSecrets;
use super::settle::has_key;
use super::unit::Unit;
use crate::fleet::CaCustody;
use crate::name::ObjectName;
use std::collections::BTreeSet;

/// Where an encrypted file cannot be opened, its chains are due together.
pub(super) fn share_dates(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    roles: &mut [RolePlan],
) {
    let is_closed = |names: &BTreeSet<ObjectName>| {
        !names
            .iter()
            .all(|name| current.can_open(name, context.identities))
    };
    let mut closed = Vec::new();
    let mut dates = Vec::new();
    for (index, plan) in roles.iter().enumerate() {
        let names = unit.secrets_of(plan.role);
        if let (Some(due), true) = (plan.due, is_closed(&names)) {
            closed.push(index);
            dates.push((names, due));
        }
    }
    if matches!(context.sealer, Sealer::Sops(_)) {
        share(&mut dates);
    }
    for (index, (_, due)) in closed.into_iter().zip(dates) {
        roles[index].due = Some(due);
    }
}

/// Chains that share an encrypted file are reissued together or wait together; one that cannot wait takes the
/// others along.
pub(super) fn agree_within_files(unit: &Unit<'_>, roles: &mut [RolePlan], wished: &[Action]) {
    let groups: Vec<BTreeSet<ObjectName>> = roles
        .iter()
        .map(|plan| unit.secrets_of(plan.role))
        .collect();
    let acts = |action: &Action| {
        !matches!(
            action,
            Action::Keep | Action::Defer(_) | Action::Blocked(..)
        )
    };
    let before: Vec<Action> = roles.iter().map(|plan| plan.action.clone()).collect();
    for (index, plan) in roles.iter_mut().enumerate() {
        let mut neighbours = before
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index && !groups[*other].is_disjoint(&groups[index]));
        let cannot_wait =
            |action: &Action| acts(action) && !action.reason().is_some_and(Reason::can_wait);
        if neighbours.clone().any(|(_, action)| cannot_wait(action)) && acts(&wished[index]) {
            plan.action = wished[index].clone();
        } else if acts(&plan.action)
            && !cannot_wait(&plan.action)
            && neighbours.any(|(other, action)| !acts(action) && acts(&wished[other]))
            && let Some(reason) = plan.action.reason().cloned()
        {
            plan.action = Action::Defer(reason);
        }
    }
}

/// One encrypted file has one data key: where it is written again, all private values in it must be known. So a
/// chain whose file is written again is encrypted again with it, or reissued where it cannot be opened; and where
/// neither may be, the whole file stays. In a SealedSecret each value stands alone, but one annotation says which
/// key all are sealed with.
pub(super) fn close_over_files(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    roles: &mut [RolePlan],
) {
    let all_stay = roles.iter().all(|plan| plan.action == Action::Keep);
    if all_stay || matches!(context.sealer, Sealer::Plain) {
        return;
    }
    let has_data_key = matches!(context.sealer, Sealer::Sops(_));
    loop {
        let touched: BTreeSet<ObjectName> = roles
            .iter()
            .filter(|_| has_data_key)
            .filter(|plan| plan.action.makes_keys() || matches!(plan.action, Action::Reseal(_)))
            .flat_map(|plan| unit.secrets_of(plan.role))
            .collect();
        let mut changed = false;
        for plan in roles.iter_mut() {
            let is_touched = unit
                .secrets_of(plan.role)
                .iter()
                .any(|name| touched.contains(name));
            // What only waits to be locked for others goes along.
            let waits_for_lock = matches!(
                &plan.action,
                Action::Blocked(reason, Need::Identity | Need::OtherIdentity)
                    if reason.concerns_lock_only() && *reason != Reason::SameFile
            ) && unit.custody(plan.role) == CaCustody::Ephemeral;
            if is_touched && (plan.action == Action::Keep || waits_for_lock) {
                let opens = unit
                    .secrets_of(plan.role)
                    .iter()
                    .all(|name| current.can_open(name, context.identities));
                plan.action = match (opens, unit.custody(plan.role), context.given_ca) {
                    (true, _, _) => Action::Reseal(Reason::SameFile),
                    (false, CaCustody::External, None) => {
                        Action::Blocked(Reason::SameFile, Need::CaKey)
                    }
                    (false, CaCustody::Stored, _) => {
                        Action::Blocked(Reason::SameFile, context.identity())
                    }
                    (false, _, _) => Action::Renew(Reason::SameFile),
                };
                changed = true;
            }
        }
        let blocked: Vec<(BTreeSet<ObjectName>, Need)> = roles
            .iter()
            .filter_map(|plan| match &plan.action {
                Action::Blocked(reason, need)
                    if has_key(unit, current, plan.role)
                        && (has_data_key || reason.concerns_lock_only()) =>
                {
                    Some((unit.secrets_of(plan.role), *need))
                }
                _ => None,
            })
            .collect();
        for plan in roles.iter_mut() {
            let own = unit.secrets_of(plan.role);
            let neighbour = blocked.iter().find(|(names, _)| !names.is_disjoint(&own));
            let acts = plan.action.makes_keys() || matches!(plan.action, Action::Reseal(_));
            if let (Some((_, need)), true) = (neighbour, acts) {
                let reason = plan.action.reason().cloned().unwrap_or(Reason::MISSING);
                plan.action = Action::Blocked(reason, *need);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
