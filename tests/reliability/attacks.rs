//! What others put into a tree, what they do to a run, and what they could read of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::judge::Tree;
use crate::points::{copy, printed_key};
use crate::program::{Injection, Outcome, PROGRAM, command, finish, run, run_injected, run_under};
use crate::scenario::{DUE, FleetText, MADE, identity_file, render};

/// A case: its name is the sentence it proves.
type Case = (&'static str, fn());

pub(crate) const CASES: &[Case] = &[
    ("no_umask_shows_a_key_to_others", umask),
    (
        "of_25_runs_at_once_one_works_and_24_say_that_it_is_locked",
        at_once,
    ),
    (
        "a_symbolic_link_in_the_tree_is_refused_and_its_target_untouched",
        links,
    ),
    (
        "a_planted_link_under_a_name_of_our_own_is_removed_and_its_target_untouched",
        planted_aside,
    ),
    ("foreign_files_are_listed_and_never_touched", foreign),
    (
        "a_foreign_file_in_the_way_is_refused_and_taken_over_when_told",
        adopted,
    ),
    (
        "pruning_keeps_to_its_limit_and_never_empties_a_tree",
        pruning,
    ),
    ("an_interrupted_run_leaves_nothing_half_done", interrupted),
    ("a_file_size_limit_leaves_no_partial_file", size_limit),
    (
        "a_reader_that_goes_away_misses_the_report_and_nothing_else",
        closed_pipe,
    ),
    ("a_full_stdout_ends_a_run_with_one_line", full_stdout),
    ("what_cannot_be_looked_at_is_not_taken_for_absent", blind),
    (
        "a_system_that_gives_no_random_numbers_ends_a_run_with_one_line_before_anything_is_written",
        without_randomness,
    ),
    (
        "a_run_that_gets_no_thread_does_all_alone_and_one_that_asked_for_some_says_so",
        without_threads,
    ),
    (
        "a_directory_that_is_mounted_is_filled_file_by_file_and_left_empty_when_it_goes",
        mounted,
    ),
    ("no_private_key_is_printed_by_any_command", canary),
    (
        "no_pair_of_six_one_shot_runs_at_once_is_mismatched",
        crate::oneshot::concurrent,
    ),
    (
        "a_run_that_gives_up_leaves_alone_what_another_has_claimed",
        crate::oneshot::claimed,
    ),
    (
        "a_file_system_that_fills_up_leaves_nothing_of_a_one_shot_run",
        crate::oneshot::full,
    ),
    (
        "an_interrupted_one_shot_run_leaves_nothing_unfinished",
        crate::oneshot::interrupted,
    ),
];

/// Makes a tree in a directory of its own.
fn made(fleet: &FleetText) -> TempDir {
    let place = TempDir::new().expect("a directory");
    fleet.write(place.path());
    run(place.path(), &render(MADE, &[])).good();
    place
}

fn plain() -> FleetText {
    FleetText::new("instance", "plain")
}

fn tree(place: &TempDir) -> Tree {
    Tree::read(&place.path().join("tree"))
}

/// Returns every file below a directory with its bytes; for a link, its target.
fn snapshot(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            let kind = fs::symlink_metadata(&path).expect("it exists").file_type();
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).expect("readable");
                found.insert(path, target.into_os_string().into_encoded_bytes());
            } else {
                let bytes = fs::read(&path).expect("readable");
                found.insert(path, bytes);
            }
        }
    }
    found
}

fn umask() {
    for umask in ["000", "022", "077"] {
        for layout in ["instance", "flat"] {
            let place = TempDir::new().expect("a directory");
            FleetText::new(layout, "plain").write(place.path());
            run_under(place.path(), umask, &render(MADE, &[])).good();
            run_under(place.path(), umask, &render(DUE, &[])).good();
            assert_eq!(tree(&place).exposed, [""; 0], "{umask} {layout}");
        }
    }
}

fn at_once() {
    let place = made(&plain());
    // Something is left to do for whoever comes first, and a while to do it in.
    let start = || -> Child {
        command(place.path(), &render(DUE, &[]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    };
    for round in 0..2 {
        let mut runs: Vec<Child> = (0..25).map(|_| start()).collect();
        let mut reads = 0;
        while reads < 20
            || runs
                .iter_mut()
                .any(|run| run.try_wait().expect("it runs").is_none())
        {
            reads += 1;
            for path in ["instances/p07/secret-selfcert.yaml", "kustomization.yaml"] {
                let text = fs::read_to_string(place.path().join("tree").join(path));
                let text = text.expect("a file is there at every moment");
                assert!(
                    text.starts_with("# civi-ingress:managed ") && text.ends_with('\n'),
                    "{text}"
                );
                civi_ingress::yaml::read_all(&text, path).expect("a file is whole at every moment");
            }
        }
        let mut winners = 0;
        for run in runs {
            let output = run.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => winners += 1,
                Some(6) => assert!(
                    stderr.starts_with("error: another run has locked tree\n"),
                    "{stderr}"
                ),
                other => panic!("{other:?}: {stderr}"),
            }
        }
        assert!(winners >= 1, "round {round}");
    }
    run(place.path(), &check()).good();
}

fn check() -> Vec<&'static str> {
    let mut arguments = render(DUE, &[]);
    arguments[1] = "check";
    arguments
}

fn links() {
    let origin = made(&plain());
    for path in [
        "cluster",
        "instances",
        "instances/p03",
        "instances/p03/secret-selfcert.yaml",
        "instances/p03/kustomization.yaml",
        "kustomization.yaml",
        ".civi-ingress.yaml",
    ] {
        let place = copy(origin.path());
        let planted = place.path().join("tree").join(path);
        let victim = place.path().join("victim");
        fs::rename(&planted, &victim).expect("writable");
        symlink(&victim, &planted).expect("writable");
        let before = snapshot(place.path());
        let outcome = run(place.path(), &render(DUE, &[]));
        assert_eq!(outcome.status, Some(5), "{path}: {}", outcome.stderr);
        assert!(
            outcome.stderr.starts_with("error: tree/"),
            "{path}: {}",
            outcome.stderr
        );
        assert!(
            before == snapshot(place.path()),
            "{path}: something was changed"
        );
    }
    let place = copy(origin.path());
    fs::rename(place.path().join("tree"), place.path().join("victim")).expect("writable");
    symlink("victim", place.path().join("tree")).expect("writable");
    let before = snapshot(place.path());
    let outcome = run(place.path(), &render(DUE, &[]));
    assert_eq!(outcome.status, Some(5), "{}", outcome.stderr);
    assert!(before == snapshot(place.path()), "something was changed");
}

fn planted_aside() {
    let place = made(&plain());
    let victim = place.path().join("victim");
    fs::create_dir(&victim).expect("writable");
    fs::write(victim.join("file"), "kept\n").expect("writable");
    let targets = [
        "tree/.civi-ingress-kustomization.yaml",
        "tree/instances/.civi-ingress-p03",
        "tree/instances/p04/.civi-ingress-secret-selfcert.yaml",
    ];
    for target in targets {
        symlink(&victim, place.path().join(target)).expect("writable");
    }
    run(place.path(), &render(DUE, &[])).good();
    assert_eq!(
        fs::read_to_string(victim.join("file")).expect("it is there"),
        "kept\n"
    );
    for target in targets {
        assert!(
            fs::symlink_metadata(place.path().join(target)).is_err(),
            "{target}"
        );
    }
    run(place.path(), &check()).good();
}

fn foreign() {
    let place = made(&plain());
    let root = place.path().join("tree");
    let texts: [(&str, &[u8]); 5] = [
        ("instances/p03/README.md", b"%TAG [no: {YAML\n"),
        ("instances/notes.txt", b"ours too\n"),
        ("cluster/extra.yaml", b"kind: ConfigMap\n"),
        ("instances/logo.png", b"\x89PNG\r\n\x1a\n\0\0\xff"),
        ("instances/p05/icon.png", b"\x89PNG\r\n\x1a\n\0\0\xff"),
    ];
    for (path, text) in texts {
        fs::write(root.join(path), text).expect("writable");
    }
    // Latin-1: a name that is not text.
    let odd = root
        .join("instances/p06")
        .join(OsStr::from_bytes(b"caf\xe9.txt"));
    fs::write(&odd, "ours\n").expect("writable");
    let outcome = run(
        place.path(),
        &render(DUE, &["--prune", "--summary", "json"]),
    );
    let stdout = outcome.good();
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("it is JSON");
    for (path, text) in texts {
        assert_eq!(
            fs::read(root.join(path)).expect("it is there"),
            text,
            "{path}"
        );
        let listed = report["foreign"].as_array().expect("a list");
        assert!(
            listed.iter().any(|found| found == path),
            "{path} in {listed:?}"
        );
    }
    run(place.path(), &check()).good();
    assert!(odd.exists());
    // Nor are they touched when their instance goes.
    plain().without(18).write(place.path());
    run(
        place.path(),
        &render(DUE, &["--prune", "--prune-max", "18"]),
    )
    .good();
    for (path, text) in texts {
        assert_eq!(
            fs::read(root.join(path)).expect("it is there"),
            text,
            "{path}"
        );
    }
    assert!(!root.join("instances/p03/secret-selfcert.yaml").exists());
    assert!(odd.exists());
}

fn adopted() {
    let place = made(&plain());
    let path = place
        .path()
        .join("tree/instances/p03/ingressroute-ingressproxy.yaml");
    let ours = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, "kind: IngressRoute\n").expect("writable");
    let before = snapshot(place.path());
    let outcome = run(place.path(), &render(DUE, &[]));
    assert_eq!(outcome.status, Some(5), "{}", outcome.stderr);
    assert_eq!(
        outcome.stderr.lines().next(),
        Some(
            "error: instances/p03/ingressroute-ingressproxy.yaml: the file does not belong to this fleet and is in the way"
        )
    );
    assert!(before == snapshot(place.path()), "something was changed");
    run(place.path(), &render(MADE, &["--adopt"])).good();
    assert_eq!(fs::read_to_string(&path).expect("it is there"), ours);
}

fn pruning() {
    let place = made(&plain());
    let before = snapshot(&place.path().join("tree"));
    let refused = |extra: &[&'static str], what: &str| {
        let outcome = run(place.path(), &render(MADE, extra));
        assert_eq!(outcome.status, Some(5), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().next(), Some(what));
        assert!(
            before == snapshot(&place.path().join("tree")),
            "something was changed"
        );
    };
    plain().without(12).write(place.path());
    refused(
        &["--prune"],
        "error: 12 instances would be removed, and at most 4 may",
    );
    refused(
        &["--prune", "--prune-max", "11"],
        "error: 12 instances would be removed, and at most 11 may",
    );
    plain().without(20).write(place.path());
    refused(
        &["--prune"],
        "error: the fleet has no instances: nothing is pruned",
    );
    refused(
        &["--prune", "--prune-max", "100"],
        "error: the fleet has no instances: nothing is pruned",
    );
    plain().without(12).write(place.path());
    run(
        place.path(),
        &render(MADE, &["--prune", "--prune-max", "12"]),
    )
    .good();
    let left = fs::read_dir(place.path().join("tree/instances"))
        .expect("readable")
        .count();
    assert_eq!(left, 8);
}

fn interrupted() {
    let origin = made(&plain());
    let mut interrupted = 0;
    // The signal comes at a call, not after a time: a run may be faster than any. Not SIGINT, which what runs in the
    // background of a script ignores.
    for at in (1..200).step_by(10) {
        let place = copy(origin.path());
        let injection = Injection {
            call: "openat",
            at,
            effect: "signal=SIGTERM".to_owned(),
            also: None,
        };
        let (outcome, was_hit) = run_injected(place.path(), "022", &injection, &render(DUE, &[]));
        if was_hit {
            interrupted += 1;
        } else {
            outcome.good();
        }
        run(place.path(), &render(DUE, &[])).good();
        run(place.path(), &check()).good();
        assert_eq!(tree(&place).aside, [""; 0]);
    }
    assert!(
        interrupted >= 10,
        "{interrupted} of 20 runs were interrupted"
    );
}

fn size_limit() {
    // Secrets are larger than the limit of 1 KiB: their writing is cut off, and the kernel kills the run.
    for layout in ["instance", "flat"] {
        let place = TempDir::new().expect("a directory");
        FleetText::new(layout, "plain").write(place.path());
        let mut shell = std::process::Command::new("bash");
        shell
            .args(["-c", "ulimit -f 1; exec \"$@\"", "bash", PROGRAM])
            .args(render(MADE, &[]))
            .current_dir(place.path());
        let output = shell.output().expect("bash starts");
        assert!(!output.status.success(), "{:?}", output.status);
        for (path, text) in &tree(&place).files {
            assert!(text.len() <= 1024, "{path} was written");
        }
        run(place.path(), &render(MADE, &[])).good();
        assert_eq!(tree(&place).aside, [""; 0]);
    }
}

fn closed_pipe() {
    let place = made(&plain());
    // As `head -c1`, which may go before all is printed; this one goes at once.
    let mut child = command(
        place.path(),
        &render(DUE, &["--summary", "json", "--quiet"]),
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut stderr)
        .expect("a text");
    let status = child.wait().expect("it ends");
    assert_eq!((status.code(), stderr.as_str()), (Some(141), ""));
    run(place.path(), &check()).good();
}

fn full_stdout() {
    let place = made(&plain());
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("it is there");
    let mut command = command(
        place.path(),
        &render(DUE, &["--summary", "json", "--quiet"]),
    );
    let outcome = finish(command.stdout(full));
    assert_eq!(outcome.status, Some(4), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    run(place.path(), &check()).good();
}

/// Runs where one path cannot be looked at.
fn run_blind(place: &TempDir, path: &str, arguments: &[&str]) -> Outcome {
    let mut strace = std::process::Command::new("strace");
    strace
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(place.path().join(path))
        .args(["-e", "inject=statx,newfstatat,openat:error=EIO", PROGRAM])
        .args(arguments)
        .current_dir(place.path());
    finish(&mut strace)
}

fn blind() {
    // The Git work tree is not taken for none: keys in clear text would go into it.
    let place = TempDir::new().expect("a directory");
    fs::create_dir(place.path().join(".git")).expect("writable");
    plain().write(place.path());
    let outcome = run_blind(&place, ".git", &render(MADE, &[]));
    assert_eq!(outcome.status, Some(5), "{}", outcome.stderr);
    assert!(!place.path().join("tree").exists());
    // The recipients are not taken from a file further up.
    let place = TempDir::new().expect("a directory");
    let inner = place.path().join("inner");
    fs::create_dir(&inner).expect("writable");
    FleetText::new("instance", "sops").write(&inner);
    let fleet = fs::read_to_string(inner.join("fleet.yaml")).expect("it is there");
    let (before, rest) = fleet
        .split_once(", recipients: [")
        .expect("it has recipients");
    let (recipient, after) = rest.split_once(']').expect("a list");
    fs::write(inner.join("fleet.yaml"), format!("{before}{after}")).expect("writable");
    let rules = format!("creation_rules:\n  - age: {recipient}\n");
    fs::write(place.path().join(".sops.yaml"), &rules).expect("writable");
    fs::write(inner.join(".sops.yaml"), &rules).expect("writable");
    let arguments = [
        "gitops",
        "render",
        "-f",
        "inner/fleet.yaml",
        "--output-dir",
        "inner/tree",
    ];
    let outcome = run_blind(&place, "inner/.sops.yaml", &arguments);
    assert_eq!(outcome.status, Some(4), "{}", outcome.stderr);
    assert!(!inner.join("tree").exists());
    run(place.path(), &arguments).good();
}

/// Runs where every call of some kinds is refused: `call,call:error=…`. Says too whether one was.
fn run_refused(place: &Path, refusal: &str, arguments: &[&str]) -> (Outcome, bool) {
    let log = TempDir::new().expect("a directory");
    let log = log.path().join("calls");
    let (calls, _) = refusal.split_once(':').expect("calls and an error");
    let mut strace = std::process::Command::new("strace");
    strace
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .args(["-e", &format!("trace={calls}")])
        .args(["-e", &format!("inject={refusal}"), PROGRAM])
        .args(arguments)
        .current_dir(place);
    let outcome = finish(&mut strace);
    let log = fs::read_to_string(&log).expect("strace writes its log");
    (outcome, log.contains("(INJECTED)"))
}

fn without_randomness() {
    let place = made(&plain());
    let new_instance = ["new-instance", "a", "--host", "a.example.org"];
    let with = |more: &[&'static str]| [&new_instance[..], more].concat();
    let mut diff = render(DUE, &[]);
    diff[1] = "diff";
    let commands = [
        render(DUE, &[]),
        diff,
        check(),
        with(&[]),
        with(&["--output-dir", "new"]),
        vec!["ca", "--output-dir", "new"],
        vec!["lint", "tree"],
        vec!["status", "tree"],
        vec!["inspect", "tree"],
    ];
    let before = snapshot(place.path());
    for arguments in &commands {
        for error in ["EIO", "EAGAIN"] {
            let refusal = format!("getrandom:error={error}");
            let (outcome, was_refused) = run_refused(place.path(), &refusal, arguments);
            let what = format!("{arguments:?} {error}: {outcome:?}");
            assert!(was_refused, "{what}");
            assert_eq!(outcome.status, Some(4), "{what}");
            assert_eq!(outcome.stdout, "", "{what}");
            assert!(
                outcome
                    .stderr
                    .starts_with("error: the system provides no random numbers: ")
                    && outcome.stderr.lines().count() == 1,
                "{what}"
            );
            assert!(before == snapshot(place.path()), "{what}");
        }
    }
    // A system without the call has a device in its place.
    let (outcome, _) = run_refused(place.path(), "getrandom:error=ENOSYS", &render(DUE, &[]));
    outcome.good();
    run(place.path(), &check()).good();
}

fn without_threads() {
    let refusal = "clone3,clone:error=EAGAIN";
    let place = TempDir::new().expect("a directory");
    plain().write(place.path());
    let mut many = render(MADE, &[]);
    let jobs = many.iter().position(|argument| *argument == "--jobs");
    let jobs = jobs.expect("it is there");
    many[jobs + 1] = "4";
    let before = snapshot(place.path());
    let (outcome, was_refused) = run_refused(place.path(), refusal, &many);
    assert!(was_refused);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(4), ""));
    assert!(
        outcome.stderr.starts_with("error: cannot start threads: ")
            && outcome.stderr.lines().count() == 1,
        "{}",
        outcome.stderr
    );
    assert!(before == snapshot(place.path()), "something was written");
    many.drain(jobs..jobs + 2);
    let mut check_all = many.clone();
    check_all[1] = "check";
    for arguments in [
        many,
        check_all,
        vec!["lint", "tree", "--now", MADE],
        vec!["status", "tree", "--now", MADE],
        vec![
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "--output-dir",
            "new",
        ],
    ] {
        let (outcome, was_refused) = run_refused(place.path(), refusal, &arguments);
        assert_eq!(outcome.status, Some(0), "{arguments:?}: {}", outcome.stderr);
        assert!(was_refused || arguments[0] != "gitops", "{arguments:?}");
    }
    assert_eq!(tree(&place).aside, [""; 0]);
}

/// Runs where a directory is mounted on itself, as a container's volumes are mounted.
fn run_mounted(place: &Path, directory: &str, arguments: &[&str]) -> Outcome {
    let mut unshare = std::process::Command::new("unshare");
    let script = format!("mount --bind {directory} {directory} && exec \"$@\"");
    unshare
        .args([
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
            PROGRAM,
        ])
        .args(arguments)
        .current_dir(place);
    finish(&mut unshare)
}

fn mounted() {
    let place = TempDir::new().expect("a directory");
    let new = place.path().join("new");
    fs::create_dir(&new).expect("writable");
    let arguments = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--output-dir",
        "new",
    ];
    run_mounted(place.path(), "new", &arguments).good();
    let first = snapshot(&new);
    assert!(first.len() >= 4, "{first:?}");
    let again = [&arguments[..], &["--force", "--replace-keys"]].concat();
    run_mounted(place.path(), "new", &again).good();
    let second = snapshot(&new);
    assert!(first.keys().eq(second.keys()) && first != second);
    let place = made(&plain());
    run_mounted(place.path(), "tree/instances/p20", &render(DUE, &[])).good();
    run(place.path(), &check()).good();
    plain().without(1).write(place.path());
    run_mounted(
        place.path(),
        "tree/instances/p20",
        &render(DUE, &["--prune"]),
    )
    .good();
    let gone = place.path().join("tree/instances/p20");
    assert_eq!(snapshot(&gone).len(), 0);
    assert_eq!(tree(&place).aside, [""; 0]);
}

/// Returns every piece of 24 characters of the keys in a tree, in base64 once and twice.
fn keys(place: &TempDir) -> Vec<String> {
    let mut keys = Vec::new();
    for text in tree(place).files.values() {
        for value in text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(_, value)| value)
        {
            let bytes = STANDARD.decode(value.trim_matches('"')).unwrap_or_default();
            let pem = String::from_utf8(bytes).unwrap_or_default();
            if pem.starts_with("-----BEGIN PRIVATE KEY") {
                keys.push(value[60..84].to_owned());
                // Past what all P-256 keys begin with.
                let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
                keys.push(body[60..84].to_owned());
            }
        }
    }
    assert!(keys.len() >= 2 * 2 * 20, "{}", keys.len());
    keys
}

fn canary() {
    let place = TempDir::new().expect("a directory");
    plain().write(place.path());
    fs::write(place.path().join("id"), identity_file()).expect("writable");
    fs::set_permissions(place.path().join("id"), fs::Permissions::from_mode(0o600))
        .expect("writable");
    let mut outcomes: Vec<(String, Outcome)> = Vec::new();
    let mut known = Vec::new();
    let mut play = |arguments: &[&str], place: &TempDir| {
        outcomes.push((arguments.join(" "), run(place.path(), arguments)));
    };
    play(&render(MADE, &["--summary", "json"]), &place);
    known.extend(keys(&place));
    let with = |verb: &'static str, now: &'static str, extra: &[&'static str]| {
        let mut arguments = render(now, extra);
        arguments[1] = verb;
        arguments
    };
    plain().changed().write(place.path());
    play(&with("diff", MADE, &[]), &place);
    play(&with("check", MADE, &["--annotations", "github"]), &place);
    play(&with("check", DUE, &["--annotations", "gitlab"]), &place);
    play(&with("diff", DUE, &[]), &place);
    play(&render(DUE, &["--prune"]), &place);
    known.extend(keys(&place));
    // The keys are encrypted, and reissued.
    FleetText::new("flat", "sops").write(place.path());
    play(&with("diff", DUE, &["--identity", "id"]), &place);
    play(&render(DUE, &["--prune", "--identity", "id"]), &place);
    plain().write(place.path());
    play(&with("diff", DUE, &["--identity", "id"]), &place);
    play(&render(DUE, &["--prune", "--identity", "id"]), &place);
    known.extend(keys(&place));
    // A Secret that is damaged is spoken of.
    let path = place.path().join("tree/instances/p03/secret-selfcert.yaml");
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, text.replace("data:\n", "data: [\n")).expect("writable");
    play(&render(DUE, &[]), &place);
    play(&with("diff", DUE, &[]), &place);
    fs::write(&path, text.replace("externkey: ", "externkey: !!binary ")).expect("writable");
    play(&render(DUE, &[]), &place);
    let identity = identity_file();
    for (what, outcome) in &outcomes {
        assert!(matches!(outcome.status, Some(0..=5)), "{what}: {outcome:?}");
        assert_eq!(printed_key(outcome), None, "{what}");
        for printed in [&outcome.stdout, &outcome.stderr] {
            assert!(
                !printed.contains(&identity[20..40]),
                "{what} prints the identity"
            );
            for key in &known {
                assert!(!printed.contains(key), "{what} prints a part of a key");
            }
        }
    }
    assert!(
        outcomes
            .iter()
            .any(|(_, outcome)| outcome.stdout.contains("<redacted sha256:"))
    );
}
