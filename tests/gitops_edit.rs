//! What is done to a fleet beside rendering it: instances that come and go, and its CAs as PEM.

use crate::support::{read, run_in, write};
use civi_ingress::pki::Certificate;
use std::path::Path;
use tempfile::TempDir;

const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

fn fleet(spec: &str, instances: &str) -> String {
    format!(
        "# The parishes.\napiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}   # as in Git\nspec:\n  domain: example.org\n\n  \
         secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n{spec}  instances:\n{instances}# The end.\n"
    )
}

#[test]
fn an_instance_comes_and_goes_and_every_other_byte_of_the_fleet_file_stays() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("fleet.yaml");
    let before = fleet(
        "  profiles: {big: {}} # for towns\n",
        "    a: {}  # first\n\n    # b waits\n",
    );
    write(&file, &before);
    let add = [
        "gitops",
        "add",
        "b",
        "--host",
        "B.example.org",
        "--profile",
        "big",
    ];
    let added = run_in(directory.path(), &add);
    assert_eq!(
        (added.status, added.stdout.as_str(), added.stderr.as_str()),
        (
            0,
            "",
            "note: added `b` (b.example.org) to fleet.yaml; next: civi-ingress gitops render\n"
        )
    );
    let line = "    b: {externalHost: b.example.org, profile: big}\n";
    let after = before.replace("# The end.", &format!("{line}# The end."));
    assert_eq!(read(&file), after);
    run_in(directory.path(), &["gitops", "render", "-q"]).good();
    let removed = run_in(
        directory.path(),
        &["gitops", "remove", "b", "-f", "fleet.yaml"],
    );
    assert_eq!(
        (
            removed.status,
            removed.stdout.as_str(),
            removed.stderr.as_str()
        ),
        (
            0,
            "",
            "note: removed `b` from fleet.yaml:14:5; its files stay in the tree until: civi-ingress gitops render --prune -f fleet.yaml\n"
        )
    );
    assert_eq!(read(&file), before);
}

#[test]
fn a_refused_edit_leaves_the_fleet_file_as_it_was() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("fleet.yaml");
    let before = fleet("", "    a: {}\n");
    write(&file, &before);
    for (arguments, expected) in [
        (
            &["add", "a"][..],
            "error: fleet.yaml:10:5: the instance `a` is there already\n   |\n10 |     a: {}\n   |     ^\n",
        ),
        (
            &["add", "A_b", "--host", "a b"],
            "error: NAME: the instance name `A_b`",
        ),
        (
            &["add", "b", "--host", "a.example.org"],
            "error: fleet.yaml:11:",
        ),
        (&["add", "b", "--profile", "big"], "error: fleet.yaml:11:"),
        (
            &["remove", "aa"],
            "error: fleet.yaml: there is no instance `aa` in the fleet\n",
        ),
        (
            &["remove", "a", "-f", "-"],
            "error: --fleet: standard input cannot be edited\n",
        ),
    ] {
        let mut line = vec!["gitops"];
        line.extend(arguments);
        let run = run_in(directory.path(), &line);
        let is_option = ["error: NAME: ", "error: --"].map(|start| expected.starts_with(start));
        let status = if is_option.contains(&true) { 2 } else { 3 };
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (status, ""),
            "{arguments:?}"
        );
        assert!(
            run.stderr.starts_with(expected),
            "{arguments:?}: {}",
            run.stderr
        );
        assert_eq!(read(&file), before);
    }
}

#[test]
fn an_instance_of_a_table_is_removed_there_and_one_with_a_file_of_its_own_is_named() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(
        &path.join("fleet.yaml"),
        &fleet("  include: [more.csv, own.yaml]\n", "    a: {}\n"),
    );
    write(
        &path.join("more.csv"),
        "id;externalHost\nb;\nc;c.example.org\n",
    );
    write(
        &path.join("own.yaml"),
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {name: d}\n",
    );
    let remove = |name| run_in(path, &["gitops", "remove", name]);
    let removed = remove("b");
    assert_eq!(
        (removed.status, removed.stderr.as_str()),
        (
            0,
            "note: removed `b` from more.csv:2:1; its files stay in the tree until: civi-ingress gitops render --prune\n"
        )
    );
    assert_eq!(
        read(&path.join("more.csv")),
        "id;externalHost\nc;c.example.org\n"
    );
    let named = remove("d");
    assert_eq!(
        (named.status, named.stderr.as_str()),
        (
            3,
            "error: own.yaml:3:18: the instance `d` has a document of its own here\n\
             help: remove the file, or the document where there are others, then: civi-ingress gitops render --prune\n"
        )
    );
    assert!(path.join("own.yaml").exists());
}

/// Returns the certificates of a PEM text, in which nothing else may stand.
fn certificates(pem: &str) -> Vec<Certificate> {
    let found = Certificate::all_from_pem(pem).expect("PEM");
    let written: String = found.iter().map(Certificate::pem).collect();
    assert_eq!(written, pem, "certificates and nothing else");
    found
}

fn rendered(layout: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let text = fleet(layout, "    a: {}\n    b: {}\n");
    write(&directory.path().join("fleet.yaml"), &text);
    run_in(directory.path(), &["gitops", "render", "-q"]).good();
    directory
}

fn details(directory: &Path, arguments: &[&str]) -> (String, String) {
    let run = run_in(directory, arguments);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let [certificate] = &certificates(&run.stdout)[..] else {
        panic!("not one certificate: {}", run.stdout)
    };
    let details = certificate.details().unwrap();
    assert!(details.is_ca);
    assert!(
        run.stderr.contains(&details.sha256.to_string()),
        "{}",
        run.stderr
    );
    (
        details.permitted.unwrap_or_default().join(" "),
        details.sha256.to_string(),
    )
}

#[test]
fn the_ca_of_a_fleet_or_of_an_instance_is_printed_as_pem() {
    for layout in ["", "  layout: flat\n", "  layout: flat\n  shards: 2\n"] {
        let directory = rendered(layout);
        let of = |name: &[&str]| {
            let mut arguments = vec!["gitops", "ca"];
            arguments.extend(name);
            details(directory.path(), &arguments)
        };
        let (wildcard, digest) = of(&[]);
        assert!(wildcard.contains("example.org"), "{wildcard}");
        assert_eq!(of(&["wildcard"]).1, digest);
        let (a, b) = (of(&["a"]), of(&["b"]));
        assert!(
            a.0.contains("a.example.org") && b.0.contains("b.example.org"),
            "{a:?} {b:?}"
        );
    }
    let directory = rendered("  wildcard: false\n");
    for (name, expected) in [
        (
            "wildcard",
            "error: fleet.yaml: the fleet has no wildcard certificate\nhelp: name an instance\n",
        ),
        (
            "wildcart",
            "error: fleet.yaml: there is no instance `wildcart` in the fleet\n",
        ),
    ] {
        let run = run_in(directory.path(), &["gitops", "ca", name]);
        assert_eq!(
            (run.status, run.stdout.as_str(), run.stderr.as_str()),
            (3, "", expected)
        );
    }
    std::fs::remove_dir_all(directory.path().join("instances")).unwrap();
    let run = run_in(directory.path(), &["gitops", "ca", "a"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert!(
        run.stderr
            .starts_with("error: the tree holds no readable CA of `a`\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn inspect_prints_what_it_found_as_pem_each_certificate_once_and_no_key() {
    let directory = TempDir::new().unwrap();
    let made = ["new-instance", "a", "--host", "a.example.org", "-q"];
    let made = run_in(directory.path(), &made).good();
    write(&directory.path().join("all.yaml"), &made);
    let pem = run_in(directory.path(), &["inspect", "--pem", "all.yaml"]).good();
    // Two Secrets hold the CA of the httpd: two CAs and two leaves are left.
    assert_eq!(certificates(&pem).len(), 4);
    assert!(!pem.contains("PRIVATE KEY"));
    write(&directory.path().join("all.pem"), &pem);
    let again = run_in(directory.path(), &["inspect", "--pem", "all.pem"]).good();
    assert_eq!(again, pem);
}
