//! How Traefik speaks to a httpd: what a ServersTransport says, and each Secret and ConfigMap that it names.

use super::route::{DEFAULT_NAMESPACE, Manifests, Name, lenient, missing, text};
use super::trust::{ExpectedName, Origin, Trust};
use super::{Check, Finding, Verdict};
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Faults};
use crate::manifests::FoundSecret;
use crate::name::DnsName;
use crate::pki::{Certificate, SubjectAltName, verify};
use crate::yaml::{Node, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// `dialTimeout` of a ServersTransport that has none (`ForwardingTimeouts.SetDefaults`, v3.7.9).
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long Traefik waits for a TLS handshake; no option changes it (pkg/server/service/transport.go, v3.7.9).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How Traefik speaks to the httpd.
#[derive(Debug)]
pub struct Transport {
    /// Which object says so; nothing where the route names none.
    pub object: Option<Name>,
    /// `serverName`; without it Go verifies the address that it connects to.
    pub server_name: Option<ExpectedName>,
    /// `rootCAs` or `rootCAsSecrets`; nothing for the roots of Traefik's own system.
    pub trust: Option<Trust>,
    /// The first of `certificatesSecrets`.
    pub client: Option<ClientPair>,
    /// `forwardingTimeouts.dialTimeout`.
    pub dial_timeout: Duration,
    /// `forwardingTimeouts.responseHeaderTimeout`; nothing for no end.
    pub response_header_timeout: Option<Duration>,
    /// `disableHTTP2`.
    pub disable_http2: bool,
    /// `insecureSkipVerify`.
    pub skip_verify: bool,
    /// `peerCertURI`.
    pub peer_cert_uri: Option<String>,
    /// Whether the route speaks TLS to the httpd at all.
    pub is_https: bool,
    /// What is already wrong with the objects.
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
    /// Gives what Traefik does where nothing is said: `server_name` and `trust` are the caller's.
    #[must_use]
    pub fn plain(server_name: Option<ExpectedName>, trust: Option<Trust>) -> Self {
        Self {
            object: None,
            server_name,
            trust,
            client: None,
            dial_timeout: DIAL_TIMEOUT,
            response_header_timeout: None,
            disable_http2: false,
            skip_verify: false,
            peer_cert_uri: None,
            is_https: true,
            findings: Vec::new(),
            kept: Vec::new(),
        }
    }
}

impl Manifests {
    pub(super) fn servers_transport(
        &self,
        object: &Node,
        file: &str,
        name: &Name,
    ) -> Result<Transport, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut transport = Transport::plain(None, None);
        transport.object = Some(name.clone());
        let empty = Node {
            value: Value::Null,
            at: object.at,
        };
        let spec = object.get("spec").unwrap_or(&empty);
        if let Some(text) = text(spec, &["serverName"]).filter(|text| !text.is_empty()) {
            let parsed = match text.parse() {
                Ok(address) => Ok(ExpectedName::Address(address)),
                Err(_) => DnsName::parse(text).map(ExpectedName::Host),
            };
            let at = spec.get("serverName").unwrap_or(spec).at;
            transport.server_name = faults.keep(parsed.map_err(|fault| fault.at(at.place(file))));
        }
        let flag = |key: &str| {
            spec.get(key)
                .is_some_and(|node| node.value == Value::Bool(true))
        };
        transport.disable_http2 = flag("disableHTTP2");
        transport.skip_verify = flag("insecureSkipVerify");
        transport.peer_cert_uri = text(spec, &["peerCertURI"])
            .filter(|uri| !uri.is_empty())
            .map(str::to_owned);
        if spec.get("minVersion").is_some() && spec.get("maxVersion").is_none() {
            let what = format!(
                "ServersTransport {name} has minVersion without maxVersion: Traefik 3.7 then ignores serverName and rootCAs"
            );
            let finding = Finding::new(Check::Objects, Verdict::Warning, what);
            transport.findings.push(finding.mend(
                "set both, or neither: `minVersion: VersionTLS12` and `maxVersion: VersionTLS13`",
            ));
        }
        let timeouts = spec.get("forwardingTimeouts").unwrap_or(&empty);
        let timeout = |key: &str, faults: &mut Faults| {
            let node = timeouts.get(key)?;
            let parsed = match &node.value {
                Value::Int(seconds) => TraefikDuration::parse(&seconds.to_string()),
                Value::Text(text) => TraefikDuration::parse(text),
                _ => Err(Fault::new(format!(
                    "`{key}` is {}, not a duration",
                    node.kind()
                ))),
            };
            faults
                .keep(parsed.map_err(|fault| fault.at(node.at.place(file))))
                .map(|duration| duration.length())
        };
        if let Some(dial) = timeout("dialTimeout", &mut faults).filter(|dial| !dial.is_zero()) {
            transport.dial_timeout = dial;
        }
        transport.response_header_timeout =
            timeout("responseHeaderTimeout", &mut faults).filter(|wait| !wait.is_zero());
        self.root_cas(spec, file, name, &mut transport, &mut faults);
        self.certificates_secret(spec, file, name, &mut transport, &mut faults);
        faults.finish(Some(transport))
    }

    /// Reads the first of `certificatesSecrets`.
    fn certificates_secret(
        &self,
        spec: &Node,
        file: &str,
        transport: &Name,
        out: &mut Transport,
        faults: &mut Faults,
    ) {
        let pair = spec
            .get("certificatesSecrets")
            .and_then(|list| list.items().first());
        if let Some(secret) = pair.and_then(Node::text) {
            let secret = Name {
                namespace: transport.namespace.clone(),
                name: secret.to_owned(),
            };
            match self.secret(&secret) {
                None => faults.push(missing("Secret", &secret).at(spec.at.place(file))),
                Some(found) => match (found.data.get("tls.crt"), found.data.get("tls.key")) {
                    (Some(certificate), Some(key)) => {
                        out.client = Some(ClientPair {
                            certificate: certificate.to_string(),
                            key: key.clone(),
                            origin: format!("Secret {secret}"),
                        });
                    }
                    _ => out.findings.push(
                        Finding::new(Check::Objects, Verdict::Broken, format!("Secret {secret} lacks tls.crt or tls.key: Traefik shows no client certificate"))
                            .mend(format!("make it anew: `civi-ingress new-instance {} --client-auth --reuse …`", transport.namespace)),
                    ),
                },
            }
        }
    }

    /// Reads `rootCAs` and `rootCAsSecrets` as Traefik does: what cannot be used is passed over.
    fn root_cas(
        &self,
        spec: &Node,
        file: &str,
        transport: &Name,
        out: &mut Transport,
        faults: &mut Faults,
    ) {
        let list = |key: &str| spec.get(key).map(Node::items).unwrap_or_default();
        let old = list("rootCAsSecrets")
            .iter()
            .map(|node| (node, "Secret", node.text()));
        let new = list("rootCAs")
            .iter()
            .map(|node| match text(node, &["configMap"]) {
                Some(name) => (node, "ConfigMap", Some(name)),
                None => (node, "Secret", text(node, &["secret"])),
            });
        let (mut anchors, mut origins) = (Vec::new(), Vec::new());
        for (node, kind, name) in old.chain(new) {
            let Some(name) = name else { continue };
            let name = Name {
                namespace: transport.namespace.clone(),
                name: name.to_owned(),
            };
            let Some(data) = self.data(kind, &name) else {
                faults.push(missing(kind, &name).at(node.at.place(file)));
                continue;
            };
            let key = ["tls.ca", "ca.crt"]
                .into_iter()
                .find(|key| data.contains_key(*key));
            let lone = data
                .keys()
                .next()
                .filter(|_| kind == "Secret" && data.len() == 1);
            let Some(key) = key.or(lone.copied()) else {
                let what = format!(
                    "{kind} {name} contains neither tls.ca nor ca.crt: Traefik passes it over and trusts its system's roots"
                );
                out.findings.push(
                    Finding::new(Check::Objects, Verdict::Broken, what)
                        .mend(format!("put the CA under the key ca.crt of {kind} {name}")),
                );
                continue;
            };
            let object = format!("{kind} {name} key {key}");
            let read = lenient(data[key]);
            if read.is_empty() {
                let what = format!(
                    "{object} holds no readable certificate: Traefik trusts nobody, and logs nothing"
                );
                out.findings.push(
                    Finding::new(Check::Objects, Verdict::Broken, what)
                        .mend(format!("put the CA's PEM text there: {object}")),
                );
            }
            anchors.extend(read);
            origins.push(object);
        }
        if !origins.is_empty() {
            out.trust = Some(Trust {
                anchors,
                origin: Origin::Objects(origins),
            });
        }
    }

    fn data<'a>(&'a self, kind: &'a str, name: &Name) -> Option<BTreeMap<&'a str, &'a str>> {
        if kind == "Secret" {
            let secret = self.secret(name)?;
            return Some(
                secret
                    .data
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()))
                    .collect(),
            );
        }
        let object = self.object(kind, name)?;
        let Some(Value::Map(entries)) = object.get("data").map(|data| &data.value) else {
            return Some(BTreeMap::new());
        };
        let texts = entries
            .iter()
            .filter_map(|(key, node)| Some((key.text.as_str(), node.text()?)));
        Some(texts.collect())
    }

    /// Finds the leaves for `host` in the Secrets of a namespace that one of the authorities signed.
    pub(super) fn kept(
        &self,
        namespace: &str,
        host: &DnsName,
        trust: Option<&Trust>,
    ) -> Vec<(Certificate, String)> {
        let name = SubjectAltName::Dns(host.clone());
        let is_wanted = |leaf: &Certificate| {
            let details = leaf.details();
            let is_for_host = details.is_ok_and(|details| !details.is_ca && details.covers(&name));
            let mut anchors = trust.iter().flat_map(|trust| &trust.anchors);
            is_for_host && anchors.any(|anchor| verify::signed_by(leaf, anchor).is_ok())
        };
        let is_here = |secret: &&FoundSecret| {
            secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE) == namespace
        };
        let mut kept = Vec::new();
        for secret in self.secrets.iter().filter(is_here) {
            for (key, value) in &secret.data {
                let leaves = lenient(value).into_iter().filter(is_wanted);
                kept.extend(leaves.map(|leaf| (leaf, format!("Secret {secret} key {key}"))));
            }
        }
        kept
    }
}
