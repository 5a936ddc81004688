//! The command that makes programs take new certificates.

use super::credentials::Role;
use crate::civiparoisse;

/// Returns the one command that makes the programs of an instance take what is new: of the chains in `served` the
/// leaf, of those in `trusted` the bundle only. Traefik needs none; a mounted `subPath` does not change in a pod
/// that runs.
#[must_use]
pub fn restart(namespace: &str, served: &[Role], trusted: &[Role]) -> Option<String> {
    let leaf_of = |role| served.contains(&role);
    let bundle_of = |role| leaf_of(role) || trusted.contains(&role);
    let sets = [
        (civiparoisse::DATABASE_SET, leaf_of(Role::Database)),
        (
            civiparoisse::HTTPD_SET,
            leaf_of(Role::Httpd) || bundle_of(Role::Client) || bundle_of(Role::Database),
        ),
        (civiparoisse::TOOLS_SET, bundle_of(Role::Database)),
    ];
    let sets: Vec<String> = sets
        .iter()
        .filter(|(_, is_wanted)| *is_wanted)
        .map(|(set, _)| format!("statefulset/{set}"))
        .collect();
    let command = || format!("kubectl -n {namespace} rollout restart {}", sets.join(" "));
    (!sets.is_empty()).then(command)
}
