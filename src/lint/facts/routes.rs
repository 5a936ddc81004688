//! Routes of Traefik's own kinds, and the Services behind them.

use crate::kinds::traefik::Port;
use crate::lint::model::{Class, Model};
use crate::path::traefik::speaks_https_to;
use crate::rule as language;
use crate::rule::Matcher;
use crate::yaml::{At, Node, Value};

/// A Service of a route, and how it is spoken to.
pub(in crate::lint) struct Use<'a> {
    pub(in crate::lint) hosts: Vec<String>,
    /// The index of its ServersTransport.
    pub(in crate::lint) transport: Option<usize>,
    pub(in crate::lint) is_https: bool,
    pub(in crate::lint) at: At,
    pub(in crate::lint) field: String,
    pub(in crate::lint) route: usize,
    pub(in crate::lint) service: &'a Node,
}

/// One rule of an IngressRoute.
pub(in crate::lint) struct Rule<'a> {
    pub(in crate::lint) object: usize,
    pub(in crate::lint) index: usize,
    pub(in crate::lint) node: &'a Node,
    pub(in crate::lint) matchers: Vec<Matcher>,
    pub(in crate::lint) hosts: Vec<String>,
}

impl Rule<'_> {
    /// Returns its place.
    pub(in crate::lint) fn at(&self) -> At {
        self.node.get("match").map_or(self.node.at, |node| node.at)
    }

    /// Returns its field.
    pub(in crate::lint) fn field(&self) -> String {
        format!("spec.routes[{}].match", self.index)
    }
}

/// Returns the rules of all routes of a class.
pub(in crate::lint) fn rules<'a>(model: &Model<'a>, class: Class) -> Vec<Rule<'a>> {
    let mut rules = Vec::new();
    for number in model.numbers(class) {
        let all = model.objects[*number]
            .spec()
            .items_of("routes")
            .iter()
            .enumerate();
        for (index, node) in all.filter(|(_, node)| matches!(node.value, Value::Map(_))) {
            let text = node.text_of("match").unwrap_or_default();
            let matchers = language::matchers(text).unwrap_or_default();
            let hosts = language::hosts(&matchers);
            rules.push(Rule {
                object: *number,
                index,
                node,
                matchers,
                hosts,
            });
        }
    }
    rules
}

/// Returns all Services of all http routes.
pub(in crate::lint) fn uses<'a>(model: &Model<'a>) -> Vec<Use<'a>> {
    let mut uses = Vec::new();
    for rule in rules(model, Class::IngressRoute) {
        for (index, service) in rule.node.items_of("services").iter().enumerate() {
            let object = &model.objects[rule.object];
            let namespace = service.text_of("namespace").unwrap_or(object.namespace);
            let transport = service.text_of("serversTransport");
            uses.push(Use {
                hosts: rule.hosts.clone(),
                transport: transport
                    .and_then(|name| model.find(Class::ServersTransport, namespace, name)),
                is_https: is_https(model, service, namespace),
                at: service.at,
                field: format!("spec.routes[{}].services[{index}]", rule.index),
                route: rule.object,
                service,
            });
        }
    }
    uses
}

/// Returns whether Traefik speaks TLS to a Service that a node names.
fn is_https(model: &Model<'_>, node: &Node, namespace: &str) -> bool {
    let name = node.text_of("name").unwrap_or_default();
    let found = model.find(Class::Service, namespace, name);
    let found = found.and_then(|number| model.service(number));
    let scheme = node.text_of("scheme");
    speaks_https_to(scheme, Port::of(node).as_ref(), found) == Some(true)
}

/// Returns the ports of the Service with their names, if it is in the input.
pub(in crate::lint) fn named_ports(
    model: &Model<'_>,
    service: &Node,
    namespace: &str,
) -> Option<Vec<(String, String)>> {
    let name = service.text_of("name")?;
    let found = &model.objects[model.find(Class::Service, namespace, name)?];
    let ports = found.spec().items_of("ports").iter().map(|port| {
        let text = |key: &str| port.get(key).and_then(Node::scalar).unwrap_or_default();
        (text("port"), text("name"))
    });
    Some(ports.collect())
}
