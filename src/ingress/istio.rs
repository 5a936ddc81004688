//! What Istio needs: the VirtualService, the DestinationRule that verifies httpd, the Secret that the gateway's pods read for
//! it, and the Gateways.

use super::credentials::Credentials;
use super::object::own_object;
use crate::civiparoisse::WILDCARD_SECRET;
use crate::instance::{Credential, Instance};
use crate::manifest::{Field, Identity, Object, secret_data};
use crate::name::{DataKey, ObjectName};
use crate::path::Path;
use crate::path::arrival::Arrival;
use crate::path::hop::{Client, Outward};
use crate::path::shared_istio::{
    IstioServers, POD_CONFIG, PROXY_CONFIG, SharedIstio, shown_version,
};
use std::time::Duration;

const API: &str = "networking.istio.io/v1";

/// Returns the objects that make the path of an instance: what is trusted, what is spoken to its httpd, the routes.
pub(super) fn routing(
    gateway: &SharedIstio,
    instance: &Instance,
    path: &Path,
    credentials: &Credentials,
) -> Vec<Object> {
    let mut objects = Vec::new();
    if let Outward::Tls(client) = &path.outward {
        objects.push(secret(gateway, instance, client, credentials));
    }
    objects.push(destination_rule(gateway, instance, path));
    objects.push(virtual_service(gateway, instance, path));
    objects.push(redirect(gateway, instance, path));
    objects
}

/// Returns what the gateway's pods read, in their namespace: the CAs, and the pair that httpd asks for.
fn secret(
    gateway: &SharedIstio,
    instance: &Instance,
    client: &Client,
    credentials: &Credentials,
) -> Object {
    let place = gateway.secret(instance);
    let identity = Identity {
        api_version: "v1",
        kind: "Secret",
        namespace: Some(gateway.namespace.clone()),
        name: ObjectName::parse(&place.name).expect("the length was checked"),
    };
    let shows = client.shows.is_some();
    let data = [
        ("ca.crt", Credential::TrustBundle, true),
        ("tls.crt", Credential::ClientCert, shows),
        ("tls.key", Credential::ClientKey, shows),
    ];
    let data = data.into_iter().filter_map(|(key, credential, is_here)| {
        let key = DataKey::parse(key).expect("the key is valid");
        let data = credentials.get(credential).filter(|_| is_here)?;
        // What was carried over encrypted is of use in its own Secret alone.
        let is_of_use = data.is_private() || data.certificate_text().is_some();
        is_of_use.then(|| (key, data.clone()))
    });
    let data: Vec<_> = data.collect();
    let mut object = Object::new(identity, "secret.yaml");
    object.fields = vec![("type", "Opaque".into()), ("data", secret_data(data))];
    object
}

fn destination_rule(gateway: &SharedIstio, instance: &Instance, path: &Path) -> Object {
    let settings = &instance.settings;
    let transport = &settings.transport;
    let name = &settings.names.servers_transport;
    let template = "istio/destinationrule.yaml";
    let mut object = own_object(instance, API, "DestinationRule", name, template);
    let client = path.outward.client();
    let mode = match client {
        Some(Client { shows: Some(_), .. }) => "MUTUAL",
        _ => "SIMPLE",
    };
    // An idle connection takes one of the few workers of httpd.
    let requests = (transport.max_idle_conns_per_host <= 0).then_some(Field::Number(1));
    object.fields = vec![
        ("service", service(path).into()),
        ("begins", Field::Bool(client.is_some())),
        (
            "connect_timeout",
            seconds(transport.dial_timeout.length()).into(),
        ),
        ("requests", requests.unwrap_or(Field::Nothing)),
        (
            "idle_timeout",
            seconds(transport.idle_conn_timeout.length()).into(),
        ),
        ("disable_http2", Field::Bool(transport.disable_http2)),
        ("mode", mode.into()),
        ("secret", gateway.secret(instance).name.into()),
        (
            "server_name",
            client.and_then(|client| client.expects.as_deref()).into(),
        ),
        ("proxy_protocol", path.proxy.map(shown_version).into()),
    ];
    object
}

fn virtual_service(gateway: &SharedIstio, instance: &Instance, path: &Path) -> Object {
    let name = &instance.settings.names.ingress_route;
    let template = "istio/virtualservice.yaml";
    let mut object = own_object(instance, API, "VirtualService", name, template);
    let extras = &instance.extras;
    // The first attempt counts to Traefik alone.
    let retries = extras.retry_attempts.map(|all| all.saturating_sub(1));
    let retries = retries.map(|again| Field::Number(again.into()));
    let hsts = extras.hsts_seconds;
    object.fields = vec![
        ("hosts", hosts(path)),
        ("gateway", gateway.place().to_string().into()),
        (
            "passes",
            Field::Bool(path.outward == Outward::PassedThrough),
        ),
        ("service", service(path).into()),
        ("port", Field::Number(instance.settings.port.into())),
        ("retries", retries.unwrap_or(Field::Nothing)),
        (
            "hsts",
            hsts.map(|seconds| format!("max-age={seconds}")).into(),
        ),
    ];
    object
}

/// Returns what sends browsers from port 80 to https.
fn redirect(gateway: &SharedIstio, instance: &Instance, path: &Path) -> Object {
    let name = SharedIstio::redirect(instance);
    let template = "istio/virtualservice-redirect.yaml";
    let mut object = own_object(instance, API, "VirtualService", &name, template);
    let plain = format!("{}/{}", gateway.namespace, gateway.plain());
    object.fields = vec![("hosts", hosts(path)), ("gateway", plain.into())];
    object
}

fn hosts(path: &Path) -> Field {
    path.hosts.iter().map(String::as_str).collect()
}

/// Returns the host by which Istio knows the Service of the httpd.
fn service(path: &Path) -> Option<String> {
    let place = &path.httpd.as_ref()?.service;
    let namespace = place.scope.namespace()?;
    Some(format!("{}.{namespace}.svc.cluster.local", place.name))
}

/// Writes a time as the definitions of Istio take it, in seconds; nothing for none, for which Envoy has its own.
fn seconds(time: Duration) -> Option<String> {
    let text = format!("{:.3}", time.as_secs_f64());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (text != "0").then(|| format!("{text}s"))
}

/// Returns the Gateways that the instances share: that of port 443, which shows the wildcard certificate where it ends TLS, and
/// that of port 80.
#[must_use]
pub fn gateways(shared: &SharedIstio, servers: &IstioServers) -> [Object; 2] {
    let gateway = |name: ObjectName, of_tls: bool| {
        let identity = Identity {
            api_version: API,
            kind: "Gateway",
            namespace: Some(shared.namespace.clone()),
            name,
        };
        let listed = |hosts: &[String], is_here: bool| -> Field {
            let hosts = hosts.iter().filter(|_| is_here);
            hosts.map(String::as_str).collect()
        };
        let labels = shared.selector.iter();
        let labels = labels.map(|label| (label.key.clone(), label.value.as_str().into()));
        let all: Vec<String> = servers.hosts().map(str::to_owned).collect();
        let mut object = Object::new(identity, "istio/gateway.yaml");
        object.fields = vec![
            ("selector", Field::Map(labels.collect())),
            ("certificate", WILDCARD_SECRET.into()),
            ("ended", listed(&servers.ended, of_tls)),
            ("passed", listed(&servers.passed, of_tls)),
            ("plain", listed(&all, !of_tls)),
        ];
        object
    };
    [
        gateway(shared.name.clone(), true),
        gateway(shared.plain(), false),
    ]
}

/// Returns what the values of the chart `istio/gateway` are made of (`manifests/charts/gateway`, 1.31).
#[must_use]
pub fn values(shared: &SharedIstio, arrival: &Arrival) -> Vec<(&'static str, Field)> {
    let labels = shared.selector.iter();
    let labels = labels.map(|label| (label.key.clone(), label.value.as_str().into()));
    let service = arrival.service();
    let address = service.as_ref().and_then(|service| service.address);
    let annotations = service.map_or_else(Vec::new, |service| service.annotations);
    let annotations = annotations
        .into_iter()
        .map(|(key, value)| (key, value.into()));
    vec![
        ("labels", Field::Map(labels.collect())),
        ("takes_proxy", Field::Bool(!arrival.announcing().is_empty())),
        ("pod_config", POD_CONFIG.into()),
        ("proxy_config", PROXY_CONFIG.into()),
        ("keeps_addresses", Field::Bool(arrival.balancer().is_some())),
        ("address", address.map(|address| address.to_string()).into()),
        ("annotations", Field::Map(annotations.collect())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_seconds() {
        for (milliseconds, text) in [
            (60_000, Some("60s")),
            (90_000, Some("90s")),
            (250, Some("0.25s")),
            (100_000, Some("100s")),
            (0, None),
        ] {
            let written = seconds(Duration::from_millis(milliseconds));
            assert_eq!(written.as_deref(), text);
        }
    }
}
