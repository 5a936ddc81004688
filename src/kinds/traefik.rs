//! Traefik's own kinds (`traefik.io/v1alpha1`, and `traefik.containo.us/v1alpha1` of Traefik 2).

use super::{Named, Placed, Reference, text, texts};
use crate::rule::{self, Matcher, Rule};
use crate::yaml::{At, Node, Value};

/// An IngressRoute or an IngressRouteTCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressRoute {
    /// `entryPoints`; all default ones, if there are none.
    pub entry_points: Vec<String>,
    /// `routes`.
    pub routes: Vec<Route>,
    /// `tls`.
    pub tls: Option<RouteTls>,
    /// `parentRefs`, the routes whose requests it takes, from Traefik 3.6 on.
    pub parents: Vec<Reference>,
}

/// One of the `routes` of an IngressRoute or IngressRouteTCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `match`, as it is written.
    pub text: String,
    /// `match`, or why Traefik cannot read it.
    pub rule: Result<Rule, String>,
    /// `priority`, where it is neither absent nor zero.
    pub priority: Option<i64>,
    /// `syntax: v2`, that of Traefik 2.
    pub is_old_syntax: bool,
    /// `services`.
    pub services: Vec<ServiceRef>,
    /// `middlewares`.
    pub middlewares: Vec<Reference>,
    /// Where it stands.
    pub at: At,
    /// Where `match` stands.
    pub match_at: At,
}

impl Route {
    /// Returns the hosts that it names, in lower case, each once; none if the rule cannot be read, and `*` is none.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let matchers = self.rule.as_ref().map(Rule::matchers).unwrap_or_default();
        let mut hosts: Vec<String> = Vec::new();
        for host in rule::hosts(matchers) {
            if host != "*" && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Returns whether it is ``HostSNI(`*`)`` and nothing else, which Traefik tries last.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        let is_any = |matcher: &Matcher| matcher.name == "HostSNI" && matcher.arguments == ["*"];
        matches!(&self.rule, Ok(Rule::Matcher(matcher)) if is_any(matcher))
    }
}

/// `tls` of an IngressRoute or IngressRouteTCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTls {
    /// `secretName`.
    pub secret: Option<Named>,
    /// `passthrough`; an IngressRoute has no such field.
    pub passthrough: bool,
    /// `options`.
    pub options: Option<Reference>,
    /// `store`.
    pub store: Option<Reference>,
    /// Whether a `certResolver` asks for the certificate.
    pub has_resolver: bool,
    /// Where it stands.
    pub at: At,
}

/// What a route or a TraefikService leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRef {
    /// `kind: TraefikService`, in place of a Service.
    pub is_traefik_service: bool,
    /// `namespace`; that of the object that names it, if none is given.
    pub namespace: Option<String>,
    /// `name`.
    pub name: String,
    /// `port`, a number or a name.
    pub port: Option<Port>,
    /// `scheme`.
    pub scheme: Option<String>,
    /// `serversTransport`.
    pub transport: Option<Placed<String>>,
    /// `tls`, of a service behind an IngressRouteTCP.
    pub tls: bool,
    /// `proxyProtocol`, of a service behind an IngressRouteTCP.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// `weight`; 1, if none is given.
    pub weight: i64,
    /// `middlewares`, of a service behind an IngressRoute, from Traefik 3.7 on.
    pub middlewares: Vec<Reference>,
    /// Where it stands.
    pub at: At,
    /// Its field, such as `spec.routes[0].services[0]`.
    pub field: String,
}

/// A port by its number or name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// A number.
    Number(i64),
    /// A string: Traefik takes it for a name, were it of digits.
    Name(String),
}

impl Port {
    /// Reads `port` of what names a Service.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        match &node.get("port")?.value {
            Value::Int(number) => Some(Self::Number(*number)),
            Value::Text(name) => Some(Self::Name(name.clone())),
            _ => None,
        }
    }

    /// Returns it as it is written.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// `proxyProtocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// `version`, where it is a number.
    pub version: Option<i64>,
    /// Where it stands.
    pub at: At,
}

impl ProxyProtocol {
    fn of(node: &Node) -> Option<Self> {
        let node = node.get("proxyProtocol");
        let node = node.filter(|node| node.value != Value::Null)?;
        let version = match node.get("version").map(|version| &version.value) {
            Some(Value::Int(version)) => Some(*version),
            _ => None,
        };
        Some(Self {
            version,
            at: node.at,
        })
    }
}

/// A ServersTransport or a ServersTransportTCP.
#[derive(Debug, Clone, PartialEq)]
pub struct ServersTransport {
    /// The field of its settings of TLS.
    pub path: &'static str,
    /// Whether a ServersTransportTCP has `tls`, without which it says nothing about certificates.
    pub has_tls: bool,
    /// `serverName`.
    pub server_name: Option<Placed<String>>,
    /// `rootCAs`, then `rootCAsSecrets`.
    pub root_cas: Vec<RootCa>,
    /// `certificatesSecrets`.
    pub certificates: Vec<Placed<String>>,
    /// `insecureSkipVerify`.
    pub skips_verification: bool,
    /// `minVersion`.
    pub min_version: Option<String>,
    /// `maxVersion`.
    pub max_version: Option<String>,
    /// `peerCertURI`.
    pub peer_cert_uri: Option<String>,
    /// Fields with more demands on the certificate, `peerCertSANs` and `spiffe`.
    pub further_demands: Vec<&'static str>,
    /// `disableHTTP2`.
    pub disables_http2: bool,
    /// `dialTimeout`.
    pub dial_timeout: Option<Placed<Value>>,
    /// `responseHeaderTimeout`.
    pub response_header_timeout: Option<Placed<Value>>,
    /// `proxyProtocol` of a ServersTransportTCP.
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// One CA that a transport trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCa {
    /// What it names, or why Traefik passes it over.
    pub named: Result<Authority, NotOne>,
    /// Where the name stands, or the entry.
    pub at: At,
    /// Where the entry stands.
    pub entry: At,
    /// The field of it, below the TLS settings.
    pub field: String,
}

/// Why an entry of `rootCAs` names no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOne {
    /// It has both `secret` and `configMap`.
    Both,
    /// It has neither of them.
    Neither,
    /// The name is not a string.
    NotText,
}

impl NotOne {
    /// Returns the reason, of the entry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "the entry names both `secret` and `configMap`",
            Self::Neither => "the entry names neither `secret` nor `configMap`",
            Self::NotText => "the name is not a string",
        }
    }
}

/// The object that holds a CA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// A Secret.
    Secret(String),
    /// A ConfigMap.
    ConfigMap(String),
}

impl RootCa {
    /// Reads an entry of `rootCAs`. One that names both a Secret and a ConfigMap is passed over, as is one that names
    /// neither (`loadServersTransport` in `pkg/provider/kubernetes/crd/kubernetes.go`, 3.4 to 3.7).
    fn of(index: usize, node: &Node) -> Self {
        let (secret, config_map) = (node.get("secret"), node.get("configMap"));
        let field = format!("rootCAs[{index}]");
        let (named, at, field) = match (secret, config_map) {
            (Some(secret), None) => (
                named(secret, Authority::Secret),
                secret.at,
                format!("{field}.secret"),
            ),
            (None, Some(config_map)) => (
                named(config_map, Authority::ConfigMap),
                config_map.at,
                format!("{field}.configMap"),
            ),
            (Some(_), Some(_)) => (Err(NotOne::Both), node.at, field),
            (None, None) => (Err(NotOne::Neither), node.at, field),
        };
        Self {
            named,
            at,
            entry: node.at,
            field,
        }
    }

    fn of_older(index: usize, node: &Node) -> Self {
        Self {
            named: named(node, Authority::Secret),
            at: node.at,
            entry: node.at,
            field: format!("rootCAsSecrets[{index}]"),
        }
    }
}

fn named(node: &Node, kind: fn(String) -> Authority) -> Result<Authority, NotOne> {
    let name = node.text().ok_or(NotOne::NotText)?;
    Ok(kind(name.to_owned()))
}

/// What a TraefikService does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraefikServiceKind {
    /// `weighted`.
    Weighted,
    /// `mirroring`.
    Mirroring,
    /// `highestRandomWeight`, from Traefik 3.6 on.
    HighestRandomWeight,
    /// `failover`, from Traefik 3.7 on.
    Failover,
}

impl TraefikServiceKind {
    /// All of them; the first one that is set counts (`buildTraefikService` in
    /// `pkg/provider/kubernetes/crd/kubernetes_http.go`, v2.11.53 to v3.7.13).
    const ALL: [Self; 4] = [
        Self::Weighted,
        Self::Mirroring,
        Self::HighestRandomWeight,
        Self::Failover,
    ];

    fn of(spec: &Node) -> Option<Self> {
        let is_set = |kind: &Self| {
            let node = spec.get(kind.field());
            node.is_some_and(|node| node.value != Value::Null)
        };
        Self::ALL.into_iter().find(is_set)
    }

    /// Returns its field of `spec`.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Weighted => "weighted",
            Self::Mirroring => "mirroring",
            Self::HighestRandomWeight => "highestRandomWeight",
            Self::Failover => "failover",
        }
    }
}

/// A TraefikService.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraefikService {
    /// What it does; nothing where no field says it.
    pub kind: Option<TraefikServiceKind>,
    /// Services that take requests: of `weighted`, `highestRandomWeight` and `mirroring`, and `failover.service`.
    pub services: Vec<ServiceRef>,
    /// `mirroring.mirrors`, whose answers nobody sees.
    pub mirrors: Vec<ServiceRef>,
    /// `failover.fallback`, which takes none while the other one lives.
    pub fallback: Option<ServiceRef>,
}

/// A Middleware, as far as its work shows in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Middleware {
    /// `errors.service`.
    pub errors: Option<Box<ServiceRef>>,
    /// `headers.stsSeconds`.
    pub sts_seconds: Option<i64>,
    /// `redirectScheme.scheme`.
    pub redirect_scheme: Option<String>,
    /// `chain.middlewares`.
    pub chain: Vec<Reference>,
    /// The Secrets of `basicAuth`, `digestAuth` and of the TLS of `forwardAuth`.
    pub secrets: Vec<Named>,
}

/// A TLSOption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOption {
    /// `minVersion`.
    pub min_version: Option<String>,
    /// `maxVersion`.
    pub max_version: Option<String>,
    /// `alpnProtocols`.
    pub alpn: Vec<String>,
    /// `sniStrict`.
    pub sni_strict: bool,
    /// `clientAuth.clientAuthType`.
    pub client_auth: Option<String>,
    /// `clientAuth.secretNames`.
    pub client_authorities: Vec<Placed<String>>,
}

/// Returns the number behind `1.` of a version of TLS: 2 of `VersionTLS12`.
#[must_use]
pub fn tls_version(name: &str) -> Option<u8> {
    let names = [
        "VersionTLS10",
        "VersionTLS11",
        "VersionTLS12",
        "VersionTLS13",
    ];
    (0..)
        .zip(names)
        .find_map(|(number, known)| (known == name).then_some(number))
}

/// A TLSStore.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsStore {
    /// The Secrets of `certificates`.
    pub certificates: Vec<Named>,
    /// The Secret of `defaultCertificate`.
    pub default_certificate: Option<Named>,
    /// Whether Traefik makes one: `defaultGeneratedCert`.
    pub has_generated: bool,
}

impl TlsStore {
    /// Returns all Secrets that it names.
    pub fn secrets(&self) -> impl Iterator<Item = &Named> {
        self.certificates.iter().chain(&self.default_certificate)
    }
}

/// Returns whether two lists of entry points have one in common; none stands for any.
#[must_use]
pub fn meet(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
}

impl IngressRoute {
    /// Returns whether both may listen on one entry point; one that names none may be on any.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        meet(&self.entry_points, &other.entry_points)
    }

    pub(crate) fn of(spec: &Node) -> Self {
        Self {
            entry_points: spec
                .items_of("entryPoints")
                .iter()
                .filter_map(|name| name.text().map(str::to_owned))
                .collect(),
            routes: spec
                .items_of("routes")
                .iter()
                .enumerate()
                .map(Route::of)
                .collect(),
            tls: spec
                .get("tls")
                .filter(|tls| tls.value != Value::Null)
                .map(RouteTls::of),
            parents: Reference::all(spec, "parentRefs"),
        }
    }
}

impl Route {
    fn of((index, node): (usize, &Node)) -> Self {
        let text = node.text_of("match").unwrap_or_default().to_owned();
        let priority = match node.get("priority").map(|priority| &priority.value) {
            Some(Value::Int(priority)) if *priority != 0 => Some(*priority),
            _ => None,
        };
        Self {
            rule: Rule::parse(&text),
            text,
            priority,
            is_old_syntax: node.text_of("syntax") == Some("v2"),
            services: ServiceRef::all(node, "services", &format!("spec.routes[{index}]")),
            middlewares: Reference::all(node, "middlewares"),
            at: node.at,
            match_at: node.get("match").unwrap_or(node).at,
        }
    }
}

impl RouteTls {
    fn of(node: &Node) -> Self {
        Self {
            secret: Named::secret(node, "spec.tls"),
            passthrough: node.is_true("passthrough"),
            options: node.get("options").and_then(Reference::of),
            store: node.get("store").and_then(Reference::of),
            has_resolver: node.get("certResolver").is_some(),
            at: node.at,
        }
    }
}

impl ServiceRef {
    fn of(node: &Node, field: String) -> Self {
        let weight = match node.get("weight").map(|weight| &weight.value) {
            Some(Value::Int(weight)) => *weight,
            _ => 1,
        };
        Self {
            is_traefik_service: node.text_of("kind") == Some("TraefikService"),
            namespace: text(node, "namespace"),
            name: text(node, "name").unwrap_or_default(),
            port: Port::of(node),
            scheme: text(node, "scheme"),
            transport: Placed::of(node, "serversTransport"),
            tls: node.is_true("tls"),
            proxy_protocol: ProxyProtocol::of(node),
            weight,
            middlewares: Reference::all(node, "middlewares"),
            at: node.at,
            field,
        }
    }

    /// Reads the list under a key of a node, whose field is `below`.
    fn all(node: &Node, key: &str, below: &str) -> Vec<Self> {
        let items = node.items_of(key).iter().enumerate();
        items
            .map(|(index, node)| Self::of(node, format!("{below}.{key}[{index}]")))
            .collect()
    }
}

impl ServersTransport {
    /// Reads a ServersTransport, or a ServersTransportTCP, which has below `tls` what the other one has at its top.
    pub(crate) fn of(spec: &Node, is_tcp: bool) -> Self {
        let nothing = Node {
            value: Value::Null,
            at: spec.at,
        };
        let (tls, timeouts) = if is_tcp {
            (spec.get("tls"), Some(spec))
        } else {
            (Some(spec), spec.get("forwardingTimeouts"))
        };
        let has_tls = tls.is_some();
        let (tls, timeouts) = (tls.unwrap_or(&nothing), timeouts.unwrap_or(&nothing));
        let timeout = |key: &str| {
            let node = timeouts.get(key).filter(|node| node.value != Value::Null);
            node.map(|node| Placed {
                value: node.value.clone(),
                at: node.at,
            })
        };
        let newer = tls.items_of("rootCAs").iter().enumerate();
        let older = tls.items_of("rootCAsSecrets").iter().enumerate();
        Self {
            path: if is_tcp { "spec.tls" } else { "spec" },
            has_tls,
            server_name: Placed::of(tls, "serverName"),
            root_cas: newer
                .map(|(index, node)| RootCa::of(index, node))
                .chain(older.map(|(index, node)| RootCa::of_older(index, node)))
                .collect(),
            certificates: Placed::all(tls, "certificatesSecrets"),
            skips_verification: tls.is_true("insecureSkipVerify"),
            min_version: text(tls, "minVersion"),
            max_version: text(tls, "maxVersion"),
            peer_cert_uri: text(tls, "peerCertURI"),
            further_demands: ["peerCertSANs", "spiffe"]
                .into_iter()
                .filter(|key| tls.get(key).is_some())
                .collect(),
            disables_http2: tls.is_true("disableHTTP2"),
            dial_timeout: timeout("dialTimeout"),
            response_header_timeout: timeout("responseHeaderTimeout").filter(|_| !is_tcp),
            proxy_protocol: ProxyProtocol::of(spec).filter(|_| is_tcp),
        }
    }
}

impl TraefikService {
    pub(crate) fn of(spec: &Node) -> Self {
        let kind = TraefikServiceKind::of(spec);
        let node = kind.and_then(|kind| spec.get(kind.field()));
        let mut made = Self {
            kind,
            ..Self::default()
        };
        let Some((kind, node)) = kind.zip(node) else {
            return made;
        };
        let field = format!("spec.{}", kind.field());
        match kind {
            TraefikServiceKind::Weighted | TraefikServiceKind::HighestRandomWeight => {
                made.services = ServiceRef::all(node, "services", &field);
            }
            TraefikServiceKind::Mirroring => {
                made.mirrors = ServiceRef::all(node, "mirrors", &field);
                made.services.push(ServiceRef::of(node, field));
            }
            TraefikServiceKind::Failover => {
                let one = |key| {
                    let node = node.get(key)?;
                    Some(ServiceRef::of(node, format!("{field}.{key}")))
                };
                made.services.extend(one("service"));
                made.fallback = one("fallback");
            }
        }
        made
    }
}

/// Where Middlewares name Secrets without which Traefik does not make them.
const SECRETS_OF_MIDDLEWARES: [&[&str]; 4] = [
    &["basicAuth", "secret"],
    &["digestAuth", "secret"],
    &["forwardAuth", "tls", "caSecret"],
    &["forwardAuth", "tls", "certSecret"],
];

impl Middleware {
    pub(crate) fn of(spec: &Node) -> Self {
        let seconds = spec.at_path(&["headers", "stsSeconds"]);
        let chain = spec.get("chain").into_iter();
        let errors = spec.at_path(&["errors", "service"]);
        let field = "spec.errors.service".to_owned();
        Self {
            errors: errors.map(|node| Box::new(ServiceRef::of(node, field))),
            sts_seconds: match seconds.map(|node| &node.value) {
                Some(Value::Int(seconds)) => Some(*seconds),
                _ => None,
            },
            redirect_scheme: spec
                .get("redirectScheme")
                .and_then(|redirect| text(redirect, "scheme")),
            chain: chain
                .flat_map(|chain| Reference::all(chain, "middlewares"))
                .collect(),
            secrets: SECRETS_OF_MIDDLEWARES
                .into_iter()
                .filter_map(|path| Named::at_path(spec, path))
                .collect(),
        }
    }
}

impl TlsOption {
    pub(crate) fn of(spec: &Node) -> Self {
        let client = spec.get("clientAuth");
        Self {
            min_version: text(spec, "minVersion"),
            max_version: text(spec, "maxVersion"),
            alpn: texts(spec, "alpnProtocols"),
            sni_strict: spec.is_true("sniStrict"),
            client_auth: client.and_then(|client| text(client, "clientAuthType")),
            client_authorities: client
                .map(|client| Placed::all(client, "secretNames"))
                .unwrap_or_default(),
        }
    }
}

impl TlsStore {
    pub(crate) fn of(spec: &Node) -> Self {
        let certificates = spec.items_of("certificates").iter().enumerate();
        let default = spec.get("defaultCertificate");
        Self {
            certificates: certificates
                .filter_map(|(index, node)| {
                    Named::secret_or_empty(node, &format!("spec.certificates[{index}]"))
                })
                .collect(),
            default_certificate: default
                .and_then(|node| Named::secret_or_empty(node, "spec.defaultCertificate")),
            has_generated: spec.get("defaultGeneratedCert").is_some(),
        }
    }
}
