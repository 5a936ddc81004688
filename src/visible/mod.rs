//! What may be shown of a text that somebody else wrote, in a terminal or in the log of a CI.
//!
//! Every fault, note and report passes through here: nothing that steers a terminal or a CI, no bytes of what may be
//! a private key, and no value of a hundred thousand characters.

pub mod redacted;

use std::borrow::Cow;
use std::fmt::Write as _;

/// Most characters shown of a word or of a value in backticks.
const VALUE_LIMIT: usize = 200;
/// How many are shown of one that is longer.
const VALUE_START: usize = 80;
/// Most characters shown of a line: a certificate may hold thousands of names.
const LINE_LIMIT: usize = 2_000;
/// What is in place of what may be a private key.
const HIDDEN: &str = "[hidden: it may be a private key]";

/// Returns whether a character shows as itself and leaves those around it as they are.
///
/// Not so control characters (C0, C1, DEL), marks that turn the direction of text, separators of lines and paragraphs,
/// tags, spaces other than the usual one, what has no width, and what Unicode does not assign. Accents of their own,
/// as macOS writes them in file names, are visible.
#[must_use]
pub fn is_visible(character: char) -> bool {
    match character {
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => false,
        ' '..='~' | '\u{300}'..='\u{36f}' => true,
        // The standard library knows the categories of Unicode (Cc, Cf, Co, Cn, Zl, Zp, Zs).
        _ => character.escape_debug().len() == 1,
    }
}

/// Returns a text as one line that can be shown: what is not visible is escaped (`\n`, `\u{1b}`), what may be a private
/// key is hidden, and long values are shortened, with their length. Such a line comes back as it is.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let shown = without_keys(text);
    let shown = replaced(shown, escaped);
    let shown = replaced(shown, shortened);
    replaced(shown, harmless)
}

/// As [`line()`], for a text that is not needed any more.
pub(crate) fn owned(text: String) -> String {
    match line(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

/// Returns a text of several lines that were composed of what can be shown: only what would steer a terminal or a CI is
/// taken out.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    fn one(part: &str) -> Cow<'_, str> {
        replaced(replaced(Cow::Borrowed(part), escaped), harmless)
    }
    if text
        .split('\n')
        .all(|part| matches!(one(part), Cow::Borrowed(_)))
    {
        return Cow::Borrowed(text);
    }
    let shown: Vec<Cow<'_, str>> = text.split('\n').map(one).collect();
    Cow::Owned(shown.join("\n"))
}

/// Returns a JSON text with the same values, but for what may be a private key, in visible characters.
///
/// RFC 8259 section 7 lets any character be written as `\u` and four hexadecimal digits of UTF-16; outside of strings
/// JSON has line ends and nothing else that is not visible.
#[must_use]
pub fn json(text: String) -> String {
    let is_plain = |c: char| c == '\n' || is_visible(c);
    let text = match without_keys_in_strings(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(hidden) => hidden,
    };
    let all_plain = |line: &str| is_printable(line) || line.chars().all(is_visible);
    if text.split('\n').all(all_plain) && !text.contains("##") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for character in text.replace("##", "#\\u0023").chars() {
        if is_plain(character) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}").expect("writing to a String cannot fail");
        }
    }
    out
}

/// Returns a line in which each character has its column: in place of one that is not visible stands U+FFFD.
pub(crate) fn in_columns(text: &str) -> String {
    let shown = |character| match character {
        '\t' => ' ',
        _ if is_visible(character) => character,
        _ => '\u{fffd}',
    };
    text.chars().map(shown).collect()
}

/// Returns whether a text has what a private key may be part of.
#[must_use]
pub fn may_hold_key(text: &str) -> bool {
    matches!(without_keys(text), Cow::Owned(_))
}

fn replaced(text: Cow<'_, str>, change: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    match change(&text) {
        Some(changed) => Cow::Owned(changed),
        None => text,
    }
}

/// Returns whether a text is of the printable characters of ASCII alone, as nearly every one is: each is visible.
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Escapes what is not visible; nothing if all is.
fn escaped(text: &str) -> Option<String> {
    if is_printable(text) || text.chars().all(is_visible) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_visible(character) {
            out.push(character);
        } else {
            out.extend(character.escape_default());
        }
    }
    Some(out)
}

/// Takes the meaning from what a CI takes for a command: `::` at the beginning of a line (GitHub Actions,
/// `ActionCommand.TryParseV2`), `##[` and `##vso[` anywhere in it (the same, `TryParse`; Azure Pipelines).
fn harmless(text: &str) -> Option<String> {
    let begins = text.trim_start().starts_with("::");
    if !begins && !text.contains("##") {
        return None;
    }
    let text = text.replace("##", "#\\u{23}");
    Some(if begins {
        text.replacen("::", "\\u{3a}:", 1)
    } else {
        text
    })
}

/// Shortens values in backticks, words and the whole; nothing if all is short enough.
fn shortened(text: &str) -> Option<String> {
    // Of ASCII there are as many bytes as characters, and never fewer.
    if text.len() <= VALUE_LIMIT {
        return None;
    }
    let mut out = String::with_capacity(VALUE_LIMIT);
    // Every second part is in backticks, unless one of them is a value's own.
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        let count = part.chars().count();
        if index % 2 == 1 && count > VALUE_LIMIT {
            out.extend(part.chars().take(VALUE_START));
            write!(out, "… ({count} characters)").expect("writing to a String cannot fail");
            continue;
        }
        for (index, word) in part.split(' ').enumerate() {
            if index > 0 {
                out.push(' ');
            }
            let count = word.chars().count();
            if count > VALUE_LIMIT {
                out.extend(word.chars().take(VALUE_START));
                write!(out, "… ({count} characters)").expect("writing to a String cannot fail");
            } else {
                out.push_str(word);
            }
        }
    }
    let count = out.chars().count();
    if count > LINE_LIMIT {
        out = out.chars().take(LINE_LIMIT - VALUE_LIMIT).collect();
        write!(out, "… ({count} characters)").expect("writing to a String cannot fail");
    }
    (out != text).then_some(out)
}

/// Hides what may be a private key: a PEM block, an age identity, and what may be the bytes of one as they are, in
/// base64, in hexadecimal, or as a list of numbers.
fn without_keys(text: &str) -> Cow<'_, str> {
    if text.len() < SHORTEST {
        return Cow::Borrowed(text);
    }
    let text = replaced(Cow::Borrowed(text), without_named_keys);
    let text = replaced(text, without_encoded);
    let text = replaced(text, without_numbers);
    replaced(text, without_binary)
}

/// Shortest text that is searched: shorter than an age identity, a PEM block and any key in base64.
const SHORTEST: usize = 24;

/// As [`without_keys`], in the strings of a JSON text.
fn without_keys_in_strings(text: &str) -> Cow<'_, str> {
    if !may_hold_key(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find('"') {
        let (before, string) = rest.split_at(begin + 1);
        out.push_str(before);
        let mut is_escaped = false;
        let end = string.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let (string, after) = string.split_at(end.unwrap_or(string.len()));
        out.push_str(&without_keys_in_string(string));
        out.extend(after.get(..1));
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// As [`without_keys`], in what is between the quotes of a JSON string. It is read first: the letter of an escape such as
/// `\t` is not part of what follows it.
fn without_keys_in_string(string: &str) -> Cow<'_, str> {
    let Ok(value) = serde_json::from_str::<String>(&format!("\"{string}\"")) else {
        return without_keys(string);
    };
    match without_keys(&value) {
        Cow::Borrowed(_) => Cow::Borrowed(string),
        Cow::Owned(hidden) => {
            let quoted = serde_json::Value::String(hidden).to_string();
            Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
        }
    }
}

/// Hides PEM blocks of keys and age identities.
fn without_named_keys(text: &str) -> Option<String> {
    // Few words have this letter: the others need not be compared.
    let mut words = text.as_bytes().windows(3);
    if !words.any(|word| word[0] | 0x20 == b'k' && word.eq_ignore_ascii_case(b"KEY")) {
        return None;
    }
    let upper = text.to_ascii_uppercase();
    let mut hidden = Vec::new();
    let mut from = 0;
    while let Some(at) = upper[from..].find("BEGIN ").map(|at| from + at) {
        from = at + 1;
        // The longest label is `ENCRYPTED PRIVATE KEY`.
        let label = upper.as_bytes()[at..].windows("PRIVATE KEY".len()).take(24);
        let Some(key) = label.into_iter().position(|part| part == b"PRIVATE KEY") else {
            continue;
        };
        let begin = upper[..at].trim_end_matches('-').len();
        let body = at + key + "PRIVATE KEY".len();
        // No key has a backtick; a value that is quoted ends there.
        let end = upper[body..]
            .find('`')
            .map_or(upper.len(), |end| body + end);
        let end = upper[body..end]
            .find("END ")
            .and_then(|last| {
                let last = body + last;
                let label = upper[last..end].find("PRIVATE KEY")?;
                let behind = last + label + "PRIVATE KEY".len();
                let hyphens =
                    upper[behind..end].len() - upper[behind..end].trim_start_matches('-').len();
                Some(behind + hyphens)
            })
            .unwrap_or(end);
        hidden.push((begin, end));
        from = end.max(from);
    }
    let mut from = 0;
    while let Some(at) = upper[from..].find("AGE-SECRET-KEY-").map(|at| from + at) {
        let body = at + "AGE-SECRET-KEY-".len();
        let length = upper[body..]
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        from = body + length;
        // What a help text writes for one is shorter.
        if length > 8 {
            hidden.push((at, from));
        }
    }
    without(text, hidden)
}

/// Hides what may be bytes in base64 (RFC 4648, both alphabets), or in more hexadecimal digits than a SHA-256 has.
fn without_encoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !has_window(bytes) {
        return None;
    }
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..]
            .iter()
            .take_while(|byte| is_digit(**byte))
            .count();
        if length == 0 {
            at += 1;
            continue;
        }
        let (begin, end) = (at, at + length);
        at = end;
        let run = &bytes[begin..end];
        let goes_on = hidden
            .last()
            .is_some_and(|(_, last)| is_line_end(&text[*last..begin]) && is_rest(run));
        if goes_on && let Some(last) = hidden.last_mut() {
            last.1 = end;
        } else if is_base64(run) || is_long_hexadecimal(run) {
            hidden.push((begin, end));
        }
    }
    without(text, hidden)
}

/// Returns whether nothing but a line end, in whatever notation, or a space lies between two parts of one value.
fn is_line_end(between: &str) -> bool {
    between.len() <= 16
        && between
            .chars()
            .all(|c| c.is_whitespace() || "\\\"'|,".contains(c))
}

/// Returns whether a word behind base64 may be its last line: it ends with padding, or is mixed as no word is.
fn is_rest(run: &[u8]) -> bool {
    let changes = kinds(run)
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count();
    run.ends_with(b"=") || (run.len() >= 8 && changes * 4 >= run.len())
}

/// Length of the part of a run that is looked at: fewer characters than 32 bytes take in base64.
const WINDOW: usize = 40;

/// Returns whether a byte is a digit of base64, in either alphabet, or its padding.
fn is_digit(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'_' | b'-' | b'=')
}

/// Returns whether a text has a run of base64's characters that is long enough to be looked at. Of such a run one of
/// each [`WINDOW`] characters is part: the others need not be read.
fn has_window(bytes: &[u8]) -> bool {
    let mut at = WINDOW - 1;
    while let Some(&byte) = bytes.get(at) {
        if is_digit(byte) {
            let is_other = |byte: &u8| !is_digit(*byte);
            let begin = bytes[..at].iter().rposition(is_other);
            let end = bytes[at..].iter().position(is_other);
            let end = end.map_or(bytes.len(), |length| at + length);
            if end - begin.map_or(0, |other| other + 1) >= WINDOW {
                return true;
            }
            at = end;
        }
        at += WINDOW;
    }
    false
}

/// Returns whether a run of base64's characters has capitals, small letters and digits as mixed as random bytes, where
/// two of three differ in kind from the one before. The text of a path or a name does not, and digests and age
/// recipients have letters of one kind.
fn is_base64(run: &[u8]) -> bool {
    if run.len() < WINDOW {
        return false;
    }
    let kinds = kinds(run);
    let weights = |index: usize| {
        let kind = kinds[index];
        let is_change = index > 0 && kind != kinds[index - 1];
        [
            is_change,
            kind == SecretKind::Capital,
            kind == SecretKind::Small,
        ]
        .map(usize::from)
    };
    let mut sums = [0; 3];
    (0..kinds.len()).any(|index| {
        for (sum, weight) in sums.iter_mut().zip(weights(index)) {
            *sum += weight;
        }
        if let Some(gone) = index.checked_sub(WINDOW) {
            for (sum, weight) in sums.iter_mut().zip(weights(gone)) {
                *sum -= weight;
            }
        }
        sums[0] >= 16 && sums[1] >= 4 && sums[2] >= 4
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretKind {
    Capital,
    Small,
    Digit,
}

/// Returns the kinds of the letters and digits of a run.
fn kinds(run: &[u8]) -> Vec<SecretKind> {
    let kind = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(SecretKind::Capital),
        b'a'..=b'z' => Some(SecretKind::Small),
        b'0'..=b'9' => Some(SecretKind::Digit),
        _ => None,
    };
    run.iter().filter_map(kind).collect()
}

/// Returns whether a run has more hexadecimal digits in a row than a SHA-256.
fn is_long_hexadecimal(run: &[u8]) -> bool {
    run.split(|byte| !byte.is_ascii_hexdigit())
        .any(|digits| digits.len() > 64 && digits.iter().any(u8::is_ascii_digit))
}

/// Fewest numbers in a row that are taken for bytes.
const NUMBERS: usize = 16;

/// Hides lists of numbers that may be bytes: `45, 45, 66`, `2d:2d:42`, `0x2d 0x2d`, `\x2d\x2d`.
fn without_numbers(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut hidden = Vec::new();
    let (mut begin, mut end, mut count) = (0, 0, 0);
    let mut at = 0;
    let mut close = |begin, end, count| {
        if count >= NUMBERS {
            hidden.push((begin, end));
        }
    };
    while at < bytes.len() {
        let length = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if length == 0 {
            at += 1;
            continue;
        }
        if !is_byte(&text[at..at + length]) {
            close(begin, end, count);
            count = 0;
        } else if count > 0 && is_between_numbers(&text[end..at]) {
            count += 1;
        } else {
            close(begin, end, count);
            (begin, count) = (at, 1);
        }
        at += length;
        end = at;
    }
    close(begin, end, count);
    without(text, hidden)
}

/// Returns whether what is between two numbers leaves them in one list.
fn is_between_numbers(text: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || ",:;\\[]()'\"".contains(c);
    text.len() <= 16 && text.chars().all(separates)
}

/// Returns whether a word is a number from 0 to 255, or two hexadecimal digits.
fn is_byte(word: &str) -> bool {
    let digits = word
        .strip_prefix("0x")
        .or_else(|| word.strip_prefix('x'))
        .unwrap_or(word);
    word.parse::<u8>().is_ok() || (digits.len() == 2 && u8::from_str_radix(digits, 16).is_ok())
}

/// Fewest characters that no text has for which what is around them is taken for bytes (DER).
const ODD: usize = 8;

/// Hides bytes that are not text, shown as control characters, as U+FFFD or escaped.
fn without_binary(text: &str) -> Option<String> {
    let is_odd = |c: char| c == '\u{fffd}' || c.is_control() && !c.is_ascii_whitespace();
    let is_text = |byte: u8| matches!(byte, b' '..=b'~') || byte.is_ascii_whitespace();
    if text.bytes().all(is_text) && !text.contains("\\u{") {
        return None;
    }
    let escaped = text.match_indices("\\u{").map(|(at, _)| at);
    let mut odd: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| is_odd(*c))
        .map(|(at, _)| at)
        .chain(escaped)
        .collect();
    odd.sort_unstable();
    let (first, last) = (*odd.first()?, *odd.last()?);
    if odd.len() < ODD {
        return None;
    }
    let ends = |c: char| c == '`' || c == ' ';
    let begin = text[..first].rfind(ends).map_or(0, |at| at + 1);
    let end = text[last..]
        .find(ends)
        .map_or(text.len(), |length| last + length);
    without(text, vec![(begin, end)])
}

/// Puts [`HIDDEN`] in place of parts; nothing if there are none.
fn without(text: &str, mut hidden: Vec<(usize, usize)>) -> Option<String> {
    if hidden.is_empty() {
        return None;
    }
    hidden.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (begin, end) in hidden {
        if begin >= from {
            out.push_str(&text[from..begin]);
            out.push_str(HIDDEN);
        }
        from = from.max(end);
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// Writes as Mermaid's entity codes what could end a label or be taken for HTML.
#[must_use]
pub(crate) fn mermaid(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() || " .,-+_/=*:()·".contains(character) {
            out.push(character);
        } else {
            write!(out, "#{};", u32::from(character)).expect("writing to a String cannot fail");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_cannot_be_seen_is_escaped() {
        let steering = [
            '\0',
            '\u{7}',
            '\u{8}',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{f0000}',
        ];
        for character in steering {
            let shown = line(&format!("a{character}b")).into_owned();
            assert_eq!(shown, format!("a{}b", character.escape_default()));
            let json = json(serde_json::to_string(&character.to_string()).unwrap());
            assert!(
                json.is_ascii() && !json.contains(char::is_control),
                "{json}"
            );
            assert_eq!(
                serde_json::from_str::<String>(&json).unwrap(),
                character.to_string()
            );
        }
        let fine = "Église Saint-Étienne e\u{301} “à la façon” Straße 日本 → … `a`";
        assert!(matches!(line(fine), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_ci_would_take_for_a_command_is_not_one() {
        assert_eq!(line("::error::x"), "\\u{3a}:error::x");
        assert_eq!(line("  ::set-env name=a::b"), "  \\u{3a}:set-env name=a::b");
        assert_eq!(
            line("a ##[group]b ##vso[x]"),
            "a #\\u{23}[group]b #\\u{23}vso[x]"
        );
        assert_eq!(line("a::b 2001:db8::7 # c"), "a::b 2001:db8::7 # c");
        assert_eq!(composed("a\n::b\u{1b}\n"), "a\n\\u{3a}:b\\u{1b}\n");
        assert_eq!(
            serde_json::from_str::<String>(&json("\"##[a]\"".to_owned())).unwrap(),
            "##[a]"
        );
    }

    #[test]
    fn long_values_are_shortened_with_their_length() {
        let long = "a".repeat(130_000);
        let shown = line(&format!("`{long}` is not `b`")).into_owned();
        assert_eq!(
            shown,
            format!("`{}… (130000 characters)` is not `b`", "a".repeat(80))
        );
        let shown = line(&format!("{long}: it is too long")).into_owned();
        assert_eq!(
            shown,
            format!("{}… (130000 characters): it is too long", "a".repeat(80))
                .replace("): it", ") it")
                .replace("130000", "130001")
        );
        let words = "word ".repeat(30_000);
        assert!(line(&words).chars().count() <= LINE_LIMIT);
        for text in [format!("`{long}`"), long, words] {
            let once = line(&text).into_owned();
            assert!(matches!(line(&once), Cow::Borrowed(_)), "{once}");
        }
    }

    #[test]
    fn the_letter_of_an_escape_in_json_is_not_hidden_with_what_follows_it() {
        for escape in ["\t", "\n", "\u{8}", "\u{1}", "\\"] {
            let run = format!("TL{escape}Option{}", "4".repeat(80));
            let shown = json(serde_json::json!({ "kind": run }).to_string());
            let value: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
            let kind = value["kind"].as_str().unwrap();
            assert_eq!(kind, format!("TL{escape}{HIDDEN}"), "{shown}");
        }
    }

    const PEM: &str = include_str!("../../tests/keys/leaf.pem");

    #[test]
    fn no_notation_of_a_key_is_shown() {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let pem = PEM.to_owned();
        let body = pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<Vec<_>>();
        let der = base64::engine::general_purpose::STANDARD
            .decode(body.concat())
            .unwrap();
        let join = |separator: &str, one: &dyn Fn(&u8) -> String| {
            der.iter().map(one).collect::<Vec<_>>().join(separator)
        };
        let notations = [
            pem.clone(),
            pem.to_lowercase(),
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\\\\n"),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', " "),
            pem.replace('\n', ""),
            pem.replace("-----", ""),
            pem.lines().take(3).collect::<Vec<_>>().join("\n"),
            body.join("\n"),
            body.concat(),
            body.join("\\n"),
            body.join(" "),
            body.concat().replace('+', "-").replace('/', "_"),
            encode(&pem),
            encode(&encode(&pem)),
            join("", &|byte| format!("{byte:02x}")),
            join("", &|byte| format!("{byte:02X}")),
            join(":", &|byte| format!("{byte:02x}")),
            join(" ", &|byte| format!("{byte:02x}")),
            join(", ", &|byte| format!("0x{byte:02x}")),
            join("", &|byte| format!("\\x{byte:02x}")),
            join(", ", &ToString::to_string),
            format!("{der:?}"),
            format!("{:?}", pem.as_bytes()),
            "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX".to_owned(),
            "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex".to_owned(),
        ];
        for notation in notations {
            let shown = line(&format!("unknown key `{notation}`: write it otherwise")).into_owned();
            assert_eq!(
                shown
                    .replace("\\n", "")
                    .replace("\\r", "")
                    .replace(['[', ']', '\\', ' '], ""),
                format!("unknown key `{HIDDEN}`: write it otherwise").replace(['[', ']', ' '], ""),
                "{notation}"
            );
            assert!(may_hold_key(&notation), "{notation}");
            let json = json(serde_json::json!({ "a": notation, "b": 1 }).to_string());
            let back: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert!(back["a"].as_str().unwrap().contains(HIDDEN), "{json}");
            assert_eq!(back["b"], 1);
        }
    }

    #[test]
    fn a_run_of_base64_is_found_wherever_it_stands() {
        for length in WINDOW - 1..=2 * WINDOW + 1 {
            for before in 0..=2 * WINDOW + 1 {
                for (other, behind) in [(".", "."), ("a.", ".a"), ("", "")] {
                    let text = format!(
                        "{}{other}{}{behind}",
                        " ".repeat(before),
                        "a".repeat(length)
                    );
                    assert_eq!(has_window(text.as_bytes()), length >= WINDOW, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_key_is_shown() {
        let fine = [
            "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdvf9vvsqmvu6q9",
            "/Users/JohnDoe/Documents/CiviCRM/Parishes2026/FleetOfAlsace/fleet",
            "clusters/Production-1/instances/paroisse-saint-etienne-de-mulhouse-centre/secret-selfcert",
            "civicrmhttpd.paroisse-a.svc.cluster.local, civicrmdb.paroisse-a.svc.cluster.local",
            "a PEM block `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY` is needed",
            "an identity looks like `AGE-SECRET-KEY-1…`",
            "ports 80, 443, 8443, 9100; 10.0.0.1, 10.0.0.2, 192.168.100.200, 2001:db8::7",
            "traefik.io/v1alpha1 ServersTransportTCP, IngressRouteTCP, MiddlewareTCP, IngressRouteUDP, TLSOption, TLSStore",
            "maxIdleConnsPerHost, forwardingTimeouts.dialTimeout, forwardingTimeouts.responseHeaderTimeout",
        ];
        for text in fine {
            assert_eq!(line(text), text);
        }
    }
}
