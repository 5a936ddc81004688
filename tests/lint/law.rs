//! What is refused of a path is what `lint` finds in the manifests that make it, with the same codes.

use super::{codes, filled, said};
use crate::support::NOW;
use civi_ingress::cluster::data::Certificates;
use civi_ingress::cluster::scope::Scope;
use civi_ingress::cluster::{Cluster, Object};
use civi_ingress::kinds::traefik::Port;
use civi_ingress::lint::{Options, Severity, rule_of};
use civi_ingress::path::check::{check, covers};
use civi_ingress::path::entrances::Entrances;
use civi_ingress::path::hop::{
    Authority, Client, Front, FrontKind, Httpd, Inward, Keys, Outward, Place, ProxyVersion, Shown,
    Trust,
};
use civi_ingress::path::served::{Grounds, Wants};
use civi_ingress::path::{self, Path, WayIn};
use civi_ingress::release::Release;
use civi_ingress::yaml;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

fn place(name: &str) -> Place {
    Place {
        scope: Scope::Namespace("ns".to_owned()),
        name: name.to_owned(),
    }
}

/// Where an object is that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Here,
    Elsewhere,
    Nowhere,
}

/// What is around a path.
#[derive(Debug, Clone)]
struct Around {
    /// What the httpd serves.
    leaf: Option<&'static str>,
    /// What the Secret of the CA holds.
    ca: Option<&'static str>,
    service: There,
    /// Whether the httpd waits for the PROXY protocol.
    awaits: Option<bool>,
    /// Whether it refuses who shows no certificate.
    asks: bool,
    /// The certificate of the TLSStore.
    store: Option<&'static str>,
    /// The Secret of the route, and whether it has a key.
    own: (There, bool),
}

fn manifest(version: &str, kind: &str, name: &str, namespace: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n{rest}\n"
    )
}

impl Around {
    fn written(&self) -> String {
        let mut text = String::new();
        if let Some(leaf) = self.leaf {
            let data = format!("data: {{externcert: '${{{leaf}}}'}}");
            text += &manifest("v1", "Secret", "selfcert", "ns", &data);
        }
        if let Some(ca) = self.ca {
            let data = format!("data: {{ca.crt: '${{{ca}}}'}}");
            text += &manifest("v1", "Secret", "externca", "ns", &data);
        }
        let namespace = |there| match there {
            There::Here => Some("ns"),
            There::Elsewhere => Some("other"),
            There::Nowhere => None,
        };
        if let Some(namespace) = namespace(self.service) {
            let spec = "spec: {selector: {app: h}, ports: [{port: 443, name: https}, {port: 80, name: http}]}";
            text += &manifest("v1", "Service", "httpd", namespace, spec);
        }
        let mut config = Vec::new();
        if let Some(awaits) = self.awaits {
            let state = if awaits { "On" } else { "Off" };
            config.push(format!("RemoteIPProxyProtocol {state}"));
        }
        if self.asks {
            config.push("SSLVerifyClient require".to_owned());
        }
        if !config.is_empty() {
            let spec = "spec:\n  template:\n    metadata: {labels: {app: h}}\n    spec:\n      containers: [{name: h, image: httpd}]\n      \
                        volumes: [{name: conf, configMap: {name: conf}}]";
            text += &manifest("apps/v1", "StatefulSet", "httpd", "ns", spec);
            let data = format!("data:\n  site.conf: |\n    {}", config.join("\n    "));
            text += &manifest("v1", "ConfigMap", "conf", "ns", &data);
        }
        if let Some(store) = self.store {
            let data = format!("data: {{tls.crt: '${{{store}}}', tls.key: '${{{store}.key}}'}}");
            text += &manifest("v1", "Secret", "shared", "traefik", &data);
            let spec = "spec: {defaultCertificate: {secretName: shared}}";
            text += &manifest(
                "traefik.io/v1alpha1",
                "TLSStore",
                "default",
                "traefik",
                spec,
            );
        }
        let (own, has_key) = self.own;
        if let Some(namespace) = namespace(own) {
            let key = if has_key {
                ", tls.key: '${wildcard-2.key}'"
            } else {
                ""
            };
            let data = format!("data: {{tls.crt: '${{wildcard-2}}'{key}}}");
            text += &manifest("v1", "Secret", "own", namespace, &data);
        }
        text
    }
}

/// Writes the objects that make a path, whatever is wrong with it.
fn written(path: &Path) -> String {
    let mut text = String::new();
    let is_tcp = way_in(path) == WayIn::IngressRouteTcp;
    let (route, transport, matcher) = if is_tcp {
        ("IngressRouteTCP", "ServersTransportTCP", "HostSNI")
    } else {
        ("IngressRoute", "ServersTransport", "Host")
    };
    let client = path.outward.client();
    if client.is_some() || path.proxy.is_some() {
        let (begin, margin) = if is_tcp {
            ("spec:\n  tls:\n", "    ")
        } else {
            ("spec:\n", "  ")
        };
        let mut spec = String::new();
        if let Some(client) = client {
            spec += begin;
            writeln!(spec, "{margin}maxVersion: VersionTLS13").unwrap();
            if let Some(name) = &client.expects {
                writeln!(spec, "{margin}serverName: {name}").unwrap();
            }
            match &client.trusts {
                Trust::Authorities(all) => {
                    for authority in all {
                        let name = &authority.place.name;
                        writeln!(spec, "{margin}rootCAs: [{{secret: {name}}}]").unwrap();
                    }
                }
                Trust::Anything => writeln!(spec, "{margin}insecureSkipVerify: true").unwrap(),
                Trust::System | Trust::Unknown => {}
            }
        } else {
            spec += "spec:\n";
        }
        if let Some(version) = path.proxy {
            let number = version.number();
            writeln!(spec, "  proxyProtocol: {{version: {number}}}").unwrap();
        }
        text += &manifest("traefik.io/v1alpha1", transport, "t", "ns", &spec);
    }
    let httpd = path.httpd.as_ref().unwrap();
    let port = httpd.port.as_ref().unwrap().shown();
    let mut service = format!("name: {}, port: {port}", httpd.service.name);
    if client.is_some() || path.proxy.is_some() {
        service += ", serversTransport: t";
    }
    match (&path.outward, is_tcp) {
        (Outward::Tls(_), true) => service += ", tls: true",
        (Outward::Tls(_), false) => service += ", scheme: https",
        (Outward::Plain, false) => service += ", scheme: http",
        _ => {}
    }
    let hosts = path.hosts.iter().map(|host| format!("{matcher}(`{host}`)"));
    let rule = hosts.collect::<Vec<_>>().join(" || ");
    let kind = if is_tcp { "" } else { "kind: Rule, " };
    let tls = match &path.inward {
        Inward::PassedThrough => "{passthrough: true}".to_owned(),
        Inward::Tls(Shown::Secrets(places)) => format!("{{secretName: {}}}", places[0].name),
        _ => "{}".to_owned(),
    };
    let spec = format!(
        "spec:\n  entryPoints: [websecure]\n  routes: [{{match: '{rule}', {kind}services: [{{{service}}}]}}]\n  tls: {tls}"
    );
    text + &manifest("traefik.io/v1alpha1", route, "r", "ns", &spec)
}

fn way_in(path: &Path) -> WayIn {
    match path.front.gateway.as_deref() {
        None if path.inward == Inward::PassedThrough || path.proxy.is_some() => {
            WayIn::IngressRouteTcp
        }
        _ => WayIn::IngressRoute,
    }
}

fn arounds() -> impl Strategy<Value = Around> {
    let there = || select(&[There::Here, There::Here, There::Elsewhere, There::Nowhere][..]);
    let leaves = [
        Some("leaf"),
        Some("leaf"),
        Some("leaf-b"),
        Some("leaf-cn"),
        Some("expired"),
        Some("future"),
        None,
    ];
    (
        select(leaves.to_vec()),
        select(
            &[
                Some("ca"),
                Some("ca"),
                Some("other-ca"),
                Some("nc-ca"),
                None,
            ][..],
        ),
        there(),
        select(&[None, Some(true), Some(false)][..]),
        select(&[None, Some("wildcard")][..]),
        (there(), any::<bool>()),
        any::<bool>(),
    )
        .prop_map(|(leaf, ca, service, awaits, store, own, asks)| Around {
            leaf,
            ca,
            service,
            awaits,
            asks,
            store,
            own,
        })
}

fn clients() -> impl Strategy<Value = Client> {
    let authority = Authority {
        is_secret: true,
        place: place("externca"),
        keys: Keys::Traefik,
    };
    let authorities = Trust::Authorities(vec![authority]);
    let trusts = [
        authorities.clone(),
        authorities,
        Trust::System,
        Trust::Anything,
    ];
    let names = [Some("a.example.org"), Some("b.example.org"), None];
    (select(names.to_vec()), select(trusts.to_vec())).prop_map(|(name, trusts)| Client {
        expects: name.map(str::to_owned),
        trusts,
        shows: None,
    })
}

fn paths() -> impl Strategy<Value = Path> {
    let ports = [
        Port::Number(443),
        Port::Number(443),
        Port::Number(80),
        Port::Number(8443),
        Port::Name("https".to_owned()),
        Port::Name("web".to_owned()),
    ];
    let own = Inward::Tls(Shown::Secrets(vec![place("own")]));
    let inwards = [
        Inward::Tls(Shown::Store),
        own,
        Inward::PassedThrough,
        Inward::PassedThrough,
    ];
    let further = [None, Some("x.example.net")];
    let proxies = [None, Some(ProxyVersion::V1), Some(ProxyVersion::V2)];
    (
        select(inwards.to_vec()),
        clients(),
        select(&[true, true, false][..]),
        select(proxies.to_vec()),
        select(ports.to_vec()),
        select(further.to_vec()),
    )
        .prop_map(|(inward, client, has_client, proxy, port, further)| {
            let is_passed = inward == Inward::PassedThrough;
            let outward = match (has_client, is_passed, proxy) {
                // Through what passes TLS is rarely put once more.
                (true, true, Some(ProxyVersion::V1)) | (true, false, _) => Outward::Tls(client),
                (_, true, _) => Outward::PassedThrough,
                (false, false, _) => Outward::Plain,
            };
            let hosts = std::iter::once("a.example.org").chain(further);
            Path {
                hosts: hosts.map(str::to_owned).collect(),
                front: Front {
                    kind: FrontKind::Traefik,
                    gateway: None,
                },
                inward,
                outward,
                proxy,
                httpd: Some(Httpd {
                    service: place("httpd"),
                    port: Some(port),
                    share: 1,
                }),
            }
        })
}

proptest! {
    #[test]
    fn what_is_refused_of_a_path_is_what_lint_finds_in_what_was_written(
        path in paths(),
        around in arounds(),
    ) {
        let mut around = around;
        if path.inward != Inward::Tls(Shown::Secrets(vec![place("own")])) {
            around.own.0 = There::Nowhere;
        }
        if path.outward == Outward::Plain {
            // Nobody is shown it.
            around.leaf = None;
        }
        let text = filled(&(around.written() + &written(&path)));
        let known = Certificates::default();
        let documents = yaml::read_all(&text, "f.yaml").expect("good YAML");
        let objects = documents.iter();
        let file = "f.yaml".into();
        let objects = objects.filter_map(|document| Object::read(document, &file, &known));
        let cluster = Cluster::new(objects.collect(), BTreeMap::new());
        let read: Vec<Path> = path::read(&cluster, Release::default().into(), &Entrances::default())
            .into_iter()
            .map(|routed| routed.path)
            .collect();
        prop_assert_eq!(&read, std::slice::from_ref(&path));

        let mut grounds = Grounds::new(&cluster, NOW);
        if around.service == There::Here {
            let wants = Wants {
                proxy: around.awaits,
                certificate: around.asks,
            };
            grounds.want(path.httpd.as_ref().unwrap(), wants);
        }
        let clashes = check(&path, &grounds);
        let rules = clashes.iter().filter_map(|clash| rule_of(clash, way_in(&path)));
        // Traefik shows another certificate in place of one that is not whole, where there is one.
        let names = grounds.names();
        let covered = |host: &String| names.is_some_and(|names| covers(names, host));
        let is_shown = path.hosts.iter().all(covered);
        let rules = rules.filter(|rule| !is_shown || !["CI404", "CI405"].contains(&rule.code));
        let refused: BTreeSet<&str> = rules
            .filter(|rule| rule.severity == Severity::Error)
            .map(|rule| rule.code)
            .collect();
        let report = super::report(&text, &Options::at(NOW));
        let found = codes(&report, Severity::Error);
        prop_assert_eq!(&refused, &found, "{:?}\n{:#?}", said(&report), clashes);
    }
}
