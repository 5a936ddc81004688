//! What Traefik needs: the transport that trusts the instance's CA, the route, and the default certificate.

use super::{chart_object, own_object};
use crate::instance::Instance;
use crate::manifest::{Field, Identity, Object};
use crate::name::{DnsName, Namespace, ObjectName};
use crate::release::Release;

/// Time between the first two attempts of the retry Middleware; it doubles from then on.
const RETRY_INTERVAL: &str = "500ms";

/// Returns the ServersTransport, the Middlewares and the IngressRoute of an instance.
pub(super) fn routing(release: Release, instance: &Instance) -> Vec<Object> {
    let api = release.api_version();
    let names = &instance.settings.names;
    let mut objects = vec![servers_transport(release, instance)];
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
    objects.push(ingress_route(release, instance, &middlewares));
    objects
}

fn servers_transport(release: Release, instance: &Instance) -> Object {
    let settings = &instance.settings;
    let transport = &settings.transport;
    let name = &settings.names.servers_transport;
    let bundle = settings.trust_bundle.secret.as_str();
    let (root_cas, root_cas_secret) = if release.takes_root_cas() {
        (bundle.into(), Field::Nothing)
    } else {
        (Field::Nothing, bundle.into())
    };
    let client_secret = instance
        .extras
        .client_auth
        .then(|| settings.client_secret.as_str())
        .into();
    let mut object = chart_object(
        instance,
        release.api_version(),
        "ServersTransport",
        name,
        "traefik/serverstransport.yaml",
    );
    object.fields = vec![
        // Without it Go checks the certificate against the pod's address.
        ("server_name", instance.host().as_str().into()),
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
        ("root_cas_secret", root_cas_secret),
        ("client_secret", client_secret),
    ];
    object
}

fn ingress_route(release: Release, instance: &Instance, middlewares: &[&str]) -> Object {
    let settings = &instance.settings;
    let name = &settings.names.ingress_route;
    let mut object = chart_object(
        instance,
        release.api_version(),
        "IngressRoute",
        name,
        "traefik/ingressroute.yaml",
    );
    object.fields = vec![
        (
            "entry_points",
            settings.entry_points.iter().map(String::as_str).collect(),
        ),
        ("rule", host_rule(&instance.hosts).into()),
        ("middlewares", middlewares.iter().copied().collect()),
        ("service", settings.names.service.as_str().into()),
        ("port", Field::Number(settings.port.into())),
        (
            "servers_transport",
            settings.names.servers_transport.as_str().into(),
        ),
    ];
    object
}

/// Builds the rule that matches any of the hosts.
///
/// One argument a matcher: Traefik 3 takes no more (migration guide v2 to v3), and both take `||`.
/// A [`DnsName`] holds no backtick, so nothing needs escaping.
#[must_use]
pub fn host_rule(hosts: &[DnsName]) -> String {
    let matchers: Vec<String> = hosts.iter().map(|host| format!("Host(`{host}`)")).collect();
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
        let hosts = ["a.example.org", "b.example.org"].map(|host| DnsName::parse(host).unwrap());
        assert_eq!(host_rule(&hosts[..1]), "Host(`a.example.org`)");
        assert_eq!(
            host_rule(&hosts),
            "Host(`a.example.org`) || Host(`b.example.org`)"
        );
    }
}
