//! The Traefik release that reads the manifests.

use civi_ingress::fault::{Fault, Faults};
use civi_ingress::release::Release;

/// Parses `--traefik`.
pub(super) fn release(text: &str, faults: &mut Faults) -> Option<Release> {
    faults.keep(
        text.parse()
            .map_err(|fault: Fault| fault.argument("--traefik")),
    )
}
