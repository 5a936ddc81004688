//! cert-manager's Certificate (`cert-manager.io/v1`): what it says of a certificate that need not be at hand.

use super::{Home, items, text};
use crate::duration::TraefikDuration;
use crate::instant::earlier;
use crate::pki::validity::{Validity, parse_instant};
use crate::yaml::{Node, Value};
use time::{Duration, OffsetDateTime};

/// A Certificate object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where it belongs.
    pub home: Home,
    /// `metadata.name`.
    pub name: String,
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

pub(super) fn read(object: &Node, spec: &Node, home: Home, name: String) -> Option<Announced> {
    let status = object.get("status");
    let instant = |key| parse_instant(&text(status, key)?).ok();
    let not_after = instant("notAfter");
    let names = items(spec, "dnsNames").filter_map(Node::text);
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() {
        names.extend(text(Some(spec), "commonName"));
    }
    let conditions = status
        .into_iter()
        .flat_map(|status| items(status, "conditions"));
    let is_failed = |condition: &&Node| {
        let says = |key, value| text(Some(condition), key).as_deref() == Some(value);
        says("type", "Ready") && says("status", "False")
    };
    let failure = conditions.filter(is_failed).find_map(|condition| {
        text(Some(condition), "message").or_else(|| text(Some(condition), "reason"))
    });
    let before = || {
        let length = TraefikDuration::parse(&text(Some(spec), "renewBefore")?).ok()?;
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
    Some(Announced {
        home,
        name,
        secret: text(Some(spec), "secretName")?,
        names,
        issuer: text(spec.get("issuerRef"), "name").unwrap_or_default(),
        is_ca: super::is_true(Some(spec), "isCA"),
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
