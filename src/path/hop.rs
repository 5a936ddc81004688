//! What is at a hop: what comes in, what goes out, which certificates are shown and what is trusted.

use crate::cluster::data::{Cert, Data, Lock, Read};
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object};
use crate::kinds::traefik::Port;
use std::fmt;
use std::sync::Arc;

/// What answers browsers, or passes them on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Front {
    /// Its kind.
    pub kind: FrontKind,
    /// The Gateway that configures it, `NAMESPACE/NAME`.
    pub gateway: Option<String>,
}

/// A kind of front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrontKind {
    /// Traefik.
    Traefik,
    /// Istio's gateway.
    Istio,
    /// Another implementation of the Gateway API.
    Gateway,
}

impl FrontKind {
    /// Returns the word for it in reports for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traefik => "traefik",
            Self::Istio => "istio",
            Self::Gateway => "gateway",
        }
    }

    /// Names it for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Traefik => "Traefik",
            Self::Istio => "Istio gateway",
            Self::Gateway => "Gateway",
        }
    }
}

/// What comes in at a hop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inward {
    /// TLS that ends here.
    Tls(Shown),
    /// TLS that goes on unopened.
    PassedThrough,
    /// Bytes, whether TLS or not: they go on as they are.
    Raw,
    /// Nothing that is encrypted.
    Plain,
    /// The objects do not say; what would be shown, if it were TLS.
    Unsaid(Shown),
}

/// Which certificate a hop shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// The pair of one of these Secrets.
    Secrets(Vec<Place>),
    /// A pair of the default TLSStore: the one that covers the host, else the default certificate.
    Store,
    /// Nothing is known of it.
    Unknown,
}

/// An object by scope and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its scope.
    pub scope: Scope,
    /// Its name.
    pub name: String,
}

impl Place {
    /// Returns the place of an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self {
            scope: object.scope.clone(),
            name: object.name.clone(),
        }
    }
}

impl fmt::Display for Place {
    /// Names it: `paroisse-a/ingressproxy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = self.scope.namespace() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// What goes out of a hop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outward {
    /// TLS that begins here.
    Tls(Client),
    /// The TLS that came in, unopened.
    PassedThrough,
    /// The bytes that came in.
    Raw,
    /// Nothing that is encrypted.
    Plain,
    /// The mesh's own TLS, with certificates that no manifest holds.
    Mesh,
    /// The objects do not say; what would hold, if it were TLS.
    Unsaid(Client),
}

impl Outward {
    /// Returns how the next hop is verified, if it is by what the objects say.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        match self {
            Self::Tls(client) | Self::Unsaid(client) => Some(client),
            Self::PassedThrough | Self::Raw | Self::Plain | Self::Mesh => None,
        }
    }
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyVersion {
    /// A line of text.
    V1,
    /// A binary block.
    V2,
}

impl ProxyVersion {
    /// Returns the version of a number; there is no other one.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }

    /// Returns its number.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// How a hop verifies the next one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Client {
    /// The name that the certificate must have; if none is given, it depends on the kind of front.
    pub expects: Option<String>,
    /// What is trusted.
    pub trusts: Trust,
    /// The Secret of the certificate that is shown where one is asked for.
    pub shows: Option<Place>,
}

/// What a hop trusts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// What these objects hold.
    Authorities(Vec<Authority>),
    /// What the program has of itself, such as the roots of its system.
    System,
    /// Any certificate.
    Anything,
    /// The objects that would say are not at hand.
    Unknown,
}

/// An object that holds a CA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Authority {
    /// Whether it is a Secret; else a ConfigMap.
    pub is_secret: bool,
    /// Where it is looked up.
    pub place: Place,
    /// Whose keys are read of it.
    pub keys: Keys,
}

/// Whose habit decides which key of a Secret or ConfigMap is read as CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keys {
    /// That of Traefik's own kinds.
    Traefik,
    /// That of the Gateway API.
    GatewayApi,
    /// That of Istio's own kinds.
    Istio,
}

impl Authority {
    /// Returns what is read of its data.
    #[must_use]
    pub fn read<'a>(&self, data: &'a Data) -> Read<'a> {
        match self.keys {
            Keys::Traefik => data.traefik_authority(self.is_secret),
            Keys::GatewayApi => data.gateway_authority(),
            Keys::Istio => data.istio_authority(),
        }
    }

    /// Returns what is read of it: the key and its certificates.
    #[must_use]
    pub fn content<'a>(&self, cluster: &'a Cluster) -> Known<(&'a str, Vec<Arc<Cert>>)> {
        let kind = if self.is_secret {
            Kind::Secret
        } else {
            Kind::ConfigMap
        };
        let Some(data) = cluster.data(kind, &self.place.scope, &self.place.name) else {
            return Known::Missing;
        };
        match self.read(data) {
            Read::Usual(entry) | Read::Only(entry) => match entry.lock() {
                Some(lock) => Known::Locked(lock),
                None => Known::Here((entry.key.as_str(), entry.certificates.clone())),
            },
            Read::Nothing => Known::Useless,
            Read::Unknown => Known::Missing,
        }
    }
}

/// What is known of something that an object names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<T> {
    /// It is at hand.
    Here(T),
    /// No object of the name is at hand.
    Missing,
    /// It is there, and cannot be read.
    Locked(Lock),
    /// It is there, and is of no use: it has none of the keys that are read.
    Useless,
    /// Another program has it: the provider behind the `@` of a name.
    Outside,
}

impl<T> Known<T> {
    /// Returns it, if it is at hand.
    #[must_use]
    pub fn here(self) -> Option<T> {
        match self {
            Self::Here(it) => Some(it),
            Self::Missing | Self::Locked(_) | Self::Useless | Self::Outside => None,
        }
    }
}

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Httpd {
    /// The Service before it.
    pub service: Place,
    /// The port of the Service.
    pub port: Option<Port>,
    /// The share of requests that it takes, as the product of the weights; 0 where it is a spare.
    pub share: i64,
}
