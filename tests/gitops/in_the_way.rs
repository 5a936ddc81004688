//! Files that are in the way, changed or not ours.

use super::story::{RECIPIENT, fleet_file, gitops, rendered, value_of};
use crate::support::{names_in, read, run_in, write};
use tempfile::TempDir;

/// Returns the files of a tree with their texts, in order.
fn texts_of(tree: &std::path::Path) -> Vec<(std::path::PathBuf, String)> {
    let mut pending = vec![tree.to_owned()];
    let mut texts = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            texts.push((path.clone(), read(&path)));
        }
    }
    texts.sort();
    texts
}

#[test]
fn line_ends_that_git_puts_in_on_windows_are_reported_in_one_line_and_change_nothing() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let tree = directory.path().join("tree");
    for (path, text) in texts_of(&tree) {
        write(&path, &text.replace('\n', "\r\n"));
    }
    let as_checked_out = texts_of(&tree);
    let warning = format!(
        "warning: {} files have the line ends of Windows (CRLF), which do not count: a `.gitattributes` with `* -text` in the tree keeps Git from putting them in\n",
        as_checked_out.len()
    );
    for (command, told) in [
        ("check", "note: 2 of 2 unchanged, would write 0 files\n"),
        ("diff", ""),
        ("render", "note: 2 of 2 unchanged, wrote 0 files\n"),
    ] {
        let arguments = [
            "gitops",
            command,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stderr),
            (0, format!("{warning}{told}")),
            "{command}"
        );
        assert_eq!(run.stdout, "", "{command}");
        assert!(texts_of(&tree) == as_checked_out, "{command}");
    }
    let changed = fleet_file("    a: {objects: {retry: 3}}\n");
    rendered(&directory, &changed, &[]).good();
    let route = read(&tree.join("instances/a/ingressroute-ingressproxy.yaml"));
    assert!(!route.contains('\r'), "{route}");
}

#[test]
fn a_data_key_that_a_person_put_into_a_secret_goes_with_a_warning() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let file = "instances/a/secret-externca.yaml";
    let path = directory.path().join("tree").join(file);
    let before = read(&path);
    write(
        &path,
        &before.replace("\ndata:\n", "\ndata:\n  mine: aGFsbG8=\n"),
    );
    let warning = format!(
        "warning: {file}: the data key `mine` is not this program's and goes: keep it in a Secret of its own\n"
    );
    let again = rendered(&directory, &text, &[]);
    assert_eq!(again.status, 0);
    assert!(again.stderr.contains(&warning), "{}", again.stderr);
    assert_eq!(read(&path), before);
}

#[test]
fn what_a_fleet_had_under_another_name_goes_with_it_once_it_is_adopted() {
    let directory = TempDir::new().unwrap();
    let two = fleet_file("    a: {}\n    b: {}\n");
    rendered(&directory, &two, &[]).good();
    let renamed = fleet_file("    a: {}\n").replace("name: uepal", "name: parishes");
    let tree = directory.path().join("tree");
    let key = |name: &str| {
        let text = read(&tree.join("instances/a").join(name));
        value_of(&text, "externkey").to_owned()
    };
    let before = key("secret-selfcert.sops.yaml");
    let adopted = rendered(&directory, &renamed, &["--adopt"]);
    assert_eq!(adopted.status, 0, "{}", adopted.stderr);
    assert!(
        adopted
            .stderr
            .contains("note: instances/b/kustomization.yaml: stale, `--prune` removes it\n"),
        "{}",
        adopted.stderr
    );
    let pruned = rendered(&directory, &renamed, &["--adopt", "--prune"]);
    assert_eq!(pruned.status, 0, "{}", pruned.stderr);
    assert_eq!(names_in(&tree.join("instances")), ["a"]);
    assert_eq!(key("secret-selfcert.sops.yaml"), before);
}

#[test]
fn a_file_in_place_of_an_instances_folder_is_named() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let plain = text.replace(
        &format!("mode: sops, recipients: [{RECIPIENT}]"),
        "mode: plain",
    );
    std::fs::create_dir_all(directory.path().join("tree/instances")).unwrap();
    write(&directory.path().join("tree/instances/a"), "mine\n");
    for text in [&text, &plain] {
        let refused = rendered(&directory, text, &[]);
        assert_eq!(
            (refused.status, refused.stderr.as_str()),
            (
                5,
                "error: tree/instances/a is not a directory\n\
                 help: a symbolic link or file cannot take the place of a folder of the tree\n"
            )
        );
    }
}

#[test]
fn the_folder_of_the_cluster_is_rewritten_as_those_of_the_instances_are() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    rendered(&directory, &text, &[]).good();
    let store = directory.path().join("tree/cluster/tlsstore-default.yaml");
    let before = read(&store);
    write(
        &store,
        &before.replace("secretName: wildcardsecret", "secretName: other"),
    );
    rendered(&directory, &text, &[]).good();
    assert_eq!(read(&store), before);
    let all = names_in(&directory.path().join("tree"));
    assert!(
        !all.iter().any(|name| name.starts_with(".civi-ingress-")),
        "{all:?}"
    );
}

#[test]
fn a_foreign_file_in_the_way_is_not_touched_until_it_is_adopted() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n");
    let folder = directory.path().join("tree/instances/a");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder.join("kustomization.yaml"), "kind: Kustomization\n");
    write(&folder.join("notes.txt"), "mine\n");
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: instances/a/kustomization.yaml: the file does not belong to this fleet and is in the way\n\
             help: move it away, or take it over with `--adopt`\n"
        )
    );
    assert_eq!(names_in(&folder), ["kustomization.yaml", "notes.txt"]);
    rendered(&directory, &text, &["--adopt"]).good();
    assert_eq!(read(&folder.join("notes.txt")), "mine\n");
    assert!(
        read(&folder.join("kustomization.yaml"))
            .starts_with("# civi-ingress:managed fleet=uepal instance=a v1\n")
    );
    let again = rendered(&directory, &text, &[]);
    assert!(
        again
            .stderr
            .contains("instances/a/notes.txt: not this fleet's, left alone"),
        "{}",
        again.stderr
    );
}

/// A tree of one instance without a wildcard, and its folder.
fn small_tree() -> (TempDir, String, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n").replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let folder = directory.path().join("tree/instances/a");
    (directory, text, folder)
}

#[test]
fn a_stranger_in_a_folder_is_named_and_ends_no_run_whatever_it_is() {
    let (directory, text, folder) = small_tree();
    let secret = read(&folder.join("secret-selfcert.sops.yaml"));
    let conflicted = format!("<<<<<<< HEAD\n{secret}=======\n{secret}>>>>>>> x\n");
    for (name, content) in [
        ("README.md", "Secret: see: the wiki: [here\n"),
        ("secret-selfcert.sops.yaml.orig", conflicted.as_str()),
        ("secret-selfcert.sops.yaml.bak", &secret),
        (
            "secret-selfcert.sops.yaml.rej",
            "--- a\n+++ b\nkind: Secret\n",
        ),
        (
            "secret-mailsecret.yaml",
            "kind: Secret\nmetadata: {name: mailsecret}\n",
        ),
        (
            "notes.yaml",
            "kind: Secret\nmetadata:\n  name: selfcert\ndata: {externkey: [\n",
        ),
    ] {
        write(&folder.join(name), content);
    }
    for (name, target) in [
        ("link", "nobody@host.1:2"),
        (".#secret-selfcert.sops.yaml", "nobody@host.1:2"),
        ("dev", "/dev/zero"),
        ("folder", ".."),
    ] {
        std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
        std::os::unix::fs::symlink(target, directory.path().join("tree/instances").join(name))
            .unwrap();
    }
    std::os::unix::fs::symlink("x", directory.path().join("tree/flux")).unwrap();
    let pipe = folder.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let names = names_in(&folder);
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let checked = run_in(directory.path(), &check);
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    assert!(
        checked.stderr.contains(
            "notes.yaml: not this fleet's, left alone; no key is taken from the Secret `selfcert` in it"
        ),
        "{}",
        checked.stderr
    );
    let later = rendered(&directory, &text, &["--now", "2028-01-01T00:00:00Z"]);
    assert_eq!(later.status, 0, "{}", later.stderr);
    for name in [
        "README.md",
        "link",
        "pipe",
        "socket",
        "secret-mailsecret.yaml",
        "folder",
    ] {
        let said = format!("instances/a/{name}: not this fleet's, left alone");
        assert!(later.stderr.contains(&said), "{name}: {}", later.stderr);
    }
    assert!(
        later.stderr.contains("note: flux: not this fleet's"),
        "{}",
        later.stderr
    );
    assert_eq!(names_in(&folder), names);
    assert_ne!(read(&folder.join("secret-selfcert.sops.yaml")), secret);
    assert_eq!(read(&folder.join("secret-selfcert.sops.yaml.bak")), secret);
}

#[test]
fn a_link_or_a_folder_in_place_of_a_file_of_ours_is_not_a_missing_key() {
    let (directory, text, folder) = small_tree();
    let secret = folder.join("secret-selfcert.sops.yaml");
    let kept = folder.join("kept");
    std::fs::rename(&secret, &kept).unwrap();
    std::os::unix::fs::symlink("kept", &secret).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            5,
            "error: tree/instances/a/secret-selfcert.sops.yaml is a symbolic link\nhelp: put a file or nothing in its place\n"
        )
    );
    std::fs::remove_file(&secret).unwrap();
    std::fs::create_dir(&secret).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 5);
    assert!(
        refused
            .stderr
            .contains("secret-selfcert.sops.yaml is a directory"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_unfinished_merge_in_a_file_of_ours_is_reported_and_nothing_is_missing_for_it() {
    let (directory, text, folder) = small_tree();
    let path = folder.join("secret-selfcert.sops.yaml");
    let secret = read(&path);
    let (first, rest) = secret.split_once('\n').unwrap();
    for conflicted in [
        format!("<<<<<<< HEAD\n{secret}=======\n{secret}>>>>>>> x\n"),
        format!("{first}\n<<<<<<< HEAD\n{rest}=======\n{rest}>>>>>>> x\n"),
    ] {
        write(&path, &conflicted);
        for word in ["check", "render"] {
            let run = gitops(&directory, word, &[]);
            assert_eq!(
                (run.status, run.stderr.as_str()),
                (
                    3,
                    "error: instances/a/secret-selfcert.sops.yaml: the file has the markers of a merge that was not finished\n\
                     help: keep one side's file (`git checkout --ours FILE`, or `--theirs`), then render again\n"
                )
            );
        }
        assert_eq!(read(&path), conflicted);
    }
    write(&path, &secret);
    rendered(&directory, &text, &[]).good();
}

#[test]
fn keys_come_from_files_of_this_fleet_alone_unless_they_are_adopted() {
    let (directory, text, folder) = small_tree();
    let path = folder.join("secret-selfcert.sops.yaml");
    let old = read(&path);
    let unmarked = old.split_once('\n').unwrap().1;
    rendered(&directory, &text, &["--now", "2027-10-01T00:00:00Z"]).good();
    let new = read(&path);
    assert_ne!(old, new);
    write(&folder.join("0-selfcert.yaml"), unmarked);
    write(&folder.join("secret-0.yaml"), unmarked);
    let run = rendered(&directory, &text, &["--now", "2027-10-02T00:00:00Z"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(read(&path), new);
    assert!(
        run.stderr.contains("secret-0.yaml: not this fleet's, left alone; no key is taken from the Secret `selfcert` in it"),
        "{}",
        run.stderr
    );
    let run = rendered(
        &directory,
        &text,
        &["--now", "2027-10-02T00:00:00Z", "--adopt"],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        read(&path),
        new,
        "what is ours comes before what is adopted"
    );
    std::fs::remove_file(folder.join("secret-0.yaml")).unwrap();
    std::fs::remove_file(folder.join("0-selfcert.yaml")).unwrap();
    write(&path, new.split_once('\n').unwrap().1);
    let refused = rendered(&directory, &text, &["--now", "2027-10-02T00:00:00Z"]);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    rendered(
        &directory,
        &text,
        &["--now", "2027-10-02T00:00:00Z", "--adopt"],
    )
    .good();
    assert_eq!(read(&path), new);
}
