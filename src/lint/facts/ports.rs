//! The ports of a Service, and what is spoken there.

use crate::lint::model::Object;
use crate::yaml::Node;

/// A port of a Service.
pub(in crate::lint) struct Port<'a> {
    number: String,
    pub(in crate::lint) name: &'a str,
    protocol: &'a str,
}

impl Port<'_> {
    pub(in crate::lint) fn number(&self) -> &str {
        &self.number
    }

    /// Returns whether TLS is spoken there, as Traefik guesses it (`getHTTPServiceProtocol`, 3.2 to 3.7).
    pub(in crate::lint) fn is_tls(&self) -> bool {
        match self.protocol {
            "" => self.number == "443" || self.name.starts_with("https"),
            protocol => ["https", "kubernetes.io/wss", "tls"].contains(&protocol),
        }
    }

    pub(in crate::lint) fn is_plain(&self) -> bool {
        match self.protocol {
            "" => self.number == "80" || self.name == "http" || self.name.starts_with("http-"),
            protocol => protocol == "http",
        }
    }
}

/// Returns the ports of a Service that is in the input.
pub(in crate::lint) fn ports<'a>(service: &Object<'a>) -> Vec<Port<'a>> {
    let port = |(_, node): (usize, &'a Node)| Port {
        number: node.get("port").and_then(Node::scalar).unwrap_or_default(),
        name: node.text_of("name").unwrap_or_default(),
        protocol: node.text_of("appProtocol").unwrap_or_default(),
    };
    service
        .spec()
        .items_of("ports")
        .iter()
        .enumerate()
        .map(port)
        .collect()
}

/// Returns the port of a Service by its number; made up from the number where the Service is not in the input.
/// `None`: it has none of this number.
pub(in crate::lint) fn port<'a>(service: Option<&Object<'a>>, number: &str) -> Option<Port<'a>> {
    let Some(service) = service else {
        return Some(Port {
            number: number.to_owned(),
            name: "",
            protocol: "",
        });
    };
    ports(service)
        .into_iter()
        .find(|port| port.number == number)
}
