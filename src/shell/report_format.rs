//! The form of a report.

use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    #[value(alias = "table")]
    Text,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
}

// Without a description of its own, which the command that has it would take for its long one.
#[derive(Debug, Args)]
pub(super) struct ReportArguments<Format = ReportFormat>
where
    Format: ValueEnum + Clone + Send + Sync + 'static,
{
    /// Format of the report
    #[arg(
        short = 'o',
        long = "format",
        visible_alias = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(super) format: Format,
}
