//! Certificates that browsers know: what cert-manager is told of a CA that speaks ACME (RFC 8555), and what is asked of it.
//!
//! The fields are those of cert-manager 1.21.2 (`pkg/apis/acme/v1/types_issuer.go`, `pkg/apis/certmanager/v1/types_certificate.go`).

mod directory;
mod email;
mod limits;
mod solver;

pub use directory::Directory;
pub use email::Email;
pub use limits::{ASKED_SINCE, Rest, Turn, Week, week_of};
pub use solver::{Challenge, DnsSolver, Solver};

use crate::fault::Fault;
use crate::makers::cert_manager::Asked;
use crate::manifest::{Identity, Object};
use crate::name::{Namespace, ObjectName};
use crate::pki::{CertificateText, KeyType, SubjectAltName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Namespace in which cert-manager looks for the Secrets that a `ClusterIssuer` names (`--cluster-resource-namespace` of its
/// chart is the namespace of its release).
pub const SECRETS_NAMESPACE: &str = "cert-manager";

/// A CA that issues certificates by ACME, as cert-manager has to know it.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name in the cluster.
    pub name: ObjectName,
    /// Where its ACME server answers.
    pub directory: Directory,
    /// Whom the CA writes to.
    pub email: Option<Email>,
    /// The profile that is asked for, where the CA has several (draft-ietf-acme-profiles).
    pub profile: Option<Profile>,
    /// The CA of the ACME server's own certificate, where systems do not know it.
    pub ca_bundle: Option<CertificateText>,
    /// How it is shown that a name is ours.
    pub solver: Solver,
}

impl Issuer {
    /// Returns the `ClusterIssuer`. The key of the account is made by cert-manager, in a Secret of the same name in
    /// [`SECRETS_NAMESPACE`].
    #[must_use]
    pub fn object(&self) -> Object {
        let identity = Identity {
            api_version: "cert-manager.io/v1",
            kind: "ClusterIssuer",
            namespace: None,
            name: self.name.clone(),
        };
        let mut object = Object::new(identity, "cert-manager/clusterissuer.yaml");
        let bundle = self.ca_bundle.as_ref();
        object.fields = vec![
            ("server", self.directory.url().into()),
            ("email", self.email.as_ref().map(Email::as_str).into()),
            ("profile", self.profile.as_ref().map(Profile::as_str).into()),
            (
                "ca_bundle",
                bundle.map(|pem| STANDARD.encode(pem.as_str())).into(),
            ),
        ];
        object.fields.extend(self.solver.fields());
        object
    }
}

/// The name of a profile of an ACME server, such as `tlsserver` or `shortlived`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(String);

impl Profile {
    /// Parses a name of letters, digits, `-` and `_`, of which the first is a letter or a digit.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins_well && text.bytes().all(is_of_name) {
            return Ok(Self(text.to_owned()));
        }
        let what = format!(
            "`{}` is not a valid profile of an ACME server",
            text.escape_debug()
        );
        Err(Fault::new(what)
            .help("the server lists its profiles in `meta.profiles` of its directory, such as `tlsserver`"))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A certificate that cert-manager is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Namespace of the Certificate and of its Secret.
    pub namespace: Namespace,
    /// Name of both.
    pub secret: ObjectName,
    /// The names of the certificate; the first one is not repeated as its common name, which browsers ignore and CAs drop.
    pub names: Vec<SubjectAltName>,
    /// The `ClusterIssuer` that is asked.
    pub issuer: ObjectName,
}

impl Request {
    /// Returns the `Certificate`.
    ///
    /// The key is another one at each renewal: one that leaked does not serve for long. cert-manager keeps the Secret as it is
    /// until the next certificate is there, whatever changes here (`pkg/controller/certificates/issuing`).
    #[must_use]
    pub fn object(&self) -> Object {
        let asked = Asked {
            namespace: &self.namespace,
            secret: &self.secret,
            is_ca: false,
            common_name: None,
            organization: None,
            names: &self.names,
            days: None,
            usages: Vec::new(),
            permitted: &[],
            issuer: ("ClusterIssuer", &self.issuer),
            key: KeyType::P256,
            keeps_key: false,
            renew_before_days: None,
        };
        asked.object()
    }
}
