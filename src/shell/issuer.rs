//! `issuer`.

use super::Run;
use super::destination::OutputDestination;
use super::error::Failure;
use super::examples::examples;
use super::parsed::one;
use super::paths::{check_stdin, side_paths};
use super::world::{self, Text};
use civi_ingress::acme::{
    Challenge, Directory, DnsSolver, Email, Issuer, Profile, SECRETS_NAMESPACE, Solver,
};
use civi_ingress::duration::TraefikDuration;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::name::{Namespace, ObjectName};
use civi_ingress::pki::CertificateText;
use civi_ingress::yaml;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

/// cert-manager makes the key of the account itself, and keeps it in a Secret of the issuer's name.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Try Let's Encrypt out, by answers at port 80
    civi-ingress issuer --email admin@parish.fr | kubectl apply -f -

  Prove a whole domain, for a wildcard certificate
    civi-ingress issuer --server production --email admin@parish.fr \\
      --dns-solver solver.yaml | kubectl apply -f -"))]
pub(super) struct IssuerArguments {
    /// Name of the ClusterIssuer [default: letsencrypt-staging, letsencrypt-production; of another server: acme]
    pub(super) name: Option<String>,
    /// ACME server: staging or production of Let's Encrypt, or the URL of another one's directory
    #[arg(long, value_name = "SERVER", default_value = "staging")]
    pub(super) server: String,
    /// Address that the CA writes to
    #[arg(long, value_name = "ADDRESS")]
    pub(super) email: Option<String>,
    /// Profile that is asked for, such as tlsserver; for cert-manager 1.18 or newer
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// CA of the server's own certificate (PEM), where systems do not know it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca_bundle: Option<PathBuf>,
    /// Answer at port 80 through an Ingress of this class
    #[arg(long, value_name = "CLASS", default_value = "traefik", conflicts_with_all = ["gateway", "dns_solver"])]
    pub(super) ingress_class: String,
    /// Answer at port 80 through an HTTPRoute of this Gateway
    #[arg(long, value_name = "NAMESPACE/NAME", conflicts_with = "dns_solver")]
    pub(super) gateway: Option<String>,
    /// Answer by a record in the zone, as this file has it below `dns01` of cert-manager, or - for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) dns_solver: Option<PathBuf>,
    /// Wait so long before the CA looks, in place of looking first; for cert-manager 1.21 or newer
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) wait_instead_of_self_check: Option<String>,
    #[command(flatten)]
    pub(super) destination: OutputDestination,
}

pub(super) fn run(run: &Run, arguments: &IssuerArguments) -> Result<(), Failure> {
    let files = [&arguments.ca_bundle, &arguments.dns_solver];
    check_stdin(files.into_iter().flatten().map(PathBuf::as_path))?;
    let inputs = side_paths([
        ("--ca-bundle", arguments.ca_bundle.as_ref()),
        ("--dns-solver", arguments.dns_solver.as_ref()),
    ]);
    let writing = arguments.destination.claim(&[], inputs)?;
    let issuer = issuer(arguments)?;
    if matches!(issuer.solver.challenge, Challenge::Dns(_)) {
        run.note(&format!(
            "the Secrets that the solver names belong in the namespace `{SECRETS_NAMESPACE}`"
        ));
    }
    let objects = [issuer.object()];
    arguments
        .destination
        .emit(run, writing, &objects, Vec::new())
}

fn issuer(arguments: &IssuerArguments) -> Result<Issuer, Failure> {
    let mut faults = Faults::default();
    let server = Some(arguments.server.as_str());
    let directory = one(server, "--server", Directory::parse, &mut faults);
    let name = one(
        arguments.name.as_deref(),
        "NAME",
        ObjectName::parse,
        &mut faults,
    );
    let email = one(
        arguments.email.as_deref(),
        "--email",
        Email::parse,
        &mut faults,
    );
    let profile = one(
        arguments.profile.as_deref(),
        "--profile",
        Profile::parse,
        &mut faults,
    );
    let waits = one(
        arguments.wait_instead_of_self_check.as_deref(),
        "--wait-instead-of-self-check",
        TraefikDuration::parse,
        &mut faults,
    );
    let challenge = match (&arguments.dns_solver, &arguments.gateway) {
        (Some(path), _) => faults.keep_all(dns_solver(path)?).map(Challenge::Dns),
        (None, Some(text)) => faults.keep(gateway(text)),
        (None, None) => {
            let class = Some(arguments.ingress_class.as_str());
            one(class, "--ingress-class", ObjectName::parse, &mut faults).map(Challenge::Ingress)
        }
    };
    let ca_bundle = match &arguments.ca_bundle {
        Some(path) => faults.keep(ca_bundle(path)?),
        None => None,
    };
    let issuer = directory
        .zip(challenge)
        .map(|(directory, challenge)| Issuer {
            name: name.unwrap_or_else(|| directory.issuer_name()),
            directory,
            email,
            profile,
            ca_bundle,
            solver: Solver { challenge, waits },
        });
    Ok(faults.finish(issuer)?)
}

/// Takes `NAMESPACE/NAME`.
fn gateway(text: &str) -> Result<Challenge, Fault> {
    let (namespace, name) = text.split_once('/').ok_or_else(|| {
        let what = format!("`{}` is not a Gateway in a namespace", text.escape_debug());
        Fault::new(what)
            .help("write the namespace, a slash and the name: `traefik/public`")
            .argument("--gateway")
    })?;
    let parts = Namespace::parse(namespace).and_then(|namespace| {
        let name = ObjectName::parse(name)?;
        Ok(Challenge::Gateway { namespace, name })
    });
    parts.map_err(|fault| fault.argument("--gateway"))
}

fn dns_solver(path: &Path) -> Result<Result<DnsSolver, Vec<Fault>>, Failure> {
    let Text { content, name, .. } = world::read(path)?;
    let node = match yaml::read(&content, &name) {
        Ok(node) => node,
        Err(fault) => return Ok(Err(vec![fault])),
    };
    // The whole solver is as good as what is below its key.
    let below = node.get("dns01").cloned();
    let solver = DnsSolver::of(below.unwrap_or(node));
    Ok(solver.map_err(|faults| {
        let faults = faults.into_iter();
        faults
            .map(|(at, fault)| fault.at(at.place(&name)))
            .collect()
    }))
}

fn ca_bundle(path: &Path) -> Result<Result<CertificateText, Fault>, Failure> {
    let text = world::read(path)?;
    Ok(CertificateText::of(&text.content).map_err(|fault| fault.file(&text.name)))
}
