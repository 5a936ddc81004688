//! Reads Secrets out of manifests: our own output, `kubectl get secret -o yaml`, JSON, lists of both.

use crate::cluster::data::{self, Content, Lock, Written};
use crate::fault::{Fault, Faults};
use crate::yaml::{self, Node, Value};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// A Secret that was read.
pub struct FoundSecret {
    /// `metadata.namespace`, if it is given.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// Data by key, decoded; values that are not UTF-8 text are left out.
    pub data: BTreeMap<String, Zeroizing<String>>,
}

impl fmt::Display for FoundSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self
            .namespace
            .as_deref()
            .map_or_else(String::new, |namespace| format!("{namespace}/"));
        write!(f, "{namespace}{}", self.name)
    }
}

/// Reads all Secrets of a stream of manifests; other objects are passed over.
///
/// # Errors
/// A stream that is not YAML, an empty one, and all values that are not base64.
pub fn secrets(text: &str, file: &str) -> Result<Vec<FoundSecret>, Vec<Fault>> {
    let mut found = Vec::new();
    let mut faults = Faults::default();
    let documents = documents(text, file, &mut faults);
    for object in documents.iter().flat_map(objects) {
        add(object, file, &mut found, &mut faults);
    }
    faults.finish(Some(found))
}

/// Reads the documents of a stream of manifests.
pub(crate) fn documents(text: &str, file: &str, faults: &mut Faults) -> Vec<Node> {
    let Some(documents) = faults.keep_all(yaml::read_all(text, file)) else {
        return Vec::new();
    };
    if documents.is_empty() {
        // `kubectl get` prints nothing when it fails: taking that for "no Secret yet" would lose keys.
        let help = "the command before the pipe may have failed";
        faults.push(Fault::new("there are no manifests").help(help).file(file));
    }
    let is_without_kind = |document: &&Node| document.get("kind").and_then(Node::text).is_none();
    for document in documents.iter().filter(is_without_kind) {
        let fault =
            Fault::new("a document has no `kind`").help("Kubernetes manifests are needed here");
        faults.push(fault.at(document.at.place(file)));
    }
    documents
}

/// Returns the objects of a document: the items of a list as `kubectl get` prints it, else the document itself.
pub(crate) fn objects(document: &Node) -> impl Iterator<Item = &Node> {
    let kind = document.get("kind").and_then(Node::text);
    let list = document
        .get("items")
        .filter(|_| kind.is_some_and(|kind| kind.ends_with("List")));
    let (items, alone) = match list {
        Some(list) => (list.items(), None),
        None => (&[][..], Some(document)),
    };
    items.iter().chain(alone)
}

/// Reports that a value of a Secret is not base64, without the value.
pub(crate) fn no_base64(section: &str, key: &str, secret: &str) -> Fault {
    let key = key.escape_debug();
    Fault::new(format!(
        "`{section}.{key}` of Secret `{secret}` is not base64"
    ))
}

/// Reads a Secret, where the object is one.
pub(crate) fn add(object: &Node, file: &str, found: &mut Vec<FoundSecret>, faults: &mut Faults) {
    found.extend(read(object, file, false, faults));
}

/// Reports what is wrong with a Secret, where the object is one; that SOPS encrypted a value is not.
pub(crate) fn check(object: &Node, file: &str, faults: &mut Faults) {
    drop(read(object, file, true, faults));
}

fn read(
    object: &Node,
    file: &str,
    may_be_encrypted: bool,
    faults: &mut Faults,
) -> Option<FoundSecret> {
    if object.text_of("kind") != Some("Secret") {
        return None;
    }
    let metadata = |key: &str| {
        object
            .at_path(&["metadata", key])?
            .text()
            .map(str::to_owned)
    };
    let Some(name) = metadata("name") else {
        faults.push(Fault::new("a Secret has no name").at(object.at.place(file)));
        return None;
    };
    let mut values = BTreeMap::new();
    for Written {
        section,
        key,
        node,
        content,
    } in data::values_of_secret(object)
    {
        // What is null is to the API server as if it were empty; who reads keys wants to know.
        if may_be_encrypted && node.value == Value::Null {
            continue;
        }
        // The API server takes strings only.
        let text = node.text().and_then(|written| match content {
            Content::Locked(Lock::Sops) if may_be_encrypted => Some(None),
            // What is not encoded is taken as it is.
            _ if section == "stringData" => Some(Some(Zeroizing::new(written.to_owned()))),
            Content::Text(text) | Content::Placeholder(Some(text)) => Some(Some(text)),
            Content::Binary => Some(None),
            _ => None,
        });
        let Some(text) = text else {
            let fault = no_base64(section, &key.text, &name);
            faults.push(fault.at(node.at.place(file)));
            continue;
        };
        values.extend(text.map(|text| (key.text.to_string(), text)));
    }
    Some(FoundSecret {
        namespace: metadata("namespace"),
        name,
        data: values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_streams_lists_and_json() {
        let yaml = "kind: Secret\nmetadata: {name: a, namespace: ns}\ndata: {k: dg==}\n---\nkind: List\nitems:\n\
                    - kind: Secret\n  metadata: {name: b}\n  stringData: {k: w}\n- kind: Pod\n";
        let found = secrets(yaml, "-").unwrap_or_default();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].namespace.as_deref(), Some("ns"));
        assert_eq!(found[0].data["k"].as_str(), "v");
        assert_eq!(found[1].data["k"].as_str(), "w");
        let json = r#"{"kind":"Secret","metadata":{"name":"a"},"data":{"k":"dg=="}}"#;
        assert_eq!(
            secrets(json, "-").unwrap_or_default()[0].data["k"].as_str(),
            "v"
        );
    }

    #[test]
    fn an_empty_stream_is_refused_because_the_command_before_the_pipe_may_have_failed() {
        for text in ["", "\n", "---\n"] {
            let faults = secrets(text, "-").err().expect("refused");
            assert_eq!(faults[0].what, "there are no manifests");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_kept_as_it_is() {
        let text = "kind: Secret\nmetadata: {name: a}\ndata: {k: YS4uLmI=}\nstringData: {l: <x>, m: 'ENC[y]'}\n";
        let found = secrets(text, "-").unwrap_or_default();
        let values = ["k", "l", "m"].map(|key| found[0].data[key].as_str());
        assert_eq!(values, ["a...b", "<x>", "ENC[y]"]);
    }

    #[test]
    fn broken_base64_is_reported_with_its_place_and_without_its_value() {
        let faults = secrets(
            "kind: Secret\nmetadata: {name: a}\ndata:\n  k: c2VjcmV0!\n  l: 7\n",
            "s.yaml",
        )
        .err()
        .expect("refused");
        assert_eq!(faults.len(), 2);
        assert_eq!(
            faults[0].to_string(),
            "s.yaml:4:6: `data.k` of Secret `a` is not base64"
        );
    }
}
