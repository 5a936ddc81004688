//! `schema`: the JSON Schema of a kind of file.

use super::error::Failure;
use super::examples::examples;
use super::output::print_or_end;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Let an editor complete and check the fleet file
    civi-ingress schema fleet > fleet.schema.json"))]
pub(super) struct Schema {
    /// Kind of file
    pub(super) kind: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// The fleet file
    Fleet,
    /// The configuration file of lint, .civi-ingress.toml
    Lint,
    /// The reports: `-o json` of inspect, lint, status, probe and topology explain, `--summary json` of gitops
    Report,
}

pub(super) fn run(arguments: &Schema) -> Result<(), Failure> {
    let text = match arguments.kind {
        SchemaKind::Fleet => civi_ingress::fleet::SCHEMA,
        SchemaKind::Lint => civi_ingress::lint::configuration::SCHEMA,
        SchemaKind::Report => civi_ingress::report::SCHEMA,
    };
    print_or_end(text.as_bytes())
}
