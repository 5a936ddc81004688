//! What is before the cluster and not in it.

use crate::support::{assert_snapshot_in, run_in, write};
use std::fs::read_to_string;
use std::path::Path;
use tempfile::TempDir;

const FILE: &str = "tree/outside/haproxy/haproxy.cfg";

fn fleet(way_in: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n{way_in}  instances: {{a: {{}}}}\n"
    )
}

fn behind_haproxy(more: &str) -> String {
    fleet(&format!(
        "  topology: tcp-proxy\n  loadBalancer: {{kind: haproxy, trusted: [10.0.0.7]{more}}}\n"
    ))
}

fn gitops(directory: &Path, more: &[&str]) -> (i32, String) {
    let line = [more, &["-f", "fleet.yaml", "--output-dir", "tree"]].concat();
    let run = run_in(directory, &[&["gitops"][..], &line].concat());
    (run.status, run.stderr + &run.stdout)
}

#[test]
fn a_file_for_a_machine_before_the_cluster_is_written_checked_compared_and_pruned_and_in_no_kustomization()
 {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let nodes = ", nodes: [10.0.0.11, \"2001:db8::12\"], address: 192.0.2.10";
    write(&path.join("fleet.yaml"), &behind_haproxy(nodes));
    let (status, said) = gitops(path, &["render"]);
    assert_eq!(status, 0, "{said}");
    let written = read_to_string(path.join(FILE)).unwrap();
    assert_snapshot_in!("outside", "haproxy", written);
    let root = read_to_string(path.join("tree/kustomization.yaml")).unwrap();
    assert!(!root.contains("outside"), "{root}");
    assert_eq!(gitops(path, &["check"]).0, 0);

    let edited = written.replace("leastconn", "roundrobin");
    write(&path.join(FILE), &edited);
    let (status, said) = gitops(path, &["diff"]);
    assert!(
        status != 0 && said.contains("+  balance leastconn"),
        "{said}"
    );
    assert_ne!(gitops(path, &["check"]).0, 0);
    assert_eq!(gitops(path, &["render"]).0, 0);
    assert_eq!(read_to_string(path.join(FILE)).unwrap(), written);

    write(&path.join("fleet.yaml"), &fleet(""));
    let (status, said) = gitops(path, &["render"]);
    assert!(status == 0 && path.join(FILE).exists(), "{said}");
    let (status, said) = gitops(path, &["render", "--prune"]);
    assert!(status == 0 && !path.join("tree/outside").exists(), "{said}");
}

#[test]
fn nodes_are_named_exactly_where_nothing_else_tells_the_load_balancer() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let octavia = "  topology: tcp-proxy\n  loadBalancer: {kind: openstack, trusted: [10.0.0.7], nodes: [10.0.0.11]}\n";
    for (text, expected) in [
        (
            behind_haproxy(""),
            "error: fleet.yaml:8:17: nothing says to which nodes HAProxy is to pass connections on\n",
        ),
        (
            behind_haproxy(", nodes: []"),
            "error: fleet.yaml:8:61: nothing says to which nodes HAProxy is to pass connections on\n",
        ),
        (
            fleet(octavia),
            "error: fleet.yaml:8:63: OpenStack Octavia finds the nodes itself\n",
        ),
    ] {
        write(&path.join("fleet.yaml"), &text);
        let (status, said) = gitops(path, &["render"]);
        assert!(status == 3 && said.starts_with(expected), "{said}");
        assert!(!path.join("tree").exists());
    }
}
