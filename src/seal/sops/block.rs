//! The block `sops:` as values, and the one form in which it is written.

use super::document::{Document, OTHER_KEYS};
use super::rule::EncryptionRule;
use super::value;
use crate::yaml::{self, At, Key, Node, Value, scalar};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The fields that every block of ours has, in the order in which they are written.
const FIRST: [&str; 3] = ["age", "lastmodified", "mac"];
/// Those that come behind the rule, before all that we do not write ourselves.
const LAST: [&str; 2] = ["mac_only_encrypted", "version"];

/// The block of a file: who can open it, and what `sops` must know to do so.
#[derive(Debug, Clone)]
pub struct Block<'a> {
    /// In the one form in which it is written; ends with a newline.
    text: Cow<'a, str>,
    /// Who can open it by age, in the order of the file.
    recipients: Vec<Cow<'a, str>>,
    /// By what else it can be opened: fields of the block.
    other_keys: Vec<&'static str>,
    /// Its scalars; nothing if the text was found to be in that form, and so says it all.
    leaves: Option<Vec<(String, Option<usize>, String)>>,
}

impl<'a> Block<'a> {
    /// Takes the value of the key `sops`, whatever its form was.
    #[must_use]
    pub fn from_node(node: &Node) -> Self {
        let age = node.get("age").map(Node::items).unwrap_or_default();
        let recipients = age.iter().filter_map(|item| item.get("recipient")?.text());
        let is_used = |field: &&str| {
            node.get(field).is_some_and(|node| match &node.value {
                Value::List(items) => !items.is_empty(),
                Value::Map(entries) => !entries.is_empty(),
                _ => false,
            })
        };
        let mut leaves = Vec::new();
        flatten(node, &mut Vec::new(), None, &mut leaves);
        leaves.sort_unstable();
        Self {
            text: Cow::Owned(write(node)),
            recipients: recipients.map(|text| Cow::Owned(text.to_owned())).collect(),
            other_keys: OTHER_KEYS
                .iter()
                .filter(|field| is_used(field))
                .copied()
                .collect(),
            leaves: Some(leaves),
        }
    }

    /// Takes the end of a file, from the key `sops` on, if it is letter for letter as this program writes it
    /// around values under `names`; nothing elsewhere.
    #[must_use]
    pub fn scan<'n>(text: &'a str, names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let mut recipients = Vec::new();
        let mut rest = text.strip_prefix("sops:\n  age:\n")?;
        while let Some(entry) = rest.strip_prefix("    - recipient: ") {
            let (recipient, after) = entry.split_once("\n      enc: |\n")?;
            if !recipient.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return None;
            }
            recipients.push(Cow::Borrowed(recipient));
            rest = after;
            let mut lines = 0;
            while let Some(line) = rest.strip_prefix("        ") {
                let (line, after) = line.split_once('\n')?;
                let is_armour = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=- ".contains(&byte);
                if line.is_empty() || line.starts_with(' ') || !line.bytes().all(is_armour) {
                    return None;
                }
                rest = after;
                lines += 1;
            }
            if lines == 0 {
                return None;
            }
        }
        let (last_modified, rest) = rest
            .strip_prefix("  lastmodified: \"")?
            .split_once("\"\n")?;
        let (mac, rest) = rest.strip_prefix("  mac: ")?.split_once('\n')?;
        let (rule, rest) = rest.strip_prefix("  encrypted_regex: ")?.split_once('\n')?;
        let is_ours =
            rest == format!(
                "  mac_only_encrypted: true\n  version: {}\n",
                super::VERSION
            ) && super::instant(last_modified).is_some()
                && value::parse(mac).is_some_and(|mac| mac.kind == "str")
                && rule == scalar::to_string(&own_rule(names));
        (is_ours && !recipients.is_empty()).then_some(Self {
            text: Cow::Borrowed(text),
            recipients,
            other_keys: Vec::new(),
            leaves: None,
        })
    }

    /// Returns the text, which goes behind the manifest.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the message authentication code, as it is encrypted.
    #[must_use]
    pub fn mac(&self) -> Option<&str> {
        let mut lines = self.text.lines();
        lines.find_map(|line| line.strip_prefix("  mac: "))
    }

    /// Returns who can open the file by age.
    #[must_use]
    pub fn recipients(&self) -> &[Cow<'a, str>] {
        &self.recipients
    }

    /// Returns by what else the file can be opened: `pgp`, `kms` and other fields of the block.
    #[must_use]
    pub fn other_keys(&self) -> &[&'static str] {
        &self.other_keys
    }

    /// Returns whether a document that was read back has this block, and nothing else in it.
    #[must_use]
    pub fn is_that_of(&self, document: &Document<'_>) -> bool {
        let mut found = document.block.clone();
        found.sort_unstable();
        self.leaves.as_ref().is_none_or(|leaves| *leaves == found)
    }
}

/// Returns the rule that has exactly the values under these keys encrypted.
pub(super) fn own_rule<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| name.replace('.', r"\.")).collect();
    format!("^({})$", names.join("|"))
}

/// Makes a mapping.
pub(super) fn map(entries: Vec<(&str, Value)>) -> Value {
    let entry = |(key, value): (&str, Value)| {
        let key = Key {
            text: key.into(),
            at: At::default(),
        };
        (key, node(value))
    };
    Value::Map(entries.into_iter().map(entry).collect())
}

/// Makes a value that is nowhere yet.
pub(super) fn node(value: Value) -> Node {
    Node {
        value,
        at: At::default(),
    }
}

/// Writes a block.
fn write(node: &Node) -> String {
    let mut out = String::with_capacity(1024);
    let Value::Map(fields) = &node.value else {
        let mut text = String::new();
        yaml::tree_text(node, &mut text);
        return format!("sops: {text}");
    };
    out.push_str("sops:\n");
    let rank = |name: &str| {
        let place = |names: &[&str]| names.iter().position(|known| *known == name);
        if let Some(place) = place(&FIRST) {
            (0, place)
        } else if EncryptionRule::FIELDS.contains(&name) {
            (1, 0)
        } else if let Some(place) = place(&LAST) {
            (2, place)
        } else {
            (3, 0)
        }
    };
    let mut ordered: Vec<&(Key, Node)> = fields.iter().collect();
    ordered.sort_by_key(|(key, _)| rank(&key.text));
    for (key, value) in ordered {
        match (key.text.as_str(), &value.value) {
            ("age", Value::List(items))
                if items.iter().all(is_plain_entry) && !items.is_empty() =>
            {
                out.push_str("  age:\n");
                for item in items {
                    write_entry(item, &mut out);
                }
            }
            ("mac", Value::Text(mac)) if value::parse(mac).is_some() => {
                writeln!(out, "  mac: {mac}").expect("a String takes all");
            }
            // No number has two points.
            ("version", Value::Text(version)) if is_version(version) => {
                writeln!(out, "  version: {version}").expect("a String takes all");
            }
            _ => {
                let field = Node {
                    value: Value::Map(vec![(key.clone(), value.clone())]),
                    at: At::default(),
                };
                let mut text = String::new();
                yaml::tree_text(&field, &mut text);
                for line in text.lines() {
                    writeln!(out, "  {line}").expect("a String takes all");
                }
            }
        }
    }
    out
}

fn is_version(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.clone().count() == 3 && parts.all(is_number)
}

/// Returns whether an entry of `age` holds a recipient and an armoured file, and nothing else.
fn is_plain_entry(item: &Node) -> bool {
    let Value::Map(fields) = &item.value else {
        return false;
    };
    let text = |field| item.get(field).and_then(Node::text);
    let (Some(recipient), Some(armour)) = (text("recipient"), text("enc")) else {
        return false;
    };
    let is_line = |line: &str| {
        !line.is_empty()
            && line.trim() == line
            && line.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    let body = armour.strip_suffix('\n').unwrap_or_default();
    fields.len() == 2 && scalar::is_plain(recipient) && body.split('\n').all(is_line)
}

fn write_entry(item: &Node, out: &mut String) {
    let text = |field| item.get(field).and_then(Node::text).unwrap_or_default();
    writeln!(out, "    - recipient: {}\n      enc: |", text("recipient"))
        .expect("a String takes all");
    for line in text("enc").lines() {
        writeln!(out, "        {line}").expect("a String takes all");
    }
}

/// Collects the scalars below a node as a reader of events sees them: the keys on the way, the place in the innermost
/// sequence, the text.
fn flatten(
    node: &Node,
    path: &mut Vec<String>,
    item: Option<usize>,
    out: &mut Vec<(String, Option<usize>, String)>,
) {
    let text = match &node.value {
        Value::Map(entries) => {
            for (key, child) in entries {
                path.push(key.text.to_string());
                flatten(child, path, item, out);
                path.pop();
            }
            return;
        }
        Value::List(items) => {
            for (index, child) in items.iter().enumerate() {
                flatten(child, path, Some(index), out);
            }
            return;
        }
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) | Value::Ambiguous(text) => text.clone(),
    };
    out.push((path.join("/"), item, text));
}
