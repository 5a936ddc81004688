//! Runs of `gitops`, and their reports.

use super::story::{RECIPIENT, certificates, fleet_file, gitops, rendered};
use crate::support::{Run, assert_snapshot_in, names_in, read, run_in, write};
use tempfile::TempDir;

#[test]
fn a_fleet_is_started_rendered_checked_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    let init = run(&[
        "gitops",
        "init",
        "--output-dir",
        "infra",
        "--recipient",
        RECIPIENT,
    ]);
    assert_eq!((init.status, init.stdout.as_str()), (0, ""));
    let file = directory.path().join("infra/fleet.yaml");
    assert_snapshot_in!("gitops", "starting-file", read(&file));
    write(
        &file,
        &read(&file).replace("# paroisse-a: {}", "paroisse-a: {}"),
    );
    let arguments = |word| {
        [
            "gitops",
            word,
            "-f",
            "infra/fleet.yaml",
            "--output-dir",
            "infra",
        ]
    };
    let render = run(&arguments("render"));
    assert_eq!(render.status, 0, "{}", render.stderr);
    assert_snapshot_in!("gitops", "first-render", render.stderr);
    for word in ["render", "check", "diff"] {
        let again = run(&arguments(word));
        let said = if word == "diff" {
            ""
        } else if word == "check" {
            "note: 2 of 2 unchanged, would write 0 files\n"
        } else {
            "note: 2 of 2 unchanged, wrote 0 files\n"
        };
        assert_eq!(
            (again.status, again.stdout.as_str(), again.stderr.as_str()),
            (0, "", said),
            "{word}"
        );
    }
    let late = run(&[
        "gitops",
        "check",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
        "--now",
        "2027-09-01T00:00:00Z",
        "--summary",
        "json",
    ]);
    assert_eq!(late.status, 1);
    let report = crate::support::report("gitops", &late.stdout);
    assert_eq!(report["exitCode"], 1);
    assert_eq!(report["actions"]["renew"], 2);
    assert_eq!(
        report["actions"]["blocked"], 1,
        "the wildcard's CA is stored: {}",
        late.stdout
    );
}

#[test]
fn a_removed_instance_is_stale_until_it_is_pruned() {
    let directory = TempDir::new().unwrap();
    let both = fleet_file("    a: {}\n    b: {}\n");
    let one = fleet_file("    a: {}\n");
    rendered(&directory, &both, &[]).good();
    let stale = rendered(&directory, &one, &[]);
    assert_eq!(stale.status, 0);
    assert!(
        stale
            .stderr
            .contains("instances/b/secret-selfcert.sops.yaml: stale"),
        "{}",
        stale.stderr
    );
    assert_eq!(
        names_in(&directory.path().join("tree/instances")),
        ["a", "b"]
    );
    rendered(&directory, &one, &["--prune"]).good();
    assert_eq!(names_in(&directory.path().join("tree/instances")), ["a"]);
    let none = rendered(
        &directory,
        &fleet_file("    {}\n").replace("instances:\n    {}", "instances: {}"),
        &["--prune"],
    );
    assert_eq!(none.status, 5, "{}", none.stderr);
    assert_eq!(names_in(&directory.path().join("tree/instances")), ["a"]);
}

#[test]
fn a_cluster_without_a_wildcard_certificate_has_lost_no_instance() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let controllers = text.replace(
        "  instances",
        "  flux: {source: x, decryptionSecret: keys}\n  instances",
    );
    rendered(&directory, &controllers, &[]).good();
    let without = text.replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &without, &["--prune"]).good();
    let tree = directory.path().join("tree");
    assert_eq!(names_in(&tree.join("cluster")), ["traefik-values.yaml"]);
    assert!(!tree.join("flux").exists());
}

#[test]
fn an_annotation_is_where_the_instance_is_and_names_what_was_changed_by_hand() {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("more.csv"), "id\nb\nc\n");
    let text = fleet_file("    a: {}\n").replace(
        "  instances",
        "  wildcard: false\n  include: [more.csv]\n  instances",
    );
    rendered(&directory, &text, &[]).good();
    let namespace = directory.path().join("tree/instances/c/namespace.yaml");
    write(&namespace, &read(&namespace).replace("name: c", "name: d"));
    let check = |form, now| {
        let arguments = [
            "gitops",
            "check",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let more = ["--annotations", form, "--now", now];
        run_in(directory.path(), &[&arguments[..], &more[..]].concat())
    };
    let run = check("github", "2026-12-24T00:00:00Z");
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "::warning file=more.csv,line=3,col=1::c: differs from the fleet file: instances/c/namespace.yaml\n"
        )
    );
    let late = check("github", "2027-11-01T00:00:00Z");
    assert!(
        late.stdout
            .starts_with("::warning file=fleet.yaml,line=10,col=5::a: httpd: renew: "),
        "{}",
        late.stdout
    );
    let report: serde_json::Value =
        serde_json::from_str(&check("gitlab", "2026-12-24T00:00:00Z").stdout).expect("JSON");
    assert_eq!(
        report[0]["location"],
        serde_json::json!({"path": "more.csv", "lines": {"begin": 3}})
    );
}

#[test]
fn a_refused_fleet_file_is_annotated_fault_by_fault_and_refused_all_the_same() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {externalHots: x}\n    b: {profile: \"50%\"}\n");
    write(&directory.path().join("fleet.yaml"), &text);
    let check = |word, form| {
        let arguments = [
            "gitops",
            word,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
            "--annotations",
            form,
        ];
        run_in(directory.path(), &arguments)
    };
    for word in ["check", "render"] {
        let run = check(word, "github");
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (
                3,
                "::error file=fleet.yaml,line=8,col=9::unknown key `externalHots`%0AHelp: did you mean `externalHost`?\n\
                 ::error file=fleet.yaml,line=9,col=18::there is no profile `50%25`%0AHelp: define it under `spec.profiles`\n"
            )
        );
        assert!(run.stderr.starts_with("error: fleet.yaml:8:9: "));
    }
    let run = check("check", "gitlab");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (run.status, &report[1]["location"]),
        (
            3,
            &serde_json::json!({"path": "fleet.yaml", "lines": {"begin": 9}})
        )
    );
}

#[test]
fn a_tree_that_does_not_exist_was_not_rendered_yet_which_is_a_finding() {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {}\n"),
    );
    for word in ["check", "diff"] {
        let arguments = ["gitops", word, "-f", "fleet.yaml", "--output-dir", "tree"];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stdout.as_str(), run.stderr.as_str()),
            (
                1,
                "",
                "error: tree does not exist: nothing was rendered yet\n\
                 help: render it with `civi-ingress gitops render`, or name the directory of the tree\n"
            ),
            "{word}"
        );
    }
}

#[test]
fn a_first_issue_that_waits_is_not_called_a_renewal() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: external}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains(
            "warning: a: httpd: blocked: not issued yet, CA key needed (`--ca-cert FILE --ca-key FILE`)\n"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn a_signature_that_check_finds_broken_is_fixed_by_verifying() {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.sops.yaml");
    let before = read(&secret);
    let leaf = &certificates(&before, "externcert")[0];
    let mut der = leaf.der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    let forged = pem::encode_config(
        &pem::Pem::new("CERTIFICATE", der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    );
    let line = |text: &str| {
        let found = text.lines().find(|line| line.starts_with("  externcert: "));
        found.expect("the certificate").to_owned()
    };
    let broken = before.replace(
        &line(&before),
        &format!("  externcert: {}", base64.encode(forged)),
    );
    // As it was written before there was a digest, which shows the change without looking at signatures.
    let digest = broken.lines().nth(1).expect("the digest");
    let broken = broken.replacen(&format!("{digest}\n"), "", 1);
    write(&secret, &broken);
    rendered(&directory, &text, &[]).good();
    assert_eq!(read(&secret), broken, "signatures are not looked at");
    let run = rendered(&directory, &text, &["--verify"]);
    assert!(
        run.stderr
            .starts_with("note: a: httpd: renew: the signature is not the CA's\n"),
        "{}",
        run.stderr
    );
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    assert_eq!(run_in(directory.path(), &check).status, 0);
}

#[test]
fn a_report_counts_what_it_removes_and_what_it_does_not_name() {
    let directory = TempDir::new().unwrap();
    let of = |count: usize| {
        let names = (0..count).fold(String::new(), |text, n| {
            text + &format!("    p{n:02}: {{}}\n")
        });
        fleet_file(&names).replace("  instances", "  wildcard: false\n  instances")
    };
    rendered(&directory, &of(25), &[]).good();
    let stale = rendered(&directory, &of(20), &[]);
    assert!(
        stale.stderr.contains(
            "note: and 10 more: stale, `--prune` removes it\nnote: p20: namespace p20 stays"
        ) && stale
            .stderr
            .ends_with("kubectl delete namespace p24\nnote: 20 of 20 unchanged, wrote 1 file\n"),
        "{}",
        stale.stderr
    );
    let pruned = rendered(&directory, &of(20), &["--prune"]);
    assert!(
        pruned.stderr.contains("note: and 10 more: removed\nnote: p20: namespace p20 stays")
            && pruned.stderr.ends_with(
                "kubectl delete namespace p24\nnote: 20 of 20 unchanged, wrote 0 files, removed 30 files\n"
            ),
        "{}",
        pruned.stderr
    );
}

#[test]
fn renewals_that_can_wait_are_held_to_a_number_the_soonest_end_first() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n    b: {}\n    c: {}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let run = rendered(
        &directory,
        &text,
        &[
            "--now",
            "2027-09-01T00:00:00Z",
            "--max-renewals",
            "1",
            "--summary",
            "json",
        ],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = crate::support::report("gitops", &run.stdout);
    assert_eq!(
        (&report["actions"]["renew"], &report["actions"]["defer"]),
        (&2.into(), &4.into())
    );
}

#[test]
fn a_difference_shows_what_changes_and_no_key() {
    let directory = TempDir::new().unwrap();
    rendered(&directory, &fleet_file("    a: {}\n"), &[]).good();
    let secret = read(
        &directory
            .path()
            .join("tree/instances/a/secret-selfcert.sops.yaml"),
    );
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {serversTransport: {dialTimeout: 5s}}\n"),
    );
    let diff = gitops(&directory, "diff", &[]);
    assert_eq!(diff.status, 1, "{}", diff.stderr);
    assert_snapshot_in!("gitops", "difference", diff.stdout);
    for format in ["json", "yaml"] {
        let other = gitops(&directory, "diff", &["-o", format]);
        assert_eq!((other.status, other.stderr), (1, diff.stderr.clone()));
        if format == "json" {
            let report = crate::support::report("gitopsDiff", &other.stdout);
            let files = report["files"].as_array().unwrap();
            let lines: String = files
                .iter()
                .filter_map(|file| file["lines"].as_str())
                .collect();
            assert_eq!(lines, diff.stdout);
            assert!(
                files
                    .iter()
                    .any(|file| file["instance"] == "a" && file["change"] == "changed")
            );
        } else {
            assert!(
                other.stdout.starts_with("version: 1\nfiles:\n"),
                "{}",
                other.stdout
            );
        }
    }
    write(
        &directory.path().join("fleet.yaml"),
        &fleet_file("    a: {externalHost: b.example.org}\n"),
    );
    let diff = gitops(&directory, "diff", &[]);
    assert!(diff.stdout.contains("<redacted sha256:"), "{}", diff.stdout);
    let json = gitops(&directory, "diff", &["-o", "json"]);
    let diff = Run {
        stdout: diff.stdout + &json.stdout,
        ..diff
    };
    let values = secret
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(_, value)| value);
    for value in values.filter(|value| value.len() > 60) {
        assert!(!diff.stdout.contains(value), "{value}");
    }
}

#[test]
fn another_layout_takes_the_same_keys_along() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let before = read(
        &directory
            .path()
            .join("tree/instances/a/secret-selfcert.sops.yaml"),
    );
    let run = rendered(
        &directory,
        &text.replace("  instances", "  layout: flat\n  instances"),
        &["--prune"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let names = names_in(&directory.path().join("tree/instances"));
    assert_eq!(
        names,
        [
            "a.secret-selfcert.sops.yaml",
            "a.yaml",
            "kustomization.yaml"
        ],
        "{}",
        run.stderr
    );
    assert_eq!(
        before,
        read(
            &directory
                .path()
                .join("tree/instances/a.secret-selfcert.sops.yaml")
        )
    );
}
