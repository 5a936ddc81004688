//! `gitops init`: a fleet file to start from, and what Git and `sops` must know of its directory.

use super::super::error::Failure;
use super::super::examples::examples;
use super::super::paths::{Contents, Paths};
use super::super::writing::{NewFile, Overwrite, Writing};
use super::super::{Run, world};
use civi_ingress::fault::Faults;
use civi_ingress::name::{DnsName, ObjectName};
use civi_ingress::seal::Recipient;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// Name of the fleet file.
pub(super) const FILE: &str = "fleet.yaml";

/// Name of the file by which `sops` knows who can open what.
const CREATION_RULES: &str = ".sops.yaml";
const IGNORE: &str = ".gitignore";
const ATTRIBUTES: &str = ".gitattributes";

/// What of the directory Git must not take: what a run that was killed leaves, and private keys.
const IGNORED: [&str; 5] = [
    ".civi-ingress-*",
    "*.agekey",
    "*.key",
    "age.txt",
    "keys.txt",
];
/// How Git must treat the files of the tree: they are compared byte for byte, and no line end may be converted.
const AS_THEY_ARE: &str = "*.yaml -text";

/// Write a starting fleet file into a directory, and what Git and sops must know of it
///
/// Writes fleet.yaml, .gitignore, .gitattributes and, with recipients, .sops.yaml; a file that is there stays.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Start a fleet
    civi-ingress gitops init --output-dir infra --domain example.org"))]
pub(super) struct Init {
    /// Directory for the files
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
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

/// Where a fleet names who can open its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipients {
    /// In its fleet file.
    InFleetFile,
    /// In a `.sops.yaml`.
    InCreationRules,
}

pub(super) fn run(run: &Run, arguments: &Init) -> Result<(), Failure> {
    let directory = &arguments.output_dir;
    let is_there =
        |name: &str| world::look(&directory.join(name)).is_ok_and(|found| found.is_some());
    let has_rules = is_there(CREATION_RULES);
    let recipients = if has_rules || arguments.recipient.is_empty() {
        Recipients::InFleetFile
    } else {
        Recipients::InCreationRules
    };
    let mut files = vec![NewFile::new(
        FILE,
        &start(arguments, "    # paroisse-a: {}\n", recipients)?,
        false,
    )];
    if recipients == Recipients::InCreationRules {
        files.push(NewFile::new(
            CREATION_RULES,
            &creation_rules(arguments),
            false,
        ));
    }
    let ignored = IGNORED.map(|line| format!("{line}\n")).concat();
    for (name, text, missing) in [
        (
            IGNORE,
            format!("# What a run that was killed leaves, and private keys.\n{ignored}"),
            &IGNORED[..],
        ),
        (
            ATTRIBUTES,
            format!(
                "# The tree is compared byte for byte: no line end is converted.\n{AS_THEY_ARE}\n"
            ),
            &[AS_THEY_ARE],
        ),
    ] {
        if is_there(name) {
            note_missing(run, &directory.join(name), missing)?;
        } else {
            files.push(NewFile::new(name, &text, false));
        }
    }
    let mut others: Vec<String> = files[1..].iter().map(|file| file.path.clone()).collect();
    others.sort_unstable();
    claim(directory)?.write(files, Vec::new(), || Ok(()))?;
    let path = directory.join(FILE);
    let options = if directory == Path::new(".") {
        String::new()
    } else {
        format!(
            " -f {} --output-dir {}",
            path.display(),
            directory.display()
        )
    };
    run.note(&format!(
        "wrote {}; name your instances in it, then: civi-ingress gitops render{options}",
        path.display()
    ));
    if !others.is_empty() {
        run.note(&format!("wrote beside it: {}", others.join(", ")));
    }
    if has_rules && !arguments.recipient.is_empty() {
        run.note(&format!(
            "{} is there already and stays; the recipients are in {FILE}",
            directory.join(CREATION_RULES).display()
        ));
    }
    Ok(())
}

/// Notes which lines a file that is there lacks.
fn note_missing(run: &Run, path: &Path, lines: &[&str]) -> Result<(), Failure> {
    let text = world::read(path)?.content;
    let missing: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !text.lines().any(|there| there.trim() == *line))
        .collect();
    if !missing.is_empty() {
        run.note(&format!(
            "{} is there already and stays; add to it: {}",
            path.display(),
            missing.join(", ")
        ));
    }
    Ok(())
}

/// Writes who can open the files of the tree, for this program and for `sops`.
fn creation_rules(arguments: &Init) -> String {
    format!(
        "# Who can open the private keys: age recipients with commas between them. After a change, run\n\
         # `civi-ingress gitops render` with an identity that opens what is there.\n\
         creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    mac_only_encrypted: true\n    age: {}\n",
        arguments.recipient.join(",")
    )
}

/// Claims a directory for a fleet file; what is there stays.
pub(super) fn claim(directory: &Path) -> Result<Writing<'_>, Failure> {
    let paths = Paths {
        directory: Some((directory, Contents::Files(&[FILE]))),
        ..Paths::default()
    };
    Writing::begin(&paths, Overwrite::NothingBesideOthers)
}

/// Returns a commented fleet file with `instances` as they are written, and recipients where they are `named`.
pub(super) fn start(
    arguments: &Init,
    instances: &str,
    named: Recipients,
) -> Result<String, Failure> {
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
    let recipients = if named == Recipients::InCreationRules {
        "    # `.sops.yaml` names who can open the keys.\n".to_owned()
    } else if recipients.is_empty() {
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
