//! What a tree may look like after a run that did not end well, and must look like after one that did.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::gitops::found::DIGEST;
use civi_ingress::pki::validity::parse_instant;
use civi_ingress::pki::{Certificate, LeafUse, PrivateKey, verify};
use civi_ingress::seal::{Identity, sops};
use time::OffsetDateTime;

use crate::scenario::{Scenario, identities};
use crate::totals::Wrong;

/// How the names begin of what a run is writing.
const ASIDE: &str = ".civi-ingress-";
/// Base64 of `-----BEGIN PRIVATE`: a key in clear text in a Secret.
const CLEAR_KEY: &str = "LS0tLS1CRUdJTiBQUklWQVRF";

type Found = Vec<(Wrong, String)>;

/// The files of a tree.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
    /// What is or was being written.
    pub(crate) aside: Vec<String>,
    /// Keys in clear text that others can read.
    pub(crate) exposed: Vec<String>,
}

impl Tree {
    pub(crate) fn read(directory: &Path) -> Self {
        let mut tree = Self::default();
        if directory.is_dir() {
            tree.read_folder(directory, "");
        }
        tree
    }

    fn read_folder(&mut self, directory: &Path, below: &str) {
        for entry in fs::read_dir(directory.join(below)).expect("readable") {
            let entry = entry.expect("readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            let is_aside = path.split('/').any(|part| part.starts_with(ASIDE));
            if entry.file_type().expect("readable").is_dir() {
                if is_aside {
                    self.aside.push(path.clone());
                }
                self.read_folder(directory, &path);
                continue;
            }
            let text = fs::read_to_string(entry.path()).expect("a text");
            let mode = entry.metadata().expect("readable").permissions().mode();
            if text.contains(CLEAR_KEY) && mode & 0o077 != 0 {
                self.exposed.push(format!("{path} has mode {mode:o}"));
            }
            if is_aside {
                self.aside.push(path);
            } else {
                self.files.insert(path, text);
            }
        }
    }

    /// Returns the files of each unit by the place where they lie; a unit that moves has two.
    fn homes(&self) -> BTreeMap<(String, String), Vec<(&str, &str)>> {
        let mut homes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (path, text) in &self.files {
            if let Some(home) = home(path) {
                homes
                    .entry(home)
                    .or_default()
                    .push((path.as_str(), text.as_str()));
            }
        }
        homes
    }
}

/// Returns a unit and the place of its files.
fn home(path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    let prefix = |name: &str| {
        let id = name.split('.').next().unwrap_or_default().to_owned();
        (id != "kustomization").then_some(id)
    };
    match parts.as_slice() {
        ["cluster", ..] => Some(("cluster".to_owned(), "cluster".to_owned())),
        ["instances", id, _, ..] => Some(((*id).to_owned(), format!("instances/{id}"))),
        ["instances", name] => Some((prefix(name)?, "instances".to_owned())),
        ["shards", shard, name] => Some((prefix(name)?, format!("shards/{shard}"))),
        _ => None,
    }
}

/// The scenario, and the tree before and after a run that nothing disturbs.
pub(crate) struct Judge<'a> {
    scenario: &'a Scenario,
    old: Tree,
    new: Tree,
    now: OffsetDateTime,
    identities: Vec<Identity>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(scenario: &'a Scenario, old: Tree, new: Tree) -> Self {
        let judge = Self {
            scenario,
            old,
            new,
            now: parse_instant(scenario.now).expect("an instant"),
            identities: identities(),
        };
        let found = judge.done(&judge.new);
        assert!(found.is_empty(), "the undisturbed run: {found:#?}");
        judge
    }

    /// Judges what a disturbed run left.
    pub(crate) fn left(&self, tree: &Tree) -> Found {
        let mut found = exposed(tree);
        for (path, text) in &tree.files {
            if !self.is_old(path, text) && !self.is_new(path, text) {
                found.push((Wrong::Partial, path.clone()));
            }
        }
        for path in self.old.files.keys() {
            if self.new.files.contains_key(path) && !tree.files.contains_key(path) {
                found.push((Wrong::Partial, format!("{path} is gone")));
            }
        }
        if self.scenario.at_once {
            found.extend(self.mixed_folders(tree));
        }
        found.extend(self.credentials(tree));
        found
    }

    /// Judges what an undisturbed run left.
    pub(crate) fn done(&self, tree: &Tree) -> Found {
        let mut found = exposed(tree);
        let diverging = |what: &String| (Wrong::Diverging, what.clone());
        found.extend(tree.aside.iter().map(diverging));
        for (path, text) in &tree.files {
            if !self.is_new(path, text) {
                found.push((Wrong::Diverging, format!("{path} is not as it should be")));
            }
        }
        for path in self.new.files.keys() {
            if !tree.files.contains_key(path) {
                found.push((Wrong::Diverging, format!("{path} is not there")));
            }
        }
        found.extend(self.credentials(tree));
        found
    }

    fn is_old(&self, path: &str, text: &str) -> bool {
        self.old.files.get(path).is_some_and(|old| old == text)
    }

    fn is_new(&self, path: &str, text: &str) -> bool {
        let new = self.new.files.get(path);
        new.is_some_and(|new| new == text || shape(new) == shape(text))
    }

    /// Finds folders of instances that are neither wholly old nor wholly new.
    fn mixed_folders(&self, tree: &Tree) -> Found {
        let (old, new) = (self.old.homes(), self.new.homes());
        let nothing = Vec::new();
        let mut found = Vec::new();
        for (home, files) in &tree.homes() {
            let (old, new) = (
                old.get(home).unwrap_or(&nothing),
                new.get(home).unwrap_or(&nothing),
            );
            let is_old = files == old;
            let changed: BTreeSet<&str> = new
                .iter()
                .filter(|file| !old.contains(file))
                .map(|(path, _)| *path)
                .collect();
            let is_new = files.len() == new.len()
                && files.iter().all(|(path, text)| {
                    self.is_new(path, text) && changed.contains(path) != self.is_old(path, text)
                });
            if !is_old && !is_new {
                found.push((Wrong::Mixed, home.1.clone()));
            }
        }
        found
    }

    /// Finds leaves that are not trusted, and keys that are not with their certificates or not there.
    fn credentials(&self, tree: &Tree) -> Found {
        let mut found = Vec::new();
        let mut complete = BTreeSet::new();
        for ((id, place), files) in &tree.homes() {
            if id == "cluster" {
                continue;
            }
            let values = self.values(files);
            let certificates = |key: &str| {
                let text = values.get(key)?;
                Certificate::all_from_pem(text).ok()
            };
            let leaf = certificates("externcert").and_then(|all| all.into_iter().next());
            if let (Some(leaf), Some(bundle)) = (&leaf, certificates("ca.crt")) {
                let is_covered = bundle
                    .iter()
                    .any(|ca| verify::path(ca, leaf, LeafUse::Server, &[], self.now).is_ok());
                if !is_covered {
                    found.push((
                        Wrong::Mixed,
                        format!("{place}: {id}: the leaf is not trusted"),
                    ));
                }
            }
            let pairs = [("externcert", "externkey"), ("dbservercert", "dbserverkey")];
            let are_pairs = pairs.iter().all(|(certificate, key)| {
                let certificate = certificates(certificate).and_then(|all| all.into_iter().next());
                let key = values
                    .get(*key)
                    .and_then(|key| PrivateKey::from_pem(key).ok());
                certificate
                    .zip(key)
                    .is_some_and(|(certificate, key)| verify::belongs(&certificate, &key).is_ok())
            });
            let has_secret = values.contains_key("externcert") || values.contains_key("externkey");
            if are_pairs {
                complete.insert(id.clone());
            } else if has_secret {
                found.push((
                    Wrong::Lost,
                    format!("{place}: {id}: a key is not its certificate's"),
                ));
            }
        }
        for id in self.scenario.staying() {
            if !complete.contains(id) {
                found.push((Wrong::Lost, format!("{id} has no credentials")));
            }
        }
        found
    }

    /// Returns the values of a unit's Secrets in clear text, those that wait apart.
    fn values(&self, files: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for (path, text) in files {
            if path.contains("/next/") || path.contains(".next.") {
                continue;
            }
            let mut add = |key: &str, value: &str| {
                if let Some(text) = decoded(value) {
                    values.insert(key.to_owned(), text);
                }
            };
            if self.scenario.is_sops() && text.contains("\nsops:") {
                if let Ok(opened) = sops::open(text, path, &self.identities) {
                    for (key, value) in &opened {
                        add(key, value);
                    }
                }
                continue;
            }
            for line in text.lines() {
                if let Some((key, value)) = line.trim_start().split_once(": ") {
                    add(key, value);
                }
            }
        }
        values
    }
}

fn exposed(tree: &Tree) -> Found {
    let exposed = tree.exposed.iter();
    exposed.map(|what| (Wrong::Exposed, what.clone())).collect()
}

fn decoded(value: &str) -> Option<String> {
    let bytes = STANDARD.decode(value.trim_matches('"')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.starts_with("-----BEGIN ").then_some(text)
}

/// Whether a line is the whole one that binds the values of an encrypted file.
fn is_digest(line: &str) -> bool {
    line.strip_prefix(DIGEST)
        .and_then(|rest| rest.strip_suffix('\n'))
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Returns a text without what differs from run to run; a value that was cut off stays, and so differs.
pub(crate) fn shape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_armour = false;
    for line in text.split_inclusive('\n') {
        if is_digest(line) {
            out.push_str("digest\n");
            continue;
        }
        in_armour &= !line.ends_with("-----END AGE ENCRYPTED FILE-----\n");
        if in_armour {
            continue;
        }
        in_armour = line.ends_with("-----BEGIN AGE ENCRYPTED FILE-----\n");
        let Some((key, value)) = line.split_once(": ") else {
            out.push_str(line);
            continue;
        };
        let value = value.trim_end_matches('\n').trim_matches('"');
        let is_whole = decoded(value).is_some_and(|text| text.ends_with("-----\n"))
            || value.starts_with("ENC[") && value.ends_with("type:str]")
            || key == "  lastmodified" && value.len() == "2026-11-24T10:00:00Z".len();
        if is_whole && line.ends_with('\n') {
            out.push_str(key);
            out.push_str(": …\n");
        } else {
            out.push_str(line);
        }
    }
    out
}
