//! What no certificate may have, wherever it stands.

use super::CheckedSecret;
use super::rules::{CI601, CI602, CI603, CI606, CI608, CI609, CI613, CI618, CI622};
use crate::cluster::data::{Cert, Entry};
use crate::lint::finding::Finding;
use crate::pki::validity::{Validity, format_instant};
use time::Duration;

/// Most characters of a common name (RFC 5280 appendix A.1, `ub-common-name`).
const COMMON_NAME_LIMIT: usize = 64;
/// How long before its end a certificate is found to expire soon, at most, where the user says nothing.
const SOON: Duration = Duration::days(30);

impl CheckedSecret<'_, '_> {
    /// What no certificate may have.
    pub(super) fn any(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
        let (details, name, field) = (&cert.details, cert.name(), entry.field());
        let is_idle = || self.is_shown_to_nobody(entry);
        let mut find = |rule, message: String| {
            let finding = self.object.finding(rule, entry.at, &field, message);
            let is_of_place = [&CI601, &CI602, &CI609, &CI613].contains(&rule);
            findings.push(finding.warning_unless(!is_of_place || !is_idle()));
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

    /// Returns whether this is a certificate for browsers, and Traefik shows it for none of its hosts.
    pub(super) fn is_shown_to_nobody(&self, entry: &Entry) -> bool {
        entry.key == "tls.crt" && self.is_for_browsers && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        let object = self.object;
        let number = self.model.find(object.class, object.namespace, object.name);
        number
            .zip(self.loaded)
            .is_some_and(|(number, loaded)| loaded.is_idle(number))
    }

    /// What some clients refuse, of the keys that clients of Traefik, httpd and the database meet.
    pub(super) fn odd_names(&self, entry: &Entry, cert: &Cert, findings: &mut Vec<Finding>) {
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
}
