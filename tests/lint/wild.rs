//! Small inputs after public reports and repositories: what each must be found for, and what must stay quiet.

use super::{codes, options, report, said, source};
use crate::support::NOW;
use civi_ingress::lint::{Options, Severity, lint};
use std::collections::BTreeSet;

/// Returns the codes from a warning on.
fn found(text: &str) -> (BTreeSet<&'static str>, Vec<String>) {
    let report = report(text, &options(text));
    (codes(&report, Severity::Warning), said(&report))
}

fn holds(table: &[(&str, String, Option<&str>)]) {
    let mut wrong = Vec::new();
    for (what, text, expected) in table {
        let (codes, said) = found(text);
        if codes != expected.iter().copied().collect() {
            wrong.push(format!("{what}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn route(options: &str, rule: &str) -> String {
    format!(
        "# options: {options}\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: web, namespace: app}}\nspec:\n  entryPoints: [websecure]\n  routes:\n    - match: '{rule}'\n      kind: Rule\n      services: [{{name: web, port: 80}}]\n  tls: {{}}\n"
    )
}

#[test]
fn a_rule_is_judged_by_the_release_that_reads_it() {
    let new = "traefik=3.7.15";
    holds(&[
        ("lower case", route(new, "host(`a.example.org`)"), None),
        ("not", route(new, "!Host(`a.example.org`)"), None),
        ("odd case", route(new, "hostRegexp(`^a$`)"), Some("CI250")),
        (
            "of Traefik 2",
            route(new, "HeadersRegexp(`X-A`, `b.*`)"),
            Some("CI250"),
        ),
        (
            "of TCP",
            route(new, "HostSNI(`a.example.org`)"),
            Some("CI250"),
        ),
        (
            "look-ahead",
            route(new, "PathRegexp(`^/(?!admin)`)"),
            Some("CI251"),
        ),
        (
            "no slash",
            route(new, "Host(`a.example.org`) && Path(`route`)"),
            Some("CI251"),
        ),
        (
            "an address",
            route(new, "ClientIP(`10.0.0`)"),
            Some("CI251"),
        ),
        (
            "a template",
            route(new, "PathPrefix(`/{id:[0-9]+}`)"),
            Some("CI252"),
        ),
        (
            "a port",
            route(new, "Host(`a.example.org:8443`)"),
            Some("CI252"),
        ),
        (
            "a template in 2",
            route("traefik=2.11", "PathPrefix(`/{id:[0-9]+}`)"),
            None,
        ),
        (
            "of Traefik 3 in 2",
            route("traefik=2.11", "Header(`X-A`, `b`)"),
            Some("CI250"),
        ),
        (
            "of Traefik 2 in 2",
            route("traefik=2.11", "Headers(`X-A`, `b`)"),
            None,
        ),
    ]);
}

#[test]
fn a_rule_of_the_other_major_version_is_an_error_only_where_the_release_is_known() {
    let text = route("", "Headers(`X-A`, `b`)");
    let mut sources = [source("a.yaml", &text)];
    let report = lint(&mut sources, &Options::at(NOW)).unwrap();
    assert_eq!(report.count(Severity::Error), 0, "{:?}", said(&report));
    assert_eq!(report.count(Severity::Warning), 1);
    let both = route("", "Hosts(`a`)");
    let report = super::report(&both, &Options::at(NOW));
    assert_eq!(report.count(Severity::Error), 1, "{:?}", said(&report));
}

#[test]
fn what_is_yet_to_be_filled_in_is_worth_knowing_and_no_more() {
    holds(&[
        (
            "a host name",
            "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: a}\nspec: {serverName: 'web.${DOMAIN}', rootCAs: [{secret: ca}]}\n".into(),
            None,
        ),
        (
            "a rule",
            route("traefik=3.7", "Host(`{{ .Values.host }}`) && Path(`{{ .Values.path }}`)"),
            None,
        ),
        (
            "a number in flow style",
            "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: a}\nspec: {serverName: a.example.org, maxIdleConnsPerHost: ${MAX}, disableHTTP2: true}\n".into(),
            None,
        ),
    ]);
}

#[test]
fn a_document_is_judged_only_if_it_claims_to_be_a_manifest() {
    holds(&[
        ("a list of tasks", "- hosts: all\n  tasks: [\n".into(), None),
        ("tags of a program", "entries:\n  - attrs: {provider: !Find [a, [name, b]]}\n".into(), None),
        ("a template", "{{- if .Values.on }}\napiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n{{- end }}\n".into(), None),
        ("a manifest", "apiVersion: v1\nkind: Service\nmetadata: {name: [}\n".into(), Some("CI009")),
        ("values", "ports:\n  websecure: {port: [}\n".into(), Some("CI009")),
        ("less indent", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: b\ndata:\n  a: \"one\n  two\"\n  b: 'x\ny'\n".into(), None),
        ("a merge", "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: a, namespace: b}\ndata:\n  !!merge <<: {c: d}\n".into(), None),
    ]);
}

#[test]
fn a_cloud_that_sends_the_proxy_protocol_is_known_by_its_annotation() {
    let values = |annotation: &str, trusted: &str| {
        format!(
            "# options: chart=41\nports: {{web: {{proxyProtocol: {{trustedIPs: [{trusted}]}}}}, websecure: {{proxyProtocol: {{trustedIPs: [{trusted}]}}}}}}\nservice: {{annotations: {{{annotation}}}}}\n"
        )
    };
    let hetzner = "load-balancer.hetzner.cloud/uses-proxyprotocol: \"true\"";
    let scaleway = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2: \"80,443\"";
    let amazon = "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: \"*\"";
    holds(&[
        ("Hetzner", values(hetzner, ""), Some("CI709")),
        ("Hetzner, trusted", values(hetzner, "10.0.0.0/8"), None),
        ("Scaleway", values(scaleway, ""), Some("CI709")),
        ("AWS", values(amazon, ""), Some("CI709")),
        (
            "off",
            values(
                "load-balancer.hetzner.cloud/uses-proxyprotocol: \"false\"",
                "",
            ),
            None,
        ),
    ]);
}

#[test]
fn the_keys_of_a_chart_are_refused_or_ignored_by_its_schema() {
    let values = |chart: &str, text: &str| format!("# options: chart={chart}\n{text}\n");
    let endpoint =
        "providers: {kubernetesIngress: {ingressEndpoint: {useDefaultPublishedService: true}}}";
    let nginx = "providers: {kubernetesIngressNginx: {enabled: true}}\nports: {web: {port: 8000}}";
    let policy = "ports: {web: {port: 8000}}\nservice: {externalTrafficPolicy: Local}";
    holds(&[
        ("another name", values("41", endpoint), Some("CI501")),
        ("renamed since", values("40", nginx), Some("CI501")),
        ("before it was", values("39", nginx), None),
        ("ignored", values("40", policy), Some("CI502")),
        ("a type", values("41", "ports: {web: {expose: true}}"), Some("CI501")),
        ("a count", values("41", "log: {level: loud}\nports: {web: {port: 8000}}"), Some("CI501")),
        ("of a range", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: t, namespace: t}\nspec:\n  chart: {spec: {chart: traefik, version: 40.x, sourceRef: {kind: HelmRepository, name: t}}}\n  values: {service: {type: NodePort}}\n".into(), Some("CI502")),
    ]);
}

#[test]
fn what_is_only_in_another_namespace_is_found_unless_a_chart_may_make_it() {
    let pair = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web, namespace: edge}\nspec:\n  entryPoints: [websecure]\n  routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: web, port: 80}]}]\n  tls: {}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: app}\nspec: {ports: [{port: 80}]}\n";
    let udp = "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteUDP\nmetadata: {name: dns, namespace: edge}\nspec: {entryPoints: [dns], routes: [{services: [{name: dns, port: 53}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: dns, namespace: app}\nspec: {ports: [{port: 53}]}\n";
    let release = "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: edge}\nspec: {chart: {spec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: web}}}}\n";
    holds(&[
        ("a route", pair.into(), Some("CI901")),
        ("a route of UDP", udp.into(), Some("CI901")),
        ("a chart", format!("{pair}{release}"), None),
    ]);
}

#[test]
fn one_object_in_two_files_is_twice_only_where_both_are_applied_together() {
    let object = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\n";
    let warnings = |files: &[(&str, &str)]| {
        let mut sources: Vec<_> = files
            .iter()
            .map(|(name, text)| source(name, text))
            .collect();
        let report = lint(&mut sources, &Options::at(NOW)).unwrap();
        codes(&report, Severity::Warning)
    };
    let twice = BTreeSet::from(["CI005"]);
    assert_eq!(
        warnings(&[("a/x.yaml", object), ("a/y.yaml", object)]),
        twice
    );
    assert!(warnings(&[("a/x.yaml", object), ("b/y.yaml", object)]).is_empty());
    let both = ("a/kustomization.yaml", "resources: [x.yaml, y.yaml]\n");
    assert_eq!(
        warnings(&[both, ("a/x.yaml", object), ("a/y.yaml", object)]),
        twice
    );
    let one = ("a/kustomization.yaml", "resources: [x.yaml]\n");
    assert!(warnings(&[one, ("a/x.yaml", object), ("a/y.yaml", object)]).is_empty());
}

#[test]
fn a_file_that_is_called_a_patch_is_not_judged_as_an_object() {
    let patch = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: ns}\nspec: {duration: 2160h}\n";
    let of = |name: &str| {
        let report = lint(&mut [source(name, patch)], &Options::at(NOW)).unwrap();
        codes(&report, Severity::Warning).is_empty()
    };
    assert!(of("certificate-patch.yaml") && of("patches/certificate.yaml"));
    assert!(!of("certificate.yaml") && !of("dispatch.yaml"));
}

#[test]
fn http01_is_found_where_traefik_answers_and_the_solver_is_of_another_class() {
    let text = |class: &str, values: &str| {
        format!(
            "# options: chart=41\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: le}}\nspec:\n  acme:\n    server: https://acme-v02.api.letsencrypt.org/directory\n    privateKeySecretRef: {{name: le}}\n    solvers: [{{http01: {{ingress: {{ingressClassName: {class}}}}}}}]\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: a, namespace: app}}\nspec: {{secretName: a-tls, dnsNames: [a.example.org], issuerRef: {{kind: ClusterIssuer, name: le}}}}\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: web, namespace: app}}\nspec:\n  entryPoints: [websecure]\n  routes: [{{match: Host(`a.example.org`), kind: Rule, services: [{{name: web, port: 80}}]}}]\n  tls: {{secretName: a-tls}}\n{values}"
        )
    };
    let hidden = "---\nports: {websecure: {asDefault: true}}\n";
    let open = "---\nports: {websecure: {asDefault: true}, web: {http: {redirections: {entryPoint: {to: websecure}}}}}\n";
    holds(&[
        ("of Traefik", text("traefik", ""), None),
        ("of another", text("nginx", ""), Some("CI891")),
        ("not a default", text("traefik", hidden), Some("CI891")),
        ("redirected", text("traefik", open), None),
    ]);
}

#[test]
fn a_part_of_a_repository_without_traefiks_options_is_not_judged_by_their_defaults() {
    let root = |name: &str, file: &str| {
        source(
            &format!("{name}/kustomization.yaml"),
            &format!("resources: [{file}]\n"),
        )
    };
    let values = |allows: bool| {
        let text = format!("providers: {{kubernetesCRD: {{allowCrossNamespace: {allows}}}}}\n");
        source("a/values.yaml", &text)
    };
    let route = route("", "Host(`a.example.org`)").replace(
        "kind: Rule",
        "kind: Rule\n      middlewares: [{name: auth, namespace: traefik}, {name: x@kubernetescrd}]",
    );
    let severe = |allows: bool| {
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: y}\nspec: {ports: [{port: 80}]}\n";
        let mut sources = [
            root("a", "x.yaml"),
            source("a/x.yaml", service),
            values(allows),
            root("b", "route.yaml"),
            source("b/route.yaml", &route),
        ];
        codes(
            &lint(&mut sources, &Options::at(NOW)).unwrap(),
            Severity::Warning,
        )
    };
    assert!(severe(true).is_empty());
    assert_eq!(severe(false), BTreeSet::from(["CI208", "CI209"]));
}

#[test]
fn a_quoted_scalar_may_go_on_with_less_indent_any_number_of_times() {
    let rule =
        "  - message: a\n    rule: '(has(self.a) && size(self.a) > 0) ?\n  ''b'': \n\n  true'\n";
    let block = "  c: |\n    d: 'e\n  f: \"g\n  h\"\n";
    let text = format!(
        "apiVersion: example.org/v1\nkind: A\nmetadata: {{name: a}}\nspec:\n{block}  rules:\n{}",
        rule.repeat(100)
    );
    let (codes, said) = found(&text);
    assert!(codes.is_empty(), "{said:?}");
}

#[test]
fn an_alias_that_is_a_key_may_have_its_colon_beside_it() {
    let text = "apiVersion: example.org/v1\nkind: A\nmetadata: {name: &app a}\nspec:\n  controllers:\n    *app:\n      b: c\n";
    let (codes, said) = found(text);
    assert!(codes.is_empty(), "{said:?}");
    let (codes, _) = found(&text.replace("*app", "*other"));
    assert!(codes.contains("CI009"));
}

#[test]
fn the_key_of_sealed_secrets_is_not_judged_as_a_certificate_of_a_server() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\ndata: {tls.crt: \"${expired}\"}\n";
    let text = super::filled(text);
    let label = "labels: {sealedsecrets.bitnami.com/sealed-secrets-key: active}";
    let sealed = text.replace("metadata: {", &format!("metadata: {{{label}, "));
    assert!(found(&text).0.contains("CI601"));
    let (codes, said) = found(&sealed);
    assert!(codes.is_empty(), "{said:?}");
}

#[test]
fn a_word_in_brackets_is_to_be_replaced_by_hand() {
    let text =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: [TEAM_NAME]-api\n  namespace: a\n";
    assert!(found(text).0.is_empty());
    assert!(
        found(&text.replace("TEAM_NAME", "a, b"))
            .0
            .contains("CI009")
    );
}

#[test]
fn both_ports_of_argo_cd_take_tls() {
    let route = |service: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {{name: a, namespace: argocd}}\nspec:\n  entryPoints: [websecure]\n  \
             routes: [{{match: HostSNI(`a.example.org`), services: [{{name: {service}, port: 80}}]}}]\n  tls: {{passthrough: true}}\n"
        )
    };
    assert!(found(&route("web")).0.contains("CI225"));
    assert!(found(&route("argocd-server")).0.is_empty());
}
