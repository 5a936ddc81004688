//! `gitops guard` in a real repository, and as the hook of a commit.

use crate::support::{key, run_in, write};
use base64::Engine as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn git(directory: &Path, arguments: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", path)
        .output()
        .expect("git")
}

fn good(directory: &Path, arguments: &[&str]) {
    let output = git(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// Returns a Secret with a key in base64, which is folded over two lines.
fn secret() -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(key("leaf").pem());
    let (start, end) = base64.split_at(30);
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata:\n  tls.key: >-\n    {start}\n    {end}\n"
    )
}

const HELP: &str = "help: take the file out of the commit with `git restore --staged FILE`, and encrypt the key; one that was pushed before must be replaced\n";

#[test]
fn what_is_staged_decides_and_not_what_the_file_holds_now() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    good(path, &["init", "--quiet"]);
    std::fs::create_dir(path.join("sub")).unwrap();
    write(&path.join("sub/secret.yaml"), &secret());
    write(&path.join("fine.yaml"), "a: 1\n");
    good(path, &["add", "--all"]);
    write(&path.join("sub/secret.yaml"), "a: 1\n");
    write(&path.join("fine.yaml"), key("leaf").pem());
    let run = run_in(path, &["gitops", "guard"]);
    let said =
        "error: sub/secret.yaml:6:1: a private key (base64) in clear text would be committed\n";
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr),
        (1, "", format!("{said}{HELP}"))
    );
    let below = run_in(&path.join("sub"), &["gitops", "guard"]);
    assert!(
        below.stderr.starts_with("error: secret.yaml:6:1: "),
        "{}",
        below.stderr
    );
    let other = run_in(path, &["gitops", "guard", "fine.yaml"]);
    assert_eq!(
        (other.status, other.stderr.as_str()),
        (0, "note: 1 file, no private key in clear text\n")
    );
    good(path, &["commit", "--quiet", "--message", "x"]);
    // What was committed before is not about to be, but it is there.
    assert_eq!(run_in(path, &["gitops", "guard"]).status, 0);
    assert_eq!(run_in(path, &["gitops", "guard", "--all"]).status, 1);
}

#[test]
fn a_commit_with_a_key_is_refused_by_the_hook_whatever_way_it_is_made() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    good(path, &["init", "--quiet"]);
    write(&path.join("a.txt"), "one\n");
    good(path, &["add", "--all"]);
    good(path, &["commit", "--quiet", "--message", "x"]);
    let hook = path.join(".git/hooks/pre-commit");
    let program = env!("CARGO_BIN_EXE_civi-ingress");
    write(&hook, &format!("#!/bin/sh\nexec {program} gitops guard\n"));
    crate::support::make_executable(&hook);
    write(&path.join("a.txt"), key("rsa").pem());
    write(&path.join("b.txt"), "two\n");
    good(path, &["add", "b.txt"]);
    // With `--all` and with a path the commit has an index of its own.
    for arguments in [
        &["commit", "--all", "--message", "x"][..],
        &["commit", "--message", "x", "a.txt"],
    ] {
        let output = git(path, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert_eq!(
            said,
            format!(
                "error: a.txt:1:1: a private key (PEM) in clear text would be committed\n{HELP}"
            )
        );
    }
    good(path, &["commit", "--quiet", "--message", "x"]);
    let log = git(path, &["log", "--name-only", "--format="]);
    assert_eq!(String::from_utf8_lossy(&log.stdout), "b.txt\na.txt\n");
}

#[test]
fn outside_of_git_there_is_nothing_to_guard() {
    let directory = TempDir::new().unwrap();
    let run = run_in(directory.path(), &["gitops", "guard"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            3,
            "error: the working directory is not in a Git work tree\nhelp: run it in one, for example as a pre-commit hook\n"
        )
    );
}

/// Each hook names a command of this program that there is.
#[test]
fn the_hooks_for_pre_commit_call_commands_that_there_are() {
    let text = include_str!("../.pre-commit-hooks.yaml");
    let hooks = civi_ingress::yaml::read(text, ".pre-commit-hooks.yaml").unwrap();
    let mut entries: Vec<&str> = hooks
        .items()
        .iter()
        .map(|hook| hook.get("entry").and_then(|entry| entry.text()).unwrap())
        .collect();
    entries.sort_unstable();
    assert_eq!(
        entries,
        ["civi-ingress gitops check", "civi-ingress gitops guard"]
    );
    for entry in entries {
        let mut words: Vec<&str> = entry.split(' ').skip(1).collect();
        words.push("--help");
        crate::support::run(&words).good();
    }
}
