//! How Traefik reaches a host's httpd, read out of manifests: IngressRoute, ServersTransport, and each Secret and
//! ConfigMap that it names. Our own output, what people write, and lists of `kubectl get -o yaml` alike.
//!
//! The rules are those of Traefik's provider (pkg/provider/kubernetes/crd/kubernetes.go, v2.11.53 and v3.7.9):
//! a transport is looked up in the Service's namespace, and of a CA Secret `tls.ca` is read, else `ca.crt`, else the
//! only key.

use super::rule::{arguments, names, takes};
use super::transport::Transport;
use super::trust::{Origin, Trust};
use super::{Check, Finding, Verdict};
use crate::fault::{Fault, Faults, did_you_mean};
use crate::manifests::{self, FoundSecret};
use crate::name::DnsName;
use crate::pki::Certificate;
use crate::yaml::{self, Node, Value};
use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;
use std::fmt;

/// Namespace of an object that names none, as kubectl has it.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

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

/// Manifests, read.
pub struct Manifests {
    /// All but the Secrets, whose values stay in buffers that are cleared.
    objects: Vec<(Node, String)>,
    pub(super) secrets: Vec<FoundSecret>,
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
                        .filter(|object| self::text(object, &["kind"]) != Some("Secret"))
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

    pub(super) fn object<'a>(&'a self, kind: &'a str, name: &Name) -> Option<&'a Node> {
        self.of_kind(kind)
            .map(|(object, _)| object)
            .find(|object| name_of(object) == *name)
    }

    pub(super) fn secret(&self, name: &Name) -> Option<&FoundSecret> {
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
}

/// Reads the certificates of a PEM text and passes over what is none, as Go's `AppendCertsFromPEM` does.
pub(super) fn lenient(pem: &str) -> Vec<Certificate> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

pub(super) fn missing(kind: &str, name: &Name) -> Fault {
    let resource = kind.to_lowercase();
    Fault::new(format!("the manifests do not hold {kind} {name}, which is named here")).help(format!(
        "give it too: `kubectl get {resource} {} -n {} -o yaml`; where there is none, Traefik answers 500",
        name.name, name.namespace
    ))
}

pub(super) fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
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

/// Gives the routes of an IngressRoute, each with its rule.
fn rules(object: &Node) -> impl Iterator<Item = (&Node, &str)> {
    let routes = object.get("spec").and_then(|spec| spec.get("routes"));
    let routes = routes.map(Node::items).unwrap_or_default().iter();
    routes.map(|route| (route, text(route, &["match"]).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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
