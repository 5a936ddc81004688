//! What a service and its ServersTransport or `ServersTransportTCP` say of the leg to a httpd, and each Secret and
//! ConfigMap that they name.
//!
//! The rules are those of Traefik's provider (pkg/provider/kubernetes/crd, v2.11.53 and v3.7.9): a ServersTransport is
//! looked up in the Service's namespace, a `ServersTransportTCP` in the route's; of a CA Secret `tls.ca` is read, else
//! `ca.crt`, else the only key.

use super::objects::{Datum, Manifests, Name, Object, is_true, items, missing, text};
use super::proxy::Version;
use super::reference::{Reference, Service, passes_through};
use super::route::Way;
use super::transport::{ClientPair, Speech, Transport, Versions};
use super::trust::ExpectedName;
use super::{Check, Finding, Verdict};
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Faults};
use crate::name::DnsName;
use crate::yaml::{Node, Value};
use zeroize::Zeroizing;

impl Manifests {
    /// Returns how Traefik reaches a service of a route.
    pub(super) fn transport(
        &self,
        way: &Way<'_>,
        service: &Service<'_>,
    ) -> Result<Transport, Vec<Fault>> {
        let (route, host) = (way.object(), way.host());
        let is_http = route.kind == "IngressRoute";
        let (kind, namespace) = if is_http {
            ("ServersTransport", service.namespace.as_str())
        } else {
            ("ServersTransportTCP", route.name.namespace.as_str())
        };
        let name = text(service.node, &["serversTransport"]).filter(|name| !name.is_empty());
        let mut transport = match name {
            Some(name) if Reference::new(namespace, name) != Reference::Outside("internal") => {
                let object = self.named(kind, namespace, name);
                let object =
                    object.map_err(|fault| vec![service.object.fault(fault, service.node)])?;
                self.servers_transport(kind, object)?
            }
            _ => Transport::plain(None, None),
        };
        transport.service = Some(service.in_words(false));
        transport.speech = match (is_http, self.is_https(service)) {
            (true, true) => Speech::Https,
            (true, false) => Speech::Http,
            (false, _) if !way.ends_at_traefik() => Speech::Passthrough,
            (false, _) if is_true(service.node, "tls") => Speech::Tls,
            (false, _) => Speech::Tcp,
        };
        if !is_http {
            proxy_protocol(service, &mut transport);
        }
        match transport.speech {
            Speech::Passthrough => {
                if passes_through(route) && is_true(service.node, "tls") {
                    let what = format!(
                        "{route} passes TLS through and has `tls: true` at its service: Traefik wraps the browser's TLS in its own, and no httpd reads that"
                    );
                    transport.find(
                        Verdict::Broken,
                        what,
                        format!("remove `tls: true` from the service in {route}"),
                    );
                }
                // The browser's TLS: of the ServersTransportTCP nothing but the connection counts.
                transport.server_name = Some(ExpectedName::Host(host.clone()));
                transport.trust = self.extern_trust(&service.namespace, host);
                (transport.client, transport.skip_verify) = (None, false);
            }
            speech if speech.is_traefiks() && transport.object.is_none() => {
                let what = format!(
                    "{route} names no serversTransport for `{host}`: Traefik trusts its system's roots and expects the pod's address"
                );
                transport.find(
                    Verdict::Warning,
                    what,
                    "name one in the service, such as `serversTransport: transport-selfsigned`"
                        .to_owned(),
                );
            }
            Speech::Tls if transport.server_name.is_none() && !transport.skip_verify => {
                let what = "without serverName Traefik 3.5.2 and later make no TLS connection to a TCP service".to_owned();
                let object = transport
                    .object
                    .as_ref()
                    .map(|(kind, name)| format!("{kind} {name}"));
                transport.find(
                    Verdict::Broken,
                    what,
                    format!(
                        "set `tls.serverName: {host}` in {}",
                        object.unwrap_or_default()
                    ),
                );
            }
            _ => {}
        }
        transport.kept = self.kept(&service.namespace, host, transport.trust.as_ref());
        Ok(transport)
    }

    fn servers_transport(
        &self,
        kind: &'static str,
        object: &Object,
    ) -> Result<Transport, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut transport = Transport::plain(None, None);
        transport.object = Some((kind, object.name.clone()));
        let nothing = Node {
            value: Value::Null,
            at: object.node.at,
        };
        let is_tcp = kind == "ServersTransportTCP";
        // What a ServersTransport says at its top, a ServersTransportTCP says below `tls`.
        let (spec, timeouts) = if is_tcp {
            (object.spec().get("tls").unwrap_or(&nothing), object.spec())
        } else {
            (
                object.spec(),
                object.spec().get("forwardingTimeouts").unwrap_or(&nothing),
            )
        };
        if let Some(text) = text(spec, &["serverName"]).filter(|text| !text.is_empty()) {
            let parsed = match text.parse() {
                Ok(address) => Ok(ExpectedName::Address(address)),
                Err(_) => DnsName::parse(text).map(ExpectedName::Host),
            };
            let node = spec.get("serverName").unwrap_or(spec);
            transport.server_name = faults.keep(parsed.map_err(|fault| object.fault(fault, node)));
        }
        transport.disable_http2 = is_true(spec, "disableHTTP2");
        transport.skip_verify = is_true(spec, "insecureSkipVerify");
        transport.peer_cert_uri = text(spec, &["peerCertURI"])
            .filter(|uri| !uri.is_empty())
            .map(str::to_owned);
        for key in ["peerCertSANs", "spiffe"] {
            if spec.get(key).is_some() {
                let what = format!("{object} has {key}, which is not checked here");
                transport
                    .findings
                    .push(Finding::new(Check::Objects, Verdict::Note, what));
            }
        }
        versions(spec, object, &mut transport);
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
                .keep(parsed.map_err(|fault| object.fault(fault, node)))
                .map(|duration| duration.length())
        };
        if let Some(dial) = timeout("dialTimeout", &mut faults).filter(|dial| !dial.is_zero()) {
            transport.dial_timeout = dial;
        }
        if !is_tcp {
            transport.response_header_timeout =
                timeout("responseHeaderTimeout", &mut faults).filter(|wait| !wait.is_zero());
        }
        self.root_cas(spec, object, &mut transport, &mut faults);
        self.certificates_secret(spec, object, &mut transport, &mut faults);
        if let Some(node) = object.spec().get("proxyProtocol").filter(|_| is_tcp) {
            set_proxy(node, 0, &object.to_string(), &mut transport);
        }
        faults.finish(Some(transport))
    }

    /// Whether Traefik speaks TLS to a service (`parseServiceProtocol`): by `scheme`, else by port 443 or a port name
    /// that begins with https, as the Service has them where the manifests hold it.
    fn is_https(&self, service: &Service<'_>) -> bool {
        if let Some(scheme) = text(service.node, &["scheme"]).filter(|scheme| !scheme.is_empty()) {
            return scheme == "https";
        }
        let wanted = service.node.get("port").map(|port| &port.value);
        let of = Name::new(&service.namespace, service.name());
        let listed = self
            .object("Service", &of)
            .map(|object| items(object.spec(), "ports"));
        let is_it = |port: &&Node| {
            let both =
                [port.get("port"), port.get("name")].map(|part| part.map(|part| &part.value));
            wanted.is_some() && both.contains(&wanted)
        };
        let port = listed.unwrap_or_default().iter().find(is_it);
        let number = port
            .and_then(|port| port.get("port"))
            .map(|port| &port.value);
        let name = port.and_then(|port| text(port, &["name"]));
        let name = name.or_else(|| service.node.get("port").and_then(Node::text));
        number.or(wanted) == Some(&Value::Int(443))
            || name.is_some_and(|name| name.starts_with("https"))
    }

    /// Reads the first of `certificatesSecrets`.
    fn certificates_secret(
        &self,
        spec: &Node,
        object: &Object,
        out: &mut Transport,
        faults: &mut Faults,
    ) {
        let Some(node) = items(spec, "certificatesSecrets").first() else {
            return;
        };
        let secret = Name::new(&object.name.namespace, node.text().unwrap_or_default());
        let Some(data) = self.data("Secret", &secret) else {
            return faults.push(object.fault(missing("Secret", &secret), node));
        };
        match (data.get("tls.crt"), data.get("tls.key")) {
            (Some(Datum::Clear(certificate)), Some(Datum::Clear(key))) => {
                out.client = Some(ClientPair {
                    certificate: (*certificate).to_owned(),
                    key: Zeroizing::new((*key).to_owned()),
                    origin: format!("Secret {secret}"),
                });
            }
            (Some(Datum::Locked(with)), Some(_)) | (Some(_), Some(Datum::Locked(with))) => {
                let what = format!(
                    "Secret {secret} is encrypted ({with}): Traefik's client certificate cannot be presented from here"
                );
                out.find(
                    Verdict::Warning,
                    what,
                    format!(
                        "pass it in clear text: `kubectl get secret {} -n {} -o yaml`",
                        secret.name, secret.namespace
                    ),
                );
            }
            _ => {
                let what = format!(
                    "Secret {secret} lacks tls.crt or tls.key: Traefik presents no client certificate"
                );
                let namespace = &object.name.namespace;
                out.find(Verdict::Broken, what, format!("reissue it: `civi-ingress new-instance {namespace} --client-auth --reuse …`"));
            }
        }
    }
}

/// Reads `minVersion` and `maxVersion`; one without the other is a trap of Traefik 3.7.
fn versions(spec: &Node, object: &Object, transport: &mut Transport) {
    let [min, max] = ["minVersion", "maxVersion"].map(|key| text(spec, &[key]));
    if min.is_some() && max.is_none() {
        let what = format!(
            "{object} has minVersion without maxVersion: Traefik 3.7 then ignores serverName and rootCAs"
        );
        transport.find(
            Verdict::Warning,
            what,
            "set both, or neither: `minVersion: VersionTLS12` and `maxVersion: VersionTLS13`"
                .to_owned(),
        );
    }
    transport.versions = match (min, max) {
        (Some("VersionTLS13"), _) => Versions::Only13,
        (_, Some("VersionTLS12")) => Versions::Only12,
        _ => Versions::Both,
    };
}

/// Takes the PROXY protocol of a TCP service, which counts where no `ServersTransportTCP` is named (`DialerManager.Build`,
/// pkg/tcp/dialer.go, v3.7.9).
fn proxy_protocol(service: &Service<'_>, transport: &mut Transport) {
    let Some(node) = service.node.get("proxyProtocol") else {
        return;
    };
    if let Some((kind, name)) = &transport.object {
        let what = format!(
            "proxyProtocol of the service in {} has no effect next to {kind} {name}",
            service.object
        );
        let fix = format!("set `proxyProtocol` in {kind} {name}");
        return transport.find(Verdict::Warning, what, fix);
    }
    set_proxy(node, 2, &service.object.to_string(), transport);
}

fn set_proxy(node: &Node, default: i64, object: &str, transport: &mut Transport) {
    let version = match node.get("version").map(|version| &version.value) {
        Some(Value::Int(version)) => *version,
        _ => default,
    };
    let version = match version {
        1 => Version::V1,
        2 => Version::V2,
        other => {
            let what = format!(
                "{object} asks for version {other} of the PROXY protocol: Traefik makes no connection"
            );
            return transport.find(
                Verdict::Broken,
                what,
                format!("set `proxyProtocol.version` in {object} to 1 or 2"),
            );
        }
    };
    transport.proxy = Some((version, object.to_owned()));
}
