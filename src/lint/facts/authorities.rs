//! What of a transport's CAs Traefik can do without.

use crate::cluster::Kind;
use crate::kinds::traefik::{Authority, RootCa};
use crate::lint::model::{Class, Model};

/// Returns whether a transport in a namespace trusts a certificate of another object than the one with this number: Traefik
/// passes over what it cannot load, and trusts the rest (`loadServersTransport` in
/// `pkg/provider/kubernetes/crd/kubernetes.go`, `createRootCACertPool` in `pkg/server/service/transport.go`, v2.11.53 to
/// v3.7.9). Whether the rest signed httpd's certificate is another question.
pub(in crate::lint) fn trusts_another(
    model: &Model<'_>,
    namespace: &str,
    roots: &[RootCa],
    but: Option<usize>,
) -> bool {
    roots.iter().any(|root| {
        found(model, namespace, root).is_some_and(|(number, is_secret)| {
            let data = model.secrets.get(&number);
            let read = data.and_then(|data| data.traefik_authority(is_secret).entry());
            Some(number) != but && read.is_some_and(|entry| !entry.certificates.is_empty())
        })
    })
}

/// Returns whether every transport that names a Secret or ConfigMap trusts another one, too.
pub(in crate::lint) fn is_spare(model: &Model<'_>, number: usize) -> bool {
    let mut is_named = false;
    for kind in [Kind::ServersTransport, Kind::ServersTransportTcp] {
        for transport in model.cluster.of(kind) {
            let Some(settings) = transport.resource.servers_transport() else {
                continue;
            };
            let (namespace, roots) = (
                model.objects[transport.number].namespace,
                &settings.root_cas,
            );
            let is_it = |root| found(model, namespace, root).is_some_and(|(it, _)| it == number);
            if roots.iter().any(is_it) {
                is_named = true;
                if !trusts_another(model, namespace, roots, Some(number)) {
                    return false;
                }
            }
        }
    }
    is_named
}

/// Finds the object of a CA, and whether it is a Secret.
fn found(model: &Model<'_>, namespace: &str, root: &RootCa) -> Option<(usize, bool)> {
    let (class, name) = match root.named.as_ref().ok()? {
        Authority::Secret(name) => (Class::Secret, name),
        Authority::ConfigMap(name) => (Class::ConfigMap, name),
    };
    Some((model.find(class, namespace, name)?, class == Class::Secret))
}
