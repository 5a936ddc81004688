//! nushell, which answers editors what can follow at a place of a script.

use super::{finish, judge, script, shell};
use crate::support::{read, write};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

fn complete(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let aside = TempDir::new().expect("a directory");
    let file = aside.path().join("line.nu");
    let one = |line: &String| {
        let text = read(&script("civi-ingress.nu")) + line;
        write(&file, &text);
        let mut command = shell("nu", folder);
        command.args([
            "--no-config-file",
            "--ide-complete",
            &text.len().to_string(),
        ]);
        let out = finish(command.arg(&file));
        let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let words = answer["completions"].as_array().expect("an array");
        let words = words.iter().map(|word| word.as_str().expect("a word"));
        words
            .map(|word| word.trim_matches('`').to_owned())
            // The folders of the shell itself, which is at home there.
            .filter(|word| !word.starts_with('.'))
            .collect()
    };
    lines.iter().map(one).collect()
}

#[test]
fn nushell_offers_what_the_program_answers() {
    judge(complete);
}
