//! Ingress (`networking.k8s.io/v1`), and Traefik's annotations on it and on Services
//! (`pkg/provider/kubernetes/ingress/annotations.go`, 3.7).

use super::traefik::Port;
use super::{Named, Placed, text};
use crate::yaml::{At, Node, Value};

/// What the names of Traefik's annotations begin with; they are read in any case.
pub(crate) const PREFIX: &str = "traefik.ingress.kubernetes.io/";

/// An Ingress.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ingress {
    /// Whether it says itself that Traefik serves it, by its class or by an annotation.
    pub is_of_traefik: bool,
    /// The annotation `router.tls`.
    pub asks_for_tls: bool,
    /// The annotation `router.tls.options`.
    pub options: Option<String>,
    /// `tls`.
    pub tls: Vec<IngressTls>,
    /// What each path of each rule leads to, then the default backend.
    pub backends: Vec<IngressBackend>,
}

/// An entry of `tls` of an Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressTls {
    /// The Secret.
    pub secret: Option<Named>,
    /// `hosts`, in lower case.
    pub hosts: Vec<Named>,
}

/// What a path of an Ingress leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressBackend {
    /// The host of its rule, in lower case.
    pub host: Option<String>,
    /// The path, and how it is compared: `Prefix /`.
    pub path: String,
    /// The Service.
    pub service: String,
    /// Its port.
    pub port: Option<Port>,
    /// Where it stands.
    pub at: At,
    /// Its field.
    pub field: String,
}

/// What Traefik's annotations say of a Service behind an Ingress.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceOptions {
    /// `service.serversscheme`.
    pub scheme: Option<String>,
    /// `service.serverstransport`.
    pub transport: Option<Placed<String>>,
}

impl Ingress {
    /// Returns the Secrets of `tls`.
    pub fn secrets(&self) -> impl Iterator<Item = &Named> {
        self.tls.iter().filter_map(|entry| entry.secret.as_ref())
    }

    pub(crate) fn of(object: &Node, spec: &Node) -> Self {
        let annotations = object.at_path(&["metadata", "annotations"]);
        let of_class = annotations.and_then(|all| all.get("kubernetes.io/ingress.class"));
        let class = spec.get("ingressClassName").or(of_class);
        let class = class.and_then(Node::text).unwrap_or_default();
        let entries = annotations.map(Node::entries).unwrap_or_default();
        let has_option = entries.iter().any(|(key, _)| key.text.starts_with(PREFIX));
        let mut backends = Vec::new();
        for (number, rule) in spec.items_of("rules").iter().enumerate() {
            let host = rule.text_of("host").map(str::to_lowercase);
            let paths = rule.get("http").map(|http| http.items_of("paths"));
            for (index, path) in paths.unwrap_or_default().iter().enumerate() {
                let field = format!("spec.rules[{number}].http.paths[{index}].backend.service");
                let kind = path.text_of("pathType").unwrap_or_default();
                let below = path.text_of("path").unwrap_or("/");
                let path_here = format!("{kind} {below}");
                let node = path.get("backend");
                backends.extend(backend(node, host.clone(), path_here, field));
            }
        }
        let field = "spec.defaultBackend.service".to_owned();
        backends.extend(backend(
            spec.get("defaultBackend"),
            None,
            String::new(),
            field,
        ));
        let tls = spec.items_of("tls").iter().enumerate();
        Self {
            is_of_traefik: class.contains("traefik") || has_option,
            asks_for_tls: option(object, "router.tls").is_some_and(|node| node.value == "true"),
            options: option(object, "router.tls.options").map(|node| node.value),
            tls: tls
                .map(|(index, node)| IngressTls::of(node, &format!("spec.tls[{index}]")))
                .collect(),
            backends,
        }
    }
}

impl IngressTls {
    fn of(node: &Node, field: &str) -> Self {
        let hosts = node.items_of("hosts").iter().enumerate();
        let host = |(index, host): (usize, &Node)| {
            Some(Named {
                name: host.text()?.to_lowercase(),
                at: host.at,
                field: format!("{field}.hosts[{index}]"),
            })
        };
        Self {
            secret: Named::secret(node, field),
            hosts: hosts.filter_map(host).collect(),
        }
    }
}

fn backend(
    node: Option<&Node>,
    host: Option<String>,
    path: String,
    field: String,
) -> Option<IngressBackend> {
    let service = node?.get("service")?;
    let port = service.get("port");
    let number = port.and_then(|port| match port.get("number")?.value {
        Value::Int(number) => Some(Port::Number(number)),
        _ => None,
    });
    let name = || port.and_then(|port| text(port, "name")).map(Port::Name);
    Some(IngressBackend {
        host,
        path,
        service: text(service, "name")?,
        port: number.or_else(name),
        at: service.at,
        field,
    })
}

impl ServiceOptions {
    pub(super) fn of(object: &Node) -> Self {
        Self {
            scheme: option(object, "service.serversscheme").map(|option| option.value),
            transport: option(object, "service.serverstransport"),
        }
    }
}

/// Returns one of Traefik's annotations.
fn option(object: &Node, name: &str) -> Option<Placed<String>> {
    let annotations = object.at_path(&["metadata", "annotations"])?.entries();
    annotations.iter().find_map(|(key, node)| {
        let option = key.text.strip_prefix(PREFIX)?;
        let value = node.text()?.to_owned();
        option
            .eq_ignore_ascii_case(name)
            .then_some(Placed { value, at: node.at })
    })
}
