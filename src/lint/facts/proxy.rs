//! Where Traefik writes the header of the PROXY protocol.

use crate::lint::model::{Class, Model, Object};
use crate::release::Release;
use crate::yaml::Node;

/// From here on a ServersTransportTCP has `proxyProtocol`, and that of a Service beside it is not read
/// (`pkg/tcp/dialer.go`, `DialerManager.Build`).
pub(in crate::lint) const PROXY_BY_TRANSPORT: Release = Release::exactly(3, 5, 2);

/// Whether Traefik writes a PROXY header to the Service of a TCP route; nothing if the input does not show it.
pub(in crate::lint) fn sends_proxy(
    model: &Model<'_>,
    route: &Object<'_>,
    service: &Node,
) -> Option<bool> {
    let own = service.get("proxyProtocol").is_some();
    let Some(name) = service.text_of("serversTransport") else {
        return Some(own);
    };
    if own && model.knowledge.release < PROXY_BY_TRANSPORT {
        return Some(true);
    }
    // `makeTCPServersTransportKey` takes the namespace of the route.
    let number = model.find(Class::ServersTransportTcp, route.namespace, name)?;
    Some(model.objects[number].spec().get("proxyProtocol").is_some())
}
