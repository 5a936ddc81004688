//! `gitops import`: a fleet file, and a tree with the keys that run already.

use super::super::Run;
use super::super::error::{Failure, Kind};
use super::super::examples::examples;
use super::super::output::warn;
use super::super::paths::check_stdin;
use super::super::world::{self, System};
use super::super::writing::NewFile;
use super::fleet::{read_fleet, sealer};
use super::init::Init;
use super::{git, init};
use civi_ingress::civiparoisse;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::fleet::{self, Fleet, Source};
use civi_ingress::gitops::compose::carry_out;
use civi_ingress::gitops::context::{Context, Phase, Reading, Sealer, UnitFiles};
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::instance::Credential;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::InstanceName;
use civi_ingress::pki::certificate::Sighting;
use civi_ingress::pki::refusals::{self, RefusalRule, Use};
use civi_ingress::pki::reuse::Depth;
use civi_ingress::pki::{Certificate, authorities};
use civi_ingress::template::Templates;
use civi_ingress::yaml::{self, At, Key, Node, Value, tree_text};
use clap::{Args, ValueHint};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the chart keeps the certificate that the httpd serves.
const SERVER_CERT: (&str, &str) = (civiparoisse::KEYS_SECRET, civiparoisse::HTTPD_CERT);

/// Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table
///
/// No key is changed: what runs keeps running. Instances are found in the Secrets by their namespaces, and named
/// by the other inputs.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Take over the instances that run in a cluster, with their keys
    kubectl get secret -A -o yaml |
      civi-ingress gitops import --secrets - --domain example.org \\
      --output-dir infra"))]
pub(super) struct Import {
    /// Secrets as `kubectl get secret -A -o yaml` prints them, or - for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) secrets: Option<PathBuf>,
    /// Values file of a chart release, with the instance's name [repeatable]
    #[arg(long, value_name = "NAME=FILE")]
    pub(super) values: Vec<String>,
    /// Table of instances, one per line, with a heading
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(super) init: Init,
    /// Keep private keys in clear text instead of encrypting them
    #[arg(long)]
    pub(super) plain: bool,
    /// Keep private keys in clear text even in a Git work tree that does not ignore them
    #[arg(long, requires = "plain")]
    pub(super) allow_plain_in_git: bool,
}

pub(super) fn run(run: &Run, arguments: &Import) -> Result<(), Failure> {
    let inputs = arguments.secrets.iter().chain(&arguments.csv);
    check_stdin(inputs.map(PathBuf::as_path))?;
    let directory = &arguments.init.output_dir;
    let secrets = match &arguments.secrets {
        Some(path) => {
            let text = world::read_manifests(path)?;
            manifests::secrets(&text.content, &text.name)?
        }
        None => Vec::new(),
    };
    let mut instances: BTreeMap<String, Node> = BTreeMap::new();
    if let Some(path) = &arguments.csv {
        from_table(path, &mut instances)?;
    }
    from_values(arguments, &mut instances)?;
    let key = from_secrets(arguments, &secrets, &mut instances)?;
    if instances.is_empty() {
        let fault = Fault::new("the input has no instances");
        return Err(fault
            .help("pass `--secrets FILE`, `--values NAME=FILE` or `--csv FILE`")
            .into());
    }
    let text = fleet_text(arguments, instances, key)?;
    let source = Source {
        name: "the fleet file to be written".to_owned(),
        text: text.clone(),
    };
    let fleet = fleet::read(&source, &mut |_| Ok(Vec::new()))?;
    let path = directory.join(init::FILE);
    let shown = path.display();
    let count = |number: usize| match number {
        1 => "1 instance".to_owned(),
        number => format!("{number} instances"),
    };
    let fleet_file = NewFile::new(init::FILE, &text, false);
    if secrets.is_empty() {
        init::claim(directory)?.write(vec![fleet_file], Vec::new(), || Ok(()))?;
        let instances = count(fleet.members.len());
        run.note(&format!("wrote {shown} with {instances}"));
        return Ok(());
    }
    let writing = init::claim(directory)?;
    if arguments.plain && !arguments.allow_plain_in_git {
        git::guard(&fleet, directory)?;
    }
    let sealer = sealer(run, &fleet, &path, directory, &mut BTreeMap::new())?;
    let composed = compose(run, &fleet, &sealer, directory, &secrets)?;
    let instances = count(composed.len());
    let mut files: Vec<NewFile> = composed.into_iter().flatten().collect();
    files.push(fleet_file);
    writing.write(files, Vec::new(), || Ok(()))?;
    read_fleet(&path)?;
    run.note(&format!(
        "wrote {shown} and the keys of {instances}, as they are; the keys of their CAs are left out"
    ));
    run.note(&format!(
        "next: civi-ingress gitops render -f {shown} --output-dir {}",
        directory.display()
    ));
    Ok(())
}

fn node(value: Value) -> Node {
    Node {
        value,
        at: At::default(),
    }
}

fn text(text: &str) -> Node {
    node(Value::Text(text.to_owned()))
}

fn empty() -> Node {
    node(Value::Map(Vec::new()))
}

/// Puts a value under a dotted path, in place of what is there.
fn put(target: &mut Node, path: &str, value: Node) {
    if !matches!(target.value, Value::Map(_)) {
        target.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut target.value else {
        return;
    };
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let index = entries
        .iter()
        .position(|(key, _)| key.text == first)
        .unwrap_or_else(|| {
            let key = Key {
                text: first.into(),
                at: At::default(),
            };
            entries.push((key, empty()));
            entries.len() - 1
        });
    match rest {
        Some(rest) => put(&mut entries[index].1, rest, value),
        None => entries[index].1 = value,
    }
}

/// Takes the instances of a table.
fn from_table(path: &Path, instances: &mut BTreeMap<String, Node>) -> Result<(), Failure> {
    let table = world::read(path)?;
    let source = Source {
        name: table.name.clone(),
        text: table.content.to_string(),
    };
    let mut faults = Faults::default();
    for (id, settings) in fleet::table(&source)? {
        if instances.insert(id.clone(), settings).is_some() {
            let fault = Fault::new(format!(
                "the instance `{}` appears twice",
                id.escape_debug()
            ));
            faults.push(fault.help("keep one of the two").file(&source.name));
        }
    }
    Ok(faults.finish(Some(()))?)
}

/// Takes the values of chart releases: host, server name and transport become settings, the rest passes through.
fn from_values(arguments: &Import, instances: &mut BTreeMap<String, Node>) -> Result<(), Failure> {
    let mut faults = Faults::default();
    for argument in &arguments.values {
        let Some((name, path)) = argument.split_once('=') else {
            let fault = Fault::new(format!("`{}` has no `=`", argument.escape_debug()));
            faults.push(
                fault
                    .help("write it as `paroisse-a=values.yaml`")
                    .argument("--values"),
            );
            continue;
        };
        let Some(name) =
            faults.keep(InstanceName::parse(name).map_err(|fault| fault.argument("--values")))
        else {
            continue;
        };
        let source = world::read(Path::new(path))?;
        let Some(values) = faults.keep(yaml::read(&source.content, &source.name)) else {
            continue;
        };
        let settings = instances.entry(name.to_string()).or_insert_with(empty);
        let Value::Map(entries) = values.value else {
            continue;
        };
        let mut rest = Vec::new();
        for (key, value) in entries {
            match (key.text.as_str(), value.text()) {
                ("externalhost", Some(host)) => put(settings, "externalHost", text(host)),
                ("servername", Some(host)) => put(settings, "servername", text(host)),
                ("serverstransport", None) => put(settings, "serversTransport", value),
                _ => rest.push((key, value)),
            }
        }
        if !rest.is_empty() {
            put(settings, "helmValues", node(Value::Map(rest)));
        }
    }
    Ok(faults.finish(Some(()))?)
}

/// Finds the instances that run, and the kind of the first one's keys: an instance with another kind says so itself.
fn from_secrets(
    arguments: &Import,
    secrets: &[FoundSecret],
    instances: &mut BTreeMap<String, Node>,
) -> Result<Option<&'static str>, Failure> {
    let mut key_type = None;
    let mut found = 0;
    for secret in secrets.iter().filter(|secret| secret.name == SERVER_CERT.0) {
        let Some(namespace) = &secret.namespace else {
            continue;
        };
        let Some(pem) = secret.data.get(SERVER_CERT.1) else {
            continue;
        };
        let certificate = Sighting::first(pem).ok();
        let Some(seen) = certificate else {
            warn(&format!(
                "{namespace}: {} of Secret {} is not a certificate: the instance is left out",
                SERVER_CERT.1, SERVER_CERT.0
            ));
            continue;
        };
        found += 1;
        let own_key_type = seen.key_type.map(civi_ingress::pki::KeyType::name);
        key_type = key_type.or(own_key_type);
        let id = instances
            .iter()
            .find(|(id, settings)| {
                let named = settings.get("namespace").and_then(Node::text);
                named.unwrap_or(id.as_str()) == namespace
            })
            .map_or_else(|| namespace.clone(), |(id, _)| id.clone());
        let settings = instances.entry(id).or_insert_with(empty);
        let mut names = seen.subject_alt_names.into_iter();
        if let (Some(host), None) = (names.next(), settings.get("externalHost")) {
            put(settings, "externalHost", text(&host));
        }
        let aliases: Vec<Node> = names.map(|name| text(&name)).collect();
        if !aliases.is_empty() && settings.get("aliases").is_none() {
            put(settings, "aliases", node(Value::List(aliases)));
        }
        if let Some(own) = own_key_type.filter(|own| Some(*own) != key_type) {
            put(settings, "certificate.key", text(own));
        }
    }
    if arguments.secrets.is_some() && found == 0 {
        let fault = Fault::new(format!(
            "there is no Secret `{}` with a certificate `{}`",
            SERVER_CERT.0, SERVER_CERT.1
        ));
        return Err(fault
            .help("pass what `kubectl get secret -A -o yaml` prints")
            .argument("--secrets")
            .into());
    }
    Ok(key_type)
}

fn fleet_text(
    arguments: &Import,
    instances: BTreeMap<String, Node>,
    key: Option<&'static str>,
) -> Result<String, Failure> {
    let entries = instances.into_iter().map(|(id, settings)| {
        let key = Key {
            text: id.into(),
            at: At::default(),
        };
        (key, settings)
    });
    let mut block = String::new();
    tree_text(&node(Value::Map(entries.collect())), &mut block);
    let indented = block
        .lines()
        .fold(String::new(), |text, line| text + &format!("    {line}\n"));
    let mut text = init::start(&arguments.init, &indented, init::Recipients::InFleetFile)?;
    if arguments.plain {
        text = text.replacen("mode: sops", "mode: plain", 1);
    }
    if let Some(key) = key {
        // What runs has such keys; another kind would reissue all of them.
        text = text.replacen(
            "    # certificate: {ca: ephemeral, key: p256, days: 365}\n",
            &format!("    certificate: {{key: {key}}}\n"),
            1,
        );
    }
    // The wildcard certificate is not among an instance's Secrets; browsers have the one that is there.
    Ok(text.replacen("spec:\n", "spec:\n  # Without this line, `gitops render` would also make a wildcard certificate of its own.\n  wildcard: false\n", 1))
}

/// Composes the files of every instance whose Secrets are there.
fn compose(
    run: &Run,
    fleet: &Fleet,
    sealer: &Sealer,
    directory: &Path,
    secrets: &[FoundSecret],
) -> Result<Vec<Vec<NewFile>>, Failure> {
    let context = Context {
        now: run.now,
        phase: Phase::All,
        depth: Depth::Glance,
        sealer,
        identities: &[],
        given_ca: None,
        given_front: None,
        rekey: false,
    };
    let templates = Templates::default();
    let renderer = templates.renderer(PrivateKeys::Written);
    let mut faults = Faults::default();
    let mut composed = Vec::new();
    for member in &fleet.members {
        let files = UnitFiles {
            current: as_files(secrets, member.namespace.as_str()),
            ..UnitFiles::default()
        };
        if files.current.is_empty() {
            continue;
        }
        let unit = Unit::member(fleet, member)?;
        judge(&unit, secrets, &mut faults);
        let found = FoundUnit::read(&context, &unit, &files, Reading::Yaml)?;
        let mut plan = plan(&context, &unit, &found, true);
        faults.keep(plan.keep_keys().map_err(|fault| fault.file(unit.id())));
        let made = carry_out(
            &context,
            &unit,
            &files,
            &found,
            &plan,
            &renderer,
            &mut System,
        );
        let home = unit.home();
        if home.is_own()
            && world::look(&directory.join(&home.folder)).is_ok_and(|found| found.is_some())
        {
            let fault =
                Fault::new(format!("{} exists", home.folder)).help("name another directory");
            return Err(Failure::new(Kind::WouldLose, fault));
        }
        composed.extend(faults.keep_all(made).map(|made| {
            let files = made.files.iter();
            files
                .map(|file| NewFile::new(&file.path, &file.text, file.is_secret()))
                .collect()
        }));
    }
    faults.finish(Some(()))?;
    Ok(composed)
}

/// Holds what is kept of an instance against the table of what clients refuse. Of httpd's chain, which Traefik verifies,
/// it is a fault what Go refuses; the rest is warned of, and so is all of the others, whose clients are not Go.
fn judge(unit: &Unit<'_>, secrets: &[FoundSecret], faults: &mut Faults) {
    let text = |credential: Credential| {
        let mut places = unit.placements().iter();
        let (_, place) = places.find(|(found, _)| *found == credential)?;
        let is_it = |secret: &&FoundSecret| {
            secret.namespace.as_deref() == Some(unit.namespace())
                && secret.name == place.secret.as_str()
        };
        let secret = secrets.iter().find(is_it)?;
        secret.data.get(place.key.as_str())
    };
    for (role, wanted) in unit.roles() {
        let is_of_traefik = match role {
            Role::Httpd | Role::Public => true,
            Role::Database => false,
            // For clients, not for servers.
            Role::Client => continue,
        };
        let parts = role.parts();
        let all = text(parts.ca).map_or_else(Vec::new, |ca| authorities::read(ca));
        let mut leaves = text(parts.leaf).map(|leaf| Certificate::each_from_pem(leaf).flatten());
        let Some(leaf) = leaves.as_mut().and_then(Iterator::next) else {
            continue;
        };
        let authority = authorities::signer(&all, &leaf).map(|ca| (ca, Use::Authority));
        for (certificate, used) in authority.into_iter().chain([(&leaf, Use::Server)]) {
            let Ok(details) = certificate.details() else {
                continue;
            };
            for refusal in refusals::of(&details, used) {
                if refusal.rule == RefusalRule::NoNames && wanted.common_name_does {
                    continue;
                }
                let what = format!(
                    "{role}: `{}` {}: {} refuse it",
                    details.name(),
                    refusal.what,
                    refusal.by
                );
                if refusal.is_fatal && is_of_traefik {
                    faults.push(Fault::new(what).help(refusal.help).file(unit.id()));
                } else {
                    warn(&format!("{}: {what}", unit.id()));
                }
            }
        }
    }
}

/// Writes the Secrets of a namespace as files, as the tree would hold them in clear text.
fn as_files(secrets: &[FoundSecret], namespace: &str) -> Vec<(String, Guarded)> {
    use base64::Engine as _;
    let of_namespace = secrets
        .iter()
        .filter(|secret| secret.namespace.as_deref() == Some(namespace));
    of_namespace
        .map(|secret| {
            let mut text = zeroize::Zeroizing::new(format!(
                "kind: Secret\nmetadata:\n  name: {}\n  namespace: {namespace}\ndata:\n",
                yaml::scalar::to_string(&secret.name)
            ));
            for (key, value) in &secret.data {
                let value = zeroize::Zeroizing::new(
                    base64::engine::general_purpose::STANDARD.encode(value.as_bytes()),
                );
                for piece in ["  ", &yaml::scalar::to_string(key), ": ", &value, "\n"] {
                    text.push_str(piece);
                }
            }
            (
                secret.to_string(),
                Guarded::private(std::mem::take(&mut *text)),
            )
        })
        .collect()
}
