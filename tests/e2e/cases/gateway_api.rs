//! Objects of the Gateway API, served by the newest Traefik: what is verified of an httpd, and what is passed on.

use std::fs;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{at_gateway, gateway_apis, newest};
use crate::handwritten::service;
use crate::httpd::Settings;
use crate::instance::Instance;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

use super::rotation::{PACE, Rotation, expect};
use super::topologies::{Neighbours, answers, page, with_mounted};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let ended = gateway_apis().into_iter().map(|release| {
        let name = format!(
            "by_the_gateway_api_{}_each_instance_has_its_own_page_and_traefik_takes_no_other_ca_and_no_other_name",
            release.replace('.', "_")
        );
        trial(stack, &name, move |case| ended(case, release))
    });
    // The standard channel of 1.4 has no TLSRoute.
    let passing = gateway_apis().into_iter();
    let passing = passing.filter(|release| !release.starts_with("1.4."));
    let passed = passing.map(|release| {
        let name = format!(
            "by_the_gateway_api_{}_traefik_passes_the_tls_of_one_host_on_and_ends_that_of_another",
            release.replace('.', "_")
        );
        trial(stack, &name, move |case| passed(case, release))
    });
    let told = gateway_apis().into_iter().map(|release| {
        let name = format!(
            "by_the_gateway_api_{}_traefik_believes_the_proxy_protocol_of_its_load_balancer_alone",
            release.replace('.', "_")
        );
        trial(stack, &name, move |case| told(case, release))
    });
    let name = "by_the_gateway_api_each_of_50_instances_has_its_own_page";
    let fifty = trial(stack, name, fifty);
    let all = ended.chain(passed).chain(told);
    all.chain([fifty]).collect()
}

/// The cases that measure.
pub(crate) fn measuring(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial_alone(
        stack,
        "by_the_gateway_api_no_request_fails_while_the_leaf_is_renewed_and_the_authority_rolled_over",
        roll_over,
    )]
}

/// The namespace of the Gateway.
const SHARED: &str = "traefik";

/// The newest release of the Gateway API.
fn newest_api() -> &'static str {
    gateway_apis().first().expect("versions: no Gateway API")
}

/// Makes a cluster with the definitions of a release, Traefik's rights to them, a `GatewayClass`, and the certificate of browsers; and
/// a client that trusts the CA of that.
fn cluster(case: &Case, release: &str, name: &str) -> (Cluster, Client) {
    let cluster = case.stack.new_cluster(&at_gateway(release), name);
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
fn traefik(case: &Case, release: &str, cluster: &Cluster, namespaces: &[&str]) -> Traefik {
    traefik_with(case, release, cluster, namespaces, &[])
}

/// The same with further flags.
fn traefik_with(
    case: &Case,
    release: &str,
    cluster: &Cluster,
    namespaces: &[&str],
    further: &[String],
) -> Traefik {
    let mut flags = cluster.traefik_flags("kubernetesgateway");
    let all = [namespaces, &[SHARED]].concat().join(",");
    flags.push(format!("--providers.kubernetesgateway.namespaces={all}"));
    let address = case.stack.address();
    flags.extend_from_slice(further);
    case.traefik_at(address, &at_gateway(release), cluster, namespaces, &flags)
}

fn gateway(cluster: &Cluster, more: &[&str]) {
    let command = ["gateway", "example.org", "--port", "443"];
    cluster.apply(&civi_ingress(&[&command[..], more].concat()));
}

fn ended(case: &Case, release: &str) {
    let (cluster, browser) = cluster(case, release, &format!("cluster-gateway-{release}"));
    let names = ["a", "b", "c"];
    let way = ["--ingress", "gateway-api", "--gateway-api", release];
    let reader = at_gateway(release);
    let instances = names.map(|name| Instance::new(case, &cluster, &reader, name, &way));
    for instance in &instances {
        cluster.apply(&instance.manifests);
    }
    gateway(&cluster, &[]);
    let sites: Vec<_> = instances.iter().map(|it| it.site(&cluster)).collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let traefik = traefik(case, release, &cluster, &names);
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
    let Neighbours {
        read,
        unread,
        authority,
        public,
    } = Neighbours::new(case, &cluster, &way, &passing);
    gateway(&cluster, &["--passthrough", &unread.host]);
    let _read = case.httpd("httpd-read", &[read.site(&cluster)], &Settings::default());
    let _unread = with_mounted(case, &cluster, &unread);
    let traefik = traefik(case, release, &cluster, &["read", "unread"]);

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

/// Behind a load balancer that says where browsers are.
fn told(case: &Case, release: &str) {
    let name = format!("cluster-told-{release}");
    let (cluster, browser) = cluster(case, release, &name);
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    let way = ["--ingress", "gateway-api", "--gateway-api", release];
    let behind = ["--topology", "tcp-proxy", "--load-balancer", "haproxy"];
    let way = [&way[..], &behind, &["--trusted", client]].concat();
    let instance = Instance::new(case, &cluster, &at_gateway(release), "told", &way);
    cluster.apply(&instance.manifests);
    gateway(&cluster, &[]);
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(&cluster)], &settings);
    let forged = [("X-Forwarded-For", "198.51.100.7")];
    for (trusted, believed) in [(client, "203.0.113.9"), ("192.0.2.1", client)] {
        let flag = format!("--entrypoints.websecure.proxyprotocol.trustedips={trusted}");
        let traefik = traefik_with(case, release, &cluster, &["told"], &[flag]);
        let to = traefik.websecure();
        let origin =
            |client: &Client| page(|| client.get_with(to, &instance.host, "/from", &forged));
        assert_eq!(origin(&browser), client);
        assert_eq!(origin(&browser.claiming("203.0.113.9")), believed);
        assert_eq!(traefik.complaints(), Vec::<String>::new());
    }
}

fn fifty(case: &Case) {
    let release = newest_api();
    let (cluster, browser) = cluster(case, release, "cluster-gateway-of-50");
    let way = ["--ingress", "gateway-api", "--gateway-api", release];
    let instances: Vec<Instance> = (1..=50)
        .map(|number| {
            let name = format!("paroisse-{number:02}");
            Instance::printed(case, &newest(), &name, &way)
        })
        .collect();
    let services = instances.iter();
    let services: String = services
        .map(|instance| service(&instance.name, instance.address))
        .collect();
    cluster.kubectl(&["apply", "--server-side", "-f", "-"], &services);
    let stream: String = instances
        .iter()
        .map(|instance| instance.manifests.as_str())
        .collect();
    cluster.apply(&stream);
    gateway(&cluster, &[]);
    let sites: Vec<_> = instances.iter().map(|it| it.site(&cluster)).collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let names: Vec<&str> = instances.iter().map(|it| it.name.as_str()).collect();
    let traefik = traefik(case, release, &cluster, &names);
    for instance in &instances {
        let body = page(|| browser.get(traefik.websecure(), &instance.host, "/"));
        assert_eq!(body, instance.name);
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

/// A route for `name`.example.org to a Service of that name, of which the CAs and the name of the instance are verified.
fn witness(instance: &Instance, name: &str, address: std::net::Ipv4Addr) -> String {
    let namespace = &instance.name;
    let service = service(namespace, address).replace("civicrmhttpd", name);
    let host = &instance.host;
    format!(
        "{service}
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  targetRefs: [{{group: '', kind: Service, name: {name}}}]
  validation:
    caCertificateRefs: [{{group: '', kind: ConfigMap, name: externca}}]
    hostname: {host}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: [{{name: web, namespace: {SHARED}}}]
  hostnames: [{name}.example.org]
  rules: [{{backendRefs: [{{name: {name}, port: 443}}]}}]
"
    )
}

fn roll_over(case: &Case) {
    let release = newest_api();
    let (cluster, browser) = cluster(case, release, "cluster-gateway-rotation");
    let way = ["--ingress", "gateway-api", "--gateway-api", release];
    let instance = Instance::new(case, &cluster, &newest(), "rotation", &way);
    cluster.apply(&instance.manifests);
    gateway(&cluster, &[]);
    let rotation = Rotation::in_cluster(case, &cluster, &instance);
    let _witnesses = rotation.witnesses(case, &cluster, witness);
    let traefik = traefik(case, release, &cluster, &["rotation"]);
    let to = traefik.websecure();
    let status = |host: &str| {
        let answer = browser.get(to, host, "/");
        answer.map(|answer| answer.status)
    };
    page(|| browser.get(to, &instance.host, "/"));
    page(|| browser.get(to, "old.example.org", "/"));
    wait::until("a route to the other CA", || {
        expect(status("new.example.org"), 500)
    });
    let trust = |authorities: &str| {
        let patch = json!({"data": {"ca.crt": authorities}}).to_string();
        let line = ["patch", "configmap", "externca", "-n", "rotation", "-p"];
        cluster.kubectl(&[&line[..], &[&patch]].concat(), "");
    };
    rotation.run(&browser, to, PACE, 500, trust);
}
