//! Manifests, read: our own output, what people write, and lists of `kubectl get -o yaml` alike.

use crate::cluster::data::{Certificates, Lock, is_encrypted};
use crate::cluster::naming::Naming;
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, kustomization};
use crate::fault::{Fault, Faults};
use crate::manifests;
use crate::path::hop::Place;
use crate::path::traefik::{Name, look_up};
use crate::release::Release;
use crate::yaml::{self, Node};
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Finding, Verdict};

/// Namespace of an object that names none, as kubectl has it.
const DEFAULT_NAMESPACE: &str = "default";

/// Returns how Traefik may look objects up, first as the newest does: of which release it is, manifests do not say. That one
/// of them cuts the provider off names of TraefikServices.
pub(super) fn namings() -> [Naming; 2] {
    [Naming::default(), Naming::from(Release::exactly(3, 4, 0))]
}

/// Reads streams of manifests, each with the name of its file. Objects without a namespace are in the one that the nearest
/// kustomization gives, else in `default`.
///
/// # Errors
/// What is not YAML, a document without `kind`, broken base64 in a Secret, a document that is encrypted whole.
pub fn read(sources: &[(&str, &str)]) -> Result<Cluster, Vec<Fault>> {
    let (mut objects, mut faults) = (Vec::new(), Faults::default());
    let known = Certificates::default();
    // To Kubernetes there are no objects without a namespace: in the topmost directory and all below it is this one.
    let mut namespaces = BTreeMap::from([(String::new(), DEFAULT_NAMESPACE.to_owned())]);
    for (file, text) in sources {
        let documents = if kustomization::is_by_name(file) {
            let documents = faults.keep_all(yaml::read_all(text, file));
            documents.unwrap_or_default()
        } else {
            manifests::documents(text, file, &mut faults)
        };
        let shared = (*file).into();
        for node in documents.iter().flat_map(manifests::objects) {
            if kustomization::is_one(node, file) {
                namespaces.extend(kustomization::namespace(node, file));
                continue;
            }
            if node.text_of("kind").is_some_and(is_encrypted) {
                faults.push(whole(node, file));
                continue;
            }
            manifests::check(node, file, &mut faults);
            objects.extend(Object::read(node, &shared, &known));
        }
    }
    let all = Cluster::new(objects, namespaces.clone()).into_objects();
    faults.finish(Some(Cluster::new(last_applied(all), namespaces)))
}

/// Keeps of objects of one kind, namespace and name the last one, as who applies them in their order leaves it.
fn last_applied(objects: Vec<Object>) -> Vec<Object> {
    let mut met = BTreeSet::new();
    let mut kept = objects;
    kept.reverse();
    // Workloads are of several kinds, each with names of its own.
    kept.retain(|object| {
        object.kind() == Kind::Workload
            || met.insert((object.kind(), object.scope.clone(), object.name.clone()))
    });
    kept.reverse();
    kept
}

fn whole(node: &Node, file: &str) -> Fault {
    let help =
        format!("decrypt it first: `sops decrypt {file} | civi-ingress probe … --manifest -`");
    let fault = Fault::new("SOPS encrypted the whole document").help(help);
    fault.at(node.at.place(file))
}

/// Finds the object of a kind that `name` stands for, seen from a namespace.
///
/// # Errors
/// The manifests do not hold it, or another provider does.
pub(super) fn named<'a>(
    cluster: &'a Cluster,
    kind: Kind,
    scope: &Scope,
    name: &str,
) -> Result<&'a Object, Fault> {
    let found = namings().into_iter().find_map(|naming| {
        let known = look_up(cluster, naming, kind, scope, name);
        known.here()
    });
    found.ok_or_else(|| not_found(kind, scope, name))
}

/// Reports that no object is found under a name.
pub(super) fn not_found(kind: Kind, scope: &Scope, name: &str) -> Fault {
    let shown = kind.as_str();
    match Name::of(name) {
        Name::Object(name) => missing(
            kind,
            &Place {
                scope: scope.clone(),
                name: name.to_owned(),
            },
        ),
        Name::Key(key) => Fault::new(format!(
            "the manifests contain no {shown} of the key `{}`",
            key.escape_debug()
        ))
        .help("the key is the namespace, `-` and the name; a name without `@` is looked up in its own namespace"),
        Name::Outside(provider) => Fault::new(format!(
            "{shown} `{}` is in the provider `{}`, not in manifests",
            name.escape_debug(),
            provider.escape_debug()
        ))
        .help("leave `--manifest` out, and pass its CA with `--backend-ca FILE`"),
    }
}

/// Reports that the manifests do not hold an object that is named in them.
pub(super) fn missing(kind: Kind, place: &Place) -> Fault {
    let kind = kind.as_str();
    Fault::new(format!(
        "the manifests do not contain {kind} {place}, which is named here"
    ))
    .help(format!(
        "pass it too: `kubectl get {} {} -n {} -o yaml`; if there is none, the route fails",
        kind.to_lowercase(),
        place.name,
        place.scope.label()
    ))
}

/// Returns why a value cannot be read, as in `is encrypted (SOPS)`.
pub(super) fn in_words(lock: Lock) -> &'static str {
    match lock {
        Lock::Sops => "is encrypted (SOPS)",
        Lock::Sealed => "is encrypted (SealedSecret)",
        Lock::Later => "is to be filled in later",
    }
}

/// Reports that an object names one of another namespace, if it does.
pub(super) fn crossing(
    from: &Object,
    to: &impl std::fmt::Display,
    scope: &Scope,
) -> Option<Finding> {
    scope.differs_from(&from.scope).then(|| {
        let what = format!("{to} is in another namespace than {from}: Traefik accepts it only with allowCrossNamespace");
        Finding::new(Check::Objects, Verdict::Note, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_is_known_by_its_key() {
        let text = "kind: Secret\nmetadata: {name: a, namespace: ns}\ndata: {ca.crt: 'ENC[AES256_GCM,data:x]', k: dg==}\n---\n\
                    kind: SealedSecret\nmetadata: {name: b, namespace: ns}\nspec: {encryptedData: {ca.crt: Ag==}, template: {data: {k: w}}}\n";
        let Ok(cluster) = read(&[("m.yaml", text)]) else {
            panic!("it can be read");
        };
        for (name, lock, clear) in [("a", Lock::Sops, "v"), ("b", Lock::Sealed, "w")] {
            let scope = Scope::Namespace("ns".to_owned());
            let data = cluster.data(Kind::Secret, &scope, name).unwrap();
            assert_eq!(data.get("ca.crt").unwrap().lock(), Some(lock));
            assert_eq!(data.get("k").unwrap().text(), Some(clear));
        }
        let whole = "kind: ENC[AES256_GCM,data:x]\n";
        let faults = read(&[("m.yaml", whole)]).err().unwrap();
        assert_eq!(
            faults[0].to_string(),
            "m.yaml:1:1: SOPS encrypted the whole document"
        );
    }

    #[test]
    fn an_object_without_a_namespace_is_in_the_default_one() {
        let text = "kind: ConfigMap\nmetadata: {name: a}\n";
        let other = text.replace("name: a", "name: b");
        let cluster = read(&[("/x/y/m.yaml", text), ("z/m.yaml", &other)]).unwrap();
        let names: Vec<String> = cluster.objects().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ConfigMap default/a", "ConfigMap default/b"]);
    }

    #[test]
    fn the_namespace_of_the_nearest_kustomization_is_that_of_an_object_without_one() {
        let text = "kind: ConfigMap\nmetadata: {name: a}\n";
        let cluster = read(&[
            ("/x/a/m.yaml", text),
            ("/x/b/deep/m.yaml", text),
            (
                "/x/b/kustomization.yaml",
                "namespace: ns\nresources: [deep]\n",
            ),
        ]);
        let cluster = cluster.unwrap();
        let names: Vec<String> = cluster.objects().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ConfigMap default/a", "ConfigMap ns/a"]);
    }

    #[test]
    fn every_fault_of_every_file_is_reported() {
        let broken = "kind: Secret\nmetadata: {name: a}\ndata: {k: '!'}\n";
        let faults = read(&[
            ("a.yaml", broken),
            ("b.yaml", "x: 1\n"),
            ("c.yaml", "a: [\n"),
        ])
        .err()
        .unwrap();
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
