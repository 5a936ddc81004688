//! What `sops` makes of our files, and we of its.

use crate::Case;
use crate::programs::{Outcome, Programs, run};
use crate::secret::{CERTIFICATE, data_of, expected, keygen, plain, private, sealed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::seal::creation_rules::Rules;
use civi_ingress::seal::{Identity, Recipient, sops};
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

pub(crate) const CASES: &[Case] = &[
    (
        "sops_opens_what_we_seal_for_one_and_for_three_recipients",
        opened_by_sops,
    ),
    (
        "sops_opens_our_file_after_its_labels_and_its_certificate_changed",
        rendered_again,
    ),
    ("sops_and_we_refuse_each_tampered_part", tampered),
    ("what_sops_encrypts_we_open_whatever_its_rule", opened_by_us),
    (
        "what_sops_changes_in_our_file_we_open_and_read",
        changed_by_sops,
    ),
    (
        "the_recipients_of_a_creation_rule_are_those_that_sops_takes",
        recipients_of_a_rule,
    ),
];

/// A directory for one case, and who can open what is in it.
struct Desk<'a> {
    programs: &'a Programs,
    directory: TempDir,
}

/// An identity as `age-keygen` writes it, and as we read it.
struct Person {
    text: String,
    identity: Identity,
}

impl Person {
    fn recipient(&self) -> Recipient {
        self.identity.recipient().clone()
    }
}

impl<'a> Desk<'a> {
    fn new(programs: &'a Programs) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            programs,
            directory,
        }
    }

    fn person(&self) -> Person {
        let text = keygen(self.programs, self.directory.path());
        let identity = Identity::all_from_text(&text).unwrap().remove(0);
        Person { text, identity }
    }

    fn write(&self, text: &str) {
        fs::write(self.directory.path().join("s.sops.yaml"), text).unwrap();
    }

    fn read(&self) -> String {
        fs::read_to_string(self.directory.path().join("s.sops.yaml")).unwrap()
    }

    fn sops(&self, arguments: &[&str], person: &Person) -> Outcome {
        let directory = self.directory.path();
        run(&self.programs.sops, directory, arguments, &person.text, b"")
    }

    /// Lets `sops` open a text.
    fn open(&self, text: &str, person: &Person) -> Outcome {
        self.write(text);
        self.sops(&["decrypt", "s.sops.yaml"], person)
    }
}

/// Opens a text with our own code.
fn ours(text: &str, person: &Person) -> Result<BTreeMap<String, String>, String> {
    let data = sops::open(text, "s.sops.yaml", std::slice::from_ref(&person.identity))
        .map_err(|fault| fault.to_string())?;
    let pairs = data
        .iter()
        .map(|(key, value)| (key.clone(), value.to_string()));
    Ok(pairs.collect())
}

fn opened_by_sops(programs: &Programs) {
    let desk = Desk::new(programs);
    let people = [desk.person(), desk.person(), desk.person()];
    let stranger = desk.person();
    for people in [&people[..1], &people] {
        let recipients: Vec<Recipient> = people.iter().map(Person::recipient).collect();
        let text = sealed(&recipients);
        for person in people {
            assert_eq!(data_of(&desk.open(&text, person).text()), expected());
            assert_eq!(ours(&text, person), Ok(expected()));
        }
        assert_ne!(desk.open(&text, &stranger).status, Some(0));
        // All but `data` comes back as it was too.
        let opened: serde_yaml::Value =
            serde_yaml::from_str(&desk.open(&text, &people[0]).text()).unwrap();
        assert_eq!(
            opened,
            serde_yaml::from_str::<serde_yaml::Value>(&plain()).unwrap()
        );
    }
}

fn rendered_again(programs: &Programs) {
    let desk = Desk::new(programs);
    let person = desk.person();
    let text = sealed(&[person.recipient()]);
    let text = replaced(&text, "  name: selfcert\n", "  name: other\n");
    let text = replaced(&text, "civicrm", "changed");
    let text = replaced(&text, &STANDARD.encode(CERTIFICATE), "bmV3");
    let mut expected = expected();
    expected.insert("tls.crt".into(), "bmV3".into());
    assert_eq!(data_of(&desk.open(&text, &person).text()), expected);
    assert_eq!(ours(&text, &person), Ok(expected));
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} in\n{text}");
    text.replacen(from, to, 1)
}

/// Replaces the character at `offset` by another of base64.
fn flipped(text: &str, offset: usize) -> String {
    let other = if &text[offset..=offset] == "A" {
        "B"
    } else {
        "A"
    };
    let mut text = text.to_owned();
    text.replace_range(offset..=offset, other);
    text
}

fn tampered(programs: &Programs) {
    let desk = Desk::new(programs);
    let (person, other) = (desk.person(), desk.person());
    let text = sealed(&[person.recipient()]);
    let mut variants: Vec<(String, String)> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.contains("ENC[AES256_GCM") {
            let key = line.trim().split(':').next().unwrap();
            for part in ["data:", "iv:", "tag:"] {
                let at = offset + line.find(part).unwrap() + part.len();
                variants.push((format!("{part} of {key}"), flipped(&text, at)));
            }
            for kind in ["int", "bool", "time", "comment", "float", "none"] {
                let line = line.replace("type:str", &format!("type:{kind}"));
                let mut text = text.clone();
                let end = offset + text[offset..].find('\n').unwrap() + 1;
                text.replace_range(offset..end, &line);
                variants.push((format!("type:{kind} of {key}"), text));
            }
            if !line.trim_start().starts_with("mac:") {
                let mut without = text.clone();
                without.replace_range(offset..offset + line.len(), "");
                variants.push((format!("{key} removed"), without));
                let renamed = format!("  renamed.{}", line.trim_start());
                let mut text = text.clone();
                text.replace_range(offset..offset + line.len(), &renamed);
                variants.push((format!("{key} renamed"), text));
            }
        } else if line.starts_with("        ") && !line.contains("-----") {
            variants.push((format!("age file at {offset}"), flipped(&text, offset + 10)));
        }
        offset += line.len();
    }
    let value = |key: &str| {
        let start = text.find(&format!("  {key}: ")).unwrap() + key.len() + 4;
        text[start..].lines().next().unwrap()
    };
    let (one, two) = (value("CA.key"), value("tls.key"));
    let swapped = text.replace(one, "\0").replace(two, one).replace('\0', two);
    variants.push(("two values swapped".into(), swapped));
    for (from, to) in [
        (
            "lastmodified: \"2026-11-24T10:00:00Z\"",
            "lastmodified: \"2026-11-24T10:00:01Z\"",
        ),
        ("  mac_only_encrypted: true\n", ""),
        (
            "  mac_only_encrypted: true\n",
            "  mac_only_encrypted: false\n",
        ),
    ] {
        variants.push((format!("`{from}` to `{to}`"), replaced(&text, from, to)));
    }
    let empty = replaced(&text, &format!("  tls.key: {two}"), "  tls.key: \"\"");
    variants.push(("a value emptied".into(), empty));
    assert!(variants.len() > 50, "{}", variants.len());
    for (what, text) in variants {
        let outcome = desk.open(&text, &person);
        assert_ne!(outcome.status, Some(0), "sops opened: {what}");
        assert!(ours(&text, &person).is_err(), "we opened: {what}");
    }
    // What `sops` does not look at, we do: it opens by any key that fits, whoever it is declared to belong to.
    let recipient = person.recipient();
    let under_another_name = replaced(&text, recipient.as_str(), other.recipient().as_str());
    assert!(ours(&under_another_name, &person).is_err());
}

fn opened_by_us(programs: &Programs) {
    let desk = Desk::new(programs);
    let (person, other) = (desk.person(), desk.person());
    let both = format!("{},{}", person.recipient(), other.recipient());
    let names = private()
        .iter()
        .map(|(key, _)| key.as_str().replace('.', r"\."))
        .collect::<Vec<_>>();
    let exactly = format!("^({})$", names.join("|"));
    // A label that is a number, a boolean, nothing, and comments: what counts in a code over all values.
    let plain = plain().replace(
        "\ndata:\n",
        "\nimmutable: true\nspare: ~\ncount: 12\nnegative: -7\nlist:\n  - a\n  # between\n  - b: 1\n    c: on\ndata:\n  # a comment\n",
    );
    for rule in [
        &[][..],
        &["--encrypted-regex", "^(data|stringData)$"],
        &[
            "--encrypted-regex",
            "^(data|stringData)$",
            "--mac-only-encrypted",
        ],
        &["--encrypted-regex", &exactly],
        &["--encrypted-regex", &exactly, "--mac-only-encrypted"],
        &["--unencrypted-regex", "^(apiVersion|kind|metadata|type)$"],
        &[
            "--unencrypted-regex",
            "^(apiVersion|kind|metadata|type|tls\\.crt)$",
            "--mac-only-encrypted",
        ],
        &["--encrypted-suffix", "key"],
        &["--unencrypted-suffix", ".crt"],
    ] {
        desk.write(&plain);
        // The older form: the command `encrypt` does not take `--mac-only-encrypted`.
        let mut arguments = vec!["--encrypt", "--in-place", "--age", &both];
        arguments.extend(rule);
        arguments.push("s.sops.yaml");
        desk.sops(&arguments, &person).good();
        let text = desk.read();
        for person in [&person, &other] {
            assert_eq!(ours(&text, person), Ok(expected()), "{rule:?}");
        }
        let document = sops::read(&text, "s.sops.yaml").unwrap().unwrap();
        let recipients = [
            person.recipient().to_string(),
            other.recipient().to_string(),
        ];
        assert_eq!(document.recipients, recipients);
        let mac_only = rule.contains(&"--mac-only-encrypted");
        assert_eq!(document.mac_only_encrypted, mac_only);
        assert_eq!(
            document.values.len() + document.clear.len(),
            expected().len()
        );
        assert!(block_of(&text).is_that_of(&document), "{text}");
        // Both judge a change of what is in clear text alike.
        let Some(changed) = text
            .contains("kind: Secret")
            .then(|| replaced(&text, "kind: Secret", "kind: Other"))
        else {
            continue;
        };
        assert_eq!(
            desk.open(&changed, &person).status == Some(0),
            mac_only,
            "{rule:?}"
        );
        assert_eq!(ours(&changed, &person).is_ok(), mac_only, "{rule:?}");
    }
}

/// Reads the block of a file by another way than the reader of SOPS files.
fn block_of(text: &str) -> sops::Block<'static> {
    let tree = civi_ingress::yaml::read(text, "s.sops.yaml").unwrap();
    sops::Block::from_node(tree.get("sops").unwrap())
}

fn changed_by_sops(programs: &Programs) {
    let desk = Desk::new(programs);
    let (person, other) = (desk.person(), desk.person());
    desk.write(&sealed(&[person.recipient()]));
    let added = other.recipient().to_string();
    let rotate = ["rotate", "--in-place", "--add-age", &added, "s.sops.yaml"];
    desk.sops(&rotate, &person).good();
    let mut expected = expected();
    assert_eq!(ours(&desk.read(), &other), Ok(expected.clone()));
    for (key, value) in [("tls.key", "bmV3"), ("tls.crt", "Y2xlYXI=")] {
        let (path, json) = (format!("[\"data\"][\"{key}\"]"), format!("\"{value}\""));
        desk.sops(&["set", "s.sops.yaml", &path, &json], &person)
            .good();
        expected.insert(key.into(), value.into());
    }
    let text = desk.read();
    assert_eq!(ours(&text, &other), Ok(expected.clone()));
    let document = sops::read(&text, "s.sops.yaml").unwrap().unwrap();
    assert_eq!(document.recipients.len(), 2);
    assert!(document.mac_only_encrypted);
    assert_eq!(document.clear["tls.crt"], "Y2xlYXI=");
    // The block and the values of `sops` around a manifest of ours.
    let mut rendered = "kind: Secret\napiVersion: v1\ndata:\n".to_owned();
    for (key, value) in document.values.iter().chain(&document.clear) {
        rendered.extend(["  ", key, ": \"", value, "\"\n"]);
    }
    rendered.push_str(block_of(&text).text());
    assert_eq!(data_of(&desk.open(&rendered, &person).text()), expected);
}

fn recipients_of_a_rule(programs: &Programs) {
    let desk = Desk::new(programs);
    let people: Vec<String> = (0..3)
        .map(|_| desk.person().recipient().to_string())
        .collect();
    let [a, b, c] = &people[..] else {
        panic!("three")
    };
    let rules = format!(
        "creation_rules:\n  - path_regex: ^cluster/.*\\.sops\\.ya?ml$\n    age: >-\n      {a},\n      {b}\n  \
         - path_regex: '^instances/(?:[a-m])[^/]*/'\n    encrypted_regex: ^(data|stringData)$\n    mac_only_encrypted: true\n    \
         age:\n      - {c}\n      - {a}\n  - age: {b}\n"
    );
    let directory = desk.directory.path();
    fs::write(directory.join(".sops.yaml"), &rules).unwrap();
    for (path, expected) in [
        ("cluster/secret.sops.yaml", vec![a, b]),
        ("cluster/secret.yaml", vec![b]),
        ("instances/aix/secret.sops.yaml", vec![c, a]),
        ("instances/zell/secret.sops.yaml", vec![b]),
    ] {
        let read = Rules::read(&rules, ".sops.yaml", "").unwrap();
        let recipients = read.recipients(path).unwrap();
        assert_eq!(
            recipients.iter().map(Recipient::as_str).collect::<Vec<_>>(),
            expected
        );
        fs::create_dir_all(directory.join(path).parent().unwrap()).unwrap();
        fs::write(directory.join(path), plain()).unwrap();
        let text = run(&programs.sops, directory, &["encrypt", path], "", b"").text();
        assert_eq!(
            sops::read(&text, path).unwrap().unwrap().recipients,
            expected.into_iter().map(String::as_str).collect::<Vec<_>>()
        );
    }
}
