//! `new-instance`.

mod arguments;
mod issuer;
mod request;
mod reused;

pub(super) use arguments::NewInstance;
pub(super) use request::{Asked, read_settings};

use crate::shell::Run;
use crate::shell::error::Failure;
use crate::shell::gateway;
use crate::shell::paths::{Named, check_stdin, side_paths};
use crate::shell::traefik_file;
use crate::shell::writing::side_file;
use civi_ingress::fault::Faults;
use civi_ingress::ingress::objects;
use civi_ingress::instance::Instance;
use civi_ingress::path::arrival::Arrival;
use civi_ingress::path::expand::Topology;
use civi_ingress::path::shared_istio::{AnyGateway, POD_CONFIG, PROXY_CONFIG};
use civi_ingress::pki::reuse::Custody;
use civi_ingress::release::Release;
use issuer::InstanceIssuer;
use request::instance;
use reused::read_found;
use std::path::PathBuf;

pub(super) fn run(run: &Run, arguments: &NewInstance) -> Result<(), Failure> {
    let stdin = arguments
        .values
        .iter()
        .chain(&arguments.reuse)
        .map(PathBuf::as_path);
    check_stdin(stdin)?;
    let beside = side_paths([
        ("--ca-key-out", arguments.ca_key_out.as_ref()),
        ("--routes-out", arguments.files.routes_out.as_ref()),
    ]);
    let values = arguments.values.iter();
    let mut inputs: Vec<Named<'_>> = values.map(|path| ("--values", path.as_path())).collect();
    inputs.extend(side_paths([("--reuse", arguments.reuse.as_ref())]));
    inputs.extend(arguments.existing_ca.paths());
    inputs.extend(arguments.way.clients.path());
    let mut writing = arguments.destination.claim(&beside, inputs)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = arguments.release.parse(&mut faults);
    let home = arguments
        .files
        .home(arguments.ingress.are_files(), &mut faults);
    let httpd = arguments.files.httpd(&mut faults);
    let ingress = release.zip(home).and_then(|(release, home)| {
        let is_passed = arguments.way.is_passed();
        let ingress = arguments
            .ingress
            .ingress(release, is_passed, home, &mut faults);
        ingress.map(|ingress| (release, ingress))
    });
    let settings = read_settings(
        &arguments.values,
        [&arguments.set, &arguments.set_string],
        &mut faults,
    )?;
    let instance = instance(arguments, settings, &mut faults);
    let way = arguments.way.way(&mut faults);
    if let (Some(instance), Some((topology, arrival))) = (&instance, &way) {
        let checked = topology.check_entry_points(&instance.settings.entry_points);
        faults.keep(checked.map_err(|fault| fault.argument("--topology")));
        if let Some((_, ingress)) = &ingress {
            let gateway = ingress.gateway();
            let clients = arguments.way.clients.path();
            let way = (gateway.as_ref(), *topology);
            gateway::check(way, instance, clients.is_some(), &mut faults);
            if ingress.files().is_some() {
                traefik_file::check(*topology, arrival, &mut faults);
            }
        }
    }
    let checked = plan.zip(ingress).zip(instance.zip(way));
    let refused = |faults| match arguments.values.as_slice() {
        [] => Failure::usage(faults),
        _ => Failure::from(faults),
    };
    let ((plan, (release, ingress)), (mut instance, (topology, arrival))) =
        faults.finish(checked).map_err(refused)?;
    let gateway = ingress.gateway();
    gateway::admit(gateway.as_ref(), &mut instance);
    instance.extras.forwarding = arrival.ending().to_vec();
    instance.extras.httpd = httpd;
    instance.extras.clients = arguments.way.clients.read()?;

    let existing_ca = arguments.existing_ca.read(run)?;
    let found = read_found(run, arguments, &instance, &mut writing)?;
    let issuer = InstanceIssuer {
        run,
        plan: &plan,
        custody: arguments.ca_custody.map(Custody::from),
        wants_ca_key: arguments.ca_key_out.is_some(),
        found: found.as_ref(),
    };
    let (credentials, ca_key) = issuer.credentials(&instance, existing_ca)?;
    let objects = objects(&ingress, topology, &instance, &credentials);
    let templates = arguments.destination.templates.as_deref();
    let routes = traefik_file::routes(&ingress, topology, &instance, templates)?;
    let led = Led {
        release,
        gateway: gateway.as_ref(),
        by_files: ingress.files().is_some(),
        topology,
        arrival: &arrival,
    };
    led.say(run, &instance);
    let ca_key = ca_key.as_ref().map_or("", |key| key.as_str());
    let of_key = side_file(arguments.ca_key_out.as_ref(), ca_key, true);
    let of_routes = routes.as_deref().and_then(|text| {
        let path = arguments.files.routes_out.as_ref();
        side_file(path, text, false)
    });
    let beside = of_key.into_iter().chain(of_routes).collect();
    arguments.destination.emit(run, writing, &objects, beside)
}

/// How requests get to the instance.
struct Led<'a> {
    release: Release,
    gateway: Option<&'a AnyGateway>,
    by_files: bool,
    topology: Topology,
    arrival: &'a Arrival,
}

impl Led<'_> {
    /// Notes what else must be there for that, or must go.
    fn say(&self, run: &Run, instance: &Instance) {
        let arrival = self.arrival;
        let is_passed = self.topology.name().is_passed();
        let is_of_traefik = !matches!(self.gateway, Some(AnyGateway::Istio(_)));
        if is_of_traefik && !self.by_files && (is_passed || self.gateway.is_some()) {
            let (group, _) = self
                .release
                .api_version()
                .split_once('/')
                .unwrap_or_default();
            let would = if is_passed {
                "end TLS"
            } else {
                "take its requests, too"
            };
            run.note(&format!(
            "an IngressRoute for the host, such as the chart's, would {would}: `kubectl -n {} delete ingressroutes.{group} {} --ignore-not-found`",
            instance.namespace, instance.settings.names.ingress_route
        ));
        }
        if self.by_files {
            run.note("Traefik reads the Secrets as files: `civi-ingress secret-files - --output-dir DIR/secrets`");
        }
        if let Some(gateway) = self.gateway {
            let place = gateway.place();
            let (is_attached, api) = match gateway {
                AnyGateway::Api(_) => (
                    "`civi-ingress gateway DOMAIN`, and Traefik reads it with `civi-ingress traefik-values --gateway-api`",
                    "the Gateway API does not express",
                ),
                AnyGateway::Istio(_) => (
                    "`civi-ingress gateway DOMAIN --kind istio`",
                    "the objects of Istio do not express",
                ),
            };
            run.note(&format!(
                "the route is attached to the Gateway {place}: {is_attached}"
            ));
            for loss in gateway.losses().iter().filter(|_| !is_passed) {
                run.note(&format!("{api} {loss}"));
            }
        }
        if let (Some(AnyGateway::Istio(_)), false) = (self.gateway, arrival.announcing().is_empty())
        {
            run.note(&format!(
            "the pods of the gateway take the PROXY protocol with the annotation `{POD_CONFIG}: '{PROXY_CONFIG}'`, and then from everyone: let nobody but the load balancer reach them"
        ));
        } else if let Some(balancer) = arrival.balancer().filter(|_| is_of_traefik) {
            let command = if self.by_files {
                "traefik-file"
            } else {
                "traefik-values"
            };
            let trusted = balancer.trusted.iter().map(ToString::to_string);
            let trusted: Vec<String> = trusted.map(|range| format!(" --trusted {range}")).collect();
            run.note(&format!(
            "Traefik and its load balancer are set by `civi-ingress {command} --topology {} --load-balancer {}{}`",
            self.topology.name().as_str(),
            balancer.kind.name(),
            trusted.concat()
        ));
        }
    }
}
