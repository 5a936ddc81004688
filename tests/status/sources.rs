//! Where certificates come from: manifests without namespaces, binary files, live hosts.

use super::{chain, instance};
use crate::probe::pki::Authority;
use crate::probe::server::{Behaviour, OK, Server, closed};
use crate::support::{run_in, write};
use std::fmt::Write as _;
use tempfile::TempDir;

/// An instance as it is rendered for Kustomize, or by `helm template`: without a namespace.
fn bare(name: &str) -> String {
    let text = instance(name, 0);
    let text = text.replace(&format!("  namespace: paroisse-{name}\n"), "");
    text.replace(&format!(", namespace: paroisse-{name}"), "")
}

/// Namespace, home and verdict of each instance of a directory.
fn instances(directory: &TempDir, path: &str) -> Vec<(String, String, String)> {
    let text = run_in(directory.path(), &["status", path, "--format", "json"]).good();
    let report = crate::support::report("status", &text);
    let instances = report["instances"].as_array().expect("instances");
    let mut found: Vec<(String, String, String)> = instances
        .iter()
        .map(|instance| {
            let word = |value: &serde_json::Value| value.as_str().unwrap_or("none").to_owned();
            (
                word(&instance["namespace"]),
                word(&instance["home"]),
                word(&instance["legs"][1]["verdict"]),
            )
        })
        .collect();
    found.sort();
    found
}

fn triple(namespace: &str, home: &str) -> (String, String, String) {
    (namespace.to_owned(), home.to_owned(), "signed".to_owned())
}

#[test]
fn instances_without_a_namespace_are_told_apart_by_directory_or_by_file() {
    let directory = TempDir::new().unwrap();
    for name in ["a", "b"] {
        let folder = directory.path().join("folders").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, document) in bare(name).split("---\n").skip(1).enumerate() {
            write(&folder.join(format!("{number}.yaml")), document);
        }
        let file = directory.path().join(format!("files/{name}.yaml"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        write(&file, &bare(name));
    }
    assert_eq!(
        instances(&directory, "folders"),
        [triple("none", "folders/a"), triple("none", "folders/b")]
    );
    assert_eq!(
        instances(&directory, "files"),
        [
            triple("none", "files/a.yaml"),
            triple("none", "files/b.yaml")
        ]
    );
}

#[test]
fn a_kustomization_names_the_namespace_of_its_directory_and_of_those_below() {
    let directory = TempDir::new().unwrap();
    for (folder, namespace) in [("a", "paroisse-a"), ("b/objects", "paroisse-b")] {
        let path = directory.path().join("tree").join(folder);
        std::fs::create_dir_all(&path).unwrap();
        write(&path.join("all.yaml"), &bare(&folder[..1]));
        let above = directory.path().join("tree").join(&folder[..1]);
        write(
            &above.join("kustomization.yaml"),
            &format!("namespace: {namespace}\nresources: [.]\n"),
        );
    }
    assert_eq!(
        instances(&directory, "tree"),
        [
            triple("paroisse-a", "paroisse-a"),
            triple("paroisse-b", "paroisse-b")
        ]
    );
}

#[test]
fn certificates_in_der_are_read_and_other_binary_files_are_reported() {
    let directory = TempDir::new().unwrap();
    let tree = directory.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    let leaf = chain(&["a.example.org"], 0, ("ca", "leaf")).leaf;
    std::fs::write(tree.join("a.crt"), leaf.der()).unwrap();
    std::fs::write(
        tree.join("b.CER"),
        chain(&["b.example.org"], 0, ("ca", "leaf")).leaf.der(),
    )
    .unwrap();
    std::fs::write(tree.join("c.p12"), [0x30, 0x82, 0, 1, 0]).unwrap();
    std::fs::write(tree.join("d.der"), [0x30, 0x82, 0, 1, 0]).unwrap();
    std::fs::write(tree.join("e.crt"), [0xff, 0xfe, 0]).unwrap();
    let run = run_in(directory.path(), &["status", "tree"]);
    assert_eq!(run.status, 0);
    assert_eq!(
        run.stderr,
        "warning: tree/c.p12: the binary file is not a certificate\n\
         warning: tree/d.der: the binary file is not a certificate\n\
         warning: tree/e.crt: the file is neither text in UTF-8 (byte 1) nor a certificate in DER\n"
    );
    for name in ["tree/a.crt", "tree/b.CER"] {
        assert!(run.stdout.contains(name), "{}", run.stdout);
    }
    let one = run_in(directory.path(), &["status", "tree/a.crt"]);
    assert!(one.stdout.contains("a.example.org"), "{}", one.stderr);
}

#[test]
fn many_hosts_that_cannot_be_reached_are_reported_one_by_one_in_their_order() {
    let directory = TempDir::new().unwrap();
    let port = closed().port();
    let mut list = String::from("# hosts of the fleet\n\n");
    for number in 0..100 {
        writeln!(list, "h{number}.example.org=127.0.0.1:{port}").unwrap();
    }
    write(&directory.path().join("hosts.txt"), &list);
    write(&directory.path().join("a.yaml"), &instance("a", 0));
    let arguments = [
        "status",
        "a.yaml",
        "--connect-file",
        "hosts.txt",
        "--fail-within",
        "0d",
    ];
    let run = run_in(directory.path(), &arguments);
    assert_eq!(run.status, 1);
    let warnings: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(warnings.len(), 101, "{}", run.stderr);
    assert_eq!(
        warnings[9],
        format!(
            "warning: h9.example.org: 127.0.0.1:{port}: nothing listens there (connection refused)"
        )
    );
    assert_eq!(
        warnings[100],
        "error: 100 values or files could not be read"
    );
}

#[test]
fn hosts_of_routes_are_asked_at_one_address_and_a_wrong_one_is_refused_with_its_line() {
    let directory = TempDir::new().unwrap();
    let port = closed().port();
    write(
        &directory.path().join("a.yaml"),
        &(instance("a", 0) + &instance("b", 0)),
    );
    let address = format!("--connect-routes=127.0.0.1:{port}");
    let run = run_in(directory.path(), &["status", "a.yaml", &address]);
    assert_eq!(run.status, 0);
    let hosts: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("warning: ")?.split(": ").next())
        .collect();
    assert_eq!(hosts, ["a.example.org", "b.example.org"], "{}", run.stderr);
    write(&directory.path().join("hosts.txt"), "a.example.org\n-x\n");
    let run = run_in(
        directory.path(),
        &[
            "status",
            "--connect-file",
            "hosts.txt",
            "--connect-routes=x:99999",
        ],
    );
    assert_eq!(run.status, 3);
    assert!(
        run.stderr.contains("error: hosts.txt:2:1: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--connect-routes: "), "{}", run.stderr);
}

#[test]
fn what_a_live_host_serves_is_what_its_browsers_see() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(Behaviour::tls(
        &Authority::served(&["*.example.org", "example.org"]),
        OK,
    ));
    write(
        &directory.path().join("a.yaml"),
        &(instance("a", 0) + &instance("b", 0)),
    );
    let address = format!("--connect-routes={}", server.address);
    let arguments = ["status", "a.yaml", &address, "--format", "json"];
    let text = run_in(directory.path(), &arguments).good();
    let report = crate::support::report("status", &text);
    let certificates = report["certificates"].as_array().expect("certificates");
    let wildcard = certificates
        .iter()
        .find(|entry| entry["subjectAltNames"][0] == "*.example.org")
        .expect("the certificate that was served");
    let places: Vec<&str> = wildcard["places"]
        .as_array()
        .expect("places")
        .iter()
        .filter_map(|place| place["address"].as_str())
        .collect();
    assert_eq!(places, ["a.example.org", "b.example.org"]);
    for instance in report["instances"].as_array().expect("instances") {
        assert_eq!(instance["legs"][0]["certificate"], wildcard["sha256"]);
    }
    // No request was sent.
    assert_eq!(server.end(), [""; 0]);
}
