//! How certificates are made, and the signing of one.

use super::error::Failure;
use super::listed;
use super::{Run, world};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::pki::issue::{self, Ca, CaRequest, LeafRequest, Organization};
use civi_ingress::pki::validity::{LifeEnd, Validity, format_instant, parse_instant};
use civi_ingress::pki::{Certificate, KeyType, LeafUse, PrivateKey, SubjectAltName};
use clap::Args;
use time::OffsetDateTime;

/// How certificates are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Certificates")]
pub(super) struct Issuing {
    /// Lifetime of the certificate: days, or the RFC 3339 instant at which it expires
    #[arg(
        long,
        value_name = "DAYS|INSTANT",
        default_value = "365",
        allow_hyphen_values = true
    )]
    pub(super) days: String,
    /// Lifetime of the CA: days, or the RFC 3339 instant at which it expires
    #[arg(
        long,
        value_name = "DAYS|INSTANT",
        default_value = "3650",
        allow_hyphen_values = true
    )]
    pub(super) ca_days: String,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What a CA and what it signs have in common.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Type of the keys
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = listed::KEY_TYPES)]
    pub(super) key_type: String,
    /// Start of the validity [default: one hour before the present]
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(super) not_before: Option<String>,
    /// Organization in the certificates' subjects
    #[arg(long, value_name = "NAME", default_value = "Civiparoisse")]
    pub(super) organization: String,
}

impl Common {
    /// Parses the type of the keys and the organization.
    pub(super) fn parse(&self, faults: &mut Faults) -> Option<(KeyType, Organization)> {
        let key_type = self.key_type.parse::<KeyType>();
        let key_type = faults.keep(key_type.map_err(|fault| fault.argument("--key-type")));
        let organization = Organization::parse(&self.organization)
            .map_err(|fault| fault.argument("--organization"));
        key_type.zip(faults.keep(organization))
    }

    /// Parses the validity whose end an option says.
    pub(super) fn validity(
        &self,
        now: OffsetDateTime,
        (option, end): (&str, &str),
        faults: &mut Faults,
    ) -> Option<Validity> {
        validity(now, self.not_before.as_deref(), end, option, faults)
    }
}

/// How certificates are to be made, parsed.
pub(super) struct IssuingPlan {
    pub(super) key_type: KeyType,
    pub(super) leaf: Validity,
    pub(super) ca: Validity,
    pub(super) organization: Organization,
}

impl Issuing {
    pub(super) fn plan(&self, now: OffsetDateTime, faults: &mut Faults) -> Option<IssuingPlan> {
        let common = &self.common;
        let parsed = common.parse(faults);
        let leaf = common.validity(now, ("--days", &self.days), faults);
        let ca = common.validity(now, ("--ca-days", &self.ca_days), faults);
        if let Some(leaf) = leaf.filter(|leaf| leaf.due_at() <= now) {
            let what = format!(
                "a certificate from {} to {} would be due for renewal as soon as it is issued",
                format_instant(leaf.not_before),
                format_instant(leaf.not_after)
            );
            let help =
                "a third of its lifetime must be left; use a later `--not-before` or a later end";
            let option = match common.not_before {
                Some(_) => "--not-before",
                None => "--days",
            };
            faults.push(Fault::new(what).help(help).argument(option));
        }
        let (key_type, organization) = parsed?;
        Some(IssuingPlan {
            key_type,
            leaf: leaf?,
            ca: ca?,
            organization,
        })
    }
}

fn validity(
    now: OffsetDateTime,
    not_before: Option<&str>,
    end: &str,
    option: &str,
    faults: &mut Faults,
) -> Option<Validity> {
    let not_before =
        not_before.map(|text| parse_instant(text).map_err(|fault| fault.argument("--not-before")));
    let not_before = match not_before {
        Some(result) => Some(faults.keep(result)?),
        None => None,
    };
    let end = faults.keep(LifeEnd::parse(end).map_err(|fault| fault.argument(option)))?;
    let validity =
        faults.keep(Validity::new(now, not_before, end).map_err(|fault| fault.argument(option)))?;
    if now < validity.due_at() {
        return Some(validity);
    }
    let due = format_instant(validity.due_at());
    let what =
        format!("the certificate would have been due for renewal since {due}, before it is issued");
    let fault = Fault::new(what).help("use a later `--not-before`, or a longer lifetime");
    faults.push(fault.argument(option));
    None
}

/// A leaf to be signed, and by whom.
pub(super) struct Signing<'a> {
    pub(super) plan: &'a IssuingPlan,
    pub(super) names: &'a [SubjectAltName],
    pub(super) leaf_use: LeafUse,
    pub(super) existing_ca: Option<Ca>,
}

impl Signing<'_> {
    /// Draws the keys and issues the leaf, under a new CA for exactly its names where none exists.
    pub(super) fn issue(self, run: &Run) -> Result<(Ca, Certificate, PrivateKey), Failure> {
        let Self {
            plan,
            names,
            leaf_use,
            existing_ca,
        } = self;
        let ca = if let Some(ca) = existing_ca {
            ca
        } else {
            if plan.ca.not_after < plan.leaf.not_after {
                let what = format!(
                    "a CA that expires at {} expires before its certificate, at {}",
                    format_instant(plan.ca.not_after),
                    format_instant(plan.leaf.not_after)
                );
                let help = "give the CA at least as many days as the certificate (`--days`)";
                return Err(Fault::new(what).help(help).argument("--ca-days").into());
            }
            let request = CaRequest {
                organization: &plan.organization,
                validity: plan.ca,
                permitted: names,
            };
            issue::ca(
                &request,
                world::private_key(plan.key_type)?,
                world::serial()?,
            )?
        };
        let (validity, _) = plan.leaf.clamped_to(ca.validity());
        // Its beginning moves too, where the CA is younger than an hour.
        if validity.not_after < plan.leaf.not_after {
            let end = format_instant(validity.not_after);
            run.note(&format!("the certificate expires with its CA, at {end}"));
        }
        let request = LeafRequest {
            organization: &plan.organization,
            validity,
            names,
            leaf_use,
        };
        let (certificate, key) = issue::leaf(
            &request,
            world::private_key(plan.key_type)?,
            world::serial()?,
            &ca,
        )?;
        Ok((ca, certificate, key))
    }
}

/// Describes the names and end of a certificate in one line.
pub(super) fn describe(names: &[impl ToString], certificate: &Certificate) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let validity = certificate.validity();
    let (end, due) = (validity.not_after.date(), validity.due_at().date());
    format!("{}, valid until {end}, renewal due {due}", names.join(", "))
}
