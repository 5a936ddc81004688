//! Who can open a file, from the `.sops.yaml` that users of SOPS already have.
//!
//! Read is the part of it that names age recipients. What asks for another kind of key is refused: a file that
//! only some of the named keys open is not what its author asked for.
//! Source: sops 3.13.3, `config/config.go`.

use super::recipient::Recipient;
use crate::fault::{Fault, did_you_mean};
use crate::yaml::{self, Key, Node, Value};
use regex_lite::Regex;

/// The parts of the file that mean something to `sops`; what has any other name is left alone, as the anchors under
/// `keys` are.
const SECTIONS: [&str; 3] = ["creation_rules", "destination_rules", "stores"];
/// The fields of a rule that are understood.
const FIELDS: [&str; 6] = [
    "age",
    "encrypted_regex",
    "key_groups",
    "mac_only_encrypted",
    "path_regex",
    "shamir_threshold",
];
/// The fields of a rule or of a group of keys that ask for other keys.
const OTHER_KEYS: [&str; 8] = [
    "aws_profile",
    "azure_keyvault",
    "gcp_kms",
    "hc_vault",
    "hc_vault_transit_uri",
    "hckms",
    "kms",
    "pgp",
];
/// The fields of a rule that say otherwise than `encrypted_regex` what is encrypted.
const OTHER_RULES: [&str; 5] = [
    "encrypted_comment_regex",
    "encrypted_suffix",
    "unencrypted_comment_regex",
    "unencrypted_regex",
    "unencrypted_suffix",
];

/// The rules of a file.
#[derive(Debug)]
pub struct Rules {
    file: String,
    /// What is before the paths of the tree, as the file sees them; ends with `/` or is empty.
    prefix: String,
    list: Vec<CreationRule>,
}

/// One rule. What is wrong with it matters only where it is the one that holds.
#[derive(Debug)]
struct CreationRule {
    /// Nothing if it holds for all files.
    path: Option<Result<Regex, Fault>>,
    recipients: Result<Vec<Recipient>, Fault>,
}

impl Rules {
    /// Reads a `.sops.yaml`. `prefix` leads from its folder to the tree, with `/`, and is empty if that is the same.
    ///
    /// # Errors
    /// No YAML, no mapping, and what seems to be a misspelt section, with its place.
    pub fn read(sops_yaml: &str, file: &str, prefix: &str) -> Result<Self, Fault> {
        let tree = yaml::read(sops_yaml, file)?;
        let Value::Map(sections) = &tree.value else {
            return Err(Fault::new(format!(
                "found {} where `creation_rules` is expected",
                tree.kind()
            ))
            .at(tree.at.place(file)));
        };
        for (key, _) in sections {
            if !SECTIONS.contains(&key.text.as_str())
                && let Some(name) = did_you_mean(&key.text, SECTIONS)
            {
                return Err(unknown(key)
                    .help(format!("did you mean `{name}`?"))
                    .at(key.at.place(file)));
            }
        }
        let rules = tree
            .get("creation_rules")
            .map(Node::items)
            .unwrap_or_default();
        let prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self {
            file: file.to_owned(),
            prefix,
            list: rules
                .iter()
                .map(|rule| CreationRule::new(rule, file))
                .collect(),
        })
    }

    /// Returns the recipients of the first rule that holds for a file of the tree, in its order, each once.
    ///
    /// A rule without `path_regex` holds for all. `encrypted_regex` may be there and is not looked at: our files name
    /// exactly their private values.
    ///
    /// # Errors
    /// No rule for the path; in the rule, no recipient, one that is not of age's X25519 kind, other kinds of keys, keys
    /// in several groups, `mac_only_encrypted: false`, and anything unknown; each with its place.
    pub fn recipients(&self, path: &str) -> Result<&[Recipient], Fault> {
        let path = format!("{}{path}", self.prefix);
        for rule in &self.list {
            let holds = match &rule.path {
                None => true,
                Some(Ok(regex)) => regex.is_match(&path),
                Some(Err(fault)) => return Err(fault.clone()),
            };
            if holds {
                return rule.recipients.as_deref().map_err(Clone::clone);
            }
        }
        Err(Fault::new(format!(
            "no rule under `creation_rules` applies to `{}`",
            path.escape_debug()
        ))
        .help(
            "add one with a `path_regex` that matches, or one without, which applies to all files",
        )
        .file(&self.file))
    }
}

impl CreationRule {
    fn new(node: &Node, file: &str) -> Self {
        let path = path_regex(node).map_err(|(fault, at)| fault.at(at.at.place(file)));
        Self {
            path: path.transpose(),
            recipients: of_rule(node).map_err(|(fault, at)| fault.at(at.place(file))),
        }
    }
}

fn unknown(key: &Key) -> Fault {
    Fault::new(format!("unknown key `{}`", key.text.escape_debug()))
}

fn known(key: &Key, names: &[&str]) -> Result<(), Fault> {
    if names.contains(&key.text.as_str()) {
        return Ok(());
    }
    Err(match did_you_mean(&key.text, names.iter().copied()) {
        Some(name) => unknown(key).help(format!("did you mean `{name}`?")),
        None => unknown(key).help(format!("the keys here are {}", names.join(", "))),
    })
}

fn path_regex(rule: &Node) -> Result<Option<Regex>, (Fault, &Node)> {
    let Some(node) = rule.get("path_regex") else {
        return Ok(None);
    };
    let Some(text) = node.text() else {
        return Err((
            Fault::new(format!("`path_regex` is {}, not a string", node.kind())),
            node,
        ));
    };
    if text.is_empty() {
        return Ok(None);
    }
    let regex = Regex::new(text).map_err(|error| {
        let fault = Fault::new(format!("`path_regex` is not a regular expression: {error}"));
        (fault.help("use RE2 syntax with ASCII classes"), node)
    })?;
    Ok(Some(regex))
}

type Placed<T> = Result<T, (Fault, yaml::At)>;

fn of_rule(rule: &Node) -> Placed<Vec<Recipient>> {
    let Value::Map(fields) = &rule.value else {
        return Err((
            Fault::new(format!("a creation rule is {}, not a mapping", rule.kind())),
            rule.at,
        ));
    };
    let mut recipients = Vec::new();
    // Where there are groups, `sops` takes the keys from these alone (`getKeyGroupsFromCreationRule`).
    let groups = rule
        .get("key_groups")
        .map(Node::items)
        .filter(|groups| !groups.is_empty());
    for (key, node) in fields {
        let name = key.text.as_str();
        if groups.is_none() {
            refuse_other_keys(key, node)?;
        } else if OTHER_KEYS.contains(&name) {
            continue;
        }
        if OTHER_RULES.contains(&name) {
            let fault = Fault::new(format!(
                "`{name}` is not understood: exactly the private values are encrypted"
            ));
            return Err((fault.help("leave it out, or use `encrypted_regex`"), key.at));
        }
        if !is_empty(node) {
            known(key, &FIELDS).map_err(|fault| (fault, key.at))?;
        }
        match (name, &node.value) {
            ("age", _) => recipients = of_age(node)?,
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
            | ("path_regex" | "encrypted_regex", Value::Text(_))
            | ("key_groups", Value::List(_))
            | ("shamir_threshold", Value::Int(_)) => {}
            _ if is_empty(node) => {}
            _ => return Err((Fault::new(format!("`{name}` is {}", node.kind())), node.at)),
        }
    }
    match groups {
        None => {}
        Some([group]) => recipients = of_group(group)?,
        Some(groups) => {
            let what = format!(
                "the keys are in {} groups: a file then needs a key of several of them, and only `sops` writes such files",
                groups.len()
            );
            let help = "put all age recipients into one group, or add a rule with one group before this one";
            return Err((Fault::new(what).help(help), groups[1].at));
        }
    }
    if recipients.is_empty() {
        let fault = Fault::new("the creation rule names no age recipient");
        return Err((fault.help("add `age: age1…`"), rule.at));
    }
    Ok(recipients)
}

/// Reads the one group of keys of a rule, and the groups that it merges.
fn of_group(group: &Node) -> Placed<Vec<Recipient>> {
    let Value::Map(fields) = &group.value else {
        return Err((
            Fault::new(format!(
                "a group of keys is {}, not a mapping",
                group.kind()
            )),
            group.at,
        ));
    };
    let mut recipients: Vec<Recipient> = Vec::new();
    for (key, node) in fields {
        refuse_other_keys(key, node)?;
        let more = match key.text.as_str() {
            "age" => of_age(node)?,
            "merge" => {
                let groups: Placed<Vec<_>> = node.items().iter().map(of_group).collect();
                groups?.concat()
            }
            _ if is_empty(node) => Vec::new(),
            _ => {
                known(key, &["age", "merge"]).map_err(|fault| (fault, key.at))?;
                Vec::new()
            }
        };
        recipients.extend(more);
    }
    let mut seen: Vec<Recipient> = Vec::new();
    for recipient in recipients {
        if !seen.contains(&recipient) {
            seen.push(recipient);
        }
    }
    Ok(seen)
}

/// Returns whether a value asks for nothing.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// Refuses keys of other kinds than age's: whoever holds them could not open what is written here.
fn refuse_other_keys(key: &Key, node: &Node) -> Placed<()> {
    let name = key.text.as_str();
    if !OTHER_KEYS.contains(&name) || is_empty(node) {
        return Ok(());
    }
    let fault = Fault::new(format!(
        "`{name}` is not understood: only `age` recipients are, and the holders of other keys could not open the files"
    ));
    let help =
        "name the recipients in the fleet file, or add a rule with only `age` before this one";
    Err((fault.help(help), key.at))
}

/// Reads one string or a list of them; each may hold several recipients with commas between them.
fn of_age(node: &Node) -> Placed<Vec<Recipient>> {
    if !matches!(node.value, Value::Text(_) | Value::List(_) | Value::Null) {
        return Err((
            Fault::new(format!("`age` is {}, not recipients", node.kind())),
            node.at,
        ));
    }
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
        let rules = Rules::read(sops_yaml, ".sops.yaml", "").unwrap();
        let recipients = rules.recipients(path).unwrap();
        recipients.iter().map(Recipient::to_string).collect()
    }

    fn refusal(sops_yaml: &str) -> Fault {
        let rules = Rules::read(sops_yaml, ".sops.yaml", "");
        let found = rules.and_then(|rules| {
            let found = rules.recipients("instances/a/secret.sops.yaml")?;
            Ok(found.to_vec())
        });
        found.unwrap_err()
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
    fn recipients_are_in_a_folded_string_or_a_list_and_count_once() {
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
                "2:10: post-quantum recipients (`age1pq1…`) are not supported",
            ),
            (
                "path_regex: '('".to_owned(),
                "2:17: `path_regex` is not a regular expression: ",
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
            ".sops.yaml:1:1: found a list where `creation_rules` is expected"
        );
    }

    #[test]
    fn one_group_of_age_keys_is_a_list_and_anchors_and_merged_groups_are_followed() {
        let b = other(1);
        let anchored = format!(
            "keys:\n  - &me {A}\n  - &you {b}\nx-note: 1\ncreation_rules:\n  - shamir_threshold: 1\n    pgp: ''\n    key_groups:\n      - age: [*me, *you, *me]\n        pgp: []\n"
        );
        assert_eq!(texts(&anchored, "x"), [A, &b]);
        let merged = format!(
            "creation_rules:\n  - age: {b}\n    kms: ignored\n    key_groups:\n      - merge: [{{age: [{A}]}}]\n"
        );
        assert_eq!(texts(&merged, "x"), [A]);
    }

    #[test]
    fn groups_that_ask_for_more_than_age_are_refused_with_their_place() {
        for (groups, expected) in [
            (
                format!("[{{age: [{A}]}}, {{age: [{A}]}}]"),
                "the keys are in 2 groups: ",
            ),
            (
                format!("[{{age: [{A}], pgp: [ABCD]}}]"),
                "`pgp` is not understood: ",
            ),
            (
                "[{hc_vault: [https://x]}]".to_owned(),
                "`hc_vault` is not understood: ",
            ),
            (
                "[{pgp: []}]".to_owned(),
                "the creation rule names no age recipient",
            ),
            (
                "[x]".to_owned(),
                "a group of keys is a string, not a mapping",
            ),
            (format!("[{{agee: [{A}]}}]"), "unknown key `agee`"),
        ] {
            let fault = refusal(&format!("creation_rules:\n  - key_groups: {groups}\n"));
            assert!(
                fault.what.starts_with(expected),
                "{fault} is not {expected}"
            );
            assert!(matches!(
                fault.place,
                Some(crate::fault::Place::Position { .. })
            ));
        }
    }

    #[test]
    fn a_rule_that_does_not_apply_is_ignored_and_the_path_begins_at_the_file() {
        let text = format!(
            "creation_rules:\n  - path_regex: ^infra/cluster/\n    pgp: ABCD\n  - path_regex: ^infra/\n    age: {A}\n"
        );
        for prefix in ["infra", "infra/", "/infra"] {
            let rules = Rules::read(&text, ".sops.yaml", prefix).unwrap();
            assert_eq!(rules.recipients("instances/x").unwrap().len(), 1);
            assert!(rules.recipients("cluster/x").is_err());
        }
    }

    #[test]
    fn a_path_without_a_rule_is_refused() {
        for text in [
            "creation_rules: []\n",
            "destination_rules: []\n",
            &format!("creation_rules:\n  - path_regex: ^x\n    age: {A}\n"),
        ] {
            let expected = ".sops.yaml: no rule under `creation_rules` applies to `instances/a/secret.sops.yaml`";
            assert_eq!(refusal(text).to_string(), expected);
        }
    }
}
