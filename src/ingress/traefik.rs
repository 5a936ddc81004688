//! What Traefik needs: the transport that trusts the instance's CA, the route, and the default certificate.

use super::object::{chart_object, own_object};
use super::secrets::clients_secret;
use crate::civiparoisse::{CLIENTS_OPTION, CLIENTS_SECRET};
use crate::instance::Instance;
use crate::manifest::{Field, Identity, Object};
use crate::name::{Namespace, ObjectName};
use crate::path::Path;
use crate::path::entrances::PLAIN;
use crate::path::hop::{Client, Inward, Outward, Shown, Trust};
use crate::release::{Release, TransportTcp};

/// Time between the first two attempts of the retry Middleware; it doubles from then on.
pub(crate) const RETRY_INTERVAL: &str = "500ms";

/// Returns the objects that make the path of an instance: what is spoken to its httpd, the Middlewares, the route.
pub(super) fn routing(release: Release, instance: &Instance, path: &Path) -> Vec<Object> {
    match &path.outward {
        Outward::PassedThrough => passing(release, instance, path),
        outward => ending(release, instance, path, outward.client()),
    }
}

/// Traefik ends the TLS of browsers: an IngressRoute.
fn ending(
    release: Release,
    instance: &Instance,
    path: &Path,
    client: Option<&Client>,
) -> Vec<Object> {
    let api = release.api_version();
    let names = &instance.settings.names;
    let mut objects = Vec::new();
    objects.extend(client.map(|client| servers_transport(release, instance, client)));
    let mut middlewares = Vec::new();
    if let Some(attempts) = instance.extras.retry_attempts {
        let mut object = own_object(
            instance,
            api,
            "Middleware",
            &names.retry,
            "traefik/middleware-retry.yaml",
        );
        object.fields = vec![
            ("attempts", Field::Number(attempts.into())),
            ("initial_interval", RETRY_INTERVAL.into()),
        ];
        objects.push(object);
        middlewares.push(names.retry.as_str());
    }
    if let Some(seconds) = instance.extras.hsts_seconds {
        let mut object = own_object(
            instance,
            api,
            "Middleware",
            &names.hsts,
            "traefik/middleware-hsts.yaml",
        );
        object.fields = vec![("seconds", Field::Number(seconds.into()))];
        objects.push(object);
        middlewares.push(names.hsts.as_str());
    }
    let clients = instance.extras.clients.as_ref();
    if let Some(clients) = clients {
        objects.push(clients_secret(instance, clients));
        objects.push(clients_option(release, instance));
    }
    objects.push(ingress_route(release, instance, path, &middlewares));
    objects
}

/// Traefik takes connections for the hosts of the instance from clients with a certificate alone.
fn clients_option(release: Release, instance: &Instance) -> Object {
    let name = ObjectName::parse(CLIENTS_OPTION).expect("the name is valid");
    let api = release.api_version();
    let mut object = own_object(instance, api, "TLSOption", &name, "traefik/tlsoption.yaml");
    object.fields = vec![("authority", CLIENTS_SECRET.into())];
    object
}

/// The TLS of browsers goes on as it is: an IngressRouteTCP.
fn passing(release: Release, instance: &Instance, path: &Path) -> Vec<Object> {
    let settings = &instance.settings;
    let known = release.transport_tcp();
    let version = |is_here: bool| {
        let version = path.proxy.filter(|_| is_here);
        version.map_or(Field::Nothing, |version| Field::Number(version.number()))
    };
    let sends = known == TransportTcp::SendsProxyProtocol;
    let mut objects = Vec::new();
    // Since 3.5.2 what a service says of the PROXY protocol does not count beside a ServersTransportTCP: no text has both.
    if sends || known == TransportTcp::Dials && path.proxy.is_none() {
        let mut transport = own_object(
            instance,
            release.api_version(),
            "ServersTransportTCP",
            &settings.names.servers_transport,
            "traefik/serverstransporttcp.yaml",
        );
        transport.fields = vec![
            (
                "dial_timeout",
                settings.transport.dial_timeout.as_str().into(),
            ),
            ("proxy_protocol", version(sends)),
        ];
        objects.push(transport);
    }
    let mut route = own_object(
        instance,
        release.api_version(),
        "IngressRouteTCP",
        &settings.names.ingress_route,
        "traefik/ingressroutetcp.yaml",
    );
    let transport = objects
        .first()
        .map(|_| settings.names.servers_transport.as_str());
    route.fields = vec![
        ("entry_points", entry_points(instance, path)),
        ("rule", rule("HostSNI", &path.hosts).into()),
        ("service", service(path).into()),
        ("port", Field::Number(settings.port.into())),
        ("servers_transport", transport.into()),
        ("proxy_protocol", version(!sends)),
    ];
    objects.push(route);
    objects
}

fn entry_points(instance: &Instance, path: &Path) -> Field {
    if path.inward == Inward::Plain {
        return [PLAIN].into_iter().collect();
    }
    let names = instance.settings.entry_points.iter();
    names.map(String::as_str).collect()
}

fn service(path: &Path) -> &str {
    path.httpd
        .as_ref()
        .map_or("", |httpd| httpd.service.name.as_str())
}

fn servers_transport(release: Release, instance: &Instance, client: &Client) -> Object {
    let settings = &instance.settings;
    let transport = &settings.transport;
    let name = &settings.names.servers_transport;
    let authorities = match &client.trusts {
        Trust::Authorities(authorities) => authorities.as_slice(),
        Trust::System | Trust::Anything | Trust::Unknown => &[],
    };
    let secrets = authorities.iter();
    let secrets: Field = secrets.map(|one| one.place.name.as_str()).collect();
    let (root_cas, root_cas_secrets) = if release.takes_root_cas() {
        (secrets, Field::Nothing)
    } else {
        (Field::Nothing, secrets)
    };
    let client_secret = client.shows.as_ref().map(|place| place.name.as_str());
    let mut object = chart_object(
        instance,
        release.api_version(),
        "ServersTransport",
        name,
        "traefik/serverstransport.yaml",
    );
    object.fields = vec![
        ("server_name", client.expects.as_deref().into()),
        (
            "max_idle_conns_per_host",
            Field::Number(transport.max_idle_conns_per_host),
        ),
        ("disable_http2", Field::Bool(transport.disable_http2)),
        ("dial_timeout", transport.dial_timeout.as_str().into()),
        (
            "response_header_timeout",
            transport.response_header_timeout.as_str().into(),
        ),
        (
            "read_idle_timeout",
            transport.read_idle_timeout.as_str().into(),
        ),
        (
            "idle_conn_timeout",
            transport.idle_conn_timeout.as_str().into(),
        ),
        ("root_cas", root_cas),
        ("root_cas_secrets", root_cas_secrets),
        ("client_secret", client_secret.into()),
    ];
    object
}

fn ingress_route(
    release: Release,
    instance: &Instance,
    path: &Path,
    middlewares: &[&str],
) -> Object {
    let settings = &instance.settings;
    let name = &settings.names.ingress_route;
    let clients = instance.extras.clients.as_ref();
    let shown = match &path.inward {
        Inward::Tls(Shown::Secrets(places)) => places.first().map(|place| place.name.as_str()),
        _ => None,
    };
    let mut object = chart_object(
        instance,
        release.api_version(),
        "IngressRoute",
        name,
        "traefik/ingressroute.yaml",
    );
    object.fields = vec![
        ("entry_points", entry_points(instance, path)),
        ("rule", rule("Host", &path.hosts).into()),
        ("middlewares", middlewares.iter().copied().collect()),
        ("service", service(path).into()),
        ("port", Field::Number(settings.port.into())),
        (
            "servers_transport",
            settings.names.servers_transport.as_str().into(),
        ),
        ("is_plain", Field::Bool(path.inward == Inward::Plain)),
        ("secret", shown.into()),
        ("options", clients.map(|_| CLIENTS_OPTION).into()),
    ];
    object
}

/// Builds the rule that matches any of the hosts.
///
/// One argument a matcher: Traefik 3 takes no more (migration guide v2 to v3), and both take `||`.
/// The hosts are those of a [`DnsName`](crate::name::DnsName), which holds no backtick, so nothing needs escaping.
pub(crate) fn rule(matcher: &str, hosts: &[String]) -> String {
    let matchers: Vec<String> = hosts
        .iter()
        .map(|host| format!("{matcher}(`{host}`)"))
        .collect();
    matchers.join(" || ")
}

/// Returns the TLSStore `default` that serves the wildcard certificate.
///
/// Traefik uses only a store of this name. The Secret is listed twice on purpose: `defaultCertificate`
/// serves names that no certificate covers, and `sniStrict` counts only `certificates`.
#[must_use]
pub fn tls_store(release: Release, namespace: &Namespace, secret: &ObjectName) -> Object {
    let identity = Identity {
        api_version: release.api_version(),
        kind: "TLSStore",
        namespace: Some(namespace.clone()),
        name: ObjectName::parse("default").expect("the name is valid"),
    };
    let mut object = Object::new(identity, "traefik/tlsstore.yaml");
    object.fields = vec![("secret", secret.as_str().into())];
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own_matcher() {
        let hosts = ["a.example.org", "b.example.org"].map(str::to_owned);
        assert_eq!(rule("HostSNI", &hosts[..1]), "HostSNI(`a.example.org`)");
        assert_eq!(
            rule("Host", &hosts),
            "Host(`a.example.org`) || Host(`b.example.org`)"
        );
    }
}
