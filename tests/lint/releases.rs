//! What the API server and each release make of what is empty, of values at their bounds and of fields beside others.

use super::sure::{errors_are, middleware, route, shown, trusting};

/// A route that passes TLS through.
pub(super) fn passed(release: &str, service: &str, tls: &str, beside: &str) -> String {
    format!(
        "# options: traefik={release}
apiVersion: v1
kind: Service
metadata: {{name: s, namespace: ns}}
spec: {{selector: {{app: s}}, ports: [{{port: 443}}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {{name: r, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{match: HostSNI(`a.example.org`), services: [{{name: s, port: 443{service}}}]}}]
  tls: {{{tls}}}
{beside}"
    )
}

/// The pods behind it, and their httpd's configuration.
pub(super) fn httpd(directives: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: ConfigMap
metadata: {{name: site, namespace: ns}}
data:
  site.conf: |
    <VirtualHost *:443>
      SSLEngine on
      {directives}
    </VirtualHost>
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: s, namespace: ns}}
spec:
  selector: {{matchLabels: {{app: s}}}}
  template:
    metadata: {{labels: {{app: s}}}}
    spec:
      containers: [{{name: s, image: httpd, volumeMounts: [{{name: site, mountPath: /etc/site}}]}}]
      volumes: [{{name: site, configMap: {{name: site}}}}]
"
    )
}

fn of(release: &str, text: &str) -> String {
    text.replace("traefik=3.7.15", &format!("traefik={release}"))
}

#[test]
fn what_is_beside_spec_and_a_spec_of_nothing_are_refused() {
    let good = route("", "");
    let beside = good.replace("  tls: {}\n", "  tls: {}\nspecs: {}\n");
    let at = good.find("  entryPoints").expect("a route");
    let nothing = good[..at].replace(
        "r, namespace: ns}\nspec:\n",
        "r, namespace: ns}\nspec: null\n",
    );
    let missing = nothing.replace("spec: null\n", "");
    errors_are(&[
        ("as it is", good, &[]),
        ("beside", beside, &["CI314"]),
        ("null", nothing, &["CI317"]),
        ("missing", missing, &["CI317"]),
    ]);
}

#[test]
fn a_rule_without_a_kind_is_refused_before_3_3_be_it_null() {
    let null = route("", "").replace("kind: Rule, ", "kind: null, ");
    let none = null.replace("kind: null, ", "");
    errors_are(&[
        ("null", of("3.2.3", &null), &["CI312"]),
        ("none", of("3.2.3", &none), &["CI312"]),
        ("null, later", of("3.4.3", &null), &[]),
    ]);
}

#[test]
fn a_priority_that_traefik_keeps_for_itself_is_an_error() {
    let priority = |number: &str| route(&format!("priority: {number}, "), "");
    let tcp = passed("2.11.53", "", "passthrough: true", "");
    let tcp = tcp.replace("services: [", "priority: 9223372036854775807, services: [");
    let (most, above) = ("9223372036854774784", "9223372036854774808");
    errors_are(&[
        ("at the bound", priority(most), &[]),
        ("above", priority(above), &["CI254"]),
        ("above, 3.0", of("3.0.4", &priority(above)), &["CI254"]),
        ("above, 2.11", of("2.11.53", &priority(above)), &["CI254"]),
        (
            "of a definition",
            priority("9223372036854775807"),
            &["CI254"],
        ),
        ("of a TCP route", tcp, &["CI254"]),
    ]);
}

#[test]
fn a_version_zero_of_the_proxy_protocol_is_as_none() {
    let proxied = |release: &str, said: &str, directive: &str| {
        let service = format!(", proxyProtocol: {said}");
        passed(release, &service, "passthrough: true", &httpd(directive))
    };
    let on = "RemoteIPProxyProtocol On";
    errors_are(&[
        ("zero", proxied("3.0.4", "{version: 0}", on), &[]),
        ("none", proxied("3.0.4", "{}", on), &[]),
        (
            "not expected",
            proxied("2.11.53", "{version: 0}", ""),
            &["CI713"],
        ),
        ("refused", proxied("3.7.15", "{version: 0}", on), &["CI319"]),
    ]);
}

#[test]
fn tls_to_the_service_of_a_tcp_route_is_spoken_from_3_3_on() {
    let through = |release: &str| passed(release, ", tls: true", "passthrough: true", "");
    let ended = |release: &str| {
        let skips = "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\nspec: {tls: {serverName: a.example.org, insecureSkipVerify: true}}\n";
        passed(release, ", tls: true, serversTransport: t", "", skips)
    };
    errors_are(&[
        ("passed through", through("3.4.3"), &["CI229"]),
        ("passed through, and not read", through("3.0.4"), &[]),
        ("ended, and not read", ended("3.2.3"), &["CI261"]),
        ("ended", ended("3.4.3"), &[]),
    ]);
}

#[test]
fn a_tlsstore_looks_for_a_secret_without_a_name() {
    let store = "{certificates: [{secretName: ''}]}";
    let default = "{defaultCertificate: {secretName: ''}}";
    errors_are(&[
        ("of the list", shown("3.7.15", "{}", store, ""), &["CI408"]),
        (
            "the default one",
            shown("3.7.15", "{}", default, ""),
            &["CI408"],
        ),
        (
            "beside the route's own",
            shown("3.7.15", "{secretName: w}", store, ""),
            &[],
        ),
    ]);
}

#[test]
fn a_certificate_without_a_san_is_an_error_where_traefik_shows_it() {
    let good = "tls.crt: \"${wildcard}\", tls.key: \"${wildcard.key}\"";
    let bare = "tls.crt: \"${leaf-cn}\", tls.key: \"${leaf-cn.key}\"";
    let text = |host: &str| {
        let text = shown("3.7.15", "{secretName: w}", "{}", "");
        text.replace(good, bare).replace("www.example.org", host)
    };
    errors_are(&[
        (
            "chosen by its subject",
            text("a.example.org"),
            &["CI408", "CI617"],
        ),
        ("not chosen", text("b.example.org"), &["CI408"]),
    ]);
}

/// Traefik's options, by which a name may reach over to another namespace.
const REACHES: &str = "---
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: traefik, namespace: kube-system}
spec: {valuesContent: 'providers: {kubernetesCRD: {allowCrossNamespace: true}}'}
";

#[test]
fn the_provider_in_the_name_of_a_service_is_cut_off_by_3_0_to_3_6() {
    let named = route("", "").replace("{name: s, port: 80}", "{name: s@kubernetescrd, port: 80}");
    errors_are(&[
        ("3.7", named.clone(), &["CI208"]),
        ("3.4", of("3.4.3", &named), &[]),
        ("2.11", of("2.11.53", &named), &["CI208"]),
        (
            "where names may reach over",
            named.clone() + REACHES,
            &["CI208"],
        ),
        (
            "of a TCP route, 3.4",
            passed("3.4.3", "", "passthrough: true", "").replace(
                "name: s, port: 443}]}]",
                "name: s@kubernetescrd, port: 443}]}]",
            ),
            &["CI208"],
        ),
    ]);
}

#[test]
fn traefik_2_reads_an_interval_that_is_empty() {
    let flushed = |said: &str| {
        route("", "").replace(
            "port: 80}]}]",
            &format!("port: 80, responseForwarding: {said}}}]}}]"),
        )
    };
    errors_are(&[
        ("none", of("2.11.53", &flushed("{}")), &["CI249"]),
        (
            "empty",
            of("2.11.53", &flushed("{flushInterval: ''}")),
            &["CI249"],
        ),
        ("null", of("2.11.53", &flushed("null")), &[]),
        ("none, later", flushed("{}"), &[]),
    ]);
}

#[test]
fn the_default_tlsoption_is_not_looked_for_where_tls_is_passed_through() {
    let tls = |passes: bool| format!("passthrough: {passes}, options: {{name: default}}");
    let ended = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default, namespace: ns}\nspec: {minVersion: VersionTLS12}\n";
    let plain = |text: String| text.replace("port: 443", "port: 8080");
    errors_are(&[
        ("passed", passed("3.7.15", "", &tls(true), ended), &[]),
        (
            "ended",
            plain(passed("3.7.15", "", &tls(false), ended)),
            &["CI421"],
        ),
    ]);
}

#[test]
fn a_least_version_of_tls_that_traefik_does_not_know_is_as_none() {
    let good = ("externca", "data: {ca.crt: \"${ca}\"}");
    let instance = trusting("rootCAs: [{secret: externca}]", &[good]);
    let least = |name: &str| {
        let said = format!("serverName: a.example.org\n  minVersion: {name}\n");
        instance.replacen("serverName: a.example.org\n", &said, 1)
    };
    errors_are(&[
        ("alone", least("VersionTLS12"), &["CI305"]),
        ("unknown", least("TLS12"), &[]),
    ]);
}

#[test]
fn an_httpd_without_a_version_of_tls_that_it_is_asked_for_is_an_error() {
    let through = |directives: &str| passed("3.7.15", "", "passthrough: true", &httpd(directives));
    let good = ("externca", "data: {ca.crt: \"${ca}\"}");
    let roots = "rootCAs: [{secret: externca}]";
    let asked = |versions: &str, directives: &str| {
        let text = trusting(&format!("{roots}\n  {versions}"), &[good]);
        text + &httpd(directives)
    };
    let alone = "SSLProtocol -all +TLSv1.2\n      SSLCipherSuite";
    let (old, new) = (
        "maxVersion: VersionTLS12",
        "minVersion: VersionTLS12\n  maxVersion: VersionTLS13",
    );
    errors_are(&[
        ("old only", through("SSLProtocol TLSv1.1"), &["CI118"]),
        ("the newest", through("SSLProtocol TLSv1.3"), &[]),
        ("all", through("SSLProtocol all -SSLv3"), &[]),
        ("1.2 of 1.3", asked(old, "SSLProtocol TLSv1.3"), &["CI118"]),
        (
            "1.2 of both",
            asked(old, "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
            &[],
        ),
        ("both of 1.3", asked(new, "SSLProtocol TLSv1.3"), &[]),
        (
            "ciphers for keys of RSA",
            asked("", &format!("{alone} ECDHE-RSA-AES128-GCM-SHA256")),
            &["CI118"],
        ),
        (
            "ciphers for keys of ECDSA",
            asked("", &format!("{alone} ECDHE-ECDSA-AES128-GCM-SHA256")),
            &[],
        ),
        (
            "TLS 1.1 by a command",
            asked("", "SSLOpenSSLConfCmd MaxProtocol TLSv1.1"),
            &["CI118"],
        ),
        (
            "a group that nobody has",
            asked("", "SSLOpenSSLConfCmd Groups X448"),
            &["CI118"],
        ),
        (
            "a group of two",
            asked("", "SSLOpenSSLConfCmd Curves X448:P-256"),
            &[],
        ),
        (
            "ciphers for keys of RSA beside TLS 1.3",
            asked("", "SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256"),
            &[],
        ),
        (
            "not read before 3.7",
            of("3.4.3", &asked(old, "SSLProtocol TLSv1.3")),
            &["CI304"],
        ),
        ("a variable", asked(old, "SSLProtocol $PROTOCOL"), &[]),
    ]);
}

#[test]
fn pods_that_do_not_start_serve_nothing() {
    let strict = |text: String| text.replace("# options: ", "# options: strict ");
    let with = |text: &str, by: &str| {
        strict(passed(
            "3.7.15",
            "",
            "passthrough: true",
            &httpd("").replace(text, by),
        ))
    };
    let mount = "configMap: {name: site}";
    errors_are(&[
        ("as they are", with("", ""), &[]),
        (
            "none",
            with("  selector: {match", "  replicas: 0\n  selector: {match"),
            &["CI260"],
        ),
        (
            "what is mounted is missing",
            with(mount, "configMap: {name: other}"),
            &["CI260"],
        ),
        (
            "and may be",
            with(mount, "configMap: {name: other, optional: true}"),
            &[],
        ),
        (
            "a Secret is missing",
            with(mount, "secret: {secretName: other}"),
            &["CI260"],
        ),
    ]);
}

#[test]
fn what_a_service_of_a_route_and_a_parent_of_it_name_is_looked_for() {
    let strict = |text: String| text.replace("# options: ", "# options: strict ");
    let of_service = |named: &str| {
        let named = format!("port: 80, middlewares: [{named}]}}]}}]");
        strict(route("", "").replace("port: 80}]}]", &named)) + PODS
    };
    let parent = |named: &str| {
        let named = format!("spec:\n  parentRefs: [{named}]\n  entryPoints");
        strict(route("", "").replace("spec:\n  entryPoints", &named)) + PODS
    };
    // None of them has a certificate.
    errors_are(&[
        ("none", of_service(""), &["CI408"]),
        (
            "missing",
            of_service("{name: nowhere}"),
            &["CI408", "CI901"],
        ),
        (
            "elsewhere",
            of_service("{name: a, namespace: other}"),
            &["CI209", "CI408", "CI901"],
        ),
        ("no parent", parent(""), &["CI408"]),
        (
            "a missing parent",
            parent("{name: nowhere}"),
            &["CI408", "CI901"],
        ),
        ("an empty name", parent("{name: ''}"), &["CI408", "CI902"]),
    ]);
}

/// The pods of [`route`].
const PODS: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: s, namespace: ns}
spec: {selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: s, image: s}]}}}
";

#[test]
fn a_status_that_no_definition_has_is_refused() {
    let text = route("", "").replace("  tls: {}\n", "  tls: {}\nstatus: {}\n");
    errors_are(&[("of a route", text, &["CI314"])]);
}

#[test]
fn a_time_in_which_no_packet_comes_back_is_an_error() {
    let good = ("externca", "data: {ca.crt: \"${ca}\"}");
    let timed = |key: &str, time: &str| {
        let roots =
            format!("rootCAs: [{{secret: externca}}]\n  forwardingTimeouts: {{{key}: {time}}}");
        trusting(&roots, &[good])
    };
    errors_are(&[
        ("to dial", timed("dialTimeout", "2µs"), &["CI306"]),
        (
            "to answer",
            timed("responseHeaderTimeout", "1ns"),
            &["CI306"],
        ),
        ("none", timed("dialTimeout", "0s"), &[]),
        ("short", timed("dialTimeout", "1ms"), &[]),
        ("of idling", timed("idleConnTimeout", "1ns"), &[]),
    ]);
}

#[test]
fn a_chain_does_not_name_its_provider() {
    let chain = middleware("{chain: {middlewares: [{name: a@kubernetescrd}]}}");
    errors_are(&[("named", chain, &["CI208"])]);
}

#[test]
fn fields_of_a_service_belong_to_its_type() {
    let service = |fields: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: ns}}\nspec: {{selector: {{app: s}}, ports: [{{port: 80}}], {fields}}}\n"
        )
    };
    let balanced = |fields: &str| service(&format!("type: LoadBalancer, {fields}"));
    let outside = |fields: &str| {
        service(&format!(
            "type: ExternalName, externalName: a.example.com, {fields}"
        ))
    };
    errors_are(&[
        ("none", service("type: ClusterIP"), &[]),
        ("a class", service("loadBalancerClass: a.b/c"), &["CI319"]),
        (
            "a class of its own",
            balanced("loadBalancerClass: a.b/c"),
            &[],
        ),
        (
            "ranges",
            balanced("loadBalancerSourceRanges: [nonsense]"),
            &["CI319"],
        ),
        (
            "a port of health",
            balanced("healthCheckNodePort: 30000"),
            &["CI319"],
        ),
        (
            "of a local one",
            balanced("healthCheckNodePort: 30000, externalTrafficPolicy: Local"),
            &[],
        ),
        ("addresses", service("clusterIPs: [nonsense]"), &["CI319"]),
        (
            "no time of affinity",
            service(
                "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}",
            ),
            &["CI319"],
        ),
        (
            "a time of affinity",
            service(
                "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86400}}",
            ),
            &[],
        ),
        ("outside", service("externalIPs: [192.0.2.1]"), &[]),
        ("a family", service("ipFamilies: [IPv5]"), &["CI316"]),
        (
            "a name with a family",
            outside("ipFamilies: [IPv4]"),
            &["CI319"],
        ),
        (
            "a name without address",
            outside("clusterIP: None"),
            &["CI319"],
        ),
        ("a name", outside("clusterIP: '', clusterIPs: []"), &[]),
        (
            "a port twice",
            service("x: 1").replace(
                "ports: [{port: 80}], x: 1",
                "ports: [{name: a, port: 80}, {name: b, port: 80}]",
            ),
            &["CI319"],
        ),
        (
            "another protocol",
            service("x: 1").replace(
                "ports: [{port: 80}], x: 1",
                "ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]",
            ),
            &[],
        ),
    ]);
}

#[test]
fn a_path_that_is_replaced_is_judged_by_what_it_becomes() {
    let replaced = |release: &str, regex: &str, replacement: &str| {
        let spec =
            format!("{{replacePathRegex: {{regex: '{regex}', replacement: '{replacement}'}}}}");
        of(release, &middleware(&spec))
    };
    let given = |release: &str, path: &str| {
        of(
            release,
            &middleware(&format!("{{replacePath: {{path: {path}}}}}")),
        )
    };
    errors_are(&[
        ("clean", replaced("3.7.15", "^/(.*)", "/a/$1"), &[]),
        ("nothing", replaced("3.7.15", "^/", ""), &[]),
        ("no match", replaced("3.7.15", "^/b", "x//y"), &[]),
        ("doubled", replaced("3.7.15", "", "/"), &["CI274"]),
        ("doubled before", replaced("3.7.6", "", "/"), &[]),
        ("doubled in 3.4", replaced("3.4.3", "", "/"), &[]),
        ("doubled in 2.11", replaced("2.11.53", "", "/"), &["CI274"]),
        ("upwards", replaced("3.7.15", "^/", "/../"), &["CI274"]),
        ("no slash", replaced("3.0.4", "^/", "a"), &["CI274"]),
        ("no slash in 2.11", replaced("2.11.53", "^/", "a"), &[]),
        ("a given path", given("3.7.15", "/a"), &[]),
        ("one that is not clean", given("3.7.15", "//"), &[]),
        ("one without a slash", given("3.0.4", "a"), &["CI274"]),
        ("one of an escape", given("2.11.53", "/%"), &["CI274"]),
        ("none", given("3.7.15", "''"), &[]),
        ("an escape", replaced("3.0.4", "^/", "/%zz"), &["CI274"]),
        ("a good escape", replaced("3.0.4", "^/", "/%20"), &[]),
    ]);
}

#[test]
fn a_server_name_in_capitals_is_compared_letter_by_letter_from_3_0_to_3_6() {
    let named = |release: &str| {
        passed(release, "", "passthrough: true", "").replace("a.example.org", "a.EXAMPLE.org")
    };
    errors_are(&[
        ("2.11", named("2.11.53"), &[]),
        ("3.0", named("3.0.4"), &["CI252"]),
        ("3.6", named("3.6.24"), &["CI252"]),
        ("3.7", named("3.7.0"), &[]),
    ]);
}

#[test]
fn a_name_that_traefik_writes_otherwise_is_looked_up_so() {
    let option = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: o, namespace: ns}\nspec: {minVersion: VersionTLS12}\n";
    let named = |release: &str| {
        let text = route("", option).replace("tls: {}", "tls: {options: {name: 'o '}}");
        let text = of(release, &text);
        text.replace("# options: ", "# options: strict ")
    };
    let dropped = middleware("{plugin: {}}").replace("[{name: m}]", "[{name: 'm '}]");
    errors_are(&[
        ("3.4", named("3.4.3"), &["CI260", "CI901", "CI408"]),
        ("3.7.0", named("3.7.0"), &["CI260", "CI901", "CI408"]),
        ("3.7.1", named("3.7.1"), &["CI260", "CI408"]),
        ("a Middleware that is not made", dropped, &["CI272"]),
    ]);
}

#[test]
fn a_name_with_a_dot_is_looked_up_as_traefik_writes_it() {
    const OPTION: &str = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: o.p, namespace: ns}\nspec: {minVersion: VersionTLS12}\n";
    const TRAEFIK: &str = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: traefik, namespace: ns}\nspec:\n  selector: {matchLabels: {app: t}}\n  template:\n    metadata: {labels: {app: t}}\n    spec:\n      containers:\n      - name: traefik\n        image: traefik:v3.7.15\n        args: [--entrypoints.websecure.address=:443, --providers.kubernetescrd, --providers.kubernetescrd.safenaming=true]\n";
    let option = |release: &str, further: &str| {
        let text = route("", OPTION).replace("tls: {}", "tls: {options: {name: o.p}}");
        let text = of(release, &text).replace("# options: ", "# options: strict ");
        text + further
    };
    let named = |name: &str, further: &str| {
        let text =
            middleware("{compress: {}}").replace("metadata: {name: m,", "metadata: {name: m.n,");
        text.replace("[{name: m}]", &format!("[{{name: {name}}}]"))
            .replace("# options: ", "# options: strict ")
            + further
    };
    errors_are(&[
        ("kept by 3.4", option("3.4.3", ""), &["CI260", "CI408"]),
        (
            "joined by 3.7",
            option("3.7.15", ""),
            &["CI260", "CI408", "CI902"],
        ),
        ("safe", option("3.7.15", TRAEFIK), &["CI260", "CI408"]),
        ("a Middleware", named("m.n", ""), &["CI260", "CI408"]),
        (
            "a Middleware of that key",
            named("m-n", ""),
            &["CI260", "CI408"],
        ),
        (
            "a Middleware, safe",
            named("m.n", TRAEFIK),
            &["CI260", "CI408"],
        ),
        (
            "none of that key",
            named("m-n", TRAEFIK),
            &["CI260", "CI408", "CI901"],
        ),
    ]);
}

#[test]
fn the_group_of_secrets_has_no_name() {
    let secret = |version: &str| {
        let secret = "---\napiVersion: VERSION\nkind: Secret\nmetadata: {name: a, namespace: ns}\nstringData: {a: b}\n";
        route("", &secret.replace("VERSION", version))
    };
    errors_are(&[
        ("v1", secret("v1"), &[]),
        ("core/v1", secret("core/v1"), &["CI318"]),
        ("another group", secret("example.org/v1"), &[]),
    ]);
}

#[test]
fn a_certificate_that_traefik_chooses_by_its_subject_alone_is_an_error() {
    let other = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: ns}\ntype: kubernetes.io/tls\ndata: {tls.crt: \"${cn-other}\", tls.key: \"${cn-other.key}\"}\n";
    let store = "{certificates: [{secretName: w}]}";
    let text = |host: &str| {
        let text = shown("3.7.15", "{secretName: other}", store, other);
        text.replace("www.example.org", host)
    };
    errors_are(&[
        ("its subject", text("www.example.org"), &["CI408"]),
        ("another host", text("a.example.org"), &[]),
    ]);
}

/// A route to a TraefikService of this `spec`.
fn through(release: &str, spec: &str) -> String {
    let object = format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: TraefikService\nmetadata: {{name: t, namespace: ns}}\nspec: {spec}\n"
    );
    let text = route("", &object);
    let text = text.replace(
        "{name: s, port: 80}]}]",
        "{name: t, kind: TraefikService}]}]",
    );
    of(release, &text)
}

#[test]
fn a_traefik_service_that_leads_nowhere_is_an_error() {
    errors_are(&[
        (
            "one",
            through("3.7.15", "{weighted: {services: [{name: s, port: 80}]}}"),
            &[],
        ),
        ("nothing", through("3.7.15", "{}"), &["CI249"]),
        ("null", through("3.7.15", "{weighted: null}"), &["CI249"]),
        (
            "none",
            through("3.0.4", "{weighted: {services: []}}"),
            &["CI249"],
        ),
        (
            "no weight",
            through("2.11.53", "{weighted: {services: [{name: s, port: 80, weight: 0}]}}"),
            &["CI249"],
        ),
        (
            "a share of all",
            through("3.7.15", "{mirroring: {name: s, port: 80, mirrors: [{name: s, port: 80, percent: 100}]}}"),
            &[],
        ),
        (
            "a share of more",
            through("3.7.15", "{mirroring: {name: s, port: 80, mirrors: [{name: s, port: 80, percent: 101}]}}"),
            &["CI249"],
        ),
        (
            "two, of which the first counts",
            through("3.7.15", "{weighted: {services: [{name: s, port: 80}]}, mirroring: {name: nowhere, port: 80}}")
                .replace("# options: ", "# options: strict "),
            &["CI260", "CI408"],
        ),
    ]);
}

#[test]
fn of_a_traefik_service_a_route_reads_the_name_alone() {
    let named = |fields: &str| {
        let text = through("3.7.15", "{weighted: {services: [{name: s, port: 80}]}}");
        text.replace("{name: t, kind: TraefikService}", fields)
    };
    errors_are(&[
        (
            "a scheme",
            named("{name: t, kind: TraefikService, scheme: nosuch}"),
            &[],
        ),
        (
            "a key",
            named("{name: ns-t@kubernetescrd, kind: TraefikService}"),
            &["CI208"],
        ),
        (
            "a key in 2.11",
            named("{name: ns-t@kubernetescrd, kind: TraefikService}").replace("3.7.15", "2.11.53"),
            &[],
        ),
        (
            "a provider in 3.4",
            named("{name: t@kubernetescrd, kind: TraefikService}").replace("3.7.15", "3.4.3"),
            &[],
        ),
    ]);
}

#[test]
fn a_middleware_of_tcp_that_traefik_does_not_make_is_an_error() {
    let doored = |spec: &str| {
        let object = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: MiddlewareTCP\nmetadata: {{name: door, namespace: ns}}\nspec: {spec}\n"
        );
        let text = passed("3.7.15", "", "passthrough: true", &object);
        text.replace("services:", "middlewares: [{name: door}], services:")
    };
    let good = "{ipAllowList: {sourceRange: [10.0.0.0/8]}}";
    errors_are(&[
        ("a range", doored(good), &[]),
        (
            "none",
            doored("{ipAllowList: {sourceRange: []}}"),
            &["CI272"],
        ),
        (
            "no range",
            doored("{ipAllowList: {sourceRange: [x]}}"),
            &["CI272"],
        ),
        ("some", doored("{inFlightConn: {amount: 3}}"), &[]),
        ("no connection", doored("{inFlightConn: {}}"), &["CI274"]),
        ("nothing", doored("{}"), &["CI270"]),
        ("null", doored("{inFlightConn: null}"), &["CI270"]),
        (
            "by its provider",
            doored(good).replace("[{name: door}]", "[{name: ns-door@kubernetescrd}]"),
            &["CI208"],
        ),
    ]);
}

#[test]
fn a_service_without_a_selector_leads_where_someone_wrote_it() {
    let written = |release: &str, object: &str| {
        let text = route("", object).replace("selector: {app: s}, ", "");
        let text = text.replace("tls: {}", "tls: {certResolver: le}");
        of(release, &text).replace("# options: ", "# options: strict ")
    };
    let slice = |conditions: &str| {
        format!(
            "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s, namespace: ns, labels: {{kubernetes.io/service-name: s}}}}\naddressType: IPv4\nendpoints: [{{addresses: [192.0.2.1], conditions: {conditions}}}]\nports: [{{name: '', port: 80}}]\n"
        )
    };
    let subset = |addresses: &str| {
        format!(
            "---\napiVersion: v1\nkind: Endpoints\nmetadata: {{name: s, namespace: ns}}\nsubsets: [{{{addresses}: [{{ip: 192.0.2.1}}], ports: [{{port: 80}}]}}]\n"
        )
    };
    let bytes = |object: &str| {
        let object = object.replace("port: 80", "port: 443");
        passed("3.7.15 strict", "", "passthrough: true", &object)
            .replace("selector: {app: s}, ", "")
    };
    errors_are(&[
        ("ready", written("3.7.15", &slice("{ready: true}")), &[]),
        ("unknown", written("3.7.15", &slice("{}")), &[]),
        ("unknown in 3.4", written("3.4.3", &slice("{}")), &["CI260"]),
        (
            "not serving",
            written("3.7.15", &slice("{serving: false}")),
            &["CI260"],
        ),
        (
            "before 3.1",
            written("3.0.4", &slice("{ready: true}")),
            &["CI260"],
        ),
        ("Endpoints", written("3.0.4", &subset("addresses")), &[]),
        (
            "Endpoints that are not ready",
            written("3.4.3", &subset("notReadyAddresses")),
            &["CI260"],
        ),
        (
            "Endpoints that are not ready in 3.7",
            written("3.7.15", &subset("notReadyAddresses")),
            &[],
        ),
        ("bytes", bytes(&slice("{ready: true, serving: false}")), &[]),
        (
            "bytes to what is not ready",
            bytes(&slice("{ready: false, serving: true}")),
            &["CI260"],
        ),
        (
            "bytes to what does not say so",
            bytes(&slice("{}")),
            &["CI260"],
        ),
        (
            "bytes to Endpoints that are not ready",
            bytes(&subset("notReadyAddresses")),
            &["CI260"],
        ),
    ]);
}

#[test]
fn a_chain_keeps_the_names_of_its_middlewares_before_they_are_resolved_in_one_place() {
    let chained = |release: &str, of: &str, name: &str| {
        let text = middleware(&format!("{{chain: {{middlewares: [{{name: {of}}}]}}}}"));
        let beside = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: {name}, namespace: ns}}\nspec: {{compress: {{}}}}\n"
        );
        let text = text + &beside;
        text.replace("traefik=3.7.15", &format!("traefik={release} strict"))
    };
    let (good, bad) = (["CI260", "CI408"], ["CI260", "CI408", "CI902"]);
    errors_are(&[
        ("a dot", chained("3.7.15", "a.b", "a.b"), &good),
        ("a dot in 3.4", chained("3.4.3", "a.b", "a.b"), &bad),
        ("a dash in 3.4", chained("3.4.3", "a-b", "a.b"), &good),
        (
            "a dot of a dash in 3.4",
            chained("3.4.3", "a.b", "a-b"),
            &["CI260", "CI408", "CI901"],
        ),
    ]);
}
