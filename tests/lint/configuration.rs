//! The configuration file of a repository, by whole runs.

use crate::support::{report, run_in, run_with_stdin, write};
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

const OPEN: &str = "\
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: t, namespace: ns}
spec:
  insecureSkipVerify: true
";

/// Has both clusters applied as one where nothing else is known of them.
fn as_one(path: &Path) {
    let resources = "resources: [a/t.yaml, b/deep/t.yaml]\n";
    write(&path.join("clusters/kustomization.yaml"), resources);
}

/// Makes a repository with a configuration file and a manifest in each of two clusters.
fn repository(path: &Path, configuration: &str) {
    for folder in [".git", "clusters/a", "clusters/b/deep"] {
        std::fs::create_dir_all(path.join(folder)).unwrap();
    }
    write(&path.join(".civi-ingress.toml"), configuration);
    write(&path.join("clusters/a/t.yaml"), OPEN);
    write(&path.join("clusters/b/deep/t.yaml"), OPEN);
}

#[test]
fn without_a_path_the_file_of_the_repository_says_what_is_read_wherever_the_run_begins() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    repository(
        path,
        "paths = [\"clusters\"]\nroots = [\"clusters/a\", \"clusters/b\"]\nfail-on = \"error\"\n[releases]\ntraefik = \"3.4\"\n",
    );
    let run = run_in(path, &["lint"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "note: read 2 objects in 2 files, by .civi-ingress.toml, for Traefik 3.4 (.civi-ingress.toml)\n\
         note: 0 errors, 2 warnings\n"
    );
    assert!(
        run.stdout.contains(" --> clusters/a/t.yaml:5:23"),
        "{}",
        run.stdout
    );
    let run = run_in(&path.join("clusters/b/deep"), &["lint"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "note: read 2 objects in 2 files, by ../../../.civi-ingress.toml, for Traefik 3.4 (../../../.civi-ingress.toml)\n\
         note: 0 errors, 2 warnings\n"
    );
    assert!(
        run.stdout.contains(" --> ../../a/t.yaml:5:23"),
        "{}",
        run.stdout
    );
    let json = report("lint", &run_in(path, &["lint", "-o", "json"]).stdout);
    assert_eq!(json["configuration"], ".civi-ingress.toml");
    assert_eq!(json["releases"][0]["from"], "configuration");
}

#[test]
fn the_command_line_wins_and_the_file_of_the_first_path_holds() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    repository(
        path,
        "paths = [\"clusters\"]\nfail-on = \"error\"\n[releases]\ntraefik = \"3.4\"\n",
    );
    let run = run_in(
        path,
        &[
            "lint",
            "clusters/a",
            "--traefik",
            "3.5",
            "--fail-on",
            "warning",
        ],
    );
    assert_eq!(run.status, 1);
    assert_eq!(
        run.stderr,
        "note: read 1 object in 1 file, by .civi-ingress.toml, for Traefik 3.5 (--traefik)\nnote: 0 errors, 1 warning\n"
    );
    as_one(path);
    let run = run_in(path, &["lint", "clusters", "--no-config", "--quiet"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.contains("CI005"), "{}", run.stdout);
    let elsewhere = TempDir::new().unwrap();
    let first = path.join("clusters/a");
    let run = run_in(elsewhere.path(), &["lint", first.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = run_with_stdin(path, &["lint", "-"], OPEN);
    assert!(
        run.stderr.contains("by .civi-ingress.toml"),
        "{}",
        run.stderr
    );
}

#[test]
fn roots_of_the_command_line_are_clusters_of_their_own() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    repository(path, "");
    as_one(path);
    let run = run_in(
        path,
        &[
            "lint",
            ".",
            "--root",
            "clusters/a",
            "--root",
            "./clusters/b/",
        ],
    );
    assert_eq!(run.status, 1);
    assert!(!run.stdout.contains("CI005"), "{}", run.stdout);
    let run = run_in(path, &["lint", "."]);
    assert!(run.stdout.contains("CI005"), "{}", run.stdout);
}

#[test]
fn ignored_rules_and_baselines_know_files_from_the_directory_of_the_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let paths = "paths = [\"clusters\"]\nroots = [\"clusters/a\", \"clusters/b\"]\n";
    repository(
        path,
        &format!(
            "{paths}[[ignore]]\nrule = \"verification-off\"\nreason = \"a test\"\npaths = [\"clusters/b\"]\n\
             [[ignore]]\nrule = \"CI601\"\nreason = \"none\"\n"
        ),
    );
    let run = run_in(&path.join("clusters"), &["lint"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.stderr,
        "note: ../.civi-ingress.toml:8:8: CI601 is ignored and finds nothing\n\
         note: read 2 objects in 2 files, by ../.civi-ingress.toml, for Traefik 3.7 (assumed)\n\
         note: 0 errors, 1 warning, 1 ignored\n"
    );
    // A finding without an object is known by its file.
    write(
        &path.join("clusters/a/values.yaml"),
        "logs: {general: {level: INFO}}\n",
    );
    write(
        &path.join(".civi-ingress.toml"),
        &format!("{paths}[releases]\nchart = 41\n"),
    );
    let run = run_in(path, &["lint", "--write-baseline", "known.json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    write(
        &path.join(".civi-ingress.toml"),
        &format!("{paths}baselines = [\"known.json\"]\n[releases]\nchart = 41\n"),
    );
    let run = run_in(&path.join("clusters/b/deep"), &["lint"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(
        run.stderr
            .ends_with("note: 0 errors, 0 warnings, 3 accepted\n"),
        "{}",
        run.stderr
    );
    let run = run_in(path, &["lint", "--write-baseline", "known.json", "--force"]);
    assert_eq!(run.stderr, "note: wrote 3 findings to known.json\n");
}

#[test]
fn all_that_is_wrong_with_the_file_is_reported_with_its_lines_and_nothing_is_read() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    repository(
        path,
        "path = [\"clusters\"]\n[releases]\ntraefic = \"3.7\"\n",
    );
    let run = run_in(path, &["lint", "clusters"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: .civi-ingress.toml:1:1: unknown key `path`\n  |\n1 | path = [\"clusters\"]\n  | ^\nhelp: did you mean `paths`?\n\
         error: .civi-ingress.toml:3:1: unknown key `traefic`\n  |\n3 | traefic = \"3.7\"\n  | ^\nhelp: did you mean `traefik`?\n"
    );
    write(&path.join(".civi-ingress.toml"), "paths = [\n");
    let run = run_in(path, &["lint"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert!(
        run.stderr.starts_with("error: .civi-ingress.toml:"),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_outside_of_the_repository_is_named_or_read() {
    let outside = TempDir::new().unwrap();
    let secret = outside.path().join("secret.yaml");
    write(&secret, OPEN);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("repository");
    std::fs::create_dir(&path).unwrap();
    write(&directory.path().join("beside.yaml"), OPEN);
    repository(
        &path,
        "paths = [\"clusters\", \"../beside.yaml\", \"link.yaml\", \"gone\"]\nbaselines = [\"link.yaml\"]\n",
    );
    symlink(&secret, path.join("link.yaml")).unwrap();
    let run = run_in(&path, &["lint"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    let lines: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_eq!(
        lines,
        [
            "error: .civi-ingress.toml:1:22: `../beside.yaml` is outside of the repository",
            "error: .civi-ingress.toml:1:40: `link.yaml` is outside of the repository",
            "error: .civi-ingress.toml:1:53: `gone` does not exist",
            "error: .civi-ingress.toml:2:14: `link.yaml` is outside of the repository",
        ]
    );
    write(&path.join(".civi-ingress.toml"), "paths = [\"clusters\"]\n");
    symlink(&secret, path.join("clusters/a/link.yaml")).unwrap();
    let run = run_in(&path, &["lint", "--fail-on", "error"]);
    assert!(
        run.stderr
            .starts_with("note: left out clusters/a/link.yaml: a link out of the repository\n"),
        "{}",
        run.stderr
    );
    std::fs::remove_file(path.join(".civi-ingress.toml")).unwrap();
    write(&outside.path().join("c.toml"), "not TOML, and secret");
    symlink(
        outside.path().join("c.toml"),
        path.join(".civi-ingress.toml"),
    )
    .unwrap();
    let run = run_in(&path, &["lint", "clusters"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: .civi-ingress.toml: the configuration file is a link out of its repository\n\
         help: pass `--config FILE` to use it, or `--no-config`\n"
    );
}

#[test]
fn a_file_above_the_repository_does_not_count_nor_one_above_a_directory_in_none() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join(".civi-ingress.toml"), "broken");
    std::fs::create_dir_all(path.join("repository/.git")).unwrap();
    std::fs::create_dir_all(path.join("none")).unwrap();
    for folder in ["repository", "none"] {
        let folder = path.join(folder);
        write(&folder.join("t.yaml"), OPEN);
        let run = run_in(&folder, &["lint", "t.yaml"]);
        assert_eq!(run.status, 1, "{}", run.stderr);
        let run = run_in(&folder, &["lint"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert_eq!(
            run.stderr,
            "error: no PATH is given, and there is no .civi-ingress.toml here or above in the repository\n\
             help: name files or directories, such as `civi-ingress lint .`\n"
        );
    }
    write(
        &path.join("repository/.civi-ingress.toml"),
        "level = \"info\"\n",
    );
    let run = run_in(&path.join("repository"), &["lint"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            2,
            "error: no PATH is given, and .civi-ingress.toml has no `paths`\n\
             help: name files or directories, or add `paths = [\".\"]` to it\n"
        )
    );
    let run = run_in(
        &path.join("none"),
        &[
            "lint",
            "t.yaml",
            "--config",
            "../repository/.civi-ingress.toml",
        ],
    );
    assert!(
        run.stderr.contains("by ../repository/.civi-ingress.toml,"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_schema_of_the_file_is_printed() {
    let published = crate::support::read(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/lint.schema.json"
    )));
    assert_eq!(crate::support::run(&["schema", "lint"]).good(), published);
}
