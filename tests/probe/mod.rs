//! `probe` against servers on loopback.

mod addresses;
mod behind;
mod database;
mod front;
mod hostile;
mod objects;
pub(crate) mod pki;
mod routes;
pub(crate) mod server;

use crate::support::{Run, run_in, write};
use pki::Authority;
use std::net::SocketAddr;
use tempfile::TempDir;

/// Looks at a.example.org on `address`, trusting `authority` only; times and ports are taken out of the report.
fn probe(address: SocketAddr, authority: &Authority, further: &[&str]) -> Run {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    let to = address.to_string();
    let arguments = ["probe", "a.example.org", "--connect", &to, "--ca", "ca.crt"];
    let run = run_in(directory.path(), &[&arguments[..], further].concat());
    readable(run, &[address])
}

fn readable(mut run: Run, addresses: &[SocketAddr]) -> Run {
    for (index, address) in addresses.iter().enumerate() {
        run.stdout = run
            .stdout
            .replace(&address.to_string(), ["ADDRESS", "BACKEND"][index]);
    }
    let mut words: Vec<&str> = run.stdout.split(' ').collect();
    for index in 1..words.len() {
        if words[index].starts_with("ms")
            && words[index - 1].bytes().all(|byte| byte.is_ascii_digit())
        {
            words[index - 1] = "N";
        }
    }
    run.stdout = words.join(" ");
    run
}

/// Asserts how a run ended and that each of the lines is in its report.
#[track_caller]
fn assert_says(run: &Run, status: i32, lines: &[&str]) {
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (status, ""),
        "{}",
        run.stdout
    );
    for line in lines {
        assert!(
            run.stdout.lines().any(|found| found.trim() == *line),
            "no `{line}` in\n{}",
            run.stdout
        );
    }
}

/// The verdict on one check, such as `BROKEN  name …`.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let words = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    let is_verdict = |word: &str| ["ok", "note", "warning", "BROKEN"].contains(&word);
    run.stdout
        .lines()
        .filter_map(words)
        .filter(|(word, _)| is_verdict(word))
        .collect()
}

#[track_caller]
fn assert_broken(run: &Run, checks: &[&str]) {
    assert_eq!(broken(run), checks, "{}", run.stdout);
}

fn is_broken(run: &Run, checks: &[&str]) -> bool {
    broken(run) == checks
}

/// Returns the checks that are broken.
fn broken(run: &Run) -> Vec<String> {
    let broken = verdicts(run)
        .into_iter()
        .filter(|(verdict, _)| verdict == "BROKEN");
    broken.map(|(_, check)| check).collect()
}

/// Lets only the owner read a key, so that nothing is to be warned of.
fn make_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
