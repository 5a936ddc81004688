//! Every certificate in the input, wherever it stands.

pub(super) mod rules;

use crate::civiparoisse as chart;
use crate::cluster::data::{Cert, Content, Data, Entry};
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::certificate::{KEYS, outside_constraints, unusable};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::path::served::standing;
use crate::pki::key;
use crate::pki::refusals::{self, Refusal, RefusalRule as Refused, Use};
use crate::pki::validity::{Validity, format_instant};
use crate::pki::verify::Standing;
use crate::threads::each;
use rules::{
    CI601, CI602, CI603, CI604, CI605, CI606, CI608, CI609, CI610, CI611, CI612, CI613, CI614,
    CI615, CI616, CI617, CI618, CI619, CI620, CI621, CI622, CI623,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::Duration;

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

/// Most characters of a common name (RFC 5280 appendix A.1, `ub-common-name`).
const COMMON_NAME_LIMIT: usize = 64;
/// See `pki::bundle`: Apple's clients refuse certificates that are valid for longer.
const BROWSER_LIMIT: Duration = Duration::days(825);
/// How long before its end a certificate is found to expire soon, at most, where the user says nothing.
const SOON: Duration = Duration::days(30);

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
/// Keys of what a server shows.
const SERVED: [&str; 4] = [
    "tls.crt",
    chart::HTTPD_CERT,
    chart::DATABASE_CERT,
    chart::MAIL_CERT,
];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let for_browsers = for_browsers(model);
    let secrets: Vec<(&usize, &Arc<Data>)> = model.secrets.iter().collect();
    let found = each(&secrets, |(number, secret)| {
        let place = Place {
            model,
            object: &model.objects[**number],
            secret,
            is_for_browsers: for_browsers.contains(number),
        };
        place.check()
    });
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    serials(model, &mut findings);
    findings
}

/// Finds two certificates of one issuer and serial number (RFC 5280 section 4.1.2.2).
fn serials(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(&str, &str), &Cert> = BTreeMap::new();
    for (number, secret) in &model.secrets {
        for entry in &secret.entries {
            for cert in &entry.certificates {
                let details = &cert.details;
                let first = *known
                    .entry((&details.serial, &details.issuer))
                    .or_insert(cert);
                if first.details.sha256 == details.sha256 {
                    continue;
                }
                let message = format!(
                    "`{}` and `{}` of issuer `{}` have the serial number {}",
                    first.name(),
                    cert.name(),
                    details.issuer,
                    details.serial
                );
                let object = &model.objects[*number];
                findings.push(object.finding(&CI621, entry.at, &entry.field(), message));
            }
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

/// Describes what is wrong with the order of a chain: each certificate certifies the one before it (RFC 5246 section
/// 7.4.2).
fn disorder(chain: &[Arc<Cert>]) -> Option<String> {
    let (at, cert) = chain
        .iter()
        .enumerate()
        .skip(1)
        .find(|(at, cert)| chain[at - 1].details.issuer != cert.details.subject)?;
    let signed = chain
        .iter()
        .any(|other| other.details.issuer == cert.details.subject && !other.details.self_issued);
    let what = if signed {
        "is in the wrong place"
    } else {
        "signed none of the others"
    };
    Some(format!(
        "certificate {} of the chain, `{}`, {what}",
        at + 1,
        cert.name()
    ))
}

/// The certificates of one Secret or ConfigMap.
struct Place<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    secret: &'m Data,
    is_for_browsers: bool,
}

impl Place<'_, '_> {
    fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for entry in &self.secret.entries {
            // Under another key it may be meant for another reader.
            let is_ours = KEYS.contains(&entry.key.as_str());
            if let Some((_, damaged)) = entry.damaged.first().filter(|_| is_ours) {
                let message = format!("`{}`: {}", entry.key, damaged.what);
                findings.push(
                    self.object
                        .finding(&CI615, entry.at, &entry.field(), message),
                );
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
                    unusable(self.object, entry, cert, &refusals, &mut findings);
                }
                for refusal in &refusals {
                    self.refused(entry, cert, refusal, is_first, &mut findings);
                }
            }
            if let Some(cert) = entry.certificates.first() {
                self.served(entry, cert, &mut findings);
            }
        }
        for (certificate, private) in PAIRS {
            self.pair(certificate, private, &mut findings);
        }
        for (authority, leaf) in CHAINS {
            self.chain(authority, leaf, &mut findings);
        }
        findings
    }

    /// What no certificate may have.
    fn any(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
        let (details, name, field) = (&cert.details, cert.name(), entry.field());
        let mut find = |rule, message: String| {
            findings.push(self.object.finding(rule, entry.at, &field, message));
        };
        let now = self.model.options.now;
        let end = format_instant(details.validity.not_after);
        // A CA that runs out beside one that lasts longer is a roll-over.
        let is_followed = details.is_ca
            && entry.certificates.iter().any(|other| {
                other.details.is_valid_at(now)
                    && other.details.validity.not_after > details.validity.not_after
            });
        if now < details.validity.not_before {
            let begin = format_instant(details.validity.not_before);
            find(&CI602, format!("`{name}` is not valid before {begin}"));
        } else if is_followed {
            // Nothing to do.
        } else if now > details.validity.not_after {
            find(&CI601, format!("`{name}` expired at {end}"));
        } else if details.validity.not_after - now < self.soon(details.validity) {
            find(&CI603, format!("`{name}` expires at {end}"));
        }
        if let Some(common_name) = &details.common_name {
            let length = common_name.chars().count();
            if length > COMMON_NAME_LIMIT {
                find(
                    &CI608,
                    format!(
                        "the common name of {length} characters begins with `{}`",
                        common_name.chars().take(40).collect::<String>()
                    ),
                );
            }
        }
        if let Some(published) = details.published_as {
            find(
                &CI606,
                format!("the key of `{name}` is that of SELFKEYS `{published}`"),
            );
        }
        for san in &details.subject_alt_names {
            // Other kinds than names and addresses begin with their kind.
            let Some(star) = san.find('*').filter(|_| !san.contains(':')) else {
                continue;
            };
            match san.strip_prefix("*.") {
                Some(domain) if !domain.contains('*') => {
                    if !domain.contains('.') {
                        find(
                            &CI609,
                            format!("`{san}` is a wildcard under a top-level domain"),
                        );
                    }
                }
                _ => find(
                    &CI613,
                    format!("the asterisk of `{san}` is at character {}", star + 1),
                ),
            }
        }
    }

    /// What some clients refuse, by the table that the other commands ask too, where it depends on the place.
    fn refused(
        &self,
        entry: &Entry,
        cert: &Cert,
        refusal: &Refusal,
        is_first: bool,
        findings: &mut Vec<Finding>,
    ) {
        let is_served = is_first && self.is_served(entry);
        let message = format!("`{}` {}", cert.name(), refusal.what);
        let (rule, message, severity) = match refusal.rule {
            // Other kinds than RSA are strong, and refused by browsers only.
            Refused::WeakKey if cert.details.key.starts_with("RSA") || self.is_for_browsers => {
                (&CI604, format!("{message}: {}", refusal.help), None)
            }
            Refused::WeakKey => {
                let message = format!("{message}: {}", refusal.help);
                (&CI604, message, Some(Severity::Warning))
            }
            Refused::WeakSignature => (&CI605, message, None),
            Refused::AuthorityAsServer if is_served => (&CI611, message, None),
            Refused::NotForServers if is_served => (&CI612, message, None),
            Refused::NoNames if is_first && self.needs_names(entry, cert) => {
                (&CI617, message, None)
            }
            // Another place, what is found where it is trusted (CI104), or in any place (`unusable`).
            Refused::AuthorityAsServer
            | Refused::NotForServers
            | Refused::NoNames
            | Refused::NoAuthority
            | Refused::NegativeSerial
            | Refused::RepeatedExtension
            | Refused::TwoAlgorithms
            | Refused::NotForSigning
            | Refused::AuthorityNotForServers
            | Refused::ZeroSerial
            | Refused::OldVersion
            | Refused::UncriticalConstraints
            | Refused::NoKeyUsage
            | Refused::NamelessAuthority
            | Refused::NoSubjectKeyId
            | Refused::UncriticalNames
            | Refused::NoAuthorityKeyId => return,
        };
        let finding = self.object.finding(rule, entry.at, &entry.field(), message);
        findings.push(match severity {
            Some(severity) => finding.with_severity(severity),
            None => finding,
        });
    }

    fn is_served(&self, entry: &Entry) -> bool {
        self.is_for_browsers && entry.key == "tls.crt" || SERVED[1..].contains(&entry.key.as_str())
    }

    /// Returns whether who verifies this certificate looks at its subject alternative names.
    fn needs_names(&self, entry: &Entry, cert: &Cert) -> bool {
        // That of httpd is compared with its ServersTransport (CI203).
        let is_compared = entry.key == chart::HTTPD_CERT
            && self
                .model
                .within(Class::ServersTransport, self.object.namespace)
                .next()
                .is_some();
        let usages = cert.details.extended_key_usages.as_ref();
        let is_for =
            |usage: &str| usages.is_some_and(|usages| usages.iter().any(|named| named == usage));
        let is_client = is_for("clientAuth") && !is_for("serverAuth");
        SERVED.contains(&entry.key.as_str()) && !is_compared && !is_client && !cert.details.is_ca
    }

    /// What some clients refuse, of the keys that clients of Traefik, httpd and the database meet.
    fn odd_names(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
        let (details, field) = (&cert.details, entry.field());
        let mut constraints = details.permitted.iter().flatten().chain(&details.excluded);
        if let Some(dotted) = constraints.find(|name| name.starts_with('.')) {
            let dotted = dotted.escape_debug();
            let message = format!("`{}` has the constraint `{dotted}`", cert.name());
            findings.push(self.object.finding(&CI622, entry.at, &field, message));
        }
        let mut names = details.subject_alt_names.iter();
        // Other kinds than names and addresses begin with their kind.
        let is_odd =
            |san: &&String| !san.contains(':') && (san.contains('_') || san.ends_with('.'));
        if let Some(san) = names.find(is_odd) {
            let message = format!("not all clients accept the name `{}`", san.escape_debug());
            findings.push(self.object.finding(&CI618, entry.at, &field, message));
        }
    }

    fn soon(&self, validity: Validity) -> Duration {
        let third = (validity.not_after - validity.not_before) / 3;
        self.model.options.expires_within.unwrap_or(SOON.min(third))
    }

    /// What no server's certificate may have.
    fn served(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
        let (details, name, field) = (&cert.details, cert.name(), entry.field());
        let mut find = |rule, message: String| {
            findings.push(self.object.finding(rule, entry.at, &field, message));
        };
        if self.is_served(entry) {
            if details.self_issued && !details.is_ca {
                find(&CI619, format!("`{name}` is self-signed"));
            }
            if let Some(what) = disorder(&entry.certificates) {
                find(&CI620, what);
            }
        }
        if self.is_for_browsers && entry.key == "tls.crt" {
            let life = details.validity.not_after - details.validity.not_before;
            if life > BROWSER_LIMIT {
                find(
                    &CI614,
                    format!("`{name}` is valid for {} days", life.whole_days()),
                );
            }
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
        let message = match key::is_of(text, &cert.certificate) {
            Some(true) => return,
            Some(false) if is_of_another() => return,
            Some(false) => format!("`{}` is not the key of `{}`", private.key, cert.name()),
            // What is not an RSA or ECDSA key of a usual size may still be one to a server.
            None if text.contains("PRIVATE KEY-----") => return,
            None => format!("`{}` holds no private key", private.key),
        };
        findings.push(
            self.object
                .finding(&CI610, private.at, &private.field(), message),
        );
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
                findings.push(self.object.finding(&CI616, leaf.at, &leaf.field(), message));
            }
            Standing::OutsideConstraints => findings.push(outside_constraints(self.object, leaf)),
            Standing::Signed | Standing::Broken => {}
        }
    }
}
