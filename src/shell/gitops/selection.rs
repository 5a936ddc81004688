//! A part of a fleet that a run is confined to.

use super::super::error::Failure;
use super::job::Job;
use super::moves::TreeStanding;
use super::survey::Survey;
use civi_ingress::fault::Fault;

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
        standing: &TreeStanding,
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
