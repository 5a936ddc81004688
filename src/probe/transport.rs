//! How Traefik speaks to a httpd.

use super::trust::{ExpectedName, TrustedRoots};
use super::{Check, Finding, Verdict};
use crate::path::hop::{Place, ProxyVersion};
use crate::pki::Certificate;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// `dialTimeout` of a ServersTransport that has none (`ForwardingTimeouts.SetDefaults`, v3.7.9).
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long Traefik waits for a TLS handshake with a http service; no option changes it
/// (pkg/server/service/transport.go, v3.7.9). With a TCP service it waits without end (pkg/tcp/dialer.go).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What goes over the connection to the httpd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Plain http.
    Http,
    /// http over Traefik's own TLS.
    Https,
    /// What the browser says, out of its TLS.
    Tcp,
    /// What the browser says, out of its TLS and within Traefik's.
    Tls,
    /// The browser's own TLS.
    Passthrough,
}

impl Speech {
    /// Whether there is TLS on the connection.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls | Self::Passthrough)
    }

    /// Whether the TLS is Traefik's.
    #[must_use]
    pub fn is_traefiks(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether Traefik knows nothing of http there.
    #[must_use]
    pub fn is_tcp(self) -> bool {
        !matches!(self, Self::Http | Self::Https)
    }
}

/// Which TLS versions are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// TLS 1.2 and 1.3.
    Both,
    /// TLS 1.2 alone.
    Only12,
    /// TLS 1.3 alone.
    Only13,
}

/// How Traefik speaks to the httpd.
#[derive(Debug)]
pub struct Transport {
    /// Which object says so, by its kind; nothing if the route names none.
    pub object: Option<(&'static str, Place)>,
    /// The service of the route, in words.
    pub service: Option<String>,
    /// `serverName`; without it Go verifies the address that it connects to.
    pub server_name: Option<ExpectedName>,
    /// `rootCAs` or `rootCAsSecrets`; nothing for the roots of Traefik's own system.
    pub trust: Option<TrustedRoots>,
    /// The first of `certificatesSecrets`.
    pub client: Option<ClientPair>,
    /// `forwardingTimeouts.dialTimeout`, or `dialTimeout`.
    pub dial_timeout: Duration,
    /// `forwardingTimeouts.responseHeaderTimeout`; nothing for no end.
    pub response_header_timeout: Option<Duration>,
    /// `disableHTTP2`.
    pub disable_http2: bool,
    /// `minVersion` and `maxVersion`.
    pub versions: Versions,
    /// `insecureSkipVerify`.
    pub skip_verify: bool,
    /// `peerCertURI`.
    pub peer_cert_uri: Option<String>,
    /// `proxyProtocol.version`: the header that comes before all else, and the object that says so.
    pub proxy: Option<(ProxyVersion, String)>,
    /// What is spoken.
    pub speech: Speech,
    /// What there is to report about the objects.
    pub findings: Vec<Finding>,
    /// Certificates for the host that Secrets of the namespace hold and [`Transport::trust`] signed, and which Secret:
    /// httpd should serve one of them.
    pub kept: Vec<(Certificate, String)>,
}

/// A certificate to show to a server that asks for one.
pub struct ClientPair {
    /// The certificate and those above it, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: Zeroizing<String>,
    /// Where it stands.
    pub origin: String,
}

impl fmt::Debug for ClientPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientPair({})", self.origin)
    }
}

impl Transport {
    /// Returns what Traefik does by default: `server_name` and `trust` are the caller's.
    #[must_use]
    pub fn plain(server_name: Option<ExpectedName>, trust: Option<TrustedRoots>) -> Self {
        Self {
            object: None,
            service: None,
            server_name,
            trust,
            client: None,
            dial_timeout: DIAL_TIMEOUT,
            response_header_timeout: None,
            disable_http2: false,
            versions: Versions::Both,
            skip_verify: false,
            peer_cert_uri: None,
            proxy: None,
            speech: Speech::Https,
            findings: Vec::new(),
            kept: Vec::new(),
        }
    }

    pub(super) fn find(&mut self, verdict: Verdict, what: String, fix: String) {
        self.findings
            .push(Finding::new(Check::Objects, verdict, what).fix(fix));
    }
}
