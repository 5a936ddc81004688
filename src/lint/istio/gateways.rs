//! Gateways: their servers and certificates.

use super::rules::{CI851, CI852, CI853, CI854, CI855, CI857};
use crate::cluster::data::{Data, Read};
use crate::cluster::{Kind, Resource};
use crate::kinds::istio::{IstioGateway, Server, ServerSecret, ServerTls};
use crate::kinds::traefik::Port;
use crate::lint::facts::certificate::not_covered;
use crate::lint::finding::Finding;
use crate::lint::model::{Model, Object, Said};
use crate::lint::rule::Severity;
use crate::path::pods::{GatewayPods, PodSecret, Pods};
use std::collections::{BTreeMap, BTreeSet};

/// A port of some pods: their labels, the number, and the address that is listened on.
type Socket<'m> = (&'m [(String, String)], Option<&'m Port>, &'m str);

/// The Gateways by socket and host, a host with the namespace that may use it; whether there is TLS by socket.
#[derive(Default)]
struct Claimed<'m, 'a> {
    hosts: BTreeMap<(Socket<'m>, Option<&'m str>, &'m str), &'m Object<'a>>,
    sockets: BTreeMap<Socket<'m>, bool>,
}

pub(super) fn check(model: &Model<'_>, pods: &Pods<'_>, findings: &mut Vec<Finding>) {
    let mut claimed = Claimed::default();
    for gateway in model.said(Kind::IstioGateway, Resource::istio_gateway) {
        let place = pods.of_gateway(gateway.typed, gateway.says);
        for (index, server) in gateway.says.servers.iter().enumerate() {
            let path = format!("spec.servers[{index}]");
            settings(gateway.object, server, &path, findings);
            certificates(model, gateway.object, server, &path, &place, findings);
        }
        collisions(&gateway, &mut claimed, findings);
    }
}

fn settings(gateway: &Object<'_>, server: &Server, path: &str, findings: &mut Vec<Finding>) {
    let mut find = |rule, at, field: &str, message: String| {
        findings.push(gateway.finding(rule, at, &format!("{path}{field}"), message));
    };
    let protocol = &server.protocol;
    if protocol.is_empty() || server.port_name.is_none() {
        let message = "the port needs a name and a protocol".to_owned();
        find(&CI851, server.at, ".port", message);
    }
    let Some(tls) = &server.tls else {
        if server.is_of_tls() {
            let message = format!("protocol {protocol} and no `tls`");
            find(&CI851, server.at, ".tls", message);
        }
        return;
    };
    if let Some(key) = tls.sources.first().filter(|_| server.passes_through()) {
        let is_said = !tls.mode.is_empty();
        let message = if is_said {
            format!("TLS is passed through, and `{key}` is not used")
        } else {
            "there is no `mode`, and without it TLS is passed through".to_owned()
        };
        find(&CI852, tls.at, ".tls", message);
        // Where it is set explicitly, it is at least intended.
        if let Some(last) = findings.last_mut().filter(|_| is_said) {
            last.severity = Severity::Warning;
        }
        return;
    }
    if let Some(message) = contradiction(server, tls) {
        find(&CI851, tls.at, ".tls", message);
    }
    if let Some(at) = tls.redirects.filter(|_| !server.is_http()) {
        let message = format!("protocol {protocol} is not redirected");
        find(&CI853, at, ".tls.httpsRedirect", message);
    }
}

/// Returns what the webhook refuses of the TLS of a server (`ValidateTLS`).
fn contradiction(server: &Server, tls: &ServerTls) -> Option<String> {
    let has = |key: &str| tls.sources.contains(&key);
    let mode = tls.mode.as_str();
    match mode {
        _ if server.is_http() && !matches!(mode, "" | "PASSTHROUGH") => {
            Some(format!("protocol {} has no TLS mode", server.protocol))
        }
        "SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL" => {
            let sources = usize::from(has("credentialName"))
                + usize::from(has("credentialNames"))
                + usize::from(has("tlsCertificates"))
                + usize::from(has("serverCertificate") && has("privateKey"));
            let has_authority =
                has("credentialName") || has("credentialNames") || has("caCertificates");
            match sources {
                0 => Some(format!("mode {mode} and no certificate")),
                1 if mode != "SIMPLE" && !has_authority => {
                    Some(format!("mode {mode} and no `caCertificates`"))
                }
                1 => None,
                _ => Some("several sources of certificates".to_owned()),
            }
        }
        "ISTIO_MUTUAL" => {
            let first = tls.sources.first()?;
            Some(format!("mode ISTIO_MUTUAL does not allow `{first}`"))
        }
        _ => None,
    }
}

fn certificates(
    model: &Model<'_>,
    gateway: &Object<'_>,
    server: &Server,
    path: &str,
    place: &GatewayPods<'_>,
    findings: &mut Vec<Finding>,
) {
    let field = format!("{path}.tls.credentialName");
    let mut shown = Some(Vec::new());
    for ServerSecret {
        namespace,
        name,
        at,
    } in server.secrets()
    {
        let find = |rule, message: String| gateway.finding(rule, at, &field, message);
        if let Some(namespace) = namespace {
            shown = None;
            if !place.namespaces.is_empty() && !place.namespaces.contains(namespace) {
                let message = format!("the Secret is in `{namespace}`; {}", place.shown());
                findings.push(find(&CI854, message));
            }
            continue;
        }
        let (object, secret) = match place.find(&model.grounds.secrets, name) {
            PodSecret::Found(object) => (&model.objects[object.number], object.data()),
            PodSecret::Elsewhere(namespace, is_certain) => {
                let message = format!("Secret `{name}` is in `{namespace}`; {}", place.shown());
                findings.push(find(&CI854, message).warning_unless(is_certain));
                shown = None;
                continue;
            }
            PodSecret::Made(_) | PodSecret::Unknown => {
                shown = None;
                continue;
            }
        };
        let Some(secret) = secret else { continue };
        let pair = secret.istio_pair();
        if secret.is_complete && pair.is_none() {
            let message = format!(
                "Secret {} has neither `tls.crt` and `tls.key` nor `cert` and `key`",
                object.shown()
            );
            findings.push(find(&CI855, message));
        }
        let tls = server.tls.as_ref();
        if tls.is_some_and(|tls| tls.mode != "SIMPLE" && !tls.has_authority)
            && let Some((message, is_certain)) = client_authority(model, place, name, secret)
        {
            findings.push(find(&CI855, message).warning_unless(is_certain));
        }
        let first = pair.and_then(|entry| entry.certs().next());
        shown = shown.zip(first).map(|(mut all, first)| {
            all.push(first);
            all
        });
    }
    let shown = shown.unwrap_or_default();
    findings.extend(server.hosts.iter().filter_map(|host| {
        let at = server.hosts_at.unwrap_or(server.at);
        not_covered(gateway, &host.host, &shown, (at, format!("{path}.hosts")))
    }));
}

/// Returns what is wrong with the CA by which browsers are verified, and whether that is certain: it is in the same Secret, or
/// in `NAME-cacert`.
fn client_authority(
    model: &Model<'_>,
    place: &GatewayPods<'_>,
    name: &str,
    secret: &Data,
) -> Option<(String, bool)> {
    let may_have = |secret: &Data| !matches!(secret.istio_authority(), Read::Nothing);
    let further = format!("{name}-cacert");
    let (is_good, is_certain) = match place.find(&model.grounds.secrets, &further) {
        PodSecret::Found(object) => (object.data().is_some_and(may_have), true),
        PodSecret::Made(_) => (true, true),
        PodSecret::Elsewhere(..) | PodSecret::Unknown => (false, false),
    };
    let message = format!("neither Secret `{name}` nor `{further}` has `ca.crt` or `cacert`");
    (!may_have(secret) && !is_good).then_some((message, is_certain))
}

fn collisions<'m, 'a>(
    gateway: &Said<'m, 'a, IstioGateway>,
    claimed: &mut Claimed<'m, 'a>,
    findings: &mut Vec<Finding>,
) {
    let Said { object, says, .. } = gateway;
    let mut names = BTreeSet::new();
    for (index, server) in says.servers.iter().enumerate() {
        let mut find = |field: &str, message: String| {
            let field = format!("spec.servers[{index}]{field}");
            findings.push(object.finding(&CI857, server.at, &field, message));
        };
        if let Some(name) = server
            .port_name
            .as_ref()
            .filter(|name| !names.insert(*name))
        {
            let name = name.escape_debug();
            find(
                ".port.name",
                format!("the port name `{name}` appears twice"),
            );
            continue;
        }
        let port = server.port.as_ref().map(|port| &port.value);
        let shown = port.map(Port::shown).unwrap_or_default();
        let socket = (says.selector.as_slice(), port, server.bind.as_str());
        let is_of_tls = server.is_of_tls();
        if *claimed.sockets.entry(socket).or_insert(is_of_tls) != is_of_tls {
            find(
                ".port",
                format!("on port {shown} there is both plain text and TLS"),
            );
            continue;
        }
        if !is_of_tls {
            continue;
        }
        for host in &server.hosts {
            let (only, host) = (host.only(Some(object.namespace)), host.host.as_str());
            let before = claimed.hosts.insert((socket, only, host), object);
            // Overlays of one base, each for a namespace of its own.
            let is_twice =
                |first: &&Object<'_>| !object.namespace.is_empty() || first.file == object.file;
            if let Some(first) = before.filter(is_twice) {
                let host = match only {
                    Some(namespace) => format!("{namespace}/{host}"),
                    None => host.to_owned(),
                };
                let message = format!(
                    "port {shown} for `{}` is also in Gateway {}",
                    host.escape_debug(),
                    first.shown()
                );
                find(".hosts", message);
            }
        }
    }
}
