//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI703 "local-without-health-monitor" Warning
        "`externalTrafficPolicy: Local` without a health monitor"
        "Octavia sends connections to nodes without a pod, where they time out."
        "Set `loadbalancer.openstack.org/enable-health-monitor: \"true\"`."
    CI704 "proxy-protocol-and-forwarded-for" Error
        "a load balancer is to send both the PROXY protocol and X-Forwarded-For"
        "The OpenStack cloud controller refuses the Service and creates no load balancer."
        "Keep one of the two annotations."
    CI705 "option-not-at-ovhcloud" Error
        "OVHcloud does not have this option of Octavia"
        "It is ignored or refused: no client addresses, or no TLS at the load balancer."
        "Use the PROXY protocol, and terminate TLS in Traefik."
    CI709 "balancer-proxy-not-expected" Error
        "the load balancer sends the PROXY protocol, and Traefik does not expect it"
        "Traefik reads the header as TLS: no connection succeeds."
        "Set `ports.web.proxyProtocol.trustedIPs`, and the same for `websecure`."
    CI718 "balancer-plain-to-tls-port" Error
        "the load balancer speaks plain http to Traefik's port for TLS"
        "The OpenStack cloud controller makes a plain http pool for this annotation; Traefik answers 404 to http on a TLS entry point."
        "Send port 443 to the entry point `web` (`targetPort: web`), or keep TLS to Traefik and use the PROXY protocol."
    CI719 "proxy-protocol-version-too-new" Info
        "not every cloud controller accepts a PROXY protocol version"
        "Before release 1.31 the OpenStack cloud controller reads `v1` and `v2` as no, with a line in its log: every client has the load balancer's address."
        "Write `\"true\"`, which is version 1 in every release."
    CI720 "unknown-proxy-protocol-value" Error
        "the cloud controller does not accept the value of `proxy-protocol`"
        "It reads anything but `true`, `v1` and `v2` as no, silently: every client has the load balancer's address."
        "Write `\"true\"`, `v1` or `v2`."
    CI721 "option-not-with-ovn" Error
        "`lb-provider=ovn` load balancers do not have this option"
        "It is ignored or refused: no client addresses, no timeouts, no TLS at the load balancer."
        "Use provider `amphora`, or remove the annotation."
}
