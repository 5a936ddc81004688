//! Whole runs of `lint`.

use crate::support::{names_in, report, run_in, run_with_stdin, write};
use civi_ingress::lint::rules::ALL;
use tempfile::TempDir;

const OPEN: &str = "\
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: t, namespace: ns}
spec:
  insecureSkipVerify: true
";

#[test]
fn a_warning_ends_with_1_and_a_higher_threshold_with_0() {
    let directory = TempDir::new().unwrap();
    let run = run_with_stdin(directory.path(), &["lint", "-"], OPEN);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.stdout,
        "warning[CI113]: Traefik does not verify httpd's certificate\n \
         --> standard input:5:23 (document 1, ServersTransport ns/t, spec.insecureSkipVerify)\n  \
         |\n5 |   insecureSkipVerify: true\n  \
         |                       ^\n  \
         = in production: Whoever answers at the pod's address is trusted, and gets the users' sessions and passwords.\n  \
         = help: Remove `insecureSkipVerify`; name the CA in `rootCAs` and the host in `serverName`.\n"
    );
    assert_eq!(
        run.stderr,
        "note: read 1 object in 1 file, for Traefik 3.7 (assumed)\nnote: 0 errors, 1 warning\n"
    );
    let run = run_with_stdin(
        directory.path(),
        &[
            "lint",
            "-",
            "--fail-on",
            "error",
            "--level",
            "error",
            "--quiet",
        ],
        OPEN,
    );
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "")
    );
}

#[test]
fn a_baseline_lets_what_was_there_pass_and_what_is_new_fail() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("a.yaml"), OPEN);
    let run = run_in(
        path,
        &["lint", "a.yaml", "--write-baseline", "accepted.json"],
    );
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(run.stderr, "note: wrote 1 finding to accepted.json\n");
    let run = run_in(
        path,
        &["lint", "a.yaml", "--write-baseline", "accepted.json"],
    );
    assert_eq!(run.status, 5);
    let run = run_in(path, &["lint", "a.yaml", "--baseline", "accepted.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(
        run.stderr,
        "note: read 1 object in 1 file, for Traefik 3.7 (assumed)\nnote: 0 errors, 0 warnings, 1 accepted\n"
    );
    write(&path.join("b.yaml"), &OPEN.replace("name: t", "name: u"));
    let run = run_in(
        path,
        &["lint", "a.yaml", "b.yaml", "--baseline", "accepted.json"],
    );
    assert_eq!(run.status, 1);
}

#[test]
fn a_directory_is_read_without_hidden_files_templates_of_charts_and_files_named_twice() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    for folder in ["tree/.git", "tree/chart/templates", "tree/deep/er"] {
        std::fs::create_dir_all(path.join(folder)).unwrap();
    }
    for file in [
        "tree/.git/x.yaml",
        "tree/.x.yaml",
        "tree/chart/templates/x.yaml",
        "tree/README.md",
    ] {
        write(&path.join(file), "{{ not YAML");
    }
    write(
        &path.join("tree/chart/Chart.yaml"),
        "apiVersion: v2\nname: chart\n",
    );
    write(&path.join("tree/deep/er/a.yml"), OPEN);
    write(&path.join("tree/b.json"), "{\"a\": 1}");
    let run = run_in(path, &["lint", "tree", "tree/deep", "./tree/b.json"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.stderr,
        "note: left out tree/chart/templates: templates of a Helm chart; pipe `helm template` into this program\n\
         note: read 1 object in 3 files, for Traefik 3.7 (assumed)\n\
         note: 0 errors, 1 warning\n"
    );
    assert!(names_in(path) == ["tree"]);
}

#[test]
fn the_release_is_found_out_by_the_image_by_what_is_used_or_given() {
    let directory = TempDir::new().unwrap();
    let old = OPEN.replace("traefik.io", "traefik.containo.us");
    let image = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: traefik, namespace: traefik}\nspec: {template: {spec: {containers: [{image: \"ghcr.io/traefik/traefik:v3.4.2\"}]}}}\n";
    for (text, further, release) in [
        (OPEN.to_owned(), &[][..], "3.7 (assumed)"),
        (old.clone(), &[], "2.11 (by the fields in standard input)"),
        (
            OPEN.to_owned() + image,
            &[],
            "3.4.2 (by the image in standard input)",
        ),
        (old, &["--traefik", "2.9"], "2.9 (--traefik)"),
    ] {
        let mut arguments = vec!["lint", "-"];
        arguments.extend(further);
        let run = run_with_stdin(directory.path(), &arguments, &text);
        assert!(
            run.stderr.contains(&format!("for Traefik {release}\n")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn options_that_say_nothing_sensible_are_refused_all_at_once() {
    let directory = TempDir::new().unwrap();
    let run = run_in(
        directory.path(),
        &[
            "lint",
            ".",
            "--traefik",
            "4",
            "--chart",
            "x",
            "--host",
            "*",
            "--expires-within",
            "soon",
        ],
    );
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    for option in ["--traefik", "--chart", "--host", "--expires-within"] {
        assert!(
            run.stderr.contains(&format!("error: {option}: ")),
            "{}",
            run.stderr
        );
    }
    let run = run_in(directory.path(), &["lint", "--explain", "CI1O1"]);
    assert_eq!(run.status, 2);
    assert_eq!(
        run.stderr,
        "error: --explain: there is no rule `CI1O1`\nhelp: perhaps `CI101`; `civi-ingress lint --list` lists all\n"
    );
    assert_eq!(run_in(directory.path(), &["lint"]).status, 2);
}

#[test]
fn the_rules_are_listed_a_line_each_or_as_json_and_nothing_is_linted_beside() {
    let directory = TempDir::new().unwrap();
    let run = run_in(directory.path(), &["lint", "--list"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout.lines().count(), ALL.len());
    let line = run.stdout.lines().find(|line| line.starts_with("CI202"));
    let words: Vec<&str> = line.expect("a line").split_whitespace().collect();
    assert_eq!(words[..3], ["CI202", "error", "wrong-server-name"]);
    assert_eq!(
        words[3..].join(" "),
        "httpd's certificate does not cover the `serverName`"
    );

    let run = run_in(directory.path(), &["lint", "--list", "-o", "json"]);
    let json = report("lintRules", &run.stdout);
    assert_eq!(json["rules"].as_array().map(Vec::len), Some(ALL.len()));
    assert_eq!(json["rules"][0]["name"], "suppression-without-reason");

    let run = run_in(directory.path(), &["lint", "--list", "-o", "sarif"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let run = run_in(directory.path(), &["lint", "--list", "x.yaml"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
}
