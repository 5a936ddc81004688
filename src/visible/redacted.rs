//! Shows a file of a tree without what may be secret in it.

use super::may_hold_key;
use crate::cluster::data::of_base64;
use crate::find;
use crate::gitops::layout::is_marked;
use crate::pki::Certificate;
use crate::pki::fingerprint::Fingerprint;
use crate::pki::key::hex;
use crate::yaml::{self, At, Key, Node, Value, tree_text};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::BTreeSet;

/// What of a Secret says nothing of its values.
const OPEN: [&str; 5] = ["apiVersion", "immutable", "kind", "metadata", "type"];
/// What of the metadata of a Secret says nothing of its values: an annotation may repeat them
/// (`kubectl.kubernetes.io/last-applied-configuration`).
const OPEN_METADATA: [&str; 3] = ["labels", "name", "namespace"];
/// Fields with secret values, whatever the object says that it is.
const SECRET: [&str; 5] = [
    "binaryData",
    "encryptedData",
    "last-applied-configuration",
    "sops",
    "stringData",
];

/// Returns the documents of a YAML file in one notation, with a digest in place of every value that may be secret,
/// and without comments but the one that says whose the file is. Nothing if it cannot be read.
///
/// Certificates are described. Those that are not among the `known` ones, where these are given, are still to be issued:
/// of them no fingerprint is told, and no name of a new CA, for the run that issues them draws others.
#[must_use]
pub fn redacted(text: &str, known: Option<&KnownKeys>) -> Option<String> {
    let documents = yaml::read_all(text, "").ok()?;
    let mut out = String::new();
    let first = text.lines().next().unwrap_or_default();
    if is_marked(first.as_bytes()) && !may_hold_key(first) {
        out.push_str(first);
        out.push('\n');
    }
    for document in &documents {
        out.push_str("---\n");
        tree_text(&shown(document, known), &mut out);
    }
    Some(out)
}

/// Returns a value as it may be shown.
fn shown(node: &Node, known: Option<&KnownKeys>) -> Node {
    let value = match &node.value {
        Value::Map(entries) => {
            let kind = node.get("kind").and_then(Node::text);
            let is_secret = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Secret"));
            // A Secret that lost its kind is one still.
            let may_be_secret = kind != Some("ConfigMap");
            let entry = |(key, value): &(Key, Node)| {
                let name = key.text.as_str();
                let short = name.rsplit('/').next().unwrap_or(name);
                let value = if SECRET.contains(&short)
                    || name == "data" && may_be_secret
                    || is_secret && !OPEN.contains(&name)
                {
                    hidden(value, known)
                } else if is_secret && name == "metadata" {
                    metadata(value, known)
                } else {
                    shown(value, known)
                };
                (shown_key(key), value)
            };
            Value::Map(entries.iter().map(entry).collect())
        }
        Value::List(items) => Value::List(items.iter().map(|item| shown(item, known)).collect()),
        Value::Text(text) | Value::Ambiguous(text) if may_hold_key(text) => value_of(text, known),
        other => other.clone(),
    };
    Node { value, at: node.at }
}

/// Returns the metadata of a Secret as they may be shown.
fn metadata(node: &Node, known: Option<&KnownKeys>) -> Node {
    let Value::Map(entries) = &node.value else {
        return hidden(node, known);
    };
    let entry = |(key, value): &(Key, Node)| {
        let is_open = OPEN_METADATA.contains(&key.text.as_str());
        let value = if is_open {
            shown(value, known)
        } else {
            hidden(value, known)
        };
        (shown_key(key), value)
    };
    Node {
        value: Value::Map(entries.iter().map(entry).collect()),
        at: node.at,
    }
}

/// Replaces every value below but certificates with a digest; the block of SOPS and lists get one for all.
fn hidden(node: &Node, known: Option<&KnownKeys>) -> Node {
    let value = match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            let entry = |(key, value): &(Key, Node)| (shown_key(key), hidden(value, known));
            Value::Map(entries.iter().map(entry).collect())
        }
        Value::Text(text) | Value::Ambiguous(text) => value_of(text, known),
        Value::Null => Value::Null,
        _ => {
            let mut text = String::new();
            tree_text(node, &mut text);
            Value::Text(fingerprint(&text))
        }
    };
    Node { value, at: node.at }
}

/// The certificates that a diff begins with.
#[derive(Debug, Default)]
pub struct KnownKeys {
    digests: BTreeSet<Fingerprint>,
    subjects: BTreeSet<String>,
}

impl KnownKeys {
    /// Takes the certificates of manifests.
    #[must_use]
    pub fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut known = Self::default();
        for found in texts.filter_map(|text| find::read(text, "").ok()) {
            for certificate in found.found {
                if let Ok(details) = certificate.certificate.details() {
                    known.digests.insert(details.sha256);
                    known.subjects.insert(details.subject);
                }
            }
        }
        known
    }
}

/// Describes a value that is certificates and nothing else, and gives a digest of any other.
fn value_of(text: &str, known: Option<&KnownKeys>) -> Value {
    let Some(descriptions) = certificates(text, known) else {
        return Value::Text(fingerprint(text));
    };
    let mut lines = descriptions.into_iter().map(|line| Node {
        value: Value::Text(line),
        at: At::default(),
    });
    match (lines.next(), lines.len()) {
        (Some(only), 0) => only.value,
        (first, _) => Value::List(first.into_iter().chain(lines).collect()),
    }
}

/// Describes the certificates of a value, in PEM or that in base64: names, dates, issuer, and the beginning of the
/// SHA-256. Nothing where there is anything else in it.
fn certificates(text: &str, known: Option<&KnownKeys>) -> Option<Vec<String>> {
    let decoded;
    let pem = if text.starts_with("-----BEGIN CERTIFICATE-----") {
        text
    } else {
        decoded = of_base64(text)?.ok()?;
        decoded.as_str()
    };
    let found = Certificate::all_from_pem(pem).ok()?;
    let alone: String = found.iter().map(Certificate::pem).collect();
    if alone.trim_end() != pem.trim_end() {
        return None;
    }
    found
        .iter()
        .map(|certificate| describe(certificate, known))
        .collect()
}

fn describe(certificate: &Certificate, known: Option<&KnownKeys>) -> Option<String> {
    let details = certificate.details().ok()?;
    let is_new = known.is_some_and(|known| !known.digests.contains(&details.sha256));
    let is_new_ca = |subject: &str| known.is_some_and(|known| !known.subjects.contains(subject));
    let name = |common_name: &Option<String>, whole: &str| {
        common_name.clone().unwrap_or_else(|| whole.to_owned())
    };
    let names = if !details.subject_alt_names.is_empty() {
        details.subject_alt_names.join(", ")
    } else if is_new && details.is_ca {
        "a new CA".to_owned()
    } else {
        name(&details.common_name, &details.subject)
    };
    let issuer = if details.self_issued {
        "itself".to_owned()
    } else if is_new_ca(&details.issuer) {
        "a new CA".to_owned()
    } else {
        name(&details.issuer_common_name, &details.issuer)
    };
    let digest = if is_new {
        "new".to_owned()
    } else {
        format!("sha256:{}", details.sha256.short())
    };
    let (from, to) = (
        details.validity.not_before.date(),
        details.validity.not_after.date(),
    );
    let line = format!("<certificate of {names}, {from} to {to}, issued by {issuer}, {digest}>");
    Some(super::line(&line).into_owned())
}

fn shown_key(key: &Key) -> Key {
    if may_hold_key(&key.text) {
        let text = fingerprint(&key.text).into();
        return Key { text, at: key.at };
    }
    key.clone()
}

fn fingerprint(value: &str) -> String {
    let hash = hex(digest(&SHA256, value.as_bytes()).as_ref());
    format!("<redacted sha256:{}>", &hash[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    const PEM: &str = include_str!("../../tests/keys/leaf.pem");

    #[test]
    fn no_spelling_of_a_secret_shows_its_values() {
        let key = base64::engine::general_purpose::STANDARD.encode(PEM);
        let (start, rest) = key.split_at(60);
        let quoted = serde_json::to_string(PEM).unwrap();
        let applied = serde_json::json!({ "kind": "Secret", "data": { "externkey": key } });
        let applied = serde_json::to_string(&applied.to_string()).unwrap();
        let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: selfcert}\n";
        let indented = PEM.replace('\n', "\n    ");
        let spellings = [
            format!("{head}data:\n  externkey: {key}\n"),
            format!("{head}data:\n  externkey: |\n    {key}\n"),
            format!("{head}data:\n  externkey: >-\n    {start}\n    {rest}\n"),
            format!("{head}data:\n  externkey:\n    {key}\n"),
            format!("{head}data:\n  externkey:\t{key}\n"),
            format!("{head}data: # the keys\n  externkey: {key}\n"),
            format!("{head}\"data\":\n  externkey: {key}\n"),
            format!("{head}data: {{externkey: {key}}}\n"),
            format!("{head}data: {{\"externkey\":\"{key}\"}}\n"),
            format!("{head}data:\n  externkey: &k {key}\n  other: *k\n"),
            format!("{head}data:\n  externkey: \"{start}\\\n    {rest}\"\n"),
            format!("{head}data:\n  externkey: !!binary |\n    {key}\n"),
            format!("{head}data:\n  ? externkey\n  : {key}\n"),
            format!("{head}data:\n  {key}: x\n"),
            format!("{head}stringData:\n  externkey: |\n    {indented}\n"),
            format!("{head}stringData: {{externkey: {quoted}}}\n"),
            format!("{head}# {key}\ndata: {{}}\n"),
            format!("{head}data: {{}} # {key}\n"),
            format!("# {}\n{head}", PEM.replace('\n', "\n# ")),
            format!("{head}externkey: {key}\n"),
            format!(
                "kind: Secret\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {applied}\n"
            ),
            format!(
                "kind: ConfigMap\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {applied}\n"
            ),
            format!("kind: ConfigMap\ndata: {{a: {quoted}, b: {key}}}\n"),
            format!("kind: secret\ndata: {{a: {key}}}\n"),
            format!("data: {{a: {key}}}\n"),
            format!("kind: List\nitems:\n- kind: Secret\n  data: {{a: {key}}}\n"),
            format!("{head}data: {{a: c2VjcmV0}}\n---\nkind: Secret\ndata: [{key}]\n"),
            format!("# civi-ingress:managed fleet=f instance={key} v1\n{head}"),
            format!("kind: SealedSecret\nspec: {{encryptedData: {{a: {key}}}}}\n"),
            format!("{{\"kind\":\"Secret\",\"data\":{{\"externkey\":\"{key}\"}}}}\n"),
            format!("{head}data:\r\n  externkey: {key}\r\n"),
        ];
        let parts = |text: &str| -> Vec<String> {
            let bytes = text.as_bytes();
            bytes
                .windows(12)
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect()
        };
        let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
        let secret: Vec<String> = [&key[40..], &body[40..]]
            .into_iter()
            .flat_map(parts)
            .collect();
        for spelling in spellings {
            let Some(text) = redacted(&spelling, None) else {
                // Nothing at all is shown of what cannot be read.
                continue;
            };
            let found = secret.iter().find(|part| text.contains(part.as_str()));
            assert_eq!(found, None, "{spelling}\n{text}");
        }
        assert_eq!(redacted("data: [\n", None), None);
    }

    #[test]
    fn what_is_not_secret_is_shown_and_what_differs_differs() {
        let text = "# civi-ingress:managed fleet=f instance=a v1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: selfcert\n  namespace: a\n\
                    type: Opaque\ndata:\n  externkey: c2VjcmV0\n";
        assert_eq!(
            redacted(text, None).unwrap(),
            "# civi-ingress:managed fleet=f instance=a v1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: selfcert\n  namespace: a\n\
             type: Opaque\ndata:\n  externkey: \"<redacted sha256:2ee58ee5>\"\n"
                .replace("2ee58ee5", &fingerprint("c2VjcmV0")[17..25])
        );
        assert_ne!(
            redacted(text, None),
            redacted(&text.replace("c2VjcmV0", "c2VjcmV1"), None)
        );
        let route =
            "kind: IngressRoute\nspec:\n  routes:\n    -\n      match: Host(`a.example.org`)\n";
        assert!(
            redacted(route, None)
                .unwrap()
                .contains("Host(`a.example.org`)")
        );
    }
}
