//! A running Istio: istiod, and an Envoy that it configures as a gateway.
//!
//! istiod's injector would start the gateway with Istio's own build of Envoy and an agent that gets certificates and configuration;
//! here the tests write what the agent would, for upstream's Envoy. That lacks two filters of Istio's, which are switched off.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;

use rcgen::{ExtendedKeyUsagePurpose, SanType};

use crate::cluster::Cluster;
use crate::pki::Authority;
use crate::process::Process;
use crate::stack::Case;
use crate::wait;

/// The namespace of the gateway's pods: the one that the program means by default.
pub(crate) const SHARED: &str = "istio-ingress";

/// One Istio.
#[derive(Debug)]
pub(crate) struct Istio {
    address: Ipv4Addr,
    istiod: Process,
    envoy: Process,
}

/// What a mesh is told: nothing between pods, and no file for a log that the tests would read.
const MESH: &str = "defaultProviders: {}\nenablePrometheusMerge: false\nenableAutoMtls: false\n";

/// The rights of the gateway's service account that Istio's chart gives it.
const RIGHTS: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: gateway-of-the-tests, namespace: istio-ingress}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, watch, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gateway-of-the-tests, namespace: istio-ingress}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gateway-of-the-tests}
subjects: [{kind: ServiceAccount, name: gateway, namespace: istio-ingress}]
";

/// Applies the definitions of Istio and the gateway's rights, and makes the two namespaces.
pub(crate) fn define(case: &Case, cluster: &Cluster) {
    cluster.define(&case.stack.programs.istio.join("crds"));
    for namespace in ["istio-system", SHARED] {
        cluster.kubectl(&["create", "namespace", namespace], "");
    }
    cluster.apply(RIGHTS);
}

impl Istio {
    /// Starts istiod and a gateway of the labels that the program selects; `proxy_config` is what the annotation
    /// `proxy.istio.io/config` of its pods says, as JSON.
    pub(crate) fn start(case: &Case, cluster: &Cluster, proxy_config: &str) -> Self {
        let address = case.stack.address();
        let directory = case.directory.join(format!("istio-{address}"));
        fs::create_dir(&directory).expect("one Istio an address");
        let authority = Authority::new("the mesh of the tests");
        let write = |name: &str, text: &str| {
            fs::write(directory.join(name), text).expect("our own directory");
        };
        // istiod reads them again at each change in their directory, and logs are such changes.
        fs::create_dir(directory.join("ca")).expect("our own directory");
        for name in ["ca-cert.pem", "root-cert.pem", "cert-chain.pem"] {
            write(&format!("ca/{name}"), &authority.certificate);
        }
        write("ca/ca-key.pem", &authority.key());
        write("mesh.yaml", MESH);
        let identity = format!("spiffe://cluster.local/ns/{SHARED}/sa/gateway");
        let pair = authority.leaf_with("gateway", &["gateway"], |parameters| {
            let identity = identity.try_into().expect("ASCII");
            parameters.subject_alt_names = vec![SanType::URI(identity)];
            // istiod verifies that of a client as that of a server.
            parameters.extended_key_usages = vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ];
        });
        write("envoy.crt", &pair.certificate);
        write("envoy.key", &pair.key);
        write("envoy.yaml", &bootstrap(address, &directory, proxy_config));

        let mut istiod = istiod(case, cluster, address, &directory);
        wait::until("istiod", || {
            istiod.assert_running();
            let head = plain((address, 8080).into(), "istiod", "/ready")?;
            head.starts_with("HTTP/1.1 200").then_some(()).ok_or(head)
        });
        let arguments = [
            "--config-path".to_owned(),
            directory.join("envoy.yaml").display().to_string(),
            "--disable-hot-restart".to_owned(),
            "--concurrency".to_owned(),
            "1".to_owned(),
            "--log-level".to_owned(),
            "warning".to_owned(),
        ];
        let program = case.stack.programs.envoy.clone();
        let envoy = Process::start("envoy", &directory, &program, &arguments, &[]);
        Self {
            address,
            istiod,
            envoy,
        }
    }

    /// The address of the gateway.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Where it listens for TLS.
    pub(crate) fn websecure(&self) -> SocketAddr {
        (self.address, 443).into()
    }

    /// Waits until it listens at a port.
    pub(crate) fn listens(&mut self, port: u16) {
        wait::until(&format!("a listener at port {port}"), || {
            self.istiod.assert_running();
            self.envoy.assert_running();
            let opened = TcpStream::connect((self.address, port));
            opened.map(|_| ()).map_err(|error| error.to_string())
        });
    }
}

/// Asks without TLS, and returns the whole answer.
///
/// # Errors
/// A connection that fails.
pub(crate) fn plain(to: SocketAddr, host: &str, path: &str) -> Result<String, String> {
    let ask = || {
        let mut socket = TcpStream::connect_timeout(&to, wait::LIMIT)?;
        socket.set_read_timeout(Some(wait::LIMIT))?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    ask().map_err(|error| error.to_string())
}

fn istiod(case: &Case, cluster: &Cluster, address: Ipv4Addr, directory: &Path) -> Process {
    let file = |name: &str| directory.join(name).display().to_string();
    let arguments = [
        "discovery".to_owned(),
        format!("--kubeconfig={}", cluster.kubeconfig().display()),
        format!("--meshConfig={}", file("mesh.yaml")),
        format!("--httpAddr={address}:8080"),
        "--httpsAddr=".to_owned(),
        format!("--grpcAddr={address}:15010"),
        format!("--secureGRPCAddr={address}:15012"),
        format!("--monitoringAddr={address}:15014"),
        "--ctrlz_port=0".to_owned(),
    ];
    let (home, root) = (file("."), file("ca"));
    let environment = [
        ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
        ("PILOT_ENABLE_ALPN_FILTER", "false"),
        ("ROOT_CA_DIR", root.as_str()),
        ("HOME", home.as_str()),
        ("POD_NAME", "istiod"),
        ("POD_NAMESPACE", "istio-system"),
        ("PILOT_CERT_PROVIDER", "istiod"),
        ("CLUSTER_ID", "Kubernetes"),
        ("REVISION", "default"),
        ("INJECTION_WEBHOOK_CONFIG_NAME", ""),
        ("VALIDATION_WEBHOOK_CONFIG_NAME", ""),
        ("ISTIOD_ADDR", "istiod.istio-system.svc:15012"),
    ];
    let program = case.stack.programs.istio.join("pilot-discovery");
    Process::start("istiod", directory, &program, &arguments, &environment)
}

/// What Istio's agent would tell Envoy: who it is, and where its configuration comes from.
fn bootstrap(address: Ipv4Addr, directory: &Path, proxy_config: &str) -> String {
    let files = directory.display();
    format!(
        r#"node:
  id: router~{address}~gateway.{SHARED}~{SHARED}.svc.cluster.local
  cluster: gateway.{SHARED}
  metadata:
    NAMESPACE: {SHARED}
    SERVICE_ACCOUNT: gateway
    LABELS: {{istio: ingressgateway, gateway.networking.k8s.io/gateway-name: web}}
    ISTIO_VERSION: 1.31.0
    CLUSTER_ID: Kubernetes
    PROXY_CONFIG: {proxy_config}
admin: {{address: {{socket_address: {{address: {address}, port_value: 15000}}}}}}
dynamic_resources:
  ads_config: {{api_type: GRPC, transport_api_version: V3, grpc_services: [{{envoy_grpc: {{cluster_name: xds-grpc}}}}]}}
  cds_config: {{ads: {{}}, resource_api_version: V3}}
  lds_config: {{ads: {{}}, resource_api_version: V3}}
static_resources:
  clusters:
    - name: xds-grpc
      type: STATIC
      connect_timeout: 5s
      transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: istiod.istio-system.svc
          common_tls_context:
            alpn_protocols: [h2]
            tls_certificates: [{{certificate_chain: {{filename: '{files}/envoy.crt'}}, private_key: {{filename: '{files}/envoy.key'}}}}]
            validation_context: {{trusted_ca: {{filename: '{files}/ca/root-cert.pem'}}}}
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: {{http2_protocol_options: {{}}}}
      load_assignment:
        cluster_name: xds-grpc
        endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {address}, port_value: 15012}}}}}}}}]}}]
"#
    )
}
