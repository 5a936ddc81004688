//! References over the border of a namespace, and what permits them.

use super::rules::CI816;
use crate::cluster::{Kind, Resource};
use crate::kinds::ObjectRef;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::rule::Severity;
use crate::yaml::At;
use std::collections::BTreeSet;

const GROUP: &str = "gateway.networking.k8s.io";

/// A reference that may lead to another namespace.
pub(super) struct CrossReference<'m> {
    pub(super) class: Class,
    pub(super) kind: &'static str,
    pub(super) namespace: &'m str,
    pub(super) name: &'m str,
    pub(super) at: At,
    pub(super) field: String,
}

impl<'m> CrossReference<'m> {
    pub(super) fn new(
        object: &Object<'m>,
        class: Class,
        named: &'m ObjectRef,
        field: String,
    ) -> Option<Self> {
        let name = named.name.as_ref()?;
        Some(Self {
            class,
            kind: if class == Class::Secret {
                "Secret"
            } else {
                "Service"
            },
            namespace: named.namespace.as_deref().unwrap_or(object.namespace),
            name: &name.value,
            at: name.at,
            field,
        })
    }

    /// Finds its object, and a way over a border of namespaces that nothing permits.
    pub(super) fn follow(
        &self,
        model: &Model<'_>,
        grants: &Grants<'_>,
        object: &Object<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<usize> {
        let found = model.find(self.class, self.namespace, self.name);
        let (kind, name) = (self.kind, self.name);
        if found.is_none()
            && let Some(other) = model.elsewhere(self.class, self.namespace, name)
        {
            let message = format!(
                "{kind} `{name}` is in namespace `{other}`, not in `{}`",
                self.namespace
            );
            findings.push(object.finding(&CI816, self.at, &self.field, message));
        } else if !may_be_same(self.namespace, object.namespace) && !grants.permit(object, self) {
            let (from, to) = (object.namespace, self.namespace);
            let message = format!(
                "no ReferenceGrant in `{to}` lets a {} from `{from}` refer to {kind} `{name}`",
                object.kind
            );
            let finding = object.finding(&CI816, self.at, &self.field, message);
            // Where the target is elsewhere, so may be its grant.
            findings.push(if found.is_some() {
                finding
            } else {
                finding.with_severity(Severity::Info)
            });
        }
        found
    }
}

/// What ReferenceGrants permit: the namespace of the target, kind and namespace of who may name it, kind and name
/// of the target; no name for all.
pub(super) struct Grants<'m>(BTreeSet<(&'m str, &'m str, &'m str, &'m str, &'m str)>);

impl<'m> Grants<'m> {
    pub(super) fn of(model: &'m Model<'_>) -> Self {
        let mut grants = BTreeSet::new();
        for grant in model.said(Kind::ReferenceGrant, Resource::reference_grant) {
            for [group, kind, namespace] in &grant.says.from {
                let to = grant.says.to.iter().filter(|_| group == GROUP);
                grants.extend(to.map(|[what, name]| {
                    (
                        grant.object.namespace,
                        kind.as_str(),
                        namespace.as_str(),
                        what.as_str(),
                        name.as_str(),
                    )
                }));
            }
        }
        Self(grants)
    }

    fn permit(&self, object: &Object<'_>, link: &CrossReference<'_>) -> bool {
        [link.namespace, ""].into_iter().any(|place| {
            let has = |name| {
                self.0
                    .contains(&(place, object.kind, object.namespace, link.kind, name))
            };
            has("") || has(link.name)
        })
    }
}
