//! Who signed what.

use crate::cluster::data::Cert;
use crate::pki::verify::{self, Standing};
use std::sync::Arc;
use time::OffsetDateTime;

/// How a certificate stands to what is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Chain {
    Good,
    Unknown,
    Constraints,
    Other,
}

/// Returns how the first of these certificates stands to the roots; the others may be intermediates.
pub(in crate::lint) fn chain(
    roots: &[&Cert],
    certificates: &[Arc<Cert>],
    now: OffsetDateTime,
) -> Chain {
    let [leaf, above @ ..] = certificates else {
        return Chain::Other;
    };
    let roots: Vec<_> = roots.iter().map(|root| &root.certificate).collect();
    let above: Vec<_> = above.iter().map(|cert| &cert.certificate).collect();
    match verify::standing(&roots, &above, &leaf.certificate, now) {
        Standing::Signed => Chain::Good,
        Standing::Unknown => Chain::Unknown,
        Standing::OutsideConstraints => Chain::Constraints,
        Standing::Broken => Chain::Other,
    }
}
