//! The path of a request, written and read back.

use crate::support::{
    NOW, Recipe, assert_snapshot_in, credentials, credentials_of, instance, readable,
};
use civi_ingress::cluster::data::Certificates;
use civi_ingress::cluster::{Cluster, Object};
use civi_ingress::find;
use civi_ingress::ingress::{self, Credentials, Ingress, Role, objects};
use civi_ingress::instance::{Extras, Instance};
use civi_ingress::lint::{self, Options, Severity};
use civi_ingress::manifest::{PrivateKeys, stream};
use civi_ingress::name::{DnsName, ObjectName};
use civi_ingress::outside::traefik::{FilesHome, HttpdAddress, TraefikFiles, check_topology};
use civi_ingress::path::check::check;
use civi_ingress::path::entrances::Entrances;
use civi_ingress::path::expand::{Topology, TopologyName, expand};
use civi_ingress::path::hop::{Outward, ProxyVersion};
use civi_ingress::path::served::Grounds;
use civi_ingress::path::shared_gateway::{ApiRelease, Listening, SharedGateway};
use civi_ingress::path::shared_istio::{AnyGateway, IstioRelease, SharedIstio};
use civi_ingress::path::{self, Path};
use civi_ingress::pki::{Chain, LeafUse};
use civi_ingress::probe::route::Way;
use civi_ingress::probe::transport::Speech;
use civi_ingress::probe::{objects, servers_transport};
use civi_ingress::release::Release;
use civi_ingress::status::{self, LegVerdict, Wire};
use civi_ingress::template::Templates;
use civi_ingress::values::Settings;
use civi_ingress::yaml;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use time::Duration;
use zeroize::Zeroizing;

const PASSTHROUGH: Topology = Topology::Passthrough {
    proxy: Some(ProxyVersion::V2),
};

/// What Istio's chart has beside: it says in which namespace Secrets are read.
const GATEWAY_PODS: &str = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istio-ingressgateway, namespace: istio-ingress}\n\
    spec: {selector: {matchLabels: {istio: ingressgateway}}, template: {metadata: {labels: {istio: ingressgateway}}, \
    spec: {containers: [{name: istio-proxy, image: auto}]}}}\n";

fn written(ingress: &Ingress, topology: Topology, instance: &Instance) -> String {
    written_with(credentials(), ingress, topology, instance)
}

fn written_with(
    mut credentials: Credentials,
    ingress: &Ingress,
    topology: Topology,
    instance: &Instance,
) -> String {
    if instance.extras.client_auth {
        let name = instance.client_name().expect("a name");
        let recipe = Recipe {
            names: &[name.as_str()],
            leaf_use: LeafUse::Client,
            ..Recipe::default()
        };
        credentials.add_chain(Role::Client, &recipe.chain());
    }
    let mut objects = objects(ingress, topology, instance, &credentials);
    let mut pods = "";
    if let Some(gateway) = ingress.gateway() {
        let domain = DnsName::parse("example.org").expect("a domain");
        let listening = Listening {
            domain: Some(&domain),
            apex: false,
            ends: !topology.name().is_passed(),
        };
        match gateway {
            AnyGateway::Api(shared) => {
                let listeners = listening
                    .listeners(instance.hosts.iter())
                    .expect("few hosts");
                objects.push(ingress::gateway_api::gateway(&shared, &listeners));
            }
            AnyGateway::Istio(shared) => {
                let servers = listening.istio_servers(std::iter::empty());
                objects.extend(ingress::istio::gateways(&shared, &servers));
                pods = GATEWAY_PODS;
            }
        }
    }
    let manifests = Templates::default()
        .render(&objects, PrivateKeys::Written)
        .expect("the built-in templates work");
    stream(&manifests).chain([pods]).collect()
}

fn cluster(text: &str) -> Cluster {
    let known = Certificates::default();
    let documents = yaml::read_all(text, "f.yaml").expect("good YAML");
    let objects = documents.iter();
    let objects = objects.filter_map(|document| Object::read(document, &"f.yaml".into(), &known));
    Cluster::new(objects.collect(), BTreeMap::new())
}

fn read(text: &str, release: Release) -> Vec<Path> {
    let cluster = cluster(text);
    let paths = path::read(&cluster, release.into(), &Entrances::default()).into_iter();
    paths.map(|routed| routed.path).collect()
}

fn releases() -> impl Strategy<Value = Release> {
    let names = [
        "2.9", "2.10", "2.11", "3.0", "3.3", "3.4.0", "3.4", "3.5.1", "3.5.2", "3.7",
    ];
    prop::sample::select(names.to_vec()).prop_map(|name| name.parse().expect("a release"))
}

fn gateway_api() -> Ingress {
    Ingress::GatewayApi(Arc::new(SharedGateway::usual(ApiRelease::default())))
}

/// A release of Traefik, which objects it is led by, the way of requests and an instance.
fn ways() -> impl Strategy<Value = (Release, Ingress, Topology, Instance)> {
    let own = (releases(), topologies(), instances()).prop_map(|(release, topology, instance)| {
        (release, Ingress::Traefik(release), topology, instance)
    });
    let expressed = |(topology, mut instance): (Topology, Instance)| {
        instance.extras.client_auth = false;
        instance.extras.retry_attempts = None;
        (Release::default(), gateway_api(), topology, instance)
    };
    let gateway = SharedGateway::usual(ApiRelease::default());
    let is_expressed =
        move |(topology, _): &(Topology, Instance)| gateway.check_topology(*topology).is_ok();
    let of_gateway = (topologies(), instances())
        .prop_filter("the Gateway API has it", is_expressed)
        .prop_map(expressed);
    let istio = Arc::new(SharedIstio::usual(IstioRelease::default()));
    let of_istio = (topologies(), instances())
        .prop_filter("it is written for Istio", |(topology, _)| {
            SharedIstio::check_topology(*topology).is_ok()
        })
        .prop_map(move |(topology, instance)| {
            let ingress = Ingress::Istio(istio.clone());
            (Release::default(), ingress, topology, instance)
        });
    prop_oneof![3 => own, 1 => of_gateway, 1 => of_istio]
}

fn topologies() -> impl Strategy<Value = Topology> {
    let proxies = [None, Some(ProxyVersion::V1), Some(ProxyVersion::V2)];
    let all = TopologyName::ALL
        .iter()
        .flat_map(|name| proxies.map(|proxy| Topology::of(*name, proxy)));
    prop::sample::select(all.filter_map(Result::ok).collect::<Vec<_>>())
}

fn instances() -> impl Strategy<Value = Instance> {
    let aliases = prop::sample::subsequence(&["b.example.org", "c.example.org"][..], 0..=2);
    let port = prop::sample::select(&[443_u16, 8443, 1][..]);
    let names = prop::sample::select(&["x", "civicrmhttpd", "a-b.c"][..]);
    (aliases, port, names, any::<bool>(), any::<bool>()).prop_map(
        |(aliases, port, name, client_auth, more)| {
            let mut settings = Settings {
                port,
                ..Settings::default()
            };
            settings.trust_bundle.secret = ObjectName::parse(name).expect("a name");
            settings.names.servers_transport = ObjectName::parse(name).expect("a name");
            let extras = Extras {
                client_auth,
                retry_attempts: more.then_some(3),
                hsts_seconds: more.then_some(60),
                ..Extras::default()
            };
            instance(&aliases, settings, extras)
        },
    )
}

/// What is wrong with the chain of an httpd, and how many days later it is judged.
#[derive(Debug, Clone, Copy)]
enum Damage {
    None,
    Late,
    OtherNames,
    OtherCa,
}

impl Damage {
    fn credentials(self) -> Credentials {
        let other = || {
            let recipe = Recipe {
                names: &["x.example.net"],
                keys: ("db-ca", "db-leaf"),
                ..Recipe::default()
            };
            recipe.chain()
        };
        credentials_of(|chain| match self {
            Self::None | Self::Late => chain,
            Self::OtherNames => other(),
            Self::OtherCa => Chain {
                ca: other().ca,
                ..chain
            },
        })
    }

    fn days(self) -> i64 {
        match self {
            Self::Late => 400,
            Self::None | Self::OtherNames | Self::OtherCa => 0,
        }
    }
}

proptest! {
    #[test]
    fn what_is_refused_of_each_written_path_is_what_lint_finds(
        (release, ingress, topology, instance) in ways(),
        damage in prop::sample::select(
            &[Damage::None, Damage::Late, Damage::OtherNames, Damage::OtherCa][..],
        ),
    ) {
        let now = NOW + Duration::days(damage.days());
        let path = expand(topology, &instance, ingress.gateway().as_ref());
        let text = written_with(damage.credentials(), &ingress, topology, &instance);
        let cluster = cluster(&text);
        let grounds = Grounds::new(&cluster, now);
        let [routed] = &path::read(&cluster, release.into(), &Entrances::default())[..] else {
            panic!("one path");
        };
        let clashes = check(&path, &grounds);
        let rules = clashes.iter().filter_map(|clash| lint::rule_of(clash, routed.way_in));
        let refused: BTreeSet<&str> = rules
            .filter(|rule| rule.severity == Severity::Error)
            .map(|rule| rule.code)
            .collect();

        let mut sources = [lint::Source::new("f.yaml".to_owned(), Zeroizing::new(text))];
        let mut options = Options::at(now);
        options.traefik = Some(release);
        let report = lint::lint(&mut sources, &options).expect("good YAML");
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
        // A certificate is judged wherever it stands, too.
        let is_of_path = |code: &&str| !code.starts_with("CI6") || refused.contains(code);
        let found: BTreeSet<&str> = errors
            .map(|finding| finding.rule.code)
            .filter(is_of_path)
            .collect();
        prop_assert_eq!(&refused, &found, "{:#?}", clashes);
    }

    #[test]
    fn what_is_read_back_from_what_was_written_is_the_path_that_was_meant(
        (release, ingress, topology, instance) in ways(),
    ) {
        let text = written(&ingress, topology, &instance);
        prop_assert_eq!(read(&text, release), [expand(topology, &instance, ingress.gateway().as_ref())]);
    }

    #[test]
    fn what_is_read_back_from_the_file_of_a_traefik_outside_is_the_path_that_was_meant(
        release in releases(),
        topology in topologies(),
        instance in instances(),
        (asks, damage) in (any::<bool>(), 0..6_usize),
    ) {
        prop_assume!(check_topology(topology.name()).is_ok());
        let mut instance = instance;
        if asks {
            instance.extras.httpd = HttpdAddress::parse("civi_httpd_1:8443").ok();
        }
        let home = FilesHome::parse("/srv/t").expect("a path");
        let files = TraefikFiles { release, home };
        let (template, fields) = files.routes(topology, &instance);
        let text = Templates::default().render_values(template, &fields).expect("good YAML");
        prop_assert!(files.check_back(&text, topology, &instance).is_ok(), "{}", text);
        // What says something else is told from it.
        let changes = [
            (".example.org`", ".example.net`"),
            ("serverName: a", "serverName: b"),
            ("paroisse-a_", "paroisse-b_"),
            (":443", ":444"),
            ("passthrough: true", "passthrough: false"),
            ("version: 2", "version: 1"),
        ];
        let (from, to) = changes[damage];
        let other = text.replace(from, to);
        if other != text {
            prop_assert!(files.check_back(&other, topology, &instance).is_err(), "{}", other);
        }
    }

    #[test]
    fn status_and_probe_expect_of_each_leg_what_the_path_says(
        (_, ingress, topology, instance) in ways(),
    ) {
        let path = expand(topology, &instance, ingress.gateway().as_ref());
        let text = written(&ingress, topology, &instance);
        let expected = path.outward.client().and_then(|client| client.expects.clone());
        let is_passed = path.outward == Outward::PassedThrough;

        let mut findings = find::read(&text, "f.yaml").expect("good YAML");
        let cluster = findings.take_cluster();
        let report = status::report(findings.found, &cluster, NOW).expect("good certificates");
        prop_assert_eq!(report.instances.len(), 1);
        let shown = &report.instances[0];
        prop_assert_eq!(&shown.hosts, &path.hosts);
        prop_assert_eq!(shown.passes_through(), is_passed);
        if let Some(expected) = &expected {
            prop_assert_eq!(shown.backend.wire, Wire::Tls);
            prop_assert_eq!(&shown.backend.name, expected);
            prop_assert_eq!(shown.backend.verdict, LegVerdict::Signed);
        }

        let cluster = objects::read(&[("f.yaml", &text)]).expect("good manifests");
        let way = Way::find(&cluster, instance.host(), None).expect("a route");
        prop_assert_eq!(way.ends_at_traefik(), !is_passed);
        let transport = servers_transport::transport(&way, None).expect("a transport");
        let speech = if is_passed { Speech::Passthrough } else { Speech::Https };
        prop_assert_eq!(transport.speech, speech);
        let name = expected.unwrap_or_else(|| instance.host().to_string());
        prop_assert_eq!(transport.server_name.map(|name| name.to_string()), Some(name));
        prop_assert_eq!(transport.proxy.map(|(version, _)| version), path.proxy);
        prop_assert!(transport.trust.is_some());
    }
}

#[test]
fn traefik_passes_the_tls_of_browsers_on_with_the_proxy_protocol() {
    let instance = instance(
        &["www.a.example.org"],
        Settings::default(),
        Extras::default(),
    );
    for release in ["2.11", "3.4", "3.7"] {
        let text = written(
            &Ingress::Traefik(release.parse().unwrap()),
            PASSTHROUGH,
            &instance,
        );
        let documents: Vec<&str> = text.split_inclusive("---\n").collect();
        let routing: String = documents
            .into_iter()
            .filter(|document| document.contains("TCP\n"))
            .collect();
        assert_snapshot_in!(
            "traefik",
            format!("passthrough-{release}"),
            readable(&routing)
        );
    }
}

#[test]
fn status_shows_one_leg_from_the_browser_to_the_httpd_where_tls_passes_through() {
    let instance = instance(&[], Settings::default(), Extras::default());
    let text = written(
        &Ingress::Traefik(Release::default()),
        PASSTHROUGH,
        &instance,
    );
    let mut findings = find::read(&text, "f.yaml").expect("good YAML");
    let cluster = findings.take_cluster();
    let report = status::report(findings.found, &cluster, NOW).expect("good certificates");
    let [instance] = &report.instances[..] else {
        panic!("one instance: {:?}", report.instances)
    };
    assert_eq!(instance.backend.wire, Wire::PassedThrough);
    assert!(instance.browser.certificate.is_some());
}

#[test]
fn lint_finds_of_tls_that_passes_through_only_that_browsers_do_not_know_the_private_ca() {
    let instance = instance(&[], Settings::default(), Extras::default());
    let mut sources = [lint::Source::new(
        "f.yaml".to_owned(),
        Zeroizing::new(written(
            &Ingress::Traefik(Release::default()),
            PASSTHROUGH,
            &instance,
        )),
    )];
    let report = lint::lint(&mut sources, &Options::at(NOW)).expect("good YAML");
    let found: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .map(|finding| finding.rule.code)
        .collect();
    assert_eq!(found, ["CI232"]);
}
