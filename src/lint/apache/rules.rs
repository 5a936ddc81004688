//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI702 "http-probe-at-proxy-protocol" Warning
        "an HTTP probe on a port that requires the PROXY protocol"
        "httpd resets connections without the header: the pod never becomes ready."
        "Use `tcpSocket` or `exec`, or exempt the node with `RemoteIPProxyProtocolExceptions`."
    CI706 "backlog-below-one" Error
        "the backlog of httpd is below 1"
        "httpd does not start: `ListenBacklog must be > 0`."
        "Set it to 1 or more."
    CI710 "idle-longer-than-httpd" Info
        "idle connections to httpd are kept longer than httpd keeps them"
        "Now and then a request hits a connection that httpd has just closed: 502 for a POST. Apache's KeepAliveTimeout is 5 s."
        "Set `idleConnTimeout` below it, for example `1s`."
    CI711 "no-max-idle-conns" Info
        "a ServersTransport sets no `maxIdleConnsPerHost`"
        "It inherits nothing from Traefik's static options: two idle connections are kept, not 200."
        "Set it."
    CI712 "proxy-protocol-not-sent" Error
        "httpd requires the PROXY protocol, and the route does not send it"
        "Apache resets every connection (seen with 2.4.71); an IngressRoute gets 502, because http cannot carry the header."
        "Use an IngressRouteTCP with a ServersTransportTCP that has `proxyProtocol`, or remove `RemoteIPProxyProtocol` and take the address from X-Forwarded-For."
    CI713 "proxy-protocol-not-expected" Error
        "the route sends the PROXY protocol, and httpd does not expect it"
        "Apache reads the header as a malformed request: 400, or no connection at all on its TLS port (seen with 2.4.71)."
        "Set `RemoteIPProxyProtocol On` in the virtual host, or remove `proxyProtocol`."
    CI714 "client-address-from-everyone" Error
        "Apache accepts the client's address from everyone"
        "Any client can claim any address: access lists, limits and logs are worthless (seen with 2.4.71, even without any `RemoteIPInternalProxy`)."
        "Name the ranges of Traefik's pods: `RemoteIPInternalProxy 10.244.0.0/16`."
    CI715 "drupal-trusts-client" Error
        "Drupal treats the peer as a trusted proxy, and Apache puts the client in its place"
        "Every client is then a trusted proxy: any of them can forge its address, host and scheme by X-Forwarded headers."
        "List Traefik's ranges in `reverse_proxy_addresses`, or set `reverse_proxy` to FALSE."
    CI716 "misplaced-directive" Error
        "a directive is where Apache does not allow it"
        "httpd does not start: `ListenBacklog cannot occur within <VirtualHost> section`, `SSLRequireSSL not allowed in <VirtualHost> context`."
        "Put ListenBacklog outside all sections, RemoteIPProxyProtocol there or in a VirtualHost, and SSLRequireSSL in a Directory or Location."
    CI717 "virtual-host-ipv4-only" Info
        "a virtual host is for IPv4 only"
        "In a cluster with IPv6 httpd answers there with another virtual host, or not at all."
        "Write `<VirtualHost *:443>`."
    CI726 "client-certificate-not-shown" Error
        "httpd requires a client certificate, and the front shows none"
        "httpd ends every handshake (`SSLVerifyClient require`): Traefik answers 500 or 502."
        "Name the certificate's Secret in `certificatesSecrets` of the ServersTransport (`civi-ingress new-instance --client-auth` makes both), or in a DestinationRule with mode MUTUAL."
}
