//! What a key of the fleet file alone may hold.

use super::placeholder;
use super::{CaCustody, Layout, SealingScope};
use crate::dns::external_dns::Policy;
use crate::duration::TraefikDuration;
use crate::fault::Fault;
use crate::load_balancer::address;
use crate::path::hop::ProxyVersion;
use crate::path::shared_gateway::ApiRelease;
use crate::path::shared_istio::IstioRelease;
use crate::pki::KeyType;
use crate::record::leaf::{Choice as _, Days, ListedWord, choices};
use crate::record::{Part, PartReader};
use crate::release::Release;
use crate::yaml::{Node, Value};
use std::net::IpAddr;

choices! {
    Layout { Instance = "instance", Flat = "flat" }
    SealingScope { Strict = "strict", NamespaceWide = "namespace-wide", ClusterWide = "cluster-wide" }
    CaCustody { Ephemeral = "ephemeral", Stored = "stored", External = "external" }
    KeyType { P256 = "p256", P384 = "p384", Rsa2048 = "rsa2048", Rsa3072 = "rsa3072", Rsa4096 = "rsa4096" }
    IngressKind { Traefik = "traefik", GatewayApi = "gateway-api", Istio = "istio", TraefikFile = "traefik-file" }
    ProxyVersion { V1 = "v1", V2 = "v2" }
    FrontMode { Own = "own", Acme = "acme", Files = "files", Nobody = "none" }
    NamesWord { Wildcard = "wildcard", Instance = "instance" }
    ChallengeWord { Http = "http-01", Dns = "dns-01" }
    DnsMode { Endpoint = "dnsendpoint", Annotation = "annotation", ZoneFile = "zonefile", Nobody = "none" }
    Policy { UpsertOnly = "upsert-only", Sync = "sync", CreateOnly = "create-only" }
    Mode { Plain = "plain", Sops = "sops", Sealed = "sealed", CertManager = "cert-manager", External = "external" }
    StoreKind { Cluster = "ClusterSecretStore", Namespace = "SecretStore" }
    ApiVersion { V1Alpha1 = "civi-ingress.uepal.fr/v1alpha1" }
    FleetKind { Fleet = "Fleet" }
    InstanceKind { Instance = "Instance" }
    SourceKind { GitRepository = "GitRepository", OciRepository = "OCIRepository", Bucket = "Bucket" }
}

/// `spec.secrets.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Sops,
    Sealed,
    CertManager,
    External,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Returns whether keys are made by this program, and kept in the tree.
    pub(super) fn is_here(self) -> bool {
        match self {
            Self::Plain | Self::Sops | Self::Sealed => true,
            Self::CertManager | Self::External => false,
        }
    }
}

/// `spec.secrets.store.kind`.
#[derive(Debug, Clone, Copy)]
pub(super) enum StoreKind {
    Cluster,
    Namespace,
}

impl StoreKind {
    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// `spec.publicCertificate.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrontMode {
    Own,
    Acme,
    Files,
    Nobody,
}

/// `spec.publicCertificate.names`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamesWord {
    Wildcard,
    Instance,
}

/// `spec.publicCertificate.acme.challenge`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChallengeWord {
    Http,
    Dns,
}

/// `spec.dns.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DnsMode {
    Endpoint,
    Annotation,
    ZoneFile,
    Nobody,
}

/// `spec.ingress.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IngressKind {
    Traefik,
    GatewayApi,
    Istio,
    TraefikFile,
}

/// `spec.ingress.release`: of Traefik, of the Gateway API, or of Istio.
#[derive(Debug, Clone, Copy)]
pub(super) enum IngressRelease {
    Traefik(Release),
    GatewayApi(ApiRelease),
    Istio(IstioRelease),
}

impl ListedWord for IngressRelease {
    fn parse(text: &str) -> Result<Self, Fault> {
        let minor = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.");
        let minor = minor.map(|rest| rest.split('.').next().unwrap_or_default());
        match minor {
            None => text.parse().map(Self::Traefik),
            // That of Istio has two digits for years, that of the Gateway API one.
            Some(minor) if minor.len() == 2 => IstioRelease::parse(text).map(Self::Istio),
            Some(_) => ApiRelease::parse(text).map(Self::GatewayApi),
        }
    }
}

/// `apiVersion`.
#[derive(Debug, Clone, Copy)]
pub(super) enum ApiVersion {
    V1Alpha1,
}

/// `kind` of a fleet.
#[derive(Debug, Clone, Copy)]
pub(super) enum FleetKind {
    Fleet,
}

/// `kind` of an instance.
#[derive(Debug, Clone, Copy)]
pub(super) enum InstanceKind {
    Instance,
}

/// `spec.flux.sourceKind`.
#[derive(Debug, Clone, Copy)]
pub(super) enum SourceKind {
    GitRepository,
    OciRepository,
    Bucket,
}

impl SourceKind {
    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A Go duration, as Flux takes it.
#[derive(Debug, Clone)]
pub(super) struct Interval(pub(super) String);

impl ListedWord for Interval {
    fn parse(text: &str) -> Result<Self, Fault> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let fault = Fault::new(format!("`{text}` is not a duration"));
            return Err(fault.help("use whole numbers with a unit, such as `10m`"));
        }
        TraefikDuration::parse(text).map(|duration| Self(duration.as_str().to_owned()))
    }
}

/// How a store calls a Secret.
#[derive(Debug, Clone)]
pub(super) struct RemoteKey(pub(super) String);

impl ListedWord for RemoteKey {
    fn parse(text: &str) -> Result<Self, Fault> {
        let rest = text.replace("{namespace}", "").replace("{secret}", "");
        let help =
            "write a path such as `parishes/{namespace}/{secret}`; there are no other placeholders";
        if rest.contains(['{', '}']) || rest.chars().any(char::is_control) {
            let what = format!("`{}` is not a valid key of a store", text.escape_debug());
            return Err(Fault::new(what).help(help));
        }
        if !text.contains("{namespace}") {
            let fault = Fault::new("all instances would have the same keys");
            return Err(fault.help(help));
        }
        Ok(Self(text.to_owned()))
    }
}

/// An IP address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address(pub(super) IpAddr);

impl ListedWord for Address {
    fn parse(text: &str) -> Result<Self, Fault> {
        address(text).map(Self)
    }
}

/// A text with placeholders: the first `N` of [`placeholder::NAMES`].
#[derive(Debug, Clone)]
pub(super) struct Pattern<const N: usize>(pub(super) String);

impl<const N: usize> ListedWord for Pattern<N> {
    fn parse(text: &str) -> Result<Self, Fault> {
        placeholder::check(text, &placeholder::NAMES[..N])?;
        Ok(Self(text.to_owned()))
    }
}

/// How many whole days the previous CA stays trusted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overlap(pub(super) Days);

impl Part for Overlap {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let is_none = match &node.value {
            Value::Int(number) => *number == 0,
            Value::Text(text) => matches!(text.as_str(), "0" | "0d"),
            _ => false,
        };
        if is_none {
            let fault = Fault::new(
                "without an overlap Traefik would refuse the httpd from a renewal until its restart",
            );
            let help = "use 1 day or more, or leave `overlap` out: the previous CA is trusted until its certificate has ended";
            return reader.refuse(node.at, fault.help(help));
        }
        Days::read(node, reader).map(Self)
    }
}
