//! Keys of one Secret that belong together: a certificate and its private key, a CA and what it signed.

use super::CheckedSecret;
use super::rules::{CI610, CI616, CI623};
use crate::civiparoisse as chart;
use crate::cluster::Resource;
use crate::cluster::data::{Cert, Content, Entry};
use crate::kinds::Named;
use crate::lint::facts::certificate::outside_constraints;
use crate::lint::facts::covered::are_covered;
use crate::lint::facts::loaded::Loaded;
use crate::lint::finding::Finding;
use crate::path::check::verification;
use crate::path::hop::{Outward, Trust};
use crate::path::served::standing;
use crate::pki::key;
use crate::pki::validity::format_instant;
use crate::pki::verify::Standing;
use time::Duration;

/// A CA and a leaf that one rendering makes, as the Civiparoisse chart does, end some seconds apart.
const SAME: Duration = Duration::days(1);

/// Keys that belong together: a certificate and its private key.
const PAIRS: [(&str, &str); 8] = [
    ("tls.crt", "tls.key"),
    (chart::HTTPD_CERT, chart::HTTPD_KEY),
    (chart::DATABASE_CERT, chart::DATABASE_KEY),
    (chart::MAIL_CERT, chart::MAIL_KEY),
    ("ca.crt", "ca.key"),
    (chart::CA_CERT, chart::CA_KEY),
    (chart::DATABASE_CA_CERT, chart::DATABASE_CA_KEY),
    (chart::MAIL_CA_CERT, chart::MAIL_CA_KEY),
];
/// Keys that belong together: a CA and what it signed.
const CHAINS: [(&str, &str); 4] = [
    ("ca.crt", "tls.crt"),
    (chart::CA_CERT, chart::HTTPD_CERT),
    (chart::DATABASE_CA_CERT, chart::DATABASE_CERT),
    (chart::MAIL_CA_CERT, chart::MAIL_CERT),
];

impl CheckedSecret<'_, '_> {
    pub(super) fn belonging(&self, findings: &mut Vec<Finding>) {
        for (certificate, private) in PAIRS {
            self.pair(certificate, private, findings);
        }
        for (authority, leaf) in CHAINS {
            self.chain(authority, leaf, findings);
        }
    }

    fn pair(&self, certificate: &str, private: &str, findings: &mut Vec<Finding>) {
        let Some((certificate, private)) =
            self.secret.get(certificate).zip(self.secret.get(private))
        else {
            return;
        };
        let Some(cert) = certificate.certificates.first() else {
            return;
        };
        let text = match &private.content {
            Content::Text(text) if !text.trim().is_empty() => text,
            // It was of certificates alone.
            Content::Gone => "",
            _ => return,
        };
        // During a roll-over CAs are beside each other, in any order; a server takes the first certificate's key.
        let is_of_another = || {
            let mut others = certificate.certs();
            let is_key = |other: &Cert| key::is_of(text, &other.certificate) == Some(true);
            cert.details.is_ca && others.any(is_key)
        };
        let message = match key::is_served_with(text, &cert.certificate) {
            Some(true) => return,
            Some(false) if key::is_passed_over(text) => format!(
                "Go and OpenSSL pass over the key under `{}`: it is indented, or shares a line with other text",
                private.key
            ),
            Some(false) if !self.is_served(certificate) && is_of_another() => return,
            Some(false) => format!("`{}` is not the key of `{}`", private.key, cert.name()),
            // What is not an RSA or ECDSA key of a usual size may still be one to a server.
            None if text.contains("PRIVATE KEY-----") => return,
            None => format!("`{}` holds no private key", private.key),
        };
        let finding = self
            .object
            .finding(&CI610, private.at, &private.field(), message);
        findings.push(finding.warning_unless(!self.is_replaced()));
    }

    /// Returns whether Traefik cannot load this pair, and shows other certificates in its place.
    pub(super) fn is_left_out(&self, entry: &Entry) -> bool {
        if !self.is_for_browsers || entry.key != "tls.crt" {
            return false;
        }
        let is_key = |cert: &Cert| {
            let text = self.secret.get("tls.key").and_then(Entry::text);
            text.and_then(|text| key::is_served_with(text, &cert.certificate)) != Some(false)
        };
        let is_whole = self.secret.missing_of_pair().is_none();
        let is_loaded = is_whole && entry.certs().next().is_some_and(is_key);
        !is_loaded && self.is_replaced()
    }

    /// Returns whether Traefik shows other certificates where it cannot load this pair: it is only named by routes, whose
    /// hosts others cover.
    fn is_replaced(&self) -> bool {
        let mut by = self.model.cluster.objects().iter().filter(|object| {
            let is_beside = self.model.objects[object.number].namespace == self.object.namespace;
            let names = |secret: &Named| secret.name == self.object.name;
            is_beside
                && match &object.resource {
                    Resource::IngressRoute(route) | Resource::IngressRouteTcp(route) => {
                        let tls = route.tls.as_ref();
                        tls.and_then(|tls| tls.secret.as_ref()).is_some_and(names)
                    }
                    Resource::TlsStore(store) => store.secrets().any(names),
                    Resource::Ingress(ingress) => ingress.secrets().any(names),
                    _ => false,
                }
        });
        let mut is_named = false;
        let are_replaced = by.all(|object| {
            is_named = true;
            are_covered(self.model, object, Some(self.object.name))
        });
        is_named && (are_replaced || self.loaded.is_some_and(Loaded::cover_all))
    }

    /// Returns whether this is what an httpd shows, and Traefik trusts it by another CA than the one beside it.
    fn is_trusted_by_traefik(&self, leaf: &Entry) -> bool {
        let grounds = &self.model.grounds;
        let mut paths = self.model.paths.iter().map(|routed| &routed.path);
        leaf.key == chart::HTTPD_CERT
            && paths.any(|path| {
                let Some((httpd, Outward::Tls(client))) =
                    path.httpd.as_ref().zip(Some(&path.outward))
                else {
                    return false;
                };
                let scope = &httpd.service.scope;
                scope.namespace() == Some(self.object.namespace)
                    && matches!(client.trusts, Trust::Authorities(_))
                    && verification(client, scope, grounds).is_empty()
            })
    }

    fn chain(&self, authority: &str, leaf: &str, findings: &mut Vec<Finding>) {
        let Some((authority, leaf)) = self.secret.get(authority).zip(self.secret.get(leaf)) else {
            return;
        };
        let Some(cert) = leaf.certificates.first() else {
            return;
        };
        let roots: Vec<&Cert> = authority.certs().collect();
        let issuers: Vec<&&Cert> = roots.iter().filter(|root| is_named(cert, root)).collect();
        let end = |cert: &Cert| cert.details.validity.not_after;
        if let Some(last) = issuers.iter().map(|issuer| end(issuer)).max()
            && end(cert) - last > SAME
        {
            let message = format!(
                "`{}` expires at {}, and the CA under `{}` at {}",
                leaf.key,
                format_instant(end(cert)),
                authority.key,
                format_instant(last)
            );
            let field = authority.field();
            findings.push(self.object.finding(&CI623, authority.at, &field, message));
        }
        if roots.is_empty() || !issuers.is_empty() {
            return;
        }
        match standing(&roots, &leaf.certificates, self.model.options.now) {
            Standing::Unknown => {
                let names: Vec<String> = roots
                    .iter()
                    .map(|root| format!("`{}`", root.name()))
                    .collect();
                let message = format!(
                    "`{}` is signed by `{}`, and `{}` is {}",
                    leaf.key,
                    cert.details.issuer,
                    authority.key,
                    names.join(", ")
                );
                let finding = self.object.finding(&CI616, leaf.at, &leaf.field(), message);
                findings.push(finding.warning_unless(!self.is_trusted_by_traefik(leaf)));
            }
            Standing::OutsideConstraints => findings.push(outside_constraints(self.object, leaf)),
            Standing::Signed | Standing::Broken => {}
        }
    }
}

/// Returns whether subject and key identifiers name the CA as the issuer (RFC 5280 sections 4.1.2.4 and 4.2.1.1),
/// and it may sign for all the names.
///
/// That spares a tree of thousands of instances as many signatures; what httpd serves is verified all the same,
/// with what Traefik trusts.
fn is_named(cert: &Cert, root: &Cert) -> bool {
    let (below, above) = (&cert.details, &root.details);
    let is_issuer = above.subject == below.issuer
        && above.subject_key_id.is_some()
        && above.subject_key_id == below.authority_key_id;
    let is_permitted = |name: &String| {
        above.permitted.as_ref().is_none_or(|permitted| {
            permitted.iter().any(|domain| {
                name.strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        })
    };
    // Ranges of addresses; a name of an address has no permitted domain at its end.
    let excludes_no_name = above.excluded.iter().all(|range| range.contains('/'));
    is_issuer && excludes_no_name && below.subject_alt_names.iter().all(is_permitted)
}
