//! An instance as the program renders it, with what stands around it in a cluster, and what its httpd serves.

use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use civi_ingress::ingress::{Credentials, Ingress, objects};
use civi_ingress::instance::{Credential, Extras, Instance};
use civi_ingress::manifest::{PrivateKeys, SecretData, stream};
use civi_ingress::name::{DnsName, Namespace};
use civi_ingress::path::expand::Topology;
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::pki::{Certificate, PrivateKey, verify};
use civi_ingress::template::Templates;
use civi_ingress::values::Settings;

use super::dice::Dice;
use crate::components::Release;
use crate::pki::{Authority, Pair};

/// What an instance looks like before anything is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `new-instance` and no more.
    Plain,
    /// With every optional object, and by hand what people add: a certificate of the route's own, a TLSOption,
    /// further middlewares.
    Full,
    /// An httpd that asks Traefik for a certificate.
    ClientAuth,
    /// TLS is passed through, behind the PROXY protocol.
    Passthrough,
}

impl Shape {
    /// All of them.
    pub(super) const ALL: [Self; 4] =
        [Self::Plain, Self::Full, Self::ClientAuth, Self::Passthrough];

    /// Draws one; the usual ones more often.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..4 => Self::Plain,
            4..7 => Self::Full,
            7 => Self::ClientAuth,
            _ => Self::Passthrough,
        }
    }
}

/// The authorities and pairs of a run.
pub(super) struct Pki {
    /// What browsers trust.
    pub(super) browser: Authority,
    /// What nobody trusts.
    pub(super) stranger: Authority,
    /// The wildcard certificate, of browsers' authority.
    pub(super) wildcard: Pair,
}

impl Pki {
    pub(super) fn new() -> Self {
        let browser = Authority::new("browser CA");
        Self {
            wildcard: browser.server("*.example.org", &["*.example.org"]),
            stranger: Authority::new("another CA"),
            browser,
        }
    }
}

/// What an instance's httpd serves, and what it asks for.
#[derive(Clone, Debug)]
pub(super) struct Serves {
    /// Nothing where it does not start.
    pub(super) pair: Option<Pair>,
    pub(super) speech: Speech,
    /// The authority whose certificates it asks for (PEM).
    pub(super) asks_for: Option<String>,
    /// Whether it waits for the PROXY protocol.
    pub(super) wants_proxy: bool,
    pub(super) page: String,
    /// Further lines of its virtual host.
    pub(super) directives: String,
    /// Whether a mutator changed it in a way that no manifest shows.
    pub(super) is_hidden: bool,
}

/// What an httpd speaks on its one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Tls,
    Plain,
}

/// An instance, its objects and its httpd, as mutators find and leave it.
#[derive(Clone)]
pub(super) struct World<'a> {
    pub(super) namespace: String,
    pub(super) host: String,
    /// Where its httpd listens.
    pub(super) address: Ipv4Addr,
    pub(super) release: &'a Release,
    pub(super) pki: &'a Pki,
    /// The authority of the instance, which signs whatever a mutator likes.
    pub(super) own: Arc<Authority>,
    /// The authority whose certificates its httpd asks for, where it does.
    pub(super) clients: Option<Arc<Authority>>,
    pub(super) objects: Vec<Value>,
    /// What its own Traefik is told beyond what all are; only those that are wide have one.
    pub(super) flags: Vec<String>,
    pub(super) serves: Serves,
}

impl<'a> World<'a> {
    /// Renders an undamaged instance.
    pub(super) fn new(namespace: &str, shape: Shape, release: &'a Release, pki: &'a Pki) -> Self {
        let host = format!("{namespace}.example.org");
        let own = Arc::new(Authority::new(&format!("CA of {namespace}")));
        let is_through = shape == Shape::Passthrough;
        let signer = if is_through { &pki.browser } else { &own };
        let pair = signer.server(&host, &[&host]);
        let clients = (shape == Shape::ClientAuth).then(|| Authority::new("client CA"));
        let mut world = Self {
            namespace: namespace.to_owned(),
            address: Ipv4Addr::UNSPECIFIED,
            release,
            pki,
            objects: Vec::new(),
            flags: Vec::new(),
            serves: Serves {
                pair: Some(pair.clone()),
                speech: Speech::Tls,
                asks_for: clients.as_ref().map(|ca| ca.certificate.clone()),
                wants_proxy: is_through,
                page: host.clone(),
                directives: String::new(),
                is_hidden: false,
            },
            own,
            host,
            clients: None,
        };
        world.objects = world.rendered(shape, &pair, clients.as_ref());
        world.clients = clients.map(Arc::new);
        world.objects.extend(world.around(shape));
        if shape == Shape::Full {
            world.fill();
        }
        world
    }

    /// What the program prints for it.
    fn rendered(&self, shape: Shape, pair: &Pair, clients: Option<&Authority>) -> Vec<Value> {
        let mut settings = Settings::default();
        let mut extras = Extras::default();
        let mut topology = Topology::Direct;
        match shape {
            Shape::Plain => {}
            Shape::Full => {
                settings.transport.max_idle_conns_per_host = 2;
                extras.config_map = true;
                extras.retry_attempts = Some(3);
                extras.hsts_seconds = Some(60);
            }
            Shape::ClientAuth => extras.client_auth = true,
            Shape::Passthrough => {
                let proxy = Some(ProxyVersion::V2);
                topology = Topology::Passthrough { proxy };
            }
        }
        let host = DnsName::parse(&self.host).expect("a name of ours");
        let namespace = Namespace::parse(&self.namespace).expect("a name of ours");
        let instance = Instance::new(namespace, Some(host), Vec::new(), settings, extras)
            .expect("a good instance");
        let signer = if shape == Shape::Passthrough {
            &self.pki.browser
        } else {
            &self.own
        };
        let mut credentials = Credentials::default();
        let mut add = |credential, text: &str| {
            let data = SecretData::carried_key(STANDARD.encode(text));
            credentials.add(credential, data);
        };
        add(Credential::CaCert, &signer.certificate);
        if shape != Shape::Passthrough {
            add(Credential::CaKey, &self.own.key());
        }
        add(Credential::TrustBundle, &signer.certificate);
        add(Credential::ServerCert, &pair.certificate);
        add(Credential::ServerKey, &pair.key);
        if let Some(clients) = clients {
            let shown = clients.client("traefik");
            add(Credential::ClientTrustBundle, &clients.certificate);
            add(Credential::ClientCert, &shown.certificate);
            add(Credential::ClientKey, &shown.key);
        }
        let release = self.release.profile().parse().expect("a release");
        let ingress = Ingress::Traefik(release);
        let objects = objects(&ingress, topology, &instance, &credentials);
        let manifests = Templates::default()
            .render(&objects, PrivateKeys::Written)
            .expect("the built-in templates work");
        let text: String = stream(&manifests).collect();
        parsed(&text)
    }

    /// The Service, the pods behind it and the configuration of their httpd.
    fn around(&self, shape: Shape) -> Vec<Value> {
        let namespace = &self.namespace;
        let mut directives = "  SSLEngine on\n".to_owned();
        if self.serves.wants_proxy {
            directives.push_str("  RemoteIPProxyProtocol On\n");
        }
        if shape == Shape::ClientAuth {
            directives.push_str(
                "  SSLVerifyClient require\n  SSLCACertificateFile /run/clients/ca.crt\n",
            );
        }
        let site = format!("<VirtualHost *:443>\n{directives}</VirtualHost>\n");
        vec![
            json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "civicrmhttpd", "namespace": namespace},
                "spec": {"selector": {"app": POD}, "ports": [{"port": 443}]},
            }),
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "httpd-site", "namespace": namespace},
                "data": {"site.conf": site},
            }),
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": POD, "namespace": namespace},
                "spec": {
                    "selector": {"matchLabels": {"app": POD}},
                    "template": {
                        "metadata": {"labels": {"app": POD}},
                        "spec": {
                            "containers": [{
                                "name": "httpd", "image": "httpd:2.4",
                                "ports": [{"name": "web-tls", "containerPort": 443}],
                                "volumeMounts": [
                                    {"name": "keys", "mountPath": "/var/run/secrets/KEYS"},
                                    {"name": "site", "mountPath": "/usr/local/apache2/conf/extra"},
                                ],
                            }],
                            "volumes": [
                                {"name": "keys", "secret": {"secretName": "selfcert"}},
                                {"name": "site", "configMap": {"name": "httpd-site"}},
                            ],
                        },
                    },
                },
            }),
        ]
    }

    /// Adds what people add by hand.
    fn fill(&mut self) {
        let namespace = self.namespace.clone();
        let certificate = self.pki.browser.server(&self.host, &[&self.host]);
        let middleware = |name: &str, spec: Value| {
            json!({
                "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
                "metadata": {"name": name, "namespace": namespace}, "spec": spec,
            })
        };
        let added = [
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "own-certificate", "namespace": namespace},
                "type": "kubernetes.io/tls",
                "data": {
                    "tls.crt": STANDARD.encode(&certificate.certificate),
                    "tls.key": STANDARD.encode(&certificate.key),
                },
            }),
            json!({
                "apiVersion": "traefik.io/v1alpha1", "kind": "TLSOption",
                "metadata": {"name": "modern", "namespace": namespace},
                "spec": {"minVersion": "VersionTLS12", "sniStrict": true},
            }),
            middleware(
                "allow",
                json!({"ipAllowList": {"sourceRange": ["10.213.0.0/16"]}}),
            ),
            middleware(
                "headers",
                json!({"headers": {"customRequestHeaders": {"X-From": "truth"}}}),
            ),
            middleware(
                "all",
                json!({"chain": {"middlewares": [{"name": "allow"}, {"name": "headers"}]}}),
            ),
        ];
        self.objects.extend(added);
        let route = self.object("IngressRoute").expect("it was rendered");
        route["spec"]["tls"] =
            json!({"secretName": "own-certificate", "options": {"name": "modern"}});
        let used = route["spec"]["routes"][0]["middlewares"].as_array_mut();
        used.expect("those that were rendered")
            .push(json!({"name": "all"}));
    }

    /// Adds a wildcard certificate and a TLSStore of its own, for a Traefik that sees this namespace only.
    pub(super) fn add_store(&mut self) {
        let namespace = self.namespace.clone();
        self.objects.extend(store(&namespace, &self.pki.wildcard));
    }

    /// The first object of a kind.
    pub(super) fn object(&mut self, kind: &str) -> Option<&mut Value> {
        self.objects
            .iter_mut()
            .find(|object| object["kind"] == kind)
    }

    /// Whether there is an object of a kind.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.objects.iter().any(|object| object["kind"] == kind)
    }

    /// Whether several services take a share each of the requests.
    pub(super) fn has_shares(&self) -> bool {
        let are_several = |services: &Value| services.as_array().is_some_and(|all| all.len() > 1);
        self.objects.iter().any(|object| {
            let spec = &object["spec"];
            let routes = spec["routes"].as_array().into_iter().flatten();
            are_several(&spec["weighted"]["services"])
                || routes
                    .into_iter()
                    .any(|route| are_several(&route["services"]))
        })
    }

    /// The object of a kind and name; `Kind/name`, or `Kind` for the first one.
    pub(super) fn named(&mut self, which: &str) -> Option<&mut Value> {
        let Some((kind, name)) = which.split_once('/') else {
            return self.object(which);
        };
        self.objects
            .iter_mut()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
    }

    /// The objects as manifests.
    pub(super) fn text(&self) -> String {
        text(&self.objects)
    }

    /// The pair that the httpd mounts, if it is one.
    pub(super) fn mounted(&mut self) -> Option<Pair> {
        let secret = self.named("Secret/selfcert")?;
        let read = |field: &str, key: &str| {
            let value = secret[field][key].as_str()?;
            if field == "stringData" {
                return Some(value.to_owned());
            }
            String::from_utf8(STANDARD.decode(value).ok()?).ok()
        };
        let read = |key: &str| read("stringData", key).or_else(|| read("data", key));
        let pair = Pair {
            certificate: read("externcert")?,
            key: read("externkey")?,
        };
        let certificates = Certificate::all_from_pem(&pair.certificate).ok()?;
        let key = PrivateKey::from_pem(&pair.key).ok()?;
        verify::belongs(certificates.first()?, &key).ok()?;
        Some(pair)
    }

    /// What the controllers of Kubernetes make of a Service whose pods are all where the httpd listens: one object for each
    /// Service, in both forms that Traefik may read; and of Endpoints that someone wrote an EndpointSlice.
    pub(super) fn endpoints(&self) -> Vec<Value> {
        let services = self
            .objects
            .iter()
            .filter(|object| object["kind"] == "Service");
        let made = services
            .filter(|service| {
                let spec = &service["spec"];
                spec["selector"]
                    .as_object()
                    .is_some_and(|map| !map.is_empty())
                    && spec["type"] != "ExternalName"
            })
            .flat_map(|service| self.endpoints_of(service));
        let written = self
            .objects
            .iter()
            .filter(|object| object["kind"] == "Endpoints");
        made.chain(written.flat_map(mirrored)).collect()
    }

    /// Whether pods of a Deployment come to run: some are to be there, and what they mount is.
    fn starts(&self, deployment: &Value) -> bool {
        let namespace = &deployment["metadata"]["namespace"];
        let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array();
        let mut volumes = volumes.into_iter().flatten();
        let is_there = |volume: &Value| {
            let (kind, name) = match &volume["secret"] {
                Value::Null => ("ConfigMap", &volume["configMap"]["name"]),
                secret => ("Secret", &secret["secretName"]),
            };
            self.objects.iter().any(|object| {
                let metadata = &object["metadata"];
                object["kind"] == kind
                    && metadata["name"] == *name
                    && metadata["namespace"] == *namespace
            })
        };
        deployment["spec"]["replicas"] != 0 && volumes.all(is_there)
    }

    fn endpoints_of(&self, service: &Value) -> Vec<Value> {
        let metadata = &service["metadata"];
        let (name, namespace) = (&metadata["name"], &metadata["namespace"]);
        let pod = self.objects.iter().find(|object| {
            object["kind"] == "Deployment" && object["metadata"]["namespace"] == *namespace
        });
        let template = pod.map_or(&Value::Null, |pod| &pod["spec"]["template"]);
        let labels = &template["metadata"]["labels"];
        let selector = service["spec"]["selector"].as_object();
        let is_started = pod.is_some_and(|pod| self.starts(pod));
        let is_selected = self.serves.pair.is_some()
            && is_started
            && selector
                .into_iter()
                .flatten()
                .all(|(key, value)| labels[key] == *value);
        let container = &template["spec"]["containers"][0]["ports"];
        let ports = service["spec"]["ports"].as_array();
        let ports: Vec<Value> = ports
            .into_iter()
            .flatten()
            .filter_map(|port| {
                let target = match &port["targetPort"] {
                    Value::Null => port["port"].clone(),
                    number if *number == json!(0) => port["port"].clone(),
                    Value::String(name) => container
                        .as_array()?
                        .iter()
                        .find(|port| port["name"] == *name)?["containerPort"]
                        .clone(),
                    number => number.clone(),
                };
                let protocol = port["protocol"]
                    .as_str()
                    .filter(|protocol| !protocol.is_empty());
                let protocol = protocol.unwrap_or("TCP");
                let name = port["name"].as_str().unwrap_or_default();
                Some(json!({"name": name, "port": target, "protocol": protocol}))
            })
            .collect();
        let (slices, subsets) = if is_selected {
            (
                json!([{"addresses": [self.address], "conditions": {"ready": true, "serving": true}}]),
                json!([{"addresses": [{"ip": self.address}], "ports": ports}]),
            )
        } else {
            (json!([]), json!([]))
        };
        vec![
            json!({
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": {"name": name, "namespace": namespace},
                "subsets": subsets,
            }),
            json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {
                    "name": name, "namespace": namespace,
                    "labels": {"kubernetes.io/service-name": name},
                },
                "addressType": "IPv4", "endpoints": slices, "ports": ports,
            }),
        ]
    }
}

/// What the controller that mirrors Endpoints makes of those that someone wrote: an EndpointSlice for each subset.
fn mirrored(endpoints: &Value) -> Vec<Value> {
    let metadata = &endpoints["metadata"];
    let subsets = endpoints["subsets"].as_array().into_iter().flatten();
    let slice = |(number, subset): (usize, &Value)| {
        let ready = [("addresses", true), ("notReadyAddresses", false)];
        let addresses = ready.into_iter().flat_map(|(key, is_ready)| {
            let all = subset[key].as_array().into_iter().flatten();
            all.map(move |address| {
                json!({"addresses": [address["ip"]], "conditions": {"ready": is_ready}})
            })
        });
        let ports = subset["ports"].as_array().into_iter().flatten();
        let ports = ports.map(|port| {
            let name = port["name"].as_str().unwrap_or_default();
            json!({"name": name, "port": port["port"], "protocol": "TCP"})
        });
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": format!("mirrored-{number}"), "namespace": metadata["namespace"],
                "labels": {"kubernetes.io/service-name": metadata["name"]},
            },
            "addressType": "IPv4",
            "endpoints": addresses.collect::<Vec<_>>(),
            "ports": ports.collect::<Vec<_>>(),
        })
    };
    subsets.enumerate().map(slice).collect()
}

/// The name and label of the httpd's pods, as the Civiparoisse chart has it.
pub(super) const POD: &str = "paroisse-httpd-impl";

/// A Secret with a pair for browsers and the TLSStore that names it, as `wildcard-secret --tls-store` prints them.
pub(super) fn store(namespace: &str, pair: &Pair) -> Vec<Value> {
    parsed(&crate::handwritten::tls_store(namespace, pair, true))
}

/// The documents of a stream.
fn parsed(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| {
            let value = <Value as serde::Deserialize>::deserialize(document);
            value.expect("our own output is YAML")
        })
        .filter(|value| !value.is_null())
        .collect()
}

/// Objects as manifests: in JSON, which no two readers of YAML take for different things.
pub(super) fn text(objects: &[Value]) -> String {
    let document = |object| {
        let text = serde_json::to_string_pretty(object).expect("every value is JSON");
        format!("{text}\n")
    };
    let documents: Vec<String> = objects.iter().map(document).collect();
    documents.join("---\n")
}
