//! Manifests, read: our own output, what people write, and lists of `kubectl get -o yaml` alike.

use crate::fault::{Fault, Faults};
use crate::manifests::{self, FoundSecret};
use crate::yaml::{At, Node, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Namespace of an object that names none, as kubectl has it.
pub(super) const DEFAULT_NAMESPACE: &str = "default";
/// Kinds of Traefik's own group. Others have used the same names for theirs.
const OF_TRAEFIK: [&str; 8] = [
    "IngressRoute",
    "IngressRouteTCP",
    "Middleware",
    "ServersTransport",
    "ServersTransportTCP",
    "TLSOption",
    "TLSStore",
    "TraefikService",
];
/// Traefik's group, and that of Traefik 2, whose objects 2.10 and 2.11 pass over where both are there.
const GROUPS: [&str; 2] = ["traefik.io/", "traefik.containo.us/"];

/// Namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Name {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An object and where it stands.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: String,
    pub(super) name: Name,
    pub(super) node: Node,
    pub(super) file: String,
    is_old: bool,
}

impl Object {
    pub(super) fn spec(&self) -> &Node {
        const NOTHING: &Node = &Node {
            value: Value::Null,
            at: At { line: 0, column: 0 },
        };
        self.node.get("spec").unwrap_or(NOTHING)
    }

    /// Puts a fault at a node of the object.
    pub(super) fn fault(&self, fault: Fault, node: &Node) -> Fault {
        fault.at(node.at.place(&self.file))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// A Secret of which some values are encrypted.
#[derive(Debug)]
struct Locked {
    name: Name,
    with: &'static str,
    keys: Vec<String>,
}

/// Manifests, read.
pub struct Manifests {
    /// All but the Secrets, whose values stay in buffers that are cleared.
    objects: Vec<Object>,
    pub(super) secrets: Vec<FoundSecret>,
    locked: Vec<Locked>,
}

/// A value of a Secret or ConfigMap.
pub(super) enum Datum<'a> {
    Clear(&'a str),
    /// Encrypted, and how.
    Locked(&'static str),
}

impl Manifests {
    /// Reads streams of manifests, each with the name of its file.
    ///
    /// # Errors
    /// What is not YAML, a document without `kind`, broken base64 in a Secret, a document that is encrypted whole.
    pub fn read(sources: &[(&str, &str)]) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut read = Self {
            objects: Vec::new(),
            secrets: Vec::new(),
            locked: Vec::new(),
        };
        for (file, text) in sources {
            for document in manifests::documents(text, file, &mut faults) {
                let is_list =
                    self::text(&document, &["kind"]).is_some_and(|kind| kind.ends_with("List"));
                match document.value {
                    Value::Map(entries) if is_list => {
                        let items = entries.into_iter().find(|(key, _)| key.text == "items");
                        if let Some(Value::List(objects)) = items.map(|(_, items)| items.value) {
                            for object in objects {
                                read.add(object, file, &mut faults);
                            }
                        }
                    }
                    value => {
                        let at = document.at;
                        read.add(Node { value, at }, file, &mut faults);
                    }
                }
            }
        }
        read.drop_superseded();
        faults.finish(Some(read))
    }

    fn add(&mut self, mut node: Node, file: &str, faults: &mut Faults) {
        let Some(kind) = text(&node, &["kind"]).map(str::to_owned) else {
            return;
        };
        if crate::cluster::data::is_encrypted(&kind) {
            let help = format!(
                "decrypt it first: `sops decrypt {file} | civi-ingress probe … --manifest -`"
            );
            let fault = Fault::new("SOPS encrypted the whole document").help(help);
            return faults.push(fault.at(node.at.place(file)));
        }
        let name = name_of(&node);
        match kind.as_str() {
            "Secret" => {
                let keys = take_encrypted(&mut node);
                self.lock(name, "SOPS", keys);
                manifests::add(&node, file, &mut self.secrets, faults);
            }
            "SealedSecret" => self.add_sealed(&node, name),
            kind if OF_TRAEFIK.contains(&kind) && !is_of_traefik(&node) => {}
            _ => {
                let group = text(&node, &["apiVersion"]).unwrap_or_default();
                self.objects.push(Object {
                    is_old: group.starts_with(GROUPS[1]),
                    kind,
                    name,
                    node,
                    file: file.to_owned(),
                });
            }
        }
    }

    /// Takes what a SealedSecret holds in clear text, `spec.template.data`, and the names of the rest.
    fn add_sealed(&mut self, node: &Node, name: Name) {
        let at = |path: &[&str]| path.iter().try_fold(node, |node, key| node.get(key));
        let keys = match at(&["spec", "encryptedData"]).map(|data| &data.value) {
            Some(Value::Map(entries)) => entries.iter().map(|(key, _)| key.text.clone()).collect(),
            _ => Vec::new(),
        };
        let data = match at(&["spec", "template", "data"]).map(|data| &data.value) {
            Some(Value::Map(entries)) => entries
                .iter()
                .filter_map(|(key, value)| {
                    Some((key.text.clone(), value.text()?.to_owned().into()))
                })
                .collect(),
            _ => BTreeMap::new(),
        };
        self.secrets.push(FoundSecret {
            namespace: Some(name.namespace.clone()),
            name: name.name.clone(),
            data,
        });
        self.lock(name, "SealedSecret", keys);
    }

    fn lock(&mut self, name: Name, with: &'static str, keys: Vec<String>) {
        if !keys.is_empty() {
            self.locked.push(Locked { name, with, keys });
        }
    }

    /// Drops objects of the old group where the new group has them too.
    fn drop_superseded(&mut self) {
        let new: Vec<(String, Name)> = self
            .objects
            .iter()
            .filter(|object| !object.is_old)
            .map(|object| (object.kind.clone(), object.name.clone()))
            .collect();
        self.objects.retain(|object| {
            let key = |(kind, name): &(String, Name)| *kind == object.kind && *name == object.name;
            !object.is_old || !new.iter().any(key)
        });
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind == kind)
    }

    pub(super) fn object(&self, kind: &str, name: &Name) -> Option<&Object> {
        self.of_kind(kind).find(|object| object.name == *name)
    }

    pub(super) fn secret(&self, name: &Name) -> Option<&FoundSecret> {
        self.secrets.iter().find(|secret| {
            let namespace = secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            secret.name == name.name && namespace == name.namespace
        })
    }

    /// Returns the values of a Secret or ConfigMap; nothing if the manifests do not hold it.
    pub(super) fn data(&self, kind: &str, name: &Name) -> Option<BTreeMap<&str, Datum<'_>>> {
        if kind == "Secret" {
            let secret = self.secret(name)?;
            let clear = secret
                .data
                .iter()
                .map(|(key, value)| (key.as_str(), Datum::Clear(value.as_str())));
            let locked = self.locked.iter().filter(|locked| locked.name == *name);
            let locked = locked.flat_map(|locked| {
                locked
                    .keys
                    .iter()
                    .map(|key| (key.as_str(), Datum::Locked(locked.with)))
            });
            return Some(locked.chain(clear).collect());
        }
        let Some(Value::Map(entries)) = self
            .object(kind, name)?
            .node
            .get("data")
            .map(|data| &data.value)
        else {
            return Some(BTreeMap::new());
        };
        let texts = entries
            .iter()
            .filter_map(|(key, node)| Some((key.text.as_str(), Datum::Clear(node.text()?))));
        Some(texts.collect())
    }
}

/// Takes the values that SOPS encrypted out of a Secret, and gives their keys.
fn take_encrypted(secret: &mut Node) -> Vec<String> {
    let mut keys = Vec::new();
    let Value::Map(sections) = &mut secret.value else {
        return keys;
    };
    for (section, node) in sections {
        if let ("data" | "stringData", Value::Map(entries)) =
            (section.text.as_str(), &mut node.value)
        {
            entries.retain(|(key, value)| {
                let is_encrypted = value.text().is_some_and(crate::cluster::data::is_encrypted);
                keys.extend(is_encrypted.then(|| key.text.clone()));
                !is_encrypted
            });
        }
    }
    keys
}

fn is_of_traefik(object: &Node) -> bool {
    text(object, &["apiVersion"])
        .is_none_or(|version| GROUPS.iter().any(|group| version.starts_with(group)))
}

fn name_of(object: &Node) -> Name {
    let part = |key: &str| text(object, &["metadata", key]);
    Name::new(
        part("namespace").unwrap_or(DEFAULT_NAMESPACE),
        part("name").unwrap_or_default(),
    )
}

pub(super) fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(node, |node, key| node.get(key))
        .and_then(Node::text)
}

/// Returns the items of a list in a map.
pub(super) fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

pub(super) fn is_true(node: &Node, key: &str) -> bool {
    node.get(key)
        .is_some_and(|node| node.value == Value::Bool(true))
}

pub(super) fn missing(kind: &str, name: &Name) -> Fault {
    let resource = kind.to_lowercase();
    Fault::new(format!(
        "the manifests do not contain {kind} {name}, which is named here"
    ))
    .help(format!(
        "pass it too: `kubectl get {resource} {} -n {} -o yaml`; if there is none, the route fails",
        name.name, name.namespace
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_traefiks_old_group_count_where_the_new_one_has_none() {
        let read = |texts: &str| {
            Manifests::read(&[("m.yaml", texts)]).unwrap_or_else(|faults| panic!("{faults:?}"))
        };
        let route = |group: &str, host: &str| {
            format!(
                "apiVersion: {group}/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r}}\nspec: {{x: {host}}}\n---\n"
            )
        };
        let hosts = |text: &str| -> Vec<String> {
            let read = read(text);
            read.of_kind("IngressRoute")
                .map(|object| self::text(object.spec(), &["x"]).unwrap().to_owned())
                .collect()
        };
        let (old, new) = (
            route("traefik.containo.us", "old"),
            route("traefik.io", "new"),
        );
        assert_eq!(hosts(&old), ["old"]);
        assert_eq!(hosts(&format!("{old}{new}")), ["new"]);
        assert_eq!(hosts(&route("contour.heptio.com", "other")), [""; 0]);
    }

    #[test]
    fn what_is_encrypted_is_known_by_its_key() {
        let text = "kind: Secret\nmetadata: {name: a, namespace: ns}\ndata: {ca.crt: 'ENC[AES256_GCM,data:x]', k: dg==}\n---\n\
                    kind: SealedSecret\nmetadata: {name: b, namespace: ns}\nspec: {encryptedData: {ca.crt: Ag==}, template: {data: {k: w}}}\n";
        let Ok(read) = Manifests::read(&[("m.yaml", text)]) else {
            panic!("it can be read");
        };
        for (name, with, clear) in [("a", "SOPS", "v"), ("b", "SealedSecret", "w")] {
            let data = read.data("Secret", &Name::new("ns", name)).unwrap();
            assert!(matches!(data["ca.crt"], Datum::Locked(found) if found == with));
            assert!(matches!(data["k"], Datum::Clear(found) if found == clear));
        }
        let whole = "kind: ENC[AES256_GCM,data:x]\n";
        let faults = Manifests::read(&[("m.yaml", whole)]).err().unwrap();
        assert_eq!(
            faults[0].to_string(),
            "m.yaml:1:1: SOPS encrypted the whole document"
        );
    }

    #[test]
    fn every_fault_of_every_file_is_reported() {
        let broken = "kind: Secret\nmetadata: {name: a}\ndata: {k: '!'}\n";
        let faults = Manifests::read(&[
            ("a.yaml", broken),
            ("b.yaml", "x: 1\n"),
            ("c.yaml", "a: [\n"),
        ])
        .err()
        .unwrap();
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
