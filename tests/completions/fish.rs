//! fish, which prints what it would offer.

use super::{finish, judge, script, shell};
use crate::support::write;
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

fn complete(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let aside = TempDir::new().expect("a directory");
    let file = aside.path().join("lines");
    write(&file, &(lines.join("\n") + "\n"));
    let run = format!(
        "source '{}'\nwhile read -l line\ncomplete -C $line\necho end of line\nend < '{}'\n",
        script("civi-ingress.fish").display(),
        file.display()
    );
    let out = finish(shell("fish", folder).args(["--no-config", "--command", &run]));
    let answers = out.split_terminator("end of line\n");
    let word = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    answers
        .map(|answer| answer.lines().map(word).collect())
        .collect()
}

#[test]
fn fish_offers_what_the_program_answers() {
    judge(complete);
}
