//! `gitops init`: a fleet file to start from.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::paths::{Contents, Paths};
use super::super::writing::{NewFile, Overwrite, Writing};
use civi_ingress::fault::Faults;
use civi_ingress::name::{DnsName, ObjectName};
use civi_ingress::seal::Recipient;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// Name of the fleet file.
pub(super) const FILE: &str = "fleet.yaml";

/// Write a starting fleet file into a directory
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Start a fleet
    civi-ingress gitops init --output-dir infra --domain example.org"))]
pub(super) struct Init {
    /// Directory for fleet.yaml
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Name of the fleet
    #[arg(long, default_value = "parishes")]
    pub(super) name: String,
    /// Domain that the wildcard certificate covers
    #[arg(long, default_value = "example.org")]
    pub(super) domain: String,
    /// age recipient for the private keys [repeatable] [default: those of `.sops.yaml` above the directory]
    #[arg(long, value_name = "AGE1…")]
    pub(super) recipient: Vec<String>,
}

pub(super) fn run(run: &Run, arguments: &Init) -> Result<(), Failure> {
    let text = start(arguments, "    # paroisse-a: {}\n")?;
    let writing = claim(&arguments.output_dir)?;
    let file = NewFile::new(FILE, &text, false);
    writing.write(vec![file], Vec::new(), || Ok(()))?;
    let dir = arguments.output_dir.display();
    let path = arguments.output_dir.join(FILE);
    let path = path.display();
    run.note(&format!("wrote {path}; name your instances in it, then: civi-ingress gitops render -f {path} --output-dir {dir}"));
    Ok(())
}

/// Claims a directory for a fleet file; what is there stays.
pub(super) fn claim(directory: &Path) -> Result<Writing<'_>, Failure> {
    let paths = Paths {
        directory: Some((directory, Contents::Files(&[FILE]))),
        ..Paths::default()
    };
    Writing::begin(&paths, Overwrite::NothingBesideOthers)
}

/// Returns a commented fleet file with `instances` as they are written.
pub(super) fn start(arguments: &Init, instances: &str) -> Result<String, Failure> {
    let mut faults = Faults::default();
    let name =
        faults.keep(ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("--name")));
    let domain =
        faults.keep(DnsName::parse(&arguments.domain).map_err(|fault| fault.argument("--domain")));
    let recipients = arguments.recipient.iter();
    let recipients: Vec<Option<Recipient>> = recipients
        .map(|text| {
            faults.keep(Recipient::parse(text).map_err(|fault| fault.argument("--recipient")))
        })
        .collect();
    let recipients: Option<Vec<Recipient>> = recipients.into_iter().collect();
    let ((name, domain), recipients) = faults.finish(name.zip(domain).zip(recipients))?;
    let quoted = |text: &str| civi_ingress::yaml::scalar::to_string(text);
    let recipients = if recipients.is_empty() {
        "    # Who can open the keys; without this list, those that `.sops.yaml` names.\n    # recipients: [age1…]\n".to_owned()
    } else {
        recipients
            .iter()
            .fold("    recipients:\n".to_owned(), |list, recipient| {
                list + &format!("      - {recipient}\n")
            })
    };
    Ok(format!(
        "# A fleet of Civiparoisse instances: `civi-ingress schema fleet` describes what it may contain.\n\
         apiVersion: civi-ingress.uepal.fr/v1alpha1\n\
         kind: Fleet\n\
         metadata:\n  name: {}\n\
         spec:\n  domain: {}\n\
         \x20 secrets:\n    mode: sops\n{recipients}\
         \x20 # What applies to every instance unless it sets something else. Placeholders: {{id}}, {{domain}}, {{namespace}},\n\
         \x20 # {{externalHost}}.\n\
         \x20 defaults:\n    externalHost: \"{{id}}.{{domain}}\"\n\
         \x20   # certificate: {{ca: ephemeral, key: p256, days: 365}}\n\
         \x20 # One line per instance; its name is also its namespace. More may come from files:\n\
         \x20 # include: [parishes/*.yaml, more.csv]\n\
         \x20 instances:\n{instances}",
        quoted(name.as_str()),
        quoted(domain.as_str()),
    ))
}
