//! zsh, on a terminal of `script`, for without one its line editor does not start.

use super::{finish, judge, script, shell};
use crate::support::{read, write};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

/// The line editor takes the lines from a file, one after another. `compadd`, which takes the candidates, is a
/// function that also writes down which of them match.
const SETTINGS: &str = r#"
fpath=(SCRIPTS $fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' completer _complete
typeset -a matches
compadd() {
    local -a found
    if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)* ]]; then
        builtin compadd -O found "$@"
        matches+=("${found[@]}")
    fi
    builtin compadd "$@"
}
complete-all() {
    matches=()
    _main_complete
    compstate[insert]=
    compstate[list]=
}
zle -C complete-all list-choices complete-all
zle-line-init() {
    local line
    while IFS= read -r line <&3; do
        BUFFER=$line
        CURSOR=$#BUFFER
        zle complete-all
        printf '%s\0' "${(@Q)matches}" >> FOLDER/answers
        printf '\n' >> FOLDER/answers
    done
    exit
}
zle -N zle-line-init
exec 3< FOLDER/lines
"#;

fn complete(folder: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let aside = TempDir::new().expect("a directory");
    let scripts = script("").display().to_string();
    let settings = SETTINGS
        .replace("SCRIPTS", &scripts)
        .replace("FOLDER", &aside.path().display().to_string());
    write(&aside.path().join(".zshrc"), &settings);
    write(&aside.path().join("lines"), &(lines.join("\n") + "\n"));
    let mut command = shell("script", folder);
    command.env("ZDOTDIR", aside.path()).args([
        "--quiet",
        "--return",
        "--command",
        "zsh -i",
        "/dev/null",
    ]);
    finish(&mut command);
    let answers = read(&aside.path().join("answers"));
    let matches = answers.lines();
    matches
        .map(|matches| matches.split('\0').filter(|word| !word.is_empty()))
        .map(|matches| matches.map(str::to_owned).collect())
        .collect()
}

#[test]
fn zsh_offers_what_the_program_answers() {
    judge(complete);
}
