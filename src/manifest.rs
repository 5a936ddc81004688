//! Kubernetes objects: as data on their way to a template, and as checked text on their way out.

use crate::fault::Fault;
use crate::guarded::Guarded;
use crate::name::{DataKey, Namespace, ObjectName};
use crate::pki::CertificateText;
use crate::yaml::Node;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What identifies an object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// `kind`.
    pub kind: &'static str,
    /// `metadata.namespace`; nothing for a Namespace.
    pub namespace: Option<Namespace>,
    /// `metadata.name`.
    pub name: ObjectName,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// An object as data, and the template that writes it.
#[derive(Debug, Clone)]
pub struct Object {
    /// What identifies it.
    pub identity: Identity,
    /// The template's name, its path below `templates/`.
    pub template: &'static str,
    /// Labels, in order.
    pub labels: Vec<(String, String)>,
    /// Annotations, in order.
    pub annotations: Vec<(String, String)>,
    /// What the template places, by name.
    pub fields: Vec<(&'static str, Field)>,
}

impl Object {
    /// Makes an object without labels, annotations and fields.
    #[must_use]
    pub fn new(identity: Identity, template: &'static str) -> Self {
        Self {
            identity,
            template,
            labels: Vec::new(),
            annotations: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// A value that a template places or walks through.
#[derive(Debug, Clone)]
pub enum Field {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A boolean.
    Bool(bool),
    /// A sequence.
    List(Vec<Field>),
    /// A mapping, in order.
    Map(Vec<(String, Field)>),
    /// Data of a Secret.
    Secret(SecretData),
    /// A tree as a person gave it, which goes on as it is.
    Tree(Node),
    /// Nothing: the template leaves its place out.
    Nothing,
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Node> for Field {
    fn from(tree: Node) -> Self {
        Self::Tree(tree)
    }
}

impl<T: Into<Self>> From<Option<T>> for Field {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

impl<T: Into<Self>> FromIterator<T> for Field {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// One value of a Secret's `data`. Its text form shows nothing of it; only the YAML writer takes it out.
#[derive(Clone)]
pub struct SecretData {
    base64: Arc<Guarded>,
}

/// What stands for a private key in a preview. No API server takes it: it is not base64.
pub const PREVIEW: &str = "<private key not shown>";

impl SecretData {
    /// Encodes certificates, which anyone may read.
    #[must_use]
    pub fn certificates(text: &CertificateText) -> Self {
        Self::new(text.as_str(), false)
    }

    /// Encodes a private key.
    #[must_use]
    pub fn private(text: &str) -> Self {
        Self::new(text, true)
    }

    /// Takes what was encrypted already ([`crate::seal::sops`]): anyone may read it, and it is written as it is.
    #[must_use]
    pub fn sealed(text: String) -> Self {
        Self::as_it_is(text, false)
    }

    fn new(text: &str, is_private: bool) -> Self {
        use base64::Engine as _;
        let base64 = base64::engine::general_purpose::STANDARD.encode(text);
        Self::as_it_is(base64, is_private)
    }

    /// Takes a private key as it is in a manifest, in base64. It is written as it is.
    #[must_use]
    pub fn carried_key(base64: String) -> Self {
        Self::as_it_is(base64, true)
    }

    /// Takes certificates as they are in a manifest, in base64. They are re-encoded where anything else is
    /// beside them; a value that is not a certificate is written as it is.
    ///
    /// # Errors
    /// A private key in a value whose certificates cannot be read: it would be written where anyone may read it.
    pub fn carried_certificates(base64: String) -> Result<Self, Fault> {
        use base64::Engine as _;
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(&base64)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = decoded else {
            return Ok(Self::as_it_is(base64, false));
        };
        if CertificateText::is_alone(&text) {
            return Ok(Self::as_it_is(base64, false));
        }
        let text = Zeroizing::new(text);
        match CertificateText::of(&text) {
            Ok(certificates) if certificates.as_str() == text.as_str() => {
                Ok(Self::as_it_is(base64, false))
            }
            Ok(certificates) => Ok(Self::certificates(&certificates)),
            Err(_) if !text.contains("PRIVATE KEY") => Ok(Self::as_it_is(base64, false)),
            Err(_) => Err(Fault::new(
                "there is a private key where a certificate belongs, and anyone can read it there",
            )
            .help("put the certificate there, and make new keys: this one has been exposed")),
        }
    }

    /// Returns the text of certificates; nothing of what is private, or encrypted.
    #[must_use]
    pub fn certificate_text(&self) -> Option<String> {
        use base64::Engine as _;
        let base64 = (!self.is_private()).then_some(&self.base64)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(base64.as_bytes());
        String::from_utf8(bytes.ok()?).ok()
    }

    /// Stands another text in place of a value.
    pub(crate) fn replaced_by(&self, text: String) -> Self {
        Self::as_it_is(text, self.is_private())
    }

    fn as_it_is(text: String, is_private: bool) -> Self {
        Self {
            base64: Arc::new(Guarded::new(text, is_private)),
        }
    }

    /// Returns the base64 text (or what was sealed), or the [`PREVIEW`] of a private key.
    #[must_use]
    pub fn expose(&self, private_keys: PrivateKeys) -> &str {
        match private_keys {
            PrivateKeys::Hidden if self.is_private() => PREVIEW,
            PrivateKeys::Hidden | PrivateKeys::Written => &self.base64,
        }
    }

    /// Whether it holds a private key.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.base64.is_private()
    }
}

impl fmt::Debug for SecretData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Whether rendering writes private keys or stands [`PREVIEW`] in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateKeys {
    /// The manifest is real.
    Written,
    /// The manifest is for reading only.
    Hidden,
}

/// The text of one object, parsed back and found to be what was asked for.
pub struct Manifest {
    /// What it identifies itself as.
    pub identity: Identity,
    /// One document without the opening `---`, ending with a newline.
    pub yaml: Guarded,
    /// Whether the text holds a private key.
    pub holds_private_key: bool,
}

impl Identity {
    /// Returns the file name in a directory: names sort in the order in which objects must be applied.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Self { kind, name, .. } = self;
        format!(
            "{:02}-{}-{name}.yaml",
            apply_order(kind),
            kind.to_ascii_lowercase()
        )
    }
}

/// A namespace comes before what lives in it, and what is referred to before what refers to it,
/// so that Traefik never sees a dangling reference; the world is told of a host once it is served.
fn apply_order(kind: &str) -> u8 {
    match kind {
        "Namespace" => 0,
        "ClusterIssuer" | "Issuer" => 5,
        "Secret" | "ExternalSecret" => 10,
        "Certificate" => 15,
        "ConfigMap" => 20,
        "NetworkPolicy" => 30,
        "BackendTLSPolicy"
        | "DestinationRule"
        | "ServersTransport"
        | "ServersTransportTCP"
        | "Middleware"
        | "TLSOption" => 40,
        "Gateway" | "TLSStore" => 50,
        "DNSEndpoint" => 70,
        _ => 60,
    }
}

/// Returns the pieces of one stream, each document opened by `---`.
pub fn stream(manifests: &[Manifest]) -> impl Iterator<Item = &str> {
    manifests
        .iter()
        .flat_map(|manifest| ["---\n", manifest.yaml.as_str()])
}

/// Builds the `data` mapping of a Secret.
#[must_use]
pub fn secret_data(entries: impl IntoIterator<Item = (DataKey, SecretData)>) -> Field {
    let entries = entries
        .into_iter()
        .map(|(key, data)| (key.to_string(), Field::Secret(data)));
    Field::Map(entries.collect())
}
