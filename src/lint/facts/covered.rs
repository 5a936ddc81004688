//! Whether browsers are shown a certificate for the hosts of a route.

use crate::cluster;
use crate::kinds::traefik::Route;
use crate::lint::model::Model;

/// Returns whether other certificates than the route's own cover all of its hosts: without its own, Traefik shows one of
/// them (`GetBestCertificate` in `pkg/tls/certificate_store.go`).
/// `without` is a Secret beside the route that does not count.
pub(in crate::lint) fn are_covered(
    model: &Model<'_>,
    route: &cluster::Object,
    without: Option<&str>,
) -> bool {
    let Some(spec) = route.resource.ingress_route() else {
        return false;
    };
    let without = without.map(|name| (&route.scope, name));
    let hosts: Vec<String> = spec.routes.iter().flat_map(Route::hosts).collect();
    !hosts.is_empty() && model.grounds.cover(&hosts, without)
}
