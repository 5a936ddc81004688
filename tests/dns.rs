//! How the hosts of a fleet's instances get into the DNS.

use crate::support::{names_in, render_fleet, run_in, shown};
use tempfile::TempDir;

/// The templates that these tests use.
pub(crate) const TEMPLATES: [&str; 3] = ["dns/dnsendpoint.yaml", "dns/values.yaml", "outside/zone"];

/// A fleet with this below `dns`, and this below it.
fn fleet(dns: &str, rest: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: parish.fr\n  secrets: {{mode: plain}}\n  wildcard: false\n  dns: {dns}\n{rest}"
    )
}

const TWO: &str = "  instances:\n    a: {}\n    b: {aliases: [www.b.example]}\n";

/// Renders a fleet, in whose tree `lint` finds nothing, and compares these files of it with a snapshot.
fn assert_rendered(fleet: &str, paths: &[&str], snapshot: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    render_fleet(&directory, fleet, "").good();
    let shown = shown(&directory, paths);
    insta::with_settings!({snapshot_path => "../snapshots/dns", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(snapshot, shown);
    });
    let lint = run_in(directory.path(), &["lint", "tree"]);
    assert_eq!(lint.status, 0, "{}", lint.stdout);
    let again = render_fleet(&directory, fleet, "");
    assert!(again.stderr.contains("wrote 0 files"), "{}", again.stderr);
    directory
}

#[test]
fn external_dns_is_told_of_the_hosts_of_each_instance_by_an_object() {
    let dns = "{mode: dnsendpoint, targets: [203.0.113.7, 203.0.113.8, \"2001:db8::7\"], ttl: 60}";
    let paths = [
        "cluster/external-dns-values.yaml",
        "instances/a/kustomization.yaml",
        "instances/b/dnsendpoint-hosts.yaml",
    ];
    assert_rendered(&fleet(dns, TWO), &paths, "endpoint");
}

#[test]
fn external_dns_is_told_of_them_by_annotations_in_the_words_of_its_release() {
    for (release, topology) in [("0.21", "direct"), ("0.22", "passthrough")] {
        let dns = format!(
            "{{mode: annotation, targets: [lb.parish.fr], externalDns: {{release: \"{release}\", policy: sync}}}}"
        );
        let rest = format!(
            "  topology: {topology}\n  defaults: {{publicCertificate: {{secret: web}}}}\n{TWO}"
        );
        let rest = if topology == "direct" { TWO } else { &rest };
        let route = match topology {
            "direct" => "instances/b/ingressroute-ingressproxy.yaml",
            _ => "instances/b/ingressroutetcp-ingressproxy.yaml",
        };
        let paths = ["cluster/external-dns-values.yaml", route];
        let snapshot = format!("annotation-{release}-{topology}");
        assert_rendered(&fleet(&dns, rest), &paths, &snapshot);
    }
}

#[test]
fn a_zone_file_has_the_hosts_below_the_domain_and_names_the_others() {
    let rest = format!(
        "  topology: tcp-proxy\n  loadBalancer: {{kind: openstack, trusted: [10.0.0.0/24], address: 203.0.113.7}}\n{TWO}"
    );
    let paths = ["outside/parish.fr.zone"];
    let directory = assert_rendered(&fleet("{mode: zonefile}", &rest), &paths, "zone");
    let cluster = names_in(&directory.path().join("tree/cluster"));
    assert_eq!(cluster, ["traefik-values.yaml"]);
}

#[test]
fn what_told_of_hosts_goes_when_nobody_is_to_be_told() {
    let directory = TempDir::new().unwrap();
    for dns in [
        "{mode: zonefile, targets: [lb.host.example]}",
        "{mode: dnsendpoint, targets: [203.0.113.7]}",
    ] {
        render_fleet(&directory, &fleet(dns, TWO), "--prune").good();
    }
    assert!(!directory.path().join("tree/outside").exists());
    let run = render_fleet(&directory, &fleet("{mode: none}", TWO), "--prune");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let left = |folder: &str| names_in(&directory.path().join("tree").join(folder));
    assert_eq!(left("cluster"), ["traefik-values.yaml"]);
    let of_instance = left("instances/a");
    assert!(
        !of_instance.iter().any(|name| name.contains("dns")),
        "{of_instance:?}"
    );
}

#[test]
fn the_domain_itself_as_another_name_is_warned_of() {
    let directory = TempDir::new().unwrap();
    let dns = "{mode: zonefile, targets: [lb.host.example]}";
    let apex = "  instances:\n    a: {externalHost: \"{domain}\"}\n";
    let run = render_fleet(&directory, &fleet(dns, apex), "-q");
    let warning = "warning: `parish.fr` is to lead to another name, which no name server takes at the top of a zone (RFC 1912 section 2.4); where it is one, name addresses in `dns.targets`\n";
    assert_eq!((run.status, run.stderr.as_str()), (0, warning));
}

#[test]
fn what_cannot_be_told_is_refused_with_the_way_out() {
    let directory = TempDir::new().unwrap();
    for (dns, what) in [
        ("{mode: dnsendpoint}", "nothing says where the hosts lead"),
        ("{mode: zonefile, targets: []}", "the targets are empty"),
        (
            "{mode: zonefile, targets: [203.0.113.7, lb.parish.fr]}",
            "`lb.parish.fr` cannot be combined with other targets",
        ),
        (
            "{mode: zonefile, targets: [203.0.113.7, 203.0.113.7]}",
            "`203.0.113.7` is named twice",
        ),
        (
            "{mode: zonefile, targets: [203.0.113.256]}",
            "the last label of `203.0.113.256` is a number",
        ),
        (
            "{mode: zonefile, targets: [a_b.fr]}",
            "character `_` at position 2 of `a_b.fr` is not allowed in a host name",
        ),
        (
            "{mode: zonefile, targets: [203.0.113.7], externalDns: {release: \"0.22\"}}",
            "external-dns reads no zone file",
        ),
        (
            "{mode: none, ttl: 60}",
            "with `mode: none` nobody is told of the hosts",
        ),
        (
            "{mode: annotation, targets: [203.0.113.7]}",
            "nothing says which external-dns reads the annotations: 0.22 changed their prefix",
        ),
        (
            "{mode: annotation, targets: [203.0.113.7], externalDns: {release: \"1.22\"}}",
            "`1.22` is not a valid release of external-dns",
        ),
        (
            "{mode: zonefile, targets: [203.0.113.7], ttl: 0}",
            "0 is out of range",
        ),
    ] {
        let run = render_fleet(&directory, &fleet(dns, TWO), "");
        assert_eq!(run.status, 3, "{dns}: {}", run.stderr);
        let first = run.stderr.lines().next().unwrap_or_default();
        assert!(
            first.contains(&format!(": {what}")),
            "{dns}: {}",
            run.stderr
        );
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("\nhelp: "), "{}", run.stderr);
    }
}
