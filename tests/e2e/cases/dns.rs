//! The hosts of a fleet in the DNS: what external-dns makes of our objects, what BIND reads of our zone file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::cluster::{Cluster, output_of};
use crate::components::newest;
use crate::httpd::libraries;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![
        trial(
            stack,
            "external_dns_makes_of_a_fleet_the_records_of_its_hosts_and_no_others",
            records,
        ),
        trial(
            stack,
            "the_chart_of_external_dns_takes_the_values_of_a_fleet",
            values,
        ),
        trial(stack, "bind_takes_the_zone_file_of_a_fleet", zone),
    ]
}

/// The tree of a fleet of two instances, of which one has a further host elsewhere.
struct Tree {
    name: &'static str,
    directory: PathBuf,
}

impl Tree {
    /// Renders it with this `spec.dns`; what it is called is in all its names.
    fn render(case: &Case, name: &'static str, dns: &str, is_passed: bool) -> Self {
        let directory = case.directory.join(name);
        fs::create_dir(&directory).expect("one tree a name");
        let (topology, shown) = if is_passed {
            ("passthrough", ", publicCertificate: {secret: web}")
        } else {
            ("direct", "")
        };
        let text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1
kind: Fleet
metadata: {{name: {name}}}
spec:
  domain: {name}.example
  topology: {topology}
  secrets: {{mode: plain}}
  wildcard: false
  dns: {dns}
  defaults: {{namespace: \"{name}-{{id}}\"{shown}}}
  instances:
    a: {{}}
    b: {{aliases: [www.{name}-b.example]}}
"
        );
        let tree = Self { name, directory };
        let fleet = tree.path("fleet.yaml");
        fs::write(&fleet, text).expect("the fleet file");
        civi_ingress(&[
            "gitops",
            "render",
            "-f",
            &fleet,
            "--output-dir",
            &tree.path(""),
        ]);
        tree
    }

    fn path(&self, below: &str) -> String {
        self.directory.join(below).display().to_string()
    }

    fn apply(&self, cluster: &Cluster) {
        for id in ["a", "b"] {
            cluster.claim(&format!("{}-{id}", self.name));
            let folder = self.path(&format!("instances/{id}"));
            cluster.kubectl(&["apply", "-k", &folder], "");
        }
    }

    fn hosts(&self) -> [String; 3] {
        let name = self.name;
        [
            "a.".to_owned() + name,
            "b.".to_owned() + name,
            format!("www.{name}-b"),
        ]
        .map(|host| host + ".example")
    }
}

/// Where external-dns looks: at its own objects, and at Traefik's routes.
const SOURCES: [&str; 2] = ["crd", "traefik-proxy"];
/// The prefix of annotations up to 0.21, and from 0.22 on.
const OLD: &str = "external-dns.alpha.kubernetes.io/";
const NEW: &str = "external-dns.kubernetes.io/";

/// The records that external-dns makes of what a source finds.
fn found(case: &Case, cluster: &Cluster, prefix: &str, source: &str) -> Vec<String> {
    let mut command = Command::new(case.stack.programs.external_dns.join("external-dns"));
    command.arg(format!("-kubeconfig={}", cluster.kubeconfig().display()));
    command.arg(format!("-annotation-prefix={prefix}"));
    command.arg(format!("-sources={source}"));
    let text = printed(&mut command);
    text.lines().map(str::to_owned).collect()
}

/// Runs a program that has to succeed.
fn printed(command: &mut Command) -> String {
    let output = output_of(command, "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn records(case: &Case) {
    let cluster = case.stack.new_cluster(&newest(), "cluster-of-names");
    cluster.define(&case.stack.programs.external_dns.join("crds"));
    let [crd, routes] = SOURCES;
    let targets = "[203.0.113.7, 203.0.113.8, \"2001:db8::7\"]";
    let dns = format!("{{mode: dnsendpoint, ttl: 60, targets: {targets}}}");
    let told = Tree::render(case, "told", &dns, false);
    told.apply(&cluster);
    let of_host = |host: &String| {
        [
            "A 60 203.0.113.7",
            "A 60 203.0.113.8",
            "AAAA 60 2001:db8::7",
        ]
        .map(|record| format!("{host} {record}"))
    };
    let expected: Vec<String> = told.hosts().iter().flat_map(of_host).collect();
    assert_eq!(found(case, &cluster, NEW, crd), expected);
    assert_eq!(found(case, &cluster, NEW, routes), Vec::<String>::new());

    // Each release reads its own prefix alone, at routes of http and of TCP.
    for (name, release, prefix, is_passed) in
        [("old", "0.21", OLD, false), ("new", "0.22", NEW, true)]
    {
        let dns = format!(
            "{{mode: annotation, targets: [lb.host.example], externalDns: {{release: \"{release}\"}}}}"
        );
        let tree = Tree::render(case, name, &dns, is_passed);
        tree.apply(&cluster);
        let expected = tree
            .hosts()
            .map(|host| format!("{host} CNAME 300 lb.host.example"));
        assert_eq!(found(case, &cluster, prefix, routes), expected);
    }
}

fn values(case: &Case) {
    let dns = "{mode: dnsendpoint, targets: [203.0.113.7]}";
    let tree = Tree::render(case, "charted", dns, false);
    let chart = case.stack.programs.external_dns.join("chart");
    let helm = |values: &[&str]| {
        let mut command = Command::new(&case.stack.programs.helm);
        command.args(["template", "names"]).arg(&chart);
        command
            .args(["--set", "provider.name=rfc2136"])
            .args(values);
        output_of(&mut command, "")
    };
    let values = tree.path("cluster/external-dns-values.yaml");
    let output = helm(&["--values", &values]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("YAML");
    for argument in [
        "--source=crd",
        "--policy=upsert-only",
        "--registry=txt",
        "--txt-owner-id=charted",
        "--domain-filter=charted.example",
        "--domain-filter=www.charted-b.example",
    ] {
        assert!(
            text.contains(&format!("- {argument}\n")),
            "{argument}: {text}"
        );
    }
    let without = helm(&[]);
    assert!(!without.status.success(), "{without:?}");
}

fn zone(case: &Case) {
    let dns = "{mode: zonefile, ttl: 60, targets: [203.0.113.7, \"2001:db8::7\"]}";
    let tree = Tree::render(case, "zoned", dns, false);
    let zone = format!(
        "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 203.0.113.1\n$INCLUDE {}\n",
        tree.path("outside/zoned.example.zone")
    );
    let file = tree.path("zone");
    fs::write(&file, zone).expect("the zone");
    let bind9 = &case.stack.programs.bind9;
    let mut command = Command::new(bind9.join("usr/bin/named-checkzone"));
    command.env("LD_LIBRARY_PATH", libraries(bind9, "libjemalloc.so.2"));
    command
        .args(["-q", "-D", "-o", "-", "zoned.example"])
        .arg(&file);
    let dumped = printed(&mut command);
    let records: Vec<String> = dumped
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| line.contains(" 60 IN "))
        .collect();
    let expected = ["a", "b"].map(|id| {
        ["A 203.0.113.7", "AAAA 2001:db8::7"]
            .map(|record| format!("{id}.zoned.example. 60 IN {record}"))
    });
    assert_eq!(records, expected.concat());
}
