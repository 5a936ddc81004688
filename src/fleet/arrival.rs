//! Settles how requests arrive: the ingress, the load balancer before it, and the topologies of the instances.

use super::document::{IngressPart, LoadBalancerPart, SharedGatewayPart, Spec, Traefik};
use super::leaf::{IngressKind, IngressRelease};
use super::{Fleet, Keys, Member};
use crate::chart::ChartMajor;
use crate::fault::Fault;
use crate::load_balancer::LoadBalancer;
use crate::name::Namespace;
use crate::path::arrival::{Arrival, Aspect};
use crate::path::expand::TopologyName;
use crate::path::shared_gateway::{ApiRelease, SharedGateway, Unsayable};
use crate::record::{Given, PartReader, ValueOrigin};
use crate::release::Release;
use std::sync::Arc;

/// What the instances share of the way that requests take.
#[derive(Debug)]
pub(super) struct SharedWay {
    /// The topology of an instance that names none.
    pub(super) topology: TopologyName,
    /// Where that is written.
    pub(super) origin: Option<ValueOrigin>,
    /// The load balancer.
    balancer: Option<LoadBalancer>,
    /// How requests arrive; nothing if what the fleet file says of that is wrong.
    pub(super) arrival: Option<Arrival>,
}

impl SharedWay {
    /// Settles what the fleet file says.
    pub(super) fn of(spec: &Spec, reader: &mut PartReader) -> Self {
        let topology = spec.topology.as_ref();
        let name = topology.map_or(TopologyName::Direct, |given| given.value);
        let part = spec.load_balancer.as_ref();
        let balancer = part.and_then(|given| load_balancer(&given.value));
        if let (Some(part), Some(balancer)) = (part, &balancer) {
            check_nodes(part, balancer, reader);
        }
        // What the load balancer lacks has been reported.
        let is_told = part.is_none() || balancer.is_some();
        let arrival = match Arrival::new(name, balancer.as_ref()) {
            Ok(arrival) => Some(arrival).filter(|_| is_told),
            Err(refusal) => {
                let of_part = part.map(|given| given.origin);
                let trusted = part.and_then(|given| given.value.trusted.as_ref());
                let version = part.and_then(|given| given.value.proxy_protocol.as_ref());
                let origin = match refusal.aspect {
                    Aspect::Topology => topology.map(|given| given.origin).or(of_part),
                    Aspect::Trusted => trusted.map(|given| given.origin).or(of_part),
                    Aspect::ProxyProtocol => version.map(|given| given.origin),
                };
                if let (true, Some(origin)) = (is_told, origin) {
                    reader.push(origin, Fault::from(refusal));
                }
                None
            }
        };
        Self {
            topology: name,
            origin: topology.map(|given| given.origin),
            balancer,
            arrival,
        }
    }

    /// Checks that the requests of an instance can arrive as those of the fleet do.
    ///
    /// # Errors
    /// Why they cannot.
    pub(super) fn check(&self, topology: TopologyName) -> Result<(), Fault> {
        let Some(shared) = &self.arrival else {
            return Ok(());
        };
        let own = Arrival::new(topology, self.balancer.as_ref())?;
        if own == *shared {
            return Ok(());
        }
        let fault = apart(topology, self.topology);
        Err(fault.help("use topologies of which none, or each, has the load balancer"))
    }
}

/// Explains why instances of one fleet cannot have two topologies.
#[must_use]
pub fn apart(here: TopologyName, elsewhere: TopologyName) -> Fault {
    Fault::new(format!(
        "requests cannot arrive as in `{}` here and as in `{}` elsewhere: the fleet has one Traefik",
        here.as_str(),
        elsewhere.as_str()
    ))
}

/// Checks that a load balancer is told of the nodes exactly where nothing else tells it.
fn check_nodes(part: &Given<LoadBalancerPart>, balancer: &LoadBalancer, reader: &mut PartReader) {
    let title = balancer.kind.title();
    let nodes = part.value.nodes.as_ref();
    match (balancer.kind.is_asked_for_by_service(), nodes) {
        (true, Some(nodes)) => {
            let fault = Fault::new(format!("{title} finds the nodes itself"));
            reader.push(nodes.origin, fault.help("leave out `nodes`"));
        }
        (false, _) if balancer.nodes.is_empty() => {
            let what = format!("nothing says to which nodes {title} is to pass connections on");
            let help =
                "name the addresses of those that run Traefik: `nodes: [10.0.0.11, 10.0.0.12]`";
            let origin = nodes.map_or(part.origin, |nodes| nodes.origin);
            reader.push(origin, Fault::new(what).help(help));
        }
        (true, None) | (false, _) => {}
    }
}

fn load_balancer(part: &LoadBalancerPart) -> Option<LoadBalancer> {
    let ranges = part.trusted.iter().flat_map(|given| &given.value.0);
    let nodes = part.nodes.iter().flat_map(|given| &given.value.0);
    Some(LoadBalancer {
        kind: part.kind.as_ref()?.value,
        trusted: ranges.map(|given| given.value).collect(),
        proxy_protocol: part.proxy_protocol.as_ref().map(|given| given.value),
        address: part.address.as_ref().map(|given| given.value.0),
        nodes: nodes.map(|given| given.value.0).collect(),
    })
}

/// Which ingress there is.
#[derive(Debug, Default)]
pub(super) struct SharedIngress {
    /// Traefik.
    pub(super) traefik: Traefik,
    /// The namespace of its pods, if the fleet names it.
    pub(super) namespace: Option<Namespace>,
    /// The Gateway, where its objects are those of the Gateway API.
    pub(super) gateway: Option<Arc<SharedGateway>>,
    /// Where `ingress` is written.
    pub(super) origin: Option<ValueOrigin>,
}

impl SharedIngress {
    /// Returns the release of Traefik.
    pub(super) fn release(&self) -> Release {
        let version = self.traefik.version.as_ref();
        version.map_or_else(Release::default, |given| given.value)
    }

    /// Checks that the Gateway, if there is one, can have what the instances need.
    pub(super) fn check(&self, fleet: &Fleet, chart: ChartMajor, reader: &mut PartReader) {
        let Some(origin) = self.origin.filter(|_| self.gateway.is_some()) else {
            return;
        };
        reader.keep_at(origin, fleet.listeners());
        let release = self.gateway.as_ref().map(|gateway| gateway.release);
        let passes = fleet.members.iter().any(Member::is_passed);
        let traefik = chart.traefik_at_gateway();
        reader.keep_at(
            origin,
            release.unwrap_or_default().check_reader(traefik, passes),
        );
    }
}

/// Settles which ingress there is.
pub(super) fn ingress(
    spec: &mut Spec,
    keys: Option<&Keys>,
    reader: &mut PartReader,
) -> SharedIngress {
    let short = spec.traefik.take();
    let Some(Given {
        value: part,
        origin,
    }) = spec.ingress.take()
    else {
        return SharedIngress {
            traefik: short.map(|given| given.value).unwrap_or_default(),
            ..SharedIngress::default()
        };
    };
    if short.is_some() {
        let fault = Fault::new("`ingress` and `traefik` say the same thing twice");
        reader.push(origin, fault.help("keep one of the two"));
    }
    let IngressPart {
        kind,
        release,
        chart,
        namespace,
        fast_proxy,
        entry_points,
        gateway,
    } = part;
    let kind = kind.map_or(IngressKind::Traefik, |given| given.value);
    let mut version = None;
    let gateway = match kind {
        IngressKind::Traefik => {
            if let Some(given) = gateway {
                let fault = Fault::new("Traefik's own objects are attached to no Gateway");
                let help = "leave out `gateway`, or write `kind: gateway-api`";
                reader.push(given.origin, fault.help(help));
            }
            version = release.and_then(|given| of_traefik(&given, reader));
            None
        }
        IngressKind::GatewayApi => {
            if let Some(given) = &entry_points {
                reader.push(given.origin, Unsayable::EntryPoints.fault());
            }
            if let (Some(keys), Some(secrets)) = (keys, &spec.secrets)
                && !matches!(keys, Keys::Here(_))
            {
                reader.push(secrets.origin, Unsayable::Makers.fault());
            }
            let release = release.map(|given| of_gateway_api(&given, reader));
            let release = release.unwrap_or_default();
            let part = gateway.map(|given| given.value).unwrap_or_default();
            Some(Arc::new(shared(part, release, reader)))
        }
    };
    SharedIngress {
        traefik: Traefik {
            version,
            chart,
            fast_proxy,
            entry_points,
        },
        namespace: namespace.map(|given| given.value),
        gateway,
        origin: Some(origin),
    }
}

fn of_traefik(given: &Given<IngressRelease>, reader: &mut PartReader) -> Option<Given<Release>> {
    match given.value {
        IngressRelease::Traefik(value) => Some(Given {
            value,
            origin: given.origin,
        }),
        IngressRelease::GatewayApi(release) => {
            let fault = Fault::new(format!("Traefik {release} is too old"));
            let help = "the oldest supported release is 2.9; a release of the Gateway API goes with `kind: gateway-api`";
            reader.push(given.origin, fault.help(help));
            None
        }
    }
}

fn of_gateway_api(given: &Given<IngressRelease>, reader: &mut PartReader) -> ApiRelease {
    match given.value {
        IngressRelease::GatewayApi(release) => release,
        IngressRelease::Traefik(_) => {
            let fault = Fault::new("`release` is that of the Gateway API here, not Traefik's");
            let help = "use one from 1.4 to 1.7; Traefik's follows from its chart, `chart: 41`";
            reader.push(given.origin, fault.help(help));
            ApiRelease::default()
        }
    }
}

/// Settles which Gateway the instances share.
fn shared(part: SharedGatewayPart, release: ApiRelease, reader: &mut PartReader) -> SharedGateway {
    if let Some(class) = &part.class_name {
        reader.keep_at(class.origin, SharedGateway::check_class(&class.value));
    }
    let usual = SharedGateway::usual(release);
    let number = part.port.and_then(|given| given.value.get());
    SharedGateway {
        namespace: part.namespace.map_or(usual.namespace, |given| given.value),
        name: part.name.map_or(usual.name, |given| given.value),
        class: part.class_name.map_or(usual.class, |given| given.value),
        port: number.unwrap_or(usual.port),
        ..usual
    }
}
