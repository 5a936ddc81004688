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
use civi_ingress::fleet::{self, CaCustody, Fleet, Member};
use civi_ingress::gitops::layout::Home;
use civi_ingress::instance::Instance;
use civi_ingress::load_balancer::LoadBalancer;
use civi_ingress::name::ObjectName;
use civi_ingress::path::arrival::{Arrival, Refusal};
use civi_ingress::path::expand::{Topology, TopologyName};
use civi_ingress::path::moving::stop;
use civi_ingress::pki::client_authorities::ClientAuthorities;
use civi_ingress::release::Release;
use civi_ingress::report::yaml;
use civi_ingress::topology::moving::{Document, End, Means, Moved, Subject, never_passed};
use civi_ingress::visible;
use clap::Args;
use std::path::Path;
use std::sync::Arc;

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

/// One end of a move, or where it stops on its way: how requests arrive, and what each instance is.
struct Station {
    topology: Topology,
    arrival: Arrival,
    ends: Vec<End>,
}

/// Returns who is let in where a move stops on its way, and where it ends; `present` is now, and `named` with `inspect`.
///
/// An httpd that a load balancer speaks TLS to asks that for a certificate, and so may Traefik where it does the same. Nobody
/// else has one.
fn let_in<T: Clone>(
    from: TopologyName,
    to: TopologyName,
    present: Option<T>,
    named: Option<T>,
) -> [Option<T>; 2] {
    match (from, to) {
        (_, TopologyName::Inspect) => [present.clone(), named.or(present)],
        (TopologyName::Inspect, TopologyName::InspectTwice) => [present.clone(), present],
        (TopologyName::Inspect, _) => [None, None],
        _ => [present.clone(), present],
    }
}

/// Puts the parts of a move together: from each station to the next.
fn document<'a>(
    stations: &'a [Station],
    names: &[(&'a str, Option<Home>)],
    unmoved: &[&'a str],
    release: Release,
    means: impl Fn(&Station, &Station) -> Means<'a>,
) -> Result<Document, Failure> {
    let parts = stations.windows(2).map(|pair| {
        let [from, to] = pair else {
            unreachable!("windows of two")
        };
        let ends = from.ends.iter().cloned().zip(to.ends.iter().cloned());
        let instances = names.iter().zip(ends);
        Subject {
            to: to.topology,
            instances: instances
                .map(|((name, home), (from, to))| Moved {
                    name,
                    from,
                    to,
                    home: home.clone(),
                })
                .collect(),
            unmoved: unmoved.to_vec(),
            arrivals: [&from.arrival, &to.arrival],
            release,
            means: means(from, to),
        }
    });
    let parts: Vec<Subject<'_>> = parts.collect();
    Document::of(&parts).map_err(|faults| Failure::usage(of_option(faults)))
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
    let ((release, topology), (certificate, [first, last])) =
        faults.finish(checked).map_err(Failure::usage)?;
    let proxy = match topology {
        Topology::Passthrough { proxy } | Topology::Inspect { proxy } => proxy,
        _ => Topology::TO_HTTPD,
    };
    let clients = arguments.clients.read()?;
    // That of the load balancer comes with the way.
    let knows_balancer = matches!(from, TopologyName::Inspect | TopologyName::InspectTwice);
    let comes = *to == TopologyName::Inspect && !knows_balancer;
    let present = clients.clone().filter(|_| !comes);
    let [between, then] = let_in(*from, *to, present.clone(), clients);
    let between = stop(&first, &last).map(|arrival| (Topology::InspectTwice, arrival, between));
    let ends = [(from.with(proxy), first, present), (topology, last, then)];
    let [first, last] = ends;
    let ways = std::iter::once(first).chain(between).chain([last]);
    let mut faults = Faults::default();
    let settings = subject.settings(&mut faults)?;
    let stations = ways.map(|(topology, arrival, clients)| {
        let shown = certificate.clone();
        let shown = shown.filter(|_| topology.name() == TopologyName::Passthrough);
        let mut instance = subject.instance(settings.clone(), Ok(shown), &mut faults)?;
        instance.extras.clients = clients;
        instance.extras.forwarding = arrival.ending().to_vec();
        Some(Station {
            topology,
            arrival,
            ends: vec![End { topology, instance }],
        })
    });
    let stations: Option<Vec<Station>> = stations.collect();
    let stations = faults.finish(stations);
    let mut stations = stations.map_err(|faults| subject.refused(faults))?;
    for station in &stations[1..] {
        check_way(station.topology, &station.ends[0].instance).map_err(Failure::usage)?;
    }
    let [now, .., then] = stations.as_slice() else {
        unreachable!("a move has two ends")
    };
    let is_there = now.arrival == then.arrival && now.topology == then.topology;
    let name = subject.name();
    if is_there {
        for station in &mut stations {
            station.ends.clear();
        }
    }
    let unmoved = is_there.then_some(name);
    document(
        &stations,
        &[(name, None)],
        unmoved.as_slice(),
        release,
        |_, to| {
            let mut further = subject.options();
            for End { instance, .. } in &to.ends {
                if let (Some((option, path)), true) =
                    (arguments.clients.path(), instance.extras.clients.is_some())
                {
                    further.push(format!("{option} {}", quoted(path)));
                }
                if let Some(secret) = &instance.extras.public_certificate {
                    further.push(format!("--public-certificate {secret}"));
                }
            }
            if arguments.traefik.is_some() {
                further.push(format!("--traefik {release}"));
            }
            Means::Single {
                way: options(to.topology, &to.arrival),
                further,
            }
        },
    )
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
    let is_asked = instance.extras.clients.is_some();
    let clients = topology.check_clients(is_asked).map_err(|fault| {
        let fault = if is_asked {
            fault
        } else {
            fault.help("name the file with that CA: `--clients-ca FILE`")
        };
        fault.argument("--to")
    });
    faults.keep(clients);
    if topology.name().is_passed() {
        for fault in never_passed(instance) {
            faults.push(fault.argument("--to"));
        }
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
        Topology::Passthrough { proxy: None } | Topology::Inspect { proxy: None } => {
            options.push("--proxy-protocol none".to_owned());
        }
        _ => options.extend(proxy.map(|proxy| format!("--proxy-protocol {}", proxy.number()))),
    }
    options.join(" ")
}

fn of_fleet(arguments: &Move, path: &Path) -> Result<Document, Failure> {
    let fleet = read_fleet(path)?;
    if fleet.gateway.is_some() || fleet.files.is_some() {
        let fault =
            Fault::new("the steps between topologies are known for Traefik's own objects only");
        let fault =
            fault.help("render the fleet as it is to be, and apply the Gateway before the routes");
        return Err(Failure::usage(vec![fault.argument("--fleet")]));
    }
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
    if let (true, Err(fault)) = (fleet.asks(), arrival.check_asked()) {
        return Err(Failure::usage(vec![fault.argument("--to")]));
    }
    let is_whole = !arguments.subject.names_members() || members.len() == fleet.members.len();
    if let (Some(first), true) = (members.first(), !is_whole && arrival != fleet.arrival) {
        let now = fleet.topology(first).name();
        let fault = fleet::apart(arguments.to, now).help("move the whole fleet: leave this out");
        return Err(Failure::usage(vec![fault.argument("--instance")]));
    }
    let clients = arguments.clients.read()?;
    if clients.is_some() && arguments.to != TopologyName::Inspect {
        let fault = Fault::new("the fleet file says who is let in");
        let fault = fault.help("write `clients: {require: FILE}` there, and leave this out");
        return Err(Failure::usage(vec![fault.argument("--clients-ca")]));
    }
    let (moving, there): (Vec<&Member>, Vec<&Member>) = members
        .into_iter()
        .partition(|member| fleet.topology(member) != topology || fleet.arrival != arrival);
    let stations = stations(
        &fleet,
        &moving,
        (topology, arrival),
        certificate.as_ref(),
        clients.as_ref(),
    )?;
    let tree = path.parent().map(|parent| parent.display().to_string());
    let tree = tree.filter(|tree| !tree.is_empty() && tree != ".");
    let tree = tree.map_or_else(String::new, |tree| tree + "/");
    let names = moving.iter().map(|member| {
        let home = Home::of_member(&fleet, member);
        (member.id.as_str(), Some(home))
    });
    let unmoved: Vec<&str> = there.iter().map(|member| member.id.as_str()).collect();
    let asks = |station: &Station| {
        let mut ends = station.ends.iter();
        ends.any(|end| end.instance.extras.clients.is_some())
    };
    document(
        &stations,
        &names.collect::<Vec<_>>(),
        &unmoved,
        fleet.release,
        |from, to| Means::Fleet {
            fleet: &fleet,
            file: path.display().to_string(),
            tree: tree.clone(),
            is_whole,
            certificate: certificate.clone().filter(|secret| {
                let mut members = moving.iter();
                members.any(|member| member.terms.shown() != Some(secret))
            }),
            clients: arguments
                .clients
                .path()
                .filter(|_| asks(to) && !asks(from))
                .map(|(_, path)| beside(path, &tree)),
        },
    )
}

/// Writes the path of a file as the fleet file beside it names it.
fn beside(path: &Path, tree: &str) -> String {
    let path = path.strip_prefix(tree).unwrap_or(path);
    visible::line(&path.display().to_string()).into_owned()
}

/// Returns what the instances of a fleet that move are now, where they stop, and what they are to be.
fn stations(
    fleet: &Fleet,
    moving: &[&Member],
    (topology, arrival): (Topology, Arrival),
    certificate: Option<&ObjectName>,
    clients: Option<&Arc<ClientAuthorities>>,
) -> Result<Vec<Station>, Failure> {
    let mut now = Vec::new();
    for member in moving {
        let topology = fleet.topology(member);
        let instance = fleet.instance(member)?;
        now.push(End { topology, instance });
    }
    let last = (topology, arrival);
    let between = stop(&fleet.arrival, &last.1);
    let between = between.map(|arrival| (Topology::InspectTwice, arrival));
    let mut stations = vec![Station {
        topology,
        arrival: fleet.arrival.clone(),
        ends: now,
    }];
    let mut faults = Vec::new();
    for (way, arrival) in between.into_iter().chain([last]) {
        let is_last = way == topology;
        let mut ends = Vec::new();
        for (member, now) in moving.iter().zip(&stations[0].ends) {
            let mut instance = fleet.instance_in(member, way.name(), &arrival, certificate)?;
            let (present, named) = (now.instance.extras.clients.clone(), clients.cloned());
            let [between, then] = let_in(now.topology.name(), topology.name(), present, named);
            instance.extras.clients = if is_last { then } else { between };
            let mut found = check_way(way, &instance).err().unwrap_or_default();
            let asked = instance.extras.asked.as_ref();
            let is_by_http = asked.is_some_and(|asked| asked.answers_here);
            let answers = way.name().check_answers(is_by_http);
            found.extend(answers.err().map(|fault| fault.argument("--to")));
            let is_discarded = member.terms.certificate.ca == CaCustody::Ephemeral;
            let custody = way.name().check_custody(is_discarded);
            found.extend(custody.err().map(|fault| {
                let help = "write `certificate: {ca: stored}`, render and apply it, and move then";
                fault.help(help).argument("--to")
            }));
            found.retain(|fault| !faults.contains(fault));
            faults.extend(found);
            ends.push(End {
                topology: way,
                instance,
            });
        }
        stations.push(Station {
            topology: way,
            arrival,
            ends,
        });
    }
    if faults.is_empty() {
        Ok(stations)
    } else {
        Err(Failure::usage(faults))
    }
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
