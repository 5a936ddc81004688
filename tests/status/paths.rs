//! The way to an instance by other objects than the chart's: what is visible is reported, and what is not, too.

use super::{chain, instance, report, secret};
use crate::support::{run, run_in, write};
use civi_ingress::status::{
    Format, FrontKind, InstancePath, LegVerdict, Presentation, Report, Stop, Wire,
};
use tempfile::TempDir;

/// The Secrets of an instance, without its route.
fn secrets(name: &str) -> String {
    let documents = instance(name, 0);
    let documents = documents.split("---\n");
    documents
        .filter(|document| document.contains("kind: Secret\n"))
        .map(|document| format!("---\n{document}"))
        .collect()
}

/// The certificate of a gateway, in a Secret of this namespace.
fn pair(namespace: &str, name: &str) -> String {
    let chain = chain(&["*.example.org"], 10, ("ca", "rsa"));
    secret("Secret", namespace, name, &[("tls.crt", chain.leaf.pem())])
}

fn only(report: &Report) -> &InstancePath {
    let [instance] = report.instances.as_slice() else {
        panic!("one instance: {:?}", report.instances)
    };
    instance
}

fn names(report: &Report, certificate: Option<usize>) -> Option<String> {
    certificate.map(|row| report.rows[row].names())
}

#[test]
fn tls_that_passes_through_ends_at_httpd_and_its_certificate_is_what_browsers_see() {
    let route = "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: r, namespace: paroisse-a}\n\
                 spec:\n  routes: [{match: \"HostSNI(`a.example.org`) || HostSNI(`*`)\", services: [{name: civicrmhttpd, port: 443}]}]\n  \
                 tls: {passthrough: true}\n";
    let report = report(&(secrets("a") + route + &pair("default", "wildcardsecret")));
    let instance = only(&report);
    assert_eq!(instance.hosts, ["a.example.org"]);
    let stops: Vec<Stop> = instance.stops().iter().map(|(stop, _)| *stop).collect();
    assert_eq!(
        stops,
        [
            Stop::Browser,
            Stop::Balancer,
            Stop::Front,
            Stop::Httpd,
            Stop::Database
        ]
    );
    let [(from, to, leg), _] = instance.legs()[..] else {
        panic!("two legs: {:?}", instance.legs())
    };
    assert_eq!((from, to), (Stop::Browser, Stop::Httpd));
    let seen = names(&report, leg.certificate);
    assert_eq!(seen.as_deref(), Some("a.example.org"));
    assert!(instance.urgency.is_some());
    assert!(
        report
            .write(Format::Mermaid, &Presentation::default())
            .contains("[\"Traefik<br/>passes TLS through unopened\"]")
    );
}

#[test]
fn a_leg_in_plain_http_is_shown_as_such_and_has_no_certificate() {
    let route = |service: &str| {
        format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: paroisse-a}}\nspec:\n  \
             routes: [{{match: Host(`a.example.org`), services: [{{name: civicrmhttpd, {service}}}]}}]\n  tls: {{}}\n"
        )
    };
    for (service, wire) in [
        ("port: 80", Wire::Plain),
        ("port: 443, scheme: http", Wire::Plain),
        ("port: 8080, scheme: h2c", Wire::Plain),
        ("port: 443", Wire::Tls),
        ("port: https-web", Wire::Tls),
        ("port: 8443, scheme: https", Wire::Tls),
        ("port: web", Wire::Unknown),
    ] {
        let report = report(&(secrets("a") + &route(service)));
        let leg = &only(&report).backend;
        assert_eq!(leg.wire, wire, "{service}");
        assert_eq!(leg.certificate.is_none(), wire == Wire::Plain, "{service}");
    }
    let report = report(&(secrets("a") + &route("port: 80")));
    let json = report.write(Format::Json, &Presentation::default());
    assert!(json.contains("\"wire\": \"plain\""), "{json}");
    let page = report.write(Format::Html, &Presentation::default());
    assert!(page.contains("plain http: nothing is encrypted"), "{page}");
}

#[test]
fn a_route_that_says_nothing_of_tls_leaves_it_to_its_entry_point() {
    let route = "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: paroisse-a}\nspec:\n  \
                 routes: [{match: Host(`a.example.org`), services: [{name: civicrmhttpd, port: 443}]}]\n";
    let report = report(&(secrets("a") + route));
    assert_eq!(only(&report).browser.wire, Wire::Unknown);
    assert!(
        report
            .write(Format::Dot, &Presentation::default())
            .contains("plain http, unless its entry point adds TLS")
    );
}

#[test]
fn a_transport_that_verifies_nothing_is_reported() {
    let text = instance("a", 0).replace(
        "  serverName: a.example.org\n",
        "  serverName: a.example.org\n  insecureSkipVerify: true\n",
    );
    assert_eq!(only(&report(&text)).backend.verdict, LegVerdict::Unchecked);
}

const GATEWAY: &str = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: edge}\nspec:\n  \
                       gatewayClassName: traefik\n  listeners:\n    - {name: web, port: 80, protocol: HTTP}\n    \
                       - {name: https, port: 443, protocol: HTTPS, hostname: '*.example.org', tls: {certificateRefs: [{name: wildcard}]}}\n    \
                       - {name: pass, port: 8443, protocol: TLS, hostname: '*.pass.example.org', tls: {mode: Passthrough}}\n";

fn http_route(port: u16) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: paroisse-a}}\nspec:\n  \
         parentRefs: [{{name: public, namespace: edge}}]\n  hostnames: [a.example.org]\n  \
         rules: [{{backendRefs: [{{name: civicrmhttpd, port: {port}}}]}}]\n"
    )
}

const BACKEND_POLICY: &str = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: paroisse-a}\nspec:\n  \
                              targetRefs: [{group: '', kind: Service, name: civicrmhttpd}]\n  \
                              validation: {hostname: a.example.org, caCertificateRefs: [{group: '', kind: Secret, name: externca}]}\n";

#[test]
fn a_route_of_the_gateway_api_takes_both_legs_from_its_gateway_and_its_policy() {
    let text = secrets("a") + &pair("edge", "wildcard") + GATEWAY + &http_route(443);
    let report_with = report(&(text.clone() + BACKEND_POLICY));
    let instance = only(&report_with);
    assert_eq!(instance.front.kind, FrontKind::Traefik);
    assert_eq!(instance.front.gateway.as_deref(), Some("edge/public"));
    let seen = names(&report_with, instance.browser.certificate);
    assert_eq!(seen.as_deref(), Some("*.example.org"));
    let leg = &instance.backend;
    assert_eq!((leg.wire, leg.verdict), (Wire::Tls, LegVerdict::Signed));
    // Without a policy port 80 is plain http, and of port 443 it depends on the gateway.
    let without = report(&text);
    assert_eq!(only(&without).backend.wire, Wire::Unknown);
    let plain = report(&text.replace("port: 443}]}]", "port: 80}]}]"));
    assert_eq!(only(&plain).backend.wire, Wire::Plain);
}

#[test]
fn a_tls_route_passes_through_and_a_gateway_that_is_not_there_is_reported() {
    let text = secrets("a")
        + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\nmetadata: {name: r, namespace: paroisse-a}\nspec:\n  \
           parentRefs: [{name: public, namespace: edge, sectionName: pass}]\n  hostnames: [a.pass.example.org]\n  \
           rules: [{backendRefs: [{name: civicrmhttpd, port: 443}]}]\n";
    for text in [text.clone() + GATEWAY, text] {
        assert!(only(&report(&text)).passes_through());
    }
    let report = report(&(secrets("a") + &http_route(443)));
    let instance = only(&report);
    assert_eq!(instance.browser.wire, Wire::Unknown);
    assert_eq!(instance.front.kind, FrontKind::Gateway);
    assert!(
        report
            .write(Format::Mermaid, &Presentation::default())
            .contains("not among the manifests")
    );
}

#[test]
fn a_listener_without_tls_is_plain_http() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: edge}\nspec:\n  \
                   gatewayClassName: nginx\n  listeners: [{name: web, port: 80, protocol: HTTP}]\n";
    let report = report(&(secrets("a") + gateway + &http_route(443)));
    assert_eq!(only(&report).browser.wire, Wire::Plain);
    assert_eq!(only(&report).browser.certificate, None);
}

const ISTIO: &str = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: edge}\nspec:\n  \
                     selector: {istio: ingressgateway}\n  servers:\n    - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*'], tls: {httpsRedirect: true}}\n    \
                     - {port: {number: 443, name: https, protocol: HTTPS}, hosts: ['edge/*.example.org'], tls: {mode: SIMPLE, credentialName: wildcard}}\n\
                     ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, namespace: paroisse-a}\nspec:\n  \
                     hosts: [a.example.org]\n  gateways: [edge/public, mesh]\n  \
                     http: [{route: [{destination: {host: civicrmhttpd.paroisse-a.svc.cluster.local, port: {number: 443}}}]}]\n";

fn destination_rule(tls: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: paroisse-a}}\nspec:\n  \
         host: civicrmhttpd\n  trafficPolicy: {{portLevelSettings: [{{port: {{number: 443}}, tls: {tls}}}]}}\n"
    )
}

#[test]
fn istio_finds_its_certificates_beside_its_gateway() {
    let ca = chain(&["a.example.org"], 0, ("ca", "leaf")).ca;
    // Whichever namespace it is in: that of the Gateway, or of the pods.
    for namespace in ["edge", "istio-system"] {
        let text = secrets("a")
            + &pair(namespace, "wildcard")
            + &secret(
                "Secret",
                namespace,
                "a-trust-cacert",
                &[("cacert", ca.pem())],
            )
            + ISTIO
            + &destination_rule("{mode: SIMPLE, credentialName: a-trust, sni: a.example.org}");
        let report = report(&text);
        let instance = only(&report);
        assert_eq!(instance.front.kind, FrontKind::Istio);
        let seen = names(&report, instance.browser.certificate);
        assert_eq!(seen.as_deref(), Some("*.example.org"), "{namespace}");
        assert_eq!(instance.browser.wire, Wire::Tls);
        let leg = &instance.backend;
        assert_eq!(
            (leg.wire, leg.name.as_str(), leg.trust.len()),
            (Wire::Tls, "a.example.org", 1)
        );
    }
}

#[test]
fn what_a_destination_rule_says_of_tls_is_what_goes_over_the_leg() {
    for (rule, wire) in [
        (destination_rule("{mode: DISABLE}"), Wire::Plain),
        (destination_rule("{mode: ISTIO_MUTUAL}"), Wire::Mesh),
        (destination_rule("{mode: SIMPLE}"), Wire::Tls),
        (
            destination_rule("{mode: SIMPLE, insecureSkipVerify: true}"),
            Wire::Tls,
        ),
        (String::new(), Wire::Unknown),
    ] {
        let report = report(&(secrets("a") + ISTIO + &rule));
        assert_eq!(only(&report).backend.wire, wire, "{rule}");
    }
}

#[test]
fn the_settings_of_a_port_hold_for_that_port_only() {
    let all =
        "{tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 8443}, tls: {mode: DISABLE}}]}";
    let rule = destination_rule("{mode: DISABLE}").replace(
        "{portLevelSettings: [{port: {number: 443}, tls: {mode: DISABLE}}]}",
        all,
    );
    let of_port = |port: &str| {
        let route = ISTIO.replace("{number: 443}}}", &format!("{{number: {port}}}}}}}"));
        only(&report(&(secrets("a") + &route + &rule))).backend.wire
    };
    assert_eq!(of_port("443"), Wire::Tls);
    assert_eq!(of_port("8443"), Wire::Plain);
}

#[test]
fn a_destination_rule_for_many_hosts_holds_where_none_is_for_the_service_alone() {
    let wide = |host: &str| {
        destination_rule("{mode: SIMPLE}")
            .replace("name: d,", "name: w,")
            .replace("host: civicrmhttpd", &format!("host: '{host}'"))
    };
    let spoken = |rules: &str| only(&report(&(secrets("a") + ISTIO + rules))).backend.wire;
    assert_eq!(spoken(&wide("*.paroisse-a.svc.cluster.local")), Wire::Tls);
    assert_eq!(spoken(&wide("*.local")), Wire::Tls);
    assert_eq!(
        spoken(&wide("*.paroisse-b.svc.cluster.local")),
        Wire::Unknown
    );
    let own = destination_rule("{mode: DISABLE}");
    assert_eq!(spoken(&(wide("*.local") + &own)), Wire::Plain);
}

#[test]
fn the_settings_of_a_subset_hold_for_that_subset_only() {
    let rule = destination_rule("{mode: DISABLE}")
        + "  subsets: [{name: v2, trafficPolicy: {tls: {mode: SIMPLE}}}]\n";
    let of_subset = |subset: &str| {
        let route = ISTIO.replace(
            "port: {number: 443}}}]}]",
            &format!("{subset}port: {{number: 443}}}}}}]}}]"),
        );
        only(&report(&(secrets("a") + &route + &rule))).backend.wire
    };
    assert_eq!(of_subset(""), Wire::Plain);
    assert_eq!(of_subset("subset: v1, "), Wire::Plain);
    assert_eq!(of_subset("subset: v2, "), Wire::Tls);
}

#[test]
fn without_a_mode_a_destination_rule_begins_no_tls() {
    let rule = destination_rule("{credentialName: a-trust}");
    let report = report(&(secrets("a") + ISTIO + &rule));
    assert_eq!(only(&report).backend.wire, Wire::Plain);
}

#[test]
fn the_controller_of_its_class_says_who_serves_a_gateway() {
    let class = |controller: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: traefik}}\n\
             spec: {{controllerName: {controller}}}\n"
        )
    };
    for (controller, kind) in [
        ("traefik.io/gateway-controller", FrontKind::Traefik),
        ("istio.io/gateway-controller", FrontKind::Istio),
        ("example.org/gateway", FrontKind::Gateway),
    ] {
        let text = secrets("a") + GATEWAY + &http_route(443) + &class(controller);
        assert_eq!(only(&report(&text)).front.kind, kind, "{controller}");
    }
}

#[test]
fn names_that_attack_stay_inside_their_labels_wherever_they_stand() {
    let attack = "<script>alert(\"1\")</script>\u{1b}]; --> {{x";
    let service = serde_json::json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": attack, "annotations": {"x/proxy-protocol": attack}},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"hostname": attack}]}},
    });
    let certificate = serde_json::json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": attack, "namespace": "edge"},
        "spec": {"secretName": "wildcard", "dnsNames": [attack, "a.example.org"], "issuerRef": {"name": attack}},
        "status": {"notAfter": "2027-01-01T00:00:00Z", "conditions": [{"type": "Ready", "status": "False", "message": attack}]},
    });
    let gateway = GATEWAY.replace("name: public", "name: '<b>x</b>'");
    let route = http_route(443).replace("name: public", "name: '<b>x</b>'");
    let text = format!(
        "{}{gateway}{route}---\n{service}\n---\n{certificate}\n",
        secrets("a")
    );
    let report = report(&text);
    assert_eq!(report.instances.len(), 1);
    let page = report.write(Format::Html, &Presentation::default());
    assert!(!page.contains("<b>x") && page.matches("<script").count() == 1);
    for format in [Format::Html, Format::Mermaid, Format::Dot, Format::Table] {
        let text = report.write(format, &Presentation::default());
        assert!(!text.contains('\u{1b}'), "{format:?}");
    }
    for line in report
        .write(Format::Mermaid, &Presentation::default())
        .lines()
    {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        assert!(!line.contains("<script") && !line.contains("<b>"), "{line}");
    }
}

#[test]
fn istio_passes_tls_through_where_its_gateway_says_so() {
    let text = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: public, namespace: paroisse-a}\nspec:\n  \
                servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example.org], tls: {mode: PASSTHROUGH}}]\n\
                ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r, namespace: paroisse-a}\nspec:\n  \
                hosts: [a.example.org]\n  gateways: [public]\n  \
                tls: [{match: [{sniHosts: [a.example.org]}], route: [{destination: {host: civicrmhttpd, port: {number: 443}}}]}]\n";
    assert!(only(&report(&(secrets("a") + text))).passes_through());
}

#[test]
fn the_service_before_the_cluster_is_in_the_path() {
    let service = |name: &str, annotation: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: edge\n  annotations: {{{annotation}}}\n\
             spec: {{type: LoadBalancer, selector: {{app.kubernetes.io/name: {name}}}}}\n\
             status: {{loadBalancer: {{ingress: [{{ip: 203.0.113.7}}]}}}}\n"
        )
    };
    let proxy = service(
        "traefik",
        "loadbalancer.openstack.org/proxy-protocol: \"v2\"",
    );
    let text = instance("a", 0) + &service("mail", "") + &proxy;
    let found = report(&text);
    let mermaid = found.write(Format::Mermaid, &Presentation::default());
    assert!(
        mermaid.contains(
            "[\"Load balancer<br/>203.0.113.7<br/>Service edge/traefik<br/>PROXY protocol v2\"]"
        ),
        "{mermaid}"
    );
    let ends = service(
        "traefik",
        "loadbalancer.openstack.org/default-tls-container-ref: https://x.example.org/1",
    );
    let page = report(&(instance("a", 0) + &ends)).write(Format::Html, &Presentation::default());
    assert!(page.contains("ends TLS itself"), "{page}");
    // One of another gateway is not before this one, and one without a name is.
    let istio = instance("a", 0) + &service("istio-ingressgateway", "");
    assert_eq!(only(&report(&istio)).balancer, None);
    let front = instance("a", 0) + &service("front", "");
    assert!(only(&report(&front)).balancer.is_some());
    // Of two that nothing tells apart, neither is taken.
    let both = instance("a", 0) + &service("one", "") + &service("two", "");
    assert_eq!(only(&report(&both)).balancer, None);
}

/// A route of Traefik's with these rules.
fn route(namespace: &str, rules: &str) -> String {
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: {namespace}}}\nspec: {{tls: {{}}, routes: [{rules}]}}\n"
    )
}

fn service(namespace: &str, port: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: civicrmhttpd, namespace: {namespace}}}\nspec: {{ports: [{port}]}}\n"
    )
}

#[test]
fn the_name_of_the_services_port_says_whether_traefik_speaks_tls() {
    let route = route(
        "paroisse-a",
        "{match: Host(`a.example.org`), services: [{name: civicrmhttpd, port: 8443}]}",
    );
    for (port, wire) in [
        ("{port: 8443, name: https}", Wire::Tls),
        ("{port: 8443, name: web}", Wire::Plain),
        ("{port: 8443}", Wire::Plain),
    ] {
        let report = report(&(secrets("a") + &route + &service("paroisse-a", port)));
        assert_eq!(only(&report).backend.wire, wire, "{port}");
    }
    let report = report(&(secrets("a") + &route));
    assert_eq!(only(&report).backend.wire, Wire::Unknown, "no Service");
}

#[test]
fn an_instance_is_where_its_service_is_and_so_are_its_transport_and_certificates() {
    let route = route(
        "traefik",
        "{match: Host(`a.example.org`), services: [{name: civicrmhttpd, namespace: paroisse-a, port: 443, serversTransport: t}]}",
    );
    let transport = "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: paroisse-a}\n\
                     spec: {serverName: a.example.org, rootCAs: [{secret: externca}]}\n";
    let report = report(&(secrets("a") + &route + transport));
    let instance = only(&report);
    assert_eq!(instance.namespace.as_deref(), Some("paroisse-a"));
    assert_eq!(instance.backend.verdict, LegVerdict::Signed);
}

#[test]
fn every_service_of_every_rule_is_an_end_of_its_own() {
    let rules = "{match: Host(`a.example.org`), services: [{name: civicrmhttpd, port: 443}]}, \
                 {match: Host(`b.example.org`), services: [{name: other, port: 80}, {name: third, port: 80}]}";
    let report = report(&(secrets("a") + &route("paroisse-a", rules)));
    let mut ends: Vec<(&str, Wire)> = report
        .instances
        .iter()
        .map(|instance| (instance.hosts[0].as_str(), instance.backend.wire))
        .collect();
    ends.sort_by_key(|(host, _)| *host);
    assert_eq!(
        ends,
        [
            ("a.example.org", Wire::Tls),
            ("b.example.org", Wire::Plain),
            ("b.example.org", Wire::Plain)
        ]
    );
}

#[test]
fn of_a_ca_counts_what_traefik_reads_and_nothing_else() {
    let chain = chain(&["a.example.org"], 0, ("ca", "leaf"));
    let verdict = |root: &str, keys: &[(&str, &str)]| {
        let route = route(
            "paroisse-a",
            "{match: Host(`a.example.org`), services: [{name: civicrmhttpd, port: 443, serversTransport: t}]}",
        );
        let transport = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {{name: t, namespace: paroisse-a}}\n\
             spec: {{serverName: a.example.org, rootCAs: [{root}]}}\n"
        );
        let leaf = secret(
            "Secret",
            "paroisse-a",
            "selfcert",
            &[("externcert", chain.leaf.pem())],
        );
        let ca = secret("Secret", "paroisse-a", "odd", keys);
        let report = report(&(leaf + &ca + &route + &transport));
        only(&report).backend.verdict
    };
    let ca = chain.ca.pem();
    assert_eq!(
        verdict("{secret: odd}", &[("any.pem", ca)]),
        LegVerdict::Signed
    );
    let two = [("any.pem", ca), ("README", "text")];
    assert_eq!(verdict("{secret: odd}", &two), LegVerdict::Unknown);
    let both = "{secret: odd, configMap: odd}";
    assert_eq!(verdict(both, &[("ca.crt", ca)]), LegVerdict::Unknown);
}

#[test]
fn a_route_that_names_no_transport_does_not_trust_the_charts_ca() {
    let route = route(
        "paroisse-a",
        "{match: Host(`a.example.org`), services: [{name: civicrmhttpd, port: 443}]}",
    );
    let report = report(&(secrets("a") + &route));
    assert_eq!(only(&report).backend.verdict, LegVerdict::Unknown);
}

#[test]
fn istio_passes_tls_on_whose_mode_is_not_given() {
    let text = ISTIO.replace(
        "mode: SIMPLE, credentialName: wildcard",
        "minProtocolVersion: TLSV1_2",
    );
    let text = text.replace(
        "http: [{route",
        "tls: [{match: [{sniHosts: [a.example.org]}], route",
    );
    let report = report(&(secrets("a") + &text));
    assert!(only(&report).passes_through());
}

#[test]
fn istio_completes_only_names_without_dots() {
    for (host, end) in [
        ("civicrmhttpd", Some("paroisse-a")),
        (
            "civicrmhttpd.paroisse-a.svc.cluster.local",
            Some("paroisse-a"),
        ),
        ("civicrmhttpd.elsewhere", None),
    ] {
        let text = ISTIO.replace("civicrmhttpd.paroisse-a.svc.cluster.local", host);
        let report = report(&(secrets("a") + &text + &destination_rule("{mode: DISABLE}")));
        let wires: Vec<Wire> = report.instances.iter().map(|it| it.backend.wire).collect();
        let expected = if end.is_some() {
            Wire::Plain
        } else {
            Wire::Unknown
        };
        assert_eq!(wires, [expected], "{host}");
    }
}

#[test]
fn an_ingress_of_traefik_is_a_way_in_too() {
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: paroisse-a, annotations: {traefik.ingress.kubernetes.io/router.tls: 'true'}}\nspec:\n  \
                   ingressClassName: traefik\n  rules: [{host: A.example.org, http: {paths: [{backend: {service: {name: civicrmhttpd, port: {number: 443}}}}]}}]\n";
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: civicrmhttpd, namespace: paroisse-a, annotations: {traefik.ingress.kubernetes.io/service.serverstransport: paroisse-a-t@kubernetescrd}}\n\
                   spec: {ports: [{port: 443}]}\n";
    let transport = "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: paroisse-a}\n\
                     spec: {serverName: a.example.org, rootCAs: [{secret: externca}]}\n";
    let trusting = report(&(secrets("a") + ingress + service + transport));
    let instance = only(&trusting);
    assert_eq!(instance.hosts, ["a.example.org"]);
    assert_eq!(
        (instance.browser.wire, instance.backend.wire),
        (Wire::Tls, Wire::Tls)
    );
    assert_eq!(instance.backend.verdict, LegVerdict::Signed);
    let other = ingress.replace("traefik", "nginx");
    let passed_over = report(&(secrets("a") + &other));
    assert_eq!(
        only(&passed_over).backend.verdict,
        LegVerdict::Signed,
        "by the chart's names alone"
    );
}

#[test]
fn the_load_balancer_that_values_of_traefiks_chart_ask_for_is_drawn_unless_a_service_says_more() {
    let directory = TempDir::new().unwrap();
    let made = run(&["new-instance", "paroisse-a", "--host", "a.example.org"]).good();
    write(&directory.path().join("a.yaml"), &made);
    let values = run(&[
        "traefik-values",
        "--topology",
        "tcp-proxy",
        "--load-balancer",
        "openstack",
        "--trusted",
        "10.0.0.0/20",
        "--load-balancer-address",
        "192.0.2.10",
    ])
    .good();
    write(&directory.path().join("values.yaml"), &values);
    let drawn = || run_in(directory.path(), &["status", ".", "-o", "mermaid"]).good();
    let first = drawn();
    let planned = "Load balancer<br/>192.0.2.10<br/>Service traefik<br/>PROXY protocol v2";
    assert!(first.contains(planned), "{first}");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: traefik, namespace: edge}\nspec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.11}]}}\n";
    write(&directory.path().join("service.yaml"), service);
    let second = drawn();
    let found = "Load balancer<br/>192.0.2.11<br/>Service edge/traefik\"";
    assert!(
        second.contains(found) && !second.contains(planned),
        "{second}"
    );
}
