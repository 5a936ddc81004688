//! `traefik-values`.

use super::cli::TraefikValues;
use super::error::Failure;

pub(super) fn run(_arguments: TraefikValues) -> Result<(), Failure> {
    Ok(())
}
