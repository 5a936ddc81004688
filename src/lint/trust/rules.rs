//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI101 "ca-secret-with-two-keys" Error as "ca-secret-with-two-keys"
        "a CA Secret has several keys and neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA, trusts the system's roots instead, and answers 500 to every request."
        "Put the certificate under the one key `ca.crt`, which every Traefik since 2.4 reads."
    CI102 "ca-not-pem" Error as "ca-not-pem"
        "a CA value holds no certificate"
        "Traefik trusts nothing, logs nothing while it loads, and answers 500 to every request."
        "Put the CA's certificate there as PEM (`-----BEGIN CERTIFICATE-----`)."
    CI103 "ca-under-unusual-key" Warning
        "a CA Secret has one key, and it is neither `tls.ca` nor `ca.crt`"
        "Traefik 2.5 to 3.x read it because it is the only one; Traefik 4 is announced to stop doing so, and any second key breaks it today (CI101)."
        "Name the key `ca.crt`."
    CI104 "trusted-certificate-not-ca" Warning
        "a certificate that Traefik is to trust as a CA is not a CA"
        "It verifies nothing but itself: the next certificate of httpd is answered with 500."
        "Trust the CA that signed it."
    CI105 "wrong-ca" Error as "wrong-ca"
        "httpd's certificate is not signed by a CA that Traefik trusts"
        "Traefik answers 500 to every request."
        "Put the CA that signed httpd's certificate into the Secret that the ServersTransport names, or reissue both with `civi-ingress new-instance`."
    CI106 "private-key-beside-ca" Error
        "there is a private key next to the CA certificate that Traefik reads"
        "Anyone who can read the Secret as Traefik does can sign certificates in the CA's name."
        "Keep only the certificate; put the key into a Secret that no pod mounts, or nowhere."
    CI107 "ca-in-other-namespace" Error
        "the CA of a ServersTransport is in another namespace"
        "Traefik looks in the ServersTransport's own namespace only, loads no CA, and answers 500 to every request."
        "Put the Secret or ConfigMap into the namespace of the ServersTransport."
    CI108 "ca-reference-not-one" Error
        "a CA reference does not name exactly one of `secret` and `configMap`"
        "The API server refuses the ServersTransport, or Traefik skips the entry."
        "Name one of the two in each entry of `rootCAs`."
    CI110 "ca-config-map-without-ca" Error
        "a CA ConfigMap has neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA from it, because ConfigMaps have no fallback to a single key, and answers 500 to every request."
        "Put the certificate under `ca.crt`."
    CI111 "client-ca-without-ca" Error
        "a CA Secret for client certificates has neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA: with `RequireAndVerifyClientCert` connections are refused; without `clientAuthType` nobody is asked for a certificate."
        "Put the certificate under `ca.crt`."
    CI112 "secret-owned-by-helm" Error
        "a Secret that Traefik needs has the label `owner: helm`"
        "Traefik does not see it: its informer selects `owner!=helm`."
        "Remove the label; it is Helm's own, for its release records."
    CI113 "verification-off" Warning
        "verification of httpd's certificate is turned off"
        "Whoever answers at the pod's address is trusted, and gets the users' sessions and passwords."
        "Remove `insecureSkipVerify`; name the CA in `rootCAs` and the host in `serverName`."
    CI114 "client-certificate-incomplete" Warning
        "a client certificate's Secret lacks `tls.crt` or `tls.key`"
        "Traefik presents no certificate, and an httpd that asks for one refuses the connection: 500 or 502."
        "Give the Secret both keys, neither of them empty."
    CI116 "peer-uri-not-in-certificate" Error
        "a ServersTransport requires a URI that httpd's certificate does not have"
        "Traefik answers 500 to every request."
        "Remove `peerCertURI`, or issue a certificate with this URI among its subject alternative names."
    CI117 "spiffe-with-tls" Error
        "a ServersTransport has `spiffe` and settings of TLS"
        "Traefik uses neither, but the roots of its system and the pod's address (`createTLSConfig`), and answers 500 to every request."
        "Remove `spiffe`, unless Traefik has a SPIFFE workload API."
    CI118 "no-common-tls-version" Error
        "httpd and who connects to it have no version or no cipher of TLS in common"
        "Every handshake with httpd fails: Traefik answers 500 or 502 to every request, and browsers show an error where TLS is passed through."
        "Remove `maxVersion`, or raise it to `VersionTLS13`; write `SSLProtocol -all +TLSv1.2 +TLSv1.3` in httpd's configuration, and leave out `SSLCipherSuite`."
}
