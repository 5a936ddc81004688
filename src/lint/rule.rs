//! A rule: what is looked for, what would happen, and the way out.
//!
//! Neither a code nor a name ever changes its meaning; a rule that goes leaves a gap.

use crate::tone::Tone;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; not shown unless asked for.
    Info,
    /// Works today, by luck or for a while; or works otherwise than it looks.
    Warning,
    /// Fails in production, or leaves a door open.
    Error,
}

impl Severity {
    /// Returns the name in options and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Returns what it means to its reader.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Info => Tone::Note,
            Self::Warning => Tone::Warning,
            Self::Error => Tone::Bad,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its code, such as `CI202`.
    pub code: &'static str,
    /// Its name, such as `wrong-server-name`.
    pub name: &'static str,
    /// How bad its findings are; a finding may be milder where the input leaves it open.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// What would happen in production.
    pub consequence: &'static str,
    /// What to do.
    pub help: &'static str,
    /// The row of [`super::recorded`] that shows it on a real Traefik.
    pub recorded: Option<&'static str>,
}

macro_rules! rules {
    ($($code:ident $name:literal $severity:ident $(as $recorded:literal)?
        $title:literal
        $consequence:literal
        $help:literal)*) => {
        $(
            #[doc = $title]
            pub(crate) static $code: $crate::lint::rule::Rule = $crate::lint::rule::Rule {
                code: stringify!($code),
                name: $name,
                severity: $crate::lint::rule::Severity::$severity,
                title: $title,
                consequence: $consequence,
                help: $help,
                recorded: $crate::lint::rule::rules!(@recorded $($recorded)?),
            };
        )*
        /// The rules, in the order of their codes.
        pub(in crate::lint) static RULES: &[&$crate::lint::rule::Rule] = &[$(&$code),*];
    };
    (@recorded) => { None };
    (@recorded $recorded:literal) => { Some($recorded) };
}

pub(in crate::lint) use rules;
