//! Manifests written by hand: the Service that stands for an instance's httpd, and the ingress objects with
//! one fault each that the program cannot be made to print.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::components::Release;
use crate::pki::Pair;

/// The namespace and the Service `civicrmhttpd` of an instance whose httpd listens on `address`.
///
/// No controller fills in endpoints here, so the Service has no selector. Endpoints as well as an
/// `EndpointSlice`: Traefik reads the former up to 3.0 and the latter from 3.1. The port's name is the
/// Service's unnamed port, which Traefik looks for as an empty string.
pub(crate) fn service(namespace: &str, address: Ipv4Addr) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: v1
kind: Service
metadata: {{name: civicrmhttpd, namespace: {namespace}}}
spec: {{ports: [{{port: 443}}]}}
---
apiVersion: v1
kind: Endpoints
metadata: {{name: civicrmhttpd, namespace: {namespace}}}
subsets: [{{addresses: [{{ip: {address}}}], ports: [{{port: 443}}]}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: civicrmhttpd
  namespace: {namespace}
  labels: {{kubernetes.io/service-name: civicrmhttpd}}
addressType: IPv4
endpoints: [{{addresses: [{address}], conditions: {{ready: true, serving: true}}}}]
ports: [{{name: '', port: 443}}]
---
"
    )
}

/// The ingress objects of one instance, right unless a test changes something.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    pub(crate) namespace: String,
    pub(crate) host: String,
    /// The API group of `ServersTransport` and `IngressRoute`.
    pub(crate) group: &'static str,
    /// The data of the Secret `externca`; without any there is no such Secret.
    pub(crate) authorities: Vec<(&'static str, String)>,
    /// How the `ServersTransport` names that Secret.
    pub(crate) roots: String,
    pub(crate) server_name: Option<String>,
    /// Further lines of the `ServersTransport`'s spec.
    pub(crate) transport: &'static str,
}

impl Ingress {
    /// Verifies `host` against `authority` (PEM), as the program's own manifests do.
    pub(crate) fn new(release: &Release, namespace: &str, host: &str, authority: &str) -> Self {
        Self {
            roots: if release.has_root_cas() {
                ROOT_CAS
            } else {
                ROOT_CAS_SECRETS
            }
            .to_owned(),
            namespace: namespace.to_owned(),
            host: host.to_owned(),
            group: "traefik.io",
            authorities: vec![("ca.crt", authority.to_owned())],
            server_name: Some(host.to_owned()),
            transport: "",
        }
    }

    /// The manifests as one stream.
    pub(crate) fn manifests(&self) -> String {
        let Self {
            namespace,
            host,
            group,
            roots,
            transport,
            ..
        } = self;
        let data = self
            .authorities
            .iter()
            .map(|(key, pem)| format!("  {key}: {}\n", STANDARD.encode(pem)))
            .collect::<Vec<_>>()
            .concat();
        let server_name = self
            .server_name
            .as_ref()
            .map(|name| format!("  serverName: {name}\n"))
            .unwrap_or_default();
        let secret = format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: externca, namespace: {namespace}}}
type: tls
data:
{data}---
"
        );
        let secret = if data.is_empty() { "" } else { &secret };
        format!(
            "{secret}apiVersion: {group}/v1alpha1
kind: ServersTransport
metadata: {{name: transport-selfsigned, namespace: {namespace}}}
spec:
{roots}{server_name}{transport}---
apiVersion: {group}/v1alpha1
kind: IngressRoute
metadata: {{name: ingressproxy, namespace: {namespace}}}
spec:
  entryPoints: [websecure]
  routes:
    - kind: Rule
      match: Host(`{host}`)
      services:
        - name: civicrmhttpd
          port: 443
          scheme: https
          serversTransport: transport-selfsigned
  tls: {{}}
---
"
        )
    }
}

/// The trusted authorities as releases before 3.4.1 have them; later ones warn.
pub(crate) const ROOT_CAS_SECRETS: &str = "  rootCAsSecrets: [externca]\n";
/// The same from 3.4.1 on.
pub(crate) const ROOT_CAS: &str = "  rootCAs: [{secret: externca}]\n";

/// A Secret `wildcardsecret` and the `TLSStore` `default` that serves it: as the default certificate, and when
/// `listed` also as one of those chosen by name.
pub(crate) fn tls_store(namespace: &str, pair: &Pair, listed: bool) -> String {
    let certificates = if listed {
        "  certificates: [{secretName: wildcardsecret}]\n"
    } else {
        ""
    };
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: wildcardsecret, namespace: {namespace}}}
type: kubernetes.io/tls
data:
  tls.crt: {}
  tls.key: {}
---
apiVersion: traefik.io/v1alpha1
kind: TLSStore
metadata: {{name: default, namespace: {namespace}}}
spec:
{certificates}  defaultCertificate: {{secretName: wildcardsecret}}
---
",
        STANDARD.encode(&pair.certificate),
        STANDARD.encode(&pair.key)
    )
}
