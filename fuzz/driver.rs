//! Feeds each target a fixed number of inputs: its corpus, and what a generator with a fixed start makes of it. The
//! same inputs at every run; `CIVI_INGRESS_EXECUTIONS` sets how many, and the corpus grows by `CIVI_INGRESS_FOUND/TARGET`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it reads the corpus, keeps what ends a target, and says how far a long run is"
)]

mod targets;

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Inputs per target, by default.
const EXECUTIONS: usize = 1000;
/// After so many inputs a run says how far it is.
const TOLD: usize = 1_000_000;
/// The targets, each with the length of its longest input in bytes and the folders that hold further inputs: what the
/// tests keep for readers of the kind.
const INPUTS: &str = include_str!("inputs");

/// Pieces that mean something to one reader or another.
const WORDS: [&str; 48] = [
    "---\n",
    "...\n",
    "- ",
    ": ",
    "? ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "|\n  ",
    ">-\n",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "%YAML 1.2\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "\u{0}",
    "\\",
    "`",
    "||",
    "&&",
    "!",
    "(",
    ")",
    "Host(`a`)",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n",
    "kind: Secret\n",
    "metadata:\n",
    "data:\n",
    "ENC[AES256_GCM,data:",
    "sops:\n",
    "9999-12-31T23:59:59Z",
    "-1",
    "9223372036854775808",
    "1e999",
    "null",
    "HTTP/1.1 200 OK\r\n\r\n",
    ",",
    ";",
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let executions = std::env::var("CIVI_INGRESS_EXECUTIONS").ok();
    let executions = executions.map_or(EXECUTIONS, |text| text.parse().expect("a number"));
    let trials = targets::ALL
        .iter()
        .map(|(name, target)| Trial::test(*name, move || run(name, *target, executions)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn run(name: &str, target: fn(&[u8]), executions: usize) -> Result<(), Failed> {
    let (longest, folders) = inputs(name)?;
    let corpus = corpus(name, &folders)?;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for number in 0..executions {
        if number > 0 && number.is_multiple_of(TOLD) {
            eprintln!("{name}: {number} inputs");
        }
        let input = match corpus.get(number) {
            Some(kept) => kept.clone(),
            None => mutated(&corpus, longest, &mut numbers),
        };
        let ended = std::panic::catch_unwind(|| target(&input));
        if ended.is_err() {
            let path = std::env::temp_dir().join(format!("civi-ingress-fuzz-{name}"));
            std::fs::write(&path, &input)?;
            return Err(format!("input {number} is kept as {}", path.display()).into());
        }
    }
    Ok(())
}

/// Returns the length of a target's longest input, and the folders that hold further ones.
fn inputs(name: &str) -> Result<(usize, Vec<&'static str>), Failed> {
    let mut lines = INPUTS.lines().map(str::split_whitespace);
    let mut words = lines
        .find(|words| words.clone().next() == Some(name))
        .ok_or("fuzz/inputs does not have it")?
        .skip(1);
    let longest = words.next().unwrap_or_default().parse()?;
    Ok((longest, words.collect()))
}

/// Reads the kept inputs of a target.
fn corpus(name: &str, further: &[&str]) -> Result<Vec<Vec<u8>>, Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fuzz/corpus").join(name)];
    folders.extend(further.iter().map(|folder| root.join(folder)));
    let found = std::env::var_os("CIVI_INGRESS_FOUND");
    folders.extend(found.map(|found| Path::new(&found).join(name)));
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
    }
    paths.retain(|path| path.is_file());
    paths.sort_unstable();
    let read = paths.iter().map(std::fs::read);
    Ok(read.collect::<Result<_, _>>()?)
}

/// xorshift64 (G. Marsaglia, "Xorshift RNGs", 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("below a usize")
    }
}

/// Changes a kept input in one to eight places.
fn mutated(corpus: &[Vec<u8>], longest: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut input = corpus[numbers.below(corpus.len())].clone();
    for _ in 0..=numbers.below(8) {
        let at = numbers.below(input.len() + 1);
        let end = at + numbers.below((input.len() - at).min(64) + 1);
        match numbers.below(8) {
            0 => drop(input.drain(at..end)),
            1 => {
                let piece = input[at..end].to_vec();
                for _ in 0..=numbers.below(8) {
                    input.splice(at..at, piece.iter().copied());
                }
            }
            2 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            3 if at < input.len() => input[at] = u8::try_from(numbers.below(256)).expect("a byte"),
            4 => {
                let other = &corpus[numbers.below(corpus.len())];
                let from = numbers.below(other.len() + 1);
                let to = from + numbers.below((other.len() - from).min(256) + 1);
                input.splice(at..end, other[from..to].iter().copied());
            }
            5 => input.truncate(at),
            _ => {
                let word = WORDS[numbers.below(WORDS.len())];
                input.splice(at..at, word.bytes());
            }
        }
    }
    input.truncate(longest);
    input
}
