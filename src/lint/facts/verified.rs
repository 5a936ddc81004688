//! Whether httpd's certificate is the one that a gateway trusts and expects.

use super::certificate::{names_of, outside_constraints};
use crate::cluster::data::Cert;
use crate::cluster::scope::Scope;
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::{CI806, CI807};
use crate::lint::model::{Model, Object};
use crate::path::check::{Clash, compare};
use crate::path::served::Leaf;
use crate::yaml::At;
use std::sync::Arc;

/// What a gateway verifies of the httpd of a scope.
pub(in crate::lint) struct Verified<'m, 'a> {
    pub(in crate::lint) model: &'m Model<'a>,
    /// Who says so, where, and in which field the CA is named.
    pub(in crate::lint) object: &'m Object<'a>,
    pub(in crate::lint) at: At,
    pub(in crate::lint) field: String,
    /// That of the Service.
    pub(in crate::lint) scope: &'m Scope,
    pub(in crate::lint) trusted: Vec<Arc<Cert>>,
    /// The names of which the certificate must have one, each with its place.
    pub(in crate::lint) names: Vec<(&'m str, At, String)>,
}

impl Verified<'_, '_> {
    pub(in crate::lint) fn check(self, findings: &mut Vec<Finding>) {
        let names: Vec<&str> = self.names.iter().map(|(name, ..)| *name).collect();
        let shown = |leaf: &Leaf<'_>| {
            let secret = self.model.objects[leaf.object.number].shown();
            format!("`{}` of Secret {secret}", leaf.entry.key)
        };
        for clash in compare(self.trusted, &names, self.scope, &self.model.grounds) {
            match clash {
                Clash::NotSigned { leaf, trusted } => {
                    let trusted: Vec<String> = trusted
                        .iter()
                        .map(|root| format!("`{}`", root.name()))
                        .collect();
                    let message = format!(
                        "{} is signed by `{}`, and the gateway trusts {}",
                        shown(&leaf),
                        leaf.cert().details.issuer,
                        trusted.join(", ")
                    );
                    findings.push(self.object.finding(&CI806, self.at, &self.field, message));
                }
                Clash::OutsideConstraints { leaf } => {
                    let secret = &self.model.objects[leaf.object.number];
                    findings.push(outside_constraints(secret, leaf.entry));
                }
                Clash::OtherNames { leaf, expected } => {
                    let covered = names_of(&[leaf.cert()]);
                    let message = format!(
                        "{} is for {covered}, not for `{}`",
                        shown(&leaf),
                        expected.escape_debug()
                    );
                    let first = self.names.first();
                    findings
                        .extend(first.map(|(_, at, field)| {
                            self.object.finding(&CI807, *at, field, message)
                        }));
                }
                _ => {}
            }
        }
    }
}
