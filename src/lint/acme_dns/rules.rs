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
    CI727 "self-check-behind-proxy-protocol" Warning
        "HTTP-01 is requested behind a load balancer that sends the PROXY protocol, and whose Service has no name"
        "Within the cluster the load balancer's address is short-circuited to Traefik: cert-manager's self-check comes without a PROXY header, and where one is required the Certificate never becomes ready (cert-manager issues 466 and 656)."
        "Give the load balancer a host name, set `waitInsteadOfSelfCheck` on the solver (cert-manager 1.21), or use dns01."
    CI728 "external-dns-without-policy" Error
        "external-dns is not told what it may do with records"
        "From 0.22 on it does not start without `--policy`; its chart fails without `policy` from 1.22 on."
        "Set `upsert-only`, or `sync` to have records deleted, too."
    CI729 "external-dns-prefix" Error
        "an annotation has a prefix that this release of external-dns does not read"
        "No record is made of it; with the policy `sync` the one that is there is deleted."
        "Write the prefix of the release: `external-dns.alpha.kubernetes.io/` up to 0.21, `external-dns.kubernetes.io/` from 0.22 on; 0.23 reads both with `--enable-legacy-annotation-prefix`."
}
