//! The ways in behind a load balancer: the right page, and the address of the browser that asked for it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::yaml;
use libtest_mimic::Trial;

use crate::balancer::{Balancer, answer_monitor, anywhere, fitted, octavia};
use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{Release, newest, releases};
use crate::httpd::{Httpd, Manner, Settings, Site, endpoint};
use crate::instance::{Instance, browser, secret};
use crate::pki::{Authority, Pair};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let ways = || {
        let second = releases()
            .into_iter()
            .map(|release| (release, "octavia", "2"));
        second.chain([(newest(), "octavia", "1"), (newest(), "haproxy", "2")])
    };
    let proxied = ways().map(|(release, kind, version)| {
        let name = format!(
            "behind_{kind}_with_version_{version}_of_the_proxy_protocol_traefik_{}_believes_it_alone_about_browsers",
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            tcp_proxy(case, &release, kind, version);
        })
    });
    let passed = ways().map(|(release, kind, version)| {
        let name = format!(
            "behind_{kind}_traefik_{}_passes_tls_on_to_an_httpd_that_learns_by_version_{version}_where_browsers_are",
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            passthrough(case, &release, kind, version);
        })
    });
    let each = ["inspect-twice", "offload"].into_iter();
    let each = each.flat_map(|topology| {
        releases()
            .into_iter()
            .map(move |release| (topology, release))
    });
    let ended = each.map(|(topology, release)| {
        let name = format!(
            "behind_an_haproxy_that_ends_tls_for_{}_traefik_{}_believes_it_alone_about_browsers",
            topology.replace('-', "_"),
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            ended_tls(case, &release, topology);
        })
    });
    let closed = ["direct", "passthrough"].into_iter();
    let closed = closed.flat_map(|topology| {
        releases()
            .into_iter()
            .map(move |release| (topology, release))
    });
    let closed = closed.map(|(topology, release)| {
        let name = format!(
            "with_clients_ca_and_{topology}_behind_traefik_{}_only_who_has_a_certificate_of_it_gets_the_page",
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            let_in(case, &release, topology);
        })
    });
    let inspected = releases().into_iter().map(|release| {
        let name = format!(
            "behind_an_haproxy_that_speaks_tls_to_httpd_traefik_{}_passes_it_on_and_nobody_else_is_let_in",
            release.in_a_name()
        );
        trial(stack, &name, move |case| inspected(case, &release))
    });
    let all = proxied.chain(passed).chain(ended);
    all.chain(closed).chain(inspected).collect()
}

/// Whatever ends the TLS of clients asks them for a certificate.
fn let_in(case: &Case, release: &Release, topology: &str) {
    let cluster = case.stack.cluster(release);
    let namespace = format!("closed-{topology}");
    let people = Authority::new("people");
    let file = case.directory.join("people.crt");
    fs::write(&file, &people.certificate).expect("our own directory");
    let is_passed = topology == "passthrough";
    let mut way = vec!["--topology", topology, "--clients-ca"];
    let path = file.display().to_string();
    way.push(&path);
    if is_passed {
        way.extend(["--public-certificate", "web-tls"]);
    }
    let instance = Instance::new(case, cluster, release, &namespace, &way);
    cluster.apply(&instance.manifests);
    let host = &instance.host;
    let (authorities, _httpd) = if is_passed {
        let authority = Authority::new("a public CA");
        let public = authority.server(host, &[host]);
        cluster.apply(&tls_secret(&namespace, "web-tls", &public));
        (
            authority.certificate,
            with_mounted(case, cluster, &instance),
        )
    } else {
        let domain = "example.org";
        browser(case, cluster, &namespace, domain);
        let file = case.directory.join(format!("{namespace}-{domain}-ca.crt"));
        (
            fs::read_to_string(file).expect("the CA of the wildcard"),
            case.httpd("httpd", &[instance.site(cluster)], &Settings::default()),
        )
    };
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[&namespace],
        case.stack.address(),
        &case.directory,
        &[],
    );
    let get = |client: &Client| client.get(traefik.websecure(), host, "/");
    let of = |authority: &Authority| {
        let pair = authority.client("alice");
        Client::with_identity(&authorities, &pair.certificate, &pair.key)
    };
    let alice = of(&people);
    let page = wait::until("the page", || {
        get(&alice).and_then(|page| {
            let status = page.status;
            (status == 200)
                .then_some(page)
                .ok_or_else(|| format!("status {status}"))
        })
    });
    assert_eq!(page.body, namespace);
    for other in [
        Client::trusting(&authorities),
        of(&Authority::new("people")),
    ] {
        let answer = get(&other);
        assert!(answer.is_err(), "{answer:?}");
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// A load balancer that ends the TLS of browsers, by what is rendered for its machine.
fn ended_tls(case: &Case, release: &Release, topology: &str) {
    let cluster = case.stack.cluster(release);
    let is_plain = topology == "offload";
    let namespace = topology.to_owned();
    let [balancer, node] = [case.stack.address(), case.stack.address()];
    let (address, domain) = (balancer.to_string(), "example.org");
    let way = [
        "--topology",
        topology,
        "--load-balancer",
        "haproxy",
        "--trusted",
        &address,
    ];
    let instance = Instance::new(case, cluster, release, &namespace, &way);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, &namespace, domain);
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &settings);
    let told = tell(case, topology, "haproxy", "2", [balancer, node]);
    let OfBalancer::File(text) = &told.of_balancer else {
        panic!("nothing is rendered for HAProxy");
    };
    let flags = ["web", "websecure"].map(|name| {
        format!(
            "--entrypoints.{name}.forwardedheaders.trustedips={}",
            told.trusted
        )
    });
    let web = format!("--entrypoints.web.address={node}:80");
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[&namespace],
        node,
        &case.directory,
        &[&flags[..], &[web]].concat(),
    );
    traefik.wait_for(&instance.host);

    // On its machine: the pair of the wildcard, and the CA of what Traefik shows.
    let certs = case.directory.join("certs");
    fs::create_dir(&certs).expect("our own directory");
    let wildcard = secret(cluster, &namespace, "wildcardsecret");
    let pem = format!("{}{}", wildcard["tls.crt"], wildcard["tls.key"]);
    fs::write(certs.join("wildcard.pem"), pem).expect("our own directory");
    let authority = case.directory.join(format!("{namespace}-{domain}-ca.crt"));
    let start = |authority: &Path, address: Ipv4Addr| {
        let text = text
            .replace("/etc/haproxy/certs/", &certs.display().to_string())
            .replace(
                "/etc/haproxy/traefik-ca.crt",
                &authority.display().to_string(),
            )
            .replace(&format!("bind {balancer}:"), &format!("bind {address}:"));
        from_address(case, &text, address)
    };
    let before = start(&authority, balancer);

    let host = &instance.host;
    let page = browser.get(before.endpoint(), host, "/").expect("a page");
    assert_eq!((page.status, &page.body), (200, &namespace));
    let forged = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Real-Ip", "203.0.113.9"),
    ];
    let origin = |to| {
        browser
            .get_with(to, host, "/from", &forged)
            .map(|answer| answer.body)
    };
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    assert_eq!(
        origin(before.endpoint()),
        Ok(format!("{client}, {balancer}"))
    );
    if is_plain {
        // Traefik serves nothing by TLS.
        let around = browser.get(traefik.websecure(), host, "/");
        assert!(around.is_ok_and(|answer| answer.status == 404));
        assert_eq!(traefik.complaints(), Vec::<String>::new());
        return;
    }
    // Whoever reaches Traefik around the load balancer is not believed.
    assert_eq!(origin(traefik.websecure()).as_deref(), Ok(client));
    // Of another CA the load balancer takes nothing.
    let stranger = Authority::new("another CA");
    let other = case.directory.join("other-ca.crt");
    fs::write(&other, &stranger.certificate).expect("our own directory");
    let wrong = start(&other, case.stack.address());
    let answer = browser.get(wrong.endpoint(), host, "/").expect("an answer");
    assert_eq!(answer.status, 503);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// A load balancer that ends the TLS of browsers and begins another to the httpd, which asks it for a certificate.
fn inspected(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let topology = "inspect";
    let namespace = topology.to_owned();
    let [balancer, node] = [case.stack.address(), case.stack.address()];
    let (address, domain) = (balancer.to_string(), "example.org");
    let balancers = Authority::new("load balancers");
    let of_clients = case.directory.join("balancers.crt");
    fs::write(&of_clients, &balancers.certificate).expect("our own directory");
    let file = of_clients.display().to_string();
    let way = [
        "--topology",
        topology,
        "--load-balancer",
        "haproxy",
        "--trusted",
        &address,
        "--clients-ca",
        &file,
    ];
    let instance = Instance::new(case, cluster, release, &namespace, &way);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, &namespace, domain);
    let _httpd = with_ingress(case, cluster, instance.site(cluster));
    let told = tell(case, topology, "haproxy", "2", [balancer, node]);
    let OfBalancer::File(text) = &told.of_balancer else {
        panic!("nothing is rendered for HAProxy");
    };
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[&namespace],
        node,
        &case.directory,
        &[],
    );

    // On its machine: the pair of the wildcard, the CA of the httpd, and a pair of its own.
    let put = |name: &str, text: &str| {
        let path = case.directory.join(name);
        fs::write(&path, text).expect("our own directory");
        path
    };
    let wildcard = secret(cluster, &namespace, "wildcardsecret");
    let certs = case.directory.join("certs");
    fs::create_dir(&certs).expect("our own directory");
    let pem = format!("{}{}", wildcard["tls.crt"], wildcard["tls.key"]);
    put("certs/wildcard.pem", &pem);
    let authority = put(
        "httpd-ca.crt",
        &secret(cluster, &namespace, "externca")["ca.crt"],
    );
    let start = |authority: &Path, pair: &Pair, address: Ipv4Addr| {
        let shown = put(
            &format!("{address}.pem"),
            &format!("{}{}", pair.certificate, pair.key),
        );
        let text = text
            .replace("/etc/haproxy/certs/", &certs.display().to_string())
            .replace(
                "/etc/haproxy/httpd-ca.crt",
                &authority.display().to_string(),
            )
            .replace("/etc/haproxy/client.pem", &shown.display().to_string())
            .replace(&format!("bind {balancer}:"), &format!("bind {address}:"));
        from_address(case, &text, address)
    };
    let own = balancers.client("haproxy");
    let before = start(&authority, &own, balancer);

    let host = &instance.host;
    let page = wait::until("the page", || {
        let page = browser.get(before.endpoint(), host, "/")?;
        let status = page.status;
        (status == 200)
            .then_some(page)
            .ok_or_else(|| format!("status {status}"))
    });
    assert_eq!(page.body, namespace);
    let forged = [("X-Forwarded-For", "203.0.113.9")];
    let origin = browser.get_with(before.endpoint(), host, "/from", &forged);
    // All clients of this network namespace have its first address.
    assert_eq!(
        origin.map(|answer| answer.body).as_deref(),
        Ok("10.213.0.1")
    );
    // Whoever reaches httpd around the load balancer gets nothing.
    let around = Client::trusting(&fs::read_to_string(&authority).expect("the CA of httpd"));
    let around = around.get(traefik.websecure(), host, "/");
    assert!(around.is_err(), "{around:?}");
    // Of another CA the load balancer takes nothing, and with another certificate it gets nothing.
    let stranger = Authority::new("another CA");
    let other = put("other-ca.crt", &stranger.certificate);
    let others = [
        start(&other, &own, case.stack.address()),
        start(
            &authority,
            &stranger.client("haproxy"),
            case.stack.address(),
        ),
    ];
    for wrong in others {
        let answer = browser.get(wrong.endpoint(), host, "/").expect("an answer");
        assert!([502, 503].contains(&answer.status), "{}", answer.status);
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// Starts a rendered load balancer whose connections come from its address: one machine has the addresses of all.
pub(super) fn from_address(case: &Case, text: &str, address: Ipv4Addr) -> Balancer {
    let text = anywhere(text);
    let lines = text.lines().map(|line| {
        let is_server = line.trim_start().starts_with("server ");
        let source = if is_server {
            format!(" source {address}")
        } else {
            String::new()
        };
        format!("{line}{source}\n")
    });
    let directory = case.directory.join(address.to_string());
    fs::create_dir(&directory).expect("our own directory");
    let text: String = lines.collect();
    Balancer::start(&case.stack.programs, &directory, address, &text)
}

/// Starts a Traefik, and before it a load balancer that says by the PROXY protocol where browsers are.
fn announced(
    case: &Case,
    release: &Release,
    cluster: &Cluster,
    namespace: &str,
    [topology, kind, version]: [&str; 3],
) -> (Traefik, Balancer) {
    let [balancer, node] = [case.stack.address(), case.stack.address()];
    let told = tell(case, topology, kind, version, [balancer, node]);
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[namespace],
        node,
        &case.directory,
        &[format!(
            "--entrypoints.websecure.proxyprotocol.trustedips={}",
            told.trusted
        )],
    );
    let before = told.balancer(case, traefik.websecure());
    (traefik, before)
}

fn tcp_proxy(case: &Case, release: &Release, kind: &str, version: &str) {
    let cluster = case.stack.cluster(release);
    let namespace = format!("tcp-proxy-{kind}-{version}");
    let instance = Instance::new(case, cluster, release, &namespace, &[]);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, &namespace, "example.org");
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &settings);

    let way = ["tcp-proxy", kind, version];
    let (traefik, before) = announced(case, release, cluster, &namespace, way);
    traefik.wait_for(&instance.host);

    let host = &instance.host;
    let page = browser.get(before.endpoint(), host, "/").expect("a page");
    assert_eq!((page.status, &page.body), (200, &namespace));
    let origin = |client: &Client, to| {
        let forged = [("X-Forwarded-For", "203.0.113.9")];
        let answer = client.get_with(to, host, "/from", &forged);
        answer.expect("an answer").body
    };
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    assert_eq!(origin(&browser, before.endpoint()), client);
    // Whoever reaches Traefik around the load balancer is not believed.
    let liar = browser.claiming("203.0.113.9");
    assert_eq!(origin(&liar, traefik.websecure()), client);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// An httpd with a public certificate and the rendered ConfigMap, behind a Traefik that does not open TLS.
fn passthrough(case: &Case, release: &Release, kind: &str, version: &str) {
    let cluster = case.stack.cluster(release);
    let namespace = format!("passthrough-{kind}-{version}");
    let way = [
        "--topology",
        "passthrough",
        "--public-certificate",
        "web-tls",
        "--proxy-protocol",
        version,
    ];
    let instance = Instance::new(case, cluster, release, &namespace, &way);
    cluster.apply(&instance.manifests);
    let host = &instance.host;
    let authority = Authority::new("a public CA");
    let public = authority.server(host, &[host]);
    cluster.apply(&tls_secret(&namespace, "web-tls", &public));
    let browser = Client::trusting(&authority.certificate);
    let httpd = with_mounted(case, cluster, &instance);

    let way = ["passthrough", kind, version];
    let (traefik, before) = announced(case, release, cluster, &namespace, way);

    let page = wait::until("the page of the httpd", || {
        browser.get(before.endpoint(), host, "/")
    });
    assert_eq!((page.status, &page.body), (200, &namespace));
    assert_eq!(page.chain, certificates(&public.certificate));
    let peer = |client: &Client, to| {
        let forged = [("X-Forwarded-For", "203.0.113.9")];
        client
            .get_with(to, host, "/peer", &forged)
            .map(|answer| answer.body)
    };
    // All clients of this network namespace have its first address. The load balancer's own is another one.
    let client = "10.213.0.1";
    assert_eq!(peer(&browser, before.endpoint()).as_deref(), Ok(client));
    // httpd writes it after it has answered.
    let seen = wait::until("a line in the log of httpd", || {
        Some(httpd.clients_of("/peer"))
            .filter(|seen| !seen.is_empty())
            .ok_or_else(|| "none yet".to_owned())
    });
    assert_eq!(seen, [client]);
    // Whoever reaches Traefik around the load balancer is not believed.
    let liar = browser.claiming("203.0.113.9");
    assert_eq!(peer(&liar, traefik.websecure()).as_deref(), Ok(client));
    // No certificate that browsers know is there for another name.
    let unknown = browser.get(before.endpoint(), "unknown.example.org", "/");
    assert!(unknown.is_err(), "{unknown:?}");
    // Without the header httpd says nothing.
    let bare = browser.get(endpoint(instance.address), host, "/");
    assert!(bare.is_err(), "{bare:?}");
    assert_eq!(
        peer(&liar, endpoint(instance.address)).as_deref(),
        Ok("203.0.113.9")
    );
    assert_eq!(traefik.complaints(), Vec::<String>::new());
    probed(case, cluster, &instance, &authority, traefik.websecure());
    // The chart's route, which ends TLS, is asked first: it has to go.
    cluster.apply(&Instance::printed(case, release, &namespace, &[]).manifests);
    traefik.wait_for(host);
    let ended = browser.get(before.endpoint(), host, "/");
    assert!(ended.is_err(), "{ended:?}");
    let route = [
        "delete",
        "-n",
        &namespace,
        "ingressroutes.traefik.io",
        "ingressproxy",
    ];
    cluster.kubectl(&route, "");
    wait::until("the page of the httpd without the chart's route", || {
        browser.get(before.endpoint(), host, "/")
    });
}

/// Starts the httpd of an instance with the pair of its public Secret and the configuration of its ConfigMap.
fn with_mounted(case: &Case, cluster: &Cluster, instance: &Instance) -> Httpd {
    let namespace = &instance.name;
    let mut mounted = secret(cluster, namespace, "web-tls");
    let mut take = |key: &str| mounted.remove(key).expect("a key of a TLS Secret");
    let site = Site {
        address: instance.address,
        pair: Pair {
            certificate: take("tls.crt"),
            key: take("tls.key"),
        },
        page: namespace.clone(),
        manner: Manner::default(),
    };
    with_ingress(case, cluster, site)
}

/// Starts an httpd with the configuration of the ConfigMap of its instance.
fn with_ingress(case: &Case, cluster: &Cluster, site: Site) -> Httpd {
    let namespace = &site.page;
    let config = cluster.get(&["configmap", "httpd-ingress", "-n", namespace]);
    let mut ingress = config["data"]["ingress.conf"]
        .as_str()
        .expect("a part of Apache's configuration")
        .to_owned();
    if let Some(authority) = config["data"]["clients-ca.crt"].as_str() {
        let file = case.directory.join("clients-ca.crt");
        fs::write(&file, authority).expect("our own directory");
        let file = file.display().to_string();
        ingress = ingress.replace("/etc/apache2/httpd-ingress/clients-ca.crt", &file);
    }
    let settings = Settings {
        tells_origin: true,
        ingress,
        ..Settings::default()
    };
    case.httpd("httpd", &[site], &settings)
}

/// `probe` finds both ends of the one leg well.
fn probed(
    case: &Case,
    cluster: &Cluster,
    instance: &Instance,
    authority: &Authority,
    front: SocketAddr,
) {
    let mut kinds = "ingressroutetcps.traefik.io,secrets".to_owned();
    if instance.manifests.contains("kind: ServersTransportTCP") {
        kinds += ",serverstransporttcps.traefik.io";
    }
    let live = cluster.kubectl(&["get", &kinds, "-n", &instance.name, "-o", "yaml"], "");
    let (manifests, ca) = (
        case.directory.join("live.yaml"),
        case.directory.join("ca.crt"),
    );
    fs::write(&manifests, live).expect("our own directory");
    fs::write(&ca, &authority.certificate).expect("our own directory");
    let report = civi_ingress(&[
        "probe",
        &instance.host,
        "--connect",
        &front.to_string(),
        "--backend",
        &endpoint(instance.address).to_string(),
        "--ca",
        &ca.display().to_string(),
        "--manifest",
        &manifests.display().to_string(),
    ]);
    assert!(
        report.contains("passes its TLS through to the httpd")
            && report.ends_with("all is well on both legs\n"),
        "{report}"
    );
}

/// A Secret as cert-manager writes it.
pub(super) fn tls_secret(namespace: &str, name: &str, pair: &Pair) -> String {
    let [certificate, key] = [&pair.certificate, &pair.key].map(|pem| STANDARD.encode(pem));
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: {namespace}}}
type: kubernetes.io/tls
data: {{tls.crt: {certificate}, tls.key: {key}}}
"
    )
}

/// What the load balancer and Traefik are told.
struct Told {
    of_balancer: OfBalancer,
    trusted: String,
    address: Ipv4Addr,
}

enum OfBalancer {
    Annotation(String),
    File(String),
}

impl Told {
    /// Starts the load balancer before a Traefik.
    fn balancer(&self, case: &Case, traefik: SocketAddr) -> Balancer {
        let Self { address, .. } = self;
        match &self.of_balancer {
            OfBalancer::Annotation(protocol) => {
                let programs = &case.stack.programs;
                let text = fitted(&octavia(programs, protocol), *address, traefik);
                let asked = answer_monitor(traefik.ip());
                let balancer = Balancer::start(programs, &case.directory, *address, &text);
                // A header of the PROXY protocol before the question would not be understood.
                asked.recv_timeout(wait::LIMIT).expect("a question");
                balancer
            }
            OfBalancer::File(text) => from_address(case, text, *address),
        }
    }
}

fn tell(case: &Case, topology: &str, kind: &str, version: &str, addresses: [Ipv4Addr; 2]) -> Told {
    let [address, _] = addresses;
    let (of_balancer, values) = match kind {
        "octavia" => asked_of_octavia(topology, version, address),
        _ => rendered_for_haproxy(case, topology, addresses),
    };
    let port = values.at_path(&["ports", "websecure"]);
    let port = port.and_then(|port| port.get("proxyProtocol").or(port.get("forwardedHeaders")));
    let trusted = port.and_then(|port| port.items_of("trustedIPs").first());
    Told {
        of_balancer,
        trusted: trusted.and_then(yaml::Node::scalar).unwrap_or_default(),
        address,
    }
}

fn asked_of_octavia(topology: &str, version: &str, address: Ipv4Addr) -> (OfBalancer, yaml::Node) {
    let text = civi_ingress(&[
        "traefik-values",
        "--topology",
        topology,
        "--load-balancer",
        "openstack",
        "--trusted",
        &address.to_string(),
        "--proxy-protocol",
        version,
    ]);
    let values = yaml::read(&text, "values.yaml").expect("YAML");
    let annotations = values.at_path(&["service", "annotations"]);
    let annotation = annotations
        .and_then(|node| node.get("loadbalancer.openstack.org/proxy-protocol"))
        .and_then(yaml::Node::scalar);
    let annotation = annotation.expect("the annotation");
    (OfBalancer::Annotation(annotation), values)
}

fn rendered_for_haproxy(
    case: &Case,
    topology: &str,
    [address, node]: [Ipv4Addr; 2],
) -> (OfBalancer, yaml::Node) {
    let fleet = case.directory.join("fleet.yaml");
    let tree = case.directory.join("tree");
    let needs = match topology {
        "inspect" => {
            "  defaults: {clients: {require: balancers.crt}, certificate: {ca: stored}}\n  instances: {a: {}}\n"
        }
        _ => "",
    };
    let text = format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n  topology: {topology}\n  \
         loadBalancer: {{kind: haproxy, trusted: [{address}], nodes: [{node}], address: {address}}}\n{needs}"
    );
    fs::write(&fleet, text).expect("the fleet file");
    let (fleet, output) = (fleet.display().to_string(), tree.display().to_string());
    civi_ingress(&["gitops", "render", "-f", &fleet, "--output-dir", &output]);
    let read = |path: &str| fs::read_to_string(tree.join(path)).expect("a rendered file");
    let values = read("cluster/traefik-values.yaml");
    let values = yaml::read(&values, "values.yaml").expect("YAML");
    (
        OfBalancer::File(read("outside/haproxy/haproxy.cfg")),
        values,
    )
}
