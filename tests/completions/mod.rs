//! The scripts of `completions/` in real shells: what a key press offers is what the program answers.
//!
//! bash is on every machine that runs these tests. The others are wanted by `--features terminal`, for which
//! `.ci/tools` installs them; a shell that is missing then is a failure.

mod bash;
#[cfg(feature = "terminal")]
mod elvish;
#[cfg(feature = "terminal")]
mod fish;
#[cfg(feature = "terminal")]
mod nushell;
#[cfg(feature = "terminal")]
mod zsh;

use crate::support::{run, write};
use assert_cmd::Command;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A shell that types each line in `folder` and asks for all that can follow.
///
/// The candidates come as the shell would put them on the line, but for its quotes: of `--option=value` some give the
/// whole word.
type Shell = fn(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>>;

fn script(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("completions")
        .join(file)
}

/// Prepares the shell in `folder`, with the program in its path and nothing else in its environment.
fn shell(program: &str, folder: &Path) -> Command {
    let binaries = Path::new(env!("CARGO_BIN_EXE_civi-ingress")).parent();
    let binaries = binaries.expect("a binary lies in a folder").display();
    let path = std::env::var("PATH").expect("there is a PATH");
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{binaries}:{path}"))
        .env("HOME", folder)
        .env("TERM", "dumb");
    command
}

/// Runs a shell to its end.
#[cfg(feature = "terminal")]
#[track_caller]
fn finish(command: &mut Command) -> String {
    let output = command.output().expect("the shell starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder with a fleet file, a file whose name needs quotes, and a folder.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    write(&folder.path().join("a file.pem"), "");
    std::fs::create_dir(folder.path().join("tree")).expect("a directory");
    let fleet = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: parishes}\nspec:\n  domain: example.org\n  \
                 secrets: {mode: plain}\n  profiles: {big: {}, small: {}}\n  instances:\n    st-paul: {}\n    st-thomas: {namespace: thomas}\n";
    write(&folder.path().join("fleet.yaml"), fleet);
    folder
}

/// What lies in [`folder`].
const FILES: [&str; 3] = ["a file.pem", "fleet.yaml", "tree"];

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Returns what a shell is to offer behind a line: what the program answers, or the paths that it asks for.
fn offer(folder: &Path, line: &str) -> BTreeSet<String> {
    match ask(folder, line) {
        (words, directive) if words.is_empty() && directive == ":0" => set(&FILES),
        (words, directive) if words.is_empty() && directive == ":16" => set(&["tree"]),
        (words, _) => words,
    }
}

/// Asks the program what can follow a line; without descriptions.
fn answer(folder: &Path, line: &str) -> BTreeSet<String> {
    ask(folder, line).0
}

/// Asks the program what can follow a line, and what the shell is to do about it.
fn ask(folder: &Path, line: &str) -> (BTreeSet<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    command.current_dir(folder).env_clear().arg("__complete");
    command.args(line.split(' ').skip(1));
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(0), "{line}");
    assert!(output.stderr.is_empty(), "{line}");
    let text = String::from_utf8(output.stdout).expect("text");
    let (directives, candidates): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with(':'));
    let words = candidates.iter().filter_map(|line| line.split('\t').next());
    let words = words.map(str::to_owned).collect();
    (words, directives.concat())
}

/// Adds the lines that lead to this command, its nested ones, its options, and the values that they list.
fn add_lines(folder: &Path, line: &str, lines: &mut Vec<String>) {
    let options = answer(folder, &format!("{line} --"));
    for option in &options {
        if !answer(folder, &format!("{line} {option}=")).is_empty() {
            lines.push(format!("{line} {option} "));
            lines.push(format!("{line} {option}="));
        }
    }
    lines.push(format!("{line} --"));
    lines.push(format!("{line} "));
    for word in answer(folder, &format!("{line} ")) {
        // `help` has the same commands again, and what can be repeated the same values.
        let is_there = line.split(' ').any(|before| before == word);
        if !word.starts_with('-') && word != "help" && !is_there {
            add_lines(folder, &format!("{line} {word}"), lines);
        }
    }
}

/// Asks a shell for all subcommands, options and listed values, and for paths and names of the fleet file.
fn judge(shell: Shell) {
    let folder = folder();
    let folder = folder.path();
    let mut lines = Vec::new();
    add_lines(folder, "civi-ingress", &mut lines);
    assert!(lines.contains(&"civi-ingress gitops render --phase=".to_owned()));
    let mut expected: Vec<BTreeSet<String>> =
        lines.iter().map(|line| offer(folder, line)).collect();
    for (line, words) in [
        ("inspect ", &FILES[..]),
        ("inspect fl", &["fleet.yaml"]),
        ("gitops init --output-dir ", &["tree"]),
        ("gitops init --output-dir=tr", &["tree"]),
        ("gitops check --instance st-t", &["st-thomas"]),
        ("tls-store --traefik 2.1", &["2.10", "2.11"]),
        ("new-instance p --namespace ", &["st-paul", "thomas"]),
        ("new-instance p --namespace=th", &["thomas"]),
        ("new-instance p --host ", &[]),
        ("new-instance p --host=", &[]),
        ("gitops remove ", &["st-paul", "st-thomas"]),
        ("gitops add p --profile ", &["big", "small"]),
        (
            "probe a.example.org:443 --insecure",
            &["--insecure-continue"],
        ),
    ] {
        lines.push(format!("civi-ingress {line}"));
        expected.push(set(words));
    }
    let found = shell(folder, &lines);
    assert_eq!(found.len(), lines.len(), "lines that were answered");
    for ((line, expected), found) in lines.iter().zip(expected).zip(found) {
        let typed = line.rsplit(' ').next().unwrap_or_default();
        let option = typed
            .split_once('=')
            .map(|(option, _)| format!("{option}="));
        let plain = |word: &String| {
            let word = option
                .as_ref()
                .and_then(|option| word.strip_prefix(option))
                .unwrap_or(word);
            word.trim_end_matches('/').to_owned()
        };
        let found: BTreeSet<String> = found.iter().map(plain).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn each_script_is_printed_for_its_shell() {
    for (shell, file) in [
        ("bash", "civi-ingress.bash"),
        ("zsh", "_civi-ingress"),
        ("fish", "civi-ingress.fish"),
        ("elvish", "civi-ingress.elv"),
        ("nushell", "civi-ingress.nu"),
        ("powershell", "_civi-ingress.ps1"),
        ("kubectl", "kubectl_complete-civi_ingress"),
    ] {
        let committed = std::fs::read_to_string(script(file)).expect("a script");
        assert_eq!(run(&["completions", shell]).good(), committed, "{file}");
    }
}

#[test]
fn a_question_is_answered_without_a_fault_whatever_is_asked() {
    let folder = folder();
    let broken = folder.path().join("broken.yaml");
    write(&broken, "kind: Fleet\nspec: [");
    for line in [
        "civi-ingress ",
        "civi-ingress no-such-command ",
        "civi-ingress new-instance p --no-such-option ",
        "civi-ingress gitops check -f broken.yaml --output-dir ",
        "civi-ingress gitops check -f - --output-dir ",
        "civi-ingress gitops check -f no-such-file --output-dir ",
        "civi-ingress gitops check -f /dev/stdin --output-dir ",
        "civi-ingress --now not-an-instant gitops \u{1b}[31m",
    ] {
        answer(folder.path(), line);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    command.env_clear().arg("__complete").assert().success();
}
