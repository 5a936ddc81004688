//! `__complete`: what can follow the words that were typed, for the scripts in `completions/`.
//!
//! The words come as arguments, the last one as far as it is typed. The answer has the form that kubectl expects of
//! its plugins and cobra of its programs (cobra, `shell_completions.go`): a line for each candidate with its
//! description behind a tab, then `:` and the sum of what holds of the candidates ([`PathKinds::directive`]). Of
//! `--option=value` only the value is completed.
//!
//! It never fails, never writes to stderr and never reads stdin: whoever presses a key is not to be told of faults.

use super::gitops::fleet::read_fleet;
use super::gitops::place::NamedFleet;
use super::{cli, output, world};
use civi_ingress::chart::ChartMajor;
use civi_ingress::fleet::Fleet;
use civi_ingress::release::Release;
use clap::{Arg, ArgAction, Command, ValueHint};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;

/// The first argument that asks for completion; no subcommand, so that neither help nor the manual shows it.
pub(super) const NAME: &str = "__complete";

/// Prints what can follow `words`.
pub(super) fn run(words: &[OsString]) {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let called = words.first().map(String::as_str);
    let mut table = cli::table(called.filter(|_| words.len() > 1));
    table.build();
    let answer = Completion::of(&table, &words, &mut fleet);
    // A shell that went away needs no answer.
    let _ = output::print([answer.text().as_str()]);
}

/// Reads the fleet file that was named, else the nearest one; nothing where it cannot be read.
fn fleet(named: Option<&str>) -> Option<Fleet> {
    if named == Some("-") {
        return None;
    }
    let named = named.map(world::in_home);
    let found = NamedFleet::new(named.as_deref(), None).ok()?;
    read_fleet(&found.file).ok()
}

/// What can follow.
#[derive(Debug, PartialEq, Eq)]
struct Completion {
    candidates: Vec<Completable>,
    paths: PathKinds,
}

#[derive(Debug, PartialEq, Eq)]
struct Completable {
    text: String,
    about: String,
}

/// Which paths the shell is to offer where there is no candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathKinds {
    None,
    All,
    Directories,
}

impl PathKinds {
    /// Returns the bits that stand for it (cobra, `completions.go`: `ShellCompDirectiveNoFileComp` is 4,
    /// `ShellCompDirectiveFilterDirs` 16).
    fn directive(self) -> u8 {
        match self {
            Self::None => 4,
            Self::All => 0,
            Self::Directories => 16,
        }
    }
}

impl Completion {
    /// Finds what can follow `words`, the last of which may be typed in part.
    ///
    /// `table` is built; `fleet` reads the fleet file that the words name, or the one that is found without.
    fn of(
        table: &Command,
        words: &[String],
        fleet: &mut dyn FnMut(Option<&str>) -> Option<Fleet>,
    ) -> Self {
        let (typed, before) = words
            .split_last()
            .map_or(("", [].as_slice()), |(last, before)| {
                (last.as_str(), before)
            });
        let line = TypedLine::of(table, before);
        let value_of =
            |arg: &Arg, typed: &str, fleet: &mut dyn FnMut(Option<&str>) -> Option<Fleet>| {
                let mut known = || fleet(line.fleet.as_deref());
                value(arg, &mut known).starting_with(typed)
            };
        if let Some(option) = line.awaits {
            return value_of(option, typed, fleet);
        }
        if !line.only_positionals && typed.starts_with('-') {
            if let Some((name, typed)) = typed.split_once('=') {
                return match option(line.command, name) {
                    Some(option) if takes_value(option) => value_of(option, typed, fleet),
                    _ => Self::nothing(),
                };
            }
            return Self::options(&line).starting_with(typed);
        }
        let mut subcommands = Vec::new();
        if line.positionals == 0 {
            let visible = line.command.get_subcommands();
            subcommands.extend(
                visible
                    .filter(|command| !command.is_hide_set())
                    .map(|command| Completable {
                        text: command.get_name().to_owned(),
                        about: first_line(command.get_about()),
                    }),
            );
        }
        if !subcommands.is_empty() {
            return Self::only(subcommands).starting_with(typed);
        }
        match positional(line.command, line.positionals) {
            Some(arg) => value_of(arg, typed, fleet),
            None if typed.is_empty() => Self::options(&line),
            None => Self::nothing(),
        }
    }

    fn nothing() -> Self {
        Self::only(Vec::new())
    }

    fn only(candidates: Vec<Completable>) -> Self {
        Self {
            candidates,
            paths: PathKinds::None,
        }
    }

    /// The options that may still be given, by their long names where they have one.
    fn options(line: &TypedLine<'_>) -> Self {
        let may_follow = |arg: &&Arg| {
            let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
            let is_option = arg.get_long().is_some() || arg.get_short().is_some();
            let is_given = line.given.contains(arg.get_id().as_str());
            is_option && !arg.is_hide_set() && (repeats || !is_given)
        };
        let name = |arg: &Arg| match (arg.get_long(), arg.get_short()) {
            (Some(long), _) => format!("--{long}"),
            (None, short) => format!("-{}", short.unwrap_or_default()),
        };
        let options = line.command.get_arguments().filter(may_follow);
        Self::only(
            options
                .map(|arg| Completable {
                    text: name(arg),
                    about: first_line(arg.get_help()),
                })
                .collect(),
        )
    }

    fn starting_with(mut self, typed: &str) -> Self {
        self.candidates
            .retain(|candidate| candidate.text.starts_with(typed));
        self
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for Completable { text, about } in &self.candidates {
            let tab = if about.is_empty() { "" } else { "\t" };
            writeln!(out, "{text}{tab}{about}").expect("writing to a String cannot fail");
        }
        writeln!(out, ":{}", self.paths.directive()).expect("writing to a String cannot fail");
        out
    }
}

/// What the words that are typed in full say.
struct TypedLine<'a> {
    command: &'a Command,
    /// How many positional arguments of `command` were typed.
    positionals: usize,
    /// The option whose value comes next.
    awaits: Option<&'a Arg>,
    /// Whether `--` was typed.
    only_positionals: bool,
    given: BTreeSet<&'a str>,
    /// What `--fleet` names.
    fleet: Option<String>,
}

impl<'a> TypedLine<'a> {
    fn of(table: &'a Command, words: &[String]) -> Self {
        let mut line = Self {
            command: table,
            positionals: 0,
            awaits: None,
            only_positionals: false,
            given: BTreeSet::new(),
            fleet: None,
        };
        for word in words {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.awaits.take() {
            self.take_value(option, word);
        } else if self.only_positionals || !word.starts_with('-') || word == "-" {
            let subcommand = self.command.find_subcommand(word);
            match subcommand.filter(|_| self.positionals == 0 && !self.only_positionals) {
                Some(subcommand) => self.command = subcommand,
                None => self.positionals += 1,
            }
        } else if word == "--" {
            self.only_positionals = true;
        } else if word.starts_with("--") {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            if let Some(option) = option(self.command, name) {
                self.take_option(option, value);
            }
        } else {
            // Of `-qf FILE` and `-fFILE` the first letter that takes a value ends the letters.
            let letters = word.char_indices().skip(1);
            for (at, letter) in letters {
                let after = &word[at + letter.len_utf8()..];
                let Some(option) = option(self.command, &format!("-{letter}")) else {
                    return;
                };
                if takes_value(option) {
                    return self.take_option(option, Some(after).filter(|after| !after.is_empty()));
                }
                self.take_option(option, None);
            }
        }
    }

    fn take_option(&mut self, option: &'a Arg, value: Option<&str>) {
        self.given.insert(option.get_id().as_str());
        match value {
            Some(value) => self.take_value(option, value),
            None if takes_value(option) && !option.is_require_equals_set() => {
                self.awaits = Some(option);
            }
            None => {}
        }
    }

    fn take_value(&mut self, option: &Arg, value: &str) {
        if option.get_long() == Some("fleet") {
            self.fleet = Some(value.to_owned());
        }
    }
}

/// Finds an option by `--long` or `-s`, aliases included.
fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let is = |arg: &&Arg| match name.strip_prefix("--") {
        Some(long) => {
            arg.get_long() == Some(long)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&long))
        }
        None => arg
            .get_short()
            .is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]))),
    };
    command.get_arguments().find(is)
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// Finds the positional argument that follows so many.
fn positional(command: &Command, before: usize) -> Option<&Arg> {
    let last = command.get_positionals().last();
    let repeats = |arg: &&Arg| {
        arg.get_num_args()
            .is_some_and(|number| number.max_values() > 1)
    };
    command
        .get_positionals()
        .nth(before)
        .or(last.filter(repeats))
}

/// Finds what an argument takes: the values that it lists, names of the fleet where its placeholder means one,
/// else paths where it takes paths.
fn value(arg: &Arg, fleet: &mut dyn FnMut() -> Option<Fleet>) -> Completion {
    let listed = arg.get_possible_values();
    if !listed.is_empty() {
        let visible = listed.iter().filter(|value| !value.is_hide_set());
        return Completion::only(
            visible
                .map(|value| Completable {
                    text: value.get_name().to_owned(),
                    about: first_line(value.get_help()),
                })
                .collect(),
        );
    }
    let placeholder = arg.get_value_names().and_then(<[_]>::first);
    let mut of_fleet = |names: fn(&Fleet) -> Vec<Completable>| {
        Some(fleet().as_ref().map(names).unwrap_or_default())
    };
    let names = match placeholder.map_or("", |name| name) {
        _ if arg.get_long() == Some("chart") => Some(charts()),
        _ if arg.get_long() == Some("traefik") => Some(releases()),
        "INSTANCE" => of_fleet(instances),
        "NAMESPACE" => of_fleet(namespaces),
        "PROFILE" => of_fleet(profiles),
        _ => None,
    };
    if let Some(names) = names {
        return Completion::only(names);
    }
    Completion {
        candidates: Vec::new(),
        paths: match arg.get_value_hint() {
            ValueHint::AnyPath | ValueHint::FilePath => PathKinds::All,
            ValueHint::DirPath => PathKinds::Directories,
            _ => PathKinds::None,
        },
    }
}

/// The major versions of Traefik's chart that are known, the newest first.
fn charts() -> Vec<Completable> {
    let charts = ChartMajor::all().rev();
    charts
        .map(|chart| Completable {
            text: chart.to_string(),
            about: String::new(),
        })
        .collect()
}

/// The lines of Traefik that are known, the newest first.
fn releases() -> Vec<Completable> {
    let lines = Release::LINES.iter();
    lines
        .map(|line| Completable {
            text: line.to_string(),
            about: String::new(),
        })
        .collect()
}

/// The instances with their hosts.
fn instances(fleet: &Fleet) -> Vec<Completable> {
    let hosts = |hosts: &[civi_ingress::name::DnsName]| {
        hosts.first().map(ToString::to_string).unwrap_or_default()
    };
    fleet
        .members
        .iter()
        .map(|member| Completable {
            text: member.id.to_string(),
            about: hosts(&member.hosts),
        })
        .collect()
}

/// The namespaces with their instances.
fn namespaces(fleet: &Fleet) -> Vec<Completable> {
    fleet
        .members
        .iter()
        .map(|member| Completable {
            text: member.namespace.to_string(),
            about: member.id.to_string(),
        })
        .collect()
}

/// The profiles, but for those whose name a shell might take for more than a word: it is put on the command line as it
/// is.
fn profiles(fleet: &Fleet) -> Vec<Completable> {
    let is_word = |name: &&String| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    fleet
        .profiles
        .iter()
        .filter(is_word)
        .map(|name| Completable {
            text: name.clone(),
            about: String::new(),
        })
        .collect()
}

fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    let help = help.map(ToString::to_string).unwrap_or_default();
    help.lines().next().unwrap_or_default().replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use civi_ingress::fleet::{self, Source};
    use clap::builder::PossibleValue;

    fn table() -> Command {
        let mut table = cli::table(None);
        table.build();
        table
    }

    fn fleet(_: Option<&str>) -> Option<Fleet> {
        let main = Source {
            name: "fleet.yaml".to_owned(),
            text: "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: parishes}\n\
                   spec:\n  domain: example.org\n  secrets: {mode: plain}\n  profiles: {big: {}, small: {}, \"$(id)\": {}, \"a b\": {}}\n  \
                   instances:\n    st-thomas: {namespace: thomas}\n    st-paul: {}\n"
                .to_owned(),
        };
        fleet::read(&main, &mut |_| Ok(Vec::new())).ok()
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    /// Returns the candidates behind a line.
    fn candidates(table: &Command, line: &str) -> Vec<String> {
        let answer = Completion::of(table, &words(line), &mut fleet);
        let texts = answer.candidates.into_iter();
        texts.map(|candidate| candidate.text).collect()
    }

    fn paths(line: &str) -> PathKinds {
        Completion::of(&table(), &words(line), &mut fleet).paths
    }

    /// Calls `look` with every command and the line that leads to it.
    fn every_command(command: &Command, line: &str, look: &mut dyn FnMut(&Command, &str)) {
        look(command, line);
        for command in command.get_subcommands() {
            every_command(command, &format!("{line}{} ", command.get_name()), look);
        }
    }

    #[test]
    fn every_command_completes_its_subcommands_and_options() {
        let table = table();
        every_command(&table, "", &mut |command, line| {
            let subcommands: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            if !subcommands.is_empty() {
                assert_eq!(candidates(&table, line), subcommands, "{line}");
            }
            let longs = command.get_arguments().filter_map(Arg::get_long);
            let longs: Vec<String> = longs.map(|long| format!("--{long}")).collect();
            assert_eq!(candidates(&table, &format!("{line}--")), longs, "{line}");
        });
    }

    #[test]
    fn every_listed_value_completes_behind_its_option() {
        let table = table();
        every_command(&table, "", &mut |command, line| {
            for arg in command.get_arguments().filter(|arg| takes_value(arg)) {
                let listed = arg.get_possible_values();
                let listed: Vec<&str> = listed.iter().map(PossibleValue::get_name).collect();
                let Some(long) = arg.get_long().filter(|_| !listed.is_empty()) else {
                    continue;
                };
                if !arg.is_require_equals_set() {
                    assert_eq!(candidates(&table, &format!("{line}--{long} ")), listed);
                }
                assert_eq!(candidates(&table, &format!("{line}--{long}=")), listed);
            }
        });
    }

    #[test]
    fn values_that_the_library_judges_complete_too() {
        let table = table();
        for (line, expected) in [
            (
                "new-instance p --key-type rsa",
                &["rsa2048", "rsa3072", "rsa4096"][..],
            ),
            ("ca --key-type p2", &["p256"]),
            ("traefik-values --chart 4", &["41", "40"]),
            ("lint --traefik 2.", &["2.11", "2.10", "2.9"]),
            ("wildcard-secret --traefik=3.7", &["3.7"]),
            ("traefik-values --log-level WA", &["WARN"]),
            ("traefik-values --load-balancer=", &["Local", "Cluster"]),
            ("traefik-values --update-strategy O", &["OnDelete"]),
            ("traefik-values --access-log o", &["off"]),
            (
                "lint --explain CI10",
                &["CI101", "CI102", "CI103", "CI104", "CI105"],
            ),
            ("lint --explain ca-secret", &["ca-secret-with-two-keys"]),
            ("completions b", &["bash"]),
        ] {
            let found = candidates(&table, line);
            assert!(
                expected
                    .iter()
                    .all(|value| found.iter().any(|found| found == value)),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_typed_narrows_the_candidates() {
        let table = table();
        assert_eq!(candidates(&table, "templ"), ["templates"]);
        assert_eq!(candidates(&table, "wildcard-secret --ape"), ["--apex"]);
        assert_eq!(candidates(&table, "gitops render --phase sh"), ["shrink"]);
        assert_eq!(
            candidates(&table, "nothing-of-ours --"),
            candidates(&table, "--")
        );
    }

    #[test]
    fn an_alias_leads_to_its_command() {
        let table = table();
        assert_eq!(candidates(&table, "wildcard --ape"), ["--apex"]);
    }

    #[test]
    fn an_option_that_is_given_is_not_offered_again_unless_it_repeats() {
        let table = table();
        assert_eq!(candidates(&table, "wildcard-secret --apex --ape"), [""; 0]);
        let line = "new-instance p --alias b.example.org --ali";
        assert_eq!(candidates(&table, line), ["--alias"]);
    }

    #[test]
    fn the_value_of_an_option_is_not_taken_for_a_subcommand() {
        let table = table();
        assert_eq!(candidates(&table, "--now gitops templ"), ["templates"]);
        assert_eq!(candidates(&table, "--now=gitops templ"), ["templates"]);
    }

    #[test]
    fn letters_in_one_word_are_read_as_clap_reads_them() {
        assert_eq!(paths("gitops check -qf "), PathKinds::All);
        assert_eq!(paths("gitops check -qffleet.yaml --host "), PathKinds::None);
        assert_eq!(
            paths("gitops check -qffleet.yaml --output-dir "),
            PathKinds::Directories
        );
    }

    #[test]
    fn paths_are_offered_where_paths_are_taken_and_nowhere_else() {
        for (line, expected) in [
            ("inspect ", PathKinds::All),
            ("inspect a.pem ", PathKinds::All),
            ("inspect -- -", PathKinds::All),
            ("status --output-dir ", PathKinds::All),
            ("gitops init --output-dir ", PathKinds::Directories),
            ("gitops init --output-dir=", PathKinds::Directories),
            ("new-instance ", PathKinds::None),
            ("new-instance p --host ", PathKinds::None),
            ("tls-store more ", PathKinds::None),
            ("new-instance --no-such-option=", PathKinds::None),
            ("new-instance --force=", PathKinds::None),
        ] {
            assert_eq!(paths(line), expected, "{line}");
        }
    }

    #[test]
    fn a_placeholder_that_names_what_is_in_the_fleet_file_completes_from_it() {
        let command = Command::new("c").args(
            ["INSTANCE", "NAMESPACE", "PROFILE"]
                .map(|name| Arg::new(name).long(name).value_name(name)),
        );
        assert_eq!(
            candidates(&command, "--INSTANCE "),
            ["st-paul", "st-thomas"]
        );
        assert_eq!(candidates(&command, "--NAMESPACE th"), ["thomas"]);
        assert_eq!(candidates(&command, "--PROFILE "), ["big", "small"]);
    }

    #[test]
    fn the_fleet_file_that_is_named_is_read() {
        let table = table();
        let mut named = Vec::new();
        for line in [
            "-f a.yaml -n ",
            "--fleet=b.yaml -n ",
            "-qfc.yaml -n ",
            "-n ",
        ] {
            let command = Command::new("c").args([
                Arg::new("fleet").short('f').long("fleet"),
                Arg::new("namespace").short('n').value_name("NAMESPACE"),
                Arg::new("quiet").short('q').action(ArgAction::SetTrue),
            ]);
            Completion::of(&command, &words(line), &mut |name| {
                named.push(name.map(str::to_owned));
                None
            });
        }
        let expected = [Some("a.yaml"), Some("b.yaml"), Some("c.yaml"), None];
        assert_eq!(named, expected.map(|name| name.map(str::to_owned)));
        assert_eq!(
            candidates(&table, "new-instance p -n "),
            ["st-paul", "thomas"]
        );
    }

    #[test]
    fn an_answer_is_a_line_for_each_candidate_and_one_for_the_shell() {
        let answer = Completion::of(&table(), &words("templates l"), &mut fleet);
        assert_eq!(
            answer.text(),
            "list\tList the built-in templates by name\n:4\n"
        );
    }
}
