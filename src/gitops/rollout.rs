//! In which order the instances of a fleet come to certificates of a CA that issues only so many new ones a week.

use super::layout::{Form, Home};
use crate::acme::{ASKED_SINCE, Directory, Turn, week_of};
use crate::fleet::{CertificateSource, Fleet, FrontCertificate, FrontNames, Member};
use crate::kinds::cert_manager::Announced;
use crate::manifest::Identity;
use crate::name::{DnsName, ObjectName};
use crate::pki::validity::{format_instant, parse_instant};
use crate::yaml;
use time::OffsetDateTime;

/// The `ClusterIssuer`s of a fleet whose certificates come by and by.
#[derive(Debug)]
pub struct Rollout {
    /// The one whose certificates are counted.
    production: ObjectName,
    /// The one that is asked until the turn of an instance comes.
    staging: ObjectName,
    /// The members that count, by their places.
    members: Vec<usize>,
}

/// What a tree asks for in the name of an instance.
#[derive(Debug, PartialEq, Eq)]
pub struct Standing {
    issuer: String,
    names: Vec<String>,
    since: Option<OffsetDateTime>,
}

impl Standing {
    /// Reads it from the text of a Certificate.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let object = yaml::read(text, "").ok()?;
        let since = object.at_path(&["metadata", "annotations", ASKED_SINCE]);
        let certificate = Announced::of(&object, object.get("spec")?);
        Some(Self {
            names: certificate.names(),
            issuer: certificate.issuer?.name?.value,
            since: since.and_then(|since| parse_instant(since.text()?).ok()),
        })
    }
}

impl Rollout {
    /// Returns how a fleet comes to its certificates, if Let's Encrypt issues one for each instance and staging is there, too.
    #[must_use]
    pub fn of(fleet: &Fleet) -> Option<Self> {
        let Some(FrontCertificate {
            source: CertificateSource::Acme { issuers, asked, .. },
            names: FrontNames::Instances,
            ..
        }) = &fleet.front
        else {
            return None;
        };
        let of = |directory| {
            let mut issuers = issuers.iter();
            issuers.find(|issuer| issuer.directory == directory)
        };
        let production = of(Directory::Production).filter(|issuer| issuer.name == *asked)?;
        let below = |host: &DnsName| host.is_at_or_below(&fleet.domain);
        let members = fleet.members.iter().enumerate();
        let members = members.filter(|(_, member)| member.hosts.iter().any(below));
        Some(Self {
            production: production.name.clone(),
            staging: of(Directory::Staging)?.name.clone(),
            members: members.map(|(index, _)| index).collect(),
        })
    }

    /// Returns the paths below the tree of the Certificates that count, by the places of their members.
    pub fn paths<'s>(&'s self, fleet: &'s Fleet) -> impl Iterator<Item = (usize, String)> + 's {
        let paths = self.members.iter().map(|index| {
            let member = &fleet.members[*index];
            let identity = Identity {
                api_version: "cert-manager.io/v1",
                kind: "Certificate",
                namespace: Some(member.namespace.clone()),
                name: secret(member)?.clone(),
            };
            let path = Home::of_member(fleet, member).path(&identity, Form::Plain);
            Some((*index, path))
        });
        paths.flatten()
    }

    /// Settles for each member whether its turn has come, by what the tree asks for, and returns a warning of those who
    /// wait. `standings` has what was found, by the places of the members.
    ///
    /// Who has asked goes on asking. A Certificate whose names have changed is a new one for the CA, and counts again.
    pub fn stage(
        &self,
        fleet: &mut Fleet,
        standings: &[(usize, Standing)],
        now: OffsetDateTime,
    ) -> Option<String> {
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let mut turns = vec![None; fleet.members.len()];
        for (index, standing) in standings {
            if standing.issuer == self.production.as_str() {
                let hosts = fleet.members[*index].hosts.iter();
                let is_same = hosts.map(DnsName::as_str).eq(&standing.names);
                turns[*index] = Some(if is_same { standing.since } else { Some(now) });
            }
        }
        let mut week = week_of(turns.iter().flatten().flatten().copied(), now);
        let mut waiting = 0;
        for index in &self.members {
            let turn = match turns[*index] {
                Some(since) => Turn::Asked(since),
                None if week.takes_one() => Turn::Asked(Some(now)),
                None => {
                    waiting += 1;
                    Turn::Waits(self.staging.clone())
                }
            };
            fleet.members[*index].turn = turn;
        }
        let rest = week.rest(waiting)?;
        Some(format!(
            "{}: {waiting} of {} below `{}` are asked of `{}` for now; a run from {} on asks for the next, one from {} on for the last; with `names: wildcard` and `challenge: dns-01` one is enough",
            rest.limit,
            self.members.len(),
            fleet.domain,
            self.staging,
            format_instant(rest.next),
            format_instant(rest.last),
        ))
    }
}

fn secret(member: &Member) -> Option<&ObjectName> {
    let asked = member.terms.extras.asked.as_ref()?;
    Some(&asked.secret)
}
