//! `gitops import`.

use super::story::{RECIPIENT, certificates};
use crate::support::{assert_snapshot_in, read, run_in, write};
use base64::Engine as _;
use tempfile::TempDir;

#[test]
fn running_instances_are_imported_with_their_keys() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    let made = run(&[
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "--alias",
        "www.a.example.org",
        "-q",
    ]);
    write(&directory.path().join("running.yaml"), &made.good());
    let import = run(&[
        "gitops",
        "import",
        "--output-dir",
        "infra",
        "--secrets",
        "running.yaml",
        "--recipient",
        RECIPIENT,
    ]);
    assert_eq!(import.status, 0, "{}", import.stderr);
    let tree = directory.path().join("infra");
    let running = read(&directory.path().join("running.yaml"));
    let imported = read(&tree.join("instances/paroisse-a/secret-selfcert.sops.yaml"));
    for key in ["externcert", "dbservercert", "cacert", "dbcacert"] {
        assert_eq!(certificates(&running, key), certificates(&imported, key));
    }
    assert!(!imported.contains("  cakey:"));
    run(&[
        "gitops",
        "render",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ])
    .good();
    assert_eq!(
        imported,
        read(&tree.join("instances/paroisse-a/secret-selfcert.sops.yaml"))
    );
    let check = run(&[
        "gitops",
        "check",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ]);
    assert_eq!(check.status, 0, "{}", check.stderr);
}

#[test]
fn a_running_ca_that_go_refuses_is_not_imported_and_what_others_refuse_is_warned_of() {
    let directory = TempDir::new().unwrap();
    let now = "2026-12-01T00:00:00Z";
    let made = run_in(
        directory.path(),
        &[
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "--now",
            now,
            "-q",
        ],
    );
    let running = made.good();
    let negative = include_str!("../fixtures/negative-serial.crt");
    let no_usage = include_str!("../fixtures/no-usage.crt");
    let import = |output: &str, changes: &[(&str, &str)]| {
        let mut text = running.clone();
        for (key, pem) in changes {
            let (before, rest) = text.split_once(&format!("  {key}: ")).expect("the key");
            let (_, after) = rest.split_once('\n').expect("a line");
            let value = base64::engine::general_purpose::STANDARD.encode(pem);
            text = format!("{before}  {key}: {value}\n{after}");
        }
        write(&directory.path().join("running.yaml"), &text);
        let arguments = [
            "gitops",
            "import",
            "--output-dir",
            output,
            "--secrets",
            "running.yaml",
            "--recipient",
            RECIPIENT,
            "--now",
            now,
        ];
        run_in(directory.path(), &arguments)
    };
    let refused = import("refused", &[("cacert", negative)]);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(
        refused.stderr,
        "error: a: httpd: `O=Test, CN=Negative` has a negative serial number: Go, and so Traefik, and Python refuse it\n\
         help: ask for a new one\n"
    );
    assert!(!directory.path().join("refused").exists());
    let warned = import("warned", &[("cacert", no_usage), ("dbcacert", negative)]);
    assert_eq!(warned.status, 0, "{}", warned.stderr);
    for line in [
        "warning: a: httpd: `O=Test, CN=Plain` has no key usage: OpenSSL with strict checks and Python refuse it\n",
        "warning: a: database: `O=Test, CN=Negative` has a negative serial number: Go, and so Traefik, and Python refuse it\n",
    ] {
        assert!(warned.stderr.contains(line), "{}", warned.stderr);
    }
}

#[test]
fn the_values_of_the_chart_itself_become_an_instance() {
    let directory = TempDir::new().unwrap();
    // The keys that concern the ingress, as values.yaml of fr.uepalparoisse.helm 0.1.1 has them.
    write(
        &directory.path().join("values.yaml"),
        "externalhost: a.example.org\nservername: a.example.org\nserverstransport:\n  maxIdleConnsPerHost: 0\n  dialTimeout: \"60s\"\n  \
         responseHeaderTimeout: 0\n  readIdleTimeout: 0\n  idleConnTimeout: \"1s\"\nhttpd:\n  serverCertField: externcert\n  \
         serverKeySecret: selfcert\n  listenBacklog: 1\ndb:\n  dbrouterCaField: dbcacert\n",
    );
    let arguments = [
        "gitops",
        "import",
        "--output-dir",
        "infra",
        "--recipient",
        RECIPIENT,
        "--values",
        "a=values.yaml",
    ];
    run_in(directory.path(), &arguments).good();
    let text = read(&directory.path().join("infra/fleet.yaml"));
    assert!(
        text.contains(
            "      serversTransport:\n        maxIdleConnsPerHost: 0\n        dialTimeout: 60s\n"
        ),
        "{text}"
    );
    let render = [
        "gitops",
        "render",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ];
    run_in(directory.path(), &render).good();
    let values = read(&directory.path().join("infra/instances/a/values.yaml"));
    assert!(
        values.starts_with(
            "# civi-ingress:managed fleet=parishes instance=a v1\nexternalhost: a.example.org\nservername: a.example.org\nhttpd:\n"
        ),
        "{values}"
    );
}

#[test]
fn a_table_and_values_files_become_a_fleet_file() {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("parishes.csv"),
        "\u{feff}id;externalHost;helmValues.init.paroisseName\r\na;a.example.org;\"Saint Pierre; le Jeune\"\r\nb;;\r\n",
    );
    write(
        &directory.path().join("values.yaml"),
        "externalhost: c.example.org\ninit: {paroisseName: C}\n",
    );
    let run = run_in(
        directory.path(),
        &[
            "gitops",
            "import",
            "--output-dir",
            "infra",
            "--csv",
            "parishes.csv",
            "--values",
            "c=values.yaml",
        ],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_snapshot_in!(
        "gitops",
        "imported-file",
        read(&directory.path().join("infra/fleet.yaml"))
    );
}
