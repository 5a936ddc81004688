//! `inspect`.

use super::error::Failure;
use super::examples::examples;
use super::output::{self, print_or_end};
use super::paths::{check_stdin, refuse_addresses};
use super::pkcs12_password::Pkcs12Password;
use super::report_format::{ReportArguments, ReportFormat};
use super::{Run, world};
use civi_ingress::fault::Faults;
use civi_ingress::inspect;
use civi_ingress::report::yaml;
use clap::{Args, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show names, dates and issuer of a certificate
    civi-ingress inspect tls.crt

  Show those of a Secret, for a program
    kubectl get secret -n paroisse-a selfcert -o yaml |
      civi-ingress inspect - -o json"))]
pub(super) struct Inspect {
    /// PEM, DER or PKCS#12 file or manifests, or - for stdin
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: ReportArguments,
    /// Print the certificates themselves as PEM, each once, and nothing else that is found
    #[arg(long, conflicts_with = "format")]
    pub(super) pem: bool,
    #[command(flatten)]
    pub(super) password: Pkcs12Password,
}

pub(super) fn run(run: &Run, arguments: &Inspect) -> Result<(), Failure> {
    let paths = || arguments.files.iter().map(PathBuf::as_path);
    let password = &arguments.password;
    check_stdin(paths().chain(password.paths().into_iter().map(|(_, path)| path)))?;
    refuse_addresses(paths(), "`civi-ingress probe HOST` looks at a live host")?;
    let password = password.read()?;
    let mut faults = Faults::default();
    let mut findings = Vec::new();
    for path in &arguments.files {
        let bytes = world::read_bytes(path)?;
        let read = inspect::read(&*bytes, &world::name_of(path), password.as_ref());
        findings.extend(faults.keep_all(read).unwrap_or_default());
    }
    let findings = faults.finish(Some(findings))?;
    let report = match arguments.report.format {
        _ if arguments.pem => inspect::as_pem(&findings),
        ReportFormat::Text => inspect::as_text(&findings, run.now, output::paint()),
        ReportFormat::Json => inspect::as_json(&findings, run.now),
        ReportFormat::Yaml => yaml(&inspect::as_json(&findings, run.now)),
    };
    print_or_end(report.as_bytes())
}
