//! References, and how they are collected.

use crate::lint::model::{Class, Object};
use crate::yaml::{At, Node};

/// A name that stands for another object.
pub(super) struct Reference<'a> {
    pub(super) object: usize,
    pub(super) class: Class,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) at: At,
    pub(super) field: String,
    pub(super) is_authority: bool,
}

/// Collects the references of one object.
pub(super) struct Seeker<'m, 'a> {
    pub(super) number: usize,
    pub(super) object: &'a Object<'a>,
    pub(super) found: &'m mut Vec<Reference<'a>>,
}

impl<'a> Seeker<'_, 'a> {
    pub(super) fn add(
        &mut self,
        class: Class,
        namespace: Option<&'a str>,
        node: Option<&'a Node>,
        field: String,
    ) {
        if let Some((name, node)) = node.and_then(|node| Some((node.text()?, node))) {
            let namespace = namespace.unwrap_or(self.object.namespace);
            self.push(class, namespace, name, node.at, field);
        }
    }

    pub(super) fn push(
        &mut self,
        class: Class,
        namespace: &'a str,
        name: &'a str,
        at: At,
        field: String,
    ) {
        self.found.push(Reference {
            object: self.number,
            class,
            namespace,
            name,
            at,
            field,
            is_authority: false,
        });
    }

    pub(super) fn names(
        &mut self,
        node: &'a Node,
        key: &str,
        path: &str,
        class: Class,
        is_authority: bool,
    ) {
        for (index, item) in node.items_of(key).iter().enumerate() {
            self.add(class, None, Some(item), format!("{path}.{key}[{index}]"));
            if let Some(last) = self.found.last_mut() {
                last.is_authority = is_authority;
            }
        }
    }
}
