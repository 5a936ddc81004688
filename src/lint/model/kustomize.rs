//! What Kustomize makes of the objects that it takes, and its patches: parts of objects, which say nothing by themselves.

use super::documents::Document;
use crate::cluster::file_paths::{below, directory, is_in, normal};
use crate::cluster::kustomization;
use crate::cluster::unfilled::is_unfilled;
use crate::lint::source::Source;
use crate::yaml::Node;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Returns the indexes of the sources that a Kustomization of the input names as patches.
pub(in crate::lint) fn patches(documents: &[Document], sources: &[Source]) -> BTreeSet<usize> {
    let named: BTreeSet<String> = documents
        .iter()
        .filter(|document| document.is_of_roots)
        .filter(|document| kustomization::is_one(&document.node, &sources[document.file].name))
        .flat_map(|document| {
            let folder = folder(&sources[document.file].name);
            paths(&document.node).map(move |path| below(folder, path))
        })
        .collect();
    let taken = LazyCell::new(|| -> BTreeSet<String> {
        let all = documents.iter().filter(|document| document.is_of_roots);
        let all = all.map(|document| (&document.node, &*sources[document.file].name));
        all.filter(|(node, name)| kustomization::is_one(node, name))
            .flat_map(|(node, name)| kustomization::taken(node, name))
            .collect()
    });
    // What is called a patch is one, for a kustomization that is generated or a script, unless it is taken as a whole.
    let is_named = |source: &Source| {
        if named.is_empty() && !is_called_patch(&source.name) {
            return false;
        }
        let name = normal(&source.name);
        named.contains(&name) || is_called_patch(&name) && !taken.contains(&name)
    };
    let numbered = sources.iter().enumerate();
    numbered
        .filter(|(_, source)| is_named(source))
        .map(|(file, _)| file)
        .collect()
}

/// Returns whether a file is called a patch, or is in a directory of patches.
fn is_called_patch(name: &str) -> bool {
    let mut parts = name.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let words = file.split(['-', '_', '.']);
    words.into_iter().any(|word| word == "patch") || parts.any(|folder| folder == "patches")
}

/// Returns the namespaces that Kustomizations give to what they take, by their folder.
pub(in crate::lint) fn namespaces(
    documents: &[&Document],
    names: &[&str],
) -> BTreeMap<String, String> {
    let documents = documents.iter().filter(|document| document.is_of_roots);
    let said = documents.filter_map(|document| {
        let (node, name) = (&document.node, names[document.file]);
        kustomization::namespace(node, name).filter(|_| kustomization::is_one(node, name))
    });
    said.collect()
}

/// What the kustomizations that take a file make of the namespaces of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given<'a> {
    /// They leave them.
    Own,
    /// One takes their place.
    One(&'a str),
    /// There are several, or what it is has yet to be filled in.
    Open,
}

impl<'a> Given<'a> {
    fn of(namespace: Option<&'a str>) -> Self {
        match namespace {
            None => Self::Own,
            Some(namespace) if is_unfilled(namespace) => Self::Open,
            Some(namespace) => Self::One(namespace),
        }
    }
}

/// The kustomizations of the input, for what they take together and what they make of it.
pub(in crate::lint) struct Kustomizations<'a> {
    names: &'a [&'a str],
    /// Each with its file.
    all: Vec<(usize, &'a Node)>,
    /// The paths that Flux applies with a namespace of its own (`spec.targetNamespace`).
    targets: Vec<(String, &'a str)>,
    /// Whether Flux applies anything: it makes a kustomization of any directory.
    is_of_flux: bool,
    /// Whether any gives a namespace.
    gives_any: bool,
    /// Those that take a file or a directory, by its path.
    takers: OnceLock<BTreeMap<String, Vec<usize>>>,
    /// Whether all files are in one directory.
    is_one_folder: OnceLock<bool>,
}

impl<'a> Kustomizations<'a> {
    pub(super) fn of(documents: &[&'a Document], names: &'a [&'a str]) -> Self {
        let (flux, all): (Vec<_>, Vec<_>) = documents
            .iter()
            .filter(|document| document.is_of_roots)
            .filter(|document| kustomization::is_one(&document.node, names[document.file]))
            .map(|document| (document.file, &document.node))
            .partition(|(_, node)| kustomization::is_of_flux(node));
        let targets = targets(&flux, names);
        let gives_any =
            !targets.is_empty() || all.iter().any(|(_, node)| node.get("namespace").is_some());
        Self {
            all,
            targets,
            is_of_flux: !flux.is_empty(),
            gives_any,
            names,
            takers: OnceLock::new(),
            is_one_folder: OnceLock::new(),
        }
    }

    /// Returns whether two files are applied together for certain: one kustomization takes both, itself or by others.
    /// Without any, all of one directory are.
    pub(in crate::lint) fn are_together(&self, one: usize, other: usize) -> bool {
        if self.all.is_empty() {
            return *self.is_one_folder.get_or_init(|| {
                let home = folder(self.names[one]);
                self.names.iter().all(|name| folder(name) == home)
            });
        }
        let above = self.above(one);
        self.above(other).iter().any(|taker| above.contains(taker))
    }

    /// Returns whether Kustomize reads the objects of a file, by itself or for Flux, and writes them again.
    pub(in crate::lint) fn rewrites(&self, file: usize) -> bool {
        self.is_of_flux || self.is_taken(file)
    }

    /// Returns whether Flux applies what the input has.
    pub(in crate::lint) fn is_of_flux(&self) -> bool {
        self.is_of_flux
    }

    /// Returns whether a kustomization takes a file.
    fn is_taken(&self, file: usize) -> bool {
        let takers = self.takers.get_or_init(|| self.takers());
        takers.contains_key(&normal(self.names[file]))
    }

    /// Returns whether a file is called a template, which a script or a person fills in.
    pub(in crate::lint) fn is_called_template(&self, file: usize) -> bool {
        let name = self.names[file].rsplit('/').next().unwrap_or_default();
        let mut words = name.split(['-', '_', '.']);
        words.any(|word| matches!(word, "template" | "templates" | "tmpl" | "tpl"))
    }

    /// Returns whether a file is called a patch.
    pub(in crate::lint) fn is_called_patch(&self, file: usize) -> bool {
        is_called_patch(self.names[file])
    }

    /// Returns the namespace that kustomizations give to the objects of a file. The outermost has the last word, and
    /// takes the place of one that an object names itself (`NamespaceTransformer` of Kustomize, whose `unsetOnly` is off).
    pub(super) fn given(&self, file: usize) -> Given<'a> {
        if !self.gives_any {
            return Given::Own;
        }
        let takers = self.takers.get_or_init(|| self.takers());
        let mut found: Option<Given<'a>> = None;
        let mut add = |given: Given<'a>| {
            found = Some(match found {
                None => given,
                Some(known) if known == given => given,
                Some(_) => Given::Open,
            });
        };
        let mut pending: Vec<(String, Option<&'a str>)> = vec![(normal(self.names[file]), None)];
        let mut seen = BTreeSet::new();
        while let Some((path, namespace)) = pending.pop() {
            let Some(takers) = takers.get(&path) else {
                let is_below = |target: &&(String, &str)| is_in(&path, &target.0);
                let mut targets = self.targets.iter().filter(is_below).peekable();
                if targets.peek().is_none() {
                    add(Given::of(namespace));
                }
                targets.for_each(|(_, target)| add(Given::of(Some(target))));
                continue;
            };
            for number in takers {
                if seen.insert((*number, namespace)) {
                    let (file, node) = self.all[*number];
                    let outer = node.text_of("namespace").or(namespace);
                    pending.push((normal(folder(self.names[file])), outer));
                }
            }
        }
        found.unwrap_or(Given::Own)
    }

    /// Returns whether kustomizations set the namespace of the objects of a file.
    pub(in crate::lint) fn gives_namespace(&self, file: usize) -> bool {
        self.given(file) != Given::Own
    }

    /// Returns whether kustomizations set the names of the objects of a file, of Namespaces or of any: by `namespace`, by
    /// transformers, replacements, or patches of names. What a component is taken by that is not in the input is open.
    pub(in crate::lint) fn may_rename(&self, file: usize, is_namespace: bool) -> bool {
        if is_namespace && self.given(file) != Given::Own {
            return true;
        }
        let above = self.above(file);
        let is_top = |number: &usize| {
            let takers = self.takers.get_or_init(|| self.takers());
            !takers.contains_key(&normal(folder(self.names[self.all[*number].0])))
        };
        let is_loose = |number: &usize| {
            self.all[*number].1.text_of("kind") == Some("Component") && is_top(number)
        };
        let mut beside = above.iter().copied().collect::<Vec<_>>();
        let mut seen = above.clone();
        while let Some(number) = beside.pop() {
            let (file, node) = self.all[number];
            if is_loose(&number) || renames(node) {
                return true;
            }
            let components: Vec<String> = node
                .items_of("components")
                .iter()
                .filter_map(Node::text)
                .map(|path| below(folder(self.names[file]), path))
                .collect();
            let of_component = |(_, (file, _)): &(usize, &(usize, &Node))| {
                components.contains(&normal(folder(self.names[*file])))
            };
            let found = self.all.iter().enumerate().filter(of_component);
            beside.extend(
                found
                    .map(|(number, _)| number)
                    .filter(|number| seen.insert(*number)),
            );
        }
        false
    }

    /// Returns the directory of a file.
    pub(super) fn folder(&self, file: usize) -> &'a str {
        folder(self.names[file])
    }

    /// Returns the kustomizations that take a file, themselves or by others.
    fn above(&self, file: usize) -> BTreeSet<usize> {
        let takers = self.takers.get_or_init(|| self.takers());
        let mut found = BTreeSet::new();
        let mut pending = vec![normal(self.names[file])];
        while let Some(path) = pending.pop() {
            for number in takers.get(&path).into_iter().flatten() {
                if found.insert(*number) {
                    pending.push(normal(folder(self.names[self.all[*number].0])));
                }
            }
        }
        found
    }

    fn takers(&self) -> BTreeMap<String, Vec<usize>> {
        takers(&self.all, |file| self.names[file])
    }
}

/// Returns the places of the kustomizations that take a file or a directory, by its path.
pub(super) fn takers<'n>(
    all: &[(usize, &Node)],
    name: impl Fn(usize) -> &'n str,
) -> BTreeMap<String, Vec<usize>> {
    let mut takers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, (file, node)) in all.iter().enumerate() {
        for path in kustomization::taken(node, name(*file)) {
            takers.entry(path).or_default().push(number);
        }
    }
    takers
}

/// What a Kustomization of Flux applies.
pub(super) struct Applied<'a> {
    /// Its file.
    pub(super) file: usize,
    /// Its `spec`.
    pub(super) spec: &'a Node,
    /// The directory that it applies.
    pub(super) path: String,
}

/// Returns what those Kustomizations of Flux apply whose `spec` is wanted, as far as it is in the input.
pub(super) fn applied<'a>(
    flux: &[(usize, &'a Node)],
    names: &[&str],
    is_wanted: impl Fn(&Node) -> bool,
) -> Vec<Applied<'a>> {
    let specs = flux.iter();
    let specs = specs.filter_map(|(file, node)| Some((*file, node.get("spec")?)));
    let specs: Vec<(usize, &Node)> = specs.filter(|(_, spec)| is_wanted(spec)).collect();
    if specs.is_empty() {
        return Vec::new();
    }
    let all: BTreeSet<String> = names.iter().map(|name| normal(name)).collect();
    let is_there = |path: &String| {
        let first = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let mut from = all.range(first.clone()..);
        from.next().is_some_and(|name| name.starts_with(&first))
    };
    let resolved = specs.into_iter().filter_map(|(file, spec)| {
        let path = spec.text_of("path").unwrap_or_default();
        let name = normal(names[file]);
        // They are relative to the repository, whose top may be above the top of the input.
        let mut tops: Vec<&str> = Vec::new();
        let mut above = directory(&name);
        while let Some(folder) = above {
            tops.push(folder);
            above = directory(folder);
        }
        let mut paths = tops.iter().rev().map(|top| below(top, path));
        let path = paths.find(is_there)?;
        Some(Applied { file, spec, path })
    });
    resolved.collect()
}

/// Returns the paths that Flux applies with a namespace of its own.
fn targets<'a>(flux: &[(usize, &'a Node)], names: &[&str]) -> Vec<(String, &'a str)> {
    let namespace = |spec: &'a Node| spec.text_of("targetNamespace");
    applied(flux, names, |spec| spec.get("targetNamespace").is_some())
        .into_iter()
        .filter_map(|applied| Some((applied.path, namespace(applied.spec)?)))
        .collect()
}

/// Returns whether a kustomization may set the names of what it takes.
fn renames(node: &Node) -> bool {
    let patches = ["patches", "patchesJson6902"].into_iter();
    let mut patches = patches.flat_map(|key| node.items_of(key));
    ["transformers", "replacements", "vars"]
        .iter()
        .any(|key| !node.items_of(key).is_empty())
        || patches.any(|patch| {
            let of_name = |text: &str| text.contains("/metadata/name");
            patch.get("path").is_some() || patch.text_of("patch").is_some_and(of_name)
        })
}

fn paths(node: &Node) -> impl Iterator<Item = &str> {
    let with_path = ["patches", "patchesJson6902"]
        .into_iter()
        .flat_map(|key| node.items_of(key))
        .filter_map(|patch| patch.text_of("path"));
    let bare = node
        .items_of("patchesStrategicMerge")
        .iter()
        .filter_map(Node::text);
    with_path.chain(bare)
}

/// Returns the directory of a file.
pub(super) fn folder(name: &str) -> &str {
    directory(name).unwrap_or_default()
}
