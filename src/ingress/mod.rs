//! The ways in: one variant for each program that stands before the instances.
//!
//! A new one is a variant here, a file beside this one, and a folder of templates; the compiler names
//! every `match` that misses it.

pub mod traefik;

use crate::instance::{Credential, Instance};
use crate::manifest::{Field, Identity, Object, SecretData, secret_data};
use crate::name::{DataKey, Namespace, ObjectName};
use crate::pki::{Certificate, Chain, PrivateKey};
use crate::release::Release;
use crate::values::SecretKeyRef;
use std::collections::BTreeMap;

/// The program that stands before the instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// Traefik with its Kubernetes custom resources.
    Traefik(Release),
}

/// The certificates and keys of one instance.
#[derive(Debug)]
pub struct Credentials {
    /// What the httpd serves to the ingress.
    pub server: Chain,
    /// What the database serves to the instance.
    pub database: Chain,
    /// What the ingress shows to an httpd that asks for it.
    pub client: Option<ClientCredentials>,
    /// What the ingress trusts: the instance's CA, and the one before it while its leaf may be in use.
    pub trust_bundle: Vec<Certificate>,
}

/// The ingress's own certificate, and what the httpd must trust to take it.
#[derive(Debug)]
pub struct ClientCredentials {
    /// The client CA with the ingress's pair.
    pub chain: Chain,
    /// The client CA, and the one before it while its leaf may be in use.
    pub trust_bundle: Vec<Certificate>,
}

impl Credentials {
    fn text(&self, credential: Credential) -> Option<SecretData> {
        let certificate = |certificate: &Certificate| Some(SecretData::public(certificate.pem()));
        let key = |key: &PrivateKey| SecretData::private(key.pem());
        match credential {
            Credential::CaCert => certificate(&self.server.ca),
            Credential::CaKey => self.server.ca_key.as_ref().map(key),
            Credential::ServerCert => certificate(&self.server.leaf),
            Credential::ServerKey => Some(key(&self.server.leaf_key)),
            Credential::DbCaCert => certificate(&self.database.ca),
            Credential::DbCaKey => self.database.ca_key.as_ref().map(key),
            Credential::DbServerCert => certificate(&self.database.leaf),
            Credential::DbServerKey => Some(key(&self.database.leaf_key)),
        }
    }
}

/// Gives an instance's objects in the order in which they must be applied.
#[must_use]
pub fn objects(ingress: Ingress, instance: &Instance, credentials: &Credentials) -> Vec<Object> {
    let mut objects = Vec::new();
    if instance.extras.namespace {
        objects.push(namespace(&instance.namespace));
    }
    objects.extend(secrets(instance, credentials));
    objects.push(trust_bundle(instance, &credentials.trust_bundle));
    if let Some(client) = &credentials.client {
        objects.extend(client_secrets(instance, client));
    }
    if instance.extras.config_map {
        objects.push(config_map(instance));
    }
    objects.extend(network_policies(instance));
    match ingress {
        Ingress::Traefik(release) => objects.extend(traefik::routing(release, instance)),
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
        // What Helm asks of an object that it shall adopt (helm v3, pkg/action/validate.go).
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

/// The Secrets that httpd and database mount: one, `selfcert`, unless the values name several.
fn secrets(instance: &Instance, credentials: &Credentials) -> Vec<Object> {
    let mut by_secret: BTreeMap<&ObjectName, BTreeMap<_, SecretData>> = BTreeMap::new();
    for (credential, SecretKeyRef { secret, key }) in instance.settings.placements() {
        if let Some(data) = credentials.text(credential) {
            by_secret
                .entry(secret)
                .or_default()
                .insert(key.clone(), data);
        }
    }
    by_secret
        .into_iter()
        .map(|(name, data)| {
            let mut object = chart_object(instance, "v1", "Secret", name, "secret.yaml");
            object.fields = vec![("type", "Opaque".into()), ("data", secret_data(data))];
            object
        })
        .collect()
}

fn trust_bundle(instance: &Instance, certificates: &[Certificate]) -> Object {
    let SecretKeyRef { secret, key } = &instance.settings.trust_bundle;
    let mut object = chart_object(instance, "v1", "Secret", secret, "secret.yaml");
    let bundle = pem_bundle(certificates);
    object.fields = vec![
        // The chart's type, for the type of a Secret cannot be changed in place.
        ("type", "tls".into()),
        (
            "data",
            secret_data([(key.clone(), SecretData::public(&bundle))]),
        ),
    ];
    object
}

/// Joins certificates. A PEM text that was taken over may lack its last newline; two blocks must not run together.
fn pem_bundle(certificates: &[Certificate]) -> String {
    let texts: Vec<&str> = certificates
        .iter()
        .map(|certificate| certificate.pem().trim_end())
        .collect();
    texts.join(
        "
",
    ) + "
"
}

/// Traefik's own pair, and for the httpd the CA that it must trust (`SSLCACertificateFile`).
fn client_secrets(instance: &Instance, client: &ClientCredentials) -> [Object; 2] {
    let settings = &instance.settings;
    let pair = std::slice::from_ref(&client.chain.leaf);
    let pair = tls_secret(
        &instance.namespace,
        &settings.client_secret,
        pair,
        &client.chain.leaf_key,
        None,
    );
    let data_key = |text| DataKey::parse(text).expect("the keys are valid");
    let mut data = vec![(
        data_key("ca.crt"),
        SecretData::public(&pem_bundle(&client.trust_bundle)),
    )];
    if let Some(key) = &client.chain.ca_key {
        data.push((data_key("ca.key"), SecretData::private(key.pem())));
    }
    let mut ca = own_object(
        instance,
        "v1",
        "Secret",
        &settings.client_ca_secret,
        "secret.yaml",
    );
    ca.fields = vec![("type", "Opaque".into()), ("data", secret_data(data))];
    [pair, ca]
}

/// Gives the `kubernetes.io/tls` Secret of a certificate, its intermediates and its key; with its CA, where
/// clients do not have that already, under `ca.crt`, as cert-manager does.
#[must_use]
pub fn tls_secret(
    namespace: &Namespace,
    name: &ObjectName,
    certificates: &[Certificate],
    key: &PrivateKey,
    authority: Option<&Certificate>,
) -> Object {
    let chain: String = certificates.iter().map(Certificate::pem).collect();
    let data_key =
        |text| DataKey::parse(text).expect("the keys of a kubernetes.io/tls Secret are valid");
    let authority =
        authority.map(|authority| (data_key("ca.crt"), SecretData::public(authority.pem())));
    let pair = [
        (data_key("tls.crt"), SecretData::public(&chain)),
        (data_key("tls.key"), SecretData::private(key.pem())),
    ];
    let data = authority.into_iter().chain(pair);
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
