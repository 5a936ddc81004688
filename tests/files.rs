//! What is written, with which modes, and what is left alone.

use crate::support::{mode, names_in, read, run_in, write};
use std::os::unix::fs::symlink;
use tempfile::TempDir;

const NEW: &[&str] = &[
    "new-instance",
    "p",
    "--host",
    "a.example.org",
    "--output-dir",
    "out",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    NEW.iter().chain(more).copied().collect()
}

#[test]
fn files_with_keys_are_for_their_owner_only() {
    let directory = TempDir::new().unwrap();
    run_in(directory.path(), &with(&["--ca-key-out", "ca.key"])).good();
    let out = directory.path().join("out");
    assert_eq!(mode(&out), 0o700);
    assert_eq!(mode(&out.join("10-secret-selfcert.yaml")), 0o600);
    assert_eq!(mode(&out.join("60-ingressroute-ingressproxy.yaml")), 0o644);
    assert_eq!(mode(&directory.path().join("ca.key")), 0o600);
    run_in(
        directory.path(),
        &["cert", "--dns", "a.example.org", "--output-dir", "pem"],
    )
    .good();
    assert_eq!(mode(&directory.path().join("pem/tls.key")), 0o600);
    assert_eq!(mode(&directory.path().join("pem/tls.crt")), 0o644);
}

#[test]
fn a_directory_that_is_not_empty_is_left_alone_unless_forced() {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("out");
    std::fs::create_dir(&out).unwrap();
    write(&out.join("foreign.yaml"), "theirs");
    let refused = run_in(directory.path(), NEW);
    assert_eq!((refused.status, refused.stdout.as_str()), (5, ""));
    assert_eq!(
        refused.stderr,
        "error: the directory out is not empty\nhelp: name a new or empty directory, or overwrite with `--force`; keep keys with `--reuse`\n"
    );
    assert_eq!(names_in(&out), ["foreign.yaml"]);
    run_in(directory.path(), &with(&["--force"])).good();
    assert_eq!(names_in(&out).len(), 5);
    assert_eq!(read(&out.join("foreign.yaml")), "theirs");
}

#[test]
fn forcing_replaces_files_and_their_modes() {
    let directory = TempDir::new().unwrap();
    run_in(directory.path(), NEW).good();
    let secret = directory.path().join("out/10-secret-selfcert.yaml");
    let first = read(&secret);
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    run_in(directory.path(), &with(&["--replace-keys"])).good();
    assert_ne!(read(&secret), first);
    assert_eq!(mode(&secret), 0o600);
    assert_eq!(
        names_in(&directory.path().join("out")).len(),
        4,
        "nothing is left from writing aside"
    );
}

#[test]
fn symbolic_links_are_refused_and_what_they_point_to_is_untouched() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("victim"), "theirs");
    std::fs::create_dir(path.join("elsewhere")).unwrap();
    symlink("elsewhere", path.join("out")).unwrap();
    assert_eq!(run_in(path, NEW).status, 5);
    assert_eq!(run_in(path, &with(&["--force"])).status, 5);
    assert_eq!(names_in(&path.join("elsewhere")), [""; 0]);
    std::fs::remove_file(path.join("out")).unwrap();
    std::fs::create_dir(path.join("out")).unwrap();
    symlink("../victim", path.join("out/10-secret-selfcert.yaml")).unwrap();
    let refused = run_in(path, &with(&["--force"]));
    assert_eq!(refused.status, 5);
    assert_eq!(
        refused.stderr.lines().next(),
        Some("error: out/10-secret-selfcert.yaml is a symbolic link")
    );
    assert_eq!(read(&path.join("victim")), "theirs");
    assert_eq!(names_in(&path.join("out")), ["10-secret-selfcert.yaml"]);
    symlink("victim", path.join("ca.key")).unwrap();
    let arguments = [
        "new-instance",
        "p",
        "--host",
        "a.example.org",
        "--ca-key-out",
        "ca.key",
        "--force",
    ];
    assert_eq!(run_in(path, &arguments).status, 5);
    assert_eq!(read(&path.join("victim")), "theirs");
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("ca.crt"), "theirs");
    let arguments = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--ca-out",
        "ca.crt",
    ];
    let refused = run_in(path, &arguments);
    assert_eq!((refused.status, refused.stdout.as_str()), (5, ""));
    assert_eq!(read(&path.join("ca.crt")), "theirs");
    let forced: Vec<&str> = arguments.iter().chain(&["--force"]).copied().collect();
    run_in(path, &forced).good();
    assert!(read(&path.join("ca.crt")).starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn a_file_in_place_of_a_directory_and_a_missing_parent_are_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("out"), "theirs");
    assert_eq!(run_in(path, NEW).status, 5);
    assert_eq!(names_in(path), ["out"]);
}

#[test]
fn directories_above_the_output_are_made_and_go_with_a_run_that_fails() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("fleet.yaml"), "kind: Nothing\n");
    for refused in [
        "cert --dns a_b --output-dir a/b/c",
        "gitops render -f fleet.yaml --output-dir a/b/c",
        "gitops init --name A_B --output-dir a/b/c",
    ] {
        let arguments: Vec<&str> = refused.split(' ').collect();
        assert_ne!(run_in(path, &arguments).status, 0, "{refused}");
        assert_eq!(names_in(path), ["fleet.yaml"], "{refused}");
    }
    run_in(path, &["ca", "--output-dir", "a/b/c"]).good();
    assert_eq!(names_in(&path.join("a/b/c")), ["ca.crt", "ca.key"]);
    assert_eq!(names_in(&path.join("a/b")), ["c"]);
    run_in(path, &["gitops", "init", "--output-dir", "d/e"]).good();
    assert!(names_in(&path.join("d/e")).contains(&"fleet.yaml".to_owned()));
}

#[test]
fn nothing_is_written_when_one_template_fails() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir_all(path.join("own/traefik")).unwrap();
    write(&path.join("own/traefik/ingressroute.yaml"), "{{ nope }}");
    let refused = run_in(
        path,
        &with(&["--templates", "own", "--ca-key-out", "ca.key"]),
    );
    assert_eq!((refused.status, refused.stdout.as_str()), (3, ""));
    assert_eq!(
        names_in(path),
        ["own"],
        "the CA's key is not written either"
    );
}

#[test]
fn a_file_beside_is_not_replaced_when_the_rest_fails() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir_all(path.join("own/traefik")).unwrap();
    write(&path.join("own/traefik/ingressroute.yaml"), "{{ nope }}");
    write(&path.join("own/traefik/tlsstore.yaml"), "{{ nope }}");
    write(&path.join("ca.key"), "the only key");
    let new = [
        "new-instance",
        "p",
        "--host",
        "a.example.org",
        "--templates",
        "own",
        "--ca-key-out",
        "ca.key",
        "--force",
    ];
    let wildcard = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--tls-store",
        "--templates",
        "own",
        "--ca-key-out",
        "ca.key",
        "--force",
    ];
    for arguments in [&new[..], &wildcard] {
        assert_eq!(run_in(path, arguments).status, 3);
        assert_eq!(read(&path.join("ca.key")), "the only key");
        assert_eq!(names_in(path), ["ca.key", "own"]);
    }
}

#[test]
fn a_file_beside_may_be_in_the_new_directory() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(
        path,
        &[
            "cert",
            "--dns",
            "a.example.org",
            "--output-dir",
            "d",
            "--ca-key-out",
            "d/ca.key",
        ],
    )
    .good();
    assert_eq!(
        names_in(&path.join("d")),
        ["ca.crt", "ca.key", "tls.crt", "tls.key"]
    );
    assert_eq!(mode(&path.join("d/ca.key")), 0o600);
}

#[test]
fn two_files_beside_need_two_names_and_stdout_is_none() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let same = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--ca-out",
        "x",
        "--ca-key-out",
        "x",
    ];
    let run = run_in(path, &same);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert_eq!(
        run.stderr.lines().next(),
        Some("error: --ca-key-out: `x` is also the file of --ca-out")
    );
    assert_eq!(
        run_in(
            path,
            &[
                "wildcard-secret",
                "--domain",
                "example.org",
                "--ca-out",
                "-"
            ]
        )
        .status,
        2
    );
    assert_eq!(names_in(path), [""; 0]);
}

#[test]
fn two_outputs_or_an_output_and_an_input_that_are_one_file_are_refused_before_anything_is_written()
{
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(path, &["ca", "--output-dir", "pki"]).good();
    std::fs::create_dir_all(path.join("e/sub")).unwrap();
    symlink("e", path.join("link")).unwrap();
    std::fs::hard_link(path.join("pki/ca.crt"), path.join("hard")).unwrap();
    write(&path.join("values.yaml"), "externalhost: a.example.org\n");
    let before = names_below(path);
    for (arguments, refused) in [
        (
            "cert --dns a.b --output-dir d --ca-key-out d/tls.key",
            "--ca-key-out: `d/tls.key` is, or would be mistaken for, a file that goes into --output-dir",
        ),
        (
            "cert --dns a.b --output-dir d --ca-key-out ./d/../d/TLS.key",
            "--ca-key-out: `./d/../d/TLS.key` is, or would be mistaken for, a file that goes into --output-dir",
        ),
        (
            "cert --dns a.b --output-dir e --ca-key-out link/ca.crt",
            "--ca-key-out: `link/ca.crt` is, or would be mistaken for, a file that goes into --output-dir",
        ),
        (
            "cert --dns a.b --output-dir d --ca-key-out d",
            "--ca-key-out: `d` is also the directory of --output-dir, or one above it",
        ),
        (
            "cert --dns a.b --output-dir pki --force --ca-cert pki/ca.crt --ca-key pki/ca.key",
            "--output-dir: `pki/ca.crt`, which is read as --ca-cert, would be overwritten",
        ),
        (
            "wildcard-secret --domain example.org --output-dir e --ca-out e/10-secret-wildcardsecret.yaml",
            "--ca-out: `e/10-secret-wildcardsecret.yaml` is, or would be mistaken for, a file that goes into --output-dir",
        ),
        (
            "wildcard-secret --domain example.org --ca-out x --ca-key-out ./x",
            "--ca-key-out: `./x` is also the file of --ca-out",
        ),
        (
            "wildcard-secret --domain example.org --ca-out x --ca-key-out X",
            "--ca-key-out: `X` is also the file of --ca-out",
        ),
        (
            "wildcard-secret --domain example.org --ca-out e/sub/../x --ca-key-out link/x",
            "--ca-key-out: `link/x` is also the file of --ca-out",
        ),
        (
            "wildcard-secret --domain example.org --ca-out hard --force --ca-cert pki/ca.crt --ca-key pki/ca.key",
            "--ca-out: `hard` is also read, as --ca-cert",
        ),
        (
            "wildcard-secret --domain example.org --ca-out pki/../pki/ca.key --force --ca-cert pki/ca.crt --ca-key pki/ca.key",
            "--ca-out: `pki/../pki/ca.key` is also read, as --ca-key",
        ),
        (
            "new-instance p -f values.yaml --ca-key-out values.yaml --force",
            "--ca-key-out: `values.yaml` is also read, as --values",
        ),
        (
            "new-instance p --host a.b --ca-key-out .civi-ingress-x",
            "--ca-key-out: `.civi-ingress-x` starts with `.civi-ingress-`, as the names of unfinished files do",
        ),
    ] {
        let run = run_in(path, &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments}");
        assert_eq!(
            run.stderr.lines().next(),
            Some(format!("error: {refused}").as_str())
        );
        assert_eq!(names_below(path), before, "{arguments}");
    }
}

/// Returns the paths of all that is below a directory, sorted.
fn names_below(directory: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for name in names_in(directory) {
        let path = directory.join(&name);
        if path.is_dir() && !path.is_symlink() {
            names.extend(
                names_below(&path)
                    .into_iter()
                    .map(|inner| format!("{name}/{inner}")),
            );
        }
        names.push(name);
    }
    names
}

#[test]
fn a_template_that_loses_a_key_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir_all(path.join("own")).unwrap();
    let head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ name }}\n  namespace: {{ namespace }}\n";
    for rest in [
        "",
        "data:\n{% for k, v in data %}\n  {{ k }}: {{ v|upper }}\n{% endfor %}\n",
    ] {
        write(&path.join("own/secret.yaml"), &format!("{head}{rest}"));
        let run = run_in(
            path,
            &[
                "new-instance",
                "p",
                "--host",
                "a.example.org",
                "--templates",
                "own",
            ],
        );
        assert_eq!((run.status, run.stdout.as_str()), (3, ""));
        assert!(
            run.stderr
                .contains("does not insert the data of the Secret"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn files_of_an_earlier_run_that_are_no_longer_rendered_are_named() {
    let directory = TempDir::new().unwrap();
    run_in(directory.path(), &with(&["--create-namespace", "--hsts"])).good();
    let run = run_in(directory.path(), &with(&["--replace-keys", "-q"]));
    assert_eq!(
        run.stderr,
        "warning: out also holds 00-namespace-p.yaml, 40-middleware-hsts.yaml, which `kubectl apply -f` would apply too\n"
    );
}

#[test]
fn manifests_are_reused_from_the_directory_they_were_written_to() {
    let directory = TempDir::new().unwrap();
    run_in(directory.path(), NEW).good();
    let secret = directory.path().join("out/10-secret-selfcert.yaml");
    let first = read(&secret);
    run_in(directory.path(), &with(&["--force", "--reuse", "out"])).good();
    assert_eq!(read(&secret), first);
}

#[test]
fn force_alone_writes_over_no_key_that_would_be_lost() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let cert = [
        "cert",
        "--dns",
        "a.b",
        "--output-dir",
        "pem",
        "--ca-key-out",
        "ca.key",
    ];
    let wildcard = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--output-dir",
        "wild",
        "--ca-custody",
        "stored",
    ];
    let ca = ["ca", "--output-dir", "ca"];
    for arguments in [NEW, &cert, &wildcard, &ca] {
        run_in(path, arguments).good();
    }
    let first = contents(path);
    for (arguments, lost) in [
        (NEW, "out/10-secret-selfcert.yaml"),
        (&cert, "pem/tls.key"),
        (&wildcard, "wild/10-secret-wildcardsecret.yaml"),
        (&ca, "ca/ca.key"),
    ] {
        let before = contents(path);
        let forced: Vec<&str> = arguments.iter().chain(&["--force"]).copied().collect();
        let run = run_in(path, &forced);
        assert_eq!((run.status, run.stdout.as_str()), (5, ""));
        assert_eq!(
            run.stderr.lines().next(),
            Some(format!("error: {lost} holds a private key that would be lost").as_str())
        );
        assert!(contents(path) == before, "{arguments:?} changed something");
        let told: Vec<&str> = arguments
            .iter()
            .chain(&["--replace-keys"])
            .copied()
            .collect();
        run_in(path, &told).good();
    }
    let after = contents(path);
    assert_eq!(first.len(), after.len());
    assert_ne!(first["pem/tls.key"], after["pem/tls.key"]);
    assert_ne!(first["ca.key"], after["ca.key"]);
}

/// Returns the files below a directory with what is in them.
fn contents(directory: &std::path::Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    names_below(directory)
        .into_iter()
        .filter(|name| directory.join(name).is_file())
        .map(|name| {
            let bytes = std::fs::read(directory.join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

#[test]
fn files_of_others_stay_what_they_are_when_a_directory_is_rewritten() {
    use std::os::unix::fs::MetadataExt as _;
    for has_folder in [false, true] {
        let directory = TempDir::new().unwrap();
        let out = directory.path().join("out");
        run_in(directory.path(), NEW).good();
        std::fs::set_permissions(&out, std::os::unix::fs::PermissionsExt::from_mode(0o750))
            .unwrap();
        write(&out.join("notes.txt"), "theirs");
        symlink("notes.txt", out.join("link")).unwrap();
        if has_folder {
            std::fs::create_dir(out.join("folder")).unwrap();
            write(&out.join("folder/notes.txt"), "theirs");
        }
        let number = std::fs::metadata(out.join("notes.txt")).unwrap().ino();
        let before = names_below(directory.path());
        let key = read(&out.join("10-secret-selfcert.yaml"));
        run_in(directory.path(), &with(&["--replace-keys"])).good();
        assert_eq!(names_below(directory.path()), before);
        assert_ne!(read(&out.join("10-secret-selfcert.yaml")), key);
        assert_eq!(mode(&out), 0o750);
        assert_eq!(
            std::fs::metadata(out.join("notes.txt")).unwrap().ino(),
            number
        );
        assert!(out.join("link").is_symlink());
    }
}

#[test]
fn what_a_killed_run_left_is_swept_or_finished_by_the_next() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    // A new directory that was being filled, and a file beside it.
    std::fs::create_dir(path.join(".civi-ingress-out")).unwrap();
    write(
        &path.join(".civi-ingress-out/10-secret-selfcert.yaml"),
        "half",
    );
    write(&path.join(".civi-ingress-ca.key"), "half");
    run_in(path, &with(&["--ca-key-out", "ca.key"])).good();
    assert_eq!(names_in(path), ["ca.key", "out"]);
    assert_eq!(names_in(&path.join("out")).len(), 4);
    // A directory that could not be exchanged, before and after all was ready.
    std::fs::create_dir_all(path.join("out/own/folder")).unwrap();
    std::fs::create_dir(path.join("out/.civi-ingress-staged")).unwrap();
    write(
        &path.join("out/.civi-ingress-staged/10-secret-selfcert.yaml"),
        "half",
    );
    let key = read(&path.join("out/10-secret-selfcert.yaml"));
    assert_eq!(run_in(path, NEW).status, 5);
    assert_eq!(read(&path.join("out/10-secret-selfcert.yaml")), key);
    assert_eq!(names_in(&path.join("out")).len(), 5);
    std::fs::create_dir(path.join("out/.civi-ingress-ready")).unwrap();
    write(
        &path.join("out/.civi-ingress-ready/10-secret-selfcert.yaml"),
        "whole",
    );
    let ready = std::os::unix::fs::MetadataExt::ino(
        &std::fs::metadata(path.join("out/.civi-ingress-ready")).unwrap(),
    );
    std::fs::remove_file(path.join("ca.key")).unwrap();
    write(
        &path.join(format!(".civi-ingress-ready-{ready}-ca.key")),
        "whole",
    );
    assert_eq!(run_in(path, &with(&["--ca-key-out", "ca.key"])).status, 5);
    assert_eq!(read(&path.join("out/10-secret-selfcert.yaml")), "whole");
    assert_eq!(read(&path.join("ca.key")), "whole");
    assert_eq!(names_in(path), ["ca.key", "out"]);
    // A key that waits for a directory that nobody knows is not thrown away.
    write(&path.join(".civi-ingress-ready-1-ca.key"), "whole");
    let refused = run_in(path, &with(&["--ca-key-out", "ca.key", "--replace-keys"]));
    assert_eq!(refused.status, 5);
    assert!(
        refused.stderr.starts_with(
            "error: an interrupted run left ./.civi-ingress-ready-1-ca.key, which may hold a key\n"
        ),
        "{}",
        refused.stderr
    );
    assert_eq!(
        names_in(path),
        [".civi-ingress-ready-1-ca.key", "ca.key", "out"]
    );
}

#[test]
fn a_directory_or_file_that_another_run_writes_is_locked() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir(path.join("out")).unwrap();
    std::fs::create_dir(path.join(".civi-ingress-new")).unwrap();
    write(&path.join(".civi-ingress-ca.key"), "");
    for (held, arguments, shown) in [
        ("out", "cert --dns a.b --output-dir out", "out"),
        (
            ".civi-ingress-new",
            "cert --dns a.b --output-dir new",
            "new",
        ),
        (
            ".civi-ingress-ca.key",
            "new-instance p --host a.example.org --ca-key-out ca.key",
            "ca.key",
        ),
        ("out", "gitops init --output-dir out", "out"),
    ] {
        let handle = std::fs::File::open(path.join(held)).unwrap();
        handle.lock().unwrap();
        let before = names_below(path);
        let run = run_in(path, &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
        assert_eq!(
            run.stderr,
            format!("error: another run has locked {shown}\nhelp: wait until it has ended\n")
        );
        assert_eq!(names_below(path), before);
    }
}

#[test]
fn a_refused_run_leaves_nothing_behind() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(
        &path.join("fleet.yaml"),
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {domain: example.org, secrets: {mode: plain}, instances: {p: {}}}\n",
    );
    std::fs::create_dir_all(path.join("own/gitops")).unwrap();
    write(&path.join("own/gitops/kustomization.yaml"), "{{ nope }}");
    let before = names_below(path);
    for (arguments, status) in [
        (
            "new-instance p --host a_b --output-dir out --ca-key-out ca.key",
            2,
        ),
        ("cert --dns a_b --output-dir out", 2),
        ("ca --days 0 --output-dir out", 2),
        ("gitops init --name A_B --output-dir out", 2),
        (
            "gitops render -f fleet.yaml --output-dir out --templates own",
            3,
        ),
    ] {
        let run = run_in(path, &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, status, "{arguments}: {}", run.stderr);
        assert_eq!(names_below(path), before, "{arguments}");
    }
}

#[test]
fn a_fleet_file_is_not_written_through_a_link() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir(path.join("victim")).unwrap();
    symlink("victim", path.join("link")).unwrap();
    std::fs::create_dir(path.join("out")).unwrap();
    symlink("../victim/fleet.yaml", path.join("out/fleet.yaml")).unwrap();
    for (to, what) in [
        ("link", "link is a symbolic link"),
        ("link/", "link is a symbolic link"),
        ("out", "out/fleet.yaml is a symbolic link"),
    ] {
        let run = run_in(path, &["gitops", "init", "--output-dir", to]);
        assert_eq!(run.status, 5);
        assert_eq!(
            run.stderr.lines().next(),
            Some(format!("error: {what}").as_str())
        );
    }
    assert_eq!(
        names_below(path),
        ["link", "out/fleet.yaml", "out", "victim"]
    );
}

/// Runs through a shell, which closes or redirects stdout.
fn redirected(
    directory: &std::path::Path,
    arguments: &str,
    redirection: &str,
) -> (Option<i32>, String) {
    let script = format!(
        "exec {} {arguments} {redirection}",
        env!("CARGO_BIN_EXE_civi-ingress")
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(directory)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn no_report_is_lost_silently() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(path, &["cert", "--dns", "a.b", "--output-dir", "d"]).good();
    write(
        &path.join("fleet.yaml"),
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec: {domain: example.org, secrets: {mode: plain}, instances: {p: {}}}\n",
    );
    run_in(
        path,
        &[
            "gitops",
            "render",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
            "--allow-plain-in-git",
        ],
    )
    .good();
    for arguments in [
        "new-instance p --host a.example.org",
        "wildcard-secret --domain example.org",
        "tls-store",
        "issuer",
        "public-certificate --dns a.parish.fr --issuer i",
        "traefik-values",
        "traefik-file",
        "inspect d/tls.crt",
        "status d",
        "status d --format html",
        "lint tree/instances --format json",
        "lint --explain CI103",
        "gitops check -f fleet.yaml --output-dir tree --summary json",
        "gitops render -f fleet.yaml --output-dir tree --allow-plain-in-git --summary json",
        "gitops status --output-dir tree",
        "templates list",
        "schema fleet",
        "completions bash",
        "man",
        "--help",
        "cert --help",
        "--version",
    ] {
        let (status, stderr) = redirected(path, arguments, ">&-");
        assert_eq!(status, Some(4), "{arguments}: {stderr}");
        assert!(
            stderr.contains("error: stdout is closed\n"),
            "{arguments}: {stderr}"
        );
        let (status, stderr) = redirected(path, arguments, "> /dev/full");
        assert_eq!(status, Some(4), "{arguments}: {stderr}");
        assert!(
            stderr.contains("error: cannot write to stdout: No space left"),
            "{arguments}: {stderr}"
        );
        let (status, stderr) = redirected(path, arguments, "1< /dev/null");
        assert_eq!(status, Some(4), "{arguments}: {stderr}");
    }
}

#[test]
fn a_report_whose_reader_is_gone_ends_with_141_and_says_nothing() {
    use std::process::{Command, Stdio};
    for arguments in [
        &["traefik-values"][..],
        &["schema", "fleet"],
        &["--help"],
        &["templates", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_civi-ingress"))
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(141), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[test]
fn an_empty_directory_is_filled() {
    let directory = TempDir::new().unwrap();
    std::fs::create_dir(directory.path().join("out")).unwrap();
    let before = mode(&directory.path().join("out"));
    run_in(directory.path(), NEW).good();
    assert_eq!(names_in(&directory.path().join("out")).len(), 4);
    assert_eq!(mode(&directory.path().join("out")), before);
    assert_eq!(names_in(directory.path()), ["out"]);
    run_in(
        &directory.path().join("out"),
        &["cert", "--dns", "a.b", "--output-dir", ".", "--force"],
    )
    .good();
}

#[test]
fn a_closed_pipe_is_an_error_because_keys_are_lost() {
    use std::process::{Command, Stdio};
    let directory = TempDir::new().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_civi-ingress"))
        .args([
            "new-instance",
            "p",
            "--host",
            "a.example.org",
            "-q",
            "--ca-key-out",
            "ca.key",
        ])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: the reader of stdout closed it before everything was written\nhelp: what was printed is incomplete: run the command again\n"
    );
    assert_eq!(names_in(directory.path()), [""; 0]);
}

#[test]
fn a_full_device_is_an_output_failure() {
    use std::process::{Command, Stdio};
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_civi-ingress"))
        .args(["new-instance", "p", "--host", "a.example.org", "-q"])
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: cannot write to stdout: "),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn a_redirection_that_others_can_read_is_warned_of() {
    use std::process::{Command, Stdio};
    let directory = TempDir::new().unwrap();
    let warning = |mode: u32| {
        let path = directory.path().join(format!("{mode:o}.yaml"));
        let mut open = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, mode);
        let file = open.write(true).create_new(true).open(&path).unwrap();
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
            .unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_civi-ingress"))
            .args(["new-instance", "p", "--host", "a.example.org", "-q"])
            .stdout(Stdio::from(file))
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        warning(0o644),
        "warning: stdout is a file of mode 644 and gets private keys; `--output-dir` makes files that only you can read\n"
    );
    assert_eq!(warning(0o600), "");
}
