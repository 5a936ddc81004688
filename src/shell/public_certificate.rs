//! `public-certificate`.

use super::Run;
use super::destination::OutputDestination;
use super::error::Failure;
use super::examples::examples;
use super::parsed::{all, one};
use super::traefik_release::TraefikRelease;
use civi_ingress::acme::Request;
use civi_ingress::civiparoisse::WILDCARD_SECRET;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::traefik;
use civi_ingress::name::{Namespace, ObjectName};
use civi_ingress::pki::SubjectAltName;
use clap::Args;

/// cert-manager keeps certificate and key in a Secret of the same name, and renews them.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Have a wildcard certificate issued, and let Traefik present it
    civi-ingress public-certificate --dns '*.parish.fr' \\
      --issuer letsencrypt-production --tls-store |
      kubectl apply -f -

  Have the certificate issued that an httpd shows itself
    civi-ingress public-certificate web-tls --dns a.parish.fr \\
      -n paroisse-a --issuer letsencrypt-production |
      kubectl apply -f -"))]
pub(super) struct PublicCertificateArguments {
    /// Name of the Certificate and of its Secret
    #[arg(default_value = WILDCARD_SECRET)]
    pub(super) name: String,
    /// Host name, or *.DOMAIN [repeatable]
    #[arg(long, value_name = "NAME", required = true, value_delimiter = ',')]
    pub(super) dns: Vec<String>,
    /// ClusterIssuer that is asked, such as one of the command issuer
    #[arg(long, value_name = "NAME")]
    pub(super) issuer: String,
    /// Namespace of the Certificate, the Secret and the TLSStore
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    /// Render the TLSStore `default` too
    #[arg(long)]
    pub(super) tls_store: bool,
    #[command(flatten)]
    pub(super) destination: OutputDestination,
    #[command(flatten)]
    pub(super) release: TraefikRelease,
}

pub(super) fn run(run: &Run, arguments: &PublicCertificateArguments) -> Result<(), Failure> {
    let writing = arguments.destination.claim(&[], Vec::new())?;
    let mut faults = Faults::default();
    let release = arguments.release.parse(&mut faults);
    let mut object = |text: &str, option| one(Some(text), option, ObjectName::parse, &mut faults);
    let secret = object(&arguments.name, "NAME");
    let issuer = object(&arguments.issuer, "--issuer");
    let namespace = Some(arguments.namespace.as_str());
    let namespace = one(namespace, "--namespace", Namespace::parse, &mut faults);
    let names = all(&arguments.dns, "--dns", name, &mut faults);
    let parts = release.zip(secret).zip(issuer.zip(namespace));
    let ((release, secret), (issuer, namespace)) = faults.finish(parts)?;
    let store = arguments
        .tls_store
        .then(|| traefik::tls_store(release, &namespace, &secret));
    let request = Request {
        namespace,
        secret,
        names,
        issuer,
    };
    let objects: Vec<_> = std::iter::once(request.object()).chain(store).collect();
    arguments
        .destination
        .emit(run, writing, &objects, Vec::new())
}

/// Takes a name that a public CA may issue a certificate for.
fn name(text: &str) -> Result<SubjectAltName, Fault> {
    match SubjectAltName::parse(text)? {
        SubjectAltName::Ip(address) => {
            let fault = Fault::new(format!("`{address}` is an address, not a host name"));
            Err(fault.help("name the host that browsers ask for"))
        }
        name => Ok(name),
    }
}
