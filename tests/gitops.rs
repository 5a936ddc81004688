//! A fleet as a tree: what is decided, what is written, and what a second run leaves alone.

use crate::support::{NOW, Run, assert_snapshot_in, key, names_in, read, readable, run_in, write};
use base64::Engine as _;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::{self, Fleet, Source};
use civi_ingress::gitops::compose::drawing::{Drawing, NoDrawing};
use civi_ingress::gitops::compose::{TreeFile, carry_out, restart};
use civi_ingress::gitops::context::{Context, Phase, Readers, Reading, Sealer, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::gitops::fleet_files::fleet_files;
use civi_ingress::gitops::plan::Plan;
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::renewal::{Standing, dates};
use civi_ingress::gitops::secrets::Found;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::pki::issue::{self, CaRequest, Organization, Serial};
use civi_ingress::pki::reuse::{Cause, Depth};
use civi_ingress::pki::validity::Validity;
use civi_ingress::pki::{Certificate, KeyType, PrivateKey};
use civi_ingress::seal::sealed::{Scope, SealingCertificate};
use civi_ingress::seal::{Identity, Recipient};
use civi_ingress::template::Templates;
use civi_ingress::values::SecretKeyRef;
use std::fmt::Write as _;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// The templates that only trees use.
pub(crate) const TEMPLATES: [&str; 5] = [
    "gitops/applicationset.yaml",
    "gitops/flux-kustomization.yaml",
    "gitops/ksops.yaml",
    "gitops/kustomization.yaml",
    "gitops/sealedsecret.yaml",
];

/// A throw-away identity, and another.
const IDENTITY: &str = "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
const OTHER_IDENTITY: &str =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
const OTHER_RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// Draws new keys, and serials that count.
struct Fresh(u8);

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
struct Fixed(usize);

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

fn fleet(spec: &str) -> Fleet {
    let text = format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n  domain: example.org\n{spec}"
    );
    let source = Source {
        name: "fleet.yaml".to_owned(),
        text,
    };
    fleet::read(&source, &mut |_| Ok(Vec::new())).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn sops(recipients: &[&str]) -> Sealer {
    let mut recipients: Vec<Recipient> = recipients
        .iter()
        .map(|text| Recipient::parse(text).expect("a recipient"))
        .collect();
    recipients.sort_unstable();
    Sealer::Sops(Readers::Of(recipients))
}

fn identities() -> Vec<Identity> {
    Identity::all_from_text(IDENTITY).expect("an identity")
}

/// What a run knows, with the usual answers.
fn context<'a>(sealer: &'a Sealer, identities: &'a [Identity], now: OffsetDateTime) -> Context<'a> {
    Context {
        now,
        phase: Phase::All,
        depth: Depth::Whole,
        sealer,
        identities,
        given_ca: None,
        rekey: false,
    }
}

/// Plans and carries out one member's step; gives what was decided and what the tree holds afterwards.
fn step(
    context: &Context<'_>,
    fleet: &Fleet,
    files: &UnitFiles,
    drawing: &mut dyn Drawing,
) -> (Plan, UnitFiles) {
    let unit = Unit::member(fleet, &fleet.members[0]).expect("a unit");
    let found = Found::read(context, &unit, files, Reading::Yaml).expect("YAML");
    let plan = plan(context, &unit, &found, true);
    let templates = Templates::default();
    let renderer = templates.renderer(PrivateKeys::Written);
    let composed = carry_out(context, &unit, files, &found, &plan, &renderer, drawing)
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    (plan, as_found(composed.files))
}

fn as_found(files: Vec<TreeFile>) -> UnitFiles {
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

fn action(plan: &Plan, role: Role) -> &Action {
    &plan
        .roles
        .iter()
        .find(|found| found.role == role)
        .expect("the role")
        .action
}

fn file<'a>(files: &'a UnitFiles, name: &str) -> &'a str {
    let all = files.current.iter().chain(&files.staged);
    let found = all.clone().find(|(path, _)| path.ends_with(name));
    found.map_or_else(|| panic!("no {name}"), |(_, text)| text.as_str())
}

/// Returns the value under a data key, as it stands.
fn value_of<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.trim_start().strip_prefix(&format!("{key}: ")))
        .unwrap_or_else(|| panic!("no {key}"))
}

/// Returns the certificates under a data key.
fn certificates(text: &str, key: &str) -> Vec<Certificate> {
    let pem = crate::support::decode(value_of(text, key)).expect("base64 text");
    Certificate::all_from_pem(&pem).expect("certificates")
}

fn covered(files: &UnitFiles, leaf: &Certificate) -> bool {
    certificates(file(files, "secret-externca.yaml"), "ca.crt")
        .iter()
        .any(|ca| leaf.names_as_issuer(ca))
}

/// Returns the file with the keys that are in use.
fn keys_in_use(files: &UnitFiles) -> &str {
    let mut current = files.current.iter();
    let found = current.find(|(path, _)| path.contains("secret-selfcert."));
    found.map(|(_, text)| text.as_str()).expect("the Secret")
}

/// Returns whether the database's clients trust a leaf of the database.
fn database_covered(files: &UnitFiles, leaf: &Certificate) -> bool {
    certificates(keys_in_use(files), "dbcacert")
        .iter()
        .any(|ca| leaf.names_as_issuer(ca))
}

#[test]
fn a_second_run_decides_nothing_and_writes_the_same_bytes() {
    for sealer in [Sealer::Plain, sops(&[RECIPIENT])] {
        let fleet = fleet("  wildcard: false\n  instances: {a: {objects: {clientAuth: true}}}\n");
        let context = context(&sealer, &[], NOW);
        let (plan, first) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
        assert!(plan.roles.iter().all(|role| role.action == Action::Issue));
        let (plan, second) = step(&context, &fleet, &first, &mut NoDrawing);
        assert!(plan.keeps_all());
        assert_eq!(first.current, second.current);
    }
}

#[test]
fn what_is_written_can_be_scanned_as_well_as_read() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, files) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let unit = Unit::member(&fleet, &fleet.members[0]).expect("a unit");
    let found = Found::read(&context, &unit, &files, Reading::Scan).expect("our own form");
    let plan = plan(&context, &unit, &found, true);
    assert!(plan.keeps_all(), "{plan:?}");
}

/// Returns the files with another text in place of one.
fn with_text(files: &UnitFiles, name: &str, text: &str) -> UnitFiles {
    let mut found = UnitFiles::default();
    for (path, old) in &files.current {
        let text = if path.ends_with(name) { text } else { old };
        found
            .current
            .push((path.clone(), Guarded::public(text.to_owned())));
    }
    found
}

#[test]
fn a_valid_sops_file_keeps_its_keys_whatever_the_form_of_its_yaml() {
    let sealer = sops(&[RECIPIENT, OTHER_RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, first) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name).to_owned();
    let (mark, body) = text.split_once('\n').expect("a first line");
    let tree: serde_yaml::Value = serde_yaml::from_str(body).expect("YAML");
    let with_mark = |body: String| format!("{mark}\n{body}");
    let mac = body
        .lines()
        .find_map(|line| line.strip_prefix("  mac: "))
        .expect("a MAC");
    let (before, block) = body.split_once("sops:\n").expect("a block");
    let forms = [
        (
            "kubectl's order",
            text.replacen("type: Opaque\n", "", 1) + "type: Opaque\n",
        ),
        ("a quoted MAC", text.replace(mac, &format!("\"{mac}\""))),
        (
            "a MAC in single quotes",
            text.replace(mac, &format!("'{mac}'")),
        ),
        ("a folded MAC", text.replace(mac, &format!(">-\n    {mac}"))),
        (
            "a literal MAC",
            text.replace(mac, &format!("|-\n    {mac}")),
        ),
        ("a tab", text.replace("  mac: ", "  mac:\t")),
        (
            "another indentation",
            with_mark(serde_yaml::to_string(&tree).unwrap()),
        ),
        (
            "JSON",
            with_mark(serde_json::to_string_pretty(&tree).unwrap()),
        ),
        ("Windows' ends of lines", text.replace('\n', "\r\n")),
        (
            "comments",
            text.replace("data:\n", "data: # what is kept\n\n  # a line\n"),
        ),
        (
            "the block in front",
            with_mark(format!("sops:\n{block}{}", before.replace("---\n", ""))),
        ),
        (
            "a quoted key",
            text.replace("\nsops:", "\n\"sops\":")
                .replace("\ndata:", "\n'data':"),
        ),
        ("the block's keys in another order", {
            let (age, rest) = block.split_once("  lastmodified").expect("a date");
            with_mark(format!("{before}sops:\n  lastmodified{rest}{age}"))
        }),
        (
            "an anchor",
            text.replace("name: selfcert", "name: &name selfcert")
                .replace("  version: ", "  note: *name\n  version: ")
                .replace("  note: *name\n", ""),
        ),
        ("the end of a document", text.clone() + "...\n"),
        ("an empty document behind", text.clone() + "---\n"),
        (
            "spaces at the ends of lines",
            text.replace("metadata:\n", "metadata:  \n")
                .replace("sops:\n", "sops:   \n"),
        ),
    ];
    for (what, form) in forms {
        assert_ne!(form, text, "{what}");
        let files = with_text(&first, name, &form);
        let (plan, second) = step(&context, &fleet, &files, &mut NoDrawing);
        assert!(
            plan.roles.iter().all(|role| role.action == Action::Keep),
            "{what}: {plan:?}\n{form}"
        );
        assert_eq!(file(&second, name), text, "{what}");
    }
}

/// Encrypts all values of a Secret, as `sops` does by the rule `^(data|stringData)$`.
fn closed(text: &str, identities: &[Identity], recipients: &[&str]) -> String {
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

#[test]
fn what_a_person_encrypted_as_a_whole_is_opened_and_kept_or_waits_for_the_identity() {
    let sealer = sops(&[RECIPIENT]);
    let identities = identities();
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{}}}}\n"
        ));
        let name = "secret-selfcert.sops.yaml";
        let (_, first) = step(
            &context(&sealer, &[], NOW),
            &fleet,
            &UnitFiles::default(),
            &mut Fresh(0),
        );
        let whole = closed(file(&first, name), &identities, &[RECIPIENT]);
        let files = with_text(&first, name, &whole);
        let (plan, waiting) = step(&context(&sealer, &[], NOW), &fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            assert_eq!(
                *action(&plan, role),
                Action::Blocked(Reason::Closed(Need::Identity), Need::Identity)
            );
        }
        assert!(
            waiting.current == files.current,
            "all stays as it was found"
        );
        let with_identity = context(&sealer, &identities, NOW);
        let (plan, opened) = step(&with_identity, &fleet, &files, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Reseal(Reason::LockedOtherwise)
        );
        let open = |files: &UnitFiles| {
            civi_ingress::seal::sops::open(file(files, name), name, &identities).expect("opens")
        };
        assert_eq!(open(&opened), open(&first));
        let (plan, _) = step(&context(&sealer, &[], NOW), &fleet, &opened, &mut NoDrawing);
        assert!(plan.keeps_all(), "{plan:?}");
    }
}

#[test]
fn a_file_that_other_readers_open_or_that_is_damaged_waits_for_a_person() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name);
    let identities = identities();
    let cut = |what: &str| {
        let start = text.find(what).expect("there");
        let end = start + text[start..].find('\n').expect("a line") + 1;
        format!("{}{}", &text[..start], &text[end..])
    };
    let with_pgp = text.replace(
        "  version: ",
        "  pgp:\n    - fp: ABCD\n      enc: x\n  version: ",
    );
    for (what, text, later) in [
        ("pgp", &with_pgp, false),
        ("pgp", &with_pgp, true),
        ("`mac`", &cut("  mac: "), false),
        ("`lastmodified`", &cut("  lastmodified: "), false),
        ("`externkey`", &text.replacen(",iv:", ",iv:AAAA", 1), false),
        (
            "`sops` block",
            &text[..text.find("sops:\n").unwrap()].to_owned(),
            false,
        ),
    ] {
        let files = with_text(&first, name, text);
        let now = if later {
            NOW + Duration::days(300)
        } else {
            NOW
        };
        let context = context(&sealer, &identities, now);
        let (plan, same) = step(&context, &fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            let Action::Blocked(reason, Need::Person) = action(&plan, role) else {
                panic!("{what}: {plan:?}")
            };
            let said = reason.to_string();
            assert!(
                said.contains(what) || what == "`externkey`" && said.contains("damaged"),
                "{said}"
            );
        }
        assert!(same.current == files.current, "{what}");
    }
}

#[test]
fn a_blocked_chain_whose_ca_cannot_be_read_keeps_its_trust_bundle() {
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {objects: {clientAuth: true}}}\n",
    );
    let sealer = sops(&[RECIPIENT]);
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name);
    let start = text.find("  cacert: ").expect("a CA") + "  cacert: ".len();
    let end = start + text[start..].find('\n').expect("a line");
    for damage in ["Z2FyYmFnZQ==", "!", "\"\""] {
        let text = format!("{}{damage}{}", &text[..start], &text[end..]);
        let files = with_text(&first, name, &text);
        let (plan, same) = step(&context(&sealer, &[], NOW), &fleet, &files, &mut NoDrawing);
        assert!(
            matches!(action(&plan, Role::Httpd), Action::Blocked(..)),
            "{plan:?}"
        );
        let paths = |files: &UnitFiles| -> Vec<String> {
            files.current.iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(paths(&same), paths(&files));
        for name in ["secret-externca.yaml", "secret-externclientca.yaml"] {
            if first.current.iter().any(|(path, _)| path.ends_with(name)) {
                assert_eq!(file(&same, name), file(&first, name));
            }
        }
        assert_eq!(file(&same, name), file(&files, name), "{damage}");
    }
}

#[test]
fn a_due_leaf_is_renewed_and_the_previous_ca_stays_trusted_until_its_leaf_has_ended() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let old = certificates(file(&first, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    let (plan, same) = step(
        &context(&sealer, &[], NOW + Duration::days(200)),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    assert!(plan.keeps_all());
    assert_eq!(first.current, same.current);
    let later = NOW + Duration::days(250);
    let (plan, second) = step(&context(&sealer, &[], later), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Renew(Reason::Chain(Cause::Due(..)))
        ),
        "{plan:?}"
    );
    let new = certificates(file(&second, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    assert!(covered(&second, &old) && covered(&second, &new));
    let end = NOW + Duration::days(366);
    let (plan, third) = step(&context(&sealer, &[], end), &fleet, &second, &mut NoDrawing);
    assert!(plan.keeps_all());
    assert!(!covered(&third, &old) && covered(&third, &new));
}

#[test]
fn an_overlap_that_is_set_ends_the_trust_in_the_previous_ca() {
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {overlap: 30d}}\n  instances: {a: {}}\n",
    );
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let old = certificates(file(&first, "secret-selfcert.yaml"), "externcert").remove(0);
    let renewal = NOW + Duration::days(250);
    let (_, second) = step(
        &context(&sealer, &[], renewal),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    let within = step(
        &context(&sealer, &[], renewal + Duration::days(29)),
        &fleet,
        &second,
        &mut NoDrawing,
    )
    .1;
    assert!(covered(&within, &old));
    let after = step(
        &context(&sealer, &[], renewal + Duration::days(31)),
        &fleet,
        &second,
        &mut NoDrawing,
    )
    .1;
    assert!(!covered(&after, &old));
}

#[test]
fn trust_comes_first_then_the_leaf_then_the_shrinking() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let old = certificates(file(&first, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    let at = |days, phase| Context {
        phase,
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let (plan, waits) = step(&at(250, Phase::Leaf), &fleet, &first, &mut NoDrawing);
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(_, Need::TrustPhase)
        ),
        "{plan:?}"
    );
    assert_eq!(first.current, waits.current);

    let (plan, trusted) = step(&at(250, Phase::Trust), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Stage(Reason::Chain(Cause::Due(..)))
        ),
        "{plan:?}"
    );
    let key = |files: &UnitFiles, name| value_of(keys_in_use(files), name).to_owned();
    for name in [
        "externkey",
        "externcert",
        "dbserverkey",
        "dbservercert",
        "cacert",
    ] {
        assert_eq!(key(&first, name), key(&trusted, name), "{name}");
    }
    let next = certificates(
        file(&trusted, "next/secret-selfcert.sops.yaml"),
        "externcert",
    )
    .remove(0);
    assert!(covered(&trusted, &old) && covered(&trusted, &next));
    let database = certificates(keys_in_use(&first), "dbservercert").remove(0);
    let next_database = certificates(
        file(&trusted, "next/secret-selfcert.sops.yaml"),
        "dbservercert",
    )
    .remove(0);
    assert!(database_covered(&trusted, &database) && database_covered(&trusted, &next_database));
    let unit = Unit::member(&fleet, &fleet.members[0]).expect("a unit");
    assert_eq!(
        restart(&unit, &plan).as_deref(),
        Some(
            "kubectl -n a rollout restart statefulset/paroisse-set-httpd statefulset/paroisse-set-tools"
        ),
        "the database's clients learn of its next CA"
    );
    let (plan, again) = step(&at(251, Phase::Trust), &fleet, &trusted, &mut NoDrawing);
    assert!(plan.keeps_all(), "{plan:?}");
    assert_eq!(
        (&trusted.current, &trusted.staged),
        (&again.current, &again.staged)
    );

    let (plan, promoted) = step(&at(260, Phase::Leaf), &fleet, &trusted, &mut NoDrawing);
    assert_eq!(*action(&plan, Role::Httpd), Action::Promote);
    assert!(promoted.staged.is_empty());
    assert_eq!(
        file(&promoted, "secret-selfcert.sops.yaml"),
        file(&trusted, "next/secret-selfcert.sops.yaml")
    );
    assert!(covered(&promoted, &old) && covered(&promoted, &next));
    assert!(database_covered(&promoted, &database) && database_covered(&promoted, &next_database));
    assert_eq!(
        restart(&unit, &plan).as_deref(),
        Some(
            "kubectl -n a rollout restart statefulset/paroisse-set-db statefulset/paroisse-set-httpd statefulset/paroisse-set-tools"
        ),
        "each once"
    );

    let (plan, shrunk) = step(&at(270, Phase::Shrink), &fleet, &promoted, &mut NoDrawing);
    assert!(plan.keeps_all());
    assert!(!covered(&shrunk, &old) && covered(&shrunk, &next));
    assert!(!database_covered(&shrunk, &database) && database_covered(&shrunk, &next_database));
}

#[test]
fn every_leaf_that_may_be_served_stays_trusted_however_often_keys_are_made() {
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{objects: {{clientAuth: true}}}}}}\n"
        ));
        let (ours, theirs) = (sops(&[RECIPIENT]), sops(&[OTHER_RECIPIENT]));
        let mut leaves = Vec::new();
        let mut files = UnitFiles::default();
        // Keys that others could open are made again; a CA that is kept moves in between to one that is not.
        for (day, sealer) in [(0, &ours), (1, &theirs), (2, &ours), (3, &theirs)] {
            let again = Context {
                rekey: true,
                ..context(sealer, &[], NOW + Duration::days(day))
            };
            files = step(
                &again,
                &fleet,
                &files,
                &mut Fresh(20 * u8::try_from(day).expect("a small number")),
            )
            .1;
            leaves.push((
                certificates(keys_in_use(&files), "externcert").remove(0),
                certificates(keys_in_use(&files), "dbservercert").remove(0),
            ));
            for (httpd, database) in &leaves {
                assert!(
                    covered(&files, httpd) && database_covered(&files, database),
                    "{custody}, day {day}"
                );
            }
        }
        let end = NOW + Duration::days(366);
        if custody == "ephemeral" {
            let later = context(&theirs, &[], end);
            let (_, files) = step(&later, &fleet, &files, &mut Fresh(90));
            assert!(!covered(&files, &leaves[0].0) && covered(&files, &leaves[1].0));
            assert!(
                !database_covered(&files, &leaves[0].1) && database_covered(&files, &leaves[1].1)
            );
        }
    }
}

#[test]
fn a_bundle_of_cas_in_any_order_is_read_and_changes_no_key() {
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let sealer = Sealer::Plain;
    let at = context(&sealer, &[], NOW);
    let (_, first) = step(&at, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (_, other) = step(&at, &fleet, &UnitFiles::default(), &mut Fresh(50));
    let both = |name: &str| {
        let all = [&other, &first].map(|files| {
            crate::support::decode(value_of(keys_in_use(files), name)).expect("base64 text")
        });
        base64::engine::general_purpose::STANDARD.encode(all.concat())
    };
    for name in ["dbcacert", "cacert"] {
        let mut files = UnitFiles::default();
        for (path, text) in &first.current {
            let text = if path.contains("selfcert") {
                text.replace(value_of(text, name), &both(name))
            } else {
                text.to_string()
            };
            files.current.push((path.clone(), Guarded::public(text)));
        }
        let (plan, after) = step(&at, &fleet, &files, &mut NoDrawing);
        assert!(plan.keeps_all(), "{name}: {plan:?}");
        let expected = if name == "dbcacert" { 2 } else { 1 };
        let trusted = certificates(keys_in_use(&after), "dbcacert");
        assert_eq!(trusted.len(), expected);
        let leaf = certificates(keys_in_use(&after), "dbservercert").remove(0);
        assert!(
            leaf.names_as_issuer(&trusted[0]),
            "the present one comes first"
        );
        let again = step(&at, &fleet, &after, &mut NoDrawing).1;
        assert_eq!(after.current, again.current);
    }
}

#[test]
fn a_stored_ca_signs_again_with_the_identity_and_nothing_is_made_without_it() {
    let sealer = sops(&[RECIPIENT]);
    let fleet =
        fleet("  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {}}\n");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let later = NOW + Duration::days(250);
    let (plan, same) = step(
        &context(&sealer, &[], later),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    assert!(matches!(
        action(&plan, Role::Httpd),
        Action::Blocked(Reason::Chain(Cause::Due(..)), Need::Identity)
    ));
    assert_eq!(first.current, same.current);
    let identities = identities();
    let (plan, second) = step(
        &context(&sealer, &identities, later),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    assert!(matches!(action(&plan, Role::Httpd), Action::Renew(_)));
    let name = "secret-selfcert.sops.yaml";
    assert_eq!(
        certificates(file(&first, name), "cacert"),
        certificates(file(&second, name), "cacert")
    );
    assert_ne!(
        certificates(file(&first, name), "externcert"),
        certificates(file(&second, name), "externcert")
    );
    assert_eq!(
        file(&first, "secret-externca.yaml"),
        file(&second, "secret-externca.yaml")
    );
}

#[test]
fn a_stored_ca_is_never_replaced_without_the_identity_whatever_is_wrong() {
    let sealer = sops(&[RECIPIENT]);
    let fleet_with = |more: &str| {
        fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: stored}}}}\n  instances: {{a: {{{more}}}}}\n"
        ))
    };
    let as_it_was = fleet_with("");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &as_it_was,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let cut = |files: &UnitFiles, what: &str| {
        let name = "secret-selfcert.sops.yaml";
        let lines = file(files, name).lines();
        let kept: Vec<&str> = lines.filter(|line| !line.starts_with(what)).collect();
        let mut found = UnitFiles::default();
        for (path, text) in &files.current {
            let text = if path.ends_with(name) {
                kept.join("\n") + "\n"
            } else {
                text.to_string()
            };
            found.current.push((path.clone(), Guarded::public(text)));
        }
        found
    };
    let moved = fleet_with("externalHost: b.example.org");
    let elsewhere = fleet_with("namespace: b");
    let after_the_end = NOW + Duration::days(400);
    for (what, fleet, now, from) in [
        ("expired", &as_it_was, after_the_end, ""),
        ("host", &moved, NOW, ""),
        ("namespace", &elsewhere, NOW, ""),
        ("leaf", &as_it_was, NOW, "  externcert: "),
        ("leaf key", &as_it_was, NOW, "  externkey: "),
        ("CA", &as_it_was, NOW, "  cacert: "),
        ("MAC", &as_it_was, NOW, "  mac: "),
    ] {
        let files = cut(
            &first,
            if from.is_empty() {
                "no such line"
            } else {
                from
            },
        );
        let (plan, same) = step(&context(&sealer, &[], now), fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            let is_waiting = matches!(
                action(&plan, role),
                Action::Keep | Action::Blocked(_, Need::Identity | Need::Person)
            );
            assert!(is_waiting, "{what}: {role}: {plan:?}");
        }
        let blocks = |role| matches!(action(&plan, role), Action::Blocked(..));
        assert!(blocks(Role::Httpd) || blocks(Role::Database), "{what}");
        let name = "secret-selfcert.sops.yaml";
        let kept = file(&files, name).replace(
            "namespace: a\n",
            &format!("namespace: {}\n", fleet.members[0].namespace),
        );
        assert_eq!(file(&same, name), kept, "{what}");
    }
    let identities = identities();
    let (_, renewed) = step(
        &context(&sealer, &identities, after_the_end),
        &as_it_was,
        &first,
        &mut Fresh(9),
    );
    let name = "secret-selfcert.sops.yaml";
    assert_eq!(
        certificates(file(&first, name), "cacert"),
        certificates(file(&renewed, name), "cacert"),
        "the stored CA outlives its leaf"
    );
}

#[test]
fn without_the_key_of_an_external_ca_the_file_that_holds_its_chain_waits() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {ca: external}}\n  instances: {a: {}}\n",
    );
    let (plan, files) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    assert_eq!(
        *action(&plan, Role::Httpd),
        Action::Blocked(Reason::MISSING, Need::CaKey)
    );
    assert_eq!(*action(&plan, Role::Database), Action::Issue);
    let request = CaRequest {
        organization: &Organization::default(),
        validity: Validity {
            not_before: NOW,
            not_after: NOW + Duration::days(3650),
        },
        permitted: &[],
    };
    let given = issue::ca(&request, key("ca"), Serial::from_random([1; 16])).expect("a CA");
    let with_key = |now| Context {
        given_ca: Some(&given),
        ..context(&sealer, &[], now)
    };
    let (_, first) = step(&with_key(NOW), &fleet, &files, &mut Fresh(9));
    let later = NOW + Duration::days(300);
    let (plan, same) = step(
        &context(&sealer, &[], later),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    for role in [Role::Httpd, Role::Database] {
        assert!(
            matches!(
                action(&plan, role),
                Action::Blocked(Reason::Chain(Cause::Due(..)), Need::CaKey)
            ),
            "{plan:?}"
        );
    }
    assert_eq!(same.current, first.current);
    let (plan, _) = step(&with_key(later), &fleet, &first, &mut Fresh(20));
    assert!(matches!(action(&plan, Role::Httpd), Action::Renew(_)));
}

#[test]
fn below_an_external_intermediate_a_fleet_serves_the_chain_trusts_the_root_and_stays() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (issuing, root) = (
        include_str!("fixtures/issuing.crt"),
        include_str!("fixtures/issuing-root.crt"),
    );
    write(&path.join("ca.pem"), &format!("{issuing}{root}"));
    write(&path.join("ca.key"), include_str!("fixtures/issuing.key"));
    write(
        &path.join("fleet.yaml"),
        &format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: parishes}}\nspec:\n  secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  \
             domain: example.org\n  defaults: {{certificate: {{ca: external}}}}\n  instances: {{a: {{externalHost: a.example.org}}}}\n"
        ),
    );
    let gitops = |command: &str, now: &str, more: &[&str]| {
        let arguments = [
            "gitops",
            command,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "t",
            "--now",
            now,
        ];
        run_in(path, &[&arguments, more].concat())
    };
    let given = ["--ca-cert", "ca.pem", "--ca-key", "ca.key"];
    gitops("render", "2026-12-01T00:00:00Z", &given).good();
    let own = || read(&path.join("t/instances/a/secret-selfcert.sops.yaml"));
    let trust = || read(&path.join("t/instances/a/secret-externca.yaml"));
    let first = (own(), trust());
    let served = certificates(&first.0, "externcert");
    assert_eq!(served.len(), 2);
    let root = Certificate::from_pem(root).unwrap();
    assert_eq!(
        certificates(&first.1, "ca.crt"),
        std::slice::from_ref(&root)
    );
    let names = [civi_ingress::pki::SubjectAltName::parse("a.example.org").unwrap()];
    civi_ingress::pki::verify::path_through(
        &root,
        &served[1..],
        &served[0],
        civi_ingress::pki::LeafUse::Server,
        &names,
        time::macros::datetime!(2026-12-02 00:00:00 UTC),
    )
    .unwrap();
    let later = "2026-12-02T00:00:00Z";
    for more in [&given[..], &[]] {
        gitops("render", later, more).good();
        assert_eq!((own(), trust()), first);
        let check = gitops("check", later, more);
        assert_eq!(check.status, 0, "{}{}", check.stdout, check.stderr);
    }
    let due = "2027-11-01T00:00:00Z";
    // The wildcard certificate has a CA of its own, whose key is stored.
    assert_eq!(gitops("render", due, &given).status, 1);
    let renewed = certificates(&own(), "externcert");
    assert_ne!(renewed[0], served[0]);
    assert_eq!(renewed[1..], served[1..]);
    assert_eq!(certificates(&trust(), "ca.crt"), [root]);
}

#[test]
fn a_leaf_that_ends_with_the_root_above_an_external_intermediate_waits_for_another_ca() {
    let pair = |name| rcgen::KeyPair::from_pem(key(name).pem()).unwrap();
    let read = |der: &[u8]| Certificate::from_der(der.to_vec().into()).unwrap();
    let authority = |name: &str, days| {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        (parameters.not_before, parameters.not_after) = (NOW, NOW + Duration::days(days));
        parameters
    };
    let root = authority("Root", 30);
    let root_certificate = root.self_signed(&pair("ca")).unwrap();
    let issuer = rcgen::Issuer::new(root, pair("ca"));
    let intermediate = authority("Intermediate", 3650);
    let intermediate = intermediate.signed_by(&pair("db-ca"), &issuer).unwrap();
    let above = vec![read(root_certificate.der())];
    let given = issue::Ca::below(read(intermediate.der()), key("db-ca"), above);
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  secrets: {mode: plain}\n  defaults: {certificate: {ca: external}}\n  instances: {a: {}}\n",
    );
    let at = |days| Context {
        given_ca: Some(&given),
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let (_, first) = step(&at(0), &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (plan, _) = step(&at(25), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(Reason::Chain(Cause::Due(..)), Need::OtherCa)
        ),
        "{plan:?}"
    );
}

#[test]
fn where_a_stored_ca_is_due_with_its_leaf_the_next_ca_is_trusted_first() {
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  secrets: {mode: plain}\n  defaults: {certificate: {ca: stored, caDays: 400}}\n  instances: {a: {}}\n",
    );
    let at = |days, phase| Context {
        phase,
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let start = at(0, Phase::All);
    let (_, first) = step(&start, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (plan, _) = step(&at(300, Phase::Leaf), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(_, Need::TrustPhase)
        ),
        "{plan:?}"
    );
}

/// An instance under an intermediate whose key is stored, made then.
fn below_a_stored_intermediate(now: &str) -> UnitFiles {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (issuing, root) = (
        include_str!("fixtures/issuing.crt"),
        include_str!("fixtures/issuing-root.crt"),
    );
    write(&path.join("ca.pem"), &format!("{issuing}{root}"));
    write(&path.join("ca.key"), include_str!("fixtures/issuing.key"));
    let arguments = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--ca-cert",
        "ca.pem",
        "--ca-key",
        "ca.key",
        "--ca-custody",
        "stored",
        "--now",
        now,
    ];
    let manifests = run_in(path, &arguments).good();
    let mut secrets = civi_ingress::manifests::secrets(&manifests, "made").unwrap();
    let mut found = UnitFiles::default();
    secrets.retain(|secret| secret.name == "selfcert");
    for secret in secrets {
        let mut text = format!(
            "# civi-ingress:managed fleet=uepal instance=a\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n  namespace: a\ntype: Opaque\ndata:\n",
            secret.name
        );
        for (key, value) in &secret.data {
            let value = base64::engine::general_purpose::STANDARD.encode(value.as_bytes());
            writeln!(text, "  {key}: {value}").unwrap();
        }
        found.current.push((
            format!("instances/a/secret-{}.yaml", secret.name),
            Guarded::private(text),
        ));
    }
    found
}

/// The fleet of that instance, with more of it.
fn fleet_below_a_stored_intermediate(more: &str) -> Fleet {
    fleet(&format!(
        "  wildcard: false\n  secrets: {{mode: plain}}\n  defaults: {{certificate: {{ca: stored}}}}\n  instances: {{a: {{externalHost: a.example.org{more}}}}}\n"
    ))
}

#[test]
fn a_stored_intermediate_signs_again_with_its_chain_and_is_never_replaced() {
    let root = include_str!("fixtures/issuing-root.crt");
    let sealer = Sealer::Plain;
    let (same_fleet, wider) = (
        fleet_below_a_stored_intermediate(""),
        fleet_below_a_stored_intermediate(", aliases: [b.example.org]"),
    );
    let name = "secret-selfcert.yaml";
    let start = time::macros::datetime!(2026-12-01 00:00:00 UTC);
    let files = below_a_stored_intermediate("2026-12-01T00:00:00Z");
    let before = certificates(file(&files, name), "externcert");
    for (fleet, days) in [(&same_fleet, 300), (&wider, 1)] {
        let now = start + Duration::days(days);
        let (plan, renewed) = step(&context(&sealer, &[], now), fleet, &files, &mut Fresh(0));
        assert!(
            matches!(action(&plan, Role::Httpd), Action::Renew(_)),
            "{plan:?}"
        );
        let after = certificates(file(&renewed, name), "externcert");
        assert_ne!(after[0], before[0]);
        assert_eq!(after[1..], before[1..]);
        assert_eq!(
            certificates(file(&renewed, "secret-externca.yaml"), "ca.crt"),
            [Certificate::from_pem(root).unwrap()]
        );
        assert_eq!(
            value_of(file(&renewed, name), "cakey"),
            value_of(file(&files, name), "cakey")
        );
    }
    // Its leaf ends with it; it has ended.
    let files = below_a_stored_intermediate("2125-01-01T00:00:00Z");
    for now in [
        time::macros::datetime!(2125-05-20 00:00:00 UTC),
        time::macros::datetime!(2125-07-01 00:00:00 UTC),
    ] {
        let (plan, same) = step(
            &context(&sealer, &[], now),
            &same_fleet,
            &files,
            &mut Fresh(0),
        );
        assert!(
            matches!(
                action(&plan, Role::Httpd),
                Action::Blocked(
                    Reason::Chain(Cause::Due(..) | Cause::Expired(_)),
                    Need::OtherIntermediate
                )
            ),
            "{plan:?}"
        );
        for key in ["externkey", "externcert", "cacert", "cakey"] {
            assert_eq!(
                value_of(file(&same, name), key),
                value_of(file(&files, name), key)
            );
        }
    }
}

#[test]
fn the_renewal_under_a_stored_intermediate_is_that_of_its_leaf() {
    let files = below_a_stored_intermediate("2125-01-01T00:00:00Z");
    let fleet = fleet_below_a_stored_intermediate("");
    let name = "secret-selfcert.yaml";
    let standing = |_: &str, place: &SecretKeyRef| {
        let first = certificates(file(&files, name), place.key.as_str()).into_iter();
        let details = first.take(1).find_map(|first| first.details().ok())?;
        let is_there = place.secret.as_str() == "selfcert";
        is_there.then_some(Standing {
            validity: details.validity,
            is_root: details.self_issued,
        })
    };
    let dates = dates(&fleet, standing).unwrap();
    let due = certificates(file(&files, name), "externcert")[0]
        .validity()
        .due_at();
    let keys: Vec<&str> = dates.iter().map(|date| date.key.as_str()).collect();
    assert_eq!(keys, ["externcert", "dbservercert", "dbcacert"]);
    let soon = time::macros::datetime!(2125-04-01 00:00:00 UTC);
    assert!((soon..=due).contains(&dates[0].at), "{dates:?}");
}

#[test]
fn ciphertext_for_another_scope_is_reissued_because_it_cannot_be_opened_there() {
    let pem = rcgen::CertificateParams::default()
        .self_signed(&rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key"))
        .expect("a certificate")
        .pem();
    let sealer = |scope| Sealer::Sealed {
        certificate: Box::new(SealingCertificate::from_pem(&pem, NOW).expect("a certificate")),
        scope,
    };
    let fleet = fleet("  secrets: {mode: plain}\n  wildcard: false\n  instances: {a: {}}\n");
    let strict = sealer(Scope::Strict);
    let (_, first) = step(
        &context(&strict, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    for scope in [Scope::NamespaceWide, Scope::ClusterWide] {
        let wide = sealer(scope);
        let (plan, second) = step(&context(&wide, &[], NOW), &fleet, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::ScopeChanged)
        );
        let (plan, _) = step(&context(&wide, &[], NOW), &fleet, &second, &mut NoDrawing);
        assert_eq!(*action(&plan, Role::Httpd), Action::Keep);
        let mut later = context(&wide, &[], NOW);
        later.phase = Phase::Shrink;
        let (_, waiting) = step(&later, &fleet, &first, &mut NoDrawing);
        assert_eq!(waiting.current, first.current, "its scope stays with it");
    }
}

#[test]
fn new_recipients_get_the_same_keys_or_wait_for_the_identity_unless_new_ones_are_asked_for() {
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let before = sops(&[RECIPIENT]);
    let (_, first) = step(
        &context(&before, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let after = sops(&[RECIPIENT, OTHER_RECIPIENT]);
    let name = "secret-selfcert.sops.yaml";
    let identities = identities();
    let (plan, opened) = step(
        &context(&after, &identities, NOW),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    assert_eq!(
        *action(&plan, Role::Httpd),
        Action::Reseal(Reason::RecipientsChanged)
    );
    assert_eq!(
        certificates(file(&first, name), "externcert"),
        certificates(file(&opened, name), "externcert")
    );
    assert!(file(&opened, name).contains(OTHER_RECIPIENT));
    let other = [Identity::all_from_text(OTHER_IDENTITY)
        .expect("an identity")
        .remove(0)];
    for (identities, need) in [(&[][..], Need::Identity), (&other[..], Need::OtherIdentity)] {
        let (plan, kept) = step(
            &context(&after, identities, NOW),
            &fleet,
            &first,
            &mut NoDrawing,
        );
        for role in [Role::Httpd, Role::Database] {
            let waits = Action::Blocked(Reason::RecipientsChanged, need);
            assert_eq!(*action(&plan, role), waits);
        }
        assert_eq!(first.current, kept.current);
    }
    for identities in [&[][..], &identities] {
        let again = Context {
            rekey: true,
            ..context(&after, identities, NOW)
        };
        let (plan, renewed) = step(&again, &fleet, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::RecipientsChanged)
        );
        assert_ne!(
            certificates(file(&first, name), "externcert"),
            certificates(file(&renewed, name), "externcert")
        );
    }
    // What is due is renewed for all recipients, and takes along what shares its file.
    let later = context(&after, &[], NOW + Duration::days(300));
    let (plan, _) = step(&later, &fleet, &first, &mut Fresh(9));
    assert!(
        plan.roles.iter().all(|role| role.action.makes_keys()),
        "{plan:?}"
    );
}

#[test]
fn a_changed_host_reissues_its_chain_and_what_shares_its_encrypted_file() {
    let before = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let after = fleet("  wildcard: false\n  instances: {a: {externalHost: b.example.org}}\n");
    for (sealer, database) in [
        (sops(&[RECIPIENT]), Action::Renew(Reason::SameFile)),
        (Sealer::Plain, Action::Keep),
    ] {
        let (_, first) = step(
            &context(&sealer, &[], NOW),
            &before,
            &UnitFiles::default(),
            &mut Fresh(0),
        );
        let (plan, _) = step(&context(&sealer, &[], NOW), &after, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::Chain(Cause::NamesChanged))
        );
        assert_eq!(*action(&plan, Role::Database), database);
    }
}

#[test]
fn what_is_broken_is_reported_and_reissued() {
    let sealer = Sealer::Plain;
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, good) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (_, other) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(50));
    let name = "secret-selfcert.yaml";
    let line = |files: &UnitFiles, key: &str| {
        let line = file(files, name)
            .lines()
            .find(|line| line.starts_with(&format!("  {key}: ")));
        line.expect("the key").to_owned()
    };
    let without = |key: &str| (line(&good, key) + "\n", String::new());
    let foreign = |key: &str| (line(&good, key), line(&other, key));
    let cases = [
        (without("externkey"), "its private key is missing"),
        (without("cacert"), "its CA certificate is missing"),
        (without("externcert"), "its certificate is missing"),
        (
            foreign("cacert"),
            "the leaf's issuer is not, byte for byte, the CA's subject",
        ),
        (
            (
                line(&good, "externcert"),
                "  externcert: Z2FyYmFnZQ==".to_owned(),
            ),
            "there is no readable certificate",
        ),
    ];
    for ((from, to), expected) in cases {
        let mut files = UnitFiles::default();
        for (path, text) in &good.current {
            files.current.push((
                path.clone(),
                Guarded::new(text.replacen(&from, &to, 1), true),
            ));
        }
        let (plan, _) = step(&context, &fleet, &files, &mut Fresh(9));
        let Action::Renew(reason) = action(&plan, Role::Httpd) else {
            panic!("{expected}: {plan:?}")
        };
        assert_eq!(reason.to_string(), expected);
    }
}

/// A sealer for a controller of SealedSecrets that is made up on the spot.
fn sealing(scope: Scope) -> Sealer {
    let pem = rcgen::CertificateParams::default()
        .self_signed(&rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key"))
        .expect("a certificate")
        .pem();
    Sealer::Sealed {
        certificate: Box::new(SealingCertificate::from_pem(&pem, NOW).expect("a certificate")),
        scope,
    }
}

/// Returns the first files with another value under a key of the Secret with the keys.
fn with_value(files: &UnitFiles, key: &str, value: &str) -> UnitFiles {
    let secret = files
        .current
        .iter()
        .find(|(path, _)| path.contains("secret-selfcert."));
    let (path, text) = secret.expect("the Secret");
    let old = value_of(text, key);
    assert_ne!(old, value);
    with_text(files, path, &text.replacen(old, value, 1))
}

/// Returns the files as they were before there was a digest.
fn without_digest(files: &UnitFiles) -> UnitFiles {
    let secret = files
        .current
        .iter()
        .find(|(path, _)| path.contains("secret-selfcert."));
    let (path, text) = secret.expect("the Secret");
    let lines = text.split_inclusive('\n');
    let rest: String = lines
        .filter(|line| !line.starts_with("# civi-ingress:digest "))
        .collect();
    assert_ne!(*rest, **text);
    with_text(files, path, &rest)
}

/// Holds a step against what is damaged: both chains wait for a person, no byte changes, and the report names the
/// file, the key and no value.
fn waits_for_a_person(context: &Context<'_>, fleet: &Fleet, files: &UnitFiles, what: &str) {
    let (plan, same) = step(context, fleet, files, &mut NoDrawing);
    for role in [Role::Httpd, Role::Database] {
        let Action::Blocked(reason, Need::Person) = action(&plan, role) else {
            panic!("{what}: {plan:?}")
        };
        let said = reason.to_string();
        assert!(said.contains(what), "{what}: {said}");
        assert!(
            said.contains("instances/a/se") && said.contains("externkey`"),
            "{said}"
        );
        assert!(
            !said.contains(value_of(keys_in_use(files), "externkey")),
            "{said}"
        );
    }
    assert!(same.current == files.current, "{what}");
}

#[test]
fn a_private_key_that_is_not_its_certificates_waits_for_a_person_whoever_can_open_it() {
    let identities = identities();
    let sealed = sealing(Scope::Strict);
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{}}}}\n"
        ));
        let not_its = "the private key `externkey` does not belong to the certificate `externcert`";
        let digest = "does not match the line `# civi-ingress:digest`";
        for (sealer, identities, expected) in [
            (&Sealer::Plain, &[][..], not_its),
            (
                &sops(&[RECIPIENT]),
                &identities[..],
                "`data.externkey` is damaged",
            ),
            (&sops(&[RECIPIENT]), &[], digest),
            (&sealed, &[], digest),
        ] {
            let context = context(sealer, identities, NOW);
            let made = |serial| step(&context, &fleet, &UnitFiles::default(), &mut Fresh(serial)).1;
            let (own, other) = (made(0), made(50));
            let foreign = value_of(keys_in_use(&other), "externkey");
            let swapped = with_value(&own, "externkey", foreign);
            waits_for_a_person(&context, &fleet, &swapped, expected);
            // Whatever else is due.
            let later = Context {
                now: NOW + Duration::days(300),
                ..context
            };
            waits_for_a_person(&later, &fleet, &swapped, expected);
        }
    }
}

#[test]
fn a_certificate_and_a_key_that_do_not_belong_together_are_found_behind_a_valid_code() {
    let (identities, sealer) = (identities(), sops(&[RECIPIENT]));
    let fleet =
        fleet("  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {}}\n");
    let context = context(&sealer, &identities, NOW);
    let made = |serial| step(&context, &fleet, &UnitFiles::default(), &mut Fresh(serial)).1;
    let (own, other) = (made(0), made(50));
    let mut swapped = own;
    for key in ["externcert", "cacert"] {
        swapped = with_value(&swapped, key, value_of(keys_in_use(&other), key));
    }
    let not_its = "the private key `externkey` does not belong to the certificate `externcert`";
    waits_for_a_person(&context, &fleet, &swapped, not_its);
    waits_for_a_person(&context, &fleet, &without_digest(&swapped), not_its);
    // A renewal would find no CA that may sign, and make another.
    let glance = Context {
        now: NOW + Duration::days(300),
        depth: Depth::Glance,
        ..context
    };
    waits_for_a_person(&glance, &fleet, &without_digest(&swapped), not_its);
}

#[test]
fn a_damaged_private_value_waits_for_a_person_whoever_can_open_it() {
    let identities = identities();
    let sealed = sealing(Scope::Strict);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let digest = "does not match the line `# civi-ingress:digest`";
    let flipped = |value: &str| {
        let at = value.len() / 2;
        let byte = if value.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{byte}{}", &value[..at], &value[at + 1..])
    };
    let truncated = |value: &str| match value.split_once(",iv:") {
        Some((data, rest)) => format!("{},iv:{rest}", &data[..data.len() - 3]),
        None => value[..value.len() - 3].to_owned(),
    };
    for (sealer, identities, on_flip, on_cut) in [
        (
            &sops(&[RECIPIENT]),
            &identities[..],
            "`data.externkey` is damaged",
            "externkey` is damaged",
        ),
        (&sops(&[RECIPIENT]), &[], digest, "externkey` is damaged"),
        (
            &sealed,
            &[],
            digest,
            "the sealed value of `externkey` is truncated or not base64",
        ),
        (
            &Sealer::Plain,
            &[],
            "`externkey`",
            "the value of `externkey` is not base64",
        ),
    ] {
        let context = context(sealer, identities, NOW);
        let (_, own) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
        let value = value_of(keys_in_use(&own), "externkey");
        waits_for_a_person(
            &context,
            &fleet,
            &with_value(&own, "externkey", &flipped(value)),
            on_flip,
        );
        waits_for_a_person(
            &context,
            &fleet,
            &with_value(&own, "externkey", &truncated(value)),
            on_cut,
        );
    }
}

#[test]
fn a_file_without_a_digest_gets_one_with_its_next_change_and_not_before() {
    let sealed = sealing(Scope::Strict);
    for sealer in [&sops(&[RECIPIENT]), &sealed] {
        let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
        let now = context(sealer, &[], NOW);
        let (_, first) = step(&now, &fleet, &UnitFiles::default(), &mut Fresh(0));
        let old = without_digest(&first);
        let (plan, same) = step(&now, &fleet, &old, &mut NoDrawing);
        assert!(plan.keeps_all(), "{plan:?}");
        assert!(same.current == old.current);
        let later = context(sealer, &[], NOW + Duration::days(300));
        let (_, renewed) = step(&later, &fleet, &old, &mut Fresh(9));
        let text = keys_in_use(&renewed);
        assert!(
            text.lines()
                .nth(1)
                .is_some_and(|line| line.starts_with("# civi-ingress:digest sha256="))
        );
    }
}

#[test]
fn what_an_identity_proves_to_belong_together_gets_a_new_digest() {
    let (identities, sealer) = (identities(), sops(&[RECIPIENT]));
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let closed = context(&sealer, &[], NOW);
    let (_, first) = step(&closed, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let name = "secret-selfcert.sops.yaml";
    let line = file(&first, name).lines().nth(1).expect("the digest");
    let stale =
        file(&first, name).replacen(line, &format!("# civi-ingress:digest sha256={:064}", 0), 1);
    let files = with_text(&first, name, &stale);
    let (plan, same) = step(&closed, &fleet, &files, &mut NoDrawing);
    assert!(matches!(action(&plan, Role::Httpd), Action::Blocked(..)));
    assert!(same.current == files.current);
    let (plan, fixed) = step(
        &context(&sealer, &identities, NOW),
        &fleet,
        &files,
        &mut NoDrawing,
    );
    assert!(
        plan.roles.iter().all(|role| role.action == Action::Keep),
        "{plan:?}"
    );
    assert!(fixed.current == first.current);
}

#[test]
fn check_names_the_file_and_the_key_that_was_exchanged_and_render_leaves_them() {
    for mode in ["sops", "plain"] {
        let directory = TempDir::new().unwrap();
        let text = fleet_file("    a: {}\n    b: {}\n").replace(
            "  instances",
            "  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances",
        );
        let text = match mode {
            "plain" => text.replace(
                &format!("mode: sops, recipients: [{RECIPIENT}]"),
                "mode: plain",
            ),
            _ => text,
        };
        rendered(&directory, &text, &[]).good();
        let name = if mode == "sops" {
            "secret-selfcert.sops.yaml"
        } else {
            "secret-selfcert.yaml"
        };
        let path = |id: &str| directory.path().join(format!("tree/instances/{id}/{name}"));
        let (a, b) = (read(&path("a")), read(&path("b")));
        let (own, other) = (value_of(&a, "externkey"), value_of(&b, "externkey"));
        write(&path("a"), &a.replacen(own, other, 1));
        write(&path("b"), &b.replacen(other, own, 1));
        write(&directory.path().join("key.txt"), IDENTITY);
        let check = [
            "gitops",
            "check",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let with_identity = [&check[..], &["--identity", "key.txt"]].concat();
        for arguments in [&check[..], &with_identity] {
            let run = run_in(directory.path(), arguments);
            assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
            for id in ["a", "b"] {
                let said = format!(
                    "{id}: httpd: blocked: kept as it is, to be fixed by hand: its file is damaged: `instances/{id}/{name}`: "
                );
                let line = run.stderr.lines().find(|line| line.contains(&said));
                assert!(
                    line.is_some_and(|line| line.contains("externkey`")),
                    "{}",
                    run.stderr
                );
            }
            assert!(!run.stderr.contains(own) && !run.stderr.contains(other));
        }
        for more in [&["--verify"][..], &["--verify", "--identity", "key.txt"]] {
            assert_eq!(rendered(&directory, &text, more).status, 1);
            assert_eq!(read(&path("a")), a.replacen(own, other, 1));
        }
        write(&path("a"), &a);
        write(&path("b"), &b);
        for arguments in [&check[..], &with_identity] {
            assert_eq!(run_in(directory.path(), arguments).status, 0, "{mode}");
        }
    }
}

#[test]
fn the_tree_of_a_fleet_byte_for_byte() {
    let spec = "  shards: 2\n  layout: LAYOUT\n\
                \x20 argocd: {repoURL: \"https://git.example.org/fleet.git\", path: clusters/prod}\n\
                \x20 flux: {source: fleet, path: clusters/prod, decryptionSecret: age-key}\n\
                \x20 secrets: {mode: plain}\n  instances:\n    \"67000\": {}\n    no-shard: {shard: 1, helmValues: {init: {paroisseName: \"Paroisse {id}\", \"on\": true}}}\n";
    for layout in ["instance", "flat"] {
        let fleet = fleet(&spec.replace("LAYOUT", layout));
        let sealer = Sealer::Plain;
        let context = context(&sealer, &[], NOW);
        let templates = Templates::default();
        let renderer = templates.renderer(PrivateKeys::Written);
        let mut out = String::new();
        let mut add = |files: Vec<TreeFile>| {
            for file in files {
                writeln!(
                    out,
                    "=== {}{}",
                    file.path,
                    if file.is_secret() { " (0600)" } else { "" }
                )
                .unwrap();
                out.push_str(&readable(&file.text));
            }
        };
        add(fleet_files(&fleet, &sealer, &renderer).unwrap_or_else(|faults| panic!("{faults:?}")));
        let members = fleet
            .members
            .iter()
            .map(|member| Unit::member(&fleet, member).expect("a unit"));
        for unit in members.chain(Unit::cluster(&fleet)) {
            let files = UnitFiles::default();
            let found = Found::default();
            let plan = plan(&context, &unit, &found, true);
            let composed = carry_out(
                &context,
                &unit,
                &files,
                &found,
                &plan,
                &renderer,
                &mut Fixed(0),
            );
            add(composed.unwrap_or_else(|faults| panic!("{faults:?}")).files);
        }
        assert_snapshot_in!("gitops", format!("tree-{layout}"), out);
    }
}

#[test]
fn a_part_with_too_many_instances_is_refused_with_the_number_that_fits() {
    let mut instances = String::from("  shards: 2\n  wildcard: false\n  instances:\n");
    for index in 0..250 {
        writeln!(instances, "    p{index}: {{}}").unwrap();
    }
    let fleet = fleet(&instances);
    let templates = Templates::default();
    let faults = fleet_files(
        &fleet,
        &Sealer::Plain,
        &templates.renderer(PrivateKeys::Written),
    )
    .err()
    .expect("refused");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("`spec.shards` to ")),
        "{faults:?}"
    );
}

/// Writes a fleet file and renders it with the binary.
fn rendered(directory: &TempDir, text: &str, more: &[&str]) -> Run {
    write(&directory.path().join("fleet.yaml"), text);
    gitops(directory, "render", more)
}

/// Runs a command over the fleet of a directory and its tree.
fn gitops(directory: &TempDir, word: &str, more: &[&str]) -> Run {
    let arguments = ["gitops", word, "-f", "fleet.yaml", "--output-dir", "tree"];
    run_in(directory.path(), &[&arguments, more].concat())
}

fn fleet_file(instances: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  instances:\n{instances}"
    )
}

#[test]
fn a_fleet_is_started_rendered_checked_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    let init = run(&[
        "gitops",
        "init",
        "--output-dir",
        "infra",
        "--recipient",
        RECIPIENT,
    ]);
    assert_eq!((init.status, init.stdout.as_str()), (0, ""));
    let file = directory.path().join("infra/fleet.yaml");
    assert_snapshot_in!("gitops", "starting-file", read(&file));
    write(
        &file,
        &read(&file).replace("# paroisse-a: {}", "paroisse-a: {}"),
    );
    let arguments = |word| {
        [
            "gitops",
            word,
            "-f",
            "infra/fleet.yaml",
            "--output-dir",
            "infra",
        ]
    };
    let render = run(&arguments("render"));
    assert_eq!(render.status, 0, "{}", render.stderr);
    assert_snapshot_in!("gitops", "first-render", render.stderr);
    for word in ["render", "check", "diff"] {
        let again = run(&arguments(word));
        let said = if word == "diff" {
            ""
        } else if word == "check" {
            "note: 2 of 2 unchanged, would write 0 files\n"
        } else {
            "note: 2 of 2 unchanged, wrote 0 files\n"
        };
        assert_eq!(
            (again.status, again.stdout.as_str(), again.stderr.as_str()),
            (0, "", said),
            "{word}"
        );
    }
    let late = run(&[
        "gitops",
        "check",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
        "--now",
        "2027-09-01T00:00:00Z",
        "--summary",
        "json",
    ]);
    assert_eq!(late.status, 1);
    let report = crate::support::report("gitops", &late.stdout);
    assert_eq!(report["exitCode"], 1);
    assert_eq!(report["actions"]["renew"], 2);
    assert_eq!(
        report["actions"]["blocked"], 1,
        "the wildcard's CA is stored: {}",
        late.stdout
    );
}

#[test]
fn a_removed_instance_is_stale_until_it_is_pruned() {
    let directory = TempDir::new().unwrap();
    let both = fleet_file("    a: {}\n    b: {}\n");
    let one = fleet_file("    a: {}\n");
    rendered(&directory, &both, &[]).good();
    let stale = rendered(&directory, &one, &[]);
    assert_eq!(stale.status, 0);
    assert!(
        stale
            .stderr
            .contains("instances/b/secret-selfcert.sops.yaml: stale"),
        "{}",
        stale.stderr
    );
    assert_eq!(
        names_in(&directory.path().join("tree/instances")),
        ["a", "b"]
    );
    rendered(&directory, &one, &["--prune"]).good();
    assert_eq!(names_in(&directory.path().join("tree/instances")), ["a"]);
    let none = rendered(
        &directory,
        &fleet_file("    {}\n").replace("instances:\n    {}", "instances: {}"),
        &["--prune"],
    );
    assert_eq!(none.status, 5, "{}", none.stderr);
    assert_eq!(names_in(&directory.path().join("tree/instances")), ["a"]);
}

#[test]
fn a_cluster_without_a_wildcard_certificate_has_lost_no_instance() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let controllers = text.replace(
        "  instances",
        "  flux: {source: x, decryptionSecret: keys}\n  instances",
    );
    rendered(&directory, &controllers, &[]).good();
    let without = text.replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &without, &["--prune"]).good();
    let tree = directory.path().join("tree");
    assert_eq!(names_in(&tree.join("cluster")), ["traefik-values.yaml"]);
    assert!(!tree.join("flux").exists());
}

#[test]
fn an_annotation_is_where_the_instance_is_and_names_what_was_changed_by_hand() {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("more.csv"), "id\nb\nc\n");
    let text = fleet_file("    a: {}\n").replace(
        "  instances",
        "  wildcard: false\n  include: [more.csv]\n  instances",
    );
    rendered(&directory, &text, &[]).good();
    let namespace = directory.path().join("tree/instances/c/namespace.yaml");
    write(&namespace, &read(&namespace).replace("name: c", "name: d"));
    let check = |form, now| {
        let arguments = [
            "gitops",
            "check",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let more = ["--annotations", form, "--now", now];
        run_in(directory.path(), &[&arguments[..], &more[..]].concat())
    };
    let run = check("github", "2026-12-24T00:00:00Z");
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "::warning file=more.csv,line=3,col=1::c: differs from the fleet file: instances/c/namespace.yaml\n"
        )
    );
    let late = check("github", "2027-11-01T00:00:00Z");
    assert!(
        late.stdout
            .starts_with("::warning file=fleet.yaml,line=10,col=5::a: httpd: renew: "),
        "{}",
        late.stdout
    );
    let report: serde_json::Value =
        serde_json::from_str(&check("gitlab", "2026-12-24T00:00:00Z").stdout).expect("JSON");
    assert_eq!(
        report[0]["location"],
        serde_json::json!({"path": "more.csv", "lines": {"begin": 3}})
    );
}

#[test]
fn a_refused_fleet_file_is_annotated_fault_by_fault_and_refused_all_the_same() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {externalHots: x}\n    b: {profile: \"50%\"}\n");
    write(&directory.path().join("fleet.yaml"), &text);
    let check = |word, form| {
        let arguments = [
            "gitops",
            word,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
            "--annotations",
            form,
        ];
        run_in(directory.path(), &arguments)
    };
    for word in ["check", "render"] {
        let run = check(word, "github");
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (
                3,
                "::error file=fleet.yaml,line=8,col=9::unknown key `externalHots`%0AHelp: did you mean `externalHost`?\n\
                 ::error file=fleet.yaml,line=9,col=18::there is no profile `50%25`%0AHelp: define it under `spec.profiles`\n"
            )
        );
        assert!(run.stderr.starts_with("error: fleet.yaml:8:9: "));
    }
    let run = check("check", "gitlab");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (run.status, &report[1]["location"]),
        (
            3,
            &serde_json::json!({"path": "fleet.yaml", "lines": {"begin": 9}})
        )
    );
}

#[test]
fn a_tree_that_does_not_exist_was_not_rendered_yet_which_is_a_finding() {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {}\n"),
    );
    for word in ["check", "diff"] {
        let arguments = ["gitops", word, "-f", "fleet.yaml", "--output-dir", "tree"];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stdout.as_str(), run.stderr.as_str()),
            (
                1,
                "",
                "error: tree does not exist: nothing was rendered yet\n\
                 help: render it with `civi-ingress gitops render`, or name the directory of the tree\n"
            ),
            "{word}"
        );
    }
}

#[test]
fn a_first_issue_that_waits_is_not_called_a_renewal() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: external}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains(
            "warning: a: httpd: blocked: not issued yet, CA key needed (`--ca-cert FILE --ca-key FILE`)\n"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn a_signature_that_check_finds_broken_is_fixed_by_verifying() {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.sops.yaml");
    let before = read(&secret);
    let leaf = &certificates(&before, "externcert")[0];
    let mut der = leaf.der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    let forged = pem::encode_config(
        &pem::Pem::new("CERTIFICATE", der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    );
    let line = |text: &str| {
        let found = text.lines().find(|line| line.starts_with("  externcert: "));
        found.expect("the certificate").to_owned()
    };
    let broken = before.replace(
        &line(&before),
        &format!("  externcert: {}", base64.encode(forged)),
    );
    // As it was written before there was a digest, which shows the change without looking at signatures.
    let digest = broken.lines().nth(1).expect("the digest");
    let broken = broken.replacen(&format!("{digest}\n"), "", 1);
    write(&secret, &broken);
    rendered(&directory, &text, &[]).good();
    assert_eq!(read(&secret), broken, "signatures are not looked at");
    let run = rendered(&directory, &text, &["--verify"]);
    assert!(
        run.stderr
            .starts_with("note: a: httpd: renew: the signature is not the CA's\n"),
        "{}",
        run.stderr
    );
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    assert_eq!(run_in(directory.path(), &check).status, 0);
}

#[test]
fn a_report_counts_what_it_removes_and_what_it_does_not_name() {
    let directory = TempDir::new().unwrap();
    let of = |count: usize| {
        let names = (0..count).fold(String::new(), |text, n| {
            text + &format!("    p{n:02}: {{}}\n")
        });
        fleet_file(&names).replace("  instances", "  wildcard: false\n  instances")
    };
    rendered(&directory, &of(25), &[]).good();
    let stale = rendered(&directory, &of(20), &[]);
    assert!(
        stale.stderr.contains(
            "note: and 10 more: stale, `--prune` removes it\nnote: p20: namespace p20 stays"
        ) && stale
            .stderr
            .ends_with("kubectl delete namespace p24\nnote: 20 of 20 unchanged, wrote 1 file\n"),
        "{}",
        stale.stderr
    );
    let pruned = rendered(&directory, &of(20), &["--prune"]);
    assert!(
        pruned.stderr.contains("note: and 10 more: removed\nnote: p20: namespace p20 stays")
            && pruned.stderr.ends_with(
                "kubectl delete namespace p24\nnote: 20 of 20 unchanged, wrote 0 files, removed 30 files\n"
            ),
        "{}",
        pruned.stderr
    );
}

#[test]
fn a_fleet_file_that_is_there_is_not_started_again() {
    let directory = TempDir::new().unwrap();
    let init = || {
        run_in(
            directory.path(),
            &["gitops", "init", "--output-dir", "infra"],
        )
    };
    init().good();
    let folder = directory.path().join("infra");
    assert_eq!(crate::support::mode(&folder), 0o755);
    let again = init();
    assert_eq!(
        (again.status, again.stdout.as_str(), again.stderr.as_str()),
        (
            5,
            "",
            "error: infra/fleet.yaml exists\nhelp: go on with that file, or name another directory\n"
        )
    );
}

#[test]
fn a_fleet_begins_with_what_git_and_sops_must_know_and_leaves_what_is_there() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let init = ["gitops", "init", "--recipient", RECIPIENT];
    let first = run_in(path, &init);
    assert_eq!(
        (first.status, first.stdout.as_str(), first.stderr.as_str()),
        (
            0,
            "",
            "note: wrote ./fleet.yaml; name your instances in it, then: civi-ingress gitops render\n\
             note: wrote beside it: .gitattributes, .gitignore, .sops.yaml\n"
        )
    );
    let files = [".gitattributes", ".gitignore", ".sops.yaml"];
    let texts = files.map(|name| format!("{name}:\n{}", read(&path.join(name))));
    assert_snapshot_in!("gitops", "beside-the-starting-file", texts.concat());
    run_in(path, &["gitops", "add", "a"]).good();
    run_in(path, &["gitops", "render"]).good();
    assert!(read(&path.join("instances/a/secret-selfcert.sops.yaml")).contains(RECIPIENT));
    // What the files say holds: Git takes no key, and no line end is another one after a checkout.
    git(path, &["init", "--quiet"]);
    write(&path.join("keys.txt"), IDENTITY);
    git(path, &["-c", "core.autocrlf=true", "add", "--all"]);
    let secret = path.join("instances/a/secret-selfcert.sops.yaml");
    let before = read(&secret);
    std::fs::remove_file(&secret).unwrap();
    git(path, &["-c", "core.autocrlf=true", "restore", "."]);
    assert_eq!(read(&secret), before);
    let listed = std::process::Command::new("git")
        .arg("-C")
        .arg(path)
        .args(["ls-files", "keys.txt", "fleet.yaml"])
        .output();
    assert_eq!(listed.unwrap().stdout, b"fleet.yaml\n");
    // Elsewhere there are such files already.
    let there = TempDir::new().unwrap();
    let path = there.path();
    for (name, text) in files
        .iter()
        .zip(["# own\n", "*.key\n", "creation_rules: []\n"])
    {
        write(&path.join(name), text);
    }
    let second = run_in(path, &init);
    assert_eq!(
        (second.status, second.stderr.as_str()),
        (
            0,
            "note: ./.gitignore is there already and stays; add to it: .civi-ingress-*, *.agekey, age.txt, keys.txt\n\
             note: ./.gitattributes is there already and stays; add to it: *.yaml -text\n\
             note: wrote ./fleet.yaml; name your instances in it, then: civi-ingress gitops render\n\
             note: ./.sops.yaml is there already and stays; the recipients are in fleet.yaml\n"
        )
    );
    assert!(read(&path.join("fleet.yaml")).contains(RECIPIENT));
    let kept = files.map(|name| read(&path.join(name)));
    assert_eq!(kept, ["# own\n", "*.key\n", "creation_rules: []\n"]);
}

#[test]
fn a_table_with_the_letters_of_windows_is_refused_at_the_first_of_them() {
    let directory = TempDir::new().unwrap();
    let table = b"id;helmValues.init.paroisseName\r\ncolmar;Paroisse Saint-\xc9tienne\r\n";
    std::fs::write(directory.path().join("more.csv"), table).unwrap();
    let text =
        fleet_file("    a: {}\n").replace("  instances", "  include: [more.csv]\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            3,
            "error: more.csv:2:23: the text is not UTF-8 (byte 56)\n  |\n2 | colmar;Paroisse Saint-\u{fffd}tienne\n  |                       ^\n\
             help: save it as `CSV UTF-8`; Excel's plain `CSV` uses a Windows code page\n"
        )
    );
}

#[test]
fn an_invalid_pattern_is_reported_with_all_else() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {profile: big}\n")
        .replace("  instances", "  include: [\"p/[\"]\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(run.status, 3);
    assert!(
        run.stderr
            .contains("error: fleet.yaml:7:13: `p/[` is not a valid glob pattern")
            && run.stderr.contains("there is no profile `big`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_private_key_that_is_taken_for_a_fleet_is_not_shown() {
    let directory = TempDir::new().unwrap();
    let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let as_recipient = fleet_file("    a: {}\n").replace(RECIPIENT, IDENTITY);
    for text in [IDENTITY, &pem, &as_recipient] {
        let run = rendered(&directory, text, &[]);
        assert_eq!(run.status, 3);
        assert!(
            !run.stderr.contains(&IDENTITY[..30]) && !run.stderr.contains(body),
            "{}",
            run.stderr
        );
    }
}

/// Returns the files of a tree with their texts, in order.
fn texts_of(tree: &std::path::Path) -> Vec<(std::path::PathBuf, String)> {
    let mut pending = vec![tree.to_owned()];
    let mut texts = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            texts.push((path.clone(), read(&path)));
        }
    }
    texts.sort();
    texts
}

#[test]
fn line_ends_that_git_puts_in_on_windows_are_reported_in_one_line_and_change_nothing() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let tree = directory.path().join("tree");
    for (path, text) in texts_of(&tree) {
        write(&path, &text.replace('\n', "\r\n"));
    }
    let as_checked_out = texts_of(&tree);
    let warning = format!(
        "warning: {} files have the line ends of Windows (CRLF), which do not count: a `.gitattributes` with `* -text` in the tree keeps Git from putting them in\n",
        as_checked_out.len()
    );
    for (command, told) in [
        ("check", "note: 2 of 2 unchanged, would write 0 files\n"),
        ("diff", ""),
        ("render", "note: 2 of 2 unchanged, wrote 0 files\n"),
    ] {
        let arguments = [
            "gitops",
            command,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stderr),
            (0, format!("{warning}{told}")),
            "{command}"
        );
        assert_eq!(run.stdout, "", "{command}");
        assert!(texts_of(&tree) == as_checked_out, "{command}");
    }
    let changed = fleet_file("    a: {objects: {retry: 3}}\n");
    rendered(&directory, &changed, &[]).good();
    let route = read(&tree.join("instances/a/ingressroute-ingressproxy.yaml"));
    assert!(!route.contains('\r'), "{route}");
}

#[test]
fn a_data_key_that_a_person_put_into_a_secret_goes_with_a_warning() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let file = "instances/a/secret-externca.yaml";
    let path = directory.path().join("tree").join(file);
    let before = read(&path);
    write(
        &path,
        &before.replace("\ndata:\n", "\ndata:\n  mine: aGFsbG8=\n"),
    );
    let warning = format!(
        "warning: {file}: the data key `mine` is not this program's and goes: keep it in a Secret of its own\n"
    );
    let again = rendered(&directory, &text, &[]);
    assert_eq!(again.status, 0);
    assert!(again.stderr.contains(&warning), "{}", again.stderr);
    assert_eq!(read(&path), before);
}

#[test]
fn what_a_fleet_had_under_another_name_goes_with_it_once_it_is_adopted() {
    let directory = TempDir::new().unwrap();
    let two = fleet_file("    a: {}\n    b: {}\n");
    rendered(&directory, &two, &[]).good();
    let renamed = fleet_file("    a: {}\n").replace("name: uepal", "name: parishes");
    let tree = directory.path().join("tree");
    let key = |name: &str| {
        let text = read(&tree.join("instances/a").join(name));
        value_of(&text, "externkey").to_owned()
    };
    let before = key("secret-selfcert.sops.yaml");
    let adopted = rendered(&directory, &renamed, &["--adopt"]);
    assert_eq!(adopted.status, 0, "{}", adopted.stderr);
    assert!(
        adopted
            .stderr
            .contains("note: instances/b/kustomization.yaml: stale, `--prune` removes it\n"),
        "{}",
        adopted.stderr
    );
    let pruned = rendered(&directory, &renamed, &["--adopt", "--prune"]);
    assert_eq!(pruned.status, 0, "{}", pruned.stderr);
    assert_eq!(names_in(&tree.join("instances")), ["a"]);
    assert_eq!(key("secret-selfcert.sops.yaml"), before);
}

#[test]
fn a_file_in_place_of_an_instances_folder_is_named() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let plain = text.replace(
        &format!("mode: sops, recipients: [{RECIPIENT}]"),
        "mode: plain",
    );
    std::fs::create_dir_all(directory.path().join("tree/instances")).unwrap();
    write(&directory.path().join("tree/instances/a"), "mine\n");
    for text in [&text, &plain] {
        let refused = rendered(&directory, text, &[]);
        assert_eq!(
            (refused.status, refused.stderr.as_str()),
            (
                5,
                "error: tree/instances/a is not a directory\n\
                 help: a symbolic link or file cannot take the place of a folder of the tree\n"
            )
        );
    }
}

#[test]
fn the_folder_of_the_cluster_is_rewritten_as_those_of_the_instances_are() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let store = directory.path().join("tree/cluster/tlsstore-default.yaml");
    let before = read(&store);
    write(
        &store,
        &before.replace("secretName: wildcardsecret", "secretName: other"),
    );
    rendered(&directory, &text, &[]).good();
    assert_eq!(read(&store), before);
    let all = names_in(&directory.path().join("tree"));
    assert!(
        !all.iter().any(|name| name.starts_with(".civi-ingress-")),
        "{all:?}"
    );
}

#[test]
fn a_foreign_file_in_the_way_is_not_touched_until_it_is_adopted() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let folder = directory.path().join("tree/instances/a");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder.join("kustomization.yaml"), "kind: Kustomization\n");
    write(&folder.join("notes.txt"), "mine\n");
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: instances/a/kustomization.yaml: the file does not belong to this fleet and is in the way\n\
             help: move it away, or take it over with `--adopt`\n"
        )
    );
    assert_eq!(names_in(&folder), ["kustomization.yaml", "notes.txt"]);
    rendered(&directory, &text, &["--adopt"]).good();
    assert_eq!(read(&folder.join("notes.txt")), "mine\n");
    assert!(
        read(&folder.join("kustomization.yaml"))
            .starts_with("# civi-ingress:managed fleet=uepal instance=a v1\n")
    );
    let again = rendered(&directory, &text, &[]);
    assert!(
        again
            .stderr
            .contains("instances/a/notes.txt: not this fleet's, left alone"),
        "{}",
        again.stderr
    );
}

#[test]
fn keys_in_clear_text_do_not_go_into_git() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n")
        .replace("mode: sops", "mode: plain")
        .replace(&format!(", recipients: [{RECIPIENT}]"), "");
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    assert!(!directory.path().join("tree").exists());
    rendered(&directory, &text, &["--allow-plain-in-git"]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.yaml");
    assert_eq!(crate::support::mode(&secret), 0o600);
}

#[test]
fn a_new_host_waits_for_the_identity_that_opens_the_ca_and_its_routes_wait_with_it() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: stored}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let route = directory
        .path()
        .join("tree/instances/a/ingressroute-ingressproxy.yaml");
    let before = read(&route);
    let moved = text.replace("{certificate", "{externalHost: b.example.org, certificate");
    let run = rendered(&directory, &moved, &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            1,
            "warning: a: httpd: blocked: renewal due, identity needed (`--identity FILE`): its names are not those of the fleet file\n\
             note: 1 of 1 unchanged, wrote 0 files, 1 certificate blocked\n"
        )
    );
    assert_eq!(read(&route), before);
    write(&directory.path().join("key.txt"), IDENTITY);
    rendered(&directory, &moved, &["--identity", "key.txt"]).good();
    assert!(read(&route).contains("b.example.org"));
}

#[test]
fn a_file_with_keys_in_clear_text_that_others_may_read_is_rewritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n")
        .replace("mode: sops", "mode: plain")
        .replace(&format!(", recipients: [{RECIPIENT}]"), "");
    rendered(&directory, &text, &[]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.yaml");
    let before = read(&secret);
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    assert_eq!(run_in(directory.path(), &check).status, 1);
    let run = rendered(&directory, &text, &[]);
    assert_eq!(
        run.stderr,
        "note: a: wrote instances/a/secret-selfcert.yaml\nnote: 1 of 2 unchanged, wrote 1 file\n"
    );
    assert_eq!(crate::support::mode(&secret), 0o600);
    assert_eq!(read(&secret), before);
}

#[test]
fn what_is_rewritten_stays_its_owners() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    for layout in ["instance", "flat"] {
        let directory = TempDir::new().unwrap();
        let text =
            fleet_file("    a: {}\n").replace("spec:\n", &format!("spec:\n  layout: {layout}\n"));
        let text = text.as_str();
        rendered(&directory, text, &[]).good();
        let folder = directory.path().join("tree/instances/a");
        let instances = directory.path().join("tree/instances");
        let is_flat = layout == "flat";
        let folder = if is_flat { instances } else { folder };
        let names = names_in(&folder);
        // Only root can give away what is its own.
        let is_root = rustix::process::geteuid().is_root();
        let (owner, group) = (4711, 4712);
        if is_root {
            for path in names
                .iter()
                .map(|name| folder.join(name))
                .chain([folder.clone()])
            {
                chown(path, Some(owner), Some(group)).unwrap();
            }
        }
        let permissions = std::fs::Permissions::from_mode(0o2750);
        std::fs::set_permissions(&folder, permissions).unwrap();
        let before = std::fs::metadata(&folder).unwrap();
        let widened = text.replace("    a: {}\n", "    a: {externalHost: b.example.org}\n");
        write(&directory.path().join("key.txt"), IDENTITY);
        rendered(&directory, &widened, &["--identity", "key.txt"]).good();
        let after = std::fs::metadata(&folder).unwrap();
        assert_eq!(
            before.ino() == after.ino(),
            is_flat,
            "exchanged unless flat"
        );
        assert_eq!(after.mode() & 0o7777, 0o2750);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!(names_in(&folder), names);
        for name in names {
            let file = std::fs::metadata(folder.join(&name)).unwrap();
            assert_eq!(
                (file.uid(), file.gid()),
                (before.uid(), before.gid()),
                "{name}"
            );
        }
    }
}

#[test]
fn renewals_that_can_wait_are_held_to_a_number_the_soonest_end_first() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n    b: {}\n    c: {}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let run = rendered(
        &directory,
        &text,
        &[
            "--now",
            "2027-09-01T00:00:00Z",
            "--max-renewals",
            "1",
            "--summary",
            "json",
        ],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = crate::support::report("gitops", &run.stdout);
    assert_eq!(
        (&report["actions"]["renew"], &report["actions"]["defer"]),
        (&2.into(), &4.into())
    );
}

#[test]
fn a_difference_shows_what_changes_and_no_key() {
    let directory = TempDir::new().unwrap();
    rendered(&directory, &fleet_file("    a: {}\n"), &[]).good();
    let secret = read(
        &directory
            .path()
            .join("tree/instances/a/secret-selfcert.sops.yaml"),
    );
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {serversTransport: {dialTimeout: 5s}}\n"),
    );
    let diff = gitops(&directory, "diff", &[]);
    assert_eq!(diff.status, 1, "{}", diff.stderr);
    assert_snapshot_in!("gitops", "difference", diff.stdout);
    for format in ["json", "yaml"] {
        let other = gitops(&directory, "diff", &["-o", format]);
        assert_eq!((other.status, other.stderr), (1, diff.stderr.clone()));
        if format == "json" {
            let report = crate::support::report("gitopsDiff", &other.stdout);
            let files = report["files"].as_array().unwrap();
            let lines: String = files
                .iter()
                .filter_map(|file| file["lines"].as_str())
                .collect();
            assert_eq!(lines, diff.stdout);
            assert!(
                files
                    .iter()
                    .any(|file| file["instance"] == "a" && file["change"] == "changed")
            );
        } else {
            assert!(
                other.stdout.starts_with("version: 1\nfiles:\n"),
                "{}",
                other.stdout
            );
        }
    }
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {externalHost: b.example.org}\n"),
    );
    let diff = gitops(&directory, "diff", &[]);
    assert!(diff.stdout.contains("<redacted sha256:"), "{}", diff.stdout);
    let json = gitops(&directory, "diff", &["-o", "json"]);
    let diff = Run {
        stdout: diff.stdout + &json.stdout,
        ..diff
    };
    let values = secret
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(_, value)| value);
    for value in values.filter(|value| value.len() > 60) {
        assert!(!diff.stdout.contains(value), "{value}");
    }
}

#[test]
fn another_layout_takes_the_same_keys_along() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let before = read(
        &directory
            .path()
            .join("tree/instances/a/secret-selfcert.sops.yaml"),
    );
    let run = rendered(
        &directory,
        &text.replace("  instances", "  layout: flat\n  instances"),
        &["--prune"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let names = names_in(&directory.path().join("tree/instances"));
    assert_eq!(
        names,
        [
            "a.secret-selfcert.sops.yaml",
            "a.yaml",
            "kustomization.yaml"
        ],
        "{}",
        run.stderr
    );
    assert_eq!(
        before,
        read(
            &directory
                .path()
                .join("tree/instances/a.secret-selfcert.sops.yaml")
        )
    );
}

#[test]
fn running_instances_are_imported_with_their_keys() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    let made = run(&[
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "--alias",
        "www.a.example.org",
        "-q",
    ]);
    write(&directory.path().join("running.yaml"), &made.good());
    let import = run(&[
        "gitops",
        "import",
        "--output-dir",
        "infra",
        "--secrets",
        "running.yaml",
        "--recipient",
        RECIPIENT,
    ]);
    assert_eq!(import.status, 0, "{}", import.stderr);
    let tree = directory.path().join("infra");
    let running = read(&directory.path().join("running.yaml"));
    let imported = read(&tree.join("instances/paroisse-a/secret-selfcert.sops.yaml"));
    for key in ["externcert", "dbservercert", "cacert", "dbcacert"] {
        assert_eq!(certificates(&running, key), certificates(&imported, key));
    }
    assert!(!imported.contains("  cakey:"));
    run(&[
        "gitops",
        "render",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ])
    .good();
    assert_eq!(
        imported,
        read(&tree.join("instances/paroisse-a/secret-selfcert.sops.yaml"))
    );
    let check = run(&[
        "gitops",
        "check",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ]);
    assert_eq!(check.status, 0, "{}", check.stderr);
}

#[test]
fn a_running_ca_that_go_refuses_is_not_imported_and_what_others_refuse_is_warned_of() {
    let directory = TempDir::new().unwrap();
    let now = "2026-12-01T00:00:00Z";
    let made = run_in(
        directory.path(),
        &[
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "--now",
            now,
            "-q",
        ],
    );
    let running = made.good();
    let negative = include_str!("fixtures/negative-serial.crt");
    let no_usage = include_str!("fixtures/no-usage.crt");
    let import = |output: &str, changes: &[(&str, &str)]| {
        let mut text = running.clone();
        for (key, pem) in changes {
            let (before, rest) = text.split_once(&format!("  {key}: ")).expect("the key");
            let (_, after) = rest.split_once('\n').expect("a line");
            let value = base64::engine::general_purpose::STANDARD.encode(pem);
            text = format!("{before}  {key}: {value}\n{after}");
        }
        write(&directory.path().join("running.yaml"), &text);
        let arguments = [
            "gitops",
            "import",
            "--output-dir",
            output,
            "--secrets",
            "running.yaml",
            "--recipient",
            RECIPIENT,
            "--now",
            now,
        ];
        run_in(directory.path(), &arguments)
    };
    let refused = import("refused", &[("cacert", negative)]);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(
        refused.stderr,
        "error: a: httpd: `O=Test, CN=Negative` has a negative serial number: Go, and so Traefik, and Python refuse it\n\
         help: ask for a new one\n"
    );
    assert!(!directory.path().join("refused").exists());
    let warned = import("warned", &[("cacert", no_usage), ("dbcacert", negative)]);
    assert_eq!(warned.status, 0, "{}", warned.stderr);
    for line in [
        "warning: a: httpd: `O=Test, CN=Plain` has no key usage: OpenSSL with strict checks and Python refuse it\n",
        "warning: a: database: `O=Test, CN=Negative` has a negative serial number: Go, and so Traefik, and Python refuse it\n",
    ] {
        assert!(warned.stderr.contains(line), "{}", warned.stderr);
    }
}

#[test]
fn the_values_of_the_chart_itself_become_an_instance() {
    let directory = TempDir::new().unwrap();
    // The keys that concern the ingress, as values.yaml of fr.uepalparoisse.helm 0.1.1 has them.
    write(
        &directory.path().join("values.yaml"),
        "externalhost: a.example.org\nservername: a.example.org\nserverstransport:\n  maxIdleConnsPerHost: 0\n  dialTimeout: \"60s\"\n  \
         responseHeaderTimeout: 0\n  readIdleTimeout: 0\n  idleConnTimeout: \"1s\"\nhttpd:\n  serverCertField: externcert\n  \
         serverKeySecret: selfcert\n  listenBacklog: 1\ndb:\n  dbrouterCaField: dbcacert\n",
    );
    let arguments = [
        "gitops",
        "import",
        "--output-dir",
        "infra",
        "--recipient",
        RECIPIENT,
        "--values",
        "a=values.yaml",
    ];
    run_in(directory.path(), &arguments).good();
    let text = read(&directory.path().join("infra/fleet.yaml"));
    assert!(
        text.contains(
            "      serversTransport:\n        maxIdleConnsPerHost: 0\n        dialTimeout: 60s\n"
        ),
        "{text}"
    );
    let render = [
        "gitops",
        "render",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ];
    run_in(directory.path(), &render).good();
    let values = read(&directory.path().join("infra/instances/a/values.yaml"));
    assert!(
        values.starts_with(
            "# civi-ingress:managed fleet=parishes instance=a v1\nexternalhost: a.example.org\nservername: a.example.org\nhttpd:\n"
        ),
        "{values}"
    );
}

#[test]
fn a_table_and_values_files_become_a_fleet_file() {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("parishes.csv"),
        "\u{feff}id;externalHost;helmValues.init.paroisseName\r\na;a.example.org;\"Saint Pierre; le Jeune\"\r\nb;;\r\n",
    );
    write(
        &directory.path().join("values.yaml"),
        "externalhost: c.example.org\ninit: {paroisseName: C}\n",
    );
    let run = run_in(
        directory.path(),
        &[
            "gitops",
            "import",
            "--output-dir",
            "infra",
            "--csv",
            "parishes.csv",
            "--values",
            "c=values.yaml",
        ],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_snapshot_in!(
        "gitops",
        "imported-file",
        read(&directory.path().join("infra/fleet.yaml"))
    );
}

/// A tree of one instance without a wildcard, and its folder.
fn small_tree() -> (TempDir, String, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let folder = directory.path().join("tree/instances/a");
    (directory, text, folder)
}

#[test]
fn a_stranger_in_a_folder_is_named_and_ends_no_run_whatever_it_is() {
    let (directory, text, folder) = small_tree();
    let secret = read(&folder.join("secret-selfcert.sops.yaml"));
    let conflicted = format!("<<<<<<< HEAD\n{secret}=======\n{secret}>>>>>>> x\n");
    for (name, content) in [
        ("README.md", "Secret: see: the wiki: [here\n"),
        ("secret-selfcert.sops.yaml.orig", conflicted.as_str()),
        ("secret-selfcert.sops.yaml.bak", &secret),
        (
            "secret-selfcert.sops.yaml.rej",
            "--- a\n+++ b\nkind: Secret\n",
        ),
        (
            "secret-mailsecret.yaml",
            "kind: Secret\nmetadata: {name: mailsecret}\n",
        ),
        (
            "notes.yaml",
            "kind: Secret\nmetadata:\n  name: selfcert\ndata: {externkey: [\n",
        ),
    ] {
        write(&folder.join(name), content);
    }
    for (name, target) in [
        ("link", "nobody@host.1:2"),
        (".#secret-selfcert.sops.yaml", "nobody@host.1:2"),
        ("dev", "/dev/zero"),
        ("folder", ".."),
    ] {
        std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
        std::os::unix::fs::symlink(target, directory.path().join("tree/instances").join(name))
            .unwrap();
    }
    std::os::unix::fs::symlink("x", directory.path().join("tree/flux")).unwrap();
    let pipe = folder.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let names = names_in(&folder);
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let checked = run_in(directory.path(), &check);
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    assert!(
        checked.stderr.contains(
            "notes.yaml: not this fleet's, left alone; no key is taken from the Secret `selfcert` in it"
        ),
        "{}",
        checked.stderr
    );
    let later = rendered(&directory, &text, &["--now", "2028-01-01T00:00:00Z"]);
    assert_eq!(later.status, 0, "{}", later.stderr);
    for name in [
        "README.md",
        "link",
        "pipe",
        "socket",
        "secret-mailsecret.yaml",
        "folder",
    ] {
        let said = format!("instances/a/{name}: not this fleet's, left alone");
        assert!(later.stderr.contains(&said), "{name}: {}", later.stderr);
    }
    assert!(
        later.stderr.contains("note: flux: not this fleet's"),
        "{}",
        later.stderr
    );
    assert_eq!(names_in(&folder), names);
    assert_ne!(read(&folder.join("secret-selfcert.sops.yaml")), secret);
    assert_eq!(read(&folder.join("secret-selfcert.sops.yaml.bak")), secret);
}

#[test]
fn a_link_or_a_folder_in_place_of_a_file_of_ours_is_not_a_missing_key() {
    let (directory, text, folder) = small_tree();
    let secret = folder.join("secret-selfcert.sops.yaml");
    let kept = folder.join("kept");
    std::fs::rename(&secret, &kept).unwrap();
    std::os::unix::fs::symlink("kept", &secret).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: tree/instances/a/secret-selfcert.sops.yaml is a symbolic link\nhelp: put a file or nothing in its place\n"
        )
    );
    std::fs::remove_file(&secret).unwrap();
    std::fs::create_dir(&secret).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 5);
    assert!(
        refused
            .stderr
            .contains("secret-selfcert.sops.yaml is a directory"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_unfinished_merge_in_a_file_of_ours_is_reported_and_nothing_is_missing_for_it() {
    let (directory, text, folder) = small_tree();
    let path = folder.join("secret-selfcert.sops.yaml");
    let secret = read(&path);
    let (first, rest) = secret.split_once('\n').unwrap();
    for conflicted in [
        format!("<<<<<<< HEAD\n{secret}=======\n{secret}>>>>>>> x\n"),
        format!("{first}\n<<<<<<< HEAD\n{rest}=======\n{rest}>>>>>>> x\n"),
    ] {
        write(&path, &conflicted);
        for word in ["check", "render"] {
            let run = gitops(&directory, word, &[]);
            assert_eq!(
                (run.status, run.stderr.as_str()),
                (
                    3,
                    "error: instances/a/secret-selfcert.sops.yaml: the file has the markers of a merge that was not finished\n\
                     help: keep one side's file (`git checkout --ours FILE`, or `--theirs`), then render again\n"
                )
            );
        }
        assert_eq!(read(&path), conflicted);
    }
    write(&path, &secret);
    rendered(&directory, &text, &[]).good();
}

#[test]
fn keys_come_from_files_of_this_fleet_alone_unless_they_are_adopted() {
    let (directory, text, folder) = small_tree();
    let path = folder.join("secret-selfcert.sops.yaml");
    let old = read(&path);
    let unmarked = old.split_once('\n').unwrap().1;
    rendered(&directory, &text, &["--now", "2027-10-01T00:00:00Z"]).good();
    let new = read(&path);
    assert_ne!(old, new);
    write(&folder.join("0-selfcert.yaml"), unmarked);
    write(&folder.join("secret-0.yaml"), unmarked);
    let run = rendered(&directory, &text, &["--now", "2027-10-02T00:00:00Z"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(read(&path), new);
    assert!(
        run.stderr.contains("secret-0.yaml: not this fleet's, left alone; no key is taken from the Secret `selfcert` in it"),
        "{}",
        run.stderr
    );
    let run = rendered(
        &directory,
        &text,
        &["--now", "2027-10-02T00:00:00Z", "--adopt"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        read(&path),
        new,
        "what is ours comes before what is adopted"
    );
    std::fs::remove_file(folder.join("secret-0.yaml")).unwrap();
    std::fs::remove_file(folder.join("0-selfcert.yaml")).unwrap();
    write(&path, new.split_once('\n').unwrap().1);
    let refused = rendered(&directory, &text, &["--now", "2027-10-02T00:00:00Z"]);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    rendered(
        &directory,
        &text,
        &["--now", "2027-10-02T00:00:00Z", "--adopt"],
    )
    .good();
    assert_eq!(read(&path), new);
}

#[test]
fn each_file_is_encrypted_for_the_readers_that_its_own_path_has() {
    let directory = TempDir::new().unwrap();
    let text =
        fleet_file("    a: {}\n    b: {}\n").replace(&format!(", recipients: [{RECIPIENT}]"), "");
    let rules = |rules: &str| write(&directory.path().join(".sops.yaml"), rules);
    rules(&format!(
        "creation_rules:\n  - path_regex: ^tree/cluster/\n    age: {OTHER_RECIPIENT}\n  - path_regex: /b/\n    age: '{RECIPIENT}, {OTHER_RECIPIENT}'\n  - age: {RECIPIENT}\n"
    ));
    rendered(&directory, &text, &[]).good();
    let readers = |path: &str| {
        let text = read(&directory.path().join("tree").join(path));
        [RECIPIENT, OTHER_RECIPIENT].map(|recipient| text.contains(recipient))
    };
    for (path, expected) in [
        ("cluster/secret-wildcardca.sops.yaml", [false, true]),
        ("cluster/secret-wildcardsecret.sops.yaml", [false, true]),
        ("instances/a/secret-selfcert.sops.yaml", [true, false]),
        ("instances/b/secret-selfcert.sops.yaml", [true, true]),
    ] {
        assert_eq!(readers(path), expected, "{path}");
    }
    let again = rendered(&directory, &text, &[]);
    assert_eq!(again.stderr, "note: 3 of 3 unchanged, wrote 0 files\n");
    rules(&format!(
        "creation_rules:\n  - path_regex: cluster\n    age: {OTHER_RECIPIENT}\n  - path_regex: /b/\n    age: {RECIPIENT}\n    pgp: ABCD\n"
    ));
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 3);
    for said in [
        "no rule under `creation_rules` applies to `tree/instances/a/secret-selfcert.sops.yaml`",
        ".sops.yaml:6:5: `pgp` is not understood: ",
    ] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}

fn many(count: usize) -> String {
    let ids = (0..count).map(|n| format!("    p{n:02}: {{}}\n"));
    fleet_file(&ids.collect::<String>()).replace("  instances", "  wildcard: false\n  instances")
}

#[test]
fn keys_of_many_instances_that_are_gone_are_not_reissued_unless_that_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let text = many(12);
    rendered(&directory, &text, &[]).good();
    let instances = directory.path().join("tree/instances");
    std::fs::rename(&instances, directory.path().join("elsewhere")).unwrap();
    let refused = rendered(&directory, &text, &[]);
    let why =
        "12 of 12 instances have no keys in this tree and would all get new ones; at most 5 may";
    let help = "check `--output-dir` and what is checked out; if they are new, `--max-issues 12` allows it";
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (5, format!("error: {why}\nhelp: {help}\n").as_str())
    );
    assert!(!instances.exists());
    let check = [
        "gitops",
        "check",
        "-q",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let check = run_in(directory.path(), &check);
    assert_eq!(
        (check.status, check.stderr.as_str()),
        (
            1,
            format!("warning: rendering is refused: {why} ({help})\n").as_str()
        )
    );
    rendered(&directory, &text, &["--max-issues", "12"]).good();
    // A handful may come, or go, as it is.
    for id in ["p00", "p01", "p02", "p03", "p04"] {
        std::fs::remove_dir_all(instances.join(id)).unwrap();
    }
    rendered(&directory, &text, &[]).good();
    let braked = rendered(&directory, &many(14), &["--max-issues", "1"]);
    assert_eq!(braked.status, 5, "{}", braked.stderr);
}

#[test]
fn a_typing_error_in_the_name_of_the_tree_issues_no_key() {
    let text = fleet_file("    a: {}\n");
    // The fleet file is in its tree, or beside it in a repository.
    for (file, tree) in [("tree/fleet.yaml", "tree"), ("fleet.yaml", "infra/tree")] {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join(tree)).unwrap();
        write(&path.join(file), &text);
        let run = |tree: &str, more: &[&str]| {
            let mut arguments = vec!["gitops", "render", "-f", file, "--output-dir", tree];
            arguments.extend(more);
            run_in(path, &arguments)
        };
        run(tree, &[]).good();
        if tree != "tree" {
            git(path, &["init", "--quiet"]);
            git(path, &["add", "--all"]);
        }
        std::fs::create_dir(path.join("empty")).unwrap();
        for name in ["tre", "empty"] {
            let refused = run(name, &[]);
            let said = format!(
                "error: {name} contains nothing of the fleet `uepal`, which has a tree in {}: all its keys would be reissued\n\
                 help: name that directory with `--output-dir`; to start another tree with its own keys, pass `--max-issues 2`\n",
                std::fs::canonicalize(path.join(tree)).unwrap().display()
            );
            assert_eq!(
                (refused.status, refused.stdout.as_str(), refused.stderr),
                (5, "", said)
            );
        }
        assert!(!path.join("tre").exists() && names_in(&path.join("empty")).is_empty());
        run("tre", &["--max-issues", "2"]).good();
        run("tre", &[]).good();
        // Another fleet begins where it likes.
        write(
            &path.join(file),
            &text.replace("name: uepal", "name: other"),
        );
        run("empty", &[]).good();
    }
}

fn git(directory: &std::path::Path, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}

#[test]
fn keys_that_git_has_and_the_work_tree_has_not_are_not_issued_again() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n    b: {}\n");
    git(directory.path(), &["init", "--quiet"]);
    rendered(&directory, &text, &[]).good();
    git(directory.path(), &["add", "--all"]);
    let tree = directory.path().join("tree");
    std::fs::remove_dir_all(tree.join("cluster")).unwrap();
    std::fs::remove_file(tree.join("instances/a/secret-selfcert.sops.yaml")).unwrap();
    let why = "its keys are in Git's index but are not checked out (`git sparse-checkout add FOLDER` or `git restore FOLDER`; to have them reissued, `git rm --cached`)";
    let said = format!(
        "warning: cluster: wildcard: blocked: {why}\nwarning: a: httpd: blocked: {why}\nwarning: a: database: blocked: {why}\n"
    );
    for word in ["check", "render"] {
        let arguments = [
            "gitops",
            word,
            "-q",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (1, said.as_str()),
            "{word}"
        );
    }
    assert!(!tree.join("cluster").exists());
    assert_eq!(names_in(&tree.join("instances/a")).len(), 5);
    // What is gone from the index is gone.
    git(
        directory.path(),
        &["rm", "-r", "--quiet", "--cached", "tree/cluster"],
    );
    let run = rendered(&directory, &text, &[]);
    assert!(
        run.stderr.contains("note: cluster: wildcard: issue\n"),
        "{}",
        run.stderr
    );
    git(directory.path(), &["restore", "tree/instances"]);
    rendered(&directory, &text, &[]).good();
    // A tree of which nothing is checked out, under a name that Git knows.
    std::fs::rename(&tree, directory.path().join("away")).unwrap();
    let run = rendered(&directory, &text, &["-q"]);
    assert!(
        run.stderr
            .contains("warning: b: httpd: blocked: its keys are in Git's index"),
        "{}",
        run.stderr
    );
    assert!(!tree.join("instances").exists());
}

#[test]
fn what_waits_is_a_warning_and_what_has_ended_an_error_that_quiet_does_not_silence() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: stored}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let due = ["-q", "--now", "2027-10-01T00:00:00Z"];
    let waits = rendered(&directory, &text, &due);
    let why = "renewal due, identity needed (`--identity FILE`): its certificate expires at 2027-11-21T10:00:00Z and is due";
    assert_eq!(
        (waits.status, waits.stderr.as_str()),
        (
            1,
            format!("warning: a: httpd: blocked: {why}\nwarning: a: database: blocked: {why}\n")
                .as_str()
        )
    );
    write(&directory.path().join("other.txt"), OTHER_IDENTITY);
    let wrong = [
        "-q",
        "--now",
        "2027-12-01T00:00:00Z",
        "--identity",
        "other.txt",
        "--fail-on",
        "never",
    ];
    let ended = rendered(&directory, &text, &wrong);
    let why = "renewal due, none of the given identities opens it (`--identity FILE`): its certificate expired at 2027-11-21T10:00:00Z";
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| !line.contains("other.txt"))
        .collect();
    assert_eq!(ended.status, 0, "all is written");
    assert_eq!(
        lines,
        [
            format!("error: a: httpd: blocked: {why}"),
            format!("error: a: database: blocked: {why}")
        ]
    );
}

#[test]
fn check_says_what_render_refuses_and_adopting_says_that_keys_stay() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let folder = directory.path().join("tree/instances/a");
    let keys = folder.join("secret-selfcert.sops.yaml");
    for name in names_in(&folder) {
        let path = folder.join(name);
        write(&path, &format!("\u{feff}{}", read(&path)));
    }
    let check = [
        "gitops",
        "check",
        "-q",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let check = run_in(directory.path(), &check);
    assert_eq!(check.status, 1);
    assert!(!check.stderr.contains("issue"), "{}", check.stderr);
    let in_the_way = "warning: instances/a/secret-selfcert.sops.yaml: not this fleet's and in the way, so rendering is refused; `--adopt` takes it over\n";
    assert!(check.stderr.contains(in_the_way), "{}", check.stderr);
    assert_eq!(rendered(&directory, &text, &[]).status, 5);
    let before = certificates(&read(&keys), "externcert");
    let adopted = rendered(&directory, &text, &["--adopt"]);
    assert_eq!(adopted.status, 0);
    assert!(
        adopted
            .stderr
            .starts_with("note: a: keys kept, wrote instances/a/"),
        "{}",
        adopted.stderr
    );
    assert!(!adopted.stderr.contains("issue"), "{}", adopted.stderr);
    assert_eq!(before, certificates(&read(&keys), "externcert"));
}

#[test]
fn an_instance_that_is_renamed_keeps_its_keys_and_its_old_folder_goes() {
    for (layout, old, new) in [
        ("", "instances/a/", "instances/b/"),
        ("  layout: flat\n", "instances/a.", "instances/b."),
    ] {
        let directory = TempDir::new().unwrap();
        let spec = format!("{layout}  wildcard: false\n  instances");
        let fleet = |instances: &str| fleet_file(instances).replace("  instances", &spec);
        let before = fleet("    a: {}\n");
        let after = fleet("    b: {namespace: a, externalHost: a.example.org}\n");
        let tree = directory.path().join("tree");
        let name = "secret-selfcert.sops.yaml";
        rendered(&directory, &before, &[]).good();
        let keys = |prefix: &str| {
            let text = read(&tree.join(format!("{prefix}{name}")));
            ["externkey", "dbserverkey", "externcert"].map(|key| value_of(&text, key).to_owned())
        };
        let kept = keys(old);
        let copy = tree.join(format!("{old}{name}"));
        let of_a = read(&copy);
        let moved = rendered(&directory, &after, &[]);
        assert_eq!(moved.status, 0, "{}", moved.stderr);
        assert!(
            moved
                .stderr
                .starts_with("note: b: renamed from `a`, keys kept, wrote instances/b")
                && moved.stderr.contains(", removed instances/a"),
            "{}",
            moved.stderr
        );
        assert_eq!(keys(new), kept);
        assert!(!copy.exists() && !tree.join("instances/a").exists());
        assert_eq!(
            rendered(&directory, &after, &[]).stderr,
            "note: 1 of 1 unchanged, wrote 0 files\n"
        );
        // A run that ended before the old files were gone: the next one removes them.
        if layout.is_empty() {
            std::fs::create_dir(tree.join("instances/a")).unwrap();
        }
        write(&copy, &of_a);
        let again = rendered(&directory, &after, &[]);
        assert_eq!(again.status, 0);
        assert!(
            again
                .stderr
                .starts_with(&format!("note: b: removed {old}{name}\n")),
            "{}",
            again.stderr
        );
        assert!(!copy.exists());
    }
}

#[test]
fn other_keys_under_an_old_name_are_not_taken_and_two_old_names_are_not_guessed_between() {
    let directory = TempDir::new().unwrap();
    let fleet = |instances: &str| {
        fleet_file(instances).replace("  instances", "  wildcard: false\n  instances")
    };
    let renamed = fleet("    b: {namespace: a, externalHost: a.example.org}\n");
    let instances = directory.path().join("tree/instances");
    // Another host: another instance.
    rendered(
        &directory,
        &fleet("    a: {externalHost: old.example.org}\n"),
        &[],
    )
    .good();
    let new = rendered(&directory, &renamed, &[]);
    assert!(
        new.stderr.contains("note: b: httpd: issue"),
        "{}",
        new.stderr
    );
    std::fs::remove_dir_all(&instances).unwrap();
    // Two folders of the same objects, as a copy leaves them.
    for id in ["a", "c"] {
        let instance = format!("    {id}: {{namespace: a, externalHost: a.example.org}}\n");
        let text = fleet(&instance);
        let aside = directory.path().join(id);
        rendered(&directory, &text, &[]).good();
        std::fs::rename(instances.join(id), aside).unwrap();
    }
    for id in ["a", "c"] {
        std::fs::rename(directory.path().join(id), instances.join(id)).unwrap();
    }
    let refused = rendered(&directory, &renamed, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: `a` and `c` in the tree both hold keys of the namespace `a` and the host of `b`\n\
             help: remove the one whose certificate is not in the cluster; the other's keys are then kept\n"
        )
    );
    assert!(!instances.join("b").exists());
    let known = fleet("    c: {namespace: a, externalHost: a.example.org}\n");
    let warned = rendered(&directory, &known, &["-q"]);
    assert_eq!(
        (warned.status, warned.stderr.as_str()),
        (
            0,
            "warning: c: `a` in the tree holds other keys of the same namespace and host: remove the one that is not in the cluster\n"
        )
    );
}
