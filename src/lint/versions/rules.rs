//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI301 "old-api-group" Error as "old-api-group"
        "the API group is not served by this Traefik"
        "The API server refuses the object; where old definitions are still installed, Traefik never looks at it."
        "Use `traefik.io/v1alpha1` from Traefik 2.10 on, `traefik.containo.us/v1alpha1` before."
    CI302 "root-cas-unknown" Error as "root-cas"
        "this Traefik does not have `rootCAs`"
        "The API server refuses the ServersTransport; GitOps tools may drop the field silently, and every request is answered with 500."
        "Use `rootCAsSecrets` before Traefik 3.4.1."
    CI303 "root-cas-secrets-deprecated" Warning as "root-cas-secrets"
        "`rootCAsSecrets` is deprecated"
        "Traefik warns every time it loads its configuration."
        "Use `rootCAs: [{secret: NAME}]` from Traefik 3.4.1 on."
    CI304 "transport-field-too-new" Error as "min-version-below-max-version"
        "this Traefik does not have a field of the ServersTransport"
        "The API server refuses the object; GitOps tools may drop the field silently."
        "Remove the field, or use a Traefik that has it."
    CI305 "min-version-alone" Error as "min-version-alone"
        "`minVersion` without a higher `maxVersion`"
        "Traefik 3.7 drops all TLS settings of the ServersTransport, the CA and the server name among them, and answers 500 to every request."
        "Remove `minVersion`, or set both: `VersionTLS12` and `VersionTLS13`."
    CI306 "timeout-not-a-duration" Error
        "a timeout is not a duration that Traefik accepts"
        "From 3.4 on the API server refuses the object; before that, Traefik logs an error and uses the default."
        "Write whole numbers with units, such as `60s`."
    CI307 "middleware-unknown-to-release" Error
        "this Traefik does not have a middleware"
        "The API server refuses the object, or Traefik does not load it and answers 404."
        "Use `ipAllowList` from Traefik 2.11 on, `ipWhiteList` before."
    CI308 "ip-white-list-deprecated" Warning
        "`ipWhiteList` is deprecated"
        "Traefik 3 warns every time it loads its configuration."
        "Use `ipAllowList`."
    CI309 "api-group-ends-with-traefik-2" Warning
        "the API group `traefik.containo.us` ends with Traefik 2"
        "Traefik 3 does not serve the object. While both groups exist, an object of the same name in `traefik.io` wins."
        "Use `traefik.io/v1alpha1`, which Traefik 2.10 and later serve."
    CI310 "headers-option-removed" Warning
        "Traefik 3 no longer has this option of the headers middleware"
        "The definition still accepts it, but it does nothing."
        "Use the `redirectScheme` middleware or `permissionsPolicy`."
    CI312 "route-without-kind" Error
        "a route has no `kind`"
        "Before Traefik 3.3 the API server refuses the IngressRoute."
        "Set `kind: Rule`."
    CI313 "tcp-transport-too-new" Error
        "this Traefik does not have ServersTransportTCP, or its `proxyProtocol`"
        "The API server refuses the object; GitOps tools may drop the field silently."
        "Before Traefik 3.5.2, set `proxyProtocol` of the Service in the IngressRouteTCP."
}
