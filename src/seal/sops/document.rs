//! What a SOPS file says without being opened.

use super::rule::EncryptionRule;
use super::tree::{self, SOPS, SopsLeaf, SopsTree};
use super::{scalar, value};
use crate::fault::Fault;
use crate::yaml::At;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The field of the block that holds keys in groups, each of which opens a share of the data key.
pub(super) const KEY_GROUPS: &str = "key_groups";

/// The fields of the block that hold data keys encrypted by other means than age.
pub(super) const OTHER_KEYS: [&str; 7] = [
    "azure_kv", "gcp_kms", "hc_vault", "hckms", KEY_GROUPS, "kms", "pgp",
];

/// What to do about a file that somebody changed.
pub(super) const OLDER: &str = "take the file from before it was changed";

/// A SOPS file of one Secret, unopened.
#[derive(Debug)]
pub struct Document<'a> {
    /// Who can open it by age, in the order of the file. These are as they are there, and may be of kinds that
    /// [`crate::seal::Recipient`] does not take.
    pub recipients: Vec<Cow<'a, str>>,
    /// By what else it can be opened, sorted: `azure_kv`, `gcp_kms`, `hc_vault`, `hckms`, `key_groups`, `kms`, `pgp`.
    pub other_keys: Vec<&'static str>,
    /// The encrypted values under `data`, each `ENC[AES256_GCM,…]`.
    pub values: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// The values under `data` that are in clear text: base64 text.
    pub clear: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// When it was last encrypted, in RFC 3339.
    pub last_modified: Cow<'a, str>,
    /// The encrypted message authentication code.
    pub mac: Cow<'a, str>,
    /// Whether the code goes over the encrypted values alone. Only then may the rest be changed around them;
    /// their order, their names and the block must stay.
    pub mac_only_encrypted: bool,
    pub(super) rule: EncryptionRule,
    /// Each recipient's age file.
    pub(super) wrapped: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The values outside the block, in the order of the document.
    pub(super) leaves: Vec<SopsLeaf<'a>>,
    /// Those of the block: path, place in the innermost sequence, text.
    pub(super) block: Vec<(String, Option<usize>, String)>,
    /// Where the block stands.
    pub(super) at: At,
}

/// Reads a document of one Secret without opening it; nothing if it has no `sops:` block.
///
/// Takes what [`super::seal`] writes and what `sops` writes. Values under `stringData` are left to [`super::open()`].
///
/// # Errors
/// Broken YAML, several documents, and a block that is not complete; a value under `data` that should be
/// encrypted by the file's own rule and is not, or the other way round. No error repeats a value.
pub fn read<'a>(text: &'a str, file: &str) -> Result<Option<Document<'a>>, Fault> {
    let Some(tree) = tree::read(text, file)? else {
        return Ok(None);
    };
    let at = tree.at;
    let document = Document::new(tree).map_err(|(fault, at)| fault.at(at.place(file)))?;
    if document.recipients.is_empty() && document.other_keys.is_empty() {
        return Err(
            Fault::new("the `sops` block names nobody who can open the file").at(at.place(file)),
        );
    }
    Ok(Some(document))
}

impl<'a> Document<'a> {
    fn new(tree: SopsTree<'a>) -> Result<Self, (Fault, At)> {
        let (block, leaves): (Vec<_>, Vec<_>) = tree
            .leaves
            .into_iter()
            .partition(|leaf| leaf.path.first().is_some_and(|key| key == SOPS));
        let as_text = |leaf: &SopsLeaf<'_>| {
            let path: Vec<&str> = leaf.keys().skip(1).collect();
            (path.join("/"), leaf.item, leaf.text.to_string())
        };
        let missing = |field: &str| {
            let fault = Fault::new(format!("the `sops` block has no `{field}`"));
            (fault.help(OLDER), tree.at)
        };
        let mut document = Self {
            recipients: Vec::new(),
            other_keys: Vec::new(),
            values: BTreeMap::new(),
            clear: BTreeMap::new(),
            last_modified: Cow::Borrowed(""),
            mac: Cow::Borrowed(""),
            mac_only_encrypted: false,
            rule: EncryptionRule::default(),
            wrapped: Vec::new(),
            leaves,
            block: block.iter().map(as_text).collect(),
            at: tree.at,
        };
        document.take_block(block, &missing)?;
        document.take_data()?;
        Ok(document)
    }

    /// Returns whether the manifest may be rendered again around the encrypted values: the code goes over these alone,
    /// they are under `data` in the order of their keys, and the rule names no key that a manifest has besides.
    #[must_use]
    pub fn may_be_rendered_again(&self) -> bool {
        let is_closed = |leaf: &&SopsLeaf<'_>| value::looks_encrypted(&leaf.text);
        let mut last = None;
        let is_in_order = self.leaves.iter().filter(is_closed).all(|leaf| {
            let [top, key] = &leaf.path[..] else {
                return false;
            };
            let follows = last.is_none_or(|last: &Cow<'_, str>| last < key);
            last = Some(key);
            top == "data" && follows
        });
        let reserved = super::RESERVED.iter().filter(|key| **key != SOPS);
        self.mac_only_encrypted && is_in_order && reserved.copied().all(|key| !self.encrypts(key))
    }

    /// Returns whether the file's rule has the value under a key encrypted; where comments decide that, it may.
    #[must_use]
    pub fn encrypts(&self, key: &str) -> bool {
        self.rule.encrypts(std::iter::once(key)) != Some(false)
    }

    fn take_block(
        &mut self,
        block: Vec<SopsLeaf<'a>>,
        missing: &impl Fn(&str) -> (Fault, At),
    ) -> Result<(), (Fault, At)> {
        let mut entries: BTreeMap<usize, [Option<Cow<'a, str>>; 2]> = BTreeMap::new();
        let mut rules = 0;
        let mut other_keys = BTreeSet::new();
        for leaf in block {
            let damaged =
                |field: &str| Fault::new(format!("the `sops` block has a damaged `{field}`"));
            let keys: Vec<&str> = leaf.keys().skip(1).collect();
            match keys[..] {
                ["age", "recipient"] => {
                    entries.entry(leaf.item.unwrap_or_default()).or_default()[0] = Some(leaf.text);
                }
                ["age", "enc"] => {
                    entries.entry(leaf.item.unwrap_or_default()).or_default()[1] = Some(leaf.text);
                }
                ["lastmodified"] => {
                    if super::instant(&leaf.text).is_none() {
                        return Err((damaged("lastmodified"), leaf.at));
                    }
                    self.last_modified = leaf.text;
                }
                ["mac"] => {
                    if value::parse(&leaf.text).is_none_or(|mac| mac.kind != "str") {
                        return Err((damaged("mac"), leaf.at));
                    }
                    self.mac = leaf.text;
                }
                ["mac_only_encrypted"] => match scalar::clear(&leaf.text, leaf.style) {
                    scalar::Clear::Bytes("True", false) => self.mac_only_encrypted = true,
                    scalar::Clear::Bytes("False", false) => {}
                    _ => return Err((damaged("mac_only_encrypted"), leaf.at)),
                },
                [field] if EncryptionRule::FIELDS.contains(&field) && !leaf.text.is_empty() => {
                    rules += 1;
                    if rules > 1 {
                        let fault = Fault::new(
                            "the `sops` block has more than one rule for what is encrypted",
                        );
                        return Err((fault, leaf.at));
                    }
                    self.rule =
                        EncryptionRule::new(field, &leaf.text).map_err(|fault| (fault, leaf.at))?;
                }
                [field, _, ..] => other_keys.extend(OTHER_KEYS.iter().find(|key| **key == field)),
                _ => {}
            }
        }
        self.other_keys = other_keys.into_iter().collect();
        for [recipient, armoured] in entries.into_values() {
            let recipient = recipient.ok_or_else(|| missing("age[].recipient"))?;
            self.recipients.push(recipient.clone());
            self.wrapped
                .push((recipient, armoured.ok_or_else(|| missing("age[].enc"))?));
        }
        if self.last_modified.is_empty() {
            return Err(missing("lastmodified"));
        }
        if self.mac.is_empty() {
            return Err(missing("mac"));
        }
        Ok(())
    }

    /// Sorts the values under `data`, and holds each against the rule.
    fn take_data(&mut self) -> Result<(), (Fault, At)> {
        for leaf in &self.leaves {
            let [top, key] = &leaf.path[..] else { continue };
            if top != "data" || scalar::clear(&leaf.text, leaf.style) == scalar::Clear::Null {
                continue;
            }
            let is_encrypted = value::looks_encrypted(&leaf.text);
            let shown = key.escape_debug();
            let (what, help) = match self.rule.encrypts(leaf.keys()) {
                Some(true) if !is_encrypted && !leaf.text.is_empty() => (
                    format!(
                        "`{shown}` is in clear text, but the file's rule says that it is encrypted"
                    ),
                    "if it is a private key, make a new one: what was in Git in clear text is no longer secret",
                ),
                Some(false) if is_encrypted => (
                    format!("`{shown}` is encrypted, but the file's rule says that it is not"),
                    OLDER,
                ),
                _ if leaf.item.is_some() => (format!("`{shown}` is a list, not a string"), OLDER),
                _ if is_encrypted && value::parse(&leaf.text).is_none() => (
                    format!("the encrypted value of `{shown}` is damaged"),
                    OLDER,
                ),
                _ => {
                    let place = if is_encrypted {
                        &mut self.values
                    } else {
                        &mut self.clear
                    };
                    place.insert(key.clone(), leaf.text.clone());
                    continue;
                }
            };
            return Err((Fault::new(what).help(help), leaf.at));
        }
        Ok(())
    }
}
