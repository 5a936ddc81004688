//! A certificate and its key from files that are named.

use super::Run;
use super::error::Failure;
use super::output::warn;
use super::world;
use civi_ingress::pki::SubjectAltName;
use civi_ingress::pki::bundle::{self, Bundle, BundleSource};
use civi_ingress::pki::forms::FormPart;
use civi_ingress::pki::pkcs12::Password;
use std::path::Path;

/// Reads a certificate that covers these names, and its key. The files are the one with the certificate, one with its key if
/// that is elsewhere, and one with the certificates above it. Warns of what a person should know.
///
/// # Errors
/// As [`bundle::import`], and of files that cannot be read.
pub(super) fn read(
    run: &Run,
    [certificate, key, above]: [Option<&Path>; 3],
    password: Option<&Password>,
    names: &[SubjectAltName],
) -> Result<Bundle, Failure> {
    let leaf = match key {
        Some(_) => FormPart::LeafCertificate,
        None => FormPart::Leaf,
    };
    // In this order: the leaf's file first, then what is above it.
    let paths = [
        (certificate, leaf),
        (above, FormPart::AuthorityCertificate),
        (key, FormPart::LeafKey),
    ];
    let paths = paths
        .into_iter()
        .filter_map(|(path, part)| Some((path?, part)));
    let texts = paths
        .clone()
        .map(|(path, part)| world::read_pem(path, part, password))
        .collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<BundleSource<'_>> = texts
        .iter()
        .map(|text| BundleSource {
            file: &text.name,
            text: &text.content,
        })
        .collect();
    let bundle = bundle::import(&sources, names, run.now)?;
    for ((path, _), text) in paths.zip(&texts) {
        let holds_key = text.content.contains("PRIVATE KEY-----");
        let warning = holds_key.then(|| world::warn_if_readable_by_others(path, "a private key"));
        if let Some(warning) = warning.flatten() {
            warn(&warning);
        }
    }
    for warning in &bundle.warnings {
        warn(warning);
    }
    Ok(bundle)
}
