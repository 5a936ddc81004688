//! The entry points of routes.

use crate::lint::model::Object;
use crate::yaml::Node;

/// Returns the entry points that a route names.
pub(super) fn entry_points<'a>(object: &Object<'a>) -> Vec<&'a str> {
    object
        .spec()
        .items_of("entryPoints")
        .iter()
        .filter_map(Node::text)
        .collect()
}

/// Returns whether two routes share an entry point; one that names none may be on any.
pub(super) fn meet(one: &[&str], other: &[&str]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|point| other.contains(point))
}
