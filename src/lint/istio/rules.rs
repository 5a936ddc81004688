//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI851 "istio-server-incomplete" Error
        "a server of an Istio Gateway lacks what its protocol or TLS mode needs"
        "Istio's webhook refuses the Gateway; without the webhook the listener is not made."
        "Give it `tls.mode: SIMPLE` and one `credentialName`; an HTTP server has nothing but `httpsRedirect`."
    CI852 "istio-passthrough-with-certificate" Error
        "a server of an Istio Gateway names a certificate but passes TLS through"
        "The certificate is ignored: browsers see httpd's own, or nothing. Without `mode` TLS is passed through."
        "Set `mode: SIMPLE`, or remove the certificate."
    CI853 "redirect-of-tls-server" Warning
        "`httpsRedirect` on a server that is not plain http"
        "Nothing is redirected."
        "Set it on the server of port 80."
    CI854 "istio-secret-in-other-namespace" Error
        "an Istio Gateway's Secret is not in the namespace of its pods"
        "Istio reads Secrets only in the namespace of the ingress pods, not in that of the Gateway: connections to the host are closed."
        "Put the Secret, or the Certificate that makes it, into the namespace of the pods that `selector` names, such as istio-system."
    CI855 "istio-secret-without-keys" Error
        "a Secret that Istio reads has none of the keys that it expects"
        "The certificate is not loaded, and connections are closed."
        "Use `tls.crt` and `tls.key`, and `ca.crt` for a CA (or `cert`, `key` and `cacert`)."
    CI857 "istio-servers-conflict" Error
        "two servers of Istio Gateways conflict"
        "Istio skips one of the two, whichever it reads later, and does not serve what is bound to it."
        "Give each port and host one server, and each server of a Gateway its own port name."
    CI858 "virtual-service-not-served" Error
        "a VirtualService is not served by its Gateway"
        "Requests for the host are answered with 404, or the connection is closed."
        "List the host in a server of the Gateway, and the Gateway in `gateways`."
    CI859 "istio-gateway-in-other-namespace" Error
        "a VirtualService names a Gateway in a namespace where it is not"
        "Istio looks there only (a name alone means the VirtualService's own namespace), and the host is not served."
        "Write `NAMESPACE/NAME`."
    CI860 "virtual-service-of-other-protocol" Error
        "a VirtualService has routes for another protocol than its Gateway's server"
        "They are not used: a server that passes TLS through takes `tls` routes with `sniHosts`, one that terminates it `http` routes."
        "Change the kind of the routes, or the TLS mode of the server."
    CI862 "destination-not-a-service" Error
        "a destination is not a Service name as Istio reads it"
        "Istio answers 503: a name without dots means the VirtualService's own namespace, every other must be a full name."
        "Write `NAME.NAMESPACE.svc.cluster.local`."
    CI863 "plain-to-tls-port" Warning
        "plain http is spoken to a TLS port"
        "httpd answers 400: `You're speaking plain HTTP to an SSL-enabled server port`."
        "Add a DestinationRule with `tls.mode: SIMPLE` and the CA for the Service."
    CI864 "destination-rule-without-ca" Warning
        "a DestinationRule originates TLS and names no CA"
        "From Istio 1.21 on the system's roots are trusted, and a private CA leads to 503; before that, whoever answers is trusted."
        "Name the Secret with the CA in `credentialName`."
    CI865 "destination-rule-without-verification" Warning
        "a DestinationRule turns verification off"
        "Whoever answers at the pod's address is trusted, and gets the users' sessions and passwords."
        "Remove `insecureSkipVerify`, and name the CA in `credentialName`."
    CI866 "sni-without-san" Info
        "a DestinationRule with `sni` verifies no name"
        "Istio verifies the name on its own only without `sni`: with it, any certificate from the CA is trusted."
        "List the name in `subjectAltNames` too."
    CI867 "destination-secret-in-other-namespace" Error
        "a DestinationRule's Secret is not in the namespace of the gateway's pods"
        "Istio reads it only there: no connection to httpd succeeds, and every request is answered with 503."
        "Put the Secret with the CA into the namespace of the ingress pods, such as istio-system."
    CI870 "port-settings-without-tls" Error
        "the settings of a port leave out the DestinationRule's TLS"
        "A port's settings replace all others: Istio speaks plain http, and httpd answers 400."
        "Repeat `tls` in `portLevelSettings`."
    CI871 "contradictory-destination-tls" Error
        "the TLS settings of a DestinationRule contradict each other"
        "Istio's webhook refuses it; without the webhook no TLS is spoken."
        "MUTUAL needs `credentialName`, or `clientCertificate` and `privateKey`; `credentialName` and files exclude each other, as do `insecureSkipVerify` and a CA."
    CI872 "tls-inside-passthrough" Error
        "TLS is originated inside TLS that is passed through"
        "httpd sees a handshake inside a handshake: no connection succeeds."
        "Remove `tls` from the DestinationRule, or terminate TLS at the Gateway."
    CI873 "istio-proxy-protocol-mismatch" Error
        "the load balancer and Istio disagree about the PROXY protocol"
        "Envoy reads the header as TLS, or waits for a header that does not come: no connection succeeds."
        "Set `gatewayTopology: {proxyProtocol: {}}` in `proxy.istio.io/config` of the ingress pods if and only if the load balancer sends the header."
    CI874 "istio-trusts-client-header" Warning
        "Istio trusts an X-Forwarded-For that the load balancer does not write"
        "A TCP load balancer passes the client's header on: any client can claim any address."
        "Remove `numTrustedProxies`; the PROXY protocol carries the address."
    CI875 "istio-version-not-served" Error
        "Istio does not serve the version of an object"
        "kubectl refuses the manifest: `no matches for kind`."
        "Use `networking.istio.io/v1`, or v1beta1 before Istio 1.22."
}
