//! Private keys in clear text and Git: what `git add --all` would stage is refused, or warned of.

use crate::support::{Run, command, finish, run_in, write};
use std::path::Path;
use tempfile::TempDir;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Makes a repository whose `.gitignore` is this.
fn repository(ignored: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    git(directory.path(), &["init", "--quiet"]);
    write(&directory.path().join(".gitignore"), ignored);
    directory
}

fn fleet(spec: &str, instances: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  secrets: {{mode: plain}}\n{spec}\
         \x20 instances:\n{instances}"
    )
}

const TWO: &str = "    a: {}\n    b: {}\n";
const RENDER: [&str; 6] = ["gitops", "render", "-f", "fleet.yaml", "--output-dir", "t"];

/// Renders into `t`, and gives the files with keys that Git would stage then.
fn render(directory: &TempDir, text: &str) -> (Run, Vec<String>) {
    let path = directory.path();
    write(&path.join("fleet.yaml"), text);
    let run = run_in(path, &RENDER);
    git(path, &["add", "--all"]);
    let staged = git(
        path,
        &["diff", "--cached", "--name-only", "--diff-filter=AM"],
    );
    let holds_key = |name: &&str| {
        let text = std::fs::read_to_string(path.join(name)).unwrap_or_default();
        text.lines().any(|line| {
            let name = line.trim_start().split(':').next().unwrap_or_default();
            line.starts_with("  ") && (name.ends_with("key") && line.len() > 60)
        })
    };
    let staged = staged
        .lines()
        .filter(holds_key)
        .map(str::to_owned)
        .collect();
    (run, staged)
}

#[test]
fn git_is_asked_about_the_very_files_that_would_be_written() {
    let usual = "secret-selfcert.yaml\nsecret-wildcard*.yaml\n*.secret-selfcert.yaml\n";
    let shards = "  layout: flat\n  shards: 2\n";
    let client = "  defaults: {objects: {clientAuth: true}}\n";
    let own = "    a: {}\n    b: {helmValues: {httpd: {serverKeySecret: httpdkeys, serverCertSecret: httpdkeys}}}\n";
    let table: &[(&str, &str, &str, i32)] = &[
        ("", "", TWO, 5),
        (usual, "", TWO, 0),
        ("t/\n", "", TWO, 0),
        ("secret-*.yaml\n*.secret-*.yaml\n", client, own, 0),
        ("instances/\ncluster/\n", "", TWO, 0),
        ("instances/\ncluster/\n", shards, TWO, 5),
        ("instances/\ncluster/\nshards/\n", shards, TWO, 0),
        (usual, client, TWO, 5),
        (usual, "", own, 5),
        ("t/instances/*\n!t/instances/a\nt/cluster/\n", "", TWO, 5),
        ("t/instances/*\nt/cluster/\n", "", TWO, 0),
        ("*\n!*.yaml\n", "", TWO, 0),
        ("*\n!*/\n!*.yaml\n", "", TWO, 5),
        ("t/instances/a/\nt/cluster/\n", "", TWO, 5),
        (
            "t/instances/*/secret-selfcert.yaml\nt/cluster/\n",
            "",
            TWO,
            5,
        ),
    ];
    for (ignored, spec, instances, status) in table {
        let directory = repository(ignored);
        let (run, staged) = render(&directory, &fleet(spec, instances));
        assert_eq!(
            (run.status, staged),
            (*status, Vec::new()),
            "{ignored:?}: {}",
            run.stderr
        );
        assert_eq!(directory.path().join("t").exists(), *status == 0);
    }
}

#[test]
fn a_tracked_file_is_staged_though_it_is_ignored() {
    let directory = repository("");
    let path = directory.path();
    let secret = path.join("t/instances/a/secret-selfcert.yaml");
    std::fs::create_dir_all(secret.parent().unwrap()).unwrap();
    write(&secret, "x: 1\n");
    git(path, &["add", "--all"]);
    git(path, &["commit", "--quiet", "-m", "x"]);
    std::fs::remove_file(&secret).unwrap();
    write(&path.join(".gitignore"), "t/\n");
    let (run, staged) = render(&directory, &fleet("", TWO));
    assert_eq!((run.status, staged), (5, Vec::new()), "{}", run.stderr);
    assert!(
        run.stderr.starts_with(
            "error: Git tracks files that would contain private keys in clear text: t/instances/a/secret-selfcert.yaml\nhelp: `git rm --cached` "
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn the_environment_names_no_other_repository() {
    let (other, directory) = (repository("*\n"), repository(""));
    write(&directory.path().join("fleet.yaml"), &fleet("", TWO));
    let index = other.path().join("index");
    for (name, value) in [
        ("GIT_DIR", other.path().join(".git")),
        ("GIT_WORK_TREE", other.path().to_owned()),
        ("GIT_INDEX_FILE", index),
        ("GIT_CEILING_DIRECTORIES", directory.path().to_owned()),
        ("GIT_CONFIG_GLOBAL", other.path().join("config")),
    ] {
        write(
            &other.path().join("config"),
            &format!(
                "[core]\n\texcludesFile = {}/.gitignore\n",
                other.path().display()
            ),
        );
        let mut command = command(directory.path());
        command
            .env("GIT_DIR", other.path().join(".git"))
            .env(name, value)
            .args(RENDER);
        let run = finish(&mut command);
        assert_eq!(run.status, 5, "{name}: {}", run.stderr);
    }
}

#[test]
fn a_repository_of_a_stranger_runs_no_program() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = repository("t/\n");
    let path = directory.path();
    let hook = path.join("hook");
    write(&hook, &format!("#!/bin/sh\ntouch {}/ran\n", path.display()));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hook = hook.display().to_string();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "core.askPass",
        "filter.x.clean",
        "filter.x.process",
    ] {
        git(path, &["config", key, &hook]);
    }
    git(
        path,
        &["config", "core.hooksPath", &path.display().to_string()],
    );
    write(&path.join(".gitattributes"), "* filter=x\n");
    std::fs::copy(&hook, path.join("post-index-change")).unwrap();
    write(&path.join("fleet.yaml"), &fleet("", TWO));
    run_in(path, &RENDER).good();
    assert!(!path.join("ran").exists());
}

#[test]
fn where_git_does_not_answer_keys_in_clear_text_are_refused_with_the_reason() {
    let directory = repository("t/\n");
    let path = directory.path();
    write(&path.join(".git/config"), "[core\n");
    write(&path.join("fleet.yaml"), &fleet("", TWO));
    let run = run_in(path, &RENDER);
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(
        run.stderr.starts_with("error: cannot ask Git about ")
            && run.stderr.contains("bad config line 1"),
        "{}",
        run.stderr
    );
    assert!(!path.join("t").exists());
}

#[test]
fn a_link_to_the_tree_leads_to_its_repository() {
    let (directory, outside) = (repository(""), TempDir::new().unwrap());
    std::fs::create_dir(directory.path().join("t")).unwrap();
    std::os::unix::fs::symlink(directory.path(), outside.path().join("link")).unwrap();
    write(&outside.path().join("fleet.yaml"), &fleet("", TWO));
    let arguments = [
        "gitops",
        "render",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "link/t",
    ];
    assert_eq!(run_in(outside.path(), &arguments).status, 5);
}

#[test]
fn files_with_keys_that_git_would_stage_are_warned_of() {
    let directory = repository("*.key\n");
    let path = directory.path();
    let warning = |arguments: &[&str]| {
        let run = run_in(path, arguments);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stderr
            .lines()
            .filter(|line| line.starts_with("warning: "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let of = |file: &str| {
        format!(
            "warning: {file} holds a private key in a Git work tree, and Git does not ignore it: `git add` would stage it"
        )
    };
    assert_eq!(
        warning(&[
            "new-instance",
            "p",
            "--host",
            "a.example.org",
            "--output-dir",
            "p"
        ]),
        [of("p/10-secret-selfcert.yaml")]
    );
    assert_eq!(
        warning(&[
            "wildcard-secret",
            "--domain",
            "example.org",
            "--output-dir",
            "w",
            "--ca-key-out",
            "ca.pem"
        ]),
        [of("ca.pem"), of("w/10-secret-wildcardsecret.yaml")]
    );
    assert_eq!(warning(&["ca", "--output-dir", "c"]), [""; 0]);
    assert_eq!(
        warning(&["cert", "--dns", "a.example.org", "--output-dir", "d"]),
        [""; 0]
    );
    write(&path.join(".gitignore"), "");
    assert_eq!(warning(&["ca", "--output-dir", "e"]), [of("e/ca.key")]);
}
