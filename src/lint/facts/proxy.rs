//! Where the header of the PROXY protocol is written.

use crate::release::Release;

/// From here on a ServersTransportTCP has `proxyProtocol`, and that of a Service beside it is not read
/// (`pkg/tcp/dialer.go`, `DialerManager.Build`).
pub(in crate::lint) const PROXY_BY_TRANSPORT: Release = Release::exactly(3, 5, 2);
