//! Families 1 and 2: whether httpd's certificate is the one that Traefik trusts and expects.

use super::certificates::{Chain, chain, outside_constraints};
use super::finding::Finding;
use super::model::{Class, Model, Object};
use super::predict::Here;
use super::routes::Use;
use super::rules::{CI105, CI202, CI203};
use super::secrets::{Cert, Entry};
use super::trust::Roots;
use crate::pki::SubjectAltName;
use crate::yaml::{At, Node};
use std::collections::BTreeSet;

/// The key under which the Civiparoisse chart keeps what httpd serves.
const SERVED: &str = "externcert";

/// A ServersTransport with what it trusts.
pub(super) struct Leg<'m, 'a> {
    pub(super) model: &'m Model<'a>,
    pub(super) transport: &'m Object<'a>,
    /// A route that uses it, if one in the input does.
    pub(super) used: Option<&'m Use<'a>>,
    pub(super) roots: &'m Roots<'m>,
    /// The Secrets whose certificates browsers see: httpd serves another one.
    pub(super) for_browsers: &'m BTreeSet<usize>,
}

/// A certificate that httpd may serve.
pub(super) struct Leaf<'m, 'a> {
    pub(super) object: &'m Object<'a>,
    pub(super) entry: &'m Entry<'a>,
}

impl Leaf<'_, '_> {
    pub(super) fn cert(&self) -> &Cert {
        &self.entry.certificates[0]
    }

    /// Returns whether it is meant for the name, were it only in its subject.
    fn is_for(&self, name: &SubjectAltName) -> bool {
        let details = &self.cert().details;
        details.covers(name)
            || details.subject_alt_names.is_empty()
                && details.common_name.as_deref() == Some(&name.to_string())
    }

    pub(super) fn shown(&self) -> String {
        let (key, secret) = (self.entry.key, self.object.shown());
        format!("`{key}` of Secret {secret}")
    }
}

impl<'m, 'a> Leg<'m, 'a> {
    /// Compares the certificate, if it is in the input, and all that is trusted is too.
    pub(super) fn check(&self, findings: &mut Vec<Finding>) {
        let Some((at, field)) = &self.roots.first else {
            return;
        };
        let is_known = self.roots.is_complete && !self.roots.certificates.is_empty();
        if !is_known
            || self
                .transport
                .spec()
                .get("insecureSkipVerify")
                .is_some_and(Node::says_true)
        {
            return;
        }
        let expected = self
            .server_name()
            .and_then(Node::text)
            .and_then(|text| SubjectAltName::parse(text).ok());
        let judged = self.judged(expected.as_ref());
        let is_good = |(leaf, verdict): &(Leaf<'_, '_>, Chain)| {
            let covers = |name| leaf.cert().details.covers(name);
            *verdict == Chain::Good && expected.as_ref().is_some_and(covers)
        };
        let Some((leaf, verdict)) = judged.first().filter(|_| !judged.iter().any(is_good)) else {
            return;
        };
        match verdict {
            Chain::Unknown => findings.push(self.unknown(leaf, *at, field)),
            Chain::Constraints => findings.push(outside_constraints(leaf.object, leaf.entry)),
            Chain::Good | Chain::Other => {}
        }
        if let Some(expected) = expected {
            findings.extend(self.misnamed(leaf, &expected, *at));
        }
    }

    fn server_name(&self) -> Option<&'a Node> {
        self.transport.spec().get("serverName")
    }

    /// Returns the certificates that httpd may serve: that of the chart's key, else those that are signed by what
    /// is trusted or are for the expected name.
    pub(super) fn judged(&self, expected: Option<&SubjectAltName>) -> Vec<(Leaf<'m, 'a>, Chain)> {
        let leaves = self.leaves();
        let is_stated = leaves.iter().any(|leaf| leaf.entry.key == SERVED);
        leaves
            .into_iter()
            .filter(|leaf| !is_stated || leaf.entry.key == SERVED)
            .map(|leaf| {
                let now = self.model.options.now;
                let verdict = chain(&self.roots.certificates, &leaf.entry.certificates, now);
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
        let numbers = model.within(Class::Secret, self.transport.namespace);
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

    fn here(&self) -> Here<'_> {
        Here {
            namespace: self.transport.namespace,
            host: self
                .used
                .and_then(|used| used.hosts.first())
                .map_or("", String::as_str),
            server_name: self.server_name().and_then(Node::text).unwrap_or_default(),
            ..Here::default()
        }
    }

    fn unknown(&self, leaf: &Leaf<'_, '_>, at: At, field: &str) -> Finding {
        let trusted: Vec<String> = self
            .roots
            .certificates
            .iter()
            .map(|root| format!("`{}`", root.name()))
            .collect();
        let message = format!(
            "{} is signed by `{}`, and Traefik trusts {}",
            leaf.shown(),
            leaf.cert().details.issuer,
            trusted.join(", ")
        );
        self.transport
            .finding(&CI105, at, field, message)
            .predicted(self.model.knowledge.release, self.here())
    }

    fn misnamed(&self, leaf: &Leaf<'_, '_>, expected: &SubjectAltName, at: At) -> Option<Finding> {
        let (details, shown) = (&leaf.cert().details, leaf.shown());
        let release = self.model.knowledge.release;
        if details.subject_alt_names.is_empty() {
            let subject = &details.subject;
            let message =
                format!("{shown} has no subject alternative name, only its subject `{subject}`");
            let (at, field) = (leaf.entry.at, leaf.entry.field());
            let finding = leaf.object.finding(&CI203, at, &field, message);
            return Some(finding.predicted(release, self.here()));
        }
        if details.covers(expected) {
            return None;
        }
        let names = details.subject_alt_names.join(", ");
        let message = format!("{shown} is for {names}, not for `{expected}`");
        let at = self.server_name().map_or(at, |node| node.at);
        let finding = self
            .transport
            .finding(&CI202, at, "spec.serverName", message);
        let here = Here {
            host: &names,
            ..self.here()
        };
        Some(finding.predicted(release, here))
    }
}
