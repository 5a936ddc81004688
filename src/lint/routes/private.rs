//! What browsers meet where TLS is passed through: a certificate of the httpd, which a private CA may have signed.

use super::rules::{CI232, CI233};
use crate::cluster::data::{Cert, Entry};
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::chain::{Chain, chain};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::path::hop::{self, Inward};
use crate::path::{Field, Routed};
use crate::pki::SubjectAltName;
use std::collections::{BTreeMap, BTreeSet};

/// Looks at every way in that passes TLS through, once for each rule.
pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let paths = model.paths.iter();
    let mut passed: Vec<&Routed<'_>> = paths
        .filter(|routed| routed.path.inward == Inward::PassedThrough)
        .collect();
    passed.dedup_by_key(|routed| (routed.route.number, routed.rule));
    if passed.is_empty() {
        return;
    }
    let for_browsers = for_browsers(model);
    let mut shared = Shared::default();
    for routed in passed {
        if let Some(served) = Served::of(model, routed, &for_browsers) {
            served.private(model, findings);
            shared.add(&served, findings);
        }
    }
}

/// The certificate that browsers meet behind a route that passes TLS through.
struct Served<'m, 'a> {
    route: &'m Object<'a>,
    matched: &'m Field,
    object: &'m Object<'a>,
    entry: &'m Entry,
    host: &'m str,
    service: &'m hop::Place,
}

impl<'m, 'a> Served<'m, 'a> {
    /// Finds it among the Secrets of the namespace: that of the chart's key, or one that covers the host.
    fn of(
        model: &'m Model<'a>,
        routed: &'m Routed<'m>,
        for_browsers: &BTreeSet<usize>,
    ) -> Option<Self> {
        let service = &routed.path.httpd.as_ref()?.service;
        let route = &model.objects[routed.route.number];
        let namespace = if service.scope == routed.route.scope {
            route.namespace
        } else {
            service.scope.namespace().unwrap_or_default()
        };
        let host = routed.path.hosts.first()?;
        let expected = SubjectAltName::parse(host).ok()?;
        let covers = |entry: &&Entry| {
            let first = entry.certificates.first();
            first.is_some_and(|cert| !cert.details.is_ca && cert.details.covers(&expected))
        };
        let mut found = None;
        for number in model.within(Class::Secret, namespace) {
            let Some(secret) = model.secrets.get(&number) else {
                continue;
            };
            for entry in secret.entries.iter().filter(covers) {
                let is_stated = entry.key == "externcert";
                let is_pair = entry.key == "tls.crt" && !for_browsers.contains(&number);
                if is_stated || is_pair && found.is_none() {
                    found = Some((&model.objects[number], entry));
                }
            }
        }
        let (object, entry) = found?;
        Some(Self {
            route,
            matched: &routed.matched,
            object,
            entry,
            host,
            service,
        })
    }

    /// Finds whether a CA of the namespace signed it, and whether that CA is nobody else's.
    fn private(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let mut own = false;
        let mut roots: Vec<&Cert> = Vec::new();
        for number in model.within(Class::Secret, self.object.namespace) {
            let Some(secret) = model.secrets.get(&number) else {
                continue;
            };
            for entry in &secret.entries {
                let authorities = entry
                    .certs()
                    .filter(|cert| cert.details.self_issued)
                    .filter(|cert| cert.details.is_ca || cert.details.version == 1);
                let before = roots.len();
                roots.extend(authorities);
                own |= roots.len() > before
                    && (secret.get("cakey").is_some()
                        || secret.get("ca.key").is_some()
                        || roots[before..]
                            .iter()
                            .any(|cert| cert.details.permitted.is_some()));
            }
        }
        let certificates = &self.entry.certificates;
        if roots.is_empty() || chain(&roots, certificates, model.options.now) != Chain::Good {
            return;
        }
        let message = format!(
            "browsers of `{}` see `{}` of Secret {}, which `{}` signed",
            self.host.escape_debug(),
            self.entry.key,
            self.object.shown(),
            certificates[0].details.issuer
        );
        let Field { at, path } = self.matched;
        let finding = self.route.finding(&CI232, *at, path, message);
        // A CA whose key and constraints are not here may be one that browsers know.
        findings.push(if own {
            finding
        } else {
            finding.with_severity(Severity::Info)
        });
    }
}

/// Certificates behind passed-through hosts, by their names.
#[derive(Default)]
struct Shared<'m> {
    known: BTreeMap<Vec<&'m str>, (&'m str, &'m hop::Place)>,
}

impl<'m> Shared<'m> {
    fn add(&mut self, served: &Served<'m, '_>, findings: &mut Vec<Finding>) {
        let details = &served.entry.certificates[0].details;
        let mut names: Vec<&str> = details
            .subject_alt_names
            .iter()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        let here = (served.host, served.service);
        let (host, service) = *self.known.entry(names).or_insert(here);
        let is_covered = SubjectAltName::parse(host).is_ok_and(|host| details.covers(&host));
        if service != served.service && host != served.host && is_covered {
            let message = format!(
                "the certificate behind `{}` covers `{}` too, which another httpd serves",
                served.host.escape_debug(),
                host.escape_debug()
            );
            let Field { at, path } = served.matched;
            findings.push(served.route.finding(&CI233, *at, path, message));
        }
    }
}
