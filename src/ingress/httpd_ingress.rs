//! What the httpd and Drupal must know of the way that requests take, where it is not the chart's.

use super::object::own_object;
use crate::cidr::Cidr;
use crate::civiparoisse::{CLIENTS_CA_FILE, HTTPD_INGRESS};
use crate::instance::Instance;
use crate::manifest::{Field, Object};
use crate::name::ObjectName;
use crate::path::Path;
use crate::path::hop::{FrontKind, Inward};
use crate::pki::CertificateText;

/// Returns whose `X-Forwarded-For` the httpd is told to believe: that of its peer, if the addresses of that are known, and
/// behind it that of a load balancer that ends TLS.
///
/// Where TLS is passed on to the httpd nobody's: `mod_remoteip` does not look at the header of a connection that began with the
/// PROXY protocol (seen with Apache 2.4.71).
#[must_use]
pub fn forwarding_proxies(path: &Path, peers: &[Cidr], balancers: &[Cidr]) -> Vec<Cidr> {
    let is_known = path.inward != Inward::PassedThrough && !peers.is_empty();
    let ranges = peers.iter().chain(balancers);
    ranges.filter(|_| is_known).copied().collect()
}

/// Returns the ConfigMap `httpd-ingress` where TLS is passed on to the httpd, or ended before Traefik, or where the httpd is to
/// know the addresses of browsers itself.
///
/// The chart's init script lets Drupal believe X-Forwarded-For of the peer of httpd. That peer is Traefik only where Traefik
/// speaks http: elsewhere browsers could name any address. `RemoteIPProxyProtocol` outside all sections holds for all
/// ports, and `mod_remoteip` is not among the modules of the image (seen with Apache 2.4.71).
///
/// Where a load balancer ends TLS and begins another to the httpd, that knows it by its certificate: the headers are
/// its own.
///
/// Where a load balancer ends TLS before Traefik does again, Traefik adds its address to X-Forwarded-For, behind that of the browser: Drupal must
/// know it for a proxy too, or it takes all requests for the load balancer's (Symfony, `Request::getClientIps`).
pub(super) fn httpd_ingress(instance: &Instance, path: &Path) -> Option<Object> {
    let is_passed = path.inward == Inward::PassedThrough;
    let forwarding = &instance.extras.forwarding;
    let proxies = forwarding_proxies(path, &instance.extras.remote_ip, forwarding);
    if !is_passed && forwarding.is_empty() && proxies.is_empty() {
        return None;
    }
    let name = ObjectName::parse(HTTPD_INGRESS).expect("the name is valid");
    let mut object = own_object(instance, "v1", "ConfigMap", &name, "httpd-ingress.yaml");
    let clients = instance.extras.clients.as_ref();
    let clients = clients.map(|clients| clients.text());
    let proxies = proxies.iter().map(|range| range.to_string().into());
    let ranges: Vec<String> = forwarding.iter().map(ToString::to_string).collect();
    let front = match path.front.kind {
        FrontKind::Istio => "Istio",
        FrontKind::Traefik | FrontKind::Gateway => "Traefik",
    };
    object.fields = vec![
        ("front", front.into()),
        ("is_passed", Field::Bool(is_passed)),
        ("is_ended", Field::Bool(!forwarding.is_empty())),
        ("takes_proxy", Field::Bool(path.proxy.is_some())),
        ("load_balancers", ranges.join(",").into()),
        ("proxies", Field::List(proxies.collect())),
        (
            "listen_backlog",
            Field::Number(instance.settings.httpd.listen_backlog.into()),
        ),
        (
            "clients",
            clients.as_ref().map(CertificateText::as_str).into(),
        ),
        ("clients_file", CLIENTS_CA_FILE.into()),
    ];
    Some(object)
}
