//! Certificates that browsers know, by ACME through cert-manager.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

use libtest_mimic::Trial;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::topologies::{balancer_that_announces, page};
use crate::acme::Pebble;
use crate::cert_manager::{self, CertManager, ready};
use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{Release, newest, releases};
use crate::dns::{KEY, KEY_NAME, Zone};
use crate::httpd::{Httpd, Settings};
use crate::instance::{Instance, secret};
use crate::load::Load;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let http01 = releases().into_iter().map(|release| {
        let name = format!(
            "a_certificate_by_acme_comes_by_http_01_through_traefik_{}_that_redirects_to_https",
            release.in_a_name()
        );
        trial(stack, &name, move |case| http01(case, &release))
    });
    let longest = [
        trial(
            stack,
            "a_wildcard_by_acme_comes_by_dns_01_from_a_name_server_that_takes_updates",
            dns01,
        ),
        trial(
            stack,
            "a_certificate_by_acme_comes_by_http_01_through_a_load_balancer_that_announces_clients",
            announced,
        ),
    ];
    let alone = [
        trial_alone(
            stack,
            "no_request_fails_while_a_certificate_by_acme_moves_to_another_issuer",
            moved,
        ),
        trial_alone(
            stack,
            "no_request_fails_while_a_certificate_by_acme_is_renewed_before_its_end",
            renewed,
        ),
    ];
    longest.into_iter().chain(http01).chain(alone).collect()
}

/// Asserts how many days a certificate is valid, and that cert-manager renews it after two thirds of them.
fn lasts(site: &Site<'_>, days: i64) {
    let named = ["certificate", WILDCARD, "-n", &site.instance.name];
    let certificate = site.cluster.get(&named);
    let time = |field: &str| {
        let text = certificate["status"][field].as_str().expect("a time");
        OffsetDateTime::parse(text, &Rfc3339).expect("RFC 3339")
    };
    let (start, end) = (time("notBefore"), time("notAfter"));
    // The last second belongs to it (RFC 5280 section 4.1.2.5).
    let whole = end - start + Duration::SECOND;
    assert_eq!(whole, Duration::days(days));
    let part = (time("renewalTime") - start).as_seconds_f64() / whole.as_seconds_f64();
    assert!((0.66..0.68).contains(&part), "{part}");
}

fn http01(case: &Case, release: &Release) {
    let site = Site::new(case, release, "acme-http-01");
    let node = case.stack.address();
    let traefik = site.traefik(case, node, node);
    let (pebble, issuer) = site.issuer(case, "ca", "default");
    site.certify(&site.request(&issuer));
    lasts(&site, 64);

    let browser = Client::trusting(&pebble.root);
    let host = &site.instance.host;
    let text = page(|| browser.get(traefik.websecure(), host, "/"));
    assert_eq!(text, site.instance.name);
    assert_eq!(redirected(node, host), Some(format!("https://{host}/")));
    assert_eq!(complaints(&traefik), Vec::<String>::new());
}

fn announced(case: &Case) {
    let release = newest();
    let site = Site::new(case, &release, "acme-announced");
    let [balancer, node] = [case.stack.address(), case.stack.address()];
    let traefik = site.traefik(case, node, balancer);
    let before = balancer_that_announces(case, [balancer, node]);
    let (pebble, issuer) = site.issuer(case, "ca", "shortlived");
    site.certify(&site.request(&issuer));
    lasts(&site, 6);

    let browser = Client::trusting(&pebble.root);
    let host = &site.instance.host;
    let text = page(|| browser.get(before.endpoint(), host, "/"));
    assert_eq!(text, site.instance.name);
    assert_eq!(complaints(&traefik), Vec::<String>::new());
}

fn dns01(case: &Case) {
    let release = newest();
    let (namespace, domain) = ("acme-dns-01", "example.org");
    let site = Site::new(case, &release, namespace);
    let Site {
        cluster, manager, ..
    } = site;
    let _zone = Zone::start(&case.stack.programs, &case.directory, domain, manager.zone);
    let nameserver = SocketAddr::from((manager.zone, 53));
    let pebble = Pebble::start(case, "pebble", nameserver);
    let key = "acme-dns-01-key";
    cluster.apply(&format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: {key}, namespace: {}}}
stringData: {{key: {KEY}}}
",
        cert_manager::NAMESPACE
    ));
    let solver = case.directory.join("solver.yaml");
    let text = format!(
        "rfc2136:
  nameserver: '{nameserver}'
  tsigKeyName: {KEY_NAME}
  tsigAlgorithm: HMACSHA256
  tsigSecretSecretRef: {{name: {key}, key: key}}
"
    );
    fs::write(&solver, text).expect("our own directory");
    let solver = solver.display().to_string();
    cluster.apply(&issuer(namespace, &pebble, &["--dns-solver", &solver]));
    ready(cluster, &["clusterissuer", namespace]);
    // Once the record is there, cert-manager waits for 60 s more (pkg/issuer/acme/dns/dns.go).
    site.certify(&certificate(
        &release,
        namespace,
        namespace,
        "*.example.org",
    ));

    let traefik = case.traefik(&release, cluster, &[namespace]);
    let browser = Client::trusting(&pebble.root);
    let host = &site.instance.host;
    let text = page(|| browser.get(traefik.websecure(), host, "/"));
    assert_eq!(text, namespace);
}

/// What Traefik complains of, but for how a solver begins and ends, and for the Secret that the store names before the CA has
/// been asked.
fn complaints(traefik: &Traefik) -> Vec<String> {
    let mut complaints = traefik.complaints();
    let is_early = |line: &str| {
        let secret = line.strip_prefix("error: Secret ");
        secret.is_some_and(|secret| secret.ends_with(&format!("/{WILDCARD} does not exist")))
    };
    complaints.retain(|line| !OF_SOLVERS.contains(&line.as_str()) && !is_early(line));
    complaints
}

/// A solver's Ingress is there before its Pod runs, and after its Service is gone (cert-manager 1.21.2,
/// `pkg/issuer/acme/http/http.go`).
const OF_SOLVERS: [&str; 3] = [
    "error: Cannot create service: endpoints not found",
    "error: Cannot create service: service not found",
    "error: Skipping service: no endpoints found",
];

/// Requests a second, as far as the machine keeps up.
const RATE: u32 = 50;
/// How many are answered in each state.
const ANSWERS: u32 = 50;

fn moved(case: &Case) {
    let release = newest();
    let site = Site::new(case, &release, "acme-moved");
    let Site {
        cluster, instance, ..
    } = &site;
    let (namespace, host) = (&instance.name, &instance.host);
    let node = case.stack.address();
    let traefik = site.traefik(case, node, node);
    let (staging, first) = site.issuer(case, "staging", "default");
    site.certify(&site.request(&first));
    let old = secret(cluster, namespace, WILDCARD);

    let production = Pebble::start(case, "production", site.manager.names.endpoint());
    let second = format!("{namespace}-production");
    let both = Client::trusting(&format!("{}{}", staging.root, production.root));
    page(|| both.get(traefik.websecure(), host, "/"));
    let load = Load::of_new_connections(&both, traefik.websecure(), host, RATE);
    load.answered(ANSWERS);
    // The issuer is not there yet: whatever cert-manager does to the Secret before it has a certificate is seen.
    cluster.apply(&site.request(&second));
    let no_longer = ["wait", "--for=condition=Ready=false", "--timeout=600s"];
    let named = ["certificate", WILDCARD, "-n", namespace];
    cluster.kubectl(&[&no_longer[..], &named].concat(), "");
    load.answered(ANSWERS);
    assert_eq!(secret(cluster, namespace, WILDCARD), old);
    cluster.apply(&issuer(&second, &production, &[]));
    ready(cluster, &named);
    let known = Client::trusting(&production.root);
    page(|| known.get(traefik.websecure(), host, "/"));
    load.answered(ANSWERS);
    assert_eq!(load.stop().failures, Vec::<String>::new());
}

fn renewed(case: &Case) {
    let release = newest();
    let site = Site::new(case, &release, "acme-renewed");
    let Site {
        cluster, instance, ..
    } = &site;
    let (namespace, host) = (&instance.name, &instance.host);
    let node = case.stack.address();
    let traefik = site.traefik(case, node, node);
    let (pebble, issuer) = site.issuer(case, "ca", "minutes");
    let browser = Client::trusting(&pebble.root);
    let request = site.request(&issuer);
    site.certify(&request);
    let old = secret(cluster, namespace, WILDCARD);
    page(|| browser.get(traefik.websecure(), host, "/"));
    let load = Load::of_new_connections(&browser, traefik.websecure(), host, RATE);
    load.answered(ANSWERS);
    // cert-manager counts from the certificate, whatever was asked for: 18 s of its 10 minutes.
    let (usual, soon) = ("renewBeforePercentage: 33", "renewBeforePercentage: 97");
    assert!(request.contains(usual), "{request}");
    cluster.apply(&request.replace(usual, soon));
    revised(cluster, namespace, WILDCARD, 2);
    assert_ne!(
        secret(cluster, namespace, WILDCARD)["tls.key"],
        old["tls.key"]
    );
    let leaf = certificates(&old["tls.crt"]).swap_remove(0);
    wait::until("another certificate", || {
        let answer = browser.get(traefik.websecure(), host, "/")?;
        let is_new = answer.chain.first() != Some(&leaf);
        is_new.then_some(()).ok_or_else(|| "the old one".to_owned())
    });
    load.answered(ANSWERS);
    assert_eq!(load.stop().failures, Vec::<String>::new());
}

/// The Certificate, and its Secret, which Traefik's store names.
const WILDCARD: &str = "wildcardsecret";

/// Waits until a Certificate has been issued so often.
pub(super) fn revised(cluster: &Cluster, namespace: &str, certificate: &str, revision: u32) {
    let condition = format!("--for=jsonpath={{.status.revision}}={revision}");
    let wait = ["wait", &condition, "--timeout=600s"];
    let named = ["certificate", certificate, "-n", namespace];
    cluster.kubectl(&[&wait[..], &named].concat(), "");
}

/// An instance with its httpd beside a cert-manager, applied, and without a Traefik.
struct Site<'a> {
    cluster: &'a Cluster,
    manager: &'a CertManager,
    release: Release,
    instance: Instance,
    _httpd: Httpd,
}

impl<'a> Site<'a> {
    fn new(case: &'a Case, release: &Release, namespace: &str) -> Self {
        let cluster = case.stack.cluster(release);
        let manager = case.stack.cert_manager(release);
        let instance = Instance::new(case, cluster, release, namespace, &[]);
        cluster.apply(&instance.manifests);
        let httpd = case.httpd("httpd", &[instance.site(cluster)], &Settings::default());
        Self {
            cluster,
            manager,
            release: release.clone(),
            instance,
            _httpd: httpd,
        }
    }

    /// Starts a Traefik at `node` that serves Ingresses too and redirects to https, as its chart does with the printed values
    /// and `providers.kubernetesIngress.enabled`, and tells the names that the host is at `front`, the node itself or a load
    /// balancer that Traefik believes.
    fn traefik(&self, case: &Case, node: Ipv4Addr, front: Ipv4Addr) -> Traefik {
        let Self {
            cluster,
            manager,
            release,
            instance,
            ..
        } = self;
        manager.names.set(&instance.host, front);
        let namespace = &instance.name;
        let mut flags = cluster.traefik_flags("kubernetesingress");
        flags.extend([
            format!("--providers.kubernetesingress.namespaces={namespace}"),
            format!("--entrypoints.web.address={node}:80"),
            "--entrypoints.web.http.redirections.entrypoint.to=:443".to_owned(),
            "--entrypoints.web.http.redirections.entrypoint.scheme=https".to_owned(),
            "--entrypoints.web.http.redirections.entrypoint.permanent=true".to_owned(),
            "--entrypoints.websecure.http.tls=true".to_owned(),
        ]);
        if front != node {
            let trusting = ["web", "websecure"]
                .map(|name| format!("--entrypoints.{name}.proxyprotocol.trustedips={front}"));
            flags.extend(trusting);
        }
        case.traefik_at(node, release, cluster, &[namespace], &flags)
    }

    /// Starts an ACME server and makes an issuer of it that solves HTTP-01; returns it with the issuer's name.
    fn issuer(&self, case: &Case, name: &str, profile: &str) -> (Pebble, String) {
        let pebble = Pebble::start(case, name, self.manager.names.endpoint());
        let named = format!("{}-{name}", self.instance.name);
        let object = issuer(&named, &pebble, &["--profile", profile]);
        self.cluster.apply(&object);
        ready(self.cluster, &["clusterissuer", &named]);
        (pebble, named)
    }

    /// The objects by which the issuer is asked for a certificate of the host.
    fn request(&self, issuer: &str) -> String {
        let Instance { name, host, .. } = &self.instance;
        certificate(&self.release, name, issuer, host)
    }

    /// Applies such objects, and waits for the certificate.
    fn certify(&self, request: &str) {
        let (cluster, name) = (self.cluster, &self.instance.name);
        cluster.apply(request);
        ready(cluster, &["certificate", WILDCARD, "-n", name]);
        let stored = cluster.get(&["secret", WILDCARD, "-n", name]);
        assert_eq!(stored["type"], "kubernetes.io/tls");
    }
}

/// The objects by which an ACME server is asked, with further options of the command.
fn issuer(name: &str, pebble: &Pebble, further: &[&str]) -> String {
    let of_directory = pebble.of_directory.display().to_string();
    let server = pebble.directory();
    let common = ["issuer", name, "--server", &server, "--ca-bundle"];
    civi_ingress(&[&common[..], &[&of_directory], further].concat())
}

/// The objects by which a certificate is asked for, and shown by Traefik.
fn certificate(release: &Release, namespace: &str, issuer: &str, host: &str) -> String {
    civi_ingress(&[
        "public-certificate",
        "--dns",
        host,
        "--issuer",
        issuer,
        "--namespace",
        namespace,
        "--tls-store",
        "--traefik",
        &release.profile(),
    ])
}

/// Asks for `/` without TLS, and returns where it leads.
fn redirected(to: Ipv4Addr, host: &str) -> Option<String> {
    let mut answer = String::new();
    TcpStream::connect((to, 80))
        .and_then(|mut socket| {
            write!(socket, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
            socket.read_to_string(&mut answer)
        })
        .expect("an answer");
    let mut lines = answer.lines();
    let location = lines.find_map(|line| line.strip_prefix("Location: "));
    location.map(str::to_owned)
}
