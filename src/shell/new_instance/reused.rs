//! The Secrets whose keys are to stay.

use super::arguments::NewInstance;
use crate::shell::error::{Failure, Kind};
use crate::shell::writing::Writing;
use crate::shell::{Run, world};
use civi_ingress::fault::Fault;
use civi_ingress::instance::Instance;
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::ObjectName;
use std::collections::BTreeSet;

/// Reads the manifests of `--reuse`, as far as they belong to the instance's namespace.
///
/// A Secret that is not among them may still exist: new keys would lose it.
pub(super) fn read_found(
    run: &Run,
    arguments: &NewInstance,
    instance: &Instance,
    writing: &mut Writing<'_>,
) -> Result<Option<Vec<FoundSecret>>, Failure> {
    let places: BTreeSet<&ObjectName> = instance
        .chart_placements()
        .map(|(_, place)| &place.secret)
        .collect();
    let text = match &arguments.reuse {
        Some(path) => world::read_manifests(path)?,
        None if !arguments.cluster.cluster => return Ok(None),
        None => {
            let settings = &instance.settings;
            let beside = [&settings.trust_bundle.secret, &settings.db_router_ca.secret];
            let names: BTreeSet<&ObjectName> = places.iter().copied().chain(beside).collect();
            let Some(text) = arguments
                .cluster
                .secrets(&instance.namespace, names.into_iter())?
            else {
                run.note("the cluster has no Secret of this instance: all keys are new");
                return Ok(None);
            };
            text
        }
    };
    writing.may_let_go(&text.content);
    let mut secrets = manifests::secrets(&text.content, &text.name)?;
    let all: Vec<String> = secrets.iter().map(FoundSecret::to_string).collect();
    let namespace = instance.namespace.as_str();
    secrets.retain(|secret| {
        secret
            .namespace
            .as_deref()
            .is_none_or(|found| found == namespace)
    });
    let (check, option) = match &arguments.reuse {
        Some(_) => ("check the command before the pipe", "--reuse"),
        None => ("restore it", "--cluster"),
    };
    let mut faults = Vec::new();
    for name in places {
        let count = secrets
            .iter()
            .filter(|secret| secret.name == name.as_str())
            .count();
        let fault = match count {
            1 => continue,
            0 => Fault::new(format!(
                "the input has no Secret {namespace}/{name}; it has {}",
                all.join(", ")
            ))
            .help(format!("{check}; leave out `{option}` to make new keys")),
            _ => Fault::new(format!("Secret {namespace}/{name} appears {count} times"))
                .help("keep one of them"),
        };
        faults.push(fault.file(&text.name));
    }
    if faults.is_empty() {
        return Ok(Some(secrets));
    }
    Err(Failure {
        kind: Kind::WouldLose,
        faults,
    })
}
