//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI881 "cert-manager-version-not-served" Error
        "cert-manager does not serve the version of an object"
        "kubectl refuses the manifest: `no matches for kind`. Only v1 is served since cert-manager 1.6."
        "Use `cert-manager.io/v1`."
    CI882 "cluster-issuer-with-namespace" Warning
        "a ClusterIssuer has a namespace"
        "It has none in the cluster; the Secrets that it names are read in the namespace of cert-manager."
        "Remove `metadata.namespace`, or use an Issuer."
    CI883 "issuer-with-several-settings" Error
        "an issuer has several settings where one is allowed"
        "cert-manager's webhook refuses it."
        "Keep one kind of issuer, one kind of challenge in each solver, and one of `ingressClassName`, `class` and `name`."
    CI884 "wrong-issuer-ref" Error
        "an `issuerRef` misses the issuer that exists"
        "The Certificate waits forever: `issuer.cert-manager.io not found`. Without `kind` it means an Issuer in its own namespace."
        "Write `kind: ClusterIssuer`, or put the Issuer into the namespace of the Certificate."
    CI885 "renew-before-does-not-fit" Error
        "`duration` and `renewBefore` of a Certificate do not fit together"
        "cert-manager's webhook refuses it: a certificate is valid for at least an hour (90 days by default), and is renewed at least 5 minutes before its end."
        "Set `renewBefore` to a third of `duration`, and leave out `renewBeforePercentage`."
    CI886 "requested-without-san" Warning
        "a Certificate requests no subject alternative name"
        "Go, Java, Python and browsers refuse it; if it requests no name at all, cert-manager's webhook does."
        "List the hosts in `dnsNames`."
    CI887 "requested-common-name-too-long" Error
        "the common name of a Certificate has more than 64 characters"
        "cert-manager's webhook refuses it (RFC 5280 allows 64)."
        "Leave `commonName` out; clients read `dnsNames`."
    CI888 "usages-without-server-auth" Error
        "the usages of a server's Certificate leave out `server auth`"
        "Clients refuse it because of its extended key usage: `x509: certificate specifies an incompatible key usage`."
        "Add `server auth` to `usages`."
    CI889 "server-requested-as-ca" Warning
        "a server's Certificate is a CA"
        "Firefox, Java and others refuse it as a server certificate; anyone who gets the key can sign for any name."
        "Make a `ca` Issuer from it, and a Certificate from that issuer for the server."
    CI890 "controller-object-kept" Warning
        "an object that a controller creates is kept as a manifest"
        "It requests a certificate again on every apply, or is refused; the controller creates its own."
        "Remove it, and keep the Certificate."
    CI891 "http01-not-let-through" Warning
        "HTTP-01 is requested, and nothing lets it through on port 80"
        "The authority cannot reach the solver: the Certificate never becomes ready."
        "Open port 80 for the host without a redirect of `/.well-known/acme-challenge/`, or use dns01."
    CI892 "http01-without-ingress" Error
        "HTTP-01 creates an Ingress, and Traefik does not read Ingresses"
        "The authority gets 404: the Certificate never becomes ready."
        "Set `providers.kubernetesIngress.enabled: true`, or use `gatewayHTTPRoute` or dns01."
    CI893 "requested-self-signed" Warning
        "a certificate is self-signed"
        "Its clients must be given the new one at each renewal; until then every request fails. Browsers and several libraries refuse it."
        "Make it a CA (`isCA: true`), with a `ca` Issuer and a Certificate from that issuer."
    CI894 "issuer-secret-in-other-namespace" Warning
        "an issuer names a Secret in another namespace"
        "An Issuer reads Secrets in its own namespace only, a ClusterIssuer in that of cert-manager: it never becomes ready."
        "Put the CA's Certificate into the namespace that the issuer reads."
}
