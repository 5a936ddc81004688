//! What must not be complained about: all that the program renders, the Civiparoisse chart on its own Traefik,
//! and manifests in the forms that Traefik documents.

use super::{codes, filled, options, report, said, source};
use crate::support::{NOW, run};
use civi_ingress::chart::ChartMajor;
use civi_ingress::lint::{Options, Severity, lint};

#[track_caller]
fn is_quiet(text: &str, options: &Options) {
    let report = report(text, options);
    assert!(
        codes(&report, Severity::Warning).is_empty(),
        "{:?}\n{text}",
        said(&report)
    );
}

#[test]
fn nothing_that_new_instance_renders_is_complained_about_by_the_release_it_is_rendered_for() {
    let further: [&[&str]; 10] = [
        &[],
        &[
            "--create-namespace",
            "--config-map",
            "--retry",
            "--hsts",
            "--client-auth",
        ],
        &["--network-policy", "--default-deny"],
        &[
            "--network-policy",
            "--traefik-host-network",
            "--traefik-cidr",
            "10.1.0.0/16",
        ],
        &["--alias", "www.a.example.org", "--ca-custody", "dropped"],
        &["--helm-release", "civi"],
        &[
            "--set",
            "httpd.serverCertSecret=own",
            "--set",
            "httpd.serverCertField=crt",
            "--set",
            "httpd.serverKeySecret=own",
        ],
        &[
            "--key-type",
            "rsa2048",
            "--set",
            "civiIngress.names.trustSecret=roots",
        ],
        &[
            "--topology",
            "passthrough",
            "--public-certificate",
            "web-tls",
            "--network-policy",
            "--default-deny",
            "--egress",
            "--egress-mail",
            "192.0.2.0/24",
        ],
        &[
            "--topology",
            "passthrough",
            "--public-certificate",
            "web-tls",
            "--proxy-protocol",
            "none",
        ],
    ];
    for release in ["2.9", "2.10", "2.11", "3.0", "3.4.0", "3.4.1", "3.7"] {
        for further in further {
            let mut arguments = vec![
                "new-instance",
                "paroisse-a",
                "--host",
                "a.example.org",
                "--traefik",
                release,
            ];
            arguments.extend(further);
            let text = run(&arguments).good();
            let mut options = Options::at(NOW);
            options.traefik = Some(release.parse().expect("a release"));
            // Traefik 2.9 knows no other group.
            is_quiet(&text, &options);
            // Nor where the release must be found out: the group of 2.9 is then a warning of its own.
            if release != "2.9" {
                is_quiet(&text, &Options::at(NOW));
            }
        }
    }
}

#[test]
fn a_wildcard_secret_with_its_tls_store_and_an_instance_is_not_complained_about() {
    let wildcard = run(&[
        "wildcard-secret",
        "--domain",
        "example.org",
        "--apex",
        "--tls-store",
    ])
    .good();
    let instance = run(&["new-instance", "paroisse-a", "--host", "a.example.org"]).good();
    let another = run(&["new-instance", "paroisse-b", "--host", "b.example.org"]).good();
    let store = run(&["tls-store", "--traefik", "2.11"]).good();
    is_quiet(
        &(wildcard.clone() + &instance + &another),
        &Options::at(NOW),
    );
    is_quiet(&wildcard, &Options::at(NOW));
    is_quiet(&store, &Options::at(NOW));
}

#[test]
fn no_values_file_that_traefik_values_renders_is_complained_about_by_its_chart_or_by_the_one_found_out()
 {
    let further: [&[&str]; 12] = [
        &[],
        &[
            "--topology",
            "tcp-proxy",
            "--load-balancer",
            "openstack",
            "--trusted",
            "10.0.0.0/20",
            "--load-balancer-address",
            "192.0.2.10",
        ],
        &[
            "--topology",
            "tcp-proxy",
            "--load-balancer",
            "ovh-mks",
            "--trusted",
            "10.0.0.0/20",
            "--proxy-protocol",
            "1",
        ],
        &[
            "--load-balancer",
            "metallb",
            "--load-balancer-address",
            "2001:db8::7",
        ],
        &["--host-network"],
        &[
            "--host-network",
            "--update-strategy",
            "OnDelete",
            "--log-level",
            "DEBUG",
        ],
        &["--host-network", "--redirect", "on", "--prometheus"],
        &["--load-balancer"],
        &["--load-balancer=Cluster", "--replicas", "3"],
        &["--replicas", "2", "--prometheus", "--access-log", "off"],
        &[
            "--proxy-protocol-from",
            "10.0.0.0/8",
            "--forwarded-headers-from",
            "10.0.0.0/8",
            "--read-timeout",
            "0s",
        ],
        &[
            "--watch-namespace",
            "default,paroisse-a",
            "--redirect",
            "off",
            "--log-format",
            "common",
        ],
    ];
    for chart in ChartMajor::all() {
        for further in further {
            let number = chart.to_string();
            let mut arguments = vec!["traefik-values", "--chart", &number];
            arguments.extend(further);
            let text = run(&arguments).good();
            let mut options = Options::at(NOW);
            options.chart = Some(chart);
            is_quiet(&text, &options);
            is_quiet(&text, &Options::at(NOW));
        }
    }
}

/// What the chart fr.uepalparoisse.helm 0.1.1 renders, as far as it concerns the way in.
const CHART: &str = "\
# options: traefik=2.9
---
apiVersion: v1
kind: Secret
metadata:
  name: selfcert
  namespace: civi
type: Opaque
data:
  cacert: ${ca}
  cakey: ${ca.key}
  dbcacert: ${ca}
  dbcakey: ${ca.key}
  externcert: ${leaf}
  externkey: ${leaf.key}
  dbservercert: ${leaf-cn}
  dbserverkey: ${leaf-cn.key}
---
apiVersion: v1
kind: Secret
metadata:
  name: externca
  namespace: civi
type: tls
data:
  tls.crt: ${ca}
---
apiVersion: v1
kind: Service
metadata:
  name: civicrmhttpd
  namespace: civi
spec:
  selector:
    app: paroisse-httpd-impl
  ports:
    - protocol: TCP
      port: 443
      targetPort: 443
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-httpd
  namespace: civi
data:
  SERVERNAME: a.example.org
  LISTEN_BACKLOG: \"1\"
---
apiVersion: traefik.containo.us/v1alpha1
kind: ServersTransport
metadata:
  name: transport-selfsigned
  namespace: civi
spec:
  serverName: a.example.org
  maxIdleConnsPerHost: 0
  disableHTTP2: true
  forwardingTimeouts:
    dialTimeout: 60s
    responseHeaderTimeout: 0
    readIdleTimeout: 0
    idleConnTimeout: 1s
  rootCAsSecrets:
    - externca
---
apiVersion: traefik.containo.us/v1alpha1
kind: IngressRoute
metadata:
  name: ingressproxy
  namespace: civi
spec:
  entryPoints:
    - websecure
  routes:
    - match: Host(`a.example.org`)
      kind: Rule
      services:
        - name: civicrmhttpd
          namespace: civi
          port: 443
          serversTransport: transport-selfsigned
  tls: {}
";

#[test]
fn the_civiparoisse_chart_gets_two_warnings_on_its_own_traefik_and_no_error() {
    let text = filled(CHART);
    let found = report(&text, &options(&text));
    let expected: Vec<&str> = codes(&found, Severity::Warning).into_iter().collect();
    // The key `tls.crt`, and the database's certificate without subject alternative names.
    assert_eq!(expected, ["CI103", "CI617"], "{:?}", said(&found));
    assert!(codes(&found, Severity::Error).is_empty());

    // Rendered without `--namespace`, Helm leaves the namespace to kubectl.
    let anywhere = text.replace("\n  namespace: civi\n", "\n");
    let found = report(&anywhere, &options(&text));
    assert!(
        codes(&found, Severity::Error).is_empty(),
        "{:?}",
        said(&found)
    );
}

/// Forms that Traefik's documentation uses.
const DOCUMENTED: [&str; 8] = [
    "\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: shop
  namespace: default
spec:
  entryPoints:
    - web
  routes:
    - kind: Rule
      match: Host(`shop.example.com`) && (Path(`/cart`) || PathPrefix(`/api/`))
      priority: 10
      middlewares:
        - name: strip
      services:
        - kind: Service
          name: shop
          namespace: default
          port: 80
          passHostHeader: true
          strategy: RoundRobin
          weight: 10
          responseForwarding:
            flushInterval: 1ms
          sticky:
            cookie:
              httpOnly: true
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: strip
  namespace: default
spec:
  stripPrefix:
    prefixes:
      - /api/
",
    "\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: tls
  namespace: default
spec:
  entryPoints:
    - websecure
  routes:
    - match: Host(`example.net`)
      kind: Rule
      services:
        - name: whoami
          port: 80
  tls:
    certResolver: letsencrypt
    options:
      name: modern
      namespace: default
    domains:
      - main: example.net
        sans:
          - a.example.net
          - b.example.net
---
apiVersion: traefik.io/v1alpha1
kind: TLSOption
metadata:
  name: modern
  namespace: default
spec:
  minVersion: VersionTLS12
  sniStrict: true
  alpnProtocols:
    - h2
    - http/1.1
  clientAuth:
    secretNames:
      - client-ca
    clientAuthType: VerifyClientCertIfGiven
",
    "\
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata:
  name: tcp
spec:
  entryPoints:
    - footcp
  routes:
    - match: HostSNI(`*`)
      services:
        - name: db
          port: 5432
          proxyProtocol:
            version: 1
",
    "\
apiVersion: traefik.io/v1alpha1
kind: IngressRouteUDP
metadata:
  name: udp
spec:
  entryPoints:
    - fooudp
  routes:
    - services:
        - name: dns
          port: 53
          weight: 10
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata:
  name: split
  namespace: default
spec:
  weighted:
    services:
      - name: one
        port: 80
        weight: 1
      - name: two
        port: 80
        weight: 3
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: split
  namespace: default
spec:
  entryPoints: [web]
  routes:
    - match: Host(`split.example.com`)
      kind: Rule
      services:
        - name: split
          kind: TraefikService
",
    "\
apiVersion: traefik.io/v1alpha1
kind: TLSStore
metadata:
  name: default
spec:
  defaultCertificate:
    secretName: supersecret
---
apiVersion: v1
kind: Secret
metadata:
  name: supersecret
type: kubernetes.io/tls
data:
  tls.crt: ${wildcard}
  tls.key: ${wildcard.key}
",
    "\
apiVersion: traefik.io/v1alpha1
kind: TLSStore
metadata:
  name: default
  namespace: default
spec:
  defaultGeneratedCert:
    resolver: letsencrypt
    domain:
      main: example.org
      sans:
        - test.example.org
",
    "\
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata:
  name: mtls
  namespace: default
spec:
  serverName: backend.example.org
  rootCAs:
    - configMap: roots
    - secret: more-roots
  certificatesSecrets:
    - my-cert
  maxIdleConnsPerHost: 100
  forwardingTimeouts:
    dialTimeout: 42s
    responseHeaderTimeout: 42s
    idleConnTimeout: 42s
  disableHTTP2: true
  peerCertURI: spiffe://example.org/backend
",
    "\
apiVersion: traefik.io/v1alpha1
kind: ServersTransportTCP
metadata:
  name: tcp
  namespace: default
spec:
  dialTimeout: 42s
  terminationDelay: 100ms
  tls:
    serverName: backend.example.org
    rootCAs:
      - secret: roots
    spiffe:
      ids:
        - spiffe://trust-domain/id1
      trustDomain: spiffe://trust-domain
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: classic
spec:
  rules:
    - host: classic.example.com
",
];

#[test]
fn manifests_in_the_forms_of_the_documentation_are_not_complained_about() {
    for text in DOCUMENTED {
        is_quiet(&filled(text), &Options::at(NOW));
    }
}

#[test]
fn yaml_that_is_not_a_manifest_is_not_complained_about() {
    for text in [
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
        "resources:\n  - a.yaml\n",
        "kind: Fleet\nname: x\ninstances: {}\n",
        "externalhost: a.example.org\nhttpd: {listenBacklog: 1}\nserverstransport: {dialTimeout: 60s}\n",
        "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
        "creation_rules:\n  - path_regex: .*\n    age: age1xyz\n",
        "- just\n- a list\n",
        "text\n",
        "openapi: 3.0.0\npaths: {}\n",
        "services:\n  web: {image: httpd, ports: [\"80:80\"]}\n",
        "",
    ] {
        is_quiet(text, &Options::at(NOW));
    }
}

#[test]
fn lists_and_json_are_read_as_streams_are() {
    let text = filled(super::INSTANCE);
    let documents = civi_ingress::yaml::read_all(&text, "-").expect("YAML");
    assert_eq!(documents.len(), 2);
    let list = "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"apiVersion\":\"traefik.io/v1alpha1\",\"kind\":\"ServersTransport\",\
                \"metadata\":{\"name\":\"t\",\"namespace\":\"ns\"},\n\"spec\":{\"insecureSkipVerify\":true}}]}";
    let found = report(list, &Options::at(NOW));
    let finding = found
        .findings
        .iter()
        .find(|finding| finding.rule.code == "CI113")
        .expect("found");
    assert_eq!(
        (finding.at.line, finding.field.as_str()),
        (2, "items[0].spec.insecureSkipVerify")
    );
}

#[test]
fn a_patch_of_kustomize_is_not_an_object_of_its_own() {
    let patch = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: ns}\nspec: {insecureSkipVerify: true}\n";
    let kustomization = "resources: [../base]\npatches:\n  - path: ./transport.yaml\n";
    let mut sources = [
        source("fleet/a/kustomization.yaml", kustomization),
        source("fleet/a/transport.yaml", patch),
    ];
    let found = lint(&mut sources, &Options::at(NOW)).expect("YAML");
    assert!(found.findings.is_empty(), "{:?}", said(&found));
    let found = lint(&mut sources[1..], &Options::at(NOW)).expect("YAML");
    assert!(!found.findings.is_empty());
}

#[test]
fn a_public_certificate_in_the_namespace_is_not_taken_for_that_of_httpd() {
    let text = filled(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: public, namespace: ns}\ndata: {tls.crt: \"${leaf}\", tls.key: \"${leaf.key}\"}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: externca, namespace: ns}\ndata: {ca.crt: \"${other-ca}\"}\n---\n${instance}",
    );
    let own = text.replace("tls: {}", "tls: {secretName: public}");
    is_quiet(&own, &Options::at(NOW));
    // Nothing says that it is for browsers: then it is httpd's.
    assert!(codes(&report(&text, &Options::at(NOW)), Severity::Error).contains("CI105"));
}

#[test]
fn encrypted_and_sealed_values_are_read_as_far_as_they_are_clear() {
    let sops = filled(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: selfcert, namespace: ns}\ndata:\n  externcert: ${leaf}\n  \
         externkey: ENC[AES256_GCM,data:MP49xQ==,iv:MLuF2A==,tag:6YCEcg==,type:str]\nsops: {mac: \"ENC[AES256_GCM,data:AA==]\", version: 3.13.2}\n---\n\
         apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: externca, namespace: ns}\nspec:\n  encryptedData: {}\n  template:\n    data:\n      ca.crt: |\n${ca:8}\n---\n${instance}",
    );
    is_quiet(&sops, &Options::at(NOW));
    let wrong = sops.replace("serverName: a.example.org", "serverName: b.example.org");
    assert!(codes(&report(&wrong, &Options::at(NOW)), Severity::Error).contains("CI202"));
}
