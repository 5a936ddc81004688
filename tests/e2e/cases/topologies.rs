//! The ways in behind a load balancer: the right page, and the address of the browser that asked for it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::yaml;
use libtest_mimic::Trial;

use crate::balancer::Octavia;
use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{Release, newest, releases};
use crate::httpd::{Manner, Settings, Site, endpoint};
use crate::instance::{Instance, browser, secret};
use crate::pki::{Authority, Pair};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let ways = || {
        let second = releases().into_iter().map(|release| (release, "2"));
        second.chain([(newest(), "1")])
    };
    let proxied = ways().map(|(release, version)| {
        let name = format!(
            "behind_octavia_with_version_{version}_of_the_proxy_protocol_traefik_{}_believes_it_alone_about_browsers",
            release.in_a_name()
        );
        trial(stack, &name, move |case| tcp_proxy(case, &release, version))
    });
    let passed = ways().map(|(release, version)| {
        let name = format!(
            "behind_octavia_traefik_{}_passes_tls_on_to_an_httpd_that_learns_by_version_{version}_where_browsers_are",
            release.in_a_name()
        );
        trial(stack, &name, move |case| {
            passthrough(case, &release, version);
        })
    });
    proxied.chain(passed).collect()
}

fn tcp_proxy(case: &Case, release: &Release, version: &str) {
    let cluster = case.stack.cluster(release);
    let namespace = format!("tcp-proxy-{version}");
    let instance = Instance::new(case, cluster, release, &namespace, &[]);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, &namespace, "example.org");
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &settings);

    let balancer = case.stack.address();
    let values = values("tcp-proxy", balancer, version);
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[&namespace],
        case.stack.address(),
        &case.directory,
        &[format!(
            "--entrypoints.websecure.proxyprotocol.trustedips={}",
            values.trusted
        )],
    );
    traefik.wait_for(&instance.host);
    let octavia = Octavia::start(
        &case.stack.programs,
        &case.directory,
        balancer,
        &values.annotation,
        traefik.websecure(),
    );

    let host = &instance.host;
    let page = browser.get(octavia.endpoint(), host, "/").expect("a page");
    assert_eq!((page.status, &page.body), (200, &namespace));
    let origin = |client: &Client, to| {
        let forged = [("X-Forwarded-For", "203.0.113.9")];
        let answer = client.get_with(to, host, "/from", &forged);
        answer.expect("an answer").body
    };
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    assert_eq!(origin(&browser, octavia.endpoint()), client);
    // Whoever reaches Traefik around the load balancer is not believed.
    let liar = browser.claiming("203.0.113.9");
    assert_eq!(origin(&liar, traefik.websecure()), client);
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// An httpd with a public certificate and the rendered ConfigMap, behind a Traefik that does not open TLS.
fn passthrough(case: &Case, release: &Release, version: &str) {
    let cluster = case.stack.cluster(release);
    let namespace = format!("passthrough-{version}");
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
    let config = cluster.get(&["configmap", "httpd-ingress", "-n", &namespace]);
    let settings = Settings {
        tells_origin: true,
        ingress: config["data"]["ingress.conf"]
            .as_str()
            .expect("a part of Apache's configuration")
            .to_owned(),
        ..Settings::default()
    };
    let mut mounted = secret(cluster, &namespace, "web-tls");
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
    let httpd = case.httpd("httpd", &[site], &settings);

    let balancer = case.stack.address();
    let values = values("passthrough", balancer, version);
    let traefik = Traefik::start_with(
        &case.stack.programs,
        release,
        cluster,
        &[&namespace],
        case.stack.address(),
        &case.directory,
        &[format!(
            "--entrypoints.websecure.proxyprotocol.trustedips={}",
            values.trusted
        )],
    );
    let octavia = Octavia::start(
        &case.stack.programs,
        &case.directory,
        balancer,
        &values.annotation,
        traefik.websecure(),
    );

    let mut page = None;
    wait::until("the page of the httpd", || {
        page = Some(browser.get(octavia.endpoint(), host, "/")?);
        Ok(())
    });
    let page = page.expect("a page");
    assert_eq!((page.status, &page.body), (200, &namespace));
    assert_eq!(page.chain, certificates(&public.certificate));
    let peer = |client: &Client, to| {
        let forged = [("X-Forwarded-For", "203.0.113.9")];
        client
            .get_with(to, host, "/peer", &forged)
            .map(|answer| answer.body)
    };
    // All clients of this network namespace have its first address. Octavia's own is another one.
    let client = "10.213.0.1";
    assert_eq!(peer(&browser, octavia.endpoint()).as_deref(), Ok(client));
    assert_eq!(httpd.clients_of("/peer"), [client]);
    // Whoever reaches Traefik around the load balancer is not believed.
    let liar = browser.claiming("203.0.113.9");
    assert_eq!(peer(&liar, traefik.websecure()).as_deref(), Ok(client));
    // No certificate that browsers know is there for another name.
    let unknown = browser.get(octavia.endpoint(), "unknown.example.org", "/");
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
fn tls_secret(namespace: &str, name: &str, pair: &Pair) -> String {
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

/// What the values file says to the load balancer and to Traefik.
struct Said {
    annotation: String,
    trusted: String,
}

fn values(topology: &str, balancer: Ipv4Addr, version: &str) -> Said {
    let text = civi_ingress(&[
        "traefik-values",
        "--topology",
        topology,
        "--load-balancer",
        "openstack",
        "--trusted",
        &balancer.to_string(),
        "--proxy-protocol",
        version,
    ]);
    let values = yaml::read(&text, "values.yaml").expect("YAML");
    let annotations = values.at_path(&["service", "annotations"]);
    let annotation = annotations
        .and_then(|node| node.get("loadbalancer.openstack.org/proxy-protocol"))
        .and_then(yaml::Node::scalar);
    let port = values.at_path(&["ports", "websecure", "proxyProtocol"]);
    let trusted = port.and_then(|port| port.items_of("trustedIPs").first());
    Said {
        annotation: annotation.expect("the annotation"),
        trusted: trusted.and_then(yaml::Node::scalar).expect("a range"),
    }
}
