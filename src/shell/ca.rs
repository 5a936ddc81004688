//! `ca`: a CA as PEM files, without Kubernetes.

use super::cert::address;
use super::destination::secret_files;
use super::error::Failure;
use super::examples::examples;
use super::issuing::Common;
use super::paths::{DirectoryContents, Paths};
use super::writing::{NewFile, Overwrite, Writing};
use super::{Run, gitops, world};
use civi_ingress::fault::Faults;
use civi_ingress::name::DnsName;
use civi_ingress::pki::SubjectAltName;
use civi_ingress::pki::issue::{self, CaRequest};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Writes ca.crt and ca.key.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make a CA that can sign for one domain and the names below it
    civi-ingress ca --permit-dns example.org --output-dir ca"))]
pub(super) struct MakeCa {
    /// Directory for the files, new or empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Domain that the CA may sign for, with all names below it [repeatable] [default: any]
    #[arg(long, value_name = "DOMAIN", visible_alias = "permit")]
    pub(super) permit_dns: Vec<String>,
    /// Address that the CA may sign for [repeatable] [default: any]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) permit_ip: Vec<String>,
    /// Lifetime of the CA: days, or the RFC 3339 instant at which it expires
    #[arg(
        long,
        value_name = "DAYS|INSTANT",
        default_value = "3650",
        allow_hyphen_values = true
    )]
    pub(super) days: String,
    #[command(flatten)]
    pub(super) common: Common,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys too: the old ones are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
}

pub(super) fn run(run: &Run, arguments: &MakeCa) -> Result<(), Failure> {
    let paths = Paths {
        directory: Some((
            &arguments.output_dir,
            DirectoryContents::Files(&["ca.crt", "ca.key"]),
        )),
        ..Paths::default()
    };
    let overwrite = Overwrite::of(arguments.force, arguments.replace_keys);
    let writing = Writing::begin(&paths, overwrite)?;
    let mut faults = Faults::default();
    let common = &arguments.common;
    let parsed = common.parse(&mut faults);
    let validity = common.validity(run.now, ("--days", &arguments.days), &mut faults);
    let domains = arguments.permit_dns.iter().map(|text| {
        DnsName::parse(text)
            .map(SubjectAltName::Dns)
            .map_err(|fault| fault.argument("--permit-dns"))
    });
    let addresses = arguments
        .permit_ip
        .iter()
        .map(|text| address(text, "--permit-ip"));
    let permitted: Vec<SubjectAltName> = domains
        .chain(addresses)
        .filter_map(|result| faults.keep(result))
        .collect();
    let ((key_type, organization), validity) = faults.finish(parsed.zip(validity))?;
    let request = CaRequest {
        organization: &organization,
        validity,
        permitted: &permitted,
    };
    let ca = issue::ca(&request, world::private_key(key_type)?, world::serial()?)?;
    let files = vec![
        NewFile::new("ca.crt", ca.certificate.pem(), false),
        NewFile::new("ca.key", ca.key.pem(), true),
    ];
    let keys = secret_files(&arguments.output_dir, &files, &[]);
    writing.write(files, Vec::new(), || Ok(()))?;
    gitops::git::warn_of(&keys);
    let end = ca.certificate.validity().not_after.date();
    run.note(&format!(
        "wrote ca.crt and ca.key to {}, valid until {end}",
        arguments.output_dir.display()
    ));
    Ok(())
}
