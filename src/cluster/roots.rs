//! Which files are applied to a cluster together: those of a kustomization that no other includes, and those of each
//! path that Flux or Argo CD applies. Two clusters of one repository have a root each, and share what both include.

use super::file_paths::{below, directory, is_in, normal};
use super::kustomization::{self, is_of_flux};
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// The files of the input.
#[derive(Debug)]
pub struct Files<'a> {
    /// Their names, paths with `/`.
    pub names: &'a [&'a str],
    /// The trees of fleets that they belong to: all of such a tree is applied to one cluster.
    pub trees: &'a [Option<&'a str>],
    /// Those of their documents that have a say, each with the index of its file.
    pub documents: &'a [(usize, &'a Node)],
    /// Directories that are applied to a cluster each; if none is given, roots are found out.
    pub roots: &'a [String],
}

/// Returns the files of each root, by their indexes, and at last those that no root has. All files are one root where no two
/// kustomizations or paths are of different clusters.
#[must_use]
pub fn divide(files: &Files<'_>) -> Vec<BTreeSet<usize>> {
    let whole = || vec![(0..files.names.len()).collect()];
    let mut repository = Repository::of(files);
    if files.roots.is_empty() && repository.is_of_one_tree() {
        return whole();
    }
    let names: Vec<String> = files.names.iter().map(|name| normal(name)).collect();
    repository.resolve(&names, files.trees);
    let given: BTreeSet<String> = files.roots.iter().map(|root| normal(root)).collect();
    let mut roots = if given.is_empty() {
        let roots = repository.roots(files.trees, &names);
        if roots.len() < 2 {
            return whole();
        }
        roots
    } else {
        repository.given_roots(&given, &names)
    };
    let taken: BTreeSet<usize> = roots.iter().flatten().copied().collect();
    let rest: BTreeSet<usize> = (0..names.len())
        .filter(|file| !taken.contains(file))
        .collect();
    if !rest.is_empty() {
        roots.push(rest);
    }
    roots
}

/// Returns whether a document may say what is applied together; all others may be left out.
#[must_use]
pub fn has_a_say(document: &Node, file: &str) -> bool {
    kustomization::is_one(document, file) || is_of_flux(document) || is_of_argo_cd(document)
}

/// What is applied as a whole: a directory with its kustomization, or one of which all files are.
#[derive(Debug, Default)]
struct RootUnit<'a> {
    /// What its kustomization includes, files and directories; nothing if there is no kustomization.
    includes: Option<Vec<String>>,
    tree: Option<&'a str>,
    /// Units that are applied to the same cluster from within it.
    applies: BTreeSet<String>,
    /// Whether it is applied by itself.
    is_root: bool,
}

/// A path that Flux or Argo CD applies.
#[derive(Debug)]
struct Applied {
    /// The file that has it.
    file: usize,
    path: String,
    /// Whether to the cluster that the object itself is in.
    is_here: bool,
}

#[derive(Debug, Default)]
struct Repository<'a> {
    units: BTreeMap<String, RootUnit<'a>>,
    applied: Vec<Applied>,
}

impl<'a> Repository<'a> {
    fn of(files: &Files<'a>) -> Self {
        let mut repository = Self::default();
        for (file, document) in files.documents {
            let applied = applied(document).into_iter();
            repository
                .applied
                .extend(applied.map(|(path, is_here)| Applied {
                    file: *file,
                    path,
                    is_here,
                }));
            let name = files.names[*file];
            if is_of_flux(document) || !kustomization::is_one(document, name) {
                continue;
            }
            let name = normal(name);
            let folder = directory(&name).unwrap_or_default();
            let unit = repository.units.entry(folder.to_owned()).or_default();
            unit.tree = unit.tree.or(files.trees[*file]);
            let known = unit.includes.get_or_insert_default();
            known.extend(kustomization::taken(document, &name));
        }
        repository
    }

    fn is_of_one_tree(&self) -> bool {
        let mut trees = self.units.values().map(|unit| &unit.tree);
        let is_one = match trees.next() {
            None => true,
            Some(first) => first.is_some() && trees.all(|tree| tree == first),
        };
        is_one && self.applied.is_empty()
    }

    /// Finds the directories of the applied paths. They are relative to the repository, whose top may be above or below
    /// the top of the input.
    fn resolve(&mut self, names: &[String], trees: &[Option<&'a str>]) {
        if self.applied.is_empty() {
            return;
        }
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        for name in names {
            let mut above = directory(name);
            while let Some(folder) = above
                && folders.insert(folder)
            {
                above = directory(folder);
            }
        }
        let mut resolved = Vec::new();
        for applied in std::mem::take(&mut self.applied) {
            let mut tops = Vec::new();
            let mut above = directory(&names[applied.file]);
            while let Some(folder) = above {
                tops.push(folder);
                above = directory(folder);
            }
            let paths = tops.iter().rev().map(|top| below(top, &applied.path));
            let mut found = paths.map(|path| matching(&path, &folders));
            for path in found.find(|found| !found.is_empty()).unwrap_or_default() {
                let unit = self.units.entry(path.clone()).or_default();
                unit.tree = unit.tree.or(trees[applied.file]);
                resolved.push((applied.file, applied.is_here, path));
            }
        }
        for (file, is_here, path) in resolved {
            let home = self.home(&names[file]).filter(|_| is_here);
            match home.map(str::to_owned) {
                Some(home) if home == path => {}
                Some(home) => {
                    let unit = self.units.entry(home).or_default();
                    unit.applies.insert(path);
                }
                None => self.units.entry(path).or_default().is_root = true,
            }
        }
    }

    /// Returns the unit that a file belongs to: the nearest, in its directory or above it.
    fn home(&self, name: &str) -> Option<&str> {
        let mut above = directory(name);
        while let Some(folder) = above {
            if let Some((unit, _)) = self.units.get_key_value(folder) {
                return Some(unit);
            }
            above = directory(folder);
        }
        None
    }

    /// Returns the units that a unit brings with it.
    fn brings<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let unit = self.units.get(name);
        let included = unit.and_then(|unit| unit.includes.as_ref());
        // Flux makes a kustomization of all that is below the path, where there is none.
        let all = match included {
            Some(_) => Vec::new(),
            None => self.below(name).collect(),
        };
        let applies = unit.into_iter().flat_map(|unit| &unit.applies);
        let named = included.into_iter().flatten().chain(applies);
        let known = named.filter_map(|path| Some(self.units.get_key_value(path)?.0.as_str()));
        known.chain(all).filter(move |other| *other != name)
    }

    /// Returns the units in the directories below one.
    fn below<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let first = if name.is_empty() {
            String::new()
        } else {
            format!("{name}/")
        };
        let from = self.units.range(first.clone()..);
        from.map(|(other, _)| other.as_str())
            .take_while(move |other| other.starts_with(&first))
    }

    /// Returns a unit with all that it brings with it.
    fn closure<'s>(&'s self, name: &'s str) -> BTreeSet<&'s str> {
        let mut closure = BTreeSet::from([name]);
        let mut pending = vec![name];
        while let Some(name) = pending.pop() {
            pending.extend(self.brings(name).filter(|other| closure.insert(other)));
        }
        closure
    }

    /// Returns the files of each of these directories: all that is below it, and what that brings with it.
    fn given_roots(&self, given: &BTreeSet<String>, names: &[String]) -> Vec<BTreeSet<usize>> {
        let by_name: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
        let root = |root: &String| {
            let units = self.units.keys().filter(|unit| is_in(unit, root));
            let units: BTreeSet<&str> = units.flat_map(|unit| self.closure(unit)).collect();
            let included = units.iter().filter_map(|unit| self.units.get(*unit));
            let included = included.flat_map(|unit| unit.includes.iter().flatten());
            let mut files: BTreeSet<usize> = included
                .filter_map(|path| by_name.get(path.as_str()).copied())
                .collect();
            let all = names.iter().enumerate();
            let of_root = all.filter(|(_, name)| {
                let is_brought = || self.home(name).is_some_and(|home| units.contains(home));
                is_in(name, root) || is_brought()
            });
            files.extend(of_root.map(|(file, _)| file));
            files
        };
        let roots = given.iter().map(root);
        roots.filter(|files| !files.is_empty()).collect()
    }

    fn roots(&self, of_tree: &[Option<&str>], names: &[String]) -> Vec<BTreeSet<usize>> {
        let brought: BTreeSet<&str> = self
            .units
            .keys()
            .flat_map(|name| self.brings(name))
            .collect();
        let mut tops: Vec<&str> = self
            .units
            .iter()
            .filter(|(name, unit)| unit.is_root || !brought.contains(name.as_str()))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut closures: Vec<BTreeSet<&str>> = tops.iter().map(|top| self.closure(top)).collect();
        // Those that bring each other in a circle are one.
        let mut closed: BTreeSet<&str> = closures.iter().flatten().copied().collect();
        for name in self.units.keys() {
            if closed.contains(name.as_str()) {
                continue;
            }
            let closure = self.closure(name);
            closed.extend(&closure);
            tops.push(name);
            closures.push(closure);
        }
        let mut of_unit: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let by_name: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
        let mut homeless: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, (name, tree)) in names.iter().zip(of_tree).enumerate() {
            match (self.home(name), *tree) {
                (Some(unit), _) => {
                    of_unit.entry(unit).or_default().insert(number);
                }
                (None, Some(tree)) => homeless.entry(tree).or_default().push(number),
                (None, None) => {}
            }
        }
        for (name, unit) in &self.units {
            let included = unit.includes.iter().flatten();
            let included = included.filter_map(|path| by_name.get(path.as_str()));
            of_unit.entry(name).or_default().extend(included);
        }
        let mut roots: Vec<BTreeSet<usize>> = Vec::new();
        let mut trees: BTreeMap<&str, usize> = BTreeMap::new();
        for (top, closure) in tops.iter().zip(closures) {
            let of_root = closure.iter().filter_map(|unit| of_unit.get(unit));
            let of_root = of_root.flatten().copied();
            let tree = self.units.get(*top).and_then(|unit| unit.tree);
            let known = tree.and_then(|tree| trees.get(tree));
            if let Some(known) = known {
                roots[*known].extend(of_root);
                continue;
            }
            let mut root: BTreeSet<usize> = of_root.collect();
            if let Some(tree) = tree {
                root.extend(homeless.get(tree).into_iter().flatten());
                trees.insert(tree, roots.len());
            }
            roots.push(root);
        }
        roots.sort();
        roots
    }
}

fn is_of_argo_cd(document: &Node) -> bool {
    let version = document.text_of("apiVersion").unwrap_or_default();
    version.starts_with("argoproj.io/")
}

/// Returns the paths that an object of Flux or Argo CD has applied, and whether to the cluster that it is in itself.
fn applied(document: &Node) -> Vec<(String, bool)> {
    let kind = document.text_of("kind").unwrap_or_default();
    if is_of_flux(document) && kind == "Kustomization" {
        let spec = document.get("spec");
        let path = spec.and_then(|spec| spec.text_of("path"));
        let is_here = spec.is_some_and(|spec| spec.get("kubeConfig").is_none());
        return path
            .map(|path| (path.to_owned(), is_here))
            .into_iter()
            .collect();
    }
    if !is_of_argo_cd(document) {
        return Vec::new();
    }
    let spec = match kind {
        "Application" => document.get("spec"),
        "ApplicationSet" => document.at_path(&["spec", "template", "spec"]),
        _ => None,
    };
    let Some(spec) = spec else { return Vec::new() };
    let destination = |key: &str| spec.at_path(&["destination", key]).and_then(Node::text);
    let is_here = destination("server") == Some("https://kubernetes.default.svc")
        || destination("name") == Some("in-cluster");
    let sources = spec
        .get("source")
        .into_iter()
        .chain(spec.items_of("sources"));
    let named = sources.filter_map(|source| source.text_of("path"));
    let mut paths: Vec<String> = named.map(str::to_owned).collect();
    if paths.iter().any(|path| path.contains("{{")) {
        paths.retain(|path| !path.contains("{{"));
        generated(document.at_path(&["spec", "generators"]), &mut paths);
    }
    paths.into_iter().map(|path| (path, is_here)).collect()
}

/// Adds the directories that generators of an `ApplicationSet` list.
fn generated(generators: Option<&Node>, paths: &mut Vec<String>) {
    for generator in generators.map(Node::items).unwrap_or_default() {
        let directories = generator.at_path(&["git", "directories"]);
        for directory in directories.map(Node::items).unwrap_or_default() {
            if !directory.is_true("exclude") {
                paths.extend(directory.text_of("path").map(str::to_owned));
            }
        }
        for key in ["matrix", "merge"] {
            generated(generator.at_path(&[key, "generators"]), paths);
        }
    }
}

/// Returns the directories that a path with `*` means, each of which stands for a part of a name.
fn matching(path: &str, folders: &BTreeSet<&str>) -> BTreeSet<String> {
    if !path.contains('*') {
        let found = folders.get(path);
        return found.map(|path| (*path).to_owned()).into_iter().collect();
    }
    let fits = |folder: &&&str| {
        let (wanted, parts) = (path.split('/'), folder.split('/'));
        wanted.clone().count() == parts.clone().count()
            && wanted.zip(parts).all(|(wanted, part)| fits(wanted, part))
    };
    let found = folders.iter().filter(fits);
    found.map(|folder| (*folder).to_owned()).collect()
}

fn fits(wanted: &str, part: &str) -> bool {
    let mut pieces = wanted.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| part.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        last = Some(piece);
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    last.map_or(rest.is_empty(), |last| part.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the names of the files of each root.
    fn roots(files: &[(&str, &str)]) -> Vec<String> {
        in_trees(files, |_| None)
    }

    fn in_trees(files: &[(&str, &str)], tree: fn(&str) -> Option<&str>) -> Vec<String> {
        divided(files, tree, &[])
    }

    fn divided(
        files: &[(&str, &str)],
        tree: fn(&str) -> Option<&str>,
        given: &[String],
    ) -> Vec<String> {
        let read = |(name, text): &(&str, &str)| crate::yaml::read_all(text, name).unwrap();
        let documents: Vec<Vec<Node>> = files.iter().map(read).collect();
        let numbered = documents.iter().enumerate();
        let documents: Vec<(usize, &Node)> = numbered
            .flat_map(|(file, documents)| documents.iter().map(move |node| (file, node)))
            .collect();
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let trees: Vec<Option<&str>> = names.iter().map(|name| tree(name)).collect();
        let all = Files {
            names: &names,
            trees: &trees,
            documents: &documents,
            roots: given,
        };
        let roots = divide(&all).into_iter().map(|root| {
            let names: Vec<&str> = root.into_iter().map(|file| files[file].0).collect();
            names.join(" ")
        });
        roots.collect()
    }

    #[test]
    fn given_roots_have_all_below_them_and_what_that_includes_and_the_others_are_apart() {
        let files = [
            ("base/kustomization.yaml", "resources: [x.yaml]"),
            ("./base/x.yaml", ""),
            ("clusters/a/kustomization.yaml", "resources: [../../base]"),
            ("clusters/a/flux/kustomization.yaml", "resources: []"),
            ("clusters/a/flux/y.yaml", ""),
            ("clusters/b/plain.yaml", ""),
            ("notes.yaml", ""),
        ];
        let given = |roots: &[&str]| {
            let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
            divided(&files, |_| None, &roots)
        };
        let of_a = "base/kustomization.yaml ./base/x.yaml clusters/a/kustomization.yaml \
                    clusters/a/flux/kustomization.yaml clusters/a/flux/y.yaml";
        assert_eq!(
            given(&["./clusters/a/", "clusters/b"]),
            [of_a, "clusters/b/plain.yaml", "notes.yaml"]
        );
        assert_eq!(
            given(&["clusters/a", "elsewhere"]),
            [of_a, "clusters/b/plain.yaml notes.yaml"]
        );
        assert_eq!(given(&["."]).len(), 1);
    }

    const BASE: (&str, &str) = ("base/kustomization.yaml", "resources: [x.yaml]");

    #[test]
    fn two_overlays_are_two_roots_and_both_have_the_base() {
        let files = [
            ("./base/kustomization.yaml", BASE.1),
            ("base/x.yaml", ""),
            (
                "clusters/a/kustomization.yaml",
                "resources: [../../base, a.yaml]",
            ),
            ("clusters/a/a.yaml", ""),
            ("clusters/b/kustomization.yaml", "components: [../../base/]"),
            ("clusters/b/b.yaml", ""),
            ("notes.yaml", ""),
        ];
        assert_eq!(
            roots(&files),
            [
                "./base/kustomization.yaml base/x.yaml clusters/a/kustomization.yaml clusters/a/a.yaml",
                "./base/kustomization.yaml base/x.yaml clusters/b/kustomization.yaml clusters/b/b.yaml",
                "notes.yaml"
            ]
        );
        assert_eq!(roots(&files[..4]).len(), 1);
        assert_eq!(roots(&[BASE, ("y.yaml", ""), ("z/y.yaml", "")]).len(), 1);
        assert_eq!(roots(&[("y.yaml", ""), ("z/y.yaml", "")]).len(), 1);
    }

    fn flux(path: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {{path: {path}{more}}}\n"
        )
    }

    #[test]
    fn each_path_of_flux_is_a_root_unless_a_cluster_applies_it_to_itself() {
        let (a, b) = (flux("./clusters/a", ""), flux("./clusters/b", ""));
        let files = [
            ("flux/a.yaml", a.as_str()),
            ("flux/b.yaml", b.as_str()),
            ("clusters/a/a.yaml", ""),
            ("clusters/b/deep/kustomization.yaml", "namespace: n"),
            ("clusters/b/b.yaml", ""),
        ];
        assert_eq!(
            roots(&files),
            [
                "clusters/a/a.yaml",
                "clusters/b/deep/kustomization.yaml clusters/b/b.yaml",
                "flux/a.yaml flux/b.yaml"
            ]
        );
        // Below another folder, and with what `flux bootstrap` writes.
        let (a, b, apps) = (
            flux("./clusters/a", ""),
            flux("clusters/b", ""),
            flux("./apps", ""),
        );
        let files = [
            ("r/clusters/a/flux-system/sync.yaml", a.as_str()),
            (
                "r/clusters/a/flux-system/kustomization.yaml",
                "resources: [sync.yaml]",
            ),
            ("r/clusters/a/apps.yaml", apps.as_str()),
            ("r/clusters/b/flux-system/sync.yaml", b.as_str()),
            ("r/clusters/b/apps.yaml", apps.as_str()),
            ("r/apps/x.yaml", ""),
        ];
        assert_eq!(
            roots(&files),
            [
                "r/clusters/a/flux-system/sync.yaml r/clusters/a/flux-system/kustomization.yaml r/clusters/a/apps.yaml r/apps/x.yaml",
                "r/clusters/b/flux-system/sync.yaml r/clusters/b/apps.yaml r/apps/x.yaml"
            ]
        );
        let elsewhere = flux("./two", ", kubeConfig: {}");
        let files = [
            ("one/kustomization.yaml", "resources: [flux.yaml]"),
            ("one/flux.yaml", elsewhere.as_str()),
            ("two/x.yaml", ""),
        ];
        assert_eq!(
            roots(&files),
            ["one/kustomization.yaml one/flux.yaml", "two/x.yaml"]
        );
    }

    #[test]
    fn each_path_of_argo_cd_is_a_root() {
        let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {path: a}, destination: {server: 'https://a'}}\n---\n\
                           apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {sources: [{path: b}], destination: {server: 'https://b'}}\n";
        let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {generators: [{git: {directories: [{path: 'fleet/*'}]}}], \
                   template: {spec: {source: {path: '{{.path.path}}'}}}}\n";
        let files = [
            ("apps.yaml", application),
            ("a/x.yaml", ""),
            ("b/x.yaml", ""),
        ];
        assert_eq!(roots(&files), ["a/x.yaml", "b/x.yaml", "apps.yaml"]);
        let files = [
            ("set.yaml", set),
            ("fleet/a/x.yaml", ""),
            ("fleet/b/x.yaml", ""),
            ("x.yaml", ""),
        ];
        assert_eq!(
            roots(&files),
            ["fleet/a/x.yaml", "fleet/b/x.yaml", "set.yaml x.yaml"]
        );
    }

    #[test]
    fn all_of_a_fleets_tree_is_one_root() {
        fn tree(name: &str) -> Option<&str> {
            Some(name.split_once('/')?.0)
        }
        let one = flux("./shards/000", "");
        let files = [
            ("f/shards/000/kustomization.yaml", "namespace: n"),
            ("f/shards/001/kustomization.yaml", "namespace: n"),
            ("f/cluster/values.yaml", ""),
            ("f/flux/000.yaml", one.as_str()),
        ];
        assert_eq!(in_trees(&files, tree).len(), 1);
        assert_eq!(roots(&files).len(), 3);
        let files = [
            ("f/instances/a/kustomization.yaml", "namespace: n"),
            ("f/instances/b/kustomization.yaml", "namespace: n"),
            ("g/instances/a/kustomization.yaml", "namespace: n"),
        ];
        assert_eq!(in_trees(&files, tree).len(), 2);
    }

    #[test]
    fn kustomizations_in_a_circle_are_one_root() {
        let files = [
            ("a/kustomization.yaml", "resources: [../b]"),
            ("b/kustomization.yaml", "resources: [../a]"),
            ("c/kustomization.yaml", "namespace: n"),
        ];
        assert_eq!(
            roots(&files),
            [
                "a/kustomization.yaml b/kustomization.yaml",
                "c/kustomization.yaml"
            ]
        );
    }

    #[test]
    fn an_asterisk_stands_for_a_part_of_a_name() {
        for (wanted, part, is_fit) in [
            ("*", "a", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("a", "ab", false),
            ("b*", "ab", false),
        ] {
            assert_eq!(fits(wanted, part), is_fit, "{wanted} {part}");
        }
    }
}
