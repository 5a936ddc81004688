//! What a terminal shows: colours, and tables that fit; in a pipe there is neither.

use crate::support::{NOW, Recipe, finish, run, write};
use civi_ingress::pki::validity::format_instant;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use time::Duration;

const ESCAPE: char = '\u{1b}';

/// Runs the program on a terminal of so many columns, and returns all that it shows there.
fn on_terminal(
    folder: &Path,
    columns: u16,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal of ours");
    unlockpt(&terminal).expect("a terminal that can be opened");
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).expect("a terminal with a size");
    let path = ptsname(&terminal, Vec::new()).expect("a terminal with a name");
    let path = path.into_string().expect("a name of letters");
    let ours = || {
        let file = File::options().read(true).write(true).open(&path);
        Stdio::from(file.expect("a terminal that opens"))
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_civi-ingress"))
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .args(["--now", &format_instant(NOW)])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(ours())
        .stderr(ours())
        .spawn()
        .expect("the binary starts");
    let mut shown = Vec::new();
    // Linux answers EIO once nobody has the other side open.
    let _ = File::from(terminal).read_to_end(&mut shown);
    child.wait().expect("the binary ends");
    let shown = String::from_utf8(shown).expect("text");
    shown.replace("\r\n", "\n")
}

/// A folder with a certificate that is fine, one that is due and one that has ended.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    for (name, days_ago) in [("fine", 0), ("due", 300), ("ended", 400)] {
        let chain = Recipe {
            now: NOW - Duration::days(days_ago),
            ..Recipe::default()
        }
        .chain();
        write(&folder.path().join(format!("{name}.pem")), chain.leaf.pem());
    }
    folder
}

/// Leaves out what sets colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        out + part.split_once('m').expect("the end of a colour").1
    })
}

const STATUS: [&str; 4] = ["status", "ended.pem", "fine.pem", "due.pem"];

#[test]
fn a_table_on_a_terminal_has_the_states_in_colour() {
    let folder = folder();
    let shown = on_terminal(folder.path(), 200, &[("TERM", "xterm")], &STATUS);
    for (colour, state) in [
        ("[1m", "STATE"),
        ("[1m\u{1b}[31m", "expired"),
        ("[1m\u{1b}[33m", "due"),
        ("[32m", "fine"),
    ] {
        let painted = format!("{ESCAPE}{colour}{state}{ESCAPE}[0m");
        assert!(shown.contains(&painted), "{state}: {shown:?}");
    }
    let piped = finish(crate::support::command(folder.path()).args(STATUS)).good();
    assert!(!piped.contains(ESCAPE), "{piped:?}");
    assert_eq!(without_colours(&shown), piped);
}

#[test]
fn a_table_drops_columns_until_it_fits_the_terminal() {
    let folder = folder();
    let shown = |columns| on_terminal(folder.path(), columns, &[("TERM", "dumb")], &STATUS);
    let head = |columns| {
        let shown = shown(columns);
        let limit = usize::from(columns);
        assert!(
            shown.lines().all(|line| line.chars().count() <= limit),
            "{shown}"
        );
        let head = shown.lines().next().unwrap_or_default().to_owned();
        head.split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        head(200),
        [
            "STATE",
            "PLACE",
            "NAMES",
            "NOT AFTER",
            "DAYS LEFT",
            "RENEWAL DUE",
            "ISSUER"
        ]
    );
    assert_eq!(
        head(80),
        [
            "STATE",
            "PLACE",
            "NAMES",
            "NOT AFTER",
            "DAYS LEFT",
            "RENEWAL DUE"
        ]
    );
    assert_eq!(
        head(60),
        ["STATE", "PLACE", "NAMES", "NOT AFTER", "RENEWAL DUE"]
    );
    assert_eq!(head(45), ["STATE", "PLACE", "NOT AFTER", "RENEWAL DUE"]);
    assert_eq!(head(35), ["STATE", "PLACE", "NOT AFTER"]);
}

#[test]
fn the_environment_and_the_option_decide_whether_there_are_colours() {
    let folder = folder();
    let shown = |environment: &[(&str, &str)], option: &[&str]| {
        let arguments = [option, &STATUS].concat();
        on_terminal(folder.path(), 80, environment, &arguments).contains(ESCAPE)
    };
    assert!(shown(&[], &[]));
    assert!(!shown(&[("NO_COLOR", "1")], &[]));
    assert!(shown(&[("NO_COLOR", "")], &[]));
    assert!(!shown(&[("TERM", "dumb")], &[]));
    assert!(!shown(&[], &["--color", "never"]));
    assert!(!shown(&[], &["--colour=never"]));
    assert!(shown(&[("NO_COLOR", "1")], &["--color=always"]));
    let piped = |environment: &[(&str, &str)], option: &[&str]| {
        let mut command = crate::support::command(folder.path());
        command.envs(environment.iter().copied());
        let out = finish(command.args(option).args(STATUS)).good();
        out.contains(ESCAPE)
    };
    assert!(!piped(&[], &[]));
    assert!(piped(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!piped(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!piped(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(piped(&[], &["--color", "always"]));
}

#[test]
fn errors_and_help_have_colours_on_a_terminal() {
    let folder = folder();
    let shown =
        |arguments: &[&str]| on_terminal(folder.path(), 100, &[("TERM", "xterm")], arguments);
    let refused = shown(&["inspect", "no-such-file"]);
    let error = format!("{ESCAPE}[1m{ESCAPE}[31merror:{ESCAPE}[0m cannot");
    assert!(refused.starts_with(&error), "{refused:?}");
    let usage = shown(&["inspect", "--no-such-option"]);
    let error = format!("{ESCAPE}[1m{ESCAPE}[31merror:{ESCAPE}[0m unexpected");
    assert!(usage.starts_with(&error), "{usage:?}");
    let help = shown(&["inspect", "--help"]);
    assert!(
        help.contains(&format!("{ESCAPE}[1mUsage:{ESCAPE}[0m")),
        "{help:?}"
    );
}

#[test]
fn manifests_never_have_colours() {
    let run = run(&["tls-store", "--color", "always"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stdout.contains(ESCAPE), "{:?}", run.stdout);
}

#[test]
fn verbose_says_what_is_read_and_decided_and_nothing_on_stdout_changes() {
    let folder = folder();
    let run = |option: &[&str]| {
        finish(
            crate::support::command(folder.path())
                .args(option)
                .args(STATUS),
        )
    };
    let (plain, verbose) = (run(&[]), run(&["-v"]));
    assert_eq!(plain.stdout, verbose.stdout);
    assert_eq!(plain.stderr, "");
    assert_eq!(
        verbose.stderr,
        "info: the present is 2026-11-21T10:00:00Z, by `--now`\n\
         info: no fleet file says when certificates are renewed: a renewal is due when a third of the life is left\n\
         info: reading ended.pem\ninfo: reading fine.pem\ninfo: reading due.pem\n"
    );
}
