//! Settles how requests arrive: the ingress, the load balancer before it, and the topologies of the instances.

use super::document::{IngressPart, LoadBalancerPart, SharedGatewayPart, Spec, Traefik};
use super::leaf::{IngressKind, IngressRelease};
use super::{Fleet, Keys, Member};
use crate::chart::ChartMajor;
use crate::dns::Told;
use crate::fault::Fault;
use crate::load_balancer::LoadBalancer;
use crate::name::{Label, Namespace};
use crate::outside::traefik::{FilesHome, TraefikFiles, check_balancer};
use crate::path::arrival::{Arrival, Aspect};
use crate::path::expand::TopologyName;
use crate::path::shared_gateway::{ApiRelease, SharedGateway, Unsayable};
use crate::path::shared_istio::{AnyGateway, IstioRelease, SharedIstio};
use crate::record::leaf::TextLine;
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
    /// The gateway that the instances share, where their objects are attached to one.
    pub(super) gateway: Option<AnyGateway>,
    /// The Traefik that is told everything by files, if it is one.
    pub(super) files: Option<Arc<TraefikFiles>>,
    /// Where `ingress` is written.
    pub(super) origin: Option<ValueOrigin>,
}

impl SharedIngress {
    /// Returns the release of Traefik.
    pub(super) fn release(&self) -> Release {
        let version = self.traefik.version.as_ref();
        version.map_or_else(Release::default, |given| given.value)
    }

    /// Returns whether Traefik's fast proxy is used, which its chart must know.
    pub(super) fn fast_proxy(&self, chart: ChartMajor, reader: &mut PartReader) -> bool {
        let given = self.traefik.fast_proxy.as_ref();
        let given = given.filter(|given| given.value);
        if let Some(given) = given {
            reader.keep_at(given.origin, chart.check_fast_proxy());
        }
        given.is_some()
    }

    /// Checks that the Gateway, if there is one, can have what the instances need.
    pub(super) fn check(&self, fleet: &Fleet, chart: ChartMajor, reader: &mut PartReader) {
        if let (Some(origin), Some(_)) = (self.origin, &self.files) {
            let balancer = fleet.arrival.balancer();
            reader.keep_at(origin, balancer.map_or(Ok(()), check_balancer));
            if fleet.asks_by_http() {
                let fault = Fault::new(
                    "a CA gets no answer at port 80: Traefik is outside of the cluster, where cert-manager answers",
                );
                reader.push(origin, fault.help("use `challenge: dns-01`"));
            }
        }
        let told = fleet.dns.as_ref().map(|dns| dns.told);
        if let (Some(origin), Some(_), Some(Told::ByAnnotation(_))) =
            (self.origin, &self.gateway, told)
        {
            let what = "the annotations for external-dns are written on Traefik's own routes alone";
            let help = "use `mode: dnsendpoint` or `mode: zonefile` under `spec.dns`";
            reader.push(origin, Fault::new(what).help(help));
        }
        let (Some(origin), Some(AnyGateway::Api(gateway))) = (self.origin, &self.gateway) else {
            return;
        };
        reader.keep_at(origin, fleet.listeners());
        let passes = fleet.members.iter().any(Member::is_passed);
        let traefik = chart.traefik_at_gateway();
        reader.keep_at(origin, gateway.release.check_reader(traefik, passes));
    }
}

/// Refuses keys that mean nothing for a kind of ingress.
fn refuse_strangers(kind: IngressKind, part: &IngressPart, reader: &mut PartReader) {
    let gateway = part.gateway.as_ref().map(|given| given.origin);
    let chart = part.chart.as_ref().map(|given| given.origin);
    let fast_proxy = part.fast_proxy.as_ref().map(|given| given.origin);
    let namespace = part.namespace.as_ref().map(|given| given.origin);
    let points = part.entry_points.as_ref().map(|given| given.origin);
    let directory = part.directory.as_ref().map(|given| given.origin);
    let mut refuse = |origin: Option<ValueOrigin>, what: &str, help: &str| {
        if let Some(origin) = origin {
            reader.push(origin, Fault::new(what).help(help));
        }
    };
    match kind {
        IngressKind::Traefik => refuse(
            gateway,
            "Traefik's own objects are attached to no Gateway",
            "leave out `gateway`, or write `kind: gateway-api` or `kind: istio`",
        ),
        IngressKind::GatewayApi => {}
        IngressKind::Istio => {
            for (origin, key) in [(chart, "chart"), (fast_proxy, "fastProxy")] {
                refuse(origin, &format!("`{key}` is for Traefik"), "leave it out");
            }
            refuse(
                namespace,
                "`namespace` is for Traefik",
                "name that of the gateway's pods: `gateway: {namespace: istio-ingress}`",
            );
        }
        IngressKind::TraefikFile => {
            for origin in [gateway, chart, namespace, fast_proxy, points] {
                let what = "a Traefik that is told everything by files is outside of the cluster, with the entry points `web` and `websecure`";
                refuse(origin, what, "leave it out");
            }
            return;
        }
    }
    refuse(
        directory,
        "an ingress in the cluster is told nothing by files",
        "leave out `directory`, or write `kind: traefik-file`",
    );
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
    let kind = part
        .kind
        .as_ref()
        .map_or(IngressKind::Traefik, |given| given.value);
    refuse_strangers(kind, &part, reader);
    let IngressPart {
        kind: _,
        release,
        chart,
        namespace,
        fast_proxy,
        entry_points,
        gateway,
        directory,
    } = part;
    let mut version = None;
    let mut files = None;
    let gateway = match kind {
        IngressKind::Traefik => {
            version = release.and_then(|given| of_traefik(&given, reader));
            None
        }
        IngressKind::GatewayApi => {
            let release = release.map(|given| of_gateway_api(&given, reader));
            let release = release.unwrap_or_default();
            let part = gateway.map(|given| given.value).unwrap_or_default();
            Some(AnyGateway::Api(Arc::new(shared(part, release, reader))))
        }
        IngressKind::Istio => {
            let release = release.map(|given| of_istio(&given, reader));
            let release = release.unwrap_or_default();
            let part = gateway.map(|given| given.value).unwrap_or_default();
            let gateway = shared_istio(part, release, reader);
            Some(AnyGateway::Istio(Arc::new(gateway)))
        }
        IngressKind::TraefikFile => {
            version = release.and_then(|given| of_traefik(&given, reader));
            let home = directory.and_then(|Given { value, origin }| {
                let home = FilesHome::parse(&value.0);
                home.map_err(|fault| reader.push(origin, fault)).ok()
            });
            let release = version.as_ref().map(|given| given.value);
            files = Some(Arc::new(TraefikFiles {
                release: release.unwrap_or_default(),
                home: home.unwrap_or_default(),
            }));
            None
        }
    };
    if let Some(gateway) = &gateway {
        let points = entry_points.as_ref().map(|given| given.origin);
        let secrets = spec.secrets.as_ref().map(|given| given.origin);
        let is_elsewhere = keys.is_some_and(|keys| !matches!(keys, Keys::Here(_)));
        let wanted = [
            (points, Unsayable::EntryPoints),
            (secrets.filter(|_| is_elsewhere), Unsayable::Makers),
        ];
        for (origin, unsayable) in wanted {
            if let (Some(origin), Some(fault)) = (origin, gateway.refusal(unsayable)) {
                reader.push(origin, fault);
            }
        }
    }
    SharedIngress {
        traefik: Traefik {
            version,
            chart,
            fast_proxy,
            entry_points,
        },
        namespace: namespace.map(|given| given.value),
        gateway,
        files,
        origin: Some(origin),
    }
}

fn of_traefik(given: &Given<IngressRelease>, reader: &mut PartReader) -> Option<Given<Release>> {
    match given.value {
        IngressRelease::Traefik(value) => Some(Given {
            value,
            origin: given.origin,
        }),
        IngressRelease::Istio(release) => {
            let fault = Fault::new(format!("`{release}` is a release of Istio"));
            reader.push(
                given.origin,
                fault.help("use Traefik's, or write `kind: istio`"),
            );
            None
        }
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
        IngressRelease::Traefik(_) | IngressRelease::Istio(_) => {
            let fault = Fault::new("`release` is that of the Gateway API here");
            let help = "use one from 1.4 to 1.7; Traefik's follows from its chart, `chart: 41`";
            reader.push(given.origin, fault.help(help));
            ApiRelease::default()
        }
    }
}

fn of_istio(given: &Given<IngressRelease>, reader: &mut PartReader) -> IstioRelease {
    match given.value {
        IngressRelease::Istio(release) => release,
        IngressRelease::Traefik(_) | IngressRelease::GatewayApi(_) => {
            let fault = Fault::new("`release` is that of Istio here");
            reader.push(given.origin, fault.help("use one from 1.22 to 1.32"));
            IstioRelease::default()
        }
    }
}

/// Settles which Gateway of Istio the instances share.
fn shared_istio(
    part: SharedGatewayPart,
    release: IstioRelease,
    reader: &mut PartReader,
) -> SharedIstio {
    let of_api = [
        (
            part.class_name.as_ref().map(|given| given.origin),
            "className",
        ),
        (part.port.as_ref().map(|given| given.origin), "port"),
    ];
    for (origin, key) in of_api {
        if let Some(origin) = origin {
            let fault = Fault::new(format!("`{key}` is for a Gateway of the Gateway API"));
            reader.push(origin, fault.help("leave it out"));
        }
    }
    let usual = SharedIstio::usual(release);
    let selector = part.selector.map(|given| {
        let labels = given.value.0.into_iter().filter_map(|(key, value)| {
            let TextLine(text) = &value.value;
            let label = Label::parse(&format!("{}={text}", key.text));
            reader.keep_at(value.origin, label.as_ref().map_err(Clone::clone));
            label.ok()
        });
        let labels: Vec<Label> = labels.collect();
        if labels.is_empty() {
            let fault =
                Fault::new("without a label the Gateway would be for the pods of all gateways");
            reader.push(
                given.origin,
                fault.help("name one: `selector: {istio: ingressgateway}`"),
            );
        }
        labels
    });
    let name = part.name.map(|given| {
        reader.keep_at(given.origin, SharedIstio::check_name(&given.value));
        given.value
    });
    SharedIstio {
        namespace: part.namespace.map_or(usual.namespace, |given| given.value),
        name: name.unwrap_or(usual.name),
        selector: selector.unwrap_or(usual.selector),
        ..usual
    }
}

/// Settles which Gateway the instances share.
fn shared(part: SharedGatewayPart, release: ApiRelease, reader: &mut PartReader) -> SharedGateway {
    if let Some(given) = &part.selector {
        let fault = Fault::new("`selector` is for a Gateway of Istio");
        reader.push(
            given.origin,
            fault.help("leave it out: the class says who serves it"),
        );
    }
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
