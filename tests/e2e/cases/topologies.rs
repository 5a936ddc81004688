//! The ways in behind a load balancer: the right page, and the address of the browser that asked for it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use civi_ingress::yaml;
use libtest_mimic::Trial;

use crate::balancer::Octavia;
use crate::components::{Release, newest, releases};
use crate::httpd::Settings;
use crate::instance::{Instance, browser};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};
use crate::traefik::Traefik;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let second = releases().into_iter().map(|release| (release, "2"));
    let all = second.chain([(newest(), "1")]);
    all.map(|(release, version)| {
        let name = format!(
            "behind_octavia_with_version_{version}_of_the_proxy_protocol_traefik_{}_believes_it_alone_about_browsers",
            release.in_a_name()
        );
        trial(stack, &name, move |case| tcp_proxy(case, &release, version))
    })
    .collect()
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
    let values = values(balancer, version);
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
    let origin = |client: &crate::client::Client, to| {
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

/// What the values file says to the load balancer and to Traefik.
struct Said {
    annotation: String,
    trusted: String,
}

fn values(balancer: Ipv4Addr, version: &str) -> Said {
    let text = civi_ingress(&[
        "traefik-values",
        "--topology",
        "tcp-proxy",
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
