//! bash, whose readline puts every candidate on the line.

use super::{judge, script, shell};
use crate::support::{read, write};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

/// `insert-completions` puts all candidates on the line, quoted. The line then runs: a function of the program's name
/// writes its arguments down, and hands on what the completion asks.
fn complete(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let aside = TempDir::new().expect("a directory");
    let (settings, answers) = (aside.path().join("settings"), aside.path().join("answers"));
    let text = format!(
        "source '{}'\n\
         bind 'set bell-style none'\n\
         bind 'set enable-bracketed-paste off'\n\
         bind '\"\\ex\": insert-completions'\n\
         civi-ingress() {{\n\
           if [[ $1 == __complete ]]; then command civi-ingress \"$@\"; return; fi\n\
           printf '%s\\0' \"$@\" '' >> '{}'\n\
         }}\n",
        script("civi-ingress.bash").display(),
        answers.display()
    );
    write(&settings, &text);
    let typed: String = lines
        .iter()
        .map(|line| format!("{line}\u{1b}x\n"))
        .collect();
    let mut command = shell("bash", folder);
    command
        .env("HISTFILE", "/dev/null")
        .args(["--noprofile", "--rcfile"])
        .arg(&settings)
        .arg("-i")
        .write_stdin(typed);
    command.output().expect("bash starts");
    let answers = read(&answers);
    let of_line = |(words, line): (&str, &String)| {
        let (before, typed) = line.rsplit_once(' ').expect("a word is typed");
        let words = words.split('\0').skip(before.split(' ').count() - 1);
        // Where nothing can follow, what is typed stays.
        let candidates = words.filter(|word| *word != typed);
        candidates.map(str::to_owned).collect()
    };
    let answers = answers.split_terminator("\0\0");
    answers.zip(lines).map(of_line).collect()
}

#[test]
fn bash_offers_what_the_program_answers() {
    judge(complete);
}
