//! From what was found of a unit to what becomes of its chains.

use super::context::{Context, Phase, Sealer};
use super::decide::{Action, Need, Reason};
use super::plan::{Plan, RolePlan};
use super::secrets::obstacle;
use super::secrets::{FoundUnit, UnitSecrets};
use super::settle::{found_chain, found_leaf, has_key, lock_reason, settle};
use super::shared_files::{agree_within_files, close_over_files, share_dates};
use super::unit::Unit;
use crate::ingress::Role;

/// Decides what becomes of the chains of a unit. `may_renew` says whether a renewal that can wait may happen now.
#[must_use]
pub fn plan(
    context: &Context<'_>,
    unit: &Unit<'_>,
    found: &FoundUnit<'_>,
    may_renew: bool,
) -> Plan {
    let FoundUnit {
        current, staged, ..
    } = found;
    let mut roles: Vec<RolePlan> = unit
        .roles()
        .iter()
        .map(|(role, leaf)| settle(context, unit, current, *role, leaf))
        .collect();
    share_dates(context, unit, current, &mut roles);
    close_over_files(context, unit, current, &mut roles);
    if !staged.is_empty() && successors_are_good(context, unit, staged) {
        for plan in &mut roles {
            let place = unit.place_of(plan.role.parts().leaf_key);
            let is_staged = place.is_some_and(|place| staged.get(place.secret.as_str()).is_some());
            if is_staged {
                plan.action = match context.phase {
                    Phase::All | Phase::Leaf => Action::Promote,
                    Phase::Trust | Phase::Shrink => Action::Keep,
                };
            }
        }
    } else {
        let wished: Vec<Action> = roles.iter().map(|plan| plan.action.clone()).collect();
        for plan in &mut roles {
            plan.action = in_phase(context.phase, plan, may_renew);
        }
        if matches!(context.sealer, Sealer::Sops(_)) {
            agree_within_files(unit, &mut roles, &wished);
        }
    }
    let takes_given = takes_given(context, unit, current);
    Plan { roles, takes_given }
}

/// Decides whether a certificate that is given takes the place of what was found: it does unless that is the same, with its
/// key, locked as it should be.
fn takes_given(context: &Context<'_>, unit: &Unit<'_>, current: &UnitSecrets<'_>) -> bool {
    let Some(given) = context.given_front.filter(|_| unit.takes_given()) else {
        return false;
    };
    let role = Role::Public;
    found_leaf(unit, current, role).as_deref() != Some(&given.certificates[..])
        || !has_key(unit, current, role)
        || lock_reason(context, unit, current, role).is_some()
}

fn in_phase(phase: Phase, plan: &RolePlan, may_renew: bool) -> Action {
    let (Action::Renew(reason) | Action::Reseal(reason)) = &plan.action else {
        return plan.action.clone();
    };
    let reason = reason.clone();
    let moves_trust = plan.role.trust_bundle().is_some() && plan.new_ca;
    match (phase, &plan.action) {
        // An outage, or no keys drawn: nothing to wait for.
        (_, action) if !reason.can_wait() => action.clone(),
        _ if !may_renew => Action::Defer(reason),
        (Phase::Trust, Action::Renew(_)) if plan.role.trust_bundle().is_some() => {
            Action::Stage(reason)
        }
        (Phase::Leaf, Action::Renew(_)) if moves_trust => Action::Blocked(reason, Need::TrustPhase),
        (Phase::Trust | Phase::Shrink, _) => Action::Defer(reason),
        (Phase::All | Phase::Leaf, action) => action.clone(),
    }
}

/// Returns whether Secrets that wait still are what the fleet file wants.
fn successors_are_good(context: &Context<'_>, unit: &Unit<'_>, staged: &UnitSecrets<'_>) -> bool {
    unit.roles().iter().all(
        |(role, leaf)| match found_chain(context, unit, staged, *role, leaf) {
            Err(reason) => reason == Reason::MISSING,
            Ok(_) => {
                lock_reason(context, unit, staged, *role).is_none()
                    && obstacle(context, unit, staged, *role).is_none()
            }
        },
    )
}
