//! A fleet as a tree: what is decided, what is written, and what a second run leaves alone.

mod authorities;
mod changes;
mod clients;
mod digests;
mod import;
mod in_the_way;
mod locked_files;
mod lost_keys;
mod outside;
mod privacy;
mod roll_over;
mod runs;
mod start;
mod story;
mod whole_tree;

/// The templates that are tried in trees alone.
pub(crate) const TEMPLATES: [&str; 8] = [
    "gitops/applicationset.yaml",
    "gitops/flux-kustomization.yaml",
    "gitops/ksops.yaml",
    "gitops/kustomization.yaml",
    "gitops/sealedsecret.yaml",
    "outside/haproxy-tls.cfg",
    "outside/haproxy.cfg",
    "traefik/tlsoption.yaml",
];
