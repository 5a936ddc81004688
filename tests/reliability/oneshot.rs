//! The commands that write once, killed and failed: a directory is old or new as a whole, every key is with its
//! certificate, and the next run brings right what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::pki::{Certificate, PrivateKey, verify};
use tempfile::TempDir;

use crate::points::{Kind, copy, injections, printed_key, spread};
use crate::program::{Outcome, count_calls, run, run_injected, run_under};
use crate::totals::{Totals, Wrong};

/// How the names begin of what a run is writing.
const ASIDE: &str = ".civi-ingress-";

type Found = Vec<(Wrong, String)>;
type Files = BTreeMap<String, Vec<u8>>;

/// A run that is killed and failed.
pub(crate) struct OneShot {
    pub(crate) name: &'static str,
    /// The runs before it, and files and folders of others: `PATH/` or `PATH`.
    before: &'static [&'static str],
    foreign: &'static [&'static str],
    arguments: &'static str,
    /// The directory that is written.
    directory: Option<&'static str>,
    /// Whether it goes from old to new at once, before the next run.
    at_once: bool,
}

const CERT: &str = "cert --dns a.example.org --output-dir pem";
const CERT_BESIDE: &str = "cert --dns a.example.org --output-dir pem --ca-key-out ca.key";
const INSTANCE: &str =
    "new-instance p --host a.example.org --output-dir out --now 2026-11-24T10:00:00Z";

impl OneShot {
    pub(crate) fn all() -> Vec<Self> {
        let usual = |name, before, arguments, directory| Self {
            name,
            before,
            foreign: &[],
            arguments,
            directory: Some(directory),
            at_once: true,
        };
        vec![
            usual(
                "a_new_instance",
                &[],
                "new-instance p --host a.example.org --output-dir out --ca-key-out ca.key",
                "out",
            ),
            usual(
                "an_instance_with_new_keys",
                &[INSTANCE],
                "new-instance p --host a.example.org --output-dir out --replace-keys",
                "out",
            ),
            usual(
                "an_instance_that_is_renewed",
                &[INSTANCE],
                "new-instance p --host a.example.org --output-dir out --reuse out --force --now 2027-09-20T10:00:00Z",
                "out",
            ),
            usual("a_new_certificate", &[], CERT_BESIDE, "pem"),
            Self {
                foreign: &["pem/notes.txt"],
                ..usual(
                    "a_certificate_with_new_keys_beside_a_file_of_others",
                    &[CERT_BESIDE],
                    "cert --dns a.example.org --output-dir pem --ca-key-out ca.key --replace-keys",
                    "pem",
                )
            },
            Self {
                foreign: &["pem/folder/notes.txt"],
                at_once: false,
                ..usual(
                    "a_certificate_with_new_keys_in_a_directory_with_folders",
                    &[CERT],
                    "cert --dns a.example.org --output-dir pem --replace-keys",
                    "pem",
                )
            },
            usual("a_new_ca", &[], "ca --output-dir ca", "ca"),
            usual(
                "a_wildcard_with_files_beside_it",
                &[],
                "wildcard-secret --domain example.org --output-dir wild --ca-out ca.crt --ca-key-out ca.key",
                "wild",
            ),
            usual(
                "a_wildcard_with_new_keys_and_files_beside_it",
                &[
                    "wildcard-secret --domain example.org --output-dir wild --ca-out ca.crt --ca-key-out ca.key",
                ],
                "wildcard-secret --domain example.org --output-dir wild --ca-out ca.crt --ca-key-out ca.key --replace-keys",
                "wild",
            ),
            Self {
                directory: None,
                ..usual(
                    "a_wildcard_on_stdout",
                    &[],
                    "wildcard-secret --domain example.org --ca-key-out ca.key",
                    "",
                )
            },
            usual(
                "an_import",
                &[
                    "new-instance p1 --host p1.example.org",
                    "new-instance p2 --host p2.example.org",
                ],
                "gitops import --secrets found.yaml --output-dir tree --plain",
                "tree",
            ),
            Self {
                foreign: &["tree/folder/notes.txt"],
                at_once: false,
                ..usual(
                    "an_import_into_a_directory_with_folders",
                    &[
                        "new-instance p1 --host p1.example.org",
                        "new-instance p2 --host p2.example.org",
                    ],
                    "gitops import --secrets found.yaml --output-dir tree --plain",
                    "tree",
                )
            },
        ]
    }

    fn arguments(&self) -> Vec<&'static str> {
        self.arguments.split(' ').collect()
    }

    fn set_up(&self, place: &Path) {
        let mut printed = String::new();
        for arguments in self.before {
            printed += &run(place, &arguments.split(' ').collect::<Vec<_>>()).good();
        }
        if !printed.is_empty() {
            fs::write(place.join("found.yaml"), printed).expect("writable");
            let only_owner = fs::Permissions::from_mode(0o600);
            fs::set_permissions(place.join("found.yaml"), only_owner).expect("writable");
        }
        for path in self.foreign {
            let path = place.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("writable");
            fs::write(path, "theirs\n").expect("writable");
        }
    }
}

/// Takes the points of a run.
pub(crate) fn take(case: &OneShot, kind: Kind, totals: &Totals) {
    let origin = TempDir::new().expect("a directory");
    case.set_up(origin.path());
    let reference = copy(origin.path());
    let calls = count_calls(reference.path(), None, &case.arguments(), ASIDE);
    let judge = Judge {
        case,
        old: files(origin.path()),
        new: files(reference.path()),
    };
    let mut found: Found = Vec::new();
    let mut taken = 0;
    for (index, injection) in spread(injections(kind, None, &calls))
        .into_iter()
        .enumerate()
    {
        let umask = if index % 2 == 0 { "000" } else { "022" };
        let place = copy(origin.path());
        let (outcome, took_place) =
            run_injected(place.path(), umask, &injection, &case.arguments());
        if !took_place {
            continue;
        }
        taken += 1;
        let mut wrong = judge.left(place.path(), &outcome);
        wrong.extend(judge.next(place.path(), umask));
        let what = format!(
            "{} {} of {}",
            injection.effect, injection.at, injection.call
        );
        let stderr = outcome.stderr.lines().next().unwrap_or_default().to_owned();
        found.extend(wrong.into_iter().map(|(wrong, text)| {
            (
                wrong,
                format!("{what}: {text} (status {:?}, {stderr})", outcome.status),
            )
        }));
    }
    let (kills, faults) = match kind {
        Kind::Kill => (taken, 0),
        Kind::Fault => (0, taken),
    };
    totals.add(kills, faults, found.iter().map(|(wrong, _)| *wrong));
    assert!(taken > 0, "no point was reached");
    assert!(
        found.is_empty(),
        "{} of {taken} points: {:#?}",
        found.len(),
        found.iter().take(12).collect::<Vec<_>>()
    );
}

/// Reads all files below a directory but the log of `strace`.
fn files(place: &Path) -> Files {
    let mut found = Files::new();
    let mut pending = vec![place.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let below = path
                .strip_prefix(place)
                .expect("it is below")
                .display()
                .to_string();
            if below != "strace.log" {
                found.insert(below, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

fn is_aside(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with(ASIDE))
}

struct Judge<'a> {
    case: &'a OneShot,
    old: Files,
    new: Files,
}

impl Judge<'_> {
    /// Judges what a killed or failed run left.
    fn left(&self, place: &Path, outcome: &Outcome) -> Found {
        let now = files(place);
        let mut found = exposed(place, &now);
        if matches!(outcome.status, Some(101 | 134)) {
            found.push((Wrong::Status, outcome.stderr.clone()));
        }
        if let Some(line) = printed_key(outcome).filter(|_| self.case.directory.is_some()) {
            found.push((Wrong::Printed, line));
        }
        if outcome.status == Some(0) {
            found.extend(self.done(&now));
        }
        let mut groups = Vec::new();
        if let Some(directory) = self.case.directory {
            let is_old = group(&now, directory) == group(&self.old, directory);
            groups.push((directory, is_old, self.is_new(&now, directory)));
        }
        for (path, bytes) in now.iter().filter(|(path, _)| !is_aside(path)) {
            let is_whole = self.old.get(path) == Some(bytes)
                || self
                    .new
                    .get(path)
                    .is_some_and(|new| shape(new) == shape(bytes));
            if !is_whole {
                found.push((Wrong::Partial, path.clone()));
            }
        }
        for (directory, is_old, is_new) in groups {
            if !self.case.at_once {
                continue;
            }
            if !is_old && !is_new {
                found.push((Wrong::Mixed, directory.to_owned()));
            }
            found.extend(pairs(&group(&now, directory)));
            found.extend(self.authority(&now, |path| {
                path == "ca.key"
                    || path.starts_with(".civi-ingress-ready-") && path.ends_with("-ca.key")
            }));
        }
        found
    }

    /// Finds a CA whose key should be beside its directory and is not.
    fn authority(&self, now: &Files, is_place: impl Fn(&str) -> bool) -> Found {
        let (Some(directory), true) = (self.case.directory, self.new.contains_key("ca.key")) else {
            return Vec::new();
        };
        let Some(certificate) = authority(&group(now, directory)) else {
            return Vec::new();
        };
        let is_there = now
            .iter()
            .filter(|(path, _)| is_place(path))
            .any(|(_, bytes)| belong(&certificate, &String::from_utf8_lossy(bytes)));
        if is_there {
            Vec::new()
        } else {
            vec![(Wrong::Lost, "the CA's key".to_owned())]
        }
    }

    fn is_new(&self, now: &Files, directory: &str) -> bool {
        let (old, now, new) = (
            group(&self.old, directory),
            group(now, directory),
            group(&self.new, directory),
        );
        now.len() == new.len()
            && new.iter().all(|(path, new)| {
                let Some(now) = now.get(path) else {
                    return false;
                };
                match old.get(path) {
                    Some(old) if old == new => now == old,
                    Some(old) => now != old && shape(now) == shape(new),
                    None => shape(now) == shape(new),
                }
            })
    }

    /// Judges what is there when all is done.
    fn done(&self, now: &Files) -> Found {
        let diverging = |what: &str| (Wrong::Diverging, what.to_owned());
        let mut found = Vec::new();
        let visible: BTreeSet<&String> = now.keys().collect();
        let wanted: BTreeSet<&String> = self.new.keys().collect();
        found.extend(
            visible
                .symmetric_difference(&wanted)
                .map(|path| diverging(path)),
        );
        for (path, new) in &self.new {
            if now.get(path).is_some_and(|now| shape(now) != shape(new)) {
                found.push(diverging(path));
            }
        }
        if let Some(directory) = self.case.directory {
            found.extend(pairs(&group(now, directory)));
        }
        found.extend(self.authority(now, |path| path == "ca.key"));
        found
    }

    /// Lets the same run go over what is left.
    fn next(&self, place: &Path, umask: &str) -> Found {
        let next = run_under(place, umask, &self.case.arguments());
        // What had become complete is not written over.
        if !matches!(next.status, Some(0 | 5)) {
            return vec![(
                Wrong::Diverging,
                format!("the next run: {:?} {}", next.status, next.stderr),
            )];
        }
        let now = files(place);
        let mut found = self.done(&now);
        found.extend(exposed(place, &now));
        found
            .into_iter()
            .map(|(wrong, text)| (wrong, format!("after the next run: {text}")))
            .collect()
    }
}

fn group(files: &Files, directory: &str) -> Files {
    let below = format!("{directory}/");
    files
        .iter()
        .filter(|(path, _)| path.starts_with(&below) && !is_aside(path))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

/// Finds keys that others can read, finished or not.
fn exposed(place: &Path, files: &Files) -> Found {
    let holds_key = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains("PRIVATE KEY-") || text.contains("LS0tLS1CRUdJTiBQUklWQVRF")
    };
    files
        .iter()
        .filter(|(_, bytes)| holds_key(bytes))
        .filter_map(|(path, _)| {
            let mode = fs::metadata(place.join(path)).ok()?.permissions().mode();
            (mode & 0o077 != 0).then(|| (Wrong::Exposed, format!("{path} has mode {mode:o}")))
        })
        .collect()
}

/// Returns the PEM texts of a file by what they are called.
fn texts(path: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if text.starts_with("-----BEGIN ") {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        return BTreeMap::from([(name, text)]);
    }
    let decoded = |value: &str| {
        let bytes = STANDARD.decode(value.trim_matches('"')).ok()?;
        String::from_utf8(bytes)
            .ok()
            .filter(|text| text.starts_with("-----BEGIN "))
    };
    text.lines()
        .filter_map(|line| line.trim_start().split_once(": "))
        .filter_map(|(key, value)| Some((key.to_owned(), decoded(value)?)))
        .collect()
}

fn belong(certificate: &str, key: &str) -> bool {
    Certificate::all_from_pem(certificate)
        .ok()
        .and_then(|all| all.into_iter().next())
        .zip(PrivateKey::from_pem(key).ok())
        .is_some_and(|(certificate, key)| verify::belongs(&certificate, &key).is_ok())
}

/// Finds keys that are not with their certificates: those of one directory, or of one manifest.
fn pairs(files: &Files) -> Found {
    const PAIRS: [(&str, &str); 6] = [
        ("tls.crt", "tls.key"),
        ("ca.crt", "ca.key"),
        ("externcert", "externkey"),
        ("cacert", "cakey"),
        ("dbservercert", "dbserverkey"),
        ("dbcacert", "dbcakey"),
    ];
    let mut all: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for (path, bytes) in files {
        let is_pem = bytes.starts_with(b"-----BEGIN ");
        let holder = if is_pem { "" } else { path.as_str() };
        all.entry(holder).or_default().extend(texts(path, bytes));
    }
    let mut found = Vec::new();
    for (holder, texts) in &all {
        for (certificate, key) in PAIRS {
            let has_pair = match (texts.get(certificate), texts.get(key)) {
                (Some(certificate), Some(key)) => belong(certificate, key),
                (None, Some(_)) => false,
                (_, None) => true,
            };
            if !has_pair {
                found.push((
                    Wrong::Lost,
                    format!("{holder}: {key} is not {certificate}'s"),
                ));
            }
        }
    }
    found
}

/// Returns the certificate of the CA that signed what is in a directory.
fn authority(files: &Files) -> Option<String> {
    let all = files.iter().map(|(path, bytes)| texts(path, bytes));
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for texts in all {
        for (key, text) in texts {
            named.entry(key).or_insert(text);
        }
    }
    named.remove("cacert").or_else(|| named.remove("ca.crt"))
}

/// Returns a text without what differs from run to run; one that was cut off differs.
fn shape(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut in_block = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("-----BEGIN ") {
            in_block = true;
        } else if line.starts_with("-----END ") {
            in_block = false;
        } else if in_block {
            continue;
        }
        out.push_str(line);
    }
    crate::judge::shape(&out)
}

/// Runs at once into one directory: every pair that is left belongs together, and the losers say why.
pub(crate) fn concurrent() {
    let rounds = match std::env::var("CIVI_INGRESS_POINTS").as_deref() {
        Ok("all") => 1000,
        _ => 20,
    };
    let place = TempDir::new().expect("a directory");
    for round in 0..rounds {
        let directory = format!("d{}", round / 2);
        let key = format!("{directory}.key");
        // The first round of two meets no directory, the second one that is there.
        let mut arguments = vec![
            "cert",
            "--dns",
            "a.b",
            "--output-dir",
            &directory,
            "--ca-key-out",
            &key,
        ];
        if round % 2 == 1 {
            arguments.push("--replace-keys");
        }
        let start = || {
            crate::program::command(place.path(), &arguments)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("the program starts")
        };
        let runs: Vec<_> = (0..6).map(|_| start()).collect();
        let mut winners = 0;
        for run in runs {
            let output = run.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => winners += 1,
                Some(5 | 6) => {}
                other => panic!("round {round}: {other:?}: {stderr}"),
            }
        }
        assert!(winners >= 1, "round {round}");
        let now = files(place.path());
        assert!(
            now.keys().all(|path| !is_aside(path)),
            "round {round}: {:?}",
            now.keys()
        );
        let written = group(&now, &directory);
        assert_eq!(written.len(), 3, "round {round}");
        assert_eq!(pairs(&written), Vec::new(), "round {round}");
        let certificate = authority(&written).expect("it is there");
        assert!(
            belong(&certificate, &String::from_utf8_lossy(&now[&key])),
            "round {round}"
        );
    }
}

/// A run that is slow to lock the folder that it has made, which another run meanwhile takes for one that was left.
pub(crate) fn claimed() {
    let place = TempDir::new().expect("a directory");
    let slowly = |call: &str| {
        let mut strace = std::process::Command::new("strace");
        strace
            .args(["-f", "-qq", "-o", "/dev/null", "-e"])
            .arg(format!("trace={call}"))
            .arg("-e")
            .arg(format!("inject={call}:delay_enter=1000000:when=1"))
            .arg(crate::program::PROGRAM)
            .args(["cert", "--dns", "a.b", "--output-dir", "d"])
            .args(["--ca-key-out", "d.key"])
            .current_dir(place.path());
        crate::program::finish(&mut strace)
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| slowly("flock"));
        let has_aside = || {
            let mut entries = fs::read_dir(place.path()).expect("readable").flatten();
            entries.any(|entry| is_aside(&entry.file_name().to_string_lossy()))
        };
        while !first.is_finished() && !has_aside() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // Its first file is written when the other gives up.
        let second = slowly("fsync");
        (first.join().expect("it ends"), second)
    });
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [Some(0), Some(6)],
        "{}{}",
        first.stderr,
        second.stderr
    );
    let written = group(&files(place.path()), "d");
    assert_eq!(written.len(), 3);
    assert_eq!(pairs(&written), Vec::new());
}

/// A file system that fills up, at every size: what is written is whole or not there, and more room brings it right.
pub(crate) fn full() {
    // In a mount namespace of its own; as anybody, where user namespaces are allowed.
    let script = r#"
        set -e
        mount -t tmpfs -o size="$2" none "$1"
        cd "$1"
        if [ "$4" = import ]; then cp "$5" found.yaml; fi
        set +e
        "$3" $6; status=$?
        left=$(find . -name '.civi-ingress-*' | wc -l)
        written=$(find . -path ./found.yaml -prune -o -type f -print | wc -l)
        mount -o remount,size=4m "$1"
        again=0
        if [ "$status" != 0 ]; then "$3" $6; again=$?; fi
        echo "$status $left $written $again $(find . -name '.civi-ingress-*' | wc -l)"
    "#;
    let place = TempDir::new().expect("a directory");
    let found = ["p1", "p2"].map(|name| {
        run(
            place.path(),
            &[
                "new-instance",
                name,
                "--host",
                &format!("{name}.example.org"),
            ],
        )
        .good()
    });
    let secrets = place.path().join("found.yaml");
    fs::write(&secrets, found.concat()).expect("writable");
    let inner = place.path().join("inner");
    fs::create_dir(&inner).expect("writable");
    let mut failed = 0;
    for (kind, arguments) in [
        ("cert", "cert --dns a.b --output-dir d --ca-key-out ca.key"),
        (
            "instance",
            "new-instance p --host a.example.org --output-dir d",
        ),
        (
            "import",
            "gitops import --secrets found.yaml --output-dir d --plain",
        ),
    ] {
        for pages in 1..=20 {
            let mut command = std::process::Command::new("unshare");
            command
                .args([
                    "--user",
                    "--map-root-user",
                    "--mount",
                    "bash",
                    "-c",
                    script,
                    "bash",
                ])
                .arg(&inner)
                .arg(format!("{}k", pages * 4))
                .args([crate::program::PROGRAM, kind])
                .arg(&secrets)
                .arg(arguments);
            let outcome = crate::program::finish(&mut command);
            let report: Vec<&str> = outcome.stdout.split_whitespace().collect();
            let what = format!("{kind} with {pages} pages: {outcome:?}");
            match report.as_slice() {
                ["0", "0", _, "0", "0"] => {}
                ["4", "0", "0", "0", "0"] => failed += 1,
                // There was not even room for what is read.
                [] if kind == "import" => {}
                _ => panic!("{what}"),
            }
        }
    }
    assert!(failed >= 6, "{failed} runs met a full file system");
}

/// An interruption at one call after another: nothing unfinished is left, and the status says which signal it was.
pub(crate) fn interrupted() {
    let place = TempDir::new().expect("a directory");
    let mut hit = 0;
    for (signal, status) in [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)] {
        for call in ["mkdirat", "write", "fsync", "renameat2", "flock"] {
            for at in 1..=3 {
                let place = copy(place.path());
                let injection = crate::program::Injection {
                    call,
                    at,
                    effect: format!("signal={signal}"),
                    also: None,
                };
                let arguments: Vec<&str> = CERT_BESIDE.split(' ').collect();
                let (outcome, was_hit) = run_injected(place.path(), "022", &injection, &arguments);
                if !was_hit {
                    continue;
                }
                hit += 1;
                assert_eq!(outcome.status, Some(status), "{call} {at}: {outcome:?}");
                let now = files(place.path());
                assert!(
                    now.keys().all(|path| !is_aside(path)),
                    "{call} {at}: {:?}",
                    now.keys()
                );
                assert!(
                    now.is_empty() || now.len() == 4,
                    "{call} {at}: {:?}",
                    now.keys()
                );
            }
        }
    }
    assert!(hit >= 10, "{hit} runs were interrupted");
}
