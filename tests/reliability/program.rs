//! Runs of the program: as it is, or with `strace` ending or failing one of its system calls.

use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_civi-ingress");

/// The calls by which a run reads and changes a tree.
pub(crate) const CALLS: &[&str] = &[
    "open",
    "openat",
    "openat2",
    "mkdir",
    "mkdirat",
    "write",
    "renameat",
    "renameat2",
    "unlinkat",
    "linkat",
    "fchmod",
    "fsync",
    "flock",
    "syncfs",
    "getdents64",
    "read",
    "statx",
    "newfstatat",
];

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Nothing when a signal ended it.
    pub(crate) status: Option<i32>,
}

impl Outcome {
    /// Returns stdout of a run that must have gone well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self.stdout
    }
}

pub(crate) fn strace_is_there() -> bool {
    let mut command = Command::new("strace");
    command
        .arg("-V")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn clean(command: &mut Command, directory: &Path) {
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
}

pub(crate) fn finish(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program starts");
    Outcome {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

/// Prepares a run in `directory`, with an empty environment.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    clean(&mut command, directory);
    command.args(arguments);
    command
}

pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Outcome {
    finish(&mut command(directory, arguments))
}

/// Prepares a run under `umask`, below further programs: `sh -c 'umask …; exec …'`.
fn under(directory: &Path, umask: &str, before: &[String], arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    clean(&mut command, directory);
    command
        .arg("-c")
        .arg(format!("umask {umask}; exec \"$@\""))
        .arg("sh")
        .args(before)
        .arg(PROGRAM)
        .args(arguments);
    command
}

pub(crate) fn run_under(directory: &Path, umask: &str, arguments: &[&str]) -> Outcome {
    finish(&mut under(directory, umask, &[], arguments))
}

/// A system call of a run, and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct Injection {
    pub(crate) call: &'static str,
    /// Which of them, from 1.
    pub(crate) at: usize,
    /// `signal=SIGKILL` or `error=ENOSPC`.
    pub(crate) effect: String,
    /// What becomes of other calls in the same run: `renameat2:error=EINVAL`.
    pub(crate) also: Option<&'static str>,
}

/// Runs with an injection; says too whether it took place.
pub(crate) fn run_injected(
    directory: &Path,
    umask: &str,
    injection: &Injection,
    arguments: &[&str],
) -> (Outcome, bool) {
    let log = directory.join("strace.log");
    let Injection {
        call,
        at,
        effect,
        also,
    } = injection;
    let is_kill = effect.starts_with("signal");
    let mut before: Vec<String> = ["strace", "-f", "-qq", "-o"].map(str::to_owned).into();
    before.push(log.display().to_string());
    if !is_kill {
        // Other calls are not stopped at. strace 6.1 sends no signal that way.
        before.push("--seccomp-bpf".to_owned());
    }
    before.extend(["-e".to_owned(), format!("inject={call}:{effect}:when={at}")]);
    if let Some(also) = also {
        before.extend(["-e".to_owned(), format!("inject={also}")]);
    }
    let calls = also.map_or((*call).to_owned(), |also| {
        let other = also.split(':').next().unwrap_or_default();
        format!("{call},{other}")
    });
    before.extend(["-e".to_owned(), format!("trace={calls}")]);
    let outcome = finish(&mut under(directory, umask, &before, arguments));
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    let took_place = if is_kill {
        // strace ends as its child did: killed, or with 128 and the signal's number where the run heeds it.
        outcome.status.is_none_or(|status| status > 128)
    } else {
        let name = format!("{call}(");
        log.lines()
            .any(|line| line.contains(&name) && line.contains("(INJECTED)"))
    };
    (outcome, took_place)
}

/// Counts a run's calls: those before the first that names `first`, and all.
pub(crate) fn count_calls(
    directory: &Path,
    also: Option<&str>,
    arguments: &[&str],
    first: &str,
) -> Vec<(&'static str, usize, usize)> {
    let log = directory.join("strace.log");
    let mut before: Vec<String> = ["strace", "-f", "-qq", "-o"].map(str::to_owned).into();
    before.push(log.display().to_string());
    if let Some(also) = also {
        before.extend(["-e".to_owned(), format!("inject={also}")]);
    }
    before.extend(["-e".to_owned(), format!("trace={}", CALLS.join(","))]);
    finish(&mut under(directory, "022", &before, arguments)).good();
    let log = std::fs::read_to_string(&log).expect("strace writes its log");
    let start = log
        .lines()
        .position(|line| line.contains(first))
        .expect("a run comes to its files");
    CALLS
        .iter()
        .map(|call| {
            let name = format!(" {call}(");
            let is_it = |line: &&str| line.contains(&name);
            let early = log.lines().take(start).filter(is_it).count();
            (*call, early, log.lines().filter(is_it).count())
        })
        .collect()
}
