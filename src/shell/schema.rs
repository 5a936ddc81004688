//! `schema`: the JSON Schema of a kind of file.

use super::error::Failure;
use super::output::print_or_end;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Kind of file
    pub(super) kind: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// The fleet file
    Fleet,
}

pub(super) fn run(arguments: &Schema) -> Result<(), Failure> {
    let text = match arguments.kind {
        SchemaKind::Fleet => civi_ingress::fleet::SCHEMA,
    };
    print_or_end(text.as_bytes())
}
