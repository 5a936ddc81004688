//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI401 "several-default-tls-stores" Error as "two-default-stores-without-certificates"
        "there are several TLSStores named `default`"
        "Traefik drops them all, and browsers see its own certificate."
        "Keep one in the whole cluster; any namespace that Traefik watches will do."
    CI402 "several-default-tls-options" Error
        "there are several TLSOptions named `default`"
        "Traefik drops them all and uses its built-in options."
        "Keep one in the whole cluster, and name the others in the routes that need them."
    CI403 "tls-store-not-default" Error
        "a TLSStore is not named `default`"
        "Traefik uses no other."
        "Name it `default`."
    CI404 "certificate-in-other-namespace" Error
        "a certificate's Secret is in another namespace"
        "Traefik looks in the object's own namespace only; before 3.7 one missing Secret drops the whole TLSStore, and browsers see Traefik's own certificate."
        "Put both into the same namespace."
    CI405 "certificate-secret-incomplete" Error
        "a certificate's Secret lacks `tls.crt` or `tls.key`"
        "Traefik does not load it; before 3.7 that drops the whole TLSStore. Browsers see Traefik's own certificate."
        "Give it both keys, neither of them empty: `civi-ingress wildcard-secret`."
    CI406 "sni-strict-without-certificate" Error
        "`sniStrict` does not count the default certificate"
        "Connections for names that only the default certificate covers are refused."
        "List the Secret under `certificates` of the TLSStore too."
    CI407 "certificates-for-same-names" Warning
        "two Secrets have certificates for the same names"
        "Traefik serves one of them, the first by namespace and name, even if the other has been renewed."
        "Keep one, and refer to it."
    CI408 "host-not-covered" Error
        "the certificate that browsers see does not cover a host"
        "Browsers warn: `ERR_CERT_COMMON_NAME_INVALID`, `SSL_ERROR_BAD_CERT_DOMAIN`."
        "Issue one that covers it; a wildcard covers exactly one label."
    CI409 "client-auth-without-type" Warning
        "a TLSOption asks for client certificates but does not say how strictly"
        "Where the CA cannot be loaded, nobody is asked for a certificate: the door is open."
        "Set `clientAuthType: RequireAndVerifyClientCert`."
    CI410 "no-min-version" Warning
        "a TLSOption sets no `minVersion`"
        "Before Traefik 2.11 it accepts TLS 1.0."
        "Set `minVersion: VersionTLS12`."
    CI411 "tls-options-differ" Error
        "routes for one host name different TLS options"
        "Traefik uses the default options for the host (`Found different TLS options for routers on the same host`): a client certificate that one of them asks for is not asked for."
        "Name the same TLSOption in every route for the host."
    CI412 "tls-options-do-not-govern" Error
        "the TLS options that a route names do not govern"
        "A client certificate that they ask for is not asked for: whoever has none gets in (seen with Traefik 3.7.15)."
        "Name the hosts with `Host`, make the options the `default` ones, or end TLS in Traefik."
    CI413 "tls-options-of-another-route" Error
        "a rule without `Host` takes the requests for a host with TLS options of its own"
        "The connection has the options that another route names for the host, and this rule the default ones: since Traefik 2.11.47, 3.6.18 and 3.7.2 it answers 421 to every such request."
        "Give the rule a lower `priority` than that of the host, or name the hosts in it with `Host` and the same options."
    CI420 "tls-option-refused" Error
        "Traefik or browsers refuse the settings of a TLSOption"
        "Every connection for a host of the routes that name it fails in the TLS handshake."
        "Correct or remove the setting that the message names."
    CI421 "default-tls-option-named" Error
        "a route names the TLSOption `default`"
        "Traefik looks for `NAMESPACE-default`, which is not there even where a TLSOption `default` is: it closes every connection for the route's hosts."
        "Leave out `options`: the default ones hold without being named."
}
