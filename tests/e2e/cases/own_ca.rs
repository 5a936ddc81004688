//! The authority of an instance in the cluster: cert-manager issues what httpd shows and Traefik trusts.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use libtest_mimic::Trial;
use serde_json::json;

use super::acme::revised;
use super::topologies::page;
use crate::cert_manager::ready;
use crate::client::Client;
use crate::cluster::Cluster;
use crate::components::{Release, newest, releases};
use crate::handwritten::{Ingress, service};
use crate::httpd::{Httpd, Manner, Settings, Site, endpoint};
use crate::instance::{browser, secret};
use crate::load::Load;
use crate::pki::Pair;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let trusted = releases().into_iter().map(|release| {
        let name = format!(
            "traefik_{}_trusts_an_httpd_by_the_ca_in_its_secret_of_cert_manager",
            release.in_a_name()
        );
        trial(stack, &name, move |case| trusted(case, &release))
    });
    let alone = trial_alone(
        stack,
        "no_request_fails_while_cert_manager_renews_leaf_and_ca_where_the_next_ca_is_trusted_before",
        roll_over,
    );
    trusted.chain([alone]).collect()
}

fn trusted(case: &Case, release: &Release) {
    let own = Own::start(case, release, "own-ca");
    let text = page(|| own.browser.get(own.traefik.websecure(), &own.host, "/"));
    assert_eq!(text, own.namespace);
    assert_eq!(own.traefik.complaints(), Vec::<String>::new());
}

/// Requests a second, as far as the machine keeps up.
const RATE: u32 = 50;
/// How many are answered in each state.
const ANSWERS: u32 = 50;

fn roll_over(case: &Case) {
    let own = Own::start(case, &newest(), "own-ca-renewed");
    let Own {
        cluster, namespace, ..
    } = own;
    let status = || {
        let answer = own.browser.get(own.traefik.websecure(), &own.host, "/");
        answer.map(|answer| answer.status)
    };
    let load = || Load::of_new_connections(&own.browser, own.traefik.websecure(), &own.host, RATE);
    page(|| own.browser.get(own.traefik.websecure(), &own.host, "/"));

    // The leaf, and the CA with the key that it has: whatever httpd shows, Traefik trusts it.
    let steady = load();
    steady.answered(ANSWERS);
    own.renew("leaf", 2);
    steady.answered(ANSWERS);
    own.show_leaf();
    steady.answered(ANSWERS);
    let first = secret(cluster, namespace, "ca");
    own.renew("ca", 2);
    let second = secret(cluster, namespace, "ca");
    assert_eq!(first["tls.key"], second["tls.key"]);
    assert_ne!(first["tls.crt"], second["tls.crt"]);
    // Nobody issues the leaf again, and its Secret keeps the CA's certificate of before.
    let kept = secret(cluster, namespace, "leaf");
    assert_eq!(kept["ca.crt"], first["tls.crt"]);
    steady.answered(ANSWERS);
    own.renew("leaf", 3);
    own.settle();
    steady.answered(ANSWERS);
    own.show_leaf();
    steady.answered(ANSWERS);
    assert_eq!(steady.stop().failures, Vec::<String>::new());

    // A CA with a new key under the same name: from the moment that the leaf is renewed until httpd shows it, nothing is trusted.
    cluster.apply(&own_ca(namespace, "ca", "Always"));
    own.renew("ca", 3);
    assert_eq!(status(), Ok(200));
    own.renew("leaf", 4);
    wait::until("the end of trust", || match status()? {
        500 => Ok(()),
        status => Err(format!("it still answers {status}")),
    });
    own.show_leaf();
    wait::until("trust in the new CA", || match status()? {
        200 => Ok(()),
        status => Err(format!("it still answers {status}")),
    });

    // Two CAs, both trusted by their own Secrets before the leaf moves from one to the other.
    cluster.apply(&own_ca(namespace, "next", "Never"));
    ready(cluster, &["certificate", "next", "-n", namespace]);
    ready(cluster, &["issuer", "next", "-n", namespace]);
    own.trust(&["ca", "next"]);
    let steady = load();
    steady.answered(ANSWERS);
    cluster.apply(&leaf(namespace, &own.host, "next"));
    revised(cluster, namespace, "leaf", 5);
    steady.answered(ANSWERS);
    own.show_leaf();
    steady.answered(ANSWERS);
    own.trust(&["next"]);
    steady.answered(ANSWERS);
    assert_eq!(steady.stop().failures, Vec::<String>::new());
}

/// An instance whose httpd shows a leaf of an authority in the cluster.
struct Own<'a> {
    cluster: &'a Cluster,
    namespace: &'static str,
    host: String,
    browser: Client,
    traefik: Traefik,
    httpd: Httpd,
    address: Ipv4Addr,
    release: Release,
    /// How many routes were made to see that Traefik has read them.
    marks: AtomicU32,
}

impl<'a> Own<'a> {
    /// Starts it, with a Traefik that trusts the `ca.crt` beside the leaf.
    fn start(case: &'a Case, release: &Release, namespace: &'static str) -> Self {
        let cluster = case.stack.cluster(release);
        case.stack.cert_manager(release);
        cluster.claim(namespace);
        let host = format!("{namespace}.example.org");
        let address = case.stack.address();
        cluster.apply(&service(namespace, address));
        cluster.apply(&format!(
            "apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: selfsigned, namespace: {namespace}}}
spec: {{selfSigned: {{}}}}
---
{}---
{}",
            own_ca(namespace, "ca", "Never"),
            leaf(namespace, &host, "ca")
        ));
        ready(cluster, &["certificate", "leaf", "-n", namespace]);
        let httpd = case.httpd(
            "httpd",
            &[Site {
                address,
                pair: pair(cluster, namespace),
                page: namespace.to_owned(),
                manner: Manner::default(),
            }],
            &Settings::default(),
        );
        let browser = browser(case, cluster, namespace, "example.org");
        let traefik = case.traefik(release, cluster, &[namespace]);
        let own = Self {
            cluster,
            namespace,
            host,
            browser,
            traefik,
            httpd,
            address,
            release: release.clone(),
            marks: AtomicU32::new(0),
        };
        own.trust(&["leaf"]);
        own
    }

    /// Has Traefik trust the `ca.crt` of these Secrets.
    fn trust(&self, secrets: &[&str]) {
        let roots = if self.release.has_root_cas() {
            let each = secrets.iter().map(|name| format!("{{secret: {name}}}"));
            format!("  rootCAs: [{}]\n", each.collect::<Vec<_>>().join(", "))
        } else {
            format!("  rootCAsSecrets: [{}]\n", secrets.join(", "))
        };
        let ingress = Ingress {
            authorities: Vec::new(),
            roots,
            ..Ingress::new(&self.release, self.namespace, &self.host, "")
        };
        self.cluster.apply(&ingress.manifests());
        self.settle();
    }

    /// Waits until Traefik has read all that is in the cluster: a route that is new.
    fn settle(&self) {
        let number = self.marks.fetch_add(1, Ordering::Relaxed);
        let (namespace, mark) = (self.namespace, format!("mark-{number}.example.org"));
        self.cluster.apply(&format!(
            "apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: mark, namespace: {namespace}}}
spec:
  routes: [{{kind: Rule, match: Host(`{mark}`), services: [{{name: civicrmhttpd, port: 443}}]}}]
"
        ));
        self.traefik.wait_for(&mark);
    }

    /// Has cert-manager issue a Certificate again, as `cmctl renew` does, and waits for its revision.
    fn renew(&self, certificate: &str, revision: u32) {
        let condition = json!({
            "type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
            "message": "Certificate re-issuance manually triggered",
        });
        let patch = json!([{"op": "add", "path": "/status/conditions/-", "value": condition}]);
        let (patch, namespace) = (patch.to_string(), self.namespace);
        let named = ["certificate", certificate, "-n", namespace];
        let how = ["patch", "--subresource=status", "--type=json", "-p", &patch];
        self.cluster.kubectl(&[&how[..], &named].concat(), "");
        revised(self.cluster, namespace, certificate, revision);
    }

    /// Has httpd show the leaf that is in the Secret, as a kubelet and a reload do some time after it changed.
    fn show_leaf(&self) {
        let pair = pair(self.cluster, self.namespace);
        self.httpd.replace(self.address, &pair);
        let client = Client::trusting(&secret(self.cluster, self.namespace, "leaf")["ca.crt"]);
        wait::until("the leaf", || {
            client.get(endpoint(self.address), &self.host, "/")
        });
    }
}

fn pair(cluster: &Cluster, namespace: &str) -> Pair {
    let mut leaf = secret(cluster, namespace, "leaf");
    let mut take = |key: &str| leaf.remove(key).expect("a key of a TLS Secret");
    Pair {
        certificate: take("tls.crt"),
        key: take("tls.key"),
    }
}

/// A CA that signs itself, and the issuer of what it signs.
fn own_ca(namespace: &str, name: &str, rotation: &str) -> String {
    format!(
        "apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  isCA: true
  commonName: CA of {namespace}
  secretName: {name}
  duration: 87600h
  privateKey: {{algorithm: ECDSA, rotationPolicy: {rotation}}}
  issuerRef: {{kind: Issuer, name: selfsigned}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{ca: {{secretName: {name}}}}}
"
    )
}

fn leaf(namespace: &str, host: &str, issuer: &str) -> String {
    format!(
        "apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: leaf, namespace: {namespace}}}
spec:
  secretName: leaf
  dnsNames: [{host}]
  usages: [digital signature, server auth]
  privateKey: {{algorithm: ECDSA, rotationPolicy: Always}}
  issuerRef: {{kind: Issuer, name: {issuer}}}
"
    )
}
