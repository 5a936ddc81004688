//! Where an object is looked up: in a namespace, or, where none is given, beside what lies in its directory or file.

use super::file_paths::directory;
use std::collections::{BTreeMap, BTreeSet};

/// A namespace, or what stands for one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A namespace.
    Namespace(String),
    /// A directory or a file, of objects without a namespace.
    Beside(String),
}

impl Scope {
    /// Returns the scope of objects of a file that name no namespace: its directory.
    #[must_use]
    pub fn beside(file: &str) -> Self {
        Self::Beside(directory(file).unwrap_or_default().to_owned())
    }

    /// Returns the namespace, if it is one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(namespace) => Some(namespace),
            Self::Beside(_) => None,
        }
    }

    /// Names it for people.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Namespace(name) | Self::Beside(name) => name,
        }
    }

    /// Returns whether both are namespaces, and not the same; what is not said may be any.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Namespace(one), Self::Namespace(other)) => one != other,
            _ => false,
        }
    }

    /// Takes the namespace that the nearest `kustomization.yaml` gives, in the directory or above it.
    pub(super) fn take_namespace(&mut self, kustomizations: &BTreeMap<String, String>) {
        let Self::Beside(beside) = self else { return };
        if kustomizations.is_empty() {
            return;
        }
        let mut below = Some(beside.as_str());
        while let Some(directory_here) = below {
            if let Some(namespace) = kustomizations.get(directory_here) {
                *self = Self::Namespace(namespace.clone());
                return;
            }
            below = directory(directory_here);
        }
    }
}

/// The directories in which every file is an instance of its own: those with two objects of one kind and name in two
/// files.
#[derive(Debug, Default)]
pub(super) struct Homes(BTreeSet<String>);

impl Homes {
    pub(super) fn of<'a>(
        objects: impl Iterator<Item = (&'static str, &'a str, &'a Scope, &'a str)>,
    ) -> Self {
        let mut several = BTreeSet::new();
        let mut seen: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
        for (kind, name, scope, file) in objects {
            if let Scope::Beside(below) = scope {
                let first = *seen.entry((below, kind, name)).or_insert(file);
                if first != file {
                    several.insert(below.clone());
                }
            }
        }
        Self(several)
    }

    /// Makes the file the scope, where its directory holds several instances.
    pub(super) fn settle(&self, scope: &mut Scope, file: &str) {
        if let Scope::Beside(below) = scope
            && self.0.contains(below)
        {
            file.clone_into(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_kustomization_gives_the_namespace() {
        let kustomizations = BTreeMap::from([
            (String::new(), "top".to_owned()),
            ("a/b".to_owned(), "near".to_owned()),
        ]);
        for (file, namespace) in [
            ("a/b/c/x.yaml", "near"),
            ("a/x.yaml", "top"),
            ("x.yaml", "top"),
        ] {
            let mut scope = Scope::beside(file);
            scope.take_namespace(&kustomizations);
            assert_eq!(scope.namespace(), Some(namespace), "{file}");
        }
    }
}
