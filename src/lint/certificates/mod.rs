//! Every certificate in the input, wherever it stands.

mod any;
mod pairs;
pub(super) mod rules;
mod serials;
mod served;

use crate::cluster::data::{Data, Entry};
use crate::cluster::scope::Scope;
use crate::lint::facts::authorities::is_spare;
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::certificate::{KEYS, unusable};
use crate::lint::facts::loaded::Loaded;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::path::hop::Inward;
use crate::pki::refusals::{self, Use};
use crate::threads::each;
use rules::CI615;
use serials::serials;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const FAMILY: Family = Family {
    number: 6,
    title: "Certificates",
    rules: rules::RULES,
    classes: &[
        Class::Secret,
        Class::ConfigMap,
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::Ingress,
        Class::TlsStore,
        Class::ServersTransport,
        Class::Gateway,
        Class::IstioGateway,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let for_browsers = for_browsers(model);
    let passed = passed(model);
    let loaded = Loaded::of(model);
    // Nobody speaks TLS with what the controller of Sealed Secrets decrypts with.
    let of_sealed_secrets = |number: usize| {
        let label = "sealedsecrets.bitnami.com/sealed-secrets-key";
        model.objects[number].label(label).is_some()
    };
    let secrets = model.secrets.iter();
    let secrets: Vec<(&usize, &Arc<Data>)> = secrets
        .filter(|(number, _)| !of_sealed_secrets(**number))
        .collect();
    let found = each(&secrets, |(number, secret)| {
        let place = CheckedSecret {
            model,
            object: &model.objects[**number],
            secret,
            is_for_browsers: for_browsers.contains(number),
            is_passed: model
                .cluster
                .numbered(**number)
                .is_some_and(|typed| passed.contains(&typed.scope)),
            loaded: loaded.as_ref(),
        };
        place.check()
    });
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    serials(model, &mut findings);
    findings
}

/// The certificates of one Secret or ConfigMap.
struct CheckedSecret<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    secret: &'m Data,
    is_for_browsers: bool,
    /// Whether TLS is passed through to an httpd beside it.
    is_passed: bool,
    /// What Traefik loads for browsers, where that is known.
    loaded: Option<&'m Loaded<'m, 'a>>,
}

/// Returns where the httpds are to which TLS is passed through: browsers see their own certificates.
fn passed<'m>(model: &'m Model<'_>) -> BTreeSet<&'m Scope> {
    let paths = model.paths.iter().map(|routed| &routed.path);
    let passed = paths.filter(|path| path.inward == Inward::PassedThrough);
    let httpds = passed.filter_map(|path| path.httpd.as_ref());
    httpds.map(|httpd| &httpd.service.scope).collect()
}

impl CheckedSecret<'_, '_> {
    fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for entry in &self.secret.entries {
            // Under another key it may be meant for another reader.
            let is_ours = KEYS.contains(&entry.key.as_str());
            if let Some((place, damaged)) = entry.damaged.first().filter(|_| is_ours) {
                let message = format!("`{}`: {}", entry.key, damaged.what);
                let finding = self
                    .object
                    .finding(&CI615, entry.at, &entry.field(), message);
                // Traefik reads the first one alone, and sends the others as they are (`tls.X509KeyPair`).
                let is_behind = *place > 0 && self.is_for_browsers && entry.key == "tls.crt";
                let is_spare = self.does_without(entry)
                    || self.is_left_out(entry)
                    || is_behind
                    || self.is_shown_to_nobody(entry);
                findings.push(finding.warning_unless(!is_spare));
            }
            for (index, cert) in entry.certificates.iter().enumerate() {
                let is_first = index == 0;
                self.any(entry, cert, &mut findings);
                if is_ours {
                    self.odd_names(entry, cert, &mut findings);
                }
                let used = if cert.details.is_ca && !(is_first && self.is_served(entry)) {
                    Use::Authority
                } else {
                    Use::Server
                };
                let refusals = refusals::of(&cert.details, used);
                if is_ours {
                    let before = findings.len();
                    unusable(self.object, entry, cert, &refusals, &mut findings);
                    if self.is_shown_to_nobody(entry) {
                        for finding in &mut findings[before..] {
                            finding.severity = finding.severity.min(Severity::Warning);
                        }
                    }
                }
                for refusal in &refusals {
                    self.refused(entry, cert, refusal, is_first, &mut findings);
                }
            }
            if let Some(cert) = entry.certificates.first() {
                self.served(entry, cert, &mut findings);
            }
        }
        self.belonging(&mut findings);
        findings
    }

    /// Returns whether Traefik passes over a damaged block of a CA's text: it trusts what is beside it.
    fn does_without(&self, entry: &Entry) -> bool {
        let is_authority = ["tls.ca", "ca.crt"].contains(&entry.key.as_str());
        let number = self
            .model
            .find(self.object.class, self.object.namespace, self.object.name);
        let is_spare = || number.is_some_and(|number| is_spare(self.model, number));
        is_authority && (!entry.certificates.is_empty() || is_spare())
    }
}
