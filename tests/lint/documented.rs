//! Manifests in the forms that the documentation of Gateway API, Traefik, Istio and cert-manager uses: none is
//! complained about.

use super::{codes, filled, options, report, said};
use civi_ingress::lint::Severity;

#[track_caller]
fn is_quiet(text: &str) {
    let text = filled(text);
    let report = report(&text, &options(&text));
    assert!(
        codes(&report, Severity::Warning).is_empty(),
        "{:?}\n{text}",
        said(&report)
    );
}

#[test]
fn a_gateway_with_routes_by_header_path_and_weight_is_not_complained_about() {
    is_quiet(
        "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: example}
spec: {controllerName: example.net/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: example-gateway}
spec:
  gatewayClassName: example
  listeners: [{name: http, protocol: HTTP, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: foo-route}
spec:
  parentRefs: [{name: example-gateway}]
  hostnames: [foo.example.com]
  rules:
    - matches: [{path: {type: PathPrefix, value: /login}}]
      backendRefs: [{name: foo-svc, port: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bar-route}
spec:
  parentRefs: [{name: example-gateway}]
  hostnames: [bar.example.com]
  rules:
    - matches: [{headers: [{type: Exact, name: env, value: canary}]}]
      backendRefs: [{name: bar-svc-canary, port: 8080}]
    - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: my-header, value: foo}]}}]
      backendRefs: [{name: bar-svc, port: 8080, weight: 90}, {name: bar-svc-2, port: 8080, weight: 10}]
      timeouts: {request: 10s, backendRequest: 2s}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: redirect}
spec:
  parentRefs: [{name: example-gateway, sectionName: http}]
  hostnames: [redirect.example.com]
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}]
",
    );
}

#[test]
fn routes_certificates_and_services_of_other_namespaces_are_not_complained_about_where_they_are_permitted()
 {
    is_quiet(
        "\
apiVersion: v1
kind: Namespace
metadata: {name: infra-ns, labels: {shared-gateway-access: \"true\"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: site-ns, labels: {shared-gateway-access: \"true\"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: store-ns, labels: {shared-gateway-access: \"true\"}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shared-gateway, namespace: infra-ns}
spec:
  gatewayClassName: shared-gateway-class
  listeners:
    - name: https
      hostname: foo.example.com
      protocol: HTTPS
      port: 443
      allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {shared-gateway-access: \"true\"}}}}
      tls: {certificateRefs: [{kind: Secret, group: \"\", name: foo-example-com, namespace: store-ns}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: allow-infra, namespace: store-ns}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: infra-ns}, {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: site-ns}]
  to: [{group: \"\", kind: Secret}, {group: \"\", kind: Service}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: home, namespace: site-ns}
spec:
  parentRefs: [{name: shared-gateway, namespace: infra-ns}]
  hostnames: [foo.example.com]
  rules: [{backendRefs: [{name: home, port: 8080}, {name: store, namespace: store-ns, port: 8080}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: store, namespace: store-ns}
spec:
  parentRefs: [{name: shared-gateway, namespace: infra-ns}]
  hostnames: [foo.example.com]
  rules: [{matches: [{path: {value: /store}}], backendRefs: [{name: store, port: 8080}]}]
",
    );
}

#[test]
fn listeners_that_terminate_and_listeners_that_pass_through_are_not_complained_about() {
    is_quiet(
        "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tls-basic}
spec:
  gatewayClassName: example
  listeners:
    - {name: foo-https, protocol: HTTPS, port: 443, hostname: foo.example.com, tls: {certificateRefs: [{kind: Secret, group: \"\", name: foo-cert}]}}
    - {name: wildcard-https, protocol: HTTPS, port: 443, hostname: \"*.example.com\", tls: {certificateRefs: [{name: wildcard-cert}]}}
    - {name: pass, protocol: TLS, port: 443, hostname: \"*.tls.example.com\", tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TLSRoute}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: tls-app-1}
spec:
  parentRefs: [{name: tls-basic, sectionName: pass}]
  hostnames: [abc.tls.example.com]
  rules: [{backendRefs: [{name: tls-app, port: 443}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: tls-upstream-dev}
spec:
  targetRefs: [{kind: Service, name: dev, group: \"\"}]
  validation: {wellKnownCACertificates: System, hostname: dev.example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: tls-upstream-auth}
spec:
  targetRefs: [{kind: Service, name: auth, group: \"\", sectionName: https}]
  validation:
    caCertificateRefs: [{kind: ConfigMap, name: auth-cert, group: \"\"}]
    subjectAltNames: [{type: Hostname, hostname: auth.example.com}]
    hostname: auth.example.com
",
    );
}

#[test]
fn what_traefik_documents_of_its_gateway_provider_is_not_complained_about() {
    is_quiet(
        "\
# options: traefik=3.7
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: traefik}
spec: {controllerName: traefik.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: traefik, namespace: default}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: http, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Same}}}
    - {name: https, protocol: HTTPS, port: 443, tls: {mode: Terminate, certificateRefs: [{name: secret-tls, namespace: default}]}}
    - {name: tls, protocol: TLS, port: 6443, tls: {mode: Passthrough}}
    - {name: tls-terminate, protocol: TLS, port: 7443, tls: {mode: Terminate, certificateRefs: [{name: secret-tls}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: whoami, namespace: default}
spec:
  parentRefs: [{name: traefik, sectionName: http, kind: Gateway}, {name: traefik, sectionName: https, kind: Gateway}]
  hostnames: [whoami]
  rules:
    - matches: [{path: {type: PathPrefix, value: /}}]
      filters: [{type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: strip-prefix}}]
      backendRefs: [{name: whoami, namespace: default, port: 80}]
    - backendRefs: [{group: traefik.io, kind: TraefikService, name: api@internal}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: whoami-tls, namespace: default}
spec:
  parentRefs: [{name: traefik, sectionName: tls, kind: Gateway}]
  hostnames: [whoami]
  rules: [{backendRefs: [{name: whoamitcp, namespace: default, port: 3000, weight: 1, kind: Service, group: \"\"}]}]
---
ports: {web: {port: 80}, websecure: {port: 443}, tls: {port: 6443}, more: {port: 7443}}
providers: {kubernetesGateway: {enabled: true}}
gateway: {enabled: false}
",
    );
}

#[test]
fn ingress_gateways_of_istio_simple_mutual_and_for_several_hosts_are_not_complained_about() {
    is_quiet(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: mygateway}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: [httpbin.example.com, helloworld.example.com]
      tls: {httpsRedirect: true}
    - port: {number: 443, name: https-httpbin, protocol: HTTPS}
      tls: {mode: SIMPLE, credentialName: httpbin-credential}
      hosts: [httpbin.example.com]
    - port: {number: 443, name: https-helloworld, protocol: HTTPS}
      tls: {mode: MUTUAL, credentialName: helloworld-credential, minProtocolVersion: TLSV1_2}
      hosts: [./helloworld.example.com]
---
apiVersion: v1
kind: Secret
metadata: {name: helloworld-credential, namespace: istio-system}
data: {tls.crt: \"\", tls.key: \"\", ca.crt: \"\"}
stringData: {tls.crt: \"...\", tls.key: \"...\", ca.crt: \"...\"}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: httpbin}
spec:
  hosts: [httpbin.example.com]
  gateways: [mygateway]
  http:
    - match: [{uri: {prefix: /status}}, {uri: {prefix: /delay}}]
      route: [{destination: {port: {number: 8000}, host: httpbin}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: helloworld}
spec:
  hosts: [helloworld.example.com]
  gateways: [mygateway]
  http: [{match: [{uri: {exact: /hello}}], route: [{destination: {host: helloworld, port: {number: 5000}}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: httpbin}
spec: {ports: [{name: http, port: 8000, targetPort: 80}], selector: {app: httpbin}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v1}, weight: 75}, {destination: {host: reviews, subset: v2}, weight: 25}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: ISTIO_MUTUAL}}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
",
    );
}

#[test]
fn passthrough_and_the_way_out_of_istio_are_not_complained_about() {
    is_quiet(
        "\
apiVersion: v1
kind: Service
metadata: {name: my-nginx}
spec: {ports: [{port: 443, protocol: TCP}], selector: {run: my-nginx}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: mygateway}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: PASSTHROUGH}, hosts: [nginx.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nginx}
spec:
  hosts: [nginx.example.com]
  gateways: [mygateway]
  tls:
    - match: [{port: 443, sniHosts: [nginx.example.com]}]
      route: [{destination: {host: my-nginx, port: {number: 443}}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: edition-cnn-com}
spec:
  hosts: [edition.cnn.com]
  ports: [{number: 80, name: http-port, protocol: HTTP, targetPort: 443}, {number: 443, name: https-port, protocol: HTTPS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edition-cnn-com}
spec:
  host: edition.cnn.com
  trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-egressgateway}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [edition.cnn.com], tls: {mode: PASSTHROUGH}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egressgateway-for-cnn}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets: [{name: cnn}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: direct-cnn-through-egress-gateway}
spec:
  hosts: [edition.cnn.com]
  gateways: [mesh, istio-egressgateway]
  tls:
    - match: [{gateways: [mesh], port: 443, sniHosts: [edition.cnn.com]}]
      route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: cnn, port: {number: 443}}}]
    - match: [{gateways: [istio-egressgateway], port: 443, sniHosts: [edition.cnn.com]}]
      route: [{destination: {host: edition.cnn.com, port: {number: 443}}, weight: 100}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: originate-mtls-for-nginx, namespace: istio-system}
spec:
  host: my-nginx.mesh-external.svc.cluster.local
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings: [{port: {number: 443}, tls: {mode: MUTUAL, credentialName: client-credential, sni: my-nginx.mesh-external.svc.cluster.local}}]
",
    );
}

#[test]
fn issuers_and_certificates_as_cert_manager_documents_them_are_not_complained_about() {
    is_quiet(
        "\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: selfsigned-issuer}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: my-selfsigned-ca, namespace: sandbox}
spec:
  isCA: true
  commonName: my-selfsigned-ca
  secretName: root-secret
  privateKey: {algorithm: ECDSA, size: 256}
  issuerRef: {name: selfsigned-issuer, kind: ClusterIssuer, group: cert-manager.io}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: my-ca-issuer, namespace: sandbox}
spec: {ca: {secretName: root-secret}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: example-com, namespace: sandbox}
spec:
  secretName: example-com-tls
  secretTemplate: {annotations: {my-secret-annotation-1: foo}, labels: {my-secret-label: foo}}
  privateKey: {algorithm: RSA, encoding: PKCS1, size: 2048, rotationPolicy: Always}
  duration: 2160h
  renewBefore: 360h
  isCA: false
  usages: [server auth, client auth]
  subject: {organizations: [cert-manager]}
  commonName: example.com
  dnsNames: [example.com, www.example.com]
  uris: [\"spiffe://cluster.local/ns/sandbox/sa/example\"]
  emailAddresses: [john.doe@cert-manager.io]
  ipAddresses: [192.168.0.5]
  issuerRef: {name: my-ca-issuer, kind: Issuer, group: cert-manager.io}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt-staging}
spec:
  acme:
    email: user@example.com
    server: https://acme-staging-v02.api.letsencrypt.org/directory
    privateKeySecretRef: {name: example-issuer-account-key}
    solvers:
      - http01: {ingress: {ingressClassName: nginx}}
      - selector: {dnsZones: [example.com]}
        dns01: {cloudflare: {email: user@example.com, apiTokenSecretRef: {name: cloudflare, key: api-token}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: example, annotations: {cert-manager.io/issuer: foo}}
spec:
  gatewayClassName: foo
  listeners:
    - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
    - {name: https, hostname: example.com, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}, tls: {mode: Terminate, certificateRefs: [{name: example-com-tls}]}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: letsencrypt, namespace: traefik}
spec:
  acme:
    server: https://acme-v02.api.letsencrypt.org/directory
    privateKeySecretRef: {name: letsencrypt}
    solvers: [{http01: {gatewayHTTPRoute: {parentRefs: [{name: traefik, namespace: traefik, kind: Gateway}]}}}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ingress-cert, namespace: istio-system}
spec:
  secretName: ingress-cert
  commonName: my.example.com
  dnsNames: [my.example.com]
  issuerRef: {name: letsencrypt-staging, kind: ClusterIssuer}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: bookinfo}
spec:
  selector: {istio: ingressgateway}
  servers:
    - {port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: ingress-cert}, hosts: [my.example.com]}
",
    );
}

#[test]
fn bundles_of_trust_manager_certificates_of_webhooks_and_of_clients_are_not_complained_about() {
    is_quiet(
        "\
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: {name: public-bundle}
spec: {sources: [{useDefaultCAs: true}], target: {configMap: {key: ca.crt}}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: selfsigned-issuer, namespace: system}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: serving-cert, namespace: system}
spec:
  dnsNames: [webhook-service.system.svc, webhook-service.system.svc.cluster.local]
  issuerRef: {kind: Issuer, name: selfsigned-issuer}
  secretName: webhook-server-cert
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: client, namespace: system}
spec: {commonName: reader, usages: [client auth], secretName: client, issuerRef: {kind: ClusterIssuer, name: clients}}
",
    );
}
