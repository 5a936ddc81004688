//! What expires when: the certificates of a fleet by urgency, and the path of each instance.
//!
//! [`report()`] takes what [`crate::find`] found, or what a live host served ([`Origin::Endpoint`]), and
//! [`Report::write`] writes it; each form has a file beside this one.

mod diagram;
mod forms;
mod html;
mod json;
mod live;
mod path;
mod prometheus;
mod renewal;
mod replaced;
mod report;
mod row;
mod selection;
mod table;
mod words;

pub use forms::{Format, Presentation};
#[cfg(test)]
pub(crate) use json::Document;
pub use live::LiveFault;
pub use path::{Before, Front, FrontKind, InstancePath, JudgedLeg, LegVerdict, Stop, Wire};
pub use report::{Report, Within};
pub use row::{Renewer, Row, Urgency};
pub use selection::Selection;
pub use words::Language;

use crate::cluster::naming::Naming;
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::fault::{Fault, Faults};
use crate::find::{FoundCertificate, Origin};
use crate::fleet::Fleet;
use crate::path::Routed;
use crate::path::entrances::Entrances;
use crate::pki::Certificate;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Settles how urgent each certificate is and which instance it serves. A certificate that is in several places
/// becomes one row.
///
/// # Errors
/// Certificates whose extensions do not parse, with their place.
pub fn report(
    found: Vec<FoundCertificate>,
    cluster: &Cluster,
    now: OffsetDateTime,
) -> Result<Report, Vec<Fault>> {
    let mut faults = Faults::default();
    let paths = crate::path::read(cluster, Naming::default(), &Entrances::default());
    let report = lenient(found, (cluster, paths), None, now, &mut faults);
    faults.finish(Some(report))
}

/// Counts the Secrets of which nothing is at hand but the object by which a controller makes them.
#[must_use]
pub fn made(objects: &Cluster) -> usize {
    let kinds = [Kind::Certificate, Kind::ExternalSecret];
    let asked = kinds.into_iter().flat_map(|kind| objects.of(kind));
    let is_missing = |object: &&Object| {
        let secret = match &object.resource {
            Resource::Certificate(asked) if asked.validity.is_none() => asked.secret.as_ref(),
            Resource::ExternalSecret(fetched) => Some(&fetched.secret),
            _ => None,
        };
        secret.is_some_and(|secret| objects.find(Kind::Secret, &object.scope, secret).is_none())
    };
    asked.filter(is_missing).count()
}

/// As [`report()`], but leaves out the certificates that do not parse and notes them in `faults`, beside what could not
/// be read before; all of them are counted. With a fleet its certificates are due when it renews them.
pub fn lenient(
    found: Vec<FoundCertificate>,
    (cluster, paths): (&Cluster, Vec<Routed<'_>>),
    fleet: Option<&Fleet>,
    now: OffsetDateTime,
    faults: &mut Faults,
) -> Report {
    let mut by_der: BTreeMap<Vec<u8>, (Certificate, BTreeSet<Origin>)> = BTreeMap::new();
    for FoundCertificate {
        origin,
        certificate,
    } in found
    {
        let der = certificate.der().to_vec();
        let (_, origins) = by_der
            .entry(der)
            .or_insert_with(|| (certificate, BTreeSet::new()));
        origins.insert(origin);
    }
    let mut rows: Vec<Row> = Vec::with_capacity(by_der.len());
    for (certificate, origins) in by_der.into_values() {
        match certificate.details() {
            Ok(details) => rows.push(Row::new(details, origins, now)),
            Err(fault) => {
                for origin in origins {
                    faults.push(fault.clone().file(&origin.to_string()));
                }
            }
        }
    }
    renewal::announce(&mut rows, cluster, now);
    if let Some(fleet) = fleet {
        renewal::plan(&mut rows, fleet, faults);
    }
    live::judge(&mut rows);
    let replaced = replaced::find(&rows);
    for (index, row) in rows.iter_mut().enumerate() {
        row.urgency = if replaced.contains(&index) {
            Urgency::Replaced
        } else {
            Urgency::of(row.details.validity, row.due, now)
        };
    }
    rows.sort_unstable_by(|a, b| {
        // What was made within one day belongs together, and is found by its name.
        let key = |row: &Row| {
            let end = row.details.validity.not_after;
            (row.urgency, row.due.date(), end.date())
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.origins.cmp(&b.origins))
            .then_with(|| a.details.sha256.cmp(&b.details.sha256))
    });
    let instances = path::instances(&rows, cluster, paths, fleet);
    Report {
        now,
        fleet: fleet.map(|fleet| fleet.name.to_string()),
        rows,
        instances,
        damaged: faults.len(),
    }
}
