//! cert-manager's Certificate (`cert-manager.io/v1`): what it says of a certificate that need not be at hand.

use super::{text, texts};
use crate::duration::TraefikDuration;
use crate::instant::earlier;
use crate::pki::validity::{Validity, parse_instant};
use crate::yaml::{Node, Value};
use time::{Duration, OffsetDateTime};

/// A Certificate object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// `spec.secretName`: the Secret with the certificate under `tls.crt`.
    pub secret: String,
    /// `spec.dnsNames`, else `spec.commonName`.
    pub names: Vec<String>,
    /// `spec.issuerRef.name`.
    pub issuer: String,
    /// `spec.isCA`.
    pub is_ca: bool,
    /// `status.notBefore` and `status.notAfter`.
    pub validity: Option<Validity>,
    /// When it is renewed.
    pub renewal: Renewal,
    /// Why it is not ready, where cert-manager says so.
    pub failure: Option<String>,
}

/// When cert-manager renews a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Then: `status.renewalTime`.
    At(OffsetDateTime),
    /// So long before its end: `spec.renewBefore`.
    Before(Duration),
    /// When so many percent of its life are left: `spec.renewBeforePercentage`.
    Left(u8),
    /// When a third of its life is left (cert-manager.io/docs/usage/certificate, "Renewal").
    Usual,
}

impl Renewal {
    /// Returns the instant for a certificate of this validity.
    #[must_use]
    pub fn of(self, validity: Validity) -> OffsetDateTime {
        let life = validity.not_after - validity.not_before;
        match self {
            Self::At(at) => at,
            Self::Before(span) => earlier(validity.not_after, span),
            Self::Left(percent) => earlier(validity.not_after, life * i32::from(percent) / 100),
            Self::Usual => earlier(validity.not_after, life / 3),
        }
    }
}

impl Announced {
    pub(crate) fn of(object: &Node, spec: &Node) -> Option<Self> {
        let status = object.get("status");
        let instant = |key| parse_instant(status?.text_of(key)?).ok();
        let not_after = instant("notAfter");
        let mut names = texts(spec, "dnsNames");
        if names.is_empty() {
            names.extend(text(spec, "commonName"));
        }
        let conditions = status.map(|status| status.items_of("conditions"));
        let is_failed = |condition: &&Node| {
            condition.text_of("type") == Some("Ready")
                && condition.text_of("status") == Some("False")
        };
        let mut failed = conditions.unwrap_or_default().iter().filter(is_failed);
        let failure = failed
            .find_map(|condition| text(condition, "message").or_else(|| text(condition, "reason")));
        let before = || {
            let length = TraefikDuration::parse(spec.text_of("renewBefore")?).ok()?;
            Duration::try_from(length.length())
                .ok()
                .map(Renewal::Before)
        };
        let left = || match spec.get("renewBeforePercentage")?.value {
            Value::Int(percent) => u8::try_from(percent)
                .ok()
                .filter(|percent| *percent < 100)
                .map(Renewal::Left),
            _ => None,
        };
        let renewal = instant("renewalTime").map(Renewal::At);
        Some(Self {
            secret: text(spec, "secretName")?,
            names,
            issuer: spec
                .get("issuerRef")
                .and_then(|issuer| text(issuer, "name"))
                .unwrap_or_default(),
            is_ca: spec.is_true("isCA"),
            validity: not_after.map(|not_after| Validity {
                not_before: instant("notBefore").unwrap_or(not_after).min(not_after),
                not_after,
            }),
            renewal: renewal
                .or_else(before)
                .or_else(left)
                .unwrap_or(Renewal::Usual),
            failure,
        })
    }
}
