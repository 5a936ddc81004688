//! The ways in behind a load balancer: the right page, and the address of the browser that asked for it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::cidr::Cidr;
use civi_ingress::yaml;
use libtest_mimic::Trial;

use crate::balancer::{
    Balancer, OCTAVIA_FILES, answer_monitor, anywhere, fitted, octavia, octavia_by_terraform,
};
use crate::client::{Answer, Client, certificates};
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
        second.chain([
            (newest(), "octavia", "1"),
            (newest(), "haproxy", "1"),
            (newest(), "haproxy", "2"),
            (newest(), "terraform", "1"),
            (newest(), "terraform", "2"),
        ])
    };
    let named = |kind: &'static str| match kind {
        "terraform" => "octavia_by_terraform",
        other => other,
    };
    let proxied = ways().map(|(release, kind, version)| {
        let name = format!(
            "behind_{}_with_version_{version}_of_the_proxy_protocol_traefik_{}_believes_it_alone_about_browsers",
            named(kind),
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            tcp_proxy(case, &release, kind, version);
        })
    });
    let passed = ways().map(|(release, kind, version)| {
        let name = format!(
            "behind_{}_traefik_{}_passes_tls_on_to_an_httpd_that_learns_by_version_{version}_where_browsers_are",
            named(kind),
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            passthrough(case, &release, kind, version);
        })
    });
    let ends = || {
        let haproxy = releases()
            .into_iter()
            .map(|release| (release, Ends::HAPROXY));
        let octavia = [newest(), releases().pop().expect("a release")]
            .map(|release| (release, Ends::OCTAVIA));
        haproxy.chain(octavia)
    };
    let each = ["inspect-twice", "offload"].into_iter();
    let each =
        each.flat_map(|topology| ends().map(move |(release, ends)| (topology, release, ends)));
    let ended = each.map(|(topology, release, ends)| {
        let name = format!(
            "behind_{}_that_ends_tls_for_{}_traefik_{}_believes_it_alone_about_browsers",
            ends.name,
            topology.replace('-', "_"),
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            ended_tls(case, &release, topology, ends);
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
    let inspected = ends().map(|(release, ends)| {
        let name = format!(
            "behind_{}_that_speaks_tls_to_httpd_traefik_{}_passes_it_on_and_nobody_else_is_let_in",
            ends.name,
            release.in_a_name()
        );
        trial(stack, &name, move |case| inspected(case, &release, ends))
    });
    let told = releases().into_iter().map(|release| {
        let name = format!(
            "an_httpd_with_remote_ip_learns_from_traefik_{}_where_browsers_are",
            release.in_a_name()
        );
        trial(stack, &name, move |case| remote_ip(case, &release))
    });
    let all = proxied.chain(passed).chain(ended);
    all.chain(closed).chain(inspected).chain(told).collect()
}

/// Two instances of a cluster.
pub(super) struct Neighbours {
    /// That whose TLS is ended before its httpd.
    pub(super) read: Instance,
    /// That whose TLS is passed on.
    pub(super) unread: Instance,
    /// The CA that people trust.
    pub(super) authority: Authority,
    /// The pair that it issued for the second one, in the Secret `web-tls`.
    pub(super) public: Pair,
}

impl Neighbours {
    /// Applies both; `way` are the options of either, `passing` further ones of the second.
    pub(super) fn new(case: &Case, cluster: &Cluster, way: &[&str], passing: &[&str]) -> Self {
        let shown = ["--public-certificate", "web-tls"];
        let all = [way, passing, &shown[..]].concat();
        let read = Instance::new(case, cluster, &newest(), "read", way);
        let unread = Instance::new(case, cluster, &newest(), "unread", &all);
        cluster.apply(&read.manifests);
        cluster.apply(&unread.manifests);
        let authority = Authority::new("a public CA");
        let public = authority.server(&unread.host, &[&unread.host]);
        cluster.apply(&tls_secret("unread", "web-tls", &public));
        Self {
            read,
            unread,
            authority,
            public,
        }
    }
}

/// Waits for an answer with this status.
pub(super) fn answers(get: impl Fn() -> u16, wanted: u16) {
    wait::until(&format!("status {wanted}"), || match get() {
        status if status == wanted => Ok(()),
        status => Err(format!("status {status}")),
    });
}

/// Waits until a page comes, and returns its text.
pub(super) fn page(get: impl Fn() -> Result<Answer, String>) -> String {
    wait::until("the page", || {
        let page = get()?;
        match page.status {
            200 => Ok(page.body),
            status => Err(format!("status {status}")),
        }
    })
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
    let traefik = case.traefik(release, cluster, &[&namespace]);
    let get = |client: &Client| client.get(traefik.websecure(), host, "/");
    let of = |authority: &Authority| {
        let pair = authority.client("alice");
        Client::with_identity(&authorities, &pair.certificate, &pair.key)
    };
    let alice = of(&people);
    assert_eq!(page(|| get(&alice)), namespace);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
    for other in [
        Client::trusting(&authorities),
        of(&Authority::new("people")),
    ] {
        let answer = get(&other);
        assert!(answer.is_err(), "{answer:?}");
    }
}

/// An httpd that takes the addresses of browsers from what Traefik writes, or a load balancer and Traefik.
fn remote_ip(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    // All connections of this network namespace come from its first address: Traefik's, too.
    let ours = "10.213.0.1";
    let way = ["--remote-ip", ours];
    let direct = Instance::new(case, cluster, release, "remote-ip", &way);
    let way = [
        "--remote-ip",
        ours,
        "--topology",
        "inspect-twice",
        "--load-balancer",
        "haproxy",
        "--trusted",
        "198.51.100.7",
    ];
    let balanced = Instance::new(case, cluster, release, "remote-ip-balanced", &way);
    let flags = ["proxyprotocol", "forwardedheaders"]
        .map(|what| format!("--entrypoints.websecure.{what}.trustedips={ours}"));
    let instances = [&direct, &balanced];
    for instance in instances {
        cluster.apply(&instance.manifests);
    }
    let browser = browser(case, cluster, &direct.name, "example.org");
    let started = instances.map(|instance| with_ingress(case, cluster, instance.site(cluster)));
    let names = instances.map(|instance| instance.name.as_str());
    let address = case.stack.address();
    let traefik = case.traefik_at(address, release, cluster, &names, &flags);

    // The first is what a browser writes itself.
    let claims = [
        (browser.claiming("203.0.113.9"), "192.0.2.66"),
        (browser, "192.0.2.66, 203.0.113.9, 198.51.100.7"),
    ];
    for ((instance, httpd), (client, written)) in instances.into_iter().zip(&started).zip(claims) {
        traefik.wait_for(&instance.host);
        let forged = [("X-Forwarded-For", written)];
        let peer = page(|| client.get_with(traefik.websecure(), &instance.host, "/peer", &forged));
        // Drupal believes nobody of those that are left.
        let left = if instance.name == direct.name {
            ""
        } else {
            "192.0.2.66"
        };
        assert_eq!(peer, format!("203.0.113.9{left}"), "{}", instance.name);
        assert_eq!(logged(httpd), ["203.0.113.9"]);
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// The addresses in the log of an httpd for those who asked it where they are; it writes them after it has answered.
fn logged(httpd: &Httpd) -> Vec<String> {
    wait::until("a line in the log of httpd", || {
        Some(httpd.clients_of("/peer"))
            .filter(|seen| !seen.is_empty())
            .ok_or_else(|| "none yet".to_owned())
    })
}

/// A load balancer that ends the TLS of browsers.
fn ended_tls(case: &Case, release: &Release, topology: &str, ends: Ends) {
    let cluster = case.stack.cluster(release);
    let is_plain = topology == "offload";
    let namespace = format!("{topology}-{}", ends.kind);
    let [balancer, node] = [case.stack.address(), case.stack.address()];
    let (address, domain) = (balancer.to_string(), "example.org");
    let way = [
        "--topology",
        topology,
        "--load-balancer",
        ends.kind,
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
    let told = tell(case, topology, ends.kind, "2", [balancer, node]);
    let flags = ["web", "websecure"].map(|name| {
        format!(
            "--entrypoints.{name}.forwardedheaders.trustedips={}",
            told.trusted
        )
    });
    let web = format!("--entrypoints.web.address={node}:80");
    let traefik = case.traefik_at(
        node,
        release,
        cluster,
        &[&namespace],
        &[&flags[..], &[web]].concat(),
    );
    traefik.wait_for(&instance.host);

    let authority = case.directory.join(format!("{namespace}-{domain}-ca.crt"));
    let machine = Machine {
        front: shown_to_browsers(cluster, &namespace),
        authority: fs::read_to_string(authority).expect("the CA of what Traefik shows"),
        shown: String::new(),
    };
    let before = told.ending(case, &machine, balancer);
    let checked = before.checked();
    assert!(checked.contains(" succeeded"), "{checked}");

    let host = &instance.host;
    let body = page(|| browser.get(before.endpoint(), host, "/"));
    assert_eq!(body, namespace);
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
    let written = origin(before.endpoint()).expect("X-Forwarded-For");
    assert_eq!(written, format!("{}{client}, {balancer}", ends.leaves));
    assert_eq!(believed(cluster, &namespace, &written), client);
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
    let stranger = Machine {
        authority: Authority::new("another CA").certificate,
        ..machine
    };
    let wrong = told.ending(case, &stranger, case.stack.address());
    let answer = browser.get(wrong.endpoint(), host, "/").expect("an answer");
    assert_eq!(answer.status, 503);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// A load balancer that ends the TLS of browsers and begins another to the httpd, which asks it for a certificate.
fn inspected(case: &Case, release: &Release, ends: Ends) {
    let cluster = case.stack.cluster(release);
    let topology = "inspect";
    let namespace = format!("{topology}-{}", ends.kind);
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
        ends.kind,
        "--trusted",
        &address,
        "--clients-ca",
        &file,
    ];
    let instance = Instance::new(case, cluster, release, &namespace, &way);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, &namespace, domain);
    let _httpd = with_ingress(case, cluster, instance.site(cluster));
    let told = tell(case, topology, ends.kind, "2", [balancer, node]);
    let traefik = case.traefik_at(node, release, cluster, &[&namespace], &[]);

    let shown_by = |authority: &Authority| {
        let pair = authority.client("load balancer");
        pair.certificate + &pair.key
    };
    let machine = Machine {
        front: shown_to_browsers(cluster, &namespace),
        authority: instance.authority(cluster),
        shown: shown_by(&balancers),
    };
    let before = told.ending(case, &machine, balancer);
    let checked = before.checked();
    assert!(checked.contains(" succeeded"), "{checked}");

    let host = &instance.host;
    let body = page(|| browser.get(before.endpoint(), host, "/"));
    assert_eq!(body, namespace);
    let forged = [("X-Forwarded-For", "203.0.113.9")];
    let origin = browser.get_with(before.endpoint(), host, "/from", &forged);
    let written = origin.expect("X-Forwarded-For").body;
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    assert_eq!(written, format!("{}{client}", ends.leaves));
    assert_eq!(believed(cluster, &namespace, &written), client);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
    // Whoever reaches httpd around the load balancer gets nothing: httpd resets that connection, of which Traefik may complain.
    let around = Client::trusting(&machine.authority);
    let around = around.get(traefik.websecure(), host, "/");
    assert!(around.is_err(), "{around:?}");
    // Of another CA the load balancer takes nothing, and with another certificate it gets nothing.
    let stranger = Authority::new("another CA");
    let others = [
        Machine {
            authority: stranger.certificate.clone(),
            ..machine.clone()
        },
        Machine {
            shown: shown_by(&stranger),
            ..machine
        },
    ];
    for other in others {
        let wrong = told.ending(case, &other, case.stack.address());
        let answer = browser.get(wrong.endpoint(), host, "/").expect("an answer");
        assert!([502, 503].contains(&answer.status), "{}", answer.status);
    }
}

/// The load balancer that ends TLS.
#[derive(Clone, Copy)]
struct Ends {
    name: &'static str,
    kind: &'static str,
    /// What it leaves in `X-Forwarded-For` of a browser that writes `203.0.113.9` there.
    leaves: &'static str,
}

impl Ends {
    /// HAProxy, by the file that is rendered for its machine.
    const HAPROXY: Self = Self {
        name: "an_haproxy",
        kind: "haproxy",
        leaves: "",
    };
    /// HAProxy, by what Octavia makes of the file that is rendered for Terraform. It adds to `X-Forwarded-For`.
    const OCTAVIA: Self = Self {
        name: "octavia",
        kind: "terraform",
        leaves: "203.0.113.9, ",
    };
}

/// What is on the machine of a load balancer that ends TLS, PEM.
#[derive(Clone)]
struct Machine {
    /// The pair that browsers see.
    front: String,
    /// The CA of the next hop.
    authority: String,
    /// The pair that the next hop sees.
    shown: String,
}

fn shown_to_browsers(cluster: &Cluster, namespace: &str) -> String {
    let wildcard = secret(cluster, namespace, "wildcardsecret");
    format!("{}{}", wildcard["tls.crt"], wildcard["tls.key"])
}

/// Whom Drupal takes for the browser: the last that is none of the load balancers of its ConfigMap, which it reads from the
/// right (Symfony, `Request::normalizeAndFilterClientIps`).
fn believed<'a>(cluster: &Cluster, namespace: &str, written: &'a str) -> &'a str {
    let config = cluster.get(&["configmap", "httpd-ingress", "-n", namespace]);
    let proxies = config["data"]["load-balancers.txt"].as_str();
    let proxies = proxies.expect("the load balancers");
    let of = |text: &str| Cidr::parse(text).expect("an address");
    let is_browser = |address: &&str| proxies.split(',').all(|proxy| of(proxy) != of(address));
    let browser = written.rsplit(", ").find(is_browser);
    browser.expect("a browser")
}

/// Starts a rendered load balancer whose connections come from its address: one machine has the addresses of all.
pub(super) fn from_address(case: &Case, text: &str, address: Ipv4Addr) -> Balancer {
    let directory = case.directory.join(address.to_string());
    fs::create_dir_all(&directory).expect("our own directory");
    let text = sent_from(text, address);
    Balancer::start(&case.stack.programs, &directory, address, &text)
}

/// Starts HAProxy as it is rendered, at an address before a node, to which it says where clients are.
pub(super) fn balancer_that_announces(case: &Case, addresses: [Ipv4Addr; 2]) -> Balancer {
    let (of_balancer, _) = rendered(case, ["tcp-proxy", "haproxy", "2"], addresses);
    let OfBalancer::File(text) = of_balancer else {
        panic!("a file is rendered for HAProxy");
    };
    from_address(case, &text, addresses[0])
}

/// Has the connections of a rendered load balancer come from its address.
pub(super) fn sent_from(text: &str, address: Ipv4Addr) -> String {
    let text = anywhere(text);
    let lines = text.lines().map(|line| {
        let added = match line.split_whitespace().next() {
            Some("server") => format!(" source {address}"),
            Some("defaults") => "\n  option log-health-checks".to_owned(),
            _ => String::new(),
        };
        format!("{line}{added}")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
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
    let traefik = case.traefik_at(
        node,
        release,
        cluster,
        &[namespace],
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
    assert_eq!(logged(&httpd), [client]);
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
    wait::until("a certificate that is not the one of httpd", || {
        let answer = browser.get(before.endpoint(), host, "/");
        answer.err().ok_or_else(|| "the page of httpd".to_owned())
    });
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
pub(super) fn with_mounted(case: &Case, cluster: &Cluster, instance: &Instance) -> Httpd {
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
    let name = format!("httpd-{namespace}");
    case.httpd(&name, &[site], &settings)
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
    /// Starts a load balancer that ends TLS at `address`, with these files on its machine.
    fn ending(&self, case: &Case, machine: &Machine, address: Ipv4Addr) -> Balancer {
        let OfBalancer::File(text) = &self.of_balancer else {
            panic!("nothing is rendered for it");
        };
        let Machine {
            front,
            authority,
            shown,
        } = machine;
        let directory = case.directory.join(address.to_string());
        fs::create_dir_all(directory.join("certs")).expect("our own directory");
        let path = |name: &str| directory.join(name).display().to_string();
        // The list of Octavia's listener names the files of its pairs.
        let list = path("certs/front.pem") + "\n";
        for (name, text) in [
            ("certs/front.pem", front),
            ("traefik-ca.crt", authority),
            ("httpd-ca.crt", authority),
            ("client.pem", shown),
            ("listener.pem", &list),
            ("traefik_ca_ref.pem", authority),
            ("httpd_ca_ref.pem", authority),
            ("client_certificate_ref.pem", shown),
        ] {
            fs::write(directory.join(name), text).expect("our own directory");
        }
        let own = path("");
        let text = text
            .replace("/etc/haproxy/", &own)
            .replace(OCTAVIA_FILES, &own)
            .replace(
                &format!("bind {}:", self.address),
                &format!("bind {address}:"),
            );
        from_address(case, &text, address)
    }

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
        _ => rendered(case, [topology, kind, version], addresses),
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

/// Renders a fleet behind HAProxy, or behind Octavia set up by Terraform.
fn rendered(
    case: &Case,
    [topology, kind, version]: [&str; 3],
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
    let protocol = match topology {
        "tcp-proxy" | "passthrough" => format!(", proxyProtocol: v{version}"),
        _ => String::new(),
    };
    let text = format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n  topology: {topology}\n  \
         loadBalancer: {{kind: {kind}, trusted: [{address}], nodes: [{node}], address: {address}{protocol}}}\n{needs}"
    );
    fs::write(&fleet, text).expect("the fleet file");
    let (fleet, output) = (fleet.display().to_string(), tree.display().to_string());
    civi_ingress(&["gitops", "render", "-f", &fleet, "--output-dir", &output]);
    let read = |path: &str| fs::read_to_string(tree.join(path)).expect("a rendered file");
    let values = read("cluster/traefik-values.yaml");
    let values = yaml::read(&values, "values.yaml").expect("YAML");
    let text = match kind {
        "terraform" => {
            octavia_by_terraform(&case.stack.programs, topology, version, [address, node])
        }
        _ => read("outside/haproxy/haproxy.cfg"),
    };
    (OfBalancer::File(text), values)
}
