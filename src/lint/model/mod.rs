//! All documents of the input as one: objects by kind, namespace and name, each value with its place.

mod carriers;
pub(super) mod changes;
pub(super) mod documents;
mod inner;
mod knowledge;
pub(super) mod kustomize;
mod makers;
pub(super) mod object;
pub(super) mod traefik;
pub(super) mod values;

use crate::chart::found::is_values;
use crate::cluster::data::Data;
use crate::cluster::naming::{Naming, is_normal, normal};
use crate::cluster::{self, Cluster, Kind, Resource};
use crate::kinds::service::Service;
use crate::lint::options::Options;
use crate::path::served::Grounds;
use crate::path::{self, Routed};
use crate::yaml::Node;
use documents::{Document, Typed, is_list, objects, prefix};
use kustomize::{Given, Kustomizations};
use makers::Makers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use traefik::Provider;

pub use knowledge::{ChartFrom, ChartKnowledge, Knowledge, KnownFrom};
pub(super) use object::{Class, Object, may_be_same};
pub(super) use values::Values;

/// All objects, and what is known about who reads them.
pub(super) struct Model<'a> {
    pub(super) options: &'a Options,
    pub(super) objects: Vec<Object<'a>>,
    pub(super) values: Vec<Values<'a>>,
    /// The chart that reads each of them.
    pub(super) charts: Vec<ChartKnowledge>,
    /// Values files of the Civiparoisse chart.
    pub(super) instances: Vec<Values<'a>>,
    /// What Secrets and ConfigMaps hold, by the index of the object.
    pub(super) secrets: BTreeMap<usize, Arc<Data>>,
    /// The same objects, typed, as far as a request meets them.
    pub(super) cluster: &'a Cluster,
    /// The paths that the objects make.
    pub(super) paths: Vec<Routed<'a>>,
    /// What they are judged by.
    pub(super) grounds: Grounds<'a>,
    index: BTreeMap<Asked<'a>, usize>,
    /// What several objects are asked for by.
    again: BTreeSet<Asked<'a>>,
    by_class: BTreeMap<Class, Vec<usize>>,
    /// Namespaces by the class and name of what they hold.
    elsewhere: BTreeMap<(Class, &'a str), Vec<usize>>,
    /// The names of Secrets and ConfigMaps that a controller copies to other namespaces.
    copied: BTreeSet<(Class, &'a str)>,
    /// Objects whose names Traefik writes otherwise, by class and how it does.
    respelt: BTreeMap<(Class, String), Vec<usize>>,
    /// Gateways by their name and directory; nothing where there are several.
    gateways: BTreeMap<(&'a str, &'a str), Option<usize>>,
    pub(super) makers: Makers<'a>,
    /// How Traefik makes keys of names.
    pub(super) naming: Naming,
    pub(super) provider: Provider,
    pub(super) knowledge: Knowledge,
    pub(super) kustomize: Kustomizations<'a>,
}

/// What documents hold.
pub(super) struct Things<'a> {
    objects: Vec<Object<'a>>,
    pub(super) values: Vec<Values<'a>>,
    /// Static configurations of Traefik.
    statics: Vec<&'a Node>,
    instances: Vec<Values<'a>>,
    secrets: BTreeMap<usize, Arc<Data>>,
    kustomize: Kustomizations<'a>,
    /// The first of all that are asked for by one name.
    index: BTreeMap<Asked<'a>, usize>,
    /// What several objects are asked for by.
    again: BTreeSet<Asked<'a>>,
    /// Objects that a later one of their file takes the place of, each with that one.
    replaced: BTreeMap<usize, usize>,
}

/// What an object is asked for by: its class, its namespace and what it provides.
type Asked<'a> = (Class, &'a str, &'a str);

/// Takes documents apart, each with what is typed of it: what they hold, and their objects typed. `names` are those of
/// all files.
pub(super) fn things<'a>(
    documents: &[&'a Document],
    typed: Vec<Vec<Typed>>,
    names: &'a [&'a str],
) -> (Things<'a>, Cluster) {
    let kustomizations = kustomize::namespaces(documents, names);
    let mut things = Things {
        objects: Vec::with_capacity(documents.len()),
        values: Vec::new(),
        statics: Vec::new(),
        instances: Vec::new(),
        secrets: BTreeMap::new(),
        kustomize: Kustomizations::of(documents, names),
        index: BTreeMap::new(),
        again: BTreeSet::new(),
        replaced: BTreeMap::new(),
    };
    let mut objects = Vec::with_capacity(typed.iter().map(Vec::len).sum());
    for (document, typed) in documents.iter().zip(typed) {
        things.add(document, typed, &mut objects);
    }
    things.take_the_last();
    objects.retain(|typed| !things.replaced.contains_key(&typed.number));
    let carried = carriers::carried(documents, &things.objects, names);
    things.values.extend(carried.values);
    things.statics = carried.statics;
    (things, Cluster::new(objects, kustomizations))
}

/// An object as it is written, and what it says.
pub(super) struct Said<'m, 'a, T> {
    pub(super) object: &'m Object<'a>,
    pub(super) typed: &'m cluster::Object,
    pub(super) says: &'m T,
}

impl<'a> Model<'a> {
    /// Puts things in order.
    pub(super) fn new(
        things: Things<'a>,
        charts: Vec<ChartKnowledge>,
        cluster: &'a Cluster,
        names: &[&str],
        options: &'a Options,
    ) -> Self {
        let Things {
            objects,
            values,
            statics,
            instances,
            secrets,
            kustomize,
            index,
            again,
            replaced,
        } = things;
        let mut by_class: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut elsewhere: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut copied = BTreeSet::new();
        let mut respelt: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut gateways = BTreeMap::new();
        let numbered = objects.iter().enumerate();
        for (number, object) in numbered.filter(|(number, _)| !replaced.contains_key(number)) {
            if object.class == Class::Gateway {
                gateways
                    .entry((object.provides, kustomize.folder(object.file)))
                    .and_modify(|only| *only = None)
                    .or_insert(Some(number));
            }
            if is_copied(object) {
                copied.insert((object.class, object.provides));
            }
            if object.class.has_joined_key() && !is_normal(object.name) {
                let key = (object.class, normal(object.name));
                respelt.entry(key).or_default().push(number);
            }
            by_class.entry(object.class).or_default().push(number);
            elsewhere
                .entry((object.class, object.provides))
                .or_default()
                .push(number);
        }
        let provider = Provider::of(&objects, &values, &statics);
        let knowledge = Knowledge::of(options, &objects, &provider);
        let naming = Naming {
            release: knowledge.release,
            is_safe: provider.options.safe_naming,
        };
        let mut grounds = Grounds::new(cluster, options.now);
        for object in objects
            .iter()
            .filter(|object| object.kind == "ExternalSecret")
        {
            let namespace = Some(object.namespace).filter(|namespace| !namespace.is_empty());
            let scope = cluster.scope(namespace, names[object.file]);
            grounds.secrets.make(scope, object.provides);
        }
        Self {
            options,
            makers: Makers::of(&objects),
            objects,
            values,
            charts,
            instances,
            secrets,
            cluster,
            paths: path::read(cluster, naming, &provider.entrances),
            grounds,
            index,
            again,
            by_class,
            elsewhere,
            copied,
            respelt,
            gateways,
            naming,
            provider,
            knowledge,
            kustomize,
        }
    }

    /// Returns whether Traefik's own options are certain: the input shows them, or nothing outside it may be relied on,
    /// and they are the defaults.
    pub(super) fn has_certain_options(&self) -> bool {
        self.provider.is_known || self.options.strict_references
    }

    /// Returns what a Service says, by the index of its object.
    pub(super) fn service(&self, number: usize) -> Option<&Service> {
        self.cluster.numbered(number)?.resource.service()
    }

    /// Returns the files that anything is looked at of.
    pub(super) fn looked_at(&self) -> BTreeSet<usize> {
        let objects = self.objects.iter().map(|object| object.file);
        let values = self.values.iter().chain(&self.instances);
        objects.chain(values.map(|values| values.file)).collect()
    }

    /// Returns the objects of a class.
    pub(super) fn of(&self, class: Class) -> impl Iterator<Item = &Object<'a>> {
        self.numbers(class)
            .iter()
            .map(|number| &self.objects[*number])
    }

    /// Returns the objects of a kind, each with what it says.
    pub(super) fn said<'m, T>(
        &'m self,
        kind: Kind,
        says: fn(&'m Resource) -> Option<&'m T>,
    ) -> impl Iterator<Item = Said<'m, 'a, T>> {
        self.cluster.of(kind).filter_map(move |typed| {
            Some(Said {
                object: &self.objects[typed.number],
                typed,
                says: says(&typed.resource)?,
            })
        })
    }

    /// Returns an object with what it says.
    pub(super) fn said_by<'m, T>(
        &'m self,
        number: usize,
        says: fn(&'m Resource) -> Option<&'m T>,
    ) -> Option<Said<'m, 'a, T>> {
        let typed = self.cluster.numbered(number)?;
        Some(Said {
            object: &self.objects[number],
            typed,
            says: says(&typed.resource)?,
        })
    }

    /// Returns the indexes of the objects of a class.
    pub(super) fn numbers(&self, class: Class) -> &[usize] {
        self.by_class
            .get(&class)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Finds an object in a namespace. An object or a reference without a namespace fits any.
    pub(super) fn find(&self, class: Class, namespace: &str, name: &str) -> Option<usize> {
        self.index
            .get(&(class, namespace, name))
            .or_else(|| self.index.get(&(class, "", name)))
            .copied()
            .or_else(|| {
                let all = self.elsewhere.get(&(class, name))?;
                (namespace.is_empty() && all.len() == 1).then(|| all[0])
            })
    }

    /// Finds an object of Traefik's own kinds as Traefik does, by a name without `@`.
    pub(super) fn find_as_traefik(
        &self,
        class: Class,
        namespace: &str,
        name: &str,
    ) -> Option<usize> {
        let kind = class.kinds().first().unwrap_or(&"");
        let of_name = |name: &str| self.find(class, namespace, name);
        self.naming.find(kind, namespace, name, of_name, |wanted| {
            let respelt = self.respelt.get(&(class, wanted.to_owned()))?;
            let mut respelt = respelt.iter().copied();
            respelt.find(|number| may_be_same(self.objects[*number].namespace, namespace))
        })
    }

    /// Finds the Gateway that an object names. Of several that name no namespace the one in its file is meant, else the only
    /// one in its directory.
    pub(super) fn find_gateway(
        &self,
        object: &Object<'_>,
        namespace: &str,
        name: &str,
    ) -> Option<usize> {
        let all = self.elsewhere.get(&(Class::Gateway, name));
        let all = all.map_or(&[][..], Vec::as_slice);
        if !namespace.is_empty() || all.len() < 2 {
            return self.find(Class::Gateway, namespace, name);
        }
        // Objects are in the order of their files.
        let file = |number: &usize| self.objects[*number].file;
        let first = all.partition_point(|number| file(number) < object.file);
        let of_file = all.get(first).filter(|number| file(number) == object.file);
        of_file.copied().or_else(|| {
            let folder = self.kustomize.folder(object.file);
            self.gateways.get(&(name, folder)).copied().flatten()
        })
    }

    /// Returns whether another object may have the same kind and name; most of a tree are told apart so, at no cost.
    pub(super) fn may_be_twice(&self, object: &Object<'_>) -> bool {
        // What makes a Secret may be named otherwise than the Secret.
        let has_own_name = object.class == Class::Secret && object.kind != "Secret";
        let key = (object.class, object.namespace, object.provides);
        has_own_name || self.again.contains(&key)
    }

    /// Returns the namespaces that have an object of the name; those without a namespace may be in any.
    pub(super) fn holders<'s>(
        &'s self,
        class: Class,
        name: &'s str,
    ) -> impl Iterator<Item = &'a str> + use<'s, 'a> {
        let all = self.elsewhere.get(&(class, name));
        all.into_iter()
            .flatten()
            .map(|number| self.objects[*number].namespace)
            .filter(|namespace| !namespace.is_empty())
    }

    /// Returns whether a controller copies a Secret or ConfigMap of this name to other namespaces.
    pub(super) fn is_copied(&self, class: Class, name: &str) -> bool {
        self.copied.contains(&(class, name))
    }

    /// Returns a namespace other than this one that has an object of the name, unless it is copied from there.
    pub(super) fn elsewhere(&self, class: Class, namespace: &str, name: &str) -> Option<&'a str> {
        if matches!(class, Class::Secret | Class::ConfigMap) && self.is_copied(class, name) {
            return None;
        }
        self.holders(class, name)
            .find(|other| !may_be_same(other, namespace))
    }

    /// Returns the indexes of a namespace's objects of a class.
    pub(super) fn within<'s>(
        &'s self,
        class: Class,
        namespace: &'s str,
    ) -> impl Iterator<Item = usize> + 's {
        self.index
            .range((class, namespace, "")..)
            .take_while(move |((of, within, _), _)| *of == class && *within == namespace)
            .map(|(_, number)| *number)
    }

    /// Returns what a Secret or ConfigMap holds.
    pub(super) fn secret(
        &self,
        class: Class,
        namespace: &str,
        name: &str,
    ) -> Option<(&Object<'a>, &Data)> {
        let number = self.find(class, namespace, name)?;
        Some((&self.objects[number], self.secrets.get(&number)?))
    }
}

/// How the annotations of controllers begin that copy Secrets and ConfigMaps: emberstack/kubernetes-reflector,
/// mittwald/kubernetes-replicator, kubeops/config-syncer (kubed).
const COPIES: [&str; 4] = [
    "reflector.v1.k8s.emberstack.com/reflection-",
    "replicator.v1.mittwald.de/replicat",
    "kubed.appscode.com/sync",
    "config-syncer.kubeops.dev/sync",
];

/// Returns whether a controller copies an object to other namespaces.
fn is_copied(object: &Object<'_>) -> bool {
    if !matches!(object.class, Class::Secret | Class::ConfigMap) {
        return false;
    }
    let own = object.at(&["metadata", "annotations"]);
    let of_made = object.at(&["spec", "secretTemplate", "annotations"]);
    let annotations = own.into_iter().chain(of_made).flat_map(Node::entries);
    let mut keys = annotations.map(|(key, _)| key.text.as_str());
    keys.any(|key| COPIES.iter().any(|prefix| key.starts_with(prefix)))
}

/// Returns what a Secret or ConfigMap holds, or what another object makes one hold.
fn held(object: &Object<'_>, typed: Option<&cluster::Object>) -> Option<Arc<Data>> {
    match typed.map(|typed| &typed.resource) {
        Some(Resource::Secret(data) | Resource::ConfigMap(data)) => Some(Arc::clone(data)),
        Some(Resource::Certificate(certificate)) if certificate.secret.is_some() => {
            Some(Arc::new(Data::announced(object.node.at)))
        }
        // What an ExternalSecret fetches is not known.
        _ if object.class == Class::Secret => Some(Arc::default()),
        _ => None,
    }
}

impl<'a> Things<'a> {
    /// Notes what objects are asked for by. Of two in one file the later one takes the place of the other, as whoever
    /// applies the file leaves it; the other is judged by itself, and nothing finds it.
    fn take_the_last(&mut self) {
        for (number, object) in self.objects.iter().enumerate() {
            let key = (object.class, object.namespace, object.provides);
            if *self.index.entry(key).or_insert(number) != number {
                self.again.insert(key);
            }
        }
        if self.again.is_empty() {
            return;
        }
        let mut last = BTreeMap::new();
        for (number, object) in self.objects.iter().enumerate() {
            let key = (object.class, object.namespace, object.provides);
            if object.name.is_empty() || object.class == Class::Other || !self.again.contains(&key)
            {
                continue;
            }
            let same = (
                object.group,
                object.kind,
                object.namespace,
                object.name,
                object.file,
            );
            if let Some(before) = last.insert(same, number) {
                self.replaced.insert(before, number);
            }
        }
        for number in self.index.values_mut() {
            while let Some(later) = self.replaced.get(number) {
                *number = *later;
            }
        }
    }

    fn add(&mut self, document: &'a Document, typed: Vec<Typed>, all: &mut Vec<cluster::Object>) {
        let node = &document.node;
        let values_of = |node: &'a Node, prefix: &str, chart: Option<&'a str>| Values {
            file: document.file,
            document: document.number,
            prefix: prefix.to_owned(),
            node,
            chart,
        };
        let is_list = is_list(node);
        let mut has_object = is_list;
        let mut typed = typed.into_iter().peekable();
        let mut given = None;
        for (index, item) in objects(node).iter().enumerate() {
            let typed = typed.next_if(|(place, _)| *place == index);
            let prefix = prefix(is_list, index);
            if let Some(mut object) = Object::new(document, prefix, item) {
                has_object = true;
                let number = self.objects.len();
                let mut typed = typed.map(|(_, typed)| typed.numbered(number));
                if object.names_namespace() {
                    let given = *given.get_or_insert_with(|| self.kustomize.given(document.file));
                    object.take_namespace(given);
                    if let (Some(typed), true) = (&mut typed, given != Given::Own) {
                        typed.move_to(object.namespace);
                    }
                }
                let held = held(&object, typed.as_ref());
                self.secrets.extend(held.map(|data| (number, data)));
                self.objects.push(object);
                all.extend(typed);
            }
        }
        if has_object {
            return;
        }
        if is_values(node) {
            self.values.push(values_of(node, "", None));
        } else if let Some(node) = node.get("traefik").filter(|node| is_values(node)) {
            // A chart that has Traefik's below it.
            self.values.push(values_of(node, "traefik.", None));
        } else if node.get("externalhost").is_some() {
            self.instances.push(values_of(node, "", None));
        }
    }
}
