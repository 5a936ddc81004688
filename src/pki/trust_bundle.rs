//! What is trusted during a roll-over: the CA that signs, and those whose leaves may still be served.

use super::certificate::{Certificate, Details};
use super::refusals::{self, Use};
use super::validity::BACKDATING;
use time::{Duration, OffsetDateTime};

/// No leaf is served for longer, unless its terms say so: Apple's clients refuse one of more days under any root
/// (support.apple.com/103769).
const LONGEST_LEAF: Duration = Duration::days(825);

/// How long a CA stays trusted once another signs in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// While a leaf of it may be served: until it ends, and at most for the life of a leaf (this, or the longest
    /// that clients take) after the next CA began, which was made to sign in its place.
    WhileServed {
        /// How long a leaf lives.
        life: Duration,
    },
    /// Until it ends: CAs that are given may be much older than their use.
    UntilEnd,
    /// No longer.
    Nothing,
}

/// Settles what is trusted.
///
/// That is what signs, `in_use`, and every CA from `before` whose leaf may still be served: a program serves its
/// old leaf until it is restarted, and nobody knows when that is. Left out are CAs that have ended, that Go refuses
/// ([`refusals`]), or whose keys are published on the internet.
#[must_use]
pub fn trust_bundle(
    in_use: &[&Certificate],
    before: impl IntoIterator<Item = Certificate>,
    retention: Retention,
    now: OffsetDateTime,
) -> Vec<Certificate> {
    let mut bundle: Vec<Certificate> = Vec::new();
    let known = |bundle: &[Certificate], certificate: &Certificate| {
        bundle.iter().any(|other| other == certificate)
    };
    for certificate in in_use {
        if !known(&bundle, certificate) {
            bundle.push((*certificate).clone());
        }
    }
    let signing = bundle.len();
    for certificate in before {
        let details = certificate.details();
        if !known(&bundle, &certificate)
            && details.is_ok_and(|details| may_be_trusted(&details, now))
        {
            bundle.push(certificate);
        }
    }
    let births: Vec<OffsetDateTime> = bundle.iter().map(|ca| ca.validity().not_before).collect();
    let is_retained = |ca: &Certificate| match retention {
        Retention::Nothing => false,
        Retention::UntilEnd => true,
        Retention::WhileServed { life } => {
            let life = LONGEST_LEAF.max(life) + BACKDATING;
            let later = births.iter().filter(|at| **at > ca.validity().not_before);
            later.min().is_none_or(|next| now <= *next + life)
        }
    };
    let mut place = 0;
    bundle.retain(|ca| {
        place += 1;
        place <= signing || is_retained(ca)
    });
    bundle
}

fn may_be_trusted(details: &Details, now: OffsetDateTime) -> bool {
    let refusals = refusals::of(details, Use::Authority);
    details.is_ca
        && details.validity.not_after >= now
        && details.published_as.is_none()
        && !refusals.iter().any(|refusal| refusal.is_fatal)
}
