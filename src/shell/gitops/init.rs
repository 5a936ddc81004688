//! `gitops init`: a fleet file to start from, and what Git and `sops` must know of its directory.

use super::super::error::Failure;
use super::super::examples::examples;
use super::super::paths::{DirectoryContents, Paths};
use super::super::writing::{NewFile, Overwrite, Writing};
use super::super::{Run, world};
use super::git::WorkTree;
use civi_ingress::fault::Faults;
use civi_ingress::name::{DnsName, ObjectName};
use civi_ingress::seal::Recipient;
use clap::{Args, ValueEnum, ValueHint};
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

/// A fleet file to start from.
#[derive(Debug, Args)]
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

/// Write a starting fleet file into a directory, and what Git and sops must know of it
///
/// Writes fleet.yaml, .gitignore, .gitattributes and, with recipients, .sops.yaml; a file that is there stays.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Start a fleet
    civi-ingress gitops init --output-dir infra --domain example.org

  Start one with the workflow that renews its certificates
    civi-ingress gitops init --domain example.org --ci github"))]
pub(super) struct Start {
    #[command(flatten)]
    pub(super) init: Init,
    /// Write the workflow of this CI too, at the top of the Git work tree; with it, a fleet file that is there stays
    #[arg(long, value_enum)]
    pub(super) ci: Option<Ci>,
}

/// Whose CI keeps a fleet alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Ci {
    /// GitHub Actions: .github/workflows/civi-ingress.yml
    Github,
    /// GitLab: .gitlab/civi-ingress.yml, which .gitlab-ci.yml includes
    Gitlab,
}

impl Ci {
    /// Returns the files for the top of a repository that has the fleet at a path, and what to add to one that is
    /// there already.
    fn files(self, fleet: &str) -> Vec<(&'static str, String, Option<&'static str>)> {
        let fleet = civi_ingress::yaml::scalar::to_string(fleet);
        match self {
            Self::Github => vec![(
                ".github/workflows/civi-ingress.yml",
                include_str!("../../../dist/ci/github.yml").replace("@FLEET@", &fleet),
                None,
            )],
            Self::Gitlab => vec![
                (
                    ".gitlab/civi-ingress.yml",
                    include_str!("../../../dist/ci/gitlab.yml").replace("@FLEET@", &fleet),
                    None,
                ),
                (
                    ".gitlab-ci.yml",
                    "include:\n  - local: .gitlab/civi-ingress.yml\n".to_owned(),
                    Some("include: [{local: .gitlab/civi-ingress.yml}]"),
                ),
            ],
        }
    }
}

/// Where a fleet names who can open its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipients {
    /// In its fleet file.
    InFleetFile,
    /// In a `.sops.yaml`.
    InCreationRules,
}

pub(super) fn run(run: &Run, arguments: &Start) -> Result<(), Failure> {
    let Some(ci) = arguments.ci else {
        return start_fleet(run, &arguments.init);
    };
    let directory = &arguments.init.output_dir;
    let file = directory.join(FILE);
    if world::look(&file).is_ok_and(|found| found.is_some()) {
        run.note(&format!("{} is there already and stays", file.display()));
    } else {
        start_fleet(run, &arguments.init)?;
    }
    let work_tree = WorkTree::of(directory)?;
    let directory = world::resolved(directory);
    let top = work_tree.map_or_else(|| directory.clone(), |tree| tree.top().to_owned());
    let below = directory.strip_prefix(&top).unwrap_or(Path::new(""));
    let below = match below.to_str() {
        Some("") | None => ".",
        Some(below) => below,
    };
    let mut files = Vec::new();
    for (name, text, line) in ci.files(below) {
        let path = top.join(name);
        if world::look(&path).is_ok_and(|found| found.is_some()) {
            let path = world::from_here(&path);
            let add = line.map_or_else(String::new, |line| format!("; add to it: {line}"));
            run.note(&format!(
                "{} is there already and stays{add}",
                path.display()
            ));
        } else {
            run.note(&format!(
                "wrote {}; its first lines say what to set up",
                world::from_here(&path).display()
            ));
            files.push(NewFile::new(name, &text, false));
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    claim(&top)?.write(files, Vec::new(), || Ok(()))
}

/// Writes the fleet file and what belongs beside it.
fn start_fleet(run: &Run, arguments: &Init) -> Result<(), Failure> {
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
        directory: Some((directory, DirectoryContents::Files(&[FILE]))),
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
