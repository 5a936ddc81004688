//! Family 8: whether httpd's certificate is the one that a gateway trusts and expects; hosts and ports behind it.

use super::certificates::{Chain, outside_constraints};
use super::finding::Finding;
use super::httpd::Leg;
use super::model::{Class, Model, Object};
use super::rules::{CI806, CI807};
use super::secrets::Cert;
use super::trust::Roots;
use crate::pki::SubjectAltName;
use crate::yaml::{At, Node};
use std::collections::BTreeSet;

/// What a gateway verifies of the httpd of a namespace.
pub(super) struct Verified<'m, 'a> {
    pub(super) model: &'m Model<'a>,
    /// Who says so, where, and in which field the CA is named.
    pub(super) object: &'m Object<'a>,
    pub(super) at: At,
    pub(super) field: String,
    /// The namespace of the Service.
    pub(super) namespace: &'m str,
    pub(super) roots: Vec<&'m Cert>,
    /// The names of which the certificate must have one, each with its place.
    pub(super) names: Vec<(&'m str, At, String)>,
    pub(super) for_browsers: &'m BTreeSet<usize>,
}

impl Verified<'_, '_> {
    pub(super) fn check(self, findings: &mut Vec<Finding>) {
        let model = self.model;
        let Some(number) = model.within(Class::Secret, self.namespace).next() else {
            return;
        };
        let names: Vec<SubjectAltName> = self
            .names
            .iter()
            .filter_map(|(name, ..)| SubjectAltName::parse(name).ok())
            .collect();
        let roots = Roots {
            is_complete: true,
            certificates: self.roots,
            first: None,
        };
        let leg = Leg {
            model,
            transport: &model.objects[number],
            used: None,
            roots: &roots,
            for_browsers: self.for_browsers,
        };
        let judged = leg.judged(names.first());
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
                let trusted: Vec<String> = roots
                    .certificates
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

/// Lists the names of certificates for a message.
pub(super) fn names_of(certificates: &[&Cert]) -> String {
    let names: Vec<&str> = certificates
        .iter()
        .flat_map(|cert| &cert.details.subject_alt_names)
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        return "no name at all".to_owned();
    }
    names.join(", ")
}

/// Returns whether a name with a wildcard in front, or none, and another one meet: Gateway API takes any number of
/// labels for the asterisk, as Istio does.
pub(super) fn meets(one: &str, other: &str) -> bool {
    let covers = |pattern: &str, host: &str| {
        pattern
            .strip_prefix('*')
            .is_some_and(|tail| host.len() > tail.len() && host.ends_with(tail))
    };
    one == other || covers(one, other) || covers(other, one)
}

/// A port of a Service.
pub(super) struct Port<'a> {
    number: String,
    pub(super) name: &'a str,
    protocol: &'a str,
}

impl Port<'_> {
    pub(super) fn number(&self) -> &str {
        &self.number
    }

    /// Returns whether TLS is spoken there, as Traefik guesses it (`getHTTPServiceProtocol`, 3.2 to 3.7).
    pub(super) fn is_tls(&self) -> bool {
        match self.protocol {
            "" => self.number == "443" || self.name.starts_with("https"),
            protocol => ["https", "kubernetes.io/wss", "tls"].contains(&protocol),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        match self.protocol {
            "" => self.number == "80" || self.name == "http" || self.name.starts_with("http-"),
            protocol => protocol == "http",
        }
    }
}

/// Returns the ports of a Service that is in the input.
pub(super) fn ports<'a>(service: &Object<'a>) -> Vec<Port<'a>> {
    let port = |(_, node): (usize, &'a Node)| Port {
        number: node.get("port").and_then(Node::scalar).unwrap_or_default(),
        name: node.text_of("name").unwrap_or_default(),
        protocol: node.text_of("appProtocol").unwrap_or_default(),
    };
    service
        .spec()
        .items_of("ports")
        .iter()
        .enumerate()
        .map(port)
        .collect()
}

/// Returns the port of a Service by its number; made up from the number where the Service is not in the input.
/// `None`: it has none of this number.
pub(super) fn port<'a>(service: Option<&Object<'a>>, number: &str) -> Option<Port<'a>> {
    let Some(service) = service else {
        return Some(Port {
            number: number.to_owned(),
            name: "",
            protocol: "",
        });
    };
    ports(service)
        .into_iter()
        .find(|port| port.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_meet_where_one_covers_the_other() {
        for (one, other) in [
            ("a.example.org", "a.example.org"),
            ("*.example.org", "a.example.org"),
            ("a.b.example.org", "*.example.org"),
            ("*.b.example.org", "*.example.org"),
            ("*", "a.example.org"),
        ] {
            assert!(meets(one, other), "{one} {other}");
        }
        assert!(!meets("*.example.org", "example.org"));
        assert!(!meets("*.example.org", "a.example.net"));
        assert!(!meets("a.example.org", "b.example.org"));
    }
}
