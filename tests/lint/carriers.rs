//! Values of Traefik's chart, and its static configuration, are found in whatever carries them.

use super::{said, source};
use crate::support::NOW;
use civi_ingress::lint::{Options, Report, Severity, Source, lint};

/// A route whose Service is in another namespace, which Traefik allows only where it is told to.
const ROUTE: &str = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: one}\n\
spec: {entryPoints: [websecure], routes: [{match: Host(`a.example.org`), kind: Rule, services: [{name: s, namespace: two, port: 80}]}], tls: {}}\n";

fn found(files: &[(&str, &str)]) -> Report {
    let route = [("route.yaml", ROUTE)];
    let mut sources: Vec<Source> = files
        .iter()
        .chain(&route)
        .map(|(name, text)| source(name, text))
        .collect();
    lint(&mut sources, &Options::at(NOW)).expect("YAML")
}

/// The finding about the Service in another namespace.
fn severity(report: &Report) -> Option<Severity> {
    let mut findings = report.findings.iter();
    let finding = findings.find(|finding| finding.rule.code == "CI209");
    finding.map(|finding| finding.severity)
}

/// What carries the values `ALLOW`, each under the name of what it is.
const CARRIERS: [(&str, &str); 16] = [
    ("a values file", "providers: {kubernetesCRD: {ALLOW}}\n"),
    (
        "a HelmRelease",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: t}\n\
         spec: {chart: {spec: {chart: traefik, version: 41.x}}, values: {providers: {kubernetesCRD: {ALLOW}}}}\n",
    ),
    (
        "a HelmRelease with chartRef",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: t}\n\
         spec: {chartRef: {kind: OCIRepository, name: c}, values: {providers: {kubernetesCRD: {ALLOW}}}}\n---\n\
         apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: c, namespace: t}\n\
         spec: {url: 'oci://ghcr.io/traefik/helm/traefik', ref: {tag: 41.0.0}}\n",
    ),
    (
        "a HelmRelease with a chartRef outside the input",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: t}\n\
         spec: {chartRef: {kind: HelmChart, name: c}, values: {providers: {kubernetesCRD: {ALLOW}}}}\n",
    ),
    (
        "a ConfigMap of valuesFrom",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: t}\n\
         spec: {chart: {spec: {chart: traefik}}, valuesFrom: [{kind: ConfigMap, name: v}]}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, namespace: t}\ndata:\n  values.yaml: |\n    providers:\n      kubernetesCRD: {ALLOW}\n    ports: {web: {port: 8000}}\n",
    ),
    (
        "a Secret of valuesFrom",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: t}\n\
         spec: {chart: {spec: {chart: traefik}}, valuesFrom: [{kind: Secret, name: v, valuesKey: v.yaml}]}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: v, namespace: t}\nstringData: {v.yaml: 'providers: {kubernetesCRD: {ALLOW}}'}\n",
    ),
    (
        "valuesObject of an Application",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: argocd}\n\
         spec: {source: {chart: traefik, targetRevision: 41.0.0, helm: {valuesObject: {providers: {kubernetesCRD: {ALLOW}}}}}}\n",
    ),
    (
        "values of one of an Application's sources",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: argocd}\n\
         spec:\n  sources:\n    - chart: traefik\n      helm:\n        values: |\n          providers:\n            kubernetesCRD: {ALLOW}\n",
    ),
    (
        "parameters of an Application",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: argocd}\n\
         spec: {source: {chart: traefik, helm: {parameters: [{name: providers.kubernetesCRD.allowCrossNamespace, value: 'VALUE'}]}}}\n",
    ),
    (
        "an ApplicationSet",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x, namespace: argocd}\n\
         spec: {template: {spec: {source: {chart: traefik, helm: {valuesObject: {providers: {kubernetesCRD: {ALLOW}}}}}}}}\n",
    ),
    (
        "a HelmChart of k3s",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: x, namespace: kube-system}\n\
         spec:\n  chart: https://%{KUBERNETES_API}%/static/charts/traefik-34.2.1+up34.2.0.tgz\n  valuesContent: |-\n    providers:\n      kubernetesCRD: {ALLOW}\n",
    ),
    (
        "settings of a HelmChart of k3s",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: x, namespace: kube-system}\n\
         spec: {chart: traefik, set: {providers.kubernetesCRD.allowCrossNamespace: 'VALUE'}}\n",
    ),
    (
        "a HelmChartConfig of k3s",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
         spec:\n  valuesContent: |-\n    providers:\n      kubernetesCRD: {ALLOW}\n",
    ),
    (
        "helmCharts of a kustomization",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
         helmCharts: [{name: traefik, version: 41.0.0, valuesInline: {providers: {kubernetesCRD: {ALLOW}}}}]\n",
    ),
    (
        "arguments of a Deployment",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: t}\n\
         spec: {template: {spec: {containers: [{name: t, image: 'traefik:v3.7.9', args: [--providers.kubernetescrd, --providers.kubernetescrd.allowcrossnamespace=VALUE]}]}}}\n",
    ),
    (
        "a static file in a ConfigMap",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: t}\ndata:\n  traefik.yml: |\n    entryPoints: {web: {address: ':80'}}\n    providers:\n      kubernetesCRD: {ALLOW}\n",
    ),
];

fn carrier(text: &str, value: bool) -> String {
    let value = value.to_string();
    text.replace("ALLOW", &format!("allowCrossNamespace: {value}"))
        .replace("VALUE", &value)
}

#[test]
fn every_carrier_of_values_says_what_traefik_allows() {
    let unknown = severity(&found(&[])).expect("found");
    assert_ne!(unknown, Severity::Error);
    for (what, text) in CARRIERS {
        let allowed = found(&[("t.yaml", &carrier(text, true))]);
        assert_eq!(severity(&allowed), None, "{what}: {:?}", said(&allowed));
        let refused = found(&[("t.yaml", &carrier(text, false))]);
        let severity = severity(&refused);
        assert_eq!(
            severity,
            Some(Severity::Error),
            "{what}: {:?}",
            said(&refused)
        );
    }
}

#[test]
fn values_of_other_charts_say_nothing_of_traefik() {
    let unknown = severity(&found(&[])).expect("found");
    for (what, text) in &CARRIERS[1..14] {
        let other = carrier(text, true).replace("traefik", "other");
        let report = found(&[("t.yaml", &other)]);
        let is_like_it = what.contains("outside");
        let expected = if is_like_it { None } else { Some(unknown) };
        assert_eq!(severity(&report), expected, "{what}");
    }
}

#[test]
fn a_values_file_that_a_kustomization_names_is_read_whatever_is_in_it() {
    let kustomization = "helmCharts: [{name: traefik, valuesFile: ./deep/v.yaml}]\n";
    let values = "service: {typo: 1}\nimage: {tag: v3.7.9}\n";
    let files = [
        ("k/kustomization.yaml", kustomization),
        ("k/deep/v.yaml", values),
    ];
    let report = found(&files);
    assert!(!report.passed_over.contains(&1), "{:?}", said(&report));
    assert!(found(&files[1..]).passed_over.contains(&0));
}

#[test]
fn what_is_wrong_in_values_inside_a_string_has_its_place() {
    let text = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                spec:\n  valuesContent: |-\n    # ours\n    globalArguments: []\n    tlsStores: {}\n";
    let report = found(&[("t.yaml", text)]);
    let mut findings = report.findings.iter();
    let finding = findings.find(|finding| finding.field == "spec.valuesContent.tlsStores");
    let finding = finding.unwrap_or_else(|| panic!("{:?}", said(&report)));
    let place = (finding.at.line, finding.at.column);
    assert_eq!(place, (8, 5), "{:?}", said(&report));
}
