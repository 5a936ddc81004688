//! `cert`: a server certificate as PEM files, without Kubernetes.

use super::destination::secret_files;
use super::error::Failure;
use super::examples::examples;
use super::existing_ca::ExistingCa;
use super::issuing::{Issuing, Signing, describe};
use super::output::warn;
use super::paths::{DirectoryContents, Paths, side_paths};
use super::writing::{NewFile, Overwrite, Writing, side_file};
use super::{Run, gitops};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::pki::bundle::long_life;
use civi_ingress::pki::{CertificateText, LeafUse, SubjectAltName};
use clap::{Args, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;

/// Writes tls.crt, tls.key and ca.crt. The key of a new CA is forgotten unless --ca-key-out is given.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make a server certificate under a CA of its own
    civi-ingress cert --dns db.example.org --output-dir db

  Sign it with a CA that exists
    civi-ingress cert --dns db.example.org --ip 192.0.2.7 \\
      --ca-cert pki/ca.crt --ca-key pki/ca.key --output-dir db"))]
pub(super) struct MakeCert {
    /// Host name, or *.DOMAIN [repeatable]
    #[arg(long, value_name = "NAME", required_unless_present = "ip")]
    pub(super) dns: Vec<String>,
    /// IP address [repeatable]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) ip: Vec<String>,
    /// Directory for the files, new or empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys too: the old ones are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
    /// Let the certificate identify a TLS client too
    #[arg(long)]
    pub(super) client_auth: bool,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// Write the key of the new CA to this file
    #[arg(long, value_name = "FILE", help_heading = "Certificates", conflicts_with = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
}

pub(super) fn run(run: &Run, arguments: &MakeCert) -> Result<(), Failure> {
    let beside = side_paths([("--ca-key-out", arguments.ca_key_out.as_ref())]);
    let contents = DirectoryContents::Files(&["ca.crt", "tls.crt", "tls.key"]);
    let paths = Paths {
        directory: Some((&arguments.output_dir, contents)),
        beside,
        inputs: arguments.existing_ca.paths(),
    };
    let overwrite = Overwrite::of(arguments.force, arguments.replace_keys);
    let writing = Writing::begin(&paths, overwrite)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let dns = arguments.dns.iter().map(|text| dns(text));
    let addresses = arguments.ip.iter().map(|text| address(text, "--ip"));
    let mut names: Vec<SubjectAltName> = Vec::new();
    for name in dns.chain(addresses) {
        let Some(name) = faults.keep(name) else {
            continue;
        };
        if names.contains(&name) {
            faults
                .push(Fault::new(format!("the name `{name}` is given twice")).help("list it once"));
        }
        names.push(name);
    }
    let plan = faults.finish(plan).map_err(Failure::usage)?;
    let existing_ca = arguments.existing_ca.read(run)?;
    let signing = Signing {
        plan: &plan,
        names: &names,
        leaf_use: if arguments.client_auth {
            LeafUse::ServerAndClient
        } else {
            LeafUse::Server
        },
        existing_ca,
    };
    let (ca, leaf, key) = signing.issue(run)?;
    let served: CertificateText = std::iter::once(&leaf).chain(ca.intermediates()).collect();
    let files = vec![
        NewFile::new("ca.crt", ca.root().pem(), false),
        NewFile::new("tls.crt", served.as_str(), false),
        NewFile::new("tls.key", key.pem(), true),
    ];
    let beside = side_file(arguments.ca_key_out.as_ref(), ca.key.pem(), true);
    let beside: Vec<_> = beside.into_iter().collect();
    let keys = secret_files(&arguments.output_dir, &files, &beside);
    writing.write(files, beside, || Ok(()))?;
    gitops::git::warn_of(&keys);
    run.note(&describe(&names, &leaf));
    if let Some(text) = long_life(leaf.validity()) {
        warn(&text);
    }
    Ok(())
}

fn dns(text: &str) -> Result<SubjectAltName, Fault> {
    match SubjectAltName::parse(text).map_err(|fault| fault.argument("--dns"))? {
        SubjectAltName::Ip(address) => Err(Fault::new(format!("`{address}` is an IP address"))
            .help("pass it with `--ip`")
            .argument("--dns")),
        name => Ok(name),
    }
}

pub(super) fn address(text: &str, option: &str) -> Result<SubjectAltName, Fault> {
    let parsed = text.parse::<IpAddr>();
    let refused = |_| {
        Fault::new(format!("`{}` is not an IP address", text.escape_debug()))
            .help("write it like `192.0.2.7` or `2001:db8::7`")
    };
    parsed
        .map(SubjectAltName::Ip)
        .map_err(|error| refused(error).argument(option))
}
