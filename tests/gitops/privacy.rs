//! Who can read what is written.

use super::story::{IDENTITY, OTHER_RECIPIENT, RECIPIENT, fleet_file, rendered};
use crate::support::{names_in, read, run_in, write};
use tempfile::TempDir;

#[test]
fn keys_in_clear_text_do_not_go_into_git() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n")
        .replace("mode: sops", "mode: plain")
        .replace(&format!(", recipients: [{RECIPIENT}]"), "");
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    assert!(!directory.path().join("tree").exists());
    rendered(&directory, &text, &["--allow-plain-in-git"]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.yaml");
    assert_eq!(crate::support::mode(&secret), 0o600);
}

#[test]
fn a_new_host_waits_for_the_identity_that_opens_the_ca_and_its_routes_wait_with_it() {
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {certificate: {ca: stored}}\n")
        .replace("  instances", "  wildcard: false\n  instances");
    rendered(&directory, &text, &[]).good();
    let route = directory
        .path()
        .join("tree/instances/a/ingressroute-ingressproxy.yaml");
    let before = read(&route);
    let moved = text.replace("{certificate", "{externalHost: b.example.org, certificate");
    let run = rendered(&directory, &moved, &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            1,
            "warning: a: httpd: blocked: renewal due, identity needed (`--identity FILE`): its names are not those of the fleet file\n\
             note: 1 of 1 unchanged, wrote 0 files, 1 certificate blocked\n"
        )
    );
    assert_eq!(read(&route), before);
    write(&directory.path().join("key.txt"), IDENTITY);
    rendered(&directory, &moved, &["--identity", "key.txt"]).good();
    assert!(read(&route).contains("b.example.org"));
}

#[test]
fn a_file_with_keys_in_clear_text_that_others_may_read_is_rewritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let text = fleet_file("    a: {}\n")
        .replace("mode: sops", "mode: plain")
        .replace(&format!(", recipients: [{RECIPIENT}]"), "");
    rendered(&directory, &text, &[]).good();
    let secret = directory
        .path()
        .join("tree/instances/a/secret-selfcert.yaml");
    let before = read(&secret);
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let check = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    assert_eq!(run_in(directory.path(), &check).status, 1);
    let run = rendered(&directory, &text, &[]);
    assert_eq!(
        run.stderr,
        "note: a: wrote instances/a/secret-selfcert.yaml\nnote: 1 of 2 unchanged, wrote 1 file\n"
    );
    assert_eq!(crate::support::mode(&secret), 0o600);
    assert_eq!(read(&secret), before);
}

#[test]
fn what_is_rewritten_stays_its_owners() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    for layout in ["instance", "flat"] {
        let directory = TempDir::new().unwrap();
        let text =
            fleet_file("    a: {}\n").replace("spec:\n", &format!("spec:\n  layout: {layout}\n"));
        let text = text.as_str();
        rendered(&directory, text, &[]).good();
        let folder = directory.path().join("tree/instances/a");
        let instances = directory.path().join("tree/instances");
        let is_flat = layout == "flat";
        let folder = if is_flat { instances } else { folder };
        let names = names_in(&folder);
        // Only root can give away what is its own.
        let is_root = rustix::process::geteuid().is_root();
        let (owner, group) = (4711, 4712);
        if is_root {
            for path in names
                .iter()
                .map(|name| folder.join(name))
                .chain([folder.clone()])
            {
                chown(path, Some(owner), Some(group)).unwrap();
            }
        }
        let permissions = std::fs::Permissions::from_mode(0o2750);
        std::fs::set_permissions(&folder, permissions).unwrap();
        let before = std::fs::metadata(&folder).unwrap();
        let widened = text.replace("    a: {}\n", "    a: {externalHost: b.example.org}\n");
        write(&directory.path().join("key.txt"), IDENTITY);
        rendered(&directory, &widened, &["--identity", "key.txt"]).good();
        let after = std::fs::metadata(&folder).unwrap();
        assert_eq!(
            before.ino() == after.ino(),
            is_flat,
            "exchanged unless flat"
        );
        assert_eq!(after.mode() & 0o7777, 0o2750);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!(names_in(&folder), names);
        for name in names {
            let file = std::fs::metadata(folder.join(&name)).unwrap();
            assert_eq!(
                (file.uid(), file.gid()),
                (before.uid(), before.gid()),
                "{name}"
            );
        }
    }
}

#[test]
fn each_file_is_encrypted_for_the_readers_that_its_own_path_has() {
    let directory = TempDir::new().unwrap();
    let text =
        fleet_file("    a: {}\n    b: {}\n").replace(&format!(", recipients: [{RECIPIENT}]"), "");
    let rules = |rules: &str| write(&directory.path().join(".sops.yaml"), rules);
    rules(&format!(
        "creation_rules:\n  - path_regex: ^tree/cluster/\n    age: {OTHER_RECIPIENT}\n  - path_regex: /b/\n    age: '{RECIPIENT}, {OTHER_RECIPIENT}'\n  - age: {RECIPIENT}\n"
    ));
    rendered(&directory, &text, &[]).good();
    let readers = |path: &str| {
        let text = read(&directory.path().join("tree").join(path));
        [RECIPIENT, OTHER_RECIPIENT].map(|recipient| text.contains(recipient))
    };
    for (path, expected) in [
        ("cluster/secret-wildcardca.sops.yaml", [false, true]),
        ("cluster/secret-wildcardsecret.sops.yaml", [false, true]),
        ("instances/a/secret-selfcert.sops.yaml", [true, false]),
        ("instances/b/secret-selfcert.sops.yaml", [true, true]),
    ] {
        assert_eq!(readers(path), expected, "{path}");
    }
    let again = rendered(&directory, &text, &[]);
    assert_eq!(again.stderr, "note: 3 of 3 unchanged, wrote 0 files\n");
    rules(&format!(
        "creation_rules:\n  - path_regex: cluster\n    age: {OTHER_RECIPIENT}\n  - path_regex: /b/\n    age: {RECIPIENT}\n    pgp: ABCD\n"
    ));
    let refused = rendered(&directory, &text, &[]);
    assert_eq!(refused.status, 3);
    for said in [
        "no rule under `creation_rules` applies to `tree/instances/a/secret-selfcert.sops.yaml`",
        ".sops.yaml:6:5: `pgp` is not understood: ",
    ] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}
