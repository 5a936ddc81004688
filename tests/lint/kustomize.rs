//! What Kustomize, Flux and SOPS make of objects before they are applied.

use super::{codes, said, source};
use crate::support::NOW;
use civi_ingress::lint::{Options, Report, Severity, Source, lint};

fn found(files: &[(&str, &str)]) -> Report {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(name, text)| source(name, text))
        .collect();
    lint(&mut sources, &Options::at(NOW)).expect("YAML")
}

/// Checks what is found from a warning on.
#[track_caller]
fn holds(files: &[(&str, &str)], expected: &[&str]) {
    let report = found(files);
    let codes: Vec<&str> = codes(&report, Severity::Warning).into_iter().collect();
    assert_eq!(codes, expected, "{:?}", said(&report));
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: web-prod}\nspec:\n  \
                     hostnames: [a.example.org]\n  parentRefs: [{name: g, namespace: g}]\n  rules: [{backendRefs: [{name: web, port: 80}]}]\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: _}\n";

#[test]
fn the_namespace_of_the_outermost_kustomization_is_that_of_all_it_takes() {
    let base = ("base/kustomization.yaml", "resources: [service.yaml]");
    let files = |overlay| {
        [
            base,
            ("base/service.yaml", SERVICE),
            ("prod/kustomization.yaml", overlay),
            ("prod/route.yaml", ROUTE),
        ]
    };
    holds(&files("resources: [../base, route.yaml]"), &["CI816"]);
    holds(
        &files("namespace: web-prod\nresources: [../base, route.yaml]"),
        &[],
    );
    holds(
        &files("namespace: ${NAMESPACE}\nresources: [../base, route.yaml]"),
        &[],
    );
    // An inner one has no say beside an outer one.
    let inner = (
        "base/kustomization.yaml",
        "namespace: web-prod\nresources: [service.yaml]",
    );
    let outer = "namespace: other\nresources: [../base]";
    let mut nested = files(outer);
    nested[0] = inner;
    holds(&nested, &["CI816"]);
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: flux-system}\n\
                spec: {path: ./base, targetNamespace: web-prod}\n";
    let files = [
        ("r/flux.yaml", flux),
        ("r/base/service.yaml", SERVICE),
        ("r/base/route.yaml", ROUTE),
    ];
    holds(&files, &[]);
    holds(&files[1..], &["CI816"]);
}

#[test]
fn a_base_that_is_taken_twice_is_in_both_namespaces() {
    let route = ROUTE.replace("web-prod", "web-test");
    holds(
        &[
            ("kustomization.yaml", "resources: [prod, test]"),
            ("base/kustomization.yaml", "resources: [service.yaml]"),
            ("base/service.yaml", SERVICE),
            (
                "prod/kustomization.yaml",
                "namespace: web-prod\nresources: [../base, route.yaml]",
            ),
            ("prod/route.yaml", ROUTE),
            (
                "test/kustomization.yaml",
                "namespace: web-test\nresources: [../base, route.yaml]",
            ),
            (
                "test/route.yaml",
                &route.replace("a.example.org", "b.example.org"),
            ),
        ],
        &[],
    );
}

#[test]
fn a_name_that_a_kustomization_sets_is_not_judged() {
    let own = |kustomization| {
        [
            ("a/kustomization.yaml", kustomization),
            ("a/ns.yaml", NAMESPACE),
        ]
    };
    holds(&own("resources: [ns.yaml]"), &["CI321"]);
    holds(&own("namespace: web\nresources: [ns.yaml]"), &[]);
    holds(&own("resources: [ns.yaml]\ntransformers: [../t]"), &[]);
    holds(
        &own(
            "resources: [ns.yaml]\npatches: [{target: {kind: Namespace}, patch: '[{op: replace, path: /metadata/name, value: a}]'}]",
        ),
        &[],
    );
    let component = |more| {
        [
            (
                "c/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [ns.yaml]",
            ),
            ("c/ns.yaml", NAMESPACE),
            ("a/kustomization.yaml", more),
        ]
    };
    holds(&component("namespace: web\ncomponents: [../c]"), &[]);
    holds(&component("components: [../c]"), &["CI321"]);
    // It is for others to take.
    holds(&component("resources: []"), &[]);
    // A component acts on what is beside it.
    let beside = [
        (
            "c/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplacements: [{path: r.yaml}]",
        ),
        (
            "a/kustomization.yaml",
            "components: [../c]\nresources: [s.yaml]",
        ),
        (
            "a/s.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: _}\n",
        ),
    ];
    holds(&beside, &[]);
    let policy =
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: _}\n";
    let own = |kustomization| {
        [
            ("a/kustomization.yaml", kustomization),
            ("a/p.yaml", policy),
        ]
    };
    holds(&own("namespace: web\nresources: [p.yaml]"), &[]);
    holds(&own("resources: [p.yaml]"), &["CI321"]);
    let transformer = "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: .invalid}\n";
    holds(&[("t.yaml", transformer)], &[]);
}

#[test]
fn kustomize_writes_annotations_as_strings_and_flux_drops_labels_beside_one_that_is_not() {
    let object = |metadata: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, {metadata}}}\ndata: {{a: b}}\n"
        )
    };
    let (number, label) = (
        object("annotations: {weight: 1}"),
        object("labels: {on: true}"),
    );
    let word = object("labels: {torrent: yes}");
    let taken = |text| {
        [
            ("a/kustomization.yaml", "resources: [c.yaml]"),
            ("a/c.yaml", text),
        ]
    };
    for (text, of_kustomize) in [(&number, &[][..]), (&word, &[]), (&label, &["CI008"])] {
        holds(&[("a/c.yaml", text)], &["CI008"]);
        holds(&taken(text), of_kustomize);
    }
    let data = object("annotations: {}").replace("b}", "1}");
    holds(&taken(&data), &["CI008"]);
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: flux-system}\nspec: {path: ./a}\n";
    let report = found(&[("flux.yaml", flux), ("a/c.yaml", &label)]);
    assert_eq!(report.count(Severity::Error), 0, "{:?}", said(&report));
    assert_eq!(report.count(Severity::Warning), 1);
}

#[test]
fn what_sops_adds_to_an_object_is_not_a_field_of_it() {
    let middleware = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m, namespace: n}\n\
                      spec: {plugin: {p: {enabled: 'ENC[AES256_GCM,data:x,iv:x,tag:x,type:bool]'}}}\n";
    let sops = "sops: {version: 3.11.0}\n";
    holds(&[("m.yaml", &format!("{middleware}{sops}"))], &[]);
    let secret =
        "WARNING_unencrypted: do not edit\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    holds(&[("s.yaml", &format!("{secret}{sops}"))], &[]);
    holds(&[("s.yaml", secret)], &["CI314"]);
}

#[test]
fn what_a_script_or_a_person_fills_in_is_not_judged() {
    let named =
        |name: &str| format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\n");
    for (name, expected) in [
        ("restore-TIMESTAMP", &[][..]),
        ("$NAMESPACE", &[]),
        ("Restore", &["CI321"]),
        ("RTX6000-small", &["CI321"]),
    ] {
        holds(&[("a.yaml", &named(name))], expected);
    }
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: service_name}\nspec: {type: ExternalName, externalName: service_address}\n";
    holds(&[("a/template.yaml", service)], &[]);
    holds(&[("a/service.yaml", service)], &["CI319", "CI321"]);
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {users: \"${env.USERS}\"}\n";
    holds(&[("s.yaml", secret)], &[]);
    let map = |prefix: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: '${{P}}{prefix}'}}\n---\n"
        )
    };
    holds(&[("c.yaml", &(map("a") + &map("b")))], &[]);
    holds(&[("c.yaml", &(map("a") + &map("a")))], &["CI005"]);
}

#[test]
fn a_part_of_a_service_changes_one_that_is_there() {
    let part = "apiVersion: v1\nkind: Service\nmetadata: {name: kubernetes, namespace: default}\nspec: {ipFamilyPolicy: PreferDualStack}\n";
    let taken = |name| {
        [
            ("a/kustomization.yaml", "resources: [s-patch.yaml, s.yaml]"),
            (name, part),
        ]
    };
    holds(&taken("a/s-patch.yaml"), &[]);
    holds(&taken("a/s.yaml"), &["CI317"]);
}

#[test]
fn what_a_patch_or_a_replacement_replaces_is_open_or_replaced() {
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: web}\nspec:\n  entryPoints: [websecure]\n  \
                 routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: s, namespace: web, port: 80}]}]\n  tls: {}\n";
    let patch = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: test}\nspec:\n  \
                 routes: [{match: Host(`b.example.org`), kind: Rule, services: [{name: s, port: 80}]}]\n";
    let overlay = |more: &str| format!("namespace: test\nresources: [../base]\n{more}");
    let of_overlay = |overlay: &str, expected: &[&str]| {
        let files = [
            ("base/kustomization.yaml", "resources: [r.yaml]"),
            ("base/r.yaml", route),
            ("test/kustomization.yaml", overlay),
            ("test/r-patch.yaml", patch),
        ];
        holds(&files, expected);
    };
    of_overlay(&overlay(""), &["CI209"]);
    for more in [
        "patches: [{path: r-patch.yaml}]",
        "patchesStrategicMerge: [r-patch.yaml]",
        "patches: [{target: {kind: IngressRoute}, path: r-patch.yaml}]",
        "patches: [{target: {kind: IngressRoute, name: r}, patch: '[{op: remove, path: /spec/routes/0/services/0/namespace}]'}]",
        "replacements: [{targets: [{select: {kind: IngressRoute}, fieldPaths: [spec.routes.*.services.0.namespace]}]}]",
    ] {
        of_overlay(&overlay(more), &[]);
    }
    for more in [
        "patches: [{target: {kind: Service}, path: r-patch.yaml}]",
        "patches: [{target: {kind: IngressRoute, name: other}, patch: '[{op: remove, path: /spec/routes}]'}]",
        "patches: [{target: {kind: IngressRoute}, patch: '[{op: replace, path: /spec/routes/0/match, value: Host(`b`)}]'}]",
    ] {
        of_overlay(&overlay(more), &["CI209"]);
    }
}

#[test]
fn what_flux_patches_is_patched() {
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: web}\nspec:\n  entryPoints: [websecure]\n  \
                 routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: s, namespace: other, port: 80}]}]\n  tls: {}\n";
    let patch = |namespace: &str| {
        format!(
            "[{{target: {{kind: IngressRoute}}, patch: '[{{op: replace, path: /spec/routes/0/services/0/namespace, value: {namespace}}}]'}}]"
        )
    };
    let flux = |name: &str, patches: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{path: ./apps, patches: {patches}}}\n---\n"
        )
    };
    let of_flux = |flux: &str, kustomization: Option<&str>, expected: &[&str]| {
        let mut files = vec![("r/clusters/flux.yaml", flux), ("r/apps/web/r.yaml", route)];
        files.extend(kustomization.map(|text| ("r/apps/kustomization.yaml", text)));
        holds(&files, expected);
    };
    let taken = Some("resources: [web/r.yaml]");
    for kustomization in [None, taken] {
        of_flux(&flux("a", "[]"), kustomization, &["CI209"]);
        of_flux(&flux("a", &patch("web")), kustomization, &[]);
        of_flux(&flux("a", &patch("third")), kustomization, &["CI209"]);
        // Which of the two holds is open.
        let both = flux("a", &patch("web")) + &flux("b", &patch("third"));
        of_flux(&both, kustomization, &[]);
    }
    // It takes what its kustomization takes, and nothing else.
    of_flux(&flux("a", &patch("web")), Some("resources: []"), &["CI209"]);
}

#[test]
fn what_a_patch_adds_is_there() {
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: g}\nspec:\n  gatewayClassName: c\n  \
                   listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {in: yes-it-is}}}}}]\n";
    let namespace = NAMESPACE.replace("name: _", "name: web-prod");
    let files = |kustomization| {
        [
            ("kustomization.yaml", kustomization),
            ("g.yaml", gateway),
            ("ns.yaml", namespace.as_str()),
            ("route.yaml", ROUTE),
        ]
    };
    holds(
        &files("resources: [g.yaml, ns.yaml, route.yaml]"),
        &["CI818"],
    );
    let patch = "resources: [g.yaml, ns.yaml, route.yaml]\npatches: [{target: {kind: Namespace}, patch: '[{op: add, path: /metadata/labels/in, value: yes-it-is}]'}]";
    holds(&files(patch), &[]);
    let ports = |patch: &str, expected: &[&str]| {
        let patch = format!("kind: Service\nmetadata: {{name: web}}\nspec: {{ports: [{patch}]}}");
        let kustomization = format!(
            "resources: [s.yaml, r.yaml]\npatches:\n- patch: |-\n    {}\n",
            patch.replace('\n', "\n    ")
        );
        let route = ROUTE.replace("web-prod", "web").replace("80", "81");
        let files = [
            ("kustomization.yaml", kustomization.as_str()),
            ("s.yaml", SERVICE),
            ("r.yaml", &route),
        ];
        holds(&files, expected);
    };
    ports("{port: 80, targetPort: 8080}", &["CI824"]);
    ports("{port: 80, name: a}, {port: 81, name: b}", &[]);
}

#[test]
fn what_has_yet_to_be_filled_in_leads_to_nothing() {
    let gateway = |host: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: web-prod}}\nspec:\n  gatewayClassName: c\n  \
             listeners: [{{name: http, port: 80, protocol: HTTP, hostname: {host}}}]\n---\n{}",
            ROUTE.replace("namespace: g", "namespace: web-prod")
        )
    };
    holds(&[("a.yaml", &gateway("b.example.org"))], &["CI819"]);
    holds(&[("a.yaml", &gateway("'*.${DOMAIN}'"))], &[]);
    let ingress = |middleware: &str, port: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: web, annotations: {{traefik.ingress.kubernetes.io/router.middlewares: '{middleware}'}}}}\n\
             spec: {{ingressClassName: traefik, rules: [{{host: a.example.org, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}]}}\n---\n{}",
            SERVICE.replace("80", port)
        )
    };
    holds(&[("a.yaml", &ingress("m", "81"))], &["CI218", "CI240"]);
    holds(&[("a.yaml", &ingress("${M}", "\"${PORT}\""))], &[]);
}

#[test]
fn what_is_wrong_in_the_namespaces_of_two_overlays_is_found_once() {
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: web}\nspec:\n  entryPoints: [websecure]\n  \
                 routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: s, namespace: dev, port: 80}]}]\n  tls: {}\n";
    let report = found(&[
        ("base/kustomization.yaml", "resources: [r.yaml]"),
        ("base/r.yaml", route),
        (
            "a/kustomization.yaml",
            "namespace: one\nresources: [../base]",
        ),
        (
            "b/kustomization.yaml",
            "namespace: two\nresources: [../base]",
        ),
    ]);
    assert_eq!(report.count(Severity::Warning), 1, "{:?}", said(&report));
}
