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
    let named = "{name: s, namespace: other, port: web}";
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
            "{mirroring: {name: s, namespace: other, port: web}}".to_owned(),
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

/// What the rule of a question is on a way in: its code, or why the fault cannot be there.
#[derive(Clone, Copy)]
enum Cell {
    Code(&'static str),
    Never(&'static str),
}

use Cell::{Code, Never};

/// The ways in: IngressRoute, Ingress, HTTPRoute, VirtualService, and those that pass TLS on: IngressRouteTCP, TLSRoute,
/// VirtualService.
const WAYS: usize = 7;

fn way(number: usize) -> (&'static str, &'static str) {
    let mut all = TERMINATED.into_iter().chain(PASSED);
    all.nth(number).expect("seven ways")
}

fn route(number: usize) -> String {
    way(number).1.to_owned()
}

/// What makes the front verify the httpd, by a CA and a name; and the route.
fn verified(number: usize, ca: &str, name: &str) -> String {
    let transport = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: externca, namespace: ns}}\ndata: {{ca.crt: '${{{ca}}}'}}\n---\n\
         apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {{name: t, namespace: ns}}\n\
         spec: {{serverName: {name}, rootCAs: [{{secret: externca}}]}}\n---\n"
    );
    match number {
        0 => transport + &route(0).replace("port: 443}", "port: 443, serversTransport: t}"),
        1 => {
            let annotations = "annotations: {traefik.ingress.kubernetes.io/service.serverstransport: ns-t@kubernetescrd}";
            let service = service("{port: 443, name: https}", "ns");
            let service =
                service.replace("namespace: ns}", &format!("namespace: ns, {annotations}}}"));
            transport + &service + &route(1)
        }
        2 => format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: externca, namespace: ns}}\ndata:\n  ca.crt: |\n${{{ca}:4}}\n---\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{name: p, namespace: ns}}\nspec:\n  \
             targetRefs: [{{group: '', kind: Service, name: civicrmhttpd}}]\n  \
             validation: {{hostname: {name}, caCertificateRefs: [{{group: '', kind: ConfigMap, name: externca}}]}}\n---\n{}",
            route(2)
        ),
        _ => format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: externca, namespace: istio-system}}\ndata: {{ca.crt: '${{{ca}}}'}}\n---\n{}\
             apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: ns}}\n\
             spec: {{host: civicrmhttpd, trafficPolicy: {{tls: {{mode: SIMPLE, credentialName: externca, subjectAltNames: [{name}]}}}}}}\n---\n{}",
            gateway(3, "shown"),
            route(number)
        ),
    }
}

/// What the httpd serves.
fn served(leaf: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert, namespace: ns}}\ndata: {{externcert: '${{{leaf}}}'}}\n---\n"
    )
}

/// The Gateway of a route, with a Secret for browsers.
fn gateway(number: usize, secret: &str) -> String {
    if number == 2 {
        return format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: ns}}\nspec:\n  gatewayClassName: other\n  \
             listeners: [{{name: https, port: 443, protocol: HTTPS, hostname: a.example.org, tls: {{certificateRefs: [{{name: {secret}}}]}}}}]\n---\n"
        );
    }
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: ns}}\nspec:\n  selector: {{istio: ingressgateway}}\n  \
         servers: [{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [a.example.org], tls: {{mode: SIMPLE, credentialName: {secret}}}}}]\n---\n"
    )
}

/// The route and what names a Secret for browsers; where the front looks for it, the Secret is to be in `{home}`.
fn shown(number: usize) -> (String, &'static str) {
    match number {
        0 => (
            route(0).replace("tls: {}", "tls: {secretName: shown}"),
            "ns",
        ),
        1 => {
            let tls = "  tls: [{hosts: [a.example.org], secretName: shown}]\n";
            (route(1) + tls, "ns")
        }
        2 => (gateway(2, "shown") + &route(2), "ns"),
        _ => (gateway(3, "shown") + &route(number), "istio-system"),
    }
}

fn secret(namespace: &str, data: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: shown, namespace: {namespace}}}\ndata: {{{data}}}\n---\n"
    )
}

/// Asks Istio to do something before or with the connection to the httpd.
fn destination(policy: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: ns}}\n\
         spec: {{host: civicrmhttpd, trafficPolicy: {policy}}}\n---\n"
    )
}

fn case(code: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases");
    crate::support::read(&folder.join(format!("{code}-fires.yaml"))) + "\n---\n"
}

/// A question of a leg: manifests with the fault for each way in, and what finds it.
struct Question {
    words: &'static str,
    fault: fn(usize) -> String,
    cells: [Cell; WAYS],
}

const PASSES: &str = "the front opens no TLS: who begins it, the browser, verifies and shows";
const ENDS: &str = "TLS of browsers ends at the front";
const OF_HTTP: &str = "http has no place for the header: the front can only expect it";

const MATRIX: [Question; 21] = [
    Question {
        words: "the leaf is signed by none of what is trusted",
        fault: |way| served("leaf") + &verified(way, "other-ca", "a.example.org"),
        cells: [
            Code("CI105"),
            Code("CI105"),
            Code("CI806"),
            Code("CI806"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "the leaf does not cover the expected name",
        fault: |way| served("leaf") + &verified(way, "ca", "b.example.org"),
        cells: [
            Code("CI202"),
            Code("CI202"),
            Code("CI807"),
            Code("CI807"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "a certificate has expired",
        fault: |way| served("expired") + &route(way),
        cells: [Code("CI601"); WAYS],
    },
    Question {
        words: "verification is off",
        fault: |way| {
            if way == 3 {
                return destination("{tls: {mode: SIMPLE, insecureSkipVerify: true}}") + &route(3);
            }
            let text = verified(way, "ca", "a.example.org");
            text.replace("rootCAs: [{secret: externca}]", "insecureSkipVerify: true")
        },
        cells: [
            Code("CI113"),
            Code("CI113"),
            Never("a BackendTLSPolicy has no field for it"),
            Code("CI865"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "TLS is spoken, and nothing says what to trust",
        fault: |way| service("{port: 443, name: https}", "ns") + &route(way),
        cells: [
            Code("CI210"),
            Code("CI210"),
            Code("CI810"),
            Code("CI863"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "the Service does not have the port",
        fault: |way| service("{port: 8443, name: https}", "ns") + &route(way),
        cells: [
            Code("CI218"),
            Code("CI218"),
            Code("CI824"),
            Code("CI824"),
            Code("CI218"),
            Code("CI824"),
            Code("CI824"),
        ],
    },
    Question {
        words: "the Service is in another namespace",
        fault: |way| service("{port: 443, name: https}", "other") + &route(way),
        cells: [
            Code("CI901"),
            Code("CI901"),
            Code("CI816"),
            Code("CI862"),
            Code("CI901"),
            Code("CI816"),
            Code("CI862"),
        ],
    },
    Question {
        words: "the Service is nowhere",
        fault: route,
        cells: [Code("CI901"); WAYS],
    },
    Question {
        words: "the certificate for browsers is in another namespace",
        fault: |way| {
            secret(
                "other",
                "tls.crt: '${wildcard}', tls.key: '${wildcard.key}'",
            ) + &shown(way).0
        },
        cells: [
            Code("CI404"),
            Code("CI404"),
            Code("CI816"),
            Code("CI854"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "the certificate for browsers lacks its key",
        fault: |way| {
            let (text, home) = shown(way);
            secret(home, "tls.crt: '${wildcard}'") + &text
        },
        cells: [
            Code("CI405"),
            Code("CI405"),
            Code("CI820"),
            Code("CI855"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "the certificate for browsers does not cover the host",
        fault: |way| {
            if way >= TERMINATED.len() {
                return served("leaf-b") + &route(way);
            }
            let (text, home) = shown(way);
            secret(home, "tls.crt: '${leaf-b}', tls.key: '${leaf-b.key}'") + &text
        },
        cells: [
            Code("CI408"),
            Code("CI408"),
            Code("CI821"),
            Code("CI821"),
            Code("CI241"),
            Code("CI241"),
            Code("CI241"),
        ],
    },
    Question {
        words: "TLS is put into TLS",
        fault: |way| {
            if way == 4 {
                return route(4).replace("port: 443}", "port: 443, tls: true}");
            }
            destination("{tls: {mode: SIMPLE, insecureSkipVerify: true}}") + &route(way)
        },
        cells: [
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Code("CI229"),
            Never("a BackendTLSPolicy is not read for a TLSRoute"),
            Code("CI872"),
        ],
    },
    Question {
        words: "TLS is passed through to a port of plain http",
        fault: |way| service("{port: 443, name: http}", "ns") + &route(way),
        cells: [
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Code("CI225"),
            Code("CI225"),
            Code("CI225"),
        ],
    },
    Question {
        words: "TLS is passed through to a certificate of a private CA",
        fault: |way| {
            let secret = served("leaf").replace("}\n---", ", cacert: '${ca}', cakey: eA==}\n---");
            secret + &route(way)
        },
        cells: [
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Never(ENDS),
            Code("CI232"),
            Code("CI232"),
            Code("CI232"),
        ],
    },
    Question {
        words: "the PROXY protocol is sent to an httpd that does not expect it",
        fault: |way| {
            let asked = if way == 4 {
                let transport = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\n\
                                     spec: {proxyProtocol: {version: 2}}\n---\n";
                let route = route(4).replace("port: 443}", "port: 443, serversTransport: t}");
                transport.to_owned() + &route
            } else {
                destination("{proxyProtocol: {version: V2}}") + &route(way)
            };
            httpd("SSLEngine on") + &asked
        },
        cells: [
            Never(OF_HTTP),
            Never(OF_HTTP),
            Never("the Gateway API has no field to ask for it"),
            Code("CI713"),
            Code("CI713"),
            Never("the Gateway API has no field to ask for it"),
            Code("CI713"),
        ],
    },
    Question {
        words: "the PROXY protocol is not sent to an httpd that waits for it",
        fault: |way| httpd("RemoteIPProxyProtocol On") + &route(way),
        cells: [Code("CI712"); WAYS],
    },
    Question {
        words: "a load balancer sends the PROXY protocol to a front that does not expect it",
        fault: |way| match way {
            3 | 6 => case("CI873") + &route(way),
            _ => case("CI709") + &route(way),
        },
        cells: [
            Code("CI709"),
            Code("CI709"),
            Code("CI709"),
            Code("CI873"),
            Code("CI709"),
            Code("CI709"),
            Code("CI873"),
        ],
    },
    Question {
        words: "the client's address is taken from everyone",
        fault: |way| httpd("RemoteIPHeader X-Forwarded-For") + &route(way),
        cells: [Code("CI714"); WAYS],
    },
    Question {
        words: "a client certificate is asked for, and none is shown",
        fault: |way| {
            let route = match way {
                2 | 3 => verified(way, "ca", "a.example.org"),
                _ => route(way),
            };
            httpd("SSLVerifyClient require") + &route
        },
        cells: [
            Code("CI726"),
            Code("CI726"),
            Code("CI726"),
            Code("CI726"),
            Never("the browser is asked, and may have one"),
            Never("the browser is asked, and may have one"),
            Never("the browser is asked, and may have one"),
        ],
    },
    Question {
        words: "a client certificate is asked for by options that do not govern",
        fault: |way| {
            let options = "apiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: mtls, namespace: ns}\n\
                           spec: {clientAuth: {secretNames: [people], clientAuthType: RequireAndVerifyClientCert}}\n---\n";
            let with = |more: &str| {
                if way == 0 {
                    route(0).replace("tls: {}", &format!("tls: {{{more}}}"))
                } else {
                    let annotation = "traefik.ingress.kubernetes.io/router.tls";
                    let all =
                        format!("namespace: ns, annotations: {{{annotation}: 'true'{more}}}}}");
                    route(1).replace("namespace: ns}", &all)
                }
            };
            let named = if way == 0 {
                "options: {name: mtls}"
            } else {
                ", traefik.ingress.kubernetes.io/router.tls.options: ns-mtls@kubernetescrd"
            };
            let second = with("").replace("name: r,", "name: second,");
            format!("{options}{}---\n{second}", with(named))
        },
        cells: [
            Code("CI411"),
            Code("CI411"),
            Never("the listener asks, and serves all routes for its hosts"),
            Never("the server of the Gateway asks, and serves all routes for its hosts"),
            Never(PASSES),
            Never(PASSES),
            Never(PASSES),
        ],
    },
    Question {
        words: "one host is served from two places",
        fault: |way| {
            let one = route(way).replace("gateways: [g]", "gateways: [edge/g]");
            let other = one.replace("namespace: ns", "namespace: other");
            format!("{one}---\n{other}")
        },
        cells: [
            Code("CI217"),
            Code("CI217"),
            Code("CI823"),
            Code("CI823"),
            Code("CI217"),
            Code("CI823"),
            Code("CI823"),
        ],
    },
];

#[test]
fn every_question_of_a_leg_has_an_answer_on_every_way_in_or_a_reason_why_not() {
    let mut silent = Vec::new();
    for Question {
        words,
        fault,
        cells,
    } in &MATRIX
    {
        for (number, cell) in cells.iter().enumerate() {
            match cell {
                Code(code) => {
                    let found = report(&fault(number));
                    if !has(&found, code) {
                        let kind = way(number).0;
                        silent.push(format!(
                            "{words}, {kind} {number}, {code}: {:?}",
                            said(&found)
                        ));
                    }
                }
                Never(reason) => assert!(!reason.is_empty(), "{words}"),
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
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
