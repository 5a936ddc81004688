//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI707 "external-dns-without-target" Warning
        "external-dns has no target for an IngressRoute"
        "An IngressRoute has no status to take an address from: no record is made."
        "Add the annotation `external-dns.alpha.kubernetes.io/target` (`external-dns.kubernetes.io/target` from external-dns 0.22 on)."
    CI708 "wildcard-through-http01" Error
        "a wildcard certificate is requested through HTTP-01"
        "ACME proves wildcards through DNS-01 only: the Certificate never becomes ready."
        "Use a dns01 solver, or list the hosts."
    CI722 "http01-port-closed" Error
        "HTTP-01 is requested, and port 80 is closed"
        "ACME connects to port 80 (RFC 8555 section 8.3): the Certificate never becomes ready."
        "Open port 80 up to Traefik, where a redirect to https may stay, or use a dns01 solver."
}
