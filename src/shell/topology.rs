//! `topology`: the path that an instance has.

mod moving;
mod subject;

use super::arrival::{BalancerArgument, WayArguments};
use super::ca_custody::CaCustodyArgument;
use super::error::Failure;
use super::examples::examples;
use super::gateway::{IngressArgument, IngressArguments, check};
use super::gitops::fleet::read_fleet;
use super::output::print_or_end;
use super::report_format::ReportArguments;
use super::traefik_file;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::fleet;
use civi_ingress::load_balancer::BalancerKind;
use civi_ingress::outside::traefik::check_topology;
use civi_ingress::path::arrival::can;
use civi_ingress::path::expand::TopologyName;
use civi_ingress::path::shared_gateway::{ApiRelease, SharedGateway};
use civi_ingress::path::shared_istio::SharedIstio;
use civi_ingress::report::yaml;
use civi_ingress::topology::{CaKeyHolder, Document, Subject};
use clap::{Args, Subcommand, ValueEnum};
use moving::Move;
use std::path::Path;
use subject::SubjectArguments;

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show the way of a request to an instance
    civi-ingress topology explain paroisse-a --host a.example.org"))]
pub(super) struct TopologyArguments {
    #[command(subcommand)]
    command: TopologyCommand,
}

#[derive(Debug, Subcommand)]
enum TopologyCommand {
    Explain(Box<Explain>),
    List(List),
    Move(Box<Move>),
}

/// List the topologies, and what a load balancer can do
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show which topologies there are
    civi-ingress topology list

  Show which of them MetalLB can do, and why not the others
    civi-ingress topology list --load-balancer metallb"))]
struct List {
    #[command(flatten)]
    balancer: BalancerArgument,
    /// By which objects requests are led to the instances
    #[arg(long, value_name = "KIND", help_heading = "Way in")]
    ingress: Option<IngressArgument>,
}

/// Explain who speaks TLS to whom on the way to an instance
///
/// For each leg: which certificate is shown from which Secret, what is trusted, and which name is expected; and who
/// reads the request in clear text and who holds which key. Nothing is issued or rendered.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Show the way of a request to an instance
    civi-ingress topology explain paroisse-a --host a.example.org

  Show how it would be if Traefik passed TLS on
    civi-ingress topology explain paroisse-a --host a.example.org \\
      --topology passthrough --proxy-protocol 2

  Show what a load balancer and Traefik must be set to
    civi-ingress topology explain paroisse-a --host a.example.org \\
      --topology tcp-proxy --load-balancer ovh-mks --trusted 10.0.0.0/20

  Draw the ways of a fleet
    civi-ingress topology explain -f fleet.yaml -o mermaid"))]
struct Explain {
    #[command(flatten)]
    subject: SubjectArguments,
    /// What becomes of the CA key
    #[arg(
        long,
        value_name = "HOW",
        default_value = "stored",
        conflicts_with = "fleet"
    )]
    ca_custody: CaCustodyArgument,
    #[command(flatten)]
    way: WayArguments,
    #[command(flatten)]
    ingress: IngressArguments,
    #[command(flatten)]
    report: ReportArguments<TopologyFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TopologyFormat {
    /// For people
    #[value(alias = "table")]
    Text,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
    /// A flowchart
    Mermaid,
}

pub(super) fn run(arguments: &TopologyArguments) -> Result<(), Failure> {
    match &arguments.command {
        TopologyCommand::Explain(arguments) => explain(arguments),
        TopologyCommand::List(arguments) => list(arguments),
        TopologyCommand::Move(arguments) => moving::run(arguments),
    }
}

fn list(arguments: &List) -> Result<(), Failure> {
    let kind = match arguments
        .balancer
        .load_balancer
        .as_deref()
        .map(BalancerKind::parse)
    {
        None => None,
        Some(Ok(kind)) => Some(kind),
        Some(Err(fault)) => return Err(Failure::usage(vec![fault.argument("--load-balancer")])),
    };
    let mut lines = Vec::new();
    let usual = SharedGateway::usual(ApiRelease::default());
    let names = TopologyName::NAMES.iter();
    let width = names.map(|name| name.len()).max().unwrap_or_default();
    for name in TopologyName::ALL {
        lines.push(format!("{:<width$}  {}", name.as_str(), name.full()));
        let gap = "";
        if let Some(Err(refusal)) = kind.map(|kind| can(*name, kind)) {
            lines.push(format!(
                "{gap:<width$}  no: {}; {}",
                refusal.why, refusal.instead
            ));
        }
        let topology = name.with(None);
        let checked = match arguments.ingress {
            Some(IngressArgument::GatewayApi) => usual.check_topology(topology),
            Some(IngressArgument::Istio) => SharedIstio::check_topology(topology),
            Some(IngressArgument::TraefikFile) => check_topology(*name),
            Some(IngressArgument::Traefik) | None => Ok(()),
        };
        if let Err(fault) = checked {
            let help = fault.help.unwrap_or_default();
            lines.push(format!("{gap:<width$}  no: {}; {help}", fault.what));
        }
    }
    print_or_end((lines.join("\n") + "\n").as_bytes())
}

fn explain(arguments: &Explain) -> Result<(), Failure> {
    let document = if let Some(path) = &arguments.subject.fleet {
        of_fleet(arguments, path)?
    } else {
        let mut faults = Faults::default();
        let way = arguments.way.way(&mut faults);
        let gateway = faults.keep_all(arguments.ingress.gateway());
        let ((topology, arrival), gateway) =
            faults.finish(way.zip(gateway)).map_err(Failure::usage)?;
        let subject = &arguments.subject;
        let mut faults = Faults::default();
        let settings = subject.settings(&mut faults)?;
        let shown = arguments.way.public_certificate();
        let instance = subject.instance(settings, shown, &mut faults);
        let mut instance = faults
            .finish(instance)
            .map_err(|faults| subject.refused(faults))?;
        instance.extras.clients = arguments.way.clients.read()?;
        let mut faults = Faults::default();
        let asks_clients = instance.extras.clients.is_some();
        let way = (gateway.as_ref(), topology);
        check(way, &instance, asks_clients, &mut faults);
        if arguments.ingress.are_files() {
            traefik_file::check(topology, &arrival, &mut faults);
        }
        faults.finish(Some(())).map_err(Failure::usage)?;
        let ca_key = match arguments.ca_custody {
            CaCustodyArgument::Stored => CaKeyHolder::Secret,
            CaCustodyArgument::Dropped => CaKeyHolder::Nobody,
        };
        let subject = Subject {
            name: subject.name(),
            instance: &instance,
            ca_key,
            topology,
            gateway: gateway.as_ref(),
            by_files: arguments.ingress.are_files(),
        };
        Document::of(&arrival, &[subject])
    };
    let report = match arguments.report.format {
        TopologyFormat::Text => document.text(),
        TopologyFormat::Json => document.json(),
        TopologyFormat::Yaml => yaml(&document.json()),
        TopologyFormat::Mermaid => document.mermaid(),
    };
    print_or_end(report.as_bytes())
}

fn of_fleet(arguments: &Explain, path: &Path) -> Result<Document, Failure> {
    let fleet = read_fleet(path)?;
    let members = arguments.subject.members(&fleet)?;
    let mut faults = Faults::default();
    if arguments.ingress.is_given() {
        let fault = Fault::new("the fleet file says which objects lead requests to its instances");
        let fault = fault.help("leave it out").argument("--ingress");
        return Err(Failure::usage(vec![fault]));
    }
    let way = if arguments.way.is_given() {
        arguments.way.way(&mut faults).map(Some)
    } else {
        Some(None)
    };
    let way = faults.finish(way).map_err(Failure::usage)?;
    let mut instances = Vec::new();
    for member in members {
        let extras = &member.terms.extras;
        let ca_key = match member.terms.certificate.ca {
            _ if extras.makers.show_asked() => CaKeyHolder::CertManager,
            _ if !extras.makers.are_here() => CaKeyHolder::Owner,
            fleet::CaCustody::Stored => CaKeyHolder::Secret,
            fleet::CaCustody::Ephemeral => CaKeyHolder::Nobody,
            fleet::CaCustody::External => CaKeyHolder::Owner,
        };
        instances.push((member, fleet.instance(member)?, ca_key));
    }
    let subjects: Vec<Subject<'_>> = instances
        .iter()
        .map(|(member, instance, ca_key)| Subject {
            name: member.id.as_str(),
            instance,
            ca_key: *ca_key,
            gateway: fleet.gateway.as_ref(),
            by_files: fleet.files.is_some(),
            topology: way
                .as_ref()
                .map_or_else(|| fleet.topology(member), |(topology, _)| *topology),
        })
        .collect();
    let arrival = way.as_ref().map_or(&fleet.arrival, |(_, arrival)| arrival);
    Ok(Document::of(arrival, &subjects))
}
