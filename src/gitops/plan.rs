//! What becomes of the chains of a unit.

use super::decide::{Action, Need, Reason};
use crate::fault::Fault;
use crate::ingress::Role;
use crate::pki::reuse::{Cause, PublicChain};
use time::OffsetDateTime;

/// What becomes of one chain.
#[derive(Debug, Clone)]
pub struct RolePlan {
    /// Which chain.
    pub role: Role,
    /// What becomes of it.
    pub action: Action,
    /// Its public half, if that was found and stays for now.
    pub chain: Option<PublicChain>,
    /// When it is due.
    pub due: Option<OffsetDateTime>,
    /// Whether the CA of its successor is another one.
    pub new_ca: bool,
}

/// What becomes of a unit's chains.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its chains.
    pub roles: Vec<RolePlan>,
    /// Whether a certificate that is given takes the place of what was found.
    pub takes_given: bool,
}

impl Plan {
    /// Returns whether all chains, and what is given, stay where they are.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        !self.takes_given
            && self.roles.iter().all(|role| {
                matches!(
                    role.action,
                    Action::Keep | Action::Defer(_) | Action::Blocked(..)
                )
            })
    }

    /// Lets every chain that was found complete keep its keys, whatever else would become of it.
    ///
    /// # Errors
    /// A chain whose leaf or key is missing.
    pub fn keep_keys(&mut self) -> Result<(), Fault> {
        for role in &mut self.roles {
            if let Action::Renew(Reason::Chain(Cause::Incomplete(what))) = &role.action {
                return Err(Fault::new(format!("{}: its {what} is missing", role.role)));
            }
            if matches!(role.action, Action::Renew(_)) {
                role.action = Action::Reseal(Reason::ModeChanged);
            }
        }
        Ok(())
    }

    /// Returns whether nothing usable of any chain was found: its keys would be the first ones, or take the place of
    /// keys that are gone.
    #[must_use]
    pub fn finds_no_keys(&self) -> bool {
        !self.roles.is_empty()
            && self.roles.iter().all(|role| {
                role.action.makes_keys()
                    && role.action.reason().is_none_or(|reason| {
                        matches!(
                            reason,
                            Reason::Chain(
                                Cause::Missing | Cause::Incomplete(_) | Cause::Unreadable(_)
                            )
                        )
                    })
            })
    }

    /// Returns whether keys would be issued for a chain of which none were found.
    #[must_use]
    pub fn misses_keys(&self) -> bool {
        self.roles.iter().any(|role| {
            role.action.makes_keys()
                && role.action.reason().is_none_or(|reason| {
                    matches!(reason, Reason::Chain(Cause::Missing | Cause::Incomplete(_)))
                })
        })
    }

    /// Makes everything that would happen wait.
    pub fn wait_for(&mut self, need: Need) {
        self.takes_given = false;
        for role in &mut self.roles {
            if !matches!(
                role.action,
                Action::Keep | Action::Defer(_) | Action::Blocked(..)
            ) {
                let reason = role.action.reason().cloned().unwrap_or(Reason::MISSING);
                role.action = Action::Blocked(reason, need);
            }
        }
    }

    /// Returns the first end among the chains whose renewal could wait.
    #[must_use]
    pub fn can_wait_until(&self) -> Option<OffsetDateTime> {
        let makes: Vec<&RolePlan> = self
            .roles
            .iter()
            .filter(|role| role.action.makes_keys())
            .collect();
        let all_can_wait = makes
            .iter()
            .all(|role| role.action.reason().is_some_and(Reason::can_wait));
        if makes.is_empty() || !all_can_wait {
            return None;
        }
        let ends = makes
            .iter()
            .filter_map(|role| Some(role.chain.as_ref()?.leaf.validity.not_after));
        ends.min()
    }
}
