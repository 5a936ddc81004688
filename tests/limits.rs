//! What takes too long, too much memory or never ends is refused, and no instant is too far away.

use crate::support::{command, finish, run_in, write};
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// Returns a certificate of this validity, self-signed, as PEM.
fn certificate(not_before: OffsetDateTime, not_after: OffsetDateTime) -> String {
    parameters(not_before, not_after, 1)
}

fn parameters(not_before: OffsetDateTime, not_after: OffsetDateTime, serial: usize) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(["a.example.org".to_owned()]).unwrap();
    parameters.not_before = not_before;
    parameters.not_after = not_after;
    parameters.serial_number = Some(rcgen::SerialNumber::from(vec![0x55; serial]));
    parameters.self_signed(&key).unwrap().pem()
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// Every command that reads a file, `FILE` in its place.
const READERS: [&[&str]; 15] = [
    &["inspect", "FILE"],
    &["status", "FILE"],
    &["lint", "FILE"],
    &["lint", "--baseline", "FILE", "fine.yaml"],
    &["lint", "--config", "FILE", "fine.yaml"],
    &["new-instance", "a", "--host", "a.example.org", "-f", "FILE"],
    &[
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--reuse",
        "FILE",
    ],
    &[
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--ca-cert",
        "FILE",
        "--ca-key",
        "FILE",
    ],
    &["wildcard-secret", "--cert", "FILE", "--key", "FILE"],
    &["gitops", "check", "-f", "FILE", "--output-dir", "tree"],
    &[
        "gitops",
        "import",
        "--secrets",
        "FILE",
        "--output-dir",
        "tree",
    ],
    &[
        "gitops",
        "import",
        "--values",
        "a=FILE",
        "--output-dir",
        "tree",
    ],
    &["gitops", "import", "--csv", "FILE", "--output-dir", "tree"],
    &["probe", "a.example.org", "--manifest", "FILE"],
    &["probe", "a.example.org", "--ca", "FILE"],
];

#[test]
fn what_may_never_end_or_never_begin_is_not_a_file_to_any_reader() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("fine.yaml"), "kind: Pod\n");
    fifo(&path.join("fifo"));
    symlink("/dev/zero", path.join("zero")).unwrap();
    let huge = std::fs::File::create(path.join("huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    for reader in READERS {
        for (file, said) in [
            ("fifo", "fifo: this is a named pipe, not a regular file"),
            ("zero", "zero: this is a device, not a regular file"),
            ("huge", "huge: there are more than "),
        ] {
            let arguments: Vec<String> = reader
                .iter()
                .map(|argument| argument.replace("FILE", file))
                .collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let run = run_in(path, &arguments);
            assert_eq!(
                (run.status, run.stdout.as_str()),
                (3, ""),
                "{arguments:?}: {}",
                run.stderr
            );
            let said = format!("error: {said}");
            assert!(
                run.stderr.starts_with(&said),
                "{arguments:?}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn a_directory_with_pipes_devices_and_links_in_a_circle_is_read_to_its_end() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let now = datetime!(2026-11-01 00:00:00 UTC);
    let folder = path.join("d");
    std::fs::create_dir(&folder).unwrap();
    write(
        &folder.join("a.pem"),
        &certificate(now, now + time::Duration::days(90)),
    );
    write(&folder.join("b.yaml"), "kind: Pod\n");
    fifo(&folder.join("fifo.yaml"));
    fifo(&folder.join("fifo.pem"));
    symlink("/dev/zero", folder.join("zero.yaml")).unwrap();
    symlink(&folder, folder.join("loop")).unwrap();
    let status = run_in(path, &["status", "d"]);
    assert_eq!(status.status, 0, "{}", status.stderr);
    let lint = run_in(path, &["lint", "d"]);
    assert!(lint.stderr.contains("1 file"), "{}", lint.stderr);
    // What is left out here would be taken for a key that is not there yet.
    let arguments = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--reuse",
        "d",
    ];
    let reuse = run_in(path, &arguments);
    assert_eq!((reuse.status, reuse.stdout.as_str()), (3, ""));
    assert!(
        reuse.stderr.contains("not a regular file"),
        "{}",
        reuse.stderr
    );
}

#[test]
fn a_pattern_over_links_in_a_circle_ends() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let parts = path.join("parts");
    std::fs::create_dir_all(parts.join("x")).unwrap();
    for name in ["1", "2", "3", "4", "x/5", "x/6"] {
        symlink(&parts, parts.join(name)).unwrap();
    }
    write(&parts.join("x/a.csv"), "id,externalHost\na,a.example.org\n");
    write(
        &path.join("fleet.yaml"),
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n  include: [\"parts/**/*.csv\"]\n",
    );
    let arguments = [
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
    ];
    let run = run_in(path, &arguments);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let left_out = "warning: left out parts/1: a link to a directory";
    assert!(run.stderr.contains(left_out), "{}", run.stderr);
}

#[test]
fn what_a_shell_passes_as_a_file_is_waited_for() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let now = datetime!(2026-11-01 00:00:00 UTC);
    write(
        &path.join("a.pem"),
        &certificate(now, now + time::Duration::days(90)),
    );
    let binary = env!("CARGO_BIN_EXE_civi-ingress");
    for script in [
        "\"$0\" inspect <(cat /dev/null; exec cat a.pem)",
        "cat a.pem | \"$0\" inspect /dev/stdin",
        "cat a.pem | \"$0\" inspect -",
        "\"$0\" new-instance a --host a.example.org -f /dev/null",
    ] {
        let mut command = assert_cmd::Command::new("bash");
        command.current_dir(path).args(["-c", script, binary]);
        let run = finish(&mut command);
        assert_eq!(run.status, 0, "{script}: {}", run.stderr);
    }
}

#[test]
fn a_serial_number_longer_than_the_standard_allows_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let now = datetime!(2026-11-01 00:00:00 UTC);
    for (length, status) in [(20, 0), (21, 3), (30_000, 3)] {
        write(
            &path.join("a.pem"),
            &parameters(now, now + time::Duration::days(90), length),
        );
        let run = run_in(path, &["inspect", "a.pem"]);
        assert_eq!(run.status, status, "{length}: {}", run.stderr);
        if status == 3 {
            let said = format!("serial number has {length} bytes, more than the 20");
            assert!(run.stderr.contains(&said), "{}", run.stderr);
        }
    }
}

#[test]
fn no_command_fails_over_a_present_or_an_end_at_the_edge_of_time() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let first = datetime!(0000-01-01 00:00:00 UTC);
    let last = datetime!(9999-12-31 23:59:59 UTC);
    let early = first + time::Duration::days(1);
    let late = last - time::Duration::days(1);
    let epoch = OffsetDateTime::UNIX_EPOCH;
    for (name, begin, end) in [
        ("1", first, early),
        ("2", first, last),
        ("3", late, last),
        ("4", last, first),
        ("5", epoch, last),
        ("6", last, last),
    ] {
        write(&path.join(format!("{name}.pem")), &certificate(begin, end));
    }
    write(
        &path.join("fleet.yaml"),
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n  instances:\n    a: {host: a.example.org}\n",
    );
    let mut runs: Vec<Vec<&str>> = Vec::new();
    for format in ["table", "json", "prometheus", "html", "mermaid", "dot"] {
        runs.push(vec!["status", ".", "--format", format]);
    }
    for file in ["1.pem", "2.pem", "3.pem", "4.pem", "5.pem", "6.pem"] {
        runs.push(vec!["inspect", file]);
        runs.push(vec![
            "status",
            file,
            "--fail-within",
            "9999d",
            "--format",
            "html",
        ]);
    }
    runs.push(vec!["new-instance", "a", "--host", "a.example.org"]);
    runs.push(vec![
        "wildcard-secret",
        "--domain",
        "example.org",
        "--days",
        "36525",
    ]);
    runs.push(vec!["lint", "fleet.yaml", "--expires-within", "36525d"]);
    runs.push(vec![
        "gitops",
        "check",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "t",
    ]);
    runs.push(vec![
        "gitops",
        "diff",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "t",
    ]);
    for now in [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:01Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:00:00Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "-9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0000-01-01T00:00:00+23:59",
        "10000-01-01T00:00:00Z",
    ] {
        for arguments in &runs {
            let run = run_in(
                path,
                &[&arguments[..], &[&*format!("--now={now}")]].concat(),
            );
            assert!(
                [0, 1, 2, 3].contains(&run.status),
                "{now} {arguments:?}: {} {}",
                run.status,
                run.stderr
            );
        }
    }
}

#[test]
fn a_bomb_is_one_error_with_its_place_to_every_reader() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let text = "x".repeat(100_000);
    let bomb = format!("a: &a {text}\nb: [{}]\n", "*a,".repeat(20_000));
    write(&path.join("bomb"), &bomb);
    write(&path.join("fine.yaml"), "kind: Pod\n");
    for reader in READERS {
        let reads_no_yaml = ["--cert", "--ca", "--ca-cert", "--csv", "--baseline"];
        if reader
            .iter()
            .any(|argument| reads_no_yaml.contains(argument))
        {
            continue;
        }
        let arguments: Vec<String> = reader
            .iter()
            .map(|argument| argument.replace("FILE", "bomb"))
            .collect();
        let run = finish(command(path).args(arguments));
        let said = run.stderr.lines().chain(run.stdout.lines());
        let places = said.filter(|line| line.contains("bomb:2:")).count();
        assert_eq!(places, 1, "{reader:?}: {} {}", run.stdout, run.stderr);
        assert!([1, 3].contains(&run.status), "{reader:?}");
    }
}

#[test]
fn a_check_that_looked_at_nothing_says_so() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir_all(path.join("empty")).unwrap();
    std::fs::create_dir_all(path.join("others")).unwrap();
    let other = "image: {repository: nginx}\nreplicaCount: 2\n";
    write(&path.join("other.yaml"), other);
    write(&path.join("others/ci.yaml"), other);
    write(&path.join("nginx.conf"), "server { listen 80; }\n");
    write(
        &path.join("pod.yaml"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    );
    for (arguments, said) in [
        (
            &["lint", "other.yaml"][..],
            "warning: other.yaml: nothing in it is checked",
        ),
        (
            &["lint", "nginx.conf"],
            "warning: nginx.conf: nothing in it is checked",
        ),
        (
            &["lint", "pod.yaml", "other.yaml"],
            "warning: other.yaml: nothing in it is checked",
        ),
        (&["lint", "others"], "warning: others: nothing is checked"),
        (&["lint", "empty"], "warning: empty contains no YAML"),
        (
            &[
                "new-instance",
                "a",
                "--host",
                "a.example.org",
                "-f",
                "other.yaml",
            ],
            "warning: other.yaml: none of its keys belongs to the Civiparoisse chart",
        ),
    ] {
        let run = run_in(path, arguments);
        assert_eq!(run.status, 0, "{arguments:?}: {}", run.stderr);
        let warnings = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning: "));
        let warnings: Vec<&str> = warnings.collect();
        assert_eq!(warnings.len(), 1, "{arguments:?}: {}", run.stderr);
        assert!(
            warnings[0].starts_with(said),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    write(&path.join("values.yaml"), "mail: {x: 1}\nimage: x\n");
    for arguments in [
        &["lint", "pod.yaml"][..],
        &["lint", "."],
        &[
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "-f",
            "values.yaml",
        ],
    ] {
        let run = run_in(path, arguments);
        assert!(
            !run.stderr.contains("warning: "),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    for arguments in [
        &["status", "empty"][..],
        &["status", "others"],
        &["inspect", "other.yaml"],
    ] {
        let run = run_in(path, arguments);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{arguments:?}");
        assert!(
            run.stderr.contains("there is no certificate"),
            "{}",
            run.stderr
        );
    }
}
