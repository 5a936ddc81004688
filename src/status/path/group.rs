//! What belongs together: a namespace, or what lies in one directory or file where no namespace is given.

use crate::find::{Origin, directory};
use crate::routing::{Home, Routing};
use crate::status::Row;
use std::collections::{BTreeMap, BTreeSet};

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// A namespace.
    Namespace(String),
    /// A directory or a file, of objects without a namespace.
    Beside(String),
}

impl Group {
    pub(super) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(namespace) => Some(namespace),
            Self::Beside(_) => None,
        }
    }

    /// Names it for people.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Namespace(name) | Self::Beside(name) => name,
        }
    }
}

/// Knows the directories in which every file is an instance of its own.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeSet<String>);

impl Groups {
    /// A directory with two objects of one kind and name, in two files, holds several instances.
    pub(super) fn of(rows: &[Row], routing: &Routing) -> Self {
        let mut several = BTreeSet::new();
        let mut seen: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
        let mut note = |kind, name, file| {
            let below = directory(file).unwrap_or_default();
            let first = *seen.entry((below, kind, name)).or_insert(file);
            if first != file {
                several.insert(below.to_owned());
            }
        };
        for origin in rows.iter().flat_map(|row| &row.origins) {
            if let Origin::Object(object) = origin
                && object.namespace.is_none()
            {
                note(object.kind.as_str(), &object.name, &object.file);
            }
        }
        let routes = routing
            .routes
            .iter()
            .map(|route| (&route.home, &route.name));
        for (home, name) in routes.filter(|(home, _)| home.namespace.is_none()) {
            note("route", name, &home.file);
        }
        Self(several)
    }

    pub(super) fn find(&self, namespace: Option<&str>, file: &str) -> Group {
        if let Some(namespace) = namespace {
            return Group::Namespace(namespace.to_owned());
        }
        let below = directory(file).unwrap_or_default();
        let name = if self.0.contains(below) { file } else { below };
        Group::Beside(name.to_owned())
    }

    pub(super) fn of_home(&self, home: &Home) -> Group {
        self.find(home.namespace.as_deref(), &home.file)
    }
}
