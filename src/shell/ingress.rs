//! `ingress`.

use super::error::Failure;
use super::examples::examples;
use super::output::print_or_end;
use super::paths::check_stdin;
use super::{Run, world};
use civi_ingress::fault::Faults;
use civi_ingress::ingress_nginx::import;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make instances of the Ingresses of a cluster
    kubectl get ingresses --all-namespaces -o yaml |
      civi-ingress ingress import - > instances.yaml"))]
pub(super) struct IngressCommands {
    #[command(subcommand)]
    command: IngressCommand,
}

#[derive(Debug, Subcommand)]
enum IngressCommand {
    Import(ImportIngress),
}

/// Make instances of a fleet out of Ingresses of ingress-nginx
///
/// Prints a document of kind Instance for each namespace, which the fleet file includes, and notes all that is lost.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make instances of the Ingresses of a cluster
    kubectl get ingresses --all-namespaces -o yaml |
      civi-ingress ingress import - > instances.yaml"))]
struct ImportIngress {
    /// Manifests, or - for stdin
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

pub(super) fn run(run: &Run, arguments: &IngressCommands) -> Result<(), Failure> {
    let IngressCommand::Import(arguments) = &arguments.command;
    check_stdin(arguments.files.iter().map(PathBuf::as_path))?;
    let mut faults = Faults::default();
    let mut imported = Vec::new();
    for path in &arguments.files {
        let text = world::read(path)?;
        imported.extend(
            faults
                .keep_all(import(&text.content, &text.name))
                .unwrap_or_default(),
        );
    }
    let imported = faults.finish(Some(imported))?;
    for instance in &imported {
        for loss in &instance.losses {
            run.note(&format!("{}: lost: {loss}", instance.id));
        }
    }
    let texts: Vec<&str> = imported
        .iter()
        .map(|instance| instance.text.as_str())
        .collect();
    print_or_end(texts.concat().as_bytes())
}
