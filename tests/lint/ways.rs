//! The same question on every way in has the same answer.

use super::{codes, filled, said};
use crate::support::NOW;
use civi_ingress::lint::{Options, Report, Severity};

/// The ways in, each with the kind that says so and its route to `civicrmhttpd` in `ns` for `a.example.org`.
const TERMINATED: [(&str, &str); 4] = [
    (
        "IngressRoute",
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  \
         entryPoints: [websecure]\n  routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: civicrmhttpd, port: 443}]}]\n  tls: {}\n",
    ),
    (
        "Ingress",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: r, namespace: ns}\nspec:\n  ingressClassName: traefik\n  \
         rules: [{host: a.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: civicrmhttpd, port: {number: 443}}}}]}}]\n",
    ),
    (
        "HTTPRoute",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  parentRefs: [{name: g}]\n  \
         hostnames: [a.example.org]\n  rules: [{backendRefs: [{name: civicrmhttpd, port: 443}]}]\n",
    ),
    (
        "VirtualService",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, namespace: ns}\nspec:\n  gateways: [g]\n  \
         hosts: [a.example.org]\n  http: [{route: [{destination: {host: civicrmhttpd, port: {number: 443}}}]}]\n",
    ),
];

const PASSED: [(&str, &str); 3] = [
    (
        "IngressRouteTCP",
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: r, namespace: ns}\nspec:\n  entryPoints: [websecure]\n  \
         routes: [{match: HostSNI(`a.example.org`), services: [{name: civicrmhttpd, port: 443}]}]\n  tls: {passthrough: true}\n",
    ),
    (
        "TLSRoute",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  parentRefs: [{name: g}]\n  \
         hostnames: [a.example.org]\n  rules: [{backendRefs: [{name: civicrmhttpd, port: 443}]}]\n",
    ),
    (
        "VirtualService",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, namespace: ns}\nspec:\n  gateways: [g]\n  \
         hosts: [a.example.org]\n  tls: [{match: [{sniHosts: [a.example.org]}], route: [{destination: {host: civicrmhttpd, port: {number: 443}}}]}]\n",
    ),
];

/// An httpd whose virtual host has this directive.
fn httpd(directive: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: civicrmhttpd, namespace: ns}}\nspec: {{selector: {{app: httpd}}, ports: [{{port: 443, name: https}}]}}\n---\n\
         apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: httpd, namespace: ns}}\nspec:\n  template:\n    metadata: {{labels: {{app: httpd}}}}\n    \
         spec:\n      containers: [{{name: httpd, image: httpd}}]\n      volumes: [{{name: conf, configMap: {{name: conf}}}}]\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: ns}}\ndata:\n  site.conf: |\n    <VirtualHost *:443>\n      {directive}\n    </VirtualHost>\n---\n"
    )
}

fn report(text: &str) -> Report {
    super::report(&filled(text), &Options::at(NOW))
}

fn has(report: &Report, code: &str) -> bool {
    codes(report, Severity::Info).contains(code)
}

#[test]
fn an_httpd_that_waits_for_the_proxy_protocol_is_found_behind_every_way_in() {
    for (kind, route) in TERMINATED.into_iter().chain(PASSED) {
        let waiting = report(&(httpd("RemoteIPProxyProtocol On") + route));
        assert!(has(&waiting, "CI712"), "{kind}: {:?}", said(&waiting));
        let plain = report(&(httpd("SSLEngine on") + route));
        assert!(!has(&plain, "CI712"), "{kind}: {:?}", said(&plain));
    }
}

#[test]
fn istio_sends_the_proxy_protocol_where_a_destination_rule_asks_for_it() {
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d, namespace: ns}\n\
                spec: {host: civicrmhttpd, trafficPolicy: {proxyProtocol: {version: V2}}}\n";
    for route in [TERMINATED[3].1, PASSED[2].1] {
        let both = report(&(httpd("RemoteIPProxyProtocol On") + route + rule));
        assert!(!has(&both, "CI712"), "{:?}", said(&both));
        let one = report(&(httpd("SSLEngine on") + route + rule));
        assert!(has(&one, "CI713"), "{:?}", said(&one));
    }
}

#[test]
fn a_private_ca_is_found_before_browsers_meet_it_on_every_way_in_that_passes_tls_through() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: selfcert, namespace: ns}\n\
                  data: {externcert: '${leaf}', cacert: '${ca}', cakey: eA==}\n---\n";
    for (kind, route) in PASSED {
        let found = report(&(secret.to_owned() + route));
        assert!(has(&found, "CI232"), "{kind}: {:?}", said(&found));
    }
}

#[test]
fn every_object_that_names_a_service_is_checked_alike() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: other}\n\
                   spec: {type: ExternalName, externalName: x.example.org, ports: [{port: 80}]}\n---\n\
                   providers: {kubernetesCRD: {enabled: true}}\n---\n";
    let named = "{name: s, namespace: other, port: 81}";
    let traefik = |kind: &str, spec: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: n, namespace: ns}}\nspec: {spec}\n"
        )
    };
    for (kind, spec) in [
        (
            "IngressRoute",
            format!("{{routes: [{{match: Host(`a.b`), kind: Rule, services: [{named}]}}]}}"),
        ),
        (
            "IngressRouteTCP",
            format!("{{routes: [{{match: HostSNI(`*`), services: [{named}]}}]}}"),
        ),
        (
            "TraefikService",
            format!("{{weighted: {{services: [{named}]}}}}"),
        ),
        (
            "TraefikService",
            "{mirroring: {name: s, namespace: other, port: 81}}".to_owned(),
        ),
        (
            "Middleware",
            format!("{{errors: {{status: ['500'], query: /, service: {named}}}}}"),
        ),
    ] {
        let found = report(&(service.to_owned() + &traefik(kind, &spec)));
        for code in ["CI209", "CI218", "CI221"] {
            assert!(has(&found, code), "{kind} {code}: {:?}", said(&found));
        }
    }
}

fn service(port: &str, namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: civicrmhttpd, namespace: {namespace}}}\nspec: {{selector: {{app: h}}, ports: [{port}]}}\n---\n"
    )
}

/// A question of the leg to the httpd: what comes before the route, and the rule that finds it for each way in, those
/// that end TLS and then those that pass it through. Nothing where it cannot be: the reason is beside it.
type Question = (&'static str, fn() -> String, [Option<&'static str>; 7]);

const QUESTIONS: [Question; 5] = [
    (
        "a port that the Service does not have",
        || service("{port: 8443, name: https}", "ns"),
        [
            Some("CI218"),
            Some("CI218"),
            Some("CI824"),
            Some("CI824"),
            Some("CI218"),
            Some("CI824"),
            Some("CI824"),
        ],
    ),
    (
        "a Service that is in another namespace",
        || service("{port: 443, name: https}", "other"),
        [
            Some("CI901"),
            Some("CI901"),
            Some("CI816"),
            Some("CI862"),
            Some("CI901"),
            Some("CI816"),
            Some("CI862"),
        ],
    ),
    (
        "a Service that is nowhere",
        String::new,
        [
            Some("CI901"),
            Some("CI901"),
            Some("CI901"),
            Some("CI901"),
            Some("CI901"),
            Some("CI901"),
            Some("CI901"),
        ],
    ),
    (
        "TLS to an httpd whose CA nobody names",
        || service("{port: 443, name: https}", "ns"),
        [
            Some("CI210"),
            Some("CI210"),
            Some("CI810"),
            Some("CI863"),
            // Browsers speak that TLS, not the front.
            None,
            None,
            None,
        ],
    ),
    (
        "TLS that meets a port of plain http",
        || service("{port: 443, name: http}", "ns"),
        [
            // The front ends it, and may well speak plain http.
            None,
            None,
            None,
            None,
            Some("CI225"),
            Some("CI225"),
            Some("CI225"),
        ],
    ),
];

#[test]
fn every_question_of_a_leg_has_an_answer_on_every_way_in() {
    for (question, before, codes) in QUESTIONS {
        let ways = TERMINATED.into_iter().chain(PASSED);
        for ((kind, route), code) in ways.zip(codes) {
            let Some(code) = code else { continue };
            let found = report(&(before() + route));
            assert!(has(&found, code), "{question}, {kind}: {:?}", said(&found));
        }
    }
}

#[test]
fn a_destination_rule_without_a_mode_leaves_plain_http_to_a_port_of_tls() {
    let rule = |mode: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: ns}}\n\
             spec: {{host: civicrmhttpd, trafficPolicy: {{tls: {{{mode}credentialName: ca}}}}}}\n"
        )
    };
    let text = service("{port: 443, name: https}", "ns") + TERMINATED[3].1;
    let without = report(&(text.clone() + &rule("")));
    assert!(has(&without, "CI863"), "{:?}", said(&without));
    let with = report(&(text + &rule("mode: SIMPLE, ")));
    assert!(!has(&with, "CI863"), "{:?}", said(&with));
}

#[test]
fn one_rule_in_two_namespaces_is_found_for_http_and_for_tcp() {
    for (kind, route) in [TERMINATED[0], PASSED[0]] {
        let other = route.replace("namespace: ns", "namespace: other");
        let found = report(&format!("{route}---\n{other}"));
        assert!(has(&found, "CI217"), "{kind}: {:?}", said(&found));
    }
}
