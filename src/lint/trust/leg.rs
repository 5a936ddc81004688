//! Whether httpd's certificate is the one that Traefik trusts and expects.

use super::rules::CI105;
use crate::cluster::data::Cert;
use crate::lint::facts::certificate::outside_constraints;
use crate::lint::facts::chain::Chain;
use crate::lint::facts::routes::Use;
use crate::lint::facts::served::{Httpd, Leaf};
use crate::lint::finding::Finding;
use crate::lint::model::{Model, Object};
use crate::lint::predict::Here;
use crate::lint::routes::rules::{CI202, CI203};
use crate::pki::SubjectAltName;
use crate::yaml::{At, Node};
use std::collections::BTreeSet;

/// What is trusted, as far as the input shows it.
pub(super) struct Roots<'m> {
    /// Whether all of it could be read.
    pub(super) is_complete: bool,
    pub(super) certificates: Vec<&'m Cert>,
    /// Where the first of them is named.
    pub(super) first: Option<(At, String)>,
}

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

impl<'a> Leg<'_, 'a> {
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
        let httpd = Httpd {
            model: self.model,
            namespace: self.transport.namespace,
            roots: &self.roots.certificates,
            for_browsers: self.for_browsers,
        };
        let judged = httpd.judged(expected.as_ref());
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
