//! Fleets without keys in their trees: cert-manager makes them in the cluster, or a store has them.

use crate::support::{names_in, read, render_fleet as render, run_line, write};
use tempfile::TempDir;

/// The templates that these tests use.
pub(crate) const TEMPLATES: [&str; 2] = [
    "cert-manager/issuer.yaml",
    "external-secrets/externalsecret.yaml",
];

/// A fleet with these keys of `spec.secrets`, and this below it.
fn fleet(secrets: &str, rest: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: parish.fr\n  secrets: {secrets}\n{rest}"
    )
}

const ONE: &str = "  instances: {a: {}}\n";

/// Returns the objects of the tree, as its kustomizations take them together, but for their labels, of which no key is among
/// them.
fn objects(directory: &TempDir, folders: &[&str]) -> String {
    let mut all = String::new();
    for folder in folders {
        let folder = directory.path().join("tree").join(folder);
        let kustomization = read(&folder.join("kustomization.yaml"));
        let lines = kustomization.lines();
        let names = lines.filter_map(|line| line.strip_prefix("  - "));
        let names: Vec<&str> = names.chain(["values.yaml"]).collect();
        for name in names {
            let path = folder.join(name);
            if path.exists() {
                let text = read(&path);
                let labels = [
                    "  labels:",
                    "    app.kubernetes.io/",
                    "    civi-ingress.uepal.fr/",
                ];
                let is_label = |line: &&str| labels.iter().any(|label| line.starts_with(label));
                let lines = text.lines().filter(|line| !is_label(line));
                all.extend(lines.flat_map(|line| [line, "\n"]));
            }
        }
    }
    all
}

fn assert_snapshot(folder: &str, name: &str, text: &str) {
    let folder = format!("../snapshots/{folder}");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

/// Asserts that nothing is found in the tree, no key is in it, and another run would change nothing.
fn assert_clean(directory: &TempDir) {
    let lint = run_line(directory.path(), "lint tree");
    assert_eq!(lint.status, 0, "{}", lint.stderr);
    let check = run_line(
        directory.path(),
        "gitops check -f fleet.yaml --output-dir tree",
    );
    assert_eq!(check.status, 0, "{}", check.stderr);
}

#[test]
fn cert_manager_is_asked_for_each_certificate_of_a_fleet_without_keys() {
    let directory = TempDir::new().unwrap();
    let rest = "  defaults: {certificate: {key: rsa2048, days: 90, renewBefore: 30d, caDays: 1000, organization: UEPAL}}
  traefik: {version: '2.11'}
  instances:
    a: {aliases: [b.parish.fr], objects: {clientAuth: true}, certificate: {authorities: [next, httpd-ca]}}
";
    render(&directory, &fleet("{mode: cert-manager}", rest), "").good();
    assert_snapshot(
        "cert-manager",
        "own-authority",
        &objects(&directory, &["cluster", "instances/a"]),
    );
    assert_clean(&directory);
    for folder in ["cluster", "instances/a"] {
        for name in names_in(&directory.path().join("tree").join(folder)) {
            let text = read(&directory.path().join("tree").join(folder).join(&name));
            assert!(
                !text.contains("kind: Secret\n") && !text.contains("-----BEGIN"),
                "{name}"
            );
        }
    }
}

#[test]
fn the_steps_of_a_move_trust_both_before_one_is_shown() {
    let directory = TempDir::new().unwrap();
    let mut steps = Vec::new();
    for secrets in [
        "{mode: plain}",
        "{mode: plain, beside: cert-manager}",
        "{mode: cert-manager, beside: plain}",
        "{mode: cert-manager}",
        "{mode: cert-manager, beside: plain}",
        "{mode: plain, beside: cert-manager}",
        "{mode: plain}",
    ] {
        let run = render(&directory, &fleet(secrets, ONE), "");
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_clean(&directory);
        let tree = directory.path().join("tree/instances/a");
        let transport = read(&tree.join("serverstransport-transport-selfsigned.yaml"));
        let trusted = transport.split("  rootCAs:\n").nth(1).unwrap();
        let values = tree.join("values.yaml");
        let values = if values.exists() {
            read(&values)
        } else {
            String::new()
        };
        let shown = values.lines().filter(|line| line.contains("Cert"));
        let shown: Vec<&str> = shown.collect();
        let store = read(&directory.path().join("tree/cluster/tlsstore-default.yaml"));
        let store = store.lines().last().unwrap();
        let (shown, told) = (shown.join("\n"), &run.stderr);
        steps.push(format!("--- {secrets}\n{trusted}{shown}\n{store}\n{told}"));
    }
    assert_snapshot("cert-manager", "moving", &steps.concat());
}

#[test]
fn the_steps_of_a_move_are_printed_from_wherever_a_fleet_is() {
    let directory = TempDir::new().unwrap();
    let rest = "  flux: {source: s, decryptionSecret: d}\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {}, b: {}}\n";
    let mut printed = Vec::new();
    for (secrets, to) in [
        ("{mode: sops}", "cert-manager"),
        ("{mode: sops, beside: cert-manager}", "sops"),
        ("{mode: cert-manager, beside: plain}", "cert-manager"),
        ("{mode: plain}", "plain"),
    ] {
        write(&directory.path().join("fleet.yaml"), &fleet(secrets, rest));
        let line = format!("gitops move -f fleet.yaml --output-dir infra --to {to}");
        let steps = run_line(directory.path(), &line).good();
        printed.push(format!("--- {secrets} to {to}\n{steps}"));
    }
    let back = fleet("{mode: cert-manager}", ONE);
    write(&directory.path().join("fleet.yaml"), &back);
    let run = run_line(
        directory.path(),
        "gitops move -f fleet.yaml --output-dir . --to sealed",
    );
    printed.push(format!("--- back\n{}", run.good()));
    assert_snapshot("cert-manager", "move", &printed.concat());
}

#[test]
fn certificates_that_are_shown_do_not_go_before_others_are_shown() {
    let directory = TempDir::new().unwrap();
    for (secrets, next, secret) in [
        ("{mode: plain}", "{mode: cert-manager}", "selfcert"),
        (
            "{mode: plain, beside: cert-manager}",
            "{mode: cert-manager}",
            "selfcert",
        ),
        (
            "{mode: cert-manager, beside: plain}",
            "{mode: plain}",
            "httpd-tls",
        ),
        (
            "{mode: cert-manager}",
            "{mode: external, store: {name: v}}",
            "httpd-tls",
        ),
    ] {
        drop(std::fs::remove_dir_all(directory.path().join("tree")));
        render(&directory, &fleet(secrets, ONE), "").good();
        let run = render(&directory, &fleet(next, ONE), "");
        assert_eq!((run.status, run.stdout.as_str()), (5, ""), "{secrets}");
        assert_eq!(
            run.stderr,
            format!(
                "error: the httpd of `a` shows the certificate in Secret `{secret}`, which would go before another one is shown\nhelp: `civi-ingress gitops move` prints the steps by which no request is lost; `--rekey` does it at once\n"
            )
        );
        let check = run_line(
            directory.path(),
            "gitops check -f fleet.yaml --output-dir tree",
        );
        assert_eq!(check.status, 1, "{}", check.stderr);
        run_line(
            directory.path(),
            "gitops render -f fleet.yaml --output-dir tree --rekey",
        )
        .good();
        assert_clean(&directory);
    }
    // A store has the Secrets under the names that they had.
    drop(std::fs::remove_dir_all(directory.path().join("tree")));
    render(&directory, &fleet("{mode: plain}", ONE), "").good();
    render(
        &directory,
        &fleet("{mode: external, store: {name: v}}", ONE),
        "",
    )
    .good();
}

#[test]
fn keys_that_cannot_move_are_refused() {
    let directory = TempDir::new().unwrap();
    let mut printed = String::new();
    for (secrets, rest, to) in [
        ("{mode: external, store: {name: v}}", ONE, "cert-manager"),
        ("{mode: plain, beside: cert-manager}", ONE, "sops"),
        (
            "{mode: plain}",
            "  instances: {a: {objects: {clientAuth: true}}}\n",
            "cert-manager",
        ),
    ] {
        write(&directory.path().join("fleet.yaml"), &fleet(secrets, rest));
        let line = format!("gitops move -f fleet.yaml --to {to}");
        let run = run_line(directory.path(), &line);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{secrets}");
        printed.push_str(&run.stderr);
    }
    assert_snapshot("cert-manager", "move-faults", &printed);
}

#[test]
fn a_store_has_the_secrets_under_the_names_of_the_chart() {
    let directory = TempDir::new().unwrap();
    let secrets = "{mode: external, store: {name: vault, kind: SecretStore}, remoteKey: 'parishes/{namespace}/{secret}', refreshInterval: 15m}";
    let rest = "  instances: {a: {objects: {clientAuth: true}}}\n";
    render(&directory, &fleet(secrets, rest), "").good();
    assert_snapshot(
        "external-secrets",
        "fleet",
        &objects(&directory, &["cluster", "instances/a"]),
    );
    assert_clean(&directory);
}

#[test]
fn all_that_is_wrong_with_who_makes_keys_is_reported_at_once() {
    let directory = TempDir::new().unwrap();
    let mut printed = String::new();
    for (secrets, rest) in [
        (
            "{mode: cert-manager, store: {name: v}, scope: strict}",
            "  wildcard: {certificate: {ca: stored}}
  defaults: {certificate: {overlap: 5d, days: 400, caDays: 600}}
  instances:
    a: {certificate: {authorities: [httpd-tls, next, next]}}
    b: {certificate: {authorities: []}, helmValues: {httpd: {serverCertSecret: web}}}
",
        ),
        ("{mode: external, remoteKey: '{secret}', beside: sops}", ONE),
        (
            "{mode: external, store: {name: v}, refreshInterval: 3}",
            "  instances: {a: {certificate: {days: 5, authorities: [x]}}}\n",
        ),
        ("{mode: sops, beside: sealed}", ONE),
        ("{mode: external}", ONE),
        (
            "{mode: plain, beside: cert-manager}",
            "  instances: {a: {objects: {clientAuth: true}, certificate: {authorities: [selfcert, externca]}}}\n",
        ),
        (
            "{mode: plain}",
            "  instances: {a: {certificate: {authorities: [x]}}}\n",
        ),
    ] {
        let run = render(&directory, &fleet(secrets, rest), "");
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{secrets}");
        printed.push_str(&run.stderr);
    }
    assert_snapshot("cert-manager", "makers-faults", &printed);
    assert!(!directory.path().join("tree").exists());
}

#[test]
fn the_ca_that_is_in_the_cluster_alone_is_looked_for_there() {
    let directory = TempDir::new().unwrap();
    render(&directory, &fleet("{mode: cert-manager}", ONE), "").good();
    let ca = run_line(
        directory.path(),
        "gitops ca -f fleet.yaml --output-dir tree",
    );
    assert_eq!((ca.status, ca.stdout.as_str()), (3, ""));
    assert_eq!(
        ca.stderr,
        "error: the CA of `wildcard` is in the cluster, and not in the tree\nhelp: `kubectl -n default get secret wildcard-ca -o jsonpath='{.data.ca\\.crt}' | base64 -d` prints it\n"
    );
    let status = run_line(directory.path(), "status tree");
    assert_eq!(status.status, 0);
    assert_eq!(
        status.stderr,
        "note: 6 Secrets are made in the cluster, and there alone: `civi-ingress status --cluster` looks at what is there\n"
    );
    let explained = run_line(directory.path(), "topology explain -f fleet.yaml").good();
    assert_snapshot("cert-manager", "explained", &explained);
}
