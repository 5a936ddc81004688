//! The ways in: one variant for each program that is before the instances.
//!
//! A new one is a variant here, a file beside this one, and a folder of templates; the compiler names
//! every `match` that misses it.

mod config_map;
mod credentials;
pub mod gateway_api;
mod httpd_ingress;
pub mod istio;
mod made;
mod network_policies;
mod object;
mod restart;
mod secrets;
pub mod traefik;

pub use credentials::{Credentials, Parts, Role};
pub use httpd_ingress::forwarding_proxies;
pub use restart::restart;
pub use secrets::tls_secret;

use config_map::config_map;
use httpd_ingress::httpd_ingress;
use network_policies::network_policies;
use secrets::{clients_secret, secrets};

use crate::acme::{ASKED_SINCE, Request};
use crate::instance::Instance;
use crate::manifest::{Identity, Object};
use crate::name::{Namespace, ObjectName};
use crate::outside::traefik::TraefikFiles;
use crate::path::expand::{Topology, expand};
use crate::path::shared_gateway::SharedGateway;
use crate::path::shared_istio::{AnyGateway, SharedIstio};
use crate::pki::SubjectAltName;
use crate::pki::validity::format_instant;
use crate::release::Release;
use std::sync::Arc;

/// The program that is before the instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingress {
    /// Traefik with its Kubernetes custom resources.
    Traefik(Release),
    /// Traefik with the objects of the Gateway API.
    GatewayApi(Arc<SharedGateway>),
    /// Istio with its own objects.
    Istio(Arc<SharedIstio>),
    /// Traefik with files, outside of a cluster.
    TraefikFile(Arc<TraefikFiles>),
}

impl Ingress {
    /// Returns the Gateway that the instances share, if there is one.
    #[must_use]
    pub fn gateway(&self) -> Option<AnyGateway> {
        match self {
            Self::Traefik(_) | Self::TraefikFile(_) => None,
            Self::GatewayApi(gateway) => Some(AnyGateway::Api(gateway.clone())),
            Self::Istio(gateway) => Some(AnyGateway::Istio(gateway.clone())),
        }
    }

    /// Returns the Traefik that is told everything by files, if it is one.
    #[must_use]
    pub fn files(&self) -> Option<&TraefikFiles> {
        match self {
            Self::Traefik(_) | Self::GatewayApi(_) | Self::Istio(_) => None,
            Self::TraefikFile(files) => Some(files),
        }
    }
}

/// Returns an instance's objects in the order in which they must be applied.
#[must_use]
pub fn objects(
    ingress: &Ingress,
    topology: Topology,
    instance: &Instance,
    credentials: &Credentials,
) -> Vec<Object> {
    let mut objects = Vec::new();
    // `default` is there in every cluster, and nobody's to bring or to take away.
    if instance.extras.namespace && instance.namespace.as_str() != "default" {
        objects.push(namespace(&instance.namespace));
    }
    objects.extend(secrets(instance, credentials));
    objects.extend(made::made(instance));
    objects.extend(asked(instance));
    if instance.extras.config_map {
        objects.push(config_map(instance));
    }
    let path = expand(topology, instance, ingress.gateway().as_ref());
    objects.extend(httpd_ingress(instance, &path));
    objects.extend(network_policies(instance));
    match ingress {
        Ingress::Traefik(release) => objects.extend(traefik::routing(*release, instance, &path)),
        Ingress::GatewayApi(gateway) => {
            objects.extend(gateway_api::routing(gateway, instance, &path, credentials));
        }
        Ingress::Istio(gateway) => {
            objects.extend(istio::routing(gateway, instance, &path, credentials));
        }
        // Its routes are files, and so become the Secrets that it reads.
        Ingress::TraefikFile(_) => objects.extend(path.outward.client().and_then(|_| {
            let clients = instance.extras.clients.as_ref()?;
            Some(clients_secret(instance, clients))
        })),
    }
    if let Some(dns) = &instance.extras.dns {
        dns.announce(&instance.namespace, &instance.hosts, &mut objects);
    }
    objects
}

/// Asks cert-manager for the certificate that browsers see.
fn asked(instance: &Instance) -> Option<Object> {
    let asked = instance.extras.asked.as_ref()?;
    let request = Request {
        namespace: instance.namespace.clone(),
        secret: asked.secret.clone(),
        names: instance
            .hosts
            .iter()
            .cloned()
            .map(SubjectAltName::Dns)
            .collect(),
        issuer: asked.issuer.clone(),
    };
    let mut object = request.object();
    let since = asked.since.map(format_instant);
    let since = since.map(|since| (ASKED_SINCE.to_owned(), since));
    object.annotations.extend(since);
    Some(object)
}

fn namespace(namespace: &Namespace) -> Object {
    let name = ObjectName::parse(namespace.as_str()).expect("every namespace is an object name");
    let identity = Identity {
        api_version: "v1",
        kind: "Namespace",
        namespace: None,
        name,
    };
    Object::new(identity, "namespace.yaml")
}
