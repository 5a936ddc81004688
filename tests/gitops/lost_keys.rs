//! Keys that are gone, and those that are not.

use super::story::{OTHER_IDENTITY, certificates, fleet_file, git, rendered, value_of};
use crate::support::{names_in, read, run_in, write};
use tempfile::TempDir;

fn many(count: usize) -> String {
    let ids = (0..count).map(|n| format!("    p{n:02}: {{}}\n"));
    fleet_file(&ids.collect::<String>()).replace("  instances", "  wildcard: false\n  instances")
}

#[test]
fn keys_of_many_instances_that_are_gone_are_not_reissued_unless_that_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let text = many(12);
    rendered(&directory, &text, &[]).good();
    let instances = directory.path().join("tree/instances");
    std::fs::rename(&instances, directory.path().join("elsewhere")).unwrap();
    let refused = rendered(&directory, &text, &[]);
    let why =
        "12 of 12 instances have no keys in this tree and would all get new ones; at most 5 may";
    let help = "check `--output-dir` and what is checked out; if they are new, `--max-issues 12` allows it";
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (5, format!("error: {why}\nhelp: {help}\n").as_str())
    );
    assert!(!instances.exists());
    let check = [
        "gitops",
        "check",
        "-q",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let check = run_in(directory.path(), &check);
    assert_eq!(
        (check.status, check.stderr.as_str()),
        (
            1,
            format!("warning: rendering is refused: {why} ({help})\n").as_str()
        )
    );
    rendered(&directory, &text, &["--max-issues", "12"]).good();
    // A handful may come, or go, as it is.
    for id in ["p00", "p01", "p02", "p03", "p04"] {
        std::fs::remove_dir_all(instances.join(id)).unwrap();
    }
    rendered(&directory, &text, &[]).good();
    let braked = rendered(&directory, &many(14), &["--max-issues", "1"]);
    assert_eq!(braked.status, 5, "{}", braked.stderr);
}

#[test]
fn a_typing_error_in_the_name_of_the_tree_issues_no_key() {
    let text = fleet_file("    a: {}\n");
    // The fleet file is in its tree, or beside it in a repository.
    for (file, tree) in [("tree/fleet.yaml", "tree"), ("fleet.yaml", "infra/tree")] {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join(tree)).unwrap();
        write(&path.join(file), &text);
        let run = |tree: &str, more: &[&str]| {
            let mut arguments = vec!["gitops", "render", "-f", file, "--output-dir", tree];
            arguments.extend(more);
            run_in(path, &arguments)
        };
        run(tree, &[]).good();
        if tree != "tree" {
            git(path, &["init", "--quiet"]);
            git(path, &["add", "--all"]);
        }
        std::fs::create_dir(path.join("empty")).unwrap();
        for name in ["tre", "empty"] {
            let refused = run(name, &[]);
            let said = format!(
                "error: {name} contains nothing of the fleet `uepal`, which has a tree in {}: all its keys would be reissued\n\
                 help: name that directory with `--output-dir`; to start another tree with its own keys, pass `--max-issues 2`\n",
                std::fs::canonicalize(path.join(tree)).unwrap().display()
            );
            assert_eq!(
                (refused.status, refused.stdout.as_str(), refused.stderr),
                (5, "", said)
            );
        }
        assert!(!path.join("tre").exists() && names_in(&path.join("empty")).is_empty());
        run("tre", &["--max-issues", "2"]).good();
        run("tre", &[]).good();
        // Another fleet begins where it likes.
        write(
            &path.join(file),
            &text.replace("name: uepal", "name: other"),
        );
        run("empty", &[]).good();
    }
}

#[test]
fn keys_that_git_has_and_the_work_tree_has_not_are_not_issued_again() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n    b: {}\n");
    git(directory.path(), &["init", "--quiet"]);
    rendered(&directory, &text, &[]).good();
    git(directory.path(), &["add", "--all"]);
    let tree = directory.path().join("tree");
    std::fs::remove_dir_all(tree.join("cluster")).unwrap();
    std::fs::remove_file(tree.join("instances/a/secret-selfcert.sops.yaml")).unwrap();
    let why = "its keys are in Git's index but are not checked out (`git sparse-checkout add FOLDER` or `git restore FOLDER`; to have them reissued, `git rm --cached`)";
    let said = format!(
        "warning: cluster: wildcard: blocked: {why}\nwarning: a: httpd: blocked: {why}\nwarning: a: database: blocked: {why}\n"
    );
    for word in ["check", "render"] {
        let arguments = [
            "gitops",
            word,
            "-q",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (1, said.as_str()),
            "{word}"
        );
    }
    assert!(!tree.join("cluster").exists());
    assert_eq!(names_in(&tree.join("instances/a")).len(), 5);
    // What is gone from the index is gone.
    git(
        directory.path(),
        &["rm", "-r", "--quiet", "--cached", "tree/cluster"],
    );
    let run = rendered(&directory, &text, &[]);
    assert!(
        run.stderr.contains("note: cluster: wildcard: issue\n"),
        "{}",
        run.stderr
    );
    git(directory.path(), &["restore", "tree/instances"]);
    rendered(&directory, &text, &[]).good();
    // A tree of which nothing is checked out, under a name that Git knows.
    std::fs::rename(&tree, directory.path().join("away")).unwrap();
    let run = rendered(&directory, &text, &["-q"]);
    assert!(
        run.stderr
            .contains("warning: b: httpd: blocked: its keys are in Git's index"),
        "{}",
        run.stderr
    );
    assert!(!tree.join("instances").exists());
}

#[test]
fn what_waits_is_a_warning_and_what_has_ended_an_error_that_quiet_does_not_silence() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: stored}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let due = ["-q", "--now", "2027-10-01T00:00:00Z"];
    let waits = rendered(&directory, &text, &due);
    let why = "renewal due, identity needed (`--identity FILE`): its certificate expires at 2027-11-21T10:00:00Z and is due";
    assert_eq!(
        (waits.status, waits.stderr.as_str()),
        (
            1,
            format!("warning: a: httpd: blocked: {why}\nwarning: a: database: blocked: {why}\n")
                .as_str()
        )
    );
    write(&directory.path().join("other.txt"), OTHER_IDENTITY);
    let wrong = [
        "-q",
        "--now",
        "2027-12-01T00:00:00Z",
        "--identity",
        "other.txt",
        "--fail-on",
        "never",
    ];
    let ended = rendered(&directory, &text, &wrong);
    let why = "renewal due, none of the given identities opens it (`--identity FILE`): its certificate expired at 2027-11-21T10:00:00Z";
    let lines: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| !line.contains("other.txt"))
        .collect();
    assert_eq!(ended.status, 0, "all is written");
    assert_eq!(
        lines,
        [
            format!("error: a: httpd: blocked: {why}"),
            format!("error: a: database: blocked: {why}")
        ]
    );
}

#[test]
fn check_says_what_render_refuses_and_adopting_says_that_keys_stay() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let folder = directory.path().join("tree/instances/a");
    let keys = folder.join("secret-selfcert.sops.yaml");
    for name in names_in(&folder) {
        let path = folder.join(name);
        write(&path, &format!("\u{feff}{}", read(&path)));
    }
    let check = [
        "gitops",
        "check",
        "-q",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let check = run_in(directory.path(), &check);
    assert_eq!(check.status, 1);
    assert!(!check.stderr.contains("issue"), "{}", check.stderr);
    let in_the_way = "warning: instances/a/secret-selfcert.sops.yaml: not this fleet's and in the way, so rendering is refused; `--adopt` takes it over\n";
    assert!(check.stderr.contains(in_the_way), "{}", check.stderr);
    assert_eq!(rendered(&directory, &text, &[]).status, 5);
    let before = certificates(&read(&keys), "externcert");
    let adopted = rendered(&directory, &text, &["--adopt"]);
    assert_eq!(adopted.status, 0);
    assert!(
        adopted
            .stderr
            .starts_with("note: a: keys kept, wrote instances/a/"),
        "{}",
        adopted.stderr
    );
    assert!(!adopted.stderr.contains("issue"), "{}", adopted.stderr);
    assert_eq!(before, certificates(&read(&keys), "externcert"));
}

#[test]
fn an_instance_that_is_renamed_keeps_its_keys_and_its_old_folder_goes() {
    for (layout, old, new) in [
        ("", "instances/a/", "instances/b/"),
        ("  layout: flat\n", "instances/a.", "instances/b."),
    ] {
        let directory = TempDir::new().unwrap();
        let spec = format!("{layout}  wildcard: false\n  instances");
        let fleet = |instances: &str| fleet_file(instances).replace("  instances", &spec);
        let before = fleet("    a: {}\n");
        let after = fleet("    b: {namespace: a, externalHost: a.example.org}\n");
        let tree = directory.path().join("tree");
        let name = "secret-selfcert.sops.yaml";
        rendered(&directory, &before, &[]).good();
        let keys = |prefix: &str| {
            let text = read(&tree.join(format!("{prefix}{name}")));
            ["externkey", "dbserverkey", "externcert"].map(|key| value_of(&text, key).to_owned())
        };
        let kept = keys(old);
        let copy = tree.join(format!("{old}{name}"));
        let of_a = read(&copy);
        let moved = rendered(&directory, &after, &[]);
        assert_eq!(moved.status, 0, "{}", moved.stderr);
        assert!(
            moved
                .stderr
                .starts_with("note: b: renamed from `a`, keys kept, wrote instances/b")
                && moved.stderr.contains(", removed instances/a"),
            "{}",
            moved.stderr
        );
        assert_eq!(keys(new), kept);
        assert!(!copy.exists() && !tree.join("instances/a").exists());
        assert_eq!(
            rendered(&directory, &after, &[]).stderr,
            "note: 1 of 1 unchanged, wrote 0 files\n"
        );
        // A run that ended before the old files were gone: the next one removes them.
        if layout.is_empty() {
            std::fs::create_dir(tree.join("instances/a")).unwrap();
        }
        write(&copy, &of_a);
        let again = rendered(&directory, &after, &[]);
        assert_eq!(again.status, 0);
        assert!(
            again
                .stderr
                .starts_with(&format!("note: b: removed {old}{name}\n")),
            "{}",
            again.stderr
        );
        assert!(!copy.exists());
    }
}

#[test]
fn other_keys_under_an_old_name_are_not_taken_and_two_old_names_are_not_guessed_between() {
    let directory = TempDir::new().unwrap();
    let fleet = |instances: &str| {
        fleet_file(instances).replace("  instances", "  wildcard: false\n  instances")
    };
    let renamed = fleet("    b: {namespace: a, externalHost: a.example.org}\n");
    let instances = directory.path().join("tree/instances");
    // Another host: another instance.
    rendered(
        &directory,
        &fleet("    a: {externalHost: old.example.org}\n"),
        &[],
    )
    .good();
    let new = rendered(&directory, &renamed, &[]);
    assert!(
        new.stderr.contains("note: b: httpd: issue"),
        "{}",
        new.stderr
    );
    std::fs::remove_dir_all(&instances).unwrap();
    // Two folders of the same objects, as a copy leaves them.
    for id in ["a", "c"] {
        let instance = format!("    {id}: {{namespace: a, externalHost: a.example.org}}\n");
        let text = fleet(&instance);
        let aside = directory.path().join(id);
        rendered(&directory, &text, &[]).good();
        std::fs::rename(instances.join(id), aside).unwrap();
    }
    for id in ["a", "c"] {
        std::fs::rename(directory.path().join(id), instances.join(id)).unwrap();
    }
    let refused = rendered(&directory, &renamed, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: `a` and `c` in the tree both hold keys of the namespace `a` and the host of `b`\n\
             help: remove the one whose certificate is not in the cluster; the other's keys are then kept\n"
        )
    );
    assert!(!instances.join("b").exists());
    let known = fleet("    c: {namespace: a, externalHost: a.example.org}\n");
    let warned = rendered(&directory, &known, &["-q"]);
    assert_eq!(
        (warned.status, warned.stderr.as_str()),
        (
            0,
            "warning: c: `a` in the tree holds other keys of the same namespace and host: remove the one that is not in the cluster\n"
        )
    );
}
