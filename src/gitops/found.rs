//! Reads Secrets back from the files of a tree, whichever way they are locked.
//!
//! [`scan`] takes the lines that this program writes, and nothing else, at the price of looking at each once;
//! [`read`] takes any YAML. A caller that scans must find the file unchanged by what follows from it, or read.

use crate::fault::Fault;
use crate::guarded::Guarded;
use crate::pki::key::hex;
use crate::seal::sealed::SealingScope;
use crate::seal::sops::{self, Block};
use crate::yaml::{self, Node, Value};
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use std::borrow::Cow;

/// Annotation that names the certificate that a SealedSecret was made with: the SHA-256 of its public key.
pub const SEALED_WITH: &str = "civi-ingress.uepal.fr/sealed-with";

/// Start of the line that binds the values of a locked Secret together, so that a reader who cannot open it sees
/// that one was exchanged or damaged. It is a comment after the first line of the file.
pub const DIGEST: &str = "# civi-ingress:digest sha256=";

/// Returns the digest of the values of a Secret as they are in its file, locked or in clear text, and of the message
/// authentication code in its block `sops`: SHA-256 over each key, the length of its value in bytes and the value, in
/// the order of the keys.
#[must_use]
pub fn digest_of<'v>(
    values: impl Iterator<Item = (&'v str, &'v str)>,
    block: Option<&'v Block<'_>>,
) -> String {
    // No data key has a colon.
    let code = block.and_then(Block::mac).map(|mac| ("sops:mac", mac));
    let mut values: Vec<_> = values.chain(code).collect();
    values.sort_unstable();
    let mut context = Context::new(&SHA256);
    for (key, value) in values {
        let length = value.len().to_string();
        for piece in [key, " ", &length, "\n", value, "\n"] {
            context.update(piece.as_bytes());
        }
    }
    hex(context.finish().as_ref())
}

/// Returns the digest that a file states, in one of the comments that it begins with; nothing in one that was written
/// before there was any.
#[must_use]
pub fn said_digest(text: &str) -> Option<&str> {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    comments
        .filter_map(|line| line.strip_prefix(DIGEST))
        .map(str::trim_end)
        .next()
}

/// Returns whether the values of a file's one Secret differ from those that its digest was made of.
#[must_use]
pub fn is_changed(text: &str, secret: &StoredSecret<'_>) -> bool {
    said_digest(text).is_some_and(|said| {
        let values = secret.values.iter();
        let values = values.map(|(key, value)| (&**key, value.as_written()));
        let block = match &secret.lock {
            SecretLock::Sops { block, .. } => Some(block),
            SecretLock::Open | SecretLock::Sealed { .. } => None,
        };
        said != digest_of(values, block)
    })
}

/// A Secret or SealedSecret that was found.
#[derive(Debug, Default)]
pub struct StoredSecret<'a> {
    /// `metadata.name`.
    pub name: Cow<'a, str>,
    /// `metadata.namespace`.
    pub namespace: Cow<'a, str>,
    /// Its values by data key.
    pub values: Vec<(Cow<'a, str>, Stored<'a>)>,
    /// How its private values are locked.
    pub lock: SecretLock<'a>,
}

/// A value as it is in a file.
#[derive(Clone)]
pub enum Stored<'a> {
    /// Base64 under `data`, in clear text.
    Base64(Cow<'a, str>),
    /// `ENC[…]` under `data`.
    Sops(Cow<'a, str>),
    /// Ciphertext under `spec.encryptedData`.
    Sealed(Cow<'a, str>),
    /// Text under `spec.template.data`, in clear text.
    Text(Cow<'a, str>),
}

/// How the private values of a Secret are locked.
#[derive(Debug, Default, Clone)]
pub enum SecretLock<'a> {
    /// Not at all.
    #[default]
    Open,
    /// Encrypted to recipients.
    Sops {
        /// The block `sops:`.
        block: Block<'a>,
        /// Whether the Secret may be rendered again around its encrypted values.
        fit: SecretFit,
    },
    /// Encrypted to a controller.
    Sealed {
        /// The fingerprint of the controller's key, if it is given.
        with: Option<Cow<'a, str>>,
        /// What the ciphertext is bound to.
        scope: SealingScope,
    },
}

/// Whether an encrypted file is like those that this program writes, by its content, whatever its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretFit {
    /// Its manifest may be rendered again around the encrypted values.
    Ours,
    /// It is whole, and was encrypted in a way that lets nothing be rendered around its values.
    Otherwise,
    /// It is not a file that `sops` would take, for this reason.
    Damaged(String),
}

impl std::fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[value of a Secret]")
    }
}

impl Stored<'_> {
    /// Returns the text as it is in the file.
    fn as_written(&self) -> &str {
        match self {
            Self::Base64(text) | Self::Sops(text) | Self::Sealed(text) | Self::Text(text) => text,
        }
    }

    /// Returns the text of a value that is in clear text, and keeps it guarded where it is a private key; nothing if
    /// it is locked or damaged.
    #[must_use]
    pub fn clear_text(&self, is_private: bool) -> Option<Guarded> {
        match self {
            Self::Base64(text) => decode(text, is_private),
            Self::Text(text) => Some(Guarded::new(text.clone().into_owned(), is_private)),
            Self::Sops(_) | Self::Sealed(_) => None,
        }
    }
}

/// Decodes base64 to text; nothing if it is neither.
pub(super) fn decode(base64: &str, is_private: bool) -> Option<Guarded> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(Guarded::new(text, is_private))
}

impl<'a> StoredSecret<'a> {
    /// Looks a value up.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&Stored<'a>> {
        self.values
            .iter()
            .find(|(found, _)| found == key)
            .map(|(_, value)| value)
    }
}

/// Where a line of a manifest belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ManifestSection {
    Top,
    Metadata,
    Annotations,
    Data,
    Spec,
    EncryptedData,
    Template,
    TemplateData,
}

/// A document that is being scanned.
struct Scanned<'a> {
    secret: StoredSecret<'a>,
    is_secret: bool,
    section: ManifestSection,
    /// Where its block `sops` begins.
    sops: Option<usize>,
}

impl<'a> Scanned<'a> {
    fn new() -> Self {
        Self {
            secret: StoredSecret::default(),
            is_secret: false,
            section: ManifestSection::Top,
            sops: None,
        }
    }

    /// Ends the document at `end` of `text`; nothing if its block `sops` is not in the form of this program.
    fn finish(
        mut self,
        text: &'a str,
        end: usize,
        secrets: &mut Vec<StoredSecret<'a>>,
    ) -> Option<()> {
        if let Some(begin) = self.sops {
            let is_closed =
                |(_, value): &&(Cow<'a, str>, Stored<'a>)| matches!(value, Stored::Sops(_));
            let closed = self.secret.values.iter().filter(is_closed);
            let block = Block::scan(&text[begin..end], closed.map(|(key, _)| &**key))?;
            let fit = SecretFit::Ours;
            self.secret.lock = SecretLock::Sops { block, fit };
        }
        secrets.extend(self.is_secret.then_some(self.secret));
        Some(())
    }

    /// Takes a line that begins at `begin`; nothing if it differs from how this program writes it.
    fn take(&mut self, line: &'a str, begin: usize) -> Option<()> {
        if self.sops.is_some() {
            return Some(());
        }
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        let holds_values = matches!(
            self.section,
            ManifestSection::Data | ManifestSection::EncryptedData
        );
        if line.starts_with('#') || body.starts_with("- ") && !holds_values {
            return Some(());
        }
        let (key, value) = match body.split_once(':') {
            Some((key, "")) => (key, ""),
            Some((key, value)) => (key, value.strip_prefix(' ')?),
            None => return None,
        };
        if indent == 0 {
            self.take_top(key, value, begin);
            return Some(());
        }
        if !self.is_secret {
            return Some(());
        }
        let is_spec = matches!(
            self.section,
            ManifestSection::Spec
                | ManifestSection::EncryptedData
                | ManifestSection::Template
                | ManifestSection::TemplateData
        );
        self.section = match (self.section, indent, key) {
            (ManifestSection::Metadata | ManifestSection::Annotations, 2, "annotations") => {
                ManifestSection::Annotations
            }
            (ManifestSection::Annotations, 2, _) => ManifestSection::Metadata,
            (_, 2, "encryptedData") if is_spec => ManifestSection::EncryptedData,
            (_, 2, "template") if is_spec => ManifestSection::Template,
            (ManifestSection::Template | ManifestSection::TemplateData, 4, "data") => {
                ManifestSection::TemplateData
            }
            (ManifestSection::TemplateData, 4, _) => ManifestSection::Template,
            (other, _, _) => other,
        };
        let secret = &mut self.secret;
        match (self.section, indent) {
            (ManifestSection::Metadata, 2) if key == "name" => secret.name = plain(value)?,
            (ManifestSection::Metadata, 2) if key == "namespace" => {
                secret.namespace = plain(value)?;
            }
            (ManifestSection::Annotations, 4) => {
                note_annotation(&mut secret.lock, key, value)?;
            }
            (ManifestSection::Data, 2) => {
                let value = plain(value)?;
                let stored = if value.starts_with("ENC[") {
                    // One that is damaged is left to the reader that says so.
                    sops::is_encrypted(&value).then_some(Stored::Sops(value))?
                } else {
                    Stored::Base64(value)
                };
                secret.values.push((plain(key)?, stored));
            }
            (ManifestSection::EncryptedData, 4) => {
                let stored = Stored::Sealed(plain(value)?);
                secret.values.push((plain(key)?, stored));
            }
            (ManifestSection::TemplateData, 6) => {
                let stored = Stored::Text(plain(value)?);
                secret.values.push((plain(key)?, stored));
            }
            _ => {}
        }
        Some(())
    }

    fn take_top(&mut self, key: &str, value: &str, begin: usize) {
        self.section = match key {
            "kind" => {
                self.is_secret = matches!(value, "Secret" | "SealedSecret");
                if value == "SealedSecret" {
                    self.secret.lock = SecretLock::Sealed {
                        with: None,
                        scope: SealingScope::Strict,
                    };
                }
                ManifestSection::Top
            }
            "metadata" => ManifestSection::Metadata,
            "data" => ManifestSection::Data,
            "spec" => ManifestSection::Spec,
            "sops" => {
                self.sops = Some(begin);
                ManifestSection::Top
            }
            _ => ManifestSection::Top,
        };
    }
}

/// Reads the Secrets of a file that looks as this program writes it; nothing if any line differs.
#[must_use]
pub fn scan(text: &str) -> Option<Vec<StoredSecret<'_>>> {
    let mut secrets = Vec::new();
    let mut document = Scanned::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let body = line.strip_suffix('\n')?;
        if body == "---" {
            let ended = std::mem::replace(&mut document, Scanned::new());
            ended.finish(text, begin, &mut secrets)?;
        } else {
            document.take(body, begin)?;
        }
        begin += line.len();
    }
    document.finish(text, text.len(), &mut secrets)?;
    Some(secrets)
}

/// Takes what an annotation says about the lock of a SealedSecret; nothing if it differs from how this program
/// writes it.
fn note_annotation<'a>(lock: &mut SecretLock<'a>, key: &str, value: &'a str) -> Option<()> {
    if let SecretLock::Sealed { with, scope } = lock {
        if key == SEALED_WITH {
            *with = Some(plain(value)?);
        } else if let Some(found) = SealingScope::of_annotation(key)
            && plain(value)? == "true"
        {
            *scope = found;
        }
    }
    Some(())
}

/// Takes a scalar as [`yaml::scalar`] writes it: plain, or in double quotes with `\n` as the only escape.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    if let Some(quoted) = text.strip_prefix('"') {
        let inner = quoted.strip_suffix('"')?;
        let unescaped = inner.replace("\\n", "\n");
        return (!unescaped.contains(['\\', '"'])).then_some(Cow::Owned(unescaped));
    }
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'+');
    (starts_well && !text.contains('#') && !text.ends_with(' ')).then_some(Cow::Borrowed(text))
}

/// Reads the Secrets of a file of any form.
///
/// # Errors
/// A file that is not YAML.
pub fn read<'a>(text: &str, file: &str) -> Result<Vec<StoredSecret<'a>>, Fault> {
    let documents = yaml::read_all(text, file).map_err(|mut faults| faults.swap_remove(0))?;
    Ok(of_documents(&documents, text, file))
}

/// Finds the Secrets among the documents of a text.
pub(super) fn of_documents<'a>(
    documents: &[Node],
    text: &str,
    file: &str,
) -> Vec<StoredSecret<'a>> {
    let found = documents.iter().filter_map(|document| {
        let mut secret = read_document(document)?;
        if let Some(block) = document.get("sops") {
            secret.lock = SecretLock::Sops {
                block: Block::from_node(block),
                fit: fit(text, file),
            };
        }
        Some(secret)
    });
    found.collect()
}

/// Returns whether an encrypted file is like those that this program writes.
fn fit(text: &str, file: &str) -> SecretFit {
    match sops::read(text, file) {
        Ok(Some(document)) if document.may_be_rendered_again() => SecretFit::Ours,
        Ok(_) => SecretFit::Otherwise,
        Err(fault) => SecretFit::Damaged(fault.what),
    }
}

fn read_document<'a>(document: &Node) -> Option<StoredSecret<'a>> {
    let owned = |node: &Node| node.text().map(|text| Cow::Owned(text.to_owned()));
    let metadata = |key: &str| owned(document.get("metadata")?.get(key)?);
    let mut secret = StoredSecret {
        name: metadata("name")?,
        namespace: metadata("namespace").unwrap_or_default(),
        ..StoredSecret::default()
    };
    let mut take = |node: Option<&Node>, stored: fn(Cow<'a, str>) -> Stored<'a>| {
        let Some(Value::Map(entries)) = node.map(|node| &node.value) else {
            return;
        };
        for (key, value) in entries {
            if let Some(value) = owned(value) {
                secret.values.retain(|(known, _)| **known != *key.text);
                let key = Cow::Owned(key.text.to_string());
                secret.values.push((key, stored(value)));
            }
        }
    };
    match document.get("kind").and_then(Node::text)? {
        "Secret" => {
            take(document.get("data"), |value| {
                if value.starts_with("ENC[") {
                    Stored::Sops(value)
                } else {
                    Stored::Base64(Cow::Owned(value.split_ascii_whitespace().collect()))
                }
            });
            // What is here counts (Kubernetes API reference, Secret).
            take(document.get("stringData"), |value| {
                if value.starts_with("ENC[") {
                    Stored::Sops(value)
                } else {
                    let engine = base64::engine::general_purpose::STANDARD;
                    Stored::Base64(Cow::Owned(engine.encode(value.as_bytes())))
                }
            });
        }
        "SealedSecret" => {
            let spec = document.get("spec")?;
            take(spec.get("encryptedData"), Stored::Sealed);
            take(
                spec.get("template")
                    .and_then(|template| template.get("data")),
                Stored::Text,
            );
            let annotations = document
                .get("metadata")
                .and_then(|metadata| metadata.get("annotations"));
            let with = annotations.and_then(|annotations| owned(annotations.get(SEALED_WITH)?));
            let is_said = |scope: &SealingScope| {
                let said = |(key, _)| annotations?.get(key)?.text();
                scope.annotation().and_then(said) == Some("true")
            };
            let scope = SealingScope::ALL
                .into_iter()
                .find(is_said)
                .unwrap_or_default();
            secret.lock = SecretLock::Sealed { with, scope };
        }
        _ => return None,
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const MANIFEST: &str = "# civi-ingress:managed fleet=f instance=a v1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: selfcert\n  namespace: a\n  \
                        labels:\n    app: x\ntype: Opaque\ndata:\n  cacert: Q0E=\n  externkey: ";
    const SEALED: &str = "---\nkind: IngressRoute\nspec:\n  a: b\n---\n\
                        apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: other\n  namespace: a\n  annotations:\n    \
                        sealedsecrets.bitnami.com/namespace-wide: \"true\"\n    civi-ingress.uepal.fr/sealed-with: abc\nspec:\n  encryptedData:\n    k: Ag==\n  template:\n    metadata:\n      name: other\n    \
                        type: Opaque\n    data:\n      c: \"-----BEGIN\\nX\\n\"\n";

    /// A Secret as this program encrypts it.
    fn ours() -> String {
        let key = crate::name::DataKey::parse("externkey").unwrap();
        let value = crate::manifest::SecretData::private("key");
        let recipient = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
        let sealed = sops::seal(
            &[(key.clone(), value)],
            &[crate::seal::Recipient::parse(recipient).unwrap()],
            time::OffsetDateTime::UNIX_EPOCH,
            &mut |bytes: &mut [u8]| {
                bytes.fill(7);
                Ok(())
            },
        )
        .unwrap();
        let value = yaml::scalar::to_string(&sealed.values[&key]);
        format!("{MANIFEST}{value}\n{}", sealed.block.text())
    }

    fn shown(secrets: &[StoredSecret<'_>]) -> String {
        let mut out = String::new();
        for secret in secrets {
            let (namespace, name) = (&secret.namespace, &secret.name);
            writeln!(out, "{namespace}/{name}").unwrap();
            match &secret.lock {
                SecretLock::Sops { block, fit } => {
                    let recipients = block.recipients();
                    writeln!(out, "{fit:?} {recipients:?}\n{}", block.text()).unwrap();
                }
                lock => writeln!(out, "{lock:?}").unwrap(),
            }
            for (key, value) in &secret.values {
                let (form, text) = match value {
                    Stored::Base64(text) => ("base64", text),
                    Stored::Sops(text) => ("sops", text),
                    Stored::Sealed(text) => ("sealed", text),
                    Stored::Text(text) => ("text", text),
                };
                writeln!(out, "  {key} {form} {text:?}").unwrap();
            }
        }
        out
    }

    #[test]
    fn a_scan_of_our_own_form_finds_what_a_yaml_reader_finds() {
        for text in [&ours(), SEALED] {
            let scanned = scan(text).expect("our own form");
            let read = read(text, "f").expect("YAML");
            assert_eq!(scanned.len(), 1);
            assert_eq!(shown(&scanned), shown(&read));
        }
    }

    #[test]
    fn a_form_that_is_not_ours_is_not_scanned() {
        for text in [
            "kind: Secret\ndata:\n  k: 'quoted'\n",
            "kind: Secret\ndata:\n  k: &anchor v\n",
            "kind: Secret\ndata:\n  k: v # comment\n",
            "kind: Secret\ndata:\n  k: \"a\\tb\"\n",
            "kind: Secret\ndata: {k: v\n",
            "no newline: at the end",
        ] {
            let found = scan(text);
            let values = found
                .iter()
                .flatten()
                .flat_map(|secret| &secret.values)
                .count();
            assert_eq!(values, 0, "{text}");
        }
    }

    #[test]
    fn no_value_of_a_secret_is_shown_for_debugging() {
        let text = ours();
        let scanned = scan(&text).expect("our own form");
        assert!(!format!("{scanned:?}").contains("Q0E="));
    }
}
