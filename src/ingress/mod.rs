//! The ways in: one variant for each program that is before the instances.
//!
//! A new one is a variant here, a file beside this one, and a folder of templates; the compiler names
//! every `match` that misses it.

pub mod traefik;

use crate::instance::{Credential, Instance};
use crate::manifest::{Field, Identity, Object, SecretData, secret_data};
use crate::name::{DataKey, Namespace, ObjectName};
use crate::path::expand::{Topology, expand};
use crate::pki::{Certificate, Chain, PrivateKey};
use crate::release::Release;
use crate::values::SecretKeyRef;
use std::collections::BTreeMap;
use std::fmt;

/// The program that is before the instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// Traefik with its Kubernetes custom resources.
    Traefik(Release),
}

/// The certificates and keys of one instance or of the cluster, as Secrets hold them.
///
/// Some may be ciphertext that was carried over: only their owner can say that they belong together.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<Credential, SecretData>);

/// A chain in one of the parts that an instance has for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What the httpd serves to the ingress.
    Httpd,
    /// What the database serves to the instance.
    Database,
    /// What the ingress shows to an httpd that asks for it.
    Client,
    /// What the ingress serves to browsers.
    Public,
}

/// The credentials of a chain, by what they are in it.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// The CA's certificate, or a bundle that begins with it.
    pub ca: Credential,
    /// The CA's key.
    pub ca_key: Credential,
    /// The leaf's certificate.
    pub leaf: Credential,
    /// The leaf's key.
    pub leaf_key: Credential,
}

impl Role {
    /// Returns the credentials that the chain of this role is made of.
    #[must_use]
    pub fn parts(self) -> Parts {
        match self {
            Self::Httpd => Parts {
                ca: Credential::CaCert,
                ca_key: Credential::CaKey,
                leaf: Credential::ServerCert,
                leaf_key: Credential::ServerKey,
            },
            Self::Database => Parts {
                ca: Credential::DbCaCert,
                ca_key: Credential::DbCaKey,
                leaf: Credential::DbServerCert,
                leaf_key: Credential::DbServerKey,
            },
            Self::Client => Parts {
                ca: Credential::ClientTrustBundle,
                ca_key: Credential::ClientCaKey,
                leaf: Credential::ClientCert,
                leaf_key: Credential::ClientKey,
            },
            Self::Public => Parts {
                ca: Credential::PublicCa,
                ca_key: Credential::PublicCaKey,
                leaf: Credential::PublicCert,
                leaf_key: Credential::PublicKey,
            },
        }
    }

    /// Returns the credential by which this chain is trusted: the present CA, and those before and after it while that
    /// matters. Nothing for what browsers trust, which people import.
    #[must_use]
    pub fn trust_bundle(self) -> Option<Credential> {
        match self {
            Self::Httpd => Some(Credential::TrustBundle),
            Self::Database => Some(Credential::DbCaCert),
            Self::Client => Some(Credential::ClientTrustBundle),
            Self::Public => None,
        }
    }
}

/// Returns the one command that makes the programs of an instance take what is new: of the chains in `served` the
/// leaf, of those in `trusted` the bundle only. Traefik needs none; a mounted `subPath` does not change in a pod
/// that runs.
#[must_use]
pub fn restart(namespace: &str, served: &[Role], trusted: &[Role]) -> Option<String> {
    let leaf_of = |role| served.contains(&role);
    let bundle_of = |role| leaf_of(role) || trusted.contains(&role);
    let sets = [
        ("paroisse-set-db", leaf_of(Role::Database)),
        (
            "paroisse-set-httpd",
            leaf_of(Role::Httpd) || bundle_of(Role::Client) || bundle_of(Role::Database),
        ),
        ("paroisse-set-tools", bundle_of(Role::Database)),
    ];
    let sets: Vec<String> = sets
        .iter()
        .filter(|(_, is_wanted)| *is_wanted)
        .map(|(set, _)| format!("statefulset/{set}"))
        .collect();
    let command = || format!("kubectl -n {namespace} rollout restart {}", sets.join(" "));
    (!sets.is_empty()).then(command)
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Httpd => "httpd",
            Self::Database => "database",
            Self::Client => "Traefik to httpd",
            Self::Public => "wildcard",
        })
    }
}

impl Credentials {
    /// Puts in the four texts of a chain.
    pub fn add_chain(&mut self, role: Role, chain: &Chain) {
        let parts = role.parts();
        let authorities = std::iter::once(&chain.ca).chain(&chain.above).collect();
        self.add(parts.ca, SecretData::certificates(&authorities));
        if let Some(key) = &chain.ca_key {
            self.add(parts.ca_key, SecretData::private(key.pem()));
        }
        let served = chain.served().collect();
        self.add(parts.leaf, SecretData::certificates(&served));
        self.add(parts.leaf_key, SecretData::private(chain.leaf_key.pem()));
    }

    /// Puts in a bundle of certificates, in place of what was there.
    pub fn add_bundle(&mut self, credential: Credential, certificates: &[Certificate]) {
        let text = certificates.iter().collect();
        self.add(credential, SecretData::certificates(&text));
    }

    /// Puts in one text, in place of what was there.
    pub fn add(&mut self, credential: Credential, data: SecretData) {
        self.0.insert(credential, data);
    }

    /// Returns one text.
    #[must_use]
    pub fn get(&self, credential: Credential) -> Option<&SecretData> {
        self.0.get(&credential)
    }
}

/// Returns an instance's objects in the order in which they must be applied.
#[must_use]
pub fn objects(
    ingress: Ingress,
    topology: Topology,
    instance: &Instance,
    credentials: &Credentials,
) -> Vec<Object> {
    let mut objects = Vec::new();
    // `default` is there in every cluster, and nobody's to bring or to take away.
    if instance.extras.namespace && instance.namespace.as_str() != "default" {
        objects.push(namespace(&instance.namespace));
    }
    objects.extend(secrets(instance, credentials));
    if instance.extras.config_map {
        objects.push(config_map(instance));
    }
    objects.extend(network_policies(instance));
    let path = expand(topology, instance);
    match ingress {
        Ingress::Traefik(release) => objects.extend(traefik::routing(release, instance, &path)),
    }
    objects
}

fn namespace(namespace: &Namespace) -> Object {
    let name = ObjectName::parse(namespace.as_str()).expect("every namespace is an object name");
    let identity = Identity {
        api_version: "v1",
        kind: "Namespace",
        namespace: None,
        name,
    };
    Object::new(identity, "namespace.yaml")
}

/// Makes an object of the instance that the chart makes too, so that Helm can adopt it.
fn chart_object(
    instance: &Instance,
    api_version: &'static str,
    kind: &'static str,
    name: &ObjectName,
    template: &'static str,
) -> Object {
    let mut object = own_object(instance, api_version, kind, name, template);
    if let Some(release) = &instance.extras.helm_release {
        // What Helm requires of an object that it is to adopt (helm v3, pkg/action/validate.go).
        object
            .labels
            .push(("app.kubernetes.io/managed-by".to_owned(), "Helm".to_owned()));
        object.annotations = vec![
            ("meta.helm.sh/release-name".to_owned(), release.to_string()),
            (
                "meta.helm.sh/release-namespace".to_owned(),
                instance.namespace.to_string(),
            ),
        ];
    }
    object
}

/// Makes an object of the instance that the chart does not know.
fn own_object(
    instance: &Instance,
    api_version: &'static str,
    kind: &'static str,
    name: &ObjectName,
    template: &'static str,
) -> Object {
    let identity = Identity {
        api_version,
        kind,
        namespace: Some(instance.namespace.clone()),
        name: name.clone(),
    };
    Object::new(identity, template)
}

/// The Secrets of an instance: those that httpd and database mount (one, `selfcert`, unless the values name
/// several), then the trust bundle, then those of a client certificate.
fn secrets(instance: &Instance, credentials: &Credentials) -> Vec<Object> {
    let mut by_secret: Vec<(ObjectName, BTreeMap<DataKey, SecretData>)> = Vec::new();
    for (credential, SecretKeyRef { secret, key }) in instance.placements() {
        let Some(data) = credentials.get(credential) else {
            continue;
        };
        match by_secret.iter_mut().find(|(name, _)| *name == secret) {
            Some((_, entries)) => {
                entries.insert(key, data.clone());
            }
            None => by_secret.push((secret, BTreeMap::from([(key, data.clone())]))),
        }
    }
    let settings = &instance.settings;
    let rank = |name: &ObjectName| match name {
        name if *name == settings.trust_bundle.secret => 1,
        name if *name == settings.client_secret => 2,
        name if *name == settings.client_ca_secret => 3,
        _ => 0,
    };
    by_secret.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    by_secret
        .into_iter()
        .map(|(name, data)| {
            let (is_chart, secret_type) = match rank(&name) {
                0 => (true, "Opaque"),
                // The chart's type, for the type of a Secret cannot be changed in place.
                1 => (true, "tls"),
                2 => (false, "kubernetes.io/tls"),
                _ => (false, "Opaque"),
            };
            let make = if is_chart { chart_object } else { own_object };
            let mut object = make(instance, "v1", "Secret", &name, "secret.yaml");
            object.fields = vec![("type", secret_type.into()), ("data", secret_data(data))];
            object
        })
        .collect()
}

/// Returns the `kubernetes.io/tls` Secret of a certificate, its intermediates and its key; with its CA, where
/// clients do not have that already, under `ca.crt`, as cert-manager does, and the CA's key, if it is kept there,
/// under `ca.key`.
#[must_use]
pub fn tls_secret(
    namespace: &Namespace,
    name: &ObjectName,
    certificates: &[Certificate],
    key: &PrivateKey,
    authority: Option<(&Certificate, Option<&PrivateKey>)>,
) -> Object {
    let chain = certificates.iter().collect();
    let data_key =
        |text| DataKey::parse(text).expect("the keys of a kubernetes.io/tls Secret are valid");
    let (authority, authority_key) = authority.unzip();
    let authority = authority.map(|authority| {
        let data = SecretData::certificates(&authority.into());
        (data_key("ca.crt"), data)
    });
    let authority_key = authority_key.flatten().map(|key| {
        let data = SecretData::private(key.pem());
        (data_key("ca.key"), data)
    });
    let pair = [
        (data_key("tls.crt"), SecretData::certificates(&chain)),
        (data_key("tls.key"), SecretData::private(key.pem())),
    ];
    let data = authority.into_iter().chain(authority_key).chain(pair);
    let identity = Identity {
        api_version: "v1",
        kind: "Secret",
        namespace: Some(namespace.clone()),
        name: name.clone(),
    };
    let mut object = Object::new(identity, "secret.yaml");
    object.fields = vec![
        ("type", "kubernetes.io/tls".into()),
        ("data", secret_data(data)),
    ];
    object
}

fn config_map(instance: &Instance) -> Object {
    let settings = &instance.settings;
    let httpd = &settings.httpd;
    let server_name = settings
        .server_name
        .as_ref()
        .unwrap_or_else(|| instance.host());
    let data = [
        ("SERVERNAME", server_name.to_string()),
        ("SERVER_CERT", httpd.server_cert.clone()),
        ("SERVER_KEY", httpd.server_key.clone()),
        (
            "MAX_CONNECTIONS_PER_CHILD",
            httpd.max_connections_per_child.to_string(),
        ),
        ("MAX_REQUEST_WORKERS", httpd.max_request_workers.to_string()),
        ("SERVER_LIMIT", httpd.server_limit.to_string()),
        ("START_SERVERS", httpd.start_servers.to_string()),
        ("MIN_SPARE_SERVERS", httpd.min_spare_servers.to_string()),
        ("MAX_SPARE_SERVERS", httpd.max_spare_servers.to_string()),
        ("LISTEN_BACKLOG", httpd.listen_backlog.to_string()),
    ];
    let mut object = chart_object(
        instance,
        "v1",
        "ConfigMap",
        &settings.names.config_map,
        "config-httpd.yaml",
    );
    let data = data
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()));
    object.fields = vec![("data", Field::Map(data.collect()))];
    object
}

/// Label value of the httpd's pods in the chart (`templates/stateful_set_httpd.yaml`).
const HTTPD_APP: &str = "paroisse-httpd-impl";
/// Port of those pods: a NetworkPolicy sees pods, not Services (`templates/service_httpd.yaml`, targetPort).
const HTTPD_PORT: i64 = 443;

fn network_policies(instance: &Instance) -> Vec<Object> {
    use crate::instance::TraefikSource;
    let policy = |name: &str, fields: Vec<(&'static str, Field)>| {
        let name = ObjectName::parse(name).expect("the policies' names are valid");
        let mut object = own_object(
            instance,
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &name,
            "networkpolicy.yaml",
        );
        // Strict templates want every name they test to exist.
        object.fields = ["only_app", "except_app", "from_namespace"]
            .map(|name| (name, Field::Nothing))
            .to_vec();
        object.fields.push(("from_cidrs", Field::List(Vec::new())));
        object
            .fields
            .push(("from_same_namespace", Field::Bool(false)));
        object.fields.extend(fields);
        object
    };
    let mut policies = Vec::new();
    if instance.extras.default_deny {
        policies.push(policy("default-deny", Vec::new()));
        policies.push(policy(
            "same-namespace",
            vec![
                ("except_app", HTTPD_APP.into()),
                ("from_same_namespace", Field::Bool(true)),
            ],
        ));
    }
    if let Some(source) = &instance.extras.http_from {
        let mut fields = vec![
            ("only_app", HTTPD_APP.into()),
            ("port", Field::Number(HTTPD_PORT)),
        ];
        match source {
            TraefikSource::Pods { namespace, labels } => {
                let labels = labels
                    .iter()
                    .map(|label| (label.key.clone(), label.value.as_str().into()));
                fields.push(("from_namespace", namespace.as_str().into()));
                fields.push(("from_pods", Field::Map(labels.collect())));
            }
            TraefikSource::Nodes(cidrs) => {
                fields.push((
                    "from_cidrs",
                    cidrs.iter().map(ToString::to_string).collect(),
                ));
            }
        }
        policies.push(policy("httpd-from-traefik", fields));
    }
    policies
}
