//! The table of rules: what is looked for, what would happen, and the way out.
//!
//! A code never changes its meaning; a rule that goes leaves a gap. The hundreds are families, each checked by
//! the files named: 0 `documents`, 1 `trust`, 2 `routes` and `ingress`, 3 `versions` and `definitions`, 4 `tls_store`,
//! 5 `values`, 6 `certificates`, 7 `surroundings`, `balancer`, `snippets` and `reach`, 8 `gateway_api`, `istio`,
//! `cert_manager` and `upstream`, 9 `references`.
//!
//! `docs/lint.md` is made from this table (`tests/lint/docs.rs`).

use crate::tone::Tone;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; not shown unless asked for.
    Info,
    /// Works today, by luck or for a while; or works otherwise than it looks.
    Warning,
    /// Fails in production, or leaves a door open.
    Error,
}

impl Severity {
    /// Returns the name in options and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Returns what it means to its reader.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Info => Tone::Note,
            Self::Warning => Tone::Warning,
            Self::Error => Tone::Bad,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its code, such as `CI101`.
    pub code: &'static str,
    /// How bad its findings are; a finding may be milder where the input leaves it open.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// What would happen in production.
    pub consequence: &'static str,
    /// What to do.
    pub help: &'static str,
    /// The row of [`super::recorded`] that shows it on a real Traefik.
    pub recorded: Option<&'static str>,
}

/// Returns the rule with this code, in any case.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    ALL.iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(code))
}

macro_rules! rules {
    ($($code:ident $severity:ident $(as $recorded:literal)?
        $title:literal
        $consequence:literal
        $help:literal)*) => {
        $(
            #[doc = $title]
            pub static $code: Rule = Rule {
                code: stringify!($code),
                severity: Severity::$severity,
                title: $title,
                consequence: $consequence,
                help: $help,
                recorded: rules!(@recorded $($recorded)?),
            };
        )*
        /// All rules, in the order of their codes.
        pub static ALL: &[&Rule] = &[$(&$code),*];
    };
    (@recorded) => { None };
    (@recorded $recorded:literal) => { Some($recorded) };
}

rules! {
    CI001 Warning
        "a suppression has no reason"
        "Later, nobody knows whether it is still right."
        "Write the reason after the codes: `# civi-ingress: allow CI103 the chart uses this name`."
    CI002 Warning
        "a suppression suppresses nothing"
        "It would hide the next fault in this place."
        "Remove the comment, or move it to the line of the finding or the line before."
    CI003 Warning
        "a suppression names a rule that does not exist"
        "Nothing is suppressed."
        "See `docs/lint.md` for the codes."
    CI005 Warning
        "an object appears twice in the input"
        "The one applied last wins, whichever that is."
        "Keep one of the two."
    CI006 Error
        "a value of a Secret's `data` is not base64"
        "The API server refuses the Secret: `illegal base64 data`."
        "Encode it, or move it to `stringData`."
    CI007 Error
        "an object has no name"
        "The API server refuses it: `resource name may not be empty`."
        "Give it a `metadata.name`."
    CI008 Error
        "a value that must be a string is not one"
        "The API server refuses the object: `cannot unmarshal bool into Go struct field … of type string`."
        "Put it in quotes."
    CI009 Error
        "a document is not YAML"
        "kubectl refuses it, and the cluster keeps what it has."
        "Fix the syntax; whatever else is wrong in the document shows up then."

    CI101 Error as "ca-secret-with-two-keys"
        "a CA Secret has several keys and neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA, trusts the system's roots instead, and answers 500 to every request."
        "Put the certificate under the one key `ca.crt`, which every Traefik since 2.4 reads."
    CI102 Error as "ca-not-pem"
        "a CA value holds no certificate"
        "Traefik trusts nothing, logs nothing while it loads, and answers 500 to every request."
        "Put the CA's certificate there as PEM (`-----BEGIN CERTIFICATE-----`)."
    CI103 Warning
        "a CA Secret has one key, and it is neither `tls.ca` nor `ca.crt`"
        "Traefik 2.5 to 3.x read it because it is the only one; Traefik 4 is announced to stop doing so, and any second key breaks it today (CI101)."
        "Name the key `ca.crt`."
    CI104 Warning
        "a certificate that Traefik is to trust as a CA is not a CA"
        "It verifies nothing but itself: the next certificate of httpd is answered with 500."
        "Trust the CA that signed it."
    CI105 Error as "wrong-ca"
        "httpd's certificate is not signed by a CA that Traefik trusts"
        "Traefik answers 500 to every request."
        "Put the CA that signed httpd's certificate into the Secret that the ServersTransport names, or reissue both with `civi-ingress new-instance`."
    CI106 Error
        "there is a private key next to the CA certificate that Traefik reads"
        "Anyone who can read the Secret as Traefik does can sign certificates in the CA's name."
        "Keep only the certificate; put the key into a Secret that no pod mounts, or nowhere."
    CI107 Error
        "the CA of a ServersTransport is in another namespace"
        "Traefik looks in the ServersTransport's own namespace only, loads no CA, and answers 500 to every request."
        "Put the Secret or ConfigMap into the namespace of the ServersTransport."
    CI108 Error
        "a CA reference does not name exactly one of `secret` and `configMap`"
        "The API server refuses the ServersTransport, or Traefik skips the entry."
        "Name one of the two in each entry of `rootCAs`."
    CI110 Error
        "a CA ConfigMap has neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA from it, because ConfigMaps have no fallback to a single key, and answers 500 to every request."
        "Put the certificate under `ca.crt`."
    CI111 Error
        "a CA Secret for client certificates has neither `tls.ca` nor `ca.crt`"
        "Traefik loads no CA: with `RequireAndVerifyClientCert` connections are refused; without `clientAuthType` nobody is asked for a certificate."
        "Put the certificate under `ca.crt`."
    CI112 Error
        "a Secret that Traefik needs has the label `owner: helm`"
        "Traefik does not see it: its informer selects `owner!=helm`."
        "Remove the label; it is Helm's own, for its release records."
    CI113 Warning
        "verification of httpd's certificate is turned off"
        "Whoever answers at the pod's address is trusted, and gets the users' sessions and passwords."
        "Remove `insecureSkipVerify`; name the CA in `rootCAs` and the host in `serverName`."
    CI114 Error
        "a client certificate's Secret lacks `tls.crt` or `tls.key`"
        "Traefik presents no certificate, and an httpd that asks for one refuses the connection: 500 or 502."
        "Give the Secret both keys, neither of them empty."

    CI201 Error as "no-server-name"
        "a ServersTransport verifies and has no `serverName`"
        "Traefik compares the certificate with the pod's address, and answers 500 to every request."
        "Set `serverName` to the host in httpd's certificate."
    CI202 Error as "wrong-server-name"
        "httpd's certificate does not cover the `serverName`"
        "Traefik answers 500 to every request."
        "Set `serverName` to a subject alternative name of the certificate, or issue one for it."
    CI203 Error as "missing-san"
        "httpd's certificate has its name only in the subject"
        "Traefik answers 500 to every request: Go does not read common names."
        "Issue a certificate with subject alternative names: `civi-ingress cert --dns NAME`."
    CI204 Error
        "a `serverName` is not a valid DNS name"
        "No certificate can cover it; Traefik answers 500 to every request."
        "Give the host in its ASCII form, without port, scheme or wildcard."
    CI205 Info
        "the `serverName` is not one of the route's hosts"
        "It works when httpd's certificate has that name. Apache chooses its virtual host by the Host header, and answers 421 if the two differ too much."
        "Use the host that browsers ask for."
    CI206 Warning
        "a ServersTransport verifies TLS, and the route speaks plain http to the Service"
        "httpd answers 400 to http on its TLS port, or passwords cross the network in clear text."
        "Set `scheme: https`."
    CI207 Error
        "the scheme of a Service is not one of `http`, `https`, `h2c`"
        "Traefik drops the route and answers 404."
        "Set `scheme: https`."
    CI208 Error
        "a reference names its provider"
        "With `@kubernetescrd` Traefik refuses it unless `allowCrossNamespace` is set, and the name changes with `safeNaming`: 404 or 500."
        "Give the plain name of an object in the same namespace."
    CI209 Error
        "a route refers to another namespace"
        "Unless the provider's `allowCrossNamespace` is set, Traefik drops the route and answers 404."
        "Put both into one namespace, or set `providers.kubernetesCRD.allowCrossNamespace: true` and include those values in the input."
    CI210 Warning
        "a route speaks https to a Service and names no ServersTransport"
        "Traefik verifies with the system's roots and against the pod's address, and answers 500 to every request, unless its static options say otherwise."
        "Name a ServersTransport with the CA and the host."
    CI211 Error
        "a matcher has several arguments"
        "Traefik 3 refuses the rule and answers 404."
        "Write `Host(`a`) || Host(`b`)`, which Traefik 2 accepts too."
    CI212 Error
        "the host of a rule is not in ASCII"
        "Traefik drops the route and answers 404."
        "Write the host in its ASCII form (`xn--…`)."
    CI213 Error
        "the host of a rule has a wildcard"
        "Before Traefik 3.7 the rule is refused or matches nothing: 404."
        "Write one `Host` for each name, or use `HostRegexp`."
    CI214 Error
        "a rule cannot be read"
        "Traefik drops the route and answers 404."
        "Write matchers such as `Host(`a.example.org`)`, joined by `&&` and `||`, with backticks around names."
    CI215 Info
        "a route names no entry points"
        "It is served on all default entry points, including those added later."
        "Set `entryPoints: [websecure]`."
    CI216 Warning
        "a host is also served without TLS"
        "Anyone who follows an http link sends passwords in clear text; nothing redirects to https."
        "Redirect on the entry point, or remove the route on `web`."
    CI217 Error
        "two routes have the same rule"
        "Traefik uses one of the two, and all requests for the other's host go there."
        "Give each instance a host of its own."
    CI218 Error
        "the Service does not have the port"
        "Traefik drops the route and answers 404: `service port not found`."
        "Use a port number or name of the Service."
    CI219 Error
        "a TCP route names a host without TLS"
        "Without TLS there is no server name to compare: Traefik drops the route, and the connection is closed."
        "Add `tls: {passthrough: true}`, or match `HostSNI(`*`)`."
    CI220 Error
        "a TCP route uses an http matcher"
        "Traefik drops the route: a TLS stream that is passed through shows its server name and nothing else."
        "Match with `HostSNI`, or terminate TLS with an IngressRoute."
    CI221 Error
        "the Service is of type ExternalName"
        "Unless `allowExternalNameServices` is set, Traefik drops the route and answers 404."
        "Use a Service with endpoints, or set `providers.kubernetesCRD.allowExternalNameServices: true`."
    CI222 Error
        "two objects have the same name to Traefik"
        "Traefik joins namespace and name with `-`: one of the two replaces the other, including its CA."
        "Rename one of the two, or set `safeNaming` (Traefik 3.7.11 and later)."
    CI223 Error
        "an object uses a ServersTransport for the other protocol"
        "Traefik does not find it: http routes take kind ServersTransport, TCP routes kind ServersTransportTCP."
        "Change the kind of one of the two."
    CI224 Error
        "no route answers for a host that was asked for"
        "Traefik answers 404."
        "Add a route with `Host(`…`)`, or check the spelling of `--host`."

    CI225 Error
        "TLS is passed through to a plain http port"
        "httpd reads the browser's handshake as http: no connection succeeds."
        "Pass it through to the port of httpd that speaks TLS, 443."
    CI226 Warning
        "a route that passes TLS through names a certificate"
        "Traefik does not present it: browsers see httpd's own, perhaps from a private CA."
        "Let httpd serve a certificate that browsers trust, or terminate TLS with an IngressRoute."
    CI227 Warning
        "a host is passed through and terminated on one entry point"
        "The route that terminates TLS wins (seen with Traefik 3.0.4 and 3.7.15; since 2.9 an http route with a host comes first): httpd's own TLS is never reached."
        "Remove one of the two routes."
    CI228 Error
        "a TCP route names an http middleware"
        "Traefik logs `middleware … does not exist` and drops the route: the host answers 404, with Traefik's own certificate (seen with 3.0.4 and 3.7.15)."
        "What is passed through cannot be changed: use a MiddlewareTCP, or terminate TLS with an IngressRoute."
    CI229 Error
        "TLS is spoken inside TLS"
        "httpd finds a second handshake inside the first, and browsers report `wrong version number` (seen with Traefik 3.0.4 and 3.7.15)."
        "Remove `tls` of the Service; where TLS is passed through, the browser speaks it with httpd."
    CI230 Warning
        "the TLS settings of a ServersTransportTCP are not used"
        "Traefik speaks plain TCP to a Service without `tls: true` (`pkg/tcp/dialer.go`): httpd answers 400 on its TLS port, or everything crosses the network in clear text."
        "Set `tls: true` on the Service; where TLS is passed through, remove `tls` of the ServersTransportTCP."
    CI231 Info
        "all names are passed through to one httpd"
        "Anyone who asks for a misspelt host gets its certificate. An http route without a host, or with HostRegexp, takes all of this traffic away."
        "Name the hosts: `HostSNI(`a.example.org`)`."
    CI232 Warning
        "browsers see a private CA behind a route that passes TLS through"
        "They warn with `ERR_CERT_AUTHORITY_INVALID`: the certificate of the TLSStore is not used for this host."
        "Let httpd serve a certificate from a public CA, or terminate TLS with an IngressRoute."
    CI233 Info
        "several httpds behind passed-through hosts serve certificates for the same names"
        "A browser may send requests for one over an HTTP/2 connection to the other (RFC 9113 section 9.1.1), which answers 421 or with the wrong site. An Apache with the prefork MPM does not speak HTTP/2."
        "Give each httpd a certificate for its own hosts, or have it leave out `h2`."
    CI234 Info
        "`proxyProtocol` of a Service of a TCP route is deprecated"
        "Traefik warns every time it loads its configuration, from 3.5.2 on."
        "Set `proxyProtocol` of a ServersTransportTCP, and name it as `serversTransport`."
    CI235 Error
        "a Service has `proxyProtocol` and its ServersTransportTCP does not"
        "From Traefik 3.5.2 on no PROXY header is sent; an httpd that requires one resets every connection (seen with 3.7.15; 3.0.4 sent one)."
        "Set `proxyProtocol` of the ServersTransportTCP."
    CI236 Error
        "routes of two namespaces answer for one host"
        "Traefik takes the longer rule: all requests for the host go to one of the two."
        "Give each instance hosts of its own."
    CI237 Warning
        "a regular expression rule is longer than that of a host it matches"
        "Traefik tries the longest rule first: requests for the host never reach its own httpd (seen with 3.0.4 and 3.7.15)."
        "Give the regular expression rule `priority: 1`."
    CI238 Error
        "an annotation with Traefik's prefix is unknown to Traefik"
        "It logs `Failed to parse annotations` and ignores the whole Ingress or Service: 404."
        "Use an option from `pkg/provider/kubernetes/ingress/annotations.go`, such as `router.entrypoints` or `service.serverstransport`."
    CI239 Warning
        "a Traefik annotation is set where it is not read"
        "Nothing happens, and nothing reports it."
        "Put `router.…` on the Ingress and `service.…` on the Service; an IngressRoute has fields instead."
    CI240 Error
        "an annotation names an object without its provider or namespace"
        "Traefik looks among the objects of the Ingress provider, and logs `servers transport not found …@kubernetes` or `middleware … does not exist`: 404 (seen with 3.0.4 and 3.7.15)."
        "Write `NAMESPACE-NAME@kubernetescrd`."

    CI301 Error as "old-api-group"
        "the API group is not served by this Traefik"
        "The API server refuses the object; where old definitions are still installed, Traefik never looks at it."
        "Use `traefik.io/v1alpha1` from Traefik 2.10 on, `traefik.containo.us/v1alpha1` before."
    CI302 Error as "root-cas"
        "this Traefik does not have `rootCAs`"
        "The API server refuses the ServersTransport; GitOps tools may drop the field silently, and every request is answered with 500."
        "Use `rootCAsSecrets` before Traefik 3.4.1."
    CI303 Warning as "root-cas-secrets"
        "`rootCAsSecrets` is deprecated"
        "Traefik warns every time it loads its configuration."
        "Use `rootCAs: [{secret: NAME}]` from Traefik 3.4.1 on."
    CI304 Error as "min-version-below-max-version"
        "this Traefik does not have a field of the ServersTransport"
        "The API server refuses the object; GitOps tools may drop the field silently."
        "Remove the field, or use a Traefik that has it."
    CI305 Error as "min-version-alone"
        "`minVersion` without a higher `maxVersion`"
        "Traefik 3.7 drops all TLS settings of the ServersTransport, the CA and the server name among them, and answers 500 to every request."
        "Remove `minVersion`, or set both: `VersionTLS12` and `VersionTLS13`."
    CI306 Error
        "a timeout is not a duration that Traefik accepts"
        "From 3.4 on the API server refuses the object; before that, Traefik logs an error and uses the default."
        "Write whole numbers with units, such as `60s`."
    CI307 Error
        "this Traefik does not have a middleware"
        "The API server refuses the object, or Traefik does not load it and answers 404."
        "Use `ipAllowList` from Traefik 2.11 on, `ipWhiteList` before."
    CI308 Warning
        "`ipWhiteList` is deprecated"
        "Traefik 3 warns every time it loads its configuration."
        "Use `ipAllowList`."
    CI309 Warning
        "the API group `traefik.containo.us` ends with Traefik 2"
        "Traefik 3 does not serve the object. While both groups exist, an object of the same name in `traefik.io` wins."
        "Use `traefik.io/v1alpha1`, which Traefik 2.10 and later serve."
    CI310 Warning
        "Traefik 3 no longer has this option of the headers middleware"
        "The definition still accepts it, but it does nothing."
        "Use the `redirectScheme` middleware or `permissionsPolicy`."
    CI311 Error
        "a field is misspelt"
        "kubectl refuses the object: `strict decoding error: unknown field`; tools that do not check drop the field."
        "Use the name that is suggested."
    CI312 Error
        "a route has no `kind`"
        "Before Traefik 3.3 the API server refuses the IngressRoute."
        "Set `kind: Rule`."
    CI313 Error
        "this Traefik does not have ServersTransportTCP, or its `proxyProtocol`"
        "The API server refuses the object; GitOps tools may drop the field silently."
        "Before Traefik 3.5.2, set `proxyProtocol` of the Service in the IngressRouteTCP."
    CI314 Error
        "a field is unknown to Traefik"
        "kubectl refuses the object: `strict decoding error: unknown field`; tools that do not check drop the field."
        "Remove it, or move it to where it belongs."
    CI315 Error
        "a value does not have the type that its definition requires"
        "The API server refuses the object: `Invalid value: … must be of type …`."
        "Write a value of the type; a string that looks like something else goes in quotes."
    CI316 Error
        "a value is not one of those that its definition lists"
        "The API server refuses the object: `Unsupported value: … supported values: …`."
        "Write one of the values that the message names."
    CI317 Error
        "a field that its definition requires is missing"
        "The API server refuses the object: `Required value`."
        "Add the field."
    CI318 Error
        "an API group does not have the kind, or not in this version"
        "kubectl refuses the manifest: `no matches for kind … in version …`."
        "Write the kind as the group has it."

    CI401 Error as "two-default-stores-without-certificates"
        "there are several TLSStores named `default`"
        "Traefik drops them all, and browsers see its own certificate."
        "Keep one in the whole cluster; any namespace that Traefik watches will do."
    CI402 Error
        "there are several TLSOptions named `default`"
        "Traefik drops them all and uses its built-in options."
        "Keep one in the whole cluster, and name the others in the routes that need them."
    CI403 Warning
        "a TLSStore is not named `default`"
        "Traefik uses no other."
        "Name it `default`."
    CI404 Error
        "a certificate's Secret is in another namespace"
        "Traefik looks in the object's own namespace only; before 3.7 one missing Secret drops the whole TLSStore, and browsers see Traefik's own certificate."
        "Put both into the same namespace."
    CI405 Error
        "a certificate's Secret lacks `tls.crt` or `tls.key`"
        "Traefik does not load it; before 3.7 that drops the whole TLSStore. Browsers see Traefik's own certificate."
        "Give it both keys, neither of them empty: `civi-ingress wildcard-secret`."
    CI406 Warning
        "`sniStrict` does not count the default certificate"
        "Connections for names that only the default certificate covers are refused."
        "List the Secret under `certificates` of the TLSStore too."
    CI407 Warning
        "two Secrets have certificates for the same names"
        "Traefik serves one of them, the first by namespace and name, even if the other has been renewed."
        "Keep one, and refer to it."
    CI408 Error
        "the certificate that browsers see does not cover a host"
        "Browsers warn: `ERR_CERT_COMMON_NAME_INVALID`, `SSL_ERROR_BAD_CERT_DOMAIN`."
        "Issue one that covers it; a wildcard covers exactly one label."
    CI409 Warning
        "a TLSOption asks for client certificates but does not say how strictly"
        "Where the CA cannot be loaded, nobody is asked for a certificate: the door is open."
        "Set `clientAuthType: RequireAndVerifyClientCert`."
    CI410 Warning
        "a TLSOption sets no `minVersion`"
        "Before Traefik 2.11 it accepts TLS 1.0."
        "Set `minVersion: VersionTLS12`."

    CI501 Error
        "the chart refuses a key of the values"
        "`helm install` and `helm upgrade` fail: the values do not meet the chart's schema, or a template calls `fail`."
        "Use the key of this chart, or render the file with `civi-ingress traefik-values`."
    CI502 Warning
        "the chart ignores a key of the values"
        "Nothing happens, and nothing reports it."
        "Use the key of this chart, or render the file with `civi-ingress traefik-values`."
    CI503 Error
        "a DaemonSet on the nodes' network keeps all its pods during an update"
        "The chart fails: `maxUnavailable should be greater than 0 when using hostNetwork.`"
        "Set `updateStrategy.rollingUpdate` to `maxUnavailable: 1` and `maxSurge: 0`."
    CI504 Error
        "a DaemonSet has both `maxUnavailable` and `maxSurge`"
        "Kubernetes refuses it: `may not be set when maxUnavailable is non-zero`. The chart's default for `maxSurge` is 1."
        "Set `maxSurge: 0`."
    CI505 Warning
        "a pod that uses ports of its node is to start alongside the old one"
        "The new pod stays Pending forever: the port is taken."
        "Set `updateStrategy.rollingUpdate` to `maxUnavailable: 1` and `maxSurge: 0`."
    CI506 Error
        "a port below 1024 on the node's network, and Traefik is not root"
        "Traefik does not start: `bind: permission denied`. Kubernetes has no ambient capabilities."
        "Leave `hostNetwork` and use `hostPort: 80` and `hostPort: 443`, or run as root with NET_BIND_SERVICE."
    CI507 Error
        "on the nodes' network `hostPort` must be the port itself"
        "The chart's template fails."
        "Remove `hostPort`."
    CI508 Warning
        "a proxy is trusted on one of `web` and `websecure` only"
        "On the other port every client has the proxy's address, and nothing reports it."
        "Set the same `trustedIPs` on both."
    CI509 Error
        "everyone is trusted as a proxy"
        "Any client can claim any address: access lists, limits and logs are worthless."
        "Name the ranges of the load balancers in `trustedIPs`."
    CI510 Error
        "`proxyProtocol` has no `trustedIPs`"
        "Traefik trusts no peer: every client has the load balancer's address, and nothing reports it."
        "Name the ranges of the load balancers in `trustedIPs`."
    CI511 Error
        "Traefik does not watch the namespace of a route"
        "It is not served: 404."
        "Add the namespace to `providers.kubernetesCRD.namespaces`, or leave the list out to watch all."
    CI512 Error
        "a value of the Civiparoisse chart cannot be used"
        "The chart writes it into its objects as it is: the API server, Traefik or httpd refuses them, or a misspelt key does nothing. `civi-ingress new-instance -f` refuses it too."
        "Write a value that the key accepts; docs/values.md lists the keys."

    CI601 Error
        "a certificate has expired"
        "Clients refuse it; between Traefik and httpd every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance … --reuse` renews what is due."
    CI602 Error
        "a certificate is not valid yet"
        "Clients refuse it until then; between Traefik and httpd every request is answered with 500."
        "Wait, check the clock, or issue a new one."
    CI603 Warning
        "a certificate expires soon"
        "Then clients refuse it; between Traefik and httpd every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance … --reuse` renews what is due."
    CI604 Error
        "a key is too weak"
        "Browsers and Go refuse RSA keys below 2048 bits and unknown curves."
        "Make a new key: ECDSA on P-256 or RSA with 2048 bits."
    CI605 Error
        "a certificate is signed with SHA-1 or MD5"
        "Browsers and Go refuse it."
        "Issue a new one."
    CI606 Error
        "a certificate's private key is published on the internet"
        "Anyone can impersonate the server, or sign in the CA's name."
        "Make new keys, and remove the old CA wherever it is trusted."
    CI607 Error
        "a certificate has a name that its CA may not sign"
        "Clients refuse it because of the CA's name constraints; between Traefik and httpd every request is answered with 500."
        "Make another CA for the name; `civi-ingress inspect` shows what a CA permits."
    CI608 Warning
        "a common name has more than 64 characters"
        "RFC 5280 allows 64: OpenSSL cannot make such a certificate, and cert-manager and linters refuse it."
        "Leave the common name out; clients read the subject alternative names."
    CI609 Error
        "a wildcard is directly under a top-level domain"
        "Chromium, Firefox, OpenSSL and GnuTLS refuse it."
        "Use a domain of two labels."
    CI610 Error
        "a private key does not belong to its certificate"
        "httpd does not start, and Traefik does not load the pair."
        "Put the matching pair back together, or reissue it."
    CI611 Warning
        "a server's certificate is a CA"
        "Firefox, Java and others refuse it as a server certificate; anyone who gets the key can sign for any name."
        "Sign a leaf with it: `civi-ingress cert --ca-cert … --ca-key …`."
    CI612 Error
        "a server's certificate is not for servers"
        "Clients refuse it because of its extended key usage: `x509: certificate specifies an incompatible key usage`."
        "Request extended key usage serverAuth."
    CI613 Error
        "an asterisk is not the whole first label of a name"
        "Clients do not match it (RFC 6125 section 6.4.3)."
        "Use `*.` before a domain."
    CI614 Warning
        "a certificate for browsers is valid for more than 825 days"
        "Apple's clients refuse it, even under a CA that a user added (support.apple.com/103769)."
        "Issue it for a shorter time."
    CI615 Error
        "a certificate cannot be read"
        "Traefik and httpd cannot read it either."
        "Replace the PEM text."
    CI616 Error
        "a certificate is not signed by the CA next to it"
        "Clients that trust that CA refuse the certificate."
        "Reissue both together; if one key was lost, do not fill it in from another CA."
    CI617 Warning
        "a certificate has no subject alternative name"
        "Go, Java, Python and browsers refuse it; clients that verify only the CA accept it."
        "Issue one with subject alternative names."
    CI618 Warning
        "a name has an underscore or ends with a dot"
        "Java and Python refuse an underscore; only Chromium and Node.js accept a trailing dot."
        "Issue the certificate for names of letters, digits and hyphens."
    CI619 Warning
        "a server's certificate is self-signed and not a CA"
        "Chromium, GnuTLS and NSS refuse it even if it is trusted."
        "Make a CA, and sign a leaf with it: `civi-ingress cert`."
    CI620 Warning
        "the certificates of a chain are out of order"
        "TLS 1.2 clients may refuse it (RFC 5246 section 7.4.2), and a certificate that signed none of the others is sent for nothing."
        "Put the leaf first, and after each certificate the one that signed it."
    CI621 Warning
        "two certificates of one issuer have the same serial number"
        "Firefox and other users of NSS refuse the second: `SEC_ERROR_REUSED_ISSUER_AND_SERIAL`."
        "Reissue one of the two; two CAs need different names."
    CI622 Warning
        "a name constraint begins with a dot"
        "RFC 5280 section 4.2.1.10 has no such form for names: Python's cryptography and linters call the CA malformed."
        "Name the domain without the dot; names below it are included."
    CI623 Warning
        "a leaf outlives the CA that signed it"
        "Once the CA has ended, no client trusts the leaf, whatever end date the leaf has."
        "Renew both by the end of the CA; `civi-ingress` makes no leaf that outlives its CA."
    CI624 Error
        "a certificate has a form that Go refuses"
        "Traefik does not accept it: it trusts nothing that such a CA signed, and every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance`, or `civi-ingress ca` for a CA alone."
    CI625 Error
        "the extended key usage of a CA leaves out servers"
        "Go, OpenSSL and Python refuse all servers' certificates below it; between Traefik and httpd every request is answered with 500."
        "A CA needs no extended key usage; one that has it needs serverAuth."
    CI626 Warning
        "a certificate lacks what strict clients require"
        "Traefik and browsers accept it; Python since 3.13 and OpenSSL with strict checks refuse it, and whatever such a CA signed."
        "Issue a new one: `civi-ingress new-instance`, or `civi-ingress ca` for a CA alone."

    CI701 Error
        "a NetworkPolicy selects Traefik's pods, and they are on the nodes' network"
        "Their connections come from the nodes' addresses: none gets through, and Traefik answers 504."
        "Allow the nodes' ranges with `ipBlock`: `civi-ingress new-instance --network-policy --traefik-host-network`."
    CI702 Warning
        "an HTTP probe on a port that requires the PROXY protocol"
        "httpd resets connections without the header: the pod never becomes ready."
        "Use `tcpSocket` or `exec`, or exempt the node with `RemoteIPProxyProtocolExceptions`."
    CI703 Warning
        "`externalTrafficPolicy: Local` without a health monitor"
        "Octavia sends connections to nodes without a pod, where they time out."
        "Set `loadbalancer.openstack.org/enable-health-monitor: \"true\"`."
    CI704 Error
        "a load balancer is to send both the PROXY protocol and X-Forwarded-For"
        "The OpenStack cloud controller refuses the Service and creates no load balancer."
        "Keep one of the two annotations."
    CI705 Error
        "OVHcloud does not have this option of Octavia"
        "It is ignored or refused: no client addresses, or no TLS at the load balancer."
        "Use the PROXY protocol, and terminate TLS in Traefik."
    CI706 Error
        "the backlog of httpd is below 1"
        "httpd does not start: `ListenBacklog must be > 0`."
        "Set it to 1 or more."
    CI707 Warning
        "external-dns has no target for an IngressRoute"
        "An IngressRoute has no status to take an address from: no record is made."
        "Add the annotation `external-dns.alpha.kubernetes.io/target` (`external-dns.kubernetes.io/target` from external-dns 0.22 on)."
    CI708 Error
        "a wildcard certificate is requested through HTTP-01"
        "ACME proves wildcards through DNS-01 only: the Certificate never becomes ready."
        "Use a dns01 solver, or list the hosts."
    CI709 Error
        "the load balancer sends the PROXY protocol, and Traefik does not expect it"
        "Traefik reads the header as TLS: no connection succeeds."
        "Set `ports.web.proxyProtocol.trustedIPs`, and the same for `websecure`."
    CI710 Info
        "idle connections to httpd are kept longer than httpd keeps them"
        "Now and then a request hits a connection that httpd has just closed: 502 for a POST. Apache's KeepAliveTimeout is 5 s."
        "Set `idleConnTimeout` below it, for example `1s`."
    CI711 Info
        "a ServersTransport sets no `maxIdleConnsPerHost`"
        "It inherits nothing from Traefik's static options: two idle connections are kept, not 200."
        "Set it."
    CI712 Error
        "httpd requires the PROXY protocol, and the route does not send it"
        "Apache resets every connection (seen with 2.4.71); an IngressRoute gets 502, because http cannot carry the header."
        "Use an IngressRouteTCP with a ServersTransportTCP that has `proxyProtocol`, or remove `RemoteIPProxyProtocol` and take the address from X-Forwarded-For."
    CI713 Warning
        "the route sends the PROXY protocol, and httpd does not expect it"
        "Apache reads the header as a malformed request: 400, or no connection at all on its TLS port (seen with 2.4.71)."
        "Set `RemoteIPProxyProtocol On` in the virtual host, or remove `proxyProtocol`."
    CI714 Error
        "Apache accepts the client's address from everyone"
        "Any client can claim any address: access lists, limits and logs are worthless (seen with 2.4.71, even without any `RemoteIPInternalProxy`)."
        "Name the ranges of Traefik's pods: `RemoteIPInternalProxy 10.244.0.0/16`."
    CI715 Error
        "Drupal treats the peer as a trusted proxy, and Apache puts the client in its place"
        "Every client is then a trusted proxy: any of them can forge its address, host and scheme by X-Forwarded headers."
        "List Traefik's ranges in `reverse_proxy_addresses`, or set `reverse_proxy` to FALSE."
    CI716 Error
        "a directive is where Apache does not allow it"
        "httpd does not start: `ListenBacklog cannot occur within <VirtualHost> section`, `SSLRequireSSL not allowed in <VirtualHost> context`."
        "Put ListenBacklog outside all sections, RemoteIPProxyProtocol there or in a VirtualHost, and SSLRequireSSL in a Directory or Location."
    CI717 Info
        "a virtual host is for IPv4 only"
        "In a cluster with IPv6 httpd answers there with another virtual host, or not at all."
        "Write `<VirtualHost *:443>`."
    CI718 Error
        "the load balancer speaks plain http to Traefik's port for TLS"
        "The OpenStack cloud controller makes a plain http pool for this annotation; Traefik answers 404 to http on a TLS entry point."
        "Send port 443 to the entry point `web` (`targetPort: web`), or keep TLS to Traefik and use the PROXY protocol."
    CI719 Info
        "not every cloud controller accepts a PROXY protocol version"
        "Before release 1.31 the OpenStack cloud controller reads `v1` and `v2` as no, with a line in its log: every client has the load balancer's address."
        "Write `\"true\"`, which is version 1 in every release."
    CI720 Error
        "the cloud controller does not accept the value of `proxy-protocol`"
        "It reads anything but `true`, `v1` and `v2` as no, silently: every client has the load balancer's address."
        "Write `\"true\"`, `v1` or `v2`."
    CI721 Error
        "`lb-provider=ovn` load balancers do not have this option"
        "It is ignored or refused: no client addresses, no timeouts, no TLS at the load balancer."
        "Use provider `amphora`, or remove the annotation."
    CI722 Error
        "HTTP-01 is requested, and port 80 is closed"
        "ACME connects to port 80 (RFC 8555 section 8.3): the Certificate never becomes ready."
        "Open port 80 up to Traefik, where a redirect to https may stay, or use a dns01 solver."
    CI723 Warning
        "a network policy blocks the answers to HTTP-01"
        "cert-manager's solver pods run in the Certificate's namespace: Traefik does not reach them, and the Certificate never becomes ready."
        "Allow Traefik to reach port 8089 of the pods with label `acme.cert-manager.io/http01-solver: \"true\"`."
    CI724 Warning
        "a network policy keeps Traefik from httpd"
        "Traefik answers 504, unless another policy lets it in."
        "Add a policy for Traefik: `civi-ingress new-instance --network-policy`."
    CI725 Warning
        "a network policy keeps a CronJob from the database"
        "The job times out on every run: the policy selects labels that its pods do not have."
        "Allow all pods of the namespace, `podSelector: {}`, or give the job's pods the label."

    CI801 Error
        "a Gateway API object has a version that nothing reads"
        "The API server refuses the object, or its reader looks at another version: no route is made."
        "Use `gateway.networking.k8s.io/v1`; Traefik 3.2 to 3.5 read BackendTLSPolicy v1alpha3, and Traefik before 3.7 reads TLSRoute v1alpha2."
    CI802 Error
        "a BackendTLSPolicy names a port that its Service does not have"
        "The policy is ignored: Traefik trusts the system's roots and answers 500, Istio speaks plain http and httpd answers 400."
        "Leave `sectionName` out (the port of httpd has no name), or write the name of a port."
    CI803 Error
        "a BackendTLSPolicy targets a Service of another namespace"
        "A policy applies to its own namespace only, and is ignored: 500 or 400 for every request."
        "Put the policy into the namespace of the Service."
    CI804 Error
        "a BackendTLSPolicy does not say what to verify"
        "The API server refuses it: `hostname` and one of `caCertificateRefs` and `wellKnownCACertificates` are required."
        "Set `validation.hostname` to a name in httpd's certificate, and name the CA in `caCertificateRefs`."
    CI805 Error
        "the CA of a BackendTLSPolicy cannot be read"
        "Its reader has no CA for httpd and answers 500 to every request."
        "Name a ConfigMap in the policy's own namespace that has the CA as PEM under `ca.crt`."
    CI806 Error
        "httpd's certificate is not signed by a CA that the gateway trusts"
        "No connection to httpd succeeds: Traefik answers 500 to every request, Istio 503."
        "Name the CA that signed httpd's certificate."
    CI807 Error
        "httpd's certificate does not cover the name that the gateway verifies"
        "No connection to httpd succeeds: Traefik answers 500 to every request, Istio 503."
        "Use a subject alternative name of the certificate, or issue one for this name."
    CI808 Warning
        "Traefik does not read `subjectAltNames` of a BackendTLSPolicy"
        "Up to 3.7 the certificate must cover `hostname`, whatever else is listed."
        "Remove `subjectAltNames`, and set `hostname` to a name in httpd's certificate."
    CI809 Error
        "two BackendTLSPolicies apply to the same port of a Service"
        "The older one applies, and the other is refused as `Conflicted`; a rebuilt cluster may decide the other way."
        "Keep one of the two."
    CI810 Warning
        "a route leads to a port that speaks TLS, and no BackendTLSPolicy applies to it"
        "Traefik verifies with the system's roots and against the pod's address, and answers 500; Istio speaks plain http, and httpd answers 400."
        "Add a BackendTLSPolicy for the Service."
    CI811 Error
        "Traefik does not read `spec.tls` of a Gateway"
        "No client certificate is presented to httpd, and none is requested from browsers."
        "Use an IngressRoute with a ServersTransport (`certificatesSecrets`) and a TLSOption (`clientAuth`)."
    CI812 Warning
        "Traefik does not read a field of a route"
        "It has no effect: the limits of Traefik's static options apply."
        "Use an IngressRoute with a ServersTransport where this matters, or set it in Traefik's static options."
    CI813 Error
        "a route has another protocol than its listener"
        "It does not attach (`NotAllowedByListeners`), and the host is not served. TLS that is passed through has no path or header to look at."
        "Attach HTTPRoutes to HTTP and HTTPS listeners, and TLSRoutes to TLS listeners."
    CI814 Error
        "the TLS settings of a listener contradict its protocol or its mode"
        "The API server refuses the Gateway, or the listener is not served."
        "HTTP has no `tls`; HTTPS has mode `Terminate` and `certificateRefs`; TLS with mode `Passthrough` has no certificate."
    CI816 Error
        "a reference points to another namespace, and no ReferenceGrant permits it"
        "It is refused as `RefNotPermitted`: the listener is not served, or the route answers 500."
        "Put both into one namespace, or add a ReferenceGrant to the target's namespace."
    CI817 Error
        "a route names a Gateway or listener that does not exist"
        "It does not attach (`NoMatchingParent`), and the host is not served."
        "Give the namespace and name of the Gateway; use the name and port of a listener, or leave `sectionName` and `port` out."
    CI818 Error
        "a listener accepts no routes from this namespace"
        "The route does not attach (`NotAllowedByListeners`), and the host is not served. Without `allowedRoutes` a listener accepts its own namespace only."
        "Set `allowedRoutes.namespaces` of the listener to `from: All` or to a selector."
    CI819 Error
        "none of a route's hosts matches its listener"
        "It does not attach (`NoMatchingListenerHostname`), and the host is not served."
        "Correct the host of one or the other."
    CI820 Error
        "a listener's certificate cannot be read"
        "The listener is not served (`InvalidCertificateRef`), nor any route on it."
        "Name a Secret with `tls.crt` and `tls.key`, neither of them empty."
    CI821 Error
        "a listener's certificate does not cover a host"
        "Browsers warn: `ERR_CERT_COMMON_NAME_INVALID`, `SSL_ERROR_BAD_CERT_DOMAIN`."
        "Issue one that covers it; a wildcard covers exactly one label."
    CI822 Error
        "two listeners of a Gateway conflict"
        "The API server refuses the Gateway, or neither of the two is served (`Conflicted`)."
        "Give each its own name, and each port, protocol and host once; plain http and TLS need ports of their own."
    CI823 Error
        "two namespaces have a route for the same host and path"
        "One of the two gets all requests, and the other instance's users see the wrong site."
        "Give each instance a host of its own."
    CI824 Error
        "a backend's Service does not have the port"
        "Requests are answered with 500 by Traefik and with 503 by Istio."
        "Use a port number of the Service."
    CI825 Error
        "no entry point of Traefik has the port of a listener"
        "The listener is not served: `Cannot find entryPoint for Gateway`. The chart's entry points listen on 8000 and 8443; the Service maps 80 and 443 to them."
        "Use the port of an entry point, not that of the Service."

    CI851 Error
        "a server of an Istio Gateway lacks what its protocol or TLS mode needs"
        "Istio's webhook refuses the Gateway; without the webhook the listener is not made."
        "Give it `tls.mode: SIMPLE` and one `credentialName`; an HTTP server has nothing but `httpsRedirect`."
    CI852 Error
        "a server of an Istio Gateway names a certificate but passes TLS through"
        "The certificate is ignored: browsers see httpd's own, or nothing. Without `mode` TLS is passed through."
        "Set `mode: SIMPLE`, or remove the certificate."
    CI853 Warning
        "`httpsRedirect` on a server that is not plain http"
        "Nothing is redirected."
        "Set it on the server of port 80."
    CI854 Error
        "an Istio Gateway's Secret is not in the namespace of its pods"
        "Istio reads Secrets only in the namespace of the ingress pods, not in that of the Gateway: connections to the host are closed."
        "Put the Secret, or the Certificate that makes it, into the namespace of the pods that `selector` names, such as istio-system."
    CI855 Error
        "a Secret that Istio reads has none of the keys that it expects"
        "The certificate is not loaded, and connections are closed."
        "Use `tls.crt` and `tls.key`, and `ca.crt` for a CA (or `cert`, `key` and `cacert`)."
    CI857 Error
        "two servers of Istio Gateways conflict"
        "Istio skips one of the two, whichever it reads later, and does not serve what is bound to it."
        "Give each port and host one server, and each server of a Gateway its own port name."
    CI858 Error
        "a VirtualService is not served by its Gateway"
        "Requests for the host are answered with 404, or the connection is closed."
        "List the host in a server of the Gateway, and the Gateway in `gateways`."
    CI859 Error
        "a VirtualService names a Gateway in a namespace where it is not"
        "Istio looks there only (a name alone means the VirtualService's own namespace), and the host is not served."
        "Write `NAMESPACE/NAME`."
    CI860 Error
        "a VirtualService has routes for another protocol than its Gateway's server"
        "They are not used: a server that passes TLS through takes `tls` routes with `sniHosts`, one that terminates it `http` routes."
        "Change the kind of the routes, or the TLS mode of the server."
    CI862 Error
        "a destination is not a Service name as Istio reads it"
        "Istio answers 503: a name without dots means the VirtualService's own namespace, every other must be a full name."
        "Write `NAME.NAMESPACE.svc.cluster.local`."
    CI863 Warning
        "plain http is spoken to a TLS port"
        "httpd answers 400: `You're speaking plain HTTP to an SSL-enabled server port`."
        "Add a DestinationRule with `tls.mode: SIMPLE` and the CA for the Service."
    CI864 Warning
        "a DestinationRule originates TLS and names no CA"
        "From Istio 1.21 on the system's roots are trusted, and a private CA leads to 503; before that, whoever answers is trusted."
        "Name the Secret with the CA in `credentialName`."
    CI865 Warning
        "a DestinationRule turns verification off"
        "Whoever answers at the pod's address is trusted, and gets the users' sessions and passwords."
        "Remove `insecureSkipVerify`, and name the CA in `credentialName`."
    CI866 Info
        "a DestinationRule with `sni` verifies no name"
        "Istio verifies the name on its own only without `sni`: with it, any certificate from the CA is trusted."
        "List the name in `subjectAltNames` too."
    CI867 Error
        "a DestinationRule's Secret is not in the namespace of the gateway's pods"
        "Istio reads it only there: no connection to httpd succeeds, and every request is answered with 503."
        "Put the Secret with the CA into the namespace of the ingress pods, such as istio-system."
    CI870 Error
        "the settings of a port leave out the DestinationRule's TLS"
        "A port's settings replace all others: Istio speaks plain http, and httpd answers 400."
        "Repeat `tls` in `portLevelSettings`."
    CI871 Error
        "the TLS settings of a DestinationRule contradict each other"
        "Istio's webhook refuses it; without the webhook no TLS is spoken."
        "MUTUAL needs `credentialName`, or `clientCertificate` and `privateKey`; `credentialName` and files exclude each other, as do `insecureSkipVerify` and a CA."
    CI872 Error
        "TLS is originated inside TLS that is passed through"
        "httpd sees a handshake inside a handshake: no connection succeeds."
        "Remove `tls` from the DestinationRule, or terminate TLS at the Gateway."
    CI873 Error
        "the load balancer and Istio disagree about the PROXY protocol"
        "Envoy reads the header as TLS, or waits for a header that does not come: no connection succeeds."
        "Set `gatewayTopology: {proxyProtocol: {}}` in `proxy.istio.io/config` of the ingress pods if and only if the load balancer sends the header."
    CI874 Warning
        "Istio trusts an X-Forwarded-For that the load balancer does not write"
        "A TCP load balancer passes the client's header on: any client can claim any address."
        "Remove `numTrustedProxies`; the PROXY protocol carries the address."
    CI875 Error
        "Istio does not serve the version of an object"
        "kubectl refuses the manifest: `no matches for kind`."
        "Use `networking.istio.io/v1`, or v1beta1 before Istio 1.22."

    CI881 Error
        "cert-manager does not serve the version of an object"
        "kubectl refuses the manifest: `no matches for kind`. Only v1 is served since cert-manager 1.6."
        "Use `cert-manager.io/v1`."
    CI882 Warning
        "a ClusterIssuer has a namespace"
        "It has none in the cluster; the Secrets that it names are read in the namespace of cert-manager."
        "Remove `metadata.namespace`, or use an Issuer."
    CI883 Error
        "an issuer has several settings where one is allowed"
        "cert-manager's webhook refuses it."
        "Keep one kind of issuer, one kind of challenge in each solver, and one of `ingressClassName`, `class` and `name`."
    CI884 Error
        "an `issuerRef` misses the issuer that exists"
        "The Certificate waits forever: `issuer.cert-manager.io not found`. Without `kind` it means an Issuer in its own namespace."
        "Write `kind: ClusterIssuer`, or put the Issuer into the namespace of the Certificate."
    CI885 Error
        "`duration` and `renewBefore` of a Certificate do not fit together"
        "cert-manager's webhook refuses it: a certificate is valid for at least an hour (90 days by default), and is renewed at least 5 minutes before its end."
        "Set `renewBefore` to a third of `duration`, and leave out `renewBeforePercentage`."
    CI886 Warning
        "a Certificate requests no subject alternative name"
        "Go, Java, Python and browsers refuse it; if it requests no name at all, cert-manager's webhook does."
        "List the hosts in `dnsNames`."
    CI887 Error
        "the common name of a Certificate has more than 64 characters"
        "cert-manager's webhook refuses it (RFC 5280 allows 64)."
        "Leave `commonName` out; clients read `dnsNames`."
    CI888 Error
        "the usages of a server's Certificate leave out `server auth`"
        "Clients refuse it because of its extended key usage: `x509: certificate specifies an incompatible key usage`."
        "Add `server auth` to `usages`."
    CI889 Warning
        "a server's Certificate is a CA"
        "Firefox, Java and others refuse it as a server certificate; anyone who gets the key can sign for any name."
        "Make a `ca` Issuer from it, and a Certificate from that issuer for the server."
    CI890 Warning
        "an object that a controller creates is kept as a manifest"
        "It requests a certificate again on every apply, or is refused; the controller creates its own."
        "Remove it, and keep the Certificate."
    CI891 Warning
        "HTTP-01 is requested, and nothing lets it through on port 80"
        "The authority cannot reach the solver: the Certificate never becomes ready."
        "Open port 80 for the host without a redirect of `/.well-known/acme-challenge/`, or use dns01."
    CI892 Error
        "HTTP-01 creates an Ingress, and Traefik does not read Ingresses"
        "The authority gets 404: the Certificate never becomes ready."
        "Set `providers.kubernetesIngress.enabled: true`, or use `gatewayHTTPRoute` or dns01."
    CI893 Warning
        "a certificate is self-signed"
        "Its clients must be given the new one at each renewal; until then every request fails. Browsers and several libraries refuse it."
        "Make it a CA (`isCA: true`), with a `ca` Issuer and a Certificate from that issuer."
    CI894 Warning
        "an issuer names a Secret in another namespace"
        "An Issuer reads Secrets in its own namespace only, a ClusterIssuer in that of cert-manager: it never becomes ready."
        "Put the CA's Certificate into the namespace that the issuer reads."

    CI901 Info
        "a reference points outside the input"
        "If the object is missing in the cluster too, the route is dropped or the certificate is not served."
        "Add the file to the input, or leave out `--strict-references`."
    CI902 Error as "no-ca-secret"
        "a reference is misspelt"
        "What it names is not found: the route answers 404 or 500, or the certificate is not served."
        "Use the name that is suggested."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_none_appears_twice() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(ALL.iter().all(|rule| rule.code.len() == 5));
        assert_eq!(find("ci105"), Some(&CI105));
        assert_eq!(find("CI999"), None);
    }

    #[test]
    fn every_text_is_a_sentence() {
        for rule in ALL {
            for text in [rule.consequence, rule.help] {
                assert!(text.ends_with(['.', '`', ')']), "{}: {text}", rule.code);
            }
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }
}
