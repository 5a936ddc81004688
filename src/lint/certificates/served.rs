//! What the certificate of a server may not have, and what clients refuse by its place.

use super::CheckedSecret;
use super::rules::{CI604, CI605, CI611, CI612, CI614, CI617, CI619, CI620, CI627};
use crate::civiparoisse as chart;
use crate::cluster::data::{Cert, Entry};
use crate::lint::facts::loaded::is_ended;
use crate::lint::finding::Finding;
use crate::lint::model::Class;
use crate::lint::rule::Severity;
use crate::lint::tls_store::rules::CI408;
use crate::path::served::standing;
use crate::pki::SubjectAltName;
use crate::pki::refusals::{Refusal, RefusalRule as Refused, may_sign};
use crate::pki::validity::format_instant;
use crate::pki::verify::Standing;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// See `pki::bundle`: Apple's clients refuse certificates that are valid for longer.
const BROWSER_LIMIT: Duration = Duration::days(825);
/// Keys of what a server shows.
const SERVED: [&str; 4] = [
    "tls.crt",
    chart::HTTPD_CERT,
    chart::DATABASE_CERT,
    chart::MAIL_CERT,
];

impl CheckedSecret<'_, '_> {
    pub(super) fn is_served(&self, entry: &Entry) -> bool {
        self.is_for_browsers && entry.key == "tls.crt" || SERVED[1..].contains(&entry.key.as_str())
    }

    /// What some clients refuse, by the table that the other commands ask too, where it depends on the place.
    pub(super) fn refused(
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
            Refused::AuthorityAsServer if is_served => {
                let is_seen =
                    self.is_for_browsers || self.is_passed && entry.key == chart::HTTPD_CERT;
                let is_shown =
                    is_seen && !self.is_left_out(entry) && !self.is_shown_to_nobody(entry);
                (&CI611, message, (!is_shown).then_some(Severity::Warning))
            }
            Refused::NotForServers if is_served => {
                let is_spare = self.is_left_out(entry) || self.is_shown_to_nobody(entry);
                let severity = is_spare.then_some(Severity::Warning);
                (&CI612, message, severity)
            }
            Refused::NoNames if is_first && self.needs_names(entry, cert) => {
                let is_shown = self.is_for_browsers && self.chosen_for(cert).is_some();
                (&CI617, message, (!is_shown).then_some(Severity::Warning))
            }
            // Another place, what is found where it is trusted (CI104), or in any place (`unusable`).
            Refused::AuthorityAsServer
            | Refused::NotForServers
            | Refused::NoNames
            | Refused::NoAuthority
            | Refused::NegativeSerial
            | Refused::RepeatedExtension
            | Refused::UnknownCritical
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

    /// Returns the host whose TLS Traefik ends, and for which it chooses a certificate by the name in its subject
    /// (`parseCertificate` in `pkg/tls/certificate.go`).
    fn chosen_for<'c>(&self, cert: &'c Cert) -> Option<&'c str> {
        let name = cert.details.common_name.as_deref()?;
        let mut ended = self.model.paths.iter().filter(|routed| is_ended(routed));
        let is_it = |host: &String| host.eq_ignore_ascii_case(name);
        ended
            .any(|routed| routed.path.hosts.iter().any(is_it))
            .then_some(name)
    }

    /// Finds a certificate for browsers that Traefik chooses by the name in its subject, which is none of its alternative
    /// names: browsers look at those alone.
    fn chosen_in_vain(&self, entry: &Entry, cert: &Cert) -> Option<Finding> {
        let details = &cert.details;
        let host = self.chosen_for(cert).filter(|host| {
            let parsed = SubjectAltName::parse(host).ok();
            let is_covered = parsed.is_some_and(|name| details.covers(&name));
            !details.subject_alt_names.is_empty() && !is_covered
        })?;
        let message = format!(
            "Traefik shows `{}` for `{host}` by the name in its subject, and it is for {}",
            cert.name(),
            details.subject_alt_names.join(", ")
        );
        let finding = self
            .object
            .finding(&CI408, entry.at, &entry.field(), message);
        // Of two for one host it takes either.
        let is_other = self.loaded.is_some_and(|loaded| loaded.is_named(host));
        Some(finding.warning_unless(!is_other && !self.is_left_out(entry)))
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

    /// What no server's certificate may have.
    pub(super) fn served(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
        let (details, name, field) = (&cert.details, cert.name(), entry.field());
        let now = self.model.options.now;
        let mut links = Vec::new();
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
            if let Some(what) = broken_link(&entry.certificates, now) {
                let finding = self.object.finding(&CI627, entry.at, &field, what);
                let is_spare = self.is_left_out(entry) || self.is_shown_to_nobody(entry);
                links.push(finding.warning_unless(!is_spare));
            }
        }
        if self.is_for_browsers && entry.key == "tls.crt" {
            links.extend(self.chosen_in_vain(entry, cert));
            let life = details.validity.not_after - details.validity.not_before;
            if life > BROWSER_LIMIT {
                find(
                    &CI614,
                    format!("`{name}` is valid for {} days", life.whole_days()),
                );
            }
        }
        findings.append(&mut links);
    }
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

/// Explains why a certificate of a chain does not certify the one before it. One that is its own issuer may be a copy of a CA
/// that clients trust otherwise; of the others those count that lead up from the leaf one after the other.
fn broken_link(chain: &[Arc<Cert>], now: OffsetDateTime) -> Option<String> {
    let mut links = chain.windows(2).enumerate();
    let (below, what) = links
        .by_ref()
        .take_while(|(_, pair)| {
            let (cert, issuer) = (&pair[0].details, &pair[1].details);
            cert.issuer == issuer.subject && !issuer.self_issued
        })
        .find_map(|(below, pair)| {
            let (issuer, validity) = (&pair[1].details, pair[1].details.validity);
            let what = if now > validity.not_after {
                format!("expired at {}", format_instant(validity.not_after))
            } else if now < validity.not_before {
                format!(
                    "is not valid before {}",
                    format_instant(validity.not_before)
                )
            } else if !issuer.is_ca {
                "is not a CA".to_owned()
            } else if issuer.path_len.is_some_and(|most| below > most as usize) {
                "has a CA below it, and may have none".to_owned()
            } else {
                match standing(&[&*pair[1]], &pair[..1], now) {
                    Standing::Unknown if may_sign(issuer) => {
                        "has another key than the one that signed it".to_owned()
                    }
                    Standing::OutsideConstraints => "may not sign for its names".to_owned(),
                    _ => return None,
                }
            };
            Some((below, what))
        })?;
    let (cert, issuer) = (chain[below].name(), chain[below + 1].name());
    Some(format!("`{issuer}` is above `{cert}`, and {what}"))
}
