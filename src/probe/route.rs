//! How Traefik reaches a host's httpd, read out of manifests: IngressRoute, ServersTransport, and each Secret and
//! ConfigMap that it names. Our own output, what people write, and lists of `kubectl get -o yaml` alike.
//!
//! The rules are those of Traefik's provider (pkg/provider/kubernetes/crd/kubernetes.go, v2.11.53 and v3.7.9):
//! a transport is looked up in the Service's namespace, and of a CA Secret `tls.ca` is read, else `ca.crt`, else the
//! only key.

use super::trust::{ExpectedName, Origin, Trust};
use super::{Check, Finding, Verdict};
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Faults, did_you_mean};
use crate::manifests::{self, FoundSecret};
use crate::name::DnsName;
use crate::pki::{Certificate, SubjectAltName, verify};
use crate::yaml::{self, Node, Value};
use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// `dialTimeout` of a ServersTransport that has none (`ForwardingTimeouts.SetDefaults`, v3.7.9).
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long Traefik waits for a TLS handshake; no option changes it (pkg/server/service/transport.go, v3.7.9).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Namespace of an object that names none, as kubectl has it.
const DEFAULT_NAMESPACE: &str = "default";

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

/// Namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
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

/// Manifests, read.
pub struct Manifests {
    objects: Vec<(Node, String)>,
    secrets: Vec<FoundSecret>,
}

impl Manifests {
    /// Reads streams of manifests, each with the name of its file.
    ///
    /// # Errors
    /// What is no YAML, a document without `kind`, broken base64 in a Secret.
    pub fn read(sources: &[(&str, &str)]) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut read = Self {
            objects: Vec::new(),
            secrets: Vec::new(),
        };
        for (file, text) in sources {
            read.secrets.extend(
                faults
                    .keep_all(manifests::secrets(text, file))
                    .unwrap_or_default(),
            );
            let documents = faults.keep(yaml::read_all(text, file)).unwrap_or_default();
            for document in documents {
                let is_list = document
                    .get("kind")
                    .and_then(Node::text)
                    .is_some_and(|kind| kind.ends_with("List"));
                let objects = match document.value {
                    Value::Map(mut entries) if is_list => entries
                        .iter_mut()
                        .find(|(key, _)| key.text == "items")
                        .map(|(_, items)| std::mem::replace(&mut items.value, Value::Null)),
                    value => {
                        let node = Node {
                            value,
                            at: document.at,
                        };
                        Some(Value::List(vec![node]))
                    }
                };
                if let Some(Value::List(objects)) = objects {
                    let named = objects
                        .into_iter()
                        .map(|object| (object, (*file).to_owned()));
                    read.objects.extend(named);
                }
            }
        }
        faults.finish(Some(read))
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a (Node, String)> {
        self.objects
            .iter()
            .filter(move |(object, _)| text(object, &["kind"]) == Some(kind))
    }

    fn object<'a>(&'a self, kind: &'a str, name: &Name) -> Option<&'a Node> {
        self.of_kind(kind)
            .map(|(object, _)| object)
            .find(|object| name_of(object) == *name)
    }

    fn secret(&self, name: &Name) -> Option<&FoundSecret> {
        self.secrets.iter().find(|secret| {
            let namespace = secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            secret.name == name.name && namespace == name.namespace
        })
    }

    /// Gives the authorities of the certificate that browsers see: `ca.crt` beside it, in the Secret that the
    /// IngressRoute of `host` or the TLSStore `default` names. Nothing where there is none.
    #[must_use]
    pub fn front_trust(&self, host: &DnsName) -> Option<Trust> {
        let stores = self
            .of_kind("TLSStore")
            .filter(|(store, _)| name_of(store).name == "default")
            .map(|(store, _)| {
                (
                    store,
                    text(store, &["spec", "defaultCertificate", "secretName"]),
                )
            });
        let routes = self
            .of_kind("IngressRoute")
            .filter(|(object, _)| rules(object).any(|(_, rule)| names(rule, host)))
            .map(|(object, _)| (object, text(object, &["spec", "tls", "secretName"])));
        let (mut anchors, mut origins) = (Vec::new(), Vec::new());
        for (object, secret) in routes.chain(stores) {
            let Some(name) = secret else { continue };
            let secret = Name {
                namespace: name_of(object).namespace,
                name: name.to_owned(),
            };
            let found = self.secret(&secret);
            let Some(pem) = found.and_then(|secret| secret.data.get("ca.crt")) else {
                continue;
            };
            anchors.extend(lenient(pem));
            origins.push(format!("Secret {secret} key ca.crt"));
        }
        (!anchors.is_empty()).then_some(Trust {
            anchors,
            origin: Origin::Objects(origins),
        })
    }

    /// Says when there is more than one TLSStore `default`: Traefik drops them all.
    #[must_use]
    pub fn stores(&self) -> Option<Finding> {
        let stores: Vec<String> = self
            .of_kind("TLSStore")
            .map(|(store, _)| name_of(store))
            .filter(|name| name.name == "default")
            .map(|name| name.to_string())
            .collect();
        (stores.len() > 1).then(|| {
            let what = format!(
                "there are {} TLSStores `default`, and Traefik drops them all: {}",
                stores.len(),
                stores.join(", ")
            );
            Finding::new(Check::Objects, Verdict::Broken, what).mend("delete all but one")
        })
    }

    /// Follows the IngressRoute of `host` for a path to the transport of its first service.
    ///
    /// # Errors
    /// No route for the host; a ServersTransport, Secret or ConfigMap that the manifests do not hold; a field whose
    /// value cannot be used.
    pub fn transport(&self, host: &DnsName, path: &str) -> Result<Transport, Vec<Fault>> {
        let (route, file, namespace) = self.route(host, path).map_err(|fault| vec![fault])?;
        let service = route
            .get("services")
            .and_then(|services| services.items().first());
        let Some(service) = service else {
            let fault = Fault::new(format!("the route for `{host}` has no service"));
            return Err(vec![fault.at(route.at.place(file))]);
        };
        let namespace = text(service, &["namespace"])
            .unwrap_or(&namespace)
            .to_owned();
        let mut transport = match text(service, &["serversTransport"]) {
            Some(name) => {
                let name = Name {
                    namespace: namespace.clone(),
                    name: name.to_owned(),
                };
                let object = self
                    .of_kind("ServersTransport")
                    .find(|(object, _)| name_of(object) == name);
                let Some((object, file)) = object else {
                    return Err(vec![
                        missing("ServersTransport", &name).at(service.at.place(file)),
                    ]);
                };
                self.servers_transport(object, file, &name)?
            }
            None => Transport::plain(None, None),
        };
        transport.is_https = is_https(service);
        if transport.is_https && transport.object.is_none() {
            let what = format!(
                "the IngressRoute for `{host}` names no serversTransport: Traefik trusts its system's roots and expects the pod's address"
            );
            transport
                .findings
                .push(Finding::new(Check::Objects, Verdict::Warning, what));
        }
        transport.kept = self.kept(&namespace, host, transport.trust.as_ref());
        Ok(transport)
    }

    fn route(&self, host: &DnsName, path: &str) -> Result<(&Node, &str, String), Fault> {
        let mut hosts: Vec<String> = Vec::new();
        let mut best: Option<(usize, &Node, &str, String)> = None;
        for (object, file) in self.of_kind("IngressRoute") {
            for (route, rule) in rules(object) {
                let fits = names(rule, host) && takes(rule, path);
                // Traefik takes the longest rule first.
                let is_longer = |(length, ..): &(usize, &Node, &str, String)| rule.len() > *length;
                if fits && best.as_ref().is_none_or(is_longer) {
                    best = Some((rule.len(), route, file, name_of(object).namespace));
                }
                hosts.extend(arguments(rule, "Host"));
            }
        }
        if let Some((_, route, file, namespace)) = best {
            return Ok((route, file, namespace));
        }
        let fault = Fault::new(format!("the manifests hold no IngressRoute for `{host}`"))
            .argument("--manifest");
        let near = did_you_mean(host.as_str(), hosts.iter().map(String::as_str));
        Err(match (near, hosts.is_empty()) {
            (Some(near), _) => fault.help(format!("there is one for `{}`", near.escape_debug())),
            (None, true) => fault.help("`kubectl get ingressroutes,serverstransports,secrets -n NAMESPACE -o yaml` prints what is needed"),
            (None, false) => fault.help(format!("there are routes for {} other hosts", hosts.len())),
        })
    }

    fn servers_transport(
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
        let pair = spec
            .get("certificatesSecrets")
            .and_then(|list| list.items().first());
        if let Some(secret) = pair.and_then(Node::text) {
            let secret = Name {
                namespace: name.namespace.clone(),
                name: secret.to_owned(),
            };
            match self.secret(&secret) {
                None => faults.push(missing("Secret", &secret).at(spec.at.place(file))),
                Some(found) => match (found.data.get("tls.crt"), found.data.get("tls.key")) {
                    (Some(certificate), Some(key)) => {
                        transport.client = Some(ClientPair {
                            certificate: certificate.to_string(),
                            key: key.clone(),
                            origin: format!("Secret {secret}"),
                        });
                    }
                    _ => transport.findings.push(
                        Finding::new(Check::Objects, Verdict::Broken, format!("Secret {secret} lacks tls.crt or tls.key: Traefik shows no client certificate"))
                            .mend(format!("make it anew: `civi-ingress new-instance {} --client-auth --reuse …`", name.namespace)),
                    ),
                },
            }
        }
        faults.finish(Some(transport))
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
    fn kept(
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

/// Reads the certificates of a PEM text and passes over what is none, as Go's `AppendCertsFromPEM` does.
fn lenient(pem: &str) -> Vec<Certificate> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

fn missing(kind: &str, name: &Name) -> Fault {
    let resource = kind.to_lowercase();
    Fault::new(format!("the manifests do not hold {kind} {name}, which is named here")).help(format!(
        "give it too: `kubectl get {resource} {} -n {} -o yaml`; where there is none, Traefik answers 500",
        name.name, name.namespace
    ))
}

fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(node, |node, key| node.get(key))
        .and_then(Node::text)
}

fn name_of(object: &Node) -> Name {
    let part = |key: &str| text(object, &["metadata", key]).map(str::to_owned);
    Name {
        namespace: part("namespace").unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        name: part("name").unwrap_or_default(),
    }
}

/// Whether Traefik speaks TLS to a service (`parseServiceProtocol`): by `scheme`, else by port 443 or a port name
/// that begins with https.
fn is_https(service: &Node) -> bool {
    match (
        text(service, &["scheme"]),
        service.get("port").map(|port| &port.value),
    ) {
        (Some(scheme), _) => scheme == "https",
        (None, Some(Value::Int(port))) => *port == 443,
        (None, Some(Value::Text(name))) => name.starts_with("https"),
        _ => false,
    }
}

/// Gives the arguments of all matchers of one name in a rule, such as the host in `` Host(`a.example.org`) ``.
fn arguments(rule: &str, matcher: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = rule;
    let opening = format!("{matcher}(");
    while let Some(at) = rest.find(&opening) {
        let is_whole = !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        rest = &rest[at + opening.len()..];
        let inner = rest.split(')').next().unwrap_or_default();
        if is_whole {
            found.extend(inner.split(',').map(|argument| {
                argument
                    .trim()
                    .trim_matches(['`', '"', '\''])
                    .to_ascii_lowercase()
            }));
        }
    }
    found
}

/// Gives the routes of an IngressRoute, each with its rule.
fn rules(object: &Node) -> impl Iterator<Item = (&Node, &str)> {
    let routes = object.get("spec").and_then(|spec| spec.get("routes"));
    let routes = routes.map(Node::items).unwrap_or_default().iter();
    routes.map(|route| (route, text(route, &["match"]).unwrap_or_default()))
}

/// Whether a rule names a host.
fn names(rule: &str, host: &DnsName) -> bool {
    arguments(rule, "Host")
        .iter()
        .any(|name| covers(name, host))
}

/// Whether a matcher's host is this one, or a wildcard of it (from Traefik 3.7.0).
fn covers(argument: &str, host: &DnsName) -> bool {
    let parent = host.as_str().split_once('.').map(|(_, parent)| parent);
    argument == host.as_str()
        || (argument.strip_prefix("*.").is_some() && argument.strip_prefix("*.") == parent)
}

/// Whether a rule takes a path, as far as it says: other matchers are taken for fitting.
fn takes(rule: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path).to_ascii_lowercase();
    let (prefixes, exact) = (arguments(rule, "PathPrefix"), arguments(rule, "Path"));
    let is_free = prefixes.is_empty() && exact.is_empty();
    is_free
        || prefixes
            .iter()
            .any(|prefix| path.starts_with(prefix.as_str()))
        || exact.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_rules_of_both_majors() {
        assert_eq!(
            arguments("Host(`a.x`) || Host(`b.x`)", "Host"),
            ["a.x", "b.x"]
        );
        assert_eq!(
            arguments("Host(`a.x`, `B.x`) && PathPrefix(`/p`)", "Host"),
            ["a.x", "b.x"]
        );
        assert_eq!(
            arguments("HostRegexp(`.*`) && !XHost(`c`)", "Host"),
            [""; 0]
        );
        let host = DnsName::parse("a.example.org").unwrap();
        assert!(covers("*.example.org", &host) && !covers("*.org", &host) && !covers("a", &host));
        assert!(
            takes("Host(`a`) && PathPrefix(`/p`)", "/p/q?x") && !takes("PathPrefix(`/p`)", "/")
        );
    }

    fn route(tail: &str) -> String {
        format!(
            "kind: List\nitems:\n- kind: IngressRoute\n  metadata: {{name: r, namespace: ns}}\n  spec:\n    routes:\n    - match: Host(`a.example.org`)\n      services:\n      - {{name: s, port: 443, serversTransport: t}}\n{tail}"
        )
    }

    fn transport(tail: &str) -> Result<Transport, Vec<Fault>> {
        let text = route(tail);
        let manifests = Manifests::read(&[("m.yaml", &text)])?;
        manifests.transport(&DnsName::parse("a.example.org").unwrap(), "/")
    }

    const TRANSPORT: &str = "- kind: ServersTransport\n  metadata: {name: t, namespace: ns}\n  spec:\n    serverName: a.example.org\n    forwardingTimeouts: {dialTimeout: 5, responseHeaderTimeout: 0s}\n    rootCAs: [{secret: ca}]\n";

    #[test]
    fn what_the_manifests_lack_is_named_with_the_command_that_prints_it() {
        let faults = transport("").unwrap_err();
        assert_eq!(
            faults[0].to_string(),
            "m.yaml:9:9: the manifests do not hold ServersTransport ns/t, which is named here"
        );
        let faults = transport(TRANSPORT).unwrap_err();
        assert!(faults[0].what.contains("Secret ns/ca"), "{faults:?}");
        assert!(
            faults[0]
                .help
                .as_deref()
                .unwrap_or_default()
                .contains("kubectl get secret ca -n ns")
        );
    }

    #[test]
    fn timeouts_and_names_are_taken_as_traefik_takes_them() {
        let secret = "- kind: Secret\n  metadata: {name: ca, namespace: ns}\n  stringData: {ca.crt: nothing}\n";
        let transport = transport(&format!("{TRANSPORT}{secret}")).unwrap();
        assert_eq!(transport.dial_timeout, Duration::from_secs(5));
        assert_eq!(transport.response_header_timeout, None);
        assert_eq!(transport.server_name.unwrap().to_string(), "a.example.org");
        assert!(transport.is_https && !transport.skip_verify);
        assert!(transport.trust.unwrap().anchors.is_empty());
        assert!(
            transport.findings[0]
                .what
                .starts_with("Secret ns/ca key ca.crt holds no readable certificate")
        );
    }

    #[test]
    fn a_ca_secret_of_two_other_keys_is_passed_over_and_one_of_a_lone_key_is_not() {
        let ca = include_str!("../../tests/fixtures/root.crt").replace('\n', "\n      ");
        let lone = format!(
            "- kind: Secret\n  metadata: {{name: ca, namespace: ns}}\n  stringData:\n    odd: |\n      {ca}\n"
        );
        let found = transport(&format!("{TRANSPORT}{lone}")).unwrap();
        assert_eq!(
            found.trust.unwrap().origin.to_string(),
            "Secret ns/ca key odd"
        );
        let two = transport(&format!("{TRANSPORT}{lone}    tls.key: x\n")).unwrap();
        assert!(two.trust.is_none());
        assert!(
            two.findings[0].what.contains("neither tls.ca nor ca.crt"),
            "{:?}",
            two.findings
        );
    }

    #[test]
    fn a_host_without_a_route_is_refused_with_the_nearest_one() {
        let text = route("");
        let manifests = Manifests::read(&[("m.yaml", &text)]).unwrap();
        let fault = &manifests
            .transport(&DnsName::parse("b.example.org").unwrap(), "/")
            .unwrap_err()[0];
        assert_eq!(
            fault.to_string(),
            "--manifest: the manifests hold no IngressRoute for `b.example.org`"
        );
        assert_eq!(
            fault.help.as_deref(),
            Some("there is one for `a.example.org`")
        );
    }
}
