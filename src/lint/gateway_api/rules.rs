//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI801 "gateway-version-not-read" Error
        "a Gateway API object has a version that nothing reads"
        "The API server refuses the object, or its reader looks at another version: no route is made."
        "Use `gateway.networking.k8s.io/v1`; Traefik 3.2 to 3.5 read BackendTLSPolicy v1alpha3, and Traefik before 3.7 reads TLSRoute v1alpha2."
    CI802 "policy-port-missing" Error
        "a BackendTLSPolicy names a port that its Service does not have"
        "The policy is ignored: Traefik trusts the system's roots and answers 500, Istio speaks plain http and httpd answers 400."
        "Leave `sectionName` out (the port of httpd has no name), or write the name of a port."
    CI803 "policy-target-in-other-namespace" Error
        "a BackendTLSPolicy targets a Service of another namespace"
        "A policy applies to its own namespace only, and is ignored: 500 or 400 for every request."
        "Put the policy into the namespace of the Service."
    CI804 "policy-verifies-nothing" Error
        "a BackendTLSPolicy does not say what to verify"
        "The API server refuses it: `hostname` and one of `caCertificateRefs` and `wellKnownCACertificates` are required."
        "Set `validation.hostname` to a name in httpd's certificate, and name the CA in `caCertificateRefs`."
    CI805 "policy-ca-unreadable" Error
        "the CA of a BackendTLSPolicy cannot be read"
        "Its reader has no CA for httpd and answers 500 to every request."
        "Name a ConfigMap in the policy's own namespace that has the CA as PEM under `ca.crt`."
    CI806 "wrong-ca-at-gateway" Error
        "httpd's certificate is not signed by a CA that the gateway trusts"
        "No connection to httpd succeeds: Traefik answers 500 to every request, Istio 503."
        "Name the CA that signed httpd's certificate."
    CI807 "wrong-name-at-gateway" Error
        "httpd's certificate does not cover the name that the gateway verifies"
        "No connection to httpd succeeds: Traefik answers 500 to every request, Istio 503."
        "Use a subject alternative name of the certificate, or issue one for this name."
    CI808 "policy-san-not-read" Warning
        "Traefik does not read `subjectAltNames` of a BackendTLSPolicy"
        "Up to 3.7 the certificate must cover `hostname`, whatever else is listed."
        "Set `hostname` to a name in httpd's certificate; `subjectAltNames` may list the same name, for Istio."
    CI809 "policies-conflict" Error
        "two BackendTLSPolicies apply to the same port of a Service"
        "The older one applies, and the other is refused as `Conflicted`; a rebuilt cluster may decide the other way."
        "Keep one of the two."
    CI810 "tls-port-without-policy" Warning
        "a route leads to a port that speaks TLS, and no BackendTLSPolicy applies to it"
        "Traefik verifies with the system's roots and against the pod's address, and answers 500; Istio speaks plain http, and httpd answers 400."
        "Add a BackendTLSPolicy for the Service."
    CI811 "gateway-tls-not-read" Error
        "Traefik does not read `spec.tls` of a Gateway"
        "No client certificate is presented to httpd, and none is requested from browsers."
        "Use an IngressRoute with a ServersTransport (`certificatesSecrets`) and a TLSOption (`clientAuth`)."
    CI812 "route-field-not-read" Warning
        "Traefik does not read a field of a route"
        "It has no effect: the limits of Traefik's static options apply."
        "Use an IngressRoute with a ServersTransport where this matters, or set it in Traefik's static options."
    CI813 "route-of-other-protocol" Error
        "a route has another protocol than its listener"
        "It does not attach (`NotAllowedByListeners`), and the host is not served. TLS that is passed through has no path or header to look at."
        "Attach HTTPRoutes to HTTP and HTTPS listeners, and TLSRoutes to TLS listeners."
    CI814 "contradictory-listener-tls" Error
        "the TLS settings of a listener contradict its protocol or its mode"
        "The API server refuses the Gateway, or the listener is not served."
        "HTTP has no `tls`; HTTPS has mode `Terminate` and `certificateRefs`; TLS with mode `Passthrough` has no certificate."
    CI816 "reference-not-granted" Error
        "a reference points to another namespace, and no ReferenceGrant permits it"
        "It is refused as `RefNotPermitted`: the listener is not served, or the route answers 500."
        "Put both into one namespace, or add a ReferenceGrant to the target's namespace."
    CI817 "no-such-listener" Error
        "a route names a Gateway or listener that does not exist"
        "It does not attach (`NoMatchingParent`), and the host is not served."
        "Give the namespace and name of the Gateway; use the name and port of a listener, or leave `sectionName` and `port` out."
    CI818 "namespace-not-accepted" Error
        "a listener accepts no routes from this namespace"
        "The route does not attach (`NotAllowedByListeners`), and the host is not served. Without `allowedRoutes` a listener accepts its own namespace only."
        "Set `allowedRoutes.namespaces` of the listener to `from: All` or to a selector."
    CI819 "host-not-of-listener" Error
        "none of a route's hosts matches its listener"
        "It does not attach (`NoMatchingListenerHostname`), and the host is not served."
        "Correct the host of one or the other."
    CI820 "listener-certificate-unreadable" Error
        "a listener's certificate cannot be read"
        "The listener is not served (`InvalidCertificateRef`), nor any route on it."
        "Name a Secret with `tls.crt` and `tls.key`, neither of them empty."
    CI821 "host-not-covered-by-listener" Error
        "a listener's certificate does not cover a host"
        "Browsers warn: `ERR_CERT_COMMON_NAME_INVALID`, `SSL_ERROR_BAD_CERT_DOMAIN`."
        "Issue one that covers it; a wildcard covers exactly one label."
    CI822 "listeners-conflict" Error
        "two listeners of a Gateway conflict"
        "The API server refuses the Gateway, or neither of the two is served (`Conflicted`)."
        "Give each its own name, and each port, protocol and host once; plain http and TLS need ports of their own."
    CI823 "same-host-in-two-namespaces" Error
        "two namespaces have a route for the same host and path"
        "One of the two gets all requests, and the other instance's users see the wrong site."
        "Give each instance a host of its own."
    CI824 "backend-without-port" Error
        "a backend's Service does not have the port"
        "Requests are answered with 500 by Traefik and with 503 by Istio."
        "Use a port number of the Service."
    CI825 "listener-port-without-entry-point" Error
        "no entry point of Traefik has the port of a listener"
        "The listener is not served: `Cannot find entryPoint for Gateway`. The chart's entry points listen on 8000 and 8443; the Service maps 80 and 443 to them."
        "Use the port of an entry point, not that of the Service."
    CI826 "policy-name-not-verified" Warning
        "Istio verifies no name of httpd by this BackendTLSPolicy"
        "`hostname` is only the name that it asks for: any certificate of the CA is accepted, that of another instance too (seen with Istio 1.31)."
        "List the name in `subjectAltNames` too; Traefik verifies `hostname`."
}
