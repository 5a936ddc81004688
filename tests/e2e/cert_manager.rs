//! cert-manager's controllers in one cluster, with the names that they and the ACME servers look up.

use std::fs;
use std::net::Ipv4Addr;

use crate::cluster::Cluster;
use crate::components::Release;
use crate::dns::Names;
use crate::process::Process;
use crate::stack::Stack;

/// The namespace of cert-manager, where a `ClusterIssuer` has its Secrets.
pub(crate) const NAMESPACE: &str = "cert-manager";

/// What Traefik's chart makes, without which Traefik takes no Ingress that names the class in its spec.
const INGRESS_CLASS: &str = "apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: traefik}
spec: {controller: traefik.io/ingress-controller}
";

/// A running cert-manager.
#[derive(Debug)]
pub(crate) struct CertManager {
    /// Where hosts are.
    pub(crate) names: Names,
    /// Where a zone has to be served for challenges of DNS-01.
    pub(crate) zone: Ipv4Addr,
    _controllers: Process,
}

impl CertManager {
    /// Applies its CRDs to the cluster of a Traefik release and starts it there.
    pub(crate) fn start(stack: &Stack, release: &Release, cluster: &Cluster) -> Self {
        let directory = stack.directory().join(format!("cert-manager-{release}"));
        fs::create_dir(&directory).expect("one cert-manager a cluster");
        cluster.define(&stack.programs.cert_manager.join("crds"));
        cluster.kubectl(&["create", "namespace", NAMESPACE], "");
        cluster.apply(INGRESS_CLASS);
        let names = Names::start(&stack.programs, &directory, stack.address());
        let zone = stack.address();
        let arguments = [
            format!("-kubeconfig={}", cluster.kubeconfig().display()),
            format!("-http01-nameserver={}", names.endpoint()),
            format!("-dns01-nameserver={zone}:53"),
            format!("-solver-address={}", stack.address()),
            "-v=2".to_owned(),
        ];
        let program = stack.programs.cert_manager.join("cert-manager");
        let controllers = Process::start("cert-manager", &directory, &program, &arguments, &[]);
        Self {
            names,
            zone,
            _controllers: controllers,
        }
    }
}

/// Waits until an object of cert-manager is ready for the spec that it has.
pub(crate) fn ready(cluster: &Cluster, object: &[&str]) {
    let wait = ["wait", "--for=condition=Ready", "--timeout=600s"];
    let waited = cluster.try_kubectl(&[&wait[..], object].concat(), "");
    if !waited.status.success() {
        let described = cluster.kubectl(&[&["get", "-o", "yaml"], object].concat(), "");
        panic!("it does not become ready: {described}");
    }
}
