//! What the input says about Traefik's own options: the values of its chart, the arguments of its container.

use super::model::{Class, Object, Values, at_path, is_true};
use crate::release::Release;
use crate::yaml::Node;

/// Traefik's own options, as far as the input shows them. `None`: it does not show them at all.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "so many options are on or off"
)]
pub(super) struct Provider<'a> {
    /// Whether any options of Traefik are in the input.
    pub(super) is_known: bool,
    pub(super) allow_cross_namespace: bool,
    pub(super) allow_external_name_services: bool,
    pub(super) safe_naming: bool,
    /// The only namespaces watched; empty for all.
    pub(super) namespaces: Vec<&'a str>,
    /// Whether the pods use the nodes' network.
    pub(super) host_network: bool,
    /// Whether the default transport skips verification or has CAs of its own.
    pub(super) own_transport: bool,
    /// Whether http is redirected to https on an entry point.
    pub(super) redirects: bool,
    /// The release by the image's tag.
    pub(super) release: Option<Release>,
}

impl<'a> Provider<'a> {
    pub(super) fn of(objects: &[Object<'a>], values: &[Values<'a>]) -> Self {
        let mut provider = Self::default();
        for values in values {
            provider.add_values(values.node);
        }
        for object in objects
            .iter()
            .filter(|object| object.class == Class::Workload)
        {
            provider.add_workload(object);
        }
        provider
    }

    fn add_values(&mut self, node: &'a Node) {
        self.is_known = true;
        let custom = at_path(node, &["providers", "kubernetesCRD"]);
        let flag = |key: &str| is_true(custom.and_then(|custom| custom.get(key)));
        self.allow_cross_namespace |= flag("allowCrossNamespace");
        self.allow_external_name_services |= flag("allowExternalNameServices");
        self.safe_naming |= flag("safeNaming");
        let namespaces = custom.and_then(|custom| custom.get("namespaces"));
        self.namespaces.extend(
            namespaces
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(Node::text),
        );
        self.host_network |= is_true(node.get("hostNetwork"));
        self.redirects |= REDIRECTS.iter().any(|path| at_path(node, path).is_some());
        let tag = at_path(node, &["image", "tag"]).and_then(Node::text);
        self.release = self.release.or(tag.and_then(release));
        for key in ["additionalArguments", "globalArguments"] {
            self.add_arguments(node.get(key));
        }
    }

    fn add_workload(&mut self, object: &Object<'a>) {
        let pod = object.at(&["spec", "template", "spec"]);
        let containers = pod.and_then(|pod| pod.get("containers"));
        for container in containers.map(Node::items).unwrap_or_default() {
            let image = container
                .get("image")
                .and_then(Node::text)
                .unwrap_or_default();
            let (path, tag) = image.rsplit_once(':').unwrap_or((image, ""));
            if path.rsplit('/').next() != Some("traefik") {
                continue;
            }
            self.is_known = true;
            self.release = self.release.or(release(tag));
            self.host_network |= is_true(pod.and_then(|pod| pod.get("hostNetwork")));
            self.add_arguments(container.get("args"));
        }
    }

    fn add_arguments(&mut self, arguments: Option<&'a Node>) {
        for argument in arguments
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
        {
            let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
            let is_set = value.eq_ignore_ascii_case("true");
            // Traefik takes its options in any case.
            match name.trim_start_matches('-').to_ascii_lowercase().as_str() {
                "providers.kubernetescrd.allowcrossnamespace" => {
                    self.allow_cross_namespace |= is_set;
                }
                "providers.kubernetescrd.allowexternalnameservices" => {
                    self.allow_external_name_services |= is_set;
                }
                "providers.kubernetescrd.safenaming" => self.safe_naming |= is_set,
                "providers.kubernetescrd.namespaces" => {
                    self.namespaces.extend(value.split(',').map(str::trim));
                }
                "serverstransport.insecureskipverify" => self.own_transport |= is_set,
                "serverstransport.rootcas" => self.own_transport = true,
                name if name.starts_with("entrypoints.")
                    && name.contains(".http.redirections.") =>
                {
                    self.redirects = true;
                }
                _ => {}
            }
        }
    }
}

/// Where the charts have the redirect (`src/chart/layout.rs`).
const REDIRECTS: [&[&str]; 3] = [
    &["ports", "web", "redirectTo"],
    &["ports", "web", "redirections"],
    &["ports", "web", "http", "redirections"],
];

/// Reads an image's tag: `v3.7.9`, `3.7`, `v2.11.3-debug`.
fn release(tag: &str) -> Option<Release> {
    tag.split('-').next()?.parse().ok()
}
