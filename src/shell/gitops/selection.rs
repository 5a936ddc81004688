//! A part of a fleet that a run is confined to.

use super::super::error::Failure;
use super::job::Job;
use super::moves::Standing;
use super::survey::Survey;
use civi_ingress::fault::{Fault, did_you_mean};
use civi_ingress::fleet::Fleet;

/// The word for the wildcard certificate, instead of an instance's name.
pub(super) const WILDCARD: &str = "wildcard";

/// Returns the units of a fleet that are looked at, by their place among the members and none for the cluster: all, or
/// those of these names.
///
/// # Errors
/// Each name that no unit has.
pub(super) fn units(fleet: &Fleet, names: &[String]) -> Result<Vec<Option<usize>>, Failure> {
    let cluster = fleet.wildcard.iter().map(|_| None);
    let all = cluster.clone().chain((0..fleet.members.len()).map(Some));
    if names.is_empty() {
        return Ok(all.collect());
    }
    let mut faults = Vec::new();
    let mut units = Vec::new();
    for name in names {
        let members = &fleet.members;
        let found = members.binary_search_by(|member| member.id.as_str().cmp(name));
        match found {
            Ok(index) => units.push(Some(index)),
            Err(_) if name == WILDCARD && fleet.wildcard.is_some() => units.push(None),
            Err(_) => faults.push(unknown(fleet, name).argument("--instance")),
        }
    }
    units.sort_unstable();
    units.dedup();
    if faults.is_empty() {
        Ok(units)
    } else {
        Err(faults.into())
    }
}

/// Makes the fault of a name that no instance has, with the one that was probably meant.
pub(super) fn unknown(fleet: &Fleet, name: &str) -> Fault {
    let what = format!(
        "there is no instance `{}` in the fleet",
        name.escape_debug()
    );
    let wildcard = fleet.wildcard.iter().map(|_| WILDCARD);
    let names = fleet.members.iter().map(|member| member.id.as_str());
    match did_you_mean(name, names.chain(wildcard)) {
        Some(known) => Fault::new(what).help(format!("did you mean `{known}`?")),
        None => Fault::new(what),
    }
}

impl Job<'_> {
    /// Returns whether the run is confined to some instances.
    pub(super) fn is_partial(&self) -> bool {
        !self.arguments.instance.is_empty()
    }

    /// Refuses a run over some instances that would leave the others in a state that nobody asked for: in a new tree,
    /// where units pass from one controller to another, and where an instance was renamed or gets another namespace.
    pub(super) fn refuse_partial(
        &self,
        survey: &Survey,
        standing: &Standing,
    ) -> Result<(), Failure> {
        if !self.is_partial() {
            return Ok(());
        }
        let left = survey
            .units
            .iter()
            .find(|unit| unit.left.is_some() || !unit.left_behind.is_empty());
        let why = if !survey.is_known {
            "the tree was not rendered yet"
        } else if standing.moves_units() {
            "units pass from one part of the fleet to another"
        } else if left.is_some() {
            "an instance was renamed or gets another namespace"
        } else {
            return Ok(());
        };
        let help = "render the whole fleet once, without `--instance`";
        Err(Fault::new(why).help(help).argument("--instance").into())
    }
}
