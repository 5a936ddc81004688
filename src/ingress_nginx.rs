//! Ingresses as ingress-nginx serves them, made into instances of a fleet; and what of them is lost.
//!
//! Its annotations are those of its documentation (`docs/user-guide/nginx-configuration/annotations.md`, controller 1.15.1).

use crate::civiparoisse::HTTPD_SERVICE;
use crate::fault::{Fault, Faults};
use crate::kinds::ingress::Ingress;
use crate::kinds::traefik::Port;
use crate::manifests;
use crate::name::{DnsName, InstanceName};
use crate::yaml::Node;
use crate::yaml::scalar;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What the names of its annotations begin with.
const PREFIX: &str = "nginx.ingress.kubernetes.io/";
/// Beginnings of annotations that say nothing of the way of a request.
const ELSEWHERE: [&str; 3] = ["kubectl.kubernetes.io/", "meta.helm.sh/", "kubernetes.io/"];

/// An instance, and what of its Ingresses it does not have.
#[derive(Debug)]
pub struct Imported {
    /// Its id.
    pub id: InstanceName,
    /// The document, of kind Instance.
    pub text: String,
    /// What is lost, each with the reason or with what takes its place.
    pub losses: Vec<String>,
}

/// What an instance takes over.
#[derive(Debug, Default)]
struct Draft {
    hosts: Vec<DnsName>,
    is_passed: bool,
    dial_seconds: Option<u32>,
    attempts: Option<u32>,
    losses: Vec<String>,
}

/// Makes an instance of the Ingresses of each namespace; without a namespace, of each Ingress.
///
/// # Errors
/// What is not a manifest, a host or a name that a fleet cannot have, and a stream without an Ingress.
pub fn import(text: &str, file: &str) -> Result<Vec<Imported>, Vec<Fault>> {
    let mut faults = Faults::default();
    let documents = manifests::documents(text, file, &mut faults);
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    for object in documents.iter().flat_map(manifests::objects) {
        if object.text_of("kind") != Some("Ingress") {
            continue;
        }
        let metadata = |key| object.at_path(&["metadata", key]).and_then(Node::text);
        let id = metadata("namespace")
            .or(metadata("name"))
            .unwrap_or_default();
        let draft = drafts.entry(id.to_owned()).or_default();
        draft.take(object, file, &mut faults);
    }
    if drafts.is_empty() {
        let fault = Fault::new("there is no Ingress").file(file);
        faults.push(fault.help("`kubectl get ingresses --all-namespaces -o yaml` prints them"));
    }
    let mut imported = Vec::new();
    for (id, draft) in drafts {
        let id = InstanceName::parse(&id).map_err(|fault| fault.file(file));
        let Some(id) = faults.keep(id) else { continue };
        if draft.hosts.is_empty() {
            let fault = Fault::new(format!("no Ingress of `{id}` names a host")).file(file);
            faults.push(fault.help("an instance needs one: name it in `spec.rules`"));
            continue;
        }
        imported.push(Imported {
            text: draft.text(&id),
            id,
            losses: draft.losses,
        });
    }
    faults.finish(Some(imported))
}

impl Draft {
    fn take(&mut self, object: &Node, file: &str, faults: &mut Faults) {
        let Some(spec) = object.get("spec") else {
            return;
        };
        let ingress = Ingress::of(object, spec);
        for rule in spec.items_of("rules") {
            let Some(node) = rule.get("host") else {
                continue;
            };
            let host = DnsName::parse_public(node.text().unwrap_or_default());
            let host = host.map_err(|fault| fault.at(node.at.place(file)));
            let host = faults.keep(host).filter(|host| !self.hosts.contains(host));
            self.hosts.extend(host);
        }
        for backend in &ingress.backends {
            let port = backend.port.as_ref();
            if backend.service != HTTPD_SERVICE || port != Some(&Port::Number(443)) {
                let port = port.map(Port::shown).unwrap_or_default();
                self.lose(format!(
                    "Service `{}` port {port}: the route of an instance leads to `{HTTPD_SERVICE}` port 443, by TLS",
                    backend.service.escape_debug()
                ));
            }
            let is_whole = ["Prefix /", "ImplementationSpecific /", ""];
            if !is_whole.contains(&backend.path.as_str()) {
                self.lose(format!(
                    "path `{}`: all paths of a host lead to httpd",
                    backend.path.escape_debug()
                ));
            }
        }
        for secret in ingress.secrets() {
            self.lose(format!(
                "Secret `{}` of `spec.tls`: browsers see the certificate of the fleet, `publicCertificate`",
                secret.name.escape_debug()
            ));
        }
        let annotations = object.at_path(&["metadata", "annotations"]);
        for (key, value) in annotations.map(Node::entries).unwrap_or_default() {
            let value = value.scalar().unwrap_or_default();
            self.annotation(&key.text, value.trim());
        }
    }

    fn lose(&mut self, loss: String) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    fn annotation(&mut self, key: &str, value: &str) {
        if ELSEWHERE.iter().any(|start| key.starts_with(start)) {
            return;
        }
        let number = value.parse::<u32>().ok();
        let name = key.strip_prefix(PREFIX);
        match (name, value) {
            (Some("backend-protocol"), "HTTPS")
            | (Some("proxy-ssl-verify" | "proxy-ssl-server-name"), "on")
            | (Some("ssl-redirect" | "force-ssl-redirect"), "true")
            | (Some("ssl-passthrough"), "false")
            | (Some("proxy-next-upstream-tries"), "1") => return,
            (Some("ssl-passthrough"), "true") => {
                self.is_passed = true;
                return self.lose(
                    "the certificate that httpd shows to browsers: name its Secret by `publicCertificate: {secret: NAME}`"
                        .to_owned(),
                );
            }
            (Some("proxy-ssl-name"), name)
                if self.hosts.first().is_some_and(|host| host.as_str() == name) =>
            {
                return;
            }
            (Some("proxy-connect-timeout"), _) if number.is_some_and(|number| number > 0) => {
                self.dial_seconds = number;
                return;
            }
            (Some("proxy-next-upstream-tries"), _)
                if number.is_some_and(|number| (2..=20).contains(&number)) =>
            {
                self.attempts = number;
                return;
            }
            _ => {}
        }
        let instead = name.map_or_else(|| of_others(key), |name| instead(name, value));
        self.lose(format!(
            "annotation `{}: {}`: {instead}",
            key.escape_debug(),
            value.escape_debug()
        ));
    }

    fn text(&self, id: &InstanceName) -> String {
        let mut text = format!(
            "---\napiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata:\n  name: {}\nspec:\n",
            scalar::to_string(id.as_str())
        );
        let mut add = |line: String| writeln!(text, "  {line}").expect("a String takes all");
        let mut hosts = self
            .hosts
            .iter()
            .map(|host| scalar::to_string(host.as_str()));
        if let Some(host) = hosts.next() {
            add(format!("externalHost: {host}"));
        }
        if hosts.len() > 0 {
            add("aliases:".to_owned());
        }
        for alias in hosts {
            add(format!("  - {alias}"));
        }
        if self.is_passed {
            add("topology: passthrough".to_owned());
        }
        if let Some(seconds) = self.dial_seconds {
            add("serversTransport:".to_owned());
            add(format!("  dialTimeout: {seconds}s"));
        }
        // TLS that is passed on is not sent again.
        if let Some(attempts) = self.attempts.filter(|_| !self.is_passed) {
            add("objects:".to_owned());
            add(format!("  retry: {attempts}"));
        }
        text
    }
}

/// Returns what takes the place of an annotation of ingress-nginx.
fn instead(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("backend-protocol", _) => "httpd is spoken to by TLS",
        ("proxy-ssl-secret", _) => {
            "the instance has a CA of its own, which Traefik trusts; a certificate that httpd asks for is made by `objects: {clientAuth: true}`"
        }
        ("proxy-ssl-verify", _) => "the certificate of httpd is verified",
        ("proxy-ssl-name" | "proxy-ssl-server-name", _) => {
            "the certificate of httpd must have the host of the instance"
        }
        ("proxy-ssl-protocols" | "proxy-ssl-ciphers" | "proxy-ssl-verify-depth", _) => {
            "Traefik speaks TLS 1.2 and 1.3 to httpd, and verifies chains of any length"
        }
        ("ssl-redirect" | "force-ssl-redirect", _) => {
            "Traefik redirects port 80 of all hosts, or of none: `traefik-values --redirect off`"
        }
        ("auth-tls-secret" | "auth-tls-verify-client" | "auth-tls-verify-depth", _) => {
            "write the CA to a file, and name it by `clients: {require: FILE}`"
        }
        ("proxy-read-timeout" | "proxy-send-timeout", _) => {
            "Traefik bounds the reading of a whole request, by `traefik-values --read-timeout`, and waits for answers without end"
        }
        ("proxy-body-size" | "client-body-buffer-size", _) => {
            "Traefik does not bound the size of a request"
        }
        ("whitelist-source-range" | "denylist-source-range", _) => {
            "keep others out at the load balancer"
        }
        ("configuration-snippet" | "server-snippet" | "stream-snippet", _) => {
            "directives of nginx mean nothing to Traefik"
        }
        ("affinity" | "affinity-mode" | "session-cookie-name", _) => "an instance has one httpd",
        _ => "nothing takes its place",
    }
}

/// Returns what takes the place of an annotation for another program.
fn of_others(key: &str) -> &'static str {
    let program = key.split_once('/').map_or(key, |(program, _)| program);
    if program.ends_with("cert-manager.io") {
        "`publicCertificate: {mode: acme}` of the fleet asks for certificates"
    } else if program.starts_with("external-dns") {
        "`dns` of the fleet says how hosts get into the DNS"
    } else {
        "nothing takes its place"
    }
}
