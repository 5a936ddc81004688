//! The certificates that browsers see.

use crate::cluster::Resource;
use crate::kinds::istio::Server;
use crate::lint::model::{Class, Model};
use std::collections::BTreeSet;

/// Returns the Secrets whose certificates Traefik, or a Gateway, shows to browsers.
pub(in crate::lint) fn for_browsers(model: &Model<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for typed in model.cluster.objects() {
        let own = model.objects[typed.number].namespace;
        let mut add = |namespace: &str, name: &str| {
            found.extend(model.find(Class::Secret, namespace, name));
        };
        match &typed.resource {
            Resource::IngressRoute(route) | Resource::IngressRouteTcp(route) => {
                let secret = route.tls.iter().flat_map(|tls| &tls.secret);
                secret.for_each(|secret| add(own, &secret.value));
            }
            Resource::Ingress(ingress) => ingress.secrets.iter().for_each(|name| add(own, name)),
            Resource::TlsStore(store) => {
                let all = store.default_certificate.iter().chain(&store.certificates);
                all.for_each(|name| add(own, name));
            }
            Resource::Gateway(gateway) => {
                let tls = gateway.listeners.iter().flat_map(|listener| &listener.tls);
                for named in tls.flat_map(|tls| &tls.certificates) {
                    add(named.namespace.as_deref().unwrap_or(own), named.name());
                }
            }
            Resource::IstioGateway(gateway) => {
                let secrets = gateway.servers.iter().flat_map(Server::secrets);
                // Without a namespace, wherever its pods run.
                secrets.for_each(|secret| add(secret.namespace.unwrap_or_default(), secret.name));
            }
            _ => {}
        }
    }
    found
}
