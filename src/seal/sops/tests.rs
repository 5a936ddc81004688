use super::*;
use crate::manifest::PrivateKeys;
use crate::seal::Identity;
use crate::yaml;
use proptest::prelude::*;
use std::fmt::Write as _;
use time::macros::datetime;

/// Made by the code of sops 3.13.2 with an identity of nobody.
const MAC_ONLY_ENCRYPTED: &str =
    include_str!("../../../tests/fixtures/sops/mac-only-encrypted.yaml");
const CLASSIC: &str = include_str!("../../../tests/fixtures/sops/classic.yaml");
const IDENTITY: &str = "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
const NOW: OffsetDateTime = datetime!(2026-11-24 10:00:00.5 UTC);

/// Whatever of this is in an error has leaked: plaintexts of the vectors and of [`sealed`], the identity.
const SECRETS: [&str; 4] = ["S0VZ", "Q0FLRVk", "Y2FuYXJ5", "SECRET-KEY"];

fn identities() -> Vec<Identity> {
    Identity::all_from_text(IDENTITY).unwrap()
}

fn another_identity(number: u8) -> Identity {
    let text = crate::seal::recipient::identity_text(number);
    Identity::all_from_text(&text).unwrap().remove(0)
}

/// Bytes that differ from call to call and are random to nobody.
fn counting() -> impl FnMut(&mut [u8]) -> Result<(), Fault> {
    let mut next = 0_u8;
    move |bytes| {
        next = next.wrapping_add(1);
        bytes.fill(next);
        Ok(())
    }
}

fn key(text: &str) -> DataKey {
    DataKey::parse(text).unwrap()
}

fn private(pairs: &[(&str, &str)]) -> Vec<(DataKey, SecretData)> {
    pairs
        .iter()
        .map(|(name, text)| (key(name), SecretData::private(text)))
        .collect()
}

/// A Secret around what was sealed, as our templates write it.
fn document(private: &[(DataKey, SecretData)], sealed: &Sealed) -> String {
    let mut text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: selfcert\n  labels:\n    a/b: \"true\"\ntype: Opaque\ndata:\n".to_owned();
    for (name, _) in private {
        writeln!(
            text,
            "  {name}: {}",
            yaml::scalar::to_string(&sealed.values[name])
        )
        .unwrap();
    }
    text.push_str("  tls.crt: Q0VSVA==\n");
    text + sealed.block.text()
}

fn sealed(recipients: &[Recipient]) -> String {
    let private = private(&[("ca.key", "canary1"), ("tls.key", "canary2")]);
    document(
        &private,
        &seal(&private, recipients, NOW, &mut counting()).unwrap(),
    )
}

/// Opens what was tampered with, and gives the error, in which nothing secret stands.
fn refusal(text: &str) -> Fault {
    let Err(fault) = open(text, "s.yaml", &identities()) else {
        panic!("opened:\n{text}")
    };
    let shown = format!("{fault:?}");
    assert!(
        SECRETS.iter().all(|secret| !shown.contains(secret)),
        "{shown}"
    );
    assert!(fault.place.is_some(), "{shown}");
    fault
}

/// Reads the block of a file by another way than [`read()`].
fn block_of(text: &str) -> Block<'static> {
    Block::from_node(yaml::read(text, "s.yaml").unwrap().get("sops").unwrap())
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn what_sops_encrypted_opens_in_both_modes() {
    for text in [MAC_ONLY_ENCRYPTED, CLASSIC] {
        let data = open(text, "s.yaml", &identities()).unwrap();
        let data: Vec<_> = data
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            data,
            [
                ("cakey", "Q0FLRVk="),
                ("externcert", "Q0VSVA=="),
                ("externkey", "S0VZ")
            ]
        );
    }
}

#[test]
fn what_sops_encrypted_is_read_without_a_key() {
    let document = read(MAC_ONLY_ENCRYPTED, "s.yaml").unwrap().unwrap();
    assert_eq!(document.recipients, [RECIPIENT]);
    assert_eq!(
        document.values.keys().collect::<Vec<_>>(),
        ["cakey", "externkey"]
    );
    assert!(document.values["externkey"].starts_with("ENC[AES256_GCM,data:MP49xQ==,iv:MLuF"));
    assert_eq!(
        document.clear.clone().into_iter().collect::<Vec<_>>(),
        [("externcert".into(), "Q0VSVA==".into())]
    );
    assert_eq!(document.last_modified, "2026-11-21T00:03:00Z");
    assert!(document.mac.starts_with("ENC[AES256_GCM,data:hPE8"));
    assert!(document.mac_only_encrypted);
    assert!(block_of(MAC_ONLY_ENCRYPTED).is_that_of(&document));
    assert!(!read(CLASSIC, "s.yaml").unwrap().unwrap().mac_only_encrypted);
}

#[test]
fn any_changed_character_of_what_is_encrypted_is_refused() {
    for text in [MAC_ONLY_ENCRYPTED, CLASSIC] {
        let mut changed = 0;
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let is_protected = line.contains("ENC[")
                || line.starts_with("            ")
                || line.contains("lastmodified");
            if is_protected {
                let start = line.find(": ").map_or(0, |colon| colon + 2);
                for (index, character) in line.char_indices().skip(start) {
                    if character.is_whitespace() || character == '"' {
                        continue;
                    }
                    let other = if character == 'A' { "B" } else { "A" };
                    let mut tampered = text.to_owned();
                    tampered.replace_range(offset + index..=offset + index, other);
                    refusal(&tampered);
                    changed += 1;
                }
            }
            offset += line.len();
        }
        assert!(changed > 900, "{changed}");
    }
}

#[test]
fn a_renamed_a_swapped_and_a_removed_value_are_refused() {
    let renamed = replaced(MAC_ONLY_ENCRYPTED, " externkey:", " dbserverkey:");
    assert_eq!(
        refusal(&renamed).to_string(),
        "s.yaml:9:18: the encrypted value of `data.dbserverkey` is damaged"
    );
    let swapped = replaced(
        &replaced(&renamed, " cakey:", " externkey:"),
        " dbserverkey:",
        " cakey:",
    );
    refusal(&swapped);
    let (start, end) = (
        CLASSIC.find("    cakey:").unwrap(),
        CLASSIC.find("sops:").unwrap(),
    );
    for text in [MAC_ONLY_ENCRYPTED, CLASSIC] {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let without: String = lines
            .iter()
            .filter(|line| !line.contains(" cakey:"))
            .copied()
            .collect();
        assert!(
            refusal(&without)
                .what
                .starts_with("the message authentication code does not fit")
        );
        let emptied: String = lines
            .iter()
            .map(|line| {
                if line.contains(" cakey:") {
                    "    cakey: \"\"\n"
                } else {
                    line
                }
            })
            .collect();
        assert!(
            refusal(&emptied)
                .what
                .starts_with("the message authentication code does not fit")
        );
    }
    let reordered = replaced(
        &replaced(CLASSIC, &CLASSIC[start..end], ""),
        "data:\n",
        &format!("data:\n{}", &CLASSIC[start..end]),
    );
    assert!(
        refusal(&reordered)
            .what
            .starts_with("the message authentication code does not fit")
    );
}

#[test]
fn what_is_in_clear_text_may_change_only_where_the_code_leaves_it_out() {
    let relabelled = replaced(
        MAC_ONLY_ENCRYPTED,
        "name: selfcert",
        "name: other\n    labels:\n        a: b",
    );
    let renewed = replaced(&relabelled, "Q0VSVA==", "TkVX");
    let data = open(&renewed, "s.yaml", &identities()).unwrap();
    assert_eq!(data["externcert"].as_str(), "TkVX");
    assert_eq!(data["externkey"].as_str(), "S0VZ");
    refusal(&replaced(CLASSIC, "name: selfcert", "name: other"));
    refusal(&replaced(
        CLASSIC,
        "kind: Secret",
        "kind: Secret\nimmutable: true",
    ));
}

#[test]
fn a_changed_rule_or_mode_is_refused() {
    let rule = "encrypted_regex: ^(cakey|externkey|dbcakey|dbserverkey|tls\\.key)$";
    for (from, to) in [
        ("mac_only_encrypted: true", "mac_only_encrypted: false"),
        ("mac_only_encrypted: true", "mac_only_encrypted: 1"),
        ("    mac_only_encrypted: true\n", ""),
        (rule, "encrypted_regex: ^(cakey)$"),
        (rule, "encrypted_regex: ^data$"),
        (rule, "encrypted_regex: ^(("),
        (rule, "encrypted_suffix: keys"),
        (
            rule,
            "unencrypted_regex: ^(externcert|apiVersion|kind|metadata)$",
        ),
        (rule, "encrypted_comment_regex: x"),
        (rule, "version2: x"),
    ] {
        refusal(&replaced(MAC_ONLY_ENCRYPTED, from, to));
    }
    let same = "encrypted_suffix: key";
    assert!(
        open(
            &replaced(MAC_ONLY_ENCRYPTED, rule, same),
            "s.yaml",
            &identities()
        )
        .is_ok()
    );
    let two = format!("{rule}\n    encrypted_suffix: key");
    assert_eq!(
        refusal(&replaced(MAC_ONLY_ENCRYPTED, rule, &two)).what,
        "the `sops` block has more than one rule for what is encrypted"
    );
}

#[test]
fn a_key_that_is_in_clear_text_where_it_should_be_encrypted_is_refused_without_a_key_at_hand() {
    let text = sealed(&[Recipient::parse(RECIPIENT).unwrap()]);
    let start = text.find("  tls.key:").unwrap() + 2;
    let end = start + text[start..].find('\n').unwrap();
    let text = format!("{}tls.key: Y2FuYXJ5{}", &text[..start], &text[end..]);
    let fault = read(&text, "s.yaml").unwrap_err();
    assert_eq!(
        fault.to_string(),
        "s.yaml:10:12: `tls.key` is in clear text, but the file's rule says that it is encrypted"
    );
    assert!(!format!("{fault:?}").contains("Y2FuYXJ5"));
}

#[test]
fn a_data_key_under_another_recipients_name_is_refused() {
    let other = another_identity(1);
    let text = replaced(MAC_ONLY_ENCRYPTED, RECIPIENT, other.recipient().as_str());
    let expected = format!(
        "s.yaml:11:1: the data key under the recipient `{}` is encrypted for `{RECIPIENT}`",
        other.recipient()
    );
    assert_eq!(refusal(&text).to_string(), expected);
}

#[test]
fn each_recipient_opens_what_was_sealed_and_nobody_else() {
    let theirs = [1, 2, 3].map(another_identity);
    let mut recipients: Vec<Recipient> = theirs
        .iter()
        .map(|identity| identity.recipient().clone())
        .collect();
    recipients.push(recipients[0].clone());
    let text = sealed(&recipients);
    recipients.pop();
    for identity in theirs {
        let data = open(&text, "s.yaml", &[another_identity(4), identity]).unwrap();
        assert_eq!(data["ca.key"].as_str(), "Y2FuYXJ5MQ==");
        assert_eq!(data["tls.key"].as_str(), "Y2FuYXJ5Mg==");
        assert_eq!(data["tls.crt"].as_str(), "Q0VSVA==");
    }
    let document = read(&text, "s.yaml").unwrap().unwrap();
    let expected: Vec<&str> = recipients.iter().map(Recipient::as_str).collect();
    assert_eq!(document.recipients, expected);
    let fault = open(&text, "s.yaml", &identities()).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "s.yaml:12:1: the identity does not open this file"
    );
    assert_eq!(
        fault.help.unwrap(),
        format!("it is encrypted for {}", expected.join(", "))
    );
    assert_eq!(
        open(&text, "s.yaml", &[]).unwrap_err().what,
        "an identity is needed to open this file"
    );
}

#[test]
fn the_block_has_a_fixed_form_and_the_rule_names_the_private_values_alone() {
    let private = private(&[("ca.key", "x"), ("tls.key", "y")]);
    let recipients = [Recipient::parse(RECIPIENT).unwrap()];
    let sealed = seal(&private, &recipients, NOW, &mut counting()).unwrap();
    let mut in_armour = false;
    let mut shape = String::new();
    for line in sealed.block.text().lines() {
        let line = line.split("ENC[").next().unwrap();
        let was_in_armour = in_armour;
        in_armour = (in_armour || line.contains("-----BEGIN")) && !line.contains("-----END");
        if !(was_in_armour && in_armour) {
            writeln!(shape, "{line}").unwrap();
        }
    }
    let expected = format!(
        "sops:\n  age:\n    - recipient: {RECIPIENT}\n      enc: |\n        -----BEGIN AGE ENCRYPTED FILE-----\n        \
         -----END AGE ENCRYPTED FILE-----\n  lastmodified: \"2026-11-24T10:00:00Z\"\n  mac: \n  \
         encrypted_regex: \"^(ca\\\\.key|tls\\\\.key)$\"\n  mac_only_encrypted: true\n  version: 3.9.0\n"
    );
    assert_eq!(shape, expected);
    let text = document(&private, &sealed);
    assert!(
        sealed
            .block
            .is_that_of(&read(&text, "s.yaml").unwrap().unwrap())
    );
}

#[test]
fn equal_random_bytes_give_equal_text() {
    let recipients = [Recipient::parse(RECIPIENT).unwrap()];
    let private = private(&[("tls.key", "y")]);
    let one = seal(&private, &recipients, NOW, &mut counting()).unwrap();
    let two = seal(&private, &recipients, NOW, &mut counting()).unwrap();
    assert_eq!(one.values, two.values);
    assert_eq!(one.block.text(), two.block.text());
}

#[test]
fn what_cannot_be_sealed_is_refused() {
    let recipients = [Recipient::parse(RECIPIENT).unwrap()];
    let seal = |pairs: &[(&str, &str)], recipients: &[Recipient]| {
        seal(&private(pairs), recipients, NOW, &mut counting())
            .unwrap_err()
            .what
    };
    assert_eq!(
        seal(&[], &recipients),
        "the Secret has no private value to encrypt"
    );
    assert_eq!(
        seal(&[("tls.key", "x")], &[]),
        "there is no recipient to encrypt for"
    );
    for name in RESERVED {
        assert!(
            seal(&[(name, "x")], &recipients).starts_with("the data key `"),
            "{name}"
        );
    }
    let mut dry = |_: &mut [u8]| Err(Fault::new("dry"));
    assert_eq!(
        super::seal(&private(&[("k", "x")]), &recipients, NOW, &mut dry)
            .unwrap_err()
            .what,
        "dry"
    );
}

#[test]
fn a_document_without_the_block_is_not_a_sops_file() {
    for text in [
        "a: 1\n",
        "data:\n  sops: x\n",
        "# sops: x\nkind: Secret\n",
        "a: &x {sops: 1}\nb: *x\n---\n1: 2\n",
        "- sops\n",
        "",
    ] {
        assert!(read(text, "s.yaml").unwrap().is_none(), "{text}");
    }
    assert_eq!(
        refusal("kind: Secret\n").to_string(),
        "s.yaml: this is not a SOPS file: it has no `sops` block"
    );
}

#[test]
fn forms_that_sops_does_not_write_are_refused_with_their_place() {
    let in_front = |text: &str| format!("{text}{MAC_ONLY_ENCRYPTED}");
    for (text, expected) in [
        (
            in_front("a: 1\n---\n"),
            "s.yaml:3:1: in a SOPS file, there is more than one document",
        ),
        (in_front("a: *x\n"), "s.yaml:1:"),
        (in_front("<<: {a: b}\n"), "s.yaml:1:"),
        (in_front("a: !!str 1\n"), "s.yaml:1:"),
        (
            in_front("1: a\n"),
            "s.yaml:1:1: in a SOPS file, there is a key that is not a string",
        ),
        (
            in_front("? [a]\n: b\n"),
            "s.yaml:1:3: in a SOPS file, there is a key that is not a string",
        ),
        (
            in_front("kind: x\n"),
            "s.yaml:3:1: in a SOPS file, a key appears twice in its mapping",
        ),
        ("sops:\n  mac: [\n".to_owned(), "s.yaml:"),
        (
            "sops: x\n".to_owned(),
            "s.yaml:1:1: the `sops` block has no `lastmodified`",
        ),
        (
            replaced(
                MAC_ONLY_ENCRYPTED,
                "lastmodified: \"2026",
                "lastmodified: \"26",
            ),
            "s.yaml:23:19: the `sops` block has a damaged `lastmodified`",
        ),
        (
            replaced(
                MAC_ONLY_ENCRYPTED,
                "externcert: Q0VSVA==",
                "externcert: [Q0VSVA==]",
            ),
            "s.yaml:8:18: `externcert` is a list, not a string",
        ),
        (
            replaced(MAC_ONLY_ENCRYPTED, "enc: |", "end: |"),
            "s.yaml:11:1: the `sops` block has no `age[].enc`",
        ),
        (format!("{}[", "a: [".repeat(40)) + "sops", "s.yaml:1:"),
    ] {
        let fault = refusal(&text);
        assert!(
            fault.to_string().starts_with(expected),
            "{fault} is not {expected}"
        );
    }
}

#[test]
fn what_was_sealed_is_scanned_to_the_same_block_and_nothing_else_is() {
    let text = sealed(&[
        Recipient::parse(RECIPIENT).unwrap(),
        another_identity(1).recipient().clone(),
    ]);
    let begin = text.find("sops:").unwrap();
    let names = || ["ca.key", "tls.key"].into_iter();
    let scanned = Block::scan(&text[begin..], names()).unwrap();
    let read = block_of(&text);
    assert_eq!(scanned.text(), read.text());
    assert_eq!(scanned.text(), &text[begin..]);
    assert_eq!(scanned.recipients(), read.recipients());
    for (from, to) in [
        ("  mac: ENC", "  mac: \"ENC"),
        ("  version: 3.9.0\n", "  version: 3.9.0\ntype: Opaque\n"),
        ("  version: 3.9.0\n", "  version: 3.9.0\n  pgp: []\n"),
        ("  version: 3.9.0\n", "  version: 3.13.2\n"),
        ("  lastmodified: \"", "  lastmodified: \"x"),
        ("enc: |", "enc: |-"),
        ("  mac_only_encrypted: true\n", ""),
        ("tls", "tls.crt|tls"),
        ("\n  lastmodified", "\n\n  lastmodified"),
        ("\n", "\r\n"),
    ] {
        let other = replaced(&text[begin..], from, to);
        assert!(Block::scan(&other, names()).is_none(), "{from:?} {to:?}");
    }
    assert!(Block::scan(&text[begin..], ["tls.key"].into_iter()).is_none());
}

#[test]
fn a_block_of_any_form_is_written_with_all_that_it_says() {
    let others = "    kms: []\n    pgp:\n        - fp: ABCD\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: |\n            -----BEGIN PGP MESSAGE-----\n\n            abc=\n            -----END PGP MESSAGE-----\n    shamir_threshold: 2\n    azure_kv: null\n    odd: [1.5, {a: [b, 017]}]\n";
    let with_others = replaced(MAC_ONLY_ENCRYPTED, "sops:\n", &format!("sops:\n{others}"));
    for text in [MAC_ONLY_ENCRYPTED, CLASSIC, &with_others] {
        let block = block_of(text);
        let written = format!("data: {{}}\n{}", block.text());
        let again = block_of(&written);
        assert_eq!(block.text(), again.text());
        let read = |text: &str| -> serde_yaml::Value {
            serde_yaml::from_str::<serde_yaml::Value>(text).unwrap()["sops"].clone()
        };
        assert_eq!(read(text), read(&written), "by another reader");
        let document = read_document(&written);
        assert!(block.is_that_of(&document));
        let other = replaced(&written, "recipient: age1", "recipient: age2");
        assert!(!block.is_that_of(&read_document(&other)));
    }
    assert_eq!(block_of(&with_others).other_keys(), ["pgp"]);
}

fn read_document(text: &str) -> Document<'_> {
    read(text, "s.yaml").unwrap().unwrap()
}

#[test]
fn a_value_of_impossible_form_is_not_an_encrypted_value() {
    let good = sealed(&[Recipient::parse(RECIPIENT).unwrap()]);
    let start = good.find("ENC[").unwrap();
    let good = &good[start..start + good[start..].find('"').unwrap()];
    assert!(is_encrypted(good), "{good}");
    for (from, to) in [
        (",iv:", ",iv:AAAA"),
        (",tag:", ",tag:AAAA"),
        ("data:", "data:A"),
        ("data:", "data:=AAA"),
        ("type:str", "type:none"),
        ("==,type", ",type"),
        ("AES256_GCM", "AES128_GCM"),
        ("]", ""),
    ] {
        assert!(!is_encrypted(&replaced(good, from, to)), "{from} {to}");
    }
    assert!(!is_encrypted("ENC[AES256_GCM,data:,iv:,tag:,type:str]"));
}

#[test]
fn a_valid_file_is_opened_whatever_the_form_of_its_yaml() {
    let tree: serde_yaml::Value = serde_yaml::from_str(MAC_ONLY_ENCRYPTED).unwrap();
    let json = serde_json::to_string(&tree).unwrap();
    let anchored = replaced(
        &replaced(MAC_ONLY_ENCRYPTED, "recipient: age", "recipient: &me age"),
        "    version:",
        "    me: *me\n    version:",
    );
    for text in [
        json,
        serde_yaml::to_string(&tree).unwrap(),
        anchored,
        replaced(MAC_ONLY_ENCRYPTED, "\n", "\r\n"),
        replaced(MAC_ONLY_ENCRYPTED, "cakey: ENC", "cakey: !!str \"ENC").replace("cakey: !!str \"ENC[AES256_GCM,data:V2Qxr9gaiGk=,iv:Z63j4xbeBDeCJlC1t768S9c9iVEb4qWbMhsw7D+7JGM=,tag:fZVKKOQXnaccJ/nPSH6Whg==,type:str]", "cakey: !!str \"ENC[AES256_GCM,data:V2Qxr9gaiGk=,iv:Z63j4xbeBDeCJlC1t768S9c9iVEb4qWbMhsw7D+7JGM=,tag:fZVKKOQXnaccJ/nPSH6Whg==,type:str]\""),
        format!("# a comment\n---\n{MAC_ONLY_ENCRYPTED}---\n"),
    ] {
        let data = open(&text, "s.yaml", &identities()).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        assert_eq!(data["cakey"].as_str(), "Q0FLRVk=", "{text}");
    }
    let bomb = format!(
        "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [{}]\n",
        "*b,".repeat(2000)
    );
    assert!(
        open(
            &format!("{bomb}{MAC_ONLY_ENCRYPTED}"),
            "s.yaml",
            &identities()
        )
        .is_err()
    );
}

#[test]
fn other_kinds_of_keys_beside_age_are_named() {
    let text = replaced(
        MAC_ONLY_ENCRYPTED,
        "sops:\n",
        "sops:\n    kms: []\n    pgp:\n        - fp: ABCD\n          enc: x\n    gcp_kms:\n        - resource_id: x\n",
    );
    let document = read(&text, "s.yaml").unwrap().unwrap();
    assert_eq!(document.other_keys, ["gcp_kms", "pgp"]);
    assert!(open(&text, "s.yaml", &identities()).is_ok());
    let start = text.find("    age:").unwrap();
    let end = text.find("    encrypted_regex").unwrap();
    let without_age = format!("{}{}", &text[..start], &text[end..]);
    let fault = refusal(&without_age);
    assert_eq!(fault.help.unwrap(), "it is encrypted for `gcp_kms`, `pgp`");
    let grouped = replaced(
        MAC_ONLY_ENCRYPTED,
        "sops:\n",
        "sops:\n    key_groups:\n        - age:\n            - enc: x\n",
    );
    assert_eq!(
        refusal(&grouped).what,
        "the file needs keys of several groups (`key_groups`)"
    );
}

#[test]
fn a_folded_value_and_a_block_in_the_middle_are_read_too() {
    let block = &MAC_ONLY_ENCRYPTED[MAC_ONLY_ENCRYPTED.find("sops:").unwrap()..];
    let block = &replaced(block, "    mac:", "# a comment\n\n    mac:");
    let manifest = &MAC_ONLY_ENCRYPTED[..MAC_ONLY_ENCRYPTED.find("sops:").unwrap()];
    let manifest = replaced(manifest, "cakey: ENC", "cakey: >-\n        ENC");
    let (head, tail) = manifest.split_at(manifest.find("type:").unwrap());
    let text = format!("{head}{block}\n# behind\n{tail}");
    assert_eq!(
        open(&text, "s.yaml", &identities()).unwrap()["cakey"].as_str(),
        "Q0FLRVk="
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_values_come_back(entries in proptest::collection::btree_map("[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,20}k", "\\PC{1,200}", 1..6)) {
        let pairs: Vec<(&str, &str)> = entries.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let private = private(&pairs);
        let sealed = seal(&private, &[Recipient::parse(RECIPIENT).unwrap()], NOW, &mut counting()).unwrap();
        let text = document(&private, &sealed);
        let data = open(&text, "s.yaml", &identities()).unwrap();
        prop_assert_eq!(data.len(), private.len() + 1);
        for (name, value) in &private {
            prop_assert_eq!(data[name.as_str()].as_str(), value.expose(PrivateKeys::Written));
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_with_a_fault(text in "(sops|age|data|mac|ENC\\[|[ :{}\\[\\]&*!|>\"'#\n-]|[a-z0-9]){0,60}") {
        if let Err(fault) = read(&text, "s.yaml") {
            prop_assert!(fault.place.is_some());
        }
    }
}
