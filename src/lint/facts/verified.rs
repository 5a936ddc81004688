//! Whether httpd's certificate is the one that a gateway trusts and expects.

use super::certificate::{names_of, outside_constraints};
use super::chain::Chain;
use super::served::Httpd;
use crate::cluster::data::Cert;
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::{CI806, CI807};
use crate::lint::model::{Model, Object};
use crate::pki::SubjectAltName;
use crate::yaml::At;
use std::collections::BTreeSet;

/// What a gateway verifies of the httpd of a namespace.
pub(in crate::lint) struct Verified<'m, 'a> {
    pub(in crate::lint) model: &'m Model<'a>,
    /// Who says so, where, and in which field the CA is named.
    pub(in crate::lint) object: &'m Object<'a>,
    pub(in crate::lint) at: At,
    pub(in crate::lint) field: String,
    /// The namespace of the Service.
    pub(in crate::lint) namespace: &'m str,
    pub(in crate::lint) roots: Vec<&'m Cert>,
    /// The names of which the certificate must have one, each with its place.
    pub(in crate::lint) names: Vec<(&'m str, At, String)>,
    pub(in crate::lint) for_browsers: &'m BTreeSet<usize>,
}

impl Verified<'_, '_> {
    pub(in crate::lint) fn check(self, findings: &mut Vec<Finding>) {
        let names: Vec<SubjectAltName> = self
            .names
            .iter()
            .filter_map(|(name, ..)| SubjectAltName::parse(name).ok())
            .collect();
        let httpd = Httpd {
            model: self.model,
            namespace: self.namespace,
            roots: &self.roots,
            for_browsers: self.for_browsers,
        };
        let judged = httpd.judged(names.first());
        let is_named =
            |cert: &Cert| names.is_empty() || names.iter().any(|name| cert.details.covers(name));
        if judged
            .iter()
            .any(|(leaf, verdict)| *verdict == Chain::Good && is_named(leaf.cert()))
        {
            return;
        }
        let Some((leaf, verdict)) = judged.first() else {
            return;
        };
        match verdict {
            Chain::Unknown => {
                let trusted: Vec<String> = self
                    .roots
                    .iter()
                    .map(|root| format!("`{}`", root.name()))
                    .collect();
                let message = format!(
                    "{} is signed by `{}`, and the gateway trusts {}",
                    leaf.shown(),
                    leaf.cert().details.issuer,
                    trusted.join(", ")
                );
                findings.push(self.object.finding(&CI806, self.at, &self.field, message));
            }
            Chain::Constraints => findings.push(outside_constraints(leaf.object, leaf.entry)),
            Chain::Good | Chain::Other => {}
        }
        if let Some((name, at, field)) = self.names.first().filter(|_| !is_named(leaf.cert())) {
            let covered = names_of(&[leaf.cert()]);
            let message = format!(
                "{} is for {covered}, not for `{}`",
                leaf.shown(),
                name.escape_debug()
            );
            findings.push(self.object.finding(&CI807, *at, field, message));
        }
    }
}
