//! Objects of the Gateway API, served by the newest Traefik: what is verified of an httpd, and what is passed on.

use std::fs;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{gateway_apis, newest};
use crate::httpd::Settings;
use crate::instance::Instance;
use crate::pki::Authority;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};
use crate::traefik::Traefik;
use crate::wait;

use super::topologies::{page, tls_secret, with_mounted};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let ended = gateway_apis().into_iter().map(|release| {
        let name = format!(
            "by_the_gateway_api_{}_each_instance_has_its_own_page_and_traefik_takes_no_other_ca_and_no_other_name",
            release.replace('.', "_")
        );
        trial(stack, &name, move |case| ended(case, release))
    });
    let passed = gateway_apis().into_iter().map(|release| {
        let name = format!(
            "by_the_gateway_api_{}_traefik_passes_the_tls_of_one_host_on_and_ends_that_of_another",
            release.replace('.', "_")
        );
        trial(stack, &name, move |case| passed(case, release))
    });
    ended.chain(passed).collect()
}

/// The namespace of the Gateway.
const SHARED: &str = "traefik";

/// Makes a cluster with the definitions of a release, Traefik's rights to them, a `GatewayClass`, and the certificate of browsers; and
/// a client that trusts the CA of that.
fn cluster(case: &Case, release: &str, name: &str) -> (Cluster, Client) {
    let cluster = case.stack.new_cluster(&newest(), name);
    let files = case.stack.programs.gateway_api(release);
    cluster.define(&files.join("crds"));
    let rights = files.join("rbac.yaml").display().to_string();
    cluster.kubectl(&["apply", "-f", &rights], "");
    let bind = ["create", "clusterrolebinding", "gateway-of-the-tests"];
    let whom = ["--clusterrole=gateway-role", "--user=traefik"];
    cluster.kubectl(&[&bind[..], &whom[..]].concat(), "");
    cluster.kubectl(&["create", "namespace", SHARED], "");
    cluster.apply(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: traefik}\n\
         spec: {controllerName: traefik.io/gateway-controller}\n",
    );
    let authority = case.directory.join("browsers-ca.crt");
    let out = authority.display().to_string();
    let wildcard = ["wildcard-secret", "--domain", "example.org", "-n", SHARED];
    let stored = ["--ca-custody", "stored", "--ca-out", &out];
    cluster.apply(&civi_ingress(&[&wildcard[..], &stored[..]].concat()));
    let browser = Client::trusting(&fs::read_to_string(authority).expect("--ca-out"));
    (cluster, browser)
}

/// Starts Traefik with its provider for the Gateway API. The entry point of these tests has port 443.
fn traefik(case: &Case, cluster: &Cluster, namespaces: &[&str]) -> Traefik {
    let mut flags = cluster.traefik_flags("kubernetesgateway");
    let all = [namespaces, &[SHARED]].concat().join(",");
    flags.push(format!("--providers.kubernetesgateway.namespaces={all}"));
    let address = case.stack.address();
    case.traefik_at(address, &newest(), cluster, namespaces, &flags)
}

fn gateway(cluster: &Cluster, more: &[&str]) {
    let command = ["gateway", "example.org", "--port", "443"];
    cluster.apply(&civi_ingress(&[&command[..], more].concat()));
}

/// Waits for an answer with this status.
fn answers(get: impl Fn() -> u16, wanted: u16) {
    wait::until(&format!("status {wanted}"), || match get() {
        status if status == wanted => Ok(()),
        status => Err(format!("status {status}")),
    });
}

fn ended(case: &Case, release: &str) {
    let (cluster, browser) = cluster(case, release, &format!("cluster-gateway-{release}"));
    let names = ["a", "b", "c"];
    let way = ["--ingress", "gateway-api", "--gateway-api", release];
    let instances = names.map(|name| Instance::new(case, &cluster, &newest(), name, &way));
    for instance in &instances {
        cluster.apply(&instance.manifests);
    }
    gateway(&cluster, &[]);
    let sites: Vec<_> = instances.iter().map(|it| it.site(&cluster)).collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let traefik = traefik(case, &cluster, &names);
    for instance in &instances {
        let host = &instance.host;
        let body = page(|| browser.get(traefik.websecure(), host, "/"));
        assert_eq!(body, instance.name);
    }

    let host = &instances[0].host;
    let status = || {
        let answer = browser.get(traefik.websecure(), host, "/");
        answer.map_or(0, |answer| answer.status)
    };
    let patch = |kind: &str, name: &str, change: serde_json::Value| {
        let change = change.to_string();
        let line = [
            "patch",
            kind,
            name,
            "-n",
            "a",
            "--type=merge",
            "-p",
            &change,
        ];
        cluster.kubectl(&line, "");
    };
    let policy = |hostname: &str| {
        let change = json!({"spec": {"validation": {"hostname": hostname}}});
        patch("backendtlspolicy", "transport-selfsigned", change);
    };
    let trusted = |text: &str| {
        let change = json!({"data": {"ca.crt": text}});
        patch("configmap", "externca", change);
    };
    // Its own CA, and the name of another instance.
    policy(&instances[1].host);
    answers(status, 500);
    policy(host);
    answers(status, 200);
    // The names that are listed beside it are not read.
    let other = json!([{"type": "Hostname", "hostname": instances[1].host}]);
    let change = json!({"spec": {"validation": {"subjectAltNames": other}}});
    patch("backendtlspolicy", "transport-selfsigned", change);
    trusted(&instances[1].authority(&cluster));
    answers(status, 500);
    trusted(&instances[0].authority(&cluster));
    answers(status, 200);
    // The others were never disturbed.
    for instance in &instances[1..] {
        let answer = browser.get(traefik.websecure(), &instance.host, "/");
        assert_eq!(answer.expect("an answer").body, instance.name);
    }
    let refused = [
        "certificate is valid for a.example.org, not b.example.org",
        "certificate signed by unknown authority",
    ];
    let refused = refused.map(|why| {
        format!("error: 500 Internal Server Error: tls: failed to verify certificate: x509: {why}")
    });
    assert_eq!(traefik.complaints(), refused);
}

fn passed(case: &Case, release: &str) {
    let (cluster, browser) = cluster(case, release, &format!("cluster-passing-{release}"));
    let way = ["--ingress", "gateway-api"];
    let passing = ["--topology", "passthrough", "--proxy-protocol", "none"];
    let shown = ["--public-certificate", "web-tls"];
    let all = [&way[..], &passing[..], &shown[..]].concat();
    let read = Instance::new(case, &cluster, &newest(), "read", &way);
    let unread = Instance::new(case, &cluster, &newest(), "unread", &all);
    cluster.apply(&read.manifests);
    cluster.apply(&unread.manifests);
    let authority = Authority::new("a public CA");
    let public = authority.server(&unread.host, &[&unread.host]);
    cluster.apply(&tls_secret("unread", "web-tls", &public));
    gateway(&cluster, &["--passthrough", &unread.host]);
    let _read = case.httpd("httpd-read", &[read.site(&cluster)], &Settings::default());
    let _unread = with_mounted(case, &cluster, &unread);
    let traefik = traefik(case, &cluster, &["read", "unread"]);

    let of_people = Client::trusting(&authority.certificate);
    let to = traefik.websecure();
    assert_eq!(page(|| of_people.get(to, &unread.host, "/")), "unread");
    assert_eq!(page(|| browser.get(to, &read.host, "/")), "read");
    let answer = of_people.get(to, &unread.host, "/").expect("an answer");
    assert_eq!(answer.chain[0], certificates(&public.certificate)[0]);
    // Browsers that trust the CA of the Gateway alone do not meet it there.
    assert!(browser.get(to, &unread.host, "/").is_err());
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}
