//! What a service and its ServersTransport or `ServersTransportTCP` say of the leg to a httpd, and each Secret and
//! ConfigMap that they name.

use super::authorities::{extern_trust, kept, root_cas};
use super::gateway;
use super::objects::{crossing, in_words, namings, not_found};
use super::route::Way;
use super::transport::{ClientPair, Speech, Transport, Versions};
use super::trust::ExpectedName;
use super::{Check, Finding, Verdict};
use crate::cluster::data::Entry;
use crate::cluster::naming::Naming;
use crate::cluster::{Cluster, Kind, Object};
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Faults};
use crate::kinds::Placed;
use crate::kinds::traefik::{ServersTransport, tls_version};
use crate::lint::rules::{CI114, CI210, CI229, CI235, CI305};
use crate::name::DnsName;
use crate::path::hop::{Known, Place};
use crate::path::traefik::{self, Loss, Lost, Reached, named_scope, services};
use crate::release::Release;
use crate::yaml::{At, Node, Value};
use std::time::Duration;
use zeroize::Zeroizing;

/// Returns how Traefik reaches one of the route's services: that of a name, or the first that gets requests.
///
/// # Errors
/// A route without services, or without that one; a ServersTransport, Secret or ConfigMap that the manifests do not
/// hold; a field whose value cannot be used.
pub fn transport(way: &Way<'_>, service: Option<&str>) -> Result<Transport, Vec<Fault>> {
    let (route, host) = (way.object(), way.host());
    let rule = match way.route() {
        Ok(rule) => rule,
        Err(routed) => return gateway::transport(way, routed),
    };
    let [newest, older] = namings();
    let found = |naming| services(way.cluster(), naming, route, &rule.services);
    let mut services = found(newest);
    if !services.lost.is_empty() {
        let others = found(older);
        if others.lost.is_empty() {
            services = others;
        }
    }
    if !services.lost.is_empty() {
        return Err(services.lost.iter().map(in_no_service).collect());
    }
    let services = services.reached;
    if services.is_empty() {
        let fault = Fault::new(format!("the route for `{host}` has no service"));
        return Err(vec![route.fault(fault, rule.at)]);
    }
    let chosen = match service {
        Some(name) => services
            .iter()
            .find(|service| service.named.name == name)
            .ok_or_else(|| {
                let fault = Fault::new(format!(
                    "the route for `{host}` has no service `{}`",
                    name.escape_debug()
                ));
                vec![
                    fault
                        .help(format!("there is {}", listed(&services)))
                        .argument("--service"),
                ]
            })?,
        None => services
            .iter()
            .find(|service| service.share > 0)
            .unwrap_or(&services[0]),
    };
    let mut transport = read(way, chosen)?;
    let chosen_name = shown(chosen);
    if services.len() > 1 {
        let what = format!(
            "the route has {} services, of which {chosen_name} is checked: {}",
            services.len(),
            listed(&services)
        );
        let finding = Finding::new(Check::Objects, Verdict::Note, what);
        transport.findings.insert(
            0,
            finding.fix("`--service NAME` with its `--backend` checks another one"),
        );
    }
    let service = format!("service {chosen_name}");
    let across = crossing(route, &service, &chosen.scope);
    transport.findings.extend(across);
    Ok(transport)
}

/// Returns how Traefik reaches a service of a route.
fn read(way: &Way<'_>, service: &Reached<'_>) -> Result<Transport, Vec<Fault>> {
    let (cluster, route, host) = (way.cluster(), way.object(), way.host());
    let object = named(way, service).map_err(|fault| vec![fault])?;
    let settings = object.and_then(|object| object.resource.servers_transport());
    let mut transport = match object.zip(settings) {
        // The browser's TLS needs nothing of it.
        Some((object, settings)) => of_settings(cluster, object, settings, way.ends_at_traefik())?,
        None => Transport::plain(None, None),
    };
    transport.service = Some(shown(service));
    transport.speech = if !way.is_tcp() {
        match traefik::speaks_https(cluster, service) {
            Some(true) => Speech::Https,
            // Where the Service is not at hand, its port is taken for one of http.
            Some(false) | None => Speech::Http,
        }
    } else if !way.ends_at_traefik() {
        Speech::Passthrough
    } else if service.named.tls {
        Speech::Tls
    } else {
        Speech::Tcp
    };
    if way.is_tcp() {
        proxy(service, object.zip(settings), &mut transport);
    }
    match transport.speech {
        Speech::Passthrough => {
            if way.passes_tls_through() && service.named.tls {
                let subject = format!("{route}, service {}", shown(service));
                let finding = Finding::of_rule(&CI229, Verdict::Broken, subject);
                transport.findings.push(finding);
            }
            // The browser's TLS: of the ServersTransportTCP nothing but the connection counts.
            transport.server_name = Some(ExpectedName::Host(host.clone()));
            transport.trust = extern_trust(cluster, &service.scope, host);
            (transport.client, transport.skip_verify) = (None, false);
        }
        Speech::Https if transport.object.is_none() => {
            let subject = format!("{route}, service {}", shown(service));
            let finding = Finding::of_rule(&CI210, Verdict::Warning, subject);
            transport.findings.push(finding);
        }
        Speech::Tls if transport.object.is_none() => {
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
            let what =
                "without serverName Traefik 3.5.2 and later make no TLS connection to a TCP service"
                    .to_owned();
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
    transport.kept = kept(cluster, &service.scope, host, transport.trust.as_ref());
    Ok(transport)
}

/// Finds the ServersTransport that a service names.
fn named<'a>(way: &Way<'a>, service: &Reached<'_>) -> Result<Option<&'a Object>, Fault> {
    let (route, is_tcp) = (way.object(), way.is_tcp());
    let (cluster, naming) = (way.cluster(), Naming::default());
    if let Known::Here(object) = traefik::transport(cluster, naming, route, service, is_tcp) {
        return Ok(object);
    }
    let (kind, scope) = traefik::transport_home(route, service, is_tcp);
    let name = service.named.transport.as_ref();
    let fault = not_found(kind, scope, name.map_or("", |name| &name.value));
    Err(service.by.fault(fault, service.named.at))
}

fn of_settings(
    cluster: &Cluster,
    object: &Object,
    settings: &ServersTransport,
    begins_tls: bool,
) -> Result<Transport, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut transport = Transport::plain(None, None);
    transport.object = Some((object.kind().as_str(), Place::of(object)));
    if let Some(name) = &settings.server_name {
        let parsed = match name.value.parse() {
            Ok(address) => Ok(ExpectedName::Address(address)),
            Err(_) => DnsName::parse(&name.value).map(ExpectedName::Host),
        };
        transport.server_name = faults.keep(parsed.map_err(|fault| object.fault(fault, name.at)));
    }
    transport.disable_http2 = settings.disables_http2;
    transport.skip_verify = settings.skips_verification;
    if begins_tls {
        transport.peer_cert_uri.clone_from(&settings.peer_cert_uri);
    }
    for key in &settings.further_demands {
        let what = format!("{object} has {key}, which is not checked here");
        transport
            .findings
            .push(Finding::new(Check::Objects, Verdict::Note, what));
    }
    versions(object, settings, &mut transport);
    let mut findings = Vec::new();
    let mut timeout = |key: &str, field: &Option<Placed<Value>>| -> Option<Duration> {
        let Placed { value, at } = field.as_ref()?;
        match duration(key, value, *at) {
            Ok(length) => Some(length).filter(|length| !length.is_zero()),
            Err(fault) => {
                let what = format!("{object}: {}: Traefik uses its default", fault.what);
                let finding = Finding::new(Check::Objects, Verdict::Warning, what);
                findings.push(finding.fix(format!("write `{key}: 30s` in {object}")));
                None
            }
        }
    };

    if let Some(dial) = timeout("dialTimeout", &settings.dial_timeout) {
        transport.dial_timeout = dial;
    }
    transport.response_header_timeout =
        timeout("responseHeaderTimeout", &settings.response_header_timeout);
    transport.findings.append(&mut findings);
    if begins_tls {
        root_cas(cluster, object, settings, &mut transport, &mut faults);
        if let Some(named) = settings.certificates.first() {
            let secret = Place {
                scope: object.scope.clone(),
                name: named.value.clone(),
            };
            client_pair(cluster, object, &secret, &mut transport);
        }
    }
    faults.finish(Some(transport))
}

fn duration(key: &str, value: &Value, at: At) -> Result<Duration, Fault> {
    let parsed = match value {
        Value::Int(seconds) => TraefikDuration::parse(&seconds.to_string()),
        Value::Text(text) => TraefikDuration::parse(text),
        other => {
            let node = Node {
                value: other.clone(),
                at,
            };
            Err(Fault::new(format!(
                "`{key}` is {}, not a duration",
                node.kind()
            )))
        }
    };
    Ok(parsed?.length())
}

/// Reads the Secret of the pair that is shown to an httpd which asks for one, the first of `certificatesSecrets`.
pub(super) fn client_pair(cluster: &Cluster, object: &Object, secret: &Place, out: &mut Transport) {
    let front = match object.kind() {
        Kind::DestinationRule => "the gateway of Istio",
        _ => "Traefik",
    };
    let Some(data) = cluster.data(Kind::Secret, &secret.scope, &secret.name) else {
        let what = format!(
            "the manifests do not contain Secret {secret}, which {object} names: {front} presents no certificate if there is none"
        );
        let fix = format!(
            "pass it too: `kubectl get secret {} -n {} -o yaml`",
            secret.name,
            secret.scope.label()
        );
        return out.find(Verdict::Warning, what, fix);
    };
    let [certificate, key] = ["tls.crt", "tls.key"].map(|key| data.get(key));
    let locked = certificate
        .zip(key)
        .and_then(|(certificate, key)| certificate.lock().or(key.lock()));
    let text = |entry: Option<&Entry>| {
        let text = entry.and_then(Entry::text)?;
        (!text.trim().is_empty()).then(|| Zeroizing::new(text.to_owned()))
    };
    if let Some(lock) = locked {
        let what = format!(
            "Secret {secret} {}: the client certificate of {front} cannot be presented from here",
            in_words(lock)
        );
        out.find(
            Verdict::Warning,
            what,
            format!(
                "pass it in clear text: `kubectl get secret {} -n {} -o yaml`",
                secret.name,
                secret.scope.label()
            ),
        );
    } else if let (Some(certificate), Some(key)) = (text(certificate), text(key)) {
        out.client = Some(ClientPair {
            certificate: certificate.as_str().to_owned(),
            key,
            origin: format!("Secret {secret}"),
        });
    } else {
        let subject = format!("Secret {secret}, named by {object}");
        // Whether the httpd asks for one shows on the connection.
        let finding = Finding::of_rule(&CI114, Verdict::Warning, subject);
        let namespace = secret.scope.label();
        out.findings.push(finding.fix(format!(
            "reissue it: `civi-ingress new-instance {namespace} --client-auth --reuse …`"
        )));
    }
}

/// Reads `minVersion` and `maxVersion`; the one without a higher other one is a trap of Traefik 3.7.
fn versions(object: &Object, settings: &ServersTransport, transport: &mut Transport) {
    let [min, max] = [&settings.min_version, &settings.max_version].map(Option::as_deref);
    let is_trap = match (min, max) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(min), Some(max)) => tls_version(min)
            .zip(tls_version(max))
            .is_some_and(|(min, max)| min >= max),
    };
    if is_trap {
        let finding = Finding::of_rule(&CI305, Verdict::Warning, object);
        transport.findings.push(finding);
    }
    transport.versions = match (min, max) {
        (Some("VersionTLS13"), _) => Versions::Only13,
        (_, Some("VersionTLS12")) => Versions::Only12,
        _ => Versions::Both,
    };
}

/// Takes the PROXY protocol of a TCP service, or of the ServersTransportTCP that it names.
fn proxy(
    service: &Reached<'_>,
    named: Option<(&Object, &ServersTransport)>,
    transport: &mut Transport,
) {
    let of_service = service.named.proxy_protocol;
    let (object, said) = match named {
        Some((object, settings)) => (object, settings.proxy_protocol),
        None => (service.by, of_service),
    };
    if let Some((object, settings)) = named.filter(|_| of_service.is_some()) {
        let finding = if settings.proxy_protocol.is_none() {
            let subject = format!("{} and {object}", service.by);
            Finding::of_rule(&CI235, Verdict::Warning, subject)
        } else {
            let what = format!(
                "proxyProtocol of the service in {} has no effect next to {object}",
                service.by
            );
            Finding::new(Check::Objects, Verdict::Warning, what).fix(format!(
                "remove `proxyProtocol` from the service in {}",
                service.by
            ))
        };
        transport.findings.push(finding);
    }
    let transport_object = Known::Here(named.map(|(object, _)| object));
    let version = traefik::proxy(service, transport_object, Release::default());
    if let Some(said) = said.filter(|_| version.is_none()) {
        let what = format!(
            "{object} asks for version {} of the PROXY protocol: Traefik makes no connection",
            said.version.unwrap_or_default()
        );
        let fix = format!("set `proxyProtocol.version` in {object} to 1 or 2");
        transport.find(Verdict::Broken, what, fix);
    }
    transport.proxy = version.map(|version| (version, object.to_string()));
}

/// Describes which service it is: `paroisse-a/civicrmhttpd port 443`.
fn shown(service: &Reached<'_>) -> String {
    let port = service.named.port.as_ref();
    let port = port.map_or_else(String::new, |port| format!(" port {}", port.shown()));
    format!("{}/{}{port}", service.scope.label(), service.named.name)
}

fn listed(services: &[Reached<'_>]) -> String {
    let words: Vec<String> = services
        .iter()
        .map(|service| format!("{} (weight {})", shown(service), service.share))
        .collect();
    words.join(", ")
}

fn in_no_service(lost: &Lost<'_>) -> Fault {
    let Lost { by, named, why } = lost;
    let fault = match why {
        Loss::NotFound => {
            let scope = named_scope(&by.scope, named.namespace.as_deref());
            not_found(Kind::TraefikService, &scope, &named.name)
        }
        Loss::Circle(object) => Fault::new(format!("{object} leads to itself")),
        Loss::TooMany => Fault::new("the route leads to more services than are followed"),
    };
    by.fault(fault, named.at)
}
