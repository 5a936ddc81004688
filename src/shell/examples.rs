//! The examples at the end of each command's long help.

/// Where the documentation is.
macro_rules! documentation {
    () => {
        env!("CARGO_PKG_HOMEPAGE")
    };
}

/// Puts examples under their heading, and below them where the documentation is. An example is a line that says what
/// it does, indented by two, and below it the commands, indented by four; no line is longer than 80 columns, where
/// help would be wrapped.
macro_rules! examples {
    ($text:expr) => {
        concat!(
            "Examples:",
            $text,
            "\n\nDocumentation: ",
            $crate::shell::examples::documentation!()
        )
    };
}

pub(super) use documentation;
pub(super) use examples;

#[cfg(test)]
mod tests {
    use super::super::cli::table;

    /// Widest line that a terminal of the usual size shows whole.
    const WIDTH: usize = 80;
    /// How much wider a line is where kubectl calls the program.
    const CALLED: usize = "kubectl ".len();

    /// Returns every command with the words that call it.
    fn commands() -> Vec<(String, clap::Command)> {
        fn below(path: &str, command: &clap::Command, all: &mut Vec<(String, clap::Command)>) {
            all.push((path.to_owned(), command.clone()));
            for command in command.get_subcommands() {
                let name = command.get_name();
                if name != "help" {
                    below(&format!("{path} {name}"), command, all);
                }
            }
        }
        let mut table = table(None);
        table.build();
        let mut all = Vec::new();
        below(table.get_name(), &table, &mut all);
        all
    }

    fn examples(command: &clap::Command) -> String {
        let text = command.get_after_long_help();
        text.map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the runs of this program in examples, each as its words.
    fn runs(examples: &str) -> Vec<Vec<String>> {
        let lines = examples.lines().filter(|line| line.starts_with("    "));
        let script = lines.collect::<Vec<_>>().join("\n");
        let script = script.replace("\\\n", " ").replace("|\n", "| ");
        let mut runs = Vec::new();
        for command in script.split(['\n', '|', '&', ';']) {
            let words = command.split('>').next().unwrap_or_default();
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            if words.first().is_some_and(|word| word == "civi-ingress") {
                runs.push(words);
            }
        }
        runs
    }

    #[test]
    fn every_command_has_examples_of_itself_that_the_table_of_commands_takes() {
        for (path, command) in commands() {
            let runs = runs(&examples(&command));
            let of_itself = runs
                .iter()
                .filter(|words| format!("{} ", words.join(" ")).starts_with(&format!("{path} ")));
            assert!(of_itself.count() > 0, "{path}");
            for words in runs {
                let parsed = table(None).try_get_matches_from(&words);
                assert!(
                    parsed.is_ok(),
                    "{}\n{}",
                    words.join(" "),
                    parsed.unwrap_err()
                );
            }
        }
    }

    #[test]
    fn no_line_of_an_example_is_wrapped_where_it_is_copied() {
        for (path, command) in commands() {
            for line in examples(&command).lines() {
                let calls = line.matches("civi-ingress ").count();
                let width = line.chars().count() + calls * CALLED;
                assert!(width <= WIDTH, "{path}: {line}");
            }
        }
    }

    #[test]
    fn every_long_help_ends_with_the_address_of_the_documentation() {
        for (path, command) in commands() {
            let examples = examples(&command);
            let end = concat!("\n\nDocumentation: ", documentation!());
            assert!(examples.ends_with(end), "{path}: {examples}");
        }
    }

    #[test]
    fn the_global_options_come_last() {
        for (path, command) in commands() {
            let headings: Vec<&str> = command
                .get_arguments()
                .filter_map(clap::Arg::get_help_heading)
                .collect();
            let first = headings
                .iter()
                .position(|heading| *heading == "Global options");
            let first = first.expect("every command takes them");
            let rest = &headings[first..];
            assert!(
                rest.iter().all(|heading| *heading == "Global options"),
                "{path}: {rest:?}"
            );
        }
    }
}
