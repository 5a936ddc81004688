//! What is around Traefik and httpd: good manifests are not complained about, and what the cases of single
//! rules do not show.

use super::{codes, filled, report, said};
use crate::support::NOW;
use civi_ingress::lint::{Options, Report, Severity};

fn found(text: &str) -> Report {
    report(&filled(text), &Options::at(NOW))
}

/// Returns which codes are found, warnings and worse.
fn warned(text: &str) -> Vec<&'static str> {
    codes(&found(text), Severity::Warning).into_iter().collect()
}

/// An httpd that takes the PROXY protocol, and a route that sends it.
const PASSED: &str = "\
apiVersion: v1
kind: Service
metadata: {name: civicrmhttpd, namespace: ns}
spec: {selector: {app: httpd}, ports: [{name: https, port: 443, targetPort: 8443}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: httpd, namespace: ns}
spec:
  template:
    metadata: {labels: {app: httpd, tier: web}}
    spec:
      containers:
        - name: httpd
          image: httpd
          readinessProbe: {httpGet: {port: 8080}}
          livenessProbe: {tcpSocket: {port: 8443}}
      volumes: [{name: conf, projected: {sources: [{configMap: {name: httpd-ingress}}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: httpd-ingress, namespace: ns}
data:
  mpm.conf: |
    # server context
    ListenBacklog 1
  site.conf: |
    <VirtualHost *:8443>
      RemoteIPProxyProtocol On
      SSLEngine on
      <Directory /var/www>
        SSLRequireSSL
      </Directory>
    </VirtualHost>
    <VirtualHost *:8080>
      DocumentRoot /var/www/health
    </VirtualHost>
  settings.php: |
    // $settings['reverse_proxy_addresses'] = [$_SERVER['REMOTE_ADDR']];
    $settings['reverse_proxy'] = FALSE;
---
apiVersion: traefik.io/v1alpha1
kind: ServersTransportTCP
metadata: {name: proxy, namespace: ns}
spec: {proxyProtocol: {version: 2}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: pass, namespace: ns}
spec:
  entryPoints: [websecure]
  routes:
    - match: HostSNI(`a.example.org`)
      services: [{name: civicrmhttpd, port: 443, serversTransport: proxy}]
  tls: {passthrough: true}
";

#[test]
fn a_route_that_sends_the_proxy_protocol_to_an_httpd_that_takes_it_is_not_complained_about() {
    let report = found(PASSED);
    assert!(report.findings.is_empty(), "{:?}", said(&report));
}

#[test]
fn both_ends_of_the_proxy_protocol_are_compared() {
    let no_more = PASSED.replace("proxyProtocol: {version: 2}", "dialTimeout: 60s");
    assert_eq!(warned(&no_more), ["CI712"]);
    let no_more = PASSED.replace("      RemoteIPProxyProtocol On\n", "");
    assert_eq!(warned(&no_more), ["CI713"]);
    // Only of another port.
    let elsewhere = PASSED
        .replace("      RemoteIPProxyProtocol On\n", "")
        .replace(
            "<VirtualHost *:8080>",
            "<VirtualHost *:8080>\n      RemoteIPProxyProtocol On",
        );
    assert_eq!(warned(&elsewhere), ["CI702", "CI713"]);
    // What is not in the input is not judged.
    for (from, to) in [
        (
            "configMap: {name: httpd-ingress}",
            "configMap: {name: other}",
        ),
        ("{app: httpd, tier: web}", "{app: other}"),
        ("serversTransport: proxy", "serversTransport: elsewhere"),
    ] {
        assert_eq!(warned(&PASSED.replace(from, to)), [""; 0], "{to}");
    }
    let excepted = no_more_exceptions();
    assert_eq!(warned(&excepted), [""; 0]);
}

/// The route sends nothing, and httpd takes that from some.
fn no_more_exceptions() -> String {
    PASSED
        .replace("proxyProtocol: {version: 2}", "dialTimeout: 60s")
        .replace(
            "RemoteIPProxyProtocol On\n",
            "RemoteIPProxyProtocol On\n      RemoteIPProxyProtocolExceptions 10.0.0.0/8\n",
        )
}

#[test]
fn apache_s_own_ranges_for_all_addresses_are_found_and_the_one_it_refuses_is_reported_to_keep_it_from_starting()
 {
    let snippet = |range: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: ns}}\ndata:\n  r.conf: |\n    \
             RemoteIPHeader X-Forwarded-For\n    RemoteIPTrustedProxy 10.0.0.0/8 {range}\n"
        )
    };
    for range in ["0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0"] {
        let report = found(&snippet(range));
        let [finding] = &report.findings[..] else {
            panic!("{range}: {:?}", said(&report));
        };
        assert_eq!(finding.rule.code, "CI714");
        let refused = finding.consequence().contains("does not start");
        assert_eq!(refused, range.ends_with("/0"), "{range}");
    }
    assert!(found(&snippet("192.168.0.0/16")).findings.is_empty());
}

/// Traefik without its chart, behind a load balancer that sends the PROXY protocol.
const BALANCED: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: traefik
  namespace: traefik
  annotations:
    loadbalancer.openstack.org/proxy-protocol: \"true\"
    loadbalancer.openstack.org/enable-health-monitor: \"true\"
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: traefik}
  ports: [{name: web, port: 80, targetPort: web}, {name: websecure, port: 443, targetPort: websecure}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: traefik}
spec:
  template:
    metadata: {labels: {app: traefik}}
    spec:
      containers:
        - name: traefik
          image: docker.io/traefik:v3.7.9
          args:
            - --entryPoints.web.address=:8000/tcp
            - --entryPoints.web.proxyProtocol.trustedIPs=10.0.0.0/8
            - --entryPoints.websecure.address=:8443
            - --entryPoints.websecure.proxyProtocol.trustedIPs=10.0.0.0/8,192.168.0.0/16
          ports: [{name: web, containerPort: 8000}, {name: websecure, containerPort: 8443}]
";

#[test]
fn a_traefik_by_arguments_is_compared_with_its_load_balancer() {
    assert_eq!(warned(BALANCED), [""; 0]);
    for (from, to, expected) in [
        (
            "--entryPoints.websecure.proxyProtocol.trustedIPs=10.0.0.0/8,192.168.0.0/16",
            "--ping",
            vec!["CI709"],
        ),
        (
            "=10.0.0.0/8,192.168.0.0/16",
            "=10.0.0.0/8,0.0.0.0/0",
            vec!["CI509"],
        ),
        (
            "trustedIPs=10.0.0.0/8,192.168.0.0/16",
            "insecure",
            vec!["CI509"],
        ),
        (
            "\"true\"\n    loadbalancer.openstack.org/enable",
            "\"yes\"\n    loadbalancer.openstack.org/enable",
            vec!["CI720"],
        ),
        // Its options are elsewhere.
        (
            "--entryPoints.websecure.proxyProtocol.trustedIPs=10.0.0.0/8,192.168.0.0/16",
            "--configFile=/etc/traefik.yaml",
            vec![],
        ),
    ] {
        assert_eq!(warned(&BALANCED.replace(from, to)), expected, "{to}");
    }
}

#[test]
fn a_traefik_by_its_file_is_compared_with_its_load_balancer() {
    let by_file = BALANCED
        .replace("--ping", "--configFile=/etc/traefik.yaml")
        .replace(
            "--entryPoints.web.address=:8000/tcp",
            "--configFile=/etc/traefik.yaml",
        );
    let file = |trusted: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: traefik, namespace: traefik}}\ndata:\n  traefik.yaml: |\n    \
             entryPoints:\n      web: {{address: ':8000', proxyProtocol: {{trustedIPs: [10.0.0.0/8]}}}}\n      \
             websecure: {{address: ':8443', proxyProtocol: {{trustedIPs: [{trusted}]}}}}\n"
        )
    };
    let of = |trusted| warned(&format!("{by_file}{}", file(trusted)));
    assert_eq!(of("10.0.0.0/8"), [""; 0]);
    assert_eq!(of(""), ["CI709"]);
}

#[test]
fn a_separate_service_of_the_chart_s_traefik_is_compared_with_the_values() {
    let service = BALANCED.split("---\n").next().expect("a document");
    let service = service.replace("{app: traefik}", "{app.kubernetes.io/name: traefik}");
    let good = "---\nports:\n  web: {proxyProtocol: {trustedIPs: [10.0.0.0/8]}}\n  websecure: {proxyProtocol: {trustedIPs: [10.0.0.0/8]}}\n";
    assert_eq!(warned(&format!("{service}{good}")), [""; 0]);
    let deaf = "---\nports:\n  web: {port: 8000}\n  websecure: {port: 8443}\n";
    assert_eq!(warned(&format!("{service}{deaf}")), ["CI709"]);
}

#[test]
fn the_load_balancer_of_the_chart_s_values_is_judged_as_that_of_a_service() {
    for (annotations, expected) in [
        (
            "loadbalancer.openstack.org/x-forwarded-for: \"true\"",
            vec!["CI718"],
        ),
        (
            "loadbalancer.ovhcloud.com/flavor: small, loadbalancer.openstack.org/class: x",
            vec!["CI705"],
        ),
        (
            "loadbalancer.openstack.org/lb-method: ROUND_ROBIN",
            vec!["CI703"],
        ),
        (
            "loadbalancer.openstack.org/enable-health-monitor: \"true\"",
            vec![],
        ),
    ] {
        let policy = match expected[..] {
            ["CI703"] | [] => "{externalTrafficPolicy: Local}",
            _ => "{}",
        };
        let values = format!(
            "ports: {{websecure: {{port: 8443}}}}\nservice: {{annotations: {{{annotations}}}, spec: {policy}}}\n"
        );
        assert_eq!(warned(&values), expected, "{annotations}");
    }
}

/// An Ingress as Traefik's documentation has it, with a CA of its own behind it.
const INGRESS: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: i
  namespace: ns
  annotations:
    cert-manager.io/cluster-issuer: letsencrypt
    traefik.ingress.kubernetes.io/router.entrypoints: websecure
    traefik.ingress.kubernetes.io/router.tls: \"true\"
    traefik.ingress.kubernetes.io/router.tls.domains.0.main: example.org
    traefik.ingress.kubernetes.io/router.tls.options: ns-modern@kubernetescrd
    traefik.ingress.kubernetes.io/router.observability.accesslogs: \"true\"
    traefik.ingress.kubernetes.io/router.middlewares: ns-hsts@kubernetescrd,auth@file
spec:
  ingressClassName: traefik
  rules:
    - host: a.example.org
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: httpd, port: {name: https}}}}
  tls: [{hosts: [a.example.org], secretName: made-by-cert-manager}]
---
apiVersion: v1
kind: Service
metadata:
  name: httpd
  namespace: ns
  annotations:
    traefik.ingress.kubernetes.io/service.serverstransport: ns-t@kubernetescrd
    traefik.ingress.kubernetes.io/service.sticky.cookie.name: s
spec: {ports: [{name: https, port: 443}]}
---
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: t, namespace: ns}
spec: {serverName: a.example.org, rootCAs: [{secret: externca}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: hsts, namespace: ns}
spec: {headers: {stsSeconds: 31536000}}
---
apiVersion: traefik.io/v1alpha1
kind: TLSOption
metadata: {name: modern, namespace: ns}
spec: {minVersion: VersionTLS12}
";

#[test]
fn an_ingress_is_followed_to_its_service_and_to_what_its_annotations_name() {
    assert_eq!(warned(INGRESS), [""; 0]);
    for (from, to, expected) in [
        ("ns-t@kubernetescrd", "ns-tt@kubernetescrd", vec!["CI902"]),
        (
            "name: t, namespace",
            "name: transport-selfsigned, namespace",
            vec![],
        ),
        ("ns-hsts@", "ns-hst@", vec!["CI902"]),
        ("ns-hsts@", "hsts@", vec!["CI240"]),
        ("ns-hsts@kubernetescrd", "ns-hsts", vec!["CI240"]),
        ("port: {name: https}", "port: {number: 8443}", vec!["CI218"]),
        (
            "    traefik.ingress.kubernetes.io/service.serverstransport: ns-t@kubernetescrd\n",
            "",
            vec!["CI210"],
        ),
        ("router.middlewares", "router.midlewares", vec!["CI238"]),
        (
            "router.tls.options: ns-modern@kubernetescrd",
            "router.tls.option: ns-modern@kubernetescrd",
            vec!["CI238"],
        ),
        (
            "kind: Middleware\nmetadata: {",
            "kind: IngressRoute\nmetadata: {annotations: {traefik.ingress.kubernetes.io/router.middlewares: x}, ",
            vec!["CI239", "CI314", "CI317"],
        ),
    ] {
        assert_eq!(warned(&INGRESS.replace(from, to)), expected, "{to}");
    }
    // Another controller's Ingress does not concern Traefik.
    let other = INGRESS
        .lines()
        .filter(|line| !line.contains("traefik.ingress.kubernetes.io"))
        .map(|line| line.replace("ingressClassName: traefik", "ingressClassName: nginx") + "\n")
        .collect::<String>();
    assert_eq!(
        warned(&other.replace("{name: https}", "{number: 8443}")),
        [""; 0]
    );
}

#[test]
fn the_certificate_of_an_ingress_is_compared_with_its_hosts() {
    let ingress = |host: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: ns}}\nspec: {{ingressClassName: traefik, tls: [{{hosts: [{host}], secretName: own}}]}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: own, namespace: ns}}\ndata: {{tls.crt: \"${{wildcard}}\", tls.key: \"${{wildcard.key}}\"}}\n"
        )
    };
    assert_eq!(warned(&ingress("A.example.org")), [""; 0]);
    assert_eq!(warned(&ingress("a.b.example.org")), ["CI408"]);
    let no_key = ingress("a.example.org").replace("tls.key", "key");
    assert_eq!(warned(&no_key), ["CI405"]);
}

#[test]
fn a_tcp_route_finds_its_transport_and_that_its_ca_beside_itself() {
    let route = "\
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r, namespace: ns}
spec:
  entryPoints: [websecure]
  routes:
    - match: HostSNI(`a.example.org`)
      services: [{name: httpd, namespace: ns, port: 443, tls: true, serversTransport: t}]
  tls: {}
---
apiVersion: traefik.io/v1alpha1
kind: ServersTransportTCP
metadata: {name: t, namespace: ns}
spec: {tls: {serverName: a.example.org, rootCAs: [{secret: externca}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: externca, namespace: ns}
data: {ca.crt: \"${ca}\"}
";
    assert_eq!(warned(route), [""; 0]);
    let elsewhere = route.replace(
        "name: externca, namespace: ns",
        "name: externca, namespace: other",
    );
    assert_eq!(warned(&elsewhere), ["CI107"]);
}

#[test]
fn external_dns_wants_the_target_under_the_prefix_of_its_release() {
    let route = |annotations: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: ns, annotations: {{{annotations}}}}}\nspec: {{entryPoints: [websecure], routes: []}}\n"
        )
    };
    for (annotations, expected) in [
        ("external-dns.alpha.kubernetes.io/target: 192.0.2.1", vec![]),
        ("external-dns.kubernetes.io/target: 192.0.2.1", vec![]),
        (
            "external-dns.kubernetes.io/hostname: a.example.org, external-dns.alpha.kubernetes.io/target: 192.0.2.1",
            vec!["CI707"],
        ),
    ] {
        assert_eq!(warned(&route(annotations)), expected, "{annotations}");
    }
}

#[test]
fn a_policy_that_lets_traefik_in_by_any_of_its_ways_is_not_complained_about() {
    let policy = |rule: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: civicrmhttpd, namespace: ns}}\nspec: {{selector: {{app: httpd}}, ports: [{{port: 443}}]}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny, namespace: ns}}\nspec: {{podSelector: {{}}, policyTypes: [Ingress]}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: allow, namespace: ns}}\nspec: {{podSelector: {{matchLabels: {{app: httpd}}}}, ingress: [{rule}]}}\n---\n${{instance}}"
        )
    };
    for (rule, expected) in [
        ("{}", vec![]),
        (
            "{from: [{namespaceSelector: {}}], ports: [{port: 443}]}",
            vec![],
        ),
        ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", vec![]),
        (
            "{from: [{podSelector: {matchLabels: {app.kubernetes.io/name: traefik}}}]}",
            vec![],
        ),
        ("{ports: [{port: 400, endPort: 500}]}", vec![]),
        ("{ports: [{port: https}]}", vec![]),
        (
            "{from: [{namespaceSelector: {}}], ports: [{port: 8443}]}",
            vec!["CI724"],
        ),
        ("{from: [{podSelector: {}}]}", vec!["CI724"]),
    ] {
        assert_eq!(warned(&policy(rule)), expected, "{rule}");
    }
}

#[test]
fn port_80_counts_as_open_where_a_service_or_a_node_holds_it() {
    let issuer = "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: le, namespace: ns}\nspec: {acme: {server: \"https://acme.example/directory\", privateKeySecretRef: {name: le}, solvers: [{http01: {ingress: {}}}]}}\n---\n";
    let values = |web: &str| {
        format!(
            "{issuer}ports: {{web: {web}, websecure: {{port: 8443}}}}\nupdateStrategy: {{rollingUpdate: {{maxUnavailable: 1, maxSurge: 0}}}}\n"
        )
    };
    assert_eq!(warned(&values("null")), ["CI722"]);
    assert_eq!(warned(&values("{expose: {default: false}}")), ["CI722"]);
    assert_eq!(
        warned(&values("{expose: {default: false}, hostPort: 80}")),
        [""; 0]
    );
    assert_eq!(
        warned(&values(
            "{http: {redirections: {entryPoint: {to: websecure}}}}"
        )),
        [""; 0]
    );
    // That cert-manager's own check goes past the balancer is another matter.
    assert_eq!(warned(&format!("{issuer}{BALANCED}")), ["CI727"]);
    let closed = BALANCED.replace("{name: web, port: 80, targetPort: web}, ", "");
    assert_eq!(warned(&format!("{issuer}{closed}")), ["CI722", "CI727"]);
    let other = issuer.replace("ingress: {}", "ingress: {ingressClassName: nginx}");
    assert_eq!(warned(&format!("{other}{closed}")), [""; 0]);
}
