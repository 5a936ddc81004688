//! How the program is called.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

/// Name of the program.
pub(super) const PROGRAM: &str = "civi-ingress";

/// Name of the file by which `kubectl civi-ingress` finds a plugin (kubectl, pkg/cmd/plugin: a dash of the command is
/// an underscore of the file), and how the program is then called.
const PLUGIN: (&str, &str) = ("kubectl-civi_ingress", "kubectl civi-ingress");

/// Returns how the program was called, as usage lines and tips show it.
pub(super) fn name_called(file: Option<&OsStr>) -> &'static str {
    let file = file.and_then(|file| Path::new(file).file_stem());
    if file.is_some_and(|name| name == PLUGIN.0) {
        PLUGIN.1
    } else {
        PROGRAM
    }
}

/// Returns a text in which these commands of this program are called by `name`: in examples, notes and help lines.
pub(super) fn called_by<'a>(name: &str, commands: &[&str], text: &'a str) -> Cow<'a, str> {
    if name == PROGRAM || !text.contains(PROGRAM) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PROGRAM) {
        let (before, after) = (&rest[..at], &rest[at + PROGRAM.len()..]);
        out.push_str(before);
        let word = after.strip_prefix(' ').unwrap_or_default();
        let end = word.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        let is_command = commands.contains(&&word[..end.unwrap_or(word.len())]);
        let begins = !out.ends_with(|c: char| c.is_alphanumeric() || "-_/.".contains(c));
        let is_called = out.ends_with(name.trim_end_matches(PROGRAM));
        out.push_str(if is_command && begins && !is_called {
            name
        } else {
            PROGRAM
        });
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}
