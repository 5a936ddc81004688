//! Traefik's static configuration: the same options, whatever carries them, be it a file, the arguments of a container or
//! the values of its chart.

use crate::yaml::{Node, Value};

/// What a static configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "so many options are on or off"
)]
pub struct StaticOptions {
    /// `providers.kubernetesCRD.allowCrossNamespace`.
    pub allow_cross_namespace: bool,
    /// `providers.kubernetesCRD.allowExternalNameServices`.
    pub allow_external_name_services: bool,
    /// `providers.kubernetesCRD.safeNaming`.
    pub safe_naming: bool,
    /// `providers.kubernetesCRD.namespaces`: the only ones that are watched; empty for all.
    pub namespaces: Vec<String>,
    /// `providers.kubernetesCRD.ingressClass`.
    pub ingress_class: Option<String>,
    /// Whether the default transport skips verification or has CAs of its own.
    pub own_transport: bool,
    /// `entryPoints`.
    pub entry_points: Vec<EntryPoint>,
    /// `core.defaultRuleSyntax: v2`: rules are read as Traefik 2 does, unless they say otherwise.
    pub rules_of_2: bool,
    /// Whether some entry point believes the `X-Forwarded-*` of some peer; else Traefik takes them away
    /// (`pkg/middlewares/forwardedheaders`).
    pub trusts_forwarded: bool,
    /// The plugins under `experimental`, in lower case.
    pub plugins: Vec<String>,
    /// Whether each provider is on, in the order of [`ObjectProvider::ALL`]; nothing where other options say so.
    pub providers: Option<[bool; 3]>,
    /// Whether a file is named: Traefik then reads that alone.
    pub is_in_file: bool,
    /// Whether options may be in the environment, too.
    pub is_partial: bool,
}

/// What Traefik reads objects by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectProvider {
    /// Traefik's own kinds.
    Crd,
    /// Ingresses.
    Ingress,
    /// The Gateway API.
    Gateway,
}

impl ObjectProvider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Crd, Self::Ingress, Self::Gateway];

    /// Returns its name in values and static configurations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crd => "kubernetesCRD",
            Self::Ingress => "kubernetesIngress",
            Self::Gateway => "kubernetesGateway",
        }
    }

    /// Returns whether an argument turns it on.
    fn is_on_by(self, arguments: &[Node]) -> bool {
        let name = format!("providers.{}", self.name().to_ascii_lowercase());
        self::arguments(arguments).any(|(key, value)| {
            let rest = key.strip_prefix(&name);
            rest.is_some_and(|rest| rest.starts_with('.') || rest.is_empty() && value != "false")
        })
    }
}

/// An entry point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryPoint {
    /// Its name.
    pub name: String,
    /// The port it listens on, in digits, if one is given.
    pub port: Option<String>,
    /// Whether it takes the PROXY protocol of some peer.
    pub takes_proxy: bool,
    /// Whether it redirects http to https.
    pub redirects: bool,
    /// Whether it has TLS of its own.
    pub has_tls: bool,
}

/// The entry points that the chart has of itself, their ports, and whether they have TLS (`values.yaml`, charts 20 to 41).
const OF_CHART: [(&str, &str, bool); 2] = [("web", "8000", false), ("websecure", "8443", true)];

impl StaticOptions {
    /// Returns the entry point of a name, if there is one.
    #[must_use]
    pub fn entry_point(&self, name: &str) -> Option<&EntryPoint> {
        self.entry_points.iter().find(|point| point.name == name)
    }

    /// Reads a file.
    #[must_use]
    pub fn of_file(node: &Node) -> Self {
        let is_on =
            |provider: ObjectProvider| node.at_path(&["providers", provider.name()]).is_some();
        let mut options = Self {
            providers: Some(ObjectProvider::ALL.map(is_on)),
            ..Self::default()
        };
        options.add_provider(node);
        options.add_plugins(node);
        if let Some(transport) = node.get("serversTransport") {
            options.own_transport =
                transport.get("rootCAs").is_some() || is_set(transport, "insecureSkipVerify");
        }
        let points = node.get("entryPoints").map(Node::entries);
        for (name, node) in points.unwrap_or_default() {
            let point = options.point(&name.text);
            point.port = node.text_of("address").and_then(port);
            point.takes_proxy = trusts(node, "proxyProtocol");
            point.redirects = node.at_path(&["http", "redirections"]).is_some();
            point.has_tls = node.at_path(&["http", "tls"]).is_some();
            options.trusts_forwarded |= trusts(node, "forwardedHeaders");
        }
        options
    }

    /// Reads the values of the chart, which has the settings of the provider as a file does.
    #[must_use]
    pub fn of_values(node: &Node) -> Self {
        let is_on = |provider: ObjectProvider| {
            let enabled = node.at_path(&["providers", provider.name(), "enabled"]);
            // The chart turns the first two on without being told to.
            enabled.map_or(provider != ObjectProvider::Gateway, |node| {
                node.value != Value::Bool(false)
            }) || provider.is_on_by(node.items_of("additionalArguments"))
        };
        let mut options = Self {
            providers: Some(ObjectProvider::ALL.map(is_on)),
            ..Self::default()
        };
        options.add_provider(node);
        options.add_plugins(node);
        for (name, port, has_tls) in OF_CHART {
            let point = options.point(name);
            point.port = Some(port.to_owned());
            point.has_tls = has_tls;
        }
        let ports = node.get("ports").map(Node::entries);
        for (name, node) in ports.unwrap_or_default() {
            let point = options.point(&name.text);
            let port = node.get("port").and_then(Node::scalar);
            point.port = port.or(point.port.take());
            point.takes_proxy = trusts(node, "proxyProtocol");
            point.redirects = REDIRECTS.iter().any(|path| node.at_path(path).is_some());
            let switches: [&[&str]; 2] = [&["http", "tls", "enabled"], &["tls", "enabled"]];
            let mut switches = switches.iter().filter_map(|path| node.at_path(path));
            point.has_tls = match switches.next().map(|switch| &switch.value) {
                Some(Value::Bool(is_on)) => *is_on,
                _ => point.has_tls && !takes_tls_away(node),
            };
            options.trusts_forwarded |= trusts(node, "forwardedHeaders");
        }
        for key in ["additionalArguments", "globalArguments"] {
            options.add_arguments(node.items_of(key));
        }
        options
    }

    /// Reads the arguments of a container.
    #[must_use]
    pub fn of_container(container: &Node) -> Self {
        let mut options = Self::default();
        options.add_arguments(container.items_of("args"));
        options.is_partial = container.items_of("env").iter().any(|node| {
            let name = node.text_of("name");
            name.is_some_and(|name| name.starts_with("TRAEFIK_"))
        });
        // Without an entry point of its own, its options are elsewhere.
        let is_whole =
            !options.entry_points.is_empty() && !options.is_in_file && !options.is_partial;
        if is_whole {
            let arguments = container.items_of("args");
            let is_on = |provider: ObjectProvider| provider.is_on_by(arguments);
            options.providers = Some(ObjectProvider::ALL.map(is_on));
        }
        options
    }

    /// Adds what another part of the same configuration says of the provider and the default transport.
    pub fn add(&mut self, other: &Self) {
        self.allow_cross_namespace |= other.allow_cross_namespace;
        self.allow_external_name_services |= other.allow_external_name_services;
        self.safe_naming |= other.safe_naming;
        self.own_transport |= other.own_transport;
        self.rules_of_2 |= other.rules_of_2;
        self.trusts_forwarded |= other.trusts_forwarded;
        self.plugins.extend_from_slice(&other.plugins);
        self.namespaces.extend_from_slice(&other.namespaces);
        self.entry_points.extend_from_slice(&other.entry_points);
    }

    fn point(&mut self, name: &str) -> &mut EntryPoint {
        let found = self
            .entry_points
            .iter()
            .position(|point| point.name == name);
        let found = found.unwrap_or_else(|| {
            self.entry_points.push(EntryPoint {
                name: name.to_owned(),
                ..EntryPoint::default()
            });
            self.entry_points.len() - 1
        });
        &mut self.entry_points[found]
    }

    fn add_plugins(&mut self, node: &Node) {
        for key in ["plugins", "localPlugins"] {
            let section = node.at_path(&["experimental", key]).map(Node::entries);
            let entries = section.unwrap_or_default().iter();
            self.plugins
                .extend(entries.map(|(name, _)| name.text.to_ascii_lowercase()));
        }
    }

    fn add_provider(&mut self, node: &Node) {
        let syntax = node.at_path(&["core", "defaultRuleSyntax"]);
        self.rules_of_2 |= syntax.and_then(Node::text) == Some("v2");
        let Some(provider) = node.at_path(&["providers", "kubernetesCRD"]) else {
            return;
        };
        self.allow_cross_namespace |= is_set(provider, "allowCrossNamespace");
        self.allow_external_name_services |= is_set(provider, "allowExternalNameServices");
        self.safe_naming |= is_set(provider, "safeNaming");
        let class = provider.text_of("ingressClass").map(str::to_owned);
        self.ingress_class = class.or(self.ingress_class.take());
        let namespaces = provider.items_of("namespaces").iter();
        let namespaces = namespaces.filter_map(Node::text).map(str::to_owned);
        self.namespaces.extend(namespaces);
    }

    fn add_arguments(&mut self, nodes: &[Node]) {
        for (name, value) in arguments(nodes) {
            let is_set = value.eq_ignore_ascii_case("true");
            match name.as_str() {
                "configfile" => self.is_in_file = true,
                "providers.kubernetescrd.allowcrossnamespace" => {
                    self.allow_cross_namespace |= is_set;
                }
                "providers.kubernetescrd.allowexternalnameservices" => {
                    self.allow_external_name_services |= is_set;
                }
                "providers.kubernetescrd.safenaming" => self.safe_naming |= is_set,
                "providers.kubernetescrd.ingressclass" => {
                    self.ingress_class = Some(value.to_owned());
                }
                "providers.kubernetescrd.namespaces" => {
                    let names = value.split(',').map(|name| name.trim().to_owned());
                    self.namespaces.extend(names);
                }
                "core.defaultrulesyntax" => self.rules_of_2 |= value == "v2",
                "serverstransport.insecureskipverify" => self.own_transport |= is_set,
                "serverstransport.rootcas" => self.own_transport = true,
                name => {
                    if let Some(option) = name.strip_prefix("entrypoints.") {
                        self.add_to_point(option, value);
                    }
                    let plugin = ["experimental.plugins.", "experimental.localplugins."]
                        .iter()
                        .find_map(|begin| name.strip_prefix(begin)?.split('.').next());
                    self.plugins.extend(plugin.map(str::to_owned));
                }
            }
        }
    }

    fn add_to_point(&mut self, option: &str, value: &str) {
        let (name, option) = option.split_once('.').unwrap_or((option, ""));
        self.trusts_forwarded |= option.starts_with("forwardedheaders");
        let point = self.point(name);
        if option == "address" {
            point.port = port(value);
        }
        point.takes_proxy |= option.starts_with("proxyprotocol");
        point.redirects |= option.starts_with("http.redirections.");
        point.has_tls |=
            option == "http.tls" && value != "false" || option.starts_with("http.tls.");
    }
}

/// Where the charts have the redirect, below the port (`src/chart/layout.rs`).
const REDIRECTS: [&[&str]; 3] = [
    &["redirectTo"],
    &["redirections"],
    &["http", "redirections"],
];

/// Returns whether an entry point believes what some peer says, by its PROXY protocol or by headers.
fn trusts(point: &Node, by: &str) -> bool {
    point
        .get(by)
        .is_some_and(|node| !node.items_of("trustedIPs").is_empty() || is_set(node, "insecure"))
}

/// Returns whether a port of the values removes the TLS that the chart gives it (`tls:` or `http:` with nothing).
fn takes_tls_away(port: &Node) -> bool {
    let paths: [&[&str]; 2] = [&["tls"], &["http", "tls"]];
    let mut nodes = paths.iter().filter_map(|path| port.at_path(path));
    nodes.any(|node| node.value == Value::Null)
}

fn is_set(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(Node::says_true)
}

/// Returns the port of an address, such as `:8443/tcp`.
fn port(address: &str) -> Option<String> {
    let (_, port) = address.rsplit_once(':')?;
    port.split('/').next().map(str::to_owned)
}

/// Returns options with their values: in lower case, because Traefik accepts any.
pub fn arguments(nodes: &[Node]) -> impl Iterator<Item = (String, &str)> {
    nodes.iter().filter_map(Node::text).map(|argument| {
        let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
        (name.trim_start_matches('-').to_ascii_lowercase(), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn read(text: &str) -> Node {
        yaml::read(text, "f.yaml").expect("good YAML")
    }

    #[test]
    fn the_same_options_are_read_of_a_file_of_arguments_and_of_values() {
        let file = "{providers: {kubernetesCRD: {allowCrossNamespace: true, ingressClass: c, namespaces: [a, b]}}, entryPoints: {web: {address: ':8000', \
                    http: {redirections: {entryPoint: {to: websecure}}}}, websecure: {address: ':8443/tcp', proxyProtocol: {trustedIPs: [10.0.0.0/8]}, http: {tls: {}}}}, experimental: {plugins: {Door: {}}}}";
        let container = "{args: [--providers.kubernetescrd.allowCrossNamespace, --providers.kubernetescrd.ingressClass=c, '--providers.kubernetesCRD.namespaces=a,b', \
                         '--entryPoints.web.address=:8000', '--entryPoints.web.http.redirections.entryPoint.to=websecure', \
                         '--entryPoints.websecure.address=:8443/tcp', '--entryPoints.websecure.proxyProtocol.trustedIPs=10.0.0.0/8', --entryPoints.websecure.http.tls=true, --experimental.plugins.door.version=v1]}";
        let values = "{providers: {kubernetesIngress: {enabled: false}, kubernetesCRD: {allowCrossNamespace: true, ingressClass: c, namespaces: [a, b]}}, ports: {web: {redirections: {entryPoint: {to: websecure}}}, \
                      websecure: {proxyProtocol: {trustedIPs: [10.0.0.0/8]}}}, experimental: {plugins: {door: {}}}}";
        let of_file = StaticOptions::of_file(&read(file));
        assert_eq!(StaticOptions::of_container(&read(container)), of_file);
        assert_eq!(StaticOptions::of_values(&read(values)), of_file);
        assert!(of_file.allow_cross_namespace && !of_file.is_partial && !of_file.trusts_forwarded);
        assert_eq!(of_file.plugins, ["door"]);
        let [web, websecure] = &of_file.entry_points[..] else {
            panic!("two entry points: {of_file:?}")
        };
        assert!(web.redirects && !web.takes_proxy && !web.has_tls);
        assert!(websecure.takes_proxy && !websecure.redirects && websecure.has_tls);
        assert_eq!(of_file.ingress_class.as_deref(), Some("c"));
        assert_eq!(websecure.port.as_deref(), Some("8443"));
    }

    #[test]
    fn the_headers_of_a_proxy_are_believed_where_any_part_says_so() {
        let file = StaticOptions::of_file(&read(
            "{entryPoints: {web: {forwardedHeaders: {insecure: true}}}}",
        ));
        let container = StaticOptions::of_container(&read(
            "{args: ['--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8']}",
        ));
        let values = StaticOptions::of_values(&read(
            "{ports: {web: {forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}}}",
        ));
        for options in [file, container, values] {
            assert!(options.trusts_forwarded, "{options:?}");
        }
    }
}
