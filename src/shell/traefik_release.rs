//! The Traefik release that reads the manifests.

use civi_ingress::fault::{Fault, Faults};
use civi_ingress::release::Release;
use clap::Args;

/// The release for which manifests are rendered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct TraefikRelease {
    /// Traefik release that reads the manifests, 2.9 to 3.x
    #[arg(long, value_name = "VERSION", default_value = "3.7")]
    pub(super) traefik: String,
}

impl TraefikRelease {
    pub(super) fn parse(&self, faults: &mut Faults) -> Option<Release> {
        release(&self.traefik, faults)
    }
}

/// Parses `--traefik`.
pub(super) fn release(text: &str, faults: &mut Faults) -> Option<Release> {
    faults.keep(
        text.parse()
            .map_err(|fault: Fault| fault.argument("--traefik")),
    )
}
