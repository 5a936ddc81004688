//! Who can open a file, from the `.sops.yaml` that users of SOPS already have.
//!
//! Read is the part of it that names age recipients. What asks for another kind of key is refused: a file that
//! only some of the named keys open is not what its author asked for.
//! Source: sops 3.13.3, `config/config.go`.

use super::recipient::Recipient;
use crate::fault::{Fault, did_you_mean};
use crate::yaml::{self, Key, Node, Value};
use regex_lite::Regex;

/// The parts of the file; the two others are about `sops publish` and about layout.
const SECTIONS: [&str; 3] = ["creation_rules", "destination_rules", "stores"];
/// The fields of a rule that are understood.
const FIELDS: [&str; 4] = ["age", "encrypted_regex", "mac_only_encrypted", "path_regex"];
/// The fields of a rule that ask for other keys, or for keys in groups.
const OTHER_KEYS: [&str; 9] = [
    "aws_profile",
    "azure_keyvault",
    "gcp_kms",
    "hc_vault_transit_uri",
    "hckms",
    "key_groups",
    "kms",
    "pgp",
    "shamir_threshold",
];
/// The fields of a rule that say otherwise than `encrypted_regex` what is encrypted.
const OTHER_RULES: [&str; 5] = [
    "encrypted_comment_regex",
    "encrypted_suffix",
    "unencrypted_comment_regex",
    "unencrypted_regex",
    "unencrypted_suffix",
];

/// Gives the recipients of the first rule that holds for `path`, in its order, each once.
///
/// `path` is relative to the folder of the `.sops.yaml`, with `/`. A rule without `path_regex` holds for all.
/// `encrypted_regex` may be there and is not looked at: our files name exactly their private values.
///
/// # Errors
/// No rule for the path; in the rule, no recipient, one that is not of age's X25519 kind, other kinds of keys,
/// `mac_only_encrypted: false`, and anything unknown; each with its place.
pub fn recipients(sops_yaml: &str, file: &str, path: &str) -> Result<Vec<Recipient>, Fault> {
    let tree = yaml::read(sops_yaml, file)?;
    let Value::Map(sections) = &tree.value else {
        return Err(Fault::new(format!(
            "{} stands where `creation_rules` must",
            tree.kind()
        ))
        .at(tree.at.place(file)));
    };
    for (key, _) in sections {
        known(key, &SECTIONS).map_err(|fault| fault.at(key.at.place(file)))?;
    }
    let rules = tree
        .get("creation_rules")
        .map(Node::items)
        .unwrap_or_default();
    for rule in rules {
        if holds(rule, path).map_err(|(fault, at)| fault.at(at.at.place(file)))? {
            return of_rule(rule).map_err(|(fault, at)| fault.at(at.place(file)));
        }
    }
    Err(Fault::new(format!(
        "no rule under `creation_rules` holds for `{}`",
        path.escape_debug()
    ))
    .help("add one with a `path_regex` that matches, or one without, which holds for all files")
    .file(file))
}

fn known(key: &Key, names: &[&str]) -> Result<(), Fault> {
    if names.contains(&key.text.as_str()) {
        return Ok(());
    }
    let fault = Fault::new(format!("unknown key `{}`", key.text.escape_debug()));
    Err(match did_you_mean(&key.text, names.iter().copied()) {
        Some(name) => fault.help(format!("did you mean `{name}`?")),
        None => fault.help(format!("known here are {}", names.join(", "))),
    })
}

fn holds<'a>(rule: &'a Node, path: &str) -> Result<bool, (Fault, &'a Node)> {
    let Some(node) = rule.get("path_regex") else {
        return Ok(true);
    };
    let Some(text) = node.text() else {
        return Err((
            Fault::new(format!("`path_regex` is {}, not a string", node.kind())),
            node,
        ));
    };
    let regex = Regex::new(text).map_err(|error| {
        let fault = Fault::new(format!("`path_regex` is no regular expression: {error}"));
        (fault.help("use RE2 syntax with ASCII classes"), node)
    })?;
    Ok(text.is_empty() || regex.is_match(path))
}

fn of_rule(rule: &Node) -> Result<Vec<Recipient>, (Fault, yaml::At)> {
    let Value::Map(fields) = &rule.value else {
        return Err((
            Fault::new(format!("a creation rule is {}, not a mapping", rule.kind())),
            rule.at,
        ));
    };
    let mut recipients = Vec::new();
    for (key, node) in fields {
        let name = key.text.as_str();
        if OTHER_KEYS.contains(&name) {
            let fault = Fault::new(format!(
                "`{name}` is not understood: only `age` recipients are"
            ));
            let help = "name the recipients in the fleet file, or add a rule with `age` alone before this one";
            return Err((fault.help(help), key.at));
        }
        if OTHER_RULES.contains(&name) {
            let fault = Fault::new(format!(
                "`{name}` is not understood: exactly the private values are encrypted"
            ));
            return Err((fault.help("leave it out, or use `encrypted_regex`"), key.at));
        }
        known(key, &FIELDS).map_err(|fault| (fault, key.at))?;
        match (name, &node.value) {
            ("age", value) => {
                if !matches!(value, Value::Text(_) | Value::List(_) | Value::Null) {
                    return Err((
                        Fault::new(format!("`age` is {}, not recipients", node.kind())),
                        node.at,
                    ));
                }
                recipients = of_age(node)?;
            }
            ("mac_only_encrypted", Value::Bool(false)) => {
                let fault = Fault::new(
                    "`mac_only_encrypted: false` cannot be kept: labels and certificates change while the private values stay",
                );
                return Err((
                    fault.help("set it to `true`; `sops` 3.9.0 and newer read such files"),
                    node.at,
                ));
            }
            ("mac_only_encrypted", Value::Bool(true))
            | ("path_regex" | "encrypted_regex", Value::Text(_)) => {}
            _ => return Err((Fault::new(format!("`{name}` is {}", node.kind())), node.at)),
        }
    }
    if recipients.is_empty() {
        let fault = Fault::new("the creation rule names no age recipient");
        return Err((fault.help("add `age: age1…`"), rule.at));
    }
    Ok(recipients)
}

/// Reads one string or a list of them; each may hold several recipients with commas between them.
fn of_age(node: &Node) -> Result<Vec<Recipient>, (Fault, yaml::At)> {
    let mut recipients: Vec<Recipient> = Vec::new();
    for item in std::iter::once(node).chain(node.items()) {
        let text = match &item.value {
            Value::Text(text) => text,
            Value::List(_) if std::ptr::eq(item, node) => continue,
            Value::Null => continue,
            _ => {
                return Err((
                    Fault::new(format!("a recipient is {}, not a string", item.kind())),
                    item.at,
                ));
            }
        };
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let recipient = Recipient::parse(part).map_err(|fault| (fault, item.at))?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
    }
    Ok(recipients)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

    fn other(number: u8) -> String {
        let text = crate::seal::recipient::identity_text(number);
        let identities = crate::seal::Identity::all_from_text(&text).unwrap();
        identities[0].recipient().to_string()
    }

    fn texts(sops_yaml: &str, path: &str) -> Vec<String> {
        let recipients = recipients(sops_yaml, ".sops.yaml", path).unwrap();
        recipients.iter().map(Recipient::to_string).collect()
    }

    fn refusal(sops_yaml: &str) -> Fault {
        recipients(sops_yaml, ".sops.yaml", "instances/a/secret.sops.yaml").unwrap_err()
    }

    #[test]
    fn the_first_rule_that_holds_for_the_path_names_the_recipients() {
        let (b, c) = (other(1), other(2));
        let text = format!(
            "creation_rules:\n  - path_regex: ^cluster/\n    age: {A}\n  - path_regex: \\.sops\\.yaml$\n    age: {b}\n  - age: {c}\n"
        );
        assert_eq!(texts(&text, "cluster/x.sops.yaml"), [A]);
        assert_eq!(texts(&text, "instances/x.sops.yaml"), [b]);
        assert_eq!(texts(&text, "x.yaml"), [c]);
    }

    #[test]
    fn recipients_stand_in_a_folded_string_or_a_list_and_count_once() {
        let b = other(1);
        let folded = format!("creation_rules:\n  - age: >-\n      {A},\n      {b},{A},\n");
        let list = format!(
            "stores: {{}}\ncreation_rules:\n  - mac_only_encrypted: true\n    encrypted_regex: ^data$\n    age:\n      - {A}\n      - '{b}, {A}'\n"
        );
        assert_eq!(texts(&folded, "x"), [A, &b]);
        assert_eq!(texts(&list, "x"), [A, &b]);
    }

    #[test]
    fn what_asks_for_more_than_age_is_refused_with_its_place() {
        for field in OTHER_KEYS.iter().chain(&OTHER_RULES) {
            let fault = refusal(&format!("creation_rules:\n  - age: {A}\n    {field}: x\n"));
            assert!(
                fault
                    .to_string()
                    .starts_with(&format!(".sops.yaml:3:5: `{field}` is not understood: ")),
                "{fault}"
            );
            assert!(fault.help.is_some());
        }
    }

    #[test]
    fn a_rule_that_cannot_be_followed_is_refused_with_its_place() {
        for (rule, expected) in [
            (
                "age: age1pq1x".to_owned(),
                "2:10: post-quantum recipients (`age1pq1…`) are not taken",
            ),
            (
                "path_regex: '('".to_owned(),
                "2:17: `path_regex` is no regular expression: ",
            ),
            (
                "path_regex: 1".to_owned(),
                "2:17: `path_regex` is a number, not a string",
            ),
            (
                format!("age: {A}\n    mac_only_encrypted: false"),
                "3:25: `mac_only_encrypted: false` cannot be kept",
            ),
            (
                "path_regex: .".to_owned(),
                "2:5: the creation rule names no age recipient",
            ),
            (
                "age: ''".to_owned(),
                "2:5: the creation rule names no age recipient",
            ),
            (
                "age: {a: b}".to_owned(),
                "2:10: `age` is a mapping, not recipients",
            ),
            (
                "age: [[x]]".to_owned(),
                "2:11: a recipient is a list, not a string",
            ),
            (format!("agee: {A}"), "2:5: unknown key `agee`"),
            (
                A.to_owned(),
                "2:5: a creation rule is a string, not a mapping",
            ),
        ] {
            let fault = refusal(&format!("creation_rules:\n  - {rule}\n"));
            assert!(
                fault
                    .to_string()
                    .starts_with(&format!(".sops.yaml:{expected}")),
                "{fault} is not {expected}"
            );
        }
        assert_eq!(
            refusal("creation_rule: []\n").help.unwrap(),
            "did you mean `creation_rules`?"
        );
        assert_eq!(
            refusal("- a\n").to_string(),
            ".sops.yaml:1:1: a list stands where `creation_rules` must"
        );
    }

    #[test]
    fn a_path_without_a_rule_is_refused() {
        for text in [
            "creation_rules: []\n",
            "destination_rules: []\n",
            &format!("creation_rules:\n  - path_regex: ^x\n    age: {A}\n"),
        ] {
            let expected = ".sops.yaml: no rule under `creation_rules` holds for `instances/a/secret.sops.yaml`";
            assert_eq!(refusal(text).to_string(), expected);
        }
    }
}
