//! References, and how they are collected.

use crate::lint::model::{Class, Object};
use crate::yaml::At;

/// A name that stands for another object.
pub(super) struct Reference<'a> {
    pub(super) object: usize,
    pub(super) class: Class,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) at: At,
    pub(super) field: String,
    pub(super) is_authority: bool,
    /// Whether Traefik goes on without it.
    pub(super) may_lack: bool,
}

/// Collects the references of one object.
pub(super) struct Seeker<'m, 'a> {
    pub(super) number: usize,
    pub(super) object: &'a Object<'a>,
    pub(super) found: &'m mut Vec<Reference<'a>>,
}

impl<'a> Seeker<'_, 'a> {
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
            may_lack: false,
        });
    }
}
