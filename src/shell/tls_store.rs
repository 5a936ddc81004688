//! `tls-store`.

use super::Run;
use super::destination::OutputDestination;
use super::error::Failure;
use super::examples::examples;
use super::traefik_release::TraefikRelease;
use civi_ingress::civiparoisse::WILDCARD_SECRET;
use civi_ingress::fault::Faults;
use civi_ingress::ingress::traefik;
use civi_ingress::name::{Namespace, ObjectName};
use clap::Args;

/// Any namespace that Traefik watches will do, but two TLSStores named `default` cancel each other.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Let Traefik present the certificate of the Secret `wildcardsecret`
    civi-ingress tls-store | kubectl apply -f -"))]
pub(super) struct TlsStoreArguments {
    /// Secret that holds the certificate, in the same namespace
    #[arg(long, value_name = "NAME", default_value = WILDCARD_SECRET)]
    pub(super) secret: String,
    /// Namespace of the TLSStore
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    #[command(flatten)]
    pub(super) destination: OutputDestination,
    #[command(flatten)]
    pub(super) release: TraefikRelease,
}

pub(super) fn run(run: &Run, arguments: &TlsStoreArguments) -> Result<(), Failure> {
    let writing = arguments.destination.claim(&[], Vec::new())?;
    let mut faults = Faults::default();
    let release = arguments.release.parse(&mut faults);
    let secret = faults
        .keep(ObjectName::parse(&arguments.secret).map_err(|fault| fault.argument("--secret")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let ((release, secret), namespace) = faults.finish(release.zip(secret).zip(namespace))?;
    arguments.destination.emit(
        run,
        writing,
        &[traefik::tls_store(release, &namespace, &secret)],
        Vec::new(),
    )
}
