//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI201 "no-server-name" Error as "no-server-name"
        "a ServersTransport verifies and has no `serverName`"
        "Traefik compares the certificate with the pod's address, and answers 500 to every request."
        "Set `serverName` to the host in httpd's certificate."
    CI202 "wrong-server-name" Error as "wrong-server-name"
        "httpd's certificate does not cover the `serverName`"
        "Traefik answers 500 to every request."
        "Set `serverName` to a subject alternative name of the certificate, or issue one for it."
    CI203 "missing-san" Error as "missing-san"
        "httpd's certificate has its name only in the subject"
        "Traefik answers 500 to every request: Go does not read common names."
        "Issue a certificate with subject alternative names: `civi-ingress cert --dns NAME`."
    CI204 "server-name-not-dns" Error
        "a `serverName` is not a valid DNS name"
        "No certificate can cover it; Traefik answers 500 to every request."
        "Give the host in its ASCII form, without port, scheme or wildcard."
    CI205 "server-name-not-of-route" Info
        "the `serverName` is not one of the route's hosts"
        "It works when httpd's certificate has that name. Apache chooses its virtual host by the Host header, and answers 421 if the two differ too much."
        "Use the host that browsers ask for."
    CI206 "verified-but-plain" Error
        "a route speaks plain http to a Service of which it should expect TLS"
        "httpd answers 400 to http on its TLS port, or passwords cross the network in clear text."
        "Set `scheme: https`."
    CI207 "unknown-scheme" Error
        "the scheme of a Service is not one of `http`, `https`, `h2c`"
        "Traefik drops the route and answers 404."
        "Set `scheme: https`."
    CI208 "reference-with-provider" Error
        "a reference names its provider"
        "With `@kubernetescrd` Traefik refuses it unless `allowCrossNamespace` is set, and the name changes with `safeNaming`: 404 or 500."
        "Give the plain name of an object in the same namespace."
    CI209 "reference-to-other-namespace" Error
        "a route refers to another namespace"
        "Unless the provider's `allowCrossNamespace` is set, Traefik drops the route and answers 404."
        "Put both into one namespace, or set `providers.kubernetesCRD.allowCrossNamespace: true` and include those values in the input."
    CI210 "https-without-transport" Warning
        "a route speaks https to a Service and names no ServersTransport"
        "Traefik verifies with the system's roots and against the pod's address, and answers 500 to every request, unless its static options say otherwise."
        "Name a ServersTransport with the CA and the host."
    CI211 "matcher-with-several-arguments" Error
        "a matcher has several arguments"
        "Traefik 3 refuses the rule and answers 404."
        "Write `Host(`a`) || Host(`b`)`, which Traefik 2 accepts too."
    CI212 "host-not-ascii" Error
        "the host of a rule is not in ASCII"
        "Traefik drops the route and answers 404."
        "Write the host in its ASCII form (`xn--…`)."
    CI213 "host-with-wildcard" Error
        "the host of a rule has a wildcard"
        "Before Traefik 3.7 the rule is refused or matches nothing: 404."
        "Write one `Host` for each name, or use `HostRegexp`."
    CI214 "unreadable-rule" Error
        "a rule cannot be read"
        "Traefik drops the route and answers 404."
        "Write matchers such as `Host(`a.example.org`)`, joined by `&&` and `||`, with backticks around names."
    CI215 "no-entry-points" Info
        "a route names no entry points"
        "It is served on all default entry points, including those added later."
        "Set `entryPoints: [websecure]`."
    CI216 "also-without-tls" Warning
        "a host is also served without TLS"
        "Anyone who follows an http link sends passwords in clear text; nothing redirects to https."
        "Redirect on the entry point, or remove the route on `web`."
    CI217 "same-rule-twice" Error
        "two routes have the same rule"
        "Traefik uses one of the two, and all requests for the other's host go there."
        "Give each instance a host of its own."
    CI218 "no-such-port" Error
        "the Service does not have the port"
        "Traefik drops the route and answers 404: `service port not found`."
        "Use a port number or name of the Service."
    CI219 "tcp-host-without-tls" Error
        "a TCP route names a host without TLS"
        "Without TLS there is no server name to compare: Traefik drops the route, and the connection is closed."
        "Add `tls: {passthrough: true}`, or match `HostSNI(`*`)`."
    CI220 "http-matcher-in-tcp-route" Error
        "a TCP route uses an http matcher"
        "Traefik drops the route: a TLS stream that is passed through shows its server name and nothing else."
        "Match with `HostSNI`, or terminate TLS with an IngressRoute."
    CI221 "external-name-service" Error
        "the Service is of type ExternalName"
        "Unless `allowExternalNameServices` is set, Traefik drops the route and answers 404."
        "Use a Service with endpoints, or set `providers.kubernetesCRD.allowExternalNameServices: true`."
    CI222 "names-joined-alike" Error
        "two objects have the same name to Traefik"
        "Traefik joins namespace and name with `-`: one of the two replaces the other, including its CA."
        "Rename one of the two, or set `safeNaming` (Traefik 3.7.11 and later)."
    CI223 "transport-of-other-protocol" Error
        "an object uses a ServersTransport for the other protocol"
        "Traefik does not find it: http routes take kind ServersTransport, TCP routes kind ServersTransportTCP."
        "Change the kind of one of the two."
    CI224 "host-without-route" Error
        "no route answers for a host that was asked for"
        "Traefik answers 404."
        "Add a route with `Host(`…`)`, or check the spelling of `--host`."
    CI225 "passthrough-to-plain-port" Error
        "TLS is passed through to a plain http port"
        "httpd reads the browser's handshake as http: no connection succeeds."
        "Pass it through to the port of httpd that speaks TLS, 443."
    CI226 "passthrough-with-certificate" Warning
        "a route that passes TLS through names a certificate"
        "Traefik does not present it: browsers see httpd's own, perhaps from a private CA."
        "Let httpd serve a certificate that browsers trust, or terminate TLS with an IngressRoute."
    CI227 "passed-through-and-terminated" Warning
        "a host is passed through and terminated on one entry point"
        "The route that terminates TLS wins (seen with Traefik 3.0.4 and 3.7.15; since 2.9 an http route with a host comes first): httpd's own TLS is never reached."
        "Remove one of the two routes."
    CI228 "http-middleware-in-tcp-route" Error
        "a TCP route names an http middleware"
        "Traefik logs `middleware … does not exist` and drops the route: the host answers 404, with Traefik's own certificate (seen with 3.0.4 and 3.7.15)."
        "What is passed through cannot be changed: use a MiddlewareTCP, or terminate TLS with an IngressRoute."
    CI229 "tls-inside-tls" Error
        "TLS is spoken inside TLS"
        "httpd finds a second handshake inside the first, and browsers report `wrong version number` (seen with Traefik 3.0.4 and 3.7.15)."
        "Remove `tls` of the Service; where TLS is passed through, the browser speaks it with httpd."
    CI230 "tcp-transport-tls-unused" Warning
        "the TLS settings of a ServersTransportTCP are not used"
        "Traefik speaks plain TCP to a Service without `tls: true` (`pkg/tcp/dialer.go`): httpd answers 400 on its TLS port, or everything crosses the network in clear text."
        "Set `tls: true` on the Service; where TLS is passed through, remove `tls` of the ServersTransportTCP."
    CI231 "all-names-passed-through" Info
        "all names are passed through to one httpd"
        "Anyone who asks for a misspelt host gets its certificate. An http route without a host, or with HostRegexp, takes all of this traffic away."
        "Name the hosts: `HostSNI(`a.example.org`)`."
    CI232 "private-ca-behind-passthrough" Warning
        "browsers see a private CA behind a route that passes TLS through"
        "They warn with `ERR_CERT_AUTHORITY_INVALID`: the certificate of the TLSStore is not used for this host."
        "Let httpd serve a certificate from a public CA, or terminate TLS with an IngressRoute."
    CI233 "shared-names-behind-passthrough" Info
        "several httpds behind passed-through hosts serve certificates for the same names"
        "A browser may send requests for one over an HTTP/2 connection to the other (RFC 9113 section 9.1.1), which answers 421 or with the wrong site. An Apache with the prefork MPM does not speak HTTP/2."
        "Give each httpd a certificate for its own hosts, or have it leave out `h2`."
    CI234 "proxy-protocol-of-service-deprecated" Info
        "`proxyProtocol` of a Service of a TCP route is deprecated"
        "Traefik warns every time it loads its configuration, from 3.5.2 on."
        "Set `proxyProtocol` of a ServersTransportTCP, and name it as `serversTransport`."
    CI235 "proxy-protocol-missing-in-transport" Error
        "a Service has `proxyProtocol` and its ServersTransportTCP does not"
        "From Traefik 3.5.2 on no PROXY header is sent; an httpd that requires one resets every connection (seen with 3.7.15; 3.0.4 sent one)."
        "Set `proxyProtocol` of the ServersTransportTCP."
    CI236 "host-in-two-namespaces" Error
        "routes of two namespaces answer for one host"
        "Traefik takes the longer rule: all requests for the host go to one of the two."
        "Give each instance hosts of its own."
    CI237 "regexp-beats-host" Warning
        "a regular expression rule is longer than that of a host it matches"
        "Traefik tries the longest rule first: requests for the host never reach its own httpd (seen with 3.0.4 and 3.7.15)."
        "Give the regular expression rule `priority: 1`."
    CI241 "passed-host-not-covered" Error
        "the httpd behind a host that is passed through has a certificate for others"
        "Browsers warn: `ERR_CERT_COMMON_NAME_INVALID`, `SSL_ERROR_BAD_CERT_DOMAIN`; the certificate of the TLSStore is not used for this host."
        "Issue one that covers the host, or terminate TLS with an IngressRoute."
    CI242 "service-without-port" Error
        "no port of a Service is named"
        "Traefik drops the route and answers 404: `ingressRoute service port not defined`."
        "Set `port` to a number or name of the Service's ports."
    CI243 "route-without-service" Error
        "a route leads to no service"
        "Traefik logs that the service is missing on the router, and answers 404."
        "Name a Service, or remove the route."
    CI244 "unknown-entry-point" Error
        "a route names an entry point that does not exist"
        "Traefik logs `EntryPoint doesn't exist`; a route of which none exists is not served at all: 404."
        "Use an entry point of Traefik, such as `websecure`, or add the options that define it to the input."
    CI246 "tls-on-port-80" Error
        "a route ends TLS on entry points for plain http only"
        "Browsers ask for https on port 443, where no route answers: 404."
        "Set `entryPoints: [websecure]`."
    CI247 "route-without-tls" Error
        "a route on an entry point for https has no `tls`"
        "Unless the entry point has `http.tls`, the route takes plain http there, and https is answered with 404."
        "Set `tls: {}`."
    CI248 "route-of-another-class" Error
        "a route is meant for another controller"
        "Traefik passes it over, and answers 404."
        "Remove the class, or give it the name of the provider's `ingressClass`."
    CI249 "service-option-refused" Error
        "Traefik refuses how a route uses a Service"
        "Traefik drops the route and answers 404."
        "Correct or remove the option that the message names."
    CI250 "unknown-matcher" Error
        "a rule has a matcher that this Traefik does not have"
        "Traefik logs `error while parsing rule … unsupported function` and disables the route: 404."
        "Use a matcher of the release: `Header`, `HeaderRegexp` and `Host` in Traefik 3, `HostSNI` in an IngressRouteTCP only."
    CI251 "matcher-argument-refused" Error
        "an argument of a matcher is refused"
        "Traefik logs the reason and disables the route: 404."
        "Begin a path with a slash, write expressions as Go's `regexp` takes them, and give every matcher its arguments."
    CI252 "matcher-never-matches" Error
        "a matcher can match no request"
        "Traefik takes the text as it is: the route is there, and every request gets 404."
        "In Traefik 3 write expressions in `HostRegexp` and `PathRegexp`, such as ``HostRegexp(`^.+\\.example\\.org$`)``; in `Host` write the host alone."
    CI254 "reserved-priority" Error
        "a route has a priority that Traefik reserves for its own routers"
        "Traefik logs `the router priority … exceeds the max user-defined priority` and drops the route: 404; from Traefik 3.4 on the API server refuses it."
        "Write a priority of at most 9223372036854774784; the lengths of rules, which it stands for, are below 1000."
    CI260 "service-without-endpoints" Error
        "nothing in the input is behind a Service"
        "Traefik logs `no servers found` and answers 404, unless its `allowEmptyServices` is set: then 503."
        "Correct the selector or the port, or add what makes the pods to the input."
    CI261 "tls-ended-before-tls-port" Error
        "a TCP route ends TLS and speaks plainly to a port of TLS"
        "httpd answers 400 to http on its TLS port: no page is served."
        "Set `tls: {passthrough: true}`, or `tls: true` of the Service."
}
