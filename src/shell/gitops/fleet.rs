//! Reads what a run over a fleet needs: the fleet file and its includes, recipients, identities.

use super::super::error::{Failure, Kind};
use super::super::existing_ca::ExistingCa;
use super::super::given_certificate;
use super::super::output::warn;
use super::super::paths::check_stdin;
use super::super::templates::own_templates;
use super::super::{Run, world};
use super::place::NamedFleet;
use aws_lc_rs::digest::{SHA256, digest};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::fleet::{self, Fleet, Secrets, Source};
use civi_ingress::gitops::context::{Phase, Readers, Sealer};
use civi_ingress::pki::SubjectAltName;
use civi_ingress::pki::bundle::Bundle;
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::key::hex;
use civi_ingress::seal::creation_rules::Rules;
use civi_ingress::seal::sealed::SealingCertificate;
use civi_ingress::seal::{Identity, Recipient};
use civi_ingress::template::Templates;
use clap::{Args, ValueEnum, ValueHint};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// A fleet file and its tree.
#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    /// Fleet file, or - for stdin [default: the nearest fleet.yaml, here or above]
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
    /// Directory of the tree [default: that of the fleet file, or the fleet's tree elsewhere in the repository]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
}

impl PlaceArguments {
    /// Finds the fleet file that is meant.
    pub(super) fn named(&self) -> Result<NamedFleet, Failure> {
        NamedFleet::new(self.fleet.as_deref(), self.output_dir.as_deref())
    }
}

/// A fleet file, its tree, and what a run may do.
#[derive(Debug, Args)]
pub(super) struct FleetArguments {
    #[command(flatten)]
    pub(super) place: PlaceArguments,
    /// Look at this instance only, or at the wildcard; nothing of others is written or removed [repeatable]
    #[arg(long, value_name = "INSTANCE")]
    pub(super) instance: Vec<String>,
    /// age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it
    /// [repeatable] [default: SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, ~/.config/sops/age/keys.txt]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) identity: Vec<PathBuf>,
    /// Use the templates in this directory in place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
    /// Number of threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::builder::ValueParser::new(threads), allow_hyphen_values = true)]
    pub(super) jobs: Option<usize>,
    /// Step of a roll-over to take; all at once is safe, because the old CA stays trusted alongside the new one
    #[arg(long, value_enum, default_value = "all", help_heading = "Certificates")]
    pub(super) phase: PhaseArgument,
    /// Renew at most this many instances whose renewal can wait, those that expire soonest first
    #[arg(
        long,
        value_name = "N",
        help_heading = "Certificates",
        allow_hyphen_values = true
    )]
    pub(super) max_renewals: Option<usize>,
    /// Issue first keys to at most this many instances [default: in a tree that was rendered before, 5 or a tenth of
    /// all]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Certificates",
        allow_hyphen_values = true
    )]
    pub(super) max_issues: Option<usize>,
    /// Issue new keys where recipients or mode have changed; without it the keys stay, and --identity must open them
    #[arg(long, help_heading = "Certificates")]
    pub(super) rekey: bool,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse::<u8>()
        .ok()
        .filter(|count| *count > 0)
        .map(usize::from)
        .ok_or_else(|| "a number from 1 to 255 is needed".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PhaseArgument {
    /// All at once
    All,
    /// Make successors that wait, and have their CAs trusted
    Trust,
    /// Let successors take over
    Leaf,
    /// Trust only the current CAs
    Shrink,
}

impl From<PhaseArgument> for Phase {
    fn from(phase: PhaseArgument) -> Self {
        match phase {
            PhaseArgument::All => Self::All,
            PhaseArgument::Trust => Self::Trust,
            PhaseArgument::Leaf => Self::Leaf,
            PhaseArgument::Shrink => Self::Shrink,
        }
    }
}

/// What a run over a fleet needs.
pub(super) struct Inputs {
    /// Not taken apart at the end: of ten thousand instances that costs as much as reading them.
    pub(super) fleet: ManuallyDrop<Fleet>,
    pub(super) sealer: Sealer,
    pub(super) identities: Vec<Identity>,
    pub(super) given_ca: Option<Ca>,
    pub(super) given_front: Option<Bundle>,
    pub(super) templates: Templates,
    /// The directory of the tree.
    pub(super) tree: PathBuf,
    /// SHA-256 of each file that decides what is rendered, by its name.
    pub(super) digests: BTreeMap<String, String>,
}

pub(super) fn read(
    run: &Run,
    arguments: &FleetArguments,
    named: &NamedFleet,
) -> Result<Inputs, Failure> {
    let path = &named.file;
    check_stdin(
        std::iter::once(path.as_path()).chain(arguments.identity.iter().map(PathBuf::as_path)),
    )?;
    let text = world::read(path)?;
    let main = Source {
        name: text.name.clone(),
        text: text.content.to_string(),
    };
    let mut digests = BTreeMap::new();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let fleet = parse(&main, path, None, &mut |source| {
        let name = Path::new(&source.name);
        let name = name.strip_prefix(&folder).unwrap_or(name);
        let digest = digest_of(source.text.as_bytes());
        digests.insert(name.display().to_string(), digest);
    })?;
    for warning in fleet.warnings() {
        warn(&warning);
    }
    let tree = named.tree(run, Some(&fleet))?;
    let sealer = sealer(run, &fleet, path, &tree, &mut digests)?;
    let identities = if arguments.identity.is_empty() {
        known_identities(run)
    } else {
        identities(&arguments.identity)?
    };
    let given_ca = arguments.existing_ca.read(run)?;
    if let Some(ca) = &given_ca {
        let digest = digest_of(ca.certificate.der());
        digests.insert("the CA of --ca-cert".to_owned(), digest);
    }
    let given_front = given_front(run, arguments, &fleet, &folder)?;
    if let Some(front) = &given_front {
        let digest = digest_of(front.certificates[0].der());
        digests.insert("the certificate for browsers".to_owned(), digest);
    }
    if let Some(directory) = &arguments.templates {
        for (name, text) in world::read_templates(directory)? {
            digests.insert(format!("template {name}"), digest_of(text.as_bytes()));
        }
    }
    Ok(Inputs {
        fleet: ManuallyDrop::new(fleet),
        sealer,
        identities,
        given_ca,
        given_front,
        templates: own_templates(arguments.templates.as_deref())?,
        tree,
        digests,
    })
}

/// Reads the certificate for browsers that the fleet file names, which has to cover the hosts of all instances. Where its file
/// is not there, what the tree has stays.
fn given_front(
    run: &Run,
    arguments: &FleetArguments,
    fleet: &Fleet,
    folder: &Path,
) -> Result<Option<Bundle>, Failure> {
    let Some(files) = fleet.given_files() else {
        return Ok(None);
    };
    let certificate = folder.join(&files.certificate);
    if !world::is_file(&certificate)? {
        run.note(&format!(
            "{} is not there: the certificate in the tree stays",
            world::name_of(&certificate)
        ));
        return Ok(None);
    }
    let key = files.key.as_ref().map(|key| folder.join(key));
    let password = arguments.existing_ca.password.read()?;
    let hosts = fleet.members.iter().flat_map(|member| &member.hosts);
    let names: Vec<SubjectAltName> = hosts.cloned().map(SubjectAltName::Dns).collect();
    let paths = [Some(certificate.as_path()), key.as_deref(), None];
    given_certificate::read(run, paths, password.as_ref(), &names).map(Some)
}

/// Reads the identities that `--identity` names.
fn identities(paths: &[PathBuf]) -> Result<Vec<Identity>, Failure> {
    let mut identities = Vec::new();
    for path in paths {
        let text = world::read(path)?;
        if let Some(warning) = world::warn_if_readable_by_others(path, "a private key") {
            warn(&warning);
        }
        let found = Identity::all_from_text(&text.content);
        identities.extend(found.map_err(|fault| fault.file(&text.name))?);
    }
    Ok(identities)
}

/// Reads the identities where `sops` looks for them, and notes where there are some. One that cannot be read ends no
/// run: it is not needed for most, and where it is, what it would open waits.
fn known_identities(run: &Run) -> Vec<Identity> {
    let mut identities = Vec::new();
    for (name, text) in world::age_keys() {
        let found = text.and_then(|text| Ok(Identity::all_from_text(&text)?));
        match found {
            Ok(found) => {
                run.note(&format!("identity from {name}"));
                identities.extend(found);
            }
            Err(failure) => {
                for fault in failure.faults {
                    warn(&format!("{name}: {}; it is not used", fault.what));
                }
            }
        }
    }
    identities
}

/// Reads a fleet file and the files that it includes.
pub(in super::super) fn read_fleet(path: &Path) -> Result<Fleet, Failure> {
    let text = world::read(path)?;
    let main = Source {
        name: text.name.clone(),
        text: text.content.to_string(),
    };
    parse(&main, path, None, &mut |_| ())
}

/// Reads a fleet file whose text is at hand, and the files that it includes, `replaced` in place of the one of its
/// name. `seen` gets each of them.
pub(super) fn parse(
    main: &Source,
    path: &Path,
    replaced: Option<&Source>,
    seen: &mut dyn FnMut(&Source),
) -> Result<Fleet, Failure> {
    seen(main);
    let folder = if world::is_stdin(path) {
        PathBuf::new()
    } else {
        path.parent().map(Path::to_path_buf).unwrap_or_default()
    };
    // A file that cannot be read is a fault of the machine, and one that is not text is its own: either ends the run
    // as such. An invalid pattern is a fault of the fleet file.
    let mut failure = None;
    let mut with_replaced = |mut sources: Vec<Source>| {
        for source in &mut sources {
            if let Some(other) = replaced.filter(|other| other.name == source.name) {
                source.text.clone_from(&other.text);
            }
            seen(source);
        }
        sources
    };
    let read = fleet::read(main, &mut |pattern| {
        let found = world::read_matching(&folder, pattern).map(&mut with_replaced);
        found.map_err(|failed| {
            let fault = failed.faults.first().cloned();
            if fault.as_ref().is_none_or(|fault| fault.place.is_some())
                || failed.kind != Kind::Refused
            {
                failure.get_or_insert(failed);
            }
            fault.unwrap_or_else(|| Fault::new("cannot be read"))
        })
    });
    match (read, failure) {
        (Err(_), Some(failure)) => Err(failure),
        (read, _) => Ok(read?),
    }
}

pub(super) fn sealer(
    run: &Run,
    fleet: &Fleet,
    file: &Path,
    tree: &Path,
    digests: &mut BTreeMap<String, String>,
) -> Result<Sealer, Failure> {
    match fleet.keys.here() {
        // Where this program makes no keys, nothing is locked.
        Some(Secrets::Plain) | None => Ok(Sealer::Plain),
        Some(Secrets::Sops { recipients }) => {
            if recipients.is_empty() {
                return Ok(Sealer::Sops(Readers::ByPath(creation_rules(
                    tree, digests,
                )?)));
            }
            let mut faults = Faults::default();
            let parsed: Vec<Option<Recipient>> = recipients
                .iter()
                .map(|text| {
                    let recipient = Recipient::parse(text);
                    faults.keep(recipient.map_err(|fault| fault.file(&file.display().to_string())))
                })
                .collect();
            let parsed = faults.finish(parsed.into_iter().collect())?;
            Ok(Sealer::Sops(Readers::Of(parsed)))
        }
        Some(Secrets::Sealed { certificate, scope }) => {
            let folder = file.parent().unwrap_or(Path::new(""));
            let text = world::read(&folder.join(certificate))?;
            digests.insert(certificate.clone(), digest_of(text.content.as_bytes()));
            let certificate = SealingCertificate::from_pem(&text.content, run.now)
                .map_err(|fault| fault.file(&text.name))?;
            Ok(Sealer::Sealed {
                certificate: Box::new(certificate),
                scope: *scope,
            })
        }
    }
}

/// Reads the `.sops.yaml` of the tree or of the nearest directory above it.
fn creation_rules(tree: &Path, digests: &mut BTreeMap<String, String>) -> Result<Rules, Failure> {
    let absolute = world::absolute(tree)?;
    for folder in absolute.ancestors() {
        let path = folder.join(".sops.yaml");
        if !world::is_file(&path)? {
            continue;
        }
        let text = world::read(&path)?;
        digests.insert(".sops.yaml".to_owned(), digest_of(text.content.as_bytes()));
        let prefix = absolute.strip_prefix(folder).unwrap_or(&absolute);
        let rules = Rules::read(&text.content, &text.name, &prefix.display().to_string())?;
        return Ok(rules);
    }
    Err(Fault::new("there are no recipients to encrypt for")
        .help("list age recipients under `spec.secrets.recipients`, or in a `.sops.yaml` above the tree; `age-keygen` makes one")
        .into())
}

/// Returns the SHA-256 of a text.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}
