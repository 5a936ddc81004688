//! What patches and replacements of Kustomize, and of Flux, change of the objects of the input.

use super::documents::{Document, is_list};
use super::kustomize::{Applied, applied, folder, takers};
use crate::cluster::data::Certificates;
use crate::cluster::file_paths::{below, is_in, normal};
use crate::cluster::{self, kustomization};
use crate::lint::source::Source;
use crate::yaml::{At, Node, Value, read_all};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What replaces a value that a patch replaces; no reader takes it for one that is known.
const OPEN: &str = "${patched}";

/// The fields of a kustomization that change what it takes.
const CHANGES: [&str; 4] = [
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
];

/// Lists whose items a strategic merge patch merges by a key of theirs (`patchStrategy: merge` of the core kinds); others it
/// replaces as a whole.
const MERGED: [&str; 7] = [
    "containers",
    "env",
    "imagePullSecrets",
    "initContainers",
    "ports",
    "volumeMounts",
    "volumes",
];

/// What a kustomization changes of the objects of a kind and name.
struct Change {
    kind: Option<String>,
    name: Option<String>,
    edit: Edit,
}

enum Edit {
    /// A strategic merge patch.
    Merge(Node),
    /// Operations of a JSON patch (RFC 6902).
    Operations(Node),
    /// Fields that replacements set.
    Fields(Vec<String>),
}

/// What the kustomizations of the input change.
pub(in crate::lint) struct Changes {
    /// The file of each kustomization, the files of what it takes, and what it changes.
    all: Vec<(usize, BTreeSet<usize>, Vec<Change>)>,
    /// The kustomizations that take a file or a directory, by its path, each by its file.
    takers: BTreeMap<String, Vec<usize>>,
    /// The directories of their files.
    folders: BTreeMap<usize, String>,
    /// The directories that Flux applies, and its own file of each.
    flux: Vec<(String, usize)>,
    /// The paths of those files.
    flux_files: BTreeMap<usize, String>,
}

impl Changes {
    pub(in crate::lint) fn of(documents: &[Document], sources: &[Source]) -> Self {
        let mut changes = Self {
            all: Vec::new(),
            takers: BTreeMap::new(),
            folders: BTreeMap::new(),
            flux: Vec::new(),
            flux_files: BTreeMap::new(),
        };
        let all = documents.iter().filter(|document| document.is_of_roots);
        if !all.into_iter().any(|document| has_changes(&document.node)) {
            return changes;
        }
        let tree = Tree::of(documents, sources);
        for (path, numbers) in takers(&tree.all, |file| tree.names[file]) {
            let files = numbers.iter().map(|number| tree.all[*number].0);
            changes.takers.insert(path, files.collect());
        }
        for (number, (file, node)) in tree.all.iter().enumerate() {
            let folder = normal(folder(tree.names[*file]));
            changes.folders.insert(*file, folder);
            if has_changes(node) {
                let own = changes_of(&tree, *file, node);
                changes.all.push((*file, tree.files(number), own));
            }
        }
        for Applied { file, spec, path } in applied(&tree.flux, &tree.names, |_| true) {
            if has_changes(spec) {
                let own = changes_of(&tree, file, spec);
                changes.all.push((file, tree.below(&path), own));
            }
            changes.flux.push((path, file));
            changes.flux_files.insert(file, normal(tree.names[file]));
        }
        changes
    }

    /// Returns copies of the documents that the kustomizations of a root change, each with its place among all of the
    /// root. What a patch replaces something by holds where the root has one way to the object; else it is
    /// open which of the two holds.
    pub(in crate::lint) fn copies(
        &self,
        documents: &[&Document],
        names: &[&str],
        is_of_root: impl Fn(usize) -> bool,
    ) -> Vec<(usize, Document)> {
        let own = self.all.iter().filter(|(file, ..)| is_of_root(*file));
        let mut by_file: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
        for (_, files, changes) in own {
            for file in files {
                by_file.entry(*file).or_default().extend(changes);
            }
        }
        let copy = |(place, document): (usize, &&Document)| {
            let changes = by_file.get(&document.file)?;
            let name = names[document.file];
            // Of a Secret or ConfigMap what it holds is no longer at hand.
            let kind = document.node.text_of("kind");
            let is_held = matches!(kind, Some("Secret" | "ConfigMap" | "SealedSecret"));
            if is_held || is_list(&document.node) || kustomization::is_one(&document.node, name) {
                return None;
            }
            let changes = changes.iter().filter(|change| change.is_of(&document.node));
            let changes: Vec<&&Change> = changes.collect();
            if changes.is_empty() {
                return None;
            }
            let is_certain = self.has_one_way(name, &is_of_root);
            let mut node = document.node.clone();
            for change in changes {
                change.edit.apply(&mut node, is_certain);
            }
            let typed = cluster::Object::read(&node, &Arc::from(name), &Certificates::default());
            let copy = Document {
                file: document.file,
                number: document.number,
                typed: typed.into_iter().map(|typed| (0, typed)).collect(),
                inner: document.inner.clone(),
                is_of_roots: document.is_of_roots,
                node,
            };
            Some((place, copy))
        };
        documents.iter().enumerate().filter_map(copy).collect()
    }

    /// Returns whether a file is taken once by the kustomizations of a root, and so each of those. What Flux applies is taken
    /// by its Kustomization, whose own file is taken in turn, at the top by itself.
    fn has_one_way(&self, name: &str, is_of_root: &impl Fn(usize) -> bool) -> bool {
        let mut path = normal(name);
        let mut seen = BTreeSet::new();
        // Those that take each other in a circle have no end.
        for _ in 0..100 {
            let takers = self.takers.get(&path).into_iter().flatten();
            let takers: Vec<usize> = takers.copied().filter(|file| is_of_root(*file)).collect();
            match takers[..] {
                [] => {
                    let flux = self.flux.iter();
                    let flux =
                        flux.filter(|(folder, file)| is_in(&path, folder) && is_of_root(*file));
                    let flux: Vec<usize> = flux.map(|(_, file)| *file).collect();
                    match flux[..] {
                        [] => return true,
                        [file] if !seen.insert(file) => return true,
                        [file] => path.clone_from(&self.flux_files[&file]),
                        _ => return false,
                    }
                }
                [file] => path = self.folders.get(&file).cloned().unwrap_or_default(),
                _ => return false,
            }
        }
        false
    }
}

/// Returns whether a kustomization, or the `spec` of one of Flux, changes what it takes.
fn has_changes(kustomization: &Node) -> bool {
    let has = |node: &Node| CHANGES.iter().any(|key| !node.items_of(key).is_empty());
    has(kustomization)
        || kustomization::is_of_flux(kustomization) && kustomization.get("spec").is_some_and(has)
}

impl Edit {
    fn apply(&self, object: &mut Node, is_certain: bool) {
        match self {
            Self::Merge(patch) => merge(object, patch, true, is_certain),
            Self::Operations(operations) => {
                for operation in operations.items() {
                    operate(object, operation, is_certain);
                }
            }
            Self::Fields(fields) => {
                for field in fields {
                    let path: Vec<&str> = field.split('.').collect();
                    open_field(object, &path);
                }
            }
        }
    }
}

impl Change {
    fn is_of(&self, object: &Node) -> bool {
        // Both may be regular expressions.
        let fits = |wanted: &Option<String>, own: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| {
                wanted.contains(['*', '|', '+', '[', '(']) || own == Some(wanted)
            })
        };
        let name = object.at_path(&["metadata", "name"]).and_then(Node::text);
        fits(&self.kind, object.text_of("kind")) && fits(&self.name, name)
    }

    fn new(target: Option<&Node>, edit: Edit) -> Self {
        let of = |key: &str| {
            let text = target.and_then(|target| target.text_of(key));
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            kind: of("kind"),
            name: of("name"),
            edit,
        }
    }
}

/// Returns the changes that a kustomization itself makes.
fn changes_of(tree: &Tree<'_>, file: usize, node: &Node) -> Vec<Change> {
    let in_file = |path: &str| tree.nodes(&below(folder(tree.names[file]), path));
    let inline = |text: &str| read_all(text, "patch").unwrap_or_default();
    let mut changes = Vec::new();
    let mut add = |target: Option<&Node>, patches: Vec<Node>| {
        for patch in patches {
            match &patch.value {
                Value::List(_) => changes.push(Change::new(target, Edit::Operations(patch))),
                Value::Map(_) => {
                    let kind = patch.text_of("kind").map(str::to_owned);
                    let name = patch.at_path(&["metadata", "name"]).and_then(Node::text);
                    let own = Change {
                        kind,
                        name: name.map(str::to_owned),
                        edit: Edit::Merge(patch.clone()),
                    };
                    changes.push(match target {
                        Some(_) => Change::new(target, Edit::Merge(patch)),
                        None => own,
                    });
                }
                _ => {}
            }
        }
    };
    for patch in ["patches", "patchesJson6902"]
        .into_iter()
        .flat_map(|key| node.items_of(key))
    {
        let found = match (patch.text_of("patch"), patch.text_of("path")) {
            (Some(text), _) => inline(text),
            (None, Some(path)) => in_file(path),
            (None, None) => Vec::new(),
        };
        add(patch.get("target"), found);
    }
    for patch in node
        .items_of("patchesStrategicMerge")
        .iter()
        .filter_map(Node::text)
    {
        let is_inline = patch.contains('\n');
        add(
            None,
            if is_inline {
                inline(patch)
            } else {
                in_file(patch)
            },
        );
    }
    for replacement in node.items_of("replacements") {
        let targets = replacement.items_of("targets");
        let targets = targets.iter().map(|target| {
            let fields = target.items_of("fieldPaths").iter().filter_map(Node::text);
            let fields = fields.map(str::to_owned).collect();
            Change::new(target.get("select"), Edit::Fields(fields))
        });
        changes.extend(targets);
    }
    changes
}

/// Merges a strategic merge patch into an object, or into a part of it.
fn merge(node: &mut Node, patch: &Node, is_top: bool, is_certain: bool) {
    for (key, value) in patch.entries() {
        let text = key.text.as_str();
        // The head of a patch says which object it is for.
        if is_top && matches!(text, "apiVersion" | "kind") || text.starts_with('$') {
            continue;
        }
        if is_top && text == "metadata" {
            for section in ["labels", "annotations"] {
                let part = value.get(section).into_iter();
                for (key, value) in part.flat_map(Node::entries) {
                    set(node, &["metadata", section, &key.text], value, is_certain);
                }
            }
            continue;
        }
        match node.get_mut(text) {
            Some(own) => match (&own.value, &value.value) {
                (Value::Map(_), Value::Map(_)) => merge(own, value, false, is_certain),
                (Value::List(_), Value::List(_)) if MERGED.contains(&text) => {
                    value
                        .items()
                        .iter()
                        .for_each(|item| join(own, item, is_certain));
                }
                _ => replace(own, value, is_certain),
            },
            None => insert(node, text, value),
        }
    }
}

/// Merges an item into the one of a list that has its key, or adds it.
fn join(list: &mut Node, item: &Node, is_certain: bool) {
    let at = list.at;
    let Value::List(items) = &mut list.value else {
        return;
    };
    let keys = ["mountPath", "containerPort", "port", "name"];
    let key = keys.into_iter().find(|key| item.get(key).is_some());
    let value = |node: &Node| key.and_then(|key| Some(node.get(key)?.value.clone()));
    let same = items.iter_mut().find(|own| value(own) == value(item));
    match same.filter(|_| key.is_some()) {
        Some(own) => merge(own, item, false, is_certain),
        None => items.push(placed(item, at)),
    }
}

/// Applies an operation of a JSON patch.
fn operate(object: &mut Node, operation: &Node, is_certain: bool) {
    let Some(path) = operation.text_of("path") else {
        return;
    };
    let path = path.strip_prefix('/').unwrap_or(path);
    let parts: Vec<String> = path
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    // Names and namespaces are looked at where they are given.
    if matches!(
        parts[..],
        ["metadata", "name" | "namespace"] | ["kind" | "apiVersion", ..]
    ) {
        return;
    }
    match operation.get("value") {
        Some(value) => set(object, &parts, value, is_certain),
        None => open_field(object, &parts),
    }
}

/// Sets a value at a path: adds it where there is none, and opens what is there.
fn set(node: &mut Node, path: &[&str], value: &Node, is_certain: bool) {
    let Some((first, rest)) = path.split_first() else {
        replace(node, value, is_certain);
        return;
    };
    let at = node.at;
    if let Value::List(items) = &mut node.value {
        match first
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get_mut(index))
        {
            Some(item) => set(item, rest, value, is_certain),
            None if rest.is_empty() => items.push(placed(value, at)),
            None => {}
        }
        return;
    }
    match node.get_mut(first) {
        Some(own) => set(own, rest, value, is_certain),
        None if rest.is_empty() => insert(node, first, value),
        None => {
            insert(
                node,
                first,
                &Node {
                    value: Value::Map(Vec::new()),
                    at,
                },
            );
            if let Some(own) = node.get_mut(first) {
                set(own, rest, value, is_certain);
            }
        }
    }
}

/// Opens the fields at a path, of which `*` and `[name=a]` stand for several.
fn open_field(node: &mut Node, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        open(node);
        return;
    };
    if *first == "*" || first.starts_with('[') {
        let of_map = node.entries_mut().iter_mut().map(|(_, node)| node);
        of_map.for_each(|node| open_field(node, rest));
        node.items_mut()
            .iter_mut()
            .for_each(|node| open_field(node, rest));
    } else if let Some(own) = first
        .parse::<usize>()
        .ok()
        .and_then(|index| node.items_mut().get_mut(index))
    {
        open_field(own, rest);
    } else if let Some(own) = node.get_mut(first) {
        open_field(own, rest);
    }
}

fn replace(own: &mut Node, value: &Node, is_certain: bool) {
    if is_certain {
        *own = placed(value, own.at);
    } else if own.value != value.value {
        open(own);
    }
}

/// Makes every value below a node one that is not known.
fn open(node: &mut Node) {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| open(node)),
        Value::List(items) => items.iter_mut().for_each(open),
        Value::Null => {}
        value => *value = Value::Text(OPEN.to_owned()),
    }
}

fn insert(node: &mut Node, key: &str, value: &Node) {
    let at = node.at;
    if let Value::Map(entries) = &mut node.value {
        let key = crate::yaml::Key {
            text: key.into(),
            at,
        };
        entries.push((key, placed(value, at)));
    }
}

/// Returns a copy of a value of another file, at a place of this one.
fn placed(value: &Node, at: At) -> Node {
    let value = match &value.value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, node)| {
                    let key = crate::yaml::Key {
                        text: key.text.clone(),
                        at,
                    };
                    (key, placed(node, at))
                })
                .collect(),
        ),
        Value::List(items) => Value::List(items.iter().map(|node| placed(node, at)).collect()),
        other => other.clone(),
    };
    Node { value, at }
}

/// The kustomizations of the input, for what each takes.
struct Tree<'a> {
    all: Vec<(usize, &'a Node)>,
    /// Those of Flux.
    flux: Vec<(usize, &'a Node)>,
    documents: &'a [Document],
    /// The names of all files.
    names: Vec<&'a str>,
    by_folder: BTreeMap<String, usize>,
    by_name: BTreeMap<String, usize>,
}

impl<'a> Tree<'a> {
    fn of(documents: &'a [Document], sources: &'a [Source]) -> Self {
        let names: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
        let all = documents.iter().filter(|document| document.is_of_roots);
        let all = all.map(|document| (document.file, &document.node));
        let (flux, all): (Vec<_>, Vec<_>) = all
            .filter(|(file, node)| kustomization::is_one(node, names[*file]))
            .partition(|(_, node)| kustomization::is_of_flux(node));
        let folders = all.iter().map(|(file, _)| normal(folder(names[*file])));
        Self {
            by_folder: folders.zip(0..).collect(),
            by_name: names.iter().map(|name| normal(name)).zip(0..).collect(),
            all,
            flux,
            documents,
            names,
        }
    }

    /// Returns the documents of a file, by its path.
    fn nodes(&self, path: &str) -> Vec<Node> {
        let Some(file) = self.by_name.get(path) else {
            return Vec::new();
        };
        // Documents are in the order of their files.
        let first = self
            .documents
            .partition_point(|document| document.file < *file);
        let of_file = self.documents[first..].iter();
        let of_file = of_file.take_while(|document| document.file == *file);
        of_file.map(|document| document.node.clone()).collect()
    }

    /// Returns the files that Flux applies of a directory: what its kustomization takes, else all that is below.
    fn below(&self, path: &str) -> BTreeSet<usize> {
        if let Some(number) = self.by_folder.get(path) {
            return self.files(*number);
        }
        let all = self.by_name.iter();
        let found = all.filter(|(name, _)| is_in(name, path));
        found.map(|(_, file)| *file).collect()
    }

    /// Returns the files that a kustomization takes, itself or by others; of a component those of all that take it.
    fn files(&self, number: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::from([number]);
        let mut pending = vec![number];
        let mut files = BTreeSet::new();
        while let Some(number) = pending.pop() {
            let (file, node) = self.all[number];
            let name = self.names[file];
            for path in kustomization::taken(node, name) {
                files.extend(self.by_name.get(&path));
                let found = self.by_folder.get(&path).copied();
                pending.extend(found.filter(|found| seen.insert(*found)));
            }
            if node.text_of("kind") == Some("Component") {
                let own = normal(folder(name));
                let takes = |(_, (file, node)): &(usize, &(usize, &Node))| {
                    let folder = folder(self.names[*file]);
                    let components = node.items_of("components").iter().filter_map(Node::text);
                    components
                        .into_iter()
                        .any(|path| below(folder, path) == own)
                };
                let parents = self.all.iter().enumerate().filter(takes);
                let parents = parents.map(|(parent, _)| parent);
                pending.extend(parents.filter(|parent| seen.insert(*parent)));
            }
        }
        files
    }
}
