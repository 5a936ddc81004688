//! The README's sessions run, and the documents name what exists.

use crate::support::names_in;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A fenced block: what follows the fence, and the lines between.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((info.to_owned(), body.join("\n") + "\n"));
    }
    blocks
}

/// Splits a session into its commands (`$ …`, continued by a backslash) and what each prints.
fn steps(session: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut continues = false;
    for line in session.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push((command.to_owned(), String::new()));
        } else {
            let (command, output) = steps.last_mut().expect("a session begins with a command");
            let target = if continues { command } else { output };
            target.push_str(line);
            target.push('\n');
        }
        continues =
            (line.starts_with("$ ") || continues) && (line.ends_with('\\') || line.ends_with('|'));
        if continues && line.starts_with("$ ") {
            steps.last_mut().expect("just pushed").0.push('\n');
        }
    }
    steps
}

/// Compares line by line; `…` stands for any run of characters.
fn matches(expected: &str, found: &str) -> bool {
    let line_matches = |expected: &str, found: &str| {
        let mut rest = found;
        let mut parts = expected.split('…').enumerate().peekable();
        while let Some((index, part)) = parts.next() {
            let is_last = parts.peek().is_none();
            let Some(at) = (if is_last && index > 0 {
                rest.rfind(part)
            } else {
                rest.find(part)
            }) else {
                return false;
            };
            if index == 0 && at != 0 || is_last && at + part.len() != rest.len() {
                return false;
            }
            rest = &rest[at + part.len()..];
        }
        true
    };
    expected.lines().count() == found.lines().count()
        && expected
            .lines()
            .zip(found.lines())
            .all(|(e, f)| line_matches(e, f))
}

#[test]
fn every_session_of_the_readme_runs_as_it_is_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_civi-ingress"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let directory = TempDir::new().unwrap();
    let mut sessions = 0;
    for (_, session) in blocks(&readme)
        .into_iter()
        .filter(|(info, _)| info == "console")
    {
        sessions += 1;
        for (command, expected) in steps(&session) {
            let output = Command::new("bash")
                .args([
                    "-o",
                    "pipefail",
                    "-c",
                    // The present, for all of the command's runs.
                    &format!(
                        "umask 022; exec 2>&1; \
                         civi-ingress() {{ command civi-ingress --now 2026-11-21T10:00:00Z \"$@\"; }}; \
                         {command}"
                    ),
                ])
                .current_dir(directory.path())
                .env("PATH", &path)
                .output()
                .unwrap();
            let found = String::from_utf8(output.stdout).unwrap();
            assert!(
                matches(&expected, &found),
                "$ {command}\nexpected:\n{expected}\nfound:\n{found}"
            );
        }
    }
    assert!(sessions >= 3, "{sessions} sessions were run");
}

#[test]
fn the_comparison_of_sessions_can_fail() {
    assert!(matches("a … c\n", "a b c\n"));
    assert!(matches("…\n", "anything\n"));
    for (expected, found) in [
        ("a\n", "b\n"),
        ("a\n", "a\nb\n"),
        ("a …\n", "b a x\n"),
        ("a … c\n", "a b c d\n"),
        ("a\n", ""),
    ] {
        assert!(!matches(expected, found), "{expected:?} {found:?}");
    }
}

#[test]
fn every_file_that_a_document_links_to_exists() {
    for document in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            if !target.contains("://") && !file.is_empty() {
                assert!(root().join(file).exists(), "{document} links to {target}");
            }
        }
    }
}

#[test]
fn every_key_of_the_values_is_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for key in civi_ingress::values::KEYS {
        assert!(
            readme.contains(&format!("`{key}`")),
            "{key} is not in the README"
        );
    }
}

#[test]
fn every_template_folder_has_snapshots() {
    for name in names_in(&root().join("templates"))
        .iter()
        .filter(|name| !name.contains('.'))
    {
        assert!(root().join("snapshots").join(name).is_dir(), "{name}");
    }
}
