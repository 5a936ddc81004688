//! `gitops init`, and fleet files that are refused.

use super::story::{IDENTITY, RECIPIENT, fleet_file, git, rendered};
use crate::support::{assert_snapshot_in, read, run_in, write};
use tempfile::TempDir;

#[test]
fn a_fleet_file_that_is_there_is_not_started_again() {
    let directory = TempDir::new().unwrap();
    let init = || {
        run_in(
            directory.path(),
            &["gitops", "init", "--output-dir", "infra"],
        )
    };
    init().good();
    let folder = directory.path().join("infra");
    assert_eq!(crate::support::mode(&folder), 0o755);
    let again = init();
    assert_eq!(
        (again.status, again.stdout.as_str(), again.stderr.as_str()),
        (
            5,
            "",
            "error: infra/fleet.yaml exists\nhelp: go on with that file, or name another directory\n"
        )
    );
}

#[test]
fn a_fleet_begins_with_what_git_and_sops_must_know_and_leaves_what_is_there() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let init = ["gitops", "init", "--recipient", RECIPIENT];
    let first = run_in(path, &init);
    assert_eq!(
        (first.status, first.stdout.as_str(), first.stderr.as_str()),
        (
            0,
            "",
            "note: wrote ./fleet.yaml; name your instances in it, then: civi-ingress gitops render\n\
             note: wrote beside it: .gitattributes, .gitignore, .sops.yaml\n"
        )
    );
    let files = [".gitattributes", ".gitignore", ".sops.yaml"];
    let texts = files.map(|name| format!("{name}:\n{}", read(&path.join(name))));
    assert_snapshot_in!("gitops", "beside-the-starting-file", texts.concat());
    run_in(path, &["gitops", "add", "a"]).good();
    run_in(path, &["gitops", "render"]).good();
    assert!(read(&path.join("instances/a/secret-selfcert.sops.yaml")).contains(RECIPIENT));
    // What the files say holds: Git takes no key, and no line end is another one after a checkout.
    git(path, &["init", "--quiet"]);
    write(&path.join("keys.txt"), IDENTITY);
    git(path, &["-c", "core.autocrlf=true", "add", "--all"]);
    let secret = path.join("instances/a/secret-selfcert.sops.yaml");
    let before = read(&secret);
    std::fs::remove_file(&secret).unwrap();
    git(path, &["-c", "core.autocrlf=true", "restore", "."]);
    assert_eq!(read(&secret), before);
    let listed = std::process::Command::new("git")
        .arg("-C")
        .arg(path)
        .args(["ls-files", "keys.txt", "fleet.yaml"])
        .output();
    assert_eq!(listed.unwrap().stdout, b"fleet.yaml\n");
    // Elsewhere there are such files already.
    let there = TempDir::new().unwrap();
    let path = there.path();
    for (name, text) in files
        .iter()
        .zip(["# own\n", "*.key\n", "creation_rules: []\n"])
    {
        write(&path.join(name), text);
    }
    let second = run_in(path, &init);
    assert_eq!(
        (second.status, second.stderr.as_str()),
        (
            0,
            "note: ./.gitignore is there already and stays; add to it: .civi-ingress-*, *.agekey, age.txt, keys.txt\n\
             note: ./.gitattributes is there already and stays; add to it: *.yaml -text\n\
             note: wrote ./fleet.yaml; name your instances in it, then: civi-ingress gitops render\n\
             note: ./.sops.yaml is there already and stays; the recipients are in fleet.yaml\n"
        )
    );
    assert!(read(&path.join("fleet.yaml")).contains(RECIPIENT));
    let kept = files.map(|name| read(&path.join(name)));
    assert_eq!(kept, ["# own\n", "*.key\n", "creation_rules: []\n"]);
}

#[test]
fn a_table_with_the_letters_of_windows_is_refused_at_the_first_of_them() {
    let directory = TempDir::new().unwrap();
    let table = b"id;helmValues.init.paroisseName\r\ncolmar;Paroisse Saint-\xc9tienne\r\n";
    std::fs::write(directory.path().join("more.csv"), table).unwrap();
    let text =
        fleet_file("    a: {}\n").replace("  instances", "  include: [more.csv]\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            3,
            "error: more.csv:2:23: the text is not UTF-8 (byte 56)\n  |\n2 | colmar;Paroisse Saint-\u{fffd}tienne\n  |                       ^\n\
             help: save it as `CSV UTF-8`; Excel's plain `CSV` uses a Windows code page\n"
        )
    );
}

#[test]
fn an_invalid_pattern_is_reported_with_all_else() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {profile: big}\n")
        .replace("  instances", "  include: [\"p/[\"]\n  instances");
    let run = rendered(&directory, &text, &[]);
    assert_eq!(run.status, 3);
    assert!(
        run.stderr
            .contains("error: fleet.yaml:7:13: `p/[` is not a valid glob pattern")
            && run.stderr.contains("there is no profile `big`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_private_key_that_is_taken_for_a_fleet_is_not_shown() {
    let directory = TempDir::new().unwrap();
    let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let as_recipient = fleet_file("    a: {}\n").replace(RECIPIENT, IDENTITY);
    for text in [IDENTITY, &pem, &as_recipient] {
        let run = rendered(&directory, text, &[]);
        assert_eq!(run.status, 3);
        assert!(
            !run.stderr.contains(&IDENTITY[..30]) && !run.stderr.contains(body),
            "{}",
            run.stderr
        );
    }
}
