//! Objects of Istio, served by a real istiod and a real Envoy: what is verified of an httpd, what is passed on, and where browsers
//! are; and those of the Gateway API, as Istio reads them.

use std::fs;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{gateway_apis, newest};
use crate::handwritten::service;
use crate::httpd::Settings;
use crate::instance::{Instance, secret};
use crate::istio::{Istio, SHARED, define, plain};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::wait;

use super::rotation::{Pace, Rotation};
use super::topologies::{Neighbours, answers, page, with_mounted};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let mut all = vec![
        trial(
            stack,
            "behind_istio_each_instance_has_its_own_page_and_istio_takes_no_other_ca_and_no_other_name",
            ended,
        ),
        trial(
            stack,
            "istio_passes_the_tls_of_one_host_on_with_the_browsers_address_and_ends_that_of_another",
            passed,
        ),
        trial(
            stack,
            "an_httpd_that_asks_for_a_client_certificate_is_reached_through_istio",
            mutual,
        ),
        trial(
            stack,
            "istio_takes_the_browsers_address_from_the_proxy_protocol_and_nothing_without_it",
            announced,
        ),
        trial(
            stack,
            "by_the_gateway_api_istio_takes_no_other_ca_and_none_but_the_subject_alternative_names",
            by_gateway_api,
        ),
    ];
    // Envoy opens the port of Ingresses at all addresses.
    all.push(trial_alone(
        stack,
        "what_an_ingress_of_istio_has_for_a_path_goes_before_the_redirect_of_port_80",
        answered,
    ));
    all.push(trial_alone(
        stack,
        "no_request_fails_behind_istio_while_the_leaf_is_renewed_and_the_authority_rolled_over",
        roll_over,
    ));
    all
}

/// What `proxy.istio.io/config` says where a load balancer sends the PROXY protocol.
const ANNOUNCED: &str = "{gatewayTopology: {proxyProtocol: {}}}";

/// Makes a cluster with the definitions of Istio and the certificate of browsers; and a client that trusts the CA of that.
fn cluster(case: &Case, name: &str) -> (Cluster, Client) {
    let cluster = case.stack.new_cluster(&newest(), name);
    define(case, &cluster);
    let authority = case.directory.join("browsers-ca.crt");
    let out = authority.display().to_string();
    let wildcard = ["wildcard-secret", "--domain", "example.org", "-n", SHARED];
    let stored = ["--ca-custody", "stored", "--ca-out", &out];
    cluster.apply(&civi_ingress(&[&wildcard[..], &stored[..]].concat()));
    let browser = Client::trusting(&fs::read_to_string(authority).expect("--ca-out"));
    (cluster, browser)
}

/// Applies the Gateways of Istio as they are rendered, and starts Istio. Its listeners are bound to the one address of these tests.
fn served(case: &Case, cluster: &Cluster, more: &[&str], proxy_config: &str) -> Istio {
    bound(case, cluster, more, proxy_config, &["web", "web-plain"])
}

/// The same, with only these Gateways bound to that address.
fn bound(
    case: &Case,
    cluster: &Cluster,
    more: &[&str],
    proxy_config: &str,
    gateways: &[&str],
) -> Istio {
    let command = ["gateway", "example.org", "--kind", "istio"];
    cluster.apply(&civi_ingress(&[&command[..], more].concat()));
    let mut istio = Istio::start(case, cluster, proxy_config);
    let address = istio.address().to_string();
    for name in gateways {
        let gateway = cluster.get(&["gateways.networking.istio.io", name, "-n", SHARED]);
        let servers = gateway["spec"]["servers"].as_array().expect("servers");
        let bind =
            |at| json!({"op": "add", "path": format!("/spec/servers/{at}/bind"), "value": address});
        let change: Vec<Value> = (0..servers.len()).map(bind).collect();
        let change = Value::from(change).to_string();
        let line = ["patch", "gateways.networking.istio.io", name, "-n", SHARED];
        cluster.kubectl(&[&line[..], &["--type=json", "-p", &change]].concat(), "");
    }
    istio.listens(443);
    istio
}

/// Merges a change into an object.
fn patch(cluster: &Cluster, (kind, namespace, name): (&str, &str, &str), change: &Value) {
    let change = change.to_string();
    let line = ["patch", kind, name, "-n", namespace, "--type=merge", "-p"];
    cluster.kubectl(&[&line[..], &[&change]].concat(), "");
}

/// Replaces the CAs that the gateway trusts for an instance.
fn trust(cluster: &Cluster, instance: &Instance, text: &str) {
    let name = format!("{}.externca", instance.name);
    let change = json!({"stringData": {"ca.crt": text}});
    patch(cluster, ("secret", SHARED, &name), &change);
}

fn ended(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio");
    let names = ["a", "b", "c"];
    let instances =
        names.map(|name| Instance::new(case, &cluster, &newest(), name, &["--ingress", "istio"]));
    for instance in &instances {
        cluster.apply(&instance.manifests);
    }
    let sites: Vec<_> = instances.iter().map(|it| it.site(&cluster)).collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let mut istio = served(case, &cluster, &[], "{}");
    let to = istio.websecure();
    for instance in &instances {
        assert_eq!(page(|| browser.get(to, &instance.host, "/")), instance.name);
    }

    let host = &instances[0].host;
    let status = || browser.get(to, host, "/").map_or(0, |answer| answer.status);
    let verified = |name: &str| {
        let change = json!({"spec": {"trafficPolicy": {"tls": {"subjectAltNames": [name]}}}});
        let rule = ("destinationrule", "a", "transport-selfsigned");
        patch(&cluster, rule, &change);
    };
    // Its own CA, and the name of another instance.
    verified(&instances[1].host);
    answers(status, 503);
    verified(host);
    answers(status, 200);
    trust(&cluster, &instances[0], &instances[1].authority(&cluster));
    answers(status, 503);
    trust(&cluster, &instances[0], &instances[0].authority(&cluster));
    answers(status, 200);
    // The others were never disturbed.
    for instance in &instances[1..] {
        let answer = browser.get(to, &instance.host, "/");
        assert_eq!(answer.expect("an answer").body, instance.name);
    }
    // A host of nobody is not served, and one that the certificate is not for not even taken.
    let answer = browser.get(to, "nobody.example.org", "/");
    assert_eq!(answer.expect("an answer").status, 404);
    assert!(browser.get(to, "a.example.net", "/").is_err());

    // Port 80 sends browsers to https, and leaves a path that another VirtualService has for the host.
    istio.listens(80);
    let http = (istio.address(), 80).into();
    let question = "/.well-known/acme-challenge/token";
    let asked = |path: &str| plain(http, host, path).expect("an answer");
    for path in ["/", question] {
        let answer = asked(path);
        assert!(answer.starts_with("HTTP/1.1 301"), "{answer}");
        let place = format!("location: https://{host}{path}\r\n");
        assert!(answer.contains(&place), "{answer}");
    }
    cluster.apply(&format!(
        "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: solver, namespace: a}}
spec:
  hosts: [{host}]
  gateways: [{SHARED}/web-plain]
  http: [{{match: [{{uri: {{exact: {question}}}}}], directResponse: {{status: 200, body: {{string: key}}}}}}]
"
    ));
    wait::until("the answer to the CA", || {
        let answer = plain(http, host, question)?;
        answer.ends_with("key").then_some(()).ok_or(answer)
    });
    let answer = asked("/");
    assert!(answer.starts_with("HTTP/1.1 301"), "{answer}");
    probed(case, &cluster, &instances[0], to);
}

fn answered(case: &Case) {
    let (cluster, _) = cluster(case, "cluster-istio-ingress");
    let way = ["--ingress", "istio"];
    let instance = Instance::new(case, &cluster, &newest(), "answered", &way);
    cluster.apply(&instance.manifests);
    let _httpd = case.httpd("httpd", &[instance.site(&cluster)], &Settings::default());
    let mut istio = bound(case, &cluster, &[], "{}", &["web"]);
    istio.listens(80);
    let (http, host) = ((istio.address(), 80).into(), &instance.host);
    let question = "/.well-known/acme-challenge/token";
    let begins = |path: &str, begin: &str| {
        wait::until(&format!("{begin} for {path}"), || {
            let answer = plain(http, host, path)?;
            answer.starts_with(begin).then_some(()).ok_or(answer)
        });
    };
    begins(question, "HTTP/1.1 301");
    // As cert-manager makes it, but for the Service: that of httpd, which has no such page.
    cluster.apply(&format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: solver, namespace: answered, annotations: {{kubernetes.io/ingress.class: istio}}}}
spec:
  rules:
    - host: {host}
      http: {{paths: [{{path: {question}, pathType: Exact, backend: {{service: {{name: civicrmhttpd, port: {{number: 443}}}}}}}}]}}
"
    ));
    begins(question, "HTTP/1.1 404");
    begins("/", "HTTP/1.1 301");
}

/// `probe` finds both legs well by what is in the cluster.
fn probed(case: &Case, cluster: &Cluster, instance: &Instance, front: std::net::SocketAddr) {
    let kinds = "gateways.networking.istio.io,virtualservices.networking.istio.io,destinationrules.networking.istio.io,secrets";
    let live = cluster.kubectl(&["get", kinds, "-A", "-o", "yaml"], "");
    let manifests = case.directory.join("live.yaml");
    fs::write(&manifests, live).expect("our own directory");
    let file = |path: &std::path::Path| path.display().to_string();
    let report = civi_ingress(&[
        "probe",
        &instance.host,
        "--connect",
        &front.to_string(),
        "--backend",
        &crate::httpd::endpoint(instance.address).to_string(),
        "--ca",
        &file(&case.directory.join("browsers-ca.crt")),
        "--manifest",
        &file(&manifests),
    ]);
    assert!(report.ends_with("all is well on both legs\n"), "{report}");
}

fn passed(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio-passing");
    let way = ["--ingress", "istio"];
    let passing = ["--topology", "passthrough"];
    let Neighbours {
        read,
        unread,
        authority,
        public,
    } = Neighbours::new(case, &cluster, &way, &passing);
    let _read = case.httpd("httpd-read", &[read.site(&cluster)], &Settings::default());
    let _unread = with_mounted(case, &cluster, &unread);
    let istio = served(case, &cluster, &["--passthrough", &unread.host], ANNOUNCED);

    // A load balancer says where each browser is.
    let browser = browser.claiming("203.0.113.7");
    let of_people = Client::trusting(&authority.certificate).claiming("203.0.113.8");
    let to = istio.websecure();
    assert_eq!(page(|| of_people.get(to, &unread.host, "/")), "unread");
    assert_eq!(page(|| browser.get(to, &read.host, "/")), "read");
    let answer = of_people.get(to, &unread.host, "/").expect("an answer");
    assert_eq!(answer.chain[0], certificates(&public.certificate)[0]);
    assert_eq!(
        page(|| of_people.get(to, &unread.host, "/peer")),
        "203.0.113.8"
    );
    // Browsers that trust the CA of the Gateway alone do not meet it there.
    assert!(browser.get(to, &unread.host, "/").is_err());
}

fn mutual(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio-mutual");
    let way = ["--ingress", "istio", "--client-auth"];
    let instance = Instance::new(case, &cluster, &newest(), "mutual", &way);
    cluster.apply(&instance.manifests);
    let clients = secret(&cluster, "mutual", "externclientca").remove("ca.crt");
    let settings = Settings {
        client_authority: Some(clients.expect("the client CA")),
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(&cluster)], &settings);
    let istio = served(case, &cluster, &[], "{}");
    let to = istio.websecure();
    let host = &instance.host;
    assert_eq!(page(|| browser.get(to, host, "/")), "mutual");
    // Without the pair httpd lets nobody in.
    let rule = ("destinationrule", "mutual", "transport-selfsigned");
    let mode = |mode: &str| {
        let change = json!({"spec": {"trafficPolicy": {"tls": {"mode": mode}}}});
        patch(&cluster, rule, &change);
    };
    mode("SIMPLE");
    let status = || browser.get(to, host, "/").map_or(0, |answer| answer.status);
    answers(status, 503);
    mode("MUTUAL");
    answers(status, 200);
}

fn announced(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio-announced");
    let way = ["--ingress", "istio"];
    let instance = Instance::new(case, &cluster, &newest(), "announced", &way);
    cluster.apply(&instance.manifests);
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(&cluster)], &settings);
    let istio = served(case, &cluster, &[], ANNOUNCED);
    let to = istio.websecure();
    let host = &instance.host;
    let claiming = browser.claiming("203.0.113.7");
    assert_eq!(page(|| claiming.get(to, host, "/from")), "203.0.113.7");
    let refused = browser.get(to, host, "/");
    assert!(refused.is_err(), "{refused:?}");
}

/// The port of the Gateway, which Envoy opens at all addresses: no other server of these tests has it.
const PORT: u16 = 24_443;

fn by_gateway_api(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio-gateway-api");
    let release = gateway_apis()[0];
    cluster.define(&case.stack.programs.gateway_api(release).join("crds"));
    let way = ["--ingress", "gateway-api", "--gateway", "istio-ingress/web"];
    let instances = ["a", "b"].map(|name| Instance::new(case, &cluster, &newest(), name, &way));
    for instance in &instances {
        cluster.apply(&instance.manifests);
    }
    let command = ["gateway", "example.org", "-n", SHARED];
    let port = PORT.to_string();
    let gateway = civi_ingress(&[&command[..], &["--port", &port]].concat());
    // The Service of the gateway is there already: Istio is not to make pods of its own.
    let class = "gatewayClassName: traefik";
    let own = format!(
        "gatewayClassName: istio\n  addresses: [{{type: Hostname, value: gateway.{SHARED}.svc.cluster.local}}]"
    );
    assert!(gateway.contains(class), "{gateway}");
    cluster.apply(&gateway.replace(class, &own));
    let sites: Vec<_> = instances.iter().map(|it| it.site(&cluster)).collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let mut istio = Istio::start(case, &cluster, "{}");
    let address = istio.address();
    cluster.apply(&format!(
        "apiVersion: v1
kind: Service
metadata: {{name: gateway, namespace: {SHARED}}}
spec: {{selector: {{istio: ingressgateway}}, ports: [{{name: https, port: {PORT}, targetPort: {PORT}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: gateway, namespace: {SHARED}, labels: {{kubernetes.io/service-name: gateway}}}}
addressType: IPv4
ports: [{{name: https, port: {PORT}, protocol: TCP}}]
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
"
    ));
    istio.listens(PORT);
    let to = (address, PORT).into();
    for instance in &instances {
        assert_eq!(page(|| browser.get(to, &instance.host, "/")), instance.name);
    }

    let host = &instances[0].host;
    let status = || browser.get(to, host, "/").map_or(0, |answer| answer.status);
    let policy = |validation: Value| {
        let change = json!({"spec": {"validation": validation}});
        patch(
            &cluster,
            ("backendtlspolicy", "a", "transport-selfsigned"),
            &change,
        );
    };
    let names = |name: &str| json!([{"type": "Hostname", "hostname": name}]);
    let other = &instances[1].host;
    policy(json!({"subjectAltNames": names(other)}));
    answers(status, 503);
    // The name that is asked for is not verified beside names, nor, as is seen below, without them.
    policy(json!({"hostname": other, "subjectAltNames": names(host)}));
    answers(status, 200);
    let trusted = |text: &str| {
        let change = json!({"data": {"ca.crt": text}});
        patch(&cluster, ("configmap", "a", "externca"), &change);
    };
    trusted(&instances[1].authority(&cluster));
    answers(status, 503);
    policy(json!({"hostname": other, "subjectAltNames": null}));
    trusted(&instances[0].authority(&cluster));
    answers(status, 200);
}

/// Slower than Traefik's: Envoy is started with one thread.
const PACE: Pace = Pace {
    rate: 100,
    answers: 200,
};

fn roll_over(case: &Case) {
    let (cluster, browser) = cluster(case, "cluster-istio-rotation");
    let way = ["--ingress", "istio"];
    let instance = Instance::new(case, &cluster, &newest(), "rotation", &way);
    cluster.apply(&instance.manifests);
    let rotation = Rotation::in_cluster(case, &cluster, &instance);
    let _witnesses = rotation.witnesses(case, &cluster, witness);
    let istio = served(case, &cluster, &[], "{}");
    let to = istio.websecure();
    let status = |host: &str| browser.get(to, host, "/").map_or(0, |answer| answer.status);
    for host in [&instance.host, "old.example.org"] {
        answers(|| status(host), 200);
    }
    answers(|| status("new.example.org"), 503);

    let trust = |authorities: &str| trust(&cluster, &instance, authorities);
    rotation.run(&browser, to, PACE, 503, trust);
}

/// A route for `name`.example.org to a Service of that name, verified as the instance's own.
fn witness(instance: &Instance, name: &str, address: std::net::Ipv4Addr) -> String {
    let (namespace, host) = (&instance.name, &instance.host);
    let service = service(namespace, address).replace("civicrmhttpd", name);
    format!(
        "{service}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}.example.org]
  gateways: [{SHARED}/web]
  http: [{{route: [{{destination: {{host: {name}.{namespace}.svc.cluster.local, port: {{number: 443}}}}}}]}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  host: {name}.{namespace}.svc.cluster.local
  trafficPolicy: {{tls: {{mode: SIMPLE, credentialName: {namespace}.externca, sni: {host}, subjectAltNames: [{host}]}}}}
"
    )
}
