//! Colour: whether there is any, and which tone has which. Nothing else in the program writes escape sequences.

use civi_ingress::tone::Tone;
use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style, Styles};

/// When output has colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColourChoice {
    /// On a terminal, as NO_COLOR, CLICOLOR_FORCE and TERM say
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What of the environment speaks of colours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wishes {
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub(super) none: bool,
    /// `CLICOLOR_FORCE` is set, and to something other than 0 (bixense.com/clicolors).
    pub(super) forced: bool,
    /// `TERM` is `dumb`.
    pub(super) dumb: bool,
}

impl ColourChoice {
    /// Returns whether a stream gets colours. An option outweighs the environment, and `NO_COLOR` all else in it.
    pub(super) fn colours(self, wishes: Wishes, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => !wishes.none && (wishes.forced || (is_terminal && !wishes.dumb)),
        }
    }

    /// Finds the choice on a command line that need not be right: its faults are told in colour, too.
    pub(super) fn of<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut choice = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let option = argument
                .strip_prefix("--color")
                .or(argument.strip_prefix("--colour"));
            let value = match option {
                Some("") => arguments.next(),
                Some(value) => value.strip_prefix('='),
                None if argument == "--" => break,
                None => None,
            };
            let value = value.and_then(|value| Self::from_str(value, false).ok());
            choice = value.unwrap_or(choice);
        }
        choice
    }
}

/// Shows a text in its tone.
pub(super) fn paint(tone: Tone, text: &str) -> String {
    let style = style(tone);
    format!("{style}{text}{style:#}")
}

/// The colours are those of the terminal's own palette, which its user can read.
fn style(tone: Tone) -> Style {
    match tone {
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Warning => AnsiColor::Yellow.on_default().bold(),
        Tone::Note => AnsiColor::Cyan.on_default().bold(),
        Tone::Good | Tone::Added => AnsiColor::Green.on_default(),
        Tone::Removed => AnsiColor::Red.on_default(),
        Tone::Heading => Style::new().bold(),
        Tone::Quiet => Style::new().dimmed(),
    }
}

/// The same colours for help and usage errors.
pub(super) fn styles() -> Styles {
    Styles::plain()
        .header(style(Tone::Heading))
        .usage(style(Tone::Heading))
        .literal(style(Tone::Good))
        .placeholder(AnsiColor::Cyan.on_default())
        .error(style(Tone::Bad))
        .valid(style(Tone::Good))
        .invalid(style(Tone::Warning))
}

/// Shows the words in which lines for people begin in the tone of what follows.
///
/// The rest of a line is text that cannot steer a terminal, and the word is ours: a stranger's text never begins a
/// line.
pub(super) fn painted_lines(text: &str) -> String {
    const WORDS: [(&str, Tone); 7] = [
        ("error:", Tone::Bad),
        ("warning:", Tone::Warning),
        ("note:", Tone::Note),
        ("help:", Tone::Note),
        ("info:", Tone::Quiet),
        ("Usage:", Tone::Heading),
        ("  tip:", Tone::Note),
    ];
    let mut out = String::with_capacity(text.len() + 32);
    for line in text.split_inclusive('\n') {
        let word = WORDS.iter().find(|(word, _)| line.starts_with(word));
        match word {
            Some((word, tone)) => {
                out.push_str(&paint(*tone, word));
                out.push_str(&line[word.len()..]);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Shows the lines of a unified difference: what goes, what comes, and where.
pub(super) fn painted_difference(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let tone = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Tone::Heading,
            [b'+', ..] => Tone::Added,
            [b'-', ..] => Tone::Removed,
            [b'@', b'@', ..] => Tone::Note,
            _ => {
                out.push_str(line);
                continue;
            }
        };
        let text = line.trim_end_matches('\n');
        out.push_str(&paint(tone, text));
        out.push_str(&line[text.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_colours_unless_somebody_wishes_none() {
        let wishes = |none, forced, dumb| Wishes { none, forced, dumb };
        for (wishes, on_a_terminal, in_a_pipe) in [
            (wishes(false, false, false), true, false),
            (wishes(true, false, false), false, false),
            (wishes(false, true, false), true, true),
            (wishes(false, false, true), false, false),
            (wishes(true, true, false), false, false),
            (wishes(false, true, true), true, true),
        ] {
            assert_eq!(
                ColourChoice::Auto.colours(wishes, true),
                on_a_terminal,
                "{wishes:?}"
            );
            assert_eq!(
                ColourChoice::Auto.colours(wishes, false),
                in_a_pipe,
                "{wishes:?}"
            );
            assert!(ColourChoice::Always.colours(wishes, false));
            assert!(!ColourChoice::Never.colours(wishes, true));
        }
    }

    #[test]
    fn the_choice_is_found_before_the_command_line_is_read() {
        let of = |line: &str| ColourChoice::of(line.split(' '));
        assert_eq!(of("status --color always tree"), ColourChoice::Always);
        assert_eq!(of("--color=never status"), ColourChoice::Never);
        assert_eq!(of("status --color rainbow"), ColourChoice::Auto);
        assert_eq!(of("status --color"), ColourChoice::Auto);
        assert_eq!(of("status -- --color=never"), ColourChoice::Auto);
        assert_eq!(of("status --colors=never"), ColourChoice::Auto);
    }

    #[test]
    fn only_the_word_that_begins_a_line_is_painted() {
        assert_eq!(
            painted_lines("error: a\n  | error: b\nwarning: c"),
            "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m a\n  | error: b\n\u{1b}[1m\u{1b}[33mwarning:\u{1b}[0m c"
        );
    }

    #[test]
    fn a_difference_shows_what_comes_and_what_goes() {
        assert_eq!(
            painted_difference("--- a\n@@ 1 @@\n-b\n c\n+d\n"),
            "\u{1b}[1m--- a\u{1b}[0m\n\u{1b}[1m\u{1b}[36m@@ 1 @@\u{1b}[0m\n\u{1b}[31m-b\u{1b}[0m\n c\n\u{1b}[32m+d\u{1b}[0m\n"
        );
    }
}
