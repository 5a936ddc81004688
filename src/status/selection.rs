//! A part of a report: some instances, or what has failed.

use super::path::{InstancePath, JudgedLeg, LegVerdict};
use super::report::Report;
use super::row::Row;
use crate::fault::{Fault, did_you_mean};
use crate::find::Origin;
use crate::fleet::Fleet;
use std::collections::BTreeSet;

/// What of a report is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// Instances, by their name in the fleet or by their namespace, else the directory or file of their manifests; all
    /// if there is none.
    pub instances: &'a [String],
    /// Whether only what has failed is wanted: certificates that are urgent
    /// ([`Urgency::is_urgent`](super::Urgency::is_urgent)), that cert-manager cannot renew or that a live host shows for
    /// another name or without its intermediate, and instances with one, or
    /// with a certificate that the next on the path does not trust.
    pub failed: bool,
}

impl Row {
    /// Returns whether it is urgent, cannot be renewed, or a live host shows it wrongly.
    fn has_failed(&self) -> bool {
        self.urgency.is_urgent() || self.failure.is_some() || !self.live_faults.is_empty()
    }

    fn is_in(&self, homes: &BTreeSet<&str>, hosts: &BTreeSet<&str>) -> bool {
        self.origins.iter().any(|origin| match origin {
            Origin::Object(object) => {
                let namespace = object.namespace.as_deref();
                namespace.is_some_and(|namespace| homes.contains(namespace))
            }
            Origin::Endpoint { host, .. } => {
                let name = host.rsplit_once(':').map_or(&host[..], |(name, _)| name);
                hosts.contains(name)
            }
            Origin::File { .. } => false,
        })
    }
}

impl InstancePath {
    fn has_failed(&self, rows: &[Row]) -> bool {
        let is_broken =
            |leg: &JudgedLeg| matches!(leg.verdict, LegVerdict::NotSigned | LegVerdict::OtherName);
        self.legs().into_iter().any(|(_, _, leg)| is_broken(leg))
            || self
                .needs(rows)
                .into_iter()
                .any(|row| rows[row].has_failed())
    }

    fn is_in(&self, homes: &BTreeSet<&str>) -> bool {
        homes.contains(self.home.as_str())
            || self
                .namespace
                .as_deref()
                .is_some_and(|namespace| homes.contains(namespace))
    }

    /// Returns the certificates of all its legs.
    fn rows(&self) -> impl Iterator<Item = usize> {
        let legs = self.legs().into_iter();
        legs.flat_map(|(_, _, leg)| leg.certificate.iter().chain(&leg.trust).copied())
    }

    fn legs_mut(&mut self) -> impl Iterator<Item = &mut JudgedLeg> {
        [&mut self.browser, &mut self.backend]
            .into_iter()
            .chain(&mut self.database)
    }
}

impl Report {
    /// Leaves out what is not selected. An instance stays with all certificates of its path, good ones too.
    ///
    /// # Errors
    /// Names of which nothing was read.
    pub fn select(
        mut self,
        selection: Selection<'_>,
        fleet: Option<&Fleet>,
    ) -> Result<Self, Vec<Fault>> {
        let Selection { instances, failed } = selection;
        if instances.is_empty() && !failed {
            return Ok(self);
        }
        let homes = self.homes(instances, fleet)?;
        let is_named = |instance: &InstancePath| instances.is_empty() || instance.is_in(&homes);
        let named = self.instances.iter().filter(|instance| is_named(instance));
        let hosts: BTreeSet<&str> = named
            .flat_map(|named| &named.hosts)
            .map(String::as_str)
            .collect();
        let is_row_named = |row: &Row| instances.is_empty() || row.is_in(&homes, &hosts);
        let is_kept = |row: &Row| is_row_named(row) && (!failed || row.has_failed());
        let kept = self.rows.iter().enumerate().filter(|(_, row)| is_kept(row));
        let mut numbers: BTreeSet<usize> = kept.map(|(number, _)| number).collect();
        let chosen: Vec<bool> = self
            .instances
            .iter()
            .map(|one| is_named(one) && (!failed || one.has_failed(&self.rows)))
            .collect();
        let mut chosen = chosen.into_iter();
        self.instances.retain(|_| chosen.next().unwrap_or(false));
        numbers.extend(self.instances.iter().flat_map(InstancePath::rows));
        let numbers: Vec<usize> = numbers.into_iter().collect();
        for leg in self.instances.iter_mut().flat_map(InstancePath::legs_mut) {
            // A leg that is not shown, as behind TLS that is passed through, may have certificates that are left out.
            let moved = |row: usize| numbers.binary_search(&row).ok();
            leg.certificate = leg.certificate.and_then(moved);
            leg.trust = leg.trust.iter().copied().filter_map(moved).collect();
        }
        let mut number = 0..;
        self.rows.retain(|_| {
            let number = number.next().unwrap_or_default();
            numbers.binary_search(&number).is_ok()
        });
        Ok(self)
    }

    /// Returns the namespaces, directories and files that names of instances stand for.
    fn homes<'a>(
        &self,
        names: &'a [String],
        fleet: Option<&'a Fleet>,
    ) -> Result<BTreeSet<&'a str>, Vec<Fault>> {
        let mut homes = BTreeSet::new();
        let mut faults = Vec::new();
        for name in names {
            let members = fleet.iter().flat_map(|fleet| &fleet.members);
            let mut of_name: BTreeSet<&str> = members
                .filter(|member| member.id.as_str() == name)
                .map(|member| member.namespace.as_str())
                .collect();
            of_name.insert(name);
            let is_read = self
                .instances
                .iter()
                .any(|instance| instance.is_in(&of_name))
                || self
                    .rows
                    .iter()
                    .any(|row| row.is_in(&of_name, &BTreeSet::new()));
            if !is_read {
                faults.push(self.unknown(name, fleet));
            }
            homes.append(&mut of_name);
        }
        if faults.is_empty() {
            Ok(homes)
        } else {
            Err(faults)
        }
    }

    /// Makes the fault of a name of which nothing was read, with the one that was probably meant.
    fn unknown(&self, name: &str, fleet: Option<&Fleet>) -> Fault {
        let what = format!("nothing was read of an instance `{}`", name.escape_debug());
        let members = fleet.iter().flat_map(|fleet| &fleet.members);
        let known = members.map(|member| member.id.as_str());
        let known = known.chain(self.instances.iter().map(|instance| instance.home.as_str()));
        let fault = Fault::new(what).argument("--instance");
        match did_you_mean(name, known) {
            Some(known) => fault.help(format!("did you mean `{known}`?")),
            None => fault.help("pass its name in the fleet file, or its namespace"),
        }
    }
}
