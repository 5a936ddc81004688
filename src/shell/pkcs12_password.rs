//! The password of PKCS#12 files: out of a file, because arguments and environment are seen by others.

use super::error::Failure;
use super::output::warn;
use super::paths::{Named, side_paths};
use super::world;
use civi_ingress::pki::pkcs12::Password;
use clap::{Args, ValueHint};
use std::path::PathBuf;

// A comment for documentation would become the description of a command that has none.
#[derive(Debug, Args)]
pub(super) struct Pkcs12Password {
    /// Open PKCS#12 files with the password in the first line of this file, or - for stdin [default: an empty password]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) pkcs12_password_file: Option<PathBuf>,
}

impl Pkcs12Password {
    /// Returns the file that is read.
    pub(super) fn paths(&self) -> Vec<Named<'_>> {
        side_paths([("--pkcs12-password-file", self.pkcs12_password_file.as_ref())])
    }

    /// Reads the password, if one is given.
    pub(super) fn read(&self) -> Result<Option<Password>, Failure> {
        let Some(path) = &self.pkcs12_password_file else {
            return Ok(None);
        };
        let text = world::read(path)?;
        if let Some(warning) = world::warn_if_readable_by_others(path, "a password") {
            warn(&warning);
        }
        Ok(Some(Password::of_text(&text.content)))
    }
}
