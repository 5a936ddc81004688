//! What an httpd may serve, and who signed it.

use super::chain::{Chain, chain};
use crate::cluster::data::{Cert, Entry};
use crate::lint::model::{Class, Model, Object};
use crate::pki::SubjectAltName;
use std::collections::BTreeSet;

/// The key under which the Civiparoisse chart keeps what httpd serves.
const SERVED: &str = "externcert";

/// The httpd of a namespace, and what is trusted of it.
pub(in crate::lint) struct Httpd<'m, 'a> {
    pub(in crate::lint) model: &'m Model<'a>,
    pub(in crate::lint) namespace: &'m str,
    pub(in crate::lint) roots: &'m [&'m Cert],
    /// The Secrets whose certificates browsers see: httpd serves another one.
    pub(in crate::lint) for_browsers: &'m BTreeSet<usize>,
}

/// A certificate that httpd may serve.
pub(in crate::lint) struct Leaf<'m, 'a> {
    pub(in crate::lint) object: &'m Object<'a>,
    pub(in crate::lint) entry: &'m Entry,
}

impl Leaf<'_, '_> {
    pub(in crate::lint) fn cert(&self) -> &Cert {
        &self.entry.certificates[0]
    }

    /// Returns whether it is meant for the name, were it only in its subject.
    fn is_for(&self, name: &SubjectAltName) -> bool {
        let details = &self.cert().details;
        details.covers(name)
            || details.subject_alt_names.is_empty()
                && details.common_name.as_deref() == Some(&name.to_string())
    }

    pub(in crate::lint) fn shown(&self) -> String {
        let (key, secret) = (&self.entry.key, self.object.shown());
        format!("`{key}` of Secret {secret}")
    }
}

impl<'m, 'a> Httpd<'m, 'a> {
    /// Returns the certificates that httpd may serve: that of the chart's key, else those that are signed by what
    /// is trusted or are for the expected name.
    pub(in crate::lint) fn judged(
        &self,
        expected: Option<&SubjectAltName>,
    ) -> Vec<(Leaf<'m, 'a>, Chain)> {
        let leaves = self.leaves();
        let is_stated = leaves.iter().any(|leaf| leaf.entry.key == SERVED);
        leaves
            .into_iter()
            .filter(|leaf| !is_stated || leaf.entry.key == SERVED)
            .map(|leaf| {
                let now = self.model.options.now;
                let verdict = chain(self.roots, &leaf.entry.certificates, now);
                (leaf, verdict)
            })
            .filter(|(leaf, verdict)| {
                let is_for = |name| leaf.is_for(name);
                is_stated || *verdict == Chain::Good || expected.is_some_and(is_for)
            })
            .collect()
    }

    fn leaves(&self) -> Vec<Leaf<'m, 'a>> {
        let model = self.model;
        let numbers = model.within(Class::Secret, self.namespace);
        numbers
            .filter(|number| !self.for_browsers.contains(number))
            .filter_map(|number| Some((&model.objects[number], model.secrets.get(&number)?)))
            .flat_map(|(object, secret)| {
                secret
                    .entries
                    .iter()
                    .map(move |entry| Leaf { object, entry })
            })
            .filter(|leaf| {
                let first = leaf.entry.certificates.first();
                first.is_some_and(|cert| !cert.details.is_ca)
            })
            .collect()
    }
}
