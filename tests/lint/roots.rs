//! Two clusters of one repository are judged each by itself.

use super::{INSTANCE, codes, filled, said, source};
use crate::support::NOW;
use civi_ingress::lint::{Options, Report, Severity, Source, lint};
use civi_ingress::name::DnsName;

fn strict() -> Options {
    let mut options = Options::at(NOW);
    options.strict_references = true;
    options
}

fn found(files: &[(&str, &str)], options: &Options) -> Report {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(name, text)| source(name, text))
        .collect();
    lint(&mut sources, options).expect("YAML")
}

fn count(report: &Report, code: &str) -> usize {
    let findings = report.findings.iter();
    findings.filter(|finding| finding.rule.code == code).count()
}

fn route(namespace: &str, host: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: {namespace}}}\n\
         spec: {{entryPoints: [websecure], routes: [{{match: Host(`{host}`), kind: Rule, services: [{{name: s, port: 80}}]}}], tls: {{}}}}\n"
    )
}

const OF_A: &str = "resources: [../../base, own.yaml]";
const OF_B: &str = "resources: [../../base, own.yaml]\n";

#[test]
fn two_clusters_may_have_one_host_and_one_cluster_may_not() {
    let (a, b) = (route("one", "a.example.org"), route("two", "a.example.org"));
    let files = [
        ("base/kustomization.yaml", "resources: []"),
        ("clusters/a/kustomization.yaml", OF_A),
        ("clusters/a/own.yaml", a.as_str()),
        ("clusters/b/kustomization.yaml", OF_B),
        ("clusters/b/own.yaml", b.as_str()),
    ];
    let apart = found(&files, &Options::at(NOW));
    assert_eq!(count(&apart, "CI217"), 0, "{:?}", said(&apart));
    let both = [
        ("a/kustomization.yaml", "resources: [one.yaml, two.yaml]"),
        ("a/one.yaml", a.as_str()),
        ("a/two.yaml", b.as_str()),
    ];
    assert_eq!(count(&found(&both, &Options::at(NOW)), "CI217"), 1);
    let whole = [
        ("clusters/a/own.yaml", a.as_str()),
        ("clusters/b/own.yaml", b.as_str()),
    ];
    assert_eq!(count(&found(&whole, &Options::at(NOW)), "CI217"), 1);
}

#[test]
fn a_secret_of_another_cluster_does_not_satisfy_a_reference() {
    let secret = filled(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: externca, namespace: ns}\ndata: {ca.crt: \"${ca}\"}\n",
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: civicrmhttpd, namespace: ns}\nspec: {ports: [{port: 443}]}\n";
    let files = [
        ("base/instance.yaml", INSTANCE),
        (
            "base/kustomization.yaml",
            "resources: [instance.yaml, service.yaml]",
        ),
        ("base/service.yaml", service),
        ("clusters/a/kustomization.yaml", "resources: [../../base]"),
        ("clusters/b/kustomization.yaml", OF_B),
        ("clusters/b/own.yaml", secret.as_str()),
    ];
    let report = found(&files, &strict());
    assert_eq!(count(&report, "CI901"), 1, "{:?}", said(&report));
    // In cluster b alone everything is there.
    let report = found(
        &[files[0], files[1], files[2], files[4], files[5]],
        &strict(),
    );
    assert!(!codes(&report, Severity::Error).contains("CI901"));
}

#[test]
fn what_is_wrong_with_a_base_is_found_once() {
    let transport = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: ns}\nspec: {insecureSkipVerify: true}\n";
    let files = [
        ("base/kustomization.yaml", "resources: [t.yaml]"),
        ("base/t.yaml", transport),
        ("clusters/a/kustomization.yaml", "resources: [../../base]"),
        ("clusters/b/kustomization.yaml", "resources: [../../base]"),
    ];
    let report = found(&files, &Options::at(NOW));
    assert_eq!(count(&report, "CI113"), 1, "{:?}", said(&report));
    assert_eq!(report.objects, 1);
}

#[test]
fn a_host_that_is_asked_for_needs_a_route_in_one_cluster() {
    let (a, b) = (route("one", "a.example.org"), route("two", "b.example.org"));
    let files = [
        ("clusters/a/kustomization.yaml", "resources: [own.yaml]"),
        ("clusters/a/own.yaml", a.as_str()),
        ("clusters/b/kustomization.yaml", "resources: [own.yaml]"),
        ("clusters/b/own.yaml", b.as_str()),
    ];
    for (host, expected) in [("b.example.org", 0), ("c.example.org", 1)] {
        let mut options = Options::at(NOW);
        options.hosts = vec![DnsName::parse(host).expect("a host")];
        let report = found(&files, &options);
        assert_eq!(count(&report, "CI224"), expected, "{:?}", said(&report));
    }
}

#[test]
fn the_tree_of_a_fleet_is_one_cluster() {
    let mark = "# civi-ingress:managed fleet=f instance=a v1\n";
    let kustomization = format!("{mark}resources: [r.yaml]\n");
    let (a, b) = (route("one", "a.example.org"), route("two", "a.example.org"));
    let (a, b) = (format!("{mark}---\n{a}"), format!("{mark}---\n{b}"));
    let folders = ["instances/a", "instances/b", "shards/000", "shards/001"];
    for pair in folders.chunks(2) {
        let names: Vec<String> = pair
            .iter()
            .flat_map(|folder| {
                ["kustomization.yaml", "r.yaml"].map(|name| format!("t/{folder}/{name}"))
            })
            .collect();
        let texts = [&kustomization, &a, &kustomization, &b];
        let files: Vec<(&str, &str)> = names
            .iter()
            .zip(texts)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let report = found(&files, &Options::at(NOW));
        assert_eq!(count(&report, "CI217"), 1, "{:?}", said(&report));
    }
}
