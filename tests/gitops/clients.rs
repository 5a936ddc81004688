//! Clients that must show a certificate.

use crate::support::{assert_snapshot_in, run_in, write};
use std::fmt::Write as _;
use std::fs::read_to_string;
use std::path::Path;
use tempfile::TempDir;

const AUTHORITY: &str = include_str!("../fixtures/root.crt");

fn fleet(way_in: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n{way_in}  profiles: {{closed: {{clients: {{require: people.crt}}}}}}\n  \
         instances: {{a: {{profile: closed}}, b: {{}}}}\n"
    )
}

fn gitops(directory: &Path, more: &[&str]) -> (i32, String) {
    let line = [more, &["-f", "fleet.yaml", "--output-dir", "tree"]].concat();
    let run = run_in(directory, &[&["gitops"][..], &line].concat());
    (run.status, run.stderr + &run.stdout)
}

const PASSED: &str =
    "  topology: passthrough\n  defaults: {publicCertificate: {secret: web-tls}}\n";

#[test]
fn whoever_ends_the_tls_of_clients_asks_them_for_a_certificate_of_the_ca_in_the_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    // What is around the blocks of the file does not travel.
    write(
        &path.join("people.crt"),
        &format!("note\n{AUTHORITY}{AUTHORITY}"),
    );
    let mut written = String::new();
    for (way_in, files) in [
        (
            "",
            &[
                "secret-clients-ca.yaml",
                "tlsoption-clients.yaml",
                "ingressroute-ingressproxy.yaml",
            ][..],
        ),
        (PASSED, &["configmap-httpd-ingress.yaml"]),
    ] {
        write(&path.join("fleet.yaml"), &fleet(way_in));
        let (status, said) = gitops(path, &["render", "--prune"]);
        assert_eq!(status, 0, "{said}");
        for file in files {
            let text = read_to_string(path.join("tree/instances/a").join(file)).unwrap();
            write!(written, "=== {file}\n{text}").unwrap();
        }
        let (status, said) = gitops(path, &["check"]);
        assert_eq!(status, 0, "{said}");
        let (status, said) = gitops(path, &["diff"]);
        assert_eq!(status, 0, "{said}");
        let others = ["secret-clients-ca.yaml", "tlsoption-clients.yaml"];
        for file in others {
            assert!(!path.join("tree/instances/b").join(file).exists());
        }
    }
    assert_snapshot_in!("traefik", "clients", written);
}

#[test]
fn a_change_of_the_file_is_rendered_and_lint_finds_nothing_in_the_tree() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let before = include_str!("../fixtures/issuing-root.crt");
    write(&path.join("people.crt"), before);
    write(&path.join("fleet.yaml"), &fleet(""));
    assert_eq!(gitops(path, &["render"]).0, 0);
    run_in(path, &["ca", "--output-dir", "ca"]).good();
    let after = read_to_string(path.join("ca/ca.crt")).unwrap();
    write(&path.join("people.crt"), &after);
    let (status, said) = gitops(path, &["check"]);
    assert!(status == 1 && said.contains("clients-ca"), "{said}");
    assert_eq!(gitops(path, &["render"]).0, 0);
    assert_eq!(gitops(path, &["check"]).0, 0);
    let linted = run_in(path, &["lint", "tree"]);
    let (status, found) = (linted.status, linted.stdout.as_str());
    assert_eq!((status, found), (0, ""), "{}", linted.stderr);
}

#[test]
fn a_file_that_is_missing_or_useless_is_refused_where_it_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let key = include_str!("../fixtures/good.key");
    let named = "error: fleet.yaml:7:42: ";
    for (text, what) in [
        (Some(""), "there is no certificate"),
        (
            Some(key),
            "there is a private key beside the CA of the clients",
        ),
        (
            Some(include_str!("../fixtures/good.crt")),
            "the CA of the clients ",
        ),
        (None, ""),
    ] {
        let _ = std::fs::remove_file(path.join("people.crt"));
        if let Some(text) = text {
            write(&path.join("people.crt"), text);
        }
        write(&path.join("fleet.yaml"), &fleet(""));
        let (status, said) = gitops(path, &["render"]);
        assert_eq!(status, 3, "{said}");
        assert!(said.starts_with(&format!("{named}{what}")), "{said}");
        assert!(!path.join("tree").exists());
    }
    write(&path.join("people.crt"), AUTHORITY);
    let plain = "  topology: offload\n  loadBalancer: {kind: haproxy, trusted: [10.0.0.7], nodes: [10.0.0.11]}\n";
    write(&path.join("fleet.yaml"), &fleet(plain));
    let (status, said) = gitops(path, &["render"]);
    assert_eq!(status, 3, "{said}");
    assert!(
        said.contains("nothing in the cluster can ask clients for a certificate"),
        "{said}"
    );
    let chosen = format!("{plain}  traefik: {{entryPoints: [other]}}\n");
    write(&path.join("fleet.yaml"), &fleet(&chosen));
    let (status, said) = gitops(path, &["render"]);
    assert_eq!(status, 3, "{said}");
    assert!(
        said.contains("nothing in the cluster can ask clients for a certificate")
            && said.contains("entry points cannot be chosen with `offload`"),
        "{said}"
    );
}
