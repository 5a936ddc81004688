//! Where commands over a fleet find what no option names: the fleet file, its tree, and identities.

use crate::support::{Run, command, finish, run_in, write};
use std::path::Path;
use tempfile::TempDir;

const IDENTITY: &str = "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
const OTHER_IDENTITY: &str =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

fn fleet(spec: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  wildcard: false\n{spec}  instances:\n    a: {{}}\n"
    )
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}

/// Makes a directory in a new one, so that a search upwards ends in what a test made.
fn repository(folders: &str) -> (TempDir, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let top = directory.path().canonicalize().unwrap();
    git(&top, &["init", "--quiet"]);
    std::fs::create_dir_all(top.join(folders)).unwrap();
    (directory, top)
}

#[test]
fn a_fleet_is_found_in_the_working_directory_or_above_and_the_run_says_where() {
    let (_kept, top) = repository("infra/instances/a");
    write(&top.join("infra/fleet.yaml"), &fleet(""));
    for (from, said) in [
        ("infra", "note: fleet file fleet.yaml, tree .\n"),
        (
            "infra/instances/a",
            "note: fleet file ../../fleet.yaml, tree ../..\n",
        ),
    ] {
        for word in ["render", "check", "diff"] {
            let run = run_in(&top.join(from), &["gitops", word]);
            assert_eq!(run.status, 0, "{word}: {}", run.stderr);
            assert!(run.stderr.contains(said), "{word}: {}", run.stderr);
        }
        let status = run_in(&top.join(from), &["gitops", "status"]);
        assert_eq!((status.status, status.stderr.as_str()), (0, said));
        assert!(status.stdout.contains("a/selfcert externcert"));
    }
    let named = run_in(&top.join("infra"), &["gitops", "check", "-f", "fleet.yaml"]);
    assert!(
        named
            .stderr
            .ends_with("note: fleet file fleet.yaml, tree .\n"),
        "{}",
        named.stderr
    );
    let tree = run_in(&top, &["gitops", "check", "--output-dir", "infra"]);
    assert!(
        tree.stderr
            .ends_with("note: fleet file infra/fleet.yaml, tree infra\n"),
        "{}",
        tree.stderr
    );
    let both = [
        "gitops",
        "check",
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ];
    let both = run_in(&top, &both);
    assert_eq!(
        (both.status, both.stderr.as_str()),
        (0, "note: 1 of 1 unchanged, would write 0 files\n")
    );
}

#[test]
fn the_search_for_a_fleet_ends_at_the_top_of_the_git_work_tree() {
    let (_kept, top) = repository("inner/deep");
    write(&top.join("fleet.yaml"), &fleet(""));
    git(&top.join("inner"), &["init", "--quiet"]);
    let run = run_in(&top.join("inner/deep"), &["gitops", "render"]);
    let expected = format!(
        "error: there is no fleet.yaml in {} or above it\n\
         help: name the fleet file with `-f FILE`, or begin one with `civi-ingress gitops init`\n",
        top.join("inner/deep").display()
    );
    assert_eq!((run.status, run.stderr), (3, expected));
}

#[test]
fn the_tree_of_a_fleet_elsewhere_in_the_repository_is_found_unless_there_are_two() {
    let (_kept, top) = repository("clusters");
    write(&top.join("fleet.yaml"), &fleet(""));
    let render = |tree: &str, more: &[&str]| {
        let mut arguments = vec!["gitops", "render", "-q", "--output-dir", tree];
        arguments.extend(more);
        run_in(&top, &arguments).good();
        git(&top, &["add", "--all"]);
    };
    render("clusters/prod", &[]);
    let found = run_in(&top, &["gitops", "check"]);
    assert_eq!(
        (found.status, found.stderr.as_str()),
        (
            0,
            "note: 1 of 1 unchanged, would write 0 files\nnote: fleet file fleet.yaml, tree clusters/prod\n"
        )
    );
    render("clusters/test", &["--max-issues", "1"]);
    let two = run_in(&top, &["gitops", "render"]);
    let (prod, test) = (top.join("clusters/prod"), top.join("clusters/test"));
    let expected = format!(
        "error: the fleet `f` has 2 trees: {}, {}\nhelp: name one of them with `--output-dir DIR`\n",
        prod.display(),
        test.display()
    );
    assert_eq!((two.status, two.stderr), (3, expected));
}

#[test]
fn a_fleet_file_from_stdin_needs_a_named_tree() {
    let (_kept, top) = repository("");
    let run = crate::support::run_with_stdin(&top, &["gitops", "render", "-f", "-"], &fleet(""));
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            2,
            "error: --fleet: a fleet file from standard input has no directory\n\
             help: name the directory of the tree with `--output-dir DIR`\n"
        )
    );
}

#[test]
fn identities_are_taken_from_where_sops_has_them_and_the_run_says_from_where() {
    let (_kept, top) = repository("config/sops/age");
    let stored = fleet("  defaults: {certificate: {ca: stored}}\n");
    write(&top.join("fleet.yaml"), &stored);
    run_in(&top, &["gitops", "render", "-q"]).good();
    let keys = top.join("config/sops/age/keys.txt");
    let secret = |path: &Path, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        write(path, text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    secret(&keys, IDENTITY);
    secret(&top.join("other.txt"), OTHER_IDENTITY);
    let config = top.join("config").display().to_string();
    let home = top.join("home").display().to_string();
    std::fs::create_dir_all(top.join("home/.config/sops/age")).unwrap();
    secret(&top.join("home/.config/sops/age/keys.txt"), IDENTITY);
    let check = |environment: &[(&str, &str)], more: &[&str]| -> Run {
        let due = ["gitops", "check", "--now", "2027-10-01T00:00:00Z"];
        let mut command = command(&top);
        command
            .envs(environment.iter().copied())
            .args(due)
            .args(more);
        finish(&mut command)
    };
    let opened = "note: a: httpd: renew:";
    let waits = "identity needed (`--identity FILE`)";
    let from_keys = format!("note: identity from {}\n", keys.display());
    let from_home = format!("note: identity from {home}/.config/sops/age/keys.txt\n");
    for (environment, from) in [
        (
            &[("SOPS_AGE_KEY_FILE", "config/sops/age/keys.txt")][..],
            "note: identity from SOPS_AGE_KEY_FILE (config/sops/age/keys.txt)\n",
        ),
        (
            &[("SOPS_AGE_KEY", IDENTITY)],
            "note: identity from SOPS_AGE_KEY\n",
        ),
        (&[("XDG_CONFIG_HOME", &config), ("HOME", "/")], &from_keys),
        (&[("HOME", &home)], &from_home),
        (
            &[("SOPS_AGE_KEY", OTHER_IDENTITY), ("HOME", &home)],
            &from_home,
        ),
    ] {
        let run = check(environment, &[]);
        assert!(run.stderr.contains(from), "{environment:?}: {}", run.stderr);
        assert!(
            run.stderr.contains(opened),
            "{environment:?}: {}",
            run.stderr
        );
        assert!(!run.stderr.contains("AGE-SECRET"), "{}", run.stderr);
    }
    // An option wins, also over an identity that would do.
    let other = check(&[("SOPS_AGE_KEY", IDENTITY)], &["--identity", "other.txt"]);
    assert!(
        other
            .stderr
            .contains("none of the given identities opens it")
            && !other.stderr.contains("SOPS_AGE_KEY"),
        "{}",
        other.stderr
    );
    assert!(check(&[], &[]).stderr.contains(waits));
    for (name, value, said) in [
        (
            "SOPS_AGE_KEY",
            "x",
            "warning: SOPS_AGE_KEY: line 1 is not an age identity; it is not used\n",
        ),
        (
            "SOPS_AGE_KEY_FILE",
            "-",
            "warning: SOPS_AGE_KEY_FILE (-): cannot read ",
        ),
    ] {
        let broken = check(&[(name, value)], &[]);
        assert!(broken.stderr.contains(said), "{}", broken.stderr);
        assert!(broken.stderr.contains(waits), "{}", broken.stderr);
        let fine = command(&top)
            .env(name, value)
            .args(["gitops", "render", "-q"])
            .output();
        assert_eq!(
            fine.unwrap().status.code(),
            Some(0),
            "no identity is needed"
        );
    }
}
