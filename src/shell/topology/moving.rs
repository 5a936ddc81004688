//! `topology move`.

use super::super::arrival::{
    BalancerArgument, CertificateArgument, ClientsArgument, PeerArguments, check_certificate,
    refused, topologies,
};
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::gitops::fleet::read_fleet;
use super::super::output::print_or_end;
use super::super::report_format::{ReportArguments, ReportFormat};
use super::super::traefik_release::release;
use super::subject::{SubjectArguments, quoted};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::fleet::{self, Fleet, Member};
use civi_ingress::gitops::layout::Home;
use civi_ingress::instance::Instance;
use civi_ingress::load_balancer::LoadBalancer;
use civi_ingress::name::ObjectName;
use civi_ingress::path::arrival::{Arrival, Refusal};
use civi_ingress::path::expand::{Topology, TopologyName};
use civi_ingress::release::Release;
use civi_ingress::report::yaml;
use civi_ingress::topology::moving::{Document, End, Means, Moved, Subject, never_passed};
use clap::Args;
use std::path::Path;

/// Print the steps by which instances change their topology without a lost request
///
/// In their order, and of each: what to run, what to wait for, how to see that it is done and how to go back. Nothing
/// is changed by this command.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Move a fleet behind a load balancer that passes TLS on to Traefik
    civi-ingress topology move -f fleet.yaml --to tcp-proxy \\
      --load-balancer haproxy --trusted 10.0.0.7

  Move one of its instances to a certificate of its own
    civi-ingress topology move -f fleet.yaml --instance paroisse-a \\
      --to passthrough --public-certificate web-tls

  Move an instance that no fleet file has
    civi-ingress topology move paroisse-a --host a.example.org \\
      --to passthrough --public-certificate web-tls"))]
pub(super) struct Move {
    #[command(flatten)]
    subject: SubjectArguments,
    /// Topology that is to be
    #[arg(long, value_name = "TOPOLOGY", value_parser = topologies(), help_heading = "Way in")]
    to: TopologyName,
    /// Topology of now, without a fleet file
    #[arg(long, value_name = "TOPOLOGY", value_parser = topologies(), default_value = "direct", conflicts_with = "fleet", help_heading = "Way in")]
    from: TopologyName,
    #[command(flatten)]
    balancer: BalancerArgument,
    #[command(flatten)]
    peers: PeerArguments,
    #[command(flatten)]
    certificate: CertificateArgument,
    #[command(flatten)]
    clients: ClientsArgument,
    /// Traefik release that reads the manifests, 2.9 to 3.x [default: 3.7, or that of the fleet]
    #[arg(long, value_name = "VERSION", conflicts_with = "fleet")]
    traefik: Option<String>,
    #[command(flatten)]
    report: ReportArguments,
}

pub(super) fn run(arguments: &Move) -> Result<(), Failure> {
    let document = match &arguments.subject.fleet {
        Some(path) => of_fleet(arguments, path)?,
        None => single(arguments)?,
    };
    let report = match arguments.report.format {
        ReportFormat::Text => document.text(),
        ReportFormat::Json => document.json(),
        ReportFormat::Yaml => yaml(&document.json()),
    };
    print_or_end(report.as_bytes())
}

impl Move {
    fn balancer(&self) -> Result<Option<LoadBalancer>, Vec<Fault>> {
        let kind = self.balancer.load_balancer.as_deref();
        self.peers.balancer(self.to, kind)
    }

    /// Returns the topology that is to be.
    fn topology(&self, faults: &mut Faults) -> Option<Topology> {
        faults.keep(self.peers.topology(self.to))
    }

    /// Returns the public certificate that is named.
    fn certificate(&self, is_passed: bool) -> Result<Option<ObjectName>, Fault> {
        let instead = "leave it out, or use `--to passthrough`";
        self.certificate.secret(is_passed, instead)
    }
}

fn refused_to(refusal: Refusal) -> Fault {
    refused(refusal, "--to")
}

/// Returns how requests arrive at both ends, of which at least one has the load balancer.
fn both(
    from: TopologyName,
    to: TopologyName,
    balancer: Option<&LoadBalancer>,
) -> Result<[Arrival; 2], Refusal> {
    let without = |name, refusal| Arrival::new(name, None).map_err(|_| refusal);
    match [from, to].map(|name| Arrival::new(name, balancer)) {
        [Ok(from), Ok(to)] => Ok([from, to]),
        [Ok(from), Err(refusal)] => Ok([from, without(to, refusal)?]),
        [Err(refusal), Ok(to)] => Ok([without(from, refusal)?, to]),
        [Err(_), Err(refusal)] => Err(refusal),
    }
}

fn single(arguments: &Move) -> Result<Document, Failure> {
    let Move {
        subject, from, to, ..
    } = arguments;
    let mut faults = Faults::default();
    let release = match &arguments.traefik {
        None => Some(Release::default()),
        Some(text) => release(text, &mut faults),
    };
    let topology = arguments.topology(&mut faults);
    let is_passed = [from, to].map(|name| *name == TopologyName::Passthrough);
    let certificate = faults.keep(arguments.certificate(is_passed.contains(&true)));
    let balancer = faults.keep_all(arguments.balancer());
    let arrivals = balancer.and_then(|balancer| {
        let arrivals = both(*from, *to, balancer.as_ref());
        faults.keep(arrivals.map_err(refused_to))
    });
    let checked = release.zip(topology).zip(certificate.zip(arrivals));
    let ((release, topology), (certificate, arrivals)) =
        faults.finish(checked).map_err(Failure::usage)?;
    let mut faults = Faults::default();
    let settings = subject.settings(&mut faults)?;
    let [old, new] = is_passed.map(|is_passed| {
        let shown = certificate.clone().filter(|_| is_passed);
        subject.instance(settings.clone(), Ok(shown), &mut faults)
    });
    let instances = faults.finish(old.zip(new));
    let (mut old, mut new) = instances.map_err(|faults| subject.refused(faults))?;
    let clients = arguments.clients.read()?;
    old.extras.clients.clone_from(&clients);
    new.extras.clients = clients;
    check_way(topology, &new).map_err(Failure::usage)?;
    let proxy = match topology {
        Topology::Passthrough { proxy } => proxy,
        _ => Topology::TO_HTTPD,
    };
    let ends = [(from.with(proxy), old), (topology, new)];
    let [old, new] = ends.map(|(topology, instance)| End { topology, instance });
    let [first, second] = &arrivals;
    let mut further = subject.options();
    if let Some((option, path)) = arguments.clients.path() {
        further.push(format!("{option} {}", quoted(path)));
    }
    if let (Some(secret), [_, true]) = (&certificate, is_passed) {
        further.push(format!("--public-certificate {secret}"));
    }
    if arguments.traefik.is_some() {
        further.push(format!("--traefik {release}"));
    }
    let is_there = first == second && old.topology == topology;
    let moved = Moved {
        name: subject.name(),
        from: old,
        to: new,
        home: None,
    };
    let document = Document::of(&Subject {
        to: topology,
        unmoved: is_there.then(|| subject.name()).into_iter().collect(),
        instances: Some(moved).filter(|_| !is_there).into_iter().collect(),
        arrivals: [first, second],
        release,
        means: Means::Single {
            way: options(topology, second),
            further,
        },
    });
    document.map_err(|faults| Failure::usage(of_option(faults)))
}

fn of_option(faults: Vec<Fault>) -> Vec<Fault> {
    let faults = faults.into_iter();
    faults.map(|fault| fault.argument("--to")).collect()
}

/// Refuses what of an instance cannot be had in a topology.
fn check_way(topology: Topology, instance: &Instance) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    let points = topology.check_entry_points(&instance.settings.entry_points);
    faults.keep(points.map_err(|fault| fault.argument("--to")));
    let clients = topology.check_clients(instance.extras.clients.is_some());
    faults.keep(clients.map_err(|fault| fault.argument("--to")));
    if topology.name() != TopologyName::Passthrough {
        return faults.finish(Some(()));
    }
    for fault in never_passed(instance) {
        faults.push(fault.argument("--to"));
    }
    let is_named = instance.extras.public_certificate.is_some();
    let certificate = check_certificate(topology.name(), is_named);
    faults.keep(certificate.map_err(|fault| fault.argument("--to")));
    faults.finish(Some(()))
}

/// Writes the options by which other commands set the same way.
fn options(topology: Topology, arrival: &Arrival) -> String {
    let mut options = vec![format!("--topology {}", topology.name().as_str())];
    let mut proxy = None;
    if let Some(balancer) = arrival.balancer() {
        options.push(format!("--load-balancer {}", balancer.kind.name()));
        for range in &balancer.trusted {
            options.push(format!("--trusted {range}"));
        }
        if let Some(address) = balancer.address {
            options.push(format!("--load-balancer-address {address}"));
        }
        proxy = balancer.proxy_protocol;
    }
    match topology {
        Topology::Passthrough { proxy: None } => options.push("--proxy-protocol none".to_owned()),
        _ => options.extend(proxy.map(|proxy| format!("--proxy-protocol {}", proxy.number()))),
    }
    options.join(" ")
}

fn of_fleet(arguments: &Move, path: &Path) -> Result<Document, Failure> {
    let fleet = read_fleet(path)?;
    let members = arguments.subject.members(&fleet)?;
    let mut faults = Faults::default();
    let topology = arguments.topology(&mut faults);
    let is_passed = arguments.to == TopologyName::Passthrough;
    let certificate = faults.keep(arguments.certificate(is_passed));
    let balancer = faults.keep_all(arguments.balancer());
    let arrival = balancer.and_then(|balancer| {
        let arrival = arrival(arguments.to, balancer.as_ref(), &fleet);
        faults.keep(arrival.map_err(refused_to))
    });
    let checked = topology.zip(certificate).zip(arrival);
    let ((topology, certificate), arrival) = faults.finish(checked).map_err(Failure::usage)?;
    let is_whole = !arguments.subject.names_members() || members.len() == fleet.members.len();
    if let (Some(first), true) = (members.first(), !is_whole && arrival != fleet.arrival) {
        let now = fleet.topology(first).name();
        let fault = fleet::apart(arguments.to, now).help("move the whole fleet: leave this out");
        return Err(Failure::usage(vec![fault.argument("--instance")]));
    }
    let (moving, there): (Vec<&Member>, Vec<&Member>) = members
        .into_iter()
        .partition(|member| fleet.topology(member) != topology || fleet.arrival != arrival);
    let mut moved = Vec::new();
    let mut faults = Vec::new();
    for member in moving {
        let end = |topology: Topology, instance| End { topology, instance };
        let old = end(fleet.topology(member), fleet.instance(member)?);
        let shown = old.instance.extras.public_certificate.clone();
        let shown = certificate.clone().or(shown).filter(|_| is_passed);
        let instance = fleet.instance_in(member, &arrival, shown)?;
        if let Err(found) = check_way(topology, &instance) {
            let found = found.into_iter().filter(|fault| !faults.contains(fault));
            faults.extend(found.collect::<Vec<_>>());
        }
        moved.push(Moved {
            name: member.id.as_str(),
            from: old,
            to: end(topology, instance),
            home: Some(Home::of_member(&fleet, member)),
        });
    }
    if !faults.is_empty() {
        return Err(Failure::usage(faults));
    }
    let tree = path.parent().map(|parent| parent.display().to_string());
    let tree = tree.filter(|tree| !tree.is_empty() && tree != ".");
    let document = Document::of(&Subject {
        to: topology,
        instances: moved,
        unmoved: there.iter().map(|member| member.id.as_str()).collect(),
        arrivals: [&fleet.arrival, &arrival],
        release: fleet.release,
        means: Means::Fleet {
            fleet: &fleet,
            file: path.display().to_string(),
            tree: tree.map_or_else(String::new, |tree| tree + "/"),
            is_whole,
        },
    });
    document.map_err(|faults| Failure::usage(of_option(faults)))
}

/// Returns how requests are to arrive: through the load balancer that is named, else through that of now where it can do
/// what is wanted, or through none.
fn arrival(
    to: TopologyName,
    named: Option<&LoadBalancer>,
    fleet: &Fleet,
) -> Result<Arrival, Refusal> {
    if named.is_some() {
        return Arrival::new(to, named);
    }
    let Some(present) = fleet.arrival.balancer() else {
        return Arrival::new(to, None);
    };
    let stays = Arrival::new(to, Some(present)).or_else(|_| {
        let silent = LoadBalancer {
            proxy_protocol: None,
            ..present.clone()
        };
        Arrival::new(to, Some(&silent))
    });
    stays.or_else(|refusal| Arrival::new(to, None).map_err(|_| refusal))
}
