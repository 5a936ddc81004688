//! Where the header of the PROXY protocol is written.

use crate::cluster::{Kind, Resource};
use crate::path::Routed;
use crate::path::hop::Known;
use crate::release::Release;

/// From here on a ServersTransportTCP has `proxyProtocol`, and that of a Service beside it is not read
/// (`pkg/tcp/dialer.go`, `DialerManager.Build`).
pub(in crate::lint) const PROXY_BY_TRANSPORT: Release = Release::exactly(3, 5, 2);

/// Whether a PROXY header goes before what is sent to the httpd of a path; nothing if the input does not show it.
pub(in crate::lint) fn sends_proxy(routed: &Routed<'_>, release: Release) -> Option<bool> {
    let reached = routed.reached.as_ref();
    let Some(service) = reached.filter(|_| routed.route.kind() == Kind::IngressRouteTcp) else {
        return Some(routed.path.proxy.is_some());
    };
    let own = service.named.proxy_protocol.is_some();
    if own && release < PROXY_BY_TRANSPORT {
        return Some(true);
    }
    match routed.transport {
        Known::Here(None) => Some(own),
        Known::Here(Some(object)) => match &object.resource {
            Resource::ServersTransportTcp(settings) => Some(settings.proxy_protocol.is_some()),
            _ => None,
        },
        Known::Missing | Known::Locked(_) | Known::Useless | Known::Outside => None,
    }
}
