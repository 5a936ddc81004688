//! Templates that were evaluated once: text with places for values.
//!
//! A built-in template places whole scalars, and asks of its values only whether they are there, how many they are
//! and whether they are true. So two objects of one shape have the same text but for the scalars, and the template
//! need not be evaluated for the second.

use crate::manifest::{Field, Object, PrivateKeys, SecretData};
use crate::name::{Namespace, ObjectName};
use crate::yaml::scalar;

/// What is around the number of a value in an evaluated template; with it a name is still a name.
const MARK: &str = "stencil-mark-";
const MARK_END: &str = "-end";

/// What is between the places, and which value goes into each.
#[derive(Debug)]
enum Piece {
    Text(String),
    Value(usize),
}

/// An evaluated template with its values taken out.
#[derive(Debug)]
pub(super) struct Stencil {
    /// An object of the shape that this is for.
    specimen: Object,
    pieces: Vec<Piece>,
}

/// A value that is placed.
enum StencilLeaf<'a> {
    Text(&'a str),
    Secret(&'a SecretData),
}

impl Stencil {
    /// Makes a stencil by evaluating the template for an object with a mark in place of each value; nothing if
    /// that does not give back the text that the object itself has.
    pub(super) fn new(
        object: &Object,
        text: &str,
        evaluate: impl FnOnce(&Object) -> Option<String>,
    ) -> Option<Self> {
        let specimen = marked(object)?;
        let marked = evaluate(&specimen)?;
        let mut pieces = Vec::new();
        let mut rest = marked.as_str();
        while let Some(begin) = rest.find(MARK) {
            let behind = &rest[begin + MARK.len()..];
            let end = behind.find(MARK_END)?;
            pieces.push(Piece::Text(rest[..begin].to_owned()));
            pieces.push(Piece::Value(behind[..end].parse().ok()?));
            rest = &behind[end + MARK_END.len()..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let stencil = Self { specimen, pieces };
        (stencil.text(object).as_deref() == Some(text)).then_some(stencil)
    }

    /// Returns whether the stencil is for objects such as this one.
    pub(super) fn fits(&self, object: &Object) -> bool {
        let (a, b) = (&self.specimen, object);
        let keys = |pairs: &'_ [(String, String)]| pairs.len();
        let same_keys = |a: &[(String, String)], b: &[(String, String)]| {
            a.iter().zip(b).all(|((a, _), (b, _))| a == b)
        };
        a.template == b.template
            && a.identity.api_version == b.identity.api_version
            && a.identity.kind == b.identity.kind
            && a.identity.namespace.is_some() == b.identity.namespace.is_some()
            && keys(&a.labels) == keys(&b.labels)
            && same_keys(&a.labels, &b.labels)
            && keys(&a.annotations) == keys(&b.annotations)
            && same_keys(&a.annotations, &b.annotations)
            && a.fields.len() == b.fields.len()
            && a.fields
                .iter()
                .zip(&b.fields)
                .all(|((a_name, a), (b_name, b))| a_name == b_name && is_like(a, b))
    }

    /// Returns the text of an object that it [fits](Self::fits); nothing if the object is another one after all.
    pub(super) fn text(&self, object: &Object) -> Option<String> {
        let leaves = leaves(object);
        let mut out = String::with_capacity(1024);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(index) => match leaves.get(*index)? {
                    StencilLeaf::Text(text) => scalar::write(&mut out, text).ok()?,
                    StencilLeaf::Secret(data) => {
                        super::write_secret(&mut out, data, PrivateKeys::Written).ok()?;
                    }
                },
            }
        }
        Some(out)
    }
}

/// Returns the values of an object in the order in which [`marked`] numbers them.
fn leaves(object: &Object) -> Vec<StencilLeaf<'_>> {
    let mut leaves = vec![StencilLeaf::Text(object.identity.name.as_str())];
    if let Some(namespace) = &object.identity.namespace {
        leaves.push(StencilLeaf::Text(namespace.as_str()));
    }
    for (_, value) in object.labels.iter().chain(&object.annotations) {
        leaves.push(StencilLeaf::Text(value));
    }
    for (_, field) in &object.fields {
        add_leaves(field, &mut leaves);
    }
    leaves
}

fn add_leaves<'a>(field: &'a Field, leaves: &mut Vec<StencilLeaf<'a>>) {
    match field {
        Field::Text(text) => leaves.push(StencilLeaf::Text(text)),
        Field::Secret(data) => leaves.push(StencilLeaf::Secret(data)),
        Field::List(items) => items.iter().for_each(|item| add_leaves(item, leaves)),
        Field::Map(entries) => entries
            .iter()
            .for_each(|(_, item)| add_leaves(item, leaves)),
        Field::Number(_) | Field::Bool(_) | Field::Tree(_) | Field::Nothing => {}
    }
}

/// Returns an object of the same shape whose values are marks.
fn marked(object: &Object) -> Option<Object> {
    let mut count = 0;
    let mut mark = || {
        count += 1;
        format!("{MARK}{}{MARK_END}", count - 1)
    };
    let mut marked = object.clone();
    marked.identity.name = ObjectName::parse(&mark()).ok()?;
    if let Some(namespace) = &mut marked.identity.namespace {
        *namespace = Namespace::parse(&mark()).ok()?;
    }
    for (_, value) in marked.labels.iter_mut().chain(&mut marked.annotations) {
        *value = mark();
    }
    for (_, field) in &mut marked.fields {
        mark_field(field, &mut mark);
    }
    Some(marked)
}

fn mark_field(field: &mut Field, mark: &mut dyn FnMut() -> String) {
    match field {
        Field::Text(text) => *text = mark(),
        Field::Secret(data) => *data = data.replaced_by(mark()),
        Field::List(items) => items.iter_mut().for_each(|item| mark_field(item, mark)),
        Field::Map(entries) => entries
            .iter_mut()
            .for_each(|(_, item)| mark_field(item, mark)),
        Field::Number(_) | Field::Bool(_) | Field::Tree(_) | Field::Nothing => {}
    }
}

/// Returns whether a template cannot tell a value from a mark: it may ask whether a text is empty, and no more.
fn is_like(mark: &Field, value: &Field) -> bool {
    match (mark, value) {
        (Field::Text(_), Field::Text(text)) => !text.is_empty(),
        (Field::Secret(_), Field::Secret(_)) | (Field::Nothing, Field::Nothing) => true,
        (Field::Number(a), Field::Number(b)) => a == b,
        (Field::Bool(a), Field::Bool(b)) => a == b,
        (Field::List(a), Field::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_like(a, b))
        }
        (Field::Map(a), Field::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((a_key, a), (b_key, b))| a_key == b_key && is_like(a, b))
        }
        _ => false,
    }
}
