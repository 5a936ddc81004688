//! What the Gateway API needs: the route, the policy that trusts the instance's CA, the CA, and the Gateway.

use super::credentials::Credentials;
use super::object::own_object;
use crate::civiparoisse::WILDCARD_SECRET;
use crate::instance::{Credential, Instance};
use crate::manifest::{Field, Identity, Object};
use crate::path::Path;
use crate::path::hop::{Client, Outward, Trust};
use crate::path::shared_gateway::{Listener, SharedGateway};

const API: &str = "gateway.networking.k8s.io/v1";

/// Returns the objects that make the path of an instance: its CA as a ConfigMap, the policy, the route.
pub(super) fn routing(
    gateway: &SharedGateway,
    instance: &Instance,
    path: &Path,
    credentials: &Credentials,
) -> Vec<Object> {
    let mut objects = Vec::new();
    if let (Outward::Tls(client), Some(httpd)) = (&path.outward, &path.httpd) {
        objects.extend(authorities(instance, credentials));
        objects.push(policy(instance, client, &httpd.service.name));
    }
    objects.push(route(gateway, instance, path));
    objects
}

/// Returns the ConfigMap with the CAs that the Secret of the trust bundle has: Istio reads no Secret in its place.
fn authorities(instance: &Instance, credentials: &Credentials) -> Option<Object> {
    let text = credentials
        .get(Credential::TrustBundle)?
        .certificate_text()?;
    let name = &instance.settings.trust_bundle.secret;
    let mut object = own_object(instance, "v1", "ConfigMap", name, "config-httpd.yaml");
    let data = vec![("ca.crt".to_owned(), text.into())];
    object.fields = vec![("data", Field::Map(data))];
    Some(object)
}

fn policy(instance: &Instance, client: &Client, service: &str) -> Object {
    let name = &instance.settings.names.servers_transport;
    let template = "gateway-api/backendtlspolicy.yaml";
    let mut object = own_object(instance, API, "BackendTLSPolicy", name, template);
    let trusted = match &client.trusts {
        Trust::Authorities(authorities) => authorities.as_slice(),
        Trust::System | Trust::Anything | Trust::Unknown => &[],
    };
    let trusted = trusted.iter().map(|one| one.place.name.as_str());
    object.fields = vec![
        ("service", service.into()),
        ("authorities", trusted.collect()),
        ("host", client.expects.as_deref().into()),
    ];
    object
}

fn route(gateway: &SharedGateway, instance: &Instance, path: &Path) -> Object {
    let (kind, template) = match path.outward {
        Outward::PassedThrough => ("TLSRoute", "gateway-api/tlsroute.yaml"),
        _ => ("HTTPRoute", "gateway-api/httproute.yaml"),
    };
    let name = &instance.settings.names.ingress_route;
    let mut object = own_object(instance, API, kind, name, template);
    let service = path.httpd.as_ref().map(|httpd| httpd.service.name.as_str());
    object.fields = vec![
        ("gateway", gateway.name.as_str().into()),
        ("gateway_namespace", gateway.namespace.as_str().into()),
        ("hosts", path.hosts.iter().map(String::as_str).collect()),
        ("service", service.into()),
        ("port", Field::Number(instance.settings.port.into())),
    ];
    if kind == "HTTPRoute" {
        let seconds = instance.extras.hsts_seconds;
        let hsts = seconds.map(|seconds| format!("max-age={seconds}"));
        object.fields.push(("hsts", hsts.into()));
    }
    object
}

/// Returns the Gateway with these listeners; those that end TLS show the wildcard certificate.
#[must_use]
pub fn gateway(shared: &SharedGateway, listeners: &[Listener]) -> Object {
    let identity = Identity {
        api_version: API,
        kind: "Gateway",
        namespace: Some(shared.namespace.clone()),
        name: shared.name.clone(),
    };
    let mut object = Object::new(identity, "gateway-api/gateway.yaml");
    let listener = |listener: &Listener| {
        Field::List(vec![
            listener.name.as_str().into(),
            listener.host.as_deref().into(),
            Field::Bool(listener.passes),
        ])
    };
    object.fields = vec![
        ("class", shared.class.as_str().into()),
        ("port", Field::Number(shared.port.into())),
        ("certificate", WILDCARD_SECRET.into()),
        (
            "listeners",
            Field::List(listeners.iter().map(listener).collect()),
        ),
    ];
    object
}
