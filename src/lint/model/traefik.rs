//! What the input says about Traefik's own options: the values of its chart, the arguments of its container.

use super::object::{Class, Object};
use super::values::Values;
use crate::release::Release;
use crate::yaml::Node;

/// Traefik's own options, as far as the input shows them. `None`: it does not show them at all.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "so many options are on or off"
)]
pub(in crate::lint) struct Provider<'a> {
    /// Whether any options of Traefik are in the input.
    pub(in crate::lint) is_known: bool,
    pub(in crate::lint) allow_cross_namespace: bool,
    pub(in crate::lint) allow_external_name_services: bool,
    pub(in crate::lint) safe_naming: bool,
    /// The only namespaces watched; empty for all.
    pub(in crate::lint) namespaces: Vec<&'a str>,
    /// Whether the pods use the nodes' network.
    pub(in crate::lint) host_network: bool,
    /// Whether the default transport skips verification or has CAs of its own.
    pub(in crate::lint) own_transport: bool,
    /// Whether http is redirected to https on an entry point.
    pub(in crate::lint) redirects: bool,
    /// The release by the image's tag.
    pub(in crate::lint) release: Option<Release>,
}

impl<'a> Provider<'a> {
    pub(in crate::lint) fn of(
        objects: &[Object<'a>],
        values: &[Values<'a>],
        statics: &[&'a Node],
    ) -> Self {
        let mut provider = Self::default();
        for node in statics {
            provider.add_static(node);
        }
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

    /// Adds what a static configuration says, as a file has it.
    fn add_static(&mut self, node: &'a Node) {
        self.add_provider(node);
        let transport = node.get("serversTransport");
        self.own_transport |= transport.is_some_and(|transport| {
            transport.get("rootCAs").is_some()
                || transport
                    .get("insecureSkipVerify")
                    .is_some_and(Node::says_true)
        });
        let points = node.get("entryPoints").map(Node::entries);
        self.redirects |= points
            .unwrap_or_default()
            .iter()
            .any(|(_, point)| point.at_path(&["http", "redirections"]).is_some());
    }

    /// Adds the settings of the provider that reads Traefik's kinds; the chart has them as a static configuration does.
    fn add_provider(&mut self, node: &'a Node) {
        self.is_known = true;
        let custom = node.at_path(&["providers", "kubernetesCRD"]);
        let flag = |key: &str| {
            custom
                .and_then(|custom| custom.get(key))
                .is_some_and(Node::says_true)
        };
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
    }

    fn add_values(&mut self, node: &'a Node) {
        self.add_provider(node);
        self.host_network |= node.get("hostNetwork").is_some_and(Node::says_true);
        self.redirects |= REDIRECTS.iter().any(|path| node.at_path(path).is_some());
        let tag = node.at_path(&["image", "tag"]).and_then(Node::text);
        self.release = self.release.or(tag.and_then(release));
        for key in ["additionalArguments", "globalArguments"] {
            self.add_arguments(node.get(key));
        }
    }

    fn add_workload(&mut self, object: &Object<'a>) {
        let pod = object.at(&["spec", "template", "spec"]);
        for container in containers(object) {
            self.is_known = true;
            self.release = self.release.or(release(image(container).1));
            self.host_network |= pod
                .and_then(|pod| pod.get("hostNetwork"))
                .is_some_and(Node::says_true);
            self.add_arguments(container.get("args"));
        }
    }

    fn add_arguments(&mut self, node: Option<&'a Node>) {
        for (name, value) in arguments(node.map(Node::items).unwrap_or_default()) {
            let is_set = value.eq_ignore_ascii_case("true");
            match name.as_str() {
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

/// Returns the containers of a workload that run Traefik.
pub(in crate::lint) fn containers<'a>(object: &Object<'a>) -> impl Iterator<Item = &'a Node> {
    let all = object.at(&["spec", "template", "spec", "containers"]);
    all.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter(|container| image(container).0.rsplit('/').next() == Some("traefik"))
}

/// Returns the path and the tag of a container's image.
fn image(container: &Node) -> (&str, &str) {
    let image = container.text_of("image");
    let image = image.unwrap_or_default();
    // A digest may follow: `traefik:v3.7.9@sha256:…`.
    let image = image.split('@').next().unwrap_or_default();
    image.rsplit_once(':').unwrap_or((image, ""))
}

/// An entry point by the arguments of a container.
pub(in crate::lint) struct EntryPoint {
    pub(in crate::lint) name: String,
    /// The port it listens on, in digits.
    pub(in crate::lint) port: String,
    pub(in crate::lint) takes_proxy: bool,
}

/// Returns the entry points that the arguments of a container define; nothing if its options are elsewhere.
pub(in crate::lint) fn entry_points(container: &Node) -> Option<Vec<EntryPoint>> {
    let mut points: Vec<EntryPoint> = Vec::new();
    let mut taking: Vec<String> = Vec::new();
    for (name, value) in arguments(container.items_of("args")) {
        if name == "configfile" {
            return None;
        }
        let Some(rest) = name.strip_prefix("entrypoints.") else {
            continue;
        };
        let (point, option) = rest.split_once('.').unwrap_or((rest, ""));
        if option == "address" {
            let port = value.rsplit_once(':').map_or("", |(_, port)| port);
            points.push(EntryPoint {
                name: point.to_owned(),
                port: port.split('/').next().unwrap_or_default().to_owned(),
                takes_proxy: false,
            });
        } else if option.starts_with("proxyprotocol") {
            taking.push(point.to_owned());
        }
    }
    let is_elsewhere = container.items_of("env").iter().any(|node| {
        let name = node.text_of("name");
        name.is_some_and(|name| name.starts_with("TRAEFIK_"))
    });
    for point in &mut points {
        point.takes_proxy = taking.contains(&point.name);
    }
    (!points.is_empty() && !is_elsewhere).then_some(points)
}

/// Returns options with their values: in lower case, because Traefik accepts any.
pub(in crate::lint) fn arguments(nodes: &[Node]) -> impl Iterator<Item = (String, &str)> {
    nodes.iter().filter_map(Node::text).map(|argument| {
        let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
        (name.trim_start_matches('-').to_ascii_lowercase(), value)
    })
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
