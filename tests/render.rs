//! Manifests, byte for byte.

use crate::support::{Recipe, assert_snapshot_in, credentials, credentials_of, instance, readable};
use civi_ingress::ingress::{Ingress, Role, gateway_api, istio, objects, tls_secret, traefik};
use civi_ingress::instance::{Asked, Egress, Extras, Instance, TraefikSource};
use civi_ingress::makers::Makers;
use civi_ingress::manifest::{Object, PrivateKeys, stream};
use civi_ingress::name::{DnsName, Label, Namespace, ObjectName};
use civi_ingress::outside::traefik::{FileText, FilesHome, HttpdAddress, TraefikFiles};
use civi_ingress::path::arrival::Arrival;
use civi_ingress::path::expand::Topology;
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::path::shared_gateway::{ApiRelease, Listening, SharedGateway};
use civi_ingress::path::shared_istio::{IstioRelease, IstioServers, SharedIstio};
use civi_ingress::pki::client_authorities::ClientAuthorities;
use civi_ingress::pki::{Chain, LeafUse};
use civi_ingress::release::Release;
use civi_ingress::template::{BUILT_IN, Templates};
use civi_ingress::values::set::{self, Typing};
use civi_ingress::values::{Layers, Settings};
use civi_ingress::yaml::second_reader;
use std::collections::BTreeSet;
use std::sync::Arc;

fn render(objects: &[Object]) -> String {
    let manifests = Templates::default()
        .render(objects, PrivateKeys::Written)
        .expect("the built-in templates work");
    readable(&stream(&manifests).collect::<String>())
}

fn render_for(release: &str, instance: &Instance) -> String {
    render(&objects(
        &Ingress::Traefik(release.parse().unwrap()),
        Topology::Direct,
        instance,
        &credentials(),
    ))
}

fn settings(arguments: &[&str]) -> Settings {
    let mut layers = Layers::default();
    for argument in arguments {
        for (path, value) in set::parse(argument, Typing::Inferred).unwrap() {
            layers.add(&path, value, set::place(argument, Typing::Inferred));
        }
    }
    layers.settings().unwrap()
}

fn namespace(text: &str) -> Namespace {
    Namespace::parse(text).unwrap()
}

fn all_extras() -> Extras {
    Extras {
        helm_release: Some(ObjectName::parse("civi").unwrap()),
        namespace: true,
        config_map: true,
        retry_attempts: Some(5),
        hsts_seconds: Some(31_536_000),
        http_from: Some(TraefikSource::pods(namespace("traefik"), Vec::new())),
        client_auth: false,
        default_deny: true,
        egress: Some(Egress::default()),
        public_certificate: None,
        asked: None,
        dns: None,
        forwarding: Vec::new(),
        remote_ip: Vec::new(),
        clients: None,
        makers: Makers::Here,
        httpd: None,
    }
}

#[test]
fn an_instance_has_the_charts_objects() {
    let instance = instance(&[], Settings::default(), Extras::default());
    assert_snapshot_in!("traefik", "instance", render_for("3.7", &instance));
}

#[test]
fn each_release_gets_its_own_api_group_and_trust_field() {
    let instance = instance(&[], Settings::default(), Extras::default());
    for release in [
        "2.9", "2.10", "2.11", "3.0", "3.3", "3.4.0", "3.4.1", "3.4", "3.7",
    ] {
        assert_snapshot_in!(
            "traefik",
            format!("release-{release}"),
            routing_only(&render_for(release, &instance))
        );
    }
}

/// Leaves the Secrets out, which are the same for every release.
fn routing_only(stream: &str) -> String {
    let documents = stream
        .split_inclusive("---\n")
        .filter(|document| !document.contains("kind: Secret"));
    documents.collect()
}

#[test]
fn aliases_are_further_matchers_of_the_route() {
    let instance = instance(
        &["www.a.example.org", "a.example.net"],
        Settings::default(),
        Extras::default(),
    );
    assert_snapshot_in!(
        "traefik",
        "aliases",
        routing_only(&render_for("3.7", &instance))
    );
}

#[test]
fn every_further_object_is_rendered_in_the_order_of_application() {
    let instance = instance(&[], Settings::default(), all_extras());
    assert_snapshot_in!("traefik", "all-objects", render_for("3.7", &instance));
}

#[test]
fn traefik_on_the_nodes_network_is_let_in_by_its_addresses() {
    let ranges = ["10.0.0.0/24", "2001:db8::/64"]
        .map(|range| civi_ingress::cidr::Cidr::parse(range).unwrap());
    let extras = Extras {
        http_from: Some(TraefikSource::nodes(ranges.to_vec()).unwrap()),
        ..Extras::default()
    };
    let instance = instance(&[], Settings::default(), extras);
    assert_snapshot_in!(
        "traefik",
        "network-policy-nodes",
        network_policies(&render_for("3.7", &instance))
    );
}

#[test]
fn traefik_is_let_in_by_the_labels_given() {
    let labels = ["app=edge", "tier=front"].map(|label| Label::parse(label).unwrap());
    let source = TraefikSource::pods(namespace("ingress"), labels.to_vec());
    let extras = Extras {
        http_from: Some(source),
        ..Extras::default()
    };
    let instance = instance(&[], Settings::default(), extras);
    assert_snapshot_in!(
        "traefik",
        "network-policy-labels",
        network_policies(&render_for("3.7", &instance))
    );
}

#[test]
fn pods_reach_each_other_dns_and_what_is_named_and_certificates_of_others_can_be_asked_for() {
    let range = |text: &str| civi_ingress::cidr::Cidr::parse(text).unwrap();
    let extras = Extras {
        http_from: Some(TraefikSource::pods(namespace("traefik"), Vec::new())),
        default_deny: true,
        egress: Some(Egress {
            dns: vec![range("10.3.0.10")],
            mail: vec![range("192.0.2.0/24"), range("2001:db8::/64")],
            https: vec![range("198.51.100.7")],
        }),
        public_certificate: ObjectName::parse("web-tls").ok(),
        ..Extras::default()
    };
    let instance = instance(&[], Settings::default(), extras);
    assert_snapshot_in!(
        "traefik",
        "network-policy-egress",
        network_policies(&render_for("3.7", &instance))
    );
}

fn network_policies(stream: &str) -> String {
    stream
        .split_inclusive("---\n")
        .filter(|document| document.contains("kind: NetworkPolicy"))
        .collect()
}

#[test]
fn an_httpd_believes_x_forwarded_for_of_traefik_and_of_the_load_balancer_before_it() {
    let range = |text: &str| civi_ingress::cidr::Cidr::parse(text).unwrap();
    let mut extras = Extras {
        remote_ip: vec![range("10.42.0.0/16"), range("2001:db8::/64")],
        ..Extras::default()
    };
    let mut config = |topology, forwarding| {
        extras.forwarding = forwarding;
        let instance = instance(&[], Settings::default(), extras.clone());
        let traefik = Ingress::Traefik(Release::default());
        let stream = render(&objects(&traefik, topology, &instance, &credentials()));
        let documents = stream.split_inclusive("---\n");
        let configs = documents.filter(|document| document.contains("kind: ConfigMap"));
        configs.collect::<String>()
    };
    let direct = config(Topology::Direct, Vec::new());
    let behind = config(Topology::InspectTwice, vec![range("10.0.0.7")]);
    assert_snapshot_in!("traefik", "remote-ip", direct + &behind);
}

#[test]
fn names_keys_and_timeouts_can_each_be_changed() {
    let settings = settings(&[
        "httpd.serverCertSecret=web,httpd.serverCertField=tls.crt,httpd.serverKeySecret=web,httpd.serverKeyField=tls.key",
        "db.dbserverCertSecret=database,db.dbserverKeySecret=database,db.dbcaCertSecret=database",
        "civiIngress.names.caSecret=authority,civiIngress.names.trustSecret=trust,civiIngress.keys.trustBundle=tls.ca",
        "civiIngress.keys.caCert=ca,civiIngress.keys.caKey=key,civiIngress.keys.dbCaKey=db",
        "civiIngress.names.service=web,civiIngress.servicePort=8443,civiIngress.names.serversTransport=tls",
        "civiIngress.names.ingressRoute=route,civiIngress.entryPoints={websecure,internal},civiIngress.disableHTTP2=false",
        "serverstransport.dialTimeout=1.5s,serverstransport.maxIdleConnsPerHost=-1,serverstransport.idleConnTimeout=0",
    ]);
    let instance = instance(&[], settings, Extras::default());
    assert_snapshot_in!("traefik", "names-changed", render_for("3.7", &instance));
}

#[test]
fn without_custody_no_ca_key_is_written() {
    let instance = instance(&[], Settings::default(), Extras::default());
    let credentials = credentials_of(|chain| Chain {
        ca_key: None,
        ..chain
    });
    let stream = render(&objects(
        &Ingress::Traefik(Release::default()),
        Topology::Direct,
        &instance,
        &credentials,
    ));
    assert_eq!(stream.matches("<PRIVATE KEY>").count(), 2);
    assert!(!stream.contains("cakey"), "{stream}");
}

#[test]
fn traefik_shows_a_certificate_of_its_own_to_an_httpd_that_asks() {
    let extras = Extras {
        client_auth: true,
        ..Extras::default()
    };
    let instance = instance(&[], Settings::default(), extras);
    let name = instance.client_name().unwrap().to_string();
    let recipe = Recipe {
        names: &[&name],
        leaf_use: LeafUse::Client,
        ..Recipe::default()
    };
    let chain = recipe.chain();
    let mut credentials = credentials();
    credentials.add_chain(Role::Client, &chain);
    assert_snapshot_in!(
        "traefik",
        "client-auth",
        render(&objects(
            &Ingress::Traefik(Release::default()),
            Topology::Direct,
            &instance,
            &credentials
        ))
    );
}

#[test]
fn an_httpd_that_browsers_reach_shows_a_certificate_of_others_and_has_no_ca() {
    let extras = Extras {
        public_certificate: Some(ObjectName::parse("web-tls").unwrap()),
        ..Extras::default()
    };
    let instance = instance(&["www.a.example.org"], Settings::default(), extras);
    let proxy = Some(civi_ingress::path::hop::ProxyVersion::V2);
    let stream = render(&objects(
        &Ingress::Traefik(Release::default()),
        Topology::Passthrough { proxy },
        &instance,
        &credentials(),
    ));
    assert_snapshot_in!("traefik", "passthrough", stream);
}

#[test]
fn a_public_certificate_that_cannot_be_shown_is_refused() {
    let refused = |secret: &str, values: &[&str]| {
        let extras = Extras {
            public_certificate: Some(ObjectName::parse(secret).unwrap()),
            ..Extras::default()
        };
        let host = civi_ingress::name::DnsName::parse("a.example.org").ok();
        let made = Instance::new(
            namespace("paroisse-a"),
            host,
            Vec::new(),
            settings(values),
            extras,
        );
        let faults = made.err().unwrap_or_default();
        faults
            .into_iter()
            .map(|fault| fault.what)
            .collect::<Vec<_>>()
    };
    assert!(refused("web-tls", &[]).is_empty());
    let same = "httpd.serverCertSecret=web-tls,httpd.serverCertField=tls.crt";
    assert!(refused("web-tls", &[same]).is_empty());
    for (secret, values, what) in [
        (
            "web-tls",
            "httpd.serverCertSecret=other",
            "the httpd would show both the public certificate of Secret `web-tls` and another one",
        ),
        (
            "selfcert",
            "",
            "the Secret `selfcert` of the public certificate would hold other credentials, too",
        ),
        (
            "externca",
            "",
            "the Secret `externca` of the public certificate would hold other credentials, too",
        ),
        (
            "web-tls",
            "civiIngress.servicePort=80",
            "TLS is passed on to the httpd, and port 80 of its Service speaks http",
        ),
    ] {
        let values: Vec<&str> = [values]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        assert_eq!(refused(secret, &values), [what]);
    }
}

#[test]
fn the_wildcard_secret_and_the_default_store() {
    let chain = Recipe {
        names: &["*.example.org", "example.org"],
        ..Recipe::default()
    }
    .chain();
    let name = ObjectName::parse("wildcardsecret").unwrap();
    for release in ["2.9", "3.7"] {
        let objects = [
            tls_secret(
                &namespace("default"),
                &name,
                std::slice::from_ref(&chain.leaf),
                &chain.leaf_key,
                Some((&chain.ca, None)),
            ),
            traefik::tls_store(release.parse().unwrap(), &namespace("default"), &name),
        ];
        assert_snapshot_in!("traefik", format!("wildcard-{release}"), render(&objects));
    }
}

#[test]
fn the_gateway_api_has_a_route_and_a_policy_for_an_instance_and_one_gateway_for_all() {
    let domain = DnsName::parse("example.org").unwrap();
    let shared = Arc::new(SharedGateway::usual(ApiRelease::default()));
    let extras = Extras {
        hsts_seconds: Some(60),
        ..Extras::default()
    };
    let instance = instance(&["www.a.example.org"], Settings::default(), extras);
    for (name, topology, apex) in [
        ("direct", Topology::Direct, true),
        ("passthrough", Topology::Passthrough { proxy: None }, false),
    ] {
        let listening = Listening {
            domain: Some(&domain),
            apex,
            ends: true,
        };
        let passed = instance.hosts.iter().filter(|_| !apex);
        let listeners = listening.listeners(passed).unwrap();
        let ingress = Ingress::GatewayApi(shared.clone());
        let mut all = objects(&ingress, topology, &instance, &credentials());
        all.push(gateway_api::gateway(&shared, &listeners));
        // The text of a certificate is another one in each run.
        let lines = render(&all);
        let lines = lines
            .lines()
            .map(|line| match line.split_once("BEGIN CERT") {
                Some((before, _)) => format!("{before}…\n"),
                None => format!("{line}\n"),
            });
        let text: String = lines.collect();
        assert_snapshot_in!("gateway-api", name, routing_only(&text));
    }
}

/// The files of a Traefik of a release that is told everything by them: its template and its text.
fn file_text((template, fields): FileText) -> (&'static str, String) {
    let text = Templates::default().render_values(template, &fields);
    (template, text.expect("the built-in templates work"))
}

#[test]
fn a_traefik_of_files_is_told_what_its_objects_tell_one_in_the_cluster() {
    let clients = ClientAuthorities::parse(include_str!("fixtures/root.crt")).unwrap();
    let all = Extras {
        retry_attempts: Some(3),
        hsts_seconds: Some(60),
        client_auth: true,
        clients: Some(Arc::new(clients)),
        asked: Some(Asked {
            issuer: ObjectName::parse("letsencrypt").unwrap(),
            secret: ObjectName::parse("web-tls").unwrap(),
            answers_here: false,
            since: None,
        }),
        httpd: Some(HttpdAddress::parse("civi_httpd_1:8443").unwrap()),
        ..Extras::default()
    };
    let few = instance(
        &["www.a.example.org"],
        Settings::default(),
        Extras::default(),
    );
    let all = instance(&[], Settings::default(), all);
    let passed = Topology::Passthrough {
        proxy: Some(ProxyVersion::V2),
    };
    for (name, release, topology, instance) in [
        ("direct", "3.7", Topology::Direct, &few),
        ("all", "3.7", Topology::TcpProxy, &all),
        ("passthrough-2.11", "2.11", passed, &few),
        ("passthrough-3.4", "3.4", passed, &few),
        ("passthrough-3.7", "3.7", passed, &few),
    ] {
        let files = TraefikFiles {
            release: release.parse().unwrap(),
            home: FilesHome::default(),
        };
        let (_, text) = file_text(files.routes(topology, instance));
        assert_snapshot_in!("traefik-file", name, text);
    }
    // Every release but for TCP takes the same.
    let of = |release: &str| TraefikFiles {
        release: release.parse().unwrap(),
        home: FilesHome::default(),
    };
    let written = |release| file_text(of(release).routes(Topology::Direct, &all)).1;
    assert_eq!(written("2.11"), written("3.7"));
    // Its Secrets are there to become files, and nothing else is.
    let ingress = Ingress::TraefikFile(Arc::new(of("3.7")));
    let objects = objects(&ingress, Topology::Direct, &few, &credentials());
    let kinds: BTreeSet<&str> = objects.iter().map(|object| object.identity.kind).collect();
    assert_eq!(kinds, ["Secret"].into());
}

#[test]
fn istio_has_routes_a_policy_and_a_secret_for_an_instance_and_two_gateways_for_all() {
    let domain = DnsName::parse("example.org").unwrap();
    let shared = Arc::new(SharedIstio::usual(IstioRelease::default()));
    let extras = Extras {
        hsts_seconds: Some(60),
        retry_attempts: Some(3),
        ..Extras::default()
    };
    let plain = Extras::default();
    let proxy = Some(ProxyVersion::V2);
    for (name, topology, extras) in [
        ("direct", Topology::Direct, extras),
        ("passthrough", Topology::Passthrough { proxy }, plain),
    ] {
        let is_passed = topology.name().is_passed();
        let instance = instance(&["www.a.example.org"], Settings::default(), extras);
        let listening = Listening {
            domain: Some(&domain),
            apex: !is_passed,
            ends: true,
        };
        let passed = instance.hosts.iter().filter(|_| is_passed);
        let servers = listening.istio_servers(passed);
        let ingress = Ingress::Istio(shared.clone());
        let mut all = objects(&ingress, topology, &instance, &credentials());
        all.extend(istio::gateways(&shared, &servers));
        assert_snapshot_in!("istio", name, routing_only(&render(&all)));
    }
}

#[test]
fn every_built_in_template_is_used_by_these_tests() {
    let mut used: BTreeSet<&str> = ["labels.yaml", "traefik/tlsstore.yaml"].into();
    let instance = instance(&[], Settings::default(), all_extras());
    let all = objects(
        &Ingress::Traefik(Release::default()),
        Topology::Direct,
        &instance,
        &credentials(),
    );
    used.extend(all.iter().map(|object| object.template));
    let passing = Topology::Passthrough { proxy: None };
    let passing = objects(
        &Ingress::Traefik(Release::default()),
        passing,
        &instance,
        &credentials(),
    );
    used.extend(passing.iter().map(|object| object.template));
    let gateway = SharedGateway::usual(ApiRelease::default());
    used.insert(gateway_api::gateway(&gateway, &[]).template);
    for passing in [Topology::Direct, Topology::Passthrough { proxy: None }] {
        let ingress = Ingress::GatewayApi(Arc::new(gateway.clone()));
        let objects = objects(&ingress, passing, &instance, &credentials());
        used.extend(objects.iter().map(|object| object.template));
    }
    let shared = SharedIstio::usual(IstioRelease::default());
    let servers = istio::gateways(&shared, &IstioServers::default());
    used.extend(servers.iter().map(|object| object.template));
    let ingress = Ingress::Istio(Arc::new(shared));
    let led = objects(&ingress, Topology::Direct, &instance, &credentials());
    used.extend(led.iter().map(|object| object.template));
    let values: Vec<&str> = BUILT_IN
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.contains("values"))
        .collect();
    used.extend(values);
    let files = TraefikFiles {
        release: Release::default(),
        home: FilesHome::default(),
    };
    let passing = Topology::Passthrough { proxy: None };
    let of_files = [
        files.options(&Arrival::Direct),
        files.store(&instance.namespace),
        files.routes(Topology::Direct, &instance),
        files.routes(passing, &instance),
    ];
    used.extend(of_files.map(|file| file_text(file).0));
    used.extend(crate::gitops::TEMPLATES);
    used.extend(crate::acme::TEMPLATES);
    used.extend(crate::dns::TEMPLATES);
    used.extend(crate::makers::TEMPLATES);
    assert_eq!(used, BUILT_IN.iter().map(|(name, _)| *name).collect());
}

#[test]
fn an_independent_reader_finds_in_every_document_what_ours_finds() {
    let instance = instance(&["www.a.example.org"], Settings::default(), all_extras());
    let objects = objects(
        &Ingress::Traefik(Release::default()),
        Topology::Direct,
        &instance,
        &credentials(),
    );
    let manifests = Templates::default()
        .render(&objects, PrivateKeys::Written)
        .unwrap();
    for manifest in manifests {
        second_reader::agree(&manifest.yaml, "-").expect("both read it");
    }
}
