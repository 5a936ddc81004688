//! The units of a fleet by their names.

use super::super::error::Failure;
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
    let cluster = fleet.front.iter().map(|_| None);
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
            Err(_) if name == WILDCARD && fleet.front.is_some() => units.push(None),
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
    let wildcard = fleet.front.iter().map(|_| WILDCARD);
    let names = fleet.members.iter().map(|member| member.id.as_str());
    match did_you_mean(name, names.chain(wildcard)) {
        Some(known) => Fault::new(what).help(format!("did you mean `{known}`?")),
        None => Fault::new(what),
    }
}
