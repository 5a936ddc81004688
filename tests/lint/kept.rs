//! What Traefik and the API server make of single fields: what is refused, what is passed over, and what is written
//! otherwise.

use super::releases::{httpd, passed};
use super::sure::{errors_are, middleware, route, shown, trusting};

const GOOD: (&str, &str) = ("externca", "data: {ca.crt: \"${ca}\"}");

fn transport(fields: &str) -> String {
    trusting(
        &format!("rootCAs: [{{secret: externca}}]\n  {fields}"),
        &[GOOD],
    )
}

fn strict(text: &str) -> String {
    text.replace("# options: ", "# options: strict ")
}

#[test]
fn a_name_that_traefik_writes_otherwise_is_found_under_the_other() {
    let text = transport("disableHTTP2: true");
    let named = |name: &str| {
        text.replace(
            "serversTransport: transport-selfsigned",
            &format!("serversTransport: {name}"),
        )
    };
    errors_are(&[
        ("its own", text.clone(), &[]),
        ("joined", named("transport_selfsigned"), &[]),
        ("a space", named("'transport-selfsigned '"), &[]),
        ("another", named("transport-selfsignet"), &["CI902"]),
    ]);
}

#[test]
fn of_what_traefik_itself_makes_only_what_it_does_make_may_be_named() {
    let text = transport("disableHTTP2: true");
    let named = |name: &str| {
        text.replace(
            "serversTransport: transport-selfsigned",
            &format!("serversTransport: '{name}'"),
        )
    };
    errors_are(&[
        ("its transport", named("default@internal"), &[]),
        ("another", named("insecure@internal"), &["CI902"]),
    ]);
}

#[test]
fn an_asterisk_for_all_hosts_is_read_from_the_release_on_that_reads_wildcards() {
    let star = |release: &str| {
        let text = route("", "").replace("Host(`www.example.org`)", "Host(`*`)");
        text.replace("traefik=3.7.15", &format!("traefik={release}"))
    };
    errors_are(&[
        ("2.11.53", star("2.11.53"), &["CI252"]),
        ("3.0.4", star("3.0.4"), &["CI213"]),
        ("3.6.5", star("3.6.5"), &["CI213"]),
        ("3.7.15", star("3.7.15"), &[]),
    ]);
}

#[test]
fn what_no_release_reads_need_not_be_there() {
    let through = |tls: &str| strict(&passed("3.7.15", "", tls, &httpd("")));
    let with = |services: &str| {
        through("passthrough: true").replace(
            "services: [{name: s, port: 443}]",
            &format!("services: [{services}]"),
        )
    };
    let unused = "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\nspec: {tls: {peerCertURI: spiffe://a/b, rootCAs: [{secret: nowhere}]}}\n";
    let service = ", serversTransport: t";
    errors_are(&[
        (
            "the store",
            shown(
                "3.7.15",
                "{secretName: w, store: {name: default, namespace: x}}",
                "{}",
                "",
            ),
            &[],
        ),
        (
            "options of what is passed through",
            through("passthrough: true, options: {name: nowhere}"),
            &[],
        ),
        (
            "a service beside another",
            with("{name: s, port: 443}, {name: nowhere, port: 443}"),
            &[],
        ),
        (
            "the only one",
            with("{name: nowhere, port: 443}"),
            &["CI901"],
        ),
        (
            "the TLS of a transport",
            strict(&passed(
                "3.7.15",
                service,
                "passthrough: true",
                &(httpd("") + unused),
            )),
            &[],
        ),
        (
            "no limit",
            transport("forwardingTimeouts: {idleConnTimeout: -1}"),
            &[],
        ),
        (
            "no time",
            transport("forwardingTimeouts: {dialTimeout: -1}"),
            &["CI306"],
        ),
    ]);
}

#[test]
fn a_client_of_whom_nothing_is_verified_needs_no_ca() {
    let options = |auth: &str| {
        let option = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {{name: o, namespace: ns}}\nspec: {{minVersion: VersionTLS12, clientAuth: {auth}}}\n"
        );
        shown(
            "3.7.15",
            "{secretName: w, options: {name: o}}",
            "{}",
            &option,
        )
    };
    errors_are(&[
        (
            "no certificate",
            options("{clientAuthType: NoClientCert, secretNames: [nowhere]}"),
            &[],
        ),
        (
            "any",
            options("{clientAuthType: RequestClientCert, secretNames: [nowhere]}"),
            &[],
        ),
        (
            "one that is verified",
            options("{clientAuthType: VerifyClientCertIfGiven, secretNames: [nowhere]}"),
            &["CI420", "CI901"],
        ),
    ]);
}

#[test]
fn settings_of_tls_that_no_browser_meets_are_refused() {
    let options = |spec: &str| {
        let option = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {{name: o, namespace: ns}}\nspec: {spec}\n"
        );
        shown(
            "3.7.15",
            "{secretName: w, options: {name: o}}",
            "{}",
            &option,
        )
    };
    let suites = |names: &str| {
        options(&format!(
            "{{minVersion: VersionTLS12, maxVersion: VersionTLS12, cipherSuites: [{names}]}}"
        ))
    };
    errors_are(&[
        (
            "of the key",
            suites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            &[],
        ),
        (
            "of another key",
            suites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            &["CI420"],
        ),
        ("of TLS 1.3", suites("TLS_AES_128_GCM_SHA256"), &["CI420"]),
        (
            "a curve",
            options("{minVersion: VersionTLS12, curvePreferences: [CurveP384]}"),
            &[],
        ),
        (
            "a rare curve",
            options("{minVersion: VersionTLS12, curvePreferences: [CurveP521]}"),
            &["CI420"],
        ),
        (
            "a newer curve",
            options("{minVersion: VersionTLS12, curvePreferences: [X25519MLKEM768]}"),
            &[],
        ),
        (
            "a newer curve than the release",
            options("{minVersion: VersionTLS12, curvePreferences: [X25519MLKEM768]}")
                .replace("traefik=3.7.15", "traefik=3.4.3"),
            &["CI420"],
        ),
    ]);
}

#[test]
fn a_rule_ends_with_its_line() {
    let rule = |text: &str| {
        route("", "").replace(
            "match: Host(`www.example.org`)",
            &format!("match: \"{text}\""),
        )
    };
    errors_are(&[
        ("a line", rule("Host(`www.example.org`)\\n"), &[]),
        (
            "behind an operator",
            rule("Host(`www.example.org`) &&\\nPath(`/`)"),
            &[],
        ),
        (
            "before it",
            rule("Host(`www.example.org`)\\n&& Path(`/`)"),
            &["CI214"],
        ),
        ("a comment", rule("Host(`www.example.org`) // us"), &[]),
        ("another", rule("Host(`www.example.org`) # us"), &["CI214"]),
        (
            "the host as a header",
            rule("Host(`www.example.org`) && Header(`Host`, `www.example.org`)"),
            &["CI252"],
        ),
    ]);
}

#[test]
fn a_route_leads_to_a_service_that_gets_requests() {
    let services = |text: &str| {
        route("", "").replace(
            "services: [{name: s, port: 80}]",
            &format!("services: [{text}]"),
        )
    };
    let entry = |names: &str| {
        strict(&passed("3.7.15", "", "", ""))
            .replace("kind: IngressRouteTCP", "kind: IngressRoute")
            .replace(
                "match: HostSNI(`a.example.org`), services",
                "match: Host(`a.example.org`), kind: Rule, services",
            )
            .replace(
                "entryPoints: [websecure]",
                &format!("entryPoints: [{names}]"),
            )
    };
    let has = |text: String, code: &str| {
        let text = super::filled(&text);
        let report = super::report(&text, &super::options(&text));
        assert!(
            super::codes(&report, civi_ingress::lint::Severity::Error).contains(code),
            "{code}: {:#?}",
            super::said(&report)
        );
    };
    has(entry("web, nosuch"), "CI246");
    errors_are(&[
        (
            "no weight",
            services("{name: s, port: 80, weight: 0}, {name: s, port: 80, weight: 0}"),
            &["CI249"],
        ),
        (
            "one weight",
            services("{name: s, port: 80, weight: 0}, {name: s, port: 80, weight: 1}"),
            &[],
        ),
        (
            "a window",
            services("{name: s, port: 80, passiveHealthCheck: {failureWindow: x}}"),
            &["CI249"],
        ),
        (
            "a provider",
            services("{name: ping@internal, port: 80}"),
            &["CI208"],
        ),
    ]);
}

#[test]
fn middlewares_that_answer_in_place_of_httpd_are_errors() {
    let row = |spec: &str, code| (spec.to_owned(), middleware(spec), code);
    let rows: [(String, String, &[&str]); 21] = [
        row("{rateLimit: {average: 1, period: -1s}}", &["CI272"][..]),
        row("{plugin: {a: {x: 1}, b: {x: 1}}}", &["CI272"]),
        row(
            "{errors: {status: ['500'], query: /, service: {name: s, port: 80}, statusRewrites: {x: 502}}}",
            &["CI272"],
        ),
        row("{headers: {customRequestHeaders: {X-A: null}}}", &["CI272"]),
        row("{headers: {customRequestHeaders: {X A: b}}}", &["CI274"]),
        row("{headers: {customRequestHeaders: {X-A: b}}}", &[]),
        row(
            "{headers: {customResponseHeaders: {Content-Length: '1'}}}",
            &["CI274"],
        ),
        row("{headers: {allowedHosts: [other.example.org]}}", &["CI274"]),
        row("{headers: {allowedHosts: [www.example.org]}}", &[]),
        row("{redirectScheme: {scheme: HTTPS}}", &["CI274"]),
        row("{redirectScheme: {scheme: ftp}}", &["CI274"]),
        row("{redirectScheme: {scheme: https, port: https}}", &["CI274"]),
        row(
            "{redirectScheme: {scheme: https, port: '70000'}}",
            &["CI274"],
        ),
        row("{redirectScheme: {scheme: https, port: '443'}}", &[]),
        row("{redirectRegex: {replacement: 'https://a/'}}", &["CI274"]),
        row(
            "{redirectRegex: {regex: '^https://www.example.org/$', replacement: /}}",
            &["CI274"],
        ),
        row(
            "{redirectRegex: {regex: '^https://www.example.org/$', replacement: /a}}",
            &[],
        ),
        row(
            "{replacePathRegex: {regex: '', replacement: /}}",
            &["CI274"],
        ),
        row(
            "{circuitBreaker: {expression: NetworkErrorRatio() > 1}}",
            &["CI272"],
        ),
        row(
            "{circuitBreaker: {expression: LatencyAtQuantileMS(50) > 1}}",
            &["CI272"],
        ),
        row(
            "{circuitBreaker: {expression: LatencyAtQuantileMS(50.0) > 1}}",
            &[],
        ),
    ];
    let rows: Vec<(&str, String, &[&str])> = rows
        .iter()
        .map(|(name, text, codes)| (name.as_str(), text.clone(), *codes))
        .collect();
    errors_are(&rows);
}

#[test]
fn plain_http_to_a_port_of_tls_is_an_error_where_a_page_of_errors_takes_the_place_of_all() {
    let errors = |status: &str, scheme: &str| {
        let text = middleware(&format!(
            "{{errors: {{status: ['{status}'], query: /, service: {{name: s, port: 443, scheme: {scheme}}}}}}}"
        ));
        let both = text.replace(
            "ports: [{port: 80}]",
            "ports: [{port: 80, name: a}, {port: 443, name: b}]",
        );
        strict(&both)
    };
    errors_are(&[
        (
            "of good pages",
            errors("200", "http"),
            &["CI206", "CI260", "CI408"],
        ),
        (
            "of all",
            errors("100-599", "h2c"),
            &["CI206", "CI260", "CI408"],
        ),
        (
            "of bad ones",
            errors("500-599", "http"),
            &["CI260", "CI408"],
        ),
        ("by https", errors("200", "https"), &["CI260", "CI408"]),
    ]);
}

#[test]
fn metadata_and_data_are_those_that_the_api_server_takes() {
    let secret = |fields: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: ns{fields}}}\n")
    };
    let map = |data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: s, namespace: ns}}\ndata: {{a: b}}\nbinaryData: {data}\n"
        )
    };
    let service = |top: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: ns}}\nspec: {{selector: {{app: s}}, ports: [{{port: 80{top}\n"
        )
    };
    errors_are(&[
        ("an annotation", secret(", annotations: {a.b/C: d}"), &[]),
        ("its key", secret(", annotations: {a b: c}"), &["CI321"]),
        ("not a map", secret(", annotations: x"), &["CI315"]),
        ("a finalizer", secret(", finalizers: [a.b/c]"), &[]),
        ("its name", secret(", finalizers: [nonsense]"), &["CI321"]),
        ("a label", secret(", label: {a: b}"), &["CI311"]),
        ("bytes", map("{x: YQ==}"), &[]),
        ("not bytes", map("{x: 'no base64!'}"), &["CI319"]),
        ("twice", map("{a: YQ==}"), &["CI319"]),
        ("a protocol", service(", appProtocol: ''}]}"), &["CI319"]),
        ("a status", service("}]}\nstatus: {loadBalancer: {}}"), &[]),
        ("an odd status", service("}]}\nstatus: {a: 1}"), &["CI314"]),
        ("near", service("}], trafficDistribution: Near}"), &["CI316"]),
        (
            "a version",
            service("}]}").replace("apiVersion: v1", "apiVersion: v2"),
            &["CI318"],
        ),
        (
            "the annotation of an Ingress",
            service("}]}").replace(
                "namespace: ns}",
                "namespace: ns, annotations: {traefik.ingress.kubernetes.io/service.serverstransport: x}}",
            ),
            &[],
        ),
    ]);
}

#[test]
fn a_certificate_that_traefik_cannot_load_is_an_error_where_it_is_needed() {
    let uri = transport("peerCertURI: a.example.org");
    let elsewhere = transport("certificatesSecrets: [there]")
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: there, namespace: other}\ndata: {tls.crt: \"${client}\", tls.key: \"${client.key}\"}\n";
    let own = |crt: &str| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: own, namespace: ns}}\ndata: {{tls.crt: \"{crt}\", tls.key: \"${{wildcard.key}}\"}}\n"
        )
    };
    let beside = |crt: &str| {
        let store = "{certificates: [{secretName: w}]}";
        shown("3.7.15", "{secretName: own}", store, &own(crt))
    };
    errors_are(&[
        ("a name for a URI", uri, &["CI116"]),
        ("elsewhere", elsewhere, &[]),
        ("behind a CA", beside("${wildcard-ca+wildcard}"), &[]),
        ("its own", beside("${wildcard}"), &[]),
    ]);
}
