//! What the tests of fleets have in common: fleets, draws, steps and runs.

use crate::support::{NOW, Run, key, run_in, write};
use civi_ingress::fault::Fault;
use civi_ingress::fleet::{self, Fleet, Source};
use civi_ingress::gitops::compose::drawing::Drawing;
use civi_ingress::gitops::compose::{TreeFile, carry_out};
use civi_ingress::gitops::context::{Context, Phase, Readers, Reading, Sealer, UnitFiles};
use civi_ingress::gitops::decide::Action;
use civi_ingress::gitops::plan::Plan;
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::pki::issue::Serial;
use civi_ingress::pki::reuse::Depth;
use civi_ingress::pki::{Certificate, KeyType, PrivateKey};
use civi_ingress::seal::{Identity, Recipient};
use civi_ingress::template::Templates;
use std::fmt::Write as _;
use tempfile::TempDir;
use time::OffsetDateTime;

/// A throw-away identity, and another.
pub(super) const IDENTITY: &str =
    "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
pub(super) const OTHER_IDENTITY: &str =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
pub(super) const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
pub(super) const OTHER_RECIPIENT: &str =
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// Draws new keys, and serials that count.
pub(super) struct Fresh(pub(super) u8);

impl Drawing for Fresh {
    fn key(&mut self, key_type: KeyType) -> Result<PrivateKey, Fault> {
        let pair = rcgen::KeyPair::generate_for(key_type.signature_algorithm());
        Ok(pair.expect("a key").into())
    }
    fn serial(&mut self) -> Result<Serial, Fault> {
        self.0 += 1;
        Ok(Serial::from_random([self.0; 16]))
    }
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        aws_lc_rs::rand::fill(bytes).expect("random bytes");
        Ok(())
    }
}

/// Hands out the throw-away keys of the tests in turn, so that a tree is the same every time.
pub(super) struct Fixed(pub(super) usize);

impl Drawing for Fixed {
    fn key(&mut self, _: KeyType) -> Result<PrivateKey, Fault> {
        self.0 += 1;
        Ok(key(["ca", "leaf", "db-ca", "db-leaf"][(self.0 - 1) % 4]))
    }
    fn serial(&mut self) -> Result<Serial, Fault> {
        Ok(Serial::from_random([7; 16]))
    }
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        bytes.fill(7);
        Ok(())
    }
}

pub(super) fn fleet(spec: &str) -> Fleet {
    let text = format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n  domain: example.org\n{spec}"
    );
    let source = Source {
        name: "fleet.yaml".to_owned(),
        text,
    };
    fleet::read(&source, &mut |_| Ok(Vec::new())).unwrap_or_else(|faults| panic!("{faults:?}"))
}

pub(super) fn sops(recipients: &[&str]) -> Sealer {
    let mut recipients: Vec<Recipient> = recipients
        .iter()
        .map(|text| Recipient::parse(text).expect("a recipient"))
        .collect();
    recipients.sort_unstable();
    Sealer::Sops(Readers::Of(recipients))
}

pub(super) fn identities() -> Vec<Identity> {
    Identity::all_from_text(IDENTITY).expect("an identity")
}

/// What a run knows, with the usual answers.
pub(super) fn context<'a>(
    sealer: &'a Sealer,
    identities: &'a [Identity],
    now: OffsetDateTime,
) -> Context<'a> {
    Context {
        now,
        phase: Phase::All,
        depth: Depth::Whole,
        sealer,
        identities,
        given_ca: None,
        given_front: None,
        rekey: false,
    }
}

/// As [`step`], from nothing; returns what the tree holds afterwards.
pub(super) fn first_step(sealer: &Sealer, fleet: &Fleet) -> UnitFiles {
    let context = context(sealer, &[], NOW);
    step(&context, fleet, &UnitFiles::default(), &mut Fresh(0)).1
}

/// Plans and carries out one member's step; gives what was decided and what the tree holds afterwards.
pub(super) fn step(
    context: &Context<'_>,
    fleet: &Fleet,
    files: &UnitFiles,
    drawing: &mut dyn Drawing,
) -> (Plan, UnitFiles) {
    let unit = Unit::member(fleet, &fleet.members[0]).expect("a unit");
    let found = FoundUnit::read(context, &unit, files, Reading::Yaml).expect("YAML");
    let plan = plan(context, &unit, &found, true);
    let templates = Templates::default();
    let renderer = templates.renderer(PrivateKeys::Written);
    let composed = carry_out(context, &unit, files, &found, &plan, &renderer, drawing)
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    (plan, as_found(composed.files))
}

pub(super) fn as_found(files: Vec<TreeFile>) -> UnitFiles {
    let mut found = UnitFiles::default();
    for file in files {
        let list = if file.path.contains("/next/") {
            &mut found.staged
        } else {
            &mut found.current
        };
        list.push((file.path, file.text));
    }
    found
}

pub(super) fn action(plan: &Plan, role: Role) -> &Action {
    &plan
        .roles
        .iter()
        .find(|found| found.role == role)
        .expect("the role")
        .action
}

pub(super) fn file<'a>(files: &'a UnitFiles, name: &str) -> &'a str {
    let all = files.current.iter().chain(&files.staged);
    let found = all.clone().find(|(path, _)| path.ends_with(name));
    found.map_or_else(|| panic!("no {name}"), |(_, text)| text.as_str())
}

/// Returns the value under a data key, as it stands.
pub(super) fn value_of<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.trim_start().strip_prefix(&format!("{key}: ")))
        .unwrap_or_else(|| panic!("no {key}"))
}

/// Returns the certificates under a data key.
pub(super) fn certificates(text: &str, key: &str) -> Vec<Certificate> {
    let pem = crate::support::decode(value_of(text, key)).expect("base64 text");
    Certificate::all_from_pem(&pem).expect("certificates")
}

pub(super) fn covered(files: &UnitFiles, leaf: &Certificate) -> bool {
    certificates(file(files, "secret-externca.yaml"), "ca.crt")
        .iter()
        .any(|ca| leaf.names_as_issuer(ca))
}

/// Returns the file with the keys that are in use.
pub(super) fn keys_in_use(files: &UnitFiles) -> &str {
    let mut current = files.current.iter();
    let found = current.find(|(path, _)| path.contains("secret-selfcert."));
    found.map(|(_, text)| text.as_str()).expect("the Secret")
}

/// Returns whether the database's clients trust a leaf of the database.
pub(super) fn database_covered(files: &UnitFiles, leaf: &Certificate) -> bool {
    certificates(keys_in_use(files), "dbcacert")
        .iter()
        .any(|ca| leaf.names_as_issuer(ca))
}

/// Returns the files with another text in place of one.
pub(super) fn with_text(files: &UnitFiles, name: &str, text: &str) -> UnitFiles {
    let mut found = UnitFiles::default();
    for (path, old) in &files.current {
        let text = if path.ends_with(name) { text } else { old };
        found
            .current
            .push((path.clone(), Guarded::public(text.to_owned())));
    }
    found
}

/// Encrypts all values of a Secret, as `sops` does by the rule `^(data|stringData)$`.
pub(super) fn closed(text: &str, identities: &[Identity], recipients: &[&str]) -> String {
    let data = civi_ingress::seal::sops::open(text, "s.yaml", identities).expect("opens");
    let private: Vec<_> = data
        .iter()
        .map(|(key, value)| {
            let key = civi_ingress::name::DataKey::parse(key).expect("a key");
            let data = civi_ingress::manifest::SecretData::carried_key(value.to_string());
            (key, data)
        })
        .collect();
    let recipients: Vec<Recipient> = recipients
        .iter()
        .map(|text| Recipient::parse(text).expect("a recipient"))
        .collect();
    let mut random = |bytes: &mut [u8]| Fresh(0).fill(bytes);
    let sealed =
        civi_ingress::seal::sops::seal(&private, &recipients, NOW, &mut random).expect("sealed");
    let mut out = text[..text.find("\ndata:\n").expect("data")].to_owned() + "\ndata:\n";
    for (key, value) in &sealed.values {
        writeln!(out, "  {key}: {value:?}").unwrap();
    }
    out + sealed.block.text()
}

/// Writes a fleet file and renders it with the binary.
pub(super) fn rendered(directory: &TempDir, text: &str, more: &[&str]) -> Run {
    write(&directory.path().join("fleet.yaml"), text);
    gitops(directory, "render", more)
}

/// Runs a command over the fleet of a directory and its tree.
pub(super) fn gitops(directory: &TempDir, word: &str, more: &[&str]) -> Run {
    let arguments = ["gitops", word, "-f", "fleet.yaml", "--output-dir", "tree"];
    run_in(directory.path(), &[&arguments, more].concat())
}

pub(super) fn fleet_file(instances: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  instances:\n{instances}"
    )
}

pub(super) fn git(directory: &std::path::Path, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}
