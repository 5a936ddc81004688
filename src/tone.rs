//! What a piece of a report means to its reader, for those who can show it in colour.

/// The meaning of a piece of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something fails or has failed.
    Bad,
    /// Something will fail, or works by luck.
    Warning,
    /// Something worth knowing.
    Note,
    /// All is well.
    Good,
    /// It names what follows.
    Heading,
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It is there for whoever looks for it.
    Quiet,
}

/// Shows a piece of a report in its tone. A report calls it with what is as long as it is shown, padding included.
pub type Paint<'a> = &'a dyn Fn(Tone, &str) -> String;

/// Shows a piece as it is.
#[must_use]
pub fn plain(_: Tone, text: &str) -> String {
    text.to_owned()
}
