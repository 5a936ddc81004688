//! The options of `new-instance`.

use crate::shell::arrival::WayArguments;
use crate::shell::ca_custody::CaCustodyArgument;
use crate::shell::cluster::ClusterArguments;
use crate::shell::destination::OutputDestination;
use crate::shell::examples::examples;
use crate::shell::existing_ca::ExistingCa;
use crate::shell::gateway::IngressArguments;
use crate::shell::issuing::Issuing;
use crate::shell::traefik_file::FileArguments;
use crate::shell::traefik_release::TraefikRelease;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The manifests go to stdout, ready for `kubectl apply -f -`. Keys of values files: docs/values.md.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make the certificates and manifests of an instance, and apply them
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --create-namespace | kubectl apply -f -

  Run again with the keys of the cluster, which are renewed when they are due
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --cluster | kubectl apply -f -

  Let Traefik pass TLS on to httpd, which shows a certificate of cert-manager
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --topology passthrough --public-certificate web-tls

  Lead requests to it by objects of the Gateway API
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --ingress gateway-api

  Lead requests to it by a file, for a Traefik outside of a cluster
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --ingress traefik-file --routes-out paroisse-a.yaml |
      civi-ingress secret-files - --output-dir traefik/secrets

  Read the values of the Civiparoisse chart and write one file an object
    civi-ingress new-instance paroisse-a -f values.yaml \\
      --output-dir paroisse-a"))]
pub(in crate::shell) struct NewInstance {
    /// Name of the instance, and of its namespace unless --namespace is given
    pub(super) name: String,
    /// Host that browsers ask for [default: `externalhost` of the values]
    #[arg(long)]
    pub(super) host: Option<String>,
    /// Additional host of the instance, in the certificate and the route [repeatable]
    #[arg(long, value_name = "HOST")]
    pub(super) alias: Vec<String>,
    /// Namespace of the objects
    #[arg(short, long)]
    pub(super) namespace: Option<String>,
    /// Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) values: Vec<PathBuf>,
    /// Set a value, as Helm's --set does [repeatable]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Set a value that stays a string [repeatable]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set_string: Vec<String>,
    /// Keep the keys and certificates of these manifests (file, directory, - for stdin) as long as they are good
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "cluster")]
    pub(super) reuse: Option<PathBuf>,
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    #[command(flatten)]
    pub(super) destination: OutputDestination,
    #[command(flatten)]
    pub(super) release: TraefikRelease,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// What becomes of the CA keys [default: stored; for an existing CA: dropped; with --reuse: as it was]
    #[arg(long, value_name = "HOW", help_heading = "Certificates")]
    pub(super) ca_custody: Option<CaCustodyArgument>,
    /// Write the key of the new instance CA to this file
    #[arg(long, value_name = "FILE", help_heading = "Certificates", conflicts_with = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) way: WayArguments,
    #[command(flatten)]
    pub(super) ingress: IngressArguments,
    #[command(flatten)]
    pub(super) files: FileArguments,
    /// Mark the chart's objects so that this Helm release adopts them
    #[arg(long, value_name = "RELEASE", help_heading = "Further objects")]
    pub(super) helm_release: Option<String>,
    /// Render the Namespace too
    #[arg(long, help_heading = "Further objects")]
    pub(super) create_namespace: bool,
    /// Render the httpd's ConfigMap too
    #[arg(long, help_heading = "Further objects")]
    pub(super) config_map: bool,
    /// Retry failed connections to the httpd, up to this many attempts in all
    #[arg(long, value_name = "ATTEMPTS", num_args = 0..=1, default_missing_value = "5", require_equals = true, help_heading = "Further objects")]
    pub(super) retry: Option<String>,
    /// Send Strict-Transport-Security with this max-age
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "31536000", require_equals = true, help_heading = "Further objects")]
    pub(super) hsts: Option<String>,
    /// Make a client CA and Traefik's own certificate, for an httpd that asks for one
    #[arg(long, help_heading = "Further objects")]
    pub(super) client_auth: bool,
    /// Have httpd take browsers' addresses from the X-Forwarded-For of Traefik, whose connections come from here [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        value_delimiter = ',',
        help_heading = "Further objects"
    )]
    pub(super) remote_ip: Vec<String>,
    /// Let only Traefik reach the httpd (NetworkPolicy)
    #[arg(long, help_heading = "Further objects")]
    pub(super) network_policy: bool,
    /// Close the namespace to other namespaces, except for what --network-policy opens
    #[arg(long, requires = "network_policy", help_heading = "Further objects")]
    pub(super) default_deny: bool,
    /// Let the pods reach only each other, DNS, and what the options below name (NetworkPolicy)
    #[arg(long, help_heading = "Further objects")]
    pub(super) egress: bool,
    /// Mail servers that the pods may reach [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        requires = "egress",
        help_heading = "Further objects"
    )]
    pub(super) egress_mail: Vec<String>,
    /// Servers that the pods may reach at port 443 [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        requires = "egress",
        help_heading = "Further objects"
    )]
    pub(super) egress_https: Vec<String>,
    /// DNS servers that the pods may reach beside those in kube-system and on the node [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        requires = "egress",
        help_heading = "Further objects"
    )]
    pub(super) egress_dns: Vec<String>,
    /// Namespace of Traefik's pods
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "traefik",
        help_heading = "Further objects"
    )]
    pub(super) traefik_namespace: String,
    /// Label of Traefik's pods [repeatable] [default: app.kubernetes.io/name=traefik]
    #[arg(
        long,
        value_name = "KEY=VALUE",
        requires = "network_policy",
        conflicts_with = "traefik_host_network",
        help_heading = "Further objects"
    )]
    pub(super) traefik_label: Vec<String>,
    /// Traefik uses the nodes' network: --traefik-cidr then names the nodes
    #[arg(long, requires = "network_policy", help_heading = "Further objects")]
    pub(super) traefik_host_network: bool,
    /// Range of the nodes' addresses [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        requires = "traefik_host_network",
        help_heading = "Further objects"
    )]
    pub(super) traefik_cidr: Vec<String>,
}
