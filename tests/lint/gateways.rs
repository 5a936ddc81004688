//! Further faults of each rule for the Gateway API, Istio and cert-manager, each committed in manifests that are
//! right otherwise: those of `cases/CODE-near.yaml`.

use super::{codes, filled, options, report, said};
use crate::support::read;
use civi_ingress::lint::{Finding, Severity};
use std::collections::BTreeSet;
use std::path::Path;

/// A whole instance behind a Gateway of Traefik, behind one of Istio, and a Certificate with its issuer.
const TRAEFIK: &str = "CI807";
const ISTIO: &str = "CI864";
const ACME: &str = "CI884";

fn near(code: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases");
    read(&folder.join(format!("{code}-near.yaml")))
}

/// Writes the faults into good manifests, and compares what is found, from warnings on.
#[track_caller]
fn finds(base: &str, faults: &[(&str, &str)], expected: &[&str]) {
    let mut text = near(base);
    for (good, bad) in faults {
        assert!(text.contains(good), "{base} has no {good:?}:\n{text}");
        text = text.replace(good, bad);
    }
    let text = filled(&text);
    let report = report(&text, &options(&text));
    let found = codes(&report, Severity::Warning);
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    assert_eq!(found, expected, "{faults:?}: {:?}", said(&report));
}

const APPENDED: &str = "data: {tls.crt: \"${wildcard}\", tls.key: \"${wildcard.key}\"}\n";

#[test]
fn a_version_is_held_against_the_traefik_that_reads_it() {
    let begin = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n";
    let with = |release: &str| format!("# options: traefik={release}\n{begin}");
    finds(TRAEFIK, &[(begin, &with("3.7"))], &[]);
    finds(TRAEFIK, &[(begin, &with("3.6"))], &[]);
    finds(TRAEFIK, &[(begin, &with("3.5"))], &["CI801"]);
    finds(TRAEFIK, &[(begin, &with("3.1"))], &["CI801"]);
    finds(TRAEFIK, &[(begin, &with("2.11"))], &["CI801"]);
    let old = [(
        "k8s.io/v1\nkind: TLSRoute",
        "k8s.io/v1alpha2\nkind: TLSRoute",
    )];
    finds("CI813", &old, &["CI801"]);
    let old = [
        (
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway",
            "# options: traefik=3.6\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway",
        ),
        (
            "k8s.io/v1\nkind: TLSRoute",
            "k8s.io/v1alpha2\nkind: TLSRoute",
        ),
    ];
    finds("CI813", &old, &[]);
    finds("CI813", &old[..1], &["CI801"]);
}

#[test]
fn a_policy_is_held_against_its_service_its_ca_and_the_certificate_of_httpd() {
    let reference = "{group: \"\", kind: ConfigMap, name: externca}";
    let both = format!("[{reference}], wellKnownCACertificates: System");
    finds(TRAEFIK, &[(&format!("[{reference}]"), &both)], &["CI804"]);
    finds(
        TRAEFIK,
        &[(
            "hostname: a.example.org, ca",
            "hostname: \"*.example.org\", ca",
        )],
        &["CI804"],
    );
    finds(
        TRAEFIK,
        &[("kind: ConfigMap, name", "kind: Bundle, name")],
        &["CI805"],
    );
    finds(
        TRAEFIK,
        &[(
            "name: externca, namespace: ns",
            "name: externca, namespace: other",
        )],
        &["CI805"],
    );
    finds(TRAEFIK, &[("${ca:4}", "    no certificate")], &["CI805"]);
    finds(
        TRAEFIK,
        &[(
            "externcert: \"${leaf}\", externkey: \"${leaf.key}\"",
            "externcert: \"${leaf-cn}\"",
        )],
        &["CI807", "CI617"],
    );
    // A certificate of another Service in the namespace is not taken for that of httpd.
    finds(
        TRAEFIK,
        &[(
            "externcert: \"${leaf}\", externkey: \"${leaf.key}\"",
            "other: \"${nc-good}\"",
        )],
        &[],
    );
}

#[test]
fn secrets_are_taken_as_cas_by_traefik_3_7_and_not_before() {
    let begin = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n";
    let map = near(TRAEFIK);
    assert!(map.contains("kind: ConfigMap\nmetadata"));
    let as_secret = [
        ("kind: ConfigMap, name", "kind: Secret, name"),
        (
            "kind: ConfigMap\nmetadata: {name: externca, namespace: ns}\ndata:",
            "kind: Secret\nmetadata: {name: externca, namespace: ns}\nstringData:",
        ),
    ];
    finds(TRAEFIK, &as_secret, &[]);
    let old = format!("# options: traefik=3.6\n{begin}");
    finds(
        TRAEFIK,
        &[as_secret[0], as_secret[1], (begin, &old)],
        &["CI805"],
    );
}

#[test]
fn listeners_are_held_against_each_other_and_their_certificates() {
    finds(
        TRAEFIK,
        &[(
            "tls: {certificateRefs: [{name: wildcardsecret}]}",
            "tls: {mode: Terminate}",
        )],
        &["CI814"],
    );
    finds(
        TRAEFIK,
        &[(
            "      tls: {certificateRefs: [{name: wildcardsecret}]}\n",
            "",
        )],
        &["CI814"],
    );
    finds(
        TRAEFIK,
        &[("protocol: HTTPS", "protocol: HTTP")],
        &["CI814"],
    );
    finds(
        TRAEFIK,
        &[(
            "[{name: wildcardsecret}]",
            "[{name: wildcardsecret, kind: ConfigMap}]",
        )],
        &["CI820"],
    );
    finds(
        TRAEFIK,
        &[(
            "[{name: wildcardsecret}]",
            "[{name: wildcardsecret, group: core, kind: Secret}]",
        )],
        &[],
    );
    finds(
        TRAEFIK,
        &[(
            "name: wildcardsecret, namespace: ns",
            "name: wildcardsecret, namespace: certs",
        )],
        &["CI816"],
    );
    let passed = [(
        "tls: {mode: Passthrough}",
        "tls: {mode: Passthrough, certificateRefs: [{name: wildcardsecret}]}",
    )];
    finds("CI813", &passed, &["CI814"]);
    // Without a host of its own, a listener is for those of its routes.
    let open = ("      hostname: a.example.org\n", "");
    finds(TRAEFIK, &[open], &[]);
    finds(
        TRAEFIK,
        &[
            open,
            ("hostnames: [a.example.org]", "hostnames: [a.b.example.org]"),
        ],
        &["CI821"],
    );
    let second = "  listeners:\n    - {name: web, port: 8443, protocol: HTTP}\n";
    // An entry point of Traefik has both.
    finds(TRAEFIK, &[("  listeners:\n", second)], &[]);
    let of_istio = ("gatewayClassName: traefik", "gatewayClassName: istio");
    finds(
        TRAEFIK,
        &[("  listeners:\n", second), of_istio],
        &["CI822", "CI826"],
    );
    let second = "  listeners:\n    - {name: websecure, port: 8000, protocol: HTTP}\n";
    finds(TRAEFIK, &[("  listeners:\n", second)], &["CI822"]);
    let frontend = "  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: \"\", kind: ConfigMap, name: c}]}}}}\n  listeners:\n";
    finds(TRAEFIK, &[("  listeners:\n", frontend)], &["CI811"]);
}

/// Where each reads policies of its own, a name that one of them does not verify is found of those alone.
#[test]
fn whoever_serves_the_gateway_of_a_route_decides_what_a_policy_verifies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases");
    let of_istio = read(&folder.join("CI826-fires.yaml"));
    let of_traefik = of_istio
        .replace("gatewayClassName: istio", "gatewayClassName: traefik")
        .replace("namespace: ns", "namespace: other");
    let found = |text: &str| {
        let text = filled(text);
        let report = report(&text, &options(&text));
        let findings = report.findings.into_iter();
        let of_policies =
            findings.filter(|finding| ["CI808", "CI826"].contains(&finding.rule.code));
        let namespace = |finding: Finding| finding.object.map(|object| object.namespace);
        of_policies
            .map(|finding| (finding.rule.code, namespace(finding).unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let of = |code: &'static str, namespace: &str| (code, namespace.to_owned());
    let both = format!("{of_istio}---\n{of_traefik}");
    assert_eq!(found(&of_traefik), []);
    assert_eq!(found(&both), [of("CI826", "ns")]);
    // Other names, which Istio verifies and Traefik does not read.
    let listed = "validation: {subjectAltNames: [{type: Hostname, hostname: b.example.org}], ";
    let both = both.replace("validation: {", listed);
    assert_eq!(found(&both), [of("CI808", "other")]);
}

#[test]
fn routes_are_held_against_listeners_and_services() {
    finds(
        TRAEFIK,
        &[(
            "parentRefs: [{name: public}]",
            "parentRefs: [{name: public, port: 443}]",
        )],
        &["CI817"],
    );
    finds(
        TRAEFIK,
        &[("kind: HTTPRoute", "kind: TLSRoute")],
        &["CI813"],
    );
    finds(
        TRAEFIK,
        &[("name: civicrmhttpd, port: 443", "name: civicrmhttpd")],
        &["CI824"],
    );
    let external = (
        "spec: {selector: {app: paroisse-httpd-impl}, ports: [{port: 443}]}",
        "spec: {type: ExternalName, externalName: a.example.net}",
    );
    finds(TRAEFIK, &[external], &["CI824"]);
    finds(
        TRAEFIK,
        &[
            external,
            ("gatewayClassName: traefik", "gatewayClassName: istio"),
        ],
        &["CI826"],
    );
    let plain = [("port: 443", "port: 80")];
    finds("CI813", &plain, &["CI225"]);
    let namespaces = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {ingress: \"no\"}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: edge}\n";
    let selector = "{matchLabels: {kubernetes.io/metadata.name: ns}}";
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute";
    let with = format!("{namespaces}{route}");
    finds(
        "CI818",
        &[
            (selector, "{matchLabels: {ingress: \"yes\"}}"),
            (route, &with),
        ],
        &["CI818"],
    );
    finds(
        "CI818",
        &[
            (selector, "{matchLabels: {ingress: \"no\"}}"),
            (route, &with),
        ],
        &[],
    );
    finds(
        "CI818",
        &[(selector, "{matchLabels: {ingress: \"yes\"}}")],
        &[],
    );
}

#[test]
fn what_is_in_another_namespace_than_is_named_is_found() {
    let gateway = "kind: Gateway\nmetadata: {name: public, namespace: ns}";
    let elsewhere = (
        gateway,
        "kind: Gateway\nmetadata: {name: public, namespace: edge}",
    );
    finds("CI812", &[elsewhere], &["CI817"]);
    finds(
        "CI858",
        &[elsewhere, ("gateways: [public]", "gateways: [ns/public]")],
        &["CI859"],
    );
    finds(
        "CI863",
        &[("civicrmhttpd.ns.svc", "civicrmhttpd.other.svc")],
        &["CI862"],
    );
    let issuer = "kind: ClusterIssuer\nmetadata: {name: roots}";
    finds(
        "CI894",
        &[(
            issuer,
            "kind: Issuer\nmetadata: {name: roots, namespace: ns}",
        )],
        &["CI894"],
    );
    finds(
        "CI894",
        &[(
            issuer,
            "kind: Issuer\nmetadata: {name: roots, namespace: cert-manager}",
        )],
        &[],
    );
}

#[test]
fn servers_of_istio_are_held_against_their_modes_and_each_other() {
    let tls = "      tls: {mode: SIMPLE, credentialName: wildcardsecret}\n";
    finds(ISTIO, &[(tls, "")], &["CI851"]);
    finds(ISTIO, &[("protocol: HTTPS", "protocol: HTTP")], &["CI851"]);
    finds(
        ISTIO,
        &[(
            tls,
            "      tls: {mode: MUTUAL, serverCertificate: /c, privateKey: /k}\n",
        )],
        &["CI851"],
    );
    finds(
        ISTIO,
        &[(
            tls,
            "      tls: {mode: SIMPLE, credentialName: wildcardsecret, serverCertificate: /c, privateKey: /k}\n",
        )],
        &["CI851"],
    );
    finds(
        ISTIO,
        &[(
            tls,
            "      tls: {mode: MUTUAL, credentialName: wildcardsecret}\n",
        )],
        &["CI855"],
    );
    finds(
        ISTIO,
        &[
            (
                tls,
                "      tls: {mode: MUTUAL, credentialName: wildcardsecret}\n",
            ),
            (
                APPENDED,
                &APPENDED.replace("{tls", "{ca.crt: \"${ca}\", tls"),
            ),
        ],
        &[],
    );
    finds(
        ISTIO,
        &[(
            "hosts: [a.example.org]\n      tls",
            "hosts: [a.example.org, a.b.example.org]\n      tls",
        )],
        &["CI821"],
    );
    finds(
        ISTIO,
        &[(
            "mode: SIMPLE, credentialName: wildcardsecret",
            "mode: PASSTHROUGH, credentialName: wildcardsecret",
        )],
        &["CI852", "CI860"],
    );
    // Istio's own ingress gateway runs in istio-system as a rule; other pods may run anywhere.
    let elsewhere = (
        "name: wildcardsecret, namespace: istio-system",
        "name: wildcardsecret, namespace: ns",
    );
    finds(ISTIO, &[elsewhere], &["CI854"]);
    let other = (
        "selector: {istio: ingressgateway}",
        "selector: {app: gateway}",
    );
    finds(ISTIO, &[elsewhere, other], &[]);
    let second = "  servers:\n    - {port: {number: 80, name: https, protocol: HTTP}, hosts: [a.example.org]}\n";
    finds(ISTIO, &[("  servers:\n", second)], &["CI857"]);
    let second = "  servers:\n    - {port: {number: 443, name: http, protocol: HTTP}, hosts: [a.example.org]}\n";
    finds(ISTIO, &[("  servers:\n", second)], &["CI857"]);
}

#[test]
fn virtual_services_are_held_against_servers_and_services() {
    finds(ISTIO, &[("  gateways: [public]\n", "")], &["CI858"]);
    finds(
        ISTIO,
        &[(
            "hosts: [a.example.org]\n      tls",
            "hosts: [other/a.example.org]\n      tls",
        )],
        &["CI858"],
    );
    finds(
        ISTIO,
        &[(
            "hosts: [a.example.org]\n      tls",
            "hosts: [./a.example.org]\n      tls",
        )],
        &[],
    );
    finds(
        "CI860",
        &[(
            "mode: PASSTHROUGH",
            "mode: SIMPLE, credentialName: wildcardsecret",
        )],
        &["CI860"],
    );
    finds(
        "CI860",
        &[("number: 443}}}]", "number: 80}}}]")],
        &["CI225"],
    );
    let short = (
        "host: civicrmhttpd.ns.svc.cluster.local, port",
        "host: civicrmhttpd, port",
    );
    finds(ISTIO, &[short], &[]);
    finds(
        ISTIO,
        &[
            short,
            (
                "name: civicrm, namespace: ns",
                "name: civicrm, namespace: edge",
            ),
            ("[public]", "[ns/public]"),
        ],
        &["CI862"],
    );
    finds(
        ISTIO,
        &[("port: {number: 443}}}]", "port: {number: 8443}}}]")],
        &["CI824"],
    );
}

#[test]
fn destination_rules_are_held_against_their_secrets_and_the_certificate_of_httpd() {
    finds(
        ISTIO,
        &[(
            "data: {ca.crt: \"${ca}\"}",
            "data: {ca.crt: \"${other-ca}\"}",
        )],
        &["CI806"],
    );
    finds(
        ISTIO,
        &[("data: {ca.crt: \"${ca}\"}", "data: {cacert: \"${ca}\"}")],
        &[],
    );
    finds(
        ISTIO,
        &[("data: {ca.crt: \"${ca}\"}", "data: {tls.ca: \"${ca}\"}")],
        &["CI855"],
    );
    finds(
        ISTIO,
        &[(
            "subjectAltNames: [a.example.org]",
            "subjectAltNames: [b.example.org]",
        )],
        &["CI807"],
    );
    finds(
        ISTIO,
        &[(
            "subjectAltNames: [a.example.org]",
            "subjectAltNames: [b.example.org, a.example.org]",
        )],
        &[],
    );
    // Without SNI, what the browser asks for is verified.
    let automatic = (", sni: a.example.org, subjectAltNames: [a.example.org]", "");
    finds(ISTIO, &[automatic], &[]);
    finds(
        ISTIO,
        &[
            automatic,
            (
                "externcert: \"${leaf}\", externkey: \"${leaf.key}\"",
                "externcert: \"${leaf-b}\"",
            ),
        ],
        &["CI807"],
    );
    finds(
        ISTIO,
        &[(
            "credentialName: civicrm-ca, ",
            "credentialName: civicrm-ca, caCertificates: /ca, ",
        )],
        &["CI871"],
    );
    finds(
        ISTIO,
        &[("credentialName: civicrm-ca, ", "insecureSkipVerify: true, ")],
        &["CI871"],
    );
    finds(
        ISTIO,
        &[(
            "credentialName: civicrm-ca, ",
            "credentialName: \"configmap://other/civicrm-ca\", ",
        )],
        &["CI871"],
    );
    finds(
        ISTIO,
        &[(
            "mode: SIMPLE, credentialName: civicrm-ca",
            "mode: MUTUAL, credentialName: civicrm-ca",
        )],
        &["CI855"],
    );
    finds(
        ISTIO,
        &[(
            "name: civicrm-ca, namespace: istio-system",
            "name: civicrm-ca, namespace: ns",
        )],
        &["CI867"],
    );
}

#[test]
fn a_header_that_is_waited_for_and_not_sent_is_found() {
    finds(
        "CI873",
        &[("proxy-protocol: \"true\"", "proxy-protocol: \"false\"")],
        &["CI873"],
    );
    finds(
        "CI873",
        &[(
            "loadbalancer.openstack.org/proxy-protocol: \"true\"",
            "example.org/other: \"true\"",
        )],
        &[],
    );
}

#[test]
fn issuers_and_certificates_are_held_against_what_the_webhook_takes() {
    finds(
        ACME,
        &[("  acme:\n", "  selfSigned: {}\n  acme:\n")],
        &["CI883"],
    );
    finds(
        ACME,
        &[(
            "{http01: {",
            "{dns01: {webhook: {groupName: example.org, solverName: x}}, http01: {",
        )],
        &["CI883"],
    );
    finds(
        ACME,
        &[("kind: ClusterIssuer}", "kind: clusterissuer}")],
        &["CI884"],
    );
    finds(
        ACME,
        &[(
            "kind: ClusterIssuer}",
            "kind: VaultIssuer, group: example.org}",
        )],
        &[],
    );
    finds(
        ACME,
        &[
            ("kind: ClusterIssuer}", "kind: Issuer}"),
            (
                "kind: ClusterIssuer\nmetadata: {name: letsencrypt}",
                "kind: Issuer\nmetadata: {name: letsencrypt, namespace: other}",
            ),
        ],
        &["CI884"],
    );
    finds(
        ACME,
        &[("  dnsNames", "  duration: 30m\n  dnsNames")],
        &["CI885"],
    );
    finds(
        ACME,
        &[("  dnsNames", "  renewBefore: 1m\n  dnsNames")],
        &["CI885"],
    );
    finds(
        ACME,
        &[(
            "  dnsNames",
            "  renewBefore: 1h\n  renewBeforePercentage: 30\n  dnsNames",
        )],
        &["CI885"],
    );
    finds(ACME, &[("  dnsNames: [a.example.org]\n", "")], &["CI886"]);
}

#[test]
fn a_certificate_in_another_namespace_than_its_reader_is_found() {
    let certificate = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: w, namespace: edge}\nspec: {secretName: wildcardsecret, dnsNames: [a.example.org], issuerRef: {name: x, kind: ClusterIssuer}}\n";
    let whole = |namespace: &str| {
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: wildcardsecret, namespace: {namespace}}}\ntype: kubernetes.io/tls\n{APPENDED}"
        );
        secret
    };
    finds(TRAEFIK, &[(&whole("ns"), certificate)], &["CI816"]);
    finds(ISTIO, &[(&whole("istio-system"), certificate)], &["CI854"]);
    finds(
        "CI888",
        &[(
            "name: public, namespace: ns",
            "name: public, namespace: edge",
        )],
        &["CI404"],
    );
}

#[test]
fn a_challenge_that_does_not_get_through_is_found() {
    let values = "---\nports: {web: {expose: {default: false}}, websecure: {port: 8443}}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate";
    finds(
        ACME,
        &[(
            "---\napiVersion: cert-manager.io/v1\nkind: Certificate",
            values,
        )],
        &["CI722"],
    );
    let gateway = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: ns}\nspec:\n  selector: {app: gateway}\n  servers:\n    - {port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"], tls: {httpsRedirect: true}}\n    - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example.org], tls: {mode: SIMPLE, credentialName: wildcardsecret}}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate";
    let istio = ("ingressClassName: traefik", "class: istio");
    let certificate = "---\napiVersion: cert-manager.io/v1\nkind: Certificate";
    finds(ACME, &[istio, (certificate, gateway)], &["CI891"]);
    finds(
        ACME,
        &[
            istio,
            (
                certificate,
                &gateway.replace("httpsRedirect: true", "httpsRedirect: false"),
            ),
        ],
        &[],
    );
    let solver = "---\napiVersion: v1\nkind: Service\nmetadata: {name: cm-acme-http-solver-x, namespace: ns, labels: {acme.cert-manager.io/http01-solver: \"true\"}}\nspec: {ports: [{port: 8089}]}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate";
    finds(ACME, &[(certificate, solver)], &["CI890"]);
}

#[test]
fn misspelt_fields_and_references_are_found() {
    finds(
        TRAEFIK,
        &[(
            "certificateRefs: [{name: wild",
            "certificateRef: [{name: wild",
        )],
        &["CI311", "CI814"],
    );
    finds(
        TRAEFIK,
        &[("targetRefs:", "targetRef:")],
        &["CI311", "CI810"],
    );
    finds(
        ISTIO,
        &[(
            "credentialName: wildcardsecret",
            "credentialname: wildcardsecret",
        )],
        &["CI311", "CI851"],
    );
    finds(
        ISTIO,
        &[("subjectAltNames:", "subjectAltName:")],
        &["CI311"],
    );
    finds(ACME, &[("dnsNames:", "dnsName:")], &["CI311", "CI886"]);
    finds(
        ACME,
        &[("ingressClassName:", "ingressClasName:")],
        &["CI311"],
    );
    finds(
        TRAEFIK,
        &[(
            "parentRefs: [{name: public}]",
            "parentRefs: [{name: publik}]",
        )],
        &["CI902"],
    );
    finds(
        ISTIO,
        &[("gateways: [public]", "gateways: [publik]")],
        &["CI902"],
    );
    finds(
        ACME,
        &[(
            "issuerRef: {name: letsencrypt",
            "issuerRef: {name: letsencrpyt",
        )],
        &["CI902"],
    );
}

#[test]
fn a_reference_to_what_is_not_in_the_input_is_reported_as_pointing_outside() {
    for (base, wanted) in [
        (
            "CI811",
            vec!["GatewayClass `istio`", "Secret `wildcardsecret`"],
        ),
        (
            "CI812",
            vec!["Service `civicrmhttpd`", "ConfigMap `externca`"],
        ),
        ("CI851", vec!["Secret `wildcardsecret`"]),
        ("CI881", vec!["ClusterIssuer `letsencrypt`"]),
    ] {
        let text = format!("# options: strict\n{}", filled(&near(base)));
        let report = report(&text, &options(&text));
        for wanted in wanted {
            assert!(
                report
                    .findings
                    .iter()
                    .any(|finding| finding.rule.code == "CI901"
                        && finding.severity == Severity::Error
                        && finding.message.contains(wanted)),
                "{base}, {wanted}: {:?}",
                said(&report)
            );
        }
    }
}
