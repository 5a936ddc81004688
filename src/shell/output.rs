//! What goes out on stdout and stderr; files are written by `writing.rs` and `tree.rs`.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door through which everything leaves"
)]

use super::colour::{self, ColourChoice, Wishes};
use super::error::{Failure, Kind};
use super::program::called_by;
use anyhow::Context as _;
use civi_ingress::fault::Fault;
use civi_ingress::tone::{self, Paint};
use civi_ingress::visible::{self, composed};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which of the two streams have colours.
struct Colours {
    stdout: bool,
    stderr: bool,
}

static COLOURS: OnceLock<Colours> = OnceLock::new();

/// Settles, once, which streams have colours, by an option and by what the environment wishes.
pub(super) fn settle_colours(choice: ColourChoice, wishes: Wishes) {
    COLOURS.get_or_init(|| Colours {
        stdout: choice.colours(wishes, stdout_is_terminal()),
        stderr: choice.colours(wishes, stderr_is_terminal()),
    });
}

/// Returns whether reports on stdout have colours.
pub(super) fn stdout_has_colours() -> bool {
    COLOURS.get().is_some_and(|colours| colours.stdout)
}

/// Returns how reports on stdout show their pieces.
pub(super) fn paint() -> Paint<'static> {
    if stdout_has_colours() {
        &colour::paint
    } else {
        &tone::plain
    }
}

/// Returns the columns of the terminal behind stdout; nothing where there is none.
pub(super) fn width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns))
}

/// The name by which the program was called, and its commands.
static CALLED: OnceLock<(&str, &[&str])> = OnceLock::new();

/// Settles, once, how the program was called, and which commands it has.
pub(super) fn settle_name(name: &'static str, commands: &'static [&'static str]) {
    CALLED.get_or_init(|| (name, commands));
}

/// Returns a text in which commands of this program are called as it was.
pub(super) fn as_called(text: &str) -> Cow<'_, str> {
    match CALLED.get() {
        Some((name, commands)) => called_by(name, commands, text),
        None => Cow::Borrowed(text),
    }
}

/// Writes lines to stderr, with nothing in them that steers a terminal or a CI; a closed stderr is nobody's loss.
pub(super) fn say(text: &str) {
    let text = as_called(text);
    let text = composed(&text);
    let has_colours = COLOURS.get().is_some_and(|colours| colours.stderr);
    let painted = has_colours.then(|| colour::painted_lines(&text));
    let _ = io::stderr().write_all(painted.as_deref().unwrap_or(&text).as_bytes());
}

/// Writes a warning to stderr.
pub(super) fn warn(text: &str) {
    say(&format!("warning: {}\n", visible::line(text)));
}

static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Makes [`explain`] print.
pub(super) fn be_verbose() {
    VERBOSE.store(true, Ordering::Relaxed);
}

/// Returns whether [`explain`] prints, for those who would have to look for what to say.
pub(super) fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Prints with `--verbose` what is read, assumed or decided, and why.
pub(super) fn explain(what: impl FnOnce() -> String) {
    if is_verbose() {
        say(&format!("info: {}\n", visible::line(&what())));
    }
}

/// Shows on a terminal how far a run is, in place of what was shown before.
pub(super) fn show_progress(done: usize, all: usize) {
    let end = if done == all { "\r\u{1b}[K" } else { "" };
    let _ = write!(io::stderr(), "\r{done} of {all}{end}");
}

/// Returns whether a person reads stdout.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Returns whether a person reads stderr.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Returns whether stdout was closed when the program started: Rust then opens /dev/null for reading and writing
/// in its place, which no shell does (library/std/src/sys/pal/unix/mod.rs).
pub(super) fn stdout_is_closed() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let null = fs::metadata("/dev/null").map(|metadata| metadata.rdev());
    let Ok(file) = io::stdout().as_fd().try_clone_to_owned().map(File::from) else {
        return true;
    };
    let is_null = file
        .metadata()
        .is_ok_and(|metadata| Some(metadata.rdev()) == null.ok());
    is_null
        && rustix::fs::fcntl_getfl(&file)
            .is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
}

/// Returns the mode of the file behind stdout when others can read it.
pub(super) fn stdout_readable_by_others() -> Option<u32> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    Some(metadata.permissions().mode() & 0o777).filter(|mode| mode & 0o077 != 0)
}

/// Writes the pieces of a text to stdout.
///
/// A closed pipe is an error: keys that were printed exist nowhere else.
pub(super) fn print<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
    if stdout_is_closed() {
        return Err(closed_stdout());
    }
    // Not through the standard library's stdout, which takes a descriptor that cannot be written for one that took all
    // (library/std/src/io/stdio.rs, handle_ebadf).
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let written = stdout.and_then(|mut stdout| {
        pieces
            .into_iter()
            .try_for_each(|piece| stdout.write_all(piece.as_bytes()))
    });
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::new(
            Kind::ClosedPipe,
            Fault::new("the reader of stdout closed it before everything was written")
                .help("what was printed is incomplete: run the command again"),
        )),
        Err(error) => Err(anyhow::Error::new(error)
            .context("cannot write to stdout")
            .into()),
    }
}

/// Prints what can be printed again: a reader that ends early, as `head` does, hears nothing of it.
pub(super) fn print_or_end(text: &[u8]) -> Result<(), Failure> {
    print([String::from_utf8_lossy(text).as_ref()]).map_err(|mut failure| {
        if failure.kind == Kind::ClosedPipe {
            failure.faults.clear();
        }
        failure
    })
}

/// Appends a text to a file, which need not exist.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = || format!("cannot write {}", path.display());
    let mut options = fs::OpenOptions::new();
    let file = options.append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.with_context(failed)?)
}

/// Reports that nothing can be printed.
pub(super) fn closed_stdout() -> Failure {
    let fault = Fault::new("stdout is closed");
    Failure::new(
        Kind::InputOutput,
        fault.help("open it for writing; `> /dev/null` throws the output away"),
    )
}
