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
    let hosts = hosts(route);
    let without = without.map(|name| (&route.scope, name));
    !hosts.is_empty() && model.grounds.cover(&hosts, without)
}

/// Returns the hosts of a route that no certificate other than its own covers.
pub(in crate::lint) fn uncovered(model: &Model<'_>, route: &cluster::Object) -> Vec<String> {
    let mut hosts = hosts(route);
    hosts.retain(|host| !model.grounds.cover(std::slice::from_ref(host), None));
    hosts
}

fn hosts(route: &cluster::Object) -> Vec<String> {
    let spec = route.resource.ingress_route();
    let routes = spec.into_iter().flat_map(|spec| &spec.routes);
    routes.flat_map(Route::hosts).collect()
}
