//! Looks which certificates of a CA the tree asks for already, and lets only so many more be asked for.

use super::super::error::Failure;
use super::super::output::warn;
use super::super::tree::Tree;
use super::fleet::Inputs;
use civi_ingress::gitops::rollout::{Rollout, Standing};
use time::OffsetDateTime;

/// Settles for each instance whether its turn has come, and warns of those who wait.
pub(super) fn stage(inputs: &mut Inputs, tree: &Tree, now: OffsetDateTime) -> Result<(), Failure> {
    let Some(rollout) = Rollout::of(&inputs.fleet) else {
        return Ok(());
    };
    let mut standings = Vec::new();
    for (index, path) in rollout.paths(&inputs.fleet) {
        let text = tree.read(&path)?;
        let standing = text.and_then(|text| Standing::read(text.as_str()));
        standings.extend(standing.map(|standing| (index, standing)));
    }
    if let Some(warning) = rollout.stage(&mut inputs.fleet, &standings, now) {
        warn(&warning);
    }
    Ok(())
}
