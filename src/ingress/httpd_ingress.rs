//! What the httpd and Drupal must know of the way that requests take, where it is not the chart's.

use super::object::own_object;
use crate::civiparoisse::HTTPD_INGRESS;
use crate::instance::Instance;
use crate::manifest::{Field, Object};
use crate::name::ObjectName;
use crate::path::Path;
use crate::path::hop::Inward;

/// Returns the ConfigMap `httpd-ingress` where TLS is passed on to the httpd.
///
/// The chart's init script lets Drupal believe X-Forwarded-For of the peer of httpd. That peer is Traefik only where Traefik
/// speaks http: elsewhere browsers could name any address. `RemoteIPProxyProtocol` outside all sections holds for all
/// ports, and `mod_remoteip` is not among the modules of the image (seen with Apache 2.4.71).
pub(super) fn httpd_ingress(instance: &Instance, path: &Path) -> Option<Object> {
    if path.inward != Inward::PassedThrough {
        return None;
    }
    let name = ObjectName::parse(HTTPD_INGRESS).expect("the name is valid");
    let mut object = own_object(instance, "v1", "ConfigMap", &name, "httpd-ingress.yaml");
    object.fields = vec![("takes_proxy", Field::Bool(path.proxy.is_some()))];
    Some(object)
}
