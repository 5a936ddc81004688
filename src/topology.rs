//! The path of an instance for a person: who speaks TLS to whom, what is shown, trusted and expected, who reads the
//! requests, and who holds which key. A view of the [`Path`] that [`expand`] gives.

pub mod moving;

use crate::chart::TrafficPolicy;
use crate::cidr::Cidr;
use crate::civiparoisse::{CLIENTS_SECRET, HTTPD_INGRESS};
use crate::ingress::forwarding_proxies;
use crate::instance::Instance;
use crate::load_balancer::LoadBalancer;
use crate::outside;
use crate::path::Path;
use crate::path::arrival::{Arrival, Onward};
use crate::path::expand::{Topology, TopologyName, expand};
use crate::path::hop::{Client, FrontKind, Inward, Outward, ProxyVersion, Shown, Trust};
use crate::path::shared_istio::{AnyGateway, POD_CONFIG, PROXY_CONFIG};
use crate::report;
use crate::values::SecretKeyRef;
use crate::visible::mermaid;
use serde::Serialize;
use std::fmt::Write as _;

/// Version of the form for programs; it changes when a field is removed or changes its meaning.
const FORM: u32 = 1;

/// Where the key of an instance's CA is once it has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaKeyHolder {
    /// In the instance's Secret.
    Secret,
    /// Nowhere.
    Nobody,
    /// With whoever gives the CA.
    Owner,
    /// With cert-manager, in the Secret of the CA.
    CertManager,
}

/// An instance whose path is explained.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// The instance.
    pub instance: &'a Instance,
    /// Where the key of its CA is.
    pub ca_key: CaKeyHolder,
    /// The way that requests take to it.
    pub topology: Topology,
    /// The gateway at which they arrive, where instances share one.
    pub gateway: Option<&'a AnyGateway>,
    /// Whether Traefik is outside of the cluster, and told everything by files.
    pub by_files: bool,
}

/// The paths of some instances, explained.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topology"))]
pub struct Document {
    /// Version of this form.
    version: u32,
    /// A path for each instance.
    paths: Vec<Explained>,
}

/// The path of an instance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyPath"))]
#[serde(rename_all = "camelCase")]
struct Explained {
    /// Name of the instance.
    instance: String,
    /// Its namespace.
    namespace: String,
    /// Name of the topology.
    topology: &'static str,
    /// The hosts that browsers ask for.
    hosts: Vec<String>,
    /// What a request passes, in order.
    hops: Vec<&'static str>,
    /// The connections, in order.
    legs: Vec<ExplainedLeg>,
    /// Which hops read the request in clear text.
    read_by: Vec<&'static str>,
    /// The private keys.
    keys: Vec<HeldKey>,
    /// What the hops must be set to so that they fit, beside what is rendered for the instance.
    settings: Vec<HopSetting>,
    /// Whose word on a browser's address counts, and where that is read.
    peers: Option<Peers>,
    /// What the objects cannot express.
    losses: Vec<String>,
    /// Whose objects those are.
    #[serde(skip)]
    objects: &'static str,
}

/// What a hop must be set to.
#[derive(Debug, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "topologySetting")
)]
struct HopSetting {
    /// The hop.
    hop: &'static str,
    /// Where it is set.
    key: String,
    /// What it is set to.
    value: String,
}

/// Whose word on a browser's address counts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyPeers"))]
struct Peers {
    /// Who believes them.
    of: &'static str,
    /// Addresses and ranges.
    trusted: Vec<String>,
    /// Where they are read.
    source: &'static str,
}

/// A connection, from the hop that opens TLS or sends plain text to the hop that answers.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyLeg"))]
#[serde(rename_all = "camelCase")]
struct ExplainedLeg {
    /// Who speaks.
    from: &'static str,
    /// Who answers.
    to: &'static str,
    /// Who passes it on without opening it, in order.
    through: Vec<&'static str>,
    /// What is spoken: `tls`, `plain`, `raw` (bytes as they come), `mesh` (its own TLS), or `unsaid`.
    speaks: &'static str,
    /// The certificate that is shown, and where it is.
    certificate: Option<String>,
    /// What is trusted.
    trusts: Option<String>,
    /// The name that the certificate must have.
    expects: Option<String>,
    /// The certificate that the speaker shows where one is asked for.
    client_certificate: Option<String>,
    /// Version of the PROXY protocol that goes before it.
    proxy: Option<i64>,
}

/// A private key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyKey"))]
struct HeldKey {
    /// What it is the key of.
    of: &'static str,
    /// Who has it.
    holder: &'static str,
    /// Where it is.
    place: Option<String>,
}

const BROWSER: &str = "browser";
const HTTPD: &str = "httpd";

impl Document {
    /// Explains the paths of instances.
    #[must_use]
    pub fn of(arrival: &Arrival, subjects: &[Subject<'_>]) -> Self {
        Self {
            version: FORM,
            paths: subjects
                .iter()
                .map(|subject| explained(arrival, subject))
                .collect(),
        }
    }

    /// Writes it as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        report::json(self)
    }

    /// Writes it for a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (number, path) in self.paths.iter().enumerate() {
            if number > 0 {
                out.push('\n');
            }
            add(&mut out, &format!("{}: {}", path.instance, path.topology));
            add(&mut out, &format!("  hosts:    {}", path.hosts.join(", ")));
            add(
                &mut out,
                &format!("  read by:  {}", path.read_by.join(", ")),
            );
            for leg in &path.legs {
                add(&mut out, &format!("  {}", leg.title()));
                for (name, value) in leg.lines() {
                    add(&mut out, &format!("    {:<21}{value}", format!("{name}:")));
                }
            }
            add(&mut out, "  private keys");
            for key in &path.keys {
                let place = key.place.as_ref();
                let place = place.map_or_else(String::new, |place| format!(", in {place}"));
                let what = format!("{}:", key.of);
                add(&mut out, &format!("    {what:<21}{}{place}", key.holder));
            }
            if !path.settings.is_empty() {
                add(&mut out, "  settings");
            }
            for HopSetting { hop, key, value } in &path.settings {
                add(&mut out, &format!("    {hop}: {key}: {value}"));
            }
            if !path.losses.is_empty() {
                add(&mut out, &format!("  not expressed by {}", path.objects));
            }
            for loss in &path.losses {
                add(&mut out, &format!("    {loss}"));
            }
            if let Some(peers) = &path.peers {
                add(&mut out, &format!("  peers of {}", peers.of));
                add(
                    &mut out,
                    &format!("    trusted: {}", peers.trusted.join(", ")),
                );
                add(
                    &mut out,
                    &format!("    where to read them: {}", peers.source),
                );
            }
        }
        out
    }

    /// Writes it as a flowchart (mermaid.js.org/syntax/flowchart).
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (number, path) in self.paths.iter().enumerate() {
            let title = mermaid(&format!("{}, {}", path.instance, path.topology));
            add(&mut out, &format!("  subgraph p{number}[\"{title}\"]"));
            for (index, hop) in path.hops.iter().enumerate() {
                add(
                    &mut out,
                    &format!("    p{number}h{index}[\"{}\"]", mermaid(hop)),
                );
            }
            let at = |name: &str| path.hops.iter().position(|hop| *hop == name).unwrap_or(0);
            for leg in &path.legs {
                let lines = leg.lines().into_iter();
                let lines = lines.map(|(name, value)| mermaid(&format!("{name}: {value}")));
                let speaks = mermaid(leg.words());
                let label: Vec<String> = std::iter::once(speaks.clone()).chain(lines).collect();
                let (from, to) = (at(leg.from), at(leg.to));
                for hop in from..to {
                    let label = if hop + 1 == to {
                        label.join("<br/>")
                    } else {
                        speaks.clone()
                    };
                    let next = hop + 1;
                    add(
                        &mut out,
                        &format!("    p{number}h{hop} -->|\"{label}\"| p{number}h{next}"),
                    );
                }
            }
            add(&mut out, "  end");
        }
        out
    }
}

impl ExplainedLeg {
    fn words(&self) -> &'static str {
        match (self.speaks, self.through.as_slice()) {
            ("tls", [_, ..]) => "TLS, passed on unopened",
            ("tls", []) => "TLS",
            ("mesh", _) => "TLS of the mesh",
            ("plain", _) => "plain text",
            ("raw", _) => "bytes as they come",
            _ => "TLS or plain text",
        }
    }

    fn title(&self) -> String {
        let through = match self.through.as_slice() {
            [] => String::new(),
            hops => format!(" through {}", hops.join(" and ")),
        };
        format!("{} -> {}{through}: {}", self.from, self.to, self.words())
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let proxy = self.proxy.map(|version| format!("v{version}"));
        [
            ("certificate", self.certificate.clone()),
            ("trusts", self.trusts.clone()),
            ("expects", self.expects.clone()),
            ("client certificate", self.client_certificate.clone()),
            ("PROXY protocol", proxy),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

fn explained(arrival: &Arrival, subject: &Subject<'_>) -> Explained {
    let instance = subject.instance;
    let path = expand(subject.topology, instance, subject.gateway);
    let front = path.front.kind.title();
    let is_opened = !matches!(path.inward, Inward::PassedThrough | Inward::Raw);
    let mut read_by = vec![BROWSER, HTTPD];
    if is_opened {
        read_by.insert(1, front);
    }
    let mut hops = vec![BROWSER, front, HTTPD];
    if let Some(balancer) = arrival.balancer() {
        hops.insert(1, balancer.kind.title());
    }
    if let Arrival::Ended { balancer, .. } = arrival {
        read_by.insert(1, balancer.kind.title());
    }
    Explained {
        instance: subject.name.to_owned(),
        namespace: instance.namespace.to_string(),
        topology: subject.topology.name().as_str(),
        hosts: path.hosts.clone(),
        hops,
        legs: legs(arrival, &path, subject, front),
        read_by,
        keys: keys(arrival, &path, subject, front),
        settings: settings(arrival, &path, subject),
        peers: peers(arrival, front),
        losses: losses(subject, &path),
        objects: match subject.gateway {
            Some(AnyGateway::Istio(_)) => "the objects of Istio",
            Some(AnyGateway::Api(_)) | None => "the Gateway API",
        },
    }
}

/// Returns what the objects of the gateway cannot express of the way to httpd.
fn losses(subject: &Subject<'_>, path: &Path) -> Vec<String> {
    let begun = subject.gateway.filter(|_| path.outward.client().is_some());
    let losses = begun.map_or(&[][..], AnyGateway::losses).iter();
    losses.map(|loss| (*loss).to_owned()).collect()
}

/// Returns what the hops before the httpd must be set to, in the words of the chart's values or of Traefik's own options.
fn settings(arrival: &Arrival, path: &Path, subject: &Subject<'_>) -> Vec<HopSetting> {
    let mut settings = Vec::new();
    if let Some(balancer) = arrival.balancer() {
        let hop = balancer.kind.title();
        let mut set = |key: &str, value: String| {
            let key = key.to_owned();
            settings.push(HopSetting { hop, key, value });
        };
        if let Some(service) = arrival.service() {
            // The charts of Traefik and of Istio's gateway differ there.
            let spec = match path.front.kind {
                FrontKind::Istio => "service",
                FrontKind::Traefik | FrontKind::Gateway => "service.spec",
            };
            for (key, value) in service.annotations {
                set(&format!("service.annotations.{key}"), value);
            }
            if let Some(address) = service.address {
                set(&format!("{spec}.loadBalancerIP"), address.to_string());
            }
            let policy = TrafficPolicy::Local.name();
            set(&format!("{spec}.externalTrafficPolicy"), policy.to_owned());
        } else {
            if let Some(address) = balancer.address {
                set("address", address.to_string());
            }
            for (key, value) in outside::settings(arrival) {
                set(key, value.to_owned());
            }
        }
    }
    let points = if subject.by_files {
        "entryPoints"
    } else {
        "ports"
    };
    settings.extend(believing(arrival, path.front.kind, points));
    settings.extend(httpd_settings(arrival, path, subject.instance));
    settings
}

/// Returns what the httpd and Drupal must be set to, where it is not the chart's.
fn httpd_settings(arrival: &Arrival, path: &Path, instance: &Instance) -> Vec<HopSetting> {
    let is_passed = path.inward == Inward::PassedThrough;
    let proxies = forwarding_proxies(path, &instance.extras.remote_ip, arrival.ending());
    let mut settings = Vec::new();
    if is_passed && path.proxy.is_some() {
        settings.push(("RemoteIPProxyProtocol", "On".to_owned()));
    }
    if !proxies.is_empty() {
        settings.push(("RemoteIPHeader", "X-Forwarded-For".to_owned()));
        settings.push(("RemoteIPInternalProxy", named(&proxies).join(", ")));
    }
    if is_passed || !instance.extras.remote_ip.is_empty() {
        let addresses = named(arrival.ending()).join(", ");
        settings.push(("reverse_proxy_addresses", format!("[{addresses}]")));
    }
    let settings = settings.into_iter().map(|(key, value)| HopSetting {
        hop: HTTPD,
        key: format!("ConfigMap {HTTPD_INGRESS}: {key}"),
        value,
    });
    settings.collect()
}

/// Returns whom the front must be set to believe, below the key of its entry points.
fn believing(arrival: &Arrival, kind: FrontKind, points: &str) -> Vec<HopSetting> {
    let front = kind.title();
    if kind == FrontKind::Istio {
        let is_told = !arrival.announcing().is_empty();
        // Envoy takes the PROXY protocol from everyone, or from nobody.
        let setting = is_told.then(|| HopSetting {
            hop: front,
            key: format!("podAnnotations.{POD_CONFIG}"),
            value: PROXY_CONFIG.to_owned(),
        });
        return setting.into_iter().collect();
    }
    let by = [
        ("proxyProtocol", arrival.announcing()),
        ("forwardedHeaders", arrival.forwarding()),
    ];
    let stated = by.into_iter().filter(|(_, ranges)| !ranges.is_empty());
    let settings = stated.flat_map(|(key, ranges)| {
        ["web", "websecure"].map(|port| HopSetting {
            hop: front,
            key: format!("{points}.{port}.{key}.trustedIPs"),
            value: named(ranges).join(", "),
        })
    });
    settings.collect()
}

fn named(ranges: &[Cidr]) -> Vec<String> {
    ranges.iter().map(Cidr::to_string).collect()
}

fn peers(arrival: &Arrival, front: &'static str) -> Option<Peers> {
    let (of, trusted) = if arrival.meets_httpd() {
        (HTTPD, named(arrival.ending()))
    } else {
        (front, arrival.trusted().map(Cidr::to_string).collect())
    };
    let balancer = arrival.balancer().filter(|_| !trusted.is_empty())?;
    Some(Peers {
        of,
        trusted,
        source: balancer.kind.peers(),
    })
}

fn legs(
    arrival: &Arrival,
    path: &Path,
    subject: &Subject<'_>,
    front: &'static str,
) -> Vec<ExplainedLeg> {
    let instance = subject.instance;
    let proxy = path.proxy.map(ProxyVersion::number);
    let topology = subject.topology.name();
    let shown_by_httpd = shown_by_httpd(topology, instance, &instance.shown().server_cert);
    let (passing, announced) = match arrival {
        Arrival::Direct | Arrival::Ended { .. } => (Vec::new(), None),
        Arrival::Passed { balancer, proxy } => (vec![balancer.kind.title()], *proxy),
    };
    let browser = |to, shown: Option<String>, speaks| ExplainedLeg {
        from: BROWSER,
        to,
        through: passing.clone(),
        speaks,
        trusts: shown
            .is_some()
            .then(|| "a CA that browsers know, or that was imported".to_owned()),
        expects: shown.is_some().then(|| "the host".to_owned()),
        certificate: shown,
        client_certificate: None,
        proxy: announced.map(ProxyVersion::number),
    };
    let asked = |of: String| {
        instance
            .extras
            .clients
            .as_ref()
            .map(|_| format!("of a CA of {of}"))
    };
    let to_front = match &path.inward {
        Inward::PassedThrough => {
            let mut through = passing.clone();
            through.push(front);
            let namespace = &instance.namespace;
            let to_httpd = ExplainedLeg {
                through,
                proxy,
                client_certificate: asked(format!("ConfigMap {namespace}/{HTTPD_INGRESS}")),
                ..browser(HTTPD, Some(shown_by_httpd.clone()), "tls")
            };
            return match arrival {
                Arrival::Ended { balancer, .. } => ended(balancer, &browser, to_httpd).into(),
                Arrival::Direct | Arrival::Passed { .. } => vec![to_httpd],
            };
        }
        Inward::Tls(shown) => ExplainedLeg {
            client_certificate: asked(format!("Secret {}/{CLIENTS_SECRET}", instance.namespace)),
            ..browser(front, Some(shown_by_front(shown, subject.by_files)), "tls")
        },
        Inward::Unsaid(shown) => {
            let shown = shown_by_front(shown, subject.by_files);
            browser(front, Some(shown), "unsaid")
        }
        Inward::Plain => browser(front, None, "plain"),
        Inward::Raw => browser(front, None, "raw"),
    };
    let mut legs = match arrival {
        Arrival::Ended { balancer, .. } => ended(balancer, &browser, to_front).into(),
        Arrival::Direct | Arrival::Passed { .. } => vec![to_front],
    };
    let speaks = match &path.outward {
        Outward::Tls(_) | Outward::PassedThrough => "tls",
        Outward::Plain => "plain",
        Outward::Raw => "raw",
        Outward::Mesh => "mesh",
        Outward::Unsaid(_) => "unsaid",
    };
    let client = path.outward.client();
    let to_httpd = ExplainedLeg {
        from: front,
        to: HTTPD,
        through: Vec::new(),
        speaks,
        certificate: client.map(|_| shown_by_httpd),
        trusts: client.map(|client| trusted(client, instance)),
        expects: client.and_then(|client| client.expects.clone()),
        client_certificate: client
            .and_then(|client| client.shows.as_ref())
            .map(|place| format!("Secret {place}")),
        proxy,
    };
    legs.push(to_httpd);
    legs
}

/// Returns the legs to and from a load balancer that ends TLS; `onward` is the second as browsers would have it.
fn ended(
    balancer: &LoadBalancer,
    browser: &dyn Fn(&'static str, Option<String>, &'static str) -> ExplainedLeg,
    onward: ExplainedLeg,
) -> [ExplainedLeg; 2] {
    let balancer = balancer.kind.title();
    let is_verified = onward.certificate.is_some();
    let onward = ExplainedLeg {
        from: balancer,
        trusts: is_verified.then(|| "the CA that it was given".to_owned()),
        ..onward
    };
    [browser(balancer, Some("its own".to_owned()), "tls"), onward]
}

/// Names a key of a Secret of the instance.
fn place(instance: &Instance, at: &SecretKeyRef) -> String {
    format!(
        "Secret {}/{}, key {}",
        instance.namespace, at.secret, at.key
    )
}

/// Returns where a part of what the httpd shows is: in its Secret, or in one that nothing names yet.
fn shown_by_httpd(topology: TopologyName, instance: &Instance, at: &SecretKeyRef) -> String {
    let is_public = topology == TopologyName::Passthrough;
    if is_public && instance.extras.public_certificate.is_none() {
        return "a Secret of type kubernetes.io/tls, which nothing names yet".to_owned();
    }
    place(instance, at)
}

fn shown_by_front(shown: &Shown, by_files: bool) -> String {
    match shown {
        Shown::Store if by_files => "that of the store `default`".to_owned(),
        Shown::Store => "that of the TLSStore `default`".to_owned(),
        Shown::Secrets(places) => {
            let places: Vec<String> = places
                .iter()
                .map(|place| format!("Secret {place}"))
                .collect();
            places.join(", ")
        }
        Shown::Unknown => "not known".to_owned(),
    }
}

fn trusted(client: &Client, instance: &Instance) -> String {
    match &client.trusts {
        Trust::Authorities(authorities) => {
            let trusted = instance.trusted();
            let named = authorities.iter().map(|authority| {
                let kind = if authority.is_secret {
                    "Secret"
                } else {
                    "ConfigMap"
                };
                let mut ours = trusted.iter();
                let ours = ours.find(|at| at.secret.as_str() == authority.place.name);
                let key = ours.map_or_else(String::new, |at| {
                    let key = if authority.is_secret {
                        at.key.as_str()
                    } else {
                        "ca.crt"
                    };
                    format!(", key {key}")
                });
                format!("{kind} {}{key}", authority.place)
            });
            named.collect::<Vec<_>>().join("; ")
        }
        Trust::System => "the CAs of its system".to_owned(),
        Trust::Anything => "any certificate".to_owned(),
        Trust::Unknown => "not known".to_owned(),
    }
}

fn keys(
    arrival: &Arrival,
    path: &Path,
    subject: &Subject<'_>,
    front: &'static str,
) -> Vec<HeldKey> {
    let instance = subject.instance;
    let settings = &instance.settings;
    let mut keys = Vec::new();
    if let Inward::Tls(shown) = &path.inward {
        let place = match shown {
            Shown::Store if subject.by_files => "the files of the store `default`".to_owned(),
            Shown::Store => "the Secret of the TLSStore `default`".to_owned(),
            other => shown_by_front(other, subject.by_files),
        };
        keys.push(HeldKey {
            of: "front certificate",
            holder: front,
            place: Some(place),
        });
    }
    if let Arrival::Ended { balancer, .. } = arrival {
        keys.push(HeldKey {
            of: "browser certificate",
            holder: balancer.kind.title(),
            place: None,
        });
    }
    keys.push(HeldKey {
        of: "httpd certificate",
        holder: HTTPD,
        place: Some(shown_by_httpd(
            subject.topology.name(),
            instance,
            &instance.shown().server_key,
        )),
    });
    if subject.topology.name() != TopologyName::Passthrough {
        let (holder, at) = match subject.ca_key {
            CaKeyHolder::Secret => ("no program", Some(place(instance, &settings.ca_key))),
            CaKeyHolder::Nobody => ("nobody: it is discarded after signing", None),
            CaKeyHolder::Owner => ("the owner of the CA", None),
            CaKeyHolder::CertManager => {
                let asked = instance.extras.makers.asked();
                let first = asked.and_then(|cas| cas.names.first());
                let at =
                    first.map(|name| format!("Secret {}/{name}, key tls.key", instance.namespace));
                ("cert-manager", at)
            }
        };
        keys.push(HeldKey {
            of: "CA of httpd",
            holder,
            place: at,
        });
    }
    let is_asked = instance.extras.clients.is_some();
    if let Arrival::Ended { balancer, onward } = arrival
        && is_asked
        && *onward != Onward::Plain
    {
        keys.push(HeldKey {
            of: "client certificate",
            holder: balancer.kind.title(),
            place: None,
        });
    }
    let client = path
        .outward
        .client()
        .and_then(|client| client.shows.as_ref());
    keys.extend(client.map(|place| HeldKey {
        of: "client certificate",
        holder: front,
        place: Some(format!("Secret {place}, key tls.key")),
    }));
    keys
}

fn add(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("writing to a String cannot fail");
}
