//! elvish, on a terminal of `script`, for without one it has no editor.

use super::{finish, judge, script, shell};
use crate::support::{read, write};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

/// The editor is not made to type: its completer is called, and what it gives is written down.
const SETTINGS: &str = r"
use str
eval (slurp < SCRIPT)
from-lines < FOLDER/lines | each {|line|
  $edit:completion:arg-completer[civi-ingress] (str:split ' ' $line) | each {|candidate|
    print $candidate[stem]'#' >> FOLDER/answers
  }
  echo '' >> FOLDER/answers
}
exit
";

fn complete(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let aside = TempDir::new().expect("a directory");
    let settings = SETTINGS
        .replace("SCRIPT", &script("civi-ingress.elv").display().to_string())
        .replace("FOLDER", &aside.path().display().to_string());
    let file = aside.path().join("settings");
    write(&file, &settings);
    write(&aside.path().join("lines"), &(lines.join("\n") + "\n"));
    let mut command = shell("script", folder);
    command.args(["--quiet", "--return", "--command"]);
    command.arg(format!("elvish -rc '{}'", file.display()));
    finish(command.arg("/dev/null"));
    let answers = read(&aside.path().join("answers"));
    // The editor itself leaves out what does not begin with what is typed.
    let fits = |typed: &str, candidate: &&str| candidate.starts_with(typed);
    let answers = lines.iter().zip(answers.lines());
    answers
        .map(|(line, answer)| {
            let typed = line.rsplit(' ').next().unwrap_or_default();
            let candidates = answer.split_terminator('#');
            let candidates = candidates.filter(|candidate| fits(typed, candidate));
            candidates.map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn elvish_offers_what_the_program_answers() {
    judge(complete);
}
