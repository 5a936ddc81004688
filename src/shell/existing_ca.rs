//! A CA that the user gives.

use super::error::Failure;
use super::output::warn;
use super::paths::{Named, check_stdin, side_paths};
use super::pkcs12_password::Pkcs12Password;
use super::{Run, world};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::pki::forms::FormPart;
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::pem::mentions_private_key;
use civi_ingress::pki::refusals::{self, Use};
use civi_ingress::pki::{Certificate, PrivateKey, verify};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// An existing CA.
#[derive(Debug, Args)]
#[command(next_help_heading = "Certificates")]
pub(super) struct ExistingCa {
    /// Sign with this CA instead of a new one (PEM, DER, PKCS#12, a Secret)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca_cert: Option<PathBuf>,
    /// Private key of that CA (PEM, DER, PKCS#12, a Secret) [default: in the file of --ca-cert]
    #[arg(long, value_name = "FILE", requires = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_key: Option<PathBuf>,
    #[command(flatten)]
    pub(super) password: Pkcs12Password,
}

impl ExistingCa {
    /// Returns the files that are read.
    pub(super) fn paths(&self) -> Vec<Named<'_>> {
        let mut paths = side_paths([
            ("--ca-cert", self.ca_cert.as_ref()),
            ("--ca-key", self.ca_key.as_ref()),
        ]);
        paths.extend(self.password.paths());
        paths
    }

    /// Reads and checks the existing CA with the certificates above it, if one is given.
    pub(super) fn read(&self, run: &Run) -> Result<Option<Ca>, Failure> {
        let Some(cert_path) = &self.ca_cert else {
            return Ok(None);
        };
        check_stdin(self.paths().into_iter().map(|(_, path)| path))?;
        let password = self.password.read()?;
        let password = password.as_ref();
        let cert_part = match self.ca_key {
            Some(_) => FormPart::AuthorityCertificate,
            None => FormPart::Authority,
        };
        let cert = world::read_pem(cert_path, cert_part, password)?;
        let separate = match &self.ca_key {
            Some(path) => Some(world::read_pem(path, FormPart::AuthorityKey, password)?),
            None if mentions_private_key(&cert.content) => None,
            None => {
                let fault =
                    Fault::new("there is no private key").help("pass it with `--ca-key FILE`");
                return Err(fault.file(&cert.name).into());
            }
        };
        let key = separate.as_ref().unwrap_or(&cert);
        let mut faults = Faults::default();
        let certificates = faults
            .keep(Certificate::all_from_pem(&cert.content).map_err(|fault| fault.file(&cert.name)));
        let private_key =
            faults.keep(PrivateKey::from_pem(&key.content).map_err(|fault| fault.file(&key.name)));
        if separate.is_some() && mentions_private_key(&cert.content) {
            warn(&format!(
                "{} also holds a private key; only its certificate is taken",
                cert.name
            ));
        }
        let key_path = self.ca_key.as_ref().unwrap_or(cert_path);
        if let Some(warning) = world::warn_if_readable_by_others(key_path, "a private key") {
            warn(&warning);
        }
        let (Some(certificates), Some(private_key)) = (certificates, private_key) else {
            return Ok(faults.finish(None)?);
        };
        let ca =
            Ca::of_bundle(certificates, private_key).map_err(|fault| fault.file(&cert.name))?;
        verify::usable_issuer(&ca.certificate, &ca.key, &ca.above, run.now)
            .map_err(|fault| fault.file(&cert.name))?;
        for certificate in std::iter::once(&ca.certificate).chain(&ca.above) {
            let details = certificate.details()?;
            for refusal in refusals::of(&details, Use::Authority) {
                warn(&format!(
                    "{}: the CA `{}` {}: {} refuse it",
                    cert.name,
                    details.name(),
                    refusal.what,
                    refusal.by
                ));
            }
        }
        Ok(Some(ca))
    }
}
